/* `couponry credential`: keys of the dialects. */
#include "base/address.h"
#include "base/crypto.h"
#include "cli/commands.h"
#include "dialect/dialect.h"

static const struct {
	const char *name;
	enum dialect dialect;
} dialect_names[] = {{"wjb", DIALECT_WJB},
		     {"waiqin", DIALECT_WAIQIN},
		     {"top", DIALECT_TOP},
		     {"zvcms", DIALECT_ZVCMS},
		     {"native", DIALECT_NATIVE}};

static int credential_modes(struct cli *c, struct credential *credential)
{
	const char *mode = cli_option(c, "sign-mode"), *skew = cli_option(c, "skew");
	const char *trusted = cli_option(c, "trusted");

	if (mode && !sign_mode_find(credential->dialect, text_of(mode), &credential->sign_mode))
		return cli_usage(c, "this dialect has no --sign-mode=%s", mode);
	if (skew &&
	    (!text_to_uint64(text_of(skew), &credential->skew_s) || credential->skew_s > 86400))
		return cli_usage(c, "--skew is 0 to 86400 seconds");
	if (trusted && *trusted && !address_list_valid(text_of(trusted)))
		return cli_usage(c, "--trusted is a list of addresses or networks with commas");
	credential->trusted = trusted ? text_of(trusted) : TEXT_NONE;
	return 0;
}

static const struct {
	const char *name;
	enum scope scope;
} scope_names[] = {{"read", SCOPE_READ},     {"issue", SCOPE_ISSUE}, {"redeem", SCOPE_REDEEM},
		   {"manage", SCOPE_MANAGE}, {"admin", SCOPE_ADMIN}, {"public", SCOPE_PUBLIC}};

static uint64_t scope_named(struct text name)
{
	for (size_t i = 0; i < COUNT_OF(scope_names); i++)
		if (text_equal(name, text_of(scope_names[i].name)))
			return scope_names[i].scope;
	return 0;
}

static int scopes_read(struct cli *c, struct credential *credential)
{
	const char *scopes = cli_option(c, "scopes");

	if (!scopes)
		return 0;
	if (credential->dialect != DIALECT_NATIVE)
		return cli_usage(c, "only native keys have --scopes");
	for (struct text rest = text_of(scopes); rest.data;) {
		uint64_t scope = scope_named(text_cut(&rest, ','));
		if (!scope)
			return cli_usage(c, "--scopes is a list of read, issue, redeem, manage, "
					    "admin and public with commas");
		credential->scopes |= scope;
	}
	return 0;
}

/* yyyy-MM-dd: up to that day's last second by the merchant's clocks; "never". */
static int expires_read(struct cli *c, const struct merchant *merchant, struct instant *ret)
{
	const char *expires = cli_option(c, "expires");

	*ret = INSTANT_NONE;
	if (!expires || strcmp(expires, "never") == 0)
		return 0;
	if (!moment_parse_day(text_of(expires), false, ret))
		return cli_usage(c, "--expires is a day, yyyy-MM-dd, or never");
	ret->ms = moment_day_end(*ret).ms - merchant->from_utc8 * 60 * 1000;
	return 0;
}

static int limits_read(struct cli *c, uint64_t *ret_calls_per_s, uint64_t *ret_burst)
{
	const char *calls = cli_option(c, "calls-per-s"), *burst = cli_option(c, "burst");

	if ((calls && !text_to_uint64(text_of(calls), ret_calls_per_s)) ||
	    (burst && !text_to_uint64(text_of(burst), ret_burst)))
		return cli_usage(c, "--calls-per-s and --burst are numbers");
	return 0;
}

static int dialect_read(struct cli *c, enum dialect *ret)
{
	const char *dialect = cli_option(c, "dialect");

	for (size_t i = 0; dialect && i < COUNT_OF(dialect_names); i++)
		if (strcmp(dialect, dialect_names[i].name) == 0) {
			*ret = dialect_names[i].dialect;
			return 0;
		}
	return cli_usage(c, "--dialect is wjb, waiqin, top, zvcms or native");
}

