/*
 * Faults in Waiqin's words. Clients look at return_code alone (0 or 1; the vendor's table of others
 * was never found), people read return_msg:
 *
 *   missing parameter: <field>    too long: <field>      wrong format: <field>
 *   unknown <field>: <value>      ambiguous <field>: <value>
 *
 * A failed write is {msg_id, 1, text}; a failed query has "1" and response_data "[]", because
 * clients read it without asking. What is no call at all (unknown operation, other verbs) is
 * answered in plain text with an HTTP status: a body without '{' means "no such address" to them.
 */
#include "dialect/waiqin/waiqin.h"
#include "dialect/waiqin/fields.tbl.h"

enum { VALUE_SHOWN_MAX = 200 }; /* bytes of a value that a text repeats */

/* The wire name of a field of the operation. */
static struct text wire_word(const struct call *call, const struct waiqin_state *s,
			     struct text field)
{
	static const struct {
		const char *operation, *member, *wire;
	} words[] = {
#define W(operation, member, wire) {#operation, #member, #wire},
	    WAIQIN_WORDS(W)
#undef W
	};
	if (text_equal(field, TEXT("customers")) && s->customers)
		return text_of(s->customers);
	if (text_equal(field, TEXT("departments")) && s->departments)
		return text_of(s->departments);
	for (size_t i = 0; call->method && i < COUNT_OF(words); i++) {
		if (text_equal(field, text_of(words[i].member)) &&
		    text_equal(text_of(call->method->name), text_of(words[i].operation)))
			return text_of(words[i].wire);
	}
	return field;
}

/* "verb field: value", without what is empty. */
static void say(struct buffer *b, const char *verb, struct text field, struct text value)
{
	buffer_text(b, text_of(verb));
	buffer_text(b, field);
	if (!value.size || !text_is_clean(value))
		return;
	size_t size = value.size < VALUE_SHOWN_MAX ? value.size : VALUE_SHOWN_MAX;
	while (size < value.size && ((uint8_t)value.data[size] & 0xC0) == 0x80)
		size--; /* never half a character */
	buffer_text(b, TEXT(": "));
	buffer_add(b, value.data, size);
}

static struct text known_or(const char *field, struct text otherwise)
{
	return field ? text_of(field) : otherwise;
}

