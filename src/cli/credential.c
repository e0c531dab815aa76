/* `couponry credential`: keys of the dialects. */
#include "base/address.h"
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

static const struct {
	const char *name;
	enum dialect dialect;
	enum sign_mode mode;
} sign_modes[] = {
    {"either", DIALECT_WJB, SIGN_WJB_EITHER},
    {"query", DIALECT_WJB, SIGN_WJB_QUERY},
    {"query+body", DIALECT_WJB, SIGN_WJB_QUERY_BODY},
    {"hmac-sha1-kv", DIALECT_ZVCMS, SIGN_ZVCMS_KV},
    {"hmac-sha1-kv-params", DIALECT_ZVCMS, SIGN_ZVCMS_KV_PARAMS},
    {"tencent", DIALECT_ZVCMS, SIGN_ZVCMS_TENCENT},
    {"wechat", DIALECT_ZVCMS, SIGN_ZVCMS_WECHAT},
};

static int credential_modes(struct cli *c, struct credential *credential)
{
	const char *mode = cli_option(c, "sign-mode"), *skew = cli_option(c, "skew");
	const char *trusted = cli_option(c, "trusted");

	for (size_t i = 0; mode && i < COUNT_OF(sign_modes); i++)
		if (sign_modes[i].dialect == credential->dialect &&
		    strcmp(sign_modes[i].name, mode) == 0)
			credential->sign_mode = sign_modes[i].mode;
	if (mode && !credential->sign_mode)
		return cli_usage(c, "this dialect has no --sign-mode=%s", mode);
	if (skew &&
	    (!text_to_uint64(text_of(skew), &credential->skew_s) || credential->skew_s > 86400))
		return cli_usage(c, "--skew is 0 to 86400 seconds");
	if (trusted && *trusted && !address_list_valid(text_of(trusted)))
		return cli_usage(c, "--trusted is a list of addresses or networks with commas");
	credential->trusted = trusted ? text_of(trusted) : TEXT_NONE;
	return 0;
}

static int credential_read(struct cli *c, struct credential *credential)
{
	const char *dialect = cli_option(c, "dialect"), *id = cli_option(c, "id");
	const char *secret = cli_option(c, "secret"), *token = cli_option(c, "token");

	for (size_t i = 0; dialect && i < COUNT_OF(dialect_names); i++)
		if (strcmp(dialect, dialect_names[i].name) == 0)
			credential->dialect = dialect_names[i].dialect;
	if (!credential->dialect)
		return cli_usage(c, "--dialect is wjb, waiqin, top, zvcms or native");
	if (!id || !*id || !secret || !*secret)
		return cli_usage(c, "credential add wants --id=KEY and --secret=S");
	credential->name = text_of(id);
	credential->secret = text_of(secret);
	credential->token = token ? text_of(token) : TEXT_NONE;
	if (!text_is_clean(credential->name) || text_length(credential->name) > NAME_LENGTH_MAX ||
	    credential->secret.size > 256 || credential->token.size > 256)
		return cli_usage(c,
				 "--id has at most 100 characters, --secret and --token 256 bytes");
	credential->typed = cli_flag(c, "typed");
	credential->require_session = cli_flag(c, "require-session");
	return credential_modes(c, credential);
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
	fault = cli_apply(c, 0, COMMAND_credential_add, &cmd, &ret, &detail);
	if (fault != OK)
		return cli_refused(c, fault, &detail);
	fputs(c->json ? "{}\n" : "credential added\n", c->out);
	return 0;
}

static void credential_print(struct cli *c, const struct credential *row, bool first)
{
	const char *dialect = "";

	for (size_t i = 0; i < COUNT_OF(dialect_names); i++)
		if (dialect_names[i].dialect == row->dialect)
			dialect = dialect_names[i].name;
	if (!c->json) {
		fprintf(c->out, "%s\t%.*s\tmerchant %llu%s\n", dialect, TEXT_ARG(row->name),
			(unsigned long long)row->owner, row->demo ? "\tdemo" : "");
		return;
	}
	fprintf(c->out, "%s{\"dialect\": \"%s\", \"id\": ", first ? "" : ", ", dialect);
	cli_json_text(c->out, row->name);
	fprintf(c->out, ", \"merchant\": %llu, \"demo\": %s}", (unsigned long long)row->owner,
		row->demo ? "true" : "false");
}

int cli_credential_list(struct cli *c)
{
	struct credential_list_ret ret = {0};
	struct detail detail;
	uint64_t from = 0;

	if (c->json)
		fputc('[', c->out);
	do {
		struct credential_list_cmd cmd = {.from = from, .n = 1000};
		enum fault fault = cli_apply(c, 0, COMMAND_credential_list, &cmd, &ret, &detail);
		if (fault != OK) {
			reader_end(c->reader);
			return cli_refused(c, fault, &detail);
		}
		for (unsigned i = 0; i < ret.n; i++)
			credential_print(c, &ret.rows[i], from + i == 0);
		from += ret.n;
		reader_end(c->reader);
	} while (ret.n && from < ret.count);
	if (c->json)
		fputs("]\n", c->out);
	return 0;
}
