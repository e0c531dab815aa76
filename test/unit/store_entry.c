/*
 * Entries: a replay of what random commands wrote gives the same rows byte for byte; nothing
 * personal stands in an entry; a wiped key leaves the rest; no bytes crash entry_apply.
 */
#include "base/limits.h"
#include "store/engine.h"
#include "store/entry.h"
#include "store_fixture.h"

/* --- random commands over all tables --- */

enum { PEOPLE = 60, NAMES = 25 };

/* Texts that nothing else contains, for finding them in entries. */
static struct text word(struct fixture *f, const char *what, uint64_t n)
{
	return arena_format(&f->arena, "%s-%llu-secret", what, (unsigned long long)n);
}

/* A unique value for the record, or none when another has it. */
static struct text free_word(struct fixture *f, struct tx *tx, enum unique unique, uint64_t number,
			     const char *what, uint64_t n)
{
	const struct unique_shape *u = &unique_shapes[unique];
	const struct record_shape *s = &record_shapes[u->table];
	union record other = {0};
	bool found;
	struct text t = word(f, what, n);
	*field_text(&s->fields[u->value], &other) = t;
	must(store_find(tx, unique, &other, &found) == OK);
	return found && field_number(&s->fields[0], &other) != number ? TEXT_NONE : t;
}

static void change_customer(struct fixture *f, struct random *r, struct tx *tx)
{
	struct customer c = {.number = 1 + random_below(r, PEOPLE)};
	bool found;
	must(store_get(tx, TABLE_CUSTOMER, &c, &found) == OK);
	if (found && random_below(r, 8) == 0) {
		store_del(tx, TABLE_CUSTOMER, &c);
		return;
	}
	if (!found)
		c.key_slot = store_key_slot(tx);
	if (!found || random_below(r, 2))
		c.phone = random_below(r, 3) ? free_word(f, tx, UNIQUE_CUSTOMER_BY_PHONE, c.number,
							 "phone", random_below(r, 100))
					     : TEXT_NONE;
	if (random_below(r, 2))
		c.nick = free_word(f, tx, UNIQUE_CUSTOMER_BY_NICK, c.number, "nick",
				   random_below(r, 100));
	c.name = random_below(r, 2) ? word(f, "name", random_below(r, NAMES)) : c.name;
	c.label_tag = c.name.size ? store_tag(tx, &c.name, 1) : TEXT_NONE;
	c.customer_id = arena_format(&f->arena, "C%llu", (unsigned long long)c.number);
	store_put(tx, TABLE_CUSTOMER, &c);
}

static void change_coupon(struct fixture *f, struct random *r, struct tx *tx)
{
	struct coupon c = {.customer = random_below(r, 6)}, *rows;
	c.shelf = c.customer ? 0 : 8;
	struct page page = {.list = LIST_WALLET, .owner = &c, .from = random_below(r, 20), .n = 1};
	unsigned n;
	uint64_t count;
	must(store_page(tx, &page, &rows, &n, &count) == OK);
	if (n == 0 || random_below(r, 4) == 0) {
		c.id = store_number(tx);
		c.code = random_below(r, 2)
			     ? arena_format(&f->arena, "code-%llu", (unsigned long long)c.id)
			     : TEXT_NONE;
		c.channel = random_below(r, 2) ? TEXT("app") : TEXT_NONE;
		c.issued = f->tx.env.now;
		store_put(tx, TABLE_COUPON, &c);
		return;
	}
	struct coupon old = *rows, new = old;
	switch (random_below(r, 4)) {
	case 0:
		store_del(tx, TABLE_COUPON, &old);
		return;
	case 1:
		new.customer = random_below(r, 6);
		new.shelf = new.customer ? 0 : 8;
		new.code = random_below(r, 3) ? new.code : TEXT_NONE;
		store_move(tx, TABLE_COUPON, &old, &new);
		return;
	case 2:
		new.channel = random_below(r, 2) ? TEXT("web") : TEXT("app");
		break;
	default:
		new.state++;
	}
	store_put(tx, TABLE_COUPON, &new);
}

static void change_campaign(struct random *r, struct tx *tx)
{
	struct campaign c = {.number = 1 + random_below(r, 20)};
	bool found;
	must(store_get(tx, TABLE_CAMPAIGN, &c, &found) == OK);
	c.live = random_below(r, 6) != 0;
	c.activity_id = c.number;
	c.made_by_wjb = random_below(r, 2);
	c.name = random_below(r, 2) ? TEXT("spring") : TEXT("");
	if (random_below(r, 2))
		store_relist(LIST_CAMPAIGNS_BY_CHANGE, &c);
	store_put(tx, TABLE_CAMPAIGN, &c);
}

