/* See config.h. Three sources, read weakest first: file, environment, flags. */
#include "serve/config.h"

#include "base/limits.h"

#include "store/engine.h"

#include <ctype.h>
#include <stdarg.h>

enum param_kind { KIND_TEXT, KIND_NUMBER, KIND_FLAG };
static const struct param {
	const char *name;
	enum param_kind kind;
	size_t member;
	const char *fallback, *help;
} params[] = {
#define PARAM(member, name, kind, fallback, help) \
	{name, KIND_##kind, offsetof(struct config, member), fallback, help},
#include "serve/params.tbl.h"
#undef PARAM
};

enum { CONFIG_LINE_MAX = 4096 };

static enum fault why(char **ret_why, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	if (vasprintf(ret_why, format, args) < 0)
		*ret_why = NULL;
	va_end(args);
	return FAULT_USAGE;
}

static const struct param *param_find(struct text name)
{
	for (size_t i = 0; i < COUNT_OF(params); i++)
		if (text_equal(name, text_of(params[i].name)))
			return &params[i];
	return NULL;
}

static enum fault param_set(struct config *c, const struct param *p, const char *value,
			    char **ret_why)
{
	void *member = (char *)c + p->member;
	uint64_t number;

	switch (p->kind) {
	case KIND_TEXT:
		free(*(char **)member);
		*(char **)member = value && *value ? strdup(value) : NULL;
		return OK;
	case KIND_NUMBER:
		if (!value || !text_to_uint64(text_of(value), &number))
			return why(ret_why, "%s wants a number, not \"%s\"", p->name,
				   value ? value : "");
		*(uint64_t *)member = number;
		return OK;
	case KIND_FLAG:
		if (!value || strcmp(value, "true") == 0 || strcmp(value, "1") == 0)
			*(bool *)member = true;
		else if (strcmp(value, "false") == 0 || strcmp(value, "0") == 0)
			*(bool *)member = false;
		else
			return why(ret_why, "%s is true or false, not \"%s\"", p->name, value);
		return OK;
	}
	return OK;
}

static enum fault read_line(struct config *c, char *line, const char *file, unsigned number,
			    char **ret_why)
{
	struct text rest = text_trim(text_of(line));

	if (!rest.size || rest.data[0] == '#')
		return OK;
	struct text name = text_trim(text_cut(&rest, '='));
	const struct param *p = param_find(name);
	if (!p || !rest.data)
		return why(ret_why, "%s:%u: no setting is called \"%.*s\"", file, number,
			   TEXT_ARG(name));
	rest = text_trim(rest);
	char value[CONFIG_LINE_MAX];
	snprintf(value, sizeof(value), "%.*s", TEXT_ARG(rest));
	return param_set(c, p, value, ret_why);
}

static enum fault read_file(struct config *c, const char *file, char **ret_why)
{
	FILE *in = fopen(file, "re");
	char line[CONFIG_LINE_MAX];
	enum fault fault = OK;

	if (!in)
		return why(ret_why, "cannot read the config file %s: %m", file);
	for (unsigned n = 1; fault == OK && fgets(line, sizeof(line), in); n++)
		fault = read_line(c, line, file, n, ret_why);
	fclose(in);
	return fault;
}

static enum fault read_environment(struct config *c, char **ret_why)
{
	for (size_t i = 0; i < COUNT_OF(params); i++) {
		char name[64];
		int n = snprintf(name, sizeof(name), "COUPONRY_%s", params[i].name);
		for (int j = 0; j < n; j++)
			name[j] = name[j] == '-' ? '_' : (char)toupper((unsigned char)name[j]);
		const char *value = getenv(name);
		if (value)
			TRY(param_set(c, &params[i], value, ret_why));
	}
	return OK;
}

static enum fault read_flags(struct config *c, int argc, char *const *argv, char **ret_why)
{
	for (int i = 0; i < argc; i++) {
		struct text rest = text_of(argv[i]);
		if (!text_starts_with(rest, TEXT("--")))
			return why(ret_why, "\"%s\" is not a flag (--name=value)", argv[i]);
		rest = (struct text){rest.data + 2, rest.size - 2};
		struct text name = text_cut(&rest, '=');
		const struct param *p = param_find(name);
		if (!p)
			return why(ret_why, "no setting is called --%.*s", TEXT_ARG(name));
		if (!rest.data && p->kind != KIND_FLAG)
			return why(ret_why, "--%s wants a value", p->name);
		TRY(param_set(c, p, rest.data, ret_why));
	}
	return OK;
}

static enum fault read_all(struct config *c, int argc, char *const *argv, char **ret_why)
{
	memset(c, 0, sizeof(*c));
	*ret_why = NULL;
	for (size_t i = 0; i < COUNT_OF(params); i++)
		if (params[i].fallback)
			TRY(param_set(c, &params[i], params[i].fallback, ret_why));
	TRY(read_environment(c, ret_why)); /* may name the file */
	TRY(read_flags(c, argc, argv, ret_why));
	if (!c->config)
		return OK;
	char file[CONFIG_LINE_MAX];
	snprintf(file, sizeof(file), "%s", c->config);
	TRY(read_file(c, file, ret_why));
	TRY(read_environment(c, ret_why));
	return read_flags(c, argc, argv, ret_why);
}

/* The engine would die of a smaller segment, at its first large entry; the others: engine.h. */
static const struct bound {
	const char *name;
	size_t member;
	uint64_t least, most;
	bool or_zero;
} bounds[] = {
    {"segment-mib", offsetof(struct config, segment_mib), ENGINE_SEGMENT_MIB_MIN,
     ENGINE_SEGMENT_MIB_MAX, true},
    {"calls-per-s", offsetof(struct config, calls_per_s), 1, CALLS_PER_S_MAX, true},
    {"burst", offsetof(struct config, burst), 1, BURST_MAX, true},
    {"write-lanes", offsetof(struct config, write_lanes), 1, ENGINE_LANES_MAX, false},
    {"read-lanes", offsetof(struct config, read_lanes), 1, ENGINE_LANES_MAX, false},
    {"statement-ms", offsetof(struct config, statement_ms), ENGINE_STATEMENT_MS_MIN,
     ENGINE_STATEMENT_MS_MAX, false},
    {"lock-ms", offsetof(struct config, lock_ms), ENGINE_LOCK_MS_MIN, ENGINE_LOCK_MS_MAX, false},
};

static enum fault bound_check(const struct config *c, const struct bound *b, char **ret_why)
{
	uint64_t value = *(const uint64_t *)(const void *)((const char *)c + b->member);

	if ((value >= b->least && value <= b->most) || (b->or_zero && !value))
		return OK;
	return why(ret_why, "%s is %s%llu..%llu, not %llu", b->name, b->or_zero ? "0 or " : "",
		   (unsigned long long)b->least, (unsigned long long)b->most,
		   (unsigned long long)value);
}

enum fault config_read(struct config *c, int argc, char *const *argv, char **ret_why)
{
	TRY(read_all(c, argc, argv, ret_why));
	for (size_t i = 0; i < COUNT_OF(bounds); i++)
		TRY(bound_check(c, &bounds[i], ret_why));
	return OK;
}

void config_release(struct config *c)
{
	for (size_t i = 0; i < COUNT_OF(params); i++)
		if (params[i].kind == KIND_TEXT)
			free(*(char **)((char *)c + params[i].member));
}

void config_example(struct buffer *out)
{
	for (size_t i = 0; i < COUNT_OF(params); i++)
		buffer_format(out, "# %s\n#%s = %s\n\n", params[i].help, params[i].name,
			      params[i].fallback ? params[i].fallback : "");
}

/* Who connects, as libpq reads it: up to the first @ that no / precedes. (A ? may stand in it.) And
 * on to the last one of that part: a password with an @ of its own is a mistake, but a password. */
static const char *end_of_user(const char *user)
{
	size_t n = strcspn(user, "/@"), part = n + strcspn(user + n, "/?");
	return user[n] == '@' ? memrchr(user, '@', part) : NULL;
}

/* An address without what it says of passwords: between user and host, or as a parameter. */
static void show_address(const char *address, struct buffer *out)
{
	const char *scheme = strstr(address, "://"), *user = scheme ? scheme + 3 : address;
	const char *at = scheme ? end_of_user(user) : NULL;
	const char *colon = at ? memchr(user, ':', (size_t)(at - user)) : NULL;
	struct text rest = text_of(at ? at : address), head = text_cut(&rest, '?');

	if (!scheme) { /* no address at all, perhaps "password=.." */
		buffer_text(out, TEXT("***"));
		return;
	}
	if (at)
		buffer_add(out, address, (size_t)((colon ? colon : at) - address));
	if (colon)
		buffer_text(out, TEXT(":***"));
	buffer_text(out, head);
	for (char sign = '?'; rest.data; sign = '&') {
		struct text item = text_cut(&rest, '&');
		bool secret = text_starts_with(item, TEXT("password=")) ||
			      text_starts_with(item, TEXT("sslpassword="));
		buffer_byte(out, sign);
		buffer_text(out, secret ? text_cut(&item, '=') : item);
		buffer_text(out, secret ? TEXT("=***") : TEXT_NONE);
	}
}

void config_show(const struct config *c, struct buffer *out)
{
	for (size_t i = 0; i < COUNT_OF(params); i++) {
		const void *member = (const char *)c + params[i].member;
		const char *text;

		switch (params[i].kind) {
		case KIND_TEXT:
			text = *(const char *const *)member;
			buffer_format(out, "%s = ", params[i].name);
			if (text && params[i].member == offsetof(struct config, store))
				show_address(text, out);
			else if (text)
				buffer_text(out, text_of(text));
			buffer_byte(out, '\n');
			break;
		case KIND_NUMBER:
			buffer_format(out, "%s = %llu\n", params[i].name,
				      (unsigned long long)*(const uint64_t *)member);
			break;
		case KIND_FLAG:
			buffer_format(out, "%s = %s\n", params[i].name,
				      *(const bool *)member ? "true" : "false");
			break;
		}
	}
}
