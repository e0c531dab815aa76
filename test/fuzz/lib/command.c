/*
 * What the domain may rely on in each command that a dialect decoded (domain/domain.h), and answers
 * to encode.
 */
#include "fuzz/lib/caller.h"

static void text_check(struct text t, size_t length_max)
{
	must(text_is_clean(t) && text_length(t) <= length_max);
}

static void bytes_check(struct text t, size_t size_max)
{
	must(text_is_clean(t) && t.size <= size_max);
}

static void money_check(struct money m)
{
	must(m.fen >= 0 && m.fen <= INT64_C(1000000000000000));
}

static void instant_check(struct instant i)
{
	const int64_t year_10000 = INT64_C(253402300800000), day = 24 * 3600 * 1000;
	must(i.ms >= -day && i.ms < year_10000 + 31 * day);
}

static void window_check(struct instant from, struct instant to)
{
	must(instant_is_none(from) == instant_is_none(to) && from.ms <= to.ms);
	must(to.ms - from.ms < INT64_C(30) * 24 * 3600 * 1000);
}

static void id_check(uint64_t id)
{
	must(id <= INT64_MAX);
}

static void object_check(struct text t)
{
	struct json object;
	must(json_parse(t, &object) && object.kind == JSON_OBJECT);
}

static void request_check(const struct request_key *key)
{
	must(key->count > 0 && key->count <= COUNT_OF(key->parts));
	for (unsigned i = 0; i < key->count; i++)
		text_touch(key->parts[i]);
}

static void nicks_check(const struct text *nicks, unsigned n, unsigned max, bool some_empty)
{
	must(n >= 1 && n <= max);
	for (unsigned i = 0; i < n; i++) {
		text_check(nicks[i], NAME_LENGTH_MAX);
		must(nicks[i].size > 0 || some_empty);
	}
}

static void references_check(const struct references *r, unsigned max)
{
	must(r->n <= max && (r->kind == REFERENCE_NONE) == (r->n == 0));
	for (unsigned i = 0; i < r->n; i++) {
		must(r->items[i].size > 0 && text_is_clean(r->items[i]));
		must(text_equal(r->items[i], text_trim(r->items[i])));
		for (unsigned j = i < 16 ? 0 : i - 16; j < i; j++)
			must(!text_equal(r->items[i], r->items[j]));
	}
}

/* --- one by one --- */

static void template_add_check(const struct template_add_cmd *cmd)
{
	const struct template *t = &cmd->template;
	must(t->template_id >= 1 && t->template_id <= INT64_MAX && t->per_person >= 1);
	id_check(t->total);
	id_check(t->per_person);
	text_check(t->name, NAME_LENGTH_MAX);
	text_check(t->type, 32);
	bytes_check(t->description, TEXT_BYTES_MAX);
	money_check(t->amount);
	money_check(t->threshold);
	instant_check(t->begin);
	instant_check(t->end);
	object_check(t->object);
	request_check(&cmd->request);
}

static void patch_check(const struct campaign_patch *p)
{
	object_check(p->object);
	text_check(p->name, NAME_LENGTH_MAX);
	text_check(p->type_code, NAME_LENGTH_MAX);
	bytes_check(p->memo, TEXT_BYTES_MAX);
	instant_check(p->begin);
	instant_check(p->end);
	must(p->status <= 3 && (p->status >= 1) == (p->status_given == GIVEN_VALUE));
	must((p->name.size > 0) == (p->name_given == GIVEN_VALUE));
	must((p->memo.size > 0) == (p->memo_given == GIVEN_VALUE));
	must(p->prize_count <= PRIZES_MAX);
	must(p->prize_count == 0 || p->prizes_given == GIVEN_VALUE);
	for (unsigned i = 0; i < p->prize_count; i++)
		id_check(p->prizes[i]);
}

static void campaign_save_check(const struct campaign_save_cmd *cmd)
{
	const struct text names[] = {cmd->source_code, cmd->code, cmd->name, cmd->type_code,
				     cmd->register_url};
	for (size_t i = 0; i < COUNT_OF(names); i++) {
		must(names[i].size > 0);
		text_check(names[i], NAME_LENGTH_MAX);
	}
	must(cmd->information.size > 0 && cmd->status >= 1 && cmd->status <= 3);
	bytes_check(cmd->information, TEXT_BYTES_MAX);
	instant_check(cmd->begin);
	instant_check(cmd->end);
	must(cmd->begin.ms <= cmd->end.ms && cmd->maker == MAKER_WAIQIN);
	references_check(&cmd->departments, DEPARTMENTS_MAX);
}

