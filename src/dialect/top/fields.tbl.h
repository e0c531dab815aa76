/*
 * The fields of querycoupon in the order of its seed document (002: "ERP调用CRM - 查询优惠券"), to be
 * held beside it.
 *
 * QUERY(name, member of struct top_query_cmd, FIELD_kind, min, max, need): ErpCouponQueryDto, the
 * JSON text of the parameter query_d_t_o. The page's ceiling is ours (the document has none).
 *
 * COUPON(name, KIND, of, member): ErpCouponDTO, one coupon of result_arr_list. An absent value is
 * left out. KINDs: TEXT · NUMBER a number as text · DAY yyyy-MM-dd · YUAN yuan as text, left out
 * unless has_<member> · STATUS 0 unused, 1 used, 2 expired, 3 frozen, 4 void.
 */
/* clang-format off */
#ifdef QUERY
QUERY(page_size,     page_size,     FIELD_INT,  1, TOP_PAGE_MAX,    REQUIRED)
QUERY(page_num,      page_num,      FIELD_INT,  1, 0,               REQUIRED)
QUERY(channel,       query.channel, FIELD_TEXT, 0, NAME_LENGTH_MAX, OPTIONAL)
QUERY(phone,         query.phone,   FIELD_TEXT, 0, NAME_LENGTH_MAX, OPTIONAL)
QUERY(card_no,       query.card_no, FIELD_TEXT, 0, NAME_LENGTH_MAX, OPTIONAL)
QUERY(coupon_code,   query.code,    FIELD_TEXT, 0, NAME_LENGTH_MAX, OPTIONAL)
#endif

#ifdef COUPON
COUPON(status,        STATUS, row,      state)
COUPON(start_date,    DAY,    coupon,   begin)
COUPON(serller_id,    NUMBER, merchant, number)      /* misspelt in the document */
COUPON(phone,         TEXT,   customer, phone)
COUPON(order_amount,  YUAN,   template, threshold)
COUPON(end_date,      DAY,    coupon,   end)
COUPON(describe,      TEXT,   template, description)
COUPON(coupon_name,   TEXT,   template, name)
COUPON(coupon_id,     NUMBER, template, template_id)
COUPON(coupon_code,   TEXT,   row,      code)
COUPON(coupon_amount, YUAN,   template, amount)
COUPON(channel,       TEXT,   coupon,   channel)
COUPON(card_no,       TEXT,   customer, card_no)
COUPON(bill_date,     DAY,    coupon,   issued)
COUPON(attribute,     TEXT,   coupon,   attribute)
COUPON(shop,          TEXT,   template, shops)
COUPON(category,      TEXT,   template, categories)
#endif
/* clang-format on */
