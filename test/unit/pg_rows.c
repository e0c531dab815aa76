/* Rows of bytes through PostgreSQL's typed columns and back, against the same rows in memory. */
#include "pg_fixture.h"

#include <libpq-fe.h>

static struct pg_server server;

static struct pg *open_pg(const char *url)
{
	struct pg *p = NULL;
	char *why = NULL;
	struct pg_config config = {.url = url};
	if (!CHECK_INT(pg_open(&config, &p, &why), OK))
		fprintf(stderr, "     %s\n", why);
	free(why);
	return p;
}

static void change_some(struct pg_fixture *x, struct tx *tx)
{
	for (uint64_t n = 1 + random_below(&x->random, 4); n > 0; n--)
		random_change(x, tx, (enum table)(1 + random_below(&x->random, TABLE_COUNT - 1)));
}

static bool same_head(struct pg_fixture *x, const struct head *head)
{
	struct head want;
	if (!head_read(&x->f.rows.rows, x->f.merchant, &want))
		want = (struct head){.next_number = 1};
	return CHECK_INT(head->number, want.number) &&
	       CHECK_INT(head->instant.ms, want.instant.ms) &&
	       CHECK_INT(head->next_number, want.next_number) &&
	       CHECK(memcmp(head->hash, want.hash, 32) == 0);
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

int main(void)
{
	char *why = NULL;
	if (!pg_server_start(&server))
		return test_end();
	CHECK_INT(pg_migrate(&(struct migrate_config){.url = server.url}, &why), OK);
	if (why)
		fprintf(stderr, "     %s\n", why);
	free(why);
	random_rows(server.url, 1, 7);
	pg_server_stop(&server);
	return test_end();
}
