/*
 * Coupons in the document's letters: every value a text, also status and code unless the credential
 * asks for true types. With cardId data is one object, else a list.
 */
#include "dialect/zvcms/zvcms.h"

enum { COUPON_BYTES = 640 }; /* of a usual coupon with its envelope: one allocation does */

static struct text use_status(enum coupon_state state)
{
	switch (state) {
#define U(number, name)     \
	case COUPON_##name: \
		return TEXT(#number);
		ZVCMS_USE_STATUS(U)
#undef U
	}
	must(false);
}

/* The template's type where it is one of ZVCMS's numbers (1 is none). */
static struct text coupon_type(const struct template *t)
{
	bool known = t->type.size == 1 && t->type.data[0] >= '2' && t->type.data[0] <= '8';
	return known ? t->type : TEXT("0");
}

static void add_TEXT(struct buffer *b, struct text value)
{
	buffer_json_text(b, value);
}

static void add_MOMENT(struct buffer *b, struct instant value)
{
	buffer_byte(b, '"');
	if (!instant_is_none(value))
		buffer_moment_second(b, value);
	buffer_byte(b, '"');
}

static void add_ID(struct buffer *b, uint64_t value)
{
	char id[PUBLIC_ID_SIZE];
	public_id(value, id);
	buffer_byte(b, '"');
	buffer_add(b, id, sizeof(id));
	buffer_byte(b, '"');
}

static void add_NUMBER(struct buffer *b, uint64_t value)
{
	buffer_byte(b, '"');
	buffer_uint64(b, value);
	buffer_byte(b, '"');
}

static void add_coupon(struct buffer *b, const struct coupon_view *v, struct text channel)
{
	const struct coupon *c = v->coupon;
	const struct template *t = v->template;
	size_t begin = b->size;
#define D(wire, how, from)                       \
	buffer_text(b, TEXT(",\"" #wire "\":")); \
	add_##how(b, from);
	ZVCMS_COUPON(D)
#undef D
	buffer_byte(b, '}');
	if (!b->full)
		b->data[begin] = '{'; /* in place of the first comma */
}

enum fault zvcms_encode_wallet(struct call *call, const void *ret)
{
	const struct coupon_wallet_cmd *asked = call->cmd;
	const struct coupon_wallet_ret *found = ret;
	struct text channel = call->actor.merchant->name;
	struct buffer *b = &call->reply;
	bool one = asked->code.size > 0;
	if (one && !found->n)
		return FAULT_COUPON_UNKNOWN;
	buffer_room(b, COUPON_BYTES);
	buffer_text(b, call->actor.credential->typed
			   ? TEXT("{\"status\":true,\"code\":0,\"message\":\"success\",\"data\":")
			   : TEXT("{\"status\":\"true\",\"code\":\"0\",\"message\":\"success\","
				  "\"data\":"));
	if (!one)
		buffer_byte(b, '[');
	for (unsigned i = 0; i < (one ? 1 : found->n); i++) {
		if (i)
			buffer_byte(b, ',');
		add_coupon(b, &found->rows[i], channel);
	}
	if (!one)
		buffer_byte(b, ']');
	buffer_byte(b, '}');
	return OK;
}
