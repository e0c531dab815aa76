/*
 * Repeats in a list of texts.
 */
#pragma once

#include "base/arena.h"

/* For each text the index of the first that is equal to it. NULL: the arena is full. O(n log n),
 * because the lists come from outside. */
unsigned *text_fold(struct arena *a, const struct text *texts, unsigned n);
