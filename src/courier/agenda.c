/* See agenda.h. */
#include "courier/agenda.h"

#include <stdlib.h>

void agenda_release(struct agenda *a)
{
	free(a->rows);
	free(a->places);
	*a = (struct agenda){0};
}

/* --- where a merchant stands --- */

static uint32_t home_of(const struct agenda *a, uint64_t merchant)
{
	return (uint32_t)(merchant * UINT64_C(0x9E3779B97F4A7C15) >> 32) & a->mask;
}

static uint32_t *find_place(const struct agenda *a, uint64_t merchant)
{
	uint32_t at = home_of(a, merchant);
	while (a->places[at] && a->rows[a->places[at] - 1].merchant != merchant)
		at = (at + 1) & a->mask;
	return &a->places[at];
}

/* Every place anew: rows come and go, and marks of what is gone would fill the table. */
static void place_all(struct agenda *a)
{
	memset(a->places, 0, ((size_t)a->mask + 1) * sizeof(*a->places));
	for (uint32_t i = 0; i < a->n; i++)
		*find_place(a, a->rows[i].merchant) = i + 1;
}

static void grow(struct agenda *a)
{
	a->room = a->room ? 2 * a->room : 64;
	a->mask = 4 * a->room - 1;
	a->rows = realloc(a->rows, a->room * sizeof(*a->rows));
	free(a->places);
	a->places = calloc((size_t)a->mask + 1, sizeof(*a->places));
	must(a->rows && a->places);
	place_all(a);
}

/* The places of those behind it in its stretch of the table may lead past it: they move up. */
static void forget_place(struct agenda *a, uint32_t *place)
{
	uint32_t hole = (uint32_t)(place - a->places), at = hole;
	for (;;) {
		at = (at + 1) & a->mask;
		if (!a->places[at])
			break;
		uint32_t home = home_of(a, a->rows[a->places[at] - 1].merchant);
		if (((at - home) & a->mask) < ((at - hole) & a->mask))
			continue;
		a->places[hole] = a->places[at];
		hole = at;
	}
	a->places[hole] = 0;
}

/* --- the heap --- */

static void swap(struct agenda *a, uint32_t i, uint32_t k)
{
	uint32_t *of_i = find_place(a, a->rows[i].merchant);
	uint32_t *of_k = find_place(a, a->rows[k].merchant);
	struct agenda_row row = a->rows[i];
	a->rows[i] = a->rows[k];
	a->rows[k] = row;
	*of_i = k + 1;
	*of_k = i + 1;
}

static void rise(struct agenda *a, uint32_t i)
{
	for (; i && a->rows[i].due_ms < a->rows[(i - 1) / 2].due_ms; i = (i - 1) / 2)
		swap(a, i, (i - 1) / 2);
}

static void sink(struct agenda *a, uint32_t i)
{
	for (;;) {
		uint32_t least = i;
		for (uint32_t k = 2 * i + 1; k <= 2 * i + 2 && k < a->n; k++)
			if (a->rows[k].due_ms < a->rows[least].due_ms)
				least = k;
		if (least == i)
			return;
		swap(a, i, least);
		i = least;
	}
}

void agenda_add(struct agenda *a, uint64_t merchant, int64_t due_ms)
{
	if (a->n == a->room)
		grow(a);
	uint32_t *place = find_place(a, merchant);
	if (!*place) {
		a->rows[a->n] = (struct agenda_row){merchant, due_ms};
		*place = ++a->n;
	} else if (a->rows[*place - 1].due_ms > due_ms) {
		a->rows[*place - 1].due_ms = due_ms;
	}
	rise(a, *place - 1);
}

bool agenda_take(struct agenda *a, int64_t now_ms, uint64_t *ret_merchant)
{
	if (!a->n || a->rows[0].due_ms > now_ms)
		return false;
	*ret_merchant = a->rows[0].merchant;
	if (a->n > 1)
		swap(a, 0, a->n - 1);
	forget_place(a, find_place(a, *ret_merchant));
	a->n--;
	sink(a, 0);
	return true;
}

int64_t agenda_next_ms(const struct agenda *a)
{
	return a->n ? a->rows[0].due_ms : INT64_MAX;
}
