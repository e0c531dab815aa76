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

#define MEMO(linkage, function, name, NAME)                                                  \
	linkage enum fault function(struct tx *tx, const struct env *env, struct memo *memo, \
				    uint64_t number, const struct name **ret)                \
	{                                                                                    \
		const struct name *kept = memo->slots[number & memo->mask];                  \
		if (!kept || kept->number != number) {                                       \
			bool found;                                                          \
			struct name *fresh = ARENA_NEW(env->arena, struct name);             \
			ROOM(fresh);                                                         \
			fresh->number = number;                                              \
			TRY(store_get(tx, TABLE_##NAME, fresh, &found));                     \
			must(found);                                                         \
			memo->slots[number & memo->mask] = kept = fresh;                     \
		}                                                                            \
		*ret = kept;                                                                 \
		return OK;                                                                   \
	}
MEMO(, memo_template, template, TEMPLATE)
MEMO(static, memo_own, customer, CUSTOMER)
MEMO(, memo_department, department, DEPARTMENT)

enum fault memo_customer(struct tx *tx, const struct env *env, struct memo *memo, uint64_t number,
			 const struct customer **ret)
{
	TRY(memo_own(tx, env, memo, number, ret));
	return (*ret)->alias_of ? memo_own(tx, env, memo, (*ret)->alias_of, ret) : OK;
}

void memo_keep_customer(struct memo *memo, const struct customer *customer)
{
	memo->slots[customer->number & memo->mask] = customer;
}
