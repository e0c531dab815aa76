/*
 * `couponry customer`: erase and merge. The first write does what everybody sees; what is left goes
 * in steps behind all other writes. Cut off in between, a server goes on with it within a minute,
 * and the same command again does too.
 */
#include "cli/commands.h"

static enum fault settle(struct cli *c, uint64_t merchant)
{
	struct customer_settle_cmd cmd = {.n = SETTLE_MAX};
	struct customer_settle_ret ret = {.left = 1};
	enum fault fault = OK;

	while (fault == OK && ret.left) {
		struct write w = {.merchant = merchant,
				  .clock = cli_clock_of(c, merchant),
				  .command = COMMAND_customer_settle,
				  .handle = command_get(COMMAND_customer_settle)->handle,
				  .actor = TEXT("cli"),
				  .cmd = &cmd,
				  .ret = &ret,
				  .arena = &c->arena,
				  .job = true};
		arena_reset(&c->arena);
		ret.left = 0;
		fault = engine_run(c->engine, &w);
		if (fault == OK && ret.left && c->gone && c->gone(c->gone_context))
			fault = FAULT_SHUTTING_DOWN;
	}
	return fault;
}

static int is_unfinished(struct cli *c, enum fault fault)
{
	return cli_failed(c, fault, "the rest of the work waits: give the command again, or serve");
}

int cli_customer_erase(struct cli *c)
{
	const char *id = cli_option(c, "customer");
	struct customer_erase_ret ret = {0};
	struct merchant merchant;
	struct detail detail;

	if (!id || !*id)
		return cli_usage(c, "customer erase wants --customer=CUSTOMER_ID");
	enum fault fault = cli_merchant(c, &merchant);
	if (fault != OK)
		return cli_failed(c, fault, cli_option(c, "merchant"));
	struct customer_erase_cmd cmd = {text_of(id)};
	fault = cli_apply(c, merchant.number, COMMAND_customer_erase, &cmd, &ret, &detail);
	if (fault != OK)
		return cli_refused(c, fault, &detail);
	fault = engine_wipe(c->engine, merchant.number);
	if (fault == OK)
		fault = settle(c, merchant.number);
	if (fault != OK)
		return is_unfinished(c, fault);
	fprintf(c->out, c->json ? "{\"erased\": %u}\n" : "erased: %u\n", ret.erased);
	return 0;
}

int cli_customer_merge(struct cli *c)
{
	const char *into = cli_option(c, "into"), *from = cli_option(c, "from");
	struct customer_merge_ret ret = {0};
	struct merchant merchant;
	struct detail detail;

	if (!into || !*into || !from || !*from)
		return cli_usage(c,
				 "customer merge wants --into=CUSTOMER_ID and --from=CUSTOMER_ID");
	enum fault fault = cli_merchant(c, &merchant);
	if (fault != OK)
		return cli_failed(c, fault, cli_option(c, "merchant"));
	struct customer_merge_cmd cmd = {text_of(into), text_of(from)};
	fault = cli_apply(c, merchant.number, COMMAND_customer_merge, &cmd, &ret, &detail);
	if (fault != OK)
		return cli_refused(c, fault, &detail);
	fault = settle(c, merchant.number);
	if (fault != OK)
		return is_unfinished(c, fault);
	if (c->json)
		fprintf(c->out, "{\"merged\": %s}\n", ret.merged ? "true" : "false");
	else
		fputs(ret.merged ? "merged\n" : "merged before\n", c->out);
	return 0;
}
