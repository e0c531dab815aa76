/*
 * Holds that nobody confirmed in time. They read as recalled from that instant on; here they become
 * so, and give back what they took of the template's limits. Coupons that are due stand in one list
 * per minute; TALLY_SWEPT says up to which minute the lists are empty.
 */
#include "domain/check.h"
#include "domain/move.h"
#include "domain/notice.h"
#include "domain/template.h"

enum {
	MINUTE_MS = 60 * 1000,
	MINUTES_MAX = 240,  /* looked at by one command */
	MINUTES_QUIET = 60, /* passed without a write while nothing is due */
};

struct sweep {
	struct life *lives;
	struct releases releases;
	unsigned n, room;
	struct tally swept;
	struct notices notices;
};

static enum fault take_due(struct tx *tx, const struct env *env, struct sweep *s, uint64_t minute,
			   bool *ret_all)
{
	static const struct request_number none = {0};
	struct coupon owner = {.due = minute}, *rows;
	struct page page = {
	    .list = LIST_COUPONS_DUE, .owner = &owner, .n = s->room - s->n, .oldest_first = true};
	uint64_t count;
	unsigned n;
	TRY(store_page(tx, &page, &rows, &n, &count));
	for (unsigned i = 0; i < n; i++)
		TRY(life_begin(tx, env, &rows[i], &none, &s->lives[s->n++]));
	*ret_all = n == count;
	return OK;
}

static enum fault collect(struct tx *tx, const struct env *env, struct sweep *s)
{
	uint64_t now = (uint64_t)(env->now.ms / MINUTE_MS), last = s->swept.count + MINUTES_MAX;
	bool all = true;
	if (last > now)
		last = now;
	for (uint64_t m = s->swept.count + 1; m <= last; m++)
		store_want_page(tx, &(struct page){.list = LIST_COUPONS_DUE,
						   .owner = &(struct coupon){.due = m},
						   .n = s->room,
						   .oldest_first = true});
	for (uint64_t m = s->swept.count + 1; m <= last && all && s->n < s->room; m++) {
		TRY(take_due(tx, env, s, m, &all));
		if (all)
			s->swept.count = m;
	}
	return OK;
}

static enum fault release(const struct env *env, struct life *life, struct notices *notices)
{
	struct event event = {.kind = EVENT_RELEASED, .said = {.reason = TEXT("time-out")}};
	hold_leave(&life->coupon, COUPON_RECALLED);
	TRY(life_add(env, life, &event));
	return notices_event(notices, env, &life->coupon, &event);
}

static enum fault decide(struct tx *tx, const struct env *env, struct sweep *s)
{
	for (unsigned i = 0; i < s->n; i++)
		hold_want(tx, env, &s->lives[i]);
	for (unsigned i = 0; i < s->n; i++)
		notices_expect(&s->notices, s->lives[i].coupon.id);
	for (unsigned i = 0; i < s->n; i++) {
		TRY(hold_release(tx, env, &s->lives[i], &s->releases));
		TRY(release(env, &s->lives[i], &s->notices));
	}
	return OK;
}

enum fault hold_sweep(struct tx *tx, const struct env *env, const void *cmd, void *ret)
{
	const struct hold_sweep_cmd *c = cmd;
	struct hold_sweep_ret *r = ret;
	struct sweep s = {.room = c->n < HOLDS_SWEEP_MAX ? c->n : HOLDS_SWEEP_MAX};
	*r = (struct hold_sweep_ret){0};
	TRY(tally_guess(tx, TALLY_SWEPT, 0, &s.swept));
	uint64_t before = s.swept.count;
	s.lives = ARENA_ARRAY(env->arena, struct life, s.room + 1);
	ROOM(s.lives);
	TRY(releases_take(env, s.room, &s.releases));
	if (!before || !s.room)
		return OK;
	TRY(notices_open(tx, env, &s.notices));
	TRY(collect(tx, env, &s));
	if (!s.n && s.swept.count < before + MINUTES_QUIET)
		return OK;
	TRY(decide(tx, env, &s));
	for (unsigned i = 0; i < s.n; i++)
		store_put(tx, TABLE_COUPON, &s.lives[i].coupon);
	releases_put(tx, &s.releases);
	store_put(tx, TABLE_TALLY, &s.swept);
	notices_put(&s.notices);
	r->swept = s.n + 1;
	return OK;
}
