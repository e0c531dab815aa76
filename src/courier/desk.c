/* See desk.h. */
#include "courier/desk.h"

#include <time.h>

enum {
	LEASE_MS = 15000,
	SCAN_ALONE_MS = 60 * 1000, /* nobody else writes: for what is far off */
	SCAN_SHARED_MS = 2000,
	SCAN_SHARE = 5, /* where scans take long they take no more of the time than a fifth .. */
	SCAN_REST_MS = 20 * 1000, /* .. or come as seldom as that */
	SELDOM_MS = 60 * 1000,
	TROUBLE_MS = 1000, /* the store is busy, or a disk is full */
	LOOKS_MAX = 64,	   /* between two sleeps */
	STOP_MS = 5000,	   /* for what is in flight */
};

void desk_look_in(struct desk *d, uint64_t merchant, int64_t ms)
{
	agenda_add(&d->agenda, merchant, monotonic_ms() + ms);
}

/* --- ringing --- */

void desk_ring(struct desk *d, uint64_t merchant)
{
	bool there = false;
	pthread_mutex_lock(&d->lock);
	/* The newest first: one merchant most often writes many batches in a row. */
	for (unsigned i = d->rung_count; i > 0 && !there; i--)
		there = d->rung[i - 1] == merchant;
	if (merchant == 0 || (!there && d->rung_count == DESK_RUNG_MAX))
		d->rung_all = true;
	else if (!there)
		d->rung[d->rung_count++] = merchant;
	if (!there)
		pthread_cond_signal(&d->bell);
	pthread_mutex_unlock(&d->lock);
	if (!there && d->kind->wake)
		d->kind->wake(d);
}

static bool take_rung(struct desk *d)
{
	int64_t now = monotonic_ms();
	pthread_mutex_lock(&d->lock);
	for (unsigned i = 0; i < d->rung_count; i++)
		agenda_add(&d->agenda, d->rung[i], now);
	bool all = d->rung_all;
	d->rung_count = 0;
	d->rung_all = false;
	pthread_mutex_unlock(&d->lock);
	return all;
}

static void sleep_ms(struct desk *d, unsigned ms)
{
	struct timespec until;
	if (d->kind->wait) {
		d->kind->wait(d, ms);
		return;
	}
	clock_gettime(CLOCK_MONOTONIC, &until);
	int64_t ns = until.tv_nsec + (int64_t)ms * 1000000;
	until.tv_sec += ns / 1000000000;
	until.tv_nsec = ns % 1000000000;
	pthread_mutex_lock(&d->lock);
	if (!d->rung_count && !d->rung_all && !atomic_load(&d->stopping))
		pthread_cond_timedwait(&d->bell, &d->lock, &until);
	pthread_mutex_unlock(&d->lock);
}

/* --- reading and writing --- */

void desk_begin(struct desk *d, const struct desk_merchant *m, struct arena *arena)
{
	d->detail = (struct detail){TEXT_NONE, TEXT_NONE};
	d->tx = reader_begin(d->reader, m->number, arena, &d->detail);
	reader_merchant(d->tx, m->number, m->clock);
}

enum fault desk_apply(struct desk *d, handler *handle, const void *cmd, void *ret)
{
	return reader_apply(d->reader, handle, cmd, ret);
}

enum fault desk_read(struct desk *d, enum command command, const void *cmd, void *ret)
{
	const struct command_row *row = command_get(command);
	must(row && row->mode == COMMAND_READ);
	return desk_apply(d, row->handle, cmd, ret);
}

struct instant desk_clock(struct desk *d)
{
	return reader_env(d->tx)->now;
}

void desk_end(struct desk *d)
{
	reader_end(d->reader);
	d->tx = NULL;
}

struct write desk_write_of(const struct desk *d, const struct desk_merchant *m,
			   const struct desk_write *write, struct arena *arena)
{
	const struct command_row *row = command_get(write->command);
	struct text actor = d->kind->actor ? text_of(d->kind->actor) : TEXT("courier");
	must(row && row->mode == COMMAND_WRITE);
	return (struct write){.merchant = m->number,
			      .clock = m->clock,
			      .command = write->command,
			      .handle = row->handle,
			      .actor = actor,
			      .cmd = write->cmd,
			      .ret = write->ret,
			      .ret_size = row->ret_size,
			      .arena = arena,
			      .job = write->job};
}

bool desk_fault_passes(enum fault fault)
{
	return fault == FAULT_BUSY || fault == FAULT_DISK_FULL || fault == FAULT_CLOCK_UNSURE ||
	       fault == FAULT_SHUTTING_DOWN;
}

enum fault desk_run(struct desk *d, const struct desk_merchant *m, const struct desk_write *write,
		    struct arena *arena)
{
	struct write w = desk_write_of(d, m, write, arena);
	must(!d->tx);
	return engine_run(d->engine, &w);
}

