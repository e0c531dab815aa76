/*
 * What the domain may rely on in each command that the native API decoded (domain/life.h), and
 * answers to encode.
 */
#include "fuzz/lib/caller.h"

static void text_check(struct text t, size_t length_max)
{
	must(text_is_clean(t) && text_length(t) <= length_max);
	text_touch(t);
}

static void name_check(struct text t)
{
	text_check(t, NAME_LENGTH_MAX);
}

static void money_check(struct money m)
{
	must(m.fen >= 0 && m.fen <= INT64_C(1000000000000000));
}

static void number_check(const struct request_number *r)
{
	must(!r->key.size || r->digest.size == 32);
	must(r->key.size <= 255);
	for (size_t i = 0; i < r->key.size; i++)
		must(r->key.data[i] > ' ' && r->key.data[i] <= '~');
}

static void said_check(const struct circumstances *s)
{
	name_check(s->reason);
	name_check(s->order_no);
	name_check(s->operator);
	name_check(s->shop);
}

static void customer_check(const struct customer *c)
{
	const struct text names[] = {c->customer_id, c->phone, c->card_no,    c->nick,
				     c->code,	     c->name,  c->source_code};
	for (size_t i = 0; i < COUNT_OF(names); i++)
		name_check(names[i]);
}

static void cart_check(const struct cart *c)
{
	must(c->n <= CART_ITEMS_MAX && !c->n == !c->items);
	money_check(c->amount);
	name_check(c->shop);
	name_check(c->channel);
	for (unsigned i = 0; i < c->n; i++) {
		name_check(c->items[i].product);
		name_check(c->items[i].category);
		money_check(c->items[i].price);
		must(c->items[i].quantity >= 1 && c->items[i].quantity <= PIECES_MAX);
	}
}

static void codes_check(const struct text *codes, unsigned n, unsigned max)
{
	must(n >= 1 && n <= max);
	for (unsigned i = 0; i < n; i++)
		name_check(codes[i]);
}

static void references_check(const struct references *r, unsigned max)
{
	must(r->n <= max && (r->kind == REFERENCE_NONE) == (r->n == 0));
	for (unsigned i = 0; i < r->n; i++)
		must(r->items[i].size > 0 && text_is_clean(r->items[i]));
}

static void rows_check(unsigned n)
{
	must(n >= 1 && n <= 100);
}

static void template_check(const struct template *t)
{
	must(t->benefit < BENEFIT_COUNT && t->basis_points <= 10000 && t->per_person >= 1);
	must(t->rounding <= ROUND_YUAN_DOWN && t->splitting <= SPLIT_IN_ORDER);
	must(t->give_back <= GIVE_BACK_NEVER && t->period <= PERIOD_YEAR && t->uses <= USES_MAX);
	must(!t->is_relative == !t->lasts_days && t->starts_after_days <= DAYS_AFTER_MAX);
	must(t->template_id <= INT64_MAX);
	money_check(t->amount);
	money_check(t->cap);
	money_check(t->threshold);
	money_check(t->budget);
	name_check(t->name);
	name_check(t->channel);
	name_check(t->stack_group);
	must(text_is_clean(t->description) && t->description.size <= TEXT_BYTES_MAX);
	must(text_is_clean(t->shops_in) && t->shops_in.size <= TEXT_BYTES_MAX);
	must(text_is_clean(t->hours) && t->hours.size <= 1000);
}

/* --- one by one --- */

static void provider_check(const struct provider_given *given)
{
	must(given->given == GIVEN_VALUE || (!given->url.size && !given->secret.size));
	must(given->url.size <= 2000 &&
	     (!given->url.size || !memchr(given->url.data, '?', given->url.size)));
	must(text_length(given->app_key) <= NAME_LENGTH_MAX);
	must(text_length(given->secret) <= NAME_LENGTH_MAX);
}

static void template_make_check(const struct template_make_cmd *cmd)
{
	template_check(&cmd->template);
	provider_check(&cmd->provider);
	number_check(&cmd->request);
	must(cmd->template.name.size && cmd->template.benefit);
}

