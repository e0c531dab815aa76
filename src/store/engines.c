/* From the interface to the engine that was opened. */
#include "store/engines.h"

#include "base/crypto.h"

#include <pthread.h>
#include <sched.h>

static const struct engine_verbs *verbs_of(const struct engine *e)
{
	return ((const struct engine_base *)(const void *)e)->verbs;
}

static struct reader_base *base_of(struct reader *r)
{
	return (struct reader_base *)(void *)r;
}

static const struct engine_verbs *verbs_of_reader(struct reader *r)
{
	return verbs_of(base_of(r)->engine);
}

enum fault engine_open(const struct engine_config *config, struct engine **ret_engine,
		       char **ret_why)
{
	*ret_why = NULL;
	return config->store ? pg_engine_open(config, ret_engine, ret_why)
			     : embedded_open(config, ret_engine, ret_why);
}

void engine_stop_jobs(struct engine *e)
{
	verbs_of(e)->stop_jobs(e);
}

void engine_close(struct engine *e)
{
	verbs_of(e)->close(e);
}

bool engine_waits(const struct engine *e)
{
	return verbs_of(e)->waits;
}

/* ---- reads ---- */

struct reader *reader_open(struct engine *e)
{
	return verbs_of(e)->reader_open(e);
}

void reader_close(struct reader *r)
{
	verbs_of_reader(r)->reader_close(r);
}

struct tx *reader_begin(struct reader *r, uint64_t merchant, struct arena *arena,
			struct detail *detail)
{
	return verbs_of_reader(r)->reader_begin(r, merchant, arena, detail);
}

void reader_merchant(struct tx *tx, uint64_t merchant, struct merchant_clock clock)
{
	struct env env = tx->env;
	int64_t more_ms = clock.ahead_ms - env.ahead_ms;
	must(!tx->writing);
	env.now.ms += more_ms;
	env.instant.ms += more_ms;
	env.ahead_ms = clock.ahead_ms;
	env.from_utc8 = clock.from_utc8;
	tx_init_read(tx, tx->rows, tx->keys, merchant, &env, tx->detail);
}

const struct env *reader_env(const struct tx *tx)
{
	return &tx->env;
}

enum fault reader_apply(struct reader *r, handler *handle, const void *cmd, void *ret)
{
	return verbs_of_reader(r)->reader_apply(&base_of(r)->tx, handle, cmd, ret);
}

void reader_end(struct reader *r)
{
	verbs_of_reader(r)->reader_end(r);
}

void reader_keep(struct reader *r)
{
	verbs_of_reader(r)->reader_keep(r);
}

void reader_rest(struct reader *r)
{
	verbs_of_reader(r)->reader_rest(r);
}

struct tx *reader_renew(struct reader *r)
{
	struct tx *tx = &base_of(r)->tx;
	uint64_t merchant = tx->merchant;
	struct merchant_clock clock = {tx->env.from_utc8, tx->env.ahead_ms};
	struct arena *arena = tx->env.arena;
	struct detail *detail = tx->detail;
	reader_end(r);
	if (verbs_of_reader(r)->waits)
		reader_rest(r); /* the newest state, and not all that was read so far */
	tx = reader_begin(r, merchant, arena, detail);
	reader_merchant(tx, merchant, clock);
	return tx;
}

void reader_look(struct reader *r, const struct reader_look *looks, unsigned n)
{
	verbs_of_reader(r)->reader_look(r, looks, n);
}

enum fault reader_due(struct reader *r, struct due_walk *w, uint64_t ret[DUE_WALK_PAGE],
		      unsigned *ret_n)
{
	must(!w->ended);
	return verbs_of_reader(r)->reader_due(r, w, ret, ret_n);
}

enum fault reader_try(struct reader *r, struct write *w)
{
	return verbs_of_reader(r)->reader_try(r, w);
}

/* ---- writes ---- */

void engine_submit(struct engine *e, struct write *w)
{
	verbs_of(e)->submit(e, w);
}

struct waiter {
	pthread_mutex_t lock;
	pthread_cond_t condition;
	bool done;
};

static void wake_waiter(struct write *w)
{
	struct waiter *waiter = w->context;
	pthread_mutex_lock(&waiter->lock);
	waiter->done = true;
	pthread_cond_signal(&waiter->condition);
	pthread_mutex_unlock(&waiter->lock);
}

enum fault engine_run(struct engine *e, struct write *w)
{
	struct waiter waiter = {PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, false};
	w->done = wake_waiter;
	w->context = &waiter;
	engine_submit(e, w);
	pthread_mutex_lock(&waiter.lock);
	while (!waiter.done)
		pthread_cond_wait(&waiter.condition, &waiter.lock);
	pthread_mutex_unlock(&waiter.lock);
	pthread_mutex_destroy(&waiter.lock);
	pthread_cond_destroy(&waiter.condition);
	return w->fault;
}

