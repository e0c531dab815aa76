/* See pg_work.h. */
#include "store/pg_work.h"

#include "store/bell.h"
#include "store/entry.h"
#include "store/ledger.h"

#include <unistd.h>

enum {
	TRIES_UNKNOWN = 40, /* the fate of a batch is worth more patience: some 40 s */
	PAUSE_US = 5 * 1000,
	PAUSE_US_MAX = 1000 * 1000,
};

void pg_work_init(struct pg_work *w, struct pg_lane *l)
{
	w->lane = l;
	loaded_init(&w->rows);
	rounds_init(&w->rounds);
}

void pg_work_release(struct pg_work *w)
{
	loaded_release(&w->rows);
	rounds_release(&w->rounds);
	secret_wipe(&w->keys, sizeof(w->keys));
}

void pg_work_prepare(struct pg_work *w, struct pg_writes *writes, bool blind)
{
	struct pg_engine *e = w->lane->engine;
	struct rounds *r = &w->rounds;
	loaded_clear(&w->rows);
	pg_engine_keyring(e, &w->keys, &w->rows.rows);
	w->writes = writes;
	r->merchant = writes->at[0]->merchant;
	if (blind)
		rounds_set_head(&w->rows, r->merchant, &(struct head){.next_number = 1});
	r->blind = blind;
	r->writes = writes->at;
	r->n = writes->n;
	r->rows = &w->rows;
	r->keys = &w->keys.ring;
	r->context = w;
	r->env = pg_engine_env(e, NULL);
	r->bytes_stop = BATCH_STOP_BYTES;
}

/* ---- what is committed ---- */

static bool is_stored(struct text key)
{
	unsigned kind = (uint8_t)key.data[0];
	return kind != ROW_HEAD && kind != ROW_KEY_LAST; /* they follow from other rows */
}

/* Absent under the lock; or never asked for, because its key was made by who put it: a place in a
 * list, a number, a slot (store_add, list_append, take_slot). */
static bool is_new(enum loaded_state was, struct text key)
{
	unsigned kind = (uint8_t)key.data[0];
	return was == LOADED_ABSENT ||
	       (was == LOADED_UNKNOWN && (kind == ROW_RECORD || kind == ROW_KEY));
}

static void gather_changes(struct pg_gather *g, const struct loaded *rows)
{
	for (size_t i = 0; i < loaded_changes(rows); i++) {
		bool gone;
		struct pg_change *c = &g->changes[g->change_count];
		struct text *value = &g->values[g->change_count];
		loaded_change(rows, i, &c->key, value, &gone);
		if (!is_stored(c->key))
			continue;
		c->value = gone ? NULL : value;
		c->is_new = is_new(loaded_change_was(rows, i, &c->was), c->key);
		g->change_count++;
	}
}

static void gather_entries(struct pg_gather *g, const struct rounds *r)
{
	for (unsigned i = 0; i < r->entry_count; i++) {
		const struct rounds_entry *e = &r->entries[i];
		g->entries[g->entry_count++] =
		    (struct pg_entry){.merchant = r->merchant,
				      .number = e->number,
				      .instant = e->instant,
				      .bytes = {r->bytes.data + e->at, e->size},
				      .hash = e->hash,
				      .actor = e->write->actor,
				      .command = e->write->command};
	}
}

static void make_room(struct pg_gather *g, size_t changes, size_t entries)
{
	if (changes > g->change_capacity) {
		g->change_capacity = changes * 2;
		g->changes = realloc(g->changes, g->change_capacity * sizeof(*g->changes));
		g->values = realloc(g->values, g->change_capacity * sizeof(*g->values));
		must(g->changes && g->values);
	}
	if (entries > g->entry_capacity) {
		g->entry_capacity = entries * 2;
		g->entries = realloc(g->entries, g->entry_capacity * sizeof(*g->entries));
		must(g->entries);
	}
}

void pg_gather_release(struct pg_gather *g)
{
	free(g->changes);
	free(g->values);
	free(g->entries);
}

