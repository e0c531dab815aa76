/*
 * Somebody else's server, in threads of the test, and a net between. What a peer does with a
 * request is its path (behaviours below). A test that includes this defines getaddrinfo and connect
 * itself, so that libcurl.so (the tests are linked with -rdynamic) goes through here:
 *
 *   net_names    what names stand for; others are unknown
 *   net_public   connections to this address of the public net arrive at this port of loopback
 *   net_connects how often anybody was connected to
 */
#pragma once

#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "base/base.h"
#include "test.h"

static inline void sleep_ms(long ms)
{
	nanosleep(&(struct timespec){ms / 1000, ms % 1000 * 1000000}, NULL);
}

static inline long now_ms(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* ---- the net */

#define NET_PUBLIC  "93.184.216.34"
#define NET_SLOW_MS 3000
static const struct net_name {
	const char *name;
	const char *addresses[3];
	long ms;
} net_names[] = {
    {"one.test", {"127.0.0.1"}, 0},
    {"two.test", {"127.0.0.1"}, 0},
    {"private.test", {"10.0.0.1", "::1", "169.254.169.254"}, 0},
    {"loopback.test", {"127.0.0.1"}, 0},
    {"mixed.test", {"10.0.0.1", NET_PUBLIC}, 0},
    {"public.test", {NET_PUBLIC}, 0},
    {"slow.test", {"127.0.0.1"}, NET_SLOW_MS},
};
static atomic_uint net_connects, net_lookups;
static atomic_ushort net_public_port;

static struct addrinfo *net_address(const char *address, uint16_t port, struct addrinfo *next)
{
	struct addrinfo *a = calloc(1, sizeof *a + sizeof(struct sockaddr_in6));
	struct sockaddr_in *ipv4 = (struct sockaddr_in *)(void *)(a + 1);
	struct sockaddr_in6 *ipv6 = (struct sockaddr_in6 *)(void *)(a + 1);

	*a = (struct addrinfo){.ai_socktype = SOCK_STREAM, .ai_addr = (void *)(a + 1)};
	a->ai_next = next;
	if (inet_pton(AF_INET, address, &ipv4->sin_addr) == 1) {
		ipv4->sin_port = htons(port);
		ipv4->sin_family = AF_INET;
		a->ai_addrlen = sizeof *ipv4;
	} else {
		must(inet_pton(AF_INET6, address, &ipv6->sin6_addr) == 1);
		ipv6->sin6_port = htons(port);
		ipv6->sin6_family = AF_INET6;
		a->ai_addrlen = sizeof *ipv6;
	}
	a->ai_family = a->ai_addr->sa_family;
	return a;
}

int getaddrinfo(const char *node, const char *service, const struct addrinfo *hints,
		struct addrinfo **ret)
{
	struct in_addr ipv4;
	struct in6_addr ipv6;
	uint16_t port = service ? (uint16_t)strtoul(service, NULL, 10) : 0;

	(void)hints;
	atomic_fetch_add(&net_lookups, 1);
	if (inet_pton(AF_INET, node, &ipv4) == 1 || inet_pton(AF_INET6, node, &ipv6) == 1) {
		*ret = net_address(node, port, NULL);
		return 0;
	}
	for (size_t i = 0; i < COUNT_OF(net_names); i++) {
		if (strcmp(net_names[i].name, node) != 0)
			continue;
		sleep_ms(net_names[i].ms);
		*ret = NULL;
		for (size_t j = 3; j-- > 0;)
			if (net_names[i].addresses[j])
				*ret = net_address(net_names[i].addresses[j], port, *ret);
		return 0;
	}
	return EAI_NONAME;
}

void freeaddrinfo(struct addrinfo *a)
{
	for (struct addrinfo *next; a; a = next) {
		next = a->ai_next;
		free(a);
	}
}

int connect(int fd, const struct sockaddr *address, socklen_t size)
{
	struct sockaddr_in to;

	atomic_fetch_add(&net_connects, 1);
	if (address->sa_family == AF_INET) {
		memcpy(&to, address, sizeof to);
		if (to.sin_addr.s_addr == inet_addr(NET_PUBLIC)) {
			to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
			to.sin_port = htons(atomic_load(&net_public_port));
			return (int)syscall(SYS_connect, fd, &to, sizeof to);
		}
	}
	return (int)syscall(SYS_connect, fd, address, size);
}

/* ---- a certificate for all names above */

static char peer_certificate[] = "/tmp/couponry-peer-XXXXXX";

static inline SSL_CTX *peer_tls(void)
{
	EVP_PKEY *key = EVP_EC_gen("P-256");
	X509 *x = X509_new();
	X509V3_CTX v3;
	SSL_CTX *tls = SSL_CTX_new(TLS_server_method());
	FILE *file = fdopen(mkstemp(peer_certificate), "w");

	must(key && x && tls && file);
	X509_set_version(x, 2);
	ASN1_INTEGER_set(X509_get_serialNumber(x), 1);
	X509_gmtime_adj(X509_getm_notBefore(x), -60);
	X509_gmtime_adj(X509_getm_notAfter(x), 3600);
	X509_set_pubkey(x, key);
	X509_NAME_add_entry_by_txt(X509_get_subject_name(x), "CN", MBSTRING_ASC,
				   (const unsigned char *)"peer", -1, -1, 0);
	X509_set_issuer_name(x, X509_get_subject_name(x));
	X509V3_set_ctx(&v3, x, x, NULL, NULL, 0);
	X509_EXTENSION *names = X509V3_EXT_conf_nid(NULL, &v3, NID_subject_alt_name,
						    "DNS:one.test,DNS:public.test,DNS:mixed.test");
	must(names && X509_add_ext(x, names, -1) == 1 && X509_sign(x, key, EVP_sha256()) > 0);
	must(PEM_write_X509(file, x) == 1 && fclose(file) == 0);
	must(SSL_CTX_use_certificate(tls, x) == 1 && SSL_CTX_use_PrivateKey(tls, key) == 1);
	X509_EXTENSION_free(names);
	X509_free(x);
	EVP_PKEY_free(key);
	return tls;
}

/* ---- the peer */

enum peer_manner { PEER_SERVES, PEER_CLOSES /* at once */, PEER_SILENT /* reads nothing */ };
struct peer {
	enum peer_manner manner;
	SSL_CTX *tls;
	int listener;
	uint16_t port;
	pthread_t thread;
	atomic_uint connections, requests, open; /* requests: whole ones, body too */
	atomic_uint at_once, at_once_most;	 /* requests being answered */
};

struct peer_conn {
	struct peer *peer;
	int fd;
	SSL *tls;
	unsigned requests;
	char bytes[2 << 20]; /* the request */
	size_t head_size, size;
};

static ssize_t peer_read(struct peer_conn *c, char *to, size_t size)
{
	if (c->tls)
		return SSL_read(c->tls, to, (int)size);
	return recv(c->fd, to, size, 0);
}

static bool peer_write(struct peer_conn *c, const char *from, size_t size)
{
	while (size) {
		ssize_t n = c->tls ? SSL_write(c->tls, from, (int)size)
				   : send(c->fd, from, size, MSG_NOSIGNAL);
		if (n <= 0)
			return false;
		from += n;
		size -= (size_t)n;
	}
	return true;
}

static bool peer_say(struct peer_conn *c, const char *s)
{
	return peer_write(c, s, strlen(s));
}

/* Until the other side is gone. */
static void peer_wait(struct peer_conn *c)
{
	char byte;
	while (peer_read(c, &byte, 1) > 0)
		;
}

static bool peer_reply(struct peer_conn *c, const char *status, struct text body)
{
	char head[256];
	(void)snprintf(head, sizeof head, "HTTP/1.1 %s\r\nContent-Length: %zu\r\n\r\n", status,
		       body.size);
	return peer_say(c, head) && peer_write(c, body.data, body.size);
}

/* A whole request: head and as much body as it says. */
static bool peer_hear(struct peer_conn *c)
{
	size_t length = 0;
	char *end = NULL;

	for (c->size = 0; !end;) {
		ssize_t n = peer_read(c, c->bytes + c->size, sizeof c->bytes - 1 - c->size);
		if (n <= 0)
			return false;
		c->size += (size_t)n;
		c->bytes[c->size] = '\0';
		end = strstr(c->bytes, "\r\n\r\n");
	}
	c->head_size = (size_t)(end + 4 - c->bytes);
	char *field = strcasestr(c->bytes, "\r\nContent-Length: ");
	if (field && field < end)
		length = strtoul(field + 18, NULL, 10);
	must(c->head_size + length < sizeof c->bytes);
	while (c->size < c->head_size + length) {
		ssize_t n = peer_read(c, c->bytes + c->size, sizeof c->bytes - 1 - c->size);
		if (n <= 0)
			return false;
		c->size += (size_t)n;
	}
	return true;
}

static bool is_path(const struct peer_conn *c, const char *path)
{
	struct text rest = {c->bytes, c->head_size};
	(void)text_cut(&rest, ' ');
	return text_equal(text_cut(&rest, ' '), text_of(path));
}

static char peer_large[1 << 20];

/* Bodies and heads that are larger than anybody wants; ends when nobody reads them. */
static bool peer_flood(struct peer_conn *c, const char *head, const char *piece)
{
	bool said = peer_say(c, head);
	for (unsigned i = 0; said && i < 2000 * 1000; i++)
		said = peer_say(c, piece);
	return false;
}

/* Paths whose answer is these bytes, after which the connection is closed. */
static const struct {
	const char *path, *bytes;
} peer_last_words[] = {
    {"/nothing", ""},
    {"/torn", "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf"},
    {"/torn-head", "HTTP/1.1 200 OK\r\nContent-Le"},
    {"/torn-second-head", "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Le"},
    {"/bare-head", "HTTP/1.1 200 OK\nContent-Length: 2\n\nok"},
    {"/torn-chunk", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n10\r\nhalf"},
    {"/bad-chunk", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nhalf"},
    {"/not-http", "SSH-2.0-server\r\n"},
    {"/bad-status", "HTTP/1.1 abc OK\r\n\r\n"},
    {"/until-close", "HTTP/1.1 200 OK\r\n\r\nall of it"},
    {"/old", "HTTP/1.0 200 OK\r\n\r\nold"},
    {"/switch", "HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n"},
    {"/interim", "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"},
    {"/interim-only", "HTTP/1.1 100 Continue\r\n\r\n"},
    {"/chunks",
     "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\nT: x\r\n\r\n"},
    {"/zipped", "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 3\r\n\r\nabc"},
    {"/later", "HTTP/1.1 503 No\r\nRetry-After: 7\r\nContent-Length: 0\r\n\r\n"},
    {"/much-later", "HTTP/1.1 429 No\r\nRetry-After: 99999999\r\nContent-Length: 0\r\n\r\n"},
    {"/earlier",
     "HTTP/1.1 429 No\r\nRetry-After: Thu, 01 Jan 1998 00:00:00 GMT\r\nContent-Length: 0\r\n\r\n"},
    {"/never-later", "HTTP/1.1 503 No\r\nRetry-After: soon\r\nContent-Length: 0\r\n\r\n"},
    {"/password", "HTTP/1.1 401 No\r\nWWW-Authenticate: Basic\r\nContent-Length: 0\r\n\r\n"},
};

/* Answers; false: the connection ends. */
static bool peer_act(struct peer_conn *c)
{
	char head[256];

	for (size_t i = 0; i < COUNT_OF(peer_last_words); i++)
		if (is_path(c, peer_last_words[i].path)) {
			peer_say(c, peer_last_words[i].bytes);
			return false;
		}
	if (is_path(c, "/never")) {
		peer_wait(c);
		return false;
	}
	if (is_path(c, "/slow"))
		sleep_ms(200);
	if (is_path(c, "/reset")) {
		struct linger now = {1, 0};
		setsockopt(c->fd, SOL_SOCKET, SO_LINGER, &now, sizeof now);
		return false;
	}
	if (is_path(c, "/redirect")) {
		(void)snprintf(head, sizeof head,
			       "HTTP/1.1 307 There\r\nLocation: http://127.0.0.1:%u/ok\r\n"
			       "Content-Length: 0\r\n\r\n",
			       c->peer->port);
		return peer_say(c, head);
	}
	if (is_path(c, "/once") && c->requests > 1)
		return false; /* took it, and is gone without a word */
	if (is_path(c, "/drip"))
		while (peer_say(c, c->requests++ == 1 ? "HTTP/1.1 200 OK\r\n\r\n" : "x"))
			sleep_ms(20);
	if (is_path(c, "/exact"))
		return peer_reply(c, "200 OK", (struct text){peer_large, 64 * 1024});
	if (is_path(c, "/large"))
		return peer_reply(c, "200 OK", (struct text){peer_large, sizeof peer_large});
	if (is_path(c, "/large-refusal"))
		return peer_reply(c, "500 No", (struct text){peer_large, sizeof peer_large});
	if (is_path(c, "/endless"))
		return peer_flood(c, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
				  "8\r\n12345678\r\n");
	if (is_path(c, "/endless-head"))
		return peer_flood(c, "HTTP/1.1 200 OK\r\n", "X: 12345678\r\n");
	if (is_path(c, "/endless-line"))
		return peer_flood(c, "HTTP/1.1 200 OK\r\nX: ", "12345678");
	if (is_path(c, "/endless-interim"))
		return peer_flood(c, "", "HTTP/1.1 100 Continue\r\n\r\n");
	if (is_path(c, "/endless-trailer"))
		return peer_flood(c, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n",
				  "X: 12345678\r\n");
	if (is_path(c, "/empty"))
		return peer_say(c, "HTTP/1.1 204 None\r\n\r\n");
	if (is_path(c, "/cookie"))
		return peer_reply(c, "200 OK\r\nSet-Cookie: a=b", TEXT_NONE);
	if (is_path(c, "/head") || is_path(c, "/a/../head"))
		return peer_reply(c, "200 OK", (struct text){c->bytes, c->head_size});
	return peer_reply(c, "200 OK",
			  (struct text){c->bytes + c->head_size, c->size - c->head_size});
}

static void peer_serve(struct peer_conn *c)
{
	struct peer *p = c->peer;
	bool more = !c->tls || SSL_accept(c->tls) == 1;

	while (more && peer_hear(c)) {
		unsigned now = atomic_fetch_add(&p->at_once, 1) + 1;
		unsigned most = atomic_load(&p->at_once_most);
		while (now > most && !atomic_compare_exchange_weak(&p->at_once_most, &most, now))
			;
		c->requests++;
		atomic_fetch_add(&p->requests, 1);
		more = peer_act(c);
		atomic_fetch_sub(&p->at_once, 1);
	}
}

static void *peer_conn_run(void *arg)
{
	struct peer_conn *c = arg;

	if (c->peer->tls) {
		c->tls = SSL_new(c->peer->tls);
		SSL_set_fd(c->tls, c->fd);
	}
	if (c->peer->manner == PEER_SERVES)
		peer_serve(c);
	if (c->peer->manner == PEER_SILENT) {
		char byte;
		while (recv(c->fd, &byte, 1, 0) > 0)
			;
	}
	SSL_free(c->tls);
	close(c->fd);
	atomic_fetch_sub(&c->peer->open, 1);
	free(c);
	return NULL;
}

static void *peer_run(void *arg)
{
	struct peer *p = arg;
	int fd;

	while ((fd = accept(p->listener, NULL, NULL)) >= 0) {
		struct peer_conn *c = calloc(1, sizeof *c);
		pthread_t thread;
		atomic_fetch_add(&p->connections, 1);
		atomic_fetch_add(&p->open, 1);
		c->peer = p;
		c->fd = fd;
		must(pthread_create(&thread, NULL, peer_conn_run, c) == 0);
		pthread_detach(thread);
	}
	return NULL;
}

static inline void peer_start(struct peer *p, enum peer_manner manner, SSL_CTX *tls)
{
	struct sockaddr_in at = {.sin_family = AF_INET};
	socklen_t size = sizeof at;

	memset(p, 0, sizeof *p);
	p->manner = manner;
	p->tls = tls;
	p->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	must(bind(p->listener, (struct sockaddr *)&at, sizeof at) == 0);
	must(listen(p->listener, 512) == 0);
	must(getsockname(p->listener, (struct sockaddr *)&at, &size) == 0);
	p->port = ntohs(at.sin_port);
	must(pthread_create(&p->thread, NULL, peer_run, p) == 0);
}

/* The test has closed its side of all connections. */
static inline void peer_end(struct peer *p)
{
	shutdown(p->listener, SHUT_RDWR);
	pthread_join(p->thread, NULL);
	close(p->listener);
	for (unsigned i = 0; i < 5000 && atomic_load(&p->open); i++)
		sleep_ms(1);
	CHECK_INT(atomic_load(&p->open), 0);
}
