/*
 * Verbs of the table tests for campaigns that run; included by table.h.
 *
 *     plan source=s rewards=7x2,8 register_rewards=9 approval=yes starts=2026-01-02 -> ok made
 * id=$A1 run id=$A1 -> ok members=2 sent=6       one step of the courier, with the lease run id=$A1
 * all -> ok members=5 sent=15  steps until nothing is due due -> ok $A1:run what the courier sees:
 * run, walk, a time, or nothing progress source=s -> ok covered=2 invited=2 ..
 */

static const struct reward *arg_rewards(struct story *t, const char *name, unsigned *ret_n)
{
	const struct text *words = arg_items(t, name, ret_n);
	struct reward *rewards = ARENA_ARRAY(&t->arena, struct reward, *ret_n + 1);
	bool none = *ret_n == 1 && !words[0].size;
	*ret_n -= none;
	for (unsigned i = 0; i < *ret_n; i++) {
		struct text count = words[i], id = text_cut(&count, 'x');
		rewards[i].count = 1;
		must(text_to_uint64(id, &rewards[i].template_id));
		if (count.data)
			must(text_to_uint64(count, &rewards[i].count));
	}
	return rewards;
}

static struct plan arg_plan(struct story *t)
{
	struct plan plan = {.rewards_given = has(t, "rewards"),
			    .register_rewards_given = has(t, "register_rewards"),
			    .approval_given = has(t, "approval"),
			    .starts_given = has(t, "starts"),
			    .approval = text_equal(arg(t, "approval"), TEXT("yes")),
			    .starts = arg_instant(t, "starts")};
	if (plan.rewards_given)
		plan.rewards = arg_rewards(t, "rewards", &plan.reward_count);
	if (plan.register_rewards_given)
		plan.register_rewards =
		    arg_rewards(t, "register_rewards", &plan.register_reward_count);
	return plan;
}

/* As the native API saves one. */
static enum fault do_plan(struct story *t)
{
	struct campaign_save_cmd cmd = arg_campaign(t);
	struct campaign_save_ret ret;
	cmd.status = arg_number(t, "status", 0);
	cmd.maker = MAKER_NATIVE;
	cmd.plan = arg_plan(t);
	RUN(campaign_save);
	say(t, ret.made ? "made" : "there");
	say_text(t, "id", activity_name(t, ret.activity_id));
	return OK;
}

/* As its PATCH does: of what was read, only the plan is changed. `stale`: it was read too early. */
static enum fault do_replan(struct story *t)
{
	struct campaign c = {.source_code = arg(t, "source")};
	uint64_t id = arg_number(t, "id", 0);
	if (id)
		TRY(find_campaign(t, id, &c));
	struct campaign_plan_cmd cmd = {.modified = c.modified};
	struct campaign_plan_ret ret;
	cmd.save = (struct campaign_save_cmd){.source_code = c.source_code,
					      .code = c.code,
					      .name = c.name,
					      .type_code = c.type_code,
					      .status = c.status ? c.status : 1,
					      .begin = c.begin,
					      .end = c.end,
					      .plan = arg_plan(t),
					      .maker = MAKER_NATIVE};
	cmd.modified.ms -= has(t, "stale");
	RUN(campaign_plan);
	return OK;
}

static enum fault do_turn(struct story *t)
{
	static const char *const verbs[] = {"", "suspend", "resume", "end"};
	struct campaign_status_cmd cmd = {.source_code = arg(t, "source")};
	struct campaign_status_ret ret;
	for (unsigned i = 1; i < COUNT_OF(verbs); i++)
		if (has(t, verbs[i]))
			cmd.verb = (enum campaign_verb)i;
	RUN(campaign_status);
	say_number(t, "status", ret.status);
	return OK;
}

static enum fault number_of_campaign(struct story *t, uint64_t *ret)
{
	struct campaign c = {0};
	TRY(find_campaign(t, arg_number(t, "id", 0), &c));
	*ret = c.number;
	return OK;
}

enum { OWNER_OF_TESTS = 7 };
static enum fault take_lease(struct story *t, uint64_t number)
{
	struct lease_take_cmd cmd = {.kind = LEASE_CAMPAIGN,
				     .of = number,
				     .owner = OWNER_OF_TESTS,
				     .lease_ms = LEASE_MS_MAX,
				     .alone = true};
	struct lease_take_ret ret;
	RUN(lease_take);
	return OK;
}

static enum fault run_step(struct story *t, uint64_t number, unsigned n, bool lease,
			   struct campaign_run_ret *ret_ran, bool *ret_more)
{
	struct campaign_run_cmd cmd = {number, n, OWNER_OF_TESTS + !lease};
	struct campaign_run_ret ret;
	RUN(campaign_run);
	ret_ran->members += ret.members;
	ret_ran->sent += ret.sent;
	ret_ran->refused += ret.refused;
	ret_ran->promised += ret.promised;
	*ret_more = ret.more;
	return OK;
}

