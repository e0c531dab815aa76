/*
 * simulation [--seeds=N] [--from=S | --seed=S] [--steps=N] [--seconds=N] [--jobs=N] [--verbose]
 *            [--keep] [--canary | --canary=life | --canary=acting | --canary=retries]
 *            [--engine=pg]
 *
 * Random commands from many callers, repeats, virtual time, restarts and SIGKILL, against a naive
 * model (lib/). Per seed: a worker process with the model, and under it a child with the engine.
 *
 *   plan a batch -> the child submits it -> the model does the same in that order -> outcomes equal
 *   now and then the child is killed in the middle: what was acknowledged must be in the ledger,
 *   and what is there beyond it must be a beginning of the rest; then every reading is compared
 *
 * The commands of a seed are always the same up to its first kill; where a kill falls is the
 * machine's affair (it kills itself at a counted place two times of three). --keep leaves the data
 * directories. --engine=pg runs the same commands on PostgreSQL as well (lib/twin.h) and compares
 * answers, readings and ledgers; the database is killed, too. --canary makes the model wrong in one
 * rule, --canary=life in another (a coupon is never used up), --canary=acting in a third (every
 * reward is promised, too), --canary=retries in a fourth (a message waits too long for its third
 * try): then every seed must fail, of the fourth most of them.
 */
#include "lib/database.h"
#include "server_jobs.h"

#include <ftw.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

struct options {
	uint64_t seeds, first_seed, steps, seconds, jobs;
	bool canary, canary_life, canary_acting, canary_retries, verbose, keep, twin;
	char folder[64]; /* of this run */
};

/* --- the child --- */

struct parent {
	struct world *w;
	pid_t child;
	int to_child, from_child;
	struct pg_server database; /* pid 0: none */
};

static void start_child(struct parent *p)
{
	int down[2], up[2];
	fflush(NULL);
	if (pipe(down) != 0 || pipe(up) != 0)
		sim_fail(p->w, "no pipe");
	p->child = fork();
	if (p->child < 0)
		sim_fail(p->w, "no fork");
	if (p->child == 0) {
		close(down[1]);
		close(up[0]);
		engine_side(p->w, down[0], up[1]);
	}
	close(down[0]);
	close(up[1]);
	p->to_child = down[1];
	p->from_child = up[0];
}

/* Its own words are on stderr already. */
static void expect_answer(struct parent *p, enum order order)
{
	char answer = 0;
	int status = 0;
	if (read(p->from_child, &answer, 1) == 1 && answer == (char)order)
		return;
	waitpid(p->child, &status, 0);
	if (WIFSIGNALED(status))
		sim_fail(p->w, "the engine's process died of signal %d at order '%c'",
			 WTERMSIG(status), order);
	_exit(1);
}

static void send_order(struct parent *p, enum order order)
{
	char byte = (char)order;
	if (write(p->to_child, &byte, 1) != 1)
		sim_fail(p->w, "the engine's process is gone");
}

static void give_order(struct parent *p, enum order order)
{
	send_order(p, order);
	expect_answer(p, order);
}

static void forget_child(struct parent *p, bool *ret_failed)
{
	int status = 0;
	waitpid(p->child, &status, 0);
	close(p->to_child);
	close(p->from_child);
	*ret_failed = !WIFSIGNALED(status) && WEXITSTATUS(status) != 0;
}

static void kill_child(struct parent *p)
{
	bool failed;
	kill(p->child, SIGKILL);
	forget_child(p, &failed);
	if (failed)
		_exit(1); /* it found something just before */
	p->w->kills++;
}

/* Sometimes the next one is killed too, in the middle of its recovery. */
static void start_after_kill(struct parent *p)
{
	while (chance(p->w, 15)) {
		start_child(p);
		usleep((useconds_t)roll(p->w, 3000));
		kill_child(p);
	}
	start_child(p);
	expect_answer(p, ORDER_OPEN);
}

static void restart(struct parent *p)
{
	bool failed;
	give_order(p, ORDER_CLOSE);
	forget_child(p, &failed);
	if (failed)
		sim_fail(p->w, "closing the engine failed");
	start_child(p);
	expect_answer(p, ORDER_OPEN);
	p->w->restarts++;
}

/* --- a step --- */

