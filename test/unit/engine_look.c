/*
 * Reads that are looked ahead: handlers that go from row to row, over rows in the view and in
 * memory, with writes and feeds before, between and behind. What a look leaves behind is nothing,
 * and what a handler answers after it is what it answers without.
 */
#include "engine_kit.h"

enum { TALLIES = 700, LOOKS_MAX = 40, LOOK_ROUNDS = 400, HOPS_MAX = 6 };

static uint64_t state, model[TALLIES];

static uint64_t roll(uint64_t below)
{
	state = state * 6364136223846793005u + 1442695040888963407u;
	return (state >> 33) % below;
}

struct hops_cmd {
	uint64_t from, n;
};
struct hops_ret {
	uint64_t sum, hops;
};

/* Each tally says which is the next one. */
static enum fault hops(struct tx *tx, const struct env *env, const void *cmd, void *ret)
{
	const struct hops_cmd *c = cmd;
	struct hops_ret *r = ret;
	struct tally t = {.kind = 1, .of = c->from};
	bool found;
	for (r->hops = 0; r->hops < c->n; r->hops++) {
		must(arena_take(env->arena, 100));
		TRY(store_get(tx, TABLE_TALLY, &t, &found));
		if (!found)
			return OK;
		r->sum += t.count;
		t.of = t.count % (2 * TALLIES);
	}
	return OK;
}

static struct hops_ret hop_through_model(const struct hops_cmd *c)
{
	struct hops_ret r = {0};
	uint64_t of = c->from;
	for (; r.hops < c->n && of < TALLIES && model[of]; r.hops++) {
		r.sum += model[of];
		of = model[of] % (2 * TALLIES);
	}
	return r;
}

static void change(struct engine *e, unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		struct kit_set set = {1, roll(TALLIES), 1, 1 + roll(100000)};
		CHECK_INT(kit_run(e, 1, kit_set, &set, NULL), OK);
		model[set.of] = set.count;
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
		*c = (struct call){.cmd = {roll(TALLIES), 1 + roll(HOPS_MAX)}};
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
	for (unsigned round = 0; round < LOOK_ROUNDS; round++) {
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
	reader_close(r);
	engine_close(e);
	return test_end();
}
