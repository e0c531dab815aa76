/* See issuing.h. */
#include "domain/issuing.h"
#include "domain/check.h"
#include "domain/code.h"
#include "domain/coupon.h"
#include "domain/days.h"
#include "domain/id.h"
#include "domain/template.h"

enum {
	DAY_BITS = 20,
	CODE_TRIES = 8, /* counters that may be skipped because somebody brought that very code */
};

static uint64_t today(const struct env *env)
{
	int64_t day = day_of(env->instant, env->from_utc8);
	return day > 0 ? (uint64_t)day : 0;
}

uint64_t issuing_day_key(uint64_t template, uint64_t day)
{
	return template << DAY_BITS | (day & ((1 << DAY_BITS) - 1));
}

void issuing_dates(const struct env *env, const struct template *t, struct instant *ret_begin,
		   struct instant *ret_end)
{
	int64_t first = (int64_t)today(env) + (int64_t)t->starts_after_days;
	*ret_begin = t->begin;
	*ret_end = t->end;
	if (!t->is_relative)
		return;
	*ret_begin = t->starts_after_days ? day_first(first, env->from_utc8) : env->instant;
	*ret_end = day_last(first + (int64_t)t->lasts_days - 1, env->from_utc8);
}

/* --- codes of a pattern --- */

/* Another key in each epoch: a restored counter must not make codes that were given out before. */
static void series_key(struct tx *tx, const struct env *env, struct issuing *i, uint8_t key[16])
{
	struct text epoch = {(const char *)&env->epoch, sizeof(env->epoch)};
	struct text parts[] = {TEXT("code series key"), i->series.tag, epoch};
	struct text tag = store_tag(tx, parts, COUNT_OF(parts));
	must(tag.size == 16);
	memcpy(key, tag.data, 16);
}

/* Somebody may have brought a code of the series, or it may be that of another coupon's id: its
 * counter is passed over. */
static enum fault make_codes(struct tx *tx, const struct env *env, struct issuing *i, unsigned n)
{
	struct text *codes = ARENA_ARRAY(env->arena, struct text, n);
	struct code_key ids = code_key(tx);
	uint8_t key[16];
	ROOM(codes);
	series_key(tx, env, i, key);
	for (unsigned ahead = 0; ahead < n; ahead++) {
		struct text code =
		    pattern_code(&i->pattern, key, i->series.next + ahead, env->arena);
		ROOM(code.data);
		store_want_unique(tx, UNIQUE_COUPON_BY_CODE,
				  &(struct coupon){.id = 1, .code = code});
	}
	for (unsigned tries = 0; i->code_count < n; tries++) {
		struct coupon other = {.id = 1};
		bool taken;
		if (tries == n + CODE_TRIES || i->series.next >= i->pattern.space)
			return refuse(tx, FAULT_LIMIT_REACHED, TEXT("code"), TEXT_NONE);
		struct text code = pattern_code(&i->pattern, key, i->series.next++, env->arena);
		ROOM(code.data);
		other.code = code;
		TRY(store_find_guess(tx, UNIQUE_COUPON_BY_CODE, &other, &taken));
		if (!taken && !code_is_reserved(env, &ids, code))
			codes[i->code_count++] = code;
	}
	i->codes = codes;
	return OK;
}

static enum fault open_series(struct tx *tx, const struct env *env, unsigned codes,
			      struct issuing *i)
{
	bool found;
	if (!pattern_of_template(&i->template, &i->pattern) || codes == 0)
		return OK;
	i->series.tag = pattern_tag(tx, env, &i->pattern);
	TRY(store_get(tx, TABLE_SERIES, &i->series, &found));
	if (!found)
		i->series.next = 0;
	return make_codes(tx, env, i, codes);
}

/* --- limits --- */

void issuing_want(struct tx *tx, const struct env *env, const struct template *t)
{
	struct pattern pattern;
	struct tally tally = {.kind = TALLY_ISSUED, .of = t->number};
	store_want(tx, TABLE_TALLY, &tally);
	if (t->per_day) {
		tally = (struct tally){.kind = TALLY_ISSUED_ON,
				       .of = issuing_day_key(t->number, today(env))};
		store_want(tx, TABLE_TALLY, &tally);
	}
	if (pattern_of_template(t, &pattern))
		store_want(tx, TABLE_SERIES,
			   &(struct series){.tag = pattern_tag(tx, env, &pattern)});
}

