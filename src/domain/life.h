/*
 * The life of a coupon: commands of the native API. Handlers: template_make.c, coupon_grant.c,
 * coupon_state.c, coupon_move.c, coupon_redeem.c, coupon_reverse.c, coupon_show.c, qualify.c.
 *
 *   (hold) --confirm--> unused <--unfreeze-- frozen       held: frozen, promised, not yet given
 *      |                  |  ^ --freeze----->  |
 *   release               |  | reverse         |
 *      v                redeem (the last use)  |
 *   recalled <--recall----+------+-------------+
 *                         v
 *                      redeemed
 *
 * A use is counted in `used`; the coupon is redeemed when its template's uses are used up. What is
 * past its end reads as expired, a freeze past its time-out as unused, a hold past its time-out as
 * recalled: computed when somebody looks (coupon_shown_state).
 *
 * Days are the merchant's: its clocks are env->from_utc8 minutes ahead of UTC+8. A coupon is good
 * up to and including the last second of its last day. One that starts after D days starts at 00:00
 * of the D-th day after its receipt (D = 0: at once) and lasts N days, the day it starts being the
 * first. Nobody's coupon is received when it is assigned, a held one when it is confirmed: both
 * then count by the template as it is by then, also where the dates from before have passed.
 *
 * Limits are the template's, whoever issues and of whatever edition a coupon is; so is what limits
 * a customer's uses, and coupons of an order. What is imported was issued elsewhere: it counts in
 * the total and for the person, is never refused for a limit, and is no coupon of the day. Days and
 * uses are counted from when the template limits them. Giving a coupon away leaves it counted with
 * the giver, and counts it for the receiver too; a use counts for who had the coupon then, and goes
 * back to him. A recall gives nothing back, but of a hold.
 *
 * Each call of an order is priced by the cart that it says: who redeems in several calls says what
 * the ones before have left. Stacking, per_order and the number of coupons look at the whole order.
 *
 * A recast to fewer uses: what has as many cannot be used until one is given back. To more: what
 * was redeemed by then stays so, until a use is given back.
 */
#pragma once

#include "base/limits.h"
#include "store/store.h"

/* Kept in records and named in the API: the numbers stay. */
enum benefit {
	BENEFIT_NONE,
	BENEFIT_AMOUNT_OFF,  /* `amount` */
	BENEFIT_PERCENT_OFF, /* `basis_points`, at most `cap` */
	BENEFIT_FREE_ITEM,   /* the cheapest `get` (0: 1) eligible pieces */
	BENEFIT_EXCHANGE,    /* ERP exchange, offline: takes nothing off */
	BENEFIT_BUY_GET,     /* of every buy + get eligible pieces the cheapest `get` are free */
	BENEFIT_PRODUCT,     /* one piece of an eligible product */
	BENEFIT_SHIPPING,
	BENEFIT_QUEUE_SKIP,
	BENEFIT_PARKING,
	BENEFIT_COUNT
};
enum rounding { ROUND_FEN_HALF_UP, ROUND_FEN_DOWN, ROUND_JIAO_DOWN, ROUND_YUAN_DOWN };
enum splitting { SPLIT_PROPORTIONAL /* largest remainders first */, SPLIT_IN_ORDER };
enum period { PERIOD_NONE, PERIOD_DAY, PERIOD_WEEK /* from Monday */, PERIOD_MONTH, PERIOD_YEAR };
/* When a reversed use comes back to the customer; money always does. */
enum give_back { GIVE_BACK_ALWAYS, GIVE_BACK_ON_CANCEL, GIVE_BACK_NEVER };
enum reverse_cause { CAUSE_CANCEL, CAUSE_REFUND };
/* What a native key may do. A public key (SCOPE_PUBLIC alone) gets one uniform refusal. */
enum scope {
	SCOPE_READ = 1 << 0,
	SCOPE_ISSUE = 1 << 1,  /* issue, hold, confirm, release, assign, reissue, transfer */
	SCOPE_REDEEM = 1 << 2, /* validate, qualify, redeem, reverse, freeze, unfreeze */
	SCOPE_MANAGE = 1 << 3, /* templates, recall, extend, customers, campaigns */
	SCOPE_ADMIN = 1 << 4,  /* credentials, merchant, ledger */
	SCOPE_PUBLIC = 1 << 5, /* validate and look-up of codes, for shops' pages */
	SCOPE_ALL = (1 << 5) - 1,
};
/* per_person of a template that limits nobody. */
static const uint64_t PER_PERSON_NONE = UINT32_MAX;
static const int64_t MONEY_FEN_MAX = INT64_C(1000000000000000);

