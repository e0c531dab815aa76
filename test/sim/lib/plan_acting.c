/*
 * Random commands for the merchant for whom something acts by itself: what people ask for, and what
 * the courier does, with its lease or without.
 */
#include "plan.h"

enum { OWNERS = 3, TEMPLATES = 6, OURS = 4 /* templates; the others are a provider's */ };

static struct m_acting *acting(struct world *w)
{
	return &w->homes[ACTING].acting;
}

static struct text person_id(struct world *w)
{
	return pooled(w, "c", ACTING_PEOPLE);
}

static struct text source(struct world *w)
{
	return pooled(w, "s", ACTING_CAMPAIGNS);
}

static uint64_t one_of(struct world *w, const uint64_t *numbers, unsigned n)
{
	return n ? numbers[roll(w, n)] : 1;
}

static struct text some_code(struct world *w)
{
	const struct m_acting *a = acting(w);
	return a->code_n ? a->codes[roll(w, a->code_n)] : TEXT("nobody's");
}

static struct references people(struct world *w)
{
	unsigned n = 1 + (unsigned)roll(w, 3), made = 0;
	struct text *items = keep_bytes(w, n * sizeof(*items));
	for (unsigned i = 0; i < n; i++)
		add_item(items, &made, person_id(w));
	return (struct references){REFERENCE_ID, items, made};
}

/* --- people and templates --- */

static void act_customer_save(struct world *w, struct op *op)
{
	unsigned n = 1 + (unsigned)roll(w, ACTING_PEOPLE);
	struct customer *c = &op->cmd.customer_save.customer;
	c->customer_id = keep_format(w, "c%u", n);
	c->nick = maybe(w, 85, keep_format(w, "m%u", n));
	c->name = maybe(w, 50, TEXT("somebody"));
}

static void act_customer_merge(struct world *w, struct op *op)
{
	op->cmd.customer_merge.into = person_id(w);
	op->cmd.customer_merge.from = person_id(w);
}

static void act_customer_settle(struct world *w, struct op *op)
{
	op->cmd.customer_settle.n = chance(w, 50) ? SETTLE_MAX : 1 + (unsigned)roll(w, 3);
}

static void act_customer_erase(struct world *w, struct op *op)
{
	op->cmd.customer_erase.customer_id = w->erases ? person_id(w) : TEXT("nobody's");
}

static void act_template_make(struct world *w, struct op *op)
{
	struct template_make_cmd *c = &op->cmd.template_make;
	struct template *t = &c->template;
	t->template_id = 1 + roll(w, TEMPLATES);
	t->name = TEXT("reward");
	t->benefit = BENEFIT_AMOUNT_OFF;
	t->has_amount = true;
	t->amount.fen = 500;
	t->per_person = chance(w, 60) ? PER_PERSON_NONE : 1 + roll(w, 4);
	t->has_total = chance(w, 30);
	t->total = t->has_total ? 1 + roll(w, 30) : 0;
	t->is_relative = chance(w, 30);
	t->lasts_days = t->is_relative ? 1 + roll(w, 5) : 0;
	if (t->template_id > OURS)
		c->provider = (struct provider_given){.given = GIVEN_VALUE,
						      .url = TEXT("https://p.example/spi"),
						      .app_key = pooled(w, "app", 2),
						      .secret = TEXT("secret")};
}

/* --- campaigns: s1 gives template 1 to whoever is covered and another to whoever registers --- */

static void act_campaign_save(struct world *w, struct op *op)
{
	struct campaign_save_cmd *c = &op->cmd.campaign_save;
	unsigned n = 1 + (unsigned)roll(w, ACTING_CAMPAIGNS);
	struct reward *rewards = keep_bytes(w, 2 * sizeof(*rewards));
	rewards[0] = (struct reward){n + (n > 2 ? 2 : 0), 1};
	rewards[1] = (struct reward){n > 2 ? n - 2 : n + 2, 1};
	c->source_code = keep_format(w, "s%u", n);
	c->name = TEXT("campaign");
	c->maker = MAKER_NATIVE;
	c->end = chance(w, 20) ? whole_second(w, 3600, 5 * 24 * 3600) : INSTANT_NONE;
	c->plan = (struct plan){.rewards_given = true,
				.register_rewards_given = chance(w, 70),
				.approval_given = chance(w, 40),
				.approval = chance(w, 50),
				.rewards = rewards,
				.reward_count = chance(w, 90),
				.register_rewards = rewards + 1,
				.register_reward_count = 1};
}

