/*
 * Field tables and pages: what every dialect does with its scalars. A value comes from a JSON
 * object or from a form; the kinds say what it may look like. Of several faults in one table the
 * one that stands first in faults.tbl.h is the answer, then the first row.
 */
#include "base/json_raw.h"
#include "dialect/dialect.h"

/* A field's value as it was sent; `quoted` when it was a text (form values always are). */
struct sent {
	struct text text;
	bool quoted;
	bool other; /* a list, an object, true or false */
	struct json json;
};

struct text field_path(struct call *call, const char *path, const char *name)
{
	if (!path || !*path)
		return text_of(name);
	return arena_format(call->arena, "%s%s", path, name);
}

/* What an object has under a field's name and its alias; JSON_NULL: nothing. */
struct members {
	struct json by_name, by_alias;
};

/* Most names differ in their first byte already. */
static inline bool is_name(struct text raw, bool plain, const char *name)
{
	return (!plain || raw.data[0] == *name) && json_name_equal(raw, text_of(name));
}

/* All fields' members in one walk; of a repeated name the last, as json_find has it. Gives the
 * first name that is no field's, raw; data == NULL: there is none. */
static struct text find_members(struct json object, const struct field *fields, size_t n,
				struct members *ret)
{
	struct json_walk walk = json_walk(object);
	struct text name, stranger = TEXT_NONE;
	struct json value;
	while (json_next(&walk, &name, &value)) {
		bool known = false, plain = name.size && !json_has_escape(name);
		for (size_t i = 0; i < n; i++) {
			bool by_name = is_name(name, plain, fields[i].name);
			bool by_alias = fields[i].alias && is_name(name, plain, fields[i].alias);
			if (by_name)
				ret[i].by_name = value;
			if (by_alias)
				ret[i].by_alias = value;
			known |= by_name || by_alias;
		}
		if (!known && !stranger.data)
			stranger = name;
	}
	return stranger;
}

static struct text find_stranger(const struct form *form, const struct field *fields, size_t n)
{
	for (unsigned i = 0; i < form->count; i++) {
		bool known = false;
		for (size_t j = 0; j < n && !known; j++)
			known = text_equal(form->fields[i].name, text_of(fields[j].name)) ||
				(fields[j].alias &&
				 text_equal(form->fields[i].name, text_of(fields[j].alias)));
		if (!known)
			return form->fields[i].name.data ? form->fields[i].name : TEXT("");
	}
	return TEXT_NONE;
}

/* A misspelt limit must not be left out silently. */
static enum fault refuse_stranger(struct call *call, const char *path, struct text name)
{
	enum { SHOWN_MAX = 60 };
	if (!name.size || name.size > SHOWN_MAX || !text_is_clean(name))
		name = TEXT("?");
	return call_refuse(call, FAULT_PARAMETER_INVALID,
			   arena_format(call->arena, "%s%.*s", path, TEXT_ARG(name)), TEXT_NONE);
}

static bool take_value(struct arena *a, struct json value, struct sent *ret)
{
	if (value.kind == JSON_NULL)
		return false;
	ret->json = value;
	ret->quoted = value.kind == JSON_TEXT;
	ret->other = value.kind != JSON_TEXT && value.kind != JSON_NUMBER;
	ret->text = ret->quoted ? json_text(a, value) : value.raw;
	return ret->text.size > 0;
}

static bool find_in_form(const struct form *form, const char *name, struct sent *ret)
{
	const struct form_field *found = form_find(form, text_of(name));
	if (!found || found->value.size == 0)
		return false;
	*ret = (struct sent){.text = found->value, .quoted = true};
	return true;
}

/* Null and "" are absent: the alias is asked then. */
static bool find_sent(struct arena *a, const struct form *form, const struct field *field,
		      const struct members *members, struct sent *ret)
{
	if (members)
		return take_value(a, members->by_name, ret) ||
		       take_value(a, members->by_alias, ret);
	return form && (find_in_form(form, field->name, ret) ||
			(field->alias && find_in_form(form, field->alias, ret)));
}

