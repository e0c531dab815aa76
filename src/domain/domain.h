/*
 * The domain: every command the server knows, as data in and data out. Dialects decode requests
 * into *_cmd and encode *_ret; the command line does the same. Handlers are in merchant.c,
 * department.c, customer.c, customer_erase.c, customer_merge.c, customer_settle.c, template.c,
 * coupon.c and coupon_*.c, provider.c, errand.c and errand_*.c, campaign.c (WangJuBao),
 * campaign_save.c (Waiqin, native), campaign_list.c (reads, sweep), campaign_*.c (running ones),
 * audience.c, request.c.
 *
 * Faults name the field of the COMMAND that is wrong in detail.field ("coupon_id", "prizes"); a
 * dialect whose word differs maps it in its face.c. Texts of a command are clean (text_is_clean),
 * trimmed where the dialect says so and within their bounds: decode has seen to that. Empty =
 * absent.
 */
#pragma once

#include "base/limits.h"
#include "store/store.h"

/* clang-format off */
enum command {
#define COMMAND(name, id, mode) COMMAND_##name = id,
#include "domain/commands.tbl.h"
#undef COMMAND
};
/* clang-format on */
enum command_mode { COMMAND_READ, COMMAND_WRITE };
struct command_row {
	const char *name; /* "coupon_issue" */
	enum command_mode mode;
	handler *handle;
	size_t ret_size;
};
/* NULL for an id that is no command. */
const struct command_row *command_get(unsigned command);

enum dialect { DIALECT_WJB = 1, DIALECT_WAIQIN, DIALECT_TOP, DIALECT_ZVCMS, DIALECT_NATIVE };
enum maker { MAKER_CSV = 1, MAKER_WJB, MAKER_WAIQIN, MAKER_DEMO, MAKER_NATIVE };
enum coupon_state {
	COUPON_UNUSED,
	COUPON_REDEEMED,
	COUPON_FROZEN,
	COUPON_RECALLED,
	COUPON_EXPIRED
};
enum tally_kind {
	TALLY_ISSUED = 1 /* coupons of a template */,
	TALLY_USES /* campaigns with it as prize */,
	TALLY_ISSUED_ON /* coupons of a template on a day: number << 20 | day since 1970 */,
	TALLY_REDEEMED /* uses of a template's coupons that stand */,
	TALLY_SPENT /* fen that they took off */,
	TALLY_SWEPT /* the minute up to which holds were released; of 0 */,
	/* Of a campaign; coupons, but for REDEEMED: see enum campaign_count. */
	TALLY_REWARDS_SENT,
	TALLY_REWARDS_REFUSED,
	TALLY_REWARDS_UNKNOWN,
	TALLY_REWARDS_PROMISED,
	TALLY_REWARDS_REDEEMED,
	TALLY_REWARDS_REFUSED_FOR /* number << 4 | enum refusal */,
};
enum { DEFAULT_STATUS = 1 };

/* A repeat of the same request within its retention gets the first answer. No parts: no memory. */
enum request_class {
	REQUEST_DIALECT = 1, /* 24 h */
	REQUEST_NATIVE,	     /* 90 days */
	REQUEST_JOB,	     /* 7 days: rows of a job, until its next step is written */
};
struct request_key {
	struct text parts[3]; /* e.g. app_key, sign, body */
	unsigned count;
};

/* A caller's number for a write: its repeat with the same contents gets the first answer; with
 * others REQUEST_REUSED. That of a write on one coupon is that coupon's: it is known as long as the
 * coupon, and to no other. Empty key: none. digest: of the contents, 32 bytes. */
struct request_number {
	struct text key, digest;
	enum request_class class; /* 0: REQUEST_NATIVE */
};

/* Public ids: 18 digits. activity_id: the same without the leading 10^17, below 2^53. */
uint64_t public_number(const struct env *env, uint64_t number); /* epoch << 32 | number */
enum { PUBLIC_ID_SIZE = 18 };
void public_id(uint64_t public_number, char out[PUBLIC_ID_SIZE]);
/* The same read back; false: it is no such text. */
CHECKED bool public_id_read(struct text id, uint64_t *ret_public_number);
/* The coupon's code: its own, else made from its id by the merchant's keyed permutation. */
struct text coupon_code(struct tx *tx, const struct env *env, const struct coupon *c);
/* A phone number as E.164, "+8613800138000"; what is no number (domain/phone.h): as it was given.
 * The text is `given` or in *memory. */
