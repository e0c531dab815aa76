/*
 * PostgreSQL's tables. TABLE_COMMENT(table, comment): those made from records.tbl.h.
 * SQL_TABLE(name, NAME, key columns, comment) with NAME_COLUMNS(C): C(name, kind, comment); the rest.
 */
/* clang-format off */
#define TABLE_COMMENTS(T)                                                                                          \
	T(ORIGIN,     "the store itself: one row, at merchant 0")                                                  \
	T(MERCHANT,   "who owns everything else; at merchant 0, number is the merchant_id of all other tables")    \
	T(CREDENTIAL, "a key of one dialect, bound to one merchant; the same on every node")                       \
	T(DEPARTMENT, "a unit of a merchant")                                                                      \
	T(CUSTOMER,   "who holds coupons or signs up")                                                             \
	T(TEMPLATE,   "a kind of coupon: name, face value, threshold, validity, limits")                           \
	T(TALLY,      "counters of templates and others")                                                          \
	T(HOLDING,    "how much one customer has of one template")                                                 \
	T(COUPON,     "one issued coupon; customer 0: nobody has it yet. state: 0 unused, 1 redeemed, 2 frozen, 3 recalled") \
	T(CAMPAIGN,   "a marketing campaign. status: 1 online, 2 stopped, 3 ended")                                \
	T(MEMBER,     "a customer in the audience of a campaign; covered when cover is the campaign's cover")     \
	T(REQUEST,    "a write that was accepted, kept for a while so that its repeat gets the same answer") \
	T(EDITION,    "what a template gave before it was changed, for the coupons that still go by it")           \
	T(PURCHASE,   "the coupons that were redeemed under one order number")                                     \
	T(SERIES,     "how far the codes of one pattern are given out")                                            \
	T(WEBHOOK,    "who is told what happens")                                                                  \
	T(NOTICE,     "what happened, while it is told")                                                           \
	T(DELIVERY,   "a notice on its way to one webhook, and what became of it")                                 \
	T(PROVIDER,   "a third party that issues coupons of its own when asked")                                   \
	T(ERRAND,     "a call to a provider: coupons for some customers, repeated until it is known what became of it") \
	T(LEASE,      "which courier works at something, and until when")                                          \
	T(JOB,        "work on many rows")

#define SQL_TABLES(T)                                                                                              \
	T(list_state,   LIST_STATE,   2, "what is known of a list: the next ordinal, how many are in it, the first") \
	T(hole,         HOLE,         4, "ordinals that left a list before its oldest did")                        \
	T(customer_key, CUSTOMER_KEY, 1, "under which a customer's personal data is sealed in the ledger; all zeroes: erased") \
	T(meta,         META,         1, "what the store knows of itself, outside the ledger")                     \
	T(ledger,       LEDGER,       1, "every accepted write of a merchant, in a chain: hash = SHA-256(hash before, entry)")

/* ROOM(table, percent): pages are filled so far at first. A row that is changed where no index looks
 * stays in its page if there is room, and no index learns of it (heap-only tuples). A coupon grows
 * when it is used; small rows that every batch changes have many versions for a moment. */
#define TABLE_ROOMS(ROOM)      \
	ROOM(coupon,     55)   \
	ROOM(holding,    80)   \
	ROOM(member,     80)   \
	ROOM(delivery,   70)   \
	ROOM(errand,     50)   \
	ROOM(tally,      40)   \
	ROOM(list_state, 40)

#define LIST_STATE_COLUMNS(C)                                                    \
	C(list,         SMALLINT, "number of the list")                          \
	C(owner,        BYTEA,    "whose list, as in its key")                   \
	C(next,         BIGINT,   "ordinal of the next to come in")              \
	C(count,        BIGINT,   "how many are in it")                          \
	C(first,        BIGINT,   "lowest ordinal in it")

#define HOLE_COLUMNS(C)                                                          \
	C(list,         SMALLINT, "number of the list")                          \
	C(owner,        BYTEA,    "whose list, as in its key")                   \
	C(level,        SMALLINT, "1: one bit for each of 1,024 ordinals; above: counts of 64 rows below") \
	C(place,        BIGINT,   "which row of the level")                      \
	C(value,        BYTEA,    "bits or counts")

#define CUSTOMER_KEY_COLUMNS(C)                                                  \
	C(slot,         BIGINT,   "key_slot of a customer")                      \
	C(value,        BYTEA,    "32 bytes; zeroes: erased")

#define META_COLUMNS(C)                                                          \
	C(name,         TEXT,     "what")                                        \
	C(value,        BYTEA,    "how much")

#define LEDGER_COLUMNS(C)                                                        \
	C(number,       BIGINT,   "1, 2, 3, ...")                                \
	C(next_number,  BIGINT,   "the next number for a record of this merchant") \
	C(batch_node,   BIGINT,   "who wrote the batch of this entry")           \
	C(batch_number, BIGINT,   "and that node''s number of it")               \
	C(batch_place,  BIGINT,   "place in the batch, from 0")                  \
	C(instant,      INSTANT,  "never before that of the entry before")       \
	C(actor,        TEXT,     "who asked for it")                            \
	C(command,      BIGINT,   "what was asked")                              \
	C(entry,        BYTEA,    "what was written, personal data and secrets sealed") \
	C(hash,         BYTEA,    "SHA-256 of the hash before and the entry") \
	C(ahead_ms,     BIGINT,   "how far the clock of a sandbox was ahead; never less than in the entry before")
/* clang-format on */
