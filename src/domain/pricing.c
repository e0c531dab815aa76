/* See pricing.h. */
#include "domain/pricing.h"
#include "base/varint.h"
#include "domain/check.h"
#include "domain/coupon.h"
#include "domain/days.h"
#include "domain/holders.h"
#include "domain/template.h"
#include "domain/terms.h"

/* --- counters --- */

void counters_want(struct tx *tx, const struct coupon *c)
{
	store_want(tx, TABLE_TALLY, &(struct tally){.kind = TALLY_REDEEMED, .of = c->template});
	store_want(tx, TABLE_TALLY, &(struct tally){.kind = TALLY_SPENT, .of = c->template});
}

static bool counts_holder(const struct coupon *c, const struct template *t)
{
	return c->customer && (t->uses_per_person || t->uses_per_period);
}

static void want_holder(struct tx *tx, const struct coupon *c, const struct template *t)
{
	if (!counts_holder(c, t))
		return;
	store_want(tx, TABLE_CUSTOMER, &(struct customer){.number = c->customer});
	store_want(tx, TABLE_HOLDING,
		   &(struct holding){.customer = c->customer, .template = t->number});
}

/* Uses count for the person, whichever of the merged customers holds the coupon. */
static enum fault load_holder(struct tx *tx, const struct template *t, struct counters *c)
{
	struct customer holder = {.number = c->holder};
	c->per_holder = true;
	TRY(get_named(tx, TABLE_CUSTOMER, &holder));
	TRY(customer_follow(tx, &holder));
	c->holder = holder.number;
	TRY(holding_get(tx, holder.number, t->number, &c->holding));
	return holding_elsewhere(tx, &holder, t->number, &c->elsewhere);
}

enum fault counters_load(struct tx *tx, const struct env *env, const struct coupon *coupon,
			 const struct template *terms, struct counters *ret)
{
	int64_t day = day_of(env->instant, env->from_utc8);
	*ret = (struct counters){.template = terms->number,
				 .customer = coupon->customer,
				 .holder = coupon->customer,
				 .day = day > 0 ? (uint64_t)day : 0,
				 .period = period_number((enum period)terms->period, day)};
	counters_want(tx, coupon);
	want_holder(tx, coupon, terms);
	TRY(tally_guess(tx, TALLY_REDEEMED, terms->number, &ret->redeemed));
	TRY(tally_guess(tx, TALLY_SPENT, terms->number, &ret->spent));
	return counts_holder(coupon, terms) ? load_holder(tx, terms, ret) : OK;
}

void counters_want_back(struct tx *tx, const struct coupon *coupon, const struct event *redemption)
{
	uint64_t holder = redemption->counted_for;
	counters_want(tx, coupon);
	if (!holder)
		return;
	store_want(tx, TABLE_CUSTOMER, &(struct customer){.number = holder});
	store_want(tx, TABLE_HOLDING,
		   &(struct holding){.customer = holder, .template = coupon->template});
}

enum fault counters_want_person(struct tx *tx, const struct event *redemption)
{
	struct customer holder = {.number = redemption->counted_for};
	if (!holder.number)
		return OK;
	TRY(get_named(tx, TABLE_CUSTOMER, &holder));
	customer_want_person(tx, &holder);
	return OK;
}

/* The merchant's zone may have changed since. */
static uint64_t period_of(const struct env *env, const struct template *terms,
			  const struct event *redemption)
{
	int64_t day =
	    redemption->day ? (int64_t)redemption->day : day_of(redemption->at, env->from_utc8);
	return period_number((enum period)terms->period, day);
}

enum fault counters_load_back(struct tx *tx, const struct env *env, const struct use_back *use,
			      const struct holdings *changed, struct counters *ret)
{
	uint64_t template = use->coupon->template;
	*ret = (struct counters){.template = template,
				 .customer = use->coupon->customer,
				 .holder = use->redemption->counted_for,
				 .per_holder = use->redemption->counted_for != 0,
				 .period = period_of(env, use->terms, use->redemption)};
	counters_want_back(tx, use->coupon, use->redemption);
	TRY(tally_guess(tx, TALLY_REDEEMED, template, &ret->redeemed));
	TRY(tally_guess(tx, TALLY_SPENT, template, &ret->spent));
	if (!ret->per_holder)
		return OK;
	const struct counted counted = {ret->holder, template, .use = true, .period = ret->period};
	TRY(holding_of_counted(tx, &counted, changed, &ret->holding));
	ret->holder = ret->holding.customer;
	return OK;
}

