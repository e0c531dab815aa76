/*
 * A host lives while it has calls that wait or are in flight, so there are never more hosts than
 * calls. It stands in the row of turns exactly while it has both a call that waits and a place.
 */
#include "courier/turns.h"

struct turns_host {
	struct turns_host *next_of_bucket;
	struct turns_host *next_turn;
	bool has_turn;
	struct dial_call *first, *last; /* its line */
	unsigned in_flight;
	uint32_t hash;
	bool tls;
	uint16_t port;
	size_t name_size;
	char name[]; /* in lower case */
};

static char lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c | 0x20) : c;
}

/* FNV-1a. */
static uint32_t hash_of(const struct url *url)
{
	uint32_t hash = 2166136261U;

	for (size_t i = 0; i < url->host.size; i++)
		hash = (hash ^ (uint8_t)lower(url->host.data[i])) * 16777619U;
	return (hash ^ url->port) * 16777619U;
}

static bool is_of(const struct turns_host *h, const struct url *url)
{
	return h->port == url->port && h->tls == url->tls &&
	       text_equal_ignore_case((struct text){h->name, h->name_size}, url->host);
}

static struct turns_host *host_get(struct turns *t, const struct url *url)
{
	uint32_t hash = hash_of(url);
	struct turns_host **bucket = &t->buckets[hash % TURNS_BUCKETS];

	for (struct turns_host *h = *bucket; h; h = h->next_of_bucket)
		if (is_of(h, url))
			return h;
	struct turns_host *h = calloc(1, sizeof *h + url->host.size);
	if (!h)
		return NULL;
	h->hash = hash;
	h->tls = url->tls;
	h->port = url->port;
	h->name_size = url->host.size;
	for (size_t i = 0; i < h->name_size; i++)
		h->name[i] = lower(url->host.data[i]);
	h->next_of_bucket = *bucket;
	*bucket = h;
	return h;
}

static void host_free(struct turns *t, struct turns_host *host)
{
	struct turns_host **at = &t->buckets[host->hash % TURNS_BUCKETS];

	while (*at != host)
		at = &(*at)->next_of_bucket;
	*at = host->next_of_bucket;
	free(host);
}

/* To the end of the row, if it may start a call. */
static void give_turn(struct turns *t, struct turns_host *h)
{
	if (h->has_turn || !h->first || h->in_flight >= t->host_calls_max)
		return;
	h->has_turn = true;
	h->next_turn = NULL;
	if (t->last)
		t->last->next_turn = h;
	else
		t->first = h;
	t->last = h;
}

static struct turns_host *take_turn(struct turns *t)
{
	struct turns_host *h = t->first;

	if (!h)
		return NULL;
	t->first = h->next_turn;
	if (!t->first)
		t->last = NULL;
	h->has_turn = false;
	return h;
}

static struct dial_call *line_take(struct turns_host *h)
{
	struct dial_call *call = h->first;

	h->first = call->next;
	if (!h->first)
		h->last = NULL;
	call->next = NULL;
	return call;
}

bool turns_add(struct turns *t, struct dial_call *call, const struct url *url)
{
	struct turns_host *h = host_get(t, url);

	if (!h)
		return false;
	call->next = NULL;
	if (h->last)
		h->last->next = call;
	else
		h->first = call;
	h->last = call;
	give_turn(t, h);
	return true;
}

struct dial_call *turns_next(struct turns *t, struct turns_host **ret_host)
{
	struct turns_host *h = take_turn(t);

	if (!h)
		return NULL;
	struct dial_call *call = line_take(h);
	h->in_flight++;
	give_turn(t, h);
	*ret_host = h;
	return call;
}

void turns_leave(struct turns *t, struct turns_host *host)
{
	must(host->in_flight > 0);
	host->in_flight--;
	if (host->in_flight == 0 && !host->first)
		host_free(t, host);
	else
		give_turn(t, host);
}

struct dial_call *turns_take(struct turns *t)
{
	struct turns_host *host;
	struct dial_call *call = turns_next(t, &host);

	if (call)
		turns_leave(t, host);
	return call;
}
