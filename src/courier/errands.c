/*
 * The desk that runs errands to providers. For each provider of a merchant whose breaker lets calls
 * through, and whose lease is ours:
 *
 *   errand_due -> errand_begin (what is sent, fixed) -> flight -> done -> errand_settle
 *
 * A few calls of a provider are in flight at once, one alone while its breaker tries it out. What
 * was answered and could not be settled yet stays in hand, and counts as in flight, so that an
 * errand is never under way twice. A crash forgets flights: their errands are due again once no
 * call of theirs can be under way any more, under the same request_id.
 */
#include "base/crypto.h"
#include "courier/desk.h"
#include "courier/dial.h"
#include "courier/provide.h"
#include "courier/stats.h"

enum {
	FLIGHTS_MAX = 256,
	FLIGHTS_OF_PROVIDER_MAX = 8,
	FLIGHT_BYTES_MAX = 4 * 1024 * 1024,
	DUE_PAGE = 256,
	OLDEST_PAGE = 8,
	DUE_PAGES_MAX = 64, /* looked at in one look; those behind were tried last */
	OTHERS_MS = 2000,   /* another courier has it: whether it has gone */
	COUNT_MS = 2000,    /* what waits is counted so often */
	SETTLE_AGAIN_MS = 200,
	FULL_MS = 50,
};

struct flight {
	struct dial_call call; /* first */
	struct flight *next;
	struct errands_desk *of;
	struct desk_merchant merchant;
	uint64_t provider, number;
	struct arena arena;
	struct errand_begin_ret what;
	struct errand_settle_cmd result;
	bool answered; /* result is set, and not settled yet */
};
struct errands_desk {
	struct dial *dial;
	struct flight *flights; /* all of them */
	unsigned n;
	bool closing;
};

/* --- flights --- */

static unsigned count_flights(const struct errands_desk *s, uint64_t merchant, uint64_t provider)
{
	unsigned n = 0;
	for (const struct flight *f = s->flights; f; f = f->next)
		n += f->merchant.number == merchant && f->provider == provider;
	return n;
}

static bool is_under_way(const struct errands_desk *s, uint64_t merchant, uint64_t number)
{
	for (const struct flight *f = s->flights; f; f = f->next)
		if (f->merchant.number == merchant && f->number == number)
			return true;
	return false;
}

static void flight_free(struct flight *f)
{
	struct flight **at = &f->of->flights;
	while (*at != f)
		at = &(*at)->next;
	*at = f->next;
	f->of->n--;
	arena_release(&f->arena);
	free(f);
}

/* The answer lives no longer than this. */
static void on_done(struct dial_call *call)
{
	struct flight *f = (struct flight *)(void *)call;
	if (f->of->closing) {
		flight_free(f);
		return;
	}
	provide_read(&f->arena, &f->what, call, &f->result);
	f->result.number = f->number;
	f->result.fresh = f->what.fresh;
	random_bytes(&f->result.random, sizeof(f->result.random));
	f->answered = true;
	stats_try(WORK_ERRANDS, f->result.result);
}

/* --- settling --- */

/* false: the store cannot take it now. */
static bool settle(struct desk *d, struct flight *f)
{
	struct errand_settle_ret ret = {0};
	struct desk_write write = {COMMAND_errand_settle, &f->result, &ret, false};
	struct arena arena;
	arena_init(&arena, CALL_BYTES_MAX);
	enum fault fault = desk_run(d, &f->merchant, &write, &arena);
	arena_release(&arena);
	desk_look_in(d, f->merchant.number, 0);
	return fault == OK;
}

static void settle_all(struct desk *d)
{
	struct errands_desk *s = d->state;
	for (struct flight *f = s->flights, *next; f; f = next) {
		next = f->next;
		if (f->answered && settle(d, f))
			flight_free(f);
	}
}

static bool some_answered(const struct errands_desk *s)
{
	for (const struct flight *f = s->flights; f; f = f->next)
		if (f->answered)
			return true;
	return false;
}

/* --- starting --- */

struct look {
	struct desk *desk;
	const struct desk_merchant *merchant;
	struct instant now;  /* the merchant's */
	struct instant real; /* everybody's */
	int64_t next_ms;     /* until the next look; DESK_WAITS */
	bool trouble;
};

