/*
 * Verbs of the table tests for providers and errands; included by table.h.
 *
 *     make id=1 provider=https://p.example/ app=k secret=s -> ok
 *     grant template=1 nicks=a,b -> ok $C1 $C2
 *     errands -> ok count=1 $E1:waiting:tries=0:pending=2
 *     provider_lease of=1 owner=7 -> ok mine
 *     begin id=$E1 owner=7 -> ok fresh a,b
 *     settle_errand id=$E1 sent=$C1/X-1 refused=$C2/why -> ok
 *     settle_errand id=$E1 doubtful=HTTP~500 -> ok waiting        not_done=..
 *     promise code=$C1 -> ok sent
 */

static void arg_provider(struct story *t, struct provider_given *given)
{
	if (has(t, "no_provider"))
		given->given = GIVEN_NULL;
	if (!has(t, "provider") && !has(t, "app") && !has(t, "secret") && !has(t, "token"))
		return;
	*given = (struct provider_given){.given = GIVEN_VALUE,
					 .url = arg(t, "provider"),
					 .app_key = arg(t, "app"),
					 .secret = arg(t, "secret"),
					 .access_token = arg(t, "token")};
}

static enum fault do_providers(struct story *t)
{
	struct provider_list_cmd cmd = {0, 10};
	struct provider_list_ret ret;
	RUN(provider_list);
	say_number(t, "count", ret.count);
	for (unsigned i = 0; i < ret.n; i++) {
		const struct provider *p = &ret.rows[i];
		buffer_format(&t->out, " %.*s:%.*s:waiting=%llu:failures=%llu", TEXT_ARG(p->url),
			      TEXT_ARG(p->app_key), (unsigned long long)ret.waiting[i],
			      (unsigned long long)p->failures);
		if (p->open_until.ms > t->now.ms)
			buffer_format(&t->out, ":open=%lld",
				      (long long)(p->open_until.ms - t->now.ms));
		if (p->trouble.size)
			buffer_format(&t->out, ":%.*s", TEXT_ARG(p->trouble));
	}
	return OK;
}

/* Its number in the store: the first provider's of the merchant unless `of` says which. */
static uint64_t provider_number(struct story *t, uint64_t which)
{
	struct provider_list_cmd cmd = {0, 10};
	struct provider_list_ret ret = {0};
	must(t->stage->run(t->stage, COMMAND_provider_list, t->merchant, t->now, &t->arena, &cmd,
			   &ret, &t->detail) == OK);
	return which && which <= ret.n ? ret.rows[which - 1].number : 0;
}

static enum fault do_provider_lease(struct story *t)
{
	struct lease_take_cmd cmd = {.kind = LEASE_PROVIDER,
				     .of = provider_number(t, arg_number(t, "of", 1)),
				     .owner = arg_number(t, "owner", 7),
				     .lease_ms = LEASE_MS_MAX};
	struct lease_take_ret ret;
	RUN(lease_take);
	say(t, ret.mine ? "mine" : "taken");
	return OK;
}

static const char *const promise_names[] = {"none", "pending", "sent", "refused", "unknown"};

static void say_errand(struct story *t, const struct errand_view *v)
{
	char id[PUBLIC_ID_SIZE];
	const struct errand *e = &v->errand;
	public_id(v->id, id);
	buffer_format(&t->out, " %.*s:%s:tries=%llu",
		      TEXT_ARG(name_of(t, 'E', (struct text){id, sizeof(id)})),
		      e->waiting   ? "waiting"
		      : e->unknown ? "unknown"
				   : "done",
		      (unsigned long long)e->tries);
	for (unsigned i = 0; i < PROMISE_COUNT; i++)
		if (v->counts[i])
			buffer_format(&t->out, ":%s=%llu", promise_names[i],
				      (unsigned long long)v->counts[i]);
	if (e->due.ms > t->now.ms)
		buffer_format(&t->out, ":due=%lld", (long long)(e->due.ms - t->now.ms));
	if (e->trouble.size)
		buffer_format(&t->out, ":%.*s", TEXT_ARG(e->trouble));
}

static enum fault do_errands(struct story *t)
{
	struct errand_list_cmd cmd = {.unknown = has(t, "unknown"), .n = 30};
	struct errand_list_ret ret;
	RUN(errand_list);
	say_number(t, "count", ret.count);
	for (unsigned i = 0; i < ret.n; i++)
		say_errand(t, &ret.rows[i]);
	return OK;
}

static uint64_t arg_errand(struct story *t)
{
	uint64_t id = arg_number(t, "id", 0);
	return id > UINT64_C(100000000000000000) ? id - UINT64_C(100000000000000000) : id;
}

