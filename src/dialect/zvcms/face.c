/*
 * Faults in ZVCMS's words. Two kinds: a system error (status false: the platform did not run the
 * call) and a business error (status true, code not 0, no data). The vendor's table of codes was
 * never found; these are ours:
 *
 *   40001 token   40002 openId or address   40003 grantCode   40004 timestamp   40005 a parameter
 *   is missing or the body cannot be read   40006 no such interface   50000 internal   50001 busy
 *   10001 nothing found   10002 a bad value   10003 too much
 *
 * status is a JSON boolean and code a text, as the document's error samples have it; a credential
 * with `typed` gets an integer.
 */
#include "dialect/zvcms/zvcms.h"

static void write_error(struct call *call, bool system, unsigned code, const char *message,
			struct text field)
{
	struct buffer *b = &call->reply, text;
	char memory[512];
	bool typed = call->actor.credential && call->actor.credential->typed;
	buffer_init_fixed(&text, memory, sizeof(memory));
	buffer_text(&text, text_of(message));
	buffer_text(&text, field);
	buffer_text(b, system ? TEXT("{\"status\":false,\"code\":")
			      : TEXT("{\"status\":true,\"code\":"));
	buffer_text(b, typed ? TEXT_NONE : TEXT("\""));
	buffer_uint64(b, code);
	buffer_text(b, typed ? TEXT_NONE : TEXT("\""));
	buffer_text(b, TEXT(",\"message\":"));
	buffer_json_text(b, buffer_get(&text));
	buffer_byte(b, '}');
}

static void system_error(struct call *call, unsigned code, const char *message)
{
	write_error(call, true, code, message, TEXT_NONE);
}

static void business_error(struct call *call, unsigned code, const char *message, struct text field)
{
	write_error(call, false, code, message, field);
}

/* The command's members in the words of params. */
static struct text wire_word(struct text field)
{
	if (text_equal(field, TEXT("customer_id")))
		return TEXT("customerId");
	if (text_equal(field, TEXT("code")))
		return TEXT("cardId");
	return text_equal(field, TEXT("state")) ? TEXT("useStatus") : field;
}

static struct text action_name(const struct call *call)
{
	const struct zvcms_state *s = call->state;
	return s && s->v2 ? TEXT("Action") : TEXT("action");
}

/* Long: one line for each fault, so that the compiler names a forgotten one. */
void zvcms_face(struct call *call, enum fault fault)
{
	struct text field = wire_word(call->detail.field);
	buffer_clear(&call->reply);
	switch (fault) {
	case FAULT_METHOD_MISSING:
		return write_error(call, true, 40005, "缺少参数:", action_name(call));
	case FAULT_PARAMETER_MISSING:
		return write_error(call, true, 40005, "缺少参数:", field);
	case FAULT_ENCODING_INVALID:
	case FAULT_BODY_INVALID:
		return system_error(call, 40005, "缺少参数:请求内容无法解析");
	case FAULT_VERB_REFUSED:
		return system_error(call, 40006, "接口不存在:请使用POST");
	case FAULT_METHOD_UNKNOWN:
		return system_error(call, 40006, "接口不存在");
	case FAULT_KEY_MISSING:
	case FAULT_KEY_UNKNOWN:
	case FAULT_KEY_ENDED:
		return system_error(call, 40002, "openId错误");
	case FAULT_ADDRESS_REFUSED:
		return system_error(call, 40002, "openId错误:来源地址不受信任");
	case FAULT_TIMESTAMP_MISSING:
	case FAULT_TIMESTAMP_INVALID:
		return system_error(call, 40004, "timestamp错误");
	case FAULT_TIMESTAMP_STALE:
		return system_error(call, 40004, "timestamp已过期");
	case FAULT_SIGNATURE_MISSING:
	case FAULT_SIGNATURE_WRONG:
		return system_error(call, 40001, "token错误");
	case FAULT_TOKEN_MISSING:
	case FAULT_TOKEN_UNKNOWN:
		return system_error(call, 40003, "grantCode错误");
	case FAULT_CUSTOMER_UNKNOWN:
	case FAULT_CUSTOMER_AMBIGUOUS:
	case FAULT_COUPON_UNKNOWN:
	case FAULT_TEMPLATE_UNKNOWN:
	case FAULT_CAMPAIGN_UNKNOWN:
	case FAULT_MERCHANT_UNKNOWN:
		return business_error(call, 10001, "查询的信息不存在", TEXT_NONE);
	case FAULT_PARAMETER_TOO_LONG:
	case FAULT_PARAMETER_INVALID:
	case FAULT_TOO_MANY:
		return business_error(call, 10002, "参数错误:", field);
	case FAULT_ANSWER_TOO_LARGE:
	case FAULT_LIMIT_REACHED:
		return business_error(call, 10003, "查询的信息过多", TEXT_NONE);
	case FAULT_CALL_LIMITED:
	case FAULT_BUSY:
	case FAULT_DISK_FULL:
	case FAULT_CLOCK_UNSURE:
	case FAULT_SHUTTING_DOWN:
		return system_error(call, 50001, "系统繁忙,请稍后再试");
	case OK:
	case FAULT_COUNT:
	case FAULT_VERSION_MISSING:
	case FAULT_VERSION_INVALID:
	case FAULT_VERSION_UNSUPPORTED:
	case FAULT_FORMAT_UNKNOWN:
	case FAULT_CREDENTIAL_UNKNOWN:
	case FAULT_VALUE_TAKEN:
	case FAULT_TEMPLATE_EXISTS:
	case FAULT_TEMPLATE_IN_USE:
	case FAULT_TEMPLATE_EXPIRED:
	case FAULT_TEMPLATE_EXHAUSTED:
	case FAULT_CAMPAIGN_MISMATCH:
	case FAULT_DEPARTMENT_UNKNOWN:
	case FAULT_DEPARTMENT_AMBIGUOUS:
	case FAULT_COUPON_CHANGED:
#define FAULT(name, text) case FAULT_##name:
#include "base/native_faults.tbl.h"
#include "base/tool_faults.tbl.h"
#undef FAULT
	case FAULT_SCOPE_MISSING:
	case FAULT_REQUEST_REUSED:
	case FAULT_ORDER_UNKNOWN:
	case FAULT_REDEMPTION_UNKNOWN:
#define FAULT(name, text) case FAULT_##name:
#include "base/reasons.tbl.h"
#undef FAULT
		return system_error(call, 50000, "系统错误");
	}
}
