/*
 * `couponry serve`: opens the store, starts the loops, the slow thread, the admin socket and the
 * jobs, serves until SIGTERM or SIGINT, drains, closes.
 */
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "cli/cli.h"
#include "cli/commands.h"
#include "base/crypto.h"
#include "base/spool.h"
#include "courier/courier.h"
#include "dialect/dialect.h"
#include "serve/admit.h"
#include "serve/config.h"
#include "serve/worker.h"

enum { WORKERS_MAX = 64, JOB_EVERY_S = 60, JOB_ROWS = 256 };

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

/* --- jobs: forgetting old requests, sweeping deleted campaigns, releasing holds that have run out,
 * settling erasures and merges --- */

struct jobs {
	struct engine *engine;
	struct reader *reader;
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t stop_now;
	bool stop;
};

struct job_merchant {
	uint64_t number;
	struct merchant_clock clock;
};

static enum fault job_run(struct jobs *jobs, const struct job_merchant *merchant,
			  enum command command, const void *cmd, void *ret)
{
	struct arena arena;

	arena_init(&arena, CALL_BYTES_MAX);
	struct write w = {.merchant = merchant->number,
			  .clock = merchant->clock,
			  .command = command,
			  .handle = command_get(command)->handle,
			  .actor = TEXT("job"),
			  .cmd = cmd,
			  .ret = ret,
			  .arena = &arena,
			  .job = true};
	enum fault fault = engine_run(jobs->engine, &w);
	arena_release(&arena);
	return fault;
}

/* Again and again, until a step does less than it may. */
static bool job_drain(struct jobs *jobs, const struct job_merchant *merchant, enum command command,
		      const void *cmd, void *ret, unsigned *did)
{
	do {
		*did = 0;
		if (job_run(jobs, merchant, command, cmd, ret) != OK)
			return false;
	} while (*did >= JOB_ROWS && !jobs->stop);
	return true;
}

static void jobs_of_merchant(struct jobs *jobs, const struct job_merchant *merchant)
{
	static const enum request_class classes[] = {REQUEST_DIALECT, REQUEST_NATIVE, REQUEST_JOB};
	struct request_forget_ret forgotten;
	struct campaign_sweep_cmd sweep = {.n = JOB_ROWS};
	struct campaign_sweep_ret swept;
	struct hold_sweep_cmd holds = {.n = JOB_ROWS};
	struct hold_sweep_ret released;

	for (size_t i = 0; i < COUNT_OF(classes); i++) {
		struct request_forget_cmd forget = {.class = classes[i], .n = JOB_ROWS};
		if (!job_drain(jobs, merchant, COMMAND_request_forget, &forget, &forgotten,
			       &forgotten.forgotten))
			return;
	}
	if (job_drain(jobs, merchant, COMMAND_campaign_sweep, &sweep, &swept, &swept.swept))
		(void)job_drain(jobs, merchant, COMMAND_hold_sweep, &holds, &released,
				&released.swept);
}

/* What an interrupted command line left. */
static void settle_merchant(struct jobs *jobs, const struct job_merchant *merchant)
{
	struct customer_settle_cmd cmd = {.n = JOB_ROWS};
	struct customer_settle_ret ret;

	do {
		ret.left = 0;
		if (job_run(jobs, merchant, COMMAND_customer_settle, &cmd, &ret) != OK)
			return;
	} while (ret.left && !jobs->stop);
	if (!jobs->stop)
		(void)!engine_wipe(jobs->engine, merchant->number); /* the next round tries again */
}

static unsigned merchants_after(struct jobs *jobs, uint64_t from, struct job_merchant *ret,
				unsigned n)
{
	struct arena arena;
	struct detail detail;
	struct merchant_list_cmd cmd = {.from = from, .n = n};
	struct merchant_list_ret page = {0};

	arena_init(&arena, CALL_BYTES_MAX);
	reader_begin(jobs->reader, 0, &arena, &detail);
	if (reader_apply(jobs->reader, merchant_list, &cmd, &page) != OK)
		page.n = 0;
	for (unsigned i = 0; i < page.n; i++)
		ret[i] =
		    (struct job_merchant){page.rows[i].number, merchant_clock_of(&page.rows[i])};
	reader_end(jobs->reader);
	arena_release(&arena);
	return page.n;
}

static void jobs_round(struct jobs *jobs)
{
	struct job_merchant merchants[100];
	unsigned n;

	for (uint64_t from = 0; !jobs->stop; from += n) {
		n = merchants_after(jobs, from, merchants, COUNT_OF(merchants));
		for (unsigned i = 0; i < n && !jobs->stop; i++) {
			jobs_of_merchant(jobs, &merchants[i]);
			settle_merchant(jobs, &merchants[i]);
		}
		if (!n)
			return;
	}
}

static void *jobs_thread(void *context)
{
	struct jobs *jobs = context;

	jobs->reader = reader_open(jobs->engine);
	pthread_mutex_lock(&jobs->lock);
	while (!jobs->stop) {
		struct timespec until;
		clock_gettime(CLOCK_REALTIME, &until);
		until.tv_sec += JOB_EVERY_S;
		if (pthread_cond_timedwait(&jobs->stop_now, &jobs->lock, &until) != ETIMEDOUT)
			continue;
		pthread_mutex_unlock(&jobs->lock);
		jobs_round(jobs);
		pthread_mutex_lock(&jobs->lock);
	}
	pthread_mutex_unlock(&jobs->lock);
	reader_close(jobs->reader);
	return NULL;
}

static void jobs_start(struct jobs *jobs, struct engine *engine)
{
	jobs->engine = engine;
	pthread_mutex_init(&jobs->lock, NULL);
	pthread_cond_init(&jobs->stop_now, NULL);
	must(pthread_create(&jobs->thread, NULL, jobs_thread, jobs) == 0);
}

static void jobs_stop(struct jobs *jobs)
{
	pthread_mutex_lock(&jobs->lock);
	jobs->stop = true;
	pthread_cond_signal(&jobs->stop_now);
	pthread_mutex_unlock(&jobs->lock);
	pthread_join(jobs->thread, NULL);
	pthread_cond_destroy(&jobs->stop_now);
	pthread_mutex_destroy(&jobs->lock);
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
				   .refused = call_refused};
	const char *why = NULL;

	if (http.workers > WORKERS_MAX)
		http.workers = WORKERS_MAX;
	server->http = http_server_open(&http, &why);
	if (!server->http)
		return fail(FAULT_USAGE, why);
	struct jobs jobs = {0};
	/* A store that all can reach needs nobody to hand commands to. */
	struct admin *admin =
	    config->data ? admin_start(server->engine, config->data,
				       !config->allow_demo && !listens_on_loopback(config->listen))
			 : NULL;
	struct courier_config outside = {.allow_private = config->allow_private_targets,
					 .words = &native_rows,
					 .spool = server->spool};
	struct courier *courier = config->courier ? courier_start(server->engine, &outside) : NULL;
	jobs_start(&jobs, server->engine);
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
	jobs_stop(&jobs);
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
				       .lock_ms = (unsigned)config->lock_ms};
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
		server.admit = admit_new(config->calls_per_s, config->burst);
		log_start(2);
		exit = serve_on(&server, config);
		slow_stop(server.slow);
		if (server.actors)
			actor_cache_free(server.actors);
		log_stop();
		http_server_free(server.http);
		admit_free(server.admit);
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
