/*
 * What became of the records that ledger entries name: their rows as they are now. An entry has
 * what is personal sealed, so its own images could not be shown; and a reader who puts rows one
 * over the other ends with the same.
 */
#include "bulk/changed.h"
#include "domain/campaign.h"
#include "domain/coupon.h"
#include "domain/provider.h"

static bool touches(const struct bulk_kind *kind, const struct ledger_image *image,
		    uint64_t *ret_number)
{
	struct text name = text_of(kind->name);
	switch ((int)image->table) {
	case TABLE_COUPON: /* one that moves is deleted under its old key, and put */
		*ret_number = ((const struct coupon *)image->record)->id;
		return !image->gone &&
		       (text_equal(name, TEXT("coupons")) || text_equal(name, TEXT("events")));
	case TABLE_CUSTOMER:
		*ret_number = ((const struct customer *)image->record)->number;
		return text_equal(name, TEXT("customers"));
	case TABLE_DEPARTMENT:
		*ret_number = ((const struct department *)image->record)->number;
		return text_equal(name, TEXT("departments"));
	case TABLE_TEMPLATE:
		*ret_number = ((const struct template *)image->record)->number;
		return text_equal(name, TEXT("templates"));
	case TABLE_CAMPAIGN:
		*ret_number = ((const struct campaign *)image->record)->number;
		return text_equal(name, TEXT("campaigns"));
	default:
		return false;
	}
}

bool bulk_touches(const struct bulk_kind *kind, const struct ledger_entry *entry,
		  const struct ledger_image *image, struct bulk_key *ret_key)
{
	*ret_key = (struct bulk_key){0};
	if (text_equal(text_of(kind->name), TEXT("audience")))
		return touches_audience(entry, image, ret_key);
	return touches(kind, image, &ret_key->number);
}

void write_changed(const struct bulk_changed_cmd *c, const void *row, bool gone)
{
	buffer_text(c->out, c->before);
	bulk_write_object(c->out, c->kind, row);
	buffer_text(c->out, gone ? TEXT(",\"gone\":true") : TEXT_NONE);
	buffer_text(c->out, c->behind);
}

/* --- coupons --- */

static enum fault find_coupons(struct tx *tx, const struct bulk_changed_cmd *c, struct coupon *rows,
			       unsigned *ret_n)
{
	*ret_n = 0;
	for (unsigned i = 0; i < c->n; i++)
		store_want_unique(tx, UNIQUE_COUPON_BY_ID,
				  &(struct coupon){.id = c->keys[i].number});
	for (unsigned i = 0; i < c->n; i++) {
		bool found;
		rows[*ret_n] = (struct coupon){.id = c->keys[i].number};
		TRY(store_find(tx, UNIQUE_COUPON_BY_ID, &rows[*ret_n], &found));
		*ret_n += found;
	}
	return OK;
}

static enum fault write_events(const struct bulk_changed_cmd *c, const struct env *env,
			       const struct coupon_view *view)
{
	struct buffer lines;
	uint64_t n;
	buffer_init(&lines, RECORD_BYTES_MAX * 4);
	enum fault fault = bulk_write_events(&lines, c->kind, BULK_NDJSON, view, env->arena, &n);
	for (struct text rest = buffer_get(&lines); fault == OK && rest.size;) {
		struct text line = text_cut(&rest, '\n');
		buffer_text(c->out, line.size ? c->before : TEXT_NONE);
		buffer_text(c->out, line);
		buffer_text(c->out, line.size ? c->behind : TEXT_NONE);
	}
	buffer_release(&lines);
	return fault;
}

static enum fault changed_coupons(struct tx *tx, const struct env *env,
				  const struct bulk_changed_cmd *c)
{
	struct coupon *coupons = ARENA_ARRAY(env->arena, struct coupon, c->n + 1);
	struct coupon_view *views;
	unsigned n;
	if (!coupons)
		return FAULT_ANSWER_TOO_LARGE;
	TRY(find_coupons(tx, c, coupons, &n));
	TRY(coupon_view_all(tx, env, coupons, n, &views));
	for (unsigned i = 0; i < n; i++) {
		struct coupon_import_cmd row = bulk_coupon_row(&views[i]);
		if (c->kind->slice && text_equal(text_of(c->kind->name), TEXT("events")))
			TRY(write_events(c, env, &views[i]));
		else
			write_changed(c, &row, false);
	}
	return OK;
}

