/*
 * Coupons as they are read: by code, in wallets, in the merchant's lists; with all that a dialect
 * shows of them.
 */
#include "domain/coupon.h"
#include "domain/check.h"
#include "domain/customer.h"
#include "domain/errand.h"
#include "domain/memo.h"
#include "domain/terms.h"
#include "domain/wallet.h"

enum { SLICE = 1000 };

enum coupon_state coupon_shown_state(const struct env *env, const struct coupon *c)
{
	enum coupon_state state = (enum coupon_state)c->state;
	if (state == COUPON_FROZEN && is_past(env, c->until))
		state = c->held ? COUPON_RECALLED : COUPON_UNUSED;
	if (state == COUPON_UNUSED && is_past(env, c->end))
		return COUPON_EXPIRED;
	return state;
}

void coupon_want_code(struct tx *tx, struct code_key *key, struct text code)
{
	if (!store_fetches(tx))
		return;
	struct coupon coupon = {.id = 1, .code = code};
	store_want_unique(tx, UNIQUE_COUPON_BY_CODE, &coupon);
	if (code_read(key, code, &coupon.id))
		store_want_unique(tx, UNIQUE_COUPON_BY_ID, &coupon);
}

enum fault coupon_find_by_code(struct tx *tx, struct code_key *key, struct text code,
			       struct coupon *ret, bool *ret_found)
{
	uint64_t id;
	*ret_found = false;
	if (!code.size)
		return OK;
	coupon_want_code(tx, key, code);
	if (code_read(key, code, &id)) {
		*ret = (struct coupon){.id = id};
		TRY(store_find(tx, UNIQUE_COUPON_BY_ID, ret, ret_found));
		/* A promise was answered with this one, before its provider gave it another. */
		if (*ret_found && (!ret->code.size || ret->errand))
			return OK;
	}
	*ret = (struct coupon){.id = 1, .code = code};
	return store_find(tx, UNIQUE_COUPON_BY_CODE, ret, ret_found);
}

enum fault holding_get(struct tx *tx, uint64_t customer, uint64_t template, struct holding *ret)
{
	bool found;
	*ret = (struct holding){.customer = customer, .template = template};
	TRY(store_get_guess(tx, TABLE_HOLDING, ret, &found));
	if (!found)
		*ret = (struct holding){.customer = customer, .template = template};
	return OK;
}

static void join_counter(uint64_t *span, uint64_t *count, uint64_t other_span, uint64_t other)
{
	if (other_span < *span)
		return;
	*count = other_span == *span ? *count + other : other;
	*span = other_span;
}

void holding_join(struct holding *into, const struct holding *from)
{
	into->issued += from->issued;
	into->used += from->used;
	join_counter(&into->day, &into->day_issued, from->day, from->day_issued);
	join_counter(&into->period, &into->period_used, from->period, from->period_used);
}

/* --- views --- */

struct viewer {
	struct tx *tx;
	const struct env *env;
	struct code_key key;
	struct memo templates, customers;
};

static enum fault viewer_init(struct viewer *v, struct tx *tx, const struct env *env, unsigned n)
{
	*v = (struct viewer){.tx = tx, .env = env, .key = code_key(tx)};
	ROOM(memo_init(&v->templates, env->arena, n) && memo_init(&v->customers, env->arena, n));
	return OK;
}

/* Those that it was issued under, where the template has others by now. */
static enum fault own_terms(struct viewer *v, const struct coupon *coupon,
			    const struct template **of)
{
	struct template *own = ARENA_NEW(v->env->arena, struct template);
	ROOM(own);
	TRY(terms_of_edition(v->tx, *of, coupon->edition, own));
	*of = own;
	return OK;
}

