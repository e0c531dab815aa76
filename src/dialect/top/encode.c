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

/* ---- the reply */

static void write_coupon(struct writer *w, const struct merchant *merchant,
			 const struct coupon_view *row)
{
	static const struct customer nobody;
	const struct coupon *coupon = row->coupon;
	const struct template *template = row->template;
	const struct customer *customer = row->customer ? row->customer : &nobody;
	write_begin(w, "");
#define COUPON(name, KIND, of, member) ENCODE_##KIND(#name, of, member);
#include "dialect/top/fields.tbl.h"
#undef COUPON
	write_end(w);
}

static void write_page(struct writer *w, const struct call *call,
		       const struct coupon_query_ret *ret)
{
	const struct top_query_cmd *cmd = call->cmd;
	uint64_t pages = ret->count / cmd->page_size + (ret->count % cmd->page_size != 0);
	write_begin(w, "result");
	write_int(w, "current_page", (int64_t)cmd->page_num);
	if (ret->n) {
		write_begin_list(w, "result_arr_list", "erp_coupon_d_t_o");
		for (unsigned i = 0; i < ret->n; i++)
			write_coupon(w, call->actor.merchant, &ret->rows[i]);
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
