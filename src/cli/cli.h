/*
 * The command line: one table of commands (commands.tbl.h), each a function that gets its options
 * read and, when it wants one, an open engine. When a server holds the data directory, the same
 * function runs inside the server on the client's own standard streams (admin.c), so there is one
 * implementation of each command.
 *
 * Exit: 0 done, 1 refused (the fault's name on stderr), 2 usage.
 */
#pragma once

#include <stdio.h>

#include "bulk/bulk.h"
#include "domain/domain.h"
#include "store/engine.h"

enum { CLI_OPTIONS_MAX = 64 };

struct cli_command;
struct cli {
	const struct cli_command *command;
	const char *words[8]; /* positional arguments after the command */
	unsigned word_count;
	struct {
		const char *name, *value; /* value NULL: a bare flag */
	} options[CLI_OPTIONS_MAX];
	unsigned option_count;
	FILE *in, *out, *err;
	bool json;	    /* --output=json */
	bool shown;	    /* runs in a server that the world can reach */
	bool terminal;	    /* err is one: progress bars */
	bool inside_server; /* the environment is not the caller's */
	struct engine *engine;
	struct reader *reader;
	uint64_t merchant;	     /* that cli_merchant found last, and .. */
	struct merchant_clock clock; /* .. its clock */
	struct arena arena;	     /* reset by the command as it likes */
	/* in a server: the client has gone or the server stops: end early, with SHUTTING_DOWN */
	bool (*gone)(void *context);
	void *gone_context;
	int64_t progress_since_ms, progress_drawn_ms; /* monotonic; 0: no bar yet */
};

enum cli_needs {
	NEEDS_NOTHING,
	NEEDS_ENGINE,	   /* an existing data directory */
	NEEDS_ENGINE_MADE, /* made when it is not there */
	MAY_NEED_ENGINE,   /* an existing one, where it is said; else `engine` is NULL */
};
struct cli_command {
	const char *name, *sub; /* "merchant", "add"; sub NULL when there is none */
	enum cli_needs needs;
	int (*run)(struct cli *c);
	const char
	    *options;	   /* names it takes, separated by spaces; a '*' after a name: repeatable */
	const char *words; /* positional, for usage: "FILE.csv" */
	const char *help;
};
extern const struct cli_command cli_commands[];
extern const unsigned cli_command_count;

/* The value of an option, of COUPONRY_NAME in the environment, or NULL. */
const char *cli_option(const struct cli *c, const char *name);
bool cli_flag(const struct cli *c, const char *name);
/* --merchant, or the only merchant there is. */
CHECKED enum fault cli_merchant(struct cli *c, struct merchant *ret_merchant);
CHECKED enum fault cli_merchant_of(struct cli *c, uint64_t number, struct merchant *ret_merchant);
/* Of the merchant that cli_merchant found; of others nothing is known here. */
struct merchant_clock cli_clock_of(const struct cli *c, uint64_t merchant);
/* Runs a command (read or write) for a merchant and waits. */
CHECKED enum fault cli_apply(struct cli *c, uint64_t merchant, enum command command,
			     const void *cmd, void *ret, struct detail *ret_detail);
/* A full queue is no fault of a row: one that was answered BUSY is sent again, for a minute at
 * most. */
CHECKED enum fault cli_write_again(struct cli *c, struct write *w);
/* "couponry: template_unknown: no such template: coupon_id 7" on stderr; returns 1 (2 for USAGE).
 */
int cli_refused(struct cli *c, enum fault fault, const struct detail *detail);
int cli_failed(struct cli *c, enum fault fault, const char *why);
int cli_usage(struct cli *c, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* A clean text, in quotes. */
void cli_json_text(FILE *out, struct text t);
/* A bar on a terminal, nothing elsewhere. done == all ends the line. */
void cli_progress(struct cli *c, const char *what, uint64_t done, uint64_t all);
/* The same with rows per second and the time that is left. */
void cli_progress_rows(struct cli *c, const char *what, uint64_t done, uint64_t all, uint64_t rows);

/* The whole command line of a process: argv[1..]. */
int cli_main(int argc, char **argv);
/* The same inside a server: words and options as sent, an engine that is open. */
int cli_run(struct cli *c, int argc, char **argv);

/* cli/import.c: the kind and the format that words and options say. 0, or the exit code. */
int cli_bulk_words(struct cli *c, bool import, const struct bulk_kind **ret_kind,
		   enum bulk_format *ret_format);

/* cli/origin.c: the store's first entry, once. */
CHECKED enum fault origin_ensure(struct engine *engine, struct text actor);

/* cli/admin.c: the admin socket in the data directory. */
struct admin;
/* shown: the server listens beyond loopback, where demo credentials must not appear. */
struct admin *admin_start(struct engine *engine, const char *dir, bool shown);
void admin_stop(struct admin *a);
/* Hands the command to the server that holds `dir`. false: nobody answers there. */
bool admin_send(const char *dir, int argc, char **argv, int *ret_exit);

/* serve/serve.c */
int serve_main(int argc, char **argv);
