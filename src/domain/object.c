/*
 * All members of both objects stand in one row, the old ones first; folding the names says which
 * place and which value each name has. Linear but for the sort: bodies are up to 1 MiB.
 */
#include "domain/object.h"
#include "domain/fold.h"

struct entry {
	struct text raw_name;
	struct text value;
	bool removed; /* a null of the patch, or a server-set name */
};
struct entries {
	struct entry *rows;
	struct text *names; /* resolved */
	unsigned n;
};

static struct json parsed(struct text object)
{
	struct json value;
	must(json_parse(object, &value) && value.kind == JSON_OBJECT); /* decode has seen to that */
	return value;
}

static struct text or_empty(struct text object)
{
	return object.size ? object : TEXT("{}");
}

static unsigned count_members(struct json object)
{
	unsigned n = 0;
	struct text name;
	struct json value;
	for (struct json_walk w = json_walk(object); json_next(&w, &name, &value);)
		n++;
	return n;
}

static bool is_dropped(struct text name, struct dropped dropped)
{
	for (unsigned i = 0; i < dropped.n; i++)
		if (text_equal(name, dropped.names[i]))
			return true;
	return false;
}

static void add_members(struct arena *a, struct entries *e, struct json object, bool null_removes,
			struct dropped dropped)
{
	struct text name;
	struct json value;
	for (struct json_walk w = json_walk(object); json_next(&w, &name, &value); e->n++) {
		e->names[e->n] = json_name(a, name);
		e->rows[e->n] = (struct entry){
		    .raw_name = name,
		    .value = value.raw,
		    .removed = (null_removes && value.kind == JSON_NULL) ||
			       is_dropped(e->names[e->n], dropped),
		};
	}
}

/* The last entry of a name gives its value to the first one; the others go. */
static void fold(struct entries *e, const unsigned *first)
{
	for (unsigned i = 0; i < e->n; i++) {
		if (first[i] == i)
			continue;
		e->rows[first[i]].value = e->rows[i].value;
		e->rows[first[i]].removed = e->rows[i].removed;
		e->rows[i].removed = true;
	}
}

static struct text print(struct arena *a, const struct entries *e)
{
	size_t size = 2;
	for (unsigned i = 0; i < e->n; i++)
		size += e->rows[i].raw_name.size + e->rows[i].value.size + sizeof("\"\":,") - 1;
	char *memory = arena_take(a, size);
	if (!memory)
		return TEXT_NONE;
	struct buffer out;
	buffer_init_fixed(&out, memory, size);
	buffer_byte(&out, '{');
	for (unsigned i = 0; i < e->n; i++) {
		if (e->rows[i].removed)
			continue;
		buffer_text(&out, out.size > 1 ? TEXT(",\"") : TEXT("\""));
		buffer_text(&out, e->rows[i].raw_name);
		buffer_text(&out, TEXT("\":"));
		buffer_text(&out, e->rows[i].value);
	}
	buffer_byte(&out, '}');
	return buffer_get(&out);
}

static struct text combine(struct arena *a, struct text old, struct text patch, bool null_removes,
			   struct dropped dropped)
{
	struct json before = parsed(or_empty(old)), after = parsed(or_empty(patch));
	unsigned n = count_members(before) + count_members(after);
	struct entries e = {.rows = ARENA_ARRAY(a, struct entry, n + 1),
			    .names = ARENA_ARRAY(a, struct text, n + 1)};
	if (!e.rows || !e.names)
		return TEXT_NONE;
	add_members(a, &e, before, false, dropped);
	add_members(a, &e, after, null_removes, dropped);
	unsigned *first = text_fold(a, e.names, e.n);
	if (!first)
		return TEXT_NONE;
	fold(&e, first);
	return print(a, &e);
}

struct text object_normal(struct arena *a, struct text object, struct dropped dropped)
{
	return combine(a, TEXT_NONE, object, false, dropped);
}

struct text object_merge(struct arena *a, struct text old, struct text patch,
			 struct dropped dropped)
{
	return combine(a, old, patch, true, dropped);
}

bool object_equal(struct text a, struct text b)
{
	return json_equal(parsed(a), parsed(b));
}
