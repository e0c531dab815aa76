/*
 * Reads that are looked ahead: handlers that go from row to row, over rows in the view and in
 * memory, with writes and feeds before, between and behind. What a look leaves behind is nothing,
 * and what a handler answers after it is what it answers without. And writes, which are looked
 * ahead until they would change something.
 */
#include "engine_kit.h"

#include "store/look.h"
#include "store/parts.h"
#include "store/together.h"

enum { TALLIES = 700, LOOKS_MAX = 40, ROUNDS = 400, HOPS_MAX = 6, NAME_SIZE = 32 };

/* From row to row: of tallies, of departments by their codes, of what customers hold. */
enum by { BY_NUMBER, BY_CODE, BY_HOLDER, BY_COUNT };

/* The same numbers name a row of each; 0: there is none */
static uint64_t state, model[BY_COUNT][TALLIES];

static uint64_t roll(uint64_t below)
{
	state = state * 6364136223846793005u + 1442695040888963407u;
	return (state >> 33) % below;
}

struct hops_cmd {
	uint64_t from, n;
	enum by by;
};
struct hops_ret {
	uint64_t sum, hops;
};

static struct text name_of(uint64_t number, char memory[NAME_SIZE])
{
	int size = snprintf(memory, NAME_SIZE, "%llu", (unsigned long long)number);
	return (struct text){memory, (size_t)size};
}

static enum fault tally_count(struct tx *tx, uint64_t of, uint64_t *ret_count, bool *ret_found)
{
	struct tally t = {.kind = 1, .of = of};
	TRY(store_get(tx, TABLE_TALLY, &t, ret_found));
	*ret_count = t.count;
	return OK;
}

/* Its name is its count. */
static enum fault named_count(struct tx *tx, uint64_t code, uint64_t *ret_count, bool *ret_found)
{
	char memory[NAME_SIZE];
	struct department d = {.code = name_of(code, memory)};
	TRY(store_find(tx, UNIQUE_DEPARTMENT_BY_CODE, &d, ret_found));
	must(!*ret_found || text_to_uint64(d.name, ret_count));
	return OK;
}

/* Eight rows a customer, the first eight nobody's; every other customer is there. */
static struct holding holding_of(uint64_t of)
{
	return (struct holding){.customer = of / 8, .template = 1 + of % 8};
}

static enum fault held_count(struct tx *tx, uint64_t of, uint64_t *ret_count, bool *ret_found)
{
	struct holding h = holding_of(of);
	struct customer holder = {.number = h.customer};
	bool known = false;
	TRY(store_get(tx, TABLE_HOLDING, &h, ret_found));
	if (*ret_found && holder.number)
		TRY(store_get(tx, TABLE_CUSTOMER, &holder, &known));
	CHECK(known == (*ret_found && holder.number % 2));
	*ret_count = h.issued;
	return OK;
}

/* Each one's count says which is the next one. */
static enum fault hops(struct tx *tx, const struct env *env, const void *cmd, void *ret)
{
	static enum fault (*const count_of[])(struct tx *, uint64_t, uint64_t *,
					      bool *) = {tally_count, named_count, held_count};
	const struct hops_cmd *c = cmd;
	struct hops_ret *r = ret;
	uint64_t of = c->from, count = 0;
	bool found;
	for (r->hops = 0; r->hops < c->n; r->hops++) {
		must(arena_take(env->arena, 100));
		TRY(count_of[c->by](tx, of, &count, &found));
		if (!found)
			return OK;
		r->sum += count;
		of = count % (2 * TALLIES);
	}
	return OK;
}

/* count 0: it loses its code. */
static enum fault name(struct tx *tx, const struct env *env, const void *cmd, void *ret)
{
	const struct kit_set *c = cmd;
	char code[NAME_SIZE], count[NAME_SIZE];
	struct department d = {.number = c->of + 1};
	bool found;
	(void)env;
	(void)ret;
	TRY(store_get(tx, TABLE_DEPARTMENT, &d, &found));
	d.code = c->count ? name_of(c->of, code) : TEXT_NONE;
	d.name = name_of(c->count, count);
	store_put(tx, TABLE_DEPARTMENT, &d);
	return OK;
}

