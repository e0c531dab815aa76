/*
 * What coupons take off a cart, by tables of cases. Random carts: domain_cart_random.c.
 */
#include "domain/cart.h"
#include "test.h"

static struct arena arena;

/* --- carts and answers as texts --- */

/* "tea:drinks:1000*2 cup:ware:500*1 shop=s channel=c amount=2500": items are product:category:fen*
 * pieces. */
static struct cart cart_of(const char *from)
{
	struct cart_item *items = ARENA_ARRAY(&arena, struct cart_item, CART_ITEMS_MAX);
	struct cart cart = {.items = items};
	struct text words = text_of(from);
	while (words.size) {
		struct text word = text_cut(&words, ' '), name = word, value = TEXT_NONE;
		if (memchr(word.data, '=', word.size)) {
			value = name;
			name = text_cut(&value, '=');
		}
		if (text_equal(name, TEXT("shop"))) {
			cart.shop = value;
		} else if (text_equal(name, TEXT("channel"))) {
			cart.channel = value;
		} else if (text_equal(name, TEXT("amount"))) {
			cart.has_amount = text_to_int64(value, &cart.amount.fen);
		} else {
			struct cart_item *item = &items[cart.n++];
			item->product = text_cut(&word, ':');
			item->category = text_cut(&word, ':');
			CHECK(text_to_int64(text_cut(&word, '*'), &item->price.fen));
			CHECK(text_to_uint64(word, &item->quantity));
		}
	}
	return cart;
}

static void add_split(struct buffer *b, const struct money *split, unsigned n)
{
	for (unsigned i = 0; split && i < n; i++)
		buffer_format(b, "%s%lld", i ? "+" : " = ", (long long)split[i].fen);
}

static void add_reasons(struct buffer *b, const struct priced *p)
{
	for (unsigned i = 0; i < p->reason_count; i++)
		buffer_format(b, " %s", fault_name(p->reasons[i]));
}

/* clang-format off */
#define OFF(fen)        .benefit = BENEFIT_AMOUNT_OFF, .has_amount = true, .amount = {fen}
#define PERCENT(points) .benefit = BENEFIT_PERCENT_OFF, .basis_points = points
#define CAP(fen)        .has_cap = true, .cap = {fen}
#define FROM(fen)       .has_threshold = true, .threshold = {fen}
#define SET(literal)    {literal, sizeof(literal) - 1}
#define NO_LIMIT        .uses_left = UINT64_MAX, .uses_spare = UINT64_MAX, .budget_left = INT64_MAX
#define TERMS(...)      .terms = &(struct template){__VA_ARGS__}
/* clang-format on */

/* --- one coupon --- */

/* Sunday 2026-03-01 12:00:30 of UTC+8. */
static const struct instant noon = {INT64_C(1772337630000)};

