/*
 * Departments: saved whole by one of their three unique names, listed, and found by what other
 * commands call them.
 */
#include "domain/department.h"
#include "domain/check.h"
#include "domain/id.h"
#include "domain/same.h"
#include "domain/unique.h"

enum { BY_ID, BY_CODE, BY_SOURCE };
static const struct unique_member members[] = {
    [BY_ID] = {UNIQUE_DEPARTMENT_BY_ID, offsetof(struct department, department_id),
	       "department_id"},
    [BY_CODE] = {UNIQUE_DEPARTMENT_BY_CODE, offsetof(struct department, code), "code"},
    [BY_SOURCE] = {UNIQUE_DEPARTMENT_BY_SOURCE, offsetof(struct department, source_code),
		   "source_code"},
};
static const struct unique_kind kind = {members, COUNT_OF(members), sizeof(struct department)};

/* A number whose id no import has given to another. */
static enum fault plan(struct tx *tx, const struct env *env, struct department *d)
{
	for (bool taken = true; taken;) {
		struct department other;
		d->number = store_number(tx);
		if (d->department_id.size)
			return OK;
		struct text id = id_text(env, d->number);
		TRY(unique_guess(tx, &kind, BY_ID, id, &other, &taken));
		if (!taken)
			d->department_id = id;
	}
	return OK;
}

/* Empty members clear; only an id, once given, stays. */
static void set(struct department *d, const struct department *given)
{
	if (given->department_id.size)
		d->department_id = given->department_id;
	d->code = given->code;
	d->name = given->name;
	d->source_code = given->source_code;
}

/* A row with a name only is, when it comes again, the oldest that was made from such a row. */
static enum fault find_nameless(struct tx *tx, const struct department *given,
				struct department *ret, bool *ret_found)
{
	struct department owner = {.name = given->name}, *rows;
	struct page page = {.list = LIST_DEPARTMENTS_BY_NAME,
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
		*ret_found = !rows[i].code.size && !rows[i].source_code.size;
		*ret = rows[i];
	}
	if (!*ret_found)
		*ret = (struct department){0};
	return OK;
}

enum fault department_save(struct tx *tx, const struct env *env, const void *cmd, void *ret)
{
	const struct department_save_cmd *c = cmd;
	struct department_save_ret *r = ret;
	struct department given = c->department, saved;
	bool found;
	*r = (struct department_save_ret){0};
	TRY(check_name(tx, TEXT("name"), given.name));
	unique_want(tx, &kind, &given);
	if (unique_named(&kind, &given))
		TRY(unique_known(tx, &kind, &given, &saved, &found));
	else
		TRY(find_nameless(tx, &given, &saved, &found));
	TRY(unique_free(tx, &kind, &given, saved.number));
	struct department before = saved;
	set(&saved, &given);
	r->department_id = arena_text(env->arena, saved.department_id);
	if (found && department_same(&saved, &before))
		return OK;
	if (!found) {
		TRY(plan(tx, env, &saved));
		saved.created = env->instant;
	}
	saved.updated = env->instant;
	*r = (struct department_save_ret){.made = !found,
					  .changed = found,
					  .department_id =
					      arena_text(env->arena, saved.department_id)};
	store_put(tx, TABLE_DEPARTMENT, &saved);
	return OK;
}

enum fault department_list(struct tx *tx, const struct env *env, const void *cmd, void *ret)
{
	const struct department_list_cmd *c = cmd;
	struct department_list_ret *r = ret;
	struct page page = {
	    .list = LIST_DEPARTMENTS, .from = c->from, .n = c->n, .oldest_first = true};
	(void)env;
	return store_page(tx, &page, &r->rows, &r->n, &r->count);
}

static enum fault find_by_name(struct tx *tx, struct text name, struct department *ret,
			       uint64_t *ret_count)
{
	struct department owner = {.name = name}, *rows;
	unsigned n;
	struct page page = {.list = LIST_DEPARTMENTS_BY_NAME, .owner = &owner, .n = 1};
	TRY(store_page(tx, &page, &rows, &n, ret_count));
	if (n)
		*ret = rows[0];
	return OK;
}

void department_want(struct tx *tx, const struct references *references)
{
	static const unsigned member_by[] = {
	    [REFERENCE_ID] = BY_ID, [REFERENCE_CODE] = BY_CODE, [REFERENCE_SOURCE] = BY_SOURCE};
	for (unsigned i = 0; i < references->n; i++) {
		struct department d = {.name = references->items[i]};
		struct page page = {.list = LIST_DEPARTMENTS_BY_NAME, .owner = &d, .n = 1};
		if (references->kind == REFERENCE_NAME) {
			store_want_page(tx, &page);
			continue;
		}
		const struct unique_member *m = &members[member_by[references->kind]];
		*unique_value(&d, m) = references->items[i];
		store_want_unique(tx, m->unique, &d);
	}
}

enum fault department_refer(struct tx *tx, enum reference by, struct text value,
			    struct department *ret, uint64_t *ret_count)
{
	static const unsigned member_by[] = {
	    [REFERENCE_ID] = BY_ID, [REFERENCE_CODE] = BY_CODE, [REFERENCE_SOURCE] = BY_SOURCE};
	bool found;
	if (by == REFERENCE_NAME)
		return find_by_name(tx, value, ret, ret_count);
	must(by == REFERENCE_ID || by == REFERENCE_CODE || by == REFERENCE_SOURCE);
	TRY(unique_find(tx, &kind, member_by[by], value, ret, &found));
	*ret_count = found;
	return OK;
}
