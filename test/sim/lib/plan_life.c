/*
 * Random commands of a coupon's life: few templates with tight limits, few orders, the newest
 * coupons most, ends and time-outs that lie close ahead.
 */
#include "plan.h"

enum { HOUR_S = 3600, DAY_S = 24 * HOUR_S, ORDERS = ORDERS_OF_MODEL };

static const char *const nicks[] = {PLAN_NICKS};
static const char *const shops[] = {"s1", "s2", "s3"};
static const char *const channels[] = {"erp", "pos", "app"};
static const char *const hours[] = {"1234567 0000-2359", "12345 0900-1730", "67 0000-2359"};
static const char *const groups[] = {"g1", "g2"};

/* --- what calls share --- */

static struct text digest(struct world *w)
{
	return keep_format(w, "%08llu%024d", (unsigned long long)++w->next_sign, 0);
}

/* A new number, one that was used with other contents now and then, or none. */
static struct request_number number(struct world *w)
{
	struct request_number n = {0};
	if (chance(w, 55))
		return n;
	n.key = chance(w, 8) ? pooled(w, "old", 12)
			     : keep_format(w, "no%llu", (unsigned long long)++w->next_sign);
	n.digest = digest(w);
	return n;
}

void plan_other_contents(struct world *w, struct op *op)
{
	struct request_number *n = NULL;
	switch ((unsigned)op->command) {
	case COMMAND_template_make:
		n = &op->cmd.template_make.request;
		break;
	case COMMAND_template_change:
		n = &op->cmd.template_change.request;
		break;
	case COMMAND_coupon_grant:
		n = &op->cmd.coupon_grant.request;
		break;
	case COMMAND_coupon_change:
		n = &op->cmd.coupon_change.request;
		break;
	case COMMAND_coupon_redeem:
		n = &op->cmd.coupon_redeem.request;
		break;
	case COMMAND_coupon_reverse:
		n = &op->cmd.coupon_reverse.request;
		break;
	default:
		return;
	}
	if (n->key.size)
		n->digest = digest(w);
}

static struct circumstances said(struct world *w)
{
	return (struct circumstances){.reason = maybe(w, 15, TEXT("why")),
				      .operator= maybe(w, 10, TEXT("op1")),
				      .shop = maybe(w, 60, ANY(shops))};
}

static struct customer someone(struct world *w, const struct m_home *h)
{
	const struct m_customer *known = some_customer(w, h);
	struct customer c = {0};
	uint64_t way = roll(w, 10);
	if (way < 5)
		c.nick = ANY(nicks);
	else if (way < 7)
		c.phone = pooled(w, "1380000000", 9);
	else if (way < 8)
		c.code = pooled(w, "k", 12);
	else if (way < 9)
		c.customer_id = known->id.size ? known->id : pooled(w, "c", 8);
	else if (chance(w, 80))
		c.card_no = pooled(w, "card", 9);
	if (chance(w, 12))
		c.phone = pooled(w, "1380000000", 9);
	if (chance(w, 8))
		c.nick = ANY(nicks);
	return c;
}

static int some_coupon(struct world *w, const struct m_home *h)
{
	unsigned n = h->coupon_n;
	if (!n)
		return -1;
	unsigned back = (unsigned)roll(w, chance(w, 75) ? (n < 24 ? n : 24) : n);
	return (int)(n - 1 - back);
}

static struct text typed(struct world *w, struct text code)
{
	char *other = keep_bytes(w, code.size + 2);
	size_t n = 0;
	for (size_t i = 0; i < code.size; i++) {
		char c = code.data[i];
		if (i == code.size / 2)
			other[n++] = '-';
		other[n++] = c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
	}
	return (struct text){other, n};
}

static struct text code_of(struct world *w, const struct m_home *h, int coupon)
{
	struct text code = coupon >= 0 ? h->coupons[coupon].code : TEXT_NONE;
	if (!code.size || chance(w, 1))
		return TEXT("nobody's");
	return chance(w, 4) ? typed(w, code) : code;
}

/* --- templates --- */

