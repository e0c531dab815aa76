/*
 * VIEW(name, comment, text): what people ask most, in SQL, for reports; nothing in the program reads
 * them. Days are those of UTC+8. Expired is computed when somebody looks.
 */
/* clang-format off */
#define SQL_VIEWS(VIEW)                                                                                            \
	VIEW(coupon_by_day, "coupons by template, day of issue and status as shown",                               \
	     "SELECT c.merchant_id, c.template, t.name AS template_name,"                                          \
	     " CASE WHEN c.issued BETWEEN '1970-01-01 00:00+00' AND '9999-12-31 00:00+00'"                         \
	     " THEN (c.issued AT TIME ZONE 'UTC' + interval '8 hours')::date END AS day,"                          \
	     " CASE c.state WHEN 0 THEN CASE WHEN c.\"end\" < now() THEN 'expired' ELSE 'unused' END"              \
	     " WHEN 1 THEN 'redeemed' WHEN 2 THEN 'frozen' WHEN 3 THEN 'recalled' ELSE 'other' END AS status,"     \
	     " count(*) AS coupons"                                                                                \
	     " FROM coupon c LEFT JOIN template t ON t.merchant_id = c.merchant_id AND t.number = c.template"      \
	     " WHERE c.id <> 0 GROUP BY 1, 2, 3, 4, 5")                                                            \
	VIEW(redemption_by_template, "issued and redeemed coupons, by template and the shops it names",            \
	     "SELECT c.merchant_id, c.template, t.name AS template_name, t.shops,"                                 \
	     " count(*) AS issued, count(*) FILTER (WHERE c.state = 1) AS redeemed,"                               \
	     " round(count(*) FILTER (WHERE c.state = 1)::numeric / count(*), 4) AS share,"                        \
	     " coalesce(sum(t.amount) FILTER (WHERE c.state = 1 AND t.has_amount), 0) AS amount_fen"               \
	     " FROM coupon c LEFT JOIN template t ON t.merchant_id = c.merchant_id AND t.number = c.template"      \
	     " WHERE c.id <> 0 GROUP BY 1, 2, 3, 4")                                                               \
	VIEW(redemption_by_channel, "issued and redeemed coupons by channel",                                      \
	     "SELECT c.merchant_id, c.channel, count(*) AS issued,"                                                \
	     " count(*) FILTER (WHERE c.state = 1) AS redeemed,"                                                   \
	     " round(count(*) FILTER (WHERE c.state = 1)::numeric / count(*), 4) AS share"                         \
	     " FROM coupon c WHERE c.id <> 0 GROUP BY 1, 2")                                                       \
	VIEW(campaign_funnel, "how far the audience of each campaign got",                                         \
	     "SELECT g.merchant_id, g.number AS campaign, g.name, g.status,"                                       \
	     " count(m.customer) FILTER (WHERE m.cover <> 0 AND m.cover = g.cover) AS covered,"                    \
	     " count(m.customer) FILTER (WHERE m.invited) AS invited,"                                             \
	     " count(m.customer) FILTER (WHERE m.registered) AS registered"                                        \
	     " FROM campaign g LEFT JOIN member m ON m.merchant_id = g.merchant_id AND m.campaign = g.number"      \
	     " WHERE g.live GROUP BY 1, 2, 3, 4")
/* clang-format on */
