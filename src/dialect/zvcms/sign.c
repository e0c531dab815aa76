/*
 * The token. The vendor's page about it is lost; what is known is that the sample decodes to 20
 * bytes, so it is SHA-1 or HMAC-SHA1, keyed by something that is not printed. A credential says
 * which of four layouts its caller uses (enum sign_mode); `pairs` is
 * "grantCode=..&nonce=..&openId=..&timestamp=..":
 *
 *   hmac-sha1-kv         HMAC(secret, pairs)                               default
 *   hmac-sha1-kv-params  the same, with params=<its bytes as sent> in its place by name, or last
 *   tencent              HMAC(secret, "POST" host path "?" pairs)          as Tencent Cloud 2.0
 *   wechat               SHA-1 of secret, grantCode, timestamp and nonce, sorted and joined
 *
 * V2 signs its own names, without Action and Params (with Params is taken too where the mode asks
 * for it). The token travels URL-encoded inside JSON, or not, or twice; in a form its '+' may have
 * become a space. It is decoded until it is Base64 of 20 bytes.
 */
#include "base/crypto.h"
#include "dialect/zvcms/zvcms.h"

enum { PARTS_MAX = 16, ENCODED_SIZE = 28 };

static int hex_value(char c)
{
	char letter = (char)(c | 0x20);
	if (c >= '0' && c <= '9')
		return c - '0';
	return letter >= 'a' && letter <= 'f' ? letter - 'a' + 10 : -1;
}

/* In place; false: a '%' without two digits. */
static bool url_decode(char *text, size_t *size)
{
	size_t n = 0;
	for (size_t i = 0; i < *size; i++) {
		char c = text[i];
		if (c == '%') {
			int high = i + 2 < *size ? hex_value(text[i + 1]) : -1;
			int low = high >= 0 ? hex_value(text[i + 2]) : -1;
			if (low < 0)
				return false;
			c = (char)(high * 16 + low);
			i += 2;
		}
		text[n++] = c;
	}
	*size = n;
	return true;
}

static bool base64_of_digest(char *text, size_t size, uint8_t out[ZVCMS_TOKEN_BYTES])
{
	size_t read;
	if (size != ENCODED_SIZE)
		return false;
	for (size_t i = 0; i < size; i++)
		text[i] = text[i] == ' ' ? '+' : text[i];
	return base64_read((struct text){text, size}, out, ZVCMS_TOKEN_BYTES, &read) &&
	       read == ZVCMS_TOKEN_BYTES;
}

static bool read_token(struct text token, uint8_t out[ZVCMS_TOKEN_BYTES])
{
	enum { DECODES_MAX = 2 };
	char text[ZVCMS_TOKEN_MAX];
	size_t size = token.size;
	if (size > sizeof(text))
		return false;
	memcpy(text, token.data, size);
	for (unsigned i = 0; !base64_of_digest(text, size, out); i++) {
		if (i == DECODES_MAX || !url_decode(text, &size))
			return false;
	}
	return true;
}

/* What is digested: slices, in order. */
struct parts {
	struct text of[PARTS_MAX];
	size_t n;
};

static void add(struct parts *p, struct text t)
{
	must(p->n < PARTS_MAX);
	p->of[p->n++] = t;
}

static void add_pair(struct parts *p, struct text lead, struct text value)
{
	add(p, lead);
	add(p, value);
}

enum params_place { PARAMS_NOWHERE, PARAMS_BY_NAME, PARAMS_LAST };

