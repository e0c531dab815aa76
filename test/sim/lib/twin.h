/*
 * The second engine of a simulation: on PostgreSQL, in the child beside the first. It gets each
 * command that the first one has taken, and must answer the same; in the end its ledger is the
 * same, byte for byte where only one merchant has customers (slots of customer keys are numbered
 * through the whole store in a data directory and per merchant in PostgreSQL), else as text without
 * the slots.
 *
 * The database may be killed at any time: what it answers with BUSY is not written and is asked
 * again. The child may be killed at any time: twin_mend brings the second ledger to where the
 * first one is, and what was cut off between the two is run then.
 */
#pragma once

#include "sim.h"
#include "store/engine.h"

/* Waits until no connection of an earlier child is left in the database. */
void twin_open(struct world *w, const struct engine_config *first);
void twin_close(void);
/* ops[from] .. ops[from + n - 1]: fault, entry, field and what was issued must be as there. With
 * w->one_by_one each waits for the one before it. */
void twin_run(struct world *w, unsigned from, unsigned n);
void twin_check(struct world *w);
/* Ends the erasures of a merchant: what a database that is killed meanwhile leaves, the next one
 * does. */
void twin_wipe(struct world *w, uint64_t merchant);
/* Runs what the first engine's ledger has of ops[] (in_ledger) and this one's has not. */
void twin_mend(struct world *w);
/* Both ledgers, entry by entry, and the second one's verify. */
void twin_verify(struct world *w, struct engine *first);
