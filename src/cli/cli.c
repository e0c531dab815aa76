/* See cli.h: reads the command line, finds the command, opens what it needs, runs it. */
#include "cli/cli.h"

#include <ctype.h>
#include <limits.h>
#include <stdarg.h>
#include <time.h>
#include <unistd.h>

#include "cli/commands.h"

enum { CLI_ARENA_MAX = 256 * 1024 * 1024 };

const struct cli_command cli_commands[] = {
#define CLI(name, sub, function, needs, words, options, help)                                      \
	{name, sub, needs, function, options, words, help},
#include "cli/commands.tbl.h"
#undef CLI
};
const unsigned cli_command_count = COUNT_OF(cli_commands);

/* Every command takes these. */
static const char *const common_options = "data store master-key output";

/* --- what went wrong, in words --- */

int cli_usage(struct cli *c, const char *format, ...)
{
	va_list args;

	fputs("couponry: ", c->err);
	va_start(args, format);
	vfprintf(c->err, format, args);
	va_end(args);
	fputs(" (see `couponry help`)\n", c->err);
	return 2;
}

int cli_failed(struct cli *c, enum fault fault, const char *why)
{
	if (fault == FAULT_USAGE)
		return cli_usage(c, "%s", why ? why : fault_text(fault));
	fprintf(c->err, "couponry: %s: %s%s%s\n", fault_name(fault), fault_text(fault), why ? ": " : "",
		why ? why : "");
	return 1;
}

int cli_refused(struct cli *c, enum fault fault, const struct detail *detail)
{
	char why[512];

	if (!detail || (!detail->field.size && !detail->value.size))
		return cli_failed(c, fault, NULL);
	snprintf(why, sizeof(why), "%.*s%s%.*s", TEXT_ARG(detail->field), detail->value.size ? " " : "",
		 TEXT_ARG(detail->value));
	return cli_failed(c, fault, why);
}

void cli_progress(struct cli *c, const char *what, uint64_t done, uint64_t all)
{
	enum { WIDTH = 40 };
	unsigned filled = all ? (unsigned)(done * WIDTH / all) : 0;

	if (!c->terminal)
		return;
	fprintf(c->err, "\r%s [", what);
	for (unsigned i = 0; i < WIDTH; i++)
		fputc(i < filled ? '#' : '.', c->err);
	fprintf(c->err, "] %3u%%", all ? (unsigned)(done * 100 / all) : 100);
	if (done >= all)
		fputc('\n', c->err);
	fflush(c->err);
}

/* --- options --- */

const char *cli_option(const struct cli *c, const char *name)
{
	char variable[64];

	for (unsigned i = 0; i < c->option_count; i++)
		if (strcmp(c->options[i].name, name) == 0)
			return c->options[i].value;
	int n = snprintf(variable, sizeof(variable), "COUPONRY_%s", name);
	for (int i = 0; i < n; i++)
		variable[i] = variable[i] == '-' ? '_' : (char)toupper((unsigned char)variable[i]);
	return getenv(variable);
}

bool cli_flag(const struct cli *c, const char *name)
{
	for (unsigned i = 0; i < c->option_count; i++)
		if (strcmp(c->options[i].name, name) == 0)
			return !c->options[i].value || strcmp(c->options[i].value, "true") == 0;
	return false;
}

static bool option_among(const char *list, struct text name)
{
	struct text rest = text_of(list);

	while (rest.data) {
		struct text item = text_cut(&rest, ' ');
		if (item.size && item.data[item.size - 1] == '*')
			item.size--;
		if (item.size && text_equal(item, name))
			return true;
	}
	return false;
}

/* Reads one "--name[=value]". The name stays inside argv: the '=' becomes its end. */
static int option_read(struct cli *c, char *argument)
{
	char *name = argument + 2;
	char *value = strchr(name, '=');

	if (value)
		*value++ = '\0';
	if (!option_among(common_options, text_of(name)) &&
	    !option_among(c->command->options, text_of(name)))
		return cli_usage(c, "`%s%s%s` takes no --%s", c->command->name,
				 c->command->sub ? " " : "", c->command->sub ? c->command->sub : "", name);
	if (c->option_count == CLI_OPTIONS_MAX)
		return cli_usage(c, "too many options");
	c->options[c->option_count].name = name;
	c->options[c->option_count++].value = value;
	return 0;
}

