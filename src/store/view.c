/*
 * The view: LMDB, opened with one unnamed database and more address space than it will fill. Where
 * the disk fails under the map, the read ends in SIGBUS: the process dies and is started again,
 * rather than give a wrong answer.
 */
#include "store/view.h"

#include "base/file.h"
#include "store/keys.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/statvfs.h>
#include <unistd.h>

/* Address space, not memory: 256 GiB, halved while the machine refuses. */
static const size_t MAP_BYTES = (size_t)256 << 30, MAP_BYTES_MIN = (size_t)1 << 30;
enum {
	READERS_MAX = 256,	  /* 64 workers, the lane, the feeder, the command line */
	PUTS_PER_COMMIT = 100000, /* bounds the time of a commit where many rows share pages */
	PAGE = 4096,
	PAGES_SPARE = 96, /* branch pages and the free list of a transaction */
	LINE = 64,	  /* of the processor's caches */
	ROWS_AHEAD = 8,	  /* so many rows are called from memory before their turn */
	STRETCH = 1024,	  /* rows of many pages: turn_of */
	STEP_SHARE = 4,	  /* of the file is freed in a step */
	WRITE_BYTES_MAX = 4 * 1024 * 1024, /* more than LMDB writes in one call: a record's pages */
};

/* Sorts after every key of keys.c, which leaves kinds from 128 up to us. Its number is that of how
 * rows stand: a view without this one is from another program, and is made again (view_clear). */
static const struct text position_key = {"\xFF\xFFposition 3", 12};

static _Noreturn void die(const char *what, int error)
{
	fprintf(stderr, "couponry: the view (LMDB): %s: %s; stopping\n", what, mdb_strerror(error));
	abort();
}

static MDB_val val(struct text t)
{
	return (MDB_val){.mv_size = t.size, .mv_data = (void *)(uintptr_t)t.data};
}

static struct text text_of_val(MDB_val v)
{
	return (struct text){v.mv_data, v.mv_size};
}

/* ---- opening ---- */

static int open_environment(struct view *v, const char *path, struct view_config config)
{
	unsigned flags = MDB_NOTLS | MDB_NORDAHEAD;
	if (config.read_only)
		flags |= MDB_RDONLY;
	if (config.temporary)
		flags |= MDB_NOSYNC | MDB_NOLOCK;
	int error = ENOMEM;
	for (size_t size = MAP_BYTES; size >= MAP_BYTES_MIN && error == ENOMEM; size /= 2) {
		if ((error = mdb_env_create(&v->env)) != 0)
			return error;
		mdb_env_set_maxreaders(v->env, READERS_MAX);
		mdb_env_set_mapsize(v->env, size);
		error = mdb_env_open(v->env, path, flags, 0600);
		if (error)
			mdb_env_close(v->env);
	}
	return error;
}

/* LMDB's own order in one call, where LMDB's makes two. */
static int compare_keys(const MDB_val *a, const MDB_val *b)
{
	return tree_compare(text_of_val(*a), text_of_val(*b));
}

static int open_rows(struct view *v, bool read_only)
{
	MDB_txn *txn;
	int error = mdb_txn_begin(v->env, NULL, read_only ? MDB_RDONLY : 0, &txn);
	if (error)
		return error;
	error = mdb_dbi_open(txn, NULL, 0, &v->rows);
	if (error == 0)
		error = mdb_set_compare(txn, v->rows, compare_keys);
	if (error == 0)
		return mdb_txn_commit(txn);
	mdb_txn_abort(txn);
	return error;
}

/* LMDB says EIO of a write that came short, which is how a disk becomes full in the middle. */
static bool has_no_room(const struct view *v)
{
	int file;
	struct statvfs s;
	return v->env && mdb_env_get_fd(v->env, &file) == 0 && fstatvfs(file, &s) == 0 &&
	       (uint64_t)s.f_bavail * s.f_frsize < WRITE_BYTES_MAX;
}

