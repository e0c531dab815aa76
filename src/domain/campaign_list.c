/*
 * Campaigns as they are read, and the sweeping of what deleted ones leave behind.
 */
#include "domain/campaign.h"
#include "domain/check.h"
#include "domain/memo.h"
#include "domain/page.h"

enum {
	SLICE = 1000,
	SWEEP_MAX = 1000,
	SWEEP_CAMPAIGNS_MAX = 16,
	SWEEP_COVERS_MAX = 64, /* generations of one call: all named ahead */
};

static enum fault show_departments(struct tx *tx, const struct env *env, struct memo *memo,
				   struct text numbers_of, struct campaign_shown *ret)
{
	uint64_t *numbers;
	TRY(numbers_read(env, numbers_of, &numbers, &ret->department_count));
	ret->departments = ARENA_ARRAY(env->arena, struct department, ret->department_count + 1);
	ROOM(ret->departments);
	for (unsigned i = 0; i < ret->department_count; i++)
		store_want(tx, TABLE_DEPARTMENT, &(struct department){.number = numbers[i]});
	for (unsigned i = 0; i < ret->department_count; i++) {
		const struct department *kept;
		TRY(memo_department(tx, env, memo, numbers[i], &kept));
		ret->departments[i] = *kept;
	}
	return OK;
}

static enum fault show(struct tx *tx, const struct env *env, struct memo *memo,
		       const struct campaign *c, struct campaign_shown *ret)
{
	TRY(rewards_show(tx, env, c, &ret->rewards));
	return show_departments(tx, env, memo, c->departments, ret);
}

enum fault campaign_show(struct tx *tx, const struct env *env, const struct campaign *c,
			 struct campaign_shown *ret)
{
	struct memo memo;
	*ret = (struct campaign_shown){0};
	ROOM(memo_init(&memo, env->arena, 1));
	return show(tx, env, &memo, c, ret);
}

/* Of a whole page at once. */
static enum fault want_shown(struct tx *tx, const struct env *env, const struct campaign *c)
{
	const struct text rewards[] = {c->rewards, c->register_rewards};
	uint64_t *departments;
	unsigned n;
	TRY(numbers_read(env, c->departments, &departments, &n));
	for (unsigned i = 0; i < n; i++)
		store_want(tx, TABLE_DEPARTMENT, &(struct department){.number = departments[i]});
	for (unsigned k = 0; k < COUNT_OF(rewards); k++) {
		struct rewarded *all;
		TRY(rewards_read(env, rewards[k], &all, &n));
		for (unsigned i = 0; i < n; i++)
			store_want(tx, TABLE_TEMPLATE,
				   &(struct template){.number = all[i].template});
	}
	return OK;
}

static enum fault show_all(struct tx *tx, const struct env *env, struct campaign_list_ret *r)
{
	struct memo memo;
	r->shown = ARENA_ARRAY(env->arena, struct campaign_shown, r->n + 1);
	ROOM(r->shown && memo_init(&memo, env->arena, r->n));
	for (unsigned i = 0; i < r->n; i++)
		TRY(want_shown(tx, env, &r->rows[i]));
	for (unsigned i = 0; i < r->n; i++)
		TRY(show(tx, env, &memo, &r->rows[i], &r->shown[i]));
	return OK;
}

enum fault campaign_list(struct tx *tx, const struct env *env, const void *cmd, void *ret)
{
	const struct campaign_list_cmd *c = cmd;
	struct campaign_list_ret *r = ret;
	struct window window = {.list = c->all ? LIST_CAMPAIGNS : LIST_CAMPAIGNS_OF_WJB,
				.from = c->from,
				.to = c->to,
				.skip = c->skip,
				.n = c->n,
				.oldest_first = c->oldest_first};
	*r = (struct campaign_list_ret){0};
	TRY(window_page(tx, &window, &r->rows, &r->n, &r->count));
	return c->shown ? show_all(tx, env, r) : OK;
}

/* --- campaign_query --- */

/* What was found so far; its texts are copies, because the caller renews its transaction. */
struct query {
	const struct campaign_query_cmd *cmd;
	struct campaign_query_ret *ret;
	struct memo departments;
	uint64_t bytes;
};

static bool fits_text(struct text filter, struct text value)
{
	return !filter.size || text_equal(filter, value);
}

static bool fits_span(struct instant after, struct instant before, struct instant i)
{
	return i.ms >= second_first(after).ms &&
	       (instant_is_none(before) || i.ms <= second_last(before).ms);
}

