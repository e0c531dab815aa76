/*
 * Batches through PostgreSQL when something is in the way: ten thousand rows at once, a batch that
 * is given up or refused, two writers, a server that dies, a COMMIT whose answer does not come.
 */
#include "pg_fixture.h"
#include "store/entry.h"
#include "store/pg_link.h"

#include <poll.h>
#include <pthread.h>

static struct pg_server server;

/* --- many at once, and what comes back when it fails --- */

enum { MANY = 10000 };

static void add_many(struct pg_fixture *x, struct tx *tx)
{
	struct coupon c = {.customer = 1 + random_below(&x->random, 400)};
	c.id = 5000000 + store_number(tx);
	c.code = arena_format(&x->f.arena, "many-%llu", (unsigned long long)c.id);
	c.channel = TEXT("app");
	c.issued = c.updated = tx->env.now;
	store_put(tx, TABLE_COUPON, &c);
}

static void add_more(struct pg_fixture *x, struct tx *tx)
{
	for (unsigned i = 0; i < MANY / 1000; i++)
		add_many(x, tx);
}

static void ten_thousand(struct pg *p, struct pg_fixture *x)
{
	struct head head;
	CHECK_INT(pg_begin_write(p, x->f.merchant, &head), OK);
	for (unsigned i = 0; i < 1000; i++)
		fixture_entry(x, add_more);
	x->loads = false; /* nothing here belonged to another */
	uint64_t trips = pg_round_trips(p);
	if (!CHECK_INT(fixture_commit(x, p), PG_COMMITTED))
		fprintf(stderr, "     %s\n", pg_why(p));
	CHECK_INT(pg_round_trips(p) - trips, 1);
	CHECK(memory_count(&x->f.rows) > 4 * MANY);
	same_rows(x, p);
}

static void is_found(struct pg *p, struct pg_fixture *x, bool want)
{
	bool there;
	CHECK_INT(pg_was_committed(p, x->f.merchant, x->id, &there), OK);
	CHECK_INT(there, want);
}

/* Nothing of a batch that was given up, or refused, is there. */
static void given_up(struct pg *p, struct pg_fixture *x)
{
	struct head head, again;
	CHECK_INT(pg_begin_write(p, x->f.merchant, &head), OK);
	pg_rollback(p);
	is_found(p, x, true);
	x->id.number++;
	is_found(p, x, false);
	/* the same entries twice: the second is refused, and the connection goes on */
	CHECK_INT(pg_begin_write(p, x->f.merchant, &head), OK);
	struct pg_change change = {0};
	struct key k;
	key_head(&k, x->f.merchant);
	change.key = key_get(&k);
	struct text value = {"", 0};
	change.value = &value;
	uint8_t hash[32] = {0};
	struct buffer bytes;
	buffer_init(&bytes, 1000);
	struct entry_envelope envelope = {.merchant = x->f.merchant,
					  .number = head.number,
					  .next_number = 1,
					  .instant = head.instant};
	entry_envelope_add(&bytes, &envelope);
	struct pg_entry entry = {.merchant = x->f.merchant,
				 .number = head.number,
				 .instant = head.instant,
				 .bytes = buffer_get(&bytes),
				 .hash = hash,
				 .actor = TEXT("test")};
	struct pg_batch batch = {x->id, &change, 1, &entry, 1};
	CHECK_INT(pg_commit(p, &batch), PG_REFUSED);
	CHECK(strstr(pg_why(p), "23505") != NULL);
	pg_rollback(p);
	CHECK_INT(pg_begin_write(p, x->f.merchant, &again), OK);
	CHECK_INT(again.number, head.number);
	pg_rollback(p);
	buffer_release(&bytes);
}

/* The second waits for the head, gives up in time, and sees the first's work afterwards. */
static void two_writers(const char *url, struct pg *p, struct pg_fixture *x)
{
	struct pg *other = NULL;
	char *why = NULL;
	struct head head, second;
	struct pg_config config = {.url = url, .lock_ms = 200};
	CHECK_INT(pg_open(&config, &other, &why), OK);
	CHECK_INT(pg_begin_write(p, x->f.merchant, &head), OK);
	CHECK_INT(pg_begin_write(other, x->f.merchant, &second), FAULT_BUSY);
	CHECK(strstr(pg_why(other), "55P03") != NULL);
	pg_rollback(other);
	CHECK_INT(pg_begin_write(other, x->f.merchant + 1, &second), OK);
	CHECK_INT(second.number, 0);
	CHECK_INT(second.next_number, 1);
	pg_rollback(other);
	fixture_entry(x, add_many);
	CHECK_INT(fixture_commit(x, p), PG_COMMITTED);
	CHECK_INT(pg_begin_write(other, x->f.merchant, &second), OK);
	CHECK_INT(second.number, head.number + 1);
	same_head(x, &second);
	pg_rollback(other);
	pg_close(other);
}

/* A server's processes outlive its first one by a moment, and may still commit. */
static void kill_and_wait(struct pg *p)
{
	struct pollfd end = {.fd = PQsocket(p->connection), .events = POLLRDHUP};
	pg_server_kill(&server, SIGKILL);
	must(poll(&end, 1, 30000) == 1);
}