enum {
	GRANT_MAX = 1000,	/* coupons of one call */
	USES_MAX = 100,		/* of one coupon: each stands in its timeline */
	EVENTS_MAX = 400,	/* in a timeline */
	EVENTS_OTHER_MAX = 150, /* past it, only redeem, reverse and recall .. */
	EVENTS_USE_MAX =
	    EVENTS_MAX - USES_MAX - 1,	 /* .. past it, only what closes a use, and recall */
	TIMELINE_BYTES_MAX = 256 * 1024, /* past it, only reverse and recall */
	ORDER_COUPONS_MAX = 30,		 /* of one order */
	CART_ITEMS_MAX = 500,
	QUALIFY_MAX = 200,	    /* coupons that one qualify prices, .. */
	QUALIFY_WALK_MAX = 1000,    /* .. of so many, the newest in the wallet */
	EDITIONS_MAX = 1000,	    /* of one template */
	CODE_ENTROPY_BITS_MIN = 40, /* of a template's pattern */
	PROVIDERS_MAX = 100,	    /* of a merchant: a courier looks at all of them */
	DAYS_AFTER_MAX = 3650,
	PIECES_MAX = 1000 * 1000, /* of one item */
	SETS_MAX = 1000,	  /* items of one set of shops, categories .. */
	HOLD_S_MAX = 30 * 24 * 3600,
	HOLDS_SWEEP_MAX = 256,
};

/* Said with a write and kept in the coupon's timeline. */
struct circumstances {
	struct text reason, order_no, operator, shop;
};

/* --- templates --- */
/* Who issues a template's coupons: given, or taken away (then we do), or left as it is. Members
 * that are absent are those of the provider it has; a known one keeps its secrets.
 * PARAMETER_MISSING with "provider.url", "provider.app_key", "provider.secret"; LIMIT_REACHED past
 * PROVIDERS_MAX. */
struct provider_given {
	enum given given;
	struct text url, app_key;
	struct text secret, access_token; /* in clear */
	bool no_token;			  /* the access token goes */
	bool secret_later; /* one that is new may come without it, and waits for it */
};
/* A row of a file: insert or update by template_id. Terms change in place: docs/decisions/0035. */
struct template_save_cmd {
	struct template template;
	/* All of the template as it shall be, limits and provider included. Else columns alone, and
	 * of one that is there the rest stays. */
	bool has_terms;
	struct provider_given provider; /* with terms */
};
struct template_save_ret {
	bool made, changed;
};
/* LIMIT_BELOW_USED with the field when a limit is set below what is used already. A change of terms
 * makes a new edition if coupons were issued; those keep the old one unless `recast`. */
