/* The world's heap, its dice, and how a disagreement is told. */
#include "sim.h"

#include <stdarg.h>
#include <unistd.h>

void sim_fail(const struct world *w, const char *format, ...)
{
	char message[1200];
	va_list args;
	va_start(args, format);
	vsnprintf(message, sizeof(message), format, args);
	va_end(args);
	fprintf(stderr, "seed %llu step %u (%s): %s\n", (unsigned long long)w->seed, w->step,
		w->doing ? w->doing : "", message);
	_exit(1);
}

void *keep_bytes(struct world *w, size_t size)
{
	size_t at = (w->heap_used + 15) & ~(size_t)15;
	if (at + size > HEAP_BYTES)
		sim_fail(w, "the world's heap is full");
	w->heap_used = at + size;
	return memset(w->heap + at, 0, size);
}

struct text keep(struct world *w, struct text t)
{
	if (!t.size)
		return TEXT_NONE;
	char *copy = keep_bytes(w, t.size);
	memcpy(copy, t.data, t.size);
	return (struct text){copy, t.size};
}

struct text keep_format(struct world *w, const char *format, ...)
{
	char text[400];
	va_list args;
	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	return keep(w, text_of(text));
}

/* SplitMix64. */
uint64_t roll(struct world *w, uint64_t n)
{
	uint64_t z = w->random += UINT64_C(0x9E3779B97F4A7C15);
	z = (z ^ (z >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94D049BB133111EB);
	return (z ^ (z >> 31)) % n;
}
