/*
 * Verbs of the table tests for a coupon's life; included by table.h.
 *
 *     make id=1 type=amount_off amount=9900 threshold=19900 total=10 per_person=2 -> ok
 *     grant template=1 nicks=a,b count=2 -> ok a:$C1 a:$C2 b:$C3 b:$C4
 *     grant template=1 nicks=1000*n issued -> ok issued=1000
 *     redeem codes=$C1 amount=19900 order=o1 key=k1 -> ok off=9900 $C1:redeemed:9900
 *     redeem codes=$C1 -> coupon_redeemed code $C1
 *     reasons codes=$C1 amount=100 -> ok $C1:threshold_missed
 *     items: product/category/price*quantity with commas; times=N: the last of N calls
 *     pairs=1/a,2/b: customers by phone and nick at once
 *     show .. full: with its uses, revision, amount and begin
 */

static const char *const benefit_names[] = {
    "none",    "amount_off", "percent_off",   "free_item",  "exchange",
    "buy_get", "product",    "free_shipping", "queue_skip", "parking"};
static const char *const event_names[] = {
    "",		"issued",   "held",	"confirmed", "released", "assigned", "frozen",
    "unfrozen", "redeemed", "reversed", "recalled",  "extended", "reissued", "transferred"};

static struct circumstances arg_said(struct story *t)
{
	return (struct circumstances){arg(t, "reason"), arg(t, "order"), arg(t, "operator"),
				      arg(t, "shop")};
}

/* "a,b" -> lines */
static struct text arg_set(struct story *t, const char *name)
{
	struct text word = arg(t, name);
	char *lines = arena_take(&t->arena, word.size + 1);
	for (size_t i = 0; i < word.size; i++)
		lines[i] = word.data[i] == ',' ? '\n' : word.data[i];
	return (struct text){lines, word.size};
}

static struct cart arg_cart(struct story *t)
{
	unsigned n;
	const struct text *words = arg_items(t, "items", &n);
	struct cart_item *items = ARENA_ARRAY(&t->arena, struct cart_item, n + 1);
	struct cart cart = {.items = items,
			    .n = n,
			    .has_amount = has(t, "amount"),
			    .amount = {(int64_t)arg_number(t, "amount", 0)},
			    .shop = arg(t, "shop"),
			    .channel = arg(t, "channel")};
	for (unsigned i = 0; i < n; i++) {
		struct text rest = words[i];
		items[i].product = text_cut(&rest, '/');
		items[i].category = text_cut(&rest, '/');
		struct text price = text_cut(&rest, '*');
		uint64_t fen = 0;
		items[i].quantity = 1;
		must(text_to_uint64(price, &fen));
		if (rest.size)
			must(text_to_uint64(rest, &items[i].quantity));
		items[i].price.fen = (int64_t)fen;
	}
	return cart;
}

static uint64_t named_number(struct text word, const char *const *names, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		if (text_equal(word, text_of(names[i])))
			return i;
	return 0;
}

