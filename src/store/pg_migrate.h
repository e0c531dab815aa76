/*
 * Making PostgreSQL's schema and bringing it up to date: steps in one table, forward only, one
 * transaction for each. Two at once are safe: each step locks schema_version and looks again.
 *
 * schema_version has a row for each step done, and says how large the schema was then
 * (schema_size): a program that knows more fields, lists or unique values than the newest row adds
 * what is missing, derived from the descriptors; one that knows less refuses to run.
 */
#pragma once

#include "base/fault.h"

struct pg;

struct migrate_config {
	const char *url;
	unsigned partitions; /* 0: plain tables; else tables are hashed into so many by merchant */
	void (*done)(void *context, unsigned number, const char *name); /* NULL: nobody is told */
	void *context;
};
/* BUSY, SCHEMA_NEWER, SCHEMA_REFUSED (a right is missing, or something else has the names) with
 * *ret_why (malloced). */
CHECKED enum fault pg_migrate(const struct migrate_config *c, char **ret_why);

/* pg_link.c: whether the connection's database has exactly this program's schema. DATA_MISSING with
 * a sentence that names `couponry migrate`; SCHEMA_NEWER; SCHEMA_REFUSED when it may not be read.
 * Before the pipeline. */
CHECKED enum fault schema_check(struct pg *p);
