/*
 * Running a campaign, one step: it starts, or ends, or the oldest members that wait are served.
 * What serves a member is one write: its coupons, its marks and the counts; a step that was not
 * written is done again as if it had not been.
 *
 *   list    the members that wait, each with what is left of him to give: nothing, where he is not
 *           covered any more; one customer under several names is served once
 *   open    templates, what is left of their limits, what the customers have of them
 *   decide  reward by reward: a coupon, a promise, or a refusal for good
 *   put     all of it
 */
#include "domain/campaign.h"
#include "domain/check.h"
#include "domain/coupon.h"
#include "domain/customer.h"
#include "domain/errand.h"
#include "domain/holders.h"
#include "domain/issuing.h"
#include "domain/page.h"
#include "domain/timeline.h"

/* Of the long texts that rows of members carry along, well below an entry's size. */
enum { RUN_BYTES_MAX = 4 * 1024 * 1024 };

/* One template among the rewards. */
struct giving {
	struct template template;
	uint64_t count[2];    /* for TODO_COVERED, for TODO_REGISTERED */
	enum refusal refuses; /* all of it: its time or its codes are over */
	struct issuing issuing;
	struct holding *holdings, *elsewhere; /* per seat */
	bool *took;			      /* per seat */
	struct coupon *coupons;
	unsigned coupon_count;
	struct errands errands;
};
/* A coupon, in the order of the decisions. */
struct made {
	unsigned giving, coupon, seat;
};
/* One member of the list. */
struct seat {
	struct member *rows; /* the list's own first, then those under other names */
	bool *found;
	unsigned n;
	struct customer person; /* whom the rows are of */
	bool again;		/* served with an earlier seat */
	uint64_t bits;		/* enum todo: what it gets */
};
struct run {
	const struct campaign_run_cmd *cmd;
	struct campaign_run_ret *ret;
	struct campaign campaign, before;
	struct notices notices;
	struct campaign_counts counts;
	struct seat *seats;
	unsigned n;
	struct giving *givings;
	unsigned giving_count;
	struct made *made;
	unsigned made_count, made_room;
};

/* --- what there is to do --- */

static struct instant earlier(struct instant a, struct instant b)
{
	return instant_is_none(a) || (!instant_is_none(b) && b.ms < a.ms) ? b : a;
}

/* Its last second is still its own. */
static struct instant over(struct instant end)
{
	return instant_is_none(end) ? end : (struct instant){second_last(end).ms + 1};
}

struct campaign_due campaign_look(const struct env *env, const struct campaign *c, uint64_t todo)
{
	struct campaign_due due = {.number = c->number};
	struct instant starts = campaign_starts(c), end = over(c->end);
	bool planned = c->phase == PHASE_WAITING || c->phase == PHASE_STARTED;
	if (!c->running)
		return due;
	if (planned && is_past(env, c->end))
		due.work = DUE_RUN;
	else if (c->fill.size)
		due.work = DUE_WALK;
	else if (c->phase == PHASE_WAITING && starts.ms <= env->now.ms)
		due.work = DUE_RUN;
	else if (c->phase == PHASE_STARTED && todo)
		due.work = DUE_RUN;
	else if (c->phase == PHASE_WAITING)
		due.at = earlier(starts, end);
	else if (c->phase == PHASE_STARTED)
		due.at = end;
	return due;
}

/* Coupons that one member may get. */
static enum fault load_givings(struct tx *tx, const struct env *env, struct run *r,
			       uint64_t *ret_each)
{
	const struct text both[2] = {r->campaign.rewards, r->campaign.register_rewards};
	r->givings = ARENA_ARRAY(env->arena, struct giving, 2 * REWARDS_MAX);
	ROOM(r->givings);
	*ret_each = 0;
	for (unsigned k = 0; k < 2; k++) {
		struct rewarded *rewards;
		unsigned n;
		TRY(rewards_read(env, both[k], &rewards, &n));
		for (unsigned i = 0; i < n && i < REWARDS_MAX; i++) {
			unsigned at = 0;
			while (at < r->giving_count &&
			       r->givings[at].template.number != rewards[i].template)
				at++;
			r->giving_count += at == r->giving_count;
			r->givings[at].template.number = rewards[i].template;
			r->givings[at].count[k] = rewards[i].count;
			*ret_each += rewards[i].count;
		}
	}
	for (unsigned i = 0; i < r->giving_count; i++)
		store_want(tx, TABLE_TEMPLATE, &r->givings[i].template);
	for (unsigned i = 0; i < r->giving_count; i++) {
		struct template *t = &r->givings[i].template;
		TRY(get_named(tx, TABLE_TEMPLATE, t));
		issuing_want(tx, env, t);
		store_want_page(tx,
				&(struct page){.list = LIST_COUPONS_BY_CHANNEL,
					       .owner = &(struct coupon){.channel = t->channel}});
	}
	return OK;
}

