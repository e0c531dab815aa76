/*
 * Between the files of the WangJuBao dialect: what identify finds out about a request and what
 * decode, encode, face and the SPI need of it.
 *
 * The common parameters come in the query; the business parameters in a JSON body by name, in a
 * form body, or in the query (then objects as JSON text). See the seed document "Marketing API" and
 * WangJuBao's page on calling its API.
 */
#pragma once

#include "dialect/dialect.h"

/* The list methods: the seed document. */
enum { PAGE_SIZE_DEFAULT = 10, PAGE_SIZE_MAX = 50 };

struct wjb_state {
	struct form params; /* query, then a form body; file parts and `image` left out */
	struct json body;   /* the JSON body, when has_body */
	bool has_body;
	bool body_is_form;
	struct text app_key, sign;
};

/* identify.c */
static inline struct wjb_state *wjb_state(struct call *call)
{
	return call->state;
}
struct text wjb_param(const struct wjb_state *s, const char *name);
/* What stands before the names of the method's fields: "coupon.". */
const char *wjb_path(const struct call *call);
enum fault wjb_identify_spi(struct call *call);

/* decode.c and encode.c, by the names of the rows */
#define METHOD(name, command, decode, encode, verbs, path)     \
	enum fault wjb_##decode(struct call *call, void *cmd); \
	enum fault wjb_##encode(struct call *call, const void *ret);
#include "dialect/wjb/methods.tbl.h"
#undef METHOD

/* decode.c */
/* A business parameter that is an object or a list: from the JSON body, else as JSON text from the
 * parameters. OK with *ret_given false when there is none; PARAMETER_INVALID for any other kind. */
CHECKED enum fault wjb_value(struct call *call, const char *name, enum json_kind kind,
			     struct json *ret, bool *ret_given);
/* Scalars, each from the JSON body, else from the parameters. */
CHECKED enum fault wjb_scalars(struct call *call, const struct field *fields, size_t n, void *into);
/* (app_key, sign, body): the same signed request again is a retry. */
void wjb_request_key(struct call *call, struct request_key *into);
/* A nick: text of 1 to 100 characters, or a number, which stands for its digits. */
CHECKED enum fault wjb_nick(struct arena *a, struct json value, struct text *ret);

/* face.c */
struct wjb_error {
	int code;
	const char *text;
};
/* The platform's number and text; of OK too: 0. */
struct wjb_error wjb_error_of(enum fault fault);
void wjb_face(struct call *call, enum fault fault);
