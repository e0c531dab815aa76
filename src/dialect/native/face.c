/*
 * Faults as problems (RFC 9457). `code` is the fault's name and stays; `type` is its place on the
 * page /docs/; a switch without default says its status.
 *
 *   400 the request   401 the key   403 its scope   404 not there   405 the verb   409 the state
 *   412 If-Match   422 a request number with other contents   429 too often   503 later   500 ours
 *
 * A public key that hit on a wrong code hears NATIVE_NOT_USABLE, whatever is wrong with it.
 */
#include "dialect/native/face.h"
#include "dialect/native/encode.h"

enum { RETRY_S = 1 };

/* Long: one line for each fault, so that the compiler names a forgotten one. */
int native_status(enum fault fault)
{
	switch (fault) {
	case FAULT_ENCODING_INVALID:
	case FAULT_BODY_INVALID:
	case FAULT_PARAMETER_MISSING:
	case FAULT_PARAMETER_TOO_LONG:
	case FAULT_PARAMETER_INVALID:
	case FAULT_TOO_MANY:
		return 400;
	case FAULT_KEY_MISSING:
	case FAULT_KEY_UNKNOWN:
	case FAULT_KEY_ENDED:
		return 401;
	case FAULT_ADDRESS_REFUSED:
	case FAULT_SCOPE_MISSING:
		return 403;
	case FAULT_METHOD_MISSING:
	case FAULT_METHOD_UNKNOWN:
	case FAULT_MERCHANT_UNKNOWN:
	case FAULT_CREDENTIAL_UNKNOWN:
	case FAULT_TEMPLATE_UNKNOWN:
	case FAULT_CAMPAIGN_UNKNOWN:
	case FAULT_CUSTOMER_UNKNOWN:
	case FAULT_DEPARTMENT_UNKNOWN:
	case FAULT_ORDER_UNKNOWN:
	case FAULT_REDEMPTION_UNKNOWN:
	case FAULT_COUPON_UNKNOWN:
	case FAULT_WEBHOOK_UNKNOWN:
	case FAULT_DELIVERY_UNKNOWN:
	case FAULT_ERRAND_UNKNOWN:
	case FAULT_JOB_UNKNOWN:
		return 404;
	case FAULT_VERB_REFUSED:
		return 405;
	case FAULT_VALUE_TAKEN:
	case FAULT_TEMPLATE_EXISTS:
	case FAULT_TEMPLATE_IN_USE:
	case FAULT_TEMPLATE_EXPIRED:
	case FAULT_TEMPLATE_EXHAUSTED:
	case FAULT_CAMPAIGN_MISMATCH:
	case FAULT_CUSTOMER_AMBIGUOUS:
	case FAULT_DEPARTMENT_AMBIGUOUS:
	case FAULT_COUPON_CHANGED:
	case FAULT_LIMIT_BELOW_USED:
	case FAULT_CAMPAIGN_ENDED:
	case FAULT_JOB_ENDED:
	case FAULT_LEASE_LOST:
	case FAULT_SANDBOX_WANTED:
	case FAULT_ANSWER_TOO_LARGE:
	case FAULT_LIMIT_REACHED:
#define FAULT(name, text) case FAULT_##name:
#include "base/reasons.tbl.h"
#undef FAULT
		return 409;
	case FAULT_PRECONDITION_FAILED:
		return 412;
	case FAULT_REQUEST_REUSED:
	case FAULT_TARGET_REFUSED:
		return 422;
	case FAULT_CALL_LIMITED:
		return 429;
	case FAULT_BUSY:
	case FAULT_DISK_FULL:
	case FAULT_CLOCK_UNSURE:
	case FAULT_SHUTTING_DOWN:
		return 503;
	case OK:
	case FAULT_COUNT:
	case FAULT_TIMESTAMP_MISSING:
	case FAULT_TIMESTAMP_INVALID:
	case FAULT_TIMESTAMP_STALE:
	case FAULT_VERSION_MISSING:
	case FAULT_VERSION_INVALID:
	case FAULT_VERSION_UNSUPPORTED:
	case FAULT_FORMAT_UNKNOWN:
	case FAULT_SIGNATURE_MISSING:
	case FAULT_SIGNATURE_WRONG:
	case FAULT_TOKEN_MISSING:
	case FAULT_TOKEN_UNKNOWN:
#define FAULT(name, text) case FAULT_##name:
#include "base/tool_faults.tbl.h"
#undef FAULT
		return 500;
	}
	must(false);
}

/* --- words --- */

struct text native_wire_word(struct text field)
{
	static const struct {
		struct text command, wire;
	} words[] = {
#define W(command, wire) {TEXT(command), TEXT(wire)},
	    W("coupon_id", "template_id") W("campaign_source_code", "source_code")
		W("campaign_code", "code") W("activity_id", "source_code") W("amount", "amount_fen")
		    W("starts", "starts_at") W("basis_points", "percent_off") W("cap", "cap_fen")
			W("threshold", "threshold_fen") W("budget", "limits.budget_fen")
			    W("per_day", "limits.per_day") W("uses", "limits.uses_per_coupon")
				W("period", "limits.uses_per_customer_per")
				    W("per_order", "stacking.per_order")
					W("stack_group", "stacking.group") W("end", "valid.until")
					    W("lasts_days", "valid.lasts_days")
						W("starts_after_days", "valid.starts_after_days")
						    W("code_prefix", "code.prefix")
							W("code_charset", "code.charset")
							    W("code_length", "code.length")
								W("hold_s", "hold_seconds")
								    W("redemption_id", "redemption")
#undef W
	};
	for (size_t i = 0; i < COUNT_OF(words); i++)
		if (text_equal(field, words[i].command))
			return words[i].wire;
	return field;
}

