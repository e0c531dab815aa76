/*
 * The ledger of a PostgreSQL store, from its first entry: showing it, and verifying that the chains
 * are whole and that a replay gives the rows that stand in the tables. All of it in one read
 * transaction, so that serving goes on meanwhile.
 *
 *   walk 1     every chain: numbers, hashes; how much there is
 *   walk 2..   a replay into memory of the rows whose keys hash to one part (so that a store of any
 *              size is verified in bounded memory), then the tables' rows of that part against it
 */
#include "store/entry.h"
#include "store/pg_engine.h"
#include "store/same.h"

#include "base/file.h"

enum {
	SLICE = 1000,
	/* Of rows whose key begins with a text: no index has their order, so that each slice sorts
	 * them all. */
	WIDE_SLICE = 50 * 1000,
	PART_BYTES = 64 * 1024 * 1024,
	SHOWN_BYTES_MAX = 64 * 1024 * 1024,
	SLOTS_AHEAD_WANTED = 1000,
	DOUBT_BYTES_MAX = 64 * 1024 * 1024,
};

/* ---- the chains ---- */

struct verify {
	struct pg_engine *engine;
	struct pg *pg;
	void (*progress)(void *context, uint64_t done, uint64_t all);
	void *progress_context;
	struct ledger_report *report;
	char *first; /* what differs first */
	struct head head;
	uint64_t merchant; /* of the chain */
	uint64_t *merchants;
	uint64_t done; /* entries of all walks */
	uint64_t part, parts;
	struct loaded keys, replayed; /* customer keys; the rows of the part */
	struct keyring_rows ring;
	struct rows filter;
};

static void note(struct verify *v, struct text key, const char *what)
{
	v->report->rows_different++;
	if (!v->first)
		v->first = key_describe(key, what);
}

static void advance(struct verify *v)
{
	uint64_t all = v->report->entries * (1 + v->parts);
	v->done++;
	if (v->progress && v->parts && v->done % SLICE == 0)
		v->progress(v->progress_context, v->done, all);
}

static void begin_chain(struct verify *v, uint64_t merchant)
{
	uint64_t n = v->report->merchants++;
	if ((n & (n - 1)) == 0) {
		v->merchants = realloc(v->merchants, (n ? 2 * n : 1) * sizeof(*v->merchants));
		must(v->merchants);
	}
	v->merchants[n] = v->merchant = merchant;
	v->head = (struct head){0};
}

static enum fault check_entry(void *context, const struct pg_entry *entry)
{
	struct verify *v = context;
	struct text actor;
	struct instant instant;
	uint64_t merchant, number;
	unsigned command;
	uint8_t hash[32];
	if (v->report->merchants == 0 || v->merchant != entry->merchant)
		begin_chain(v, entry->merchant);
	v->report->entries++;
	v->report->batches += entry->batch_place == 0;
	v->report->bytes += entry->bytes.size;
	entry_hash(v->head.hash, entry->bytes, hash);
	bool good = entry_envelope(entry->bytes, &merchant, &number, &instant, &actor, &command) &&
		    merchant == entry->merchant && number == entry->number &&
		    number == v->head.number + 1 && memcmp(hash, entry->hash, sizeof(hash)) == 0;
	v->head.number = entry->number;
	memcpy(v->head.hash, hash, sizeof(hash));
	advance(v);
	if (good)
		return OK;
	v->first =
	    text_print("entry %llu of merchant %llu does not fit its chain",
		       (unsigned long long)entry->number, (unsigned long long)entry->merchant);
	return FAULT_VERIFY_FAILED;
}

/* ---- the replay of one part ---- */

static uint64_t part_of(const struct verify *v, struct text key)
{
	uint64_t hash = UINT64_C(0xCBF29CE484222325);
	for (size_t i = 0; i < key.size; i++)
		hash = (hash ^ (uint8_t)key.data[i]) * UINT64_C(0x100000001B3);
	return (hash >> 20) % v->parts;
}

static bool is_wanted(const struct verify *v, struct text key)
{
	return key.data[0] != ROW_HEAD && part_of(v, key) == v->part;
}

static struct verify *verify_of(struct rows *r)
{
	return (struct verify *)(void *)((char *)r - offsetof(struct verify, filter));
}

