/*
 * Outbound HTTP: POSTs bodies to other people's servers. The only place of the server that dials
 * out. One thread owns a struct dial and calls all of this, but for dial_wake.
 *
 * A URL comes from somebody who may wish us ill, and so does every answer:
 * - only https, and http where allow_private is set; what url_good refuses is not called;
 * - the address that is connected to has to be on the public net (address_is_private), whatever the
 *   name stood for before or stands for next; allow_private lifts that, too;
 * - redirects are answers like others, proxies of the environment are not used, and no cookie,
 *   password or other protocol comes into play;
 * - certificate and host name are verified;
 * - times, heads and bodies are bounded (base/limits.h): of a longer body the first DIAL_ANSWER_MAX
 *   bytes are the answer, since its status says what was asked, and the connection is closed.
 *
 * A body leaves once at most per call. Whoever calls again after DIAL_UNKNOWN sends it twice.
 *
 * Life of a call: submitted -> waits for a place -> in flight -> done. Calls to one host and port
 * start in their order; hosts with calls that wait take turns.
 */
#pragma once

#include "base/base.h"

enum dial_outcome {
	DIAL_ANSWERED, /* a whole answer came; status (200 and above), answer */
	DIAL_NOT_SENT, /* nothing of the request can have reached anybody: refused address or URL,
			* name not resolved, no connection, TLS refused */
	DIAL_UNKNOWN,  /* it may have been received: time-out, connection lost, answer broken */
};

struct dial_config {
	bool allow_private;
	unsigned calls_max;	 /* in flight, all */
	unsigned host_calls_max; /* to one host and port */
	const char *ca_file;	 /* PEM, trusted instead of the system's; NULL: the system's.
				  * Lives as long as the dial */
};

enum { DIAL_ANSWER_MAX = 64 * 1024, DIAL_WHY_SIZE = 96, DIAL_HEADERS_MAX = 8 };

struct dial_call {			       /* the caller's memory, until done is called */
	struct dial_call *next;		       /* dial's own */
	const char *url;		       /* with its NUL */
	const char *headers[DIAL_HEADERS_MAX]; /* "Name: value", with NUL */
	unsigned header_count;
	struct text body;		      /* POSTed; lives until done */
	unsigned timeout_ms;		      /* from the moment it has a place; not 0 */
	void (*done)(struct dial_call *call); /* on the thread of dial_wait, dial_close; may submit,
					       * but not from dial_close */
	void *context;
	/* out; `answer` lives until done returns */
	enum dial_outcome outcome;
	int status; /* 0: not answered */
	struct text answer;
	unsigned retry_after_s;	 /* the Retry-After header in seconds, 0: none (at most a day) */
	char why[DIAL_WHY_SIZE]; /* a short sentence without URL, secrets or bodies; empty when
				  * answered */
};

struct dial *dial_open(const struct dial_config *config); /* NULL: no memory */
/* What is in flight ends where it stands: UNKNOWN, or NOT_SENT before its first byte. What waits
 * is NOT_SENT. All are done when it returns. */
void dial_close(struct dial *d);
/* Never calls done itself. */
void dial_submit(struct dial *d, struct dial_call *call);
/* Runs transfers, calls done; returns when something was done, after ms, or at a wake. */
void dial_wait(struct dial *d, unsigned ms);
/* From any thread; also ends the next dial_wait when none runs. */
void dial_wake(struct dial *d);
/* Submitted, not done. */
unsigned dial_pending(const struct dial *d);