static void template_change_check(const struct template_change_cmd *cmd)
{
	template_check(&cmd->template);
	provider_check(&cmd->provider);
	number_check(&cmd->request);
	must(cmd->template_id >= 1 && cmd->template_id <= INT64_MAX);
}

static void coupon_grant_check(const struct coupon_grant_cmd *cmd)
{
	uint64_t n = (cmd->n ? cmd->n : 1) * (uint64_t)(cmd->count ? cmd->count : 1);
	must(n <= GRANT_MAX && cmd->hold_s <= HOLD_S_MAX && !cmd->n == !cmd->holders);
	for (unsigned i = 0; i < cmd->n; i++)
		customer_check(&cmd->holders[i]);
	if (cmd->codes)
		codes_check(cmd->codes, (unsigned)n, GRANT_MAX);
	said_check(&cmd->said);
	number_check(&cmd->request);
}

static void coupon_change_check(const struct coupon_change_cmd *cmd)
{
	must(cmd->verb > EVENT_ISSUED && cmd->verb < EVENT_COUNT);
	name_check(cmd->code);
	said_check(&cmd->said);
	number_check(&cmd->request);
	customer_check(&cmd->holder);
}

static void coupon_redeem_check(const struct coupon_redeem_cmd *cmd)
{
	codes_check(cmd->codes, cmd->n, ORDER_COUPONS_MAX);
	cart_check(&cmd->cart);
	said_check(&cmd->said);
	number_check(&cmd->request);
}

static void coupon_reverse_check(const struct coupon_reverse_cmd *cmd)
{
	must(cmd->code.size || cmd->order_no.size || (cmd->coupon_id && cmd->number));
	name_check(cmd->code);
	name_check(cmd->order_no);
	money_check(cmd->amount);
	must(cmd->cause <= CAUSE_REFUND);
	said_check(&cmd->said);
	number_check(&cmd->request);
}

static void coupon_check_check(const struct coupon_check_cmd *cmd)
{
	codes_check(cmd->codes, cmd->n, ORDER_COUPONS_MAX);
	cart_check(&cmd->cart);
	name_check(cmd->order_no);
}

static void coupon_qualify_check(const struct coupon_qualify_cmd *cmd)
{
	customer_check(&cmd->customer);
	cart_check(&cmd->cart);
}

static void campaign_save_check(const struct campaign_save_cmd *cmd)
{
	name_check(cmd->source_code);
	name_check(cmd->code);
	name_check(cmd->name);
	name_check(cmd->type_code);
	must(cmd->source_code.size && cmd->name.size && cmd->status <= 3);
	references_check(&cmd->departments, DEPARTMENTS_MAX);
	must(cmd->plan.reward_count <= REWARDS_MAX);
	must(cmd->plan.register_reward_count <= REWARDS_MAX);
	for (unsigned i = 0; i < cmd->plan.reward_count; i++)
		must(cmd->plan.rewards[i].count <= REWARD_COUNT_MAX);
}

static void audience_add_check(const struct audience_add_cmd *cmd)
{
	for (unsigned i = 0; cmd->customers && i < cmd->n; i++)
		customer_check(&cmd->customers[i]);
	if (!cmd->customers)
		codes_check(cmd->nicks, cmd->n, TARGETS_MAX);
}

static void audience_approve_check(const struct audience_approve_cmd *cmd)
{
	name_check(cmd->source_code);
	references_check(&cmd->customers, PEOPLE_MAX);
	must(cmd->customers.n);
}

static void campaign_plan_check(const struct campaign_plan_cmd *cmd)
{
	campaign_save_check(&cmd->save);
}

static void campaign_status_check(const struct campaign_status_cmd *cmd)
{
	name_check(cmd->source_code);
	must(cmd->verb >= CAMPAIGN_SUSPEND && cmd->verb <= CAMPAIGN_END);
}

static void campaign_fill_check(const struct campaign_fill_cmd *cmd)
{
	name_check(cmd->source_code);
	name_check(cmd->from_campaign);
	must(cmd->mark <= FILL_REDEEMED);
}

static void audience_register_check(const struct audience_register_cmd *cmd)
{
	references_check(&cmd->customers, PEOPLE_MAX);
	must(cmd->customers.n && !instant_is_none(cmd->registered_at));
}

