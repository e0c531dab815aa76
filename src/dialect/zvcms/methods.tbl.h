/* clang-format off */
/* METHOD(name, V3 path, V2 action, command, decode, encode) */
METHOD(getCustomerCoupons, "/v3/crm/coupon/getCustomerCoupons", "user.coupon-new-status", coupon_wallet, zvcms_decode_wallet, zvcms_encode_wallet)
