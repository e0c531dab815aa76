#include "domain/memo.h"
#include "domain/check.h"

bool memo_init(struct memo *memo, struct arena *a, unsigned rows)
{
	unsigned slots = 1;
	while (slots < rows && slots < MEMO_SLOTS)
		slots *= 2;
	*memo = (struct memo){ARENA_ARRAY(a, const void *, slots), slots - 1};
	return memo->slots != NULL;
}

#define MEMO(name, NAME)                                                                \
	enum fault memo_##name(struct tx *tx, const struct env *env, struct memo *memo, \
			       uint64_t number, const struct name **ret)                \
	{                                                                               \
		const struct name *kept = memo->slots[number & memo->mask];             \
		if (!kept || kept->number != number) {                                  \
			bool found;                                                     \
			struct name *fresh = ARENA_NEW(env->arena, struct name);        \
			ROOM(fresh);                                                    \
			fresh->number = number;                                         \
			TRY(store_get(tx, TABLE_##NAME, fresh, &found));                \
			must(found);                                                    \
			memo->slots[number & memo->mask] = kept = fresh;                \
		}                                                                       \
		*ret = kept;                                                            \
		return OK;                                                              \
	}
MEMO(template, TEMPLATE)
MEMO(customer, CUSTOMER)
MEMO(department, DEPARTMENT)
