/*
 * Verbs of the table tests for webhooks; included by table.h.
 *
 *     webhook url=https://a kinds=coupon.issued label=x secret=s key=k1 -> ok id=$U1 secret=s*32
 *     change_webhook of=$U1 url=.. kinds=.. label=.. secret=t old=3600 resume
 *     delete_webhook of=$U1      webhooks -> ok $U1:https://a:failing:suspended
 *     next of=$U1 -> ok coupon.issued:$C1 coupon.redeemed:$C1:2 due=.. old_secret
 *     settle_deliveries of=$U1 rows=1,2 outcome=delivered status=200 answer=x after=60
 *     deliveries of=$U1 state=waiting n=2 before=2 -> ok coupon.issued:waiting:0 next=1
 *     resend of=$U1 row=1        forget_notices n=10
 *
 * Rows of `settle_deliveries` and `resend` are those that `next` or `deliveries` showed last,
 * counted from 1; `next` shows them in the order in which they happened, whatever their lanes. The
 * lease is owner 1's.
 */

enum { SEEN_MAX = 300 };
static uint64_t table_seen[SEEN_MAX];
static unsigned table_seen_count;

static struct text arg_secret(struct story *t)
{
	struct text word = arg(t, "secret");
	char *bytes = arena_take(&t->arena, WEBHOOK_SECRET_SIZE);
	if (!word.size)
		return TEXT_NONE;
	memset(bytes, word.data[0], WEBHOOK_SECRET_SIZE);
	return (struct text){bytes, WEBHOOK_SECRET_SIZE};
}

static void say_secret(struct story *t, struct text secret)
{
	buffer_format(&t->out, " secret=%c*%zu", secret.data[0], secret.size);
}

static uint64_t arg_kinds(struct story *t)
{
	unsigned n;
	const struct text *names = arg_items(t, "kinds", &n);
	uint64_t kinds = 0;
	for (unsigned i = 0; i < n; i++)
		for (unsigned k = 0; k < NOTICE_KINDS_MAX; k++) {
			const struct notice_row *row = notice_row_get(k);
			if (row && text_equal(names[i], text_of(row->wire)))
				kinds |= UINT64_C(1) << k;
		}
	return kinds;
}

static struct text webhook_name(struct story *t, uint64_t number)
{
	return name_of(t, 'U', arena_format(&t->arena, "%llu", (unsigned long long)number));
}

static enum fault do_webhook(struct story *t)
{
	struct webhook_add_cmd cmd = {.url = arg(t, "url"),
				      .kinds = arg_kinds(t),
				      .label = arg(t, "label"),
				      .secret = arg_secret(t),
				      .request = arg_request_number(t, "key")};
	struct webhook_add_ret ret;
	RUN(webhook_add);
	say_text(t, "id", webhook_name(t, ret.number));
	say_secret(t, ret.secret);
	return OK;
}

static enum fault do_change_webhook(struct story *t)
{
	struct webhook_change_cmd cmd = {.number = arg_number(t, "of", 0),
					 .has_url = has(t, "url"),
					 .url = arg(t, "url"),
					 .has_kinds = has(t, "kinds"),
					 .kinds = arg_kinds(t),
					 .has_label = has(t, "label"),
					 .label = arg(t, "label"),
					 .secret = arg_secret(t),
					 .old_secret_s = arg_number(t, "old", 0),
					 .resume = has(t, "resume"),
					 .request = arg_request_number(t, "key")};
	struct webhook_change_ret ret;
	RUN(webhook_change);
	if (ret.secret.size)
		say_secret(t, ret.secret);
	if (!instant_is_none(ret.old_until))
		say_instant(t, "old_until", ret.old_until);
	return OK;
}

static enum fault do_delete_webhook(struct story *t)
{
	struct webhook_delete_cmd cmd = {arg_number(t, "of", 0)};
	struct webhook_delete_ret ret;
	RUN(webhook_delete);
	return OK;
}

static enum fault do_webhooks(struct story *t)
{
	struct webhook_list_cmd cmd = {arg_number(t, "from", 0), (unsigned)arg_number(t, "n", 20)};
	struct webhook_list_ret ret;
	RUN(webhook_list);
	for (unsigned i = 0; i < ret.n; i++) {
		const struct webhook *w = &ret.rows[i];
		buffer_format(&t->out, " %.*s:%.*s%s%s", TEXT_ARG(webhook_name(t, w->number)),
			      TEXT_ARG(w->url), instant_is_none(w->failing) ? "" : ":failing",
			      instant_is_none(w->suspended) ? "" : ":suspended");
	}
	return OK;
}

static int by_notice(const void *a, const void *b)
{
	const struct message *x = a, *y = b;
	return x->notice.number < y->notice.number ? -1 : x->notice.number > y->notice.number;
}

static void say_message(struct story *t, const struct message *m)
{
	const struct notice_row *row = notice_row_get((unsigned)m->notice.kind);
	buffer_format(&t->out, " %s", row->wire);
	if (row->of == OF_COUPON)
		buffer_format(&t->out, ":%.*s", TEXT_ARG(shown_code(t, m->code)));
	if (row->of == OF_TEMPLATE)
		buffer_format(&t->out, ":%llu", (unsigned long long)m->template_id);
	if (row->of == OF_WEBHOOK)
		buffer_format(&t->out, ":%.*s", TEXT_ARG(webhook_name(t, m->notice.subject)));
	if (m->event)
		buffer_format(&t->out, ":%llu", (unsigned long long)m->event->number);
	if (row->of != OF_COUPON && m->notice.figure)
		buffer_format(&t->out, ":%llu", (unsigned long long)m->notice.figure);
	if (m->delivery.tries)
		buffer_format(&t->out, "/%llu", (unsigned long long)m->delivery.tries);
}

