/*
 * Whom a walk finds in PostgreSQL. Each case is put there for three merchants: it is due, it is
 * not, and it is not but on a sandbox's clock, which is ahead; the first and the third are found.
 * The spans are the domain's. Then merchants by the thousand for whom nothing is due: pages of them
 * are walked through where all have something, and no plan reads a whole table.
 */
#include "pg_server.h"
#include "domain/domain.h"
#include "store/engine.h"
#include "store/pg_link.h"
#include "test.h"
#include "pg_asker.h"

static const int64_t SECOND = 1000, DAY = INT64_C(24) * 3600 * 1000;
enum { DUE = 7, LATER = 8, AHEAD = 9, AHEAD_DAYS = 200, MANY = 3000, MANY_FROM = 1000 };

static struct engine *engine;
static int64_t now;

/* --- a walk --- */

struct walked {
	unsigned of[AHEAD + 1]; /* how often each of the first merchants was found */
	unsigned others, calls;
};

static struct walked walk(enum chore chore, bool seldom)
{
	struct due_walk w = {.chore = chore, .until = {now}, .seldom = seldom};
	struct reader *reader = reader_open(engine);
	struct detail detail = {0};
	struct arena arena;
	struct walked ret = {0};
	arena_init(&arena, 64 * 1024);
	for (; !w.ended; ret.calls++) {
		uint64_t merchants[DUE_WALK_PAGE];
		unsigned n = 0;
		reader_begin(reader, 0, &arena, &detail);
		if (!CHECK_INT(reader_due(reader, &w, merchants, &n), OK))
			w.ended = true;
		reader_end(reader);
		for (unsigned i = 0; i < n; i++) {
			if (merchants[i] <= AHEAD)
				ret.of[merchants[i]]++;
			else
				ret.others++;
		}
	}
	reader_close(reader);
	arena_release(&arena);
	return ret;
}

/* --- cases --- */

#define AT	       "timestamptz 'epoch' + %2$lld * interval '1 millisecond'"
#define INTO(t, names) "INSERT INTO " t " (merchant_id, " names ") VALUES (%1$d, "
#define CAMPAIGN(names) \
	INTO("campaign", "number, running, campaigns_running_ordinal, " names) "5, true, 1, "
#define JOB(state) \
	INTO("job", "number, jobs_open_ordinal, state, created") "1, 1, " state ", " AT ")"
#define REQUEST(class, ms) INTO("request", "tag, class, bucket") "'x', " class ", %2$lld / " ms ")"
/* %1$d: the merchant; %2$lld: `before` the time at which it is due, give or take `step`. Without a
 * step whoever has it is found. */
static const struct {
	const char *name;
	enum chore chore;
	int64_t before, step;
	const char *sql;
} cases[] = {
    {"starts", CHORE_CAMPAIGNS, 0, SECOND, CAMPAIGN("phase, starts") "1, " AT ")"},
    {"begins", CHORE_CAMPAIGNS, 0, SECOND, CAMPAIGN("phase, \"begin\"") "1, " AT ")"},
    {"ends before it starts", CHORE_CAMPAIGNS, 0, SECOND,
     CAMPAIGN("phase, starts, \"end\"") "1, 'infinity', " AT ")"},
    {"ends", CHORE_CAMPAIGNS, 0, SECOND, CAMPAIGN("phase, starts, \"end\"") "2, now(), " AT ")"},
    {"audience to fill", CHORE_CAMPAIGNS, 0, 0,
     CAMPAIGN("phase, starts, fill") "1, 'infinity', 'x')"},
    {"members", CHORE_CAMPAIGNS, 0, 0,
     CAMPAIGN("phase") "2);" INTO("member",
				  "campaign, customer, todo, todo_ordinal") "5, 1, 1, 1)"},
    {"deliveries", CHORE_WEBHOOKS, 0, 0,
     INTO("webhook", "number, webhooks_ordinal") "6, 1);" INTO(
	 "delivery",
	 "webhook, notice, lane, waiting, deliveries_waiting_ordinal") "6, 1, 1, true, 1)"},
    {"notices", CHORE_WEBHOOKS, NOTICES_KEPT_MS, SECOND,
     INTO("notice", "number, notices_ordinal, happened") "1, 1, " AT ")"},
    {"errands", CHORE_ERRANDS, 0, 0,
     INTO("errand", "number, provider, waiting, errands_waiting_ordinal") "1, 2, true, 1)"},
    {"jobs", CHORE_JOBS, 0, 0, JOB("2")},
    {"jobs without input", CHORE_JOBS, JOB_INPUT_DAYS *DAY, SECOND, JOB("1")},
    {"dialects' requests", CHORE_UPKEEP, DAY / 2, DAY / 2, REQUEST("1", "86400000")},
    {"native requests", CHORE_UPKEEP, 45 * DAY, 45 * DAY, REQUEST("2", "7776000000")},
    {"jobs' requests", CHORE_UPKEEP, 7 * DAY / 2, 7 * DAY / 2, REQUEST("3", "604800000")},
    {"holds", CHORE_UPKEEP, 0, 60 * SECOND,
     INTO("coupon",
	  "customer, shelf, ordinal, due, coupons_due_ordinal") "1, 0, 1, %2$lld / 60000, 1)"},
    {"unswept", CHORE_UPKEEP, 0, 0, INTO("campaign", "number, campaigns_unswept_ordinal") "5, 1)"},
    {"unsettled", CHORE_UPKEEP, 0, 0,
     INTO("customer", "number, customers_unsettled_ordinal") "5, 1)"},
    {"keys", CHORE_UPKEEP, 0, 0,
     INTO("customer", "number, key_slot, customers_erased_ordinal") "5, 3, 1);" INTO(
	 "customer_key", "slot, value") "3, repeat('k', 32)::bytea)"},
};
static const char tables[] =
    "TRUNCATE campaign, member, webhook, delivery, notice, errand, job, request, coupon, customer,"
    " customer_key";

