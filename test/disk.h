/*
 * A disk that lies. A test that includes this defines the system's write calls itself, so that the
 * engine and liblmdb.so (the tests are linked with -rdynamic) go through here:
 *
 *   disk_record(root)   notes every write, sync and change of name below root
 *   disk_rebuild(...)   makes the folder that a power failure after the n-th of them may leave:
 *                       what was not synced is dropped, kept, torn or kept in part, out of order
 *   disk_fail(...)      makes calls fail: a full disk, a broken one
 *
 * A sync of a file does not make its name durable; a sync of the folder does. lock files are left
 * out.
 */
#pragma once

#include "engine_kit.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdarg.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <sys/uio.h>

enum disk_kind {
	DISK_WRITE,
	DISK_TRUNCATE,
	DISK_SYNC,
	DISK_NAME,
	DISK_FOLDER,
	DISK_UNNAME,
	DISK_FOLDER_SYNC
};
enum disk_mode { DISK_DROP, DISK_KEEP, DISK_TORN, DISK_RANDOM, DISK_MODES };
enum { DISK_PATH = 300, DISK_FILES = 4096, DISK_OPEN = 1024, DISK_SECTOR = 512 };

struct disk_op {
	enum disk_kind kind;
	unsigned file;
	uint64_t offset;
	size_t size;
	char *data, *path;
	bool durable; /* through a descriptor opened with O_DSYNC */
};

static struct {
	pthread_mutex_t lock;
	bool recording;
	bool lazy; /* syncs do nothing: checks need not wait for the real disk */
	char root[DISK_PATH];
	struct disk_op *ops;
	size_t count, capacity;
	struct {
		dev_t device;
		ino_t inode;
		bool live;
	} files[DISK_FILES];
	unsigned file_count;
	struct {
		char path[DISK_PATH];
		unsigned file;
		bool known, synced;
	} open[DISK_OPEN];
	/* failures */
	const char *fail_path;
	unsigned fail_kinds; /* bits of disk_kind */
	int fail_after, fail_error;
	unsigned failed;
	bool no_room; /* what fstatvfs says */
} disk = {.lock = PTHREAD_MUTEX_INITIALIZER};

static inline void disk_lock(void)
{
	pthread_mutex_lock(&disk.lock);
}
static inline void disk_unlock(void)
{
	pthread_mutex_unlock(&disk.lock);
}

/* ---- failing ---- */

/* The after-th call of these kinds (from 0) on a path that contains `part` fails, and all later
 * ones. */
static inline void disk_fail(const char *part, unsigned kinds, int after, int error)
{
	disk_lock();
	disk.fail_path = part;
	disk.fail_kinds = kinds;
	disk.fail_after = after;
	disk.fail_error = error;
	disk.failed = 0;
	disk_unlock();
}

static inline void disk_heal(void)
{
	disk_lock();
	disk.fail_path = NULL;
	disk_unlock();
}

static inline bool disk_fails(const char *path, enum disk_kind kind)
{
	if (!disk.fail_path || !path || !(disk.fail_kinds & 1U << kind) ||
	    !strstr(path, disk.fail_path))
		return false;
	if (disk.fail_after-- > 0)
		return false;
	disk.failed++;
	errno = disk.fail_error;
	return true;
}

/* ---- recording ---- */

static inline bool disk_watched(const char *path)
{
	size_t n = strlen(path), root = strlen(disk.root);
	if (!disk.recording || strncmp(path, disk.root, root) != 0)
		return false;
	return !(n > 5 && strcmp(path + n - 5, "/lock") == 0) && !strstr(path, "lock.mdb");
}

static inline struct disk_op *disk_add(enum disk_kind kind, unsigned file, const char *path)
{
	if (disk.count == disk.capacity) {
		disk.capacity = disk.capacity ? disk.capacity * 2 : 1024;
		disk.ops = realloc(disk.ops, disk.capacity * sizeof(*disk.ops));
		must(disk.ops);
	}
	struct disk_op *op = &disk.ops[disk.count++];
	*op = (struct disk_op){.kind = kind, .file = file, .path = path ? strdup(path) : NULL};
	return op;
}