void pg_gather_works(struct pg_gather *g, struct pg_work *const *works, unsigned n)
{
	size_t changes = 0, entries = 0;
	for (unsigned i = 0; i < n; i++) {
		changes += loaded_changes(&works[i]->rows);
		entries += works[i]->rounds.entry_count;
	}
	make_room(g, changes, entries);
	g->change_count = g->entry_count = 0;
	for (unsigned i = 0; i < n; i++) {
		gather_changes(g, &works[i]->rows);
		gather_entries(g, &works[i]->rounds);
	}
}

void pg_lane_commit_send(struct pg_lane *l)
{
	struct pg_engine *e = l->engine;
	const struct pg_gather *g = &l->gather;
	l->id = (struct batch_id){e->node, atomic_fetch_add(&e->batch, 1) + 1};
	struct pg_batch batch = {l->id, g->changes, g->change_count, g->entries, g->entry_count};
	l->sent_us = monotonic_us();
	pg_commit_send(l->pg, &batch);
}

enum pg_outcome pg_lane_commit_receive(struct pg_lane *l)
{
	struct pg_counters *c = &l->engine->counters;
	enum pg_outcome outcome = pg_commit_receive(l->pg);
	uint64_t us = (uint64_t)(monotonic_us() - l->sent_us);
	count(&c->commits, 1);
	count(&c->commit_us_sum, us);
	count_bucket(c->commit_us, us);
	return outcome;
}

/* ---- what became of it ---- */

void pg_lane_pause(unsigned again)
{
	uint64_t us = again < 8 ? (uint64_t)PAUSE_US << again : PAUSE_US_MAX;
	usleep((useconds_t)(us < PAUSE_US_MAX ? us : PAUSE_US_MAX));
}

enum pg_outcome pg_lane_find_out(struct pg_lane *l, uint64_t merchant)
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
		pg_lane_pause(again);
	}
	return PG_UNKNOWN;
}

unsigned pg_writes_fail(struct pg_writes *writes, enum fault fault)
{
	for (unsigned i = 0; i < writes->n; i++) {
		writes->at[i]->fault = fault;
		writes->at[i]->entry = 0;
	}
	return writes->n;
}

/* ---- after it ---- */

void pg_lane_count_trips(struct pg_lane *l)
{
	uint64_t trips = l->pg ? pg_round_trips(l->pg) : 0;
	if (trips > l->round_trips)
		count(&l->engine->counters.round_trips, trips - l->round_trips);
	l->round_trips = trips;
}

static void count_batch(const struct pg_work *w)
{
	struct pg_counters *c = &w->lane->engine->counters;
	const struct rounds *r = &w->rounds;
	count(&c->commands, r->ran);
	count(&c->entries, r->entry_count);
	count(&c->rounds, r->rounds);
	count(&c->batches, r->entry_count > 0);
	count_bucket(c->batch_size, r->ran);
}

/* ORIGIN, when this batch has seen it. */
static void read_epoch(void *context)
{
	struct pg_work *w = context;
	struct origin origin = {.number = 1};
	struct env env = {0};
	struct tx tx = {0};
	struct key k;
	uint64_t epoch;
	key_record(&k, 0, TABLE_ORIGIN, &origin);
	if (!row_want(&w->rows.rows, key_get(&k)))
		return;
	tx_init_read(&tx, &w->rows.rows, &w->keys.ring, 0, &env, NULL);
	if (epoch_read(&tx, &epoch) == OK && epoch)
		atomic_store(&w->lane->engine->epoch, epoch);
	tx_free(&tx);
}

void pg_work_after(struct pg_work *w)
{
	const struct rounds *r = &w->rounds;
	count_batch(w);
	if (r->wrote_credential)
		atomic_fetch_add(&w->lane->engine->credential_writes, 1);
	if (r->merchant == 0)
		(void)!loaded_try(&w->rows, read_epoch, w);
}