static void arg_rules(struct story *t, struct template *r)
{
	static const char *const periods[] = {"none", "day", "week", "month", "year"};
	static const char *const backs[] = {"always", "on_cancel", "never"};
	static const char *const roundings[] = {"fen_half_up", "fen_down", "jiao_down",
						"yuan_down"};
	r->benefit = has(t, "type")
			 ? named_number(arg(t, "type"), benefit_names, COUNT_OF(benefit_names))
			 : r->benefit;
	if (has(t, "name"))
		r->name = arg(t, "name");
	if ((r->has_amount |= has(t, "amount")))
		r->amount.fen = (int64_t)arg_number(t, "amount", (uint64_t)r->amount.fen);
	r->basis_points = arg_number(t, "bp", r->basis_points);
	if ((r->has_cap |= has(t, "cap")))
		r->cap.fen = (int64_t)arg_number(t, "cap", (uint64_t)r->cap.fen);
	if ((r->has_threshold |= has(t, "threshold")))
		r->threshold.fen = (int64_t)arg_number(t, "threshold", (uint64_t)r->threshold.fen);
	if ((r->has_total |= has(t, "total")))
		r->total = arg_number(t, "total", r->total);
	if ((r->has_budget |= has(t, "budget")))
		r->budget.fen = (int64_t)arg_number(t, "budget", (uint64_t)r->budget.fen);
	r->per_person = arg_number(t, "per_person", r->per_person);
	r->per_day = arg_number(t, "per_day", r->per_day);
	r->per_person_day = arg_number(t, "per_person_day", r->per_person_day);
	r->uses = arg_number(t, "uses", r->uses);
	r->uses_per_person = arg_number(t, "uses_per_person", r->uses_per_person);
	r->uses_per_period = arg_number(t, "uses_per_period", r->uses_per_period);
	if (has(t, "period"))
		r->period = named_number(arg(t, "period"), periods, COUNT_OF(periods));
	r->is_relative |= has(t, "lasts");
	r->lasts_days = arg_number(t, "lasts", r->lasts_days);
	r->starts_after_days = arg_number(t, "after", r->starts_after_days);
	if (has(t, "begin"))
		r->begin = arg_instant(t, "begin");
	if (has(t, "end"))
		r->end = arg_instant(t, "end");
	if (has(t, "shops"))
		r->shops_in = arg_set(t, "shops");
	if (has(t, "products"))
		r->products_in = arg_set(t, "products");
	if (has(t, "no_products"))
		r->products_out = arg_set(t, "no_products");
	if (has(t, "channels"))
		r->channels_in = arg_set(t, "channels");
	if (has(t, "hours"))
		r->hours = arg_set(t, "hours");
	if (has(t, "group"))
		r->stack_group = arg(t, "group");
	r->exclusive |= has(t, "exclusive");
	r->priority = arg_number(t, "priority", r->priority);
	r->per_order = arg_number(t, "per_order", r->per_order);
	r->buy = arg_number(t, "buy", r->buy);
	r->get = arg_number(t, "get", r->get);
	if (has(t, "give_back"))
		r->give_back = named_number(arg(t, "give_back"), backs, COUNT_OF(backs));
	if (has(t, "rounding"))
		r->rounding = named_number(arg(t, "rounding"), roundings, COUNT_OF(roundings));
	r->splitting = has(t, "in_order") ? SPLIT_IN_ORDER : r->splitting;
	if (has(t, "charset"))
		r->code_charset = arg(t, "charset");
	if (has(t, "prefix"))
		r->code_prefix = arg(t, "prefix");
	r->code_length = arg_number(t, "length", r->code_length);
	r->code_check |= has(t, "check_digit");
}

static enum fault do_make(struct story *t)
{
	struct template_make_cmd cmd = {.template = {.template_id = arg_number(t, "id", 0),
						     .name = TEXT("t"),
						     .benefit = BENEFIT_AMOUNT_OFF,
						     .per_person = PER_PERSON_NONE},
					.request = arg_request_number(t, "key")};
	struct template_make_ret ret;
	arg_rules(t, &cmd.template);
	if (cmd.template.benefit == BENEFIT_AMOUNT_OFF && !cmd.template.has_amount &&
	    !has(t, "no_amount")) {
		cmd.template.has_amount = true;
		cmd.template.amount.fen = 1000;
	}
	arg_provider(t, &cmd.provider);
	RUN(template_make);
	if (!cmd.template.template_id)
		say(t, "made");
	return OK;
}

/* One that is not there is changed from nothing but a name. */
static enum fault do_change_template(struct story *t)
{
	struct template_get_cmd get = {arg_number(t, "id", 0)};
	struct template_get_ret got;
	struct template_change_ret ret;
	if (t->stage->run(t->stage, COMMAND_template_get, t->merchant, t->now, &t->arena, &get,
			  &got, &t->detail) != OK)
		got.template = (struct template){.name = TEXT("none"), .per_person = 1};
	t->detail = (struct detail){0};
	struct template_change_cmd cmd = {.template_id = get.template_id,
					  .template = got.template,
					  .recast = has(t, "recast"),
					  .revision = arg_number(t, "match", 0),
					  .request = arg_request_number(t, "key")};
	arg_rules(t, &cmd.template);
	arg_provider(t, &cmd.provider);
	RUN(template_change);
	say_number(t, "revision", ret.revision);
	return OK;
}

