/* See home.h. */
#include "serve/home.h"

#include "base/crypto.h"
#include "base/ed25519.h"
#include "serve/journey.h"

enum { PASSED_MS_MAX = 60 * 1000 }; /* how old or early a header may be */

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

static void sign(const struct homes *h, struct text ms, struct text bundle, uint8_t ret[32])
{
	hmac_of(&h->key, (struct text[]){ms, TEXT("\n"), bundle}, 3, ret);
}

void homes_mark(void *context, struct text bundle, struct buffer *value)
{
	const struct server *server = context;
	char digits[24];
	uint8_t mac[32];
	struct buffer ms;
	buffer_init_fixed(&ms, digits, sizeof(digits));
	buffer_int64(&ms, wall_clock().ms);
	sign(server->homes, buffer_get(&ms), bundle, mac);
	buffer_text(value, buffer_get(&ms));
	buffer_byte(value, ' ');
	char *hex = buffer_room(value, 2 * sizeof(mac));
	if (!hex)
		return;
	hex_lower(mac, sizeof(mac), hex);
	value->size += 2 * sizeof(mac);
}

static bool is_marked(const struct homes *h, const struct http_request *r)
{
	struct text rest = http_header_get(r, TEXT(HTTP_BUNDLE_MARK)), ms = text_cut(&rest, ' ');
	uint8_t mac[32];
	int64_t sent;
	if (!rest.data || !text_to_int64(ms, &sent))
		return false;
	int64_t apart = wall_clock().ms - sent;
	sign(h, ms, r->body, mac);
	return hex_matches(rest, mac, sizeof(mac)) && apart <= PASSED_MS_MAX &&
	       apart >= -PASSED_MS_MAX;
}

bool homes_take(const struct homes *h, struct http_exchange *x)
{
	return h && !x->request.passed && text_equal(x->request.path, TEXT(HTTP_BUNDLE_PATH)) &&
	       is_marked(h, &x->request) && http_unbundle(x);
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
		away_stay(j);
		break;
	case HTTP_PASS_UNKNOWN: /* as if this node had gone: who asks again is told */
		journey_finish(j, FAULT_BUSY);
		break;
	}
}

static void pass_on_loop(struct http_task *task)
{
	struct journey *j = journey_of_task(task);

	j->pass = (struct http_pass){
	    .exchange = j->call.exchange, .address = text_of(j->home), .done = on_passed};
	http_pass(&j->pass);
}

void homes_pass(struct journey *j)
{
	j->waiting = true;
	j->task.run = pass_on_loop;
	if (j->worker == worker_here())
		pass_on_loop(&j->task);
	else
		http_post(j->call.exchange->loop, &j->task);
}
