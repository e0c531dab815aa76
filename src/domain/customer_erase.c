/*
 * Erasing a person. One command takes everything PERSONAL from the record and from those that were
 * merged into it; the store's part (the keys) and the rows of others follow: customer_settle.
 */
#include "domain/check.h"
#include "domain/customer.h"

static unsigned erase(struct tx *tx, const struct env *env, struct customer *c)
{
	if (!instant_is_none(c->erased))
		return 0;
	store_forget(TABLE_CUSTOMER, c);
	c->label_tag = TEXT_NONE;
	c->erased = c->updated = env->instant;
	c->unsettled = true;
	c->walked = c->walked_to = 0;
	store_put(tx, TABLE_CUSTOMER, c);
	return 1;
}

enum fault customer_erase(struct tx *tx, const struct env *env, const void *cmd, void *ret)
{
	const struct customer_erase_cmd *c = cmd;
	struct customer_erase_ret *r = ret;
	struct customer person, *aliases;
	unsigned n;
	bool found;
	*r = (struct customer_erase_ret){0};
	TRY(check_given(tx, TEXT("customer_id"), c->customer_id));
	TRY(customer_find_by_id(tx, c->customer_id, &person, &found));
	if (!found)
		return refuse(tx, FAULT_CUSTOMER_UNKNOWN, TEXT("customer_id"), c->customer_id);
	customer_want_lists(tx, &person);
	TRY(customer_aliases(tx, &person, &aliases, &n));
	for (unsigned i = 0; i < n; i++)
		customer_want_lists(tx, &aliases[i]);
	for (unsigned i = 0; i < n; i++)
		r->erased += erase(tx, env, &aliases[i]);
	r->erased += erase(tx, env, &person);
	return OK;
}
