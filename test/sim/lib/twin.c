/* See twin.h. */
#include "twin.h"

#include <errno.h>
#include <libpq-fe.h>
#include <semaphore.h>
#include <unistd.h>

enum {
	TRIES = 1500, /* a database that was killed is back within seconds */
	PAUSE_US = 20 * 1000,
	RETS_OF_TWIN = OPS_MAX,
};

struct answer {
	struct write write;
	union any_ret ret;
	struct arena arena;
};

static struct engine *engine;
static struct answer answers[RETS_OF_TWIN];
static sem_t answered;

/* --- open, close --- */

static bool others_are_gone(PGconn *c)
{
	PGresult *r = PQexec(c, "SELECT FROM pg_stat_activity WHERE datname = current_database()"
				" AND backend_type = 'client backend' AND pid <> pg_backend_pid()");
	bool gone = PQresultStatus(r) == PGRES_TUPLES_OK && PQntuples(r) == 0;
	PQclear(r);
	return gone;
}

/* A session whose client was killed may still be committing. */
static void wait_for_others(struct world *w)
{
	PGconn *c = PQconnectdb(w->twin);
	unsigned i = 0;
	while (!others_are_gone(c) && i++ < TRIES)
		usleep(PAUSE_US / 20);
	if (i > TRIES)
		sim_fail(w, "sessions of a killed process stay: %s", PQerrorMessage(c));
	PQfinish(c);
}

void twin_open(struct world *w, const struct engine_config *first)
{
	char *why = NULL, key[200];
	struct engine_config config = *first;
	wait_for_others(w);
	snprintf(key, sizeof(key), "%s.key", w->dir);
	config.store = w->twin;
	config.master_key = key;
	enum fault fault = engine_open(&config, &engine, &why);
	if (fault != OK)
		sim_fail(w, "PostgreSQL: engine_open: %s, %s", fault_name(fault), why ? why : "");
	must(sem_init(&answered, 0, 0) == 0);
	for (unsigned i = 0; i < OPS_MAX; i++)
		arena_init(&answers[i].arena, CALL_BYTES_MAX);
}

void twin_close(void)
{
	for (unsigned i = 0; i < OPS_MAX; i++)
		arena_release(&answers[i].arena);
	engine_close(engine);
}

/* --- commands --- */

static void done(struct write *write)
{
	(void)write;
	sem_post(&answered);
}

static void submit(struct world *w, unsigned i)
{
	struct op *op = &w->ops[i];
	struct answer *a = &answers[i];
	arena_reset(&a->arena);
	a->ret = (union any_ret){0};
	a->write = (struct write){.merchant = w->homes[op->home].number,
				  .command = op->command,
				  .handle = command_get(op->command)->handle,
				  .actor = text_of(op->actor),
				  .cmd = &op->cmd,
				  .ret = &a->ret,
				  .arena = &a->arena,
				  .job = op->job,
				  .done = done};
	engine_submit(engine, &a->write);
}

static void wait_for(unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		while (sem_wait(&answered) != 0)
			must(errno == EINTR);
}

static void run_one(struct world *w, unsigned i)
{
	for (unsigned tries = 0; tries < TRIES; tries++) {
		submit(w, i);
		wait_for(1);
		if (answers[i].write.fault != FAULT_BUSY)
			return;
		usleep(PAUSE_US);
	}
	sim_fail(w, "PostgreSQL: command %u is answered with busy for ever", i);
}

static void compare_issue(struct world *w, unsigned i)
{
	const struct coupon_issue_ret *have = &answers[i].ret.coupon_issue;
	const struct op *want = &w->ops[i];
	if (have->n != want->ret.coupon_issue.n)
		sim_fail(w, "PostgreSQL issues %u coupons, not %u", have->n,
			 want->ret.coupon_issue.n);
	for (unsigned j = 0; j < have->n; j++)
		if (have->results[j].fault != want->issue_faults[j] ||
		    !text_equal(have->results[j].code, text_of(want->issue_codes[j])))
			sim_fail(w, "PostgreSQL: coupon %u: %s \"%.*s\", not %s \"%s\"", j,
				 fault_name(have->results[j].fault),
				 TEXT_ARG(have->results[j].code), fault_name(want->issue_faults[j]),
				 want->issue_codes[j]);
}

