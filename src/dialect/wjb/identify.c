/*
 * The envelope of a WangJuBao call: parameters, key, time, version, signature, token. Checks are
 * made in the order of the Taobao Open Platform, whose protocol this is:
 *
 *   verb 9 - encoding 47 - method 21/22 - app_key 28/29 - timestamp 30/31 - v 32/33/34 - format 23
 *   - sign 24/25 - access_token 26/27 - address 11 - body 41 - arguments 40/41 (decode.c)
 *
 * The SPI (spi.c) has no method, and v, format and access_token count only when they are sent.
 */
#include "base/crypto.h"
#include "base/signing.h"
#include "dialect/wjb/wjb.h"

enum { SKEW_S = 600 };

struct text wjb_param(const struct wjb_state *s, const char *name)
{
	const struct form_field *field = form_find(&s->params, text_of(name));
	return field ? field->value : TEXT_NONE;
}

/* ---- verb and parameters */

static enum fault check_verb(const struct call *call, bool spi)
{
	enum http_verb verb = call->request->verb;
	return verb == HTTP_POST || (verb == HTTP_GET && !spi) ? OK : FAULT_VERB_REFUSED;
}

static bool type_is(struct text content_type, struct text want)
{
	struct text type = text_trim(text_cut(&content_type, ';'));
	return text_equal_ignore_case(type, want);
}

/* A body whose text begins like an object is JSON whatever its type says. */
static bool read_body_params(struct call *call, struct wjb_state *s)
{
	struct text body = call->request->body, trimmed = text_trim(body);
	struct text type = http_header_get(call->request, TEXT("content-type"));
	if (trimmed.size == 0 || trimmed.data[0] == '{')
		return true;
	if (type_is(type, TEXT("application/x-www-form-urlencoded"))) {
		s->body_is_form = true;
		return form_parse(call->arena, body, &s->params);
	}
	if (type_is(type, TEXT("multipart/form-data"))) {
		s->body_is_form = true;
		return form_parse_multipart(call->arena, type, body, &s->params);
	}
	return true;
}

/* File parts and `image` are in no signature, so they are no parameters. */
static void drop_unsigned(struct form *params)
{
	unsigned kept = 0;
	for (unsigned i = 0; i < params->count; i++) {
		struct form_field field = params->fields[i];
		if (!field.is_file && !text_equal(field.name, TEXT("image")))
			params->fields[kept++] = field;
	}
	params->count = kept;
}

static enum fault read_params(struct call *call, struct wjb_state *s)
{
	bool read =
	    form_parse(call->arena, call->request->query, &s->params) && read_body_params(call, s);
	if (call->arena->full)
		return FAULT_BUSY;
	if (!read || (!s->body_is_form && !text_is_utf8(call->request->body)))
		return FAULT_ENCODING_INVALID;
	drop_unsigned(&s->params);
	for (unsigned i = 0; i < s->params.count; i++) {
		const struct form_field *field = &s->params.fields[i];
		if (!text_is_utf8(field->name) || !text_is_utf8(field->value))
			return FAULT_ENCODING_INVALID;
	}
	return OK;
}

/* ---- who calls, and what for */

static enum fault find_key(struct call *call, struct wjb_state *s)
{
	s->app_key = wjb_param(s, "app_key");
	if (s->app_key.size == 0)
		return FAULT_KEY_MISSING;
	if (!text_is_clean(s->app_key) || text_length(s->app_key) > NAME_LENGTH_MAX)
		return FAULT_KEY_UNKNOWN;
	return call_actor_any(call, DIALECT_WJB, s->app_key);
}

/* Local text of UTC+8, or seconds (10 digits) or milliseconds (13 digits) since 1970. */
static bool read_timestamp(struct text t, struct instant *ret)
{
	int64_t value;
	if (moment_parse_second(t, ret))
		return true;
	if ((t.size != 10 && t.size != 13) || !text_to_int64(t, &value) || value < 0)
		return false;
	*ret = (struct instant){t.size == 10 ? value * 1000 : value};
	return true;
}

