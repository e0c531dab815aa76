/*
 * The end of an erasure: when the view has it, the customer's key is overwritten. What the ledger
 * says of the person can then be read by nobody.
 *
 *   entry synced -> fed past -> in the list of erasures -> key overwritten and synced -> told
 *
 * Wiped before it is fed, a crash would leave the person's unique values in the view: the entry
 * that takes them back could not be read any more. So a start first feeds, then wipes what is left.
 */
#include "store/erase.h"

#include "store/parts.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

enum {
	LOOK_ROWS = 256,
	LOOK_BYTES = 4 * 1024 * 1024,
	ERASE_COMMAND = 14 /* customer_erase, domain/commands.tbl.h */
};

static bool note(struct engine *e, uint64_t merchant, const struct customer *c,
		 struct erasures *ret)
{
	uint8_t key[SEAL_KEY_SIZE];
	struct erasure erasure = {merchant, c->number, c->key_slot, {0}};
	if (!e->keys.ring.customer(&e->keys.ring, merchant, c->key_slot, key))
		return false;
	erased_check(key, e->ledger.head.store_id, erasure.check);
	secret_wipe(key, sizeof(key));
	erased_add(ret, &erasure);
	return true;
}

/* Newest first. Keys go in the list's order, so that the first wiped one ends the look; after a
 * crash, which may have kept some writes and not others, all are looked at. */
static enum fault look(struct engine *e, struct reader *r, uint64_t merchant, bool all,
		       struct erasures *ret)
{
	struct page page = {.list = LIST_CUSTOMERS_ERASED, .n = LOOK_ROWS};
	struct detail detail = {0};
	struct arena arena;
	uint64_t count = 1;
	bool more = true;
	enum fault fault = OK;
	arena_init(&arena, LOOK_BYTES);
	struct tx *tx = reader_begin(r, merchant, &arena, &detail);
	for (; fault == OK && more && page.from < count; page.from += LOOK_ROWS) {
		struct customer *rows;
		unsigned n = 0;
		arena_reset(&arena);
		fault = store_page(tx, &page, &rows, &n, &count);
		for (unsigned i = 0; fault == OK && more && i < n; i++)
			more = note(e, merchant, &rows[i], ret) || all;
	}
	reader_end(r);
	arena_release(&arena);
	return fault;
}

/* Oldest first. */
static enum fault wipe(struct engine *e, const struct erasures *found)
{
	char *path = erased_path(e->key_path);
	enum fault fault = erased_append(path, found);
	free(path);
	for (size_t i = found->n; fault == OK && i > 0; i--)
		fault = keyring_wipe(&e->keys, found->rows[i - 1].merchant,
				     &found->rows[i - 1].slot, 1);
	return fault;
}

static enum fault wipe_found(struct engine *e, const struct erasures *found)
{
	if (found->n == 0)
		return OK;
	TRY(feeder_drain(e));
	return wipe(e, found);
}

static enum fault wipe_merchant(struct engine *e, struct reader *r, uint64_t merchant, bool all)
{
	struct erasures found = {0};
	pthread_mutex_lock(&e->erasing);
	enum fault fault = look(e, r, merchant, all, &found);
	if (fault == OK)
		fault = wipe_found(e, &found);
	pthread_mutex_unlock(&e->erasing);
	erased_release(&found);
	return fault;
}

enum fault embedded_wipe(struct engine *e, uint64_t merchant)
{
	must(!e->read_only);
	struct reader *r = reader_open(e);
	enum fault fault = wipe_merchant(e, r, merchant, false);
	reader_close(r);
	return fault;
}

/* ---- at the start ---- */

static unsigned merchants_from(struct reader *r, uint64_t from, uint64_t *ret, unsigned n)
{
	struct page page = {.list = LIST_MERCHANTS, .from = from, .n = n, .oldest_first = true};
	struct detail detail = {0};
	struct merchant *rows;
	struct arena arena;
	uint64_t count;
	unsigned got = 0;
	arena_init(&arena, LOOK_BYTES);
	struct tx *tx = reader_begin(r, 0, &arena, &detail);
	if (store_page(tx, &page, &rows, &got, &count) != OK)
		got = 0;
	for (unsigned i = 0; i < got; i++)
		ret[i] = rows[i].number;
	reader_end(r);
	arena_release(&arena);
	return got;
}

