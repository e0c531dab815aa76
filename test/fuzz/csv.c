/*
 * A CSV file: read in one piece, in many small ones and in two goes, the rows must be the same;
 * rows without a bad one hold every letter of the file; and what is written from them is read as
 * the same rows.
 */
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "bulk/csv.h"
#include "fuzz/lib/fuzz.h"

/* A file's rows as one text: each cell with its size before it, each row with its line. */
struct rows {
	struct buffer cells;
	struct buffer csv; /* written again */
	unsigned bad, good;
	size_t letters;
};

static size_t letters_of(struct text t)
{
	size_t n = 0;
	for (size_t i = 0; i < t.size; i++)
		n += (unsigned char)t.data[i] >= 'A' && t.data[i] != 0x7f;
	return n;
}

static void row_add(struct rows *r, const struct text *cells, unsigned n)
{
	must(n >= 1 && n <= CSV_COLUMNS_MAX);
	buffer_format(&r->cells, "\n%u:", n);
	for (unsigned i = 0; i < n; i++) {
		buffer_format(&r->cells, "%zu,", cells[i].size);
		buffer_text(&r->cells, cells[i]);
		csv_write_cell(&r->csv, cells[i], i == 0);
		r->letters += letters_of(cells[i]);
	}
	buffer_byte(&r->csv, '\n');
	r->good++;
}

/* With `pause`, goes on from where that row ended, as if it had not read on. */
static void rows_read(struct rows *r, int fd, unsigned pause)
{
	struct csv *c = csv_open(fd);
	struct text cells[CSV_COLUMNS_MAX];
	unsigned n;
	uint64_t line, last = 0;
	enum csv_result result;
	*r = (struct rows){0};
	buffer_init(&r->cells, (size_t)1 << 24);
	buffer_init(&r->csv, (size_t)1 << 24);
	buffer_text(&r->csv, TEXT("\xef\xbb\xbf")); /* the next one is then a cell's */
	while ((result = csv_next(c, cells, &n, &line)) == CSV_ROW || result == CSV_BAD) {
		must(line > last);
		last = line;
		r->bad += result == CSV_BAD;
		if (result == CSV_ROW)
			row_add(r, cells, n);
		if (r->bad + r->good == pause)
			must(csv_seek(c, csv_at(c), csv_line(c)));
	}
	must(result == CSV_END);
	csv_close(c);
	close(fd);
}

static void rows_release(struct rows *r)
{
	buffer_release(&r->cells);
	buffer_release(&r->csv);
}

static int file_of(struct text t)
{
	int fd = memfd_create("csv", MFD_CLOEXEC);
	must(fd >= 0 && write(fd, t.data, t.size) == (ssize_t)t.size &&
	     lseek(fd, 0, SEEK_SET) == 0);
	return fd;
}

/* Each read gives one piece. */
static int pieces_of(struct text t, size_t piece)
{
	int ends[2];
	must(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) == 0);
	for (size_t at = 0; at < t.size; at += piece) {
		size_t n = t.size - at < piece ? t.size - at : piece;
		must(write(ends[0], t.data + at, n) == (ssize_t)n);
	}
	close(ends[0]);
	return ends[1];
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct text in = {(const char *)data, size};
	struct rows whole, pieces, again, goes;
	if (size == 0 || size > 32768)
		return 0;
	rows_read(&whole, file_of(in), 0);
	rows_read(&pieces, pieces_of(in, size / 100 + 1), 0);
	rows_read(&goes, file_of(in), (whole.good + whole.bad) / 2 + 1);
	must(whole.bad == pieces.bad);
	must(text_equal(buffer_get(&whole.cells), buffer_get(&pieces.cells)));
	must(text_equal(buffer_get(&whole.cells), buffer_get(&goes.cells)) &&
	     goes.bad == whole.bad);
	if (whole.bad == 0) {
		bool marked = size >= 3 && memcmp(data, "\xef\xbb\xbf", 3) == 0;
		must(whole.letters + (marked ? 3 : 0) == letters_of(in));
	}
	rows_read(&again, file_of(buffer_get(&whole.csv)), 0);
	must(again.bad == 0 && again.good == whole.good);
	must(text_equal(buffer_get(&whole.cells), buffer_get(&again.cells)));
	rows_release(&whole);
	rows_release(&pieces);
	rows_release(&again);
	rows_release(&goes);
	return 0;
}
