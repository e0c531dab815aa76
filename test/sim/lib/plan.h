/* What the files plan*.c share: words from small pools, and what is known already. */
#pragma once

#include "sim.h"

#define PLAN_NICKS "小明", "小红", "小刚", "n1", "n2", "n3", "n4", "n5", "n6", "n7", "N1", "张三"
#define PLAN_WORDS "满减", "one", "two", "店庆 \"q\"", "a\nb", "0", "7"
#define ANY(array) text_of((array)[roll(w, COUNT_OF(array))])

struct text maybe(struct world *w, unsigned percent, struct text t);
struct text pooled(struct world *w, const char *prefix, unsigned n);
struct instant whole_second(struct world *w, int64_t from_s, int64_t to_s);
struct m_home *home_of(struct world *w, const struct op *op);
const struct m_customer *some_customer(struct world *w, const struct m_home *h);
uint64_t template_id(struct world *w, const struct m_home *h);
struct request_key request(struct world *w);
void add_item(struct text *items, unsigned *n, struct text item);

/* plan_life.c */
/* All that a template says of itself; its id is there. */
void plan_rules(struct world *w, struct template *t);
void plan_template_make(struct world *w, struct op *op);
void plan_template_change(struct world *w, struct op *op);
void plan_coupon_grant(struct world *w, struct op *op);
void plan_coupon_change(struct world *w, struct op *op);
void plan_coupon_redeem(struct world *w, struct op *op);
void plan_coupon_reverse(struct world *w, struct op *op);
void plan_hold_sweep(struct world *w, struct op *op);
/* The same number for something else, where it has one. */
void plan_other_contents(struct world *w, struct op *op);
/* plan_campaign.c */
void plan_campaign_add(struct world *w, struct op *op);
void plan_campaign_modify(struct world *w, struct op *op);
void plan_campaign_delete(struct world *w, struct op *op);
void plan_campaign_sweep(struct world *w, struct op *op);
void plan_campaign_save(struct world *w, struct op *op);
void plan_audience_add(struct world *w, struct op *op);
void plan_audience_clear(struct world *w, struct op *op);
void plan_audience_invite(struct world *w, struct op *op);
void plan_audience_register(struct world *w, struct op *op);
void plan_change(struct world *w, struct op *op);
