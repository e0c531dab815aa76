/*
 * `couponry sign`: a signed call of any dialect, or one of the native API with its key, as a curl
 * command that can be pasted. It signs from the documents' rules, with the credential's own secret,
 * token and signing mode; the timestamp is now, so the call is good for as long as the dialect's
 * window lasts.
 */
#include <fcntl.h>
#include <time.h>
#include <unistd.h>

#include "base/crypto.h"
#include "cli/commands.h"
#include "dialect/dialect.h"

enum { SIGN_PARAMS_MAX = 64, SIGN_BYTES_MAX = 4 * 1024 * 1024 };

struct sign {
	struct cli *cli;
	struct credential credential; /* secrets in clear */
	struct text method, body, url;
	struct {
		struct text name, value;
	} params[SIGN_PARAMS_MAX];
	unsigned count;
	char when[MOMENT_SECOND_SIZE + 1]; /* local text of UTC+8 */
	struct buffer out;
};

/* --- pieces --- */

static void param_add(struct sign *s, const char *name, struct text value)
{
	must(s->count < SIGN_PARAMS_MAX);
	for (unsigned i = 0; i < s->count; i++)
		if (text_equal(s->params[i].name, text_of(name)))
			return; /* given by --param */
	s->params[s->count].name = text_of(name);
	s->params[s->count++].value = value;
}

static void param_option(struct sign *s, const char *name, const char *option)
{
	const char *value = cli_option(s->cli, option);

	if (value)
		param_add(s, name, text_of(value));
}

static void params_sort(struct sign *s)
{
	for (unsigned i = 1; i < s->count; i++) {
		for (unsigned j = i;
		     j && text_compare(s->params[j - 1].name, s->params[j].name) > 0; j--) {
			__typeof__(s->params[0]) swap = s->params[j];
			s->params[j] = s->params[j - 1];
			s->params[j - 1] = swap;
		}
	}
}

static void percent_add(struct buffer *b, struct text t)
{
	static const char plain[] =
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.~";

	for (size_t i = 0; i < t.size; i++) {
		if (t.data[i] && strchr(plain, t.data[i]))
			buffer_byte(b, t.data[i]);
		else
			buffer_format(b, "%%%02X", (unsigned char)t.data[i]);
	}
}

static void query_add(struct sign *s)
{
	for (unsigned i = 0; i < s->count; i++) {
		buffer_byte(&s->out, i ? '&' : '?');
		percent_add(&s->out, s->params[i].name);
		buffer_byte(&s->out, '=');
		percent_add(&s->out, s->params[i].value);
	}
}

/* 'text' for a shell. */
static void quoted_add(struct buffer *b, struct text t)
{
	buffer_byte(b, '\'');
	for (size_t i = 0; i < t.size; i++) {
		if (t.data[i] == '\'')
			buffer_text(b, TEXT("'\\''"));
		else
			buffer_byte(b, t.data[i]);
	}
	buffer_byte(b, '\'');
}

static void body_add(struct sign *s, struct text body)
{
	buffer_text(&s->out, TEXT(" -H 'Content-Type: application/json' --data-binary "));
	quoted_add(&s->out, body);
	buffer_byte(&s->out, '\n');
}

static void curl_begin(struct sign *s, const char *path)
{
	buffer_text(&s->out, TEXT("curl -sS '"));
	buffer_text(&s->out, s->url);
	buffer_text(&s->out, text_of(path));
}

static struct text hex(struct sign *s, const uint8_t *bytes, size_t n, bool upper)
{
	char *memory = arena_take(&s->cli->arena, 2 * n);

	must(memory);
	if (upper)
		hex_upper(bytes, n, memory);
	else
		hex_lower(bytes, n, memory);
	return (struct text){memory, 2 * n};
}

/* Sorted names and values without separators, `tail` after them; md5 puts the secret around. */
static struct text kv_sign(struct sign *s, struct text method, struct text tail)
{
	struct text parts[2 * SIGN_PARAMS_MAX + 3];
	uint8_t out[DIGEST_SIZE_MAX];
	size_t n = 0;
	bool md5 = text_equal(method, TEXT("md5"));
	enum digest digest = text_equal(method, TEXT("hmac-sha256")) ? DIGEST_SHA256 : DIGEST_MD5;

