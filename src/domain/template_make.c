/*
 * Templates of the native API: made and changed with all their rules, shown with what is used of
 * their limits.
 */
#include "base/varint.h"
#include "domain/campaign.h"
#include "domain/cart.h"
#include "domain/check.h"
#include "domain/days.h"
#include "domain/id.h"
#include "domain/issuing.h"
#include "domain/life_check.h"
#include "domain/provider.h"
#include "domain/same.h"
#include "domain/template.h"
#include "domain/terms.h"

enum { BASIS_POINTS_MAX = 10000, GET_MAX = 1000 };

static enum fault invalid(struct tx *tx, const char *field)
{
	return refuse(tx, FAULT_PARAMETER_INVALID, text_of(field), TEXT_NONE);
}

static enum fault missing(struct tx *tx, const char *field)
{
	return refuse(tx, FAULT_PARAMETER_MISSING, text_of(field), TEXT_NONE);
}

/* --- what a template may say --- */

static enum fault check_benefit(struct tx *tx, const struct template *t)
{
	if (t->benefit >= BENEFIT_COUNT)
		return invalid(tx, "type");
	if (t->has_amount && (t->amount.fen < 0 || t->amount.fen > MONEY_FEN_MAX))
		return invalid(tx, "amount");
	if (t->benefit == BENEFIT_AMOUNT_OFF && !t->has_amount)
		return missing(tx, "amount");
	if (t->benefit == BENEFIT_AMOUNT_OFF && t->amount.fen == 0)
		return invalid(tx, "amount");
	if (t->benefit == BENEFIT_PERCENT_OFF && !t->basis_points)
		return missing(tx, "basis_points");
	if (t->basis_points > BASIS_POINTS_MAX)
		return invalid(tx, "basis_points");
	if (t->benefit == BENEFIT_BUY_GET && (!t->buy || !t->get))
		return missing(tx, t->buy ? "get" : "buy");
	if (t->buy > GET_MAX)
		return invalid(tx, "buy");
	return t->get > GET_MAX ? invalid(tx, "get") : OK;
}

static enum fault check_money(struct tx *tx, const struct template *t)
{
	if (t->cap.fen < 0 || t->cap.fen > MONEY_FEN_MAX)
		return invalid(tx, "cap");
	if (t->threshold.fen < 0 || t->threshold.fen > MONEY_FEN_MAX)
		return invalid(tx, "threshold");
	if (t->budget.fen < 0 || t->budget.fen > MONEY_FEN_MAX)
		return invalid(tx, "budget");
	if (t->rounding > ROUND_YUAN_DOWN)
		return invalid(tx, "rounding");
	if (t->splitting > SPLIT_IN_ORDER)
		return invalid(tx, "splitting");
	return t->give_back > GIVE_BACK_NEVER ? invalid(tx, "give_back") : OK;
}

static enum fault check_dates(struct tx *tx, const struct template *t)
{
	if (!t->is_relative)
		return check_span(tx, TEXT("end"), t->begin, t->end);
	if (!instant_is_none(t->begin) || !instant_is_none(t->end))
		return invalid(tx, "lasts_days");
	if (t->lasts_days == 0)
		return missing(tx, "lasts_days");
	if (t->lasts_days > DAYS_AFTER_MAX)
		return invalid(tx, "lasts_days");
	return t->starts_after_days > DAYS_AFTER_MAX ? invalid(tx, "starts_after_days") : OK;
}

static enum fault check_limits(struct tx *tx, const struct template *t)
{
	if (t->uses > USES_MAX)
		return invalid(tx, "uses");
	if (t->period > PERIOD_YEAR || (t->uses_per_period && !t->period))
		return invalid(tx, "period");
	if (t->per_person == 0)
		return invalid(tx, "per_person");
	if (t->per_order > ORDER_COUPONS_MAX)
		return invalid(tx, "per_order");
	return check_name(tx, TEXT("stack_group"), t->stack_group);
}

static unsigned lines_of(struct text t)
{
	unsigned n = t.size > 0;
	for (size_t i = 0; i < t.size; i++)
		n += t.data[i] == '\n';
	return n;
}

static enum fault check_sets(struct tx *tx, const struct template *t)
{
	const struct {
		struct text set;
		const char *name;
	} sets[] = {{t->shops_in, "shops"},	      {t->shops_out, "shops"},
		    {t->categories_in, "categories"}, {t->categories_out, "categories"},
		    {t->products_in, "products"},     {t->products_out, "products"},
		    {t->channels_in, "channels"},     {t->channels_out, "channels"}};
	for (size_t i = 0; i < COUNT_OF(sets); i++)
		if (sets[i].set.size > TEXT_BYTES_MAX || lines_of(sets[i].set) > SETS_MAX)
			return refuse(tx, FAULT_TOO_MANY, text_of(sets[i].name), TEXT_NONE);
	return hours_valid(t->hours) ? OK : invalid(tx, "hours");
}

