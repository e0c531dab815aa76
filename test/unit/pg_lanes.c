/*
 * The PostgreSQL engine's lanes: a batch with one write that the database refuses, batches that are
 * decided ahead, two nodes that write for the same merchant at once, many merchants who share
 * transactions, and do so while their connections are cut, jobs that end with the server.
 */
#include <stdatomic.h>
#include "pg_server.h"
#include "domain/domain.h"
#include "store/engine.h"
#include "test.h"

#include <libpq-fe.h>
#include <pthread.h>
#include <sched.h>

enum {
	WAVES = 24,
	CUT_WAVES = 6,
	WRITES = 60,
	POISONED = 37,
	LONG = 500 /* more than a column of a unique value takes */
};

struct saving {
	struct write write;
	struct department_save_cmd cmd;
	struct department_save_ret ret;
	struct arena arena;
	_Atomic bool done;
};

static void done(struct write *w)
{
	atomic_store(&((struct saving *)w->context)->done, true);
}

/* What no handler of ours does: past the bounds that the domain keeps. */
static enum fault save_unchecked(struct tx *tx, const struct env *env, const void *cmd, void *ret)
{
	struct department d = ((const struct department_save_cmd *)cmd)->department;
	(void)env;
	(void)ret;
	d.number = store_number(tx);
	store_put(tx, TABLE_DEPARTMENT, &d);
	return OK;
}

static void submit_for(struct engine *e, uint64_t merchant, struct saving *j, struct text code)
{
	memset(j, 0, sizeof(*j));
	arena_init(&j->arena, CALL_BYTES_MAX);
	j->cmd.department =
	    (struct department){.code = arena_text(&j->arena, code), .name = TEXT("a department")};
	j->write = (struct write){.merchant = merchant,
				  .command = COMMAND_department_save,
				  .handle = code.size == LONG ? save_unchecked : department_save,
				  .actor = TEXT("test"),
				  .cmd = &j->cmd,
				  .ret = &j->ret,
				  .arena = &j->arena,
				  .done = done,
				  .context = j};
	engine_submit(e, &j->write);
}

static void submit(struct engine *e, struct saving *j, struct text code)
{
	submit_for(e, 1, j, code);
}

static void wait_for(struct saving *jobs, unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		while (!atomic_load(&jobs[i].done))
			sched_yield();
		arena_release(&jobs[i].arena);
	}
}

static struct text code_of(char buffer[32], const char *prefix, unsigned i)
{
	int size = snprintf(buffer, 32, "%s-%u", prefix, i);
	return (struct text){buffer, (size_t)size};
}

static struct engine *open_engine(const struct pg_server *s, const char *key)
{
	struct engine_config config = {.store = s->url, .master_key = key, .create = true};
	struct engine *e = NULL;
	char *why = NULL;
	enum fault fault = engine_open(&config, &e, &why);
	if (fault != OK)
		fprintf(stderr, "%s: %s\n", fault_name(fault), why ? why : "");
	must(fault == OK);
	return e;
}

static void check_whole(struct engine *e, uint64_t entries)
{
	struct ledger_report report;
	char *why = NULL;
	CHECK_INT(engine_verify(e, NULL, NULL, &report, &why), OK);
	CHECK_INT(report.entries, entries);
	if (why)
		fprintf(stderr, "%s\n", why);
	free(why);
}

/* The batch is halved until the one is alone; all others are accepted. */
static uint64_t test_refused(struct engine *e, uint64_t entries)
{
	static struct saving jobs[WRITES];
	char name[32], poison[LONG];
	memset(poison, 'x', sizeof(poison));
	for (unsigned i = 0; i < WRITES; i++)
		submit(e, &jobs[i],
		       i == POISONED ? (struct text){poison, LONG} : code_of(name, "refused", i));
	wait_for(jobs, WRITES);
	for (unsigned i = 0; i < WRITES; i++)
		CHECK_INT(jobs[i].write.fault, i == POISONED ? FAULT_DATA_DAMAGED : OK);
	check_whole(e, entries + WRITES - 1);
	CHECK_INT(engine_ready(e), OK);
	return entries + WRITES - 1;
}

/* Both want the same codes: each is made once, and found by whoever comes later. */
static void test_two_nodes(struct engine *a, struct engine *b, uint64_t entries)
{
	static struct saving here[WRITES], there[WRITES];
	char name[32];
	unsigned made = 0;
	for (unsigned i = 0; i < WRITES; i++) {
		submit(a, &here[i], code_of(name, "two", i));
		submit(b, &there[i], code_of(name, "two", i));
	}
	wait_for(here, WRITES);
	wait_for(there, WRITES);
	for (unsigned i = 0; i < WRITES; i++) {
		CHECK(here[i].write.fault == OK && there[i].write.fault == OK);
		made += here[i].ret.made + there[i].ret.made;
	}
	CHECK_INT(made, WRITES);
	check_whole(b, entries + WRITES);
}

