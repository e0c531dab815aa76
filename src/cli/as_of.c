/*
 * `couponry ledger as-of`: what a record was at an instant, from the ledger alone: the last image
 * of it in an entry of that instant's second or before. The instant is the real time, also for a
 * sandbox, whose entries say how far ahead its clock was.
 */
#include "base/crypto.h"
#include "base/json.h"
#include "cli/commands.h"

struct as_of {
	struct cli *cli;
	uint64_t merchant;
	int64_t until_s;
	enum table table;
	uint64_t id;	   /* a coupon's id, a campaign's activity id */
	uint64_t campaign; /* its number: what a deletion names */
	bool there, stopped;
	/* of the newest that fits */
	struct buffer record, said; /* JSON: the record; the entry */
};

static bool is_record(struct as_of *a, const struct ledger_image *image)
{
	const struct campaign *campaign = image->record;

	if (image->table != a->table)
		return false;
	if (a->table == TABLE_COUPON) /* one that moves is deleted under its old key, and put */
		return !image->gone && ((const struct coupon *)image->record)->id == a->id;
	if (image->gone)
		return a->campaign && campaign->number == a->campaign;
	if (campaign->activity_id != a->id)
		return false;
	a->campaign = campaign->number;
	return true;
}

static void say_entry(struct buffer *b, const struct ledger_entry *e)
{
	const struct command_row *command = command_get(e->command);
	char hex[2 * sizeof(e->hash)];

	hex_lower(e->hash, sizeof(e->hash), hex);
	buffer_clear(b);
	buffer_format(b, "{\"entry\": %llu, \"instant\": \"", (unsigned long long)e->number);
	buffer_moment_second(b, e->instant);
	buffer_format(b, "\", \"instant_ms\": %lld, \"clock_ms\": %lld, \"command\": \"%s\", ",
		      (long long)e->instant.ms, (long long)e->ahead_ms,
		      command ? command->name : "?");
	buffer_text(b, TEXT("\"actor\": "));
	buffer_json_text(b, e->actor);
	buffer_format(b, ", \"hash\": \"%.*s\"}", (int)sizeof(hex), hex);
}

static bool as_of_entry(void *context, const struct ledger_entry *e)
{
	struct as_of *a = context;

	a->stopped = a->cli->gone && a->cli->gone(a->cli->gone_context);
	if (e->merchant != a->merchant || instant_second(e->instant) > a->until_s)
		return !a->stopped;
	for (unsigned i = 0; i < e->image_count; i++) {
		if (!is_record(a, &e->images[i]))
			continue;
		a->there = !e->images[i].gone;
		buffer_clear(&a->record);
		ledger_image_json(&e->images[i], &a->record);
		say_entry(&a->said, e);
	}
	return !a->stopped;
}

static enum fault coupon_id(struct cli *c, uint64_t merchant, const char *code, uint64_t *ret_id)
{
	struct coupon_query_cmd cmd = {.code = text_of(code), .n = 1};
	struct coupon_query_ret ret = {0};
	struct detail detail;
	enum fault fault = cli_apply(c, merchant, COMMAND_coupon_query, &cmd, &ret, &detail);

	if (fault == OK && !ret.n)
		fault = FAULT_COUPON_UNKNOWN;
	if (fault == OK)
		*ret_id = ret.rows[0].coupon->id;
	reader_end(c->reader);
	return fault;
}

static void lines_print(FILE *out, const char *indent, struct text object)
{
	struct json all, value;
	struct text name;

	must(json_parse(object, &all));
	for (struct json_walk w = json_walk(all); json_next(&w, &name, &value);)
		fprintf(out, "%s%.*s: %.*s\n", indent, TEXT_ARG(name), TEXT_ARG(value.raw));
}

static void as_of_print(const struct as_of *a, const char *at)
{
	FILE *out = a->cli->out;
	unsigned long long merchant = a->merchant;
	struct text said = buffer_get(&a->said), record = buffer_get(&a->record);
	const char *kind = a->table == TABLE_COUPON ? "coupon" : "campaign";

	if (a->cli->json) {
		fprintf(out, "{\"merchant\": %llu, \"at\": \"%s\", \"kind\": \"%s\", ", merchant,
			at, kind);
		fprintf(out, "\"written_by\": %.*s, \"record\": %.*s}\n", TEXT_ARG(said),
			TEXT_ARG(record));
		return;
	}
	fprintf(out, "%s of merchant %llu as of %s, written by\n", kind, merchant, at);
	lines_print(out, "  ", said);
	fputs("as\n", out);
	lines_print(out, "  ", record);
}

static enum fault as_of_find(struct as_of *a, const char *code)
{
	struct cli *c = a->cli;
	struct merchant merchant;

	TRY(cli_merchant(c, &merchant));
	a->merchant = merchant.number;
	if (code)
		TRY(coupon_id(c, a->merchant, code, &a->id));
	TRY(engine_ledger_scan(c->engine, as_of_entry, a));
	if (a->stopped)
		return FAULT_SHUTTING_DOWN;
	if (a->record.full || a->said.full)
		return FAULT_ANSWER_TOO_LARGE;
	if (!a->there)
		return code ? FAULT_COUPON_UNKNOWN : FAULT_CAMPAIGN_UNKNOWN;
	return OK;
}

int cli_ledger_as_of(struct cli *c)
{
	const char *code = cli_option(c, "coupon"), *campaign = cli_option(c, "campaign");
	const char *at = cli_option(c, "at");
	struct as_of a = {.cli = c, .table = code ? TABLE_COUPON : TABLE_CAMPAIGN};
	struct instant until;

	if (!at || !moment_parse_second(text_of(at), &until))
		return cli_usage(c, "ledger as-of wants --at=\"yyyy-MM-dd HH:mm:ss\"");
	if (!code == !campaign || (campaign && !text_to_uint64(text_of(campaign), &a.id)))
		return cli_usage(c, "ledger as-of wants --coupon=CODE or --campaign=ID");
	a.until_s = instant_second(until);
	buffer_init(&a.record, 4 * RECORD_BYTES_MAX);
	buffer_init(&a.said, 64 * 1024);
	enum fault fault = as_of_find(&a, code);
	if (fault == OK)
		as_of_print(&a, at);
	buffer_release(&a.record);
	buffer_release(&a.said);
	return fault == OK ? 0 : cli_failed(c, fault, code ? code : campaign);
}
