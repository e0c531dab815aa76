/*
 * Faults -> {"response":{"code":N,"error_message":"<platform text>: <field>"}}, always with HTTP
 * status 200. Numbers and texts are those of the Taobao Open Platform, whose protocol this is: bad
 * values are 41, conflicts with the state of things 15; WangJuBao publishes no table of its own.
 */
#include "dialect/wjb/wjb.h"

/* Long: one line for each fault, so that the compiler names a forgotten one. */
struct wjb_error wjb_error_of(enum fault fault)
{
	switch (fault) {
	case OK:
		return (struct wjb_error){0, ""};
	case FAULT_VERB_REFUSED:
		return (struct wjb_error){9, "Http action not allowed"};
	case FAULT_ENCODING_INVALID:
		return (struct wjb_error){47, "Invalid encoding"};
	case FAULT_METHOD_MISSING:
		return (struct wjb_error){21, "Missing method"};
	case FAULT_METHOD_UNKNOWN:
		return (struct wjb_error){22, "Invalid method"};
	case FAULT_KEY_MISSING:
		return (struct wjb_error){28, "Missing app key"};
	case FAULT_KEY_UNKNOWN:
	case FAULT_KEY_ENDED:
	case FAULT_CREDENTIAL_UNKNOWN:
		return (struct wjb_error){29, "Invalid app Key"};
	case FAULT_TIMESTAMP_MISSING:
		return (struct wjb_error){30, "Missing timestamp"};
	case FAULT_TIMESTAMP_INVALID:
	case FAULT_TIMESTAMP_STALE:
		return (struct wjb_error){31, "Invalid timestamp"};
	case FAULT_VERSION_MISSING:
		return (struct wjb_error){32, "Missing version"};
	case FAULT_VERSION_INVALID:
		return (struct wjb_error){33, "Invalid version"};
	case FAULT_VERSION_UNSUPPORTED:
		return (struct wjb_error){34, "Unsupported version"};
	case FAULT_FORMAT_UNKNOWN:
		return (struct wjb_error){23, "Invalid format"};
	case FAULT_SIGNATURE_MISSING:
		return (struct wjb_error){24, "Missing signature"};
	case FAULT_SIGNATURE_WRONG:
		return (struct wjb_error){25, "Invalid signature"};
	case FAULT_TOKEN_MISSING:
		return (struct wjb_error){26, "Missing session"};
	case FAULT_TOKEN_UNKNOWN:
		return (struct wjb_error){27, "Invalid session"};
	case FAULT_ADDRESS_REFUSED:
		return (struct wjb_error){11, "Insufficient isv permissions"};
	case FAULT_CALL_LIMITED:
		return (struct wjb_error){7, "App Call Limited"};
	case FAULT_PARAMETER_MISSING:
		return (struct wjb_error){40, "Missing required arguments"};
	case FAULT_BODY_INVALID:
	case FAULT_PARAMETER_TOO_LONG:
	case FAULT_PARAMETER_INVALID:
	case FAULT_TOO_MANY:
	case FAULT_MERCHANT_UNKNOWN:
	case FAULT_VALUE_TAKEN:
	case FAULT_TEMPLATE_UNKNOWN:
	case FAULT_TEMPLATE_EXISTS:
	case FAULT_CAMPAIGN_UNKNOWN:
	case FAULT_CAMPAIGN_MISMATCH:
	case FAULT_CUSTOMER_UNKNOWN:
	case FAULT_CUSTOMER_AMBIGUOUS:
	case FAULT_DEPARTMENT_UNKNOWN:
	case FAULT_DEPARTMENT_AMBIGUOUS:
	case FAULT_COUPON_UNKNOWN:
	case FAULT_ANSWER_TOO_LARGE:
		return (struct wjb_error){41, "Invalid arguments"};
	case FAULT_TEMPLATE_IN_USE:
	case FAULT_TEMPLATE_EXPIRED:
	case FAULT_TEMPLATE_EXHAUSTED:
	case FAULT_COUPON_CHANGED:
	case FAULT_LIMIT_REACHED:
#define FAULT(name, text) case FAULT_##name:
#include "base/reasons.tbl.h"
#undef FAULT
		return (struct wjb_error){15, "Remote service error"};
	case FAULT_BUSY:
	case FAULT_DISK_FULL:
	case FAULT_CLOCK_UNSURE:
	case FAULT_SHUTTING_DOWN:
		return (struct wjb_error){10, "Service currently unavailable"};
#define FAULT(name, text) case FAULT_##name:
#include "base/native_faults.tbl.h"
#include "base/tool_faults.tbl.h"
#undef FAULT
	case FAULT_SCOPE_MISSING:
	case FAULT_REQUEST_REUSED:
	case FAULT_ORDER_UNKNOWN:
	case FAULT_REDEMPTION_UNKNOWN:
	case FAULT_COUNT:
		return (struct wjb_error){1, "Platform System error"};
	}
	must_failed("a fault of faults.tbl.h", __FILE__, __LINE__);
}

/* The domain's words and the seed document's. */
static const struct {
	struct text domain;
	const char *wjb;
} words[] = {
    {{"template_id", 11}, "coupon_id"},
    {{"begin", 5}, "start_time"},
    {{"end", 3}, "end_time"},
    {{"nicks", 5}, "buyer_nicks"},
};

/* What decode refused has its path; the domain names members of its command, and with "object" all
 * that the path stands for. */
static struct text shown_field(struct call *call)
{
	struct text field = call->detail.field;
	const char *path = wjb_path(call);
	struct text stem = {path, *path ? strlen(path) - 1 : 0}; /* "coupon" */
	if (field.size == 0 || text_starts_with(field, text_of(path)) || text_equal(field, stem) ||
	    text_equal(field, TEXT("body")))
		return field;
	if (text_equal(field, TEXT("object")))
		return stem;
	for (size_t i = 0; i < COUNT_OF(words); i++)
		if (text_equal(field, words[i].domain))
			return field_path(call, path, words[i].wjb);
	return arena_format(call->arena, "%s%.*s", path, TEXT_ARG(field));
}

/* What follows the platform's text. */
static struct text shown_detail(struct call *call, int code)
{
	if (code == 10)
		return TEXT("isp.service-unavailable");
	if (code == 11)
		return TEXT("isv.permission-ip-whitelist-limit");
	if (code == 7)
		return arena_format(call->arena, "This ban will last for %u more seconds",
				    call->retry_after_s ? call->retry_after_s : 1);
	return shown_field(call);
}

void wjb_face(struct call *call, enum fault fault)
{
	struct wjb_error error = wjb_error_of(fault);
	struct text detail = shown_detail(call, error.code);
	struct text message = text_of(error.text);
	struct writer w;
	if (detail.size)
		message = arena_format(call->arena, "%s: %.*s%s", error.text, TEXT_ARG(detail),
				       fault == FAULT_TEMPLATE_EXISTS ? " already exists" : "");
	if (message.size == 0)
		message = text_of(error.text);
	if ((error.code == 10 || error.code == 7) && !call->retry_after_s)
		call->retry_after_s = 1;
	call->status = 200;
	buffer_clear(&call->reply);
	writer_init(&w, &call->reply, WRITER_JSON);
	write_begin(&w, "response");
	write_int(&w, "code", error.code);
	write_text(&w, "error_message", message);
	write_end(&w);
	writer_finish(&w);
}
