/*
 * Disks that are full or broken: nothing acknowledged is lost, reads go on, writes come back when
 * there is room; where the state of the disk is unknown the process ends.
 */
#include "disk.h"

#include <signal.h>

enum { SEGMENT_SIZE = 16 * 1024, RECOVER_MS_MAX = 10000 };
enum {
	WRITES = 1U << DISK_WRITE,
	SYNCS = 1U << DISK_SYNC,
	NAMES = 1U << DISK_NAME | 1U << DISK_FOLDER_SYNC
};

static struct engine_config small_config(const char *dir)
{
	struct engine_config config = kit_config(dir);
	config.segment_bytes = SEGMENT_SIZE;
	config.overlay_bytes = 512 * 1024;
	config.feed_pages = 4;
	return config;
}

static enum fault add(struct engine *e, uint64_t *ret)
{
	struct kit_set cmd = {.kind = 1, .of = 1, .count = 1};
	return kit_run(e, 1, kit_add, &cmd, ret);
}

static void check_whole(struct engine *e, uint64_t count)
{
	struct ledger_report report;
	char *why;
	CHECK_INT(kit_read(e, 1, 1, 1), count);
	if (!CHECK_INT(engine_verify(e, NULL, NULL, &report, &why), OK))
		fprintf(stderr, "     %s\n", why);
	free(why);
}

/* Tries until it works; false after ten seconds. */
static bool works_again(struct engine *e, uint64_t *count)
{
	for (unsigned i = 0; i < RECOVER_MS_MAX / 20; i++) {
		if (add(e, count) == OK)
			return true;
		usleep(20000);
	}
	return false;
}

/* No room for the next segment: refused before anything is appended. */
static void test_full_ledger(void)
{
	struct engine_config config = small_config(kit_dir("full-ledger"));
	struct engine *e = kit_open(&config);
	uint64_t count = 0, before;
	disk_fail(".new", WRITES, 0, ENOSPC);
	enum fault fault = OK;
	for (unsigned i = 0; i < 1000 && fault == OK; i++)
		fault = add(e, &count);
	before = count;
	CHECK_INT(fault, FAULT_DISK_FULL);
	CHECK_INT(engine_ready(e), FAULT_DISK_FULL);
	CHECK_INT(kit_read(e, 1, 1, 1), before);
	CHECK_INT(add(e, &count), FAULT_DISK_FULL);
	CHECK_INT(kit_read(e, 1, 1, 1), before);
	disk_heal();
	CHECK(works_again(e, &count));
	CHECK_INT(count, before + 1);
	CHECK_INT(engine_ready(e), OK);
	check_whole(e, before + 1);
	engine_close(e);
	e = kit_open(&config);
	check_whole(e, before + 1);
	engine_close(e);
}

/* LMDB cannot grow, or its disk is broken. */
struct view_trouble {
	int error;
	unsigned kinds;
	bool no_room;
	enum fault ready, refusal; /* what /readyz says, and what writes get in the end */
};

static void view_fail(const struct view_trouble *t)
{
	disk.no_room = t->no_room;
	disk_fail("data.mdb", t->kinds, 0, t->error);
}

static void view_heal(void)
{
	disk.no_room = false;
	disk_heal();
}

static size_t overlay_bytes_of(struct engine *e)
{
	struct engine_stats stats;
	engine_stats_get(e, &stats);
	return stats.overlay_bytes;
}

/* A full disk refuses writes at the first try that fails; otherwise the overlay takes them until it
 * is full too. */