	params_sort(s);
	if (md5)
		parts[n++] = s->credential.secret;
	for (unsigned i = 0; i < s->count; i++) {
		parts[n++] = s->params[i].name;
		parts[n++] = s->params[i].value;
	}
	parts[n++] = tail;
	if (md5)
		parts[n++] = s->credential.secret;
	if (md5)
		digest_parts(digest, parts, n, out);
	else
		hmac_parts(digest, s->credential.secret, parts, n, out);
	return hex(s, out, digest_size(digest), true);
}

/* --- the dialects --- */

static int sign_top(struct sign *s)
{
	const char *method = cli_option(s->cli, "sign-method");
	struct text sign_method = text_of(method ? method : "hmac-sha256");

	param_add(s, "method", s->method);
	param_add(s, "app_key", s->credential.name);
	param_add(s, "timestamp", text_of(s->when));
	param_add(s, "v", TEXT("2.0"));
	param_add(s, "sign_method", sign_method);
	param_option(s, "format", "format");
	param_option(s, "simplify", "simplify");
	if (s->credential.require_session)
		param_add(s, "session", s->credential.token);
	param_add(s, "sign", kv_sign(s, sign_method, TEXT_NONE));
	curl_begin(s, "/router/rest'");
	for (unsigned i = 0; i < s->count; i++) {
		buffer_text(&s->out, TEXT(" --data-urlencode "));
		quoted_add(&s->out,
			   arena_format(&s->cli->arena, "%.*s=%.*s", TEXT_ARG(s->params[i].name),
					TEXT_ARG(s->params[i].value)));
	}
	buffer_byte(&s->out, '\n');
	return 0;
}

static int sign_wjb(struct sign *s)
{
	bool spi = text_equal(s->method, TEXT("spi"));
	bool with_body = s->credential.sign_mode == SIGN_WJB_QUERY_BODY;
	struct text body = s->body.size ? s->body : TEXT("{}");

	if (!spi)
		param_add(s, "method", s->method);
	param_add(s, "app_key", s->credential.name);
	param_add(s, "timestamp", text_of(s->when));
	param_add(s, "v", TEXT("1.0"));
	param_add(s, "access_token", s->credential.token);
	param_add(s, "sign", kv_sign(s, TEXT("md5"), with_body ? body : TEXT_NONE));
	curl_begin(s, spi ? "/spi/wjb/coupon/provide" : "/router/rest");
	query_add(s);
	buffer_byte(&s->out, '\'');
	body_add(s, body);
	return 0;
}

static int sign_waiqin(struct sign *s)
{
	const char *msg_id = cli_option(s->cli, "msg-id");
	struct text body = s->body.size ? s->body : TEXT("{}");
	char stamp[15];
	uint8_t out[16];
	size_t n = 0;

	for (size_t i = 0; s->when[i]; i++)
		if (s->when[i] >= '0' && s->when[i] <= '9')
			stamp[n++] = s->when[i];
	stamp[n] = '\0';
	const struct text parts[] = {body, TEXT("|"), s->credential.secret, TEXT("|"),
				     text_of(stamp)};
	digest_parts(DIGEST_MD5, parts, COUNT_OF(parts), out);
	curl_begin(s, "/api/bcwin/v1/");
	buffer_format(&s->out, "%.*s/%.*s/%s/%.*s/%s'", TEXT_ARG(s->method),
		      TEXT_ARG(s->credential.name), stamp,
		      TEXT_ARG(hex(s, out, sizeof(out), false)), msg_id ? msg_id : "X000001");
	body_add(s, body);
	return 0;
}