static void see(uint64_t notice)
{
	must(table_seen_count < SEEN_MAX);
	table_seen[table_seen_count++] = notice;
}

static enum fault do_next(struct story *t)
{
	struct delivery_next_cmd cmd = {.webhook = arg_number(t, "of", 0),
					.lanes = UINT64_MAX,
					.n = (unsigned)arg_number(t, "n", 4)};
	struct delivery_next_ret ret;
	bool counted = has(t, "count");
	RUN(delivery_next);
	if (ret.n)
		qsort(ret.rows, ret.n, sizeof(*ret.rows), by_notice);
	table_seen_count = 0;
	for (unsigned i = 0; i < ret.n; i++) {
		see(ret.rows[i].notice.number);
		if (!counted)
			say_message(t, &ret.rows[i]);
	}
	if (counted)
		say_number(t, "n", ret.n);
	if (ret.more)
		say(t, "more");
	if (!instant_is_none(ret.next_due))
		say_instant(t, "due", ret.next_due);
	if (ret.webhook.old_secret.size)
		say(t, "old_secret");
	return OK;
}

/* The n-th row that was shown last. */
static uint64_t seen(struct text word)
{
	uint64_t n;
	must(text_to_uint64(word, &n) && n > 0 && n <= table_seen_count);
	return table_seen[n - 1];
}

static enum fault do_settle_deliveries(struct story *t)
{
	static const char *const outcomes[] = {"delivered", "failed", "gone"};
	unsigned n;
	const struct text *rows = arg_items(t, "rows", &n);
	struct delivery_result *results = ARENA_ARRAY(&t->arena, struct delivery_result, SEEN_MAX);
	struct delivery_settle_cmd cmd = {.webhook = arg_number(t, "of", 0),
					  .owner = arg_number(t, "owner", 1),
					  .results = results,
					  .n = rows ? n : table_seen_count};
	struct delivery_settle_ret ret;
	struct delivery_result all = {
	    .outcome = (enum delivery_outcome)named_number(arg(t, "outcome"), outcomes, 3),
	    .status = arg_number(t, "status", 200),
	    .answer = arg(t, "answer"),
	    .retry_after_s = arg_number(t, "after", 0),
	    .jitter = (uint16_t)arg_number(t, "jitter", 32768)};
	for (unsigned i = 0; i < cmd.n; i++) {
		results[i] = all;
		results[i].notice = rows ? seen(rows[i]) : table_seen[i];
	}
	RUN(delivery_settle);
	say_number(t, "settled", ret.settled);
	if (ret.suspended)
		say(t, "suspended");
	return OK;
}

static enum fault do_deliveries(struct story *t)
{
	static const char *const states[] = {"waiting", "delivered", "failed"};
	struct delivery_list_cmd cmd = {
	    .webhook = arg_number(t, "of", 0),
	    .has_state = has(t, "state"),
	    .state = (enum delivery_state)named_number(arg(t, "state"), states, 3),
	    .before = arg_number(t, "before", 0),
	    .n = (unsigned)arg_number(t, "n", 20)};
	struct delivery_list_ret ret;
	RUN(delivery_list);
	table_seen_count = 0;
	for (unsigned i = 0; i < ret.n; i++) {
		const struct delivery *d = &ret.rows[i].delivery;
		see(d->notice);
		buffer_format(&t->out, " %s:%s:%llu:%llu%s%.*s",
			      notice_row_get((unsigned)ret.rows[i].notice.kind)->wire,
			      states[delivery_state_of(d)], (unsigned long long)d->tries,
			      (unsigned long long)d->status, d->answer.size ? ":" : "",
			      TEXT_ARG(d->answer));
	}
	if (ret.next)
		say_number(t, "next", ret.next);
	return OK;
}

static enum fault do_resend(struct story *t)
{
	struct delivery_resend_cmd cmd = {.webhook = arg_number(t, "of", 0)};
	struct delivery_resend_ret ret;
	cmd.notice = has(t, "row") ? seen(arg(t, "row")) : 1;
	RUN(delivery_resend);
	return OK;
}

static enum fault do_forget_notices(struct story *t)
{
	struct notice_forget_cmd cmd = {(unsigned)arg_number(t, "n", 100)};
	struct notice_forget_ret ret;
	RUN(notice_forget);
	say_number(t, "forgotten", ret.forgotten);
	return OK;
}

/* After each `setup`: every command of a story then has somebody to tell (but for webhook.table,
 * which counts who there is). */
static bool table_listens;

static enum fault listen(struct story *t)
{
	struct webhook_add_cmd cmd = {.url = TEXT("https://listener.example/"),
				      .secret = TEXT("0123456789abcdef0123456789abcdef")};
	struct webhook_add_ret ret;
	return t->stage->run(t->stage, COMMAND_webhook_add, 1, t->now, &t->arena, &cmd, &ret,
			     &t->detail);
}
