/*
 * The model of tries: a message or an errand that failed comes again, later and later, until it is
 * taken or given up; who fails for long is left alone. Of commands whose effect only the engine
 * knows (what somebody decided of an errand by hand) the model is not `sure` until the next look
 * (check_retries.c).
 */
#include "model.h"

static const int64_t SECOND = 1000, MINUTE = 60 * SECOND, HOUR = 60 * MINUTE;

static struct m_acting *acting_of(struct happening *h)
{
	return &h->home->acting;
}

/* It was accepted; of one that nobody has answered: it has written. */
static bool happened(const struct happening *h)
{
	return h->answered ? h->op->fault == OK : h->op->in_ledger;
}

/* --- deliveries --- */

struct m_tries *model_tries(struct m_acting *a, uint64_t webhook)
{
	for (unsigned i = 0; i < a->tries_n; i++)
		if (a->tries[i].webhook == webhook)
			return &a->tries[i];
	return NULL;
}

struct m_delivery *model_delivery(struct m_tries *t, uint64_t notice)
{
	for (unsigned i = 0; i < t->n; i++)
		if (t->rows[i].notice == notice)
			return &t->rows[i];
	return NULL;
}

/* 1 s, 5 s, 30 s, 2 min, 10 min, 30 min, 1 h, 2 h, 4 h, 8 h, 12 h, a day; a fifth more or less. */
static int64_t pause_after(const struct world *w, uint64_t tries,
			   const struct delivery_result *result)
{
	static const int64_t minutes[] = {2, 10, 30, 60, 120, 240, 480, 720, 1440};
	int64_t ms = tries == 1	  ? SECOND
		     : tries == 2 ? (w->canary_retries ? 6 : 5) * SECOND
		     : tries == 3 ? 30 * SECOND
				  : minutes[tries > 12 ? 8 : tries - 4] * MINUTE;
	int64_t spread = ms * 2 / 5 * result->jitter / 65536;
	int64_t asked = (int64_t)result->retry_after_s * SECOND;
	return ms * 4 / 5 + spread > asked ? ms * 4 / 5 + spread : asked;
}

static void try_again(struct happening *h, const struct m_tries *t,
		      const struct delivery_result *result, struct m_delivery *d)
{
	int64_t now = sim_now(h->w).ms;
	if (d->due_ms <= now) { /* else it was tried early, which costs nothing */
		d->tries++;
		d->due_ms = now + pause_after(h->w, d->tries, result);
	}
	if (d->tries < 13 || t->suspended_ms)
		return;
	d->waiting = false;
	d->due_ms = 0;
}

static bool is_named_before(const struct delivery_settle_cmd *c, unsigned i)
{
	for (unsigned k = 0; k < i; k++)
		if (c->results[k].notice == c->results[i].notice)
			return true;
	return false;
}

static void judge_webhook(struct happening *h, struct m_tries *t, bool good, bool bad, bool gone)
{
	int64_t at = h->instant.ms;
	if (good && t->failing_ms) {
		if (at >= t->failing_ms + MINUTE)
			t->recovered_ms = at;
		t->failing_ms = 0;
	}
	if (bad && !good && !t->failing_ms)
		t->failing_ms = at;
	bool long_ago = t->failing_ms && at >= t->failing_ms + 36 * HOUR;
	if (!t->suspended_ms && (gone || (bad && long_ago)))
		t->suspended_ms = at;
}

