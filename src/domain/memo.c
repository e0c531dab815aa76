#include "domain/memo.h"
#include "domain/check.h"

#define MEMO(name, NAME)                                                                \
	enum fault memo_##name(struct tx *tx, const struct env *env, struct memo *memo, \
			       uint64_t number, const struct name **ret)                \
	{                                                                               \
		const struct name *kept = memo->slot[number % MEMO_SLOTS];              \
		if (!kept || kept->number != number) {                                  \
			bool found;                                                     \
			struct name *fresh = ARENA_NEW(env->arena, struct name);        \
			ROOM(fresh);                                                    \
			fresh->number = number;                                         \
			TRY(store_get(tx, TABLE_##NAME, fresh, &found));                \
			must(found);                                                    \
			memo->slot[number % MEMO_SLOTS] = kept = fresh;                 \
		}                                                                       \
		*ret = kept;                                                            \
		return OK;                                                              \
	}
MEMO(template, TEMPLATE)
MEMO(customer, CUSTOMER)
MEMO(department, DEPARTMENT)
