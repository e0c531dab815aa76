/*
 * Tries, as the readings show them, against the model of them (model_retries.c): of each message
 * and errand how often, until when it waits, and whether it was taken or given up; of receivers
 * what their failing has come to; and that what failed keeps its place before what came after it.
 * Then the model learns what is new.
 */
#include "check.h"

#include "domain/notice.h"

static struct m_acting *acting(struct checker *c)
{
	return &c->h->acting;
}

/* --- deliveries --- */

static struct m_tries *tries_of(struct m_acting *a, uint64_t webhook)
{
	struct m_tries *t = model_tries(a, webhook);
	for (unsigned i = 0; i < a->tries_n && !t; i++)
		if (a->tries[i].gone)
			t = &a->tries[i];
	if (!t && a->tries_n < TRIES_OF_MODEL)
		t = &a->tries[a->tries_n++];
	if (t && t->webhook != webhook)
		*t = (struct m_tries){.webhook = webhook};
	return t;
}

static void compare_delivery(struct checker *c, const struct m_delivery *want,
			     const struct delivery *have)
{
	same_number(c, "a delivery waits", have->waiting, want->waiting);
	same_number(c, "a delivery's tries", have->tries, want->tries);
	same_number(c, "a delivery's status", have->status, want->status);
	same_instant(c, "a delivery is due", have->due, (struct instant){want->due_ms});
	same_instant(c, "a delivery was tried", have->tried, (struct instant){want->tried_ms});
}

/* One that nobody has been asked to settle. */
static void compare_new(struct checker *c, const struct delivery *have)
{
	static const struct m_delivery new = {.waiting = true};
	compare_delivery(c, &new, have);
}

static void learn_delivery(struct m_tries *t, const struct delivery *d)
{
	struct m_delivery *row = model_delivery(t, d->notice);
	bool moved = row && row->moved;
	if (!row)
		row = &t->rows[t->n++];
	*row = (struct m_delivery){.notice = d->notice,
				   .lane = d->lane,
				   .tries = d->tries,
				   .status = d->status,
				   .due_ms = d->due.ms,
				   .tried_ms = d->tried.ms,
				   .waiting = d->waiting,
				   .moved = moved};
}

/* Rows that are there no longer were too old. */
static void drop_forgotten(struct checker *c, struct m_tries *t,
			   const struct delivery_list_ret *log)
{
	unsigned kept = 0;
	for (unsigned i = 0; i < t->n; i++) {
		bool there = false;
		for (unsigned k = 0; k < log->n && !there; k++)
			there = log->rows[k].delivery.notice == t->rows[i].notice;
		if (!there && !acting(c)->forgot)
			sim_fail(c->w, "a delivery is gone");
		if (there)
			t->rows[kept++] = t->rows[i];
	}
	t->n = kept;
}

/* Newest first in the log. */
void check_tries(struct checker *c, const struct webhook *w, const struct delivery_list_ret *log)
{
	struct m_tries *t = tries_of(acting(c), w->number);
	if (!t)
		return;
	if (log->next) { /* it is longer than what is followed */
		t->sure = false;
		return;
	}
	if (t->sure) {
		same_instant(c, "a webhook fails since", w->failing,
			     (struct instant){t->failing_ms});
		same_instant(c, "a webhook is suspended since", w->suspended,
			     (struct instant){t->suspended_ms});
		same_instant(c, "a webhook recovered", w->recovered,
			     (struct instant){t->recovered_ms});
	}
	drop_forgotten(c, t, log);
	for (unsigned i = log->n; i > 0; i--) {
		const struct delivery *d = &log->rows[i - 1].delivery;
		const struct m_delivery *want = model_delivery(t, d->notice);
		if (t->sure && want)
			compare_delivery(c, want, d);
		else if (t->sure)
			compare_new(c, d);
		learn_delivery(t, d);
	}
	t->failing_ms = w->failing.ms;
	t->suspended_ms = w->suspended.ms;
	t->recovered_ms = w->recovered.ms;
	t->sure = true;
}

static bool is_due(struct world *w, const struct m_tries *t, const struct m_delivery *d)
{
	return d->due_ms <= sim_now(w).ms || d->tried_ms <= t->recovered_ms;
}

/* Of each lane the oldest that wait, up to the first that is not due. Where some was sent again,
 * how they stand there is not known. */
void check_sent_next(struct checker *c, uint64_t webhook, const struct delivery_next_ret *next,
		     unsigned n)
{
	struct m_tries *t = model_tries(acting(c), webhook);
	unsigned sent = 0;
	if (!t || !t->sure)
		return;
	for (unsigned lane = 1; lane <= NOTICE_LANES; lane++) {
		unsigned want = 0;
		bool goes = !t->suspended_ms, known = true;
		for (unsigned i = 0; i < t->n; i++)
			known &=
			    t->rows[i].lane != lane || !t->rows[i].waiting || !t->rows[i].moved;
		for (unsigned i = 0; i < t->n && known; i++) {
			const struct m_delivery *d = &t->rows[i];
			if (d->lane != lane || !d->waiting)
				continue;
			goes &= is_due(c->w, t, d) && want < n;
			if (!goes)
				break;
			want++;
			if (sent >= next->n || next->rows[sent].delivery.notice != d->notice)
				sim_fail(c->w, "delivery %llu is due in lane %u and not sent next",
					 (unsigned long long)d->notice, lane);
			sent++;
		}
		if (known && sent < next->n && next->rows[sent].delivery.lane == lane)
			sim_fail(c->w, "delivery %llu is sent out of its turn",
				 (unsigned long long)next->rows[sent].delivery.notice);
		while (sent < next->n && next->rows[sent].delivery.lane == lane)
			sent++;
	}
	same_number(c, "deliveries that are sent next", next->n, sent);
}

/* --- errands --- */

/* `was`: at the last look and since; NULL: it is new. */
void check_tried_errand(struct checker *c, const struct m_errand *was, const struct errand *e)
{
	if (!was || !was->sure)
		return;
	same_number(c, "an errand waits", e->waiting, was->waiting);
	same_number(c, "an errand's tries", e->tries, was->tries);
	if (e->waiting)
		same_instant(c, "an errand is due", e->due, (struct instant){was->due_ms});
	same_number(c, "an errand was given up", e->unknown, was->unknown);
	same_number(c, "an errand was sent", e->digest.size > 0, was->sent);
}

void check_breaker(struct checker *c, unsigned at, const struct provider *p)
{
	struct m_acting *a = acting(c);
	must(at < PROVIDERS_OF_MODEL);
	a->breaker_n = at < a->breaker_n ? a->breaker_n : at + 1;
	struct m_breaker *b = &a->breakers[at];
	if (b->sure && b->provider == p->number) {
		same_number(c, "a provider's failures", p->failures, b->failures);
		same_instant(c, "a provider is left alone until", p->open_until,
			     (struct instant){b->open_until_ms});
	}
	*b = (struct m_breaker){.provider = p->number,
				.failures = p->failures,
				.open_until_ms = p->open_until.ms,
				.sure = true};
}
