/*
 * Random carts and coupons: what the best combination takes off is held against all combinations,
 * and every split against its cart. `domain_cart_random SEED` repeats one of them.
 */
#include "domain/cart.h"
#include "test.h"

#include <time.h>

#define SET(literal)                         \
	{                                    \
		literal, sizeof(literal) - 1 \
	}

static struct arena arena;
/* Sunday 2026-03-01 12:00:30 of UTC+8. */
static const struct env env = {.now = {INT64_C(1772337630000)}};

static uint64_t random_state;

static uint64_t below(uint64_t n)
{
	random_state = random_state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return (random_state >> 33) % n;
}

static bool one_in(uint64_t n)
{
	return below(n) == 0;
}

enum { RANDOM_ITEMS_MAX = 12, RANDOM_COUPONS_MAX = 24 };
struct random_case {
	struct cart cart;
	struct cart_item items[RANDOM_ITEMS_MAX];
	struct template terms[RANDOM_COUPONS_MAX];
	struct cart_coupon coupons[RANDOM_COUPONS_MAX];
	struct priced priced[RANDOM_COUPONS_MAX];
	unsigned n;
};

static const struct text names[] = {SET("a"), SET("b"), SET("c"), SET("d")};
static const struct text sets[] = {SET("a"), SET("b\nc"), SET("a\nd"), SET("c\nb\nd")};

static void random_cart(struct random_case *r, unsigned items_max)
{
	r->cart = (struct cart){.items = r->items, .n = (unsigned)below(items_max + 1)};
	for (unsigned i = 0; i < r->cart.n; i++) {
		int64_t price = (int64_t)(one_in(8) ? below(4) : (1 + below(60)) * 25 + below(10));
		r->items[i] = (struct cart_item){.product = names[below(4)],
						 .category = names[below(4)],
						 .price = {price},
						 .quantity = 1 + below(one_in(3) ? 5 : 2)};
	}
	if (r->cart.n == 0 && !one_in(4)) {
		r->cart.has_amount = true;
		r->cart.amount.fen = (int64_t)below(10000);
	}
}

static struct template random_terms(uint64_t number)
{
	static const enum benefit benefits[] = {
	    BENEFIT_AMOUNT_OFF,	 BENEFIT_AMOUNT_OFF,  BENEFIT_AMOUNT_OFF,
	    BENEFIT_PERCENT_OFF, BENEFIT_PERCENT_OFF, BENEFIT_FREE_ITEM,
	    BENEFIT_BUY_GET,	 BENEFIT_PRODUCT,     BENEFIT_NONE};
	struct template t = {.number = number,
			     .benefit = benefits[below(COUNT_OF(benefits))],
			     .has_amount = true,
			     .amount = {(int64_t)below(20) * 50},
			     .basis_points = one_in(10) ? 10000 : below(60) * 100,
			     .buy = below(3),
			     .get = below(3),
			     .has_cap = one_in(4),
			     .cap = {(int64_t)below(400)},
			     .rounding = below(4),
			     .splitting = below(2),
			     .exclusive = one_in(12),
			     .priority = below(3),
			     .per_order = one_in(4) ? 1 + below(2) : 0,
			     .has_threshold = one_in(5),
			     .threshold = {(int64_t)below(5000)}};
	if (one_in(3))
		t.products_in = sets[below(4)];
	if (one_in(6))
		t.categories_out = sets[below(4)];
	if (one_in(3))
		t.stack_group = names[below(2)];
	return t;
}

/* Templates of one coupon or several, whose customers are two. */
static void random_coupons(struct random_case *r, unsigned n)
{
	unsigned templates = 1 + (unsigned)below(n);
	uint64_t left[RANDOM_COUPONS_MAX][2], spare[RANDOM_COUPONS_MAX][2];
	int64_t budget[RANDOM_COUPONS_MAX];
	for (unsigned t = 0; t < templates; t++) {
		r->terms[t] = random_terms(t + 1);
		budget[t] = one_in(5) ? (int64_t)below(1500) : INT64_MAX;
		for (unsigned c = 0; c < 2; c++) {
			left[t][c] = one_in(5) ? below(4) : UINT64_MAX;
			spare[t][c] = one_in(5) ? below(4) : UINT64_MAX;
		}
	}
	r->n = n;
	for (unsigned i = 0; i < n; i++) {
		uint64_t t = below(templates), customer = one_in(4);
		r->coupons[i] = (struct cart_coupon){.id = (i * 7 + 3) % 31,
						     .terms = &r->terms[t],
						     .customer = customer,
						     .uses_left = left[t][customer],
						     .uses_spare = spare[t][customer],
						     .budget_left = budget[t],
						     .order_before = one_in(9),
						     .locked = one_in(40)};
	}
}