static void compare_gots(struct world *w, unsigned i)
{
	static struct gots have;
	keep_gots(&w->ops[i], answers[i].write.fault, &answers[i].ret, &have);
	if (have.n != w->gots[i].n || have.discount.fen != w->gots[i].discount.fen)
		sim_fail(w, "PostgreSQL: %u coupons, %lld fen; not %u, %lld", have.n,
			 (long long)have.discount.fen, w->gots[i].n,
			 (long long)w->gots[i].discount.fen);
	for (unsigned j = 0; j < have.n && j < GOTS_MAX; j++)
		if (memcmp(&have.rows[j], &w->gots[i].rows[j], sizeof(have.rows[j])) != 0)
			sim_fail(w, "PostgreSQL: coupon %u of %s: %s, not %s, or not as it was", j,
				 command_get(w->ops[i].command)->name, have.rows[j].code,
				 w->gots[i].rows[j].code);
}

static void compare(struct world *w, unsigned i)
{
	const struct write *have = &answers[i].write;
	const struct op *want = &w->ops[i];
	const char *name = command_get(want->command)->name;
	if (have->fault != want->fault || have->entry != want->entry)
		sim_fail(w, "PostgreSQL: command %u (%s): %s, entry %llu, not %s, entry %llu", i,
			 name, fault_name(have->fault), (unsigned long long)have->entry,
			 fault_name(want->fault), (unsigned long long)want->entry);
	if (want->fault != OK && !text_equal(have->detail.field, text_of(want->field)))
		sim_fail(w, "PostgreSQL: command %u (%s): field %.*s, not %s", i, name,
			 TEXT_ARG(have->detail.field), want->field);
	if (want->fault == OK && want->command == COMMAND_coupon_issue)
		compare_issue(w, i);
	compare_gots(w, i);
	w->compared++;
}

static void run_together(struct world *w, unsigned from, unsigned n)
{
	unsigned submitted = 0;
	for (unsigned i = from; i < from + n; i++) {
		if (w->ops[i].fault == FAULT_BUSY)
			continue;
		submit(w, i);
		submitted++;
	}
	wait_for(submitted);
}

void twin_run(struct world *w, unsigned from, unsigned n)
{
	if (!w->one_by_one)
		run_together(w, from, n);
	for (unsigned i = from; i < from + n; i++) {
		if (w->ops[i].fault == FAULT_BUSY)
			continue; /* the first engine was full, and wrote nothing */
		if (w->one_by_one)
			run_one(w, i);
		compare(w, i);
	}
}

void twin_wipe(struct world *w, uint64_t merchant)
{
	for (unsigned tries = 0; tries < TRIES; tries++) {
		if (engine_wipe(engine, merchant) == OK)
			return;
		usleep(PAUSE_US);
	}
	sim_fail(w, "PostgreSQL: engine_wipe fails for ever");
}

void twin_check(struct world *w)
{
	w->checks_twin = true;
	check_all(w, engine);
	w->checks_twin = false;
}

/* --- ledgers --- */

struct line {
	uint64_t merchant, number;
	int64_t ms;
	unsigned command;
	uint64_t sum; /* of actor and rows, without slots */
	uint8_t hash[32];
};
struct lines {
	struct line *rows;
	size_t n, capacity;
};

static uint64_t add_text(uint64_t sum, struct text t)
{
	for (size_t i = 0; i < t.size; i++)
		sum = (sum ^ (uint8_t)t.data[i]) * UINT64_C(0x100000001B3);
	return sum;
}

static uint64_t add_row(uint64_t sum, struct text row)
{
	static const struct text name = {" key_slot=", 10};
	const char *end = row.data + row.size, *at = memmem(row.data, row.size, name.data, 10);
	if (!at)
		return add_text(sum, row);
	sum = add_text(sum, (struct text){row.data, (size_t)(at - row.data)});
	for (at += name.size; at < end && *at >= '0' && *at <= '9';)
		at++;
	return add_text(sum, (struct text){at, (size_t)(end - at)});
}

