/*
 * Templates. A change is a merge patch: the template is read, the given members are put over it,
 * and the revision that was read goes along, so that a change in between is noticed.
 */
#include "base/url.h"
#include "dialect/native/native.h"

struct template_in {
	struct template t;
	struct json shops, categories, products, channels, hours, valid, limits, stacking, pattern;
	struct json per, provider_object;
	struct provider_given provider;
	bool recast;
	struct text request_no;
};
struct set_in {
	struct json include, exclude;
};
struct window_in {
	struct json weekdays;
	struct text from, to;
};

#define ROW struct template_in
static const struct field template_fields[] = {NATIVE_TEMPLATE(FIELD_OF)};
static const struct field terms_fields[] = {NATIVE_TEMPLATE_ROWS(FIELD_OF, FIELD_NOT)};
static const struct field days_fields[] = {NATIVE_VALIDITY_ROWS(FIELD_OF, FIELD_NOT)};
static const struct field validity_fields[] = {NATIVE_VALIDITY(FIELD_OF)};
static const struct field limits_fields[] = {NATIVE_LIMITS(FIELD_OF)};
static const struct field per_fields[] = {NATIVE_USES_PER(FIELD_OF)};
static const struct field stacking_fields[] = {NATIVE_STACKING(FIELD_OF)};
static const struct field pattern_fields[] = {NATIVE_PATTERN(FIELD_OF)};
static const struct field provider_fields[] = {NATIVE_PROVIDER(FIELD_OF)};

/* Objects inside the body whose members are the template's too, in the order they are read. */
static const struct part {
	size_t member;
	const char *path;
	const struct field *fields;
	size_t n;
} parts[] = {
    {offsetof(ROW, valid), "valid.", validity_fields, COUNT_OF(validity_fields)},
    {offsetof(ROW, limits), "limits.", limits_fields, COUNT_OF(limits_fields)},
    {offsetof(ROW, per), "limits.uses_per_customer_per.", per_fields, COUNT_OF(per_fields)},
    {offsetof(ROW, stacking), "stacking.", stacking_fields, COUNT_OF(stacking_fields)},
    {offsetof(ROW, pattern), "code.", pattern_fields, COUNT_OF(pattern_fields)},
};
/* Sets of names, each two texts of lines. */
static const struct set {
	size_t member, in, out;
	const char *name;
} sets[] = {
    {offsetof(ROW, shops), offsetof(ROW, t.shops_in), offsetof(ROW, t.shops_out), "shops"},
    {offsetof(ROW, categories), offsetof(ROW, t.categories_in), offsetof(ROW, t.categories_out),
     "categories"},
    {offsetof(ROW, products), offsetof(ROW, t.products_in), offsetof(ROW, t.products_out),
     "products"},
    {offsetof(ROW, channels), offsetof(ROW, t.channels_in), offsetof(ROW, t.channels_out),
     "channels"},
};
#undef ROW
#define ROW struct set_in
static const struct field set_fields[] = {NATIVE_SET(FIELD_OF)};
#undef ROW
#define ROW struct window_in
static const struct field window_fields[] = {NATIVE_WINDOW(FIELD_OF)};
#undef ROW

static bool was_given(struct json value)
{
	return value.raw.size > 0;
}

/* --- sets and hours --- */

/* One item a line. */
static enum fault read_lines(struct call *call, struct json list, const char *path,
			     struct text *ret)
{
	struct texts items;
	struct buffer b;
	*ret = TEXT_NONE;
	if (list.kind == JSON_NULL)
		return OK;
	TRY(native_texts(call, list, path, SETS_MAX, &items));
	/* As JSON they are longer. */
	size_t size = list.raw.size < TEXT_BYTES_MAX ? list.raw.size : TEXT_BYTES_MAX;
	char *memory = arena_take(call->arena, size);
	if (!memory)
		return FAULT_BUSY;
	buffer_init_fixed(&b, memory, size);
	for (unsigned i = 0; i < items.n; i++) {
		if (memchr(items.of[i].data, '\n', items.of[i].size))
			return native_invalid(call, path);
		buffer_text(&b, i ? TEXT("\n") : TEXT_NONE);
		buffer_text(&b, items.of[i]);
	}
	if (b.full)
		return call_refuse(call, FAULT_PARAMETER_TOO_LONG, text_of(path), TEXT("65536"));
	*ret = buffer_get(&b);
	return OK;
}