/* One node always has batches that follow each other, each decided while the last is written; the
 * other comes between with the same codes, so that what was decided must be decided again. */
static uint64_t test_between(struct engine *a, struct engine *b, uint64_t entries)
{
	static struct saving here[WAVES][WRITES], there[WAVES];
	char name[32];
	unsigned made = 0;
	for (unsigned wave = 0; wave < WAVES; wave++) {
		for (unsigned i = 0; i < WRITES; i++)
			submit(a, &here[wave][i], code_of(name, "between", wave * WRITES + i));
		submit(b, &there[wave], code_of(name, "between", (wave + 1) * WRITES - 1));
		if (wave % 4 == 3) /* others wait until they meet */
			wait_for(&there[wave], 1);
	}
	for (unsigned wave = 0; wave < WAVES; wave++) {
		wait_for(here[wave], WRITES);
		if (wave % 4 != 3)
			wait_for(&there[wave], 1);
		for (unsigned i = 0; i < WRITES; i++) {
			CHECK_INT(here[wave][i].write.fault, OK);
			made += here[wave][i].ret.made;
		}
		CHECK_INT(there[wave].write.fault, OK);
		made += there[wave].ret.made;
	}
	CHECK_INT(made, WAVES * WRITES);
	check_whole(a, entries + made);
	return entries + made;
}

/* Both nodes write for all merchants at once, with the same codes; each node for some who are new,
 * too. One write that the database refuses fails alone, and nobody of his transaction with it. */
static uint64_t test_many(struct engine *a, struct engine *b, uint64_t entries)
{
	static struct saving here[WAVES][WRITES], there[WAVES][WRITES];
	struct engine_stats before, after;
	char name[32], poison[LONG];
	unsigned made = 0;
	memset(poison, 'x', sizeof(poison));
	engine_stats_get(a, &before);
	for (unsigned wave = 0; wave < WAVES; wave++) {
		for (unsigned i = 0; i < WRITES; i++) {
			uint64_t merchant = 100 + i * (1 + wave % 5) % 47;
			struct text code = code_of(name, "many", wave * WRITES + i);
			bool bad = wave == WAVES / 2 && i == POISONED;
			submit_for(a, merchant, &here[wave][i],
				   bad ? (struct text){poison, LONG} : code);
			submit_for(b, wave % 8 ? merchant : merchant + 100, &there[wave][i], code);
		}
		if (wave % 3 == 2) {
			wait_for(&here[wave][0], WRITES);
			wait_for(&there[wave][0], WRITES);
		}
	}
	for (unsigned wave = 0; wave < WAVES; wave++) {
		if (wave % 3 != 2) {
			wait_for(&here[wave][0], WRITES);
			wait_for(&there[wave][0], WRITES);
		}
		for (unsigned i = 0; i < WRITES; i++) {
			bool bad = wave == WAVES / 2 && i == POISONED;
			CHECK_INT(here[wave][i].write.fault, bad ? FAULT_DATA_DAMAGED : OK);
			CHECK_INT(there[wave][i].write.fault, OK);
			made += (bad ? 0U : here[wave][i].ret.made) + there[wave][i].ret.made;
		}
	}
	CHECK_INT(made, (WAVES + WAVES / 8) * WRITES);
	engine_stats_get(a, &after);
	/* they do share */
	CHECK(after.batches - before.batches > 2 * (after.syncs - before.syncs));
	check_whole(a, entries + made);
	return entries + made;
}

static bool all_done_but(const struct saving *chores, unsigned n, unsigned but)
{
	for (unsigned i = 0; i < n; i++)
		if (i != but && !atomic_load(&chores[i].done))
			return false;
	return true;
}

/* Somebody holds one merchant: the others are not kept by him, and the database is not away. */
static uint64_t test_held(struct engine *e, struct pg_server *s, uint64_t entries)
{
	enum { MERCHANTS = 30, HELD = 7, TIMES = 3 };
	static struct saving chores[TIMES][MERCHANTS];
	PGconn *c = PQconnectdb(s->url);
	char name[32];
	PQclear(PQexec(c, "BEGIN"));
	PGresult *r = PQexec(c, "SELECT 1 FROM head WHERE merchant_id = 107 FOR UPDATE");
	CHECK_INT(PQntuples(r), 1);
	PQclear(r);
	for (unsigned n = 0; n < TIMES; n++) {
		for (unsigned i = 0; i < MERCHANTS; i++)
			submit_for(e, 100 + i, &chores[n][i],
				   code_of(name, "held", n * MERCHANTS + i));
		while (!all_done_but(chores[n], MERCHANTS, HELD)) {
			CHECK_INT(engine_ready(e), OK);
			usleep(1000);
		}
		CHECK(!atomic_load(&chores[n][HELD].done));
	}
	PQclear(PQexec(c, "ROLLBACK"));
	PQfinish(c);
	for (unsigned n = 0; n < TIMES; n++)
		wait_for(chores[n], MERCHANTS);
	for (unsigned i = 0; i < TIMES * MERCHANTS; i++)
		CHECK_INT(chores[i / MERCHANTS][i % MERCHANTS].write.fault, OK);
	check_whole(e, entries + TIMES * MERCHANTS);
	return entries + TIMES * MERCHANTS;
}

