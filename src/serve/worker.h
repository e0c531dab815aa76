/*
 * What one loop thread owns: a reader of the store, the credentials it has seen, its share of the
 * metrics. Nothing here is shared between threads but the counters, which others only read.
 */
#pragma once

#include "base/crypto.h"
#include "serve/call.h"
#include "serve/metrics.h"
#include "store/engine.h"

struct actor_cache;
struct admit;
struct admit_bucket;
struct homes;
struct slow;
struct slow_task;
struct journey; /* call.c */

struct server {
	struct engine *engine;
	struct http_server *http;
	struct metrics *metrics;
	struct slow *slow;
	bool waits;		    /* engine_waits: what reads runs on the slow threads (away.c) */
	struct actor_cache *actors; /* theirs; NULL: each loop has its own */
	struct admit *admit;
	struct homes *homes; /* NULL: all calls are made here */
	unsigned worker_count;
	bool log_calls;
	bool private_targets; /* loopback and private addresses may be named as targets */
	const char *spool;    /* folder of the files of jobs; NULL: there is none */
};

enum { TURN_CALLS_MAX = 16 };
struct worker {
	struct server *server;
	struct http_loop *loop;
	struct reader *reader;
	struct actor_cache *actors;
	struct metrics_share *share;
	struct buffer reply;		      /* lent to one call at a time */
	struct journey *turn[TURN_CALLS_MAX]; /* reads that wait for the end of the loop's turn */
	unsigned turn_count;
	struct slow_task *sent, **sent_last; /* calls that go to the slow threads at its end */
};

/* Bound to the loop's thread by worker_start (http_config.loop_start). */
void worker_start(void *server, struct http_loop *loop);
void worker_end(void *server, struct http_loop *loop);
void worker_rest(void *server, struct http_loop *loop);
void worker_turn(void *server, struct http_loop *loop);
struct worker *worker_here(void);

/* http_config.handle: the way of a request begins here. */
void call_handle(void *server, struct http_exchange *x);
/* http_config.refused */
void call_refused(void *server, int status);

/* serve/route.c: the dialect a path belongs to; NULL: not a call of any. */
const struct dialect_row *route_dialect(const struct http_request *request);
/* The i-th path of a dialect; NULL: there are no more. *ret_below: and everything below it. */
const char *route_path(const struct dialect_row *dialect, unsigned i, bool *ret_below);
/* serve/pages.c: /healthz /readyz /metrics and everything unknown. Always answers. */
void page_handle(struct server *server, struct http_exchange *x);

/* serve/actors.c. A cache may be used by several threads; an entry is held by one call. */
struct actor_cache *actor_cache_new(void);
void actor_cache_free(struct actor_cache *c);
struct actor_entry {
	struct actor_cache *cache;
	struct text sent; /* struct actor_wanted */
	struct credential credential;
	struct merchant merchant;
	struct hmac_key macs[DIGEST_SHA256 + 1];
	struct admit_bucket *bucket;
	struct actor_entry *next;
	uint64_t version;
	unsigned users;
	bool dropped; /* out of the cache; goes with its last user */
	struct arena arena;
};
/* tx stands at merchant 0. The entry is held until actor_release. */
struct actor_wanted {
	enum dialect dialect;
	struct text name; /* as the caller gave it */
	struct text sent; /* what entries are found by: the name, or a digest of it */
	uint64_t version; /* engine_credential_version */
	struct admit *admit;
};
CHECKED enum fault actor_hold(struct actor_cache *c, struct call *call,
			      const struct actor_wanted *wanted, struct actor_entry **ret_entry);
void actor_release(struct actor_entry *entry);
bool actor_has_ended(const struct credential *c, struct instant now);
struct text actor_text(const struct call *call);
/* serve/slow.c: threads for reads that are not bounded by a page, or that wait for a network. */
struct slow *slow_start(struct engine *engine, unsigned threads);
void slow_stop(struct slow *s);
struct slow_task {
	struct slow_task *next;
	/* On a slow thread. `look`, when there, comes first: what is to be fetched. Tasks that have
	 * it go in groups, which see one state of the store. */
	void (*look)(struct slow_task *task, struct reader *reader, struct reader_look *ret);
	void (*run)(struct slow_task *task, struct reader *reader);
};
/* A list of them; returns what the queue has no room for. */
CHECKED struct slow_task *slow_submit(struct slow *s, struct slow_task *first);

/* serve/log.c */
void log_start(int fd);
void log_stop(void); /* writes what is left */
/* One line (a newline is added); dropped and counted when the sink does not keep up. */
void log_line(struct text line);
/* The line of a call that has ended, while its actor is held. */
void log_call(const struct call *call, enum fault fault, uint64_t us);
uint64_t log_dropped(void);
