/*
 * Bytes out: what the socket takes at once is written at once, the rest is copied and queued in
 * libuv. The caller's memory is free again in either case. On trouble the connection is closed.
 */
#include <errno.h>
#include <stddef.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include "http/conn.h"

_Static_assert(sizeof(uv_buf_t) == sizeof(struct iovec) &&
		   offsetof(uv_buf_t, len) == offsetof(struct iovec, iov_len),
	       "one is the other, as libuv has it on Unix");

struct output {
	uv_write_t request;
	char bytes[];
};

void output_free(uv_write_t *request)
{
	free((char *)request - offsetof(struct output, request));
}

int output_queue(uv_stream_t *stream, const uv_buf_t *parts, unsigned count, size_t skip,
		 uv_write_cb done)
{
	size_t size = 0, at = 0;
	for (unsigned i = 0; i < count; i++)
		size += parts[i].len;
	if (size == skip)
		return 0;
	struct output *o = malloc(sizeof *o + size - skip);
	if (!o)
		return UV_ENOMEM;
	for (unsigned i = 0; i < count; i++) {
		size_t gone = skip < parts[i].len ? skip : parts[i].len;
		memcpy(o->bytes + at, parts[i].base + gone, parts[i].len - gone);
		at += parts[i].len - gone;
		skip -= gone;
	}
	uv_buf_t rest = {o->bytes, at};
	int error = uv_write(&o->request, stream, &rest, 1, done);
	if (error)
		free(o);
	return error ? error : 1;
}

static void on_written(uv_write_t *request, int status)
{
	struct connection *c = request->handle->data;
	output_free(request);
	c->writes--;
	if (c->state == CONNECTION_CLOSED)
		return;
	if (status != 0)
		connection_close(c);
	else
		connection_written(c);
}

/* What the socket takes now; negative on trouble. Past libuv, whose write(2) takes the longer way
 * through the kernel. */
static ssize_t send_now(struct connection *c, const uv_buf_t *parts, unsigned count)
{
	int fd;
	struct msghdr message = {.msg_iov = (struct iovec *)(uintptr_t)parts, .msg_iovlen = count};
	if (c->writes) /* behind what is queued */
		return 0;
	if (uv_fileno((uv_handle_t *)&c->tcp, &fd) != 0)
		return -1;
	ssize_t sent;
	do
		sent = count == 1 ? send(fd, parts->base, parts->len, MSG_NOSIGNAL)
				  : sendmsg(fd, &message, MSG_NOSIGNAL);
	while (sent < 0 && errno == EINTR);
	return sent < 0 && (errno == EAGAIN || errno == EWOULDBLOCK) ? 0 : sent;
}

static void queue_rest(struct connection *c, const uv_buf_t *parts, unsigned count, ssize_t sent)
{
	int queued =
	    sent < 0 ? -1
		     : output_queue((uv_stream_t *)&c->tcp, parts, count, (size_t)sent, on_written);
	if (queued < 0)
		connection_close(c);
	else
		c->writes = (uint16_t)(c->writes + queued);
}

static void send_parts(struct connection *c, const uv_buf_t *parts, unsigned count)
{
	queue_rest(c, parts, count, send_now(c, parts, count));
}

void connection_sent(struct connection *c, struct text bytes, int result)
{
	uv_buf_t part = {(char *)(uintptr_t)bytes.data, bytes.size};
	bool later = result == -EAGAIN || result == -EINTR;
	queue_rest(c, &part, 1, later ? 0 : result);
}

static void send_sealed(struct connection *c, const struct text *parts, unsigned count)
{
	for (unsigned i = 0; i < count; i++) {
		if (!tls_write(c->tls, parts[i])) {
			connection_close(c);
			return;
		}
	}
	struct text sealed = tls_output(c->tls);
	if (sealed.size)
		send_parts(c, &(uv_buf_t){(char *)(uintptr_t)sealed.data, sealed.size}, 1);
	tls_output_clear(c->tls);
}

void connection_send(struct connection *c, const struct text *parts, unsigned count)
{
	uv_buf_t buffers[2];
	must(count <= COUNT_OF(buffers));
	if (c->tls) {
		send_sealed(c, parts, count);
		return;
	}
	for (unsigned i = 0; i < count; i++)
		buffers[i] = (uv_buf_t){(char *)(uintptr_t)parts[i].data, parts[i].size};
	send_parts(c, buffers, count);
}
