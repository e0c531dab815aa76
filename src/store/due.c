/* See due.h. A merchant is passed over when a list of it is empty, which is one look-up; when what
 * stands there is due is for whoever works at it. */
#include "store/due.h"

static const enum list lists[CHORE_COUNT] = {
#define CHORE(NAME, list) [CHORE_##NAME] = list,
    CHORES(CHORE)
#undef CHORE
};

static enum fault has_some(struct tx *tx, enum list list, uint64_t merchant, bool *ret)
{
	static const struct merchant_clock any = {0};
	uint64_t count = 1;
	reader_merchant(tx, merchant, any);
	if (list)
		TRY(store_count(tx, list, NULL, &count));
	*ret = count > 0;
	return OK;
}

static enum fault pass(struct tx *tx, const struct due_walk *w, const struct merchant *rows,
		       unsigned n, uint64_t ret[DUE_WALK_PAGE], unsigned *ret_n)
{
	*ret_n = 0;
	for (unsigned i = 0; i < n; i++) {
		bool some;
		TRY(has_some(tx, lists[w->chore], rows[i].number, &some));
		if (some)
			ret[(*ret_n)++] = rows[i].number;
	}
	return OK;
}

enum fault due_by_lists(struct tx *tx, struct due_walk *w, uint64_t ret[DUE_WALK_PAGE],
			unsigned *ret_n)
{
	struct page page = {
	    .list = LIST_MERCHANTS, .from = w->place, .n = DUE_WALK_PAGE, .oldest_first = true};
	struct merchant *rows;
	uint64_t count;
	unsigned n;
	must(store_merchant(tx) == 0);
	TRY(store_page(tx, &page, &rows, &n, &count));
	enum fault fault = pass(tx, w, rows, n, ret, ret_n);
	reader_merchant(tx, 0, (struct merchant_clock){0});
	w->place += n;
	w->ended = n < DUE_WALK_PAGE;
	return fault;
}
