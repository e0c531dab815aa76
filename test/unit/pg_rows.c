/* Rows of bytes through PostgreSQL's typed columns and back, against the same rows in memory. */
#include "pg_fixture.h"
#include "store/pg_watch.h"

static struct pg_server server;

static void change_some(struct pg_fixture *x, struct tx *tx)
{
	for (uint64_t n = 1 + random_below(&x->random, 4); n > 0; n--)
		random_change(x, tx, (enum table)(1 + random_below(&x->random, TABLE_COUNT - 1)));
}

static bool random_batch(struct pg_fixture *x, struct pg *p, uint64_t commands)
{
	struct head head;
	if (!CHECK_INT(pg_begin_write(p, x->f.merchant, &head), OK) || !same_head(x, &head))
		return false;
	for (; commands > 0; commands--)
		fixture_entry(x, change_some);
	if (CHECK_INT(fixture_commit(x, p), PG_COMMITTED))
		return true;
	fprintf(stderr, "     %s\n", pg_why(p));
	return false;
}

static void same_scans(struct pg_fixture *x, struct pg *p)
{
	static const struct {
		enum row_kind kind;
		unsigned end;
	} kinds[] = {{ROW_RECORD, TABLE_COUNT},
		     {ROW_UNIQUE, UNIQUE_COUNT},
		     {ROW_ENTRY, LIST_COUNT},
		     {ROW_LIST, LIST_COUNT},
		     {ROW_HOLES, LIST_COUNT}};
	struct key prefix;
	for (unsigned k = 0; k < COUNT_OF(kinds); k++)
		for (unsigned id = 1; id < kinds[k].end; id++) {
			if (kinds[k].kind == ROW_ENTRY && id == LIST_CLUSTERED)
				continue;
			key_init(&prefix, kinds[k].kind, id, x->f.merchant);
			if (!same_scan(x, p, key_get(&prefix), 7))
				fprintf(stderr, "     kind %d, id %u\n", kinds[k].kind, id);
		}
	/* a whole first part: requests of one class, coupons of one wallet, one list's holes */
	key_init(&prefix, ROW_RECORD, TABLE_REQUEST, x->f.merchant);
	key_add_number(&prefix, 1 + random_below(&x->random, 30));
	same_scan(x, p, key_get(&prefix), 1);
	key_init(&prefix, ROW_RECORD, TABLE_COUPON, x->f.merchant);
	key_add_number(&prefix, 2);
	key_add_number(&prefix, 0);
	same_scan(x, p, key_get(&prefix), 3);
	struct member owner = {.campaign = 3, .cover = 2};
	key_list(&prefix, x->f.merchant, LIST_COVERED, &owner);
	prefix.bytes[0] = ROW_HOLES;
	same_scan(x, p, key_get(&prefix), 3);
}

struct chain {
	const struct pg_fixture *x;
	struct head head;
	unsigned seen;
	bool good;
};
static bool see_entry(void *context, const struct pg_entry *e)
{
	struct chain *c = context;
	uint8_t hash[32];
	entry_hash(c->head.hash, e->bytes, hash);
	c->good &= e->number == c->head.number + 1 && memcmp(hash, e->hash, 32) == 0 &&
		   e->merchant == c->x->f.merchant && e->command == 5 &&
		   text_equal(e->actor, TEXT("test"));
	c->head.number = e->number;
	memcpy(c->head.hash, hash, 32);
	c->seen++;
	return true;
}

/* The ledger as PostgreSQL has it is the chain that was made, and its end is the head. */
static void same_ledger(struct pg_fixture *x, struct pg *p)
{
	struct chain c = {.x = x, .good = true};
	struct head head;
	unsigned before;
	must(pg_begin_read(p) == OK);
	do {
		before = c.seen;
		struct pg_entries what = {x->f.merchant, c.head.number, 37, see_entry, &c};
		CHECK_INT(pg_read_entries(p, &what), OK);
	} while (c.seen > before && c.seen < before + 37 + 1 &&
		 c.head.number < x->f.tx.head.number);
	pg_rollback(p);
	must(head_read(&x->f.rows.rows, x->f.merchant, &head));
	CHECK(c.good);
	CHECK_INT(c.head.number, head.number);
	CHECK(memcmp(c.head.hash, head.hash, 32) == 0);
}

