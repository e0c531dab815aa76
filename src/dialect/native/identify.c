/*
 * Who calls, and what. Order of checks: address, verb, key, scope, then (public keys) whether the
 * caller has guessed too often. The path is cut at its slashes, the collection found by its name,
 * and of its few rows the one whose segments fit.
 */
#include "base/crypto.h"
#include "dialect/native/native.h"

/* clang-format off */
#define STORE (1)
#define WIPES (2)
#define SLOW  (4) /* works at files */
#define METHOD(name, verb, collection, shape, id, under, scopes, command, status, flags, decode, encode, query, request, answer, summary) \
	{name, COMMAND_##command, sizeof(struct command##_cmd), sizeof(struct command##_ret), native_##decode, native_##encode, (flags) & SLOW, (flags) & STORE, (flags) & WIPES},
const struct method native_methods[] = {
#include "dialect/native/methods.tbl.h"
};
#undef METHOD
#define METHOD(name, verb, collection, shape, id, under, scopes, command, status, flags, decode, encode, query, request, answer, summary) \
	{COLLECTION_##collection, HTTP_##verb, {id, sizeof(id) - 1}, {under, sizeof(under) - 1}, scopes, status, \
	 PATH_##shape(collection, id, under), #collection, #verb, #query, #request, #answer, summary},
const struct native_route native_routes[] = {
#include "dialect/native/methods.tbl.h"
};
#undef METHOD
const unsigned native_method_count = COUNT_OF(native_methods);
/* clang-format on */

#define WORDS(name, ...)                                            \
	static const char *const names_of_##name[] = {__VA_ARGS__}; \
	const struct words words_##name = {names_of_##name, COUNT_OF(names_of_##name)};
#include "dialect/native/words.tbl.h"
#undef WORDS

const struct dialect_row dialect_native = {
    .dialect = DIALECT_NATIVE,
    .name = "native",
    .identify = native_identify,
    .face = native_face,
    .methods = native_methods,
    .method_count = COUNT_OF(native_methods),
    .docs = &docs_native,
};

/* --- the path --- */

struct segments {
	struct text of[4]; /* behind /v1 */
	unsigned n;	   /* 4: too many */
};

static void path_cut(struct text path, struct segments *ret)
{
	bool version = true;
	ret->n = 0;
	while (path.data && ret->n < COUNT_OF(ret->of)) {
		struct text segment = text_cut(&path, '/');
		if (segment.size && !version)
			ret->of[ret->n++] = segment;
		version &= segment.size == 0;
	}
}

static enum native_collection collection_of(struct text name)
{
	static const struct text names[] = {
#define C(name, text) TEXT(#name),
	    NATIVE_COLLECTIONS(C)
#undef C
	};
	for (unsigned i = 0; i < COUNT_OF(names); i++)
		if (text_equal(name, names[i]))
			return (enum native_collection)i;
	return COLLECTION_COUNT;
}

/* The first row of each collection: they stand together. */
static unsigned first_of(enum native_collection collection)
{
	static __thread uint8_t first[COLLECTION_COUNT]; /* 0: not looked for yet; else row + 1 */
	unsigned i = 0;
	if (first[collection])
		return first[collection] - 1u;
	while (native_routes[i].collection != collection)
		i++;
	first[collection] = (uint8_t)(i + 1);
	return i;
}

static bool segment_fits(struct text want, struct text given)
{
	if (want.size && want.data[0] == '{')
		return given.size > 0;
	return text_equal(want, given);
}

static bool route_fits(const struct native_route *route, const struct segments *s)
{
	return segment_fits(route->id, s->n > 1 ? s->of[1] : TEXT_NONE) &&
	       segment_fits(route->under, s->n > 2 ? s->of[2] : TEXT_NONE);
}

/* *ret_known: the path is there, if not with this verb. */
static int route_find(const struct segments *s, enum http_verb verb, bool *ret_known)
{
	enum native_collection collection = collection_of(s->n ? s->of[0] : TEXT_NONE);
	*ret_known = false;
	if (collection == COLLECTION_COUNT || s->n == COUNT_OF(s->of))
		return -1;
	for (unsigned i = first_of(collection);
	     i < native_method_count && native_routes[i].collection == collection; i++) {
		if (!route_fits(&native_routes[i], s))
			continue;
		*ret_known = true;
		if (native_routes[i].verb == verb)
			return (int)i;
	}
	return -1;
}

struct text native_allowed(struct call *call)
{
	struct segments s;
	struct buffer b;
	enum { ALLOWED_MAX = 64 };
	char *memory = arena_take(call->arena, ALLOWED_MAX);
	if (!memory)
		return TEXT_NONE;
	buffer_init_fixed(&b, memory, ALLOWED_MAX);
	path_cut(call->request->path, &s);
	for (unsigned verb = 0; verb < HTTP_OTHER; verb++) {
		bool known;
		int at = route_find(&s, (enum http_verb)verb, &known);
		if (at < 0)
			continue;
		buffer_text(&b, b.size ? TEXT(", ") : TEXT_NONE);
		buffer_text(&b, text_of(native_routes[at].verb_name));
		buffer_text(&b, verb == HTTP_GET ? TEXT(", HEAD") : TEXT_NONE);
	}
	return buffer_get(&b);
}

static enum fault find_method(struct call *call, struct native_state *s)
{
	enum http_verb verb = call->request->verb == HTTP_HEAD ? HTTP_GET : call->request->verb;
	struct segments segments;
	bool known;
	path_cut(call->request->path, &segments);
	int at = route_find(&segments, verb, &known);
	if (at < 0)
		return known ? FAULT_VERB_REFUSED : FAULT_METHOD_UNKNOWN;
	call->method = &native_methods[at];
	s->route = &native_routes[at];
	if (segments.n > 1 && !percent_decode(call->arena, segments.of[1], false, &s->id))
		return call->arena->full ? FAULT_BUSY : FAULT_METHOD_UNKNOWN;
	return OK;
}

/* --- the caller --- */

static enum fault find_key(const struct call *call, struct text *ret)
{
	struct text header = http_header_get(call->request, TEXT("authorization"));
	struct text scheme = text_cut(&header, ' ');
	header = text_trim(header);
	if (!text_equal_ignore_case(scheme, TEXT("bearer")) || !header.size)
		return FAULT_KEY_MISSING;
	*ret = header;
	return header.size <= NATIVE_KEY_MAX && text_is_clean(header) ? OK : FAULT_KEY_UNKNOWN;
}

static enum fault check_scope(const struct call *call, struct native_state *s)
{
	uint64_t has = call->actor.credential->scopes, wanted = s->route->scopes;
	if (!has)
		has = SCOPE_ALL;
	if (!(has & wanted))
		return FAULT_SCOPE_MISSING;
	s->is_public = !(has & wanted & ~(uint64_t)SCOPE_PUBLIC);
	if (!s->is_public)
		return OK;
	s->wait_s = guess_wait_s(call->request->peer, call->actor.credential->name, call->now);
	return s->wait_s ? FAULT_CALL_LIMITED : OK;
}

/* 64 bits that no other call of this process has, spread over all digits. */
static void make_request_id(struct native_state *s)
{
	static __thread uint64_t next;
	static const uint64_t STEP = UINT64_C(0x9E3779B97F4A7C15);
	uint64_t id;
	if (!next)
		random_bytes(&next, sizeof(next));
	id = next += STEP;
	hex_lower((const uint8_t *)&id, sizeof(id), s->request_id);
}

enum fault native_identify(struct call *call)
{
	struct native_state *s = call->state = ARENA_NEW(call->arena, struct native_state);
	struct text key;
	if (!s)
		return FAULT_BUSY;
	make_request_id(s);
	call_header(call, TEXT("Request-Id"), (struct text){s->request_id, REQUEST_ID_SIZE});
	call->content_type = TEXT("application/json");
	TRY(find_method(call, s));
	TRY(find_key(call, &key));
	TRY(call_actor(call, DIALECT_NATIVE, key));
	s->from_utc8 = call->actor.merchant->from_utc8;
	call->status = s->route->status;
	return check_scope(call, s);
}

/* What is wrong with the code does not matter: one answer, and it counts as a guess. */
enum fault native_refuse_public(struct call *call)
{
	struct native_state *s = call->state;
	s->is_refused = true;
	guess_count(call->request->peer, call->actor.credential->name, call->now);
	return FAULT_COUPON_UNKNOWN;
}
