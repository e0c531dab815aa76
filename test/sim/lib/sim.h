/*
 * The simulation's parts. One seed = one world: random commands are run by the real engine in a
 * child process (engine_side.c), which is killed now and then in the middle of its work, and by a
 * naive model (model*.c) in the process above it; readings of the engine are compared with the
 * model (check*.c). World and model live in memory that both processes share at the same address,
 * so texts are plain slices into its heap.
 *
 * The model is made from the documents with arrays and loops; it uses no code of the store and no
 * handler.
 */
#pragma once

#include "domain/domain.h"

#include <stdatomic.h>

enum {
	HOMES = 4,  /* 0: the store itself; 1.. merchants */
	ACTING = 3, /* the merchant for whom something acts by itself: sim.h, struct m_acting */
	OPS_MAX = 16,
	PAST_MAX = 64,
	HEAP_BYTES = 48 * 1024 * 1024,
	DEPARTMENTS_OF_MODEL = 64,
	CUSTOMERS_OF_MODEL = 400,
	TEMPLATES_OF_MODEL = 200,
	COUPONS_OF_MODEL = 3000,
	CAMPAIGNS_OF_MODEL = 250,
	REQUESTS_OF_MODEL = 3000,
	CREDENTIALS_OF_MODEL = 64,
	OBJECT_MEMBERS_MAX = 40,
	ITEMS_MAX = 12, /* departments or prizes of one campaign here */
	NAME_ROOM = 48,
	GOTS_MAX = 32, /* coupons of one answer that are compared */
	EVENTS_OF_MODEL = 6000,
	RECEIPTS_OF_MODEL = 5000,
	ORDERS_OF_MODEL = 16,
	ORDER_USES_OF_MODEL = 200,
	EDITIONS_OF_MODEL = 24,
	COUPON_OF_HIS = -2, /* which one of a person's, was not told yet */
};

/* --- one command on its way --- */
/* clang-format off */
union any_cmd {
#define COMMAND(name, id, mode) struct name##_cmd name;
#include "domain/commands.tbl.h"
#undef COMMAND
};
union any_ret {
#define COMMAND(name, id, mode) struct name##_ret name;
#include "domain/commands.tbl.h"
#undef COMMAND
};
/* clang-format on */

/* A JSON object in parts: what its text means. Two members are equal when `meaning` is. */
struct object_part {
	struct text name, raw_name, raw, meaning;
};
struct object_parts {
	struct object_part rows[OBJECT_MEMBERS_MAX];
	unsigned n;
};

/* A coupon in the answer of a command of its life: values alone, so that it outlives the child. */
struct got {
	enum fault fault;
	uint64_t id;
	char code[NAME_ROOM], other[NAME_ROOM]; /* other: customer_id, or the event's */
	enum coupon_state state;
	struct instant begin, end;
	struct event event; /* without texts */
};
struct gots {
	struct got rows[GOTS_MAX];
	unsigned n; /* of the answer, also past GOTS_MAX */
	struct money discount;
};

struct op {
	enum command command;
	unsigned home;
	union any_cmd cmd;
	const struct object_parts *object; /* of cmd, when it has one */
	bool job;
	char actor[24];
	/* out, written by the lane in the child */
	_Atomic bool done;
	enum fault fault;
	uint64_t entry;
	char field[NAME_ROOM];
	union any_ret ret;
	enum fault issue_faults[SPI_NICKS_MAX];
	char issue_codes[SPI_NICKS_MAX][NAME_ROOM];
	/* after a crash, from the ledger */
	bool in_ledger;
	struct instant at;
};