static enum fault fault_of_lmdb(const struct view *v, int error)
{
	if (error == ENOSPC || error == EDQUOT || error == MDB_MAP_FULL ||
	    (error == EIO && has_no_room(v)))
		return FAULT_DISK_FULL;
	if (error == MDB_CORRUPTED || error == MDB_INVALID || error == MDB_VERSION_MISMATCH ||
	    error == MDB_PAGE_NOTFOUND)
		return FAULT_DATA_DAMAGED;
	return FAULT_FILE_UNWRITABLE;
}

enum fault view_open(struct view *v, const char *path, struct view_config config, char **ret_why)
{
	*v = (struct view){.temporary = config.temporary,
			   .feed_pages = config.feed_pages ? config.feed_pages : FEED_PAGES_MAX};
	int error = open_environment(v, path, config);
	if (error) {
		v->env = NULL;
	} else {
		error = open_rows(v, config.read_only);
	}
	if (error == 0)
		return OK;
	*ret_why = text_print("the view in %s cannot be opened: %s", path, mdb_strerror(error));
	enum fault fault = fault_of_lmdb(v, error);
	view_close(v);
	return fault;
}

void view_close(struct view *v)
{
	if (v->env)
		mdb_env_close(v->env);
	v->env = NULL;
}

/* ---- compacting ---- */

void view_compact_end(const char *path)
{
	char *fresh = text_print("%s.new", path);
	folder_remove(fresh);
	free(fresh);
}

static bool file_sync(const char *path)
{
	int file = open(path, O_RDONLY | O_CLOEXEC);
	bool good = file >= 0 && fsync(file) == 0;
	if (file >= 0)
		close(file);
	return good;
}

static enum fault copy_compacted(struct view *v, const char *to, const char *copy, char **ret_why)
{
	TRY(folder_make_at(to));
	int error = mdb_env_copy2(v->env, to, MDB_CP_COMPACT);
	if (error == 0 && file_sync(copy))
		return OK;
	error = error ? error : errno;
	*ret_why = text_print("the view cannot be copied to %s: %s", to, mdb_strerror(error));
	return fault_of_lmdb(v, error);
}

/* Under its name only when it is whole on the disk. */
static enum fault replace(const char *path, const char *copy, char **ret_why)
{
	char *file = text_print("%s/data.mdb", path);
	bool good = rename(copy, file) == 0 && folder_sync(path);
	if (!good)
		*ret_why = text_print("%s cannot be replaced: %s", file, strerror(errno));
	free(file);
	return good ? OK : FAULT_FILE_UNWRITABLE;
}

enum fault view_compact(struct view *v, const char *path, char **ret_why)
{
	char *to = text_print("%s.new", path), *copy = text_print("%s.new/data.mdb", path);
	folder_remove(to);
	enum fault fault = copy_compacted(v, to, copy, ret_why);
	view_close(v);
	if (fault == OK)
		fault = replace(path, copy, ret_why);
	folder_remove(to);
	free(to);
	free(copy);
	return fault;
}

/* ---- reading ---- */

void view_reader_open(struct view_reader *r, const struct view *v)
{
	*r = (struct view_reader){.view = v, .begun = true, .commits = atomic_load(&v->commits)};
	int error = mdb_txn_begin(v->env, NULL, MDB_RDONLY, &r->txn);
	if (error)
		die("a reader cannot begin", error);
}

void view_reader_close(struct view_reader *r)
{
	if (r->cursor)
		mdb_cursor_close(r->cursor);
	mdb_txn_abort(r->txn);
}

void view_reader_reset(struct view_reader *r)
{
	if (r->begun)
		mdb_txn_reset(r->txn);
	r->begun = false;
}

static MDB_cursor *cursor_get(struct view_reader *r)
{
	if (r->ready)
		return r->cursor;
	int error = r->cursor ? mdb_cursor_renew(r->txn, r->cursor)
			      : mdb_cursor_open(r->txn, r->view->rows, &r->cursor);
	if (error)
		die("a reader cannot begin", error);
	r->ready = true;
	return r->cursor;
}

