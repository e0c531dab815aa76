/*
 * What finding a row costs in a view far larger than the processor's caches: by LMDB, by tree_get
 * alone, and by tree_walk in groups as large as a turn's. Random keys, the three in turns, so that
 * one machine's hour counts for all.
 *
 *   make out/release/bench/walks && out/release/bench/walks
 */
#include "base/file.h"
#include "base/monotonic.h"
#include "store/tree.h"

#include <lmdb.h>
#include <stdlib.h>

enum { ROWS = 3000000, ASKED = 96000, GROUP = 16, ROUNDS = 5, KEY_SIZE = 20, VALUE_SIZE = 120 };

static struct text key_of(unsigned row, char memory[KEY_SIZE + 1])
{
	int size = snprintf(memory, KEY_SIZE + 1, "390913445%011u", row);
	return (struct text){memory, (size_t)size};
}

static void fill(MDB_env *env, MDB_dbi *ret_rows)
{
	MDB_txn *txn;
	char key[KEY_SIZE + 1], value[VALUE_SIZE] = {0};
	must(mdb_txn_begin(env, NULL, 0, &txn) == 0 && mdb_dbi_open(txn, NULL, 0, ret_rows) == 0);
	for (unsigned row = 0; row < ROWS; row++) {
		struct text t = key_of(row, key);
		MDB_val k = {t.size, key}, v = {sizeof(value), value};
		must(mdb_put(txn, *ret_rows, &k, &v, MDB_APPEND) == 0);
	}
	must(mdb_txn_commit(txn) == 0);
}

/* What is asked for, other rows in each round, and where its bytes are: at hand, as a call's are.
 */
struct asked {
	char memory[ASKED][KEY_SIZE + 1];
	struct text keys[ASKED];
};

static void ask(struct asked *a, uint64_t state)
{
	for (unsigned i = 0; i < ASKED; i++) {
		state = state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
		a->keys[i] = key_of((unsigned)((state >> 33) % ROWS), a->memory[i]);
	}
}

static void by_lmdb(MDB_txn *txn, MDB_dbi rows, const struct asked *a)
{
	for (unsigned i = 0; i < ASKED; i++) {
		MDB_val k = {a->keys[i].size, (void *)(uintptr_t)a->keys[i].data}, v;
		must(mdb_get(txn, rows, &k, &v) == 0 && v.mv_size == VALUE_SIZE);
	}
}

static void alone(struct tree *t, const struct asked *a)
{
	struct text value;
	for (unsigned i = 0; i < ASKED; i++)
		must(tree_get(t, a->keys[i], &value) && value.size == VALUE_SIZE);
}

static void side_by_side(struct tree *t, const struct asked *a)
{
	struct goal goals[GROUP];
	struct text value;
	for (unsigned i = 0; i < ASKED; i += GROUP) {
		for (unsigned j = 0; j < GROUP; j++)
			goals[j] = (struct goal){.key = a->keys[i + j]};
		tree_walk(t, goals, GROUP);
		for (unsigned j = 0; j < GROUP; j++)
			must(tree_get(t, goals[j].key, &value) && value.size == VALUE_SIZE);
		tree_forget_walks(t);
	}
}

static uint64_t least(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

static void measure(MDB_env *env, MDB_dbi rows)
{
	static struct tree tree;
	struct asked *a = malloc(sizeof(*a));
	uint64_t lmdb = UINT64_MAX, one = UINT64_MAX, many = UINT64_MAX;
	MDB_txn *txn;
	MDB_val k, v;
	must(a);
	ask(a, 0);
	k = (MDB_val){a->keys[0].size, a->memory[0]};
	must(mdb_txn_begin(env, NULL, MDB_RDONLY, &txn) == 0 && mdb_get(txn, rows, &k, &v) == 0);
	must(tree_at(&tree, v.mv_data, mdb_txn_id(txn)));
	for (unsigned round = 0; round < ROUNDS; round++) {
		ask(a, 3 * round + 1);
		uint64_t begin = monotonic_ns();
		by_lmdb(txn, rows, a);
		lmdb = least(lmdb, monotonic_ns() - begin);
		ask(a, 3 * round + 2);
		begin = monotonic_ns();
		alone(&tree, a);
		one = least(one, monotonic_ns() - begin);
		ask(a, 3 * round + 3);
		begin = monotonic_ns();
		side_by_side(&tree, a);
		many = least(many, monotonic_ns() - begin);
	}
	printf("a row of %d, by LMDB                %6llu ns\n", ROWS,
	       (unsigned long long)(lmdb / ASKED));
	printf("  by tree_get, alone                    %6llu ns\n",
	       (unsigned long long)(one / ASKED));
	printf("  by tree_walk, %d side by side         %6llu ns\n", GROUP,
	       (unsigned long long)(many / ASKED));
	mdb_txn_abort(txn);
	free(a);
}

int main(void)
{
	char dir[] = "/tmp/couponry-walks-XXXXXX";
	MDB_env *env;
	MDB_dbi rows;
	must(mkdtemp(dir) && mdb_env_create(&env) == 0);
	must(mdb_env_set_mapsize(env, UINT64_C(4) << 30) == 0);
	must(mdb_env_open(env, dir, MDB_NOTLS | MDB_NOSYNC | MDB_NORDAHEAD, 0600) == 0);
	fill(env, &rows);
	measure(env, rows);
	mdb_env_close(env);
	folder_remove(dir);
	return 0;
}
