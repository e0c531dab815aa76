/*
 * Ledger entries, each with its size before it, applied one after the other as a replay does. Bytes
 * are refused or make rows that can be read; the same bytes make the same rows.
 */
#include "base/varint.h"
#include "fuzz/lib/fuzz.h"
#include "store/engine.h"
#include "store/keys.h"
#include "store/record.h"
#include "store/tx.h"
#include "unit/rows_memory.h"

/* Every slot's key is known, every seventh was wiped. */
static bool slot_key(const struct keyring *k, uint64_t merchant, uint64_t slot,
		     uint8_t ret[SEAL_KEY_SIZE])
{
	(void)k;
	(void)merchant;
	memset(ret, (int)(slot & 255), SEAL_KEY_SIZE);
	memcpy(ret, &slot, sizeof(slot));
	return slot % 7 != 0;
}

static uint64_t slot_take(struct keyring *k, uint64_t merchant)
{
	(void)k;
	(void)merchant;
	must(false); /* a replay takes none */
	return 0;
}

static void slot_seen(struct keyring *k, uint64_t merchant, uint64_t slot)
{
	(void)k;
	(void)merchant;
	(void)slot;
}

static unsigned replay(struct rows_memory *rows, struct text ledger)
{
	struct keyring keys = {.master_id = 1,
			       .master_seal = {7},
			       .master_tag = {9},
			       .customer = slot_key,
			       .take_slot = slot_take,
			       .slot_seen = slot_seen};
	struct head head = {0};
	struct text entry;
	unsigned n = 0;
	while (slice_take(&ledger, &entry) && entry_apply(&rows->rows, &keys, entry, &head, &head))
		n++;
	return n;
}

static void records_check(struct rows_memory *rows)
{
	for (size_t i = 0; i < rows->slot_count; i++) {
		const struct memory_row *row = &rows->slots[i];
		union record record = {0};
		if (!row->live || row->key.data[0] != ROW_RECORD)
			continue;
		must(row->key.data[1] >= 1 && row->key.data[1] < TABLE_COUNT);
		const struct record_shape *shape = &record_shapes[(int)row->key.data[1]];
		must(row->key.size > KEY_PREFIX_SIZE);
		struct text parts = {row->key.data + KEY_PREFIX_SIZE,
				     row->key.size - KEY_PREFIX_SIZE};
		must(key_read_record(shape, parts, &record));
		must(record_decode(shape, row->value, &record));
	}
}

/* The first n were applied, so `ledger show` can describe them. */
static void describe_check(struct text ledger, unsigned n)
{
	struct arena a;
	struct text entry, actor;
	arena_init(&a, (size_t)1 << 26);
	for (; n > 0 && slice_take(&ledger, &entry); n--) {
		struct ledger_entry described = {0};
		uint64_t merchant, number;
		struct instant instant;
		unsigned command;
		must(entry_envelope(entry, &merchant, &number, &instant, &actor, &command));
		text_touch(actor);
		must(entry_describe(&a, entry, &described) || a.full);
	}
	arena_release(&a);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct rows_memory rows, again;
	struct text ledger = {(const char *)data, size};
	if (!rows.slots) {
		memory_init(&rows);
		memory_init(&again);
	}
	unsigned n = replay(&rows, ledger);
	records_check(&rows);
	describe_check(ledger, n);
	must(replay(&again, ledger) == n && memory_equal(&rows, &again));
	memory_clear(&rows);
	memory_clear(&again);
	return 0;
}
