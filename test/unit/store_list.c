/*
 * Lists against naive models: ordinals with holes up to 2^32 against a sorted array of what is
 * gone, and whole records (put, change, leave, come again) against arrays of numbers.
 */
#include "store/list.h"
#include "store_fixture.h"

/* --- ordinals: preset state, no records --- */

enum { GONE_MAX = 6000 };
struct gone_model {
	uint64_t next, first;
	uint64_t gone[GONE_MAX]; /* above first, ascending */
	unsigned count;
};

static uint64_t model_live(const struct gone_model *m)
{
	return m->next - m->first - m->count;
}

static uint64_t model_select(const struct gone_model *m, uint64_t rank)
{
	uint64_t at = m->next - 1 - rank;
	for (unsigned i = m->count; i > 0 && m->gone[i - 1] >= at; i--)
		at--;
	return at;
}

static void model_remove(struct gone_model *m, uint64_t ordinal)
{
	unsigned i = 0;
	if (ordinal == m->first) {
		for (m->first++; i < m->count && m->gone[i] == m->first; i++)
			m->first++;
		memmove(m->gone, m->gone + i, (m->count - i) * sizeof(*m->gone));
		m->count -= i;
		return;
	}
	while (i < m->count && m->gone[i] < ordinal)
		i++;
	memmove(m->gone + i + 1, m->gone + i, (m->count - i) * sizeof(*m->gone));
	m->gone[i] = ordinal;
	m->count++;
}

static const struct member owner = {.campaign = 3, .cover = 2};

static bool same_ordinals(struct fixture *f, const struct gone_model *m, struct random *r)
{
	struct list_view v;
	uint64_t ordinals[50], live = model_live(m);
	if (!CHECK(list_open(fixture_read(f), LIST_COVERED, &owner, &v) == OK) ||
	    !CHECK_INT(v.ordinals.count, live) || !CHECK_INT(v.ordinals.first, m->first) ||
	    live == 0)
		return live == 0;
	uint64_t from = random_below(r, 8) ? random_below(r, live) : live - 1;
	unsigned n = (unsigned)(1 + random_below(r, live - from < 50 ? live - from : 50));
	bool up = random_below(r, 2), good = true;
	must(list_ordinals(&v, from, n, up, ordinals) == OK);
	for (unsigned i = 0; i < n; i++)
		good &= ordinals[i] == model_select(m, up ? live - 1 - from - i : from + i);
	return CHECK(good);
}

static uint64_t pick(const struct gone_model *m, struct random *r, unsigned way, unsigned round)
{
	uint64_t live = model_live(m), near = live < 3000 ? live : 3000;
	switch (way) {
	case 0: /* anywhere */
		return model_select(m, random_below(r, live));
	case 1: /* the oldest, mostly */
		return model_select(m, live - 1 - random_below(r, random_below(r, 4) ? 1 : near));
	case 2: /* near the newest */
		return model_select(m, random_below(r, near));
	case 3: /* near the oldest: whole blocks go */
		return model_select(m, live - 1 - random_below(r, near));
	default: /* a stretch in the middle, then anything */
		return model_select(m, round < 1000 ? live / 2 : random_below(r, live));
	}
}