enum { KEY_RANDOM_CHARACTERS = 40 /* 200 bits */ };

/* What is hard to guess needs no secret besides. */
static struct text key_made(struct cli *c)
{
	static const char digits[] = "abcdefghijklmnopqrstuvwxyz234567";
	uint8_t random[KEY_RANDOM_CHARACTERS];
	char text[KEY_RANDOM_CHARACTERS];

	random_bytes(random, sizeof(random));
	for (size_t i = 0; i < sizeof(text); i++)
		text[i] = digits[random[i] % 32];
	struct text key = arena_format(&c->arena, "cpk_%.*s", (int)sizeof(text), text);
	secret_wipe(random, sizeof(random));
	secret_wipe(text, sizeof(text));
	return key;
}

static int credential_names(struct cli *c, struct credential *credential)
{
	const char *id = cli_option(c, "id"), *secret = cli_option(c, "secret");
	const char *token = cli_option(c, "token"), *label = cli_option(c, "label");
	bool native = credential->dialect == DIALECT_NATIVE;

	if (!native && (!id || !*id || !secret || !*secret))
		return cli_usage(c, "credential add wants --id=KEY and --secret=S");
	credential->name = id && *id ? text_of(id) : key_made(c);
	credential->secret = secret && !native ? text_of(secret) : TEXT_NONE;
	credential->token = token ? text_of(token) : TEXT_NONE;
	credential->label = label ? text_trim(text_of(label)) : TEXT_NONE;
	if (!text_is_clean(credential->name) || text_length(credential->name) > NAME_LENGTH_MAX ||
	    credential->secret.size > 256 || credential->token.size > 256)
		return cli_usage(c,
				 "--id has at most 100 characters, --secret and --token 256 bytes");
	if (!text_is_clean(credential->label) || text_length(credential->label) > NAME_LENGTH_MAX)
		return cli_usage(c, "--label has at most %d characters of text", NAME_LENGTH_MAX);
	credential->typed = cli_flag(c, "typed");
	credential->require_session = cli_flag(c, "require-session");
	return 0;
}

static int credential_read(struct cli *c, struct credential *credential)
{
	enum dialect dialect = DIALECT_NATIVE;
	int bad = dialect_read(c, &dialect);

	if (bad)
		return bad;
	credential->dialect = dialect;
	bad = credential_names(c, credential);
	if (!bad)
		bad = scopes_read(c, credential);
	if (!bad)
		bad = limits_read(c, &credential->calls_per_s, &credential->burst);
	return bad ? bad : credential_modes(c, credential);
}

/* A key that was made here is shown this once. */
static void added_print(struct cli *c, const struct credential *added, struct text name)
{
	bool native = added->dialect == DIALECT_NATIVE, made = native && !cli_option(c, "id");
	struct credential listed = {.dialect = added->dialect, .name = name};

	if (!c->json) {
		fputs("credential added\n", c->out);
		if (made)
			fprintf(c->out, "key %.*s\n", TEXT_ARG(added->name));
		return;
	}
	if (!native) {
		fputs("{}\n", c->out);
		return;
	}
	fprintf(c->out, "{\"id\": \"%.*s\"", TEXT_ARG(credential_shown(&listed)));
	if (made)
		fprintf(c->out, ", \"key\": \"%.*s\"", TEXT_ARG(added->name));
	fputs("}\n", c->out);
}

int cli_credential_add(struct cli *c)
{
	struct credential_add_cmd cmd = {0};
	struct credential_add_ret ret = {0};
	struct merchant merchant;
	struct detail detail;
	int bad = credential_read(c, &cmd.credential);

	if (bad)
		return bad;
	enum fault fault = cli_merchant(c, &merchant);
	if (fault != OK)
		return cli_failed(c, fault, cli_option(c, "merchant"));
	cmd.credential.owner = merchant.number;
	bad = expires_read(c, &merchant, &cmd.credential.expires);
	if (bad)
		return bad;
	fault = cli_apply(c, 0, COMMAND_credential_add, &cmd, &ret, &detail);
	if (fault != OK)
		return cli_refused(c, fault, &detail);
	added_print(c, &cmd.credential, ret.name);
	return 0;
}