static enum fault do_usage(struct story *t)
{
	struct template_get_cmd cmd = {arg_number(t, "id", 0)};
	struct template_get_ret ret;
	RUN(template_get);
	say_number(t, "issued", ret.usage.issued);
	say_number(t, "today", ret.usage.issued_today);
	say_number(t, "redeemed", ret.usage.redeemed);
	say_number(t, "spent", (uint64_t)ret.usage.spent.fen);
	return OK;
}

/* --- coupons --- */

/* also=: a phone number of the first one. */
static const struct customer *arg_holders(struct story *t, unsigned *ret_n)
{
	static const struct {
		const char *name;
		size_t at;
	} members[] = {{"ids", offsetof(struct customer, customer_id)},
		       {"nicks", offsetof(struct customer, nick)},
		       {"phones", offsetof(struct customer, phone)},
		       {"cards", offsetof(struct customer, card_no)}};
	struct customer *all = ARENA_ARRAY(&t->arena, struct customer, 2000);
	const struct text *pairs = arg_items(t, "pairs", ret_n);
	for (unsigned i = 0; i < *ret_n; i++) {
		all[i].nick = pairs[i];
		all[i].phone = text_cut(&all[i].nick, '/');
	}
	for (unsigned m = 0; m < COUNT_OF(members); m++) {
		unsigned n;
		const struct text *items = arg_items(t, members[m].name, &n);
		for (unsigned i = 0; i < n; i++)
			memcpy((char *)&all[(*ret_n)++] + members[m].at, &items[i],
			       sizeof(items[i]));
	}
	if (has(t, "also"))
		all[0].phone = arg(t, "also");
	return all;
}

static enum fault do_grant(struct story *t)
{
	struct coupon_grant_cmd cmd = {.template_id = arg_number(t, "template", 0),
				       .count = (unsigned)arg_number(t, "count", 0),
				       .hold = has(t, "hold"),
				       .hold_s = arg_number(t, "hold", 0),
				       .said = arg_said(t),
				       .request = arg_request_number(t, "key")};
	struct coupon_grant_ret ret;
	unsigned codes;
	cmd.holders = arg_holders(t, &cmd.n);
	cmd.codes = arg_items(t, "codes", &codes);
	bool dates = has(t, "dates"), counted = has(t, "issued");
	RUN(coupon_grant);
	if (counted) {
		say_number(t, "issued", ret.issued);
		return OK;
	}
	for (unsigned i = 0; i < ret.n; i++) {
		const struct granted *g = &ret.results[i];
		if (g->fault != OK) {
			buffer_format(&t->out, " %s", fault_name(g->fault));
			continue;
		}
		struct text code = shown_code(t, g->code);
		buffer_format(&t->out, " %.*s", TEXT_ARG(code));
		if (dates) {
			say_instant(t, "begin", g->begin);
			say_instant(t, "end", g->end);
		}
	}
	return OK;
}

static enum fault do_change(struct story *t)
{
	unsigned n;
	struct coupon_change_cmd cmd = {
	    .verb =
		(enum event_kind)named_number(arg(t, "verb"), event_names, COUNT_OF(event_names)),
	    .code = arg(t, "code"),
	    .said = arg_said(t),
	    .request = arg_request_number(t, "key"),
	    .revision = arg_number(t, "match", 0),
	    .until = arg_instant(t, "until"),
	};
	struct coupon_change_ret ret;
	cmd.holder = arg_holders(t, &n)[0];
	RUN(coupon_change);
	say(t, event_names[ret.event.kind]);
	buffer_format(&t->out, " %s", state_names[ret.event.state]);
	if (ret.new_code.size)
		say_text(t, "new", shown_code(t, ret.new_code));
	return OK;
}

