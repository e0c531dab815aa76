/* See cli.h: reads the command line, finds the command, opens what it needs, runs it. */
#include "base/monotonic.h"
#include "base/json.h"
#include "cli/cli.h"

#include <ctype.h>
#include <limits.h>
#include <stdarg.h>
#include <time.h>
#include <unistd.h>

#include "cli/commands.h"

enum { CLI_ARENA_MAX = 256 * 1024 * 1024, SENT_WORDS_MAX = 80 /* what the admin socket takes */ };

const struct cli_command cli_commands[] = {
#define CLI(name, sub, function, needs, words, options, help) \
	{name, sub, needs, function, options, words, help},
#include "cli/commands.tbl.h"
#undef CLI
};
const unsigned cli_command_count = COUNT_OF(cli_commands);

/* Every command takes these. */
static const char *const common_options = "data store master-key output";
/* Options that are true or false; the others want a value, but for `config --check[=FILE]`. */
static const char *const flag_options =
    "typed require-session sandbox revoke dry-run accept example show follow once";
static const char *const bare_options =
    "typed require-session sandbox revoke dry-run accept example show follow once check "
    "allow-private-targets";

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
	fprintf(c->err, "couponry: %s: %s%s%s\n", fault_name(fault), fault_text(fault),
		why ? ": " : "", why ? why : "");
	return 1;
}

enum fault cli_write_again(struct cli *c, struct write *w)
{
	enum { WAIT_MS = 20, TRIES_MAX = 3000 };
	enum fault fault = FAULT_BUSY;

	for (unsigned i = 0; fault == FAULT_BUSY && i < TRIES_MAX; i++) {
		nanosleep(&(struct timespec){0, WAIT_MS * 1000000L}, NULL);
		fault = engine_run(c->engine, w);
	}
	return fault;
}

int cli_refused(struct cli *c, enum fault fault, const struct detail *detail)
{
	char why[512];

	if (!detail || (!detail->field.size && !detail->value.size))
		return cli_failed(c, fault, NULL);
	snprintf(why, sizeof(why), "%.*s%s%.*s", TEXT_ARG(detail->field),
		 detail->value.size ? " " : "", TEXT_ARG(detail->value));
	return cli_failed(c, fault, why);
}

static void draw_rate(struct cli *c, uint64_t done, uint64_t all, uint64_t rows)
{
	int64_t ms = monotonic_ms() - c->progress_since_ms;
	uint64_t left_s = 0;

	if (ms <= 0 || !done)
		return;
	if (done < all)
		left_s = (uint64_t)((double)(all - done) / (double)done * (double)ms / 1000);
	fprintf(c->err, "  %llu rows/s", (unsigned long long)(rows * 1000 / (uint64_t)ms));
	if (done < all)
		fprintf(c->err, ", %llu:%02llu:%02llu left ", (unsigned long long)left_s / 3600,
			(unsigned long long)left_s / 60 % 60, (unsigned long long)left_s % 60);
	else
		fputs("                   ", c->err); /* over what stood there */
}

/* rows 0: nothing is said of them. */
static void draw(struct cli *c, const char *what, uint64_t done, uint64_t all, uint64_t rows)
{
	enum { WIDTH = 40 };
	unsigned filled = all ? (unsigned)(done * WIDTH / all) : 0;

	fprintf(c->err, "\r%s [", what);
	for (unsigned i = 0; i < WIDTH; i++)
		fputc(i < filled ? '#' : '.', c->err);
	fprintf(c->err, "] %3u%%", all ? (unsigned)(done * 100 / all) : 100);
	if (rows)
		draw_rate(c, done, all, rows);
	if (done >= all)
		fputc('\n', c->err);
	fflush(c->err);
}

void cli_progress(struct cli *c, const char *what, uint64_t done, uint64_t all)
{
	if (c->terminal)
		draw(c, what, done, all, 0);
}

void cli_progress_rows(struct cli *c, const char *what, uint64_t done, uint64_t all, uint64_t rows)
{
	enum { EVERY_MS = 100 };
	int64_t now = c->terminal ? monotonic_ms() : 0;

	if (!c->terminal)
		return;
	if (!c->progress_since_ms)
		c->progress_since_ms = now;
	if (done < all && now - c->progress_drawn_ms < EVERY_MS)
		return;
	c->progress_drawn_ms = now;
	draw(c, what, done, all, rows);
}

/* --- options --- */

static const char *environment(struct text name)
{
	char variable[64];

	int n = snprintf(variable, sizeof(variable), "COUPONRY_%.*s", TEXT_ARG(name));
	for (int i = 0; i < n && i < (int)sizeof(variable); i++)
		variable[i] = variable[i] == '-' ? '_' : (char)toupper((unsigned char)variable[i]);
	return getenv(variable);
}