/* --- the list --- */

static struct page todo_page(const struct member *owner, unsigned n)
{
	return (struct page){.list = LIST_TODO, .owner = owner, .n = n, .oldest_first = true};
}

/* The rows of all names of the seat's customer. */
static enum fault name_rows(struct tx *tx, const struct env *env, struct run *r, struct seat *s)
{
	struct customer *aliases;
	unsigned n;
	uint64_t listed = s->rows[0].customer;
	TRY(customer_aliases(tx, &s->person, &aliases, &n));
	if (!n && s->person.number == listed)
		return OK;
	struct member *rows = ARENA_ARRAY(env->arena, struct member, n + 2);
	s->found = ARENA_ARRAY(env->arena, bool, n + 2);
	ROOM(rows && s->found);
	rows[0] = s->rows[0];
	s->found[0] = true;
	s->rows = rows;
	for (unsigned i = 0; i <= n; i++) {
		uint64_t number = i < n ? aliases[i].number : s->person.number;
		if (number == listed)
			continue;
		rows[s->n] = (struct member){.campaign = r->campaign.number, .customer = number};
		store_want(tx, TABLE_MEMBER, &rows[s->n++]);
	}
	return OK;
}

/* What all his rows together say that he is to get. */
static uint64_t bits_of(const struct campaign *c, const struct seat *s)
{
	struct member all = s->rows[0];
	for (unsigned i = 1; i < s->n; i++) {
		const struct member *row = &s->rows[i];
		if (!s->found[i])
			continue;
		if (row->cover == c->cover)
			all.cover = row->cover;
		all.invited |= row->invited;
		all.registered |= row->registered;
		all.given |= row->given;
	}
	return campaign_todo(c, &all);
}

static bool is_served_before(const struct run *r, unsigned seat)
{
	const struct customer *person = &r->seats[seat].person;
	for (unsigned i = 0; person->merged && i < seat; i++)
		if (r->seats[i].person.number == person->number)
			return true;
	return false;
}

static enum fault load_people(struct tx *tx, struct run *r)
{
	for (unsigned i = 0; i < r->n; i++) {
		struct customer *person = &r->seats[i].person;
		person->number = r->seats[i].rows[0].customer;
		TRY(get_named(tx, TABLE_CUSTOMER, person));
		customer_want_person(tx, person);
	}
	for (unsigned i = 0; i < r->n; i++)
		TRY(customer_follow(tx, &r->seats[i].person));
	return OK;
}

static enum fault load_seats(struct tx *tx, const struct env *env, struct run *r)
{
	TRY(load_people(tx, r));
	for (unsigned i = 0; i < r->n; i++)
		TRY(name_rows(tx, env, r, &r->seats[i]));
	for (unsigned i = 0; i < r->n; i++) {
		struct seat *s = &r->seats[i];
		for (unsigned k = 1; k < s->n; k++)
			TRY(store_get(tx, TABLE_MEMBER, &s->rows[k], &s->found[k]));
		s->again = is_served_before(r, i);
		s->bits = s->again ? 0 : bits_of(&r->campaign, s);
	}
	return OK;
}

/* Most rows are of customers who have one name: all that these need, at once. */
static void want_ahead(struct tx *tx, const struct run *r, const struct member *rows, unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		struct coupon owner = {.customer = rows[i].customer};
		store_want(tx, TABLE_CUSTOMER, &(struct customer){.number = rows[i].customer});
		store_want_page(tx, &(struct page){.list = LIST_WALLET, .owner = &owner});
		for (unsigned k = 0; k < r->giving_count; k++)
			store_want(tx, TABLE_HOLDING,
				   &(struct holding){.customer = rows[i].customer,
						     .template = r->givings[k].template.number});
	}
}

