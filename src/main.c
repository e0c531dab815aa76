/* couponry: `serve` is the server, everything else a command (cli/commands.tbl.h). */
#include "base/base.h"

#include "cli/cli.h"

int main(int argc, char **argv)
{
	if (argc > 1 && strcmp(argv[1], "serve") == 0)
		return serve_main(argc - 2, argv + 2);
	return cli_main(argc - 1, argv + 1);
}
