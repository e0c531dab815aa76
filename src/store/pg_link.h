/*
 * A connection and its pipeline: statements are sent without waiting, prepared where they are new
 * to the connection, and read together. What struct pg is, for pg_*.c only.
 *
 * What is sent goes in groups, each ended by a sync: a failed statement ends its own group only.
 * Results are read in the order of sending; a group may be sent while another's results are still
 * to be read.
 *
 * States: RESTING (no transaction; also after a fault), LOOKING (a read was begun and BEGIN not
 * sent yet), OPEN (inside a transaction, perhaps a failed one). A connection that broke is dropped
 * and made again by the next begin.
 */
#pragma once

#include "store/pg.h"
#include "store/pg_sql.h"

#include <libpq-fe.h>

enum link_state { LINK_RESTING, LINK_LOOKING, LINK_OPEN };

/* What went wrong first. */
enum trouble {
	TROUBLE_NONE,
	TROUBLE_PASSES, /* trying again may help */
	TROUBLE_STAYS,	/* it will not */
	TROUBLE_LOST,	/* the connection went, and what it last did is not known */
};

struct sent {
	struct sql_statement statement;
	unsigned variant;
	bool prepares, syncs;
	unsigned tag;
};
struct load;

/* Sets of columns for which there is a statement, or may be one as soon as it is wanted: a
 * connection's, of an action and a table. Variant n is at [n - 1]; variant 0 takes whole rows. */
enum { LINK_VARIANTS_MAX = 7, LINK_VARIED = SQL_INSERT_MANY - SQL_UPSERT + 1 };
struct link_variants {
	struct sql_columns at[LINK_VARIANTS_MAX];
	uint8_t count;
};

/* A statement's parameters, in binary form. */
struct link_values {
	unsigned count;
	const char *at[SQL_COLUMNS_MAX + 1];
	int sizes[SQL_COLUMNS_MAX + 1];
	char merchant[8];
	char numbers[4][8]; /* for who needs some */
	unsigned number_count;
};

/* Gets the result of each statement, in order; not those of link_say. */
struct link_reader {
	enum fault (*see)(struct link_reader *reader, unsigned tag, const PGresult *result);
};

struct pg {
	char *url;
	struct pg_config config;
	PGconn *connection; /* NULL: none now */
	enum link_state state;
	bool owes_end;	   /* the results of a ROLLBACK are still to be read */
	bool unsent;	   /* something could not even be sent */
	struct sent *sent; /* results to come */
	unsigned sent_count, read_count, sent_capacity;
	uint8_t prepared[SQL_ACTION_COUNT][SQL_IDS_MAX]; /* a bit for each variant */
	struct link_variants variants[LINK_VARIED][SQL_TABLE_COUNT];
	enum trouble trouble; /* of the last group that was read */
	unsigned trouble_at;  /* which of the results */
	uint64_t round_trips;
	int64_t planned_us; /* when plans were last thrown away */
	struct buffer sql;
	struct buffer value; /* one row on its way out */
	struct load *begun;  /* a write's beginning that was sent and not read */
	bool bad_row;	     /* of the commit that is under way: a change is no row */
	unsigned commit_at;  /* which of the results is COMMIT's */
	struct pg_array arrays[SQL_COLUMNS_MAX]; /* of the statement that is being made */
	struct pg_array merchants;		 /* its rows', where they have several */
	bool distributed;			 /* there is Citus */
	char why[512];
};

enum {
	LINK_BYTES_MAX = 64 * 1024 * 1024, /* of one parameter, and of one row */
	LINK_TAG_SAID = UINT16_MAX,	   /* tag of link_say */
};

/* The beginning of a write: what is sent, and who reads it (tags: STATEMENT_LOCK_HEAD,
 * STATEMENT_NEWEST_ENTRY). */