enum fault issuing_open(struct tx *tx, const struct env *env, const struct template *t,
			struct text field, unsigned codes, struct issuing *ret)
{
	*ret = (struct issuing){.template = *t, .day = today(env)};
	if (!t->is_relative && is_past(env, t->end))
		return refuse(tx, FAULT_TEMPLATE_EXPIRED, field, TEXT_NONE);
	issuing_want(tx, env, t);
	TRY(tally_guess(tx, TALLY_ISSUED, t->number, &ret->total));
	ret->total_before = ret->total.count;
	if (t->per_day)
		TRY(issuing_count_day(tx, ret));
	return open_series(tx, env, codes, ret);
}

enum fault issuing_count_day(struct tx *tx, struct issuing *i)
{
	i->counts_day = true;
	return tally_guess(tx, TALLY_ISSUED_ON, issuing_day_key(i->template.number, i->day),
			   &i->on_day);
}

enum fault issuing_allows_holder(const struct template *t, uint64_t day,
				 const struct holding *holding, const struct holding *elsewhere)
{
	uint64_t on_day = (holding->day == day ? holding->day_issued : 0) +
			  (elsewhere->day == day ? elsewhere->day_issued : 0);
	if (holding->issued + elsewhere->issued >= t->per_person)
		return FAULT_PERSON_EXHAUSTED;
	if (t->per_person_day && on_day >= t->per_person_day)
		return FAULT_PERSON_DAY_EXHAUSTED;
	return OK;
}

enum fault issuing_allows(const struct issuing *i, const struct holding *holding,
			  const struct holding *elsewhere)
{
	const struct template *t = &i->template;
	if (t->has_total && i->total.count >= t->total)
		return FAULT_TEMPLATE_EXHAUSTED;
	if (t->per_day && i->on_day.count >= t->per_day)
		return FAULT_DAY_EXHAUSTED;
	return holding ? issuing_allows_holder(t, i->day, holding, elsewhere) : OK;
}

void issuing_take(struct issuing *i, struct holding *holding)
{
	i->some = true;
	i->total.count++;
	i->on_day.count++;
	if (!holding)
		return;
	holding->issued++;
	if (!i->template.per_person_day && !i->holds)
		return;
	holding->day_issued = holding->day == i->day ? holding->day_issued + 1 : 1;
	holding->day = i->day;
}

void issuing_give_back(uint64_t day, struct tally *total, struct tally *on_day,
		       struct holding *holding)
{
	total->count -= total->count > 0;
	on_day->count -= on_day->count > 0;
	holding->issued -= holding->issued > 0;
	if (holding->day == day)
		holding->day_issued -= holding->day_issued > 0;
}

/* --- coupons --- */

struct coupon issuing_coupon(struct tx *tx, const struct env *env, struct issuing *i,
			     uint64_t customer)
{
	const struct template *t = &i->template;
	struct coupon c = {.customer = customer,
			   .shelf = customer ? 0 : t->number,
			   .id = public_number(env, store_number(tx)),
			   .template = t->number,
			   .channel = t->channel,
			   .state = COUPON_UNUSED,
			   .issued = env->instant,
			   .updated = env->instant,
			   .edition = t->edition};
	issuing_dates(env, t, &c.begin, &c.end);
	if (i->codes) {
		must(i->taken_codes < i->code_count);
		c.code = i->codes[i->taken_codes++];
	}
	return c;
}

enum fault issuing_tell(const struct issuing *i, const struct env *env, struct notices *n)
{
	const struct template *t = &i->template;
	const uint64_t count[] = {i->total_before, i->total.count};
	return notices_reached(n, env, NOTICE_TEMPLATE_LIMIT, t->number, count,
			       t->has_total ? t->total : 0);
}

/* Codes that were made and not taken are passed over. */
void issuing_put(struct tx *tx, struct issuing *i)
{
	if (!i->some)
		return;
	store_put(tx, TABLE_TALLY, &i->total);
	if (i->counts_day)
		store_put(tx, TABLE_TALLY, &i->on_day);
	if (i->taken_codes)
		store_put(tx, TABLE_SERIES, &i->series);
}
