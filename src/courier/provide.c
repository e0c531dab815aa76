/* See provide.h. */
#include "courier/provide.h"

#include "base/crypto.h"
#include "base/json.h"
#include "base/signing.h"
#include "base/writer.h"

enum { PARAMETERS_MAX = 10 };

/* --- the call --- */

static void add_encoded(struct buffer *b, struct text t)
{
	static const char digits[] = "0123456789ABCDEF";
	for (size_t i = 0; i < t.size; i++) {
		unsigned char c = (unsigned char)t.data[i];
		bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
			     (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_' || c == '~';
		if (plain) {
			buffer_byte(b, (char)c);
			continue;
		}
		buffer_byte(b, '%');
		buffer_byte(b, digits[c >> 4]);
		buffer_byte(b, digits[c & 15]);
	}
}

static struct text time_text(struct arena *a, struct instant now)
{
	char *memory = arena_take(a, MOMENT_SECOND_SIZE);
	struct buffer b;
	if (!memory)
		return TEXT_NONE;
	buffer_init_fixed(&b, memory, MOMENT_SECOND_SIZE);
	buffer_moment_second(&b, now);
	return buffer_get(&b);
}

static struct text sign(struct arena *a, const struct errand_begin_ret *what,
			struct parameter *parameters, unsigned n)
{
	uint8_t md5[SIGNATURE_SIZE];
	char *hex = arena_take(a, 2 * sizeof(md5));
	if (!hex)
		return TEXT_NONE;
	parameters_sort(parameters, n);
	signature_md5(
	    &(struct signed_call){.secret = what->secret, .parameters = parameters, .n = n}, md5);
	hex_upper(md5, sizeof(md5), hex);
	return (struct text){hex, 2 * sizeof(md5)};
}

static const char *build_url(struct arena *a, const struct errand_begin_ret *what,
			     struct instant now)
{
	struct parameter parameters[PARAMETERS_MAX] = {
	    {TEXT("method"), TEXT("wjb.ump.coupon.send")},
	    {TEXT("timestamp"), time_text(a, now)},
	    {TEXT("format"), TEXT("json")},
	    {TEXT("app_key"), what->app_key},
	    {TEXT("v"), TEXT("1.0")},
	    {TEXT("sign_method"), TEXT("md5")},
	    {TEXT("request_id"), what->request_id},
	};
	unsigned n = 7;
	size_t size = what->url.size + 64;
	struct buffer b;
	if (what->access_token.size)
		parameters[n++] = (struct parameter){TEXT("access_token"), what->access_token};
	struct text signature = sign(a, what, parameters, n);
	parameters[n++] = (struct parameter){TEXT("sign"), signature};
	for (unsigned i = 0; i < n; i++)
		size += parameters[i].name.size + 3 * parameters[i].value.size + 2;
	char *memory = arena_take(a, size);
	if (!memory || !signature.size)
		return NULL;
	buffer_init_fixed(&b, memory, size);
	buffer_text(&b, what->url);
	for (unsigned i = 0; i < n; i++) {
		buffer_byte(&b, i ? '&' : '?');
		buffer_text(&b, parameters[i].name);
		buffer_byte(&b, '=');
		add_encoded(&b, parameters[i].value);
	}
	buffer_byte(&b, 0);
	must(!b.full);
	return memory;
}

static struct text build_body(struct arena *a, const struct errand_begin_ret *what)
{
	size_t size = 128;
	struct writer w;
	struct buffer b;
	for (unsigned i = 0; i < what->n; i++)
		size += 6 * what->nicks[i].size + 4;
	char *memory = arena_take(a, size);
	if (!memory)
		return TEXT_NONE;
	buffer_init_fixed(&b, memory, size);
	writer_init(&w, &b, WRITER_JSON);
	write_int(&w, "coupon_id", (int64_t)what->template_id);
	write_begin_list(&w, "buyer_nicks", "nick");
	for (unsigned i = 0; i < what->n; i++)
		write_text(&w, "nick", what->nicks[i]);
	write_end(&w);
	writer_finish(&w);
	must(!b.full);
	return buffer_get(&b);
}

bool provide_build(struct arena *a, const struct errand_begin_ret *what, struct instant now,
		   struct dial_call *call)
{
	call->url = build_url(a, what, now);
	call->body = build_body(a, what);
	call->headers[0] = "Content-Type: application/json;charset=UTF-8";
	call->headers[1] = "Accept: application/json";
	call->header_count = 2;
	call->timeout_ms = ERRAND_CALL_MS;
	return call->url && call->body.size;
}

/* --- words of others --- */

static struct text code_word(struct arena *a, int64_t code)
{
	return arena_format(a, "code %lld", (long long)code);
}

/* At most `max` characters of a clean text. */
static struct text cut(struct text t, size_t max)
{
	size_t size = 0, n = 0;
	for (; size < t.size; size++)
		if (((unsigned char)t.data[size] & 0xC0) != 0x80 && n++ == max)
			break;
	return (struct text){t.data, size};
}

/* A sentence of the provider's for people to read. It is kept where nothing personal may stand. */
static struct text sentence(struct arena *a, struct json object, int64_t code, struct text nick)
{
	struct json value;
	struct text said = TEXT_NONE;
	if (json_find(object, TEXT("error_message"), &value) && value.kind == JSON_TEXT)
		said = text_trim(json_text(a, value));
	bool names = nick.size && said.size && memmem(said.data, said.size, nick.data, nick.size);
	if (!said.size || !text_is_clean(said) || names)
		return code_word(a, code);
	return cut(said, ERRAND_WORD_MAX);
}

/* A text, or a number as its digits. */
static struct text scalar(struct arena *a, struct json object, const char *name)
{
	struct json value;
	if (!json_find(object, text_of(name), &value))
		return TEXT_NONE;
	if (value.kind == JSON_NUMBER)
		return value.raw;
	return value.kind == JSON_TEXT ? json_text(a, value) : TEXT_NONE;
}

static bool read_code(struct arena *a, struct json object, int64_t *ret)
{
	return text_to_int64(scalar(a, object, "code"), ret);
}

/* --- per buyer --- */

static struct text coupon_number(struct arena *a, struct json row)
{
	struct text number = text_trim(scalar(a, row, "coupon_number"));
	bool fits = text_is_clean(number) && text_length(number) <= NAME_LENGTH_MAX;
	return fits ? number : TEXT_NONE;
}

static void add_row(struct arena *a, struct json row, struct text nick,
		    struct errand_answer *answer, bool *heard)
{
	int64_t code;
	struct errand_answer said = {.coupon = answer->coupon, .outcome = PROMISE_UNKNOWN};
	if (read_code(a, row, &code)) {
		said.outcome = code == 0 ? PROMISE_SENT : PROMISE_REFUSED;
		said.code = code == 0 ? coupon_number(a, row) : TEXT_NONE;
		said.reason = code == 0 ? TEXT_NONE : sentence(a, row, code, nick);
	}
	if (!*heard)
		*answer = said;
	else if (answer->outcome != said.outcome)
		answer->outcome = PROMISE_UNKNOWN;
	else if (!text_equal(answer->code, said.code))
		answer->code = TEXT_NONE; /* sent, but which one */
	*heard = true;
}

/* Buyers who were not asked for are not looked at, those who are not there stay unknown. */
static void read_rows(struct arena *a, const struct errand_begin_ret *what, struct json list,
		      struct errand_answer *answers)
{
	bool heard[SPI_NICKS_MAX] = {0};
	struct json_walk walk = json_walk(list);
	struct text name;
	struct json row;
	while (json_next(&walk, &name, &row)) {
		if (row.kind != JSON_OBJECT)
			continue;
		struct text nick = scalar(a, row, "buyer_nick");
		for (unsigned i = 0; i < what->n; i++)
			if (text_equal(nick, what->nicks[i]))
				add_row(a, row, nick, &answers[i], &heard[i]);
	}
}

/* --- the whole call --- */

enum meaning { MEANS_DONE, MEANS_LATER, MEANS_REFUSED, MEANS_NOTHING };

static enum meaning meaning_of(int64_t code)
{
	if (code == 0)
		return MEANS_DONE;
	if (code == 7 || code == 9 || code == 10 || code == 11 || (code >= 21 && code <= 34) ||
	    code == 47)
		return MEANS_LATER;
	return code == 40 || code == 41 ? MEANS_REFUSED : MEANS_NOTHING;
}

static struct errand_answer *answers_all(struct arena *a, const struct errand_begin_ret *what,
					 enum promise outcome, struct text reason)
{
	struct errand_answer *answers = ARENA_ARRAY(a, struct errand_answer, what->n + 1);
	for (unsigned i = 0; answers && i < what->n; i++)
		answers[i] = (struct errand_answer){
		    .coupon = what->coupons[i], .outcome = outcome, .reason = reason};
	return answers;
}

static void set_answers(const struct errand_begin_ret *what, const struct errand_answer *answers,
			struct errand_settle_cmd *ret)
{
	if (!answers)
		return; /* no memory: it stays in doubt */
	ret->result = ERRAND_ANSWERED;
	ret->trouble = TEXT_NONE;
	ret->answers = answers;
	ret->n = what->n;
}

/* A call that failed and says of a buyer that it did not is believed neither. */
static void read_done(struct arena *a, const struct errand_begin_ret *what, int64_t code,
		      struct json list, struct errand_settle_cmd *ret)
{
	struct errand_answer *answers = answers_all(a, what, PROMISE_UNKNOWN, TEXT_NONE);
	if (answers)
		read_rows(a, what, list, answers);
	for (unsigned i = 0; answers && code && i < what->n; i++)
		if (answers[i].outcome == PROMISE_SENT)
			answers[i].outcome = PROMISE_UNKNOWN;
	set_answers(what, answers, ret);
}

static void read_code_alone(struct arena *a, const struct errand_begin_ret *what, int64_t code,
			    struct json object, struct errand_settle_cmd *ret)
{
	ret->trouble = code_word(a, code);
	switch (meaning_of(code)) {
	case MEANS_LATER:
		ret->result = ERRAND_NOT_DONE;
		ret->failed = true;
		return;
	case MEANS_REFUSED:
		if (what->fresh)
			set_answers(what,
				    answers_all(a, what, PROMISE_REFUSED,
						sentence(a, object, code, TEXT_NONE)),
				    ret);
		return;
	case MEANS_DONE:
		ret->trouble = TEXT("an answer without results");
		return;
	case MEANS_NOTHING:
		return;
	}
}

static void read_object(struct arena *a, const struct errand_begin_ret *what, struct json object,
			struct errand_settle_cmd *ret)
{
	struct json inner, list;
	int64_t code;
	if (json_find(object, TEXT("response"), &inner) && inner.kind == JSON_OBJECT)
		object = inner;
	if (!read_code(a, object, &code)) {
		ret->failed = true;
		ret->trouble = TEXT("an answer without a code");
		return;
	}
	if (json_find(object, TEXT("send_results"), &list) && list.kind == JSON_LIST)
		read_done(a, what, code, list, ret);
	else
		read_code_alone(a, what, code, object, ret);
}

void provide_read(struct arena *a, const struct errand_begin_ret *what,
		  const struct dial_call *call, struct errand_settle_cmd *ret)
{
	struct json object;
	*ret = (struct errand_settle_cmd){.result = ERRAND_DOUBTFUL, .failed = true};
	if (call->outcome == DIAL_NOT_SENT)
		ret->result = ERRAND_NOT_DONE;
	if (call->outcome != DIAL_ANSWERED) {
		ret->trouble = arena_text(a, text_of(call->why));
		return;
	}
	if (call->status != 200) {
		ret->trouble = arena_format(a, "HTTP status %d", call->status);
		return;
	}
	/* What is read of it are slices of it. */
	struct text answer = arena_text(a, call->answer);
	if (!json_parse(answer, &object) || object.kind != JSON_OBJECT) {
		ret->trouble = TEXT("an answer that is no JSON object");
		return;
	}
	ret->failed = false;
	read_object(a, what, object, ret);
}
