/*
 * Every reading of the engine against the model: whole lists first (they teach the model the ids
 * and codes that a crash kept from it), then random pages, windows and filters.
 */
#include "check.h"

/* --- asking --- */

static void let_go(struct checker *c)
{
	if (c->tx)
		reader_end(c->reader);
	c->tx = NULL;
	arena_reset(&c->arena);
}

void ask(struct checker *c, enum command command, const void *cmd, void *ret)
{
	const struct command_row *row = command_get(command);
	let_go(c);
	c->tx = reader_begin(c->reader, c->h->number, &c->arena, &c->detail);
	c->fault = reader_apply(c->reader, row->handle, cmd, ret);
	c->w->doing = row->name;
}

static void turn_to(struct checker *c, unsigned home)
{
	c->home = home;
	c->h = &c->w->homes[home];
}

void same_text(struct checker *c, const char *what, struct text have, struct text want)
{
	if (!text_equal(have, want))
		sim_fail(c->w, "merchant %u: %s is \"%.*s\", the model says \"%.*s\"", c->home,
			 what, TEXT_ARG(have), TEXT_ARG(want));
}

void same_number(struct checker *c, const char *what, uint64_t have, uint64_t want)
{
	if (have != want)
		sim_fail(c->w, "merchant %u: %s is %llu, the model says %llu", c->home, what,
			 (unsigned long long)have, (unsigned long long)want);
}

void same_instant(struct checker *c, const char *what, struct instant have, struct instant want)
{
	if (have.ms != want.ms)
		sim_fail(c->w, "merchant %u: %s is %lld, the model says %lld", c->home, what,
			 (long long)have.ms, (long long)want.ms);
}

struct slice some_slice(struct world *w, uint64_t all)
{
	if (chance(w, 30))
		return (struct slice){0, (unsigned)all + 10};
	return (struct slice){roll(w, all + 3), (unsigned)roll(w, chance(w, 50) ? 5 : all + 3)};
}

unsigned slice_rows(struct slice s, uint64_t all)
{
	if (s.from >= all)
		return 0;
	return all - s.from < s.n ? (unsigned)(all - s.from) : s.n;
}

/* --- departments and customers --- */

static void same_department(struct checker *c, const struct department *have,
			    struct m_department *want)
{
	if (!want->id.size)
		model_learn_id(c->w, c->h, &want->id, have->department_id);
	same_text(c, "department_id", have->department_id, want->id);
	same_text(c, "department code", have->code, want->code);
	same_text(c, "department name", have->name, want->name);
	same_text(c, "department source_code", have->source_code, want->source);
	same_instant(c, "department created", have->created, want->created);
	same_instant(c, "department updated", have->updated, want->updated);
}

void same_customer(struct checker *c, const struct customer *have, struct m_customer *want)
{
	if (!want->id.size)
		model_learn_id(c->w, c->h, &want->id, have->customer_id);
	if (!want->key_slot && !c->w->checks_twin)
		model_learn_slot(c->w, want, have->key_slot);
	same_text(c, "customer_id", have->customer_id, want->id);
	if (!c->w->checks_twin || c->w->one_home)
		same_number(c, "customer's key slot", have->key_slot, want->key_slot);
	same_text(c, "customer code", have->code, want->code);
	same_text(c, "customer name", have->name, want->name);
	same_text(c, "customer source_code", have->source_code, want->source);
	same_text(c, "customer nick", have->nick, want->nick);
	same_text(c, "customer phone", have->phone, want->phone);
	same_text(c, "customer card_no", have->card_no, want->card);
	same_instant(c, "customer created", have->created, want->created);
	same_instant(c, "customer updated", have->updated, want->updated);
	same_instant(c, "customer erased", have->erased, want->erased);
	same_number(c, "customer is an alias", have->alias_of != 0, want->into != 0);
	same_number(c, "customer was merged with", have->merged, want->merged);
	same_number(c, "customer has work left", have->unsettled, want->unsettled != 0);
}

