/*
 * What rows of files say in the words of the API: a template's terms, a campaign's plan and its
 * departments. The files and their columns are bulk's; the members are those of fields.tbl.h and
 * answers.tbl.h. A value is read as a part of the body of a call that has nothing but memory.
 */
#include "dialect/native/encode.h"
#include "dialect/native/face.h"

/* --- writing --- */

static void begin(struct out *o, struct buffer *to)
{
	*o = (struct out){0}; /* UTC+8, said with each moment */
	writer_init(&o->w, to, WRITER_JSON);
}

static void write_terms(struct buffer *to, const struct template *t, const struct provider *p)
{
	struct out out;
	begin(&out, to);
	show_template_terms(&out, t, p ? p->url : TEXT_NONE, p ? p->app_key : TEXT_NONE);
	out_end(&out);
}

static void write_plan(struct buffer *to, const struct campaign *c,
		       const struct campaign_rewards *rewards)
{
	struct out out;
	begin(&out, to);
	show_campaign_plan(&out, c, rewards);
	out_end(&out);
}

static void write_departments(struct buffer *to, const struct department *departments, unsigned n)
{
	buffer_byte(to, '[');
	for (unsigned i = 0; i < n; i++) {
		buffer_text(to, i ? TEXT(",") : TEXT_NONE);
		buffer_json_text(to, departments[i].department_id);
	}
	buffer_byte(to, ']');
}

/* --- reading --- */

struct reading {
	struct native_state state;
	struct call call;
};

static struct json read_begin(struct reading *r, const struct bulk_saying *s)
{
	struct json value;
	*r = (struct reading){0};
	r->call.arena = s->arena;
	r->call.state = &r->state;
	r->call.private_targets = s->private_targets;
	must(json_parse(s->json, &value)); /* bulk has looked at it */
	return value;
}

/* "limits.total" of the column "terms": "terms.limits.total". A list is its column. */
static enum fault read_end(struct reading *r, const struct bulk_saying *s, enum fault fault)
{
	struct detail *detail = &r->call.detail;
	if (fault == OK)
		return OK;
	if (s->prefix)
		detail->field =
		    arena_format(s->arena, "%s.%.*s", s->prefix, TEXT_ARG(detail->field));
	*s->detail = *detail;
	return fault;
}

static enum fault read_terms(const struct bulk_saying *s, struct template_save_cmd *into)
{
	struct reading r;
	struct json value = read_begin(&r, s);
	return read_end(&r, s, native_read_terms(&r.call, value, into));
}

static enum fault read_plan(const struct bulk_saying *s, struct campaign_save_cmd *into)
{
	struct reading r;
	struct json value = read_begin(&r, s);
	return read_end(&r, s, native_read_plan(&r.call, value, into));
}

static enum fault read_departments(const struct bulk_saying *s, struct campaign_save_cmd *into)
{
	struct reading r;
	struct json value = read_begin(&r, s);
	return read_end(&r, s, native_read_departments(&r.call, value, into));
}

/* --- what a command refuses --- */

static struct text word_of(struct text field)
{
	if (text_equal(field, TEXT("total")))
		return TEXT("limits.total");
	if (text_equal(field, TEXT("per_person")))
		return TEXT("limits.per_customer");
	return native_wire_word(field);
}

const struct bulk_words native_rows = {
    .write_terms = write_terms,
    .read_terms = read_terms,
    .write_plan = write_plan,
    .read_plan = read_plan,
    .write_departments = write_departments,
    .read_departments = read_departments,
    .word_of = word_of,
};
