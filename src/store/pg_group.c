/*
 * Batches of several merchants in one transaction, one batch each, so that statements and the sync
 * are paid once for all of them:
 *
 *   look      each runs once on what is most likely there, only to name what to load
 *   lock      all head rows at once; with it the first load of all
 *   rounds    each of those that are locked runs; what they missed is loaded for all together
 *   commit    all rows of all of them, set by set, and one COMMIT
 *
 * Who is held by another node, or has no head row yet, is left out and comes again. Then his lock
 * is waited for, but not for long, because the others wait along with it. If that is in vain he is
 * run alone (pg_batch.c). Whatever else goes wrong, nothing is tried again here: each merchant is
 * run alone then, so that nobody fails for long with another.
 */
#include "store/keys.h"
#include "store/pg_work.h"

struct pg_group {
	struct pg_sink sink; /* first */
	struct pg_work works[PG_GROUP_MAX];
	unsigned made; /* so many of them */
	unsigned n;    /* of this run */
	unsigned last; /* whose the last row was */
	struct pg_locked at[PG_GROUP_MAX];
	struct pg_work *locked[PG_GROUP_MAX];
	unsigned locked_count;
	struct text *keys; /* that they want */
	size_t key_count, key_capacity;
};

/* Rows come sorted by table, and then as they were asked for: those of a merchant together. */
static void set_row(struct pg_sink *sink, struct text key, const struct text *value)
{
	struct pg_group *g = (struct pg_group *)(void *)sink;
	uint64_t merchant = key_merchant(key);
	unsigned tried = 0;
	for (; g->works[g->last].rounds.merchant != merchant; g->last = (g->last + 1) % g->n)
		must(tried++ < g->n);
	loaded_set(&g->works[g->last].rows, key, value);
}

static struct pg_group *group_new(void)
{
	struct pg_group *g = calloc(1, sizeof(*g));
	must(g);
	g->sink.row = set_row;
	return g;
}

void pg_group_free(struct pg_group *g)
{
	for (unsigned i = 0; g && i < g->made; i++)
		pg_work_release(&g->works[i]);
	if (g)
		free(g->keys);
	free(g);
}

/* ---- loading ---- */

static void add_keys(struct pg_group *g, const struct loaded *rows)
{
	size_t n;
	const struct text *wanted = loaded_wanted(rows, &n);
	if (g->key_count + n > g->key_capacity) {
		g->key_capacity = (g->key_count + n) * 2;
		g->keys = realloc(g->keys, g->key_capacity * sizeof(*g->keys));
		must(g->keys);
	}
	if (n)
		memcpy(g->keys + g->key_count, wanted, n * sizeof(*wanted));
	g->key_count += n;
}

static struct pg_wants wants_of(struct pg_group *g)
{
	return (struct pg_wants){g->keys, g->key_count, &g->sink};
}

/* What all of them wanted has come already. */
static enum fault fill(void *context, struct loaded *rows)
{
	struct pg_work *w = context;
	return pg_fill_scan(w->lane->pg, rows);
}

/* ---- one attempt ---- */

static void look(struct pg_lane *l, const struct pg_member *members, unsigned n)
{
	struct pg_group *g = l->group;
	g->n = n;
	g->last = 0;
	g->key_count = 0;
	for (; g->made < n; g->made++)
		pg_work_init(&g->works[g->made], l);
	for (unsigned i = 0; i < n; i++) {
		struct pg_work *w = &g->works[i];
		pg_work_prepare(w, members[i].writes, true);
		w->rounds.load = fill;
		w->rounds.more = NULL;
		rounds_look(&w->rounds);
		add_keys(g, &w->rows);
		g->at[i] = (struct pg_locked){w->rounds.merchant, members[i].wait, {0}, false};
	}
}

static enum fault lock(struct pg_lane *l)
{
	struct pg_group *g = l->group;
	struct pg_wants wants = wants_of(g);
	TRY(pg_engine_connect(l->engine, &l->pg));
	TRY(pg_begin_many(l->pg, g->at, g->n, &wants));
	for (unsigned i = 0; i < g->n; i++) {
		struct pg_work *w = &g->works[i];
		if (!g->at[i].locked)
			continue;
		rounds_lock_head(&w->rows, w->rounds.merchant, &g->at[i].head);
		g->locked[g->locked_count++] = w;
	}
	return OK;
}

static enum fault load_more(struct pg_lane *l)
{
	struct pg_group *g = l->group;
	g->key_count = 0;
	for (unsigned i = 0; i < g->locked_count; i++)
		if (rounds_want(&g->locked[i]->rounds))
			add_keys(g, &g->locked[i]->rows);
	struct pg_wants wants = wants_of(g);
	return pg_load_many(l->pg, &wants);
}

/* Whether some want more. */
static enum fault step(struct pg_group *g, bool *ret_some)
{
	*ret_some = false;
	for (unsigned i = 0; i < g->locked_count; i++) {
		struct rounds *r = &g->locked[i]->rounds;
		if (rounds_want(r))
			TRY(rounds_step(r));
		*ret_some |= rounds_want(r);
	}
	return OK;
}

static enum fault run(struct pg_lane *l)
{
	bool some;
	l->group->locked_count = 0;
	TRY(lock(l));
	TRY(step(l->group, &some));
	while (some) {
		TRY(load_more(l));
		TRY(step(l->group, &some));
	}
	return OK;
}

static enum pg_outcome commit(struct pg_lane *l)
{
	pg_lane_commit_send(l);
	enum pg_outcome outcome = pg_lane_commit_receive(l);
	if (outcome != PG_COMMITTED)
		pg_rollback(l->pg);
	return outcome == PG_UNKNOWN ? pg_lane_find_out(l, l->gather.entries[0].merchant) : outcome;
}

/* A lock that is not waited for any longer does not mean that the database is away: who runs alone
 * finds that out. */
static enum pg_outcome attempt(struct pg_lane *l)
{
	struct pg_group *g = l->group;
	enum fault fault = run(l);
	if (fault == OK) {
		pg_engine_note(l->engine, OK);
		pg_gather_works(&l->gather, g->locked, g->locked_count);
	}
	if (fault == OK && l->gather.entry_count)
		return commit(l);
	if (l->pg)
		pg_rollback(l->pg);
	return fault == OK ? PG_COMMITTED : PG_AGAIN;
}

/* ---- all of it ---- */

static void end(struct pg_group *g, struct pg_member *members)
{
	for (unsigned i = 0; i < g->n; i++) {
		struct pg_work *w = &g->works[i];
		members[i].left_out = !g->at[i].locked;
		if (members[i].left_out)
			continue;
		pg_work_after(w);
		members[i].ran = w->rounds.ran;
	}
}

static bool fail(struct pg_member *members, unsigned n, enum fault fault)
{
	for (unsigned i = 0; i < n; i++)
		members[i].ran = pg_writes_fail(members[i].writes, fault);
	return true;
}

bool pg_lane_run_group(struct pg_lane *l, struct pg_member *members, unsigned n)
{
	enum fault unsure = atomic_load(&l->engine->clock_fault);
	must(n <= PG_GROUP_MAX);
	if (unsure != OK)
		return fail(members, n, unsure);
	if (!l->group)
		l->group = group_new();
	look(l, members, n);
	enum pg_outcome outcome = attempt(l);
	pg_lane_count_trips(l);
	if (outcome == PG_UNKNOWN)
		return fail(members, n, FAULT_BUSY);
	if (outcome == PG_COMMITTED)
		end(l->group, members);
	return outcome == PG_COMMITTED;
}
