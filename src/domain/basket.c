#include "domain/basket.h"

#include "domain/scope.h"

enum {
	WHOLE = 10000, /* basis points */
	FEW = 12,      /* more remainders are found faster by halving */
};

/* value * part / whole, downwards; part <= whole. *ret_remainder: what the division leaves. */
static int64_t part_of(int64_t value, int64_t part, int64_t whole, uint64_t *ret_remainder)
{
	uint64_t divisor = (uint64_t)whole, small;
	if (!__builtin_mul_overflow((uint64_t)value, (uint64_t)part, &small)) {
		*ret_remainder = small % divisor;
		return (int64_t)(small / divisor);
	}
	unsigned __int128 large = (unsigned __int128)value * (uint64_t)part;
	*ret_remainder = (uint64_t)(large % divisor);
	return (int64_t)(large / divisor);
}

static int64_t less_of(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

bool basket_init(struct basket *b, struct arena *a, const struct cart *cart)
{
	*b = (struct basket){.n = cart->n ? cart->n : 1, .known = cart->n || cart->has_amount};
	b->lines = ARENA_ARRAY(a, struct line, b->n);
	if (!b->lines)
		return false;
	if (!cart->n)
		b->lines[0].left = cart->has_amount ? cart->amount.fen : INT64_MAX / 2;
	for (unsigned i = 0; i < cart->n; i++) {
		const struct cart_item *item = &cart->items[i];
		int64_t left = item->price.fen * (int64_t)item->quantity;
		b->lines[i] = (struct line){left, item->price.fen, item->quantity};
	}
	return true;
}

/* --- claims --- */

bool benefit_counts_pieces(uint64_t benefit)
{
	return benefit == BENEFIT_FREE_ITEM || benefit == BENEFIT_PRODUCT ||
	       benefit == BENEFIT_BUY_GET;
}

struct by_price {
	const struct claim *claim;
	const struct basket *basket;
};

static int compare_prices(const void *left, const void *right, void *context)
{
	const struct by_price *by = context;
	unsigned i = *(const unsigned *)left, j = *(const unsigned *)right;
	int64_t a = by->basket->lines[by->claim->lines[i]].price;
	int64_t b = by->basket->lines[by->claim->lines[j]].price;
	int order = (a > b) - (a < b);
	if (by->claim->terms->benefit == BENEFIT_BUY_GET)
		order = -order;
	return order ? order : (i > j) - (i < j);
}

static bool sort_by_price(struct claim *c, struct arena *a, const struct basket *b)
{
	c->by_price = ARENA_ARRAY(a, unsigned, c->n);
	if (!c->by_price)
		return false;
	for (unsigned k = 0; k < c->n; k++) {
		if (b->lines[c->lines[k]].price > 0)
			c->by_price[c->by_price_count++] = k;
	}
	qsort_r(c->by_price, c->by_price_count, sizeof(*c->by_price), compare_prices,
		&(struct by_price){c, b});
	return true;
}

bool claim_init(struct claim *c, struct arena *a, const struct cart *cart, const struct basket *b,
		const struct template *terms)
{
	bool *let_in = NULL;
	*c = (struct claim){.terms = terms, .lines = ARENA_ARRAY(a, unsigned, b->n)};
	if (cart->n && !scope_is_open(terms)) {
		let_in = scope_items(a, cart, terms);
		if (!let_in)
			return false;
	}
	if (!c->lines)
		return false;
	for (unsigned i = 0; i < b->n; i++) {
		if (let_in && !let_in[i])
			continue;
		c->lines[c->n++] = i;
		c->eligible += b->known ? b->lines[i].left : 0;
	}
	return !benefit_counts_pieces(terms->benefit) || sort_by_price(c, a, b);
}

/* --- how much --- */

int64_t percent_of(const struct template *terms, int64_t fen)
{
	uint64_t points = terms->basis_points < WHOLE ? terms->basis_points : WHOLE;
	uint64_t product = (uint64_t)fen * points; /* at most 10^19: fits without a sign */
	int64_t down = (int64_t)(product / WHOLE);
	switch ((enum rounding)terms->rounding) {
	case ROUND_FEN_HALF_UP:
		return (int64_t)((product + WHOLE / 2) / WHOLE);
	case ROUND_FEN_DOWN:
		return down;
	case ROUND_JIAO_DOWN:
		return down - down % 10;
	case ROUND_YUAN_DOWN:
		return down - down % 100;
	}
	return down;
}

bool claim_takes_amount(const struct template *terms)
{
	return terms->benefit == BENEFIT_NONE || terms->benefit == BENEFIT_AMOUNT_OFF;
}

int64_t claim_most(const struct template *terms)
{
	int64_t most = terms->has_cap ? terms->cap.fen : INT64_MAX;
	if (claim_takes_amount(terms))
		most = less_of(most, terms->has_amount ? less_of(terms->amount.fen, FEN_MAX) : 0);
	return most < 0 ? 0 : most;
}

/* Of an amount; pieces are not looked at. */
static int64_t amount_off(const struct template *terms, const struct basket *b, int64_t left)
{
	switch ((enum benefit)terms->benefit) {
	case BENEFIT_NONE:
	case BENEFIT_AMOUNT_OFF:
		return less_of(claim_most(terms), left);
	case BENEFIT_PERCENT_OFF:
		return b->known ? less_of(percent_of(terms, left), claim_most(terms)) : 0;
	case BENEFIT_FREE_ITEM:
	case BENEFIT_EXCHANGE:
	case BENEFIT_BUY_GET:
	case BENEFIT_PRODUCT:
	case BENEFIT_SHIPPING:
	case BENEFIT_QUEUE_SKIP:
	case BENEFIT_PARKING:
	case BENEFIT_COUNT:
		return 0;
	}
	return 0;
}

/* --- which lines --- */

/* How many remainders are at least so large. */
static unsigned count_from(const struct share *shares, unsigned n, uint64_t floor)
{
	unsigned count = 0;
	for (unsigned k = 0; k < n; k++)
		count += shares[k].remainder >= floor;
	return count;
}

/* One after the other. */
static void give_few_remainders(struct share *shares, unsigned n, unsigned spare)
{
	for (; spare > 0; spare--) {
		unsigned largest = 0;
		for (unsigned k = 1; k < n; k++)
			largest = shares[k].remainder > shares[largest].remainder ? k : largest;
		shares[largest].fen++;
		shares[largest].remainder = 0;
	}
}

/* One fen to each of the `spare` largest remainders, the first line first. spare <= those above 0.
 * Where they are many, looks for the smallest of them by halving, which needs neither a sort nor
 * room. */
static void give_remainders(struct share *shares, unsigned n, unsigned spare)
{
	if (spare <= FEW) {
		give_few_remainders(shares, n, spare);
		return;
	}
	uint64_t low = 1, high = 1;
	for (unsigned k = 0; k < n; k++)
		high = shares[k].remainder > high ? shares[k].remainder : high;
	while (low < high) {
		uint64_t middle = high - (high - low) / 2;
		if (count_from(shares, n, middle) >= spare)
			low = middle;
		else
			high = middle - 1;
	}
	unsigned ties = spare - count_from(shares, n, low + 1);
	for (unsigned k = 0; k < n; k++) {
		bool tie = shares[k].remainder == low && ties > 0;
		ties -= tie;
		shares[k].fen += tie || shares[k].remainder > low;
	}
}

static void split_proportional(const struct claim *c, const struct basket *b, int64_t fen,
			       struct share *shares)
{
	int64_t whole = 0, spare = fen;
	for (unsigned k = 0; k < c->n; k++)
		whole += b->lines[c->lines[k]].left;
	for (unsigned k = 0; k < c->n; k++) {
		shares[k].fen =
		    part_of(b->lines[c->lines[k]].left, fen, whole, &shares[k].remainder);
		spare -= shares[k].fen;
	}
	if (spare > 0)
		give_remainders(shares, c->n, (unsigned)spare);
}

static void split_in_order(const struct claim *c, const struct basket *b, int64_t fen,
			   struct share *shares)
{
	for (unsigned k = 0; k < c->n && fen > 0; k++) {
		shares[k].fen = less_of(fen, b->lines[c->lines[k]].left);
		fen -= shares[k].fen;
	}
}

/* --- pieces --- */

/* So many pieces of a line, each at its part of what is left of the line, within `room`. A piece
 * that the cap cuts is not free, nor is one that takes nothing: a coupon that takes 0 must leave
 * the basket as it was. */
static int64_t take_pieces(const struct line *line, uint64_t pieces, int64_t room,
			   struct share *ret)
{
	uint64_t remainder;
	if (pieces == 0)
		return 0;
	int64_t fen = part_of(line->left, (int64_t)pieces, (int64_t)line->pieces, &remainder);
	if (fen > room) {
		/* room < left, so fewer pieces than there are */
		unsigned __int128 product = (unsigned __int128)(uint64_t)room * line->pieces;
		pieces = (uint64_t)(product / (uint64_t)line->left);
		fen = room;
	}
	*ret = (struct share){.fen = fen, .pieces = fen ? pieces : 0};
	return fen;
}

/* Those of the first `x` pieces, dearest first, that are the cheapest of their group. */
static uint64_t free_before(uint64_t x, uint64_t buy, uint64_t get)
{
	uint64_t rest = x % (buy + get);
	return x / (buy + get) * get + (rest > buy ? rest - buy : 0);
}

/* More pieces than a cart can have are as good as so many. */
static uint64_t bounded(uint64_t pieces)
{
	uint64_t most = (uint64_t)CART_ITEMS_MAX * PIECES_MAX + 1;
	return pieces < most ? pieces : most;
}

uint64_t claim_pieces(const struct template *terms, uint64_t eligible)
{
	uint64_t buy = bounded(terms->buy), get = bounded(terms->get);
	if (terms->benefit == BENEFIT_BUY_GET)
		return get ? eligible / (buy + get) * get : 0;
	if (terms->benefit == BENEFIT_PRODUCT || get == 0)
		get = 1;
	return get < eligible ? get : eligible;
}

uint64_t claim_free_places(const struct template *terms, struct places places)
{
	uint64_t buy = bounded(terms->buy), get = bounded(terms->get);
	uint64_t grouped = places.row - places.row % (buy + get);
	uint64_t begin = places.begin < grouped ? places.begin : grouped;
	uint64_t end = places.end < grouped ? places.end : grouped;
	return free_before(end, buy, get) - free_before(begin, buy, get);
}

uint64_t claim_eligible_pieces(const struct claim *c, const struct basket *b)
{
	uint64_t pieces = 0;
	for (unsigned k = 0; k < c->by_price_count; k++)
		pieces += b->lines[c->lines[c->by_price[k]]].pieces;
	return pieces;
}

static int64_t price_pieces(const struct claim *c, const struct basket *b, struct share *shares)
{
	bool groups = c->terms->benefit == BENEFIT_BUY_GET;
	uint64_t row = claim_eligible_pieces(c, b), at = 0;
	uint64_t free = claim_pieces(c->terms, row);
	int64_t most = claim_most(c->terms), sum = 0;
	for (unsigned k = 0; k < c->by_price_count && free > 0; k++) {
		const struct line *line = &b->lines[c->lines[c->by_price[k]]];
		struct places here = {row, at, at + line->pieces};
		uint64_t pieces = line->pieces < free ? line->pieces : free;
		if (groups)
			pieces = claim_free_places(c->terms, here);
		at = here.end;
		free -= pieces;
		sum += take_pieces(line, pieces, most - sum, &shares[c->by_price[k]]);
	}
	return sum;
}

/* --- all together --- */

int64_t claim_price(const struct claim *c, const struct basket *b, struct share *ret_shares)
{
	int64_t left = 0;
	memset(ret_shares, 0, sizeof(*ret_shares) * c->n);
	if (benefit_counts_pieces(c->terms->benefit))
		return price_pieces(c, b, ret_shares);
	for (unsigned k = 0; k < c->n; k++)
		left += b->lines[c->lines[k]].left;
	int64_t fen = amount_off(c->terms, b, left);
	if (fen > 0 && c->terms->splitting == SPLIT_IN_ORDER)
		split_in_order(c, b, fen, ret_shares);
	else if (fen > 0)
		split_proportional(c, b, fen, ret_shares);
	return fen;
}

void claim_take(const struct claim *c, struct basket *b, const struct share *shares)
{
	for (unsigned k = 0; k < c->n; k++) {
		struct line *line = &b->lines[c->lines[k]];
		line->left -= shares[k].fen;
		line->pieces -= shares[k].pieces;
		must(line->left >= 0);
	}
}

struct money *claim_split(struct arena *a, const struct cart *cart, const struct claim *c,
			  const struct share *shares)
{
	struct money *split = cart->n ? ARENA_ARRAY(a, struct money, cart->n) : NULL;
	for (unsigned k = 0; split && k < c->n; k++)
		split[c->lines[k]].fen = shares[k].fen;
	return split;
}
