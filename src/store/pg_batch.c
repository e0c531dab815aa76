/*
 * A batch of one merchant on one connection:
 *
 *   look      run once on what is most likely there, only to name what to load
 *   lock      the merchant's head row; the reads after it see the last batch, whoever wrote it
 *   rounds    run, load what was missed, run again (rounds.h)
 *   commit    last images and ledger entries, in one exchange; from its answer on it IS accepted
 *
 * While a batch is written the next one is decided, on another connection (decide_next), and its
 * lock goes out behind the COMMIT of the first: the database goes on at once. Where another node
 * came between lately, or rows must be scanned, it only looks, with the last one's rows for hints,
 * and its lock and load go out.
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

enum { DISTRUST = 64 }; /* batches, after another node came between two of ours */

/* A batch's own. */
struct pg_work {
	struct pg_lane *lane;
	struct loaded rows;
	struct keyring_rows keys;
	struct rounds rounds;
	struct pg_writes *writes; /* that run now */
	bool begun;		  /* its lock was sent, and if it has only looked, its first load */
	bool decided;		  /* it has run ahead: good if the head is still `base` */
	struct head base;
};

struct pg_lane {
	struct pg_engine *engine;
	struct pg *pg; /* NULL: not connected */
	unsigned distrust;
	struct pg_work works[2];
	struct pg_work *work; /* of the batch that runs; the other one is the next's */
	struct pg_writes *next;
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
	for (unsigned i = 0; i < COUNT_OF(l->works); i++) {
		l->works[i].lane = l;
		loaded_init(&l->works[i].rows);
		rounds_init(&l->works[i].rounds);
	}
	l->work = l->works;
	l->entries = calloc(ROUNDS_BATCH_MAX, sizeof(*l->entries));
	must(l->entries);
	return l;
}