static bool filter_get(struct rows *r, struct text key, struct text *ret_value)
{
	struct verify *v = verify_of(r);
	return row_want(&v->replayed.rows, key) && row_get(&v->replayed.rows, key, ret_value);
}

static void filter_put(struct rows *r, struct text key, struct text value)
{
	struct verify *v = verify_of(r);
	if (is_wanted(v, key))
		row_put(&v->replayed.rows, key, value);
}

static void filter_del(struct rows *r, struct text key)
{
	struct verify *v = verify_of(r);
	if (is_wanted(v, key))
		row_del(&v->replayed.rows, key);
}

static const struct rows_verbs filter_verbs = {
    .get = filter_get, .put = filter_put, .del = filter_del};

static enum fault load_keys(struct loaded *rows, void *context)
{
	struct verify *v = context;
	TRY(pg_fill(v->pg, rows));
	loaded_filled(rows);
	return OK;
}

/* Replays meet slots in order: those behind one that is not at hand come with it. */
static bool find_key(const struct keyring *ring, uint64_t merchant, uint64_t slot,
		     uint8_t ret_key[SEAL_KEY_SIZE])
{
	const struct keyring_rows *k = (const struct keyring_rows *)(const void *)ring;
	struct key key;
	keyring_rows_key(&key, merchant, slot);
	if (!row_want(k->rows, key_get(&key)))
		for (unsigned i = 1; i < SLOTS_AHEAD_WANTED; i++) {
			keyring_rows_key(&key, merchant, slot + i);
			(void)row_want(k->rows, key_get(&key));
		}
	return keyring_rows_customer(ring, merchant, slot, ret_key);
}

struct application {
	struct verify *verify;
	const struct pg_entry *entry;
	bool good;
};

static void apply(void *context)
{
	struct application *a = context;
	struct verify *v = a->verify;
	a->good = entry_apply(&v->filter, &v->ring.ring, a->entry->bytes, &v->head, &v->head);
}

/* Keys are loaded on the way, on the connection that entries come from: between two slices only,
 * so entries are copied first. */
static enum fault replay_entry(struct verify *v, const struct pg_entry *entry)
{
	struct application a = {v, entry, false};
	if (v->merchant != entry->merchant || entry->number == 1) {
		v->merchant = entry->merchant;
		v->head = (struct head){0};
	}
	if (!loaded_try(&v->keys, apply, &a))
		return v->keys.fault;
	advance(v);
	return a.good ? OK : FAULT_DATA_DAMAGED;
}

struct slice {
	struct arena arena;
	struct pg_entry entries[SLICE];
	unsigned n;
};

static bool keep_entry(void *context, const struct pg_entry *entry)
{
	struct slice *s = context;
	struct pg_entry *kept = &s->entries[s->n++];
	*kept = *entry;
	kept->bytes = arena_text(&s->arena, entry->bytes);
	kept->actor = TEXT_NONE;
	kept->hash = NULL;
	return !s->arena.full;
}

static enum fault replay_slices(struct verify *v, struct slice *s)
{
	uint64_t merchant = 0, number = 0;
	do {
		struct pg_entries what = {merchant, number, SLICE, keep_entry, s};
		s->n = 0;
		arena_reset(&s->arena);
		TRY(pg_read_entries(v->pg, &what));
		if (s->arena.full)
			return FAULT_ANSWER_TOO_LARGE;
		for (unsigned i = 0; i < s->n; i++)
			TRY(replay_entry(v, &s->entries[i]));
		if (s->n) {
			merchant = s->entries[s->n - 1].merchant;
			number = s->entries[s->n - 1].number;
		}
	} while (s->n == SLICE);
	return OK;
}

/* ---- the tables' rows of that part ---- */

/* A row that differs, and may be that of somebody who was erased: same.h. */
struct doubt {
	struct verify *verify;
	struct text key, have, replayed;
	bool same;
};

struct comparer {
	struct pg_sink sink; /* first */
	struct verify *verify;
	struct arena arena; /* of the doubts of one slice */
	struct doubt doubts[SLICE];
	unsigned doubt_count;
	struct text prefix;
	struct key last;
	unsigned seen;
};

static void doubt(struct comparer *c, struct text key, struct text have, struct text replayed)
{
	struct doubt *d =
	    row_has_personal(key) && c->doubt_count < SLICE ? &c->doubts[c->doubt_count] : NULL;
	if (d)
		*d = (struct doubt){.verify = c->verify,
				    .key = arena_text(&c->arena, key),
				    .have = arena_text(&c->arena, have),
				    .replayed = arena_text(&c->arena, replayed)};
	if (d && !c->arena.full)
		c->doubt_count++;
	else
		note(c->verify, key, "differs");
}

