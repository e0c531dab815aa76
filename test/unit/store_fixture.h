/* What the store tests share: a seeded random stream, a keyring of its own, commands in one line.
 */
#pragma once

#include "base/varint.h"
#include "fake_keyring.h"
#include "rows_memory.h"
#include "store/keys.h"
#include "store/tx.h"
#include "test.h"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

struct random {
	uint64_t state;
};
static inline uint64_t random_next(struct random *r)
{
	uint64_t z = r->state += UINT64_C(0x9E3779B97F4A7C15);
	z = (z ^ z >> 30) * UINT64_C(0xBF58476D1CE4E5B9);
	z = (z ^ z >> 27) * UINT64_C(0x94D049BB133111EB);
	return z ^ z >> 31;
}
static inline uint64_t random_below(struct random *r, uint64_t n)
{
	return random_next(r) % n;
}

/* A store in memory, and the entries that were written to it. */
struct fixture {
	struct rows_memory rows;
	struct fake_keyring keys;
	struct arena arena;
	struct detail detail;
	struct tx tx;
	uint64_t merchant;
	int64_t now_ms;
	struct buffer ledger; /* each entry as a slice */
};
static inline void fixture_init(struct fixture *f)
{
	memset(f, 0, sizeof(*f));
	memory_init(&f->rows);
	fake_keyring_init(&f->keys);
	arena_init(&f->arena, (size_t)1 << 30);
	buffer_init(&f->ledger, (size_t)1 << 30);
	f->merchant = 70000;
	f->now_ms = INT64_C(1700000000000);
}
static inline void fixture_release(struct fixture *f)
{
	tx_free(&f->tx);
	memory_release(&f->rows);
	arena_release(&f->arena);
	buffer_release(&f->ledger);
}
static inline struct tx *fixture_write(struct fixture *f)
{
	struct env env = {.now = {f->now_ms}, .instant = {f->now_ms}, .arena = &f->arena};
	tx_init_write(&f->tx, &f->rows.rows, &f->keys.ring, f->merchant, &env, &f->detail, 5,
		      TEXT("test"));
	return &f->tx;
}
static inline struct tx *fixture_read(struct fixture *f)
{
	struct env env = {.now = {f->now_ms}, .instant = {f->now_ms}, .arena = &f->arena};
	tx_init_read(&f->tx, &f->rows.rows, &f->keys.ring, f->merchant, &env, &f->detail);
	return &f->tx;
}
/* Ends the write; returns the entry's number. */
static inline uint64_t fixture_end(struct fixture *f)
{
	struct buffer entry;
	buffer_init(&entry, ENTRY_BYTES_MAX);
	uint64_t number = tx_finish(&f->tx, &entry);
	if (number)
		buffer_slice(&f->ledger, buffer_get(&entry));
	buffer_release(&entry);
	tx_release(&f->tx);
	return number;
}
/* Applies all entries to empty rows, with these keys. */
static inline bool fixture_replay(const struct fixture *f, struct fake_keyring *keys,
				  struct rows_memory *ret)
{
	struct text ledger = buffer_get(&f->ledger), entry;
	struct head head = {0};
	memory_init(ret);
	while (ledger.size)
		if (!slice_take(&ledger, &entry) ||
		    !entry_apply(&ret->rows, &keys->ring, entry, &head, &head))
			return false;
	return true;
}

/* Whether the function ends in must(). */
static inline bool dies(void (*function)(struct fixture *f), struct fixture *f)
{
	int status;
	fflush(NULL);
	pid_t child = fork();
	if (child == 0) {
		if (!freopen("/dev/null", "w", stderr))
			_exit(1);
		signal(SIGABRT, SIG_DFL);
		function(f);
		_exit(0);
	}
	must(waitpid(child, &status, 0) == child);
	return WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT;
}
