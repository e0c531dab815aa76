/*
 * PostgreSQL into a data directory: the entries of one snapshot as batches of a new ledger, one
 * merchant after the other, and the customer keys; the view is what an opening replays.
 *
 *   DIR.part   being filled -> opened, verified -> gets its name
 */
#include "store/copy_parts.h"
#include "base/file.h"
#include "store/parts.h"
#include "store/pg_engine.h"
#include "store/pg_link.h"
#include "base/varint.h"

#include <errno.h>
#include <unistd.h>

enum { SLICE = 1000, TELL_EVERY = 1000 };

struct to_dir {
	struct copying *copy;
	char *part;
	struct pg *pg;
	struct ledger ledger;
	struct bell bell;
	struct buffer batch;
	uint32_t count; /* entries in it */
};

/* ---- entries ---- */

static void begin_batch(struct to_dir *t)
{
	buffer_clear(&t->batch);
	must(buffer_room(&t->batch, LEDGER_ALIGN));
	t->batch.size = LEDGER_ALIGN;
	t->count = 0;
}

static enum fault append(struct to_dir *t)
{
	TRY(ledger_ahead(&t->ledger));
	ledger_append(&t->ledger, &t->batch, t->count, wall_read());
	begin_batch(t);
	return OK;
}

static enum fault add_entry(struct to_dir *t, const struct pg_entry *entry)
{
	uint8_t hash[32];
	if (entry->bytes.size > ENTRY_BYTES_MAX)
		return FAULT_DATA_DAMAGED;
	TRY(copy_note_entry(t->copy, entry->merchant, entry->bytes, hash));
	if (memcmp(hash, entry->hash, sizeof(hash)) != 0)
		return FAULT_DATA_DAMAGED;
	buffer_slice(&t->batch, entry->bytes);
	must(!t->batch.full);
	t->count++;
	return t->batch.size >= BATCH_STOP_BYTES ? append(t) : OK;
}

static enum fault see_entry(void *context, const struct pg_entry *entry)
{
	struct to_dir *t = context;
	uint64_t done = t->copy->entries;
	enum fault fault = add_entry(t, entry);
	if (fault == FAULT_DATA_DAMAGED)
		t->copy->why = text_print("entry %llu of merchant %llu does not fit its chain",
					  (unsigned long long)entry->number,
					  (unsigned long long)entry->merchant);
	if (done % TELL_EVERY == 0)
		copy_tell(t->copy, "ledger", done, done + 1); /* how many come is not known */
	return fault;
}

/* An empty batch is the last one, as after any write. */
static enum fault copy_entries(struct to_dir *t)
{
	struct pg_walk walk = {.see = see_entry, .context = t};
	begin_batch(t);
	TRY(pg_walk_entries(t->pg, &walk));
	copy_tell(t->copy, "ledger", 1, 1);
	if (t->count)
		TRY(append(t));
	return append(t);
}

/* ---- keys ---- */

struct keys_sink {
	struct pg_sink sink; /* first */
	struct key last;
	uint8_t *keys; /* slot n at (n - 1) * SLOT_SIZE */
	uint64_t count, capacity;
	unsigned seen;
	bool bad;
};

static void grow(struct keys_sink *s, uint64_t slot)
{
	uint64_t capacity = s->capacity ? s->capacity : SLICE;
	while (capacity < slot)
		capacity *= 2;
	if (capacity != s->capacity) {
		s->keys = realloc(s->keys, capacity * SLOT_SIZE);
		must(s->keys);
		memset(s->keys + s->capacity * SLOT_SIZE, 0, (capacity - s->capacity) * SLOT_SIZE);
		s->capacity = capacity;
	}
}

static void see_key(struct pg_sink *sink, struct text key, const struct text *value)
{
	struct keys_sink *s = (struct keys_sink *)(void *)sink;
	struct text rest = {key.data + KEY_PREFIX_SIZE, key.size - KEY_PREFIX_SIZE};
	uint64_t slot;
	s->last.size = 0;
	key_add_parts(&s->last, key);
	s->seen++;
	if (!varint_take(&rest, &slot) || slot != s->count + 1 || value->size != SLOT_SIZE) {
		s->bad = true;
		return;
	}
	grow(s, slot);
	memcpy(s->keys + (slot - 1) * SLOT_SIZE, value->data, SLOT_SIZE);
	s->count = slot;
}

static enum fault read_keys(struct to_dir *t, uint64_t merchant, struct keys_sink *s)
{
	struct key prefix;
	key_init(&prefix, (enum row_kind)ROW_KEY, 0, merchant);
	do {
		struct key after = s->last; /* the scan reads it while rows come */
		struct pg_scan scan = {key_get(&prefix), key_get(&after), SLICE};
		s->seen = 0;
		TRY(pg_next(t->pg, &scan, &s->sink));
	} while (s->seen == SLICE && !s->bad);
	return s->bad ? FAULT_DATA_DAMAGED : OK;
}