static void check_alone(const struct random_case *r)
{
	for (unsigned i = 0; i < r->n; i++) {
		const struct priced *p = &r->priced[i];
		bool known = r->cart.n || r->cart.has_amount;
		int64_t sum = 0;
		CHECK(!known || p->discount.fen <= p->eligible.fen);
		CHECK(p->discount.fen >= 0);
		CHECK_INT(p->split != NULL, r->cart.n && !p->reason_count);
		for (unsigned k = 0; p->split && k < r->cart.n; k++)
			sum += p->split[k].fen;
		CHECK(!p->split || sum == p->discount.fen);
	}
}

/* No line falls below 0, splits add up to discounts, discounts to the total. */
static void check_sums(const struct cart *cart, const struct money *const *splits,
		       const struct money *discounts, unsigned n, struct money total)
{
	int64_t left[RANDOM_ITEMS_MAX], sum = 0;
	for (unsigned k = 0; k < cart->n; k++)
		left[k] = cart->items[k].price.fen * (int64_t)cart->items[k].quantity;
	for (unsigned i = 0; i < n; i++) {
		int64_t discount = 0;
		sum += discounts[i].fen;
		for (unsigned k = 0; splits && splits[i] && k < cart->n; k++) {
			CHECK(splits[i][k].fen >= 0);
			discount += splits[i][k].fen;
			left[k] -= splits[i][k].fen;
		}
		CHECK(!cart->n || discount == discounts[i].fen);
	}
	for (unsigned k = 0; k < cart->n; k++)
		CHECK(left[k] >= 0);
	CHECK_INT(sum, total.fen);
	CHECK(!cart->has_amount || sum <= cart->amount.fen);
}

/* --- the same, naively: from the words of cart.h, line by line and piece by piece --- */

struct naive {
	const struct cart *cart;
	int64_t left[RANDOM_ITEMS_MAX];
	uint64_t paid[RANDOM_ITEMS_MAX]; /* pieces that are not free */
};

static bool is_in(struct text set, struct text name)
{
	for (size_t i = 0; i + name.size <= set.size; i++)
		if (memcmp(set.data + i, name.data, name.size) == 0)
			return true;
	return false;
}

static bool is_eligible(const struct template *t, const struct cart_item *item)
{
	return (!t->products_in.size || is_in(t->products_in, item->product)) &&
	       !is_in(t->categories_out, item->category);
}

static int64_t naive_percent(const struct template *t, int64_t base)
{
	static const int64_t unit[] = {[ROUND_FEN_HALF_UP] = 1,
				       [ROUND_FEN_DOWN] = 1,
				       [ROUND_JIAO_DOWN] = 10,
				       [ROUND_YUAN_DOWN] = 100};
	int64_t exact = base * (int64_t)t->basis_points;
	int64_t fen = t->rounding == ROUND_FEN_HALF_UP ? (exact + 5000) / 10000 : exact / 10000;
	return fen / unit[t->rounding] * unit[t->rounding];
}

/* Fen by fen to whom most is owed would be the same; here the remainders are sought. */
static void naive_split(const struct naive *n, const struct template *t, int64_t discount,
			int64_t base, int64_t *split)
{
	int64_t rest = discount, owed[RANDOM_ITEMS_MAX];
	for (unsigned k = 0; k < n->cart->n; k++) {
		bool in = is_eligible(t, &n->cart->items[k]);
		split[k] = !in || !base				? 0
			   : t->splitting == SPLIT_PROPORTIONAL ? discount * n->left[k] / base
			   : rest < n->left[k]			? rest
								: n->left[k];
		owed[k] = in && base ? discount * n->left[k] % base : 0;
		rest -= split[k];
	}
	for (; rest > 0; rest--) {
		unsigned most = 0;
		for (unsigned k = 1; k < n->cart->n; k++)
			if (owed[k] > owed[most])
				most = k;
		split[most]++;
		owed[most] = 0;
	}
}

