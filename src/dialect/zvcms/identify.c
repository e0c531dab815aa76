/*
 * Who calls. Order of checks: interface, verb, body, (V2: action), missing parameters in the
 * document's order, openId, timestamp, token, grantCode, trusted address.
 */
#include "base/crypto.h"
#include "dialect/zvcms/zvcms.h"

static const struct method methods[] = {
#define METHOD(name, path, action, command, decode, encode) \
	{#name,                                             \
	 COMMAND_##command,                                 \
	 sizeof(struct command##_cmd),                      \
	 sizeof(struct command##_ret),                      \
	 decode,                                            \
	 encode,                                            \
	 false,                                             \
	 false,                                             \
	 false},
#include "dialect/zvcms/methods.tbl.h"
#undef METHOD
};
/* In the same order. */
static const struct {
	struct text path, action;
} addresses[] = {
#define METHOD(name, path, action, command, decode, encode) \
	{{path, sizeof(path) - 1}, {action, sizeof(action) - 1}},
#include "dialect/zvcms/methods.tbl.h"
#undef METHOD
};

const struct dialect_row dialect_zvcms = {
    .dialect = DIALECT_ZVCMS,
    .name = "zvcms",
    .identify = zvcms_identify,
    .face = zvcms_face,
    .methods = methods,
    .method_count = COUNT_OF(methods),
    .docs = &docs_zvcms,
};

static const struct text envelope_names[2][ZVCMS_ENVELOPE_COUNT] = {
#define E(name, v3, v2) {v3, sizeof(v3) - 1},
    {ZVCMS_ENVELOPE(E)},
#undef E
#define E(name, v3, v2) {v2, sizeof(v2) - 1},
    {ZVCMS_ENVELOPE(E)},
#undef E
};

/* --- the interface --- */

static struct text next_segment(struct text *path)
{
	while (path->data) {
		struct text segment = text_cut(path, '/');
		if (segment.size)
			return segment;
	}
	return TEXT_NONE;
}

/* Slashes count once, and not at all at the end. */
static bool path_equal(struct text path, struct text want)
{
	if (text_equal(path, want))
		return true;
	for (;;) {
		struct text a = next_segment(&path), b = next_segment(&want);
		if (!text_equal(a, b))
			return false;
		if (!a.size)
			return true;
	}
}

static const struct method *method_by_path(struct text path)
{
	for (size_t i = 0; i < COUNT_OF(methods); i++) {
		if (path_equal(path, addresses[i].path))
			return &methods[i];
	}
	return NULL;
}

static enum fault method_by_action(struct call *call, struct text action)
{
	if (!action.size)
		return FAULT_METHOD_MISSING;
	for (size_t i = 0; i < COUNT_OF(methods); i++) {
		if (!text_equal(action, addresses[i].action))
			continue;
		call->method = &methods[i];
		return OK;
	}
	return FAULT_METHOD_UNKNOWN;
}

/* --- the envelope --- */

static bool is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* An object; or [] (PHP's word for an empty one); or either as JSON in a text. */
static void take_params(struct call *call, struct zvcms_state *s, struct json value)
{
	s->params_valid = false;
	if (value.kind == JSON_TEXT) {
		s->envelope[ZVCMS_PARAMS] = json_text(call->arena, value);
		if (!json_parse(s->envelope[ZVCMS_PARAMS], &value))
			return;
	}
	struct json_walk walk;
	struct text name;
	struct json item;
	s->params_valid = value.kind == JSON_OBJECT;
	s->params = value;
	if (value.kind != JSON_LIST)
		return;
	walk = json_walk(value);
	s->params_valid = !json_next(&walk, &name, &item);
	s->params = (struct json){JSON_OBJECT, TEXT("{}")};
}

/* Which member of the envelope; ZVCMS_ENVELOPE_COUNT: none. */
static unsigned envelope_index(struct call *call, const struct zvcms_state *s, struct text name)
{
	const struct text *names = envelope_names[s->v2];
	unsigned i = 0;
	if (name.size && memchr(name.data, '\\', name.size))
		name = json_name(call->arena, name);
	while (i < ZVCMS_ENVELOPE_COUNT &&
	       (name.size != names[i].size || !text_equal(name, names[i])))
		i++;
	return i;
}

static void take_json(struct call *call, struct zvcms_state *s, struct text name, struct json value)
{
	unsigned i = envelope_index(call, s, name);
	if (i == ZVCMS_ENVELOPE_COUNT)
		return;
	s->envelope[i] = value.kind == JSON_NULL ? TEXT_NONE : value.raw;
	if (value.kind == JSON_NULL)
		return;
	if (i == ZVCMS_PARAMS)
		take_params(call, s, value);
	else if (value.kind == JSON_TEXT)
		s->envelope[i] = json_text(call->arena, value);
}

static enum fault read_json(struct call *call, struct zvcms_state *s)
{
	struct json body, value;
	struct text name;
	if (!json_parse(call->request->body, &body) || body.kind != JSON_OBJECT)
		return FAULT_BODY_INVALID;
	struct json_walk walk = json_walk(body);
	while (json_next(&walk, &name, &value))
		take_json(call, s, name, value);
	return call->arena->full ? FAULT_BUSY : OK;
}

static enum fault read_form(struct call *call, struct zvcms_state *s)
{
	struct text type = http_header_get(call->request, TEXT("Content-Type"));
	struct text multipart = TEXT("multipart/form-data");
	struct form form = {0};
	bool read =
	    type.size >= multipart.size &&
		    text_equal_ignore_case((struct text){type.data, multipart.size}, multipart)
		? form_parse_multipart(call->arena, type, call->request->body, &form)
		: form_parse(call->arena, call->request->body, &form);
	if (!read)
		return call->arena->full ? FAULT_BUSY : FAULT_BODY_INVALID;
	for (unsigned i = 0; i < ZVCMS_ENVELOPE_COUNT; i++) {
		const struct form_field *field = form_find(&form, envelope_names[s->v2][i]);
		if (field)
			s->envelope[i] = field->value;
	}
	struct json params;
	if (json_parse(s->envelope[ZVCMS_PARAMS], &params))
		take_params(call, s, params);
	return OK;
}

static enum fault read_envelope(struct call *call, struct zvcms_state *s)
{
	struct text body = call->request->body;
	size_t i = 0;
	while (i < body.size && is_space(body.data[i]))
		i++;
	return i < body.size && (body.data[i] == '{' || body.data[i] == '[') ? read_json(call, s)
									     : read_form(call, s);
}

static enum fault check_missing(struct call *call, const struct zvcms_state *s)
{
	for (unsigned i = 0; i < ZVCMS_ACTION; i++) {
		if (!s->envelope[i].size)
			return call_refuse(call, FAULT_PARAMETER_MISSING, envelope_names[s->v2][i],
					   TEXT_NONE);
	}
	return OK;
}

/* --- the caller --- */

static enum fault check_open_id(struct call *call, struct text open_id)
{
	if (open_id.size > ZVCMS_OPENID_MAX || !text_is_clean(open_id))
		return FAULT_KEY_UNKNOWN;
	return call_actor_any(call, DIALECT_ZVCMS, open_id);
}

/* Seconds; 13 digits are milliseconds. */
static enum fault check_timestamp(struct call *call, struct text timestamp)
{
	enum { MILLISECOND_DIGITS = 13 };
	uint64_t number;
	if (timestamp.size > MILLISECOND_DIGITS || !text_to_uint64(timestamp, &number))
		return FAULT_TIMESTAMP_INVALID;
	struct instant sent = timestamp.size == MILLISECOND_DIGITS
				  ? (struct instant){(int64_t)number}
				  : instant_of_second((int64_t)number);
	return call_fresh(call, sent, ZVCMS_SKEW_S);
}

/* A credential without a grant lets nobody in. */
static enum fault check_grant(const struct call *call, struct text grant_code)
{
	return secret_equal(grant_code, call->actor.credential->token) ? OK : FAULT_TOKEN_UNKNOWN;
}

enum fault zvcms_identify(struct call *call)
{
	struct zvcms_state *s = call->state = ARENA_NEW(call->arena, struct zvcms_state);
	if (!s)
		return FAULT_BUSY;
	s->v2 = path_equal(call->request->path, TEXT("/api/v2"));
	if (!s->v2 && !(call->method = method_by_path(call->request->path)))
		return FAULT_METHOD_UNKNOWN;
	if (call->request->verb != HTTP_POST)
		return FAULT_VERB_REFUSED;
	TRY(read_envelope(call, s));
	if (s->v2)
		TRY(method_by_action(call, s->envelope[ZVCMS_ACTION]));
	TRY(check_missing(call, s));
	TRY(check_open_id(call, s->envelope[ZVCMS_OPEN_ID]));
	TRY(check_timestamp(call, s->envelope[ZVCMS_TIMESTAMP]));
	TRY(zvcms_check_token(call, s));
	TRY(check_grant(call, s->envelope[ZVCMS_GRANT_CODE]));
	return call_trusted(call);
}