static void ordinals_against_model(uint64_t seed, uint64_t first, uint64_t next, unsigned way)
{
	struct fixture f;
	struct random r = {seed};
	static struct gone_model m;
	fixture_init(&f);
	m = (struct gone_model){.next = next, .first = first};
	struct key k;
	struct buffer value;
	struct ordinals o = {.next = next, .count = next - first, .first = first};
	key_list(&k, f.merchant, LIST_COVERED, &owner);
	buffer_init(&value, 100);
	ordinals_encode(&o, &value);
	row_put(&f.rows.rows, key_get(&k), buffer_get(&value));
	buffer_release(&value);
	for (unsigned i = 0; i < 1500 && m.count < GONE_MAX - 4 && model_live(&m) > 0; i++) {
		unsigned n = (unsigned)random_below(&r, 3) + 1;
		struct tx *tx = fixture_write(&f);
		for (; n > 0 && model_live(&m) > 0; n--) {
			if (random_below(&r, 10) == 0) {
				CHECK(list_append(tx, LIST_COVERED, &owner) == m.next);
				m.next++;
			}
			uint64_t ordinal = pick(&m, &r, way, i);
			list_remove(tx, LIST_COVERED, &owner, ordinal);
			model_remove(&m, ordinal);
		}
		fixture_end(&f);
		if (!same_ordinals(&f, &m, &r)) {
			fprintf(stderr, "     seed %llu, first %llu, next %llu, way %u, round %u\n",
				(unsigned long long)seed, (unsigned long long)first,
				(unsigned long long)next, way, i);
			break;
		}
		arena_reset(&f.arena);
	}
	fixture_release(&f);
}

static void holes_stay_small(void)
{
	struct fixture f;
	fixture_init(&f);
	struct department d = {.number = 1, .name = TEXT("a")};
	for (unsigned i = 0; i < 100000; i++) {
		/* Always one in the list, always another ordinal: rows behind it go. */
		struct tx *tx = fixture_write(&f);
		store_relist(LIST_DEPARTMENTS, &d);
		store_put(tx, TABLE_DEPARTMENT, &d);
		fixture_end(&f);
		buffer_clear(&f.ledger);
	}
	CHECK_INT(d.at[0], 100000);
	CHECK(memory_count(&f.rows) < 10);
	/* The oldest stays: holes are kept, and go when it goes. */
	struct department old = {.number = 2}, young = {.number = 3};
	store_put(fixture_write(&f), TABLE_DEPARTMENT, &old);
	fixture_end(&f);
	struct tx *tx = fixture_write(&f);
	store_del(tx, TABLE_DEPARTMENT, &d);
	fixture_end(&f);
	for (unsigned i = 0; i < 80000; i++) {
		tx = fixture_write(&f);
		store_relist(LIST_DEPARTMENTS, &young);
		store_put(tx, TABLE_DEPARTMENT, &young);
		fixture_end(&f);
		buffer_clear(&f.ledger);
	}
	CHECK(memory_count(&f.rows) > 75);
	tx = fixture_write(&f);
	store_del(tx, TABLE_DEPARTMENT, &old);
	fixture_end(&f);
	/* 64 rows of a level at once; the others are never read again */
	CHECK(memory_count(&f.rows) < 30);
	struct department *rows;
	unsigned n;
	uint64_t count;
	struct page page = {.list = LIST_DEPARTMENTS, .n = 5};
	CHECK(store_page(fixture_read(&f), &page, &rows, &n, &count) == OK && count == 1);
	CHECK(n == 1 && rows[0].number == 3 && rows[0].at[0] == young.at[0]);
	fixture_release(&f);
}

/* --- records --- */

enum { PEOPLE = 600, LIVE_MAX = 4000 };
struct list_model {
	uint64_t number[LIVE_MAX];
	int64_t in_ms[LIVE_MAX];
	unsigned count;
};
/* Members of two campaigns: three lists each, COVERED by cover 1 or 2. */
struct members_model {
	struct list_model covered[3][3], invited[3], registered[3];
};
static struct members_model members;

static void leave(struct list_model *l, uint64_t number)
{
	unsigned i = 0;
	while (i < l->count && l->number[i] != number)
		i++;
	must(i < l->count);
	memmove(l->number + i, l->number + i + 1, (l->count - i - 1) * sizeof(*l->number));
	memmove(l->in_ms + i, l->in_ms + i + 1, (l->count - i - 1) * sizeof(*l->in_ms));
	l->count--;
}

static void come(struct list_model *l, uint64_t number, int64_t now_ms)
{
	must(l->count < LIVE_MAX);
	l->number[l->count] = number;
	l->in_ms[l->count++] = now_ms;
}