static const struct pricing {
	const char *cart;
	const char *want; /* eligible: discount = split, or reasons */
	struct template terms;
} pricings[] = {
    /* amounts; complaint 18: never more than the cart is worth */
    {"a:x:1000*2 b:y:500*1", "2500: 500 = 400+100", {OFF(500)}},
    {"a:x:1000*1", "1000: 1000 = 1000", {OFF(1001)}},
    {"a:x:0*3", "0: 0 = 0", {OFF(500)}},
    {"amount=1000", "1000: 999", {OFF(999)}},
    {"amount=1000", "1000: 1000", {OFF(5000)}},
    {"amount=0", "0: 0", {OFF(5000)}},
    {"", "0: 5000", {OFF(5000)}},
    {"amount=1000", "1000: 400", {OFF(500), CAP(400)}},
    {"amount=1000", "1000: 300", {.has_amount = true, .amount = {300}}},
    {"amount=1000", "1000: 0", {.amount = {300}}},
    {"amount=1000", "1000: 0", {OFF(-5)}},
    /* percentages and roundings */
    {"amount=1000", "1000: 200", {PERCENT(2000)}},
    {"amount=1005", "1005: 101", {PERCENT(1000)}},
    {"amount=1004", "1004: 100", {PERCENT(1000)}},
    {"amount=1005", "1005: 100", {PERCENT(1000), .rounding = ROUND_FEN_DOWN}},
    {"amount=1009", "1009: 100", {PERCENT(1000), .rounding = ROUND_FEN_DOWN}},
    {"amount=1999", "1999: 190", {PERCENT(1000), .rounding = ROUND_JIAO_DOWN}},
    {"amount=1999", "1999: 100", {PERCENT(1000), .rounding = ROUND_YUAN_DOWN}},
    {"amount=999", "999: 0", {PERCENT(1000), .rounding = ROUND_YUAN_DOWN}},
    {"amount=1000", "1000: 150", {PERCENT(2000), CAP(150)}},
    {"amount=1000", "1000: 200", {PERCENT(2000), CAP(200)}},
    {"amount=1000", "1000: 0", {PERCENT(2000), CAP(0)}},
    {"amount=1001", "1001: 1001", {PERCENT(10000)}},
    {"amount=1001", "1001: 1001", {PERCENT(20000)}},
    {"amount=1000000000000000", "1000000000000000: 999900000000000", {PERCENT(9999)}},
    {"", "0: 0", {PERCENT(2000)}},
    /* splitting */
    {"a::1*1 b::1*1 c::1*1", "3: 2 = 1+1+0", {OFF(2)}},
    {"a::100*1 b::200*1 c::300*1", "600: 100 = 17+33+50", {OFF(100)}},
    {"a::333*1 b::333*1 c::334*1", "1000: 100 = 33+33+34", {OFF(100)}},
    {"a::1*1 b::999*1", "1000: 1 = 0+1", {OFF(1)}},
    {"a::300*1 b::300*1 c::300*1", "900: 500 = 300+200+0", {OFF(500), .splitting = SPLIT_IN_ORDER}},
    {"a::300*1 b::300*1 c::300*1",
     "900: 900 = 300+300+300",
     {OFF(901), .splitting = SPLIT_IN_ORDER}},
    {"a::499999999999999*1 b::500000000000001*1", "1000000000000000: 3 = 1+2", {OFF(3)}},
    {"a::499999999999999*1 b::500000000000001*1",
     "1000000000000000: 999999999999999 = 499999999999999+500000000000000",
     {OFF(999999999999999)}},
    /* pieces */
    {"a::1000*2 b::300*1 c::500*1", "2800: 300 = 0+300+0", {.benefit = BENEFIT_FREE_ITEM}},
    {"a::1000*2 b::300*1 c::500*1",
     "2800: 1800 = 1000+300+500",
     {.benefit = BENEFIT_FREE_ITEM, .get = 3}},
    {"a::1000*2 b::300*1", "2300: 2300 = 2000+300", {.benefit = BENEFIT_FREE_ITEM, .get = 9}},
    {"a::500*1 b::500*1", "1000: 500 = 500+0", {.benefit = BENEFIT_FREE_ITEM}},
    {"gift::0*5 b::500*1", "500: 500 = 0+500", {.benefit = BENEFIT_FREE_ITEM}},
    {"a::1000*2 b::300*1 c::500*1",
     "2800: 700 = 0+300+400",
     {.benefit = BENEFIT_FREE_ITEM, .get = 2, CAP(700)}},
    {"amount=1000", "1000: 0", {.benefit = BENEFIT_FREE_ITEM}},
    {"", "0: 0", {.benefit = BENEFIT_FREE_ITEM}},
    {"a::1000*2 b::300*2", "2600: 300 = 0+300", {.benefit = BENEFIT_PRODUCT, .get = 2}},
    {"a::1000*2", "2000: 0 = 0", {.benefit = BENEFIT_BUY_GET, .buy = 2, .get = 1}},
    {"a::1000*3", "3000: 1000 = 1000", {.benefit = BENEFIT_BUY_GET, .buy = 2, .get = 1}},
    {"a::300*1 b::1000*2", "2300: 300 = 300+0", {.benefit = BENEFIT_BUY_GET, .buy = 2, .get = 1}},
    {"a::300*2 b::1000*3", "3600: 1000 = 0+1000", {.benefit = BENEFIT_BUY_GET, .buy = 2, .get = 1}},
    {"a::300*3 b::1000*3",
     "3900: 1300 = 300+1000",
     {.benefit = BENEFIT_BUY_GET, .buy = 2, .get = 1}},
    {"a::300*4 b::1000*2",
     "3200: 1900 = 900+1000",
     {.benefit = BENEFIT_BUY_GET, .buy = 1, .get = 2}},
    {"a::300*2", "600: 0 = 0", {.benefit = BENEFIT_BUY_GET, .buy = 2}},
    {"a::300*2", "600: 600 = 600", {.benefit = BENEFIT_BUY_GET, .get = 1}},
    {"a::300*2", "600: 0 = 0", {.benefit = BENEFIT_BUY_GET, .buy = UINT64_MAX, .get = UINT64_MAX}},
    {"a::1000*1000000",
     "1000000000: 333333000 = 333333000",
     {.benefit = BENEFIT_BUY_GET, .buy = 2, .get = 1}},
    /* nothing that a cart knows of */
    {"amount=1000", "1000: 0", {.benefit = BENEFIT_EXCHANGE, .has_amount = true, .amount = {9}}},
    {"amount=1000", "1000: 0", {.benefit = BENEFIT_SHIPPING, .has_amount = true, .amount = {9}}},
    {"a::1*1", "1: 0 = 0", {.benefit = BENEFIT_QUEUE_SKIP}},
    {"a::1*1", "1: 0 = 0", {.benefit = BENEFIT_PARKING}},
    {"a::1*1", "1: 0 = 0", {.benefit = 999}},
    /* thresholds: at, one fen below, of the eligible only, of an amount that is not known */
    {"amount=19900", "19900: 9900", {OFF(9900), FROM(19900)}},
    {"amount=19899", "19899: threshold_missed", {OFF(9900), FROM(19900)}},
    {"a:x:19899*1 b:y:9*1",
     "19899: threshold_missed",
     {OFF(9900), FROM(19900), .products_in = SET("a")}},
    {"a:x:19900*1 b:y:9*1",
     "19900: 9900 = 9900+0",
     {OFF(9900), FROM(19900), .products_in = SET("a")}},
    {"", "0: threshold_missed", {OFF(9900), FROM(1)}},
    {"", "0: 9900", {OFF(9900), FROM(0)}},
    {"amount=5", "5: 5", {OFF(9900), .threshold = {6}}},
    /* what is eligible */
    {"a:x:100*1 b:y:100*1", "100: 50 = 0+50", {OFF(50), .products_in = SET("c\nb")}},
    {"a:x:100*1 b:y:100*1", "100: 50 = 50+0", {OFF(50), .products_out = SET("c\nb")}},
    {"a:x:100*1 b:y:100*1", "100: 50 = 0+50", {OFF(50), .categories_in = SET("y")}},
    {"a:x:100*1 b:y:100*1", "100: 50 = 0+50", {OFF(50), .categories_out = SET("z\nx\n")}},
    {"a:x:100*1 a:y:100*1",
     "100: 50 = 0+50",
     {OFF(50), .products_in = SET("a"), .categories_in = SET("y")}},
    {"a:x:100*1 b:y:100*1",
     "0: items_excluded",
     {OFF(50), .products_in = SET("a"), .categories_in = SET("y")}},
    {"a:x:100*1",
     "0: items_excluded",
     {OFF(50), .products_in = SET("a"), .products_out = SET("a")}},
    {"a:x:100*1", "0: items_excluded", {OFF(50), .products_in = SET("A\nab\n a")}},
    {"::100*1", "0: items_excluded", {OFF(50), .products_in = SET("a\n\nb")}},
    {"::100*1", "100: 50 = 50", {OFF(50), .products_out = SET("a\n\nb")}},
    {"a:x:100*1",
     "0: items_excluded threshold_missed",
     {OFF(50), FROM(1), .products_in = SET("b")}},
    {"amount=100", "100: 50", {OFF(50), .products_in = SET("a")}},
    /* shops and channels */
    {"amount=100 shop=s", "100: 50", {OFF(50), .shops_in = SET("r\ns")}},
    {"amount=100 shop=s", "100: shop_excluded", {OFF(50), .shops_in = SET("r\nss")}},
    {"amount=100 shop=s", "100: shop_excluded", {OFF(50), .shops_out = SET("r\ns")}},
    {"amount=100 shop=s",
     "100: shop_excluded",
     {OFF(50), .shops_in = SET("s"), .shops_out = SET("s")}},
    {"amount=100", "100: shop_excluded", {OFF(50), .shops_in = SET("s")}},
    {"amount=100", "100: 50", {OFF(50), .shops_out = SET("s")}},
    {"amount=100 channel=wx", "100: 50", {OFF(50), .channels_in = SET("wx\napp")}},
    {"amount=100 channel=web", "100: channel_excluded", {OFF(50), .channels_in = SET("wx\napp")}},
    {"amount=100 channel=app", "100: channel_excluded", {OFF(50), .channels_out = SET("wx\napp")}},
    {"amount=100", "100: channel_excluded", {OFF(50), .channels_in = SET("wx")}},
    /* all reasons are told, in order of precedence */
    {"a:x:100*1",
     "0: hour_closed shop_excluded channel_excluded items_excluded threshold_missed",
     {OFF(50), FROM(1), .products_in = SET("b"), .shops_in = SET("s"), .channels_in = SET("c"),
      .hours = SET("123456 0000-2359")}},
};

