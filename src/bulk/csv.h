/* One file, row by row as RFC 4180 has it, or line by line. */
#pragma once

#include "base/buffer.h"

struct csv;
/* fd is read, not closed. */
struct csv *csv_open(int fd);
void csv_close(struct csv *c);
enum csv_result { CSV_ROW, CSV_END, CSV_BAD, CSV_UNREADABLE };
enum { CSV_COLUMNS_MAX = 32, CSV_ROW_BYTES_MAX = 2 * 1024 * 1024 };
/* Cells live until the next call. *ret_line is the row's first line number, from 1. */
enum csv_result csv_next(struct csv *c, struct text *ret_cells, unsigned *ret_n,
			 uint64_t *ret_line);
/* A line that is not blank, without its end. CSV_BAD: it is too long. */
enum csv_result csv_next_line(struct csv *c, struct text *ret, uint64_t *ret_line);
/* From there on, where `line` lines stand before. false: it cannot be. */
CHECKED bool csv_seek(struct csv *c, uint64_t at, uint64_t line);
uint64_t csv_at(const struct csv *c); /* bytes that rows and lines have taken */
uint64_t csv_line(const struct csv *c);
void csv_write_cell(struct buffer *out, struct text cell, bool first);
