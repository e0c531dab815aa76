/*
 * Request -> command. The business parameter is one JSON text, query_d_t_o; numbers in it may be
 * numbers or texts, null is absent, unknown members are ignored.
 */
#include "dialect/top/top.h"

static const struct field query_fields[] = {
#define QUERY(name, member, kind, min, max, need) \
	{#name, NULL, offsetof(struct top_query_cmd, member), kind, max, need, 0, NULL},
#include "dialect/top/fields.tbl.h"
#undef QUERY
};
static const uint64_t query_least[] = {
#define QUERY(name, member, kind, min, max, need) min,
#include "dialect/top/fields.tbl.h"
#undef QUERY
};

/* The parameter, else the member of that name of a JSON document: an object, or its text. */
static struct text query_text(struct call *call, const struct top *top)
{
	struct text text = top_parameter(top, TEXT("query_d_t_o"));
	struct json document, member;
	if (text.size || top->is_batch || !json_parse(top->document, &document) ||
	    document.kind != JSON_OBJECT || !json_find(document, TEXT("query_d_t_o"), &member) ||
	    member.kind == JSON_NULL)
		return text;
	return member.kind == JSON_TEXT ? json_text(call->arena, member) : member.raw;
}

/* A number below its row's least is as wrong as one above its greatest. */
static enum fault check_least(struct call *call, const struct top_query_cmd *cmd)
{
	for (size_t i = 0; i < COUNT_OF(query_fields); i++) {
		const struct field *field = &query_fields[i];
		uint64_t number;
		if (!query_least[i])
			continue;
		memcpy(&number, (const char *)cmd + field->member, sizeof(number));
		if (number < query_least[i])
			return call_refuse(call, FAULT_PARAMETER_INVALID, text_of(field->name),
					   TEXT_NONE);
	}
	return OK;
}

enum fault top_decode_query(struct call *call, void *into)
{
	struct top_query_cmd *cmd = into;
	struct text text = query_text(call, call->state);
	struct json object;
	if (text.size == 0)
		return call_refuse(call, FAULT_PARAMETER_MISSING, TEXT("page_size"), TEXT_NONE);
	if (!json_parse(text, &object) || object.kind != JSON_OBJECT)
		return call_refuse(call, FAULT_PARAMETER_INVALID, TEXT("query_d_t_o"), TEXT_NONE);
	struct field_source source = {.object = &object};
	TRY(decode_fields(call, &source, "", query_fields, COUNT_OF(query_fields), cmd));
	TRY(check_least(call, cmd));
	cmd->query.n = (unsigned)cmd->page_size;
	if (!page_skip(cmd->page_num, cmd->page_size, &cmd->query.skip))
		cmd->query.skip = INT64_MAX; /* past every list's end */
	return OK;
}