static enum fault check_texts(struct tx *tx, const struct template *t)
{
	TRY(check_name(tx, TEXT("name"), t->name));
	TRY(check_name(tx, TEXT("type"), t->type));
	TRY(check_name(tx, TEXT("channel"), t->channel));
	if (t->template_id > INT64_MAX)
		return invalid(tx, "template_id");
	if (t->description.size > TEXT_BYTES_MAX)
		return refuse(tx, FAULT_PARAMETER_TOO_LONG, TEXT("description"), TEXT_NONE);
	return OK;
}

enum fault template_check(struct tx *tx, const struct template *t)
{
	TRY(check_texts(tx, t));
	TRY(check_benefit(tx, t));
	TRY(check_money(tx, t));
	TRY(check_dates(tx, t));
	TRY(check_limits(tx, t));
	TRY(check_sets(tx, t));
	return pattern_check(tx, t);
}

static enum fault check(struct tx *tx, const struct template *t)
{
	TRY(check_given(tx, TEXT("name"), t->name));
	return template_check(tx, t);
}

/* --- make --- */

static enum fault plan_id(struct tx *tx, const struct env *env, struct template *t)
{
	bool taken = true;
	while (taken) {
		struct template other = {.live = true,
					 .template_id = public_number(env, store_number(tx))};
		t->template_id = other.template_id;
		TRY(store_find_guess(tx, UNIQUE_TEMPLATE_BY_ID, &other, &taken));
	}
	return OK;
}

static enum fault take_id(struct tx *tx, const struct env *env, struct template *t)
{
	struct template other = {.live = true, .template_id = t->template_id};
	bool taken;
	if (!t->template_id)
		return plan_id(tx, env, t);
	TRY(store_find(tx, UNIQUE_TEMPLATE_BY_ID, &other, &taken));
	return taken ? refuse(tx, FAULT_TEMPLATE_EXISTS, TEXT("template_id"), TEXT_NONE) : OK;
}

enum fault template_make(struct tx *tx, const struct env *env, const void *cmd, void *ret)
{
	const struct template_make_cmd *c = cmd;
	struct template_make_ret *r = ret;
	struct template made = c->template;
	struct provider_plan provider;
	struct text result;
	bool found;
	*r = (struct template_make_ret){0};
	TRY(check_number(tx, &c->request));
	TRY(number_find(tx, env, COMMAND_template_make, &c->request, &result, &found));
	if (found)
		return varint_take(&result, &r->template_id) ? OK : FAULT_DATA_DAMAGED;
	TRY(check(tx, &made));
	TRY(provider_plan(tx, env, &c->provider, 0, &provider));
	TRY(take_id(tx, env, &made));
	made.number = store_number(tx);
	made.provider = provider.number;
	made.live = true;
	made.maker = MAKER_NATIVE;
	made.object = TEXT_NONE;
	made.changed = made.edition = made.recast = made.revision = 0;
	made.created = made.updated = env->instant;
	memset(made.at, 0, sizeof(made.at));
	r->template_id = made.template_id;
	provider_put(tx, env, &provider);
	store_put(tx, TABLE_TEMPLATE, &made);
	number_keep(tx, env, COMMAND_template_make, &c->request,
		    numbers_write(env, &made.template_id, 1));
	return OK;
}

/* --- change --- */

struct template template_changed(const struct template *known, const struct template *given)
{
	struct template t = *given;
	t.number = known->number;
	t.live = known->live;
	t.template_id = known->template_id;
	t.maker = known->maker;
	t.object = known->object;
	t.changed = known->changed;
	t.created = known->created;
	t.updated = known->updated;
	t.edition = known->edition;
	t.recast = known->recast;
	t.revision = known->revision;
	memcpy(t.at, known->at, sizeof(t.at));
	if (known->object.size)
		t.changed |= template_members_changed(known, &t);
	return t;
}

static enum fault below(struct tx *tx, const char *field)
{
	return refuse(tx, FAULT_LIMIT_BELOW_USED, text_of(field), TEXT_NONE);
}

enum fault template_check_used(struct tx *tx, const struct template *t, const struct usage *u)
{
	if (t->has_total && t->total < u->issued)
		return below(tx, "total");
	if (t->per_day && t->per_day < u->issued_today)
		return below(tx, "per_day");
	if (t->has_budget && t->budget.fen < u->spent.fen)
		return below(tx, "budget");
	return OK;
}

