/*
 * A batch of one merchant on one connection:
 *
 *   lock      the merchant's head row; the reads after it see the last batch, whoever wrote it
 *   rounds    run, load what was missed, run again (rounds.h)
 *   commit    last images and ledger entries, in one exchange; from its answer on it IS accepted
 *
 * What can go wrong and who deals with it, here in one place:
 *
 *   passing trouble (connection, lock time-out, conflict)   again, after a while, a few times: BUSY
 *   outcome unknown (the connection went while committing)  the batch's id is looked for under the
 *                                                           lock: there: answer, not there: again
 *   refused for good                                        one command: DATA_DAMAGED; more: the
 *                                                           caller comes with fewer
 */
#include "store/bell.h"
#include "store/entry.h"
#include "store/ledger.h"
#include "store/pg_engine.h"

#include <unistd.h>

enum {
	TRIES = 6,
	TRIES_UNKNOWN = 40, /* the fate of a batch is worth more patience: some 40 s */
	PAUSE_US = 5 * 1000,
	PAUSE_US_MAX = 1000 * 1000,
};

struct pg_lane {
	struct pg_engine *engine;
	struct pg *pg; /* NULL: not connected */
	struct loaded rows;
	struct keyring_rows keys;
	struct rounds rounds;
	struct pg_writes *writes; /* that run now */
	struct pg_change *changes;
	struct text *values;
	size_t change_capacity;
	struct pg_entry *entries;
	bool locked;	      /* the merchant's head row, by this attempt */
	bool has_head;	      /* the merchant has one */
	uint64_t round_trips; /* of the connection, when last counted */
	struct batch_id id;
};

struct pg_lane *pg_lane_new(struct pg_engine *e)
{
	struct pg_lane *l = calloc(1, sizeof(*l));
	must(l);
	l->engine = e;
	loaded_init(&l->rows);
	rounds_init(&l->rounds);
	l->entries = calloc(ROUNDS_BATCH_MAX, sizeof(*l->entries));
	must(l->entries);
	return l;
}

void pg_lane_free(struct pg_lane *l)
{
	if (l->pg)
		pg_close(l->pg);
	loaded_release(&l->rows);
	rounds_release(&l->rounds);
	secret_wipe(&l->keys, sizeof(l->keys));
	free(l->changes);
	free(l->values);
	free(l->entries);
	free(l);
}

/* ---- counting ---- */

static void count_trips(struct pg_lane *l)
{
	uint64_t trips = l->pg ? pg_round_trips(l->pg) : 0;
	if (trips > l->round_trips)
		count(&l->engine->counters.round_trips, trips - l->round_trips);
	l->round_trips = trips;
}

static void count_batch(struct pg_lane *l)
{
	struct pg_counters *c = &l->engine->counters;
	count(&c->commands, l->rounds.ran);
	count(&c->entries, l->rounds.entry_count);
	count(&c->rounds, l->rounds.rounds);
	count(&c->batches, l->rounds.entry_count > 0);
	count_bucket(c->batch_size, l->rounds.ran);
}

/* ---- what is committed ---- */

static bool is_stored(struct text key)
{
	unsigned kind = (uint8_t)key.data[0];
	return kind != ROW_HEAD && kind != ROW_KEY_LAST; /* they follow from other rows */
}

/* Absent under the lock; or never asked for, because its key was made by who put it: a place in a
 * list, a number, a slot (store_add, list_append, take_slot). */
static bool is_new(const struct loaded *rows, size_t i, struct text key)
{
	enum loaded_state was = loaded_change_was(rows, i);
	unsigned kind = (uint8_t)key.data[0];
	return was == LOADED_ABSENT ||
	       (was == LOADED_UNKNOWN && (kind == ROW_RECORD || kind == ROW_KEY));
}

