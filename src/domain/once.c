/* A memory: the first bytes of the contents' digest, then the member of ret that is kept, if any.
 */
#include "domain/once.h"
#include "base/varint.h"
#include "domain/check.h"
#include "domain/request.h"

enum { DIGEST_KEPT = 16 };

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
};

static const struct kept *kept_find(enum command command)
{
	for (size_t i = 0; i < COUNT_OF(kept_members); i++)
		if (kept_members[i].command == command)
			return &kept_members[i];
	return NULL;
}

static struct text digest_of(const struct request_number *request)
{
	must(request->digest.size >= DIGEST_KEPT);
	return (struct text){request->digest.data, DIGEST_KEPT};
}

static enum fault answer_again(const struct env *env, const struct once_cmd *c, struct text memory,
			       char *ret)
{
	const struct kept *kept = kept_find(c->command);
	struct text digest;
	if (!slice_take(&memory, &digest))
		return FAULT_DATA_DAMAGED;
	if (!text_equal(digest, digest_of(&c->request)))
		return FAULT_REQUEST_REUSED;
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

static void remember(struct tx *tx, const struct env *env, const struct asked *asked,
		     const struct once_cmd *c, const char *ret)
{
	const struct kept *kept = kept_find(c->command);
	char memory[1024]; /* the longest id there is takes a third of it */
	struct buffer b;
	buffer_init_fixed(&b, memory, sizeof(memory));
	buffer_slice(&b, digest_of(&c->request));
	if (kept && kept->is_text)
		buffer_slice(&b, *(const struct text *)(ret + kept->member));
	else if (kept)
		buffer_varint(&b, *(const uint64_t *)(ret + kept->member));
	must(!b.full);
	request_keep(tx, env, asked, buffer_get(&b));
}

enum fault once(struct tx *tx, const struct env *env, const void *cmd, void *ret)
{
	const struct once_cmd *c = cmd;
	const struct command_row *row = command_get(c->command);
	struct request_key key = {.parts = {c->request.key}, .count = 1};
	struct asked asked = {c->command, REQUEST_NATIVE, &key};
	struct text memory;
	bool found;
	must(row && row->mode == COMMAND_WRITE && c->request.key.size);
	TRY(request_find(tx, env, &asked, &memory, &found));
	if (found) {
		enum fault fault = answer_again(env, c, memory, ret);
		return fault == FAULT_REQUEST_REUSED
			   ? refuse(tx, fault, TEXT("request_no"), TEXT_NONE)
			   : fault;
	}
	TRY(row->handle(tx, env, c->cmd, ret));
	remember(tx, env, &asked, c, ret);
	return OK;
}
