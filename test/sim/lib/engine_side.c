/*
 * The child: holds the engine and does what the parent orders. Nothing here is clean about dying:
 * the parent kills it wherever it happens to be.
 */
#include "sim.h"
#include "store/engine.h"
#include "twin.h"

#include <errno.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <sys/prctl.h>
#include <unistd.h>

struct side {
	struct world *w;
	struct engine *engine;
	struct write writes[OPS_MAX];
	struct arena arenas[OPS_MAX];
	sem_t one_done;
	pthread_t watcher;
	_Atomic bool watching;
};

static struct instant virtual_now(void *context)
{
	return sim_now(context);
}

/* --- the batch --- */

static void copy_text(char *to, struct text t)
{
	size_t n = t.size < NAME_ROOM - 1 ? t.size : NAME_ROOM - 1;
	if (n)
		memcpy(to, t.data, n);
	to[n] = 0;
}

/* On the lane's thread. The result moves to memory that outlives this process. */
static void done(struct write *write)
{
	struct side *s = write->context;
	struct op *op = &s->w->ops[write - s->writes];
	op->fault = write->fault;
	op->entry = write->entry;
	copy_text(op->field, write->fault == OK ? TEXT_NONE : write->detail.field);
	for (unsigned i = 0;
	     op->fault == OK && op->command == COMMAND_coupon_issue && i < op->ret.coupon_issue.n;
	     i++) {
		op->issue_faults[i] = op->ret.coupon_issue.results[i].fault;
		copy_text(op->issue_codes[i], op->ret.coupon_issue.results[i].code);
	}
	keep_gots(op, op->fault, &op->ret, &s->w->gots[write - s->writes]);
	must(!atomic_exchange(&op->done, true));
	unsigned answered = atomic_fetch_add(&s->w->answered, 1) + 1;
	if (answered == s->w->die_after)
		raise(SIGKILL);
	sem_post(&s->one_done);
}

/* Dies in the middle of a batch that is not in the ledger yet. */
static enum fault die(struct tx *tx, const struct env *env, const void *cmd, void *ret)
{
	(void)tx;
	(void)env;
	(void)cmd;
	(void)ret;
	raise(SIGKILL);
	return FAULT_BUSY;
}

/* Merchants do not wait for each other in PostgreSQL: what touches all of them stands alone. */
static bool stands_alone(const struct op *op)
{
	return op->home == 0 || op->command == COMMAND_request_forget;
}

static unsigned group_of(const struct world *w, unsigned from)
{
	unsigned i = from + 1;
	if (stands_alone(&w->ops[from]))
		return 1;
	while (i < w->op_n && !stands_alone(&w->ops[i]))
		i++;
	return i - from;
}

static void run_group(struct side *s, unsigned from, unsigned n)
{
	for (unsigned i = from; i < from + n; i++)
		engine_submit(s->engine, &s->writes[i]);
	for (unsigned i = 0; i < n; i++)
		while (sem_wait(&s->one_done) != 0)
			must(errno == EINTR);
}

/* As whoever erased somebody does, before he says so. */
static void wipe(struct side *s)
{
	struct world *w = s->w;
	for (unsigned i = 0; i < w->op_n; i++) {
		const struct op *op = &w->ops[i];
		if (op->command != COMMAND_customer_erase || op->fault != OK)
			continue;
		enum fault fault = engine_wipe(s->engine, w->homes[op->home].number);
		if (fault != OK)
			sim_fail(w, "engine_wipe: %s", fault_name(fault));
		if (w->twin[0])
			twin_wipe(w, w->homes[op->home].number);
	}
}

static void run(struct side *s)
{
	struct world *w = s->w;
	for (unsigned i = 0; i < w->op_n; i++) {
		struct op *op = &w->ops[i];
		arena_reset(&s->arenas[i]);
		s->writes[i] = (struct write){
		    .merchant = w->homes[op->home].number,
		    .command = op->command,
		    .handle = i + 1 == w->die_before ? die : command_get(op->command)->handle,
		    .actor = text_of(op->actor),
		    .cmd = &op->cmd,
		    .ret = &op->ret,
		    .arena = &s->arenas[i],
		    .job = op->job,
		    .done = done,
		    .context = s};
	}
	for (unsigned i = 0, n; i < w->op_n; i += n) {
		n = w->twin[0] ? group_of(w, i) : w->op_n;
		if (w->twin[0] && w->ops[i].command == COMMAND_request_forget)
			engine_feed(s->engine); /* it sees what was fed */
		run_group(s, i, n);
		if (w->twin[0])
			twin_run(w, i, n);
	}
	wipe(s);
}

/* --- a reader beside the lane: whole batches only, counts that agree with rows --- */

struct seen {
	struct coupon_query_ret coupons;
	struct customer_list_ret people;
	struct campaign_list_ret campaigns;
};

