/*
 * Our own descent through LMDB's pages against LMDB itself: random rows put and deleted in many
 * transactions, values up to several pages, every key and many absent ones looked up both ways,
 * alone and walked to side by side; a tree of one page; and a snapshot that is held while others
 * commit.
 */
#include "engine_kit.h"

#include "store/tree.h"

#include <lmdb.h>

enum { KEYS = 4000, ROUNDS = 24, PUTS = 1500, FEW = 6, ABSENT = 2000, WALKS = 200 };

static uint64_t state;

static uint64_t roll(uint64_t below)
{
	state = state * 6364136223846793005u + 1442695040888963407u;
	return (state >> 33) % below;
}

/* Keys of several kinds, as rows have them: a kind, a few equal bytes, then what tells them apart.
 */
static MDB_val key_of(unsigned i, char out[64])
{
	int n = snprintf(out, 64, "%c%cmerch%0*u%.*s", 'a' + (char)(i % 5), 'A' + (char)(i % 3),
			 i % 2 ? 4 : 9, i * 7919 % 100000, (int)(i % 17), "long tail of a key");
	return (MDB_val){(size_t)n, out};
}

static void change(MDB_env *env, MDB_dbi rows, unsigned puts)
{
	static char value[20000];
	char memory[64];
	MDB_txn *txn;
	must(mdb_txn_begin(env, NULL, 0, &txn) == 0);
	for (unsigned i = 0; i < puts; i++) {
		MDB_val k = key_of((unsigned)roll(KEYS), memory);
		MDB_val v = {roll(40) ? roll(200) : roll(sizeof(value)), value};
		memset(value, (int)roll(256), 32);
		if (i == 0 || roll(4))
			must(mdb_put(txn, rows, &k, &v, 0) == 0);
		else
			(void)mdb_del(txn, rows, &k, NULL);
	}
	must(mdb_txn_commit(txn) == 0);
}

static bool stand(struct tree *t, MDB_txn *txn, MDB_dbi rows)
{
	MDB_cursor *cursor;
	MDB_val k, v;
	must(mdb_cursor_open(txn, rows, &cursor) == 0);
	must(mdb_cursor_get(cursor, &k, &v, MDB_FIRST) == 0);
	mdb_cursor_close(cursor);
	return tree_at(t, v.mv_data, mdb_txn_id(txn));
}

static void same(struct tree *t, MDB_txn *txn, MDB_dbi rows, MDB_val k)
{
	struct text have = TEXT_NONE;
	MDB_val want = {0, NULL};
	bool there = mdb_get(txn, rows, &k, &want) == 0;
	bool found = tree_get(t, (struct text){k.mv_data, k.mv_size}, &have);
	CHECK(found == there);
	if (found && there)
		CHECK(have.size == want.mv_size && memcmp(have.data, want.mv_data, have.size) == 0);
}

static void compare(struct tree *t, MDB_txn *txn, MDB_dbi rows)
{
	char memory[64];
	for (unsigned i = 0; i < KEYS; i++)
		same(t, txn, rows, key_of(i, memory));
	for (unsigned i = 0; i < ABSENT; i++) {
		MDB_val k = key_of((unsigned)roll(KEYS * 2), memory);
		memory[roll(k.mv_size)] ^= (char)(1 + roll(255));
		k.mv_size -= roll(k.mv_size);
		same(t, txn, rows, k);
	}
}

static MDB_val val_of(struct text key)
{
	return (MDB_val){key.size, (char *)(uintptr_t)key.data};
}

/* A key that is there and a few before this one, or a shorter one that need not be there. */
static struct text before(MDB_txn *txn, MDB_dbi rows, struct text key, char out[64])
{
	MDB_val k = val_of(key), v;
	MDB_cursor *cursor;
	struct text found = {key.data, roll(key.size)};
	must(mdb_cursor_open(txn, rows, &cursor) == 0);
	int error = mdb_cursor_get(cursor, &k, &v, MDB_SET_RANGE);
	for (uint64_t i = 1 + roll(8); i > 0 && error == 0; i--)
		error = mdb_cursor_get(cursor, &k, &v, MDB_PREV);
	if (error == 0 && roll(4)) {
		memcpy(out, k.mv_data, k.mv_size);
		found = (struct text){out, k.mv_size};
	}
	mdb_cursor_close(cursor);
	return found;
}