static void change_member(struct fixture *f, struct random *r, struct tx *tx)
{
	struct member m = {.campaign = random_below(r, 3), .customer = random_below(r, PEOPLE)};
	bool found;
	must(store_get(tx, TABLE_MEMBER, &m, &found) == OK);
	if (!found)
		m.key_slot = 1 + random_below(r, f->keys.taken ? f->keys.taken : 1);
	m.cover = random_below(r, 3);
	m.registered = random_below(r, 2);
	m.information = m.registered ? word(f, "information", random_below(r, 1000)) : TEXT_NONE;
	store_put(tx, TABLE_MEMBER, &m);
}

static void change_request(struct fixture *f, struct random *r, struct tx *tx)
{
	struct request q = {.class = 1, .bucket = random_below(r, 50)}, stale[8];
	struct text part = word(f, "request", random_below(r, 10000));
	unsigned n;
	q.tag = store_tag(tx, &part, 1);
	q.result = TEXT("\1\2");
	store_put(tx, TABLE_REQUEST, &q);
	if (random_below(r, 10))
		return;
	must(store_stale_requests(tx, 1, 20, COUNT_OF(stale), stale, &n) == OK);
	for (unsigned i = 0; i < n; i++) {
		CHECK(stale[i].bucket < 20 && stale[i].tag.size == 16);
		store_del(tx, TABLE_REQUEST, &stale[i]);
	}
}

static void change_credential(struct random *r, struct tx *tx)
{
	static const struct text names[] = {TEXT("a"), TEXT("bb"), TEXT("ccc")};
	struct credential c = {.dialect = 1, .name = names[random_below(r, 3)]};
	bool found;
	must(store_get(tx, TABLE_CREDENTIAL, &c, &found) == OK);
	c.secret = store_seal(tx, TABLE_CREDENTIAL, TEXT("k"), TEXT("master-sealed-secret"));
	c.created = tx->env.now;
	store_put(tx, TABLE_CREDENTIAL, &c);
	CHECK(tx->wrote_credential);
}

static void command(struct fixture *f, struct random *r)
{
	struct tx *tx = fixture_write(f);
	switch (random_below(r, 6)) {
	case 0:
		change_customer(f, r, tx);
		break;
	case 1:
		change_coupon(f, r, tx);
		break;
	case 2:
		change_campaign(r, tx);
		change_campaign(r, tx);
		change_campaign(r, tx);
		break;
	case 3:
		change_member(f, r, tx);
		change_member(f, r, tx);
		break;
	case 4:
		change_request(f, r, tx);
		break;
	default:
		change_credential(r, tx);
	}
	fixture_end(f);
	f->now_ms += (int64_t)random_below(r, 100) - 30; /* the clock may step back */
}

static struct text ledger_has(const struct fixture *f, struct text what)
{
	const char *at = memmem(f->ledger.data, f->ledger.size, what.data, what.size);
	return at ? (struct text){at, what.size} : TEXT_NONE;
}

static bool row_has(struct rows_memory *m, struct text what, enum row_kind kind)
{
	for (size_t i = 0; i < m->slot_count; i++) {
		const struct memory_row *row = &m->slots[i];
		if (!row->live || row->key.data[0] != (char)kind)
			continue;
		if (memmem(row->key.data, row->key.size, what.data, what.size) ||
		    (row->value.size &&
		     memmem(row->value.data, row->value.size, what.data, what.size)))
			return true;
	}
	return false;
}

static void replay_is_the_same(uint64_t seed)
{
	struct fixture f;
	struct random r = {seed};
	struct rows_memory again;
	static struct fake_keyring keys;
	fixture_init(&f);
	for (unsigned i = 0; i < 6000; i++) {
		command(&f, &r);
		arena_reset(&f.arena);
	}
	fake_keyring_init(&keys);
	if (!CHECK(fixture_replay(&f, &keys, &again)) || !CHECK(memory_equal(&f.rows, &again)))
		fprintf(stderr, "     seed %llu\n", (unsigned long long)seed);
	CHECK_INT(keys.taken, f.keys.taken);
	CHECK(row_has(&f.rows, TEXT("phone-"), ROW_UNIQUE));
	CHECK(row_has(&f.rows, TEXT("information-"), ROW_RECORD));
	CHECK(!row_has(&f.rows, TEXT("master-sealed"), ROW_RECORD));
	CHECK_INT(ledger_has(&f, TEXT("secret")).size, 0);
	CHECK_INT(ledger_has(&f, TEXT("phone-")).size, 0);
	CHECK(ledger_has(&f, TEXT("code-")).size != 0);
	memory_release(&again);
	fixture_release(&f);
}

