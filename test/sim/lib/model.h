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

/* The memory of an equal request that is not too old; NULL: none. */
struct m_request *model_remembered(struct happening *h, const struct request_key *key);
/* Never NULL; one without parts is not kept. */
struct m_request *model_remember(struct happening *h, const struct request_key *key);

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
