/*
 * The embedded engine: opening (create, recover), closing, readers, what it tells about itself.
 *
 * Opening goes from the outside in: folder, lock, master key, ledger, customer keys, view; then
 * recovery: find the ledger's end, settle its tail on the disk, replay what the view has not; then
 * the threads. Nothing is answered before all of it.
 */
#include "store/engine.h"

#include "store/due.h"
#include "store/look.h"
#include "store/entry.h"
#include "store/lock.h"
#include "store/parts.h"
#include "store/replay.h"

#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

enum { TEND_US = 1000 * 1000, TEND_AGAIN_US = 250 * 1000 };

/* ---- creating ---- */

static enum fault get_master_key(struct engine *e, bool may_create, char **ret_why)
{
	if (may_create && access(e->key_path, F_OK) != 0 && errno == ENOENT)
		return master_keys_create(e->key_path, e->seed, &e->masters);
	return master_keys_read(e->key_path, &e->masters, ret_why);
}

/* The ledger's first segment comes last: without it there is no store here yet. */
static enum fault create(struct engine *e, const struct engine_config *config, char **ret_why)
{
	struct segment_header head = {
	    .segment_bytes =
		(uint32_t)(config->segment_bytes ? config->segment_bytes : SEGMENT_BYTES)};
	_Static_assert(ENGINE_SEGMENT_MIB_MIN << 20 == SEGMENT_BYTES &&
			   ENGINE_SEGMENT_MIB_MAX << 20 == SEGMENT_BYTES_MAX,
		       "what an engine's users may choose");
	/* Segments that do not take every entry are for tests, whose commands are small. */
	must(head.segment_bytes >= SEGMENT_BYTES || e->seed);
	must(head.segment_bytes >= SEGMENT_BYTES_MIN && head.segment_bytes <= SEGMENT_BYTES_MAX &&
	     head.segment_bytes % 4096 == 0);
	TRY(get_master_key(e, true, ret_why));
	seeded_random(e->seed, "store", 1, &head.store_id, sizeof(head.store_id));
	head.master_id = e->masters.id[e->masters.count - 1];
	master_key_check(&e->masters, e->masters.count - 1, head.store_id, head.key_check);
	TRY(keyring_create(e->dir));
	char *path = text_print("%s/view", e->dir);
	enum fault fault = view_create(path, ret_why);
	free(path);
	TRY(fault);
	if (!folder_sync(e->dir))
		return fault_of_write(errno);
	return ledger_create(e->dir, &head);
}

/* ---- opening ---- */

/* Only into a folder of its own, or into what a creation that was cut off left. A store whose
 * ledger was taken away is not made anew over its keys. */
static enum fault may_create(struct engine *e, char **ret_why)
{
	static const char *const ours[] = {"lock", "keys", "view", "ledger", "admin.sock"};
	char *keys = text_print("%s/keys", e->dir);
	if (folder_has_other(keys, NULL, 0))
		*ret_why = text_print("%s has customer keys but no ledger", e->dir);
	free(keys);
	if (*ret_why)
		return FAULT_DATA_DAMAGED;
	TRY(folder_make_at(e->dir));
	if (!folder_has_other(e->dir, ours, COUNT_OF(ours)))
		return OK;
	*ret_why = text_print("%s is not empty and holds no data of couponry", e->dir);
	return FAULT_DATA_PRESENT;
}

static enum fault open_folder(struct engine *e, const struct engine_config *config, char **ret_why)
{
	bool there = ledger_exists(e->dir);
	if (!there && !config->create) {
		*ret_why = text_print("%s holds no data", e->dir);
		return FAULT_DATA_MISSING;
	}
	if (!there)
		TRY(may_create(e, ret_why));
	TRY(lock_take(e->dir, &e->lock_file, ret_why));
	if (!there)
		TRY(create(e, config, ret_why));
	return OK;
}