static void test_full_view(const struct view_trouble *t)
{
	struct engine_config config = small_config(kit_dir("full-view"));
	kit_remove(config.dir);
	struct engine *e = kit_open(&config);
	uint64_t count = 0;
	struct kit_set set = {.kind = 3, .n = 200};
	view_fail(t);
	enum fault fault = OK;
	unsigned done = 0;
	for (; done < 2000 && fault == OK; done++) {
		set.of = done * 200;
		set.count = done + 1;
		fault = kit_run(e, 1, kit_set, &set, NULL);
		if (done == 2)
			engine_feed(e);
	}
	CHECK_INT(fault, t->refusal);
	CHECK_INT(engine_ready(e), t->ready);
	if (t->refusal == FAULT_DISK_FULL)
		CHECK_INT(done, 4);
	else
		CHECK(done > 10);
	CHECK_INT(kit_read(e, 1, 3, 0), 1);
	CHECK_INT(kit_read(e, 1, 3, (done - 2) * 200 + 199), done - 1);
	/* The ledger keeps what the view cannot take: the next start has it too. */
	engine_close(e);
	view_heal();
	e = kit_open(&config);
	CHECK_INT(kit_read(e, 1, 3, (done - 2) * 200 + 199), done - 1);
	CHECK(works_again(e, &count));
	check_whole(e, count);
	engine_close(e);
	/* The same, but healed while it runs: tried again without anybody's help. */
	e = kit_open(&config);
	view_fail(t);
	for (unsigned i = 0; i < 5; i++)
		CHECK_INT(add(e, &count), OK);
	engine_feed(e);
	CHECK_INT(engine_ready(e), t->ready);
	if (t->refusal == FAULT_DISK_FULL)
		CHECK_INT(add(e, &count), FAULT_DISK_FULL);
	view_heal();
	for (unsigned i = 0; i < RECOVER_MS_MAX / 20 && engine_ready(e) != OK; i++)
		usleep(20000);
	CHECK_INT(engine_ready(e), OK);
	CHECK_INT(add(e, &count), OK);
	check_whole(e, count);
	engine_close(e);
}

static struct write job = {.merchant = 1,
			   .command = 200,
			   .handle = kit_add,
			   .actor = TEXT("test"),
			   .cmd = &(struct kit_set){.kind = 9, .of = 9, .count = 1},
			   .job = true};

static void *run_job(void *engine)
{
	struct arena arena;
	arena_init(&arena, KIT_ARENA_BYTES);
	job.arena = &arena;
	(void)!engine_run(engine, &job);
	arena_release(&arena);
	return NULL;
}

static uint64_t jobs_waiting(struct engine *e)
{
	struct engine_stats stats;
	engine_stats_get(e, &stats);
	return stats.job_queue_depth;
}

/* Jobs wait while memory is half full, which may be for ever: whoever waits for one can be let go.
 * Where the view's disk is full they need not wait at all. */
static void test_parked_jobs(const struct view_trouble *t)
{
	struct engine_config config = small_config(kit_dir("parked"));
	kit_remove(config.dir);
	struct engine *e = kit_open(&config);
	struct kit_set set = {.kind = 3, .n = 200, .count = 1};
	pthread_t thread;
	view_fail(t);
	for (; set.of < 100000 && overlay_bytes_of(e) <= config.overlay_bytes / 2; set.of += 200)
		if (kit_run(e, 1, kit_set, &set, NULL) != OK)
			break;
	CHECK_INT(pthread_create(&thread, NULL, run_job, e), 0);
	if (t->refusal != FAULT_DISK_FULL) {
		for (unsigned i = 0; i < 500 && jobs_waiting(e) == 0; i++)
			usleep(10000);
		usleep(100000);
		CHECK_INT(jobs_waiting(e), 1);
		engine_stop_jobs(e);
	}
	pthread_join(thread, NULL);
	CHECK_INT(job.fault, t->refusal == FAULT_DISK_FULL ? FAULT_DISK_FULL : FAULT_SHUTTING_DOWN);
	engine_stop_jobs(e);
	run_job(e);
	CHECK_INT(job.fault, FAULT_SHUTTING_DOWN);
	CHECK_INT(kit_read(e, 1, 9, 9), 0);
	view_heal();
	engine_close(e);
}

/* A child runs with the n-th call failing; what it said was accepted must be there afterwards. */
struct plan {
	const char *part;
	unsigned kinds;
	int error;
	bool must_die;
};

