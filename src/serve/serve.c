/*
 * `couponry serve`: opens the store, starts the loops, the slow thread, the admin socket and the
 * desk of upkeep, the courier, serves until SIGTERM or SIGINT, drains, closes.
 */
#include <signal.h>
#include <sys/resource.h>
#include <unistd.h>

#include "cli/cli.h"
#include "cli/commands.h"
#include "base/crypto.h"
#include "base/spool.h"
#include "courier/courier.h"
#include "dialect/dialect.h"
#include "serve/admit.h"
#include "serve/config.h"
#include "serve/home.h"
#include "serve/worker.h"

enum { WORKERS_MAX = 64 };

static struct http_server *serving; /* for the signal handler */

static void on_signal(int signal)
{
	(void)signal;
	http_server_stop(serving);
}

/* The two signals that end serving reach the main thread only, and only while it serves: the
 * handler touches the server, and a thread that is interrupted by it may outlive that. */
static void signals(int how)
{
	sigset_t end;

	sigemptyset(&end);
	sigaddset(&end, SIGTERM);
	sigaddset(&end, SIGINT);
	pthread_sigmask(how, &end, NULL);
}

static int fail(enum fault fault, const char *why)
{
	fprintf(stderr, "couponry: %s: %s%s%s\n", fault_name(fault), fault_text(fault),
		why ? ": " : "", why ? why : "");
	return fault == FAULT_USAGE ? 2 : 1;
}

/* --- before serving --- */

static bool demo_credentials(struct engine *engine)
{
	struct arena arena;
	struct detail detail;
	struct reader *reader = reader_open(engine);
	struct credential_list_ret ret = {.n = 1};
	bool demo = false;

	arena_init(&arena, CALL_BYTES_MAX);
	for (uint64_t from = 0; ret.n && !demo; from += ret.n) {
		struct credential_list_cmd cmd = {.from = from, .n = 100};
		reader_begin(reader, 0, &arena, &detail);
		if (reader_apply(reader, credential_list, &cmd, &ret) != OK)
			ret.n = 0;
		for (unsigned i = 0; i < ret.n; i++)
			demo |= ret.rows[i].demo;
		reader_end(reader);
	}
	reader_close(reader);
	arena_release(&arena);
	return demo;
}

static bool listens_on_loopback(const char *listen)
{
	return strncmp(listen, "127.", 4) == 0 || strncmp(listen, "[::1]", 5) == 0 ||
	       strncmp(listen, "localhost:", 10) == 0;
}

static void descriptors_raise(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
		limit.rlim_cur = limit.rlim_max;
		setrlimit(RLIMIT_NOFILE, &limit);
	}
}

/* --- serving --- */

static int serve_on(struct server *server, const struct config *config)
{
	long processors = sysconf(_SC_NPROCESSORS_ONLN);
	struct http_config http = {.listen = config->listen,
				   .workers = config->workers
						  ? (unsigned)config->workers
						  : (unsigned)(processors > 1 ? processors : 1),
				   .tls_cert = config->tls_cert,
				   .tls_key = config->tls_key,
				   .handle = call_handle,
				   .context = server,
				   .loop_start = worker_start,
				   .loop_end = worker_end,
				   .loop_rest = worker_rest,
				   .loop_turn = worker_turn,
				   .bundle_mark = homes_mark,
				   .refused = call_refused};
	const char *why = NULL;

	if (http.workers > WORKERS_MAX)
		http.workers = WORKERS_MAX;
	server->http = http_server_open(&http, &why);
	if (!server->http)
		return fail(FAULT_USAGE, why);
	/* A store that all can reach needs nobody to hand commands to. */
	struct admin *admin =
	    config->data ? admin_start(server->engine, config->data,
				       !config->allow_demo && !listens_on_loopback(config->listen))
			 : NULL;
	struct courier_config outside = {.allow_private = config->allow_private_targets,
					 .words = &native_rows,
					 .spool = server->spool};
	struct courier *courier = config->courier ? courier_start(server->engine, &outside) : NULL;
	struct upkeep *upkeep = upkeep_start(server->engine, 0);
	serving = server->http;
	sigaction(SIGTERM, &(struct sigaction){.sa_handler = on_signal}, NULL);
	sigaction(SIGINT, &(struct sigaction){.sa_handler = on_signal}, NULL);
	printf("listening on %s://%s\n", config->tls_cert ? "https" : "http",
	       http_server_address(server->http));
	fflush(stdout);
	signals(SIG_UNBLOCK);
	http_server_run(server->http);
	signals(SIG_BLOCK);
	engine_stop_jobs(server->engine);
	if (admin)
		admin_stop(admin);
	upkeep_stop(upkeep);
	if (courier)
		courier_stop(courier);
	return 0;
}

