/* Commands that look after the data directory: ledger, backup, restore, clock; version and help. */
#include "cli/commands.h"

#ifndef COUPONRY_VERSION
#define COUPONRY_VERSION "0.1.0"
#endif

static void verify_progress(void *context, uint64_t done, uint64_t all)
{
	cli_progress(context, "verify", done, all);
}

int cli_ledger_verify(struct cli *c)
{
	struct ledger_report r = {0};
	char *why = NULL;
	enum fault fault = engine_verify(c->engine, verify_progress, c, &r, &why);

	if (fault != OK) {
		int exit = cli_failed(c, fault, why);
		free(why);
		return exit;
	}
	fprintf(c->out,
		c->json ? "{\"merchants\": %llu, \"entries\": %llu, \"batches\": %llu, \"bytes\": "
			  "%llu, \"rows\": %llu}\n"
			: "the ledger is whole: %llu chains, %llu entries in %llu batches, %llu "
			  "bytes; %llu rows "
			  "of the store equal its replay\n",
		(unsigned long long)r.merchants, (unsigned long long)r.entries,
		(unsigned long long)r.batches, (unsigned long long)r.bytes,
		(unsigned long long)r.rows_compared);
	return 0;
}

struct show {
	struct cli *cli;
	uint64_t merchant; /* 0: all */
	uint64_t coupon;   /* its id; 0: all */
	bool stopped;
};

static bool show_wants(const struct show *s, const struct ledger_entry *e)
{
	if (s->merchant && e->merchant != s->merchant)
		return false;
	for (unsigned i = 0; s->coupon && i < e->coupon_count; i++)
		if (e->coupons[i] == s->coupon)
			return true;
	return !s->coupon;
}

static bool show_entry(void *context, const struct ledger_entry *e)
{
	struct show *s = context;
	FILE *out = s->cli->out;
	char memory[32];
	struct buffer when;

	if (!show_wants(s, e))
		return true;
	const struct command_row *command = command_get(e->command);
	buffer_init_fixed(&when, memory, sizeof(memory));
	buffer_moment_second(&when, e->instant);
	fprintf(out, "merchant %llu entry %llu  %.*s  %s by %.*s  ",
		(unsigned long long)e->merchant, (unsigned long long)e->number, (int)when.size,
		when.data, command ? command->name : "?", TEXT_ARG(e->actor));
	for (size_t i = 0; i < 8; i++)
		fprintf(out, "%02x", e->hash[i]);
	fputs("..", out);
	if (e->ahead_ms)
		fprintf(out, "  clock %lld s ahead", (long long)e->ahead_ms / 1000);
	fputc('\n', out);
	for (unsigned i = 0; i < e->row_count; i++)
		fprintf(out, "  %.*s\n", TEXT_ARG(e->rows[i]));
	s->stopped = s->cli->gone && s->cli->gone(s->cli->gone_context);
	return !s->stopped;
}

int cli_ledger_show(struct cli *c)
{
	struct show s = {.cli = c};
	struct merchant merchant;
	struct detail detail;
	const char *code = cli_option(c, "coupon");
	enum fault fault = OK;

	if (code || cli_option(c, "merchant")) {
		fault = cli_merchant(c, &merchant);
		s.merchant = merchant.number;
	}
	if (fault == OK && code) {
		struct coupon_query_cmd cmd = {.code = text_of(code), .n = 1};
		struct coupon_query_ret ret = {0};
		fault = cli_apply(c, s.merchant, COMMAND_coupon_query, &cmd, &ret, &detail);
		if (fault == OK && !ret.n)
			fault = FAULT_COUPON_UNKNOWN;
		s.coupon = fault == OK ? ret.rows[0].coupon->id : 0;
		reader_end(c->reader);
	}
	if (fault == OK)
		fault = engine_ledger_scan(c->engine, show_entry, &s);
	if (fault == OK && s.stopped)
		fault = FAULT_SHUTTING_DOWN;
	return fault == OK ? 0 : cli_failed(c, fault, NULL);
}

