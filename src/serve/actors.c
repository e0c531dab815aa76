/*
 * Credentials in clear, kept per loop thread so that a call does not open sealed secrets (where
 * calls wait for a network: one cache for all). Names that nobody has are known too, a few of them,
 * so that a caller who guesses does not reach the store each time. The cache is good for one
 * version of the credentials and merchants (engine_credential_version); a newer one drops all of
 * it, and what a call has read under an older one is that call's alone. Entries are held by the
 * calls that use them. Nothing is loaded under the lock.
 *
 * Entries are found by what the caller has sent; by its SHA-256 where that is the whole secret (a
 * native key), which is then neither kept nor compared byte by byte.
 */
#include <pthread.h>

#include "base/crypto.h"
#include "serve/admit.h"
#include "serve/worker.h"

enum {
	ACTOR_BUCKETS = 256,
	ACTORS_MAX = 1024,
	ACTOR_BYTES_MAX = 16 * 1024,
	UNKNOWN_SLOTS = 256, /* one name each, the last that came */
	UNKNOWN_NAME_MAX = 62,
};

struct unknown_name {
	uint8_t dialect, size; /* size 0: none */
	char name[UNKNOWN_NAME_MAX];
};

struct actor_cache {
	pthread_mutex_t lock;
	struct actor_entry *buckets[ACTOR_BUCKETS];
	struct unknown_name unknown[UNKNOWN_SLOTS];
	unsigned count;
	uint64_t version;
};

struct actor_cache *actor_cache_new(void)
{
	struct actor_cache *c = calloc(1, sizeof(*c));
	must(c);
	pthread_mutex_init(&c->lock, NULL);
	return c;
}

static void actor_free(struct actor_entry *e)
{
	secret_wipe((void *)e->credential.secret.data, e->credential.secret.size);
	secret_wipe((void *)e->credential.token.data, e->credential.token.size);
	secret_wipe(e->macs, sizeof(e->macs));
	arena_release(&e->arena);
	free(e);
}

void actor_release(struct actor_entry *entry)
{
	struct actor_cache *c = entry->cache;

	pthread_mutex_lock(&c->lock);
	must(entry->users);
	bool last = --entry->users == 0 && entry->dropped;
	pthread_mutex_unlock(&c->lock);
	if (last)
		actor_free(entry);
}

static void cache_clear(struct actor_cache *c)
{
	for (unsigned i = 0; i < ACTOR_BUCKETS; i++) {
		while (c->buckets[i]) {
			struct actor_entry *e = c->buckets[i];
			c->buckets[i] = e->next;
			e->dropped = true;
			if (!e->users)
				actor_free(e);
		}
	}
	c->count = 0;
}

void actor_cache_free(struct actor_cache *c)
{
	cache_clear(c);
	pthread_mutex_destroy(&c->lock);
	free(c);
}

static unsigned actor_bucket(enum dialect dialect, struct text name)
{
	uint32_t hash = 2166136261u ^ (uint32_t)dialect;

	for (size_t i = 0; i < name.size; i++)
		hash = (hash ^ (uint8_t)name.data[i]) * 16777619u;
	return hash % ACTOR_BUCKETS;
}

/* The texts of a record that will live as long as the entry. */
static void actor_keep(struct actor_entry *e, struct text sent,
		       const struct credential_find_ret *found)
{
	arena_init(&e->arena, ACTOR_BYTES_MAX);
	e->sent = arena_text(&e->arena, sent);
	e->credential = found->credential;
	e->merchant = found->merchant;
	e->credential.name = arena_text(&e->arena, found->credential.name);
	e->credential.secret = arena_text(&e->arena, found->credential.secret);
	e->credential.token = arena_text(&e->arena, found->credential.token);
	e->credential.trusted = arena_text(&e->arena, found->credential.trusted);
	e->credential.label = arena_text(&e->arena, found->credential.label);
	e->merchant.name = arena_text(&e->arena, found->merchant.name);
	must(!e->arena.full);
	for (enum digest d = 0; d < COUNT_OF(e->macs); d++)
		hmac_key_make(d, e->credential.secret, &e->macs[d]);
}

