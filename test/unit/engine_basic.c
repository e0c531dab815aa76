/* The engine from outside: open, write, read, reopen, refuse; crashes by SIGKILL. */
#include "engine_kit.h"

#include <fcntl.h>
#include <signal.h>

static void test_write_and_reopen(void)
{
	struct engine_config config = kit_config(kit_dir("basic"));
	struct engine *e = kit_open(&config);
	struct kit_set set = {.kind = 1, .of = 10, .n = 3, .count = 42};
	uint64_t sum = 0;
	CHECK_INT(kit_read(e, 5, 1, 10), 0);
	CHECK_INT(kit_run(e, 5, kit_set, &set, NULL), OK);
	CHECK_INT(kit_read(e, 5, 1, 11), 42);
	CHECK_INT(kit_read(e, 6, 1, 11), 0);
	CHECK_INT(kit_run(e, 5, kit_add, &(struct kit_set){.kind = 1, .of = 10, .count = 8}, &sum),
		  OK);
	CHECK_INT(sum, 50);
	engine_feed(e);
	CHECK_INT(kit_read(e, 5, 1, 10), 50);
	CHECK_INT(kit_read(e, 5, 1, 12), 42);
	CHECK_INT(kit_run(e, 5, kit_add, &(struct kit_set){.kind = 1, .of = 10, .count = 1}, NULL),
		  OK);
	engine_close(e);

	config.create = false;
	e = kit_open(&config);
	CHECK_INT(kit_read(e, 5, 1, 10), 51);
	CHECK_INT(kit_read(e, 5, 1, 12), 42);
	struct engine *second;
	char *why;
	CHECK_INT(engine_open(&config, &second, &why), FAULT_DATA_IN_USE);
	CHECK(strstr(why, "engine_basic") != NULL);
	free(why);
	struct engine_stats stats;
	engine_stats_get(e, &stats);
	CHECK(stats.ledger_bytes > 0 && stats.accepted_batches > 0);
	engine_close(e);
}

static void test_refusals(void)
{
	struct engine_config config = kit_config(kit_dir("refusals"));
	struct engine *e;
	char *why;
	config.create = false;
	CHECK_INT(engine_open(&config, &e, &why), FAULT_DATA_MISSING);
	free(why);
	config.create = true;
	engine_close(kit_open(&config));
	char *other = text_print("%s/other.key", kit_folder);
	config.master_key = other;
	CHECK_INT(engine_open(&config, &e, &why), FAULT_KEY_FILE_WRONG);
	free(why);
	FILE *f = fopen(other, "w");
	fprintf(f, "1 %064d\n", 7);
	fclose(f);
	CHECK_INT(engine_open(&config, &e, &why), FAULT_KEY_FILE_WRONG);
	free(why);
	free(other);
}

static char *segment_path(const char *dir, unsigned segment)
{
	return text_print("%s/ledger/%06u.seg", dir, segment);
}

/* A child writes for ever and says what was acknowledged; it is killed in the middle. */
static void test_kill(void)
{
	struct engine_config config = kit_config(kit_dir("kill"));
	config.segment_bytes = 64 * 1024;
	config.overlay_bytes = 1024 * 1024;
	uint64_t seen = 0;
	for (unsigned round = 0; round < 5; round++) {
		int pipe_ends[2];
		CHECK_INT(pipe(pipe_ends), 0);
		pid_t child = fork();
		if (child == 0) {
			struct engine *e = kit_open(&config);
			for (;;) {
				uint64_t now = 0;
				struct kit_set add = {.kind = 1, .of = 1, .count = 1};
				if (kit_run(e, 1, kit_add, &add, &now) == OK &&
				    write(pipe_ends[1], &now, sizeof(now)) != sizeof(now))
					_exit(1);
			}
		}
		close(pipe_ends[1]);
		uint64_t acknowledged = 0, next;
		for (unsigned i = 0; i < 700 * (round + 1) &&
				     read(pipe_ends[0], &next, sizeof(next)) == sizeof(next);
		     i++)
			acknowledged = next;
		kill(child, SIGKILL);
		while (read(pipe_ends[0], &next, sizeof(next)) == sizeof(next))
			acknowledged = next;
		close(pipe_ends[0]);
		waitpid(child, NULL, 0);
		struct engine *e = kit_open(&config);
		uint64_t have = kit_read(e, 1, 1, 1);
		CHECK(acknowledged > seen);
		CHECK(have == acknowledged || have == acknowledged + 1);
		seen = have;
		engine_close(e);
	}
}

