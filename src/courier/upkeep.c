/*
 * The desk of upkeep: forgets requests whose time is over, sweeps what deleted campaigns left,
 * releases holds that ran out, settles erasures and merges, and wipes keys where an erasure was cut
 * off. Every server has one, with a courier or without; no lease: what two of them do at once, the
 * second finds done.
 */
#include "courier/desk.h"

#include <stdlib.h>

enum { EVERY_MS = 60 * 1000, ROWS = 256 };

static bool run(struct desk *d, const struct desk_merchant *m, enum command command,
		const void *cmd, void *ret)
{
	struct desk_write write = {command, cmd, ret, true};
	struct arena arena;
	arena_init(&arena, CALL_BYTES_MAX);
	enum fault fault = desk_run(d, m, &write, &arena);
	arena_release(&arena);
	return fault == OK && !atomic_load(&d->stopping);
}

/* These go on until nothing is left. false: not now. */

static bool forget_requests(struct desk *d, const struct desk_merchant *m, enum request_class class)
{
	struct request_forget_cmd cmd = {.class = class, .n = ROWS};
	struct request_forget_ret ret;
	do {
		if (!run(d, m, COMMAND_request_forget, &cmd, &ret))
			return false;
	} while (ret.forgotten >= ROWS);
	return true;
}

static bool sweep_campaigns(struct desk *d, const struct desk_merchant *m)
{
	struct campaign_sweep_cmd cmd = {.n = ROWS};
	struct campaign_sweep_ret ret;
	do {
		if (!run(d, m, COMMAND_campaign_sweep, &cmd, &ret))
			return false;
	} while (ret.swept >= ROWS);
	return true;
}

static bool sweep_holds(struct desk *d, const struct desk_merchant *m)
{
	struct hold_sweep_cmd cmd = {.n = ROWS};
	struct hold_sweep_ret ret;
	do {
		if (!run(d, m, COMMAND_hold_sweep, &cmd, &ret))
			return false;
	} while (ret.swept);
	return true;
}

static bool settle_customers(struct desk *d, const struct desk_merchant *m)
{
	struct customer_settle_cmd cmd = {.n = ROWS};
	struct customer_settle_ret ret;
	do {
		if (!run(d, m, COMMAND_customer_settle, &cmd, &ret))
			return false;
	} while (ret.left);
	return engine_wipe(d->engine, m->number) == OK;
}

/* What could not be done is found again. */
static int64_t look(struct desk *d, const struct desk_merchant *m)
{
	(void)!(forget_requests(d, m, REQUEST_DIALECT) && forget_requests(d, m, REQUEST_NATIVE) &&
		forget_requests(d, m, REQUEST_JOB) && sweep_campaigns(d, m) && sweep_holds(d, m));
	if (!atomic_load(&d->stopping))
		(void)!settle_customers(d, m);
	return DESK_WAITS;
}

static const struct desk_kind desk_upkeep = {
    .name = "upkeep", .actor = "job", .chore = CHORE_UPKEEP, .every_ms = EVERY_MS, .look = look};

struct upkeep {
	struct desk_kind kind;
	struct courier_config config; /* it calls nobody, and leases nothing */
	struct desk desk;
};

struct upkeep *upkeep_start(struct engine *e, unsigned every_ms)
{
	struct upkeep *u = calloc(1, sizeof(*u));
	must(u);
	u->kind = desk_upkeep;
	if (every_ms)
		u->kind.every_ms = every_ms;
	u->desk = (struct desk){.kind = &u->kind, .config = &u->config, .engine = e};
	must(desk_start(&u->desk));
	return u;
}

void upkeep_stop(struct upkeep *u)
{
	desk_stop(&u->desk);
	free(u);
}