static size_t gather_changes(struct pg_lane *l)
{
	size_t all = loaded_changes(&l->rows), n = 0;
	if (all > l->change_capacity) {
		l->change_capacity = all * 2;
		l->changes = realloc(l->changes, l->change_capacity * sizeof(*l->changes));
		l->values = realloc(l->values, l->change_capacity * sizeof(*l->values));
		must(l->changes && l->values);
	}
	for (size_t i = 0; i < all; i++) {
		bool gone;
		struct pg_change *c = &l->changes[n];
		loaded_change(&l->rows, i, &c->key, &l->values[n], &gone);
		if (!is_stored(c->key))
			continue;
		c->value = gone ? NULL : &l->values[n];
		c->is_new = is_new(&l->rows, i, c->key);
		n++;
	}
	return n;
}

static void gather_entries(struct pg_lane *l)
{
	const struct rounds *r = &l->rounds;
	for (unsigned i = 0; i < r->entry_count; i++) {
		const struct rounds_entry *e = &r->entries[i];
		l->entries[i] = (struct pg_entry){.merchant = r->merchant,
						  .number = e->number,
						  .instant = e->instant,
						  .bytes = {r->bytes.data + e->at, e->size},
						  .hash = e->hash,
						  .actor = e->write->actor,
						  .command = e->write->command};
	}
}

static enum pg_outcome commit(struct pg_lane *l)
{
	struct pg_engine *e = l->engine;
	int64_t begin = monotonic_us();
	gather_entries(l);
	l->id = (struct batch_id){e->node, atomic_fetch_add(&e->batch, 1) + 1};
	struct pg_batch batch = {.id = l->id,
				 .change_count = gather_changes(l),
				 .entries = l->entries,
				 .entry_count = l->rounds.entry_count};
	batch.changes = l->changes;
	enum pg_outcome outcome = pg_commit(l->pg, &batch);
	uint64_t us = (uint64_t)(monotonic_us() - begin);
	count(&e->counters.commit_us_sum, us);
	count_bucket(e->counters.commit_us, us);
	return outcome;
}

/* ---- one attempt ---- */

/* The first load of a batch goes out with its lock. */
static enum fault lock_and_fill(struct pg_lane *l, struct loaded *rows)
{
	struct head head;
	TRY(pg_fill_locking(l->pg, l->rounds.merchant, rows, &head, &l->has_head));
	if (!l->has_head)
		return FAULT_BUSY;
	rounds_set_head(rows, l->rounds.merchant, &head);
	l->locked = true;
	return OK;
}

static enum fault fill(void *context, struct loaded *rows)
{
	struct pg_lane *l = context;
	return l->locked ? pg_fill(l->pg, rows) : lock_and_fill(l, rows);
}

static unsigned take_more(void *context, struct write **room)
{
	struct pg_writes *w = ((struct pg_lane *)context)->writes;
	unsigned had = w->n;
	must(room == w->at + had);
	w->more(w);
	return w->n - had;
}

/* A merchant's first write makes its head row first. */
static enum fault lock_alone(struct pg_lane *l, uint64_t merchant)
{
	struct head head;
	TRY(pg_begin_write(l->pg, merchant, &head));
	rounds_set_head(&l->rows, merchant, &head);
	l->locked = true;
	return OK;
}

static enum fault run_rounds(struct pg_lane *l, uint64_t merchant, bool blind)
{
	struct rounds *r = &l->rounds;
	loaded_clear(&l->rows);
	l->locked = false;
	l->has_head = true;
	pg_engine_keyring(l->engine, &l->keys, &l->rows.rows);
	if (blind)
		rounds_set_head(&l->rows, merchant, &(struct head){.next_number = 1});
	else
		TRY(lock_alone(l, merchant));
	r->blind = blind;
	r->n = l->writes->n;
	r->rows = &l->rows;
	r->keys = &l->keys.ring;
	r->load = fill;
	r->context = l;
	r->merchant = merchant;
	r->env = pg_engine_env(l->engine, NULL);
	r->bytes_stop = BATCH_STOP_BYTES;
	return rounds_run(r);
}

static enum fault run(struct pg_lane *l, uint64_t merchant)
{
	TRY(pg_engine_connect(l->engine, &l->pg));
	enum fault fault = run_rounds(l, merchant, true);
	if (fault == OK || l->has_head)
		return fault;
	pg_rollback(l->pg);
	return run_rounds(l, merchant, false);
}

