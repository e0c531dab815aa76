/*
 * Random commands from small pools, so that they meet: known and unknown ids, values of others,
 * limits of one and two, repeats of earlier requests, the other merchant's ids.
 */
#include "plan.h"

/* --- words --- */

static const char *const nicks[] = {PLAN_NICKS};
static const char *const names[] = {"张三", "李四", "王五", "n1", "小红", "赵六"};
static const char *const channels[] = {"erp", "pos", "app"};
static const char *const words[] = {PLAN_WORDS};

struct text maybe(struct world *w, unsigned percent, struct text t)
{
	return chance(w, percent) ? t : TEXT_NONE;
}

struct text pooled(struct world *w, const char *prefix, unsigned n)
{
	return keep_format(w, "%s%u", prefix, 1 + (unsigned)roll(w, n));
}

struct instant whole_second(struct world *w, int64_t from_s, int64_t to_s)
{
	int64_t now = sim_now(w).ms / 1000;
	return instant_of_second(now + from_s + (int64_t)roll(w, (uint64_t)(to_s - from_s)));
}

static void some_span(struct world *w, struct instant *begin, struct instant *end)
{
	enum { HOUR = 3600, DAY = 24 * HOUR };
	*begin = chance(w, 60) ? whole_second(w, -3 * DAY, 6 * HOUR) : INSTANT_NONE;
	*end = chance(w, 75)
		   ? whole_second(w, chance(w, 4) ? -5 * DAY : -60, chance(w, 50) ? 300 : 6 * DAY)
		   : INSTANT_NONE;
}

/* --- what is known --- */

struct m_home *home_of(struct world *w, const struct op *op)
{
	return &w->homes[op->home];
}

const struct m_customer *some_customer(struct world *w, const struct m_home *h)
{
	static const struct m_customer nobody;
	return h->customer_n ? &h->customers[roll(w, h->customer_n)] : &nobody;
}

static struct text customer_id(struct world *w, const struct m_home *h)
{
	struct text known = some_customer(w, h)->id;
	return known.size && chance(w, 60) ? known : pooled(w, "c", 8);
}

uint64_t template_id(struct world *w, const struct m_home *h)
{
	if (h->template_n && chance(w, 70))
		return h->templates[roll(w, h->template_n)].template_id;
	return chance(w, 3) ? (uint64_t)INT64_MAX : 1 + roll(w, 12);
}

static struct text coupon_code_known(struct world *w, const struct m_home *h)
{
	struct text known = h->coupon_n ? h->coupons[roll(w, h->coupon_n)].code : TEXT_NONE;
	return known.size && chance(w, 20) ? known : pooled(w, "A", 90);
}

/* A new key, an old one of another command or contents now and then, or none. */
struct request_key request(struct world *w)
{
	uint64_t number = chance(w, 12) ? roll(w, 20) : 100 + w->next_sign++;
	struct request_key key = {.count = 3};
	if (chance(w, 25))
		return (struct request_key){.count = 0};
	key.parts[0] = text_of("100000001");
	key.parts[1] = keep_format(w, "SIGN%llu", (unsigned long long)number);
	key.parts[2] = keep_format(w, "{\"body\":%llu}", (unsigned long long)number);
	return key;
}

/* Each once. */
void add_item(struct text *items, unsigned *n, struct text item)
{
	for (unsigned i = 0; i < *n; i++)
		if (text_equal(items[i], item))
			return;
	if (item.size)
		items[(*n)++] = item;
}

/* --- people --- */

static void plan_department_save(struct world *w, struct op *op)
{
	static const char *const department_names[] = {"东部", "西部", "南部", "东部"};
	struct department *d = &op->cmd.department_save.department;
	struct m_home *h = home_of(w, op);
	struct text known =
	    h->department_n ? h->departments[roll(w, h->department_n)].id : TEXT_NONE;
	d->department_id = maybe(w, 50, known.size && chance(w, 50) ? known : pooled(w, "D", 5));
	d->code = maybe(w, 60, pooled(w, "dc", 5));
	d->source_code = maybe(w, 50, pooled(w, "ds", 5));
	d->name = maybe(w, 90, ANY(department_names));
}

