/*
 * The table tests on both engines at once: what PostgreSQL answers is held against the tables, and
 * the ledgers of the two must come out the same, byte for byte.
 */
#include <stdatomic.h>
#include "pg_server.h"
#include "store/engine.h"
#include "store/pg_migrate.h"
#include "table/table.h"

#include <ftw.h>
#include <libpq-fe.h>

enum { APART_MAX = 8, RET_BYTES = 4096, STORY_ENTRIES_MAX = 1 << 16 };

struct side {
	struct engine *engine;
	struct reader *reader;
	bool reading; /* what was read last is still being looked at */
};
struct two_stage {
	struct stage stage; /* first */
	struct pg_server server;
	PGconn *admin;
	struct side pg, embedded;
	_Atomic int64_t now_ms;
	char dir[64], key[80], database[32], url[320];
	unsigned stories;
	uint64_t apart; /* entries whose times may differ: see above */
};

static struct instant clock_of(void *context)
{
	return (struct instant){((struct two_stage *)context)->now_ms};
}

static int drop(const char *path, const struct stat *stat, int kind, struct FTW *at)
{
	(void)stat, (void)kind, (void)at;
	return remove(path);
}

/* ---- comparing ledgers ---- */

struct line {
	uint64_t merchant, number;
	unsigned command;
	int64_t ms;
	struct text text;
	uint8_t hash[32];
};
struct story_ledger {
	struct arena arena;
	struct line *lines;
	size_t count;
};

static bool keep_entry(void *context, const struct ledger_entry *e)
{
	struct story_ledger *l = context;
	struct line *line = &l->lines[l->count++];
	struct buffer text;
	must(l->count < STORY_ENTRIES_MAX);
	buffer_init(&text, 64 << 20);
	buffer_format(&text, "%u %lld %.*s\n", e->command, (long long)e->instant.ms,
		      TEXT_ARG(e->actor));
	for (unsigned i = 0; i < e->row_count; i++)
		buffer_format(&text, "%.*s\n", TEXT_ARG(e->rows[i]));
	*line = (struct line){.merchant = e->merchant,
			      .number = e->number,
			      .command = e->command,
			      .ms = e->instant.ms,
			      .text = arena_text(&l->arena, buffer_get(&text))};
	memcpy(line->hash, e->hash, sizeof(line->hash));
	must(!l->arena.full);
	buffer_release(&text);
	return true;
}

static int by_number(const void *a, const void *b)
{
	const struct line *x = a, *y = b;
	if (x->merchant != y->merchant)
		return x->merchant < y->merchant ? -1 : 1;
	return x->number < y->number ? -1 : x->number > y->number;
}

static void read_ledger(struct engine *e, struct story_ledger *ret)
{
	*ret = (struct story_ledger){.lines = calloc(STORY_ENTRIES_MAX, sizeof(struct line))};
	must(ret->lines);
	arena_init(&ret->arena, (size_t)1 << 30);
	CHECK_INT(engine_ledger_scan(e, keep_entry, ret), OK);
	qsort(ret->lines, ret->count, sizeof(*ret->lines), by_number);
}

static void compare_lines(const struct story_ledger *a, const struct story_ledger *b,
			  uint64_t *apart)
{
	bool same_times = true; /* so far in this chain */
	CHECK_INT(a->count, b->count);
	for (size_t i = 0; i < a->count && i < b->count; i++) {
		const struct line *x = &a->lines[i], *y = &b->lines[i];
		if (i == 0 || x->merchant != a->lines[i - 1].merchant)
			same_times = true;
		same_times = same_times && x->ms == y->ms;
		*apart += !same_times;
		CHECK(x->merchant == y->merchant && x->number == y->number &&
		      x->command == y->command);
		CHECK(!same_times || text_equal(x->text, y->text));
		CHECK(!same_times || memcmp(x->hash, y->hash, sizeof(x->hash)) == 0);
	}
}

static void compare_ledgers(struct two_stage *s)
{
	struct story_ledger here, there;
	struct ledger_report report;
	char *why = NULL;
	read_ledger(s->embedded.engine, &here);
	read_ledger(s->pg.engine, &there);
	compare_lines(&here, &there, &s->apart);
	arena_release(&here.arena);
	arena_release(&there.arena);
	free(here.lines);
	free(there.lines);
	CHECK_INT(engine_verify(s->pg.engine, NULL, NULL, &report, &why), OK);
	if (why)
		fprintf(stderr, "%s\n", why);
	free(why);
	s->stories++;
}

/* ---- the two stores ---- */

static void end_reading(struct side *side)
{
	if (side->reading)
		reader_end(side->reader);
	side->reading = false;
}

static void side_open(struct side *side, const struct engine_config *config)
{
	char *why = NULL;
	enum fault fault = engine_open(config, &side->engine, &why);
	if (fault != OK)
		fprintf(stderr, "%s: %s\n", fault_name(fault), why ? why : "");
	must(fault == OK);
	side->reader = reader_open(side->engine);
}

