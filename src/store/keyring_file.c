/*
 * The customers' key slots, a file for each merchant. A merchant's file:
 *
 *   not there   -> filled ahead and synced, when the merchant first writes in this process
 *   filled      -> the lane gives numbers out; from half of what is ahead on, filled further
 *
 * Which files there are and what is in them is kept in a table by merchant; its rows are never
 * freed, so what the lane and the background thread share of one is atomic.
 */
#include "base/file.h"
#include "store/keyring.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

enum { KEYS_PER_WRITE = 1024 };

static const char keys_magic[8] = "CPNKEYS2";

struct keys_header {
	char magic[8];
	uint64_t store_id, merchant, zero;
};
_Static_assert(sizeof(struct keys_header) == SLOT_SIZE, "it stands where slot 0 would");

/* ---- files ---- */

static char *path_of(const struct keyring_file *k, uint64_t merchant)
{
	return text_print("%s/%llu", k->path, (unsigned long long)merchant);
}

static bool header_good(const struct keyring_file *k, uint64_t merchant, int file)
{
	struct keys_header h;
	return file_read(file, &h, sizeof(h), 0) == sizeof(h) &&
	       memcmp(h.magic, keys_magic, sizeof(h.magic)) == 0 && h.store_id == k->store_id &&
	       h.merchant == merchant;
}

/* -1 (errno): it is not there, or not to be had. */
static int open_file(const struct keyring_file *k, uint64_t merchant)
{
	char *path = path_of(k, merchant);
	int file = open(path, (k->read_only ? O_RDONLY : O_RDWR) | O_CLOEXEC);
	free(path);
	return file;
}

/* Not to be taken for an erased customer, or for a merchant without keys. */
static void die(uint64_t merchant)
{
	fprintf(stderr,
		"couponry: the customer keys of merchant %llu cannot be read: %s; stopping\n",
		(unsigned long long)merchant, strerror(errno));
	abort();
}

/* Under the lock. -1: there is no such file. */
static int file_take(struct keyring_file *k, const struct merchant_keys *m)
{
	if (m->file >= 0)
		return m->file;
	int file = open_file(k, m->merchant);
	if (file < 0 && errno != ENOENT)
		die(m->merchant);
	return file;
}

/* Under the lock, with what file_take gave. */
static void file_give(struct keyring_file *k, struct merchant_keys *m, int file)
{
	if (file < 0 || file == m->file)
		return;
	if (k->open_files == KEY_FILES_OPEN_MAX) {
		close(file);
		return;
	}
	k->open_files++;
	m->file = file;
}

/* ---- the table ---- */

/* Another store's file is as good as none. */
static void look(struct keyring_file *k, struct merchant_keys *m)
{
	int file = file_take(k, m);
	if (file >= 0 && header_good(k, m->merchant, file))
		m->there = (uint64_t)lseek(file, 0, SEEK_END) / SLOT_SIZE - 1;
	file_give(k, m, file);
}

/* Under the lock. */
static struct merchant_keys *find(struct keyring_file *k, uint64_t merchant)
{
	struct merchant_keys **bucket = &k->buckets[merchant % KEYRING_BUCKETS], *m = *bucket;
	while (m && m->merchant != merchant)
		m = m->next;
	if (m)
		return m;
	m = calloc(1, sizeof(*m));
	must(m);
	m->merchant = merchant;
	m->file = -1;
	m->more = SLOTS_AHEAD;
	m->next = *bucket;
	*bucket = m;
	look(k, m);
	return m;
}

static struct merchant_keys *find_locking(struct keyring_file *k, uint64_t merchant)
{
	pthread_mutex_lock(&k->lock);
	struct merchant_keys *m = find(k, merchant);
	pthread_mutex_unlock(&k->lock);
	return m;
}

/* ---- the verbs ---- */

static struct keyring_file *file_of(const struct keyring *k)
{
	return (struct keyring_file *)(uintptr_t)k; /* for its lock */
}

static bool verb_customer(const struct keyring *ring, uint64_t merchant, uint64_t slot,
			  uint8_t ret_key[SEAL_KEY_SIZE])
{
	static const uint8_t wiped[SLOT_SIZE];
	struct keyring_file *k = file_of(ring);
	if (slot == 0)
		return false;
	pthread_mutex_lock(&k->lock);
	struct merchant_keys *m = find(k, merchant);
	int file = file_take(k, m);
	int64_t got = file < 0 ? 0 : file_read(file, ret_key, SLOT_SIZE, slot * SLOT_SIZE);
	if (got < 0)
		die(merchant);
	file_give(k, m, file);
	pthread_mutex_unlock(&k->lock);
	if (got < SLOT_SIZE) {
		atomic_store(&k->missing, true);
		return false;
	}
	return memcmp(ret_key, wiped, SLOT_SIZE) != 0;
}

