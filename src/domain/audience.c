/*
 * The audience: who of a campaign is covered, invited, registered. Covered is a generation: equal
 * to the campaign's, so that clearing a million targets is one write. Marks are only ever added
 * here; a member is in the list of each of its marks in the order in which they came.
 */
#include "base/varint.h"
#include "domain/campaign.h"
#include "domain/check.h"
#include "domain/customer.h"
#include "domain/holders.h"
#include "domain/request.h"
#include "domain/same.h"

/* The rows of one write, sealed and indexed, stay far below what one entry may hold. */
enum { REGISTER_BYTES_MAX = 8 * 1024 * 1024 };

/* The members of some people, there or new. */
static enum fault load(struct tx *tx, const struct env *env, uint64_t campaign,
		       const struct people *people, struct member **ret)
{
	struct member *members = ARENA_ARRAY(env->arena, struct member, people->n + 1);
	ROOM(members);
	for (unsigned i = 0; i < people->n; i++) {
		members[i].campaign = campaign;
		members[i].customer = people->rows[i].customer.number;
		store_want(tx, TABLE_MEMBER, &members[i]);
	}
	for (unsigned i = 0; i < people->n; i++) {
		bool found = false;
		if (!people->rows[i].is_new)
			TRY(store_get_guess(tx, TABLE_MEMBER, &members[i], &found));
	}
	*ret = members;
	return OK;
}

static void put(struct tx *tx, const struct campaign *campaign, const struct person *person,
		struct member *member)
{
	member->key_slot = person->customer.key_slot;
	member->todo = campaign_todo(campaign, member);
	store_put(tx, TABLE_MEMBER, member);
}

/* --- targets --- */

static struct text targets_field(const struct audience_add_cmd *c)
{
	return c->customers ? TEXT("customers") : TEXT("nicks");
}

static enum fault check_targets(struct tx *tx, const struct audience_add_cmd *c)
{
	if (c->n == 0)
		return refuse(tx, FAULT_PARAMETER_MISSING, targets_field(c), TEXT_NONE);
	if (c->n > TARGETS_MAX)
		return refuse(tx, FAULT_TOO_MANY, targets_field(c), TEXT_NONE);
	return OK;
}

static enum fault check_people(struct tx *tx, const struct audience_add_cmd *c,
			       const struct people *people)
{
	for (unsigned i = 0; i < c->n; i++)
		if (people->row_of[i] == NOBODY)
			return refuse(tx, FAULT_PARAMETER_INVALID, targets_field(c),
				      c->customers ? TEXT_NONE : c->nicks[i]);
	return OK;
}

/* Those that somebody names: of persons who are to be made, several may have become one. */
static enum fault people_of_customers(struct tx *tx, const struct env *env,
				      const struct audience_add_cmd *c, struct people *ret)
{
	struct holders holders;
	holders_want(tx, c->customers, c->n);
	TRY(holders_want_followed(tx, c->customers, c->n));
	TRY(holders_find(tx, env, c->customers, c->n, &holders));
	*ret = (struct people){.rows = ARENA_ARRAY(env->arena, struct person, c->n),
			       .row_of = holders.person_of};
	unsigned *place = ARENA_ARRAY(env->arena, unsigned, holders.n + 1);
	ROOM(ret->rows && place);
	for (unsigned i = 0; i < c->n; i++) {
		unsigned person = holders.person_of[i];
		if (person == NOBODY)
			continue;
		if (!place[person]) {
			ret->rows[ret->n] = holders.persons[person];
			place[person] = ++ret->n;
		}
		ret->row_of[i] = place[person] - 1;
	}
	return OK;
}

static enum fault people_of_targets(struct tx *tx, const struct env *env,
				    const struct audience_add_cmd *c, struct people *ret)
{
	TRY(c->customers ? people_of_customers(tx, env, c, ret)
			 : people_of_nicks(tx, env, c->nicks, c->n, ret));
	return check_people(tx, c, ret);
}

static enum fault find_campaign(struct tx *tx, const struct audience_add_cmd *c,
				struct campaign *ret)
{
	bool found;
	if (!c->source_code.size)
		return campaign_find(tx, c->activity_id, ret);
	*ret = (struct campaign){.live = true, .source_code = c->source_code};
	TRY(store_find(tx, UNIQUE_CAMPAIGN_BY_SOURCE, ret, &found));
	return found ? OK : refuse(tx, FAULT_CAMPAIGN_UNKNOWN, TEXT("source_code"), c->source_code);
}

static void mark_registered(struct member *m, const struct member_marks *marks)
{
	if (m->registered || !(marks->registered || marks->pending))
		return;
	m->registered = marks->registered;
	m->pending = !marks->registered;
	m->registered_at = marks->registered_at;
	m->information = marks->information;
}

