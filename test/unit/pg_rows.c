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
