/*
 * Trial runs: a write's handler over a reader's state, its rows kept aside and thrown away. What it
 * would seal is sealed under a key of zeroes that nobody sees. Rows are found by their hash: a call
 * of a thousand people writes thousands.
 */
#include "store/parts.h"

enum { TRIAL_BUCKETS = 512 };

struct trial_row {
	struct trial_row *next; /* in its bucket, newest first */
	struct text key, value;
	bool gone;
};

struct trial {
	struct rows rows; /* first: the verbs find the trial through it */
	struct rows *below;
	struct arena arena;
	struct trial_row *buckets[TRIAL_BUCKETS];
};

static struct trial_row **bucket_of(struct trial *t, struct text key)
{
	uint32_t hash = 2166136261;

	for (size_t i = 0; i < key.size; i++)
		hash = (hash ^ (uint8_t)key.data[i]) * 16777619;
	return &t->buckets[(hash ^ hash >> 16) % TRIAL_BUCKETS];
}

static bool trial_get(struct rows *r, struct text key, struct text *ret_value)
{
	struct trial *t = (struct trial *)r;

	for (struct trial_row *row = *bucket_of(t, key); row; row = row->next) {
		if (!text_equal(row->key, key))
			continue;
		*ret_value = row->value;
		return !row->gone;
	}
	return row_get(t->below, key, ret_value);
}

static void trial_keep(struct trial *t, struct text key, struct text value, bool gone)
{
	struct trial_row *row = ARENA_NEW(&t->arena, struct trial_row);
	struct trial_row **bucket = bucket_of(t, key);

	must(row);
	row->key = arena_text(&t->arena, key);
	row->value = arena_text(&t->arena, value);
	must(!t->arena.full);
	row->gone = gone;
	row->next = *bucket;
	*bucket = row;
}

static void trial_put(struct rows *r, struct text key, struct text value)
{
	trial_keep((struct trial *)r, key, value, false);
}

static void trial_del(struct rows *r, struct text key)
{
	trial_keep((struct trial *)r, key, TEXT_NONE, true);
}

static bool trial_next_fed(struct rows *r, struct text prefix, struct text after,
			   struct text *ret_key, struct text *ret_value)
{
	struct rows *below = ((struct trial *)r)->below;

	return below->verbs->next_fed(below, prefix, after, ret_key, ret_value);
}

static const struct rows_verbs trial_verbs = {
    .get = trial_get, .put = trial_put, .del = trial_del, .next_fed = trial_next_fed};

static bool trial_customer(const struct keyring *k, uint64_t merchant, uint64_t slot,
			   uint8_t ret_key[SEAL_KEY_SIZE])
{
	(void)k;
	(void)merchant;
	(void)slot;
	memset(ret_key, 0, SEAL_KEY_SIZE);
	return true;
}

static uint64_t trial_take_slot(struct keyring *k, uint64_t merchant)
{
	(void)k;
	(void)merchant;
	return 1;
}

static void trial_slot_seen(struct keyring *k, uint64_t merchant, uint64_t slot)
{
	(void)k;
	(void)merchant;
	(void)slot;
}

struct keyring trial_keys(const struct engine *e)
{
	struct keyring keys = e->keys.ring;
	keys.customer = trial_customer;
	keys.take_slot = trial_take_slot;
	keys.slot_seen = trial_slot_seen;
	return keys;
}

enum fault embedded_try(struct reader *r, struct write *w)
{
	struct engine *e = r->base.engine;
	struct keyring keys = trial_keys(e);
	struct trial t = {.rows = {.verbs = &trial_verbs}, .below = &r->snapshot.rows};

	snapshot_begin(&r->snapshot);
	struct env env = {.now = wall_now(&e->wall),
			  .instant = {atomic_load_explicit(&e->newest_ms, memory_order_relaxed)},
			  .epoch = atomic_load(&e->epoch),
			  .from_utc8 = w->clock.from_utc8,
			  .ahead_ms = w->clock.ahead_ms,
			  .arena = w->arena};
	arena_init(&t.arena, 2 * (size_t)ENTRY_BYTES_MAX);
	tx_init_write(&r->base.tx, &t.rows, &keys, w->merchant, &env, &w->detail, w->command,
		      w->actor);
	w->fault = w->handle(&r->base.tx, &r->base.tx.env, w->cmd, w->ret);
	tx_discard(&r->base.tx);
	tx_release(&r->base.tx);
	arena_release(&t.arena);
	snapshot_end(&r->snapshot);
	return w->fault;
}
