/*
 * Power failures. A run of the engine is recorded, write by write; then the disk is made up as a
 * power failure after each of them may leave it, and the engine is opened on that: what was
 * acknowledged is there, commands are whole, the chains hold, the view equals a replay, and work
 * goes on.
 *
 *   COUPONRY_POWER=N   cut points of the long run that are tried (default 150)
 */
#include "disk.h"

enum { PAIRS = 20, STEPS_MAX = 4096 };

struct step {
	size_t at; /* operations recorded when it was acknowledged */
	uint64_t count, filled;
};
static struct step steps[STEPS_MAX];
static unsigned step_count;

/* Adds one to tally (1, 1) and sets a stretch of tallies (2, x ..) to the new count. */
struct work {
	uint64_t first, n;
};
static enum fault work(struct tx *tx, const struct env *env, const void *cmd, void *ret)
{
	const struct work *c = cmd;
	struct tally t = {.kind = 1, .of = 1};
	bool found;
	TRY(store_get(tx, TABLE_TALLY, &t, &found));
	t.count++;
	*(uint64_t *)ret = t.count;
	store_put(tx, TABLE_TALLY, &t);
	if (c->n % 4 == 0) {
		struct customer person = {
		    .number = store_number(tx),
		    .key_slot = store_key_slot(tx),
		    .name = arena_format(env->arena, "person %llu", (unsigned long long)t.count),
		    .created = env->instant};
		/* Who came with the n-th command is found under it. */
		struct tally who = {.kind = 3, .of = t.count, .count = person.number};
		store_put(tx, TABLE_CUSTOMER, &person);
		store_put(tx, TABLE_TALLY, &who);
	}
	for (uint64_t i = 0; i < c->n; i++) {
		struct tally other = {.kind = 2, .of = c->first + i, .count = t.count};
		store_put(tx, TABLE_TALLY, &other);
	}
	return OK;
}

static struct engine_config config_for(const char *dir)
{
	struct engine_config config = kit_config(dir);
	config.segment_bytes = 16 * 1024;
	config.overlay_bytes = 512 * 1024;
	config.feed_pages = 2;
	return config;
}

/* Records `n` commands; feeds now and then. */
static void run(const char *root, unsigned n, unsigned feed_every)
{
	char dir[DISK_PATH];
	snprintf(dir, sizeof(dir), "%s/data", root);
	mkdir(root, 0700);
	struct engine_config config = config_for(dir);
	step_count = 0;
	disk_record(root);
	struct engine *e = kit_open(&config);
	for (unsigned i = 0; i < n; i++) {
		struct work cmd = {.first = disk_random(2000), .n = 1 + disk_random(PAIRS)};
		uint64_t count = 0;
		CHECK_INT(kit_run(e, 1 + i % 3, work, &cmd, &count), OK);
		steps[step_count].count = i + 1;
		steps[step_count++].at = disk_now();
		if (i % feed_every == feed_every - 1)
			engine_feed(e);
	}
	engine_close(e);
	disk_stop();
}

static uint64_t sum_of(struct engine *e)
{
	return kit_read(e, 1, 1, 1) + kit_read(e, 2, 1, 1) + kit_read(e, 3, 1, 1);
}

static bool check_content(struct engine *e, size_t cut)
{
	uint64_t acknowledged = 0;
	for (unsigned i = 0; i < step_count; i++)
		if (steps[i].at <= cut)
			acknowledged = steps[i].count;
	uint64_t have = sum_of(e);
	if (have == acknowledged || have == acknowledged + 1)
		return true;
	fprintf(stderr, "     have %llu, acknowledged %llu\n", (unsigned long long)have,
		(unsigned long long)acknowledged);
	return false;
}

