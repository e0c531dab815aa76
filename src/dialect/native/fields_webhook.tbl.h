/*
 * Webhooks and their log: rows as in fields.tbl.h, which includes this.
 */
/* clang-format off */

/* --- requests --- */
#define NATIVE_WEBHOOK_SAVE(F) \
	F(url,    url,    NULL, TEXT_BYTES, WEBHOOK_URL_MAX, OPTIONAL, 0, none, "https://, on the public net unless the server allows others; required to make one") \
	F(events, events, NULL, VALUE, 0, OPTIONAL, 0, EventNameList, "what it is told; absent or [\"*\"]: everything, also what later versions tell") \
	F(label,  label,  NULL, TEXT, NAME_LENGTH_MAX, OPTIONAL, 0, none, "for people") \
	NATIVE_NUMBER(F)
#define NATIVE_ROTATE(F) \
	F(old_secret_s, old_secret_seconds, NULL, INT, OLD_SECRET_S_MAX, OPTIONAL, HAS(has_old_secret_s), none, "so long the secret before signs too; absent: a day") \
	NATIVE_NUMBER(F)
#define NATIVE_RESEND(F) \
	F(event_id, event_id, NULL, TEXT, NAME_LENGTH_MAX, REQUIRED, 0, none, "of a delivery of the log") \
	NATIVE_NUMBER(F)

/* --- queries --- */
#define NATIVE_DELIVERY_PAGE(F) \
	F(state, state, NULL, WORD, 0, OPTIONAL, HAS(has_state), delivery, "absent: all") \
	NATIVE_PAGE(F)

/* --- answers --- */
/* w: a webhook */
#define NATIVE_WEBHOOK_NAMED(D) \
	D(DIGITS, id,     true, w->number, REQUIRED, none, "") \
	D(TEXT,   url,    true, w->url, REQUIRED, none, "") \
	D(PART,   events, true, show_event_names(o, w->kinds), REQUIRED, EventNameListShown, "") \
	D(TEXT,   label,  true, w->label, OPTIONAL, none, "")
#define NATIVE_WEBHOOK(D) \
	NATIVE_WEBHOOK_NAMED(D) \
	D(MOMENT, created_at,       true, w->created, OPTIONAL, none, "") \
	D(MOMENT, old_secret_until, true, w->old_until, OPTIONAL, none, "when the secret before stops signing, or did") \
	D(MOMENT, failing_since,    true, w->failing, OPTIONAL, none, "no try was good since then") \
	D(MOMENT, suspended_at,     true, w->suspended, OPTIONAL, none, "it has failed for too long; resume it")
#define NATIVE_WEBHOOK_MADE(D) \
	NATIVE_WEBHOOK_NAMED(D) \
	D(TEXT,   secret,     true, secret, REQUIRED, none, "whsec_ and base64, as Standard Webhooks has it; shown here only") \
	D(MOMENT, created_at, true, w->created, OPTIONAL, none, "")
#define NATIVE_WEBHOOK_CHANGED(D) \
	D(DIGITS, id, true, number, REQUIRED, none, "")
#define NATIVE_WEBHOOK_ROTATED(D) \
	D(DIGITS, id,               true, number, REQUIRED, none, "") \
	D(TEXT,   secret,           true, secret, REQUIRED, none, "the new one; shown here only") \
	D(MOMENT, old_secret_until, true, ret->old_until, OPTIONAL, none, "so long the one before signs too")
/* d: a delivery, n: its notice */
#define NATIVE_DELIVERY(D) \
	D(TEXT,   event_id,    true, event_id, REQUIRED, none, "the header webhook-id, the same at every try") \
	D(TEXT,   type,        true, type, REQUIRED, none, "the event's name") \
	D(MOMENT, happened_at, true, n->happened, OPTIONAL, none, "") \
	D(WORD,   state,       true, WORD_OF(delivery, delivery_state_of(d)), REQUIRED, delivery, "failed: given up after the last try") \
	D(NUMBER, tries,       true, d->tries, REQUIRED, none, "since it was made, or resent") \
	D(MOMENT, tried_at,    true, d->tried, OPTIONAL, none, "the last time") \
	D(MOMENT, next_try_at, d->waiting, d->due, OPTIONAL, none, "absent: as soon as what is before it is through") \
	D(NUMBER, status,      d->status, d->status, OPTIONAL, none, "of the last answer") \
	D(TEXT,   answer,      true, d->answer, OPTIONAL, none, "its beginning, or why there is none")
#define NATIVE_RESENT(D) \
	D(DIGITS, id,       true, cmd->webhook, REQUIRED, none, "the webhook's") \
	D(TEXT,   event_id, true, event_id, REQUIRED, none, "")
/* clang-format on */