static void plan_customer_save(struct world *w, struct op *op)
{
	struct customer *c = &op->cmd.customer_save.customer;
	struct m_home *h = home_of(w, op);
	if (chance(w, 25) && h->customer_n) { /* one of what is known is changed */
		const struct m_customer *known = some_customer(w, h);
		*c = (struct customer){.customer_id = known->id,
				       .code = known->code,
				       .name = known->name,
				       .source_code = known->source,
				       .nick = known->nick,
				       .phone = known->phone,
				       .card_no = known->card};
		if (chance(w, 70))
			c->name = maybe(w, 80, ANY(names));
		if (chance(w, 50))
			c->phone = maybe(w, 60, pooled(w, "1380000000", 9));
		return;
	}
	c->customer_id = maybe(w, 50, customer_id(w, h));
	c->code = maybe(w, 40, pooled(w, "k", 12));
	c->source_code = maybe(w, 30, pooled(w, "s", 12));
	c->nick = maybe(w, 40, ANY(nicks));
	c->phone = maybe(w, 40, pooled(w, "1380000000", 9));
	c->card_no = maybe(w, 30, pooled(w, "card", 9));
	c->name = maybe(w, 80, ANY(names));
}

static void plan_customer_merge(struct world *w, struct op *op)
{
	const struct m_home *h = home_of(w, op);
	op->cmd.customer_merge.into = chance(w, 2) ? TEXT("nobody's") : customer_id(w, h);
	op->cmd.customer_merge.from = chance(w, 2) ? TEXT_NONE : customer_id(w, h);
}

static void plan_customer_erase(struct world *w, struct op *op)
{
	op->cmd.customer_erase.customer_id =
	    chance(w, 2) ? TEXT_NONE : customer_id(w, home_of(w, op));
}

static void plan_customer_settle(struct world *w, struct op *op)
{
	op->cmd.customer_settle.n = chance(w, 50) ? SETTLE_MAX : (unsigned)roll(w, 4);
}

/* An id that the server would make soon: it must make another. */
static void plan_guess(struct world *w, struct op *op)
{
	struct m_home *h = home_of(w, op);
	uint64_t last;
	if (!h->given_out_n || !text_to_uint64(h->given_out[h->given_out_n - 1], &last))
		return plan_customer_save(w, op);
	last += 1 + roll(w, 6);
	op->cmd.customer_save.customer = (struct customer){
	    .customer_id = keep_format(w, "%llu", (unsigned long long)last), .name = ANY(names)};
}

/* --- templates --- */

static void plan_template(struct world *w, const struct m_home *h, struct template *t)
{
	t->template_id =
	    chance(w, 2) ? (chance(w, 50) ? 0 : (uint64_t)INT64_MAX + 1) : template_id(w, h);
	t->name = maybe(w, 90, ANY(words));
	t->type = maybe(w, 70, pooled(w, "", 7));
	t->has_amount = chance(w, 70);
	t->amount.fen = t->has_amount ? (int64_t)roll(w, 3) * 9950 : 0;
	t->has_threshold = chance(w, 40);
	t->threshold.fen = t->has_threshold ? (int64_t)roll(w, 3) * 100 : 0;
	some_span(w, &t->begin, &t->end);
	t->description = maybe(w, 30, ANY(words));
	t->has_total = chance(w, 40);
	t->total = t->has_total ? roll(w, 8) : 0;
	t->per_person = 1 + roll(w, 3);
}

static void plan_template_add(struct world *w, struct op *op)
{
	struct template_add_cmd *c = &op->cmd.template_add;
	struct m_home *h = home_of(w, op);
	struct object_parts *object = keep_bytes(w, sizeof(*object));
	plan_template(w, h, &c->template);
	object_add(w, object, "coupon_id",
		   keep_format(w, "%llu", (unsigned long long)c->template.template_id),
		   keep_format(w, "%llu", (unsigned long long)c->template.template_id));
	for (uint64_t n = roll(w, 4); n > 0; n--)
		object_add_noise(w, object, true);
	/* Often what is there already, in another spelling. */
	for (unsigned i = 0; i < h->template_n && chance(w, 40); i++) {
		const struct m_template *known = &h->templates[i];
		if (known->live && known->template_id == c->template.template_id &&
		    known->has_object && known->object.n < OBJECT_MEMBERS_MAX / 2)
			*object = known->object;
	}
	c->template.object = object_text(w, object);
	c->template.maker = MAKER_WJB;
	c->request = request(w);
	op->object = object;
}

