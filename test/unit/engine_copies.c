/* Verify, ledger scan, backup while serving, restore. */
#include "engine_kit.h"

#include <fcntl.h>
#include <lmdb.h>
#include <pthread.h>

static struct engine_config config_for(const char *dir)
{
	struct engine_config config = kit_config(dir);
	config.segment_bytes = 64 * 1024;
	config.overlay_bytes = 1024 * 1024;
	return config;
}

static enum fault put_origin(struct tx *tx, const struct env *env, const void *cmd, void *ret)
{
	struct origin origin = {.number = 1, .epoch = 77, .created = env->instant};
	(void)cmd;
	(void)ret;
	store_put(tx, TABLE_ORIGIN, &origin);
	return OK;
}

static void fill(struct engine *e, unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		struct kit_set set = {.kind = 2, .of = i * 3 % 500, .n = 20, .count = i + 1};
		CHECK_INT(kit_run(e, 1 + i % 2, kit_set, &set, NULL), OK);
	}
}

static uint64_t epoch_of(struct engine *e)
{
	struct reader *r = reader_open(e);
	struct arena arena;
	struct detail detail = {0};
	arena_init(&arena, KIT_ARENA_BYTES);
	struct tx *tx = reader_begin(r, 0, &arena, &detail);
	uint64_t epoch = reader_env(tx)->epoch;
	reader_end(r);
	reader_close(r);
	arena_release(&arena);
	return epoch;
}

static bool see(void *context, const struct ledger_entry *entry)
{
	unsigned *seen = context;
	CHECK(entry->merchant <= 2 && entry->number > 0);
	CHECK_TEXT(entry->actor, "test");
	CHECK(entry->row_count > 0);
	++*seen;
	return *seen < 50;
}

/* Turns a value in the view behind the engine's back. */
static void falsify(const char *dir)
{
	MDB_env *env;
	MDB_txn *txn;
	MDB_dbi rows;
	MDB_cursor *cursor;
	MDB_val key, value;
	char copy[4096];
	char *path = text_print("%s/view", dir);
	CHECK_INT(mdb_env_create(&env), 0);
	CHECK_INT(mdb_env_open(env, path, 0, 0600), 0);
	CHECK_INT(mdb_txn_begin(env, NULL, 0, &txn), 0);
	CHECK_INT(mdb_dbi_open(txn, NULL, 0, &rows), 0);
	CHECK_INT(mdb_cursor_open(txn, rows, &cursor), 0);
	CHECK_INT(mdb_cursor_get(cursor, &key, &value, MDB_FIRST), 0);
	memcpy(copy, value.mv_data, value.mv_size);
	copy[0] ^= 1;
	value.mv_data = copy;
	CHECK_INT(mdb_cursor_put(cursor, &key, &value, MDB_CURRENT), 0);
	mdb_cursor_close(cursor);
	CHECK_INT(mdb_txn_commit(txn), 0);
	mdb_env_close(env);
	free(path);
}

static void test_verify(void)
{
	struct engine_config config = config_for(kit_dir("verify"));
	struct engine *e = kit_open(&config);
	struct ledger_report report;
	unsigned seen = 0;
	char *why;
	fill(e, 300);
	CHECK_INT(engine_verify(e, NULL, NULL, &report, &why), OK);
	CHECK_INT(report.entries, 300);
	CHECK_INT(report.merchants, 2);
	CHECK(report.rows_compared > 500 && report.rows_different == 0);
	CHECK_INT(engine_ledger_scan(e, see, &seen), OK);
	CHECK_INT(seen, 50);
	engine_close(e);
	falsify(config.dir);
	config.read_only = true;
	config.create = false;
	e = kit_open(&config);
	CHECK_INT(engine_verify(e, NULL, NULL, &report, &why), FAULT_VERIFY_FAILED);
	CHECK_INT(report.rows_different, 1);
	CHECK(why && strstr(why, "differs"));
	free(why);
	engine_close(e);
}