/* While nothing is committed, the tree stays as it is, with its fingers. */
static void stand_in_tree(struct view_reader *r)
{
	MDB_val k, v;
	size_t snapshot = mdb_txn_id(r->txn);
	if (r->tree.snapshot == snapshot)
		return;
	r->tree.snapshot = 0;
	if (mdb_cursor_get(cursor_get(r), &k, &v, MDB_FIRST) == 0)
		(void)tree_at(&r->tree, v.mv_data, snapshot);
}

/* The counter moves behind a commit, so it may say "old" of a new one but never the reverse. */
void view_reader_renew(struct view_reader *r)
{
	uint64_t commits = atomic_load_explicit(&r->view->commits, memory_order_acquire);
	if (r->begun && r->commits == commits)
		return;
	view_reader_reset(r);
	int error = mdb_txn_renew(r->txn);
	if (error)
		die("a reader cannot begin", error);
	r->begun = true;
	r->commits = commits;
	r->ready = false;
	stand_in_tree(r);
}

bool view_get(struct view_reader *r, struct text key, struct text *ret_value)
{
	if (r->tree.snapshot)
		return tree_get(&r->tree, key, ret_value);
	MDB_val k = val(key), v;
	int error = mdb_cursor_get(cursor_get(r), &k, &v, MDB_SET);
	if (error == MDB_NOTFOUND)
		return false;
	if (error)
		die("a row cannot be read", error);
	*ret_value = text_of_val(v);
	return true;
}

bool view_next(struct view_reader *r, struct text key, bool after, struct text *ret_key,
	       struct text *ret_value)
{
	MDB_val k = val(key), v;
	MDB_cursor *cursor = cursor_get(r);
	int error = mdb_cursor_get(cursor, &k, &v, key.size ? MDB_SET_RANGE : MDB_FIRST);
	if (error == 0 && after && text_equal(text_of_val(k), key))
		error = mdb_cursor_get(cursor, &k, &v, MDB_NEXT);
	if (error == MDB_NOTFOUND)
		return false;
	if (error)
		die("a row cannot be read", error);
	*ret_key = text_of_val(k);
	*ret_value = text_of_val(v);
	return !text_equal(*ret_key, position_key);
}

bool view_position(struct view_reader *r, struct position *ret)
{
	struct text value;
	if (!view_get(r, position_key, &value))
		return false;
	if (value.size != sizeof(*ret))
		die("the position cannot be read", MDB_CORRUPTED);
	memcpy(ret, value.data, sizeof(*ret));
	return true;
}

/* ---- feeding ---- */

struct feed {
	struct view *view;
	MDB_txn *txn;
	MDB_cursor *cursor;
	/* As it was before the first transaction of a step: what the step's transactions free, they
	 * do not fill again. So a row's page comes to stand near where it stood a generation ago,
	 * and a transaction's pages near each other, many of them side by side. Were each filled
	 * again by the next transaction but one, they would soon be anywhere, and each a write of
	 * its own. A generation that changes less than a quarter of the file is one step. */
	MDB_txn *before;
	size_t step_pages; /* dirty ones, of the step's transactions */
	const char *last;  /* where the last value went: tells pages apart */
	size_t pages, puts;
};

static int feed_begin(struct feed *f)
{
	f->last = NULL;
	f->pages = f->puts = 0;
	int error = mdb_txn_begin(f->view->env, NULL, 0, &f->txn);
	if (error == 0)
		error = mdb_cursor_open(f->txn, f->view->rows, &f->cursor);
	return error;
}

/* One that does not move the position may be lost with the power supply, as long as the file stays
 * whole: its meta page goes to the disk with the next one's rows. */
