/*
 * Results -> replies: {"response":{"code":0,...}}.
 *
 * A coupon or activity is printed as its object was sent, value by value and byte for byte; only
 * members whose bit is set in `changed` (another dialect has written them since) are printed from
 * the record, and what the server sets is appended. Records that no WangJuBao call made have no
 * object and are printed from the record alone.
 */
#include "dialect/wjb/wjb.h"

/* What the record says of one member, as JSON; no bytes: nothing. */
typedef struct text member_text(struct arena *a, const void *record);

static struct text json_of_text(struct arena *a, struct text t)
{
	struct buffer b;
	size_t room = 6 * t.size + 2;
	char *memory = t.size ? arena_take(a, room) : NULL;
	if (!memory)
		return TEXT_NONE;
	buffer_init_fixed(&b, memory, room);
	buffer_json_text(&b, t);
	return buffer_get(&b);
}

static struct text json_of_number(struct arena *a, bool has, uint64_t value)
{
	return has ? arena_format(a, "%llu", (unsigned long long)value) : TEXT_NONE;
}

static struct text json_of_yuan(struct arena *a, bool has, struct money amount)
{
	char digits[32];
	struct buffer b;
	if (!has)
		return TEXT_NONE;
	buffer_init_fixed(&b, digits, sizeof(digits));
	buffer_money_yuan(&b, amount);
	return arena_text(a, buffer_get(&b));
}

static struct text json_of_second(struct arena *a, struct instant i)
{
	char digits[MOMENT_SECOND_SIZE + 2];
	struct buffer b;
	if (instant_is_none(i))
		return TEXT_NONE;
	buffer_init_fixed(&b, digits, sizeof(digits));
	buffer_byte(&b, '"');
	buffer_moment_second(&b, i);
	buffer_byte(&b, '"');
	return arena_text(a, buffer_get(&b));
}

/* ---- what records say */

/* clang-format off */
#define COUPON_MEMBER(name, value) \
	static struct text coupon_##name(struct arena *a, const void *record) { const struct template *t = record; return value; }
COUPON_MEMBER(id,            json_of_number(a, true, t->template_id))
COUPON_MEMBER(name,          json_of_text(a, t->name))
COUPON_MEMBER(type,          json_of_text(a, t->type))
COUPON_MEMBER(denominations, json_of_yuan(a, t->has_amount, t->amount))
COUPON_MEMBER(condition,     json_of_yuan(a, t->has_threshold, t->threshold))
COUPON_MEMBER(total,         json_of_number(a, t->has_total, t->total))
COUPON_MEMBER(per_person,    json_of_number(a, true, t->per_person))
COUPON_MEMBER(start,         json_of_second(a, t->begin))
COUPON_MEMBER(end,           json_of_second(a, t->end))
COUPON_MEMBER(memo,          json_of_text(a, t->description))
COUPON_MEMBER(created,       json_of_second(a, t->created))

#define ACTIVITY_MEMBER(name, value) \
	static struct text activity_##name(struct arena *a, const void *record) { const struct campaign *c = record; return value; }
ACTIVITY_MEMBER(id,          json_of_number(a, true, c->activity_id))
ACTIVITY_MEMBER(name,        json_of_text(a, c->name))
ACTIVITY_MEMBER(type,        json_of_text(a, c->type_code))
ACTIVITY_MEMBER(status,      json_of_number(a, true, c->status))
ACTIVITY_MEMBER(start,       json_of_second(a, c->begin))
ACTIVITY_MEMBER(end,         json_of_second(a, c->end))
ACTIVITY_MEMBER(memo,        json_of_text(a, c->information))
ACTIVITY_MEMBER(created,     json_of_second(a, c->created))
ACTIVITY_MEMBER(modified,    json_of_second(a, c->modified))

/* `bit`: printed from the record once it is set in `changed`. */
struct member_row {
	const char *name, *alias;
	uint64_t bit;
	member_text *text;
};
static const struct member_row coupon_members[] = {
	{"name",          "coupon_name", OBJECT_NAME,       coupon_name},
	{"type",          NULL,          OBJECT_TYPE,       coupon_type},
	{"denominations", "amount",      OBJECT_AMOUNT,     coupon_denominations},
	{"condition",     NULL,          OBJECT_CONDITION,  coupon_condition},
	{"total",         "count",       OBJECT_TOTAL,      coupon_total},
	{"per_person",    NULL,          OBJECT_PER_PERSON, coupon_per_person},
	{"start_time",    NULL,          OBJECT_START,      coupon_start},
	{"end_time",      NULL,          OBJECT_END,        coupon_end},
	{"memo",          NULL,          OBJECT_MEMO,       coupon_memo},
};
static const struct member_row activity_members[] = {
	{"name",          NULL,          OBJECT_NAME,       activity_name},
	{"type",          NULL,          OBJECT_TYPE,       activity_type},
	{"status",        NULL,          OBJECT_STATUS,     activity_status},
	{"start_time",    NULL,          OBJECT_START,      activity_start},
	{"end_time",      NULL,          OBJECT_END,        activity_end},
	{"memo",          NULL,          OBJECT_MEMO,       activity_memo},
};
/* A coupon that came by a CSV file. */
static const struct member_row csv_members[] = {
	{"coupon_id",     NULL, 0, coupon_id},
	{"name",          NULL, 0, coupon_name},
	{"type",          NULL, 0, coupon_type},
	{"denominations", NULL, 0, coupon_denominations},
	{"condition",     NULL, 0, coupon_condition},
	{"start_time",    NULL, 0, coupon_start},
	{"end_time",      NULL, 0, coupon_end},
};
/* clang-format on */

