/*
 * /openapi.json: OpenAPI 3.1, printed from the tables that decode requests and encode answers.
 * Every operation has the example of examples.tbl.h.
 */
#include "dialect/native/schema.h"

#define REF "#/components/schemas/"

static void write_ref(struct writer *w, const char *schema)
{
	char ref[128];
	snprintf(ref, sizeof(ref), REF "%s", schema);
	write_text(w, "$ref", text_of(ref));
}

/* --- members --- */

static void write_enum(struct writer *w, const struct words *words)
{
	write_begin_list(w, "enum", "word");
	for (unsigned i = 0; i < words->count; i++)
		if (*words->of[i])
			write_text(w, "word", text_of(words->of[i]));
	write_end(w);
}

/* In requests null is as good as absent, so what is not required may be null. */
static void write_type(struct writer *w, const char *type, bool nullable)
{
	if (!nullable) {
		write_text(w, "type", text_of(type));
		return;
	}
	write_begin_list(w, "type", "one");
	write_text(w, "one", text_of(type));
	write_text(w, "one", TEXT("null"));
	write_end(w);
}

static void write_bounds(struct writer *w, int64_t least, uint64_t most)
{
	write_int(w, "minimum", least);
	if (most)
		write_int(w, "maximum", (int64_t)most);
}

/* Numbers of templates may be texts too: they exceed what a double holds. */
static void write_count(struct writer *w, const struct native_row *row, bool nullable)
{
	if (row->max) {
		write_type(w, "integer", nullable);
	} else {
		write_raw(w, "type",
			  nullable ? TEXT("[\"integer\",\"string\",\"null\"]")
				   : TEXT("[\"integer\",\"string\"]"));
		write_text(w, "pattern", TEXT("^[0-9]+$"));
	}
	write_bounds(w, 1, row->max);
}

static void write_text_kind(struct writer *w, const struct native_row *row, bool nullable)
{
	write_type(w, "string", nullable);
	if (row->kind == KIND_TEXT && row->max)
		write_int(w, "maxLength", (int64_t)row->max);
	if (row->kind == KIND_DAY)
		write_text(w, "format", TEXT("date"));
	if (row->kind == KIND_DIGITS)
		write_text(w, "pattern", TEXT("^[0-9]+$"));
	if (row->kind == KIND_ID)
		write_text(w, "pattern", TEXT("^[0-9]{18}$"));
}

static void write_number_kind(struct writer *w, const struct native_row *row, bool nullable)
{
	write_type(w, row->kind == KIND_PERCENT ? "number" : "integer", nullable);
	if (row->kind == KIND_INT)
		write_bounds(w, 0, row->max);
	if (row->kind == KIND_FEN) {
		write_text(w, "format", TEXT("int64"));
		write_int(w, "minimum", 0);
	}
	if (row->kind == KIND_PERCENT) {
		write_int(w, "exclusiveMinimum", 0);
		write_int(w, "maximum", 100);
	}
}

/* What has no `type` of its own to be null besides. */
static void write_named(struct writer *w, const struct native_row *row, bool nullable)
{
	if (nullable) {
		write_begin_list(w, "anyOf", "one");
		write_begin(w, "one");
	}
	if (row->kind == KIND_WORD) {
		write_type(w, "string", false);
		write_enum(w, words_named(row->of));
	} else {
		write_ref(w, row->of);
	}
	if (nullable) {
		write_end(w);
		write_raw(w, "one", TEXT("{\"type\":\"null\"}"));
		write_end(w);
	}
}

