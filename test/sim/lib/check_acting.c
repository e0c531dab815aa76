/*
 * What acts by itself: what must hold whatever was done, counted from coupons, their timelines and
 * errands, and held against what is told of campaigns, promises and webhooks. Learns the numbers
 * that the plan needs.
 *
 *   campaigns   nobody gets a reward twice, everybody has been served when nobody waits; what
 *               progress counts are the coupons that there are
 *   promises    a coupon, or released, or waiting, or listed as unknown
 *   webhooks    every event of every coupon once, in its order
 *   tries       as the model has them (check_retries.c)
 *   jobs        as the model has them
 */
#include "check.h"

#include "domain/notice.h"

enum { EVENTS_OF_ACTING = 4000, ROWS = 1000 };

struct seen_coupon {
	uint64_t id, campaign, template, customer, used, errand, revision;
	enum promise promise;
	enum coupon_state state;
	bool held;
	struct instant issued;
};
struct seen_event {
	unsigned coupon;
	enum event_kind kind;
	uint64_t number;
	struct instant at;
};
struct seen_customer {
	uint64_t number, person;
	bool erased;
};
static struct {
	struct seen_coupon coupons[ACTING_COUPONS];
	struct seen_event events[EVENTS_OF_ACTING];
	struct seen_customer customers[CUSTOMERS_OF_MODEL];
	struct campaign campaigns[ACTING_CAMPAIGNS];
	unsigned n, event_n, customer_n, campaign_n;
} seen;

static struct m_acting *acting(struct checker *c)
{
	return &c->h->acting;
}

/* --- looking --- */

static void look_at_coupons(struct checker *c)
{
	struct m_acting *a = acting(c);
	struct coupon_query_cmd cmd = {.n = ACTING_COUPONS, .oldest_first = true};
	struct coupon_query_ret ret = {0};
	ask(c, COMMAND_coupon_query, &cmd, &ret);
	same_number(c, "fault", c->fault, OK);
	must(ret.n < ACTING_COUPONS);
	seen.n = ret.n;
	for (unsigned i = 0; i < ret.n; i++) {
		const struct coupon *k = ret.rows[i].coupon;
		seen.coupons[i] = (struct seen_coupon){.id = k->id,
						       .campaign = k->campaign,
						       .template = k->template,
						       .customer = k->customer,
						       .used = k->used,
						       .errand = ret.rows[i].errand,
						       .revision = k->revision,
						       .promise = ret.rows[i].promise,
						       .state = (enum coupon_state)k->state,
						       .held = k->held,
						       .issued = k->issued};
		if (i >= a->code_n)
			a->codes[a->code_n++] = keep(c->w, ret.rows[i].code);
	}
}

/* What became of each; only where there is somebody to be told. */
static void look_at_events(struct checker *c)
{
	seen.event_n = 0;
	for (unsigned i = 0; i < seen.n; i++) {
		struct coupon_show_cmd cmd = {.code = acting(c)->codes[i]};
		struct coupon_show_ret ret = {0};
		if (!seen.coupons[i].revision)
			continue;
		ask(c, COMMAND_coupon_show, &cmd, &ret);
		/* A provider may have called it otherwise since. */
		same_number(c, "fault", c->fault, OK);
		for (unsigned k = 0; k < ret.n; k++) {
			must(seen.event_n < EVENTS_OF_ACTING);
			seen.events[seen.event_n++] = (struct seen_event){
			    i, ret.events[k].kind, ret.events[k].number, ret.events[k].at};
		}
	}
}

static void look_at_people(struct checker *c)
{
	struct customer_list_cmd cmd = {.n = CUSTOMERS_OF_MODEL};
	struct customer_list_ret ret = {0};
	ask(c, COMMAND_customer_list, &cmd, &ret);
	same_number(c, "fault", c->fault, OK);
	seen.customer_n = ret.n;
	for (unsigned i = 0; i < ret.n; i++)
		seen.customers[i] = (struct seen_customer){
		    ret.rows[i].number,
		    ret.rows[i].alias_of ? ret.rows[i].alias_of : ret.rows[i].number,
		    ret.rows[i].erased.ms != 0};
}

