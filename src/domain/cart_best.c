/*
 * The best combination, by branch and bound. Coupons are decided in the order in which they take
 * off: first with the coupon, then without it. A branch is left when the coupons that are not yet
 * decided cannot take off more than the best found so far, nor as much with fewer coupons
 * (cart_bound.h says why that is never wrong); so what is left out is not better, and the search is
 * exact when it ends by itself. Each coupon is priced as cart_apply would, on a copy of the basket.
 *
 * The search begins with the coupon that takes off most alone, so that what it finds is never
 * worse, also where it does not come to its end; then with the coupons that do, as far as they fit
 * together. Usually that is the best, and the bound says so after a few dozen steps. Exclusive
 * coupons stand alone, so each is one try and no part of the search.
 */
#include "domain/cart_bound.h"

enum { LOOKS_PER_STEP = 64 };

struct search {
	struct candidates candidates;
	struct stacking stacking;
	struct bound bound;
	struct basket *frames; /* [depth]: the basket as the coupons taken have left it */
	struct share *shares;
	unsigned *taken; /* candidates, in order */
	int64_t *discounts;
	unsigned depth, depth_max;
	int64_t total;
	unsigned *best; /* rows */
	unsigned best_count;
	int64_t best_total;
};

/* --- taking and dropping --- */

/* false: it does not fit, or has nothing to take off; then nothing has changed. */
static bool take(struct search *s, unsigned at)
{
	const struct candidate *c = &s->candidates.rows[at];
	if (s->depth == s->depth_max || !stacking_fits(&s->stacking, c->row))
		return false;
	const struct basket *now = &s->frames[s->depth];
	struct basket *next = &s->frames[s->depth + 1];
	int64_t discount = claim_price(&c->claim, now, s->shares);
	s->bound.looks += c->claim.n;
	if (discount == 0 || stacking_budget_short(&s->stacking, c->row, discount))
		return false;
	memcpy(next->lines, now->lines, sizeof(*now->lines) * now->n);
	claim_take(&c->claim, next, s->shares);
	stacking_add(&s->stacking, c->row, discount);
	s->taken[s->depth] = at;
	s->discounts[s->depth++] = discount;
	s->total += discount;
	return true;
}

static unsigned drop(struct search *s)
{
	unsigned at = s->taken[--s->depth];
	stacking_drop(&s->stacking, s->candidates.rows[at].row, s->discounts[s->depth]);
	s->total -= s->discounts[s->depth];
	return at;
}

static void keep_if_better(struct search *s)
{
	if (s->total < s->best_total || (s->total == s->best_total && s->depth >= s->best_count))
		return;
	s->best_total = s->total;
	s->best_count = s->depth;
	for (unsigned i = 0; i < s->depth; i++)
		s->best[i] = s->candidates.rows[s->taken[i]].row;
}

/* --- the first combination --- */

static int compare_values(const void *left, const void *right, void *context)
{
	const int64_t *values = context;
	unsigned i = *(const unsigned *)left, j = *(const unsigned *)right;
	if (values[i] != values[j])
		return values[i] > values[j] ? -1 : 1;
	return (i > j) - (i < j);
}

/* Candidates by what each takes off alone, most first; ret_values: per candidate. */
static unsigned *by_value(struct search *s, struct arena *a, int64_t **ret_values)
{
	unsigned n = s->candidates.n;
	unsigned *sorted = ARENA_ARRAY(a, unsigned, n);
	int64_t *values = ARENA_ARRAY(a, int64_t, n);
	if (!sorted || !values)
		return NULL;
	for (unsigned i = 0; i < n; i++) {
		sorted[i] = i;
		values[i] = claim_price(&s->candidates.rows[i].claim, &s->frames[0], s->shares);
	}
	qsort_r(sorted, n, sizeof(*sorted), compare_values, values);
	*ret_values = values;
	return sorted;
}

