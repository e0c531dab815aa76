/*
 * The body of a call -> the command. Strict JSON first; what fails is given to the tolerant reader,
 * because the vendor's own sample has a number with leading zeros and a public client sends single
 * quotes.
 */
#include "dialect/waiqin/waiqin.h"
#include "dialect/waiqin/fields.tbl.h"

struct save_fields {
	struct campaign_save_cmd cmd;
	struct text departments[4]; /* in order of precedence */
};
struct register_fields {
	struct audience_register_cmd cmd;
	struct text customers[3]; /* in order of precedence */
};

#define F(wire, to, how, bound, presence)       \
	{.name = #wire,                         \
	 .member = offsetof(struct OBJECT, to), \
	 .kind = FIELD_##how,                   \
	 .max = bound,                          \
	 .required = presence},
#define OBJECT save_fields
static const struct field save_fields[] = {WAIQIN_SAVE_FIELDS(F)};
#undef OBJECT
#define OBJECT register_fields
static const struct field register_fields[] = {WAIQIN_REGISTER_FIELDS(F)};
#undef OBJECT
#define OBJECT campaign_query_cmd
static const struct field query_fields[] = {WAIQIN_QUERY_FIELDS(F)};
#undef OBJECT
#undef F

/* One way to name departments or customers. */
struct naming {
	const char *field;
	enum reference kind;
};
static const struct naming department_namings[] = {
    {"dept_id", REFERENCE_ID},
    {"dept_code", REFERENCE_CODE},
    {"dept_name", REFERENCE_NAME},
    {"dept_source_code", REFERENCE_SOURCE},
};
static const struct naming customer_namings[] = {
    {"cm_ids", REFERENCE_ID},
    {"cm_codes", REFERENCE_CODE},
    {"cm_names", REFERENCE_NAME},
};

static enum fault decode_body(struct call *call, const struct field *fields, size_t n, void *into)
{
	struct text body = call->request->body;
	struct json object;
	if (!json_parse(body, &object) && !json_parse_tolerant(call->arena, body, &object))
		return call->arena->full ? FAULT_BUSY : FAULT_BODY_INVALID;
	if (object.kind != JSON_OBJECT)
		return FAULT_BODY_INVALID;
	return decode_fields(call, &(struct field_source){.object = &object}, "", fields, n, into);
}

/* The first list that names something; one of separators alone counts as empty. */
static enum fault decode_references(struct call *call, const struct naming *namings,
				    const struct text *lists, size_t n, unsigned max,
				    struct references *ret, const char **ret_field)
{
	for (size_t i = 0; i < n; i++) {
		const struct text *items = NULL;
		unsigned count = 0;
		enum fault fault = decode_items(call, lists[i], true, max, &items, &count);
		if (fault != OK)
			return call_refuse(call, fault, text_of(namings[i].field), TEXT_NONE);
		if (!count)
			continue;
		*ret = (struct references){namings[i].kind, items, count};
		*ret_field = namings[i].field;
		return OK;
	}
	return OK;
}

enum fault waiqin_decode_save(struct call *call, void *cmd)
{
	struct waiqin_state *s = call->state;
	struct save_fields in = {0};
	TRY(decode_body(call, save_fields, COUNT_OF(save_fields), &in));
	if (in.cmd.status == 0)
		return call_refuse(call, FAULT_PARAMETER_INVALID, TEXT("event_status"), TEXT_NONE);
	if (in.cmd.end.ms < in.cmd.begin.ms)
		return call_refuse(call, FAULT_PARAMETER_INVALID, TEXT("end_date"), TEXT_NONE);
	TRY(decode_references(call, department_namings, in.departments, COUNT_OF(in.departments),
			      DEPARTMENTS_MAX, &in.cmd.departments, &s->departments));
	in.cmd.maker = MAKER_WAIQIN;
	*(struct campaign_save_cmd *)cmd = in.cmd;
	return OK;
}

enum fault waiqin_decode_register(struct call *call, void *cmd)
{
	struct waiqin_state *s = call->state;
	struct register_fields in = {0};
	TRY(decode_body(call, register_fields, COUNT_OF(register_fields), &in));
	TRY(decode_references(call, customer_namings, in.customers, COUNT_OF(in.customers),
			      PEOPLE_MAX, &in.cmd.customers, &s->customers));
	if (in.cmd.customers.kind == REFERENCE_NONE)
		return call_refuse(call, FAULT_PARAMETER_MISSING, TEXT("cm_ids"), TEXT_NONE);
	*(struct audience_register_cmd *)cmd = in.cmd;
	return OK;
}

enum fault waiqin_decode_query(struct call *call, void *cmd)
{
	return decode_body(call, query_fields, COUNT_OF(query_fields), cmd);
}