static uint64_t in_period(const struct counters *c)
{
	return (c->holding.period == c->period ? c->holding.period_used : 0) +
	       (c->elsewhere.period == c->period ? c->elsewhere.period_used : 0);
}

static uint64_t left_of(uint64_t limit, uint64_t used)
{
	return !limit ? UINT64_MAX : limit > used ? limit - used : 0;
}

static struct cart_coupon cart_coupon_of(const struct counters *c, uint64_t id,
					 const struct template *t)
{
	int64_t spent = (int64_t)c->spent.count;
	return (struct cart_coupon){
	    .id = id,
	    .terms = t,
	    .customer = c->holder,
	    .uses_left = left_of(c->per_holder ? t->uses_per_person : 0,
				 c->holding.used + c->elsewhere.used),
	    .uses_spare = left_of(c->per_holder ? t->uses_per_period : 0, in_period(c)),
	    .budget_left = !t->has_budget	   ? INT64_MAX
			   : t->budget.fen > spent ? t->budget.fen - spent
						   : 0};
}

static void count_use(struct counters *c, const struct template *terms, struct money discount)
{
	c->redeemed.count++;
	c->spent.count += (uint64_t)discount.fen;
	if (c->spent.count > INT64_MAX) /* it is money elsewhere */
		c->spent.count = INT64_MAX;
	if (!c->per_holder)
		return;
	c->holding.used++;
	if (!terms->period)
		return;
	c->holding.period_used = c->holding.period == c->period ? c->holding.period_used + 1 : 1;
	c->holding.period = c->period;
}

void pricing_use(struct pricing *p, unsigned coupon)
{
	struct counters *mine = &p->counters[p->counter_of[coupon]];
	count_use(mine, &p->terms[coupon], p->priced[coupon].discount);
	for (unsigned i = 0; i < p->counter_count; i++) {
		if (p->counters[i].template != mine->template)
			continue;
		p->counters[i].redeemed = mine->redeemed;
		p->counters[i].spent = mine->spent;
	}
}

static uint64_t less(uint64_t count, uint64_t by)
{
	return count > by ? count - by : 0;
}

void counters_give_back(struct counters *c, struct money discount, bool use)
{
	c->spent.count = less(c->spent.count, (uint64_t)discount.fen);
	if (!use)
		return;
	c->redeemed.count = less(c->redeemed.count, 1);
	if (!c->per_holder)
		return;
	c->holding.used = less(c->holding.used, 1);
	if (c->holding.period == c->period)
		c->holding.period_used = less(c->holding.period_used, 1);
}

void counters_put(struct tx *tx, struct counters *c)
{
	store_put(tx, TABLE_TALLY, &c->redeemed);
	store_put(tx, TABLE_TALLY, &c->spent);
	if (c->per_holder)
		store_put(tx, TABLE_HOLDING, &c->holding);
}

/* --- what the order has already --- */

void pricing_want(struct tx *tx, struct text order_no)
{
	if (order_no.size)
		store_want(tx, TABLE_PURCHASE, &(struct purchase){.order_no = order_no});
}

enum fault purchase_read(const struct env *env, const struct purchase *p, struct purchase_use **ret,
			 unsigned *ret_n)
{
	struct text from = p->uses;
	struct purchase_use *uses = ARENA_ARRAY(env->arena, struct purchase_use, from.size / 2 + 1);
	unsigned n = 0;
	ROOM(uses);
	while (from.size) {
		if (!varint_take(&from, &uses[n].id) || !varint_take(&from, &uses[n].number))
			return FAULT_DATA_DAMAGED;
		n++;
	}
	*ret = uses;
	*ret_n = n;
	return OK;
}

static enum fault use_stands(const struct env *env, const struct purchase_use *use, bool *ret)
{
	struct timeline timeline;
	TRY(timeline_read(env, &use->coupon, &timeline));
	*ret = !timeline_given_back(&timeline, use->number).all;
	return OK;
}

/* All that were ever redeemed under it. */
static enum fault want_before(struct tx *tx, const struct env *env, struct pricing *p)
{
	TRY(purchase_read(env, &p->purchase, &p->before, &p->before_count));
	for (unsigned i = 0; i < p->before_count; i++)
		store_want_unique(tx, UNIQUE_COUPON_BY_ID, &(struct coupon){.id = p->before[i].id});
	return OK;
}