static void plan_benefit(struct world *w, struct template *t)
{
	static const enum benefit kinds[] = {
	    BENEFIT_AMOUNT_OFF, BENEFIT_AMOUNT_OFF, BENEFIT_PERCENT_OFF, BENEFIT_FREE_ITEM,
	    BENEFIT_BUY_GET,	BENEFIT_SHIPPING,   BENEFIT_NONE};
	t->benefit = kinds[roll(w, COUNT_OF(kinds))];
	t->has_amount = t->benefit == BENEFIT_AMOUNT_OFF || chance(w, 20);
	t->amount.fen = t->has_amount ? 1 + (int64_t)roll(w, 5) * 995 : 0;
	t->basis_points = t->benefit == BENEFIT_PERCENT_OFF ? 1 + roll(w, 9999) : 0;
	t->has_cap = chance(w, 15);
	t->cap.fen = t->has_cap ? (int64_t)roll(w, 3000) : 0;
	t->buy = t->benefit == BENEFIT_BUY_GET ? 1 + roll(w, 3) : 0;
	t->get = t->benefit == BENEFIT_BUY_GET ? 1 : 0;
	t->rounding = roll(w, ROUND_YUAN_DOWN + 1);
	t->splitting = roll(w, 2);
	t->has_threshold = chance(w, 30);
	t->threshold.fen = t->has_threshold ? (int64_t)roll(w, 3) * 2500 : 0;
}

static void plan_scope(struct world *w, struct template *t)
{
	t->shops_in = maybe(w, 12, chance(w, 50) ? TEXT("s1\ns2") : TEXT("s1"));
	t->shops_out = maybe(w, 8, TEXT("s3"));
	t->channels_in = maybe(w, 8, TEXT("app\npos"));
	t->categories_out = maybe(w, 10, TEXT("c1"));
	t->products_in = maybe(w, 8, TEXT("p1\np2"));
	t->hours = maybe(w, 15, ANY(hours));
	t->stack_group = maybe(w, 25, ANY(groups));
	t->exclusive = chance(w, 8);
	t->priority = roll(w, 3);
	t->per_order = chance(w, 15) ? 1 + roll(w, 2) : 0;
}

static void plan_limits(struct world *w, struct template *t)
{
	t->has_total = chance(w, 50);
	t->total = t->has_total ? 1 + roll(w, 14) : 0;
	t->per_person = chance(w, 40) ? PER_PERSON_NONE : 1 + roll(w, 4);
	t->per_day = chance(w, 20) ? 1 + roll(w, 6) : 0;
	t->per_person_day = chance(w, 20) ? 1 + roll(w, 2) : 0;
	t->uses = chance(w, 40) ? roll(w, 5) : 0;
	t->uses_per_person = chance(w, 20) ? 1 + roll(w, 3) : 0;
	/* The kind of period is the template's for good: a holding counts in one kind. */
	t->period = (t->template_id % 7) % (PERIOD_YEAR + 1);
	t->uses_per_period = t->period && chance(w, 50) ? 1 + roll(w, 2) : 0;
	t->has_budget = chance(w, 25);
	t->budget.fen = t->has_budget ? (int64_t)roll(w, 12) * 1000 : 0;
	t->give_back = chance(w, 60) ? GIVE_BACK_ALWAYS : roll(w, GIVE_BACK_NEVER + 1);
}

static void plan_dates(struct world *w, struct template *t)
{
	t->begin = t->end = INSTANT_NONE;
	t->starts_after_days = t->lasts_days = 0;
	t->is_relative = chance(w, 35);
	if (t->is_relative) {
		t->starts_after_days = chance(w, 30) ? 1 + roll(w, 2) : 0;
		t->lasts_days = 1 + roll(w, 4);
		return;
	}
	if (chance(w, 30))
		t->begin = whole_second(w, -3 * DAY_S, chance(w, 15) ? HOUR_S : -1);
	if (chance(w, 60))
		t->end =
		    whole_second(w, chance(w, 2) ? -DAY_S : 60, chance(w, 20) ? 300 : 12 * DAY_S);
}

static void plan_pattern(struct world *w, struct template *t)
{
	if (!chance(w, 25))
		return;
	t->code_prefix = maybe(w, 50, TEXT("PX"));
	t->code_charset = TEXT("ABCDEFGHJKLMNPQRSTUVWXYZ23456789");
	t->code_length = 10 + roll(w, 3);
	t->code_check = chance(w, 50);
}

