/*
 * What a node on PostgreSQL does beside its work: it leases a number and writes under it, is not
 * ready without one, takes another when it lost it, gives it back; it tells of a snapshot that is
 * too old, once. Nodes that say where they are reached share the merchants among themselves.
 */
#include "pg_server.h"
#include "domain/domain.h"
#include "store/bell.h"
#include "store/engine.h"
#include "store/pg_link.h"
#include "test.h"
#include "pg_asker.h"

enum { LEASE_MS = 900, SNAPSHOT_MS = 400, PATIENCE_MS = 20 * 1000 };

static struct engine *engine;

static struct engine_stats stats(void)
{
	struct engine_stats s;
	engine_stats_get(engine, &s);
	return s;
}

static bool wait_until(bool (*is)(void))
{
	for (unsigned ms = 0; ms < PATIENCE_MS && !is(); ms += 10)
		usleep(10 * 1000);
	return is();
}

static bool is_ready(void)
{
	return engine_ready(engine) == OK;
}

static bool is_not_ready(void)
{
	return !is_ready();
}

/* --- the number --- */

static void run_write(uint64_t merchant, enum command command, const void *cmd, void *ret)
{
	struct arena arena;
	arena_init(&arena, CALL_BYTES_MAX);
	struct write w = {.merchant = merchant,
			  .command = command,
			  .handle = command_get(command)->handle,
			  .actor = TEXT("test"),
			  .cmd = cmd,
			  .ret = ret,
			  .arena = &arena};
	CHECK_INT(engine_run(engine, &w), OK);
	arena_release(&arena);
}

static void make_origin(void)
{
	struct origin_create_cmd cmd = {.epoch = 9};
	struct origin_create_ret ret;
	run_write(0, COMMAND_origin_create, &cmd, &ret);
}

static void write_something(void)
{
	static unsigned count;
	char code[16];
	struct department_save_ret ret;
	int size = snprintf(code, sizeof(code), "d%u", count++);
	struct department_save_cmd cmd = {
	    .department = {.code = {code, (size_t)size}, .name = TEXT("a department")}};
	run_write(1, COMMAND_department_save, &cmd, &ret);
}

static long long node_of_last_batch(void)
{
	return number("SELECT batch_node FROM ledger WHERE merchant_id = 1 ORDER BY number DESC");
}

static void test_leased(void)
{
	uint64_t mine = stats().node;
	CHECK(mine > 0);
	CHECK_INT(number("SELECT number FROM node WHERE lease_until > now()"), mine);
	write_something();
	CHECK_INT(node_of_last_batch(), mine);
	usleep(2 * LEASE_MS * 1000); /* it would have run out */
	CHECK_INT(stats().node, mine);
	CHECK_INT(number("SELECT number FROM node WHERE lease_until > now()"), mine);
	CHECK(is_ready());
}

static uint64_t before;
static bool has_another(void)
{
	return stats().node != before;
}

/* As if this process had stood still for too long. */
static void test_taken_away(void)
{
	before = stats().node;
	order("UPDATE node SET name = 'somebody', lease_until = now() + interval '1 hour'");
	CHECK(wait_until(has_another));
	CHECK(wait_until(is_ready));
	write_something();
	CHECK_INT(node_of_last_batch(), stats().node);
	CHECK_INT(number("SELECT count(*) FROM node WHERE lease_until > now()"), 2);
	CHECK_INT(number("SELECT count(DISTINCT (batch_node, batch_number)) FROM ledger"),
		  number("SELECT count(*) FROM ledger WHERE batch_place = 0"));
}

/* What is counted as batches of the ledger are those that were written. */
static void test_verify(void)
{
	struct ledger_report report;
	char *why = NULL;
	CHECK_INT(engine_verify(engine, NULL, NULL, &report, &why), OK);
	CHECK(report.batches >= 3);
	CHECK_INT(report.batches, number("SELECT count(*) FROM (SELECT DISTINCT merchant_id,"
					 " batch_node, batch_number FROM ledger) b"));
	free(why);
}

/* Nobody gets at the node table: the lease runs out, and whoever waits there gives up in time. */
static void test_out_of_reach(void)
{
	order("BEGIN");
	order("LOCK TABLE node IN ACCESS EXCLUSIVE MODE");
	CHECK(wait_until(is_not_ready));
	CHECK_INT(engine_ready(engine), FAULT_BUSY);
	order("COMMIT");
	CHECK(wait_until(is_ready));
	CHECK(stats().node > 0);
}

/* --- old snapshots --- */

static unsigned times_told(const char *file)
{
	char line[1024];
	unsigned n = 0;
	FILE *in = fopen(file, "re");
	must(in);
	while (fgets(line, sizeof(line), in))
		n += strstr(line, "held a snapshot") != NULL;
	fclose(in);
	return n;
}

static bool is_old(void)
{
	return stats().oldest_snapshot_ms >= 2 * SNAPSHOT_MS;
}

static bool is_gone(void)
{
	return stats().oldest_snapshot_ms < SNAPSHOT_MS;
}

static void hold_a_snapshot(void)
{
	order("BEGIN ISOLATION LEVEL REPEATABLE READ");
	order("SELECT count(*) FROM node");
	CHECK(wait_until(is_old));
	order("COMMIT");
	CHECK(wait_until(is_gone));
}