static void act_campaign_status(struct world *w, struct op *op)
{
	op->cmd.campaign_status.source_code = source(w);
	op->cmd.campaign_status.verb = chance(w, 20)   ? CAMPAIGN_END
				       : chance(w, 35) ? CAMPAIGN_SUSPEND
						       : CAMPAIGN_RESUME;
}

static void act_audience_add(struct world *w, struct op *op)
{
	struct audience_add_cmd *c = &op->cmd.audience_add;
	unsigned n = 1 + (unsigned)roll(w, 4), made = 0;
	struct text *list = keep_bytes(w, n * sizeof(*list));
	for (unsigned i = 0; i < n; i++)
		add_item(list, &made, pooled(w, "m", ACTING_PEOPLE));
	c->activity_id = one_of(w, acting(w)->activities, acting(w)->campaign_n);
	c->nicks = list;
	c->n = made;
}

static void act_audience_clear(struct world *w, struct op *op)
{
	op->cmd.audience_clear.activity_id =
	    one_of(w, acting(w)->activities, acting(w)->campaign_n);
}

static void act_audience_register(struct world *w, struct op *op)
{
	struct audience_register_cmd *c = &op->cmd.audience_register;
	c->campaign_source_code = source(w);
	c->customers = people(w);
	c->registered_at = whole_second(w, -100, 0);
	c->information = maybe(w, 50, TEXT("told in confidence"));
}

static void act_audience_approve(struct world *w, struct op *op)
{
	op->cmd.audience_approve = (struct audience_approve_cmd){source(w), people(w), true};
	op->cmd.audience_approve.approve = chance(w, 75);
}

static void act_campaign_fill(struct world *w, struct op *op)
{
	struct campaign_fill_cmd *c = &op->cmd.campaign_fill;
	c->source_code = source(w);
	c->from_campaign = maybe(w, 70, source(w));
	c->mark = (enum fill_mark)roll(w, FILL_REDEEMED + 1);
	c->filter.nick = (enum wanted)roll(w, WANTED_NO + 1);
}

static uint64_t owner(struct world *w)
{
	return 1 + (chance(w, 85) ? 0 : roll(w, OWNERS));
}

static uint64_t campaign_number(struct world *w)
{
	return one_of(w, acting(w)->campaigns, acting(w)->campaign_n);
}

static void act_campaign_run(struct world *w, struct op *op)
{
	op->cmd.campaign_run =
	    (struct campaign_run_cmd){campaign_number(w), 1 + (unsigned)roll(w, 6), owner(w)};
}

static void act_campaign_walk(struct world *w, struct op *op)
{
	op->cmd.campaign_walk =
	    (struct campaign_walk_cmd){campaign_number(w), 1 + (unsigned)roll(w, 6), owner(w)};
}

/* --- coupons --- */

static void act_coupon_grant(struct world *w, struct op *op)
{
	struct coupon_grant_cmd *c = &op->cmd.coupon_grant;
	struct customer *holders = keep_bytes(w, 3 * sizeof(*holders));
	c->template_id = 1 + roll(w, TEMPLATES);
	c->n = 1 + (unsigned)roll(w, 3);
	for (unsigned i = 0; i < c->n; i++)
		holders[i].customer_id = person_id(w);
	c->holders = holders;
}

static void act_coupon_change(struct world *w, struct op *op)
{
	static const enum event_kind verbs[] = {EVENT_CONFIRMED, EVENT_RELEASED, EVENT_FROZEN,
						EVENT_UNFROZEN, EVENT_RECALLED};
	struct coupon_change_cmd *c = &op->cmd.coupon_change;
	c->code = some_code(w);
	c->verb = verbs[roll(w, COUNT_OF(verbs))];
}

static void act_coupon_redeem(struct world *w, struct op *op)
{
	struct coupon_redeem_cmd *c = &op->cmd.coupon_redeem;
	struct text *codes = keep_bytes(w, sizeof(*codes));
	codes[0] = some_code(w);
	c->codes = codes;
	c->n = 1;
	c->cart.has_amount = true;
	c->cart.amount.fen = 10000;
}

static void act_coupon_reverse(struct world *w, struct op *op)
{
	op->cmd.coupon_reverse.code = some_code(w);
	op->cmd.coupon_reverse.cause = CAUSE_CANCEL;
}

