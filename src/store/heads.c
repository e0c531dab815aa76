/* The heads of many merchants in memory. */
#include "store/heads.h"

enum { HEADS_MIN = 64 };

static struct heads_slot *find(struct heads_slot *slots, size_t size, uint64_t merchant)
{
	size_t at = (size_t)(merchant * UINT64_C(0x9E3779B97F4A7C15) >> 32) & (size - 1);
	while (slots[at].used && slots[at].merchant != merchant)
		at = (at + 1) & (size - 1);
	return &slots[at];
}

static void grow(struct heads *h)
{
	size_t size = h->size ? h->size * 2 : HEADS_MIN;
	struct heads_slot *slots = calloc(size, sizeof(*slots));
	must(slots);
	for (size_t i = 0; i < h->size; i++)
		if (h->slots[i].used)
			*find(slots, size, h->slots[i].merchant) = h->slots[i];
	free(h->slots);
	h->slots = slots;
	h->size = size;
}

struct head *heads_at(struct heads *h, uint64_t merchant, bool *ret_new)
{
	if (h->used * 2 >= h->size)
		grow(h);
	struct heads_slot *slot = find(h->slots, h->size, merchant);
	*ret_new = !slot->used;
	if (!slot->used) {
		*slot = (struct heads_slot){.merchant = merchant, .used = true};
		h->used++;
	}
	return &slot->head;
}

void heads_release(struct heads *h)
{
	free(h->slots);
	*h = (struct heads){0};
}
