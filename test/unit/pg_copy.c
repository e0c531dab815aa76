/*
 * A copy of a store in which somebody was erased a moment ago: the key is wiped, and what others'
 * rows still say of the person is there. Both verifications must take it, and nothing else.
 */
#include "engine_kit.h"

#include "domain/domain.h"
#include "pg_server.h"
#include "store/copy.h"
#include "store/pg_migrate.h"

#include <libpq-fe.h>

enum { MERCHANT = 1 };
static struct pg_server server;

static void run(struct engine *e, uint64_t merchant, enum command command, const void *cmd,
		void *ret)
{
	CHECK_INT(kit_run(e, merchant, command_get(command)->handle, cmd, ret), OK);
}

static void make(struct engine *e, const char *id, const char *phone)
{
	struct customer_save_cmd cmd = {{.customer_id = text_of(id),
					 .name = TEXT("Ann"),
					 .nick = text_of(id),
					 .phone = text_of(phone)}};
	struct customer_save_ret ret;
	run(e, MERCHANT, COMMAND_customer_save, &cmd, &ret);
}

static void fill(struct engine *e)
{
	struct origin_create_cmd origin = {77};
	struct origin_create_ret origin_ret;
	struct merchant_add_cmd merchant = {.name = TEXT("shop")};
	struct merchant_add_ret merchant_ret;
	run(e, 0, COMMAND_origin_create, &origin, &origin_ret);
	run(e, 0, COMMAND_merchant_add, &merchant, &merchant_ret);
	make(e, "goes", "13911111111");
	make(e, "stays", "13922222222");
	struct campaign_save_cmd campaign = {
	    .source_code = TEXT("w"), .code = TEXT("k"), .status = 1, .maker = MAKER_WAIQIN};
	struct campaign_save_ret campaign_ret;
	run(e, MERCHANT, COMMAND_campaign_save, &campaign, &campaign_ret);
	struct text ids[] = {TEXT("goes"), TEXT("stays")};
	struct audience_register_cmd registering = {.campaign_source_code = TEXT("w"),
						    .campaign_code = TEXT("k"),
						    .customers = {REFERENCE_ID, ids, 2},
						    .information = TEXT("in confidence")};
	struct audience_register_ret registering_ret;
	run(e, MERCHANT, COMMAND_audience_register, &registering, &registering_ret);
	struct customer_erase_cmd erase = {TEXT("goes")};
	struct customer_erase_ret erased;
	run(e, MERCHANT, COMMAND_customer_erase, &erase, &erased);
	CHECK_INT(engine_wipe(e, MERCHANT), OK);
}

static void sql(const char *text, const char *want)
{
	PGconn *c = PQconnectdb(server.url);
	PGresult *r = PQexec(c, text);
	CHECK(PQntuples(r) == 1 && strcmp(PQgetvalue(r, 0, 0), want) == 0);
	PQclear(r);
	PQfinish(c);
}

static void verified(const struct engine_config *config, enum fault want)
{
	struct engine *e = kit_open(config);
	struct ledger_report report;
	char *why = NULL;
	if (!CHECK_INT(engine_verify(e, NULL, NULL, &report, &why), want))
		fprintf(stderr, "     %s\n", why ? why : "");
	free(why);
	engine_close(e);
}

static void copied(const char *from, const char *to, const char *key)
{
	struct copy_config config = {.from = from, .to = to, .master_key = key};
	struct ledger_report report;
	char *why = NULL;
	if (!CHECK_INT(engine_copy(&config, &report, &why), OK))
		fprintf(stderr, "     %s\n", why ? why : "");
	CHECK(report.rows_compared > 20);
	free(why);
}

int main(void)
{
	if (!pg_server_start(&server))
		return 0;
	char *dir = text_print("%s", kit_dir("copy")), *key = text_print("%s.key", dir), *why;
	char *back = text_print("%s", kit_dir("back"));
	struct engine_config here = kit_config(dir), there = {.store = server.url};
	there.master_key = key;
	struct engine *e = kit_open(&here);
	fill(e);
	engine_close(e);
	CHECK_INT(pg_migrate(&(struct migrate_config){.url = server.url}, &why), OK);
	copied(dir, server.url, key);
	sql("SELECT count(*) FROM member WHERE information IS NOT NULL", "2");
	verified(&there, OK);
	copied(server.url, back, key);
	here.dir = back;
	here.master_key = key;
	verified(&here, OK);
	/* Of somebody who was not erased, every byte counts. */
	sql("UPDATE member SET information = 'else' WHERE information IS NOT NULL AND customer ="
	    " (SELECT number FROM customer WHERE erased IS NULL) RETURNING 1",
	    "1");
	verified(&there, FAULT_VERIFY_FAILED);
	free(dir);
	free(key);
	free(back);
	pg_server_stop(&server);
	return test_end();
}
