/*
 * Fault -> error_response. Always HTTP 200: another status makes the platform's clients retry or
 * crash. A sub_code that begins with "isp." makes them call again, so it stands for passing trouble
 * only. codes.tbl.h has the platform's codes.
 */
#include "dialect/top/top.h"

enum code {
#define CODE(NAME, number, message) CODE_##NAME = (number),
#include "dialect/top/codes.tbl.h"
#undef CODE
};

static struct text message_of(enum code code)
{
	switch (code) {
#define CODE(NAME, number, message) \
	case CODE_##NAME:           \
		return TEXT(message);
#include "dialect/top/codes.tbl.h"
#undef CODE
	}
	return TEXT_NONE;
}

struct answer {
	enum code code;
	struct text sub_code, sub_message;
};

static struct answer plain(enum code code)
{
	return (struct answer){.code = code};
}

/* "isv.missing-parameter:page_size" */
static struct answer about_field(struct call *call, enum code code)
{
	bool missing = code == CODE_ARGUMENTS_MISSING;
	struct text kind = missing ? TEXT("isv.missing-parameter") : TEXT("isv.invalid-parameter");
	struct text field = call->detail.field;
	return (struct answer){
	    .code = code,
	    .sub_code =
		field.size ? arena_format(call->arena, "%.*s:%.*s", TEXT_ARG(kind), TEXT_ARG(field))
			   : kind,
	    .sub_message = missing ? TEXT("缺少必要参数") : TEXT("非法参数"),
	};
}

/* Clients read the number of seconds out of this sentence and sleep. */
static struct answer limited(struct call *call)
{
	unsigned seconds = call->retry_after_s ? call->retry_after_s : 1;
	return (struct answer){
	    .code = CODE_CALL_LIMITED,
	    .sub_code = TEXT("accesscontrol.limited-by-app-access-count"),
	    .sub_message =
		arena_format(call->arena, "This ban will last for %u more seconds", seconds),
	};
}

static struct answer refused(void)
{
	return (struct answer){CODE_REMOTE_ERROR, TEXT("isv.invalid-parameter"), TEXT("非法参数")};
}

static struct answer too_large(void)
{
	return (struct answer){CODE_REMOTE_ERROR, TEXT("isv.invalid-parameter"),
			       TEXT("查询范围过大,请增加查询条件")};
}

static struct answer unavailable(void)
{
	return (struct answer){CODE_UNAVAILABLE, TEXT("isp.service-unavailable"),
			       TEXT("服务暂不可用,请稍后重试")};
}

static struct answer broken(void)
{
	return (struct answer){CODE_SYSTEM_ERROR, TEXT("isp.unknown-error"), TEXT("系统错误")};
}

static struct answer untrusted(void)
{
	return (struct answer){CODE_PERMISSION_MISSING, TEXT("isv.permission-ip-whitelist-limit"),
			       TEXT("IP不在白名单内")};
}

