/* Members of answers, and pages: see encode.h. */
#include "dialect/native/encode.h"

void out_open(struct out *o, struct call *call)
{
	const struct native_state *s = call->state;
	o->call = call;
	o->from_utc8 = s ? s->from_utc8 : 0;
	writer_init(&o->w, &call->reply, WRITER_JSON);
}

void out_begin(struct out *o, struct call *call)
{
	native_limits(call, &call->limit);
	out_open(o, call);
}

void out_end(struct out *o)
{
	writer_finish(&o->w);
}

/* By hand: look-ups of coupons are counted in nanoseconds. */
void out_etag(struct call *call, uint64_t revision)
{
	char *memory = arena_take(call->arena, ETAG_SIZE);
	struct buffer b;
	if (!memory)
		return;
	buffer_init_fixed(&b, memory, ETAG_SIZE);
	buffer_byte(&b, '"');
	buffer_uint64(&b, revision);
	buffer_byte(&b, '"');
	call_header(call, TEXT("ETag"), buffer_get(&b));
}

static struct text digits(struct call *call, uint64_t n)
{
	return arena_format(call->arena, "%llu", (unsigned long long)n);
}

void native_limits(struct call *call, const struct call_limit *limit)
{
	if (!limit->per_s)
		return;
	call_header(call, TEXT("RateLimit-Limit"), digits(call, limit->burst));
	call_header(call, TEXT("RateLimit-Remaining"), digits(call, limit->left));
	call_header(call, TEXT("RateLimit-Reset"), digits(call, limit->reset_s));
}

void out_MOMENT(struct out *o, const char *name, struct instant value)
{
	char text[MOMENT_ZONED_SIZE];
	struct buffer b;
	if (instant_is_none(value))
		return;
	buffer_init_fixed(&b, text, sizeof(text));
	buffer_moment_zoned(&b, value, o->from_utc8);
	write_plain(&o->w, name, buffer_get(&b));
}

void out_DIGITS(struct out *o, const char *name, uint64_t value)
{
	char text[20];
	struct buffer b;
	buffer_init_fixed(&b, text, sizeof(text));
	buffer_uint64(&b, value);
	write_plain(&o->w, name, buffer_get(&b));
}

void out_NUMBER(struct out *o, const char *name, uint64_t value)
{
	const uint64_t exact_max = UINT64_C(1) << 53;
	if (value > exact_max)
		out_DIGITS(o, name, value);
	else
		write_int(&o->w, name, (int64_t)value);
}

void out_ID(struct out *o, const char *name, uint64_t value)
{
	char id[PUBLIC_ID_SIZE];
	public_id(value, id);
	write_plain(&o->w, name, (struct text){id, sizeof(id)});
}

/* 2000 is 20, 1250 is 12.5. */
void out_PERCENT(struct out *o, const char *name, uint64_t basis_points)
{
	char text[24];
	struct buffer b;
	buffer_init_fixed(&b, text, sizeof(text));
	buffer_money_yuan(&b, (struct money){(int64_t)basis_points});
	write_raw(&o->w, name, buffer_get(&b));
}

void show_reason(struct out *o, const char *name, enum fault fault)
{
	write_begin(&o->w, name);
	NATIVE_REASON(SHOW)
	write_end(&o->w);
}

void show_split(struct out *o, const struct money *split, unsigned n)
{
	write_begin_list(&o->w, "split_fen", "fen");
	for (unsigned i = 0; i < n; i++)
		write_int(&o->w, "fen", split[i].fen);
	write_end(&o->w);
}

enum fault page_end(struct out *o, uint64_t next)
{
	write_end(&o->w);
	out_TEXT(o, "next_cursor", native_cursor(o->call, next));
	out_end(o);
	return o->call->arena->full ? FAULT_BUSY : OK;
}

uint64_t page_next(const struct call *call, unsigned n, uint64_t count)
{
	const struct native_state *s = call->state;
	uint64_t next = s->page_from + n;
	return n && next < count ? next : 0;
}