/* --- errands --- */

static const struct m_errand *some_errand(struct world *w)
{
	static const struct m_errand none = {.id = 1, .number = 1, .provider = 1};
	const struct m_acting *a = acting(w);
	unsigned n = a->errand_n;
	return n ? &a->errands[n - 1 - roll(w, chance(w, 70) && n > 6 ? 6 : n)] : &none;
}

static void act_errand_begin(struct world *w, struct op *op)
{
	const struct m_errand *e = some_errand(w);
	op->cmd.errand_begin = (struct errand_begin_cmd){e->number, e->provider, owner(w)};
	if (acting(w)->errand_n)
		return;
	op->command = COMMAND_coupon_grant;
	memset(&op->cmd, 0, sizeof(op->cmd));
	act_coupon_grant(w, op);
}

static void act_errand_settle_of(struct world *w, const struct m_errand *e, struct op *op)
{
	struct errand_settle_cmd *c = &op->cmd.errand_settle;
	struct errand_answer *answers = keep_bytes(w, ERRAND_COUPONS * sizeof(*answers));
	c->number = e->number;
	c->result = !w->stubborn && chance(w, 70) ? ERRAND_ANSWERED
		    : chance(w, 50)		  ? ERRAND_NOT_DONE
						  : ERRAND_DOUBTFUL;
	c->fresh = chance(w, 50);
	c->failed = c->result != ERRAND_ANSWERED;
	c->trouble = c->failed ? TEXT("trouble") : TEXT_NONE;
	c->random = roll(w, 1000);
	c->answers = answers;
	for (unsigned i = 0; i < e->n && c->result == ERRAND_ANSWERED; i++)
		answers[c->n++] =
		    (struct errand_answer){.coupon = e->coupons[i],
					   .outcome = chance(w, 60)   ? PROMISE_SENT
						      : chance(w, 50) ? PROMISE_REFUSED
								      : PROMISE_UNKNOWN,
					   .reason = TEXT("why")};
}

static void act_errand_settle(struct world *w, struct op *op)
{
	if (acting(w)->errand_n)
		return act_errand_settle_of(w, some_errand(w), op);
	op->command = COMMAND_coupon_grant;
	act_coupon_grant(w, op);
}

static void act_errand_ask(struct world *w, struct op *op)
{
	op->cmd.errand_ask.id = some_errand(w)->id;
}

/* --- webhooks --- */

static const struct m_webhook *some_webhook(struct world *w)
{
	static const struct m_webhook none = {.number = 1};
	const struct m_acting *a = acting(w);
	unsigned n = w->stubborn && a->webhook_n && chance(w, 80) ? 1 : a->webhook_n;
	return n ? &a->webhooks[roll(w, n)] : &none;
}

static void act_webhook_add(struct world *w, struct op *op)
{
	op->cmd.webhook_add =
	    (struct webhook_add_cmd){.url = TEXT("https://w.example/"),
				     .label = pooled(w, "label", 3),
				     .secret = TEXT("0123456789abcdef0123456789abcdef")};
}

static void act_webhook_change(struct world *w, struct op *op)
{
	op->cmd.webhook_change = (struct webhook_change_cmd){
	    .number = some_webhook(w)->number, .resume = true, .has_label = true};
	op->cmd.webhook_change.label = pooled(w, "label", 3);
}

static void act_webhook_delete(struct world *w, struct op *op)
{
	op->cmd.webhook_delete.number = some_webhook(w)->number;
}

static struct delivery_result outcome(struct world *w, uint64_t notice, bool good)
{
	return (struct delivery_result){.notice = notice,
					.outcome = good		   ? OUTCOME_DELIVERED
						   : chance(w, 97) ? OUTCOME_FAILED
								   : OUTCOME_GONE,
					.status = good ? 200 : 500 + roll(w, 4),
					.retry_after_s = chance(w, 5) ? roll(w, 4000) : 0,
					.jitter = (uint16_t)roll(w, UINT16_MAX + 1)};
}

/* Those that are told of in even numbers always answer well. Where somebody is stubborn, the oldest
 * message is not taken, the others are. */
