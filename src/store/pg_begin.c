/* Opening and closing, and a transaction's begin and end: see pg.h. */
#include "base/file.h"
#include "store/pg_link.h"
#include "store/pg_migrate.h"

static struct sql_statement written(enum sql_statement_id id)
{
	return (struct sql_statement){SQL_WRITTEN, id};
}

/* --- life --- */

struct pg *link_make(const char *url)
{
	struct pg *p = calloc(1, sizeof(*p));
	must(p);
	p->url = text_print("%s", url);
	buffer_init(&p->sql, LINK_BYTES_MAX);
	buffer_init(&p->value, LINK_BYTES_MAX);
	for (unsigned i = 0; i < COUNT_OF(p->arrays); i++)
		array_init(&p->arrays[i], LINK_BYTES_MAX);
	array_init(&p->merchants, LINK_BYTES_MAX);
	return p;
}

bool pg_is_address(const char *place)
{
	struct text t = text_of(place);
	return text_starts_with(t, TEXT("postgresql://")) ||
	       text_starts_with(t, TEXT("postgres://"));
}

enum fault pg_open(const struct pg_config *c, struct pg **ret, char **ret_why)
{
	*ret = NULL;
	*ret_why = NULL;
	if (c->create)
		TRY(pg_migrate(&(struct migrate_config){.url = c->url}, ret_why));
	struct pg *p = link_make(c->url);
	p->config = *c;
	p->config.url = p->url;
	enum fault fault = link_connect(p);
	if (fault == OK) {
		*ret = p;
		return OK;
	}
	*ret_why = text_print("%s", p->why);
	pg_close(p);
	return fault;
}

void pg_close(struct pg *p)
{
	if (!p)
		return;
	link_drop(p);
	buffer_release(&p->sql);
	buffer_release(&p->value);
	for (unsigned i = 0; i < COUNT_OF(p->arrays); i++)
		array_release(&p->arrays[i]);
	array_release(&p->merchants);
	free(p->sent);
	free(p->url);
	free(p);
}

const char *pg_why(const struct pg *p)
{
	return p->why;
}

uint64_t pg_round_trips(const struct pg *p)
{
	return p->round_trips;
}

/* --- transactions --- */

enum fault pg_begin_read(struct pg *p)
{
	must(p->state == LINK_RESTING);
	TRY(link_connect(p));
	p->state = LINK_LOOKING;
	return OK;
}

void link_look(struct pg *p)
{
	if (p->state != LINK_LOOKING)
		return;
	link_say_begin(p, "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY");
	p->state = LINK_OPEN;
}

bool link_head(const PGresult *r, int row, struct head *ret)
{
	int64_t number, next, ahead;
	struct text instant, hash;
	struct pg_value value;
	if (!link_number(r, row, 0, &number) || !link_cell(r, row, 1, &instant) ||
	    !value_read(COLUMN_INSTANT, instant, &value) || !link_number(r, row, 2, &next) ||
	    !link_cell(r, row, 3, &hash) || hash.size != sizeof(ret->hash) ||
	    !link_number(r, row, 4, &ahead))
		return false;
	*ret = (struct head){.number = (uint64_t)number,
			     .instant = {value.number},
			     .next_number = (uint64_t)next,
			     .ahead_ms = ahead};
	memcpy(ret->hash, hash.data, hash.size);
	return true;
}

static enum fault see_head(struct link_reader *reader, unsigned tag, const PGresult *r)
{
	struct head_reader *h = (struct head_reader *)(void *)reader;
	if (tag == STATEMENT_LOCK_HEAD)
		h->locked = PQntuples(r) == 1;
	if (tag != STATEMENT_NEWEST_ENTRY || PQntuples(r) == 0)
		return OK;
	return link_head(r, 0, &h->head) ? OK : FAULT_DATA_DAMAGED;
}

