/*
 * `couponry demo`: the merchant `demo` with one credential per dialect (their secrets are printed
 * in the documents, so `serve` refuses to show them to the world), a few customers, templates,
 * coupons and a campaign. A second demo changes nothing: the last credential says that all is
 * there.
 */
#include "cli/commands.h"
#include "dialect/dialect.h"

struct demo {
	struct cli *cli;
	uint64_t merchant;
};

static enum fault apply(struct demo *d, uint64_t merchant, enum command command, const void *cmd,
			void *ret)
{
	struct detail detail;
	enum fault fault = cli_apply(d->cli, merchant, command, cmd, ret, &detail);

	if (fault != OK)
		cli_refused(d->cli, fault, &detail);
	return fault;
}

/* clang-format off */
static const struct credential credentials[] = {
	{.dialect = DIALECT_TOP,    .name = {"12345678", 8},                          .secret = {"helloworld", 10}},
	{.dialect = DIALECT_WJB,    .name = {"100000001", 9},                         .secret = {"wjbsecret", 9},           .token = {"demo-token", 10}},
	{.dialect = DIALECT_WAIQIN, .name = {"8888888888888888888", 19},              .secret = {"demoappkey12345678", 18}},
	{.dialect = DIALECT_ZVCMS,  .name = {"6dc05b4ac175cf316d226252b05cf685", 32}, .secret = {"zvcmssecret", 11},        .token = {"782c281f62", 10}},
	{.dialect = DIALECT_NATIVE, .name = {"demo-native-key", 15},                  .label = {"demo", 4}},
};

static const char *const departments[][4] = { /* department_id, code, name, source_code */
	{"1001", "D01", "华东销售部", "dept-east"},
	{"1002", "D02", "华南销售部", "dept-south"},
};

static const char *const customers[][7] = { /* customer_id, code, name, source_code, nick, phone, card_no */
	{"383933091455959041", "C001", "南京掌控网络", "cm-001", "小明", "18612255668", "11112222"},
	{"383933091455959042", "C002", "苏州便民超市", "cm-002", "小红", "13800138000", "1231321111"},
	{"383933091455959043", "C003", "杭州鲜果店",   "cm-003", "小刚", "13900139000", "1231321112"},
};

static const struct { uint64_t id; const char *name, *type; int64_t amount_fen, threshold_fen; const char *begin, *end, *shops, *categories, *description, *channel; } templates[] = {
	{11,  "满199减99",  "0", 9900, 19900, "2018-11-11 00:00:00", "2099-12-31 23:59:59", "01,02", "1001,10012", "全场通用", "erp"},
	{951, "新客5元券",  "0", 500,  0,     "2019-08-24 00:00:00", "2099-12-31 23:59:59", "",      "",           "新客专享", ""},
};

static const struct { const char *code; uint64_t template_id; const char *customer_id; enum coupon_state state; const char *issued, *begin, *end, *attribute; } coupons[] = {
	{"11111",              11,  "383933091455959041", COUPON_UNUSED,   "2018-11-11 10:00:00", "",                    "",                    "{ \"firstName\":\"Bill\" , \"lastName\":\"Gates\" }"},
	{"111aaa",             11,  "383933091455959042", COUPON_REDEEMED, "2018-11-11 10:00:00", "",                    "",                    ""},
	{"390913445498200065", 951, "383933091455959041", COUPON_UNUSED,   "2019-10-15 17:10:28", "2019-08-24 00:00:00", "2019-11-03 23:59:59", ""},
	{"390913445498200066", 951, "383933091455959041", COUPON_UNUSED,   "2019-10-15 17:10:28", "2019-08-24 00:00:00", "2099-12-31 23:59:59", ""},
	{"390913445498200067", 951, "383933091455959043", COUPON_FROZEN,   "2019-10-15 17:10:28", "",                    "",                    ""},
};
/* clang-format on */

static struct instant second(const char *t)
{
	struct instant i = INSTANT_NONE;

	must(!*t || moment_parse_second(text_of(t), &i));
	return i;
}

static enum fault make_people(struct demo *d)
{
	for (size_t i = 0; i < COUNT_OF(departments); i++) {
		const char *const *row = departments[i];
		struct department_save_cmd cmd = {.department = {.department_id = text_of(row[0]),
								 .code = text_of(row[1]),
								 .name = text_of(row[2]),
								 .source_code = text_of(row[3])}};
		struct department_save_ret ret;
		TRY(apply(d, d->merchant, COMMAND_department_save, &cmd, &ret));
	}
	for (size_t i = 0; i < COUNT_OF(customers); i++) {
		const char *const *row = customers[i];
		struct customer_save_cmd cmd = {.customer = {.customer_id = text_of(row[0]),
							     .code = text_of(row[1]),
							     .name = text_of(row[2]),
							     .source_code = text_of(row[3]),
							     .nick = text_of(row[4]),
							     .phone = text_of(row[5]),
							     .card_no = text_of(row[6])}};
		struct customer_save_ret ret;
		TRY(apply(d, d->merchant, COMMAND_customer_save, &cmd, &ret));
	}
	return OK;
}

