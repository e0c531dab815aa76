/*
 * Backup while serving, and restore.
 *
 *   TO/ledger, TO/view, TO/keys as in a data directory, and TO/digests, which names each file
 *
 * The feeder is held while LMDB copies itself; the ledger is copied up to the view's position, so
 * that the view never reaches past the ledger; the customer keys come last, so that none is missing
 * (the master key is not in a backup: it is what makes one readable). All under a temporary name.
 * No key is wiped meanwhile: a copy never lacks a key whose erasure it has not.
 */
#include "store/erase.h"
#include "store/parts.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sys/stat.h>
#include <unistd.h>

enum { CHUNK = 1024 * 1024 };

struct copy {
	const char *from, *to;
	FILE *digests;
	char *why;
};

static enum fault unreadable(struct copy *c, const char *what, const char *name)
{
	c->why = text_print("%s %s/%s: %s", what, c->from, name, strerror(errno));
	return FAULT_FILE_UNREADABLE;
}

static enum fault failed(struct copy *c, const char *what, const char *name)
{
	enum fault fault = fault_of_write(errno);
	c->why = text_print("%s %s: %s", what, name, strerror(errno));
	return fault;
}

static bool is_there(const char *path)
{
	return access(path, F_OK) == 0;
}

/* ---- files ---- */

/* The first `size` bytes (all when UINT64_MAX), then zeros up to `whole`. */
static enum fault copy_bytes(int from, int to, uint64_t size, uint64_t whole)
{
	char *chunk = malloc(CHUNK);
	must(chunk);
	uint64_t at = 0;
	bool good = true, readable = true;
	while (good && at < size) {
		uint64_t n = size - at < CHUNK ? size - at : CHUNK;
		int64_t got = file_read(from, chunk, n, at);
		readable = got >= 0;
		good = readable && file_write(to, chunk, (size_t)got, at);
		at += good ? (uint64_t)got : 0;
		if (got < (int64_t)n)
			break;
	}
	memset(chunk, 0, CHUNK);
	while (good && at < whole) {
		uint64_t n = whole - at < CHUNK ? whole - at : CHUNK;
		good = file_write(to, chunk, n, at);
		at += n;
	}
	free(chunk);
	if (!readable)
		return FAULT_FILE_UNREADABLE;
	return good && fsync(to) == 0 ? OK : fault_of_write(errno);
}