/* A row that was met is taken out of the replay: what is left is missing. */
static void compare_row(struct pg_sink *sink, struct text key, const struct text *value)
{
	struct comparer *c = (struct comparer *)(void *)sink;
	struct verify *v = c->verify;
	struct text replayed;
	if (!text_starts_with(key, c->prefix))
		return; /* the record that came with it: compared in its own turn */
	must(value && key.size <= sizeof(c->last.bytes));
	memcpy(c->last.bytes, key.data, key.size);
	c->last.size = key.size;
	c->seen++;
	if (!is_wanted(v, key))
		return;
	v->report->rows_compared++;
	if (!filter_get(&v->filter, key, &replayed)) {
		note(v, key, "is not in the ledger");
		return;
	}
	if (!text_equal(replayed, *value))
		doubt(c, key, *value, replayed);
	row_del(&v->replayed.rows, key);
}

static bool is_wiped(void *context, uint64_t merchant, uint64_t slot)
{
	struct verify *v = context;
	uint8_t key[SEAL_KEY_SIZE];
	bool there = v->ring.ring.customer(&v->ring.ring, merchant, slot, key);
	secret_wipe(key, sizeof(key));
	return !there;
}

static void judge(void *context)
{
	struct doubt *d = context;
	struct wiped_keys wiped = {is_wiped, d->verify};
	d->same = row_is_same(&wiped, d->key, d->have, d->replayed);
}

/* Keys are loaded on the way: between two slices only. */
static enum fault settle_doubts(struct comparer *c)
{
	for (unsigned i = 0; i < c->doubt_count; i++) {
		struct doubt *d = &c->doubts[i];
		if (!loaded_try(&c->verify->keys, judge, d))
			return c->verify->keys.fault;
		if (!d->same)
			note(c->verify, d->key, "differs");
	}
	c->doubt_count = 0;
	arena_reset(&c->arena);
	return OK;
}

static enum fault compare_rows(struct comparer *c)
{
	unsigned n = c->prefix.data[0] == ROW_RECORD ? SLICE : WIDE_SLICE;
	do {
		struct key after = c->last; /* the scan reads it while rows come */
		struct pg_scan scan = {c->prefix, key_get(&after), n};
		c->seen = 0;
		TRY(pg_next(c->verify->pg, &scan, &c->sink));
		TRY(settle_doubts(c));
	} while (c->seen == n);
	return OK;
}

static enum fault compare_kind(struct verify *v, enum row_kind kind, unsigned id, uint64_t merchant)
{
	struct comparer *c = calloc(1, sizeof(*c));
	struct key prefix;
	must(c);
	key_init(&prefix, kind, id, merchant);
	c->sink.row = compare_row;
	c->verify = v;
	c->prefix = key_get(&prefix);
	arena_init(&c->arena, DOUBT_BYTES_MAX);
	enum fault fault = compare_rows(c);
	arena_release(&c->arena);
	free(c);
	return fault;
}

static enum fault compare_merchant(struct verify *v, uint64_t merchant)
{
	for (unsigned id = 1; id < TABLE_COUNT; id++)
		TRY(compare_kind(v, ROW_RECORD, id, merchant));
	for (unsigned id = 1; id < UNIQUE_COUNT; id++)
		TRY(compare_kind(v, ROW_UNIQUE, id, merchant));
	for (unsigned id = 1; id < LIST_COUNT; id++) {
		TRY(compare_kind(v, ROW_LIST, id, merchant));
		TRY(compare_kind(v, ROW_HOLES, id, merchant));
		if (id != LIST_CLUSTERED)
			TRY(compare_kind(v, ROW_ENTRY, id, merchant));
	}
	return OK;
}

static void note_missing(struct verify *v)
{
	for (size_t i = 0; i < loaded_changes(&v->replayed); i++) {
		struct text key, value;
		bool gone;
		loaded_change(&v->replayed, i, &key, &value, &gone);
		if (gone)
			continue;
		v->report->rows_compared++;
		note(v, key, "is missing in the tables");
	}
}

