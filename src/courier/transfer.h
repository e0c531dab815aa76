/* One call in flight: an easy handle of libcurl, what it may do, and how its end is judged. */
#pragma once

#include <curl/curl.h>

#include "base/buffer.h"
#include "courier/dial.h"

struct transfer {
	struct transfer *next, **link; /* the dial's list; *link points at it */
	struct turns_host *host;
	struct dial_call *call;
	const struct dial_config *config;
	CURL *easy;
	struct curl_slist *headers;
	struct buffer answer;
	size_t head_size;
	bool refused; /* an address that may not be called was among the host's */
	bool begun;   /* a connection stood: from here on somebody may have read something */
	bool again;   /* libcurl wanted to send it a second time */
	bool headed; /* the last head that came is whole: libcurl takes half of one for an answer */
	bool cut;    /* the body went on after DIAL_ANSWER_MAX */
};

/* Ready to be added to a multi handle. NULL: the call ends NOT_SENT, which says why. */
struct transfer *transfer_new(const struct dial_config *config, struct dial_call *call);
/* Fills what goes out of the call. `code` is libcurl's. */
void transfer_judge(struct transfer *t, CURLcode code);
void transfer_free(struct transfer *t);

/* The call ends like this, without an answer. */
void call_fail(struct dial_call *call, enum dial_outcome outcome, const char *why);