/* What nobody may say. */
static void plan_slip(struct world *w, struct template *t)
{
	switch (roll(w, 6)) {
	case 0:
		t->name = TEXT_NONE;
		return;
	case 1:
		t->benefit = BENEFIT_AMOUNT_OFF;
		t->has_amount = false;
		return;
	case 2:
		t->per_person = 0;
		return;
	case 3:
		t->uses = USES_MAX + 1;
		return;
	case 4:
		t->is_relative = true;
		t->begin = t->end = INSTANT_NONE;
		t->lasts_days = 0;
		return;
	default:
		t->template_id = (uint64_t)INT64_MAX + 1;
	}
}

void plan_rules(struct world *w, struct template *t)
{
	t->name = chance(w, 50) ? TEXT("native") : TEXT("twenty off");
	t->description = maybe(w, 20, TEXT("words"));
	t->channel = maybe(w, 40, ANY(channels));
	plan_benefit(w, t);
	plan_scope(w, t);
	plan_limits(w, t);
	plan_dates(w, t);
}

void plan_template_make(struct world *w, struct op *op)
{
	struct template_make_cmd *c = &op->cmd.template_make;
	struct template *t = &c->template;
	t->template_id = chance(w, 40) ? 0 : 1 + roll(w, 30);
	plan_rules(w, t);
	plan_pattern(w, t);
	c->request = number(w);
	if (chance(w, 4))
		plan_slip(w, t);
}

/* As the client that gets, changes one thing, and puts. */
static void change_one(struct world *w, struct template *t)
{
	struct template other = *t;
	plan_rules(w, &other);
	switch (roll(w, 8)) {
	case 0:
		t->has_total = other.has_total;
		t->total = other.total;
		return;
	case 1:
		t->per_person = other.per_person;
		t->per_day = other.per_day;
		t->per_person_day = other.per_person_day;
		return;
	case 2:
		t->has_budget = other.has_budget;
		t->budget = other.budget;
		return;
	case 3:
		t->uses = other.uses;
		return;
	case 4:
		t->uses_per_person = other.uses_per_person;
		t->uses_per_period = t->period ? other.uses_per_period : 0;
		return;
	case 5:
		plan_benefit(w, t);
		return;
	case 6:
		plan_scope(w, t);
		return;
	default:
		plan_dates(w, t);
	}
}

static const struct m_template *some_template(struct world *w, const struct m_home *h, bool native)
{
	for (unsigned tries = 0; tries < 8 && h->template_n; tries++) {
		const struct m_template *t = &h->templates[roll(w, h->template_n)];
		if (t->live && t->template_id && (!native || t->maker == MAKER_NATIVE))
			return t;
	}
	return NULL;
}

void plan_template_change(struct world *w, struct op *op)
{
	struct template_change_cmd *c = &op->cmd.template_change;
	const struct m_template *t = some_template(w, home_of(w, op), chance(w, 85));
	c->request = number(w);
	c->recast = chance(w, 30);
	if (!t || t->more.edition + OPS_MAX + 1 >= EDITIONS_OF_MODEL) {
		plan_rules(w, &c->template);
		c->template_id = 1000;
		return;
	}
	c->template_id = t->template_id;
	c->template = model_template(t);
	c->template.name = t->name.size ? t->name : TEXT("native");
	change_one(w, &c->template);
	if (chance(w, 10))
		c->revision = t->more.revision + (chance(w, 70) ? 1 : 2);
	if (chance(w, 2))
		plan_slip(w, &c->template);
}

/* --- coupons --- */

static uint64_t native_template(struct world *w, const struct m_home *h)
{
	const struct m_template *t = some_template(w, h, chance(w, 80));
	return t && chance(w, 97) ? t->template_id : template_id(w, h);
}

static void plan_codes(struct world *w, struct coupon_grant_cmd *c, unsigned n)
{
	struct text *codes = keep_bytes(w, n * sizeof(*codes));
	for (unsigned i = 0; i < n; i++)
		codes[i] = keep_format(w, "G%llu", (unsigned long long)roll(w, 400));
	if (chance(w, 2))
		codes[0] = TEXT_NONE;
	c->codes = codes;
}