/* A plain list is what to include; null is no set. */
static enum fault read_set(struct call *call, struct json value, const char *name, struct text *in,
			   struct text *out)
{
	struct set_in set = {0};
	const char *path = arena_format(call->arena, "%s.%c", name, 0).data; /* ends in NUL */
	if (!path)
		return FAULT_BUSY;
	if (value.kind == JSON_LIST) {
		*out = TEXT_NONE;
		return read_lines(call, value, name, in);
	}
	if (value.kind != JSON_NULL)
		TRY(native_part(call, value, path, FIELD_ROWS(set_fields, &set)));
	TRY(read_lines(call, set.include, name, in));
	return read_lines(call, set.exclude, name, out);
}

static bool read_clock(struct text t, char out[4])
{
	static const char most[] = "23:59";
	if (t.size != 5 || t.data[2] != ':')
		return false;
	for (unsigned i = 0, at = 0; i < 5; i++) {
		if (i == 2)
			continue;
		if (t.data[i] < '0' || t.data[i] > '9')
			return false;
		out[at++] = t.data[i];
	}
	return out[0] <= most[0] && (out[0] < '2' || out[1] <= '3') && out[2] <= '5';
}

/* "12345": the days once each, in order; none given: all. */
static bool read_weekdays(struct json list, char out[7], unsigned *ret_n)
{
	struct json_walk walk;
	struct text name;
	struct json value;
	unsigned given = 0;
	*ret_n = 0;
	if (list.kind != JSON_NULL && list.kind != JSON_LIST)
		return false;
	walk = json_walk(list.kind == JSON_LIST ? list : (struct json){JSON_LIST, TEXT("[]")});
	while (json_next(&walk, &name, &value)) {
		int64_t day;
		if (value.kind != JSON_NUMBER || !json_int64(value, &day) || day < 1 || day > 7)
			return false;
		given |= 1u << day;
	}
	for (unsigned day = 1; day <= 7; day++)
		if (!given || given & 1u << day)
			out[(*ret_n)++] = (char)('0' + day);
	return true;
}

static enum fault read_window(struct call *call, struct json value, unsigned i, struct buffer *b)
{
	struct window_in window = {0};
	char days[7], from[4], to[4];
	unsigned n;
	const char *path = arena_format(call->arena, "hours[%u].%c", i, 0).data; /* ends in NUL */
	if (!path)
		return FAULT_BUSY;
	TRY(native_part(call, value, path, FIELD_ROWS(window_fields, &window)));
	if (!read_weekdays(window.weekdays, days, &n))
		return call_refuse(call, FAULT_PARAMETER_INVALID,
				   field_path(call, path, "weekdays"), TEXT_NONE);
	bool from_fits = read_clock(window.from, from);
	if (!from_fits || !read_clock(window.to, to))
		return call_refuse(call, FAULT_PARAMETER_INVALID,
				   field_path(call, path, from_fits ? "to" : "from"), TEXT_NONE);
	buffer_text(b, b->size ? TEXT("\n") : TEXT_NONE);
	buffer_add(b, days, n);
	buffer_byte(b, ' ');
	buffer_add(b, from, sizeof(from));
	buffer_byte(b, '-');
	buffer_add(b, to, sizeof(to));
	return OK;
}

