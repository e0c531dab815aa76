/* FAULT(name, text) in order of precedence. */

/* the platform: who calls, and with what envelope */
FAULT(VERB_REFUSED,        "this HTTP verb is not allowed here")
FAULT(ENCODING_INVALID,    "the text is not valid UTF-8")
FAULT(METHOD_MISSING,      "the method is missing")
FAULT(METHOD_UNKNOWN,      "the method is unknown")
FAULT(KEY_MISSING,         "the application key is missing")
FAULT(KEY_UNKNOWN,         "the application key is unknown")
FAULT(TIMESTAMP_MISSING,   "the timestamp is missing")
FAULT(TIMESTAMP_INVALID,   "the timestamp cannot be read")
FAULT(TIMESTAMP_STALE,     "the timestamp is outside the window")
FAULT(VERSION_MISSING,     "the version is missing")
FAULT(VERSION_INVALID,     "the version cannot be read")
FAULT(VERSION_UNSUPPORTED, "the version is not supported")
FAULT(FORMAT_UNKNOWN,      "the reply format is unknown")
FAULT(SIGNATURE_MISSING,   "the signature is missing")
FAULT(SIGNATURE_WRONG,     "the signature does not match")
FAULT(TOKEN_MISSING,       "the session, access token or grant is missing")
FAULT(TOKEN_UNKNOWN,       "the session, access token or grant is wrong")
FAULT(ADDRESS_REFUSED,     "the caller's address is not trusted")
FAULT(KEY_ENDED,           "the key has expired or was revoked")
FAULT(SCOPE_MISSING,       "the key may not do this")
FAULT(CALL_LIMITED,        "too many calls")

/* the call's arguments */
FAULT(BODY_INVALID,        "the body cannot be read")
FAULT(PARAMETER_MISSING,   "a required field is missing")
FAULT(PARAMETER_TOO_LONG,  "a field is too long")
FAULT(PARAMETER_INVALID,   "a field is of the wrong form or out of range")
FAULT(TOO_MANY,            "the list has too many items")
FAULT(REQUEST_REUSED,      "the request number was used for another request")

/* the domain */
FAULT(MERCHANT_UNKNOWN,    "no such merchant")
FAULT(CREDENTIAL_UNKNOWN,  "no such credential")
FAULT(VALUE_TAKEN,         "the value belongs to another record")
FAULT(TEMPLATE_UNKNOWN,    "no such template")
FAULT(TEMPLATE_EXISTS,     "the template exists with other contents")
FAULT(TEMPLATE_IN_USE,     "a campaign uses the template")
FAULT(TEMPLATE_EXPIRED,    "the template's validity has ended")
FAULT(TEMPLATE_EXHAUSTED,  "the template's total is used up")
FAULT(CAMPAIGN_UNKNOWN,    "no such campaign")
FAULT(CAMPAIGN_MISMATCH,   "the code is not the campaign's")
FAULT(CUSTOMER_UNKNOWN,    "no such customer")
FAULT(CUSTOMER_AMBIGUOUS,  "several customers have this name")
FAULT(DEPARTMENT_UNKNOWN,  "no such department")
FAULT(DEPARTMENT_AMBIGUOUS,"several departments have this name")
FAULT(ORDER_UNKNOWN,       "no coupon was redeemed under this order number")
FAULT(REDEMPTION_UNKNOWN,  "no such redemption")
FAULT(COUPON_UNKNOWN,      "no such coupon")
FAULT(COUPON_CHANGED,      "the coupon exists with other contents")
#include "base/native_faults.tbl.h"

/* why a coupon is not issued, or may not be used */
#include "base/reasons.tbl.h"

FAULT(ANSWER_TOO_LARGE,    "the answer would be too large; narrow the query")
FAULT(LIMIT_REACHED,       "a limit of this server is reached")

/* the machine: nothing was written; trying again later is right */
FAULT(BUSY,                "the server is busy")
FAULT(DISK_FULL,           "there is no room on the disk")
FAULT(CLOCK_UNSURE,        "the clock has moved; writes wait")
FAULT(SHUTTING_DOWN,       "the server is stopping")

#include "base/tool_faults.tbl.h"
