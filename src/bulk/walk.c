/*
 * All there are of a kind, oldest first, a slice of at most BULK_SLICE records at a time. Each
 * slice may see another state of the store: what is deleted meanwhile can move a record past a
 * slice's edge; what comes meanwhile comes last.
 *
 * The position is a rank; of an audience: the campaign's rank, which of its lists, the rank there.
 */
#include "bulk/slices.h"
#include "domain/timeline.h"

static void passed(struct bulk_walk *w, uint64_t n, uint64_t count)
{
	w->rows += n;
	w->position += n;
	w->done = w->position;
	w->count = count;
	w->end = !n || w->position >= count;
}

enum fault slice_departments(struct bulk_walk *w, struct buffer *out)
{
	struct department_list_cmd cmd = {.from = w->position, .n = BULK_SLICE};
	struct department_list_ret ret = {0};
	TRY(w->read(w->context, COMMAND_department_list, &cmd, &ret));
	for (unsigned i = 0; i < ret.n; i++)
		bulk_write_row(out, w->kind, w->format,
			       &(struct department_save_cmd){.department = ret.rows[i]});
	passed(w, ret.n, ret.count);
	return OK;
}

enum fault slice_customers(struct bulk_walk *w, struct buffer *out)
{
	struct customer_list_cmd cmd = {.from = w->position, .n = BULK_SLICE};
	struct customer_list_ret ret = {0};
	TRY(w->read(w->context, COMMAND_customer_list, &cmd, &ret));
	for (unsigned i = 0; i < ret.n; i++)
		bulk_write_row(out, w->kind, w->format,
			       &(struct customer_save_cmd){.customer = ret.rows[i]});
	passed(w, ret.n, ret.count);
	return OK;
}

/* --- templates --- */

struct bulk_template bulk_template_row(const struct bulk_words *words, const struct template *t,
				       const struct provider *p, struct buffer *json)
{
	struct bulk_template row = {.save = {.template = *t}};
	buffer_clear(json);
	words->write_terms(json, t, p);
	row.terms = buffer_get(json);
	return row;
}

enum fault slice_templates(struct bulk_walk *w, struct buffer *out)
{
	struct template_list_cmd cmd = {.skip = w->position, .n = BULK_SLICE, .oldest_first = true};
	struct template_list_ret ret = {0};
	struct provider_list_cmd all = {.n = PROVIDERS_MAX};
	struct provider_list_ret providers = {0};
	struct buffer json;
	TRY(w->read(w->context, COMMAND_template_list, &cmd, &ret));
	if (have_provider(&ret))
		TRY(w->read(w->context, COMMAND_provider_list, &all, &providers));
	buffer_init(&json, CSV_ROW_BYTES_MAX);
	for (unsigned i = 0; i < ret.n; i++) {
		const struct template *t = &ret.rows[i];
		const struct provider *p = provider_of(&providers, t->provider);
		struct bulk_template row = bulk_template_row(w->words, t, p, &json);
		bulk_write_row(out, w->kind, w->format, &row);
	}
	buffer_release(&json);
	passed(w, ret.n, ret.count);
	return OK;
}

/* --- coupons and what happened to them --- */

struct coupon_import_cmd bulk_coupon_row(const struct coupon_view *view)
{
	struct coupon_import_cmd row = {
	    .code = view->code,
	    .template_id = view->template->template_id,
	    .channel = view->coupon->channel,
	    .state = (enum coupon_state)view->coupon->state,
	    .issued = view->coupon->issued,
	    .begin = view->coupon->begin,
	    .end = view->coupon->end,
	    .attribute = view->coupon->attribute,
	};
	if (view->customer) {
		row.customer_id = view->customer->customer_id;
		row.phone = view->customer->phone;
		row.card_no = view->customer->card_no;
		row.nick = view->customer->nick;
	}
	return row;
}

static enum fault read_coupons(struct bulk_walk *w, struct coupon_query_ret *ret)
{
	struct coupon_query_cmd cmd = {.skip = w->position, .n = BULK_SLICE, .oldest_first = true};
	*ret = (struct coupon_query_ret){0};
	return w->read(w->context, COMMAND_coupon_query, &cmd, ret);
}

