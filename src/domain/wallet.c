/* See wallet.h. */
#include "domain/wallet.h"
#include "domain/check.h"
#include "domain/customer.h"

enum fault wallet_open(struct tx *tx, const struct customer *c, struct wallet *ret)
{
	struct customer *aliases;
	unsigned n;
	TRY(customer_aliases(tx, c, &aliases, &n));
	ret->n = 0;
	ret->count = 0;
	ret->owners[ret->n++] = c->number;
	for (unsigned i = 0; i < n; i++)
		if (aliases[i].unsettled)
			ret->owners[ret->n++] = aliases[i].number;
	for (unsigned i = 0; i < ret->n; i++) {
		TRY(store_count(tx, LIST_WALLET, &(struct coupon){.customer = ret->owners[i]},
				&ret->counts[i]));
		ret->count += ret->counts[i];
	}
	return OK;
}

static enum fault own_page(struct tx *tx, uint64_t owner, struct page page,
			   struct coupon **ret_rows, unsigned *ret_n)
{
	struct coupon coupon = {.customer = owner};
	uint64_t count;
	page.list = LIST_WALLET;
	page.owner = &coupon;
	return store_page(tx, &page, ret_rows, ret_n, &count);
}

/* `span` has from, n and the order. */
enum fault wallet_page(struct tx *tx, const struct env *env, const struct wallet *w,
		       const struct page *span, struct coupon **ret_rows, unsigned *ret_n)
{
	struct page page = *span;
	if (w->n == 1)
		return own_page(tx, w->owners[0], page, ret_rows, ret_n);
	uint64_t left = w->count > span->from ? w->count - span->from : 0;
	*ret_rows = ARENA_ARRAY(env->arena, struct coupon, (left < span->n ? left : span->n) + 1);
	*ret_n = 0;
	ROOM(*ret_rows);
	for (unsigned i = 0; i < w->n && page.n > 0; i++) {
		struct coupon *rows;
		unsigned n;
		if (page.from >= w->counts[i]) {
			page.from -= w->counts[i];
			continue;
		}
		TRY(own_page(tx, w->owners[i], page, &rows, &n));
		memcpy(*ret_rows + *ret_n, rows, n * sizeof(*rows));
		*ret_n += n;
		page.n -= n;
		page.from = 0;
	}
	return OK;
}