static void act_delivery_settle_of(struct world *w, const struct m_webhook *k, struct op *op)
{
	struct delivery_settle_cmd *c = &op->cmd.delivery_settle;
	struct delivery_result *results = keep_bytes(w, WAITING_OF_MODEL * sizeof(*results));
	bool stubborn = w->stubborn, good = k->number % 2 == 0 || chance(w, 50);
	unsigned first = (unsigned)roll(w, k->n && !stubborn && chance(w, 30) ? k->n : 1);
	*c = (struct delivery_settle_cmd){.webhook = k->number, .owner = owner(w)};
	for (unsigned i = first; i < k->n && (c->n == 0 || chance(w, 70)); i++)
		results[c->n++] = outcome(w, k->waiting[i], stubborn ? i > 0 : good);
	if (stubborn && c->n && results[0].outcome == OUTCOME_GONE)
		results[0].outcome = OUTCOME_FAILED;
	if (c->n && chance(w, 3)) /* named twice */
		results[c->n - 1].notice = results[0].notice;
	c->results = results;
}

static void act_delivery_settle(struct world *w, struct op *op)
{
	act_delivery_settle_of(w, some_webhook(w), op);
}

static const struct m_webhook *find_webhook(struct world *w, uint64_t number)
{
	const struct m_acting *a = acting(w);
	for (unsigned i = 0; i < a->webhook_n; i++)
		if (a->webhooks[i].number == number)
			return &a->webhooks[i];
	return some_webhook(w);
}

static void act_delivery_resend(struct world *w, struct op *op)
{
	const struct m_webhook *k = some_webhook(w);
	uint64_t notice = k->n ? k->waiting[roll(w, k->n)] : 1;
	op->cmd.delivery_resend = (struct delivery_resend_cmd){k->number, notice};
}

static void act_notice_forget(struct world *w, struct op *op)
{
	op->cmd.notice_forget.n = 1 + (unsigned)roll(w, 20);
}

/* --- leases and jobs --- */

static uint64_t job_number(struct world *w)
{
	const struct m_acting *a = acting(w);
	return a->job_n ? a->jobs[a->job_n - 1 - roll(w, a->job_n < 4 ? a->job_n : 4)].number : 1;
}

static uint64_t leased(struct world *w, enum lease_kind kind)
{
	switch (kind) {
	case LEASE_WEBHOOK:
		return some_webhook(w)->number;
	case LEASE_PROVIDER:
		return some_errand(w)->provider;
	case LEASE_CAMPAIGN:
		return campaign_number(w);
	case LEASE_JOB:
		return job_number(w);
	}
	must_failed("a kind of lease", __FILE__, __LINE__);
	return 0;
}

static void act_lease_take(struct world *w, struct op *op)
{
	struct lease_take_cmd *c = &op->cmd.lease_take;
	c->kind = (enum lease_kind)(1 + roll(w, LEASE_JOB));
	c->of = leased(w, c->kind);
	c->owner = owner(w);
	c->lease_ms = chance(w, 70) ? LEASE_MS_MAX : 1 + roll(w, LEASE_MS_MAX);
	c->alone = chance(w, 10);
}

static void act_lease_drop(struct world *w, struct op *op)
{
	struct lease_drop_cmd *c = &op->cmd.lease_drop;
	c->kind = (enum lease_kind)(1 + roll(w, LEASE_JOB));
	c->of = leased(w, c->kind);
	c->owner = owner(w);
}

static void act_job_make(struct world *w, struct op *op)
{
	struct job_make_cmd *c = &op->cmd.job_make;
	if (acting(w)->job_n + OPS_MAX >= JOBS_OF_MODEL) {
		op->command = COMMAND_lease_take;
		act_lease_take(w, op);
		return;
	}
	c->kind = chance(w, 50) ? JOB_IMPORT : chance(w, 50) ? JOB_EXPORT : JOB_RECALL;
	c->order.resource = maybe(w, 95, TEXT("coupons"));
	c->actor = TEXT("sim");
}

static void act_job_start(struct world *w, struct op *op)
{
	op->cmd.job_start = (struct job_start_cmd){job_number(w), roll(w, 4)};
}

static void act_job_step(struct world *w, struct op *op)
{
	struct job_step_cmd *c = &op->cmd.job_step;
	const struct m_acting *a = acting(w);
	c->number = job_number(w);
	c->owner = owner(w);
	for (unsigned i = 0; i < a->job_n; i++)
		if (a->jobs[i].number == c->number)
			c->was = a->jobs[i].at;
	c->was.read += chance(w, 10);
	c->now = c->was;
	c->now.read += roll(w, 3);
	c->now.read_bytes += roll(w, 100);
}

