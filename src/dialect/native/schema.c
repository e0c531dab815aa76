/* See schema.h. */
#include "dialect/native/schema.h"

/* clang-format off */
#define JSON(...) #__VA_ARGS__
#define REQUEST_ROW(member, wire, alias, kind, bound, need, has, of, text) \
	{#wire, alias, KIND_##kind, #of, bound, need, text},
#define ANSWER_ROW(how, wire, when, from, need, of, text) \
	{#wire, NULL, KIND_##how, #of, 0, need, text},

#define S(name, rows) static const struct native_row rows_##name[] = {rows(REQUEST_ROW)};
NATIVE_REQUESTS(S)
#undef S
#define S(name, rows) static const struct native_row query_##name[] = {rows(REQUEST_ROW)};
NATIVE_QUERIES(S)
#undef S
#define S(name, rows) static const struct native_row rows_##name[] = {rows(ANSWER_ROW)};
NATIVE_ANSWERS(S)
#undef S

const struct native_schema native_schemas[] = {
#define S(name, rows) {#name, SCHEMA_REQUEST, rows_##name, COUNT_OF(rows_##name)},
	NATIVE_REQUESTS(S)
#undef S
#define S(name, rows) {#name, SCHEMA_QUERY, query_##name, COUNT_OF(query_##name)},
	NATIVE_QUERIES(S)
#undef S
#define S(name, rows) {#name, SCHEMA_ANSWER, rows_##name, COUNT_OF(rows_##name)},
	NATIVE_ANSWERS(S)
#undef S
};
const unsigned native_schema_count = COUNT_OF(native_schemas);

#define P(name, of) {#name, #of, 0},
const struct native_list_schema native_pages[] = {NATIVE_PAGES(P)};
#undef P
#define L(name, of, most) {#name, #of, most},
const struct native_list_schema native_lists[] = {NATIVE_LISTS(L)};
#undef L
#define X(name, text) {#name, text},
const struct native_other_schema native_others[] = {NATIVE_OTHERS(X)};
#undef X
#define EXAMPLE(method, target, request, answer) {method, target, request, answer},
static const struct native_example examples[] = {
#include "dialect/native/examples.tbl.h"
};
#undef EXAMPLE
#define WORDS(name, ...) {#name, &words_##name},
static const struct native_words all_words[] = {
#include "dialect/native/words.tbl.h"
};
#undef WORDS
/* clang-format on */
const unsigned native_page_count = COUNT_OF(native_pages);
const unsigned native_list_count = COUNT_OF(native_lists);
const unsigned native_other_count = COUNT_OF(native_others);

const struct native_schema *schema_find(const char *name)
{
	for (unsigned i = 0; i < native_schema_count; i++)
		if (strcmp(native_schemas[i].name, name) == 0)
			return &native_schemas[i];
	return NULL;
}

const struct words *words_named(const char *name)
{
	for (size_t i = 0; i < COUNT_OF(all_words); i++)
		if (strcmp(all_words[i].name, name) == 0)
			return all_words[i].words;
	must(false);
}

const struct native_example *example_find(const char *method)
{
	for (size_t i = 0; i < COUNT_OF(examples); i++)
		if (strcmp(examples[i].method, method) == 0)
			return &examples[i];
	return NULL;
}

const char *kind_text(const struct native_row *row, const char **ret_unit)
{
	static const char *const names[] = {
	    [KIND_TEXT] = "text",	    [KIND_TEXT_BYTES] = "text",
	    [KIND_INT] = "integer",	    [KIND_COUNT] = "integer, from 1",
	    [KIND_FEN] = "integer, fen",    [KIND_PERCENT] = "percentage, at most 2 decimals",
	    [KIND_BOOL] = "boolean",	    [KIND_WORD] = "word",
	    [KIND_DAY] = "`yyyy-MM-dd`",    [KIND_MOMENT] = "RFC 3339",
	    [KIND_MOMENT_END] = "RFC 3339", [KIND_VALUE] = "see below",
	    [KIND_PART] = "see below",	    [KIND_NUMBER] = "integer",
	    [KIND_DIGITS] = "text, digits", [KIND_ID] = "text, 18 digits",
	};
	*ret_unit = row->kind == KIND_TEXT	   ? "characters"
		    : row->kind == KIND_TEXT_BYTES ? "bytes"
						   : "";
	return names[row->kind];
}

void scopes_write(struct buffer *b, uint64_t scopes)
{
	bool some = false;
	for (unsigned i = 0; i < words_scope.count; i++) {
		if (!(scopes & 1u << i))
			continue;
		buffer_text(b, some ? TEXT(", ") : TEXT_NONE);
		buffer_text(b, text_of(words_scope.of[i]));
		some = true;
	}
}

bool method_writes(unsigned i)
{
	const struct command_row *row = command_get(native_methods[i].command);
	return row && row->mode == COMMAND_WRITE;
}

bool native_address(struct text method, const char **ret_verb, const char **ret_path)
{
	for (unsigned i = 0; i < native_method_count; i++) {
		if (!text_equal(method, text_of(native_methods[i].name)))
			continue;
		*ret_verb = native_routes[i].verb_name;
		*ret_path = native_routes[i].path;
		return true;
	}
	return false;
}