static void send_written(struct pg *p, enum sql_statement_id id, const struct link_values *v)
{
	link_send(p, written(id), v, id);
}

/* Each in a statement of its own: what comes after the lock sees what the last holder wrote. */
static enum fault lock_head(struct pg *p, struct head_reader *h, const struct link_values *v)
{
	send_written(p, STATEMENT_LOCK_HEAD, v);
	send_written(p, STATEMENT_NEWEST_ENTRY, v);
	return link_finish(p, &h->reader);
}

void begin_send(struct pg *p, uint64_t merchant)
{
	struct link_values v;
	must(p->state == LINK_RESTING);
	p->state = LINK_OPEN;
	values_begin(&v, merchant);
	link_say_begin(p, "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE");
	send_written(p, STATEMENT_LOCK_HEAD, &v);
	send_written(p, STATEMENT_NEWEST_ENTRY, &v);
}

void head_reader_init(struct head_reader *h)
{
	*h = (struct head_reader){.reader = {see_head}, .head = {.next_number = 1}};
}

static enum fault begin_write(struct pg *p, uint64_t merchant, struct head_reader *h)
{
	struct link_values v;
	head_reader_init(h);
	TRY(link_connect(p));
	begin_send(p, merchant);
	TRY(link_finish(p, &h->reader));
	if (h->locked)
		return OK;
	values_begin(&v, merchant);
	send_written(p, STATEMENT_MAKE_HEAD, &v);
	TRY(lock_head(p, h, &v));
	return h->locked ? OK : FAULT_BUSY;
}

enum fault pg_begin_write(struct pg *p, uint64_t merchant, struct head *ret_head)
{
	struct head_reader h;
	TRY(begin_write(p, merchant, &h));
	*ret_head = h.head;
	return OK;
}

/* --- several merchants --- */

bool pg_may_join(const struct pg *p)
{
	return !p->distributed;
}

struct heads_reader {
	struct link_reader reader; /* first */
	struct pg_locked *at;
	unsigned n;
};

static enum fault see_locked(struct heads_reader *h, const PGresult *r)
{
	int64_t merchant;
	for (int i = 0; i < PQntuples(r); i++) {
		if (!link_number(r, i, 0, &merchant))
			return FAULT_DATA_DAMAGED;
		for (unsigned m = 0; m < h->n; m++)
			h->at[m].locked |= h->at[m].merchant == (uint64_t)merchant;
	}
	return OK;
}

static enum fault see_heads(struct link_reader *reader, unsigned tag, const PGresult *r)
{
	struct heads_reader *h = (struct heads_reader *)(void *)reader;
	int64_t nth;
	if (tag != STATEMENT_NEWEST_ENTRIES)
		return see_locked(h, r);
	for (int i = 0; i < PQntuples(r); i++)
		if (!link_number(r, i, 5, &nth) || nth < 1 || nth > h->n ||
		    !link_head(r, i, &h->at[nth - 1].head))
			return FAULT_DATA_DAMAGED;
	return OK;
}

static void lock_heads(struct pg *p, const struct pg_locked *at, unsigned n, bool wait)
{
	struct link_values v;
	unsigned some = 0;
	array_clear(&p->merchants);
	for (unsigned i = 0; i < n; i++)
		if (at[i].wait == wait) {
			merchants_add(p, at[i].merchant);
			some++;
		}
	if (!some)
		return;
	if (wait)
		link_say(p, "SET LOCAL lock_timeout = 250");
	values_begin_many(&v, p);
	send_written(p, wait ? STATEMENT_LOCK_HEADS : STATEMENT_LOCK_FREE_HEADS, &v);
}

