/*
 * One request on the way of serve/call.c: identify, decode, (no store), encode, face. The request
 * is read twice: with the mark where the signature belongs, to learn what has to be signed, and
 * with the signature in its place.
 */
#include "fuzz/lib/caller.h"

#include "base/crypto.h"
#include "store/tx.h"

/* --- what dialects ask --- */

static struct credential credential;
static const struct merchant merchant = {.number = 70000, .name = TEXT("demo \"shop\"")};
static struct hmac_key macs[DIGEST_SHA256 + 1];
static struct env env;

enum fault call_refuse(struct call *call, enum fault fault, struct text field, struct text value)
{
	call->detail.field = field;
	call->detail.value = value;
	return fault;
}

enum fault call_actor_any(struct call *call, enum dialect dialect, struct text name)
{
	must(dialect == call->dialect->dialect && !call->actor.credential);
	must(name.size > 0 && name.size <= 4 * NAME_LENGTH_MAX); /* fits the store's keys */
	text_touch(name);
	if (text_equal(name, TEXT("unknown")))
		return FAULT_KEY_UNKNOWN;
	call->actor = (struct actor){&credential, &merchant, macs};
	return OK;
}

enum fault call_trusted(struct call *call)
{
	must(call->actor.credential);
	return OK;
}

enum fault call_actor(struct call *call, enum dialect dialect, struct text name)
{
	TRY(call_actor_any(call, dialect, name));
	return call_trusted(call);
}

/* Ten years, so that most mutations of a timestamp stay fresh. */
enum fault call_fresh(struct call *call, struct instant t, unsigned default_s)
{
	const int64_t most = INT64_C(10) * 366 * 24 * 3600 * 1000;
	int64_t apart = call->now.ms - t.ms;
	must(default_s > 0);
	return apart <= most && apart >= -most ? OK : FAULT_TIMESTAMP_STALE;
}

static void check_command(const struct call *call, unsigned command, const void *cmd)
{
	if (call->dialect->dialect == DIALECT_NATIVE)
		native_command_check(command, cmd);
	else
		command_check(command, cmd);
}

static void answer_command(struct call *call, unsigned command, const void *cmd, void *ret)
{
	if (call->dialect->dialect == DIALECT_NATIVE)
		native_command_answer(call->arena, command, cmd, ret);
	else
		command_answer(call->arena, command, cmd, ret);
}

enum fault call_read(struct call *call, enum command command, const void *cmd, void *ret)
{
	check_command(call, command, cmd);
	answer_command(call, command, cmd, ret);
	return call->arena->full ? FAULT_BUSY : OK;
}

void call_renew(struct call *call)
{
	(void)call;
}

const struct method *dialect_method(const struct dialect_row *dialect, struct text name)
{
	for (unsigned i = 0; i < dialect->method_count; i++)
		if (text_equal(name, text_of(dialect->methods[i].name)))
			return &dialect->methods[i];
	return NULL;
}

/* --- text -> request --- */

struct attempt {
	struct text bytes; /* the request as text */
	struct http_request request;
	struct http_header headers[HEADER_COUNT_MAX];
	struct arena arena;
	struct call call;
};

static struct text line_next(struct text *rest)
{
	struct text line = text_cut(rest, '\n');
	if (line.size && line.data[line.size - 1] == '\r')
		line.size--;
	return line;
}

static void request_line_read(struct text line, struct http_request *r)
{
	struct text verb = text_cut(&line, ' ');
	static const struct {
		struct text name;
		enum http_verb verb;
	} verbs[] = {{TEXT("GET"), HTTP_GET},	    {TEXT("POST"), HTTP_POST},
		     {TEXT("PUT"), HTTP_PUT},	    {TEXT("PATCH"), HTTP_PATCH},
		     {TEXT("DELETE"), HTTP_DELETE}, {TEXT("HEAD"), HTTP_HEAD}};
	r->verb = HTTP_OTHER;
	for (size_t i = 0; i < COUNT_OF(verbs); i++)
		if (text_equal(verb, verbs[i].name))
			r->verb = verbs[i].verb;
	r->target = r->query = text_cut(&line, ' ');
	r->path = text_cut(&r->query, '?');
}

