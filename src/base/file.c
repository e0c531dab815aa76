/*
 * Files and folders, done so that a lost power supply cannot undo them, and nothing else.
 */
#include "base/file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <sys/stat.h>
#include <unistd.h>

bool file_write(int file, const void *data, size_t size, uint64_t offset)
{
	const char *at = data;
	while (size > 0) {
		ssize_t n = pwrite(file, at, size, (off_t)offset);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0) {
			errno = n == 0 ? ENOSPC : errno;
			return false;
		}
		at += n;
		size -= (size_t)n;
		offset += (uint64_t)n;
	}
	return true;
}

int64_t file_read(int file, void *data, size_t size, uint64_t offset)
{
	char *at = data;
	size_t done = 0;
	while (done < size) {
		ssize_t n = pread(file, at + done, size - done, (off_t)(offset + done));
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -1;
		if (n == 0)
			break;
		done += (size_t)n;
	}
	return (int64_t)done;
}

bool folder_sync(const char *path)
{
	int folder = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (folder < 0)
		return false;
	bool good = fsync(folder) == 0;
	close(folder);
	return good;
}

/* Without slashes at its end. */
static size_t path_size(const char *path)
{
	size_t size = strlen(path);
	while (size > 1 && path[size - 1] == '/')
		size--;
	return size;
}

char *path_beside(const char *path, const char *end)
{
	return text_print("%.*s%s", (int)path_size(path), path, end);
}

char *path_parent(const char *path)
{
	size_t size = path_size(path);
	while (size > 0 && path[size - 1] != '/')
		size--;
	if (size == 0)
		return text_print(".");
	return text_print("%.*s", (int)size, path);
}

enum fault fault_of_write(int error)
{
	return error == ENOSPC || error == EDQUOT ? FAULT_DISK_FULL : FAULT_FILE_UNWRITABLE;
}

enum fault folder_make_at(const char *path)
{
	if (mkdir(path, 0700) != 0 && errno != EEXIST)
		return fault_of_write(errno);
	char *parent = path_parent(path);
	bool good = folder_sync(parent);
	free(parent);
	return good ? OK : fault_of_write(errno);
}

enum fault folder_make(const char *dir, const char *name)
{
	char *path = text_print("%s/%s", dir, name);
	enum fault fault = folder_make_at(path);
	free(path);
	return fault;
}

static void remove_files(int folder, bool deeper);

static void remove_one(int folder, const char *name, bool deeper)
{
	if (unlinkat(folder, name, 0) == 0 || !deeper)
		return;
	int below = openat(folder, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (below < 0)
		return;
	remove_files(below, false);
	unlinkat(folder, name, AT_REMOVEDIR);
}

/* Closes `folder`. */
static void remove_files(int folder, bool deeper)
{
	DIR *list = fdopendir(folder);
	must(list);
	for (struct dirent *d; (d = readdir(list));)
		if (strcmp(d->d_name, ".") != 0 && strcmp(d->d_name, "..") != 0)
			remove_one(folder, d->d_name, deeper);
	closedir(list);
}

void folder_remove(const char *path)
{
	int folder = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (folder < 0)
		return;
	remove_files(folder, true);
	rmdir(path);
}

static bool is_one_of(const char *name, const char *const *names, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(name, names[i]) == 0)
			return true;
	return strcmp(name, ".") == 0 || strcmp(name, "..") == 0;
}

bool folder_has_other(const char *path, const char *const *names, size_t n)
{
	DIR *list = opendir(path);
	bool other = false;
	for (struct dirent *d; list && !other && (d = readdir(list));)
		other = !is_one_of(d->d_name, names, n);
	if (list)
		closedir(list);
	return other;
}

char *text_print(const char *format, ...)
{
	va_list arguments;
	char *text = NULL;
	va_start(arguments, format);
	must(vasprintf(&text, format, arguments) >= 0);
	va_end(arguments);
	return text;
}