/* The first that fits takes off most. */
static void try_alone(struct search *s, const unsigned *sorted)
{
	for (unsigned i = 0; i < s->candidates.n; i++) {
		if (!take(s, sorted[i]))
			continue;
		keep_if_better(s);
		drop(s);
		return;
	}
}

/* Chooses by value what fits, until all is covered, then takes the chosen in order. */
static bool begin(struct search *s, struct arena *a)
{
	unsigned n = s->candidates.n, count = 0;
	int64_t *values, left = 0;
	unsigned *sorted = by_value(s, a, &values);
	bool *chosen = ARENA_ARRAY(a, bool, n);
	if (!sorted || !chosen)
		return false;
	try_alone(s, sorted);
	for (unsigned i = 0; i < s->frames[0].n; i++)
		left += s->frames[0].lines[i].left;
	for (unsigned i = 0; i < n && count < s->depth_max && left > 0; i++) {
		unsigned row = s->candidates.rows[sorted[i]].row;
		if (!stacking_fits(&s->stacking, row))
			continue;
		stacking_add(&s->stacking, row, 0);
		chosen[sorted[i]] = true;
		left -= values[sorted[i]];
		count++;
	}
	for (unsigned i = 0; i < n; i++) {
		if (chosen[i])
			stacking_drop(&s->stacking, s->candidates.rows[i].row, 0);
	}
	for (unsigned i = 0; i < n; i++) {
		if (chosen[i] && take(s, i))
			keep_if_better(s);
	}
	while (s->depth > 0)
		drop(s);
	return true;
}

/* --- the search --- */

/* Whether the candidates from `from` on can make what is taken into something better. */
static bool may_win(struct search *s, unsigned from)
{
	if (s->depth == s->depth_max || from == s->candidates.n)
		return false;
	int64_t most = s->total + bound_most(&s->bound, &s->frames[s->depth], &s->stacking, from);
	if (most != s->best_total)
		return most > s->best_total;
	if (s->depth >= s->best_count)
		return false;
	unsigned room = s->best_count - s->depth;
	return bound_fewest(&s->bound, most - s->total, room) < room;
}

static bool same_limits(const struct cart_coupon *a, const struct cart_coupon *b)
{
	return a->uses_left == b->uses_left && a->uses_spare == b->uses_spare &&
	       a->budget_left == b->budget_left && a->order_before == b->order_before;
}

/* The candidate to decide next when this one is left out: of twins side by side the first ones are
 * as good as any others, so the ones that follow are left out with it. */
static unsigned past_twins(const struct search *s, unsigned at)
{
	const struct candidate *rows = s->candidates.rows;
	const struct cart_coupon *coupons = s->stacking.coupons;
	unsigned next = at + 1;
	while (next < s->candidates.n && rows[next].twin == rows[at].twin &&
	       same_limits(&coupons[rows[next].row], &coupons[rows[at].row]))
		next++;
	return next;
}

/* true: to the end. */
static bool look(struct search *s)
{
	unsigned at = 0;
	while (s->bound.looks / LOOKS_PER_STEP < BEST_STEPS_MAX) {
		if (may_win(s, at)) {
			if (take(s, at))
				keep_if_better(s);
			at++;
		} else if (s->depth > 0) {
			at = past_twins(s, drop(s));
		} else {
			return true;
		}
	}
	return false;
}

/* --- before and after --- */

/* Usable coupons that can take something off and are not refused from the beginning. */
static bool find_candidates(struct search *s, struct arena *a, const struct cart *cart,
			    const struct priced *priced)
{
	const struct cart_coupon *coupons = s->stacking.coupons;
	unsigned n = s->stacking.n, *order = stacking_order(a, coupons, n);
	s->candidates.rows = ARENA_ARRAY(a, struct candidate, n);
	if (!order || !s->candidates.rows)
		return false;
	for (unsigned i = 0; i < n; i++) {
		unsigned row = order[i];
		struct candidate *c = &s->candidates.rows[s->candidates.n];
		if (coupons[row].locked || priced[row].reason_count ||
		    !stacking_fits(&s->stacking, row))
			continue;
		if (!claim_init(&c->claim, a, cart, &s->frames[0], coupons[row].terms))
			return false;
		c->row = row;
		s->candidates.n++;
	}
	return true;
}

