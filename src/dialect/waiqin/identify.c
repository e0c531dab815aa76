/*
 * Who calls: all of it stands in the path. Slashes are collapsed, one at the end is ignored, each
 * segment is percent-decoded (clients encode the openid).
 *
 * digest = md5(raw body | appkey | timestamp), hex. The body is whatever bytes came: the vendor's
 * own sample is no valid JSON, so nothing may be parsed before.
 *
 * timestamp is opaque to the digest. The document's pattern yyyyMMddHHmmSS means milliseconds in
 * Java, so live clients send 14 or 15 digits whose tail is no second; others send epoch
 * milliseconds. Only the first 12 digits, or 13 that begin with 15..19, are understood.
 */
#include "base/crypto.h"
#include "dialect/waiqin/waiqin.h"

static const struct method methods[] = {
#define METHOD(operation, command, decode, encode, slow) \
	{#operation,                                     \
	 COMMAND_##command,                              \
	 sizeof(struct command##_cmd),                   \
	 sizeof(struct command##_ret),                   \
	 decode,                                         \
	 encode,                                         \
	 slow,                                           \
	 false,                                          \
	 false},
#include "dialect/waiqin/methods.tbl.h"
#undef METHOD
};

const struct dialect_row dialect_waiqin = {
    .dialect = DIALECT_WAIQIN,
    .name = "waiqin",
    .identify = waiqin_identify,
    .face = waiqin_face,
    .methods = methods,
    .method_count = COUNT_OF(methods),
    .docs = &docs_waiqin,
};

/* The next segment that is not empty; TEXT_NONE at the end. */
static struct text next_segment(struct text *path)
{
	while (path->data) {
		struct text segment = text_cut(path, '/');
		if (segment.size)
			return segment;
	}
	return TEXT_NONE;
}

/* What cannot be decoded stays as it is: no key, timestamp, digest or msg_id has a '%'. */
static struct text decoded_segment(struct arena *a, struct text *path)
{
	struct text raw = next_segment(path), decoded;
	return percent_decode(a, raw, false, &decoded) ? decoded : raw;
}

struct waiqin_state *waiqin_state(struct call *call)
{
	static const struct text prefix[] = {{"api", 3}, {"bcwin", 5}, {"v1", 2}};
	struct waiqin_state *s = call->state;
	if (s)
		return s;
	s = call->state = ARENA_NEW(call->arena, struct waiqin_state);
	if (!s)
		return NULL;
	struct text path = call->request->path;
	for (size_t i = 0; i < COUNT_OF(prefix); i++)
		s->elsewhere |= !text_equal(decoded_segment(call->arena, &path), prefix[i]);
	s->operation = decoded_segment(call->arena, &path);
	s->openid = decoded_segment(call->arena, &path);
	s->timestamp = decoded_segment(call->arena, &path);
	s->digest = decoded_segment(call->arena, &path);
	s->msg_id = decoded_segment(call->arena, &path);
	s->elsewhere |= next_segment(&path).size > 0;
	return s;
}

bool waiqin_msg_id_valid(struct text msg_id)
{
	for (size_t i = 0; i < msg_id.size; i++) {
		char c = msg_id.data[i], letter = (char)(c | 0x20);
		if (!(letter >= 'a' && letter <= 'z') && !(c >= '0' && c <= '9') && c != '_' &&
		    c != '-')
			return false;
	}
	return msg_id.size >= 1 && msg_id.size <= WAIQIN_MSG_ID_MAX;
}

static bool read_timestamp(struct text t, struct instant *ret)
{
	uint64_t number;
	if (t.size < 12 || t.size > 15 || !text_to_uint64(t, &number))
		return false;
	if (t.size == 13 && t.data[0] == '1' && t.data[1] >= '5') {
		*ret = (struct instant){(int64_t)number};
		return true;
	}
	return moment_parse_compact_minute(t, ret);
}

static enum fault check_timestamp(struct call *call, struct text timestamp)
{
	struct instant sent;
	if (!timestamp.size)
		return FAULT_TIMESTAMP_MISSING;
	if (!read_timestamp(timestamp, &sent))
		return FAULT_TIMESTAMP_INVALID;
	return call_fresh(call, sent, WAIQIN_SKEW_S);
}

static enum fault check_digest(const struct call *call, const struct waiqin_state *s)
{
	uint8_t digest[DIGEST_SIZE_MAX];
	const struct text parts[] = {
	    call->request->body, TEXT("|"), call->actor.credential->secret, TEXT("|"), s->timestamp,
	};
	if (!s->digest.size)
		return FAULT_SIGNATURE_MISSING;
	digest_parts(DIGEST_MD5, parts, COUNT_OF(parts), digest);
	return hex_matches(s->digest, digest, 16) ? OK : FAULT_SIGNATURE_WRONG;
}

static enum fault check_msg_id(struct call *call, struct text msg_id)
{
	if (!msg_id.size)
		return call_refuse(call, FAULT_PARAMETER_MISSING, TEXT("msg_id"), TEXT_NONE);
	if (msg_id.size > WAIQIN_MSG_ID_MAX)
		return call_refuse(call, FAULT_PARAMETER_TOO_LONG, TEXT("msg_id"), TEXT_NONE);
	if (!waiqin_msg_id_valid(msg_id))
		return call_refuse(call, FAULT_PARAMETER_INVALID, TEXT("msg_id"), TEXT_NONE);
	return OK;
}

static enum fault check_openid(struct call *call, struct text openid)
{
	if (!openid.size)
		return FAULT_KEY_MISSING;
	if (openid.size > WAIQIN_OPENID_MAX || !text_is_clean(openid))
		return FAULT_KEY_UNKNOWN;
	return call_actor_any(call, DIALECT_WAIQIN, openid);
}

enum fault waiqin_identify(struct call *call)
{
	struct waiqin_state *s = waiqin_state(call);
	if (!s)
		return FAULT_BUSY;
	const struct method *method = dialect_method(&dialect_waiqin, s->operation);
	if (!method || s->elsewhere)
		return FAULT_METHOD_UNKNOWN;
	call->method = method;
	if (call->request->verb != HTTP_POST)
		return FAULT_VERB_REFUSED;
	TRY(check_openid(call, s->openid));
	TRY(check_timestamp(call, s->timestamp));
	TRY(check_digest(call, s));
	TRY(call_trusted(call));
	return check_msg_id(call, s->msg_id);
}