/* --- the model --- */
struct m_department {
	struct text id, code, name, source; /* id empty: not learned yet */
	struct instant created, updated;
};
struct m_customer {
	struct text id, code, source, nick, phone, card; /* in the order of their names */
	struct text name;
	struct instant created, updated;
	uint64_t key_slot; /* 0: not learned yet; nobody else's of the merchant, ever */
	struct instant erased;
	int into;	    /* one more than the place of the one it was merged into; 0: nobody */
	uint64_t joined;    /* counts up: the order of the aliases of one */
	bool merged;	    /* others were merged into it */
	uint64_t unsettled; /* counts up: the order of those that have work left; 0: none */
	unsigned walked, walked_to;
	bool nameless; /* its name is another's, who is the same person: not in lists of names */
};
struct m_template {
	bool live;
	uint64_t template_id;
	enum maker maker;
	struct text name, type, shops, categories, description, channel;
	bool has_amount, has_threshold, has_total;
	int64_t amount, threshold;
	uint64_t total, per_person;
	struct instant begin, end, created, updated;
	bool has_object;
	struct object_parts object;
	uint64_t changed;
	struct template more; /* what the native API says beside that; and edition, recast, revision
			       */
	const struct template *editions[EDITIONS_OF_MODEL]; /* earlier ones, whole */
	bool loose; /* a limit was passed on purpose: imports and CSV rows may */
};
struct m_coupon {
	struct text code; /* empty: made by the server and not learned yet */
	uint64_t id;	  /* 0: not learned yet */
	bool own_code;
	int template, customer; /* customer -1: nobody */
	struct text channel, attribute;
	enum coupon_state state;
	struct instant issued, begin, end, updated;
	uint64_t edition, used, revision;
	uint64_t used_then; /* when its template was changed last */
	bool held;
	struct instant until;
	uint64_t due;
	uint64_t arrived;	  /* counts up: the order in wallets */
	struct instant first_end; /* before any event */
	enum coupon_state first_state;
	int first_event, last_event; /* -1: none */
};
/* What happened to a coupon. */
struct m_event {
	struct event e; /* texts are the commands'; no request, other, split */
	int next;	/* of the same coupon; -1: the last */
	struct text key, digest;
	int other_coupon, other_customer;
	/* as it was left */
	struct instant end, until;
	bool held;
	/* redeemed: whose uses it counts against; -1: nobody's */
	int holder;
};
/* Somebody got a coupon; customer -1: it was issued to nobody. */
struct m_receipt {
	int customer, template, coupon;
	bool issue;	    /* not a coupon that somebody had, or that was issued before */
	bool returned;	    /* a hold that ended */
	int64_t day;	    /* -1: not counted by days */
	int64_t person_day; /* -1: likewise */
};
struct m_order {
	struct text order_no;
	struct instant created;
	int coupons[ORDER_USES_OF_MODEL];
	uint64_t numbers[ORDER_USES_OF_MODEL];
	unsigned n;
};
struct m_registered {
	struct instant at;
	struct text information;
};
struct m_campaign {
	bool live, wjb;
	uint64_t activity_id; /* 0: not learned yet */
	enum maker maker;
	struct text source, code; /* of WangJuBao's: empty until learned */
	struct text name, type, url, information;
	uint64_t status;
	struct instant begin, end, created, modified;
	uint64_t change; /* counts up: order of changes */
	int departments[ITEMS_MAX], prizes[ITEMS_MAX];
	unsigned department_n, prize_n;
	bool has_object;
	struct object_parts object;
	uint64_t changed;
	/* customers in the order they were added */
	int16_t people[3][CUSTOMERS_OF_MODEL];
	unsigned people_n[3];
	struct m_registered registered[CUSTOMERS_OF_MODEL]; /* by customer */
};
/* An answer that is remembered. */
struct m_issue {
	bool plain; /* one coupon to each of these nicks: any dialect may ask for it again */
	bool full;  /* by the native API: holders and dates are kept */
	struct text digest;
	uint64_t template_id;
	unsigned n;
	struct text nicks[SPI_NICKS_MAX];
	enum fault faults[SPI_NICKS_MAX];
	int coupons[SPI_NICKS_MAX]; /* -1: none; COUPON_OF_HIS */
	int customers[SPI_NICKS_MAX];
	struct instant begins[SPI_NICKS_MAX], ends[SPI_NICKS_MAX];
};
struct m_request {
	enum command command;
	enum request_class class;
	struct request_key key;
	struct text digest;
	uint64_t number; /* the answer of a template's command */
	int64_t kept_ms;
	int campaign;
	unsigned added;
	struct m_issue *issue;
};
struct m_credential {
	struct credential c; /* secrets in clear */
};
/* --- what acts by itself ---
 *
 * One merchant has campaigns that run, providers, webhooks, jobs and leases, and nothing of what
 * the others have. Leases and jobs are modelled whole. Of the rest the model has only what the
 * readings must agree on whatever has happened (check_acting.c), counted from coupons and their
 * timelines; what is known by number is learned there for the plan.
 */
