/*
 * METHOD(ROW, name, command, cmd, ret, decode, encode, slow): what the platform is asked for. The
 * batch row has no command: it is the path /router/batch, never a value of the parameter `method`.
 */
/* clang-format off */
METHOD(QUERY, "alibaba.alihealth.nr.crm.coupon.querycoupon", COMMAND_coupon_query, struct top_query_cmd,
       struct coupon_query_ret, top_decode_query, top_encode_query, false)
METHOD(BATCH, "batch", 0, char, char, top_decode_batch, top_encode_batch, true)
/* clang-format on */
