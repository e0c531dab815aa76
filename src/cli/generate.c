/*
 * `couponry generate`: codes of a template that belong to nobody yet, a thousand a command, a few
 * commands under way at once. With --job=NAME each command carries a number of its own, so that
 * the same line again, after whatever ended it and for 90 days, gives the same codes and makes only
 * the rest, also what a template's total had refused and has room for since.
 */
#include <pthread.h>

#include "base/crypto.h"
#include "cli/commands.h"

enum {
	STEP = GRANT_MAX,
	FLIGHT = 4,
	COUNT_MAX = 1000 * 1000 * 1000,
	JOB_BYTES_MAX = 200,
};

struct generate;
struct step {
	struct generate *generate;
	bool sent, done;
	struct write write;
	struct coupon_grant_cmd cmd;
	struct coupon_grant_ret ret;
	struct arena arena;
};
struct generate {
	struct cli *cli;
	uint64_t merchant, template_id, count;
	struct merchant_clock clock;
	const char *job;
	FILE *out;
	struct step steps[FLIGHT];
	pthread_mutex_t lock;
	pthread_cond_t some_done;
	uint64_t issued;
};

static void step_done(struct write *w)
{
	struct step *s = w->context;
	struct generate *g = s->generate;

	pthread_mutex_lock(&g->lock);
	s->done = true;
	pthread_cond_signal(&g->some_done);
	pthread_mutex_unlock(&g->lock);
}

/* The number says what it stands for: the same job with another template or count is refused. */
static struct request_number number_of(struct generate *g, struct step *s, uint64_t from)
{
	uint8_t *digest = arena_take(&s->arena, DIGEST_SIZE_MAX);

	must(digest);
	if (!g->job)
		return (struct request_number){0};
	struct text key =
	    arena_format(&s->arena, "generate:%s:%llu", g->job, (unsigned long long)from);
	struct text contents =
	    arena_format(&s->arena, "%llu of %llu", (unsigned long long)s->cmd.count,
			 (unsigned long long)g->template_id);
	digest_parts(DIGEST_SHA256, &contents, 1, digest);
	return (struct request_number){.key = key, .digest = {(char *)digest, 32}};
}

static void step_send(struct generate *g, struct step *s, uint64_t from, uint64_t count)
{
	s->done = false;
	s->sent = true;
	s->cmd = (struct coupon_grant_cmd){.template_id = g->template_id, .count = (unsigned)count};
	s->cmd.request = number_of(g, s, from);
	s->write = (struct write){.merchant = g->merchant,
				  .clock = g->clock,
				  .command = COMMAND_coupon_grant,
				  .handle = command_get(COMMAND_coupon_grant)->handle,
				  .actor = TEXT("generate"),
				  .cmd = &s->cmd,
				  .ret = &s->ret,
				  .ret_size = sizeof(s->ret),
				  .arena = &s->arena,
				  .job = true,
				  .done = step_done,
				  .context = s};
	engine_submit(g->cli->engine, &s->write);
}

static enum fault step_await(struct generate *g, struct step *s)
{
	pthread_mutex_lock(&g->lock);
	while (!s->done)
		pthread_cond_wait(&g->some_done, &g->lock);
	pthread_mutex_unlock(&g->lock);
	s->sent = false;
	if (s->write.fault == FAULT_BUSY)
		s->write.fault = cli_write_again(g->cli, &s->write);
	return s->write.fault;
}

static void step_print(struct generate *g, struct step *s)
{
	for (unsigned i = 0; i < s->ret.n; i++) {
		if (s->ret.results[i].fault == OK)
			fprintf(g->out, "%.*s\n", TEXT_ARG(s->ret.results[i].code));
	}
	g->issued += s->ret.issued;
	arena_reset(&s->arena);
}

/* Codes of a step are fewer where the template's total was reached. What it made is its answer for
 * good; the rest is asked for under the number of its first missing code, so that a job goes on
 * when the total was raised. */
