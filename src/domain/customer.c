/*
 * Customers: saved, listed, planned and made.
 */
#include "domain/customer.h"
#include "domain/check.h"
#include "domain/id.h"
#include "domain/phone.h"
#include "domain/same.h"
#include "domain/unique.h"

enum { BY_ID, BY_CODE, BY_SOURCE, BY_NICK, BY_PHONE, BY_CARD };
static const struct unique_member members[] = {
    [BY_ID] = {UNIQUE_CUSTOMER_BY_ID, offsetof(struct customer, customer_id), "customer_id"},
    [BY_CODE] = {UNIQUE_CUSTOMER_BY_CODE, offsetof(struct customer, code), "code"},
    [BY_SOURCE] = {UNIQUE_CUSTOMER_BY_SOURCE, offsetof(struct customer, source_code),
		   "source_code"},
    [BY_NICK] = {UNIQUE_CUSTOMER_BY_NICK, offsetof(struct customer, nick), "nick"},
    [BY_PHONE] = {UNIQUE_CUSTOMER_BY_PHONE, offsetof(struct customer, phone), "phone"},
    [BY_CARD] = {UNIQUE_CUSTOMER_BY_CARD, offsetof(struct customer, card_no), "card_no"},
};
static const struct unique_kind kind = {members, COUNT_OF(members), sizeof(struct customer)};

struct text customer_label(const struct customer *c)
{
	return c->name.size ? c->name : c->nick;
}

struct text customer_label_tag(struct tx *tx, struct text label)
{
	struct text parts[] = {TEXT("customer label"), label};
	return label.size ? store_tag(tx, parts, COUNT_OF(parts)) : TEXT_NONE;
}

enum fault customer_follow(struct tx *tx, struct customer *c)
{
	if (!c->alias_of)
		return OK;
	*c = (struct customer){.number = c->alias_of};
	TRY(get_named(tx, TABLE_CUSTOMER, c));
	return c->alias_of ? FAULT_DATA_DAMAGED : OK;
}

/* owner.alias_of: whose. */
static struct page aliases_page(const struct customer *owner)
{
	return (struct page){
	    .list = LIST_ALIASES, .owner = owner, .n = ALIASES_MAX, .oldest_first = true};
}

void customer_want_lists(struct tx *tx, const struct customer *c)
{
	struct customer owner = {.alias_of = c->number};
	struct page aliases = aliases_page(&owner);
	aliases.n = c->merged ? ALIASES_MAX : 0;
	store_want_page(tx, &aliases);
	store_want_page(tx, &(struct page){.list = LIST_CUSTOMERS_ERASED});
	store_want_page(tx, &(struct page){.list = LIST_CUSTOMERS_UNSETTLED});
	if (c->label_tag.size)
		store_want_page(tx, &(struct page){.list = LIST_CUSTOMERS_BY_LABEL, .owner = c});
}

enum fault customer_aliases(struct tx *tx, const struct customer *c, struct customer **ret_rows,
			    unsigned *ret_n)
{
	struct customer owner = {.alias_of = c->number};
	struct page page = aliases_page(&owner);
	uint64_t count;
	*ret_n = 0;
	*ret_rows = NULL;
	return c->merged ? store_page(tx, &page, ret_rows, ret_n, &count) : OK;
}

enum fault customer_aliases_guess(struct tx *tx, const struct customer *c,
				  struct customer **ret_rows, unsigned *ret_n)
{
	struct customer owner = {.alias_of = c->number};
	struct page page = aliases_page(&owner);
	uint64_t count;
	*ret_n = 0;
	*ret_rows = NULL;
	return c->merged ? store_page_guess(tx, &page, ret_rows, ret_n, &count) : OK;
}

void customer_want_person(struct tx *tx, const struct customer *c)
{
	uint64_t person = c->alias_of ? c->alias_of : c->number;
	struct page page = aliases_page(&(struct customer){.alias_of = person});
	if (c->alias_of)
		store_want(tx, TABLE_CUSTOMER, &(struct customer){.number = person});
	if (c->alias_of || c->merged)
		store_want_page(tx, &page);
}

enum fault customer_is(struct tx *tx, uint64_t number, uint64_t asked, bool *ret_is)
{
	struct customer c = {.number = number};
	*ret_is = number == asked;
	if (*ret_is || !number || !asked)
		return OK;
	TRY(get_named(tx, TABLE_CUSTOMER, &c));
	*ret_is = c.alias_of == asked;
	return OK;
}

/* A phone in its one form; then as it was given, for records from before it had one. */
static enum fault find_own(struct tx *tx, unsigned member, struct text value, struct customer *ret,
			   bool *ret_found)
{
	struct phone memory;
	struct text one = member == BY_PHONE ? phone_one(value, &memory) : value;
	TRY(unique_find(tx, &kind, member, one, ret, ret_found));
	if (*ret_found || one.data == value.data)
		return OK;
	return unique_find(tx, &kind, member, value, ret, ret_found);
}

