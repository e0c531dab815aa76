/* See timeline.h. */
#include "domain/timeline.h"
#include "base/varint.h"
#include "domain/check.h"

enum part {
	PART_REASON = 1 << 0,
	PART_ORDER = 1 << 1,
	PART_OPERATOR = 1 << 2,
	PART_SHOP = 1 << 3,
	PART_OTHER = 1 << 4,
	PART_REQUEST = 1 << 5, /* and the digest */
	PART_AMOUNT = 1 << 6,
	PART_DISCOUNT = 1 << 7,
	PART_REVERSES = 1 << 8,
	PART_END = 1 << 9,
	PART_UNTIL = 1 << 10,
	PART_REFUND = 1 << 11,	  /* a bit alone */
	PART_GAVE_BACK = 1 << 12, /* a bit alone */
	PART_CLOSES = 1 << 13,	  /* a bit alone */
	PART_SPLIT = 1 << 14,
	PART_USES = 1 << 15,
	PART_COUNTED = 1 << 16,
	PART_WAS_FROZEN = 1 << 17, /* a bit alone */
	PART_DAY = 1 << 18,
};
/* The texts among them, in their order. */
static const struct {
	enum part part;
	size_t at;
} texts[] = {{PART_REASON, offsetof(struct event, said.reason)},
	     {PART_ORDER, offsetof(struct event, said.order_no)},
	     {PART_OPERATOR, offsetof(struct event, said.operator)},
	     {PART_SHOP, offsetof(struct event, said.shop)},
	     {PART_OTHER, offsetof(struct event, other)},
	     {PART_SPLIT, offsetof(struct event, split)},
	     {PART_REQUEST, offsetof(struct event, request)},
	     {PART_REQUEST, offsetof(struct event, digest)}};

static struct text *text_at(const struct event *e, size_t i)
{
	return (struct text *)((char *)e + texts[i].at);
}

static unsigned parts_of(const struct event *e)
{
	unsigned parts = 0;
	for (size_t i = 0; i < COUNT_OF(texts); i++)
		if (text_at(e, i)->size)
			parts |= texts[i].part;
	parts |= e->has_amount ? PART_AMOUNT : 0;
	parts |= e->discount.fen ? PART_DISCOUNT : 0;
	parts |= e->reverses ? PART_REVERSES : 0;
	parts |= e->uses ? PART_USES : 0;
	parts |= e->counted_for ? PART_COUNTED : 0;
	parts |= e->day ? PART_DAY : 0;
	parts |= instant_is_none(e->end) ? 0 : PART_END;
	parts |= instant_is_none(e->until) ? 0 : PART_UNTIL;
	parts |= e->cause == CAUSE_REFUND ? PART_REFUND : 0;
	parts |= e->gave_back ? PART_GAVE_BACK : 0;
	parts |= e->closes ? PART_CLOSES : 0;
	parts |= e->was_frozen ? PART_WAS_FROZEN : 0;
	return parts;
}

/* --- writing --- */

static size_t size_of(const struct event *e)
{
	size_t size = 14 * VARINT_SIZE_MAX;
	for (size_t i = 0; i < COUNT_OF(texts); i++)
		size += VARINT_SIZE_MAX + text_at(e, i)->size;
	return size;
}

static void write(struct buffer *b, const struct event *e)
{
	unsigned parts = parts_of(e);
	buffer_varint(b, e->kind);
	buffer_varint(b, parts);
	buffer_zigzag(b, e->at.ms);
	buffer_varint(b, e->state);
	buffer_varint(b, e->used);
	for (size_t i = 0; i < COUNT_OF(texts); i++)
		if (parts & texts[i].part)
			buffer_slice(b, *text_at(e, i));
	if (parts & PART_AMOUNT)
		buffer_zigzag(b, e->amount.fen);
	if (parts & PART_DISCOUNT)
		buffer_zigzag(b, e->discount.fen);
	if (parts & PART_REVERSES)
		buffer_varint(b, e->reverses);
	if (parts & PART_END)
		buffer_zigzag(b, e->end.ms);
	if (parts & PART_UNTIL)
		buffer_zigzag(b, e->until.ms);
	if (parts & PART_USES)
		buffer_varint(b, e->uses);
	if (parts & PART_COUNTED)
		buffer_varint(b, e->counted_for);
	if (parts & PART_DAY)
		buffer_varint(b, e->day);
}

enum fault timeline_add(const struct env *env, struct coupon *c, struct event *event)
{
	size_t size = c->timeline.size + size_of(event);
	char *memory = arena_take(env->arena, size);
	struct buffer b;
	ROOM(memory);
	buffer_init_fixed(&b, memory, size);
	buffer_text(&b, c->timeline);
	write(&b, event);
	must(!b.full);
	c->timeline = buffer_get(&b);
	c->revision++;
	event->number = event->revision = c->revision;
	return OK;
}

/* --- reading --- */

static bool take_fen(struct text *from, struct money *ret)
{
	return zigzag_take(from, &ret->fen);
}

static bool take_instant(struct text *from, struct instant *ret)
{
	return zigzag_take(from, &ret->ms);
}

