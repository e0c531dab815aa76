/* What the files check*.c share. */
#pragma once

#include "sim.h"
#include "store/engine.h"

struct checker {
	struct world *w;
	struct m_home *h;
	unsigned home;
	struct reader *reader;
	struct tx *tx;
	struct arena arena;
	struct detail detail;
	enum fault fault; /* of the last question */
};
/* What it answers lives until the next question. */
void ask(struct checker *c, enum command command, const void *cmd, void *ret);

void same_text(struct checker *c, const char *what, struct text have, struct text want);
void same_number(struct checker *c, const char *what, uint64_t have, uint64_t want);
void same_instant(struct checker *c, const char *what, struct instant have, struct instant want);
void same_customer(struct checker *c, const struct customer *have, struct m_customer *want);
/* `terms`: what a coupon goes by, or the template whole. */
void same_template(struct checker *c, const struct template *have, struct m_template *want,
		   const struct template *terms);
void same_coupon(struct checker *c, const struct coupon_view *have, struct m_coupon *want);

struct slice {
	uint64_t from;
	unsigned n;
};
struct slice some_slice(struct world *w, uint64_t all);
unsigned slice_rows(struct slice s, uint64_t all);

struct window_of {
	struct instant from, to;
	bool oldest_first;
};
struct window_of some_window(struct world *w, struct instant first, struct instant last);
bool in_window(const struct window_of *x, struct instant i);
unsigned place(bool oldest_first, unsigned all, uint64_t rank);

/* check_coupons.c, check_campaigns.c; `whole`: everything, oldest first, else a random question. */
void check_coupons(struct checker *c, bool whole);
void check_wallet(struct checker *c);
/* A person's coupons, oldest received first or last; behind them those of aliases that have work
 * left. */
unsigned wallet_rows(const struct m_home *h, int customer, bool oldest_first, int *rows);
/* check_acting.c */
void check_acting(struct checker *c);
/* check_retries.c: before the model learns a reading */
void check_tries(struct checker *c, const struct webhook *w, const struct delivery_list_ret *log);
void check_sent_next(struct checker *c, uint64_t webhook, const struct delivery_next_ret *next,
		     unsigned n);
void check_tried_errand(struct checker *c, const struct m_errand *was, const struct errand *e);
void check_breaker(struct checker *c, unsigned at, const struct provider *p);
/* check_life.c */
void check_life(struct checker *c);
void check_campaigns(struct checker *c, bool whole);
void check_query(struct checker *c);
void check_audiences(struct checker *c);
