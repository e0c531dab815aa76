/*
 * "coupon provide": the CRM asks for one coupon of a template for each of up to 50 nicks. Its
 * parameters are signed with the merchant's wjb credential; the body is {coupon_id, buyer_nicks[]}.
 * Each nick has a result of its own; refusals of the whole call have no send_results.
 *
 * A CRM that asks again must not make a second coupon: the same signed request, or another one with
 * the same signed `request_id`, gets the first answer; that id with other contents is refused.
 */
#include "dialect/wjb/wjb.h"

/* The list stays where it was sent: results repeat its entries. */
static enum fault spi_list(struct call *call, struct json *ret)
{
	bool given;
	TRY(wjb_value(call, "buyer_nicks", JSON_LIST, ret, &given));
	return given ? OK
		     : call_refuse(call, FAULT_PARAMETER_MISSING, TEXT("buyer_nicks"), TEXT_NONE);
}

static enum fault spi_decode(struct call *call, void *into)
{
	static const struct field coupon_id = {
	    .name = "coupon_id", .kind = FIELD_INT, .required = true};
	struct coupon_issue_cmd *cmd = into;
	struct text *nicks = ARENA_ARRAY(call->arena, struct text, SPI_NICKS_MAX);
	struct json list, value;
	struct text name;
	TRY(wjb_scalars(call, &coupon_id, 1, &cmd->template_id));
	TRY(spi_list(call, &list));
	if (!nicks)
		return FAULT_BUSY;
	struct json_walk walk = json_walk(list);
	while (json_next(&walk, &name, &value)) {
		if (cmd->n == SPI_NICKS_MAX)
			return call_refuse(call, FAULT_TOO_MANY, TEXT("buyer_nicks"), TEXT("50"));
		/* A bad one stays empty: the command refuses it alone. */
		enum fault fault = wjb_nick(call->arena, value, &nicks[cmd->n++]);
		if (fault == FAULT_BUSY)
			return fault;
	}
	if (cmd->n == 0)
		return call_refuse(call, FAULT_PARAMETER_MISSING, TEXT("buyer_nicks"), TEXT_NONE);
	cmd->nicks = nicks;
	wjb_request_key(call, &cmd->request);
	cmd->number = wjb_param(wjb_state(call), "request_id");
	return OK;
}

/* As it was sent where that is a text; a number as its digits. */
static void write_nick(struct writer *w, struct json sent)
{
	if (sent.kind == JSON_TEXT)
		write_raw(w, "buyer_nick", sent.raw);
	else
		write_text(w, "buyer_nick", sent.kind == JSON_NUMBER ? sent.raw : TEXT_NONE);
}

static void write_result(struct writer *w, struct call *call, struct json sent,
			 const struct coupon_issued *issued)
{
	struct wjb_error error = wjb_error_of(issued->fault);
	const char *field = error.code == 41 ? "buyer_nicks" : "coupon_id";
	write_begin(w, "");
	write_nick(w, sent);
	write_int(w, "code", error.code);
	if (issued->fault == OK)
		write_text(w, "coupon_number", issued->code);
	else
		write_text(w, "error_message",
			   arena_format(call->arena, "%s: %s", error.text, field));
	write_end(w);
}

static enum fault spi_encode(struct call *call, const void *ret)
{
	const struct coupon_issue_ret *issued = ret;
	struct json list, sent;
	struct text name;
	struct writer w;
	unsigned i = 0;
	TRY(spi_list(call, &list));
	struct json_walk walk = json_walk(list);
	writer_init(&w, &call->reply, WRITER_JSON);
	write_begin(&w, "response");
	write_int(&w, "code", 0);
	write_begin_list(&w, "send_results", "coupon_result");
	for (; i < issued->n && json_next(&walk, &name, &sent); i++)
		write_result(&w, call, sent, &issued->results[i]);
	write_end(&w);
	write_end(&w);
	writer_finish(&w);
	return call->arena->full ? FAULT_BUSY : OK;
}

/* clang-format off */
static const struct method methods[] = {
	{"coupon.provide", COMMAND_coupon_issue, sizeof(struct coupon_issue_cmd), sizeof(struct coupon_issue_ret), spi_decode, spi_encode, false, false, false},
};
/* clang-format on */

const struct dialect_row dialect_wjb_spi = {
    .dialect = DIALECT_WJB,
    .name = "wjb-spi",
    .identify = wjb_identify_spi,
    .face = wjb_face,
    .methods = methods,
    .method_count = COUNT_OF(methods),
};