static enum fault actor_load(struct call *call, const struct actor_wanted *wanted,
			     struct actor_entry **ret_entry)
{
	struct credential_find_cmd cmd = {.dialect = wanted->dialect, .name = wanted->name};
	struct credential_find_ret found = {0};
	TRY(call_read(call, COMMAND_credential_find, &cmd, &found));

	struct actor_entry *e = calloc(1, sizeof(*e));
	must(e);
	actor_keep(e, wanted->sent, &found);
	e->bucket = admit_find(wanted->admit, wanted->dialect, e->credential.name);
	*ret_entry = e;
	return OK;
}

/* Under the lock. */
static struct actor_entry *cache_find(struct actor_cache *c, const struct actor_wanted *wanted)
{
	struct actor_entry *e;

	if (c->version < wanted->version) {
		cache_clear(c);
		memset(c->unknown, 0, sizeof(c->unknown));
		c->version = wanted->version;
	}
	for (e = c->buckets[actor_bucket(wanted->dialect, wanted->sent)]; e; e = e->next)
		if (e->credential.dialect == wanted->dialect && text_equal(e->sent, wanted->sent))
			break;
	if (e)
		e->users++;
	return e;
}

static struct unknown_name *unknown_slot(struct actor_cache *c, const struct actor_wanted *wanted)
{
	return &c->unknown[actor_bucket(wanted->dialect, wanted->sent) % UNKNOWN_SLOTS];
}

/* Under the lock. */
static bool is_unknown(struct actor_cache *c, const struct actor_wanted *wanted)
{
	const struct unknown_name *u = unknown_slot(c, wanted);

	return u->size && u->dialect == wanted->dialect &&
	       text_equal((struct text){u->name, u->size}, wanted->sent);
}

static void add_unknown(struct actor_cache *c, const struct actor_wanted *wanted)
{
	struct unknown_name *u = unknown_slot(c, wanted);

	if (!wanted->sent.size || wanted->sent.size > UNKNOWN_NAME_MAX)
		return;
	pthread_mutex_lock(&c->lock);
	if (c->version == wanted->version) {
		u->dialect = (uint8_t)wanted->dialect;
		u->size = (uint8_t)wanted->sent.size;
		memcpy(u->name, wanted->sent.data, wanted->sent.size);
	}
	pthread_mutex_unlock(&c->lock);
}

/* Under the lock. One that another thread has put there meanwhile stays; both are good. */
static void cache_add(struct actor_cache *c, const struct actor_wanted *wanted,
		      struct actor_entry *e)
{
	unsigned bucket = actor_bucket(wanted->dialect, wanted->sent);

	e->cache = c;
	e->users = 1;
	e->dropped = c->version != wanted->version;
	if (e->dropped)
		return;
	if (c->count == ACTORS_MAX)
		cache_clear(c);
	e->next = c->buckets[bucket];
	c->buckets[bucket] = e;
	c->count++;
}

enum fault actor_hold(struct actor_cache *c, struct call *call, const struct actor_wanted *wanted,
		      struct actor_entry **ret_entry)
{
	pthread_mutex_lock(&c->lock);
	struct actor_entry *e = cache_find(c, wanted);
	bool unknown = !e && is_unknown(c, wanted);
	pthread_mutex_unlock(&c->lock);
	if (unknown)
		return FAULT_CREDENTIAL_UNKNOWN;
	if (!e) {
		enum fault fault = actor_load(call, wanted, &e);
		if (fault == FAULT_CREDENTIAL_UNKNOWN)
			add_unknown(c, wanted);
		TRY(fault);
		pthread_mutex_lock(&c->lock);
		cache_add(c, wanted, e);
		pthread_mutex_unlock(&c->lock);
	}
	*ret_entry = e;
	return OK;
}

/* Good up to and including its last second, of the real time: it guards a sandbox too. */
bool actor_has_ended(const struct credential *c, struct instant now)
{
	return c->revoked ||
	       (!instant_is_none(c->expires) && instant_second(now) > instant_second(c->expires));
}

/* Who it was, for the ledger. */
struct text actor_text(const struct call *call)
{
	const struct credential *c = call->actor.credential;
	bool labelled = c->dialect == DIALECT_NATIVE && c->label.size;
	struct text who = labelled ? c->label : credential_shown(c);

	return arena_format(call->arena, "%s:%.*s", call->dialect->name, TEXT_ARG(who));
}
