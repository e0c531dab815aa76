/*
 * /docs/: one page of HTML without anything from elsewhere, printed from the same tables as
 * /openapi.json. A refusal's `type` leads to its code here.
 */
#include "base/json.h"
#include "dialect/native/face.h"
#include "dialect/native/schema.h"

/* --- HTML --- */

static void add(struct buffer *b, const char *html)
{
	buffer_text(b, text_of(html));
}

static void add_escaped(struct buffer *b, struct text t)
{
	for (size_t i = 0; i < t.size; i++) {
		if (t.data[i] == '<')
			add(b, "&lt;");
		else if (t.data[i] == '>')
			add(b, "&gt;");
		else if (t.data[i] == '&')
			add(b, "&amp;");
		else if (t.data[i] == '"')
			add(b, "&quot;");
		else
			buffer_byte(b, t.data[i]);
	}
}

static void add_text(struct buffer *b, const char *text)
{
	add_escaped(b, text_of(text));
}

/* `code` of Markdown; the tables' texts have nothing else of it. */
static void add_prose(struct buffer *b, const char *text)
{
	struct text rest = text_of(text);
	bool code = false;
	while (rest.data) {
		add_escaped(b, text_cut(&rest, '`'));
		if (rest.data)
			add(b, code ? "</code>" : "<code>");
		code = !code;
	}
}

/* A new line and a deeper margin for each bracket: examples are read by people. */
static void add_json(struct buffer *b, struct text json)
{
	bool quoted = false;
	unsigned depth = 0;
	for (size_t i = 0; i < json.size; i++) {
		char c = json.data[i];
		bool opens = !quoted && (c == '{' || c == '['),
		     closes = !quoted && (c == '}' || c == ']');
		if (c == '"' && (i == 0 || json.data[i - 1] != '\\'))
			quoted = !quoted;
		depth -= closes;
		bool breaks = opens || closes || (!quoted && c == ',');
		if (closes)
			buffer_format(b, "\n%*s", (int)(2 * depth), "");
		add_escaped(b, (struct text){&c, 1});
		depth += opens;
		if (breaks && !closes) {
			buffer_format(b, "\n%*s", (int)(2 * depth), "");
			while (i + 1 < json.size && json.data[i + 1] == ' ')
				i++;
		}
	}
}

/* --- members --- */

static void add_words(struct buffer *b, const struct words *words)
{
	bool some = false;
	for (unsigned i = 0; i < words->count; i++) {
		if (!*words->of[i])
			continue;
		add(b, some ? ", " : "");
		add(b, "<code>");
		add_text(b, words->of[i]);
		add(b, "</code>");
		some = true;
	}
}

static void add_kind(struct buffer *b, const struct native_row *row)
{
	const char *unit;
	if (row->kind == KIND_WORD) {
		add_words(b, words_named(row->of));
		return;
	}
	if (row->kind == KIND_VALUE || row->kind == KIND_PART) {
		buffer_format(b, "<a href=\"#%s\">%s</a>", row->of, row->of);
		return;
	}
	add_prose(b, kind_text(row, &unit));
	if (row->max)
		buffer_format(b, ", at most %llu%s%s", (unsigned long long)row->max,
			      *unit ? " " : "", unit);
}

static void add_rows(struct buffer *b, const struct native_schema *schema)
{
	add(b, "<table><tr><th>name</th><th>kind</th><th></th><th></th></tr>\n");
	for (unsigned i = 0; i < schema->count; i++) {
		const struct native_row *row = &schema->rows[i];
		add(b, "<tr><td><code>");
		add_text(b, row->name);
		if (row->alias)
			buffer_format(b, "</code>, <code>%s", row->alias);
		add(b, "</code></td><td>");
		add_kind(b, row);
		add(b, row->required ? "</td><td>always</td><td>" : "</td><td></td><td>");
		add_prose(b, row->text);
		add(b, "</td></tr>\n");
	}
	add(b, "</table>\n");
}

/* --- methods --- */

static void add_example(struct buffer *b, const struct native_route *route,
			const struct native_example *example)
{
	add(b, "<pre>");
	buffer_format(b, "%s ", route->verb_name);
	add_text(b, example->target);
	add(b, "\n");
	if (example->request)
		add_json(b, text_of(example->request));
	buffer_format(b, "\n\n%d\n", route->status);
	add_json(b, text_of(example->answer));
	add(b, "</pre>\n");
}

static void add_part(struct buffer *b, const char *title, const char *name)
{
	if (strcmp(name, "none") == 0)
		return;
	buffer_format(b, "<p>%s: <a href=\"#%s\">%s</a></p>\n", title, name, name);
}

