/*
 * An open-file-description lock: it goes with the process however that ends, and a second open in
 * the same process is refused as well (LMDB must not be opened twice).
 */
#include "store/lock.h"

#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

enum { HOLDER_MAX = 256 };

static void name_holder(int file)
{
	char words[HOLDER_MAX] = "", line[HOLDER_MAX + 32];
	int self = open("/proc/self/cmdline", O_RDONLY | O_CLOEXEC);
	int64_t size = self < 0 ? 0 : file_read(self, words, sizeof(words) - 1, 0);
	if (self >= 0)
		close(self);
	/* The program and its command, without the arguments behind. */
	size_t first = strnlen(words, sizeof(words) - 1);
	if (size > 0 && first + 1 < (size_t)size)
		words[first] = ' ';
	int n = snprintf(line, sizeof(line), "%d (%s)\n", (int)getpid(), words);
	if (ftruncate(file, 0) != 0 || !file_write(file, line, (size_t)n, 0))
		return; /* only the message suffers */
}

static char *holder_text(int file, const char *dir)
{
	char line[HOLDER_MAX];
	int64_t size = file_read(file, line, sizeof(line), 0);
	struct text holder = text_trim((struct text){line, size > 0 ? (size_t)size : 0});
	return text_print("%s is in use by process %.*s", dir, TEXT_ARG(holder));
}

enum fault lock_take(const char *dir, int *ret_file, char **ret_why)
{
	char *path = text_print("%s/lock", dir);
	int file = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600), error = errno;
	free(path);
	if (file < 0) {
		*ret_why = text_print("%s/lock cannot be opened: %s", dir, strerror(error));
		return fault_of_write(error);
	}
	struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
	if (fcntl(file, F_OFD_SETLK, &lock) == 0) {
		name_holder(file);
		*ret_file = file;
		return OK;
	}
	*ret_why = holder_text(file, dir);
	close(file);
	return FAULT_DATA_IN_USE;
}
