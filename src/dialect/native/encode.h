/*
 * How members of answers are written: fields.tbl.h names these functions. What there is none of is
 * left out: an empty text, an instant that is none, a row whose `when` is false.
 */
#pragma once

#include "dialect/native/native.h"

struct out {
	struct writer w;
	struct call *call;
	int64_t from_utc8;
};

/* An answer, with what is left of the key's limit; open: the object alone. */
void out_begin(struct out *o, struct call *call);
void out_open(struct out *o, struct call *call);
void out_end(struct out *o);
/* The ETag of a revision. */
void out_etag(struct call *call, uint64_t revision);

static inline void out_TEXT(struct out *o, const char *name, struct text value)
{
	if (value.size)
		write_text(&o->w, name, value);
}
static inline void out_WORD(struct out *o, const char *name, const char *word)
{
	write_plain(&o->w, name, text_of(word));
}
static inline void out_BOOL(struct out *o, const char *name, bool value)
{
	write_bool(&o->w, name, value);
}
static inline void out_FEN(struct out *o, const char *name, struct money value)
{
	write_int(&o->w, name, value.fen);
}
void out_MOMENT(struct out *o, const char *name, struct instant value);
/* A number; past 2^53, where a double loses it, as text. */
void out_NUMBER(struct out *o, const char *name, uint64_t value);
/* Ids are texts always. */
void out_DIGITS(struct out *o, const char *name, uint64_t value);
void out_ID(struct out *o, const char *name, uint64_t value);
void out_PERCENT(struct out *o, const char *name, uint64_t basis_points);

#define WORD_OF(name, value) words_##name.of[value]

/* Rows D of fields.tbl.h as statements. */
#define SHOW(how, wire, when, from, need, of, text) SHOW_##how(wire, when, from)
#define SHOW_PART(wire, when, from) \
	if (when)                   \
		from;
#define SHOW_BY(how, wire, when, from) \
	if (when)                      \
		out_##how(o, #wire, from);
#define SHOW_TEXT(wire, when, from)    SHOW_BY(TEXT, wire, when, from)
#define SHOW_WORD(wire, when, from)    SHOW_BY(WORD, wire, when, from)
#define SHOW_BOOL(wire, when, from)    SHOW_BY(BOOL, wire, when, from)
#define SHOW_FEN(wire, when, from)     SHOW_BY(FEN, wire, when, from)
#define SHOW_MOMENT(wire, when, from)  SHOW_BY(MOMENT, wire, when, from)
#define SHOW_NUMBER(wire, when, from)  SHOW_BY(NUMBER, wire, when, from)
#define SHOW_DIGITS(wire, when, from)  SHOW_BY(DIGITS, wire, when, from)
#define SHOW_ID(wire, when, from)      SHOW_BY(ID, wire, when, from)
#define SHOW_PERCENT(wire, when, from) SHOW_BY(PERCENT, wire, when, from)

/* A row that is not shown. */
#define SHOW_NOT(how, wire, when, from, need, of, text)

/* {code, title} of a fault. */
void show_reason(struct out *o, const char *name, enum fault fault);
void show_split(struct out *o, const struct money *split, unsigned n);
/* Members of a row of a file; `url` empty: no provider. */
void show_template_terms(struct out *o, const struct template *t, struct text url,
			 struct text app_key);
void show_campaign_plan(struct out *o, const struct campaign *c,
			const struct campaign_rewards *rewards);
/* encode_errand.c */
void show_provider(struct out *o, struct text url, struct text app_key);
void show_coupon_delivery(struct out *o, const struct coupon_view *v);

/* A page: {"data": [rows], "next_cursor"}. */
#define PAGE_BEGIN(o, call)    \
	out_begin(&(o), call); \
	write_begin_list(&(o).w, "data", "row")
/* next: the rank of the next page's first row; 0: there is none. */
enum fault page_end(struct out *o, uint64_t next);
/* The rank after n rows of `count` from where this page began. */
uint64_t page_next(const struct call *call, unsigned n, uint64_t count);