static enum fault open_files(struct engine *e, const struct engine_config *config, char **ret_why)
{
	TRY(ledger_open(&e->ledger, e->dir, &e->tender_bell, ret_why));
	const struct segment_header *head = &e->ledger.head;
	TRY(get_master_key(e, false, ret_why));
	if (!master_keys_fit(&e->masters, head->master_id, head->store_id, head->key_check)) {
		*ret_why =
		    text_print("the master key in %s is not the one of %s", e->key_path, e->dir);
		return FAULT_KEY_FILE_WRONG;
	}
	TRY(keyring_open(&e->keys, e->dir, head->store_id, &e->masters, e->read_only, ret_why));
	char *path = text_print("%s/view", e->dir);
	if (!e->read_only)
		view_compact_end(path);
	struct view_config view = {.read_only = e->read_only, .feed_pages = config->feed_pages};
	enum fault fault = view_open(&e->view, path, view, ret_why);
	free(path);
	return fault;
}

/* ---- recovery ---- */

/* Without a position the rows mean nothing: what a first feeding left, or an older program. They
 * go, or those that the ledger does not write again would stay. (Who may not write sees them under
 * the ledger's.) */
static enum fault read_position(struct engine *e, struct position *ret)
{
	struct view_reader r;
	struct text key, value;
	*ret = (struct position){0};
	view_reader_open(&r, &e->view);
	bool clear = !view_position(&r, ret) && view_next(&r, TEXT_NONE, false, &key, &value);
	view_reader_close(&r);
	return clear && !e->read_only ? view_clear(&e->view) : OK;
}

struct seek {
	const struct position *position;
	bool met;
};

static enum fault look_for_position(void *context, const struct batch *b)
{
	struct seek *seek = context;
	if (b->after.batch == seek->position->place.batch)
		seek->met = b->after.checksum == seek->position->place.checksum &&
			    b->after.offset == seek->position->place.offset;
	return OK;
}

/* The ledger's end, found from the segment where the view stands; the view must stand on it. */
static enum fault find_end(struct engine *e, const struct position *position, struct place *ret_end,
			   bool *ret_torn, char **ret_why)
{
	struct place from = position->place;
	struct ledger_damage damage = {.segment = from.segment, .offset = LEDGER_ALIGN};
	struct seek seek = {.position = position, .met = from.batch == 0};
	enum fault fault = from.batch ? ledger_segment_start(&e->ledger, from.segment, &from) : OK;
	if (fault == OK)
		fault = ledger_walk(&e->ledger, from, UINT64_MAX, look_for_position, &seek, ret_end,
				    &damage);
	*ret_torn = fault == FAULT_DATA_DAMAGED && damage.torn;
	if (*ret_torn || fault == OK) {
		if (seek.met)
			return OK;
		/* The view has more than the ledger: what is behind was not torn, it is lost. */
		if (fault == OK)
			damage = (struct ledger_damage){position->place.segment,
							position->place.offset, false};
		fault = FAULT_DATA_DAMAGED;
	}
	if (fault == FAULT_DATA_DAMAGED)
		*ret_why = ledger_damage_text(&damage);
	return fault;
}

static struct generation *first_generation(struct engine *e)
{
	struct generation *g = generation_open(e->overlay_cap);
	struct generations *pair = malloc(sizeof(*pair));
	must(g && pair);
	*pair = (struct generations){g, NULL};
	atomic_store(&e->overlay.pair, pair);
	return g;
}

static enum fault replay_tail(struct engine *e, const struct position *position, char **ret_why)
{
	struct replay r = {.ledger = &e->ledger,
			   .view = &e->view,
			   .overlay = &e->overlay,
			   .keys = &e->keys.ring,
			   .overlay_bytes = e->overlay_cap,
			   .position = *position,
			   .feed_bytes = e->read_only ? 0 : overlay_freeze_bytes(e)};
	enum fault fault = replay_run(&r, UINT64_MAX);
	if (fault == OK && atomic_load(&e->keys.missing)) {
		r.why = text_print("%s/keys has fewer keys than the ledger needs", e->dir);
		fault = FAULT_DATA_DAMAGED;
	}
	if (fault != OK)
		*ret_why = r.why;
	atomic_store(&e->newest_ms, r.position.newest.ms);
	atomic_store(&e->content, r.content ? r.content : position->place.batch);
	atomic_store(&e->overlay.published, r.position.place.batch);
	atomic_store(&e->feeder.fed, r.fed ? r.fed : position->place.batch);
	atomic_store(&e->feeder.fault, r.feed_fault);
	replay_release(&r);
	return fault;
}

