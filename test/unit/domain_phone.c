/* Phones: every spelling and its one form; records from before there was one. */
#include "domain/customer.h"
#include "domain/phone.h"
#include "store_fixture.h"

/* clang-format off */
static const struct {
	struct text given, kept, whole; /* kept empty: no number, kept as it was given */
} rows[] = {
#define ROW(given, kept, whole) {TEXT(given), TEXT(kept), TEXT(whole)},
	ROW("13800138000", "13800138000", "+8613800138000")
	ROW("+8613800138000", "13800138000", "+8613800138000")
	ROW("8613800138000", "13800138000", "+8613800138000")
	ROW("(138)00138000", "13800138000", "+8613800138000")
	ROW("010-6552 9988", "01065529988", "+861065529988")
	ROW("(0755) 8888 6666", "075588886666", "+8675588886666")
	ROW("+86 10 65529988", "01065529988", "+861065529988")
	ROW("+86 (010) 65529988", "01065529988", "+861065529988")
	ROW("+1 212 555 0100", "+12125550100", "+12125550100")
	ROW("0044 20 7946 0000", "+442079460000", "+442079460000")
	ROW("+852 2345 6789", "+85223456789", "+85223456789")
	ROW("", "", "")
	ROW("+", "", "")
	ROW("-", "", "")
	ROW("0", "", "")
	ROW("00", "", "")
	ROW("186", "", "")
	ROW("12800138000", "", "")
	ROW("1380013800", "", "")
	ROW("138001380000", "", "")
	ROW("65529988", "", "")
	ROW("+86", "", "")
	ROW("+861", "", "")
	ROW("+86 1234567", "", "")
	ROW("+86 138001380001", "", "")
	ROW("+123456", "", "")
	ROW("+0123456789", "", "")
	ROW("+1234567890123456", "", "")
	ROW("1+3800138000", "", "")
	ROW("++8613800138000", "", "")
	ROW("13800138000#8", "", "")
	ROW("12345678901234567890", "", "")
	ROW("１13800138000", "", "")
#undef ROW
};
/* clang-format on */

static void test_forms(void)
{
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct text given = rows[i].given;
		struct phone a, b, c;
		bool valid = rows[i].kept.size > 0;
		struct text kept = phone_one(given, &a), whole = phone_e164(given, &b);
		CHECK(phone_valid(given) == valid);
		CHECK_TEXT(kept, valid ? rows[i].kept.data : given.data);
		CHECK_TEXT(whole, valid ? rows[i].whole.data : given.data);
		/* The forms of a form are the same again. */
		CHECK(text_equal(phone_one(kept, &c), kept));
		CHECK(text_equal(phone_e164(kept, &c), whole));
		CHECK(text_equal(phone_one(whole, &c), kept));
	}
}

/* A record whose phone is kept as an import once brought it. */
static void test_kept_before(void)
{
	static struct fixture f;
	static const struct text OLD = {"+86 138 0013 8000", 17};
	struct customer customer = {.number = 1, .customer_id = TEXT("old"), .phone = OLD}, known;
	struct customer given = {.phone = OLD};
	struct customer_save_cmd save = {.customer = {.phone = OLD, .name = TEXT("Ann")}};
	struct customer_save_ret saved;
	bool any;
	fixture_init(&f);
	customer.key_slot = store_key_slot(fixture_write(&f));
	store_put(&f.tx, TABLE_CUSTOMER, &customer);
	fixture_end(&f);
	CHECK(customer_known(fixture_read(&f), &given, &known, &any) == OK);
	CHECK_TEXT(known.customer_id, "old");
	/* The next save brings it into the one form; then any spelling finds it. */
	CHECK(customer_save(fixture_write(&f), &f.tx.env, &save, &saved) == OK);
	CHECK(saved.changed && !saved.made);
	fixture_end(&f);
	given.phone = TEXT("138-0013-8000");
	CHECK(customer_known(fixture_read(&f), &given, &known, &any) == OK);
	CHECK_TEXT(known.customer_id, "old");
	CHECK_TEXT(known.phone, "13800138000");
	fixture_release(&f);
}

int main(void)
{
	test_forms();
	test_kept_before();
	return test_end();
}