static void plan_template_columns(struct world *w, struct op *op)
{
	struct template *t = &op->cmd.template_save.template;
	struct m_home *h = home_of(w, op);
	plan_template(w, h, t);
	t->shops = maybe(w, 20, TEXT("01,02"));
	t->categories = maybe(w, 20, TEXT("1001"));
	t->channel = maybe(w, 50, ANY(channels));
	for (unsigned i = 0; i < h->template_n && chance(w, 50);
	     i++) { /* the same again, or almost */
		const struct m_template *k = &h->templates[i];
		if (!k->live || k->template_id != t->template_id)
			continue;
		*t = (struct template){.template_id = k->template_id,
				       .name = k->name,
				       .type = k->type,
				       .has_amount = k->has_amount,
				       .amount = {k->amount},
				       .has_threshold = k->has_threshold,
				       .threshold = {k->threshold},
				       .begin = k->begin,
				       .end = k->end,
				       .shops = k->shops,
				       .categories = k->categories,
				       .description = k->description,
				       .channel = k->channel,
				       .has_total = k->has_total,
				       .total = k->total,
				       .per_person = k->per_person};
		if (chance(w, 50))
			t->total = t->has_total ? t->total + 1 : 0;
	}
}

/* Columns alone, or all its terms; sometimes what is there, as a file that was exported has it. */
static void plan_template_save(struct world *w, struct op *op)
{
	struct template_save_cmd *c = &op->cmd.template_save;
	struct m_home *h = home_of(w, op);
	plan_template_columns(w, op);
	if (!chance(w, 40))
		return;
	c->has_terms = true;
	c->template = (struct template){.template_id = c->template.template_id};
	plan_rules(w, &c->template);
	for (unsigned i = 0; i < h->template_n && chance(w, 30); i++)
		if (h->templates[i].live && h->templates[i].template_id == c->template.template_id)
			c->template = model_template(&h->templates[i]);
	c->template.maker = 0;
}

static void plan_template_delete(struct world *w, struct op *op)
{
	op->cmd.template_delete.template_id = template_id(w, home_of(w, op));
	op->cmd.template_delete.request = request(w);
}

/* --- coupons --- */

static void plan_coupon_issue(struct world *w, struct op *op)
{
	struct coupon_issue_cmd *c = &op->cmd.coupon_issue;
	unsigned n = 1 + (unsigned)roll(w, chance(w, 4) ? SPI_NICKS_MAX : 7);
	struct text *list = keep_bytes(w, n * sizeof(*list));
	for (unsigned i = 0; i < n; i++) {
		list[i] = ANY(nicks);
		if (chance(w, 2))
			list[i] = chance(w, 50) ? TEXT_NONE : keep_format(w, "%0101d", 7);
		if (chance(w, 1))
			list[i] = keep_format(w, "%0100d", 7);
	}
	c->template_id = template_id(w, home_of(w, op));
	c->nicks = list;
	c->n = n;
	c->request = request(w);
	c->number = maybe(w, 12, pooled(w, "old", 12));
}