/* --- listing --- */

static const char *dialect_name(uint64_t dialect)
{
	for (size_t i = 0; i < COUNT_OF(dialect_names); i++)
		if (dialect_names[i].dialect == dialect)
			return dialect_names[i].name;
	return "";
}

static void scopes_print(FILE *out, uint64_t scopes, const char *quote, const char *between)
{
	bool first = true;

	for (size_t i = 0; i < COUNT_OF(scope_names); i++) {
		if (!(scopes & scope_names[i].scope))
			continue;
		fprintf(out, "%s%s%s%s", first ? "" : between, quote, scope_names[i].name, quote);
		first = false;
	}
}

static struct text expires_text(const struct credential *row, char memory[MOMENT_SECOND_SIZE])
{
	struct buffer b;

	buffer_init_fixed(&b, memory, MOMENT_SECOND_SIZE);
	if (!instant_is_none(row->expires))
		buffer_moment_second(&b, row->expires);
	return buffer_get(&b);
}

static void credential_print_text(struct cli *c, const struct credential *row)
{
	char memory[MOMENT_SECOND_SIZE];
	struct text expires = expires_text(row, memory);

	fprintf(c->out, "%s\t%.*s\tmerchant %llu%s", dialect_name(row->dialect),
		TEXT_ARG(credential_shown(row)), (unsigned long long)row->owner,
		row->demo ? "\tdemo" : "");
	if (row->label.size)
		fprintf(c->out, "\t%.*s", TEXT_ARG(row->label));
	if (row->scopes) {
		fputc('\t', c->out);
		scopes_print(c->out, row->scopes, "", ",");
	}
	if (row->calls_per_s || row->burst)
		fprintf(c->out, "\t%llu calls/s, burst %llu", (unsigned long long)row->calls_per_s,
			(unsigned long long)row->burst);
	if (expires.size)
		fprintf(c->out, "\tuntil %.*s", TEXT_ARG(expires));
	fputs(row->revoked ? "\trevoked\n" : "\n", c->out);
}

static void credential_print_json(struct cli *c, const struct credential *row)
{
	char memory[MOMENT_SECOND_SIZE];
	struct text expires = expires_text(row, memory);

	fprintf(c->out, "{\"dialect\": \"%s\", \"id\": ", dialect_name(row->dialect));
	cli_json_text(c->out, credential_shown(row));
	fprintf(c->out,
		", \"merchant\": %llu, \"demo\": %s, \"label\": ", (unsigned long long)row->owner,
		row->demo ? "true" : "false");
	cli_json_text(c->out, row->label);
	fputs(", \"scopes\": [", c->out);
	scopes_print(c->out, row->scopes, "\"", ", ");
	fprintf(c->out, "], \"calls_per_s\": %llu, \"burst\": %llu, \"expires\": ",
		(unsigned long long)row->calls_per_s, (unsigned long long)row->burst);
	if (expires.size)
		cli_json_text(c->out, expires);
	else
		fputs("null", c->out);
	fprintf(c->out, ", \"revoked\": %s}", row->revoked ? "true" : "false");
}

/* All of them, until `see` says false. */
static enum fault credentials_walk(struct cli *c,
				   bool (*see)(void *context, const struct credential *row),
				   void *context, struct detail *ret_detail)
{
	struct credential_list_ret ret = {0};
	uint64_t from = 0;
	bool more = true;

	do {
		struct credential_list_cmd cmd = {.from = from, .n = 1000};
		enum fault fault = cli_apply(c, 0, COMMAND_credential_list, &cmd, &ret, ret_detail);
		for (unsigned i = 0; fault == OK && more && i < ret.n; i++)
			more = see(context, &ret.rows[i]);
		from += ret.n;
		reader_end(c->reader);
		TRY(fault);
	} while (more && ret.n && from < ret.count);
	return OK;
}

struct listing {
	struct cli *cli;
	bool some;
};

