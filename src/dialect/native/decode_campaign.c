/*
 * Campaigns and their audiences. Campaigns go by their source code; commands that want another name
 * of one look it up first. One that is not there is left to the handler then, for it may be the
 * repeat of a call that made it so.
 */
#include "dialect/native/native.h"

struct campaign_in {
	struct campaign c;
	struct json departments, rewards, register_rewards;
	bool has_approval, has_starts;
	struct text request_no;
};
struct audience_in {
	struct json nicks, customers;
	struct instant registered_at;
	struct text information, request_no;
	bool approve, has_approve;
};
struct audience_page_in {
	struct text cursor;
	uint64_t limit, mark;
};
struct filter_in {
	struct customer_filter f;
	bool phone, has_phone, card_no, has_card_no, nick, has_nick, coupon, has_coupon;
};
struct fill_in {
	struct text from_campaign, request_no;
	uint64_t mark;
	struct json customers;
};

#define ROW struct campaign_in
static const struct field campaign_fields[] = {NATIVE_CAMPAIGN_SAVE(FIELD_OF)};
static const struct field plan_fields[] = {NATIVE_PLAN(FIELD_OF)};
static const struct field patch_fields[] = {NATIVE_CAMPAIGN_PATCH(FIELD_OF)};
#undef ROW
#define ROW struct reward
static const struct field reward_fields[] = {NATIVE_REWARD(FIELD_OF)};
#undef ROW
#define ROW struct audience_in
static const struct field target_fields[] = {NATIVE_TARGETS(FIELD_OF)};
static const struct field invite_fields[] = {NATIVE_INVITE(FIELD_OF)};
static const struct field register_fields[] = {NATIVE_REGISTER(FIELD_OF)};
static const struct field approval_fields[] = {NATIVE_APPROVAL(FIELD_OF)};
#undef ROW
#define ROW struct audience_page_in
static const struct field audience_page_fields[] = {NATIVE_AUDIENCE_PAGE(FIELD_OF)};
#undef ROW
#define ROW struct filter_in
static const struct field filter_fields[] = {NATIVE_FILTER(FIELD_OF)};
#undef ROW
#define ROW struct fill_in
static const struct field fill_fields[] = {NATIVE_FILL(FIELD_OF)};
#undef ROW

/* --- campaigns --- */

static enum fault path_campaign(struct call *call, struct text *ret)
{
	struct native_state *s = call->state;
	*ret = s->source_code = s->id;
	return native_fits_name(s->id)
		   ? OK
		   : call_refuse(call, FAULT_CAMPAIGN_UNKNOWN, TEXT("source_code"), TEXT_NONE);
}

/* The campaign of the path; one that is not there: zeroes. */
static enum fault find_campaign(struct call *call, struct campaign *ret)
{
	struct campaign_query_cmd cmd = {0};
	struct campaign_query_ret got = {0};
	*ret = (struct campaign){0};
	TRY(path_campaign(call, &cmd.source_code));
	TRY(call_read(call, COMMAND_campaign_query, &cmd, &got));
	if (got.n)
		*ret = got.rows[0];
	return OK;
}

enum fault native_decode_campaign_get(struct call *call, void *into)
{
	struct campaign_query_cmd *cmd = into;
	TRY(native_decode_nothing(call, NULL));
	return path_campaign(call, &cmd->source_code);
}

enum fault native_decode_campaign_page(struct call *call, void *into)
{
	struct campaign_list_cmd *cmd = into;
	cmd->all = cmd->oldest_first = true;
	return native_read_page(call, &cmd->skip, &cmd->n);
}

static enum fault read_references(struct call *call, struct json list, const char *path,
				  unsigned max, struct references *ret)
{
	struct texts items;
	struct text *kept;
	TRY(native_texts(call, list, path, max, &items));
	*ret = (struct references){0};
	kept = ARENA_ARRAY(call->arena, struct text, items.n + 1);
	if (!kept)
		return FAULT_BUSY;
	for (unsigned i = 0; i < items.n; i++) {
		struct text item = text_trim(items.of[i]);
		bool repeated = !item.size;
		for (unsigned j = 0; j < ret->n && !repeated; j++)
			repeated = text_equal(kept[j], item);
		if (!repeated)
			kept[ret->n++] = item;
	}
	ret->items = kept;
	ret->kind = ret->n ? REFERENCE_ID : REFERENCE_NONE;
	return OK;
}

