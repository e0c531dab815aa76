/*
 * The server: the address, one listening socket per loop, the threads, stop.
 *
 * With several loops each has a socket of its own on the same address (SO_REUSEPORT), and the
 * kernel deals the connections out. SO_REUSEPORT would also let a second server bind the address
 * of a running one and take half its connections, so the address is first bound without it.
 */
#include <netdb.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include "http/conn.h"

enum { LOOPS_MAX = 64 };

static const char *sentence(const char *what, const char *which, const char *why)
{
	char *s;
	return asprintf(&s, "%s %s: %s", what, which, why) < 0 ? "out of memory" : s;
}

/* ---- addresses */

struct address {
	struct sockaddr_storage any;
	socklen_t size;
	bool any_port;
};

/* "host:port", "[v6]:port", ":port" */
static bool address_split(const char *listen, char *host, size_t host_size, const char **ret_port)
{
	const char *colon = strrchr(listen, ':');
	if (!colon || colon[1] == 0)
		return false;
	size_t size = (size_t)(colon - listen);
	if (size >= 2 && listen[0] == '[' && colon[-1] == ']') {
		listen++;
		size -= 2;
	} else if (memchr(listen, ':', size)) {
		return false;
	}
	if (size >= host_size)
		return false;
	memcpy(host, listen, size);
	host[size] = 0;
	*ret_port = colon + 1;
	return true;
}

static const char *address_read(const char *listen, struct address *ret)
{
	char host[256];
	const char *port;
	uint64_t number;
	if (!listen || !address_split(listen, host, sizeof host, &port) ||
	    !text_to_uint64(text_of(port), &number) || number > 65535)
		return sentence("cannot listen on", listen ? listen : "nothing",
				"an address is written 127.0.0.1:8080 or [::]:8080");
	struct addrinfo hints = {.ai_flags = AI_PASSIVE | AI_NUMERICSERV,
				 .ai_socktype = SOCK_STREAM};
	struct addrinfo *found;
	int error = getaddrinfo(host[0] ? host : NULL, port, &hints, &found);
	if (error)
		return sentence("cannot listen on", listen, gai_strerror(error));
	memcpy(&ret->any, found->ai_addr, found->ai_addrlen);
	ret->size = found->ai_addrlen;
	ret->any_port = number == 0;
	freeaddrinfo(found);
	return NULL;
}

static void address_write(const struct sockaddr_storage *a, char *out, size_t size)
{
	char host[PEER_SIZE_MAX] = "?";
	bool is_v6 = a->ss_family == AF_INET6;
	(void)uv_ip_name((const struct sockaddr *)a, host, sizeof host);
	unsigned port = ntohs(is_v6 ? ((const struct sockaddr_in6 *)a)->sin6_port
				    : ((const struct sockaddr_in *)a)->sin_port);
	(void)snprintf(out, size, is_v6 ? "[%s]:%u" : "%s:%u", host, port);
}

/* ---- sockets */

/* -1 with errno. */
static int socket_bind(const struct address *a, bool shared)
{
	int fd = socket(a->any.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0), yes = 1;
	if (fd < 0)
		return -1;
	if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes) == 0 &&
	    (!shared || setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &yes, sizeof yes) == 0) &&
	    bind(fd, (const struct sockaddr *)&a->any, a->size) == 0)
		return fd;
	int error = errno;
	close(fd);
	errno = error;
	return -1;
}

static int address_probe(const struct address *a)
{
	int fd = socket_bind(a, false);
	if (fd < 0)
		return -errno;
	close(fd);
	return 0;
}

/* The first socket settles the port, the others follow it. 0 or -errno. */
static int loop_open(struct http_server *s, struct address *a, unsigned i)
{
	int fd = socket_bind(a, s->config.workers > 1);
	if (fd < 0)
		return -errno;
	a->size = sizeof a->any;
	must(getsockname(fd, (struct sockaddr *)&a->any, &a->size) == 0);
	struct http_loop *l = loop_new(s);
	if (!l) {
		close(fd);
		return -ENOMEM;
	}
	s->loops[i] = l;
	s->loop_count = i + 1;
	return loop_listen(l, fd);
}