/* --- one by one --- */

static struct customer ann(struct fixture *f, struct tx *tx)
{
	struct customer c = {.number = store_number(tx),
			     .customer_id = TEXT("C1"),
			     .name = TEXT("Ann Example"),
			     .phone = TEXT("13800000000"),
			     .nick = TEXT("annie")};
	c.key_slot = store_key_slot(tx);
	c.label_tag = store_tag(tx, &c.name, 1);
	(void)f;
	return c;
}

static void wiped_key(void)
{
	struct fixture f;
	struct rows_memory again;
	static struct fake_keyring keys;
	bool found;
	fixture_init(&f);
	struct tx *tx = fixture_write(&f);
	struct customer c = ann(&f, tx), bob;
	store_put(tx, TABLE_CUSTOMER, &c);
	bob = c;
	bob.number = store_number(tx);
	bob.key_slot = store_key_slot(tx);
	bob.customer_id = TEXT("C2");
	bob.phone = TEXT("13900000000");
	bob.nick = TEXT_NONE;
	memset(bob.at, 0, sizeof(bob.at));
	store_put(tx, TABLE_CUSTOMER, &bob);
	fixture_end(&f);
	/* a value is given up, too */
	tx = fixture_write(&f);
	c.phone = TEXT("13700000000");
	store_put(tx, TABLE_CUSTOMER, &c);
	fixture_end(&f);
	CHECK_INT(ledger_has(&f, TEXT("Example")).size, 0);
	CHECK_INT(ledger_has(&f, TEXT("13800000000")).size, 0);

	fake_keyring_init(&keys);
	keys.wiped[c.key_slot] = true;
	CHECK(fixture_replay(&f, &keys, &again));
	CHECK(!row_has(&again, TEXT("13800000000"), ROW_UNIQUE) &&
	      !row_has(&again, TEXT("13700000000"), ROW_UNIQUE));
	CHECK(row_has(&again, TEXT("13900000000"), ROW_UNIQUE));
	struct env env = {.arena = &f.arena};
	struct tx read = {0};
	struct customer back = {.number = c.number};
	uint64_t count;
	tx_init_read(&read, &again.rows, &keys.ring, f.merchant, &env, &f.detail);
	CHECK(store_get(&read, TABLE_CUSTOMER, &back, &found) == OK && found);
	CHECK(back.name.size == 0 && back.phone.size == 0 && back.nick.size == 0 &&
	      back.key_slot == c.key_slot);
	CHECK_TEXT(back.customer_id, "C1");
	CHECK(store_count(&read, LIST_CUSTOMERS_BY_LABEL, &back, &count) == OK && count == 2);
	CHECK(store_find(&read, UNIQUE_CUSTOMER_BY_ID, &back, &found) == OK && found);
	memory_release(&again);
	fixture_release(&f);
}

static void nothing_put_no_entry(void)
{
	struct fixture f;
	fixture_init(&f);
	struct tx *tx = fixture_write(&f);
	struct customer c = ann(&f, tx);
	store_put(tx, TABLE_CUSTOMER, &c);
	CHECK_INT(fixture_end(&f), 1);
	uint64_t puts = f.rows.put_count;
	/* the same again */
	tx = fixture_write(&f);
	store_put(tx, TABLE_CUSTOMER, &c);
	CHECK_INT(fixture_end(&f), 0);
	/* only a number was taken, only looked */
	tx = fixture_write(&f);
	CHECK_INT(store_number(tx), 2);
	store_del(tx, TABLE_CUSTOMER, &(struct customer){.number = 77});
	CHECK_INT(fixture_end(&f), 0);
	CHECK_INT(f.rows.put_count, puts);
	/* a refusal */
	tx = fixture_write(&f);
	char field[] = "value";
	CHECK(refuse(tx, FAULT_VALUE_TAKEN, TEXT("phone"), (struct text){field, 5}) ==
	      FAULT_VALUE_TAKEN);
	memset(field, 'x', 5);
	CHECK_TEXT(f.detail.field, "phone");
	CHECK_TEXT(f.detail.value, "value");
	tx_release(tx);
	/* thrown away */
	c.name = TEXT("Other");
	store_put(fixture_write(&f), TABLE_CUSTOMER, &c);
	tx_discard(&f.tx);
	tx_release(&f.tx);
	/* numbers that were not written down come again */
	CHECK_INT(store_number(fixture_write(&f)), 2);
	tx_release(&f.tx);
	fixture_release(&f);
}

