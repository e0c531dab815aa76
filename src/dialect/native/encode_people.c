/* Customers, departments, the merchant and its keys. */
#include "base/crypto.h"
#include "dialect/native/encode.h"

/* --- customers --- */

static void show_phone(struct out *o, struct text kept)
{
	struct phone memory;
	out_TEXT(o, "phone", phone_e164(kept, &memory));
}

static void show_customer(struct out *o, const struct customer *c)
{
	NATIVE_CUSTOMER(SHOW)
}

enum fault native_encode_customer(struct call *call, const void *from)
{
	const struct customer_get_ret *ret = from;
	const struct customer *c = &ret->customer;
	uint64_t coupons = ret->coupons;
	struct out out, *o = &out;
	out_begin(o, call);
	NATIVE_CUSTOMER_SHOWN(SHOW)
	out_end(o);
	return OK;
}

enum fault native_encode_customer_page(struct call *call, const void *from)
{
	const struct customer_list_ret *ret = from;
	struct out o;
	PAGE_BEGIN(o, call);
	for (unsigned i = 0; i < ret->n; i++) {
		write_begin(&o.w, "row");
		show_customer(&o, &ret->rows[i]);
		write_end(&o.w);
	}
	return page_end(&o, page_next(call, ret->n, ret->count));
}

enum fault native_encode_customer_saved(struct call *call, const void *from)
{
	struct text customer_id = ((const struct customer_save_ret *)from)->customer_id;
	struct out out, *o = &out;
	out_begin(o, call);
	NATIVE_CUSTOMER_SAVED(SHOW)
	out_end(o);
	return OK;
}

enum fault native_encode_customer_merged(struct call *call, const void *ret)
{
	const struct customer_merge_cmd *cmd = call->cmd;
	struct text into = cmd->into, from = cmd->from;
	struct out out, *o = &out;
	(void)ret;
	out_begin(o, call);
	NATIVE_MERGED(SHOW)
	out_end(o);
	return OK;
}

enum fault native_encode_customer_erased(struct call *call, const void *from)
{
	struct text customer_id = ((const struct customer_erase_cmd *)call->cmd)->customer_id;
	struct out out, *o = &out;
	(void)from;
	out_begin(o, call);
	NATIVE_ERASED(SHOW)
	out_end(o);
	return OK;
}

/* --- departments --- */

enum fault native_encode_department_page(struct call *call, const void *from)
{
	const struct department_list_ret *ret = from;
	struct out out, *o = &out;
	PAGE_BEGIN(out, call);
	for (unsigned i = 0; i < ret->n; i++) {
		const struct department *d = &ret->rows[i];
		write_begin(&o->w, "row");
		NATIVE_DEPARTMENT(SHOW)
		write_end(&o->w);
	}
	return page_end(o, page_next(call, ret->n, ret->count));
}

enum fault native_encode_department_saved(struct call *call, const void *from)
{
	struct text department_id = ((const struct department_save_ret *)from)->department_id;
	struct out out, *o = &out;
	out_begin(o, call);
	NATIVE_DEPARTMENT_SAVED(SHOW)
	out_end(o);
	return OK;
}

/* --- the merchant --- */

static void show_zone(struct out *o)
{
	char text[MOMENT_ZONED_SIZE];
	struct buffer b;
	enum { OFFSET_SIZE = MOMENT_ZONED_SIZE - MOMENT_SECOND_SIZE };
	buffer_init_fixed(&b, text, sizeof(text));
	buffer_moment_zoned(&b, instant_of_second(0), o->from_utc8);
	write_plain(&o->w, "zone", (struct text){text + MOMENT_SECOND_SIZE, OFFSET_SIZE});
}

enum fault native_encode_merchant(struct call *call, const void *from)
{
	const struct merchant *m = call->actor.merchant;
	struct instant now = call->env->now;
	struct out out, *o = &out;
	(void)from;
	out_begin(o, call);
	NATIVE_MERCHANT(SHOW)
	out_end(o);
	return OK;
}

enum fault native_encode_clock(struct call *call, const void *from)
{
	const struct merchant_change_ret *ret = from;
	struct out out, *o = &out;
	out_begin(o, call);
	NATIVE_CLOCK_MOVED(SHOW)
	out_end(o);
	return OK;
}

enum fault native_encode_ledger_head(struct call *call, const void *from)
{
	const struct ledger_head_ret *ret = from;
	char digits[2 * sizeof(ret->hash)];
	struct text hash = {digits, ret->number ? sizeof(digits) : 0};
	struct out out, *o = &out;
	hex_lower(ret->hash, sizeof(ret->hash), digits);
	out_begin(o, call);
	NATIVE_LEDGER_HEAD(SHOW)
	out_end(o);
	return OK;
}

static void show_scopes(struct out *o, const struct credential *c)
{
	uint64_t scopes = c->scopes ? c->scopes : SCOPE_ALL;
	write_begin_list(&o->w, "scopes", "scope");
	for (unsigned i = 0; i < words_scope.count; i++)
		if (scopes & 1u << i)
			write_plain(&o->w, "scope", text_of(words_scope.of[i]));
	write_end(&o->w);
}

static struct text credential_id(const struct out *o, const struct credential *c)
{
	return arena_format(o->call->arena, "%s:%.*s", WORD_OF(dialect, c->dialect),
			    TEXT_ARG(c->name));
}

static enum fault encode_credential(struct call *call, const struct credential *c, struct text key)
{
	struct out out, *o = &out;
	out_begin(o, call);
	NATIVE_CREDENTIAL_MADE(SHOW)
	out_end(o);
	return call->arena->full ? FAULT_BUSY : OK;
}

enum fault native_encode_credential(struct call *call, const void *from)
{
	const struct credential_get_ret *ret = from;
	return encode_credential(call, &ret->credential, TEXT_NONE);
}

enum fault native_encode_credential_made(struct call *call, const void *from)
{
	const struct credential_add_ret *ret = from;
	return encode_credential(call, &ret->credential, ret->key);
}

enum fault native_encode_credential_changed(struct call *call, const void *from)
{
	const struct credential_change_ret *ret = from;
	return encode_credential(call, &ret->credential, TEXT_NONE);
}

enum fault native_encode_credential_page(struct call *call, const void *from)
{
	const struct credential_list_ret *ret = from;
	struct out out, *o = &out;
	PAGE_BEGIN(out, call);
	for (unsigned i = 0; i < ret->n; i++) {
		const struct credential *c = &ret->rows[i];
		write_begin(&o->w, "row");
		NATIVE_CREDENTIAL(SHOW)
		write_end(&o->w);
	}
	return page_end(o, page_next(call, ret->n, ret->count));
}