static void audience_register_check(const struct audience_register_cmd *cmd)
{
	must(cmd->campaign_source_code.size > 0 && cmd->campaign_code.size > 0);
	must(cmd->information.size > 0 && cmd->customers.n > 0);
	text_check(cmd->campaign_source_code, NAME_LENGTH_MAX);
	text_check(cmd->campaign_code, NAME_LENGTH_MAX);
	bytes_check(cmd->information, TEXT_BYTES_MAX);
	instant_check(cmd->registered_at);
	references_check(&cmd->customers, PEOPLE_MAX);
}

static void campaign_query_check(const struct campaign_query_cmd *cmd)
{
	text_check(cmd->source_code, NAME_LENGTH_MAX);
	text_check(cmd->code, NAME_LENGTH_MAX);
	text_check(cmd->type_code, NAME_LENGTH_MAX);
	instant_check(cmd->created_before);
	instant_check(cmd->created_after);
	instant_check(cmd->modified_before);
	instant_check(cmd->modified_after);
}

static void coupon_query_check(const struct coupon_query_cmd *cmd)
{
	text_check(cmd->channel, NAME_LENGTH_MAX);
	text_check(cmd->phone, NAME_LENGTH_MAX);
	text_check(cmd->card_no, NAME_LENGTH_MAX);
	text_check(cmd->code, NAME_LENGTH_MAX);
	must(cmd->n >= 1 && cmd->n <= 100);
	id_check(cmd->skip);
}

static void coupon_wallet_check(const struct coupon_wallet_cmd *cmd)
{
	must(cmd->customer_id.size > 0);
	text_check(cmd->customer_id, NAME_LENGTH_MAX);
	text_check(cmd->code, NAME_LENGTH_MAX);
	must(cmd->state <= COUPON_EXPIRED);
}

static void coupon_issue_check(const struct coupon_issue_cmd *cmd)
{
	id_check(cmd->template_id);
	nicks_check(cmd->nicks, cmd->n, SPI_NICKS_MAX, true);
	request_check(&cmd->request);
}

static void audience_add_check(const struct audience_add_cmd *cmd)
{
	id_check(cmd->activity_id);
	nicks_check(cmd->nicks, cmd->n, TARGETS_MAX, false);
	request_check(&cmd->request);
}

static void template_list_check(const struct template_list_cmd *cmd)
{
	window_check(cmd->from, cmd->to);
	must(cmd->n >= 1 && cmd->n <= 50 && cmd->skip <= UINT32_MAX);
}

static void campaign_list_check(const struct campaign_list_cmd *cmd)
{
	window_check(cmd->from, cmd->to);
	must(cmd->n >= 1 && cmd->n <= 50 && cmd->skip <= UINT32_MAX);
}

static void campaign_modify_check(const struct campaign_modify_cmd *cmd)
{
	id_check(cmd->activity_id);
	patch_check(&cmd->patch);
	request_check(&cmd->request);
}

static void campaign_add_check(const struct campaign_add_cmd *cmd)
{
	patch_check(&cmd->patch);
	request_check(&cmd->request);
}

static void template_delete_check(const struct template_delete_cmd *cmd)
{
	id_check(cmd->template_id);
	request_check(&cmd->request);
}

static void campaign_delete_check(const struct campaign_delete_cmd *cmd)
{
	id_check(cmd->activity_id);
	request_check(&cmd->request);
}

static void audience_clear_check(const struct audience_clear_cmd *cmd)
{
	id_check(cmd->activity_id);
	request_check(&cmd->request);
}

static void audience_page_check(const struct audience_page_cmd *cmd)
{
	must(cmd->n >= 1 && cmd->mark <= MARK_REGISTERED);
}

/* clang-format off */
#define COMMANDS(C)                                                          \
	C(template_add) C(template_delete) C(template_list) C(campaign_add)  \
	C(campaign_modify) C(campaign_delete) C(campaign_list)               \
	C(audience_add) C(audience_clear) C(audience_page)                   \
	C(audience_register) C(coupon_issue) C(coupon_query)                 \
	C(coupon_wallet) C(campaign_save) C(campaign_query)