static enum fault copy_file(struct copy *c, const char *name, uint64_t size, uint64_t whole)
{
	char *from_path = text_print("%s/%s", c->from, name),
	     *to_path = text_print("%s/%s", c->to, name);
	int from = open(from_path, O_RDONLY | O_CLOEXEC), to = -1;
	enum fault fault = from < 0 ? unreadable(c, "cannot open", name) : OK;
	if (fault == OK) {
		to = open(to_path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
		fault = to < 0 ? failed(c, "cannot make", name) : copy_bytes(from, to, size, whole);
		if (fault == FAULT_FILE_UNREADABLE)
			fault = unreadable(c, "cannot read", name);
		else if (fault != OK && to >= 0)
			fault = failed(c, "cannot copy", name);
	}
	if (from >= 0)
		close(from);
	if (to >= 0)
		close(to);
	free(from_path);
	free(to_path);
	return fault;
}

/* What the disk has, not the page cache, as far as a program can ask for it. The digest of a file
 * is a chain over its chunks: d = SHA-256(d || SHA-256(chunk)), from zeros. */
static bool digest_file(const char *folder, const char *name, char ret_hex[64])
{
	uint8_t chain[2 * DIGEST_SIZE_MAX] = {0};
	char *path = text_print("%s/%s", folder, name), *chunk = malloc(CHUNK);
	int file = open(path, O_RDONLY | O_CLOEXEC);
	must(chunk);
	bool good = file >= 0;
	if (good)
		(void)posix_fadvise(file, 0, 0, POSIX_FADV_DONTNEED);
	for (uint64_t at = 0; good;) {
		int64_t got = file_read(file, chunk, CHUNK, at);
		good = got >= 0;
		if (got <= 0)
			break;
		struct text part = {chunk, (size_t)got},
			    both = {(const char *)chain, sizeof(chain)};
		digest_parts(DIGEST_SHA256, &part, 1, chain + 32);
		digest_parts(DIGEST_SHA256, &both, 1, chain);
		at += (uint64_t)got;
	}
	if (file >= 0)
		close(file);
	free(path);
	free(chunk);
	hex_lower(chain, 32, ret_hex);
	return good;
}

static enum fault note_digest(struct copy *c, const char *name)
{
	char hex[64];
	if (!digest_file(c->to, name, hex))
		return failed(c, "cannot read back", name);
	if (fprintf(c->digests, "%.64s %s\n", hex, name) < 0)
		return failed(c, "cannot write", "digests");
	return OK;
}

/* ---- backup ---- */

static enum fault copy_view(struct engine *e, struct copy *c, struct position *ret)
{
	struct view_reader reader;
	char *path = text_print("%s/view", c->to), *file = text_print("%s/view/data.mdb", c->to);
	TRY(feeder_hold(e));
	int error = mdb_env_copy2(e->view.env, path, MDB_CP_COMPACT);
	view_reader_open(&reader, &e->view);
	*ret = (struct position){0};
	(void)view_position(&reader, ret);
	view_reader_close(&reader);
	feeder_go_on(e);
	/* Nobody feeds: a generation may have been left half-fed, and only the whole ledger ends
	 * it. */
	if (e->read_only)
		ret->place = e->ledger.end;
	enum fault fault = OK;
	int copied = error ? -1 : open(file, O_RDONLY | O_CLOEXEC);
	if (error)
		errno = error;
	if (copied < 0 || fsync(copied) != 0)
		fault = failed(c, "cannot copy", "view/data.mdb");
	if (copied >= 0)
		close(copied);
	free(path);
	free(file);
	return fault;
}

static enum fault copy_ledger(struct engine *e, struct copy *c, const struct place *end)
{
	uint32_t last = end->segment ? end->segment : 1;
	uint64_t whole = e->ledger.head.segment_bytes;
	for (uint32_t segment = 1; segment <= last; segment++) {
		char name[40];
		snprintf(name, sizeof(name), "ledger/%06u.seg", segment);
		uint64_t used = end->segment ? end->offset : LEDGER_ALIGN;
		TRY(copy_file(c, name, segment == last ? used : whole, whole));
		TRY(note_digest(c, name));
	}
	return OK;
}

static enum fault copy_keys(struct copy *c)
{
	char *path = text_print("%s/keys", c->from), name[NAME_MAX + 8];
	DIR *folder = opendir(path);
	enum fault fault = folder ? OK : unreadable(c, "cannot open", "keys");
	free(path);
	for (struct dirent *d; fault == OK && (d = readdir(folder));) {
		if (d->d_name[0] == '.')
			continue;
		snprintf(name, sizeof(name), "keys/%s", d->d_name);
		fault = copy_file(c, name, UINT64_MAX, 0);
		if (fault == OK)
			fault = note_digest(c, name);
	}
	if (folder)
		closedir(folder);
	return fault;
}

static enum fault copy_all(struct engine *e, struct copy *c)
{
	struct position position;
	TRY(folder_make(c->to, "ledger"));
	TRY(folder_make(c->to, "view"));
	TRY(folder_make(c->to, "keys"));
	TRY(copy_view(e, c, &position));
	TRY(note_digest(c, "view/data.mdb"));
	TRY(copy_ledger(e, c, &position.place));
	return copy_keys(c);
}

static bool sync_folders(const char *path)
{
	char *ledger = text_print("%s/ledger", path), *view = text_print("%s/view", path);
	char *keys = text_print("%s/keys", path);
	bool good =
	    folder_sync(ledger) && folder_sync(view) && folder_sync(keys) && folder_sync(path);
	free(ledger);
	free(keys);
	free(view);
	return good;
}

/* The whole copy gets its name. */
static enum fault finish(struct copy *c, const char *name)
{
	char *parent = path_parent(name);
	bool good = sync_folders(c->to) && rename(c->to, name) == 0 && folder_sync(parent);
	free(parent);
	return good ? OK : failed(c, "cannot finish", name);
}

static enum fault close_digests(struct copy *c)
{
	bool good = fflush(c->digests) == 0 && fsync(fileno(c->digests)) == 0;
	good = fclose(c->digests) == 0 && good;
	return good ? OK : failed(c, "cannot write", "digests");
}

static enum fault open_digests(struct copy *c)
{
	char *path = text_print("%s/digests", c->to);
	int file = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	free(path);
	c->digests = file < 0 ? NULL : fdopen(file, "w");
	return c->digests ? OK : failed(c, "cannot write", "digests");
}

enum fault embedded_backup(struct engine *e, const char *to, char **ret_why)
{
	*ret_why = NULL;
	if (is_there(to)) {
		*ret_why = text_print("%s is there already", to);
		return FAULT_DATA_PRESENT;
	}
	char *part = text_print("%s.part", to);
	struct copy c = {.from = e->dir, .to = part};
	folder_remove(part);
	enum fault fault = folder_make_at(part);
	if (fault == OK)
		fault = open_digests(&c);
	if (fault == OK) {
		pthread_mutex_lock(&e->erasing);
		fault = copy_all(e, &c);
		pthread_mutex_unlock(&e->erasing);
		enum fault closed = close_digests(&c);
		fault = fault == OK ? closed : fault;
	}
	if (fault == OK)
		fault = finish(&c, to);
	if (fault != OK)
		folder_remove(part);
	*ret_why = c.why;
	if (fault != OK && !c.why)
		*ret_why = text_print("%s: %s", to, fault_text(fault));
	free(part);
	return fault;
}

/* ---- restore ---- */

/* A backup is old; who restores it says that the clock is right. */
static enum fault new_epoch(struct engine *e)
{
	TRY(engine_clock_accept(e));
	enum fault fault = engine_new_epoch(e);
	return fault == FAULT_DATA_MISSING ? OK : fault;
}

/* Copies what `digests` names, and checks it. */
static enum fault copy_named(struct copy *c)
{
	char *path = text_print("%s/digests", c->from), line[256], name[128], want[65], have[64];
	FILE *digests = fopen(path, "r");
	free(path);
	if (!digests) {
		c->why = text_print("%s is no backup: it has no file digests", c->from);
		return FAULT_DATA_MISSING;
	}
	enum fault fault = OK;
	while (fault == OK && fgets(line, sizeof(line), digests)) {
		if (sscanf(line, "%64s %127s", want, name) != 2 || strstr(name, "..")) {
			c->why = text_print("%s/digests cannot be read", c->from);
			fault = FAULT_DATA_DAMAGED;
			break;
		}
		fault = copy_file(c, name, UINT64_MAX, 0);
		if (fault == OK &&
		    (!digest_file(c->to, name, have) || memcmp(have, want, 64) != 0)) {
			c->why = text_print("%s/%s is not what the backup wrote", c->from, name);
			fault = FAULT_DATA_DAMAGED;
		}
	}
	fclose(digests);
	return fault;
}

/* The new store's key: the one given, DIR.key, or FROM.key copied to DIR.key. */
static enum fault find_key(struct copy *c, const char *dir, const char *given, char **ret_path)
{
	*ret_path = given ? text_print("%s", given) : text_print("%s.key", dir);
	char *beside = text_print("%s.key", c->from);
	enum fault fault = OK;
	if (!is_there(*ret_path) && !given && is_there(beside)) {
		int from = open(beside, O_RDONLY | O_CLOEXEC);
		int to = open(*ret_path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
		if (from < 0 || to < 0 || copy_bytes(from, to, UINT64_MAX, 0) != OK)
			fault = failed(c, "cannot copy", beside);
		if (from >= 0)
			close(from);
		if (to >= 0)
			close(to);
	}
	free(beside);
	return fault;
}

/* The lists of erasures that may name people of the copy: that of its key, that of the folder's
 * name, and the one beside the backup. A line that is met twice finds its key gone already. */
static enum fault read_erasures(struct copy *c, const char *dir, const char *key,
				struct erasures *ret)
{
	char *paths[] = {erased_path(key), text_print("%s.erased", dir),
			 text_print("%s.erased", c->from)};
	enum fault fault = OK;
	for (size_t i = 0; i < COUNT_OF(paths); i++) {
		if (fault == OK && (fault = erased_read(paths[i], ret)) != OK)
			c->why = text_print("%s: %s", paths[i], strerror(errno));
		free(paths[i]);
	}
	return fault;
}

/* Everything is replayed at the first opening. */
static enum fault empty_view(struct copy *c)
{
	char *path = text_print("%s/view", c->to);
	enum fault fault = view_create(path, &c->why);
	free(path);
	return fault;
}

/* The copied view has these people in clear, and old entries could be read with their keys. */
static enum fault forget_erased(struct copy *c, const struct erasures *known, const char *key,
				struct erasures *ret_wiped)
{
	char *keys = text_print("%s/keys", c->to), *path = erased_path(key);
	enum fault fault = erase_keys(keys, known, ret_wiped);
	if (fault == OK && ret_wiped->n > 0)
		fault = empty_view(c);
	/* So that a restore by this key finds them too, wherever they were listed. */
	if (fault == OK && ret_wiped->n > 0)
		fault = erased_append(path, ret_wiped);
	free(keys);
	free(path);
	return fault;
}

static enum fault open_with(struct copy *c, const char *key, const struct erasures *wiped)
{
	struct engine_config config = {.dir = c->to, .master_key = key};
	struct engine *e;
	TRY(engine_open(&config, &e, &c->why));
	enum fault fault = new_epoch(e);
	if (fault == OK)
		fault = erase_records(e, wiped);
	engine_close(e);
	return fault;
}

static enum fault open_restored(struct copy *c, const char *dir, const char *given)
{
	struct erasures known = {0}, wiped = {0};
	char *key;
	TRY(find_key(c, dir, given, &key));
	enum fault fault = read_erasures(c, dir, key, &known);
	if (fault == OK)
		fault = forget_erased(c, &known, key, &wiped);
	if (fault == OK)
		fault = open_with(c, key, &wiped);
	erased_release(&known);
	erased_release(&wiped);
	free(key);
	return fault;
}

enum fault engine_restore(const char *from, const char *dir, const char *master_key, char **ret_why)
{
	*ret_why = NULL;
	if (is_there(dir)) {
		*ret_why = text_print("%s is there already", dir);
		return FAULT_DATA_PRESENT;
	}
	char *part = text_print("%s.part", dir);
	struct copy c = {.from = from, .to = part};
	folder_remove(part);
	enum fault fault = folder_make_at(part);
	if (fault == OK)
		fault = folder_make(part, "ledger");
	if (fault == OK)
		fault = folder_make(part, "view");
	if (fault == OK)
		fault = folder_make(part, "keys");
	if (fault == OK)
		fault = copy_named(&c);
	if (fault == OK)
		fault = open_restored(&c, dir, master_key);
	if (fault == OK)
		fault = finish(&c, dir);
	if (fault != OK)
		folder_remove(part);
	*ret_why = c.why;
	if (fault != OK && !c.why)
		*ret_why = text_print("%s: %s", dir, fault_text(fault));
	free(part);
	return fault;
}
