#include "domain/stacking.h"

static bool same_group(const struct cart_coupon *a, const struct cart_coupon *b)
{
	return a->terms->stack_group.size &&
	       text_equal(a->terms->stack_group, b->terms->stack_group);
}

static void find_firsts(struct stacking *s, unsigned row)
{
	const struct cart_coupon *coupon = &s->coupons[row];
	s->group[row] = s->template[row] = s->person[row] = row;
	for (unsigned i = row; i-- > 0;) {
		const struct cart_coupon *earlier = &s->coupons[i];
		if (same_group(earlier, coupon))
			s->group[row] = i;
		if (earlier->terms->number != coupon->terms->number)
			continue;
		s->template[row] = i;
		if (earlier->customer == coupon->customer)
			s->person[row] = i;
	}
}

bool stacking_init(struct stacking *s, struct arena *a, const struct cart_coupon *coupons,
		   unsigned n)
{
	unsigned *numbers = ARENA_ARRAY(a, unsigned, 4 * n);
	uint64_t *counts = ARENA_ARRAY(a, uint64_t, 2 * n);
	int64_t *spent = ARENA_ARRAY(a, int64_t, n);
	if (!numbers || !counts || !spent)
		return false;
	*s = (struct stacking){.coupons = coupons,
			       .n = n,
			       .group = numbers,
			       .template = numbers + n,
			       .person = numbers + 2 * n,
			       .grouped = numbers + 3 * n,
			       .ordered = counts,
			       .used = counts + n,
			       .spent = spent};
	for (unsigned i = 0; i < n; i++)
		find_firsts(s, i);
	for (unsigned i = 0; i < n; i++) {
		if (!coupons[i].locked)
			continue;
		/* order_before, the uses and the budget know of it already */
		s->in++;
		s->grouped[s->group[i]]++;
		s->exclusive += coupons[i].terms->exclusive;
	}
	return true;
}

static int compare_rows(const void *left, const void *right, void *context)
{
	const struct cart_coupon *coupons = context;
	const struct cart_coupon *a = &coupons[*(const unsigned *)left];
	const struct cart_coupon *b = &coupons[*(const unsigned *)right];
	if (a->terms->priority != b->terms->priority)
		return a->terms->priority > b->terms->priority ? -1 : 1;
	return (a->id > b->id) - (a->id < b->id);
}

unsigned *stacking_order(struct arena *a, const struct cart_coupon *coupons, unsigned n)
{
	unsigned *rows = ARENA_ARRAY(a, unsigned, n);
	if (!rows)
		return NULL;
	for (unsigned i = 0; i < n; i++)
		rows[i] = i;
	qsort_r(rows, n, sizeof(*rows), compare_rows, (void *)coupons);
	return rows;
}

bool stacking_refuses(const struct stacking *s, unsigned row)
{
	bool exclusive = s->coupons[row].terms->exclusive;
	return s->exclusive || (exclusive && s->in) || s->grouped[s->group[row]];
}

bool stacking_order_full(const struct stacking *s, unsigned row)
{
	const struct cart_coupon *coupon = &s->coupons[row];
	uint64_t most = coupon->terms->per_order;
	return most && coupon->order_before + s->ordered[s->template[row]] >= most;
}

bool stacking_uses_full(const struct stacking *s, unsigned row)
{
	return s->used[s->person[row]] >= s->coupons[row].uses_left;
}

bool stacking_period_full(const struct stacking *s, unsigned row)
{
	return s->used[s->person[row]] >= s->coupons[row].uses_spare;
}

bool stacking_budget_short(const struct stacking *s, unsigned row, int64_t discount)
{
	return s->spent[s->template[row]] + discount > s->coupons[row].budget_left;
}

bool stacking_fits(const struct stacking *s, unsigned row)
{
	return !stacking_refuses(s, row) && !stacking_order_full(s, row) &&
	       !stacking_uses_full(s, row) && !stacking_period_full(s, row);
}

void stacking_add(struct stacking *s, unsigned row, int64_t discount)
{
	s->in++;
	s->exclusive += s->coupons[row].terms->exclusive;
	s->grouped[s->group[row]]++;
	s->ordered[s->template[row]]++;
	s->used[s->person[row]]++;
	s->spent[s->template[row]] += discount;
}

void stacking_drop(struct stacking *s, unsigned row, int64_t discount)
{
	s->in--;
	s->exclusive -= s->coupons[row].terms->exclusive;
	s->grouped[s->group[row]]--;
	s->ordered[s->template[row]]--;
	s->used[s->person[row]]--;
	s->spent[s->template[row]] -= discount;
}

uint64_t stacking_room(const struct stacking *s, unsigned row)
{
	const struct cart_coupon *coupon = &s->coupons[row];
	uint64_t used = s->used[s->person[row]], order = s->ordered[s->template[row]];
	uint64_t most =
	    coupon->uses_left < coupon->uses_spare ? coupon->uses_left : coupon->uses_spare;
	uint64_t room = most == UINT64_MAX ? UINT64_MAX : most > used ? most - used : 0;
	if (!coupon->terms->per_order)
		return room;
	order += coupon->order_before;
	uint64_t left = coupon->terms->per_order > order ? coupon->terms->per_order - order : 0;
	return left < room ? left : room;
}