static inline unsigned disk_file_of(int fd)
{
	struct stat s;
	must(fstat(fd, &s) == 0);
	for (unsigned i = 0; i < disk.file_count; i++)
		if (disk.files[i].live && disk.files[i].device == s.st_dev &&
		    disk.files[i].inode == s.st_ino)
			return i;
	must(disk.file_count < DISK_FILES);
	disk.files[disk.file_count].device = s.st_dev;
	disk.files[disk.file_count].inode = s.st_ino;
	disk.files[disk.file_count].live = true;
	return disk.file_count++;
}

static inline void disk_forget(const char *path)
{
	struct stat s;
	if (stat(path, &s) != 0 || s.st_nlink > 1)
		return;
	for (unsigned i = 0; i < disk.file_count; i++)
		if (disk.files[i].device == s.st_dev && disk.files[i].inode == s.st_ino)
			disk.files[i].live = false;
}

static inline const char *disk_path(int folder, const char *path, char *out)
{
	char link[64];
	if (path[0] == '/' || folder == AT_FDCWD) {
		snprintf(out, DISK_PATH, "%s", path);
		return out;
	}
	snprintf(link, sizeof(link), "/proc/self/fd/%d", folder);
	ssize_t n = readlink(link, out, DISK_PATH - 1);
	must(n > 0);
	snprintf(out + n, (size_t)(DISK_PATH - n), "/%s", path);
	return out;
}

static inline int disk_open(int folder, const char *name, int flags, mode_t mode)
{
	char path[DISK_PATH];
	struct stat s;
	disk_lock();
	disk_path(folder, name, path);
	bool there = stat(path, &s) == 0;
	if ((flags & O_CREAT) && !there && disk_fails(path, DISK_NAME)) {
		disk_unlock();
		return -1;
	}
	int fd = (int)syscall(SYS_openat, folder, name, flags, mode);
	if (fd >= 0 && fd < DISK_OPEN) {
		snprintf(disk.open[fd].path, DISK_PATH, "%s", path);
		disk.open[fd].known = disk_watched(path);
		disk.open[fd].synced = (flags & O_DSYNC) != 0;
		if (disk.open[fd].known && !(flags & O_DIRECTORY)) {
			disk.open[fd].file = disk_file_of(fd);
			if (!there)
				disk_add(DISK_NAME, disk.open[fd].file, path);
			else if (flags & O_TRUNC)
				disk_add(DISK_TRUNCATE, disk.open[fd].file, NULL);
		}
	}
	disk_unlock();
	return fd;
}

static inline const char *disk_name_of(int fd)
{
	return fd >= 0 && fd < DISK_OPEN ? disk.open[fd].path : NULL;
}

static inline void disk_note_write(int fd, uint64_t offset, const void *data, size_t size)
{
	if (fd < 0 || fd >= DISK_OPEN || !disk.open[fd].known || !disk.recording)
		return;
	struct disk_op *op = disk_add(DISK_WRITE, disk.open[fd].file, NULL);
	op->offset = offset;
	op->size = size;
	op->data = malloc(size + 1);
	must(op->data);
	memcpy(op->data, data, size);
	op->durable = disk.open[fd].synced;
}

/* ---- the calls ---- */

int open(const char *path, int flags, ...)
{
	va_list arguments;
	va_start(arguments, flags);
	mode_t mode = (flags & O_CREAT) ? va_arg(arguments, mode_t) : 0;
	va_end(arguments);
	return disk_open(AT_FDCWD, path, flags, mode);
}

int openat(int folder, const char *path, int flags, ...)
{
	va_list arguments;
	va_start(arguments, flags);
	mode_t mode = (flags & O_CREAT) ? va_arg(arguments, mode_t) : 0;
	va_end(arguments);
	return disk_open(folder, path, flags, mode);
}

int close(int fd)
{
	disk_lock();
	if (fd >= 0 && fd < DISK_OPEN) {
		disk.open[fd].known = false;
		disk.open[fd].path[0] = 0;
	}
	int result = (int)syscall(SYS_close, fd);
	disk_unlock();
	return result;
}

