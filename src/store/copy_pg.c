/*
 * A data directory into PostgreSQL: the view's rows as they stand there, the customer keys, the
 * ledger from its first batch, then what the store knows of itself, with the mark.
 *
 *   empty   -> (one transaction; cut off, nothing was there) -> marked -> verified: no mark
 */
#include "store/copy_parts.h"
#include "store/entry.h"
#include "base/file.h"
#include "store/parts.h"
#include "store/pg_engine.h"
#include "store/pg_migrate.h"
#include "store/pg_row.h"
#include "store/pg_stream.h"
#include "store/together.h"
#include "base/varint.h"

enum { TELL_EVERY = 16 * 1024 };

struct to_pg {
	struct copying *copy;
	struct pg *p;
	struct streams streams;
	struct view_reader view, others; /* for going along, and for looking up */
	struct batch_id batch;
	uint64_t place, rows, all_rows;
};

static enum fault refuse_row(struct to_pg *t, struct text key)
{
	t->copy->why = key_describe(key, "cannot be kept in PostgreSQL");
	return FAULT_DATA_DAMAGED;
}

/* ---- rows ---- */

static bool find_other(void *context, const struct key *k, struct text *ret_value)
{
	struct to_pg *t = context;
	struct key memory;
	return view_get(&t->others, key_together(key_get(k), &memory), ret_value);
}

static enum fault add_row(struct to_pg *t, struct text key, struct text value)
{
	struct pg_change row = {.key = key, .value = &value};
	struct pg_value values[SQL_COLUMNS_MAX];
	struct row_others others = {find_other, t};
	struct row_since since = {0};
	unsigned path = path_of_key(key), table = path_get(path)->table;
	if ((table < TABLE_COUNT && !row_since(table, &row, &others, &since)) ||
	    !row_values(path, &row, &since, values))
		return refuse_row(t, key);
	return streams_add(&t->streams, table, key_merchant(key), values);
}

static enum fault add_key(struct to_pg *t, uint64_t merchant, uint64_t slot)
{
	struct keyring *ring = &t->copy->from->keys.ring;
	uint8_t bytes[SLOT_SIZE] = {0}; /* wiped: so they go over */
	struct pg_value values[2] = {{.number = (int64_t)slot},
				     {.text = {(const char *)bytes, sizeof(bytes)}}};
	(void)!ring->customer(ring, merchant, slot, bytes);
	enum fault fault = streams_add(&t->streams, SQL_CUSTOMER_KEY, merchant, values);
	secret_wipe(bytes, sizeof(bytes));
	return fault;
}

static enum fault add_merchant(struct to_pg *t, struct text key, struct text value)
{
	struct head head;
	if (!head_decode(value, &head))
		return FAULT_DATA_DAMAGED;
	for (uint64_t slot = 1; slot <= head.slots; slot++)
		TRY(add_key(t, key_merchant(key), slot));
	return OK;
}

/* Unique values and entries of lists are columns of the records. */
static enum fault see_row(struct to_pg *t, struct text place, struct text value)
{
	struct key memory;
	struct text key = key_apart(place, &memory);
	switch (key_kind(key)) {
	case ROW_HEAD:
		return add_merchant(t, key, value);
	case ROW_RECORD:
	case ROW_LIST:
	case ROW_HOLES:
		return add_row(t, key, value);
	case ROW_UNIQUE:
	case ROW_ENTRY:
		return OK;
	case ROW_KIND_COUNT:
		break;
	}
	return FAULT_DATA_DAMAGED;
}

static enum fault copy_rows(struct to_pg *t)
{
	struct text key = TEXT_NONE, value;
	bool more = view_next(&t->view, key, false, &key, &value);
	for (; more; more = view_next(&t->view, key, true, &key, &value)) {
		TRY(see_row(t, key, value));
		if (++t->rows % TELL_EVERY == 0)
			copy_tell(t->copy, "rows", t->rows, t->all_rows);
	}
	copy_tell(t->copy, "rows", 1, 1);
	return OK;
}

/* ---- the ledger ---- */

