/*
 * The model: customers who are one, or gone (domain/customer.h). Whoever was merged stands for the
 * other at once; its coupons and audiences follow step by step, and nobody sees that they do but in
 * the order of a wallet.
 */
#include "model.h"

static int known_by_id(const struct m_home *m, struct text id)
{
	return model_person(m, model_find_customer(m, PERSON_ID, id));
}

int model_next_alias(const struct m_home *m, int person, uint64_t joined)
{
	int next = -1;
	for (unsigned i = 0; i < m->customer_n; i++)
		if (m->customers[i].into == person + 1 && m->customers[i].joined > joined &&
		    (next < 0 || m->customers[i].joined < m->customers[next].joined))
			next = (int)i;
	return next;
}

/* --- merge --- */

/* True when it is refused. */
static bool bad_name(struct happening *h, const char *field, struct text id, int *ret)
{
	*ret = known_by_id(h->home, id);
	if (!id.size)
		return refused(h, FAULT_PARAMETER_MISSING, field);
	if (*ret < 0 || h->home->customers[*ret].erased.ms)
		return refused(h, FAULT_CUSTOMER_UNKNOWN, field);
	return false;
}

static void take_over(struct text *into, struct text *from)
{
	if (into->size)
		return;
	*into = *from;
	*from = TEXT_NONE;
}

static void take_values(struct m_customer *into, struct m_customer *from)
{
	take_over(&into->code, &from->code);
	take_over(&into->source, &from->source);
	take_over(&into->nick, &from->nick);
	take_over(&into->phone, &from->phone);
	take_over(&into->card, &from->card);
	if (!into->name.size)
		into->name = from->name;
}

static void hide_name(struct m_customer *c, const struct m_customer *same)
{
	c->nameless |= text_equal(model_label(c), model_label(same));
}

void rule_customer_merge(struct happening *h)
{
	const struct customer_merge_cmd *c = &h->op->cmd.customer_merge;
	struct m_home *m = h->home;
	int to, of;
	if (bad_name(h, "into", c->into, &to) || bad_name(h, "from", c->from, &of))
		return;
	accepted(h);
	h->wrote = to != of;
	expect_number(h, "merged", h->op->ret.customer_merge.merged, h->wrote);
	if (!h->wrote)
		return;
	struct m_customer *into = &m->customers[to], *from = &m->customers[of];
	take_values(into, from);
	from->nameless = false;
	hide_name(from, into);
	from->into = to + 1;
	from->joined = ++m->merges;
	from->merged = false;
	from->unsettled = from->unsettled ? from->unsettled : ++m->merges;
	from->walked = from->walked_to = 0;
	into->merged = true;
	from->updated = into->updated = h->instant;
	for (int i; (i = model_next_alias(m, of, 0)) >= 0;) { /* joined anew, so never again */
		struct m_customer *alias = &m->customers[i];
		alias->into = to + 1;
		alias->joined = ++m->merges;
		hide_name(alias, into);
		hide_name(alias, from);
	}
}

/* --- erase --- */

static unsigned erase(struct happening *h, struct m_customer *c)
{
	if (c->erased.ms)
		return 0;
	c->code = c->source = c->nick = c->phone = c->card = c->name = TEXT_NONE;
	c->erased = c->updated = h->instant;
	c->unsettled = c->unsettled ? c->unsettled : ++h->home->merges;
	c->walked = c->walked_to = 0;
	return 1;
}

void rule_customer_erase(struct happening *h)
{
	const struct customer_erase_cmd *c = &h->op->cmd.customer_erase;
	struct m_home *m = h->home;
	int at = known_by_id(m, c->customer_id);
	unsigned erased = 0;
	if (!c->customer_id.size && refused(h, FAULT_PARAMETER_MISSING, "customer_id"))
		return;
	if (at < 0 && refused(h, FAULT_CUSTOMER_UNKNOWN, "customer_id"))
		return;
	accepted(h);
	for (int i = -1; (i = model_next_alias(m, at, i < 0 ? 0 : m->customers[i].joined)) >= 0;)
		erased += erase(h, &m->customers[i]);
	erased += erase(h, &m->customers[at]);
	expect_number(h, "erased", h->op->ret.customer_erase.erased, erased);
	h->wrote = erased > 0;
}

