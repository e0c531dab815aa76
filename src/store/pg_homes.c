/*
 * Which node decides a merchant's writes, as far as the nodes can agree: of those that hold a
 * number and say where they are reached, each merchant has one that comes out highest (rendezvous
 * hashing), so that one that comes or goes moves only its own. The tender reads the list anew at
 * each tick. Nothing hangs on it: whoever writes has the merchant's lock.
 */
#include "store/pg_engine.h"

#include <string.h>

void pg_homes_set(struct pg_engine *e, const struct node_place *places, unsigned n)
{
	struct pg_homes *h = &e->homes;
	pthread_mutex_lock(&h->lock);
	memcpy(h->places, places, n * sizeof(*places));
	h->n = n;
	pthread_mutex_unlock(&h->lock);
	atomic_store(&e->lanes.nodes, n);
}

static uint64_t mix(uint64_t x)
{
	x ^= x >> 30;
	x *= UINT64_C(0xbf58476d1ce4e5b9);
	x ^= x >> 27;
	x *= UINT64_C(0x94d049bb133111eb);
	return x ^ x >> 31;
}

static const struct node_place *highest(const struct pg_homes *h, uint64_t merchant)
{
	const struct node_place *best = NULL;
	uint64_t most = 0;
	for (unsigned i = 0; i < h->n; i++) {
		uint64_t rank = mix(merchant ^ mix(h->places[i].number));
		if (!best || rank > most) {
			best = &h->places[i];
			most = rank;
		}
	}
	return best;
}

bool pg_home(const struct engine *engine, uint64_t merchant, char ret[NODE_ADDRESS_SIZE])
{
	struct pg_engine *e = (struct pg_engine *)(void *)(uintptr_t)engine;
	struct pg_homes *h = &e->homes;
	pthread_mutex_lock(&h->lock);
	const struct node_place *home = highest(h, merchant);
	bool elsewhere = home && home->number != atomic_load(&e->node);
	if (elsewhere)
		memcpy(ret, home->address, sizeof(home->address));
	pthread_mutex_unlock(&h->lock);
	return elsewhere;
}