static enum fault find(struct tx *tx, unsigned member, struct text value, struct customer *ret,
		       bool *ret_found)
{
	TRY(find_own(tx, member, value, ret, ret_found));
	if (!*ret_found)
		return OK;
	customer_want_person(tx, ret);
	return customer_follow(tx, ret);
}

void customer_want_row(struct tx *tx, const struct customer *given)
{
	struct phone memory;
	struct customer row = *given;
	row.phone = phone_one(given->phone, &memory);
	unique_want(tx, &kind, &row);
	customer_want_phone(tx, given->phone);
}

void customer_want_phone(struct tx *tx, struct text phone)
{
	struct phone memory;
	if (!store_fetches(tx))
		return;
	struct customer row = {.phone = phone_one(phone, &memory)};
	store_want_unique(tx, UNIQUE_CUSTOMER_BY_PHONE, &row);
	row.phone = phone;
	if (phone.size <= TEXT_BYTES_MAX)
		store_want_unique(tx, UNIQUE_CUSTOMER_BY_PHONE, &row);
}

/* A number whose id no import has given to another. */
static enum fault plan_number(struct tx *tx, const struct env *env, struct customer *c)
{
	for (bool taken = true; taken;) {
		struct customer other;
		c->number = store_number(tx);
		if (c->customer_id.size)
			return OK;
		struct text id = id_text(env, c->number);
		TRY(unique_guess(tx, &kind, BY_ID, id, &other, &taken));
		if (!taken)
			c->customer_id = id;
	}
	return OK;
}

enum fault customer_plan(struct tx *tx, const struct env *env, struct customer *c)
{
	TRY(plan_number(tx, env, c));
	c->label_tag = customer_label_tag(tx, customer_label(c));
	c->created = c->updated = env->instant;
	return OK;
}

/* A slot is taken only here: it is never given back. */
void customer_make(struct tx *tx, struct person *p)
{
	if (!p->is_new)
		return;
	p->customer.key_slot = store_key_slot(tx);
	p->is_new = false;
	store_put(tx, TABLE_CUSTOMER, &p->customer);
}

/* Empty members clear; only an id, once given, stays. */
static void set(struct customer *c, const struct customer *given)
{
	if (given->customer_id.size)
		c->customer_id = given->customer_id;
	c->code = given->code;
	c->name = given->name;
	c->source_code = given->source_code;
	c->nick = given->nick;
	c->phone = given->phone;
	c->card_no = given->card_no;
}

/* A row with a name only is, when it comes again, the oldest that was made from such a row. */
static enum fault find_nameless(struct tx *tx, const struct customer *given, struct customer *ret,
				bool *ret_found)
{
	struct customer owner = {.label_tag = customer_label_tag(tx, given->name)}, *rows;
	struct page page = {.list = LIST_CUSTOMERS_BY_LABEL,
			    .owner = &owner,
			    .n = NAMESAKES_MAX,
			    .oldest_first = true};
	uint64_t count;
	unsigned n;
	if (!given->name.size)
		return refuse(tx, FAULT_PARAMETER_MISSING, text_of(members[BY_ID].name), TEXT_NONE);
	TRY(store_page(tx, &page, &rows, &n, &count));
	*ret_found = false;
	for (unsigned i = 0; i < n && !*ret_found; i++) {
		struct customer row = rows[i];
		row.customer_id = TEXT_NONE; /* made by the server, or it would have been given */
		*ret_found = text_equal(row.name, given->name) && !unique_named(&kind, &row);
		*ret = rows[i];
	}
	if (!*ret_found)
		*ret = (struct customer){0};
	return OK;
}

/* The customer that the row names; one whose phone is kept as it is given here comes last. */
static enum fault find_saved(struct tx *tx, const struct customer *row, struct text phone,
			     struct customer *ret, bool *ret_found)
{
	struct customer given = *row;
	if (!unique_named(&kind, &given))
		return find_nameless(tx, &given, ret, ret_found);
	TRY(unique_known(tx, &kind, &given, ret, ret_found));
	if (*ret_found || given.customer_id.size || phone.data == given.phone.data)
		return OK;
	TRY(unique_find(tx, &kind, BY_PHONE, phone, ret, ret_found));
	if (!*ret_found)
		*ret = (struct customer){0};
	return OK;
}

