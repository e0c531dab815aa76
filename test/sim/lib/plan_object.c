/* Random JSON objects of WangJuBao: the same meaning in many spellings. */
#include "sim.h"

/* Rows of spellings that mean the same. */
static const char *const values[][3] = {
    {"1", "1.0", "10e-1"},
    {"2", "2.00", "2"},
    {"\"x\"", "\"\\u0078\"", "\"x\""},
    {"{\"a\":[1,2]}", "{ \"a\" : [ 1 , 2 ] }", "{\"a\":[1.0,2]}"},
    {"\"满100\"", "\"\\u6ee1100\"", "\"满100\""},
    {"true", "true", "true"},
    {"[]", "[ ]", "[\n]"},
    {"123456789012345678", "123456789012345678", "123456789012345678"},
};
static const char *const noise[][2] = {
    {"x", "\\u0078"},
    {"note", "note"},
    {"级别", "\\u7ea7别"},
    {"created", "created"},
    {"modified", "modified"},
    {"activity_id", "activity_id"},
    {"y", "y"},
    {"denominations", "denominations"},
};

void object_add(struct world *w, struct object_parts *parts, const char *name, struct text raw,
		struct text meaning)
{
	must(parts->n < OBJECT_MEMBERS_MAX / 2);
	parts->rows[parts->n++] = (struct object_part){.name = keep(w, text_of(name)),
						       .raw_name = keep(w, text_of(name)),
						       .raw = raw,
						       .meaning = meaning};
}

void object_add_noise(struct world *w, struct object_parts *parts, bool nulls)
{
	const char *const *name = noise[roll(w, COUNT_OF(noise))];
	const char *const *value = values[roll(w, COUNT_OF(values))];
	bool is_null = nulls && chance(w, 30);
	object_add(w, parts, name[0], text_of(is_null ? "null" : value[roll(w, 3)]),
		   text_of(is_null ? "null" : value[0]));
	parts->rows[parts->n - 1].raw_name = text_of(name[roll(w, 2)]);
}

static char *space(struct world *w, char *at)
{
	if (chance(w, 10))
		*at++ = " \n\t"[roll(w, 3)];
	return at;
}

struct text object_text(struct world *w, const struct object_parts *parts)
{
	size_t size = 16;
	for (unsigned i = 0; i < parts->n; i++)
		size += parts->rows[i].raw_name.size + parts->rows[i].raw.size + 16;
	char *out = keep_bytes(w, size), *at = out;
	*at++ = '{';
	for (unsigned i = 0; i < parts->n; i++) {
		const struct object_part *p = &parts->rows[i];
		if (i)
			*at++ = ',';
		at = space(w, at);
		*at++ = '"';
		at = mempcpy(at, p->raw_name.data, p->raw_name.size);
		*at++ = '"';
		at = space(w, at);
		*at++ = ':';
		at = space(w, at);
		at = mempcpy(at, p->raw.data, p->raw.size);
		at = space(w, at);
	}
	*at++ = '}';
	must((size_t)(at - out) <= size);
	return (struct text){out, (size_t)(at - out)};
}
