/*
 * The model of what acts by itself: leases and jobs whole (domain/courier.h). Of other commands of
 * that merchant it knows what must never be answered; check_acting.c knows the rest.
 */
#include "model.h"

static struct m_acting *acting_of(struct happening *h)
{
	return &h->home->acting;
}

/* --- leases --- */

static struct m_lease *find_lease(struct m_acting *a, enum lease_kind kind, uint64_t of)
{
	for (unsigned i = 0; i < a->lease_n; i++)
		if (a->leases[i].kind == kind && a->leases[i].of == of)
			return &a->leases[i];
	return NULL;
}

static bool is_taken(struct happening *h, const struct m_lease *l)
{
	return l && l->owner && l->until_ms > sim_now(h->w).ms;
}

static bool has_lease(struct happening *h, enum lease_kind kind, uint64_t of, uint64_t owner)
{
	const struct m_lease *l = find_lease(acting_of(h), kind, of);
	return is_taken(h, l) && l->owner == owner;
}

static void rule_lease_take(struct happening *h)
{
	const struct lease_take_cmd *c = &h->op->cmd.lease_take;
	struct m_acting *a = acting_of(h);
	struct m_lease *l = find_lease(a, c->kind, c->of);
	bool mine = !is_taken(h, l) || l->owner == c->owner || c->alone;
	int64_t until = sim_now(h->w).ms + (int64_t)c->lease_ms;
	accepted(h);
	expect_number(h, "mine", h->op->ret.lease_take.mine, mine);
	h->wrote = mine && !(l && l->owner == c->owner && l->until_ms == until);
	if (!mine)
		return;
	if (!l) {
		must(a->lease_n < LEASES_OF_MODEL);
		l = &a->leases[a->lease_n++];
	}
	*l = (struct m_lease){c->kind, c->of, c->owner, until};
	expect_number(h, "until", (uint64_t)h->op->ret.lease_take.until.ms, (uint64_t)until);
}

static void rule_lease_drop(struct happening *h)
{
	const struct lease_drop_cmd *c = &h->op->cmd.lease_drop;
	struct m_acting *a = acting_of(h);
	struct m_lease *l = find_lease(a, c->kind, c->of);
	accepted(h);
	h->wrote = l && l->owner == c->owner;
	if (h->wrote)
		*l = a->leases[--a->lease_n];
}

/* --- jobs --- */

static struct m_job *find_job(struct m_acting *a, uint64_t number)
{
	for (unsigned i = 0; i < a->job_n; i++)
		if (a->jobs[i].number == number && number)
			return &a->jobs[i];
	return NULL;
}

static bool is_over(const struct m_job *j)
{
	return j->state >= JOB_DONE;
}

static void rule_job_make(struct happening *h)
{
	const struct job_make_cmd *c = &h->op->cmd.job_make;
	struct m_acting *a = acting_of(h);
	bool input = c->kind != JOB_GENERATE && c->kind != JOB_EXPORT;
	bool moves = c->kind == JOB_IMPORT || c->kind == JOB_EXPORT;
	unsigned open = 0;
	for (unsigned i = 0; i < a->job_n; i++)
		open += !is_over(&a->jobs[i]);
	if (moves && !c->order.resource.size && refused(h, FAULT_PARAMETER_MISSING, "resource"))
		return;
	if (open >= JOBS_OPEN_MAX && refused(h, FAULT_LIMIT_REACHED, "jobs"))
		return;
	accepted(h);
	must(a->job_n < JOBS_OF_MODEL);
	a->jobs[a->job_n++] = (struct m_job){.number = h->answered ? h->op->ret.job_make.number : 0,
					     .kind = c->kind,
					     .state = input ? JOB_WANTS_INPUT : JOB_WAITING};
	h->wrote = true;
}

static void rule_job_start(struct happening *h)
{
	const struct job_start_cmd *c = &h->op->cmd.job_start;
	struct m_job *j = find_job(acting_of(h), c->number);
	if (!j && refused(h, FAULT_JOB_UNKNOWN, "job_id"))
		return;
	accepted(h);
	h->wrote = j->state == JOB_WANTS_INPUT && c->input_bytes;
	if (h->wrote)
		j->state = JOB_WAITING;
}

static bool same_progress(const struct job_progress *a, const struct job_progress *b)
{
	return a->read == b->read && a->refused == b->refused && a->read_bytes == b->read_bytes &&
	       a->written_bytes == b->written_bytes && a->position == b->position;
}