void plan_coupon_grant(struct world *w, struct op *op)
{
	static const uint64_t holds[] = {0, 1, 60, 600, HOUR_S, 5 * HOUR_S};
	struct coupon_grant_cmd *c = &op->cmd.coupon_grant;
	const struct m_home *h = home_of(w, op);
	c->template_id = native_template(w, h);
	c->n = chance(w, 15) ? 0 : 1 + (unsigned)(chance(w, 60) ? 0 : roll(w, 4));
	c->count = (unsigned)roll(w, chance(w, 80) ? 2 : 4);
	struct customer *holders = keep_bytes(w, (c->n + 1) * sizeof(*holders));
	for (unsigned i = 0; i < c->n; i++)
		holders[i] = someone(w, h);
	c->holders = holders;
	c->hold = chance(w, 25);
	c->hold_s = c->hold ? holds[roll(w, COUNT_OF(holds))] : 0;
	if (chance(w, 30))
		c->said = said(w);
	c->said.order_no = maybe(w, 5, TEXT("paid"));
	if (chance(w, 12))
		plan_codes(w, c, (c->n ? c->n : 1) * (c->count ? c->count : 1));
	c->request = number(w);
	if (chance(w, 1))
		c->count = GRANT_MAX + 1;
}

void plan_coupon_change(struct world *w, struct op *op)
{
	static const enum event_kind verbs[] = {EVENT_CONFIRMED, EVENT_RELEASED, EVENT_ASSIGNED,
						EVENT_FROZEN,	 EVENT_UNFROZEN, EVENT_RECALLED,
						EVENT_EXTENDED,	 EVENT_REISSUED, EVENT_TRANSFERRED};
	struct coupon_change_cmd *c = &op->cmd.coupon_change;
	const struct m_home *h = home_of(w, op);
	int at = some_coupon(w, h);
	const struct m_coupon *k = at >= 0 ? &h->coupons[at] : NULL;
	c->code = code_of(w, h, at);
	c->verb = verbs[roll(w, COUNT_OF(verbs))];
	if (k && k->held && chance(w, 60))
		c->verb = chance(w, 70) ? EVENT_CONFIRMED : EVENT_RELEASED;
	else if (k && k->state == COUPON_FROZEN && chance(w, 50))
		c->verb = EVENT_UNFROZEN;
	else if (k && k->customer < 0 && chance(w, 50))
		c->verb = EVENT_ASSIGNED;
	c->said = said(w);
	c->request = number(w);
	c->holder = someone(w, h);
	if (k && chance(w, 8))
		c->revision = k->revision + (chance(w, 70) ? 1 : 2);
	if (c->verb == EVENT_FROZEN && chance(w, 70))
		c->until = whole_second(w, chance(w, 5) ? -60 : 1, chance(w, 50) ? 60 : DAY_S);
	if (c->verb == EVENT_EXTENDED && k && chance(w, 95))
		c->until = k->end.ms && chance(w, 85)
			       ? instant_of_second(k->end.ms / 1000 + (int64_t)roll(w, DAY_S))
			       : whole_second(w, -60, DAY_S);
}

static struct text order_no(struct world *w)
{
	return pooled(w, "order", ORDERS);
}

static void plan_cart(struct world *w, struct cart *cart)
{
	cart->shop = maybe(w, 75, ANY(shops));
	cart->channel = maybe(w, 60, ANY(channels));
	if (chance(w, 25)) {
		unsigned n = 1 + (unsigned)roll(w, 4);
		struct cart_item *items = keep_bytes(w, n * sizeof(*items));
		for (unsigned i = 0; i < n; i++)
			items[i] = (struct cart_item){.product = pooled(w, "p", 3),
						      .category = maybe(w, 80, pooled(w, "c", 2)),
						      .price = {(int64_t)roll(w, 4000)},
						      .quantity = 1 + roll(w, 3)};
		cart->items = items;
		cart->n = n;
	} else if (chance(w, 92)) {
		cart->has_amount = true;
		cart->amount.fen = (int64_t)roll(w, chance(w, 50) ? 3000 : 20000);
		if (chance(w, 1))
			cart->amount.fen = -1;
	}
}