static void request_read(struct attempt *a)
{
	struct text rest = a->bytes, line;
	struct http_request *r = &a->request;
	*r = (struct http_request){.headers = a->headers, .peer = TEXT("127.0.0.1")};
	request_line_read(line_next(&rest), r);
	while (rest.data && (line = line_next(&rest)).size) {
		struct http_header h = {.name = text_cut(&line, ':'), .value = text_trim(line)};
		if (r->header_count < HEADER_COUNT_MAX)
			a->headers[r->header_count++] = h;
	}
	r->body = rest;
	r->host = http_header_get(r, TEXT("host"));
}

static uint64_t header_number(const struct http_request *r, struct text name, uint64_t otherwise)
{
	uint64_t number;
	return text_to_uint64(http_header_get(r, name), &number) ? number : otherwise;
}

/* --- one attempt --- */

static void call_init(struct attempt *a, const struct dialect_row *dialect)
{
	const struct http_request *r = &a->request;
	arena_init(&a->arena,
		   header_number(r, TEXT("arena"), CALL_BYTES_MAX) % (CALL_BYTES_MAX + 1));
	a->call = (struct call){
	    .request = r,
	    .arena = &a->arena,
	    .dialect = dialect,
	    .env = &env,
	    .status = 200,
	    .content_type = TEXT("application/json;charset=UTF-8"),
	};
	must(moment_parse_second(TEXT("2024-01-15 12:00:00"), &a->call.now));
	buffer_init(&a->call.reply, REPLY_BYTES_MAX);
	bool typed = header_number(r, TEXT("typed"), 0) != 0;
	env = (struct env){
	    .now = a->call.now, .instant = a->call.now, .epoch = 1, .arena = &a->arena};
	credential = (struct credential){
	    .dialect = dialect->dialect,
	    .name = TEXT("app"),
	    .owner = 70000,
	    .secret = TEXT("secret"),
	    .token = TEXT("token"),
	    .sign_mode = header_number(r, TEXT("mode"), 0),
	    .scopes = header_number(r, TEXT("scopes"), 0),
	    .typed = typed,
	    .require_session = typed,
	};
	for (enum digest d = 0; d < COUNT_OF(macs); d++)
		hmac_key_make(d, credential.secret, &macs[d]);
}

/* `bytes` is malloced and is the attempt's from now on. */
static enum fault attempt_begin(struct attempt *a, const struct caller *caller, struct text bytes)
{
	memset(a, 0, sizeof(*a));
	a->bytes = bytes;
	request_read(a);
	call_init(a, caller->dialect);
	return caller->dialect->identify(&a->call);
}

static void attempt_end(struct attempt *a)
{
	buffer_release(&a->call.reply);
	arena_release(&a->arena);
	free((void *)(uintptr_t)a->bytes.data);
}

/* --- the signature --- */

static struct text copy_of(struct text t)
{
	char *copy = malloc(t.size ? t.size : 1);
	must(copy);
	if (t.size)
		memcpy(copy, t.data, t.size);
	return (struct text){copy, t.size};
}

/* The request with `sign` in the place of the mark. */
static struct text signed_bytes(struct text bytes, struct text mark, struct text sign)
{
	size_t before = (size_t)(mark.data - bytes.data), after = before + mark.size;
	char *copy = malloc(bytes.size + sign.size);
	must(copy);
	memcpy(copy, bytes.data, before);
	memcpy(copy + before, sign.data, sign.size);
	memcpy(copy + before + sign.size, bytes.data + after, bytes.size - after);
	return (struct text){copy, bytes.size - mark.size + sign.size};
}

/* A right signature is taken; with one letter changed it is not. */
static enum fault attempt_again(struct attempt *a, const struct caller *caller, struct text mark,
				struct text right)
{
	char bent[SIGN_SIZE_MAX];
	must(right.size > 0 && right.size <= sizeof(bent));
	memcpy(bent, right.data, right.size);
	bent[0] = bent[0] == '0' ? '1' : '0';
	struct text good = signed_bytes(a->bytes, mark, right);
	struct text bad = signed_bytes(a->bytes, mark, (struct text){bent, right.size});
	struct text given;
	attempt_end(a);
	enum fault refused = attempt_begin(a, caller, bad);
	attempt_end(a);
	enum fault fault = attempt_begin(a, caller, good);
	bool is_right = caller->signature(&a->call, &given, &right) && text_equal(given, right);
	if (is_right && !a->arena.full) {
		must(fault != FAULT_SIGNATURE_WRONG);
		must(refused == FAULT_SIGNATURE_WRONG);
	}
	return fault;
}

