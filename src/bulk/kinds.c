/* The kinds of row as data: see kinds.tbl.h. */
#include "bulk/bulk.h"
#include "bulk/kinds.tbl.h"
#include "bulk/slices.h"

#define C(name, member, form, bound, use)            \
	{name,	offsetof(ROW, member),	FORM_##form, \
	 bound, (enum column_use)(use), TEXT(",\"" name "\":")},

#define ROW struct department_save_cmd
static const struct column departments[] = {COLUMNS_departments(C)};
#undef ROW
#define ROW struct customer_save_cmd
static const struct column customers[] = {COLUMNS_customers(C)};
#undef ROW
#define ROW struct bulk_template
static const struct column templates[] = {COLUMNS_templates(C)};
#undef ROW
#define ROW struct coupon_import_cmd
static const struct column coupons[] = {COLUMNS_coupons(C)};
#undef ROW
#define ROW struct bulk_campaign
static const struct column campaigns[] = {COLUMNS_campaigns(C)};
#undef ROW
#define ROW struct audience_add_cmd
static const struct column audience[] = {COLUMNS_audience(C)};
#undef ROW
#define ROW struct bulk_event
static const struct column events[] = {COLUMNS_events(C)};
#undef ROW
#define ROW struct bulk_webhook
static const struct column webhooks[] = {COLUMNS_webhooks(C)};
#undef ROW
#define ROW struct customer
static const struct column holders[] = {COLUMNS_holders(C)};
#undef ROW
#define ROW struct bulk_outcome
static const struct column outcomes[] = {COLUMNS_outcomes(C)};
#undef ROW
#define ROW struct coupon_change_cmd
static const struct column recalls[] = {COLUMNS_recalls(C)};
static const struct column extends[] = {COLUMNS_extends(C)};
#undef ROW

#define KIND(name, row, command)                                                                  \
	{                                                                                         \
#name, COMMAND_##command, sizeof(struct row), sizeof(struct command##_ret), name, \
		    COUNT_OF(name), slice_##name                                                  \
	}
#define SHOWN(name, row)                                                                          \
	{                                                                                         \
#name, (enum command)0, sizeof(struct row), 0, name, COUNT_OF(name), slice_##name \
	}
static const struct bulk_kind kinds[] = {
    KIND(departments, department_save_cmd, department_save),
    KIND(customers, customer_save_cmd, customer_save),
    KIND(templates, bulk_template, template_save),
    KIND(coupons, coupon_import_cmd, coupon_import),
    KIND(campaigns, bulk_campaign, campaign_save),
    KIND(audience, audience_add_cmd, audience_add),
    SHOWN(events, bulk_event),
    SHOWN(webhooks, bulk_webhook),
};

const struct bulk_kind bulk_holders = {
    "holders", (enum command)0, sizeof(struct customer), 0, holders, COUNT_OF(holders), NULL,
};
const struct bulk_kind bulk_recalls = {
    "recalls",
    COMMAND_coupon_change,
    sizeof(struct coupon_change_cmd),
    sizeof(struct coupon_change_ret),
    recalls,
    COUNT_OF(recalls),
    NULL,
};
const struct bulk_kind bulk_extends = {
    "extends",
    COMMAND_coupon_change,
    sizeof(struct coupon_change_cmd),
    sizeof(struct coupon_change_ret),
    extends,
    COUNT_OF(extends),
    NULL,
};

const struct bulk_kind bulk_outcomes = {
    "outcomes", (enum command)0, sizeof(struct bulk_outcome), 0, outcomes, COUNT_OF(outcomes), NULL,
};

const struct bulk_kind *bulk_kind_find(struct text name)
{
	for (size_t i = 0; i < COUNT_OF(kinds); i++)
		if (text_equal(text_of(kinds[i].name), name))
			return &kinds[i];
	return NULL;
}

static bool is_called(const struct bulk_kind *kind, struct text name)
{
	return text_equal(text_of(kind->name), name);
}

bool bulk_kind_is_for_administrators(const struct bulk_kind *kind)
{
	return is_called(kind, TEXT("webhooks"));
}

bool bulk_kind_can_be_followed(const struct bulk_kind *kind)
{
	return !is_called(kind, TEXT("webhooks"));
}

void bulk_kind_names(struct buffer *b, bool import)
{
	for (size_t i = 0; i < COUNT_OF(kinds); i++) {
		if (import && !kinds[i].command)
			continue;
		buffer_text(b, i ? TEXT(", ") : TEXT_NONE);
		buffer_text(b, text_of(kinds[i].name));
	}
}

/* --- formats --- */

static bool ends_in(struct text t, struct text end)
{
	return t.size > end.size && memcmp(t.data + t.size - end.size, end.data, end.size) == 0;
}

enum bulk_format bulk_format_of(const char *file)
{
	struct text name = text_of(file);
	return ends_in(name, TEXT(".ndjson")) || ends_in(name, TEXT(".jsonl")) ? BULK_NDJSON
									       : BULK_CSV;
}

bool bulk_format_read(struct text name, enum bulk_format *ret)
{
	*ret = text_equal(name, TEXT("ndjson")) ? BULK_NDJSON : BULK_CSV;
	return *ret == BULK_NDJSON || text_equal(name, TEXT("csv"));
}

/* --- words --- */

static const struct text state_names[] = {TEXT("unused"), TEXT("redeemed"), TEXT("frozen"),
					  TEXT("recalled"), TEXT("expired")};

struct text coupon_state_name(enum coupon_state state)
{
	return state_names[state];
}

bool coupon_state_read(struct text name, enum coupon_state *ret_state)
{
	for (size_t i = 0; i < COUPON_EXPIRED; i++) {
		if (text_equal(name, state_names[i])) {
			*ret_state = (enum coupon_state)i;
			return true;
		}
	}
	return false;
}
