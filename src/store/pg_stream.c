/* See pg_stream.h. */
#include "store/pg_stream.h"

enum { PIECE_BYTES = 4 * 1024 * 1024 };

/* Signature, flags, size of the header's extension. */
static const char begin[] = "PGCOPY\n\377\r\n\0\0\0\0\0\0\0\0";
static const char end[] = "\xff\xff";

void streams_init(struct streams *s, struct pg *p)
{
	s->p = p;
	for (unsigned i = 0; i < SQL_TABLE_COUNT; i++)
		buffer_init(&s->pieces[i], LINK_BYTES_MAX + PIECE_BYTES);
}

void streams_release(struct streams *s)
{
	for (unsigned i = 0; i < SQL_TABLE_COUNT; i++)
		buffer_release(&s->pieces[i]);
}

static enum fault give_up(struct pg *p, PGresult *r)
{
	link_note(p, r);
	PQclear(r);
	return p->trouble == TROUBLE_STAYS ? FAULT_DATA_DAMAGED : FAULT_BUSY;
}

static enum fault ask_to_copy(struct pg *p, unsigned table)
{
	const struct sql_table *t = sql_table_get(table);
	buffer_clear(&p->sql);
	buffer_format(&p->sql, "COPY \"%s\" (\"merchant_id\"", t->name);
	for (unsigned i = 0; i < t->column_count; i++)
		buffer_format(&p->sql, ", \"%s\"", t->columns[i].name);
	buffer_format(&p->sql, ") FROM STDIN BINARY");
	buffer_byte(&p->sql, '\0');
	must(!p->sql.full);
	PGresult *r = PQexec(p->connection, p->sql.data);
	if (PQresultStatus(r) != PGRES_COPY_IN)
		return give_up(p, r);
	PQclear(r);
	return OK;
}

/* The last result is NULL; the first one says what became of it. */
static enum fault hear(struct pg *p)
{
	PGresult *r = PQgetResult(p->connection), *more = r;
	while (more && (more = PQgetResult(p->connection)))
		PQclear(more);
	if (PQresultStatus(r) != PGRES_COMMAND_OK)
		return give_up(p, r);
	PQclear(r);
	return OK;
}

static enum fault send(struct streams *s, unsigned table)
{
	struct pg *p = s->p;
	struct buffer *piece = &s->pieces[table];
	if (piece->size == 0)
		return OK;
	TRY(ask_to_copy(p, table));
	buffer_add(piece, end, 2);
	must(!piece->full && piece->size <= INT32_MAX);
	if (PQputCopyData(p->connection, piece->data, (int)piece->size) != 1 ||
	    PQputCopyEnd(p->connection, NULL) != 1)
		return give_up(p, NULL);
	p->round_trips++;
	buffer_clear(piece);
	return hear(p);
}

enum fault streams_add(struct streams *s, unsigned table, uint64_t merchant,
		       const struct pg_value *values)
{
	const struct sql_table *t = sql_table_get(table);
	const struct pg_value who = {.number = (int64_t)merchant};
	struct buffer *piece = &s->pieces[table];
	if (piece->size == 0)
		buffer_add(piece, begin, sizeof(begin)); /* with the zero at its end */
	buffer_byte(piece, 0);
	buffer_byte(piece, (char)(t->column_count + 1));
	value_write(piece, COLUMN_BIGINT, &who);
	for (unsigned i = 0; i < t->column_count; i++)
		value_write(piece, t->columns[i].kind, &values[i]);
	return piece->size >= PIECE_BYTES ? send(s, table) : OK;
}

enum fault streams_end(struct streams *s)
{
	for (unsigned i = 0; i < SQL_TABLE_COUNT; i++)
		TRY(send(s, i));
	return OK;
}