bool model_delivery_settle(struct happening *h)
{
	const struct delivery_settle_cmd *c = &h->op->cmd.delivery_settle;
	struct m_tries *t = model_tries(acting_of(h), c->webhook);
	struct m_delivery *counted[WAITING_OF_MODEL] = {0};
	bool good = false, bad = false, gone = false;
	unsigned n = 0;
	if (!t || !t->sure || t->gone)
		return false;
	must(c->n <= COUNT_OF(counted));
	for (unsigned i = 0; i < c->n; i++) {
		struct m_delivery *d = model_delivery(t, c->results[i].notice);
		if (!d || !d->waiting || is_named_before(c, i))
			continue;
		counted[i] = d;
		good |= c->results[i].outcome == OUTCOME_DELIVERED;
		bad |= c->results[i].outcome != OUTCOME_DELIVERED;
		gone |= c->results[i].outcome == OUTCOME_GONE;
	}
	struct m_tries before = {.failing_ms = t->failing_ms,
				 .suspended_ms = t->suspended_ms,
				 .recovered_ms = t->recovered_ms};
	accepted(h);
	judge_webhook(h, t, good, bad, gone);
	h->wrote = t->failing_ms != before.failing_ms || t->suspended_ms != before.suspended_ms ||
		   t->recovered_ms != before.recovered_ms;
	for (unsigned i = 0; i < c->n; i++) {
		struct m_delivery *d = counted[i];
		if (!d)
			continue;
		struct m_delivery was = *d;
		d->tried_ms = h->instant.ms;
		d->status = c->results[i].status;
		if (c->results[i].outcome == OUTCOME_DELIVERED) {
			d->tries++;
			d->waiting = false;
			d->due_ms = 0;
		} else {
			try_again(h, t, &c->results[i], d);
		}
		h->wrote |= memcmp(&was, d, sizeof(was)) != 0;
		n++;
	}
	expect_number(h, "settled", h->op->ret.delivery_settle.settled, n);
	expect_number(h, "suspended", h->op->ret.delivery_settle.suspended, t->suspended_ms != 0);
	return true;
}

static void note_resend(struct happening *h)
{
	const struct delivery_resend_cmd *c = &h->op->cmd.delivery_resend;
	struct m_tries *t = model_tries(acting_of(h), c->webhook);
	struct m_delivery *d = t ? model_delivery(t, c->notice) : NULL;
	if (!d || !happened(h))
		return;
	if (!d->waiting) {
		d->tries = 0;
		d->moved = true;
	}
	d->waiting = true;
	d->due_ms = 0;
}

static void note_change(struct happening *h)
{
	const struct webhook_change_cmd *c = &h->op->cmd.webhook_change;
	struct m_tries *t = model_tries(acting_of(h), c->number);
	if (!t || !happened(h) || (!c->resume && !c->has_url))
		return;
	t->failing_ms = 0;
	t->recovered_ms = h->instant.ms;
	if (c->resume)
		t->suspended_ms = 0;
}

static void note_delete(struct happening *h)
{
	struct m_tries *t = model_tries(acting_of(h), h->op->cmd.webhook_delete.number);
	if (t && happened(h))
		t->gone = true;
}

/* --- errands --- */

static struct m_errand *find_errand(struct m_acting *a, uint64_t number)
{
	for (unsigned i = 0; i < a->errand_n; i++)
		if (a->errands[i].number == number)
			return &a->errands[i];
	return NULL;
}

static struct m_breaker *find_breaker(struct m_acting *a, uint64_t provider)
{
	for (unsigned i = 0; i < a->breaker_n; i++)
		if (a->breakers[i].provider == provider)
			return &a->breakers[i];
	return NULL;
}

static void note_begin(struct happening *h)
{
	struct m_errand *e = find_errand(acting_of(h), h->op->cmd.errand_begin.number);
	const struct errand_begin_ret *r = &h->op->ret.errand_begin;
	if (!e || !happened(h))
		return;
	if (!h->answered || !e->sure) {
		e->sure = false;
		return;
	}
	if (!r->goes) { /* nobody is left to be asked for; or those are others than the first time
			 */
		e->unknown |= e->waiting && e->sent;
		e->waiting = false;
		return;
	}
	if (!e->waiting)
		sim_fail(h->w, "an errand that does not wait is sent");
	expect_number(h, "nothing was sent before", r->fresh, !e->sent);
	e->sent = true;
	e->due_ms = sim_now(h->w).ms + 15 * SECOND;
}

static void judge_provider(struct happening *h, struct m_breaker *b, bool failed)
{
	int64_t now = sim_now(h->w).ms, open = 5 * SECOND;
	if (!failed) {
		b->failures = 0;
		b->open_until_ms = 0;
		return;
	}
	if (b->open_until_ms > now)
		return;
	b->failures++;
	for (uint64_t i = 5; i < b->failures; i++)
		open = open * 2 > 5 * MINUTE ? 5 * MINUTE : open * 2;
	if (b->failures >= 5)
		b->open_until_ms = now + open;
}

