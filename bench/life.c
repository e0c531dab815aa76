/*
 * A coupon's life without sockets: codes generated and issued, redeemed from a file of commands,
 * looked up, qualified; and what a reader sees meanwhile.
 *
 *   bench/life [coupons] [redemptions] [folder]
 *
 * Every figure of writes is until everything has been fed into the view. A folder is kept, and
 * later runs with it only read.
 */
#include "engine_kit.h"

#include "domain/domain.h"

#include <errno.h>
#include <pthread.h>

enum {
	FLIGHT_MAX = 256,
	GRANT = 1000, /* coupons of one command */
	GRANT_FLIGHT = 4,
	REDEEM_FLIGHT = 128,
	WALLET = 20, /* coupons of one customer */
	CART = 10,   /* items */
	LATENCIES = 1 << 20,
};

struct bench {
	struct engine *engine;
	uint64_t coupons;
	FILE *codes;	  /* one code a line, as they were issued */
	char (*code)[16]; /* read back from it, shuffled */
	uint64_t code_count;
};

static struct engine_config config;

/* --- one write, waiting --- */

static void run(struct bench *b, uint64_t merchant, enum command command, const void *cmd,
		void *ret)
{
	struct arena arena;
	arena_init(&arena, CALL_BYTES_MAX);
	struct write w = {.merchant = merchant,
			  .command = command,
			  .handle = command_get(command)->handle,
			  .actor = TEXT("bench"),
			  .cmd = cmd,
			  .ret = ret,
			  .arena = &arena};
	enum fault fault = engine_run(b->engine, &w);
	if (fault != OK)
		fprintf(stderr, "%s: %s\n", command_get(command)->name, fault_name(fault));
	must(fault == OK);
	arena_release(&arena);
}

/* --- a reader meanwhile --- */

struct looker {
	struct bench *b;
	_Atomic bool stop;
	pthread_t thread;
	uint32_t *us;
	uint64_t n;
	uint64_t pause_us;
};

static int by_value(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
	return x < y ? -1 : x > y;
}

static void look_up(struct reader *r, struct text code)
{
	struct coupon_show_cmd cmd = {.code = code};
	struct coupon_show_ret ret = {0};
	struct detail detail;
	struct arena arena;
	char memory[8192];
	arena_init_lent(&arena, memory, sizeof(memory), CALL_BYTES_MAX);
	reader_begin(r, 1, &arena, &detail);
	enum fault fault = reader_apply(r, command_get(COMMAND_coupon_show)->handle, &cmd, &ret);
	must(fault == OK || fault == FAULT_COUPON_UNKNOWN);
	reader_end(r);
	arena_release(&arena);
}

static void *look_on(void *context)
{
	struct looker *l = context;
	struct reader *r = reader_open(l->b->engine);
	char unknown[] = "0123456789AB";
	for (uint64_t i = 0; !atomic_load(&l->stop); i++) {
		struct text code = {unknown, 12};
		if (l->b->code_count)
			code = text_of(l->b->code[i * 7919 % l->b->code_count]);
		double begin = kit_now_s();
		look_up(r, code);
		double us = (kit_now_s() - begin) * 1e6;
		l->us[l->n++ % LATENCIES] = us > 4e9 ? UINT32_MAX : (uint32_t)us;
		usleep((useconds_t)l->pause_us);
	}
	reader_close(r);
	return NULL;
}

static void look_begin(struct looker *l, struct bench *b)
{
	*l = (struct looker){.b = b, .us = calloc(LATENCIES, sizeof(uint32_t)), .pause_us = 200};
	must(l->us && pthread_create(&l->thread, NULL, look_on, l) == 0);
}

static void look_end(struct looker *l, const char *name)
{
	atomic_store(&l->stop, true);
	pthread_join(l->thread, NULL);
	uint64_t n = l->n < LATENCIES ? l->n : LATENCIES;
	qsort(l->us, n, sizeof(uint32_t), by_value);
	printf("%-40s p50 %u us, p99 %u us, p99.9 %u us (%llu reads)\n", name, l->us[n / 2],
	       l->us[n * 99 / 100], l->us[n * 999 / 1000], (unsigned long long)n);
	free(l->us);
}