static struct seen look(struct side *s, struct tx *tx)
{
	enum { MANY = 4000 };
	const struct env *env = reader_env(tx);
	struct coupon_query_cmd coupons = {.n = MANY};
	struct customer_list_cmd people = {.n = MANY};
	struct campaign_list_cmd campaigns = {.n = MANY, .all = true};
	struct seen seen = {0};
	if (coupon_query(tx, env, &coupons, &seen.coupons) != OK ||
	    customer_list(tx, env, &people, &seen.people) != OK ||
	    campaign_list(tx, env, &campaigns, &seen.campaigns) != OK)
		sim_fail(s->w, "a reader beside the lane is refused");
	if (seen.coupons.n != seen.coupons.count || seen.people.n != seen.people.count ||
	    seen.campaigns.n != seen.campaigns.count)
		sim_fail(s->w, "a reader beside the lane sees counts that are not its rows'");
	return seen;
}

/* One state, looked at twice; coupons never go. */
static void watch_once(struct side *s, struct reader *reader, struct arena *arena,
		       uint64_t merchant, uint64_t *coupons_before)
{
	struct detail detail;
	struct tx *tx = reader_begin(reader, merchant, arena, &detail);
	struct seen first = look(s, tx), again = look(s, tx);
	if (first.coupons.n != again.coupons.n || first.people.n != again.people.n ||
	    first.campaigns.n != again.campaigns.n)
		sim_fail(s->w, "a reader beside the lane sees another state in one transaction");
	for (unsigned i = 0; i < first.campaigns.n; i++)
		if (first.campaigns.rows[i].modified.ms != again.campaigns.rows[i].modified.ms ||
		    !text_equal(first.campaigns.rows[i].name, again.campaigns.rows[i].name))
			sim_fail(
			    s->w,
			    "a reader beside the lane sees a campaign change in one transaction");
	if (first.coupons.count < *coupons_before)
		sim_fail(s->w, "a reader beside the lane sees coupons go");
	*coupons_before = first.coupons.count;
	for (unsigned i = 0; i < first.coupons.n; i++)
		if (first.coupons.rows[i].coupon->customer && !first.coupons.rows[i].customer)
			sim_fail(s->w, "a reader beside the lane sees a coupon without its owner");
	reader_end(reader);
	arena_reset(arena);
	atomic_fetch_add(&s->w->watches, 1);
}

static void *watch(void *context)
{
	struct side *s = context;
	struct reader *reader = reader_open(s->engine);
	struct arena arena;
	uint64_t before[HOMES] = {0};
	static char lent_to_watch[4 * 1024 * 1024];
	arena_init_lent(&arena, lent_to_watch, sizeof(lent_to_watch), CALL_BYTES_MAX);
	while (atomic_load(&s->watching)) {
		for (unsigned i = 1; i < HOMES; i++)
			watch_once(s, reader, &arena, s->w->homes[i].number, &before[i]);
		usleep(20);
	}
	reader_close(reader);
	arena_release(&arena);
	return NULL;
}

/* --- the ledger --- */

struct scan {
	struct world *w;
	uint64_t entries[HOMES];
	int64_t newest_ms;
};

static unsigned home_of(const struct scan *s, uint64_t merchant)
{
	for (unsigned i = 0; i < s->w->home_n; i++)
		if (s->w->homes[i].number == merchant)
			return i;
	sim_fail(s->w, "the ledger has an entry of merchant %llu", (unsigned long long)merchant);
}

static bool see(void *context, const struct ledger_entry *e)
{
	struct scan *s = context;
	struct world *w = s->w;
	unsigned home = home_of(s, e->merchant);
	if (e->number != ++s->entries[home])
		sim_fail(w, "entry %llu of merchant %u is number %llu",
			 (unsigned long long)s->entries[home], home, (unsigned long long)e->number);
	if (e->instant.ms < s->newest_ms)
		sim_fail(w, "the ledger's instants run backwards");
	s->newest_ms = e->instant.ms;
	for (unsigned i = 0; i < w->op_n; i++) {
		struct op *op = &w->ops[i];
		if (!text_equal(e->actor, text_of(op->actor)))
			continue;
		if (op->in_ledger || op->command != e->command || op->home != home)
			sim_fail(w, "the entry of %s is not as it was submitted", op->actor);
		op->in_ledger = true;
		op->at = e->instant;
		if (atomic_load(&op->done) && op->entry != e->number)
			sim_fail(w, "%s was told entry %llu, the ledger says %llu", op->actor,
				 (unsigned long long)op->entry, (unsigned long long)e->number);
	}
	return true;
}

static void scan_ledger(struct side *s, struct scan *scan)
{
	*scan = (struct scan){.w = s->w};
	for (unsigned i = 0; i < s->w->op_n; i++)
		s->w->ops[i].in_ledger = false;
	enum fault fault = engine_ledger_scan(s->engine, see, scan);
	if (fault != OK)
		sim_fail(s->w, "engine_ledger_scan: %s", fault_name(fault));
	memcpy(s->w->scanned_entries, scan->entries, sizeof(scan->entries));
	s->w->scanned_newest_ms = scan->newest_ms;
}