enum {
	LEASES_OF_MODEL = 128,
	JOBS_OF_MODEL = 48,
	ACTING_COUPONS = 600,
	ACTING_PEOPLE = 14,
	ACTING_CAMPAIGNS = 4,
	ERRANDS_OF_MODEL = 200,
	ERRAND_COUPONS = 8, /* of one errand, that the plan knows of */
	WAITING_OF_MODEL = 24,
	DELIVERIES_OF_MODEL = 1000, /* of one webhook; past that its tries are not followed */
	TRIES_OF_MODEL = 24,
	PROVIDERS_OF_MODEL = 4,
};
struct m_lease {
	enum lease_kind kind;
	uint64_t of, owner;
	int64_t until_ms;
};
struct m_job {
	uint64_t number; /* 0: not learned yet */
	enum job_kind kind;
	enum job_state state;
	struct job_progress at;
};
struct m_errand {
	uint64_t id, number, provider; /* id: public */
	uint64_t coupons[ERRAND_COUPONS];
	unsigned n;
	/* its tries: model_retries.c */
	bool sure, waiting, unknown, sent; /* sent: no other body may be, any more */
	uint64_t tries;
	int64_t due_ms;
};
/* What calls to a provider have come to. */
struct m_breaker {
	uint64_t provider, failures;
	int64_t open_until_ms;
	bool sure;
};
/* A message on its way to a webhook, and what became of the tries. */
struct m_delivery {
	uint64_t notice, lane, tries, status;
	int64_t due_ms, tried_ms;
	bool waiting;
	bool moved; /* sent again: behind others of its lane */
};
struct m_tries {
	uint64_t webhook;
	bool sure; /* as it was at the last look, and what came since is known */
	bool gone;
	int64_t failing_ms, suspended_ms, recovered_ms;
	struct m_delivery rows[DELIVERIES_OF_MODEL];
	unsigned n;
};
struct m_webhook {
	uint64_t number;
	uint64_t waiting[WAITING_OF_MODEL]; /* notices */
	unsigned n;
};
struct m_acting {
	struct m_lease leases[LEASES_OF_MODEL];
	struct m_job jobs[JOBS_OF_MODEL];
	unsigned lease_n, job_n;
	uint64_t campaigns[ACTING_CAMPAIGNS], activities[ACTING_CAMPAIGNS];
	unsigned campaign_n;
	struct m_breaker breakers[PROVIDERS_OF_MODEL];
	unsigned breaker_n;
	struct m_tries tries[TRIES_OF_MODEL];
	unsigned tries_n;
	struct m_errand errands[ERRANDS_OF_MODEL];
	unsigned errand_n;
	struct m_webhook webhooks[WEBHOOKS_MAX];
	unsigned webhook_n;
	struct text codes[ACTING_COUPONS];
	unsigned code_n;
	bool forgot;	  /* notices */
	uint64_t unheard; /* bits: webhooks, by their place, that may have missed something */
};
struct m_home {
	uint64_t number;
	struct text name;
	struct instant created;
	uint64_t entries; /* in its ledger chain */
	struct m_department departments[DEPARTMENTS_OF_MODEL];
	struct m_customer customers[CUSTOMERS_OF_MODEL];
	struct m_template templates[TEMPLATES_OF_MODEL];
	struct m_coupon coupons[COUPONS_OF_MODEL];
	struct m_campaign campaigns[CAMPAIGNS_OF_MODEL];
	struct m_request requests[REQUESTS_OF_MODEL];
	struct m_event events[EVENTS_OF_MODEL];
	struct m_receipt receipts[RECEIPTS_OF_MODEL];
	struct m_order orders[ORDERS_OF_MODEL];
	unsigned department_n, customer_n, template_n, coupon_n, campaign_n, request_n, event_n,
	    receipt_n, order_n;
	uint64_t arrivals, merges;
	uint64_t swept; /* minute up to which holds were released; 0: there was none */
	uint64_t changes;
	struct text given_out[CUSTOMERS_OF_MODEL + DEPARTMENTS_OF_MODEL]; /* ids the server made */
	unsigned given_out_n;
	struct m_acting acting; /* of ACTING */
	/* home 0 */
	struct m_credential credentials[CREDENTIALS_OF_MODEL];
	unsigned credential_n;
	uint64_t epoch; /* 0 after a restore: not learned yet */
};

