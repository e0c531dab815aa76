/*
 * Rows of files, CSV and NDJSON: the kinds of row (kinds.tbl.h), how one is read into a command
 * (read.c, decode.c), written (write.c), and how all there are of a kind are walked (walk.c).
 * Shared by the command line and by jobs.
 *
 *   CSV      RFC 4180, a header row first, columns in any order
 *   NDJSON   a JSON object on each line, members as the columns are called; what is absent, null
 *            or "" is empty
 *
 * What no column says - a template's terms, a campaign's plan - is JSON in a column of its own, in
 * the words of the native API. Its fields stand above us: whoever opens a file, or walks, hands in
 * struct bulk_words.
 */
#pragma once

#include "base/buffer.h"
#include "bulk/csv.h"
#include "domain/domain.h"
#include "store/engine.h"

enum bulk_format {
	BULK_CSV,
	BULK_NDJSON,
	BULK_FOLLOWED, /* written only: NDJSON of {"entry":0,"row":{..}} */
};
/* By the name's end: .ndjson, .jsonl. Else CSV. */
enum bulk_format bulk_format_of(const char *file);
CHECKED bool bulk_format_read(struct text name, enum bulk_format *ret); /* "csv", "ndjson" */

enum column_form {
	FORM_TEXT,   /* bound in characters */
	FORM_LONG,   /* bound in bytes */
	FORM_NUMBER, /* 1 .. 2^63-1; JSON: a text, as no double holds them */
	FORM_COUNT,  /* the same; JSON: a number */
	FORM_SECOND, /* yyyy-MM-dd HH:mm:ss of UTC+8 */
	FORM_YUAN,   /* bound: the offset of the bool that says it is given */
	FORM_STATUS, /* of a coupon */
	FORM_FLAG,   /* true, false; bound: as of FORM_YUAN, or 0 */
	FORM_EVENT,  /* enum event_kind */
	FORM_OBJECT, /* JSON, as a text; bound in bytes */
	FORM_LIST,   /* the same */
};
enum column_use { COLUMN_OPTIONAL, COLUMN_REQUIRED, COLUMN_SHOWN /* read, but not used */ };
struct column {
	const char *name;
	size_t member;
	enum column_form form;
	size_t bound;
	enum column_use use;
	struct text member_name; /* as a row of JSON has it: ,"name": */
};
struct bulk_walk;
struct bulk_kind {
	const char *name;
	enum command command; /* that takes a row; 0: export only */
	size_t row_size, ret_size;
	const struct column *columns;
	unsigned column_count;
	enum fault (*slice)(struct bulk_walk *w, struct buffer *out); /* NULL: import only */
};
enum { COLUMNS_MAX = CSV_COLUMNS_MAX };
/* departments, customers, templates, coupons, campaigns, audience, events, webhooks. NULL: none of
 * these. */
const struct bulk_kind *bulk_kind_find(struct text name);
/* Who may read everything else may not read it: not for jobs. */
bool bulk_kind_is_for_administrators(const struct bulk_kind *kind);
/* Its rows may be asked for as they change: bulk_touches. */
bool bulk_kind_can_be_followed(const struct bulk_kind *kind);
/* "departments, customers, ..": what can be imported; exported. */
void bulk_kind_names(struct buffer *b, bool import);
/* Rows of jobs: who gets a coupon (struct customer); which coupon a verb is for (struct
 * coupon_change_cmd). */
extern const struct bulk_kind bulk_holders, bulk_recalls, bulk_extends;

struct text coupon_state_name(enum coupon_state state);
CHECKED bool coupon_state_read(struct text name, enum coupon_state *ret_state); /* storable ones */

/* --- rows that no command's struct is --- */
struct bulk_template {
	struct template_save_cmd save; /* first: it is the command */
	struct text terms;
};
struct bulk_campaign {
	struct campaign_save_cmd save; /* first: it is the command */
	struct text plan, departments;
	uint64_t activity_id;
	struct instant created, modified;
};
struct bulk_event {
	struct text code;
	uint64_t template_id;
	struct text customer_id;
	struct event event;
	bool has_discount;
};

struct bulk_webhook {
	uint64_t id;
	struct text url, events, label; /* events: "coupon.issued coupon.redeemed", "*": all */
	struct instant created, failing, suspended;
};

/* What became of a row of a job: row counts from 1; result is "ok" or a fault's name. */
struct bulk_outcome {
	uint64_t row;
	struct text result, field, code, customer_id;
};
extern const struct bulk_kind bulk_outcomes;

/* --- columns of JSON --- */
struct bulk_saying {
	struct text json;     /* an object, or a list */
	const char *prefix;   /* of the fields that are refused; NULL: none */
	bool private_targets; /* a provider may be at a private address */
	struct arena *arena;
	struct detail *detail; /* of a refusal */
};
struct bulk_words {
	void (*write_terms)(struct buffer *to, const struct template *t, const struct provider *p);
	enum fault (*read_terms)(const struct bulk_saying *s, struct template_save_cmd *into);
	void (*write_plan)(struct buffer *to, const struct campaign *c,
			   const struct campaign_rewards *rewards);
	enum fault (*read_plan)(const struct bulk_saying *s, struct campaign_save_cmd *into);
	void (*write_departments)(struct buffer *to, const struct department *rows, unsigned n);
	enum fault (*read_departments)(const struct bulk_saying *s, struct campaign_save_cmd *into);
	struct text (*word_of)(struct text field); /* a command's member */
};

