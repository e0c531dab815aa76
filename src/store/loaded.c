/*
 * The cache: an array of rows in order of first mention, an open-addressed index over their keys,
 * a journal of writes.
 */
#include "store/loaded.h"

#include "store/keys.h"

struct loaded_row {
	uint64_t hash;
	struct text key, value; /* value: as loaded */
	struct text now;	/* as written by this round */
	uint8_t state;		/* enum loaded_state */
	bool is_wanted;		/* stands in `wanted` */
	bool written, gone;
};
/* A write, with what was before it. */
struct loaded_step {
	uint32_t row;
	bool written, gone;
	struct text now;
};

enum { SLOTS_MIN = 256 };

static struct loaded *loaded_of(struct rows *r)
{
	return (struct loaded *)(void *)r;
}

/* Room for one more; capacities double. */
static void *room(void *memory, uint32_t count, uint32_t *capacity, size_t size)
{
	if (count < *capacity)
		return memory;
	*capacity = *capacity ? *capacity * 2 : 64;
	memory = realloc(memory, *capacity * size);
	must(memory);
	return memory;
}

static struct text keep(struct arena *a, struct text t)
{
	struct text kept = arena_text(a, t);
	must(!a->full);
	return kept;
}

/* ---- the index ---- */

static uint64_t hash_of(struct text key)
{
	uint64_t hash = UINT64_C(0x8445D61A4E774912) ^ key.size, word;
	for (size_t i = 0; i < key.size; i += 8) {
		size_t left = key.size - i < 8 ? key.size - i : 8;
		word = 0;
		memcpy(&word, key.data + i, left);
		hash = (hash ^ word) * UINT64_C(0x9FB21C651E98DF25);
		hash ^= hash >> 35;
	}
	return hash;
}

static uint32_t *find_slot(const struct loaded *l, uint64_t hash, struct text key)
{
	for (uint64_t i = hash;; i++) {
		uint32_t *slot = &l->slots[i & (l->slot_count - 1)];
		if (*slot == 0)
			return slot;
		const struct loaded_row *row = &l->table[*slot - 1];
		if (row->hash == hash && text_equal(row->key, key))
			return slot;
	}
}

static void make_slots(struct loaded *l, uint32_t count)
{
	free(l->slots);
	l->slots = calloc(count, sizeof(*l->slots));
	must(l->slots);
	l->slot_count = count;
	for (uint32_t i = 0; i < l->count; i++)
		*find_slot(l, l->table[i].hash, l->table[i].key) = i + 1;
}

/* Its place, made when it is not there yet. */
static uint32_t place_of(struct loaded *l, struct text key)
{
	uint64_t hash = hash_of(key);
	if (l->count * 2 >= l->slot_count)
		make_slots(l, l->slot_count ? l->slot_count * 2 : SLOTS_MIN);
	uint32_t *slot = find_slot(l, hash, key);
	if (*slot)
		return *slot - 1;
	l->table = room(l->table, l->count, &l->capacity, sizeof(*l->table));
	l->table[l->count] = (struct loaded_row){.hash = hash, .key = keep(&l->kept, key)};
	*slot = ++l->count;
	return l->count - 1;
}

/* ---- misses ---- */

static void end_run(struct loaded *l)
{
	must(l->end); /* a get outside of loaded_try */
	longjmp(*l->end, 1);
}

static void add_wanted(struct loaded *l, uint32_t place)
{
	struct loaded_row *row = &l->table[place];
	if (row->is_wanted)
		return;
	row->is_wanted = true;
	l->wanted = room(l->wanted, l->wanted_count, &l->wanted_capacity, sizeof(*l->wanted));
	l->wanted[l->wanted_count++] = row->key;
}

/* A read waits here; a write's run goes on with a guess, or ends. */
static void miss(struct loaded *l)
{
	if (l->load) {
		l->fault = l->load(l, l->context);
		if (l->fault != OK)
			end_run(l);
		return;
	}
	bool may_guess = l->rows.guess;
	l->rows.guessed = true; /* an ended run is missing from what comes after it */
	if (!may_guess)
		end_run(l);
}

bool loaded_try(struct loaded *l, void (*run)(void *context), void *context)
{
	jmp_buf end;
	must(!l->end);
	l->end = &end;
	bool whole = setjmp(end) == 0;
	if (whole)
		run(context);
	l->end = NULL;
	return whole;
}

/* ---- the verbs ---- */

static bool is_known(const struct loaded_row *row)
{
	return row->written || row->state != LOADED_UNKNOWN;
}

static bool read_row(const struct loaded_row *row, struct text *ret_value)
{
	*ret_value = row->written ? row->now : row->value;
	return row->written ? !row->gone : row->state == LOADED_THERE;
}