static const struct seen_customer *customer_of(const struct checker *c, uint64_t number)
{
	for (unsigned i = 0; i < seen.customer_n; i++)
		if (seen.customers[i].number == number)
			return &seen.customers[i];
	sim_fail(c->w, "customer %llu is not there", (unsigned long long)number);
}

/* --- campaigns --- */

static unsigned names_of(uint64_t person)
{
	unsigned n = 0;
	for (unsigned i = 0; i < seen.customer_n; i++)
		n += seen.customers[i].person == person;
	return n;
}

/* Each of somebody's names may have got one before it was merged. */
static void check_once(struct checker *c, const struct campaign *campaign)
{
	for (unsigned i = 0; i < seen.n; i++) {
		const struct seen_coupon *k = &seen.coupons[i];
		unsigned same = 0;
		if (k->campaign != campaign->number)
			continue;
		uint64_t person = customer_of(c, k->customer)->person;
		for (unsigned j = 0; j <= i; j++) {
			const struct seen_coupon *other = &seen.coupons[j];
			same += other->campaign == k->campaign && other->template == k->template &&
				customer_of(c, other->customer)->person == person;
		}
		if (same > names_of(person))
			sim_fail(c->w, "somebody got the reward of %.*s %u times",
				 TEXT_ARG(campaign->source_code), same);
	}
}

static void check_served(struct checker *c, const struct campaign *campaign, enum mark mark,
			 uint64_t count, bool all_served)
{
	struct audience_page_cmd cmd = {
	    .campaign = campaign->number, .cover = campaign->cover, .mark = mark, .n = ROWS};
	struct audience_page_ret ret = {0};
	uint64_t bit = mark == MARK_COVERED ? TODO_COVERED : TODO_REGISTERED;
	bool rewarded = mark == MARK_COVERED
			    ? campaign->rewards.size
			    : mark == MARK_REGISTERED && campaign->register_rewards.size;
	ask(c, COMMAND_audience_page, &cmd, &ret);
	same_number(c, "fault", c->fault, OK);
	same_number(c, "members of a mark", ret.count, count);
	for (unsigned i = 0; i < ret.n && rewarded && all_served; i++) {
		const struct member *m = &ret.rows[i].member;
		/* Of one who was merged, another name may have got it. */
		if (!(m->given & bit) && names_of(customer_of(c, m->customer)->person) == 1)
			sim_fail(c->w, "member %llu of %.*s has not got reward %llu and waits not",
				 (unsigned long long)m->customer, TEXT_ARG(campaign->source_code),
				 (unsigned long long)bit);
	}
}

static void check_counts(struct checker *c, const struct campaign_progress_ret *r)
{
	uint64_t want[CAMPAIGN_COUNTS] = {0};
	for (unsigned i = 0; i < seen.n; i++) {
		const struct seen_coupon *k = &seen.coupons[i];
		if (k->campaign != r->campaign.number)
			continue;
		want[COUNT_SENT] += !k->errand || k->promise == PROMISE_SENT;
		want[COUNT_PROMISED] += k->promise == PROMISE_PENDING;
		want[COUNT_UNKNOWN] += k->promise == PROMISE_UNKNOWN;
		want[COUNT_REFUSED] += k->promise == PROMISE_REFUSED;
		want[COUNT_REDEEMED] += k->used;
		want[COUNT_PROMISED] += c->w->canary_acting; /* the third canary */
	}
	for (unsigned i = 1; i < REFUSALS_END; i++)
		want[COUNT_REFUSED] += r->refused_for[i];
	same_number(c, "rewards sent", r->counts[COUNT_SENT], want[COUNT_SENT]);
	same_number(c, "rewards promised", r->counts[COUNT_PROMISED], want[COUNT_PROMISED]);
	same_number(c, "rewards unknown", r->counts[COUNT_UNKNOWN], want[COUNT_UNKNOWN]);
	same_number(c, "rewards refused", r->counts[COUNT_REFUSED], want[COUNT_REFUSED]);
	same_number(c, "rewards redeemed", r->counts[COUNT_REDEEMED], want[COUNT_REDEEMED]);
}