static enum fault hold(struct tx *tx, const struct env *env, const void *cmd, void *ret)
{
	const struct kit_set *c = cmd;
	struct holding h = holding_of(c->of), old = h;
	struct customer holder = {.number = h.customer};
	bool found, known = true;
	(void)env;
	(void)ret;
	TRY(store_get(tx, TABLE_HOLDING, &old, &found));
	if (holder.number % 2)
		TRY(store_get(tx, TABLE_CUSTOMER, &holder, &known));
	h.issued = c->count;
	if (!known)
		store_put(tx, TABLE_CUSTOMER, &holder);
	if (h.issued)
		store_put(tx, TABLE_HOLDING, &h);
	else if (found)
		store_del(tx, TABLE_HOLDING, &old);
	return OK;
}

static struct hops_ret hop_through_model(const struct hops_cmd *c)
{
	const uint64_t *counts = model[c->by];
	struct hops_ret r = {0};
	uint64_t of = c->from;
	for (; r.hops < c->n && of < TALLIES && counts[of]; r.hops++) {
		r.sum += counts[of];
		of = counts[of] % (2 * TALLIES);
	}
	return r;
}

static void change(struct engine *e, unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		struct kit_set set = {1, roll(TALLIES), 1, 1 + roll(100000)};
		CHECK_INT(kit_run(e, 1, kit_set, &set, NULL), OK);
		model[BY_NUMBER][set.of] = set.count;
		set.of = roll(TALLIES);
		set.count = roll(4) ? set.count : 0;
		CHECK_INT(kit_run(e, 1, name, &set, NULL), OK);
		model[BY_CODE][set.of] = set.count;
		set.of = roll(TALLIES);
		CHECK_INT(kit_run(e, 1, hold, &set, NULL), OK);
		model[BY_HOLDER][set.of] = set.count;
	}
	if (roll(2))
		engine_feed(e);
}

struct call {
	struct hops_cmd cmd;
	struct hops_ret ret;
	struct arena arena;
	struct arena_mark mark;
};

static void look(struct reader *r, struct call *calls, unsigned n)
{
	struct reader_look looks[LOOKS_MAX] = {0};
	for (unsigned i = 0; i < n; i++) {
		struct call *c = &calls[i];
		*c = (struct call){
		    .cmd = {roll(TALLIES), 1 + roll(HOPS_MAX), (enum by)roll(BY_COUNT)}};
		arena_init(&c->arena, KIT_ARENA_BYTES);
		must(arena_take(&c->arena, 1 + roll(100)));
		c->mark = arena_mark(&c->arena);
		if (roll(10) == 0) /* a call that nothing is known of */
			continue;
		looks[i] = (struct reader_look){.merchant = 1,
						.handle = hops,
						.cmd = &c->cmd,
						.ret = &c->ret,
						.ret_size = sizeof(c->ret),
						.arena = &c->arena};
	}
	reader_look(r, looks, n);
	for (unsigned i = 0; i < n; i++) {
		struct arena_mark now = arena_mark(&calls[i].arena);
		CHECK(memcmp(&now, &calls[i].mark, sizeof(now)) == 0);
		CHECK(calls[i].ret.sum == 0 && calls[i].ret.hops == 0);
	}
}

static void answer(struct reader *r, struct call *calls, unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		struct call *c = &calls[i];
		struct detail detail = {0};
		struct hops_ret want = hop_through_model(&c->cmd);
		(void)reader_begin(r, 1, &c->arena, &detail);
		CHECK_INT(reader_apply(r, hops, &c->cmd, &c->ret), OK);
		reader_end(r);
		CHECK_INT(c->ret.sum, want.sum);
		CHECK_INT(c->ret.hops, want.hops);
		arena_release(&c->arena);
	}
}

/* ---- writes ---- */

static struct tally shared = {.kind = 9, .of = 1}; /* is not there */
static unsigned found_named, went_on;

/* As the lane's handlers do: what all ask for, a name, its record, a change. */
static enum fault count_named(struct tx *tx, const struct env *env, const void *cmd, void *ret)
{
	const struct kit_set *c = cmd;
	char memory[NAME_SIZE];
	struct department d = {.code = name_of(c->of, memory)};
	struct tally t = shared;
	bool found;
	(void)ret;
	must(arena_take(env->arena, 100));
	TRY(store_get(tx, TABLE_TALLY, &t, &found));
	TRY(store_find(tx, UNIQUE_DEPARTMENT_BY_CODE, &d, &found));
	found_named += found;
	if (found) {
		t = (struct tally){.kind = 1, .of = c->of, .count = 1000000};
		store_put(tx, TABLE_TALLY, &t);
		went_on++;
	}
	return OK;
}