static void heads(void)
{
	struct fixture f;
	struct head head, none;
	uint64_t merchant, number;
	struct instant instant;
	struct text actor, entry, ledger;
	unsigned command_id;
	uint8_t zero[32] = {0}, hash[32];
	fixture_init(&f);
	CHECK(!head_read(&f.rows.rows, f.merchant, &none) && none.number == 0);
	for (unsigned i = 1; i <= 3; i++) {
		struct department d = {.number = store_number(fixture_write(&f))};
		store_put(&f.tx, TABLE_DEPARTMENT, &d);
		CHECK_INT(fixture_end(&f), i);
		f.now_ms -= 1000; /* a clock that steps back does not take the order along */
	}
	CHECK(head_read(&f.rows.rows, f.merchant, &head));
	CHECK_INT(head.number, 3);
	CHECK_INT(head.next_number, 4);
	CHECK_INT(head.instant.ms, INT64_C(1700000000000));
	ledger = buffer_get(&f.ledger);
	memcpy(hash, zero, 32);
	for (unsigned i = 1; i <= 3; i++) {
		CHECK(slice_take(&ledger, &entry));
		CHECK(entry_envelope(entry, &merchant, &number, &instant, &actor, &command_id));
		CHECK(merchant == f.merchant && number == i && command_id == 5);
		CHECK_TEXT(actor, "test");
		entry_hash(hash, entry, hash);
	}
	CHECK(memcmp(hash, head.hash, 32) == 0);
	/* out of order */
	struct rows_memory again;
	struct head next;
	memory_init(&again);
	CHECK(!entry_apply(&again.rows, &f.keys.ring, entry, &none, &next));
	memory_release(&again);
	fixture_release(&f);
}

static void secrets_and_tags(void)
{
	struct fixture f;
	struct text clear;
	fixture_init(&f);
	struct tx *tx = fixture_write(&f);
	struct text sealed = store_seal(tx, TABLE_CREDENTIAL, TEXT("k"), TEXT("hush"));
	CHECK(store_open_sealed(tx, TABLE_CREDENTIAL, TEXT("k"), sealed, &clear));
	CHECK_TEXT(clear, "hush");
	CHECK(!store_open_sealed(tx, TABLE_MERCHANT, TEXT("k"), sealed, &clear));
	CHECK(!store_open_sealed(tx, TABLE_CREDENTIAL, TEXT("l"), sealed, &clear));
	CHECK(store_seal(tx, TABLE_CREDENTIAL, TEXT("k"), TEXT_NONE).size == 0);
	CHECK(store_open_sealed(tx, TABLE_CREDENTIAL, TEXT("k"), TEXT_NONE, &clear) &&
	      clear.size == 0);
	for (size_t i = 0; i < sealed.size; i++) {
		struct text bent = arena_text(&f.arena, sealed);
		*(char *)(uintptr_t)(bent.data + i) ^= 1;
		CHECK(!store_open_sealed(tx, TABLE_CREDENTIAL, TEXT("k"), bent, &clear));
		CHECK(!store_open_sealed(tx, TABLE_CREDENTIAL, TEXT("k"),
					 (struct text){sealed.data, i ? i : 1}, &clear));
	}
	struct text a[] = {TEXT("ab"), TEXT("c")}, b[] = {TEXT("a"), TEXT("bc")};
	struct text tag = store_tag(tx, a, 2);
	CHECK(tag.size == 16 && text_equal(tag, store_tag(tx, a, 2)));
	CHECK(!text_equal(tag, store_tag(tx, b, 2)));
	tx_release(tx);
	f.merchant = 3;
	CHECK(!text_equal(tag, store_tag(fixture_read(&f), a, 2)));
	CHECK(!store_open_sealed(&f.tx, TABLE_CREDENTIAL, TEXT("k"), sealed, &clear));
	fixture_release(&f);
}

