/*
 * Where a crowd calls, the replies of one turn of a loop go out together, as late as before the
 * loop waits: they are corked, one behind the other, in the loop's buffer, and go to the kernel in
 * one call (io_uring), or, where it has none, one by one. docs/decisions/0071-replies-of-a-turn.md
 */
#include <errno.h>
#include <sys/socket.h>

#include "http/conn.h"

enum { RING_LEAST = 3 }; /* fewer are cheaper one by one */

/* ---- the ring */

/* A kernel without io_uring, or one that forbids it here, is as good. */
void cork_start(struct http_loop *l)
{
	l->has_ring = io_uring_queue_init(CORKED_MAX, &l->ring, 0) == 0;
}

static void ring_close(struct http_loop *l)
{
	if (l->has_ring)
		io_uring_queue_exit(&l->ring);
	l->has_ring = false;
}

void cork_release(struct http_loop *l)
{
	ring_close(l);
	buffer_release(&l->reply);
}

static struct text bytes_of(const struct http_loop *l, const struct corked_reply *r)
{
	return (struct text){l->reply.data + r->at, r->size};
}

static void ring_add(struct http_loop *l, const struct corked_reply *r, unsigned number)
{
	struct io_uring_sqe *e = io_uring_get_sqe(&l->ring);
	struct text bytes = bytes_of(l, r);
	int fd = -1;
	must(e); /* there are CORKED_MAX */
	(void)uv_fileno((uv_handle_t *)&r->connection->tcp, &fd);
	io_uring_prep_send(e, fd, bytes.data, bytes.size, MSG_DONTWAIT | MSG_NOSIGNAL);
	e->user_data = number;
}

/* How many the kernel has taken: all, as long as it has memory. */
static unsigned ring_submit(struct http_loop *l, unsigned n)
{
	unsigned taken = 0;
	while (taken < n) {
		int more = io_uring_submit(&l->ring);
		if (more <= 0 && more != -EINTR)
			break;
		taken += more > 0 ? (unsigned)more : 0;
	}
	return taken;
}

static void ring_reap(struct http_loop *l, int *results)
{
	struct io_uring_cqe *e;
	int error;
	do
		error = io_uring_wait_cqe(&l->ring, &e);
	while (error == -EINTR);
	must(error == 0);
	results[e->user_data] = e->res;
	io_uring_cqe_seen(&l->ring, e);
}

/* results: what send(2) would say of the first n corked ones, an error as a negative number. */
static void ring_send(struct http_loop *l, unsigned n, int *results)
{
	for (unsigned i = 0; i < n; i++) {
		ring_add(l, &l->corked[i], i);
		results[i] = -EAGAIN;
	}
	unsigned taken = ring_submit(l, n);
	for (unsigned i = 0; i < taken; i++)
		ring_reap(l, results);
	if (taken < n)
		ring_close(l); /* and what it still has of ours */
}

/* ---- corking */

/* Those whose connection is still there. */
static unsigned keep_open(struct http_loop *l)
{
	unsigned n = 0;
	for (unsigned i = 0; i < l->corked_count; i++)
		if (l->corked[i].connection->state != CONNECTION_CLOSED)
			l->corked[n++] = l->corked[i];
	return n;
}

static void cork_send(struct http_loop *l)
{
	int results[CORKED_MAX];
	if (l->corked_count == 0)
		return;
	unsigned n = keep_open(l);
	bool together = l->has_ring && n >= RING_LEAST;
	if (together)
		ring_send(l, n, results);
	for (unsigned i = 0; i < n; i++) {
		struct text bytes = bytes_of(l, &l->corked[i]);
		if (together)
			connection_sent(l->corked[i].connection, bytes, results[i]);
		else
			connection_send(l->corked[i].connection, &bytes, 1);
	}
	l->corked_count = 0;
	buffer_clear(&l->reply);
}

size_t cork_begin(struct http_loop *l)
{
	if (l->corked_count == CORKED_MAX || l->reply.size > CORKED_BYTES_MAX)
		cork_send(l);
	return l->reply.size;
}

void cork(struct connection *c, size_t at)
{
	struct http_loop *l = c->loop;
	connection_wait(c, WAIT_CORK);
	l->corked[l->corked_count++] = (struct corked_reply){c, at, l->reply.size - at};
}

bool cork_flush(struct http_loop *l)
{
	struct link sent, *corked = &l->waiting[WAIT_CORK];
	cork_send(l);
	if (link_is_empty(corked))
		return false;
	sent = *corked;
	sent.next->previous = sent.previous->next = &sent;
	link_init(corked);
	while (!link_is_empty(&sent))
		connection_let_go(connection_waiting(sent.next));
	return true;
}
