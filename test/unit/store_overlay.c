/*
 * A generation into which rows are only added: sorted, all rows of a key stand in the order in
 * which they came, among those that were looked for; indexed, the newest is found; cleared, it
 * serves again. Keys of one kind and of several, with short and long tails in common.
 */
#include "store/overlay.h"
#include "test.h"

#include "base/arena.h"

enum { KEYS = 3000, ROUNDS = 3, PUTS = 20000, SIZE = 1024 * 1024 };

static uint64_t state = 1;

static unsigned roll(unsigned below)
{
	state = state * 6364136223846793005u + 1442695040888963407u;
	return (unsigned)(state >> 33) % below;
}

static struct text key_of(unsigned i, char out[64])
{
	int n = snprintf(out, 64, "%c%cmerch%0*u%.*s", 'a' + (char)(i % 5), 'A' + (char)(i % 3),
			 i % 2 ? 4 : 9, i, (int)(i % 17), "long tail of a key");
	return (struct text){out, (size_t)n};
}

static unsigned value_of(const struct version *v)
{
	unsigned value;
	must(v->size == sizeof(value));
	memcpy(&value, v->data, sizeof(value));
	return value;
}

/* What each key's newest row is: 0 none yet, else the put's number + 1; odd numbers are deletions.
 */
static void put(struct generation *g, unsigned *newest, unsigned n)
{
	char memory[64];
	unsigned i = roll(KEYS), number = n + 1;
	struct text value = {(const char *)&number, sizeof(number)};
	struct stamp stamp = {1, n};
	const struct text *to = n % 7 ? &value : NULL;
	newest[i] = n % 7 ? number : 0;
	/* A key is always put in one of the two ways. */
	must(i % 4 ? generation_add(g, stamp, key_of(i, memory), to)
		   : generation_set(g, stamp, key_of(i, memory), to));
}

static void check_order(const struct generation *g)
{
	size_t count;
	bool ascends = true, as_they_came = true;
	struct sorted *rows = generation_sort(g, &count);
	must(rows);
	CHECK_INT(count, atomic_load(&g->row_count));
	for (size_t i = 1; i < count; i++) {
		int order = text_compare(row_key(rows[i - 1].row), row_key(rows[i].row));
		ascends = ascends && order <= 0;
		if (order == 0)
			as_they_came = as_they_came && rows[i - 1].row->newest->command <
							   rows[i].row->newest->command;
	}
	CHECK(ascends);
	CHECK(as_they_came);
	generation_unsort(rows, count);
}

static void check_found(const struct generation *g, const unsigned *newest)
{
	char memory[64];
	unsigned wrong = 0;
	for (unsigned i = 0; i < KEYS; i++) {
		const struct version *v = generation_find(g, 1, key_of(i, memory));
		unsigned have = v && v->size != VERSION_DELETED ? value_of(v) : 0;
		wrong += have != newest[i];
	}
	CHECK_INT(wrong, 0);
}

int main(void)
{
	struct generation *g = generation_open(SIZE);
	must(g);
	for (unsigned round = 0; round < ROUNDS; round++) {
		unsigned newest[KEYS] = {0};
		char memory[64];
		struct text value = TEXT("as ever");
		for (unsigned n = 0; n < PUTS; n++)
			put(g, newest, n);
		check_order(g);
		generation_index(g);
		check_found(g, newest);
		/* Then it is written like any other. */
		for (unsigned i = 0; i < KEYS; i += 3) {
			struct stamp stamp = {1, PUTS + i};
			must(generation_set(g, stamp, key_of(i, memory), NULL));
			newest[i] = 0;
		}
		check_found(g, newest);
		check_order(g);
		CHECK(generation_find(g, 1, value) == NULL);
		generation_clear(g);
		CHECK(generation_find(g, 1, key_of(1, memory)) == NULL);
		CHECK_INT(atomic_load(&g->row_count), 0);
	}
	generation_close(g);
	return test_end();
}
