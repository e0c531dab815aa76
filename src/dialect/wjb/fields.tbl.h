/*
 * The members that are understood, to be held beside the seed document and dialects of its
 * relatives (docs/dialects). Columns: object, name, alias, member, kind, max, required, has.
 * Members that are not here are kept and echoed. Not in the table, because no kind says them:
 * coupon.condition, activity.prizes, targets.buyer_nicks, buyer_nicks (decode.c, spi.c).
 *
 * max: characters of FIELD_TEXT, bytes of FIELD_TEXT_BYTES, the largest FIELD_INT (0: 2^63-1).
 */
/* clang-format off */
#ifdef COUPON /* UmpCoupon -> struct template */
COUPON(coupon_id,     NULL,          template_id, INT,        0,               REQUIRED, NO_HAS)
COUPON(name,          "coupon_name", name,        TEXT,       NAME_LENGTH_MAX, OPTIONAL, NO_HAS)
COUPON(type,          NULL,          type,        TEXT,       32,              OPTIONAL, NO_HAS)
COUPON(denominations, "amount",      amount,      YUAN,       0,               OPTIONAL, HAS(has_amount))
COUPON(total,         "count",       total,       INT,        0,               OPTIONAL, HAS(has_total))
COUPON(per_person,    NULL,          per_person,  INT,        0,               OPTIONAL, NO_HAS)
COUPON(start_time,    NULL,          begin,       SECOND,     0,               OPTIONAL, NO_HAS)
COUPON(end_time,      NULL,          end,         SECOND,     0,               OPTIONAL, NO_HAS)
COUPON(memo,          NULL,          description, TEXT_BYTES, TEXT_BYTES_MAX,  OPTIONAL, NO_HAS)
#endif

#ifdef ACTIVITY /* UmpActivity -> struct activity; a member that is null or "" is taken away by modify */
ACTIVITY(name,        NULL,          name,        TEXT,       NAME_LENGTH_MAX, OPTIONAL, HAS(has_name))
ACTIVITY(type,        NULL,          type,        TEXT,       NAME_LENGTH_MAX, OPTIONAL, HAS(has_type))
ACTIVITY(status,      NULL,          status,      INT,        3,               OPTIONAL, HAS(has_status))
ACTIVITY(start_time,  NULL,          begin,       SECOND,     0,               OPTIONAL, HAS(has_begin))
ACTIVITY(end_time,    NULL,          end,         SECOND,     0,               OPTIONAL, HAS(has_end))
ACTIVITY(memo,        NULL,          memo,        TEXT_BYTES, TEXT_BYTES_MAX,  OPTIONAL, HAS(has_memo))
#endif

#ifdef LIST /* input params of coupon.list and activity.list -> struct list_params */
LIST(start_time,      NULL,          begin,       SECOND,     0,               OPTIONAL, HAS(has_begin))
LIST(end_time,        NULL,          end,         SECOND,     0,               OPTIONAL, HAS(has_end))
LIST(page_no,         NULL,          page_no,     INT,        0,               OPTIONAL, NO_HAS)
LIST(page_size,       NULL,          page_size,   INT,        PAGE_SIZE_MAX,   OPTIONAL, NO_HAS)
#endif
/* clang-format on */