ssize_t pwrite(int fd, const void *data, size_t size, off_t offset)
{
	ssize_t n = -1;
	disk_lock();
	if (!disk_fails(disk_name_of(fd), DISK_WRITE)) {
		n = (ssize_t)syscall(SYS_pwrite64, fd, data, size, offset);
		if (n > 0)
			disk_note_write(fd, (uint64_t)offset, data, (size_t)n);
	}
	disk_unlock();
	return n;
}

ssize_t write(int fd, const void *data, size_t size)
{
	ssize_t n = -1;
	disk_lock();
	if (!disk_fails(disk_name_of(fd), DISK_WRITE)) {
		off_t offset = (off_t)syscall(SYS_lseek, fd, 0, SEEK_CUR);
		n = (ssize_t)syscall(SYS_write, fd, data, size);
		if (n > 0)
			disk_note_write(fd, (uint64_t)offset, data, (size_t)n);
	}
	disk_unlock();
	return n;
}

ssize_t writev(int fd, const struct iovec *parts, int count)
{
	ssize_t n = -1;
	disk_lock();
	if (!disk_fails(disk_name_of(fd), DISK_WRITE)) {
		off_t offset = (off_t)syscall(SYS_lseek, fd, 0, SEEK_CUR);
		n = (ssize_t)syscall(SYS_writev, fd, parts, count);
		ssize_t left = n;
		for (int i = 0; i < count && left > 0; i++) {
			size_t size =
			    (size_t)left < parts[i].iov_len ? (size_t)left : parts[i].iov_len;
			disk_note_write(fd, (uint64_t)offset, parts[i].iov_base, size);
			offset += (off_t)size;
			left -= (ssize_t)size;
		}
	}
	disk_unlock();
	return n;
}

static inline int disk_sync(int fd, long call)
{
	int result = -1;
	struct stat s;
	disk_lock();
	bool folder = fstat(fd, &s) == 0 && S_ISDIR(s.st_mode);
	if (!disk_fails(disk_name_of(fd), folder ? DISK_FOLDER_SYNC : DISK_SYNC)) {
		/* The page cache outlives the process, and the machine is not cut off in earnest.
		 */
		result = disk.lazy || disk.recording ? 0 : (int)syscall(call, fd);
		if (result == 0 && fd < DISK_OPEN && disk.open[fd].known && disk.recording)
			disk_add(folder ? DISK_FOLDER_SYNC : DISK_SYNC,
				 folder ? 0 : disk.open[fd].file,
				 folder ? disk.open[fd].path : NULL);
	}
	disk_unlock();
	return result;
}

int fsync(int fd)
{
	return disk_sync(fd, SYS_fsync);
}

int fdatasync(int fd)
{
	return disk_sync(fd, SYS_fdatasync);
}

int fstatvfs(int fd, struct statvfs *ret)
{
	char path[64];
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	int result = statvfs(path, ret);
	if (disk.no_room)
		ret->f_bfree = ret->f_bavail = 0;
	return result;
}

int ftruncate(int fd, off_t size)
{
	disk_lock();
	int result = (int)syscall(SYS_ftruncate, fd, size);
	if (result == 0 && fd < DISK_OPEN && disk.open[fd].known && disk.recording)
		disk_add(DISK_TRUNCATE, disk.open[fd].file, NULL)->offset = (uint64_t)size;
	disk_unlock();
	return result;
}

int mkdir(const char *path, mode_t mode)
{
	disk_lock();
	int result = (int)syscall(SYS_mkdir, path, mode), error = errno;
	if (result == 0 && disk_watched(path))
		disk_add(DISK_FOLDER, 0, path);
	disk_unlock();
	errno = error;
	return result;
}

/* Both names are in one folder: the change is one step. */
static inline int disk_rename(int folder, const char *from, const char *to)
{
	char from_path[DISK_PATH], to_path[DISK_PATH];
	int result = -1;
	disk_lock();
	disk_path(folder, from, from_path);
	disk_path(folder, to, to_path);
	if (!disk_fails(to_path, DISK_NAME)) {
		result = (int)syscall(SYS_renameat, folder, from, folder, to);
		int fd = result == 0 && disk_watched(to_path)
			     ? (int)syscall(SYS_openat, folder, to, O_RDONLY, 0)
			     : -1;
		if (fd >= 0) {
			disk_add(DISK_NAME, disk_file_of(fd), to_path)->data = strdup(from_path);
			syscall(SYS_close, fd);
		}
	}
	disk_unlock();
	return result;
}