static bool keep_line(void *context, const struct ledger_entry *e)
{
	struct lines *l = context;
	if (l->n == l->capacity) {
		l->capacity = l->capacity ? l->capacity * 2 : 1024;
		l->rows = realloc(l->rows, l->capacity * sizeof(*l->rows));
		must(l->rows);
	}
	struct line *line = &l->rows[l->n++];
	*line = (struct line){.merchant = e->merchant,
			      .number = e->number,
			      .ms = e->instant.ms,
			      .command = e->command,
			      .sum = add_text(UINT64_C(0xcbf29ce484222325), e->actor)};
	memcpy(line->hash, e->hash, sizeof(line->hash));
	for (unsigned i = 0; i < e->row_count; i++)
		line->sum = add_row(line->sum, e->rows[i]);
	return true;
}

static int by_number(const void *a, const void *b)
{
	const struct line *x = a, *y = b;
	if (x->merchant != y->merchant)
		return x->merchant < y->merchant ? -1 : 1;
	return x->number < y->number ? -1 : x->number > y->number;
}

static struct lines read_lines(struct world *w, struct engine *e)
{
	struct lines l = {0};
	enum fault fault = engine_ledger_scan(e, keep_line, &l);
	if (fault != OK)
		sim_fail(w, "engine_ledger_scan: %s", fault_name(fault));
	qsort(l.rows, l.n, sizeof(*l.rows), by_number);
	return l;
}

static void compare_lines(struct world *w, const struct line *x, const struct line *y)
{
	if (x->merchant != y->merchant || x->number != y->number || x->command != y->command ||
	    x->ms != y->ms || x->sum != y->sum)
		sim_fail(w, "entry %llu of merchant %llu is another one in PostgreSQL",
			 (unsigned long long)x->number, (unsigned long long)x->merchant);
	bool same_bytes = w->one_home || x->merchant == 0;
	if (same_bytes && memcmp(x->hash, y->hash, sizeof(x->hash)) != 0)
		sim_fail(w, "entry %llu of merchant %llu has another hash in PostgreSQL",
			 (unsigned long long)x->number, (unsigned long long)x->merchant);
}

static void compare_ledgers(struct world *w, struct engine *first)
{
	struct lines here = read_lines(w, first), there = read_lines(w, engine);
	if (here.n != there.n)
		sim_fail(w, "PostgreSQL's ledger has %zu entries, not %zu", there.n, here.n);
	for (size_t i = 0; i < here.n; i++)
		compare_lines(w, &here.rows[i], &there.rows[i]);
	w->compared_entries += here.n;
	free(here.rows);
	free(there.rows);
}

void twin_verify(struct world *w, struct engine *first)
{
	struct ledger_report report = {0};
	char *why = NULL;
	w->doing = "PostgreSQL's engine_verify";
	enum fault fault = engine_verify(engine, NULL, NULL, &report, &why);
	if (fault != OK || report.rows_different)
		sim_fail(w, "%s, %s", fault_name(fault), why ? why : "");
	compare_ledgers(w, first);
	w->doing = NULL;
}

/* --- after a kill --- */

struct missing {
	const struct world *w;
	bool there[OPS_MAX];
};

static bool see(void *context, const struct ledger_entry *e)
{
	struct missing *m = context;
	for (unsigned i = 0; i < m->w->op_n; i++)
		m->there[i] |= text_equal(e->actor, text_of(m->w->ops[i].actor));
	return true;
}

void twin_mend(struct world *w)
{
	struct missing m = {.w = w};
	enum fault fault = engine_ledger_scan(engine, see, &m);
	if (fault != OK)
		sim_fail(w, "PostgreSQL: engine_ledger_scan: %s", fault_name(fault));
	for (unsigned i = 0; i < w->op_n; i++) {
		if (m.there[i] && !w->ops[i].in_ledger)
			sim_fail(w, "PostgreSQL has command %u, which the first has not", i);
		if (!w->ops[i].in_ledger || m.there[i])
			continue;
		run_one(w, i);
		if (answers[i].write.entry == 0)
			sim_fail(w, "PostgreSQL: command %u is not taken after the kill: %s", i,
				 fault_name(answers[i].write.fault));
		w->mended++;
	}
}
