/* See issued.h. A row: verdict (with FULL: more follows) and coupon id; then customer, begin, end.
 */
#include "domain/issued.h"
#include "base/varint.h"
#include "domain/check.h"

enum { FULL = 16, ROW_VARINTS = 5 };

static const struct {
	enum verdict verdict;
	enum fault fault;
} verdicts[] = {{VERDICT_NEW, OK},
		{VERDICT_AGAIN, OK},
		{VERDICT_BAD_NICK, FAULT_PARAMETER_INVALID},
		{VERDICT_EXHAUSTED, FAULT_TEMPLATE_EXHAUSTED},
		{VERDICT_DAY, FAULT_DAY_EXHAUSTED},
		{VERDICT_PERSON, FAULT_PERSON_EXHAUSTED},
		{VERDICT_PERSON_DAY, FAULT_PERSON_DAY_EXHAUSTED},
		{VERDICT_NOBODY, FAULT_CUSTOMER_UNKNOWN}};

enum fault verdict_fault(enum verdict verdict)
{
	for (size_t i = 0; i < COUNT_OF(verdicts); i++)
		if (verdicts[i].verdict == verdict)
			return verdicts[i].fault;
	return FAULT_DATA_DAMAGED;
}

enum verdict verdict_of(enum fault fault)
{
	for (size_t i = 0; i < COUNT_OF(verdicts); i++)
		if (verdicts[i].fault == fault)
			return verdicts[i].verdict;
	must_failed("a verdict's fault", __FILE__, __LINE__);
	return 0;
}

struct text issued_tag(struct tx *tx, const struct env *env, uint64_t template_id,
		       const struct text *nicks, unsigned n)
{
	size_t size = VARINT_SIZE_MAX;
	for (unsigned i = 0; i < n; i++)
		size += VARINT_SIZE_MAX + nicks[i].size;
	char *memory = arena_take(env->arena, size);
	if (!memory)
		return TEXT_NONE;
	struct buffer asked;
	buffer_init_fixed(&asked, memory, size);
	buffer_varint(&asked, template_id);
	for (unsigned i = 0; i < n; i++)
		buffer_slice(&asked, nicks[i]);
	struct text parts[] = {TEXT("coupon issue"), buffer_get(&asked)};
	return store_tag(tx, parts, COUNT_OF(parts));
}

struct text issued_write(const struct env *env, struct text tag, const struct issued_row *rows,
			 unsigned n)
{
	size_t size = tag.size + (size_t)n * ROW_VARINTS * VARINT_SIZE_MAX;
	char *memory = arena_take(env->arena, size);
	struct buffer answer;
	must(memory); /* some kilobytes, after all that was large */
	buffer_init_fixed(&answer, memory, size);
	buffer_text(&answer, tag);
	for (unsigned i = 0; i < n; i++) {
		buffer_varint(&answer, (uint64_t)rows[i].verdict + (rows[i].full ? FULL : 0));
		buffer_varint(&answer, rows[i].id);
		if (!rows[i].full)
			continue;
		buffer_varint(&answer, rows[i].customer);
		buffer_zigzag(&answer, rows[i].begin.ms);
		buffer_zigzag(&answer, rows[i].end.ms);
	}
	return buffer_get(&answer);
}

static bool take(struct text *from, struct issued_row *ret)
{
	uint64_t verdict;
	*ret = (struct issued_row){0};
	if (!varint_take(from, &verdict) || !varint_take(from, &ret->id))
		return false;
	ret->full = verdict >= FULL;
	ret->verdict = (enum verdict)(verdict - (ret->full ? FULL : 0));
	return !ret->full || (varint_take(from, &ret->customer) &&
			      zigzag_take(from, &ret->begin.ms) && zigzag_take(from, &ret->end.ms));
}

enum fault issued_read(const struct env *env, struct text answer, struct text tag,
		       struct issued_row **ret_rows, unsigned *ret_n)
{
	struct text from = {answer.data + tag.size, answer.size - tag.size};
	struct issued_row *rows = ARENA_ARRAY(env->arena, struct issued_row, from.size / 2 + 1);
	unsigned n = 0;
	ROOM(rows);
	while (from.size)
		if (!take(&from, &rows[n++]))
			return FAULT_DATA_DAMAGED;
	*ret_rows = rows;
	*ret_n = n;
	return OK;
}

enum fault issued_coupons(struct tx *tx, const struct env *env, const struct issued_row *rows,
			  unsigned n, struct coupon **ret_coupons)
{
	struct coupon *coupons = ARENA_ARRAY(env->arena, struct coupon, n + 1);
	ROOM(coupons);
	for (unsigned i = 0; i < n; i++)
		if (rows[i].id)
			store_want_unique(tx, UNIQUE_COUPON_BY_ID,
					  &(struct coupon){.id = rows[i].id});
	for (unsigned i = 0; i < n; i++) {
		coupons[i].id = rows[i].id;
		if (!rows[i].id)
			continue;
		TRY(find_named(tx, UNIQUE_COUPON_BY_ID, &coupons[i]));
	}
	*ret_coupons = coupons;
	return OK;
}
