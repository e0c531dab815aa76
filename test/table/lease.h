/*
 * Verbs of the table tests for leases; included by table.h.
 *
 *     lease kind=1 of=7 owner=3 ms=15000 -> ok mine until=2026-01-01T10:00:15
 *     unlease kind=1 of=7 owner=3 -> ok
 */

static enum fault do_lease(struct story *t)
{
	struct lease_take_cmd cmd = {.kind = (enum lease_kind)arg_number(t, "kind", 1),
				     .of = arg_number(t, "of", 1),
				     .owner = arg_number(t, "owner", 1),
				     .lease_ms = arg_number(t, "ms", 15000),
				     .alone = has(t, "alone")};
	struct lease_take_ret ret;
	RUN(lease_take);
	if (ret.mine)
		buffer_text(&t->out, TEXT(" mine"));
	say_instant(t, "until", ret.until);
	return OK;
}

static enum fault do_unlease(struct story *t)
{
	struct lease_drop_cmd cmd = {(enum lease_kind)arg_number(t, "kind", 1),
				     arg_number(t, "of", 1), arg_number(t, "owner", 1)};
	struct lease_drop_ret ret;
	RUN(lease_drop);
	return OK;
}