static void rule_job_step(struct happening *h)
{
	const struct job_step_cmd *c = &h->op->cmd.job_step;
	struct m_job *j = find_job(acting_of(h), c->number);
	if (!j && refused(h, FAULT_JOB_UNKNOWN, "job_id"))
		return;
	if (!has_lease(h, LEASE_JOB, c->number, c->owner) && refused(h, FAULT_LEASE_LOST, NULL))
		return;
	if (is_over(j) && refused(h, FAULT_JOB_ENDED, "job_id"))
		return;
	if ((j->state == JOB_WANTS_INPUT || !same_progress(&j->at, &c->was)) &&
	    refused(h, FAULT_LEASE_LOST, "job_id"))
		return;
	accepted(h);
	h->wrote = j->state == JOB_WAITING || !same_progress(&j->at, &c->now);
	j->state = j->state == JOB_WAITING ? JOB_RUNNING : j->state;
	j->at = c->now;
	expect_number(h, "state", h->op->ret.job_step.state, j->state);
}

static void rule_job_end(struct happening *h)
{
	const struct job_end_cmd *c = &h->op->cmd.job_end;
	struct m_job *j = find_job(acting_of(h), c->number);
	if (!j && refused(h, FAULT_JOB_UNKNOWN, "job_id"))
		return;
	if (!has_lease(h, LEASE_JOB, c->number, c->owner) && refused(h, FAULT_LEASE_LOST, NULL))
		return;
	accepted(h);
	h->wrote = !is_over(j);
	if (!h->wrote)
		return;
	bool cancelled = j->state == JOB_CANCELLING && c->state == JOB_DONE;
	j->state = cancelled ? JOB_CANCELLED : c->state;
}

static void rule_job_cancel(struct happening *h)
{
	struct m_job *j = find_job(acting_of(h), h->op->cmd.job_cancel.number);
	if (!j && refused(h, FAULT_JOB_UNKNOWN, "job_id"))
		return;
	if ((j->state == JOB_DONE || j->state == JOB_FAILED) &&
	    refused(h, FAULT_JOB_ENDED, "job_id"))
		return;
	accepted(h);
	h->wrote = j->state != JOB_CANCELLING && j->state != JOB_CANCELLED;
	if (h->wrote)
		j->state = j->state == JOB_WANTS_INPUT ? JOB_CANCELLED : JOB_CANCELLING;
}

/* --- the rest --- */

/* Webhooks that may have been suspended since are not asked whether they heard all. */
static void note_failures(struct m_acting *a, const struct op *op)
{
	const struct delivery_settle_cmd *c = &op->cmd.delivery_settle;
	for (unsigned i = 0; i < c->n && op->command == COMMAND_delivery_settle; i++)
		for (unsigned k = 0; k < a->webhook_n; k++)
			if (a->webhooks[k].number == c->webhook &&
			    c->results[i].outcome != OUTCOME_DELIVERED)
				a->unheard |= UINT64_C(1) << k;
}

/* Is accepted or refused as it may, but not broken; a refusal writes nothing. */
static void rule_trusted(struct happening *h)
{
	const struct op *op = h->op;
	if (!h->answered) {
		h->wrote = op->in_ledger;
	} else {
		h->wrote = op->entry != 0;
		if (op->fault == FAULT_DATA_DAMAGED || op->fault == FAULT_KEY_FILE_WRONG ||
		    op->fault == FAULT_ANSWER_TOO_LARGE || (op->fault != OK && op->entry))
			sim_fail(h->w, "%s: %s, entry %llu", command_get(op->command)->name,
				 fault_name(op->fault), (unsigned long long)op->entry);
	}
	note_failures(acting_of(h), op);
	model_note_retries(h);
	acting_of(h)->forgot |= op->command == COMMAND_notice_forget;
}

static void rule_delivery_settle(struct happening *h)
{
	const struct delivery_settle_cmd *c = &h->op->cmd.delivery_settle;
	if (!has_lease(h, LEASE_WEBHOOK, c->webhook, c->owner)) {
		(void)refused(h, FAULT_LEASE_LOST, NULL);
		return;
	}
	if (!model_delivery_settle(h)) {
		rule_trusted(h);
		return;
	}
	note_failures(acting_of(h), h->op);
}

void rule_acting(struct happening *h)
{
	switch ((unsigned)h->op->command) {
	case COMMAND_lease_take:
		rule_lease_take(h);
		return;
	case COMMAND_lease_drop:
		rule_lease_drop(h);
		return;
	case COMMAND_delivery_settle:
		rule_delivery_settle(h);
		return;
	case COMMAND_job_make:
		rule_job_make(h);
		return;
	case COMMAND_job_start:
		rule_job_start(h);
		return;
	case COMMAND_job_step:
		rule_job_step(h);
		return;
	case COMMAND_job_end:
		rule_job_end(h);
		return;
	case COMMAND_job_cancel:
		rule_job_cancel(h);
		return;
	default:
		rule_trusted(h);
	}
}