static enum fault add_entry(struct to_pg *t, struct text bytes)
{
	struct pg_entry entry = {.bytes = bytes};
	struct pg_value values[SQL_COLUMNS_MAX];
	uint8_t hash[32];
	if (!entry_envelope(bytes, &entry.merchant, &entry.number, &entry.instant, &entry.actor,
			    &entry.command))
		return FAULT_DATA_DAMAGED;
	TRY(copy_note_entry(t->copy, entry.merchant, bytes, hash));
	entry.hash = hash;
	if (!row_entry_values(&entry, t->batch, t->place++, values))
		return FAULT_DATA_DAMAGED;
	return streams_add(&t->streams, SQL_LEDGER, entry.merchant, values);
}

static enum fault see_batch(void *context, const struct batch *b)
{
	struct to_pg *t = context;
	struct text body = b->body, entry;
	t->batch.number = b->after.batch;
	t->place = 0;
	while (body.size > 0) {
		if (!slice_take(&body, &entry))
			return FAULT_DATA_DAMAGED;
		TRY(add_entry(t, entry));
	}
	if (b->after.batch % 1024 == 0)
		copy_tell(t->copy, "ledger", b->after.batch,
			  atomic_load(&t->copy->from->overlay.published));
	return OK;
}

static enum fault copy_ledger(struct to_pg *t)
{
	struct engine *from = t->copy->from;
	struct ledger_damage damage;
	struct place end;
	uint64_t until = atomic_load(&from->overlay.published);
	if (until)
		TRY(ledger_walk(&from->ledger, (struct place){0}, until, see_batch, t, &end,
				&damage));
	copy_tell(t->copy, "ledger", 1, 1);
	return OK;
}

/* ---- what the store knows of itself ---- */

static enum fault add_meta(struct to_pg *t, const struct key *k, struct text value)
{
	struct pg_value values[SQL_COLUMNS_MAX];
	struct row_since none = {0};
	struct pg_change row = {.key = key_get(k), .value = &value};
	must(row_values(PATH_META, &row, &none, values));
	return streams_add(&t->streams, SQL_META, 0, values);
}

static enum fault copy_card(struct to_pg *t)
{
	const struct segment_header *head = &t->copy->from->ledger.head;
	struct store_card card = {head->store_id, head->master_id, {0}};
	uint8_t memory[64];
	struct buffer value;
	struct key k;
	memcpy(card.check, head->key_check, sizeof(card.check));
	buffer_init_fixed(&value, memory, sizeof(memory));
	store_card_write(&card, &value);
	store_card_key(&k);
	TRY(add_meta(t, &k, buffer_get(&value)));
	copy_mark_key(&k);
	return add_meta(t, &k, TEXT("not verified"));
}

static enum fault add_heads(struct to_pg *t)
{
	const struct heads *h = &t->copy->heads;
	char sql[128];
	for (size_t i = 0; i < h->size; i++) {
		if (!h->slots[i].used)
			continue;
		snprintf(sql, sizeof(sql),
			 "INSERT INTO head (merchant_id) VALUES (%llu) ON CONFLICT (merchant_id)"
			 " DO NOTHING",
			 (unsigned long long)h->slots[i].merchant);
		TRY(link_run(t->p, sql));
	}
	return OK;
}

/* ---- comparing ---- */

static bool same_head(struct to_pg *t, const PGresult *r, int row)
{
	char hex[2 * 32];
	uint64_t merchant, number, count;
	bool fresh;
	if (!text_to_uint64(text_of(PQgetvalue(r, row, 0)), &merchant) ||
	    !text_to_uint64(text_of(PQgetvalue(r, row, 1)), &number) ||
	    !text_to_uint64(text_of(PQgetvalue(r, row, 2)), &count))
		return false;
	const struct head *head = heads_at(&t->copy->heads, merchant, &fresh);
	hex_lower(head->hash, sizeof(head->hash), hex);
	return !fresh && number == head->number && count == head->number &&
	       text_equal(text_of(PQgetvalue(r, row, 3)), (struct text){hex, sizeof(hex)});
}

/* Each merchant's newest entry and how many there are, as PostgreSQL has them. */
static enum fault compare_heads(struct to_pg *t)
{
	static const char sql[] =
	    "SELECT n.merchant_id, n.number, n.entries, encode(l.hash, 'hex') FROM (SELECT"
	    " merchant_id, max(number) AS number, count(*) AS entries FROM ledger GROUP BY"
	    " merchant_id) n JOIN ledger l ON l.merchant_id = n.merchant_id AND l.number ="
	    " n.number";
	PGresult *r = PQexec(t->p->connection, sql);
	bool same =
	    PQresultStatus(r) == PGRES_TUPLES_OK && (size_t)PQntuples(r) == t->copy->heads.used;
	for (int i = 0; same && i < PQntuples(r); i++)
		same = same_head(t, r, i);
	if (PQresultStatus(r) != PGRES_TUPLES_OK)
		link_note(t->p, r);
	else if (!same)
		link_explain(t->p, "the ledger in PostgreSQL is not the one that was copied");
	PQclear(r);
	return same ? OK : FAULT_VERIFY_FAILED;
}