static enum fault check_timestamp(struct call *call, const struct wjb_state *s)
{
	struct text given = wjb_param(s, "timestamp");
	struct instant at;
	if (given.size == 0)
		return FAULT_TIMESTAMP_MISSING;
	if (!read_timestamp(given, &at))
		return FAULT_TIMESTAMP_INVALID;
	return call_fresh(call, at, SKEW_S);
}

static bool is_digits(struct text t)
{
	for (size_t i = 0; i < t.size; i++)
		if (t.data[i] < '0' || t.data[i] > '9')
			return false;
	return t.size > 0;
}

/* 1.0; another pair of numbers is a version that is not supported, the rest is none. */
static enum fault check_version(const struct wjb_state *s, bool required)
{
	struct text given = wjb_param(s, "v"), minor = given;
	if (given.size == 0)
		return required ? FAULT_VERSION_MISSING : OK;
	if (text_equal(given, TEXT("1.0")))
		return OK;
	struct text major = text_cut(&minor, '.');
	return is_digits(major) && is_digits(minor) ? FAULT_VERSION_UNSUPPORTED
						    : FAULT_VERSION_INVALID;
}

static enum fault check_format(const struct wjb_state *s)
{
	struct text given = wjb_param(s, "format");
	return given.size == 0 || text_equal_ignore_case(given, TEXT("json"))
		   ? OK
		   : FAULT_FORMAT_UNKNOWN;
}

static enum fault check_token(const struct call *call, const struct wjb_state *s, bool required)
{
	struct text given = wjb_param(s, "access_token");
	if (given.size == 0)
		return required ? FAULT_TOKEN_MISSING : OK;
	return secret_equal(given, call->actor.credential->token) ? OK : FAULT_TOKEN_UNKNOWN;
}

/* ---- signature: MD5(secret + sorted names and values [+ raw body] + secret) */

/* The parameters sorted, a repeat only once. false: two values for one name. */
static bool signed_parameters(const struct form *params, struct parameter *ret, unsigned *ret_n)
{
	unsigned kept = 0;
	for (unsigned i = 0; i < params->count; i++)
		ret[i] = (struct parameter){params->fields[i].name, params->fields[i].value};
	parameters_sort(ret, params->count);
	for (unsigned i = 0; i < params->count; i++) {
		const struct parameter *last = kept ? &ret[kept - 1] : NULL;
		if (!last || !text_equal(last->name, ret[i].name))
			ret[kept++] = ret[i];
		else if (!text_equal(last->value, ret[i].value))
			return false;
	}
	*ret_n = kept;
	return true;
}

/* What is tried: with the body and without. */
struct signing {
	struct signed_call call;
	struct text body, sign;
	bool try_plain, try_body;
};

static bool signature_fits(struct signing *s, struct text body)
{
	uint8_t md5[SIGNATURE_SIZE];
	s->call.body = body;
	signature_md5(&s->call, md5);
	return hex_matches(s->sign, md5, sizeof(md5));
}

static bool signing_fits(struct signing *s, bool without_empty)
{
	s->call.without_empty = without_empty;
	if (s->try_plain && signature_fits(s, TEXT_NONE))
		return true;
	return s->try_body && signature_fits(s, s->body);
}

static bool some_empty(const struct form *params)
{
	for (unsigned i = 0; i < params->count; i++)
		if (params->fields[i].value.size == 0)
			return true;
	return false;
}

/* Form fields are signed as parameters; any other body only where the mode says so. Whether empty
 * values were signed cannot be seen, so both are tried. */
static enum fault check_sign(struct call *call, struct wjb_state *s)
{
	_Static_assert((int)FORM_FIELDS_MAX <= (int)SIGNED_PARAMETERS_MAX, "all can be signed");
	struct text method = wjb_param(s, "sign_method");
	s->sign = wjb_param(s, "sign");
	if (s->sign.size == 0)
		return FAULT_SIGNATURE_MISSING;
	if (method.size && !text_equal_ignore_case(method, TEXT("md5")))
		return FAULT_SIGNATURE_WRONG;

