/*
 * A dialect without a server: a request from a text, an actor who is always there, the dialect's
 * own steps, and what must hold after each. caller.c has the functions of serve/call.h that
 * dialects ask, so serve/call.c is not linked.
 *
 *     POST /router/rest?app_key=1&sign=@SIGN@ HTTP/1.1
 *     Content-Type: application/json
 *     Mode: 21                  the credential's sign_mode
 *     Typed: 1                  its `typed` and `require_session`
 *     Arena: 300                bytes that the call may take
 *     Scopes: 32                of the credential; 0: as an old one
 *
 *     {"body":1}
 *
 * Lines end in LF or CRLF; the body is what follows the empty one, as it is. @SIGN@ is replaced by
 * the right signature of the request. The clock stands at 2024-01-15 12:00:00.
 */
#pragma once

#include "dialect/dialect.h"
#include "fuzz/lib/fuzz.h"

#define SIGN_MARK TEXT("@SIGN@")
enum { SIGN_SIZE_MAX = 64 };

struct caller {
	const struct dialect_row *dialect;
	/* The signature that `identify` found and the one that is right, by the fuzzer's own sum.
	 * false: the request cannot have a right one. Asked after identify said SIGNATURE_WRONG or
	 * went past it. */
	bool (*signature)(struct call *call, struct text *ret_given, struct text *ret_right);
	/* More to look at after a decode that was OK; may be NULL. */
	void (*decoded)(struct call *call);
};
void caller_run(const struct caller *caller, const uint8_t *data, size_t size);

/* The reply in call->reply is what its content type says: JSON, XML or plain text. */
void reply_check(struct call *call);
/* Texts clean, numbers and lists within their bounds. */
void command_check(unsigned command, const void *cmd);
/* The same for commands of the native API. */
void native_command_check(unsigned command, const void *cmd);
void native_command_answer(struct arena *a, unsigned command, const void *cmd, void *ret);
/* An answer as the store might give it, with texts that need escapes. */
void command_answer(struct arena *a, unsigned command, const void *cmd, void *ret);
