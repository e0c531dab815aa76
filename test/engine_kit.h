/*
 * What the engine's tests share: a folder of their own, a clock that stands, and two commands that
 * need no domain: set tallies to a value, add to one.
 */
#pragma once

#include "test.h"

#include "base/arena.h"
#include "store/engine.h"
#include "base/file.h"

#include <stdatomic.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { KIT_ARENA_BYTES = 1024 * 1024 };

static char kit_folder[256];

static inline void kit_remove(const char *path)
{
	char *command = text_print("rm -rf '%s'", path);
	if (system(command) != 0)
		fprintf(stderr, "cannot remove %s\n", path);
	free(command);
}

static inline void kit_remove_all(void)
{
	kit_remove(kit_folder);
}

/* A fresh folder; DIR is below it. */
static inline const char *kit_dir(const char *name)
{
	static char dir[512];
	if (!kit_folder[0]) {
		const char *base = getenv("TMPDIR");
		snprintf(kit_folder, sizeof(kit_folder), "%s/couponry-test-XXXXXX",
			 base ? base : "/tmp");
		must(mkdtemp(kit_folder));
		atexit(kit_remove_all);
	}
	snprintf(dir, sizeof(dir), "%s/%s", kit_folder, name);
	return dir;
}

static inline struct instant kit_clock(void *context)
{
	(void)context;
	return (struct instant){1700000000000};
}

static inline struct engine_config kit_config(const char *dir)
{
	return (struct engine_config){.dir = dir, .create = true, .clock = kit_clock, .seed = 7};
}

static inline struct engine *kit_open(const struct engine_config *config)
{
	struct engine *e = NULL;
	char *why;
	enum fault fault = engine_open(config, &e, &why);
	if (!CHECK_INT(fault, OK)) {
		fprintf(stderr, "     %s\n", why ? why : "");
		exit(1);
	}
	return e;
}

/* tallies (kind, of .. of + n - 1) = count, each. */
struct kit_set {
	uint64_t kind, of, n, count;
};
static inline enum fault kit_set(struct tx *tx, const struct env *env, const void *cmd, void *ret)
{
	const struct kit_set *c = cmd;
	(void)env;
	(void)ret;
	for (uint64_t i = 0; i < c->n; i++) {
		struct tally t = {.kind = c->kind, .of = c->of + i, .count = c->count};
		store_put(tx, TABLE_TALLY, &t);
	}
	return OK;
}

/* tally (kind, of) += count; *ret (uint64_t) = what it is then. */
static inline enum fault kit_add(struct tx *tx, const struct env *env, const void *cmd, void *ret)
{
	const struct kit_set *c = cmd;
	struct tally t = {.kind = c->kind, .of = c->of};
	bool found;
	(void)env;
	TRY(store_get(tx, TABLE_TALLY, &t, &found));
	t.count += c->count;
	if (ret)
		*(uint64_t *)ret = t.count;
	store_put(tx, TABLE_TALLY, &t);
	return OK;
}

static inline enum fault kit_run(struct engine *e, uint64_t merchant, handler *handle,
				 const void *cmd, void *ret)
{
	struct arena arena;
	arena_init(&arena, KIT_ARENA_BYTES);
	struct write w = {.merchant = merchant,
			  .command = 200,
			  .handle = handle,
			  .actor = TEXT("test"),
			  .cmd = cmd,
			  .ret = ret,
			  .arena = &arena};
	enum fault fault = engine_run(e, &w);
	arena_release(&arena);
	return fault;
}

static inline uint64_t kit_read_with(struct reader *r, uint64_t merchant, uint64_t kind,
				     uint64_t of)
{
	struct arena arena;
	struct detail detail = {0};
	struct tally t = {.kind = kind, .of = of};
	bool found = false;
	arena_init(&arena, KIT_ARENA_BYTES);
	struct tx *tx = reader_begin(r, merchant, &arena, &detail);
	CHECK_INT(store_get(tx, TABLE_TALLY, &t, &found), OK);
	reader_end(r);
	arena_release(&arena);
	return found ? t.count : 0;
}

/* 0: not there. */
static inline uint64_t kit_read(struct engine *e, uint64_t merchant, uint64_t kind, uint64_t of)
{
	struct reader *r = reader_open(e);
	uint64_t count = kit_read_with(r, merchant, kind, of);
	reader_close(r);
	return count;
}

static inline double kit_now_s(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}
