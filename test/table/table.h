/*
 * The table tests: each file of test/table is a story, one line a command and its outcome.
 *
 *     issue template=7 nicks=a,b -> ok a:$C1 b:template_exhausted
 *
 * Words are separated by blanks; values have none ('~' stands for one). Before `->`: the command
 * and its arguments; behind: `ok` and what it gave, or the fault, its field and its value. Lines
 * that begin with '#' say why.
 *
 * What the server makes has names: $C1, $C2 .. codes, $A1 .. activity ids, $U1 .. customer and
 * department ids, in the order in which they are first seen; they may be used in arguments. Times
 * are 2026-01-02T10:00:00; the clock stands at 2026-01-01T10:00:00 until `at TIME` or `later 3d`.
 * `on=2` runs a line for merchant 2; a merchant's own clock comes with it, unless the line says
 * `old_clock`: then that of a caller who has not heard of it.
 * A line `fresh` begins an empty store; `setup` is a fresh store at that time with an origin and
 * merchant 1.
 *
 * An engine joins by a struct stage: the files do not know which one runs them.
 */
#pragma once

#include "base/json.h"
#include "domain/domain.h"
#include "domain/notice.h"
#include "server_jobs.h"
#include "test.h"

#include <glob.h>

struct stage {
	void (*fresh)(struct stage *s); /* an empty store */
	/* One command for one merchant; everything it returns lives in the arena. */
	enum fault (*run)(struct stage *s, unsigned command, uint64_t merchant, struct instant now,
			  struct arena *arena, const void *cmd, void *ret, struct detail *detail);
	struct merchant_clock clock; /* the merchant's, for `run` */
};

enum { WORDS_MAX = 40, NAMED_MAX = 4000, CLOCKS_MAX = 10 };
struct word {
	struct text name, value;
	bool used;
};
struct story {
	struct stage *stage;
	const char *file;
	unsigned line;
	struct instant now;
	struct arena kept;  /* names */
	struct arena arena; /* one line */
	struct {
		char kind;
		unsigned number;
		struct text text;
	} named[NAMED_MAX];
	unsigned named_count;
	uint64_t merchant;
	struct merchant_clock clocks[CLOCKS_MAX]; /* by merchant */
	struct word words[WORDS_MAX];
	unsigned word_count;
	struct buffer out;
	struct detail detail;
};

/* --- arguments --- */

static bool has(struct story *t, const char *name)
{
	for (unsigned i = 0; i < t->word_count; i++)
		if (text_equal(t->words[i].name, text_of(name)))
			return t->words[i].used = true;
	return false;
}

static struct text arg(struct story *t, const char *name)
{
	for (unsigned i = 0; i < t->word_count; i++)
		if (text_equal(t->words[i].name, text_of(name))) {
			t->words[i].used = true;
			return t->words[i].value;
		}
	return TEXT_NONE;
}

static uint64_t arg_number(struct story *t, const char *name, uint64_t otherwise)
{
	uint64_t value;
	struct text word = arg(t, name);
	return word.data && text_to_uint64(word, &value) ? value : otherwise;
}

static int64_t arg_signed(struct story *t, const char *name)
{
	int64_t value;
	struct text word = arg(t, name);
	return word.data && text_to_int64(word, &value) ? value : 0;
}

static struct instant moment(struct story *t, struct text word)
{
	struct instant i = INSTANT_NONE;
	char *copy = arena_take(&t->arena, word.size + 1);
	memcpy(copy, word.data ? word.data : "", word.size);
	if (word.size > 10)
		copy[10] = ' ';
	struct text text = {copy, word.size};
	if (word.size && !moment_parse_second(text, &i) && !moment_parse_day(text, true, &i))
		CHECK_TEXT(text, "a moment");
	return i;
}

static struct instant arg_instant(struct story *t, const char *name)
{
	return moment(t, arg(t, name));
}

/* "a,b,,c" -> items, the blank one too; a,x5 is not special. "n*PREFIX" makes PREFIX1 .. PREFIXn.
 */
static const struct text *arg_items(struct story *t, const char *name, unsigned *ret_n)
{
	struct text word = arg(t, name), rest = word;
	*ret_n = 0;
	if (!word.data)
		return NULL;
	struct text first = text_cut(&rest, '*');
	uint64_t count;
	if (rest.data && text_to_uint64(first, &count)) {
		struct text *items = ARENA_ARRAY(&t->arena, struct text, count);
		for (; *ret_n < count; ++*ret_n)
			items[*ret_n] =
			    arena_format(&t->arena, "%.*s%u", TEXT_ARG(rest), *ret_n + 1);
		return items;
	}
	struct text *items = ARENA_ARRAY(&t->arena, struct text, word.size + 1);
	for (rest = word; rest.data;)
		items[(*ret_n)++] = text_cut(&rest, ',');
	return items;
}

static struct request_key arg_request(struct story *t)
{
	struct text word = arg(t, "request");
	return word.size ? (struct request_key){{word, TEXT("body")}, 2} : (struct request_key){0};
}

static struct references arg_references(struct story *t)
{
	static const struct {
		const char *name;
		enum reference kind;
	} kinds[] = {{"ids", REFERENCE_ID},
		     {"codes", REFERENCE_CODE},
		     {"names", REFERENCE_NAME},
		     {"sources", REFERENCE_SOURCE}};
	struct references r = {0};
	for (unsigned i = 0; i < COUNT_OF(kinds); i++)
		if (has(t, kinds[i].name)) {
			r.kind = kinds[i].kind;
			r.items = arg_items(t, kinds[i].name, &r.n);
		}
	return r;
}

static const char *const state_names[] = {"unused", "redeemed", "frozen", "recalled", "expired"};

static bool arg_state(struct story *t, enum coupon_state *ret)
{
	struct text word = arg(t, "state");
	for (unsigned i = 0; i < COUNT_OF(state_names); i++)
		if (text_equal(word, text_of(state_names[i]))) {
			*ret = (enum coupon_state)i;
			return true;
		}
	return false;
}

/* --- names and output --- */