static void put(unsigned i, unsigned merchant, int64_t at)
{
	char sql[1000];
	int size = snprintf(sql, sizeof(sql), cases[i].sql, merchant, (long long)at);
	must(size > 0 && size < (int)sizeof(sql));
	order(sql);
}

static void test_case(unsigned i)
{
	int64_t at = now - cases[i].before, step = cases[i].step;
	bool good = true;
	put(i, DUE, at - step);
	if (step) {
		put(i, LATER, at + step);
		put(i, AHEAD, at + step);
	}
	for (enum chore chore = 0; chore < CHORE_COUNT; chore++) {
		struct walked w = walk(chore, true);
		bool its = chore == cases[i].chore;
		good = CHECK((w.of[DUE] > 0) == its) && CHECK_INT(w.of[LATER], 0) &&
		       CHECK((w.of[AHEAD] > 0) == (its && step)) && CHECK_INT(w.others, 0) && good;
	}
	if (!good)
		fprintf(stderr, "     %s\n", cases[i].name);
	order(tables);
}

/* What is not there for a courier: a webhook that is suspended or deleted, a campaign that was
 * stopped, a key that was wiped, an input that may still come. */
static void test_idle(void)
{
	order("INSERT INTO webhook (merchant_id, number, webhooks_ordinal, suspended) VALUES"
	      " (7, 1, 1, now()), (7, 2, NULL, NULL)");
	order("INSERT INTO delivery (merchant_id, webhook, notice, waiting,"
	      " deliveries_waiting_ordinal) VALUES (7, 1, 1, true, 1), (7, 2, 1, true, 1)");
	order("INSERT INTO campaign (merchant_id, number, phase) VALUES (7, 5, 2)");
	order("INSERT INTO member (merchant_id, campaign, customer, todo, todo_ordinal) VALUES"
	      " (7, 5, 1, 1, 1)");
	order("INSERT INTO customer (merchant_id, number, key_slot, customers_erased_ordinal)"
	      " VALUES (7, 5, 3, 1)");
	order("INSERT INTO customer_key (merchant_id, slot, value) VALUES"
	      " (7, 3, decode(repeat('00', 32), 'hex'))");
	order("INSERT INTO job (merchant_id, number, state, jobs_open_ordinal, created) VALUES"
	      " (7, 1, 1, 1, now())");
	for (enum chore chore = 0; chore < CHORE_COUNT; chore++)
		CHECK_INT(walk(chore, true).of[DUE], 0);
	order(tables);
}

/* What walks find and the domain's own command then forgets. */
static void test_forget(enum request_class class, unsigned i)
{
	for (unsigned merchant = DUE; merchant <= LATER; merchant++) {
		struct request_forget_cmd cmd = {.class = class, .n = 10};
		struct request_forget_ret ret = {0};
		struct arena arena;
		put(i, merchant,
		    now - cases[i].before + (merchant == DUE ? -1 : 1) * cases[i].step);
		arena_init(&arena, 1024 * 1024);
		struct write w = {.merchant = merchant,
				  .command = COMMAND_request_forget,
				  .handle = request_forget,
				  .actor = TEXT("test"),
				  .cmd = &cmd,
				  .ret = &ret,
				  .arena = &arena};
		CHECK_INT(engine_run(engine, &w), OK);
		CHECK_INT(ret.forgotten, merchant == DUE);
		arena_release(&arena);
	}
	order(tables);
}

static void test_forgets(void)
{
	static const char *const names[] = {NULL, "dialects' requests", "native requests",
					    "jobs' requests"};
	for (unsigned class = REQUEST_DIALECT; class <= REQUEST_JOB; class ++)
		for (unsigned i = 0; i < COUNT_OF(cases); i++)
			if (strcmp(cases[i].name, names[class]) == 0)
				test_forget((enum request_class) class, i);
}

/* --- many --- */

static void fill(const char *into_and_values)
{
	char sql[1000];
	snprintf(sql, sizeof(sql), "INSERT INTO %s FROM generate_series(%d, %d) i", into_and_values,
		 MANY_FROM, MANY_FROM + MANY - 1);
	order(sql);
}