/* tree_get would find it without, and later. */
static void was_walked_to(const struct tree *t, MDB_txn *txn, MDB_dbi rows, struct text key)
{
	const struct walk *w = walk_find(t, key);
	MDB_val k = val_of(key), v;
	if (CHECK(w) && CHECK(w->found == (mdb_get(txn, rows, &k, &v) == 0)) && w->found)
		CHECK(w->value.data == v.mv_data && w->value.size == v.mv_size);
}

/* In several walks, of keys that are there and that are not, some twice; then one by one. */
static void compare_walked(struct tree *t, MDB_txn *txn, MDB_dbi rows)
{
	static char memory[TREE_WALKS_MAX / 2][64], others[TREE_WALKS_MAX / 2][64];
	struct text keys[TREE_WALKS_MAX / 2];
	struct goal goals[TREE_WALKS_MAX / 2];
	unsigned n = 1 + (unsigned)roll(TREE_WALKS_MAX / 2), walked = 0;
	for (unsigned i = 0; i < n; i++) {
		MDB_val k = key_of((unsigned)roll(KEYS * 2), memory[i]);
		keys[i] = (struct text){memory[i], k.mv_size - (roll(4) ? 0 : roll(k.mv_size))};
		if (i > 0 && roll(8) == 0)
			keys[i] = keys[roll(i)];
		goals[i] = (struct goal){.key = keys[i]};
		if (roll(2))
			goals[i].beside = before(txn, rows, keys[i], others[i]);
	}
	while (walked < n) {
		unsigned some = 1 + (unsigned)roll(n - walked);
		tree_walk(t, goals + walked, some);
		walked += some;
		for (unsigned i = 0; i < n; i++) {
			if (i < walked)
				was_walked_to(t, txn, rows, goals[i].key);
			if (i < walked && goals[i].beside.size)
				was_walked_to(t, txn, rows, goals[i].beside);
			same(t, txn, rows, val_of(goals[i].key));
			if (goals[i].beside.size)
				same(t, txn, rows, val_of(goals[i].beside));
		}
	}
	tree_forget_walks(t);
	for (unsigned i = 0; i < n; i++)
		same(t, txn, rows, val_of(goals[i].key));
}

static void compare_now(struct tree *t, MDB_env *env, MDB_dbi rows)
{
	MDB_txn *txn;
	must(mdb_txn_begin(env, NULL, MDB_RDONLY, &txn) == 0);
	if (CHECK(stand(t, txn, rows)))
		compare(t, txn, rows);
	for (unsigned i = 0; i < WALKS && t->snapshot; i++)
		compare_walked(t, txn, rows);
	mdb_txn_abort(txn);
}

int main(void)
{
	const char *seed = getenv("TEST_SEED");
	const char *dir = kit_dir("tree");
	static struct tree now, held;
	MDB_env *env;
	MDB_txn *txn, *old;
	MDB_dbi rows;

	state = seed ? strtoull(seed, NULL, 10) : (unsigned)getpid();
	printf("TEST_SEED=%llu\n", (unsigned long long)state);
	must(folder_make_at(dir) == OK && mdb_env_create(&env) == 0);
	must(mdb_env_set_mapsize(env, 1u << 30) == 0);
	must(mdb_env_open(env, dir, MDB_NOTLS | MDB_NOSYNC, 0600) == 0);
	must(mdb_txn_begin(env, NULL, 0, &txn) == 0 && mdb_dbi_open(txn, NULL, 0, &rows) == 0);
	must(mdb_txn_commit(txn) == 0);
	change(env, rows, FEW);
	compare_now(&now, env, rows);
	CHECK_INT(now.depth, 1);
	change(env, rows, PUTS);
	must(mdb_txn_begin(env, NULL, MDB_RDONLY, &old) == 0);
	CHECK(stand(&held, old, rows));
	for (unsigned round = 0; round < ROUNDS; round++) {
		change(env, rows, PUTS);
		compare_now(&now, env, rows);
	}
	compare(&held, old, rows);
	mdb_txn_abort(old);
	mdb_env_close(env);
	return test_end();
}
