/*
 * The way of a request, step by step (serve/call.h has the map). A step returns a fault, which
 * ends the way at the dialect's face; `apply` may also let the call wait: a write waits for the
 * lane, a slow read for the slow thread, and both come back to the loop by http_post.
 *
 *   RUNNING --apply(write)--> IN_LANE --done--> RUNNING at encode
 *   RUNNING --apply(slow)---> SLOW    --run---> FINISHED (encoded there; only the reply is left)
 *   RUNNING --decode(files)-> SLOW    --decoded: a write--> IN_LANE
 *   IN_LANE --done(erasure)-> SLOW    --wiped-> RUNNING at encode
 *   RUNNING --decode(read)--> IN_TURN --the loop has taken all that came--> RUNNING at apply
 *   RUNNING --last step or a fault--> FINISHED
 *
 * Where the store is behind a network, away.c says how it goes.
 *
 * While a call waits nobody but the waited-for thread touches it.
 */
#include "base/monotonic.h"
#include "serve/call.h"

#include "base/address.h"
#include "base/crypto.h"
#include "base/thread.h"
#include "domain/once.h"
#include "serve/admit.h"
#include "serve/home.h"
#include "serve/journey.h"
#include "store/engine.h"

enum { REPLY_KEPT_MAX = 64 * 1024 }; /* a larger buffer is not kept for the next call */

static __thread struct worker *here;

struct worker *worker_here(void)
{
	return here;
}

void worker_start(void *context, struct http_loop *loop)
{
	struct server *server = context;
	struct worker *w = calloc(1, sizeof(*w));
	must(w);
	thread_is_short();
	w->server = server;
	w->loop = loop;
	w->sent_last = &w->sent;
	w->reader = reader_open(server->engine);
	reader_keep(w->reader);
	w->actors = server->actors ? server->actors : actor_cache_new();
	w->share = metrics_share_new(server->metrics);
	here = w;
}

void worker_end(void *context, struct http_loop *loop)
{
	(void)context;
	(void)loop;
	if (!here->server->actors)
		actor_cache_free(here->actors);
	reader_close(here->reader);
	buffer_release(&here->reply);
	free(here);
	here = NULL;
}

static struct journey *journey_of(struct call *call)
{
	return (struct journey *)((char *)call - offsetof(struct journey, call));
}

/* --- what dialects may ask --- */

enum fault call_refuse(struct call *call, enum fault fault, struct text field, struct text value)
{
	call->detail.field = field;
	call->detail.value = value;
	return fault;
}

enum fault call_read(struct call *call, enum command command, const void *cmd, void *ret)
{
	const struct command_row *row = command_get(command);
	must(row && row->mode == COMMAND_READ);
	if (!call->tx)
		return away_read(journey_of(call));
	return reader_apply(journey_of(call)->reader, row->handle, cmd, ret);
}

enum fault call_actor_any(struct call *call, enum dialect dialect, struct text name)
{
	struct journey *j = journey_of(call);
	must(!j->actor);
	uint8_t digest[DIGEST_SIZE_MAX];
	struct actor_wanted wanted = {dialect, name, name, j->version, j->server->admit};
	if (dialect == DIALECT_NATIVE) {
		digest_parts(DIGEST_SHA256, &name, 1, digest);
		wanted.sent = (struct text){(const char *)digest, digest_size(DIGEST_SHA256)};
	}
	enum fault fault = actor_hold(j->worker->actors, call, &wanted, &j->actor);
	if (fault != OK)
		return fault == FAULT_CREDENTIAL_UNKNOWN ? FAULT_KEY_UNKNOWN : fault;
	call->actor.credential = &j->actor->credential;
	call->actor.merchant = &j->actor->merchant;
	call->actor.macs = j->actor->macs;
	return actor_has_ended(call->actor.credential, call->now) ? FAULT_KEY_ENDED : OK;
}

enum fault call_trusted(struct call *call)
{
	return address_trusted(call->actor.credential->trusted, call->request->peer)
		   ? OK
		   : FAULT_ADDRESS_REFUSED;
}

