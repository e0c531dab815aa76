/*
 * What the files of src/http share and nobody else sees: the loop, the connection, the private
 * side of an exchange, and the head of a request as read.
 *
 *   listen.c  the server: addresses, sockets, threads, start and stop
 *   loop.c    one loop: accepting, deadlines, posted tasks, draining, the pool of exchanges
 *   conn.c    one connection: its states, its bytes in
 *   send.c    its bytes out
 *   cork.c    replies of one turn, going out together
 *   gather.c  a moment's sleep, so that a turn brings more
 *   parse.c   bytes -> the head of a request
 *   chunk.c   chunked bytes -> body
 *   reply.c   struct http_reply -> bytes
 *   pass.c    requests to another server of ours
 *   bundle.c  what several of them and their answers look like there and back
 *   tls.c     OpenSSL between the socket and the connection
 */
#pragma once

#include <liburing.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stddef.h>
#include <uv.h>

#include "base/limits.h"
#include "http/http.h"

struct ssl_st;	   /* OpenSSL's SSL */
struct ssl_ctx_st; /* and SSL_CTX */
struct z_stream_s; /* zlib's */

enum {
	TICK_MS = 100,			 /* how exact deadlines are */
	DRAIN_IDLE_MS = 200,		 /* a stopping server still answers what is on its way */
	READ_BYTES = 64 * 1024,		 /* one read; one such buffer per loop */
	EXCHANGE_LENT_BYTES = 16 * 1024, /* an arena's first block: no malloc for a usual call */
	EXCHANGE_POOL_MAX = 128,	 /* exchanges kept for reuse, per loop */
	REPLY_COPY_MAX = 16 * 1024,	 /* a body up to this goes out in one piece with its head */
	REPLY_HEAD_MAX = 64 * 1024,	 /* our own headers; a Location is the longest */
	CORKED_MAX = 64,		 /* replies that go out together */
	CORKED_BYTES_MAX = 64 * 1024,	 /* of them, but for the last */
	REPLIES_MAX = CORKED_BYTES_MAX + 2 * (REPLY_HEAD_MAX + REPLY_COPY_MAX),
	REPLY_STEP_BYTES = 256 * 1024, /* who takes that much in reply_ms gets reply_ms more */
	GZIP_BYTES_MIN = 1024,
	GZIP_BYTES_MAX = 1024 * 1024,	      /* 10 ms of the loop; larger bodies go plain */
	BODIES_BYTES_MAX = 512 * 1024 * 1024, /* of all requests at work in the process; then 503 */
	PEER_SIZE_MAX = INET6_ADDRSTRLEN,
};

/* Why a request is not served. status 0: it is. */
struct refusal {
	int status;
	const char *why;
};

/* ---- parse.c */

/* A head is looked at line by line as it comes, so that a trick is refused at once and not at
 * the deadline. *line is where the first unfinished line begins; 0 at first, kept by the caller. */
enum head_scan { HEAD_UNFINISHED, HEAD_WHOLE, HEAD_REFUSED };
enum head_scan head_scan(struct text in, uint32_t *line, size_t *ret_size, struct refusal *ret_why);

struct head {
	enum http_verb verb;
	bool keep_alive, http_1_0, chunked, expects_continue;
	uint64_t body_size; /* from Content-Length, else 0 */
	struct text target, path, query, host;
	unsigned header_count;
	struct http_header headers[HEADER_COUNT_MAX];
};
/* `in` is a whole head that passed head_scan. Slices of `in`. */
struct refusal head_parse(struct text in, struct head *ret_head);
bool accepts_gzip(struct text accept_encoding);

/* ---- chunk.c */

/* Zeroed at first. */
struct chunk_reader {
	uint8_t state, digits;
	uint64_t left;	 /* of the current chunk */
	size_t overhead; /* bytes that are not data: sizes, extensions, trailers */
};
enum chunk_result { CHUNK_MORE, CHUNK_END, CHUNK_BAD };
/* Adds data to `body` (ask body->full) and says how much of `in` it used. */
enum chunk_result chunk_read(struct chunk_reader *r, struct text in, struct buffer *body,
			     size_t *ret_used);

/* ---- loop.c */

struct link {
	struct link *previous, *next;
};
static inline void link_init(struct link *l)
{
	l->previous = l->next = l;
}
static inline bool link_is_empty(const struct link *list)
{
	return list->next == list;
}
static inline void link_remove(struct link *l)
{
	l->previous->next = l->next;
	l->next->previous = l->previous;
}
static inline void link_append(struct link *list, struct link *l)
{
	l->previous = list->previous;
	l->next = list;
	list->previous->next = l;
	list->previous = l;
}

/* What a connection waits for. Each is one list per loop; its span is the same for all in it, so
 * the list is in order of deadlines and only its front is ever looked at. */
enum wait {
	WAIT_HEAD,
	WAIT_BODY,
	WAIT_IDLE,
	WAIT_SEND,
	WAIT_LINGER,
	WAIT_CALL, /* for the handler: no deadline */
	WAIT_CORK, /* its reply is corked: for cork_flush, no deadline */
	WAIT_COUNT
};

