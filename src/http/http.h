/*
 * The HTTP/1.1 front: bytes of a socket -> struct http_exchange -> bytes. Knows nothing of
 * dialects. One loop per worker thread; an exchange belongs to its loop's thread from the first
 * byte to the reply.
 *
 * Life of an exchange: the front reads a whole request (headers, then body), makes an exchange
 * with an arena of its own and calls config.handle. The handler answers with http_reply, either
 * before it returns or later ON THE SAME LOOP THREAD (from any other thread, come back with
 * http_post). Until then the connection reads nothing more; pipelined requests wait in order. An
 * idle connection holds no buffer and no arena.
 * If the client goes away meanwhile, the exchange lives on until http_reply, which then drops it.
 */
#pragma once

#include "base/limits.h"
#include "base/arena.h"
#include "base/base.h"
#include "base/buffer.h"

struct http_loop;
struct http_server;

enum http_verb {
	HTTP_GET,
	HTTP_POST,
	HTTP_PUT,
	HTTP_DELETE,
	HTTP_HEAD,
	HTTP_OPTIONS,
	HTTP_PATCH,
	HTTP_OTHER
};

struct http_header {
	struct text name, value; /* as sent; value trimmed */
};

/* All slices live as long as the exchange. */
struct http_request {
	enum http_verb verb;
	struct text target; /* as sent: path[?query] (absolute-form is cut down to it) */
	struct text path;   /* raw, before '?' */
	struct text query;  /* raw, after '?', without it */
	struct text host;   /* the Host header as sent */
	struct text body;
	struct text peer; /* numeric address of the client, without port */
	const struct http_header *headers;
	unsigned header_count;
	bool tls;
	bool passed; /* by another server of ours: `peer` is that one's client */
};
/* The first header of that name (ASCII case ignored), or TEXT_NONE. */
struct text http_header_get(const struct http_request *r, struct text name);

struct http_exchange {
	struct http_request request;
	struct arena *arena; /* cap CALL_BYTES_MAX; reset after the reply is written */
	struct http_loop *loop;
	uint64_t start_ns; /* CLOCK_MONOTONIC when the request was complete */
	void *user;	   /* the handler's own */
};

struct http_reply {
	int status;
	struct text content_type; /* none: no body and no header */
	struct text body;	  /* must live until http_reply returns */
	const struct http_header *extra;
	unsigned extra_count;
	unsigned retry_after_s; /* 0: none */
	bool close;
	bool may_gzip; /* compress when the client asked for gzip and the body is over 1 KiB */
};
void http_reply(struct http_exchange *x, const struct http_reply *reply);

/*
 * Passing requests on to another server of ours, as they came but for what belongs to the
 * connection (and Accept-Encoding). What one turn of the loop passes to one server goes there as
 * one request, a bundle: POST HTTP_BUNDLE_PATH with a header of the name HTTP_BUNDLE_MARK. On the
 * exchange's loop; `done` is called once, there, perhaps before http_pass returns, and the exchange
 * is to be answered as ever.
 */
#define HTTP_BUNDLE_PATH "/-/bundle"
#define HTTP_BUNDLE_MARK "Couponry-Passed"
enum { HTTP_ANSWER_HEADERS_MAX = 16 };
enum http_passed {
	HTTP_PASSED,	    /* `answer` is there, until `done` returns */
	HTTP_PASS_NOT_SENT, /* it has not left, or was not taken: nothing came of it */
	HTTP_PASS_UNKNOWN,  /* it left, and no answer came */
};
struct http_answer {
	int status;
	struct text content_type, body;
	/* without those that each answer has */
	const struct http_header *headers;
	unsigned header_count;
};
struct http_pass {
	struct http_exchange *exchange;
	struct text address; /* numeric: "10.0.0.5:8080", "[::1]:8080" */
	void (*done)(struct http_pass *pass, enum http_passed how,
		     const struct http_answer *answer);
};
void http_pass(struct http_pass *pass); /* its memory lives until `done` */
bool http_is_address(struct text name); /* one that http_pass takes */

/* The other side: runs the requests of a bundle through config.handle, with request.passed set, and
 * answers it when all of them are answered. That it is ours the caller knows by its mark. False: it
 * is no bundle, and still to be answered. */
CHECKED bool http_unbundle(struct http_exchange *bundle);