static struct text name_of(struct story *t, char kind, struct text text)
{
	unsigned number = 1;
	for (unsigned i = 0; i < t->named_count; i++) {
		if (t->named[i].kind != kind)
			continue;
		if (text_equal(t->named[i].text, text))
			return arena_format(&t->arena, "$%c%u", kind, t->named[i].number);
		number++;
	}
	must(t->named_count < NAMED_MAX);
	t->named[t->named_count].kind = kind;
	t->named[t->named_count].number = number;
	t->named[t->named_count++].text = arena_text(&t->kept, text);
	return arena_format(&t->arena, "$%c%u", kind, number);
}

/* Its name when it has one. */
static struct text known_name(struct story *t, struct text text)
{
	for (unsigned i = 0; i < t->named_count; i++)
		if (text_equal(t->named[i].text, text))
			return name_of(t, t->named[i].kind, text);
	return text;
}

static struct text named(struct story *t, char kind, unsigned number)
{
	for (unsigned i = 0; i < t->named_count; i++)
		if (t->named[i].kind == kind && t->named[i].number == number)
			return t->named[i].text;
	return TEXT_NONE;
}

/* '~' is a blank, $C1 what it names. */
static struct text expanded(struct story *t, struct text word, char blank)
{
	struct buffer b;
	buffer_init_fixed(&b, arena_take(&t->arena, word.size * 8 + 64), word.size * 8 + 64);
	for (size_t i = 0; i < word.size; i++) {
		char c = word.data[i];
		if (c != '$' || i + 2 >= word.size || !strchr("CAUEK", word.data[i + 1])) {
			buffer_byte(&b, c == blank ? ' ' : c);
			continue;
		}
		unsigned number = 0;
		char kind = word.data[++i];
		while (i + 1 < word.size && word.data[i + 1] >= '0' && word.data[i + 1] <= '9')
			number = number * 10 + (unsigned)(word.data[++i] - '0');
		buffer_text(&b, named(t, kind, number));
	}
	must(!b.full);
	return buffer_get(&b);
}

static void say(struct story *t, const char *word)
{
	buffer_format(&t->out, " %s", word);
}

static void say_text(struct story *t, const char *name, struct text value)
{
	buffer_format(&t->out, " %s=%.*s", name, TEXT_ARG(value));
}

static void say_number(struct story *t, const char *name, uint64_t value)
{
	buffer_format(&t->out, " %s=%llu", name, (unsigned long long)value);
}

static void say_instant(struct story *t, const char *name, struct instant i)
{
	char memory[MOMENT_SECOND_SIZE];
	struct buffer b;
	buffer_init_fixed(&b, memory, sizeof(memory));
	if (!instant_is_none(i)) {
		buffer_moment_second(&b, i);
		memory[10] = 'T';
	}
	say_text(t, name, buffer_get(&b));
}

/* Ids that the server made get names; others are as they were given. */
static struct text shown_id(struct story *t, struct text id)
{
	uint64_t number;
	bool made = id.size == PUBLIC_ID_SIZE && id.data[0] == '1' && text_to_uint64(id, &number);
	return made ? name_of(t, 'U', id) : id;
}

static struct text activity_name(struct story *t, uint64_t activity_id)
{
	return name_of(t, 'A', arena_format(&t->arena, "%llu", (unsigned long long)activity_id));
}

/* Imported codes are lower case here. */
static struct text shown_code(struct story *t, struct text code)
{
	bool made = code.size == 12;
	for (size_t i = 0; i < code.size; i++)
		made = made && !(code.data[i] >= 'a' && code.data[i] <= 'z');
	return made ? name_of(t, 'C', code) : code;
}

static void set_stage_clock(struct story *t)
{
	bool known = t->merchant < CLOCKS_MAX && !has(t, "old_clock");
	t->stage->clock = known ? t->clocks[t->merchant] : (struct merchant_clock){0};
}

#define RUN(command_name)                                                                        \
	({                                                                                       \
		set_stage_clock(t);                                                              \
		enum fault fault_ = t->stage->run(t->stage, COMMAND_##command_name, t->merchant, \
						  t->now, &t->arena, &cmd, &ret, &t->detail);    \
		if (fault_ != OK)                                                                \
			return fault_;                                                           \
	})

/* --- the store --- */

static enum fault do_origin(struct story *t)
{
	struct origin_create_cmd cmd = {arg_number(t, "epoch", 0)};
	struct origin_create_ret ret;
	t->merchant = 0;
	RUN(origin_create);
	say(t, ret.made ? "made" : "there");
	return OK;
}

static enum fault do_restore(struct story *t)
{
	struct origin_restore_cmd cmd = {arg_number(t, "epoch", 0)};
	struct origin_restore_ret ret;
	t->merchant = 0;
	RUN(origin_restore);
	return OK;
}

static enum fault do_merchant(struct story *t)
{
	struct merchant_add_cmd cmd = {.name = arg(t, "name"),
				       .may_exist = has(t, "may_exist"),
				       .sandbox = has(t, "sandbox"),
				       .from_utc8 = arg_signed(t, "zone")};
	struct merchant_add_ret ret;
	t->merchant = 0;
	RUN(merchant_add);
	say(t, ret.made ? "made" : "there");
	say_number(t, "number", ret.number);
	if (ret.made && ret.number < CLOCKS_MAX)
		t->clocks[ret.number] = (struct merchant_clock){cmd.from_utc8, 0};
	return OK;
}

static int64_t span_ms(struct text word);

static enum fault do_change_merchant(struct story *t)
{
	struct text zone = arg(t, "zone"), advance = arg(t, "advance");
	struct merchant_change_cmd cmd = {.number = arg_number(t, "number", 2),
					  .has_zone = zone.data != NULL,
					  .from_utc8 = arg_signed(t, "zone"),
					  .make_sandbox = has(t, "sandbox"),
					  .advance_ms = span_ms(advance)};
	struct merchant_change_ret ret;
	t->merchant = 0;
	RUN(merchant_change);
	t->clocks[cmd.number] = merchant_clock_of(&ret.merchant);
	buffer_format(&t->out, " zone=%lld ahead=%lld", (long long)ret.merchant.from_utc8,
		      (long long)ret.merchant.clock_ms);
	say_number(t, "revision", ret.merchant.revision);
	return OK;
}