/* ---- all of it ---- */

static enum fault must_be_empty(struct to_pg *t)
{
	static const char sql[] = "SELECT (SELECT count(*) FROM meta WHERE name = 'copy'), EXISTS"
				  " (SELECT FROM meta) OR EXISTS (SELECT FROM ledger) OR EXISTS"
				  " (SELECT FROM customer_key)";
	PGresult *r = PQexec(t->p->connection, sql);
	if (PQresultStatus(r) != PGRES_TUPLES_OK) {
		link_note(t->p, r);
		PQclear(r);
		return FAULT_BUSY;
	}
	bool marked = strcmp(PQgetvalue(r, 0, 0), "0") != 0;
	bool full = strcmp(PQgetvalue(r, 0, 1), "f") != 0;
	PQclear(r);
	if (marked)
		link_explain(t->p, COPY_CUT_OFF);
	else if (full)
		link_explain(t->p, "there is a store in this database already");
	return full ? FAULT_DATA_PRESENT : OK;
}

/* Under the lock of merchant 0, as whoever opens a store or makes one. */
static enum fault begin(struct to_pg *t)
{
	TRY(link_connect_bare(t->p));
	TRY(schema_check(t->p));
	TRY(link_run(t->p, "SET statement_timeout = 0; SET idle_in_transaction_session_timeout = 0;"
			   " SET enable_seqscan = on; SET enable_hashjoin = on"));
	TRY(link_run(t->p, "BEGIN"));
	TRY(link_run(t->p, "INSERT INTO head (merchant_id) VALUES (0) ON CONFLICT (merchant_id)"
			   " DO NOTHING"));
	TRY(link_run(t->p, "SELECT 1 FROM head WHERE merchant_id = 0 FOR UPDATE"));
	return must_be_empty(t);
}

static enum fault fill(struct to_pg *t)
{
	struct MDB_stat stat;
	TRY(begin(t));
	if (mdb_stat(t->view.txn, t->view.view->rows, &stat) == 0)
		t->all_rows = stat.ms_entries;
	TRY(copy_rows(t));
	TRY(copy_ledger(t));
	TRY(copy_card(t));
	TRY(streams_end(&t->streams));
	TRY(add_heads(t));
	TRY(compare_heads(t));
	TRY(link_run(t->p, "COMMIT"));
	return link_run(t->p, "ANALYZE");
}

static enum fault fill_from_view(struct to_pg *t)
{
	const struct view *view = &t->copy->from->view;
	TRY(feeder_drain(t->copy->from));
	view_reader_open(&t->view, view);
	view_reader_open(&t->others, view);
	streams_init(&t->streams, t->p);
	enum fault fault = fill(t);
	streams_release(&t->streams);
	view_reader_close(&t->view);
	view_reader_close(&t->others);
	return fault;
}

static enum fault verify(struct to_pg *t)
{
	struct engine_config config = {
	    .store = t->copy->config->to, .master_key = t->copy->master_key, .copying = true};
	struct engine *target;
	TRY(engine_open(&config, &target, &t->copy->why));
	enum fault fault = copy_verify(t->copy, target);
	engine_close(target);
	TRY(fault);
	/* A verification may take longer than a connection may rest. */
	TRY(link_connect_bare(t->p));
	return link_run(t->p, "DELETE FROM meta WHERE merchant_id = 0 AND name = 'copy'");
}

enum fault copy_to_pg(struct copying *c)
{
	struct to_pg t = {.copy = c, .p = link_make(c->config->to)};
	random_bytes(&t.batch.node, sizeof(t.batch.node));
	t.batch.node &= INT64_MAX;
	enum fault fault = fill_from_view(&t);
	if (fault == OK)
		fault = verify(&t);
	if (fault != OK && !c->why && t.p->why[0])
		c->why = text_print("%s", t.p->why);
	pg_close(t.p);
	return fault;
}