int renameat(int from_folder, const char *from, int to_folder, const char *to)
{
	must(from_folder == to_folder);
	return disk_rename(from_folder, from, to);
}

int rename(const char *from, const char *to)
{
	return disk_rename(AT_FDCWD, from, to);
}

int link(const char *from, const char *to)
{
	disk_lock();
	int result = (int)syscall(SYS_link, from, to);
	if (result == 0 && disk_watched(to)) {
		int fd = (int)syscall(SYS_openat, AT_FDCWD, to, O_RDONLY, 0);
		disk_add(DISK_NAME, disk_file_of(fd), to);
		syscall(SYS_close, fd);
	}
	disk_unlock();
	return result;
}

int unlinkat(int folder, const char *name, int flags)
{
	char path[DISK_PATH];
	disk_lock();
	disk_path(folder, name, path);
	if (disk_watched(path)) {
		disk_forget(path);
	}
	int result = (int)syscall(SYS_unlinkat, folder, name, flags), error = errno;
	if (result == 0 && disk_watched(path))
		disk_add(DISK_UNNAME, 0, path);
	disk_unlock();
	errno = error;
	return result;
}

int unlink(const char *path)
{
	return unlinkat(AT_FDCWD, path, 0);
}

int rmdir(const char *path)
{
	return unlinkat(AT_FDCWD, path, AT_REMOVEDIR);
}

static inline void disk_record(const char *root)
{
	disk_lock();
	snprintf(disk.root, sizeof(disk.root), "%s/", root);
	disk.recording = true;
	disk_unlock();
}

static inline size_t disk_now(void)
{
	disk_lock();
	size_t count = disk.count;
	disk_unlock();
	return count;
}

static inline void disk_stop(void)
{
	disk_lock();
	disk.recording = false;
	disk_unlock();
}

static inline void disk_clear(void)
{
	for (size_t i = 0; i < disk.count; i++) {
		free(disk.ops[i].data);
		free(disk.ops[i].path);
	}
	free(disk.ops);
	disk.ops = NULL;
	disk.count = disk.capacity = 0;
	disk.file_count = 0;
}

/* ---- rebuilding ---- */

static uint64_t disk_seed = 1;
static inline uint64_t disk_random(uint64_t n)
{
	disk_seed ^= disk_seed << 13;
	disk_seed ^= disk_seed >> 7;
	disk_seed ^= disk_seed << 17;
	return disk_seed % n;
}

static inline void disk_put(int fd, const struct disk_op *op, size_t size)
{
	must(syscall(SYS_pwrite64, fd, op->data, size, op->offset) == (long)size);
}

static inline void disk_put_some(int fd, const struct disk_op *op)
{
	uint64_t luck = disk_random(4); /* nothing, all, some sectors twice as often */
	for (size_t at = 0; at < op->size;) {
		size_t end =
		    (op->offset + at) / DISK_SECTOR * DISK_SECTOR + DISK_SECTOR - op->offset;
		end = end < op->size ? end : op->size;
		if (luck == 1 || (luck > 1 && disk_random(2)))
			must(syscall(SYS_pwrite64, fd, op->data + at, end - at, op->offset + at) ==
			     (long)(end - at));
		at = end;
	}
}

