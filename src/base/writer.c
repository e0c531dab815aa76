/*
 * The two faces of a reply. Commas and tags come from the stack of open levels: level 0 is the
 * document, each begin adds one. Past a full buffer everything goes on and nothing is written.
 */
#include "base/writer.h"

#include "base/json.h"
#include "base/json_raw.h"
#include "base/utf8.h"

void writer_init(struct writer *w, struct buffer *out, enum writer_face face)
{
	w->out = out;
	w->face = face;
	w->depth = 0;
	memset(&w->level[0], 0, sizeof(w->level[0]));
	if (face == WRITER_XML)
		buffer_text(out, TEXT("<?xml version=\"1.0\" encoding=\"UTF-8\"?>"));
	else
		buffer_byte(out, '{');
}

void writer_finish(struct writer *w)
{
	must(w->depth == 0);
	if (w->face != WRITER_XML)
		buffer_byte(w->out, '}');
}

/* Writes what stands before a value, the comma that is due and "name":, and leaves room for `more`
 * bytes behind it. Our own names need no escapes. NULL: no room. */
static inline char *json_begin(struct writer *w, struct text raw_name, size_t more)
{
	char *to = buffer_room(w->out, raw_name.size + more + 4);
	bool comma = w->level[w->depth].some, named = !w->level[w->depth].is_list;
	w->level[w->depth].some = true;
	if (!to)
		return NULL;
	if (comma)
		*to++ = ',';
	if (named) {
		*to++ = '"';
		if (raw_name.size)
			to = (char *)memcpy(to, raw_name.data, raw_name.size) + raw_name.size;
		*to++ = '"';
		*to++ = ':';
	}
	return to;
}

static void json_end(struct writer *w, const char *behind)
{
	w->out->size = (size_t)(behind - w->out->data);
}

static void json_lead(struct writer *w, struct text raw_name)
{
	char *to = json_begin(w, raw_name, 0);
	if (to)
		json_end(w, to);
}

/* <name> or </name> */
static void xml_tag(struct buffer *b, struct text name, bool closing)
{
	must(name.size > 0);
	char *to = buffer_room(b, name.size + 3);
	if (!to)
		return;
	*to++ = '<';
	if (closing)
		*to++ = '/';
	memcpy(to, name.data, name.size);
	to[name.size] = '>';
	b->size += name.size + 2 + closing;
}

/* The tag of what is written next. */
static struct text xml_name(const struct writer *w, struct text name)
{
	return w->level[w->depth].is_list ? w->level[w->depth].item : name;
}

static void push(struct writer *w, struct text name)
{
	must(w->depth + 1 < WRITER_DEPTH_MAX);
	w->depth++;
	memset(&w->level[w->depth], 0, sizeof(w->level[0]));
	w->level[w->depth].name = name;
}

/* A new level under a member's name, its JSON bracket written. */
static void open_level(struct writer *w, const char *name, char bracket)
{
	struct text tag = TEXT_NONE;
	if (w->face == WRITER_XML) {
		tag = xml_name(w, text_of(name));
		xml_tag(w->out, tag, false);
	} else {
		json_lead(w, text_of(name));
		buffer_byte(w->out, bracket);
	}
	push(w, tag);
}

void write_begin(struct writer *w, const char *name)
{
	bool item = w->level[w->depth].is_list && w->face != WRITER_XML;
	if (!item) {
		open_level(w, name, '{');
		return;
	}
	/* Mostly it is one more of a list, and has no name. */
	char *to = json_begin(w, TEXT_NONE, 1);
	if (to) {
		*to++ = '{';
		json_end(w, to);
	}
	push(w, TEXT_NONE);
}

void write_begin_list(struct writer *w, const char *name, const char *item)
{
	bool wrapped = w->face == WRITER_JSON_WRAPPED;
	open_level(w, name, wrapped ? '{' : '[');
	if (wrapped) {
		json_lead(w, text_of(item));
		buffer_byte(w->out, '[');
	}
	w->level[w->depth].item = text_of(item);
	w->level[w->depth].is_list = true;
	w->level[w->depth].wrapped = wrapped;
	w->level[w->depth].some = false;
}

