/* SIGN_MODE(name, dialect, mode): what people call the ways to sign, each of one dialect. */
/* clang-format off */
SIGN_MODE("either",              DIALECT_WJB,   SIGN_WJB_EITHER)
SIGN_MODE("query",               DIALECT_WJB,   SIGN_WJB_QUERY)
SIGN_MODE("query+body",          DIALECT_WJB,   SIGN_WJB_QUERY_BODY)
SIGN_MODE("hmac-sha1-kv",        DIALECT_ZVCMS, SIGN_ZVCMS_KV)
SIGN_MODE("hmac-sha1-kv-params", DIALECT_ZVCMS, SIGN_ZVCMS_KV_PARAMS)
SIGN_MODE("tencent",             DIALECT_ZVCMS, SIGN_ZVCMS_TENCENT)
SIGN_MODE("wechat",              DIALECT_ZVCMS, SIGN_ZVCMS_WECHAT)
/* clang-format on */
