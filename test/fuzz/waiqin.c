/* Waiqin365: md5(body|secret|timestamp) stands in the path. */
#include "base/crypto.h"
#include "dialect/waiqin/waiqin.h"
#include "fuzz/lib/caller.h"

static bool signature(struct call *call, struct text *ret_given, struct text *ret_right)
{
	static char hex[SIGN_SIZE_MAX];
	const struct waiqin_state *s = call->state;
	struct text secret = call->actor.credential->secret;
	const struct text parts[] = {call->request->body, TEXT("|"), secret, TEXT("|"),
				     s->timestamp};
	uint8_t digest[DIGEST_SIZE_MAX];
	digest_parts(DIGEST_MD5, parts, COUNT_OF(parts), digest);
	hex_lower(digest, 16, hex);
	*ret_given = s->digest;
	*ret_right = (struct text){hex, 32};
	return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct caller caller = {.dialect = &dialect_waiqin, .signature = signature};
	caller_run(&caller, data, size);
	return 0;
}