static enum fault do_merchants(struct story *t)
{
	struct merchant_list_cmd cmd = {arg_number(t, "from", 0), (unsigned)arg_number(t, "n", 10)};
	struct merchant_list_ret ret;
	t->merchant = 0;
	RUN(merchant_list);
	say_number(t, "count", ret.count);
	for (unsigned i = 0; i < ret.n; i++)
		buffer_format(&t->out, " %llu:%.*s", (unsigned long long)ret.rows[i].number,
			      TEXT_ARG(ret.rows[i].name));
	return OK;
}

/* The number stands for the contents too: body= makes others. */
static struct request_number arg_request_number(struct story *t, const char *name)
{
	struct text key = arg(t, name), body = arg(t, "body");
	char *digest = arena_take_zeroed(&t->arena, 32);
	memcpy(digest, body.data ? body.data : "", body.size < 32 ? body.size : 32);
	return (struct request_number){.key = key, .digest = {digest, key.size ? 32 : 0}};
}

static void say_limits(struct story *t, const struct credential *c)
{
	if (c->label.size)
		say_text(t, "label", c->label);
	if (c->scopes)
		say_number(t, "scopes", c->scopes);
	if (c->calls_per_s || c->burst)
		buffer_format(&t->out, " limits=%llu/%llu", (unsigned long long)c->calls_per_s,
			      (unsigned long long)c->burst);
	if (!instant_is_none(c->expires))
		say_instant(t, "expires", c->expires);
	if (c->revoked)
		say(t, "revoked");
}

static enum fault do_credential(struct story *t)
{
	struct credential_add_cmd cmd = {.may_exist = has(t, "may_exist")};
	struct credential_add_ret ret;
	cmd.credential.dialect = arg_number(t, "dialect", DIALECT_WJB);
	cmd.credential.name = arg(t, "name");
	cmd.credential.owner = arg_number(t, "owner", 1);
	cmd.credential.secret = arg(t, "secret");
	cmd.credential.token = arg(t, "token");
	cmd.credential.label = arg(t, "label");
	cmd.credential.scopes = arg_number(t, "scopes", 0);
	cmd.credential.expires = arg_instant(t, "expires");
	cmd.credential.calls_per_s = arg_number(t, "calls", 0);
	cmd.credential.burst = arg_number(t, "burst", 0);
	cmd.credential.demo = has(t, "demo");
	cmd.seed = arg(t, "seed");
	cmd.request = arg_request_number(t, "no");
	t->merchant = 0;
	RUN(credential_add);
	say(t, ret.made ? "made" : "there");
	if (!ret.key.size)
		return OK;
	say_text(t, "key", name_of(t, 'K', ret.key));
	say_number(t, "letters", ret.key.size);
	say_limits(t, &ret.credential);
	return OK;
}

/* `key`: a native key, whose name is looked up first. */
static enum fault do_change_credential(struct story *t)
{
	struct text key = arg(t, "key"), expires = arg(t, "expires"), calls = arg(t, "calls");
	struct credential_change_cmd change = {
	    .dialect =
		(enum dialect)arg_number(t, "dialect", key.data ? DIALECT_NATIVE : DIALECT_WJB),
	    .name = arg(t, "name"),
	    .owner = arg_number(t, "owner", 0),
	    .revoke = has(t, "revoke"),
	    .has_expires = expires.data != NULL,
	    .has_calls_per_s = calls.data != NULL,
	    .has_burst = arg(t, "burst").data != NULL,
	    .calls_per_s = arg_number(t, "calls", 0),
	    .burst = arg_number(t, "burst", 0),
	    .request = arg_request_number(t, "no")};
	t->merchant = 0;
	if (expires.size)
		change.expires = moment(t, expires);
	if (key.data) {
		struct credential_find_cmd cmd = {change.dialect, key};
		struct credential_find_ret ret;
		RUN(credential_find);
		change.name = arena_text(&t->arena, ret.credential.name);
	}
	const struct credential_change_cmd cmd = change;
	struct credential_change_ret ret;
	RUN(credential_change);
	say_limits(t, &ret.credential);
	return OK;
}

static enum fault do_find_credential(struct story *t)
{
	struct credential_find_cmd cmd = {(enum dialect)arg_number(t, "dialect", DIALECT_WJB),
					  arg(t, "name")};
	struct credential_find_ret ret;
	t->merchant = 0;
	RUN(credential_find);
	say_text(t, "merchant", ret.merchant.name);
	if (cmd.dialect == DIALECT_NATIVE) {
		bool clear = text_equal(ret.credential.name, cmd.name);
		say_number(t, clear ? "clear" : "digest", ret.credential.name.size);
	}
	say_text(t, "secret", ret.credential.secret);
	say_text(t, "token", ret.credential.token);
	say_limits(t, &ret.credential);
	return OK;
}

static enum fault do_get_credential(struct story *t)
{
	struct credential_get_cmd cmd = {(enum dialect)arg_number(t, "dialect", DIALECT_WJB),
					 arg(t, "name"), arg_number(t, "owner", 1)};
	struct credential_get_ret ret;
	t->merchant = 0;
	RUN(credential_get);
	say_text(t, "name", ret.credential.name);
	say_limits(t, &ret.credential);
	return OK;
}

static enum fault do_credentials(struct story *t)
{
	struct credential_list_cmd cmd = {arg_number(t, "owner", 0), arg_number(t, "from", 0),
					  (unsigned)arg_number(t, "n", 10)};
	struct credential_list_ret ret;
	t->merchant = 0;
	RUN(credential_list);
	say_number(t, "count", ret.count);
	for (unsigned i = 0; i < ret.n; i++)
		buffer_format(&t->out, " %.*s", TEXT_ARG(ret.rows[i].name));
	return OK;
}

/* --- departments and customers --- */

static enum fault do_department(struct story *t)
{
	struct department_save_cmd cmd = {{.department_id = arg(t, "id"),
					   .code = arg(t, "code"),
					   .name = arg(t, "name"),
					   .source_code = arg(t, "source")}};
	struct department_save_ret ret;
	RUN(department_save);
	say(t, ret.made ? "made" : ret.changed ? "changed" : "same");
	return OK;
}

