/*
 * The PostgreSQL engine: opening, closing, what it tells about itself.
 *
 * Opening: the schema (made or brought up to date when asked), the master key, which must be the
 * one the store was made with, the lanes. The store is made by whoever first writes META "store":
 * under the lock of merchant 0, so that nodes that start together agree. The connection that opened
 * it goes to the tender.
 */
#include "store/pg_engine.h"

#include "base/varint.h"
#include "store/bell.h"
#include "store/clock.h"
#include "base/file.h"
#include "store/keys.h"

#include <errno.h>
#include <unistd.h>

static const struct engine_verbs verbs;

/* ---- for the other parts ---- */

struct instant pg_engine_now(const struct pg_engine *e)
{
	return e->clock ? e->clock(e->clock_context) : wall_read();
}

struct env pg_engine_env(const struct pg_engine *e, struct arena *arena)
{
	struct instant now = pg_engine_now(e);
	return (struct env){
	    .now = now, .instant = now, .epoch = atomic_load(&e->epoch), .arena = arena};
}

static void make_key(void *context, uint64_t slot, uint8_t ret_key[SLOT_SIZE])
{
	const struct pg_engine *e = context;
	seeded_random(e->seed, "customer key", slot, ret_key, SLOT_SIZE);
}

void pg_engine_keyring(struct pg_engine *e, struct keyring_rows *k, struct rows *rows)
{
	keyring_rows_like(k, &e->ring);
	k->rows = rows;
	k->make = make_key;
	k->context = e;
}

enum fault pg_engine_note(struct pg_engine *e, enum fault fault)
{
	if (fault == OK || fault == FAULT_BUSY)
		atomic_store(&e->away, fault);
	return fault;
}

enum fault pg_engine_connect(struct pg_engine *e, struct pg **p)
{
	char *why = NULL;
	if (*p)
		return OK;
	struct pg_config config = {
	    .url = e->url, .statement_ms = e->statement_ms, .lock_ms = e->lock_ms};
	enum fault fault = pg_open(&config, p, &why);
	free(why);
	if (fault != OK)
		*p = NULL;
	/* A schema that went away is trouble of the database's, not of the call's. */
	return pg_engine_note(e, fault == OK ? OK : FAULT_BUSY);
}

/* ---- the store's card ---- */

void copy_mark_key(struct key *k)
{
	key_init(k, (enum row_kind)ROW_META, 0, 0);
	key_add_text(k, TEXT("copy"));
}

void store_card_key(struct key *k)
{
	key_init(k, (enum row_kind)ROW_META, 0, 0);
	key_add_text(k, TEXT("store"));
}

void store_card_write(const struct store_card *c, struct buffer *out)
{
	buffer_varint(out, c->id);
	buffer_varint(out, c->master_id);
	buffer_add(out, c->check, sizeof(c->check));
}

static bool card_read(struct text value, struct store_card *ret)
{
	if (!varint_take(&value, &ret->id) || !varint_take(&value, &ret->master_id) ||
	    ret->master_id > UINT32_MAX || value.size != sizeof(ret->check))
		return false;
	memcpy(ret->check, value.data, sizeof(ret->check));
	return true;
}

static enum fault make_card(struct pg_engine *e, const struct engine_config *config,
			    struct store_card *ret, char **ret_why)
{
	if (access(config->master_key, F_OK) != 0 && errno == ENOENT)
		TRY(master_keys_create(config->master_key, e->seed, &e->masters));
	else
		TRY(master_keys_read(config->master_key, &e->masters, ret_why));
	seeded_random(e->seed, "store", 1, &ret->id, sizeof(ret->id));
	ret->master_id = e->masters.id[e->masters.count - 1];
	master_key_check(&e->masters, e->masters.count - 1, ret->id, ret->check);
	return OK;
}

static enum fault write_card(struct pg_engine *e, struct pg *p, const struct store_card *card)
{
	uint8_t memory[64];
	struct buffer value;
	struct key k;
	store_card_key(&k);
	buffer_init_fixed(&value, memory, sizeof(memory));
	store_card_write(card, &value);
	struct text bytes = buffer_get(&value);
	struct pg_change change = {.key = key_get(&k), .value = &bytes};
	struct pg_batch batch = {.id = {e->node, atomic_fetch_add(&e->batch, 1) + 1},
				 .changes = &change,
				 .change_count = 1};
	return pg_commit(p, &batch) == PG_COMMITTED ? OK : FAULT_BUSY;
}

static enum fault check_card(struct pg_engine *e, const struct engine_config *config,
			     struct text value, char **ret_why)
{
	struct store_card *card = &e->card;
	if (!card_read(value, card))
		return FAULT_DATA_DAMAGED;
	TRY(master_keys_read(config->master_key, &e->masters, ret_why));
	if (master_keys_fit(&e->masters, (uint32_t)card->master_id, card->id, card->check))
		return OK;
	*ret_why =
	    text_print("the master key in %s is not the one of this store", config->master_key);
	return FAULT_KEY_FILE_WRONG;
}