static bool list_one(void *context, const struct credential *row)
{
	struct listing *l = context;

	if (l->cli->json) {
		fputs(l->some ? ", " : "", l->cli->out);
		credential_print_json(l->cli, row);
	} else {
		credential_print_text(l->cli, row);
	}
	return l->some = true;
}

int cli_credential_list(struct cli *c)
{
	struct listing listing = {.cli = c};
	struct detail detail;

	if (c->json)
		fputc('[', c->out);
	enum fault fault = credentials_walk(c, list_one, &listing, &detail);
	if (fault != OK)
		return cli_refused(c, fault, &detail);
	if (c->json)
		fputs("]\n", c->out);
	return 0;
}

/* --- changing --- */

/* A credential named as it was added, or a native one by the beginning of its digest, as listed. */
struct search {
	struct cli *cli;
	enum dialect dialect;
	struct text id;
	struct credential row; /* out: its name and numbers */
	unsigned found;
};

static bool search_one(void *context, const struct credential *row)
{
	struct search *s = context;

	if (row->dialect != s->dialect || !text_starts_with(row->name, s->id))
		return true;
	s->found++;
	s->row = *row;
	s->row.name = arena_text(&s->cli->arena, row->name);
	return s->found < 2;
}

static enum fault credential_search(struct search *s, struct detail *ret_detail)
{
	struct credential_find_cmd cmd = {s->dialect, s->id};
	struct credential_find_ret ret = {0};
	enum fault fault = cli_apply(s->cli, 0, COMMAND_credential_find, &cmd, &ret, ret_detail);

	if (fault == OK) {
		s->row = ret.credential;
		s->row.name = arena_text(&s->cli->arena, ret.credential.name);
	}
	reader_end(s->cli->reader);
	if (fault != FAULT_CREDENTIAL_UNKNOWN || s->dialect != DIALECT_NATIVE ||
	    s->id.size < DIGEST_SHOWN)
		return fault;
	TRY(credentials_walk(s->cli, search_one, s, ret_detail));
	return s->found == 1 ? OK : FAULT_CREDENTIAL_UNKNOWN;
}

/* What is not given stays. */
static int change_read(struct cli *c, struct credential_change_cmd *cmd,
		       const struct credential *row)
{
	struct merchant merchant;
	enum fault fault = cli_merchant_of(c, row->owner, &merchant);

	if (fault != OK)
		return cli_failed(c, fault, NULL);
	cmd->revoke = cli_flag(c, "revoke");
	cmd->has_expires = cli_option(c, "expires") != NULL;
	cmd->has_calls_per_s = cli_option(c, "calls-per-s") != NULL;
	cmd->has_burst = cli_option(c, "burst") != NULL;
	if (!cmd->revoke && !cmd->has_expires && !cmd->has_calls_per_s && !cmd->has_burst)
		return cli_usage(c, "credential change wants --revoke, --expires, --calls-per-s "
				    "or --burst");
	int bad = limits_read(c, &cmd->calls_per_s, &cmd->burst);
	return bad ? bad : expires_read(c, &merchant, &cmd->expires);
}

int cli_credential_change(struct cli *c)
{
	const char *id = cli_option(c, "id");
	struct credential_change_cmd cmd = {0};
	struct credential_change_ret ret = {0};
	struct search search = {.cli = c};
	struct detail detail = {0};
	int bad = dialect_read(c, &search.dialect);

	if (bad)
		return bad;
	if (!id || !*id)
		return cli_usage(c, "credential change wants --id=KEY");
	search.id = text_of(id);
	enum fault fault = credential_search(&search, &detail);
	if (fault != OK)
		return cli_refused(c, fault, &detail);
	bad = change_read(c, &cmd, &search.row);
	if (bad)
		return bad;
	cmd.dialect = search.dialect;
	cmd.name = search.row.name;
	fault = cli_apply(c, 0, COMMAND_credential_change, &cmd, &ret, &detail);
	if (fault != OK)
		return cli_refused(c, fault, &detail);
	if (c->json)
		credential_print_json(c, &ret.credential);
	else
		credential_print_text(c, &ret.credential);
	if (c->json)
		fputc('\n', c->out);
	return 0;
}