/* ---- pass.c */

enum pass_state { PASS_CONNECTING, PASS_WAITING, PASS_RESTING, PASS_STATE_COUNT, PASS_CLOSED };
struct pass_peer;
void pass_flush(struct http_loop *l); /* what this turn has passed goes */
void pass_spans(struct http_server *s, unsigned answer_ms);
void pass_init(struct http_loop *l);
void pass_expire(struct http_loop *l);
void pass_end(struct http_loop *l);	/* closes all links */
void pass_release(struct http_loop *l); /* when libuv has closed them */

/* ---- bundle.c */

enum {
	BUNDLE_CALLS_MAX = 64,
	BUNDLE_BYTES_MAX = BODY_BYTES_MAX, /* of its requests */
	ANSWER_HEAD_MAX = 64 * 1024,
	BUNDLE_ANSWERS_MAX = REPLY_BYTES_MAX + 2 * ANSWER_HEAD_MAX, /* one always fits */
};
struct bundle;
struct exchange;
struct connection;

/* Adds a request; `room` is for what is not yet counted. Ask b->full. */
void bundle_add(struct buffer *b, struct buffer *room, const struct http_request *r);

struct answer_head {
	struct http_answer answer;
	struct http_header headers[HTTP_ANSWER_HEADERS_MAX];
	uint64_t body_size;
	bool closes;
};
/* Of `in`, an answer of this program's; all but the status may be asked for of a whole one only. */
enum answer_part { ANSWER_UNFINISHED, ANSWER_WHOLE, ANSWER_BAD };
enum answer_part answer_read(struct text in, struct answer_head *ret);
/* The next answer of a bundle's. False: there is none that can be read. */
CHECKED bool bundle_next(struct text *rest, unsigned *ret_number, struct answer_head *ret);

/* Takes the exchange, whose x->bundle is set. */
void bundle_reply(struct exchange *x, struct text head, struct text body);

/* ---- gather.c */

struct gather {
	uint64_t turn_ns, gap_ns; /* when the last turn was; how far calls were apart lately */
	unsigned turn_calls;	  /* that have come in this turn */
	unsigned last_calls;	  /* in the last one that had some */
	bool crowd;		  /* many connections called in the last window */
	unsigned window_callers, window_calls; /* of this one */
	uint8_t window;			       /* its number */
};
void gather_init(struct gather *g);
void gather_call(struct connection *c);
void gather_turn(struct gather *g);	/* it is over */
void gather_sleep(struct http_loop *l); /* perhaps, before it waits */

struct http_loop {
	struct http_server *server;
	uv_loop_t uv;
	uv_tcp_t listener;
	int wake_file; /* an eventfd */
	uv_poll_t wake;
	uv_timer_t tick;
	uv_prepare_t rest;
	uv_check_t turn;
	pthread_t thread;
	_Atomic(struct http_task *) posted; /* newest first */
	struct link waiting[WAIT_COUNT];    /* of struct connection */
	unsigned connections;
	bool ticking, draining;
	bool accepts_again;		    /* libuv has a socket for which there was no memory */
	uint64_t drain_idle_end, drain_end; /* in uv_now's milliseconds */
	size_t bodies_bytes;		    /* received and not yet answered */
	struct link exchanges;		    /* made and not yet answered */
	struct exchange *pool;
	unsigned pool_size;
	struct buffer reply; /* corked ones; behind them head and body of the one being made */
	struct corked_reply {
		struct connection *connection;
		size_t at, size; /* in `reply` */
	} corked[CORKED_MAX];
	unsigned corked_count;
	struct io_uring ring;
	bool has_ring;
	struct gather gather;
	time_t date_second;
	char date[80]; /* of date_second, for the Date header */
	int date_size;
	struct z_stream_s *gzip;
	struct link passing[PASS_STATE_COUNT]; /* of struct pass_link */
	struct pass_peer *peers;
	unsigned pass_links;
	bool passes;		/* pass_flush has something to do */
	struct buffer passed;	/* what is being passed on */
	char clear[READ_BYTES]; /* TLS: decrypted */
	char read[READ_BYTES];
};

struct http_server {
	struct http_config config;
	unsigned wait_ms[WAIT_COUNT], pass_ms[PASS_STATE_COUNT], drain_ms;
	struct ssl_ctx_st *tls;
	atomic_uint connections;
	atomic_bool stopping;
	char address[PEER_SIZE_MAX + 16];
	unsigned loop_count;
	struct http_loop *loops[];
};

struct http_loop *loop_new(struct http_server *server);
CHECKED int loop_listen(struct http_loop *l, int fd); /* takes the socket; 0 or uv's error */
void loop_run(struct http_loop *l);
void loop_free(struct http_loop *l);
void loop_wake(struct http_loop *l); /* any thread, and signal handlers */
void loop_connection_gone(struct http_loop *l);
void loop_tick(struct http_loop *l); /* there are deadlines from now on */