static enum fault text_of_sent(const struct sent *sent, const struct field *field, struct text *ret)
{
	bool bytes = field->kind == FIELD_TEXT_BYTES;
	if (sent->other || !text_is_clean(sent->text))
		return FAULT_PARAMETER_INVALID;
	if ((bytes ? sent->text.size : text_length(sent->text)) > field->max)
		return FAULT_PARAMETER_TOO_LONG;
	*ret = sent->text;
	return OK;
}

static bool int_of_sent(const struct sent *sent, uint64_t max, uint64_t *ret)
{
	int64_t value;
	bool read = sent->quoted ? text_to_int64(sent->text, &value)
				 : !sent->other && json_int64(sent->json, &value);
	if (!read || value < 0 || (uint64_t)value > (max ? max : INT64_MAX))
		return false;
	*ret = (uint64_t)value;
	return true;
}

bool words_find(const struct words *words, struct text word, uint64_t *ret)
{
	for (unsigned i = 0; word.size && i < words->count; i++) {
		if (!text_equal(word, text_of(words->of[i])))
			continue;
		*ret = i;
		return true;
	}
	return false;
}

static bool bool_of_sent(const struct sent *sent, bool *ret)
{
	bool is_true =
	    sent->quoted ? text_equal(sent->text, TEXT("true")) : sent->json.kind == JSON_TRUE;
	*ret = is_true;
	return is_true || (sent->quoted ? text_equal(sent->text, TEXT("false"))
					: sent->json.kind == JSON_FALSE);
}

/* Two decimals of a percentage are a basis point. */
static bool percent_of_sent(const struct sent *sent, uint64_t *ret)
{
	enum { BASIS_POINTS_MAX = 10000 };
	struct money points;
	if (sent->other || !money_parse_yuan(sent->text, &points) || points.fen < 1 ||
	    points.fen > BASIS_POINTS_MAX)
		return false;
	*ret = (uint64_t)points.fen;
	return true;
}

static bool moment_of_sent(const struct sent *sent, const struct field *field, int64_t from_utc8,
			   struct instant *ret)
{
	if (!sent->quoted ||
	    !moment_parse_zoned(sent->text, from_utc8, field->kind == FIELD_MOMENT_END, ret))
		return false;
	ret->ms += instant_is_none(*ret); /* 1970 itself would read as absent */
	return true;
}

static enum fault fill_member(const struct sent *sent, const struct field *field, int64_t from_utc8,
			      void *member)
{
	const uint64_t fen_max = UINT64_C(1000000000000000);
	bool valid = false;
	switch (field->kind) {
	case FIELD_TEXT:
	case FIELD_TEXT_BYTES:
		return text_of_sent(sent, field, member);
	case FIELD_INT:
		valid = int_of_sent(sent, field->max, member);
		break;
	case FIELD_YUAN:
		valid = !sent->other && money_parse_yuan(sent->text, member);
		break;
	case FIELD_SECOND:
		valid = sent->quoted && moment_parse_second(sent->text, member);
		break;
	case FIELD_DAY:
		valid = sent->quoted && moment_parse_day(sent->text, true, member);
		break;
	case FIELD_COUNT:
		valid = int_of_sent(sent, field->max, member) && *(uint64_t *)member > 0;
		break;
	case FIELD_FEN: {
		uint64_t fen = 0;
		valid = int_of_sent(sent, fen_max, &fen);
		((struct money *)member)->fen = (int64_t)fen;
		break;
	}
	case FIELD_PERCENT:
		valid = percent_of_sent(sent, member);
		break;
	case FIELD_BOOL:
		valid = bool_of_sent(sent, member);
		break;
	case FIELD_WORD:
		valid = !sent->other && words_find(field->words, sent->text, member);
		break;
	case FIELD_MOMENT:
	case FIELD_MOMENT_END:
		valid = moment_of_sent(sent, field, from_utc8, member);
		break;
	case FIELD_VALUE:
		*(struct json *)member = sent->json;
		valid = true;
		break;
	}
	return valid ? OK : FAULT_PARAMETER_INVALID;
}

