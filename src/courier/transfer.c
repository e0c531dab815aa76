/*
 * What libcurl is told, and how it is understood. The border between "not sent" and "unknown" is
 * the callback that libcurl makes when a connection stands (TLS included) and the request is about
 * to go out: before it nothing of the request can have left, after it something may have.
 */
#include "courier/transfer.h"

#include <sys/socket.h>

#include "base/address.h"
#include "base/limits.h"

void call_fail(struct dial_call *call, enum dial_outcome outcome, const char *why)
{
	call->outcome = outcome;
	call->status = 0;
	call->answer = TEXT_NONE;
	call->retry_after_s = 0;
	(void)snprintf(call->why, sizeof call->why, "%s", why);
}

/* ---- what libcurl asks */

/* The address is pinned here: it is the one that libcurl connects to next. */
static curl_socket_t on_socket(void *context, curlsocktype purpose, struct curl_sockaddr *at)
{
	struct transfer *t = context;

	if (purpose != CURLSOCKTYPE_IPCXN ||
	    (!t->config->allow_private && address_is_private(&at->addr))) {
		t->refused = true;
		return CURL_SOCKET_BAD;
	}
	return socket(at->family, at->socktype | SOCK_CLOEXEC, at->protocol);
}

/* libcurl sends a request again when a kept connection was closed before an answer came. Nobody
 * knows whether the first one was read, so there is no second one. */
static int on_begin(void *context, char *peer, char *local, int peer_port, int local_port)
{
	struct transfer *t = context;

	(void)peer, (void)local, (void)peer_port, (void)local_port;
	t->again = t->begun;
	t->begun = true;
	return t->again ? CURL_PREREQFUNC_ABORT : CURL_PREREQFUNC_OK;
}

/* A line at a time, also of interim answers and trailers. */
static size_t on_head(char *bytes, size_t one, size_t size, void *context)
{
	struct transfer *t = context;
	struct text line = {bytes, size};

	(void)one;
	if (text_starts_with(line, TEXT("HTTP/")))
		t->headed = false;
	else if (text_trim(line).size == 0)
		t->headed = true;
	t->head_size += size;
	return t->head_size > DIAL_HEAD_BYTES_MAX ? 0 : size;
}

static size_t on_body(char *bytes, size_t one, size_t size, void *context)
{
	struct transfer *t = context;
	size_t left = DIAL_ANSWER_MAX - t->answer.size;

	(void)one;
	t->cut = size > left;
	buffer_add(&t->answer, bytes, t->cut ? left : size);
	return t->cut || t->answer.full ? 0 : size;
}

/* ---- headers */

static bool is_token(struct text name)
{
	for (size_t i = 0; i < name.size; i++)
		if (name.data[i] <= ' ' || name.data[i] > '~' ||
		    strchr("\"(),/:;<=>?@[\\]{}", name.data[i]))
			return false;
	return name.size > 0;
}

/* Headers that say how the request is framed or where it goes are the transfer's own. */
static bool is_own(struct text name)
{
	static const struct text own[] = {
	    TEXT("Host"),    TEXT("Content-Length"),  TEXT("Transfer-Encoding"), TEXT("Connection"),
	    TEXT("Expect"),  TEXT("Accept-Encoding"), TEXT("Upgrade"),		 TEXT("TE"),
	    TEXT("Trailer"),
	};

	for (size_t i = 0; i < COUNT_OF(own); i++)
		if (text_equal_ignore_case(name, own[i]))
			return true;
	return false;
}

/* "Name: value" with a value: libcurl understands other forms, which mean something else. */
static bool header_good(struct text header, struct text *ret_name)
{
	struct text value = header, name = text_cut(&value, ':');

	for (size_t i = 0; i < header.size; i++)
		if ((uint8_t)header.data[i] < ' ' || header.data[i] == 0x7f)
			return false;
	*ret_name = name;
	return is_token(name) && !is_own(name) && text_trim(value).size > 0;
}

static bool header_add(struct transfer *t, const char *header)
{
	struct curl_slist *list = curl_slist_append(t->headers, header);

	if (list)
		t->headers = list;
	return list != NULL;
}

/* Sets why when it returns false. */
static bool headers_make(struct transfer *t)
{
	const struct dial_call *call = t->call;
	bool typed = false, good = header_add(t, "Expect:");
	struct text name;

	for (unsigned i = 0; i < call->header_count; i++) {
		if (!header_good(text_of(call->headers[i]), &name)) {
			call_fail(t->call, DIAL_NOT_SENT, "a header is not well-formed");
			return false;
		}
		typed = typed || text_equal_ignore_case(name, TEXT("Content-Type"));
		good = good && header_add(t, call->headers[i]);
	}
	if (!typed) /* libcurl would call it a form */
		good = good && header_add(t, "Content-Type:");
	return good;
}

/* ---- making one */

static bool options_set(struct transfer *t)
{
	bool good = true;

#define OPTION(name, value, why) \
	good = curl_easy_setopt(t->easy, name, (long)(value)) == CURLE_OK && good;
#include "courier/transfer_options.tbl.h"
#undef OPTION
	return good;
}

