#include "domain/unique.h"
#include "domain/check.h"

struct text *unique_value(void *record, const struct unique_member *m)
{
	return (struct text *)(void *)((char *)record + m->member);
}

enum fault unique_find(struct tx *tx, const struct unique_kind *kind, unsigned member,
		       struct text value, void *ret_record, bool *ret_found)
{
	const struct unique_member *m = &kind->members[member];
	memset(ret_record, 0, kind->record_size);
	*unique_value(ret_record, m) = value;
	*ret_found = false;
	return value.size ? store_find(tx, m->unique, ret_record, ret_found) : OK;
}

enum fault unique_guess(struct tx *tx, const struct unique_kind *kind, unsigned member,
			struct text value, void *ret_record, bool *ret_found)
{
	const struct unique_member *m = &kind->members[member];
	memset(ret_record, 0, kind->record_size);
	*unique_value(ret_record, m) = value;
	return store_find_guess(tx, m->unique, ret_record, ret_found);
}

void unique_want(struct tx *tx, const struct unique_kind *kind, void *given)
{
	for (unsigned i = 0; i < kind->n; i++) {
		const struct unique_member *m = &kind->members[i];
		/* Too long for any: check_name will say so. */
		if (unique_value(given, m)->size <= TEXT_BYTES_MAX)
			store_want_unique(tx, m->unique, given);
	}
}

bool unique_named(const struct unique_kind *kind, void *given)
{
	for (unsigned i = 0; i < kind->n; i++)
		if (unique_value(given, &kind->members[i])->size)
			return true;
	return false;
}

enum fault unique_known(struct tx *tx, const struct unique_kind *kind, void *given,
			void *ret_record, bool *ret_found)
{
	unsigned n = unique_value(given, &kind->members[0])->size ? 1 : kind->n;
	*ret_found = false;
	for (unsigned i = 0; i < n && !*ret_found; i++)
		TRY(unique_find(tx, kind, i, *unique_value(given, &kind->members[i]), ret_record,
				ret_found));
	if (!*ret_found)
		memset(ret_record, 0, kind->record_size);
	return OK;
}

enum fault unique_free(struct tx *tx, const struct unique_kind *kind, void *given, uint64_t number)
{
	char other[1024] __attribute__((aligned(16)));
	must(kind->record_size <= sizeof(other));
	for (unsigned i = 0; i < kind->n; i++) {
		struct text value = *unique_value(given, &kind->members[i]);
		struct text name = text_of(kind->members[i].name);
		uint64_t other_number;
		bool found;
		TRY(check_name(tx, name, value));
		TRY(unique_find(tx, kind, i, value, other, &found));
		memcpy(&other_number, other, sizeof(other_number));
		if (found && other_number != number)
			return refuse(tx, FAULT_VALUE_TAKEN, name, value);
	}
	return OK;
}