static bool walked(const struct snapshot *s, const struct key *key)
{
	struct key memory;
	return walk_find(&s->view.tree, key_together(key_get(key), &memory)) != NULL;
}

static void check_walked(const struct snapshot *s, uint64_t of)
{
	char memory[NAME_SIZE];
	struct department d = {.number = of + 1, .code = name_of(of, memory)};
	struct key key;
	key_unique(&key, 1, UNIQUE_DEPARTMENT_BY_CODE, &d);
	CHECK(walked(s, &key));
	key_record(&key, 1, TABLE_DEPARTMENT, &d);
	CHECK(walked(s, &key) == (model[BY_CODE][of] != 0));
}

/* In memory rather than in the view. */
static void set_again(struct engine *e, uint64_t of)
{
	struct kit_set set = {1, of, 1, 0};
	CHECK_INT(kit_run(e, 1, name, &set, NULL), OK);
	/* Not what it is: that would put nothing. */
	set.count = model[BY_CODE][of] = ++model[BY_NUMBER][of];
	CHECK_INT(kit_run(e, 1, name, &set, NULL), OK);
	CHECK_INT(kit_run(e, 1, kit_set, &set, NULL), OK);
}

/* What the sixteen will ask for is at hand, or in memory; and nothing has changed. */
static void look_at_writes(struct engine *e, bool in_memory)
{
	static struct looking a;
	struct kit_set cmds[LOOK_CALLS];
	struct reader_look looks[LOOK_CALLS];
	struct snapshot s;
	struct arena arena;
	struct key key;
	struct keyring keys = trial_keys(e);
	struct env env = {.now = kit_clock(NULL)};
	must(feeder_hold(e) == OK);
	arena_init(&arena, KIT_ARENA_BYTES);
	for (unsigned i = 0; i < LOOK_CALLS; i++) {
		cmds[i] = (struct kit_set){.of = roll(TALLIES)};
		looks[i] = (struct reader_look){
		    .merchant = 1, .handle = count_named, .cmd = &cmds[i], .arena = &arena};
		if (in_memory)
			set_again(e, cmds[i].of);
	}
	snapshot_open(&s, &e->overlay, &e->view);
	snapshot_begin(&s);
	a.snapshot = &s;
	a.keys = &keys;
	a.env = &env;
	a.writes = true;
	found_named = went_on = 0;
	looking_run(&a, looks, LOOK_CALLS);
	key_record(&key, 1, TABLE_TALLY, &shared);
	CHECK(walked(&s, &key));
	for (unsigned i = 0; i < LOOK_CALLS && !in_memory; i++)
		check_walked(&s, cmds[i].of);
	/* Where all is at hand they come to the change, and not beyond. */
	CHECK_INT(found_named, in_memory ? LOOK_CALLS : 0);
	CHECK_INT(went_on, 0);
	snapshot_end(&s);
	snapshot_close(&s);
	feeder_go_on(e);
	tx_free(&a.tx);
	a.tx = (struct tx){0};
	arena_release(&arena);
}

int main(void)
{
	static struct call calls[LOOKS_MAX];
	struct engine_config config = kit_config(kit_dir("look"));
	const char *seed = getenv("TEST_SEED");
	state = seed ? strtoull(seed, NULL, 10) : (unsigned)getpid();
	printf("TEST_SEED=%llu\n", (unsigned long long)state);
	struct engine *e = kit_open(&config);
	struct reader *r = reader_open(e);
	reader_keep(r);
	look(r, calls, 3); /* nothing is there yet */
	answer(r, calls, 3);
	change(e, TALLIES);
	for (unsigned round = 0; round < ROUNDS; round++) {
		unsigned n = 1 + (unsigned)roll(LOOKS_MAX);
		look(r, calls, n);
		if (roll(4) == 0)
			change(e, 1 + (unsigned)roll(5));
		answer(r, calls, n);
		if (roll(8) == 0) {
			reader_rest(r);
			reader_keep(r);
		}
	}
	for (unsigned round = 0; round < 20; round++)
		look_at_writes(e, round % 2);
	/* Still as the model has it. */
	look(r, calls, LOOKS_MAX);
	answer(r, calls, LOOKS_MAX);
	reader_close(r);
	engine_close(e);
	return test_end();
}
