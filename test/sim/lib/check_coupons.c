/* TOP's query and ZVCMS's wallet. */
#include "check.h"
#include "model.h"

void same_coupon(struct checker *c, const struct coupon_view *have, struct m_coupon *want)
{
	struct template terms = model_terms(c->h, want);
	struct m_template *t = &c->h->templates[want->template];
	if (!want->code.size)
		model_learn_code(c->w, c->h, want, have->code);
	model_learn_coupon_id(c->w, c->h, want, have->coupon->id);
	same_text(c, "coupon code", have->code, want->code);
	same_template(c, have->template, t, &terms);
	same_number(c, "coupon's owner is there", have->customer != NULL, want->customer >= 0);
	if (have->customer)
		same_customer(c, have->customer,
			      &c->h->customers[model_person(c->h, want->customer)]);
	same_text(c, "coupon channel", have->coupon->channel, want->channel);
	same_text(c, "coupon attribute", have->coupon->attribute, want->attribute);
	same_number(c, "coupon state", have->state, model_shown_state(c->w, want));
	same_instant(c, "coupon issued", have->coupon->issued, want->issued);
	same_instant(c, "coupon begin", have->coupon->begin, want->begin);
	same_instant(c, "coupon end", have->coupon->end, want->end);
	same_instant(c, "coupon updated", have->coupon->updated, want->updated);
	same_number(c, "coupon's uses", have->coupon->used, want->used);
	same_number(c, "coupon's revision", have->coupon->revision, want->revision);
	same_number(c, "coupon's edition", have->coupon->edition, want->edition);
	same_number(c, "coupon is held", have->coupon->held, want->held);
}

/* Who has the phone and the card, *ret_any: one was asked for; -1: nobody has both. */
static int holder_of(const struct m_home *h, const struct coupon_query_cmd *q, bool *ret_any)
{
	int by_phone = model_person(h, model_find_customer(h, PERSON_PHONE, q->phone));
	int by_card = model_person(h, model_find_customer(h, PERSON_CARD, q->card_no));
	*ret_any = q->phone.size || q->card_no.size;
	if (q->phone.size && q->card_no.size && by_phone != by_card)
		return -1;
	return q->phone.size ? by_phone : by_card;
}

static bool fits(const struct m_coupon *k, const struct coupon_query_cmd *q)
{
	return (!q->channel.size || text_equal(q->channel, k->channel)) &&
	       (!q->code.size || text_equal(q->code, k->code));
}

/* Often what one coupon has, so that there is something to find. */
static struct coupon_query_cmd some_query(struct world *w, const struct m_home *h)
{
	static const char *const channels[] = {"erp", "pos", "app", "none"};
	struct coupon_query_cmd q = {.oldest_first = chance(w, 30)};
	const struct m_coupon *k = h->coupon_n ? &h->coupons[roll(w, h->coupon_n)] : NULL;
	const struct m_customer *owner = k && k->customer >= 0 ? &h->customers[k->customer] : NULL;
	if (chance(w, 40))
		q.channel = k && chance(w, 60) ? k->channel : text_of(channels[roll(w, 4)]);
	if (chance(w, 25))
		q.code = k && chance(w, 90) ? k->code : TEXT("A91x");
	if (chance(w, 40))
		q.phone = owner && chance(w, 90) ? owner->phone : TEXT("13800000003");
	if (chance(w, 30))
		q.card_no = owner && chance(w, 90) ? owner->card : TEXT("card2");
	return q;
}

/* Somebody's come in the order in which he got them. */
static void by_arrival(const struct m_home *h, int *rows, unsigned n)
{
	for (unsigned i = 1; i < n; i++) {
		int row = rows[i];
		unsigned at = i;
		for (; at > 0 && h->coupons[rows[at - 1]].arrived > h->coupons[row].arrived; at--)
			rows[at] = rows[at - 1];
		rows[at] = row;
	}
}

