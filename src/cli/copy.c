/* `couponry copy`: a whole store from a data directory into PostgreSQL, or back. */
#include "store/copy.h"

#include "cli/commands.h"

static void tell(void *context, const char *what, uint64_t done, uint64_t all)
{
	cli_progress(context, what, done, all);
}

int cli_copy(struct cli *c)
{
	struct copy_config config = {.from = cli_option(c, "from"),
				     .to = cli_option(c, "to"),
				     .master_key = cli_option(c, "master-key"),
				     .progress = tell,
				     .context = c};
	struct ledger_report r;
	char *why = NULL;

	if (!config.from || !*config.from || !config.to || !*config.to)
		return cli_usage(c, "copy wants --from and --to: a data directory and "
				    "postgresql://.., in either order");
	enum fault fault = engine_copy(&config, &r, &why);
	int exit = fault == OK ? 0 : cli_failed(c, fault, why);
	free(why);
	if (fault != OK)
		return exit;
	fprintf(c->out,
		c->json ? "{\"merchants\": %llu, \"entries\": %llu, \"rows\": %llu}\n"
			: "copied and verified: %llu chains, %llu entries, %llu rows\n",
		(unsigned long long)r.merchants, (unsigned long long)r.entries,
		(unsigned long long)r.rows_compared);
	return 0;
}
