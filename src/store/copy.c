/* See copy.h. */
#include "store/copy_parts.h"

#include "base/file.h"
#include "store/pg.h"

void copy_tell(const struct copying *c, const char *what, uint64_t done, uint64_t all)
{
	if (c->config->progress)
		c->config->progress(c->config->context, what, done, all);
}

enum fault copy_note_entry(struct copying *c, uint64_t merchant, struct text entry,
			   uint8_t ret_hash[32])
{
	uint64_t whose, number;
	struct instant instant;
	struct text actor;
	unsigned command;
	bool fresh;
	struct head *head = heads_at(&c->heads, merchant, &fresh);
	if (!entry_envelope(entry, &whose, &number, &instant, &actor, &command) ||
	    whose != merchant || number != head->number + 1)
		return FAULT_DATA_DAMAGED;
	entry_hash(head->hash, entry, ret_hash);
	memcpy(head->hash, ret_hash, sizeof(head->hash));
	head->number = number;
	c->entries++;
	return OK;
}

static void tell_verify(void *context, uint64_t done, uint64_t all)
{
	copy_tell(context, "verify", done, all);
}

enum fault copy_verify(struct copying *c, struct engine *target)
{
	struct ledger_report *r = c->report;
	TRY(engine_verify(target, tell_verify, c, r, &c->why));
	copy_tell(c, "verify", 1, 1);
	if (r->merchants == c->heads.used && r->entries == c->entries)
		return OK;
	c->why = text_print("%llu entries of %llu chains were copied, and %llu of %llu are there",
			    (unsigned long long)c->entries, (unsigned long long)c->heads.used,
			    (unsigned long long)r->entries, (unsigned long long)r->merchants);
	return FAULT_VERIFY_FAILED;
}

/* ---- from where to where ---- */

static enum fault run(struct copying *c, bool out)
{
	const struct copy_config *config = c->config;
	struct engine_config source = {.dir = out ? config->from : NULL,
				       .store = out ? NULL : config->from,
				       .master_key = c->master_key};
	TRY(engine_open(&source, &c->from, &c->why));
	enum fault fault = out ? copy_to_pg(c) : copy_to_dir(c);
	engine_close(c->from);
	return fault;
}

enum fault engine_copy(const struct copy_config *config, struct ledger_report *ret, char **ret_why)
{
	struct copying c = {.config = config, .report = ret};
	bool out = pg_is_address(config->to);
	if (out == pg_is_address(config->from)) {
		*ret_why = text_print("a copy goes from a data directory to postgresql://.., or "
				      "from there to a data directory");
		return FAULT_USAGE;
	}
	*ret = (struct ledger_report){0};
	c.master_key = master_key_path(out ? config->from : config->to, config->master_key);
	enum fault fault = run(&c, out);
	*ret_why = c.why;
	if (fault != OK && !c.why)
		*ret_why = text_print("%s to %s: %s", out ? config->from : "PostgreSQL",
				      out ? "PostgreSQL" : config->to, fault_text(fault));
	heads_release(&c.heads);
	free(c.master_key);
	return fault;
}
