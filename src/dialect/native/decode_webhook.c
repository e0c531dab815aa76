/* Webhooks and their log. */
#include "base/crypto.h"
#include "base/url.h"
#include "dialect/native/native.h"

enum { OLD_SECRET_S = 24 * 3600 };

struct webhook_in {
	struct text url, label, event_id, request_no;
	struct json events;
	uint64_t old_secret_s;
	bool has_old_secret_s;
};
struct delivery_page_in {
	struct text cursor;
	uint64_t limit, state;
	bool has_state;
};

#define ROW struct webhook_in
static const struct field webhook_fields[] = {NATIVE_WEBHOOK_SAVE(FIELD_OF)};
static const struct field rotate_fields[] = {NATIVE_ROTATE(FIELD_OF)};
static const struct field resend_fields[] = {NATIVE_RESEND(FIELD_OF)};
static const struct field number_fields[] = {NATIVE_NUMBER(FIELD_OF)};
#undef ROW
#define ROW struct delivery_page_in
static const struct field delivery_page_fields[] = {NATIVE_DELIVERY_PAGE(FIELD_OF)};
#undef ROW

static enum fault path_id(struct call *call, uint64_t *ret)
{
	const struct native_state *s = call->state;
	bool is_id = text_to_uint64(s->id, ret) && *ret > 0 && *ret <= INT64_MAX;
	return is_id ? OK : call_refuse(call, FAULT_WEBHOOK_UNKNOWN, TEXT("webhook_id"), TEXT_NONE);
}

/* --- what is said of one --- */

static bool kind_of(struct text name, uint64_t *ret)
{
	for (unsigned k = 0; k < NOTICE_KINDS_MAX; k++) {
		const struct notice_row *row = notice_row_get(k);
		if (row && text_equal(name, text_of(row->wire))) {
			*ret = UINT64_C(1) << k;
			return true;
		}
	}
	*ret = WEBHOOK_KINDS_ALL;
	return text_equal(name, TEXT("*"));
}

/* Absent, null and an empty list are all of them: nobody wants to be told nothing. */
static enum fault read_events(struct call *call, struct json events, uint64_t *ret)
{
	struct texts names = {0};
	*ret = 0;
	if (events.kind != JSON_NULL)
		TRY(native_texts(call, events, "events", NOTICE_KINDS_MAX, &names));
	for (unsigned i = 0; i < names.n; i++) {
		uint64_t kinds;
		if (!kind_of(names.of[i], &kinds))
			return call_refuse(call, FAULT_PARAMETER_INVALID,
					   arena_format(call->arena, "events[%u]", i), TEXT_NONE);
		*ret |= kinds;
	}
	*ret = *ret ? *ret : WEBHOOK_KINDS_ALL;
	return OK;
}

static enum fault check_url(struct call *call, struct text url)
{
	const char *why;
	if (url_good(url, call->private_targets, &why))
		return OK;
	return call_refuse(call, FAULT_TARGET_REFUSED, TEXT("url"), text_of(why));
}

/* A new one each time that is asked: of a repeat the handler answers with the first. */
static enum fault make_secret(struct call *call, struct text *ret)
{
	char *bytes = arena_take(call->arena, WEBHOOK_SECRET_SIZE);
	if (!bytes)
		return FAULT_BUSY;
	random_bytes(bytes, WEBHOOK_SECRET_SIZE);
	*ret = (struct text){bytes, WEBHOOK_SECRET_SIZE};
	return OK;
}

/* --- the methods --- */

enum fault native_decode_webhook_page(struct call *call, void *into)
{
	struct webhook_list_cmd *cmd = into;
	return native_read_page(call, &cmd->from, &cmd->n);
}

enum fault native_decode_webhook_id(struct call *call, void *into)
{
	struct webhook_get_cmd *cmd = into;
	TRY(native_decode_nothing(call, NULL));
	return path_id(call, &cmd->number);
}

enum fault native_decode_webhook_make(struct call *call, void *into)
{
	struct webhook_add_cmd *cmd = into;
	struct webhook_in in = {0};
	TRY(native_body(call, FIELD_ROWS(webhook_fields, &in)));
	if (!in.url.size)
		return call_refuse(call, FAULT_PARAMETER_MISSING, TEXT("url"), TEXT_NONE);
	TRY(check_url(call, in.url));
	TRY(read_events(call, in.events, &cmd->kinds));
	TRY(make_secret(call, &cmd->secret));
	cmd->url = in.url;
	cmd->label = in.label;
	return native_number(call, in.request_no, &cmd->request);
}

/* What a patch does not name stays; null takes a label away. */
enum fault native_decode_webhook_change(struct call *call, void *into)
{
	static const char untouched[] = "untouched";
	struct webhook_change_cmd *cmd = into;
	struct webhook_in in = {.url = {untouched, 0}, .label = {untouched, 0}};
	TRY(path_id(call, &cmd->number));
	TRY(native_patch(call, FIELD_ROWS(webhook_fields, &in)));
	cmd->has_url = in.url.data != untouched;
	cmd->url = in.url;
	cmd->has_kinds = in.events.raw.size > 0;
	cmd->has_label = in.label.data != untouched;
	cmd->label = in.label;
	if (cmd->has_url && !in.url.size)
		return native_invalid(call, "url");
	if (cmd->has_url)
		TRY(check_url(call, in.url));
	TRY(read_events(call, in.events, &cmd->kinds));
	return native_number(call, in.request_no, &cmd->request);
}

enum fault native_decode_webhook_delete(struct call *call, void *into)
{
	struct webhook_delete_cmd *cmd = into;
	TRY(path_id(call, &cmd->number));
	return native_only_number(call);
}

enum fault native_decode_webhook_rotate(struct call *call, void *into)
{
	struct webhook_change_cmd *cmd = into;
	struct webhook_in in = {0};
	TRY(path_id(call, &cmd->number));
	TRY(native_body(call, FIELD_ROWS(rotate_fields, &in)));
	TRY(make_secret(call, &cmd->secret));
	cmd->old_secret_s = in.has_old_secret_s ? in.old_secret_s : OLD_SECRET_S;
	return native_number(call, in.request_no, &cmd->request);
}

enum fault native_decode_webhook_resume(struct call *call, void *into)
{
	struct webhook_change_cmd *cmd = into;
	struct webhook_in in = {0};
	TRY(path_id(call, &cmd->number));
	TRY(native_body(call, FIELD_ROWS(number_fields, &in)));
	cmd->resume = true;
	return native_number(call, in.request_no, &cmd->request);
}

enum fault native_decode_delivery_page(struct call *call, void *into)
{
	struct delivery_list_cmd *cmd = into;
	struct delivery_page_in in = {0};
	TRY(path_id(call, &cmd->webhook));
	TRY(native_query(call, FIELD_ROWS(delivery_page_fields, &in)));
	cmd->has_state = in.has_state;
	cmd->state = (enum delivery_state)in.state;
	struct native_page page = {in.cursor, in.limit};
	return native_page(call, &page, &cmd->before, &cmd->n);
}

enum fault native_decode_resend(struct call *call, void *into)
{
	struct delivery_resend_cmd *cmd = into;
	struct webhook_in in = {0};
	TRY(path_id(call, &cmd->webhook));
	TRY(native_body(call, FIELD_ROWS(resend_fields, &in)));
	if (!event_id_read(in.event_id, &cmd->notice))
		return call_refuse(call, FAULT_DELIVERY_UNKNOWN, TEXT("event_id"), TEXT_NONE);
	return native_number(call, in.request_no, &call->request_number);
}