static bool fits(const struct campaign_query_cmd *c, const struct campaign *row)
{
	return fits_text(c->source_code, row->source_code) && fits_text(c->code, row->code) &&
	       fits_text(c->type_code, row->type_code) &&
	       fits_span(c->created_after, c->created_before, row->created) &&
	       fits_span(c->modified_after, c->modified_before, row->modified);
}

/* Copies a text, or nothing: the arena's mark is asked at the end. */
static void copy(const struct env *env, struct query *q, struct text *t)
{
	q->bytes += t->size;
	*t = t->size ? arena_text(env->arena, *t) : TEXT_NONE;
}

static void copy_campaign(const struct env *env, struct query *q, struct campaign *c)
{
	c->object = TEXT_NONE; /* WangJuBao's; nobody asks for it here */
	copy(env, q, &c->source_code);
	copy(env, q, &c->code);
	copy(env, q, &c->name);
	copy(env, q, &c->type_code);
	copy(env, q, &c->register_url);
	copy(env, q, &c->information);
	copy(env, q, &c->departments);
	copy(env, q, &c->prizes);
	c->rewards = c->register_rewards = c->fill = TEXT_NONE; /* shown by template ids */
}

/* Of the row's record, before its texts are copied. */
static enum fault add_shown(struct tx *tx, const struct env *env, struct query *q, unsigned row)
{
	struct campaign_shown shown = {0};
	TRY(show(tx, env, &q->departments, &q->ret->rows[row], &shown));
	for (unsigned i = 0; i < shown.department_count; i++) {
		struct department *d = &shown.departments[i];
		copy(env, q, &d->department_id);
		copy(env, q, &d->code);
		copy(env, q, &d->name);
		copy(env, q, &d->source_code);
	}
	q->ret->rewards[row] = shown.rewards;
	q->ret->departments[row] = shown.departments;
	q->ret->department_count[row] = shown.department_count;
	return OK;
}

static enum fault add(struct tx *tx, const struct env *env, struct query *q,
		      const struct campaign *row)
{
	if (!fits(q->cmd, row))
		return OK;
	unsigned at = q->ret->n++;
	q->ret->rows[at] = *row;
	TRY(add_shown(tx, env, q, at));
	copy_campaign(env, q, &q->ret->rows[at]);
	if (env->arena->full || q->bytes > ANSWER_BYTES_MAX)
		return refuse(tx, FAULT_ANSWER_TOO_LARGE, TEXT("modified_after"), TEXT_NONE);
	return OK;
}

static struct instant later(struct instant a, struct instant b)
{
	return a.ms > b.ms ? a : b;
}

static enum fault refuse_walk(struct tx *tx, const struct env *env)
{
	struct text limit = arena_format(env->arena, "%d", WALLET_WALK_MAX);
	return refuse(tx, FAULT_LIMIT_REACHED, TEXT("modified_after"), limit);
}

/* Newest change first, through the window of changes; what was made after an instant was changed
 * after it too. */
static enum fault query_walk(struct tx *tx, const struct env *env, struct query *q)
{
	const struct campaign_query_cmd *c = q->cmd;
	struct page page = {.list = LIST_CAMPAIGNS_BY_CHANGE, .n = SLICE};
	uint64_t first, count, all;
	TRY(store_window(tx, page.list, NULL,
			 second_first(later(c->modified_after, c->created_after)),
			 second_last(c->modified_before), &first, &count));
	for (uint64_t walked = 0; walked < count; walked += SLICE) {
		struct campaign *rows;
		unsigned n;
		if (walked >= WALLET_WALK_MAX)
			return refuse_walk(tx, env);
		page.from = first + walked;
		page.n = count - walked < SLICE ? (unsigned)(count - walked) : SLICE;
		TRY(store_page(tx, &page, &rows, &n, &all));
		for (unsigned i = 0; i < n; i++) {
			if (q->ret->n == CAMPAIGN_QUERY_MAX)
				return OK;
			TRY(add(tx, env, q, &rows[i]));
		}
	}
	return OK;
}

static enum fault query_source(struct tx *tx, const struct env *env, struct query *q)
{
	struct campaign row = {.live = true, .source_code = q->cmd->source_code};
	bool found;
	TRY(store_find(tx, UNIQUE_CAMPAIGN_BY_SOURCE, &row, &found));
	return found ? add(tx, env, q, &row) : OK;
}

