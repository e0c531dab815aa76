/*
 * What is due, of all merchants: one read across them. DUE(chore, NAME, often or seldom, by a clock
 * or none, text): merchants in their order after $1, at most $2 rows; a merchant may come several
 * times, and not all that he is found for needs to be due. $3, with a clock: up to when, in
 * milliseconds since 1970.
 *
 * The rows that a statement begins with are few, or stand in an index that holds no others, so that
 * merchants who have none of it cost nothing; but for DUE_EACH, which looks once at each merchant and
 * is for once a minute. Spans and numbers of states are those of the domain.
 *
 * A sandbox's clock may be ahead. Where time counts, those are asked for once more, by their own:
 * DUE_AHEAD.
 */
/* clang-format off */
#define DUE_AFTER "t.merchant_id > $1 ORDER BY t.merchant_id LIMIT $2"
#define DUE_OF(what) "SELECT t.merchant_id FROM " what " AND " DUE_AFTER
/* Of `r`: one row of a merchant's is enough. */
#define DUE_EACH(what) DUE_OF("head t WHERE EXISTS (SELECT FROM " what(r, DUE_NOW) " AND r.merchant_id = t.merchant_id)")
/* The same of sandboxes only, and the time leaves no other way than from them to their rows. */
#define DUE_AHEAD(what)                                                                                            \
	"WITH ahead AS MATERIALIZED (SELECT number, clock_ms FROM merchant WHERE merchant_id = 0 AND clock_ms <> 0)" \
	" SELECT t.merchant_id FROM ahead a, head t WHERE t.merchant_id = a.number AND EXISTS (SELECT FROM "       \
	what(r, DUE_THERE) " AND r.merchant_id = t.merchant_id) AND " DUE_AFTER
/* What is found by time is few: it is found first, whatever it looks like to go by merchants. */
#define DUE_BY_TIME(what) "WITH t AS MATERIALIZED (SELECT t.merchant_id FROM " what ") SELECT t.merchant_id FROM t WHERE " DUE_AFTER
#define DUE_TIME(ms) "timestamptz 'epoch' + (" ms ") * interval '1 millisecond'"
#define DUE_NOW  "$3::bigint"
#define DUE_THERE "$3::bigint + a.clock_ms" /* on a sandbox's clock */

/* When a running campaign wants to be looked at next, but for members that wait: campaign_look. An
 * index goes by these very words. */
#define DUE_CAMPAIGN_AT                                                                                            \
	"(CASE WHEN fill IS NOT NULL THEN '-infinity'::timestamptz WHEN phase = 1"                                 \
	" THEN LEAST(coalesce(starts, \"begin\", '-infinity'::timestamptz), \"end\") ELSE \"end\" END)"
#define DUE_CAMPAIGN(t, ms) "campaign " #t " WHERE " #t ".running AND " DUE_CAMPAIGN_AT " <= " DUE_TIME(ms)
#define DUE_JOB(t, ms) \
	"job " #t " WHERE " #t ".jobs_open_ordinal IS NOT NULL AND (" #t ".state <> 1 OR " #t ".created < " DUE_TIME(ms " - 86400000") ")"
#define DUE_HOLD(t, ms) "coupon " #t " WHERE " #t ".coupons_due_ordinal IS NOT NULL AND " #t ".due <= (" ms ") / 60000"
#define OLD_NOTICE(t, ms) "notice " #t " WHERE " #t ".happened < " DUE_TIME(ms " - 2592000000")
#define OLD_REQUEST(t, ms, class, span) \
	"request " #t " WHERE " #t ".class = " class " AND " #t ".bucket < (" ms ") / " span
#define OLD_OF_DIALECT(t, ms) OLD_REQUEST(t, ms, "1", "86400000")
#define OLD_NATIVE(t, ms)     OLD_REQUEST(t, ms, "2", "7776000000")
#define OLD_ROW(t, ms)        OLD_REQUEST(t, ms, "3", "604800000")