static int run_child(const struct engine_config *config, const struct plan *plan, int n, int out)
{
	char *why;
	struct engine *e;
	struct sigaction plain = {.sa_handler = SIG_DFL};
	sigaction(SIGABRT, &plain, NULL);
	freopen("/dev/null", "w", stderr);
	disk_fail(plan->part, plan->kinds, n, plan->error);
	if (engine_open(config, &e, &why) != OK)
		_exit(3);
	for (unsigned i = 0; i < 60; i++) {
		uint64_t count;
		if (add(e, &count) == OK &&
		    syscall(SYS_write, out, &count, sizeof(count)) != sizeof(count))
			_exit(4);
		if (i % 10 == 9)
			engine_feed(e);
	}
	engine_close(e);
	_exit(disk.failed ? 1 : 0);
}

/* Returns false when nothing failed any more: n is past the last call. */
static bool try_plan(const struct plan *plan, int n)
{
	struct engine_config config = small_config(kit_dir("sweep"));
	char key[2 * DISK_PATH];
	int ends[2], status;
	snprintf(key, sizeof(key), "%s.key", config.dir);
	kit_remove(config.dir);
	kit_remove(key);
	CHECK_INT(pipe(ends), 0);
	pid_t child = fork();
	if (child == 0)
		run_child(&config, plan, n, ends[1]);
	close(ends[1]);
	uint64_t acknowledged = 0, next;
	while (read(ends[0], &next, sizeof(next)) == sizeof(next))
		acknowledged = next;
	close(ends[0]);
	waitpid(child, &status, 0);
	bool aborted = WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT;
	CHECK(aborted || (WIFEXITED(status) && WEXITSTATUS(status) != 4));
	if (plan->must_die)
		CHECK(aborted || (WIFEXITED(status) &&
				  (WEXITSTATUS(status) == 0 || WEXITSTATUS(status) == 3)));
	struct engine *e = kit_open(&config);
	uint64_t have = kit_read(e, 1, 1, 1);
	/* A write whose sync failed is not acknowledged, and may be there. */
	if (!CHECK(have == acknowledged || (aborted && have == acknowledged + 1)))
		fprintf(stderr, "     %s call %d: have %llu, acknowledged %llu\n", plan->part, n,
			(unsigned long long)have, (unsigned long long)acknowledged);
	check_whole(e, have);
	engine_close(e);
	return !(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

static void sweep(const struct plan *plan, int step)
{
	unsigned tried = 0;
	for (int n = 0; n < 1000 && try_plan(plan, n); n += step)
		tried++;
	if (!CHECK(tried > 0))
		fprintf(stderr, "     %s never failed\n", plan->part);
}

static void test_sweeps(void)
{
	const char *wanted = getenv("COUPONRY_FAULTY");
	int step = wanted && strtoul(wanted, NULL, 10) ? 1 : 5;
	struct plan plans[] = {
	    {".seg", SYNCS, EIO, true},
	    {".seg", WRITES, EIO, true},
	    {".new", WRITES, ENOSPC, false},
	    {".new", SYNCS, EIO, false},
	    {"/ledger", NAMES, ENOSPC, false},
	    {"data.mdb", WRITES, ENOSPC, false},
	    {"data.mdb", SYNCS, EIO, false},
	    {"/keys", WRITES | SYNCS, ENOSPC, false},
	    {".key", WRITES | SYNCS | NAMES, ENOSPC, false},
	    {"/data", WRITES, ENOSPC, false},
	};
	for (size_t i = 0; i < COUNT_OF(plans); i++)
		sweep(&plans[i], step);
}

int main(void)
{
	disk.lazy = true;
	test_full_ledger();
	struct view_trouble troubles[] = {
	    {ENOSPC, WRITES, false, FAULT_DISK_FULL, FAULT_DISK_FULL},
	    {EIO, WRITES, true, FAULT_DISK_FULL, FAULT_DISK_FULL},
	    {EIO, WRITES, false, FAULT_FILE_UNWRITABLE, FAULT_BUSY},
	    {EIO, SYNCS, false, FAULT_FILE_UNWRITABLE, FAULT_BUSY},
	};
	for (size_t i = 0; i < COUNT_OF(troubles); i++) {
		test_full_view(&troubles[i]);
		test_parked_jobs(&troubles[i]);
	}
	test_sweeps();
	return test_end();
}