static enum fault copy_keys(struct to_dir *t, uint64_t merchant)
{
	struct keys_sink s = {.sink = {see_key}};
	enum fault fault = read_keys(t, merchant, &s);
	if (fault == OK && s.count)
		fault = keyring_import(t->part, t->ledger.head.store_id, merchant, s.keys, s.count);
	if (s.keys)
		secret_wipe(s.keys, s.capacity * SLOT_SIZE);
	free(s.keys);
	return fault;
}

static enum fault copy_all_keys(struct to_dir *t)
{
	const struct heads *h = &t->copy->heads;
	for (size_t i = 0; i < h->size; i++)
		if (h->slots[i].used)
			TRY(copy_keys(t, h->slots[i].merchant));
	return OK;
}

/* ---- the folder ---- */

static enum fault make_folder(struct to_dir *t)
{
	const struct store_card *card = &pg_engine_of(t->copy->from)->card;
	struct segment_header head = {.segment_bytes = SEGMENT_BYTES,
				      .store_id = card->id,
				      .master_id = (uint32_t)card->master_id};
	memcpy(head.key_check, card->check, sizeof(head.key_check));
	char *view = text_print("%s/view", t->part);
	folder_remove(t->part);
	enum fault fault = folder_make_at(t->part);
	if (fault == OK)
		fault = keyring_create(t->part);
	if (fault == OK)
		fault = view_create(view, &t->copy->why);
	if (fault == OK)
		fault = ledger_create(t->part, &head);
	free(view);
	return fault;
}

static enum fault fill_ledger(struct to_dir *t)
{
	TRY(pg_engine_connect(pg_engine_of(t->copy->from), &t->pg));
	TRY(pg_begin_read(t->pg));
	link_look(t->pg);
	link_say(t->pg, "SET LOCAL idle_in_transaction_session_timeout = 0");
	TRY(link_finish(t->pg, NULL));
	TRY(copy_entries(t));
	return copy_all_keys(t);
}

static enum fault fill(struct to_dir *t)
{
	TRY(make_folder(t));
	bell_init(&t->bell);
	enum fault fault = ledger_open(&t->ledger, t->part, &t->bell, &t->copy->why);
	if (fault == OK)
		fault = ledger_settle(&t->ledger, (struct place){0}, false);
	buffer_init(&t->batch, ledger_body_max(&t->ledger) + 2 * LEDGER_ALIGN);
	if (fault == OK)
		fault = fill_ledger(t);
	if (t->pg) {
		if (fault == FAULT_BUSY && !t->copy->why)
			t->copy->why = text_print("%s", pg_why(t->pg));
		pg_rollback(t->pg);
		pg_close(t->pg);
	}
	buffer_release(&t->batch);
	ledger_close(&t->ledger);
	bell_release(&t->bell);
	return fault;
}

/* ---- comparing ---- */

static enum fault compare_heads(struct to_dir *t, struct engine *target)
{
	const struct heads *h = &t->copy->heads;
	struct reader *r = reader_open(target);
	bool same = true;
	snapshot_begin(&r->snapshot);
	for (size_t i = 0; same && i < h->size; i++) {
		struct head head;
		const struct heads_slot *slot = &h->slots[i];
		same = !slot->used || (head_read(&r->snapshot.rows, slot->merchant, &head) &&
				       head.number == slot->head.number &&
				       memcmp(head.hash, slot->head.hash, sizeof(head.hash)) == 0);
	}
	snapshot_end(&r->snapshot);
	reader_close(r);
	if (!same)
		t->copy->why =
		    text_print("the ledger in %s is not the one that was copied", t->part);
	return same ? OK : FAULT_VERIFY_FAILED;
}

static enum fault verify(struct to_dir *t)
{
	struct engine_config config = {.dir = t->part, .master_key = t->copy->master_key};
	struct engine *target;
	TRY(engine_open(&config, &target, &t->copy->why));
	enum fault fault = compare_heads(t, target);
	if (fault == OK)
		fault = copy_verify(t->copy, target);
	engine_close(target);
	return fault;
}

static enum fault finish(struct to_dir *t)
{
	const char *dir = t->copy->config->to;
	char *parent = path_parent(dir);
	bool good = folder_sync(t->part) && rename(t->part, dir) == 0 && folder_sync(parent);
	if (!good)
		t->copy->why =
		    text_print("%s cannot be named %s: %s", t->part, dir, strerror(errno));
	free(parent);
	return good ? OK : fault_of_write(errno);
}

enum fault copy_to_dir(struct copying *c)
{
	struct to_dir t = {.copy = c};
	if (access(c->config->to, F_OK) == 0) {
		c->why = text_print("%s is there already", c->config->to);
		return FAULT_DATA_PRESENT;
	}
	t.part = path_beside(c->config->to, ".part");
	enum fault fault = fill(&t);
	if (fault == OK)
		fault = verify(&t);
	if (fault == OK)
		fault = finish(&t);
	if (fault != OK)
		folder_remove(t.part);
	free(t.part);
	return fault;
}