/* Each has all that a merchant has who is not idle but for whom nothing is due. */
static void fill_all(void)
{
	fill("head SELECT i");
	fill("merchant (merchant_id, number, merchants_ordinal) SELECT 0, i, i");
	fill("campaign (merchant_id, number, phase, running, starts, campaigns_running_ordinal)"
	     " SELECT i, 5, 1, true, 'infinity', 1");
	fill("webhook (merchant_id, number, webhooks_ordinal) SELECT i, 6, 1");
	fill("delivery (merchant_id, webhook, notice, lane) SELECT i, 6, 1, 1");
	fill("notice (merchant_id, number, notices_ordinal, happened) SELECT i, 1, 1, now()");
	fill("request (merchant_id, class, bucket, tag) SELECT i, 2, 1e9, 'x'");
	fill("customer (merchant_id, number) SELECT i, 1");
}

static void check_plan(const char *name, const char *text, bool has_clock)
{
	struct buffer sql;
	buffer_init(&sql, 10000);
	buffer_format(&sql, "PREPARE it AS %s", text);
	buffer_byte(&sql, '\0');
	order(sql.data);
	PGresult *r = PQexec(asker->connection, has_clock ? "EXPLAIN EXECUTE it(0, 256, 1)"
							  : "EXPLAIN EXECUTE it(0, 256)");
	bool whole = !CHECK(PQntuples(r) > 0);
	for (int i = 0; i < PQntuples(r); i++) {
		const char *line = PQgetvalue(r, i, 0);
		whole |= strstr(line, "Seq Scan") != NULL;
		/* sandboxes come first, then their rows */
		whole |= strncmp(text, "WITH ahead", 10) == 0 && strstr(line, "(merchant_id > ") &&
			 !strstr(line, "merchant_id = ");
	}
	if (!CHECK(!whole))
		fprintf(stderr, "     %s\n", name);
	for (int i = 0; whole && i < PQntuples(r); i++)
		fprintf(stderr, "     %s\n", PQgetvalue(r, i, 0));
	PQclear(r);
	buffer_release(&sql);
	order("DEALLOCATE it");
}

static void check_plans(void)
{
	enum { NO_CLOCK, CLOCK };
#define DUE(chore, name, seldom, clock, text) check_plan(#name, text, clock == CLOCK);
	DUE_STATEMENTS(DUE)
#undef DUE
}

static void test_many(void)
{
	check_plans();
	fill_all();
	check_plans();
	unsigned calls[CHORE_COUNT];
	for (enum chore chore = 0; chore < CHORE_COUNT; chore++) {
		struct walked w = walk(chore, true);
		CHECK_INT(w.others, 0);
		calls[chore] = w.calls;
	}
	order("ANALYZE");
	check_plans();
	order("UPDATE delivery SET waiting = true, deliveries_waiting_ordinal = 1");
	order("UPDATE campaign SET starts = '-infinity'");
	for (enum chore chore = CHORE_CAMPAIGNS; chore <= CHORE_WEBHOOKS; chore++) {
		struct walked w = walk(chore, false);
		CHECK_INT(w.others, MANY);
		CHECK(w.calls >= MANY / DUE_WALK_PAGE && w.calls <= MANY / DUE_WALK_PAGE + 4);
		CHECK(calls[chore] <= 3);
	}
}

/* --- */

static void make_origin(void)
{
	struct origin_create_cmd cmd = {7};
	struct origin_create_ret ret;
	struct arena arena;
	arena_init(&arena, 64 * 1024);
	struct write w = {.command = COMMAND_origin_create,
			  .handle = origin_create,
			  .actor = TEXT("test"),
			  .cmd = &cmd,
			  .ret = &ret,
			  .arena = &arena};
	CHECK_INT(engine_run(engine, &w), OK);
	arena_release(&arena);
}

static void open_all(const struct pg_server *server)
{
	char key[160], *why = NULL;
	struct timespec t;
	snprintf(key, sizeof(key), "%s/master.key", server->dir);
	struct engine_config config = {.store = server->url, .master_key = key, .create = true};
	if (engine_open(&config, &engine, &why) != OK)
		fprintf(stderr, "%s\n", why);
	must(engine);
	clock_gettime(CLOCK_REALTIME, &t);
	now = (int64_t)t.tv_sec * 1000;
	asker = link_make(server->url);
	must(link_connect(asker) == OK);
	PQexitPipelineMode(asker->connection);
}

int main(void)
{
	struct pg_server server = {0};
	char sql[200];
	if (!pg_server_start(&server))
		return test_end();
	open_all(&server);
	make_origin();
	order("INSERT INTO head VALUES (7), (8), (9)");
	snprintf(sql, sizeof(sql),
		 "INSERT INTO merchant (merchant_id, number, clock_ms) VALUES (0, 7, 0), (0, 8, 0),"
		 " (0, 9, %lld)",
		 (long long)(AHEAD_DAYS * DAY));
	order(sql);
	for (unsigned i = 0; i < COUNT_OF(cases); i++)
		test_case(i);
	test_idle();
	test_forgets();
	test_many();
	engine_close(engine);
	pg_close(asker);
	pg_server_stop(&server);
	return test_end();
}
