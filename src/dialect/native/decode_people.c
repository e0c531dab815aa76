/*
 * Customers, departments, campaigns. Campaigns go by their source code;
 * commands that want another name of one look it up first. One that is not there is left to the
 * handler then, for it may be the repeat of a call that made it so.
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
struct campaign_in {
	struct campaign c;
	struct json departments;
	struct text request_no;
};
struct audience_in {
	struct json nicks, customers;
	struct instant registered_at;
	struct text information, request_no;
};
struct audience_page_in {
	struct text cursor;
	uint64_t limit, mark;
};

#define ROW struct customer_in
static const struct field customer_fields[] = {NATIVE_CUSTOMER_SAVE(FIELD_OF)};
static const struct field merge_fields[] = {NATIVE_MERGE(FIELD_OF)};
static const struct field number_fields[] = {NATIVE_NUMBER(FIELD_OF)};
#undef ROW
#define ROW struct department_in
static const struct field department_fields[] = {NATIVE_DEPARTMENT_SAVE(FIELD_OF)};
#undef ROW
#define ROW struct campaign_in
static const struct field campaign_fields[] = {NATIVE_CAMPAIGN_SAVE(FIELD_OF)};
#undef ROW
#define ROW struct audience_in
static const struct field target_fields[] = {NATIVE_TARGETS(FIELD_OF)};
static const struct field invite_fields[] = {NATIVE_INVITE(FIELD_OF)};
static const struct field register_fields[] = {NATIVE_REGISTER(FIELD_OF)};
#undef ROW
#define ROW struct native_page
static const struct field page_fields[] = {NATIVE_PAGE(FIELD_OF)};
#undef ROW
#define ROW struct audience_page_in
static const struct field audience_page_fields[] = {NATIVE_AUDIENCE_PAGE(FIELD_OF)};
#undef ROW

/* The rows of a list. */
static enum fault read_page(struct call *call, uint64_t *ret_from, unsigned *ret_n)
{
	struct native_page page = {0};
	TRY(native_query(call, FIELD_ROWS(page_fields, &page)));
	return native_page(call, &page, ret_from, ret_n);
}

/* A body that has nothing but a request number. */
static enum fault read_number(struct call *call)
{
	struct customer_in in = {0};
	TRY(native_body(call, FIELD_ROWS(number_fields, &in)));
	return native_number(call, in.request_no, &call->request_number);
}

static bool fits_name(struct text t)
{
	return t.size && text_is_clean(t) && text_length(t) <= NAME_LENGTH_MAX;
}

/* --- customers --- */

enum fault native_customer_id(struct call *call, struct text *ret)
{
	const struct native_state *s = call->state;
	*ret = s->id;
	return fits_name(s->id)
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
	return read_page(call, &cmd->from, &cmd->n);
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
	if (!fits_name(s->id))
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
	return read_number(call);
}

/* --- departments --- */

enum fault native_decode_department_page(struct call *call, void *into)
{
	struct department_list_cmd *cmd = into;
	return read_page(call, &cmd->from, &cmd->n);
}

enum fault native_decode_department_save(struct call *call, void *into)
{
	struct department_save_cmd *cmd = into;
	struct department_in in = {0};
	TRY(native_body(call, FIELD_ROWS(department_fields, &in)));
	cmd->department = in.d;
	return native_number(call, in.request_no, &call->request_number);
}

/* --- campaigns --- */

static enum fault path_campaign(struct call *call, struct text *ret)
{
	struct native_state *s = call->state;
	*ret = s->source_code = s->id;
	return fits_name(s->id)
		   ? OK
		   : call_refuse(call, FAULT_CAMPAIGN_UNKNOWN, TEXT("source_code"), TEXT_NONE);
}

/* The campaign of the path; one that is not there: zeroes. */
static enum fault find_campaign(struct call *call, struct campaign *ret)
{
	struct campaign_query_cmd cmd = {0};
	struct campaign_query_ret got = {0};
	*ret = (struct campaign){0};
	TRY(path_campaign(call, &cmd.source_code));
	TRY(call_read(call, COMMAND_campaign_query, &cmd, &got));
	if (got.n)
		*ret = got.rows[0];
	return OK;
}

enum fault native_decode_campaign_get(struct call *call, void *into)
{
	struct campaign_query_cmd *cmd = into;
	TRY(native_decode_nothing(call, NULL));
	return path_campaign(call, &cmd->source_code);
}

enum fault native_decode_campaign_page(struct call *call, void *into)
{
	struct campaign_list_cmd *cmd = into;
	cmd->all = cmd->oldest_first = true;
	return read_page(call, &cmd->skip, &cmd->n);
}

static enum fault read_references(struct call *call, struct json list, const char *path,
				  unsigned max, struct references *ret)
{
	struct texts items;
	struct text *kept;
	TRY(native_texts(call, list, path, max, &items));
	*ret = (struct references){0};
	kept = ARENA_ARRAY(call->arena, struct text, items.n + 1);
	if (!kept)
		return FAULT_BUSY;
	for (unsigned i = 0; i < items.n; i++) {
		struct text item = text_trim(items.of[i]);
		bool repeated = !item.size;
		for (unsigned j = 0; j < ret->n && !repeated; j++)
			repeated = text_equal(kept[j], item);
		if (!repeated)
			kept[ret->n++] = item;
	}
	ret->items = kept;
	ret->kind = ret->n ? REFERENCE_ID : REFERENCE_NONE;
	return OK;
}