/* Of a redeem that was refused: what its handler found on each coupon. */
static const struct coupon_check_ret *refused_coupons(const struct call *call)
{
	bool redeem = call->method && call->method->command == COMMAND_coupon_redeem && call->ret;
	return redeem ? &((const struct coupon_redeem_ret *)call->ret)->refused : NULL;
}

static bool is_reason(enum fault fault)
{
	switch ((int)fault) {
#define FAULT(name, text) case FAULT_##name:
#include "base/reasons.tbl.h"
#undef FAULT
	case FAULT_COUPON_UNKNOWN:
	case FAULT_TEMPLATE_EXHAUSTED:
	case FAULT_TEMPLATE_EXPIRED:
		return true;
	default:
		return false;
	}
}

/* One coupon's reasons: its code only where there are several. */
static void show_coupon_reasons(struct out *o, const struct priced *p, bool several)
{
	for (unsigned i = 0; i < p->reason_count; i++) {
		enum fault fault = p->reasons[i];
		write_begin(&o->w, "reason");
		NATIVE_PROBLEM_REASON(SHOW)
		write_end(&o->w);
	}
}

static void show_problem_reasons(struct out *o, const struct call *call, enum fault fault)
{
	const struct native_state *s = call->state;
	const struct coupon_check_ret *refused = refused_coupons(call);
	if (!is_reason(fault) || (s && s->is_public))
		return;
	write_begin_list(&o->w, "reasons", "reason");
	if (refused && refused->n)
		for (unsigned i = 0; i < refused->n; i++)
			show_coupon_reasons(o, &refused->coupons[i], refused->n > 1);
	else
		show_reason(o, "reason", fault);
	write_end(&o->w);
}

static struct text request_id_of(const struct call *call)
{
	const struct native_state *s = call->state;
	return s ? (struct text){s->request_id, REQUEST_ID_SIZE} : TEXT("0000000000000000");
}

static void write_problem(struct call *call, enum fault fault, bool not_usable)
{
	struct text code = text_of(not_usable ? NATIVE_NOT_USABLE : fault_name(fault));
	struct text title =
	    not_usable ? TEXT("the coupon cannot be used") : text_of(fault_text(fault));
	struct text field = not_usable ? TEXT_NONE : native_wire_word(call->detail.field);
	struct text value =
	    not_usable || !text_is_clean(call->detail.value) ? TEXT_NONE : call->detail.value;
	struct text request_id = request_id_of(call), detail = TEXT_NONE;
	char type_memory[96], detail_memory[512];
	struct buffer b;
	int status = call->status;
	buffer_init_fixed(&b, type_memory, sizeof(type_memory));
	buffer_text(&b, TEXT("/docs/#"));
	buffer_text(&b, code);
	struct text type = buffer_get(&b);
	if (field.size && field.size < sizeof(detail_memory) / 2) {
		buffer_init_fixed(&b, detail_memory, sizeof(detail_memory));
		buffer_text(&b, title);
		buffer_text(&b, TEXT(": "));
		buffer_text(&b, field);
		detail = buffer_get(&b);
	}
	struct out out, *o = &out;
	out_open(o, call);
	NATIVE_PROBLEM(SHOW)
	out_end(o);
}

/* --- headers --- */

/* Who has guessed learns when to come again, and of no limit but that. */
static void add_limits(struct call *call)
{
	const struct native_state *s = call->state;
	struct call_limit wait = {.per_s = 1, .burst = 1};
	if (!s || !s->wait_s) {
		native_limits(call, &call->limit);
		return;
	}
	call->retry_after_s = wait.reset_s = (unsigned)s->wait_s;
	native_limits(call, &wait);
}

static void add_headers(struct call *call)
{
	call_header(call, TEXT("Request-Id"), request_id_of(call));
	add_limits(call);
	switch (call->status) {
	case 401:
		call_header(call, TEXT("WWW-Authenticate"), TEXT("Bearer"));
		break;
	case 405:
		call_header(call, TEXT("Allow"), native_allowed(call));
		break;
	case 429:
		call->retry_after_s += call->retry_after_s == 0;
		break;
	case 503:
		call->retry_after_s = RETRY_S;
		break;
	default:
		break;
	}
}

/* What a public key may not tell apart. */
static bool is_about_coupon(const struct call *call, enum fault fault)
{
	return is_reason(fault) || fault == FAULT_CUSTOMER_UNKNOWN ||
	       fault == FAULT_TEMPLATE_UNKNOWN ||
	       (fault >= FAULT_PARAMETER_MISSING && fault <= FAULT_TOO_MANY &&
		text_equal(call->detail.field, TEXT("code")));
}

void native_face(struct call *call, enum fault fault)
{
	const struct native_state *s = call->state;
	buffer_clear(&call->reply);
	call->header_count = 0;
	call->retry_after_s = fault == FAULT_CALL_LIMITED ? call->retry_after_s : 0;
	if (s && s->is_public && !s->is_refused && is_about_coupon(call, fault))
		fault = native_refuse_public(call);
	bool not_usable = s && s->is_refused;
	call->status = native_status(fault);
	call->content_type = TEXT("application/problem+json");
	add_headers(call);
	write_problem(call, fault, not_usable);
}
