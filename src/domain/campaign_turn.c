/*
 * What follows from a campaign's status and plan.
 *
 *   NONE --plan--> WAITING --its time--> STARTED --its end, status 3--> ENDED
 *                     \-------its end, status 3-----------------------/   |
 *                                   ^------ status 1, and an end to come -/
 *
 * `running` is what the courier's list is made of: online, and something may be left to do.
 */
#include "domain/campaign.h"
#include "domain/check.h"

enum { ONLINE = 1, SUSPENDED, ENDED };

struct instant campaign_starts(const struct campaign *c)
{
	return instant_is_none(c->starts) ? c->begin : c->starts;
}

void campaign_set_running(struct campaign *c)
{
	bool planned = c->phase == PHASE_WAITING || c->phase == PHASE_STARTED;
	c->running = c->live && c->status == ONLINE && (planned || c->fill.size);
}

uint64_t campaign_members_changed(const struct campaign *a, const struct campaign *b)
{
	uint64_t changed = 0;
	if (!text_equal(a->name, b->name))
		changed |= OBJECT_NAME;
	if (!text_equal(a->type_code, b->type_code))
		changed |= OBJECT_TYPE;
	if (!text_equal(a->information, b->information))
		changed |= OBJECT_MEMO;
	if (a->status != b->status)
		changed |= OBJECT_STATUS;
	if (a->begin.ms != b->begin.ms)
		changed |= OBJECT_START;
	if (a->end.ms != b->end.ms)
		changed |= OBJECT_END;
	return changed;
}

static enum notice_kind notice_of_status(uint64_t status)
{
	return status == ONLINE	     ? NOTICE_CAMPAIGN_RESUMED
	       : status == SUSPENDED ? NOTICE_CAMPAIGN_SUSPENDED
				     : NOTICE_CAMPAIGN_ENDED;
}

enum fault campaign_turn(struct tx *tx, const struct env *env, const struct campaign *before,
			 struct campaign *c, struct notices *ret)
{
	bool planned = c->phase == PHASE_WAITING || c->phase == PHASE_STARTED;
	*ret = (struct notices){.tx = tx};
	if (planned && c->status == ENDED)
		c->phase = PHASE_ENDED;
	if (c->phase == PHASE_ENDED && c->status == ONLINE && !is_past(env, c->end))
		c->phase = campaign_starts(c).ms > env->now.ms ? PHASE_WAITING : PHASE_STARTED;
	if (c->status == ENDED)
		c->fill = TEXT_NONE;
	campaign_set_running(c);
	if (!before || before->status == c->status)
		return OK;
	TRY(notices_open(tx, env, ret));
	return notices_of(ret, env, notice_of_status(c->status), c->number, 0, TEXT_NONE);
}

uint64_t campaign_todo(const struct campaign *c, const struct member *m)
{
	uint64_t todo = 0;
	if (c->phase == PHASE_NONE)
		return 0;
	if (m->cover == c->cover && !(m->given & TODO_COVERED) && (c->rewards.size || !m->invited))
		todo |= TODO_COVERED;
	if (m->registered && c->register_rewards.size && !(m->given & TODO_REGISTERED))
		todo |= TODO_REGISTERED;
	return todo;
}

static enum fault check_starts(struct tx *tx, const struct plan *plan, const struct campaign *c)
{
	bool begun = c->phase == PHASE_STARTED || c->phase == PHASE_ENDED;
	if (!plan->starts_given || plan->starts.ms == c->starts.ms)
		return OK;
	return begun ? refuse(tx, FAULT_PARAMETER_INVALID, TEXT("starts"), TEXT_NONE) : OK;
}

/* Of its own members; both lists are looked through from their beginning. */
static enum fault look_through(struct tx *tx, const struct env *env, enum fill_kind kind,
			       struct campaign *c)
{
	struct fill fill = {.kind = kind,
			    .campaign = c->number,
			    .cover = c->cover,
			    .mark = kind == FILL_NEW_REWARDS ? MARK_COVERED : MARK_REGISTERED};
	return fills_add(tx, env, c, &fill);
}

enum fault plan_set(struct tx *tx, const struct env *env, const struct plan *plan,
		    struct campaign *c)
{
	bool had = c->rewards.size > 0, had_register = c->register_rewards.size > 0;
	bool was_planned = c->phase != PHASE_NONE;
	TRY(check_starts(tx, plan, c));
	if (plan->rewards_given)
		TRY(rewards_find(tx, env, TEXT("rewards"), plan->rewards, plan->reward_count,
				 &c->rewards));
	if (plan->register_rewards_given)
		TRY(rewards_find(tx, env, TEXT("register_rewards"), plan->register_rewards,
				 plan->register_reward_count, &c->register_rewards));
	if (plan->approval_given)
		c->approval = plan->approval;
	if (plan->starts_given)
		c->starts = plan->starts;
	TRY(check_span(tx, TEXT("starts"), c->starts, c->end));
	if (!was_planned && (c->rewards.size || c->register_rewards.size || c->approval ||
			     !instant_is_none(c->starts)))
		c->phase = PHASE_WAITING;
	bool planned = c->phase != PHASE_NONE;
	if (planned && (!was_planned || (!had && c->rewards.size)))
		TRY(look_through(tx, env, FILL_NEW_REWARDS, c));
	if (planned && !had_register && c->register_rewards.size)
		TRY(look_through(tx, env, FILL_NEW_REGISTER_REWARDS, c));
	return OK;
}