static void naive_money(const struct naive *n, const struct template *t, int64_t *split)
{
	int64_t base = 0, discount;
	for (unsigned k = 0; k < n->cart->n; k++)
		base += is_eligible(t, &n->cart->items[k]) ? n->left[k] : 0;
	discount = t->benefit == BENEFIT_PERCENT_OFF ? naive_percent(t, base) : t->amount.fen;
	if (t->has_cap && discount > t->cap.fen)
		discount = t->cap.fen;
	naive_split(n, t, discount < base ? discount : base, base, split);
}

/* The next piece that counts, dearest or cheapest first; equal ones by their lines. -1: none. */
static int next_piece(const struct naive *n, const struct template *t, const uint64_t *taken,
		      bool dearest)
{
	int best = -1;
	for (unsigned k = 0; k < n->cart->n; k++) {
		const struct cart_item *item = &n->cart->items[k];
		if (!is_eligible(t, item) || !item->price.fen || taken[k] == n->paid[k])
			continue;
		int64_t price = best < 0 ? 0 : n->cart->items[best].price.fen;
		if (best < 0 || (dearest ? item->price.fen > price : item->price.fen < price))
			best = (int)k;
	}
	return best;
}

static void naive_pieces(struct naive *n, const struct template *t, int64_t *split)
{
	uint64_t taken[RANDOM_ITEMS_MAX] = {0}, free[RANDOM_ITEMS_MAX] = {0}, all = 0;
	bool every = t->benefit == BENEFIT_BUY_GET;
	uint64_t get = t->benefit == BENEFIT_PRODUCT || (!t->get && !every) ? 1 : t->get;
	for (int k; (k = next_piece(n, t, taken, every)) >= 0; all++)
		taken[k]++;
	memset(taken, 0, sizeof(taken));
	uint64_t group = t->buy + get, end = every ? group ? all / group * group : 0 : get;
	for (uint64_t i = 0; i < end && i < all; i++) {
		int k = next_piece(n, t, taken, every);
		taken[k]++;
		free[k] += !every || i % group >= t->buy;
	}
	for (unsigned k = 0; k < n->cart->n; k++) {
		split[k] = free[k] ? n->left[k] * (int64_t)free[k] / (int64_t)n->paid[k] : 0;
		n->paid[k] -= split[k] ? free[k] : 0;
	}
}

static void naive_take(struct naive *n, const struct template *t, int64_t *split)
{
	switch ((enum benefit)t->benefit) {
	case BENEFIT_NONE:
	case BENEFIT_AMOUNT_OFF:
	case BENEFIT_PERCENT_OFF:
		naive_money(n, t, split);
		break;
	case BENEFIT_FREE_ITEM:
	case BENEFIT_BUY_GET:
	case BENEFIT_PRODUCT:
		naive_pieces(n, t, split);
		break;
	case BENEFIT_EXCHANGE:
	case BENEFIT_SHIPPING:
	case BENEFIT_QUEUE_SKIP:
	case BENEFIT_PARKING:
	case BENEFIT_COUNT:
		break;
	}
	for (unsigned k = 0; k < n->cart->n; k++)
		n->left[k] -= split[k];
}

static bool goes_before(const struct cart_coupon *a, const struct cart_coupon *b)
{
	return a->terms->priority != b->terms->priority ? a->terms->priority > b->terms->priority
							: a->id < b->id;
}

/* Coupons that fit together: each takes what it takes of what those before it have left. Where a
 * cap meets pieces only the sums are known. */
static void check_naive(const struct cart *cart, const struct cart_coupon *coupons,
			const struct priced *priced, unsigned n)
{
	struct naive naive = {.cart = cart};
	bool done[RANDOM_COUPONS_MAX] = {0};
	for (unsigned k = 0; k < cart->n; k++) {
		naive.paid[k] = cart->items[k].quantity;
		naive.left[k] = cart->items[k].price.fen * (int64_t)cart->items[k].quantity;
	}
	for (unsigned round = 0; round < n && cart->n; round++) {
		int64_t split[RANDOM_ITEMS_MAX] = {0};
		unsigned at = n;
		for (unsigned i = 0; i < n; i++)
			if (!done[i] && (at == n || goes_before(&coupons[i], &coupons[at])))
				at = i;
		done[at] = true;
		if (coupons[at].locked)
			continue;
		const struct template *t = coupons[at].terms;
		bool pieces = t->benefit == BENEFIT_FREE_ITEM || t->benefit == BENEFIT_BUY_GET ||
			      t->benefit == BENEFIT_PRODUCT;
		if (pieces && t->has_cap)
			return;
		naive_take(&naive, t, split);
		for (unsigned k = 0; k < cart->n; k++)
			CHECK_INT(priced[at].split[k].fen, split[k]);
	}
}

