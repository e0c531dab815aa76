#include "domain/cart_bound.h"

enum { WHOLE = 10000 }; /* basis points */

static int64_t less_of(int64_t a, int64_t b)
{
	return a < b ? a : b;
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

static bool is_limited(const struct stacking *s, const struct candidate *c)
{
	const struct cart_coupon *coupon = &s->coupons[c->row];
	return coupon->terms->per_order || coupon->uses_left != UINT64_MAX ||
	       coupon->uses_spare != UINT64_MAX;
}

static bool takes_cheapest(const struct candidate *c)
{
	return benefit_counts_pieces(c->claim.terms->benefit) &&
	       c->claim.terms->benefit != BENEFIT_BUY_GET;
}

bool bound_init(struct bound *b, struct arena *a, const struct basket *basket,
		const struct stacking *s, struct candidates candidates)
{
	unsigned n = candidates.n;
	*b = (struct bound){.candidates = candidates.rows,
			    .n = n,
			    .keep = ARENA_ARRAY(a, int64_t, basket->n),
			    .classes = ARENA_ARRAY(a, struct stamped, n),
			    .groups = ARENA_ARRAY(a, struct stamped, s->n),
			    .twins = ARENA_ARRAY(a, struct stamped, n),
			    .chains = ARENA_ARRAY(a, struct stamped, n),
			    .twin_chains = ARENA_ARRAY(a, struct stamped, n),
			    .discounts = ARENA_ARRAY(a, int64_t, n)};
	if (!b->keep || !b->classes || !b->groups || !b->twins || !b->chains || !b->twin_chains ||
	    !b->discounts)
		return false;
	for (unsigned i = 0; i < n; i++) {
		struct candidate *c = &candidates.rows[i];
		set_firsts(candidates.rows, i, s->coupons);
		c->any_twin = takes_cheapest(c) && is_limited(s, c);
		b->any_twins |= c->any_twin;
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

/* No piece of the line is ever worth more than now. */
static int64_t piece_most(const struct line *line)
{
	int64_t pieces = (int64_t)line->pieces;
	return pieces ? line->left / pieces + (line->left % pieces > 0) : 0;
}

/* The cheapest `free` of pieces of which others may take `freed` before: the place of each in the
 * row of now is at most that much further on, and it takes at most the most of all up to there. */
static int64_t cheapest_most(const struct claim *c, const struct basket *b, uint64_t free,
			     uint64_t freed)
{
	uint64_t skip = freed;
	int64_t dearest = 0, sum = 0;
	for (unsigned k = 0; k < c->by_price_count && free > 0; k++) {
		const struct line *line = &b->lines[c->lines[c->by_price[k]]];
		int64_t piece = piece_most(line);
		uint64_t skipped = line->pieces < skip ? line->pieces : skip;
		uint64_t here = line->pieces - skipped < free ? line->pieces - skipped : free;
		dearest = piece > dearest ? piece : dearest;
		sum += dearest * (int64_t)here;
		skip -= skipped;
		free -= here;
	}
	return sum + dearest * (int64_t)free;
}

/* Groups of pieces: when pieces go, those behind, which are cheaper, move up; so a place in the row
 * takes at most the most of all from there on. */
static int64_t groups_most(const struct claim *c, const struct basket *b, uint64_t eligible)
{
	int64_t dearest = 0, sum = 0;
	uint64_t end = eligible;
	for (unsigned k = c->by_price_count; k-- > 0;) {
		const struct line *line = &b->lines[c->lines[c->by_price[k]]];
		int64_t piece = piece_most(line);
		struct places places = {eligible, end - line->pieces, end};
		dearest = piece > dearest ? piece : dearest;
		sum += dearest * (int64_t)claim_free_places(c->terms, places);
		end = places.begin;
	}
	return sum;
}

/* Pieces that candidates can make free. */
struct freed {
	uint64_t before; /* those before the one that is looked at */
	uint64_t all;	 /* set when b->any_twins */
};

static struct freed freed_by_all(struct bound *b, const struct basket *basket, unsigned from)
{
	struct freed freed = {0};
	for (unsigned i = from; i < b->n && b->any_twins; i++) {
		const struct claim *c = &b->candidates[i].claim;
		if (!benefit_counts_pieces(c->terms->benefit))
			continue;
		freed.all += claim_pieces(c->terms, claim_eligible_pieces(c, basket));
		b->looks += c->by_price_count;
	}
	return freed;
}

/* Which of the twins that limits bound comes is not known: each counts as the last of all. */
static int64_t pieces_most(struct bound *b, const struct candidate *c, const struct basket *basket,
			   struct freed *freed)
{
	const struct template *terms = c->claim.terms;
	uint64_t eligible = claim_eligible_pieces(&c->claim, basket);
	uint64_t free = claim_pieces(terms, eligible);
	uint64_t before = c->any_twin ? freed->all : freed->before;
	b->looks += c->claim.by_price_count;
	freed->before += free;
	if (free == 0)
		return 0;
	if (terms->benefit == BENEFIT_BUY_GET)
		return groups_most(&c->claim, basket, eligible);
	return cheapest_most(&c->claim, basket, free, before);
}

static int64_t candidate_most(struct bound *b, const struct candidate *c,
			      const struct basket *basket, struct freed *freed)
{
	const struct template *terms = c->claim.terms;
	int64_t most = less_of(claim_most(terms), left_of(b, basket, c));
	if (benefit_counts_pieces(terms->benefit))
		return less_of(most, pieces_most(b, c, basket, freed));
	if (terms->benefit != BENEFIT_PERCENT_OFF)
		return claim_takes_amount(terms) ? most : 0;
	return basket->known ? less_of(most, percent_of(terms, left_of(b, basket, c))) : 0;
}

/* A proportional percentage that its cap does not hold. */
static bool shrinks(const struct candidate *c, int64_t left)
{
	const struct template *t = c->claim.terms;
	return t->benefit == BENEFIT_PERCENT_OFF && t->splitting == SPLIT_PROPORTIONAL &&
	       t->basis_points < WHOLE && percent_of(t, left) <= claim_most(t);
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

/* What the candidate takes off at most of `left`, which rises by no more than `left` does; `most`:
 * of all that is left now. */
static int64_t next_of(const struct candidate *c, int64_t left, int64_t most)
{
	const struct template *t = c->claim.terms;
	if (t->benefit != BENEFIT_PERCENT_OFF)
		return less_of(most, left);
	uint64_t points = t->basis_points < WHOLE ? t->basis_points : WHOLE;
	uint64_t half = t->rounding == ROUND_FEN_HALF_UP ? WHOLE / 2 : 0;
	return less_of(most, (int64_t)(((uint64_t)left * points + half) / WHOLE));
}

/* One after another: what the candidate adds to what its chain takes. */
static int64_t chain(struct stamped *taken, const struct candidate *c, int64_t left, int64_t most)
{
	int64_t next = next_of(c, left - taken->value, most);
	taken->value += next;
	return next;
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

/* Those that limits bound have chains of their own: which of them come, is not known. */
static struct stamped *chain_of(struct bound *b, const struct stacking *s,
				const struct candidate *c)
{
	if (stacking_room(s, c->row) == UINT64_MAX)
		return stamped_at(b, b->chains, c->class);
	return stamped_at(b, b->twin_chains, c->twin);
}

int64_t bound_most(struct bound *b, const struct basket *basket, const struct stacking *s,
		   unsigned from)
{
	int64_t left = 0, kept = 0, amounts = 0, chained = 0;
	struct freed freed = freed_by_all(b, basket, from);
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
		int64_t most = candidate_most(b, c, basket, &freed);
		if (most == 0 || !has_room(b, s, c))
			continue;
		int64_t left_here = left_of(b, basket, c);
		int64_t amount = amount_of(b, s, c, left_here, most);
		b->discounts[b->count++] = most;
		amounts += amount;
		if (!c->claim.terms->stack_group.size)
			amount = chain(chain_of(b, s, c), c, left_here, most);
		chained += amount;
	}
	for (unsigned i = 0; i < basket->n; i++)
		kept += b->keep[i];
	return less_of(less_of(left, chained), amounts < kept ? left - kept + amounts : left);
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
