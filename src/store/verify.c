/*
 * Two ways through the whole ledger: verify (replay into a store of its own, compare row by row
 * with the view) and scan (show the entries).
 */
#include "base/varint.h"
#include "store/heads.h"
#include "store/keys.h"
#include "store/parts.h"
#include "store/replay.h"
#include "store/same.h"
#include "store/together.h"

enum { COMPARE_PROGRESS = 100000, SCAN_ARENA_BYTES = 64 * 1024 * 1024 };

/* ---- comparing ---- */

struct side {
	struct view_reader reader;
	struct text key, value;
	bool more;
};

struct comparison {
	struct side view, replayed;
	struct ledger_report *report;
	const struct keyring_file *keys;
	char *first; /* what differs first */
};

static void side_next(struct side *s, bool after)
{
	s->more = view_next(&s->reader, s->key, after, &s->key, &s->value);
}

static void note(struct comparison *c, struct text place, const char *what)
{
	struct key memory;
	struct text key = key_apart(place, &memory);
	c->report->rows_different++;
	if (!c->first)
		c->first = key_describe(key, what);
}

static bool is_wiped(void *context, uint64_t merchant, uint64_t slot)
{
	return keyring_is_wiped(context, merchant, slot);
}

static bool is_same(const struct comparison *c, struct text place, struct text a, struct text b)
{
	struct key memory;
	struct wiped_keys wiped = {is_wiped, (void *)(uintptr_t)c->keys};
	return row_is_same(&wiped, key_apart(place, &memory), a, b);
}

static void compare_one(struct comparison *c)
{
	struct side *view = &c->view, *replayed = &c->replayed;
	int order = !view->more ? 1 : !replayed->more ? -1 : text_compare(view->key, replayed->key);
	c->report->rows_compared++;
	if (order < 0)
		note(c, view->key, "is not in the ledger");
	else if (order > 0)
		note(c, replayed->key, "is missing in the view");
	else if (!is_same(c, view->key, view->value, replayed->value))
		note(c, view->key, "differs");
	if (order <= 0)
		side_next(view, true);
	if (order >= 0)
		side_next(replayed, true);
}

static void compare(struct comparison *c)
{
	side_next(&c->view, false);
	side_next(&c->replayed, false);
	while (c->view.more || c->replayed.more)
		compare_one(c);
}

/* With the rows in memory that the view lacks: nobody feeds, and the last feeding may have been cut
 * off, so that the view alone means nothing. */
static void compare_snapshot(struct comparison *c, struct rows *have)
{
	struct side *replayed = &c->replayed;
	struct text value, key = TEXT_NONE;
	for (side_next(replayed, false); replayed->more; side_next(replayed, true)) {
		c->report->rows_compared++;
		if (!row_get(have, replayed->key, &value))
			note(c, replayed->key, "is missing in the view");
		else if (!is_same(c, replayed->key, value, replayed->value))
			note(c, replayed->key, "differs");
	}
	while (have->verbs->next_fed(have, TEXT_NONE, key, &key, &value))
		if (!view_get(&replayed->reader, key, &value))
			note(c, key, "is not in the ledger");
}

/* ---- replaying into a store of its own ---- */

static void free_pair(struct overlay *o)
{
	struct generations *pair = atomic_load(&o->pair);
	generation_close(pair->active);
	free(pair);
}

static enum fault replay_all(struct engine *e, struct view *view, struct replay *r,
			     const struct position *until)
{
	struct overlay overlay = {.published = 0};
	struct generation *g = generation_open(e->overlay_cap);
	must(g);
	(void)overlay_change(&overlay, (struct generations){g, NULL});
	r->ledger = &e->ledger;
	r->view = view;
	r->overlay = &overlay;
	r->keys = &e->keys.ring;
	r->feed_bytes = overlay_freeze_bytes(e);
	r->overlay_bytes = e->overlay_cap;
	r->all = until->place.batch;
	enum fault fault = replay_run(r, until->place.batch);
	if (fault == OK)
		fault = replay_feed(r);
	replay_release(r);
	free_pair(&overlay);
	return fault;
}

/* A reader of the view that stands at the end of a generation. */
static enum fault hold_view(struct engine *e, struct view_reader *reader, struct position *ret)
{
	TRY(feeder_hold(e));
	view_reader_open(reader, &e->view);
	feeder_go_on(e);
	*ret = (struct position){0};
	(void)view_position(reader, ret);
	return OK;
}