static enum fault make_coupons(struct demo *d)
{
	for (size_t i = 0; i < COUNT_OF(templates); i++) {
		struct template_save_cmd cmd = {
		    .template = {.template_id = templates[i].id,
				 .name = text_of(templates[i].name),
				 .type = text_of(templates[i].type),
				 .has_amount = true,
				 .amount = {templates[i].amount_fen},
				 .has_threshold = templates[i].threshold_fen > 0,
				 .threshold = {templates[i].threshold_fen},
				 .begin = second(templates[i].begin),
				 .end = second(templates[i].end),
				 .shops = text_of(templates[i].shops),
				 .categories = text_of(templates[i].categories),
				 .description = text_of(templates[i].description),
				 .channel = text_of(templates[i].channel)}};
		struct template_save_ret ret;
		TRY(apply(d, d->merchant, COMMAND_template_save, &cmd, &ret));
	}
	for (size_t i = 0; i < COUNT_OF(coupons); i++) {
		struct coupon_import_cmd cmd = {.code = text_of(coupons[i].code),
						.template_id = coupons[i].template_id,
						.customer_id = text_of(coupons[i].customer_id),
						.state = coupons[i].state,
						.issued = second(coupons[i].issued),
						.begin = second(coupons[i].begin),
						.end = second(coupons[i].end),
						.attribute = text_of(coupons[i].attribute)};
		struct coupon_import_ret ret;
		TRY(apply(d, d->merchant, COMMAND_coupon_import, &cmd, &ret));
	}
	return OK;
}

static enum fault make_campaign(struct demo *d)
{
	const struct text department = TEXT("1001"),
			  covered[] = {TEXT("小明"), TEXT("小红"), TEXT("小刚")};
	const struct text invited[] = {TEXT("383933091455959041"), TEXT("383933091455959042")};
	struct campaign_save_cmd save = {.source_code = TEXT("demo-campaign"),
					 .code = TEXT("HD001"),
					 .name = TEXT("双十一满减"),
					 .type_code = TEXT("1"),
					 .register_url = TEXT("https://example.com/register"),
					 .information = TEXT("满199减99"),
					 .status = 1,
					 .begin = second("2018-11-11 00:00:00"),
					 .end = second("2099-12-31 00:00:00"),
					 .departments = {REFERENCE_ID, &department, 1},
					 .maker = MAKER_DEMO};
	struct campaign_save_ret saved;
	TRY(apply(d, d->merchant, COMMAND_campaign_save, &save, &saved));

	struct audience_add_cmd cover = {
	    .activity_id = saved.activity_id, .nicks = covered, .n = 3};
	struct audience_add_ret covered_ret;
	TRY(apply(d, d->merchant, COMMAND_audience_add, &cover, &covered_ret));
	struct audience_invite_cmd invite = {.activity_id = saved.activity_id,
					     .customers = {REFERENCE_ID, invited, 2}};
	struct audience_invite_ret invite_ret;
	TRY(apply(d, d->merchant, COMMAND_audience_invite, &invite, &invite_ret));
	struct audience_register_cmd sign_up = {.campaign_source_code = save.source_code,
						.campaign_code = save.code,
						.customers = {REFERENCE_ID, invited, 1},
						.registered_at = second("2018-11-12 09:30:00"),
						.information = TEXT("门店两家")};
	struct audience_register_ret sign_up_ret;
	return apply(d, d->merchant, COMMAND_audience_register, &sign_up, &sign_up_ret);
}

static enum fault make_credentials(struct demo *d)
{
	for (size_t i = 0; i < COUNT_OF(credentials); i++) {
		struct credential_add_cmd cmd = {.credential = credentials[i], .may_exist = true};
		struct credential_add_ret ret;
		cmd.credential.owner = d->merchant;
		cmd.credential.demo = true;
		TRY(apply(d, 0, COMMAND_credential_add, &cmd, &ret));
	}
	return OK;
}

/* The last thing that demo makes. */
static bool demo_is_there(struct demo *d)
{
	const struct credential *last = &credentials[COUNT_OF(credentials) - 1];
	struct credential_find_cmd cmd = {.dialect = (enum dialect)last->dialect,
					  .name = last->name};
	struct credential_find_ret ret = {0};
	struct detail detail;
	enum fault fault = cli_apply(d->cli, 0, COMMAND_credential_find, &cmd, &ret, &detail);

	reader_end(d->cli->reader);
	return fault == OK;
}

static enum fault demo_make(struct demo *d)
{
	struct merchant_add_cmd cmd = {.name = TEXT("demo"), .may_exist = true};
	struct merchant_add_ret ret = {0};

	if (demo_is_there(d))
		return OK;
	TRY(apply(d, 0, COMMAND_merchant_add, &cmd, &ret));
	d->merchant = ret.number;
	TRY(make_people(d));
	TRY(make_coupons(d));
	TRY(make_campaign(d));
	return make_credentials(d);
}

int cli_demo(struct cli *c)
{
	struct demo d = {.cli = c};

	if (c->shown)
		return cli_usage(
		    c, "this server listens beyond loopback: demo credentials, whose secrets "
		       "everybody knows, do not belong there");
	if (demo_make(&d) != OK)
		return 1;
	fputs("demo is there: merchant demo\n"
	      "  top     app_key 12345678, secret helloworld\n"
	      "  wjb     app_key 100000001, secret wjbsecret, access_token demo-token\n"
	      "  waiqin  openid 8888888888888888888, appkey demoappkey12345678\n"
	      "  zvcms   openId 6dc05b4ac175cf316d226252b05cf685, secret zvcmssecret, grantCode "
	      "782c281f62\n"
	      "  native  key demo-native-key\n",
	      c->out);
	return 0;
}