static void department_save_check(const struct department_save_cmd *cmd)
{
	name_check(cmd->department.name);
	name_check(cmd->department.department_id);
}

static void customer_merge_check(const struct customer_merge_cmd *cmd)
{
	name_check(cmd->into);
	name_check(cmd->from);
	must(cmd->into.size && cmd->from.size);
}

static void merchant_change_check(const struct merchant_change_cmd *cmd)
{
	must(cmd->number == 70000 && cmd->advance_ms > 0);
}

/* Long: one line for each command. */
void native_command_check(unsigned command, const void *cmd)
{
	switch (command) {
#define C(name)                    \
	case COMMAND_##name:       \
		name##_check(cmd); \
		return;
		C(template_make)
		C(template_change)
		C(coupon_grant)
		C(coupon_change)
		C(coupon_redeem)
		C(coupon_reverse)
		C(coupon_check)
		C(coupon_qualify)
		C(campaign_save)
		C(campaign_plan)
		C(campaign_status)
		C(campaign_fill)
		C(audience_add)
		C(audience_approve)
		C(audience_register)
		C(department_save)
		C(customer_merge)
		C(merchant_change)
#undef C
	case COMMAND_coupon_show:
		name_check(((const struct coupon_show_cmd *)cmd)->code);
		return;
	case COMMAND_purchase_get:
		name_check(((const struct purchase_get_cmd *)cmd)->order_no);
		return;
	case COMMAND_customer_get:
		customer_check(&((const struct customer_get_cmd *)cmd)->customer);
		return;
	case COMMAND_customer_save:
		customer_check(&((const struct customer_save_cmd *)cmd)->customer);
		return;
	case COMMAND_customer_erase:
		name_check(((const struct customer_erase_cmd *)cmd)->customer_id);
		return;
	case COMMAND_campaign_progress:
		name_check(((const struct campaign_progress_cmd *)cmd)->source_code);
		return;
	case COMMAND_audience_invite:
		references_check(&((const struct audience_invite_cmd *)cmd)->customers, PEOPLE_MAX);
		return;
	case COMMAND_campaign_query:
		name_check(((const struct campaign_query_cmd *)cmd)->source_code);
		return;
	case COMMAND_coupon_page:
		rows_check(((const struct coupon_page_cmd *)cmd)->n);
		return;
	case COMMAND_template_list:
		rows_check(((const struct template_list_cmd *)cmd)->n);
		return;
	case COMMAND_customer_list:
		rows_check(((const struct customer_list_cmd *)cmd)->n);
		return;
	case COMMAND_department_list:
		rows_check(((const struct department_list_cmd *)cmd)->n);
		return;
	case COMMAND_campaign_list:
		rows_check(((const struct campaign_list_cmd *)cmd)->n);
		return;
	case COMMAND_audience_page:
		rows_check(((const struct audience_page_cmd *)cmd)->n);
		return;
	case COMMAND_credential_get:
		name_check(((const struct credential_get_cmd *)cmd)->name);
		return;
	case COMMAND_credential_add:
		name_check(((const struct credential_add_cmd *)cmd)->credential.name);
		name_check(((const struct credential_add_cmd *)cmd)->credential.label);
		return;
	case COMMAND_credential_change:
		name_check(((const struct credential_change_cmd *)cmd)->name);
		return;
	case COMMAND_credential_list:
		rows_check(((const struct credential_list_cmd *)cmd)->n);
		return;
	case COMMAND_provider_list:
		rows_check(((const struct provider_list_cmd *)cmd)->n);
		return;
	case COMMAND_errand_list:
		rows_check(((const struct errand_list_cmd *)cmd)->n);
		return;
	case COMMAND_errand_get:
	case COMMAND_errand_ask:
	case COMMAND_webhook_add:
	case COMMAND_webhook_change:
	case COMMAND_webhook_delete:
	case COMMAND_webhook_list:
	case COMMAND_webhook_get:
	case COMMAND_delivery_list:
	case COMMAND_delivery_resend:
	case COMMAND_redemption_get:
	case COMMAND_ledger_head:
	case COMMAND_template_get:
	case COMMAND_template_delete:
	case COMMAND_campaign_delete:
	case COMMAND_audience_clear:
	case 0:
		return;
	default:
		must_failed("a command that the native API decodes", __FILE__, __LINE__);
	}
}