static void plan_coupon_import(struct world *w, struct op *op)
{
	struct coupon_import_cmd *c = &op->cmd.coupon_import;
	struct m_home *h = home_of(w, op);
	c->code = coupon_code_known(w, h);
	c->template_id = template_id(w, h);
	c->customer_id = maybe(w, 50, customer_id(w, h));
	c->phone = maybe(w, 25, pooled(w, "1380000000", 9));
	c->card_no = maybe(w, 20, pooled(w, "card", 9));
	c->nick = maybe(w, 25, ANY(nicks));
	c->channel = maybe(w, 40, ANY(channels));
	c->state = chance(w, 2) ? COUPON_EXPIRED : (enum coupon_state)roll(w, COUPON_EXPIRED);
	c->issued = chance(w, 40) ? whole_second(w, -1000000, 0) : INSTANT_NONE;
	if (chance(w, 40))
		some_span(w, &c->begin, &c->end);
	c->attribute = maybe(w, 20, TEXT("{\"firstName\":\"Bill\"}"));
	for (unsigned i = 0; i < h->coupon_n && chance(w, 40); i++) { /* the same row again */
		const struct m_coupon *k = &h->coupons[i];
		if (!text_equal(k->code, c->code))
			continue;
		c->template_id = h->templates[k->template].template_id;
		c->customer_id = k->customer >= 0 ? h->customers[k->customer].id : TEXT_NONE;
		c->phone = c->card_no = c->nick = TEXT_NONE;
		c->state = k->state;
		c->channel = maybe(w, 50, k->channel);
		c->issued = k->issued;
		c->begin = k->begin;
		c->end = k->end;
		c->attribute = k->attribute;
	}
}

static void plan_request_forget(struct world *w, struct op *op)
{
	op->cmd.request_forget.class = chance(w, 80) ? REQUEST_DIALECT : REQUEST_NATIVE;
	op->cmd.request_forget.n = (unsigned)roll(w, 40);
}

/* --- the store itself --- */

static void plan_merchant_add(struct world *w, struct op *op)
{
	/* Only names that are there: merchants are made in the first step. */
	op->cmd.merchant_add.name =
	    chance(w, 10) ? TEXT_NONE : w->homes[1 + roll(w, w->home_n - 1)].name;
	op->cmd.merchant_add.may_exist = chance(w, 50);
}

static void plan_credential_add(struct world *w, struct op *op)
{
	struct credential *c = &op->cmd.credential_add.credential;
	c->dialect = 1 + roll(w, 4); /* a native key's name is made from its secret */
	c->name = maybe(w, 97, pooled(w, "key", 6));
	c->owner = chance(w, 5) ? 999 : w->homes[1 + roll(w, w->home_n - 1)].number;
	c->secret = maybe(w, 97, pooled(w, "secret", 9));
	c->token = maybe(w, 50, pooled(w, "token", 9));
	c->sign_mode = roll(w, 3);
	c->typed = chance(w, 50);
	c->require_session = chance(w, 50);
	c->skew_s = roll(w, 3) * 60;
	c->trusted = maybe(w, 30, TEXT("10.0.0.0/8"));
	op->cmd.credential_add.may_exist = chance(w, 50);
}

static void plan_origin_create(struct world *w, struct op *op)
{
	op->cmd.origin_create.epoch = roll(w, 1 << 20);
}

static void plan_origin_restore(struct world *w, struct op *op)
{
	op->cmd.origin_restore.epoch = chance(w, 20) ? w->homes[0].epoch : roll(w, 1 << 20);
}

/* --- the mix --- */

struct mix {
	enum command command;
	void (*plan)(struct world *w, struct op *op);
	unsigned weight;
};
#define MIX(name, weight)                           \
	{                                           \
		COMMAND_##name, plan_##name, weight \
	}
static const struct mix mixes[] = {
    MIX(department_save, 5), MIX(customer_save, 10),  MIX(template_add, 7),
    MIX(template_save, 6),   MIX(template_delete, 3), MIX(coupon_issue, 16),
    MIX(coupon_import, 14),  MIX(campaign_add, 6),    MIX(campaign_modify, 8),
    MIX(campaign_save, 9),   MIX(campaign_delete, 4), MIX(audience_add, 9),
    MIX(audience_clear, 4),  MIX(audience_invite, 5), MIX(audience_register, 7),
    MIX(request_forget, 2),  MIX(template_make, 7),   MIX(template_change, 9),
    MIX(coupon_grant, 28),   MIX(coupon_change, 30),  MIX(coupon_redeem, 30),
    MIX(coupon_reverse, 16), MIX(customer_merge, 6),  MIX(customer_settle, 4),
};
static const struct mix sweep_mixes[] = {MIX(campaign_sweep, 2), MIX(hold_sweep, 4),
					 MIX(customer_settle, 4)};