static void server_dies(struct pg *p, struct pg_fixture *x)
{
	struct head head;
	CHECK_INT(pg_begin_write(p, x->f.merchant, &head), OK);
	kill_and_wait(p);
	struct text key;
	struct key k;
	struct comparing c = {.sink = {compare_row}, .x = x};
	key_list(&k, x->f.merchant, LIST_COUPONS, NULL);
	key = key_get(&k);
	CHECK_INT(pg_load(p, &key, 1, &c.sink), FAULT_BUSY);
	pg_rollback(p);
	CHECK_INT(pg_begin_read(p), FAULT_BUSY);
	pg_rollback(p);
	pg_server_launch(&server);
	must(pg_server_wait(&server));
	CHECK_INT(pg_begin_write(p, x->f.merchant, &head), OK);
	same_head(x, &head);
	pg_rollback(p);
	/* a server that came back while nobody looked is not noticed at all */
	pg_server_kill(&server, SIGINT);
	pg_server_launch(&server);
	must(pg_server_wait(&server));
	CHECK_INT(pg_begin_read(p), OK);
	CHECK_INT(pg_load(p, &key, 1, &c.sink), OK);
	pg_rollback(p);
	CHECK_INT(pg_begin_write(p, x->f.merchant, &head), OK);
	fixture_entry(x, add_many);
	/* gone before it could be written: nobody can say more than that it is not known */
	kill_and_wait(p);
	enum pg_outcome outcome = fixture_commit(x, p);
	CHECK(outcome == PG_UNKNOWN || outcome == PG_AGAIN);
	pg_rollback(p);
	pg_server_launch(&server);
	must(pg_server_wait(&server));
	is_found(p, x, false);
}

/* --- a COMMIT whose answer does not come --- */

static struct pg *open_bare(const char *url)
{
	struct pg *p = link_make(url);
	CHECK_INT(link_connect_bare(p), OK);
	return p;
}

static void order(struct pg *p, const char *sql)
{
	PGresult *r = PQexec(p->connection, sql);
	ExecStatusType status = PQresultStatus(r);
	if (!CHECK(status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK))
		fprintf(stderr, "     %s", PQerrorMessage(p->connection));
	PQclear(r);
}

struct committing {
	struct pg_fixture *x;
	struct pg *p;
	enum pg_outcome outcome;
};
static void *commit_in_thread(void *context)
{
	struct committing *c = context;
	c->outcome = fixture_commit(c->x, c->p);
	return NULL;
}

/* The session is ended while its COMMIT is written here and waits for a copy that never comes: it
 * did happen, and the one who asked is not told. */
static void committed_unheard(const char *url, struct pg *p, struct pg_fixture *x)
{
	struct pg *operator= open_bare(url);
	struct head head, after;
	struct committing c = {x, p, PG_COMMITTED};
	pthread_t thread;
	char sql[100];
	order(operator, "ALTER SYSTEM SET synchronous_standby_names = 'nobody'");
	order(operator, "SELECT pg_reload_conf()");
	usleep(300 * 1000);
	CHECK_INT(pg_begin_write(p, x->f.merchant, &head), OK);
	fixture_entry(x, add_many);
	snprintf(sql, sizeof(sql), "SELECT pg_terminate_backend(%d)", PQbackendPID(p->connection));
	must(pthread_create(&thread, NULL, commit_in_thread, &c) == 0);
	usleep(500 * 1000);
	order(operator, sql);
	must(pthread_join(thread, NULL) == 0);
	CHECK_INT(c.outcome, PG_UNKNOWN);
	pg_rollback(p);
	order(operator, "ALTER SYSTEM RESET synchronous_standby_names");
	order(operator, "SELECT pg_reload_conf()");
	usleep(300 * 1000);
	is_found(p, x, true);
	CHECK_INT(pg_begin_write(p, x->f.merchant, &after), OK);
	CHECK_INT(after.number, head.number + 1);
	pg_rollback(p);
	pg_close(operator);
}

/* It is ended before anything is written. */
static void ended_in_commit(const char *url, struct pg *p, struct pg_fixture *x)
{
	struct pg *operator= open_bare(url);
	struct head head, after;
	order(operator,
	      "CREATE FUNCTION leave() RETURNS trigger LANGUAGE plpgsql AS"
	      " 'BEGIN PERFORM pg_terminate_backend(pg_backend_pid()); RETURN NULL; END'");
	order(operator, "CREATE CONSTRAINT TRIGGER leave AFTER INSERT ON ledger DEFERRABLE"
			" INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION leave()");
	CHECK_INT(pg_begin_write(p, x->f.merchant, &head), OK);
	fixture_entry(x, add_many);
	CHECK_INT(fixture_commit(x, p), PG_UNKNOWN);
	pg_rollback(p);
	order(operator, "DROP TRIGGER leave ON ledger");
	is_found(p, x, false);
	CHECK_INT(pg_begin_write(p, x->f.merchant, &after), OK);
	CHECK_INT(after.number, head.number);
	pg_rollback(p);
	pg_close(operator);
}

static void unheard(const char *url)
{
	static struct pg_fixture x;
	struct pg *p = open_pg(url);
	pg_fixture_init(&x, 6);
	x.f.merchant = 901;
	if (p) {
		ended_in_commit(url, p, &x);
		pg_fixture_release(&x);
		pg_fixture_init(&x, 6);
		x.f.merchant = 902;
		x.id.number = 1000;
		committed_unheard(url, p, &x);
	}
	pg_fixture_release(&x);
	pg_close(p);
}

static void trouble(const char *url)
{
	static struct pg_fixture x;
	struct pg *p = open_pg(url);
	pg_fixture_init(&x, 5);
	x.f.merchant = 900;
	if (p) {
		ten_thousand(p, &x);
		given_up(p, &x);
		two_writers(url, p, &x);
		server_dies(p, &x);
	}
	pg_fixture_release(&x);
	pg_close(p);
}

int main(void)
{
	if (!pg_server_start_migrated(&server))
		return test_end();
	unheard(server.url);
	trouble(server.url);
	pg_server_stop(&server);
	return test_end();
}