enum { PHONE_SIZE_MAX = 16 /* + and 15 digits */ };
struct phone {
	char text[PHONE_SIZE_MAX];
};
struct text phone_e164(struct text given, struct phone *memory);
bool phone_valid(struct text given);
/* What readers see now: COUPON_EXPIRED is unused past its end; never stored. */
enum coupon_state coupon_shown_state(const struct env *env, const struct coupon *c);
/* What lists, logs and the ledger call a credential: of a native one only the beginning of its
 * digest, which is enough to tell keys apart. */
enum { DIGEST_SHOWN = 8 };
struct text credential_shown(const struct credential *c);
/* The name as shown: name, else nick. */
struct text customer_label(const struct customer *c);

/* --- the store, merchants, credentials: merchant 0 --- */
struct origin_create_cmd {
	uint64_t epoch; /* 20 random bits, not 0 */
};
struct origin_create_ret {
	bool made; /* false: it was there */
};
struct origin_restore_cmd {
	uint64_t epoch;
};
struct origin_restore_ret {
	char none;
};
struct merchant_add_cmd {
	struct text name;  /* 1..100 characters; VALUE_TAKEN unless may_exist */
	bool may_exist;	   /* then the merchant of that name is the answer */
	bool sandbox;	   /* for good: its clock may be moved ahead (merchant_change) */
	int64_t from_utc8; /* minutes; UTC-12:00 to UTC+14:00. PARAMETER_INVALID "zone" */
};
struct merchant_add_ret {
	uint64_t number;
	bool made;
};
bool merchant_zone_valid(int64_t from_utc8);
struct merchant_list_cmd {
	uint64_t from;
	unsigned n;
};
struct merchant_list_ret {
	struct merchant *rows; /* oldest first */
	unsigned n;
	uint64_t count;
};
/* dialect, name, owner, sign_mode .. demo, label .. burst; secret and token in CLEAR. Native:
 * `name` is the whole key that callers will send; only its digest is kept, and is its name from
 * then on. Secret and token are not used. A key of less than 16 characters is PARAMETER_INVALID
 * "name" unless `demo` is set; scopes 0 is SCOPE_ALL. */
struct credential_add_cmd {
	struct credential credential;
	bool may_exist;
	/* Native, in place of a name: the key is made here, of this (what nobody can guess, or the
	 * caller's own request number), and is known to nobody afterwards. A repeat makes it again.
	 */
	struct text seed;
	struct request_number request;
};
struct credential_add_ret {
	bool made;
	struct text name;	      /* as listed */
	struct text key;	      /* what was made of the seed */
	struct credential credential; /* as it was made; without its secrets */
};
struct credential_find_cmd {
	enum dialect dialect;
	struct text name; /* native: the key as callers send it */
};
struct credential_find_ret {
	struct credential credential; /* secret and token in CLEAR, in the call's arena */
	struct merchant merchant;     /* its owner */
};
struct credential_get_cmd {
	enum dialect dialect;
	struct text name; /* as listed */
	uint64_t owner;	  /* CREDENTIAL_UNKNOWN for another's */
};
struct credential_get_ret {
	struct credential credential; /* secrets sealed */
};
struct credential_list_cmd {
	uint64_t owner; /* 0: everybody's */
	uint64_t from;
	unsigned n;
};
struct credential_list_ret {
	struct credential *rows; /* secrets sealed */
	unsigned n;
	uint64_t count;
};

/* Where the merchant's own chain in the ledger stands. */
struct ledger_head_cmd {
	char none;
};
struct ledger_head_ret {
	uint64_t number;	/* of its newest entry; 0: none yet */
	struct instant instant; /* the real time, also of a sandbox */
	uint8_t hash[32];
};

/* --- departments and customers --- */
/* Saves by the id when one is given, else by the first known of code, source_code (customers: nick,
 * phone, card_no too): the record it names, else a new one (id made when empty). A name alone names
 * the record that was made from it. Empty members clear. VALUE_TAKEN with the field when a value is
 * another's, and for the id of a customer who was erased. A row that names an alias changes
 * nothing.
 */
