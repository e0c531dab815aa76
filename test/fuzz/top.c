/* TOP requests, single and batch: signed by a sum of our own over the parameters as read. */
#include "base/crypto.h"
#include "dialect/top/top.h"
#include "fuzz/lib/caller.h"

static bool signature(struct call *call, struct text *ret_given, struct text *ret_right)
{
	static char hex[SIGN_SIZE_MAX];
	const struct top *top = call->state;
	struct text secret = call->actor.credential->secret;
	struct text method = top_parameter(top, TEXT("sign_method"));
	bool is_md5 = method.size == 0 || text_equal(method, TEXT("md5"));
	bool is_sha = text_equal(method, TEXT("hmac-sha256"));
	uint8_t digest[DIGEST_SIZE_MAX];
	struct buffer b;
	if (top->contradicts || !(is_md5 || is_sha || text_equal(method, TEXT("hmac"))))
		return false;
	buffer_init(&b, (size_t)1 << 24);
	if (is_md5)
		buffer_text(&b, secret);
	for (unsigned i = 0; i < top->form.count; i++) {
		if (text_equal(top->form.fields[i].name, TEXT("sign")))
			continue;
		buffer_text(&b, top->form.fields[i].name);
		buffer_text(&b, top->form.fields[i].value);
	}
	buffer_text(&b, top->document);
	if (is_md5)
		buffer_text(&b, secret);
	const struct text parts[] = {buffer_get(&b)};
	enum digest kind = is_sha ? DIGEST_SHA256 : DIGEST_MD5;
	if (is_md5)
		digest_parts(kind, parts, 1, digest);
	else
		hmac_parts(kind, secret, parts, 1, digest);
	buffer_release(&b);
	hex_upper(digest, digest_size(kind), hex);
	*ret_given = top_parameter(top, TEXT("sign"));
	*ret_right = (struct text){hex, 2 * digest_size(kind)};
	return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct caller caller = {.dialect = &dialect_top, .signature = signature};
	caller_run(&caller, data, size);
	return 0;
}