static void check_campaign(struct checker *c, unsigned at)
{
	struct campaign_progress_cmd cmd = {keep_format(c->w, "s%u", at + 1)};
	struct campaign_progress_ret ret = {0};
	ask(c, COMMAND_campaign_progress, &cmd, &ret);
	if (c->fault == FAULT_CAMPAIGN_UNKNOWN)
		return;
	same_number(c, "fault", c->fault, OK);
	struct m_acting *a = acting(c);
	a->campaigns[a->campaign_n] = ret.campaign.number;
	a->activities[a->campaign_n++] = ret.campaign.activity_id;
	struct campaign_progress_ret r = ret;
	check_counts(c, &r);
	check_once(c, &r.campaign);
	/* Until a walk that is under way has passed them, nobody knows that they wait. */
	bool served = r.campaign.phase == PHASE_STARTED && !r.waiting && !r.campaign.fill.size;
	check_served(c, &r.campaign, MARK_COVERED, r.covered, served);
	check_served(c, &r.campaign, MARK_INVITED, r.invited, false);
	check_served(c, &r.campaign, MARK_REGISTERED, r.registered, served);
	check_served(c, &r.campaign, MARK_PENDING, r.pending, false);
}

/* --- promises --- */

static void check_promises(struct checker *c)
{
	for (unsigned i = 0; i < seen.n; i++) {
		const struct seen_coupon *k = &seen.coupons[i];
		bool open = k->promise == PROMISE_PENDING || k->promise == PROMISE_UNKNOWN;
		if (!k->errand)
			continue;
		if (open != k->held || (k->held && k->state != COUPON_FROZEN))
			sim_fail(c->w, "coupon %llu is held: %d, its promise is %d",
				 (unsigned long long)k->id, k->held, (int)k->promise);
		if (k->promise == PROMISE_REFUSED && k->state != COUPON_RECALLED)
			sim_fail(c->w, "coupon %llu was refused and is state %d",
				 (unsigned long long)k->id, (int)k->state);
	}
}

static void learn_errand(struct m_acting *a, const struct errand_view *v)
{
	struct m_errand *e = &a->errands[a->errand_n++];
	*e = (struct m_errand){.id = v->id,
			       .number = v->errand.number,
			       .provider = v->errand.provider,
			       .sure = true,
			       .waiting = v->errand.waiting,
			       .unknown = v->errand.unknown,
			       .sent = v->errand.digest.size > 0,
			       .tries = v->errand.tries,
			       .due_ms = v->errand.due.ms};
	for (unsigned i = 0; i < seen.n && e->n < ERRAND_COUPONS; i++)
		if (seen.coupons[i].errand == v->id)
			e->coupons[e->n++] = seen.coupons[i].id;
}

static void check_errands(struct checker *c)
{
	struct m_acting *a = acting(c);
	struct errand_list_cmd cmd = {.n = ERRANDS_OF_MODEL};
	struct errand_list_ret ret = {0};
	uint64_t unknown = 0, waiting = 0, all[PROMISE_COUNT] = {0}, coupons[PROMISE_COUNT] = {0};
	ask(c, COMMAND_errand_list, &cmd, &ret);
	same_number(c, "fault", c->fault, OK);
	unsigned known_n = a->errand_n;
	a->errand_n = 0;
	for (unsigned i = 0; i < ret.n; i++) {
		const struct errand_view *v = &ret.rows[i];
		uint64_t open = v->counts[PROMISE_PENDING] + v->counts[PROMISE_UNKNOWN];
		if (v->errand.waiting && v->errand.unknown)
			sim_fail(c->w, "an errand waits and was given up");
		same_number(c, "errand has something open", open > 0,
			    v->errand.waiting || v->errand.unknown);
		unknown += v->errand.unknown;
		waiting += v->errand.waiting;
		for (unsigned k = 0; k < PROMISE_COUNT; k++)
			all[k] += v->counts[k];
		check_tried_errand(c, i < known_n ? &a->errands[i] : NULL, &v->errand);
		learn_errand(a, v);
	}
	for (unsigned i = 0; i < seen.n; i++)
		if (seen.coupons[i].errand)
			coupons[seen.coupons[i].promise]++;
	for (unsigned k = 0; k < PROMISE_COUNT; k++)
		same_number(c, "promises of all errands", all[k], coupons[k]);
	cmd.unknown = true;
	ask(c, COMMAND_errand_list, &cmd, &ret);
	same_number(c, "errands that somebody has to find out about", ret.count, unknown);
	struct provider_list_cmd providers = {0, 10};
	struct provider_list_ret known = {0};
	ask(c, COMMAND_provider_list, &providers, &known);
	for (unsigned i = 0; i < known.n; i++) {
		waiting -= known.waiting[i];
		check_breaker(c, i, &known.rows[i]);
	}
	same_number(c, "errands that wait at no provider", waiting, 0);
}