static void test_snapshots(const char *log)
{
	int before_fd = dup(2);
	int file = open(log, O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, 0600);
	must(before_fd >= 0 && file >= 0 && dup2(file, 2) == 2);
	hold_a_snapshot();
	unsigned once = times_told(log);
	hold_a_snapshot();
	unsigned twice = times_told(log);
	must(dup2(before_fd, 2) == 2);
	close(file);
	close(before_fd);
	CHECK_INT(once, 1);
	CHECK_INT(twice, 2);
}

/* --- homes --- */

enum { NODES = 3, MERCHANTS = 900 };

static struct engine *nodes[NODES];

static struct engine *open_node(const struct pg_server *server, const char *address)
{
	char key[160], *why = NULL;
	struct engine *ret = NULL;
	snprintf(key, sizeof(key), "%s/master.key", server->dir);
	struct engine_config config = {.store = server->url,
				       .master_key = key,
				       .write_lanes = 1,
				       .lease_ms = LEASE_MS,
				       .node_address = address};
	if (engine_open(&config, &ret, &why) != OK)
		fprintf(stderr, "%s\n", why);
	must(ret);
	return ret;
}

static unsigned expected;
static bool all_know(void)
{
	bool know = true;
	for (unsigned i = 0; i < NODES; i++) {
		struct engine_stats s;
		if (!nodes[i])
			continue;
		engine_stats_get(nodes[i], &s);
		know &= s.nodes == expected;
	}
	return know;
}

/* The address of each merchant's home; "" for nobody's. */
static void ask_homes(char (*ret)[NODE_ADDRESS_SIZE])
{
	for (uint64_t m = 0; m < MERCHANTS; m++) {
		char said[NODE_ADDRESS_SIZE];
		unsigned here = 0;
		ret[m][0] = '\0';
		for (unsigned i = 0; i < NODES; i++) {
			if (!nodes[i])
				continue;
			bool elsewhere = engine_home(nodes[i], m + 1, said);
			here += !elsewhere;
			if (elsewhere && ret[m][0])
				CHECK(strcmp(ret[m], said) == 0);
			if (elsewhere)
				snprintf(ret[m], NODE_ADDRESS_SIZE, "%s", said);
		}
		CHECK_INT(here, 1);
	}
}

static unsigned homes_at(char (*homes)[NODE_ADDRESS_SIZE], const char *address)
{
	unsigned n = 0;
	for (unsigned m = 0; m < MERCHANTS; m++)
		n += strcmp(homes[m], address) == 0;
	return n;
}

static void test_homes(const struct pg_server *server)
{
	static const char *const addresses[NODES] = {"10.0.0.1:80", "10.0.0.2:80", "[::1]:80"};
	static char before_it[MERCHANTS][NODE_ADDRESS_SIZE], homes[MERCHANTS][NODE_ADDRESS_SIZE];
	char said[NODE_ADDRESS_SIZE];
	unsigned moved = 0, held;
	for (unsigned i = 0; i < NODES; i++)
		nodes[i] = open_node(server, addresses[i]);
	expected = NODES;
	CHECK(wait_until(all_know));
	CHECK(!engine_home(engine, 1, said)); /* who takes no part passes nothing on */
	ask_homes(before_it);
	for (unsigned i = 0; i < NODES; i++) {
		held = homes_at(before_it, addresses[i]);
		CHECK(held > MERCHANTS / NODES * 8 / 10 && held < MERCHANTS / NODES * 12 / 10);
	}
	engine_close(nodes[2]);
	nodes[2] = NULL;
	expected = NODES - 1;
	CHECK(wait_until(all_know));
	ask_homes(homes);
	for (unsigned m = 0; m < MERCHANTS; m++)
		moved += strcmp(homes[m], before_it[m]) != 0;
	CHECK_INT(moved, held); /* only those of the one that went */
	engine_close(nodes[1]);
	nodes[1] = NULL;
	expected = 1;
	CHECK(wait_until(all_know));
	CHECK(!engine_home(nodes[0], 1, said));
	engine_close(nodes[0]);
}

/* --- */

static void open_all(const struct pg_server *server)
{
	char key[160], *why = NULL;
	snprintf(key, sizeof(key), "%s/master.key", server->dir);
	struct engine_config config = {.store = server->url,
				       .master_key = key,
				       .create = true,
				       .write_lanes = 2,
				       .lock_ms = ENGINE_LOCK_MS_MIN,
				       .lease_ms = LEASE_MS,
				       .snapshot_ms = SNAPSHOT_MS};
	if (engine_open(&config, &engine, &why) != OK)
		fprintf(stderr, "%s\n", why);
	must(engine);
	asker = link_make(server->url);
	must(link_connect_bare(asker) == OK);
	order("SET idle_in_transaction_session_timeout = 0");
}

int main(void)
{
	struct pg_server server = {0};
	char log[160];
	if (!pg_server_start(&server))
		return test_end();
	snprintf(log, sizeof(log), "%s/told", server.dir);
	open_all(&server);
	make_origin();
	test_leased();
	test_taken_away();
	test_verify();
	test_out_of_reach();
	test_snapshots(log);
	test_homes(&server);
	CHECK_INT(number("SELECT count(*) FROM node WHERE lease_until > now()"), 2);
	engine_close(engine);
	CHECK_INT(number("SELECT count(*) FROM node WHERE lease_until > now()"), 1);
	CHECK_INT(number("SELECT count(*) FROM node WHERE lease_until = '-infinity'"), NODES + 1);
	pg_close(asker);
	pg_server_stop(&server);
	return test_end();
}