/* --- many writes, so many outstanding --- */

struct flow;
struct lane_slot {
	struct write write; /* first */
	struct flow *flow;
	struct arena arena;
	union {
		struct coupon_grant_cmd grant;
		struct coupon_redeem_cmd redeem;
	} cmd;
	union {
		struct coupon_grant_ret grant;
		struct coupon_redeem_ret redeem;
	} ret;
	struct text code;
};
struct flow {
	struct bench *b;
	struct lane_slot slots[FLIGHT_MAX];
	uint64_t all;
	_Atomic uint64_t next, done;
	pthread_mutex_t lock;
	pthread_cond_t finished;
	void (*fill)(struct lane_slot *s, uint64_t n);
	void (*took)(struct lane_slot *s);
};

static void send(struct lane_slot *s)
{
	uint64_t n = atomic_fetch_add(&s->flow->next, 1);
	if (n >= s->flow->all)
		return;
	arena_reset(&s->arena);
	s->flow->fill(s, n);
	engine_submit(s->flow->b->engine, &s->write);
}

static void done(struct write *w)
{
	struct lane_slot *s = (struct lane_slot *)w;
	struct flow *f = s->flow;
	if (w->fault != OK)
		fprintf(stderr, "%s\n", fault_name(w->fault));
	must(w->fault == OK);
	f->took(s);
	if (atomic_fetch_add(&f->done, 1) + 1 == f->all) {
		pthread_mutex_lock(&f->lock);
		pthread_cond_signal(&f->finished);
		pthread_mutex_unlock(&f->lock);
	}
	send(s);
}

static void flow_run(struct flow *f, unsigned outstanding)
{
	pthread_mutex_init(&f->lock, NULL);
	pthread_cond_init(&f->finished, NULL);
	for (unsigned i = 0; i < outstanding; i++) {
		f->slots[i].flow = f;
		arena_init(&f->slots[i].arena, CALL_BYTES_MAX);
	}
	for (unsigned i = 0; i < outstanding; i++)
		send(&f->slots[i]);
	pthread_mutex_lock(&f->lock);
	while (atomic_load(&f->done) < f->all)
		pthread_cond_wait(&f->finished, &f->lock);
	pthread_mutex_unlock(&f->lock);
}

static void report(const char *name, uint64_t n, double durable, double fed)
{
	printf("%-40s %9.0f /s durable, %9.0f /s until fed\n", name, (double)n / durable,
	       (double)n / fed);
	fflush(stdout);
}

/* --- generate and issue --- */

static void fill_grant(struct lane_slot *s, uint64_t n)
{
	uint64_t customers = GRANT / WALLET;
	struct customer *holders = ARENA_ARRAY(&s->arena, struct customer, customers);
	for (uint64_t i = 0; i < customers; i++)
		holders[i].nick =
		    arena_format(&s->arena, "n%llu", (unsigned long long)(n * customers + i));
	s->cmd.grant = (struct coupon_grant_cmd){
	    .template_id = 1, .holders = holders, .n = (unsigned)customers, .count = WALLET};
	s->write = (struct write){.merchant = 1,
				  .command = COMMAND_coupon_grant,
				  .handle = command_get(COMMAND_coupon_grant)->handle,
				  .actor = TEXT("bench"),
				  .cmd = &s->cmd.grant,
				  .ret = &s->ret.grant,
				  .ret_size = sizeof(s->ret.grant),
				  .arena = &s->arena,
				  .job = true,
				  .done = done};
}

static void took_grant(struct lane_slot *s)
{
	for (unsigned i = 0; i < s->ret.grant.n; i++)
		fprintf(s->flow->b->codes, "%.*s\n", TEXT_ARG(s->ret.grant.results[i].code));
}

