/*
 *   agreed    a step of more than 2 s, seen by wall_check      -> stepped
 *             (ahead_ms follows slow corrections)
 *   stepped   the clock is back within 2 s, or wall_accept     -> agreed
 *   doubtful  from the start, when the clock is before the ledger's newest batch, or is not
 *             synchronised and a day past it; the clock is right again, or wall_accept -> agreed
 */
#include "store/clock.h"

#include <sys/timex.h>
#include <time.h>

enum { STEP_MS_MAX = 2000, GAP_MS_MAX = 24 * 60 * 60 * 1000 };

static int64_t read_ms(clockid_t clock)
{
	struct timespec t;
	clock_gettime(clock, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

struct instant wall_read(void)
{
	return (struct instant){read_ms(CLOCK_REALTIME)};
}

static bool synchronised(void)
{
	struct timex t = {0};
	return adjtimex(&t) != TIME_ERROR && (t.status & STA_UNSYNC) == 0;
}

void wall_init(struct wall *w, struct instant (*given)(void *), void *context,
	       struct instant recorded)
{
	w->given = given;
	w->context = context;
	atomic_init(&w->ahead_ms, read_ms(CLOCK_REALTIME) - read_ms(CLOCK_BOOTTIME));
	atomic_init(&w->recorded_ms, recorded.ms);
}

struct instant wall_now(struct wall *w)
{
	return w->given ? w->given(w->context) : wall_read();
}

static bool doubtful(struct wall *w, int64_t now)
{
	int64_t recorded = atomic_load(&w->recorded_ms);
	if (recorded == 0)
		return false;
	if (now < recorded - STEP_MS_MAX || (now > recorded + GAP_MS_MAX && !synchronised()))
		return true;
	atomic_store(&w->recorded_ms, 0);
	return false;
}

enum fault wall_check(struct wall *w)
{
	if (w->given)
		return OK;
	int64_t now = read_ms(CLOCK_REALTIME), ahead = now - read_ms(CLOCK_BOOTTIME);
	int64_t step = ahead - atomic_load(&w->ahead_ms);
	if (step > STEP_MS_MAX || step < -STEP_MS_MAX)
		return FAULT_CLOCK_UNSURE;
	atomic_store(&w->ahead_ms, ahead);
	return doubtful(w, now) ? FAULT_CLOCK_UNSURE : OK;
}

void wall_accept(struct wall *w)
{
	atomic_store(&w->ahead_ms, read_ms(CLOCK_REALTIME) - read_ms(CLOCK_BOOTTIME));
	atomic_store(&w->recorded_ms, 0);
}