#define DUE_STATEMENTS(DUE)                                                                                        \
	DUE(CAMPAIGNS, DUE_CAMPAIGNS,       OFTEN,  CLOCK,    DUE_BY_TIME(DUE_CAMPAIGN(t, DUE_NOW)))               \
	DUE(CAMPAIGNS, DUE_CAMPAIGNS_AHEAD, OFTEN,  CLOCK,    DUE_AHEAD(DUE_CAMPAIGN))                             \
	DUE(CAMPAIGNS, DUE_MEMBERS,         OFTEN,  NO_CLOCK, DUE_OF("campaign t WHERE t.campaigns_running_ordinal IS NOT NULL" \
		" AND t.phase = 2 AND EXISTS (SELECT FROM member m WHERE m.merchant_id = t.merchant_id"            \
		" AND m.campaign = t.number AND m.todo_ordinal IS NOT NULL)"))                                     \
	DUE(WEBHOOKS,  DUE_DELIVERIES,      OFTEN,  NO_CLOCK, DUE_OF("webhook t WHERE t.webhooks_ordinal IS NOT NULL" \
		" AND t.suspended IS NULL AND EXISTS (SELECT FROM delivery d WHERE d.merchant_id = t.merchant_id"  \
		" AND d.webhook = t.number AND d.deliveries_waiting_ordinal IS NOT NULL)"))                        \
	DUE(WEBHOOKS,  DUE_NOTICES,         SELDOM, CLOCK,    DUE_EACH(OLD_NOTICE))                                \
	DUE(WEBHOOKS,  DUE_NOTICES_AHEAD,   OFTEN,  CLOCK,    DUE_AHEAD(OLD_NOTICE))                               \
	DUE(ERRANDS,   DUE_ERRANDS,         OFTEN,  NO_CLOCK, DUE_OF("errand t WHERE t.errands_waiting_ordinal IS NOT NULL")) \
	DUE(JOBS,      DUE_JOBS,            OFTEN,  CLOCK,    DUE_OF(DUE_JOB(t, DUE_NOW)))                         \
	DUE(JOBS,      DUE_JOBS_AHEAD,      OFTEN,  CLOCK,    DUE_AHEAD(DUE_JOB))                                  \
	DUE(UPKEEP,    DUE_DIALECT,         OFTEN,  CLOCK,    DUE_EACH(OLD_OF_DIALECT))                            \
	DUE(UPKEEP,    DUE_DIALECT_AHEAD,   OFTEN,  CLOCK,    DUE_AHEAD(OLD_OF_DIALECT))                           \
	DUE(UPKEEP,    DUE_NATIVE,          OFTEN,  CLOCK,    DUE_EACH(OLD_NATIVE))                                \
	DUE(UPKEEP,    DUE_NATIVE_AHEAD,    OFTEN,  CLOCK,    DUE_AHEAD(OLD_NATIVE))                               \
	DUE(UPKEEP,    DUE_ROWS,            OFTEN,  CLOCK,    DUE_EACH(OLD_ROW))                                   \
	DUE(UPKEEP,    DUE_ROWS_AHEAD,      OFTEN,  CLOCK,    DUE_AHEAD(OLD_ROW))                                  \
	DUE(UPKEEP,    DUE_HOLDS,           OFTEN,  CLOCK,    DUE_OF(DUE_HOLD(t, DUE_NOW)))                        \
	DUE(UPKEEP,    DUE_HOLDS_AHEAD,     OFTEN,  CLOCK,    DUE_AHEAD(DUE_HOLD))                                 \
	DUE(UPKEEP,    DUE_UNSWEPT,         OFTEN,  NO_CLOCK, DUE_OF("campaign t WHERE t.campaigns_unswept_ordinal IS NOT NULL")) \
	DUE(UPKEEP,    DUE_UNSETTLED,       OFTEN,  NO_CLOCK, DUE_OF("customer t WHERE t.customers_unsettled_ordinal IS NOT NULL")) \
	DUE(UPKEEP,    DUE_KEYS,            OFTEN,  NO_CLOCK, DUE_OF("customer t, customer_key k WHERE t.customers_erased_ordinal IS NOT NULL" \
		" AND k.merchant_id = t.merchant_id AND k.slot = t.key_slot AND k.value <> decode(repeat('00', 32), 'hex')"))

/* INDEX(name, table, the rest): what of this is not found by the indexes of lists. Each has a condition
 * that no look-up by key names: one of those could be planned by it (pg_sql.h). */
#define DUE_INDEXES(INDEX)                                                                                         \
	INDEX(merchant_ahead,  merchant, "(merchant_id, number) WHERE clock_ms <> 0")                              \
	INDEX(campaign_due,    campaign, "(" DUE_CAMPAIGN_AT ", merchant_id) WHERE running") \
	INDEX(notice_happened, notice,   "(merchant_id, happened) WHERE happened IS NOT NULL")
/* clang-format on */
