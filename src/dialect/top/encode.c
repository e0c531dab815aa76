/*
 * Result -> reply, one encoder for its three faces: XML, JSON, and JSON without the wrappers
 * (simplify). Numbers are JSON numbers, everything else text; nothing is ever null.
 */
#include "base/crypto.h"
#include "dialect/top/top.h"

static const char query_root[] = "alibaba_alihealth_nr_crm_coupon_querycoupon_response";

/* ---- what the kinds of fields.tbl.h do */

static inline void put_TEXT(struct writer *w, const char *name, struct text value)
{
	if (value.size)
		write_text(w, name, value);
}

static inline void put_NUMBER(struct writer *w, const char *name, uint64_t number)
{
	char memory[24];
	struct buffer b;
	buffer_init_fixed(&b, memory, sizeof(memory));
	buffer_uint64(&b, number);
	write_plain(w, name, buffer_get(&b));
}

static inline void put_DAY(struct writer *w, const char *name, struct instant i)
{
	char memory[MOMENT_DAY_SIZE];
	struct buffer b;
	if (instant_is_none(i))
		return;
	buffer_init_fixed(&b, memory, sizeof(memory));
	buffer_moment_day(&b, i);
	write_plain(w, name, buffer_get(&b));
}

static inline void put_yuan(struct writer *w, const char *name, struct money m)
{
	char memory[32];
	struct buffer b;
	buffer_init_fixed(&b, memory, sizeof(memory));
	buffer_money_yuan(&b, m);
	write_plain(w, name, buffer_get(&b));
}

/* The document says 0, unused; the others follow the platform's habit. */
static inline void put_STATUS(struct writer *w, const char *name, enum coupon_state state)
{
	static const char words[] = {
	    [COUPON_UNUSED] = '0', [COUPON_REDEEMED] = '1', [COUPON_EXPIRED] = '2',
	    [COUPON_FROZEN] = '3', [COUPON_RECALLED] = '4',
	};
	must(state < COUNT_OF(words));
	write_plain(w, name, (struct text){&words[state], 1});
}