static void random_rows(const char *url, uint64_t seed, uint64_t merchant)
{
	static struct pg_fixture x;
	struct pg *p = open_pg(url);
	pg_fixture_init(&x, seed);
	x.f.merchant = merchant;
	for (unsigned i = 0; p && i < 120; i++) {
		if (random_batch(&x, p, 1 + random_below(&x.random, 40)) &&
		    (i % 4 != 0 || same_rows(&x, p)))
			continue;
		fprintf(stderr, "     seed %llu, batch %u\n", (unsigned long long)seed, i);
		break;
	}
	if (p) {
		CHECK(memory_count(&x.f.rows) > 300);
		same_scans(&x, p);
		same_ledger(&x, p);
	}
	pg_fixture_release(&x);
	pg_close(p);
}

/* --- rows that no record makes --- */

static void put_own(struct pg_fixture *x, const struct key *k, const char *value, size_t size)
{
	row_put(&x->f.rows.rows, key_get(k), (struct text){value, size});
}

static bool commit_own(struct pg_fixture *x, struct pg *p)
{
	struct head head;
	CHECK_INT(pg_begin_write(p, x->f.merchant, &head), OK);
	return CHECK_INT(fixture_commit(x, p), PG_COMMITTED) && same_rows(x, p);
}

static void own_rows(struct pg *p)
{
	static struct pg_fixture x;
	struct key k, last;
	pg_fixture_init(&x, 1);
	x.f.merchant = 800;
	key_init(&last, (enum row_kind)ROW_KEY_LAST, 0, x.f.merchant);
	memory_put(&x.known.rows, key_get(&last), TEXT_NONE);
	for (uint64_t slot = 1; slot <= 300; slot++) {
		key_init(&k, (enum row_kind)ROW_KEY, 0, x.f.merchant);
		key_add_number(&k, slot);
		put_own(&x, &k, "0123456789abcdef0123456789abcdef", 32);
	}
	/* KEY_LAST follows from them */
	memory_put(&x.f.rows.rows, key_get(&last), (struct text){"\xf1\x3c", 2});
	commit_own(&x, p);
	static const char zeroes[32];
	put_own(&x, &k, zeroes, sizeof(zeroes));
	commit_own(&x, p);
	key_init(&k, (enum row_kind)ROW_KEY, 0, x.f.merchant);
	same_scan(&x, p, key_get(&k), 7);
	pg_fixture_release(&x);

	pg_fixture_init(&x, 2);
	x.f.merchant = 0;
	key_init(&k, (enum row_kind)ROW_META, 0, 0);
	key_add_text(&k, TEXT("test"));
	put_own(&x, &k, "\0\1", 2);
	commit_own(&x, p);
	put_own(&x, &k, "other", 5);
	commit_own(&x, p);
	row_del(&x.f.rows.rows, key_get(&k));
	commit_own(&x, p);
	/* nobody has given a key here */
	key_init(&last, (enum row_kind)ROW_KEY_LAST, 0, 0);
	memory_put(&x.known.rows, key_get(&last), TEXT_NONE);
	same_rows(&x, p);
	pg_fixture_release(&x);
}

/* One department, as given: whether it is refused, with what words, and the connection goes on. */
static void refused(struct pg *p, struct department d, const char *says)
{
	static struct pg_fixture x;
	struct head head;
	pg_fixture_init(&x, 3);
	x.f.merchant = 801;
	x.loads = false;
	CHECK_INT(pg_begin_write(p, x.f.merchant, &head), OK);
	CHECK_INT(head.number, 0);
	store_put(fixture_write(&x.f), TABLE_DEPARTMENT, &d);
	fixture_end(&x.f);
	CHECK_INT(fixture_commit(&x, p), PG_REFUSED);
	if (!CHECK(strstr(pg_why(p), says)))
		fprintf(stderr, "     %s\n", pg_why(p));
	pg_rollback(p);
	pg_fixture_release(&x);
}

static void what_cannot_be_kept(struct pg *p)
{
	static char wide[KEY_TEXT_MAX + 1];
	memset(wide, 'w', sizeof(wide));
	refused(p, (struct department){.number = 1, .code = TEXT("\xff")}, "22021");
	refused(p, (struct department){.number = 1, .code = {"a\0b", 3}}, "22021");
	refused(p, (struct department){.number = 1, .code = {wide, sizeof(wide)}}, "23514");
	refused(p, (struct department){.number = 1, .created = {INT64_MAX - 1}}, "cannot be kept");
	/* a key that is folded is in no index: it is not asked for, and not there */
	struct department d = {.code = {wide, sizeof(wide)}};
	static struct pg_fixture x;
	struct comparing c = {.sink = {compare_row}, .x = &x};
	struct key k;
	pg_fixture_init(&x, 4);
	key_unique(&k, 801, UNIQUE_DEPARTMENT_BY_CODE, &d);
	struct text key = key_get(&k);
	CHECK_INT(pg_begin_read(p), OK);
	CHECK_INT(pg_load(p, &key, 1, &c.sink), OK);
	CHECK_INT(c.absent, 1);
	pg_rollback(p);
	pg_fixture_release(&x);
}