static void test_pricing(const struct pricing *c)
{
	struct cart cart = cart_of(c->cart);
	struct env env = {.now = noon};
	struct cart_coupon coupon = {.terms = &c->terms, NO_LIMIT};
	struct priced priced = {0};
	struct buffer b;
	buffer_init(&b, 4096);
	cart_price(&arena, &env, &cart, &coupon, &priced);
	buffer_format(&b, "%lld:", (long long)priced.eligible.fen);
	add_reasons(&b, &priced);
	if (!priced.reason_count)
		buffer_format(&b, " %lld", (long long)priced.discount.fen);
	add_split(&b, priced.split, cart.n);
	if (!CHECK_TEXT(buffer_get(&b), c->want))
		printf("  pricing %td: %s\n", c - pricings, c->cart);
	CHECK(!priced.reason_count || priced.discount.fen == 0);
	buffer_release(&b);
	arena_reset(&arena);
}

static void test_limits(void)
{
	struct template terms = {OFF(500)};
	struct cart cart = cart_of("amount=1000");
	struct env env = {.now = noon};
	struct cart_coupon coupon = {
	    .terms = &terms, .uses_left = 1, .uses_spare = 1, .budget_left = 500};
	struct priced priced = {0};
	cart_price(&arena, &env, &cart, &coupon, &priced);
	CHECK_INT(priced.reason_count, 0);
	CHECK_INT(priced.discount.fen, 500);
	coupon.uses_left = coupon.uses_spare = 0;
	coupon.budget_left = 499;
	priced = (struct priced){.reasons = {FAULT_COUPON_FROZEN}, .reason_count = 1};
	cart_price(&arena, &env, &cart, &coupon, &priced);
	priced_refuse(&priced, FAULT_COUPON_ENDED);
	priced_refuse(&priced, FAULT_COUPON_RECALLED);
	priced_refuse(&priced, FAULT_COUPON_ENDED);
	CHECK_INT(priced.discount.fen, 0);
	static const enum fault want[] = {FAULT_COUPON_RECALLED,  FAULT_COUPON_FROZEN,
					  FAULT_COUPON_ENDED,	  FAULT_USES_EXHAUSTED,
					  FAULT_PERIOD_EXHAUSTED, FAULT_BUDGET_EXHAUSTED};
	CHECK_INT(priced.reason_count, COUNT_OF(want));
	CHECK(memcmp(priced.reasons, want, sizeof(want)) == 0);
}

