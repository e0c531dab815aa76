/* See life_step.h. */
#include "domain/life_step.h"
#include "domain/check.h"
#include "domain/coupon.h"
#include "domain/life_check.h"

/* clang-format off */
/* V(verb, unused, frozen, held, redeemed, recalled, expired): every transition there is. A reversal
 * looks at the uses that stand, not at the situation. What is past its end may be assigned if its dates
 * begin anew with that. */
#define TRANSITIONS(V)                                                                                      \
	V(CONFIRMED,   COUPON_IDLE, COUPON_IDLE,   OK,          COUPON_REDEEMED, COUPON_RECALLED, COUPON_IDLE)  \
	V(RELEASED,    COUPON_IDLE, COUPON_IDLE,   OK,          COUPON_REDEEMED, COUPON_RECALLED, COUPON_IDLE)  \
	V(ASSIGNED,    OK,          COUPON_FROZEN, COUPON_HELD, COUPON_REDEEMED, COUPON_RECALLED, OK)           \
	V(FROZEN,      OK,          COUPON_FROZEN, COUPON_HELD, COUPON_REDEEMED, COUPON_RECALLED, COUPON_ENDED) \
	V(UNFROZEN,    COUPON_IDLE, OK,            COUPON_HELD, COUPON_REDEEMED, COUPON_RECALLED, COUPON_IDLE)  \
	V(REDEEMED,    OK,          COUPON_FROZEN, COUPON_HELD, COUPON_REDEEMED, COUPON_RECALLED, COUPON_ENDED) \
	V(RECALLED,    OK,          OK,            OK,          COUPON_REDEEMED, COUPON_RECALLED, OK)           \
	V(EXTENDED,    OK,          OK,            COUPON_HELD, COUPON_REDEEMED, COUPON_RECALLED, OK)           \
	V(REISSUED,    OK,          COUPON_FROZEN, COUPON_HELD, COUPON_REDEEMED, COUPON_RECALLED, COUPON_ENDED) \
	V(TRANSFERRED, OK,          COUPON_FROZEN, COUPON_HELD, COUPON_REDEEMED, COUPON_RECALLED, COUPON_ENDED)
/* clang-format on */

