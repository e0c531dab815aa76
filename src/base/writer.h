/*
 * One way to write a reply, two faces: JSON and XML. The encoder says what there is; the
 * writer knows commas, tags and escapes.
 *
 *   begin(w, name)                 an object member called name (root: the document's only member)
 *   begin_list(w, name, item)      a list; XML and wrapped JSON call each item `item`
 *   end(w)                         closes the innermost begin or begin_list
 *   text/int/... (w, name, value)  a scalar member; inside a list the name is ignored
 *
 * JSON, wrapped (TOP default):   "name":{"item":[..]}      JSON, plain: "name":[..]
 * XML:                           <name><item>..</item></name>
 */
#pragma once

#include "base/base.h"
#include "base/buffer.h"

enum writer_face { WRITER_JSON, WRITER_JSON_WRAPPED, WRITER_XML };
enum { WRITER_DEPTH_MAX = 16 };

struct writer {
	struct buffer *out;
	enum writer_face face;
	unsigned depth;
	struct {
		struct text name; /* XML: tag to close; lists: tag of each item */
		struct text item;
		bool is_list;
		bool wrapped; /* JSON: a list inside its item wrapper */
		bool some;    /* something was written: a comma is due */
	} level[WRITER_DEPTH_MAX];
};

/* JSON: writes "{" at once. XML: writes the declaration; the first begin is the root element. */
void writer_init(struct writer *w, struct buffer *out, enum writer_face face);
void writer_finish(struct writer *w); /* closes what init opened; every begin must be ended */
void write_begin(struct writer *w, const char *name);
void write_begin_list(struct writer *w, const char *name, const char *item);
void write_end(struct writer *w);
void write_named_text(struct writer *w, struct text name, struct text value);
void write_named_plain(struct writer *w, struct text name, struct text value);
static inline void write_text(struct writer *w, const char *name, struct text value)
{
	write_named_text(w, text_of(name), value);
}
/* As write_text, for a value that has nothing to escape in either face: digits, a date, a word of
 * our own. Quicker. */
static inline void write_plain(struct writer *w, const char *name, struct text value)
{
	write_named_plain(w, text_of(name), value);
}
/* Once more what stands at out->data + from .. to: whole members, and not the first ones of their
 * level there and the others of it here. */
void write_again(struct writer *w, size_t from, size_t to);
void write_int(struct writer *w, const char *name, int64_t value);
void write_bool(struct writer *w, const char *name, bool value);
/* JSON only: bytes that are a JSON value already. */
void write_raw(struct writer *w, const char *name, struct text json);
/* As write_raw, with the member's raw name (already escaped, without quotes). */
void write_raw_name(struct writer *w, struct text raw_name, struct text json);