static enum fault judge_card(struct pg_engine *e, const struct engine_config *config, struct pg *p,
			     struct rows *rows, char **ret_why)
{
	struct text value;
	struct key card, mark;
	store_card_key(&card);
	copy_mark_key(&mark);
	if (row_get(rows, key_get(&mark), &value) && !config->copying) {
		*ret_why = text_print(COPY_CUT_OFF);
		return FAULT_DATA_DAMAGED;
	}
	if (row_get(rows, key_get(&card), &value))
		return check_card(e, config, value, ret_why);
	if (!config->create)
		return FAULT_DATA_MISSING;
	TRY(make_card(e, config, &e->card, ret_why));
	return write_card(e, p, &e->card);
}

/* Under the lock of merchant 0. */
static enum fault find_card(struct pg_engine *e, const struct engine_config *config, struct pg *p,
			    char **ret_why)
{
	struct loaded rows;
	struct head head;
	struct key card, mark;
	store_card_key(&card);
	copy_mark_key(&mark);
	loaded_init(&rows);
	(void)row_want(&rows.rows, key_get(&card));
	(void)row_want(&rows.rows, key_get(&mark));
	enum fault fault = pg_begin_write(p, 0, &head);
	if (fault == OK)
		fault = pg_fill(p, &rows);
	if (fault == OK) {
		loaded_filled(&rows);
		fault = judge_card(e, config, p, &rows.rows, ret_why);
	}
	pg_rollback(p);
	loaded_release(&rows);
	return fault;
}

/* ---- opening and closing ---- */

static enum fault read_origin(struct tx *tx, const struct env *env, const void *cmd, void *ret)
{
	(void)env;
	(void)cmd;
	return epoch_read(tx, ret);
}

static enum fault read_epoch(struct pg_engine *e)
{
	struct reader *r = pg_reader_open((struct engine *)(void *)e);
	struct detail detail = {0};
	struct arena arena;
	uint64_t epoch = 0;
	arena_init(&arena, 64 * 1024);
	struct tx *tx = pg_reader_begin(r, 0, &arena, &detail);
	enum fault fault = pg_reader_apply(tx, read_origin, NULL, &epoch);
	pg_reader_end(r);
	pg_reader_close(r);
	arena_release(&arena);
	atomic_store(&e->epoch, epoch);
	return fault;
}

/* The node's number comes last: what fails before has none to give back. */
static enum fault find_all(struct pg_engine *e, const struct engine_config *config, struct pg *p,
			   char **ret_why)
{
	TRY(pg_start_batches(e, p));
	TRY(find_card(e, config, p, ret_why));
	keyring_masters(&e->ring, &e->masters);
	TRY(read_epoch(e));
	e->lanes.may_join = pg_may_join(p);
	return pg_take_number(e, p);
}

static enum fault open_all(struct pg_engine *e, const struct engine_config *config, char **ret_why)
{
	struct pg *p = NULL;
	if (!pg_is_address(e->url)) {
		*ret_why = text_print("the address of a store begins with postgresql://");
		return FAULT_USAGE;
	}
	if (!config->master_key) {
		*ret_why = text_print("a PostgreSQL store wants --master-key=FILE (or "
				      "COUPONRY_MASTER_KEY), the same file on every node");
		return FAULT_USAGE;
	}
	struct pg_config connect = {.url = e->url,
				    .create = config->create,
				    .statement_ms = e->statement_ms,
				    .lock_ms = e->lock_ms};
	TRY(pg_open(&connect, &p, ret_why));
	enum fault fault = find_all(e, config, p, ret_why);
	if (fault != OK) {
		pg_close(p);
		return fault;
	}
	pg_lanes_start(e);
	pg_tender_start(e, p);
	return OK;
}

static void release(struct engine *engine)
{
	struct pg_engine *e = pg_engine_of(engine);
	if (e->tender.there) {
		pg_lanes_stop(e);
		pg_tender_stop(e);
	}
	pthread_mutex_destroy(&e->homes.lock);
	secret_wipe(&e->masters, sizeof(e->masters));
	secret_wipe(&e->ring, sizeof(e->ring));
	secret_wipe(e->url, strlen(e->url));
	free(e->url);
	free(e);
}

