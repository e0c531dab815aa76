/* See courier.h. */
#include "courier/desk.h"
#include "courier/stats.h"

#include "base/crypto.h"

#include <stdlib.h>

#define DESK(name) extern const struct desk_kind desk_##name;
#include "courier/desks.tbl.h"
#undef DESK

static const struct desk_kind *const kinds[] = {
#define DESK(name) &desk_##name,
#include "courier/desks.tbl.h"
#undef DESK
    NULL,
};

struct courier {
	struct engine_waker waker; /* first */
	struct courier_config config;
	struct engine *engine;
	pthread_mutex_t lock; /* of desks and n: rings may come before all desks are there */
	struct desk *desks[COUNT_OF(kinds)];
	unsigned n;
};

static void wake(struct engine_waker *waker, uint64_t merchant, uint64_t tables)
{
	struct courier *c = (struct courier *)(void *)waker;
	pthread_mutex_lock(&c->lock);
	for (unsigned i = 0; i < c->n; i++)
		if (c->desks[i]->kind->tables & tables)
			desk_ring(c->desks[i], merchant);
	pthread_mutex_unlock(&c->lock);
}

static void desk_add(struct courier *c, const struct desk_kind *kind, uint64_t owner)
{
	struct desk *d = calloc(1, sizeof(*d));
	must(d);
	d->kind = kind;
	d->config = &c->config;
	d->engine = c->engine;
	d->owner = owner;
	must(desk_start(d));
	c->desks[c->n++] = d;
}

struct courier *courier_start(struct engine *e, const struct courier_config *config)
{
	struct courier *c = calloc(1, sizeof(*c));
	uint64_t owner = 0;
	must(c);
	while (!owner)
		random_bytes(&owner, sizeof(owner));
	*c = (struct courier){.waker = {wake}, .config = *config, .engine = e};
	pthread_mutex_init(&c->lock, NULL);
	if (!engine_on_outbox(e, &c->waker)) {
		pthread_mutex_destroy(&c->lock);
		free(c);
		return NULL;
	}
	stats_clear();
	pthread_mutex_lock(&c->lock);
	for (unsigned i = 0; kinds[i]; i++)
		desk_add(c, kinds[i], owner);
	pthread_mutex_unlock(&c->lock);
	return c;
}

void courier_stop(struct courier *c)
{
	must(engine_on_outbox(c->engine, NULL));
	for (unsigned i = 0; i < c->n; i++) {
		desk_stop(c->desks[i]);
		free(c->desks[i]);
	}
	stats_clear();
	pthread_mutex_destroy(&c->lock);
	free(c);
}