/* --- the others --- */

static enum fault get_record(struct tx *tx, enum table table, void *record, bool *ret_found)
{
	store_want(tx, table, record);
	return store_get(tx, table, record, ret_found);
}

static enum fault changed_template(struct tx *tx, const struct bulk_changed_cmd *c,
				   struct template t, struct buffer *json)
{
	struct provider provider = {0};
	bool found;
	TRY(get_record(tx, TABLE_TEMPLATE, &t, &found));
	if (found && t.provider)
		TRY(provider_get(tx, t.provider, &provider));
	if (!found)
		return OK;
	struct bulk_template row =
	    bulk_template_row(c->words, &t, t.provider ? &provider : NULL, json);
	write_changed(c, &row, !t.live);
	return OK;
}

/* Of one that was deleted nothing but what it was called. */
static enum fault changed_campaign(struct tx *tx, const struct env *env,
				   const struct bulk_changed_cmd *c, struct campaign campaign,
				   struct buffer *json)
{
	struct campaign_shown shown = {0};
	bool found;
	TRY(get_record(tx, TABLE_CAMPAIGN, &campaign, &found));
	if (found && campaign.live)
		TRY(campaign_show(tx, env, &campaign, &shown));
	if (!found)
		return OK;
	struct bulk_campaign row = bulk_campaign_row(&campaign);
	if (campaign.live)
		bulk_campaign_say(c->words, &campaign, &shown, json, &row);
	write_changed(c, &row, !campaign.live);
	return OK;
}

static enum fault changed_record(struct tx *tx, const struct env *env,
				 const struct bulk_changed_cmd *c, uint64_t number,
				 struct buffer *json)
{
	struct text name = text_of(c->kind->name);
	bool found = false;
	if (text_equal(name, TEXT("customers"))) {
		struct customer_save_cmd row = {.customer = {.number = number}};
		TRY(get_record(tx, TABLE_CUSTOMER, &row.customer, &found));
		if (found)
			write_changed(c, &row, false);
	} else if (text_equal(name, TEXT("departments"))) {
		struct department_save_cmd row = {.department = {.number = number}};
		TRY(get_record(tx, TABLE_DEPARTMENT, &row.department, &found));
		if (found)
			write_changed(c, &row, false);
	} else if (text_equal(name, TEXT("templates"))) {
		return changed_template(tx, c, (struct template){.number = number}, json);
	} else {
		return changed_campaign(tx, env, c, (struct campaign){.number = number}, json);
	}
	return OK;
}

static enum fault changed_records(struct tx *tx, const struct env *env,
				  const struct bulk_changed_cmd *c)
{
	enum fault fault = OK;
	struct buffer json;
	buffer_init(&json, CSV_ROW_BYTES_MAX);
	for (unsigned i = 0; fault == OK && i < c->n; i++)
		fault = changed_record(tx, env, c, c->keys[i].number, &json);
	buffer_release(&json);
	return fault;
}

enum fault bulk_changed(struct tx *tx, const struct env *env, const void *cmd, void *ret)
{
	const struct bulk_changed_cmd *c = cmd;
	struct text name = text_of(c->kind->name);
	size_t before = c->out->size;
	enum fault fault;
	(void)ret;
	if (text_equal(name, TEXT("coupons")) || text_equal(name, TEXT("events")))
		fault = changed_coupons(tx, env, c);
	else if (text_equal(name, TEXT("audience")))
		fault = changed_audience(tx, c);
	else
		fault = changed_records(tx, env, c);
	if (fault != OK)
		c->out->size = before; /* a part is no answer */
	return fault;
}
