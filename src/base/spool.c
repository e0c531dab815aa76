/* See spool.h. */
#include "base/spool.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { PATH_SIZE = 4096 };
static const char *const ends[] = {"input", "result"};

const char *spool_of(const char *said, const char *data, char into[SPOOL_PATH_SIZE])
{
	bool is_said = said && *said;
	if (!is_said && !(data && *data))
		return NULL;
	int n =
	    snprintf(into, SPOOL_PATH_SIZE, "%s%s", is_said ? said : data, is_said ? "" : ".spool");
	if (n < 0 || n >= SPOOL_PATH_SIZE)
		return NULL;
	return mkdir(into, 0700) == 0 || errno == EEXIST ? into : NULL;
}

int spool_open(const char *dir, const struct spool_name *name, enum spool_part part, bool make)
{
	char path[PATH_SIZE];
	int n = snprintf(path, sizeof(path), "%s/%llu-%llu-%llx.%s", dir,
			 (unsigned long long)name->merchant, (unsigned long long)name->job,
			 (unsigned long long)name->made.ms, ends[part]);
	if (n < 0 || n >= (int)sizeof(path)) {
		errno = ENAMETOOLONG;
		return -1;
	}
	return open(path, O_RDWR | O_CLOEXEC | O_NOFOLLOW | (make ? O_CREAT : 0), 0600);
}

int64_t spool_size(int fd)
{
	struct stat stat;
	return fstat(fd, &stat) == 0 ? (int64_t)stat.st_size : -1;
}

/* --- sweeping --- */

static bool read_name(const char *file, struct spool_name *ret)
{
	unsigned long long merchant, job, made;
	int end = 0;
	if (sscanf(file, "%llu-%llu-%llx.%n", &merchant, &job, &made, &end) != 3 || !end)
		return false;
	*ret = (struct spool_name){merchant, job, {(int64_t)made}};
	return strcmp(file + end, ends[0]) == 0 || strcmp(file + end, ends[1]) == 0;
}

void spool_sweep(const char *dir,
		 bool (*keep)(void *context, const struct spool_name *name, int64_t age_s),
		 void *context)
{
	DIR *folder = opendir(dir);
	struct dirent *entry;
	struct spool_name name;
	struct stat stat;
	while (folder && (entry = readdir(folder)) != NULL) {
		if (!read_name(entry->d_name, &name) ||
		    fstatat(dirfd(folder), entry->d_name, &stat, AT_SYMLINK_NOFOLLOW) != 0)
			continue;
		int64_t age_s = (int64_t)(time(NULL) - stat.st_mtime);
		if (!keep(context, &name, age_s))
			(void)unlinkat(dirfd(folder), entry->d_name, 0);
	}
	if (folder)
		closedir(folder);
}