static void side_close(struct side *side)
{
	end_reading(side);
	reader_close(side->reader);
	engine_close(side->engine);
	side->engine = NULL;
}

static void tell(struct two_stage *s, const char *format, const char *name)
{
	char sql[128];
	snprintf(sql, sizeof(sql), format, name);
	PGresult *r = PQexec(s->admin, sql);
	if (PQresultStatus(r) != PGRES_COMMAND_OK)
		fprintf(stderr, "%s: %s", sql, PQerrorMessage(s->admin));
	must(PQresultStatus(r) == PGRES_COMMAND_OK);
	PQclear(r);
}

static void end(struct two_stage *s)
{
	if (!s->pg.engine)
		return;
	end_reading(&s->pg);
	end_reading(&s->embedded);
	compare_ledgers(s);
	side_close(&s->pg);
	side_close(&s->embedded);
	tell(s, "drop database %s", s->database);
	nftw(s->dir, drop, 8, FTW_DEPTH | FTW_PHYS);
	unlink(s->key);
}

static void fresh(struct stage *stage)
{
	struct two_stage *s = (struct two_stage *)(void *)stage;
	struct instant start;
	end(s);
	must(moment_parse_second(TEXT("2026-01-01 10:00:00"), &start));
	s->now_ms = start.ms;
	snprintf(s->dir, sizeof(s->dir), "/tmp/couponry-two-%d", (int)getpid());
	snprintf(s->key, sizeof(s->key), "%s.key", s->dir);
	snprintf(s->database, sizeof(s->database), "story_%u", s->stories);
	tell(s, "create database %s template blank", s->database);
	snprintf(s->url, sizeof(s->url), "postgresql:///%s?host=%s&user=couponry", s->database,
		 s->server.dir);
	struct engine_config config = {.dir = s->dir,
				       .create = true,
				       .segment_bytes = 16 << 20,
				       .clock = clock_of,
				       .clock_context = s,
				       .seed = 1};
	side_open(&s->embedded, &config);
	config.store = s->url;
	config.master_key = s->key;
	side_open(&s->pg, &config);
}

/* ---- one command ---- */

static enum fault run_on(struct side *side, struct write *w)
{
	const struct command_row *row = command_get(w->command);
	end_reading(side);
	if (row->mode == COMMAND_WRITE)
		return engine_run(side->engine, w);
	struct tx *tx = reader_begin(side->reader, w->merchant, w->arena, &w->detail);
	reader_merchant(tx, w->merchant, w->clock);
	side->reading = true;
	return reader_apply(side->reader, row->handle, w->cmd, w->ret);
}

static enum fault run(struct stage *stage, unsigned command, uint64_t merchant, struct instant now,
		      struct arena *arena, const void *cmd, void *ret, struct detail *detail)
{
	struct two_stage *s = (struct two_stage *)(void *)stage;
	const struct command_row *row = command_get(command);
	_Alignas(16) char other_ret[RET_BYTES] = {0};
	struct arena other_arena;
	must(row);
	s->now_ms = now.ms;
	if (command == COMMAND_request_forget)
		engine_feed(s->embedded.engine); /* it sees what was fed */
	arena_init(&other_arena, CALL_BYTES_MAX);
	struct write w = {.merchant = merchant,
			  .clock = stage->clock,
			  .job = is_server_job(command),
			  .command = command,
			  .handle = row->handle,
			  .actor = TEXT("test"),
			  .cmd = cmd,
			  .ret = other_ret,
			  .arena = &other_arena};
	enum fault other = run_on(&s->embedded, &w);
	end_reading(&s->embedded);
	arena_release(&other_arena);
	w.ret = ret;
	w.arena = arena;
	w.detail = (struct detail){0};
	enum fault fault = run_on(&s->pg, &w);
	*detail = w.detail;
	CHECK_INT(fault, other);
	if (fault == OK && command == COMMAND_customer_erase) {
		CHECK_INT(engine_wipe(s->embedded.engine, merchant), OK);
		CHECK_INT(engine_wipe(s->pg.engine, merchant), OK);
	}
	return fault;
}

/* A schema that stories begin with a copy of: made statement by statement it takes as long as one.
 */
static void make_blank(struct two_stage *s)
{
	char *why = NULL;
	tell(s, "create database %s", "blank");
	snprintf(s->url, sizeof(s->url), "postgresql:///blank?host=%s&user=couponry",
		 s->server.dir);
	must(pg_migrate(&(struct migrate_config){.url = s->url}, &why) == OK);
}

int main(int argc, char **argv)
{
	struct two_stage s = {.stage = {.fresh = fresh, .run = run}};
	if (!pg_server_start(&s.server))
		return 0;
	s.admin = PQconnectdb(s.server.url);
	must(PQstatus(s.admin) == CONNECTION_OK);
	make_blank(&s);
	table_run_all(&s.stage, argc, argv);
	end(&s);
	CHECK(s.apart <= APART_MAX);
	PQfinish(s.admin);
	pg_server_stop(&s.server);
	return test_end();
}
