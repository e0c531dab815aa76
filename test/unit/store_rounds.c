/*
 * Batches in rounds: how many they take, that they do what the same commands do one after the
 * other, and what becomes of a batch that does not settle or whose rows cannot be fetched.
 */
#include "fake_keyring.h"
#include "rows_memory.h"
#include "store/entry.h"
#include "store/list.h"
#include "store/rounds_check.h"
#include "base/varint.h"
#include "domain/domain.h"
#include "test.h"

enum { BATCH = 64, CHAIN = 40 };

struct world {
	struct rows_memory real;
	struct fake_keyring keys;
	struct arena arena;
	struct instant now;
	/* the batch's side */
	struct rounds rounds;
	struct loaded rows;
	struct keyring_rows ring;
	unsigned loads, load_max; /* past it they fail */
};
static struct world w;

static void make_key(void *context, uint64_t slot, uint8_t ret_key[SLOT_SIZE])
{
	(void)context;
	must(fake_customer(&w.keys.ring, 1, slot, ret_key));
}

/* One command on the real rows; its entry, or nothing. */
static enum fault run_one(unsigned command, const void *cmd, void *ret, struct buffer *out)
{
	struct env env = {.now = w.now, .instant = w.now, .epoch = 7, .arena = &w.arena};
	struct detail detail;
	struct tx tx = {0};
	tx_init_write(&tx, &w.real.rows, &w.keys.ring, command == COMMAND_origin_create ? 0 : 1,
		      &env, &detail, command, TEXT("test"));
	enum fault fault = command_get(command)->handle(&tx, &tx.env, cmd, ret);
	if (fault == OK)
		(void)tx_finish(&tx, out);
	tx_free(&tx);
	return fault;
}

static void begin(void)
{
	struct template_save_cmd save = {
	    .template = {.template_id = 5, .has_total = true, .total = 1000, .per_person = 2}};
	struct template_save_ret saved;
	struct buffer out;
	memset(&w, 0, sizeof(w));
	memory_init(&w.real);
	fake_keyring_init(&w.keys);
	w.now = (struct instant){1700000000000};
	arena_init(&w.arena, (size_t)1 << 30);
	buffer_init(&out, ENTRY_BYTES_MAX);
	CHECK_INT(run_one(COMMAND_template_save, &save, &saved, &out), OK);
	buffer_release(&out);
	rounds_init(&w.rounds);
	loaded_init(&w.rows);
	keyring_rows_like(&w.ring, &w.keys.ring);
	w.ring.rows = &w.rows.rows;
	w.ring.make = make_key;
	w.load_max = UINT32_MAX;
}

static void end(void)
{
	rounds_release(&w.rounds);
	loaded_release(&w.rows);
	memory_release(&w.real);
	arena_release(&w.arena);
}

/* ---- loading from the rows in memory; with a unique value comes its record ---- */

static void load_slot(struct loaded *rows, struct text key)
{
	uint8_t bytes[SLOT_SIZE];
	struct text value = {(const char *)bytes, sizeof(bytes)};
	struct text slot = {key.data + KEY_PREFIX_SIZE, key.size - KEY_PREFIX_SIZE};
	uint64_t number = 0;
	if ((uint8_t)key.data[0] == ROW_KEY_LAST) {
		value.size = varint_put(bytes, w.keys.taken);
		loaded_set(rows, key, &value);
		return;
	}
	must(varint_take(&slot, &number) && fake_customer(&w.keys.ring, 1, number, bytes));
	loaded_set(rows, key, &value);
}

static void load_row(struct loaded *rows, struct text key)
{
	struct text value, record;
	struct key k;
	bool there = memory_get(&w.real.rows, key, &value);
	loaded_set(rows, key, there ? &value : NULL);
	if (!there || key.data[0] != ROW_UNIQUE)
		return;
	key_init(&k, ROW_RECORD, unique_shapes[(uint8_t)key.data[1]].table, 1);
	key_add_parts(&k, value);
	if (memory_get(&w.real.rows, key_get(&k), &record))
		loaded_set(rows, key_get(&k), &record);
}

static enum fault load(void *context, struct loaded *rows)
{
	size_t n;
	const struct text *wanted = loaded_wanted(rows, &n);
	(void)context;
	CHECK(n > 0); /* else nothing would change */
	if (++w.loads > w.load_max)
		return FAULT_BUSY;
	for (size_t i = 0; i < n; i++)
		(uint8_t) wanted[i].data[0] >= ROW_KEY ? load_slot(rows, wanted[i])
						       : load_row(rows, wanted[i]);
	return OK;
}

static enum fault run_batch(struct write **writes, unsigned n)
{
	struct head head;
	loaded_clear(&w.rows);
	(void)head_read(&w.real.rows, 1, &head);
	rounds_set_head(&w.rows, 1, &head);
	w.rounds.rows = &w.rows;
	w.rounds.keys = &w.ring.ring;
	w.rounds.load = load;
	w.rounds.merchant = 1;
	w.rounds.env = (struct env){.now = w.now, .instant = w.now, .epoch = 7};
	w.rounds.writes = writes;
	w.rounds.n = n;
	w.rounds.bytes_stop = SIZE_MAX;
	return rounds_run(&w.rounds);
}

