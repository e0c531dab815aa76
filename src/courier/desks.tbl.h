/*
 * DESK(name): the kinds of work of a courier; const struct desk_kind desk_NAME stands in NAME.c.
 */
/* clang-format off */
DESK(campaigns)
DESK(webhooks)
DESK(errands)
DESK(jobs)
