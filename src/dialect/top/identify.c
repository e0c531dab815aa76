/*
 * Who calls: parameters from wherever the platform's clients put them, the checks of the envelope
 * in the platform's order, and the signature.
 *
 * Clients were seen to send parameters in the query, in a form body (also of a GET), in multipart
 * parts, and in any mix: all are one map before anything is checked. A JSON, XML or plain text body
 * is no part of the map; its bytes end the signed text.
 *
 * S = name + value of every parameter but `sign`, names in byte order, values decoded, then the
 * document. md5: MD5(secret S secret); hmac: HMAC-MD5(secret, S); hmac-sha256. Half of the clients
 * leave empty values out of S, half keep them: both are tried.
 */
#include "base/crypto.h"
#include "dialect/top/top.h"

/* ---- the map */

static bool ends_with_ignore_case(struct text t, struct text end)
{
	if (t.size < end.size)
		return false;
	return text_equal_ignore_case((struct text){t.data + t.size - end.size, end.size}, end);
}

static struct text media_type(struct text content_type)
{
	return text_trim(text_cut(&content_type, ';'));
}

static bool is_document(struct text type)
{
	return ends_with_ignore_case(type, TEXT("json")) ||
	       ends_with_ignore_case(type, TEXT("xml")) ||
	       text_equal_ignore_case(type, TEXT("text/plain"));
}

static bool read_body(struct call *call, struct top *top)
{
	const struct http_request *r = call->request;
	struct text content_type = http_header_get(r, TEXT("content-type"));
	struct text type = media_type(content_type);
	if (r->body.size == 0)
		return true;
	if (top->is_batch || is_document(type)) {
		top->document = r->body;
		return text_is_utf8(r->body);
	}
	if (text_equal_ignore_case(type, TEXT("multipart/form-data")))
		return form_parse_multipart(call->arena, content_type, r->body, &top->form);
	return form_parse(call->arena, r->body, &top->form);
}

static void drop_files(struct form *form)
{
	unsigned kept = 0;
	for (unsigned i = 0; i < form->count; i++)
		if (!form->fields[i].is_file)
			form->fields[kept++] = form->fields[i];
	form->count = kept;
}

/* By insertion: about ten, at most FORM_FIELDS_MAX. Repeats keep their order. */
static void sort_by_name(struct form *form)
{
	for (unsigned i = 1; i < form->count; i++) {
		struct form_field moving = form->fields[i];
		unsigned to = i;
		for (; to > 0 && text_compare(form->fields[to - 1].name, moving.name) > 0; to--)
			form->fields[to] = form->fields[to - 1];
		form->fields[to] = moving;
	}
}

/* Keeps the first of each name. false: a later one says something else. */
static bool fold_repeats(struct form *form)
{
	unsigned kept = 0;
	bool agree = true;
	for (unsigned i = 0; i < form->count; i++) {
		const struct form_field *field = &form->fields[i];
		if (kept && text_equal(form->fields[kept - 1].name, field->name))
			agree = agree && text_equal(form->fields[kept - 1].value, field->value);
		else
			form->fields[kept++] = *field;
	}
	form->count = kept;
	return agree;
}

static bool is_utf8(const struct form *form)
{
	for (unsigned i = 0; i < form->count; i++)
		if (!text_is_utf8(form->fields[i].name) || !text_is_utf8(form->fields[i].value))
			return false;
	return true;
}

/* Known as soon as the map is: errors before its check speak the caller's format, too. */
static enum writer_face face_of(const struct top *top)
{
	if (!text_equal(top_parameter(top, TEXT("format")), TEXT("json")))
		return WRITER_XML;
	bool plain = text_equal(top_parameter(top, TEXT("simplify")), TEXT("true"));
	return plain ? WRITER_JSON : WRITER_JSON_WRAPPED;
}

static bool path_is_batch(struct text path)
{
	while (path.size && path.data[path.size - 1] == '/')
		path.size--;
	return ends_with_ignore_case(path, TEXT("/batch"));
}