/* Inside a server the environment is the server's, not the caller's: the client sends its own
 * along. */
static bool option_find(const struct cli *c, const char *name, const char **ret_value)
{
	for (unsigned i = 0; i < c->option_count; i++) {
		if (strcmp(c->options[i].name, name) != 0)
			continue;
		*ret_value = c->options[i].value;
		return true;
	}
	*ret_value = c->inside_server ? NULL : environment(text_of(name));
	return *ret_value != NULL;
}

const char *cli_option(const struct cli *c, const char *name)
{
	const char *value;

	(void)option_find(c, name, &value);
	return value;
}

static bool value_is_true(const char *value)
{
	return !value || strcmp(value, "true") == 0 || strcmp(value, "1") == 0;
}

static bool value_is_false(const char *value)
{
	return value && (strcmp(value, "false") == 0 || strcmp(value, "0") == 0);
}

bool cli_flag(const struct cli *c, const char *name)
{
	const char *value;

	return option_find(c, name, &value) && value_is_true(value);
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
				 c->command->sub ? " " : "", c->command->sub ? c->command->sub : "",
				 name);
	if (!value && !option_among(bare_options, text_of(name)))
		return cli_usage(c, "--%s wants a value", name);
	if (option_among(flag_options, text_of(name)) && !value_is_true(value) &&
	    !value_is_false(value))
		return cli_usage(c, "--%s is true or false, not \"%s\"", name, value);
	if (c->option_count == CLI_OPTIONS_MAX)
		return cli_usage(c, "too many options");
	c->options[c->option_count].name = name;
	c->options[c->option_count++].value = value;
	return 0;
}

static bool option_given(const struct cli *c, const char *name)
{
	for (unsigned i = 0; i < c->option_count; i++)
		if (strcmp(c->options[i].name, name) == 0)
			return true;
	return false;
}