static struct member marked(const struct member *known, const struct member_marks *marks,
			    const struct campaign *campaign)
{
	struct member m = *known;
	if (!marks->given || marks->covered)
		m.cover = campaign->cover;
	m.invited |= marks->invited;
	m.given |=
	    (marks->rewarded ? TODO_COVERED : 0) | (marks->register_rewarded ? TODO_REGISTERED : 0);
	mark_registered(&m, marks);
	return m;
}

enum fault audience_add(struct tx *tx, const struct env *env, const void *cmd, void *ret)
{
	struct audience_add_cmd given = *(const struct audience_add_cmd *)cmd, *c = &given;
	struct audience_add_ret *r = ret;
	struct asked asked = {COMMAND_audience_add, REQUEST_DIALECT, &c->request};
	struct campaign campaign;
	struct people people;
	struct member *members;
	struct text result;
	bool found;
	uint64_t added = 0;
	*r = (struct audience_add_ret){0};
	if (!c->n && customer_named_by(&c->customer) < CUSTOMER_NAMES) {
		c->customers = &c->customer;
		c->n = 1;
	}
	TRY(check_targets(tx, c));
	if (c->customers)
		holders_want(tx, c->customers, c->n);
	else
		people_want_nicks(tx, c->nicks, c->n);
	TRY(request_find(tx, env, &asked, &result, &found));
	if (found) {
		if (!varint_take(&result, &added))
			return FAULT_DATA_DAMAGED;
		r->added = (unsigned)added;
		return OK;
	}
	TRY(find_campaign(tx, c, &campaign));
	TRY(people_of_targets(tx, env, c, &people));
	TRY(load(tx, env, campaign.number, &people, &members));
	for (unsigned i = 0; i < people.n; i++) {
		struct member m = marked(&members[i], &c->marks, &campaign);
		if (member_same(&m, &members[i]))
			continue;
		added++;
		customer_make(tx, &people.rows[i]);
		put(tx, &campaign, &people.rows[i], &m);
	}
	r->added = (unsigned)added;
	request_keep(tx, env, &asked, numbers_write(env, &added, 1));
	return OK;
}

/* A new generation; none when nobody is covered. Who waits for rewards is passed over by the run.
 */
enum fault audience_clear(struct tx *tx, const struct env *env, const void *cmd, void *ret)
{
	const struct audience_clear_cmd *c = cmd;
	struct audience_clear_ret *r = ret;
	struct asked asked = {COMMAND_audience_clear, REQUEST_DIALECT, &c->request};
	struct campaign campaign;
	struct text result;
	uint64_t covered;
	bool found;
	*r = (struct audience_clear_ret){0};
	TRY(request_find(tx, env, &asked, &result, &found));
	if (found)
		return OK;
	TRY(campaign_find(tx, c->activity_id, &campaign));
	struct member owner = {.campaign = campaign.number, .cover = campaign.cover};
	struct text fill = campaign.fill;
	TRY(store_count(tx, LIST_COVERED, &owner, &covered));
	TRY(fills_clear(env, &campaign));
	campaign_set_running(&campaign);
	if (covered)
		campaign.cover++;
	if (covered || !text_equal(fill, campaign.fill))
		store_put(tx, TABLE_CAMPAIGN, &campaign);
	request_keep(tx, env, &asked, TEXT_NONE);
	return OK;
}

/* --- by hand --- */

enum fault audience_invite(struct tx *tx, const struct env *env, const void *cmd, void *ret)
{
	const struct audience_invite_cmd *c = cmd;
	struct audience_invite_ret *r = ret;
	struct campaign campaign;
	struct people people;
	struct member *members;
	*r = (struct audience_invite_ret){0};
	people_want(tx, &c->customers);
	TRY(campaign_find(tx, c->activity_id, &campaign));
	TRY(people_of_references(tx, env, &c->customers, &people));
	TRY(load(tx, env, campaign.number, &people, &members));
	for (unsigned i = 0; i < people.n; i++) {
		if (members[i].invited)
			continue;
		members[i].invited = true;
		put(tx, &campaign, &people.rows[i], &members[i]);
		r->added++;
	}
	return OK;
}

/* --- Waiqin --- */

static enum fault find_by_source(struct tx *tx, const struct audience_register_cmd *c,
				 struct campaign *ret)
{
	bool found;
	*ret = (struct campaign){.live = true, .source_code = c->campaign_source_code};
	TRY(store_find(tx, UNIQUE_CAMPAIGN_BY_SOURCE, ret, &found));
	if (!found)
		return refuse(tx, FAULT_CAMPAIGN_UNKNOWN, TEXT("campaign_source_code"),
			      c->campaign_source_code);
	if (!text_equal(ret->code, c->campaign_code))
		return refuse(tx, FAULT_CAMPAIGN_MISMATCH, TEXT("campaign_code"), c->campaign_code);
	return OK;
}