static void follow(struct list_model *from, struct list_model *to, uint64_t number, int64_t now_ms)
{
	if (from == to)
		return;
	if (from)
		leave(from, number);
	if (to)
		come(to, number, now_ms);
}

static void change_member(struct fixture *f, struct random *r)
{
	struct member m = {.campaign = 1 + random_below(r, 2),
			   .customer = 1 + random_below(r, PEOPLE)};
	struct tx *tx = fixture_write(f);
	bool found;
	must(store_get(tx, TABLE_MEMBER, &m, &found) == OK);
	struct member old = m;
	uint64_t c = m.campaign, n = m.customer;
	if (found && random_below(r, 4) == 0) {
		store_del(tx, TABLE_MEMBER, &m);
		m.cover = 0;
		m.invited = m.registered = false;
	} else {
		m.cover = random_below(r, 3);
		m.invited = random_below(r, 2);
		m.registered = random_below(r, 2);
		if (m.invited && random_below(r, 3) == 0) {
			store_relist(LIST_INVITED, &m);
			if (old.invited)
				leave(&members.invited[c], n);
			old.invited = false;
		}
		store_put(tx, TABLE_MEMBER, &m);
		CHECK(!m.cover == !m.at[0] && m.invited == !!m.at[1] && m.registered == !!m.at[2]);
	}
	follow(old.cover ? &members.covered[c][old.cover] : NULL,
	       m.cover ? &members.covered[c][m.cover] : NULL, n, f->now_ms);
	follow(old.invited ? &members.invited[c] : NULL, m.invited ? &members.invited[c] : NULL, n,
	       f->now_ms);
	follow(old.registered ? &members.registered[c] : NULL,
	       m.registered ? &members.registered[c] : NULL, n, f->now_ms);
	fixture_end(f);
}

static bool same_page(struct tx *tx, struct random *r, enum list list, const struct member *of,
		      const struct list_model *l)
{
	struct page page = {.list = list,
			    .owner = of,
			    .from = random_below(r, l->count + 3),
			    .n = (unsigned)random_below(r, 40),
			    .oldest_first = random_below(r, 2)};
	struct member *rows;
	unsigned n;
	uint64_t count;
	must(store_page(tx, &page, &rows, &n, &count) == OK);
	uint64_t want = page.from >= l->count ? 0 : l->count - page.from;
	bool good = count == l->count && n == (want < page.n ? want : page.n);
	for (unsigned i = 0; good && i < n; i++) {
		uint64_t rank = page.from + i;
		good =
		    rows[i].customer == l->number[page.oldest_first ? rank : l->count - 1 - rank] &&
		    rows[i].campaign == of->campaign;
	}
	must(store_count(tx, list, of, &count) == OK);
	return CHECK(good && count == l->count);
}

static bool same_window(struct tx *tx, struct random *r, enum list list, const struct member *of,
			const struct list_model *l, int64_t now_ms)
{
	int64_t span = now_ms - INT64_C(1700000000000) + 20;
	struct instant from = {random_below(r, 5) ? INT64_C(1700000000000) - 5 +
							(int64_t)random_below(r, (uint64_t)span)
						  : 0};
	struct instant to = {random_below(r, 5) ? INT64_C(1700000000000) - 5 +
						      (int64_t)random_below(r, (uint64_t)span)
						: 0};
	uint64_t first, count, want = 0, want_first = 0;
	must(store_window(tx, list, of, from, to, &first, &count) == OK);
	for (unsigned i = l->count; i-- > 0;) {
		bool after = instant_is_none(to) || l->in_ms[i] <= to.ms;
		bool before = instant_is_none(from) || l->in_ms[i] >= from.ms;
		want += after && before;
		want_first += !after;
	}
	return CHECK_INT(count, want) && (count == 0 || CHECK_INT(first, want_first)) &&
	       CHECK(first + count <= l->count);
}