struct template_make_cmd {
	struct template template; /* template_id 0: made here; `provider` is not looked at */
	struct provider_given provider;
	struct request_number request;
};
struct template_make_ret {
	uint64_t template_id;
};
struct template_change_cmd {
	uint64_t template_id;
	struct template template; /* all of it as it shall be; template_get, then change */
	struct provider_given provider;
	bool recast;	   /* coupons that are out go by the new terms; their dates stay */
	uint64_t revision; /* If-Match: one more than it says; 0: any. PRECONDITION_FAILED */
	struct request_number request;
};
struct template_change_ret {
	uint64_t revision;
};
struct template_get_cmd {
	uint64_t template_id;
};
/* Limits and what is used of them. */
struct usage {
	uint64_t issued, issued_today, redeemed /* uses that stand */;
	struct money spent; /* taken off by uses that stand */
};
struct template_get_ret {
	struct template template;
	struct usage usage;
	struct text provider_url, provider_app_key; /* empty: its coupons are ours */
};

/* --- issuing --- */
/* Of a template with a provider: promises, coupons that are held until the provider has answered.
 * Each holder must have a nick (PARAMETER_INVALID); no holds of the caller's, no codes, nobody's.
 *
 * Who gets a coupon: the first given of customer_id, phone, card_no, nick, code, source_code names
 * the customer; nobody known: made. None given: nobody's coupon. */
struct coupon_grant_cmd {
	uint64_t template_id;
	const struct customer *holders; /* only the naming members */
	unsigned n;			/* 0: coupons for nobody */
	unsigned count;			/* to each; n = 0: of all; 0 is 1. n * count <= GRANT_MAX */
	const struct text *codes;	/* given codes, n * count of them; NULL: made here */
	bool hold;
	uint64_t hold_s; /* 0: a quarter of an hour */
	struct circumstances said;
	struct request_number request;
};
struct granted {
	enum fault fault; /* of this one coupon; OK, TEMPLATE_EXHAUSTED, PERSON_EXHAUSTED .. */
	struct text code;
	uint64_t id;
	struct text customer_id; /* empty: nobody's */
	enum coupon_state state;
	struct instant begin, end;
	bool promised; /* its provider is asked for it */
};
struct coupon_grant_ret {
	struct granted *results; /* holder by holder */
	unsigned n, issued;
};

/* --- one coupon --- */
/* What happened to a coupon; in its timeline, so the numbers stay. */
enum event_kind {
	EVENT_ISSUED = 1,
	EVENT_HELD,
	EVENT_CONFIRMED,
	EVENT_RELEASED,
	EVENT_ASSIGNED,
	EVENT_FROZEN,
	EVENT_UNFROZEN,
	EVENT_REDEEMED,
	EVENT_REVERSED,
	EVENT_RECALLED,
	EVENT_EXTENDED,
	EVENT_REISSUED,
	EVENT_TRANSFERRED,
	EVENT_COUNT
};
/* One of them, as it is shown and as a write answers: a repeat is answered from it alone. */
struct event {
	enum event_kind kind;
	uint64_t number; /* in the coupon's timeline, from 1; a redemption's id is ID-NUMBER */
	struct instant at;
	struct circumstances said;
	/* after it */
	enum coupon_state state;
	uint64_t revision, used;
	uint64_t uses;	      /* redeem: that the coupon's terms allow; 0 is 1 */
	uint64_t counted_for; /* redeem: number of the customer among whose uses it counts; 0:
				 nobody's */
	struct instant end;   /* where the verb sets it */
	struct instant until; /* freeze, hold; where end was set anew: the end before */
	/* redeem: of the order and taken off; reverse: what goes back of both */
	struct money amount, discount;
	bool has_amount;
	uint64_t reverses; /* reverse: number of the redemption */
	uint64_t day;	   /* since 1970, to which it counts: a hold, a use that is limited; 0:
				      not said */
	enum reverse_cause cause;
	bool closes;	   /* reverse: nothing of the redemption is left to give back */
	bool gave_back;	   /* reverse: the use came back */
	bool was_frozen;   /* recall: what it was before, where no event says so */
	struct text split; /* redeem with items: varints, fen per item; else empty */
	/* assign, transfer: customer_id; reissue: the new coupon's code; issue: the code of the one
	 * it stands in for */
	struct text other;
	struct text request; /* tag of the request number, 16 bytes; empty: none */
	struct text digest;  /* of the tag of its contents, 8 bytes */
};
/* Everything but redeem, reverse, issue: CONFIRMED, RELEASED, ASSIGNED, FROZEN, UNFROZEN, RECALLED,
 * EXTENDED, REISSUED, TRANSFERRED. Faults: COUPON_UNKNOWN, PRECONDITION_FAILED, REQUEST_REUSED, or
 * why the coupon does not allow it: COUPON_REDEEMED, COUPON_RECALLED, COUPON_FROZEN, COUPON_HELD,
 * COUPON_ENDED (past its end), COUPON_IDLE (neither frozen nor held). */
