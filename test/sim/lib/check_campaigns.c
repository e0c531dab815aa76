/* WangJuBao's list, Waiqin's query, and the audience behind both. */
#include "check.h"

#include "base/varint.h"

/* The numbers of departments and templates are the store's own: only how many, here. */
static unsigned varints(struct checker *c, struct text bytes)
{
	unsigned n = 0;
	for (uint64_t number; bytes.size; n++)
		if (!varint_take(&bytes, &number))
			sim_fail(c->w, "a list of numbers cannot be read");
	return n;
}

static void same_campaign(struct checker *c, const struct campaign *have, struct m_campaign *want)
{
	if (!want->activity_id)
		model_learn_activity(c->w, c->h, want, have->activity_id);
	same_number(c, "activity_id", have->activity_id, want->activity_id);
	same_number(c, "campaign maker", have->maker, want->maker);
	same_number(c, "campaign made_by_wjb", have->made_by_wjb, want->wjb);
	same_text(c, "campaign source_code", have->source_code, want->source);
	same_text(c, "campaign code", have->code, want->code);
	same_text(c, "campaign name", have->name, want->name);
	same_text(c, "campaign type_code", have->type_code, want->type);
	same_number(c, "campaign status", have->status, want->status);
	same_instant(c, "campaign begin", have->begin, want->begin);
	same_instant(c, "campaign end", have->end, want->end);
	same_text(c, "campaign register_url", have->register_url, want->url);
	same_text(c, "campaign information", have->information, want->information);
	same_number(c, "departments of a campaign", varints(c, have->departments),
		    want->department_n);
	same_number(c, "prizes of a campaign", varints(c, have->prizes), want->prize_n);
	same_number(c, "campaign changed", have->changed, want->changed);
	same_instant(c, "campaign created", have->created, want->created);
	same_instant(c, "campaign modified", have->modified, want->modified);
}

static void same_object(struct checker *c, const struct campaign *have,
			const struct m_campaign *want)
{
	same_text(c, "campaign object", have->object,
		  want->has_object ? object_print(&want->object) : TEXT_NONE);
}

void check_campaigns(struct checker *c, bool whole)
{
	struct world *w = c->w;
	struct m_home *h = c->h;
	int found[CAMPAIGNS_OF_MODEL];
	unsigned n = 0;
	struct window_of x = {.oldest_first = true};
	bool all = whole || chance(w, 50);
	if (!whole && h->campaign_n)
		x = some_window(w, h->campaigns[0].created,
				h->campaigns[h->campaign_n - 1].created);
	for (unsigned i = 0; i < h->campaign_n; i++)
		if (h->campaigns[i].live && (all || h->campaigns[i].wjb) &&
		    in_window(&x, h->campaigns[i].created))
			found[n++] = (int)i;
	struct slice s = whole ? (struct slice){0, n + 1} : some_slice(w, n);
	struct campaign_list_cmd cmd = {.from = x.from,
					.to = x.to,
					.skip = s.from,
					.n = s.n,
					.all = all,
					.oldest_first = x.oldest_first};
	struct campaign_list_ret ret = {0};
	ask(c, COMMAND_campaign_list, &cmd, &ret);
	same_number(c, "fault", c->fault, OK);
	same_number(c, "count of campaigns", ret.count, n);
	same_number(c, "rows of campaigns", ret.n, slice_rows(s, n));
	for (unsigned i = 0; i < ret.n; i++) {
		struct m_campaign *want =
		    &h->campaigns[found[place(x.oldest_first, n, s.from + i)]];
		same_campaign(c, &ret.rows[i], want);
		same_object(c, &ret.rows[i], want);
	}
}

/* --- Waiqin --- */

static struct instant near(struct world *w, struct instant i, bool last)
{
	struct instant near = instant_of_second(i.ms / 1000 - 2 + (int64_t)roll(w, 5));
	near.ms += last ? 999 : 0;
	return near;
}

static struct campaign_query_cmd some_query(struct world *w, const struct m_home *h)
{
	struct campaign_query_cmd q = {.source_code = TEXT_NONE};
	const struct m_campaign *k = h->campaign_n ? &h->campaigns[roll(w, h->campaign_n)] : NULL;
	if (!k)
		return q;
	if (chance(w, 20))
		q.source_code = k->source;
	if (chance(w, 25))
		q.code = k->code;
	if (chance(w, 25))
		q.type_code = k->type;
	if (chance(w, 25))
		q.created_after = near(w, k->created, false);
	if (chance(w, 25))
		q.created_before = near(w, k->created, true);
	if (chance(w, 25))
		q.modified_after = near(w, k->modified, false);
	if (chance(w, 25))
		q.modified_before = near(w, k->modified, true);
	return q;
}

