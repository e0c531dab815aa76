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
	/* Heads stand together and are in memory as long as their merchants write. */
	if (place.data[0] == ROW_HEAD || snapshot_has(a->snapshot, place) ||
	    walk_find(&a->snapshot->view.tree, place))
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

static void verb_put(struct rows *r, struct text key, struct text value)
{
	(void)key, (void)value;
	longjmp(looking_of(r)->end, 1);
}

static void verb_del(struct rows *r, struct text key)
{
	(void)key;
	longjmp(looking_of(r)->end, 1);
}

static const struct rows_verbs look_verbs = {
    .get = verb_get, .put = verb_put, .del = verb_del, .next_fed = verb_next_fed};

/* ---- running ---- */

static void begin(struct looking *a, const struct reader_look *look, struct detail *detail)
{
	struct env env = *a->env;
	env.arena = look->arena;
	if (a->writes) {
		env.from_utc8 = look->clock.from_utc8;
		env.ahead_ms = look->clock.ahead_ms;
		tx_init_write(&a->tx, &a->rows, a->keys, look->merchant, &env, detail, 0,
			      TEXT_NONE);
	} else {
		tx_init_read(&a->tx, &a->rows, a->keys, look->merchant, &env, detail);
		reader_merchant(&a->tx, look->merchant, look->clock);
	}
}

/* To its end, to a row that is to be walked to, or to its first change. Whatever it owns is its
 * arena's. */
static void run(struct looking *a, const struct reader_look *look, struct detail *detail)
{
	if (setjmp(a->end) == 0) {
		begin(a, look, detail);
		(void)!look->handle(&a->tx, &a->tx.env, look->cmd, look->ret);
	}
	tx_discard(&a->tx);
	tx_release(&a->tx);
}

static void look_once(struct looking *a, const struct reader_look *look)
{
	struct arena_mark mark = arena_mark(look->arena);
	bool full = look->arena->full;
	struct detail detail = {0};
	run(a, look, &detail);
	if (look->ret_size)
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

/* A write first asks for what its merchant's writes all ask for, a list that mostly is not there:
 * the first one goes there alone, or each would walk there and no further. */
static void look_shared(struct looking *a, const struct reader_look *look)
{
	a->at = 0;
	look_once(a, look);
	if (a->calls[0].n == 0)
		return;
	a->shared = a->calls[0].places[0];
	a->calls[0].n = 0;
	tree_walk(&a->snapshot->view.tree, &(struct goal){.key = key_get(&a->shared)}, 1);
}

void looking_run(struct looking *a, const struct reader_look *looks, unsigned n)
{
	must(n <= LOOK_CALLS);
	a->rows = (struct rows){.verbs = &look_verbs};
	tree_forget_walks(&a->snapshot->view.tree);
	for (unsigned i = 0; i < n; i++)
		a->calls[i].n = 0;
	if (a->writes && n > 0 && looks[0].handle)
		look_shared(a, &looks[0]);
	for (unsigned round = 0; round < LOOK_ROUNDS; round++) {
		/* One that named nothing in the last round misses nothing. */
		for (a->at = 0; a->at < n; a->at++)
			if (looks[a->at].handle && a->calls[a->at].n == round &&
			    !follow_unique(a, &a->calls[a->at]))
				look_once(a, &looks[a->at]);
		walk(a, round, n);
	}
}
