/* Slices of an export: several of the walk's, so that one sync is for many rows. */
#include "courier/work.h"

enum { STEP_BYTES = 4 * 1024 * 1024, STEP_SLICES = 64 };

static enum fault read_command(void *context, enum command command, const void *cmd, void *ret)
{
	return desk_read(context, command, cmd, ret);
}

static enum fault slice(struct work *w, struct bulk_walk *walk)
{
	desk_begin(w->desk, w->merchant, walk->arena);
	enum fault fault = bulk_slice(walk, &w->out);
	desk_end(w->desk);
	arena_reset(walk->arena);
	return fault;
}

static enum fault slices(struct work *w, struct bulk_walk *walk)
{
	for (unsigned i = 0; i < STEP_SLICES && w->out.size < STEP_BYTES && !walk->end; i++)
		TRY(slice(w, walk));
	return OK;
}

enum fault job_export(struct work *w)
{
	struct arena arena;
	struct bulk_walk walk = {.kind = bulk_kind_find(w->order.resource),
				 .format = w->format,
				 .words = w->desk->config->words,
				 .arena = &arena,
				 .read = read_command,
				 .context = w->desk,
				 .position = w->job.position,
				 .rows = w->job.read};
	must(walk.kind && walk.kind->slice);
	if (!w->job.written_bytes)
		bulk_write_header(&w->out, walk.kind, walk.format);
	arena_init(&arena, CALL_BYTES_MAX);
	enum fault fault = slices(w, &walk);
	arena_release(&arena);
	w->now.position = walk.position;
	w->now.read = walk.rows;
	w->total = walk.rows == walk.position ? walk.count : 0; /* a row for each record */
	w->ended = walk.end;
	return fault;
}
