/*
 * The merchant and its keys: what belongs to the store itself (merchant 0). A key is named by its
 * dialect and its name, "top:12345678"; a native one by its digest.
 */
#include "base/address.h"
#include "base/crypto.h"
#include "dialect/native/native.h"

struct clock_in {
	uint64_t advance_s;
	struct text request_no;
};
struct credential_in {
	struct credential c;
	struct text sign_mode, request_no;
	struct json scopes;
};

#define ROW struct clock_in
static const struct field clock_fields[] = {NATIVE_CLOCK(FIELD_OF)};
#undef ROW
#define ROW struct credential_in
static const struct field make_fields[] = {NATIVE_CREDENTIAL_MAKE(FIELD_OF)};
static const struct field limits_fields[] = {NATIVE_CREDENTIAL_LIMITS(FIELD_OF)};
static const struct field number_fields[] = {NATIVE_NUMBER(FIELD_OF)};
#undef ROW

/* Requests of merchant 0 are everybody's: the number carries whose it is. */
static enum fault store_number_of(struct call *call, struct text request_no,
				  struct request_number *ret)
{
	TRY(native_number(call, request_no, ret));
	if (ret->key.size)
		ret->key = arena_format(call->arena, "%llu:%.*s",
					(unsigned long long)call->actor.merchant->number,
					TEXT_ARG(ret->key));
	return call->arena->full ? FAULT_BUSY : OK;
}

/* --- the merchant --- */

enum fault native_decode_clock(struct call *call, void *into)
{
	struct merchant_change_cmd *cmd = into;
	struct clock_in in = {0};
	TRY(native_body(call, FIELD_ROWS(clock_fields, &in)));
	cmd->number = call->actor.merchant->number;
	cmd->advance_ms = (int64_t)in.advance_s * 1000;
	return store_number_of(call, in.request_no, &call->request_number);
}

/* --- keys: which --- */

static enum fault path_credential(struct call *call, enum dialect *ret_dialect,
				  struct text *ret_name)
{
	const struct native_state *s = call->state;
	struct text name = s->id, dialect = text_cut(&name, ':');
	uint64_t number;
	bool fits = name.size && text_is_clean(name) && text_length(name) <= NAME_LENGTH_MAX &&
		    words_find(&words_dialect, dialect, &number);
	if (!fits)
		return call_refuse(call, FAULT_CREDENTIAL_UNKNOWN, TEXT("id"), TEXT_NONE);
	*ret_dialect = (enum dialect)number;
	*ret_name = name;
	return OK;
}

enum fault native_decode_credential_id(struct call *call, void *into)
{
	struct credential_get_cmd *cmd = into;
	TRY(native_decode_nothing(call, NULL));
	cmd->owner = call->actor.merchant->number;
	return path_credential(call, &cmd->dialect, &cmd->name);
}

enum fault native_decode_credential_page(struct call *call, void *into)
{
	struct credential_list_cmd *cmd = into;
	cmd->owner = call->actor.merchant->number;
	return native_read_page(call, &cmd->from, &cmd->n);
}

/* --- keys: what they may do --- */

/* A key of another dialect does what its methods do. */
static uint64_t scopes_of_dialect(uint64_t dialect)
{
	switch ((enum dialect)dialect) {
	case DIALECT_WJB:
		return SCOPE_READ | SCOPE_ISSUE | SCOPE_MANAGE;
	case DIALECT_WAIQIN:
		return SCOPE_READ | SCOPE_MANAGE;
	case DIALECT_TOP:
	case DIALECT_ZVCMS:
		return SCOPE_READ;
	case DIALECT_NATIVE:
		break;
	}
	return 0;
}

/* Nobody gives away more than he has; what a public key may do is a part of redeeming. */
static enum fault check_given_scopes(struct call *call, uint64_t given)
{
	uint64_t has = call->actor.credential->scopes ? call->actor.credential->scopes : SCOPE_ALL;
	if (has & SCOPE_REDEEM)
		has |= SCOPE_PUBLIC;
	return given & ~has ? call_refuse(call, FAULT_SCOPE_MISSING, TEXT("scopes"), TEXT_NONE)
			    : OK;
}

static enum fault read_scopes(struct call *call, struct json list, uint64_t *ret)
{
	struct json_walk walk;
	struct text name;
	struct json value;
	unsigned n;
	uint64_t at;
	if (list.kind == JSON_NULL)
		return call_refuse(call, FAULT_PARAMETER_MISSING, TEXT("scopes"), TEXT_NONE);
	TRY(native_list(call, list, "scopes", words_scope.count, &n));
	walk = json_walk(list);
	while (json_next(&walk, &name, &value)) {
		if (value.kind != JSON_TEXT ||
		    !words_find(&words_scope, json_text(call->arena, value), &at))
			return native_invalid(call, "scopes");
		*ret |= UINT64_C(1) << at;
	}
	return *ret ? OK : native_invalid(call, "scopes");
}