/* More reasons than there is room for: the first ones stay. */
static void test_many_reasons(void)
{
	struct priced priced = {0};
	for (unsigned i = REASONS_MAX + 3; i > 0; i--)
		priced_refuse(&priced, (enum fault)i);
	priced_refuse(&priced, (enum fault)(REASONS_MAX + 5));
	CHECK_INT(priced.reason_count, REASONS_MAX);
	for (unsigned i = 0; i < REASONS_MAX; i++)
		CHECK_INT(priced.reasons[i], i + 1);
}

static void test_totals(void)
{
	static const struct {
		const char *cart;
		int64_t want; /* -1: refused */
	} cases[] = {
	    {"", 0},
	    {"amount=5", 5},
	    {"a::100*3 b::1*1", 301},
	    {"a::100*3 amount=300", 300},
	    {"a::100*3 amount=299", -1},
	    {"amount=-1", -1},
	    {"a::-1*1", -1},
	    {"a::1*0", -1},
	    {"a::1*1000000", 1000000},
	    {"a::1*1000001", -1},
	    {"amount=1000000000000000", INT64_C(1000000000000000)},
	    {"amount=1000000000000001", -1},
	    {"a::1000000000*1000000", INT64_C(1000000000000000)},
	    {"a::1000000000*1000000 b::1*1", -1},
	    {"a::9223372036854775807*1000000", -1},
	    {"a::9223372036854775807*1 b::9223372036854775807*1", -1},
	};
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct cart cart = cart_of(cases[i].cart);
		struct money total = {-1};
		CHECK_INT(cart_total(&cart, &total), cases[i].want >= 0);
		CHECK_INT(total.fen, cases[i].want);
		arena_reset(&arena);
	}
}

/* --- hours --- */

static const struct {
	const char *hours;
	const char *at; /* on a clock of UTC+8; 2026-03-01 is a Sunday, 2026-03-02 a Monday */
	int64_t from_utc8;
	bool open;
} hours[] = {
    {"", "2026-03-01 00:00:00", 0, true},
    {"1234567 0900-1730", "2026-03-02 08:59:59", 0, false},
    {"1234567 0900-1730", "2026-03-02 09:00:00", 0, true},
    {"1234567 0900-1730", "2026-03-02 17:30:59", 0, true},
    {"1234567 0900-1730", "2026-03-02 17:31:00", 0, false},
    {"1 0900-1730", "2026-03-02 12:00:00", 0, true},
    {"7 0900-1730", "2026-03-02 12:00:00", 0, false},
    {"7 0900-1730", "2026-03-01 12:00:00", 0, true},
    {"123456 0900-1730", "2026-03-01 12:00:00", 0, false},
    {"4 0000-2359", "1970-01-01 12:00:00", 0, true},
    {"2 0000-2359", "2026-03-03 12:00:00", 0, true},
    {"3 0000-2359", "2026-03-04 12:00:00", 0, true},
    {"5 0000-2359", "2026-03-06 12:00:00", 0, true},
    {"6 0000-2359", "2026-03-07 12:00:00", 0, true},
    {"1 0000-2359", "2026-03-02 00:00:00", 0, true},
    {"1 0000-2359", "2026-03-02 23:59:59", 0, true},
    {"1 0000-2359", "2026-03-03 00:00:00", 0, false},
    {"1 0900-0900", "2026-03-02 09:00:59", 0, true},
    {"1 0900-0900", "2026-03-02 09:01:00", 0, false},
    /* two windows; one is enough */
    {"1 0900-1000\n1 1400-1500", "2026-03-02 14:30:00", 0, true},
    {"1 0900-1000\n1 1400-1500", "2026-03-02 12:30:00", 0, false},
    /* past midnight: of the day on which it began */
    {"1 2200-0200", "2026-03-02 21:59:59", 0, false},
    {"1 2200-0200", "2026-03-02 22:00:00", 0, true},
    {"1 2200-0200", "2026-03-03 02:00:59", 0, true},
    {"1 2200-0200", "2026-03-03 02:01:00", 0, false},
    {"1 2200-0200", "2026-03-02 01:00:00", 0, false},
    {"1 2200-0200", "2026-03-03 22:00:00", 0, false},
    {"7 2200-0200", "2026-03-02 01:00:00", 0, true},
    /* the merchant's clocks are ahead of UTC+8, or behind */
    {"1 0000-2359", "2026-03-01 23:00:00", 60, true},
    {"1 0000-2359", "2026-03-01 22:59:59", 60, false},
    {"7 0000-2359", "2026-03-02 07:59:00", -480, true},
    {"7 0000-2359", "2026-03-02 08:00:00", -480, false},
    {"1 0930-0930", "2026-03-02 12:00:00", -150, true},
    /* what cannot be read is no window */
    {"1 0900", "2026-03-02 09:00:00", 0, false},
    {"8 0000-2359\n1 0000-2359", "2026-03-02 09:00:00", 0, true},
};