/* Runs `run` on the loop's thread soon. From any thread; never fails; order kept per sender. The
 * task's memory is the caller's and is free again when run is called. What is posted after
 * http_server_run has returned is run by http_server_free, on the thread that calls it. */
struct http_task {
	struct http_task *next;
	void (*run)(struct http_task *task);
};
void http_post(struct http_loop *loop, struct http_task *task);
/* The same where this thread posts again at once, to whichever loop: the loop may be woken as late
 * as by that. The last one is http_post. */
void http_post_more(struct http_loop *loop, struct http_task *task);

struct http_config {
	const char *listen;   /* "127.0.0.1:8080", "[::]:80"; port 0 lets the kernel choose */
	unsigned workers;     /* loops; 1..64 */
	const char *tls_cert; /* PEM files, both or neither */
	const char *tls_key;
	void (*handle)(void *context, struct http_exchange *x);
	void *context;
	/* Optional: called once on each loop's thread at its start and end (thread-local set-up).
	 */
	void (*loop_start)(void *context, struct http_loop *loop);
	void (*loop_end)(void *context, struct http_loop *loop);
	/* Optional: before a loop waits for events. */
	void (*loop_rest)(void *context, struct http_loop *loop);
	/* Optional: when all bytes that had come were taken, before anything else is waited for. */
	void (*loop_turn)(void *context, struct http_loop *loop);
	/* What says to another server of ours that a bundle is: writes the header's value. Needed
	 * by who passes. */
	void (*bundle_mark)(void *context, struct text bundle, struct buffer *value);
	/* A request refused before it became an exchange (400, 408, 413, 431, 501, 505...). Called
	 * on the loop's thread. */
	void (*refused)(void *context, int status);
	/* Deadlines in milliseconds, kept to a tenth of a second; 0: HEADER_MS_MAX, BODY_MS_MAX,
	 * IDLE_MS_MAX, REPLY_MS_MAX, HTTP_DRAIN_MS_MAX, HTTP_PASS_MS_MAX. */
	unsigned header_ms, body_ms, idle_ms, reply_ms, drain_ms, pass_ms;
};
enum { HTTP_PASS_MS_MAX = 20 * 1000 };	/* until what was passed on is answered */
enum { HTTP_DRAIN_MS_MAX = 10 * 1000 }; /* from http_server_stop until connections are cut */

/* Binds and listens; on trouble returns NULL and a sentence for a person in *ret_error (static or
 * malloced once; never freed). Threads start in http_server_run. */
struct http_server *http_server_open(const struct http_config *config, const char **ret_error);
/* The address as bound, "127.0.0.1:43671". Lives with the server. */
const char *http_server_address(const struct http_server *s);
/* Serves until http_server_stop; the calling thread is loop 0. Drains: stops accepting, answers
 * what has come with `Connection: close`, closes idle connections, waits for running exchanges,
 * after drain_ms without their connections, then returns. Once per server. */
void http_server_run(struct http_server *s);
/* From any thread and from a signal handler, until http_server_free. Twice is as good as once. */
void http_server_stop(struct http_server *s);
/* When nothing posts any more. NULL is allowed. */
void http_server_free(struct http_server *s);
unsigned http_server_connections(const struct http_server *s);

/*
 * Parameters of a query or a form body: percent-decoding with '+' as space, in order, duplicates
 * kept. false: more than FORM_FIELDS_MAX fields, a bad escape, or the arena is full.
 */
enum { FORM_FIELDS_MAX = 128 };
struct form_field {
	struct text name,
	    value;    /* decoded; slices of the raw text where nothing had to be decoded */
	bool is_file; /* multipart only: has a filename; left out of signatures */
};
struct form {
	struct form_field *fields;
	unsigned count, room;
};
CHECKED bool form_parse(struct arena *a, struct text raw, struct form *into); /* appends */
/* multipart/form-data, tolerant of what TOP SDKs write (no space after ':' or ';', "file" for
 * "form-data"). `content_type` carries the boundary. */
CHECKED bool form_parse_multipart(struct arena *a, struct text content_type, struct text body,
				  struct form *into);
/* The first field of that name; NULL when absent. */
const struct form_field *form_find(const struct form *f, struct text name);
CHECKED bool percent_decode(struct arena *a, struct text raw, bool plus_is_space, struct text *ret);