/* --- answers --- */

static const char strange[] = "<\"优惠券\"&'\\>\t\r\n\x7f]]>";
#define STRANGE ((struct text){strange, sizeof(strange) - 1})

static const struct template strange_template = {
    .template_id = INT64_MAX,
    .name = {strange, sizeof(strange) - 1},
    .benefit = BENEFIT_PERCENT_OFF,
    .basis_points = 1250,
    .has_cap = true,
    .cap = {5},
    .per_person = 3,
    .shops_in = {"a\n\"b\"\n\nc", 8},
    .hours = {"12345 0900-1730\n7 22", 20},
    .uses_per_period = 2,
    .period = PERIOD_WEEK,
    .stack_group = {strange, sizeof(strange) - 1},
    .code_charset = {"01", 2},
    .lasts_days = 2,
    .is_relative = true,
};
static const struct customer strange_customer = {
    .number = 5,
    .customer_id = {strange, sizeof(strange) - 1},
    .phone = {strange, sizeof(strange) - 1},
    .created = {1},
};
static const struct coupon strange_coupon = {
    .id = 7,
    .attribute = {strange, sizeof(strange) - 1},
    .issued = {1},
    .until = {INT64_C(253402271999000)},
    .held = true,
};
static const struct event strange_event = {
    .kind = EVENT_REDEEMED,
    .number = 1,
    .at = {1},
    .said = {.reason = {strange, sizeof(strange) - 1}},
    .has_amount = true,
    .amount = {99},
    .split = {"\x05\x06", 2},
    .uses = 3,
};

static struct coupon_view view_of(size_t turn)
{
	enum coupon_state state = (enum coupon_state)(turn % 5);
	return (struct coupon_view){.coupon = &strange_coupon,
				    .template = &strange_template,
				    .customer = turn % 2 ? &strange_customer : NULL,
				    .code = STRANGE,
				    .state = state,
				    .promise = (enum promise)(turn % PROMISE_COUNT),
				    .promise_reason = STRANGE,
				    .errand = turn};
}

static struct redeemed *redeemed_rows(struct arena *a, unsigned n)
{
	struct redeemed *rows = ARENA_ARRAY(a, struct redeemed, n);
	for (unsigned i = 0; rows && i < n; i++)
		rows[i] = (struct redeemed){.code = STRANGE, .id = i, .event = strange_event};
	return rows;
}

static struct priced *priced_rows(struct arena *a, const struct cart *cart, unsigned n)
{
	struct priced *rows = ARENA_ARRAY(a, struct priced, n);
	struct money *split = ARENA_ARRAY(a, struct money, cart->n + 1);
	for (unsigned i = 0; rows && split && i < n; i++)
		rows[i] = (struct priced){.code = STRANGE,
					  .id = i + 1,
					  .split = cart->n ? split : NULL,
					  .reason_count = i % 3,
					  .reasons = {FAULT_COUPON_FROZEN, FAULT_SHOP_EXCLUDED}};
	return rows;
}

static void granted(struct arena *a, const struct coupon_grant_cmd *cmd,
		    struct coupon_grant_ret *ret)
{
	unsigned n = (cmd->n ? cmd->n : 1) * (cmd->count ? cmd->count : 1);
	ret->results = ARENA_ARRAY(a, struct granted, n);
	if (!ret->results)
		return;
	ret->n = n;
	for (unsigned i = 0; i < n; i++) {
		bool full = i % 3 == 2;
		ret->results[i] = (struct granted){.fault = full ? FAULT_TEMPLATE_EXHAUSTED : OK,
						   .code = full ? TEXT_NONE : STRANGE,
						   .id = full ? 0 : i + 1,
						   .promised = i % 2};
		ret->issued += !full;
	}
}

