/* `couponry courier`: what acts by itself, beside the servers. Until SIGTERM or SIGINT. */
#include <signal.h>
#include <unistd.h>

#include "cli/commands.h"
#include "base/spool.h"
#include "courier/courier.h"
#include "dialect/dialect.h"

static volatile sig_atomic_t ended;

static void on_signal(int signal)
{
	(void)signal;
	ended = 1;
}

int cli_courier(struct cli *c)
{
	char spool[SPOOL_PATH_SIZE];
	struct courier_config config = {
	    .allow_private = cli_flag(c, "allow-private-targets"),
	    .words = &native_rows,
	    .spool = spool_of(cli_option(c, "spool"), cli_option(c, "data"), spool)};
	struct courier *courier = courier_start(c->engine, &config);

	if (!courier)
		return cli_failed(c, FAULT_DATA_IN_USE,
				  "the server runs a courier itself; start it with "
				  "--courier=false");
	if (!c->inside_server) {
		ended = 0;
		sigaction(SIGTERM, &(struct sigaction){.sa_handler = on_signal}, NULL);
		sigaction(SIGINT, &(struct sigaction){.sa_handler = on_signal}, NULL);
	}
	fprintf(c->out, "the courier works\n");
	fflush(c->out);
	while (c->inside_server ? !c->gone(c->gone_context) : !ended)
		usleep(100 * 1000);
	courier_stop(courier);
	return 0;
}