/* --- read.c: one file --- */
struct bulk_row {
	uint64_t line;
	struct text cells[COLUMNS_MAX]; /* CSV: as in the file; NDJSON: by column */
	unsigned n;
	struct text raw;  /* NDJSON: the line */
	enum fault fault; /* it cannot be read */
	struct detail detail;
};
enum bulk_result { BULK_ROW, BULK_END, BULK_UNREADABLE };
struct bulk_reader {
	const struct bulk_kind *kind;
	enum bulk_format format;
	struct csv *csv;
	int column_of[COLUMNS_MAX]; /* cell -> column */
	struct text header[COLUMNS_MAX];
	unsigned cell_count;
	/* set by whoever opens it */
	const struct bulk_words *words;
	bool private_targets;
	struct text campaign; /* audience: its source code, of rows that name none */
	struct arena header_arena, arena;
};
/* fd is read, not closed. Also where it fails bulk_close must be called. A fault: *ret_why is a
 * sentence, in the reader's memory. */
CHECKED enum fault bulk_open(struct bulk_reader *r, const struct bulk_kind *kind,
			     enum bulk_format format, int fd, struct text *ret_why);
void bulk_close(struct bulk_reader *r);
/* Goes on behind byte `at`, where `line` lines stand before; at 0: where it is. */
CHECKED bool bulk_seek(struct bulk_reader *r, uint64_t at, uint64_t line);
/* Texts live until the next call. Every row has the same cells as the file's first. */
enum bulk_result bulk_next(struct bulk_reader *r, struct bulk_row *ret);
/* Bytes up to and with the last row; lines. */
uint64_t bulk_at(const struct bulk_reader *r);
uint64_t bulk_line(const struct bulk_reader *r);
/* A row's cells into a zeroed struct of the kind; texts stay the cells'. */
CHECKED enum fault bulk_decode(const struct bulk_reader *r, const struct bulk_row *row,
			       struct arena *arena, void *into, struct detail *ret_detail);

/* What a command refused, as the file calls it: a column, or a member of a column of JSON. */
struct text bulk_field(const struct bulk_reader *r, struct text field, struct arena *arena);

/* --- write.c --- */
/* The header row; nothing in NDJSON. */
void bulk_write_header(struct buffer *out, const struct bulk_kind *kind, enum bulk_format format);
void bulk_write_row(struct buffer *out, const struct bulk_kind *kind, enum bulk_format format,
		    const void *row);
/* The object of a row, without a line's end. */
void bulk_write_object(struct buffer *out, const struct bulk_kind *kind, const void *row);

/* --- walk.c: all there are of a kind, oldest first, a slice at a time --- */
struct bulk_walk {
	const struct bulk_kind *kind;
	enum bulk_format format;
	const struct bulk_words *words;
	struct arena *arena; /* of the reads */
	/* A command that reads, in a transaction that lasts as long as the slice. */
	enum fault (*read)(void *context, enum command command, const void *cmd, void *ret);
	void *context;
	/* where it is; `position` alone says where to go on */
	uint64_t position;
	uint64_t rows;	      /* written */
	uint64_t done, count; /* of the list that is walked */
	bool end;
};
enum { BULK_SLICE = 1000 };
/* Writes the rows of the next records; sets position, rows, end. */
CHECKED enum fault bulk_slice(struct bulk_walk *w, struct buffer *out);
/* Rows of these records, as they are now. */
struct coupon_import_cmd bulk_coupon_row(const struct coupon_view *view);
struct bulk_campaign bulk_campaign_row(const struct campaign *c);
struct audience_add_cmd bulk_member_row(const struct campaign *c, const struct member *m,
					const struct customer *customer);
/* Adds what stands in columns of JSON; they live as long as `json`, which is cleared. */
struct bulk_template bulk_template_row(const struct bulk_words *words, const struct template *t,
				       const struct provider *p, struct buffer *json);
void bulk_campaign_say(const struct bulk_words *words, const struct campaign *c,
		       const struct campaign_shown *shown, struct buffer *json,
		       struct bulk_campaign *row);
/* A row of each event of the coupon's timeline; says how many. */
CHECKED enum fault bulk_write_events(struct buffer *out, const struct bulk_kind *kind,
				     enum bulk_format format, const struct coupon_view *view,
				     struct arena *arena, uint64_t *ret_n);

/* --- changed.c, changed_audience.c: the rows of records that a ledger entry names --- */
struct bulk_key {
	uint64_t number; /* a coupon's id, else the record's; 0: all of the campaign's members */
	uint64_t of;	 /* audience: the campaign's number */
};
/* Whether rows of that kind change with it, and the key by which bulk_changed finds them. */
CHECKED bool bulk_touches(const struct bulk_kind *kind, const struct ledger_entry *entry,
			  const struct ledger_image *image, struct bulk_key *ret_key);
struct bulk_changed_cmd {
	const struct bulk_kind *kind;
	const struct bulk_words *words;
	const struct bulk_key *keys;
	unsigned n;
	/* Before and behind each row: {"entry":7,"row":.. } */
	struct text before, behind;
	struct buffer *out;
};
/* A handler that reads (reader_apply): writes the rows as they are now, as NDJSON; of what is
 * deleted a row with nothing but what names it and "gone": true. Of audiences see
 * changed_audience.c. */
enum fault bulk_changed(struct tx *tx, const struct env *env, const void *cmd, void *ret);