#define ENCODE_TEXT(name, of, member)	put_TEXT(w, name, (of)->member)
#define ENCODE_NUMBER(name, of, member) put_NUMBER(w, name, (of)->member)
#define ENCODE_DAY(name, of, member)	put_DAY(w, name, (of)->member)
#define ENCODE_STATUS(name, of, member) put_STATUS(w, name, (of)->member)
#define ENCODE_YUAN(name, of, member)                    \
	do {                                             \
		if ((of)->has_##member)                  \
			put_yuan(w, name, (of)->member); \
	} while (0)

#define SAME_TEXT(a, b, member)	  text_equal((a)->member, (b)->member)
#define SAME_NUMBER(a, b, member) ((a)->member == (b)->member)
#define SAME_DAY(a, b, member)	  ((a)->member.ms == (b)->member.ms)
#define SAME_STATUS(a, b, member) ((a)->member == (b)->member)
#define SAME_YUAN(a, b, member) \
	((a)->has_##member == (b)->has_##member && (a)->member.fen == (b)->member.fen)

/* ---- a coupon */

enum {
#define COUPON(name, KIND, of, member) COUPON_##name,
#include "dialect/top/fields.tbl.h"
#undef COUPON
	COUPON_FIELDS,
};
_Static_assert(COUPON_FIELDS <= 32, "a set of them is 32 bits");

/* What the rows of the table name. */
struct shown {
	const struct coupon_view *row;
	const struct coupon *coupon;
	const struct template *template;
	const struct customer *customer;
	const struct merchant *merchant;
};

/* The coupon above, and where in the reply its fields begin; the last: where they end. */
struct above {
	struct shown shown;
	size_t at[COUPON_FIELDS + 1];
};

static struct shown show(const struct merchant *merchant, const struct coupon_view *row)
{
	static const struct customer nobody;
	return (struct shown){row, row->coupon, row->template,
			      row->customer ? row->customer : &nobody, merchant};
}

/* A bit for each field that reads as it does in the coupon above: mostly it is the same template's,
 * the same customer's. */
static uint32_t same_fields(const struct shown *now, const struct shown *above)
{
	uint32_t same = 0;
#define COUPON(name, KIND, of, member)                                       \
	if (now->of == above->of || SAME_##KIND(now->of, above->of, member)) \
		same |= UINT32_C(1) << COUPON_##name;
#include "dialect/top/fields.tbl.h"
#undef COUPON
	return same;
}

/* Fields from `first` on and before `end`, as they stand above. */
static void copy_fields(struct writer *w, struct above *above, unsigned first, unsigned end)
{
	size_t from = above->at[first], to = above->at[end], begin = w->out->size;
	if (first == end)
		return;
	write_again(w, from, to);
	for (unsigned i = first; i < end; i++)
		above->at[i] += begin - from;
}

/* The coupons of one customer differ in little: runs of fields that are as above are copied. The
 * first field is never left out, so a comma is due before the others, here as above. */
static void write_coupon(struct writer *w, const struct shown *now, struct above *above)
{
	uint32_t same = above->shown.row ? same_fields(now, &above->shown) : 0;
	unsigned copied = 0; /* all fields before it are written */
	write_begin(w, "");
#define COUPON(name, KIND, of, member)                        \
	if (!(same >> COUPON_##name & 1)) {                   \
		copy_fields(w, above, copied, COUPON_##name); \
		above->at[COUPON_##name] = w->out->size;      \
		copied = COUPON_##name + 1;                   \
		ENCODE_##KIND(#name, now->of, member);        \
	}
#include "dialect/top/fields.tbl.h"
#undef COUPON
	copy_fields(w, above, copied, COUPON_FIELDS);
	above->at[COUPON_FIELDS] = w->out->size;
	above->shown = *now;
	write_end(w);
}

/* ---- the reply */

static void write_page(struct writer *w, const struct call *call,
		       const struct coupon_query_ret *ret)
{
	const struct top_query_cmd *cmd = call->cmd;
	uint64_t pages = ret->count / cmd->page_size + (ret->count % cmd->page_size != 0);
	write_begin(w, "result");
	write_int(w, "current_page", (int64_t)cmd->page_num);
	if (ret->n) {
		write_begin_list(w, "result_arr_list", "erp_coupon_d_t_o");
		struct above above = {.shown = {.row = NULL}};
		for (unsigned i = 0; i < ret->n; i++) {
			struct shown now = show(call->actor.merchant, &ret->rows[i]);
			write_coupon(w, &now, &above);
		}
		write_end(w);
	}
	write_int(w, "total_count", (int64_t)ret->count);
	write_int(w, "total_page", (int64_t)pages);
	write_end(w);
}

/* No coupon at all is said as an error; a page past the last one is not. */
static void write_result(struct writer *w, const struct call *call,
			 const struct coupon_query_ret *ret)
{
	write_begin(w, "result");
	if (ret->count == 0) {
		write_text(w, "error_code", TEXT("QUERY_RESULT_EMPTY"));
		write_text(w, "error_msg", TEXT("查询为空"));
	}
	write_page(w, call, ret);
	write_bool(w, "success", ret->count != 0);
	write_end(w);
}

enum fault top_encode_query(struct call *call, const void *ret)
{
	const struct top *top = call->state;
	struct writer w;
	writer_init(&w, &call->reply, top->face);
	if (top->face != WRITER_JSON)
		write_begin(&w, query_root);
	write_result(&w, call, ret);
	top_write_request_id(&w);
	if (top->face != WRITER_JSON)
		write_end(&w);
	writer_finish(&w);
	call->content_type = top_content_type(top);
	return call->reply.full ? FAULT_ANSWER_TOO_LARGE : OK;
}

struct text top_content_type(const struct top *top)
{
	bool xml = !top || top->face == WRITER_XML;
	return xml ? TEXT("text/xml;charset=UTF-8") : TEXT("text/javascript;charset=UTF-8");
}

/* ---- request_id */

/* One number after the other through a mixer (SplitMix64); the kernel is asked once per thread. */
static uint64_t next_number(void)
{
	static __thread uint64_t state;
	if (!state)
		random_bytes(&state, sizeof(state));
	state += UINT64_C(0x9E3779B97F4A7C15);
	uint64_t z = state;
	z = (z ^ (z >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94D049BB133111EB);
	return z ^ (z >> 31);
}

/* 64 bits fill thirteen digits to the base of 36. */
void top_write_request_id(struct writer *w)
{
	char id[TOP_REQUEST_ID_SIZE];
	uint64_t number = next_number();
	for (size_t i = sizeof(id); i-- > 0; number /= 36)
		id[i] = "0123456789abcdefghijklmnopqrstuvwxyz"[number % 36];
	write_plain(w, "request_id", (struct text){id, sizeof(id)});
}
