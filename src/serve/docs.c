/*
 * `couponry docs PAGE`: the pages of docs/ that tables know better than people. tools/check-docs
 * proves that the files are what is printed here.
 */
#include "serve/docs.h"

#include <ctype.h>

#include "cli/commands.h"
#include "dialect/dialect.h"

/* --- cli.md --- */

static void write_options(FILE *out, const char *options)
{
	struct text rest = text_of(options);
	bool first = true;
	while (rest.size) {
		struct text option = text_cut(&rest, ' ');
		bool many = option.size && option.data[option.size - 1] == '*';
		if (many)
			option.size--;
		fprintf(out, "%s`--%.*s`%s", first ? "" : ", ", TEXT_ARG(option),
			many ? " (several)" : "");
		first = false;
	}
}

static void write_settings(FILE *out)
{
	static const struct {
		const char *name, *fallback, *help;
	} params[] = {
#define PARAM(member, name, kind, fallback, help) {name, fallback, help},
#include "serve/params.tbl.h"
#undef PARAM
	};
	fputs("\n## Settings of `serve`\n\n"
	      "A flag wins over the environment, the environment over the file.\n\n"
	      "| flag | environment | default | |\n|---|---|---|---|\n",
	      out);
	for (size_t i = 0; i < COUNT_OF(params); i++) {
		fprintf(out, "| `--%s` | `COUPONRY_", params[i].name);
		for (const char *c = params[i].name; *c; c++)
			fputc(*c == '-' ? '_' : toupper((unsigned char)*c), out);
		fprintf(out, "` | %s%s%s | %s |\n", params[i].fallback ? "`" : "",
			params[i].fallback ? params[i].fallback : "", params[i].fallback ? "`" : "",
			params[i].help);
	}
}

static void write_cli(FILE *out)
{
	static const char *const places[] = {[NEEDS_NOTHING] = "",
					     [NEEDS_ENGINE] = "an existing one",
					     [NEEDS_ENGINE_MADE] = "made when it is not there",
					     [MAY_NEED_ENGINE] = "an existing one, or none"};
	fputs("# The command line\n\n"
	      "`couponry COMMAND [WORDS] [--name=value ...]`. Every option that has a value is "
	      "also an "
	      "environment variable (`--master-key` is `COUPONRY_MASTER_KEY`). A command that "
	      "needs a data directory takes "
	      "`--data=DIR` and `--master-key=FILE`; when a server holds the directory, the "
	      "command runs "
	      "there, on the caller's standard streams. `--output=json` prints for programs. Exit: "
	      "0 done, "
	      "1 refused (with the fault's name on standard error), 2 not understood.\n\n"
	      "| command | options | data directory | |\n|---|---|---|---|\n"
	      "| `serve` | see below | made when it is not there | the server |\n",
	      out);
	for (unsigned i = 0; i < cli_command_count; i++) {
		const struct cli_command *row = &cli_commands[i];
		fprintf(out, "| `%s%s%s%s%s` | ", row->name, row->sub ? " " : "",
			row->sub ? row->sub : "", *row->words ? " " : "", row->words);
		write_options(out, row->options);
		fprintf(out, " | %s | %s |\n", places[row->needs], row->help);
	}
	write_settings(out);
}

/* --- metrics.md, faults.md --- */