static enum fault do_departments(struct story *t)
{
	struct department_list_cmd cmd = {arg_number(t, "from", 0),
					  (unsigned)arg_number(t, "n", 10)};
	struct department_list_ret ret;
	RUN(department_list);
	say_number(t, "count", ret.count);
	for (unsigned i = 0; i < ret.n; i++) {
		struct department *d = &ret.rows[i];
		buffer_format(&t->out, " %.*s:%.*s:%.*s:%.*s",
			      TEXT_ARG(shown_id(t, d->department_id)), TEXT_ARG(d->code),
			      TEXT_ARG(d->name), TEXT_ARG(d->source_code));
	}
	return OK;
}

static enum fault do_customer(struct story *t)
{
	struct customer_save_cmd cmd = {{.customer_id = arg(t, "id"),
					 .code = arg(t, "code"),
					 .name = arg(t, "name"),
					 .source_code = arg(t, "source"),
					 .nick = arg(t, "nick"),
					 .phone = arg(t, "phone"),
					 .card_no = arg(t, "card")}};
	struct customer_save_ret ret;
	RUN(customer_save);
	say(t, ret.made ? "made" : ret.changed ? "changed" : "same");
	return OK;
}

static enum fault do_customers(struct story *t)
{
	struct customer_list_cmd cmd = {arg_number(t, "from", 0), (unsigned)arg_number(t, "n", 10)};
	struct customer_list_ret ret;
	RUN(customer_list);
	say_number(t, "count", ret.count);
	for (unsigned i = 0; i < ret.n; i++) {
		struct customer *c = &ret.rows[i];
		buffer_format(&t->out, " %.*s:%.*s:%.*s:%.*s:%.*s:%.*s:%.*s",
			      TEXT_ARG(shown_id(t, c->customer_id)), TEXT_ARG(c->code),
			      TEXT_ARG(c->name), TEXT_ARG(c->source_code), TEXT_ARG(c->nick),
			      TEXT_ARG(c->phone), TEXT_ARG(c->card_no));
	}
	return OK;
}

static enum fault do_erase(struct story *t)
{
	struct customer_erase_cmd cmd = {arg(t, "id")};
	struct customer_erase_ret ret;
	RUN(customer_erase);
	say_number(t, "erased", ret.erased);
	return OK;
}

static enum fault do_merge(struct story *t)
{
	struct customer_merge_cmd cmd = {arg(t, "into"), arg(t, "from")};
	struct customer_merge_ret ret;
	RUN(customer_merge);
	say(t, ret.merged ? "merged" : "there");
	return OK;
}

/* One step; `all`: until nothing is left. */
static enum fault do_settle(struct story *t)
{
	struct customer_settle_cmd cmd = {(unsigned)arg_number(t, "n", SETTLE_MAX)};
	struct customer_settle_ret ret;
	bool all = has(t, "all");
	do {
		RUN(customer_settle);
	} while (all && ret.left);
	say_number(t, "left", ret.left);
	return OK;
}

/* --- templates --- */

static struct template arg_template(struct story *t)
{
	struct template x = {
	    .template_id = arg_number(t, "id", 0),
	    .name = arg(t, "name"),
	    .type = arg(t, "type"),
	    .has_amount = has(t, "amount"),
	    .amount.fen = (int64_t)arg_number(t, "amount", 0),
	    .has_threshold = has(t, "threshold"),
	    .threshold.fen = (int64_t)arg_number(t, "threshold", 0),
	    .begin = arg_instant(t, "begin"),
	    .end = arg_instant(t, "end"),
	    .shops = arg(t, "shops"),
	    .description = arg(t, "memo"),
	    .channel = arg(t, "channel"),
	    .has_total = has(t, "total"),
	    .total = arg_number(t, "total", 0),
	    .per_person = arg_number(t, "per_person", 0),
	    .object = arg(t, "object"),
	};
	return x;
}

static enum fault do_template(struct story *t)
{
	struct template_add_cmd cmd = {arg_template(t), arg_request(t)};
	struct template_add_ret ret;
	RUN(template_add);
	say(t, ret.made ? "made" : "there");
	return OK;
}

static enum fault do_save_template(struct story *t)
{
	struct template_save_cmd cmd = {.template = arg_template(t)};
	struct template_save_ret ret;
	/* What no column says is said by terms. */
	cmd.has_terms = has(t, "total") || has(t, "per_person");
	if (cmd.has_terms && !cmd.template.per_person)
		cmd.template.per_person = 1;
	RUN(template_save);
	say(t, ret.made ? "made" : ret.changed ? "changed" : "same");
	return OK;
}

static enum fault do_delete_template(struct story *t)
{
	struct template_delete_cmd cmd = {arg_number(t, "id", 0), arg_request(t)};
	struct template_delete_ret ret;
	RUN(template_delete);
	return OK;
}

static enum fault do_templates(struct story *t)
{
	struct template_list_cmd cmd = {.from = arg_instant(t, "from"),
					.to = arg_instant(t, "to"),
					.skip = arg_number(t, "skip", 0),
					.n = (unsigned)arg_number(t, "n", 10),
					.oldest_first = has(t, "oldest")};
	struct template_list_ret ret;
	RUN(template_list);
	say_number(t, "count", ret.count);
	for (unsigned i = 0; i < ret.n; i++)
		buffer_format(&t->out, " %llu", (unsigned long long)ret.rows[i].template_id);
	return OK;
}

static enum fault do_show_template(struct story *t)
{
	struct template_list_cmd cmd = {.n = 1000};
	struct template_list_ret ret;
	uint64_t id = arg_number(t, "id", 0);
	RUN(template_list);
	for (unsigned i = 0; i < ret.n; i++) {
		struct template *x = &ret.rows[i];
		if (x->template_id != id)
			continue;
		say_text(t, "name", x->name);
		if (x->has_amount)
			say_number(t, "amount", (uint64_t)x->amount.fen);
		if (x->has_total)
			say_number(t, "total", x->total);
		say_number(t, "per_person", x->per_person);
		say_number(t, "maker", x->maker);
		say_number(t, "changed", x->changed);
		say_instant(t, "updated", x->updated);
		say_text(t, "object", x->object);
	}
	return OK;
}