static enum fault do_errand(struct story *t)
{
	struct errand_get_cmd cmd = {arg_errand(t)};
	struct errand_get_ret ret;
	RUN(errand_get);
	say_errand(t, &ret.view);
	for (unsigned i = 0; i < ret.n; i++)
		buffer_format(
		    &t->out, " %.*s:%s%s%.*s", TEXT_ARG(shown_code(t, ret.promises[i].code)),
		    promise_names[ret.promises[i].outcome], ret.promises[i].reason.size ? ":" : "",
		    TEXT_ARG(ret.promises[i].reason));
	return OK;
}

static enum fault do_due(struct story *t)
{
	struct errand_due_cmd cmd = {.provider = provider_number(t, arg_number(t, "of", 1)),
				     .n = 30};
	struct errand_due_ret ret;
	RUN(errand_due);
	say_number(t, "count", ret.count);
	return OK;
}

static enum fault do_begin(struct story *t)
{
	struct errand_begin_cmd cmd = {.number = arg_errand(t) & UINT32_MAX,
				       .provider = provider_number(t, arg_number(t, "of", 1)),
				       .owner = arg_number(t, "owner", 7)};
	struct errand_begin_ret ret;
	RUN(errand_begin);
	if (!ret.goes) {
		say(t, "stays");
		return OK;
	}
	say(t, ret.fresh ? "fresh" : "again");
	if (has(t, "full"))
		buffer_format(&t->out, " %.*s:%.*s:%.*s:%.*s", TEXT_ARG(ret.url),
			      TEXT_ARG(ret.app_key), TEXT_ARG(ret.secret),
			      TEXT_ARG(ret.access_token));
	for (unsigned i = 0; i < ret.n; i++)
		buffer_format(&t->out, "%s%.*s", i ? "," : " ", TEXT_ARG(ret.nicks[i]));
	return OK;
}

/* "$C1/word" -> the coupon's id and the word. */
static void arg_answers(struct story *t, const char *name, enum promise outcome,
			struct errand_answer *answers, unsigned *n)
{
	unsigned items;
	const struct text *words = arg_items(t, name, &items);
	for (unsigned i = 0; i < items; i++) {
		struct text word = words[i];
		struct coupon_show_cmd cmd = {.code = text_cut(&word, '/')};
		struct coupon_show_ret ret = {0};
		must(t->stage->run(t->stage, COMMAND_coupon_show, t->merchant, t->now, &t->arena,
				   &cmd, &ret, &t->detail) == OK);
		answers[(*n)++] =
		    (struct errand_answer){.coupon = ret.view.coupon->id,
					   .outcome = outcome,
					   .reason = outcome == PROMISE_REFUSED ? word : TEXT_NONE,
					   .code = outcome == PROMISE_SENT ? word : TEXT_NONE};
	}
}

static enum fault do_settle_errand(struct story *t)
{
	struct errand_answer answers[SPI_NICKS_MAX * 3];
	struct errand_settle_cmd cmd = {.number = arg_errand(t) & UINT32_MAX,
					.result = has(t, "not_done")   ? ERRAND_NOT_DONE
						  : has(t, "doubtful") ? ERRAND_DOUBTFUL
								       : ERRAND_ANSWERED,
					.fresh = has(t, "fresh"),
					.failed = has(t, "not_done") || has(t, "doubtful"),
					.answers = answers,
					.trouble = has(t, "not_done") ? arg(t, "not_done")
								      : arg(t, "doubtful")};
	struct errand_settle_ret ret;
	arg_answers(t, "sent", PROMISE_SENT, answers, &cmd.n);
	arg_answers(t, "refused", PROMISE_REFUSED, answers, &cmd.n);
	arg_answers(t, "silent", PROMISE_UNKNOWN, answers, &cmd.n);
	for (uint64_t times = arg_number(t, "times", 1); times > 0; times--)
		RUN(errand_settle);
	if (ret.waiting)
		say(t, "waiting");
	return OK;
}

static enum fault do_ask(struct story *t)
{
	struct errand_ask_cmd cmd = {arg_errand(t)};
	struct errand_ask_ret ret;
	RUN(errand_ask);
	return OK;
}

static enum fault do_promise(struct story *t)
{
	struct coupon_show_cmd cmd = {.code = arg(t, "code")};
	struct coupon_show_ret ret;
	RUN(coupon_show);
	say(t, promise_names[ret.view.promise]);
	buffer_format(&t->out, " %.*s", TEXT_ARG(shown_code(t, ret.view.code)));
	if (ret.view.promise_reason.size)
		buffer_format(&t->out, " %.*s", TEXT_ARG(ret.view.promise_reason));
	return OK;
}
