/*
 * READ THIS FIRST. A call: one request on its way through the server.
 *
 *   route -> admit -> identify -> decode -> apply -> encode -> log
 *
 * route     serve/route.c finds the dialect by path; the dialect's identify finds the method row
 * admit     bounded queues, trusted addresses
 * identify  dialect: envelope, credential, signature over RAW bytes -> call->actor
 * decode    dialect: request -> command (call->cmd)
 * apply     a READ runs here, on the loop's thread, behind the others of its turn; a WRITE goes to
 *           the lane and comes back durable
 * encode    dialect: result (call->ret) -> call->reply
 * face      dialect: a fault from any step -> call->reply
 * log       one JSON line
 *
 * All of a call's memory is its exchange's arena.
 */
#pragma once

#include "base/buffer.h"
#include "domain/domain.h"
#include "http/http.h"

struct call;
struct dialect_docs; /* dialect/docs.h */

/* A row of a dialect's methods.tbl.h. */
struct method {
	const char *name; /* as logged and counted: "wjb.ump.coupon.add" */
	unsigned command; /* enum command; 0: no command, encode does all (batch) */
	size_t cmd_size, ret_size;
	enum fault (*decode)(struct call *call, void *cmd);	  /* NULL: nothing to decode */
	enum fault (*encode)(struct call *call, const void *ret); /* writes call->reply */
	/* A read not bounded by a page: runs on a reader thread, not on the loop. A write: its
	 * decode works at files, so that runs there. */
	bool slow;
	bool of_store; /* runs for merchant 0, not for the caller's */
	bool wipes;    /* an erasure: keys are wiped on a slow thread before it is answered */
};

/* A row of the dialect table (serve/route.c). */
struct dialect_row {
	enum dialect dialect;
	const char *name; /* "wjb" */
	/* Sets call->method and call->actor, or refuses. May keep parsed parameters in call->state.
	 */
	enum fault (*identify)(struct call *call);
	/* Any fault -> call->reply, call->status, call->content_type. */
	void (*face)(struct call *call, enum fault fault);
	const struct method *methods;
	unsigned method_count;
	const struct dialect_docs *docs; /* its page; NULL: on another's */
};

/* Headers of one answer beside those that every answer has. */
enum { CALL_HEADERS_MAX = 8 };

struct actor {
	const struct credential *credential; /* secrets in clear; lives as long as the call */
	const struct merchant *merchant;
	const struct hmac_key *macs; /* of its secret, by enum digest */
};

/* What is left of the credential's limit, after this call. */
struct call_limit {
	uint64_t per_s, burst; /* per_s 0: no limit */
	uint64_t left;
	unsigned reset_s; /* until `left` is `burst` again, if no call comes */
};

struct call {
	struct http_exchange *exchange;
	const struct http_request *request;
	struct arena *arena;
	struct instant now; /* wall clock (tests: virtual) */
	const struct dialect_row *dialect;
	const struct method *method; /* NULL until identified */
	struct actor actor;
	struct call_limit limit; /* from identify on */
	void *state;		 /* the dialect's own */
	/* reads, and identify of all: open transaction; NULL while a write is encoded */
	struct tx *tx;
	const struct env *env;
	void *cmd, *ret;
	/* of a write whose command has no member for it: see domain/once.h */
	struct request_number request_number;
	struct detail detail;
	bool private_targets; /* see serve's setting: what may be named as a target */
	const char *spool;    /* folder of the files of jobs; NULL: there is none */
	bool plain;	      /* the answer is a part of a file: not to be compressed */
	/* the answer */
	struct buffer reply;	  /* body; cap REPLY_BYTES_MAX */
	int status;		  /* 200 unless set */
	struct text content_type; /* application/json;charset=UTF-8 unless set */
	unsigned retry_after_s;
	struct http_header headers[CALL_HEADERS_MAX];
	unsigned header_count;
};
/* One more header of the answer; its texts live as long as the call. */
static inline void call_header(struct call *call, struct text name, struct text value)
{
	must(call->header_count < CALL_HEADERS_MAX);
	call->headers[call->header_count++] = (struct http_header){name, value};
}

/* For identify: the credential of that name (native: the key as it was sent), through the cache;
 * KEY_UNKNOWN when there is none, KEY_ENDED when it has expired or was revoked, ADDRESS_REFUSED
 * when the caller's address is not among its trusted ones. Sets call->actor, also with the last
 * two. */
CHECKED enum fault call_actor(struct call *call, enum dialect dialect, struct text name);
/* The same without the address check (the dialect's order of checks puts it later): then
 * call_trusted must be asked. */
CHECKED enum fault call_actor_any(struct call *call, enum dialect dialect, struct text name);
CHECKED enum fault call_trusted(struct call *call);
/* A further READ command in the call's own transaction (encode of slow methods and batches). */
CHECKED enum fault call_read(struct call *call, enum command command, const void *cmd, void *ret);
/* A slow encode between two slices: renews the transaction. Texts read before are gone. */
void call_renew(struct call *call);
/* Refuses with a field (and value): the twin of the domain's refuse(). */
enum fault call_refuse(struct call *call, enum fault fault, struct text field, struct text value);
/* |call->now - t| <= the credential's skew, or default_s when it has none. TIMESTAMP_STALE. */
CHECKED enum fault call_fresh(struct call *call, struct instant t, unsigned default_s);
/* The method row of that name; NULL when there is none. */
const struct method *dialect_method(const struct dialect_row *dialect, struct text name);
