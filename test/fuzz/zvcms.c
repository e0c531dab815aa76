/* ZVCMS, V3 and V2, with its four kinds of token. */
#include "base/crypto.h"
#include "dialect/zvcms/zvcms.h"
#include "fuzz/lib/caller.h"

static int by_bytes(const void *a, const void *b)
{
	const struct text *x = a, *y = b;
	return text_compare(*x, *y);
}

static void add(struct buffer *b, const struct zvcms_state *s, const char *v3, const char *v2,
		enum zvcms_envelope member)
{
	buffer_text(b, text_of(s->v2 ? v2 : v3));
	buffer_byte(b, '=');
	buffer_text(b, s->envelope[member]);
}

/* What is digested, by the mode of the credential; *ret_plain: by SHA-1 and not by HMAC. */
static void signed_text(const struct call *call, struct buffer *b, bool *ret_plain)
{
	const struct zvcms_state *s = call->state;
	uint64_t mode = call->actor.credential->sign_mode;
	*ret_plain = mode == SIGN_ZVCMS_WECHAT;
	if (*ret_plain) {
		struct text of[] = {call->actor.credential->secret, s->envelope[ZVCMS_GRANT_CODE],
				    s->envelope[ZVCMS_TIMESTAMP], s->envelope[ZVCMS_NONCE]};
		qsort(of, COUNT_OF(of), sizeof(*of), by_bytes);
		for (size_t i = 0; i < COUNT_OF(of); i++)
			buffer_text(b, of[i]);
		return;
	}
	if (mode == SIGN_ZVCMS_TENCENT) {
		buffer_text(b, TEXT("POST"));
		buffer_text(b, call->request->host);
		buffer_text(b, call->request->path);
		buffer_byte(b, '?');
	}
	add(b, s, "grantCode", "GrantCode", ZVCMS_GRANT_CODE);
	add(b, s, "&nonce", "&Nonce", ZVCMS_NONCE);
	add(b, s, "&openId", "&OpenId", ZVCMS_OPEN_ID);
	if (mode == SIGN_ZVCMS_KV_PARAMS)
		add(b, s, "&params", "&Params", ZVCMS_PARAMS);
	add(b, s, "&timestamp", "&Timestamp", ZVCMS_TIMESTAMP);
}

static bool signature(struct call *call, struct text *ret_given, struct text *ret_right)
{
	static char token[SIGN_SIZE_MAX];
	const struct zvcms_state *s = call->state;
	uint8_t digest[DIGEST_SIZE_MAX];
	struct buffer b;
	bool plain;
	buffer_init(&b, (size_t)1 << 24);
	signed_text(call, &b, &plain);
	const struct text parts[] = {buffer_get(&b)};
	if (plain)
		digest_parts(DIGEST_SHA1, parts, 1, digest);
	else
		hmac_parts(DIGEST_SHA1, call->actor.credential->secret, parts, 1, digest);
	buffer_release(&b);
	base64_write(digest, ZVCMS_TOKEN_BYTES, token);
	*ret_given = s->envelope[ZVCMS_TOKEN];
	*ret_right = (struct text){token, base64_size(ZVCMS_TOKEN_BYTES)};
	return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct caller caller = {.dialect = &dialect_zvcms, .signature = signature};
	caller_run(&caller, data, size);
	return 0;
}
