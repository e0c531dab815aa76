/*
 * What stands behind engine.h: two engines, one table of verbs each. engines.c finds the table
 * through the engine; what both do alike stands there too.
 *
 *   embedded  engine.c and all that parts.h names: DIR
 *   pg        pg_engine.c, pg_lane.c, pg_read.c: --store=postgresql://...
 */
#pragma once

#include "store/engine.h"
#include "store/tx.h"

#include <stdatomic.h>

struct engine_verbs {
	void (*stop_jobs)(struct engine *e);
	void (*close)(struct engine *e);
	struct reader *(*reader_open)(struct engine *e);
	void (*reader_close)(struct reader *r);
	struct tx *(*reader_begin)(struct reader *r, uint64_t merchant, struct arena *arena,
				   struct detail *detail);
	void (*reader_end)(struct reader *r);
	void (*reader_keep)(struct reader *r);
	void (*reader_rest)(struct reader *r);
	enum fault (*reader_apply)(struct tx *tx, handler *handle, const void *cmd, void *ret);
	void (*reader_look)(struct reader *r, const struct reader_look *looks, unsigned n);
	enum fault (*reader_due)(struct reader *r, struct due_walk *w, uint64_t ret[DUE_WALK_PAGE],
				 unsigned *ret_n);
	enum fault (*reader_try)(struct reader *r, struct write *w);
	void (*submit)(struct engine *e, struct write *w);
	enum fault (*wipe)(struct engine *e, uint64_t merchant);
	void (*feed)(struct engine *e);
	uint64_t (*credential_version)(const struct engine *e);
	enum fault (*ready)(const struct engine *e);
	enum fault (*clock_accept)(struct engine *e);
	void (*stats_get)(const struct engine *e, struct engine_stats *ret);
	enum fault (*verify)(struct engine *e,
			     void (*progress)(void *context, uint64_t done, uint64_t all),
			     void *context, struct ledger_report *ret, char **ret_why);
	enum fault (*ledger_scan)(struct engine *e,
				  bool (*see)(void *context, const struct ledger_entry *entry),
				  void *context);
	enum fault (*ledger_follow)(struct engine *e, struct ledger_cursor *cursor,
				    bool (*see)(void *context, const struct ledger_entry *entry),
				    void *context);
	enum fault (*ledger_newest)(struct engine *e, uint64_t merchant, uint64_t *ret_number);
	enum fault (*backup)(struct engine *e, const char *to, char **ret_why);
	uint64_t (*signing_key)(const struct engine *e, uint8_t ret_seed[32]);
	/* NULL: there are no others */
	bool (*home)(const struct engine *e, uint64_t merchant, char ret[NODE_ADDRESS_SIZE]);
	bool waits; /* engine_waits */
};

/* The beginning of every struct engine and struct reader. */
struct engine_base {
	const struct engine_verbs *verbs;
	_Atomic(struct engine_waker *) waker;
	_Atomic unsigned waking; /* threads inside it */
};
/* A write that is durable, or that wrote nothing. */
void engine_answer(struct engine_base *base, struct write *w);
struct reader_base {
	struct engine *engine;
	struct tx tx;
};

CHECKED enum fault embedded_open(const struct engine_config *config, struct engine **ret_engine,
				 char **ret_why);
CHECKED enum fault pg_engine_open(const struct engine_config *config, struct engine **ret_engine,
				  char **ret_why);
