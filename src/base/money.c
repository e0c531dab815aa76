/* Yuan texts to fen and back, digit by digit: a price never passes through a float. */
#include "base/money.h"

static const int64_t yuan_max = INT64_C(10000000000000); /* 10^13 */

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

bool money_parse_yuan(struct text t, struct money *ret)
{
	int64_t yuan = 0, fen = 0;
	size_t i = 0;
	for (; i < t.size && is_digit(t.data[i]); i++) {
		yuan = yuan * 10 + (t.data[i] - '0');
		if (yuan > yuan_max)
			return false;
	}
	if (i == 0)
		return false;
	if (i < t.size) {
		size_t decimals = t.size - i - 1;
		if (t.data[i] != '.' || decimals < 1 || decimals > 2 || !is_digit(t.data[i + 1]) ||
		    !is_digit(t.data[t.size - 1]))
			return false;
		fen = (t.data[i + 1] - '0') * 10 + (decimals == 2 ? t.data[i + 2] - '0' : 0);
	}
	if (yuan == yuan_max && fen > 0)
		return false;
	*ret = (struct money){yuan * 100 + fen};
	return true;
}

void buffer_money_yuan(struct buffer *b, struct money m)
{
	uint64_t fen = m.fen < 0 ? -(uint64_t)m.fen : (uint64_t)m.fen;
	unsigned cents = (unsigned)(fen % 100);
	if (m.fen < 0)
		buffer_byte(b, '-');
	buffer_uint64(b, fen / 100);
	if (cents)
		buffer_add(b, (char[3]){'.', (char)('0' + cents / 10), (char)('0' + cents % 10)},
			   3);
}