void field_clear(const struct field *field, void *command)
{
	char *into = command;
	static const size_t sizes[] = {
	    [FIELD_TEXT] = sizeof(struct text),
	    [FIELD_TEXT_BYTES] = sizeof(struct text),
	    [FIELD_INT] = sizeof(uint64_t),
	    [FIELD_YUAN] = sizeof(struct money),
	    [FIELD_SECOND] = sizeof(struct instant),
	    [FIELD_DAY] = sizeof(struct instant),
	    [FIELD_COUNT] = sizeof(uint64_t),
	    [FIELD_FEN] = sizeof(struct money),
	    [FIELD_PERCENT] = sizeof(uint64_t),
	    [FIELD_BOOL] = sizeof(bool),
	    [FIELD_WORD] = sizeof(uint64_t),
	    [FIELD_MOMENT] = sizeof(struct instant),
	    [FIELD_MOMENT_END] = sizeof(struct instant),
	    [FIELD_VALUE] = 0,
	};
	if (field->kind == FIELD_VALUE)
		*(struct json *)(into + field->member) = (struct json){JSON_NULL, TEXT("null")};
	memset(into + field->member, 0, sizes[field->kind]);
	if (field->has)
		*(bool *)(into + field->has) = false;
}

static bool is_null(struct json value)
{
	return value.raw.size && value.kind == JSON_NULL;
}

/* `members`: the field's, from an object; NULL: it is asked of the form. */
static enum fault read_field(struct call *call, const struct field_source *source,
			     const struct members *members, const struct field *field, char *into,
			     bool *ret_given)
{
	struct sent sent = {0};
	*ret_given = find_sent(call->arena, source->form, field, members, &sent);
	if (call->arena->full)
		return FAULT_BUSY;
	if (!*ret_given && source->nulls_clear && members &&
	    (is_null(members->by_name) || is_null(members->by_alias)))
		field_clear(field, into);
	if (!*ret_given)
		return field->required ? FAULT_PARAMETER_MISSING : OK;
	TRY(fill_member(&sent, field, source->from_utc8, into + field->member));
	if (field->has)
		*(bool *)(into + field->has) = true;
	return OK;
}

static enum fault refuse_field(struct call *call, enum fault fault, const char *path,
			       const struct field *field)
{
	struct text limit = TEXT_NONE;
	if (fault == FAULT_BUSY)
		return fault;
	if (fault == FAULT_PARAMETER_TOO_LONG)
		limit = arena_format(call->arena, "%llu", (unsigned long long)field->max);
	return call_refuse(call, fault, field_path(call, path, field->name), limit);
}

enum fault decode_field(struct call *call, const struct field_source *source, const char *path,
			const struct field *field, void *into, bool *ret_given)
{
	struct members members = {0};
	if (source->object)
		find_members(*source->object, field, 1, &members);
	enum fault fault =
	    read_field(call, source, source->object ? &members : NULL, field, into, ret_given);
	return fault == OK ? OK : refuse_field(call, fault, path, field);
}

