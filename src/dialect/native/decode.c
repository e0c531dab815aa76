/*
 * What all decoders do: bodies, queries, request numbers, If-Match, lists of texts, customers'
 * names, cursors. A field's path in a refusal is as the caller would write it: "limits.total",
 * "customers[3].phone".
 */
#include "base/crypto.h"
#include "dialect/native/native.h"

static const struct native_state *state_of(const struct call *call)
{
	return call->state;
}

enum fault native_invalid(struct call *call, const char *field)
{
	return call_refuse(call, FAULT_PARAMETER_INVALID, text_of(field), TEXT_NONE);
}

/* --- members --- */

static enum fault read_object(struct call *call, struct json object, const char *path, bool patch,
			      struct field_rows rows)
{
	const struct field_source source = {.object = &object,
					    .closed = true,
					    .nulls_clear = patch,
					    .from_utc8 = state_of(call)->from_utc8};
	return decode_fields(call, &source, path, rows.of, rows.n, rows.into);
}

static enum fault read_body(struct call *call, bool patch, struct field_rows rows)
{
	struct text body = text_trim(call->request->body);
	struct json object;
	if (!json_parse(body.size ? body : TEXT("{}"), &object))
		return text_is_utf8(body) ? FAULT_BODY_INVALID : FAULT_ENCODING_INVALID;
	if (object.kind != JSON_OBJECT)
		return FAULT_BODY_INVALID;
	return read_object(call, object, "", patch, rows);
}

enum fault native_body(struct call *call, struct field_rows rows)
{
	return read_body(call, false, rows);
}

enum fault native_patch(struct call *call, struct field_rows rows)
{
	return read_body(call, true, rows);
}

enum fault native_part(struct call *call, struct json value, const char *path,
		       struct field_rows rows)
{
	if (value.kind != JSON_OBJECT)
		return call_refuse(call, FAULT_PARAMETER_INVALID,
				   (struct text){path, strlen(path) - 1}, TEXT_NONE);
	return read_object(call, value, path, false, rows);
}

/* null takes all of it away. */
enum fault native_part_patch(struct call *call, struct json value, const char *path,
			     struct field_rows rows)
{
	if (value.kind == JSON_NULL) {
		for (size_t i = 0; i < rows.n; i++)
			field_clear(&rows.of[i], rows.into);
		return OK;
	}
	if (value.kind != JSON_OBJECT)
		return native_part(call, value, path, rows);
	return read_object(call, value, path, true, rows);
}

enum fault native_query(struct call *call, struct field_rows rows)
{
	struct form form = {0};
	const struct field_source source = {
	    .form = &form, .closed = true, .from_utc8 = state_of(call)->from_utc8};
	if (!call->request->query.size)
		return OK;
	if (!form_parse(call->arena, call->request->query, &form))
		return call->arena->full ? FAULT_BUSY : native_invalid(call, "query");
	return decode_fields(call, &source, "", rows.of, rows.n, rows.into);
}

/* --- what stands in headers --- */

static bool is_visible(struct text t)
{
	for (size_t i = 0; i < t.size; i++)
		if (t.data[i] <= ' ' || t.data[i] > '~')
			return false;
	return t.size > 0 && t.size <= REQUEST_NO_MAX;
}

/* Of the method, the path and the raw body: what "the same request" is. */
static struct text contents_digest(struct call *call)
{
	enum { SIZE = 32 };
	struct text parts[] = {text_of(call->method->name), TEXT("\n"), call->request->path,
			       TEXT("\n"), call->request->body};
	uint8_t *digest = arena_take(call->arena, SIZE);
	if (!digest)
		return TEXT_NONE;
	digest_parts(DIGEST_SHA256, parts, COUNT_OF(parts), digest);
	return (struct text){(const char *)digest, SIZE};
}

enum fault native_number(struct call *call, struct text request_no, struct request_number *ret)
{
	struct text header = http_header_get(call->request, TEXT("idempotency-key"));
	struct text key = header.size ? header : request_no;
	*ret = (struct request_number){0};
	if (!key.size)
		return OK;
	if (header.size && !is_visible(header))
		return native_invalid(call, "Idempotency-Key");
	if (request_no.size && !is_visible(request_no))
		return native_invalid(call, "request_no");
	if (header.size && request_no.size && !text_equal(header, request_no))
		return native_invalid(call, "request_no");
	*ret = (struct request_number){.key = key, .digest = contents_digest(call)};
	return ret->digest.size ? OK : FAULT_BUSY;
}

uint64_t native_if_match(const struct call *call)
{
	struct text header = http_header_get(call->request, TEXT("if-match"));
	uint64_t revision;
	if (!header.size || text_equal(header, TEXT("*")))
		return 0;
	if (header.size > 2 && header.data[0] == '"' && header.data[header.size - 1] == '"')
		header = (struct text){header.data + 1, header.size - 2};
	bool is_ours = text_to_uint64(header, &revision) && revision < UINT32_MAX;
	return is_ours ? revision + 1 : UINT64_MAX;
}

/* --- lists --- */

/* A text, or a number as its digits. */
static enum fault read_text(struct call *call, struct json value, const char *path, unsigned i,
			    struct text *ret)
{
	bool scalar = value.kind == JSON_TEXT || value.kind == JSON_NUMBER;
	*ret = value.kind == JSON_TEXT ? json_text(call->arena, value) : value.raw;
	if (scalar && ret->size && text_is_clean(*ret) && text_length(*ret) <= NAME_LENGTH_MAX)
		return OK;
	if (call->arena->full)
		return FAULT_BUSY;
	return call_refuse(call, FAULT_PARAMETER_INVALID,
			   arena_format(call->arena, "%s[%u]", path, i), TEXT_NONE);
}