static void write_kind(struct writer *w, const struct native_row *row, enum schema_use use)
{
	bool nullable = use == SCHEMA_REQUEST && !row->required;
	switch (row->kind) {
	case KIND_TEXT:
	case KIND_TEXT_BYTES:
	case KIND_DAY:
	case KIND_DIGITS:
	case KIND_ID:
		write_text_kind(w, row, nullable);
		break;
	case KIND_INT:
	case KIND_FEN:
	case KIND_PERCENT:
	case KIND_NUMBER:
		write_number_kind(w, row, nullable);
		break;
	case KIND_COUNT:
		write_count(w, row, nullable);
		break;
	case KIND_BOOL:
		write_type(w, "boolean", nullable);
		break;
	case KIND_MOMENT:
	case KIND_MOMENT_END:
		write_type(w, "string", nullable);
		if (use == SCHEMA_ANSWER)
			write_text(w, "format", TEXT("date-time"));
		break;
	case KIND_WORD:
	case KIND_VALUE:
	case KIND_PART:
		write_named(w, row, nullable);
		break;
	}
}

/* What the kind's type does not say. */
static const char *kind_note(const struct native_row *row, enum schema_use use)
{
	if (use == SCHEMA_ANSWER)
		return "";
	if (row->kind == KIND_MOMENT)
		return "RFC 3339, or a day. ";
	if (row->kind == KIND_MOMENT_END)
		return "RFC 3339, or a day, which is its last second. ";
	return "";
}

static void write_row(struct writer *w, const struct native_row *row, enum schema_use use)
{
	char text[512];
	snprintf(text, sizeof(text), "%s%s", kind_note(row, use), row->text);
	write_kind(w, row, use);
	if (*text)
		write_text(w, "description", text_of(text));
}

static void write_properties(struct writer *w, const struct native_schema *schema)
{
	write_begin(w, "properties");
	for (unsigned i = 0; i < schema->count; i++) {
		const struct native_row *row = &schema->rows[i];
		write_begin(w, row->name);
		write_row(w, row, schema->use);
		write_end(w);
		if (!row->alias)
			continue;
		write_begin(w, row->alias);
		write_row(w, row, schema->use);
		write_end(w);
	}
	write_end(w);
}

/* One that an alias may stand for is not required by its name. */
static void write_required(struct writer *w, const struct native_schema *schema)
{
	unsigned n = 0;
	for (unsigned i = 0; i < schema->count; i++)
		n += schema->rows[i].required && !schema->rows[i].alias;
	if (!n)
		return;
	write_begin_list(w, "required", "name");
	for (unsigned i = 0; i < schema->count; i++)
		if (schema->rows[i].required && !schema->rows[i].alias)
			write_text(w, "name", text_of(schema->rows[i].name));
	write_end(w);
}

static void write_schema(struct writer *w, const struct native_schema *schema)
{
	write_begin(w, schema->name);
	write_type(w, "object", false);
	write_properties(w, schema);
	write_required(w, schema);
	if (schema->use == SCHEMA_REQUEST)
		write_bool(w, "additionalProperties", false);
	write_end(w);
}

/* A set may be a plain list too. */
static void write_set(struct writer *w, const struct native_schema *schema)
{
	write_begin(w, "Set");
	write_begin_list(w, "anyOf", "one");
	write_begin(w, "one");
	write_ref(w, "TextList");
	write_end(w);
	write_begin(w, "one");
	write_type(w, "object", false);
	write_properties(w, schema);
	write_bool(w, "additionalProperties", false);
	write_end(w);
	write_end(w);
	write_end(w);
}

static void write_list_schema(struct writer *w, const struct native_list_schema *list)
{
	write_begin(w, list->name);
	write_type(w, "array", false);
	write_begin(w, "items");
	write_ref(w, list->of);
	write_end(w);
	if (list->most)
		write_int(w, "maxItems", list->most);
	write_end(w);
}

static void write_page_schema(struct writer *w, const struct native_list_schema *page)
{
	write_begin(w, page->name);
	write_type(w, "object", false);
	write_begin(w, "properties");
	write_begin(w, "data");
	write_type(w, "array", false);
	write_begin(w, "items");
	write_ref(w, page->of);
	write_end(w);
	write_end(w);
	write_begin(w, "next_cursor");
	write_type(w, "string", false);
	write_text(w, "description", TEXT("absent: it was the last page"));
	write_end(w);
	write_end(w);
	write_raw(w, "required", TEXT("[\"data\"]"));
	write_end(w);
}

