/*
 * The master key file. What is derived from its keys:
 *   sealing key = HMAC-SHA256(newest master key, "couponry seal")
 *   tag key     = HMAC-SHA256(oldest master key, "couponry tag")
 *   key check   = HMAC-SHA256(master key, "couponry check", store id), cut to 16 bytes
 *   signing key = HKDF-SHA256(oldest master key, salt = store id, "couponry ledger checkpoint")
 */
#include "store/keyring.h"

#include "base/ed25519.h"
#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

enum { MASTER_FILE_MAX = 16 * 1024 };

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

char *master_key_path(const char *dir, const char *given)
{
	return given ? text_print("%s", given) : path_beside(dir, ".key");
}

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

void master_key_signing(const struct master_keys *m, uint64_t store_id, uint8_t ret_seed[32])
{
	struct text secret = {(const char *)m->key[0], MASTER_KEY_SIZE};
	struct text salt = {(const char *)&store_id, sizeof(store_id)};
	hkdf_sha256(secret, salt, TEXT("couponry ledger checkpoint"), ret_seed);
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

/* ---- what follows from the master keys ---- */

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
	uint8_t tag[SEAL_KEY_SIZE];
	derive(m->key[0], "couponry tag", 0, tag);
	hmac_key_make(DIGEST_SHA256, (struct text){(const char *)tag, sizeof(tag)}, &k->master_tag);
	secret_wipe(tag, sizeof(tag));
}
