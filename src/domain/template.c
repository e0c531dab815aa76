/*
 * Templates: added by WangJuBao with the caller's object, deleted, listed.
 */
#include "domain/template.h"
#include "domain/check.h"
#include "domain/object.h"
#include "domain/page.h"
#include "domain/request.h"

static const struct text server_set[] = {{"created", 7}};
static const struct dropped dropped = {server_set, COUNT_OF(server_set)};

enum fault template_refuse(struct tx *tx, struct text field, uint64_t template_id)
{
	char digits[20];
	struct buffer value;
	buffer_init_fixed(&value, digits, sizeof(digits));
	buffer_uint64(&value, template_id);
	return refuse(tx, FAULT_TEMPLATE_UNKNOWN, field, buffer_get(&value));
}

enum fault template_find_live(struct tx *tx, uint64_t template_id, struct template *ret,
			      bool *ret_found)
{
	*ret = (struct template){.live = true, .template_id = template_id};
	*ret_found = false;
	return template_id ? store_find(tx, UNIQUE_TEMPLATE_BY_ID, ret, ret_found) : OK;
}

enum fault template_find(struct tx *tx, uint64_t template_id, struct text field,
			 struct template *ret)
{
	bool found;
	TRY(template_find_live(tx, template_id, ret, &found));
	return found ? OK : template_refuse(tx, field, template_id);
}

void template_want(struct tx *tx, uint64_t template_id)
{
	store_want_unique(tx, UNIQUE_TEMPLATE_BY_ID,
			  &(struct template){.live = true, .template_id = template_id});
}

enum fault tally_guess(struct tx *tx, enum tally_kind kind, uint64_t of, struct tally *ret)
{
	bool found;
	*ret = (struct tally){.kind = kind, .of = of};
	TRY(store_get_guess(tx, TABLE_TALLY, ret, &found));
	if (!found)
		*ret = (struct tally){.kind = kind, .of = of};
	return OK;
}

enum fault tally_get(struct tx *tx, enum tally_kind kind, uint64_t of, struct tally *ret)
{
	bool found;
	*ret = (struct tally){.kind = kind, .of = of};
	TRY(store_get(tx, TABLE_TALLY, ret, &found));
	if (!found)
		*ret = (struct tally){.kind = kind, .of = of};
	return OK;
}

enum fault template_check_columns(struct tx *tx, const struct template *t, struct text id_field,
				  struct text end_field)
{
	if (t->template_id == 0 || t->template_id > INT64_MAX)
		return refuse(tx, FAULT_PARAMETER_INVALID, id_field, TEXT_NONE);
	if ((t->has_amount && t->amount.fen < 0) || (t->has_threshold && t->threshold.fen < 0))
		return refuse(tx, FAULT_PARAMETER_INVALID, TEXT("amount"), TEXT_NONE);
	return check_span(tx, end_field, t->begin, t->end);
}

void template_new(struct tx *tx, const struct env *env, struct template *t)
{
	t->number = store_number(tx);
	t->live = true;
	t->per_person = t->per_person ? t->per_person : 1;
	t->changed = 0;
	t->created = t->updated = env->instant;
	memset(t->at, 0, sizeof(t->at));
}

/* The same id again is the same template only if its object is equal to what the first one said. */
static bool is_same(const struct template *known, const struct template *given)
{
	return known->maker == MAKER_WJB && known->object.size &&
	       object_equal(known->object, given->object);
}

enum fault template_add(struct tx *tx, const struct env *env, const void *cmd, void *ret)
{
	const struct template_add_cmd *c = cmd;
	struct template_add_ret *r = ret;
	struct asked asked = {COMMAND_template_add, REQUEST_DIALECT, &c->request};
	struct template given = c->template, known;
	struct text result;
	bool found;
	*r = (struct template_add_ret){0};
	TRY(request_find(tx, env, &asked, &result, &found));
	if (found)
		return OK;
	TRY(template_check_columns(tx, &given, TEXT("coupon_id"), TEXT("end_time")));
	given.object = object_normal(env->arena, given.object, dropped);
	ROOM(given.object.data);
	TRY(template_find_live(tx, given.template_id, &known, &found));
	if (found && !is_same(&known, &given))
		return refuse(tx, FAULT_TEMPLATE_EXISTS, TEXT("coupon_id"), TEXT_NONE);
	r->made = !found;
	if (!found) {
		given.maker = MAKER_WJB;
		template_new(tx, env, &given);
		store_put(tx, TABLE_TEMPLATE, &given);
	}
	request_keep(tx, env, &asked, TEXT_NONE);
	return OK;
}

/* Members of the object that a row now says otherwise. */
uint64_t template_members_changed(const struct template *a, const struct template *b)
{
	uint64_t changed = 0;
	if (!text_equal(a->name, b->name))
		changed |= OBJECT_NAME;
	if (!text_equal(a->type, b->type))
		changed |= OBJECT_TYPE;
	if (a->has_amount != b->has_amount || a->amount.fen != b->amount.fen)
		changed |= OBJECT_AMOUNT;
	if (a->has_threshold != b->has_threshold || a->threshold.fen != b->threshold.fen)
		changed |= OBJECT_CONDITION;
	if (a->begin.ms != b->begin.ms)
		changed |= OBJECT_START;
	if (a->end.ms != b->end.ms)
		changed |= OBJECT_END;
	if (!text_equal(a->description, b->description))
		changed |= OBJECT_MEMO;
	if (a->has_total != b->has_total || a->total != b->total)
		changed |= OBJECT_TOTAL;
	if (a->per_person != b->per_person)
		changed |= OBJECT_PER_PERSON;
	return changed;
}

/* The record stays, because coupons show it; a later add with its id makes another one. */
enum fault template_delete(struct tx *tx, const struct env *env, const void *cmd, void *ret)
{
	const struct template_delete_cmd *c = cmd;
	struct template_delete_ret *r = ret;
	struct asked asked = {COMMAND_template_delete, REQUEST_DIALECT, &c->request};
	struct template template;
	struct tally uses;
	struct text result;
	bool found;
	*r = (struct template_delete_ret){0};
	TRY(request_find(tx, env, &asked, &result, &found));
	if (found)
		return OK;
	TRY(template_find(tx, c->template_id, TEXT("coupon_id"), &template));
	TRY(tally_guess(tx, TALLY_USES, template.number, &uses));
	if (uses.count)
		return refuse(tx, FAULT_TEMPLATE_IN_USE, TEXT("coupon_id"), TEXT_NONE);
	template.live = false;
	template.updated = env->instant;
	store_put(tx, TABLE_TEMPLATE, &template);
	request_keep(tx, env, &asked, TEXT_NONE);
	return OK;
}

enum fault template_list(struct tx *tx, const struct env *env, const void *cmd, void *ret)
{
	const struct template_list_cmd *c = cmd;
	struct template_list_ret *r = ret;
	struct window window = {.list = LIST_TEMPLATES,
				.from = c->from,
				.to = c->to,
				.skip = c->skip,
				.n = c->n,
				.oldest_first = c->oldest_first};
	*r = (struct template_list_ret){0};
	(void)env;
	return window_page(tx, &window, &r->rows, &r->n, &r->count);
}