static void add_method(struct buffer *b, unsigned i)
{
	const struct native_route *route = &native_routes[i];
	const struct native_example *example = example_find(native_methods[i].name);
	const struct native_schema *query = schema_find(route->query);
	buffer_format(b, "<section id=\"%s\"><h3><b>%s</b> <code>", native_methods[i].name,
		      route->verb_name);
	add_text(b, route->path);
	add(b, "</code></h3>\n<p>");
	add_prose(b, route->summary);
	add(b, ". Scopes: ");
	scopes_write(b, route->scopes);
	add(b, ".</p>\n");
	if (query) {
		add(b, "<p>Query:</p>\n");
		add_rows(b, query);
	}
	add_part(b, "Request", route->request);
	add_part(b, "Answer", route->answer);
	must(example);
	add_example(b, route, example);
	add(b, "</section>\n");
}

static void add_contents(struct buffer *b)
{
	add(b, "<nav>");
	for (unsigned i = 0; i < native_method_count; i++)
		buffer_format(b, "<a href=\"#%s\">%s</a> ", native_methods[i].name,
			      native_methods[i].name);
	add(b, "<a href=\"#schemas\">schemas</a> <a href=\"#codes\">codes</a></nav>\n");
}

/* --- schemas and codes --- */

static void add_schemas(struct buffer *b)
{
	add(b, "<h2 id=\"schemas\">Schemas</h2>\n");
	for (unsigned i = 0; i < native_schema_count; i++) {
		if (native_schemas[i].use == SCHEMA_QUERY)
			continue;
		buffer_format(b, "<h4 id=\"%s\">%s</h4>\n", native_schemas[i].name,
			      native_schemas[i].name);
		add_rows(b, &native_schemas[i]);
	}
	for (unsigned i = 0; i < native_list_count; i++)
		buffer_format(b, "<h4 id=\"%s\">%s</h4><p>a list of <a href=\"#%s\">%s</a></p>\n",
			      native_lists[i].name, native_lists[i].name, native_lists[i].of,
			      native_lists[i].of);
	for (unsigned i = 0; i < native_page_count; i++)
		buffer_format(b,
			      "<h4 id=\"%s\">%s</h4><p><code>data</code>: a list of <a "
			      "href=\"#%s\">%s</a>; <code>next_cursor</code></p>\n",
			      native_pages[i].name, native_pages[i].name, native_pages[i].of,
			      native_pages[i].of);
	for (unsigned i = 0; i < native_other_count; i++) {
		buffer_format(b, "<h4 id=\"%s\">%s</h4><pre>", native_others[i].name,
			      native_others[i].name);
		add_json(b, text_of(native_others[i].json));
		add(b, "</pre>\n");
	}
}

static void add_codes(struct buffer *b)
{
	add(b, "<h2 id=\"codes\">Codes of refusals</h2>\n<p>");
	add_prose(b, docs_native.errors);
	add(b, "</p>\n<table><tr><th>code</th><th>status</th><th></th></tr>\n");
	buffer_format(b, "<tr id=\"%s\"><td><code>%s</code></td><td>404</td><td>%s</td></tr>\n",
		      NATIVE_NOT_USABLE, NATIVE_NOT_USABLE,
		      "all that a public key hears of a coupon that it cannot use");
	for (unsigned f = 1; f < FAULT_COUNT; f++)
		buffer_format(b,
			      "<tr id=\"%s\"><td><code>%s</code></td><td>%d</td><td>%s</td></tr>\n",
			      fault_name((enum fault)f), fault_name((enum fault)f),
			      native_status((enum fault)f), fault_text((enum fault)f));
	add(b, "</table>\n");
}

void native_docs(struct buffer *b)
{
	add(b, "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>");
	add_text(b, docs_native.title);
	add(b,
	    "</title><meta name=\"viewport\" content=\"width=device-width\"><style>"
	    "body{font:15px/1.5 sans-serif;max-width:70em;margin:2em auto;padding:0 1em}"
	    "table{border-collapse:collapse}td,th{border:1px solid #ccc;padding:.2em .5em;"
	    "text-align:left;vertical-align:top}pre{background:#f4f4f4;padding:.8em;overflow:auto}"
	    "h3{margin-top:2em}:target{background:#ffc}</style></head><body>\n<h1>");
	add_text(b, docs_native.title);
	add(b, "</h1>\n<p>");
	add_prose(b, docs_native.about);
	add(b,
	    " As OpenAPI: <a href=\"/openapi.json\">/openapi.json</a>.</p>\n<h2>Calling</h2>\n<p>");
	add_prose(b, docs_native.signing);
	add(b, "</p>\n<h2>Rules</h2>\n<dl>");
	for (unsigned i = 0; i < docs_native.rule_count; i++) {
		add(b, "<dt><b>");
		add_prose(b, docs_native.rules[i].open);
		add(b, "</b></dt><dd>");
		add_prose(b, docs_native.rules[i].here);
		add(b, "</dd>\n");
	}
	add(b, "</dl>\n<h2>Methods</h2>\n");
	add_contents(b);
	for (unsigned i = 0; i < native_method_count; i++)
		add_method(b, i);
	add_schemas(b);
	add_codes(b);
	add(b, "</body></html>\n");
}
