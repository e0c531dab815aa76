/* See erased.h. */
#include "store/erased.h"

#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <sys/stat.h>
#include <unistd.h>

enum { LINE_BYTES_MAX = 128 };

char *erased_path(const char *key_path)
{
	size_t size = strlen(key_path);
	if (size > 4 && memcmp(key_path + size - 4, ".key", 4) == 0)
		size -= 4;
	return text_print("%.*s.erased", (int)size, key_path);
}

void erased_check(const uint8_t key[SEAL_KEY_SIZE], uint64_t store_id, uint8_t ret[8])
{
	uint8_t digest[DIGEST_SIZE_MAX];
	struct text parts[] = {TEXT("couponry erased"),
			       {(const char *)&store_id, sizeof(store_id)}};
	hmac_parts(DIGEST_SHA256, (struct text){(const char *)key, SEAL_KEY_SIZE}, parts,
		   COUNT_OF(parts), digest);
	memcpy(ret, digest, 8);
}

void erased_add(struct erasures *e, const struct erasure *erasure)
{
	if (e->n == e->capacity) {
		e->capacity = e->capacity ? 2 * e->capacity : 64;
		e->rows = realloc(e->rows, e->capacity * sizeof(*e->rows));
		must(e->rows);
	}
	e->rows[e->n++] = *erasure;
}

void erased_release(struct erasures *e)
{
	free(e->rows);
	*e = (struct erasures){0};
}

static bool read_line(struct text line, struct erasure *ret)
{
	struct text merchant = text_cut(&line, ' '), customer = text_cut(&line, ' ');
	struct text slot = text_cut(&line, ' ');
	return text_to_uint64(merchant, &ret->merchant) &&
	       text_to_uint64(customer, &ret->customer) && text_to_uint64(slot, &ret->slot) &&
	       hex_read(line, ret->check, sizeof(ret->check));
}

enum fault erased_read(const char *path, struct erasures *ret)
{
	FILE *file = fopen(path, "re");
	char line[LINE_BYTES_MAX];
	if (!file)
		return errno == ENOENT ? OK : FAULT_FILE_UNREADABLE;
	while (fgets(line, sizeof(line), file)) {
		struct erasure erasure;
		if (read_line(text_trim(text_of(line)), &erasure))
			erased_add(ret, &erasure);
	}
	bool good = !ferror(file);
	fclose(file);
	return good ? OK : FAULT_FILE_UNREADABLE;
}

/* A line feed first: what is there may end in a line that was cut off. */
static bool write_lines(int file, const struct erasures *e)
{
	struct stat s;
	if (fstat(file, &s) != 0)
		return false;
	uint64_t at = (uint64_t)s.st_size;
	for (size_t i = 0; i < e->n; i++) {
		const struct erasure *row = &e->rows[i];
		char line[LINE_BYTES_MAX], hex[2 * sizeof(row->check)];
		hex_lower(row->check, sizeof(row->check), hex);
		int size =
		    snprintf(line, sizeof(line), "%s%" PRIu64 " %" PRIu64 " %" PRIu64 " %.*s\n",
			     i == 0 && at ? "\n" : "", row->merchant, row->customer, row->slot,
			     (int)sizeof(hex), hex);
		if (!file_write(file, line, (size_t)size, at))
			return false;
		at += (uint64_t)size;
	}
	return fsync(file) == 0;
}

enum fault erased_append(const char *path, const struct erasures *e)
{
	char *parent = path_parent(path);
	int file = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	bool good = file >= 0 && write_lines(file, e) && folder_sync(parent);
	int error = errno;
	if (file >= 0)
		close(file);
	free(parent);
	return good ? OK : fault_of_write(error);
}
