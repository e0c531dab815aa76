/* The signature of WangJuBao's calls, for both of its fronts: a sum of our own. */
#pragma once

#include "base/crypto.h"
#include "dialect/wjb/wjb.h"
#include "fuzz/lib/caller.h"

static inline int wjb_by_name(const void *a, const void *b)
{
	const struct form_field *x = a, *y = b;
	return text_compare(x->name, y->name);
}

/* md5(secret, names and values by name, each once, [the body,] secret) */
static inline bool wjb_signature(struct call *call, struct text *ret_given, struct text *ret_right)
{
	static char hex[SIGN_SIZE_MAX];
	const struct wjb_state *s = call->state;
	struct form_field fields[FORM_FIELDS_MAX];
	struct text secret = call->actor.credential->secret, method = wjb_param(s, "sign_method");
	unsigned n = s->params.count;
	uint8_t digest[DIGEST_SIZE_MAX];
	struct buffer b;
	bool agree = method.size == 0 || text_equal_ignore_case(method, TEXT("md5"));
	buffer_init(&b, (size_t)1 << 24);
	buffer_text(&b, secret);
	if (n)
		memcpy(fields, s->params.fields, n * sizeof(*fields));
	qsort(fields, n, sizeof(*fields), wjb_by_name);
	for (unsigned i = 0; i < n; i++) {
		if (i && text_equal(fields[i].name, fields[i - 1].name)) {
			agree = agree && text_equal(fields[i].value, fields[i - 1].value);
			continue;
		}
		if (text_equal(fields[i].name, TEXT("sign")))
			continue;
		buffer_text(&b, fields[i].name);
		buffer_text(&b, fields[i].value);
	}
	if (call->actor.credential->sign_mode == SIGN_WJB_QUERY_BODY && !s->body_is_form)
		buffer_text(&b, call->request->body);
	buffer_text(&b, secret);
	const struct text parts[] = {buffer_get(&b)};
	digest_parts(DIGEST_MD5, parts, 1, digest);
	buffer_release(&b);
	hex_upper(digest, 16, hex);
	*ret_given = wjb_param(s, "sign");
	*ret_right = (struct text){hex, 32};
	return agree;
}