static void say_redeemed(struct story *t, const struct redeemed *r, unsigned items)
{
	buffer_format(&t->out, " %.*s:%s:%lld", TEXT_ARG(shown_code(t, r->code)),
		      state_names[r->event.state], (long long)r->event.discount.fen);
	for (unsigned i = 0; r->split && i < items; i++)
		buffer_format(&t->out, "%c%lld", i ? '+' : '=', (long long)r->split[i].fen);
}

static enum fault do_redeem(struct story *t)
{
	struct coupon_redeem_cmd cmd = {.cart = arg_cart(t),
					.said = arg_said(t),
					.request = arg_request_number(t, "key"),
					.revision = arg_number(t, "match", 0)};
	struct coupon_redeem_ret ret;
	uint64_t times = arg_number(t, "times", 1);
	cmd.codes = arg_items(t, "codes", &cmd.n);
	while (times-- > 0)
		RUN(coupon_redeem);
	say_number(t, "off", (uint64_t)ret.discount.fen);
	for (unsigned i = 0; i < ret.n; i++)
		say_redeemed(t, &ret.coupons[i], cmd.cart.n);
	return OK;
}

static enum fault do_reasons(struct story *t)
{
	struct coupon_check_cmd cmd = {.cart = arg_cart(t), .order_no = arg(t, "order")};
	struct coupon_check_ret ret;
	cmd.codes = arg_items(t, "codes", &cmd.n);
	RUN(coupon_check);
	if (ret.usable)
		say_number(t, "off", (uint64_t)ret.discount.fen);
	for (unsigned i = 0; i < ret.n; i++) {
		const struct priced *p = &ret.coupons[i];
		buffer_format(&t->out, " %.*s", TEXT_ARG(shown_code(t, p->code)));
		for (unsigned k = 0; k < p->reason_count; k++)
			buffer_format(&t->out, ":%s", fault_name(p->reasons[k]));
		if (!p->reason_count)
			buffer_format(&t->out, ":%lld", (long long)p->discount.fen);
	}
	return OK;
}

/* The id of the coupon with that code; of none: one that no coupon has. */
static uint64_t arg_coupon(struct story *t, const char *name)
{
	struct coupon_show_cmd cmd = {.code = arg(t, name)};
	struct coupon_show_ret ret = {0};
	if (!cmd.code.data)
		return 0;
	set_stage_clock(t);
	enum fault fault = t->stage->run(t->stage, COMMAND_coupon_show, t->merchant, t->now,
					 &t->arena, &cmd, &ret, &t->detail);
	t->detail = (struct detail){0};
	return fault == OK ? ret.view.coupon->id : UINT64_MAX;
}

static enum fault do_reverse(struct story *t)
{
	struct coupon_reverse_cmd cmd = {.code = arg(t, "code"),
					 .coupon_id = arg_coupon(t, "of"),
					 .order_no = arg(t, "order"),
					 .number = arg_number(t, "number", 0),
					 .cause = has(t, "refund") ? CAUSE_REFUND : CAUSE_CANCEL,
					 .has_amount = has(t, "amount"),
					 .amount = {(int64_t)arg_number(t, "amount", 0)},
					 .request = arg_request_number(t, "key"),
					 .revision = arg_number(t, "match", 0)};
	struct coupon_reverse_ret ret;
	uint64_t times = arg_number(t, "times", 1);
	while (times-- > 0)
		RUN(coupon_reverse);
	say_number(t, "back", (uint64_t)ret.discount.fen);
	for (unsigned i = 0; i < ret.n; i++)
		say_redeemed(t, &ret.coupons[i], 0);
	return OK;
}

