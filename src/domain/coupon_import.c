/*
 * Importing one coupon: a CSV row with a code of its own. The same row again changes nothing;
 * a row that says otherwise than the store is refused.
 */
#include "domain/check.h"
#include "domain/coupon.h"
#include "domain/customer.h"
#include "domain/id.h"
#include "domain/issuing.h"
#include "domain/same.h"
#include "domain/template.h"

struct import {
	const struct coupon_import_cmd *cmd;
	struct template template;
	struct person person;
	bool has_person;
	struct tally tally;
	struct holding holding;
};

static enum fault check(struct tx *tx, const struct coupon_import_cmd *c)
{
	TRY(check_given(tx, TEXT("code"), c->code));
	TRY(check_name(tx, TEXT("channel"), c->channel));
	if (c->state > COUPON_RECALLED)
		return refuse(tx, FAULT_PARAMETER_INVALID, TEXT("state"), TEXT_NONE);
	return OK;
}

/* What the row gives stands in place of what the template has. */
static struct coupon wanted(const struct env *env, const struct import *import)
{
	const struct coupon_import_cmd *c = import->cmd;
	const struct template *t = &import->template;
	struct env then = *env;
	struct instant begin, end;
	bool owned = import->has_person;
	if (!instant_is_none(c->issued))
		then.now = then.instant = c->issued;
	issuing_dates(&then, t, &begin, &end);
	return (struct coupon){
	    .customer = owned ? import->person.customer.number : 0,
	    .shelf = owned ? 0 : t->number,
	    .code = c->code,
	    .template = t->number,
	    .channel = c->channel.size ? c->channel : t->channel,
	    .state = c->state,
	    .issued = instant_is_none(c->issued) ? env->instant : c->issued,
	    .begin = instant_is_none(c->begin) ? begin : c->begin,
	    .end = instant_is_none(c->end) ? end : c->end,
	    .updated = env->instant,
	    .attribute = c->attribute,
	    .edition = t->edition,
	};
}

/* To the second: that is what a file of an export says. */
static bool agrees(struct instant given, struct instant known)
{
	return instant_is_none(given) || instant_second(given) == instant_second(known);
}

/* Columns that are not given say nothing. `theirs`: it is the row's person's. */
static bool is_same(const struct import *import, const struct coupon *known,
		    const struct template *template, bool theirs)
{
	const struct coupon_import_cmd *c = import->cmd;
	return template->template_id == c->template_id && (!import->has_person || theirs) &&
	       (!c->channel.size || text_equal(c->channel, known->channel)) &&
	       known->state == (uint64_t)c->state && agrees(c->issued, known->issued) &&
	       agrees(c->begin, known->begin) && agrees(c->end, known->end) &&
	       (!c->attribute.size || text_equal(c->attribute, known->attribute));
}

static enum fault compare(struct tx *tx, const struct import *import, const struct coupon *known)
{
	struct template template = {.number = known->template};
	bool found, theirs;
	TRY(store_get(tx, TABLE_TEMPLATE, &template, &found));
	must(found);
	TRY(customer_is(tx, known->customer, import->person.customer.number, &theirs));
	if (!is_same(import, known, &template, theirs))
		return refuse(tx, FAULT_COUPON_CHANGED, TEXT("code"), import->cmd->code);
	return OK;
}

static enum fault count(struct tx *tx, struct import *import)
{
	uint64_t template = import->template.number;
	TRY(tally_guess(tx, TALLY_ISSUED, template, &import->tally));
	import->tally.count++;
	if (!import->has_person)
		return OK;
	uint64_t customer = import->person.customer.number;
	import->holding = (struct holding){.customer = customer, .template = template};
	if (!import->person.is_new)
		TRY(holding_get(tx, customer, template, &import->holding));
	import->holding.issued++;
	return OK;
}

static void put_all(struct tx *tx, const struct env *env, struct import *import)
{
	struct coupon coupon = wanted(env, import);
	coupon.id = public_number(env, store_number(tx));
	if (import->has_person)
		customer_make(tx, &import->person);
	store_put(tx, TABLE_COUPON, &coupon);
	import->holding.last = coupon.ordinal;
	if (import->has_person)
		store_put(tx, TABLE_HOLDING, &import->holding);
	store_put(tx, TABLE_TALLY, &import->tally);
}

enum fault coupon_import(struct tx *tx, const struct env *env, const void *cmd, void *ret)
{
	const struct coupon_import_cmd *c = cmd;
	struct coupon_import_ret *r = ret;
	struct customer named = {.customer_id = c->customer_id,
				 .phone = c->phone,
				 .card_no = c->card_no,
				 .nick = c->nick};
	struct import import = {.cmd = c};
	struct code_key key = code_key(tx);
	struct coupon known;
	bool found;
	*r = (struct coupon_import_ret){0};
	TRY(check(tx, c));
	customer_want_row(tx, &named);
	template_want(tx, c->template_id);
	TRY(coupon_find_by_code(tx, &key, c->code, &known, &found));
	if (!found && code_is_reserved(env, &key, c->code))
		return refuse(tx, FAULT_VALUE_TAKEN, TEXT("code"), c->code);
	TRY(customer_of_row(tx, env, &named, &import.person, &import.has_person));
	if (found)
		return compare(tx, &import, &known);
	TRY(template_find(tx, c->template_id, TEXT("template_id"), &import.template));
	struct coupon span = wanted(env, &import);
	TRY(check_span(tx, TEXT("end"), span.begin, span.end));
	TRY(count(tx, &import));
	put_all(tx, env, &import);
	r->made = true;
	return OK;
}
