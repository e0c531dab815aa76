/*
 * METHOD(name, command, decode, encode, verbs, path): the methods of the WangJuBao Marketing API, in
 * the order of its page. verbs: POST, or READABLE where GET is allowed too. path: what stands before
 * the names of the call's fields in error_message.
 */
/* clang-format off */
METHOD("wjb.ump.coupon.add",            template_add,    decode_coupon_add,      encode_done,       POST,     "coupon.")
METHOD("wjb.ump.coupon.delete",         template_delete, decode_coupon_delete,   encode_done,       READABLE, "")
METHOD("wjb.ump.coupon.list",           template_list,   decode_coupon_list,     encode_coupons,    READABLE, "")
METHOD("wjb.ump.activity.add",          campaign_add,    decode_activity_add,    encode_activity,   POST,     "activity.")
METHOD("wjb.ump.activity.modify",       campaign_modify, decode_activity_modify, encode_done,       POST,     "activity.")
METHOD("wjb.ump.activity.delete",       campaign_delete, decode_activity_delete, encode_done,       READABLE, "")
METHOD("wjb.ump.activity.list",         campaign_list,   decode_activity_list,   encode_activities, READABLE, "")
METHOD("wjb.ump.activity.target.add",   audience_add,    decode_target_add,      encode_done,       POST,     "targets.")
METHOD("wjb.ump.activity.target.clear", audience_clear,  decode_target_clear,    encode_done,       READABLE, "")
/* clang-format on */