static void test_hours(void)
{
	for (size_t i = 0; i < COUNT_OF(hours); i++) {
		struct instant at;
		CHECK(moment_parse_second(text_of(hours[i].at), &at));
		bool open = hours_open(text_of(hours[i].hours), at, hours[i].from_utc8);
		if (!CHECK_INT(open, hours[i].open))
			printf("  \"%s\" at %s\n", hours[i].hours, hours[i].at);
	}
	/* a Wednesday evening in UTC, before 1970 */
	CHECK(hours_open(TEXT("4 0759-0759"), (struct instant){-1}, 0));
	static const char *const good[] = {"", "1 0000-2359", "1234567 2200-0200\n7 0900-0900"};
	static const char *const bad[] = {" ",
					  "1",
					  "1 ",
					  " 0000-2359",
					  "0 0000-2359",
					  "8 0000-2359",
					  "1 0000-2400",
					  "1 0060-0100",
					  "1 000-2359",
					  "1 0000-2359 ",
					  "1 0000-2359\n",
					  "1  0000-2359",
					  "1 0000:2359",
					  "1,2 0000-2359",
					  "\n"};
	for (size_t i = 0; i < COUNT_OF(good); i++)
		CHECK(hours_valid(text_of(good[i])));
	for (size_t i = 0; i < COUNT_OF(bad); i++) {
		if (!CHECK(!hours_valid(text_of(bad[i]))))
			printf("  \"%s\"\n", bad[i]);
	}
}

/* --- several coupons --- */

enum { TOGETHER_MAX = 5 };