static enum fault identify_signed(struct attempt *a, const struct caller *caller, struct text bytes)
{
	struct text given, right;
	enum fault fault = attempt_begin(a, caller, copy_of(bytes));
	if (fault == OK)
		must(a->call.method && a->call.actor.credential);
	if (fault != FAULT_SIGNATURE_WRONG || !caller->signature(&a->call, &given, &right) ||
	    !text_equal(given, SIGN_MARK) || !text_within(given, a->bytes))
		return fault;
	char memory[SIGN_SIZE_MAX];
	must(right.size <= sizeof(memory));
	memcpy(memory, right.data, right.size);
	return attempt_again(a, caller, given, (struct text){memory, right.size});
}

/* --- the rest of the way --- */

static enum fault decode(struct call *call, const struct caller *caller)
{
	const struct method *method = call->method;
	call->cmd = arena_take_zeroed(call->arena, method->cmd_size ? method->cmd_size : 1);
	call->ret = arena_take_zeroed(call->arena, method->ret_size ? method->ret_size : 1);
	if (!call->cmd || !call->ret)
		return FAULT_BUSY;
	if (method->decode)
		TRY(method->decode(call, call->cmd));
	check_command(call, method->command, call->cmd);
	if (caller->decoded)
		caller->decoded(call);
	return OK;
}

static enum fault encode(struct call *call)
{
	answer_command(call, call->method->command, call->cmd, call->ret);
	if (call->arena->full)
		return FAULT_BUSY;
	buffer_clear(&call->reply);
	TRY(call->method->encode(call, call->ret));
	reply_check(call);
	return OK;
}

/* A refusal of a field says which; its text can stand in any reply. */
static void refusal_check(const struct call *call, enum fault fault)
{
	must(fault > OK && fault < FAULT_COUNT);
	text_touch(call->detail.value);
	if (fault == FAULT_PARAMETER_MISSING || fault == FAULT_PARAMETER_TOO_LONG ||
	    fault == FAULT_PARAMETER_INVALID || fault == FAULT_TOO_MANY)
		must(call->detail.field.size > 0 || call->arena->full);
	must(text_is_clean(call->detail.field) && call->detail.field.size <= NAME_LENGTH_MAX);
}

static void face(struct call *call, enum fault fault)
{
	buffer_clear(&call->reply);
	call->status = 200;
	call->content_type = TEXT("application/json;charset=UTF-8");
	call->dialect->face(call, fault);
	must(call->reply.size > 0);
	reply_check(call);
}

#define LONG "优惠券优惠券优惠券优惠券优惠券优惠券优惠券"
/* As if the domain had refused, with each fault there is in turn. */
static void face_of_domain(struct call *call, size_t turn)
{
	static const struct detail details[] = {
	    {TEXT_NONE, TEXT_NONE},
	    {TEXT("template_id"), TEXT("18446744073709551615")},
	    {TEXT("customers"), TEXT("<\"优惠\"&'\\>\t\r\n\x7f")},
	    {TEXT("object"), TEXT_NONE},
	    {TEXT("departments"), TEXT(LONG LONG LONG LONG)},
	};
	call->detail = details[turn % COUNT_OF(details)];
	face(call, (enum fault)(1 + turn % (FAULT_COUNT - 1)));
}

void caller_run(const struct caller *caller, const uint8_t *data, size_t size)
{
	static struct attempt a;
	enum fault fault = identify_signed(&a, caller, (struct text){(const char *)data, size});
	if (fault == OK)
		fault = decode(&a.call, caller);
	if (fault == OK)
		fault = encode(&a.call);
	if (fault != OK) {
		refusal_check(&a.call, fault);
		face(&a.call, fault);
	}
	face_of_domain(&a.call, size);
	attempt_end(&a);
}