/* Lines "12345 0900-1730". */
static enum fault read_hours(struct call *call, struct json list, struct text *ret)
{
	enum { WINDOW_SIZE = 18 };
	struct json_walk walk;
	struct text name;
	struct json value;
	struct buffer b;
	unsigned n;
	*ret = TEXT_NONE;
	if (list.kind == JSON_NULL)
		return OK;
	TRY(native_list(call, list, "hours", HOURS_MAX, &n));
	char *memory = arena_take(call->arena, WINDOW_SIZE * (HOURS_MAX + 1));
	if (!memory)
		return FAULT_BUSY;
	buffer_init_fixed(&b, memory, WINDOW_SIZE * (HOURS_MAX + 1));
	walk = json_walk(list);
	for (unsigned i = 0; json_next(&walk, &name, &value); i++)
		TRY(read_window(call, value, i, &b));
	*ret = buffer_get(&b);
	return OK;
}

/* --- who issues its coupons --- */

/* What is signed is our own query alone: an URL that has one of its own cannot be. */
static enum fault check_url(struct call *call, struct text url)
{
	const char *why = "";
	bool good = url_good(url, call->private_targets, &why);
	if (good && url.size && memchr(url.data, '?', url.size)) {
		good = false;
		why = "it has a query";
	}
	return good ? OK
		    : call_refuse(call, FAULT_TARGET_REFUSED, TEXT("provider.url"), text_of(why));
}

static enum fault read_provider(struct call *call, struct template_in *in)
{
	struct json object = in->provider_object, value;
	if (!was_given(object))
		return OK;
	in->provider.given = object.kind == JSON_NULL ? GIVEN_NULL : GIVEN_VALUE;
	if (object.kind == JSON_NULL)
		return OK;
	TRY(native_part_patch(call, object, "provider.", FIELD_ROWS(provider_fields, in)));
	in->provider.no_token =
	    json_find(object, TEXT("access_token"), &value) && value.kind == JSON_NULL;
	return in->provider.url.size ? check_url(call, in->provider.url) : OK;
}

/* --- the body --- */

static enum fault read_parts(struct call *call, struct template_in *in)
{
	for (size_t i = 0; i < COUNT_OF(parts); i++) {
		struct json value = *(struct json *)((char *)in + parts[i].member);
		if (was_given(value))
			TRY(native_part_patch(
			    call, value, parts[i].path,
			    (struct field_rows){parts[i].fields, parts[i].n, in}));
	}
	for (size_t i = 0; i < COUNT_OF(sets); i++) {
		char *at = (char *)in;
		struct json value = *(struct json *)(at + sets[i].member);
		if (was_given(value))
			TRY(read_set(call, value, sets[i].name, (struct text *)(at + sets[i].in),
				     (struct text *)(at + sets[i].out)));
	}
	TRY(read_provider(call, in));
	return was_given(in->hours) ? read_hours(call, in->hours, &in->t.hours) : OK;
}

/* A validity is absolute or relative; what is given of one kind puts the other away. */
static enum fault settle_validity(struct call *call, const struct template_in *in,
				  struct template *t)
{
	struct json v = in->valid, value;
	bool object = v.kind == JSON_OBJECT;
	bool days = object && json_find(v, TEXT("lasts_days"), &value) && value.kind != JSON_NULL;
	bool starts =
	    object && json_find(v, TEXT("starts_after_days"), &value) && value.kind != JSON_NULL;
	bool dates = object && ((json_find(v, TEXT("from"), &value) && value.kind != JSON_NULL) ||
				(json_find(v, TEXT("until"), &value) && value.kind != JSON_NULL));
	if ((days || starts) && dates)
		return native_invalid(call, "valid");
	if (days || starts)
		t->begin = t->end = INSTANT_NONE;
	else if (dates)
		t->starts_after_days = t->lasts_days = 0;
	t->is_relative = t->lasts_days > 0 || t->starts_after_days > 0;
	return OK;
}

static struct text with_commas(struct call *call, struct text lines)
{
	char *copy = arena_take(call->arena, lines.size ? lines.size : 1);
	if (!copy)
		return TEXT_NONE;
	for (size_t i = 0; i < lines.size; i++)
		copy[i] = lines.data[i] == '\n' ? ',' : lines.data[i];
	return (struct text){copy, lines.size};
}