enum fault slice_coupons(struct bulk_walk *w, struct buffer *out)
{
	struct coupon_query_ret ret;
	TRY(read_coupons(w, &ret));
	for (unsigned i = 0; i < ret.n; i++) {
		struct coupon_import_cmd row = bulk_coupon_row(&ret.rows[i]);
		bulk_write_row(out, w->kind, w->format, &row);
	}
	passed(w, ret.n, ret.count);
	return OK;
}

enum fault bulk_write_events(struct buffer *out, const struct bulk_kind *kind,
			     enum bulk_format format, const struct coupon_view *view,
			     struct arena *arena, uint64_t *ret_n)
{
	const struct env env = {.arena = arena};
	struct arena_mark mark = arena_mark(arena);
	struct timeline timeline;
	TRY(timeline_read(&env, view->coupon, &timeline));
	for (unsigned i = 0; i < timeline.n; i++) {
		const struct event *e = &timeline.events[i];
		struct bulk_event row = {
		    .code = view->code,
		    .template_id = view->template->template_id,
		    .customer_id = view->customer ? view->customer->customer_id : TEXT_NONE,
		    .event = *e,
		    .has_discount = e->kind == EVENT_REDEEMED || e->kind == EVENT_REVERSED};
		bulk_write_row(out, kind, format, &row);
	}
	*ret_n = timeline.n;
	arena_rewind(arena, mark);
	return OK;
}

enum fault slice_events(struct bulk_walk *w, struct buffer *out)
{
	struct coupon_query_ret ret;
	uint64_t rows = w->rows, n;
	TRY(read_coupons(w, &ret));
	for (unsigned i = 0; i < ret.n; i++) {
		TRY(bulk_write_events(out, w->kind, w->format, &ret.rows[i], w->arena, &n));
		rows += n;
	}
	passed(w, ret.n, ret.count);
	w->rows = rows;
	return OK;
}

/* --- webhooks --- */

static struct text event_names(struct arena *arena, uint64_t kinds)
{
	struct text names = TEXT_NONE;
	if (kinds == WEBHOOK_KINDS_ALL)
		return TEXT("*");
	for (unsigned k = 0; k < NOTICE_KINDS_MAX; k++)
		if (kinds >> k & 1 && notice_row_get(k))
			names = arena_format(arena, "%.*s%s%s", TEXT_ARG(names),
					     names.size ? " " : "", notice_row_get(k)->wire);
	return names;
}

enum fault slice_webhooks(struct bulk_walk *w, struct buffer *out)
{
	struct webhook_list_cmd cmd = {.from = w->position, .n = BULK_SLICE};
	struct webhook_list_ret ret = {0};
	TRY(w->read(w->context, COMMAND_webhook_list, &cmd, &ret));
	for (unsigned i = 0; i < ret.n; i++) {
		const struct webhook *webhook = &ret.rows[i];
		struct bulk_webhook row = {.id = webhook->number,
					   .url = webhook->url,
					   .events = event_names(w->arena, webhook->kinds),
					   .label = webhook->label,
					   .created = webhook->created,
					   .failing = webhook->failing,
					   .suspended = webhook->suspended};
		bulk_write_row(out, w->kind, w->format, &row);
	}
	passed(w, ret.n, ret.count);
	return OK;
}

/* --- campaigns and their audiences --- */

static enum fault read_campaigns(struct bulk_walk *w, struct campaign_list_cmd cmd,
				 struct campaign_list_ret *ret)
{
	cmd.all = cmd.oldest_first = true;
	*ret = (struct campaign_list_ret){0};
	return w->read(w->context, COMMAND_campaign_list, &cmd, ret);
}

struct bulk_campaign bulk_campaign_row(const struct campaign *c)
{
	return (struct bulk_campaign){.save = {.source_code = c->source_code,
					       .code = c->code,
					       .name = c->name,
					       .type_code = c->type_code,
					       .register_url = c->register_url,
					       .information = c->information,
					       .status = c->status,
					       .begin = c->begin,
					       .end = c->end},
				      .activity_id = c->activity_id,
				      .created = c->created,
				      .modified = c->modified};
}