struct head_reader {
	struct link_reader reader; /* first */
	struct head head;
	bool locked;
};
void head_reader_init(struct head_reader *h);
/* Of STATEMENT_NEWEST_ENTRY or NEWEST_ENTRIES, all but `slots`. */
CHECKED bool link_head(const PGresult *r, int row, struct head *ret);
void begin_send(struct pg *p, uint64_t merchant);
/* pg_load_many whose exchange begins with what was sent before it, which `beginning` reads. */
CHECKED enum fault load_many(struct pg *p, const struct pg_wants *wants,
			     struct link_reader *beginning);
/* Forgets what pg_begin_write_send keeps; its results are read or lost. */
void load_forget(struct pg *p);

struct pg *link_make(const char *url); /* not connected */
/* Connects when there is no connection. BUSY, DATA_MISSING, SCHEMA_NEWER, SCHEMA_REFUSED,
 * DATA_DAMAGED; p->why. */
CHECKED enum fault link_connect(struct pg *p);
/* The same without looking at the schema: migrate. */
CHECKED enum fault link_connect_bare(struct pg *p);
void link_drop(struct pg *p);
/* Statements whose rows nobody wants, on a connection without the pipeline. */
CHECKED enum fault link_run(struct pg *p, const char *sql);

void values_begin(struct link_values *v, uint64_t merchant);
/* What is in p->merchants. */
void values_begin_many(struct link_values *v, struct pg *p);
void merchants_add(struct pg *p, uint64_t merchant);
void values_add(struct link_values *v, struct text value);
void values_add_null(struct link_values *v);
void values_add_number(struct link_values *v, int64_t number);

/* The merchant and the leading columns of a path's key, one value each. */
struct link_keys {
	struct link_values values;
	char numbers[PATH_KEYS_MAX][8];
};
void keys_begin(struct link_keys *k, uint64_t merchant);
void keys_add(struct link_keys *k, unsigned path, const struct pg_value *values, unsigned n);

void link_send(struct pg *p, struct sql_statement s, const struct link_values *values,
	       unsigned tag);
/* Of an UPSERT or INSERT the variant that takes at least these columns, and no more than those as
 * `one`. `worth`: another one may be prepared for it. */
unsigned link_choose(struct pg *p, struct sql_statement s, struct sql_columns needed, bool worth);
struct sql_columns link_columns(const struct pg *p, struct sql_statement s, unsigned variant);
/* Nobody wants its result. */
void link_send_rows(struct pg *p, struct sql_statement s, unsigned variant,
		    const struct link_values *values);
void link_say(struct pg *p, const char *sql);
void link_say_begin(struct pg *p, const char *sql);
/* Ends a group, and sends it; a failure is told by link_pull. */
void link_push(struct pg *p);
/* Reads the results of a group that was pushed. */
CHECKED enum fault link_pull(struct pg *p, struct link_reader *reader);
/* The same in steps, for nobody: those before the one at `end`, and the rest. */
void link_pull_begin(struct pg *p);
void link_pull_until(struct pg *p, unsigned end);
CHECKED enum fault link_pull_rest(struct pg *p);
/* Both: sends what is left and reads all results. BUSY or DATA_DAMAGED, with p->trouble and p->why;
 * or what the reader said first. */
CHECKED enum fault link_finish(struct pg *p, struct link_reader *reader);
/* Sends the BEGIN of a read that has not been sent yet. */
void link_look(struct pg *p);
/* One statement that gives one number (or instant), or nothing; in a transaction or without. */
CHECKED enum fault link_ask(struct pg *p, enum sql_statement_id id, const struct link_values *v,
			    bool *ret_there, int64_t *ret);
/* A cell; false when it is NULL. */
static inline bool link_cell(const PGresult *r, int row, int column, struct text *ret)
{
	*ret = (struct text){PQgetvalue(r, row, column), (size_t)PQgetlength(r, row, column)};
	return !PQgetisnull(r, row, column);
}
CHECKED bool link_number(const PGresult *r, int row, int column, int64_t *ret);

/* Notes what went wrong: a result's state and message, or the connection's. */
void link_note(struct pg *p, const PGresult *r);
void link_explain(struct pg *p, const char *format, ...) __attribute__((format(printf, 2, 3)));