enum fault pg_begin_many(struct pg *p, struct pg_locked *at, unsigned n,
			 const struct pg_wants *wants)
{
	struct heads_reader h = {{see_heads}, at, n};
	struct link_values v;
	must(p->state == LINK_RESTING && n > 0);
	TRY(link_connect(p));
	p->state = LINK_OPEN;
	link_say_begin(p, "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE");
	lock_heads(p, at, n, true);
	lock_heads(p, at, n, false);
	array_clear(&p->merchants);
	for (unsigned i = 0; i < n; i++) {
		at[i].head = (struct head){.next_number = 1};
		at[i].locked = false;
		merchants_add(p, at[i].merchant);
	}
	values_begin_many(&v, p);
	send_written(p, STATEMENT_NEWEST_ENTRIES, &v);
	return load_many(p, wants, &h.reader);
}

/* A beginning that nobody goes on with. */
static void read_begun(struct pg *p)
{
	char why[sizeof(p->why)];
	if (!p->begun)
		return;
	memcpy(why, p->why, sizeof(why)); /* what failed first says more */
	if (p->connection)
		(void)!link_pull(p, NULL);
	load_forget(p);
	memcpy(p->why, why, sizeof(why));
}

/* Sent, and not waited for: the next exchange reads what became of it. */
void pg_rollback(struct pg *p)
{
	read_begun(p);
	if (p->state == LINK_OPEN && p->connection) {
		must(p->sent_count == 0 && !p->owes_end);
		if (PQsendQueryParams(p->connection, "ROLLBACK", 0, NULL, NULL, NULL, NULL, 1) ==
			1 &&
		    PQpipelineSync(p->connection) == 1)
			p->owes_end = true;
		else
			link_drop(p);
	}
	p->state = LINK_RESTING;
}

/* --- questions --- */

struct number_reader {
	struct link_reader reader; /* first */
	bool there;
	struct pg_value value;
};

static enum fault see_value(struct link_reader *reader, unsigned tag, const PGresult *r)
{
	struct number_reader *n = (struct number_reader *)(void *)reader;
	enum column_kind kind = tag == STATEMENT_CLOCK ? COLUMN_INSTANT : COLUMN_BIGINT;
	struct text bytes;
	n->there = PQntuples(r) > 0 && link_cell(r, 0, 0, &bytes);
	return !n->there || value_read(kind, bytes, &n->value) ? OK : FAULT_DATA_DAMAGED;
}

enum fault link_ask(struct pg *p, enum sql_statement_id id, const struct link_values *v,
		    bool *ret_there, int64_t *ret)
{
	struct number_reader n = {.reader = {see_value}};
	if (p->state == LINK_RESTING)
		TRY(link_connect(p));
	link_look(p);
	send_written(p, id, v);
	TRY(link_finish(p, &n.reader));
	*ret_there = n.there;
	*ret = n.value.number;
	return OK;
}

enum fault pg_wipe_keys(struct pg *p, uint64_t merchant)
{
	struct link_values v;
	bool some;
	int64_t slot;
	must(p->state == LINK_RESTING);
	values_begin(&v, merchant);
	return link_ask(p, STATEMENT_WIPE_KEYS, &v, &some, &slot);
}

static enum fault was_committed(struct pg *p, uint64_t merchant, struct batch_id id, bool *ret)
{
	struct head_reader h;
	struct link_values v;
	int64_t number;
	TRY(begin_write(p, merchant, &h));
	values_begin(&v, merchant);
	values_add_number(&v, (int64_t)id.node);
	values_add_number(&v, (int64_t)id.number);
	return link_ask(p, STATEMENT_FIND_BATCH, &v, ret, &number);
}

enum fault pg_was_committed(struct pg *p, uint64_t merchant, struct batch_id id, bool *ret_there)
{
	enum fault fault = was_committed(p, merchant, id, ret_there);
	pg_rollback(p);
	return fault;
}

enum fault pg_clock(struct pg *p, struct instant *ret_now)
{
	struct link_values none = {0};
	bool there;
	TRY(link_ask(p, STATEMENT_CLOCK, &none, &there, &ret_now->ms));
	return there ? OK : FAULT_DATA_DAMAGED;
}
