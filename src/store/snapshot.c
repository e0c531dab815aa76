/*
 * Snapshots: rows through memory and LMDB, and the grace periods after which memory goes.
 */
#include "store/snapshot.h"

#include "store/overlay.h"
#include "store/together.h"

#include <pthread.h>
#include <urcu.h>

#if defined(__SANITIZE_THREAD__)
/* liburcu is not instrumented: tell the tool what a grace period orders. */
void __tsan_acquire(void *address);
void __tsan_release(void *address);
static char grace;
#define GRACE_ENTER() __tsan_acquire(&grace)
#define GRACE_LEAVE() __tsan_release(&grace)
#else
#define GRACE_ENTER() (void)0
#define GRACE_LEAVE() (void)0
#endif

/* ---- announcing: each thread registers at its first snapshot ---- */

static pthread_once_t once = PTHREAD_ONCE_INIT;
static pthread_key_t registered_key;
static _Thread_local bool registered;

static void unregister(void *unused)
{
	(void)unused;
	rcu_unregister_thread();
	registered = false;
}

static void make_key(void)
{
	must(pthread_key_create(&registered_key, unregister) == 0);
}

static void announce(void)
{
	if (!registered) {
		pthread_once(&once, make_key);
		rcu_register_thread();
		must(pthread_setspecific(registered_key, &registered) == 0);
		registered = true;
	}
	rcu_read_lock();
}

/* ---- the verbs ---- */

static struct snapshot *snapshot_of(struct rows *r)
{
	return (struct snapshot *)(void *)r;
}

static const struct version *find_in_memory(const struct snapshot *s, struct text key)
{
	const struct version *v = generation_find(s->pair.active, s->batch, key);
	if (!v && s->pair.frozen)
		v = generation_find(s->pair.frozen, s->batch, key);
	return v;
}

bool snapshot_has(const struct snapshot *s, struct text place)
{
	return find_in_memory(s, place) != NULL;
}

static struct text version_value(const struct version *v)
{
	return (struct text){v->data, v->size};
}

static bool verb_get(struct rows *r, struct text key, struct text *ret_value)
{
	struct snapshot *s = snapshot_of(r);
	struct key memory;
	key = key_together(key, &memory);
	const struct version *v = find_in_memory(s, key);
	if (!v)
		return view_get(&s->view, key, ret_value);
	if (v->size == VERSION_DELETED)
		return false;
	*ret_value = version_value(v);
	return true;
}

static void set(struct rows *r, struct text key, const struct text *value)
{
	struct snapshot *s = snapshot_of(r);
	struct key memory;
	must(s->stamp.batch != 0);
	key = key_together(key, &memory);
	bool add = s->blind && !row_is_written_often(key);
	must(add ? generation_add(s->pair.active, s->stamp, key, value)
		 : generation_set(s->pair.active, s->stamp, key, value));
}

static void verb_put(struct rows *r, struct text key, struct text value)
{
	set(r, key, &value);
}

static void verb_del(struct rows *r, struct text key)
{
	set(r, key, NULL);
}

/* Fed rows, but not those that have been deleted since, and as they are now. */
static bool verb_next_fed(struct rows *r, struct text prefix, struct text after,
			  struct text *ret_key, struct text *ret_value)
{
	struct snapshot *s = snapshot_of(r);
	bool past = text_compare(after, prefix) >= 0;
	struct text at = past ? after : prefix;
	while (view_next(&s->view, at, past, ret_key, ret_value)) {
		if (!text_starts_with(*ret_key, prefix))
			return false;
		const struct version *v = find_in_memory(s, *ret_key);
		if (v && v->size != VERSION_DELETED)
			*ret_value = version_value(v);
		if (!v || v->size != VERSION_DELETED)
			return true;
		at = *ret_key;
		past = true;
	}
	return false;
}

static const struct rows_verbs snapshot_verbs = {
    .get = verb_get, .put = verb_put, .del = verb_del, .next_fed = verb_next_fed};

/* ---- taking one ---- */

void snapshot_open(struct snapshot *s, struct overlay *o, const struct view *v)
{
	*s = (struct snapshot){.rows = {.verbs = &snapshot_verbs}, .overlay = o};
	view_reader_open(&s->view, v);
	view_reader_reset(&s->view);
}

void snapshot_close(struct snapshot *s)
{
	must(!s->begun);
	view_reader_close(&s->view);
}

void snapshot_begin(struct snapshot *s)
{
	must(!s->begun);
	announce();
	GRACE_ENTER();
	for (;;) {
		struct generations *pair =
		    atomic_load_explicit(&s->overlay->pair, memory_order_acquire);
		s->pair = *pair;
		s->batch = atomic_load_explicit(&s->overlay->published, memory_order_acquire);
		view_reader_renew(&s->view);
		cmm_smp_rmb();
		if (atomic_load_explicit(&s->overlay->pair, memory_order_acquire) == pair)
			break;
	}
	s->begun = true;
}

void snapshot_end(struct snapshot *s)
{
	must(s->begun);
	if (!s->keeps)
		view_reader_reset(&s->view);
	s->begun = false;
	s->stamp = (struct stamp){0};
	GRACE_LEAVE();
	rcu_read_unlock();
}

void snapshot_rest(struct snapshot *s)
{
	must(!s->begun);
	view_reader_reset(&s->view);
}

/* ---- changing the pair ---- */

struct generations *overlay_change(struct overlay *o, struct generations pair)
{
	struct generations *fresh = malloc(sizeof(*fresh));
	must(fresh);
	*fresh = pair;
	return atomic_exchange_explicit(&o->pair, fresh, memory_order_acq_rel);
}

void overlay_drop(struct generations *old, struct generations *older, struct generation *gone)
{
	synchronize_rcu();
	GRACE_ENTER();
	free(old);
	free(older);
	if (gone)
		generation_close(gone);
}

size_t overlay_bytes(struct overlay *o)
{
	announce();
	struct generations *pair = atomic_load_explicit(&o->pair, memory_order_acquire);
	size_t bytes = generation_bytes(pair->active);
	if (pair->frozen)
		bytes += generation_bytes(pair->frozen);
	GRACE_LEAVE();
	rcu_read_unlock();
	return bytes;
}