/* The same text goes into everybody's row. */
static enum fault check_size(struct tx *tx, const struct audience_register_cmd *c)
{
	if (c->information.size > TEXT_BYTES_MAX)
		return refuse(tx, FAULT_PARAMETER_TOO_LONG, TEXT("information"), TEXT_NONE);
	if ((uint64_t)c->customers.n * c->information.size > REGISTER_BYTES_MAX)
		return refuse(tx, FAULT_TOO_MANY, TEXT("customers"), TEXT_NONE);
	return OK;
}

enum fault audience_register(struct tx *tx, const struct env *env, const void *cmd, void *ret)
{
	const struct audience_register_cmd *c = cmd;
	struct audience_register_ret *r = ret;
	struct campaign campaign;
	struct people people;
	struct member *members;
	*r = (struct audience_register_ret){0};
	TRY(check_size(tx, c));
	people_want(tx, &c->customers);
	TRY(find_by_source(tx, c, &campaign));
	TRY(people_of_references(tx, env, &c->customers, &people));
	TRY(load(tx, env, campaign.number, &people, &members));
	for (unsigned i = 0; i < people.n; i++) {
		members[i].pending = campaign.approval && !members[i].registered;
		members[i].registered = !members[i].pending;
		members[i].registered_at = c->registered_at;
		members[i].information = c->information;
		put(tx, &campaign, &people.rows[i], &members[i]);
	}
	return OK;
}

/* --- approval --- */

/* Nothing is left that the row stands for. */
static bool is_dead(const struct member *m)
{
	return !m->cover && !m->invited && !m->registered && !m->given;
}

static void settle(struct tx *tx, const struct campaign *campaign, bool approve,
		   const struct person *person, struct member *member)
{
	member->pending = false;
	member->registered = approve;
	if (!approve) {
		member->registered_at = INSTANT_NONE;
		member->information = TEXT_NONE;
	}
	if (is_dead(member))
		store_del(tx, TABLE_MEMBER, member);
	else
		put(tx, campaign, person, member);
}

enum fault audience_approve(struct tx *tx, const struct env *env, const void *cmd, void *ret)
{
	const struct audience_approve_cmd *c = cmd;
	struct audience_approve_ret *r = ret;
	struct campaign campaign;
	struct people people;
	struct member *members;
	*r = (struct audience_approve_ret){0};
	people_want(tx, &c->customers);
	TRY(campaign_find_source(tx, TEXT("source_code"), c->source_code, &campaign));
	TRY(people_of_references(tx, env, &c->customers, &people));
	TRY(load(tx, env, campaign.number, &people, &members));
	for (unsigned i = 0; i < people.n; i++) {
		if (!members[i].pending)
			continue;
		settle(tx, &campaign, c->approve, &people.rows[i], &members[i]);
		r->changed++;
	}
	return OK;
}

/* --- reading --- */

static enum list list_of(enum mark mark)
{
	switch (mark) {
	case MARK_COVERED:
		return LIST_COVERED;
	case MARK_INVITED:
		return LIST_INVITED;
	case MARK_REGISTERED:
		return LIST_REGISTERED;
	case MARK_PENDING:
		return LIST_PENDING;
	}
	must_failed("a mark", __FILE__, __LINE__);
	return LIST_COVERED;
}

enum fault audience_page(struct tx *tx, const struct env *env, const void *cmd, void *ret)
{
	const struct audience_page_cmd *c = cmd;
	struct audience_page_ret *r = ret;
	struct member owner = {.campaign = c->campaign, .cover = c->cover}, *members;
	struct page page = {.list = list_of(c->mark),
			    .owner = &owner,
			    .from = c->from,
			    .n = c->n,
			    .oldest_first = true};
	*r = (struct audience_page_ret){0};
	TRY(store_page(tx, &page, &members, &r->n, &r->count));
	r->rows = ARENA_ARRAY(env->arena, struct audience_person, r->n + 1);
	ROOM(r->rows);
	for (unsigned i = 0; i < r->n; i++)
		store_want(tx, TABLE_CUSTOMER, &(struct customer){.number = members[i].customer});
	for (unsigned i = 0; i < r->n; i++) {
		struct audience_person *p = &r->rows[i];
		bool found;
		p->member = members[i];
		p->customer.number = members[i].customer;
		TRY(store_get(tx, TABLE_CUSTOMER, &p->customer, &found));
		must(found);
		if (!instant_is_none(p->customer.erased))
			p->member.information = TEXT_NONE;
		if (p->customer.alias_of)
			store_want(tx, TABLE_CUSTOMER,
				   &(struct customer){.number = p->customer.alias_of});
	}
	for (unsigned i = 0; i < r->n; i++)
		TRY(customer_follow(tx, &r->rows[i].customer));
	return OK;
}