static enum fault view(struct viewer *v, const struct coupon *coupon, struct coupon_view *ret)
{
	*ret = (struct coupon_view){.coupon = coupon,
				    .code = code_of(&v->key, v->env->arena, coupon),
				    .state = coupon_shown_state(v->env, coupon)};
	TRY(memo_template(v->tx, v->env, &v->templates, coupon->template, &ret->template));
	if (coupon->edition < ret->template->edition)
		TRY(own_terms(v, coupon, &ret->template));
	if (coupon->customer)
		TRY(memo_customer(v->tx, v->env, &v->customers, coupon->customer, &ret->customer));
	return errand_promise_show(v->tx, v->env, coupon, ret);
}

/* Neighbours are mostly one customer's, and of few templates. */
static void want(struct tx *tx, const struct coupon *coupons, unsigned n)
{
	uint64_t template = 0, customer = 0;
	for (unsigned i = 0; store_fetches(tx) && i < n; i++) {
		const struct coupon *c = &coupons[i];
		if (c->template != template)
			store_want(tx, TABLE_TEMPLATE, &(struct template){.number = c->template});
		if (c->customer && c->customer != customer)
			store_want(tx, TABLE_CUSTOMER, &(struct customer){.number = c->customer});
		errand_promise_want(tx, c);
		template = c->template;
		customer = c->customer;
	}
}

/* `holder`: most of them are hers; NULL: nobody's in particular. */
static enum fault view_all(struct tx *tx, const struct env *env, const struct customer *holder,
			   const struct coupon *coupons, unsigned n, struct coupon_view **ret)
{
	struct viewer v;
	struct coupon_view *rows = ARENA_ARRAY(env->arena, struct coupon_view, n + 1);
	ROOM(rows);
	TRY(viewer_init(&v, tx, env, n));
	want(tx, coupons, n);
	if (holder)
		memo_keep_customer(&v.customers, holder);
	for (unsigned i = 0; store_fetches(tx) && i < n; i++) {
		const struct template *t;
		TRY(memo_template(tx, env, &v.templates, coupons[i].template, &t));
		terms_want_edition(tx, t, coupons[i].edition);
	}
	for (unsigned i = 0; i < n; i++)
		TRY(view(&v, &coupons[i], &rows[i]));
	*ret = rows;
	return OK;
}

enum fault coupon_view_all(struct tx *tx, const struct env *env, const struct coupon *coupons,
			   unsigned n, struct coupon_view **ret)
{
	return view_all(tx, env, NULL, coupons, n, ret);
}

/* --- walking a wallet --- */

struct walk {
	const struct customer *customer;
	struct text channel; /* empty: all */
	bool has_state;
	enum coupon_state state; /* as shown */
	uint64_t skip;
	unsigned n; /* room in rows */
	bool oldest_first;
	bool to_the_end;   /* the count of all is wanted */
	struct text field; /* named when the walk would be too long */
	/* out */
	struct coupon *rows;
	unsigned found;
	uint64_t count; /* of those that fit, as far as was walked */
};

static bool fits(const struct env *env, const struct walk *w, const struct coupon *c)
{
	return (!w->channel.size || text_equal(w->channel, c->channel)) &&
	       (!w->has_state || w->state == coupon_shown_state(env, c));
}

static void pick(const struct env *env, struct walk *w, const struct coupon *rows, unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		if (!fits(env, w, &rows[i]))
			continue;
		if (w->count >= w->skip && w->found < w->n)
			w->rows[w->found++] = rows[i];
		w->count++;
	}
}

static enum fault refuse_walk(struct tx *tx, const struct env *env, struct text field)
{
	struct text limit = arena_format(env->arena, "%d", WALLET_WALK_MAX);
	return refuse(tx, FAULT_LIMIT_REACHED, field, limit);
}

