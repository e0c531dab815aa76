/* Providers, and the calls to them. */
#include "dialect/native/native.h"

struct errand_in {
	struct text request_no;
};
struct errand_page_in {
	struct text cursor;
	uint64_t limit, which;
};

#define ROW struct errand_in
static const struct field number_fields[] = {NATIVE_NUMBER(FIELD_OF)};
#undef ROW
#define ROW struct native_page
static const struct field page_fields[] = {NATIVE_PAGE(FIELD_OF)};
#undef ROW
#define ROW struct errand_page_in
static const struct field errand_page_fields[] = {NATIVE_ERRAND_PAGE(FIELD_OF)};
#undef ROW

/* What public_id adds. */
static const uint64_t ID_BASE = UINT64_C(100000000000000000);

static enum fault read_id(struct call *call, uint64_t *ret)
{
	const struct native_state *s = call->state;
	bool is_id = s->id.size == PUBLIC_ID_SIZE && text_to_uint64(s->id, ret) && *ret > ID_BASE;
	if (!is_id)
		return call_refuse(call, FAULT_ERRAND_UNKNOWN, TEXT("errand_id"), TEXT_NONE);
	*ret -= ID_BASE;
	return OK;
}

enum fault native_decode_provider_page(struct call *call, void *into)
{
	struct provider_list_cmd *cmd = into;
	struct native_page page = {0};
	TRY(native_query(call, FIELD_ROWS(page_fields, &page)));
	return native_page(call, &page, &cmd->from, &cmd->n);
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
	struct errand_in in = {0};
	TRY(read_id(call, &cmd->id));
	TRY(native_body(call, FIELD_ROWS(number_fields, &in)));
	return native_number(call, in.request_no, &call->request_number);
}