static void write_components(struct writer *w)
{
	write_begin(w, "components");
	write_raw(w, "securitySchemes",
		  TEXT("{\"key\":{\"type\":\"http\",\"scheme\":\"bearer\"}}"));
	write_raw(w, "responses",
		  TEXT("{\"Problem\":{\"description\":\"a refusal, or trouble (RFC 9457)\","
		       "\"content\":{\"application/problem+json\":{\"schema\":{\"$ref\":\"" REF
		       "Problem\"}}}}}"));
	write_begin(w, "schemas");
	for (unsigned i = 0; i < native_schema_count; i++) {
		const struct native_schema *schema = &native_schemas[i];
		if (strcmp(schema->name, "Set") == 0)
			write_set(w, schema);
		else if (schema->use != SCHEMA_QUERY)
			write_schema(w, schema);
	}
	for (unsigned i = 0; i < native_list_count; i++)
		write_list_schema(w, &native_lists[i]);
	for (unsigned i = 0; i < native_page_count; i++)
		write_page_schema(w, &native_pages[i]);
	for (unsigned i = 0; i < native_other_count; i++)
		write_raw(w, native_others[i].name, text_of(native_others[i].json));
	write_end(w);
	write_end(w);
}

/* --- operations --- */

static void write_parameter(struct writer *w, struct text name, const char *in, const char *text,
			    bool required)
{
	write_begin(w, "parameter");
	write_text(w, "name", name);
	write_text(w, "in", text_of(in));
	write_bool(w, "required", required);
	if (*text)
		write_text(w, "description", text_of(text));
}

static void write_header(struct writer *w, const char *name, const char *text, uint64_t max)
{
	write_parameter(w, text_of(name), "header", text, false);
	write_begin(w, "schema");
	write_type(w, "string", false);
	write_int(w, "maxLength", (int64_t)max);
	write_end(w);
	write_end(w);
}

static bool takes_if_match(unsigned i)
{
	switch (native_methods[i].command) {
	case COMMAND_template_change:
	case COMMAND_coupon_change:
		return true;
	case COMMAND_coupon_redeem:
	case COMMAND_coupon_reverse:
		return native_routes[i].collection == COLLECTION_coupons;
	default:
		return false;
	}
}

static void write_parameters(struct writer *w, unsigned i)
{
	const struct native_route *route = &native_routes[i];
	const struct native_schema *query = schema_find(route->query);
	write_begin_list(w, "parameters", "parameter");
	if (route->id.size && route->id.data[0] == '{') {
		struct text name = {route->id.data + 1, route->id.size - 2};
		write_parameter(w, name, "path", "", true);
		write_raw(w, "schema", TEXT("{\"type\":\"string\",\"maxLength\":100}"));
		write_end(w);
	}
	for (unsigned r = 0; query && r < query->count; r++) {
		const struct native_row *row = &query->rows[r];
		write_parameter(w, text_of(row->name), "query", row->text, row->required);
		write_begin(w, "schema");
		write_kind(w, row, SCHEMA_QUERY);
		write_end(w);
		write_end(w);
	}
	if (method_writes(i))
		write_header(
		    w, "Idempotency-Key",
		    "the caller's number of this request: its repeat gets the first answer",
		    REQUEST_NO_MAX);
	if (takes_if_match(i))
		write_header(w, "If-Match", "the ETag that was read; 412 when it has changed since",
			     ETAG_SIZE);
	write_end(w);
}

static void write_content(struct writer *w, const char *schema, const char *example)
{
	write_begin(w, "content");
	write_begin(w, "application/json");
	write_begin(w, "schema");
	write_ref(w, schema);
	write_end(w);
	if (example)
		write_raw(w, "example", text_of(example));
	write_end(w);
	write_end(w);
}

