/*
 * A transaction and a ledger entry: what run.c and entry.c give to an engine.
 *
 *   read:   tx_init_read -> handler and verbs -> (nothing)
 *   write:  tx_init_write -> handler -> OK and something was put: tx_finish makes the entry's
 *           bytes, the new head and the last rows; a refusal leaves no trace -> tx_release
 *   replay: entry_apply, blind: it never reads a row
 *
 * A struct tx is ZEROED before its first init. It keeps its buffers from one command to the next
 * (tx_init_write may follow tx_release for ever); tx_free drops them. One that was only ever used
 * for reads holds nothing.
 */
#pragma once

#include "base/buffer.h"
#include "store/keyring.h"
#include "store/rows.h"
#include "store/store.h"

/* A merchant's chain: the newest entry's number, instant and hash, and what is given next. Kept
 * as a row of its own (keys.h: key_head), written by tx_finish and entry_apply. */
struct head {
	uint64_t number;
	struct instant instant;
	uint64_t next_number; /* store_number */
	uint64_t slots;	      /* the highest of the merchant's key slots given */
	int64_t ahead_ms;     /* the clock that the newest entry went by; only ever grows */
	uint8_t hash[32];
};

#define NEXT_NUMBER_MAX (UINT64_C(1) << 32) /* numbers fit 32 bits */

enum {
	TX_TOUCHED_MAX = 16384, /* list states and hole rows of one command; a call of 1,000 people
				   touches some 2,100 */
	/* One command's rows; audience_register of 1,000 people is the largest with some 8 MiB.
	 * What a segment takes (ledger_body_max, 16 MiB) behind a batch that may stop soon (4). */
	ENTRY_BYTES_MAX = 12 * 1024 * 1024 - 64,
};

enum { TAG_SIZE = 16, LAST_TAG_MAX = 24 };
struct last_tag {
	const struct keyring *keys; /* NULL: none */
	uint64_t merchant;
	size_t size;
	char of[LAST_TAG_MAX];
	uint8_t tag[TAG_SIZE];
};

struct touched; /* list.h */
struct tx {
	struct rows *rows;
	struct keyring *keys;
	uint64_t merchant;
	struct env env; /* what the handler gets: instant is settled */
	struct detail *detail;
	/* writes only */
	bool writing, has_put;
	unsigned command;
	struct text actor;
	struct head head; /* as it will be after this command; hash: still the one before */
	uint64_t op_count;
	bool wrote_credential; /* out: or a merchant; caches must look again */
	bool wrote_origin;
	uint64_t wrote_outbox; /* bits of tables that a courier works at: engine_on_outbox */
	/* the store's own, kept between commands */
	struct buffer ops;    /* the entry's rows so far */
	struct buffer value;  /* one record's bytes */
	struct buffer sealed; /* one record's sealed fields and their bytes */
	struct buffer touched_keys;
	struct touched *touched; /* list states and hole rows, in order of touch */
	uint32_t touched_count, touched_capacity;
	uint32_t *slots; /* hash index of `touched`: place + 1, 0 free */
	uint32_t slot_count, slot_capacity;
	struct last_tag last_tag;
};

/* env->now and env->instant are moved already. */
void tx_init_read(struct tx *tx, struct rows *rows, struct keyring *keys, uint64_t merchant,
		  const struct env *env, struct detail *detail);
/* env->now and env->instant are the machine's. tx->env.instant = max(env->now, env->instant, the
 * merchant's newest entry's), and only then both are moved ahead by max(env->ahead_ms, the newest
 * entry's): pass &tx->env to the handler. The entry's own instant, tx->head.instant, is not moved.
 * `actor` must live until tx_release. */
void tx_init_write(struct tx *tx, struct rows *rows, struct keyring *keys, uint64_t merchant,
		   const struct env *env, struct detail *detail, unsigned command,
		   struct text actor);
/* After the handler returned OK. Appends the entry (as a batch stores it: merchant included) to
 * `out`; returns its number, or 0 when the handler put nothing (then nothing is appended). The
 * caller asks out->full. */
uint64_t tx_finish(struct tx *tx, struct buffer *out);
/* Always, also after a refusal. A command that put and was not finished is a bug. */
void tx_release(struct tx *tx);
/* Instead of tx_finish: the rows written so far are thrown away by the caller (warm-up runs). */
void tx_discard(struct tx *tx);
void tx_free(struct tx *tx);
/* The store's epoch, in a transaction of merchant 0; 0: it has none yet. */
CHECKED enum fault epoch_read(struct tx *tx, uint64_t *ret_epoch);

/* Applies one entry to rows. false: the bytes are no entry, or not the one after *prev
 * (DATA_DAMAGED); the rows then hold a part of it and are of no use. `prev` is the head of the
 * entry's merchant before it (zeroes for the first; see entry_envelope and head_read); the new one
 * goes to *ret_head, its hash = SHA-256(prev->hash || entry). May be the same struct. */
CHECKED bool entry_apply(struct rows *rows, struct keyring *keys, struct text entry,
			 const struct head *prev, struct head *ret_head);
/* The same where the entry's hash is known already. *head: the one before, then the new one. */
CHECKED bool entry_apply_hashed(struct rows *rows, struct keyring *keys, struct text entry,
				const uint8_t hash[32], struct head *head);
/* Only the envelope: for finding heads before applying. */
CHECKED bool entry_envelope(struct text entry, uint64_t *ret_merchant, uint64_t *ret_number,
			    struct instant *ret_instant, struct text *ret_actor,
			    unsigned *ret_command);
/* hash(n) */
void entry_hash(const uint8_t prev[32], struct text entry, uint8_t ret_hash[32]);
/* false: no entry yet; *ret_head is then zeroes. */
bool head_read(struct rows *rows, uint64_t merchant, struct head *ret_head);
/* For `ledger show`; the caller fills batch and hash. Texts live in the arena or in the entry. */
struct ledger_entry;
CHECKED bool entry_describe(struct arena *a, struct text entry, struct ledger_entry *ret);
/* "record coupon of merchant 1 <what> (key 02..)", malloced. */
char *key_describe(struct text key, const char *what);