static enum fault list(struct tx *tx, const struct env *env, struct run *r, unsigned n)
{
	struct member owner = {.campaign = r->campaign.number}, *rows;
	struct page page = todo_page(&owner, n);
	uint64_t count, bytes = 0;
	unsigned got;
	TRY(store_page(tx, &page, &rows, &got, &count));
	want_ahead(tx, r, rows, got);
	r->seats = ARENA_ARRAY(env->arena, struct seat, got + 1);
	ROOM(r->seats);
	for (; r->n < got && bytes < RUN_BYTES_MAX; r->n++) {
		r->seats[r->n] = (struct seat){.rows = &rows[r->n], .n = 1};
		bytes += rows[r->n].information.size;
	}
	r->ret->members = r->n;
	r->ret->more = count > r->n;
	return load_seats(tx, env, r);
}

/* --- limits --- */

static uint64_t wanted(const struct giving *g, const struct seat *s)
{
	return (s->bits & TODO_COVERED ? g->count[0] : 0) +
	       (s->bits & TODO_REGISTERED ? g->count[1] : 0);
}

static void want_holdings(struct tx *tx, struct run *r)
{
	for (unsigned i = 0; i < r->giving_count; i++)
		for (unsigned k = 0; k < r->n; k++)
			if (wanted(&r->givings[i], &r->seats[k]))
				store_want(
				    tx, TABLE_HOLDING,
				    &(struct holding){.customer = r->seats[k].person.number,
						      .template = r->givings[i].template.number});
}

static enum fault load_holdings(struct tx *tx, const struct env *env, const struct run *r,
				struct giving *g)
{
	g->holdings = ARENA_ARRAY(env->arena, struct holding, r->n + 1);
	g->elsewhere = ARENA_ARRAY(env->arena, struct holding, r->n + 1);
	g->took = ARENA_ARRAY(env->arena, bool, r->n + 1);
	ROOM(g->holdings && g->elsewhere && g->took);
	for (unsigned i = 0; i < r->n; i++) {
		const struct seat *s = &r->seats[i];
		if (!wanted(g, s))
			continue;
		TRY(holding_get(tx, s->person.number, g->template.number, &g->holdings[i]));
		TRY(holding_elsewhere(tx, &s->person, g->template.number, &g->elsewhere[i]));
	}
	return OK;
}

static enum fault open_giving(struct tx *tx, const struct env *env, struct run *r, struct giving *g)
{
	uint64_t coupons = 0;
	for (unsigned i = 0; i < r->n; i++)
		coupons += wanted(g, &r->seats[i]);
	const struct template *t = &g->template;
	if (!t->live || (!t->is_relative && is_past(env, t->end)))
		g->refuses = REFUSAL_ENDED;
	if (g->refuses || !coupons)
		return OK;
	enum fault fault =
	    issuing_open(tx, env, t, TEXT("rewards"), (unsigned)coupons, &g->issuing);
	if (fault == FAULT_LIMIT_REACHED) {
		g->issuing = (struct issuing){0};
		g->refuses = REFUSAL_EXHAUSTED;
		return OK;
	}
	TRY(fault);
	if (t->provider) {
		errands_want(tx, t->provider);
		g->issuing.holds = true;
		TRY(issuing_count_day(tx, &g->issuing));
	}
	g->coupons = ARENA_ARRAY(env->arena, struct coupon, coupons);
	ROOM(g->coupons);
	r->made_room += (unsigned)coupons;
	return load_holdings(tx, env, r, g);
}

static enum fault open_all(struct tx *tx, const struct env *env, struct run *r)
{
	want_holdings(tx, r);
	for (unsigned i = 0; i < r->giving_count; i++)
		TRY(open_giving(tx, env, r, &r->givings[i]));
	r->made = ARENA_ARRAY(env->arena, struct made, r->made_room + 1);
	ROOM(r->made);
	return campaign_counts_open(tx, r->campaign.number, COUNTS_SETTLED, true, &r->counts);
}

/* --- decisions --- */

