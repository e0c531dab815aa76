/*
 * A dialect's page (docs/wjb.md and its like), printed from the dialect's tables. Error codes come
 * from the face itself: it is asked about every fault that can reach a client.
 */
#include "dialect/dialect.h"
#include "serve/docs.h"
#include "serve/worker.h"

enum { PAGE_ARENA_BYTES = 8 * 1024 * 1024, REPLY_BYTES = 64 * 1024 };

/* --- prose by name --- */

static const char *find_text(const struct docs_text *texts, unsigned n, struct text name)
{
	for (unsigned i = 0; i < n; i++)
		if (text_equal(text_of(texts[i].name), name))
			return texts[i].text;
	return NULL;
}

static const char *field_note(const struct dialect_docs *docs, const struct docs_table *table,
			      const struct docs_field *field)
{
	char name[128];
	snprintf(name, sizeof(name), "%s.%s", table->id, field->name);
	const char *text = find_text(docs->texts, docs->text_count, text_of(name));
	must(!text || !field->note);
	return text ? text : field->note ? field->note : "";
}

/* Prose about what is no more is worse than none. */
static bool is_named(const struct dialect_docs *docs, const char *name)
{
	char field[128];
	for (unsigned i = 0; i < docs->where_count; i++)
		if (strcmp(docs->where[i].name, name) == 0)
			return true;
	for (unsigned i = 0; i < docs->table_count; i++)
		for (unsigned j = 0; j < docs->tables[i].count; j++) {
			const struct docs_table *table = &docs->tables[i];
			snprintf(field, sizeof(field), "%s.%s", table->id, table->fields[j].name);
			if (strcmp(field, name) == 0)
				return true;
		}
	return false;
}

/* --- tables --- */

static void write_bound(FILE *out, const struct docs_field *field)
{
	if (field->max)
		fprintf(out, "%llu%s%s", (unsigned long long)field->max, *field->unit ? " " : "",
			field->unit);
}

static void write_table(FILE *out, const struct dialect_docs *docs, const struct docs_table *table)
{
	fprintf(out, "\n%s:\n\n", table->title);
	fputs(table->reply ? "| name | form | |\n|---|---|---|\n"
			   : "| name | kind | at most | required | |\n|---|---|---|---|---|\n",
	      out);
	for (unsigned i = 0; i < table->count; i++) {
		const struct docs_field *field = &table->fields[i];
		fprintf(out, "| `%s`", field->name);
		if (field->alias)
			fprintf(out, ", `%s`", field->alias);
		fprintf(out, " | %s | ", field->kind);
		if (!table->reply) {
			write_bound(out, field);
			fprintf(out, " | %s | ", field->required ? "yes" : "");
		}
		fprintf(out, "%s |\n", field_note(docs, table, field));
	}
}

static void write_methods(FILE *out, const struct dialect_docs *docs, const struct dialect_row *row)
{
	for (unsigned i = 0; i < row->method_count; i++) {
		const struct method *method = &row->methods[i];
		const struct command_row *command = command_get(method->command);
		struct text name = text_of(method->name);
		const char *where = find_text(docs->where, docs->where_count, name);
		const char *about = find_text(docs->texts, docs->text_count, name);
		must(where && about);
		fprintf(out, "\n### %s\n\n%s %s.%s\n", method->name, about, where,
			command && command->mode == COMMAND_WRITE
			    ? " A write: answered once it is on the disk."
			    : "");
		for (unsigned j = 0; j < docs->table_count; j++)
			if (docs->tables[j].of && text_equal(name, text_of(docs->tables[j].of)))
				write_table(out, docs, &docs->tables[j]);
	}
}

static void write_paths(FILE *out, const struct dialect_row *row)
{
	bool below;
	const char *path;
	for (unsigned i = 0; (path = route_path(row, i, &below)); i++)
		fprintf(out, "- `%s`%s\n", path, below ? " and everything below it" : "");
}

/* --- errors --- */

/* What the face writes, as one object; false: plain text. */
static bool ask_face(const struct dialect_row *row, enum fault fault, struct call *call,
		     struct json *ret)
{
	struct json inner;
	struct text name;
	bool about_field = fault >= FAULT_PARAMETER_MISSING && fault <= FAULT_LIMIT_REACHED;
	if (about_field)
		call->detail = (struct detail){TEXT("FIELD"), TEXT("VALUE")};
	row->face(call, fault);
	if (!json_parse(buffer_get(&call->reply), ret) || ret->kind != JSON_OBJECT)
		return false;
	struct json_walk walk = json_walk(*ret);
	if (json_next(&walk, &name, &inner) && inner.kind == JSON_OBJECT)
		*ret = inner;
	return true;
}

