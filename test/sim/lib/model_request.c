/*
 * The model: requests that are remembered. A dialect's for 24 hours, a caller's number for 90 days
 * (dialects.md 8.12, domain/life.h).
 */
#include "model.h"

static const int64_t DAY_MS = 24 * 3600 * 1000;

static int64_t retention_ms(enum request_class class)
{
	return class == REQUEST_NATIVE ? 90 * DAY_MS : DAY_MS;
}

static bool same_key(const struct request_key *a, const struct request_key *b)
{
	bool same = a->count == b->count;
	for (unsigned i = 0; same && i < a->count; i++)
		same = text_equal(a->parts[i], b->parts[i]);
	return same;
}

static struct m_request *find_request(struct happening *h, enum command command,
				      const struct request_key *key)
{
	struct m_home *m = h->home;
	for (unsigned i = 0; i < m->request_n && key->count; i++) {
		struct m_request *r = &m->requests[i];
		if (r->command == command && same_key(&r->key, key) &&
		    h->instant.ms - r->kept_ms < retention_ms(r->class)) {
			h->w->repeats++;
			return r;
		}
	}
	return NULL;
}

struct m_request *model_remembered(struct happening *h, const struct request_key *key)
{
	return find_request(h, h->op->command, key);
}

/* A caller's number, of all commands of that kind. */
static struct request_key number_key(const char *what, struct text key)
{
	return (struct request_key){{text_of(what), key}, key.size ? 2 : 0};
}

struct m_request *model_remembered_number(struct happening *h, enum command command,
					  const char *what, struct text key)
{
	struct request_key number = number_key(what, key);
	return find_request(h, command, &number);
}

struct m_request *model_remember_number(struct happening *h, enum command command, const char *what,
					struct text key)
{
	struct request_key number = number_key(what, key);
	struct m_request *r = model_remember(h, &number);
	r->command = command;
	r->class = REQUEST_NATIVE;
	return r;
}

struct m_request *model_remember(struct happening *h, const struct request_key *key)
{
	static struct m_request nobodys;
	struct m_home *m = h->home;
	if (!key->count)
		return &nobodys;
	must(m->request_n < REQUESTS_OF_MODEL);
	struct m_request *r = &m->requests[m->request_n++];
	*r = (struct m_request){.command = h->op->command,
				.class = REQUEST_DIALECT,
				.key = *key,
				.kept_ms = h->instant.ms};
	return r;
}

/* store.md 1: a row stands under (end of life / retention), and what is below now's may go; it goes
 * once it is in LMDB, so the model only knows how many there are at most. */
static bool is_stale(const struct happening *h, const struct m_request *r)
{
	int64_t retention = retention_ms(r->class);
	return (r->kept_ms + retention) / retention < h->instant.ms / retention;
}

void rule_request_forget(struct happening *h)
{
	const struct request_forget_cmd *c = &h->op->cmd.request_forget;
	unsigned forgotten = h->op->ret.request_forget.forgotten, gone = 0;
	struct m_home *m = h->home;
	if (!accepted(h)) {
		h->wrote = h->op->in_ledger;
		return;
	}
	for (unsigned i = 0; i < m->request_n && gone < forgotten;) {
		if (m->requests[i].class == c->class && is_stale(h, &m->requests[i])) {
			gone++;
			m->requests[i] = m->requests[--m->request_n];
		} else {
			i++;
		}
	}
	if (forgotten > gone || forgotten > c->n)
		sim_fail(h->w, "request_forget: %u are forgotten, the model has %u, asked for %u",
			 forgotten, gone, c->n);
	h->wrote = forgotten > 0;
}
