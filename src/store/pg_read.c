/*
 * Reads over a connection. A get of a row that is not at hand loads it, and all that was wanted,
 * and goes on: a read is alone on its connection, so nothing is gained by running it again.
 *
 * A reader is CLOSED (no connection: before its first use, after trouble), RESTING, or OPEN (a
 * transaction that sees one state of the store; begun with the first load).
 */
#include "store/pg_due.h"
#include "store/pg_engine.h"

struct pg_reader {
	struct reader_base base; /* first */
	struct pg *pg;		 /* NULL: none */
	bool open;
	bool keeps; /* what was loaded stays for the next transaction */
	struct loaded rows;
	struct keyring_rows keys;
	struct rounds *rounds; /* of reader_try; made when it is first used */
};

static struct pg_reader *reader_of(struct reader *r)
{
	return (struct pg_reader *)(void *)r;
}

static struct pg_engine *engine_of(const struct pg_reader *r)
{
	return pg_engine_of(r->base.engine);
}

/* ---- loading ---- */

struct filler {
	struct pg_sink sink; /* first */
	struct loaded *rows;
};

static void set_row(struct pg_sink *sink, struct text key, const struct text *value)
{
	loaded_set(((struct filler *)(void *)sink)->rows, key, value);
}

static void set_scanned(struct pg_sink *sink, struct text key, const struct text *value)
{
	struct loaded *rows = ((struct filler *)(void *)sink)->rows;
	must(value);
	if (text_starts_with(key, rows->scan.prefix))
		loaded_scanned(rows, key, *value);
	else
		loaded_set(rows, key, value);
}

enum fault pg_fill_scan(struct pg *p, struct loaded *rows)
{
	struct filler filler = {{set_row}, rows};
	const struct loaded_scan *s = loaded_wants_scan(rows);
	if (!s)
		return OK;
	struct pg_scan scan = {s->prefix, s->from, LOADED_SCAN_ROWS};
	filler.sink.row = set_scanned;
	return pg_next(p, &scan, &filler.sink);
}

enum fault pg_fill(struct pg *p, struct loaded *rows)
{
	struct filler filler = {{set_row}, rows};
	size_t n;
	const struct text *wanted = loaded_wanted(rows, &n);
	if (n)
		TRY(pg_load(p, wanted, n, &filler.sink));
	return pg_fill_scan(p, rows);
}

enum fault pg_fill_locking(struct pg *p, uint64_t merchant, struct loaded *rows,
			   struct head *ret_head, bool *ret_locked)
{
	struct filler filler = {{set_row}, rows};
	struct pg_wants wants = {.sink = &filler.sink};
	wants.keys = loaded_wanted(rows, &wants.n);
	TRY(pg_begin_write_loading(p, merchant, &wants, ret_head, ret_locked));
	return *ret_locked ? pg_fill_scan(p, rows) : OK;
}

void pg_fill_begin(struct pg *p, uint64_t merchant, const struct loaded *rows)
{
	struct pg_wants wants = {0};
	wants.keys = loaded_wanted(rows, &wants.n);
	pg_begin_write_send(p, merchant, &wants);
}

enum fault pg_fill_begun(struct pg *p, struct loaded *rows, struct head *ret_head, bool *ret_locked)
{
	struct filler filler = {{set_row}, rows};
	TRY(pg_begin_write_receive(p, &filler.sink, ret_head, ret_locked));
	return *ret_locked ? pg_fill_scan(p, rows) : OK;
}

/* What is asked in the open transaction. */
struct question {
	enum fault (*ask)(struct pg_reader *r, void *context);
	void *context;
};

static enum fault open_and_ask(struct pg_reader *r, const struct question *q)
{
	struct pg_engine *e = engine_of(r);
	if (!r->open) {
		TRY(pg_engine_connect(e, &r->pg));
		r->open = true;
		TRY(pg_begin_read(r->pg));
	}
	return q->ask(r, q->context);
}

/* A connection that rested may have been cut meanwhile: where nothing has been read yet, a new one
 * is as good. */
static enum fault ask(struct pg_reader *r, const struct question *q)
{
	bool first = !r->open;
	enum fault fault = open_and_ask(r, q);
	if (fault == FAULT_BUSY && first) {
		if (r->pg)
			pg_rollback(r->pg);
		r->open = false;
		fault = open_and_ask(r, q);
	}
	return pg_engine_note(engine_of(r), fault);
}

static enum fault fill(struct pg_reader *r, void *context)
{
	(void)context;
	TRY(pg_fill(r->pg, &r->rows));
	loaded_filled(&r->rows);
	return OK;
}

static enum fault load(struct loaded *rows, void *context)
{
	(void)rows;
	return ask(context, &(struct question){fill, NULL});
}

/* ---- what is due ---- */

struct due_question {
	struct due_walk *walk;
	uint64_t *merchants;
	unsigned n;
};

static enum fault ask_due(struct pg_reader *r, void *context)
{
	struct due_question *q = context;
	return pg_due(r->pg, q->walk, q->merchants, &q->n);
}

enum fault pg_reader_due(struct reader *reader, struct due_walk *w, uint64_t ret[DUE_WALK_PAGE],
			 unsigned *ret_n)
{
	struct due_question q = {w, ret, 0};
	TRY(ask(reader_of(reader), &(struct question){ask_due, &q}));
	*ret_n = q.n;
	return OK;
}

/* ---- a reader's life ---- */

struct reader *pg_reader_open(struct engine *e)
{
	struct pg_reader *r = calloc(1, sizeof(*r));
	must(r);
	r->base.engine = e;
	loaded_init(&r->rows);
	r->rows.load = load;
	r->rows.context = r;
	return (struct reader *)(void *)r;
}

