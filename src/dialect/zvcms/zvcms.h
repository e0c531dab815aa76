/*
 * The ZVCMS dialect (Zhimai openapi): private to its folder. Seed document: 003.
 *
 *   V3   POST /v3/crm/coupon/getCustomerCoupons   openId grantCode token timestamp nonce params
 *   V2   POST /api/v2                             OpenId GrantCode Token Timestamp Nonce Action
 * Params
 *
 * The envelope is a JSON object, or a form in which params is JSON text. This is the path that the
 * speed of the server is measured on: no allocation that can be left out, no printf.
 */
#pragma once

#include "dialect/dialect.h"
#include "dialect/zvcms/fields.tbl.h"

enum {
	ZVCMS_SKEW_S = 300, /* the document is silent; five minutes is what its relatives allow */
	ZVCMS_OPENID_MAX = 100, /* 32 in every sample */
	ZVCMS_TOKEN_MAX = 160,	/* 28 characters of Base64, each URL-encoded twice, and some room */
	ZVCMS_TOKEN_BYTES = 20, /* of a SHA-1 */
};

enum zvcms_envelope {
#define E(name, v3, v2) ZVCMS_##name,
	ZVCMS_ENVELOPE(E)
#undef E
	    ZVCMS_ENVELOPE_COUNT
};

struct zvcms_state {
	bool v2;
	struct text envelope[ZVCMS_ENVELOPE_COUNT]; /* as sent, texts resolved; params: its bytes */
	struct json params;
	bool params_valid; /* an object, or PHP's empty list */
};

enum fault zvcms_identify(struct call *call);
/* identify.c -> sign.c: does the token fit the credential's mode? SIGNATURE_WRONG. */
CHECKED enum fault zvcms_check_token(const struct call *call, const struct zvcms_state *s);
enum fault zvcms_decode_wallet(struct call *call, void *cmd);
enum fault zvcms_encode_wallet(struct call *call, const void *ret);
void zvcms_face(struct call *call, enum fault fault);
/* useStatus. false: none of the numbers that mean something. */
CHECKED bool zvcms_state_of(uint64_t use_status, enum coupon_state *ret);