static enum refusal refusal_of(enum fault fault)
{
	switch ((int)fault) {
	case FAULT_DAY_EXHAUSTED:
		return REFUSAL_DAY;
	case FAULT_PERSON_EXHAUSTED:
		return REFUSAL_PERSON;
	case FAULT_PERSON_DAY_EXHAUSTED:
		return REFUSAL_PERSON_DAY;
	default:
		return REFUSAL_EXHAUSTED;
	}
}

/* 0: a coupon may be issued. */
static enum refusal refuses(const struct giving *g, const struct seat *s, unsigned seat)
{
	if (!instant_is_none(s->person.erased))
		return REFUSAL_NOBODY;
	if (g->refuses)
		return g->refuses;
	if (g->template.provider && !s->person.nick.size)
		return REFUSAL_NICK;
	enum fault fault = issuing_allows(&g->issuing, &g->holdings[seat], &g->elsewhere[seat]);
	return fault == OK ? 0 : refusal_of(fault);
}

static enum fault send(const struct env *env, struct run *r, const struct coupon *c)
{
	r->ret->sent++;
	campaign_count(&r->counts, COUNT_SENT, 1);
	return notices_coupon(&r->notices, env, NOTICE_COUPON_ISSUED, c, 0);
}

static enum fault promise(const struct env *env, struct run *r, struct coupon *c)
{
	r->ret->promised++;
	campaign_count(&r->counts, COUNT_PROMISED, 1);
	errand_promise(c);
	struct event event = {.kind = EVENT_HELD,
			      .at = env->instant,
			      .state = (enum coupon_state)c->state,
			      .end = c->end};
	TRY(timeline_add(env, c, &event));
	return notices_coupon(&r->notices, env, NOTICE_COUPON_HELD, c, event.number);
}

static enum fault give(struct tx *tx, const struct env *env, struct run *r, unsigned giving,
		       unsigned seat)
{
	struct giving *g = &r->givings[giving];
	enum refusal refusal = refuses(g, &r->seats[seat], seat);
	if (refusal) {
		campaign_count_refusal(&r->counts, refusal);
		r->ret->refused++;
		return OK;
	}
	r->made[r->made_count++] = (struct made){giving, g->coupon_count, seat};
	struct coupon *c = &g->coupons[g->coupon_count++];
	*c = issuing_coupon(tx, env, &g->issuing, r->seats[seat].person.number);
	c->campaign = r->campaign.number;
	issuing_take(&g->issuing, &g->holdings[seat]);
	g->took[seat] = true;
	return g->template.provider ? promise(env, r, c) : send(env, r, c);
}

static enum fault decide(struct tx *tx, const struct env *env, struct run *r)
{
	for (unsigned seat = 0; seat < r->n; seat++)
		for (unsigned i = 0; i < r->giving_count; i++)
			for (uint64_t k = wanted(&r->givings[i], &r->seats[seat]); k > 0; k--)
				TRY(give(tx, env, r, i, seat));
	for (unsigned i = 0; i < r->giving_count; i++) {
		struct giving *g = &r->givings[i];
		if (!g->coupon_count)
			continue;
		TRY(issuing_tell(&g->issuing, env, &r->notices));
		if (g->template.provider)
			TRY(errands_plan(tx, env, r->campaign.number, &g->template, g->coupons,
					 g->coupon_count, &g->errands));
	}
	return OK;
}

/* --- puts --- */

static uint64_t given_by(const struct campaign *c, uint64_t bits)
{
	return (c->rewards.size ? bits & TODO_COVERED : 0) | (bits & TODO_REGISTERED);
}

static void put_row(struct tx *tx, const struct seat *s, struct member *row)
{
	row->todo = 0;
	if (!instant_is_none(s->person.erased))
		store_forget(TABLE_MEMBER, row);
	store_put(tx, TABLE_MEMBER, row);
}

/* Also his rows under other names, which may wait too. */
static void put_members(struct tx *tx, const struct run *r, struct seat *s)
{
	uint64_t given = given_by(&r->campaign, s->bits);
	s->rows[0].invited |= s->bits & TODO_COVERED && instant_is_none(s->person.erased);
	for (unsigned i = 0; i < s->n; i++) {
		if (i > 0 && !s->found[i])
			continue;
		s->rows[i].given |= given;
		put_row(tx, s, &s->rows[i]);
	}
}

