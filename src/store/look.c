/* See look.h. */
#include "store/look.h"

#include "store/together.h"

/* ---- what a run ahead sees ---- */

static struct looking *looking_of(struct rows *r)
{
	return (struct looking *)(void *)r;
}

static void name_place(struct look_call *c, struct text place)
{
	must(c->n < LOOK_ROUNDS);
	memcpy(c->places[c->n].bytes, place.data, place.size);
	c->places[c->n++].size = place.size;
}

static bool verb_get(struct rows *r, struct text key, struct text *ret_value)
{
	struct looking *a = looking_of(r);
	struct key memory;
	struct text place = key_together(key, &memory);
	if (snapshot_has(a->snapshot, place) || walk_find(&a->snapshot->view.tree, place))
		return row_get(&a->snapshot->rows, key, ret_value);
	name_place(&a->calls[a->at], place); /* a run names one */
	longjmp(a->end, 1);
}

static bool verb_next_fed(struct rows *r, struct text prefix, struct text after,
			  struct text *ret_key, struct text *ret_value)
{
	(void)prefix, (void)after, (void)ret_key, (void)ret_value;
	longjmp(looking_of(r)->end, 1);
}

/* Who reads does not put. */
static const struct rows_verbs look_verbs = {.get = verb_get, .next_fed = verb_next_fed};

/* ---- running ---- */

/* To its end or to a row that is to be walked to. Whatever it owns is its arena's. */
static void run(struct looking *a, const struct reader_look *look)
{
	if (setjmp(a->end) == 0)
		(void)!look->handle(&a->tx, &a->tx.env, look->cmd, look->ret);
}

static void look_once(struct looking *a, struct keyring *keys, const struct env *env,
		      const struct reader_look *look)
{
	struct arena_mark mark = arena_mark(look->arena);
	bool full = look->arena->full;
	struct detail detail = {0};
	tx_init_read(&a->tx, &a->rows, keys, look->merchant, env, &detail);
	a->tx.env.arena = look->arena;
	reader_merchant(&a->tx, look->merchant, look->clock);
	run(a, look);
	memset(look->ret, 0, look->ret_size);
	look->arena->full = full;
	arena_rewind(look->arena, mark);
}

/* Who has walked to a unique value reads its record next: no run is needed to know which. */
static bool follow_unique(struct looking *a, struct look_call *c)
{
	struct text unique = c->n ? key_get(&c->places[c->n - 1]) : TEXT_NONE, parts;
	struct key key, memory;
	union record record;
	if (!unique.size || unique.data[0] != ROW_UNIQUE ||
	    !row_get(&a->snapshot->rows, unique, &parts) ||
	    !key_named(&key, key_merchant(unique),
		       (enum table)unique_shapes[(uint8_t)unique.data[1]].table, parts, &record))
		return false;
	struct text place = key_together(key_get(&key), &memory);
	if (snapshot_has(a->snapshot, place))
		return false;
	name_place(c, place);
	return true;
}

/* To what this round has named. Who reads what belongs to a customer mostly reads the customer too.
 */
static void walk(struct looking *a, unsigned round, unsigned n)
{
	struct goal goals[LOOK_CALLS];
	unsigned count = 0;
	for (unsigned i = 0; i < n; i++) {
		struct look_call *c = &a->calls[i];
		if (c->n <= round)
			continue;
		struct text place = key_get(&c->places[round]);
		goals[count] = (struct goal){.key = place};
		if (place_of_holder(place, &c->holders[round]) &&
		    !snapshot_has(a->snapshot, key_get(&c->holders[round])))
			goals[count].beside = key_get(&c->holders[round]);
		count++;
	}
	tree_walk(&a->snapshot->view.tree, goals, count);
}

void looking_run(struct looking *a, struct snapshot *s, struct keyring *keys, const struct env *env,
		 const struct reader_look *looks, unsigned n)
{
	must(n <= LOOK_CALLS);
	a->rows = (struct rows){.verbs = &look_verbs};
	a->snapshot = s;
	tree_forget_walks(&s->view.tree);
	for (unsigned i = 0; i < n; i++)
		a->calls[i].n = 0;
	for (unsigned round = 0; round < LOOK_ROUNDS; round++) {
		/* One that named nothing in the last round misses nothing. */
		for (a->at = 0; a->at < n; a->at++)
			if (looks[a->at].handle && a->calls[a->at].n == round &&
			    !follow_unique(a, &a->calls[a->at]))
				look_once(a, keys, env, &looks[a->at]);
		walk(a, round, n);
	}
}
