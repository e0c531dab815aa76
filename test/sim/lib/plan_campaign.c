/* Random campaigns and audiences. */
#include "plan.h"

#include "base/json.h"

static const char *const nicks[] = {PLAN_NICKS};
static const char *const words[] = {PLAN_WORDS};

static struct instant whole_day(struct world *w, int from, int to)
{
	enum { DAY_S = 24 * 3600 };
	int64_t day = (sim_now(w).ms / 1000 + 8 * 3600) / DAY_S + from +
		      (int64_t)roll(w, (uint64_t)(to - from));
	return instant_of_second(day * DAY_S - 8 * 3600);
}

static uint64_t activity_id(struct world *w, const struct m_home *h)
{
	const struct m_home *from = chance(w, 5) ? &w->homes[1 + roll(w, ACTING - 1)] : h;
	if (from->campaign_n && chance(w, 94)) {
		/* The newest half more often. */
		unsigned n = from->campaign_n,
			 back = (unsigned)roll(w, chance(w, 70) ? (n + 3) / 4 : n);
		return from->campaigns[n - 1 - back].activity_id;
	}
	return roll(w, 9);
}

static struct text source_code(struct world *w, const struct m_home *h)
{
	static const char *const odd[] = {"wjb-", "wjb-x1", "wjb-12345", "WJB-1", "wjb"};
	if (h->campaign_n && chance(w, 25)) {
		struct text known = h->campaigns[roll(w, h->campaign_n)].source;
		if (known.size)
			return known;
	}
	return chance(w, 8) ? ANY(odd) : pooled(w, "act", 8);
}

static void plan_references(struct world *w, const struct m_home *h, struct references *ret)
{
	static const enum reference kinds[] = {REFERENCE_ID, REFERENCE_CODE, REFERENCE_NAME,
					       REFERENCE_ID};
	struct text *items = keep_bytes(w, ITEMS_MAX * sizeof(*items));
	ret->kind = kinds[roll(w, COUNT_OF(kinds))];
	ret->items = items;
	ret->n = 0;
	for (uint64_t tries = 1 + roll(w, 6); tries > 0; tries--) {
		const struct m_customer *c = some_customer(w, h);
		struct text item = ret->kind == REFERENCE_ID	 ? c->id
				   : ret->kind == REFERENCE_CODE ? c->code
								 : model_label(c);
		add_item(items, &ret->n, chance(w, 4) ? TEXT("nobody") : item);
	}
	if (ret->n == 0)
		add_item(items, &ret->n, TEXT("c1"));
}

static void object_add_text(struct world *w, struct object_parts *o, const char *name,
			    enum given given, struct text value)
{
	if (given == GIVEN_ABSENT)
		return;
	char memory[200];
	struct buffer b;
	buffer_init_fixed(&b, memory, sizeof(memory));
	buffer_json_text(&b, value);
	struct text raw = given == GIVEN_NULL ? TEXT("null") : keep(w, buffer_get(&b));
	object_add(w, o, name, raw, raw);
}

static struct text second_text(struct world *w, struct instant i)
{
	char memory[MOMENT_SECOND_SIZE];
	struct buffer b;
	buffer_init_fixed(&b, memory, sizeof(memory));
	buffer_moment_second(&b, i);
	return keep(w, buffer_get(&b));
}

static enum given some_given(struct world *w, bool modify)
{
	if (modify && chance(w, 15))
		return GIVEN_NULL;
	return chance(w, modify ? 35 : 75) ? GIVEN_VALUE : GIVEN_ABSENT;
}

static void plan_prizes(struct world *w, const struct m_home *h, bool modify,
			struct campaign_patch *p)
{
	uint64_t *prizes = keep_bytes(w, 4 * sizeof(*prizes));
	p->prizes_given = chance(w, modify ? 30 : 60) ? GIVEN_VALUE : GIVEN_ABSENT;
	if (modify && chance(w, 15))
		p->prizes_given = GIVEN_NULL;
	p->prizes = prizes;
	for (uint64_t n = p->prizes_given == GIVEN_VALUE ? roll(w, 4) : 0; n > 0; n--) {
		uint64_t id = template_id(w, h);
		for (unsigned i = 0; i < h->template_n && chance(w, 90); i++) {
			const struct m_template *t = &h->templates[roll(w, h->template_n)];
			if (t->live)
				id = t->template_id;
		}
		prizes[p->prize_count++] = id;
	}
}

static void plan_patch(struct world *w, struct op *op, bool modify, struct campaign_patch *p)
{
	struct object_parts *object = keep_bytes(w, sizeof(*object));
	p->name_given = some_given(w, modify);
	p->type_given = some_given(w, modify);
	p->status_given = some_given(w, modify);
	p->begin_given = some_given(w, modify);
	p->end_given = some_given(w, modify);
	p->memo_given = some_given(w, modify);
	p->name = ANY(words);
	p->type_code = pooled(w, "", 3);
	p->memo = ANY(words);
	p->status = chance(w, 2) ? 4 : 1 + roll(w, 3);
	p->begin = whole_second(w, -500000, chance(w, 10) ? 900000 : 0);
	p->end = whole_second(w, 0, 500000);
	plan_prizes(w, home_of(w, op), modify, p);
	object_add_text(w, object, "name", p->name_given, p->name);
	object_add_text(w, object, "type", p->type_given, p->type_code);
	object_add_text(w, object, "start_time", p->begin_given, second_text(w, p->begin));
	object_add_text(w, object, "end_time", p->end_given, second_text(w, p->end));
	object_add_text(w, object, "memo", p->memo_given, p->memo);
	if (p->status_given == GIVEN_VALUE)
		object_add(w, object, "status", keep_format(w, "%d", (int)p->status),
			   keep_format(w, "%d", (int)p->status));
	if (p->status_given == GIVEN_NULL)
		object_add(w, object, "status", TEXT("null"), TEXT("null"));
	for (uint64_t n = roll(w, 4); n > 0; n--)
		object_add_noise(w, object, true);
	p->object = object_text(w, object);
	op->object = object;
}

