/*
 * The JSON objects of WangJuBao: kept as the caller sent them, so that a list can give back what
 * nobody here understands. Each member's value byte for byte, in order, each name once.
 */
#pragma once

#include "base/json.h"

/* Names that the server sets; they are taken out of what a caller sends. */
struct dropped {
	const struct text *names;
	unsigned n;
};
/*
 * Both give a text in the arena; TEXT_NONE when the arena is full. Of equal names (compared after
 * resolving escapes) the last value wins and the first place.
 * object_normal: the object. object_merge: `old` (normal) with the members of `patch`: given
 * replaces in place or comes last, null removes. `old` may be empty.
 */
struct text object_normal(struct arena *a, struct text object, struct dropped dropped);
struct text object_merge(struct arena *a, struct text old, struct text patch,
			 struct dropped dropped);
/* Equal as JSON values. */
CHECKED bool object_equal(struct text a, struct text b);