int cli_backup(struct cli *c)
{
	const char *to = cli_option(c, "to");
	char *why = NULL;

	if (!to || !*to)
		return cli_usage(c, "backup wants --to=DIR");
	enum fault fault = engine_backup(c->engine, to, &why);
	if (fault != OK) {
		int exit = cli_failed(c, fault, why);
		free(why);
		return exit;
	}
	fprintf(c->out, "backed up to %s\n", to);
	return 0;
}

/* PostgreSQL's own tools have brought back the tables; what is left is ours. */
static int restored_store(struct cli *c, const char *store)
{
	struct engine_config config = {.store = store, .master_key = cli_option(c, "master-key")};
	struct engine *engine;
	char *why = NULL;
	enum fault fault = engine_open(&config, &engine, &why);

	if (fault == OK) {
		fault = engine_new_epoch(engine);
		engine_close(engine);
	}
	int exit = fault == OK ? 0 : cli_failed(c, fault, why);
	free(why);
	if (fault == OK)
		fputs("what was issued after the backup is not issued again: now start the nodes\n",
		      c->out);
	return exit;
}

int cli_restore(struct cli *c)
{
	const char *from = cli_option(c, "from"), *dir = cli_option(c, "data");
	char *why = NULL;

	const char *store = cli_option(c, "store");
	if (store && *store && !(from && *from) && !(dir && *dir))
		return restored_store(c, store);
	if (!from || !*from || !dir || !*dir)
		return cli_usage(c, "restore wants --from=BACKUP and --data=DIR, or --store=URL "
				    "after the database was brought back");
	enum fault fault = engine_restore(from, dir, cli_option(c, "master-key"), &why);
	if (fault != OK) {
		int exit = cli_failed(c, fault, why);
		free(why);
		return exit;
	}
	fprintf(c->out, "restored to %s\n", dir);
	return 0;
}

int cli_compact(struct cli *c)
{
	struct engine_config config = {.dir = cli_option(c, "data"),
				       .master_key = cli_option(c, "master-key")};
	char *why = NULL;

	if (!config.dir || !*config.dir)
		return cli_usage(c, "compact wants --data=DIR");
	enum fault fault = engine_compact(&config, &why);
	if (fault == FAULT_DATA_IN_USE)
		fputs("couponry: compact replaces the file that a server reads: stop the server "
		      "first\n",
		      c->err);
	int exit = fault == OK ? 0 : cli_failed(c, fault, why);
	free(why);
	if (fault == OK)
		fprintf(c->out, "compacted %s/view\n", config.dir);
	return exit;
}

int cli_clock(struct cli *c)
{
	if (!cli_flag(c, "accept"))
		return cli_usage(c, "clock wants --accept");
	enum fault fault = engine_clock_accept(c->engine);
	if (fault != OK)
		return cli_failed(c, fault, NULL);
	fputs("the clock is accepted\n", c->out);
	return 0;
}

int cli_version(struct cli *c)
{
	fprintf(c->out, c->json ? "{\"version\": \"%s\"}\n" : "couponry %s\n", COUPONRY_VERSION);
	return 0;
}

int cli_help(struct cli *c)
{
	fputs("couponry serve --data=DIR [--listen=127.0.0.1:8080] [--NAME=VALUE ...]\n"
	      "    the server; `couponry config --example` lists the settings\n",
	      c->out);
	for (unsigned i = 0; i < cli_command_count; i++) {
		const struct cli_command *row = &cli_commands[i];
		fprintf(c->out, "couponry %s%s%s%s%s", row->name, row->sub ? " " : "",
			row->sub ? row->sub : "", *row->words ? " " : "", row->words);
		struct text rest = text_of(row->options);
		while (rest.size) {
			struct text option = text_cut(&rest, ' ');
			fprintf(c->out, " [--%.*s]", TEXT_ARG(option));
		}
		fprintf(c->out, "%s\n    %s\n",
			row->needs == NEEDS_NOTHING	? ""
			: row->needs == MAY_NEED_ENGINE ? " [--data=DIR]"
							: " --data=DIR",
			row->help);
	}
	fputs("Every option that has a value is also an environment variable: --master-key is "
	      "COUPONRY_MASTER_KEY.\n"
	      "--output=json prints for programs. Exit: 0 done, 1 refused, 2 usage.\n",
	      c->out);
	return 0;
}