static int serve_engine(const struct config *config)
{
	char spool[SPOOL_PATH_SIZE];
	struct server server = {.log_calls = config->log_calls,
				.private_targets = config->allow_private_targets,
				.spool = spool_of(config->spool, config->data, spool)};
	struct engine_config engine = {.dir = config->data,
				       .store = config->store,
				       .master_key = config->master_key,
				       .create = true,
				       .segment_bytes = config->segment_mib << 20,
				       .write_lanes = (unsigned)config->write_lanes,
				       .statement_ms = (unsigned)config->statement_ms,
				       .lock_ms = (unsigned)config->lock_ms,
				       .node_address = config->node_address};
	char *why = NULL;
	enum fault fault = engine_open(&engine, &server.engine, &why);

	if (fault != OK) {
		int exit = fail(fault, why);
		free(why);
		return exit;
	}
	int exit;
	fault = origin_ensure(server.engine, TEXT("serve"));
	if (fault != OK && engine_ready(server.engine) == OK) /* a full disk still serves reads */
		exit = fail(fault, NULL);
	else if (!config->allow_demo && !listens_on_loopback(config->listen) &&
		 demo_credentials(server.engine))
		exit = fail(FAULT_USAGE,
			    "demo credentials exist, whose secrets everybody knows: listen on "
			    "127.0.0.1, or say --allow-demo");
	else {
		server.metrics = metrics_new();
		server.waits = engine_waits(server.engine);
		server.slow =
		    slow_start(server.engine, server.waits ? (unsigned)config->read_lanes : 1);
		server.actors = server.waits ? actor_cache_new() : NULL;
		server.homes = config->node_address ? homes_new(server.engine) : NULL;
		server.admit = admit_new(config->calls_per_s, config->burst);
		log_start(2);
		exit = serve_on(&server, config);
		slow_stop(server.slow);
		if (server.actors)
			actor_cache_free(server.actors);
		log_stop();
		http_server_free(server.http);
		admit_free(server.admit);
		homes_free(server.homes);
		metrics_free(server.metrics);
	}
	engine_close(server.engine);
	return exit;
}

static int serve_config(const struct config *config)
{
	if (!config->data == !config->store)
		return fail(FAULT_USAGE, "serve wants --data=DIR or --store=postgresql://..");
	if (!config->tls_cert != !config->tls_key)
		return fail(FAULT_USAGE, "--tls-cert and --tls-key go together");
	if (config->node_address && (!config->store || config->tls_cert))
		return fail(FAULT_USAGE, "--node-address wants --store and a listener without TLS");
	if (config->node_address && !http_is_address(text_of(config->node_address)))
		return fail(FAULT_USAGE, "--node-address is a numeric address and a port, like "
					 "10.0.0.5:8080");
	signal(SIGPIPE, SIG_IGN);
	signals(SIG_BLOCK); /* inherited by every thread that is started from here on */
	descriptors_raise();
	return serve_engine(config);
}

int serve_main(int argc, char **argv)
{
	struct config config;
	char *why = NULL;
	enum fault fault = config_read(&config, argc, argv, &why);
	int exit = fault == OK ? serve_config(&config) : fail(fault, why);

	free(why);
	config_release(&config);
	return exit;
}

/* `couponry config`: the settings of serve, without serving. */
int cli_config(struct cli *c)
{
	struct buffer out;
	struct config config;
	char *why = NULL;
	char *flags[1];
	int count = 0, exit = 0;
	const char *file = cli_option(c, "check");
	bool check = file || cli_flag(c, "check");

	buffer_init(&out, 1 << 20);
	if (!file || !*file)
		file = cli_option(c, "config");
	if (file && *file)
		must(asprintf(&flags[count++], "--config=%s", file) > 0);
	if (cli_flag(c, "example")) {
		config_example(&out);
	} else {
		enum fault fault = config_read(&config, count, flags, &why);
		if (fault != OK)
			exit = cli_failed(c, fault, why);
		else if (check)
			buffer_text(&out, TEXT("the settings are good\n"));
		else
			config_show(&config, &out);
		config_release(&config);
	}
	if (out.size)
		fwrite(out.data, 1, out.size, c->out);
	buffer_release(&out);
	if (count)
		free(flags[0]);
	free(why);
	return exit;
}