/* --- leases --- */

static unsigned lease_ms(const struct desk *d)
{
	return d->config->lease_ms ? d->config->lease_ms : LEASE_MS;
}

static struct desk_lease *find_lease(struct desk *d, uint64_t merchant, enum lease_kind kind,
				     uint64_t of)
{
	for (unsigned i = 0; i < d->lease_count; i++) {
		struct desk_lease *l = &d->leases[i];
		if (l->merchant == merchant && l->kind == kind && l->of == of)
			return l;
	}
	return NULL;
}

static void drop_ended(struct desk *d)
{
	int64_t now = monotonic_ms();
	for (unsigned i = 0; i < d->lease_count;) {
		if (d->leases[i].until_ms > now)
			i++;
		else
			d->leases[i] = d->leases[--d->lease_count];
	}
}

void desk_lease_lost(struct desk *d, uint64_t merchant, enum lease_kind kind, uint64_t of)
{
	struct desk_lease *l = find_lease(d, merchant, kind, of);
	if (l)
		*l = d->leases[--d->lease_count];
}

static bool take_lease(struct desk *d, const struct desk_merchant *m, enum lease_kind kind,
		       uint64_t of)
{
	struct lease_take_cmd cmd = {
	    .kind = kind, .of = of, .owner = d->owner, .lease_ms = lease_ms(d), .alone = d->alone};
	struct lease_take_ret ret = {0};
	struct arena arena;
	arena_init(&arena, 64 * 1024);
	struct desk_write write = {COMMAND_lease_take, &cmd, &ret, false};
	enum fault fault = desk_run(d, m, &write, &arena);
	arena_release(&arena);
	return fault == OK && ret.mine;
}

bool desk_lease(struct desk *d, const struct desk_merchant *m, enum lease_kind kind, uint64_t of)
{
	/* Asked for before it is taken: it never lasts longer than the one in the store. */
	int64_t now = monotonic_ms();
	struct desk_lease *l = find_lease(d, m->number, kind, of);
	if (l && l->until_ms - now > lease_ms(d) / 3)
		return true;
	if (!take_lease(d, m, kind, of)) {
		desk_lease_lost(d, m->number, kind, of);
		return false;
	}
	if (d->lease_count == DESK_LEASES_MAX)
		drop_ended(d);
	if (!l && d->lease_count == DESK_LEASES_MAX)
		return true; /* asked for again each time */
	l = l ? l : &d->leases[d->lease_count++];
	*l = (struct desk_lease){m->number, of, kind, now + lease_ms(d)};
	return true;
}

/* --- merchants --- */

struct merchant_wanted {
	uint64_t number;
};

static enum fault get_merchant(struct tx *tx, const struct env *env, const void *cmd, void *ret)
{
	const struct merchant_wanted *c = cmd;
	struct merchant *r = ret;
	bool found;
	(void)env;
	*r = (struct merchant){.number = c->number};
	TRY(store_get(tx, TABLE_MERCHANT, r, &found));
	return found ? OK : FAULT_MERCHANT_UNKNOWN;
}

static const struct desk_merchant store = {0};

static bool find_merchant(struct desk *d, uint64_t number, struct desk_merchant *ret)
{
	struct merchant_wanted cmd = {number};
	struct merchant merchant;
	struct arena arena;
	arena_init(&arena, CALL_BYTES_MAX);
	desk_begin(d, &store, &arena);
	bool found = desk_apply(d, get_merchant, &cmd, &merchant) == OK;
	if (found)
		*ret = (struct desk_merchant){number, merchant_clock_of(&merchant)};
	desk_end(d);
	arena_release(&arena);
	return found;
}

static unsigned scan_every_ms(const struct desk *d)
{
	unsigned ms = d->alone ? SCAN_ALONE_MS : SCAN_SHARED_MS;
	return d->kind->every_ms ? d->kind->every_ms : ms;
}

/* What comes due before the next scan is found too: `look` says when. */
static struct instant scan_until(const struct desk *d)
{
	struct instant now = reader_env(d->tx)->now;
	return (struct instant){now.ms + (d->kind->every_ms ? 0 : d->apart_ms)};
}

/* Into the agenda. false: not all could be read; the rest is for the next scan. */
static bool find_due(struct desk *d, int64_t now)
{
	struct due_walk walk = {.chore = d->kind->chore, .seldom = now >= d->seldom_ms};
	uint64_t merchants[DUE_WALK_PAGE];
	struct arena arena;
	enum fault fault = OK;
	arena_init(&arena, CALL_BYTES_MAX);
	while (fault == OK && !walk.ended && !atomic_load(&d->stopping)) {
		unsigned n = 0;
		desk_begin(d, &store, &arena);
		walk.until = scan_until(d);
		fault = reader_due(d->reader, &walk, merchants, &n);
		desk_end(d);
		arena_reset(&arena);
		for (unsigned i = 0; i < n; i++)
			agenda_add(&d->agenda, merchants[i], now);
	}
	arena_release(&arena);
	if (walk.seldom && walk.ended)
		d->seldom_ms = now + SELDOM_MS;
	return walk.ended;
}