/* *ret: a list that is given; an empty one is none. */
static enum fault read_rewards(struct call *call, struct json list, const char *path,
			       const struct reward **ret, unsigned *ret_n)
{
	struct json_walk walk;
	struct json value;
	struct text name;
	TRY(native_list(call, list, path, REWARDS_MAX, ret_n));
	struct reward *rewards = ARENA_ARRAY(call->arena, struct reward, *ret_n + 1);
	if (!rewards)
		return FAULT_BUSY;
	walk = json_walk(list);
	for (unsigned i = 0; json_next(&walk, &name, &value); i++) {
		const char *at = arena_format(call->arena, "%s[%u].%c", path, i, 0).data;
		if (!at)
			return FAULT_BUSY;
		rewards[i].count = 1;
		TRY(native_part(call, value, at, FIELD_ROWS(reward_fields, &rewards[i])));
	}
	*ret = rewards;
	return OK;
}

/* Of a patch `null` is said, and takes away; elsewhere it is absent. */
static enum fault read_plan(struct call *call, const struct campaign_in *in, bool patch,
			    struct plan *ret)
{
	bool rewards = in->rewards.kind != JSON_NULL, more = in->register_rewards.kind != JSON_NULL;
	*ret = (struct plan){.rewards_given = rewards || (patch && in->rewards.raw.size),
			     .register_rewards_given =
				 more || (patch && in->register_rewards.raw.size),
			     .approval_given = in->has_approval || patch,
			     .starts_given = in->has_starts || patch,
			     .approval = in->c.approval,
			     .starts = in->c.starts};
	if (rewards)
		TRY(read_rewards(call, in->rewards, "rewards", &ret->rewards, &ret->reward_count));
	if (more)
		TRY(read_rewards(call, in->register_rewards, "register_rewards",
				 &ret->register_rewards, &ret->register_reward_count));
	return OK;
}

enum fault native_read_plan(struct call *call, struct json object, struct campaign_save_cmd *cmd)
{
	struct campaign_in in = {0};
	TRY(native_part(call, object, "", FIELD_ROWS(plan_fields, &in)));
	TRY(read_plan(call, &in, false, &cmd->plan));
	cmd->plan.rewards_given = cmd->plan.register_rewards_given = true;
	cmd->plan.approval_given = cmd->plan.starts_given = true;
	return OK;
}

enum fault native_read_departments(struct call *call, struct json list,
				   struct campaign_save_cmd *cmd)
{
	return read_references(call, list, "departments", DEPARTMENTS_MAX, &cmd->departments);
}

static enum fault read_campaign(struct call *call, const struct campaign_in *in, bool patch,
				struct campaign_save_cmd *cmd)
{
	const struct native_state *s = call->state;
	*cmd = (struct campaign_save_cmd){.source_code = s->source_code,
					  .code = in->c.code,
					  .name = in->c.name,
					  .type_code = in->c.type_code,
					  .register_url = in->c.register_url,
					  .information = in->c.information,
					  .status = in->c.status,
					  .begin = in->c.begin,
					  .end = in->c.end,
					  .maker = MAKER_NATIVE};
	if (in->departments.kind != JSON_NULL)
		TRY(read_references(call, in->departments, "departments", DEPARTMENTS_MAX,
				    &cmd->departments));
	TRY(read_plan(call, in, patch, &cmd->plan));
	return native_number(call, in->request_no, &call->request_number);
}

static enum fault save_campaign(struct call *call, struct text source_code,
				struct campaign_save_cmd *cmd)
{
	struct native_state *s = call->state;
	struct campaign_in in = {0};
	TRY(native_body(call, FIELD_ROWS(campaign_fields, &in)));
	struct text given = in.c.source_code;
	if (source_code.size && given.size && !text_equal(source_code, given))
		return native_invalid(call, "source_code");
	s->source_code = source_code.size ? source_code : given;
	if (!s->source_code.size)
		return call_refuse(call, FAULT_PARAMETER_MISSING, TEXT("source_code"), TEXT_NONE);
	return read_campaign(call, &in, false, cmd);
}

enum fault native_decode_campaign_save(struct call *call, void *into)
{
	return save_campaign(call, TEXT_NONE, into);
}

