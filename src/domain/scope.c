#include "domain/scope.h"

bool set_has(struct text set, struct text member)
{
	while (set.data && member.size) {
		if (text_equal(text_cut(&set, '\n'), member))
			return true;
	}
	return false;
}

bool scope_lets_in(struct text in, struct text out, struct text member)
{
	return (in.size == 0 || set_has(in, member)) && !set_has(out, member);
}

bool scope_is_open(const struct template *terms)
{
	return !terms->products_in.size && !terms->products_out.size &&
	       !terms->categories_in.size && !terms->categories_out.size;
}

/* Items by the hash of their product, or category: chains, by number + 1. */
struct index {
	const struct cart *cart;
	bool by_category;
	unsigned *heads, *nexts;
	uint32_t mask;
};

static struct text name_of(const struct index *x, unsigned item)
{
	const struct cart_item *it = &x->cart->items[item];
	return x->by_category ? it->category : it->product;
}

static uint32_t hash_of(struct text t)
{
	uint32_t hash = 2166136261u; /* FNV-1a */
	for (size_t i = 0; i < t.size; i++)
		hash = (hash ^ (uint8_t)t.data[i]) * 16777619u;
	return hash ^ hash >> 15;
}

static bool index_init(struct index *x, struct arena *a, const struct cart *cart, bool by_category)
{
	uint32_t size = 16;
	while (size < cart->n * 2)
		size *= 2;
	*x = (struct index){.cart = cart, .by_category = by_category, .mask = size - 1};
	x->heads = ARENA_ARRAY(a, unsigned, size);
	x->nexts = ARENA_ARRAY(a, unsigned, cart->n);
	if (!x->heads || !x->nexts)
		return false;
	for (unsigned i = 0; i < cart->n; i++) {
		unsigned *head = &x->heads[hash_of(name_of(x, i)) & x->mask];
		x->nexts[i] = *head;
		*head = i + 1;
	}
	return true;
}

/* Marks the items that are in the set with `value`. */
static void index_mark(const struct index *x, struct text set, bool *marks, bool value)
{
	while (set.data) {
		struct text member = text_cut(&set, '\n');
		unsigned at = member.size ? x->heads[hash_of(member) & x->mask] : 0;
		for (; at; at = x->nexts[at - 1]) {
			if (text_equal(name_of(x, at - 1), member))
				marks[at - 1] = value;
		}
	}
}

/* Takes out of `let_in` what `in` does not name and `out` does. */
static bool narrow(struct arena *a, const struct index *x, struct text in, struct text out,
		   bool *let_in)
{
	if (in.size) {
		bool *named = ARENA_ARRAY(a, bool, x->cart->n);
		if (!named)
			return false;
		index_mark(x, in, named, true);
		for (unsigned i = 0; i < x->cart->n; i++)
			let_in[i] = let_in[i] && named[i];
	}
	index_mark(x, out, let_in, false);
	return true;
}

bool *scope_items(struct arena *a, const struct cart *cart, const struct template *terms)
{
	struct index x;
	bool *let_in = ARENA_ARRAY(a, bool, cart->n);
	if (!let_in)
		return NULL;
	memset(let_in, true, cart->n);
	if ((terms->products_in.size || terms->products_out.size) &&
	    (!index_init(&x, a, cart, false) ||
	     !narrow(a, &x, terms->products_in, terms->products_out, let_in)))
		return NULL;
	if ((terms->categories_in.size || terms->categories_out.size) &&
	    (!index_init(&x, a, cart, true) ||
	     !narrow(a, &x, terms->categories_in, terms->categories_out, let_in)))
		return NULL;
	return let_in;
}