/* What the hints say of a row; NULL: nothing. */
static const struct loaded_row *find_hint(const struct loaded *l, const struct loaded_row *row)
{
	if (!l->hints || !l->hints->slot_count)
		return NULL;
	uint32_t place = *find_slot(l->hints, row->hash, row->key);
	const struct loaded_row *hint = place ? &l->hints->table[place - 1] : NULL;
	return hint && is_known(hint) ? hint : NULL;
}

/* Keys of customers are wiped beside the ledger, and other merchants' rows have another lock. */
static bool holds(const struct loaded *l, const struct loaded_row *hint)
{
	unsigned kind = (uint8_t)hint->key.data[0];
	return hint->written || (kind < ROW_KIND_COUNT && key_merchant(hint->key) == l->merchant);
}

/* Whether it is known now, from the hints. */
static bool take_hint(struct loaded *l, struct loaded_row *row)
{
	const struct loaded_row *hint = l->hints_hold ? find_hint(l, row) : NULL;
	struct text value;
	if (!hint || !holds(l, hint))
		return false;
	row->state = read_row(hint, &value) ? LOADED_THERE : LOADED_ABSENT;
	row->value = row->state == LOADED_THERE ? keep(&l->kept, value) : TEXT_NONE;
	return true;
}

/* Whose number is given in this very batch has no rows yet. */
static bool is_too_new(const struct loaded *l, const struct loaded_row *row)
{
	return l->next_number && key_merchant(row->key) == l->merchant &&
	       key_customer(row->key) >= l->next_number;
}

/* Whether it is known, or can be without a load. */
static bool know(struct loaded *l, struct loaded_row *row)
{
	if (is_known(row) || take_hint(l, row))
		return true;
	if (!is_too_new(l, row))
		return false;
	row->state = LOADED_ABSENT;
	return true;
}

static bool verb_get(struct rows *r, struct text key, struct text *ret_value)
{
	struct loaded *l = loaded_of(r);
	uint32_t place = place_of(l, key);
	if (know(l, &l->table[place]))
		return read_row(&l->table[place], ret_value);
	add_wanted(l, place);
	const struct loaded_row *hint = find_hint(l, &l->table[place]);
	if (hint) {
		l->rows.guessed = true;
		return read_row(hint, ret_value);
	}
	miss(l);
	return read_row(&l->table[place], ret_value);
}

static bool verb_want(struct rows *r, struct text key)
{
	struct loaded *l = loaded_of(r);
	uint32_t place = place_of(l, key);
	if (know(l, &l->table[place]))
		return true;
	add_wanted(l, place);
	return false;
}

static void set_row(struct loaded *l, struct text key, const struct text *value)
{
	uint32_t place = place_of(l, key);
	struct loaded_row *row = &l->table[place];
	l->steps = room(l->steps, l->step_count, &l->step_capacity, sizeof(*l->steps));
	l->steps[l->step_count++] = (struct loaded_step){place, row->written, row->gone, row->now};
	if (row->state == LOADED_UNKNOWN)
		(void)take_hint(l, row);
	if (!row->written) {
		l->changed =
		    room(l->changed, l->changed_count, &l->changed_capacity, sizeof(*l->changed));
		l->changed[l->changed_count++] = place;
	}
	row->written = true;
	row->gone = !value;
	row->now = value ? keep(&l->written, *value) : TEXT_NONE;
}

static void verb_put(struct rows *r, struct text key, struct text value)
{
	set_row(loaded_of(r), key, &value);
}

static void verb_del(struct rows *r, struct text key)
{
	set_row(loaded_of(r), key, NULL);
}

/* ---- scans ---- */

static bool scan_covers(const struct loaded_scan *s, struct text prefix, struct text after)
{
	return s->known && text_equal(s->prefix, prefix) && text_compare(after, s->from) >= 0 &&
	       (s->ended || text_compare(after, s->to) < 0);
}

static void want_scan(struct loaded *l, struct text prefix, struct text after)
{
	struct loaded_scan *s = &l->scan;
	s->prefix = keep(&l->kept, prefix);
	s->from = keep(&l->kept, after);
	s->count = 0;
	s->known = s->ended = false;
	s->wanted = true;
}

static bool verb_next_fed(struct rows *r, struct text prefix, struct text after,
			  struct text *ret_key, struct text *ret_value)
{
	struct loaded *l = loaded_of(r);
	struct loaded_scan *s = &l->scan;
	if (!scan_covers(s, prefix, after)) {
		must(!l->rows.guess); /* decided with, never put with */
		want_scan(l, prefix, after);
		miss(l);
	}
	for (uint32_t i = 0; i < s->count; i++) {
		const struct loaded_row *row = &l->table[s->rows[i]];
		if (text_compare(row->key, after) <= 0)
			continue;
		*ret_key = row->key;
		*ret_value = row->value;
		return true;
	}
	return false;
}

static const struct rows_verbs loaded_verbs = {verb_get, verb_put, verb_del, verb_next_fed,
					       verb_want};