struct exchange *exchange_new(struct http_loop *l);
void exchange_free(struct exchange *x);

/* ---- conn.c */

struct exchange {
	struct http_exchange open;     /* first: what the handler sees */
	struct connection *connection; /* NULL: the client has gone */
	struct bundle *bundle;	       /* that the request is of; the reply goes there */
	unsigned number;	       /* in it */
	struct link live;
	struct exchange *next; /* in the pool */
	struct arena arena;
	struct head head;
	struct chunk_reader chunk;
	struct buffer chunks; /* a chunked body */
	char *body;	      /* one of known size, in the arena */
	size_t body_have;     /* received, of either */
	char peer[PEER_SIZE_MAX];
	_Alignas(16) char lent[EXCHANGE_LENT_BYTES];
};

enum connection_state {
	CONNECTION_HEAD,
	CONNECTION_BODY,
	CONNECTION_CALL,
	CONNECTION_SEND,
	CONNECTION_LINGER,
	CONNECTION_CLOSED
};

struct connection {
	uv_tcp_t tcp;
	struct link waiting; /* in loop->waiting[wait] */
	uint64_t deadline;
	struct http_loop *loop;
	struct ssl_st *tls;
	struct exchange *exchange;
	struct buffer input; /* bytes not yet used; empty and without memory when idle */
	size_t mark;	     /* SEND: unsent at the last deadline; LINGER: bytes dropped */
	uint32_t line;	     /* see head_scan */
	uint16_t writes;     /* queued in libuv */
	uint8_t state;	     /* enum connection_state */
	uint8_t wait;	     /* enum wait */
	bool reading;	     /* libuv reads */
	bool ended;	     /* the client has said that it sends no more */
	bool begun;	     /* bytes of the next head have come */
	bool served;	     /* has had a request */
	bool in_call;	     /* the handler is on the stack */
	bool closes;	     /* SEND: linger, not keep-alive, comes next */
	uint8_t window;	     /* of the loop's, in which it last called */
	uint8_t peer_size;
	char peer[PEER_SIZE_MAX];
};

static inline struct connection *connection_waiting(struct link *waiting)
{
	return (struct connection *)((char *)waiting - offsetof(struct connection, waiting));
}
void connection_wait(struct connection *c, enum wait wait);
void connection_accept(struct http_loop *l);
void connection_expire(struct connection *c);
void connection_close(struct connection *c);
bool connection_is_quiet(struct connection *c); /* nothing of a request has come */
/* What was queued has been written. */
void connection_written(struct connection *c);
/* What was corked has been written or queued: it goes on. */
void connection_let_go(struct connection *c);
/* The request as the handler sees it, of x->head and x->peer. */
void exchange_fill(struct exchange *x, struct text body, size_t peer_size);
/* The reply has been sent, queued or corked. */
void connection_replied(struct connection *c, bool closes);

/* ---- send.c: writes what the socket takes and queues the rest. */

void connection_send(struct connection *c, const struct text *parts, unsigned count);
/* The socket has taken `result` of these bytes, or said no: -errno. */
void connection_sent(struct connection *c, struct text bytes, int result);
/* Copies what stands behind the first `skip` bytes and has libuv write it: 1, and `done` calls
 * output_free; 0: that is nothing; negative: uv's error. */
int output_queue(uv_stream_t *stream, const uv_buf_t *parts, unsigned count, size_t skip,
		 uv_write_cb done);
void output_free(uv_write_t *request);

/* ---- cork.c */

void cork_start(struct http_loop *l);
void cork_release(struct http_loop *l);
/* Where in l->reply the next reply begins. */
size_t cork_begin(struct http_loop *l);
/* What stands there from `at` on is a reply of this connection's. */
void cork(struct connection *c, size_t at);
/* Sends what is corked; connections go on, and there may be more. False: there was nothing. */
bool cork_flush(struct http_loop *l);

/* ---- reply.c */

void header_add(struct buffer *b, struct text name, struct text value); /* a line */
void header_add_size(struct buffer *b, size_t body_size);		/* Content-Length */
void reply_refusal(struct connection *c, struct refusal r);
void reply_release(struct http_loop *l);

/* ---- tls.c: memory in, memory out; the connection moves the bytes. */

struct ssl_ctx_st *tls_open(const char *cert, const char *key, const char **ret_error);
void tls_close(struct ssl_ctx_st *context);
struct ssl_st *tls_new(struct ssl_ctx_st *context); /* NULL: no memory */
void tls_free(struct ssl_st *tls);
CHECKED bool tls_feed(struct ssl_st *tls, struct text sealed);
/* Bytes read; 0: needs more; -1: ended or broken. */
int tls_read(struct ssl_st *tls, char *out, size_t size);
CHECKED bool tls_write(struct ssl_st *tls, struct text clear);
void tls_end(struct ssl_st *tls); /* writes the goodbye */
struct text tls_output(struct ssl_st *tls);
void tls_output_clear(struct ssl_st *tls);