/* Whether the coupons of `set`, with the locked ones, may be used together; and what they take. */
static bool legal(const struct random_case *r, unsigned set, struct money *ret_total)
{
	struct cart_coupon coupons[RANDOM_COUPONS_MAX] = {0};
	struct priced priced[RANDOM_COUPONS_MAX];
	const struct money *splits[RANDOM_COUPONS_MAX];
	struct money discounts[RANDOM_COUPONS_MAX];
	unsigned n = 0;
	for (unsigned i = 0; i < r->n; i++) {
		if (!(set >> i & 1) && !r->coupons[i].locked)
			continue;
		coupons[n] = r->coupons[i];
		priced[n++] = r->priced[i];
	}
	CHECK(cart_apply(&arena, &r->cart, coupons, priced, n, ret_total));
	bool all = true;
	for (unsigned i = 0; i < n; i++) {
		all = all && (coupons[i].locked || !priced[i].reason_count);
		discounts[i] = priced[i].discount;
		splits[i] = priced[i].split;
	}
	if (all) {
		unsigned taking = 0;
		check_naive(&r->cart, coupons, priced, n);
		for (unsigned i = 0; i < n; i++) {
			if (coupons[i].locked)
				continue;
			discounts[taking] = discounts[i];
			splits[taking++] = splits[i];
		}
		check_sums(&r->cart, splits, discounts, taking, *ret_total);
	}
	return all;
}

static void check_best(const struct random_case *r)
{
	struct cart_best best;
	struct money total;
	unsigned set = 0;
	int64_t most = 0;
	int fewest = 0;
	CHECK(cart_best(&arena, &r->cart, r->coupons, r->priced, r->n, &best));
	CHECK(best.exact);
	check_sums(&r->cart, (const struct money *const *)best.splits, best.discounts, best.n,
		   best.discount);
	for (unsigned i = 0; i < best.n; i++) {
		set |= 1u << best.rows[i];
		CHECK(best.discounts[i].fen > 0);
		CHECK(!r->coupons[best.rows[i]].locked && !r->priced[best.rows[i]].reason_count);
	}
	CHECK(legal(r, set, &total));
	CHECK_INT(total.fen, best.discount.fen);
	for (unsigned other = 1; other < 1u << r->n; other++) {
		struct arena_mark mark = arena_mark(&arena);
		int count = __builtin_popcount(other);
		if (legal(r, other, &total) &&
		    (total.fen > most || (total.fen == most && count < fewest))) {
			most = total.fen;
			fewest = count;
		}
		arena_rewind(&arena, mark);
	}
	CHECK_INT(best.discount.fen, most);
	CHECK_INT(best.n, fewest);
}

static void test_random(unsigned rounds, uint64_t seed)
{
	static struct random_case r;
	for (unsigned round = 0; round < rounds; round++) {
		unsigned failed = test_failed;
		random_state = seed + round;
		below(2);
		random_cart(&r, 6);
		random_coupons(&r, 1 + (unsigned)below(8));
		memset(r.priced, 0, sizeof(r.priced));
		for (unsigned i = 0; i < r.n; i++)
			cart_price(&arena, &env, &r.cart, &r.coupons[i], &r.priced[i]);
		check_alone(&r);
		check_best(&r);
		arena_reset(&arena);
		if (test_failed > failed) {
			printf("  domain_cart %llu\n", (unsigned long long)(seed + round));
			return;
		}
	}
}

int main(int argc, char **argv)
{
	uint64_t seed = (uint64_t)time(NULL) * 10000;
	bool one = argc > 1 && text_to_uint64(text_of(argv[1]), &seed);
	arena_init(&arena, 64 << 20);
	printf("seed %llu\n", (unsigned long long)seed);
	test_random(one ? 1 : 6000, seed);
	arena_release(&arena);
	return test_end();
}