/* --- keys: making --- */

static enum fault read_native(struct call *call, const struct credential_in *in,
			      struct credential_add_cmd *cmd)
{
	const char *not_native = in->c.name.size	 ? "name"
				 : in->c.secret.size	 ? "secret"
				 : in->c.token.size	 ? "token"
				 : in->sign_mode.size	 ? "sign_mode"
				 : in->c.typed		 ? "typed"
				 : in->c.require_session ? "require_session"
				 : in->c.skew_s		 ? "skew_seconds"
							 : NULL;
	if (not_native)
		return native_invalid(call, not_native);
	return read_scopes(call, in->scopes, &cmd->credential.scopes);
}

static enum fault read_other(struct call *call, const struct credential_in *in,
			     struct credential *c)
{
	if (!c->name.size)
		return call_refuse(call, FAULT_PARAMETER_MISSING, TEXT("name"), TEXT_NONE);
	if (!c->secret.size)
		return call_refuse(call, FAULT_PARAMETER_MISSING, TEXT("secret"), TEXT_NONE);
	if (in->scopes.kind != JSON_NULL)
		return native_invalid(call, "scopes");
	if (in->sign_mode.size && !sign_mode_find(c->dialect, in->sign_mode, &c->sign_mode))
		return native_invalid(call, "sign_mode");
	return OK;
}

/* What a key is made of: the caller's own number, so that a repeat makes it again; without one,
 * what nobody knows. */
static enum fault choose_seed(struct call *call, struct credential_add_cmd *cmd)
{
	enum { SEED_BYTES = 32 };
	char *seed = arena_take(call->arena, SEED_BYTES);
	if (!seed)
		return FAULT_BUSY;
	random_bytes(seed, SEED_BYTES);
	cmd->seed = cmd->request.key.size ? cmd->request.key : (struct text){seed, SEED_BYTES};
	return OK;
}

enum fault native_decode_credential_make(struct call *call, void *into)
{
	struct credential_add_cmd *cmd = into;
	struct credential_in in = {0};
	TRY(native_body(call, FIELD_ROWS(make_fields, &in)));
	cmd->credential = in.c;
	cmd->credential.owner = call->actor.merchant->number;
	cmd->credential.label = text_trim(in.c.label);
	if (in.c.trusted.size && !address_list_valid(in.c.trusted))
		return native_invalid(call, "trusted");
	bool native = in.c.dialect == DIALECT_NATIVE;
	TRY(native ? read_native(call, &in, cmd) : read_other(call, &in, &cmd->credential));
	TRY(check_given_scopes(call,
			       native ? cmd->credential.scopes : scopes_of_dialect(in.c.dialect)));
	TRY(store_number_of(call, in.request_no, &cmd->request));
	return native ? choose_seed(call, cmd) : OK;
}

/* --- keys: changing --- */

enum fault native_decode_credential_change(struct call *call, void *into)
{
	static const struct instant UNSAID = {INT64_MIN};
	struct credential_change_cmd *cmd = into;
	struct credential_in in = {
	    .c = {.expires = UNSAID, .calls_per_s = UINT64_MAX, .burst = UINT64_MAX}};
	TRY(native_patch(call, FIELD_ROWS(limits_fields, &in)));
	TRY(path_credential(call, &cmd->dialect, &cmd->name));
	cmd->owner = call->actor.merchant->number;
	cmd->has_expires = in.c.expires.ms != UNSAID.ms;
	cmd->has_calls_per_s = in.c.calls_per_s != UINT64_MAX;
	cmd->has_burst = in.c.burst != UINT64_MAX;
	cmd->expires = in.c.expires;
	cmd->calls_per_s = in.c.calls_per_s;
	cmd->burst = in.c.burst;
	return store_number_of(call, in.request_no, &cmd->request);
}

enum fault native_decode_credential_revoke(struct call *call, void *into)
{
	struct credential_change_cmd *cmd = into;
	struct credential_in in = {0};
	TRY(native_body(call, FIELD_ROWS(number_fields, &in)));
	TRY(path_credential(call, &cmd->dialect, &cmd->name));
	cmd->owner = call->actor.merchant->number;
	cmd->revoke = true;
	return store_number_of(call, in.request_no, &cmd->request);
}