void erase_recover(struct engine *e)
{
	struct reader *r = reader_open(e);
	uint64_t numbers[LOOK_ROWS];
	enum fault fault = OK;
	unsigned n = 1;
	for (uint64_t from = 0; n > 0; from += n) {
		n = merchants_from(r, from, numbers, LOOK_ROWS);
		for (unsigned i = 0; fault == OK && i < n; i++)
			fault = wipe_merchant(e, r, numbers[i], true);
	}
	reader_close(r);
	if (fault != OK)
		fprintf(stderr,
			"couponry: keys of erased customers cannot be wiped: %s; the next start "
			"tries again\n",
			fault_text(fault));
}

/* ---- a restored store ---- */

static enum fault wipe_known(int keys, const struct erasure *erasure, bool *ret_wiped)
{
	static const uint8_t zeros[SLOT_SIZE];
	uint64_t store_id;
	uint8_t key[SEAL_KEY_SIZE], check[8];
	if (file_read(keys, &store_id, sizeof(store_id), 8) != sizeof(store_id))
		return FAULT_FILE_UNREADABLE;
	int64_t got = file_read(keys, key, SLOT_SIZE, erasure->slot * SLOT_SIZE);
	if (got < 0)
		return FAULT_FILE_UNREADABLE;
	erased_check(key, store_id, check);
	secret_wipe(key, sizeof(key));
	*ret_wiped = got == SLOT_SIZE && erasure->slot > 0 && memcmp(check, erasure->check, 8) == 0;
	if (*ret_wiped && (!file_write(keys, zeros, SLOT_SIZE, erasure->slot * SLOT_SIZE) ||
			   fdatasync(keys) != 0))
		return fault_of_write(errno);
	return OK;
}

/* A merchant that came after the copy has no file in it. */
static enum fault wipe_one(const char *folder, const struct erasure *erasure,
			   struct erasures *ret_wiped)
{
	char *path = text_print("%s/%llu", folder, (unsigned long long)erasure->merchant);
	int keys = open(path, O_RDWR | O_CLOEXEC);
	int error = errno;
	bool wiped = false;
	free(path);
	if (keys < 0)
		return error == ENOENT ? OK : FAULT_FILE_UNREADABLE;
	enum fault fault = wipe_known(keys, erasure, &wiped);
	close(keys);
	if (fault == OK && wiped)
		erased_add(ret_wiped, erasure);
	return fault;
}

enum fault erase_keys(const char *folder, const struct erasures *known, struct erasures *ret_wiped)
{
	for (size_t i = 0; i < known->n; i++)
		TRY(wipe_one(folder, &known->rows[i], ret_wiped));
	return OK;
}

/* The domain's customer_erase, which the store cannot reach, for somebody whose key is gone. */
static enum fault erase_again(struct tx *tx, const struct env *env, const void *cmd, void *ret)
{
	const struct erasure *erasure = cmd;
	struct customer c = {.number = erasure->customer};
	bool found;
	(void)ret;
	TRY(store_get(tx, TABLE_CUSTOMER, &c, &found));
	if (!found || c.key_slot != erasure->slot || !instant_is_none(c.erased))
		return OK;
	store_forget(TABLE_CUSTOMER, &c);
	c.label_tag = TEXT_NONE;
	c.erased = c.updated = env->instant;
	c.unsettled = true;
	c.walked = c.walked_to = 0;
	store_put(tx, TABLE_CUSTOMER, &c);
	return OK;
}

enum fault erase_records(struct engine *e, const struct erasures *wiped)
{
	struct arena arena;
	enum fault fault = OK;
	arena_init(&arena, LOOK_BYTES);
	for (size_t i = 0; fault == OK && i < wiped->n; i++) {
		struct write w = {.merchant = wiped->rows[i].merchant,
				  .command = ERASE_COMMAND,
				  .handle = erase_again,
				  .actor = TEXT("restore"),
				  .cmd = &wiped->rows[i],
				  .arena = &arena};
		fault = engine_run(e, &w);
		arena_reset(&arena);
	}
	arena_release(&arena);
	return fault;
}
