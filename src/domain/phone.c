/* See phone.h. */
#include "domain/phone.h"

#include "base/utf8.h"

enum {
	DIGITS_MAX = 15, /* E.164's, country code included */
	FOREIGN_MIN = 7,
	MOBILE = 11,
	/* of a landline without its leading 0: area code and number */
	LANDLINE_MIN = 9,
	LANDLINE_MAX = 11,
};
static const struct text HOME = {"86", 2};

struct digits {
	char of[DIGITS_MAX + 2]; /* behind 00 */
	size_t n;
	bool plus;
};

static bool is_gap(char c)
{
	return c == ' ' || c == '-' || c == '.' || c == '(' || c == ')';
}

static void drop(struct digits *d, size_t n)
{
	d->n -= n;
	memmove(d->of, d->of + n, d->n);
}

/* 00 is how a + is dialled. */
static bool read_digits(struct text given, struct digits *ret)
{
	*ret = (struct digits){0};
	for (size_t i = 0; i < given.size; i++) {
		char c = given.data[i];
		if (is_gap(c))
			continue;
		if (c == '+' && !ret->n && !ret->plus) {
			ret->plus = true;
			continue;
		}
		if (c < '0' || c > '9' || ret->n == sizeof(ret->of))
			return false;
		ret->of[ret->n++] = c;
	}
	if (!ret->plus && ret->n > 2 && ret->of[0] == '0' && ret->of[1] == '0') {
		drop(ret, 2);
		ret->plus = true;
	}
	return ret->n > 0 && ret->n <= DIGITS_MAX;
}

static bool is_mobile(const char *digits, size_t n)
{
	return n == MOBILE && digits[0] == '1' && digits[1] >= '3';
}

static bool is_landline(const char *digits, size_t n)
{
	return n >= LANDLINE_MIN && n <= LANDLINE_MAX && digits[0] != '0';
}

/* A number of this country: *ret_mobile, or a landline without its 0. What is written without a +
 * is one only where it cannot be anything else. */
static bool take_home(struct digits *d, bool *ret_mobile)
{
	bool named = d->n > HOME.size && memcmp(d->of, HOME.data, HOME.size) == 0;
	if (d->plus && !named)
		return false;
	bool whole = named && (d->plus || is_mobile(d->of + HOME.size, d->n - HOME.size));
	if (whole)
		drop(d, HOME.size);
	if (d->n && d->of[0] == '0') /* before an area code, also where it does not belong */
		drop(d, 1);
	else if (!whole && !is_mobile(d->of, d->n))
		return false;
	*ret_mobile = is_mobile(d->of, d->n);
	return *ret_mobile || is_landline(d->of, d->n);
}

static struct text write(const char *prefix, const struct digits *d, struct phone *memory)
{
	size_t n = strlen(prefix);
	must(n + d->n <= sizeof(memory->text));
	memcpy(memory->text, prefix, n);
	memcpy(memory->text + n, d->of, d->n);
	return (struct text){memory->text, n + d->n};
}

enum form { AT_HOME, ABROAD /* E.164 */ };

/* false: it is no number. */
static bool form_of(struct text given, enum form form, struct phone *memory, struct text *ret)
{
	struct digits d, home;
	bool mobile;
	if (!read_digits(given, &d))
		return false;
	home = d;
	if (take_home(&home, &mobile)) {
		*ret = write(form == ABROAD ? "+86" : mobile ? "" : "0", &home, memory);
		return true;
	}
	bool foreign = d.plus && d.of[0] != '0' && d.n >= FOREIGN_MIN &&
		       !(d.of[0] == HOME.data[0] && d.of[1] == HOME.data[1]);
	if (foreign)
		*ret = write("+", &d, memory);
	return foreign;
}

static bool eight_digits(const char *at)
{
	uint64_t word = load8(at), above = word + BYTES8(6); /* ':' to '?' become '@' to 'E' */
	return (word & BYTES8(0xF0)) == BYTES8(0x30) && (above & BYTES8(0xF0)) == BYTES8(0x30);
}

/* Most are in their one form already. */
static bool is_plain_mobile(struct text given)
{
	return given.size == MOBILE && eight_digits(given.data) &&
	       eight_digits(given.data + MOBILE - 8) && is_mobile(given.data, MOBILE);
}

struct text phone_one(struct text given, struct phone *memory)
{
	struct text one;
	if (is_plain_mobile(given))
		return given;
	return form_of(given, AT_HOME, memory, &one) && !text_equal(one, given) ? one : given;
}

struct text phone_e164(struct text given, struct phone *memory)
{
	struct text whole;
	return form_of(given, ABROAD, memory, &whole) ? whole : given;
}

bool phone_valid(struct text given)
{
	struct phone memory;
	struct text one;
	return form_of(given, AT_HOME, &memory, &one);
}