void pg_reader_close(struct reader *reader)
{
	struct pg_reader *r = reader_of(reader);
	if (r->pg)
		pg_close(r->pg);
	if (r->rounds)
		rounds_release(r->rounds);
	free(r->rounds);
	tx_free(&r->base.tx);
	loaded_release(&r->rows);
	secret_wipe(&r->keys, sizeof(r->keys));
	free(r);
}

struct tx *pg_reader_begin(struct reader *reader, uint64_t merchant, struct arena *arena,
			   struct detail *detail)
{
	struct pg_reader *r = reader_of(reader);
	struct pg_engine *e = engine_of(r);
	struct env env = pg_engine_env(e, arena);
	must(!r->open || r->keeps);
	pg_engine_keyring(e, &r->keys, &r->rows.rows);
	tx_init_read(&r->base.tx, &r->rows.rows, &r->keys.ring, merchant, &env, detail);
	return &r->base.tx;
}

static void forget(struct pg_reader *r)
{
	if (r->open)
		pg_rollback(r->pg);
	r->open = false;
	r->rows.fault = OK;
	loaded_clear(&r->rows);
}

void pg_reader_end(struct reader *reader)
{
	struct pg_reader *r = reader_of(reader);
	tx_release(&r->base.tx);
	/* After trouble nothing is worth keeping. */
	if (!r->keeps || r->rows.fault != OK)
		forget(r);
}

void pg_reader_keep(struct reader *reader)
{
	reader_of(reader)->keeps = true;
}

void pg_reader_rest(struct reader *reader)
{
	struct pg_reader *r = reader_of(reader);
	r->keeps = false;
	forget(r);
}

struct application {
	struct tx *tx;
	handler *handle;
	const void *cmd;
	void *ret;
	enum fault fault;
};

static void run_handler(void *context)
{
	struct application *a = context;
	a->fault = a->handle(a->tx, &a->tx->env, a->cmd, a->ret);
}

enum fault pg_reader_apply(struct tx *tx, handler *handle, const void *cmd, void *ret)
{
	struct loaded *rows = (struct loaded *)(void *)tx->rows;
	struct application a = {tx, handle, cmd, ret, OK};
	return loaded_try(rows, run_handler, &a) ? a.fault : rows->fault;
}

/* ---- looking ahead ---- */

enum { LOOKS = 4 }; /* what a handler asks for after so many answers it loads alone */

/* False: it missed something. */
static bool look_once(struct pg_reader *r, const struct reader_look *look)
{
	struct arena_mark mark = arena_mark(look->arena);
	bool full = look->arena->full;
	struct detail detail = {0};
	struct env env = pg_engine_env(engine_of(r), look->arena);
	struct tx tx = {0};
	tx_init_read(&tx, &r->rows.rows, &r->keys.ring, look->merchant, &env, &detail);
	reader_merchant(&tx, look->merchant, look->clock);
	struct application a = {&tx, look->handle, look->cmd, look->ret, OK};
	bool whole = loaded_try(&r->rows, run_handler, &a);
	memset(look->ret, 0, look->ret_size);
	look->arena->full = full;
	arena_rewind(look->arena, mark);
	return whole;
}

void pg_reader_look(struct reader *reader, const struct reader_look *looks, unsigned n)
{
	struct pg_reader *r = reader_of(reader);
	must(r->keeps);
	for (unsigned again = 0; again < LOOKS; again++) {
		bool whole = true;
		r->rows.load = NULL;
		for (unsigned i = 0; i < n; i++)
			if (looks[i].handle)
				whole &= look_once(r, &looks[i]);
		r->rows.load = load;
		r->rows.rows.guessed = false;
		/* Trouble comes again to whoever needs the rows, and is told there. */
		if (whole || load(&r->rows, r) != OK)
			return;
	}
}

/* ---- trial runs: as a lane would, and then nothing is committed ---- */

static enum fault fill_rounds(void *context, struct loaded *rows)
{
	return pg_fill(((struct pg_reader *)context)->pg, rows);
}

static enum fault try_run(struct pg_reader *r, struct write *w)
{
	struct pg_engine *e = engine_of(r);
	struct write *writes[] = {w};
	struct rounds *rounds = r->rounds;
	struct head head;
	TRY(pg_begin_write(r->pg, w->merchant, &head));
	pg_engine_keyring(e, &r->keys, &r->rows.rows);
	rounds_set_head(&r->rows, w->merchant, &head);
	rounds->rows = &r->rows;
	rounds->keys = &r->keys.ring;
	rounds->load = fill_rounds;
	rounds->context = r;
	rounds->merchant = w->merchant;
	rounds->env = pg_engine_env(e, NULL);
	rounds->writes = writes;
	rounds->n = 1;
	rounds->bytes_stop = SIZE_MAX;
	return rounds_run(rounds);
}

enum fault pg_reader_try(struct reader *reader, struct write *w)
{
	struct pg_reader *r = reader_of(reader);
	must(!r->open);
	if (!r->rounds) {
		r->rounds = malloc(sizeof(*r->rounds));
		must(r->rounds);
		rounds_init(r->rounds);
	}
	TRY(pg_engine_connect(engine_of(r), &r->pg));
	r->rows.load = NULL;
	enum fault fault = try_run(r, w);
	r->rows.load = load;
	pg_rollback(r->pg);
	loaded_clear(&r->rows);
	if (fault != OK)
		w->fault = pg_engine_note(engine_of(r), fault);
	return w->fault;
}
