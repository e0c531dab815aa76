/*
 * Handlers run ahead of the lane: nothing of it is seen. Sums, answers and refusals are those of
 * the lane, with any mixture of commands, while clients come and go.
 */
#include "engine_kit.h"

#include <pthread.h>

enum { CLIENTS = 16, ROUNDS = 100, OUTSTANDING = 32 };

/* Adds to its tally; refuses when it would pass a limit, naming it. */
struct bounded {
	uint64_t of, limit;
};
struct bounded_ret {
	uint64_t count, runs; /* runs: a second run of the same ret would show */
};
static enum fault add_bounded(struct tx *tx, const struct env *env, const void *cmd, void *ret)
{
	const struct bounded *c = cmd;
	struct bounded_ret *r = ret;
	struct tally t = {.kind = 5, .of = c->of};
	bool found;
	r->runs++;
	TRY(store_get(tx, TABLE_TALLY, &t, &found));
	if (t.count >= c->limit)
		return refuse(tx, FAULT_LIMIT_REACHED, TEXT("limit"),
			      arena_format(env->arena, "%llu", (unsigned long long)c->of));
	r->count = ++t.count;
	store_put(tx, TABLE_TALLY, &t);
	return OK;
}

struct call {
	struct write write;
	struct bounded cmd;
	struct bounded_ret ret;
	struct arena arena;
};
struct client {
	struct engine *engine;
	unsigned number;
	pthread_t thread;
	struct call calls[OUTSTANDING];
	pthread_mutex_t lock;
	pthread_cond_t all_done;
	unsigned waiting;
	uint64_t accepted, refused, wrong;
};

static void call_done(struct write *w)
{
	struct client *c = w->context;
	pthread_mutex_lock(&c->lock);
	if (--c->waiting == 0)
		pthread_cond_signal(&c->all_done);
	pthread_mutex_unlock(&c->lock);
}

static void send_all(struct client *c, unsigned round)
{
	c->waiting = OUTSTANDING;
	for (unsigned i = 0; i < OUTSTANDING; i++) {
		struct call *call = &c->calls[i];
		arena_init(&call->arena, KIT_ARENA_BYTES);
		call->cmd = (struct bounded){(round + i) % 50, 800};
		call->ret = (struct bounded_ret){0};
		call->write = (struct write){.merchant = 1,
					     .command = 200,
					     .handle = add_bounded,
					     .actor = TEXT("test"),
					     .cmd = &call->cmd,
					     .ret = &call->ret,
					     .ret_size = sizeof(call->ret),
					     .arena = &call->arena,
					     .done = call_done,
					     .context = c};
		engine_submit(c->engine, &call->write);
	}
}

static void look(struct client *c)
{
	for (unsigned i = 0; i < OUTSTANDING; i++) {
		struct call *call = &c->calls[i];
		bool ok = call->write.fault == OK;
		bool fits = ok ? call->ret.count > 0 && call->ret.count <= call->cmd.limit
			       : call->write.fault == FAULT_LIMIT_REACHED && call->ret.count == 0 &&
				     text_equal(call->write.detail.field, TEXT("limit"));
		c->wrong += !fits || call->ret.runs != 1;
		c->accepted += ok;
		c->refused += !ok;
		/* Whoever still looked at it would read this. */
		memset(&call->cmd, 0xA5, sizeof(call->cmd));
		arena_release(&call->arena);
	}
}

static void *client_main(void *context)
{
	struct client *c = context;
	for (unsigned round = 0; round < ROUNDS; round++) {
		pthread_mutex_lock(&c->lock);
		send_all(c, round + c->number);
		while (c->waiting > 0)
			pthread_cond_wait(&c->all_done, &c->lock);
		pthread_mutex_unlock(&c->lock);
		look(c);
	}
	return NULL;
}

static void run_clients(struct engine *e, enum engine_warm mode)
{
	struct client *clients = calloc(CLIENTS, sizeof(*clients));
	uint64_t sum = 0, accepted = 0, refused = 0;
	struct engine_stats stats;
	must(clients);
	for (unsigned i = 0; i < CLIENTS; i++) {
		clients[i].engine = e;
		clients[i].number = i;
		pthread_mutex_init(&clients[i].lock, NULL);
		pthread_cond_init(&clients[i].all_done, NULL);
		pthread_create(&clients[i].thread, NULL, client_main, &clients[i]);
	}
	for (unsigned i = 0; i < CLIENTS; i++) {
		pthread_join(clients[i].thread, NULL);
		accepted += clients[i].accepted;
		refused += clients[i].refused;
		CHECK_INT(clients[i].wrong, 0);
	}
	for (uint64_t of = 0; of < 50; of++)
		sum += kit_read(e, 1, 5, of);
	CHECK_INT(accepted + refused, CLIENTS * ROUNDS * OUTSTANDING);
	CHECK_INT(sum, accepted);
	CHECK(accepted > 0 && refused > 0);
	engine_stats_get(e, &stats);
	CHECK((stats.warmed > 0) == (mode == ENGINE_WARM_ALWAYS));
	CHECK_INT(stats.entries, accepted);
	free(clients);
}

static void test_mode(enum engine_warm mode)
{
	struct engine_config config = kit_config(kit_dir(mode ? "on" : "off"));
	struct ledger_report report;
	char *why;
	config.warm = mode;
	struct engine *e = kit_open(&config);
	run_clients(e, mode);
	CHECK_INT(engine_verify(e, NULL, NULL, &report, &why), OK);
	engine_close(e);
}

int main(void)
{
	test_mode(ENGINE_WARM_ALWAYS);
	test_mode(ENGINE_WARM_COLD); /* a given clock: never */
	return test_end();
}