/* Those that stand. */
static enum fault find_before(struct tx *tx, const struct env *env, struct pricing *p)
{
	struct purchase_use *uses = p->before;
	unsigned n = p->before_count;
	bool stands;
	p->before_count = 0;
	for (unsigned i = 0; i < n; i++) {
		uses[i].coupon.id = uses[i].id;
		TRY(find_named(tx, UNIQUE_COUPON_BY_ID, &uses[i].coupon));
		TRY(use_stands(env, &uses[i], &stands));
		if (stands)
			uses[p->before_count++] = uses[i];
	}
	for (unsigned i = 0; i < p->before_count; i++)
		store_want(tx, TABLE_TEMPLATE,
			   &(struct template){.number = uses[i].coupon.template});
	return OK;
}

static enum fault load_before(struct tx *tx, struct pricing *p)
{
	struct purchase_use *uses = p->before;
	for (unsigned i = 0; i < p->before_count; i++) {
		uses[i].terms = (struct template){.number = uses[i].coupon.template};
		TRY(get_named(tx, TABLE_TEMPLATE, &uses[i].terms));
		terms_want_edition(tx, &uses[i].terms, uses[i].coupon.edition);
	}
	for (unsigned i = 0; i < p->before_count; i++) {
		struct template t = uses[i].terms;
		TRY(terms_of_edition(tx, &t, uses[i].coupon.edition, &uses[i].terms));
	}
	return OK;
}

/* --- loading --- */

static enum fault load_terms(struct tx *tx, struct pricing *p)
{
	for (unsigned i = 0; i < p->n; i++) {
		store_want(tx, TABLE_TEMPLATE, &(struct template){.number = p->of[i].template});
		if (p->of[i].customer)
			store_want(tx, TABLE_CUSTOMER,
				   &(struct customer){.number = p->of[i].customer});
	}
	for (unsigned i = 0; i < p->n; i++) {
		struct template t = {.number = p->of[i].template};
		TRY(get_named(tx, TABLE_TEMPLATE, &t));
		terms_want_edition(tx, &t, p->of[i].edition);
		want_holder(tx, &p->of[i], &t);
		p->terms[i] = t;
	}
	return OK;
}

/* Names what load_holder needs, of all coupons at once: limits of persons are never an edition's.
 */
static enum fault want_persons(struct tx *tx, const struct pricing *p)
{
	for (unsigned i = 0; i < p->n; i++) {
		const struct coupon *c = &p->of[i];
		struct customer holder = {.number = c->customer};
		if (!counts_holder(c, &p->terms[i]))
			continue;
		TRY(get_named(tx, TABLE_CUSTOMER, &holder));
		customer_want_person(tx, &holder);
		if (holder.alias_of)
			store_want(tx, TABLE_HOLDING,
				   &(struct holding){.customer = holder.alias_of,
						     .template = c->template});
	}
	return OK;
}

static enum fault load_editions(struct tx *tx, struct pricing *p)
{
	for (unsigned i = 0; i < p->n; i++) {
		struct template t = p->terms[i];
		TRY(terms_of_edition(tx, &t, p->of[i].edition, &p->terms[i]));
	}
	return OK;
}

/* Coupons of one template and person share them, also where a person's coupons still lie in several
 * wallets. */
static enum fault load_counters(struct tx *tx, const struct env *env, struct pricing *p, unsigned i)
{
	const struct coupon *c = &p->of[i];
	struct counters loaded;
	unsigned at = 0;
	while (at < p->counter_count &&
	       (p->counters[at].template != c->template || p->counters[at].customer != c->customer))
		at++;
	p->counter_of[i] = at;
	if (at < p->counter_count)
		return OK;
	TRY(counters_load(tx, env, c, &p->terms[i], &loaded));
	for (at = 0; at < p->counter_count; at++)
		if (p->counters[at].template == loaded.template &&
		    p->counters[at].holder == loaded.holder)
			break;
	if (at == p->counter_count)
		p->counters[p->counter_count++] = loaded;
	p->counter_of[i] = at;
	return OK;
}

