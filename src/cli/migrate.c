/* `couponry migrate`: PostgreSQL's schema, made or brought up to date. */
#include "store/pg_migrate.h"

#include "cli/commands.h"

static void tell(void *context, unsigned number, const char *name)
{
	const struct cli *c = context;

	fprintf(c->out, c->json ? "{\"step\": %u, \"name\": \"%s\"}\n" : "step %u: %s\n", number,
		name);
	fflush(c->out);
}

enum { PARTITIONS_MAX = 1024 };

int cli_migrate(struct cli *c)
{
	const char *url = cli_option(c, "store"), *partitions = cli_option(c, "partitions");
	uint64_t n = 0;
	char *why = NULL;

	if (!url || !*url)
		return cli_usage(c, "--store=postgresql://... says which database");
	if (partitions && (!text_to_uint64(text_of(partitions), &n) || n > PARTITIONS_MAX))
		return cli_usage(c, "--partitions is a number up to %d", PARTITIONS_MAX);
	struct migrate_config config = {url, (unsigned)n, tell, c};
	enum fault fault = pg_migrate(&config, &why);
	int exit = fault == OK ? 0 : cli_failed(c, fault, why);
	free(why);
	if (fault == OK && !c->json)
		fprintf(c->out, "the schema is up to date\n");
	return exit;
}