/* ---- loading ---- */

const struct text *loaded_wanted(const struct loaded *l, size_t *ret_n)
{
	*ret_n = l->wanted_count;
	return l->wanted;
}

const struct loaded_scan *loaded_wants_scan(const struct loaded *l)
{
	return l->scan.wanted ? &l->scan : NULL;
}

/* What was loaded first stays: others may hold slices of it, and it is of the same snapshot. */
static uint32_t set_loaded(struct loaded *l, struct text key, const struct text *value)
{
	uint32_t place = place_of(l, key);
	struct loaded_row *row = &l->table[place];
	if (row->state != LOADED_UNKNOWN || take_hint(l, row))
		return place;
	row->state = value ? LOADED_THERE : LOADED_ABSENT;
	row->value = value ? keep(&l->kept, *value) : TEXT_NONE;
	return place;
}

void loaded_set(struct loaded *l, struct text key, const struct text *value)
{
	(void)set_loaded(l, key, value);
}

void loaded_replace(struct loaded *l, struct text key, const struct text *value)
{
	uint32_t place = place_of(l, key); /* may move the table */
	l->table[place].state = LOADED_UNKNOWN;
	loaded_set(l, key, value);
}

void loaded_scanned(struct loaded *l, struct text key, struct text value)
{
	struct loaded_scan *s = &l->scan;
	uint32_t place = set_loaded(l, key, &value);
	must(s->count == 0 ||
	     text_compare(l->table[s->rows[s->count - 1]].key, l->table[place].key) < 0);
	s->rows = room(s->rows, s->count, &s->capacity, sizeof(*s->rows));
	s->rows[s->count++] = place;
	s->to = l->table[place].key;
}

void loaded_filled(struct loaded *l)
{
	struct loaded_scan *s = &l->scan;
	for (uint32_t i = 0; i < l->wanted_count; i++) {
		struct loaded_row *row = &l->table[place_of(l, l->wanted[i])];
		must(row->state != LOADED_UNKNOWN); /* the load left one out */
		row->is_wanted = false;
	}
	l->wanted_count = 0;
	if (!s->wanted)
		return;
	s->wanted = false;
	s->known = true;
	s->ended = s->count < LOADED_SCAN_ROWS;
}

/* ---- taking back ---- */

uint32_t loaded_mark(const struct loaded *l)
{
	return l->step_count;
}

/* A row came into `changed` with its first step, so the two shrink together. */
void loaded_undo(struct loaded *l, uint32_t mark)
{
	while (l->step_count > mark) {
		const struct loaded_step *step = &l->steps[--l->step_count];
		struct loaded_row *row = &l->table[step->row];
		row->written = step->written;
		row->gone = step->gone;
		row->now = step->now;
		if (!step->written)
			l->changed_count--;
	}
}

void loaded_round(struct loaded *l)
{
	loaded_undo(l, 0);
	arena_reset(&l->written);
	l->rows.guess = l->rows.guessed = false;
	l->fault = OK;
}

size_t loaded_changes(const struct loaded *l)
{
	return l->changed_count;
}

void loaded_change(const struct loaded *l, size_t i, struct text *ret_key, struct text *ret_value,
		   bool *ret_gone)
{
	const struct loaded_row *row = &l->table[l->changed[i]];
	*ret_key = row->key;
	*ret_value = row->now;
	*ret_gone = row->gone;
}

enum loaded_state loaded_change_was(const struct loaded *l, size_t i, const struct text **ret)
{
	const struct loaded_row *row = &l->table[l->changed[i]];
	*ret = row->state == LOADED_THERE ? &row->value : NULL;
	return (enum loaded_state)row->state;
}

/* ---- beginning and end ---- */

void loaded_init(struct loaded *l)
{
	*l = (struct loaded){.rows = {.verbs = &loaded_verbs}};
	arena_init(&l->kept, LOADED_BYTES_MAX);
	arena_init(&l->written, LOADED_BYTES_MAX);
}

enum { KEPT_ROWS_MAX = 64 * 1024 }; /* larger tables are given back */

void loaded_clear(struct loaded *l)
{
	loaded_round(l);
	arena_reset(&l->kept);
	l->count = l->wanted_count = 0;
	l->scan.known = l->scan.wanted = false;
	l->scan.count = 0;
	l->next_number = 0;
	if (l->slot_count > KEPT_ROWS_MAX)
		make_slots(l, SLOTS_MIN);
	else if (l->slot_count)
		memset(l->slots, 0, l->slot_count * sizeof(*l->slots));
}

void loaded_release(struct loaded *l)
{
	arena_release(&l->kept);
	arena_release(&l->written);
	free(l->table);
	free(l->slots);
	free(l->wanted);
	free(l->changed);
	free(l->steps);
	free(l->scan.rows);
	*l = (struct loaded){0};
}