static bool callbacks_set(struct transfer *t)
{
	CURL *easy = t->easy;
	bool good = true;

#define SET(name, value) good = curl_easy_setopt(easy, name, value) == CURLE_OK && good
	SET(CURLOPT_PRIVATE, t);
	SET(CURLOPT_OPENSOCKETFUNCTION, on_socket);
	SET(CURLOPT_OPENSOCKETDATA, t);
	SET(CURLOPT_PREREQFUNCTION, on_begin);
	SET(CURLOPT_PREREQDATA, t);
	SET(CURLOPT_HEADERFUNCTION, on_head);
	SET(CURLOPT_HEADERDATA, t);
	SET(CURLOPT_WRITEFUNCTION, on_body);
	SET(CURLOPT_WRITEDATA, t);
	return good;
}

static bool request_set(struct transfer *t)
{
	const struct dial_call *call = t->call;
	CURL *easy = t->easy;
	unsigned ms = call->timeout_ms < DIAL_CALL_MS_MAX ? call->timeout_ms : DIAL_CALL_MS_MAX;
	bool good = true;

	SET(CURLOPT_URL, call->url);
	SET(CURLOPT_PROTOCOLS_STR, t->config->allow_private ? "http,https" : "https");
	SET(CURLOPT_PROXY, ""); /* also not the environment's */
	SET(CURLOPT_USERAGENT, "couponry");
	SET(CURLOPT_HTTPHEADER, t->headers);
	SET(CURLOPT_POSTFIELDS, call->body.size ? call->body.data : "");
	SET(CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)call->body.size);
	SET(CURLOPT_TIMEOUT_MS, (long)ms);
	SET(CURLOPT_CONNECTTIMEOUT_MS, (long)DIAL_CONNECT_MS_MAX);
	SET(CURLOPT_CAPATH,
	    NULL); /* the file alone: libcurl then reads it once, not per connection */
	if (t->config->ca_file)
		SET(CURLOPT_CAINFO, t->config->ca_file);
#undef SET
	return good;
}

struct transfer *transfer_new(const struct dial_config *config, struct dial_call *call)
{
	struct transfer *t = calloc(1, sizeof *t);

	call_fail(call, DIAL_NOT_SENT, "no memory");
	if (!t)
		return NULL;
	t->config = config;
	t->call = call;
	buffer_init(&t->answer, DIAL_ANSWER_MAX);
	t->easy = curl_easy_init();
	if (t->easy && headers_make(t) && options_set(t) && callbacks_set(t) && request_set(t))
		return t;
	transfer_free(t);
	return NULL;
}

/* ---- its end */

static const char *trouble_text(CURLcode code)
{
	static const struct {
		CURLcode code;
		const char *text;
	} troubles[] = {
#define TROUBLE(code, text) {code, text},
#include "courier/transfer_troubles.tbl.h"
#undef TROUBLE
	};

	for (size_t i = 0; i < COUNT_OF(troubles); i++)
		if (troubles[i].code == code)
			return troubles[i].text;
	return "the call failed";
}

static unsigned retry_after(struct transfer *t)
{
	enum { DAY_S = 24 * 60 * 60 };
	curl_off_t seconds = 0;

	if (curl_easy_getinfo(t->easy, CURLINFO_RETRY_AFTER, &seconds) != CURLE_OK || seconds < 0)
		return 0;
	return seconds < DAY_S ? (unsigned)seconds : DAY_S;
}

static void call_answer(struct transfer *t, long status)
{
	t->call->outcome = DIAL_ANSWERED;
	t->call->status = (int)status;
	t->call->answer = buffer_get(&t->answer);
	t->call->retry_after_s = retry_after(t);
	t->call->why[0] = '\0';
}

static const char *unknown_text(const struct transfer *t, CURLcode code)
{
	if (t->again)
		return "a kept connection was lost";
	if (code != CURLE_OK)
		return trouble_text(code);
	return t->headed ? "the answer is broken" : "the answer ended early";
}

void transfer_judge(struct transfer *t, CURLcode code)
{
	bool whole = (code == CURLE_OK || t->cut) && t->headed && !t->answer.full;
	long status = 0;

	if (curl_easy_getinfo(t->easy, CURLINFO_RESPONSE_CODE, &status) != CURLE_OK)
		status = 0;
	if (t->begun && whole && status >= 200)
		call_answer(t, status);
	else if (t->begun)
		call_fail(t->call, DIAL_UNKNOWN, unknown_text(t, code));
	else if (t->refused && code == CURLE_COULDNT_CONNECT)
		call_fail(t->call, DIAL_NOT_SENT, "the host's address is not on the public net");
	else
		call_fail(t->call, DIAL_NOT_SENT, trouble_text(code));
}

void transfer_free(struct transfer *t)
{
	curl_easy_cleanup(t->easy);
	curl_slist_free_all(t->headers);
	buffer_release(&t->answer);
	free(t);
}