/* ---- issues ---- */

struct issue {
	struct write write;
	struct coupon_issue_cmd cmd;
	struct coupon_issue_ret ret;
	struct text nick;
	struct arena arena;
};

static void issue_init(struct issue *i, unsigned nick)
{
	memset(i, 0, sizeof(*i));
	arena_init(&i->arena, CALL_BYTES_MAX);
	i->nick = arena_format(&i->arena, "nick %u", nick);
	i->cmd = (struct coupon_issue_cmd){
	    .template_id = 5, .nicks = &i->nick, .n = 1, .request = {{TEXT("key"), i->nick}, 2}};
	i->write = (struct write){.merchant = 1,
				  .command = COMMAND_coupon_issue,
				  .handle = coupon_issue,
				  .actor = TEXT("test"),
				  .cmd = &i->cmd,
				  .ret = &i->ret,
				  .arena = &i->arena};
}

/* The batch's entries, one after the other, are those of the same commands run singly. */
static void test_batch(unsigned first, unsigned step, unsigned rounds_max)
{
	static struct issue issues[BATCH];
	struct write *writes[BATCH];
	struct buffer singly;
	buffer_init(&singly, 2 * (size_t)ENTRY_BYTES_MAX);
	for (unsigned i = 0; i < BATCH; i++) {
		issue_init(&issues[i], first + i * step);
		writes[i] = &issues[i].write;
	}
	CHECK_INT(run_batch(writes, BATCH), OK);
	CHECK_INT(w.rounds.ran, BATCH);
	CHECK(w.rounds.rounds <= rounds_max);
	printf("%u issues to %s: %u rounds\n", BATCH, step ? "different nicks" : "one nick",
	       w.rounds.rounds);
	for (unsigned i = 0; i < BATCH; i++) {
		struct coupon_issue_ret ret;
		CHECK_INT(run_one(COMMAND_coupon_issue, &issues[i].cmd, &ret, &singly),
			  issues[i].write.fault);
		CHECK(text_equal(ret.results[0].code, issues[i].ret.results[0].code));
	}
	CHECK(text_equal(buffer_get(&singly), buffer_get(&w.rounds.bytes)));
	for (unsigned i = 0; i < BATCH; i++)
		arena_release(&issues[i].arena);
	buffer_release(&singly);
}

/* ---- a command that needs a row to know the next ---- */

static enum fault walk(struct tx *tx, const struct env *env, const void *cmd, void *ret)
{
	const unsigned *length = cmd;
	struct tally t = {.kind = 9};
	bool found;
	(void)env;
	(void)ret;
	for (unsigned i = 0; i < *length; i++) {
		t = (struct tally){.kind = 9, .of = t.count + i};
		TRY(store_get(tx, TABLE_TALLY, &t, &found));
		t.count = 0;
	}
	t = (struct tally){.kind = 10, .of = *length, .count = 1};
	store_put(tx, TABLE_TALLY, &t);
	return OK;
}

static void walk_init(struct write *write, const unsigned *length, struct arena *arena)
{
	*write = (struct write){.merchant = 1,
				.command = COMMAND_origin_restore,
				.handle = walk,
				.actor = TEXT("test"),
				.cmd = length,
				.arena = arena};
}

/* The first two are clean long before the third is: they are the batch. */
static void test_clean_first(void)
{
	static const unsigned lengths[] = {1, 2, CHAIN, 1};
	struct write some[4], *writes[4];
	for (unsigned i = 0; i < 4; i++) {
		walk_init(&some[i], &lengths[i], &w.arena);
		writes[i] = &some[i];
	}
	CHECK_INT(run_batch(writes, 4), OK);
	CHECK_INT(w.rounds.ran, 2);
	CHECK_INT(w.rounds.rounds, ROUNDS_MAX);
	CHECK_INT(w.rounds.entry_count, 2);
	for (size_t i = 0; i < loaded_changes(&w.rows); i++) {
		struct text key, value;
		bool gone;
		loaded_change(&w.rows, i, &key, &value, &gone);
		/* Of tallies only theirs: the last one's rows were taken back. */
		CHECK(key.data[0] != ROW_RECORD || (uint8_t)key.data[key.size - 1] <= 2);
	}
	/* Alone it goes on to its end. */
	CHECK_INT(run_batch(writes + 2, 1), OK);
	CHECK_INT(w.rounds.ran, 1);
	CHECK(w.rounds.rounds > ROUNDS_MAX);
}

static void test_endless(void)
{
	static const unsigned length = 10 * ROUNDS_LAST;
	struct write one, *writes[] = {&one};
	walk_init(&one, &length, &w.arena);
	CHECK_INT(run_batch(writes, 1), FAULT_DATA_DAMAGED);
}

