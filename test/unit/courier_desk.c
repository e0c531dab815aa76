/* The agenda against a plain array; a desk of the test's own: who rings is looked at, what says
 * when is looked at then, the scan finds the others, leases are kept and given back. */
#include "engine_kit.h"

#include "courier/desk.h"
#include "domain/domain.h"

/* --- the agenda --- */

enum { MERCHANTS = 300, NOT_THERE = -1 };

static void check_takes(struct agenda *a, int64_t due[MERCHANTS], int64_t now)
{
	uint64_t merchant;
	while (agenda_take(a, now, &merchant)) {
		if (!CHECK(merchant < MERCHANTS && due[merchant] != NOT_THERE))
			return;
		bool first = due[merchant] <= now;
		for (unsigned i = 0; i < MERCHANTS; i++)
			first = first && (due[i] == NOT_THERE || due[i] >= due[merchant]);
		CHECK(first);
		due[merchant] = NOT_THERE;
	}
	int64_t next = INT64_MAX;
	for (unsigned i = 0; i < MERCHANTS; i++)
		if (due[i] != NOT_THERE && due[i] < next)
			next = due[i];
	CHECK(next > now);
	CHECK_INT(agenda_next_ms(a), next);
}

static void test_agenda(uint64_t seed)
{
	struct agenda a = {0};
	int64_t due[MERCHANTS];
	uint64_t random = seed;
	for (unsigned i = 0; i < MERCHANTS; i++)
		due[i] = NOT_THERE;
	for (int64_t now = 0; now < 2000; now++) {
		random = random * UINT64_C(6364136223846793005) + 1442695040888963407;
		uint64_t merchant = (random >> 33) % MERCHANTS;
		int64_t at = now + (int64_t)(random >> 50) % 100;
		agenda_add(&a, merchant, at);
		if (due[merchant] == NOT_THERE || due[merchant] > at)
			due[merchant] = at;
		if (now % 7 == 0)
			check_takes(&a, due, now);
	}
	agenda_release(&a);
}

/* --- a desk --- */

static _Atomic unsigned looks[4];
static _Atomic bool has_lease;

static int64_t look(struct desk *d, const struct desk_merchant *m)
{
	unsigned n = m->number < COUNT_OF(looks) ? ++looks[m->number] : 0;
	if (m->number == 1)
		has_lease = desk_lease(d, m, LEASE_JOB, 9);
	return m->number == 2 && n < 5 ? 10 : DESK_WAITS;
}

static const struct desk_kind kind = {.name = "test", .chore = CHORE_UPKEEP, .look = look};

static bool reaches(_Atomic unsigned *count, unsigned least)
{
	for (unsigned ms = 0; ms < 5000 && *count < least; ms++)
		usleep(1000);
	return *count >= least;
}

static void add_merchant(struct engine *e, const char *name)
{
	struct merchant_add_cmd cmd = {.name = text_of(name)};
	struct merchant_add_ret ret;
	CHECK_INT(kit_run(e, 0, merchant_add, &cmd, &ret), OK);
}

static bool lease_is_free(struct engine *e)
{
	struct lease_take_cmd cmd = {.kind = LEASE_JOB, .of = 9, .owner = 12345, .lease_ms = 1000};
	struct lease_take_ret ret = {0};
	CHECK_INT(kit_run(e, 1, lease_take, &cmd, &ret), OK);
	return ret.mine;
}

static void test_desk(const char *dir)
{
	struct engine_config config = kit_config(dir);
	struct engine *e = kit_open(&config);
	struct courier_config outside = {0};
	struct desk *d = calloc(1, sizeof(*d));
	must(d);
	struct origin_create_cmd origin = {7};
	struct origin_create_ret made;
	CHECK_INT(kit_run(e, 0, origin_create, &origin, &made), OK);
	add_merchant(e, "one");
	add_merchant(e, "two");
	*d = (struct desk){.kind = &kind, .config = &outside, .engine = e, .owner = 77};
	CHECK(desk_start(d));
	CHECK(reaches(&looks[1], 1)); /* the first scan */
	CHECK(reaches(&looks[2], 5)); /* when it said */
	unsigned before = looks[1];
	desk_ring(d, 1);
	CHECK(reaches(&looks[1], before + 1));
	CHECK(has_lease);
	CHECK(!lease_is_free(e));
	desk_ring(d, 99); /* no such merchant */
	add_merchant(e, "three");
	desk_ring(d, 0); /* all */
	CHECK(reaches(&looks[3], 1));
	desk_stop(d);
	CHECK(lease_is_free(e));
	free(d);
	engine_close(e);
}

/* --- upkeep --- */

/* Holds are swept up to the present minute in one go, however long nobody did. */
static void test_upkeep(const char *dir)
{
	enum { MINUTES_BEHIND = 3000, MINUTES_QUIET = 60 };
	struct engine_config config = kit_config(dir);
	struct engine *e = kit_open(&config);
	struct origin_create_cmd origin = {7};
	struct origin_create_ret made;
	uint64_t now = (uint64_t)kit_clock(NULL).ms / (60 * 1000), swept = 0;
	struct kit_set tally = {
	    .kind = TALLY_SWEPT, .of = 0, .n = 1, .count = now - MINUTES_BEHIND};
	char none;
	CHECK_INT(kit_run(e, 0, origin_create, &origin, &made), OK);
	add_merchant(e, "one");
	CHECK_INT(kit_run(e, 1, kit_set, &tally, &none), OK);
	struct upkeep *u = upkeep_start(e, 2000);
	for (unsigned ms = 0; ms < 3500 && swept + MINUTES_QUIET < now; ms += 10) {
		usleep(10 * 1000);
		swept = kit_read(e, 1, TALLY_SWEPT, 0);
	}
	CHECK(swept + MINUTES_QUIET >= now);
	upkeep_stop(u);
	engine_close(e);
}

int main(void)
{
	for (uint64_t seed = 1; seed <= 5; seed++)
		test_agenda(seed);
	test_desk(kit_dir("desk"));
	test_upkeep(kit_dir("upkeep"));
	return test_end();
}
