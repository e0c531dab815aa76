/*
 * Templates as rows of files say them: by their columns alone, or whole, with all their terms.
 * Either way the row is the merchant's word on what the template is, so terms change in place.
 */
#include "domain/template.h"
#include "domain/provider.h"
#include "domain/same.h"

/* All columns as given: empty ones clear, but for those that say what the terms say, too. What the
 * row does not have stays. */
static struct template by_columns(const struct template *known, const struct template *given)
{
	struct template t = *known;
	t.name = given->name;
	if (given->type.size || !known->benefit)
		t.type = given->type;
	t.has_amount = given->has_amount;
	t.amount = given->amount;
	t.has_threshold = given->has_threshold;
	t.threshold = given->threshold;
	t.begin = given->begin;
	t.end = given->end;
	if (given->shops.size || !known->shops_in.size)
		t.shops = given->shops;
	if (given->categories.size || !known->categories_in.size)
		t.categories = given->categories;
	t.description = given->description;
	t.channel = given->channel;
	if (!instant_is_none(t.begin) || !instant_is_none(t.end)) {
		t.is_relative = false;
		t.starts_after_days = t.lasts_days = 0;
	}
	if (known->object.size)
		t.changed |= template_members_changed(known, &t);
	return t;
}

/* Two ways to say the same are one, so that what was exported changes nothing when it comes back.
 */
static struct template by_terms(const struct template *known, const struct template *given)
{
	struct template t = template_changed(known, given);
	if (t.uses <= 1 && known->uses <= 1)
		t.uses = known->uses;
	if (t.per_person >= PER_PERSON_NONE && known->per_person >= PER_PERSON_NONE)
		t.per_person = known->per_person;
	return t;
}

/* --- one that is there, one that is new --- */

static void put(struct tx *tx, const struct env *env, const struct template *known,
		struct template *t, struct template_save_ret *ret)
{
	if (template_same(t, known))
		return;
	t->updated = env->instant;
	t->revision++;
	ret->changed = true;
	store_put(tx, TABLE_TEMPLATE, t);
}

static void put_new(struct tx *tx, const struct env *env, struct template *t,
		    struct template_save_ret *ret)
{
	t->maker = t->maker ? t->maker : MAKER_CSV;
	t->object = TEXT_NONE;
	template_new(tx, env, t);
	ret->made = true;
	store_put(tx, TABLE_TEMPLATE, t);
}

static enum fault save_terms(struct tx *tx, const struct env *env,
			     const struct template_save_cmd *c, const struct template *known,
			     struct template_save_ret *ret)
{
	struct template t = known ? by_terms(known, &c->template) : c->template;
	struct provider_plan provider;
	struct usage usage;
	TRY(provider_plan(tx, env, &c->provider, known ? known->provider : 0, &provider));
	t.provider = provider.number;
	if (known) {
		TRY(template_usage(tx, env, &t, &usage));
		TRY(template_check_used(tx, &t, &usage));
	}
	provider_put(tx, env, &provider);
	if (known)
		put(tx, env, known, &t, ret);
	else
		put_new(tx, env, &t, ret);
	return OK;
}

enum fault template_save(struct tx *tx, const struct env *env, const void *cmd, void *ret)
{
	const struct template_save_cmd *c = cmd;
	struct template_save_ret *r = ret;
	struct template saved = c->template, known;
	bool found;
	*r = (struct template_save_ret){0};
	TRY(template_check_columns(tx, &saved, TEXT("template_id"), TEXT("end")));
	if (c->has_terms)
		TRY(template_check(tx, &saved));
	TRY(template_find_live(tx, saved.template_id, &known, &found));
	if (c->has_terms)
		return save_terms(tx, env, c, found ? &known : NULL, r);
	if (found) {
		saved = by_columns(&known, &saved);
		put(tx, env, &known, &saved, r);
	} else {
		put_new(tx, env, &saved, r);
	}
	return OK;
}