void plan_campaign_add(struct world *w, struct op *op)
{
	plan_patch(w, op, false, &op->cmd.campaign_add.patch);
	op->cmd.campaign_add.request = request(w);
}

void plan_campaign_modify(struct world *w, struct op *op)
{
	op->cmd.campaign_modify.activity_id = activity_id(w, home_of(w, op));
	plan_patch(w, op, true, &op->cmd.campaign_modify.patch);
	op->cmd.campaign_modify.request = request(w);
}

void plan_campaign_delete(struct world *w, struct op *op)
{
	op->cmd.campaign_delete.activity_id = activity_id(w, home_of(w, op));
	op->cmd.campaign_delete.request = request(w);
}

void plan_campaign_sweep(struct world *w, struct op *op)
{
	op->cmd.campaign_sweep.n = (unsigned)roll(w, 30);
}

static void plan_departments(struct world *w, const struct m_home *h, struct references *ret)
{
	static const enum reference kinds[] = {REFERENCE_NONE, REFERENCE_ID, REFERENCE_CODE,
					       REFERENCE_NAME, REFERENCE_SOURCE};
	struct text *items = keep_bytes(w, ITEMS_MAX * sizeof(*items));
	*ret = (struct references){.kind = kinds[roll(w, COUNT_OF(kinds))], .items = items};
	for (uint64_t n = ret->kind == REFERENCE_NONE || !h->department_n ? 0 : 1 + roll(w, 4);
	     n > 0; n--) {
		const struct m_department *d = &h->departments[roll(w, h->department_n)];
		add_item(items, &ret->n,
			 chance(w, 3)		       ? TEXT("none")
			 : ret->kind == REFERENCE_ID   ? d->id
			 : ret->kind == REFERENCE_CODE ? d->code
			 : ret->kind == REFERENCE_NAME ? d->name
						       : d->source);
	}
	if (!ret->n)
		ret->kind = REFERENCE_NONE;
}

void plan_campaign_save(struct world *w, struct op *op)
{
	struct campaign_save_cmd *c = &op->cmd.campaign_save;
	struct m_home *h = home_of(w, op);
	c->source_code = source_code(w, h);
	c->code = pooled(w, "HD", 3);
	c->name = ANY(words);
	c->type_code = pooled(w, "", 3);
	c->register_url = maybe(w, 50, TEXT("https://example.com/r"));
	c->information = maybe(w, 70, ANY(words));
	c->status = chance(w, 2) ? 0 : 1 + roll(w, 3);
	c->begin = whole_day(w, -3, 2);
	c->end = whole_day(w, chance(w, 5) ? -5 : 1, 9);
	plan_departments(w, h, &c->departments);
	c->maker = MAKER_WAIQIN;
	for (unsigned i = 0; i < h->campaign_n && chance(w, 40); i++) { /* what is there, almost */
		const struct m_campaign *k = &h->campaigns[i];
		if (!k->live || !text_equal(k->source, c->source_code) || !k->code.size)
			continue;
		c->code = k->code;
		c->name = chance(w, 70) ? k->name : c->name;
		c->type_code = k->type;
		c->register_url = k->url;
		c->information = k->information;
		c->status = k->status;
		if (k->begin.ms)
			c->begin = (struct instant){moment_day_end(k->begin).ms + 1000 - 86400000};
		if (k->end.ms)
			c->end = (struct instant){moment_day_end(k->end).ms + 1000 - 86400000};
	}
}

/* --- the audience --- */

void plan_audience_add(struct world *w, struct op *op)
{
	struct audience_add_cmd *c = &op->cmd.audience_add;
	unsigned n = 1 + (unsigned)roll(w, 8);
	struct text *list = keep_bytes(w, n * sizeof(*list));
	for (unsigned i = 0; i < n; i++)
		list[i] = chance(w, 10) ? pooled(w, "m", 30) : ANY(nicks);
	c->activity_id = activity_id(w, home_of(w, op));
	c->nicks = list;
	c->n = n;
	c->request = request(w);
}

void plan_audience_clear(struct world *w, struct op *op)
{
	op->cmd.audience_clear.activity_id = activity_id(w, home_of(w, op));
	op->cmd.audience_clear.request = request(w);
}

void plan_audience_invite(struct world *w, struct op *op)
{
	op->cmd.audience_invite.activity_id = activity_id(w, home_of(w, op));
	plan_references(w, home_of(w, op), &op->cmd.audience_invite.customers);
}

void plan_audience_register(struct world *w, struct op *op)
{
	struct audience_register_cmd *c = &op->cmd.audience_register;
	struct m_home *h = home_of(w, op);
	const struct m_campaign *known =
	    h->campaign_n ? &h->campaigns[roll(w, h->campaign_n)] : NULL;
	bool fits = known && known->source.size && chance(w, 90);
	c->campaign_source_code = fits ? known->source : source_code(w, h);
	c->campaign_code = fits && chance(w, 95) ? known->code : pooled(w, "HD", 3);
	plan_references(w, h, &c->customers);
	c->registered_at = whole_second(w, -5000, 5000);
	c->information = maybe(w, 70, ANY(words));
}

/* For long seeds: it leaves nothing but a change. */
void plan_change(struct world *w, struct op *op)
{
	plan_campaign_modify(w, op);
	op->cmd.campaign_modify.request.count = 0;
}