static enum fault step_take(struct generate *g, struct step *s, uint64_t from, bool *ret_all)
{
	uint64_t end = from + s->cmd.count;
	*ret_all = false;
	for (;;) {
		TRY(step_await(g, s));
		unsigned issued = s->ret.issued;
		step_print(g, s);
		from += issued;
		*ret_all = from == end;
		if (*ret_all || !issued || ferror(g->out))
			return OK;
		step_send(g, s, from, end - from);
	}
}

static enum fault run(struct generate *g, struct detail *ret_detail)
{
	uint64_t sent = 0, taken = 0;
	enum fault fault = OK;
	bool more = true;

	for (; fault == OK && more && taken < g->count; taken += STEP) {
		for (; sent < g->count && sent < taken + FLIGHT * STEP; sent += STEP)
			step_send(g, &g->steps[sent / STEP % FLIGHT], sent,
				  g->count - sent < STEP ? g->count - sent : STEP);
		struct step *s = &g->steps[taken / STEP % FLIGHT];
		fault = step_take(g, s, taken, &more);
		*ret_detail = s->write.detail;
		if (fault != OK)
			break;
		more = more && !ferror(g->out) &&
		       !(g->cli->gone && g->cli->gone(g->cli->gone_context));
		cli_progress(g->cli, "codes", taken, g->count);
	}
	for (unsigned i = 0; i < FLIGHT; i++)
		if (g->steps[i].sent && step_await(g, &g->steps[i]) == OK)
			step_print(g, &g->steps[i]);
	cli_progress(g->cli, "codes", 1, 1);
	return fault;
}

static int finish(struct generate *g, enum fault fault, const struct detail *detail)
{
	struct cli *c = g->cli;
	bool to_file = g->out != c->out;

	if ((to_file ? fclose(g->out) : fflush(g->out)) != 0)
		return cli_failed(c, FAULT_FILE_UNWRITABLE, cli_option(c, "out"));
	if (fault != OK && !g->issued)
		return cli_refused(c, fault, detail);
	if (to_file)
		fprintf(c->out, c->json ? "{\"coupons\":%llu}\n" : "%llu coupons\n",
			(unsigned long long)g->issued);
	if (fault != OK || g->issued < g->count)
		return cli_failed(c, fault != OK ? fault : FAULT_TEMPLATE_EXHAUSTED,
				  "fewer than were asked for");
	return 0;
}

static int options_read(struct cli *c, struct generate *g)
{
	const char *template = cli_option(c, "template"), *count = cli_option(c, "count");

	if (!template || !text_to_uint64(text_of(template), &g->template_id))
		return cli_usage(c, "generate wants --template=ID");
	if (!count || !text_to_uint64(text_of(count), &g->count) || !g->count ||
	    g->count > COUNT_MAX)
		return cli_usage(c, "generate wants --count=N, at most %d", COUNT_MAX);
	g->job = cli_option(c, "job");
	if (g->job && (strlen(g->job) > JOB_BYTES_MAX || !text_is_clean(text_of(g->job))))
		return cli_usage(c, "--job is a name of at most %d bytes", JOB_BYTES_MAX);
	return 0;
}

int cli_generate(struct cli *c)
{
	struct generate g = {.cli = c};
	const char *out = cli_option(c, "out");
	struct merchant merchant;
	struct detail detail = {0};
	int bad = options_read(c, &g);

	if (bad)
		return bad;
	enum fault fault = cli_merchant(c, &merchant);
	if (fault != OK)
		return cli_failed(c, fault, NULL);
	g.merchant = merchant.number;
	g.clock = merchant_clock_of(&merchant);
	g.out = out ? fopen(out, "we") : c->out;
	if (!g.out)
		return cli_failed(c, FAULT_FILE_UNWRITABLE, out);
	pthread_mutex_init(&g.lock, NULL);
	pthread_cond_init(&g.some_done, NULL);
	for (unsigned i = 0; i < FLIGHT; i++) {
		g.steps[i].generate = &g;
		arena_init(&g.steps[i].arena, CALL_BYTES_MAX);
	}
	fault = run(&g, &detail);
	for (unsigned i = 0; i < FLIGHT; i++)
		arena_release(&g.steps[i].arena);
	pthread_cond_destroy(&g.some_done);
	pthread_mutex_destroy(&g.lock);
	return finish(&g, fault, &detail);
}
