/*
 * Verbs of the table tests for jobs; included by table.h. Numbers of jobs are given by the order in
 * which they were made: job=1 is the first.
 *
 *     job kind=recall reason=r -> ok 1
 *     job_input job=1 bytes=100 -> ok waiting
 *     job_step job=1 owner=1 was=0 now=256 refused=2 -> ok running
 *     job_end job=1 owner=1 state=done -> ok
 *     job_show job=1 -> ok done read=256 ..
 */

static const char *const job_kind_names[] = {"none",   "issue",	 "generate", "recall",
					     "extend", "import", "export"};
static const char *const job_state_names[] = {"none",	    "input", "waiting",	  "running",
					      "cancelling", "done",  "cancelled", "failed"};
static uint64_t jobs_made[100];
static unsigned jobs_made_count;

static unsigned arg_word(struct story *t, const char *name, const char *const *words, unsigned n)
{
	struct text word = arg(t, name);
	for (unsigned i = 0; i < n; i++)
		if (text_equal(word, text_of(words[i])))
			return i;
	return 0;
}

static uint64_t arg_job(struct story *t)
{
	uint64_t job = arg_number(t, "job", 0);
	return job && job <= jobs_made_count ? jobs_made[job - 1] : job + 1000000;
}

static enum fault do_job(struct story *t)
{
	struct job_make_cmd cmd = {
	    .kind = (enum job_kind)arg_word(t, "kind", job_kind_names, JOB_KIND_COUNT),
	    .order = {.template_id = arg_number(t, "template", 0),
		      .count = arg_number(t, "count", 0),
		      .resource = arg(t, "resource"),
		      .format = arg(t, "format"),
		      .until = arg_instant(t, "until"),
		      .said = arg_said(t)},
	    .actor = TEXT("test")};
	struct job_make_ret ret;
	bool is_first = has(t, "first"); /* of a story: counts anew */
	RUN(job_make);
	jobs_made_count = is_first ? 0 : jobs_made_count;
	jobs_made[jobs_made_count++] = ret.number;
	buffer_format(&t->out, " %u", jobs_made_count);
	return OK;
}

static enum fault do_job_input(struct story *t)
{
	struct job_start_cmd cmd = {arg_job(t), arg_number(t, "bytes", 0)};
	struct job_start_ret ret;
	RUN(job_start);
	buffer_format(&t->out, " %s", job_state_names[ret.job.state]);
	return OK;
}

static struct job_progress arg_progress(struct story *t, const char *name)
{
	uint64_t read = arg_number(t, name, 0);
	return (struct job_progress){.read = read, .read_bytes = read * 10, .written_bytes = read};
}

static enum fault do_job_step(struct story *t)
{
	struct job_step_cmd cmd = {.number = arg_job(t),
				   .owner = arg_number(t, "owner", 1),
				   .was = arg_progress(t, "was"),
				   .now = arg_progress(t, "now"),
				   .total = arg_number(t, "total", 0)};
	struct job_step_ret ret;
	cmd.was.refused = arg_number(t, "was_refused", 0);
	cmd.now.refused = arg_number(t, "refused", 0);
	RUN(job_step);
	buffer_format(&t->out, " %s", job_state_names[ret.state]);
	return OK;
}

static enum fault do_job_lease(struct story *t)
{
	struct lease_take_cmd cmd = {.kind = LEASE_JOB,
				     .of = arg_job(t),
				     .owner = arg_number(t, "owner", 1),
				     .lease_ms = 15000};
	struct lease_take_ret ret;
	RUN(lease_take);
	buffer_text(&t->out, ret.mine ? TEXT(" mine") : TEXT_NONE);
	return OK;
}

static enum fault do_job_end(struct story *t)
{
	struct job_end_cmd cmd = {
	    .number = arg_job(t),
	    .owner = arg_number(t, "owner", 1),
	    .state = (enum job_state)arg_word(t, "state", job_state_names, JOB_STATE_COUNT),
	    .trouble = arg(t, "trouble")};
	struct job_end_ret ret;
	RUN(job_end);
	return OK;
}

static enum fault do_job_cancel(struct story *t)
{
	struct job_cancel_cmd cmd = {arg_job(t)};
	struct job_cancel_ret ret;
	RUN(job_cancel);
	buffer_format(&t->out, " %s", job_state_names[ret.job.state]);
	return OK;
}

static enum fault do_job_show(struct story *t)
{
	struct job_get_cmd cmd = {arg_job(t)};
	struct job_get_ret ret;
	RUN(job_get);
	buffer_format(&t->out, " %s %s", job_kind_names[ret.job.kind],
		      job_state_names[ret.job.state]);
	say_number(t, "read", ret.job.read);
	say_number(t, "refused", ret.job.refused);
	say_number(t, "total", ret.job.total);
	say_number(t, "input", ret.job.input_bytes);
	buffer_format(&t->out, " trouble=%.*s", TEXT_ARG(ret.job.trouble));
	say_instant(t, "ended", ret.job.ended);
	buffer_format(&t->out, " template=%llu count=%llu resource=%.*s reason=%.*s",
		      (unsigned long long)ret.order.template_id,
		      (unsigned long long)ret.order.count, TEXT_ARG(ret.order.resource),
		      TEXT_ARG(ret.order.said.reason));
	say_instant(t, "until", ret.order.until);
	return OK;
}

static enum fault do_jobs(struct story *t)
{
	struct job_list_cmd cmd = {.open = has(t, "open"),
				   .from = arg_number(t, "from", 0),
				   .n = (unsigned)arg_number(t, "n", 10),
				   .oldest_first = true};
	struct job_list_ret ret;
	RUN(job_list);
	say_number(t, "count", ret.count);
	for (unsigned i = 0; i < ret.n; i++)
		buffer_format(&t->out, " %s:%s", job_kind_names[ret.rows[i].kind],
			      job_state_names[ret.rows[i].state]);
	return OK;
}
