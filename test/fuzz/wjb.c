/* WangJuBao's Marketing API; the objects that it takes are also echoed as its lists would. */
#include "fuzz/lib/wjb_signature.h"

static void echo_coupon(struct call *call, const struct template *from, uint64_t changed)
{
	struct template row = *from;
	struct template_list_ret ret = {.rows = &row, .n = 1, .count = 1};
	row.changed = changed;
	row.created = call->now;
	buffer_clear(&call->reply);
	if (wjb_encode_coupons(call, &ret) == OK)
		reply_check(call);
}

static void echo_activity(struct call *call, const struct campaign_patch *from, uint64_t changed)
{
	const struct campaign_list_cmd cmd = {.n = 1};
	struct campaign row = {.object = from->object,
			       .name = from->name,
			       .type_code = from->type_code,
			       .information = from->memo,
			       .begin = from->begin,
			       .end = from->end,
			       .changed = changed};
	struct campaign_list_ret ret = {.rows = &row, .n = 1, .count = 2};
	void *cmd_of_call = call->cmd;
	call->cmd = (void *)(uintptr_t)&cmd;
	buffer_clear(&call->reply);
	if (wjb_encode_activities(call, &ret) == OK)
		reply_check(call);
	call->cmd = cmd_of_call;
}

static void decoded(struct call *call)
{
	uint64_t changed = call->request->body.size * 7 % (OBJECT_PER_PERSON * 2);
	if (call->method->command == COMMAND_template_add)
		echo_coupon(call, &((struct template_add_cmd *)call->cmd)->template, changed);
	else if (call->method->command == COMMAND_campaign_add)
		echo_activity(call, &((struct campaign_add_cmd *)call->cmd)->patch, changed);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct caller caller = {
	    .dialect = &dialect_wjb, .signature = wjb_signature, .decoded = decoded};
	caller_run(&caller, data, size);
	return 0;
}
