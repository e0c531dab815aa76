/*
 * Erasing a person in the engine: the key goes last, whatever moment a crash chooses; a backup from
 * before does not bring the person back; nothing is left in the files.
 */
#include "engine_kit.h"

#include "base/crypto.h"
#include "domain/domain.h"
#include "store/erased.h"

#include <fcntl.h>

static const char phone[] = "18655512345", secret[] = "registered-in-spring";
enum { MERCHANT = 1, SLOT = 32 };

static enum fault run(struct engine *e, uint64_t merchant, enum command command, const void *cmd,
		      void *ret)
{
	return kit_run(e, merchant, command_get(command)->handle, cmd, ret);
}

static void make(struct engine *e, const char *id, const char *with_phone, const char *nick)
{
	struct customer_save_cmd cmd = {{.customer_id = text_of(id),
					 .name = TEXT("Ann"),
					 .nick = text_of(nick),
					 .phone = text_of(with_phone)}};
	struct customer_save_ret ret;
	CHECK_INT(run(e, MERCHANT, COMMAND_customer_save, &cmd, &ret), OK);
}

static void fill(struct engine *e)
{
	struct origin_create_cmd origin = {77};
	struct origin_create_ret origin_ret;
	struct merchant_add_cmd merchant = {.name = TEXT("shop")};
	struct merchant_add_ret merchant_ret;
	CHECK_INT(run(e, 0, COMMAND_origin_create, &origin, &origin_ret), OK);
	CHECK_INT(run(e, 0, COMMAND_merchant_add, &merchant, &merchant_ret), OK);
	make(e, "other", "13900000000", "bob");
	make(e, "c1", "13911111111", "ann");
	make(e, "c1", phone, "ann"); /* the first phone is given up */
	struct campaign_save_cmd campaign = {
	    .source_code = TEXT("w"), .code = TEXT("k"), .status = 1, .maker = MAKER_WAIQIN};
	struct campaign_save_ret campaign_ret;
	CHECK_INT(run(e, MERCHANT, COMMAND_campaign_save, &campaign, &campaign_ret), OK);
	struct text ids[] = {TEXT("c1"), TEXT("other")};
	struct audience_register_cmd registering = {.campaign_source_code = TEXT("w"),
						    .campaign_code = TEXT("k"),
						    .customers = {REFERENCE_ID, ids, 2},
						    .information = text_of(secret)};
	struct audience_register_ret registering_ret;
	CHECK_INT(run(e, MERCHANT, COMMAND_audience_register, &registering, &registering_ret), OK);
}

static void erase(struct engine *e, unsigned erased)
{
	struct customer_erase_cmd cmd = {TEXT("c1")};
	struct customer_erase_ret ret;
	CHECK_INT(run(e, MERCHANT, COMMAND_customer_erase, &cmd, &ret), OK);
	CHECK_INT(ret.erased, erased);
}

static void settle(struct engine *e)
{
	struct customer_settle_cmd cmd = {256};
	struct customer_settle_ret ret = {1};
	while (ret.left)
		if (!CHECK_INT(run(e, MERCHANT, COMMAND_customer_settle, &cmd, &ret), OK))
			return;
}

static bool found_by(struct engine *e, struct customer c, enum unique unique, struct customer *ret)
{
	struct reader *r = reader_open(e);
	struct arena arena;
	struct detail detail;
	bool found = false;
	arena_init(&arena, KIT_ARENA_BYTES);
	struct tx *tx = reader_begin(r, MERCHANT, &arena, &detail);
	CHECK_INT(store_find(tx, unique, &c, &found), OK);
	if (ret)
		*ret = c;
	reader_end(r);
	reader_close(r);
	arena_release(&arena);
	return found;
}

/* Which slots of the merchant's key file are zeros. */
static bool is_zero(const char *dir, unsigned slot)
{
	static const char zeros[SLOT];
	char *path = text_print("%s/keys/1", dir), key[SLOT];
	int file = open(path, O_RDONLY);
	CHECK_INT(pread(file, key, SLOT, slot * SLOT), SLOT);
	close(file);
	free(path);
	return memcmp(key, zeros, SLOT) == 0;
}

/* Bytes of a text in all files below a folder. */
static bool is_in_files(const char *dir, const char *what)
{
	char *command = text_print("grep -rqa -e '%s' '%s'", what, dir);
	int status = system(command);
	free(command);
	CHECK(WIFEXITED(status) && WEXITSTATUS(status) < 2);
	return WEXITSTATUS(status) == 0;
}

static void check_erased(struct engine *e, const char *dir)
{
	struct customer c;
	struct ledger_report report;
	char *why;
	CHECK(found_by(e, (struct customer){.number = 1, .customer_id = TEXT("c1")},
		       UNIQUE_CUSTOMER_BY_ID, &c));
	CHECK(!instant_is_none(c.erased));
	CHECK(is_zero(dir, (unsigned)c.key_slot));
	CHECK(!found_by(e, (struct customer){.number = 1, .phone = text_of(phone)},
			UNIQUE_CUSTOMER_BY_PHONE, NULL));
	CHECK(found_by(e, (struct customer){.number = 1, .phone = TEXT("13900000000")},
		       UNIQUE_CUSTOMER_BY_PHONE, &c));
	CHECK(!is_zero(dir, (unsigned)c.key_slot));
	if (!CHECK_INT(engine_verify(e, NULL, NULL, &report, &why), OK))
		fprintf(stderr, "     %s\n", why ? why : "");
}

/* --- a crash at each point --- */