static void look_again(struct look *l, int64_t ms)
{
	l->next_ms = desk_sooner(l->next_ms, ms < 1 ? 1 : ms);
}

static void submit(struct look *l, struct flight *f)
{
	struct errands_desk *s = l->desk->state;
	f->call.done = on_done;
	bool built = provide_build(&f->arena, &f->what, l->real, &f->call);
	secret_wipe((void *)(uintptr_t)f->what.secret.data, f->what.secret.size);
	must(built); /* at most 50 nicks */
	dial_submit(s->dial, &f->call);
}

static void start(struct look *l, uint64_t provider, uint64_t number)
{
	struct desk *d = l->desk;
	struct errands_desk *s = d->state;
	struct errand_begin_cmd cmd = {number, provider, d->owner};
	struct flight *f = calloc(1, sizeof(*f));
	must(f);
	*f = (struct flight){.next = s->flights,
			     .of = s,
			     .merchant = *l->merchant,
			     .provider = provider,
			     .number = number};
	arena_init(&f->arena, FLIGHT_BYTES_MAX);
	s->flights = f;
	s->n++;
	struct desk_write write = {COMMAND_errand_begin, &cmd, &f->what, false};
	enum fault fault = desk_run(d, l->merchant, &write, &f->arena);
	if (fault == FAULT_LEASE_LOST)
		desk_lease_lost(d, l->merchant->number, LEASE_PROVIDER, provider);
	l->trouble |= fault != OK;
	if (fault == OK && f->what.goes)
		submit(l, f);
	else
		flight_free(f);
}

/* --- what is due --- */

struct due {
	uint64_t numbers[FLIGHTS_OF_PROVIDER_MAX];
	unsigned n, room;
};

static void pick(struct look *l, const struct errand_due_ret *page, struct due *due)
{
	const struct errands_desk *s = l->desk->state;
	for (unsigned i = 0; i < page->n; i++) {
		const struct errand *e = &page->rows[i];
		if (is_under_way(s, l->merchant->number, e->number))
			continue;
		if (e->due.ms > l->now.ms)
			look_again(l, e->due.ms - l->now.ms);
		else if (due->n < due->room)
			due->numbers[due->n++] = e->number;
	}
}

static enum fault find_due(struct look *l, uint64_t provider, struct due *due)
{
	struct errand_due_cmd cmd = {.provider = provider, .n = DUE_PAGE};
	struct errand_due_ret page = {0};
	enum fault fault = OK;
	struct arena arena;
	arena_init(&arena, CALL_BYTES_MAX);
	desk_begin(l->desk, l->merchant, &arena);
	for (unsigned i = 0; i < DUE_PAGES_MAX && due->n < due->room; i++) {
		fault = desk_read(l->desk, COMMAND_errand_due, &cmd, &page);
		if (fault != OK)
			break;
		pick(l, &page, due);
		cmd.from += page.n;
		if (!page.n || cmd.from >= page.count)
			break;
	}
	desk_end(l->desk);
	arena_release(&arena);
	return fault;
}

static void look_at(struct look *l, const struct provider *p)
{
	const struct errands_desk *s = l->desk->state;
	unsigned room = p->failures < PROVIDER_FAILURES_MAX ? FLIGHTS_OF_PROVIDER_MAX : 1;
	unsigned flying = count_flights(s, l->merchant->number, p->number);
	struct due due = {0};
	if (!p->secret.size)
		return; /* its record changes when somebody says it */
	if (p->open_until.ms > l->now.ms) {
		look_again(l, p->open_until.ms - l->now.ms);
		return;
	}
	if (flying >= room)
		return; /* looked at again when one of them is done */
	if (s->n >= FLIGHTS_MAX) {
		look_again(l, FULL_MS);
		return;
	}
	if (!desk_lease(l->desk, l->merchant, LEASE_PROVIDER, p->number)) {
		look_again(l, OTHERS_MS);
		return;
	}
	due.room = room - flying < FLIGHTS_MAX - s->n ? room - flying : FLIGHTS_MAX - s->n;
	l->trouble |= find_due(l, p->number, &due) != OK;
	for (unsigned i = 0; i < due.n; i++)
		start(l, p->number, due.numbers[i]);
}

/* --- the desk --- */

