/* The heads of many merchants in memory: where replay and scans stand in each chain. */
#pragma once

#include "store/tx.h"

struct heads_slot {
	uint64_t merchant;
	bool used;
	struct head head;
};
struct heads {
	struct heads_slot *slots; /* open addressing; a power of two */
	size_t size, used;
};

/* Zeroes and *ret_new when it was not there. Lives until the next call. */
struct head *heads_at(struct heads *h, uint64_t merchant, bool *ret_new);
void heads_release(struct heads *h);
