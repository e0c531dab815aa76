/*
 * Coupons: issuing, the verbs, redemptions, carts. Codes in paths are taken as people write them,
 * in lower case and with blanks or hyphens, where the command can look them up so.
 */
#include "dialect/native/native.h"

struct grant_in {
	uint64_t template_id, count, hold_s;
	struct json customer, customers, codes;
	struct text code, request_no;
	bool hold;
	struct circumstances said;
};
struct verb_in {
	struct circumstances said;
	struct instant until;
	struct json customer;
	struct text request_no;
};
struct cart_in {
	struct cart cart;
	struct json items, customer, codes;
	struct text code, request_no;
	struct circumstances said;
};
struct reverse_in {
	struct json redemption;
	struct money amount;
	bool has_amount;
	uint64_t cause;
	struct circumstances said;
	struct text request_no;
};
struct page_in {
	struct text cursor;
	uint64_t limit, state;
	bool has_state;
};
enum { SECOND_MS = 1000 };
struct show_in {
	struct instant as_of;
};

#define ROW struct grant_in
static const struct field grant_fields[] = {NATIVE_GRANT(FIELD_OF)};
#undef ROW
#define ROW struct verb_in
static const struct field verb_fields[] = {NATIVE_VERB(FIELD_OF)};
static const struct field freeze_fields[] = {NATIVE_FREEZE(FIELD_OF)};
static const struct field extend_fields[] = {NATIVE_EXTEND(FIELD_OF)};
static const struct field give_fields[] = {NATIVE_GIVE(FIELD_OF)};
#undef ROW
#define ROW struct cart_in
static const struct field redeem_fields[] = {NATIVE_REDEEM(FIELD_OF)};
static const struct field redeem_many_fields[] = {NATIVE_REDEEM_MANY(FIELD_OF)};
static const struct field validate_fields[] = {NATIVE_VALIDATE(FIELD_OF)};
static const struct field qualify_fields[] = {NATIVE_QUALIFY(FIELD_OF)};
#undef ROW
#define ROW struct cart_item
static const struct field item_fields[] = {NATIVE_ITEM(FIELD_OF)};
#undef ROW
#define ROW struct reverse_in
static const struct field reverse_fields[] = {NATIVE_REVERSE(FIELD_OF)};
static const struct field reverse_order_fields[] = {NATIVE_REVERSE_ORDER(FIELD_OF)};
#undef ROW
#define ROW struct page_in
static const struct field page_fields[] = {NATIVE_COUPON_PAGE(FIELD_OF)};
#undef ROW
#define ROW struct show_in
static const struct field show_fields[] = {NATIVE_SHOW(FIELD_OF)};
#undef ROW

/* A code of the path. One that no coupon can have is a coupon that is not there. */
static enum fault path_code(struct call *call, struct text *ret)
{
	const struct native_state *s = call->state;
	*ret = s->id;
	bool fits = text_is_clean(s->id) && text_length(s->id) <= NAME_LENGTH_MAX;
	return fits ? OK : call_refuse(call, FAULT_COUPON_UNKNOWN, TEXT("code"), TEXT_NONE);
}

/* --- issuing --- */

static enum fault read_holders(struct call *call, const struct grant_in *in,
			       struct coupon_grant_cmd *cmd)
{
	struct json_walk walk;
	struct text name;
	struct json value;
	bool one = in->customer.kind != JSON_NULL, many = in->customers.kind != JSON_NULL;
	unsigned n = one;
	if (one && many)
		return native_invalid(call, "customers");
	if (many)
		TRY(native_list(call, in->customers, "customers", GRANT_MAX, &n));
	if (many && !n)
		return call_refuse(call, FAULT_PARAMETER_MISSING, TEXT("customers"), TEXT_NONE);
	struct customer *holders = ARENA_ARRAY(call->arena, struct customer, n + 1);
	if (!holders)
		return FAULT_BUSY;
	cmd->holders = n ? holders : NULL;
	cmd->n = n;
	if (one)
		return native_customer(call, in->customer, "customer", holders);
	if (!many)
		return OK;
	walk = json_walk(in->customers);
	for (unsigned i = 0; json_next(&walk, &name, &value); i++) {
		const char *path = arena_format(call->arena, "customers[%u]%c", i, 0).data;
		if (!path)
			return FAULT_BUSY;
		TRY(native_customer(call, value, path, &holders[i]));
	}
	return OK;
}

