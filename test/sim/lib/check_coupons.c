/* TOP's query and ZVCMS's wallet. */
#include "check.h"

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
		same_customer(c, have->customer, &c->h->customers[want->customer]);
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

static bool fits(const struct m_home *h, const struct m_coupon *k, const struct coupon_query_cmd *q)
{
	const struct m_customer *owner = k->customer >= 0 ? &h->customers[k->customer] : NULL;
	return (!q->channel.size || text_equal(q->channel, k->channel)) &&
	       (!q->code.size || text_equal(q->code, k->code)) &&
	       (!q->phone.size || (owner && text_equal(q->phone, owner->phone))) &&
	       (!q->card_no.size || (owner && text_equal(q->card_no, owner->card)));
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
	struct m_home *h = c->h;
	unsigned n = 0;
	struct coupon_query_cmd cmd = {.oldest_first = true};
	struct coupon_query_ret ret = {0};
	if (!whole)
		cmd = some_query(c->w, h);
	for (unsigned i = 0; i < h->coupon_n; i++)
		if (fits(h, &h->coupons[i], &cmd))
			found[n++] = (int)i;
	if ((cmd.phone.size || cmd.card_no.size) && !cmd.code.size)
		by_arrival(h, found, n);
	struct slice s = whole ? (struct slice){0, n + 1} : some_slice(c->w, n);
	cmd.skip = s.from;
	cmd.n = s.n;
	ask(c, COMMAND_coupon_query, &cmd, &ret);
	same_number(c, "fault", c->fault, OK);
	same_number(c, "count of coupons", ret.count, n);
	same_number(c, "rows of coupons", ret.n, slice_rows(s, n));
	for (unsigned i = 0; i < ret.n; i++)
		same_coupon(c, &ret.rows[i],
			    &h->coupons[found[place(cmd.oldest_first, n, s.from + i)]]);
}

unsigned wallet_rows(const struct m_home *h, int customer, int *rows)
{
	unsigned n = 0;
	for (unsigned i = 0; i < h->coupon_n; i++)
		if (customer >= 0 && h->coupons[i].customer == customer)
			rows[n++] = (int)i;
	by_arrival(h, rows, n);
	return n;
}

static void wallet_of(struct checker *c, const struct coupon_wallet_cmd *cmd, int customer)
{
	static int rows[COUPONS_OF_MODEL];
	struct m_home *h = c->h;
	struct coupon_wallet_ret ret = {0};
	unsigned n = 0;
	ask(c, COMMAND_coupon_wallet, cmd, &ret);
	for (unsigned i = wallet_rows(h, customer, rows); i-- > 0;) {
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