static void rows_of_all_kinds(const char *url)
{
	struct pg *p = open_pg(url);
	if (p) {
		own_rows(p);
		what_cannot_be_kept(p);
	}
	pg_close(p);
}

/* --- beside the work --- */

static void node_numbers(const char *url)
{
	struct pg *p = open_pg(url);
	struct node_lease one = {TEXT("one"), 60000}, two = {TEXT("two"), 60000};
	uint64_t first = 0, second = 0, third = 0;
	bool held;
	CHECK_INT(pg_node_take(p, &one, &first), OK);
	CHECK_INT(pg_node_take(p, &two, &second), OK);
	CHECK(first > 0 && second > 0 && first != second);
	CHECK_INT(pg_node_renew(p, &one, first, &held), OK);
	CHECK(held);
	CHECK_INT(pg_node_renew(p, &two, first, &held), OK);
	CHECK(!held);
	CHECK_INT(pg_node_end(p, &one, first), OK);
	CHECK_INT(pg_node_renew(p, &one, first, &held), OK);
	CHECK(!held);
	/* what came free is given again, also when its holder only fell silent */
	CHECK_INT(pg_node_take(p, &(struct node_lease){TEXT("three"), 1}, &third), OK);
	CHECK_INT(third, first);
	usleep(20 * 1000);
	CHECK_INT(pg_node_take(p, &(struct node_lease){TEXT("four"), 60000}, &third), OK);
	CHECK_INT(third, first);
	pg_close(p);
}

static void take_at_once(const char *url)
{
	enum { AT_ONCE = 5 };
	pid_t children[AT_ONCE];
	unsigned seen = 0;
	int status;
	fflush(NULL);
	for (unsigned i = 0; i < AT_ONCE; i++) {
		children[i] = fork();
		if (children[i] == 0) {
			char name[8];
			uint64_t number = 0;
			struct pg *p = open_pg(url);
			snprintf(name, sizeof(name), "at%u", i);
			if (pg_node_take(p, &(struct node_lease){text_of(name), 60000}, &number) !=
			    OK)
				number = 0;
			_exit((int)number);
		}
	}
	for (unsigned i = 0; i < AT_ONCE; i++) {
		must(waitpid(children[i], &status, 0) == children[i]);
		CHECK(WIFEXITED(status) && WEXITSTATUS(status) > 0 && WEXITSTATUS(status) < 32);
		seen |= 1u << WEXITSTATUS(status);
	}
	CHECK_INT(__builtin_popcount(seen), AT_ONCE);
}

static void old_snapshots(const char *url)
{
	struct pg *p = open_pg(url), *other = open_pg(url);
	struct comparing none = {.sink = {compare_row}};
	struct instant before, now;
	uint64_t ms = UINT64_MAX;
	struct key k;
	key_list(&k, 12345, LIST_COUPONS, NULL);
	struct text key = key_get(&k);
	static struct pg_fixture x;
	pg_fixture_init(&x, 1);
	none.x = &x;
	CHECK_INT(pg_oldest_snapshot(p, &ms), OK);
	CHECK(ms < 50);
	CHECK_INT(pg_begin_read(other), OK);
	CHECK_INT(pg_load(other, &key, 1, &none.sink), OK);
	CHECK_INT(pg_clock(p, &before), OK);
	usleep(120 * 1000);
	CHECK_INT(pg_clock(p, &now), OK);
	CHECK(now.ms - before.ms >= 120 && now.ms - before.ms < 5000);
	CHECK_INT(pg_oldest_snapshot(p, &ms), OK);
	CHECK(ms >= 120 && ms < 60000);
	pg_rollback(other);
	pg_fixture_release(&x);
	pg_close(other);
	pg_close(p);
}

int main(void)
{
	if (!pg_server_start_migrated(&server))
		return test_end();
	random_rows(server.url, 1, 7);
	random_rows(server.url, 20261122, 70000);
	rows_of_all_kinds(server.url);
	node_numbers(server.url);
	take_at_once(server.url);
	old_snapshots(server.url);
	pg_server_stop(&server);
	return test_end();
}