static enum fault walk(struct tx *tx, const struct env *env, struct walk *w)
{
	struct page page = {.n = SLICE, .oldest_first = w->oldest_first};
	struct wallet wallet;
	w->rows = ARENA_ARRAY(env->arena, struct coupon, w->n + 1);
	ROOM(w->rows);
	for (uint64_t from = 0; from < WALLET_WALK_MAX; from += SLICE) {
		struct page slice = page;
		slice.list = LIST_WALLET;
		slice.owner = &(struct coupon){.customer = w->customer->number};
		slice.from = from;
		store_want_page(tx, &slice);
		if (!w->to_the_end)
			break;
	}
	TRY(wallet_open(tx, w->customer, &wallet));
	if (w->to_the_end && wallet.count > WALLET_WALK_MAX)
		return refuse_walk(tx, env, w->field);
	while (page.from < wallet.count && (w->to_the_end || w->found < w->n)) {
		struct coupon *rows;
		unsigned n;
		if (page.from >= WALLET_WALK_MAX)
			return refuse_walk(tx, env, w->field);
		TRY(wallet_page(tx, env, &wallet, &page, &rows, &n));
		pick(env, w, rows, n);
		page.from += SLICE;
	}
	return OK;
}

/* --- coupon_query --- */

/* Phone and card must be the same customer's; *ret_found false: nobody fits. */
static enum fault find_holder(struct tx *tx, const struct coupon_query_cmd *c, struct customer *ret,
			      bool *ret_found)
{
	struct customer by_card;
	*ret_found = true;
	customer_want_phone(tx, c->phone);
	if (store_fetches(tx))
		store_want_unique(tx, UNIQUE_CUSTOMER_BY_CARD,
				  &(struct customer){.card_no = c->card_no});
	if (c->phone.size)
		TRY(customer_find_by_phone(tx, c->phone, ret, ret_found));
	if (!*ret_found || !c->card_no.size)
		return OK;
	TRY(customer_find_by_card(tx, c->card_no, &by_card, ret_found));
	if (c->phone.size)
		*ret_found = *ret_found && by_card.number == ret->number;
	else
		*ret = by_card;
	return OK;
}

static enum fault query_code(struct tx *tx, const struct env *env, const struct coupon_query_cmd *c,
			     uint64_t holder, struct coupon_query_ret *r)
{
	struct code_key key = code_key(tx);
	struct coupon *coupon = ARENA_NEW(env->arena, struct coupon);
	bool found, holds = true;
	ROOM(coupon);
	TRY(coupon_find_by_code(tx, &key, c->code, coupon, &found));
	if (found && holder)
		TRY(customer_is(tx, coupon->customer, holder, &holds));
	if (!found || !holds || (c->channel.size && !text_equal(c->channel, coupon->channel)))
		return OK;
	r->count = 1;
	r->n = c->skip == 0 && c->n > 0;
	return coupon_view_all(tx, env, coupon, r->n, &r->rows);
}

static enum fault query_walk(struct tx *tx, const struct env *env, const struct coupon_query_cmd *c,
			     const struct customer *holder, struct coupon_query_ret *r)
{
	struct walk w = {.customer = holder,
			 .channel = c->channel,
			 .skip = c->skip,
			 .n = c->n,
			 .oldest_first = c->oldest_first,
			 .to_the_end = true,
			 .field = TEXT("channel")};
	TRY(walk(tx, env, &w));
	r->count = w.count;
	r->n = w.found;
	return view_all(tx, env, holder, w.rows, w.found, &r->rows);
}

/* A whole list: the holder's .. */
static enum fault query_wallet(struct tx *tx, const struct env *env,
			       const struct coupon_query_cmd *c, const struct customer *holder,
			       struct coupon_query_ret *r)
{
	struct page page = {.from = c->skip, .n = c->n, .oldest_first = c->oldest_first};
	struct coupon *rows = NULL;
	struct wallet wallet;
	TRY(wallet_open(tx, holder, &wallet));
	TRY(wallet_page(tx, env, &wallet, &page, &rows, &r->n));
	r->count = wallet.count;
	return view_all(tx, env, holder, rows, r->n, &r->rows);
}

