/*
 * The store's upper half over rows in memory: what a put, a replay and a read cost without an
 * engine below. Processor time, so that other processes do not count.
 */
#include "../test/unit/store_fixture.h"

#include "store/list.h"

#include <time.h>

static double now_ns(void)
{
	struct timespec t;
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static void say(const char *what, double begin, uint64_t n)
{
	printf("%-44s %8.0f ns\n", what, (now_ns() - begin) / (double)n);
}

enum { COUPONS = 20000, PEOPLE = 2000 };

static struct coupon new_coupon(struct tx *tx, uint64_t i)
{
	struct coupon c = {.customer = 1 + i % PEOPLE,
			   .id = store_number(tx) << 20,
			   .template = 9,
			   .channel = TEXT("wechat"),
			   .state = 1,
			   .issued = tx->env.now,
			   .begin = tx->env.now,
			   .end = {tx->env.now.ms + 86400000},
			   .updated = tx->env.now};
	return c;
}

static void write_coupon(struct fixture *f, struct buffer *entry, uint64_t i)
{
	struct tx *tx = fixture_write(f);
	struct coupon c = new_coupon(tx, i);
	char code[20];
	c.code = (struct text){
	    code, (size_t)snprintf(code, sizeof(code), "%012llu", (unsigned long long)i)};
	store_put(tx, TABLE_COUPON, &c);
	buffer_clear(entry);
	must(tx_finish(tx, entry));
	tx_release(tx);
}

/* Rows that stay in the processor's cache: what the upper half itself takes. */
static void hot(struct buffer *entry)
{
	enum { ROUNDS = 200, COMMANDS = 500 };
	struct fixture f;
	struct rows_memory again;
	static struct fake_keyring keys;
	double put = 0, apply = 0;
	uint64_t calls = 0;
	fixture_init(&f);
	memory_init(&again);
	fake_keyring_init(&keys);
	for (unsigned round = 0; round < ROUNDS; round++) {
		memory_clear(&f.rows);
		memory_clear(&again);
		buffer_clear(&f.ledger);
		f.rows.get_count = f.rows.put_count = 0;
		double begin = now_ns();
		for (uint64_t i = 0; i < COMMANDS; i++) {
			write_coupon(&f, entry, i);
			buffer_slice(&f.ledger, buffer_get(entry));
		}
		put += now_ns() - begin;
		calls = f.rows.get_count + f.rows.put_count;
		struct text ledger = buffer_get(&f.ledger), one;
		struct head head = {0};
		begin = now_ns();
		while (ledger.size)
			must(slice_take(&ledger, &one) &&
			     entry_apply(&again.rows, &keys.ring, one, &head, &head));
		apply += now_ns() - begin;
	}
	printf("%-44s %8.0f ns\n", "new coupon, rows in cache", put / ROUNDS / COMMANDS);
	printf("%-44s %8.1f\n", "  calls of rows", (double)calls / COMMANDS);
	printf("%-44s %8.0f ns\n", "entry_apply of it, rows in cache", apply / ROUNDS / COMMANDS);
	memory_release(&again);
	fixture_release(&f);
}

static void write_coupons(struct fixture *f, struct buffer *entry)
{
	double begin = now_ns();
	for (uint64_t i = 0; i < COUPONS; i++) {
		write_coupon(f, entry, i);
		buffer_slice(&f->ledger, buffer_get(entry));
		if (i % 64 == 0)
			f->now_ms++;
	}
	say("new coupon: init, put, finish", begin, COUPONS);
	printf("%-44s %8zu bytes\n", "its entry", entry->size);
}

static void redeem(struct fixture *f, struct buffer *entry)
{
	double begin = now_ns();
	bool found;
	for (uint64_t i = 0; i < COUPONS; i++) {
		struct tx *tx = fixture_write(f);
		struct coupon c = {.id = (1 + (i * 7919) % COUPONS) << 20};
		must(store_find(tx, UNIQUE_COUPON_BY_ID, &c, &found) == OK && found);
		c.state = 2;
		c.updated = tx->env.now;
		c.updated.ms += 5;
		store_put(tx, TABLE_COUPON, &c);
		buffer_clear(entry);
		must(tx_finish(tx, entry));
		tx_release(tx);
		buffer_slice(&f->ledger, buffer_get(entry));
	}
	say("redeem: find, put, finish", begin, COUPONS);
	printf("%-44s %8zu bytes\n", "its entry", entry->size);
}

static void read_coupons(struct fixture *f)
{
	bool found;
	double begin = now_ns();
	struct tx *tx = fixture_read(f);
	for (uint64_t i = 0; i < COUPONS; i++) {
		struct coupon c = {.customer = 1 + i % 64, .ordinal = 1 + i / PEOPLE};
		must(store_get(tx, TABLE_COUPON, &c, &found) == OK && found);
	}
	say("store_get, warm", begin, COUPONS);
	struct coupon c = {.customer = 1, .ordinal = 1};
	struct key k;
	struct text value;
	key_record(&k, f->merchant, TABLE_COUPON, &c);
	begin = now_ns();
	for (unsigned i = 0; i < 2000000; i++)
		must(row_get(&f->rows.rows, key_get(&k), &value));
	say("  of it: row_get", begin, 2000000);
	begin = now_ns();
	for (unsigned i = 0; i < 2000000; i++)
		key_record(&k, f->merchant, TABLE_COUPON, &c);
	say("  of it: key_record", begin, 2000000);
	begin = now_ns();
	for (unsigned i = 0; i < 2000000; i++)
		must(record_decode(&record_shapes[TABLE_COUPON], value, &c));
	say("  of it: record_decode", begin, 2000000);
	begin = now_ns();
	for (uint64_t i = 0; i < COUPONS; i++) {
		c.id = (1 + (i * 7919) % COUPONS) << 20;
		must(store_find(tx, UNIQUE_COUPON_BY_ID, &c, &found) == OK && found);
	}
	say("store_find, cold", begin, COUPONS);
	begin = now_ns();
	for (uint64_t i = 0; i < COUPONS; i++) {
		struct page page = {.list = LIST_WALLET, .owner = &c, .n = 10};
		struct coupon *rows;
		unsigned n;
		uint64_t count;
		c.customer = 1 + i % PEOPLE;
		must(store_page(tx, &page, &rows, &n, &count) == OK && n == 10);
		arena_reset(&f->arena);
	}
	say("store_page, 10 of a wallet", begin, 20000);
	begin = now_ns();
	for (uint64_t i = 0; i < COUPONS; i++) {
		struct page page = {.list = LIST_COUPONS, .from = i * 9 % (COUPONS - 10), .n = 10};
		struct coupon *rows;
		unsigned n;
		uint64_t count;
		must(store_page(tx, &page, &rows, &n, &count) == OK && n == 10);
		arena_reset(&f->arena);
	}
	say("store_page, 10 of all coupons", begin, 20000);
	begin = now_ns();
	for (uint64_t i = 0; i < COUPONS; i++) {
		uint64_t first, count;
		struct instant from = {INT64_C(1700000000000) + (int64_t)i % 300},
			       to = {from.ms + 10};
		must(store_window(tx, LIST_COUPONS, NULL, from, to, &first, &count) == OK);
	}
	say("store_window of 20,000", begin, 20000);
}

static void replay(struct fixture *f)
{
	struct rows_memory again;
	static struct fake_keyring keys;
	fake_keyring_init(&keys);
	struct text ledger = buffer_get(&f->ledger), entry;
	struct head head = {0};
	memory_init(&again);
	double begin = now_ns();
	for (unsigned i = 0; i < COUPONS; i++)
		must(slice_take(&ledger, &entry) &&
		     entry_apply(&again.rows, &keys.ring, entry, &head, &head));
	say("entry_apply of a new coupon", begin, COUPONS);
	begin = now_ns();
	for (unsigned i = 0; i < COUPONS; i++)
		must(slice_take(&ledger, &entry) &&
		     entry_apply(&again.rows, &keys.ring, entry, &head, &head));
	say("entry_apply of a redemption", begin, COUPONS);
	must(memory_equal(&f->rows, &again));
	memory_release(&again);
}

/* Coupons leave a shelf of 200,000 in any order: the holes. */
static void moves(struct fixture *f, struct buffer *entry)
{
	bool found;
	for (uint64_t i = 0; i < COUPONS; i++) {
		struct tx *tx = fixture_write(f);
		struct coupon c = new_coupon(tx, i);
		c.customer = 0;
		c.shelf = 9;
		store_put(tx, TABLE_COUPON, &c);
		buffer_clear(entry);
		must(tx_finish(tx, entry));
		tx_release(tx);
	}
	double begin = now_ns();
	size_t bytes = 0;
	for (uint64_t i = 0; i < COUPONS / 2; i++) {
		struct tx *tx = fixture_write(f);
		struct coupon c = {.id = (COUPONS + 1 + (i * 7919) % COUPONS) << 20}, to;
		must(store_find(tx, UNIQUE_COUPON_BY_ID, &c, &found) == OK && found);
		to = c;
		to.customer = 1 + i % PEOPLE;
		to.shelf = 0;
		store_move(tx, TABLE_COUPON, &c, &to);
		buffer_clear(entry);
		must(tx_finish(tx, entry));
		tx_release(tx);
		bytes += entry->size;
	}
	say("store_move out of 20,000, random, all in", begin, COUPONS / 2);
	printf("%-44s %8zu bytes\n", "its entry", bytes / (COUPONS / 2));
	struct tx *tx = fixture_read(f);
	struct coupon c = {.shelf = 9};
	begin = now_ns();
	for (uint64_t i = 0; i < COUPONS; i++) {
		struct page page = {
		    .list = LIST_WALLET, .owner = &c, .from = i % (COUPONS / 4), .n = 10};
		struct coupon *rows;
		unsigned n;
		uint64_t count;
		must(store_page(tx, &page, &rows, &n, &count) == OK && n == 10);
		arena_reset(&f->arena);
	}
	say("store_page, 10 of a list half holes", begin, 20000);
}

int main(void)
{
	struct fixture f;
	struct buffer entry;
	fixture_init(&f);
	buffer_init(&entry, ENTRY_BYTES_MAX);
	hot(&entry);
	write_coupons(&f, &entry);
	redeem(&f, &entry);
	read_coupons(&f);
	replay(&f);
	moves(&f, &entry);
	buffer_release(&entry);
	fixture_release(&f);
	return 0;
}