/* What the other dialects show: ZVCMS's number of the kind, shops and categories as lists. */
static void settle_shown(struct call *call, const struct template_in *in, struct template *t)
{
	static const char *const types[BENEFIT_COUNT] = {
	    [BENEFIT_NONE] = "",       [BENEFIT_AMOUNT_OFF] = "0", [BENEFIT_PERCENT_OFF] = "0",
	    [BENEFIT_FREE_ITEM] = "2", [BENEFIT_EXCHANGE] = "3",   [BENEFIT_BUY_GET] = "4",
	    [BENEFIT_PRODUCT] = "5",   [BENEFIT_SHIPPING] = "6",   [BENEFIT_QUEUE_SKIP] = "7",
	    [BENEFIT_PARKING] = "8",
	};
	if (t->benefit)
		t->type = text_of(types[t->benefit]);
	if (was_given(in->shops))
		t->shops = with_commas(call, t->shops_in);
	if (was_given(in->categories))
		t->categories = with_commas(call, t->categories_in);
}

static void settle_limits(struct template *t)
{
	if (!t->per_person)
		t->per_person = PER_PERSON_NONE;
	if (!t->period)
		t->uses_per_period = 0;
}

static enum fault settle(struct call *call, struct template_in *in)
{
	struct template *t = &in->t;
	settle_limits(t);
	if (!t->benefit && t->basis_points)
		t->benefit = BENEFIT_PERCENT_OFF;
	else if (!t->benefit && t->has_amount)
		t->benefit = BENEFIT_AMOUNT_OFF;
	TRY(settle_validity(call, in, t));
	settle_shown(call, in, t);
	return call->arena->full ? FAULT_BUSY : OK;
}

/* --- rows of files --- */

/* Of what both say the column goes before what other dialects would be shown. */
static enum fault settle_row(struct call *call, const struct template *columns,
			     struct template_in *in)
{
	struct template *t = &in->t;
	bool dates = !instant_is_none(t->begin) || !instant_is_none(t->end);
	settle_limits(t);
	if (!t->benefit && t->basis_points)
		t->benefit = BENEFIT_PERCENT_OFF;
	t->is_relative = t->lasts_days > 0 || t->starts_after_days > 0;
	if (t->is_relative && dates)
		return call_refuse(call, FAULT_PARAMETER_INVALID, TEXT("valid"),
				   TEXT("stands beside begin_at or end_at"));
	settle_shown(call, in, t);
	if (columns->type.size)
		t->type = columns->type;
	if (columns->shops.size)
		t->shops = columns->shops;
	if (columns->categories.size)
		t->categories = columns->categories;
	return call->arena->full ? FAULT_BUSY : OK;
}

static enum fault check_members(struct call *call, struct json object)
{
	enum { SHOWN_MAX = 60 };
	struct json_walk walk = json_walk(object);
	struct text name;
	struct json value;
	while (json_next(&walk, &name, &value)) {
		/* Some are refused without being shown. */
		bool known = !text_is_clean(name) || name.size > SHOWN_MAX;
		for (size_t i = 0; i < COUNT_OF(terms_fields); i++)
			known |= json_name_equal(name, text_of(terms_fields[i].name));
		if (!known)
			return call_refuse(
			    call, FAULT_PARAMETER_INVALID, name,
			    TEXT("is none of the terms; other columns say the rest"));
	}
	return OK;
}

enum fault native_read_terms(struct call *call, struct json object, struct template_save_cmd *cmd)
{
	struct template_in in = {.t = cmd->template};
	TRY(check_members(call, object));
	TRY(native_part(call, object, "", FIELD_ROWS(terms_fields, &in)));
	if (was_given(in.valid))
		TRY(native_part(call, in.valid, "valid.", FIELD_ROWS(days_fields, &in)));
	TRY(read_parts(call, &in));
	TRY(settle_row(call, &cmd->template, &in));
	if (!in.provider.given)
		in.provider.given = GIVEN_NULL;
	in.provider.secret_later = true;
	cmd->template = in.t;
	cmd->provider = in.provider;
	cmd->has_terms = true;
	return OK;
}

