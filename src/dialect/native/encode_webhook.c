/* Webhooks and their log. Secrets are shown by the answers that make them, and by no other. */
#include "base/crypto.h"
#include "dialect/native/encode.h"

static void show_event_names(struct out *o, uint64_t kinds)
{
	write_begin_list(&o->w, "events", "event");
	if (kinds == WEBHOOK_KINDS_ALL)
		write_plain(&o->w, "event", TEXT("*"));
	for (unsigned k = 0; k < NOTICE_KINDS_MAX && kinds != WEBHOOK_KINDS_ALL; k++)
		if (kinds >> k & 1 && notice_row_get(k))
			write_plain(&o->w, "event", text_of(notice_row_get(k)->wire));
	write_end(&o->w);
}

static void show_webhook(struct out *o, const struct webhook *w)
{
	NATIVE_WEBHOOK(SHOW)
}

/* "whsec_" and base64. TEXT_NONE: no memory. */
static struct text secret_text(struct call *call, struct text secret)
{
	static const struct text prefix = {"whsec_", sizeof("whsec_") - 1};
	size_t size = prefix.size + base64_size(secret.size);
	char *text = arena_take(call->arena, size);
	if (!text)
		return TEXT_NONE;
	memcpy(text, prefix.data, prefix.size);
	base64_write((const uint8_t *)secret.data, secret.size, text + prefix.size);
	return (struct text){text, size};
}

enum fault native_encode_webhook(struct call *call, const void *from)
{
	const struct webhook_get_ret *ret = from;
	struct out out;
	out_begin(&out, call);
	show_webhook(&out, &ret->webhook);
	out_end(&out);
	return OK;
}

enum fault native_encode_webhook_page(struct call *call, const void *from)
{
	const struct webhook_list_ret *ret = from;
	struct out o;
	PAGE_BEGIN(o, call);
	for (unsigned i = 0; i < ret->n; i++) {
		write_begin(&o.w, "row");
		show_webhook(&o, &ret->rows[i]);
		write_end(&o.w);
	}
	return page_end(&o, page_next(call, ret->n, ret->count));
}

/* From the request and what its first time made: so a repeat's answer is the same. */
enum fault native_encode_webhook_made(struct call *call, const void *from)
{
	const struct webhook_add_ret *ret = from;
	const struct webhook_add_cmd *cmd = call->cmd;
	const struct webhook made = {.number = ret->number,
				     .url = cmd->url,
				     .kinds = cmd->kinds,
				     .label = cmd->label,
				     .created = ret->created};
	const struct webhook *w = &made;
	struct text secret = secret_text(call, ret->secret);
	struct out out, *o = &out;
	if (!secret.size)
		return FAULT_BUSY;
	out_begin(o, call);
	NATIVE_WEBHOOK_MADE(SHOW)
	out_end(o);
	call_header(
	    call, TEXT("Location"),
	    arena_format(call->arena, "/v1/webhooks/%llu", (unsigned long long)ret->number));
	return OK;
}

enum fault native_encode_webhook_changed(struct call *call, const void *from)
{
	uint64_t number = ((const struct webhook_change_cmd *)call->cmd)->number;
	struct out out, *o = &out;
	(void)from;
	out_begin(o, call);
	NATIVE_WEBHOOK_CHANGED(SHOW)
	out_end(o);
	return OK;
}

enum fault native_encode_webhook_rotated(struct call *call, const void *from)
{
	const struct webhook_change_ret *ret = from;
	uint64_t number = ((const struct webhook_change_cmd *)call->cmd)->number;
	struct text secret = secret_text(call, ret->secret);
	struct out out, *o = &out;
	if (!secret.size)
		return FAULT_BUSY;
	out_begin(o, call);
	NATIVE_WEBHOOK_ROTATED(SHOW)
	out_end(o);
	return OK;
}

static void show_delivery(struct out *o, const struct delivery *d, const struct notice *n)
{
	const struct notice_row *row = notice_row_get((unsigned)n->kind);
	struct text type = text_of(row ? row->wire : NULL);
	char id[EVENT_ID_SIZE];
	event_id(n->number, id);
	struct text event_id = {id, sizeof(id)};
	NATIVE_DELIVERY(SHOW)
}

enum fault native_encode_delivery_page(struct call *call, const void *from)
{
	const struct delivery_list_ret *ret = from;
	struct out o;
	PAGE_BEGIN(o, call);
	for (unsigned i = 0; i < ret->n; i++) {
		write_begin(&o.w, "row");
		show_delivery(&o, &ret->rows[i].delivery, &ret->rows[i].notice);
		write_end(&o.w);
	}
	return page_end(&o, ret->next);
}

enum fault native_encode_resent(struct call *call, const void *from)
{
	const struct delivery_resend_cmd *cmd = call->cmd;
	struct out out, *o = &out;
	char id[EVENT_ID_SIZE];
	(void)from;
	event_id(cmd->notice, id);
	struct text event_id = {id, sizeof(id)};
	out_begin(o, call);
	NATIVE_RESENT(SHOW)
	out_end(o);
	return OK;
}
