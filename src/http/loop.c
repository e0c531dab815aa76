/*
 * One loop: a thread's libuv loop with its listening socket, its connections and its exchanges.
 * Nothing here is locked: all of it belongs to the loop's thread, but for `posted`, a stack that
 * any thread pushes to.
 *
 *   serving   accepts. loop_new -> serving
 *   draining  http_server_stop -> on_wake -> drain_begin: does not accept; every reply closes its
 *             connection; quiet connections are closed once DRAIN_IDLE_MS have passed, so that a
 *             request that was on its way is still answered; the rest at drain_end
 *   ended     drain_check: no connection and no running exchange: what handlers still have is
 *             waited for, however long, because its memory is theirs until they answer.
 *             http_post is still allowed; loop_free runs what came late.
 */
#include <errno.h>
#include <stddef.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "http/conn.h"

/* ---- exchanges */

struct exchange *exchange_new(struct http_loop *l)
{
	struct exchange *x = l->pool;
	if (x) {
		l->pool = x->next;
		l->pool_size--;
	} else if (!(x = malloc(sizeof *x))) {
		return NULL;
	}
	arena_init_lent(&x->arena, x->lent, sizeof x->lent, CALL_BYTES_MAX);
	buffer_init(&x->chunks, BODY_BYTES_MAX);
	x->open.arena = &x->arena;
	x->open.loop = l;
	x->open.user = NULL;
	x->chunk = (struct chunk_reader){0};
	x->body = NULL;
	x->body_have = 0;
	x->bundle = NULL;
	link_append(&l->exchanges, &x->live);
	return x;
}

void exchange_free(struct exchange *x)
{
	struct http_loop *l = x->open.loop;
	link_remove(&x->live);
	l->bodies_bytes -= x->body_have;
	arena_release(&x->arena);
	buffer_release(&x->chunks);
	if (l->pool_size < EXCHANGE_POOL_MAX) {
		x->next = l->pool;
		l->pool = x;
		l->pool_size++;
	} else {
		free(x);
	}
}

/* ---- posted tasks */

/* An eventfd of our own: at uv_async_send the loop that wakes spins until the sender has returned,
 * and where both have one core the sender cannot. */
void loop_wake(struct http_loop *l)
{
	uint64_t one = 1;
	while (write(l->wake_file, &one, sizeof one) < 0 && errno == EINTR)
		continue;
}

/* false: someone wakes the loop already, and it has not yet looked. */
static bool push(struct http_loop *l, struct http_task *task)
{
	struct http_task *top = atomic_load_explicit(&l->posted, memory_order_relaxed);
	do
		task->next = top;
	while (!atomic_compare_exchange_weak_explicit(&l->posted, &top, task, memory_order_release,
						      memory_order_relaxed));
	return !top;
}

static __thread struct http_loop *to_wake; /* this thread owes it that */

void http_post_more(struct http_loop *l, struct http_task *task)
{
	if (to_wake && to_wake != l) {
		loop_wake(to_wake);
		to_wake = NULL;
	}
	if (push(l, task))
		to_wake = l;
}

void http_post(struct http_loop *l, struct http_task *task)
{
	http_post_more(l, task);
	if (to_wake)
		loop_wake(to_wake);
	to_wake = NULL;
}

static void run_posted(struct http_loop *l)
{
	struct http_task *newest = atomic_exchange_explicit(&l->posted, NULL, memory_order_acquire);
	struct http_task *oldest = NULL;
	while (newest) {
		struct http_task *next = newest->next;
		newest->next = oldest;
		oldest = newest;
		newest = next;
	}
	while (oldest) {
		struct http_task *task = oldest;
		oldest = task->next;
		task->run(task);
	}
}

static void drain_check(struct http_loop *l);

/* ---- deadlines */

static struct connection *first_waiting(struct http_loop *l, enum wait wait)
{
	struct link *list = &l->waiting[wait];
	return link_is_empty(list) ? NULL : connection_waiting(list->next);
}

static void expire(struct http_loop *l, enum wait wait)
{
	uint64_t now = uv_now(&l->uv);
	struct connection *c;
	while ((c = first_waiting(l, wait)) && c->deadline <= now)
		connection_expire(c);
}

static void on_tick(uv_timer_t *timer)
{
	struct http_loop *l = timer->data;
	for (enum wait w = WAIT_HEAD; w < WAIT_CALL; w++)
		expire(l, w);
	pass_expire(l);
	if (l->accepts_again)
		connection_accept(l);
	drain_check(l);
	if (l->connections == 0 && l->pass_links == 0 && !l->draining && !l->accepts_again) {
		uv_timer_stop(timer);
		l->ticking = false;
	}
}

void loop_tick(struct http_loop *l)
{
	if (l->ticking)
		return;
	must(uv_timer_start(&l->tick, on_tick, TICK_MS, TICK_MS) == 0);
	l->ticking = true;
}

/* ---- draining */

static void close_all(struct http_loop *l)
{
	struct connection *c;
	for (enum wait w = WAIT_HEAD; w < WAIT_COUNT; w++)
		while ((c = first_waiting(l, w)))
			connection_close(c);
}

/* A connection whose request is in the kernel already is not quiet. */
static bool has_bytes_waiting(struct connection *c)
{
	int fd, bytes = 0;
	return uv_fileno((uv_handle_t *)&c->tcp, &fd) == 0 && ioctl(fd, FIONREAD, &bytes) == 0 &&
	       bytes > 0;
}