/* A second, doubled each time, to ten minutes; from half of it to half as much again. */
static int64_t next_errand(struct happening *h, uint64_t waits)
{
	int64_t ms = SECOND;
	for (uint64_t i = 1; i < waits; i++)
		ms = ms * 2 > 10 * MINUTE ? 10 * MINUTE : ms * 2;
	int64_t random = (int64_t)(h->op->cmd.errand_settle.random % (uint64_t)ms);
	return sim_now(h->w).ms + ms / 2 + random;
}

static void settle_errand(struct happening *h, struct m_errand *e, const struct m_breaker *b)
{
	const struct errand_settle_cmd *c = &h->op->cmd.errand_settle;
	bool waits = h->op->ret.errand_settle.waiting;
	if (waits && !e->waiting)
		sim_fail(h->w, "an errand waits that did not");
	if (c->result == ERRAND_NOT_DONE && c->fresh)
		e->sent = false;
	if (!e->waiting) { /* a late answer, to one that was given up or that is over */
		e->sure &= !e->unknown;
		return;
	}
	bool counts = c->result != ERRAND_NOT_DONE || e->sent;
	e->waiting = waits;
	if (!waits) { /* done; or, after the last try, given up: what is open says which */
		e->sure = e->tries + counts < 12;
		return;
	}
	e->tries += counts;
	if (e->tries >= 12)
		sim_fail(h->w, "an errand is to be tried for the %lluth time",
			 (unsigned long long)e->tries + 1);
	if (!counts && (!b || !b->sure))
		e->sure = false;
	else
		e->due_ms = next_errand(h, counts ? e->tries : b->failures);
}

static void note_settle(struct happening *h)
{
	const struct errand_settle_cmd *c = &h->op->cmd.errand_settle;
	struct m_errand *e = find_errand(acting_of(h), c->number);
	if (!e || !happened(h))
		return;
	struct m_breaker *b = find_breaker(acting_of(h), e->provider);
	if (b)
		judge_provider(h, b, c->failed);
	if (h->answered && e->sure)
		settle_errand(h, e, b);
	else
		e->sure = false;
}

static void note_ask(struct happening *h)
{
	struct m_acting *a = acting_of(h);
	for (unsigned i = 0; i < a->errand_n; i++) {
		struct m_errand *e = &a->errands[i];
		if (e->id != h->op->cmd.errand_ask.id || !happened(h) || !e->sure)
			continue;
		if (e->unknown)
			e->tries = 12 - 3;
		if (e->unknown || e->waiting)
			e->due_ms = 0;
		e->waiting |= e->unknown;
		e->unknown = false;
	}
}

/* By hand: which errand it belongs to, only the engine knows of all. */
static void note_by_hand(struct happening *h)
{
	struct m_acting *a = acting_of(h);
	for (unsigned i = 0; i < a->errand_n && happened(h); i++)
		a->errands[i].sure = false;
}

void model_note_retries(struct happening *h)
{
	struct m_acting *a = acting_of(h);
	switch ((unsigned)h->op->command) {
	case COMMAND_delivery_settle: /* where it was not modelled */
		for (unsigned i = 0; i < a->tries_n; i++)
			if (a->tries[i].webhook == h->op->cmd.delivery_settle.webhook)
				a->tries[i].sure &= !happened(h);
		return;
	case COMMAND_delivery_resend:
		note_resend(h);
		return;
	case COMMAND_webhook_change:
		note_change(h);
		return;
	case COMMAND_webhook_delete:
		note_delete(h);
		return;
	case COMMAND_notice_forget:
		for (unsigned i = 0; i < a->tries_n && happened(h); i++)
			a->tries[i].sure = false;
		return;
	case COMMAND_errand_begin:
		note_begin(h);
		return;
	case COMMAND_errand_settle:
		note_settle(h);
		return;
	case COMMAND_errand_ask:
		note_ask(h);
		return;
	case COMMAND_coupon_change:
		note_by_hand(h);
		return;
	case COMMAND_template_make: /* other secrets close the breaker */
		for (unsigned i = 0; i < a->breaker_n && happened(h); i++)
			a->breakers[i].sure = false;
		return;
	default:
		return;
	}
}
