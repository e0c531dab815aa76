/*
 * A slice of a job: private to jobs.c, job_rows.c and job_export.c.
 *
 * A slice begins where the job stands and does the same each time, until its step is in the store:
 * its rows are written under numbers made of the job's and the row's.
 */
#pragma once

#include "bulk/bulk.h"
#include "courier/desk.h"
#include "domain/once.h"

enum { WORK_ROW_BYTES = 4096 };

struct work;
/* A row on its way to the lane. */
struct work_row {
	struct work *work;
	struct text cells[COLUMNS_MAX];
	enum fault fault;
	struct detail detail;
	bool sent; /* else the fault is the reader's */
	void *cmd, *ret;
	struct once_cmd once; /* of an import: cmd, under the number of the row */
	struct write write;
	struct arena arena;
	char memory[WORK_ROW_BYTES];
};
struct work {
	struct desk *desk;
	const struct desk_merchant *merchant;
	struct arena arena; /* of the slice */
	struct job job;	    /* as it was before; texts in the arena */
	struct job_order order;
	enum bulk_format format;
	int input, result; /* -1: none */
	/* out */
	struct buffer out; /* for the result */
	struct job_progress now;
	uint64_t total;
	bool ended;	     /* nothing is left behind this slice */
	struct text trouble; /* it cannot go on */
	/* job_rows.c's own */
	struct work_row rows[JOB_SLICE];
	unsigned n, waiting;
	pthread_mutex_t lock;
	pthread_cond_t all_done;
};
/* Of a zeroed one: its memory; the desk is the caller's to set. */
void work_init(struct work *w);
void work_release(struct work *w);
/* A fault: the store or a disk is in trouble; the slice is done again later. */
CHECKED enum fault job_rows(struct work *w);
CHECKED enum fault job_generate(struct work *w);
CHECKED enum fault job_export(struct work *w);