static void write_member(struct writer *w, struct arena *a, const char *name, member_text *of,
			 const void *record)
{
	struct text json = of(a, record);
	if (json.size)
		write_raw(w, name, json);
}

/* The row of a member that the record prints. */
static const struct member_row *changed_row(const struct member_row *rows, size_t n,
					    uint64_t changed, struct text raw_name)
{
	for (size_t i = 0; i < n; i++) {
		const struct member_row *row = &rows[i];
		if (changed & row->bit &&
		    (json_name_equal(raw_name, text_of(row->name)) ||
		     (row->alias && json_name_equal(raw_name, text_of(row->alias)))))
			return row;
	}
	return NULL;
}

struct echo {
	struct text object;
	uint64_t changed;
	const struct member_row *rows;
	size_t n;
	const void *record;
};

/* The members of the object, then those that only the record has. */
static void write_echo(struct writer *w, struct arena *a, const struct echo *e)
{
	uint64_t left = e->changed;
	struct json object, value;
	struct text name;
	if (!json_parse(e->object, &object))
		return;
	struct json_walk walk = json_walk(object);
	while (json_next(&walk, &name, &value)) {
		const struct member_row *row = changed_row(e->rows, e->n, e->changed, name);
		if (!row) {
			write_raw_name(w, name, value.raw);
		} else if (left & row->bit) {
			left &= ~row->bit;
			struct text json = row->text(a, e->record);
			if (json.size)
				write_raw_name(w, name, json);
		}
	}
	for (size_t i = 0; i < e->n; i++)
		if (left & e->rows[i].bit)
			write_member(w, a, e->rows[i].name, e->rows[i].text, e->record);
}

/* ---- replies */

static void begin_response(struct writer *w, struct call *call)
{
	writer_init(w, &call->reply, WRITER_JSON);
	write_begin(w, "response");
	write_int(w, "code", 0);
}

static enum fault end_response(struct writer *w, const struct call *call)
{
	write_end(w);
	writer_finish(w);
	return call->arena->full ? FAULT_BUSY : OK;
}

enum fault wjb_encode_done(struct call *call, const void *ret)
{
	struct writer w;
	(void)ret;
	begin_response(&w, call);
	return end_response(&w, call);
}

enum fault wjb_encode_activity(struct call *call, const void *ret)
{
	const struct campaign_add_ret *made = ret;
	struct writer w;
	begin_response(&w, call);
	write_int(&w, "activity_id", (int64_t)made->activity_id);
	return end_response(&w, call);
}

static void write_coupon(struct writer *w, struct arena *a, const struct template *t)
{
	write_begin(w, "");
	if (t->object.size)
		write_echo(w, a,
			   &(struct echo){t->object, t->changed, coupon_members,
					  COUNT_OF(coupon_members), t});
	else
		for (size_t i = 0; i < COUNT_OF(csv_members); i++)
			write_member(w, a, csv_members[i].name, csv_members[i].text, t);
	write_member(w, a, "created", coupon_created, t);
	write_end(w);
}

enum fault wjb_encode_coupons(struct call *call, const void *ret)
{
	const struct template_list_ret *list = ret;
	struct writer w;
	begin_response(&w, call);
	write_begin_list(&w, "coupons", "coupon");
	for (unsigned i = 0; i < list->n; i++)
		write_coupon(&w, call->arena, &list->rows[i]);
	write_end(&w);
	write_int(&w, "Total_result", (int64_t)list->count);
	return end_response(&w, call);
}

static void write_activity(struct writer *w, struct arena *a, const struct campaign *c)
{
	write_begin(w, "");
	write_echo(
	    w, a,
	    &(struct echo){c->object, c->changed, activity_members, COUNT_OF(activity_members), c});
	write_member(w, a, "activity_id", activity_id, c);
	write_member(w, a, "created", activity_created, c);
	write_member(w, a, "modified", activity_modified, c);
	write_end(w);
}

enum fault wjb_encode_activities(struct call *call, const void *ret)
{
	const struct campaign_list_cmd *cmd = call->cmd;
	const struct campaign_list_ret *list = ret;
	struct writer w;
	begin_response(&w, call);
	write_begin_list(&w, "activities", "activity");
	for (unsigned i = 0; i < list->n; i++)
		write_activity(&w, call->arena, &list->rows[i]);
	write_end(&w);
	write_bool(&w, "has_next", cmd->skip + list->n < list->count);
	return end_response(&w, call);
}