static void zvcms_token(struct sign *s, struct text kv, struct text stamp, struct text nonce,
			char out[29])
{
	const struct credential *c = &s->credential;
	uint8_t mac[20];

	if (c->sign_mode == SIGN_ZVCMS_WECHAT) {
		struct text words[] = {c->secret, c->token, stamp, nonce};
		for (size_t i = 1; i < 4; i++) {
			for (size_t j = i; j && text_compare(words[j - 1], words[j]) > 0; j--) {
				struct text swap = words[j];
				words[j] = words[j - 1];
				words[j - 1] = swap;
			}
		}
		digest_parts(DIGEST_SHA1, words, 4, mac);
	} else {
		hmac_parts(DIGEST_SHA1, c->secret, &kv, 1, mac);
	}
	base64_write(mac, sizeof(mac), out);
	out[28] = '\0';
}

static int sign_zvcms(struct sign *s)
{
	static const char path[] = "/v3/crm/coupon/getCustomerCoupons";
	struct arena *a = &s->cli->arena;
	const struct credential *c = &s->credential;
	struct text stamp = arena_format(a, "%lld", (long long)time(NULL)), nonce = TEXT("658965");
	struct text params = s->body;
	char token[29];

	if (!params.size) { /* from --param */
		struct buffer b;
		buffer_init(&b, SIGN_BYTES_MAX);
		for (unsigned i = 0; i < s->count; i++) {
			buffer_byte(&b, i ? ',' : '{');
			buffer_json_text(&b, s->params[i].name);
			buffer_byte(&b, ':');
			buffer_json_text(&b, s->params[i].value);
		}
		buffer_text(&b, s->count ? TEXT("}") : TEXT("{}"));
		params = arena_text(a, buffer_get(&b));
		buffer_release(&b);
	}
	struct text kv =
	    arena_format(a, "grantCode=%.*s&nonce=%.*s&openId=%.*s&timestamp=%.*s",
			 TEXT_ARG(c->token), TEXT_ARG(nonce), TEXT_ARG(c->name), TEXT_ARG(stamp));
	if (c->sign_mode == SIGN_ZVCMS_KV_PARAMS)
		kv = arena_format(a, "%.*s&params=%.*s", TEXT_ARG(kv), TEXT_ARG(params));
	if (c->sign_mode == SIGN_ZVCMS_TENCENT) {
		const char *host = strstr(s->url.data, "://");
		kv = arena_format(a, "POST%s%s?%.*s", host ? host + 3 : s->url.data, path,
				  TEXT_ARG(kv));
	}
	zvcms_token(s, kv, stamp, nonce, token);
	struct buffer body;
	buffer_init(&body, SIGN_BYTES_MAX);
	buffer_format(
	    &body,
	    "{\"openId\":\"%.*s\",\"grantCode\":\"%.*s\",\"timestamp\":\"%.*s\",\"nonce\":\"%.*s\","
	    "\"token\":\"",
	    TEXT_ARG(c->name), TEXT_ARG(c->token), TEXT_ARG(stamp), TEXT_ARG(nonce));
	percent_add(&body, text_of(token));
	buffer_format(&body, "\",\"params\":%.*s}", TEXT_ARG(params));
	curl_begin(s, path);
	buffer_byte(&s->out, '\'');
	body_add(s, buffer_get(&body));
	buffer_release(&body);
	return 0;
}

/* The parameter that stands in braces in a path; it is taken off the others. */
static bool take_param(struct sign *s, struct text name, struct text *ret)
{
	for (unsigned i = 0; i < s->count; i++) {
		if (!text_equal(s->params[i].name, name))
			continue;
		*ret = s->params[i].value;
		s->params[i] = s->params[--s->count];
		return true;
	}
	return false;
}

/* "/v1/coupons/{code}" with --param=code=..; other parameters are the query. */
static int sign_native(struct sign *s)
{
	const char *verb, *path;
	if (!native_address(s->method, &verb, &path))
		return cli_usage(s->cli, "the native API has no method of this name");
	buffer_format(&s->out, "curl -sS -X %s '%.*s", verb, TEXT_ARG(s->url));
	for (struct text rest = text_of(path); rest.data;) {
		struct text value;
		buffer_text(&s->out, text_cut(&rest, '{'));
		if (!rest.data)
			break;
		struct text name = text_cut(&rest, '}');
		if (!take_param(s, name, &value))
			return cli_usage(s->cli, "the path wants --param=%.*s=..", TEXT_ARG(name));
		percent_add(&s->out, value);
	}
	query_add(s);
	buffer_format(&s->out, "' -H 'Authorization: Bearer %.*s'", TEXT_ARG(s->credential.name));
	if (s->body.size)
		body_add(s, s->body);
	else
		buffer_byte(&s->out, '\n');
	return 0;
}

