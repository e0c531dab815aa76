/* `couponry merchant`: who there is, their zones, and the clocks of sandboxes. */
#include "cli/commands.h"

/* --zone and --advance, where they are given. */
static int time_read(struct cli *c, bool *ret_has_zone, int64_t *ret_from_utc8, int64_t *ret_ms)
{
	const char *zone = cli_option(c, "zone"), *advance = cli_option(c, "advance");

	*ret_has_zone = zone != NULL;
	if (zone && !moment_parse_zone(text_of(zone), ret_from_utc8))
		return cli_usage(c, "--zone is -12:00 to +14:00, as in +08:00");
	if (advance && !moment_parse_span(text_of(advance), ret_ms))
		return cli_usage(c, "--advance is a span like 3d, 2h, 30m or 45s");
	return 0;
}

int cli_merchant_add(struct cli *c)
{
	const char *name = cli_option(c, "name");
	struct merchant_add_ret ret = {0};
	struct detail detail;
	int64_t none;
	bool has_zone;

	if (!name)
		return cli_usage(c, "merchant add wants --name=N");
	struct merchant_add_cmd cmd = {.name = text_trim(text_of(name)),
				       .sandbox = cli_flag(c, "sandbox")};
	if (!cmd.name.size || !text_is_clean(cmd.name) || text_length(cmd.name) > NAME_LENGTH_MAX)
		return cli_usage(c, "--name is 1 to %d characters of text", NAME_LENGTH_MAX);
	int bad = time_read(c, &has_zone, &cmd.from_utc8, &none);
	if (bad)
		return bad;
	enum fault fault = cli_apply(c, 0, COMMAND_merchant_add, &cmd, &ret, &detail);
	if (fault != OK)
		return cli_refused(c, fault, &detail);
	fprintf(c->out, c->json ? "{\"id\": %llu}\n" : "merchant %llu\n",
		(unsigned long long)ret.number);
	return 0;
}

static void merchant_print(struct cli *c, const struct merchant *m)
{
	char memory[8];
	struct buffer zone;

	buffer_init_fixed(&zone, memory, sizeof(memory));
	buffer_moment_zone(&zone, m->from_utc8);
	if (c->json) {
		fprintf(c->out, "{\"id\": %llu, \"name\": ", (unsigned long long)m->number);
		cli_json_text(c->out, m->name);
		fprintf(c->out, ", \"zone\": \"%.*s\", \"sandbox\": %s, \"clock_ms\": %lld}",
			(int)zone.size, zone.data, m->sandbox ? "true" : "false",
			(long long)m->clock_ms);
		return;
	}
	fprintf(c->out, "%llu\t%.*s", (unsigned long long)m->number, TEXT_ARG(m->name));
	if (m->from_utc8)
		fprintf(c->out, "\t%.*s", (int)zone.size, zone.data);
	if (m->sandbox)
		fprintf(c->out, "\tsandbox, %lld s ahead", (long long)m->clock_ms / 1000);
	fputc('\n', c->out);
}

int cli_merchant_change(struct cli *c)
{
	struct merchant_change_cmd cmd = {0};
	struct merchant_change_ret ret = {0};
	struct merchant merchant;
	struct detail detail;
	int bad = time_read(c, &cmd.has_zone, &cmd.from_utc8, &cmd.advance_ms);

	if (bad)
		return bad;
	if (!cmd.has_zone && !cmd.advance_ms)
		return cli_usage(c, "merchant change wants --zone or --advance");
	enum fault fault = cli_merchant(c, &merchant);
	if (fault != OK)
		return cli_failed(c, fault, cli_option(c, "merchant"));
	cmd.number = merchant.number;
	fault = cli_apply(c, 0, COMMAND_merchant_change, &cmd, &ret, &detail);
	if (fault != OK)
		return cli_refused(c, fault, &detail);
	merchant_print(c, &ret.merchant);
	if (c->json)
		fputc('\n', c->out);
	return 0;
}

int cli_merchant_list(struct cli *c)
{
	struct merchant_list_ret ret = {0};
	struct detail detail;
	uint64_t from = 0;

	if (c->json)
		fputc('[', c->out);
	do {
		struct merchant_list_cmd cmd = {.from = from, .n = 1000};
		enum fault fault = cli_apply(c, 0, COMMAND_merchant_list, &cmd, &ret, &detail);
		if (fault != OK) {
			reader_end(c->reader);
			return cli_refused(c, fault, &detail);
		}
		for (unsigned i = 0; i < ret.n; i++) {
			if (c->json && from + i)
				fputs(", ", c->out);
			merchant_print(c, &ret.rows[i]);
		}
		from += ret.n;
		reader_end(c->reader);
	} while (ret.n && from < ret.count);
	if (c->json)
		fputs("]\n", c->out);
	return 0;
}
