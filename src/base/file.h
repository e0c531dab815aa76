/*
 * Files and folders, done so that a lost power supply cannot undo them, and nothing else.
 */
#pragma once

#include "base/base.h"
#include "base/fault.h"

/* All of it or false (errno). */
CHECKED bool file_write(int file, const void *data, size_t size, uint64_t offset);
/* Bytes read, fewer only at the end of the file, or -1 (errno). */
int64_t file_read(int file, void *data, size_t size, uint64_t offset);
CHECKED bool folder_sync(const char *path);
/* The folder that holds `path`. malloced. */
char *path_parent(const char *path);
/* What stands beside it under its name with `end`: DIR (or DIR/) and ".key" give DIR.key. malloced.
 */
char *path_beside(const char *path, const char *end);
/* DIR/name with mode 0700, synced into DIR; already there is fine. DISK_FULL, FILE_UNWRITABLE. */
CHECKED enum fault folder_make(const char *dir, const char *name);
/* The same for a whole path whose parent exists. */
CHECKED enum fault folder_make_at(const char *path);
/* Removes a folder and the files in it, two levels deep at most; what is missing is fine. */
void folder_remove(const char *path);
/* Whether there is anything in the folder but these names. */
bool folder_has_other(const char *path, const char *const *names, size_t n);
/* DISK_FULL or FILE_UNWRITABLE, from errno. */
enum fault fault_of_write(int error);
/* malloced, never NULL */
char *text_print(const char *format, ...) __attribute__((format(printf, 1, 2)));
