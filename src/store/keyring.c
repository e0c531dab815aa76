/*
 * The master key file and the customers' key slots. How they are derived:
 *   sealing key = HMAC-SHA256(newest master key, "couponry seal")
 *   tag key     = HMAC-SHA256(oldest master key, "couponry tag")
 *   key check   = HMAC-SHA256(master key, "couponry check", store id), cut to 16 bytes
 */
#include "store/keyring.h"

#include "store/file.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

enum { MASTER_FILE_MAX = 16 * 1024, KEYS_PER_WRITE = 1024 };

static const char keys_magic[8] = "CPNKEYS1";

/* ---- random ---- */

void seeded_random(uint64_t seed, const char *label, uint64_t number, void *out, size_t size)
{
	uint8_t digest[DIGEST_SIZE_MAX];
	must(size <= sizeof(digest));
	if (seed == 0) {
		random_bytes(out, size);
		return;
	}
	struct text parts[] = {text_of(label), {(const char *)&number, sizeof(number)}};
	hmac_parts(DIGEST_SHA256, (struct text){(const char *)&seed, sizeof(seed)}, parts, 2,
		   digest);
	memcpy(out, digest, size);
}

/* ---- the master key file ---- */

static void derive(const uint8_t master[MASTER_KEY_SIZE], const char *label, uint64_t store_id,
		   uint8_t ret[32])
{
	struct text parts[] = {text_of(label), {(const char *)&store_id, sizeof(store_id)}};
	struct text key = {(const char *)master, MASTER_KEY_SIZE};
	hmac_parts(DIGEST_SHA256, key, parts, store_id ? 2 : 1, ret);
}

static bool read_line(struct text line, struct master_keys *m)
{
	line = text_trim(line);
	if (line.size == 0 || line.data[0] == '#')
		return true;
	struct text number = text_cut(&line, ' ');
	uint64_t id;
	if (m->count == MASTER_KEYS_MAX || !text_to_uint64(number, &id) || id == 0 ||
	    id > UINT32_MAX || (m->count && id <= m->id[m->count - 1]) ||
	    !hex_read(text_trim(line), m->key[m->count], MASTER_KEY_SIZE))
		return false;
	m->id[m->count++] = (uint32_t)id;
	return true;
}

static bool read_lines(struct text all, struct master_keys *m)
{
	m->count = 0;
	while (all.data)
		if (!read_line(text_cut(&all, '\n'), m))
			return false;
	return m->count > 0;
}

enum fault master_keys_read(const char *path, struct master_keys *ret, char **ret_why)
{
	char bytes[MASTER_FILE_MAX];
	int file = open(path, O_RDONLY | O_CLOEXEC);
	int64_t size = file < 0 ? -1 : file_read(file, bytes, sizeof(bytes), 0);
	int error = errno;
	if (file >= 0)
		close(file);
	if (size < 0) {
		*ret_why =
		    text_print("the master key file %s cannot be read: %s", path, strerror(error));
		return error == ENOENT ? FAULT_KEY_FILE_WRONG : FAULT_FILE_UNREADABLE;
	}
	bool good = read_lines((struct text){bytes, (size_t)size}, ret);
	secret_wipe(bytes, sizeof(bytes));
	if (good)
		return OK;
	*ret_why = text_print("%s is no master key file", path);
	return FAULT_KEY_FILE_WRONG;
}

static enum fault write_master(int file, const struct master_keys *m)
{
	char hex[2 * MASTER_KEY_SIZE], line[256];
	hex_lower(m->key[0], MASTER_KEY_SIZE, hex);
	int size = snprintf(line, sizeof(line),
			    "# couponry master key: without it the data cannot be read\n"
			    "%u %.*s\n",
			    m->id[0], (int)sizeof(hex), hex);
	bool good = file_write(file, line, (size_t)size, 0) && fsync(file) == 0;
	int error = errno;
	secret_wipe(hex, sizeof(hex));
	secret_wipe(line, sizeof(line));
	return good ? OK : fault_of_write(error);
}

