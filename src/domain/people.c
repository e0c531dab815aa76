/*
 * Many customers of one command, each once: nicks of WangJuBao, lists of Waiqin. First everything
 * is wanted, then got.
 */
#include "domain/check.h"
#include "domain/customer.h"
#include "domain/fold.h"

static bool is_nick(struct text nick)
{
	return nick.size && (nick.size <= NAME_LENGTH_MAX || text_length(nick) <= NAME_LENGTH_MAX);
}

static enum fault take(const struct env *env, unsigned n, struct people *ret)
{
	*ret = (struct people){.rows = ARENA_ARRAY(env->arena, struct person, n + 1),
			       .row_of = ARENA_ARRAY(env->arena, unsigned, n + 1)};
	ROOM(ret->rows && ret->row_of);
	return OK;
}

/* Finds; who was merged is followed later, when all of them are wanted. */
static enum fault find_nick(struct tx *tx, struct text nick, struct person *ret)
{
	bool found;
	*ret = (struct person){.customer = {.nick = nick}};
	TRY(store_find(tx, UNIQUE_CUSTOMER_BY_NICK, &ret->customer, &found));
	if (!found)
		*ret = (struct person){.customer = {.nick = nick}, .is_new = true};
	else
		customer_want_person(tx, &ret->customer);
	return OK;
}

/* Its place among the first n, or n: several names of one are only possible where others were
 * merged into somebody. */
static unsigned place_of(const struct people *people, unsigned n, const struct customer *c)
{
	for (unsigned i = 0; c->merged && i < n; i++)
		if (people->rows[i].customer.number == c->number)
			return i;
	return n;
}

/* Rows of one person become one; row_of (NULL: none) goes along. */
static enum fault join_rows(struct tx *tx, const struct env *env, struct people *people,
			    unsigned *row_of, unsigned names)
{
	unsigned *place = ARENA_ARRAY(env->arena, unsigned, people->n + 1), kept = 0;
	ROOM(place);
	for (unsigned i = 0; i < people->n; i++) {
		struct person *p = &people->rows[i];
		if (p->is_new)
			TRY(customer_plan(tx, env, &p->customer));
		else
			TRY(customer_follow(tx, &p->customer));
		place[i] = place_of(people, kept, &p->customer);
		if (place[i] == kept)
			people->rows[kept++] = *p;
	}
	people->n = kept;
	for (unsigned i = 0; i < names; i++)
		if (row_of[i] != NOBODY)
			row_of[i] = place[row_of[i]];
	return OK;
}

void people_want_nicks(struct tx *tx, const struct text *nicks, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		if (is_nick(nicks[i]))
			store_want_unique(tx, UNIQUE_CUSTOMER_BY_NICK,
					  &(struct customer){.nick = nicks[i]});
}

enum fault people_of_nicks(struct tx *tx, const struct env *env, const struct text *nicks,
			   unsigned n, struct people *ret)
{
	unsigned *first = text_fold(env->arena, nicks, n);
	ROOM(first);
	TRY(take(env, n, ret));
	people_want_nicks(tx, nicks, n);
	for (unsigned i = 0; i < n; i++) {
		ret->row_of[i] = first[i] != i ? ret->row_of[first[i]] : ret->n;
		if (!is_nick(nicks[i]))
			ret->row_of[i] = NOBODY;
		else if (first[i] == i)
			TRY(find_nick(tx, nicks[i], &ret->rows[ret->n++]));
	}
	return join_rows(tx, env, ret, ret->row_of, n);
}

/* The member of a customer that a kind of reference means; NULL for names. */
static struct text *referred(struct customer *c, enum reference by, enum unique *ret_unique)
{
	switch (by) {
	case REFERENCE_ID:
		*ret_unique = UNIQUE_CUSTOMER_BY_ID;
		return &c->customer_id;
	case REFERENCE_CODE:
		*ret_unique = UNIQUE_CUSTOMER_BY_CODE;
		return &c->code;
	case REFERENCE_SOURCE:
		*ret_unique = UNIQUE_CUSTOMER_BY_SOURCE;
		return &c->source_code;
	case REFERENCE_NAME:
	case REFERENCE_NONE:
		break;
	}
	return NULL;
}

/* A tag stands for the name in the list's key; the name itself decides. */
static enum fault find_labelled(struct tx *tx, struct text name, struct customer *ret,
				uint64_t *ret_count)
{
	struct customer owner = {.label_tag = customer_label_tag(tx, name)}, *rows;
	unsigned n;
	struct page page = {.list = LIST_CUSTOMERS_BY_LABEL, .owner = &owner, .n = 1};
	TRY(store_page(tx, &page, &rows, &n, ret_count));
	if (n && text_equal(customer_label(&rows[0]), name))
		*ret = rows[0];
	else
		*ret_count = 0;
	return OK;
}

static enum fault find(struct tx *tx, enum reference by, struct text value, struct customer *ret,
		       uint64_t *ret_count)
{
	enum unique unique;
	bool found;
	*ret = (struct customer){0};
	*ret_count = 0;
	struct text *member = referred(ret, by, &unique);
	if (!value.size)
		return OK;
	if (!member) {
		TRY(find_labelled(tx, value, ret, ret_count));
	} else {
		*member = value;
		TRY(store_find(tx, unique, ret, &found));
		*ret_count = found;
	}
	if (*ret_count && !instant_is_none(ret->erased))
		*ret_count = 0;
	if (*ret_count && ret->alias_of)
		store_want(tx, TABLE_CUSTOMER, &(struct customer){.number = ret->alias_of});
	return OK;
}

static void want_labelled(struct tx *tx, struct text name)
{
	struct customer owner = {.label_tag = customer_label_tag(tx, name)};
	struct page page = {.list = LIST_CUSTOMERS_BY_LABEL, .owner = &owner, .n = 1};
	store_want_page(tx, &page);
}

void people_want(struct tx *tx, const struct references *references)
{
	for (unsigned i = 0; i < references->n && i < PEOPLE_MAX; i++) {
		struct text item = references->items[i];
		struct customer c = {0};
		enum unique unique;
		struct text *member = referred(&c, references->kind, &unique);
		if (!item.size)
			continue;
		if (!member) {
			want_labelled(tx, item);
			continue;
		}
		*member = item;
		store_want_unique(tx, unique, &c);
	}
}

/* Unknown goes before ambiguous, whatever comes first in the list. */
enum fault people_of_references(struct tx *tx, const struct env *env,
				const struct references *references, struct people *ret)
{
	struct text field = TEXT("customers"), ambiguous = TEXT_NONE;
	if (references->n > PEOPLE_MAX)
		return refuse(tx, FAULT_TOO_MANY, field, TEXT_NONE);
	if (references->kind == REFERENCE_NONE || references->n == 0)
		return refuse(tx, FAULT_PARAMETER_MISSING, field, TEXT_NONE);
	unsigned *first = text_fold(env->arena, references->items, references->n);
	ROOM(first);
	TRY(take(env, references->n, ret));
	people_want(tx, references);
	for (unsigned i = 0; i < references->n; i++) {
		struct text item = references->items[i];
		uint64_t count;
		if (first[i] != i)
			continue;
		TRY(find(tx, references->kind, item, &ret->rows[ret->n].customer, &count));
		if (count == 0)
			return refuse(tx, FAULT_CUSTOMER_UNKNOWN, field, item);
		if (count > 1 && !ambiguous.size)
			ambiguous = item;
		ret->n++;
	}
	if (ambiguous.size)
		return refuse(tx, FAULT_CUSTOMER_AMBIGUOUS, field, ambiguous);
	return join_rows(tx, env, ret, NULL, 0);
}