/* --- coupons --- */

static enum fault do_issue(struct story *t)
{
	struct coupon_issue_cmd cmd = {.template_id = arg_number(t, "template", 0)};
	struct coupon_issue_ret ret;
	cmd.nicks = arg_items(t, "nicks", &cmd.n);
	cmd.request = arg_request(t);
	cmd.number = arg(t, "number");
	RUN(coupon_issue);
	for (unsigned i = 0; i < ret.n; i++) {
		struct coupon_issued *r = &ret.results[i];
		struct text code =
		    r->fault ? text_of(fault_name(r->fault)) : shown_code(t, r->code);
		buffer_format(&t->out, " %.*s:%.*s", TEXT_ARG(cmd.nicks[i]), TEXT_ARG(code));
	}
	return OK;
}

static struct coupon_import_cmd arg_import(struct story *t)
{
	struct coupon_import_cmd cmd = {.code = arg(t, "code"),
					.template_id = arg_number(t, "template", 0),
					.customer_id = arg(t, "id"),
					.phone = arg(t, "phone"),
					.card_no = arg(t, "card"),
					.nick = arg(t, "nick"),
					.channel = arg(t, "channel"),
					.issued = arg_instant(t, "issued"),
					.begin = arg_instant(t, "begin"),
					.end = arg_instant(t, "end"),
					.attribute = arg(t, "attribute")};
	arg_state(t, &cmd.state);
	return cmd;
}

static enum fault do_import(struct story *t)
{
	struct coupon_import_cmd cmd = arg_import(t);
	struct coupon_import_ret ret;
	RUN(coupon_import);
	say(t, ret.made ? "made" : "there");
	return OK;
}

/* n coupons, codes PREFIX1 .. PREFIXn. */
static enum fault do_import_many(struct story *t)
{
	uint64_t n = arg_number(t, "n", 0);
	struct coupon_import_cmd cmd = arg_import(t);
	struct coupon_import_ret ret;
	struct text prefix = cmd.code;
	for (uint64_t i = 1; i <= n; i++) {
		cmd.code =
		    arena_format(&t->arena, "%.*s%llu", TEXT_ARG(prefix), (unsigned long long)i);
		RUN(coupon_import);
	}
	return OK;
}

static void say_views(struct story *t, const struct coupon_view *rows, unsigned n)
{
	bool amounts = has(t, "amounts");
	for (unsigned i = 0; i < n; i++) {
		const struct coupon_view *v = &rows[i];
		struct text holder = v->customer ? customer_label(v->customer) : TEXT("-");
		if (!holder.size)
			holder = shown_id(t, v->customer->customer_id);
		buffer_format(&t->out, " %.*s:%llu:%.*s:%s", TEXT_ARG(shown_code(t, v->code)),
			      (unsigned long long)v->template->template_id, TEXT_ARG(holder),
			      state_names[v->state]);
		if (v->coupon->channel.size)
			buffer_format(&t->out, ":%.*s", TEXT_ARG(v->coupon->channel));
		if (amounts)
			buffer_format(&t->out, ":%lld", (long long)v->template->amount.fen);
	}
}

static enum fault do_coupons(struct story *t)
{
	struct coupon_query_cmd cmd = {.channel = arg(t, "channel"),
				       .phone = arg(t, "phone"),
				       .card_no = arg(t, "card"),
				       .code = arg(t, "code"),
				       .skip = arg_number(t, "skip", 0),
				       .n = (unsigned)arg_number(t, "n", 10),
				       .oldest_first = has(t, "oldest")};
	struct coupon_query_ret ret;
	RUN(coupon_query);
	say_number(t, "count", ret.count);
	say_views(t, ret.rows, ret.n);
	return OK;
}

static enum fault do_wallet(struct story *t)
{
	struct coupon_wallet_cmd cmd = {.customer_id = arg(t, "id"), .code = arg(t, "code")};
	struct coupon_wallet_ret ret;
	cmd.has_state = arg_state(t, &cmd.state);
	RUN(coupon_wallet);
	say_number(t, "n", ret.n);
	say_views(t, ret.rows, ret.n < 10 ? ret.n : 0);
	return OK;
}

/* --- campaigns --- */

static enum given arg_given(struct story *t, const char *name)
{
	if (!has(t, name))
		return GIVEN_ABSENT;
	return text_equal(arg(t, name), TEXT("null")) ? GIVEN_NULL : GIVEN_VALUE;
}

static struct instant instant_of(struct story *t, enum given given, const char *name)
{
	return given == GIVEN_VALUE ? arg_instant(t, name) : INSTANT_NONE;
}

/* An argument NAME_size=N stands for a text of that many bytes. */
static struct text arg_sized(struct story *t, const char *name, const char *size_name)
{
	uint64_t size = arg_number(t, size_name, 0);
	if (!size)
		return arg(t, name);
	char *memory = arena_take(&t->arena, size);
	must(memory);
	memset(memory, 'x', size);
	return (struct text){memory, size};
}

/* pad=NAME pad_size=N: an object with one long member. */
static struct text arg_object(struct story *t)
{
	struct text name = arg(t, "pad");
	if (!name.size)
		return arg(t, "object");
	return arena_format(&t->arena, "{\"%.*s\":\"%.*s\"}", TEXT_ARG(name),
			    TEXT_ARG(arg_sized(t, "", "pad_size")));
}

static struct campaign_patch arg_patch(struct story *t)
{
	struct campaign_patch p = {.object = arg_object(t),
				   .name_given = arg_given(t, "name"),
				   .type_given = arg_given(t, "type"),
				   .status_given = arg_given(t, "status"),
				   .begin_given = arg_given(t, "begin"),
				   .end_given = arg_given(t, "end"),
				   .memo_given = arg_given(t, "memo"),
				   .prizes_given = arg_given(t, "prizes"),
				   .name = arg(t, "name"),
				   .type_code = arg(t, "type"),
				   .memo = arg(t, "memo"),
				   .status = arg_number(t, "status", 0)};
	p.begin = instant_of(t, p.begin_given, "begin");
	p.end = instant_of(t, p.end_given, "end");
	if (p.prizes_given == GIVEN_VALUE) {
		const struct text *items = arg_items(t, "prizes", &p.prize_count);
		uint64_t *prizes = ARENA_ARRAY(&t->arena, uint64_t, p.prize_count + 1);
		for (unsigned i = 0; i < p.prize_count; i++)
			must(text_to_uint64(items[i], &prizes[i]));
		p.prizes = prizes;
	}
	return p;
}

