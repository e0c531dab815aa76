/*
 * The table tests over the embedded engine: lane, ledger, overlay, LMDB.
 */
#include <stdatomic.h>
#include "store/engine.h"
#include "table/table.h"

#include <ftw.h>
#include <unistd.h>

struct engine_stage {
	struct stage stage; /* first */
	struct engine *engine;
	struct reader *reader;
	bool reading;		/* what was read last is still being looked at */
	_Atomic int64_t now_ms; /* the lane asks too */
	char dir[64], key[80];
};

static struct instant clock_of(void *context)
{
	return (struct instant){((struct engine_stage *)context)->now_ms};
}

static int drop(const char *path, const struct stat *stat, int kind, struct FTW *at)
{
	(void)stat, (void)kind, (void)at;
	return remove(path);
}

static void end_reading(struct engine_stage *s)
{
	if (s->reading)
		reader_end(s->reader);
	s->reading = false;
}

static void end(struct engine_stage *s)
{
	if (!s->engine)
		return;
	end_reading(s);
	reader_close(s->reader);
	engine_close(s->engine);
	s->engine = NULL;
	nftw(s->dir, drop, 8, FTW_DEPTH | FTW_PHYS);
	unlink(s->key);
}

static void fresh(struct stage *stage)
{
	struct engine_stage *s = (struct engine_stage *)(void *)stage;
	char *why = NULL;
	end(s);
	struct instant start;
	must(moment_parse_second(TEXT("2026-01-01 10:00:00"), &start));
	s->now_ms = start.ms;
	snprintf(s->dir, sizeof(s->dir), "/tmp/couponry-table-%d", (int)getpid());
	snprintf(s->key, sizeof(s->key), "%s.key", s->dir);
	struct engine_config config = {.dir = s->dir,
				       .create = true,
				       .segment_bytes = 16 << 20,
				       .clock = clock_of,
				       .clock_context = s,
				       .seed = 1};
	enum fault fault = engine_open(&config, &s->engine, &why);
	if (fault != OK)
		fprintf(stderr, "%s: %s\n", fault_name(fault), why ? why : "");
	must(fault == OK);
	s->reader = reader_open(s->engine);
}

static void done(struct write *w)
{
	(void)w;
}

static enum fault run(struct stage *stage, unsigned command, uint64_t merchant, struct instant now,
		      struct arena *arena, const void *cmd, void *ret, struct detail *detail)
{
	struct engine_stage *s = (struct engine_stage *)(void *)stage;
	const struct command_row *row = command_get(command);
	must(row);
	end_reading(s);
	s->now_ms = now.ms;
	if (command == COMMAND_request_forget)
		engine_feed(s->engine); /* it sees what was fed */
	if (row->mode == COMMAND_WRITE) {
		struct write w = {.merchant = merchant,
				  .clock = stage->clock,
				  .job = is_server_job(command),
				  .command = command,
				  .handle = row->handle,
				  .actor = TEXT("test"),
				  .cmd = cmd,
				  .ret = ret,
				  .arena = arena,
				  .done = done};
		enum fault fault = engine_run(s->engine, &w);
		*detail = w.detail;
		if (fault == OK && command == COMMAND_customer_erase)
			CHECK_INT(engine_wipe(s->engine, merchant), OK);
		return fault;
	}
	struct tx *tx = reader_begin(s->reader, merchant, arena, detail);
	reader_merchant(tx, merchant, stage->clock);
	s->reading = true;
	return row->handle(tx, reader_env(tx), cmd, ret);
}

int main(int argc, char **argv)
{
	struct engine_stage s = {.stage = {.fresh = fresh, .run = run}};
	table_run_all(&s.stage, argc, argv);
	end(&s);
	return test_end();
}