static uint64_t verb_take_slot(struct keyring *ring, uint64_t merchant)
{
	struct merchant_keys *m = find_locking(file_of(ring), merchant);
	uint64_t slot = atomic_load(&m->taken) + 1;
	must(slot <= atomic_load(&m->filled)); /* keyring_room was asked */
	atomic_store(&m->taken, slot);
	return slot;
}

static void verb_slot_seen(struct keyring *ring, uint64_t merchant, uint64_t slot)
{
	struct keyring_file *k = file_of(ring);
	if (slot > find_locking(k, merchant)->there)
		atomic_store(&k->missing, true);
}

/* ---- opening ---- */

enum fault keyring_create(const char *dir)
{
	return folder_make(dir, "keys");
}

enum fault keyring_open(struct keyring_file *k, const char *dir, uint64_t store_id,
			const struct master_keys *m, bool read_only, char **ret_why)
{
	struct stat s;
	*k = (struct keyring_file){.ring = {.customer = verb_customer,
					    .take_slot = verb_take_slot,
					    .slot_seen = verb_slot_seen},
				   .store_id = store_id,
				   .read_only = read_only,
				   .path = text_print("%s/keys", dir)};
	keyring_masters(&k->ring, m);
	pthread_mutex_init(&k->lock, NULL);
	pthread_cond_init(&k->tended, NULL);
	if (stat(k->path, &s) != 0)
		*ret_why = text_print("%s: %s", k->path, strerror(errno));
	else if (!S_ISDIR(s.st_mode))
		*ret_why = text_print("%s is a file: the customer keys of an older version, which "
				      "this one does not read",
				      k->path);
	return *ret_why ? FAULT_DATA_DAMAGED : OK;
}

void keyring_start(struct keyring_file *k, struct bell *bell, uint64_t seed)
{
	k->bell = bell;
	k->seed = seed;
}

static void release(struct merchant_keys *m)
{
	while (m) {
		struct merchant_keys *next = m->next;
		if (m->file >= 0)
			close(m->file);
		free(m);
		m = next;
	}
}

void keyring_close(struct keyring_file *k)
{
	if (!k->path) /* was never opened */
		return;
	for (unsigned i = 0; i < KEYRING_BUCKETS; i++)
		release(k->buckets[i]);
	free(k->path);
	secret_wipe(&k->ring, sizeof(k->ring));
	pthread_mutex_destroy(&k->lock);
	pthread_cond_destroy(&k->tended);
}

/* ---- making files ---- */

static int make_file(const char *path, const struct keys_header *header)
{
	int file = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (file >= 0 && file_write(file, header, sizeof(*header), 0))
		return file;
	if (file >= 0)
		close(file);
	return -1;
}

static int make_merchant(const char *folder, uint64_t store_id, uint64_t merchant)
{
	struct keys_header header = {.store_id = store_id, .merchant = merchant};
	memcpy(header.magic, keys_magic, sizeof(header.magic));
	char *path = text_print("%s/%llu", folder, (unsigned long long)merchant);
	int file = make_file(path, &header);
	free(path);
	return file;
}

enum fault keyring_import(const char *dir, uint64_t store_id, uint64_t merchant,
			  const uint8_t *keys, size_t n)
{
	char *folder = text_print("%s/keys", dir);
	int file = make_merchant(folder, store_id, merchant);
	bool good = file >= 0 && file_write(file, keys, n * SLOT_SIZE, SLOT_SIZE) &&
		    fsync(file) == 0 && folder_sync(folder);
	enum fault fault = good ? OK : fault_of_write(errno);
	if (file >= 0)
		close(file);
	free(folder);
	return fault;
}

/* ---- filling ahead ---- */

static void make_keys(const struct keyring_file *k, uint64_t first, uint8_t *out, size_t n)
{
	if (k->seed == 0)
		random_bytes(out, n * SLOT_SIZE);
	for (size_t i = 0; k->seed && i < n; i++)
		seeded_random(k->seed, "customer key", first + i, out + i * SLOT_SIZE, SLOT_SIZE);
}

static bool write_keys(struct keyring_file *k, struct merchant_keys *m, int file)
{
	uint8_t keys[KEYS_PER_WRITE * SLOT_SIZE];
	uint64_t filled = atomic_load(&m->filled);
	bool good = true;
	for (uint64_t done = 0; good && done < m->more; done += KEYS_PER_WRITE) {
		uint64_t first = filled + done + 1;
		make_keys(k, first, keys, KEYS_PER_WRITE);
		good = file_write(file, keys, sizeof(keys), first * SLOT_SIZE);
	}
	int error = errno;
	secret_wipe(keys, sizeof(keys));
	errno = error;
	return good;
}