#define FAULT_OK OK
static const enum fault transitions[EVENT_COUNT][SITUATION_COUNT] = {
#define V(verb, unused, frozen, held, redeemed, recalled, expired)          \
	[EVENT_##verb] = {FAULT_##unused,   FAULT_##frozen,   FAULT_##held, \
			  FAULT_##redeemed, FAULT_##recalled, FAULT_##expired},
    TRANSITIONS(V)
#undef V
};
#undef FAULT_OK

enum fault life_allows(enum event_kind verb, enum situation in)
{
	return transitions[verb][in];
}

enum situation life_situation(const struct env *env, const struct coupon *c)
{
	switch (coupon_shown_state(env, c)) {
	case COUPON_UNUSED:
		return IN_UNUSED;
	case COUPON_REDEEMED:
		return IN_REDEEMED;
	case COUPON_FROZEN:
		return c->held ? IN_HELD : IN_FROZEN;
	case COUPON_RECALLED:
		return IN_RECALLED;
	case COUPON_EXPIRED:
		return IN_EXPIRED;
	}
	must_failed("a state", __FILE__, __LINE__);
	return IN_RECALLED;
}

void life_settle(const struct env *env, struct coupon *c)
{
	if (c->state != COUPON_FROZEN || c->held || !is_past(env, c->until))
		return;
	c->state = COUPON_UNUSED;
	c->until = INSTANT_NONE;
}

/* --- finding --- */

enum { SPELLINGS = 3 };

/* Most codes come as they are. */
static bool is_folded(struct text code)
{
	unsigned other = 0;
	for (size_t i = 0; i < code.size; i++) {
		unsigned c = (uint8_t)code.data[i];
		other |= (c - 'a' < 26) | (c == ' ') | (c == '-');
	}
	return !other;
}

/* As people type it: upper case, without blanks; `bare`: without hyphens too. Empty: the same as it
 * was. */
static struct text fold(const struct env *env, struct text code, bool bare)
{
	char *folded = arena_take(env->arena, code.size + 1);
	size_t size = 0;
	bool differs = false;
	for (size_t i = 0; folded && i < code.size; i++) {
		char c = code.data[i];
		bool lower = c >= 'a' && c <= 'z', gap = c == ' ' || (bare && c == '-');
		differs |= lower || gap;
		if (!gap)
			folded[size++] = lower ? (char)(c - 'a' + 'A') : c;
	}
	return differs ? (struct text){folded, size} : TEXT_NONE;
}

/* A code may have hyphens of its own: in its prefix, or because somebody brought it so. */
static unsigned spellings(const struct env *env, struct text code, bool folded,
			  struct text ret[SPELLINGS])
{
	unsigned n = 0;
	ret[n++] = code;
	if (!folded || is_folded(code))
		return n;
	for (unsigned bare = 0; bare <= 1; bare++) {
		struct text other = fold(env, code, bare);
		if (other.size && !text_equal(other, ret[n - 1]))
			ret[n++] = other;
	}
	return n;
}

void life_want(struct tx *tx, const struct env *env, struct code_key *key, struct text code,
	       bool folded)
{
	struct text as[SPELLINGS];
	unsigned n = store_fetches(tx) ? spellings(env, code, folded, as) : 0;
	for (unsigned i = 0; i < n; i++)
		coupon_want_code(tx, key, as[i]);
}

enum fault life_find(struct tx *tx, const struct env *env, struct code_key *key, struct text code,
		     bool folded, struct coupon *ret, bool *ret_found)
{
	struct text as[SPELLINGS];
	unsigned n = spellings(env, code, folded, as);
	for (unsigned i = 1; i < n; i++)
		coupon_want_code(tx, key, as[i]);
	*ret_found = false;
	for (unsigned i = 0; i < n && !*ret_found; i++)
		TRY(coupon_find_by_code(tx, key, as[i], ret, ret_found));
	return OK;
}

/* --- steps --- */

enum { CONTENTS_KEPT = 8 /* bytes of their tag */ };

enum fault life_begin(struct tx *tx, const struct env *env, const struct coupon *coupon,
		      const struct request_number *request, struct life *ret)
{
	*ret = (struct life){.coupon = *coupon};
	if (request->key.size) {
		struct text parts[] = {TEXT("coupon request"), request->key};
		ret->request = store_tag(tx, parts, COUNT_OF(parts));
		ret->digest = (struct text){contents_tag(tx, request).data, CONTENTS_KEPT};
	}
	TRY(timeline_read(env, coupon, &ret->timeline));
	life_settle(env, &ret->coupon);
	return OK;
}

enum fault life_open(struct tx *tx, const struct env *env, struct code_key *key, struct text code,
		     const struct request_number *request, struct life *ret)
{
	struct coupon coupon;
	bool found;
	TRY(life_find(tx, env, key, code, true, &coupon, &found));
	if (!found)
		return refuse(tx, FAULT_COUPON_UNKNOWN, TEXT("code"), code);
	return life_begin(tx, env, &coupon, request, ret);
}

enum fault life_repeat(struct tx *tx, const struct life *life, const struct event **ret)
{
	*ret = timeline_of_request(&life->timeline, life->request);
	if (*ret && !text_equal((*ret)->digest, life->digest))
		return refuse(tx, FAULT_REQUEST_REUSED, TEXT("request_no"), TEXT_NONE);
	return OK;
}

enum fault life_match(struct tx *tx, const struct life *life, uint64_t revision)
{
	if (revision && revision != life->coupon.revision + 1)
		return refuse(tx, FAULT_PRECONDITION_FAILED, TEXT("if-match"), TEXT_NONE);
	return OK;
}

enum fault life_add(const struct env *env, struct life *life, struct event *event)
{
	struct coupon *c = &life->coupon;
	event->at = env->instant;
	event->state = (enum coupon_state)c->state;
	event->used = c->used;
	event->request = life->request;
	event->digest = life->digest;
	c->updated = env->instant;
	return timeline_add(env, c, event);
}