static _Atomic bool cutting;

static void *cut(void *url)
{
	PGconn *c = PQconnectdb(url);
	must(PQstatus(c) == CONNECTION_OK);
	while (atomic_load(&cutting)) {
		usleep(40 * 1000);
		PQclear(PQexec(c, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
				  " WHERE application_name = 'couponry'"));
	}
	PQfinish(c);
	return NULL;
}

/* What was answered was done once, and the batch found again whose COMMIT was not heard of: written
 * twice, its code would have been there. */
static uint64_t test_cut(struct engine *e, struct pg_server *s, uint64_t entries)
{
	static struct saving chores[CUT_WAVES][WRITES];
	struct ledger_report report;
	pthread_t cutter;
	char name[32], *why = NULL;
	unsigned good = 0;
	atomic_store(&cutting, true);
	must(pthread_create(&cutter, NULL, cut, s->url) == 0);
	for (unsigned wave = 0; wave < CUT_WAVES; wave++) {
		for (unsigned i = 0; i < WRITES; i++)
			submit_for(e, 100 + i % 47, &chores[wave][i],
				   code_of(name, "cut", wave * WRITES + i));
		wait_for(chores[wave], WRITES);
	}
	atomic_store(&cutting, false);
	pthread_join(cutter, NULL);
	for (unsigned wave = 0; wave < CUT_WAVES; wave++)
		for (unsigned i = 0; i < WRITES; i++) {
			const struct saving *j = &chores[wave][i];
			CHECK(j->write.fault == OK || j->write.fault == FAULT_BUSY);
			CHECK(j->write.fault == FAULT_BUSY || j->ret.made == 1);
			good += j->write.fault == OK;
		}
	CHECK(good > 0);
	CHECK_INT(engine_verify(e, NULL, NULL, &report, &why), OK);
	CHECK(report.entries >= entries + good && report.entries <= entries + CUT_WAVES * WRITES);
	fprintf(stderr, "%u of %u were answered\n", good, (unsigned)(CUT_WAVES * WRITES));
	free(why);
	return report.entries;
}

static void test_jobs_end(struct engine *e)
{
	struct saving late;
	engine_stop_jobs(e);
	memset(&late, 0, sizeof(late));
	arena_init(&late.arena, CALL_BYTES_MAX);
	late.write = (struct write){.merchant = 1,
				    .command = COMMAND_department_save,
				    .handle = department_save,
				    .actor = TEXT("test"),
				    .cmd = &late.cmd,
				    .ret = &late.ret,
				    .arena = &late.arena,
				    .job = true,
				    .done = done,
				    .context = &late};
	engine_submit(e, &late.write);
	wait_for(&late, 1);
	CHECK_INT(late.write.fault, FAULT_SHUTTING_DOWN);
}

int main(void)
{
	struct pg_server server = {0};
	char key[160];
	if (!pg_server_start(&server))
		return 0;
	snprintf(key, sizeof(key), "%s/master.key", server.dir);
	struct engine *a = open_engine(&server, key), *b = open_engine(&server, key);
	struct origin_create_cmd cmd = {.epoch = 9};
	struct origin_create_ret ret;
	struct arena arena;
	arena_init(&arena, CALL_BYTES_MAX);
	struct write origin = {.command = COMMAND_origin_create,
			       .handle = origin_create,
			       .actor = TEXT("test"),
			       .cmd = &cmd,
			       .ret = &ret,
			       .arena = &arena};
	for (struct engine *e = a; e; e = e == a ? b : NULL) /* each learns the epoch */
		CHECK_INT(engine_run(e, &origin), OK);
	arena_release(&arena);
	uint64_t entries = test_refused(a, 1);
	entries = test_between(a, b, entries);
	entries = test_many(a, b, entries);
	entries = test_held(a, &server, entries);
	entries = test_cut(a, &server, entries);
	test_two_nodes(a, b, entries);
	test_jobs_end(a);
	engine_close(a);
	engine_close(b);
	pg_server_stop(&server);
	return test_end();
}