/* A byte turned in the middle of the ledger. */
static void test_damage(void)
{
	struct engine_config config = kit_config(kit_dir("damage"));
	struct engine *e = kit_open(&config);
	struct kit_set add = {.kind = 1, .of = 1, .count = 1};
	for (unsigned i = 0; i < 10; i++)
		CHECK_INT(kit_run(e, 1, kit_add, &add, NULL), OK);
	engine_close(e);
	char *path = segment_path(config.dir, 1), byte;
	int file = open(path, O_RDWR);
	CHECK_INT(pread(file, &byte, 1, 64 + 64 + 3), 1);
	byte ^= 1;
	CHECK_INT(pwrite(file, &byte, 1, 64 + 64 + 3), 1);
	close(file);
	free(path);
	char *why;
	CHECK_INT(engine_open(&config, &e, &why), FAULT_DATA_DAMAGED);
	CHECK(strcmp(why, "ledger segment 000001.seg is damaged at offset 64") == 0);
	free(why);
}

static struct instant far_clock(void *context)
{
	(void)context;
	return (struct instant){4102444800000}; /* 2100-01-01 */
}

/* A clock that is before the ledger: writes wait until a person accepts, and the next start knows.
 */
static void test_clock(void)
{
	struct engine_config config = kit_config(kit_dir("clock"));
	struct kit_set add = {.kind = 1, .of = 1, .count = 1};
	config.clock = far_clock;
	struct engine *e = kit_open(&config);
	CHECK_INT(kit_run(e, 1, kit_add, &add, NULL), OK);
	engine_close(e);
	config.clock = NULL;
	e = kit_open(&config);
	CHECK_INT(engine_ready(e), FAULT_CLOCK_UNSURE);
	CHECK_INT(kit_run(e, 1, kit_add, &add, NULL), FAULT_CLOCK_UNSURE);
	CHECK_INT(kit_read(e, 1, 1, 1), 1);
	CHECK_INT(engine_clock_accept(e), OK);
	CHECK_INT(kit_run(e, 1, kit_add, &add, NULL), OK);
	engine_close(e);
	e = kit_open(&config);
	CHECK_INT(engine_ready(e), OK);
	CHECK_INT(kit_run(e, 1, kit_add, &add, NULL), OK);
	CHECK_INT(kit_read(e, 1, 1, 1), 3);
	engine_close(e);
}

/* A folder with other things in it, and one whose ledger is gone, are left alone. */
static void test_strangers(void)
{
	struct engine_config config = kit_config(kit_dir("strangers"));
	struct engine *e;
	char *why, *other = text_print("%s/letters", config.dir),
		   *ledger = text_print("%s/ledger", config.dir);
	CHECK_INT(mkdir(config.dir, 0700), 0);
	CHECK_INT(mkdir(other, 0700), 0);
	CHECK_INT(engine_open(&config, &e, &why), FAULT_DATA_PRESENT);
	free(why);
	CHECK_INT(rmdir(other), 0);
	e = kit_open(&config);
	struct kit_set add = {.kind = 1, .of = 1, .count = 1};
	CHECK_INT(kit_run(e, 1, kit_add, &add, NULL), OK);
	engine_close(e);
	kit_remove(ledger);
	CHECK_INT(engine_open(&config, &e, &why), FAULT_DATA_DAMAGED);
	free(why);
	free(other);
	free(ledger);
}

/* Segments: one in the middle is gone; the next one, still empty, is not. */
static void test_missing_segment(void)
{
	struct engine_config config = kit_config(kit_dir("missing"));
	config.segment_bytes = 16 * 1024;
	struct engine *e = kit_open(&config);
	struct kit_set add = {.kind = 1, .of = 1, .count = 1};
	for (unsigned i = 0; i < 400; i++)
		CHECK_INT(kit_run(e, 1, kit_add, &add, NULL), OK);
	engine_close(e);
	char *view = text_print("%s/view", config.dir), *second = segment_path(config.dir, 2), *why;
	/* Without a view everything is replayed. */
	kit_remove(view);
	CHECK_INT(mkdir(view, 0700), 0);
	e = kit_open(&config);
	CHECK_INT(kit_read(e, 1, 1, 1), 400);
	engine_close(e);
	kit_remove(view);
	CHECK_INT(mkdir(view, 0700), 0);
	CHECK_INT(unlink(second), 0);
	CHECK_INT(engine_open(&config, &e, &why), FAULT_DATA_DAMAGED);
	CHECK_TEXT(text_of(why), "ledger segment 000002.seg is damaged at offset 0");
	free(why);
	free(view);
	free(second);
}

int main(void)
{
	test_write_and_reopen();
	test_refusals();
	test_damage();
	test_clock();
	test_strangers();
	test_missing_segment();
	test_kill();
	return test_end();
}
