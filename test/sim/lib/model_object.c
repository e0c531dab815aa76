/*
 * WangJuBao objects (dialects.md 8.11): each member's value byte for byte, in order, each name
 * once; members that the server sets are taken out; a patch replaces in place, adds at the end, and
 * a null removes.
 */
#include "sim.h"

static int find(const struct object_parts *o, struct text name)
{
	for (unsigned i = 0; i < o->n; i++)
		if (text_equal(o->rows[i].name, name))
			return (int)i;
	return -1;
}

static void cut(struct object_parts *o, unsigned at)
{
	memmove(&o->rows[at], &o->rows[at + 1], (o->n - at - 1) * sizeof(o->rows[0]));
	o->n--;
}

static bool is_dropped(struct text name, const char *const *dropped)
{
	for (; *dropped; dropped++)
		if (text_equal(name, text_of(*dropped)))
			return true;
	return false;
}

static void set(struct object_parts *o, const struct object_part *part)
{
	int at = find(o, part->name);
	if (at >= 0) {
		o->rows[at].raw = part->raw;
		o->rows[at].meaning = part->meaning;
	} else {
		must(o->n < OBJECT_MEMBERS_MAX);
		o->rows[o->n++] = *part;
	}
}

void object_normalize(struct object_parts *object, const char *const *dropped)
{
	struct object_parts once = {.n = 0};
	for (unsigned i = 0; i < object->n; i++)
		if (!is_dropped(object->rows[i].name, dropped))
			set(&once, &object->rows[i]);
	*object = once;
}

void object_merge_in(struct object_parts *object, const struct object_parts *patch,
		     const char *const *dropped)
{
	struct object_parts once = *patch;
	object_normalize(&once, dropped);
	for (unsigned i = 0; i < once.n; i++) {
		int at = find(object, once.rows[i].name);
		if (!text_equal(once.rows[i].meaning, TEXT("null")))
			set(object, &once.rows[i]);
		else if (at >= 0)
			cut(object, (unsigned)at);
	}
}

bool object_means_same(const struct object_parts *a, const struct object_parts *b)
{
	if (a->n != b->n)
		return false;
	for (unsigned i = 0; i < a->n; i++) {
		int at = find(b, a->rows[i].name);
		if (at < 0 || !text_equal(a->rows[i].meaning, b->rows[at].meaning))
			return false;
	}
	return true;
}

struct text object_print(const struct object_parts *object)
{
	static char out[64 * 1024];
	char *at = out;
	*at++ = '{';
	for (unsigned i = 0; i < object->n; i++) {
		const struct object_part *p = &object->rows[i];
		must((size_t)(at - out) + p->raw_name.size + p->raw.size + 8 < sizeof(out));
		if (i)
			*at++ = ',';
		*at++ = '"';
		at = mempcpy(at, p->raw_name.data, p->raw_name.size);
		*at++ = '"';
		*at++ = ':';
		at = mempcpy(at, p->raw.data, p->raw.size);
	}
	*at++ = '}';
	return (struct text){out, (size_t)(at - out)};
}