static const struct {
	const char *name;
	enum dialect dialect;
	int (*sign)(struct sign *s);
} signers[] = {{"top", DIALECT_TOP, sign_top},
	       {"wjb", DIALECT_WJB, sign_wjb},
	       {"waiqin", DIALECT_WAIQIN, sign_waiqin},
	       {"zvcms", DIALECT_ZVCMS, sign_zvcms},
	       {"native", DIALECT_NATIVE, sign_native}};

/* --- reading what was asked --- */

static int params_read(struct sign *s)
{
	for (unsigned i = 0; i < s->cli->option_count; i++) {
		if (strcmp(s->cli->options[i].name, "param") != 0)
			continue;
		struct text value =
		    text_of(s->cli->options[i].value ? s->cli->options[i].value : "");
		struct text name = text_cut(&value, '=');
		if (!name.size || !value.data || s->count > SIGN_PARAMS_MAX - 10)
			return cli_usage(s->cli, "--param is name=value, at most %d times",
					 SIGN_PARAMS_MAX - 10);
		s->params[s->count].name = name;
		s->params[s->count++].value = value;
	}
	return 0;
}

static int body_read(struct sign *s)
{
	const char *file = cli_option(s->cli, "body");

	if (!file)
		return 0;
	char *memory = arena_take(&s->cli->arena, BODY_BYTES_MAX + 1);
	int fd = open(file, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, memory, BODY_BYTES_MAX + 1);
	if (fd >= 0)
		close(fd);
	if (n < 0 || n > BODY_BYTES_MAX)
		return cli_failed(s->cli, FAULT_FILE_UNREADABLE, file);
	s->body = (struct text){memory, (size_t)n};
	return 0;
}

/* The signer whose dialect knows the key; --dialect says which where two do. */
static int (*signer_find(struct sign *s, const char *key))(struct sign *s)
{
	const char *dialect = cli_option(s->cli, "dialect");

	for (size_t i = 0; i < COUNT_OF(signers); i++) {
		struct credential_find_cmd cmd = {.dialect = signers[i].dialect,
						  .name = text_of(key)};
		struct credential_find_ret ret = {0};
		struct detail detail;
		if (dialect && strcmp(dialect, signers[i].name) != 0)
			continue;
		enum fault fault =
		    cli_apply(s->cli, 0, COMMAND_credential_find, &cmd, &ret, &detail);
		s->credential = ret.credential;
		s->credential.name = text_of(key);
		reader_end(s->cli->reader);
		if (fault == OK)
			return signers[i].sign;
	}
	return NULL;
}

int cli_sign(struct cli *c)
{
	struct sign s = {.cli = c};
	const char *key = cli_option(c, "credential"), *method = cli_option(c, "method");
	const char *url = cli_option(c, "url");
	struct buffer when;

	if (!key || !method)
		return cli_usage(c, "sign wants --credential=KEY and --method=NAME");
	s.method = text_of(method);
	s.url = text_of(url ? url : "http://127.0.0.1:8080");
	buffer_init_fixed(&when, s.when, MOMENT_SECOND_SIZE);
	buffer_moment_second(&when, instant_of_second(time(NULL)));
	int (*sign)(struct sign * s) = signer_find(&s, key);
	if (!sign)
		return cli_failed(c, FAULT_CREDENTIAL_UNKNOWN, key);
	int bad = params_read(&s);
	if (!bad)
		bad = body_read(&s);
	if (bad)
		return bad;
	buffer_init(&s.out, SIGN_BYTES_MAX);
	bad = sign(&s);
	if (!bad)
		fwrite(s.out.data, 1, s.out.size, c->out);
	buffer_release(&s.out);
	return bad;
}