struct world {
	uint64_t seed;
	unsigned step;
	const char *doing;
	uint64_t random; /* the generator's state */
	_Atomic int64_t clock_ms;
	int64_t newest_ms; /* of all entries */
	bool canary, canary_life, canary_acting, canary_retries,
	    watched; /* watched: a reader runs beside the lane */
	char dir[128], backup[128];
	/* twin.h: the second engine's address, empty: there is none; what is said of it; commands
	 * one after the other, while the database is being killed */
	char twin[256];
	bool one_home, checks_twin, one_by_one;
	bool stubborn; /* who is told or asked often takes nothing, for long */
	/* people are erased; not where a backup is restored, which knows nothing of it */
	bool erases;
	/* the batch at hand */
	struct op ops[OPS_MAX];
	struct gots gots[OPS_MAX]; /* answers of ops */
	unsigned op_n;
	_Atomic unsigned answered;
	/* the child kills itself before it runs, or after it has answered, this many of them; 0:
	 * not */
	unsigned die_before, die_after;
	uint64_t ones;		  /* commands outside of batches, for their actors */
	struct op past[PAST_MAX]; /* to be repeated */
	unsigned past_n;
	uint64_t next_sign;
	unsigned home_n; /* merchants made, the store itself included */
	struct m_home homes[HOMES];
	struct m_home
	    *lost; /* after a restore: what there was before it; its ids never come again */
	uint64_t epoch_before; /* the restore */
	uint64_t scanned_entries[HOMES];
	int64_t scanned_newest_ms;
	/* figures */
	uint64_t commands, accepted, repeats, kills, cut_off, restarts, restores, checks, verifies,
	    busy, rows_verified, compared, compared_entries, mended, outages;
	uint64_t accepted_of[128]; /* by command */
	_Atomic uint64_t watches;
	size_t heap_used;
	char heap[HEAP_BYTES];
};

