/*
 * Taobao Open Platform: what its files share. Order of checks, carriers and signature: identify.c;
 * the reply: encode.c; errors: face.c; several calls in one: batch.c.
 */
#pragma once

#include "dialect/dialect.h"

enum {
	TOP_PAGE_MAX = 100, /* coupons of one page: about 40 KiB */
	TOP_BATCH_MAX = 20, /* calls of one batch; the vendor names no number */
	TOP_SKEW_S = 600,   /* documented: ten minutes */
	TOP_REQUEST_ID_SIZE = 13,
};

/* call->state, once parameters were read. */
struct top {
	/* Where top_parameter looks, first to last: the call's own parameters; in a batch: own,
	 * common, form. */
	const struct form *layers[3];
	unsigned layer_count;
	struct form form;     /* all parameters but files, names in byte order, each once */
	struct text document; /* a body that is no form: signed behind the parameters */
	enum writer_face face;
	bool is_batch;	  /* the path is /router/batch */
	bool is_readable; /* false: something is not UTF-8, or badly escaped */
	bool contradicts; /* one name came twice with different values */
	/* batch */
	struct form own, common; /* one call's parameters; those of #PUBLIC# */
	struct text calls;	 /* what follows #PUBLIC# */
	struct text separator;
};

/* Reads the parameters into call->state. NULL: no memory. */
const struct top *top_read(struct call *call);
/* TEXT_NONE when absent. */
struct text top_parameter(const struct top *top, struct text name);
/* The method row of a value of `method`: METHOD_MISSING, METHOD_UNKNOWN. */
CHECKED enum fault top_find_method(struct text name, const struct method **ret_method);
/* A session, when one is sent, is the credential's token. */
CHECKED enum fault top_check_session(const struct call *call, struct text session,
				     bool is_required);

/* coupon_query_cmd first: the handler sees no more of it. */
struct top_query_cmd {
	struct coupon_query_cmd query;
	uint64_t page_size, page_num;
};
CHECKED enum fault top_decode_query(struct call *call, void *cmd);
CHECKED enum fault top_encode_query(struct call *call, const void *ret);
CHECKED enum fault top_decode_batch(struct call *call, void *cmd);
CHECKED enum fault top_encode_batch(struct call *call, const void *ret);

/* The last member of every reply's root. */
void top_write_request_id(struct writer *w);
/* Appends the fault's error_response to call->reply. */
void top_write_error(struct call *call, enum fault fault);
void top_face(struct call *call, enum fault fault);
struct text top_content_type(const struct top *top);