static void test_load_fails(void)
{
	static const unsigned length = 3;
	struct write one, *writes[] = {&one};
	walk_init(&one, &length, &w.arena);
	w.loads = 0;
	w.load_max = 1;
	CHECK_INT(run_batch(writes, 1), FAULT_BUSY);
	w.load_max = UINT32_MAX;
	CHECK_INT(run_batch(writes, 1), OK);
	CHECK_INT(w.rounds.ran, 1);
}

/* ---- the cache ---- */

static void check_row(struct loaded *l, const char *key, const char *value)
{
	struct text got = TEXT_NONE;
	bool found = row_get(&l->rows, text_of(key), &got);
	CHECK(found == (value != NULL));
	CHECK(!value || text_equal(got, text_of(value)));
}

static void test_undo(void)
{
	struct loaded l;
	struct text one = TEXT("1");
	loaded_init(&l);
	loaded_set(&l, TEXT("a"), &one);
	loaded_set(&l, TEXT("b"), NULL);
	row_put(&l.rows, TEXT("a"), TEXT("2"));
	uint32_t mark = loaded_mark(&l);
	row_put(&l.rows, TEXT("a"), TEXT("3"));
	row_put(&l.rows, TEXT("b"), TEXT("3"));
	row_del(&l.rows, TEXT("a"));
	CHECK_INT(loaded_changes(&l), 2);
	check_row(&l, "a", NULL);
	loaded_undo(&l, mark);
	CHECK_INT(loaded_changes(&l), 1);
	check_row(&l, "a", "2");
	check_row(&l, "b", NULL);
	loaded_round(&l);
	CHECK_INT(loaded_changes(&l), 0);
	check_row(&l, "a", "1");
	CHECK(!row_want(&l.rows, TEXT("c")));
	loaded_set(&l, TEXT("c"), &one);
	loaded_filled(&l);
	check_row(&l, "c", "1");
	loaded_release(&l);
}

static struct text row_of(struct key *k, enum row_kind kind, uint64_t merchant, uint64_t number)
{
	key_init(k, kind, 1, merchant);
	key_add_number(k, number);
	return key_get(k);
}

/* What is known of another cache's rows, and what is not its ledger's to say. */
static void test_hints(void)
{
	struct loaded last, next;
	struct text old = TEXT("old"), one = TEXT("new"), got;
	struct key k[6];
	loaded_init(&last);
	loaded_init(&next);
	for (unsigned i = 0; i < 4; i++)
		loaded_set(&last, row_of(&k[i], ROW_RECORD, 7, i), i == 3 ? NULL : &old);
	row_put(&last.rows, key_get(&k[1]), one);
	row_del(&last.rows, key_get(&k[2]));
	loaded_set(&last, row_of(&k[4], ROW_RECORD, 8, 4), &old);
	loaded_set(&last, row_of(&k[5], (enum row_kind)ROW_KEY, 7, 5), &old);
	next.hints = &last;
	CHECK(!row_want(&next.rows, key_get(&k[0]))); /* a guess is no knowledge */
	loaded_clear(&next);
	next.hints_hold = true;
	next.merchant = 7;
	loaded_set(&next, key_get(&k[1]), &old); /* from before it was written */
	CHECK(row_get(&next.rows, key_get(&k[0]), &got) && text_equal(got, old));
	CHECK(row_get(&next.rows, key_get(&k[1]), &got) && text_equal(got, one));
	CHECK(!row_get(&next.rows, key_get(&k[2]), &got));
	CHECK(!row_get(&next.rows, key_get(&k[3]), &got));
	CHECK(!next.rows.guessed);
	CHECK(!row_want(&next.rows, key_get(&k[4])));
	CHECK(!row_want(&next.rows, key_get(&k[5])));
	/* nor is there a row of a customer to come */
	struct holding holding = {.customer = 20};
	loaded_clear(&next);
	key_record(&k[0], 7, TABLE_HOLDING, &holding);
	holding.customer = 19;
	key_record(&k[1], 7, TABLE_HOLDING, &holding);
	key_record(&k[2], 8, TABLE_HOLDING, &(struct holding){.customer = 20});
	key_record(&k[3], 7, TABLE_CUSTOMER, &(struct customer){.number = 20});
	key_list(&k[4], 7, LIST_WALLET, &(struct coupon){.customer = 20});
	CHECK(!row_want(&next.rows, key_get(&k[0])));
	loaded_clear(&next);
	next.next_number = 20;
	CHECK(row_want(&next.rows, key_get(&k[0])) && !row_get(&next.rows, key_get(&k[0]), &got));
	CHECK(row_want(&next.rows, key_get(&k[4])));
	for (unsigned i = 1; i < 4; i++)
		CHECK(!row_want(&next.rows, key_get(&k[i])));
	loaded_release(&last);
	loaded_release(&next);
}

int main(void)
{
	begin();
	test_batch(0, 1, 3);   /* new people */
	test_batch(0, 1, 3);   /* the same calls again: remembered */
	test_batch(500, 0, 3); /* one person: two coupons, then the last again */
	test_clean_first();
	test_endless();
	test_load_fails();
	end();
	test_undo();
	test_hints();
	return test_end();
}
