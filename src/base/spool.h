/*
 * The files of jobs: DIR/MERCHANT-JOB-MADE.input and .result, MADE being the instant the job was
 * made, so that a store that was restored meets none of another job with the same number. Nodes
 * that share work share the folder.
 */
#pragma once

#include "base/moment.h"

enum spool_part { SPOOL_INPUT, SPOOL_RESULT };
struct spool_name {
	uint64_t merchant, job;
	struct instant made;
};
enum { SPOOL_PATH_SIZE = 4096 };
/* Where it is: as said, else beside the data directory; NULL: neither, or it cannot be made (mode
 * 0700). */
const char *spool_of(const char *said, const char *data, char into[SPOOL_PATH_SIZE]);
/* A descriptor for file_read and file_write, or -1 (errno says why). make: when it is not there. */
int spool_open(const char *dir, const struct spool_name *name, enum spool_part part, bool make);
/* -1: it cannot be said. */
int64_t spool_size(int fd);
/* Forgets the files for which `keep` says false, with their age in seconds. What has another form
 * of name is left alone. */
void spool_sweep(const char *dir,
		 bool (*keep)(void *context, const struct spool_name *name, int64_t age_s),
		 void *context);