/* The ring hears what the view says was given. */
static void look_at_keys(struct engine *e)
{
	struct view_reader r;
	struct text key = TEXT_NONE, value;
	struct key prefix;
	key_init(&prefix, ROW_HEAD, 0, 0);
	view_reader_open(&r, &e->view);
	bool more = view_next(&r, key_get(&prefix), false, &key, &value);
	for (; more && key.data[0] == ROW_HEAD; more = view_next(&r, key, true, &key, &value)) {
		struct head head;
		if (head_decode(value, &head) && head.slots)
			e->keys.ring.slot_seen(&e->keys.ring, key_merchant(key), head.slots);
	}
	view_reader_close(&r);
}

static enum fault recover(struct engine *e, char **ret_why)
{
	struct position position;
	struct place end;
	bool torn;
	TRY(read_position(e, &position));
	look_at_keys(e);
	TRY(find_end(e, &position, &end, &torn, ret_why));
	if (e->read_only)
		ledger_end_at(&e->ledger, end);
	else
		TRY(ledger_settle(&e->ledger, end, torn));
	first_generation(e);
	TRY(replay_tail(e, &position, ret_why));
	if (!e->read_only)
		keyring_start(&e->keys, &e->tender_bell, e->seed);
	return OK;
}

/* ---- the tender ---- */

static void *tender_main(void *context)
{
	struct engine *e = context;
	while (!atomic_load(&e->closing)) {
		bool again =
		    atomic_load(&e->ledger.fault) != OK || atomic_load(&e->keys.fault) != OK;
		bell_wait(&e->tender_bell, again ? TEND_AGAIN_US : TEND_US);
		ledger_tend(&e->ledger);
		keyring_tend(&e->keys);
		(void)!wall_check(&e->wall); /* follows slow corrections also while nobody writes */
	}
	return NULL;
}

static void start(struct engine *e)
{
	lane_init(e);
	feeder_init(e);
	lane_start(e);
	feeder_start(e);
	must(pthread_create(&e->tender, NULL, tender_main, e) == 0);
	e->running = true;
}

static void stop(struct engine *e)
{
	lane_stop(e);
	feeder_stop(e);
	lane_join(e);
	atomic_store(&e->closing, true);
	bell_ring(&e->tender_bell);
	pthread_join(e->tender, NULL);
	feeder_release(e);
	lane_release(e);
}

/* ---- open and close ---- */

static enum fault open_all(struct engine *e, const struct engine_config *config, char **ret_why)
{
	TRY(open_folder(e, config, ret_why));
	TRY(open_files(e, config, ret_why));
	TRY(recover(e, ret_why));
	wall_init(&e->wall, config->clock, config->clock_context, e->ledger.end.wall);
	struct snapshot s;
	snapshot_open(&s, &e->overlay, &e->view);
	snapshot_begin(&s);
	engine_read_epoch(e, &s);
	snapshot_end(&s);
	snapshot_close(&s);
	if (!e->read_only) {
		start(e);
		erase_recover(e);
	}
	return OK;
}

static void release(struct engine *e)
{
	if (e->running)
		stop(e);
	struct generations *pair = atomic_load(&e->overlay.pair);
	if (pair) {
		if (pair->frozen)
			generation_close(pair->frozen);
		generation_close(pair->active);
		free(pair);
	}
	view_close(&e->view);
	keyring_close(&e->keys);
	ledger_close(&e->ledger);
	bell_release(&e->tender_bell);
	pthread_mutex_destroy(&e->erasing);
	if (e->lock_file >= 0)
		close(e->lock_file);
	secret_wipe(&e->masters, sizeof(e->masters));
	free(e->dir);
	free(e->key_path);
	free(e);
}

