/* The store's first entry: its epoch, 20 random bits that stand in every public id. */
#include "base/crypto.h"
#include "cli/cli.h"

enum fault origin_ensure(struct engine *engine, struct text actor)
{
	struct origin_create_cmd cmd = {0};
	struct origin_create_ret ret;
	struct arena arena;

	while (!cmd.epoch) {
		random_bytes(&cmd.epoch, sizeof(cmd.epoch));
		cmd.epoch &= 0xfffff;
	}
	arena_init(&arena, CALL_BYTES_MAX);
	struct write w = {.command = COMMAND_origin_create,
			  .handle = origin_create,
			  .actor = actor,
			  .cmd = &cmd,
			  .ret = &ret,
			  .arena = &arena};
	enum fault fault = engine_run(engine, &w);
	arena_release(&arena);
	return fault;
}