static void write_metrics(FILE *out)
{
	fputs("# Metrics\n\n`GET /metrics`, in the text form of Prometheus.\n\n"
	      "| name | type | labels | |\n|---|---|---|---|\n",
	      out);
#define METRIC(name, type, help, value) fputs("| `" #name "` | " #type " | | " help " |\n", out);
#include "serve/metrics.tbl.h"
#undef METRIC
#define FAMILY(name, type, help, labels) \
	fputs("| `" #name "` | " #type " | " labels " | " help " |\n", out);
#include "serve/metrics.tbl.h"
#undef FAMILY
	fputs("\n`fault` is `OK` or a name of [faults.md](faults.md); `method` is a row of the "
	      "dialect, or "
	      "`unknown`, never what a client typed.\n",
	      out);
}

static void write_faults(FILE *out)
{
	fputs("# Faults\n\nEvery refusal and every trouble, in order of precedence: where several "
	      "are true, "
	      "the first is the answer. Logs, metrics and the command line use the names; each "
	      "dialect "
	      "says them in its own words.\n\n| name | |\n|---|---|\n",
	      out);
	for (unsigned f = 1; f < FAULT_COUNT; f++)
		fprintf(out, "| `%s` | %s |\n", fault_name((enum fault)f),
			fault_text((enum fault)f));
}

/* --- events.md --- */

static void write_events(FILE *out)
{
	static const char *const of[] = {
	    [OF_COUPON] = "a coupon", [OF_TEMPLATE] = "a template", [OF_CAMPAIGN] = "a campaign",
	    [OF_JOB] = "a job",	      [OF_PROVIDER] = "a provider", [OF_WEBHOOK] = "a webhook"};
	fputs("# Events\n\nWhat webhooks may be told ([webhooks.md](webhooks.md)). Later versions "
	      "tell "
	      "more; who asked for all of them is told those too.\n\n"
	      "| event | of | |\n|---|---|---|\n",
	      out);
	for (unsigned kind = 0; kind < NOTICE_KINDS_MAX; kind++) {
		const struct notice_row *row = notice_row_get(kind);
		if (row)
			fprintf(out, "| `%s` | %s | %s |\n", row->wire, of[row->of], row->text);
	}
}

/* --- records.md --- */

/* clang-format off */
#define F(kind, member, role) fputs("| `" #member "` | " #kind " | " #role " |\n", out);
#define R(name, NAME, id)                                                           \
	fputs("\n### " #id " " #name "\n\n| field | kind | role |\n|---|---|---|\n", out); \
	NAME##_FIELDS(F)
#define U(name, id, table, when, value) fputs("| " #id " | " #name " | " #table " | `" #value "` | `" #when "` |\n", out);
#define OWNER0		    ""
#define OWNER1(table, a)    "`" #a "`"
#define OWNER2(table, a, b) "`" #a "`, `" #b "`"
#define L(name, id, table, when, owners) fputs("| " #id " | " #name " | " #table " | " owners " | `" #when "` |\n", out);
#define COMMAND(name, id, mode) fputs("| " #id " | " #name " | " #mode " |\n", out);

static void write_records(FILE *out)
{
	fputs("# Records\n\nThe numbers that stand in the ledger ([ledger.md](ledger.md)). Fields, tables, "
	      "unique values, lists and commands are appended, never removed and never given another "
	      "number.\n\n## Tables\n", out);
	RECORDS(R)
	fputs("\n## Unique values\n\nAt most one record of a merchant has the value. It counts when both "
	      "columns are set.\n\n| id | | table | value | when |\n|---|---|---|---|---|\n", out);
	UNIQUES(U)
	fputs("\n## Lists\n\nRecords in the order they came in, one list for each owner.\n\n"
	      "| id | | table | owner | when |\n|---|---|---|---|---|\n", out);
	LISTS(L)
	fputs("\n## Commands\n\nOnly writes stand in the ledger.\n\n| id | | |\n|---|---|---|\n", out);
#include "domain/commands.tbl.h"
}
#undef F
#undef R
#undef U
#undef L
#undef COMMAND
/* clang-format on */

/* --- all pages --- */

static const struct {
	const char *name;
	void (*write)(FILE *out);
	const struct dialect_row *dialect; /* instead of write */
} pages[] = {
    {"wjb", NULL, &dialect_wjb},       {"waiqin", NULL, &dialect_waiqin},
    {"top", NULL, &dialect_top},       {"zvcms", NULL, &dialect_zvcms},
    {"native", NULL, &dialect_native}, {"cli", write_cli, NULL},
    {"metrics", write_metrics, NULL},  {"faults", write_faults, NULL},
    {"records", write_records, NULL},  {"events", write_events, NULL},
};

int cli_docs(struct cli *c)
{
	for (size_t i = 0; c->word_count == 0 && i < COUNT_OF(pages); i++)
		fprintf(c->out, "%s\n", pages[i].name);
	for (size_t i = 0; c->word_count == 1 && i < COUNT_OF(pages); i++) {
		if (strcmp(c->words[0], pages[i].name) != 0)
			continue;
		fprintf(
		    c->out,
		    "<!-- printed by `couponry docs %s`: change the tables, not this file -->\n\n",
		    pages[i].name);
		if (pages[i].write)
			pages[i].write(c->out);
		else
			docs_dialect(c->out, pages[i].dialect);
		return 0;
	}
	return c->word_count ? cli_usage(c, "there is no such page") : 0;
}
