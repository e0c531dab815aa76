/*
 * A merchant's home: the node that all nodes of a store let make his writes, so that they share
 * batches and nobody waits at his lock for another node (store/pg_homes.c). A write that came to
 * another node is passed on, as it came, and its answer back. Everything else runs where it came
 * to, and so does a write whose home cannot be reached
 * (docs/decisions/0069-homes-of-merchants.md).
 *
 * A passed request says in the header Couponry-Passed who sent it: the client's address, the
 * milliseconds since 1970, and HMAC-SHA256 over both and the target, in hex, under a key that only
 * nodes of the store have. Without a good one it is a client's like any other.
 */
#pragma once

#include "serve/worker.h"

struct homes *homes_new(struct engine *engine);
void homes_free(struct homes *h); /* NULL is allowed */
/* True: another node passed it on; from now on its peer is the client. */
bool homes_take(const struct homes *h, struct http_exchange *x);
/* Where an identified call had better be made. False: here. */
bool homes_look(const struct journey *j, char ret[NODE_ADDRESS_SIZE]);
/* Hands it to there, from any thread: it ends with that node's answer, or goes on here. */
void homes_pass(struct journey *j);
