/*
 * Reading ahead. Batches go from the thread that walks to the caller in parcels, a few of them in
 * turn:
 *
 *   filled   the walker adds batches       -> handed over, when it is large, or at the end
 *   handed   the caller sees its batches   -> filled anew
 *
 * A caller that gives a fault stops the walk. The walker's own fault comes behind all batches that
 * were good.
 */
#include "store/ahead.h"

#include "base/varint.h"
#include "store/entry.h"
#include "store/heads.h"

#include <pthread.h>

enum {
	PARCELS = 4,
	PARCEL_BYTES = 512 * 1024, /* and what a batch is larger */
	PARCEL_BYTES_MAX = SEGMENT_BYTES_MAX,
};

/* One batch in a parcel. Its body begins at body_at. */
struct piece {
	struct batch batch;
	size_t body_at, hash_at;
};

struct parcel {
	struct buffer bytes;  /* bodies */
	struct buffer pieces; /* struct piece */
	struct buffer hashes; /* 32 bytes each */
};

struct walker {
	const struct ahead *ahead;
	pthread_t thread;
	struct heads heads; /* only the hashes */
	struct view_reader reader;
	/* the walk's result, once it has ended */
	enum fault fault;
	struct place end;
	struct ledger_damage damage;
	struct parcel parcels[PARCELS];
	pthread_mutex_t lock;
	pthread_cond_t changed;
	/* under the lock */
	uint64_t handed, seen; /* parcels: that one's number modulo PARCELS is its place */
	bool ended, stopped;
};

/* ---- the walker ---- */

static void add(struct buffer *b, const void *data, size_t size)
{
	buffer_add(b, data, size);
	must(!b->full);
}

/* Not met yet: then the view's head is the one before the first entry. */
static struct head *head_of(struct walker *w, uint64_t merchant)
{
	bool fresh;
	struct head *head = heads_at(&w->heads, merchant, &fresh);
	struct key k;
	struct text value;
	if (!fresh || !w->ahead->view)
		return head;
	key_head(&k, merchant);
	view_reader_renew(&w->reader);
	if (view_get(&w->reader, key_get(&k), &value))
		must(head_decode(value, head));
	view_reader_reset(&w->reader);
	return head;
}

/* What is no entry is found by who applies it. */
static void hash_entries(struct walker *w, struct text body, struct buffer *hashes)
{
	struct entry_envelope e;
	struct text entry, rest;
	while (body.size > 0 && slice_take(&body, &entry)) {
		rest = entry;
		if (!entry_envelope_take(&rest, &e))
			return;
		struct head *head = head_of(w, e.merchant);
		entry_hash(head->hash, entry, head->hash);
		add(hashes, head->hash, sizeof(head->hash));
	}
}

/* The next parcel to fill; false: the caller wants no more. */
static bool hand_over(struct walker *w)
{
	pthread_mutex_lock(&w->lock);
	w->handed++;
	pthread_cond_signal(&w->changed);
	while (w->handed - w->seen >= PARCELS && !w->stopped)
		pthread_cond_wait(&w->changed, &w->lock);
	bool more = !w->stopped;
	pthread_mutex_unlock(&w->lock);
	return more;
}

static enum fault add_batch(void *context, const struct batch *b)
{
	struct walker *w = context;
	struct parcel *p = &w->parcels[w->handed % PARCELS];
	struct piece piece = {*b, p->bytes.size, p->hashes.size};
	add(&p->bytes, b->body.data, b->body.size);
	hash_entries(w, b->body, &p->hashes);
	add(&p->pieces, &piece, sizeof(piece));
	bool large = p->bytes.size + p->pieces.size >= PARCEL_BYTES;
	return !large || hand_over(w) ? OK : FAULT_BUSY; /* any fault ends the walk */
}

static void *walk_main(void *context)
{
	struct walker *w = context;
	const struct ahead *a = w->ahead;
	w->fault = ledger_walk(a->ledger, a->from, a->until, add_batch, w, &w->end, &w->damage);
	pthread_mutex_lock(&w->lock);
	w->handed++;
	w->ended = true;
	pthread_cond_signal(&w->changed);
	pthread_mutex_unlock(&w->lock);
	return NULL;
}

/* ---- the caller ---- */

/* NULL: that was the last one. */
static struct parcel *next_parcel(struct walker *w)
{
	pthread_mutex_lock(&w->lock);
	while (w->handed == w->seen && !w->ended)
		pthread_cond_wait(&w->changed, &w->lock);
	bool more = w->handed != w->seen;
	pthread_mutex_unlock(&w->lock);
	return more ? &w->parcels[w->seen % PARCELS] : NULL;
}

static void give_back(struct walker *w, struct parcel *p, bool stop)
{
	buffer_clear(&p->bytes);
	buffer_clear(&p->pieces);
	buffer_clear(&p->hashes);
	pthread_mutex_lock(&w->lock);
	w->seen++;
	w->stopped = stop;
	pthread_cond_signal(&w->changed);
	pthread_mutex_unlock(&w->lock);
}

static enum fault see_parcel(const struct ahead *a, const struct parcel *p, struct place *ret_end)
{
	size_t n = p->pieces.size / sizeof(struct piece);
	for (size_t i = 0; i < n; i++) {
		struct piece piece;
		memcpy(&piece, p->pieces.data + i * sizeof(piece), sizeof(piece));
		piece.batch.body.data = p->bytes.data + piece.body_at;
		TRY(a->see(a->context, &piece.batch, (void *)(p->hashes.data + piece.hash_at)));
		*ret_end = piece.batch.after;
	}
	return OK;
}

static enum fault see_all(struct walker *w, struct place *ret_end)
{
	enum fault fault = OK;
	for (struct parcel *p; fault == OK && (p = next_parcel(w));) {
		fault = see_parcel(w->ahead, p, ret_end);
		give_back(w, p, fault != OK);
	}
	return fault;
}

static void walker_init(struct walker *w, const struct ahead *a)
{
	*w = (struct walker){.ahead = a};
	pthread_mutex_init(&w->lock, NULL);
	pthread_cond_init(&w->changed, NULL);
	for (unsigned i = 0; i < PARCELS; i++) {
		buffer_init(&w->parcels[i].bytes, PARCEL_BYTES_MAX);
		buffer_init(&w->parcels[i].pieces, PARCEL_BYTES_MAX);
		buffer_init(&w->parcels[i].hashes, PARCEL_BYTES_MAX);
		must(buffer_room(&w->parcels[i].bytes, 1) && buffer_room(&w->parcels[i].hashes, 1));
	}
	if (!a->view)
		return;
	view_reader_open(&w->reader, a->view);
	view_reader_reset(&w->reader);
}

static void walker_release(struct walker *w)
{
	if (w->ahead->view)
		view_reader_close(&w->reader);
	for (unsigned i = 0; i < PARCELS; i++) {
		buffer_release(&w->parcels[i].bytes);
		buffer_release(&w->parcels[i].pieces);
		buffer_release(&w->parcels[i].hashes);
	}
	heads_release(&w->heads);
	pthread_mutex_destroy(&w->lock);
	pthread_cond_destroy(&w->changed);
}

enum fault ahead_walk(const struct ahead *a, struct place *ret_end,
		      struct ledger_damage *ret_damage)
{
	struct walker w;
	walker_init(&w, a);
	*ret_end = a->from;
	must(pthread_create(&w.thread, NULL, walk_main, &w) == 0);
	enum fault fault = see_all(&w, ret_end);
	pthread_join(w.thread, NULL);
	*ret_damage = w.damage;
	walker_release(&w);
	return fault != OK ? fault : w.fault;
}
