/*
 * The PostgreSQL below twin.c: one cluster is made per run, with the schema in it, and copied for
 * each seed, whose worker process starts it, kills it now and then, and takes it along when it
 * ends.
 */
#pragma once

#include "pg_server.h"
#include "sim.h"

/* In FOLDER/pg. False: PostgreSQL's programs are not on this machine. */
bool database_make(const char *folder);
/* A copy in FOLDER/pg of what is in MADE/pg; runs, and w->twin has its address. */
void database_start(struct world *w, struct pg_server *s, const char *made, const char *folder);
/* SIGKILL for the server and all its processes, then started again. */
void database_kill(struct world *w, struct pg_server *s);