static void write_responses(struct writer *w, const struct native_route *route,
			    const struct native_example *example)
{
	char status[16];
	snprintf(status, sizeof(status), "%d", route->status);
	write_begin(w, "responses");
	write_begin(w, status);
	write_text(w, "description", route->status == 201 ? TEXT("made") : TEXT("done"));
	write_content(w, route->answer, example->answer);
	write_end(w);
	write_raw(w, "4XX", TEXT("{\"$ref\":\"#/components/responses/Problem\"}"));
	write_raw(w, "5XX", TEXT("{\"$ref\":\"#/components/responses/Problem\"}"));
	write_end(w);
}

static void write_operation_id(struct writer *w, const char *name)
{
	char id[64];
	size_t n = 0;
	for (; name[n] && n < sizeof(id) - 1; n++)
		id[n] = name[n] == '.' ? '_' : name[n];
	write_text(w, "operationId", (struct text){id, n});
}

static void write_description(struct writer *w, const struct native_route *route)
{
	char text[128];
	struct buffer b;
	buffer_init_fixed(&b, text, sizeof(text));
	buffer_text(&b, TEXT("Scopes, one of: "));
	scopes_write(&b, route->scopes);
	buffer_byte(&b, '.');
	write_text(w, "description", buffer_get(&b));
}

static void write_operation(struct writer *w, unsigned i)
{
	const struct native_route *route = &native_routes[i];
	const struct native_example *example = example_find(native_methods[i].name);
	char verb[8];
	size_t n = 0;
	must(example);
	for (; route->verb_name[n]; n++)
		verb[n] = (char)(route->verb_name[n] | 0x20);
	verb[n] = '\0';
	write_begin(w, verb);
	write_operation_id(w, native_methods[i].name);
	write_text(w, "summary", text_of(route->summary));
	write_description(w, route);
	write_begin_list(w, "tags", "tag");
	write_text(w, "tag", text_of(route->collection_name));
	write_end(w);
	write_parameters(w, i);
	if (strcmp(route->request, "none") != 0 && route->verb != HTTP_DELETE) {
		write_begin(w, "requestBody");
		write_bool(w, "required", example->request != NULL);
		write_content(w, route->request, example->request);
		write_end(w);
	}
	write_responses(w, route, example);
	write_end(w);
}

/* All operations of a path stand together, where its first row is. */
static void write_path(struct writer *w, unsigned first)
{
	const char *path = native_routes[first].path;
	for (unsigned i = 0; i < first; i++)
		if (strcmp(path, native_routes[i].path) == 0)
			return;
	write_begin(w, path);
	for (unsigned i = first; i < native_method_count; i++)
		if (strcmp(path, native_routes[i].path) == 0)
			write_operation(w, i);
	write_end(w);
}

static void write_tags(struct writer *w)
{
	static const struct {
		const char *name, *text;
	} tags[] = {
#define TAG(name, text) {#name, text},
	    NATIVE_COLLECTIONS(TAG)
#undef TAG
	};
	write_begin_list(w, "tags", "tag");
	for (size_t i = 0; i < COUNT_OF(tags); i++) {
		write_begin(w, "tag");
		write_text(w, "name", text_of(tags[i].name));
		write_text(w, "description", text_of(tags[i].text));
		write_end(w);
	}
	write_end(w);
}

void native_openapi(struct buffer *b)
{
	struct writer w;
	writer_init(&w, b, WRITER_JSON);
	write_text(&w, "openapi", TEXT("3.1.0"));
	write_begin(&w, "info");
	write_text(&w, "title", TEXT("Couponry"));
	write_text(&w, "version", TEXT("1"));
	write_text(&w, "description", text_of(docs_native.about));
	write_raw(&w, "license", TEXT("{\"name\":\"MIT\",\"identifier\":\"MIT\"}"));
	write_end(&w);
	write_raw(&w, "servers", TEXT("[{\"url\":\"/\"}]"));
	write_raw(&w, "security", TEXT("[{\"key\":[]}]"));
	write_tags(&w);
	write_begin(&w, "paths");
	for (unsigned i = 0; i < native_method_count; i++)
		write_path(&w, i);
	write_end(&w);
	write_components(&w);
	writer_finish(&w);
}