enum fault call_actor(struct call *call, enum dialect dialect, struct text name)
{
	TRY(call_actor_any(call, dialect, name));
	return call_trusted(call);
}

enum fault call_fresh(struct call *call, struct instant t, unsigned default_s)
{
	uint64_t skew = call->actor.credential->skew_s;
	int64_t most = (int64_t)(skew ? skew : default_s) * 1000;
	int64_t apart = call->now.ms - t.ms;

	return apart <= most && apart >= -most ? OK : FAULT_TIMESTAMP_STALE;
}

void call_renew(struct call *call)
{
	call->tx = reader_renew(journey_of(call)->reader);
	call->env = reader_env(call->tx);
}

const struct method *dialect_method(const struct dialect_row *dialect, struct text name)
{
	for (unsigned i = 0; i < dialect->method_count; i++)
		if (text_equal(name, text_of(dialect->methods[i].name)))
			return &dialect->methods[i];
	return NULL;
}

/* --- transactions --- */

void journey_open(struct journey *j, struct reader *reader)
{
	j->reader = reader;
	j->call.tx = reader_begin(reader, 0, j->call.arena, &j->call.detail);
	j->call.env = reader_env(j->call.tx);
}

/* Whose rows the call's command sees, and by whose clock. */
static uint64_t merchant_of(const struct journey *j)
{
	return j->call.method->of_store ? 0 : j->actor->credential.owner;
}

static struct merchant_clock clock_of(const struct journey *j)
{
	return j->call.method->of_store ? (struct merchant_clock){0}
					: merchant_clock_of(&j->actor->merchant);
}

void journey_merchant(struct journey *j)
{
	reader_merchant(j->call.tx, merchant_of(j), clock_of(j));
}

void journey_close(struct journey *j)
{
	if (!j->reader)
		return;
	reader_end(j->reader);
	j->reader = NULL;
	j->call.tx = NULL;
	j->call.env = NULL;
}

/* --- the steps --- */

const struct command_row *journey_command(const struct journey *j, enum command_mode mode)
{
	const struct command_row *row = command_get(j->call.method->command);

	return row && row->mode == mode ? row : NULL;
}

/* A limit is for those who are who they say: else anybody who knows an app_key could use it up. */
static enum fault step_identify(struct journey *j)
{
	TRY(j->call.dialect->identify(&j->call));
	must(j->call.method && j->actor);
	if (j->reader)
		journey_merchant(j);
	return admit_take(j->server->admit, j->actor->bucket, j->call.actor.credential,
			  (int64_t)j->call.exchange->start_ns, &j->call.limit,
			  &j->call.retry_after_s);
}

static enum fault step_decode(struct journey *j)
{
	struct call *call = &j->call;
	const struct method *method = call->method;

	call->cmd = arena_take_zeroed(call->arena, method->cmd_size ? method->cmd_size : 1);
	call->ret = arena_take_zeroed(call->arena, method->ret_size ? method->ret_size : 1);
	if (!call->cmd || !call->ret)
		return FAULT_BUSY;
	return method->decode ? method->decode(call, call->cmd) : OK;
}

static enum fault apply_slow(struct journey *j);
static enum fault go_aside(struct journey *j);

static enum fault step_aside(struct journey *j)
{
	bool aside = j->call.method->slow && journey_command(j, COMMAND_WRITE) &&
		     j->reader == j->worker->reader;

	if (aside)
		return go_aside(j);
	TRY(step_decode(j));
	turn_wait(j);
	return OK;
}

static enum fault step_apply(struct journey *j)
{
	const struct command_row *row = command_get(j->call.method->command);

	if (j->call.method->slow && j->reader == j->worker->reader)
		return apply_slow(j);
	if (!row)
		return OK;
	if (row->mode == COMMAND_WRITE) {
		journey_write(j);
		return OK;
	}
	return reader_apply(j->reader, row->handle, j->call.cmd, j->call.ret);
}

static enum fault step_encode(struct journey *j)
{
	TRY(j->call.method->encode(&j->call, j->call.ret));
	return j->call.reply.full ? FAULT_ANSWER_TOO_LARGE : OK;
}