static int arguments_read(struct cli *c, int argc, char **argv)
{
	for (int i = 0; i < argc; i++) {
		int bad = 0;
		if (strncmp(argv[i], "--", 2) == 0)
			bad = option_read(c, argv[i]);
		else if (c->word_count < COUNT_OF(c->words))
			c->words[c->word_count++] = argv[i];
		else
			bad = cli_usage(c, "too many words");
		if (bad)
			return bad;
	}
	const char *output = cli_option(c, "output");
	if (output && strcmp(output, "json") != 0 && strcmp(output, "text") != 0)
		return cli_usage(c, "--output is text or json");
	c->json = output && strcmp(output, "json") == 0;
	if (cli_option(c, "store"))
		return cli_usage(c, "this build keeps data directories; use --data=DIR");
	return 0;
}

/* Finds the row; *ret_used words of argv belong to its name. */
static const struct cli_command *command_find(int argc, char **argv, int *ret_used)
{
	for (unsigned i = 0; i < cli_command_count; i++) {
		const struct cli_command *row = &cli_commands[i];
		if (argc < 1 || strcmp(argv[0], row->name) != 0)
			continue;
		if (row->sub && (argc < 2 || strcmp(argv[1], row->sub) != 0))
			continue;
		*ret_used = row->sub ? 2 : 1;
		return row;
	}
	return NULL;
}

/* --- merchants and commands --- */

enum fault cli_apply(struct cli *c, uint64_t merchant, enum command command, const void *cmd, void *ret,
		     struct detail *ret_detail)
{
	const struct command_row *row = command_get(command);
	must(row);
	*ret_detail = (struct detail){0};
	if (row->mode == COMMAND_READ) {
		struct tx *tx = reader_begin(c->reader, merchant, &c->arena, ret_detail);
		enum fault fault = row->handle(tx, reader_env(tx), cmd, ret);
		return fault; /* the transaction stays open: the answer points into it */
	}
	struct write w = {.merchant = merchant,
			  .command = command,
			  .handle = row->handle,
			  .actor = TEXT("cli"),
			  .cmd = cmd,
			  .ret = ret,
			  .arena = &c->arena};
	enum fault fault = engine_run(c->engine, &w);
	*ret_detail = w.detail;
	return fault;
}

static enum fault merchant_find(struct cli *c, const char *wanted, struct merchant *ret_merchant)
{
	struct merchant_list_ret list = {0};
	struct detail detail;
	uint64_t number = 0;

	if (wanted && !text_to_uint64(text_of(wanted), &number))
		return FAULT_MERCHANT_UNKNOWN;
	for (uint64_t from = 0;; from += list.n) {
		struct merchant_list_cmd cmd = {.from = from, .n = 100};
		TRY(cli_apply(c, 0, COMMAND_merchant_list, &cmd, &list, &detail));
		if (!wanted && list.count != 1) {
			fprintf(c->err, "couponry: there are %llu merchants: say which with --merchant=ID\n",
				(unsigned long long)list.count);
			return FAULT_MERCHANT_UNKNOWN;
		}
		for (unsigned i = 0; i < list.n; i++) {
			if (wanted && list.rows[i].number != number)
				continue;
			*ret_merchant = list.rows[i];
			ret_merchant->name = arena_text(&c->arena, list.rows[i].name);
			return OK;
		}
		if (!list.n)
			return FAULT_MERCHANT_UNKNOWN;
	}
}

enum fault cli_merchant(struct cli *c, struct merchant *ret_merchant)
{
	enum fault fault = merchant_find(c, cli_option(c, "merchant"), ret_merchant);

	reader_end(c->reader);
	return fault;
}

