/*
 * Answers. A write's return_code is an integer, a query's a text, as the document shows them, and
 * clients depend on it. response_data is a JSON TEXT that holds JSON.
 *
 * A query is encoded in slices: people are read a page at a time, the transaction is renewed and
 * the page's memory given back between pages, and the inner JSON goes through a small buffer on its
 * way into the reply, where it is escaped. So memory is bounded by the reply, which has a cap.
 */
#include "dialect/waiqin/waiqin.h"
#include "dialect/waiqin/fields.tbl.h"

enum {
	SLICE_ROWS = 1000,		   /* people read in one transaction */
	PIECE_BYTES = 64 * 1024,	   /* of inner JSON before it is escaped into the reply */
	PIECE_BYTES_MAX = 8 * 1024 * 1024, /* one campaign's own fields, or one person */
};

/* An answer in the making. */
struct answer {
	struct call *call;
	struct buffer piece;
	struct arena_mark mark; /* of the slice */
	unsigned rows;		/* read in this transaction */
};

enum fault waiqin_encode_done(struct call *call, const void *ret)
{
	const struct waiqin_state *s = call->state;
	struct writer w;
	(void)ret;
	writer_init(&w, &call->reply, WRITER_JSON);
	write_text(&w, "msg_id", s->msg_id);
	write_int(&w, "return_code", 0);
	write_text(&w, "return_msg", TEXT_NONE);
	writer_finish(&w);
	return OK;
}

/* --- pieces --- */

static enum fault piece_send(struct answer *a)
{
	struct buffer *reply = &a->call->reply;
	if (a->piece.full)
		return FAULT_ANSWER_TOO_LARGE;
	buffer_json_escaped(reply, buffer_get(&a->piece));
	buffer_clear(&a->piece);
	return reply->full || reply->size > ANSWER_BYTES_MAX ? FAULT_ANSWER_TOO_LARGE : OK;
}

static enum fault piece_send_when_large(struct answer *a)
{
	return a->piece.full || a->piece.size >= PIECE_BYTES ? piece_send(a) : OK;
}

/* --- slices --- */

static void slice_renew(struct answer *a)
{
	arena_rewind(a->call->arena, a->mark);
	call_renew(a->call);
	a->mark = arena_mark(a->call->arena);
	a->rows = 0;
}

static enum fault read_page(struct answer *a, struct audience_page_cmd *page,
			    struct audience_page_ret *ret)
{
	if (a->rows >= SLICE_ROWS)
		slice_renew(a);
	*ret = (struct audience_page_ret){0};
	TRY(call_read(a->call, COMMAND_audience_page, page, ret));
	if (a->call->arena->full)
		return FAULT_ANSWER_TOO_LARGE;
	page->from += ret->n;
	a->rows += ret->n + 1; /* an empty page is work too */
	return OK;
}

/* --- scalars, by the kinds of fields.tbl.h --- */

static void write_TEXT(struct writer *w, const char *name, struct text value)
{
	write_text(w, name, value);
}

static void write_DAY(struct writer *w, const char *name, struct instant value)
{
	char day[MOMENT_DAY_SIZE];
	struct buffer b;
	buffer_init_fixed(&b, day, sizeof(day));
	if (!instant_is_none(value))
		buffer_moment_day(&b, value);
	write_text(w, name, buffer_get(&b));
}

static void write_NUMBER(struct writer *w, const char *name, uint64_t value)
{
	char digits[24];
	struct buffer b;
	buffer_init_fixed(&b, digits, sizeof(digits));
	buffer_uint64(&b, value);
	write_text(w, name, buffer_get(&b));
}

#define A(wire, how, from) write_##how(w, #wire, from);
static void write_campaign_scalars(struct writer *w, const struct campaign *c)
{
	WAIQIN_CAMPAIGN_FIELDS(A)
}

static void write_department(struct writer *w, const struct department *d)
{
	WAIQIN_DEPARTMENT_FIELDS(A)
}

static void write_customer(struct writer *w, const struct customer *c)
{
	WAIQIN_CUSTOMER_FIELDS(A)
}
#undef A

/* --- campaigns --- */

static void write_departments(struct writer *w, const struct department *departments, unsigned n)
{
	write_begin_list(w, "belong_dept", "");
	for (unsigned i = 0; i < n; i++) {
		write_begin(w, "");
		write_department(w, &departments[i]);
		write_end(w);
	}
	write_end(w);
}

static void write_person(struct writer *w, const struct audience_person *p, enum mark mark)
{
	write_begin(w, "");
	write_customer(w, &p->customer);
	if (mark == MARK_REGISTERED)
		write_text(w, "merchant_information", p->member.information);
	write_end(w);
}

static enum fault write_people(struct answer *a, struct writer *w, const struct campaign *c,
			       enum mark mark, const char *name)
{
	struct audience_page_cmd page = {
	    .campaign = c->number, .cover = c->cover, .mark = mark, .n = SLICE_ROWS};
	struct audience_page_ret people;
	write_begin_list(w, name, "");
	do {
		TRY(read_page(a, &page, &people));
		for (unsigned i = 0; i < people.n; i++) {
			write_person(w, &people.rows[i], mark);
			TRY(piece_send_when_large(a));
		}
	} while (people.n == SLICE_ROWS);
	write_end(w);
	return OK;
}

static enum fault write_campaign(struct answer *a, const struct campaign_query_ret *found,
				 unsigned i)
{
	const struct campaign *c = &found->rows[i];
	struct writer w;
	if (i)
		buffer_byte(&a->piece, ',');
	writer_init(&w, &a->piece, WRITER_JSON);
	write_campaign_scalars(&w, c);
	write_departments(&w, found->departments[i], found->department_count[i]);
	TRY(write_people(a, &w, c, MARK_COVERED, "override_customer"));
	TRY(write_people(a, &w, c, MARK_INVITED, "invited_customer"));
	TRY(write_people(a, &w, c, MARK_REGISTERED, "registered_customer"));
	writer_finish(&w);
	return piece_send_when_large(a);
}

static enum fault write_campaigns(struct answer *a, const struct campaign_query_ret *found)
{
	buffer_byte(&a->piece, '[');
	for (unsigned i = 0; i < found->n; i++)
		TRY(write_campaign(a, found, i));
	buffer_byte(&a->piece, ']');
	return piece_send(a);
}

enum fault waiqin_encode_query(struct call *call, const void *ret)
{
	const struct waiqin_state *s = call->state;
	struct answer a = {.call = call, .mark = arena_mark(call->arena)};
	buffer_init(&a.piece, PIECE_BYTES_MAX);
	buffer_text(&call->reply, TEXT("{\"return_code\":\"0\",\"return_msg\":\"\",\"msg_id\":"));
	buffer_json_text(&call->reply, s->msg_id);
	buffer_text(&call->reply, TEXT(",\"response_data\":\""));
	enum fault fault = write_campaigns(&a, ret);
	buffer_release(&a.piece);
	buffer_text(&call->reply, TEXT("\"}"));
	return fault;
}
