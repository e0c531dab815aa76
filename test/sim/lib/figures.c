/* What one seed did, for --verbose. */
#include "sim.h"

#include <stdio.h>

/* How often each command was accepted, and each kind of event happened to the first merchant's
 * coupons: what a seed does not do it does not prove. */
static void print_counts(const struct world *w)
{
	unsigned events[EVENT_COUNT] = {0};
	const struct m_home *h = &w->homes[1];
	for (unsigned i = 0; i < h->event_n; i++)
		events[h->events[i].e.kind]++;
	for (unsigned i = 0; i < COUNT_OF(w->accepted_of); i++)
		if (w->accepted_of[i])
			printf(" %s:%llu", command_get(i)->name,
			       (unsigned long long)w->accepted_of[i]);
	for (unsigned i = EVENT_ISSUED; i < EVENT_COUNT; i++)
		printf(" event_%u:%u", i, events[i]);
	puts("");
}

void print_figures(const struct world *w)
{
	printf(
	    "seed %llu: %llu commands, %llu accepted, %llu repeats, %llu busy, %llu kills (%llu "
	    "cut off), %llu restarts, %llu restores, %llu checks, %llu verifies of %llu rows, %llu "
	    "watches; %u coupons, %u people, "
	    "%u campaigns, %llu changes of them\n",
	    (unsigned long long)w->seed, (unsigned long long)w->commands,
	    (unsigned long long)w->accepted, (unsigned long long)w->repeats,
	    (unsigned long long)w->busy, (unsigned long long)w->kills,
	    (unsigned long long)w->cut_off, (unsigned long long)w->restarts,
	    (unsigned long long)w->restores, (unsigned long long)w->checks,
	    (unsigned long long)w->verifies, (unsigned long long)w->rows_verified,
	    (unsigned long long)atomic_load(&w->watches), w->homes[1].coupon_n,
	    w->homes[1].customer_n, w->homes[1].campaign_n,
	    (unsigned long long)w->homes[1].changes);
	print_counts(w);
	if (w->twin[0])
		printf("  on PostgreSQL: %llu answers and %llu entries compared, %llu mended, %llu "
		       "outages%s\n",
		       (unsigned long long)w->compared, (unsigned long long)w->compared_entries,
		       (unsigned long long)w->mended, (unsigned long long)w->outages,
		       w->one_home ? ", byte for byte" : "");
}