/* clang-format on */

void command_check(unsigned command, const void *cmd)
{
	switch (command) {
#define C(name)                    \
	case COMMAND_##name:       \
		name##_check(cmd); \
		return;
		COMMANDS(C)
#undef C
	case 0: /* a batch: each of its calls comes through call_read */
		return;
	default:
		must_failed("a command that dialects decode", __FILE__, __LINE__);
	}
}

/* --- answers --- */

static const char strange[] = "<\"优惠券\"&'\\>\t\r\n\x7f]]>";
#define STRANGE ((struct text){strange, sizeof(strange) - 1})

static void one_coupon(struct arena *a, struct text named, struct coupon_view **ret,
		       unsigned *ret_n)
{
	struct coupon_view *row = ARENA_NEW(a, struct coupon_view);
	struct coupon *coupon = ARENA_NEW(a, struct coupon);
	struct template *template = ARENA_NEW(a, struct template);
	struct customer *customer = ARENA_NEW(a, struct customer);
	if (!row || !coupon || !template || !customer)
		return;
	*coupon = (struct coupon){.id = 7, .channel = named, .attribute = STRANGE, .issued = {1}};
	*template = (struct template){
	    .template_id = INT64_MAX, .name = STRANGE, .has_amount = true, .amount = {9950}};
	*customer = (struct customer){.customer_id = named, .phone = named};
	*row = (struct coupon_view){.coupon = coupon,
				    .template = template,
				    .customer = customer,
				    .code = STRANGE,
				    .state = COUPON_EXPIRED};
	*ret = row;
	*ret_n = 1;
}

static void issued(struct arena *a, const struct coupon_issue_cmd *cmd,
		   struct coupon_issue_ret *ret)
{
	ret->results = ARENA_ARRAY(a, struct coupon_issued, cmd->n);
	if (!ret->results)
		return;
	ret->n = cmd->n;
	for (unsigned i = 0; i < cmd->n; i++) {
		enum fault fault = cmd->nicks[i].size ? OK : FAULT_PARAMETER_INVALID;
		if (i % 3 == 2)
			fault = FAULT_TEMPLATE_EXHAUSTED;
		ret->results[i] = (struct coupon_issued){fault, STRANGE};
	}
}

static void people(struct arena *a, const struct audience_page_cmd *cmd,
		   struct audience_page_ret *ret)
{
	ret->rows = ARENA_ARRAY(a, struct audience_person, 1);
	if (!ret->rows || cmd->from > 0)
		return;
	ret->n = 1;
	ret->rows[0].customer.name = STRANGE;
	ret->rows[0].member.information = STRANGE;
}

static void one_campaign(struct arena *a, const struct campaign_query_cmd *cmd,
			 struct campaign_query_ret *ret)
{
	ret->rows = ARENA_NEW(a, struct campaign);
	ret->departments = ARENA_NEW(a, struct department *);
	ret->department_count = ARENA_NEW(a, unsigned);
	ret->rewards = ARENA_NEW(a, struct campaign_rewards);
	if (!ret->rows || !ret->departments || !ret->department_count || !ret->rewards)
		return;
	ret->rows[0] = (struct campaign){.number = 1, .name = STRANGE, .code = cmd->code};
	ret->departments[0] = ARENA_NEW(a, struct department);
	if (!ret->departments[0])
		return;
	ret->departments[0]->name = STRANGE;
	ret->department_count[0] = 1;
	ret->n = 1;
}

void command_answer(struct arena *a, unsigned command, const void *cmd, void *ret)
{
	if (command == COMMAND_coupon_query) {
		struct coupon_query_ret *rows = ret;
		const struct coupon_query_cmd *query = cmd;
		if (query->skip == 0)
			one_coupon(a, query->channel, &rows->rows, &rows->n);
		rows->count = rows->n;
	} else if (command == COMMAND_coupon_wallet) {
		struct coupon_wallet_ret *rows = ret;
		const struct coupon_wallet_cmd *wallet = cmd;
		if (!wallet->has_state)
			one_coupon(a, wallet->customer_id, &rows->rows, &rows->n);
	} else if (command == COMMAND_coupon_issue) {
		issued(a, cmd, ret);
	} else if (command == COMMAND_audience_page) {
		people(a, cmd, ret);
	} else if (command == COMMAND_campaign_query) {
		one_campaign(a, cmd, ret);
	}
}