static void apply_answered(struct world *w, struct op *op)
{
	bool wrote;
	w->commands++;
	if (op->fault == FAULT_BUSY) { /* nothing was written: said, not done */
		w->busy++;
		return;
	}
	model_apply(w, op, true, &wrote);
	w->accepted += op->fault == OK;
	w->accepted_of[op->command] += op->fault == OK;
	if (wrote != (op->entry != 0))
		sim_fail(w, "%s: entry %llu, the model says %s", command_get(op->command)->name,
			 (unsigned long long)op->entry, wrote ? "one" : "none");
	if (wrote && op->entry != w->homes[op->home].entries)
		sim_fail(w, "%s: entry %llu, the model says %llu", command_get(op->command)->name,
			 (unsigned long long)op->entry,
			 (unsigned long long)w->homes[op->home].entries);
}

/* The lane answers in order; what it wrote beyond the last answer is a beginning of the rest. */
static void apply_after_kill(struct world *w)
{
	unsigned until = 0;
	bool wrote, open = false;
	for (unsigned i = 0; i < w->op_n; i++) {
		bool done = atomic_load(&w->ops[i].done);
		if (done && open)
			sim_fail(w, "command %u was answered before the one in front of it", i);
		open |= !done;
		if (done && w->ops[i].entry && !w->ops[i].in_ledger)
			sim_fail(w, "command %u (%s) was acknowledged and is lost", i,
				 command_get(w->ops[i].command)->name);
		if (w->ops[i].in_ledger)
			until = i + 1;
	}
	for (unsigned i = 0; i < w->op_n; i++) {
		struct op *op = &w->ops[i];
		if (atomic_load(&op->done)) {
			apply_answered(w, op);
		} else if (i < until) {
			model_apply(w, op, false, &wrote);
			w->cut_off++;
			if (wrote != op->in_ledger)
				sim_fail(w,
					 "command %u (%s) after the kill: the ledger has %s, the "
					 "model says %s",
					 i, command_get(op->command)->name,
					 op->in_ledger ? "it" : "it not", wrote ? "one" : "none");
		}
	}
}