/* Long: one line for each fault, so that the compiler names a forgotten one. */
static void write_message(struct buffer *b, const struct call *call, const struct waiqin_state *s,
			  enum fault fault)
{
	struct text field = wire_word(call, s, call->detail.field), value = call->detail.value;
	switch (fault) {
	case FAULT_KEY_MISSING:
		return say(b, "missing parameter: ", TEXT("openid"), TEXT_NONE);
	case FAULT_TIMESTAMP_MISSING:
		return say(b, "missing parameter: ", TEXT("timestamp"), TEXT_NONE);
	case FAULT_SIGNATURE_MISSING:
		return say(b, "missing parameter: ", TEXT("digest"), TEXT_NONE);
	case FAULT_KEY_UNKNOWN:
	case FAULT_KEY_ENDED:
		return say(b, "unknown ", TEXT("openid"), s->openid);
	case FAULT_TIMESTAMP_INVALID:
		return say(b, "wrong format: ", TEXT("timestamp"), TEXT_NONE);
	case FAULT_TIMESTAMP_STALE:
		return say(b, "out of window: ", TEXT("timestamp"), TEXT_NONE);
	case FAULT_SIGNATURE_WRONG:
		return say(b, "wrong ", TEXT("digest"), TEXT_NONE);
	case FAULT_ADDRESS_REFUSED:
		return say(b, "address not trusted", TEXT_NONE, call->request->peer);
	case FAULT_CALL_LIMITED:
		return say(b, "too many calls", TEXT_NONE, TEXT_NONE);
	case FAULT_ENCODING_INVALID:
	case FAULT_BODY_INVALID:
		return say(b, "wrong format: ", TEXT("body"), TEXT_NONE);
	case FAULT_PARAMETER_MISSING:
		return say(b, "missing parameter: ", field, TEXT_NONE);
	case FAULT_PARAMETER_TOO_LONG:
		return say(b, "too long: ", field, TEXT_NONE);
	case FAULT_PARAMETER_INVALID:
		return say(b, "wrong format: ", field, TEXT_NONE);
	case FAULT_TOO_MANY:
		return say(b, "too many values: ", field, TEXT_NONE);
	case FAULT_VALUE_TAKEN:
		return say(b, "value taken: ", field, value);
	case FAULT_CAMPAIGN_UNKNOWN:
		return say(b, "unknown ", TEXT("campaign_source_code"), value);
	case FAULT_CAMPAIGN_MISMATCH:
		return say(b, "unknown ", TEXT("campaign_code"), value);
	case FAULT_CUSTOMER_UNKNOWN:
		return say(b, "unknown ", known_or(s->customers, field), value);
	case FAULT_CUSTOMER_AMBIGUOUS:
		return say(b, "ambiguous ", known_or(s->customers, field), value);
	case FAULT_DEPARTMENT_UNKNOWN:
		return say(b, "unknown ", known_or(s->departments, field), value);
	case FAULT_DEPARTMENT_AMBIGUOUS:
		return say(b, "ambiguous ", known_or(s->departments, field), value);
	case FAULT_ANSWER_TOO_LARGE:
		return say(b, "answer too large: narrow the query by activity_source_code",
			   TEXT_NONE, TEXT_NONE);
	case FAULT_LIMIT_REACHED:
		return say(b, "too many campaigns: narrow the query by ", field, TEXT_NONE);
	case FAULT_BUSY:
	case FAULT_DISK_FULL:
	case FAULT_CLOCK_UNSURE:
	case FAULT_SHUTTING_DOWN:
		return say(b, "server busy, try again later", TEXT_NONE, TEXT_NONE);
	case OK:
	case FAULT_COUNT:
	case FAULT_VERB_REFUSED:
	case FAULT_METHOD_MISSING:
	case FAULT_METHOD_UNKNOWN:
	case FAULT_VERSION_MISSING:
	case FAULT_VERSION_INVALID:
	case FAULT_VERSION_UNSUPPORTED:
	case FAULT_FORMAT_UNKNOWN:
	case FAULT_TOKEN_MISSING:
	case FAULT_TOKEN_UNKNOWN:
	case FAULT_MERCHANT_UNKNOWN:
	case FAULT_CREDENTIAL_UNKNOWN:
	case FAULT_TEMPLATE_UNKNOWN:
	case FAULT_TEMPLATE_EXISTS:
	case FAULT_TEMPLATE_IN_USE:
	case FAULT_TEMPLATE_EXPIRED:
	case FAULT_TEMPLATE_EXHAUSTED:
	case FAULT_COUPON_UNKNOWN:
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
		return say(b, "server error", TEXT_NONE, text_of(fault_name(fault)));
	}
}

static void plain(struct call *call, int status, struct text body)
{
	call->status = status;
	call->content_type = TEXT("text/plain;charset=UTF-8");
	buffer_text(&call->reply, body);
}

/* By the path, for a fault may come before the method is known. */
static bool is_query(const struct waiqin_state *s)
{
	const struct method *method = dialect_method(&dialect_waiqin, s->operation);
	return method && method->command == COMMAND_campaign_query;
}

void waiqin_face(struct call *call, enum fault fault)
{
	static const struct waiqin_state unread = {0};
	const struct waiqin_state *s = waiqin_state(call);
	char memory[512];
	struct buffer message;
	struct writer w;

	buffer_clear(&call->reply);
	if (fault == FAULT_METHOD_UNKNOWN || fault == FAULT_METHOD_MISSING)
		return plain(call, 404, TEXT("no such operation\n"));
	if (fault == FAULT_VERB_REFUSED)
		return plain(call, 405, TEXT("only POST is answered here\n"));
	s = s ? s : &unread;
	buffer_init_fixed(&message, memory, sizeof(memory));
	write_message(&message, call, s, fault);
	struct text msg_id = waiqin_msg_id_valid(s->msg_id) ? s->msg_id : TEXT_NONE;
	writer_init(&w, &call->reply, WRITER_JSON);
	if (is_query(s)) {
		write_text(&w, "return_code", TEXT("1"));
		write_text(&w, "return_msg", buffer_get(&message));
		write_text(&w, "msg_id", msg_id);
		write_text(&w, "response_data", TEXT("[]"));
	} else {
		write_text(&w, "msg_id", msg_id);
		write_int(&w, "return_code", 1);
		write_text(&w, "return_msg", buffer_get(&message));
	}
	writer_finish(&w);
}