enum fault native_decode_campaign_put(struct call *call, void *into)
{
	const struct native_state *s = call->state;
	if (!native_fits_name(s->id))
		return native_invalid(call, "source_code");
	return save_campaign(call, s->id, into);
}

enum fault native_decode_campaign_change(struct call *call, void *into)
{
	struct campaign_plan_cmd *cmd = into;
	struct campaign_in in = {0};
	struct campaign known;
	TRY(find_campaign(call, &known));
	in.c = known;
	TRY(native_patch(call, FIELD_ROWS(patch_fields, &in)));
	if (known.name.size && !in.c.name.size)
		return native_invalid(call, "name");
	cmd->modified = known.modified;
	return read_campaign(call, &in, true, &cmd->save);
}

enum fault native_decode_campaign_delete(struct call *call, void *into)
{
	struct campaign_delete_cmd *cmd = into;
	struct campaign campaign;
	TRY(find_campaign(call, &campaign));
	cmd->activity_id = campaign.activity_id;
	return native_only_number(call);
}

/* --- audiences --- */

enum fault native_decode_audience_page(struct call *call, void *into)
{
	struct audience_page_cmd *cmd = into;
	struct audience_page_in in = {0};
	struct campaign campaign;
	TRY(native_query(call, FIELD_ROWS(audience_page_fields, &in)));
	TRY(find_campaign(call, &campaign));
	if (!campaign.number)
		return call_refuse(call, FAULT_CAMPAIGN_UNKNOWN, TEXT("source_code"), TEXT_NONE);
	cmd->campaign = campaign.number;
	cmd->cover = campaign.cover;
	cmd->mark = (enum mark)in.mark;
	struct native_page page = {in.cursor, in.limit};
	return native_page(call, &page, &cmd->from, &cmd->n);
}

static enum fault read_customers(struct call *call, struct json list, struct audience_add_cmd *cmd)
{
	struct json_walk walk;
	struct json value;
	struct text name;
	TRY(native_list(call, list, "customers", TARGETS_MAX, &cmd->n));
	struct customer *customers = ARENA_ARRAY(call->arena, struct customer, cmd->n + 1);
	if (!customers)
		return FAULT_BUSY;
	walk = json_walk(list);
	for (unsigned i = 0; json_next(&walk, &name, &value); i++) {
		const char *path = arena_format(call->arena, "customers[%u]%c", i, 0).data;
		if (!path)
			return FAULT_BUSY;
		TRY(native_customer(call, value, path, &customers[i]));
	}
	cmd->customers = customers;
	return OK;
}

static enum fault read_targets(struct call *call, const struct audience_in *in,
			       struct audience_add_cmd *cmd)
{
	bool nicks = in->nicks.kind != JSON_NULL, customers = in->customers.kind != JSON_NULL;
	struct texts texts = {0};
	if (nicks && customers)
		return native_invalid(call, "customers");
	if (customers)
		TRY(read_customers(call, in->customers, cmd));
	if (nicks)
		TRY(native_texts(call, in->nicks, "nicks", TARGETS_MAX, &texts));
	if (!customers) {
		cmd->nicks = texts.of;
		cmd->n = texts.n;
	}
	if (!cmd->n)
		return call_refuse(call, FAULT_PARAMETER_MISSING,
				   customers ? TEXT("customers") : TEXT("nicks"), TEXT_NONE);
	return OK;
}

enum fault native_decode_targets_add(struct call *call, void *into)
{
	struct audience_add_cmd *cmd = into;
	struct audience_in in = {0};
	struct campaign campaign;
	TRY(native_body(call, FIELD_ROWS(target_fields, &in)));
	TRY(read_targets(call, &in, cmd));
	TRY(find_campaign(call, &campaign));
	cmd->activity_id = campaign.activity_id;
	return native_number(call, in.request_no, &call->request_number);
}

enum fault native_decode_targets_clear(struct call *call, void *into)
{
	struct audience_clear_cmd *cmd = into;
	struct campaign campaign;
	TRY(find_campaign(call, &campaign));
	cmd->activity_id = campaign.activity_id;
	return native_only_number(call);
}

static enum fault read_people(struct call *call, const struct audience_in *in,
			      struct references *ret)
{
	TRY(read_references(call, in->customers, "customers", PEOPLE_MAX, ret));
	return ret->n ? OK
		      : call_refuse(call, FAULT_PARAMETER_MISSING, TEXT("customers"), TEXT_NONE);
}