static int64_t monotonic_us(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

/* Three ways to die: in the middle of a batch, in the middle of its answers, or at any time. */
static void run_killed(struct parent *p)
{
	struct world *w = p->w;
	unsigned at = 1 + (unsigned)roll(w, w->op_n);
	uint64_t way = roll(w, 3);
	int64_t span = (chance(w, 70) ? 400 : 3000) * (w->twin[0] ? 20 : 1);
	int64_t until = monotonic_us() + (int64_t)roll(w, (uint64_t)span);
	w->die_before = way == 0 ? at : 0;
	w->die_after = way == 1 ? at : 0;
	send_order(p, ORDER_RUN);
	char none;
	if (way < 2)
		must(read(p->from_child, &none, 1) == 0);
	while (way == 2 && monotonic_us() < until)
		;
	kill_child(p);
	w->die_before = w->die_after = 0;
	start_after_kill(p);
	give_order(p, ORDER_FIND);
	if (w->twin[0])
		give_order(p, ORDER_MEND);
	apply_after_kill(w);
	give_order(p, ORDER_CHECK);
}

static void run_without_database(struct parent *p)
{
	struct world *w = p->w;
	w->one_by_one = true;
	send_order(p, ORDER_RUN);
	usleep((useconds_t)roll(w, 15000));
	database_kill(w, &p->database);
	expect_answer(p, ORDER_RUN);
	w->one_by_one = false;
}

/* As a server does: its own work is behind calls, and so is here what comes after it. */
static void mark_jobs(struct world *w, bool all)
{
	for (unsigned i = 0; i < w->op_n; i++) {
		all |= is_server_job(w->ops[i].command);
		w->ops[i].job = all;
	}
}

static void plan_batch(struct world *w)
{
	bool sweep = chance(w, 12), jobs = sweep || chance(w, 10), alone = sweep || chance(w, 20);
	w->op_n = alone ? 1 : 1 + (unsigned)roll(w, OPS_MAX);
	atomic_store(&w->answered, 0);
	for (unsigned i = 0; i < w->op_n; i++) {
		if (sweep)
			plan_sweep(w, &w->ops[i]);
		else
			plan_op(w, &w->ops[i], alone);
		snprintf(w->ops[i].actor, sizeof(w->ops[i].actor), "sim:%u.%u", w->step, i);
	}
	mark_jobs(w, jobs);
}

static void plan_one_turn(struct world *w)
{
	w->op_n = plan_turn(w, w->ops);
	atomic_store(&w->answered, 0);
	for (unsigned i = 0; i < w->op_n; i++)
		snprintf(w->ops[i].actor, sizeof(w->ops[i].actor), "sim:%u.%u", w->step, i);
	mark_jobs(w, false);
}

/* Seconds, hours, days; back by less than the two seconds that a clock may be corrected by. */
static void pass_time(struct world *w)
{
	int64_t ms = (int64_t)roll(w, 3000);
	if (w->stubborn && chance(w, 75))
		ms = plan_span_to_try(w);
	else if (chance(w, 30))
		ms = 0;
	else if (chance(w, 6)) /* (a merchant's newest entry is not the store's: pg_engine.c) */
		ms = w->twin[0] ? 0 : -(int64_t)roll(w, 2000);
	else if (chance(w, 8))
		ms = plan_span_to_edge(w);
	else if (chance(w, 10))
		ms = plan_span_to_try(w);
	else if (chance(w, 6))
		ms = (int64_t)roll(w, 12) * 3600 * 1000 + (int64_t)roll(w, 1000);
	else if (chance(w, 3))
		ms = (int64_t)(20 + roll(w, 30)) * 3600 * 1000 + (int64_t)roll(w, 1000);
	else if (chance(w, 1))
		ms = INT64_C(100) * 24 * 3600 * 1000 + (int64_t)roll(w, 1000);
	atomic_fetch_add(&w->clock_ms, ms);
}

static void step(struct parent *p)
{
	struct world *w = p->w;
	bool turn = !w->one_home && chance(w, w->stubborn ? 60 : 15);
	if (turn)
		give_order(p, ORDER_ACTING); /* learns what there is to do */
	pass_time(w);
	if (turn)
		plan_one_turn(w);
	else
		plan_batch(w);
	if (chance(w, 3)) {
		run_killed(p);
		return;
	}
	if (p->database.pid && chance(w, 2))
		run_without_database(p);
	else
		give_order(p, ORDER_RUN);
	for (unsigned i = 0; i < w->op_n; i++)
		apply_answered(w, &w->ops[i]);
	if (chance(w, 4))
		give_order(p, ORDER_CHECK);
	if (chance(w, 3))
		give_order(p, ORDER_FEED);
	if (chance(w, 1) && chance(w, 50))
		give_order(p, ORDER_VERIFY);
	if (chance(w, 1))
		restart(p);
}

/* --- a seed --- */

static void run_one(struct parent *p, unsigned home, enum command command, union any_cmd cmd)
{
	struct world *w = p->w;
	struct op *op = &w->ops[0];
	memset(op, 0, sizeof(*op));
	op->command = command;
	op->home = home;
	op->cmd = cmd;
	op->job = is_server_job(command);
	snprintf(op->actor, sizeof(op->actor), "one:%llu", (unsigned long long)++w->ones);
	w->op_n = 1;
	atomic_store(&w->answered, 0);
	give_order(p, ORDER_RUN);
	apply_answered(w, op);
}

/* Everything past its life goes, and then nothing is left to go. */
static void run_out(struct parent *p)
{
	struct world *w = p->w;
	atomic_fetch_add(&w->clock_ms, INT64_C(100) * 24 * 3600 * 1000);
	give_order(p, ORDER_FEED);
	for (unsigned home = 1; home < ACTING; home++) {
		union any_cmd forget = {.request_forget = {REQUEST_DIALECT, 2 * REQUESTS_OF_MODEL}};
		union any_cmd sweep = {.campaign_sweep = {1000}};
		run_one(p, home, COMMAND_request_forget, forget);
		run_one(p, home, COMMAND_request_forget, forget);
		if (w->ops[0].ret.request_forget.forgotten)
			sim_fail(w, "requests are left after all were forgotten");
		unsigned i = 0;
		do {
			run_one(p, home, COMMAND_campaign_sweep, sweep);
		} while (w->ops[0].ret.campaign_sweep.swept && i++ < CAMPAIGNS_OF_MODEL);
		if (w->ops[0].ret.campaign_sweep.swept)
			sim_fail(w, "deleted campaigns are not swept in the end");
	}
}

static void found(struct parent *p)
{
	run_one(p, 0, COMMAND_origin_create,
		(union any_cmd){.origin_create = {1 + roll(p->w, 0xffffe)}});
	p->w->home_n = 1;
	for (unsigned i = 1; i < HOMES; i++)
		run_one(
		    p, 0, COMMAND_merchant_add,
		    (union any_cmd){.merchant_add = {.name = keep_format(p->w, "merchant %u", i)}});
}

static int remove_one(const char *path, const struct stat *s, int flag, struct FTW *f)
{
	(void)s;
	(void)flag;
	(void)f;
	return remove(path);
}

static void remove_all(const char *folder)
{
	nftw(folder, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

static struct world *new_world(uint64_t seed, const struct options *o, const char *folder)
{
	struct world *w = mmap(NULL, sizeof(*w), PROT_READ | PROT_WRITE,
			       MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	must(w != MAP_FAILED && mkdir(folder, 0700) == 0);
	w->seed = seed;
	w->random = seed * UINT64_C(0xD1342543DE82EF95);
	w->canary = o->canary;
	w->canary_life = o->canary_life;
	w->canary_acting = o->canary_acting;
	w->canary_retries = o->canary_retries;
	w->home_n = 1;
	atomic_store(&w->clock_ms, INT64_C(1767225600000) + (int64_t)roll(w, 86400000)); /* 2026 */
	w->watched = chance(w, 15);
	w->stubborn = (chance(w, 15) && !o->canary_acting) || o->canary_retries;
	snprintf(w->dir, sizeof(w->dir), "%s/data", folder);
	snprintf(w->backup, sizeof(w->backup), "%s/backup", folder);
	return w;
}

/* --- restore: the model goes back too; only what was given out stays given out --- */

static struct m_home *copy_of(const struct m_home *homes)
{
	size_t size = HOMES * sizeof(*homes);
	struct m_home *copy = mmap(NULL, size, PROT_READ | PROT_WRITE,
				   MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	must(copy != MAP_FAILED);
	memcpy(copy, homes, size);
	return copy;
}

static void go_back(struct world *w, const struct m_home *kept)
{
	w->lost = copy_of(w->homes);
	memcpy(w->homes, kept, HOMES * sizeof(*kept));
	for (unsigned i = 0; i < HOMES; i++) {
		w->homes[i].given_out_n = w->lost[i].given_out_n;
		memcpy(w->homes[i].given_out, w->lost[i].given_out, sizeof(w->homes[i].given_out));
	}
	w->past_n = 0; /* an epoch of the lost time must not come again */
	w->op_n = 0;
}

/* One entry more, with an instant of the machine's clock and an epoch that nobody is told. */
static void learn_restored(struct parent *p)
{
	struct world *w = p->w;
	give_order(p, ORDER_FIND);
	if (w->scanned_entries[0] != ++w->homes[0].entries)
		sim_fail(w, "a restore has not written one entry");
	w->newest_ms = w->scanned_newest_ms;
	w->epoch_before = w->homes[0].epoch;
	w->homes[0].epoch = 0;
	int64_t now = atomic_load(&w->clock_ms);
	atomic_store(&w->clock_ms, (now > w->newest_ms ? now : w->newest_ms) + 1000);
	w->restores++;
}

static void restore(struct parent *p)
{
	struct world *w = p->w;
	size_t n = strlen(w->dir);
	int status = 0;
	char key[200], new_key[200];
	snprintf(key, sizeof(key), "%s.key", w->dir);
	memcpy(w->dir + n, "2", 2);
	snprintf(new_key, sizeof(new_key), "%s.key", w->dir);
	fflush(NULL);
	p->child = fork();
	if (p->child == 0)
		restore_side(w);
	waitpid(p->child, &status, 0);
	if (!WIFEXITED(status) || WEXITSTATUS(status) != 0 || rename(key, new_key) != 0)
		_exit(1);
	start_child(p);
	expect_answer(p, ORDER_OPEN);
	learn_restored(p);
}

static void steps_with_restore(struct parent *p, uint64_t steps)
{
	struct world *w = p->w;
	uint64_t at = roll(w, steps), back = at + roll(w, steps - at) + 1;
	struct m_home *kept = NULL;
	for (w->step = 1; w->step <= steps; w->step++) {
		if (w->step == at + 1) {
			give_order(p, ORDER_CHECK); /* learns all that there is */
			give_order(p, ORDER_BACKUP);
			kept = copy_of(w->homes);
		}
		step(p);
		if (w->step != back)
			continue;
		give_order(p, ORDER_CHECK);
		kill_child(p);
		go_back(w, kept);
		restore(p);
		give_order(p, ORDER_CHECK);
		give_order(p, ORDER_VERIFY);
	}
}

static void run_steps(struct parent *p, uint64_t steps)
{
	struct world *w = p->w;
	start_child(p);
	expect_answer(p, ORDER_OPEN);
	found(p);
	w->erases = w->twin[0] || !chance(w, 12);
	if (!w->erases) {
		steps_with_restore(p, steps);
	} else {
		for (w->step = 1; w->step <= steps; w->step++)
			step(p);
	}
	give_order(p, ORDER_CHECK);
	run_out(p);
	give_order(p, ORDER_VERIFY);
	restart(p);
	give_order(p, ORDER_CHECK);
	kill_child(p);
}

/* In a process of its own: its exit says how it went. */
static _Noreturn void worker(const struct options *o, uint64_t seed)
{
	char folder[96];
	snprintf(folder, sizeof(folder), "%s/%llu", o->folder, (unsigned long long)seed);
	struct parent p = {.w = new_world(seed, o, folder)};
	signal(SIGPIPE, SIG_IGN);
	if (o->twin) {
		p.w->one_home = seed % 2;
		database_start(p.w, &p.database, o->folder, folder);
	}
	/* Now and then a long one, so that lists of changes pass a thousand ordinals. */
	run_steps(&p, seed % 100 == 50 ? 6 * o->steps : o->steps);
	if (o->verbose)
		print_figures(p.w);
	pg_server_kill(&p.database, SIGQUIT);
	if (!o->keep)
		remove_all(folder);
	fflush(NULL);
	_exit(0);
}

/* --- all seeds --- */

static bool read_option(const char *arg, const char *name, uint64_t *ret)
{
	size_t n = strlen(name);
	return strncmp(arg, name, n) == 0 && text_to_uint64(text_of(arg + n), ret);
}

static bool read_options(int argc, char **argv, struct options *o)
{
	uint64_t seed;
	for (int i = 1; i < argc; i++) {
		if (read_option(argv[i], "--seed=", &seed)) {
			o->first_seed = seed;
			o->seeds = 1;
			o->verbose = true;
		} else if (strcmp(argv[i], "--canary") == 0) {
			o->canary = true;
		} else if (strcmp(argv[i], "--canary=life") == 0) {
			o->canary_life = true;
		} else if (strcmp(argv[i], "--canary=acting") == 0) {
			o->canary_acting = true;
		} else if (strcmp(argv[i], "--canary=retries") == 0) {
			o->canary_retries = true;
		} else if (strcmp(argv[i], "--engine=pg") == 0) {
			o->twin = true;
		} else if (strcmp(argv[i], "--keep") == 0) {
			o->keep = true;
		} else if (strcmp(argv[i], "--verbose") == 0) {
			o->verbose = true;
		} else if (!read_option(argv[i], "--seeds=", &o->seeds) &&
			   !read_option(argv[i], "--from=", &o->first_seed) &&
			   !read_option(argv[i], "--steps=", &o->steps) &&
			   !read_option(argv[i], "--seconds=", &o->seconds) &&
			   !read_option(argv[i], "--jobs=", &o->jobs)) {
			return false;
		}
	}
	return o->jobs > 0;
}

static void collect(uint64_t *running, uint64_t *passed, uint64_t *failed)
{
	int status = 0;
	must(wait(&status) > 0);
	--*running;
	bool ok = WIFEXITED(status) && WEXITSTATUS(status) == 0;
	*passed += ok;
	*failed += !ok;
}

int main(int argc, char **argv)
{
	struct options o = {.seeds = 50,
			    .first_seed = 1,
			    .steps = 200,
			    .jobs = (uint64_t)sysconf(_SC_NPROCESSORS_ONLN)};
	uint64_t running = 0, passed = 0, failed = 0, started = 0;
	time_t begin = time(NULL);
	if (!read_options(argc, argv, &o)) {
		fputs("simulation [--seeds=N] [--from=S | --seed=S] [--steps=N] [--seconds=N] "
		      "[--jobs=N] [--verbose] [--keep] [--canary | --canary=life | "
		      "--canary=acting | --canary=retries] [--engine=pg]\n",
		      stderr);
		return 2;
	}
	/* In memory where there is such a place: syncs cost nothing. */
	snprintf(o.folder, sizeof(o.folder), "%s/couponry-sim-XXXXXX",
		 access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
	must(mkdtemp(o.folder));
	if (o.twin && !database_make(o.folder))
		return 1;
	for (; started < o.seeds && failed < 20; started++) {
		if (o.seconds && time(NULL) - begin >= (time_t)o.seconds)
			break;
		if (running == o.jobs)
			collect(&running, &passed, &failed);
		fflush(NULL);
		pid_t pid = fork();
		must(pid >= 0);
		if (pid == 0)
			worker(&o, o.first_seed + started);
		running++;
	}
	while (running)
		collect(&running, &passed, &failed);
	if (!o.keep)
		remove_all(o.folder);
	else
		printf("data: %s\n", o.folder);
	printf("%llu of %llu seeds in %lld s\n", (unsigned long long)started,
	       (unsigned long long)o.seeds, (long long)(time(NULL) - begin));
	printf("%llu passed, %llu failed\n", (unsigned long long)passed,
	       (unsigned long long)failed);
	return failed != 0;
}