static void check_departments(struct checker *c, struct slice s)
{
	struct department_list_cmd cmd = {.from = s.from, .n = s.n};
	struct department_list_ret ret = {0};
	ask(c, COMMAND_department_list, &cmd, &ret);
	same_number(c, "fault", c->fault, OK);
	same_number(c, "count of departments", ret.count, c->h->department_n);
	same_number(c, "rows of departments", ret.n, slice_rows(s, c->h->department_n));
	for (unsigned i = 0; i < ret.n; i++)
		same_department(c, &ret.rows[i], &c->h->departments[s.from + i]);
}

static void check_customers(struct checker *c, struct slice s)
{
	struct customer_list_cmd cmd = {.from = s.from, .n = s.n};
	struct customer_list_ret ret = {0};
	ask(c, COMMAND_customer_list, &cmd, &ret);
	same_number(c, "fault", c->fault, OK);
	same_number(c, "count of customers", ret.count, c->h->customer_n);
	same_number(c, "rows of customers", ret.n, slice_rows(s, c->h->customer_n));
	for (unsigned i = 0; i < ret.n; i++)
		same_customer(c, &ret.rows[i], &c->h->customers[s.from + i]);
}

/* --- templates --- */

static void same_money(struct checker *c, const char *what, bool has, struct money have, bool wants,
		       int64_t want)
{
	same_number(c, what, has, wants);
	if (has)
		same_number(c, what, (uint64_t)have.fen, (uint64_t)want);
}

/* clang-format off */
#define SAME_NUMBER(m)  same_number(c, "template " #m, have->m, want->m);
#define SAME_FLAG(m)    same_number(c, "template " #m, have->m, want->m);
#define SAME_TEXT(m)    same_text(c, "template " #m, have->m, want->m);
#define SAME_MONEY(m)   same_number(c, "template " #m, (uint64_t)have->m.fen, (uint64_t)want->m.fen);
#define SAME(kind, member, role) SAME_##kind(member)
/* clang-format on */
static void same_rules(struct checker *c, const struct template *have, const struct template *want)
{
	TERMS_FIELDS(SAME)
	SAME_NUMBER(edition)
	SAME_NUMBER(recast)
	SAME_NUMBER(revision)
	SAME_FLAG(is_relative)
	SAME_NUMBER(starts_after_days)
	SAME_NUMBER(lasts_days)
	SAME_NUMBER(per_day)
	SAME_NUMBER(per_person_day)
	SAME_FLAG(has_budget)
	SAME_MONEY(budget)
	SAME_TEXT(code_prefix)
	SAME_TEXT(code_charset)
	SAME_NUMBER(code_length)
	SAME_FLAG(code_check)
}

void same_template(struct checker *c, const struct template *have, struct m_template *want,
		   const struct template *terms)
{
	if (!want->template_id)
		model_learn_template(c->w, c->h, want, have->template_id);
	same_number(c, "template_id", have->template_id, want->template_id);
	same_number(c, "template live", have->live, want->live);
	same_number(c, "template maker", have->maker, want->maker);
	same_text(c, "template name", have->name, terms->name);
	same_text(c, "template type", have->type, terms->type);
	same_money(c, "template amount", have->has_amount, have->amount, terms->has_amount,
		   terms->amount.fen);
	same_money(c, "template threshold", have->has_threshold, have->threshold,
		   terms->has_threshold, terms->threshold.fen);
	same_instant(c, "template begin", have->begin, want->begin);
	same_instant(c, "template end", have->end, want->end);
	same_text(c, "template shops", have->shops, terms->shops);
	same_text(c, "template categories", have->categories, terms->categories);
	same_text(c, "template description", have->description, terms->description);
	same_text(c, "template channel", have->channel, want->channel);
	same_number(c, "template has_total", have->has_total, want->has_total);
	same_number(c, "template total", have->total, want->total);
	same_number(c, "template per_person", have->per_person, want->per_person);
	same_text(c, "template object", have->object,
		  want->has_object ? object_print(&want->object) : TEXT_NONE);
	same_number(c, "template changed", have->changed, want->changed);
	same_instant(c, "template created", have->created, want->created);
	same_instant(c, "template updated", have->updated, want->updated);
	same_rules(c, have, terms);
}