enum point { ENTRY, FED, LISTED, LISTED_TORN, WIPED, SETTLED, POINTS };

static void die_at(const struct engine_config *config, enum point point)
{
	struct engine *e = kit_open(config);
	erase(e, 1);
	if (point >= FED)
		engine_feed(e);
	if (point == LISTED || point == LISTED_TORN) {
		char *key = text_print("%s.key", config->dir), *path = erased_path(key);
		struct erasure row = {MERCHANT, 2, 2, {0}};
		struct erasures rows = {&row, 1, 1};
		CHECK_INT(erased_append(path, &rows), OK);
		if (point == LISTED_TORN)
			CHECK_INT(truncate(path, 5), 0);
	}
	if (point >= WIPED)
		CHECK_INT(engine_wipe(e, MERCHANT), OK);
	if (point == SETTLED)
		settle(e);
	_exit(test_failed ? 1 : 0);
}

static void test_crash(enum point point)
{
	char *name = text_print("crash-%d", (int)point);
	struct engine_config config = kit_config(kit_dir(name));
	char *dir = text_print("%s", config.dir), *key = text_print("%s.key", dir);
	char *path = erased_path(key);
	struct erasures listed = {0};
	int status;
	config.dir = dir;
	struct engine *e = kit_open(&config);
	fill(e);
	engine_close(e);
	pid_t child = fork();
	if (child == 0)
		die_at(&config, point);
	CHECK_INT(waitpid(child, &status, 0), child);
	CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0);
	e = kit_open(&config);
	check_erased(e, dir);
	settle(e);
	erase(e, 0);
	CHECK_INT(engine_wipe(e, MERCHANT), OK);
	check_erased(e, dir);
	engine_close(e);
	CHECK_INT(erased_read(path, &listed), OK);
	CHECK(listed.n >= 1 && listed.rows[listed.n - 1].slot == 2);
	erased_release(&listed);
	free(path);
	free(key);
	free(dir);
	free(name);
}

/* --- nothing is left --- */

static void test_files(void)
{
	struct engine_config config = kit_config(kit_dir("files"));
	char *dir = text_print("%s", config.dir), *why = NULL;
	config.dir = dir;
	struct engine *e = kit_open(&config);
	fill(e);
	engine_feed(e);
	CHECK(is_in_files(dir, phone));
	CHECK(is_in_files(dir, secret));
	CHECK_INT(engine_compact(&config, &why), FAULT_DATA_IN_USE);
	free(why);
	erase(e, 1);
	CHECK_INT(engine_wipe(e, MERCHANT), OK);
	check_erased(e, dir);
	settle(e);
	check_erased(e, dir);
	engine_close(e);
	config.create = false;
	if (!CHECK_INT(engine_compact(&config, &why), OK))
		fprintf(stderr, "     %s\n", why);
	CHECK(!is_in_files(dir, phone));
	CHECK(!is_in_files(dir, "13911111111"));
	CHECK(is_in_files(dir, "13900000000"));
	e = kit_open(&config);
	check_erased(e, dir);
	make(e, "c2", phone, "ann"); /* the values are free */
	CHECK(found_by(e, (struct customer){.number = 1, .phone = text_of(phone)},
		       UNIQUE_CUSTOMER_BY_PHONE, NULL));
	engine_close(e);
	free(dir);
}

/* --- a backup from before --- */

static void test_restore(bool own_key)
{
	struct engine_config config = kit_config(kit_dir(own_key ? "own" : "copied"));
	char *dir = text_print("%s", config.dir), *key = text_print("%s.key", dir), *why = NULL;
	char *copy = text_print("%s-copy", dir), *again = text_print("%s-again", dir);
	config.dir = dir;
	struct engine *e = kit_open(&config);
	fill(e);
	CHECK_INT(engine_backup(e, copy, &why), OK);
	erase(e, 1);
	CHECK_INT(engine_wipe(e, MERCHANT), OK);
	engine_close(e);
	CHECK(is_in_files(copy, phone));
	if (!own_key) { /* the key and the list beside the backup */
		char *command = text_print("cp '%s' '%s.key' && cp '%s.erased' '%s.erased'", key,
					   copy, dir, copy);
		CHECK_INT(system(command), 0);
		free(command);
	}
	if (!CHECK_INT(engine_restore(copy, again, own_key ? key : NULL, &why), OK))
		fprintf(stderr, "     %s\n", why);
	CHECK(!is_in_files(again, phone));
	config.dir = again;
	config.master_key = own_key ? key : NULL;
	config.create = false;
	e = kit_open(&config);
	check_erased(e, again);
	/* Nothing can be put back, and what was registered of the person is gone. */
	struct customer_save_cmd cmd = {{.customer_id = TEXT("c1"), .phone = text_of(phone)}};
	struct customer_save_ret ret;
	CHECK_INT(run(e, MERCHANT, COMMAND_customer_save, &cmd, &ret), FAULT_VALUE_TAKEN);
	settle(e);
	check_erased(e, again);
	/* A slot that was given out after the backup, to somebody who stays. */
	make(e, "c3", phone, "ann");
	engine_close(e);
	e = kit_open(&config);
	CHECK(found_by(e, (struct customer){.number = 1, .phone = text_of(phone)},
		       UNIQUE_CUSTOMER_BY_PHONE, NULL));
	engine_close(e);
	free(dir);
	free(key);
	free(copy);
	free(again);
}

int main(void)
{
	for (enum point point = ENTRY; point < POINTS; point++)
		test_crash(point);
	test_files();
	test_restore(true);
	test_restore(false);
	return test_end();
}