/* ---- readers ---- */

static struct reader *embedded_reader_open(struct engine *e)
{
	struct reader *r = calloc(1, sizeof(*r));
	must(r);
	r->base.engine = e;
	snapshot_open(&r->snapshot, &e->overlay, &e->view);
	return r;
}

static void embedded_reader_close(struct reader *r)
{
	free(r->looking);
	snapshot_close(&r->snapshot);
	tx_free(&r->base.tx);
	free(r);
}

static struct env read_env(struct engine *e, struct arena *arena)
{
	struct instant now = wall_now(&e->wall);
	int64_t newest = atomic_load_explicit(&e->newest_ms, memory_order_relaxed);
	return (struct env){.now = now,
			    .instant = {now.ms > newest ? now.ms : newest},
			    .epoch = atomic_load(&e->epoch),
			    .arena = arena};
}

static struct tx *embedded_reader_begin(struct reader *r, uint64_t merchant, struct arena *arena,
					struct detail *detail)
{
	struct engine *e = r->base.engine;
	snapshot_begin(&r->snapshot);
	struct env env = read_env(e, arena);
	tx_init_read(&r->base.tx, &r->snapshot.rows, &e->keys.ring, merchant, &env, detail);
	return &r->base.tx;
}

static void embedded_reader_end(struct reader *r)
{
	tx_release(&r->base.tx);
	snapshot_end(&r->snapshot);
}

static void embedded_reader_keep(struct reader *r)
{
	r->snapshot.keeps = true;
}

static void embedded_reader_rest(struct reader *r)
{
	snapshot_rest(&r->snapshot);
}

static void look(struct reader *r, const struct reader_look *looks, unsigned n)
{
	struct engine *e = r->base.engine;
	if (!r->looking)
		r->looking = calloc(1, sizeof(*r->looking));
	must(r->looking);
	snapshot_begin(&r->snapshot);
	struct env env = read_env(e, NULL);
	r->looking->snapshot = &r->snapshot;
	r->looking->keys = &e->keys.ring;
	r->looking->env = &env;
	for (; n > 0 && r->snapshot.view.tree.snapshot; looks += LOOK_CALLS) {
		unsigned some = n < LOOK_CALLS ? n : LOOK_CALLS;
		looking_run(r->looking, looks, some);
		n -= some;
	}
	snapshot_end(&r->snapshot);
}

static enum fault apply(struct tx *tx, handler *handle, const void *cmd, void *ret)
{
	return handle(tx, &tx->env, cmd, ret);
}

static enum fault due(struct reader *r, struct due_walk *w, uint64_t ret[DUE_WALK_PAGE],
		      unsigned *ret_n)
{
	return due_by_lists(&r->base.tx, w, ret, ret_n);
}

/* ---- what it tells ---- */

static uint64_t credential_version(const struct engine *e)
{
	return atomic_load(&e->credential_version);
}

static uint64_t signing_key(const struct engine *e, uint8_t ret_seed[32])
{
	master_key_signing(&e->masters, e->keys.store_id, ret_seed);
	return e->keys.store_id;
}

static enum fault ready(const struct engine *e)
{
	if (e->read_only)
		return OK;
	struct wall *wall = (struct wall *)(uintptr_t)&e->wall; /* it may follow the clock */
	enum fault faults[] = {wall_check(wall), atomic_load(&e->ledger.fault),
			       atomic_load(&e->keys.fault), atomic_load(&e->feeder.fault)};
	for (size_t i = 0; i < COUNT_OF(faults); i++)
		TRY(faults[i]);
	return OK;
}

