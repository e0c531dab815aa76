/*
 * Requests -> commands. A field's path in a refusal is `coupon.end_time`: the parameter, then the
 * member. Objects go to the domain as they were sent; what is understood of them stands in
 * fields.tbl.h and in the functions here that read what no field kind can say.
 */
#include "dialect/wjb/wjb.h"

enum {
	CONDITION_LENGTH_MAX = 100,
	WINDOW_S = 30 * 24 * 3600, /* a window is shorter than this */
	SECOND_MS = 1000,
};

/* UmpActivity, the scalars of it. */
struct activity {
	struct text name, type, memo;
	uint64_t status;
	struct instant begin, end;
	bool has_name, has_type, has_memo, has_status, has_begin, has_end;
};
/* Input params of the two list methods. */
struct list_params {
	struct instant begin, end;
	uint64_t page_no, page_size;
	bool has_begin, has_end;
};

/* clang-format off */
#define NO_HAS 0
#define FIELD_ROW(of, name, alias, member, kind, max, required, has) \
	{#name, alias, offsetof(struct of, member), FIELD_##kind, max, required, has, NULL},
#define HAS(member) offsetof(struct template, member)
static const struct field coupon_fields[] = {
#define COUPON(...) FIELD_ROW(template, __VA_ARGS__)
#include "dialect/wjb/fields.tbl.h"
#undef COUPON
};
#undef HAS
#define HAS(member) offsetof(struct activity, member)
static const struct field activity_fields[] = {
#define ACTIVITY(...) FIELD_ROW(activity, __VA_ARGS__)
#include "dialect/wjb/fields.tbl.h"
#undef ACTIVITY
};
#undef HAS
#define HAS(member) offsetof(struct list_params, member)
static const struct field list_fields[] = {
#define LIST(...) FIELD_ROW(list_params, __VA_ARGS__)
#include "dialect/wjb/fields.tbl.h"
#undef LIST
};
#undef HAS
/* clang-format on */

static const struct field coupon_id_field = {
    .name = "coupon_id", .kind = FIELD_INT, .required = true};
static const struct field activity_id_field = {
    .name = "activity_id", .kind = FIELD_INT, .required = true};

/* ---- where parameters come from */

static enum fault invalid(struct call *call, const char *path, const char *name)
{
	return call_refuse(call, FAULT_PARAMETER_INVALID, field_path(call, path, name), TEXT_NONE);
}

static enum fault missing(struct call *call, const char *path, const char *name)
{
	return call_refuse(call, FAULT_PARAMETER_MISSING, field_path(call, path, name), TEXT_NONE);
}

/* null and "" are absent. */
static bool is_given(struct json value)
{
	return value.kind != JSON_NULL && !(value.kind == JSON_TEXT && value.raw.size == 2);
}

enum fault wjb_value(struct call *call, const char *name, enum json_kind kind, struct json *ret,
		     bool *ret_given)
{
	const struct wjb_state *s = wjb_state(call);
	*ret_given = s->has_body && json_find(s->body, text_of(name), ret) && is_given(*ret);
	if (!*ret_given) {
		struct text sent = wjb_param(s, name);
		if (sent.size == 0)
			return OK;
		if (!json_parse(sent, ret))
			return invalid(call, "", name);
		*ret_given = is_given(*ret);
	}
	return *ret_given && ret->kind != kind ? invalid(call, "", name) : OK;
}

static enum fault required_object(struct call *call, const char *name, struct json *ret)
{
	bool given;
	TRY(wjb_value(call, name, JSON_OBJECT, ret, &given));
	return given ? OK : missing(call, "", name);
}

enum fault wjb_scalars(struct call *call, const struct field *fields, size_t n, void *into)
{
	const struct wjb_state *s = wjb_state(call);
	const struct field_source body = {.object = &s->body}, params = {.form = &s->params};
	for (size_t i = 0; i < n; i++) {
		struct field field = fields[i];
		bool given = false;
		field.required = false;
		if (s->has_body)
			TRY(decode_field(call, &body, "", &field, into, &given));
		if (!given)
			TRY(decode_field(call, &params, "", &fields[i], into, &given));
	}
	return OK;
}

void wjb_request_key(struct call *call, struct request_key *into)
{
	const struct wjb_state *s = wjb_state(call);
	*into = (struct request_key){{s->app_key, s->sign, call->request->body}, 3};
}

/* ---- coupons */

/* An amount; a text that is none is kept in the object and not understood. */
static enum fault decode_condition(struct call *call, struct json object, struct template *t)
{
	struct json value;
	if (!json_find(object, TEXT("condition"), &value) || !is_given(value))
		return OK;
	struct text sent = value.raw;
	if (value.kind == JSON_TEXT)
		sent = json_text(call->arena, value);
	t->has_threshold = (value.kind == JSON_TEXT || value.kind == JSON_NUMBER) &&
			   money_parse_yuan(sent, &t->threshold);
	if (t->has_threshold)
		return OK;
	if (value.kind != JSON_TEXT || !text_is_clean(sent))
		return invalid(call, "coupon.", "condition");
	if (text_length(sent) > CONDITION_LENGTH_MAX)
		return call_refuse(call, FAULT_PARAMETER_TOO_LONG, TEXT("coupon.condition"),
				   TEXT("100"));
	return OK;
}

enum fault wjb_decode_coupon_add(struct call *call, void *into)
{
	struct template_add_cmd *cmd = into;
	struct template *t = &cmd->template;
	struct json object;
	TRY(required_object(call, "coupon", &object));
	const struct field_source source = {.object = &object};
	t->per_person = 1;
	TRY(decode_fields(call, &source, "coupon.", coupon_fields, COUNT_OF(coupon_fields), t));
	if (t->template_id == 0)
		return invalid(call, "coupon.", "coupon_id");
	if (t->per_person == 0)
		return invalid(call, "coupon.", "per_person");
	TRY(decode_condition(call, object, t));
	t->object = object.raw;
	t->maker = MAKER_WJB;
	wjb_request_key(call, &cmd->request);
	return OK;
}

enum fault wjb_decode_coupon_delete(struct call *call, void *into)
{
	struct template_delete_cmd *cmd = into;
	TRY(wjb_scalars(call, &coupon_id_field, 1, &cmd->template_id));
	wjb_request_key(call, &cmd->request);
	return OK;
}

/* ---- lists */

/* The window in milliseconds, both ends inclusive to the second; one side alone means 30 days less
 * one second from or up to it; no side means no window. */
static enum fault decode_window(struct call *call, const struct list_params *list,
				struct instant *ret_from, struct instant *ret_to)
{
	const int64_t longest_ms = (int64_t)(WINDOW_S - 1) * SECOND_MS;
	struct instant from = list->begin, to = list->end;
	*ret_from = *ret_to = INSTANT_NONE;
	if (!list->has_begin && !list->has_end)
		return OK;
	if (!list->has_end)
		to.ms = from.ms + longest_ms;
	if (!list->has_begin)
		from.ms = to.ms - longest_ms;
	if (to.ms < from.ms || to.ms - from.ms > longest_ms)
		return invalid(call, "", "end_time");
	*ret_from = (struct instant){from.ms ? from.ms : 1};
	*ret_to = (struct instant){to.ms + SECOND_MS - 1};
	return OK;
}

static enum fault decode_list(struct call *call, struct list_params *list, uint64_t *ret_skip)
{
	list->page_no = 1;
	list->page_size = PAGE_SIZE_DEFAULT;
	TRY(wjb_scalars(call, list_fields, COUNT_OF(list_fields), list));
	if (list->page_no == 0)
		return invalid(call, "", "page_no");
	if (list->page_size == 0)
		return invalid(call, "", "page_size");
	/* Past every list: an empty page, with the count. */
	if (!page_skip(list->page_no, list->page_size, ret_skip) || *ret_skip > UINT32_MAX)
		*ret_skip = UINT32_MAX;
	return OK;
}

enum fault wjb_decode_coupon_list(struct call *call, void *into)
{
	struct template_list_cmd *cmd = into;
	struct list_params list = {0};
	TRY(decode_list(call, &list, &cmd->skip));
	cmd->n = (unsigned)list.page_size;
	return decode_window(call, &list, &cmd->from, &cmd->to);
}

enum fault wjb_decode_activity_list(struct call *call, void *into)
{
	struct campaign_list_cmd *cmd = into;
	struct list_params list = {0};
	TRY(decode_list(call, &list, &cmd->skip));
	cmd->n = (unsigned)list.page_size;
	return decode_window(call, &list, &cmd->from, &cmd->to);
}

/* ---- activities */

static enum given given_of(struct json object, const char *name, bool has)
{
	struct json value;
	if (has)
		return GIVEN_VALUE;
	return json_find(object, text_of(name), &value) ? GIVEN_NULL : GIVEN_ABSENT;
}

static enum fault prizes_of_list(struct call *call, struct json list, struct campaign_patch *patch)
{
	uint64_t *ids = ARENA_ARRAY(call->arena, uint64_t, PRIZES_MAX);
	struct json_walk walk = json_walk(list);
	struct text name;
	struct json prize;
	if (!ids)
		return FAULT_BUSY;
	patch->prizes = ids;
	for (unsigned n = 0; json_next(&walk, &name, &prize); n++) {
		const struct field_source source = {.object = &prize};
		struct field field = coupon_id_field;
		bool given;
		if (n == PRIZES_MAX)
			return call_refuse(call, FAULT_TOO_MANY, TEXT("activity.prizes"),
					   TEXT("50"));
		if (prize.kind != JSON_OBJECT)
			return invalid(call, "activity.", "prizes");
		field.required = false; /* a prize that is no coupon has none */
		TRY(decode_field(call, &source, "activity.prizes.", &field,
				 &ids[patch->prize_count], &given));
		patch->prize_count += given;
	}
	return OK;
}

static enum fault decode_prizes(struct call *call, struct json object, struct campaign_patch *patch)
{
	struct json value;
	if (!json_find(object, TEXT("prizes"), &value))
		return OK;
	patch->prizes_given = is_given(value) ? GIVEN_VALUE : GIVEN_NULL;
	if (patch->prizes_given == GIVEN_NULL)
		return OK;
	if (value.kind != JSON_LIST)
		return invalid(call, "activity.", "prizes");
	return prizes_of_list(call, value, patch);
}

static enum fault decode_activity(struct call *call, struct json object,
				  struct campaign_patch *patch)
{
	const struct field_source source = {.object = &object};
	struct activity in = {0};
	TRY(decode_fields(call, &source, "activity.", activity_fields, COUNT_OF(activity_fields),
			  &in));
	if (in.has_status && in.status == 0)
		return invalid(call, "activity.", "status");
	TRY(decode_prizes(call, object, patch));
	patch->name = in.name;
	patch->type_code = in.type;
	patch->memo = in.memo;
	patch->status = in.status;
	patch->begin = in.begin;
	patch->end = in.end;
	patch->name_given = given_of(object, "name", in.has_name);
	patch->type_given = given_of(object, "type", in.has_type);
	patch->status_given = given_of(object, "status", in.has_status);
	patch->begin_given = given_of(object, "start_time", in.has_begin);
	patch->end_given = given_of(object, "end_time", in.has_end);
	patch->memo_given = given_of(object, "memo", in.has_memo);
	patch->object = object.raw;
	return OK;
}

enum fault wjb_decode_activity_add(struct call *call, void *into)
{
	struct campaign_add_cmd *cmd = into;
	struct json object;
	TRY(required_object(call, "activity", &object));
	TRY(decode_activity(call, object, &cmd->patch));
	wjb_request_key(call, &cmd->request);
	return OK;
}

enum fault wjb_decode_activity_modify(struct call *call, void *into)
{
	struct campaign_modify_cmd *cmd = into;
	struct json object;
	TRY(required_object(call, "activity", &object));
	const struct field_source source = {.object = &object};
	TRY(decode_fields(call, &source, "activity.", &activity_id_field, 1, &cmd->activity_id));
	TRY(decode_activity(call, object, &cmd->patch));
	wjb_request_key(call, &cmd->request);
	return OK;
}

enum fault wjb_decode_activity_delete(struct call *call, void *into)
{
	struct campaign_delete_cmd *cmd = into;
	TRY(wjb_scalars(call, &activity_id_field, 1, &cmd->activity_id));
	wjb_request_key(call, &cmd->request);
	return OK;
}

/* ---- targets */

static bool is_digits(struct text t)
{
	for (size_t i = 0; i < t.size; i++)
		if (t.data[i] < '0' || t.data[i] > '9')
			return false;
	return true;
}

enum fault wjb_nick(struct arena *a, struct json value, struct text *ret)
{
	bool quoted = value.kind == JSON_TEXT;
	if (!quoted && !(value.kind == JSON_NUMBER && is_digits(value.raw)))
		return FAULT_PARAMETER_INVALID;
	struct text nick = quoted ? json_text(a, value) : value.raw;
	if (a->full)
		return FAULT_BUSY;
	if (nick.size == 0 || !text_is_clean(nick))
		return FAULT_PARAMETER_INVALID;
	if (text_length(nick) > NAME_LENGTH_MAX)
		return FAULT_PARAMETER_TOO_LONG;
	*ret = nick;
	return OK;
}

static enum fault nicks_of_list(struct call *call, struct json list, struct audience_add_cmd *cmd)
{
	static const struct text field = {"targets.buyer_nicks", sizeof("targets.buyer_nicks") - 1};
	struct text *nicks = ARENA_ARRAY(call->arena, struct text, TARGETS_MAX);
	struct json_walk walk = json_walk(list);
	struct text name;
	struct json value;
	if (!nicks)
		return FAULT_BUSY;
	cmd->nicks = nicks;
	while (json_next(&walk, &name, &value)) {
		if (cmd->n == TARGETS_MAX)
			return call_refuse(call, FAULT_TOO_MANY, field, TEXT("1000"));
		enum fault fault = wjb_nick(call->arena, value, &nicks[cmd->n++]);
		if (fault != OK)
			return call_refuse(call, fault, field, TEXT_NONE);
	}
	return cmd->n ? OK : missing(call, "targets.", "buyer_nicks");
}

enum fault wjb_decode_target_add(struct call *call, void *into)
{
	static const char *const names[] = {"buyer_nicks", "buyers", "nicks", "targets"};
	struct audience_add_cmd *cmd = into;
	struct json object, list;
	size_t i = 0;
	TRY(required_object(call, "targets", &object));
	const struct field_source source = {.object = &object};
	TRY(decode_fields(call, &source, "targets.", &activity_id_field, 1, &cmd->activity_id));
	while (i < COUNT_OF(names) &&
	       !(json_find(object, text_of(names[i]), &list) && is_given(list)))
		i++;
	if (i == COUNT_OF(names))
		return missing(call, "targets.", "buyer_nicks");
	if (list.kind != JSON_LIST)
		return invalid(call, "targets.", "buyer_nicks");
	TRY(nicks_of_list(call, list, cmd));
	wjb_request_key(call, &cmd->request);
	return OK;
}

enum fault wjb_decode_target_clear(struct call *call, void *into)
{
	struct audience_clear_cmd *cmd = into;
	TRY(wjb_scalars(call, &activity_id_field, 1, &cmd->activity_id));
	wjb_request_key(call, &cmd->request);
	return OK;
}