/* Sealed names come back: the key slots are there as well. */
static bool check_people(struct engine *e, uint64_t merchant)
{
	struct reader *r = reader_open(e);
	struct arena arena;
	struct detail detail = {0};
	bool good = true, found;
	arena_init(&arena, KIT_ARENA_BYTES);
	struct tx *tx = reader_begin(r, merchant, &arena, &detail);
	struct tally t = {.kind = 1, .of = 1};
	good = store_get(tx, TABLE_TALLY, &t, &found) == OK;
	for (uint64_t i = 1; good && i <= t.count; i++) {
		struct tally who = {.kind = 3, .of = i};
		struct text want = arena_format(&arena, "person %llu", (unsigned long long)i);
		good = store_get(tx, TABLE_TALLY, &who, &found) == OK;
		struct customer person = {.number = who.count};
		if (good && found)
			good = store_get(tx, TABLE_CUSTOMER, &person, &found) == OK && found &&
			       text_equal(person.name, want);
	}
	reader_end(r);
	reader_close(r);
	arena_release(&arena);
	return good;
}

static bool check_verify(struct engine *e)
{
	struct ledger_report report;
	char *why;
	enum fault fault = engine_verify(e, NULL, NULL, &report, &why);
	if (fault != OK)
		fprintf(stderr, "     %s\n", why);
	free(why);
	return fault == OK;
}

/* Work goes on after recovery, and survives the next start. */
static bool check_going_on(struct engine_config *config, struct engine *e)
{
	struct work cmd = {.first = 7, .n = 3};
	uint64_t before = sum_of(e), count;
	bool good = kit_run(e, 1, work, &cmd, &count) == OK;
	engine_close(e);
	e = kit_open(config);
	good = good && sum_of(e) == before + 1;
	engine_close(e);
	return good;
}

/* Reading alone, before anything is repaired: the same answers, and nothing is written. */
static bool check_still(const char *dir, size_t cut)
{
	struct engine_config config = config_for(dir);
	struct engine *e;
	char *why;
	config.read_only = true;
	config.create = false;
	enum fault fault = engine_open(&config, &e, &why);
	if (fault == OK) {
		bool good = check_content(e, cut) && check_verify(e);
		engine_close(e);
		return good;
	}
	if (fault != FAULT_DATA_MISSING)
		fprintf(stderr, "     read only: %s\n", why);
	free(why);
	return fault == FAULT_DATA_MISSING;
}

static void try_cut(size_t cut, enum disk_mode mode)
{
	char root[DISK_PATH], dir[DISK_PATH + 8], *why;
	snprintf(root, sizeof(root), "%s/rebuilt", kit_folder);
	snprintf(dir, sizeof(dir), "%s/data", root);
	uint64_t seed = disk_seed;
	disk_rebuild(root, cut, mode);
	if (cut % 3 == 0)
		CHECK(check_still(dir, cut));
	struct engine_config config = config_for(dir);
	struct engine *e;
	enum fault fault = engine_open(&config, &e, &why);
	bool good = fault == OK;
	if (!good)
		fprintf(stderr, "     %s\n", why);
	free(why);
	if (good) {
		good = check_content(e, cut) && check_people(e, 1) && check_people(e, 2) &&
		       check_verify(e);
		if (cut % 8 == 0)
			good = check_going_on(&config, e) && good;
		else
			engine_close(e);
	}
	if (!CHECK(good))
		fprintf(stderr, "     after %zu of %zu operations, mode %d, seed %llu\n", cut,
			disk.count, (int)mode, (unsigned long long)seed);
}

int main(void)
{
	const char *wanted = getenv("COUPONRY_POWER");
	unsigned samples = wanted ? (unsigned)strtoul(wanted, NULL, 10) : 150;
	char root[DISK_PATH];
	snprintf(root, sizeof(root), "%s", kit_dir("short"));
	disk.lazy = true;
	run(root, 12, 5);
	for (size_t cut = 0; cut <= disk.count; cut++)
		for (enum disk_mode mode = 0; mode < DISK_MODES; mode++)
			try_cut(cut, mode);
	disk_clear();
	snprintf(root, sizeof(root), "%s", kit_dir("long"));
	run(root, 400, 37);
	for (unsigned i = 0; i < samples; i++)
		try_cut(disk_random(disk.count + 1), (enum disk_mode)disk_random(DISK_MODES));
	disk_clear();
	return test_end();
}
