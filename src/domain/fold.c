#include "domain/fold.h"

/* By text, then by place: the first of equal ones comes first. */
static int compare(const void *a, const void *b, void *context)
{
	const struct text *texts = context;
	unsigned i = *(const unsigned *)a, j = *(const unsigned *)b;
	int order = text_compare(texts[i], texts[j]);
	if (order)
		return order;
	return i < j ? -1 : i > j;
}

unsigned *text_fold(struct arena *a, const struct text *texts, unsigned n)
{
	unsigned *sorted = ARENA_ARRAY(a, unsigned, n), *first = ARENA_ARRAY(a, unsigned, n);
	if (!sorted || !first)
		return NULL;
	for (unsigned i = 0; i < n; i++)
		sorted[i] = i;
	qsort_r(sorted, n, sizeof(*sorted), compare, (void *)texts);
	for (unsigned i = 0; i < n; i++) {
		bool again = i > 0 && text_equal(texts[sorted[i]], texts[sorted[i - 1]]);
		first[sorted[i]] = again ? first[sorted[i - 1]] : sorted[i];
	}
	return first;
}