struct department_save_cmd {
	struct department department; /* department_id, code, name, source_code */
};
struct department_save_ret {
	bool made, changed;
	struct text department_id; /* of the record it is now */
};
struct customer_save_cmd {
	struct customer customer; /* customer_id, code, name, source_code, nick, phone, card_no */
};
struct customer_save_ret {
	bool made, changed;
	struct text customer_id; /* of the record it is now */
};
struct department_list_cmd {
	uint64_t from; /* oldest first */
	unsigned n;
};
struct department_list_ret {
	struct department *rows;
	unsigned n;
	uint64_t count;
};
struct customer_list_cmd {
	uint64_t from;
	unsigned n;
};
struct customer_list_ret {
	struct customer *rows;
	unsigned n;
	uint64_t count;
};

/* Erases a person: the record keeps its number and customer_id, everything PERSONAL goes, and no
 * lookup but that by id finds it again. All that were merged into one go together. Again: nothing.
 * The keys are wiped by engine_wipe afterwards; what others' rows say of the person is taken out by
 * customer_settle. CUSTOMER_UNKNOWN. */
struct customer_erase_cmd {
	struct text customer_id;
};
struct customer_erase_ret {
	unsigned erased; /* records, aliases included */
};
/* `from` becomes an alias of `into`: whatever names it finds `into` from now on. What `into` has
 * not (phone, card ..) it takes over; other values stay with the alias, and still lead there.
 * Coupons and audiences are moved by customer_settle; until then a wallet is that of `into`, then
 * those of its aliases. CUSTOMER_UNKNOWN with the field, also for somebody who was erased;
 * LIMIT_REACHED past ALIASES_MAX. */
struct customer_merge_cmd {
	struct text into, from; /* customer_ids */
};
struct customer_merge_ret {
	bool merged; /* false: it was done before */
};
/* A step of what erasures and merges left to do, for one customer: call it until nothing is left.
 * Each step says in the record how far it came, so anybody may go on at any time. */
struct customer_settle_cmd {
	unsigned n; /* coupons, or campaigns, at most */
};
struct customer_settle_ret {
	uint64_t left; /* customers with work left; 0: all is done */
};

/* --- templates --- */
/* Bits of template.changed and campaign.changed: members of the WJB object that another dialect has
 * changed since the object was given; the WJB encoder prints these from the record. */
enum object_member {
	OBJECT_NAME = 1 << 0,
	OBJECT_TYPE = 1 << 1,
	OBJECT_AMOUNT = 1 << 2,
	OBJECT_CONDITION = 1 << 3,
	OBJECT_START = 1 << 4,
	OBJECT_END = 1 << 5,
	OBJECT_STATUS = 1 << 6,
	OBJECT_MEMO = 1 << 7,
	OBJECT_TOTAL = 1 << 8,
	OBJECT_PER_PERSON = 1 << 9,
};
struct template_add_cmd {	  /* WJB coupon.add */
	struct template template; /* number, live, created .. set by the handler */
	struct request_key request;
};
struct template_add_ret {
	bool made; /* false: an equal one was there (equal as JSON values) */
};
struct template_delete_cmd {
	uint64_t template_id;
	struct request_key request;
};
struct template_delete_ret {
	char none;
};
struct template_list_cmd { /* newest created first; window inclusive, INSTANT_NONE: open */
	struct instant from, to;
	uint64_t skip;
	unsigned n;
	bool oldest_first; /* export */
};
struct template_list_ret {
	struct template *rows;
	unsigned n;
	uint64_t count; /* in the window */
};