struct coupon_change_cmd {
	enum event_kind verb;
	struct text code;
	struct circumstances said;
	struct request_number request;
	uint64_t revision;	/* If-Match: one more than it says; 0: any */
	struct instant until;	/* FROZEN: time-out, none: till unfrozen; EXTENDED: the new end */
	struct customer holder; /* ASSIGNED, TRANSFERRED: its naming members */
};
struct coupon_change_ret {
	struct text code;
	uint64_t id;
	struct event event;
	struct text new_code; /* REISSUED */
};
struct coupon_show_cmd {
	struct text code;
	struct instant as_of; /* none: now */
	bool folded;	      /* also found in lower case and with blanks or hyphens in it */
};
struct coupon_show_ret {
	struct coupon_view view; /* state and end as of then; its own terms in view.template; the
				    holder and the begin are today's */
	uint64_t uses, used;
	const struct event *events; /* oldest first, up to as_of */
	unsigned n;
};

/* --- carts, and what a coupon takes off: see domain/cart.h for the rules --- */
struct cart_item {
	struct text product, category;
	struct money price; /* of one piece */
	uint64_t quantity;  /* 1..PIECES_MAX */
};
struct cart {
	const struct cart_item *items;
	unsigned n;	     /* 0: only the amount is known, all of it eligible */
	struct money amount; /* of the order; with items: their sum, when it is given */
	bool has_amount;
	struct text shop, channel;
};
enum { REASONS_MAX = 16 };
/* One coupon in an order: what it takes off, or every reason why not. */
struct priced {
	struct text code;
	uint64_t id;
	struct money eligible; /* what of the cart it looks at */
	struct money discount;
	const struct money *split;	 /* per item; NULL without items or with reasons */
	enum fault reasons[REASONS_MAX]; /* in order of precedence */
	unsigned reason_count;		 /* 0: it may be used */
};
/* Adds a reason in order of precedence, once. Past REASONS_MAX the last ones are dropped. */
void priced_refuse(struct priced *priced, enum fault reason);

struct coupon_check_cmd { /* dry run of a redeem, of one coupon or of several in one order */
	const struct text *codes;
	unsigned n; /* 1..ORDER_COUPONS_MAX */
	struct cart cart;
	struct text order_no;
};
struct coupon_check_ret {
	struct priced *coupons; /* in the order asked */
	unsigned n;
	struct money amount, discount; /* of the order, when all may be used together */
	bool usable;
};
struct coupon_redeem_cmd { /* all or nothing */
	const struct text *codes;
	unsigned n; /* 1..ORDER_COUPONS_MAX, each code once */
	struct cart cart;
	struct circumstances said; /* said.shop is the cart's */
	struct request_number request;
	uint64_t revision; /* n = 1: as coupon_change_cmd's */
};
struct redeemed {
	struct text code;
	uint64_t id;
	struct event event;
	const struct money *split; /* per item, or NULL */
	unsigned items;		   /* of split */
};
/* A refusal: the first reason as fault, detail.field "code" and detail.value the code; `coupons` of
 * `refused` say all reasons. */
