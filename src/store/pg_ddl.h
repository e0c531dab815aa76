/*
 * The schema as SQL, written from pg_schema.h: tables with their comments, indexes, views. Every
 * statement may be run again over what is there already.
 */
#pragma once

#include "store/pg_schema.h"

struct ddl {
	unsigned partitions; /* 0: plain tables */
	bool citus;	     /* tables are to be distributed */
};
/* All tables that are missing, and their columns and indexes that are. */
void ddl_tables(const struct ddl *d, struct buffer *out);
/* How full their pages are to be. */
void ddl_rooms(const struct ddl *d, struct buffer *out);
void ddl_views(struct buffer *out);
/* Indexes by which what is due is found: pg_due.tbl.h. */
void ddl_due(struct buffer *out);
/* The table that says how far the others are. */
extern const char ddl_version[];
