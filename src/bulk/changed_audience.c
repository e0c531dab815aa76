/*
 * Audiences that change: a row for each member that an entry names, and one for all members of a
 * campaign where one write does something to all of them without naming any:
 *
 *   {"source_code":"spring"},"cleared":true   nobody is covered any more; who was not invited,
 *                                             is not registered and waits for no approval is no
 *                                             member any more
 *   {"source_code":"spring"},"gone":true      the campaign was deleted
 *
 * These come before the rows of members that are told with them: those are as they are now, behind
 * all of it. A member's row of a campaign that was deleted since is not told: another campaign may
 * have its source code already, and the deletion is told where it stands in the ledger.
 */
#include "base/json.h"
#include "bulk/changed.h"
#include "domain/customer.h"

/* By its command: a deleted campaign's record changes again when its members are swept. */
static bool is_about_all(const struct ledger_entry *entry)
{
	return entry->command == COMMAND_audience_clear ||
	       entry->command == COMMAND_campaign_delete;
}

bool touches_audience(const struct ledger_entry *entry, const struct ledger_image *image,
		      struct bulk_key *ret_key)
{
	if (image->table == TABLE_MEMBER) {
		const struct member *m = image->record;
		*ret_key = (struct bulk_key){.number = m->customer, .of = m->campaign};
		return true;
	}
	if (image->table != TABLE_CAMPAIGN || !is_about_all(entry))
		return false;
	*ret_key = (struct bulk_key){.of = ((const struct campaign *)image->record)->number};
	return true;
}

static void want(struct tx *tx, const struct bulk_changed_cmd *c)
{
	for (unsigned i = 0; i < c->n; i++) {
		const struct bulk_key *key = &c->keys[i];
		store_want(tx, TABLE_CAMPAIGN, &(struct campaign){.number = key->of});
		if (!key->number)
			continue;
		store_want(tx, TABLE_CUSTOMER, &(struct customer){.number = key->number});
		store_want(tx, TABLE_MEMBER,
			   &(struct member){.campaign = key->of, .customer = key->number});
	}
}

static enum fault find_campaign(struct tx *tx, uint64_t number, struct campaign *ret)
{
	bool found;
	*ret = (struct campaign){.number = number};
	TRY(store_get(tx, TABLE_CAMPAIGN, ret, &found));
	ret->live = ret->live && found;
	return OK;
}

static enum fault tell_all(struct tx *tx, const struct bulk_changed_cmd *c, uint64_t number)
{
	struct campaign campaign;
	TRY(find_campaign(tx, number, &campaign));
	if (!campaign.source_code.size)
		return OK;
	buffer_text(c->out, c->before);
	buffer_text(c->out, TEXT("{\"source_code\":"));
	buffer_json_text(c->out, campaign.source_code);
	buffer_text(c->out, campaign.live ? TEXT("},\"cleared\":true") : TEXT("},\"gone\":true"));
	buffer_text(c->out, c->behind);
	return OK;
}

/* As bulk_slice has it: under the name of whom the customer was merged into. What is gone was told
 * under its own. */
static enum fault tell_member(struct tx *tx, const struct bulk_changed_cmd *c,
			      const struct bulk_key *key)
{
	struct member m = {.campaign = key->of, .customer = key->number};
	struct customer customer = {.number = key->number};
	struct campaign campaign;
	bool known, found;
	TRY(find_campaign(tx, key->of, &campaign));
	TRY(store_get(tx, TABLE_CUSTOMER, &customer, &known));
	TRY(store_get(tx, TABLE_MEMBER, &m, &found));
	if (!campaign.live || !known)
		return OK;
	bool covered = found && m.cover == campaign.cover;
	bool gone = !found || (!covered && !m.invited && !m.registered && !m.pending);
	if (gone)
		m = (struct member){0};
	else
		TRY(customer_follow(tx, &customer));
	struct audience_add_cmd row = bulk_member_row(&campaign, &m, &customer);
	write_changed(c, &row, gone);
	return OK;
}

enum fault changed_audience(struct tx *tx, const struct bulk_changed_cmd *c)
{
	want(tx, c);
	for (unsigned i = 0; i < c->n; i++)
		if (!c->keys[i].number)
			TRY(tell_all(tx, c, c->keys[i].of));
	for (unsigned i = 0; i < c->n; i++)
		if (c->keys[i].number)
			TRY(tell_member(tx, c, &c->keys[i]));
	return OK;
}
