/*
 * The engine alone: durable commands per second with so many outstanding, the import shape, the
 * feeder, replay, reads meanwhile, memory.
 *
 *   bench/engine [commands]
 */
#include "engine_kit.h"

#include <pthread.h>

enum { OUTSTANDING_MAX = 256, IMPORT_ROWS = 200 };

struct slot {
	struct write write;
	struct kit_set cmd;
	struct arena arena;
	char memory[4096];
};

struct load {
	struct engine *engine;
	struct slot slots[OUTSTANDING_MAX];
	_Atomic uint64_t next, done;
	uint64_t all;
	unsigned outstanding;
	uint64_t spread; /* keys: new ones when 0 */
	pthread_mutex_t lock;
	pthread_cond_t finished;
};

static bool send(struct load *l, struct slot *s)
{
	uint64_t n = atomic_fetch_add(&l->next, 1);
	if (n >= l->all)
		return false;
	s->cmd.of = l->spread ? n * 2654435761U % l->spread : n * s->cmd.n;
	s->cmd.count = n + 1;
	arena_reset(&s->arena);
	engine_submit(l->engine, &s->write);
	return true;
}

static void done(struct write *w)
{
	struct load *l = w->context;
	struct slot *s = (struct slot *)w;
	must(w->fault == OK);
	if (atomic_fetch_add(&l->done, 1) + 1 == l->all) {
		pthread_mutex_lock(&l->lock);
		pthread_cond_signal(&l->finished);
		pthread_mutex_unlock(&l->lock);
	}
	send(l, s);
}

static void run_load(struct engine *e, const char *name, handler *handle, uint64_t all,
		     unsigned outstanding, struct kit_set cmd, uint64_t spread)
{
	struct load *l = calloc(1, sizeof(*l));
	struct engine_stats before, after;
	must(l);
	l->engine = e;
	l->all = all;
	l->outstanding = outstanding;
	l->spread = spread;
	pthread_mutex_init(&l->lock, NULL);
	pthread_cond_init(&l->finished, NULL);
	engine_stats_get(e, &before);
	double begin = kit_now_s();
	for (unsigned i = 0; i < outstanding; i++) {
		struct slot *s = &l->slots[i];
		arena_init_lent(&s->arena, s->memory, sizeof(s->memory), KIT_ARENA_BYTES);
		s->cmd = cmd;
		s->write = (struct write){.merchant = 1,
					  .command = 200,
					  .handle = handle,
					  .actor = TEXT("bench"),
					  .cmd = &s->cmd,
					  .arena = &s->arena,
					  .job = cmd.n > 1,
					  .done = done,
					  .context = l};
	}
	for (unsigned i = 0; i < outstanding; i++)
		send(l, &l->slots[i]);
	pthread_mutex_lock(&l->lock);
	while (atomic_load(&l->done) < all)
		pthread_cond_wait(&l->finished, &l->lock);
	pthread_mutex_unlock(&l->lock);
	double took = kit_now_s() - begin;
	engine_stats_get(e, &after);
	printf("%-34s %9.0f commands/s %9.0f rows/s  %5.1f per flush, flush %4.0f us, overlay %zu "
	       "MiB\n",
	       name, (double)all / took, (double)(all * (cmd.n ? cmd.n : 1)) / took,
	       (double)(after.commands - before.commands) / (double)(after.syncs - before.syncs),
	       (double)(after.sync_us_sum - before.sync_us_sum) /
		   (double)(after.syncs - before.syncs),
	       (size_t)after.overlay_bytes >> 20);
	fflush(stdout); /* l stays: the lane may still be in done() */
}

static void print_memory(const char *name)
{
	FILE *f = fopen("/proc/self/smaps_rollup", "r");
	char line[256];
	unsigned long kib, anonymous = 0;
	while (f && fgets(line, sizeof(line), f))
		if (sscanf(line, "Anonymous: %lu kB", &kib) == 1)
			anonymous = kib;
	if (f)
		fclose(f);
	printf("%-34s %9lu MiB private\n", name, anonymous >> 10);
}

static _Atomic bool stop;
static void *read_on(void *context)
{
	struct engine *e = context;
	struct reader *r = reader_open(e);
	uint64_t n = 0;
	double begin = kit_now_s();
	while (!atomic_load(&stop))
		kit_read_with(r, 1, 3, n++ * 7919 % 100000);
	printf("%-34s %9.0f reads/s\n", "  a reader meanwhile", (double)n / (kit_now_s() - begin));
	reader_close(r);
	return NULL;
}

int main(int count, char **arguments)
{
	uint64_t n = count > 1 ? strtoull(arguments[1], NULL, 10) : 400000;
	struct engine_config config = kit_config(kit_dir("bench"));
	struct engine *e = kit_open(&config);
	struct kit_set one = {.kind = 3, .n = 1}, row = {.kind = 4, .n = 1},
		       many = {.kind = 5, .n = IMPORT_ROWS};
	run_load(e, "put one new row, 64 out", kit_set, n, 64, one, 0);
	run_load(e, "put one new row, 128 out", kit_set, n, 128, row, 0);
	run_load(e, "add, 1 out", kit_add, n / 100 + 1, 1, (struct kit_set){.kind = 8, .count = 1},
		 1000);
	run_load(e, "add to a hot row, 64 out", kit_add, n, 64,
		 (struct kit_set){.kind = 6, .count = 1}, 1);
	pthread_t reader;
	pthread_create(&reader, NULL, read_on, e);
	run_load(e, "add, scattered over 1 M, 64 out", kit_add, n, 64,
		 (struct kit_set){.kind = 7, .count = 1}, 1000000);
	atomic_store(&stop, true);
	pthread_join(reader, NULL);
	engine_feed(e);
	double import = kit_now_s();
	run_load(e, "import shape, 8 out", kit_set, n / 20, 8, many, 0);
	engine_feed(e);
	printf("%-34s %9.0f rows/s\n", "  until fed",
	       (double)(n / 20 * IMPORT_ROWS) / (kit_now_s() - import));
	print_memory("after all that, fed");
	engine_close(e);

	char *view = text_print("%s/view", config.dir);
	kit_remove(view);
	must(mkdir(view, 0700) == 0);
	double begin = kit_now_s();
	e = kit_open(&config);
	struct engine_stats stats;
	engine_stats_get(e, &stats);
	printf("%-34s %9.0f entries/s, %.0f MB/s\n", "recovery from an empty view",
	       (double)(n * 4 + n / 100 + n / 20) / (kit_now_s() - begin),
	       (double)stats.ledger_bytes / 1e6 / (kit_now_s() - begin));
	engine_feed(e);
	print_memory("after recovery, fed");
	engine_close(e);
	free(view);
	return test_end();
}