static const struct {
	enum fault (*run)(struct journey *j);
} steps[] = {{step_identify}, {step_aside}, {step_apply}, {step_encode}};
_Static_assert(STEP_ENCODE == COUNT_OF(steps) - 1, "journey.h names them");

enum fault journey_step(struct journey *j)
{
	return steps[j->step++].run(j);
}

/* --- the end: face, reply, metrics, log --- */

void reply_take(struct worker *w, struct buffer *reply)
{
	if (!w->reply.data)
		buffer_init(&w->reply, REPLY_BYTES_MAX);
	*reply = w->reply;
	w->reply = (struct buffer){0};
}

void reply_give_back(struct worker *w, struct buffer *reply)
{
	if (w->reply.data || reply->capacity > REPLY_KEPT_MAX) {
		buffer_release(reply);
		return;
	}
	buffer_clear(reply);
	w->reply = *reply;
}

void journey_finish(struct journey *j, enum fault fault)
{
	struct call *call = &j->call;
	struct http_exchange *x = call->exchange;

	if (fault != OK) {
		buffer_clear(&call->reply);
		call->dialect->face(call, fault);
	}
	journey_close(j);
	uint64_t us = (monotonic_ns() - x->start_ns) / 1000;
	metrics_call(j->worker->share, call->dialect, call->method, fault, us);
	if (j->server->log_calls)
		log_call(call, fault, us);
	struct worker *worker = j->worker;
	struct buffer reply = call->reply;
	if (j->actor)
		actor_release(j->actor);
	http_reply(x, &(struct http_reply){.status = call->status,
					   .content_type = call->content_type,
					   .body = buffer_get(&reply),
					   .extra = call->headers,
					   .extra_count = call->header_count,
					   .retry_after_s = call->retry_after_s,
					   .may_gzip = !call->plain});
	reply_give_back(worker, &reply);
}

void journey_run(struct journey *j)
{
	enum fault fault = OK;

	while (fault == OK && j->step < COUNT_OF(steps)) {
		fault = journey_step(j);
		if (j->waiting)
			return;
	}
	journey_finish(j, fault);
}

void journey_look(const struct journey *j, struct reader_look *ret)
{
	const struct command_row *row = journey_command(j, COMMAND_READ);

	if (row && !j->call.method->slow)
		*ret = (struct reader_look){.merchant = merchant_of(j),
					    .clock = clock_of(j),
					    .handle = row->handle,
					    .cmd = j->call.cmd,
					    .ret = j->call.ret,
					    .ret_size = j->call.method->ret_size,
					    .arena = j->call.arena};
}

static enum fault go_there(struct journey *j)
{
	j->slow.next = NULL;
	j->waiting = slow_submit(j->server->slow, &j->slow) == NULL;
	return j->waiting ? OK : FAULT_BUSY;
}

/* --- waiting for keys to be wiped --- */

static void wiped_back_on_loop(struct http_task *task)
{
	struct journey *j = journey_of_task(task);

	j->waiting = false;
	if (j->fault != OK)
		journey_finish(j, j->fault);
	else
		journey_run(j);
}

static void wipe_there(struct slow_task *task, struct reader *reader)
{
	struct journey *j = journey_of_slow(task);

	(void)reader;
	j->fault = engine_wipe(j->server->engine, merchant_of(j));
	j->task.run = wiped_back_on_loop;
	http_post(j->call.exchange->loop, &j->task);
}

/* The person is gone already; a caller who is told BUSY asks again, and it is wiped then. */
static void wipe_keys(struct journey *j)
{
	j->slow.look = NULL;
	j->slow.run = wipe_there;
	if (go_there(j) != OK)
		journey_finish(j, FAULT_BUSY);
}

/* --- waiting for the lane --- */

static void write_back_on_loop(struct http_task *task)
{
	struct journey *j = journey_of_task(task);

	j->waiting = false;
	if (!j->call.reply.capacity_max)
		reply_take(j->worker, &j->call.reply);
	if (j->write.fault != OK) {
		j->call.detail = j->write.detail;
		journey_finish(j, j->write.fault);
		return;
	}
	if (j->call.method->wipes)
		wipe_keys(j);
	else
		journey_run(j);
}

