/*
 * Commands of what acts by itself: who may work at something (lease.c), webhooks, providers,
 * running campaigns, jobs. src/courier/ runs them; the native API shows them.
 */
#pragma once

#include "base/limits.h"
#include "store/store.h"

/* --- leases: one courier at a time works at one thing --- */
/* Kept in records: the numbers stay. */
enum lease_kind { LEASE_WEBHOOK = 1, LEASE_PROVIDER, LEASE_CAMPAIGN, LEASE_JOB };
enum { LEASE_MS_MAX = 60 * 1000 };
/* Takes what is nobody's, or prolongs what is the owner's. */
struct lease_take_cmd {
	enum lease_kind kind;
	uint64_t of, owner; /* owner: a random number, not 0 */
	uint64_t lease_ms;  /* 1..LEASE_MS_MAX, from now */
	bool alone;	    /* no other courier can be there: another's was left by a crash */
};
struct lease_take_ret {
	bool mine;
	struct instant until; /* whoever has it; by the merchant's clock */
};
/* Gives it up early. Not the owner's: nothing. */
struct lease_drop_cmd {
	enum lease_kind kind;
	uint64_t of, owner;
};
struct lease_drop_ret {
	char none;
};
/* For commands that only the owner may give: LEASE_LOST. */
CHECKED enum fault lease_check(struct tx *tx, const struct env *env, enum lease_kind kind,
			       uint64_t of, uint64_t owner);