static void act_job_end(struct world *w, struct op *op)
{
	static const enum job_state states[] = {JOB_DONE, JOB_CANCELLED, JOB_FAILED};
	op->cmd.job_end = (struct job_end_cmd){
	    .number = job_number(w), .owner = owner(w), .state = states[roll(w, 3)]};
}

static void act_job_cancel(struct world *w, struct op *op)
{
	op->cmd.job_cancel.number = job_number(w);
}

/* --- the next try --- */

static int64_t due_of_webhook(struct world *w)
{
	const struct m_acting *a = acting(w);
	unsigned n = w->stubborn && a->tries_n ? 1 : a->tries_n;
	const struct m_tries *t = n ? &a->tries[roll(w, n)] : NULL;
	unsigned i = 0;
	while (t && i < t->n && (!t->rows[i].waiting || chance(w, 10)))
		i++;
	return t && i < t->n ? t->rows[i].due_ms : 0;
}

int64_t plan_span_to_try(struct world *w)
{
	const struct m_acting *a = acting(w);
	const struct m_breaker *b = a->breaker_n ? &a->breakers[roll(w, a->breaker_n)] : NULL;
	int64_t now = atomic_load(&w->clock_ms), at = due_of_webhook(w);
	if (b && chance(w, 15))
		at = b->open_until_ms;
	else if (a->errand_n && chance(w, 25))
		at = some_errand(w)->due_ms;
	at -= chance(w, 30); /* right before it */
	return at > now ? at - now : 0;
}

/* Room for one batch and what was not looked at yet. */
static bool is_full(const struct m_acting *a)
{
	return a->code_n + OPS_MAX * 12 >= ACTING_COUPONS ||
	       a->errand_n + OPS_MAX * 4 >= ERRANDS_OF_MODEL ||
	       a->lease_n + OPS_MAX >= LEASES_OF_MODEL;
}

/* --- the mix --- */

#define MIX(name, weight)                          \
	{                                          \
		COMMAND_##name, act_##name, weight \
	}
static const struct acting_mix {
	enum command command;
	void (*plan)(struct world *w, struct op *op);
	unsigned weight;
} mixes[] = {
    MIX(customer_save, 12),	MIX(customer_merge, 2),	  MIX(customer_settle, 3),
    MIX(customer_erase, 1),	MIX(template_make, 12),	  MIX(campaign_save, 8),
    MIX(campaign_status, 4),	MIX(audience_add, 12),	  MIX(audience_clear, 2),
    MIX(audience_register, 10), MIX(audience_approve, 6), MIX(campaign_fill, 4),
    MIX(campaign_run, 20),	MIX(campaign_walk, 8),	  MIX(coupon_grant, 8),
    MIX(coupon_change, 8),	MIX(coupon_redeem, 8),	  MIX(coupon_reverse, 4),
    MIX(errand_begin, 12),	MIX(errand_settle, 14),	  MIX(errand_ask, 3),
    MIX(webhook_add, 3),	MIX(webhook_change, 2),	  MIX(webhook_delete, 1),
    MIX(delivery_settle, 14),	MIX(delivery_resend, 2),  MIX(notice_forget, 1),
    MIX(lease_take, 40),	MIX(lease_drop, 3),	  MIX(job_make, 5),
    MIX(job_start, 4),		MIX(job_step, 8),	  MIX(job_end, 3),
    MIX(job_cancel, 2),
};
#undef MIX

/* --- a turn of the courier: the lease, then what it is for --- */

struct turn {
	enum lease_kind kind;
	uint64_t of;
	const struct m_errand *errand;
};

static struct turn some_turn(struct world *w)
{
	struct turn t = {.kind = (enum lease_kind)(1 + roll(w, LEASE_JOB))};
	if (chance(w, 40))
		t.kind = LEASE_CAMPAIGN;
	else if (w->stubborn)
		t.kind = chance(w, 70) ? LEASE_WEBHOOK : LEASE_PROVIDER;
	t.errand = t.kind == LEASE_PROVIDER ? some_errand(w) : NULL;
	t.of = t.errand ? t.errand->provider : leased(w, t.kind);
	return t;
}