enum fault template_usage(struct tx *tx, const struct env *env, const struct template *t,
			  struct usage *ret)
{
	uint64_t today = (uint64_t)day_of(env->instant, env->from_utc8);
	struct tally issued, on_day, redeemed, spent;
	issuing_want(tx, env, t);
	store_want(tx, TABLE_TALLY, &(struct tally){.kind = TALLY_REDEEMED, .of = t->number});
	store_want(tx, TABLE_TALLY, &(struct tally){.kind = TALLY_SPENT, .of = t->number});
	TRY(tally_guess(tx, TALLY_ISSUED, t->number, &issued));
	TRY(tally_guess(tx, TALLY_ISSUED_ON, issuing_day_key(t->number, today), &on_day));
	TRY(tally_guess(tx, TALLY_REDEEMED, t->number, &redeemed));
	TRY(tally_guess(tx, TALLY_SPENT, t->number, &spent));
	*ret = (struct usage){.issued = issued.count,
			      .issued_today = on_day.count,
			      .redeemed = redeemed.count,
			      .spent = {(int64_t)spent.count}};
	return OK;
}

/* Coupons that are out keep the terms they were issued under, in an edition of their own. */
static enum fault turn_edition(struct tx *tx, const struct template *known,
			       const struct usage *usage, bool recast, struct template *t,
			       bool *ret_keep)
{
	*ret_keep = !terms_same(known, t) && usage->issued > 0;
	if (*ret_keep) {
		if (t->edition + 1 >= EDITIONS_MAX)
			return refuse(tx, FAULT_LIMIT_REACHED, TEXT("template_id"), TEXT_NONE);
		t->edition++;
	}
	if (recast)
		t->recast = t->edition;
	return OK;
}

static enum fault change(struct tx *tx, const struct env *env, const struct template_change_cmd *c,
			 const struct template *known, uint64_t *ret_revision)
{
	struct template t = template_changed(known, &c->template);
	struct edition kept = edition_of(known);
	struct provider_plan provider;
	struct usage usage;
	bool keep;
	TRY(provider_plan(tx, env, &c->provider, known->provider, &provider));
	t.provider = provider.number;
	TRY(template_usage(tx, env, &t, &usage));
	TRY(template_check_used(tx, &t, &usage));
	TRY(turn_edition(tx, known, &usage, c->recast, &t, &keep));
	*ret_revision = known->revision;
	provider_put(tx, env, &provider);
	if (template_same(&t, known))
		return OK;
	t.updated = env->instant;
	*ret_revision = ++t.revision;
	if (keep)
		store_put(tx, TABLE_EDITION, &kept);
	store_put(tx, TABLE_TEMPLATE, &t);
	return OK;
}

enum fault template_change(struct tx *tx, const struct env *env, const void *cmd, void *ret)
{
	const struct template_change_cmd *c = cmd;
	struct template_change_ret *r = ret;
	struct template known, given = c->template;
	struct text result;
	bool found;
	*r = (struct template_change_ret){0};
	template_want(tx, c->template_id);
	TRY(check_number(tx, &c->request));
	TRY(number_find(tx, env, COMMAND_template_change, &c->request, &result, &found));
	if (found)
		return varint_take(&result, &r->revision) ? OK : FAULT_DATA_DAMAGED;
	given.template_id = 0; /* c->template_id is which */
	TRY(check(tx, &given));
	TRY(template_find(tx, c->template_id, TEXT("template_id"), &known));
	if (c->revision && c->revision != known.revision + 1)
		return refuse(tx, FAULT_PRECONDITION_FAILED, TEXT("if-match"), TEXT_NONE);
	TRY(change(tx, env, c, &known, &r->revision));
	number_keep(tx, env, COMMAND_template_change, &c->request,
		    numbers_write(env, &r->revision, 1));
	return OK;
}

/* clang-format off */
/* They outlive the transaction: a PATCH reads the template here and writes it later. */
static void keep_texts(const struct env *env, struct template *t)
{
#define KEEP_NUMBER(m)
#define KEEP_SIGNED(m)
#define KEEP_FLAG(m)
#define KEEP_INSTANT(m)
#define KEEP_MONEY(m)
#define KEEP_TEXT(m)  t->m = arena_text(env->arena, t->m);
#define KEEP_BYTES(m) KEEP_TEXT(m)
#define F(kind, member, role) KEEP_##kind(member)
	TEMPLATE_FIELDS(F)
#undef F
}
/* clang-format on */

enum fault template_get(struct tx *tx, const struct env *env, const void *cmd, void *ret)
{
	const struct template_get_cmd *c = cmd;
	struct template_get_ret *r = ret;
	TRY(template_find(tx, c->template_id, TEXT("template_id"), &r->template));
	keep_texts(env, &r->template);
	ROOM(!env->arena->full);
	r->provider_url = r->provider_app_key = TEXT_NONE;
	if (r->template.provider) {
		struct provider provider;
		TRY(provider_get(tx, r->template.provider, &provider));
		r->provider_url = arena_text(env->arena, provider.url);
		r->provider_app_key = arena_text(env->arena, provider.app_key);
	}
	return template_usage(tx, env, &r->template, &r->usage);
}