struct window_of some_window(struct world *w, struct instant first, struct instant last)
{
	int64_t span = last.ms / 1000 - first.ms / 1000 + 10;
	struct window_of x = {.oldest_first = chance(w, 30)};
	if (chance(w, 50) && first.ms)
		x.from = instant_of_second(first.ms / 1000 - 3 + (int64_t)roll(w, (uint64_t)span));
	if (chance(w, 50) && first.ms)
		x.to = instant_of_second(first.ms / 1000 - 3 + (int64_t)roll(w, (uint64_t)span));
	if (x.to.ms && chance(w, 30))
		x.to.ms += 999;
	if (x.from.ms && x.to.ms && x.from.ms > x.to.ms)
		x.from = INSTANT_NONE;
	return x;
}

bool in_window(const struct window_of *x, struct instant i)
{
	return (!x->from.ms || i.ms / 1000 >= x->from.ms / 1000) &&
	       (!x->to.ms || i.ms / 1000 <= x->to.ms / 1000);
}

/* Place of the row-th one in a page: lists of the model are oldest first. */
unsigned place(bool oldest_first, unsigned all, uint64_t rank)
{
	return oldest_first ? (unsigned)rank : all - 1 - (unsigned)rank;
}

static void check_templates(struct checker *c, bool whole)
{
	struct world *w = c->w;
	struct m_home *h = c->h;
	int fits[TEMPLATES_OF_MODEL];
	unsigned n = 0;
	struct window_of x = {.oldest_first = true};
	if (!whole && h->template_n)
		x = some_window(w, h->templates[0].created,
				h->templates[h->template_n - 1].created);
	for (unsigned i = 0; i < h->template_n; i++)
		if (h->templates[i].live && in_window(&x, h->templates[i].created))
			fits[n++] = (int)i;
	struct slice s = whole ? (struct slice){0, n + 1} : some_slice(w, n);
	struct template_list_cmd cmd = {
	    .from = x.from, .to = x.to, .skip = s.from, .n = s.n, .oldest_first = x.oldest_first};
	struct template_list_ret ret = {0};
	ask(c, COMMAND_template_list, &cmd, &ret);
	same_number(c, "fault", c->fault, OK);
	same_number(c, "count of templates", ret.count, n);
	same_number(c, "rows of templates", ret.n, slice_rows(s, n));
	for (unsigned i = 0; i < ret.n; i++) {
		struct m_template *t = &h->templates[fits[place(x.oldest_first, n, s.from + i)]];
		struct template terms = model_template(t);
		same_template(c, &ret.rows[i], t, &terms);
	}
}

/* --- the store itself --- */

static void check_merchants(struct checker *c)
{
	struct slice s = some_slice(c->w, c->w->home_n - 1);
	struct merchant_list_cmd cmd = {.from = s.from, .n = s.n};
	struct merchant_list_ret ret = {0};
	ask(c, COMMAND_merchant_list, &cmd, &ret);
	same_number(c, "fault", c->fault, OK);
	same_number(c, "count of merchants", ret.count, c->w->home_n - 1);
	same_number(c, "rows of merchants", ret.n, slice_rows(s, c->w->home_n - 1));
	for (unsigned i = 0; i < ret.n; i++) {
		const struct m_home *want = &c->w->homes[1 + s.from + i];
		same_number(c, "merchant number", ret.rows[i].number, want->number);
		same_text(c, "merchant name", ret.rows[i].name, want->name);
		same_instant(c, "merchant created", ret.rows[i].created, want->created);
	}
}

static void same_credential(struct checker *c, const struct credential *have,
			    const struct credential *want)
{
	same_number(c, "credential dialect", have->dialect, want->dialect);
	same_text(c, "credential name", have->name, want->name);
	same_number(c, "credential owner", have->owner, want->owner);
	same_number(c, "credential sign_mode", have->sign_mode, want->sign_mode);
	same_number(c, "credential typed", have->typed, want->typed);
	same_number(c, "credential require_session", have->require_session, want->require_session);
	same_number(c, "credential skew_s", have->skew_s, want->skew_s);
	same_text(c, "credential trusted", have->trusted, want->trusted);
	same_instant(c, "credential created", have->created, want->created);
}

