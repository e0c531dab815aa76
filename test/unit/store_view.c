/*
 * How the feeder fills LMDB's file: which of several versions of a row it brings, how full pages
 * are behind rows that come sorted, what of a generation's beginning stands until its end, and how
 * large the file becomes.
 */
#include "engine_kit.h"

#include "store/keys.h"
#include "store/view.h"

#include <fcntl.h>

enum {
	GENERATIONS = 12,
	ROWS = 20000, /* of one generation */
	VALUE = 29,
	PAGE = 4096,
	PAGE_HEADER = 16,
	NODE = 10, /* what a row takes beside key and value */
	GENERATION_BYTES = 1 << 20,
};

static uint64_t state = 1;

static unsigned roll(unsigned below)
{
	state = state * 6364136223846793005u + 1442695040888963407u;
	return (unsigned)(state >> 33) % below;
}

struct store {
	char *path;
	struct view view;
	uint64_t fed; /* generations */
};

static void store_open(struct store *s, const char *name, unsigned feed_pages)
{
	char *why = NULL;
	struct view_config config = {.feed_pages = feed_pages};
	*s = (struct store){.path = text_print("%s", kit_dir(name))};
	must(view_create(s->path, &why) == OK);
	must(view_open(&s->view, s->path, config, &why) == OK);
}

static void store_close(struct store *s)
{
	view_close(&s->view);
	free(s->path);
}

static enum fault try_feed(struct store *s, const struct generation *g)
{
	struct position position = {.place = {.batch = s->fed + 1}};
	enum fault fault = view_feed(&s->view, g, &position);
	s->fed += fault == OK;
	return fault;
}

static void feed(struct store *s, struct generation *g)
{
	must(try_feed(s, g) == OK);
	generation_close(g);
}

static struct generation *fresh(void)
{
	struct generation *g = generation_open(GENERATION_BYTES);
	must(g);
	return g;
}

static struct text key_of(char kind, unsigned i, char out[32])
{
	int n = snprintf(out, 32, "%ckey%08u", kind, i);
	return (struct text){out, (size_t)n};
}

static void put(struct generation *g, unsigned command, char kind, unsigned i, unsigned value)
{
	char key[32], bytes[VALUE] = {0};
	struct text v = {bytes, sizeof(bytes)};
	memcpy(bytes, &value, sizeof(value));
	must(generation_add(g, (struct stamp){1, command}, key_of(kind, i, key), &v));
}

/* ---- how full pages are ---- */

static double fill_of(struct store *s, char kind)
{
	MDB_txn *txn;
	MDB_cursor *cursor;
	MDB_val k = {1, &kind}, v;
	uintptr_t page = 0;
	size_t pages = 0, bytes = 0;
	must(mdb_txn_begin(s->view.env, NULL, MDB_RDONLY, &txn) == 0);
	must(mdb_cursor_open(txn, s->view.rows, &cursor) == 0);
	int error = mdb_cursor_get(cursor, &k, &v, MDB_SET_RANGE);
	for (; error == 0 && *(char *)k.mv_data == kind;
	     error = mdb_cursor_get(cursor, &k, &v, MDB_NEXT)) {
		pages += (uintptr_t)k.mv_data / PAGE != page;
		page = (uintptr_t)k.mv_data / PAGE;
		bytes += NODE + k.mv_size + v.mv_size;
	}
	mdb_cursor_close(cursor);
	mdb_txn_abort(txn);
	return (double)bytes / (double)(pages * (PAGE - PAGE_HEADER));
}

/* Each generation's rows stand behind the last one's, with others behind them all. */
static void test_fill(void)
{
	struct store s;
	store_open(&s, "fill", 0);
	for (unsigned n = 0; n < GENERATIONS; n++) {
		struct generation *g = fresh();
		for (unsigned i = 0; i < ROWS; i++)
			put(g, n, 'b', n * ROWS + i, i);
		put(g, n, 'c', n, n);
		feed(&s, g);
	}
	CHECK(fill_of(&s, 'b') > 0.69 && fill_of(&s, 'b') < 0.8);
	store_close(&s);
}

/* ---- which version comes ---- */

static void check_value(struct view_reader *r, char kind, unsigned i, unsigned want)
{
	char key[32];
	struct text value = TEXT_NONE;
	unsigned have = 0;
	bool found = view_get(r, key_of(kind, i, key), &value);
	if (found)
		memcpy(&have, value.data, sizeof(have));
	CHECK(found == (want != 0));
	CHECK_INT(have, want);
}

/* What has been fed so far, through our own descent. */
static void read_from(struct view_reader *r, struct store *s)
{
	view_reader_open(r, &s->view);
	view_reader_reset(r);
	view_reader_renew(r);
}

/* Each row in many versions, so that their stretches of the order begin and end anywhere, and
 * heads, which come last. */