enum fault pg_engine_open(const struct engine_config *config, struct engine **ret_engine,
			  char **ret_why)
{
	struct pg_engine *e = calloc(1, sizeof(*e));
	must(e);
	e->base.verbs = &verbs;
	e->url = text_print("%s", config->store);
	e->seed = config->seed;
	e->clock = config->clock;
	e->clock_context = config->clock_context;
	e->statement_ms = config->statement_ms;
	e->lock_ms = config->lock_ms;
	e->lanes.thread_count = config->write_lanes ? config->write_lanes : PG_LANES;
	must(e->lanes.thread_count <= ENGINE_LANES_MAX);
	pg_tender_init(e, config);
	pthread_mutex_init(&e->homes.lock, NULL);
	struct engine *engine = (struct engine *)(void *)e;
	enum fault fault = open_all(e, config, ret_why);
	if (fault == OK) {
		*ret_engine = engine;
		return OK;
	}
	if (!*ret_why)
		*ret_why = text_print("the PostgreSQL store: %s", fault_text(fault));
	release(engine);
	return fault;
}

/* ---- what it tells ---- */

/* What another node wrote is seen when the span is over. */
static uint64_t credential_version(const struct engine *engine)
{
	const struct pg_engine *e = (const struct pg_engine *)(const void *)engine;
	uint64_t span = (uint64_t)monotonic_us() / (PG_CREDENTIAL_S * UINT64_C(1000000));
	return atomic_load(&e->credential_writes) << 32 | (uint32_t)span;
}

static uint64_t signing_key(const struct engine *engine, uint8_t ret_seed[32])
{
	const struct pg_engine *e = (const struct pg_engine *)(const void *)engine;
	master_key_signing(&e->masters, e->card.id, ret_seed);
	return e->card.id;
}

static enum fault ready(const struct engine *engine)
{
	const struct pg_engine *e = (const struct pg_engine *)(const void *)engine;
	TRY(atomic_load(&e->clock_fault));
	TRY(atomic_load(&e->away));
	return monotonic_us() <= atomic_load(&e->tender.leased_us) ? OK : FAULT_BUSY;
}

static enum fault clock_accept(struct engine *e)
{
	return ready(e); /* the database's clock is not to be argued with */
}

static void stats_get(const struct engine *engine, struct engine_stats *ret)
{
	struct pg_engine *e = pg_engine_of((struct engine *)(uintptr_t)engine); /* for its lock */
	struct pg_counters *c = &e->counters;
	*ret =
	    (struct engine_stats){.batches = atomic_load(&c->batches),
				  .commands = atomic_load(&c->commands),
				  .nodes = atomic_load(&e->lanes.nodes),
				  .entries = atomic_load(&c->entries),
				  .syncs = atomic_load(&c->commits),
				  .batch_size_sum = atomic_load(&c->commands),
				  .sync_us_sum = atomic_load(&c->commit_us_sum),
				  .rounds = atomic_load(&c->rounds),
				  .round_trips = atomic_load(&c->round_trips),
				  .node = atomic_load(&e->node),
				  .oldest_snapshot_ms = atomic_load(&e->tender.oldest_snapshot_ms)};
	copy_buckets(ret->batch_size, c->batch_size);
	copy_buckets(ret->sync_us, c->commit_us);
	pthread_mutex_lock(&e->lanes.lock);
	ret->queue_depth = e->lanes.calls;
	ret->job_queue_depth = e->lanes.jobs;
	pthread_mutex_unlock(&e->lanes.lock);
}

/* The erasure is committed: its rows are gone, what is left is in the ledger, under the key. */
static enum fault wipe(struct engine *engine, uint64_t merchant)
{
	struct pg_engine *e = pg_engine_of(engine);
	struct pg *p = NULL;
	enum fault fault = pg_engine_connect(e, &p);
	if (fault == OK)
		fault = pg_engine_note(e, pg_wipe_keys(p, merchant));
	if (p)
		pg_close(p);
	return fault;
}

static void nothing_to_feed(struct engine *e)
{
	(void)e;
}

static enum fault backup(struct engine *e, const char *to, char **ret_why)
{
	(void)e;
	(void)to;
	*ret_why = text_print("a PostgreSQL store is backed up with PostgreSQL's own tools");
	return FAULT_USAGE;
}

static const struct engine_verbs verbs = {
    .stop_jobs = pg_stop_jobs,
    .close = release,
    .reader_open = pg_reader_open,
    .reader_close = pg_reader_close,
    .reader_begin = pg_reader_begin,
    .reader_end = pg_reader_end,
    .reader_keep = pg_reader_keep,
    .reader_rest = pg_reader_rest,
    .reader_apply = pg_reader_apply,
    .reader_look = pg_reader_look,
    .reader_due = pg_reader_due,
    .reader_try = pg_reader_try,
    .submit = pg_submit,
    .wipe = wipe,
    .feed = nothing_to_feed,
    .credential_version = credential_version,
    .ready = ready,
    .clock_accept = clock_accept,
    .stats_get = stats_get,
    .verify = pg_verify,
    .ledger_scan = pg_ledger_scan,
    .ledger_follow = pg_ledger_follow,
    .ledger_newest = pg_ledger_newest,
    .signing_key = signing_key,
    .backup = backup,
    .home = pg_home,
    .waits = true,
};