/* Three records trade a unique value inside one command; a clash would end the process. */
static void unique_values_trade(void)
{
	struct fixture f;
	struct rows_memory again;
	static struct fake_keyring keys;
	bool found;
	fixture_init(&f);
	struct tx *tx = fixture_write(&f);
	struct department a = {.number = 1, .code = TEXT("X")},
			  b = {.number = 2, .code = TEXT("Y")};
	store_put(tx, TABLE_DEPARTMENT, &a);
	store_put(tx, TABLE_DEPARTMENT, &b);
	fixture_end(&f);
	tx = fixture_write(&f);
	a.code = TEXT_NONE;
	store_put(tx, TABLE_DEPARTMENT, &a);
	b.code = TEXT("X");
	store_put(tx, TABLE_DEPARTMENT, &b);
	a.code = TEXT("Y");
	store_put(tx, TABLE_DEPARTMENT, &a);
	struct department d = {.code = TEXT("X")};
	CHECK(store_find(tx, UNIQUE_DEPARTMENT_BY_CODE, &d, &found) == OK && found &&
	      d.number == 2);
	fixture_end(&f);
	fake_keyring_init(&keys);
	CHECK(fixture_replay(&f, &keys, &again) && memory_equal(&f.rows, &again));
	memory_release(&again);
	fixture_release(&f);
}

/* One command with 3,000 list states, then one that takes it all back. */
static void large_command(void)
{
	enum { PIECES = 1500 };
	struct fixture f;
	struct rows_memory again;
	static struct fake_keyring keys;
	static struct coupon coupons[PIECES];
	uint64_t count;
	fixture_init(&f);
	struct tx *tx = fixture_write(&f);
	for (unsigned i = 0; i < PIECES; i++) {
		coupons[i] = (struct coupon){.customer = i, .shelf = i ? 0 : 1, .id = i + 1};
		coupons[i].channel = arena_format(&f.arena, "channel %u", i);
		store_want(tx, TABLE_COUPON, &coupons[i]);
		store_want_unique(tx, UNIQUE_COUPON_BY_ID, &coupons[i]);
		store_put(tx, TABLE_COUPON, &coupons[i]);
	}
	CHECK(store_merchant(tx) == f.merchant);
	CHECK(store_count(tx, LIST_COUPONS, NULL, &count) == OK && count == PIECES);
	fixture_end(&f);
	size_t full = memory_count(&f.rows);
	tx = fixture_write(&f);
	for (unsigned i = 0; i < PIECES; i++)
		store_del(tx, TABLE_COUPON, &coupons[(i * 7) % PIECES]);
	fixture_end(&f);
	CHECK(store_count(fixture_read(&f), LIST_COUPONS, NULL, &count) == OK && count == 0);
	/* head, states of 2 * PIECES + 1 lists, no holes left behind but a few */
	CHECK(full > 6 * PIECES && memory_count(&f.rows) < 2 * PIECES + 10);
	fake_keyring_init(&keys);
	CHECK(fixture_replay(&f, &keys, &again) && memory_equal(&f.rows, &again));
	memory_release(&again);
	fixture_release(&f);
}

/* Rows that are not what this code writes are a fault for reads, not a crash. */
static void damaged_rows(void)
{
	struct fixture f;
	struct key k;
	bool found;
	struct department *rows;
	unsigned n;
	uint64_t count, first;
	struct page page = {.list = LIST_DEPARTMENTS, .n = 5};
	fixture_init(&f);
	struct department d = {.number = 7, .code = TEXT("A"), .name = TEXT("shop")};
	store_put(fixture_write(&f), TABLE_DEPARTMENT, &d);
	fixture_end(&f);
	key_record(&k, f.merchant, TABLE_DEPARTMENT, &d);
	row_put(&f.rows.rows, key_get(&k), TEXT("\1\1\377"));
	CHECK(store_get(fixture_read(&f), TABLE_DEPARTMENT, &d, &found) == FAULT_DATA_DAMAGED);
	CHECK(store_page(&f.tx, &page, &rows, &n, &count) == FAULT_DATA_DAMAGED);
	row_del(&f.rows.rows, key_get(&k));
	d.code = TEXT("A");
	CHECK(store_find(&f.tx, UNIQUE_DEPARTMENT_BY_CODE, &d, &found) == FAULT_DATA_DAMAGED);
	CHECK(store_page(&f.tx, &page, &rows, &n, &count) == FAULT_DATA_DAMAGED);
	key_unique(&k, f.merchant, UNIQUE_DEPARTMENT_BY_CODE, &d);
	row_put(&f.rows.rows, key_get(&k), TEXT("\377"));
	CHECK(store_find(&f.tx, UNIQUE_DEPARTMENT_BY_CODE, &d, &found) == FAULT_DATA_DAMAGED);
	struct key list;
	key_list(&list, f.merchant, LIST_DEPARTMENTS, NULL);
	key_of_list(&k, ROW_ENTRY, &list);
	key_add_number(&k, 1);
	row_del(&f.rows.rows, key_get(&k));
	CHECK(store_window(&f.tx, LIST_DEPARTMENTS, NULL, d.created, (struct instant){5}, &first,
			   &count) == FAULT_DATA_DAMAGED);
	row_put(&f.rows.rows, key_get(&list), TEXT("\5\1"));
	CHECK(store_count(&f.tx, LIST_DEPARTMENTS, NULL, &count) == FAULT_DATA_DAMAGED);
	/* three of 1 to 99 left, but no row says which are gone */
	row_put(&f.rows.rows, key_get(&list), TEXT("\144\3\1"));
	CHECK(store_page(&f.tx, &page, &rows, &n, &count) == FAULT_DATA_DAMAGED);
	fixture_release(&f);
}