const struct top *top_read(struct call *call)
{
	struct top *top = ARENA_NEW(call->arena, struct top);
	if (!top)
		return NULL;
	top->is_batch = path_is_batch(call->request->path);
	top->is_readable = form_parse(call->arena, call->request->query, &top->form);
	top->is_readable = read_body(call, top) && top->is_readable;
	drop_files(&top->form);
	sort_by_name(&top->form);
	top->contradicts = !fold_repeats(&top->form);
	top->is_readable = top->is_readable && is_utf8(&top->form);
	top->layers[0] = &top->form;
	top->layer_count = 1;
	top->face = face_of(top);
	call->state = top;
	return top;
}

struct text top_parameter(const struct top *top, struct text name)
{
	for (unsigned i = 0; i < top->layer_count; i++) {
		const struct form_field *field = form_find(top->layers[i], name);
		if (field)
			return field->value;
	}
	return TEXT_NONE;
}

/* ---- the envelope */

static enum fault check_key(struct call *call, const struct top *top)
{
	struct text key = top_parameter(top, TEXT("app_key"));
	if (key.size == 0)
		return FAULT_KEY_MISSING;
	if (key.size > NAME_LENGTH_MAX)
		return FAULT_KEY_UNKNOWN;
	return call_actor_any(call, DIALECT_TOP, key);
}

/* Text of UTC+8; 13 digits: milliseconds (the official Python SDK); 10 digits: seconds. */
static bool read_timestamp(struct text t, struct instant *ret)
{
	uint64_t number;
	if (moment_parse_second(t, ret))
		return true;
	if ((t.size != 13 && t.size != 10) || !text_to_uint64(t, &number))
		return false;
	*ret = (struct instant){(int64_t)number * (t.size == 10 ? 1000 : 1)};
	return true;
}

static enum fault check_timestamp(struct call *call, const struct top *top)
{
	struct text timestamp = top_parameter(top, TEXT("timestamp"));
	struct instant sent;
	if (timestamp.size == 0)
		return FAULT_TIMESTAMP_MISSING;
	if (!read_timestamp(timestamp, &sent))
		return FAULT_TIMESTAMP_INVALID;
	return call_fresh(call, sent, TOP_SKEW_S);
}

/* Digits with single dots between them. */
static bool is_version(struct text t)
{
	while (t.data) {
		uint64_t number;
		if (!text_to_uint64(text_cut(&t, '.'), &number))
			return false;
	}
	return true;
}

static enum fault check_version(const struct top *top)
{
	struct text version = top_parameter(top, TEXT("v"));
	if (version.size == 0)
		return FAULT_VERSION_MISSING;
	if (text_equal(version, TEXT("2.0")))
		return OK;
	return is_version(version) ? FAULT_VERSION_UNSUPPORTED : FAULT_VERSION_INVALID;
}

static enum fault check_format(const struct top *top)
{
	struct text format = top_parameter(top, TEXT("format"));
	bool known =
	    format.size == 0 || text_equal(format, TEXT("xml")) || text_equal(format, TEXT("json"));
	return known ? OK : FAULT_FORMAT_UNKNOWN;
}

/* ---- the signature */

/* secret, two of each parameter, document, secret */
enum { PARTS_MAX = 2 * FORM_FIELDS_MAX + 3 };

/* *ret_left_out: something was, so that trying both ways makes a difference. */
static size_t signed_parts(const struct top *top, bool with_empty, struct text *parts,
			   bool *ret_left_out)
{
	size_t n = 0;
	*ret_left_out = false;
	for (unsigned i = 0; i < top->form.count; i++) {
		const struct form_field *field = &top->form.fields[i];
		if (text_equal(field->name, TEXT("sign")))
			continue;
		if (field->value.size == 0 && !with_empty) {
			*ret_left_out = true;
			continue;
		}
		parts[n++] = field->name;
		parts[n++] = field->value;
	}
	parts[n++] = top->document;
	return n;
}

enum scheme { SCHEME_MD5, SCHEME_HMAC_MD5, SCHEME_HMAC_SHA256 };

static bool scheme_of(struct text sign_method, enum scheme *ret)
{
	*ret = SCHEME_MD5;
	if (sign_method.size == 0 || text_equal(sign_method, TEXT("md5")))
		return true;
	*ret = SCHEME_HMAC_MD5;
	if (text_equal(sign_method, TEXT("hmac")))
		return true;
	*ret = SCHEME_HMAC_SHA256;
	return text_equal(sign_method, TEXT("hmac-sha256"));
}