/* --- coupons --- */
struct coupon_issue_cmd { /* SPI: one coupon of the template to each nick */
	uint64_t template_id;
	const struct text *nicks;
	unsigned n; /* 1..SPI_NICKS_MAX */
	struct request_key request;
	struct text number; /* the caller's own, in place of it: the merchant's in all dialects */
};
struct coupon_issued {
	enum fault fault; /* OK, TEMPLATE_EXHAUSTED, PARAMETER_INVALID (a bad nick) .. */
	struct text code;
};
struct coupon_issue_ret {
	struct coupon_issued *results; /* one per nick, in order */
	unsigned n;
};
struct coupon_import_cmd { /* one CSV row */
	struct text code;
	uint64_t template_id;
	struct text customer_id, phone, card_no,
	    nick; /* customer: the first given; made if unknown */
	struct text channel;
	enum coupon_state state;
	struct instant issued;	   /* none: now */
	struct instant begin, end; /* none: the template's */
	struct text attribute;
};
struct coupon_import_ret {
	bool made; /* false: it was there, equal */
};
/* Of a coupon that a provider is asked for: what became of it. PROMISE_NONE: it is ours. */
enum promise {
	PROMISE_NONE,
	PROMISE_PENDING,
	PROMISE_SENT,
	PROMISE_REFUSED,
	PROMISE_UNKNOWN /* given up without an answer: somebody has to find out */,
	PROMISE_COUNT
};
/* A coupon with all that the dialects show of it. */
struct coupon_view {
	const struct coupon *coupon;
	const struct template *template; /* never NULL; may be one that was deleted */
	const struct customer *customer; /* NULL: nobody's */
	struct text code;
	enum coupon_state state; /* as shown */
	enum promise promise;
	struct text promise_reason; /* why it was refused, or is not known yet */
	uint64_t errand;	    /* public number; 0: ours */
};
struct coupon_query_cmd { /* TOP; filters AND-ed, empty = none; newest first */
	struct text channel, phone, card_no, code;
	uint64_t skip;
	unsigned n;
	bool oldest_first; /* export */
};
struct coupon_query_ret {
	struct coupon_view *rows;
	unsigned n;
	uint64_t count;
};
struct coupon_wallet_cmd { /* ZVCMS */
	struct text customer_id;
	struct text code; /* given: at most one row, COUPON_UNKNOWN when it is not theirs */
	bool has_state;
	enum coupon_state state; /* as shown */
};
struct coupon_wallet_ret {
	struct coupon_view *rows; /* newest received first, at most WALLET_QUERY_MAX */
	unsigned n;
};

/* --- campaigns --- */
/* How a list of departments or customers is named; items in the order given, no blanks, no repeats.
 */
enum reference { REFERENCE_NONE, REFERENCE_ID, REFERENCE_CODE, REFERENCE_NAME, REFERENCE_SOURCE };
struct references {
	enum reference kind;
	const struct text *items;
	unsigned n;
};
/* A member of a patch: absent stays, null removes, value replaces. */
enum given { GIVEN_ABSENT, GIVEN_NULL, GIVEN_VALUE };
struct campaign_patch { /* what the WJB object's members mean; object: its raw bytes (server-set
			   members still in it) */
	struct text object;
	enum given name_given, type_given, status_given, begin_given, end_given, memo_given,
	    prizes_given;
	struct text name, type_code, memo;
	uint64_t status; /* 1 2 3 */
	struct instant begin, end;
	const uint64_t *prizes; /* template ids */
	unsigned prize_count;
};
struct campaign_add_cmd { /* WJB */
	struct campaign_patch patch;
	struct request_key request;
};
struct campaign_add_ret {
	uint64_t activity_id;
};
struct campaign_modify_cmd { /* WJB; any campaign of the merchant */
	uint64_t activity_id;
	struct campaign_patch patch;
	struct request_key request;
};
struct campaign_modify_ret {
	char none;
};
/* How a campaign runs; what is not given stays. One that has any of it has a plan, and runs: see
 * courier.h. */