/* One given code for each coupon. */
static enum fault read_codes(struct call *call, const struct grant_in *in,
			     struct coupon_grant_cmd *cmd)
{
	uint64_t wanted = (cmd->n ? cmd->n : 1) * (uint64_t)(cmd->count ? cmd->count : 1);
	struct texts codes = {&in->code, in->code.size > 0};
	if (in->codes.kind != JSON_NULL && in->code.size)
		return native_invalid(call, "codes");
	if (in->codes.kind != JSON_NULL)
		TRY(native_texts(call, in->codes, "codes", GRANT_MAX, &codes));
	else if (codes.n) {
		struct text *copy = ARENA_NEW(call->arena, struct text);
		if (!copy)
			return FAULT_BUSY;
		*copy = in->code;
		codes.of = copy;
	}
	/* So many codes, and no customer to count by: so many coupons. */
	if (codes.n && !cmd->n && !cmd->count)
		cmd->count = codes.n, wanted = codes.n;
	if (wanted > GRANT_MAX)
		return call_refuse(call, FAULT_TOO_MANY, TEXT("count"),
				   arena_format(call->arena, "%u", GRANT_MAX));
	if (codes.n && codes.n != wanted)
		return native_invalid(call, in->code.size ? "code" : "codes");
	cmd->codes = codes.n ? codes.of : NULL;
	return OK;
}

enum fault native_decode_grant(struct call *call, void *into)
{
	struct coupon_grant_cmd *cmd = into;
	struct grant_in in = {0};
	TRY(native_body(call, FIELD_ROWS(grant_fields, &in)));
	*cmd = (struct coupon_grant_cmd){.template_id = in.template_id,
					 .count = (unsigned)in.count,
					 .hold = in.hold,
					 .hold_s = in.hold_s,
					 .said = in.said};
	if (in.hold_s && !in.hold)
		return native_invalid(call, "hold_seconds");
	TRY(read_holders(call, &in, cmd));
	TRY(read_codes(call, &in, cmd));
	return native_number(call, in.request_no, &cmd->request);
}

/* --- the verbs --- */

static enum fault decode_verb(struct call *call, struct coupon_change_cmd *cmd,
			      enum event_kind verb, const struct field *fields, size_t n)
{
	struct verb_in in = {0};
	TRY(native_body(call, (struct field_rows){fields, n, &in}));
	cmd->verb = verb;
	cmd->said = in.said;
	cmd->until = in.until;
	cmd->revision = native_if_match(call);
	TRY(path_code(call, &cmd->code));
	if (in.customer.kind != JSON_NULL)
		TRY(native_customer(call, in.customer, "customer", &cmd->holder));
	return native_number(call, in.request_no, &cmd->request);
}

