/* See holders.h. */
#include "domain/holders.h"
#include "domain/check.h"
#include "domain/coupon.h"
#include "domain/fold.h"

void holders_want(struct tx *tx, const struct customer *given, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		customer_want_row(tx, &given[i]);
}

enum fault holders_want_followed(struct tx *tx, const struct customer *given, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		TRY(customer_want_followed(tx, &given[i]));
	return OK;
}

/* Per member, for each the first that has its value there. */
static enum fault fold(const struct env *env, const struct customer *all, unsigned n,
		       unsigned *same[CUSTOMER_NAMES])
{
	struct text *values = ARENA_ARRAY(env->arena, struct text, n + 1);
	ROOM(values);
	for (unsigned by = 0; by < CUSTOMER_NAMES; by++) {
		for (unsigned i = 0; i < n; i++)
			values[i] = customer_named(&all[i], by);
		same[by] = text_fold(env->arena, values, n);
		ROOM(same[by]);
	}
	return OK;
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

static enum fault find(struct tx *tx, const struct env *env, const struct customer *given,
		       struct holders *h, unsigned i)
{
	struct person person;
	bool any;
	TRY(customer_of_row(tx, env, given, &person, &any));
	if (!any || !instant_is_none(person.customer.erased))
		h->person_of[i] = NOBODY;
	else
		h->person_of[i] = place_of(h, &person);
	return OK;
}

/* Whom an earlier name of this command makes with the value that names this one. NOBODY: none. */
static unsigned made_before(const struct holders *h, const struct customer *given,
			    unsigned *const same[CUSTOMER_NAMES], unsigned row)
{
	unsigned by = customer_named_by(&given[row]);
	if (by == CUSTOMER_NAMES || same[by][row] == row)
		return NOBODY;
	struct text value = customer_named(&given[row], by);
	for (unsigned i = 0; i < h->n; i++)
		if (h->persons[i].is_new &&
		    text_equal(customer_named(&h->persons[i].customer, by), value))
			return i;
	return NOBODY;
}

/* Those that are to be made may have values in common, and then are one: nobody else has the value.
 */
static enum fault join_new(const struct env *env, struct holders *h, unsigned names)
{
	struct customer *made = ARENA_ARRAY(env->arena, struct customer, h->n + 1);
	unsigned *first = ARENA_ARRAY(env->arena, unsigned, h->n + 1), *same[CUSTOMER_NAMES];
	ROOM(made && first);
	for (unsigned i = 0; i < h->n; i++) {
		first[i] = i;
		if (h->persons[i].is_new)
			made[i] = h->persons[i].customer;
	}
	TRY(fold(env, made, h->n, same));
	for (unsigned by = 0; by < CUSTOMER_NAMES; by++)
		for (unsigned i = 0; i < h->n; i++)
			if (customer_named(&made[i], by).size && first[same[by][i]] < first[i])
				first[i] = first[same[by][i]];
	for (unsigned i = 0; i < names; i++)
		if (h->person_of[i] != NOBODY)
			h->person_of[i] = first[h->person_of[i]];
	return OK;
}

enum fault holders_find(struct tx *tx, const struct env *env, const struct customer *given,
			unsigned n, struct holders *ret)
{
	unsigned *same[CUSTOMER_NAMES];
	*ret = (struct holders){.persons = ARENA_ARRAY(env->arena, struct person, n + 1),
				.person_of = ARENA_ARRAY(env->arena, unsigned, n + 1)};
	ROOM(ret->persons && ret->person_of);
	TRY(fold(env, given, n, same));
	for (unsigned i = 0; i < n; i++) {
		ret->person_of[i] = made_before(ret, given, same, i);
		if (ret->person_of[i] == NOBODY)
			TRY(find(tx, env, &given[i], ret, i));
	}
	return join_new(env, ret, n);
}

enum fault holding_elsewhere(struct tx *tx, const struct customer *c, uint64_t template,
			     struct holding *ret)
{
	struct customer *aliases;
	unsigned n;
	*ret = (struct holding){0};
	TRY(customer_aliases_guess(tx, c, &aliases, &n));
	for (unsigned i = 0; i < n; i++)
		store_want(tx, TABLE_HOLDING,
			   &(struct holding){.customer = aliases[i].number, .template = template});
	for (unsigned i = 0; i < n; i++) {
		struct holding other;
		TRY(holding_get(tx, aliases[i].number, template, &other));
		if (!ret->issued && !ret->used)
			*ret = other;
		else
			holding_join(ret, &other);
	}
	return OK;
}

/* --- where something is counted --- */

void holdings_keep(struct holdings *h, const struct holding *changed)
{
	unsigned i = 0;
	while (i < h->n && (h->rows[i].customer != changed->customer ||
			    h->rows[i].template != changed->template))
		i++;
	h->rows[i] = *changed;
	h->n += i == h->n;
}

static enum fault holding_now(struct tx *tx, const struct counted *c,
			      const struct holdings *changed, uint64_t customer,
			      struct holding *ret)
{
	for (unsigned i = 0; i < changed->n; i++)
		if (changed->rows[i].customer == customer &&
		    changed->rows[i].template == c->template) {
			*ret = changed->rows[i];
			return OK;
		}
	return holding_get(tx, customer, c->template, ret);
}

/* NONE: it cannot be counted there. OTHERS: only as one of the newest day or period, and it is of
 * another; OLDER: as one of before that. */
enum fitness { FIT_NONE, FIT_OTHERS, FIT_OLDER, FIT_WELL };

static enum fitness fitness(const struct counted *c, const struct holding *h)
{
	uint64_t all = c->use ? h->used : h->issued;
	uint64_t newest = c->use ? h->period_used : h->day_issued;
	bool same = c->use ? h->period == c->period : h->day == c->day;
	if (!all)
		return FIT_NONE;
	if ((same && newest) || (c->use && !c->period))
		return FIT_WELL;
	return all > newest ? FIT_OLDER : FIT_OTHERS;
}

static enum fault look(struct tx *tx, const struct counted *c, const struct holdings *changed,
		       uint64_t customer, struct holding *best)
{
	struct holding other;
	TRY(holding_now(tx, c, changed, customer, &other));
	if (fitness(c, &other) > fitness(c, best))
		*best = other;
	return OK;
}

enum fault holding_of_counted(struct tx *tx, const struct counted *c,
			      const struct holdings *changed, struct holding *ret)
{
	struct customer person = {.number = c->customer}, *aliases;
	unsigned n;
	TRY(holding_now(tx, c, changed, c->customer, ret));
	TRY(get_named(tx, TABLE_CUSTOMER, &person));
	if (fitness(c, ret) == FIT_WELL || (!person.alias_of && !person.merged))
		return OK;
	customer_want_person(tx, &person);
	if (person.alias_of)
		person = (struct customer){.number = person.alias_of, .merged = true};
	TRY(look(tx, c, changed, person.number, ret));
	TRY(customer_aliases_guess(tx, &person, &aliases, &n));
	for (unsigned i = 0; i < n; i++)
		store_want(
		    tx, TABLE_HOLDING,
		    &(struct holding){.customer = aliases[i].number, .template = c->template});
	for (unsigned i = 0; i < n; i++)
		TRY(look(tx, c, changed, aliases[i].number, ret));
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
		customer_want_person(tx, &h->persons[i].customer);
	}
	for (unsigned i = 0; i < h->n; i++)
		if (!h->persons[i].is_new)
			TRY(holding_get(tx, h->persons[i].customer.number, template,
					&h->holdings[i]));
	for (unsigned i = 0; i < h->n; i++)
		TRY(holding_elsewhere(tx, &h->persons[i].customer, template, &h->elsewhere[i]));
	return OK;
}