static enum fault do_campaign(struct story *t)
{
	struct campaign_add_cmd cmd = {arg_patch(t), arg_request(t)};
	struct campaign_add_ret ret;
	RUN(campaign_add);
	say_text(t, "id", activity_name(t, ret.activity_id));
	return OK;
}

static enum fault do_modify(struct story *t)
{
	struct campaign_modify_cmd cmd = {arg_number(t, "id", 0), arg_patch(t), arg_request(t)};
	struct campaign_modify_ret ret;
	RUN(campaign_modify);
	return OK;
}

static struct campaign_save_cmd arg_campaign(struct story *t)
{
	struct campaign_save_cmd cmd = {.source_code = arg(t, "source"),
					.code = arg(t, "code"),
					.name = arg(t, "name"),
					.type_code = arg(t, "type"),
					.register_url = arg(t, "url"),
					.information = arg_sized(t, "info", "info_size"),
					.status = arg_number(t, "status", 1),
					.begin = arg_instant(t, "begin"),
					.end = arg_instant(t, "end"),
					.departments = arg_references(t)};
	return cmd;
}

/* n campaigns, sources PREFIX1 .. PREFIXn. */
static enum fault do_save_campaigns(struct story *t)
{
	uint64_t n = arg_number(t, "n", 0);
	struct campaign_save_cmd cmd = arg_campaign(t);
	struct campaign_save_ret ret;
	struct text prefix = cmd.source_code;
	for (uint64_t i = 1; i <= n; i++) {
		cmd.source_code =
		    arena_format(&t->arena, "%.*s%llu", TEXT_ARG(prefix), (unsigned long long)i);
		RUN(campaign_save);
	}
	return OK;
}

static enum fault do_save_campaign(struct story *t)
{
	struct campaign_save_cmd cmd = arg_campaign(t);
	struct campaign_save_ret ret;
	RUN(campaign_save);
	say(t, ret.made ? "made" : "there");
	say_text(t, "id", activity_name(t, ret.activity_id));
	return OK;
}

static enum fault do_delete_campaign(struct story *t)
{
	struct campaign_delete_cmd cmd = {arg_number(t, "id", 0), arg_request(t)};
	struct campaign_delete_ret ret;
	RUN(campaign_delete);
	return OK;
}

static enum fault do_campaigns(struct story *t)
{
	struct campaign_list_cmd cmd = {.from = arg_instant(t, "from"),
					.to = arg_instant(t, "to"),
					.skip = arg_number(t, "skip", 0),
					.n = (unsigned)arg_number(t, "n", 10),
					.all = has(t, "all"),
					.oldest_first = has(t, "oldest")};
	struct campaign_list_ret ret;
	RUN(campaign_list);
	say_number(t, "count", ret.count);
	for (unsigned i = 0; i < ret.n; i++)
		buffer_format(&t->out, " %.*s",
			      TEXT_ARG(activity_name(t, ret.rows[i].activity_id)));
	return OK;
}

static enum fault find_campaign(struct story *t, uint64_t id, struct campaign *ret_campaign)
{
	struct campaign_list_cmd cmd = {.n = 10000, .all = true};
	struct campaign_list_ret ret;
	RUN(campaign_list);
	for (unsigned i = 0; i < ret.n; i++)
		if (ret.rows[i].activity_id == id)
			*ret_campaign = ret.rows[i];
	return OK;
}

static enum fault do_show_campaign(struct story *t)
{
	struct campaign c = {0};
	TRY(find_campaign(t, arg_number(t, "id", 0), &c));
	say_text(t, "source", c.source_code);
	say_text(t, "code", c.code);
	say_text(t, "name", c.name);
	say_text(t, "type", c.type_code);
	say_number(t, "status", c.status);
	say_instant(t, "begin", c.begin);
	say_instant(t, "end", c.end);
	say_text(t, "info", c.information);
	say_number(t, "changed", c.changed);
	say_instant(t, "modified", c.modified);
	say_text(t, "object", c.object);
	return OK;
}

static enum fault do_query(struct story *t)
{
	struct campaign_query_cmd cmd = {.source_code = arg(t, "source"),
					 .code = arg(t, "code"),
					 .type_code = arg(t, "type"),
					 .created_before = arg_instant(t, "created_before"),
					 .created_after = arg_instant(t, "created_after"),
					 .modified_before = arg_instant(t, "modified_before"),
					 .modified_after = arg_instant(t, "modified_after")};
	struct campaign_query_ret ret;
	RUN(campaign_query);
	say_number(t, "n", ret.n);
	for (unsigned i = 0; i < ret.n && i < 10; i++) {
		buffer_format(&t->out, " %.*s",
			      TEXT_ARG(activity_name(t, ret.rows[i].activity_id)));
		for (unsigned d = 0; d < ret.department_count[i]; d++)
			buffer_format(&t->out, "/%.*s", TEXT_ARG(ret.departments[i][d].name));
	}
	return OK;
}

static enum fault do_sweep(struct story *t)
{
	struct campaign_sweep_cmd cmd = {(unsigned)arg_number(t, "n", 100)};
	struct campaign_sweep_ret ret;
	RUN(campaign_sweep);
	say_number(t, "swept", ret.swept);
	return OK;
}

/* --- audience --- */

static enum fault do_target(struct story *t)
{
	struct audience_add_cmd cmd = {.activity_id = arg_number(t, "id", 0)};
	struct audience_add_ret ret;
	cmd.nicks = arg_items(t, "nicks", &cmd.n);
	cmd.request = arg_request(t);
	RUN(audience_add);
	say_number(t, "added", ret.added);
	return OK;
}

