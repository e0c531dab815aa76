/*
 * Keys: one master key (numbered; older ones kept for reading) and one key per customer, in slots
 * that each merchant numbers from 1. A slot is given once and never again.
 */
#pragma once

#include "base/base.h"
#include "base/crypto.h"

struct master_keys;
struct keyring {
	const struct master_keys *masters;  /* of `master`; NULL: there are none */
	uint32_t master_id;		    /* of the key used for sealing now */
	uint8_t master_seal[SEAL_KEY_SIZE]; /* SECRET members; derived from the master key */
	struct hmac_key master_tag;	    /* store_tag; derived from the master key */
	/* The sealing key of an older master key; NULL: there are none. */
	bool (*master)(const struct keyring *k, uint64_t id, uint8_t ret_key[SEAL_KEY_SIZE]);
	/* The key of a merchant's slot that was taken before; false when it was wiped (the customer
	 * erased). */
	bool (*customer)(const struct keyring *k, uint64_t merchant, uint64_t slot,
			 uint8_t ret_key[SEAL_KEY_SIZE]);
	/* The merchant's next slot. Lane only. */
	uint64_t (*take_slot)(struct keyring *k, uint64_t merchant);
	/* Replay saw this slot in use: it and all below are taken. */
	void (*slot_seen)(struct keyring *k, uint64_t merchant, uint64_t slot);
};

/*
 * --- the engine's side ---
 *
 * The master key file is text, a line per key: its number and 64 hex digits; '#' begins a comment.
 * The last line seals; the first one makes tags, which must stay what they are.
 * DIR/keys/MERCHANT is binary: a header and then slots of 32 bytes, slot n at n * 32; it is made
 * when the merchant first writes. How many were given is in the merchant's head (tx.h). Those
 * behind the last one are written again by each process before it gives one out, so a slot is given
 * only after this process has synced it. A wiped slot is all zeros.
 */
#include "base/fault.h"
#include "store/bell.h"

#include <stdatomic.h>

enum {
	SLOT_SIZE = 32,
	SLOTS_OF_COMMAND = 1024,	    /* a command takes no more: PEOPLE_MAX, TARGETS_MAX */
	SLOTS_AHEAD = 2 * SLOTS_OF_COMMAND, /* filled at first; refilled from half of it on */
	SLOTS_MORE_MAX = 16384,	  /* twice as many each time: an import takes 100,000 a second */
	KEY_FILES_OPEN_MAX = 512, /* more are opened for each use */
	MASTER_KEYS_MAX = 64,
	MASTER_KEY_SIZE = 32,
};

struct master_keys {
	unsigned count;
	uint32_t id[MASTER_KEYS_MAX];
	uint8_t key[MASTER_KEYS_MAX][MASTER_KEY_SIZE];
};
/* Where the master key of a data directory is; given: what somebody said, or NULL. malloced. */
char *master_key_path(const char *dir, const char *given);
/* KEY_FILE_WRONG or FILE_UNREADABLE with *ret_why. */
CHECKED enum fault master_keys_read(const char *path, struct master_keys *ret, char **ret_why);
/* Makes the file with one new key, synced; it must not exist. */
CHECKED enum fault master_keys_create(const char *path, uint64_t seed, struct master_keys *ret);
/* Sets master_id, master_seal, master_tag and master from *m, which must live as long. */
void keyring_masters(struct keyring *k, const struct master_keys *m);
/* What signs checkpoints of the ledger: engine_signing_key. */
void master_key_signing(const struct master_keys *m, uint64_t store_id, uint8_t ret_seed[32]);
/* What a ledger keeps to know its key again. */
void master_key_check(const struct master_keys *m, unsigned index, uint64_t store_id,
		      uint8_t ret[16]);
CHECKED bool master_keys_fit(const struct master_keys *m, uint32_t id, uint64_t store_id,
			     const uint8_t check[16]);

/* Random bytes (at most 32), or, with a seed, always the same for a label. */
void seeded_random(uint64_t seed, const char *label, uint64_t number, void *out, size_t size);

struct merchant_keys {
	struct merchant_keys *next;  /* in its bucket */
	struct merchant_keys *wants; /* under the lock: the next one that is to be filled */
	uint64_t merchant;
	int file;		 /* -1: not there yet, or opened for each use */
	uint64_t there;		 /* slots in the file when it was first looked at */
	bool begun, waits;	 /* lane: keyring_begin was called. Under the lock: among `wants` */
	_Atomic uint64_t taken;	 /* slots 1 .. taken are given out; the lane writes */
	_Atomic uint64_t filled; /* slots 1 .. filled can be; the background thread writes */
	uint64_t more;		 /* slots of the next filling */
};

enum { KEYRING_BUCKETS = 1024 };
struct keyring_file {
	struct keyring ring; /* first */
	char *path;	     /* DIR/keys */
	uint64_t store_id, seed;
	bool read_only;
	_Atomic bool missing; /* replay asked for a slot that is in no file */
	struct bell *bell;
	pthread_mutex_t lock;
	pthread_cond_t tended;
	/* under the lock */
	struct merchant_keys *buckets[KEYRING_BUCKETS], *wants;
	unsigned open_files;
	uint64_t attempts;
	_Atomic(enum fault) fault;
};
CHECKED enum fault keyring_create(const char *dir);
/* *m must live as long. None can be taken before keyring_start. DATA_DAMAGED also for a store of an
 * older program, which had one file for all merchants. */
CHECKED enum fault keyring_open(struct keyring_file *k, const char *dir, uint64_t store_id,
				const struct master_keys *m, bool read_only, char **ret_why);
void keyring_start(struct keyring_file *k, struct bell *bell, uint64_t seed);
void keyring_close(struct keyring_file *k);
/* Lane, before keyring_room: whether it wants to know first how many the merchant has taken; and
 * that. */
bool keyring_asks(struct keyring_file *k, uint64_t merchant);
void keyring_begin(struct keyring_file *k, uint64_t merchant, uint64_t taken);
/* OK: one command's slots are there. May wait for the background thread. Lane only. */
CHECKED enum fault keyring_room(struct keyring_file *k, uint64_t merchant);
void keyring_tend(struct keyring_file *k);
/* Whether the slot's key is gone. */
CHECKED bool keyring_is_wiped(const struct keyring_file *k, uint64_t merchant, uint64_t slot);
/* Overwrites the keys of slots that were taken, and syncs. Any thread. */
CHECKED enum fault keyring_wipe(struct keyring_file *k, uint64_t merchant, const uint64_t *slots,
				size_t n);
/* A merchant's key file that is not there yet, with these keys in slots 1 .. n, synced (a copy from
 * another store). Before keyring_start. */
CHECKED enum fault keyring_import(const char *dir, uint64_t store_id, uint64_t merchant,
				  const uint8_t *keys, size_t n);
