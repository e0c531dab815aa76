/* See home.h. */
#include "serve/home.h"

#include "base/crypto.h"
#include "base/ed25519.h"
#include "serve/journey.h"

enum { PASSED_MS_MAX = 60 * 1000 }; /* how old or early a header may be */

static const struct text header_name = TEXT("Couponry-Passed");

struct homes {
	struct hmac_key key;
};

struct homes *homes_new(struct engine *engine)
{
	struct homes *h = calloc(1, sizeof(*h));
	uint8_t seed[32], secret[32];
	must(h);
	(void)engine_signing_key(engine, seed);
	hkdf_sha256((struct text){(const char *)seed, sizeof(seed)}, TEXT_NONE,
		    TEXT("couponry passed calls"), secret);
	hmac_key_make(DIGEST_SHA256, (struct text){(const char *)secret, sizeof(secret)}, &h->key);
	secret_wipe(seed, sizeof(seed));
	secret_wipe(secret, sizeof(secret));
	return h;
}

void homes_free(struct homes *h)
{
	if (h)
		secret_wipe(h, sizeof(*h));
	free(h);
}

/* ---- the header ---- */

/* No part holds a line end. */
static void sign(const struct homes *h, struct text peer, struct text ms, struct text target,
		 uint8_t ret[32])
{
	const struct text end = TEXT("\n");
	hmac_of(&h->key, (struct text[]){peer, end, ms, end, target}, 5, ret);
}

bool homes_take(const struct homes *h, struct http_exchange *x)
{
	struct text rest = h ? http_header_get(&x->request, header_name) : TEXT_NONE;
	struct text peer = text_cut(&rest, ' '), ms = text_cut(&rest, ' ');
	uint8_t mac[32];
	int64_t sent;
	if (!rest.data || !text_to_int64(ms, &sent))
		return false;
	int64_t apart = wall_clock().ms - sent;
	sign(h, peer, ms, x->request.target, mac);
	if (!hex_matches(rest, mac, sizeof(mac)) || apart > PASSED_MS_MAX || apart < -PASSED_MS_MAX)
		return false;
	x->request.peer = peer;
	return true;
}

/* TEXT_NONE: the arena is full. */
static struct text write_header(const struct homes *h, struct http_exchange *x)
{
	char value[128], digits[24];
	struct buffer b, ms;
	uint8_t mac[32];
	buffer_init_fixed(&b, value, sizeof(value) - 2 * sizeof(mac));
	buffer_init_fixed(&ms, digits, sizeof(digits));
	buffer_int64(&ms, wall_clock().ms);
	sign(h, x->request.peer, buffer_get(&ms), x->request.target, mac);
	buffer_text(&b, x->request.peer);
	buffer_byte(&b, ' ');
	buffer_text(&b, buffer_get(&ms));
	buffer_byte(&b, ' ');
	if (b.full)
		return TEXT_NONE;
	hex_lower(mac, sizeof(mac), value + b.size);
	return arena_text(x->arena, (struct text){value, b.size + 2 * sizeof(mac)});
}

/* ---- passing on ---- */

/* Files of a job and erasures are worked at where they came to. */
bool homes_look(const struct journey *j, char ret[NODE_ADDRESS_SIZE])
{
	const struct method *m = j->call.method;
	return j->server->homes && !j->stays && !m->slow && !m->wipes && !m->of_store &&
	       journey_command(j, COMMAND_WRITE) &&
	       engine_home(j->server->engine, j->actor->credential.owner, ret);
}

/* Who made the call counts and logs it. */
static void answered(struct journey *j, const struct http_answer *answer)
{
	struct worker *worker = j->worker;
	struct buffer reply = j->call.reply;
	actor_release(j->actor);
	http_reply(j->call.exchange, &(struct http_reply){.status = answer->status,
							  .content_type = answer->content_type,
							  .body = answer->body,
							  .extra = answer->headers,
							  .extra_count = answer->header_count,
							  .may_gzip = true});
	reply_give_back(worker, &reply);
}

static void on_passed(struct http_pass *pass, enum http_passed how,
		      const struct http_answer *answer)
{
	struct journey *j = (struct journey *)((char *)pass - offsetof(struct journey, pass));
	j->waiting = false;
	metrics_passed(j->worker->share, how);
	switch (how) {
	case HTTP_PASSED:
		answered(j, answer);
		break;
	case HTTP_PASS_NOT_SENT:
		journey_stay(j);
		break;
	case HTTP_PASS_UNKNOWN: /* as if this node had gone: who asks again is told */
		journey_finish(j, FAULT_BUSY);
		break;
	}
}

static void pass_on_loop(struct http_task *task)
{
	struct journey *j = (struct journey *)((char *)task - offsetof(struct journey, task));
	struct http_exchange *x = j->call.exchange;
	struct text value = write_header(j->server->homes, x);
	if (!value.size) {
		journey_stay(j);
		return;
	}
	j->pass = (struct http_pass){.exchange = x,
				     .address = text_of(j->home),
				     .mark = {header_name, value},
				     .done = on_passed};
	http_pass(&j->pass);
}

void homes_pass(struct journey *j)
{
	j->task.run = pass_on_loop;
	http_post(j->call.exchange->loop, &j->task);
}