/* A disagreement: says seed, step and what, and ends the process with 1. */
_Noreturn void sim_fail(const struct world *w, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* heap and dice: sim.c */
struct text keep(struct world *w, struct text t);
struct text keep_format(struct world *w, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
void *keep_bytes(struct world *w, size_t size);
uint64_t roll(struct world *w, uint64_t n); /* 0 .. n-1 */
static inline bool chance(struct world *w, unsigned percent)
{
	return roll(w, 100) < percent;
}
static inline struct instant sim_now(struct world *w)
{
	return (struct instant){atomic_load(&w->clock_ms)};
}

/* plan.c: a random command into *op. */
void plan_op(struct world *w, struct op *op, bool alone);
/* To right before or after a midnight, an end or a time-out that lies ahead; 0: none does. */
int64_t plan_span_to_edge(struct world *w);
/* To right before or to the next try of something that failed; 0: there is none. */
int64_t plan_span_to_try(struct world *w);
/* One that the server gives to itself: to be run as a job. */
void plan_sweep(struct world *w, struct op *op);
/* plan_acting.c: one of ACTING's. */
void plan_acting(struct world *w, struct op *op);
/* A few that belong together, of one who has the lease; how many. */
unsigned plan_turn(struct world *w, struct op *ops);
/* plan_object.c: the text of an object and what it means. */
struct text object_text(struct world *w, const struct object_parts *parts);
void object_add(struct world *w, struct object_parts *parts, const char *name, struct text raw,
		struct text meaning);
void object_add_noise(struct world *w, struct object_parts *parts, bool nulls);

/* model.c: the command happens now. With `answered` op's outcome is compared with the model's, and
 * what the server made is learned from it. *ret_wrote: an entry belongs to it. */
void model_apply(struct world *w, struct op *op, bool answered, bool *ret_wrote);
/* model_object.c: rule 11 of the dialects. */
void object_normalize(struct object_parts *object, const char *const *dropped);
void object_merge_in(struct object_parts *object, const struct object_parts *patch,
		     const char *const *dropped);
bool object_means_same(const struct object_parts *a, const struct object_parts *b);
/* In a buffer of its own, until the next call. */
struct text object_print(const struct object_parts *object);

/* model_retries.c; NULL: not known. */
struct m_tries *model_tries(struct m_acting *a, uint64_t webhook);
struct m_delivery *model_delivery(struct m_tries *t, uint64_t notice);
/* what checks and commands ask of the model */
enum coupon_state model_shown_state(struct world *w, const struct m_coupon *c);
struct text model_label(const struct m_customer *c);
/* Who the customer is: of one who was merged, whom into; -1: nobody. */
int model_person(const struct m_home *m, int customer);
bool is_past_second(struct world *w, struct instant end);
void model_learn_id(struct world *w, struct m_home *h, struct text *id, struct text have);
void model_learn_activity(struct world *w, struct m_home *h, struct m_campaign *c, uint64_t id);
void model_learn_code(struct world *w, struct m_home *h, struct m_coupon *c, struct text code);
void model_learn_coupon_id(struct world *w, struct m_home *h, struct m_coupon *c, uint64_t id);
void model_learn_template(struct world *w, struct m_home *h, struct m_template *t, uint64_t id);
/* The whole record that a template is, and the terms that a coupon goes by. */
struct template model_template(const struct m_template *t);
struct template model_terms(const struct m_home *h, const struct m_coupon *c);
struct usage model_usage(struct world *w, const struct m_home *h, int template);
bool model_use_stands(const struct m_home *h, int coupon, uint64_t number);
/* As a restful look at the past would have found it; false: it was not there. */
struct m_then {
	enum coupon_state state;
	uint64_t used;
	unsigned events;
	struct instant end;
};
bool model_then(struct world *w, const struct m_home *h, const struct m_coupon *c,
		struct instant as_of, struct m_then *ret);
/* Every reason why the coupons may not be used in one order, and what they take off. */
struct m_priced {
	enum fault reasons[REASONS_MAX];
	unsigned reason_n;
	int64_t discount;
};
struct m_basket {
	const struct cart *cart;
	const int *coupons;
	unsigned n;
	struct text order_no;
};
void model_price(struct world *w, const struct m_home *h, const struct m_basket *b, bool alone,
		 struct m_priced *ret);
int model_find_code(const struct m_home *h, struct text code, bool folded);
int model_find_order(const struct m_home *h, struct text order_no);
void model_learn_slot(struct world *w, struct m_customer *c, uint64_t slot);
bool model_all_learned(struct world *w, unsigned home);

/* check.c: in the child; compares every reading with the model and learns ids. */
struct engine;
void check_all(struct world *w, struct engine *e);
void check_all_acting(struct world *w, struct engine *e);
/* figures.c */
void print_figures(const struct world *w);
/* outcome.c: what of an answer is kept, for both engines. */
void keep_gots(const struct op *op, enum fault fault, const union any_ret *ret, struct gots *into);
/* engine_side.c: the child's whole life. Each order is a byte and answered by the same byte when it
 * is done; ORDER_OPEN stands for the start. */
enum order {
	ORDER_OPEN = 'o',
	ORDER_RUN = 'r', /* the batch in ops[] */
	ORDER_CHECK = 'c',
	ORDER_VERIFY = 'v', /* ledger, chains, view */
	ORDER_FEED = 'f',
	ORDER_FIND = 'l',   /* sets in_ledger of ops[], and the scanned_ figures */
	ORDER_BACKUP = 'b', /* into w->backup */
	ORDER_ACTING = 'a', /* check_acting alone */
	ORDER_MEND = 'm',   /* twin_mend */
	ORDER_CLOSE = 'q',
};
_Noreturn void engine_side(struct world *w, int from_parent, int to_parent);
/* A process that restores w->backup into w->dir. */
_Noreturn void restore_side(struct world *w);