/* parts[0] is free for the secret, and so is the one behind the n that follow it. */
static bool sign_matches(enum scheme scheme, const struct actor *actor, struct text *parts,
			 size_t n, struct text sign)
{
	uint8_t digest[DIGEST_SIZE_MAX];
	enum digest kind = scheme == SCHEME_HMAC_SHA256 ? DIGEST_SHA256 : DIGEST_MD5;
	if (scheme == SCHEME_MD5) {
		parts[0] = parts[n + 1] = actor->credential->secret;
		digest_parts(kind, parts, n + 2, digest);
	} else {
		hmac_of(&actor->macs[kind], parts + 1, n, digest);
	}
	return hex_matches(sign, digest, digest_size(kind));
}

static enum fault check_sign(const struct call *call, const struct top *top)
{
	struct text parts[PARTS_MAX];
	struct text sign = top_parameter(top, TEXT("sign"));
	enum scheme scheme;
	bool left_out;
	if (sign.size == 0)
		return FAULT_SIGNATURE_MISSING;
	if (top->contradicts || !scheme_of(top_parameter(top, TEXT("sign_method")), &scheme))
		return FAULT_SIGNATURE_WRONG;
	size_t n = signed_parts(top, false, parts + 1, &left_out);
	if (sign_matches(scheme, &call->actor, parts, n, sign))
		return OK;
	if (!left_out)
		return FAULT_SIGNATURE_WRONG;
	n = signed_parts(top, true, parts + 1, &left_out);
	return sign_matches(scheme, &call->actor, parts, n, sign) ? OK : FAULT_SIGNATURE_WRONG;
}

enum fault top_check_session(const struct call *call, struct text session, bool is_required)
{
	if (session.size == 0)
		return is_required ? FAULT_TOKEN_MISSING : OK;
	bool known = secret_equal(session, call->actor.credential->token);
	return known ? OK : FAULT_TOKEN_UNKNOWN;
}

/* ---- all of it, in the platform's order */

static const struct method methods[] = {
#define METHOD(ROW, name, command, cmd, ret, decode, encode, slow) \
	{name, command, sizeof(cmd), sizeof(ret), decode, encode, slow, false, false},
#include "dialect/top/methods.tbl.h"
#undef METHOD
};
enum method_row {
#define METHOD(ROW, name, command, cmd, ret, decode, encode, slow) ROW_##ROW,
#include "dialect/top/methods.tbl.h"
#undef METHOD
};

enum fault top_find_method(struct text name, const struct method **ret_method)
{
	if (name.size == 0)
		return FAULT_METHOD_MISSING;
	*ret_method = dialect_method(&dialect_top, name);
	return *ret_method && (*ret_method)->command ? OK : FAULT_METHOD_UNKNOWN;
}

static bool verb_is_allowed(const struct call *call, const struct top *top)
{
	enum http_verb verb = call->request->verb;
	return verb == HTTP_POST || (verb == HTTP_GET && !top->is_batch);
}

/* The calls of a batch have a method each; a session may stand with each, too. */
static enum fault identify(struct call *call)
{
	const struct top *top = top_read(call);
	if (!top)
		return FAULT_BUSY;
	if (!verb_is_allowed(call, top))
		return FAULT_VERB_REFUSED;
	if (!top->is_readable)
		return FAULT_ENCODING_INVALID;
	const struct method *method = &methods[ROW_BATCH];
	if (!top->is_batch)
		TRY(top_find_method(top_parameter(top, TEXT("method")), &method));
	call->method = method;
	TRY(check_key(call, top));
	TRY(check_timestamp(call, top));
	TRY(check_version(top));
	TRY(check_format(top));
	TRY(check_sign(call, top));
	bool needs_session = call->actor.credential->require_session && !top->is_batch;
	TRY(top_check_session(call, top_parameter(top, TEXT("session")), needs_session));
	return call_trusted(call);
}

const struct dialect_row dialect_top = {
    .dialect = DIALECT_TOP,
    .name = "top",
    .identify = identify,
    .face = top_face,
    .methods = methods,
    .method_count = COUNT_OF(methods),
    .docs = &docs_top,
};