enum fault decode_fields(struct call *call, const struct field_source *source, const char *path,
			 const struct field *fields, size_t n, void *into)
{
	enum fault first = OK;
	const struct field *of = NULL;
	struct members *members = NULL;
	struct text stranger = TEXT_NONE;
	if (source->object) {
		members = ARENA_ARRAY(call->arena, struct members, n);
		if (!members)
			return FAULT_BUSY;
		stranger = find_members(*source->object, fields, n, members);
	} else if (source->closed && source->form) {
		stranger = find_stranger(source->form, fields, n);
	}
	for (size_t i = 0; i < n; i++) {
		bool given;
		enum fault fault = read_field(call, source, members ? &members[i] : NULL,
					      &fields[i], into, &given);
		if (fault != OK && (first == OK || fault < first)) {
			first = fault;
			of = &fields[i];
		}
	}
	if (source->closed && stranger.data && (first == OK || first >= FAULT_PARAMETER_INVALID))
		return refuse_stranger(call, path, stranger);
	return first == OK ? OK : refuse_field(call, first, path, of);
}

/* ---- lists in one text */

/* Cuts the next item off at a comma, as text_cut does. */
static struct text item_cut(struct text *list, bool wide)
{
	struct text all = *list;
	for (size_t i = 0; i < all.size; i++) {
		size_t comma = all.data[i] == ',' ? 1 : 0;
		if (wide && all.size - i >= 3 && memcmp(all.data + i, "\xEF\xBC\x8C", 3) == 0)
			comma = 3;
		if (comma) {
			*list = (struct text){all.data + i + comma, all.size - i - comma};
			return (struct text){all.data, i};
		}
	}
	*list = TEXT_NONE;
	return all;
}

/* FNV-1a. */
static uint64_t hash_text(struct text t)
{
	uint64_t hash = UINT64_C(0xCBF29CE484222325);
	for (size_t i = 0; i < t.size; i++)
		hash = (hash ^ (uint8_t)t.data[i]) * UINT64_C(0x100000001B3);
	return hash ^ hash >> 32;
}

/* The slot of the item in a table of places + 1, or the free slot where it belongs. */
static uint32_t *item_slot(uint32_t *slots, size_t mask, const struct text *items, struct text item)
{
	size_t at = (size_t)hash_text(item) & mask;
	while (slots[at] && !text_equal(items[slots[at] - 1], item))
		at = (at + 1) & mask;
	return &slots[at];
}

enum fault decode_items(struct call *call, struct text list, bool wide, unsigned max,
			const struct text **ret_items, unsigned *ret_n)
{
	size_t slot_count = 2;
	while (slot_count < 2 * (size_t)max && slot_count < list.size + 2)
		slot_count *= 2;
	size_t room = slot_count / 2 < max ? slot_count / 2 : max;
	uint32_t *slots = ARENA_ARRAY(call->arena, uint32_t, slot_count);
	struct text *items = ARENA_ARRAY(call->arena, struct text, room + 1);
	unsigned n = 0;
	if (!slots || !items)
		return FAULT_BUSY;
	while (list.data) {
		struct text item = text_trim(item_cut(&list, wide));
		if (item.size == 0)
			continue;
		uint32_t *slot = item_slot(slots, slot_count - 1, items, item);
		if (*slot)
			continue;
		if (n == max)
			return FAULT_TOO_MANY;
		must(n < room);
		items[n++] = item;
		*slot = n;
	}
	*ret_items = items;
	*ret_n = n;
	return OK;
}

/* ---- pages */

bool page_skip(uint64_t page_no, uint64_t page_size, uint64_t *ret_skip)
{
	return page_no > 0 && !__builtin_mul_overflow(page_no - 1, page_size, ret_skip);
}

bool sign_mode_find(uint64_t dialect, struct text name, uint64_t *ret_mode)
{
	static const struct {
		struct text name;
		enum dialect dialect;
		enum sign_mode mode;
	} modes[] = {
#define SIGN_MODE(name, dialect, mode) {TEXT(name), dialect, mode},
#include "dialect/sign_modes.tbl.h"
#undef SIGN_MODE
	};
	for (size_t i = 0; i < COUNT_OF(modes); i++) {
		if (modes[i].dialect != dialect || !text_equal(modes[i].name, name))
			continue;
		*ret_mode = modes[i].mode;
		return true;
	}
	return false;
}
