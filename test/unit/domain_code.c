/* Server-made codes and public ids. */
#include "domain/code.h"
#include "domain/id.h"
#include "test.h"

static struct code_key key = {.bytes = {1, 2, 3}}, other = {.bytes = {1, 2, 4}};

static void test_round_trip(void)
{
	for (uint64_t i = 1; i < 20000; i++) {
		char code[CODE_SIZE];
		uint64_t id =
			     (i << 32 | (i * 2654435761U & UINT32_MAX)) & ((UINT64_C(1) << 52) - 1),
			 back = 0;
		code_write(&key, id, code);
		CHECK(code_read(&key, (struct text){code, CODE_SIZE}, &back) && back == id);
	}
}

/* Neighbours share no more characters than chance gives. */
static void test_spread(void)
{
	unsigned same = 0;
	for (uint64_t id = 1; id < 2000; id++) {
		char a[CODE_SIZE], b[CODE_SIZE];
		code_write(&key, id, a);
		code_write(&key, id + 1, b);
		for (unsigned i = 0; i < CODE_SIZE; i++)
			same += a[i] == b[i];
	}
	CHECK(same > 500 && same < 1000); /* 24,000 / 32 = 750 */
}

/* Of codes in our form only one in 256 is ours; under another key no more. */
static void test_guessing(void)
{
	unsigned hits = 0;
	for (uint64_t id = 1; id <= 25600; id++) {
		char code[CODE_SIZE];
		uint64_t back;
		code_write(&other, id, code);
		hits += code_read(&key, (struct text){code, CODE_SIZE}, &back);
	}
	CHECK(hits > 50 && hits < 160);
}

static void test_form(void)
{
	char code[CODE_SIZE];
	uint64_t id;
	code_write(&key, 77, code);
	struct text text = {code, CODE_SIZE};
	CHECK(code_read(&key, text, &id));
	CHECK(!code_read(&key, (struct text){code, CODE_SIZE - 1}, &id));
	CHECK(!code_read(&key, TEXT("ILOU00000000"), &id));
	CHECK(!code_read(&key, TEXT("\0\0\0\0\0\0\0\0\0\0\0\0"), &id));
	for (unsigned i = 0; i < CODE_SIZE; i++)
		CHECK(strchr("0123456789ABCDEFGHJKMNPQRSTVWXYZ", code[i]));
}

static void test_ids(void)
{
	struct env env = {.epoch = 0xFFFFF};
	char digits[PUBLIC_ID_SIZE];
	uint64_t number = public_number(&env, UINT32_MAX);
	CHECK(number == (UINT64_C(1) << 52) - 1);
	public_id(number, digits);
	CHECK_TEXT(((struct text){digits, PUBLIC_ID_SIZE}), "104503599627370495");
	env.epoch = 1;
	public_id(public_number(&env, 1), digits);
	CHECK_TEXT(((struct text){digits, PUBLIC_ID_SIZE}), "100000004294967297");
}

int main(void)
{
	test_round_trip();
	test_spread();
	test_guessing();
	test_form();
	test_ids();
	return test_end();
}