static const struct {
	const char *cart;
	const char *want; /* of cart_apply: discount or reasons, in the order given; total */
	const char *best; /* of cart_best: ids in the order in which they take off; total */
	struct cart_coupon coupons[TOGETHER_MAX];
} together[] = {
    {"amount=1000",
     "100, 90; 190",
     "1 2; 190",
     {{NO_LIMIT, .id = 1, TERMS(.number = 1, OFF(100))},
      {NO_LIMIT, .id = 2, TERMS(.number = 2, PERCENT(1000))}}},
    /* the lower id first, however they are given */
    {"amount=1000",
     "90, 100; 190",
     "1 2; 190",
     {{NO_LIMIT, .id = 2, TERMS(.number = 2, PERCENT(1000))},
      {NO_LIMIT, .id = 1, TERMS(.number = 1, OFF(100))}}},
    /* the higher priority before the lower id */
    {"amount=1000",
     "100, 100; 200",
     "2 1; 200",
     {{NO_LIMIT, .id = 1, TERMS(.number = 1, OFF(100))},
      {NO_LIMIT, .id = 2, TERMS(.number = 2, PERCENT(1000), .priority = 1)}}},
    /* complaint 18: together never more than there is; what has nothing to take is left out */
    {"amount=1000",
     "700, 300, 0; 1000",
     "1 2; 1000",
     {{NO_LIMIT, .id = 1, TERMS(.number = 1, OFF(700))},
      {NO_LIMIT, .id = 2, TERMS(.number = 2, OFF(700))},
      {NO_LIMIT, .id = 3, TERMS(.number = 3, OFF(700))}}},
    /* fewer coupons for as much */
    {"amount=1000",
     "100, 900; 1000",
     "2; 1000",
     {{NO_LIMIT, .id = 1, TERMS(.number = 1, OFF(100))},
      {NO_LIMIT, .id = 2, TERMS(.number = 2, OFF(1000))}}},
    /* complaint 17: groups, exclusive ones */
    {"amount=1000",
     "100, stacking_refused, 50; 150",
     "2 3; 250",
     {{NO_LIMIT, .id = 1, TERMS(.number = 1, OFF(100), .stack_group = SET("g"))},
      {NO_LIMIT, .id = 2, TERMS(.number = 2, OFF(200), .stack_group = SET("g"))},
      {NO_LIMIT, .id = 3, TERMS(.number = 3, OFF(50), .stack_group = SET("h"))}}},
    {"amount=1000",
     "100, stacking_refused; 100",
     "2; 200",
     {{NO_LIMIT, .id = 1, TERMS(.number = 1, OFF(100))},
      {NO_LIMIT, .id = 2, TERMS(.number = 2, OFF(200), .exclusive = true)}}},
    {"amount=1000",
     "stacking_refused, 150; 150",
     "1; 200",
     {{NO_LIMIT, .id = 1, TERMS(.number = 1, OFF(200))},
      {NO_LIMIT, .id = 2, TERMS(.number = 2, OFF(150), .exclusive = true, .priority = 9)}}},
    {"amount=1000",
     "0, stacking_refused, 50; 50",
     "3; 50",
     {{NO_LIMIT, .id = 1, .locked = true, TERMS(.number = 1, OFF(100), .stack_group = SET("g"))},
      {NO_LIMIT, .id = 2, TERMS(.number = 2, OFF(200), .stack_group = SET("g"))},
      {NO_LIMIT, .id = 3, TERMS(.number = 3, OFF(50))}}},
    /* the locked one is before all, whatever its place */
    {"amount=1000",
     "stacking_refused, 0; 0",
     "; 0",
     {{NO_LIMIT, .id = 1, TERMS(.number = 1, OFF(100), .exclusive = true, .priority = 9)},
      {NO_LIMIT, .id = 2, .locked = true, TERMS(.number = 2, OFF(200))}}},
    {"amount=1000",
     "stacking_refused, 0; 0",
     "; 0",
     {{NO_LIMIT, .id = 1, TERMS(.number = 1, OFF(100), .priority = 9)},
      {NO_LIMIT, .id = 2, .locked = true, TERMS(.number = 2, OFF(200), .exclusive = true)}}},
    /* limits of an order, a customer, a period, a budget */
    {"amount=1000",
     "10, 10, order_exhausted; 20",
     "1 2; 20",
     {{NO_LIMIT, .id = 1, TERMS(.number = 1, OFF(10), .per_order = 2)},
      {NO_LIMIT, .id = 2, TERMS(.number = 1, OFF(10), .per_order = 2)},
      {NO_LIMIT, .id = 3, TERMS(.number = 1, OFF(10), .per_order = 2)}}},
    {"amount=1000",
     "10, order_exhausted; 10",
     "1; 10",
     {{NO_LIMIT, .id = 1, .order_before = 1, TERMS(.number = 1, OFF(10), .per_order = 2)},
      {NO_LIMIT, .id = 2, .order_before = 1, TERMS(.number = 1, OFF(10), .per_order = 2)}}},
    {"amount=1000",
     "10, uses_exhausted, 10; 20",
     "1 3; 20",
     {{.uses_left = 1,
       .uses_spare = 9,
       .budget_left = INT64_MAX,
       .id = 1,
       .customer = 7,
       TERMS(.number = 1, OFF(10))},
      {.uses_left = 1,
       .uses_spare = 9,
       .budget_left = INT64_MAX,
       .id = 2,
       .customer = 7,
       TERMS(.number = 1, OFF(10))},
      {.uses_left = 1,
       .uses_spare = 9,
       .budget_left = INT64_MAX,
       .id = 3,
       .customer = 8,
       TERMS(.number = 1, OFF(10))}}},
    {"amount=1000",
     "10, period_exhausted; 10",
     "1; 10",
     {{.uses_left = 9,
       .uses_spare = 1,
       .budget_left = INT64_MAX,
       .id = 1,
       TERMS(.number = 1, OFF(10))},
      {.uses_left = 9,
       .uses_spare = 1,
       .budget_left = INT64_MAX,
       .id = 2,
       TERMS(.number = 1, OFF(10))}}},
    {"amount=1000",
     "10, budget_exhausted, 10; 20",
     "1 3; 20",
     {{.uses_left = 9, .uses_spare = 9, .budget_left = 19, .id = 1, TERMS(.number = 1, OFF(10))},
      {.uses_left = 9, .uses_spare = 9, .budget_left = 19, .id = 2, TERMS(.number = 1, OFF(10))},
      {.uses_left = 9, .uses_spare = 9, .budget_left = 19, .id = 3, TERMS(.number = 2, OFF(10))}}},
    {"amount=1000",
     "10, uses_exhausted order_exhausted stacking_refused; 10",
     "1; 10",
     {{.uses_left = 1,
       .uses_spare = 9,
       .budget_left = 99,
       .id = 1,
       TERMS(.number = 1, OFF(10), .per_order = 1, .stack_group = SET("g"))},
      {.uses_left = 1,
       .uses_spare = 9,
       .budget_left = 99,
       .id = 2,
       TERMS(.number = 1, OFF(10), .per_order = 1, .stack_group = SET("g"))}}},
    /* what is refused by itself is in nobody's way */
    {"amount=1000",
     "threshold_missed, 10; 10",
     "2; 10",
     {{NO_LIMIT, .id = 1, TERMS(.number = 1, OFF(99), FROM(1001), .exclusive = true)},
      {NO_LIMIT, .id = 2, TERMS(.number = 2, OFF(10))}}},
    /* thresholds look at the cart before any coupon */
    {"amount=1000",
     "999, 1; 1000",
     "1 2; 1000",
     {{NO_LIMIT, .id = 1, TERMS(.number = 1, OFF(999))},
      {NO_LIMIT, .id = 2, TERMS(.number = 2, OFF(500), FROM(1000))}}},
    /* each free piece is another one, at what is left of it */
    {"a::1000*3",
     "1000, 1000, 1000; 3000",
     "1 2 3; 3000",
     {{NO_LIMIT, .id = 1, TERMS(.number = 1, .benefit = BENEFIT_FREE_ITEM)},
      {NO_LIMIT, .id = 2, TERMS(.number = 1, .benefit = BENEFIT_FREE_ITEM)},
      {NO_LIMIT, .id = 3, TERMS(.number = 1, .benefit = BENEFIT_FREE_ITEM)}}},
    {"a::1000*3",
     "1500, 500, 500; 2500",
     "1 2 3; 2500",
     {{NO_LIMIT, .id = 1, TERMS(.number = 1, PERCENT(5000))},
      {NO_LIMIT, .id = 2, TERMS(.number = 2, .benefit = BENEFIT_PRODUCT)},
      {NO_LIMIT, .id = 3, TERMS(.number = 3, .benefit = BENEFIT_BUY_GET, .buy = 1, .get = 1)}}},
    {"a::1000*2",
     "1000, 0; 1000",
     "1; 1000",
     {{NO_LIMIT, .id = 1, TERMS(.number = 1, .benefit = BENEFIT_FREE_ITEM)},
      {NO_LIMIT, .id = 2, TERMS(.number = 3, .benefit = BENEFIT_BUY_GET, .buy = 1, .get = 1)}}},
    /* a cheap one first makes the next free piece a dear one */
    {"a::100*1 b::900*1",
     "100, 900; 1000",
     "1 2; 1000",
     {{NO_LIMIT, .id = 1, TERMS(.number = 1, .benefit = BENEFIT_FREE_ITEM)},
      {NO_LIMIT, .id = 2, TERMS(.number = 1, .benefit = BENEFIT_FREE_ITEM)}}},
    /* .. but only one that took something off */
    {"a::100*1 b::900*1",
     "100, 0, 0; 100",
     "2 3; 1000",
     {{NO_LIMIT, .id = 1, TERMS(.number = 1, OFF(100), .splitting = SPLIT_IN_ORDER)},
      {NO_LIMIT, .id = 2, TERMS(.number = 2, .benefit = BENEFIT_FREE_ITEM)},
      {NO_LIMIT, .id = 3, TERMS(.number = 2, .benefit = BENEFIT_FREE_ITEM)}}},
    /* of two that one order does not take, the later one is free of a dearer piece */
    {"a::10*1 b::1000*1",
     "10, 10, order_exhausted; 20",
     "2 3; 1010",
     {{NO_LIMIT, .id = 1, TERMS(.number = 1, .benefit = BENEFIT_FREE_ITEM, .per_order = 1)},
      {NO_LIMIT, .id = 2,
       TERMS(.number = 2, .benefit = BENEFIT_FREE_ITEM, .has_cap = true, .cap = {10})},
      {NO_LIMIT, .id = 3, TERMS(.number = 1, .benefit = BENEFIT_FREE_ITEM, .per_order = 1)}}},
    /* neither items nor amount */
    {"",
     "500, 0, 300; 800",
     "1 3; 800",
     {{NO_LIMIT, .id = 1, TERMS(.number = 1, OFF(500))},
      {NO_LIMIT, .id = 2, TERMS(.number = 2, PERCENT(5000))},
      {NO_LIMIT, .id = 3, TERMS(.number = 3, OFF(300))}}},
};

