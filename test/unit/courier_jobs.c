/* A slice of an import whose rows were written while its step was not, as a crash leaves it, is
 * done again: whatever happened to its rows meanwhile, they are not written again, and its result
 * is the same. */
#include "engine_kit.h"

#include "courier/work.h"
#include "dialect/dialect.h"
#include "domain/domain.h"

static const char coupons[] = "code,template_id,phone\n"
			      "c-1,7,13800000001\n"
			      "c-2,8,13800000002\n" /* no such template */
			      "c-3,7,13800000003\n"
			      "c-4,7,13800000004\n";
static const char customers[] = "customer_id,name\n"
				"k-1,one\n"
				"k-2,two\n";
static const char audience[] = "source_code,customer_id\n"
			       "spring,k-1\n"
			       "spring,k-2\n";

static void prepare(struct engine *e)
{
	struct origin_create_cmd origin = {7};
	struct origin_create_ret made;
	struct merchant_add_cmd merchant = {.name = TEXT("shop")};
	struct merchant_add_ret added;
	struct template_save_cmd template = {.template = {.template_id = 7, .name = TEXT("t")}};
	struct template_save_ret saved;
	struct campaign_save_cmd campaign = {
	    .maker = MAKER_CSV, .source_code = TEXT("spring"), .name = TEXT("s"), .status = 1};
	struct campaign_save_ret known;
	CHECK_INT(kit_run(e, 0, origin_create, &origin, &made), OK);
	CHECK_INT(kit_run(e, 0, merchant_add, &merchant, &added), OK);
	CHECK_INT(kit_run(e, 1, template_save, &template, &saved), OK);
	CHECK_INT(kit_run(e, 1, campaign_save, &campaign, &known), OK);
}

/* --- a job --- */

static void begin(struct work *w, struct desk *d, const char *resource, const char *input)
{
	static const struct desk_merchant merchant = {.number = 1};
	static uint64_t jobs;
	char name[] = "/tmp/couponry-unit-job-XXXXXX";
	w->desk = d;
	w->merchant = &merchant;
	w->job = (struct job){.number = ++jobs, .kind = JOB_IMPORT};
	w->order = (struct job_order){.resource = text_of(resource)};
	w->format = BULK_CSV;
	w->input = mkstemp(name);
	must(w->input >= 0 && unlink(name) == 0);
	must(write(w->input, input, strlen(input)) == (ssize_t)strlen(input));
}

/* From where the job stands: the same each time, as no step says that it got further. */
static struct text slice(struct work *w)
{
	buffer_clear(&w->out);
	w->now = job_progress_of(&w->job);
	w->trouble = TEXT_NONE;
	must(lseek(w->input, 0, SEEK_SET) == 0);
	CHECK_INT(job_rows(w), OK);
	CHECK(w->ended && !w->trouble.size);
	return buffer_get(&w->out);
}

static void check_again(struct work *w, const char *first)
{
	struct text again = slice(w);
	if (!CHECK(text_equal(again, text_of(first))))
		fprintf(stderr, "%s%.*s", first, TEXT_ARG(again));
	close(w->input);
}

static const char *keep(struct text t)
{
	static char kept[4096];
	must(t.size < sizeof(kept));
	memcpy(kept, t.data, t.size);
	kept[t.size] = 0;
	return kept;
}

/* --- each kind --- */

static void recall(struct engine *e, const char *code)
{
	struct coupon_change_cmd cmd = {.verb = EVENT_RECALLED, .code = text_of(code)};
	struct coupon_change_ret ret;
	CHECK_INT(kit_run(e, 1, coupon_change, &cmd, &ret), OK);
}

static void test_coupons(struct engine *e, struct work *w, struct desk *d)
{
	begin(w, d, "coupons", coupons);
	const char *first = keep(slice(w));
	CHECK(strstr(first, "1,ok,") && strstr(first, "2,template_unknown,") &&
	      strstr(first, "4,ok,"));
	recall(e, "c-3");
	check_again(w, first);
}

static void rename_customer(struct engine *e, const char *id, const char *name)
{
	struct customer_save_cmd cmd = {
	    .customer = {.customer_id = text_of(id), .name = text_of(name)}};
	struct customer_save_ret ret;
	CHECK_INT(kit_run(e, 1, customer_save, &cmd, &ret), OK);
}

/* Saving what stands there says that nothing was changed. */
static bool is_called(struct engine *e, const char *id, const char *name)
{
	struct customer_save_cmd cmd = {
	    .customer = {.customer_id = text_of(id), .name = text_of(name)}};
	struct customer_save_ret ret;
	CHECK_INT(kit_run(e, 1, customer_save, &cmd, &ret), OK);
	return !ret.changed;
}

static void test_customers(struct engine *e, struct work *w, struct desk *d)
{
	begin(w, d, "customers", customers);
	const char *first = keep(slice(w));
	CHECK(strstr(first, "2,ok,,,k-2"));
	rename_customer(e, "k-2", "renamed");
	check_again(w, first);
	CHECK(is_called(e, "k-2", "renamed"));
}

static void test_audience(struct work *w, struct desk *d)
{
	begin(w, d, "audience", audience);
	const char *first = keep(slice(w));
	CHECK(strstr(first, "2,ok,"));
	check_again(w, first);
}

static void test_templates(struct work *w, struct desk *d)
{
	begin(w, d, "templates",
	      "template_id,terms\n"
	      "21,\"{\"\"limits\"\":{\"\"total\"\":5}}\"\n"
	      "22,\"{\"\"limits\"\":{\"\"totel\"\":5}}\"\n"
	      "23,\"{\"\"type\"\":\"\"amount_off\"\"}\"\n");
	const char *first = keep(slice(w));
	CHECK(strstr(first, "1,ok,"));
	CHECK(strstr(first, "2,parameter_invalid,terms.limits.totel"));
	CHECK(strstr(first, "3,parameter_missing,amount"));
	check_again(w, first);
}

int main(void)
{
	static const struct desk_kind kind = {.name = "test"};
	struct courier_config outside = {.words = &native_rows};
	struct engine_config config = kit_config(kit_dir("jobs"));
	struct engine *e = kit_open(&config);
	struct work *w = calloc(1, sizeof(*w));
	struct desk *d = calloc(1, sizeof(*d));
	must(w && d);
	d->kind = &kind;
	d->engine = e;
	d->config = &outside;
	prepare(e);
	work_init(w);
	test_customers(e, w, d);
	test_coupons(e, w, d);
	test_audience(w, d);
	test_templates(w, d);
	work_release(w);
	free(w);
	free(d);
	engine_close(e);
	return test_end();
}
