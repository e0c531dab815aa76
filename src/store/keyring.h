/*
 * Keys: one master key (numbered; older ones kept for reading) and one key per customer, in slots.
 * A slot is given once and never again.
 */
#pragma once

#include "base/base.h"
#include "base/crypto.h"

struct master_keys;
struct keyring {
	const struct master_keys *masters;  /* of `master`; NULL: there are none */
	uint32_t master_id;		    /* of the key used for sealing now */
	uint8_t master_seal[SEAL_KEY_SIZE]; /* SECRET members; derived from the master key */
	uint8_t master_tag[32];		    /* store_tag; derived from the master key */
	/* The sealing key of an older master key; NULL: there are none. */
	bool (*master)(const struct keyring *k, uint64_t id, uint8_t ret_key[SEAL_KEY_SIZE]);
	/* The key of a slot that was taken before; false when it was wiped (the customer erased).
	 */
	bool (*customer)(const struct keyring *k, uint64_t slot, uint8_t ret_key[SEAL_KEY_SIZE]);
	uint64_t (*take_slot)(struct keyring *k); /* lane only */
	/* The slot that was taken last, and was never used, is free again. Lane only; NULL: what
	 * is taken is a row, and goes with the command's rows. */
	void (*give_back)(struct keyring *k);
	/* Replay saw this slot in use: it and all below are taken. */
	void (*slot_seen)(struct keyring *k, uint64_t slot);
};

/*
 * --- the engine's side ---
 *
 * The master key file is text, a line per key: its number and 64 hex digits; '#' begins a comment.
 * The last line seals; the first one makes tags, which must stay what they are. DIR/keys is binary:
 * a header and then slots of 32 bytes, slot n at n * 32. Slots behind the last one taken are
 * written again at each start, so a slot is given out only after this process has synced it.
 * A wiped slot is all zeros.
 */
#include "base/fault.h"
#include "store/bell.h"

#include <stdatomic.h>

enum {
	SLOT_SIZE = 32,
	SLOTS_AHEAD = 4096,	 /* filled at creation; refilled from half of it on */
	SLOTS_MORE = 16384,	 /* at a time later: an import takes 100,000 a second */
	SLOTS_OF_COMMAND = 1024, /* a command takes no more: PEOPLE_MAX, TARGETS_MAX */
	MASTER_KEYS_MAX = 64,
	MASTER_KEY_SIZE = 32,
};

struct master_keys {
	unsigned count;
	uint32_t id[MASTER_KEYS_MAX];
	uint8_t key[MASTER_KEYS_MAX][MASTER_KEY_SIZE];
};
/* KEY_FILE_WRONG or FILE_UNREADABLE with *ret_why. */
CHECKED enum fault master_keys_read(const char *path, struct master_keys *ret, char **ret_why);
/* Makes the file with one new key, synced; it must not exist. */
CHECKED enum fault master_keys_create(const char *path, uint64_t seed, struct master_keys *ret);
/* Sets master_id, master_seal, master_tag and master from *m, which must live as long. */
void keyring_masters(struct keyring *k, const struct master_keys *m);
/* What a ledger keeps to know its key again. */
void master_key_check(const struct master_keys *m, unsigned index, uint64_t store_id,
		      uint8_t ret[16]);
CHECKED bool master_keys_fit(const struct master_keys *m, uint32_t id, uint64_t store_id,
			     const uint8_t check[16]);

/* Random bytes (at most 32), or, with a seed, always the same for a label. */
void seeded_random(uint64_t seed, const char *label, uint64_t number, void *out, size_t size);

struct keyring_file {
	struct keyring ring; /* first */
	int file;
	uint64_t seed;
	_Atomic uint64_t taken; /* slots 1 .. taken are given out; the lane (or replay) writes */
	_Atomic uint64_t
	    filled;	      /* slots 1 .. filled can be given out; the background thread writes */
	_Atomic bool missing; /* replay asked for a slot that the file has not */
	uint64_t there;	      /* slots in the file at the start */
	struct bell *bell;
	pthread_mutex_t lock;
	pthread_cond_t tended;
	uint64_t attempts; /* under the lock */
	_Atomic(enum fault) fault;
};
CHECKED enum fault keyring_create(const char *dir, uint64_t store_id);
/* *m must live as long. Slots become known by slot_seen; none can be taken before keyring_start. */
CHECKED enum fault keyring_open(struct keyring_file *k, const char *dir, uint64_t store_id,
				const struct master_keys *m, bool read_only, char **ret_why);
/* Fills the first slots ahead. */
CHECKED enum fault keyring_start(struct keyring_file *k, struct bell *bell, uint64_t seed);
void keyring_close(struct keyring_file *k);
/* OK: one command's slots are there. May wait for the background thread. Lane only. */
CHECKED enum fault keyring_room(struct keyring_file *k);
void keyring_tend(struct keyring_file *k);
/* Whether the slot's key is gone. */
CHECKED bool keyring_is_wiped(const struct keyring_file *k, uint64_t slot);
/* Overwrites the keys of slots that were taken, and syncs. Any thread. */
CHECKED enum fault keyring_wipe(struct keyring_file *k, const uint64_t *slots, size_t n);
