/*
 * Idempotency: a write that was accepted is remembered for a while, so that its repeat gets the
 * first answer and changes nothing. Refusals are not remembered.
 *
 * The key of a memory is (class, bucket, tag): tag is an HMAC of the command and the request's
 * parts, bucket = (end of its life) / retention. So a look-up probes two keys, and what is past its
 * life is a stretch of keys below one bucket, which request_forget removes.
 */
#pragma once

#include "domain/domain.h"

struct asked {
	enum command command;
	enum request_class class;
	const struct request_key *key; /* no parts: never found, never kept */
};
/* ret_result: what request_keep was given. */
CHECKED enum fault request_find(struct tx *tx, const struct env *env, const struct asked *asked,
				struct text *ret_result, bool *ret_found);
/* The same for requests that several dialects know: of whichever class it is kept. */
CHECKED enum fault request_find_any(struct tx *tx, const struct env *env, const struct asked *asked,
				    struct text *ret_result, bool *ret_found);
/* A put: after all decisions. */
void request_keep(struct tx *tx, const struct env *env, const struct asked *asked,
		  struct text result);
