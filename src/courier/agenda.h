/*
 * When to look at which merchant: a heap by time, each merchant in it once.
 */
#pragma once

#include "base/base.h"

struct agenda_row {
	uint64_t merchant;
	int64_t due_ms; /* monotonic */
};
struct agenda {
	struct agenda_row *rows;
	uint32_t n, room;
	uint32_t *places; /* hash of merchants -> row + 1; `mask` + 1 of them */
	uint32_t mask;
};
void agenda_release(struct agenda *a);
/* Sooner than it stood there, or new; later is left as it is. */
void agenda_add(struct agenda *a, uint64_t merchant, int64_t due_ms);
/* The first, taken out. false: none is due by then. */
bool agenda_take(struct agenda *a, int64_t now_ms, uint64_t *ret_merchant);
/* INT64_MAX: it is empty. */
int64_t agenda_next_ms(const struct agenda *a);
