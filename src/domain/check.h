/*
 * Small checks that several handlers make, and room in the call's arena.
 */
#pragma once

#include "domain/domain.h"

/* An array that did not fit into the call's arena: the answer is larger than a call may be. */
#define ROOM(pointer)                                  \
	do {                                           \
		if (!(pointer))                        \
			return FAULT_ANSWER_TOO_LARGE; \
	} while (0)

/* What stands in a key or an index: at most NAME_LENGTH_MAX characters. */
CHECKED static inline enum fault check_name(struct tx *tx, struct text field, struct text value)
{
	if (value.size > NAME_LENGTH_MAX && text_length(value) > NAME_LENGTH_MAX)
		return refuse(tx, FAULT_PARAMETER_TOO_LONG, field, TEXT_NONE);
	return OK;
}

CHECKED static inline enum fault check_given(struct tx *tx, struct text field, struct text value)
{
	if (!value.size)
		return refuse(tx, FAULT_PARAMETER_MISSING, field, TEXT_NONE);
	return check_name(tx, field, value);
}

CHECKED static inline enum fault check_span(struct tx *tx, struct text field, struct instant begin,
					    struct instant end)
{
	if (!instant_is_none(begin) && !instant_is_none(end) && begin.ms > end.ms)
		return refuse(tx, FAULT_PARAMETER_INVALID, field, TEXT_NONE);
	return OK;
}

/* Good up to and including the end's second. */
static inline bool is_past(const struct env *env, struct instant end)
{
	return !instant_is_none(end) && instant_second(env->now) > instant_second(end);
}

/* A record that another row names: it must be there. Not must(): where rows are guessed
 * (PostgreSQL) two rows may for a round not fit together. */
CHECKED static inline enum fault get_named(struct tx *tx, enum table table, void *record)
{
	bool found;
	TRY(store_get(tx, table, record, &found));
	return found ? OK : FAULT_DATA_DAMAGED;
}

CHECKED static inline enum fault find_named(struct tx *tx, enum unique unique, void *record)
{
	bool found;
	TRY(store_find(tx, unique, record, &found));
	return found ? OK : FAULT_DATA_DAMAGED;
}