/* Where the data are; what is said as a flag wins over the environment. */
static const char *store_of(const struct cli *c)
{
	return option_given(c, "data") ? NULL : cli_option(c, "store");
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
	if (c->word_count && !*c->command->words)
		return cli_usage(c, "`%s%s%s` takes no \"%s\"", c->command->name,
				 c->command->sub ? " " : "", c->command->sub ? c->command->sub : "",
				 c->words[0]);
	const char *output = cli_option(c, "output");
	if (output && strcmp(output, "json") != 0 && strcmp(output, "text") != 0)
		return cli_usage(c, "--output is text or json");
	c->json = output && strcmp(output, "json") == 0;
	if (option_given(c, "store") && option_given(c, "data"))
		return cli_usage(c, "--data or --store, not both");
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

void cli_json_text(FILE *out, struct text t)
{
	struct buffer b;

	buffer_init(&b, 1 << 20);
	buffer_json_text(&b, t);
	fwrite(b.data, 1, b.size, out);
	buffer_release(&b);
}

/* --- merchants and commands --- */

struct merchant_clock cli_clock_of(const struct cli *c, uint64_t merchant)
{
	return merchant && merchant == c->merchant ? c->clock : (struct merchant_clock){0};
}

enum fault cli_apply(struct cli *c, uint64_t merchant, enum command command, const void *cmd,
		     void *ret, struct detail *ret_detail)
{
	const struct command_row *row = command_get(command);
	must(row);
	*ret_detail = (struct detail){0};
	if (row->mode == COMMAND_READ) {
		struct tx *tx = reader_begin(c->reader, merchant, &c->arena, ret_detail);
		reader_merchant(tx, merchant, cli_clock_of(c, merchant));
		return reader_apply(
		    c->reader, row->handle, cmd,
		    ret); /* the transaction stays open: the answer points into it */
	}
	struct write w = {.merchant = merchant,
			  .clock = cli_clock_of(c, merchant),
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

/* One page of merchants: looks for `number`, or (0) takes the only one. */
static enum fault merchant_page(struct cli *c, uint64_t from, uint64_t number,
				struct merchant_list_ret *ret_page, struct merchant *ret_merchant)
{
	struct merchant_list_cmd cmd = {.from = from, .n = 100};
	struct detail detail;

	TRY(cli_apply(c, 0, COMMAND_merchant_list, &cmd, ret_page, &detail));
	if (!number && ret_page->count != 1) {
		fprintf(c->err,
			"couponry: there are %llu merchants: say which with --merchant=ID\n",
			(unsigned long long)ret_page->count);
		return FAULT_MERCHANT_UNKNOWN;
	}
	for (unsigned i = 0; i < ret_page->n; i++) {
		if (number && ret_page->rows[i].number != number)
			continue;
		*ret_merchant = ret_page->rows[i];
		ret_merchant->name = arena_text(&c->arena, ret_page->rows[i].name);
		c->merchant = ret_merchant->number;
		c->clock = merchant_clock_of(ret_merchant);
		return OK;
	}
	return FAULT_MERCHANT_UNKNOWN;
}

enum fault cli_merchant(struct cli *c, struct merchant *ret_merchant)
{
	const char *wanted = cli_option(c, "merchant");
	uint64_t number = 0;

	if (wanted && (!text_to_uint64(text_of(wanted), &number) || !number))
		return FAULT_MERCHANT_UNKNOWN;
	return cli_merchant_of(c, number, ret_merchant);
}

enum fault cli_merchant_of(struct cli *c, uint64_t number, struct merchant *ret_merchant)
{
	struct merchant_list_ret page = {.n = 1};
	enum fault fault = FAULT_MERCHANT_UNKNOWN;

	for (uint64_t from = 0; page.n && fault == FAULT_MERCHANT_UNKNOWN; from += page.n) {
		page.n = 0;
		fault = merchant_page(c, from, number, &page, ret_merchant);
		reader_end(c->reader);
		if (!number)
			break;
	}
	return fault;
}

/* --- running --- */

static int run_with_engine(struct cli *c)
{
	struct engine_config config = {.dir = cli_option(c, "data"),
				       .store = store_of(c),
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
		return cli_usage(
		    c, argc ? "no command is called `%s%s%s`" : "no command was given%s%s%s",
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
	unsigned words = 0;

	if (!getcwd(here, sizeof(here)))
		return;
	for (int i = 0; i < argc; i++) {
		static const char *const files[] = {"--to=", "--body=", "--out=", "--public-key="};
		size_t skip = 0;
		for (size_t j = 0; j < COUNT_OF(files); j++)
			if (strncmp(argv[i], files[j], strlen(files[j])) == 0)
				skip = strlen(files[j]);
		bool csv = strncmp(argv[i], "--", 2) != 0 && words++ == 2; /* import KIND FILE */
		if ((!skip && !csv) || argv[i][skip] == '/' || !argv[i][skip])
			continue;
		char *absolute;
		must(asprintf(&absolute, "%.*s%s/%s", (int)skip, argv[i], here, argv[i] + skip) >
		     0);
		free(argv[i]);
		argv[i] = absolute;
	}
}

/* Adds what the client's environment says; returns how many words there are then. */
static int words_of_environment(const struct cli *c, const char *names, int argc, char **argv)
{
	struct text rest = text_of(names);

	while (rest.size) {
		struct text name = text_cut(&rest, ' ');
		const char *value = environment(name);
		bool given = false;
		for (unsigned i = 0; i < c->option_count; i++)
			given |= text_equal(name, text_of(c->options[i].name));
		if (!name.size || !value || given || argc >= SENT_WORDS_MAX)
			continue;
		must(asprintf(&argv[argc++], "--%.*s=%s", TEXT_ARG(name), value) > 0);
	}
	return argc;
}

static int run_somewhere(struct cli *c, int *sent_count, char **sent)
{
	int exit;

	const char *dir = cli_option(c, "data");
	bool alone = c->command->needs == MAY_NEED_ENGINE && !dir && !store_of(c);
	if (c->command->needs == NEEDS_NOTHING || alone)
		return c->command->run(c);
	if (store_of(c))
		return run_with_engine(c);
	if (!dir)
		return cli_usage(c, "`%s%s%s` wants --data=DIR or --store=postgresql://..",
				 c->command->name, c->command->sub ? " " : "",
				 c->command->sub ? c->command->sub : "");
	*sent_count = words_of_environment(c, "output", *sent_count, sent);
	*sent_count = words_of_environment(c, c->command->options, *sent_count, sent);
	words_absolute(*sent_count, sent);
	if (admin_send(dir, *sent_count, sent, &exit))
		return exit;
	return run_with_engine(c);
}

int cli_main(int argc, char **argv)
{
	struct cli c = {.in = stdin, .out = stdout, .err = stderr, .terminal = isatty(2)};
	char **sent = calloc(SENT_WORDS_MAX, sizeof(*sent)); /* option_read cuts argv up */
	int count = 0;

	must(sent);
	if (argc > SENT_WORDS_MAX)
		return cli_usage(&c, "too many words");
	for (; count < argc; count++) {
		sent[count] = strdup(argv[count]);
		must(sent[count]);
	}
	arena_init(&c.arena, CLI_ARENA_MAX);
	int exit = cli_begin(&c, argc, argv);
	if (!exit)
		exit = run_somewhere(&c, &count, sent);
	arena_release(&c.arena);
	while (count)
		free(sent[--count]);
	free(sent);
	if (fflush(stdout) != 0 && !exit)
		exit = cli_failed(&c, FAULT_FILE_UNWRITABLE, "standard output");
	return exit;
}