	const struct credential *credential = call->actor.credential;
	bool has_body = call->request->body.size && !s->body_is_form;
	struct parameter parameters[FORM_FIELDS_MAX];
	struct signing signing = {.call = {.secret = credential->secret, .parameters = parameters},
				  .body = call->request->body,
				  .sign = s->sign,
				  .try_plain =
				      !has_body || credential->sign_mode != SIGN_WJB_QUERY_BODY,
				  .try_body = has_body && credential->sign_mode != SIGN_WJB_QUERY};
	if (!signed_parameters(&s->params, parameters, &signing.call.n))
		return FAULT_SIGNATURE_WRONG;
	if (signing_fits(&signing, false))
		return OK;
	return some_empty(&s->params) && signing_fits(&signing, true) ? OK : FAULT_SIGNATURE_WRONG;
}

/* ---- the body, once the caller is known */

static enum fault open_body(struct call *call, struct wjb_state *s)
{
	struct text body = call->request->body;
	if (s->body_is_form || text_trim(body).size == 0)
		return OK;
	if (!json_parse(body, &s->body) || s->body.kind != JSON_OBJECT)
		return call_refuse(call, FAULT_BODY_INVALID, TEXT("body"), TEXT_NONE);
	s->has_body = true;
	return OK;
}

/* ---- the two fronts */

enum verbs { POST, READABLE };
/* clang-format off */
static const struct method methods[] = {
#define METHOD(name, command, decode, encode, verbs, path) \
	{name, COMMAND_##command, sizeof(struct command##_cmd), sizeof(struct command##_ret), wjb_##decode, wjb_##encode, false, false, false},
#include "dialect/wjb/methods.tbl.h"
#undef METHOD
};
static const struct {
	enum verbs verbs;
	const char *path;
} extras[] = {
#define METHOD(name, command, decode, encode, verbs, path) {verbs, path},
#include "dialect/wjb/methods.tbl.h"
#undef METHOD
};
/* clang-format on */

static size_t method_index(const struct call *call)
{
	return (size_t)(call->method - methods);
}

const char *wjb_path(const struct call *call)
{
	return call->dialect == &dialect_wjb && call->method ? extras[method_index(call)].path : "";
}

static enum fault find_method(struct call *call, const struct wjb_state *s)
{
	struct text name = wjb_param(s, "method");
	if (name.size == 0)
		return FAULT_METHOD_MISSING;
	call->method = dialect_method(call->dialect, name);
	if (!call->method)
		return FAULT_METHOD_UNKNOWN;
	bool refused = call->request->verb == HTTP_GET && extras[method_index(call)].verbs == POST;
	return refused ? FAULT_VERB_REFUSED : OK;
}

static enum fault identify(struct call *call, bool spi)
{
	struct wjb_state *s = ARENA_NEW(call->arena, struct wjb_state);
	if (!s)
		return FAULT_BUSY;
	call->state = s;
	TRY(check_verb(call, spi));
	TRY(read_params(call, s));
	if (spi)
		call->method = &call->dialect->methods[0];
	else
		TRY(find_method(call, s));
	TRY(find_key(call, s));
	TRY(check_timestamp(call, s));
	TRY(check_version(s, !spi));
	TRY(check_format(s));
	TRY(check_sign(call, s));
	TRY(check_token(call, s, !spi));
	TRY(call_trusted(call));
	return open_body(call, s);
}

static enum fault identify_method(struct call *call)
{
	return identify(call, false);
}

enum fault wjb_identify_spi(struct call *call)
{
	return identify(call, true);
}

const struct dialect_row dialect_wjb = {
    .dialect = DIALECT_WJB,
    .name = "wjb",
    .identify = identify_method,
    .face = wjb_face,
    .methods = methods,
    .method_count = COUNT_OF(methods),
    .docs = &docs_wjb,
};
