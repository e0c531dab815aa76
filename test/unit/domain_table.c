/*
 * The table tests over rows in memory. After each file the ledger's entries are replayed, blind,
 * into a second store: it must come out the same, row by row. Every command also runs as if no row
 * were at hand (rounds_check.h), and the most rounds that each kind took are held against a table.
 */
#include "fake_keyring.h"
#include "rows_memory.h"
#include "store/rounds_check.h"
#include "table/table.h"

enum { COMMANDS_END = 128 };

struct memory_stage {
	struct stage stage; /* first */
	struct rows_memory rows;
	struct rows_memory replayed;
	struct tx write;
	struct fake_keyring keys;
	struct buffer entry;
	uint64_t entries;
	struct rounds_check check;
	unsigned rounds[COMMANDS_END]; /* per command, the most */
};
static struct memory_stage stage;

static void slot_seen(struct keyring *k, uint64_t merchant, uint64_t slot)
{
	(void)k;
	(void)merchant;
	CHECK(slot <= stage.keys.taken);
}

static uint64_t epoch_of(struct rows *rows, struct arena *arena)
{
	struct env env = {.arena = arena};
	struct origin origin = {.number = 1};
	struct tx tx = {0};
	bool found;
	tx_init_read(&tx, rows, &stage.keys.ring, 0, &env, NULL);
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
	CHECK(entry_apply(&stage.replayed.rows, &stage.keys.ring, entry, &head, &head));
	stage.entries++;
}

static enum fault run_write(const struct command_row *row, unsigned command, uint64_t merchant,
			    const struct env *env, const void *cmd, void *ret,
			    struct detail *detail)
{
	struct tx *tx = &stage.write;
	struct write w = {.merchant = merchant,
			  .clock = stage.stage.clock,
			  .job = is_server_job(command),
			  .command = command,
			  .handle = row->handle,
			  .actor = TEXT("test"),
			  .cmd = cmd,
			  .ret = ret,
			  .arena = env->arena};
	rounds_check_before(&stage.check, &stage.rows.rows, &stage.keys.ring, &w, env);
	if (stage.check.last_rounds > stage.rounds[command])
		stage.rounds[command] = stage.check.last_rounds;
	tx_init_write(tx, &stage.rows.rows, &stage.keys.ring, merchant, env, detail, command,
		      TEXT("test"));
	enum fault fault = row->handle(tx, &tx->env, cmd, ret);
	buffer_clear(&stage.entry);
	if (fault == OK && tx_finish(tx, &stage.entry))
		replay(buffer_get(&stage.entry));
	tx_release(tx);
	rounds_check_after(&stage.check, fault, buffer_get(&stage.entry));
	return fault;
}

static enum fault run(struct stage *s, unsigned command, uint64_t merchant, struct instant now,
		      struct arena *arena, const void *cmd, void *ret, struct detail *detail)
{
	const struct command_row *row = command_get(command);
	struct env env = {.now = now, .instant = now, .arena = arena};
	struct tx tx = {0};
	must(row);
	env.epoch = epoch_of(&stage.rows.rows, arena);
	if (row->mode == COMMAND_WRITE) {
		env.from_utc8 = s->clock.from_utc8;
		env.ahead_ms = s->clock.ahead_ms;
		return run_write(row, command, merchant, &env, cmd, ret, detail);
	}
	tx_init_read(&tx, &stage.rows.rows, &stage.keys.ring, merchant, &env, detail);
	reader_merchant(&tx, merchant, s->clock);
	return row->handle(&tx, reader_env(&tx), cmd, ret);
}

/* The most rounds of each command that the tables run: fewer are better, more are a regression. */
static const struct {
	unsigned command, rounds;
} rounds_at_most[] = {
    {COMMAND_origin_create, 2},	    {COMMAND_origin_restore, 2},  {COMMAND_merchant_add, 3},
    {COMMAND_merchant_change, 2},   {COMMAND_credential_add, 3},  {COMMAND_credential_change, 2},
    {COMMAND_department_save, 4},   {COMMAND_customer_save, 4},	  {COMMAND_template_add, 3},
    {COMMAND_template_save, 3},	    {COMMAND_template_delete, 4}, {COMMAND_coupon_issue, 6},
    {COMMAND_coupon_import, 3},	    {COMMAND_campaign_add, 4},	  {COMMAND_campaign_modify, 4},
    {COMMAND_campaign_save, 4},	    {COMMAND_campaign_delete, 4}, {COMMAND_campaign_sweep, 6},
    {COMMAND_audience_add, 5},	    {COMMAND_audience_clear, 3},  {COMMAND_audience_invite, 5},
    {COMMAND_audience_register, 5}, {COMMAND_request_forget, 2},  {COMMAND_customer_erase, 6},
    {COMMAND_customer_merge, 6},    {COMMAND_customer_settle, 7}, {COMMAND_template_make, 4},
    {COMMAND_template_change, 5},   {COMMAND_coupon_grant, 6},	  {COMMAND_coupon_change, 6},
    {COMMAND_coupon_redeem, 6},	    {COMMAND_coupon_reverse, 7},  {COMMAND_hold_sweep, 8},
    {COMMAND_campaign_plan, 4},	    {COMMAND_campaign_status, 4}, {COMMAND_campaign_run, 9},
    {COMMAND_campaign_fill, 4},	    {COMMAND_campaign_walk, 9},	  {COMMAND_audience_approve, 5},
    {COMMAND_lease_take, 2},	    {COMMAND_lease_drop, 2},	  {COMMAND_webhook_add, 3},
    {COMMAND_webhook_change, 3},    {COMMAND_webhook_delete, 3},  {COMMAND_delivery_settle, 6},
    {COMMAND_delivery_resend, 4},   {COMMAND_notice_forget, 6},	  {COMMAND_errand_begin, 5},
    {COMMAND_errand_settle, 6},	    {COMMAND_errand_ask, 3},	  {COMMAND_job_make, 3},
    {COMMAND_job_start, 2},	    {COMMAND_job_step, 2},	  {COMMAND_job_end, 4},
    {COMMAND_job_cancel, 4},
};

static void compare_rounds(void)
{
	for (size_t i = 0; i < COUNT_OF(rounds_at_most); i++) {
		unsigned command = rounds_at_most[i].command;
		printf("%-18s %u rounds\n", command_get(command)->name, stage.rounds[command]);
		CHECK(stage.rounds[command] <= rounds_at_most[i].rounds);
		stage.rounds[command] = 0;
	}
	for (unsigned i = 0; i < COMMANDS_END; i++) {
		CHECK(stage.rounds[i] == 0); /* every command stands in the table */
	}
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
	stage.keys.taken = 0;
}

int main(int argc, char **argv)
{
	stage.stage = (struct stage){.fresh = fresh, .run = run};
	fake_keyring_init(&stage.keys);
	stage.keys.ring.slot_seen = slot_seen;
	buffer_init(&stage.entry, ENTRY_BYTES_MAX);
	rounds_check_init(&stage.check);
	memory_init(&stage.rows);
	memory_init(&stage.replayed);
	table_run_all(&stage.stage, argc, argv);
	compare();
	compare_rounds();
	/* The same with somebody who is told of everything: nothing may come out otherwise, and no
	 * command may take more rounds than it may. */
	table_listens = true;
	table_run_all(&stage.stage, argc, argv);
	compare();
	compare_rounds();
	memory_release(&stage.rows);
	memory_release(&stage.replayed);
	rounds_check_release(&stage.check);
	buffer_release(&stage.entry);
	tx_free(&stage.write);
	return test_end();
}