enum fault customer_save(struct tx *tx, const struct env *env, const void *cmd, void *ret)
{
	const struct customer_save_cmd *c = cmd;
	struct customer_save_ret *r = ret;
	struct customer given = c->customer, known;
	struct phone phone;
	bool found;
	*r = (struct customer_save_ret){0};
	TRY(check_name(tx, TEXT("name"), given.name));
	customer_want_row(tx, &given);
	given.phone = phone_one(given.phone, &phone);
	TRY(find_saved(tx, &given, c->customer.phone, &known, &found));
	if (found)
		r->customer_id = arena_text(env->arena, known.customer_id);
	if (found && known.alias_of)
		return OK;
	if (found && !instant_is_none(known.erased))
		return refuse(tx, FAULT_VALUE_TAKEN, text_of(members[BY_ID].name),
			      known.customer_id);
	TRY(unique_free(tx, &kind, &given, known.number));
	struct person saved = {.customer = known, .is_new = !found};
	set(&saved.customer, &given);
	if (!found) {
		TRY(customer_plan(tx, env, &saved.customer));
		customer_make(tx, &saved);
		r->customer_id = arena_text(env->arena, saved.customer.customer_id);
		r->made = true;
		return OK;
	}
	if (customer_same(&saved.customer, &known))
		return OK;
	saved.customer.label_tag = customer_label_tag(tx, customer_label(&saved.customer));
	saved.customer.updated = env->instant;
	r->changed = true;
	store_put(tx, TABLE_CUSTOMER, &saved.customer);
	return OK;
}

enum fault customer_list(struct tx *tx, const struct env *env, const void *cmd, void *ret)
{
	const struct customer_list_cmd *c = cmd;
	struct customer_list_ret *r = ret;
	struct page page = {
	    .list = LIST_CUSTOMERS, .from = c->from, .n = c->n, .oldest_first = true};
	(void)env;
	return store_page(tx, &page, &r->rows, &r->n, &r->count);
}

/* By which members a row names a customer, the first given first. */
static const unsigned row_order[] = {BY_ID, BY_PHONE, BY_CARD, BY_NICK, BY_CODE, BY_SOURCE};
_Static_assert(COUNT_OF(row_order) == CUSTOMER_NAMES, "every name has its place");

struct text customer_named(const struct customer *c, unsigned by)
{
	return *unique_value((void *)c, &members[row_order[by]]);
}

unsigned customer_named_by(const struct customer *c)
{
	unsigned by = 0;
	while (by < CUSTOMER_NAMES && !customer_named(c, by).size)
		by++;
	return by;
}

enum fault customer_known(struct tx *tx, const struct customer *given, struct customer *ret,
			  bool *ret_any)
{
	unsigned by = customer_named_by(given);
	bool found;
	*ret_any = by < CUSTOMER_NAMES;
	if (!*ret_any)
		return OK;
	TRY(find(tx, row_order[by], customer_named(given, by), ret, &found));
	if (!found || !instant_is_none(ret->erased))
		return refuse(tx, FAULT_CUSTOMER_UNKNOWN, TEXT("customer"), TEXT_NONE);
	return OK;
}

enum fault customer_want_followed(struct tx *tx, const struct customer *given)
{
	unsigned by = customer_named_by(given);
	struct customer known;
	bool found;
	if (by == CUSTOMER_NAMES)
		return OK;
	TRY(find_own(tx, row_order[by], customer_named(given, by), &known, &found));
	if (found)
		customer_want_person(tx, &known);
	return OK;
}

enum fault customer_of_row(struct tx *tx, const struct env *env, const struct customer *given,
			   struct person *ret, bool *ret_any)
{
	struct customer row = {.customer_id = given->customer_id,
			       .code = given->code,
			       .name = given->name,
			       .source_code = given->source_code,
			       .nick = given->nick,
			       .phone = given->phone,
			       .card_no = given->card_no};
	unsigned by = customer_named_by(&row);
	struct phone phone;
	bool found;
	*ret = (struct person){0};
	*ret_any = by < CUSTOMER_NAMES;
	customer_want_row(tx, &row);
	if (!*ret_any)
		return OK;
	TRY(find(tx, row_order[by], customer_named(&row, by), &ret->customer, &found));
	if (found)
		return OK;
	row.phone = arena_text(env->arena, phone_one(row.phone, &phone));
	TRY(unique_free(tx, &kind, &row, 0));
	*ret = (struct person){.customer = row, .is_new = true};
	return customer_plan(tx, env, &ret->customer);
}

enum fault customer_find_by_phone(struct tx *tx, struct text phone, struct customer *ret,
				  bool *ret_found)
{
	return find(tx, BY_PHONE, phone, ret, ret_found);
}

enum fault customer_find_by_card(struct tx *tx, struct text card_no, struct customer *ret,
				 bool *ret_found)
{
	return find(tx, BY_CARD, card_no, ret, ret_found);
}

enum fault customer_find_by_id(struct tx *tx, struct text customer_id, struct customer *ret,
			       bool *ret_found)
{
	return find(tx, BY_ID, customer_id, ret, ret_found);
}

enum fault customer_with_id(struct tx *tx, struct text customer_id, struct customer *ret,
			    bool *ret_found)
{
	return unique_find(tx, &kind, BY_ID, customer_id, ret, ret_found);
}
