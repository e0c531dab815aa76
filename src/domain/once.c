/* What number_keep remembers is the member of ret that is kept, if any. */
#include "domain/once.h"
#include "base/varint.h"
#include "domain/life_check.h"

/* What a command's answer is made of again. */
static const struct kept {
	enum command command;
	bool is_text;
	size_t member;
} kept_members[] = {
    {COMMAND_customer_save, true, offsetof(struct customer_save_ret, customer_id)},
    {COMMAND_department_save, true, offsetof(struct department_save_ret, department_id)},
    {COMMAND_merchant_change, false, offsetof(struct merchant_change_ret, merchant.clock_ms)},
    {COMMAND_campaign_save, false, offsetof(struct campaign_save_ret, activity_id)},
    {COMMAND_audience_approve, false, offsetof(struct audience_approve_ret, changed)},
    {COMMAND_campaign_plan, false, offsetof(struct campaign_plan_ret, activity_id)},
    {COMMAND_campaign_status, false, offsetof(struct campaign_status_ret, status)},
    {COMMAND_job_make, false, offsetof(struct job_make_ret, number)},
};

static const struct kept *kept_find(enum command command)
{
	for (size_t i = 0; i < COUNT_OF(kept_members); i++)
		if (kept_members[i].command == command)
			return &kept_members[i];
	return NULL;
}

static enum fault answer_again(const struct env *env, const struct kept *kept, struct text memory,
			       char *ret)
{
	if (!kept)
		return OK;
	if (!kept->is_text)
		return varint_take(&memory, (uint64_t *)(ret + kept->member)) ? OK
									      : FAULT_DATA_DAMAGED;
	struct text *text = (struct text *)(ret + kept->member);
	if (!slice_take(&memory, text))
		return FAULT_DATA_DAMAGED;
	*text = arena_text(env->arena, *text);
	return OK;
}

static void remember(struct tx *tx, const struct env *env, const struct once_cmd *c,
		     const struct kept *kept, const char *ret)
{
	char memory[1024]; /* the longest id there is takes a third of it */
	struct buffer b;
	buffer_init_fixed(&b, memory, sizeof(memory));
	if (kept && kept->is_text)
		buffer_slice(&b, *(const struct text *)(ret + kept->member));
	else if (kept)
		buffer_varint(&b, *(const uint64_t *)(ret + kept->member));
	must(!b.full);
	number_keep(tx, env, c->command, &c->request, buffer_get(&b));
}

enum fault once(struct tx *tx, const struct env *env, const void *cmd, void *ret)
{
	const struct once_cmd *c = cmd;
	const struct command_row *row = command_get(c->command);
	const struct kept *kept = kept_find(c->command);
	struct text memory;
	bool found;
	must(row && row->mode == COMMAND_WRITE && c->request.key.size);
	TRY(number_find(tx, env, c->command, &c->request, &memory, &found));
	if (found)
		return answer_again(env, kept, memory, ret);
	TRY(row->handle(tx, env, c->cmd, ret));
	remember(tx, env, c, kept, ret);
	return OK;
}