/* Those that failed stand behind the others; of many that failed the oldest may not be seen. */
static enum fault add_waiting(struct look *l, uint64_t provider, uint64_t n, struct backlog *b)
{
	struct errand_due_cmd cmd = {.provider = provider, .n = OLDEST_PAGE};
	struct errand_due_ret page = {0};
	TRY(desk_read(l->desk, COMMAND_errand_due, &cmd, &page));
	b->waiting += n;
	for (unsigned i = 0; i < page.n; i++) {
		struct instant made = {page.rows[i].created.ms - l->merchant->clock.ahead_ms};
		if (instant_is_none(b->oldest) || made.ms < b->oldest.ms)
			b->oldest = made;
	}
	return OK;
}

/* Those with errands that wait; of a secret whether there is one, the rest is not looked at. */
static enum fault read_providers(struct look *l, struct provider *ret, unsigned *ret_n)
{
	struct provider_list_cmd cmd = {.n = PROVIDERS_MAX};
	struct provider_list_ret page = {0};
	struct backlog backlog = {0};
	struct arena arena;
	*ret_n = 0;
	arena_init(&arena, CALL_BYTES_MAX);
	desk_begin(l->desk, l->merchant, &arena);
	l->now = desk_clock(l->desk);
	l->real.ms = l->now.ms - l->merchant->clock.ahead_ms;
	enum fault fault = desk_read(l->desk, COMMAND_provider_list, &cmd, &page);
	for (unsigned i = 0; fault == OK && i < page.n; i++)
		if (page.waiting[i])
			ret[(*ret_n)++] = (struct provider){.number = page.rows[i].number,
							    .secret.size = page.rows[i].secret.size,
							    .failures = page.rows[i].failures,
							    .open_until = page.rows[i].open_until};
	for (unsigned i = 0; fault == OK && i < page.n; i++)
		if (page.waiting[i])
			fault = add_waiting(l, page.rows[i].number, page.waiting[i], &backlog);
	desk_end(l->desk);
	arena_release(&arena);
	if (fault == OK)
		stats_backlog(WORK_ERRANDS, l->merchant->number, &backlog);
	return fault;
}

static int64_t look(struct desk *d, const struct desk_merchant *m)
{
	struct look l = {.desk = d, .merchant = m, .next_ms = DESK_WAITS};
	struct provider providers[PROVIDERS_MAX];
	unsigned n;
	if (read_providers(&l, providers, &n) != OK)
		return DESK_TROUBLE;
	for (unsigned i = 0; i < n; i++)
		look_at(&l, &providers[i]);
	if (n)
		look_again(&l, COUNT_MS);
	return l.trouble ? DESK_TROUBLE : l.next_ms;
}

static bool open(struct desk *d)
{
	struct errands_desk *s = calloc(1, sizeof(*s));
	struct dial_config config = {.allow_private = d->config->allow_private,
				     .calls_max = FLIGHTS_MAX,
				     .host_calls_max = FLIGHTS_OF_PROVIDER_MAX};
	if (!s)
		return false;
	s->dial = dial_open(&config);
	d->state = s;
	return s->dial != NULL;
}

static void wait(struct desk *d, unsigned ms)
{
	struct errands_desk *s = d->state;
	if (some_answered(s) && ms > SETTLE_AGAIN_MS)
		ms = SETTLE_AGAIN_MS;
	dial_wait(s->dial, ms);
	settle_all(d);
}

static void wake(struct desk *d)
{
	struct errands_desk *s = d->state;
	dial_wake(s->dial);
}

static bool busy(const struct desk *d)
{
	const struct errands_desk *s = d->state;
	return s->n > 0;
}

/* What is in flight stays in doubt, and is due at the next start. */
static void close(struct desk *d)
{
	struct errands_desk *s = d->state;
	s->closing = true;
	dial_close(s->dial);
	while (s->flights)
		flight_free(s->flights);
	free(s);
	d->state = NULL;
}

const struct desk_kind desk_errands = {
    .name = "errands",
    .chore = CHORE_ERRANDS,
    .tables = DESK_TABLES(PROVIDER, ERRAND),
    .open = open,
    .look = look,
    .wait = wait,
    .wake = wake,
    .busy = busy,
    .close = close,
};
