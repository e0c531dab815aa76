/*
 * Merging one customer into another. The one becomes an alias at once; its coupons and audiences
 * follow step by step: customer_settle. An alias never has aliases: those that it had go along.
 */
#include "domain/check.h"
#include "domain/customer.h"

struct merge {
	struct customer into, from, *aliases;
	unsigned n; /* aliases of `from` */
};

static enum fault find(struct tx *tx, struct text field, struct text id, struct customer *ret)
{
	bool found;
	TRY(check_given(tx, field, id));
	TRY(customer_find_by_id(tx, id, ret, &found));
	if (!found || !instant_is_none(ret->erased))
		return refuse(tx, FAULT_CUSTOMER_UNKNOWN, field, id);
	return OK;
}

/* What both of them are found by, then whom they were merged into, side by side. */
static enum fault want(struct tx *tx, const struct customer_merge_cmd *c)
{
	struct customer into = {.customer_id = c->into}, from = {.customer_id = c->from};
	customer_want_row(tx, &into);
	customer_want_row(tx, &from);
	TRY(customer_want_followed(tx, &into));
	return customer_want_followed(tx, &from);
}

static enum fault check_room(struct tx *tx, const struct env *env, const struct merge *m)
{
	uint64_t count;
	TRY(store_count(tx, LIST_ALIASES, &(struct customer){.alias_of = m->into.number}, &count));
	if (count + m->n + 1 > ALIASES_MAX)
		return refuse(tx, FAULT_LIMIT_REACHED, TEXT("into"),
			      arena_format(env->arena, "%d", ALIASES_MAX));
	return OK;
}

static void take_over(struct text *into, struct text *from)
{
	if (into->size)
		return;
	*into = *from;
	*from = TEXT_NONE;
}

/* A name stays with the alias too: it is no unique value, and may name it in a list. */
static void take_values(struct merge *m)
{
	take_over(&m->into.code, &m->from.code);
	take_over(&m->into.source_code, &m->from.source_code);
	take_over(&m->into.nick, &m->from.nick);
	take_over(&m->into.phone, &m->from.phone);
	take_over(&m->into.card_no, &m->from.card_no);
	if (!m->into.name.size)
		m->into.name = m->from.name;
}

/* One person is named once by a name, or it would seem that there are two. */
static void set_labels(struct tx *tx, struct merge *m)
{
	m->into.label_tag = customer_label_tag(tx, customer_label(&m->into));
	m->from.label_tag = customer_label_tag(tx, customer_label(&m->from));
	if (text_equal(m->from.label_tag, m->into.label_tag))
		m->from.label_tag = TEXT_NONE;
	for (unsigned i = 0; i < m->n; i++)
		if (text_equal(m->aliases[i].label_tag, m->into.label_tag) ||
		    text_equal(m->aliases[i].label_tag, m->from.label_tag))
			m->aliases[i].label_tag = TEXT_NONE;
}

/* Values are given up before they are taken. */
static void put(struct tx *tx, const struct env *env, struct merge *m)
{
	m->from.alias_of = m->into.number;
	m->from.merged = false;
	m->from.unsettled = true;
	m->from.walked = m->from.walked_to = 0;
	m->from.updated = m->into.updated = env->instant;
	store_put(tx, TABLE_CUSTOMER, &m->from);
	for (unsigned i = 0; i < m->n; i++) {
		m->aliases[i].alias_of = m->into.number;
		store_put(tx, TABLE_CUSTOMER, &m->aliases[i]);
	}
	m->into.merged = true;
	store_put(tx, TABLE_CUSTOMER, &m->into);
}

enum fault customer_merge(struct tx *tx, const struct env *env, const void *cmd, void *ret)
{
	const struct customer_merge_cmd *c = cmd;
	struct customer_merge_ret *r = ret;
	struct merge m = {0};
	*r = (struct customer_merge_ret){0};
	TRY(want(tx, c));
	TRY(find(tx, TEXT("into"), c->into, &m.into));
	TRY(find(tx, TEXT("from"), c->from, &m.from));
	if (m.into.number == m.from.number)
		return OK;
	customer_want_lists(tx, &m.into);
	customer_want_lists(tx, &m.from);
	TRY(customer_aliases(tx, &m.from, &m.aliases, &m.n));
	TRY(check_room(tx, env, &m));
	take_values(&m);
	set_labels(tx, &m);
	put(tx, env, &m);
	r->merged = true;
	return OK;
}