enum fault native_decode_invite(struct call *call, void *into)
{
	struct audience_invite_cmd *cmd = into;
	struct audience_in in = {0};
	struct campaign campaign;
	TRY(native_body(call, FIELD_ROWS(invite_fields, &in)));
	TRY(read_people(call, &in, &cmd->customers));
	TRY(find_campaign(call, &campaign));
	cmd->activity_id = campaign.activity_id;
	return native_number(call, in.request_no, &call->request_number);
}

enum fault native_decode_register(struct call *call, void *into)
{
	struct audience_register_cmd *cmd = into;
	struct audience_in in = {0};
	struct campaign campaign;
	TRY(native_body(call, FIELD_ROWS(register_fields, &in)));
	TRY(read_people(call, &in, &cmd->customers));
	TRY(find_campaign(call, &campaign));
	TRY(path_campaign(call, &cmd->campaign_source_code));
	cmd->campaign_code = campaign.code;
	cmd->registered_at = in.registered_at;
	cmd->information = in.information;
	return native_number(call, in.request_no, &call->request_number);
}

/* --- campaigns that run --- */

enum fault native_decode_campaign_progress(struct call *call, void *into)
{
	struct campaign_progress_cmd *cmd = into;
	TRY(native_decode_nothing(call, NULL));
	return path_campaign(call, &cmd->source_code);
}

static enum fault decode_turn(struct call *call, struct campaign_status_cmd *cmd,
			      enum campaign_verb verb)
{
	cmd->verb = verb;
	TRY(path_campaign(call, &cmd->source_code));
	return native_only_number(call);
}

enum fault native_decode_suspend(struct call *call, void *into)
{
	return decode_turn(call, into, CAMPAIGN_SUSPEND);
}

enum fault native_decode_resume(struct call *call, void *into)
{
	return decode_turn(call, into, CAMPAIGN_RESUME);
}

enum fault native_decode_end(struct call *call, void *into)
{
	return decode_turn(call, into, CAMPAIGN_END);
}

enum fault native_decode_approve(struct call *call, void *into)
{
	struct audience_approve_cmd *cmd = into;
	struct audience_in in = {0};
	TRY(native_body(call, FIELD_ROWS(approval_fields, &in)));
	TRY(path_campaign(call, &cmd->source_code));
	TRY(read_people(call, &in, &cmd->customers));
	cmd->approve = in.approve;
	return native_number(call, in.request_no, &call->request_number);
}

static enum wanted wanted(bool said, bool value)
{
	return !said ? WANTED_ANY : value ? WANTED_YES : WANTED_NO;
}

static enum fault read_filter(struct call *call, struct json value, struct customer_filter *ret)
{
	struct filter_in in = {0};
	TRY(native_part(call, value, "customers.", FIELD_ROWS(filter_fields, &in)));
	if (in.has_coupon && !in.f.template_id)
		return call_refuse(call, FAULT_PARAMETER_MISSING, TEXT("customers.template_id"),
				   TEXT_NONE);
	*ret = in.f;
	ret->phone = wanted(in.has_phone, in.phone);
	ret->card_no = wanted(in.has_card_no, in.card_no);
	ret->nick = wanted(in.has_nick, in.nick);
	ret->has_not = in.has_coupon && !in.coupon;
	return OK;
}

enum fault native_decode_fill(struct call *call, void *into)
{
	struct campaign_fill_cmd *cmd = into;
	struct fill_in in = {0};
	TRY(native_body(call, FIELD_ROWS(fill_fields, &in)));
	TRY(path_campaign(call, &cmd->source_code));
	bool customers = in.customers.kind != JSON_NULL;
	if (customers && in.from_campaign.size)
		return native_invalid(call, "customers");
	if (!customers && !in.from_campaign.size)
		return call_refuse(call, FAULT_PARAMETER_MISSING, TEXT("from_campaign"), TEXT_NONE);
	cmd->from_campaign = in.from_campaign;
	cmd->mark = (enum fill_mark)in.mark;
	if (customers)
		TRY(read_filter(call, in.customers, &cmd->filter));
	return native_number(call, in.request_no, &call->request_number);
}
