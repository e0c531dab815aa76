/* See holders.h. */
#include "domain/holders.h"
#include "domain/check.h"
#include "domain/coupon.h"
#include "domain/fold.h"

/* In the order in which they are looked at for who is meant. */
static const struct {
	size_t at;
	const char *field;
} names[] = {{offsetof(struct customer, customer_id), "customer_id"},
	     {offsetof(struct customer, phone), "phone"},
	     {offsetof(struct customer, card_no), "card_no"},
	     {offsetof(struct customer, nick), "nick"},
	     {offsetof(struct customer, code), "code"},
	     {offsetof(struct customer, source_code), "source_code"}};
enum { NAMES = COUNT_OF(names) };

static struct text named(const struct customer *c, size_t by)
{
	return *(const struct text *)((const char *)c + names[by].at);
}

void holders_want(struct tx *tx, const struct customer *given, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		customer_want_row(tx, &given[i]);
}

struct finding {
	const struct customer *given;
	struct holders *holders;
	unsigned *same[NAMES]; /* per row: the first row that has the same value there */
};

static enum fault fold(const struct env *env, unsigned n, struct finding *f)
{
	struct text *values = ARENA_ARRAY(env->arena, struct text, n + 1);
	ROOM(values);
	for (size_t by = 0; by < NAMES; by++) {
		for (unsigned i = 0; i < n; i++)
			values[i] = named(&f->given[i], by);
		f->same[by] = text_fold(env->arena, values, n);
		ROOM(f->same[by]);
	}
	return OK;
}

/* Who this command makes with the row's value, NOBODY: none. */
static unsigned made_with(const struct finding *f, unsigned row, size_t by)
{
	const struct holders *h = f->holders;
	struct text value = named(&f->given[row], by);
	for (unsigned i = 0; value.size && f->same[by][row] < row && i < h->n; i++)
		if (h->persons[i].is_new && text_equal(named(&h->persons[i].customer, by), value))
			return i;
	return NOBODY;
}

/* Its place among those that are known already, or the next. */
static unsigned place_of(struct holders *h, const struct person *p)
{
	for (unsigned i = 0; !p->is_new && i < h->n; i++)
		if (h->persons[i].customer.number == p->customer.number)
			return i;
	h->persons[h->n] = *p;
	return h->n++;
}

/* Whom the row's first name means. Somebody whom an earlier row makes is known by then, and keeps
 * what he was given. */
static enum fault find(struct tx *tx, const struct env *env, struct finding *f, unsigned row)
{
	struct holders *h = f->holders;
	struct person person;
	size_t by = 0;
	bool any;
	while (by < NAMES && !named(&f->given[row], by).size)
		by++;
	h->person_of[row] = by < NAMES ? made_with(f, row, by) : NOBODY;
	if (h->person_of[row] != NOBODY)
		return OK;
	TRY(customer_of_row(tx, env, &f->given[row], &person, &any));
	if (!any || !instant_is_none(person.customer.erased))
		return OK;
	for (by = 0; person.is_new && by < NAMES; by++)
		if (made_with(f, row, by) != NOBODY)
			return refuse(tx, FAULT_VALUE_TAKEN, text_of(names[by].field),
				      named(&f->given[row], by));
	h->person_of[row] = place_of(h, &person);
	return OK;
}

enum fault holders_find(struct tx *tx, const struct env *env, const struct customer *given,
			unsigned n, struct holders *ret)
{
	struct finding f = {.given = given, .holders = ret};
	*ret = (struct holders){.persons = ARENA_ARRAY(env->arena, struct person, n + 1),
				.person_of = ARENA_ARRAY(env->arena, unsigned, n + 1)};
	ROOM(ret->persons && ret->person_of);
	TRY(fold(env, n, &f));
	holders_want(tx, given, n);
	for (unsigned i = 0; i < n; i++)
		TRY(find(tx, env, &f, i));
	return OK;
}

enum fault holding_elsewhere(struct tx *tx, const struct customer *c, uint64_t template,
			     struct holding *ret)
{
	struct customer *aliases;
	unsigned n;
	*ret = (struct holding){0};
	TRY(customer_aliases(tx, c, &aliases, &n));
	for (unsigned i = 0; i < n; i++) {
		struct holding other;
		if (!aliases[i].unsettled)
			continue;
		TRY(holding_get(tx, aliases[i].number, template, &other));
		if (!ret->issued && !ret->used)
			*ret = other;
		else
			holding_join(ret, &other);
	}
	return OK;
}

enum fault holders_load(struct tx *tx, const struct env *env, uint64_t template, struct holders *h)
{
	h->holdings = ARENA_ARRAY(env->arena, struct holding, h->n + 1);
	h->elsewhere = ARENA_ARRAY(env->arena, struct holding, h->n + 1);
	h->took = ARENA_ARRAY(env->arena, bool, h->n + 1);
	ROOM(h->holdings && h->elsewhere && h->took);
	for (unsigned i = 0; i < h->n; i++) {
		h->holdings[i] = (struct holding){.customer = h->persons[i].customer.number,
						  .template = template};
		if (!h->persons[i].is_new)
			store_want(tx, TABLE_HOLDING, &h->holdings[i]);
	}
	for (unsigned i = 0; i < h->n; i++)
		if (!h->persons[i].is_new)
			TRY(holding_get(tx, h->persons[i].customer.number, template,
					&h->holdings[i]));
	for (unsigned i = 0; i < h->n; i++)
		TRY(holding_elsewhere(tx, &h->persons[i].customer, template, &h->elsewhere[i]));
	return OK;
}