static void check_credentials(struct checker *c)
{
	const struct m_home *h = c->h;
	struct slice s = some_slice(c->w, h->credential_n);
	struct credential_list_cmd cmd = {.from = s.from, .n = s.n};
	struct credential_list_ret ret = {0};
	ask(c, COMMAND_credential_list, &cmd, &ret);
	same_number(c, "fault", c->fault, OK);
	same_number(c, "count of credentials", ret.count, h->credential_n);
	same_number(c, "rows of credentials", ret.n, slice_rows(s, h->credential_n));
	for (unsigned i = 0; i < ret.n; i++)
		same_credential(c, &ret.rows[i], &h->credentials[s.from + i].c);
	for (unsigned i = 0; i < h->credential_n; i++) {
		const struct credential *want = &h->credentials[i].c;
		struct credential_find_cmd one = {.dialect = (enum dialect)want->dialect,
						  .name = want->name};
		struct credential_find_ret found = {0};
		ask(c, COMMAND_credential_find, &one, &found);
		same_number(c, "fault", c->fault, OK);
		same_credential(c, &found.credential, want);
		same_text(c, "credential secret", found.credential.secret, want->secret);
		same_text(c, "credential token", found.credential.token, want->token);
		same_number(c, "credential's merchant", found.merchant.number, want->owner);
	}
	struct credential_find_cmd none = {.dialect = DIALECT_TOP, .name = TEXT("nobody's")};
	struct credential_find_ret found = {0};
	ask(c, COMMAND_credential_find, &none, &found);
	same_number(c, "fault", c->fault, FAULT_CREDENTIAL_UNKNOWN);
}

static void check_epoch(struct checker *c)
{
	uint64_t have = reader_env(c->tx)->epoch, *want = &c->h->epoch;
	if (*want == 0 && have == c->w->epoch_before)
		sim_fail(c->w, "a restore has kept the epoch");
	if (*want == 0)
		*want = have;
	same_number(c, "epoch", have, *want);
}

/* --- all of it --- */

static void check_home(struct checker *c)
{
	check_departments(c, (struct slice){0, c->h->department_n + 5});
	check_customers(c, (struct slice){0, c->h->customer_n + 5});
	check_templates(c, true);
	check_campaigns(c, true);
	check_coupons(c, true);
	check_departments(c, some_slice(c->w, c->h->department_n));
	check_customers(c, some_slice(c->w, c->h->customer_n));
	for (unsigned i = 0; i < 4; i++) {
		check_templates(c, false);
		check_campaigns(c, false);
	}
	for (unsigned i = 0; i < 12; i++)
		check_coupons(c, false);
	for (unsigned i = 0; i < 8; i++)
		check_wallet(c);
	for (unsigned i = 0; i < 6; i++)
		check_query(c);
	check_audiences(c);
	check_life(c);
}

static void begin_checks(struct checker *c, struct world *w, struct engine *e)
{
	static char lent[4 * 1024 * 1024];
	*c = (struct checker){.w = w, .reader = reader_open(e)};
	arena_init_lent(&c->arena, lent, sizeof(lent), CALL_BYTES_MAX);
}

static void end_checks(struct checker *c)
{
	let_go(c);
	reader_close(c->reader);
	arena_release(&c->arena);
	c->w->doing = NULL;
}

void check_all(struct world *w, struct engine *e)
{
	struct checker c;
	begin_checks(&c, w, e);
	turn_to(&c, 0);
	check_merchants(&c);
	check_credentials(&c);
	check_epoch(&c);
	for (unsigned i = 1; i < w->home_n; i++) {
		turn_to(&c, i);
		if (i == ACTING)
			check_acting(&c);
		else
			check_home(&c);
	}
	end_checks(&c);
	w->checks++;
}

void check_all_acting(struct world *w, struct engine *e)
{
	struct checker c;
	begin_checks(&c, w, e);
	turn_to(&c, ACTING);
	check_acting(&c);
	end_checks(&c);
}
