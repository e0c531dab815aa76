/*
 * CSV as RFC 4180 has it: cells between commas, quotes around a cell that holds commas, quotes or
 * line ends, a quote inside doubled; CRLF or LF; a byte order mark at the start is skipped. One row
 * is kept in memory, at most CSV_ROW_BYTES_MAX; the file is read in blocks.
 */
#include "bulk/csv.h"
#include "base/utf8.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

enum { CSV_BLOCK = 256 * 1024 };
static const char MARK[] = "\xef\xbb\xbf";

struct csv {
	int fd;
	char block[CSV_BLOCK];
	size_t at, size;
	bool end, unreadable;
	uint64_t line, bytes;
	struct buffer row;
	struct {
		size_t at, size;
	} cells[CSV_COLUMNS_MAX];
	unsigned n;
	char quote;
};

struct csv *csv_open(int fd)
{
	struct csv *c = malloc(sizeof(*c));
	must(c);
	memset(c, 0, sizeof(*c));
	c->fd = fd;
	buffer_init(&c->row, CSV_ROW_BYTES_MAX);
	return c;
}

void csv_close(struct csv *c)
{
	buffer_release(&c->row);
	free(c);
}

uint64_t csv_at(const struct csv *c)
{
	return c->bytes - (c->size - c->at);
}

uint64_t csv_line(const struct csv *c)
{
	return c->line;
}

bool csv_seek(struct csv *c, uint64_t at, uint64_t line)
{
	if (lseek(c->fd, (off_t)at, SEEK_SET) != (off_t)at)
		return false;
	c->at = c->size = 0;
	c->end = c->unreadable = false;
	c->bytes = at;
	c->line = line;
	return true;
}

/* Comes back with at least one byte that is not the mark, unless the end has come; a pipe may give
 * the mark in pieces. */
static void block_fill(struct csv *c)
{
	const size_t least = c->bytes == 0 ? sizeof(MARK) : 1;
	ssize_t n;

	c->at = c->size = 0;
	do {
		n = read(c->fd, c->block + c->size, CSV_BLOCK - c->size);
		c->size += n > 0 ? (size_t)n : 0;
	} while (n > 0 ? c->size < least : n < 0 && errno == EINTR);
	c->unreadable = n < 0;
	c->end = n <= 0;
	if (c->bytes == 0 && c->size >= sizeof(MARK) - 1 &&
	    memcmp(c->block, MARK, sizeof(MARK) - 1) == 0)
		c->at = sizeof(MARK) - 1;
	c->bytes += c->size;
}

/* The next byte, or -1 at the end. */
static int byte_peek(struct csv *c)
{
	if (c->at == c->size && !c->end)
		block_fill(c);
	return c->at < c->size ? (unsigned char)c->block[c->at] : -1;
}

static bool cell_begin(struct csv *c)
{
	if (c->n == CSV_COLUMNS_MAX)
		return false;
	c->cells[c->n].at = c->row.size;
	c->cells[c->n].size = 0;
	c->n++;
	return true;
}

static void cell_end(struct csv *c)
{
	c->cells[c->n - 1].size = c->row.size - c->cells[c->n - 1].at;
}

/* Plain bytes up to a separator, taken a stretch at a time. */
static void cell_plain(struct csv *c)
{
	int b;

	while ((b = byte_peek(c)) >= 0 && b != ',' && b != '\n' && b != '\r') {
		size_t from = c->at;
		while (c->at < c->size && c->block[c->at] != ',' && c->block[c->at] != '\n' &&
		       c->block[c->at] != '\r')
			c->at++;
		buffer_add(&c->row, c->block + from, c->at - from);
	}
}

/* After the opening quote, through the closing one. false: it never comes. */
static bool cell_quoted(struct csv *c)
{
	for (;;) {
		int b = byte_peek(c);
		if (b < 0)
			return false;
		c->at++;
		if (b == '\n')
			c->line++;
		if (b == '"') {
			if (byte_peek(c) != '"')
				return true;
			c->at++;
		}
		buffer_byte(&c->row, (char)b);
	}
}

