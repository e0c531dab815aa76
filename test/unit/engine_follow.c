/* One merchant's entries from any number on: over many segments, while more come, and again. */
#include "engine_kit.h"

enum { ENTRIES = 1500, QUIET = 3 /* a merchant with entries at the beginning and the end alone */ };

struct seen {
	uint64_t merchant, first, last, n, most;
};

static bool see(void *context, const struct ledger_entry *entry)
{
	struct seen *s = context;
	CHECK_INT(entry->merchant, s->merchant);
	CHECK_INT(entry->number, s->n ? s->last + 1 : s->first);
	CHECK(entry->image_count > 0);
	s->last = entry->number;
	return ++s->n < s->most;
}

static void run(struct engine *e, uint64_t merchant)
{
	static uint64_t at;
	struct kit_set set = {.kind = 2, .of = at++ % 500, .n = 20, .count = at};
	CHECK_INT(kit_run(e, merchant, kit_set, &set, NULL), OK);
}

static uint64_t newest(struct engine *e, uint64_t merchant)
{
	uint64_t number = 0;
	CHECK_INT(engine_ledger_newest(e, merchant, &number), OK);
	return number;
}

/* All behind `after`; most 0: no bound. */
static void follow(struct engine *e, uint64_t merchant, uint64_t after, uint64_t most)
{
	struct ledger_cursor cursor = {.merchant = merchant, .number = after};
	uint64_t last = newest(e, merchant), left = last > after ? last - after : 0;
	struct seen seen = {merchant, after + 1, after, 0, most ? most : UINT64_MAX};
	CHECK_INT(engine_ledger_follow(e, &cursor, see, &seen), OK);
	CHECK_INT(seen.n, most && most < left ? most : left);
	CHECK_INT(cursor.number, seen.last);
	/* The rest, and then nothing. */
	seen.most = UINT64_MAX;
	CHECK_INT(engine_ledger_follow(e, &cursor, see, &seen), OK);
	CHECK_INT(seen.n, left);
	CHECK_INT(engine_ledger_follow(e, &cursor, see, &seen), OK);
	CHECK_INT(seen.n, left);
}

static void follow_all(struct engine *e)
{
	for (uint64_t merchant = 1; merchant <= QUIET + 1; merchant++) {
		uint64_t last = newest(e, merchant);
		for (uint64_t after = 0; after <= last; after += 1 + last / 9)
			follow(e, merchant, after, after % 3 * 50);
		follow(e, merchant, last, 0);
		follow(e, merchant, last ? last - 1 : 0, 0);
	}
}

static void keeps_up(struct engine *e)
{
	struct ledger_cursor cursor = {.merchant = 1, .number = newest(e, 1)};
	struct seen seen = {1, cursor.number + 1, cursor.number, 0, UINT64_MAX};
	for (unsigned i = 0; i < 300; i++) {
		run(e, 1);
		run(e, 2);
		CHECK_INT(engine_ledger_follow(e, &cursor, see, &seen), OK);
		CHECK_INT(seen.n, i + 1);
	}
}

int main(void)
{
	const char *dir = kit_dir("follow");
	struct engine_config config = kit_config(dir);
	config.segment_bytes = 64 * 1024;
	config.overlay_bytes = 1024 * 1024;
	struct engine *e = kit_open(&config);
	CHECK_INT(newest(e, 1), 0);
	follow(e, 1, 0, 0);
	for (unsigned i = 0; i < 10; i++)
		run(e, QUIET);
	for (unsigned i = 0; i < ENTRIES; i++)
		run(e, 1 + i % 2);
	follow_all(e);
	for (unsigned i = 0; i < 10; i++)
		run(e, QUIET);
	follow_all(e);
	keeps_up(e);
	engine_close(e);
	e = kit_open(&config);
	follow_all(e);
	engine_close(e);
	return test_end();
}
