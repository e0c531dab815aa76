/*
 * Campaigns as WangJuBao writes them: objects whose members are merged, understood where they mean
 * something here, and kept where they do not.
 */
#include "domain/campaign.h"
#include "base/varint.h"
#include "domain/check.h"
#include "domain/object.h"
#include "domain/request.h"
#include "domain/template.h"

static const struct text server_set[] = {{"activity_id", 11}, {"created", 7}, {"modified", 8}};
static const struct dropped dropped = {server_set, COUNT_OF(server_set)};

enum fault campaign_find(struct tx *tx, uint64_t activity_id, struct campaign *ret)
{
	bool found;
	*ret = (struct campaign){.live = true, .activity_id = activity_id};
	TRY(store_find(tx, UNIQUE_CAMPAIGN_BY_ACTIVITY, ret, &found));
	return found ? OK : refuse(tx, FAULT_CAMPAIGN_UNKNOWN, TEXT("activity_id"), TEXT_NONE);
}

enum fault campaign_find_source(struct tx *tx, struct text field, struct text source_code,
				struct campaign *ret)
{
	bool found;
	*ret = (struct campaign){.live = true, .source_code = source_code};
	TRY(store_find(tx, UNIQUE_CAMPAIGN_BY_SOURCE, ret, &found));
	return found ? OK : refuse(tx, FAULT_CAMPAIGN_UNKNOWN, field, TEXT_NONE);
}

struct campaign campaign_new(struct tx *tx, const struct env *env, enum maker maker)
{
	uint64_t number = store_number(tx);
	return (struct campaign){
	    .number = number,
	    .live = true,
	    .activity_id = public_number(env, number),
	    .maker = maker,
	    .status = DEFAULT_STATUS,
	    .cover = 1,
	    .created = env->instant,
	};
}

void campaign_put_changed(struct tx *tx, const struct env *env, struct campaign *c)
{
	c->modified = env->instant;
	store_relist(LIST_CAMPAIGNS_BY_CHANGE, c);
	store_put(tx, TABLE_CAMPAIGN, c);
}

/* --- patches --- */

static void set_text(enum given given, struct text value, struct text *member)
{
	if (given != GIVEN_ABSENT)
		*member = given == GIVEN_VALUE ? value : TEXT_NONE;
}

static void set_instant(enum given given, struct instant value, struct instant *member)
{
	if (given != GIVEN_ABSENT)
		*member = given == GIVEN_VALUE ? value : INSTANT_NONE;
}

/* A member that this patch gives is again what the object says. */
static uint64_t members_given(const struct campaign_patch *p)
{
	const struct {
		enum given given;
		uint64_t member;
	} rows[] = {
	    {p->name_given, OBJECT_NAME},     {p->type_given, OBJECT_TYPE},
	    {p->status_given, OBJECT_STATUS}, {p->begin_given, OBJECT_START},
	    {p->end_given, OBJECT_END},	      {p->memo_given, OBJECT_MEMO},
	};
	uint64_t given = 0;
	for (unsigned i = 0; i < COUNT_OF(rows); i++)
		if (rows[i].given != GIVEN_ABSENT)
			given |= rows[i].member;
	return given;
}

static enum fault set_members(struct tx *tx, const struct campaign_patch *p, struct campaign *c)
{
	set_text(p->name_given, p->name, &c->name);
	set_text(p->type_given, p->type_code, &c->type_code);
	set_text(p->memo_given, p->memo, &c->information);
	set_instant(p->begin_given, p->begin, &c->begin);
	set_instant(p->end_given, p->end, &c->end);
	if (p->status_given != GIVEN_ABSENT)
		c->status = p->status_given == GIVEN_VALUE ? p->status : DEFAULT_STATUS;
	if (c->status < 1 || c->status > 3)
		return refuse(tx, FAULT_PARAMETER_INVALID, TEXT("status"), TEXT_NONE);
	c->changed &= ~members_given(p);
	return check_span(tx, TEXT("end_time"), c->begin, c->end);
}

/* The object may grow by many small patches, but not past what one body could hold. */
static enum fault set_object(struct tx *tx, struct text object, struct campaign *c)
{
	c->object = object;
	ROOM(object.data);
	if (object.size > BODY_BYTES_MAX)
		return refuse(tx, FAULT_PARAMETER_TOO_LONG, TEXT("object"), TEXT_NONE);
	return OK;
}

