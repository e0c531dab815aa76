/*
 * Public keys stand in shops' pages, so anybody can try codes with them. Wrong codes are counted
 * per key and client address (IPv6: its /64): the first FREE ones cost nothing, each further one
 * doubles the wait until the next try is looked at, from a second up to WAIT_S_MAX. When a wait is
 * over, each minute without wrong codes forgives one. A right code forgives nothing: who guesses
 * may hold one.
 *
 * The table is one for the process and bounded; a place goes to the newcomer when all of its row
 * are taken, the one whose wrong code is longest ago first. A server that restarts forgets.
 */
#include <arpa/inet.h>
#include <pthread.h>

#include "dialect/native/native.h"

enum {
	ROWS = 1024,
	PLACES = 4, /* of one row */
	FREE = 5,
	DOUBLINGS_MAX = 12,
	WAIT_S_MAX = 3600,
	FORGIVEN_MS = 60 * 1000,
};

struct guesser {
	uint64_t who; /* 0: nobody */
	uint32_t count;
	struct instant last;
};

static struct {
	pthread_mutex_t lock;
	struct guesser rows[ROWS][PLACES];
} table = {.lock = PTHREAD_MUTEX_INITIALIZER};

/* The first 64 bits of an IPv6 address: who has one has all that begin so. All of an IPv4 one. */
static struct text network_of(struct text peer, uint8_t memory[16])
{
	char text[INET6_ADDRSTRLEN] = "";
	if (peer.size >= sizeof(text))
		return peer;
	memcpy(text, peer.data, peer.size);
	if (inet_pton(AF_INET6, text, memory) != 1)
		return peer;
	bool mapped = IN6_IS_ADDR_V4MAPPED((const struct in6_addr *)(const void *)memory);
	return mapped ? (struct text){(const char *)memory + 12, 4}
		      : (struct text){(const char *)memory, 8};
}

static uint64_t who_is(struct text peer, struct text credential)
{
	_Alignas(8) uint8_t memory[16];
	struct text parts[] = {network_of(peer, memory), TEXT("|"), credential};
	uint64_t hash = UINT64_C(0xCBF29CE484222325);
	for (size_t i = 0; i < COUNT_OF(parts); i++)
		for (size_t j = 0; j < parts[i].size; j++)
			hash = (hash ^ (uint8_t)parts[i].data[j]) * UINT64_C(0x100000001B3);
	hash ^= hash >> 29;
	return hash ? hash : 1;
}

static int64_t wait_ms(uint32_t count)
{
	if (count <= FREE)
		return 0;
	uint32_t doublings = count - FREE - 1;
	int64_t s = INT64_C(1) << (doublings > DOUBLINGS_MAX ? DOUBLINGS_MAX : doublings);
	return (s > WAIT_S_MAX ? WAIT_S_MAX : s) * 1000;
}

/* What time has forgiven since the wait was over. */
static void forgive(struct guesser *g, struct instant now)
{
	int64_t minutes = (now.ms - g->last.ms - wait_ms(g->count)) / FORGIVEN_MS;
	if (minutes <= 0)
		return;
	g->count = minutes >= g->count ? 0 : g->count - (uint32_t)minutes;
	g->last.ms = now.ms - wait_ms(g->count);
}

/* Under the lock. */
static struct guesser *find(uint64_t who, struct instant now)
{
	struct guesser *row = table.rows[who % ROWS];
	for (unsigned i = 0; i < PLACES; i++) {
		if (row[i].who != who)
			continue;
		forgive(&row[i], now);
		return &row[i];
	}
	return NULL;
}

static struct guesser *make(uint64_t who)
{
	struct guesser *row = table.rows[who % ROWS], *oldest = &row[0];
	for (unsigned i = 1; i < PLACES; i++)
		if (row[i].last.ms < oldest->last.ms)
			oldest = &row[i];
	*oldest = (struct guesser){.who = who};
	return oldest;
}

uint64_t guess_wait_s(struct text peer, struct text credential, struct instant now)
{
	uint64_t who = who_is(peer, credential);
	int64_t left = 0;
	pthread_mutex_lock(&table.lock);
	const struct guesser *g = find(who, now);
	if (g)
		left = g->last.ms + wait_ms(g->count) - now.ms;
	pthread_mutex_unlock(&table.lock);
	return left > 0 ? (uint64_t)(left + 999) / 1000 : 0;
}

void guess_count(struct text peer, struct text credential, struct instant now)
{
	uint64_t who = who_is(peer, credential);
	pthread_mutex_lock(&table.lock);
	struct guesser *g = find(who, now);
	if (!g)
		g = make(who);
	g->count += g->count < UINT32_MAX;
	g->last = now;
	pthread_mutex_unlock(&table.lock);
}