/* --- methods --- */

enum fault native_decode_template_make(struct call *call, void *into)
{
	struct template_make_cmd *cmd = into;
	struct template_in in = {.t = {.maker = MAKER_NATIVE}};
	TRY(native_body(call, FIELD_ROWS(template_fields, &in)));
	TRY(read_parts(call, &in));
	if (!in.t.name.size)
		return call_refuse(call, FAULT_PARAMETER_MISSING, TEXT("name"), TEXT_NONE);
	TRY(settle(call, &in));
	if (!in.t.benefit)
		return call_refuse(call, FAULT_PARAMETER_MISSING, TEXT("type"), TEXT_NONE);
	cmd->template = in.t;
	cmd->provider = in.provider;
	return native_number(call, in.request_no, &cmd->request);
}

static bool path_id(const struct call *call, uint64_t *ret)
{
	const struct native_state *s = call->state;
	return text_to_uint64(s->id, ret) && *ret > 0 && *ret <= INT64_MAX;
}

static enum fault read_id(struct call *call, uint64_t *ret)
{
	const struct native_state *s = call->state;
	return path_id(call, ret)
		   ? OK
		   : call_refuse(call, FAULT_TEMPLATE_UNKNOWN, TEXT("template_id"), s->id);
}

/* What the patch is put over. One that is unknown is left to the handler: it may be the repeat of a
 * change, and what is wrong with the change itself is said first. */
static enum fault read_known(struct call *call, uint64_t id, struct template *ret)
{
	struct template_get_cmd get = {id};
	struct template_get_ret got = {0};
	enum fault fault = call_read(call, COMMAND_template_get, &get, &got);
	*ret = got.template;
	if (fault != FAULT_TEMPLATE_UNKNOWN)
		return fault;
	call->detail = (struct detail){0};
	*ret = (struct template){.template_id = id, .name = TEXT("unknown")};
	return OK;
}

enum fault native_decode_template_change(struct call *call, void *into)
{
	struct template_change_cmd *cmd = into;
	struct template_in in = {0};
	uint64_t id = 0, revision;
	bool is_id = path_id(call, &id);
	if (is_id)
		TRY(read_known(call, id, &in.t));
	revision = in.t.revision;
	TRY(native_patch(call, FIELD_ROWS(template_fields, &in)));
	TRY(read_parts(call, &in));
	if (!is_id)
		return read_id(call, &id);
	if (in.t.template_id != id)
		return native_invalid(call, "template_id");
	if (!in.t.name.size)
		return native_invalid(call, "name");
	TRY(settle(call, &in));
	*cmd = (struct template_change_cmd){.template_id = id,
					    .template = in.t,
					    .provider = in.provider,
					    .recast = in.recast,
					    .revision = native_if_match(call)};
	if (!cmd->revision)
		cmd->revision = revision + 1;
	return native_number(call, in.request_no, &cmd->request);
}

enum fault native_decode_template_id(struct call *call, void *into)
{
	struct template_get_cmd *cmd = into;
	TRY(native_decode_nothing(call, NULL));
	return read_id(call, &cmd->template_id);
}

#define ROW struct template_in
static const struct field number_fields[] = {NATIVE_NUMBER(FIELD_OF)};
#undef ROW

enum fault native_decode_template_delete(struct call *call, void *into)
{
	struct template_delete_cmd *cmd = into;
	struct template_in in = {0};
	TRY(native_body(call, FIELD_ROWS(number_fields, &in)));
	TRY(read_id(call, &cmd->template_id));
	return native_number(call, in.request_no, &call->request_number);
}

enum fault native_decode_template_page(struct call *call, void *into)
{
	struct template_list_cmd *cmd = into;
	cmd->oldest_first = true;
	return native_read_page(call, &cmd->skip, &cmd->n);
}