static bool same_lists(struct fixture *f, struct random *r)
{
	struct tx *tx = fixture_read(f);
	struct member of = {.campaign = 1 + random_below(r, 2), .cover = 1 + random_below(r, 2)};
	const struct list_model *l[] = {&members.covered[of.campaign][of.cover],
					&members.invited[of.campaign],
					&members.registered[of.campaign]};
	enum list lists[] = {LIST_COVERED, LIST_INVITED, LIST_REGISTERED};
	unsigned i = (unsigned)random_below(r, 3);
	return same_page(tx, r, lists[i], &of, l[i]) &&
	       same_window(tx, r, lists[i], &of, l[i], f->now_ms);
}

static void records_against_model(uint64_t seed)
{
	struct fixture f;
	struct random r = {seed};
	fixture_init(&f);
	memset(&members, 0, sizeof(members));
	for (unsigned i = 0; i < 20000; i++) {
		change_member(&f, &r);
		f.now_ms += (int64_t)random_below(&r, 3);
		if (i % 3 == 0 && !same_lists(&f, &r)) {
			fprintf(stderr, "     seed %llu, round %u\n", (unsigned long long)seed, i);
			break;
		}
		arena_reset(&f.arena);
	}
	fixture_release(&f);
}

/* --- wallets: coupons move from a shelf to people and between people --- */

enum { WALLETS = 12 };

static void move_coupon(struct fixture *f, struct random *r, struct list_model *wallets,
			uint64_t *next)
{
	struct tx *tx = fixture_write(f);
	uint64_t from = random_below(r, WALLETS), to = random_below(r, WALLETS);
	struct list_model *l = &wallets[from];
	if (l->count == 0 || (random_below(r, 3) == 0 && *next < 3000)) {
		struct coupon c = {.customer = from,
				   .shelf = from ? 0 : 8,
				   .id = ++*next,
				   .template = 8,
				   .channel = TEXT("app"),
				   .state = 1,
				   .issued = {f->now_ms}};
		store_put(tx, TABLE_COUPON, &c);
		come(l, c.id, f->now_ms);
	} else {
		struct coupon c = {
		    .id = l->number[random_below(r, 4) ? 0 : random_below(r, l->count)]};
		bool found;
		must(store_find(tx, UNIQUE_COUPON_BY_ID, &c, &found) == OK && found);
		CHECK(c.customer == from && c.at[0] == c.ordinal);
		struct coupon moved = c;
		moved.customer = to;
		moved.shelf = to ? 0 : 8;
		moved.state++;
		store_move(tx, TABLE_COUPON, &c, &moved);
		follow(l, &wallets[to], c.id, f->now_ms);
	}
	fixture_end(f);
}

static bool same_wallet(struct fixture *f, struct random *r, const struct list_model *wallets)
{
	uint64_t of = random_below(r, WALLETS), count;
	const struct list_model *l = &wallets[of];
	struct coupon owner_of = {.customer = of, .shelf = of ? 0 : 8}, *rows;
	struct page page = {.list = LIST_WALLET,
			    .owner = &owner_of,
			    .from = random_below(r, l->count + 1),
			    .n = 30,
			    .oldest_first = random_below(r, 2)};
	unsigned n;
	must(store_page(fixture_read(f), &page, &rows, &n, &count) == OK);
	bool good = count == l->count;
	for (unsigned i = 0; good && i < n; i++)
		good = rows[i].id == l->number[page.oldest_first ? page.from + i
								 : l->count - 1 - page.from - i] &&
		       rows[i].at[0] == rows[i].ordinal && rows[i].at[1] != 0;
	return CHECK(good);
}