static void put_coupons(struct tx *tx, struct run *r)
{
	for (unsigned i = 0; i < r->made_count; i++) {
		struct giving *g = &r->givings[r->made[i].giving];
		struct coupon *c = &g->coupons[r->made[i].coupon];
		store_put(tx, TABLE_COUPON, c);
		g->holdings[r->made[i].seat].last = c->ordinal;
	}
	for (unsigned i = 0; i < r->giving_count; i++) {
		struct giving *g = &r->givings[i];
		for (unsigned seat = 0; g->took && seat < r->n; seat++)
			if (g->took[seat])
				store_put(tx, TABLE_HOLDING, &g->holdings[seat]);
		issuing_put(tx, &g->issuing);
		errands_put(tx, &g->errands);
	}
}

static void put_all(struct tx *tx, const struct env *env, struct run *r)
{
	put_coupons(tx, r);
	for (unsigned i = 0; i < r->n; i++)
		if (!r->seats[i].again)
			put_members(tx, r, &r->seats[i]);
	campaign_counts_put(tx, &r->counts);
	if (r->campaign.status != r->before.status)
		campaign_put_changed(tx, env, &r->campaign);
	else if (r->campaign.phase != r->before.phase)
		store_put(tx, TABLE_CAMPAIGN, &r->campaign);
	notices_put(&r->notices);
}

/* --- a step --- */

static enum fault end(struct tx *tx, const struct env *env, struct run *r)
{
	r->campaign.status = 3;
	if (r->campaign.object.size)
		r->campaign.changed |= OBJECT_STATUS;
	TRY(campaign_turn(tx, env, &r->before, &r->campaign, &r->notices));
	put_all(tx, env, r);
	return OK;
}

static enum fault step(struct tx *tx, const struct env *env, struct run *r)
{
	uint64_t each;
	TRY(notices_open(tx, env, &r->notices));
	if (r->campaign.phase == PHASE_WAITING) {
		r->campaign.phase = PHASE_STARTED;
		TRY(notices_of(&r->notices, env, NOTICE_CAMPAIGN_STARTED, r->campaign.number, 0,
			       TEXT_NONE));
	}
	TRY(load_givings(tx, env, r, &each));
	uint64_t n = each ? RUN_COUPONS_MAX / each : r->cmd->n;
	n = n < 1 ? 1 : n < r->cmd->n ? n : r->cmd->n;
	TRY(list(tx, env, r, (unsigned)n));
	TRY(open_all(tx, env, r));
	TRY(decide(tx, env, r));
	put_all(tx, env, r);
	return OK;
}

static void want(struct tx *tx, const struct campaign_run_cmd *c)
{
	struct member owner = {.campaign = c->number};
	struct page page = todo_page(&owner, c->n);
	store_want(tx, TABLE_CAMPAIGN, &(struct campaign){.number = c->number});
	store_want(tx, TABLE_LEASE, &(struct lease){.kind = LEASE_CAMPAIGN, .of = c->number});
	store_want_page(tx, &page);
	store_want_page(tx, &(struct page){.list = LIST_INVITED, .owner = &owner});
	store_want_page(tx, &(struct page){.list = LIST_COUPONS});
	campaign_counts_want(tx, c->number, COUNTS_SETTLED, true);
	notices_want(tx);
}

enum fault campaign_run(struct tx *tx, const struct env *env, const void *cmd, void *ret)
{
	const struct campaign_run_cmd *c = cmd;
	struct run r = {.cmd = c, .ret = ret};
	struct member owner = {.campaign = c->number};
	uint64_t todo;
	bool found;
	must(c->n >= 1 && c->n <= RUN_MEMBERS_MAX);
	*r.ret = (struct campaign_run_ret){0};
	want(tx, c);
	TRY(lease_check(tx, env, LEASE_CAMPAIGN, c->number, c->owner));
	r.campaign.number = c->number;
	TRY(store_get(tx, TABLE_CAMPAIGN, &r.campaign, &found));
	TRY(store_count(tx, LIST_TODO, &owner, &todo));
	r.before = r.campaign;
	if (!found || campaign_look(env, &r.campaign, todo).work != DUE_RUN)
		return OK;
	return is_past(env, r.campaign.end) ? end(tx, env, &r) : step(tx, env, &r);
}