static void verify(struct side *s)
{
	struct ledger_report report = {0};
	struct scan scan;
	char *why = NULL;
	s->w->doing = "engine_verify";
	enum fault fault = engine_verify(s->engine, NULL, NULL, &report, &why);
	if (fault != OK || report.rows_different)
		sim_fail(s->w, "engine_verify: %s, %s", fault_name(fault), why ? why : "");
	scan_ledger(s, &scan);
	for (unsigned i = 0; i < s->w->home_n; i++)
		if (scan.entries[i] != s->w->homes[i].entries)
			sim_fail(s->w, "the ledger has %llu entries of merchant %u, the model %llu",
				 (unsigned long long)scan.entries[i], i,
				 (unsigned long long)s->w->homes[i].entries);
	if (scan.newest_ms != s->w->newest_ms)
		sim_fail(s->w, "the ledger's newest instant is %lld, the model's %lld",
			 (long long)scan.newest_ms, (long long)s->w->newest_ms);
	s->w->rows_verified += report.rows_compared;
	s->w->verifies++;
}

/* --- open, obey, close --- */

/* Small, so that segments roll and generations are fed within a seed. */
static const size_t segment_bytes[] = {64 * 1024, 128 * 1024, 1024 * 1024};
static const size_t overlay_bytes[] = {256 * 1024, 512 * 1024, 256 * 1024, 8 * 1024 * 1024};

static void open_engine(struct side *s)
{
	struct engine_config config = {
	    .dir = s->w->dir,
	    .create = true,
	    .segment_bytes = segment_bytes[s->w->seed % COUNT_OF(segment_bytes)],
	    .overlay_bytes = overlay_bytes[s->w->seed % COUNT_OF(overlay_bytes)],
	    .clock = virtual_now,
	    .clock_context = s->w,
	    .seed = s->w->seed + 1,
	    .feed_pages = 16 + 48 * (s->w->seed % 3 == 0)};
	char *why = NULL;
	enum fault fault = engine_open(&config, &s->engine, &why);
	if (fault != OK)
		sim_fail(s->w, "engine_open: %s, %s", fault_name(fault), why ? why : "");
	if (s->w->twin[0])
		twin_open(s->w, &config);
	if (s->w->watched && s->w->home_n == HOMES) {
		atomic_store(&s->watching, true);
		must(pthread_create(&s->watcher, NULL, watch, s) == 0);
	}
}

static void close_engine(struct side *s)
{
	if (atomic_exchange(&s->watching, false))
		pthread_join(s->watcher, NULL);
	engine_close(s->engine);
	if (s->w->twin[0])
		twin_close();
}

static void back_up(struct side *s)
{
	char *why = NULL;
	enum fault fault = engine_backup(s->engine, s->w->backup, &why);
	if (fault != OK)
		sim_fail(s->w, "engine_backup: %s, %s", fault_name(fault), why ? why : "");
}

void restore_side(struct world *w)
{
	char *why = NULL, key[200];
	/* The key of the old place: DIR2 -> DIR.key. */
	snprintf(key, sizeof(key), "%.*s.key", (int)strlen(w->dir) - 1, w->dir);
	enum fault fault = engine_restore(w->backup, w->dir, key, &why);
	if (fault != OK)
		sim_fail(w, "engine_restore: %s, %s", fault_name(fault), why ? why : "");
	_exit(0);
}

static void obey(struct side *s, enum order order)
{
	struct scan scan;
	switch (order) {
	case ORDER_RUN:
		run(s);
		return;
	case ORDER_CHECK:
		check_all(s->w, s->engine);
		if (s->w->twin[0])
			twin_check(s->w);
		return;
	case ORDER_VERIFY:
		for (unsigned i = 1; i < s->w->home_n && s->w->twin[0]; i++)
			twin_wipe(s->w, s->w->homes[i].number); /* what a kill has left */
		verify(s);
		if (s->w->twin[0])
			twin_verify(s->w, s->engine);
		return;
	case ORDER_FEED:
		engine_feed(s->engine);
		return;
	case ORDER_FIND:
		scan_ledger(s, &scan);
		return;
	case ORDER_ACTING:
		check_all_acting(s->w, s->engine);
		return;
	case ORDER_BACKUP:
		back_up(s);
		return;
	case ORDER_MEND:
		twin_mend(s->w);
		return;
	case ORDER_CLOSE:
		close_engine(s);
		return;
	case ORDER_OPEN:
		break;
	}
	sim_fail(s->w, "no such order");
}

void engine_side(struct world *w, int from_parent, int to_parent)
{
	static struct side side;
	static char lent[OPS_MAX][64 * 1024];
	char order = ORDER_OPEN;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	side.w = w;
	sem_init(&side.one_done, 0, 0);
	for (unsigned i = 0; i < OPS_MAX; i++)
		arena_init_lent(&side.arenas[i], lent[i], sizeof(lent[i]), CALL_BYTES_MAX);
	open_engine(&side);
	do {
		if (order != ORDER_OPEN)
			obey(&side, (enum order)order);
		if (write(to_parent, &order, 1) != 1)
			_exit(1);
	} while (order != ORDER_CLOSE && read(from_parent, &order, 1) == 1);
	for (unsigned i = 0; i < OPS_MAX; i++)
		arena_release(&side.arenas[i]);
	_exit(0);
}