static void wallets_against_model(uint64_t seed)
{
	struct fixture f;
	struct random r = {seed};
	static struct list_model wallets[WALLETS];
	uint64_t next = 0, first, count;
	fixture_init(&f);
	memset(wallets, 0, sizeof(wallets));
	for (unsigned i = 0; i < 20000; i++) {
		move_coupon(&f, &r, wallets, &next);
		f.now_ms++;
		if (i % 3 == 0 && !same_wallet(&f, &r, wallets)) {
			fprintf(stderr, "     seed %llu, round %u\n", (unsigned long long)seed, i);
			break;
		}
		arena_reset(&f.arena);
	}
	/* The list of all coupons kept its order and its instants through all moves. */
	struct tx *tx = fixture_read(&f);
	struct coupon *rows;
	unsigned n;
	must(store_page(tx, &(struct page){.list = LIST_COUPONS, .n = 5000, .oldest_first = true},
			&rows, &n, &count) == OK);
	CHECK(n == next && count == next);
	for (unsigned i = 0; i < n; i++)
		CHECK(rows[i].id == i + 1);
	must(store_window(tx, LIST_COUPONS, NULL, rows[100].issued, rows[199].issued, &first,
			  &count) == OK);
	CHECK(count == 100 && first == next - 200);
	fixture_release(&f);
}

/* --- bugs end the process --- */

static void page_after_put(struct fixture *f)
{
	struct department d = {.number = 99}, *rows;
	unsigned n;
	uint64_t count;
	struct tx *tx = fixture_write(f);
	store_put(tx, TABLE_DEPARTMENT, &d);
	(void)!store_page(tx, &(struct page){.list = LIST_DEPARTMENTS, .n = 1}, &rows, &n, &count);
}
static void window_of_a_wallet(struct fixture *f)
{
	struct coupon c = {.customer = 1};
	uint64_t first, count;
	(void)!store_window(fixture_read(f), LIST_WALLET, &c, INSTANT_NONE, INSTANT_NONE, &first,
			    &count);
}
static void unique_clash(struct fixture *f)
{
	struct department d = {.number = 98, .code = TEXT("A")};
	store_put(fixture_write(f), TABLE_DEPARTMENT, &d);
}
static void put_then_refuse(struct fixture *f)
{
	struct department d = {.number = 97};
	store_put(fixture_write(f), TABLE_DEPARTMENT, &d);
	tx_release(&f->tx);
}
static void made_up_ordinal(struct fixture *f)
{
	struct department d = {.number = 96, .at = {5}};
	store_put(fixture_write(f), TABLE_DEPARTMENT, &d);
}
static void put_in_a_read(struct fixture *f)
{
	struct department d = {.number = 95};
	store_put(fixture_read(f), TABLE_DEPARTMENT, &d);
}

static void bugs_end_the_process(void)
{
	struct fixture f;
	fixture_init(&f);
	struct department d = {.number = 1, .code = TEXT("A")};
	store_put(fixture_write(&f), TABLE_DEPARTMENT, &d);
	uint64_t count;
	must(store_count(&f.tx, LIST_DEPARTMENTS, NULL, &count) == OK);
	CHECK_INT(count, 1); /* its own puts count */
	fixture_end(&f);
	CHECK(dies(page_after_put, &f));
	CHECK(dies(window_of_a_wallet, &f));
	CHECK(dies(unique_clash, &f));
	CHECK(dies(put_then_refuse, &f));
	CHECK(dies(made_up_ordinal, &f));
	CHECK(dies(put_in_a_read, &f));
	fixture_release(&f);
}

int main(void)
{
	static const uint64_t sizes[] = {1, 900, 1025, 70000, 5000000, UINT64_C(1) << 32};
	for (unsigned way = 0; way < 5; way++)
		for (unsigned i = 0; i < COUNT_OF(sizes); i++)
			ordinals_against_model(way * 100 + i, 1, 1 + sizes[i], way);
	ordinals_against_model(7, (1 << 20) - 500, (1 << 20) + 500, 3);
	ordinals_against_model(8, (1 << 22) - 1500, (1 << 22) + 1500, 0);
	ordinals_against_model(9, (UINT64_C(1) << 34) - 5000, (UINT64_C(1) << 34) + 9000, 0);
	holes_stay_small();
	records_against_model(1);
	records_against_model(2);
	wallets_against_model(1);
	wallets_against_model(2);
	bugs_end_the_process();
	return test_end();
}