/* Which of several goes first may hang on their ids: only those that are known. */
static unsigned plan_several(struct world *w, const struct m_home *h, struct text *codes)
{
	unsigned n = 2 + (unsigned)roll(w, 4), made = 0;
	for (unsigned i = 0; i < n; i++) {
		int at = some_coupon(w, h);
		if (at >= 0 && h->coupons[at].id && h->coupons[at].code.size)
			add_item(codes, &made, h->coupons[at].code);
	}
	if (made && chance(w, 3))
		codes[made++] = codes[0];
	return made;
}

void plan_coupon_redeem(struct world *w, struct op *op)
{
	struct coupon_redeem_cmd *c = &op->cmd.coupon_redeem;
	const struct m_home *h = home_of(w, op);
	struct text *codes = keep_bytes(w, 8 * sizeof(*codes));
	int at = some_coupon(w, h);
	c->codes = codes;
	c->said.operator= maybe(w, 10, TEXT("op1"));
	c->request = number(w);
	plan_cart(w, &c->cart);
	c->said.shop = c->cart.shop;
	c->said.order_no = maybe(w, 40, order_no(w));
	if (chance(w, 30)) {
		c->n = plan_several(w, h, codes);
		c->said.order_no = chance(w, 97) ? order_no(w) : TEXT_NONE;
		return;
	}
	codes[0] = code_of(w, h, at);
	c->n = chance(w, 1) ? 0 : 1;
	if (at >= 0 && chance(w, 8))
		c->revision = h->coupons[at].revision + (chance(w, 70) ? 1 : 2);
}

/* One that was redeemed, if a few looks find it. */
static int used_coupon(struct world *w, const struct m_home *h)
{
	int at = -1;
	for (unsigned tries = 0; tries < 10; tries++) {
		at = some_coupon(w, h);
		if (at >= 0 && h->coupons[at].used)
			break;
	}
	return at;
}

void plan_coupon_reverse(struct world *w, struct op *op)
{
	struct coupon_reverse_cmd *c = &op->cmd.coupon_reverse;
	const struct m_home *h = home_of(w, op);
	int at = used_coupon(w, h);
	c->cause = chance(w, 50) ? CAUSE_CANCEL : CAUSE_REFUND;
	c->said = said(w);
	c->request = number(w);
	if (chance(w, 25)) {
		c->order_no = h->order_n && chance(w, 90) ? h->orders[roll(w, h->order_n)].order_no
							  : order_no(w);
	} else if (chance(w, 99)) {
		c->code = code_of(w, h, at);
		c->number = at >= 0 && chance(w, 15) ? 1 + roll(w, h->coupons[at].revision + 1) : 0;
		c->order_no = maybe(w, 5, order_no(w));
	}
	c->has_amount = chance(w, 35);
	c->amount.fen = c->has_amount ? (int64_t)roll(w, chance(w, 50) ? 3000 : 12000) : 0;
	if (at >= 0 && c->code.size && chance(w, 6))
		c->revision = h->coupons[at].revision + (chance(w, 70) ? 1 : 2);
}

int64_t plan_span_to_edge(struct world *w)
{
	static const int64_t off_ms[] = {-1, 0, 1, 999, 1000};
	static const int64_t DAY_MS = 24 * 3600 * 1000, EAST_MS = 8 * 3600 * 1000;
	const struct m_home *h = &w->homes[1];
	int64_t now = atomic_load(&w->clock_ms), at = now;
	const struct m_coupon *c = h->coupon_n ? &h->coupons[roll(w, h->coupon_n)] : NULL;
	if (!c || chance(w, 30))
		at = ((now + EAST_MS) / DAY_MS + 1) * DAY_MS - EAST_MS;
	else
		at = c->until.ms && chance(w, 60) ? c->until.ms : c->end.ms;
	at += off_ms[roll(w, COUNT_OF(off_ms))];
	return at > now && at < now + 3 * DAY_MS ? at - now : 0;
}

void plan_hold_sweep(struct world *w, struct op *op)
{
	op->cmd.hold_sweep.n = chance(w, 70) ? HOLDS_SWEEP_MAX : (unsigned)roll(w, 4);
}