/* Long: one line for each fault there is, so that the compiler names the one it forgot. */
static struct answer answer_of(struct call *call, enum fault fault)
{
	switch (fault) {
	case FAULT_VERB_REFUSED:
		return plain(CODE_VERB_REFUSED);
	case FAULT_ENCODING_INVALID:
		return plain(CODE_ENCODING_INVALID);
	case FAULT_METHOD_MISSING:
		return plain(CODE_METHOD_MISSING);
	case FAULT_METHOD_UNKNOWN:
		return plain(CODE_METHOD_INVALID);
	case FAULT_KEY_MISSING:
		return plain(CODE_KEY_MISSING);
	case FAULT_KEY_UNKNOWN:
	case FAULT_KEY_ENDED:
		return plain(CODE_KEY_INVALID);
	case FAULT_TIMESTAMP_MISSING:
		return plain(CODE_TIMESTAMP_MISSING);
	case FAULT_TIMESTAMP_INVALID:
	case FAULT_TIMESTAMP_STALE:
		return plain(CODE_TIMESTAMP_INVALID);
	case FAULT_VERSION_MISSING:
		return plain(CODE_VERSION_MISSING);
	case FAULT_VERSION_INVALID:
		return plain(CODE_VERSION_INVALID);
	case FAULT_VERSION_UNSUPPORTED:
		return plain(CODE_VERSION_UNSUPPORTED);
	case FAULT_FORMAT_UNKNOWN:
		return plain(CODE_FORMAT_INVALID);
	case FAULT_SIGNATURE_MISSING:
		return plain(CODE_SIGNATURE_MISSING);
	case FAULT_SIGNATURE_WRONG:
		return plain(CODE_SIGNATURE_INVALID);
	case FAULT_TOKEN_MISSING:
		return plain(CODE_SESSION_MISSING);
	case FAULT_TOKEN_UNKNOWN:
		return plain(CODE_SESSION_INVALID);
	case FAULT_ADDRESS_REFUSED:
		return untrusted();
	case FAULT_CALL_LIMITED:
		return limited(call);
	case FAULT_PARAMETER_MISSING:
		return about_field(call, CODE_ARGUMENTS_MISSING);
	case FAULT_BODY_INVALID:
	case FAULT_PARAMETER_TOO_LONG:
	case FAULT_PARAMETER_INVALID:
	case FAULT_TOO_MANY:
		return about_field(call, CODE_ARGUMENTS_INVALID);
	case FAULT_ANSWER_TOO_LARGE:
	case FAULT_LIMIT_REACHED:
		return too_large();
	case FAULT_MERCHANT_UNKNOWN:
	case FAULT_CREDENTIAL_UNKNOWN:
	case FAULT_VALUE_TAKEN:
	case FAULT_TEMPLATE_UNKNOWN:
	case FAULT_TEMPLATE_EXISTS:
	case FAULT_TEMPLATE_IN_USE:
	case FAULT_TEMPLATE_EXPIRED:
	case FAULT_TEMPLATE_EXHAUSTED:
	case FAULT_CAMPAIGN_UNKNOWN:
	case FAULT_CAMPAIGN_MISMATCH:
	case FAULT_CUSTOMER_UNKNOWN:
	case FAULT_CUSTOMER_AMBIGUOUS:
	case FAULT_DEPARTMENT_UNKNOWN:
	case FAULT_DEPARTMENT_AMBIGUOUS:
	case FAULT_COUPON_UNKNOWN:
	case FAULT_COUPON_CHANGED:
#define FAULT(name, text) case FAULT_##name:
#include "base/reasons.tbl.h"
#undef FAULT
		return refused();
	case FAULT_BUSY:
	case FAULT_DISK_FULL:
	case FAULT_CLOCK_UNSURE:
	case FAULT_SHUTTING_DOWN:
		return unavailable();
	case OK:
#define FAULT(name, text) case FAULT_##name:
#include "base/native_faults.tbl.h"
#include "base/tool_faults.tbl.h"
#undef FAULT
	case FAULT_SCOPE_MISSING:
	case FAULT_REQUEST_REUSED:
	case FAULT_ORDER_UNKNOWN:
	case FAULT_REDEMPTION_UNKNOWN:
	case FAULT_COUNT:
		break;
	}
	return broken();
}

void top_write_error(struct call *call, enum fault fault)
{
	const struct top *top = call->state;
	struct answer answer = answer_of(call, fault);
	struct writer w;
	writer_init(&w, &call->reply, top ? top->face : WRITER_XML);
	write_begin(&w, "error_response");
	write_int(&w, "code", answer.code);
	write_text(&w, "msg", message_of(answer.code));
	if (answer.sub_code.size) {
		write_text(&w, "sub_code", answer.sub_code);
		write_text(&w, "sub_msg", answer.sub_message);
	}
	top_write_request_id(&w);
	write_end(&w);
	writer_finish(&w);
}

/* A call refused before it was identified has not told its format yet. */
void top_face(struct call *call, enum fault fault)
{
	if (!call->state)
		(void)top_read(call);
	buffer_clear(&call->reply);
	top_write_error(call, fault);
	call->content_type = top_content_type(call->state);
}