static enum fault do_clear(struct story *t)
{
	struct audience_clear_cmd cmd = {arg_number(t, "id", 0), arg_request(t)};
	struct audience_clear_ret ret;
	RUN(audience_clear);
	return OK;
}

static enum fault do_invite(struct story *t)
{
	struct audience_invite_cmd cmd = {arg_number(t, "id", 0), arg_references(t)};
	struct audience_invite_ret ret;
	RUN(audience_invite);
	say_number(t, "added", ret.added);
	return OK;
}

static enum fault do_register(struct story *t)
{
	struct audience_register_cmd cmd = {.campaign_source_code = arg(t, "source"),
					    .campaign_code = arg(t, "code"),
					    .customers = arg_references(t),
					    .registered_at = arg_instant(t, "time"),
					    .information = arg_sized(t, "info", "info_size")};
	struct audience_register_ret ret;
	RUN(audience_register);
	return OK;
}

static enum fault do_audience(struct story *t)
{
	struct campaign c = {0};
	struct text mark = arg(t, "mark");
	TRY(find_campaign(t, arg_number(t, "id", 0), &c));
	struct audience_page_cmd cmd = {.campaign = c.number,
					.cover = c.cover,
					.mark = text_equal(mark, TEXT("covered"))   ? MARK_COVERED
						: text_equal(mark, TEXT("invited")) ? MARK_INVITED
						: text_equal(mark, TEXT("pending"))
						    ? MARK_PENDING
						    : MARK_REGISTERED,
					.from = arg_number(t, "from", 0),
					.n = (unsigned)arg_number(t, "n", 10)};
	struct audience_page_ret ret;
	RUN(audience_page);
	say_number(t, "count", ret.count);
	for (unsigned i = 0; i < ret.n; i++) {
		buffer_format(&t->out, " %.*s", TEXT_ARG(customer_label(&ret.rows[i].customer)));
		if (ret.rows[i].member.information.size)
			buffer_format(&t->out, "/%.*s", TEXT_ARG(ret.rows[i].member.information));
	}
	return OK;
}

static enum fault do_forget(struct story *t)
{
	struct request_forget_cmd cmd = {
	    (enum request_class)arg_number(t, "class", REQUEST_DIALECT),
	    (unsigned)arg_number(t, "n", 100)};
	struct request_forget_ret ret;
	RUN(request_forget);
	say_number(t, "forgotten", ret.forgotten);
	return OK;
}

#include "errand.h"
#include "life.h"
#include "campaigns.h"
#include "lease.h"
#include "webhook.h"
#include "jobs.h"

/* --- the runner --- */

static enum fault do_at(struct story *t)
{
	t->now = moment(t, t->words[0].name);
	t->words[0].used = true;
	return OK;
}

/* 3d, 2h, 7m, 5s, 40ms, -1s */
static int64_t span_ms(struct text word)
{
	static const struct {
		const char *unit;
		int64_t ms;
	} units[] = {{"d", 86400000}, {"h", 3600000}, {"m", 60000}, {"s", 1000}, {"ms", 1}};
	bool minus = text_starts_with(word, TEXT("-"));
	int64_t value = 0;
	size_t digits = minus;
	while (digits < word.size && word.data[digits] >= '0' && word.data[digits] <= '9')
		value = value * 10 + (word.data[digits++] - '0');
	struct text unit = {word.data + digits, word.size - digits};
	for (unsigned i = 0; i < COUNT_OF(units); i++)
		if (text_equal(unit, text_of(units[i].unit)))
			return (minus ? -value : value) * units[i].ms;
	return 0;
}

static enum fault do_later(struct story *t)
{
	t->now.ms += span_ms(t->words[0].name);
	t->words[0].used = true;
	return OK;
}

static void set_clock(struct story *t)
{
	must(moment_parse_second(TEXT("2026-01-01 10:00:00"), &t->now));
}

static enum fault do_fresh(struct story *t)
{
	t->stage->fresh(t->stage);
	memset(t->clocks, 0, sizeof(t->clocks));
	if (!has(t, "keep_names"))
		t->named_count = 0;
	return OK;
}

static enum fault do_setup(struct story *t)
{
	struct origin_create_cmd origin = {0xC0FFE};
	struct origin_create_ret origin_ret;
	struct merchant_add_cmd merchant = {.name = TEXT("shop")};
	struct merchant_add_ret merchant_ret;
	do_fresh(t);
	set_clock(t);
	t->stage->clock = (struct merchant_clock){0};
	TRY(t->stage->run(t->stage, COMMAND_origin_create, 0, t->now, &t->arena, &origin,
			  &origin_ret, &t->detail));
	TRY(t->stage->run(t->stage, COMMAND_merchant_add, 0, t->now, &t->arena, &merchant,
			  &merchant_ret, &t->detail));
	return table_listens ? listen(t) : OK;
}