static bool fits(const struct campaign_query_cmd *q, const struct m_campaign *k)
{
	return k->live && (!q->source_code.size || text_equal(q->source_code, k->source)) &&
	       (!q->code.size || text_equal(q->code, k->code)) &&
	       (!q->type_code.size || text_equal(q->type_code, k->type)) &&
	       k->created.ms >= q->created_after.ms &&
	       (!q->created_before.ms || k->created.ms <= q->created_before.ms) &&
	       k->modified.ms >= q->modified_after.ms &&
	       (!q->modified_before.ms || k->modified.ms <= q->modified_before.ms);
}

/* The one with the newest change before `before`. */
static struct m_campaign *next_changed(struct m_home *h, const struct campaign_query_cmd *q,
				       uint64_t before)
{
	struct m_campaign *next = NULL;
	for (unsigned i = 0; i < h->campaign_n; i++) {
		struct m_campaign *k = &h->campaigns[i];
		if (k->change < before && fits(q, k) && (!next || k->change > next->change))
			next = k;
	}
	return next;
}

void check_query(struct checker *c)
{
	struct campaign_query_cmd cmd = some_query(c->w, c->h);
	struct campaign_query_ret ret = {0};
	uint64_t before = UINT64_MAX;
	unsigned n = 0;
	ask(c, COMMAND_campaign_query, &cmd, &ret);
	same_number(c, "fault", c->fault, OK);
	for (struct m_campaign *k; (k = next_changed(c->h, &cmd, before));
	     n++, before = k->change) {
		if (n >= ret.n)
			continue;
		same_campaign(c, &ret.rows[n], k);
		same_number(c, "departments", ret.department_count[n], k->department_n);
		for (unsigned i = 0; i < k->department_n; i++)
			same_text(c, "department", ret.departments[n][i].department_id,
				  c->h->departments[k->departments[i]].id);
	}
	same_number(c, "rows of the query", ret.n, n);
}

/* --- the audience --- */

static bool has(const struct m_campaign *k, enum mark mark, int customer)
{
	for (unsigned i = 0; i < k->people_n[mark]; i++)
		if (k->people[mark][i] == customer)
			return true;
	return false;
}

/* What names a campaign's audience in the store. */
struct audience {
	uint64_t campaign, cover;
};

static void same_person(struct checker *c, struct audience of, const struct m_campaign *k,
			int customer, const struct audience_person *have)
{
	const struct m_customer *member = &c->h->customers[customer];
	bool gone = c->h->customers[model_person(c->h, customer)].erased.ms || member->erased.ms;
	same_customer(c, &have->customer, &c->h->customers[model_person(c->h, customer)]);
	if (!member->into)
		same_number(c, "member's key slot", have->member.key_slot, have->customer.key_slot);
	same_number(c, "covered", have->member.cover == of.cover, has(k, MARK_COVERED, customer));
	same_number(c, "invited", have->member.invited, has(k, MARK_INVITED, customer));
	bool registered = has(k, MARK_REGISTERED, customer);
	same_number(c, "registered", have->member.registered, registered);
	if (!registered)
		return;
	same_instant(c, "registered_at", have->member.registered_at, k->registered[customer].at);
	same_text(c, "merchant_information", have->member.information,
		  gone ? TEXT_NONE : k->registered[customer].information);
}

static void check_page(struct checker *c, struct audience of, const struct m_campaign *k,
		       enum mark mark)
{
	unsigned n = k->people_n[mark];
	struct slice s = some_slice(c->w, n);
	struct audience_page_cmd cmd = {
	    .campaign = of.campaign, .cover = of.cover, .mark = mark, .from = s.from, .n = s.n};
	struct audience_page_ret ret = {0};
	ask(c, COMMAND_audience_page, &cmd, &ret);
	same_number(c, "fault", c->fault, OK);
	same_number(c, "count of the audience", ret.count, n);
	same_number(c, "rows of the audience", ret.n, slice_rows(s, n));
	for (unsigned i = 0; i < ret.n; i++)
		same_person(c, of, k, k->people[mark][s.from + i], &ret.rows[i]);
}

void check_audiences(struct checker *c)
{
	struct campaign_list_cmd cmd = {.n = CAMPAIGNS_OF_MODEL, .all = true, .oldest_first = true};
	struct campaign_list_ret ret = {0};
	struct audience of[CAMPAIGNS_OF_MODEL];
	unsigned row = 0;
	ask(c, COMMAND_campaign_list, &cmd, &ret);
	same_number(c, "fault", c->fault, OK);
	for (unsigned i = 0; i < ret.n; i++)
		of[i] = (struct audience){ret.rows[i].number, ret.rows[i].cover};
	for (unsigned i = 0; i < c->h->campaign_n; i++) {
		if (!c->h->campaigns[i].live)
			continue;
		must(row < ret.n);
		for (unsigned mark = 0; mark <= MARK_REGISTERED; mark++)
			check_page(c, of[row], &c->h->campaigns[i], (enum mark)mark);
		row++;
	}
}