void pg_lane_free(struct pg_lane *l)
{
	pg_close(l->pg);
	for (unsigned i = 0; i < COUNT_OF(l->works); i++) {
		loaded_release(&l->works[i].rows);
		rounds_release(&l->works[i].rounds);
		secret_wipe(&l->works[i].keys, sizeof(l->works[i].keys));
	}
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
	const struct rounds *r = &l->work->rounds;
	count(&c->commands, r->ran);
	count(&c->entries, r->entry_count);
	count(&c->rounds, r->rounds);
	count(&c->batches, r->entry_count > 0);
	count_bucket(c->batch_size, r->ran);
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

static size_t gather_changes(struct pg_lane *l)
{
	const struct loaded *rows = &l->work->rows;
	size_t all = loaded_changes(rows), n = 0;
	if (all > l->change_capacity) {
		l->change_capacity = all * 2;
		l->changes = realloc(l->changes, l->change_capacity * sizeof(*l->changes));
		l->values = realloc(l->values, l->change_capacity * sizeof(*l->values));
		must(l->changes && l->values);
	}
	for (size_t i = 0; i < all; i++) {
		bool gone;
		struct pg_change *c = &l->changes[n];
		loaded_change(rows, i, &c->key, &l->values[n], &gone);
		if (!is_stored(c->key))
			continue;
		c->value = gone ? NULL : &l->values[n];
		c->is_new = is_new(loaded_change_was(rows, i, &c->was), c->key);
		n++;
	}
	return n;
}

static void gather_entries(struct pg_lane *l)
{
	const struct rounds *r = &l->work->rounds;
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

static void begin_next(struct pg_lane *l);

static enum pg_outcome commit(struct pg_lane *l)
{
	struct pg_engine *e = l->engine;
	int64_t begin = monotonic_us();
	gather_entries(l);
	l->id = (struct batch_id){e->node, atomic_fetch_add(&e->batch, 1) + 1};
	struct pg_batch batch = {.id = l->id,
				 .change_count = gather_changes(l),
				 .entries = l->entries,
				 .entry_count = l->work->rounds.entry_count};
	batch.changes = l->changes;
	pg_commit_send(l->pg, &batch);
	begin_next(l);
	enum pg_outcome outcome = pg_commit_receive(l->pg);
	uint64_t us = (uint64_t)(monotonic_us() - begin);
	count(&e->counters.commit_us_sum, us);
	count_bucket(e->counters.commit_us, us);
	return outcome;
}

/* ---- one attempt ---- */

/* The first load of a batch goes out with its lock, or went already. */
static enum fault lock_and_fill(struct pg_work *w, struct loaded *rows)
{
	struct pg_lane *l = w->lane;
	uint64_t merchant = w->rounds.merchant;
	struct head head;
	bool begun = w->begun;
	w->begun = false;
	TRY(begun ? pg_fill_begun(l->pg, rows, &head, &l->has_head)
		  : pg_fill_locking(l->pg, merchant, rows, &head, &l->has_head));
	if (!l->has_head)
		return FAULT_BUSY;
	rounds_set_head(rows, merchant, &head);
	l->locked = true;
	return OK;
}

static enum fault fill(void *context, struct loaded *rows)
{
	struct pg_work *w = context;
	return w->lane->locked ? pg_fill(w->lane->pg, rows) : lock_and_fill(w, rows);
}

static unsigned take_more(void *context, struct write **room)
{
	struct pg_writes *w = ((struct pg_work *)context)->writes;
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
	rounds_set_head(&l->work->rows, merchant, &head);
	l->locked = true;
	return OK;
}

static void prepare(struct pg_work *w, struct pg_writes *writes, bool blind)
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
	r->load = fill;
	r->more = take_more;
	r->context = w;
	r->env = pg_engine_env(e, NULL);
	r->bytes_stop = BATCH_STOP_BYTES;
}

/* Nobody wrote between the last batch and this one. */
static bool is_base(const struct pg_work *w, const struct head *head)
{
	return head->number == w->base.number &&
	       memcmp(head->hash, w->base.hash, sizeof(head->hash)) == 0;
}

/* Under the lock now. What was decided stands, or is decided again. */
static enum fault confirm(struct pg_lane *l)
{
	struct pg_work *w = l->work;
	struct head head;
	bool good = w->decided;
	w->begun = w->decided = false;
	TRY(pg_fill_begun(l->pg, &w->rows, &head, &l->has_head));
	if (!l->has_head)
		return FAULT_BUSY;
	l->locked = true;
	if (good && is_base(w, &head))
		return OK;
	l->distrust = DISTRUST;
	prepare(w, w->writes, false);
	rounds_set_head(&w->rows, w->rounds.merchant, &head);
	return rounds_run(&w->rounds);
}

static enum fault run_rounds(struct pg_lane *l, bool blind)
{
	struct pg_work *w = l->work;
	l->locked = false;
	l->has_head = true;
	if (w->decided)
		return confirm(l);
	if (w->begun)
		return rounds_go_on(&w->rounds);
	prepare(w, w->writes, blind);
	if (!blind)
		TRY(lock_alone(l, w->rounds.merchant));
	return rounds_run(&w->rounds);
}

static enum fault run(struct pg_lane *l)
{
	TRY(pg_engine_connect(l->engine, &l->pg));
	enum fault fault = run_rounds(l, true);
	if (fault == OK || l->has_head)
		return fault;
	pg_rollback(l->pg);
	return run_rounds(l, false);
}

static enum pg_outcome attempt(struct pg_lane *l)
{
	enum fault fault = pg_engine_note(l->engine, run(l));
	bool writes = fault == OK && l->work->rounds.entry_count;
	enum pg_outcome outcome = writes ? commit(l) : PG_COMMITTED;
	l->work->begun = l->work->decided = false;
	if (l->pg && (!writes || outcome != PG_COMMITTED))
		pg_rollback(l->pg);
	if (fault == OK)
		return outcome;
	return fault == FAULT_BUSY ? PG_AGAIN : PG_REFUSED;
}

/* ---- the next batch ---- */

static struct pg_work *other_work(struct pg_lane *l)
{
	return l->work == l->works ? l->works + 1 : l->works;
}

/* What this batch writes is there for the next one. */
static void overlay(struct pg_work *next, const struct loaded *last)
{
	for (size_t i = 0; i < loaded_changes(last); i++) {
		struct text key, value;
		bool gone;
		loaded_change(last, i, &key, &value, &gone);
		loaded_set(&next->rows, key, gone ? NULL : &value);
	}
}

/* A scan would not see what this batch put between its rows. */
static enum fault fill_ahead(void *context, struct loaded *rows)
{
	struct pg_work *w = context;
	return loaded_wants_scan(rows) ? FAULT_BUSY : pg_fill(w->lane->engine->lanes.ahead, rows);
}

static enum fault run_ahead(struct pg_engine *e, struct pg_work *w)
{
	TRY(pg_engine_connect(e, &e->lanes.ahead));
	TRY(pg_begin_read(e->lanes.ahead));
	w->rounds.load = fill_ahead;
	enum fault fault = rounds_run(&w->rounds);
	w->rounds.load = fill;
	return fault;
}

/* The next batch is decided while this one is written: on a snapshot from under this one's lock,
 * with this one's rows over it. That is what the next lock will find, unless another node has it in
 * between: then the head is another. */
static bool decide_next(struct pg_lane *l, struct pg_work *w)
{
	struct pg_lanes *lanes = &l->engine->lanes;
	if (pthread_mutex_trylock(&lanes->ahead_lock) != 0)
		return false; /* another lane's merchant */
	prepare(w, l->next, false);
	overlay(w, &l->work->rows);
	w->base = l->work->rounds.last;
	bool good = run_ahead(l->engine, w) == OK;
	if (lanes->ahead)
		pg_rollback(lanes->ahead);
	pthread_mutex_unlock(&lanes->ahead_lock);
	return good;
}

/* Only looked: what it believes is read again, under the lock. */
static void look_next(struct pg_lane *l, struct pg_work *w)
{
	prepare(w, l->next, true);
	rounds_set_head(&w->rows, w->rounds.merchant, &l->work->rounds.last);
	w->rows.hints = &l->work->rows;
	rounds_look(&w->rounds);
	w->rows.hints = NULL;
}

/* What is left out of this batch comes before the next. A batch that is decided ahead takes those
 * who wait now; one that only looks, those who wait when the rows are written. */
static void begin_next(struct pg_lane *l)
{
	const struct rounds *r = &l->work->rounds;
	struct pg_work *w = other_work(l);
	struct pg_writes *writes = l->next;
	bool trusts = l->distrust == 0;
	l->distrust -= !trusts;
	if (r->ran < l->work->writes->n || writes->n)
		return;
	if (!trusts && !pg_commit_written(l->pg))
		return;
	writes->more(writes);
	if (writes->n == 0)
		return;
	w->decided = trusts && decide_next(l, w);
	if (!w->decided && !pg_commit_written(l->pg))
		return;
	if (!w->decided)
		look_next(l, w);
	pg_fill_begin(l->pg, w->rounds.merchant, &w->rows);
	w->begun = true;
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

static enum pg_outcome attempts(struct pg_lane *l)
{
	uint64_t merchant = l->work->writes->at[0]->merchant;
	enum pg_outcome outcome = PG_AGAIN;
	for (unsigned again = 0; again < TRIES && outcome == PG_AGAIN; again++) {
		if (again)
			pause_before(again);
		/* Nobody waits long for a database that was away already. */
		bool was_away = atomic_load(&l->engine->away) != OK;
		outcome = attempt(l);
		if (outcome != PG_COMMITTED) /* it was read away, or went with its connection */
			other_work(l)->begun = other_work(l)->decided = false;
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
	if (!row_want(&l->work->rows.rows, key_get(&k)))
		return;
	tx_init_read(&tx, &l->work->rows.rows, &l->work->keys.ring, 0, &env, NULL);
	if (epoch_read(&tx, &epoch) == OK && epoch)
		atomic_store(&l->engine->epoch, epoch);
	tx_free(&tx);
}

static void after(struct pg_lane *l)
{
	const struct rounds *r = &l->work->rounds;
	count_batch(l);
	if (r->wrote_credential)
		atomic_fetch_add(&l->engine->credential_writes, 1);
	if (r->merchant == 0)
		(void)!loaded_try(&l->work->rows, read_epoch, l);
}

static unsigned fail(struct pg_writes *writes, enum fault fault)
{
	for (unsigned i = 0; i < writes->n; i++) {
		writes->at[i]->fault = fault;
		writes->at[i]->entry = 0;
	}
	return writes->n;
}

bool pg_lane_trusts(const struct pg_lane *l)
{
	return l->distrust == 0;
}

static unsigned run_writes(struct pg_lane *l, struct pg_writes *writes)
{
	switch (attempts(l)) {
	case PG_COMMITTED:
		after(l);
		return l->work->rounds.ran;
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

unsigned pg_lane_run(struct pg_lane *l, struct pg_writes *writes, struct pg_writes *next)
{
	if (other_work(l)->begun)
		l->work = other_work(l);
	must(!l->work->begun || l->work->writes == writes);
	l->work->writes = writes;
	l->next = next;
	writes->refused = false;
	enum fault unsure = atomic_load(&l->engine->clock_fault);
	if (unsure == OK)
		return run_writes(l, writes);
	l->work->begun = l->work->decided = false;
	if (l->pg)
		pg_rollback(l->pg);
	return fail(writes, unsure);
}