static enum fault do_redemption(struct story *t)
{
	struct redemption_get_cmd cmd = {arg_coupon(t, "of"), arg_number(t, "number", 1)};
	struct redemption_get_ret ret;
	RUN(redemption_get);
	say_redeemed(t, &ret.redeemed, 0);
	say_number(t, "back", (uint64_t)ret.given_back.fen);
	for (unsigned i = 0; i < ret.n; i++)
		buffer_format(&t->out, " %llu:%lld", (unsigned long long)ret.reversals[i].number,
			      (long long)ret.reversals[i].discount.fen);
	if (ret.reversed)
		say(t, "reversed");
	return OK;
}

static enum fault do_purchase(struct story *t)
{
	struct purchase_get_cmd cmd = {arg(t, "order")};
	struct purchase_get_ret ret;
	RUN(purchase_get);
	for (unsigned i = 0; i < ret.n; i++)
		say_redeemed(t, &ret.coupons[i], 0);
	return OK;
}

static enum fault do_show(struct story *t)
{
	struct coupon_show_cmd cmd = {
	    .code = arg(t, "code"), .as_of = arg_instant(t, "as_of"), .folded = has(t, "folded")};
	struct coupon_show_ret ret;
	bool full = has(t, "full");
	RUN(coupon_show);
	say(t, state_names[ret.view.state]);
	say_number(t, "used", ret.used);
	if (full) {
		say_number(t, "uses", ret.uses);
		say_number(t, "revision", ret.view.coupon->revision);
		say_number(t, "amount", (uint64_t)ret.view.template->amount.fen);
		say_instant(t, "begin", ret.view.coupon->begin);
	}
	if (ret.view.customer)
		buffer_format(&t->out, " of=%.*s",
			      TEXT_ARG(shown_id(t, ret.view.customer->customer_id)));
	say_instant(t, "end", ret.view.coupon->end);
	for (unsigned i = 0; i < ret.n; i++)
		buffer_format(&t->out, " %s", event_names[ret.events[i].kind]);
	return OK;
}

static enum fault do_qualify(struct story *t)
{
	unsigned n;
	struct coupon_qualify_cmd cmd = {.cart = arg_cart(t)};
	struct coupon_qualify_ret ret;
	cmd.customer = arg_holders(t, &n)[0];
	RUN(coupon_qualify);
	for (unsigned i = 0; i < ret.n; i++) {
		const struct priced *p = &ret.coupons[i];
		buffer_format(&t->out, " %.*s", TEXT_ARG(shown_code(t, p->code)));
		for (unsigned k = 0; k < p->reason_count; k++)
			buffer_format(&t->out, ":%s", fault_name(p->reasons[k]));
		if (!p->reason_count)
			buffer_format(&t->out, ":%lld", (long long)p->discount.fen);
	}
	buffer_format(&t->out, " best=%lld", (long long)ret.discount.fen);
	for (unsigned i = 0; i < ret.best_count; i++)
		buffer_format(&t->out, "%c%.*s", i ? '+' : '=',
			      TEXT_ARG(shown_code(t, ret.coupons[ret.best[i]].code)));
	return OK;
}

static enum fault do_page(struct story *t)
{
	unsigned n;
	struct coupon_page_cmd cmd = {.from = arg_number(t, "from", 0),
				      .n = (unsigned)arg_number(t, "n", 10)};
	struct coupon_page_ret ret;
	cmd.has_state = arg_state(t, &cmd.state);
	cmd.customer = arg_holders(t, &n)[0];
	RUN(coupon_page);
	for (unsigned i = 0; i < ret.n; i++)
		buffer_format(&t->out, " %.*s:%s", TEXT_ARG(shown_code(t, ret.rows[i].code)),
			      state_names[ret.rows[i].state]);
	say_number(t, "next", ret.next);
	return OK;
}

static enum fault do_sweep_holds(struct story *t)
{
	struct hold_sweep_cmd cmd = {(unsigned)arg_number(t, "n", 100)};
	struct hold_sweep_ret ret;
	RUN(hold_sweep);
	say_number(t, "swept", ret.swept);
	return OK;
}