static void test_newest(void)
{
	enum { KEYS = 700, PUTS = 9000 };
	static unsigned newest[KEYS], newest_head[KEYS];
	struct store s;
	struct view_reader r;
	store_open(&s, "newest", 2);
	for (unsigned n = 0; n < 4; n++) {
		struct generation *g = fresh();
		for (unsigned k = 1; k <= PUTS - n * 1111; k++) {
			unsigned i = roll(KEYS), value = n * PUTS + k;
			put(g, k, k % 50 ? 'b' : ROW_HEAD, i, value);
			*(k % 50 ? &newest[i] : &newest_head[i]) = value;
		}
		uint64_t commits = atomic_load(&s.view.commits);
		feed(&s, g);
		CHECK(atomic_load(&s.view.commits) > commits + 1);
		read_from(&r, &s);
		for (unsigned i = 0; i < KEYS; i++)
			check_value(&r, 'b', i, newest[i]);
		for (unsigned i = 0; i < KEYS; i++)
			check_value(&r, ROW_HEAD, i, newest_head[i]);
		view_reader_close(&r);
	}
	store_close(&s);
}

/* ---- what stands until a generation's end ---- */

static void copy_file(const char *from, const char *to)
{
	char *command = text_print("cp %s %s", from, to);
	must(system(command) == 0);
	free(command);
}

/* Each page of the copy's tree that has rows, in the file as it is now. */
static size_t changed_pages(const char *copy, const char *file)
{
	MDB_env *env;
	MDB_txn *txn;
	MDB_dbi rows;
	MDB_cursor *cursor;
	MDB_val k, v;
	size_t changed = 0;
	char now[PAGE];
	int f = open(file, O_RDONLY | O_CLOEXEC);
	must(f >= 0 && mdb_env_create(&env) == 0);
	must(mdb_env_open(env, copy, MDB_RDONLY | MDB_NOLOCK | MDB_NOSUBDIR, 0600) == 0);
	must(mdb_txn_begin(env, NULL, MDB_RDONLY, &txn) == 0);
	must(mdb_dbi_open(txn, NULL, 0, &rows) == 0 && mdb_cursor_open(txn, rows, &cursor) == 0);
	const char *last = NULL;
	while (mdb_cursor_get(cursor, &k, &v, MDB_NEXT) == 0) {
		const char *page = (const char *)((uintptr_t)k.mv_data / PAGE * PAGE);
		if (page == last)
			continue;
		/* Its own number stands first on a page. */
		size_t number;
		memcpy(&number, page, sizeof(number));
		must(pread(f, now, PAGE, (off_t)(number * PAGE)) == PAGE);
		changed += memcmp(now, page, PAGE) != 0;
		last = page;
	}
	mdb_cursor_close(cursor);
	mdb_txn_abort(txn);
	mdb_env_close(env);
	close(f);
	return changed;
}

static size_t pages_of(struct store *s)
{
	MDB_envinfo info;
	must(mdb_env_info(s->view.env, &info) == 0);
	return info.me_last_pgno + 1;
}

/* So many rows, anywhere in the file, in several transactions. */
static struct generation *changes(unsigned n)
{
	struct generation *g = fresh();
	for (unsigned i = 0; i < n; i++)
		put(g, i, 'b', roll(ROWS), i);
	return g;
}

static struct generation *all_rows(void)
{
	struct generation *g = fresh();
	for (unsigned i = 0; i < ROWS; i++)
		put(g, i, 'b', i, i);
	return g;
}

/* Less than a quarter of the file: none of its pages. */
static void test_before(void)
{
	struct store s;
	store_open(&s, "before", 16);
	char *file = text_print("%s/data.mdb", s.path), *copy = text_print("%s.copy", s.path);
	feed(&s, all_rows());
	for (unsigned n = 0; n < GENERATIONS; n++) {
		uint64_t commits = atomic_load(&s.view.commits);
		copy_file(file, copy);
		feed(&s, changes(60));
		CHECK(atomic_load(&s.view.commits) > commits + 2);
		CHECK_INT(changed_pages(copy, file), 0);
	}
	free(file);
	free(copy);
	store_close(&s);
}

/* Nearly all pages, again and again: it goes in steps of a quarter. */
static void test_growth(void)
{
	struct store s;
	store_open(&s, "growth", 16);
	feed(&s, all_rows());
	size_t pages = pages_of(&s);
	for (unsigned n = 0; n < GENERATIONS * 2; n++)
		feed(&s, changes(ROWS / 20));
	CHECK(pages_of(&s) < pages * 2);
	store_close(&s);
}

/* There is room for some of its transactions, not for the whole generation's pages a second time.
 */
static void test_full(void)
{
	struct store s;
	struct view_reader r;
	store_open(&s, "full", 16);
	feed(&s, all_rows());
	must(mdb_env_set_mapsize(s.view.env, (pages_of(&s) + 100) * PAGE) == 0);
	struct generation *g = fresh();
	for (unsigned i = 0; i < ROWS; i += 20)
		put(g, i, 'b', i, i + 1);
	CHECK_INT(try_feed(&s, g), OK);
	generation_close(g);
	read_from(&r, &s);
	for (unsigned i = 1; i < ROWS; i++)
		check_value(&r, 'b', i, i + (i % 20 == 0));
	view_reader_close(&r);
	store_close(&s);
}

int main(void)
{
	test_fill();
	test_newest();
	test_before();
	test_growth();
	test_full();
	return test_end();
}
