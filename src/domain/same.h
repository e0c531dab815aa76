/*
 * x_same(a, b): every member of two records is equal, made from the rows of records.tbl.h. A save
 * that would change nothing must not move `updated`.
 */
#pragma once

#include "store/store.h"

/* clang-format off */
#define SAME_NUMBER(m)  && a->m == b->m
#define SAME_SIGNED(m)  && a->m == b->m
#define SAME_FLAG(m)    && a->m == b->m
#define SAME_INSTANT(m) && a->m.ms == b->m.ms
#define SAME_MONEY(m)   && a->m.fen == b->m.fen
#define SAME_TEXT(m)    && text_equal(a->m, b->m)
#define SAME_BYTES(m)   && text_equal(a->m, b->m)
#define F(kind, member, role) SAME_##kind(member)
#define R(name, NAME, id)                                                                          \
	static inline bool name##_same(const struct name *a, const struct name *b)                 \
	{                                                                                          \
		return true NAME##_FIELDS(F);                                                      \
	}
RECORDS(R)
#undef R
#undef F
/* clang-format on */