/* --- settle: coupons, then audiences --- */

static int next_coupon(const struct m_home *m, int customer)
{
	int next = -1;
	for (unsigned i = 0; i < m->coupon_n; i++)
		if (m->coupons[i].customer == customer &&
		    (next < 0 || m->coupons[i].arrived < m->coupons[next].arrived))
			next = (int)i;
	return next;
}

static unsigned move_coupons(struct m_home *m, int customer, unsigned n)
{
	unsigned moved = 0;
	for (int at; moved < n && (at = next_coupon(m, customer)) >= 0; moved++) {
		m->coupons[at].customer = m->customers[customer].into - 1;
		m->coupons[at].arrived = ++m->arrivals;
	}
	return moved;
}

static bool take_person(struct m_campaign *c, enum mark mark, int customer)
{
	unsigned n = c->people_n[mark], kept = 0;
	for (unsigned i = 0; i < n; i++)
		if (c->people[mark][i] != customer)
			c->people[mark][kept++] = c->people[mark][i];
	c->people_n[mark] = kept;
	return kept < n;
}

static bool has_person(const struct m_campaign *c, enum mark mark, int customer)
{
	for (unsigned i = 0; i < c->people_n[mark]; i++)
		if (c->people[mark][i] == customer)
			return true;
	return false;
}

static void settle_campaign(struct m_home *m, struct m_campaign *c, int customer)
{
	int into = m->customers[customer].into - 1;
	for (unsigned mark = 0; into >= 0 && mark <= MARK_REGISTERED; mark++) {
		if (!take_person(c, (enum mark)mark, customer) ||
		    has_person(c, (enum mark)mark, into))
			continue;
		c->people[mark][c->people_n[mark]++] = (int16_t)into;
		if (mark == MARK_REGISTERED)
			c->registered[into] = c->registered[customer];
	}
}

/* Campaigns in the order of their making; where some were deleted behind the walk it goes back. */
static void walk(struct m_home *m, int customer, unsigned n)
{
	struct m_customer *c = &m->customers[customer];
	unsigned place = 0, last = 0, all = 0, done = 0;
	for (unsigned i = 0; i < m->campaign_n; i++) {
		if (!m->campaigns[i].live)
			continue;
		last = ++all == c->walked ? i + 1 : last;
	}
	if (c->walked && (!last || last > c->walked_to)) {
		c->walked = c->walked > n ? c->walked - n : 0;
		return;
	}
	for (unsigned i = 0; i < m->campaign_n && done < n; i++) {
		if (!m->campaigns[i].live || place++ < c->walked)
			continue;
		settle_campaign(m, &m->campaigns[i], customer);
		c->walked_to = i + 1;
		done++;
	}
	c->walked += done;
	if (c->walked < all)
		return;
	c->unsettled = 0;
	c->walked = c->walked_to = 0;
}

void rule_customer_settle(struct happening *h)
{
	unsigned n = h->op->cmd.customer_settle.n, left = 0;
	struct m_home *m = h->home;
	int first = -1;
	accepted(h);
	for (unsigned i = 0; i < m->customer_n; i++) {
		const struct m_customer *c = &m->customers[i];
		left += c->unsettled > 0;
		if (c->unsettled && (first < 0 || c->unsettled < m->customers[first].unsettled))
			first = (int)i;
	}
	h->wrote = first >= 0 && n > 0;
	if (h->wrote && !(m->customers[first].into && move_coupons(m, first, n)))
		walk(m, first, n);
	left -= h->wrote && !m->customers[first].unsettled;
	expect_number(h, "left", h->op->ret.customer_settle.left, left);
}