static void generate(struct bench *b)
{
	static struct flow f;
	struct looker looker;
	f = (struct flow){
	    .b = b, .all = b->coupons / GRANT, .fill = fill_grant, .took = took_grant};
	look_begin(&looker, b);
	double begin = kit_now_s();
	flow_run(&f, GRANT_FLIGHT);
	double durable = kit_now_s() - begin;
	engine_feed(b->engine);
	report("generate and issue", f.all * GRANT, durable, kit_now_s() - begin);
	look_end(&looker, "  look-ups meanwhile");
}

/* --- redeem --- */

static void read_codes(struct bench *b)
{
	char line[32];
	b->code = malloc((b->coupons + 1) * sizeof(*b->code));
	must(b->code);
	rewind(b->codes);
	while (b->code_count < b->coupons && fgets(line, sizeof(line), b->codes)) {
		line[strcspn(line, "\n")] = 0;
		must(strlen(line) < sizeof(*b->code));
		memcpy(b->code[b->code_count++], line, strlen(line) + 1);
	}
	srandom(1);
	for (uint64_t i = b->code_count - 1; i > 0; i--) {
		uint64_t k = ((uint64_t)random() << 31 | (uint64_t)random()) % (i + 1);
		char t[sizeof(*b->code)];
		memcpy(t, b->code[i], sizeof(t));
		memcpy(b->code[i], b->code[k], sizeof(t));
		memcpy(b->code[k], t, sizeof(t));
	}
}

static void fill_redeem(struct lane_slot *s, uint64_t n)
{
	s->code = text_of(s->flow->b->code[n]);
	s->cmd.redeem = (struct coupon_redeem_cmd){
	    .codes = &s->code,
	    .n = 1,
	    .cart = {.amount = {20000}, .has_amount = true, .shop = TEXT("S001")},
	    .said = {.order_no = arena_format(&s->arena, "o20261122%010llu", (unsigned long long)n),
		     .shop = TEXT("S001")}};
	s->write = (struct write){.merchant = 1,
				  .command = COMMAND_coupon_redeem,
				  .handle = command_get(COMMAND_coupon_redeem)->handle,
				  .actor = TEXT("bench"),
				  .cmd = &s->cmd.redeem,
				  .ret = &s->ret.redeem,
				  .ret_size = sizeof(s->ret.redeem),
				  .arena = &s->arena,
				  .done = done};
}

static void took_redeem(struct lane_slot *s)
{
	must(s->ret.redeem.n == 1 && s->ret.redeem.coupons[0].event.state == COUPON_REDEEMED);
}

static void redeem(struct bench *b, uint64_t n)
{
	static struct flow f;
	struct looker looker;
	struct engine_stats before, after;
	f = (struct flow){.b = b, .all = n, .fill = fill_redeem, .took = took_redeem};
	engine_stats_get(b->engine, &before);
	look_begin(&looker, b);
	double begin = kit_now_s();
	flow_run(&f, REDEEM_FLIGHT);
	double durable = kit_now_s() - begin;
	engine_feed(b->engine);
	report("redeem, 128 in flight", n, durable, kit_now_s() - begin);
	look_end(&looker, "  look-ups meanwhile");
	engine_stats_get(b->engine, &after);
	printf("  %.1f commands a flush, flush %.0f us\n",
	       (double)(after.commands - before.commands) / (double)(after.syncs - before.syncs),
	       (double)(after.sync_us_sum - before.sync_us_sum) /
		   (double)(after.syncs - before.syncs));
}

/* --- reads --- */

static void look_ups(struct bench *b, uint64_t n)
{
	struct reader *r = reader_open(b->engine);
	reader_keep(r);
	double begin = kit_now_s();
	for (uint64_t i = 0; i < n; i++)
		look_up(r, text_of(b->code[i * 7919 % b->code_count]));
	printf("%-40s %9.0f /s\n", "look-up by code", (double)n / (kit_now_s() - begin));
	reader_rest(r);
	reader_close(r);
}