/* A text that ends in the fault's own name is one text for all of them. */
static void add_value(struct buffer *cells, struct text value, enum fault fault)
{
	char end[64];
	int n = snprintf(end, sizeof(end), ": %s\"", fault_name(fault));
	size_t size = (size_t)n;
	if (value.size > size && memcmp(value.data + value.size - size, end, size) == 0)
		buffer_format(cells, "`%.*s: FAULT\"` ", (int)(value.size - size), value.data);
	else
		buffer_format(cells, "`%.*s` ", TEXT_ARG(value));
}

/* The row's first cells: the members of the answer. */
static struct text error_cells(struct arena *a, const struct dialect_docs *docs,
			       const struct dialect_row *row, enum fault fault)
{
	struct http_request request = {.verb = HTTP_POST,
				       .path = text_of(docs->probe_path),
				       .query = text_of(docs->probe_query)};
	struct call call = {.request = &request, .arena = a, .dialect = row, .status = 200};
	struct json object, value;
	struct buffer cells;
	buffer_init(&cells, REPLY_BYTES);
	buffer_init(&call.reply, REPLY_BYTES);
	bool parsed = ask_face(row, fault, &call, &object);
	for (unsigned i = 0; i < docs->error_member_count; i++) {
		buffer_text(&cells, TEXT("| "));
		if (!parsed && i == 0)
			buffer_format(&cells, "HTTP %d ", call.status);
		else if (!parsed && i == 1)
			buffer_format(&cells, "%.*s ",
				      TEXT_ARG(text_trim(buffer_get(&call.reply))));
		else if (parsed && json_find(object, text_of(docs->error_members[i]), &value))
			add_value(&cells, value.raw, fault);
	}
	struct text text = arena_text(a, buffer_get(&cells));
	buffer_release(&cells);
	buffer_release(&call.reply);
	return text;
}

static void write_error_head(FILE *out, const struct dialect_docs *docs)
{
	for (unsigned i = 0; i < docs->error_member_count; i++)
		fprintf(out, "| `%s` ", docs->error_members[i]);
	fputs("| fault |\n|", out);
	for (unsigned i = 0; i <= docs->error_member_count; i++)
		fputs("---|", out);
	fputc('\n', out);
}

/* One row for each answer, in the faults' order: of several faults that are true the first counts.
 * What is answered like a broken disk is not this dialect's to say. */
static void write_errors(FILE *out, const struct dialect_docs *docs, const struct dialect_row *row)
{
	struct text cells[FAULT_SHUTTING_DOWN + 1];
	struct arena arena;
	arena_init(&arena, PAGE_ARENA_BYTES);
	struct text other = error_cells(&arena, docs, row, FAULT_DATA_DAMAGED);
	for (unsigned f = 1; f < COUNT_OF(cells); f++)
		cells[f] = error_cells(&arena, docs, row, (enum fault)f);
	write_error_head(out, docs);
	for (unsigned f = 1; f < COUNT_OF(cells); f++) {
		struct text answer = cells[f];
		if (!answer.size || text_equal(answer, other))
			continue;
		fprintf(out, "%.*s|", TEXT_ARG(answer));
		for (unsigned g = f; g < COUNT_OF(cells); g++) {
			if (!text_equal(cells[g], answer))
				continue;
			fprintf(out, "%s %s", g == f ? "" : ",", fault_name((enum fault)g));
			cells[g] = TEXT_NONE;
		}
		fputs(" |\n", out);
	}
	fprintf(out, "%.*s| any other |\n", TEXT_ARG(other));
	arena_release(&arena);
}

/* --- the page --- */

static void write_rules(FILE *out, const struct dialect_docs *docs)
{
	fputs("\n## What the documents leave open\n\n"
	      "| open | here | because |\n|---|---|---|\n",
	      out);
	for (unsigned i = 0; i < docs->rule_count; i++) {
		const struct docs_rule *rule = &docs->rules[i];
		fprintf(out, "| %s | %s | %s |\n", rule->open, rule->here, rule->why);
	}
}

void docs_dialect(FILE *out, const struct dialect_row *row)
{
	const struct dialect_docs *docs = row->docs;
	for (unsigned i = 0; i < docs->text_count; i++)
		must(is_named(docs, docs->texts[i].name));
	fprintf(out, "# %s\n\n%s\n\n## Where it answers\n\n", docs->title, docs->about);
	write_paths(out, row);
	if (docs->also)
		write_paths(out, docs->also);
	fprintf(out, "\n## How a call is signed\n\n%s\n", docs->signing);
	for (unsigned i = 0; i < docs->table_count; i++)
		if (!docs->tables[i].of)
			write_table(out, docs, &docs->tables[i]);
	fputs("\n## Methods\n", out);
	write_methods(out, docs, row);
	if (docs->also)
		write_methods(out, docs, docs->also);
	fprintf(out, "\n## Errors\n\n%s [faults.md](faults.md) says what the faults mean.\n\n",
		docs->errors);
	write_errors(out, docs, row);
	write_rules(out, docs);
}