void write_end(struct writer *w)
{
	must(w->depth > 0);
	if (w->face == WRITER_XML)
		xml_tag(w->out, w->level[w->depth].name, true);
	else if (w->level[w->depth].wrapped)
		buffer_text(w->out, TEXT("]}"));
	else
		buffer_byte(w->out, w->level[w->depth].is_list ? ']' : '}');
	w->depth--;
}

static struct text xml_entity(char c)
{
	switch (c) {
	case '&':
		return TEXT("&amp;");
	case '<':
		return TEXT("&lt;");
	case '>':
		return TEXT("&gt;");
	case '"':
		return TEXT("&quot;");
	case '\'':
		return TEXT("&apos;");
	case '\r':
		return TEXT("&#13;"); /* a reader would make a line feed of a bare one */
	default:
		return TEXT_NONE;
	}
}

/* Bytes up to the first that needs an entity. */
static inline size_t xml_plain_run(const char *begin, const char *end)
{
	const char *at = begin;
	for (; end - at >= 8; at += 8) {
		uint64_t word = load8(at), even = word & ~BYTES8(1), flat = word & ~BYTES8(2);
		uint64_t mark = mark_byte(even, '&') | mark_byte(flat, '<') | mark_byte(word, '"') |
				mark_byte(word, '\r');
		mark &= ~word;
		if (mark)
			return (size_t)(at - begin) + first_mark(mark);
	}
	while (at < end && xml_entity(*at).size == 0)
		at++;
	return (size_t)(at - begin);
}

static void xml_text(struct buffer *b, struct text t)
{
	const char *at = t.data, *end = text_end(t);
	while (at < end) {
		size_t run = xml_plain_run(at, end);
		buffer_add(b, at, run);
		at += run;
		if (at < end)
			buffer_text(b, xml_entity(*at++));
	}
}

/* "name":"value" in one piece. */
static void json_plain(struct writer *w, struct text raw_name, struct text value)
{
	char *to = json_begin(w, raw_name, value.size + 2);
	if (!to)
		return;
	*to++ = '"';
	if (value.size)
		to = (char *)memcpy(to, value.data, value.size) + value.size;
	*to++ = '"';
	json_end(w, to);
}

void write_named_text(struct writer *w, struct text name, struct text value)
{
	if (w->face == WRITER_XML) {
		struct text tag = xml_name(w, name);
		xml_tag(w->out, tag, false);
		xml_text(w->out, value);
		xml_tag(w->out, tag, true);
		return;
	}
	size_t plain = json_plain_run(value.data, text_end(value));
	if (plain == value.size) {
		json_plain(w, name, value);
		return;
	}
	json_lead(w, name);
	buffer_json_text(w->out, value);
}

void write_named_plain(struct writer *w, struct text name, struct text value)
{
	if (w->face == WRITER_XML) {
		struct text tag = xml_name(w, name);
		xml_tag(w->out, tag, false);
		buffer_text(w->out, value);
		xml_tag(w->out, tag, true);
		return;
	}
	json_plain(w, name, value);
}

void write_again(struct writer *w, size_t from, size_t to)
{
	must(from <= to && to <= w->out->size);
	char *room = buffer_room(w->out, to - from);
	if (!room)
		return;
	memcpy(room, w->out->data + from, to - from);
	w->out->size += to - from;
	w->level[w->depth].some = true;
}

/* A scalar that reads the same in every face. */
static void write_word(struct writer *w, const char *name, struct text word)
{
	if (w->face == WRITER_XML) {
		write_text(w, name, word);
		return;
	}
	json_lead(w, text_of(name));
	buffer_text(w->out, word);
}

void write_int(struct writer *w, const char *name, int64_t value)
{
	char digits[24];
	struct buffer b;
	buffer_init_fixed(&b, digits, sizeof(digits));
	buffer_int64(&b, value);
	write_word(w, name, buffer_get(&b));
}

void write_bool(struct writer *w, const char *name, bool value)
{
	write_word(w, name, value ? TEXT("true") : TEXT("false"));
}

void write_raw(struct writer *w, const char *name, struct text json)
{
	write_raw_name(w, text_of(name), json);
}

void write_raw_name(struct writer *w, struct text raw_name, struct text json)
{
	must(w->face != WRITER_XML);
	json_lead(w, raw_name);
	buffer_text(w->out, json);
}
