/*
 * The table tests over rows in memory. After each file the ledger's entries are replayed, blind,
 * into a second store: it must come out the same, row by row.
 */
#include "rows_memory.h"
#include "store/tx.h"
#include "table/table.h"

#include <glob.h>

struct memory_stage {
	struct stage stage; /* first */
	struct rows_memory rows;
	struct rows_memory replayed;
	struct tx write;
	struct keyring keys;
	uint64_t slots;
	struct buffer entry;
	uint64_t entries;
};
static struct memory_stage stage;

static bool customer_key(const struct keyring *k, uint64_t slot, uint8_t ret_key[SEAL_KEY_SIZE])
{
	(void)k;
	memset(ret_key, (int)(slot % 251 + 1), SEAL_KEY_SIZE);
	return true;
}

static uint64_t take_slot(struct keyring *k)
{
	(void)k;
	return ++stage.slots;
}

static void slot_seen(struct keyring *k, uint64_t slot)
{
	(void)k;
	CHECK(slot <= stage.slots);
}

static uint64_t epoch_of(struct rows *rows, struct arena *arena)
{
	struct env env = {.arena = arena};
	struct origin origin = {.number = 1};
	struct tx tx = {0};
	bool found;
	tx_init_read(&tx, rows, &stage.keys, 0, &env, NULL);
	must(store_get(&tx, TABLE_ORIGIN, &origin, &found) == OK);
	return found ? origin.epoch : 0;
}

/* The entry alone gives the same rows. */
static void replay(struct text entry)
{
	struct head head;
	uint64_t merchant, number;
	struct instant instant;
	struct text actor;
	unsigned command;
	must(entry_envelope(entry, &merchant, &number, &instant, &actor, &command));
	head_read(&stage.replayed.rows, merchant, &head);
	CHECK(entry_apply(&stage.replayed.rows, &stage.keys, entry, &head, &head));
	stage.entries++;
}

static enum fault run_write(const struct command_row *row, unsigned command, uint64_t merchant,
			    const struct env *env, const void *cmd, void *ret,
			    struct detail *detail)
{
	struct tx *tx = &stage.write;
	tx_init_write(tx, &stage.rows.rows, &stage.keys, merchant, env, detail, command,
		      TEXT("test"));
	enum fault fault = row->handle(tx, &tx->env, cmd, ret);
	if (fault == OK) {
		buffer_clear(&stage.entry);
		if (tx_finish(tx, &stage.entry))
			replay(buffer_get(&stage.entry));
	}
	tx_release(tx);
	return fault;
}

static enum fault run(struct stage *s, unsigned command, uint64_t merchant, struct instant now,
		      struct arena *arena, const void *cmd, void *ret, struct detail *detail)
{
	const struct command_row *row = command_get(command);
	struct env env = {.now = now, .instant = now, .arena = arena};
	struct tx tx = {0};
	(void)s;
	must(row);
	env.epoch = epoch_of(&stage.rows.rows, arena);
	if (row->mode == COMMAND_WRITE)
		return run_write(row, command, merchant, &env, cmd, ret, detail);
	tx_init_read(&tx, &stage.rows.rows, &stage.keys, merchant, &env, detail);
	return row->handle(&tx, &env, cmd, ret);
}

static void compare(void)
{
	CHECK(memory_equal(&stage.rows, &stage.replayed));
	CHECK(memory_equal(&stage.replayed, &stage.rows));
}

static void fresh(struct stage *s)
{
	(void)s;
	compare();
	memory_release(&stage.rows);
	memory_release(&stage.replayed);
	memory_init(&stage.rows);
	memory_init(&stage.replayed);
	stage.slots = 0;
}

int main(int argc, char **argv)
{
	glob_t files;
	stage.stage = (struct stage){fresh, run};
	stage.keys = (struct keyring){.master_id = 1,
				      .customer = customer_key,
				      .take_slot = take_slot,
				      .slot_seen = slot_seen};
	memset(stage.keys.master_seal, 7, sizeof(stage.keys.master_seal));
	memset(stage.keys.master_tag, 9, sizeof(stage.keys.master_tag));
	buffer_init(&stage.entry, ENTRY_BYTES_MAX);
	memory_init(&stage.rows);
	memory_init(&stage.replayed);
	if (argc > 1) {
		for (int i = 1; i < argc; i++)
			table_run(&stage.stage, argv[i]);
	} else {
		must(glob("test/table/*.table", 0, NULL, &files) == 0);
		for (size_t i = 0; i < files.gl_pathc; i++)
			table_run(&stage.stage, files.gl_pathv[i]);
		globfree(&files);
	}
	compare();
	memory_release(&stage.rows);
	memory_release(&stage.replayed);
	buffer_release(&stage.entry);
	tx_free(&stage.write);
	return test_end();
}