/* --- webhooks --- */

static int coupon_of(const struct notice *n)
{
	const struct notice_row *row = notice_row_get((unsigned)n->kind);
	for (unsigned i = 0; i < seen.n && row && row->of == OF_COUPON; i++)
		if (seen.coupons[i].id == n->subject)
			return (int)i;
	return -1;
}

/* What a webhook was told of coupons: the number of the last event, and how many. */
struct told {
	uint64_t last, n;
	bool issued;
};
static struct told told[ACTING_COUPONS];

static void hear(struct checker *c, const struct delivery_shown *d)
{
	int at = coupon_of(&d->notice);
	if (at < 0 || d->notice.kind == NOTICE_COUPON_UNKNOWN)
		return;
	struct told *t = &told[at];
	if (d->notice.event == 0) {
		if (t->issued || t->n)
			sim_fail(c->w, "coupon %llu is told to be issued, not as the first thing",
				 (unsigned long long)d->notice.subject);
		t->issued = true;
		return;
	}
	if (d->notice.event <= t->last)
		sim_fail(c->w, "event %llu of coupon %llu is told after event %llu",
			 (unsigned long long)d->notice.event, (unsigned long long)d->notice.subject,
			 (unsigned long long)t->last);
	t->last = d->notice.event;
	t->n++;
}

/* Since the webhook is there; what came in its very instant may have been before it. */
static void check_heard(struct checker *c, struct instant since)
{
	static uint64_t least[ACTING_COUPONS], most[ACTING_COUPONS];
	memset(least, 0, sizeof(least));
	memset(most, 0, sizeof(most));
	for (unsigned i = 0; i < seen.event_n; i++) {
		least[seen.events[i].coupon] += seen.events[i].at.ms > since.ms;
		most[seen.events[i].coupon] += seen.events[i].at.ms >= since.ms;
	}
	for (unsigned i = 0; i < seen.n; i++) {
		if (told[i].n < least[i] || told[i].n > most[i])
			sim_fail(c->w, "coupon %llu: %llu events are told, of %llu",
				 (unsigned long long)seen.coupons[i].id,
				 (unsigned long long)told[i].n, (unsigned long long)least[i]);
		if (seen.coupons[i].issued.ms > since.ms && !told[i].issued &&
		    !(told[i].n && !seen.coupons[i].revision) && !told[i].n)
			sim_fail(c->w, "coupon %llu: nobody is told that it is there",
				 (unsigned long long)seen.coupons[i].id);
	}
}

static void check_webhook(struct checker *c, unsigned at, const struct webhook *w)
{
	struct m_acting *a = acting(c);
	struct m_webhook *k = &a->webhooks[at];
	struct delivery_list_cmd cmd = {.webhook = w->number, .n = ROWS};
	struct delivery_list_ret ret = {0};
	struct instant created = w->created, before = {INT64_MAX};
	if (w->suspended.ms)
		a->unheard |= UINT64_C(1) << at;
	*k = (struct m_webhook){.number = w->number};
	ask(c, COMMAND_delivery_list, &cmd, &ret);
	same_number(c, "fault", c->fault, OK);
	check_tries(c, w, &ret);
	memset(told, 0, sizeof(told));
	for (unsigned i = 0; i < ret.n; i++) {
		const struct delivery_shown *d = &ret.rows[i];
		if (d->notice.happened.ms > before.ms)
			sim_fail(c->w, "the log of a webhook runs backwards");
		before = d->notice.happened;
	}
	for (unsigned i = ret.n; i > 0; i--) {
		const struct delivery_shown *d = &ret.rows[i - 1];
		if (d->delivery.waiting && k->n < WAITING_OF_MODEL)
			k->waiting[k->n++] = d->delivery.notice;
		if (!ret.next)
			hear(c, d);
	}
	if (!ret.next && !a->forgot && !(a->unheard >> at & 1))
		check_heard(c, created);
}