/* The background thread, of a merchant with `waits`. A new file's name is synced too. */
static enum fault fill(struct keyring_file *k, struct merchant_keys *m)
{
	bool first = m->more == SLOTS_AHEAD;
	int file = m->there || !first ? open_file(k, m->merchant)
				      : make_merchant(k->path, k->store_id, m->merchant);
	bool good = file >= 0 && write_keys(k, m, file) && fdatasync(file) == 0 &&
		    (!first || folder_sync(k->path));
	enum fault fault = good ? OK : fault_of_write(errno);
	if (file >= 0)
		close(file);
	if (!good)
		return fault;
	atomic_fetch_add(&m->filled, m->more);
	m->more = 2 * m->more < SLOTS_MORE_MAX ? 2 * m->more : SLOTS_MORE_MAX;
	return OK;
}

static uint64_t left(const struct merchant_keys *m)
{
	return atomic_load(&m->filled) - atomic_load(&m->taken);
}

bool keyring_asks(struct keyring_file *k, uint64_t merchant)
{
	return !find_locking(k, merchant)->begun;
}

void keyring_begin(struct keyring_file *k, uint64_t merchant, uint64_t taken)
{
	struct merchant_keys *m = find_locking(k, merchant);
	atomic_store(&m->taken, taken);
	atomic_store(&m->filled, taken);
	m->begun = true;
}

/* Under the lock. */
static void want(struct keyring_file *k, struct merchant_keys *m)
{
	if (!m->waits) {
		m->waits = true;
		m->wants = k->wants;
		k->wants = m;
	}
	if (atomic_load(&k->fault) == OK)
		bell_ring(k->bell);
}

enum fault keyring_room(struct keyring_file *k, uint64_t merchant)
{
	struct merchant_keys *m = find_locking(k, merchant);
	if (left(m) > SLOTS_AHEAD / 2)
		return OK;
	pthread_mutex_lock(&k->lock);
	want(k, m);
	uint64_t attempts = k->attempts;
	while (atomic_load(&k->fault) == OK && left(m) < SLOTS_OF_COMMAND &&
	       k->attempts <= attempts + 1)
		pthread_cond_wait(&k->tended, &k->lock);
	pthread_mutex_unlock(&k->lock);
	return left(m) >= SLOTS_OF_COMMAND ? OK : FAULT_DISK_FULL;
}

static enum fault fill_wanting(struct keyring_file *k, struct merchant_keys *all)
{
	enum fault fault = OK;
	for (struct merchant_keys *m = all; m && fault == OK; m = m->wants)
		if (left(m) <= SLOTS_AHEAD / 2)
			fault = fill(k, m);
	return fault;
}

static void done_wanting(struct merchant_keys *all)
{
	for (struct merchant_keys *m = all, *next; m; m = next) {
		next = m->wants;
		m->wants = NULL;
		m->waits = false;
	}
}

/* What could not be filled is wanted again at the next try. */
static void keep_wanting(struct keyring_file *k, struct merchant_keys *all)
{
	struct merchant_keys **end = &all;
	while (*end)
		end = &(*end)->wants;
	*end = k->wants;
	k->wants = all;
}

void keyring_tend(struct keyring_file *k)
{
	pthread_mutex_lock(&k->lock);
	struct merchant_keys *all = k->wants;
	k->wants = NULL;
	pthread_mutex_unlock(&k->lock);
	if (!all)
		return;
	enum fault fault = fill_wanting(k, all);
	pthread_mutex_lock(&k->lock);
	if (fault == OK)
		done_wanting(all);
	else
		keep_wanting(k, all);
	k->attempts++;
	atomic_store(&k->fault, fault);
	pthread_cond_broadcast(&k->tended);
	pthread_mutex_unlock(&k->lock);
}

/* ---- wiping ---- */

bool keyring_is_wiped(const struct keyring_file *k, uint64_t merchant, uint64_t slot)
{
	uint8_t key[SEAL_KEY_SIZE];
	bool there = k->ring.customer(&k->ring, merchant, slot, key);
	secret_wipe(key, sizeof(key));
	return !there;
}

enum fault keyring_wipe(struct keyring_file *k, uint64_t merchant, const uint64_t *slots, size_t n)
{
	static const uint8_t zeros[SLOT_SIZE];
	int file = open_file(k, merchant);
	bool good = file >= 0;
	for (size_t i = 0; good && i < n; i++) {
		must(slots[i] > 0);
		good = file_write(file, zeros, SLOT_SIZE, slots[i] * SLOT_SIZE);
	}
	good = good && fdatasync(file) == 0;
	enum fault fault = good ? OK : fault_of_write(errno);
	if (file >= 0)
		close(file);
	return fault;
}
