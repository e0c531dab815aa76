/*
 * What a verification calls the same: equal bytes; and of somebody whose key is gone, all but the
 * PERSONAL members, which a replay cannot read any more and which leave the records by and by.
 */
#pragma once

#include "store/keys.h"

struct wiped_keys {
	bool (*is_wiped)(void *context, uint64_t merchant, uint64_t slot);
	void *context;
};
/* Two values of the row with that key. */
bool row_is_same(const struct wiped_keys *w, struct text key, struct text a, struct text b);
/* Whether anything but equal bytes could be the same. */
bool row_has_personal(struct text key);