static int feed_commit(struct feed *f, bool last)
{
	mdb_cursor_close(f->cursor);
	int error = mdb_env_set_flags(f->view->env, MDB_NOMETASYNC, !last);
	must(error == 0);
	error = mdb_txn_commit(f->txn);
	atomic_fetch_add_explicit(&f->view->commits, 1, memory_order_release);
	f->txn = NULL;
	return error;
}

static size_t file_pages(const struct view *v)
{
	MDB_envinfo info;
	int error = mdb_env_info(v->env, &info);
	must(error == 0);
	return info.me_last_pgno + 1;
}

/* Behind a commit: the next step begins where this one has freed a share of the file. */
static int feed_step(struct feed *f)
{
	f->step_pages += f->pages;
	if (!f->before || f->step_pages < file_pages(f->view) / STEP_SHARE)
		return 0;
	f->step_pages = 0;
	mdb_txn_reset(f->before);
	return mdb_txn_renew(f->before);
}

/* Neighbours go to one page. LMDB does not tell its dirty pages, but where the value was put tells
 * when another page began; one that two turns come to (turn_of) counts twice. */
static void count_pages(struct feed *f, const char *at, size_t size)
{
	f->puts++;
	if (size > PAGE / 2)
		f->pages += size / PAGE + 2;
	else if (!f->last || at > f->last + PAGE || f->last > at + PAGE)
		f->pages++;
	f->last = at;
}

static int feed_put(struct feed *f, struct text key, struct text value)
{
	MDB_val k = val(key), v = {.mv_size = value.size};
	int error = mdb_cursor_put(f->cursor, &k, &v, MDB_RESERVE);
	if (error)
		return error;
	if (value.size)
		memcpy(v.mv_data, value.data, value.size);
	count_pages(f, v.mv_data, value.size);
	return 0;
}

static int feed_delete(struct feed *f, struct text key)
{
	MDB_val k = val(key), v;
	int error = mdb_cursor_get(f->cursor, &k, &v, MDB_SET);
	if (error == MDB_NOTFOUND)
		return 0;
	if (error == 0)
		error = mdb_cursor_del(f->cursor, 0);
	/* Joining half-empty pages touches neighbours. */
	f->pages += 2;
	f->puts++;
	f->last = NULL;
	return error;
}

static int feed_row(struct feed *f, const struct row *r)
{
	const struct version *v = atomic_load_explicit(&r->newest, memory_order_acquire);
	if (v->size == VERSION_DELETED)
		return feed_delete(f, row_key(r));
	return feed_put(f, row_key(r), (struct text){v->data, v->size});
}

static bool feed_is_full(const struct feed *f)
{
	size_t spare = f->view->feed_pages > 2 * PAGES_SPARE ? PAGES_SPARE : 0;
	return f->pages >= f->view->feed_pages - spare || f->puts >= PUTS_PER_COMMIT;
}

static bool key_is_head(struct text key)
{
	return key.size > 0 && key.data[0] == ROW_HEAD;
}

static size_t count_heads(const struct sorted *rows, size_t count)
{
	size_t heads = 0;
	while (heads < count && key_is_head(row_key(rows[heads].row)))
		heads++;
	return heads;
}

/* A row and, behind its key, its newest version. */
static void call_for(const struct row *r)
{
	__builtin_prefetch(r);
	__builtin_prefetch((const char *)r + LINE);
}

/* The next one is newer: generation_add. */
static bool is_same_row(const struct sorted *a, const struct sorted *b)
{
	return a->word == b->word && text_equal(row_key(a->row), row_key(b->row));
}

/* Which row is the i-th to be put. LMDB halves a full page wherever the next row goes; of rows that
 * come sorted it would leave every page behind them half full. So every third row of a stretch
 * comes when the others stand: pages are three quarters full then, and rows that grow still find
 * room. */
static size_t turn_of(size_t i, size_t count)
{
	size_t begin = i - i % STRETCH, k = i - begin;
	size_t n = count - begin < STRETCH ? count - begin : STRETCH;
	size_t first = n - n / 3;
	return begin + (k < first ? k + k / 2 : (k - first) * 3 + 2);
}