static unsigned price_all(const struct cart *cart, const struct cart_coupon *coupons, unsigned n,
			  struct priced *ret)
{
	struct env env = {.now = noon};
	memset(ret, 0, sizeof(*ret) * n);
	for (unsigned i = 0; i < n; i++)
		cart_price(&arena, &env, cart, &coupons[i], &ret[i]);
	return n;
}

static void test_together(size_t at)
{
	const struct cart_coupon *coupons = together[at].coupons;
	struct cart cart = cart_of(together[at].cart);
	struct priced priced[TOGETHER_MAX];
	struct cart_best best;
	struct money total;
	struct buffer b;
	unsigned n = 0;
	while (n < TOGETHER_MAX && coupons[n].terms)
		n++;
	buffer_init(&b, 4096);
	price_all(&cart, coupons, n, priced);
	CHECK(cart_best(&arena, &cart, coupons, priced, n, &best));
	for (unsigned i = 0; i < best.n; i++)
		buffer_format(&b, "%s%d", i ? " " : "", (int)coupons[best.rows[i]].id);
	buffer_format(&b, "; %lld", (long long)best.discount.fen);
	if (!CHECK_TEXT(buffer_get(&b), together[at].best))
		printf("  best %zu\n", at);
	CHECK(best.exact);
	buffer_release(&b);
	buffer_init(&b, 4096);
	CHECK(cart_apply(&arena, &cart, coupons, priced, n, &total));
	for (unsigned i = 0; i < n; i++) {
		buffer_text(&b, i ? TEXT(",") : TEXT_NONE);
		add_reasons(&b, &priced[i]);
		if (!priced[i].reason_count)
			buffer_format(&b, " %lld", (long long)priced[i].discount.fen);
	}
	buffer_format(&b, "; %lld", (long long)total.fen);
	if (!CHECK_TEXT(text_trim(buffer_get(&b)), together[at].want))
		printf("  together %zu\n", at);
	buffer_release(&b);
	arena_reset(&arena);
}