enum fault campaign_query(struct tx *tx, const struct env *env, const void *cmd, void *ret)
{
	const struct campaign_query_cmd *c = cmd;
	struct campaign_query_ret *r = ret;
	struct query *q = ARENA_NEW(env->arena, struct query);
	*r = (struct campaign_query_ret){
	    .rows = ARENA_ARRAY(env->arena, struct campaign, CAMPAIGN_QUERY_MAX),
	    .departments = ARENA_ARRAY(env->arena, struct department *, CAMPAIGN_QUERY_MAX),
	    .department_count = ARENA_ARRAY(env->arena, unsigned, CAMPAIGN_QUERY_MAX),
	    .rewards = ARENA_ARRAY(env->arena, struct campaign_rewards, CAMPAIGN_QUERY_MAX),
	};
	ROOM(q && r->rows && r->departments && r->department_count && r->rewards &&
	     memo_init(&q->departments, env->arena, MEMO_SLOTS));
	q->cmd = c;
	q->ret = r;
	return c->source_code.size ? query_source(tx, env, q) : query_walk(tx, env, q);
}

/* --- campaign_sweep ---
 *
 * A deleted campaign's members stand in at least one of its lists: covered of some generation,
 * invited, registered, waiting for approval. The generations are taken from the newest down, and
 * campaign.cover is the one where the sweep is; when all lists are empty the campaign is done. One
 * list of a campaign at a time, so that no member is removed twice.
 */
struct sweep {
	struct campaign campaign;
	bool done, moved; /* no list has anything left; cover went down */
	struct member *rows;
	unsigned n;
};

static enum fault look(struct tx *tx, enum list list, struct sweep *s, unsigned n)
{
	struct member owner = {.campaign = s->campaign.number, .cover = s->campaign.cover};
	struct page page = {.list = list, .owner = &owner, .n = n, .oldest_first = true};
	uint64_t count;
	return store_page(tx, &page, &s->rows, &s->n, &count);
}

/* All that the looks may ask, a few generations of it. */
static void want_looks(struct tx *tx, const struct campaign *c, unsigned n)
{
	static const enum list lists[] = {LIST_INVITED, LIST_REGISTERED, LIST_PENDING,
					  LIST_COVERED};
	struct member owner = {.campaign = c->number, .cover = c->cover};
	struct page page = {.owner = &owner, .n = n, .oldest_first = true};
	for (unsigned i = 0; i < COUNT_OF(lists); i++) {
		page.list = lists[i];
		store_want_page(tx, &page);
	}
	for (unsigned i = 1; i < SWEEP_COVERS_MAX && owner.cover > 1; i++) {
		owner.cover--;
		store_want_page(tx, &page);
	}
}

static enum fault plan(struct tx *tx, struct sweep *s, unsigned n)
{
	unsigned looks = 0;
	for (; s->campaign.cover > 0; s->campaign.cover--, s->moved = true) {
		if (looks++ == SWEEP_COVERS_MAX)
			return OK;
		TRY(look(tx, LIST_COVERED, s, n));
		if (s->n)
			return OK;
	}
	TRY(look(tx, LIST_INVITED, s, n));
	if (!s->n)
		TRY(look(tx, LIST_REGISTERED, s, n));
	if (!s->n)
		TRY(look(tx, LIST_PENDING, s, n));
	s->done = s->n == 0;
	return OK;
}

static void put(struct tx *tx, struct sweep *s)
{
	for (unsigned i = 0; i < s->n; i++)
		store_del(tx, TABLE_MEMBER, &s->rows[i]);
	if (s->done)
		s->campaign.unswept = false;
	if (s->done || s->moved)
		store_put(tx, TABLE_CAMPAIGN, &s->campaign);
}

enum fault campaign_sweep(struct tx *tx, const struct env *env, const void *cmd, void *ret)
{
	const struct campaign_sweep_cmd *c = cmd;
	struct campaign_sweep_ret *r = ret;
	unsigned budget = c->n < SWEEP_MAX ? c->n : SWEEP_MAX, count, planned = 0;
	struct sweep *sweeps = ARENA_ARRAY(env->arena, struct sweep, SWEEP_CAMPAIGNS_MAX);
	struct page page = {
	    .list = LIST_CAMPAIGNS_UNSWEPT, .n = SWEEP_CAMPAIGNS_MAX, .oldest_first = true};
	struct campaign *rows;
	uint64_t all;
	*r = (struct campaign_sweep_ret){0};
	ROOM(sweeps);
	TRY(store_page(tx, &page, &rows, &count, &all));
	for (unsigned i = 0; i < count; i++)
		want_looks(tx, &rows[i], budget);
	for (; planned < count && r->swept < budget; planned++) {
		struct sweep *s = &sweeps[planned];
		s->campaign = rows[planned];
		TRY(plan(tx, s, budget - r->swept));
		r->swept += s->n + (s->done || s->moved);
	}
	for (unsigned i = 0; i < planned; i++)
		put(tx, &sweeps[i]);
	return OK;
}
