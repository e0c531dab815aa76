/*
 * Which call starts next. Each host and port has a line of its own and a share of places; hosts
 * whose line is not empty and whose share is not used up take turns.
 */
#pragma once

#include "base/url.h"
#include "courier/dial.h"

struct turns_host;
enum { TURNS_BUCKETS = 256 };
struct turns {
	struct turns_host *buckets[TURNS_BUCKETS];
	struct turns_host *first, *last; /* those that may start a call, in turn */
	unsigned host_calls_max;
};

/* At the end of its host's line. False: no memory. */
bool turns_add(struct turns *t, struct dial_call *call, const struct url *url);
/* The next call, NULL: none may start. It has a place of *ret_host until turns_leave. */
struct dial_call *turns_next(struct turns *t, struct turns_host **ret_host);
void turns_leave(struct turns *t, struct turns_host *host);
/* Any call that waits, taken out of its line; NULL: none waits. */
struct dial_call *turns_take(struct turns *t);