static void check_webhooks(struct checker *c)
{
	struct webhook_list_cmd cmd = {.n = WEBHOOKS_MAX};
	struct webhook_list_ret ret = {0};
	static struct webhook rows[WEBHOOKS_MAX];
	struct m_acting *a = acting(c);
	ask(c, COMMAND_webhook_list, &cmd, &ret);
	same_number(c, "fault", c->fault, OK);
	unsigned n = ret.n, same = 0;
	memcpy(rows, ret.rows, n * sizeof(*rows));
	while (same < n && same < a->webhook_n && a->webhooks[same].number == rows[same].number)
		same++;
	if (same < a->webhook_n) /* one is gone: its place is another's */
		a->unheard = UINT64_MAX;
	a->webhook_n = n;
	if (n)
		look_at_events(c);
	for (unsigned i = 0; i < n; i++)
		check_webhook(c, i, &rows[i]);
}

/* --- what is sent next: of each coupon the oldest that waits --- */

static void check_next(struct checker *c, const struct m_webhook *k)
{
	struct delivery_next_cmd cmd = {k->number, UINT64_MAX, DELIVERY_NEXT_MAX / NOTICE_LANES};
	struct delivery_next_ret ret = {0};
	ask(c, COMMAND_delivery_next, &cmd, &ret);
	same_number(c, "fault", c->fault, OK);
	check_sent_next(c, k->number, &ret, cmd.n);
	for (unsigned i = 0; i < ret.n; i++) {
		const struct message *m = &ret.rows[i];
		if (!m->delivery.waiting)
			sim_fail(c->w, "what does not wait is sent");
		for (unsigned j = i + 1; j < ret.n; j++)
			if (ret.rows[j].notice.number == m->notice.number)
				sim_fail(c->w, "a notice is sent twice at once");
	}
}

/* --- jobs --- */

static void check_jobs(struct checker *c)
{
	struct m_acting *a = acting(c);
	struct job_list_cmd cmd = {.n = JOBS_OF_MODEL, .oldest_first = true};
	struct job_list_ret ret = {0};
	unsigned open = 0;
	ask(c, COMMAND_job_list, &cmd, &ret);
	same_number(c, "fault", c->fault, OK);
	same_number(c, "jobs", ret.count, a->job_n);
	for (unsigned i = 0; i < ret.n; i++) {
		struct m_job *want = &a->jobs[i];
		struct job_progress have = job_progress_of(&ret.rows[i]);
		if (!want->number)
			want->number = ret.rows[i].number;
		same_number(c, "job's number", ret.rows[i].number, want->number);
		same_number(c, "job's kind", ret.rows[i].kind, want->kind);
		same_number(c, "job's state", ret.rows[i].state, want->state);
		same_number(c, "job's rows", have.read, want->at.read);
		same_number(c, "job's bytes", have.read_bytes, want->at.read_bytes);
		open += want->state < JOB_DONE;
	}
	cmd.open = true;
	ask(c, COMMAND_job_list, &cmd, &ret);
	same_number(c, "open jobs", ret.count, open);
}

void check_acting(struct checker *c)
{
	struct m_acting *a = acting(c);
	look_at_coupons(c);
	look_at_people(c);
	a->campaign_n = 0;
	for (unsigned i = 0; i < ACTING_CAMPAIGNS; i++)
		check_campaign(c, i);
	check_promises(c);
	check_errands(c);
	check_webhooks(c);
	for (unsigned i = 0; i < a->webhook_n; i++)
		check_next(c, &a->webhooks[i]);
	check_jobs(c);
}
