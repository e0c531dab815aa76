/* What the files model*.c share. */
#pragma once

#include "sim.h"

/* A command as it happens to the model. */
struct happening {
	struct world *w;
	struct op *op;
	struct m_home *home;
	bool answered; /* op's outcome is there, to be compared and learned from */
	struct instant instant;
	bool wrote, refused; /* out */
};

/* The command must have been refused so; always true. field NULL: any. */
bool refused(struct happening *h, enum fault fault, const char *field);
/* The command must have been accepted; returns h->answered. */
bool accepted(struct happening *h);
void expect_number(struct happening *h, const char *what, uint64_t have, uint64_t want);

/* In the order in which a save looks for who is meant. */
enum person_name {
	PERSON_ID,
	PERSON_CODE,
	PERSON_SOURCE,
	PERSON_NICK,
	PERSON_PHONE,
	PERSON_CARD,
	PERSON_NAMES
};
int model_find_customer(const struct m_home *m, enum person_name by, struct text value);
int model_new_customer(struct happening *h, const struct m_customer *given);
int model_find_template(const struct m_home *m, uint64_t template_id);

/* By the first given of id, phone, card, nick, code, source code, the person behind it; -1: nobody
 * yet. *ret_any: some was given. */
int model_find_holder(const struct m_home *m, const struct customer *given, bool *ret_any);
/* The member of a new customer that is another's of the first `known`; NULL: none. *ret_new: the
 * first of the others who has a value in common, -1: nobody. */
const char *model_holder_clash(const struct m_home *m, const struct customer *given, unsigned known,
			       int *ret_new);
int model_new_holder(struct happening *h, const struct customer *given);

/* model_life.c: what the commands of a coupon's life share. */
static inline struct gots *gots_of(const struct happening *h)
{
	return &h->w->gots[h->op - h->w->ops];
}
int64_t model_day(struct instant i);
/* Coupons of the template; day -1: on any. */
unsigned model_issued(const struct m_home *m, int template, int64_t day);
int model_new_coupon(struct happening *h, const struct m_coupon *given);
/* A new coupon of the template as it stands; dates of a receipt now. */
struct m_coupon model_fresh(struct happening *h, int template, int customer);
void model_dates(struct happening *h, const struct m_template *t, struct instant *begin,
		 struct instant *end);
/* OK, or the first limit that one more passes; customer -1: nobody's. */
enum fault model_allows(const struct happening *h, int template, int customer);
/* The receiver's limits alone. */
enum fault model_allows_person(const struct happening *h, int template, int customer);
unsigned model_received(const struct m_home *m, int template, int customer);
void model_receive(struct happening *h, int coupon, bool issue, bool held);
/* The newest coupon that the customer got, if he has it still; -1. */
int model_last(const struct m_home *m, int template, int customer);
/* Several are one, or one is several: which coupon is the last, is not said. */
bool model_is_mixed(const struct m_home *m, int customer);
/* An event after the change; ret: the event, to be filled further. */
struct m_event *model_event(struct happening *h, int coupon, enum event_kind kind,
			    const struct circumstances *said, const struct request_number *number);
/* The event of that request; NULL: none. */
struct m_event *model_event_of(struct m_home *m, int coupon, struct text key);
void model_settle(struct happening *h, struct m_coupon *c);
enum fault model_forbids(struct happening *h, const struct m_coupon *c, enum event_kind verb);
/* A hold ends. */
void model_return(struct happening *h, int coupon);
void expect_got(struct happening *h, const struct got *got, int coupon, const struct m_event *e);
void expect_text(struct happening *h, const char *what, struct text have, struct text want);
struct m_request *model_remembered_number(struct happening *h, enum command command,
					  const char *what, struct text key);
struct m_request *model_remember_number(struct happening *h, enum command command, const char *what,
					struct text key);

/* The memory of an equal request that is not too old; NULL: none. */
struct m_request *model_remembered(struct happening *h, const struct request_key *key);
/* Never NULL; one without parts is not kept. */
struct m_request *model_remember(struct happening *h, const struct request_key *key);

/* model_acting.c: any command of ACTING. */
void rule_acting(struct happening *h);
/* model_retries.c: a settle by whoever has the lease; false: what it does is not known. */
bool model_delivery_settle(struct happening *h);
/* What any other command does to tries. */
void model_note_retries(struct happening *h);

void rule_department_save(struct happening *h);
void rule_customer_save(struct happening *h);
/* The next one that was merged into the person after `joined`; -1: none. */
int model_next_alias(const struct m_home *m, int person, uint64_t joined);
void rule_customer_merge(struct happening *h);
void rule_customer_erase(struct happening *h);
void rule_customer_settle(struct happening *h);
void rule_request_forget(struct happening *h);
/* A row of a file with all terms, of the template at that place; -1: a new one. */
void rule_template_terms(struct happening *h, int at);
void rule_template_make(struct happening *h);
void rule_template_change(struct happening *h);
void rule_coupon_grant(struct happening *h);
void rule_coupon_change(struct happening *h);
void rule_coupon_redeem(struct happening *h);
void rule_coupon_reverse(struct happening *h);
void rule_hold_sweep(struct happening *h);
void rule_coupon_issue(struct happening *h);
void rule_coupon_import(struct happening *h);
void rule_campaign_add(struct happening *h);
void rule_campaign_modify(struct happening *h);
void rule_campaign_save(struct happening *h);
void rule_campaign_delete(struct happening *h);
void rule_campaign_sweep(struct happening *h);
void rule_audience_add(struct happening *h);
void rule_audience_clear(struct happening *h);
void rule_audience_invite(struct happening *h);
void rule_audience_register(struct happening *h);
