/*
 * NOTICE(name, id, wire, of, text): what may be told to webhooks. id is kept in records (below 64):
 * never reuse one. of: what `subject` numbers. Those of coupons stand in the order of their life.
 */
/* clang-format off */
NOTICE(COUPON_ISSUED,      1,  "coupon.issued",      COUPON,   "a customer has it, or nobody yet")
NOTICE(COUPON_HELD,        2,  "coupon.held",        COUPON,   "promised, not given yet")
NOTICE(COUPON_CONFIRMED,   3,  "coupon.confirmed",   COUPON,   "what was held is given; of a provider's: it has sent its own")
NOTICE(COUPON_RELEASED,    4,  "coupon.released",    COUPON,   "what was held is given up; of a provider's: it refused")
NOTICE(COUPON_ASSIGNED,    5,  "coupon.assigned",    COUPON,   "nobody's until now")
NOTICE(COUPON_FROZEN,      6,  "coupon.frozen",      COUPON,   "cannot be used for a while")
NOTICE(COUPON_UNFROZEN,    7,  "coupon.unfrozen",    COUPON,   "can be used again")
NOTICE(COUPON_REDEEMED,    8,  "coupon.redeemed",    COUPON,   "used for an order")
NOTICE(COUPON_REVERSED,    9,  "coupon.reversed",    COUPON,   "a use was given back, whole or in part")
NOTICE(COUPON_RECALLED,    10, "coupon.recalled",    COUPON,   "taken back for good")
NOTICE(COUPON_EXTENDED,    11, "coupon.extended",    COUPON,   "has another end")
NOTICE(COUPON_REISSUED,    12, "coupon.reissued",    COUPON,   "another one stands in for it")
NOTICE(COUPON_TRANSFERRED, 13, "coupon.transferred", COUPON,   "another customer has it")
NOTICE(COUPON_UNKNOWN,     14, "coupon.unknown",     COUPON,   "it could not be found out whether its provider has sent it")
NOTICE(TEMPLATE_LIMIT,     20, "template.limit",     TEMPLATE, "figure: 80 or 100 percent of its total is issued")
NOTICE(TEMPLATE_BUDGET,    21, "template.budget",    TEMPLATE, "figure: 80 or 100 percent of its budget is spent")
NOTICE(CAMPAIGN_STARTED,   30, "campaign.started",   CAMPAIGN, "its time has come")
NOTICE(CAMPAIGN_SUSPENDED, 31, "campaign.suspended", CAMPAIGN, "somebody stopped it")
NOTICE(CAMPAIGN_RESUMED,   32, "campaign.resumed",   CAMPAIGN, "it goes on where it stopped")
NOTICE(CAMPAIGN_ENDED,     33, "campaign.ended",     CAMPAIGN, "its time is over")
NOTICE(JOB_DONE,           40, "job.done",           JOB,      "word: done, cancelled or failed")
NOTICE(PROVIDER_TROUBLE,   41, "provider.trouble",   PROVIDER, "it is not asked for a while; word: what is wrong")
NOTICE(PROVIDER_WELL,      42, "provider.well",      PROVIDER, "it answers again")
NOTICE(WEBHOOK_SUSPENDED,  43, "webhook.suspended",  WEBHOOK,  "it has failed for so long that it is not tried any more")