static bool cell_read(struct csv *c)
{
	if (!cell_begin(c))
		return false;
	if (byte_peek(c) == '"') {
		c->at++;
		if (!cell_quoted(c))
			return false;
	}
	cell_plain(c);
	cell_end(c);
	return true;
}

/* Leaves the row's line end behind; a bad row is skipped to there, so that the next can be read.
 * false: something else stood there, behind a CR that ends no line. */
static bool line_finish(struct csv *c)
{
	bool clean = true;
	int b;

	while ((b = byte_peek(c)) >= 0 && b != '\n') {
		clean = clean && b == '\r';
		c->at++;
	}
	if (b == '\n')
		c->at++;
	return clean;
}

static bool row_read(struct csv *c)
{
	for (;;) {
		if (!cell_read(c))
			return false;
		if (byte_peek(c) != ',')
			return true;
		c->at++;
	}
}

enum csv_result csv_next(struct csv *c, struct text *ret_cells, unsigned *ret_n, uint64_t *ret_line)
{
	bool good;

	do { /* empty lines are no rows */
		if (byte_peek(c) < 0)
			return c->unreadable ? CSV_UNREADABLE : CSV_END;
		*ret_line = ++c->line;
		c->n = 0;
		buffer_clear(&c->row);
		good = row_read(c);
		good = line_finish(c) && good;
	} while (good && c->n == 1 && !c->cells[0].size);
	for (unsigned i = 0; i < c->n; i++)
		ret_cells[i] = c->cells[i].size
				   ? (struct text){c->row.data + c->cells[i].at, c->cells[i].size}
				   : TEXT_NONE;
	*ret_n = c->n;
	return good && !c->row.full ? CSV_ROW : CSV_BAD;
}

static bool is_blank(struct text line)
{
	for (size_t i = 0; i < line.size; i++)
		if (line.data[i] != ' ' && line.data[i] != '\t' && line.data[i] != '\r')
			return false;
	return true;
}

/* Up to the line's end, which is taken too, a stretch at a time. */
static void line_read(struct csv *c)
{
	while (byte_peek(c) >= 0) {
		const char *from = c->block + c->at;
		const char *end = memchr(from, '\n', c->size - c->at);
		size_t n = end ? (size_t)(end - from) : c->size - c->at;
		buffer_add(&c->row, from, n);
		c->at += n + (end ? 1 : 0);
		if (end)
			return;
	}
}

enum csv_result csv_next_line(struct csv *c, struct text *ret, uint64_t *ret_line)
{
	do {
		if (byte_peek(c) < 0)
			return c->unreadable ? CSV_UNREADABLE : CSV_END;
		*ret_line = ++c->line;
		buffer_clear(&c->row);
		line_read(c);
		*ret = buffer_get(&c->row);
	} while (!c->row.full && is_blank(*ret));
	return c->row.full ? CSV_BAD : CSV_ROW;
}

static uint64_t mark_special(uint64_t word)
{
	uint64_t mark = mark_byte(word, ',') | mark_byte(word, '"') | mark_byte(word, '\r') |
			mark_byte(word, '\n');
	return mark & ~word;
}

/* Eight bytes at a time; the last eight may be some that were seen. */
static bool wants_quotes(struct text cell)
{
	const char *at = cell.data, *end = at + cell.size;
	if (cell.size >= 8) {
		for (; end - at > 8; at += 8)
			if (mark_special(load8(at)))
				return true;
		return mark_special(load8(end - 8)) != 0;
	}
	for (; at < end; at++)
		if (*at == ',' || *at == '"' || *at == '\r' || *at == '\n')
			return true;
	return false;
}

void csv_write_cell(struct buffer *out, struct text cell, bool first)
{
	if (!first)
		buffer_byte(out, ',');
	if (!cell.size)
		return;
	if (!wants_quotes(cell)) {
		buffer_text(out, cell);
		return;
	}
	buffer_byte(out, '"');
	for (size_t i = 0; i < cell.size; i++) {
		if (cell.data[i] == '"')
			buffer_byte(out, '"');
		buffer_byte(out, cell.data[i]);
	}
	buffer_byte(out, '"');
}