static unsigned count_of(struct json list)
{
	struct json_walk walk = json_walk(list);
	struct text name;
	struct json value;
	unsigned n = 0;
	while (json_next(&walk, &name, &value))
		n++;
	return n;
}

enum fault native_list(struct call *call, struct json list, const char *path, unsigned max,
		       unsigned *ret_n)
{
	if (list.kind != JSON_LIST)
		return native_invalid(call, path);
	*ret_n = count_of(list);
	if (*ret_n > max)
		return call_refuse(call, FAULT_TOO_MANY, text_of(path),
				   arena_format(call->arena, "%u", max));
	return OK;
}

enum fault native_texts(struct call *call, struct json list, const char *path, unsigned max,
			struct texts *ret)
{
	struct json_walk walk;
	struct text name;
	struct json value;
	TRY(native_list(call, list, path, max, &ret->n));
	struct text *items = ARENA_ARRAY(call->arena, struct text, ret->n + 1);
	if (!items)
		return FAULT_BUSY;
	walk = json_walk(list);
	for (unsigned i = 0; json_next(&walk, &name, &value); i++)
		TRY(read_text(call, value, path, i, &items[i]));
	ret->of = items;
	return OK;
}

/* --- customers --- */

#define ROW struct customer
static const struct field name_fields[] = {NATIVE_CUSTOMER_NAME(FIELD_OF)};
#undef ROW

enum fault native_phone(struct call *call, const char *path, struct text phone)
{
	if (!phone.size || phone_valid(phone))
		return OK;
	return call_refuse(call, FAULT_PARAMETER_INVALID, field_path(call, path, "phone"),
			   TEXT_NONE);
}

enum fault native_customer(struct call *call, struct json value, const char *path,
			   struct customer *ret)
{
	*ret = (struct customer){0};
	if (value.kind == JSON_TEXT || value.kind == JSON_NUMBER) {
		ret->customer_id =
		    value.kind == JSON_TEXT ? json_text(call->arena, value) : value.raw;
		bool fits = ret->customer_id.size && text_is_clean(ret->customer_id) &&
			    text_length(ret->customer_id) <= NAME_LENGTH_MAX;
		return fits ? OK : native_invalid(call, path);
	}
	const char *below = arena_format(call->arena, "%s.%c", path, 0).data; /* ends in NUL */
	if (!below)
		return FAULT_BUSY;
	TRY(native_part(call, value, below, FIELD_ROWS(name_fields, ret)));
	TRY(native_phone(call, below, ret->phone));
	bool named = ret->customer_id.size || ret->phone.size || ret->card_no.size ||
		     ret->nick.size || ret->code.size || ret->source_code.size;
	return named ? OK : call_refuse(call, FAULT_PARAMETER_MISSING, text_of(path), TEXT_NONE);
}

/* --- pages --- */

/* A cursor is the next row's rank and a mark of the list it belongs to, both in hex: nobody should
 * make one, so what is not ours is refused. */
enum { RANK_DIGITS = 10, MARK_DIGITS = 6 };

static void cursor_write(const struct call *call, uint64_t rank,
			 char out[RANK_DIGITS + MARK_DIGITS])
{
	uint8_t bytes[(RANK_DIGITS + MARK_DIGITS) / 2];
	uint32_t mark = UINT32_C(2166136261);
	for (unsigned i = 0; i < RANK_DIGITS / 2; i++)
		bytes[i] = (uint8_t)(rank >> (8 * (RANK_DIGITS / 2 - 1 - i)));
	for (const char *c = call->method->name; *c; c++)
		mark = (mark ^ (uint8_t)*c) * UINT32_C(16777619);
	for (unsigned i = 0; i < RANK_DIGITS / 2; i++)
		mark = (mark ^ bytes[i]) * UINT32_C(16777619);
	for (unsigned i = 0; i < MARK_DIGITS / 2; i++)
		bytes[RANK_DIGITS / 2 + i] = (uint8_t)(mark >> (8 * i));
	hex_lower(bytes, sizeof(bytes), out);
}

static bool cursor_read(const struct call *call, struct text cursor, uint64_t *ret_rank)
{
	uint8_t bytes[(RANK_DIGITS + MARK_DIGITS) / 2];
	char again[RANK_DIGITS + MARK_DIGITS];
	uint64_t rank = 0;
	if (!hex_read(cursor, bytes, sizeof(bytes)))
		return false;
	for (unsigned i = 0; i < RANK_DIGITS / 2; i++)
		rank = rank << 8 | bytes[i];
	cursor_write(call, rank, again);
	*ret_rank = rank;
	return text_equal(cursor, (struct text){again, sizeof(again)});
}

enum fault native_page(struct call *call, const struct native_page *page, uint64_t *ret_from,
		       unsigned *ret_n)
{
	struct native_state *s = call->state;
	*ret_from = 0;
	*ret_n = page->limit ? (unsigned)page->limit : PAGE_ROWS;
	if (page->cursor.size && !cursor_read(call, page->cursor, ret_from))
		return native_invalid(call, "cursor");
	s->page_from = *ret_from;
	return OK;
}

struct text native_cursor(struct call *call, uint64_t next)
{
	char *memory = arena_take(call->arena, RANK_DIGITS + MARK_DIGITS);
	if (!memory || !next)
		return TEXT_NONE;
	cursor_write(call, next, memory);
	return (struct text){memory, RANK_DIGITS + MARK_DIGITS};
}

enum fault native_decode_nothing(struct call *call, void *into)
{
	(void)into;
	return native_query(call, (struct field_rows){0});
}