static const char *loops_open(struct http_server *s)
{
	struct address a;
	const char *trouble = address_read(s->config.listen, &a);
	if (trouble)
		return trouble;
	int error = a.any_port ? 0 : address_probe(&a);
	for (unsigned i = 0; i < s->config.workers && !error; i++)
		error = loop_open(s, &a, i);
	if (error)
		return sentence("cannot listen on", s->config.listen, strerror(-error));
	address_write(&a.any, s->address, sizeof s->address);
	return NULL;
}

/* ---- the server */

static unsigned or_else(unsigned given, unsigned otherwise)
{
	return given ? given : otherwise;
}

static void times_set(struct http_server *s)
{
	const struct http_config *c = &s->config;
	s->wait_ms[WAIT_HEAD] = or_else(c->header_ms, HEADER_MS_MAX);
	s->wait_ms[WAIT_BODY] = or_else(c->body_ms, BODY_MS_MAX);
	s->wait_ms[WAIT_IDLE] = or_else(c->idle_ms, IDLE_MS_MAX);
	s->wait_ms[WAIT_SEND] = or_else(c->reply_ms, REPLY_MS_MAX);
	s->wait_ms[WAIT_LINGER] = BODY_DRAIN_MS_MAX;
	pass_spans(s, or_else(c->pass_ms, HTTP_PASS_MS_MAX));
	s->drain_ms = or_else(c->drain_ms, HTTP_DRAIN_MS_MAX);
}

static const char *tls_set(struct http_server *s)
{
	const char *trouble = NULL;
	if (!s->config.tls_cert != !s->config.tls_key)
		return "TLS needs both a certificate and a key";
	if (s->config.tls_cert)
		s->tls = tls_open(s->config.tls_cert, s->config.tls_key, &trouble);
	return trouble;
}

struct http_server *http_server_open(const struct http_config *config, const char **ret_error)
{
	must(config->workers >= 1 && config->workers <= LOOPS_MAX && config->handle);
	struct http_server *s = calloc(1, sizeof *s + config->workers * sizeof s->loops[0]);
	if (!s) {
		*ret_error = "out of memory";
		return NULL;
	}
	s->config = *config;
	times_set(s);
	(void)signal(SIGPIPE, SIG_IGN);
	const char *trouble = tls_set(s);
	if (!trouble)
		trouble = loops_open(s);
	if (!trouble)
		return s;
	*ret_error = trouble;
	http_server_free(s);
	return NULL;
}

const char *http_server_address(const struct http_server *s)
{
	return s->address;
}

unsigned http_server_connections(const struct http_server *s)
{
	return atomic_load_explicit(&s->connections, memory_order_relaxed);
}

static void *thread_main(void *loop)
{
	loop_run(loop);
	return NULL;
}

/* Signals are for the calling thread: the others are started with all of them blocked. */
void http_server_run(struct http_server *s)
{
	pthread_t threads[LOOPS_MAX];
	sigset_t all, before;
	sigfillset(&all);
	must(pthread_sigmask(SIG_SETMASK, &all, &before) == 0);
	for (unsigned i = 1; i < s->loop_count; i++)
		must(pthread_create(&threads[i], NULL, thread_main, s->loops[i]) == 0);
	must(pthread_sigmask(SIG_SETMASK, &before, NULL) == 0);
	loop_run(s->loops[0]);
	for (unsigned i = 1; i < s->loop_count; i++)
		must(pthread_join(threads[i], NULL) == 0);
}

void http_server_stop(struct http_server *s)
{
	atomic_store(&s->stopping, true);
	for (unsigned i = 0; i < s->loop_count; i++)
		loop_wake(s->loops[i]);
}

void http_server_free(struct http_server *s)
{
	if (!s)
		return;
	for (unsigned i = 0; i < s->loop_count; i++)
		loop_free(s->loops[i]);
	if (s->tls)
		tls_close(s->tls);
	free(s);
}