static bool take_texts(struct text *from, uint64_t parts, struct event *e)
{
	for (size_t i = 0; i < COUNT_OF(texts); i++)
		if (parts & texts[i].part && !slice_take(from, text_at(e, i)))
			return false;
	return true;
}

static bool take_numbers(struct text *from, uint64_t parts, struct event *e)
{
	e->has_amount = parts & PART_AMOUNT;
	e->cause = parts & PART_REFUND ? CAUSE_REFUND : CAUSE_CANCEL;
	e->gave_back = parts & PART_GAVE_BACK;
	e->closes = parts & PART_CLOSES;
	e->was_frozen = parts & PART_WAS_FROZEN;
	return (!(parts & PART_AMOUNT) || take_fen(from, &e->amount)) &&
	       (!(parts & PART_DISCOUNT) || take_fen(from, &e->discount)) &&
	       (!(parts & PART_REVERSES) || varint_take(from, &e->reverses)) &&
	       (!(parts & PART_END) || take_instant(from, &e->end)) &&
	       (!(parts & PART_UNTIL) || take_instant(from, &e->until)) &&
	       (!(parts & PART_USES) || varint_take(from, &e->uses)) &&
	       (!(parts & PART_COUNTED) || varint_take(from, &e->counted_for)) &&
	       (!(parts & PART_DAY) || varint_take(from, &e->day));
}

static bool take(struct text *from, struct event *e)
{
	uint64_t kind, parts, state;
	if (!varint_take(from, &kind) || !varint_take(from, &parts) ||
	    !take_instant(from, &e->at) || !varint_take(from, &state) ||
	    !varint_take(from, &e->used) || kind == 0 || kind >= EVENT_COUNT ||
	    state > COUPON_EXPIRED)
		return false;
	e->kind = (enum event_kind)kind;
	e->state = (enum coupon_state)state;
	return take_texts(from, parts, e) && take_numbers(from, parts, e);
}

enum fault timeline_read(const struct env *env, const struct coupon *c, struct timeline *ret)
{
	struct text from = c->timeline;
	ret->n = 0;
	ret->events = NULL;
	if (!from.size)
		return OK;
	if (c->revision > EVENTS_MAX)
		return FAULT_DATA_DAMAGED;
	ret->events = ARENA_ARRAY(env->arena, struct event, c->revision);
	ROOM(ret->events);
	for (; from.size; ret->n++) {
		struct event *e = &ret->events[ret->n];
		if (ret->n == c->revision || !take(&from, e))
			return FAULT_DATA_DAMAGED;
		e->number = e->revision = ret->n + 1;
	}
	return ret->n == c->revision ? OK : FAULT_DATA_DAMAGED;
}

const struct event *timeline_of_request(const struct timeline *t, struct text tag)
{
	for (unsigned i = t->n; tag.size && i > 0; i--)
		if (text_equal(t->events[i - 1].request, tag))
			return &t->events[i - 1];
	return NULL;
}

const struct event *timeline_at(const struct timeline *t, uint64_t number)
{
	return number && number <= t->n ? &t->events[number - 1] : NULL;
}

struct given_back timeline_given_back(const struct timeline *t, uint64_t redemption)
{
	struct given_back sum = {0};
	for (unsigned i = 0; i < t->n; i++) {
		const struct event *e = &t->events[i];
		if (e->kind != EVENT_REVERSED || e->reverses != redemption)
			continue;
		sum.amount.fen += e->amount.fen;
		sum.discount.fen += e->discount.fen;
		sum.all |= e->closes;
	}
	return sum;
}

void timeline_keep(const struct env *env, struct event *e)
{
	for (size_t i = 0; i < COUNT_OF(texts); i++)
		*text_at(e, i) = arena_text(env->arena, *text_at(e, i));
}

struct text split_write(const struct env *env, const struct money *split, unsigned n)
{
	size_t size = (size_t)n * VARINT_SIZE_MAX;
	char *memory = arena_take(env->arena, size + 1);
	struct buffer b;
	if (!memory)
		return TEXT_NONE;
	buffer_init_fixed(&b, memory, size);
	for (unsigned i = 0; i < n; i++)
		buffer_zigzag(&b, split[i].fen);
	return buffer_get(&b);
}

enum fault split_read(const struct env *env, struct text split, struct money **ret, unsigned *ret_n)
{
	struct money *rows = ARENA_ARRAY(env->arena, struct money, split.size + 1);
	unsigned n = 0;
	ROOM(rows);
	while (split.size && zigzag_take(&split, &rows[n].fen))
		n++;
	*ret = rows;
	*ret_n = n;
	return split.size ? FAULT_DATA_DAMAGED : OK;
}

enum fault redeemed_show(const struct env *env, struct code_key *key, const struct coupon *coupon,
			 const struct event *event, struct redeemed *ret)
{
	struct money *split;
	*ret = (struct redeemed){.code = arena_text(env->arena, code_of(key, env->arena, coupon)),
				 .id = coupon->id,
				 .event = *event};
	timeline_keep(env, &ret->event);
	TRY(split_read(env, event->split, &split, &ret->items));
	ret->split = ret->items ? split : NULL;
	return OK;
}