/* Too many combinations: the search ends all the same, says so, and what it found is legal. */
static void test_hard(void)
{
	enum { N = 60 };
	static struct template terms[N];
	struct cart_coupon coupons[N], chosen[N];
	struct priced priced[N], priced_chosen[N];
	struct cart cart = cart_of("a::1999*9 b::1777*9 c::1555*9 d::1333*9 e::1111*9 f::999*9");
	struct cart_best best;
	struct money total;
	for (unsigned i = 0; i < N; i++) {
		terms[i] = (struct template){.number = i + 1,
					     .benefit = BENEFIT_BUY_GET,
					     .buy = 1 + i % 5,
					     .get = 1 + i % 3};
		coupons[i] = (struct cart_coupon){.id = i, .terms = &terms[i], NO_LIMIT};
	}
	price_all(&cart, coupons, N, priced);
	CHECK(cart_best(&arena, &cart, coupons, priced, N, &best));
	CHECK(!best.exact);
	for (unsigned i = 0; i < best.n; i++)
		chosen[i] = coupons[best.rows[i]];
	price_all(&cart, chosen, best.n, priced_chosen);
	CHECK(cart_apply(&arena, &cart, chosen, priced_chosen, best.n, &total));
	CHECK_INT(total.fen, best.discount.fen);
	for (unsigned i = 0; i < best.n; i++)
		CHECK_INT(priced_chosen[i].reason_count, 0);
	arena_reset(&arena);
}

/* Too many again, and one that takes off most alone but, for its budget, nothing after others. */
static void test_hard_alone(void)
{
	enum { N = 60 };
	static struct template terms[N];
	struct cart_coupon coupons[N];
	struct priced priced[N];
	struct cart cart = cart_of("a::1999*9 b::1777*9 c::1555*9 d::1333*9 e::999*9 f::50*1");
	struct cart_best best;
	for (unsigned i = 0; i < N; i++) {
		terms[i] = (struct template){.number = i + 1,
					     .benefit = BENEFIT_FREE_ITEM,
					     .has_cap = i > 0,
					     .cap = {1 + (int64_t)i % 7}};
		coupons[i] = (struct cart_coupon){.id = i, .terms = &terms[i], NO_LIMIT};
	}
	terms[N - 1] = (struct template){
	    .number = N, .benefit = BENEFIT_FREE_ITEM, .has_cap = false, .get = 9};
	price_all(&cart, coupons, N, priced);
	int64_t alone = priced[N - 1].discount.fen;
	CHECK_INT(alone, 50 + 8 * 999);
	coupons[N - 1].budget_left = alone;
	CHECK(cart_best(&arena, &cart, coupons, priced, N, &best));
	CHECK(!best.exact);
	CHECK(best.discount.fen >= alone);
	arena_reset(&arena);
}

/* At most ORDER_COUPONS_MAX, the locked ones among them. */
static void test_many(void)
{
	enum { N = 50 };
	struct template terms = {.number = 1, OFF(10)};
	struct cart_coupon coupons[N];
	struct priced priced[N];
	struct cart cart = cart_of("amount=1000");
	struct cart_best best;
	for (unsigned i = 0; i < N; i++)
		coupons[i] =
		    (struct cart_coupon){.id = i, .terms = &terms, .locked = i % 25 == 0, NO_LIMIT};
	price_all(&cart, coupons, N, priced);
	CHECK(cart_best(&arena, &cart, coupons, priced, N, &best));
	CHECK_INT(best.n, ORDER_COUPONS_MAX - 2);
	CHECK_INT(best.discount.fen, 10 * (ORDER_COUPONS_MAX - 2));
	arena_reset(&arena);
}

static void test_full(void)
{
	struct template terms = {.number = 1, OFF(10)};
	struct cart cart = cart_of("a::100*1");
	struct cart_coupon coupon = {.terms = &terms, NO_LIMIT};
	struct priced priced = {0};
	struct cart_best best;
	struct money total;
	struct env env = {.now = noon};
	struct arena small;
	arena_init(&small, 64);
	cart_price(&small, &env, &cart, &coupon, &priced);
	CHECK(small.full);
	CHECK(!cart_best(&small, &cart, &coupon, &priced, 1, &best));
	CHECK(!cart_apply(&small, &cart, &coupon, &priced, 1, &total));
	arena_release(&small);
	arena_reset(&arena);
}

int main(void)
{
	arena_init(&arena, 64 << 20);
	for (size_t i = 0; i < COUNT_OF(pricings); i++)
		test_pricing(&pricings[i]);
	for (size_t i = 0; i < COUNT_OF(together); i++)
		test_together(i);
	test_hard();
	test_hard_alone();
	test_many();
	test_full();
	test_limits();
	test_many_reasons();
	test_totals();
	test_hours();
	arena_release(&arena);
	return test_end();
}
