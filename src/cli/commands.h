/* The functions of commands.tbl.h; each returns the exit code. */
#pragma once

#include "cli/cli.h"

#define CLI(name, sub, function, needs, words, options, help) int function(struct cli *c);
#include "cli/commands.tbl.h"
#undef CLI
