/* See admit.h. */
#include "serve/admit.h"

#include <pthread.h>
#include <stdatomic.h>

enum {
	ADMIT_BUCKETS = 16 * 1024, /* 512 KiB; more credentials than that are seldom busy at once */
	ADMIT_PROBES = 32,
};
static const int64_t NS_PER_S = 1000 * 1000 * 1000;

struct admit_bucket {
	uint64_t key; /* of the credential; 0: free */
	_Atomic int64_t full_ns;
};

struct admit {
	uint64_t calls_per_s, burst;
	pthread_mutex_t lock; /* of the keys */
	struct admit_bucket buckets[ADMIT_BUCKETS];
};

struct admit *admit_new(uint64_t calls_per_s, uint64_t burst)
{
	struct admit *a = calloc(1, sizeof(*a));
	must(a);
	a->calls_per_s = calls_per_s;
	a->burst = burst;
	pthread_mutex_init(&a->lock, NULL);
	return a;
}

void admit_free(struct admit *a)
{
	pthread_mutex_destroy(&a->lock);
	free(a);
}

static uint64_t key_of(enum dialect dialect, struct text name)
{
	static const uint64_t factor = UINT64_C(0x100000001b3);
	uint64_t hash = (UINT64_C(0xcbf29ce484222325) ^ (uint64_t)dialect) * factor;
	for (size_t i = 0; i < name.size; i++)
		hash = (hash ^ (uint8_t)name.data[i]) * factor;
	return hash ? hash : 1;
}

/* Under the lock. Who loses its bucket while it uses it shares one for a while. */
static struct admit_bucket *find(struct admit *a, uint64_t key)
{
	struct admit_bucket *idle = NULL;
	for (unsigned i = 0; i < ADMIT_PROBES; i++) {
		struct admit_bucket *b = &a->buckets[(key + i) % ADMIT_BUCKETS];
		if (b->key == key)
			return b;
		if (!idle || (idle->key &&
			      (!b->key || atomic_load(&b->full_ns) < atomic_load(&idle->full_ns))))
			idle = b;
	}
	idle->key = key;
	atomic_store(&idle->full_ns, 0);
	return idle;
}

struct admit_bucket *admit_find(struct admit *a, enum dialect dialect, struct text name)
{
	pthread_mutex_lock(&a->lock);
	struct admit_bucket *bucket = find(a, key_of(dialect, name));
	pthread_mutex_unlock(&a->lock);
	return bucket;
}

static int64_t seconds_up(int64_t ns)
{
	return (ns + NS_PER_S - 1) / NS_PER_S;
}

/* Its own, else the server's. */
static void limit_of(const struct admit *a, const struct credential *c, struct call_limit *ret)
{
	bool own = c->burst || c->calls_per_s;
	*ret = (struct call_limit){.per_s = c->calls_per_s ? c->calls_per_s : a->calls_per_s,
				   .burst = own ? c->burst : a->burst};
	if (!ret->burst)
		ret->burst = 2 * ret->per_s;
}

/* A bucket that was deeper once is no emptier than empty. */
static int64_t clamp(int64_t ns, int64_t low, int64_t high)
{
	return ns < low ? low : ns > high ? high : ns;
}

enum fault admit_take(const struct admit *a, struct admit_bucket *bucket,
		      const struct credential *c, int64_t now_ns, struct call_limit *ret_limit,
		      unsigned *ret_wait_s)
{
	limit_of(a, c, ret_limit);
	*ret_wait_s = 0;
	if (!ret_limit->per_s)
		return OK;
	int64_t each_ns = NS_PER_S / (int64_t)ret_limit->per_s;
	int64_t empty_ns = now_ns + (int64_t)ret_limit->burst * each_ns;
	int64_t seen_ns = atomic_load_explicit(&bucket->full_ns, memory_order_relaxed), full_ns;
	bool taken;
	do {
		full_ns = clamp(seen_ns, now_ns, empty_ns);
		taken = full_ns + each_ns <= empty_ns;
	} while (taken &&
		 !atomic_compare_exchange_weak(&bucket->full_ns, &seen_ns, full_ns + each_ns));
	int64_t after_ns = taken ? full_ns + each_ns : full_ns;
	ret_limit->left = (uint64_t)((empty_ns - after_ns) / each_ns);
	ret_limit->reset_s = (unsigned)seconds_up(after_ns - now_ns);
	if (taken)
		return OK;
	*ret_wait_s = (unsigned)seconds_up(full_ns + each_ns - empty_ns);
	return FAULT_CALL_LIMITED;
}
