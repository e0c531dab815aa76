/*
 * Chunked bytes -> a body, one byte of frame at a time. Not llhttp's reader, which knows no bound
 * for extensions and trailers and would have to be kept between reads; and every line here ends
 * in CRLF, whatever else a parser before us may take for an end.
 *
 *   SIZE -> [EXTENSION] -> SIZE_LF -> DATA -> DATA_CR -> DATA_LF -> SIZE
 *                             | size 0
 *                             +-> TRAILER -> TRAILER_LINE -> TRAILER_LF -> TRAILER
 *                                    | empty line
 *                                    +-> LAST_LF -> DONE
 *
 * Extensions and trailers are dropped.
 */
#include "http/conn.h"
#include "http/hex.h"

enum chunk_state {
	CHUNK_SIZE,
	CHUNK_EXTENSION,
	CHUNK_SIZE_LF,
	CHUNK_DATA,
	CHUNK_DATA_CR,
	CHUNK_DATA_LF,
	CHUNK_TRAILER, /* at the start of a line */
	CHUNK_TRAILER_LINE,
	CHUNK_TRAILER_LF,
	CHUNK_LAST_LF,
	CHUNK_DONE,
};

static bool is_visible(char c)
{
	return (unsigned char)c >= 0x20 || c == '\t';
}

static bool chunk_size_step(struct chunk_reader *r, char c)
{
	int digit = hex_value(c);
	if (digit >= 0) {
		r->left = r->left * 16 + (unsigned)digit;
		return ++r->digits <= 8;
	}
	r->state = c == ';' ? CHUNK_EXTENSION : CHUNK_SIZE_LF;
	return r->digits && (c == ';' || c == '\r');
}

static bool chunk_expect(struct chunk_reader *r, char c, char want, enum chunk_state next)
{
	r->state = (uint8_t)next;
	return c == want;
}

static bool chunk_step(struct chunk_reader *r, char c)
{
	switch ((enum chunk_state)r->state) {
	case CHUNK_SIZE:
		return chunk_size_step(r, c);
	case CHUNK_EXTENSION:
	case CHUNK_TRAILER_LINE:
		if (c == '\r')
			r->state++;
		return c == '\r' || is_visible(c);
	case CHUNK_SIZE_LF:
		r->digits = 0;
		return chunk_expect(r, c, '\n', r->left ? CHUNK_DATA : CHUNK_TRAILER);
	case CHUNK_DATA_CR:
		return chunk_expect(r, c, '\r', CHUNK_DATA_LF);
	case CHUNK_DATA_LF:
		return chunk_expect(r, c, '\n', CHUNK_SIZE);
	case CHUNK_TRAILER:
		r->state = c == '\r' ? CHUNK_LAST_LF : CHUNK_TRAILER_LINE;
		return c == '\r' || (unsigned char)c > ' ';
	case CHUNK_TRAILER_LF:
		return chunk_expect(r, c, '\n', CHUNK_TRAILER);
	case CHUNK_LAST_LF:
		return chunk_expect(r, c, '\n', CHUNK_DONE);
	case CHUNK_DATA:
	case CHUNK_DONE:
		break;
	}
	return false;
}
_Static_assert(CHUNK_EXTENSION + 1 == CHUNK_SIZE_LF && CHUNK_TRAILER_LINE + 1 == CHUNK_TRAILER_LF,
	       "what follows the CR of a line");

static size_t chunk_data(struct chunk_reader *r, struct text in, struct buffer *body)
{
	size_t n = in.size < r->left ? in.size : (size_t)r->left;
	buffer_add(body, in.data, n);
	r->left -= n;
	if (r->left == 0)
		r->state = CHUNK_DATA_CR;
	return n;
}

enum chunk_result chunk_read(struct chunk_reader *r, struct text in, struct buffer *body,
			     size_t *ret_used)
{
	size_t at = 0;
	while (at < in.size && r->state != CHUNK_DONE && !body->full) {
		if (r->state == CHUNK_DATA) {
			at += chunk_data(r, (struct text){in.data + at, in.size - at}, body);
			continue;
		}
		/* a chunk of one byte has five of frame; more than that is no body but a nuisance
		 */
		if (!chunk_step(r, in.data[at++]) ||
		    ++r->overhead > HEADER_BYTES_MAX + 8 * body->size)
			return CHUNK_BAD;
		if (r->left > body->capacity_max - body->size)
			body->full = true; /* before its data come */
	}
	*ret_used = at;
	return r->state == CHUNK_DONE ? CHUNK_END : CHUNK_MORE;
}