static void write_done(struct write *w)
{
	struct journey *j = w->context;

	j->task.run = write_back_on_loop;
	(w->more ? http_post_more : http_post)(j->call.exchange->loop, &j->task);
}

/* While it waits its loop answers others, with the same buffer. */
void journey_write(struct journey *j)
{
	const struct command_row *row = journey_command(j, COMMAND_WRITE);

	must(row);
	j->step = STEP_ENCODE;
	journey_close(j);
	if (j->worker == here) {
		reply_give_back(here, &j->call.reply);
		j->call.reply = (struct buffer){0};
	}
	j->write = (struct write){.merchant = merchant_of(j),
				  .clock = clock_of(j),
				  .command = j->call.method->command,
				  .handle = row->handle,
				  .actor = actor_text(&j->call),
				  .cmd = j->call.cmd,
				  .ret = j->call.ret,
				  .ret_size = row->ret_size,
				  .arena = j->call.arena,
				  .done = write_done,
				  .context = j};
	if (j->call.request_number.key.size) {
		j->once = (struct once_cmd){.command = j->call.method->command,
					    .cmd = j->call.cmd,
					    .request = j->call.request_number};
		j->write.handle = once;
		j->write.cmd = &j->once;
	}
	j->waiting = true;
	engine_submit(j->server->engine, &j->write);
}

/* --- waiting for the slow thread --- */

static void slow_back_on_loop(struct http_task *task)
{
	struct journey *j = journey_of_task(task);

	j->waiting = false;
	journey_finish(j, j->fault);
}

void journey_go_on_there(struct journey *j)
{
	if (j->fault == OK && journey_command(j, COMMAND_WRITE)) {
		journey_write(j);
		return;
	}
	while (j->fault == OK && j->step < COUNT_OF(steps))
		j->fault = journey_step(j);
	journey_close(j);
	j->task.run = slow_back_on_loop;
	http_post(j->call.exchange->loop, &j->task);
}

static void slow_run_there(struct slow_task *task, struct reader *reader)
{
	struct journey *j = journey_of_slow(task);

	journey_open(j, reader);
	journey_merchant(j);
	j->fault = OK;
	j->step = STEP_APPLY;
	journey_go_on_there(j);
}

static void aside_run_there(struct slow_task *task, struct reader *reader)
{
	struct journey *j = journey_of_slow(task);

	journey_open(j, reader);
	journey_merchant(j);
	j->fault = step_decode(j);
	j->step = STEP_APPLY;
	journey_go_on_there(j);
}

static enum fault go_slow(struct journey *j, void (*run)(struct slow_task *, struct reader *))
{
	journey_close(j);
	j->slow.run = run;
	return go_there(j);
}

static enum fault apply_slow(struct journey *j)
{
	return go_slow(j, slow_run_there);
}

static enum fault go_aside(struct journey *j)
{
	return go_slow(j, aside_run_there);
}

/* --- the beginning --- */

void call_refused(void *context, int status)
{
	(void)context;
	(void)status;
	metrics_refused(here->share);
}

void call_handle(void *context, struct http_exchange *x)
{
	struct server *server = context;
	const struct dialect_row *dialect = route_dialect(&x->request);

	if (!dialect) {
		if (!homes_take(server->homes, x))
			page_handle(server, x);
		return;
	}
	struct journey *j = arena_take_zeroed(x->arena, sizeof(*j));
	must(j);
	j->server = server;
	j->version = engine_credential_version(server->engine);
	j->worker = here;
	j->call.exchange = x;
	j->call.request = &x->request;
	j->call.arena = x->arena;
	j->call.dialect = dialect;
	j->call.status = 200;
	j->call.private_targets = server->private_targets;
	j->call.spool = server->spool;
	j->call.content_type = TEXT("application/json;charset=UTF-8");
	j->stays = x->request.passed;
	reply_take(here, &j->call.reply);
	if (server->waits) {
		away_begin(j);
		return;
	}
	journey_open(j, here->reader);
	j->call.now = j->call.env->now;
	journey_run(j);
}
