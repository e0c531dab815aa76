/*
 * What terms let in: shops, channels, items. A set is a text with one member a line; members match
 * byte for byte, and an empty one is in no set.
 */
#pragma once

#include "domain/domain.h"

bool set_has(struct text set, struct text member);
/* in: empty lets all in, else only members; out: members are out. */
bool scope_lets_in(struct text in, struct text out, struct text member);
/* Per item of the cart whether product and category are let in. NULL: the arena is full. Takes as
 * long as items and sets together are, not their product. */
bool *scope_items(struct arena *a, const struct cart *cart, const struct template *terms);
/* Products and categories do not matter: all items are let in. */
bool scope_is_open(const struct template *terms);