#define VERB(name, kind, fields)                                                        \
	enum fault native_decode_##name(struct call *call, void *into)                  \
	{                                                                               \
		return decode_verb(call, into, EVENT_##kind, fields, COUNT_OF(fields)); \
	}
VERB(freeze, FROZEN, freeze_fields)
VERB(unfreeze, UNFROZEN, verb_fields)
VERB(recall, RECALLED, verb_fields)
VERB(extend, EXTENDED, extend_fields)
VERB(confirm, CONFIRMED, verb_fields)
VERB(release, RELEASED, verb_fields)
VERB(assign, ASSIGNED, give_fields)
VERB(transfer, TRANSFERRED, give_fields)
VERB(reissue, REISSUED, verb_fields)
#undef VERB

/* --- carts --- */

static enum fault read_items(struct call *call, struct json list, struct cart *cart)
{
	struct native_state *s = call->state;
	struct json_walk walk;
	struct text name;
	struct json value;
	unsigned n;
	if (list.kind == JSON_NULL)
		return OK;
	TRY(native_list(call, list, "items", CART_ITEMS_MAX, &n));
	struct cart_item *items = ARENA_ARRAY(call->arena, struct cart_item, n + 1);
	if (!items)
		return FAULT_BUSY;
	walk = json_walk(list);
	for (unsigned i = 0; json_next(&walk, &name, &value); i++) {
		const char *path = arena_format(call->arena, "items[%u].%c", i, 0).data;
		if (!path)
			return FAULT_BUSY;
		items[i].quantity = 1;
		TRY(native_part(call, value, path, FIELD_ROWS(item_fields, &items[i])));
	}
	cart->items = items;
	cart->n = s->item_count = n;
	return OK;
}

static enum fault read_cart(struct call *call, const struct cart_in *in, struct cart *ret)
{
	*ret = in->cart;
	ret->shop = in->said.shop;
	return read_items(call, in->items, ret);
}

static enum fault one_code(struct call *call, struct text code, const struct text **ret)
{
	struct text *codes = ARENA_NEW(call->arena, struct text);
	if (!codes)
		return FAULT_BUSY;
	*codes = code;
	*ret = codes;
	return OK;
}

static enum fault fill_redeem(struct call *call, const struct cart_in *in,
			      struct coupon_redeem_cmd *cmd)
{
	cmd->said = in->said;
	TRY(read_cart(call, in, &cmd->cart));
	return native_number(call, in->request_no, &cmd->request);
}

enum fault native_decode_redeem(struct call *call, void *into)
{
	struct coupon_redeem_cmd *cmd = into;
	struct cart_in in = {0};
	struct text code;
	TRY(native_body(call, FIELD_ROWS(redeem_fields, &in)));
	TRY(path_code(call, &code));
	TRY(one_code(call, code, &cmd->codes));
	cmd->n = 1;
	cmd->revision = native_if_match(call);
	return fill_redeem(call, &in, cmd);
}

enum fault native_decode_redeem_many(struct call *call, void *into)
{
	struct coupon_redeem_cmd *cmd = into;
	struct cart_in in = {0};
	struct texts codes = {0};
	TRY(native_body(call, FIELD_ROWS(redeem_many_fields, &in)));
	if (in.codes.kind != JSON_NULL && in.code.size)
		return native_invalid(call, "codes");
	if (in.codes.kind != JSON_NULL)
		TRY(native_texts(call, in.codes, "codes", ORDER_COUPONS_MAX, &codes));
	else if (in.code.size) {
		TRY(one_code(call, in.code, &codes.of));
		codes.n = 1;
	}
	if (!codes.n)
		return call_refuse(call, FAULT_PARAMETER_MISSING, TEXT("codes"), TEXT_NONE);
	cmd->codes = codes.of;
	cmd->n = codes.n;
	return fill_redeem(call, &in, cmd);
}

/* Whose the coupon is, held against whose it should be; see encode.c. */
static enum fault read_owner(struct call *call, const struct cart_in *in)
{
	struct native_state *s = call->state;
	if (in->customer.kind == JSON_NULL)
		return OK;
	s->owner = ARENA_NEW(call->arena, struct customer);
	if (!s->owner)
		return FAULT_BUSY;
	return native_customer(call, in->customer, "customer", s->owner);
}

enum fault native_decode_validate(struct call *call, void *into)
{
	struct coupon_check_cmd *cmd = into;
	struct cart_in in = {0};
	struct text code;
	TRY(native_body(call, FIELD_ROWS(validate_fields, &in)));
	TRY(path_code(call, &code));
	TRY(one_code(call, code, &cmd->codes));
	cmd->n = 1;
	/* A public key may not ask about orders. */
	if (((struct native_state *)call->state)->is_public && in.said.order_no.size)
		return FAULT_SCOPE_MISSING;
	cmd->order_no = in.said.order_no;
	TRY(read_owner(call, &in));
	return read_cart(call, &in, &cmd->cart);
}

enum fault native_decode_qualify(struct call *call, void *into)
{
	struct coupon_qualify_cmd *cmd = into;
	struct cart_in in = {0};
	TRY(native_body(call, FIELD_ROWS(qualify_fields, &in)));
	TRY(native_customer(call, in.customer, "customer", &cmd->customer));
	return read_cart(call, &in, &cmd->cart);
}

/* --- reversing --- */

/* "ID-NUMBER": the id must be that of the coupon in the path. */
static enum fault read_redemption_id(struct call *call, struct text id, struct text code,
				     uint64_t *ret)
{
	struct coupon_show_cmd show = {.code = code, .folded = true};
	struct coupon_show_ret shown = {0};
	struct text coupon = text_cut(&id, '-');
	char wanted[PUBLIC_ID_SIZE];
	if (!text_to_uint64(id, ret) || !*ret)
		return native_invalid(call, "redemption");
	TRY(call_read(call, COMMAND_coupon_show, &show, &shown));
	public_id(shown.view.coupon->id, wanted);
	return text_equal(coupon, (struct text){wanted, sizeof(wanted)})
		   ? OK
		   : native_invalid(call, "redemption");
}

static enum fault read_redemption(struct call *call, struct json value, struct text code,
				  uint64_t *ret)
{
	int64_t number;
	if (value.kind == JSON_NULL)
		return OK;
	if (value.kind == JSON_NUMBER && json_int64(value, &number) && number > 0) {
		*ret = (uint64_t)number;
		return OK;
	}
	if (value.kind != JSON_TEXT)
		return native_invalid(call, "redemption");
	struct text text = json_text(call->arena, value);
	if (text.size && memchr(text.data, '-', text.size))
		return read_redemption_id(call, text, code, ret);
	return text_to_uint64(text, ret) && *ret ? OK : native_invalid(call, "redemption");
}

static enum fault fill_reverse(struct call *call, const struct reverse_in *in,
			       struct coupon_reverse_cmd *cmd)
{
	cmd->cause = (enum reverse_cause)in->cause;
	cmd->has_amount = in->has_amount;
	cmd->amount = in->amount;
	cmd->said = in->said;
	cmd->revision = native_if_match(call);
	return native_number(call, in->request_no, &cmd->request);
}

enum fault native_decode_reverse(struct call *call, void *into)
{
	struct coupon_reverse_cmd *cmd = into;
	struct reverse_in in = {0};
	TRY(native_body(call, FIELD_ROWS(reverse_fields, &in)));
	TRY(path_code(call, &cmd->code));
	TRY(read_redemption(call, in.redemption, cmd->code, &cmd->number));
	cmd->order_no = in.said.order_no;
	return fill_reverse(call, &in, cmd);
}

/* "ID-NUMBER" */
static enum fault path_redemption(struct call *call, uint64_t *ret_coupon, uint64_t *ret_number)
{
	const struct native_state *s = call->state;
	struct text number = s->id, coupon = text_cut(&number, '-');
	if (public_id_read(coupon, ret_coupon) && text_to_uint64(number, ret_number) && *ret_number)
		return OK;
	return call_refuse(call, FAULT_REDEMPTION_UNKNOWN, TEXT("redemption_id"), TEXT_NONE);
}

enum fault native_decode_redemption(struct call *call, void *into)
{
	struct redemption_get_cmd *cmd = into;
	TRY(native_decode_nothing(call, NULL));
	return path_redemption(call, &cmd->coupon_id, &cmd->number);
}

enum fault native_decode_reverse_redemption(struct call *call, void *into)
{
	struct coupon_reverse_cmd *cmd = into;
	struct reverse_in in = {0};
	TRY(native_body(call, FIELD_ROWS(reverse_order_fields, &in)));
	TRY(path_redemption(call, &cmd->coupon_id, &cmd->number));
	return fill_reverse(call, &in, cmd);
}

static enum fault path_order(struct call *call, struct text *ret)
{
	const struct native_state *s = call->state;
	*ret = s->id;
	bool fits = text_is_clean(s->id) && text_length(s->id) <= NAME_LENGTH_MAX;
	return fits ? OK : call_refuse(call, FAULT_ORDER_UNKNOWN, TEXT("order_no"), TEXT_NONE);
}

enum fault native_decode_reverse_order(struct call *call, void *into)
{
	struct coupon_reverse_cmd *cmd = into;
	struct reverse_in in = {0};
	TRY(native_body(call, FIELD_ROWS(reverse_order_fields, &in)));
	TRY(path_order(call, &cmd->order_no));
	in.said.order_no = cmd->order_no;
	return fill_reverse(call, &in, cmd);
}

enum fault native_decode_order(struct call *call, void *into)
{
	struct purchase_get_cmd *cmd = into;
	TRY(native_decode_nothing(call, NULL));
	return path_order(call, &cmd->order_no);
}

/* --- reads --- */

enum fault native_decode_coupon_show(struct call *call, void *into)
{
	const struct native_state *s = call->state;
	struct coupon_show_cmd *cmd = into;
	struct show_in in = {0};
	TRY(native_query(call, FIELD_ROWS(show_fields, &in)));
	if (s->is_public && !instant_is_none(in.as_of))
		return FAULT_SCOPE_MISSING;
	cmd->as_of = in.as_of;
	if (!instant_is_none(in.as_of) && in.as_of.ms % SECOND_MS == 0)
		cmd->as_of.ms += SECOND_MS - 1; /* answers show whole seconds */
	cmd->folded = true;
	return path_code(call, &cmd->code);
}

enum fault native_decode_coupon_page(struct call *call, void *into)
{
	struct coupon_page_cmd *cmd = into;
	struct page_in in = {0};
	TRY(native_query(call, FIELD_ROWS(page_fields, &in)));
	cmd->has_state = in.has_state;
	cmd->state = (enum coupon_state)in.state;
	struct native_page page = {in.cursor, in.limit};
	return native_page(call, &page, &cmd->from, &cmd->n);
}

enum fault native_decode_wallet_page(struct call *call, void *into)
{
	struct coupon_page_cmd *cmd = into;
	TRY(native_customer_id(call, &cmd->customer.customer_id));
	return native_decode_coupon_page(call, into);
}