void bulk_campaign_say(const struct bulk_words *words, const struct campaign *c,
		       const struct campaign_shown *shown, struct buffer *json,
		       struct bulk_campaign *row)
{
	buffer_clear(json);
	if (c->phase != PHASE_NONE)
		words->write_plan(json, c, &shown->rewards);
	size_t plan = json->size;
	if (shown->department_count)
		words->write_departments(json, shown->departments, shown->department_count);
	struct text both = buffer_get(json);
	row->plan = plan ? (struct text){both.data, plan} : TEXT_NONE;
	if (both.size > plan)
		row->departments = (struct text){both.data + plan, both.size - plan};
}

enum fault slice_campaigns(struct bulk_walk *w, struct buffer *out)
{
	struct campaign_list_ret ret;
	struct buffer json;
	TRY(read_campaigns(
	    w, (struct campaign_list_cmd){.skip = w->position, .n = BULK_SLICE, .shown = true},
	    &ret));
	buffer_init(&json, CSV_ROW_BYTES_MAX);
	for (unsigned i = 0; i < ret.n; i++) {
		struct bulk_campaign row = bulk_campaign_row(&ret.rows[i]);
		bulk_campaign_say(w->words, &ret.rows[i], &ret.shown[i], &json, &row);
		bulk_write_row(out, w->kind, w->format, &row);
	}
	buffer_release(&json);
	passed(w, ret.n, ret.count);
	return OK;
}

enum { MARKS = MARK_PENDING + 1, RANK_BITS = 32 };

/* In an earlier list of the walk already. */
static bool was_written(enum mark mark, const struct campaign *c, const struct member *m)
{
	bool covered = m->cover && m->cover == c->cover;
	bool late = mark == MARK_REGISTERED || mark == MARK_PENDING;
	return (mark != MARK_COVERED && covered) || (late && m->invited);
}

struct audience_add_cmd bulk_member_row(const struct campaign *c, const struct member *m,
					const struct customer *customer)
{
	bool erased = !instant_is_none(customer->erased);
	return (struct audience_add_cmd){
	    .source_code = c->source_code,
	    .customer = *customer,
	    .marks = {.covered = m->cover && m->cover == c->cover,
		      .invited = m->invited,
		      .registered = m->registered,
		      .pending = m->pending,
		      .rewarded = m->given & TODO_COVERED,
		      .register_rewarded = m->given & TODO_REGISTERED,
		      .registered_at = m->registered_at,
		      .information = erased ? TEXT_NONE : m->information}};
}

static void write_member(struct bulk_walk *w, const struct campaign *c,
			 const struct audience_person *person, struct buffer *out)
{
	struct audience_add_cmd row = bulk_member_row(c, &person->member, &person->customer);
	bulk_write_row(out, w->kind, w->format, &row);
	w->rows++;
}

/* A page of one list. */
static enum fault audience_list(struct bulk_walk *w, const struct campaign *c, enum mark mark,
				struct buffer *out)
{
	uint64_t from = w->position & ((UINT64_C(1) << RANK_BITS) - 1);
	struct audience_page_cmd cmd = {
	    .campaign = c->number, .cover = c->cover, .mark = mark, .from = from, .n = BULK_SLICE};
	struct audience_page_ret ret = {0};
	TRY(w->read(w->context, COMMAND_audience_page, &cmd, &ret));
	for (unsigned i = 0; i < ret.n; i++)
		if (!was_written(mark, c, &ret.rows[i].member))
			write_member(w, c, &ret.rows[i], out);
	if (ret.n && from + ret.n < ret.count)
		w->position += ret.n;
	else
		w->position = ((w->position >> RANK_BITS) + 1) << RANK_BITS;
	return OK;
}

enum fault slice_audience(struct bulk_walk *w, struct buffer *out)
{
	uint64_t list = w->position >> RANK_BITS;
	struct campaign_list_ret ret;
	TRY(read_campaigns(w, (struct campaign_list_cmd){.skip = list / MARKS, .n = 1}, &ret));
	w->done = list / MARKS;
	w->count = ret.count;
	w->end = !ret.n;
	return ret.n ? audience_list(w, &ret.rows[0], (enum mark)(list % MARKS), out) : OK;
}

enum fault bulk_slice(struct bulk_walk *w, struct buffer *out)
{
	return w->kind->slice(w, out);
}