static const struct mix store_mixes[] = {MIX(merchant_add, 4), MIX(credential_add, 8),
					 MIX(origin_create, 1), MIX(origin_restore, 2)};

/* Nothing of these makes the model larger: long seeds go on with changes. */
static const struct mix full_mixes[] = {{COMMAND_campaign_modify, plan_change, 6},
					MIX(audience_invite, 2),
					MIX(audience_register, 3),
					MIX(request_forget, 1)};

static void plan_from(struct world *w, struct op *op, const struct mix *rows, size_t n)
{
	unsigned all = 0, i = 0;
	for (size_t j = 0; j < n; j++)
		all += rows[j].weight;
	unsigned at = (unsigned)roll(w, all);
	for (; at >= rows[i].weight; i++)
		at -= rows[i].weight;
	op->command = rows[i].command;
	rows[i].plan(w, op);
}

/* Room for one batch that makes as much as it can. */
static bool is_full(const struct m_home *h)
{
	return h->department_n + OPS_MAX >= DEPARTMENTS_OF_MODEL ||
	       h->customer_n + OPS_MAX * 10 >= CUSTOMERS_OF_MODEL ||
	       h->template_n + OPS_MAX >= TEMPLATES_OF_MODEL ||
	       h->coupon_n + OPS_MAX * SPI_NICKS_MAX >= COUPONS_OF_MODEL ||
	       h->campaign_n + OPS_MAX >= CAMPAIGNS_OF_MODEL ||
	       h->request_n + OPS_MAX >= REQUESTS_OF_MODEL ||
	       h->event_n + OPS_MAX * (ORDER_COUPONS_MAX + 10) >= EVENTS_OF_MODEL ||
	       h->receipt_n + OPS_MAX * SPI_NICKS_MAX >= RECEIPTS_OF_MODEL;
}

static void plan_repeat(struct world *w, struct op *op)
{
	const struct op *old = &w->past[roll(w, w->past_n < PAST_MAX ? w->past_n : PAST_MAX)];
	op->command = old->command;
	op->home = old->home;
	op->cmd = old->cmd;
	op->object = old->object;
	if (chance(w, 15))
		plan_other_contents(w, op);
}

/* The first two, the first more often. */
static unsigned some_home(struct world *w)
{
	return 1 + (unsigned)(chance(w, 75) || w->one_home ? 0 : roll(w, ACTING - 1));
}

void plan_sweep(struct world *w, struct op *op)
{
	memset(op, 0, sizeof(*op));
	op->home = some_home(w);
	plan_from(w, op, sweep_mixes, COUNT_OF(sweep_mixes));
}

void plan_op(struct world *w, struct op *op, bool alone)
{
	memset(op, 0, sizeof(*op));
	if (!w->one_home && chance(w, 30)) {
		op->home = ACTING;
		plan_acting(w, op);
		return;
	}
	op->home = some_home(w);
	if (w->erases && chance(w, 1)) {
		op->command = COMMAND_customer_erase;
		plan_customer_erase(w, op);
	} else if (w->heap_used > HEAP_BYTES / 4 * 3) {
		op->command = COMMAND_request_forget;
		plan_request_forget(w, op);
	} else if (is_full(&w->homes[op->home])) {
		plan_from(w, op, full_mixes, COUNT_OF(full_mixes));
		return;
	} else if (alone && chance(w, 40) && model_all_learned(w, op->home)) {
		op->command = COMMAND_customer_save;
		plan_guess(w, op);
		return;
	} else if (w->past_n && chance(w, 15)) {
		plan_repeat(w, op);
	} else if (chance(w, 4)) {
		op->home = 0;
		plan_from(w, op, store_mixes, COUNT_OF(store_mixes));
	} else {
		plan_from(w, op, mixes, COUNT_OF(mixes));
	}
	if (op->command == COMMAND_request_forget)
		return;
	w->past[w->past_n++ % PAST_MAX] = *op;
}