static inline void disk_build_file(const char *path, unsigned file, size_t cut, enum disk_mode mode)
{
	size_t synced = 0, last = 0;
	for (size_t i = 0; i < cut; i++) {
		if (disk.ops[i].file == file && disk.ops[i].kind == DISK_SYNC)
			synced = i;
		if (disk.ops[i].file == file && disk.ops[i].kind == DISK_WRITE)
			last = i;
	}
	int fd = (int)syscall(SYS_openat, AT_FDCWD, path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	must(fd >= 0);
	for (size_t i = 0; i < cut; i++) {
		const struct disk_op *op = &disk.ops[i];
		bool safe = i < synced || op->durable;
		if (op->file != file || (op->kind != DISK_WRITE && op->kind != DISK_TRUNCATE))
			continue;
		if (op->kind == DISK_TRUNCATE) {
			if (safe || mode == DISK_KEEP || mode == DISK_TORN ||
			    (mode == DISK_RANDOM && disk_random(2)))
				must(syscall(SYS_ftruncate, fd, op->offset) == 0);
		} else if (safe || mode == DISK_KEEP || (mode == DISK_TORN && i != last)) {
			disk_put(fd, op, op->size);
		} else if (mode == DISK_TORN) {
			disk_put(fd, op, disk_random(op->size / DISK_SECTOR + 1) * DISK_SECTOR);
		} else if (mode == DISK_RANDOM) {
			disk_put_some(fd, op);
		}
	}
	syscall(SYS_close, fd);
}

static inline bool disk_name_durable(size_t at, size_t cut)
{
	const char *path = disk.ops[at].path, *slash = strrchr(path, '/');
	for (size_t i = at + 1; i < cut; i++)
		if (disk.ops[i].kind == DISK_FOLDER_SYNC) {
			size_t n = strlen(disk.ops[i].path);
			while (n > 1 && disk.ops[i].path[n - 1] == '/')
				n--;
			if (n == (size_t)(slash - path) && strncmp(disk.ops[i].path, path, n) == 0)
				return true;
		}
	return false;
}

struct disk_name {
	char path[DISK_PATH];
	unsigned file;
	bool folder, live;
};

static inline void disk_unname(struct disk_name *names, size_t n, const char *path)
{
	for (size_t i = 0; i < n; i++)
		if (names[i].live && strcmp(names[i].path, path) == 0)
			names[i].live = false;
}

static inline size_t disk_names(struct disk_name *names, size_t cut, enum disk_mode mode)
{
	size_t n = 0, loose = 0, keep;
	for (size_t i = 0; i < cut; i++) {
		enum disk_kind kind = disk.ops[i].kind;
		if ((kind == DISK_NAME || kind == DISK_FOLDER || kind == DISK_UNNAME) &&
		    !disk_name_durable(i, cut))
			loose++;
	}
	keep = mode == DISK_DROP ? 0 : mode == DISK_RANDOM ? disk_random(loose + 1) : loose;
	for (size_t i = 0; i < cut; i++) {
		const struct disk_op *op = &disk.ops[i];
		if (op->kind != DISK_NAME && op->kind != DISK_FOLDER && op->kind != DISK_UNNAME)
			continue;
		if (!disk_name_durable(i, cut) && keep-- == 0) {
			keep = 0;
			continue;
		}
		disk_unname(names, n, op->path);
		if (op->kind == DISK_NAME && op->data)
			disk_unname(names, n, op->data);
		if (op->kind == DISK_UNNAME)
			continue;
		must(n < DISK_FILES);
		snprintf(names[n].path, DISK_PATH, "%s", op->path);
		names[n].file = op->file;
		names[n].folder = op->kind == DISK_FOLDER;
		names[n++].live = true;
	}
	return n;
}

/* The folder `to` as the disk may look when the power goes after `cut` operations. */
static inline void disk_rebuild(const char *to, size_t cut, enum disk_mode mode)
{
	static struct disk_name names[DISK_FILES];
	char path[2 * DISK_PATH];
	kit_remove(to);
	syscall(SYS_mkdir, to, 0700);
	memset(names, 0, sizeof(names));
	size_t n = disk_names(names, cut, mode), root = strlen(disk.root);
	for (unsigned pass = 0; pass < 2; pass++)
		for (size_t i = 0; i < n; i++) {
			snprintf(path, sizeof(path), "%s/%s", to, names[i].path + root);
			if (!names[i].live || names[i].folder != (pass == 0))
				continue;
			if (pass == 0)
				syscall(SYS_mkdir, path, 0700);
			else if (strncmp(path, to, strlen(to)) == 0) {
				char *slash = strrchr(path, '/');
				*slash = 0;
				bool there = access(path, F_OK) == 0;
				*slash = '/';
				if (there)
					disk_build_file(path, names[i].file, cut, mode);
			}
		}
}