static enum fault verify_live(struct engine *e, struct view *temporary, struct replay *r,
			      struct comparison *c)
{
	struct position until;
	TRY(hold_view(e, &c->view.reader, &until));
	enum fault fault = until.place.batch ? replay_all(e, temporary, r, &until) : OK;
	if (fault == OK) {
		view_reader_open(&c->replayed.reader, temporary);
		compare(c);
		view_reader_close(&c->replayed.reader);
	}
	view_reader_close(&c->view.reader);
	return fault;
}

static enum fault verify_still(struct engine *e, struct view *temporary, struct replay *r,
			       struct comparison *c)
{
	struct position until = {.place = e->ledger.end};
	struct snapshot have;
	if (until.place.batch)
		TRY(replay_all(e, temporary, r, &until));
	snapshot_open(&have, &e->overlay, &e->view);
	snapshot_begin(&have);
	view_reader_open(&c->replayed.reader, temporary);
	compare_snapshot(c, &have.rows);
	view_reader_close(&c->replayed.reader);
	snapshot_end(&have);
	snapshot_close(&have);
	return OK;
}

static enum fault verify_in(struct engine *e, const char *path, struct replay *r,
			    struct comparison *c)
{
	struct view temporary;
	TRY(folder_make_at(path));
	TRY(view_open(&temporary, path, (struct view_config){.temporary = true}, &r->why));
	enum fault fault =
	    e->read_only ? verify_still(e, &temporary, r, c) : verify_live(e, &temporary, r, c);
	view_close(&temporary);
	return fault;
}

enum fault embedded_verify(struct engine *e,
			   void (*progress)(void *context, uint64_t done, uint64_t all),
			   void *context, struct ledger_report *ret, char **ret_why)
{
	struct replay r = {.progress = progress, .context = context};
	struct comparison c = {.report = ret, .keys = &e->keys};
	*ret = (struct ledger_report){0};
	*ret_why = NULL;
	char *path = text_print("%s/verify.tmp", e->dir);
	folder_remove(path);
	/* A key that goes in the middle would leave the replay half-blind. */
	pthread_mutex_lock(&e->erasing);
	enum fault fault = verify_in(e, path, &r, &c);
	pthread_mutex_unlock(&e->erasing);
	folder_remove(path);
	free(path);
	ret->batches = r.batches;
	ret->entries = r.entries;
	ret->merchants = r.merchants;
	ret->bytes = atomic_load(&e->ledger.bytes);
	if (fault == OK && ret->rows_different)
		fault = FAULT_VERIFY_FAILED;
	*ret_why = c.first ? c.first : r.why;
	if (fault != OK && !*ret_why)
		*ret_why = text_print("%s", fault_text(fault));
	return fault;
}

/* ---- scanning ---- */

struct scan {
	struct heads heads;
	struct arena arena;
	bool (*see)(void *context, const struct ledger_entry *entry);
	void *context;
	bool stopped;
};

static enum fault scan_entry(struct scan *s, uint64_t batch, struct text entry)
{
	struct ledger_entry shown = {0};
	bool fresh;
	arena_reset(&s->arena);
	if (!entry_describe(&s->arena, entry, &shown))
		return FAULT_DATA_DAMAGED;
	struct head *head = heads_at(&s->heads, shown.merchant, &fresh);
	if (shown.number != head->number + 1)
		return FAULT_DATA_DAMAGED;
	entry_hash(head->hash, entry, shown.hash);
	memcpy(head->hash, shown.hash, sizeof(head->hash));
	head->number = shown.number;
	shown.batch = batch;
	s->stopped = !s->see(s->context, &shown);
	return OK;
}

static enum fault scan_batch(void *context, const struct batch *b)
{
	struct scan *s = context;
	struct text body = b->body, entry;
	while (!s->stopped && body.size > 0) {
		if (!slice_take(&body, &entry))
			return FAULT_DATA_DAMAGED;
		TRY(scan_entry(s, b->after.batch, entry));
	}
	return s->stopped ? FAULT_BUSY : OK; /* any fault ends the walk */
}

enum fault embedded_scan(struct engine *e,
			 bool (*see)(void *context, const struct ledger_entry *entry),
			 void *context)
{
	struct scan s = {.see = see, .context = context};
	struct ledger_damage damage;
	struct place end;
	uint64_t until = atomic_load(&e->overlay.published);
	arena_init(&s.arena, SCAN_ARENA_BYTES);
	enum fault fault =
	    until ? ledger_walk(&e->ledger, (struct place){0}, until, scan_batch, &s, &end, &damage)
		  : OK;
	arena_release(&s.arena);
	heads_release(&s.heads);
	return s.stopped ? OK : fault;
}