static void close_quiet(struct http_loop *l, enum wait wait)
{
	struct link *list = &l->waiting[wait], *next;
	for (struct link *at = list->next; at != list; at = next) {
		next = at->next;
		struct connection *c = connection_waiting(at);
		if (connection_is_quiet(c) && !has_bytes_waiting(c))
			connection_close(c);
	}
}

static void drain_check(struct http_loop *l)
{
	if (!l->draining)
		return;
	uint64_t now = uv_now(&l->uv);
	if (now >= l->drain_end) {
		close_all(l);
	} else if (now >= l->drain_idle_end) {
		close_quiet(l, WAIT_HEAD);
		close_quiet(l, WAIT_IDLE);
	}
	if (l->connections == 0 && link_is_empty(&l->exchanges))
		uv_stop(&l->uv);
}

static void drain_begin(struct http_loop *l)
{
	unsigned ms = l->server->drain_ms;
	l->draining = true;
	l->drain_end = uv_now(&l->uv) + ms;
	l->drain_idle_end = uv_now(&l->uv) + (ms / 4 < DRAIN_IDLE_MS ? ms / 4 : DRAIN_IDLE_MS);
	uv_close((uv_handle_t *)&l->listener, NULL);
	loop_tick(l);
	drain_check(l);
}

static void on_wake(uv_poll_t *wake, int status, int events)
{
	struct http_loop *l = wake->data;
	uint64_t times;
	must(status == 0 && (events & UV_READABLE));
	(void)!read(l->wake_file, &times, sizeof times);
	run_posted(l);
	if (!l->draining && atomic_load(&l->server->stopping))
		drain_begin(l);
}

void loop_connection_gone(struct http_loop *l)
{
	l->connections--;
	atomic_fetch_sub(&l->server->connections, 1);
	drain_check(l);
}

/* ---- the loop itself */

struct http_loop *loop_new(struct http_server *server)
{
	struct http_loop *l = malloc(sizeof *l);
	if (!l)
		return NULL;
	memset(l, 0, offsetof(struct http_loop, clear));
	l->wake_file = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (l->wake_file < 0 || uv_loop_init(&l->uv) != 0) {
		if (l->wake_file >= 0)
			close(l->wake_file);
		free(l);
		return NULL;
	}
	l->server = server;
	l->wake.data = l->tick.data = l->rest.data = l->turn.data = l->listener.data = l;
	buffer_init(&l->reply, REPLIES_MAX);
	gather_init(&l->gather);
	link_init(&l->exchanges);
	pass_init(l);
	for (enum wait w = WAIT_HEAD; w < WAIT_COUNT; w++)
		link_init(&l->waiting[w]);
	must(uv_timer_init(&l->uv, &l->tick) == 0);
	must(uv_prepare_init(&l->uv, &l->rest) == 0);
	must(uv_check_init(&l->uv, &l->turn) == 0);
	must(uv_tcp_init(&l->uv, &l->listener) == 0);
	must(uv_poll_init(&l->uv, &l->wake, l->wake_file) == 0);
	must(uv_poll_start(&l->wake, UV_READABLE, on_wake) == 0);
	return l;
}

static void on_connection(uv_stream_t *listener, int status)
{
	struct http_loop *l = listener->data;
	if (status != 0)
		return;
	loop_tick(l);
	connection_accept(l);
}

int loop_listen(struct http_loop *l, int fd)
{
	int error = uv_tcp_open(&l->listener, fd);
	if (error) {
		close(fd);
		return error;
	}
	return uv_listen((uv_stream_t *)&l->listener, SOMAXCONN, on_connection);
}

static void on_rest(uv_prepare_t *rest)
{
	struct http_loop *l = rest->data;
	const struct http_config *config = &l->server->config;
	do {
		if (config->loop_rest)
			config->loop_rest(config->context, l);
		pass_flush(l);
	} while (cork_flush(l));
	gather_sleep(l);
}

static void on_turn(uv_check_t *turn)
{
	struct http_loop *l = turn->data;
	const struct http_config *config = &l->server->config;
	do {
		if (config->loop_turn)
			config->loop_turn(config->context, l);
		pass_flush(l);
	} while (cork_flush(l));
	gather_turn(&l->gather);
}

void loop_run(struct http_loop *l)
{
	const struct http_config *config = &l->server->config;
	l->thread = pthread_self();
	cork_start(l);
	if (config->loop_start)
		config->loop_start(config->context, l);
	must(uv_prepare_start(&l->rest, on_rest) == 0);
	must(uv_check_start(&l->turn, on_turn) == 0);
	uv_update_time(&l->uv);
	(void)uv_run(&l->uv, UV_RUN_DEFAULT);
	(void)uv_prepare_stop(&l->rest);
	(void)uv_check_stop(&l->turn);
	if (config->loop_end)
		config->loop_end(config->context, l);
}

static void close_handle(uv_handle_t *handle, void *context)
{
	(void)context;
	if (!uv_is_closing(handle))
		uv_close(handle, NULL);
}

void loop_free(struct http_loop *l)
{
	l->thread = pthread_self();
	run_posted(l);
	pass_end(l);
	uv_walk(&l->uv, close_handle, NULL);
	(void)uv_run(&l->uv, UV_RUN_DEFAULT);
	must(uv_loop_close(&l->uv) == 0);
	close(l->wake_file);
	while (l->pool) {
		struct exchange *x = l->pool;
		l->pool = x->next;
		free(x);
	}
	reply_release(l);
	cork_release(l);
	pass_release(l);
	free(l);
}
