/* See terms.h. */
#include "domain/terms.h"
#include "domain/check.h"
#include "domain/same.h"

/* clang-format off */
#define COPY(kind, member, role) to.member = from->member;

struct edition edition_of(const struct template *from)
{
	struct edition to = {.template = from->number, .edition = from->edition};
	KEPT_FIELDS(COPY)
	return to;
}

static struct template with_terms(const struct template *t, const struct edition *from)
{
	struct template to = *t;
	KEPT_FIELDS(COPY)
	to.uses_per_person = t->uses_per_person;
	to.uses_per_period = t->uses_per_period;
	to.period = t->period;
	to.per_order = t->per_order;
	return to;
}

bool terms_same(const struct template *a, const struct template *b)
{
#define SAME(kind, member, role) SAME_##kind(member)
	return true KEPT_FIELDS(SAME);
#undef SAME
}
/* clang-format on */

/* Those that were recast go by the edition that did it. */
static uint64_t edition_for(const struct template *t, uint64_t edition)
{
	return edition < t->recast ? t->recast : edition;
}

void terms_want_edition(struct tx *tx, const struct template *t, uint64_t edition)
{
	edition = edition_for(t, edition);
	if (edition != t->edition)
		store_want(tx, TABLE_EDITION,
			   &(struct edition){.template = t->number, .edition = edition});
}

enum fault terms_of_edition(struct tx *tx, const struct template *t, uint64_t edition,
			    struct template *ret)
{
	struct edition kept = {.template = t->number, .edition = edition_for(t, edition)};
	*ret = *t;
	if (kept.edition == t->edition)
		return OK;
	TRY(get_named(tx, TABLE_EDITION, &kept));
	*ret = with_terms(t, &kept);
	return OK;
}

enum fault terms_of(struct tx *tx, const struct coupon *c, struct template *ret)
{
	struct template t = {.number = c->template};
	TRY(get_named(tx, TABLE_TEMPLATE, &t));
	return terms_of_edition(tx, &t, c->edition, ret);
}
