/*
 * Readers see whole batches only: writers keep two rows equal that LMDB gets in different
 * transactions, while generations come and go as fast as they can. (Syncs do nothing here.)
 */
#include "disk.h"

#include "store/bell.h"

#include <dlfcn.h>
#include <lmdb.h>

/* LMDB's renewal, made slow for readers, so that generations move while a snapshot is taken. */
static _Thread_local bool dawdles;
int mdb_txn_renew(MDB_txn *txn)
{
	int (*real)(MDB_txn *);
	*(void **)&real = dlsym(RTLD_NEXT, "mdb_txn_renew");
	if (dawdles)
		usleep((useconds_t)(monotonic_us() % 10000));
	return real(txn);
}

enum { PAIRS = 512, WRITERS = 4, CROWD_US = 2 * 1000 * 1000 };

struct crowd {
	struct engine *engine;
	_Atomic bool stop;
	_Atomic uint64_t reads, torn;
};

static bool pair_is_whole(struct tx *tx, uint64_t pair)
{
	struct tally a = {.kind = 1, .of = pair}, b = {.kind = 9, .of = pair};
	bool found;
	return store_get(tx, TABLE_TALLY, &a, &found) == OK &&
	       store_get(tx, TABLE_TALLY, &b, &found) == OK && a.count == b.count;
}

static void *crowd_reader(void *context)
{
	struct crowd *c = context;
	struct reader *r = reader_open(c->engine);
	struct arena arena;
	struct detail detail = {0};
	arena_init(&arena, KIT_ARENA_BYTES);
	dawdles = true;
	while (!atomic_load(&c->stop)) {
		struct tx *tx = reader_begin(r, 1, &arena, &detail);
		for (uint64_t pair = 0; pair < PAIRS; pair++)
			if (!pair_is_whole(tx, pair))
				atomic_fetch_add(&c->torn, 1);
		atomic_fetch_add(&c->reads, 1);
		reader_end(r);
		arena_reset(&arena);
	}
	reader_close(r);
	arena_release(&arena);
	return NULL;
}

/* Two rows, far apart in the file: LMDB gets them in different transactions. */
static enum fault set_pair(struct tx *tx, const struct env *env, const void *cmd, void *ret)
{
	const struct kit_set *c = cmd;
	struct tally a = {.kind = 1, .of = c->of, .count = c->count}, b = a;
	(void)env;
	(void)ret;
	b.kind = 9;
	store_put(tx, TABLE_TALLY, &a);
	store_put(tx, TABLE_TALLY, &b);
	return OK;
}

static void *crowd_writer(void *context)
{
	struct crowd *c = context;
	for (uint64_t i = 1; !atomic_load(&c->stop); i++) {
		struct kit_set set = {.of = i * 37 % PAIRS, .count = i};
		enum fault fault = kit_run(c->engine, 1, set_pair, &set, NULL);
		if (fault != OK && fault != FAULT_BUSY)
			atomic_fetch_add(&c->torn, 1);
		if (fault == FAULT_BUSY)
			usleep(1000);
	}
	return NULL;
}

int main(void)
{
	disk.lazy = true;
	struct engine_config config = kit_config(kit_dir("crowd"));
	config.segment_bytes = 256 * 1024;
	config.overlay_bytes = 1024 * 1024;
	config.feed_pages = 1;
	struct crowd c = {.engine = kit_open(&config)};
	pthread_t readers[2], writers[WRITERS];
	for (unsigned i = 0; i < 2; i++)
		pthread_create(&readers[i], NULL, crowd_reader, &c);
	for (unsigned i = 0; i < WRITERS; i++)
		pthread_create(&writers[i], NULL, crowd_writer, &c);
	for (int64_t begin = monotonic_us(); monotonic_us() - begin < CROWD_US;) {
		usleep(1000);
		engine_feed(c.engine);
	}
	atomic_store(&c.stop, true);
	for (unsigned i = 0; i < 2; i++)
		pthread_join(readers[i], NULL);
	for (unsigned i = 0; i < WRITERS; i++)
		pthread_join(writers[i], NULL);
	CHECK_INT(atomic_load(&c.torn), 0);
	CHECK(atomic_load(&c.reads) > 100);
	engine_close(c.engine);
	return test_end();
}
