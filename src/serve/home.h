/*
 * A merchant's home: the node that all nodes of a store let make his writes, so that they share
 * batches and nobody waits at his lock for another node (store/pg_homes.c). A write that came to
 * another node is passed on, as it came, and its answer back. Everything else runs where it came
 * to, and so does a write whose home cannot be reached
 * (docs/decisions/0069-homes-of-merchants.md).
 *
 * Passed requests travel in bundles (http/bundle.c). A bundle's header Couponry-Passed says the
 * milliseconds since 1970, and HMAC-SHA256 over them and the bundle, in hex, under a key that only
 * nodes of the store have. Without a good one it is a request like any other, to a path that is not
 * there.
 */
#pragma once

#include "serve/worker.h"

struct homes *homes_new(struct engine *engine);
void homes_free(struct homes *h); /* NULL is allowed */
/* http_config.bundle_mark; the context is the server. */
void homes_mark(void *context, struct text bundle, struct buffer *value);
/* True: it was a bundle of another node's, and will be answered. h may be NULL. */
bool homes_take(const struct homes *h, struct http_exchange *x);
/* Where an identified call had better be made. False: here. */
bool homes_look(const struct journey *j, char ret[NODE_ADDRESS_SIZE]);
/* Hands it to there, from any thread: it ends with that node's answer, or goes on here. */
void homes_pass(struct journey *j);