static void descriptions(void)
{
	struct fixture f;
	struct text ledger, entry;
	struct ledger_entry e;
	fixture_init(&f);
	struct tx *tx = fixture_write(&f);
	struct customer c = ann(&f, tx);
	store_put(tx, TABLE_CUSTOMER, &c);
	struct coupon coupon = {.customer = c.number, .id = 77, .code = TEXT("K1"), .template = 9};
	store_put(tx, TABLE_COUPON, &coupon);
	fixture_end(&f);
	ledger = buffer_get(&f.ledger);
	CHECK(slice_take(&ledger, &entry) && entry_describe(&f.arena, entry, &e));
	CHECK(e.merchant == f.merchant && e.number == 1 && e.coupon_count == 1 &&
	      e.coupons[0] == 77);
	CHECK(e.row_count >= 4);
	CHECK(text_starts_with(
	    e.rows[0], TEXT("put customer number=1 key_slot=1 customer_id=C1 name=(sealed)")));
	CHECK_TEXT(e.rows[1], "put coupon customer=1 shelf=0 ordinal=1 id=77 code=K1 template=9");
	CHECK_TEXT(e.rows[2], "list CUSTOMERS  count=1 first=1 next=2");
	fixture_release(&f);
}

/* --- hostile bytes --- */

static void try_bytes(struct text bytes, const struct head *prev)
{
	static struct fake_keyring keys;
	struct rows_memory rows;
	struct head head;
	struct arena arena;
	struct ledger_entry e;
	char *exact = malloc(bytes.size ? bytes.size : 1);
	memcpy(exact, bytes.data, bytes.size);
	fake_keyring_init(&keys);
	memory_init(&rows);
	arena_init(&arena, 1 << 24);
	bool good =
	    entry_apply(&rows.rows, &keys.ring, (struct text){exact, bytes.size}, prev, &head);
	bool told = entry_describe(&arena, (struct text){exact, bytes.size}, &e);
	CHECK(!good || told); /* what can be applied can be shown */
	arena_release(&arena);
	memory_release(&rows);
	free(exact);
}

static void hostile_bytes(uint64_t seed)
{
	struct fixture f;
	struct random r = {seed};
	fixture_init(&f);
	for (unsigned i = 0; i < 150; i++) {
		command(&f, &r);
		arena_reset(&f.arena);
	}
	struct text ledger = buffer_get(&f.ledger), entry;
	struct head prev = {0};
	while (slice_take(&ledger, &entry)) {
		char bytes[8192];
		if (entry.size > sizeof(bytes))
			continue;
		for (unsigned i = 0; i < 60; i++) {
			size_t size = entry.size;
			memcpy(bytes, entry.data, size);
			for (unsigned n = (unsigned)random_below(&r, 4); n-- > 0;)
				bytes[random_below(&r, size)] =
				    (char)(random_below(&r, 2) ? random_next(&r)
							       : random_below(&r, 20));
			if (random_below(&r, 4) == 0)
				size = random_below(&r, size);
			try_bytes((struct text){bytes, size}, &prev);
		}
		prev.number++;
	}
	fixture_release(&f);
}

int main(void)
{
	replay_is_the_same(1);
	replay_is_the_same(2);
	replay_is_the_same(3);
	wiped_key();
	nothing_put_no_entry();
	heads();
	secrets_and_tags();
	unique_values_trade();
	large_command();
	damaged_rows();
	descriptions();
	hostile_bytes(1);
	hostile_bytes(2);
	return test_end();
}