/* "grantCode=..&nonce=..&openId=..[&params=..]&timestamp=..[&params=..]" */
static void add_pairs(struct parts *p, const struct zvcms_state *s, enum params_place place)
{
	static const struct text leads[2][5] = {
	    {{"grantCode=", 10},
	     {"&nonce=", 7},
	     {"&openId=", 8},
	     {"&params=", 8},
	     {"&timestamp=", 11}},
	    {{"GrantCode=", 10},
	     {"&Nonce=", 7},
	     {"&OpenId=", 8},
	     {"&Params=", 8},
	     {"&Timestamp=", 11}},
	};
	const struct text *lead = leads[s->v2];
	add_pair(p, lead[0], s->envelope[ZVCMS_GRANT_CODE]);
	add_pair(p, lead[1], s->envelope[ZVCMS_NONCE]);
	add_pair(p, lead[2], s->envelope[ZVCMS_OPEN_ID]);
	if (place == PARAMS_BY_NAME)
		add_pair(p, lead[3], s->envelope[ZVCMS_PARAMS]);
	add_pair(p, lead[4], s->envelope[ZVCMS_TIMESTAMP]);
	if (place == PARAMS_LAST)
		add_pair(p, lead[3], s->envelope[ZVCMS_PARAMS]);
}

static bool equal(const uint8_t *a, const uint8_t *b)
{
	return secret_equal((struct text){(const char *)a, ZVCMS_TOKEN_BYTES},
			    (struct text){(const char *)b, ZVCMS_TOKEN_BYTES});
}

static bool hmac_fits(const struct call *call, const struct parts *p, const uint8_t *token)
{
	uint8_t mac[DIGEST_SIZE_MAX];
	hmac_of(&call->actor.macs[DIGEST_SHA1], p->of, p->n, mac);
	return equal(mac, token);
}

static bool pairs_fit(const struct call *call, const struct zvcms_state *s, enum params_place place,
		      const uint8_t *token)
{
	struct parts p = {.n = 0};
	add_pairs(&p, s, place);
	return hmac_fits(call, &p, token);
}

static bool tencent_fits(const struct call *call, const struct zvcms_state *s, const uint8_t *token)
{
	struct parts p = {.n = 0};
	add(&p, TEXT("POST"));
	add(&p, call->request->host);
	add(&p, call->request->path);
	add(&p, TEXT("?"));
	add_pairs(&p, s, PARAMS_NOWHERE);
	return hmac_fits(call, &p, token);
}

static bool wechat_fits(const struct call *call, const struct zvcms_state *s, const uint8_t *token)
{
	uint8_t digest[DIGEST_SIZE_MAX];
	struct text of[4] = {call->actor.credential->secret, s->envelope[ZVCMS_GRANT_CODE],
			     s->envelope[ZVCMS_TIMESTAMP], s->envelope[ZVCMS_NONCE]};
	for (size_t i = 1; i < COUNT_OF(of); i++) {
		for (size_t j = i; j > 0 && text_compare(of[j - 1], of[j]) > 0; j--) {
			struct text other = of[j];
			of[j] = of[j - 1];
			of[j - 1] = other;
		}
	}
	digest_parts(DIGEST_SHA1, of, COUNT_OF(of), digest);
	return equal(digest, token);
}

static bool token_fits(const struct call *call, const struct zvcms_state *s, const uint8_t *token)
{
	switch (call->actor.credential->sign_mode) {
	case SIGN_ZVCMS_TENCENT:
		return tencent_fits(call, s, token);
	case SIGN_ZVCMS_WECHAT:
		return wechat_fits(call, s, token);
	case SIGN_ZVCMS_KV_PARAMS:
		return pairs_fit(call, s, PARAMS_BY_NAME, token) ||
		       pairs_fit(call, s, PARAMS_LAST, token) ||
		       (s->v2 && pairs_fit(call, s, PARAMS_NOWHERE, token));
	default:
		return pairs_fit(call, s, PARAMS_NOWHERE, token);
	}
}

enum fault zvcms_check_token(const struct call *call, const struct zvcms_state *s)
{
	uint8_t token[ZVCMS_TOKEN_BYTES];
	if (!read_token(s->envelope[ZVCMS_TOKEN], token) || !token_fits(call, s, token))
		return FAULT_SIGNATURE_WRONG;
	return OK;
}