static void qualify_one(struct reader *r, uint64_t customer, const struct cart *cart)
{
	struct arena arena;
	struct detail detail;
	static char memory[256 * 1024];
	struct coupon_qualify_ret ret = {0};
	arena_init_lent(&arena, memory, sizeof(memory), CALL_BYTES_MAX);
	struct coupon_qualify_cmd cmd = {
	    .customer = {.nick = arena_format(&arena, "n%llu", (unsigned long long)customer)},
	    .cart = *cart};
	reader_begin(r, 1, &arena, &detail);
	must(reader_apply(r, command_get(COMMAND_coupon_qualify)->handle, &cmd, &ret) == OK);
	must(ret.n <= WALLET);
	reader_end(r);
	arena_release(&arena);
}

static void qualify(struct bench *b, uint64_t n)
{
	struct cart_item items[CART];
	struct cart cart = {.items = items, .n = CART, .shop = TEXT("S001")};
	struct reader *r = reader_open(b->engine);
	for (unsigned i = 0; i < CART; i++)
		items[i] = (struct cart_item){.product = text_of("p"),
					      .category = text_of("c"),
					      .price = {1990 + 100 * (int64_t)i},
					      .quantity = 1 + i % 3};
	reader_keep(r);
	double begin = kit_now_s();
	for (uint64_t i = 0; i < n; i++)
		qualify_one(r, i * 7919 % (b->coupons / WALLET), &cart);
	printf("%-40s %9.0f /s\n", "qualify, 10 items, 20 coupons",
	       (double)n / (kit_now_s() - begin));
	reader_rest(r);
	reader_close(r);
}

/* --- all --- */

static void set_up(struct bench *b)
{
	struct origin_create_cmd origin = {.epoch = 7};
	struct origin_create_ret origin_ret;
	struct merchant_add_cmd merchant = {.name = TEXT("bench")};
	struct merchant_add_ret merchant_ret;
	struct template_make_cmd template = {.template = {.template_id = 1,
							  .name = TEXT("10 off"),
							  .benefit = BENEFIT_AMOUNT_OFF,
							  .has_amount = true,
							  .amount = {1000},
							  .has_threshold = true,
							  .threshold = {9900},
							  .has_total = true,
							  .total = UINT32_MAX,
							  .per_person = PER_PERSON_NONE}};
	struct template_make_ret template_ret;
	run(b, 0, COMMAND_origin_create, &origin, &origin_ret);
	run(b, 0, COMMAND_merchant_add, &merchant, &merchant_ret);
	run(b, 1, COMMAND_template_make, &template, &template_ret);
}

/* False: coupons and codes are there from an earlier run. */
static bool open_store(struct bench *b, const char *folder)
{
	char *data = folder ? text_print("%s/data", folder) : NULL;
	char *codes = folder ? text_print("%s/codes", folder) : NULL;
	bool fresh = !codes || access(codes, F_OK) != 0;
	must(!folder || mkdir(folder, 0700) == 0 || errno == EEXIST);
	config = kit_config(data ? data : kit_dir("life"));
	b->codes = codes ? fopen(codes, fresh ? "w+" : "r") : tmpfile();
	must(b->codes);
	b->engine = kit_open(&config);
	free(codes);
	return fresh;
}

int main(int count, char **arguments)
{
	struct bench b = {.coupons = count > 1 ? strtoull(arguments[1], NULL, 10) : 1000000};
	uint64_t redemptions = count > 2 ? strtoull(arguments[2], NULL, 10) : b.coupons / 2;
	bool fresh = open_store(&b, count > 3 ? arguments[3] : NULL);
	b.coupons -= b.coupons % GRANT;
	printf("%llu coupons\n", (unsigned long long)b.coupons);
	if (fresh) {
		set_up(&b);
		generate(&b);
	}
	read_codes(&b);
	/* First: of wallets whose coupons can all be used, whatever is redeemed later. */
	qualify(&b, 20000);
	if (fresh)
		redeem(&b, redemptions < b.code_count ? redemptions : b.code_count);
	look_ups(&b, 200000);
	engine_close(b.engine);
	free(b.code);
	fclose(b.codes);
	return test_end();
}
