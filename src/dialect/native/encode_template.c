/* Templates. */
#include "dialect/native/encode.h"

/* Lines as a list. */
static void show_lines(struct out *o, const char *name, struct text lines)
{
	if (!lines.size)
		return;
	write_begin_list(&o->w, name, "item");
	while (lines.data)
		write_text(&o->w, "item", text_cut(&lines, '\n'));
	write_end(&o->w);
}

static void show_set(struct out *o, const char *name, struct text in, struct text out)
{
	if (!in.size && !out.size)
		return;
	write_begin(&o->w, name);
	show_lines(o, "include", in);
	show_lines(o, "exclude", out);
	write_end(&o->w);
}

static void show_validity(struct out *o, const struct template *t)
{
	if (!t->is_relative && instant_is_none(t->begin) && instant_is_none(t->end))
		return;
	write_begin(&o->w, "valid");
	NATIVE_VALIDITY_SHOWN(SHOW)
	write_end(&o->w);
}

static void show_weekdays(struct out *o, struct text days)
{
	write_begin_list(&o->w, "weekdays", "day");
	for (size_t i = 0; i < days.size; i++)
		write_int(&o->w, "day", days.data[i] - '0');
	write_end(&o->w);
}

/* "0900" as "09:00". */
static struct text clock_text(struct text t, char out[5])
{
	if (t.size != 4)
		return TEXT_NONE;
	memcpy(out, t.data, 2);
	out[2] = ':';
	memcpy(out + 3, t.data + 2, 2);
	return (struct text){out, 5};
}

static void show_hours(struct out *o, struct text hours)
{
	if (!hours.size)
		return;
	write_begin_list(&o->w, "hours", "window");
	while (hours.data) {
		struct text to = text_cut(&hours, '\n'), days = text_cut(&to, ' ');
		char from_memory[5], to_memory[5];
		struct text from = clock_text(text_cut(&to, '-'), from_memory);
		to = clock_text(to, to_memory);
		write_begin(&o->w, "window");
		NATIVE_WINDOW_SHOWN(SHOW)
		write_end(&o->w);
	}
	write_end(&o->w);
}

static void show_uses_per(struct out *o, const struct template *t)
{
	write_begin(&o->w, "uses_per_customer_per");
	NATIVE_USES_PER_SHOWN(SHOW)
	write_end(&o->w);
}

static void show_limits(struct out *o, const struct template *t)
{
	write_begin(&o->w, "limits");
	NATIVE_LIMITS_SHOWN(SHOW)
	write_end(&o->w);
}

static void show_stacking(struct out *o, const struct template *t)
{
	if (!t->stack_group.size && !t->exclusive && !t->priority && !t->per_order)
		return;
	write_begin(&o->w, "stacking");
	NATIVE_STACKING_SHOWN(SHOW)
	write_end(&o->w);
}

static void show_pattern(struct out *o, const struct template *t)
{
	if (!t->code_charset.size)
		return;
	write_begin(&o->w, "code");
	NATIVE_PATTERN_SHOWN(SHOW)
	write_end(&o->w);
}

static void show_usage(struct out *o, const struct usage *u)
{
	write_begin(&o->w, "usage");
	NATIVE_USAGE(SHOW)
	write_end(&o->w);
}

/* Dates are columns; days are terms. */
void show_template_terms(struct out *o, const struct template *whole, struct text url,
			 struct text app_key)
{
	struct template terms = *whole;
	const struct template *t = &terms;
	terms.begin = terms.end = INSTANT_NONE;
	NATIVE_TEMPLATE_ROWS_SHOWN(SHOW, SHOW_NOT)
}

enum fault native_encode_template(struct call *call, const void *from)
{
	const struct template_get_ret *ret = from;
	const struct template *t = &ret->template;
	const struct usage *u = &ret->usage;
	struct text url = ret->provider_url, app_key = ret->provider_app_key;
	struct out out, *o = &out;
	out_begin(o, call);
	NATIVE_TEMPLATE_USAGE(SHOW)
	out_end(o);
	out_etag(call, t->revision);
	return OK;
}

/* From the request and the id alone: so a repeat's answer is the same, whatever happened since. */
enum fault native_encode_template_made(struct call *call, const void *from)
{
	const struct template_make_ret *ret = from;
	const struct template_make_cmd *cmd = call->cmd;
	struct template made = cmd->template;
	const struct template *t = &made;
	struct text url = cmd->provider.url, app_key = cmd->provider.app_key;
	struct out out, *o = &out;
	made.template_id = ret->template_id;
	out_begin(o, call);
	NATIVE_TEMPLATE_SHOWN(SHOW)
	out_end(o);
	call_header(
	    call, TEXT("Location"),
	    arena_format(call->arena, "/v1/templates/%llu", (unsigned long long)ret->template_id));
	return OK;
}

enum fault native_encode_template_changed(struct call *call, const void *from)
{
	const struct template_change_ret *ret = from;
	const struct template_change_cmd *cmd = call->cmd;
	struct out out, *o = &out;
	out_begin(o, call);
	NATIVE_TEMPLATE_CHANGED(SHOW)
	out_end(o);
	out_etag(call, ret->revision);
	return OK;
}

enum fault native_encode_template_page(struct call *call, const void *from)
{
	const struct template_list_ret *ret = from;
	struct out out, *o = &out;
	struct provider_list_cmd all = {.n = PROVIDERS_MAX};
	struct provider_list_ret providers = {0};
	if (have_provider(ret))
		TRY(call_read(call, COMMAND_provider_list, &all, &providers));
	PAGE_BEGIN(out, call);
	for (unsigned i = 0; i < ret->n; i++) {
		const struct template *t = &ret->rows[i];
		const struct provider *p = provider_of(&providers, t->provider);
		struct text url = p ? p->url : TEXT_NONE, app_key = p ? p->app_key : TEXT_NONE;
		write_begin(&o->w, "row");
		NATIVE_TEMPLATE_SHOWN(SHOW)
		write_end(&o->w);
	}
	return page_end(o, page_next(call, ret->n, ret->count));
}

enum fault native_encode_deleted(struct call *call, const void *from)
{
	struct out out, *o = &out;
	(void)from;
	out_begin(o, call);
	NATIVE_DELETED(SHOW)
	out_end(o);
	return OK;
}
