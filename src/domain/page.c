#include "domain/page.h"

struct instant second_first(struct instant i)
{
	return instant_of_second(instant_second(i));
}

struct instant second_last(struct instant i)
{
	return instant_is_none(i) ? i : (struct instant){second_first(i).ms + 999};
}

enum fault window_page(struct tx *tx, const struct window *w, void *ret_rows, unsigned *ret_n,
		       uint64_t *ret_count)
{
	struct instant from = second_first(w->from), to = second_last(w->to);
	uint64_t first = 0, all = 0;
	*ret_n = 0;
	TRY(store_count(tx, w->list, NULL, &all));
	*ret_count = all;
	if (!instant_is_none(from) || !instant_is_none(to))
		TRY(store_window(tx, w->list, NULL, from, to, &first, ret_count));
	if (w->skip >= *ret_count || w->n == 0)
		return OK;
	uint64_t left = *ret_count - w->skip;
	/* first counts from the newest; seen from the oldest the window begins after those older.
	 */
	struct page page = {.list = w->list,
			    .from = (w->oldest_first ? all - first - *ret_count : first) + w->skip,
			    .n = left < w->n ? (unsigned)left : w->n,
			    .oldest_first = w->oldest_first};
	return store_page(tx, &page, ret_rows, ret_n, &all);
}
