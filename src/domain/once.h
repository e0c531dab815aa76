/*
 * A write under its caller's request number, for commands that have no member for one. The first
 * that is accepted is remembered with what it answered; a repeat with the same contents gets that
 * answer and changes nothing, one with others REQUEST_REUSED. Refusals are not remembered.
 *
 * The handler of the command itself runs inside, in the same transaction. What its ret says of the
 * state it met (made, changed, added) is not kept: an answer must not show it.
 */
#pragma once

#include "domain/domain.h"

struct once_cmd {
	enum command command;
	const void *cmd;
	struct request_number request; /* key not empty */
};
/* ret: the command's. */
CHECKED enum fault once(struct tx *tx, const struct env *env, const void *cmd, void *ret);