static void act_in_turn(struct world *w, const struct turn *t, bool first, struct op *op)
{
	static const enum command jobs[] = {COMMAND_job_start, COMMAND_job_step, COMMAND_job_step,
					    COMMAND_job_end};
	enum command command = COMMAND_campaign_run;
	switch (t->kind) {
	case LEASE_WEBHOOK:
		op->command = COMMAND_delivery_settle;
		act_delivery_settle_of(w, find_webhook(w, t->of), op);
		op->cmd.delivery_settle.owner = 1;
		return;
	case LEASE_PROVIDER:
		op->command = first ? COMMAND_errand_begin : COMMAND_errand_settle;
		if (first)
			op->cmd.errand_begin =
			    (struct errand_begin_cmd){t->errand->number, t->of, 1};
		else
			act_errand_settle_of(w, t->errand, op);
		return;
	case LEASE_CAMPAIGN:
		command = chance(w, 40) ? COMMAND_campaign_walk : command;
		op->command = command;
		if (command == COMMAND_campaign_walk)
			op->cmd.campaign_walk =
			    (struct campaign_walk_cmd){t->of, 1 + (unsigned)roll(w, 9), 1};
		else
			op->cmd.campaign_run =
			    (struct campaign_run_cmd){t->of, 1 + (unsigned)roll(w, 9), 1};
		return;
	case LEASE_JOB:
		op->command = jobs[roll(w, COUNT_OF(jobs))];
		if (op->command == COMMAND_job_start)
			op->cmd.job_start = (struct job_start_cmd){t->of, 100};
		else if (op->command == COMMAND_job_step)
			act_job_step(w, op);
		else
			op->cmd.job_end = (struct job_end_cmd){t->of, 1, JOB_DONE, TEXT_NONE};
		return;
	}
}

/* Where somebody is stubborn, there is somebody, who is not left alone, and something to be told or
 * asked. */
static bool plan_work(struct world *w, struct op *op)
{
	const struct m_acting *a = acting(w);
	const struct m_tries *t = a->webhook_n ? &a->tries[0] : NULL;
	unsigned errands = 0;
	for (unsigned i = 0; i < a->errand_n; i++)
		errands += a->errands[i].waiting;
	bool left_alone = t && t->suspended_ms && !t->gone && chance(w, 30);
	bool idle = !a->webhook_n || !a->webhooks[0].n || !errands;
	if (!w->stubborn || (!left_alone && (!idle || chance(w, 20))))
		return false;
	op->command = left_alone      ? COMMAND_webhook_change
		      : !a->webhook_n ? COMMAND_webhook_add
		      : chance(w, 30) ? COMMAND_template_make
		      : chance(w, 30) ? COMMAND_customer_save
				      : COMMAND_coupon_grant;
	for (size_t i = 0; i < COUNT_OF(mixes); i++)
		if (mixes[i].command == op->command)
			mixes[i].plan(w, op);
	return true;
}

unsigned plan_turn(struct world *w, struct op *ops)
{
	struct turn t = some_turn(w);
	unsigned n = 2 + (unsigned)roll(w, 4);
	memset(&ops[0], 0, sizeof(ops[0]));
	ops[0].home = ACTING;
	if (!is_full(acting(w)) && plan_work(w, &ops[0]))
		return 1;
	if (is_full(acting(w)) || (t.kind == LEASE_PROVIDER && !acting(w)->errand_n))
		n = 1;
	for (unsigned i = 1; i < n; i++) {
		memset(&ops[i], 0, sizeof(ops[i]));
		ops[i].home = ACTING;
		act_in_turn(w, &t, i == 1, &ops[i]);
	}
	ops[0].command = COMMAND_lease_take;
	ops[0].cmd.lease_take = (struct lease_take_cmd){t.kind, t.of, 1, LEASE_MS_MAX, true};
	return n;
}

void plan_acting(struct world *w, struct op *op)
{
	const struct m_acting *a = acting(w);
	unsigned all = 0, i = 0;
	if (is_full(a)) {
		op->command = COMMAND_job_cancel;
		act_job_cancel(w, op);
		return;
	}
	for (size_t k = 0; k < COUNT_OF(mixes); k++)
		all += mixes[k].weight;
	unsigned at = (unsigned)roll(w, all);
	for (; at >= mixes[i].weight; i++)
		at -= mixes[i].weight;
	op->command = mixes[i].command;
	mixes[i].plan(w, op);
}