static bool take(const struct env *env, struct pricing *p, unsigned n)
{
	p->terms = ARENA_ARRAY(env->arena, struct template, n + 1);
	p->counters = ARENA_ARRAY(env->arena, struct counters, n + 1);
	p->counter_of = ARENA_ARRAY(env->arena, unsigned, n + 1);
	return p->terms && p->counters && p->counter_of;
}

static uint64_t count_before(const struct pricing *p, uint64_t template)
{
	uint64_t count = 0;
	for (unsigned i = 0; i < p->before_count; i++)
		count += p->before[i].terms.number == template;
	return count;
}

/* All the coupons, then those that the order has. */
static enum fault set_asked(const struct env *env, struct pricing *p)
{
	unsigned n = p->n + p->before_count;
	p->asked = ARENA_ARRAY(env->arena, struct cart_coupon, n + 1);
	p->priced = ARENA_ARRAY(env->arena, struct priced, n + 1);
	ROOM(p->asked && p->priced);
	for (unsigned i = 0; i < p->n; i++)
		p->asked[i] =
		    cart_coupon_of(&p->counters[p->counter_of[i]], p->of[i].id, &p->terms[i]);
	for (unsigned i = 0; i < p->n; i++)
		p->asked[i].order_before = count_before(p, p->terms[i].number);
	for (unsigned i = 0; i < p->before_count; i++)
		p->asked[p->n + i] = (struct cart_coupon){.id = p->before[i].id,
							  .terms = &p->before[i].terms,
							  .uses_left = UINT64_MAX,
							  .uses_spare = UINT64_MAX,
							  .budget_left = INT64_MAX,
							  .locked = true};
	return OK;
}

enum fault pricing_load(struct tx *tx, const struct env *env, const struct coupon *of, unsigned n,
			struct text order_no, struct pricing *ret)
{
	*ret = (struct pricing){.n = n, .of = of};
	ROOM(take(env, ret, n));
	for (unsigned i = 0; i < n; i++)
		counters_want(tx, &of[i]);
	ret->purchase = (struct purchase){.order_no = order_no};
	if (order_no.size) {
		TRY(store_get_guess(tx, TABLE_PURCHASE, &ret->purchase, &ret->has_purchase));
		if (!ret->has_purchase)
			ret->purchase =
			    (struct purchase){.order_no = order_no, .created = env->instant};
	}
	if (ret->has_purchase)
		TRY(want_before(tx, env, ret));
	TRY(load_terms(tx, ret));
	TRY(want_persons(tx, ret));
	if (ret->has_purchase)
		TRY(find_before(tx, env, ret));
	TRY(load_editions(tx, ret));
	if (ret->has_purchase)
		TRY(load_before(tx, ret));
	for (unsigned i = 0; i < n; i++)
		TRY(load_counters(tx, env, ret, i));
	return set_asked(env, ret);
}

/* --- pricing --- */

enum fault pricing_alone(const struct env *env, struct code_key *key, const struct cart *cart,
			 struct pricing *p)
{
	for (unsigned i = 0; i < p->n; i++) {
		const struct coupon *c = &p->of[i];
		struct priced *priced = &p->priced[i];
		enum fault fault = life_allows(EVENT_REDEEMED, life_situation(env, c));
		priced->id = c->id;
		priced->code = code_of(key, env->arena, c);
		if (fault != OK)
			priced_refuse(priced, fault);
		if (!instant_is_none(c->begin) && env->now.ms < c->begin.ms)
			priced_refuse(priced, FAULT_COUPON_EARLY);
		if (fault == OK && c->used >= terms_uses(&p->terms[i]))
			priced_refuse(priced, FAULT_COUPON_REDEEMED);
		if (c->revision >= EVENTS_USE_MAX || c->timeline.size > TIMELINE_BYTES_MAX)
			priced_refuse(priced, FAULT_COUPON_WORN);
		cart_price(env->arena, env, cart, &p->asked[i], priced);
	}
	return env->arena->full ? FAULT_ANSWER_TOO_LARGE : OK;
}

enum fault pricing_together(const struct env *env, const struct cart *cart, struct pricing *p,
			    struct money *ret_discount, bool *ret_usable)
{
	unsigned n = p->n + p->before_count;
	ROOM(cart_apply(env->arena, cart, p->asked, p->priced, n, ret_discount));
	*ret_usable = true;
	for (unsigned i = 0; i < p->n; i++)
		*ret_usable &= p->priced[i].reason_count == 0;
	return OK;
}
