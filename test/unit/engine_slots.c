/* The slots of customer keys: each merchant numbers its own, without a gap, over restarts. */
#include "engine_kit.h"

#include "domain/domain.h"
#include "store/keyring.h"

#include <fcntl.h>

enum { MERCHANTS = 3 };

/* A new customer's slot. */
static uint64_t make(struct engine *e, uint64_t merchant, unsigned number)
{
	char *id = text_print("c%u", number);
	struct customer_save_cmd cmd = {{.customer_id = text_of(id), .name = TEXT("Ann")}};
	struct customer_save_ret ret;
	struct customer c = {.number = 0, .customer_id = text_of(id)};
	struct detail detail;
	struct arena arena;
	bool found = false;
	CHECK_INT(kit_run(e, merchant, command_get(COMMAND_customer_save)->handle, &cmd, &ret), OK);
	struct reader *r = reader_open(e);
	arena_init(&arena, KIT_ARENA_BYTES);
	struct tx *tx = reader_begin(r, merchant, &arena, &detail);
	CHECK_INT(store_find(tx, UNIQUE_CUSTOMER_BY_ID, &c, &found), OK);
	reader_end(r);
	reader_close(r);
	arena_release(&arena);
	free(id);
	CHECK(found);
	return c.key_slot;
}

static void refused(const struct engine_config *config, const char *words)
{
	struct engine *e;
	char *why;
	if (!CHECK_INT(engine_open(config, &e, &why), FAULT_DATA_DAMAGED))
		return;
	if (!CHECK(strstr(why, words)))
		fprintf(stderr, "     %s\n", why);
	free(why);
}

static void test_numbers(const char *dir)
{
	struct engine_config config = kit_config(dir);
	struct ledger_report report;
	unsigned number = 0;
	char *why;
	for (uint64_t round = 0; round < 3; round++) {
		struct engine *e = kit_open(&config);
		for (uint64_t i = 1; i <= 5; i++, number++)
			for (uint64_t merchant = 1; merchant <= MERCHANTS; merchant++)
				CHECK_INT(make(e, merchant, number), round * 5 + i);
		CHECK_INT(engine_verify(e, NULL, NULL, &report, &why), OK);
		engine_close(e);
	}
}

/* More than were filled ahead, at once. */
static void test_many(const char *dir)
{
	struct engine_config config = kit_config(dir);
	struct engine *e = kit_open(&config);
	for (unsigned i = 0; i < 2600; i++)
		if (!CHECK_INT(make(e, 4, i), i + 1))
			break;
	engine_close(e);
	e = kit_open(&config);
	CHECK_INT(make(e, 4, 2600), 2601);
	engine_close(e);
}

/* More merchants than files that are kept open. */
static void test_crowd(const char *dir)
{
	struct engine_config config = kit_config(dir);
	struct ledger_report report;
	char *why;
	for (uint64_t slot = 1; slot <= 2; slot++) {
		struct engine *e = kit_open(&config);
		for (uint64_t merchant = 1; merchant <= KEY_FILES_OPEN_MAX + 8; merchant++)
			CHECK_INT(make(e, merchant, (unsigned)slot), slot);
		CHECK_INT(engine_verify(e, NULL, NULL, &report, &why), OK);
		engine_close(e);
	}
}

static void test_missing(const char *dir)
{
	struct engine_config config = kit_config(dir);
	char *keys = text_print("%s/keys", dir), *two = text_print("%s/2", keys),
	     *three = text_print("%s/3", keys), *aside = text_print("%s.aside", dir);
	CHECK_INT(rename(two, aside), 0);
	refused(&config, "fewer keys");
	/* Another merchant's file is not taken for it. */
	CHECK_INT(rename(three, two), 0);
	refused(&config, "fewer keys");
	CHECK_INT(rename(two, three), 0);
	CHECK_INT(rename(aside, two), 0);
	engine_close(kit_open(&config));
	CHECK_INT(rename(keys, aside), 0);
	int file = open(keys, O_WRONLY | O_CREAT, 0600);
	CHECK(file >= 0);
	close(file);
	refused(&config, "older version");
	CHECK_INT(unlink(keys), 0);
	refused(&config, "keys");
	CHECK_INT(rename(aside, keys), 0);
	engine_close(kit_open(&config));
	free(keys);
	free(two);
	free(three);
	free(aside);
}

int main(void)
{
	const char *dir = kit_dir("slots");
	test_numbers(dir);
	test_many(dir);
	test_missing(dir);
	test_crowd(kit_dir("crowd"));
	return test_end();
}
