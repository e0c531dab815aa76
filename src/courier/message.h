/*
 * The body of a message to a webhook, and its headers as Standard Webhooks has them.
 *
 *   {"type": "coupon.redeemed", "timestamp": when it happened, "data": {..}}
 *
 * `data` says only what never changes, in the words of the native API: every try sends the same
 * bytes.
 */
#pragma once

#include "base/buffer.h"
#include "domain/domain.h"

/* Appends to `out`. false: of a kind that this version does not know, nothing is written. */
CHECKED bool message_write(const struct message *m, struct buffer *out);

enum { SIGNATURES_SIZE = 2 * (3 + 44) + 2 }; /* "v1," and base64 of 32 bytes, a blank, NUL */
/* What is signed: the id, the time of the try, the body. */
struct message_signed {
	struct text id, timestamp, body;
};
/* By one or two secrets; empty: none. With its NUL. */
void message_sign(const struct message_signed *m, struct text secret, struct text old_secret,
		  char out[SIGNATURES_SIZE]);
