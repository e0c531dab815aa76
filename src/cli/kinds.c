/* The kinds of CSV file as data: see import.tbl.h. */
#include "cli/import.h"

#include "cli/import.tbl.h"

#define C(name, member, form, bound, required) \
	{name, offsetof(ROW, member), FORM_##form, bound, required},

#define ROW struct department_save_cmd
static const struct column departments[] = {COLUMNS_departments(C)};
#undef ROW
#define ROW struct customer_save_cmd
static const struct column customers[] = {COLUMNS_customers(C)};
#undef ROW
#define ROW struct template_save_cmd
static const struct column templates[] = {COLUMNS_templates(C)};
#undef ROW
#define ROW struct coupon_import_cmd
static const struct column coupons[] = {COLUMNS_coupons(C)};
#undef ROW
#define ROW struct audience_add_cmd
static const struct column audience[] = {COLUMNS_audience(C)};
#undef ROW

#define KIND(name, command)                                             \
	{                                                               \
#name, COMMAND_##command, sizeof(struct command##_cmd), \
		    sizeof(struct command##_ret), name, COUNT_OF(name)  \
	}
static const struct csv_kind kinds[] = {
    KIND(departments, department_save), KIND(customers, customer_save),
    KIND(templates, template_save),	KIND(coupons, coupon_import),
    KIND(audience, audience_add),
};

const struct csv_kind *csv_kind_find(const char *name)
{
	for (size_t i = 0; i < COUNT_OF(kinds); i++)
		if (strcmp(kinds[i].name, name) == 0)
			return &kinds[i];
	return NULL;
}

static const char *const state_names[] = {"unused", "redeemed", "frozen", "recalled", "expired"};

const char *coupon_state_name(enum coupon_state state)
{
	return state_names[state];
}

bool coupon_state_read(struct text name, enum coupon_state *ret_state)
{
	for (size_t i = 0; i < COUPON_EXPIRED; i++) {
		if (text_equal(name, text_of(state_names[i]))) {
			*ret_state = (enum coupon_state)i;
			return true;
		}
	}
	return false;
}
