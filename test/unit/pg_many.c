/*
 * Several merchants in one transaction: their rows and chains are what they would be one by one,
 * each finds the batch in his own chain, and who is held by another writer is left out.
 */
#include "pg_fixture.h"

enum { MERCHANTS = 7, BATCHES = 40, FIRST = 300 };
static struct pg_server server;

static void change_some(struct pg_fixture *x, struct tx *tx)
{
	for (uint64_t n = 1 + random_below(&x->random, 4); n > 0; n--)
		random_change(x, tx, (enum table)(1 + random_below(&x->random, TABLE_COUNT - 1)));
}

/* Head rows are made by whoever writes first, alone. */
static void make_heads(struct pg_fixture *x, struct pg *p)
{
	struct head head;
	for (unsigned i = 0; i < MERCHANTS; i++) {
		x->f.merchant = FIRST + i;
		CHECK_INT(pg_begin_write(p, x->f.merchant, &head), OK);
		fixture_entry(x, change_some);
		CHECK_INT(fixture_commit(x, p), PG_COMMITTED);
	}
}

static void name_all(struct pg_locked *at)
{
	for (unsigned i = 0; i < MERCHANTS; i++) /* in any order */
		at[i] = (struct pg_locked){.merchant = FIRST + (i * 3 + 1) % MERCHANTS};
}

static void same_heads(struct pg_fixture *x, const struct pg_locked *at)
{
	for (unsigned i = 0; i < MERCHANTS; i++) {
		x->f.merchant = at[i].merchant;
		if (CHECK(at[i].locked))
			same_head(x, &at[i].head);
	}
}

/* Rows of all of them by one statement for each path. */
static void same_rows_many(struct pg_fixture *x, struct pg *p)
{
	size_t n;
	struct text *keys = known_keys(x, &n);
	struct comparing c = {.sink = {compare_row}, .x = x};
	struct pg_wants wants = {keys, n, &c.sink};
	CHECK_INT(pg_load_many(p, &wants), OK);
	CHECK_INT(c.different, 0);
	CHECK(c.same + c.absent >= n && n > MERCHANTS);
	free(keys);
}

static void is_found_by_all(struct pg_fixture *x, struct pg *p, const bool *wrote)
{
	for (unsigned i = 0; i < MERCHANTS; i++) {
		bool there = false;
		CHECK_INT(pg_was_committed(p, FIRST + i, x->id, &there), OK);
		CHECK_INT(there, wrote[i]);
	}
}

static void one_batch(struct pg_fixture *x, struct pg *p, unsigned nth)
{
	static const struct pg_wants nothing;
	struct pg_locked at[MERCHANTS];
	bool wrote[MERCHANTS] = {false};
	name_all(at);
	at[nth % MERCHANTS].wait = true;
	if (!CHECK_INT(pg_begin_many(p, at, MERCHANTS, &nothing), OK))
		return;
	same_heads(x, at);
	if (nth % 4 == 0)
		same_rows_many(x, p);
	for (unsigned i = 0; i < MERCHANTS; i++) {
		x->f.merchant = FIRST + i;
		size_t before = x->entry_count;
		for (uint64_t n = random_below(&x->random, 5); n > 0; n--)
			fixture_entry(x, change_some);
		wrote[i] = x->entry_count > before;
	}
	if (!CHECK_INT(fixture_commit(x, p), PG_COMMITTED))
		fprintf(stderr, "     %s\n", pg_why(p));
	is_found_by_all(x, p, wrote);
}

/* Who is held is left out, and the others do not wait; or is waited for a little, in vain. */
static void held(const char *url, struct pg *p)
{
	static const struct pg_wants nothing;
	struct pg_locked at[MERCHANTS + 1];
	struct pg *other = open_pg(url);
	struct head head;
	CHECK_INT(pg_begin_write(other, FIRST + 2, &head), OK);
	name_all(at);
	at[MERCHANTS] = (struct pg_locked){.merchant = FIRST + 100}; /* has no head row */
	CHECK_INT(pg_begin_many(p, at, MERCHANTS + 1, &nothing), OK);
	for (unsigned i = 0; i <= MERCHANTS; i++)
		CHECK_INT(at[i].locked, at[i].merchant != FIRST + 2 && i < MERCHANTS);
	pg_rollback(p);
	for (unsigned i = 0; i < MERCHANTS; i++)
		at[i].wait = true;
	CHECK_INT(pg_begin_many(p, at, MERCHANTS, &nothing), FAULT_BUSY);
	CHECK(strstr(pg_why(p), "55P03") != NULL);
	pg_rollback(p);
	pg_rollback(other);
	CHECK_INT(pg_begin_many(p, at, MERCHANTS, &nothing), OK);
	for (unsigned i = 0; i < MERCHANTS; i++)
		CHECK(at[i].locked);
	pg_rollback(p);
	pg_close(other);
}

/* Locks are taken in order, so writers of all of them at once do not wait for each other. */
static void in_order(const char *url)
{
	static const struct pg_wants nothing;
	enum { WRITERS = 4, TIMES = 100 };
	for (unsigned w = 0; w < WRITERS; w++) {
		if (fork() != 0)
			continue;
		struct pg *p = open_pg(url);
		struct pg_locked at[MERCHANTS];
		unsigned good = 0;
		for (unsigned n = 0; n < TIMES; n++) {
			for (unsigned i = 0; i < MERCHANTS; i++)
				at[i] = (struct pg_locked){
				    FIRST + (i * (w + 1)) % MERCHANTS, i % 2 != n % 3, {0}, false};
			good += pg_begin_many(p, at, MERCHANTS, &nothing) == OK;
			pg_rollback(p);
		}
		_exit(good == TIMES ? 0 : 1);
	}
	for (unsigned w = 0; w < WRITERS; w++) {
		int status;
		must(wait(&status) > 0);
		CHECK_INT(status, 0);
	}
}

static void several(const char *url)
{
	static struct pg_fixture x;
	struct pg *p = open_pg(url);
	pg_fixture_init(&x, 21);
	if (p) {
		make_heads(&x, p);
		for (unsigned i = 0; i < BATCHES; i++)
			one_batch(&x, p, i);
		same_rows(&x, p);
		held(url, p);
		CHECK(pg_may_join(p));
	}
	pg_fixture_release(&x);
	pg_close(p);
}

int main(void)
{
	if (!pg_server_start_migrated(&server))
		return test_end();
	several(server.url);
	in_order(server.url);
	pg_server_stop(&server);
	return test_end();
}
