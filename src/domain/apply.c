/*
 * The command table: from a command's number to its handler. A number that is in no row is no
 * command: ledgers of later versions may hold such.
 */
#include "domain/domain.h"

/* clang-format off */
#define COMMAND(name, id, mode) [id] = {#name, COMMAND_##mode, name, sizeof(struct name##_ret)},
static const struct command_row rows[] = {
#include "domain/commands.tbl.h"
};
#undef COMMAND
/* clang-format on */

const struct command_row *command_get(unsigned command)
{
	return command < COUNT_OF(rows) && rows[command].handle ? &rows[command] : NULL;
}
