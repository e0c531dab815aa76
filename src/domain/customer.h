/*
 * Customers as other commands meet them: named by a nick, by a CSV row, by a Waiqin list. A command
 * first plans those that are not known yet (decisions), then makes them (puts).
 *
 * Whoever is looked up here and was merged into somebody else is that other one.
 */
#pragma once

#include "domain/domain.h"

struct person {
	struct customer customer;
	bool is_new; /* planned, not made */
};
/* What stands for a name as shown in a list's key; empty for no name. */
struct text customer_label_tag(struct tx *tx, struct text label);
/* Fills what a new customer lacks: number, customer_id when empty, label_tag, instants. */
CHECKED enum fault customer_plan(struct tx *tx, const struct env *env, struct customer *c);
/* Puts a person who is new; others stay as they are. */
void customer_make(struct tx *tx, struct person *p);
/* Of an alias: whom it was merged into. */
CHECKED enum fault customer_follow(struct tx *tx, struct customer *c);
/* Wants what a change of the customer will touch. */
void customer_want_lists(struct tx *tx, const struct customer *c);
/* All aliases of a customer, at most ALIASES_MAX. */
CHECKED enum fault customer_aliases(struct tx *tx, const struct customer *c,
				    struct customer **ret_rows, unsigned *ret_n);
/* The same where rows are fetched: as if there were none, until they are at hand. For what goes on
 * to its end with either answer (store_page_guess). */
CHECKED enum fault customer_aliases_guess(struct tx *tx, const struct customer *c,
					  struct customer **ret_rows, unsigned *ret_n);
/* Names whom an alias was merged into, and that one's aliases; or the customer's own. */
void customer_want_person(struct tx *tx, const struct customer *c);
/* The same number, or an alias of it. */
CHECKED enum fault customer_is(struct tx *tx, uint64_t number, uint64_t asked, bool *ret_is);
/* The one with that id itself, alias or not. */
CHECKED enum fault customer_with_id(struct tx *tx, struct text customer_id, struct customer *ret,
				    bool *ret_found);
/* The members that name a customer, in the order in which they are looked at: customer_id, phone,
 * card_no, nick, code, source_code. */
enum { CUSTOMER_NAMES = 6 };
struct text customer_named(const struct customer *c, unsigned by);
/* The first that is given; CUSTOMER_NAMES: none. */
unsigned customer_named_by(const struct customer *c);
/* The one that the first given of customer_id, phone, card_no, nick, code, source_code names;
 * unknown: planned, with all that is given. Nothing given: *ret_any is false. */
CHECKED enum fault customer_of_row(struct tx *tx, const struct env *env,
				   const struct customer *given, struct person *ret, bool *ret_any);
/* The same for one who must be known: CUSTOMER_UNKNOWN with field "customer". *ret_any false:
 * nothing was given. */
CHECKED enum fault customer_known(struct tx *tx, const struct customer *given, struct customer *ret,
				  bool *ret_any);
/* Names what customer_of_row will look up. */
void customer_want_row(struct tx *tx, const struct customer *given);
/* Of one who was merged, whom customer_of_row will follow to, with all that are one with him. */
CHECKED enum fault customer_want_followed(struct tx *tx, const struct customer *given);
void customer_want_phone(struct tx *tx, struct text phone);
CHECKED enum fault customer_find_by_phone(struct tx *tx, struct text phone, struct customer *ret,
					  bool *ret_found);
CHECKED enum fault customer_find_by_card(struct tx *tx, struct text card_no, struct customer *ret,
					 bool *ret_found);
CHECKED enum fault customer_find_by_id(struct tx *tx, struct text customer_id, struct customer *ret,
				       bool *ret_found);

/* Each once, in the order of their first mention. */
struct people {
	struct person *rows;
	unsigned n;
	unsigned *row_of; /* per nick: its row, NOBODY for a nick that cannot be one */
};
static const unsigned NOBODY = UINT32_MAX;
/* Unknown nicks are planned. */
CHECKED enum fault people_of_nicks(struct tx *tx, const struct env *env, const struct text *nicks,
				   unsigned n, struct people *ret);
/* Name what these two will look up. */
void people_want_nicks(struct tx *tx, const struct text *nicks, unsigned n);
void people_want(struct tx *tx, const struct references *references);
/* All are known, or CUSTOMER_UNKNOWN or CUSTOMER_AMBIGUOUS with the value; TOO_MANY past
 * PEOPLE_MAX. row_of is not set. */
CHECKED enum fault people_of_references(struct tx *tx, const struct env *env,
					const struct references *references, struct people *ret);
