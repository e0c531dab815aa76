/*
 * CHORE(NAME, list): work that nobody asks for at the time when it is to be done. `list`: one of the
 * merchant's that is not empty while there is such work; 0: there is none like that. How it is found
 * in PostgreSQL: pg_due.tbl.h.
 */
/* clang-format off */
#define CHORES(CHORE)                           \
	CHORE(CAMPAIGNS, LIST_CAMPAIGNS_RUNNING) \
	CHORE(WEBHOOKS,  LIST_NOTICES)          \
	CHORE(ERRANDS,   LIST_PROVIDERS)        \
	CHORE(JOBS,      LIST_JOBS_OPEN)        \
	CHORE(UPKEEP,    0)
/* clang-format on */