static enum fault do_run(struct story *t)
{
	uint64_t number;
	unsigned n = (unsigned)arg_number(t, "n", RUN_MEMBERS_MAX);
	bool all = has(t, "all"), more, lease = !has(t, "without_lease");
	struct campaign_run_ret ran = {0};
	TRY(number_of_campaign(t, &number));
	TRY(take_lease(t, number));
	do
		TRY(run_step(t, number, n, lease, &ran, &more));
	while (all && more);
	say_number(t, "members", ran.members);
	if (ran.sent)
		say_number(t, "sent", ran.sent);
	if (ran.refused)
		say_number(t, "refused", ran.refused);
	if (ran.promised)
		say_number(t, "promised", ran.promised);
	if (more)
		say(t, "more");
	return OK;
}

static enum fault do_walk(struct story *t)
{
	bool all = has(t, "all"), more;
	uint64_t number;
	unsigned n = (unsigned)arg_number(t, "n", RUN_MEMBERS_MAX), added = 0;
	TRY(number_of_campaign(t, &number));
	TRY(take_lease(t, number));
	do {
		struct campaign_walk_cmd cmd = {number, n, OWNER_OF_TESTS};
		struct campaign_walk_ret ret;
		RUN(campaign_walk);
		added += ret.added;
		more = ret.more;
	} while (all && more);
	say_number(t, "added", added);
	if (more)
		say(t, "more");
	return OK;
}

static enum wanted arg_wanted(struct story *t, const char *name)
{
	struct text word = arg(t, name);
	return text_equal(word, TEXT("yes"))  ? WANTED_YES
	       : text_equal(word, TEXT("no")) ? WANTED_NO
					      : WANTED_ANY;
}

static enum fault do_fill(struct story *t)
{
	static const char *const marks[] = {"covered", "invited", "registered", "redeemed"};
	struct text mark = arg(t, "mark");
	struct campaign_fill_cmd cmd = {.source_code = arg(t, "source"),
					.from_campaign = arg(t, "from"),
					.mark = (enum fill_mark)named_number(mark, marks, 4),
					.filter = {.created_from = arg_instant(t, "after"),
						   .created_to = arg_instant(t, "before"),
						   .phone = arg_wanted(t, "phone"),
						   .card_no = arg_wanted(t, "card"),
						   .nick = arg_wanted(t, "nick"),
						   .template_id = arg_number(t, "template", 0),
						   .has_not = has(t, "has_not")}};
	struct campaign_fill_ret ret;
	RUN(campaign_fill);
	return OK;
}

static enum fault do_approve(struct story *t)
{
	struct audience_approve_cmd cmd = {.source_code = arg(t, "source"),
					   .customers = arg_references(t),
					   .approve = !has(t, "reject")};
	struct audience_approve_ret ret;
	RUN(audience_approve);
	say_number(t, "changed", ret.changed);
	return OK;
}

static void say_some(struct story *t, const char *name, uint64_t value)
{
	if (value)
		say_number(t, name, value);
}

static enum fault do_progress(struct story *t)
{
	static const char *const phases[] = {"none", "waiting", "started", "ended"};
	struct campaign_progress_cmd cmd = {.source_code = arg(t, "source")};
	struct campaign_progress_ret ret;
	RUN(campaign_progress);
	say(t, phases[ret.campaign.phase]);
	say_some(t, "covered", ret.covered);
	say_some(t, "invited", ret.invited);
	say_some(t, "registered", ret.registered);
	say_some(t, "pending", ret.pending);
	say_some(t, "todo", ret.waiting);
	say_some(t, "sent", ret.counts[COUNT_SENT]);
	say_some(t, "refused", ret.counts[COUNT_REFUSED]);
	say_some(t, "unknown", ret.counts[COUNT_UNKNOWN]);
	say_some(t, "promised", ret.counts[COUNT_PROMISED]);
	say_some(t, "redeemed", ret.counts[COUNT_REDEEMED]);
	for (unsigned i = 1; i < REFUSALS_END; i++)
		say_some(t, fault_name(refusal_fault((enum refusal)i)), ret.refused_for[i]);
	return OK;
}

static enum fault do_campaigns_due(struct story *t)
{
	struct campaign_due_cmd cmd = {arg_number(t, "from", 0), (unsigned)arg_number(t, "n", 10)};
	struct campaign_due_ret ret;
	RUN(campaign_due);
	if (has(t, "count"))
		say_number(t, "count", ret.count);
	for (unsigned i = 0; i < ret.n; i++) {
		const struct campaign_due *d = &ret.rows[i];
		if (d->work != DUE_LATER)
			say(t, d->work == DUE_RUN ? "run" : "walk");
		else if (instant_is_none(d->at))
			say(t, "never");
		else
			say_instant(t, "at", d->at);
	}
	return OK;
}
