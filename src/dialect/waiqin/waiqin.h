/*
 * The Waiqin365 dialect (bcwin): private to its folder. Seed document: 001 (bC campaigns).
 *
 *   POST /api/bcwin/v1/{operation}/{openid}/{timestamp}/{digest}/{msg_id}      body: a JSON object
 *
 * Everything that says who calls stands in the path; the digest is over the RAW body.
 */
#pragma once

#include "dialect/dialect.h"

enum {
	WAIQIN_SKEW_S =
	    1800, /* clients reuse one stamp for a whole run, and its seconds may be garbage */
	WAIQIN_MSG_ID_MAX = 64,	 /* the document gives no bound; a UUID has 36 */
	WAIQIN_OPENID_MAX = 100, /* 19 digits in every sample */
};

/* What identify learns from the path and decode from the body. */
struct waiqin_state {
	struct text operation, openid, timestamp, digest, msg_id; /* percent-decoded */
	bool elsewhere; /* the path goes on below, or does not come this far */
	/* The fields of the request that named the people and the departments: what a refusal of
	 * the domain ("no such customer") is about. */
	const char *customers, *departments;
};

/* Reads the path at the first call; NULL when the arena is full. */
struct waiqin_state *waiqin_state(struct call *call);
/* 1..64 of [A-Za-z0-9_-]. */
bool waiqin_msg_id_valid(struct text msg_id);

enum fault waiqin_identify(struct call *call);
enum fault waiqin_decode_save(struct call *call, void *cmd);
enum fault waiqin_decode_register(struct call *call, void *cmd);
enum fault waiqin_decode_query(struct call *call, void *cmd);
enum fault waiqin_encode_done(struct call *call, const void *ret);
enum fault waiqin_encode_query(struct call *call, const void *ret);
void waiqin_face(struct call *call, enum fault fault);