static enum fault verify_part(struct verify *v, struct slice *s)
{
	v->merchant = UINT64_MAX;
	loaded_clear(&v->keys);
	loaded_clear(&v->replayed);
	TRY(replay_slices(v, s));
	for (uint64_t i = 0; i < v->report->merchants; i++)
		TRY(compare_merchant(v, v->merchants[i]));
	note_missing(v);
	return OK;
}

/* ---- all of it ---- */

static enum fault verify_all(struct verify *v, struct slice *s)
{
	struct pg_walk chains = {.see = check_entry, .context = v};
	TRY(pg_walk_entries(v->pg, &chains));
	v->parts = v->report->bytes / PART_BYTES + 1;
	for (v->part = 0; v->part < v->parts; v->part++)
		TRY(verify_part(v, s));
	return v->report->rows_different ? FAULT_VERIFY_FAILED : OK;
}

static void prepare(struct verify *v)
{
	loaded_init(&v->keys);
	loaded_init(&v->replayed);
	v->keys.load = load_keys;
	v->keys.context = v;
	v->filter.verbs = &filter_verbs;
	pg_engine_keyring(v->engine, &v->ring, &v->keys.rows);
	v->ring.ring.customer = find_key;
}

enum fault pg_verify(struct engine *e, void (*progress)(void *context, uint64_t done, uint64_t all),
		     void *context, struct ledger_report *ret, char **ret_why)
{
	struct verify v = {.engine = pg_engine_of(e),
			   .progress = progress,
			   .progress_context = context,
			   .report = ret};
	struct slice *s = calloc(1, sizeof(*s));
	must(s);
	arena_init(&s->arena, (size_t)SLICE * ENTRY_BYTES_MAX);
	*ret = (struct ledger_report){0};
	prepare(&v);
	enum fault fault = pg_engine_connect(v.engine, &v.pg);
	if (fault == OK)
		fault = pg_begin_read(v.pg);
	if (fault == OK)
		fault = verify_all(&v, s);
	if (v.pg) {
		pg_rollback(v.pg);
		pg_close(v.pg);
	}
	if (fault != OK)
		*ret_why = v.first ? v.first : text_print("%s", fault_text(fault));
	loaded_release(&v.keys);
	loaded_release(&v.replayed);
	secret_wipe(&v.ring, sizeof(v.ring));
	free(v.merchants);
	arena_release(&s->arena);
	free(s);
	return fault;
}

struct show {
	struct arena arena;
	uint64_t merchant;
	struct head head; /* of that merchant, so far */
	bool (*see)(void *context, const struct ledger_entry *entry);
	void *context;
	bool stopped;
};

static enum fault show_entry(void *context, const struct pg_entry *entry)
{
	struct show *s = context;
	struct ledger_entry shown = {0};
	if (s->merchant != entry->merchant)
		s->head = (struct head){0};
	s->merchant = entry->merchant;
	arena_reset(&s->arena);
	if (!entry_describe(&s->arena, entry->bytes, &shown) || shown.merchant != entry->merchant ||
	    shown.number != s->head.number + 1)
		return FAULT_DATA_DAMAGED;
	entry_hash(s->head.hash, entry->bytes, shown.hash);
	if (memcmp(shown.hash, entry->hash, sizeof(shown.hash)) != 0)
		return FAULT_DATA_DAMAGED;
	memcpy(s->head.hash, shown.hash, sizeof(shown.hash));
	s->head.number = shown.number;
	shown.batch = entry->number; /* batches have no numbers here */
	s->stopped = !s->see(s->context, &shown);
	return s->stopped ? FAULT_BUSY : OK; /* any fault ends the walk */
}

enum fault pg_ledger_scan(struct engine *e,
			  bool (*see)(void *context, const struct ledger_entry *entry),
			  void *context)
{
	struct show s = {.see = see, .context = context};
	struct pg_walk w = {.see = show_entry, .context = &s};
	struct pg *p = NULL;
	arena_init(&s.arena, SHOWN_BYTES_MAX);
	enum fault fault = pg_engine_connect(pg_engine_of(e), &p);
	if (fault == OK)
		fault = pg_begin_read(p);
	if (fault == OK)
		fault = pg_walk_entries(p, &w);
	if (p) {
		pg_rollback(p);
		pg_close(p);
	}
	arena_release(&s.arena);
	return s.stopped ? OK : fault;
}