/* --- running --- */

static int run_with_engine(struct cli *c)
{
	struct engine_config config = {.dir = cli_option(c, "data"),
				       .master_key = cli_option(c, "master-key"),
				       .create = c->command->needs == NEEDS_ENGINE_MADE};
	char *why = NULL;
	enum fault fault = engine_open(&config, &c->engine, &why);

	if (fault != OK) {
		int exit = cli_failed(c, fault, why);
		free(why);
		return exit;
	}
	int exit = 1;
	c->reader = reader_open(c->engine);
	fault = config.create ? origin_ensure(c->engine, TEXT("cli")) : OK;
	if (fault != OK)
		cli_failed(c, fault, NULL);
	else
		exit = c->command->run(c);
	reader_close(c->reader);
	engine_close(c->engine);
	return exit;
}

static int cli_begin(struct cli *c, int argc, char **argv)
{
	int used = 0;

	c->command = command_find(argc, argv, &used);
	if (!c->command)
		return cli_usage(c, argc ? "no command is called `%s%s%s`" : "no command was given%s%s%s",
				 argc ? argv[0] : "", argc > 1 ? " " : "", argc > 1 ? argv[1] : "");
	return arguments_read(c, argc - used, argv + used);
}

int cli_run(struct cli *c, int argc, char **argv)
{
	int exit = cli_begin(c, argc, argv);

	if (exit)
		return exit;
	if (c->command->needs == NEEDS_NOTHING)
		return cli_usage(c, "`%s` does not run inside a server", c->command->name);
	arena_init(&c->arena, CLI_ARENA_MAX);
	c->reader = reader_open(c->engine);
	exit = c->command->run(c);
	reader_close(c->reader);
	arena_release(&c->arena);
	return exit;
}

/* Files are named from where the client stands: a server stands elsewhere. */
static void words_absolute(int argc, char **argv)
{
	char here[PATH_MAX];

	if (!getcwd(here, sizeof(here)))
		return;
	for (int i = 0; i < argc; i++) {
		static const char *const files[] = {"--to=", "--body="};
		size_t skip = 0;
		for (size_t j = 0; j < COUNT_OF(files); j++)
			if (strncmp(argv[i], files[j], strlen(files[j])) == 0)
				skip = strlen(files[j]);
		bool csv = i > 1 && strncmp(argv[i], "--", 2) != 0;
		if ((!skip && !csv) || argv[i][skip] == '/' || !argv[i][skip])
			continue;
		char *absolute;
		must(asprintf(&absolute, "%.*s%s/%s", (int)skip, argv[i], here, argv[i] + skip) > 0);
		argv[i] = absolute;
	}
}

static int run_somewhere(struct cli *c, int argc, char **sent)
{
	int exit;

	if (c->command->needs == NEEDS_NOTHING)
		return c->command->run(c);
	const char *dir = cli_option(c, "data");
	if (!dir)
		return cli_usage(c, "`%s` wants --data=DIR", c->command->name);
	words_absolute(argc, sent);
	if (admin_send(dir, argc, sent, &exit))
		return exit;
	return run_with_engine(c);
}

int cli_main(int argc, char **argv)
{
	struct cli c = {.in = stdin, .out = stdout, .err = stderr, .terminal = isatty(2)};
	char **sent = calloc((size_t)argc + 1, sizeof(*sent)); /* option_read cuts argv up */

	must(sent);
	for (int i = 0; i < argc; i++) {
		sent[i] = strdup(argv[i]);
		must(sent[i]);
	}
	arena_init(&c.arena, CLI_ARENA_MAX);
	int exit = cli_begin(&c, argc, argv);
	if (!exit)
		exit = run_somewhere(&c, argc, sent);
	arena_release(&c.arena);
	for (int i = 0; i < argc; i++)
		free(sent[i]);
	free(sent);
	if (fflush(stdout) != 0 && !exit)
		exit = cli_failed(&c, FAULT_FILE_UNWRITABLE, "standard output");
	return exit;
}