static void stats_get(const struct engine *e, struct engine_stats *ret)
{
	struct engine *open = (struct engine *)(uintptr_t)e; /* for the lock and the grace period */
	*ret = (struct engine_stats){
	    .batches = atomic_load(&e->counters.batches),
	    .commands = atomic_load(&e->counters.commands),
	    .entries = atomic_load(&e->counters.entries),
	    .syncs = atomic_load(&e->counters.syncs),
	    .batch_size_sum = atomic_load(&e->counters.batch_size_sum),
	    .sync_us_sum = atomic_load(&e->counters.sync_us_sum),
	    .overlay_bytes = overlay_bytes(&open->overlay),
	    .warmed = atomic_load(&e->lane.warm.ran),
	    .fed_batches = atomic_load(&e->feeder.fed),
	    .accepted_batches = atomic_load(&e->content),
	    .ledger_bytes = atomic_load(&e->ledger.bytes),
	};
	copy_buckets(ret->batch_size, e->counters.batch_size);
	copy_buckets(ret->sync_us, e->counters.sync_us);
	if (!e->running)
		return;
	pthread_mutex_lock(&open->lane.lock);
	ret->queue_depth = e->lane.calls.count;
	ret->job_queue_depth = e->lane.jobs.count;
	pthread_mutex_unlock(&open->lane.lock);
}

static const struct engine_verbs verbs = {
    .stop_jobs = embedded_stop_jobs,
    .close = release,
    .reader_open = embedded_reader_open,
    .reader_close = embedded_reader_close,
    .reader_begin = embedded_reader_begin,
    .reader_end = embedded_reader_end,
    .reader_keep = embedded_reader_keep,
    .reader_rest = embedded_reader_rest,
    .reader_apply = apply,
    .reader_look = look,
    .reader_due = due,
    .reader_try = embedded_try,
    .submit = embedded_submit,
    .wipe = embedded_wipe,
    .feed = embedded_feed,
    .credential_version = credential_version,
    .ready = ready,
    .clock_accept = embedded_clock_accept,
    .stats_get = stats_get,
    .verify = embedded_verify,
    .ledger_scan = embedded_scan,
    .ledger_follow = embedded_follow,
    .ledger_newest = embedded_newest,
    .signing_key = signing_key,
    .backup = embedded_backup,
};

static size_t overlay_size(size_t asked)
{
	if (asked == 0)
		return OVERLAY_BYTES;
	return asked < OVERLAY_BYTES_MIN ? OVERLAY_BYTES_MIN : asked;
}

enum fault embedded_open(const struct engine_config *config, struct engine **ret_engine,
			 char **ret_why)
{
	struct engine *e = calloc(1, sizeof(*e));
	must(e);
	e->base.verbs = &verbs;
	*ret_why = NULL;
	e->dir = text_print("%s", config->dir);
	e->key_path = master_key_path(config->dir, config->master_key);
	e->read_only = config->read_only;
	e->seed = config->seed;
	e->warm = config->warm;
	/* A test's clock may be for one thread. */
	if (config->clock && e->warm == ENGINE_WARM_COLD)
		e->warm = ENGINE_WARM_NEVER;
	e->overlay_cap = overlay_size(config->overlay_bytes);
	e->lock_file = e->ledger.folder = e->ledger.file = e->ledger.next_file = -1;
	bell_init(&e->tender_bell);
	pthread_mutex_init(&e->erasing, NULL);
	enum fault fault = open_all(e, config, ret_why);
	if (fault == OK) {
		*ret_engine = e;
		return OK;
	}
	if (!*ret_why)
		*ret_why = text_print("%s: %s", e->dir, fault_text(fault));
	release(e);
	return fault;
}

static enum fault compact(struct engine *e, char **ret_why)
{
	TRY(feeder_drain(e));
	stop(e);
	e->running = false;
	char *path = text_print("%s/view", e->dir);
	enum fault fault = view_compact(&e->view, path, ret_why);
	free(path);
	return fault;
}

enum fault engine_compact(const struct engine_config *config, char **ret_why)
{
	struct engine *e;
	TRY(embedded_open(config, &e, ret_why));
	enum fault fault = compact(e, ret_why);
	if (fault != OK && !*ret_why)
		*ret_why = text_print("%s: %s", e->dir, fault_text(fault));
	release(e);
	return fault;
}
