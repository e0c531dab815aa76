/* See message.h. */
#include "courier/message.h"

#include "base/crypto.h"
#include "base/writer.h"
#include "domain/notice.h"

/* As words.tbl.h of the native API has them. */
static const char *const states[] = {"unused", "redeemed", "frozen", "recalled", "expired"};
static const char *const causes[] = {"cancel", "refund"};
static const char *const events[EVENT_COUNT] = {
    "",		"issued",   "held",	"confirmed", "released", "assigned", "frozen",
    "unfrozen", "redeemed", "reversed", "recalled",  "extended", "reissued", "transferred"};

struct page_of { /* one message */
	struct writer w;
	const struct message *m;
};

/* --- members; what there is none of is left out --- */

static void text(struct page_of *p, const char *name, struct text value)
{
	if (value.size)
		write_text(&p->w, name, value);
}

static void word(struct page_of *p, const char *name, const char *value)
{
	write_plain(&p->w, name, text_of(value));
}

static void moment(struct page_of *p, const char *name, struct instant value)
{
	char memory[MOMENT_ZONED_SIZE];
	struct buffer b;
	if (instant_is_none(value))
		return;
	buffer_init_fixed(&b, memory, sizeof(memory));
	buffer_moment_zoned(&b, value, p->m->notice.from_utc8);
	write_plain(&p->w, name, buffer_get(&b));
}

static void number(struct page_of *p, const char *name, uint64_t value)
{
	write_int(&p->w, name, (int64_t)value);
}

/* Ids are texts. */
static void digits(struct page_of *p, const char *name, uint64_t value)
{
	char memory[20];
	struct buffer b;
	if (!value)
		return;
	buffer_init_fixed(&b, memory, sizeof(memory));
	buffer_uint64(&b, value);
	write_plain(&p->w, name, buffer_get(&b));
}

static void coupon_id(struct page_of *p)
{
	char id[PUBLIC_ID_SIZE];
	public_id(p->m->notice.subject, id);
	write_plain(&p->w, "id", (struct text){id, sizeof(id)});
}

/* --- a coupon's event --- */

static void circumstances(struct page_of *p, const struct circumstances *said)
{
	text(p, "reason", said->reason);
	text(p, "order_no", said->order_no);
	text(p, "operator", said->operator);
	text(p, "shop", said->shop);
}

static void amounts(struct page_of *p, const struct event *e)
{
	if (e->has_amount)
		write_int(&p->w, "amount_fen", e->amount.fen);
	if (e->kind == EVENT_REDEEMED || e->kind == EVENT_REVERSED)
		write_int(&p->w, "discount_fen", e->discount.fen);
	if (e->reverses)
		number(p, "reverses", e->reverses);
	if (e->kind != EVENT_REVERSED)
		return;
	word(p, "cause", causes[e->cause]);
	write_bool(&p->w, "gave_back", e->gave_back);
}

static void event(struct page_of *p, const struct event *e)
{
	bool waits = e->kind == EVENT_FROZEN || e->kind == EVENT_HELD;
	bool gives = e->kind == EVENT_ASSIGNED || e->kind == EVENT_TRANSFERRED;
	write_begin(&p->w, "event");
	number(p, "number", e->number);
	word(p, "kind", events[e->kind]);
	moment(p, "at", e->at);
	circumstances(p, &e->said);
	word(p, "state", states[e->state]);
	moment(p, "valid_until", e->end);
	moment(p, waits ? "until" : "valid_until_before", e->until);
	amounts(p, e);
	if (gives)
		text(p, "customer_id", e->other);
	if (e->kind == EVENT_REISSUED)
		text(p, "new_code", e->other);
	number(p, "used", e->used);
	number(p, "revision", e->revision);
	write_end(&p->w);
}

static void redemption_id(struct page_of *p, const struct event *e)
{
	enum { NUMBER_MAX = 20 };
	char id[PUBLIC_ID_SIZE + 1 + NUMBER_MAX];
	struct buffer b;
	if (e->kind != EVENT_REDEEMED && e->kind != EVENT_REVERSED)
		return;
	public_id(p->m->notice.subject, id);
	buffer_init_fixed(&b, id, sizeof(id));
	b.size = PUBLIC_ID_SIZE;
	buffer_byte(&b, '-');
	buffer_uint64(&b, e->reverses ? e->reverses : e->number);
	write_plain(&p->w, "redemption_id", buffer_get(&b));
}

/* An issue that stands in no timeline is the only event without one: it is as it was issued. */
static void coupon(struct page_of *p)
{
	const struct message *m = p->m;
	const struct event *e = m->event;
	text(p, "code", m->code);
	coupon_id(p);
	word(p, "state", states[e ? e->state : COUPON_UNUSED]);
	digits(p, "template_id", m->template_id);
	text(p, "customer_id", m->customer_id);
	text(p, "campaign", m->source_code);
	digits(p, "activity_id", m->activity_id);
	if (!e)
		moment(p, "valid_until", (struct instant){(int64_t)m->notice.figure});
	number(p, "revision", e ? e->revision : 0);
	if (!e)
		return;
	if (e->kind == EVENT_ISSUED)
		text(p, "replaces", e->other);
	redemption_id(p, e);
	event(p, e);
}

/* --- others --- */

static void others(struct page_of *p, enum notice_of of)
{
	const struct notice *n = &p->m->notice;
	switch (of) {
	case OF_COUPON:
		coupon(p);
		break;
	case OF_TEMPLATE:
		digits(p, "template_id", p->m->template_id);
		number(p, "percent", n->figure);
		break;
	case OF_CAMPAIGN:
		text(p, "source_code", p->m->source_code);
		digits(p, "activity_id", p->m->activity_id);
		break;
	case OF_JOB:
		digits(p, "job_id", n->subject);
		text(p, "state", n->word);
		break;
	case OF_PROVIDER:
		digits(p, "provider_id", n->subject);
		text(p, "trouble", n->word);
		break;
	case OF_WEBHOOK:
		digits(p, "webhook_id", n->subject);
		break;
	}
}

bool message_write(const struct message *m, struct buffer *out)
{
	const struct notice_row *row = notice_row_get((unsigned)m->notice.kind);
	struct page_of p = {.m = m};
	if (!row)
		return false;
	writer_init(&p.w, out, WRITER_JSON);
	word(&p, "type", row->wire);
	moment(&p, "timestamp", m->notice.happened);
	write_begin(&p.w, "data");
	others(&p, row->of);
	write_end(&p.w);
	writer_finish(&p.w);
	return true;
}

/* --- signatures --- */

static void sign(const struct message_signed *m, struct text secret, struct buffer *out)
{
	const struct text parts[] = {m->id, TEXT("."), m->timestamp, TEXT("."), m->body};
	uint8_t mac[DIGEST_SIZE_MAX];
	char encoded[44];
	size_t size = digest_size(DIGEST_SHA256);
	if (!secret.size)
		return;
	must(base64_size(size) == sizeof(encoded));
	hmac_parts(DIGEST_SHA256, secret, parts, COUNT_OF(parts), mac);
	base64_write(mac, size, encoded);
	buffer_text(out, out->size ? TEXT(" v1,") : TEXT("v1,"));
	buffer_add(out, encoded, sizeof(encoded));
}

void message_sign(const struct message_signed *m, struct text secret, struct text old_secret,
		  char out[SIGNATURES_SIZE])
{
	struct buffer b;
	buffer_init_fixed(&b, out, SIGNATURES_SIZE);
	sign(m, secret, &b);
	sign(m, old_secret, &b);
	buffer_byte(&b, 0);
	must(!b.full);
}