struct reward {
	uint64_t template_id, count; /* 1..REWARD_COUNT_MAX, to one member */
};
struct plan {
	bool rewards_given, register_rewards_given, approval_given, starts_given;
	const struct reward *rewards, *register_rewards; /* at most REWARDS_MAX */
	unsigned reward_count, register_reward_count;
	bool approval;
	struct instant starts;
};
struct campaign_save_cmd { /* Waiqin, native: insert or update by source_code; a new one called
			      wjb-<digits> is PARAMETER_INVALID */
	struct text source_code, code, name, type_code, register_url, information;
	uint64_t status;	       /* native: 0: online; of one that has a plan: it stays */
	struct instant begin, end;     /* the days' first instants; end is inclusive */
	struct references departments; /* REFERENCE_NONE: they stay */
	enum maker maker;
	struct plan plan;
};
struct campaign_save_ret {
	bool made;
	uint64_t activity_id;
};
struct campaign_delete_cmd {
	uint64_t activity_id;
	struct request_key request;
};
struct campaign_delete_ret {
	char none;
};
struct campaign_rewards {
	struct reward *rewards, *register_rewards;
	unsigned reward_count, register_reward_count;
};
/* What a campaign's record has by number. */
struct campaign_shown {
	struct department *departments;
	unsigned department_count;
	struct campaign_rewards rewards;
};
struct campaign_list_cmd { /* WJB: made by wjb only unless all; newest created first */
	struct instant from, to;
	uint64_t skip;
	unsigned n;
	bool all, oldest_first, shown; /* export */
};
struct campaign_list_ret {
	struct campaign *rows;
	struct campaign_shown *shown; /* per campaign, if asked for */
	unsigned n;
	uint64_t count;
};
struct campaign_query_cmd { /* Waiqin; empty / none: no filter; bounds inclusive */
	struct text source_code, code, type_code;
	struct instant created_before, created_after, modified_before, modified_after;
};
struct campaign_query_ret {    /* newest modified first, at most CAMPAIGN_QUERY_MAX */
	struct campaign *rows; /* texts copied into the arena: they outlive a reader_renew */
	struct department **departments; /* per campaign: array */
	unsigned *department_count;
	struct campaign_rewards *rewards; /* per campaign */
	unsigned n;
};
struct campaign_sweep_cmd { /* removes up to n dead audience rows of deleted campaigns */
	unsigned n;
};
struct campaign_sweep_ret {
	unsigned swept; /* rows, and campaigns that are done; 0: nothing is left to do */
};

/* --- audience --- */
/* PENDING: registered, and not approved yet. */
enum mark { MARK_COVERED, MARK_INVITED, MARK_REGISTERED, MARK_PENDING };
/* What a row of a file says a member is. Marks are added, never taken away; what is said of a
 * registration counts for who is not registered yet. */
struct member_marks {
	bool given; /* false: covered */
	bool covered, invited, registered;
	bool pending;		/* the registration waits for approval */
	bool rewarded;		/* has got what covered members get .. */
	bool register_rewarded; /* .. and what registrations get: gets neither again */
	struct instant registered_at;
	struct text information;
};
struct audience_add_cmd { /* WJB targets: covered; unknown nicks become customers */
	uint64_t activity_id;
	const struct text *nicks;
	const struct customer *customers; /* in place of nicks: their naming members */
	/* A row of a file: n = 0, one customer, the campaign by its source code. */
	struct customer customer;
	struct text source_code;
	struct member_marks marks;
	unsigned n; /* 1..TARGETS_MAX; repeats folded */
	struct request_key request;
};
struct audience_add_ret {
	unsigned added;
};
struct audience_clear_cmd {
	uint64_t activity_id;
	struct request_key request;
};
struct audience_clear_ret {
	char none;
};
struct audience_invite_cmd { /* by hand; running campaigns invite themselves */
	uint64_t activity_id;
	struct references customers;
};
struct audience_invite_ret {
	unsigned added;
};
struct audience_register_cmd { /* Waiqin applyCallBack: all or nothing */
	struct text campaign_source_code, campaign_code;
	struct references customers;
	struct instant registered_at;
	struct text information;
};
struct audience_register_ret {
	char none;
};
struct audience_page_cmd { /* in the order they were added */
	uint64_t campaign; /* its number */
	uint64_t cover;	   /* campaign.cover */
	enum mark mark;
	uint64_t from;
	unsigned n;
};
struct audience_person {
	struct member member;
	struct customer customer;
};
struct audience_page_ret {
	struct audience_person *rows;
	unsigned n;
	uint64_t count;
};

#include "domain/life.h"
#include "domain/courier.h"

struct request_forget_cmd { /* removes up to n requests past their life */
	enum request_class class;
	unsigned n;
};
struct request_forget_ret {
	unsigned forgotten;
};

#define COMMAND(name, id, mode) \
	CHECKED enum fault name(struct tx *tx, const struct env *env, const void *cmd, void *ret);
#include "domain/commands.tbl.h"
#undef COMMAND