enum fault engine_wipe(struct engine *e, uint64_t merchant)
{
	return verbs_of(e)->wipe(e, merchant);
}

/* ---- another epoch ---- */

enum {
	RESTORE_COMMAND = 2, /* origin_restore, domain/commands.tbl.h */
	EPOCH_MAX = (1 << 20) - 1,
	ARENA_BYTES = 64 * 1024,
};

/* The domain's origin_restore, which the store cannot reach; the epoch it has, met by chance, gives
 * the next one. */
static enum fault change_epoch(struct tx *tx, const struct env *env, const void *cmd, void *ret)
{
	uint64_t epoch = *(const uint64_t *)cmd;
	struct origin origin = {.number = 1};
	bool found;
	(void)env;
	(void)ret;
	TRY(store_get(tx, TABLE_ORIGIN, &origin, &found));
	if (!found)
		return FAULT_DATA_MISSING;
	origin.epoch = epoch == origin.epoch ? epoch % EPOCH_MAX + 1 : epoch;
	store_put(tx, TABLE_ORIGIN, &origin);
	return OK;
}

enum fault engine_new_epoch(struct engine *e)
{
	struct arena arena;
	uint64_t epoch;
	random_bytes(&epoch, sizeof(epoch));
	epoch = epoch % EPOCH_MAX + 1;
	arena_init(&arena, ARENA_BYTES);
	struct write w = {.command = RESTORE_COMMAND,
			  .handle = change_epoch,
			  .actor = TEXT("restore"),
			  .cmd = &epoch,
			  .arena = &arena};
	enum fault fault = engine_run(e, &w);
	arena_release(&arena);
	return fault;
}

/* ---- couriers ---- */

static struct engine_base *engine_base_of(struct engine *e)
{
	return (struct engine_base *)(void *)e;
}

bool engine_on_outbox(struct engine *e, struct engine_waker *waker)
{
	struct engine_base *base = engine_base_of(e);
	struct engine_waker *nobody = NULL;
	if (waker)
		return atomic_compare_exchange_strong(&base->waker, &nobody, waker);
	atomic_store(&base->waker, NULL);
	while (atomic_load(&base->waking))
		sched_yield();
	return true;
}

void engine_answer(struct engine_base *base, struct write *w)
{
	if (w->tells && w->fault == OK) {
		atomic_fetch_add(&base->waking, 1);
		struct engine_waker *waker = atomic_load(&base->waker);
		if (waker)
			waker->wake(waker, w->merchant, w->tells);
		atomic_fetch_sub(&base->waking, 1);
	}
	w->done(w);
}

/* ---- what it tells, the ledger, copies ---- */

void engine_feed(struct engine *e)
{
	verbs_of(e)->feed(e);
}

bool engine_home(const struct engine *e, uint64_t merchant, char ret[NODE_ADDRESS_SIZE])
{
	return verbs_of(e)->home && verbs_of(e)->home(e, merchant, ret);
}

uint64_t engine_credential_version(const struct engine *e)
{
	return verbs_of(e)->credential_version(e);
}

enum fault engine_ready(const struct engine *e)
{
	return verbs_of(e)->ready(e);
}

enum fault engine_clock_accept(struct engine *e)
{
	return verbs_of(e)->clock_accept(e);
}

void engine_stats_get(const struct engine *e, struct engine_stats *ret)
{
	verbs_of(e)->stats_get(e, ret);
}

enum fault engine_verify(struct engine *e,
			 void (*progress)(void *context, uint64_t done, uint64_t all),
			 void *context, struct ledger_report *ret, char **ret_why)
{
	return verbs_of(e)->verify(e, progress, context, ret, ret_why);
}

enum fault engine_ledger_scan(struct engine *e,
			      bool (*see)(void *context, const struct ledger_entry *entry),
			      void *context)
{
	return verbs_of(e)->ledger_scan(e, see, context);
}

enum fault engine_ledger_follow(struct engine *e, struct ledger_cursor *cursor,
				bool (*see)(void *context, const struct ledger_entry *entry),
				void *context)
{
	return verbs_of(e)->ledger_follow(e, cursor, see, context);
}

enum fault engine_ledger_newest(struct engine *e, uint64_t merchant, uint64_t *ret_number)
{
	return verbs_of(e)->ledger_newest(e, merchant, ret_number);
}

enum fault engine_backup(struct engine *e, const char *to, char **ret_why)
{
	return verbs_of(e)->backup(e, to, ret_why);
}

uint64_t engine_signing_key(const struct engine *e, uint8_t ret_seed[32])
{
	return verbs_of(e)->signing_key(e, ret_seed);
}