static const struct {
	const char *name;
	enum fault (*run)(struct story *t);
} table_rows[] = {
    {"fresh", do_fresh},
    {"setup", do_setup},
    {"at", do_at},
    {"later", do_later},
    {"origin", do_origin},
    {"lease", do_lease},
    {"job", do_job},
    {"job_input", do_job_input},
    {"job_step", do_job_step},
    {"job_lease", do_job_lease},
    {"job_end", do_job_end},
    {"job_cancel", do_job_cancel},
    {"job_show", do_job_show},
    {"jobs", do_jobs},
    {"unlease", do_unlease},
    {"restore", do_restore},
    {"merchant", do_merchant},
    {"merchants", do_merchants},
    {"change_merchant", do_change_merchant},
    {"credential", do_credential},
    {"change_credential", do_change_credential},
    {"find_credential", do_find_credential},
    {"get_credential", do_get_credential},
    {"credentials", do_credentials},
    {"department", do_department},
    {"departments", do_departments},
    {"customer", do_customer},
    {"customers", do_customers},
    {"erase", do_erase},
    {"merge", do_merge},
    {"settle", do_settle},
    {"template", do_template},
    {"save_template", do_save_template},
    {"delete_template", do_delete_template},
    {"templates", do_templates},
    {"show_template", do_show_template},
    {"issue", do_issue},
    {"import", do_import},
    {"import_many", do_import_many},
    {"coupons", do_coupons},
    {"wallet", do_wallet},
    {"campaign", do_campaign},
    {"modify", do_modify},
    {"save_campaign", do_save_campaign},
    {"save_campaigns", do_save_campaigns},
    {"delete_campaign", do_delete_campaign},
    {"campaigns", do_campaigns},
    {"show_campaign", do_show_campaign},
    {"query", do_query},
    {"sweep", do_sweep},
    {"target", do_target},
    {"clear", do_clear},
    {"invite", do_invite},
    {"register", do_register},
    {"audience", do_audience},
    {"forget", do_forget},
    {"make", do_make},
    {"change_template", do_change_template},
    {"usage", do_usage},
    {"grant", do_grant},
    {"change", do_change},
    {"redeem", do_redeem},
    {"reasons", do_reasons},
    {"reverse", do_reverse},
    {"redemption", do_redemption},
    {"purchase", do_purchase},
    {"show", do_show},
    {"qualify_cart", do_qualify},
    {"page", do_page},
    {"sweep_holds", do_sweep_holds},
    {"plan", do_plan},
    {"replan", do_replan},
    {"turn", do_turn},
    {"run", do_run},
    {"walk", do_walk},
    {"fill", do_fill},
    {"approve", do_approve},
    {"progress", do_progress},
    {"campaigns_due", do_campaigns_due},
    {"webhook", do_webhook},
    {"change_webhook", do_change_webhook},
    {"delete_webhook", do_delete_webhook},
    {"webhooks", do_webhooks},
    {"next", do_next},
    {"settle_deliveries", do_settle_deliveries},
    {"deliveries", do_deliveries},
    {"resend", do_resend},
    {"forget_notices", do_forget_notices},
    {"providers", do_providers},
    {"provider_lease", do_provider_lease},
    {"errands", do_errands},
    {"errand", do_errand},
    {"due", do_due},
    {"begin", do_begin},
    {"settle_errand", do_settle_errand},
    {"ask", do_ask},
    {"promise", do_promise},
};

static void read_words(struct story *t, struct text line)
{
	t->word_count = 0;
	while (line.data) {
		struct text word = text_cut(&line, ' ');
		if (!word.size)
			continue;
		must(t->word_count < WORDS_MAX);
		struct text value = word, name = text_cut(&value, '=');
		t->words[t->word_count++] =
		    (struct word){name, value.data ? expanded(t, value, '~') : TEXT_NONE, false};
	}
}

static void run_command(struct story *t, struct text command)
{
	for (unsigned i = 0; i < COUNT_OF(table_rows); i++) {
		if (!text_equal(command, text_of(table_rows[i].name)))
			continue;
		enum fault fault = table_rows[i].run(t);
		if (fault == OK)
			return;
		buffer_clear(&t->out);
		buffer_format(&t->out, " %s", fault_name(fault));
		if (t->detail.field.size)
			buffer_format(&t->out, " %.*s", TEXT_ARG(t->detail.field));
		if (t->detail.value.size)
			buffer_format(&t->out, " %.*s", TEXT_ARG(known_name(t, t->detail.value)));
		return;
	}
	buffer_format(&t->out, " no such command");
}

static void check_outcome(struct story *t, struct text want)
{
	struct text have = text_trim(buffer_get(&t->out));
	bool same = text_equal(expanded(t, have, ' '), expanded(t, want, ' '));
	for (unsigned i = 0; i < t->word_count; i++)
		if (!t->words[i].used)
			fprintf(stderr, "unused word: %.*s\n", TEXT_ARG(t->words[i].name)),
			    same = false;
	test_check(same, "the outcome of the line", t->file, (int)t->line);
	if (!same)
		fprintf(stderr, "     have \"%.*s\"\n     want \"%.*s\"\n", TEXT_ARG(have),
			TEXT_ARG(want));
}

static void run_line(struct story *t, struct text line)
{
	static const char arrow[] = " ->";
	const char *at = memmem(line.data, line.size, arrow, sizeof(arrow) - 1);
	struct text want = TEXT_NONE;
	if (at) {
		want = text_trim((struct text){at + 3, (size_t)(line.data + line.size - at - 3)});
		line.size = (size_t)(at - line.data);
	}
	arena_reset(&t->arena);
	buffer_clear(&t->out);
	buffer_text(&t->out, at ? TEXT("ok") : TEXT_NONE);
	t->detail = (struct detail){0};
	struct text command = text_cut(&line, ' ');
	read_words(t, line);
	t->merchant = arg_number(t, "on", 1);
	run_command(t, command);
	check_outcome(t, want);
}

/* One file. */
static void table_run(struct stage *stage, const char *file)
{
	static struct story t;
	FILE *in = fopen(file, "r");
	char *line = NULL;
	size_t size = 0;
	ssize_t got;
	must(in);
	if (table_listens && strstr(file, "webhook.table")) {
		fclose(in);
		return;
	}
	memset(&t, 0, sizeof(t));
	t.stage = stage;
	t.file = file;
	set_clock(&t);
	arena_init(&t.kept, 64 << 20);
	arena_init(&t.arena, 256 << 20);
	buffer_init(&t.out, 1 << 20);
	stage->fresh(stage);
	while ((got = getline(&line, &size, in)) >= 0) {
		struct text text = text_trim((struct text){line, (size_t)got});
		t.line++;
		if (text.size && text.data[0] != '#')
			run_line(&t, text);
	}
	free(line);
	fclose(in);
	arena_release(&t.kept);
	arena_release(&t.arena);
	buffer_release(&t.out);
}

/* Those that are named, or all. */
static void table_run_all(struct stage *stage, int argc, char **argv)
{
	glob_t files = {0};
	if (argc == 1)
		must(glob("test/table/*.table", 0, NULL, &files) == 0);
	for (int i = 1; i < argc; i++)
		table_run(stage, argv[i]);
	for (size_t i = 0; i < files.gl_pathc; i++)
		table_run(stage, files.gl_pathv[i]);
	globfree(&files);
}