static enum fault set_prizes(struct tx *tx, const struct env *env, const struct campaign_patch *p,
			     struct campaign *c, struct uses *ret_uses)
{
	struct text before, after;
	*ret_uses = (struct uses){0};
	if (p->prizes_given == GIVEN_ABSENT)
		return OK;
	unsigned n = p->prizes_given == GIVEN_VALUE ? p->prize_count : 0;
	TRY(campaign_templates(env, c, &before));
	TRY(prizes_read(tx, env, p->prizes, n, &c->prizes));
	TRY(campaign_templates(env, c, &after));
	return uses_change(tx, env, before, after, ret_uses);
}

static void want_prizes(struct tx *tx, const struct campaign_patch *p)
{
	for (unsigned i = 0; i < p->prize_count && i < PRIZES_MAX; i++)
		template_want(tx, p->prizes[i]);
}

enum fault campaign_add(struct tx *tx, const struct env *env, const void *cmd, void *ret)
{
	const struct campaign_add_cmd *c = cmd;
	struct campaign_add_ret *r = ret;
	struct asked asked = {COMMAND_campaign_add, REQUEST_DIALECT, &c->request};
	struct campaign made;
	struct uses uses;
	struct text result;
	bool found;
	TRY(request_find(tx, env, &asked, &result, &found));
	if (found)
		return varint_take(&result, &r->activity_id) ? OK : FAULT_DATA_DAMAGED;
	made = campaign_new(tx, env, MAKER_WJB);
	made.made_by_wjb = true;
	/* Nobody else can have them: the prefix is refused elsewhere, the number is new. */
	made.code = arena_format(env->arena, "%llu", (unsigned long long)made.activity_id);
	made.source_code =
	    arena_format(env->arena, "wjb-%llu", (unsigned long long)made.activity_id);
	TRY(set_members(tx, &c->patch, &made));
	TRY(set_object(tx, object_normal(env->arena, c->patch.object, dropped), &made));
	TRY(set_prizes(tx, env, &c->patch, &made, &uses));
	r->activity_id = made.activity_id;
	uint64_t answer = made.activity_id;
	campaign_put_changed(tx, env, &made);
	uses_put(tx, &uses);
	request_keep(tx, env, &asked, numbers_write(env, &answer, 1));
	return OK;
}

enum fault campaign_modify(struct tx *tx, const struct env *env, const void *cmd, void *ret)
{
	const struct campaign_modify_cmd *c = cmd;
	struct campaign_modify_ret *r = ret;
	struct asked asked = {COMMAND_campaign_modify, REQUEST_DIALECT, &c->request};
	struct campaign known, before;
	struct notices notices;
	struct uses uses;
	struct text result;
	bool found;
	*r = (struct campaign_modify_ret){0};
	want_prizes(tx, &c->patch);
	notices_want(tx);
	TRY(request_find(tx, env, &asked, &result, &found));
	if (found)
		return OK;
	TRY(campaign_find(tx, c->activity_id, &known));
	before = known;
	struct text merged = object_merge(env->arena, known.object, c->patch.object, dropped);
	TRY(set_members(tx, &c->patch, &known));
	TRY(set_object(tx, merged, &known));
	TRY(set_prizes(tx, env, &c->patch, &known, &uses));
	TRY(campaign_turn(tx, env, &before, &known, &notices));
	campaign_put_changed(tx, env, &known);
	uses_put(tx, &uses);
	notices_put(&notices);
	request_keep(tx, env, &asked, TEXT_NONE);
	return OK;
}

/* Nothing shows a deleted campaign: its long texts go at once, its audience by campaign_sweep. */
enum fault campaign_delete(struct tx *tx, const struct env *env, const void *cmd, void *ret)
{
	const struct campaign_delete_cmd *c = cmd;
	struct campaign_delete_ret *r = ret;
	struct asked asked = {COMMAND_campaign_delete, REQUEST_DIALECT, &c->request};
	struct campaign known;
	struct uses uses;
	struct text result, templates;
	bool found;
	*r = (struct campaign_delete_ret){0};
	TRY(request_find(tx, env, &asked, &result, &found));
	if (found)
		return OK;
	TRY(campaign_find(tx, c->activity_id, &known));
	TRY(campaign_templates(env, &known, &templates));
	TRY(uses_change(tx, env, templates, TEXT_NONE, &uses));
	known.live = known.made_by_wjb = known.running = false;
	known.phase = PHASE_NONE;
	known.rewards = known.register_rewards = known.fill = TEXT_NONE;
	known.unswept = true;
	known.object = known.information = known.register_url = TEXT_NONE;
	known.prizes = known.departments = TEXT_NONE;
	known.modified = env->instant;
	store_put(tx, TABLE_CAMPAIGN, &known);
	uses_put(tx, &uses);
	request_keep(tx, env, &asked, TEXT_NONE);
	return OK;
}