/* Tries each exclusive candidate alone, and takes it out. */
static void try_exclusive(struct search *s)
{
	unsigned n = 0;
	for (unsigned i = 0; i < s->candidates.n; i++) {
		if (!s->candidates.rows[i].claim.terms->exclusive) {
			s->candidates.rows[n++] = s->candidates.rows[i];
		} else if (take(s, i)) {
			keep_if_better(s);
			drop(s);
		}
	}
	s->candidates.n = n;
}

static bool search_init(struct search *s, struct arena *a, const struct cart *cart, unsigned n)
{
	unsigned locked = s->stacking.in < ORDER_COUPONS_MAX ? s->stacking.in : ORDER_COUPONS_MAX;
	unsigned depth = ORDER_COUPONS_MAX - locked < n ? ORDER_COUPONS_MAX - locked : n;
	s->depth_max = depth;
	s->frames = ARENA_ARRAY(a, struct basket, depth + 1);
	s->taken = ARENA_ARRAY(a, unsigned, depth);
	s->best = ARENA_ARRAY(a, unsigned, depth);
	s->discounts = ARENA_ARRAY(a, int64_t, depth);
	if (!s->frames || !s->taken || !s->best || !s->discounts ||
	    !basket_init(&s->frames[0], a, cart))
		return false;
	for (unsigned i = 1; i <= depth; i++) {
		s->frames[i] = s->frames[0];
		s->frames[i].lines = arena_take(a, sizeof(struct line) * s->frames[0].n);
	}
	s->shares = ARENA_ARRAY(a, struct share, s->frames[0].n);
	return !a->full;
}

/* Prices the best once more, for its splits. */
static bool tell(struct search *s, struct arena *a, const struct cart *cart, struct cart_best *ret)
{
	struct basket *basket = &s->frames[0];
	unsigned n = s->best_count;
	*ret = (struct cart_best){.rows = s->best, .n = n, .discount = {s->best_total}};
	ret->discounts = ARENA_ARRAY(a, struct money, n);
	ret->splits = cart->n ? ARENA_ARRAY(a, struct money *, n) : NULL;
	if (!ret->discounts || (cart->n && !ret->splits))
		return false;
	for (unsigned i = 0; i < n; i++) {
		struct claim claim;
		const struct template *terms = s->stacking.coupons[s->best[i]].terms;
		if (!claim_init(&claim, a, cart, basket, terms))
			return false;
		ret->discounts[i].fen = claim_price(&claim, basket, s->shares);
		claim_take(&claim, basket, s->shares);
		if (!cart->n)
			continue;
		ret->splits[i] = claim_split(a, cart, &claim, s->shares);
		if (!ret->splits[i])
			return false;
	}
	return true;
}

bool cart_best(struct arena *a, const struct cart *cart, const struct cart_coupon *coupons,
	       const struct priced *priced, unsigned n, struct cart_best *ret)
{
	struct search s = {0};
	struct money amount;
	must(cart_total(cart, &amount));
	if (!stacking_init(&s.stacking, a, coupons, n) || !search_init(&s, a, cart, n) ||
	    !find_candidates(&s, a, cart, priced))
		return false;
	try_exclusive(&s);
	if (!bound_init(&s.bound, a, &s.frames[0], &s.stacking, s.candidates) || !begin(&s, a))
		return false;
	bool exact = look(&s);
	while (s.depth > 0)
		drop(&s);
	if (!tell(&s, a, cart, ret))
		return false;
	ret->exact = exact;
	return true;
}
