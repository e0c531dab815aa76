/* See warm.h. */
#include "store/warm.h"

#include "base/limits.h"

#include <sys/resource.h>
#include <unistd.h>

void warm_init(struct warm *w, struct engine *e, enum engine_warm mode)
{
	w->engine = e;
	w->mode = mode;
	if (mode == ENGINE_WARM_COLD && sysconf(_SC_NPROCESSORS_ONLN) < 2)
		w->mode = ENGINE_WARM_NEVER;
	w->calls = calloc(WARM_CALLS_MAX, sizeof(*w->calls));
	must(w->calls);
	pthread_mutex_init(&w->lock, NULL);
	pthread_cond_init(&w->work, NULL);
	pthread_cond_init(&w->idle, NULL);
}

/* Pages that this thread waited for. */
static uint64_t thread_faults(void)
{
	struct rusage usage;
	return getrusage(RUSAGE_THREAD, &usage) == 0 ? (uint64_t)usage.ru_majflt : 0;
}

/* ---- the threads ---- */

static void run_ahead(struct warm *w, struct reader *r, struct arena *arena,
		      const struct warm_call *call)
{
	char ret[WARM_RET_MAX] __attribute__((aligned(16))) = {0};
	struct write trial = {.merchant = call->merchant,
			      .clock = call->clock,
			      .command = call->command,
			      .handle = call->handle,
			      .actor = call->actor,
			      .cmd = call->cmd,
			      .ret = ret,
			      .arena = arena};
	uint64_t before = thread_faults();
	arena_reset(arena);
	(void)!reader_try(r, &trial);
	atomic_fetch_add(&w->faults, thread_faults() - before);
	atomic_fetch_add(&w->ran, 1);
}

/* Under the lock. Where the lane is already, nobody needs to go. */
static bool take(struct warm *w, struct warm_call *ret)
{
	unsigned lane_at = atomic_load(&w->lane_at);
	if (w->next <= lane_at)
		w->next = lane_at + 1;
	if (w->next >= w->count)
		return false;
	*ret = w->calls[w->next++];
	w->busy++;
	return true;
}

static void *warm_main(void *context)
{
	struct warm *w = context;
	struct reader *r = reader_open(w->engine);
	struct warm_call call;
	struct arena arena;
	arena_init(&arena, CALL_BYTES_MAX);
	pthread_mutex_lock(&w->lock);
	while (!w->stop) {
		if (!take(w, &call)) {
			pthread_cond_wait(&w->work, &w->lock);
			continue;
		}
		pthread_mutex_unlock(&w->lock);
		run_ahead(w, r, &arena, &call);
		pthread_mutex_lock(&w->lock);
		if (--w->busy == 0)
			pthread_cond_signal(&w->idle);
	}
	pthread_mutex_unlock(&w->lock);
	arena_release(&arena);
	reader_close(r);
	return NULL;
}

static void start(struct warm *w)
{
	for (unsigned i = 0; !w->started && i < WARM_THREADS; i++)
		must(pthread_create(&w->threads[i], NULL, warm_main, w) == 0);
	w->started = true;
}

/* ---- the lane ---- */

/* Up to one that cannot be run ahead: places are those of the batch. */
static unsigned copy_calls(struct warm *w, const struct write *first, uint64_t count)
{
	const struct write *at = first;
	unsigned n = 0;
	for (; n < count && n < WARM_CALLS_MAX; n++) {
		if (!write_runs_ahead(at))
			break;
		w->calls[n] = (struct warm_call){at->merchant, at->clock, at->command,
						 at->handle,   at->actor, at->cmd};
		at = at->next;
	}
	return n;
}

void warm_begin(struct warm *w, const struct write *first, uint64_t count)
{
	bool wanted = w->mode == ENGINE_WARM_ALWAYS || w->batches > 0;
	if (w->mode == ENGINE_WARM_NEVER || !wanted || count < 2)
		return;
	start(w);
	pthread_mutex_lock(&w->lock);
	atomic_store(&w->lane_at, 0);
	w->next = 0;
	w->count = copy_calls(w, first, count);
	pthread_cond_broadcast(&w->work);
	pthread_mutex_unlock(&w->lock);
}

void warm_passed(struct warm *w)
{
	atomic_fetch_add_explicit(&w->lane_at, 1, memory_order_relaxed);
}

/* Whoever waited for the disk, the lane or those ahead of it: the batch was cold. */
static void look_back(struct warm *w, uint64_t ran)
{
	uint64_t faults = thread_faults() + atomic_load(&w->faults);
	if ((faults - w->last_faults) * WARM_SHARE > ran)
		w->batches = WARM_BATCHES;
	else if (w->batches > 0)
		w->batches--;
	w->last_faults = faults;
}

void warm_end(struct warm *w, uint64_t ran)
{
	if (w->mode == ENGINE_WARM_NEVER)
		return;
	if (w->started) {
		pthread_mutex_lock(&w->lock);
		w->count = 0;
		while (w->busy > 0)
			pthread_cond_wait(&w->idle, &w->lock);
		pthread_mutex_unlock(&w->lock);
	}
	look_back(w, ran);
}

void warm_release(struct warm *w)
{
	pthread_mutex_lock(&w->lock);
	w->stop = true;
	pthread_cond_broadcast(&w->work);
	pthread_mutex_unlock(&w->lock);
	for (unsigned i = 0; w->started && i < WARM_THREADS; i++)
		pthread_join(w->threads[i], NULL);
	pthread_mutex_destroy(&w->lock);
	pthread_cond_destroy(&w->work);
	pthread_cond_destroy(&w->idle);
	free(w->calls);
}
