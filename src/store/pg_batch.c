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
#include "store/pg_work.h"

enum { TRIES = 6 };

enum { DISTRUST = 64 }; /* batches, after another node came between two of ours */

struct pg_lane *pg_lane_new(struct pg_engine *e)
{
	struct pg_lane *l = calloc(1, sizeof(*l));
	must(l);
	l->engine = e;
	for (unsigned i = 0; i < COUNT_OF(l->works); i++)
		pg_work_init(&l->works[i], l);
	l->work = l->works;
	return l;
}

void pg_lane_free(struct pg_lane *l)
{
	pg_close(l->pg);
	for (unsigned i = 0; i < COUNT_OF(l->works); i++)
		pg_work_release(&l->works[i]);
	pg_group_free(l->group);
	pg_gather_release(&l->gather);
	free(l);
}

static void begin_next(struct pg_lane *l);

static enum pg_outcome commit(struct pg_lane *l)
{
	pg_gather_works(&l->gather, &l->work, 1);
	pg_lane_commit_send(l);
	begin_next(l);
	return pg_lane_commit_receive(l);
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
	rounds_lock_head(rows, merchant, &head);
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
	rounds_lock_head(&l->work->rows, merchant, &head);
	l->locked = true;
	return OK;
}

static void prepare(struct pg_work *w, struct pg_writes *writes, bool blind)
{
	pg_work_prepare(w, writes, blind);
	w->rounds.load = fill;
	w->rounds.more = take_more;
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
	rounds_lock_head(&w->rows, w->rounds.merchant, &head);
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
 * with what this one read and wrote over it. That is what the next lock will find, unless another
 * node has it in between: then the head is another. */
static bool decide_next(struct pg_lane *l, struct pg_work *w)
{
	struct pg_lanes *lanes = &l->engine->lanes;
	if (pthread_mutex_trylock(&lanes->ahead_lock) != 0)
		return false; /* another lane's merchant */
	prepare(w, l->next, false);
	w->rows.hints = &l->work->rows;
	w->rows.hints_hold = true;
	rounds_lock_head(&w->rows, w->rounds.merchant, &l->work->rounds.last);
	w->base = l->work->rounds.last;
	bool good = run_ahead(l->engine, w) == OK;
	w->rows.hints = NULL;
	w->rows.hints_hold = false;
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

static enum pg_outcome attempts(struct pg_lane *l)
{
	uint64_t merchant = l->work->writes->at[0]->merchant;
	enum pg_outcome outcome = PG_AGAIN;
	for (unsigned again = 0; again < TRIES && outcome == PG_AGAIN; again++) {
		if (again)
			pg_lane_pause(again);
		/* Nobody waits long for a database that was away already. */
		bool was_away = atomic_load(&l->engine->away) != OK;
		outcome = attempt(l);
		if (outcome != PG_COMMITTED) /* it was read away, or went with its connection */
			other_work(l)->begun = other_work(l)->decided = false;
		if (outcome == PG_UNKNOWN)
			outcome = pg_lane_find_out(l, merchant);
		pg_lane_count_trips(l);
		if (outcome == PG_AGAIN && was_away)
			break;
	}
	return outcome;
}

bool pg_lane_trusts(const struct pg_lane *l)
{
	return l->distrust == 0;
}

static unsigned run_writes(struct pg_lane *l, struct pg_writes *writes)
{
	switch (attempts(l)) {
	case PG_COMMITTED:
		pg_work_after(l->work);
		return l->work->rounds.ran;
	case PG_AGAIN:
	case PG_UNKNOWN:
		return pg_writes_fail(writes, FAULT_BUSY);
	case PG_REFUSED:
		break;
	}
	writes->refused = writes->n > 1;
	if (writes->refused)
		return 0;
	fprintf(stderr, "couponry: the database refuses a write: %s\n", pg_why(l->pg));
	return pg_writes_fail(writes, FAULT_DATA_DAMAGED);
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
	return pg_writes_fail(writes, unsure);
}