static int64_t rest_ms(int64_t took_ms)
{
	int64_t ms = took_ms * (SCAN_SHARE - 1);
	return ms < SCAN_REST_MS ? ms : SCAN_REST_MS;
}

static void scan(struct desk *d)
{
	if (d->kind->tend)
		d->kind->tend(d);
	int64_t begun = monotonic_ms();
	bool all = find_due(d, begun);
	int64_t now = monotonic_ms(), every = scan_every_ms(d),
		rest = all ? rest_ms(now - begun) : 0;
	d->scan_ms = now + every;
	d->rested_ms = now + rest;
	d->apart_ms = rest > every ? rest : every;
}

static int64_t next_scan(const struct desk *d)
{
	return d->scan_ms > d->rested_ms ? d->scan_ms : d->rested_ms;
}

/* --- the thread --- */

static void look(struct desk *d, uint64_t number)
{
	struct desk_merchant merchant;
	if (!find_merchant(d, number, &merchant))
		return; /* a later scan finds it, if there is one */
	int64_t ms = d->kind->look(d, &merchant);
	must(!d->tx);
	if (ms == DESK_TROUBLE)
		ms = TROUBLE_MS;
	if (ms != DESK_WAITS)
		desk_look_in(d, number, ms);
}

static unsigned ms_until(int64_t at)
{
	int64_t ms = at == INT64_MAX ? SCAN_ALONE_MS : at - monotonic_ms();
	return ms <= 0 ? 0 : ms > SCAN_ALONE_MS ? SCAN_ALONE_MS : (unsigned)ms;
}

static void finish(struct desk *d)
{
	int64_t until = monotonic_ms() + STOP_MS;
	while (d->kind->busy && d->kind->busy(d) && monotonic_ms() < until)
		sleep_ms(d, 50);
	if (d->kind->close)
		d->kind->close(d);
}

static void *run(void *context)
{
	struct desk *d = context;
	uint64_t merchant;
	d->scan_ms = monotonic_ms() + d->kind->every_ms;
	d->apart_ms = scan_every_ms(d);

	while (!atomic_load(&d->stopping)) {
		if (take_rung(d))
			d->scan_ms = monotonic_ms();
		if (monotonic_ms() >= next_scan(d))
			scan(d);
		int64_t now = monotonic_ms();
		for (unsigned i = 0; i < LOOKS_MAX && agenda_take(&d->agenda, now, &merchant); i++)
			look(d, merchant);
		int64_t next = agenda_next_ms(&d->agenda);
		sleep_ms(d, ms_until(next < next_scan(d) ? next : next_scan(d)));
	}
	finish(d);
	return NULL;
}

bool desk_start(struct desk *d)
{
	pthread_condattr_t attributes;
	pthread_condattr_init(&attributes);
	pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
	pthread_mutex_init(&d->lock, NULL);
	pthread_cond_init(&d->bell, &attributes);
	pthread_condattr_destroy(&attributes);
	d->alone = !engine_waits(d->engine);
	d->reader = reader_open(d->engine);
	if (d->kind->open && !d->kind->open(d))
		return false;
	must(pthread_create(&d->thread, NULL, run, d) == 0);
	return true;
}

static void give_back(struct desk *d)
{
	struct arena arena;
	arena_init(&arena, 64 * 1024);
	for (unsigned i = 0; i < d->lease_count; i++) {
		const struct desk_lease *l = &d->leases[i];
		struct desk_merchant merchant = {.number = l->merchant};
		struct lease_drop_cmd cmd = {l->kind, l->of, d->owner};
		struct lease_drop_ret ret;
		struct desk_write write = {COMMAND_lease_drop, &cmd, &ret, false};
		if (desk_run(d, &merchant, &write, &arena) != OK)
			break; /* they run out */
		arena_reset(&arena);
	}
	arena_release(&arena);
}

void desk_stop(struct desk *d)
{
	pthread_mutex_lock(&d->lock);
	atomic_store(&d->stopping, true);
	pthread_cond_signal(&d->bell);
	pthread_mutex_unlock(&d->lock);
	if (d->kind->wake)
		d->kind->wake(d);
	pthread_join(d->thread, NULL);
	give_back(d);
	reader_close(d->reader);
	agenda_release(&d->agenda);
	pthread_cond_destroy(&d->bell);
	pthread_mutex_destroy(&d->lock);
}