static enum pg_outcome attempt(struct pg_lane *l, uint64_t merchant)
{
	enum fault fault = pg_engine_note(l->engine, run(l, merchant));
	bool writes = fault == OK && l->rounds.entry_count;
	enum pg_outcome outcome = writes ? commit(l) : PG_COMMITTED;
	if (l->pg && (!writes || outcome != PG_COMMITTED))
		pg_rollback(l->pg);
	if (fault == OK)
		return outcome;
	return fault == FAULT_BUSY ? PG_AGAIN : PG_REFUSED;
}

static void pause_before(unsigned again)
{
	uint64_t us = again < 8 ? (uint64_t)PAUSE_US << again : PAUSE_US_MAX;
	usleep((useconds_t)(us < PAUSE_US_MAX ? us : PAUSE_US_MAX));
}

/* The batch's fate: COMMITTED, AGAIN, or UNKNOWN when nobody can be asked for too long. */
static enum pg_outcome find_out(struct pg_lane *l, uint64_t merchant)
{
	for (unsigned again = 0; again < TRIES_UNKNOWN; again++) {
		bool there = false;
		enum fault fault = pg_engine_connect(l->engine, &l->pg);
		if (fault == OK)
			fault = pg_was_committed(l->pg, merchant, l->id, &there);
		if (l->pg)
			pg_rollback(l->pg);
		if (fault == OK)
			return there ? PG_COMMITTED : PG_AGAIN;
		pause_before(again);
	}
	return PG_UNKNOWN;
}

static enum pg_outcome attempts(struct pg_lane *l, uint64_t merchant)
{
	enum pg_outcome outcome = PG_AGAIN;
	for (unsigned again = 0; again < TRIES && outcome == PG_AGAIN; again++) {
		if (again)
			pause_before(again);
		/* Nobody waits long for a database that was away already. */
		bool was_away = atomic_load(&l->engine->away) != OK;
		outcome = attempt(l, merchant);
		if (outcome == PG_UNKNOWN)
			outcome = find_out(l, merchant);
		count_trips(l);
		if (outcome == PG_AGAIN && was_away)
			break;
	}
	return outcome;
}

/* ---- after it ---- */

/* ORIGIN, when this batch has seen it. */
static void read_epoch(void *context)
{
	struct pg_lane *l = context;
	struct origin origin = {.number = 1};
	struct env env = {0};
	struct tx tx = {0};
	struct key k;
	uint64_t epoch;
	key_record(&k, 0, TABLE_ORIGIN, &origin);
	if (!row_want(&l->rows.rows, key_get(&k)))
		return;
	tx_init_read(&tx, &l->rows.rows, &l->keys.ring, 0, &env, NULL);
	if (epoch_read(&tx, &epoch) == OK && epoch)
		atomic_store(&l->engine->epoch, epoch);
	tx_free(&tx);
}

static void after(struct pg_lane *l)
{
	count_batch(l);
	if (l->rounds.wrote_credential)
		atomic_fetch_add(&l->engine->credential_writes, 1);
	if (l->rounds.merchant == 0)
		(void)!loaded_try(&l->rows, read_epoch, l);
}

static unsigned fail(struct pg_writes *writes, enum fault fault)
{
	for (unsigned i = 0; i < writes->n; i++) {
		writes->at[i]->fault = fault;
		writes->at[i]->entry = 0;
	}
	return writes->n;
}

unsigned pg_lane_run(struct pg_lane *l, struct pg_writes *writes)
{
	l->writes = writes;
	l->rounds.writes = writes->at;
	l->rounds.more = take_more;
	writes->refused = false;
	enum fault unsure = atomic_load(&l->engine->clock_fault);
	if (unsure != OK)
		return fail(writes, unsure);
	switch (attempts(l, writes->at[0]->merchant)) {
	case PG_COMMITTED:
		after(l);
		return l->rounds.ran;
	case PG_AGAIN:
	case PG_UNKNOWN:
		return fail(writes, FAULT_BUSY);
	case PG_REFUSED:
		break;
	}
	writes->refused = writes->n > 1;
	if (writes->refused)
		return 0;
	fprintf(stderr, "couponry: the database refuses a write: %s\n", pg_why(l->pg));
	return fail(writes, FAULT_DATA_DAMAGED);
}
