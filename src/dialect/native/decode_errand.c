/* Providers, and the calls to them. */
#include "dialect/native/native.h"

struct errand_page_in {
	struct text cursor;
	uint64_t limit, which;
};

#define ROW struct errand_page_in
static const struct field errand_page_fields[] = {NATIVE_ERRAND_PAGE(FIELD_OF)};
#undef ROW

static enum fault read_id(struct call *call, uint64_t *ret)
{
	const struct native_state *s = call->state;
	return public_id_read(s->id, ret)
		   ? OK
		   : call_refuse(call, FAULT_ERRAND_UNKNOWN, TEXT("errand_id"), TEXT_NONE);
}

enum fault native_decode_provider_page(struct call *call, void *into)
{
	struct provider_list_cmd *cmd = into;
	return native_read_page(call, &cmd->from, &cmd->n);
}

enum fault native_decode_errand_page(struct call *call, void *into)
{
	struct errand_list_cmd *cmd = into;
	struct errand_page_in in = {0};
	TRY(native_query(call, FIELD_ROWS(errand_page_fields, &in)));
	struct native_page page = {in.cursor, in.limit};
	cmd->unknown = in.which > 0;
	return native_page(call, &page, &cmd->from, &cmd->n);
}

enum fault native_decode_errand_id(struct call *call, void *into)
{
	struct errand_get_cmd *cmd = into;
	TRY(native_decode_nothing(call, NULL));
	return read_id(call, &cmd->id);
}

enum fault native_decode_errand_ask(struct call *call, void *into)
{
	struct errand_ask_cmd *cmd = into;
	TRY(read_id(call, &cmd->id));
	return native_only_number(call);
}