void check_coupons(struct checker *c, bool whole)
{
	static int found[COUPONS_OF_MODEL];
	static int theirs[COUPONS_OF_MODEL];
	struct m_home *h = c->h;
	unsigned n = 0, all = h->coupon_n;
	bool any;
	struct coupon_query_cmd cmd = {.oldest_first = true};
	struct coupon_query_ret ret = {0};
	if (!whole)
		cmd = some_query(c->w, h);
	int holder = holder_of(h, &cmd, &any);
	if (any)
		all = wallet_rows(h, holder, cmd.oldest_first, theirs);
	for (unsigned i = 0; i < all; i++) {
		int at = any ? theirs[i] : (int)place(cmd.oldest_first, all, i);
		if (fits(&h->coupons[at], &cmd))
			found[n++] = at;
	}
	struct slice s = whole ? (struct slice){0, n + 1} : some_slice(c->w, n);
	cmd.skip = s.from;
	cmd.n = s.n;
	ask(c, COMMAND_coupon_query, &cmd, &ret);
	same_number(c, "fault", c->fault, OK);
	same_number(c, "count of coupons", ret.count, n);
	same_number(c, "rows of coupons", ret.n, slice_rows(s, n));
	for (unsigned i = 0; i < ret.n; i++)
		same_coupon(c, &ret.rows[i], &h->coupons[found[s.from + i]]);
}

static unsigned own_rows(const struct m_home *h, int customer, bool oldest_first, int *rows)
{
	unsigned n = 0;
	for (unsigned i = 0; i < h->coupon_n; i++)
		if (customer >= 0 && h->coupons[i].customer == customer)
			rows[n++] = (int)i;
	by_arrival(h, rows, n);
	for (unsigned i = 0; i < n / 2 && !oldest_first; i++) {
		int row = rows[i];
		rows[i] = rows[n - 1 - i];
		rows[n - 1 - i] = row;
	}
	return n;
}

unsigned wallet_rows(const struct m_home *h, int customer, bool oldest_first, int *rows)
{
	int person = model_person(h, customer), alias;
	unsigned n = own_rows(h, person, oldest_first, rows);
	for (uint64_t joined = 0; person >= 0 && (alias = model_next_alias(h, person, joined)) >= 0;
	     joined = h->customers[alias].joined)
		n += own_rows(h, alias, oldest_first, rows + n);
	return n;
}

static void wallet_of(struct checker *c, const struct coupon_wallet_cmd *cmd, int customer)
{
	static int rows[COUPONS_OF_MODEL];
	struct m_home *h = c->h;
	struct coupon_wallet_ret ret = {0};
	unsigned n = 0;
	ask(c, COMMAND_coupon_wallet, cmd, &ret);
	for (unsigned i = 0, all = wallet_rows(h, customer, false, rows); i < all; i++) {
		struct m_coupon *k = &h->coupons[rows[i]];
		if ((cmd->has_state && model_shown_state(c->w, k) != cmd->state) ||
		    (cmd->code.size && !text_equal(k->code, cmd->code)))
			continue;
		if (c->fault == OK && n < ret.n)
			same_coupon(c, &ret.rows[n], k);
		n++;
	}
	if (cmd->code.size && n == 0) {
		same_number(c, "fault", c->fault, FAULT_COUPON_UNKNOWN);
		return;
	}
	same_number(c, "fault", c->fault, OK);
	same_number(c, "rows of the wallet", ret.n, n);
}

void check_wallet(struct checker *c)
{
	struct world *w = c->w;
	struct m_home *h = c->h;
	int customer = h->customer_n && chance(w, 95) ? (int)roll(w, h->customer_n) : -1;
	struct coupon_wallet_cmd cmd = {.customer_id = customer >= 0 ? h->customers[customer].id
								     : TEXT("nobody")};
	if (h->coupon_n && chance(w, 50)) { /* one who has something */
		int owner = h->coupons[roll(w, h->coupon_n)].customer;
		if (owner >= 0) {
			customer = owner;
			cmd.customer_id = h->customers[owner].id;
		}
	}
	wallet_of(c, &cmd, customer);
	cmd.has_state = true;
	for (unsigned state = 0; state <= COUPON_EXPIRED; state++) {
		cmd.state = (enum coupon_state)state;
		wallet_of(c, &cmd, customer);
	}
	cmd.has_state = chance(w, 30);
	cmd.state = COUPON_UNUSED;
	cmd.code = h->coupon_n ? h->coupons[roll(w, h->coupon_n)].code : TEXT("A1");
	wallet_of(c, &cmd, customer);
}