enum fault master_keys_create(const char *path, uint64_t seed, struct master_keys *ret)
{
	ret->count = 1;
	ret->id[0] = 1;
	seeded_random(seed, "master key", 1, ret->key[0], MASTER_KEY_SIZE);
	/* Under its name only when it is whole. */
	char *fresh = text_print("%s.new", path), *parent = path_parent(path);
	int file = open(fresh, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	enum fault fault = file < 0 ? fault_of_write(errno) : write_master(file, ret);
	if (file >= 0)
		close(file);
	if (fault == OK && (link(fresh, path) != 0 || !folder_sync(parent)))
		fault = fault_of_write(errno);
	unlink(fresh);
	free(fresh);
	free(parent);
	return fault;
}

void master_key_check(const struct master_keys *m, unsigned index, uint64_t store_id,
		      uint8_t ret[16])
{
	uint8_t digest[32];
	derive(m->key[index], "couponry check", store_id, digest);
	memcpy(ret, digest, 16);
}

bool master_keys_fit(const struct master_keys *m, uint32_t id, uint64_t store_id,
		     const uint8_t check[16])
{
	for (unsigned i = 0; i < m->count; i++) {
		uint8_t have[16];
		master_key_check(m, i, store_id, have);
		if (m->id[i] == id && memcmp(have, check, 16) == 0)
			return true;
	}
	return false;
}

/* ---- slots: the verbs ---- */

static struct keyring_file *file_of(struct keyring *k)
{
	return (struct keyring_file *)(void *)k;
}

static bool verb_customer(const struct keyring *ring, uint64_t slot, uint8_t ret_key[SEAL_KEY_SIZE])
{
	static const uint8_t wiped[SLOT_SIZE];
	const struct keyring_file *k = (const struct keyring_file *)(const void *)ring;
	if (slot == 0)
		return false;
	int64_t got = file_read(k->file, ret_key, SLOT_SIZE, slot * SLOT_SIZE);
	if (got < 0) {
		/* Not to be taken for an erased customer. */
		fprintf(stderr, "couponry: the customer keys cannot be read: %s; stopping\n",
			strerror(errno));
		abort();
	}
	if (got < SLOT_SIZE) {
		atomic_store(&((struct keyring_file *)(uintptr_t)k)->missing, true);
		return false;
	}
	return memcmp(ret_key, wiped, SLOT_SIZE) != 0;
}

static uint64_t verb_take_slot(struct keyring *ring)
{
	struct keyring_file *k = file_of(ring);
	uint64_t slot = atomic_load(&k->taken) + 1;
	must(slot <= atomic_load(&k->filled)); /* keyring_room was asked */
	atomic_store(&k->taken, slot);
	return slot;
}

static void verb_give_back(struct keyring *ring)
{
	struct keyring_file *k = file_of(ring);
	must(atomic_load(&k->taken) > 0);
	atomic_fetch_sub(&k->taken, 1);
}

static void verb_slot_seen(struct keyring *ring, uint64_t slot)
{
	struct keyring_file *k = file_of(ring);
	if (slot > atomic_load(&k->taken))
		atomic_store(&k->taken, slot);
	if (slot > k->there)
		atomic_store(&k->missing, true);
}

/* ---- opening ---- */

enum fault keyring_create(const char *dir, uint64_t store_id)
{
	char header[SLOT_SIZE] = {0};
	memcpy(header, keys_magic, 8);
	memcpy(header + 8, &store_id, 8);
	char *path = text_print("%s/keys", dir);
	int file = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	free(path);
	if (file < 0)
		return fault_of_write(errno);
	bool good = file_write(file, header, sizeof(header), 0) && fsync(file) == 0;
	int error = errno;
	close(file);
	return good ? OK : fault_of_write(error);
}

static bool verb_master(const struct keyring *ring, uint64_t id, uint8_t ret_key[SEAL_KEY_SIZE])
{
	const struct master_keys *m = ring->masters;

	for (unsigned i = 0; i < m->count; i++) {
		if (m->id[i] == id) {
			derive(m->key[i], "couponry seal", 0, ret_key);
			return true;
		}
	}
	return false;
}

void keyring_masters(struct keyring *k, const struct master_keys *m)
{
	k->masters = m;
	k->master = verb_master;
	k->master_id = m->id[m->count - 1];
	derive(m->key[m->count - 1], "couponry seal", 0, k->master_seal);
	derive(m->key[0], "couponry tag", 0, k->master_tag);
}

static bool header_good(int file, uint64_t store_id)
{
	char header[SLOT_SIZE];
	return file_read(file, header, sizeof(header), 0) == sizeof(header) &&
	       memcmp(header, keys_magic, 8) == 0 && memcmp(header + 8, &store_id, 8) == 0;
}

enum fault keyring_open(struct keyring_file *k, const char *dir, uint64_t store_id,
			const struct master_keys *m, bool read_only, char **ret_why)
{
	*k = (struct keyring_file){.ring = {.customer = verb_customer,
					    .take_slot = verb_take_slot,
					    .give_back = verb_give_back,
					    .slot_seen = verb_slot_seen}};
	keyring_masters(&k->ring, m);
	pthread_mutex_init(&k->lock, NULL);
	pthread_cond_init(&k->tended, NULL);
	char *path = text_print("%s/keys", dir);
	k->file = open(path, (read_only ? O_RDONLY : O_RDWR) | O_CLOEXEC);
	enum fault fault = OK;
	if (k->file < 0 || !header_good(k->file, store_id)) {
		*ret_why =
		    text_print("the customer keys in %s are missing or another store's", path);
		fault = FAULT_DATA_DAMAGED;
	} else {
		off_t size = lseek(k->file, 0, SEEK_END);
		k->there = (uint64_t)size / SLOT_SIZE - 1;
	}
	free(path);
	return fault;
}

void keyring_close(struct keyring_file *k)
{
	if (k->file >= 0)
		close(k->file);
	secret_wipe(&k->ring, sizeof(k->ring));
	pthread_mutex_destroy(&k->lock);
	pthread_cond_destroy(&k->tended);
}

/* ---- filling ahead ---- */

static void make_keys(const struct keyring_file *k, uint64_t first, uint8_t *out, size_t n)
{
	if (k->seed == 0)
		random_bytes(out, n * SLOT_SIZE);
	for (size_t i = 0; k->seed && i < n; i++)
		seeded_random(k->seed, "customer key", first + i, out + i * SLOT_SIZE, SLOT_SIZE);
}

static enum fault fill(struct keyring_file *k, uint64_t n)
{
	uint8_t keys[KEYS_PER_WRITE * SLOT_SIZE];
	uint64_t filled = atomic_load(&k->filled);
	bool good = true;
	for (uint64_t done = 0; good && done < n; done += KEYS_PER_WRITE) {
		uint64_t first = filled + done + 1;
		make_keys(k, first, keys, KEYS_PER_WRITE);
		good = file_write(k->file, keys, sizeof(keys), first * SLOT_SIZE);
	}
	good = good && fdatasync(k->file) == 0;
	enum fault fault = good ? OK : fault_of_write(errno);
	secret_wipe(keys, sizeof(keys));
	if (good)
		atomic_store(&k->filled, filled + n);
	return fault;
}

enum fault keyring_start(struct keyring_file *k, struct bell *bell, uint64_t seed)
{
	k->bell = bell;
	k->seed = seed;
	atomic_store(&k->filled, atomic_load(&k->taken));
	return fill(k, SLOTS_AHEAD);
}

static uint64_t left(struct keyring_file *k)
{
	return atomic_load(&k->filled) - atomic_load(&k->taken);
}

enum fault keyring_room(struct keyring_file *k)
{
	uint64_t n = left(k);
	if (n > SLOTS_AHEAD / 2)
		return OK;
	if (atomic_load(&k->fault) == OK)
		bell_ring(k->bell);
	if (n >= SLOTS_OF_COMMAND)
		return OK;
	pthread_mutex_lock(&k->lock);
	uint64_t attempts = k->attempts;
	while (atomic_load(&k->fault) == OK && left(k) < SLOTS_OF_COMMAND &&
	       k->attempts <= attempts + 1)
		pthread_cond_wait(&k->tended, &k->lock);
	pthread_mutex_unlock(&k->lock);
	return left(k) >= SLOTS_OF_COMMAND ? OK : FAULT_DISK_FULL;
}

void keyring_tend(struct keyring_file *k)
{
	if (left(k) > SLOTS_AHEAD / 2)
		return;
	enum fault fault = fill(k, SLOTS_MORE);
	pthread_mutex_lock(&k->lock);
	k->attempts++;
	atomic_store(&k->fault, fault);
	pthread_cond_broadcast(&k->tended);
	pthread_mutex_unlock(&k->lock);
}

/* ---- wiping ---- */

bool keyring_is_wiped(const struct keyring_file *k, uint64_t slot)
{
	uint8_t key[SEAL_KEY_SIZE];
	bool there = k->ring.customer(&k->ring, slot, key);
	secret_wipe(key, sizeof(key));
	return !there;
}

enum fault keyring_wipe(struct keyring_file *k, const uint64_t *slots, size_t n)
{
	static const uint8_t zeros[SLOT_SIZE];
	for (size_t i = 0; i < n; i++) {
		must(slots[i] > 0 && slots[i] <= atomic_load(&k->taken));
		if (!file_write(k->file, zeros, SLOT_SIZE, slots[i] * SLOT_SIZE))
			return fault_of_write(errno);
	}
	return fdatasync(k->file) == 0 ? OK : fault_of_write(errno);
}
