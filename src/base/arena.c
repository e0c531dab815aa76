/*
 * The arena. Blocks double from 4 KiB to 1 MiB; what is larger than a quarter of the next block
 * gets a block of its own, so that the free rest of the current one is not lost.
 */
#include "base/arena.h"

#include <stdarg.h>

enum { BLOCK_SIZE_MIN = 4 * 1024, BLOCK_SIZE_MAX = 1024 * 1024 };

struct arena_block {
	_Alignas(ARENA_ALIGN) struct arena_block *next;
	char memory[];
};
_Static_assert(offsetof(struct arena_block, memory) <= ARENA_ALIGN, "the header is one unit");

enum { BLOCK_HEAD_SIZE = ARENA_ALIGN };

void arena_init(struct arena *a, size_t taken_max)
{
	*a = (struct arena){.taken_max = taken_max};
}

void arena_init_lent(struct arena *a, void *memory, size_t size, size_t taken_max)
{
	size_t skip = -(uintptr_t)memory & (ARENA_ALIGN - 1);
	arena_init(a, taken_max);
	if (size <= skip)
		return;
	a->lent = (char *)memory + skip;
	a->lent_size = (size - skip) & ~(size_t)(ARENA_ALIGN - 1);
	a->at = a->lent;
	a->end = a->lent + a->lent_size;
}

void arena_reset(struct arena *a)
{
	while (a->blocks) {
		struct arena_block *next = a->blocks->next;
		free(a->blocks);
		a->blocks = next;
	}
	a->at = a->lent;
	a->end = a->lent ? a->lent + a->lent_size : NULL;
	a->taken = 0;
	a->full = false;
}

void arena_release(struct arena *a)
{
	arena_reset(a);
	*a = (struct arena){.full = true};
}

struct arena_mark arena_mark(const struct arena *a)
{
	return (struct arena_mark){a->blocks, a->at, a->end, a->taken};
}

void arena_rewind(struct arena *a, struct arena_mark mark)
{
	while (a->blocks != mark.blocks) {
		struct arena_block *next = a->blocks->next;
		free(a->blocks);
		a->blocks = next;
	}
	a->taken = mark.taken;
	if (!a->full) {
		a->at = mark.at;
		a->end = mark.end;
	}
}

/* Returns the new block's memory (of `size` bytes), or NULL and full. */
static char *add_block(struct arena *a, size_t size)
{
	size_t left = a->taken_max - a->taken;
	struct arena_block *block = NULL;
	if (left > BLOCK_HEAD_SIZE && size <= left - BLOCK_HEAD_SIZE)
		block = malloc(BLOCK_HEAD_SIZE + size);
	if (!block) {
		a->full = true;
		a->at = a->end = NULL;
		return NULL;
	}
	a->taken += BLOCK_HEAD_SIZE + size;
	block->next = a->blocks;
	a->blocks = block;
	return (char *)block + BLOCK_HEAD_SIZE;
}

/* What the next ordinary block gives: as much as was taken so far, within the bounds and the cap.
 */
static size_t next_block_size(const struct arena *a)
{
	size_t left = a->taken_max - a->taken;
	size_t size = a->taken < BLOCK_SIZE_MIN ? BLOCK_SIZE_MIN : a->taken;
	if (size > BLOCK_SIZE_MAX)
		size = BLOCK_SIZE_MAX;
	if (size > left)
		size = left;
	size -= size > BLOCK_HEAD_SIZE ? BLOCK_HEAD_SIZE : 0;
	return size & ~(size_t)(ARENA_ALIGN - 1);
}

static void *take_from_block(struct arena *a, size_t size)
{
	if (a->full)
		return NULL;
	size_t block_size = next_block_size(a);
	if (size > block_size / 4)
		return add_block(a, size);
	char *memory = add_block(a, block_size);
	if (!memory)
		return NULL;
	a->at = memory + size;
	a->end = memory + block_size;
	return memory;
}

void *arena_take_slowly(struct arena *a, size_t size)
{
	if (size > SIZE_MAX / 2) {
		a->full = true;
		a->at = a->end = NULL;
		return NULL;
	}
	size = (size + (size == 0) + ARENA_ALIGN - 1) & ~(size_t)(ARENA_ALIGN - 1);
	if (size > (size_t)(a->end - a->at))
		return take_from_block(a, size);
	void *memory = a->at;
	a->at += size;
	return memory;
}

void *arena_take_zeroed(struct arena *a, size_t size)
{
	void *memory = arena_take(a, size);
	return memory ? memset(memory, 0, size) : NULL;
}

struct text arena_text(struct arena *a, struct text t)
{
	char *copy = t.size ? arena_take(a, t.size) : NULL;
	if (!copy)
		return TEXT_NONE;
	return (struct text){memcpy(copy, t.data, t.size), t.size};
}

struct text arena_format(struct arena *a, const char *format, ...)
{
	char small[256];
	va_list args;
	va_start(args, format);
	int size = vsnprintf(small, sizeof(small), format, args);
	va_end(args);
	must(size >= 0);
	if ((size_t)size < sizeof(small))
		return arena_text(a, (struct text){small, (size_t)size});
	char *memory = arena_take(a, (size_t)size + 1);
	if (!memory)
		return TEXT_NONE;
	va_start(args, format);
	vsnprintf(memory, (size_t)size + 1, format, args);
	va_end(args);
	return (struct text){memory, (size_t)size};
}
