/*
 * /router/batch: several calls in one body, joined by a separator; the replies come back joined by
 * the same, in order. The envelope is checked once, over the URL's parameters and the raw body.
 *
 *     #PUBLIC#method=M&session=S  SEP  query_d_t_o=...  SEP  N  SEP  ...
 *
 * A call is a query string, `N` when it has no parameters. What it does not say is taken from
 * #PUBLIC#, then from the URL. format and simplify are the batch's. A call that fails has its
 * error_response in its place; the others go on.
 */
#include "dialect/top/top.h"

static struct text separator_of(const struct call *call)
{
	struct text given = http_header_get(call->request, TEXT("top-api-separator"));
	return given.size ? given : TEXT("\r\n-S-\r\n");
}

/* Cuts the next call off. An empty end of the body is no call. */
static bool next_call(struct text *rest, struct text separator, struct text *ret_call)
{
	if (rest->size == 0)
		return false;
	const char *at = memmem(rest->data, rest->size, separator.data, separator.size);
	size_t size = at ? (size_t)(at - rest->data) : rest->size;
	*ret_call = (struct text){rest->data, size};
	size += at ? separator.size : 0;
	*rest = (struct text){rest->data + size, rest->size - size};
	return true;
}

static bool parse_call(struct arena *a, struct text text, struct form *into)
{
	if (text_equal(text, TEXT("N")))
		return true;
	if (!form_parse(a, text, into))
		return false;
	for (unsigned i = 0; i < into->count; i++)
		if (!text_is_utf8(into->fields[i].name) || !text_is_utf8(into->fields[i].value))
			return false;
	return true;
}

enum fault top_decode_batch(struct call *call, void *cmd)
{
	(void)cmd;
	struct top *top = call->state;
	const struct text mark = TEXT("#PUBLIC#");
	struct text rest = top->document, one;
	top->separator = separator_of(call);
	if (text_starts_with(rest, mark) && next_call(&rest, top->separator, &one)) {
		one = (struct text){one.data + mark.size, one.size - mark.size};
		if (!parse_call(call->arena, one, &top->common))
			return FAULT_ENCODING_INVALID;
	}
	top->calls = rest;
	unsigned n = 0;
	while (n <= TOP_BATCH_MAX && next_call(&rest, top->separator, &one))
		n++;
	if (n == 0)
		return call_refuse(call, FAULT_PARAMETER_MISSING, TEXT("body"), TEXT_NONE);
	if (n > TOP_BATCH_MAX)
		return call_refuse(call, FAULT_PARAMETER_INVALID, TEXT("body"), TEXT_NONE);
	return OK;
}

static enum fault run_method(struct call *call, const struct method *method)
{
	void *ret = arena_take_zeroed(call->arena, method->ret_size);
	call->cmd = arena_take_zeroed(call->arena, method->cmd_size);
	if (!call->cmd || !ret)
		return FAULT_BUSY;
	TRY(method->decode(call, call->cmd));
	TRY(call_read(call, (enum command)method->command, call->cmd, ret));
	return method->encode(call, ret);
}

static enum fault run_call(struct call *call, struct text text)
{
	struct top *top = call->state;
	const struct method *method;
	top->own = (struct form){0};
	if (!parse_call(call->arena, text, &top->own))
		return FAULT_ENCODING_INVALID;
	TRY(top_find_method(top_parameter(top, TEXT("method")), &method));
	TRY(top_check_session(call, top_parameter(top, TEXT("session")),
			      call->actor.credential->require_session));
	return run_method(call, method);
}

/* Each call's reply is written behind the last one; a full buffer refuses the whole batch. */
enum fault top_encode_batch(struct call *call, const void *ret)
{
	(void)ret;
	struct top *top = call->state;
	struct text rest = top->calls, one;
	top->layers[0] = &top->own;
	top->layers[1] = &top->common;
	top->layers[2] = &top->form;
	top->layer_count = 3;
	while (next_call(&rest, top->separator, &one)) {
		if (call->reply.size)
			buffer_text(&call->reply, top->separator);
		call->detail = (struct detail){0};
		enum fault fault = run_call(call, one);
		if (fault != OK)
			top_write_error(call, fault);
		if (call->reply.full)
			return FAULT_ANSWER_TOO_LARGE;
	}
	call->content_type = top_content_type(top);
	return OK;
}
