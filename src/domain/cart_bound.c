#include "domain/cart_bound.h"

enum { WHOLE = 10000 }; /* basis points */

static int64_t less_of(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

/* The sum of `count` pieces behind the `skip` cheapest, at their prices; fewer behind: the dearest.
 */
static int64_t sum_behind(const struct claim *c, const struct basket *b, uint64_t skip,
			  uint64_t count)
{
	uint64_t pieces = 0;
	int64_t sum = 0;
	for (unsigned k = 0; k < c->by_price_count; k++)
		pieces += b->lines[c->lines[c->by_price[k]]].pieces;
	if (skip + count > pieces)
		skip = pieces - count;
	for (unsigned k = 0; k < c->by_price_count && count > 0; k++) {
		const struct line *line = &b->lines[c->lines[c->by_price[k]]];
		uint64_t skipped = line->pieces < skip ? line->pieces : skip;
		uint64_t here = line->pieces - skipped < count ? line->pieces - skipped : count;
		sum += line->price * (int64_t)here;
		skip -= skipped;
		count -= here;
	}
	return sum;
}

static uint64_t pieces_eligible(const struct claim *c, const struct basket *b)
{
	uint64_t pieces = 0;
	for (unsigned k = 0; k < c->by_price_count; k++)
		pieces += b->lines[c->lines[c->by_price[k]]].pieces;
	return pieces;
}

/* *freed: pieces that the candidates before it can make free. Of groups of pieces the most is what
 * they take of the full basket: without some pieces, each place in the row has a cheaper one. */
static void set_most(struct candidate *c, const struct basket *basket, struct share *shares,
		     uint64_t *freed)
{
	const struct template *terms = c->claim.terms;
	c->most = claim_most(terms);
	if (!benefit_counts_pieces(terms->benefit))
		return;
	uint64_t pieces = claim_pieces(terms, pieces_eligible(&c->claim, basket));
	int64_t most = terms->benefit == BENEFIT_BUY_GET
			   ? claim_price(&c->claim, basket, shares)
			   : sum_behind(&c->claim, basket, *freed, pieces);
	c->most = less_of(c->most, most);
	*freed += pieces;
}

static bool same_lines(const struct claim *a, const struct claim *b)
{
	return a->n == b->n && memcmp(a->lines, b->lines, a->n * sizeof(*a->lines)) == 0;
}

static bool same_terms(const struct cart_coupon *a, const struct cart_coupon *b)
{
	return a->terms->number == b->terms->number && a->terms->edition == b->terms->edition &&
	       a->customer == b->customer;
}

static void set_firsts(struct candidate *candidates, unsigned at, const struct cart_coupon *coupons)
{
	struct candidate *c = &candidates[at];
	c->class = c->twin = at;
	for (unsigned i = at; i-- > 0;) {
		if (same_lines(&candidates[i].claim, &c->claim))
			c->class = i;
		if (same_terms(&coupons[candidates[i].row], &coupons[c->row]))
			c->twin = i;
	}
}

bool bound_init(struct bound *b, struct arena *a, const struct basket *basket,
		const struct stacking *s, struct candidates candidates)
{
	unsigned n = candidates.n;
	uint64_t freed = 0;
	struct share *shares = ARENA_ARRAY(a, struct share, basket->n);
	*b = (struct bound){.candidates = candidates.rows,
			    .n = n,
			    .keep = ARENA_ARRAY(a, int64_t, basket->n),
			    .classes = ARENA_ARRAY(a, struct stamped, n),
			    .groups = ARENA_ARRAY(a, struct stamped, s->n),
			    .twins = ARENA_ARRAY(a, struct stamped, n),
			    .discounts = ARENA_ARRAY(a, int64_t, n)};
	if (!shares || !b->keep || !b->classes || !b->groups || !b->twins || !b->discounts)
		return false;
	for (unsigned i = 0; i < n; i++) {
		set_firsts(candidates.rows, i, s->coupons);
		set_most(&candidates.rows[i], basket, shares, &freed);
	}
	return true;
}

/* --- the bound --- */

static struct stamped *stamped_at(struct bound *b, struct stamped *of, unsigned at)
{
	if (of[at].stamp != b->stamp)
		of[at] = (struct stamped){b->stamp, 0};
	return &of[at];
}

static int64_t left_of(struct bound *b, const struct basket *basket, const struct candidate *c)
{
	struct stamped *known = &b->classes[c->class];
	if (known->stamp == b->stamp)
		return known->value;
	int64_t left = 0;
	for (unsigned k = 0; k < c->claim.n; k++)
		left += basket->lines[c->claim.lines[k]].left;
	*known = (struct stamped){b->stamp, left};
	b->looks += c->claim.n;
	return left;
}

int64_t candidate_most(const struct candidate *c, const struct basket *basket, int64_t left)
{
	if (c->claim.terms->benefit != BENEFIT_PERCENT_OFF)
		return less_of(c->most, left);
	return basket->known ? less_of(c->most, percent_of(c->claim.terms, left)) : 0;
}

/* A proportional percentage that its cap does not hold. */
static bool shrinks(const struct candidate *c, int64_t left)
{
	const struct template *t = c->claim.terms;
	return t->benefit == BENEFIT_PERCENT_OFF && t->splitting == SPLIT_PROPORTIONAL &&
	       t->basis_points < WHOLE && percent_of(t, left) <= c->most;
}

static void shrink(struct bound *b, const struct claim *c)
{
	uint64_t keep = WHOLE - c->terms->basis_points;
	for (unsigned k = 0; k < c->n; k++) {
		int64_t *line = &b->keep[c->lines[k]];
		*line = (int64_t)((uint64_t)*line * keep / WHOLE);
	}
	b->looks += c->n;
}

/* Whether limits let another of its terms in. */
static bool has_room(struct bound *b, const struct stacking *s, const struct candidate *c)
{
	uint64_t room = stacking_room(s, c->row);
	if (room == UINT64_MAX)
		return true;
	struct stamped *twins = stamped_at(b, b->twins, c->twin);
	if ((uint64_t)twins->value >= room)
		return false;
	twins->value++;
	return true;
}

/* What counting the candidate adds to the amounts that come last. */
static int64_t amount_of(struct bound *b, const struct stacking *s, const struct candidate *c,
			 int64_t left, int64_t most)
{
	if (c->claim.terms->stack_group.size) {
		struct stamped *group = stamped_at(b, b->groups, s->group[c->row]);
		int64_t more = most > group->value ? most - group->value : 0;
		group->value += more;
		return more;
	}
	if (!shrinks(c, left))
		return most;
	shrink(b, &c->claim);
	return c->claim.n + 1;
}

int64_t bound_most(struct bound *b, const struct basket *basket, const struct stacking *s,
		   unsigned from)
{
	int64_t left = 0, kept = 0, amounts = 0;
	b->stamp++;
	b->count = 0;
	b->looks += b->n - from + basket->n;
	for (unsigned i = 0; i < basket->n; i++) {
		b->keep[i] = basket->lines[i].left;
		left += b->keep[i];
	}
	for (unsigned i = from; i < b->n; i++) {
		const struct candidate *c = &b->candidates[i];
		if (stacking_refuses(s, c->row))
			continue;
		int64_t left_here = left_of(b, basket, c);
		int64_t most = candidate_most(c, basket, left_here);
		if (most == 0 || !has_room(b, s, c))
			continue;
		b->discounts[b->count++] = most;
		amounts += amount_of(b, s, c, left_here, most);
	}
	for (unsigned i = 0; i < basket->n; i++)
		kept += b->keep[i];
	return amounts < kept ? left - kept + amounts : left;
}

unsigned bound_fewest(struct bound *b, int64_t fen, unsigned most)
{
	unsigned taken = 0;
	for (; fen > 0 && taken < most && taken < b->count; taken++) {
		unsigned dearest = taken;
		for (unsigned i = taken + 1; i < b->count; i++) {
			if (b->discounts[i] > b->discounts[dearest])
				dearest = i;
		}
		int64_t next = b->discounts[dearest];
		b->discounts[dearest] = b->discounts[taken];
		fen -= next;
		b->looks += b->count - taken;
	}
	return taken;
}