/* .. the channel's, the merchant's. */
static enum fault query_list(struct tx *tx, const struct env *env, const struct coupon_query_cmd *c,
			     struct coupon_query_ret *r)
{
	struct coupon owner = {.channel = c->channel}, *rows = NULL;
	struct page page = {.list = c->channel.size ? LIST_COUPONS_BY_CHANNEL : LIST_COUPONS,
			    .owner = c->channel.size ? &owner : NULL,
			    .from = c->skip,
			    .n = c->n,
			    .oldest_first = c->oldest_first};
	TRY(store_page(tx, &page, &rows, &r->n, &r->count));
	return coupon_view_all(tx, env, rows, r->n, &r->rows);
}

enum fault coupon_query(struct tx *tx, const struct env *env, const void *cmd, void *ret)
{
	const struct coupon_query_cmd *c = cmd;
	struct coupon_query_ret *r = ret;
	struct customer *holder = ARENA_NEW(env->arena, struct customer);
	bool found;
	*r = (struct coupon_query_ret){0};
	ROOM(holder);
	TRY(find_holder(tx, c, holder, &found));
	if (!found)
		return OK;
	if (c->code.size)
		return query_code(tx, env, c, holder->number, r);
	if (holder->number && c->channel.size)
		return query_walk(tx, env, c, holder, r);
	if (holder->number)
		return query_wallet(tx, env, c, holder, r);
	return query_list(tx, env, c, r);
}

/* --- coupon_wallet --- */

/* The holder is shown anyway, and needs a look-up of his own only where the id is an alias'. */
static enum fault is_theirs(struct tx *tx, const struct customer *holder, struct text customer_id,
			    bool *ret)
{
	struct customer asked;
	bool found;
	*ret = holder && text_equal(holder->customer_id, customer_id);
	if (*ret || !holder || !holder->merged)
		return OK;
	TRY(customer_find_by_id(tx, customer_id, &asked, &found));
	*ret = found && asked.number == holder->number;
	return OK;
}

/* By the code, then whose it is. */
static enum fault wallet_one(struct tx *tx, const struct env *env,
			     const struct coupon_wallet_cmd *c, struct coupon_wallet_ret *r)
{
	struct viewer v;
	struct coupon *coupon = ARENA_NEW(env->arena, struct coupon);
	struct coupon_view *shown = ARENA_NEW(env->arena, struct coupon_view);
	bool found, theirs = false;
	ROOM(coupon && shown);
	TRY(viewer_init(&v, tx, env, 1));
	TRY(coupon_find_by_code(tx, &v.key, c->code, coupon, &found));
	if (found) {
		want(tx, coupon, 1);
		TRY(view(&v, coupon, shown));
		TRY(is_theirs(tx, shown->customer, c->customer_id, &theirs));
	}
	if (!found || !theirs || (c->has_state && shown->state != c->state))
		return refuse(tx, FAULT_COUPON_UNKNOWN, TEXT("code"), c->code);
	r->rows = shown;
	r->n = 1;
	return OK;
}

enum fault coupon_wallet(struct tx *tx, const struct env *env, const void *cmd, void *ret)
{
	const struct coupon_wallet_cmd *c = cmd;
	struct coupon_wallet_ret *r = ret;
	bool found;
	*r = (struct coupon_wallet_ret){0};
	if (!c->customer_id.size)
		return refuse(tx, FAULT_PARAMETER_MISSING, TEXT("customer_id"), TEXT_NONE);
	if (c->code.size)
		return wallet_one(tx, env, c, r);
	struct customer *holder = ARENA_NEW(env->arena, struct customer);
	ROOM(holder);
	TRY(customer_find_by_id(tx, c->customer_id, holder, &found));
	if (!found)
		return OK;
	struct walk w = {.customer = holder,
			 .has_state = c->has_state,
			 .state = c->state,
			 .n = WALLET_QUERY_MAX,
			 .field = TEXT("state")};
	TRY(walk(tx, env, &w));
	r->n = w.found;
	return view_all(tx, env, holder, w.rows, w.found, &r->rows);
}
