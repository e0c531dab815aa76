/*
 * Customers and departments.
 */
#include "dialect/native/native.h"

struct customer_in {
	struct customer c;
	struct text request_no, into;
};
struct department_in {
	struct department d;
	struct text request_no;
};
#define ROW struct customer_in
static const struct field customer_fields[] = {NATIVE_CUSTOMER_SAVE(FIELD_OF)};
static const struct field merge_fields[] = {NATIVE_MERGE(FIELD_OF)};
static const struct field number_fields[] = {NATIVE_NUMBER(FIELD_OF)};
#undef ROW
#define ROW struct department_in
static const struct field department_fields[] = {NATIVE_DEPARTMENT_SAVE(FIELD_OF)};
#undef ROW
#define ROW struct native_page
static const struct field page_fields[] = {NATIVE_PAGE(FIELD_OF)};
#undef ROW
enum fault native_read_page(struct call *call, uint64_t *ret_from, unsigned *ret_n)
{
	struct native_page page = {0};
	TRY(native_query(call, FIELD_ROWS(page_fields, &page)));
	return native_page(call, &page, ret_from, ret_n);
}

enum fault native_only_number(struct call *call)
{
	struct customer_in in = {0};
	TRY(native_body(call, FIELD_ROWS(number_fields, &in)));
	return native_number(call, in.request_no, &call->request_number);
}

bool native_fits_name(struct text t)
{
	return t.size && text_is_clean(t) && text_length(t) <= NAME_LENGTH_MAX;
}

/* --- customers --- */

enum fault native_customer_id(struct call *call, struct text *ret)
{
	const struct native_state *s = call->state;
	*ret = s->id;
	return native_fits_name(s->id)
		   ? OK
		   : call_refuse(call, FAULT_CUSTOMER_UNKNOWN, TEXT("customer_id"), TEXT_NONE);
}

enum fault native_decode_customer_id(struct call *call, void *into)
{
	struct customer_get_cmd *cmd = into;
	TRY(native_decode_nothing(call, NULL));
	return native_customer_id(call, &cmd->customer.customer_id);
}

enum fault native_decode_customer_page(struct call *call, void *into)
{
	struct customer_list_cmd *cmd = into;
	return native_read_page(call, &cmd->from, &cmd->n);
}

static enum fault save_customer(struct call *call, struct text id, struct customer_save_cmd *cmd)
{
	struct customer_in in = {0};
	TRY(native_body(call, FIELD_ROWS(customer_fields, &in)));
	TRY(native_phone(call, "", in.c.phone));
	struct text given = in.c.customer_id;
	if (id.size && given.size && !text_equal(id, given))
		return native_invalid(call, "customer_id");
	if (id.size)
		in.c.customer_id = id;
	cmd->customer = in.c;
	const struct customer *c = &cmd->customer;
	if (!c->customer_id.size && !c->code.size && !c->name.size && !c->source_code.size &&
	    !c->nick.size && !c->phone.size && !c->card_no.size)
		return call_refuse(call, FAULT_PARAMETER_MISSING, TEXT("customer_id"), TEXT_NONE);
	return native_number(call, in.request_no, &call->request_number);
}

enum fault native_decode_customer_save(struct call *call, void *into)
{
	return save_customer(call, TEXT_NONE, into);
}

enum fault native_decode_customer_put(struct call *call, void *into)
{
	const struct native_state *s = call->state;
	if (!native_fits_name(s->id))
		return native_invalid(call, "customer_id");
	return save_customer(call, s->id, into);
}

enum fault native_decode_customer_merge(struct call *call, void *into)
{
	struct customer_merge_cmd *cmd = into;
	struct customer_in in = {0};
	TRY(native_body(call, FIELD_ROWS(merge_fields, &in)));
	TRY(native_customer_id(call, &cmd->from));
	cmd->into = in.into;
	return native_number(call, in.request_no, &call->request_number);
}

enum fault native_decode_customer_erase(struct call *call, void *into)
{
	struct customer_erase_cmd *cmd = into;
	TRY(native_customer_id(call, &cmd->customer_id));
	return native_only_number(call);
}

/* --- departments --- */

enum fault native_decode_department_page(struct call *call, void *into)
{
	struct department_list_cmd *cmd = into;
	return native_read_page(call, &cmd->from, &cmd->n);
}

enum fault native_decode_department_save(struct call *call, void *into)
{
	struct department_save_cmd *cmd = into;
	struct department_in in = {0};
	TRY(native_body(call, FIELD_ROWS(department_fields, &in)));
	cmd->department = in.d;
	return native_number(call, in.request_no, &call->request_number);
}