struct coupon_redeem_ret {
	struct redeemed *coupons; /* in the order asked */
	unsigned n;
	struct money amount, discount; /* of the order */
	struct coupon_check_ret refused;
};
/* Gives back, whole or in part. A redemption is named by the coupon's code with its number or its
 * order, by the coupon's id with its number (REDEMPTION_UNKNOWN), or by the order alone: then all
 * of the order's. Without number and order: the coupon's last that stands. Exactly once:
 * COUPON_IDLE when nothing is left to give back. */
struct coupon_reverse_cmd {
	struct text code, order_no; /* one of them, or both */
	uint64_t coupon_id;	    /* in place of the code */
	uint64_t number;	    /* of the redemption; 0: not said */
	enum reverse_cause cause;
	bool has_amount;
	struct money amount; /* of the order's amount that goes back; none: all that is left */
	struct circumstances said;
	struct request_number request;
	uint64_t revision;
};
struct coupon_reverse_ret {
	struct redeemed *coupons;
	unsigned n;
	struct money discount; /* given back together */
};
struct redemption_get_cmd { /* REDEMPTION_UNKNOWN */
	uint64_t coupon_id, number;
};
struct redemption_get_ret {
	struct redeemed redeemed;
	struct event *reversals; /* of it, oldest first */
	unsigned n;
	struct money given_back; /* of its discount */
	bool reversed;		 /* nothing is left to give back */
};
struct purchase_get_cmd {
	struct text order_no;
};
struct purchase_get_ret {
	struct redeemed *coupons;
	unsigned n;
	struct instant created;
};
struct coupon_qualify_cmd {
	struct customer customer; /* its naming members */
	struct cart cart;
};
struct coupon_qualify_ret {
	/* QUALIFY_MAX at most: those that may be used or may become so, then others; each newest
	 * received first */
	struct priced *coupons;
	unsigned n;
	uint64_t count;	      /* of the wallet */
	bool complete;	      /* all that may be used were priced */
	const unsigned *best; /* rows of `coupons`, in the order in which they take off */
	unsigned best_count;
	struct money amount, discount;		/* of the cart; of the best together */
	const struct money *const *best_splits; /* per best coupon, per item; NULL without items */
	const struct money *best_discounts;
	bool exact; /* false: too many combinations; best found */
};

/* A stretch of coupons, oldest first; a customer's, or all. */
struct coupon_page_cmd {
	struct customer customer; /* its naming members; none: everybody's */
	bool has_state;
	enum coupon_state state; /* as shown */
	uint64_t from;		 /* rank */
	unsigned n;
};
struct coupon_page_ret {
	struct coupon_view *rows;
	unsigned n;
	uint64_t next; /* where the next page begins; 0: it was the last */
};
/* Releases held coupons whose time-out has passed, of the merchant's minutes up to now. */
struct hold_sweep_cmd {
	unsigned n;
};
struct hold_sweep_ret {
	unsigned swept; /* 0: nothing is left to do */
};

struct customer_get_cmd {
	struct customer customer; /* its naming members */
};
struct customer_get_ret {
	struct customer customer;
	uint64_t coupons;
};

/* --- merchant 0: the store --- */
struct merchant_change_cmd { /* the merchant's zone; a sandbox's clock */
	uint64_t number;
	bool has_zone;
	int64_t from_utc8;
	bool make_sandbox;  /* one that was not made so: PARAMETER_INVALID "sandbox" */
	int64_t advance_ms; /* 0 .. ten years in all; a sandbox's alone: SANDBOX_WANTED */
};
struct merchant_change_ret {
	struct merchant merchant;
};
struct credential_change_cmd {
	enum dialect dialect;
	struct text name; /* as listed: native keys by their digest; CREDENTIAL_UNKNOWN */
	uint64_t owner;	  /* 0: any */
	bool revoke, has_expires, has_calls_per_s, has_burst;
	struct instant expires; /* its last second; none: never */
	uint64_t calls_per_s, burst;
	struct request_number request;
};
struct credential_change_ret {
	struct credential credential;
};