static _Atomic bool stop;
static _Atomic unsigned refused;
/* Rows that stand as an older program put them, and no position that this one knows. */
static void age(const char *dir)
{
	MDB_env *env;
	MDB_txn *txn;
	MDB_dbi dbi;
	MDB_cursor *cursor;
	MDB_val last, value, odd = {5, (void *)(uintptr_t) "\1\2odd"};
	char *path = text_print("%s/view", dir);
	must(mdb_env_create(&env) == 0 && mdb_env_open(env, path, 0, 0600) == 0 &&
	     mdb_txn_begin(env, NULL, 0, &txn) == 0 && mdb_dbi_open(txn, NULL, 0, &dbi) == 0 &&
	     mdb_cursor_open(txn, dbi, &cursor) == 0 &&
	     mdb_cursor_get(cursor, &last, &value, MDB_LAST) == 0 &&
	     memcmp(last.mv_data, "\xFF\xFF", 2) == 0 && mdb_cursor_del(cursor, 0) == 0);
	mdb_cursor_close(cursor);
	must(mdb_put(txn, dbi, &odd, &odd, 0) == 0 && mdb_txn_commit(txn) == 0);
	mdb_env_close(env);
	free(path);
}

static void test_older_view(void)
{
	struct engine_config config = config_for(kit_dir("older"));
	struct engine *e = kit_open(&config);
	struct ledger_report report;
	char *why;
	fill(e, 300);
	engine_close(e);
	age(config.dir);
	e = kit_open(&config);
	CHECK_INT(engine_verify(e, NULL, NULL, &report, &why), OK);
	CHECK(report.rows_compared > 500 && report.rows_different == 0);
	engine_close(e);
}

static void *keep_writing(void *context)
{
	struct engine *e = context;
	for (uint64_t i = 1; !atomic_load(&stop); i++) {
		/* Both or neither, in any copy. */
		struct kit_set set = {.kind = 9, .of = 0, .n = 2, .count = i};
		if (kit_run(e, 1, kit_set, &set, NULL) != OK)
			atomic_fetch_add(&refused, 1);
	}
	return NULL;
}

static void test_backup(void)
{
	struct engine_config config = config_for(kit_dir("live"));
	char *live = text_print("%s", config.dir), *copy = text_print("%s/copy", kit_folder);
	char *again = text_print("%s/again", kit_folder), *key = text_print("%s.key", live), *why;
	struct ledger_report report;
	config.dir = live;
	struct engine *e = kit_open(&config);
	CHECK_INT(kit_run(e, 0, put_origin, NULL, NULL), OK);
	CHECK_INT(epoch_of(e), 77);
	fill(e, 300);
	pthread_t writer;
	pthread_create(&writer, NULL, keep_writing, e);
	if (!CHECK_INT(engine_backup(e, copy, &why), OK))
		fprintf(stderr, "     %s\n", why);
	atomic_store(&stop, true);
	pthread_join(writer, NULL);
	CHECK_INT(atomic_load(&refused), 0);
	CHECK_INT(engine_backup(e, copy, &why), FAULT_DATA_PRESENT);
	free(why);
	engine_close(e);

	CHECK_INT(engine_restore(copy, live, key, &why), FAULT_DATA_PRESENT);
	free(why);
	CHECK_INT(engine_restore(copy, again, NULL, &why), FAULT_KEY_FILE_WRONG);
	free(why);
	if (!CHECK_INT(engine_restore(copy, again, key, &why), OK))
		fprintf(stderr, "     %s\n", why);
	config.dir = again;
	config.master_key = key;
	config.create = false;
	e = kit_open(&config);
	CHECK(epoch_of(e) != 77 && epoch_of(e) > 0 && epoch_of(e) < 1 << 20);
	CHECK_INT(kit_read(e, 1, 9, 0), kit_read(e, 1, 9, 1));
	CHECK_INT(engine_verify(e, NULL, NULL, &report, &why), OK);
	CHECK(report.entries >= 302);
	engine_close(e);

	/* A byte of the backup turned: restore sees it. */
	char *keys = text_print("%s/keys/1", copy), *third = text_print("%s/third", kit_folder),
	     byte;
	int file = open(keys, O_RDWR);
	CHECK_INT(pread(file, &byte, 1, 100), 1);
	byte ^= 1;
	CHECK_INT(pwrite(file, &byte, 1, 100), 1);
	close(file);
	CHECK_INT(engine_restore(copy, third, key, &why), FAULT_DATA_DAMAGED);
	CHECK(access(third, F_OK) != 0);
	free(why);
	/* A file that is gone: not the fault of where it goes. */
	CHECK_INT(unlink(keys), 0);
	CHECK_INT(engine_restore(copy, third, key, &why), FAULT_FILE_UNREADABLE);
	CHECK(strstr(why, keys) && strstr(why, "No such file"));
	CHECK(access(third, F_OK) != 0);
	free(why);
	free(keys);
	free(third);
	free(live);
	free(copy);
	free(again);
	free(key);
}

int main(void)
{
	test_verify();
	test_older_view();
	test_backup();
	return test_end();
}
