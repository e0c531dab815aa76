/*
 * What running handlers ahead of the lane is worth (store/warm.h): a view whose pages are not in
 * memory, calls that each change a row somewhere in it.
 *
 *   bench/warm [rows] [calls]
 */
#include "engine_kit.h"

#include <fcntl.h>

enum { OUTSTANDING = 64, ROWS_OF_PUT = 500, REPEATS = 3 };

struct slot {
	struct write write;
	struct kit_set cmd;
	struct arena arena;
	char memory[4096];
};

struct load {
	struct engine *engine;
	struct slot slots[OUTSTANDING];
	_Atomic uint64_t next, done;
	uint64_t rows, all;
};

static void send(struct load *l, struct slot *s)
{
	uint64_t n = atomic_fetch_add(&l->next, 1);
	if (n >= l->all)
		return;
	s->cmd = (struct kit_set){
	    .kind = 3, .of = (n * 2654435761U + 12345) % l->rows, .n = 1, .count = 1};
	arena_reset(&s->arena);
	engine_submit(l->engine, &s->write);
}

static void done(struct write *w)
{
	struct load *l = w->context;
	must(w->fault == OK);
	atomic_fetch_add(&l->done, 1);
	send(l, (struct slot *)w);
}

static double run(struct engine *e, uint64_t rows, uint64_t calls)
{
	static struct load l;
	l = (struct load){.engine = e, .rows = rows, .all = calls};
	double begin = kit_now_s();
	for (unsigned i = 0; i < OUTSTANDING; i++) {
		struct slot *s = &l.slots[i];
		arena_init_lent(&s->arena, s->memory, sizeof(s->memory), KIT_ARENA_BYTES);
		s->write = (struct write){.merchant = 1,
					  .command = 200,
					  .handle = kit_add,
					  .actor = TEXT("bench"),
					  .cmd = &s->cmd,
					  .arena = &s->arena,
					  .done = done,
					  .context = &l};
		send(&l, s);
	}
	while (atomic_load(&l.done) < calls)
		usleep(500);
	return kit_now_s() - begin;
}

static void fill(const struct engine_config *config, uint64_t rows)
{
	struct engine *e = kit_open(config);
	for (uint64_t of = 0; of < rows; of += ROWS_OF_PUT) {
		struct kit_set set = {.kind = 3, .of = of, .n = ROWS_OF_PUT, .count = 1};
		must(kit_run(e, 1, kit_set, &set, NULL) == OK);
	}
	engine_close(e);
}

/* Out of the page cache; the next start reads from the disk. */
static void evict(const char *dir)
{
	char *path = text_print("%s/view/data.mdb", dir);
	int file = open(path, O_RDWR);
	must(file >= 0 && fsync(file) == 0 && posix_fadvise(file, 0, 0, POSIX_FADV_DONTNEED) == 0);
	close(file);
	free(path);
}

static void measure(const struct engine_config *config, bool cold, uint64_t rows, uint64_t calls)
{
	struct engine_stats stats;
	if (cold)
		evict(config->dir);
	struct engine *e = kit_open(config);
	must(engine_clock_accept(e) == OK);
	double took = run(e, rows, calls);
	engine_stats_get(e, &stats);
	printf("%-7s %-18s %9.0f calls/s, %8llu run ahead, flush %4.0f us\n",
	       cold ? "cold" : "in RAM",
	       config->warm == ENGINE_WARM_NEVER  ? "never"
	       : config->warm == ENGINE_WARM_COLD ? "while it is cold"
						  : "always",
	       (double)calls / took, (unsigned long long)stats.warmed,
	       (double)stats.sync_us_sum / (double)(stats.syncs ? stats.syncs : 1));
	fflush(stdout);
	engine_close(e);
}

int main(int count, char **arguments)
{
	static const enum engine_warm modes[] = {ENGINE_WARM_NEVER, ENGINE_WARM_COLD,
						 ENGINE_WARM_ALWAYS};
	uint64_t rows = count > 1 ? strtoull(arguments[1], NULL, 10) : 4000000;
	uint64_t calls = count > 2 ? strtoull(arguments[2], NULL, 10) : 20000;
	struct engine_config config = kit_config(kit_dir("warm"));
	fill(&config, rows);
	config.clock = NULL; /* a given clock keeps handlers from being run ahead */
	for (unsigned i = 0; i < 2 * REPEATS; i++)
		for (unsigned mode = 0; mode < COUNT_OF(modes); mode++) {
			config.warm = modes[mode];
			measure(&config, i < REPEATS, rows, calls);
		}
	return test_end();
}