static void qualified(struct arena *a, const struct coupon_qualify_cmd *cmd,
		      struct coupon_qualify_ret *ret)
{
	static const unsigned best[] = {0};
	static const struct money discounts[] = {{7}};
	struct money *split = ARENA_ARRAY(a, struct money, cmd->cart.n + 1);
	const struct money **splits = ARENA_ARRAY(a, const struct money *, 1);
	ret->coupons = priced_rows(a, &cmd->cart, 3);
	if (!ret->coupons || !split || !splits)
		return;
	splits[0] = split;
	ret->n = 3;
	ret->best = best;
	ret->best_count = 1;
	ret->best_discounts = discounts;
	ret->best_splits = cmd->cart.n ? splits : NULL;
}

static void campaigns(struct arena *a, struct campaign_query_ret *ret)
{
	ret->rows = ARENA_NEW(a, struct campaign);
	ret->departments = ARENA_NEW(a, struct department *);
	ret->department_count = ARENA_NEW(a, unsigned);
	ret->rewards = ARENA_NEW(a, struct campaign_rewards);
	if (!ret->rows || !ret->departments || !ret->department_count || !ret->rewards)
		return;
	ret->rows[0] = (struct campaign){.number = 1, .name = STRANGE, .activity_id = 5};
	ret->n = 1;
}

static void listed(struct arena *a, unsigned command, void *ret)
{
	if (command == COMMAND_template_list) {
		struct template_list_ret *r = ret;
		r->rows = ARENA_NEW(a, struct template);
		if (r->rows)
			*r->rows = strange_template;
		r->n = r->rows ? 1 : 0;
		r->count = 5;
	} else if (command == COMMAND_customer_list) {
		struct customer_list_ret *r = ret;
		r->rows = ARENA_NEW(a, struct customer);
		if (r->rows)
			*r->rows = strange_customer;
		r->n = r->rows ? 1 : 0;
		r->count = UINT32_MAX;
	} else if (command == COMMAND_coupon_page) {
		struct coupon_page_ret *r = ret;
		r->rows = ARENA_NEW(a, struct coupon_view);
		if (r->rows)
			*r->rows = view_of(3);
		r->n = r->rows ? 1 : 0;
		r->next = UINT32_MAX;
	}
}

void native_command_answer(struct arena *a, unsigned command, const void *cmd, void *ret)
{
	const struct coupon_redeem_cmd *redeem = cmd;
	const struct coupon_check_cmd *check = cmd;
	switch (command) {
	case COMMAND_coupon_show:
		*(struct coupon_show_ret *)ret = (struct coupon_show_ret){
		    .view = view_of(((const struct coupon_show_cmd *)cmd)->code.size),
		    .events = &strange_event,
		    .n = 1};
		return;
	case COMMAND_coupon_grant:
		return granted(a, cmd, ret);
	case COMMAND_coupon_change:
		*(struct coupon_change_ret *)ret = (struct coupon_change_ret){
		    .code = STRANGE, .id = 9, .event = strange_event, .new_code = STRANGE};
		return;
	case COMMAND_coupon_redeem: {
		struct coupon_redeem_ret *r = ret;
		r->coupons = redeemed_rows(a, redeem->n);
		r->n = r->coupons ? redeem->n : 0;
		return;
	}
	case COMMAND_coupon_reverse: {
		struct coupon_reverse_ret *r = ret;
		r->coupons = redeemed_rows(a, 2);
		r->n = r->coupons ? 2 : 0;
		return;
	}
	case COMMAND_purchase_get: {
		struct purchase_get_ret *r = ret;
		r->coupons = redeemed_rows(a, 2);
		r->n = r->coupons ? 2 : 0;
		return;
	}
	case COMMAND_coupon_check: {
		struct coupon_check_ret *r = ret;
		r->coupons = priced_rows(a, &check->cart, check->n);
		r->n = check->n;
		return;
	}
	case COMMAND_coupon_qualify:
		return qualified(a, cmd, ret);
	case COMMAND_campaign_query:
		return campaigns(a, ret);
	case COMMAND_template_get:
		((struct template_get_ret *)ret)->template = strange_template;
		return;
	case COMMAND_customer_get:
		((struct customer_get_ret *)ret)->customer = strange_customer;
		return;
	default:
		listed(a, command, ret);
	}
}