static enum fault save_campaign(struct call *call, struct text source_code,
				struct campaign_save_cmd *cmd)
{
	struct native_state *s = call->state;
	struct campaign_in in = {0};
	TRY(native_body(call, FIELD_ROWS(campaign_fields, &in)));
	struct text given = in.c.source_code;
	if (source_code.size && given.size && !text_equal(source_code, given))
		return native_invalid(call, "source_code");
	s->source_code = source_code.size ? source_code : given;
	if (!s->source_code.size)
		return call_refuse(call, FAULT_PARAMETER_MISSING, TEXT("source_code"), TEXT_NONE);
	*cmd = (struct campaign_save_cmd){.source_code = s->source_code,
					  .code = in.c.code,
					  .name = in.c.name,
					  .type_code = in.c.type_code,
					  .register_url = in.c.register_url,
					  .information = in.c.information,
					  .status = in.c.status ? in.c.status : DEFAULT_STATUS,
					  .begin = in.c.begin,
					  .end = in.c.end,
					  .maker = MAKER_NATIVE};
	if (in.departments.kind != JSON_NULL)
		TRY(read_references(call, in.departments, "departments", DEPARTMENTS_MAX,
				    &cmd->departments));
	return native_number(call, in.request_no, &call->request_number);
}

enum fault native_decode_campaign_save(struct call *call, void *into)
{
	return save_campaign(call, TEXT_NONE, into);
}

enum fault native_decode_campaign_put(struct call *call, void *into)
{
	const struct native_state *s = call->state;
	if (!fits_name(s->id))
		return native_invalid(call, "source_code");
	return save_campaign(call, s->id, into);
}

enum fault native_decode_campaign_delete(struct call *call, void *into)
{
	struct campaign_delete_cmd *cmd = into;
	struct campaign campaign;
	TRY(find_campaign(call, &campaign));
	cmd->activity_id = campaign.activity_id;
	return read_number(call);
}

/* --- audiences --- */

enum fault native_decode_audience_page(struct call *call, void *into)
{
	struct audience_page_cmd *cmd = into;
	struct audience_page_in in = {0};
	struct campaign campaign;
	TRY(native_query(call, FIELD_ROWS(audience_page_fields, &in)));
	TRY(find_campaign(call, &campaign));
	if (!campaign.number)
		return call_refuse(call, FAULT_CAMPAIGN_UNKNOWN, TEXT("source_code"), TEXT_NONE);
	cmd->campaign = campaign.number;
	cmd->cover = campaign.cover;
	cmd->mark = (enum mark)in.mark;
	struct native_page page = {in.cursor, in.limit};
	return native_page(call, &page, &cmd->from, &cmd->n);
}

enum fault native_decode_targets_add(struct call *call, void *into)
{
	struct audience_add_cmd *cmd = into;
	struct audience_in in = {0};
	struct campaign campaign;
	struct texts nicks;
	TRY(native_body(call, FIELD_ROWS(target_fields, &in)));
	TRY(native_texts(call, in.nicks, "nicks", TARGETS_MAX, &nicks));
	if (!nicks.n)
		return call_refuse(call, FAULT_PARAMETER_MISSING, TEXT("nicks"), TEXT_NONE);
	TRY(find_campaign(call, &campaign));
	cmd->activity_id = campaign.activity_id;
	cmd->nicks = nicks.of;
	cmd->n = nicks.n;
	return native_number(call, in.request_no, &call->request_number);
}

enum fault native_decode_targets_clear(struct call *call, void *into)
{
	struct audience_clear_cmd *cmd = into;
	struct campaign campaign;
	TRY(find_campaign(call, &campaign));
	cmd->activity_id = campaign.activity_id;
	return read_number(call);
}

enum fault native_decode_invite(struct call *call, void *into)
{
	struct audience_invite_cmd *cmd = into;
	struct audience_in in = {0};
	struct campaign campaign;
	TRY(native_body(call, FIELD_ROWS(invite_fields, &in)));
	TRY(read_references(call, in.customers, "customers", PEOPLE_MAX, &cmd->customers));
	if (!cmd->customers.n)
		return call_refuse(call, FAULT_PARAMETER_MISSING, TEXT("customers"), TEXT_NONE);
	TRY(find_campaign(call, &campaign));
	cmd->activity_id = campaign.activity_id;
	return native_number(call, in.request_no, &call->request_number);
}

enum fault native_decode_register(struct call *call, void *into)
{
	struct audience_register_cmd *cmd = into;
	struct audience_in in = {0};
	struct campaign campaign;
	TRY(native_body(call, FIELD_ROWS(register_fields, &in)));
	TRY(read_references(call, in.customers, "customers", PEOPLE_MAX, &cmd->customers));
	if (!cmd->customers.n)
		return call_refuse(call, FAULT_PARAMETER_MISSING, TEXT("customers"), TEXT_NONE);
	TRY(find_campaign(call, &campaign));
	TRY(path_campaign(call, &cmd->campaign_source_code));
	cmd->campaign_code = campaign.code;
	cmd->registered_at = in.registered_at;
	cmd->information = in.information;
	return native_number(call, in.request_no, &call->request_number);
}