static int feed_rows(struct feed *f, const struct sorted *rows, size_t count, bool heads)
{
	int error = 0;
	for (size_t i = 0; i < count && error == 0; i++) {
		if (i + ROWS_AHEAD < count)
			call_for(rows[turn_of(i + ROWS_AHEAD, count)].row);
		size_t at = turn_of(i, count);
		if (at + 1 < count && is_same_row(&rows[at], &rows[at + 1]))
			continue;
		error = feed_row(f, rows[at].row);
		if (error == 0 && !heads && feed_is_full(f)) {
			error = feed_commit(f, false);
			if (error == 0)
				error = feed_step(f);
			if (error == 0)
				error = feed_begin(f);
		}
	}
	return error;
}

static int feed_position(struct feed *f, const struct position *position)
{
	struct text value = {(const char *)position, sizeof(*position)};
	return feed_put(f, position_key, value);
}

static enum fault feed_end(struct feed *f, int error)
{
	if (error == 0)
		error = feed_commit(f, true);
	if (f->txn)
		mdb_txn_abort(f->txn);
	if (f->before)
		mdb_txn_abort(f->before);
	f->before = NULL;
	if (error == 0)
		return OK;
	if (error == MDB_PANIC || error == MDB_CORRUPTED || error == MDB_PAGE_NOTFOUND)
		die("a commit failed half-way", error);
	return fault_of_lmdb(f->view, error);
}

static enum fault feed_all(struct feed *f, const struct sorted *rows, size_t count,
			   const struct position *position)
{
	/* The heads, sorted first, wait for the last transaction: replay checks the chains against
	 * them. */
	size_t heads = count_heads(rows, count);
	int error = feed_begin(f);
	if (error == 0)
		error = feed_rows(f, rows + heads, count - heads, false);
	if (error == 0)
		error = feed_rows(f, rows, heads, true);
	if (error == 0)
		error = feed_position(f, position);
	return feed_end(f, error);
}

enum fault view_feed_sorted(struct view *v, const struct sorted *rows, size_t count,
			    const struct position *position)
{
	struct feed f = {.view = v};
	int error = mdb_txn_begin(v->env, NULL, MDB_RDONLY, &f.before);
	if (error)
		return feed_end(&f, error);
	enum fault fault = feed_all(&f, rows, count, position);
	/* Where the disk is full, pages that it has freed itself may still do. */
	return fault == FAULT_DISK_FULL ? feed_all(&f, rows, count, position) : fault;
}

enum fault view_feed(struct view *v, const struct generation *g, const struct position *position)
{
	size_t count;
	struct sorted *rows = generation_sort(g, &count);
	if (!rows)
		return FAULT_BUSY;
	enum fault fault = view_feed_sorted(v, rows, count, position);
	generation_unsort(rows, count);
	return fault;
}

enum fault view_clear(struct view *v)
{
	struct feed f = {.view = v};
	int error = feed_begin(&f);
	if (error == 0)
		error = mdb_drop(f.txn, v->rows, 0);
	return feed_end(&f, error);
}

enum fault view_mark(struct view *v, const struct position *position)
{
	struct feed f = {.view = v};
	int error = feed_begin(&f);
	if (error == 0)
		error = feed_position(&f, position);
	return feed_end(&f, error);
}

enum fault view_create(const char *path, char **ret_why)
{
	struct view view;
	folder_remove(path);
	enum fault fault = folder_make_at(path);
	if (fault == OK)
		fault = view_open(&view, path, (struct view_config){0}, ret_why);
	if (fault == OK) {
		/* The first commit syncs the file's beginning as well. */
		fault = view_mark(&view, &(struct position){0});
		view_close(&view);
	}
	return fault == OK && !folder_sync(path) ? fault_of_write(errno) : fault;
}
