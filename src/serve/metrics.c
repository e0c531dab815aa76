/* See metrics.h. Counters are written by one thread and read by others: relaxed atomics. */
#include "serve/metrics.h"

#include <pthread.h>
#include <stdatomic.h>

#include "courier/courier.h"
#include "dialect/dialect.h"
#include "serve/worker.h"
#include "store/engine.h"

/* Upper bounds of the latency histogram, in microseconds. */
static const uint64_t bounds_us[] = {50,    100,   250,	  500,	  1000,	  2500,	   5000,
				     10000, 25000, 50000, 100000, 250000, 1000000, 5000000};

enum { METHODS_MAX = 160 };

struct method_share {
	_Atomic uint64_t by_fault[FAULT_COUNT];
	_Atomic uint64_t by_bound[COUNT_OF(bounds_us) + 1];
	_Atomic uint64_t sum_us;
};
struct metrics_share {
	struct metrics_share *next;
	_Atomic uint64_t refused;
	_Atomic uint64_t passed[HTTP_PASS_UNKNOWN + 1];
	struct method_share methods[METHODS_MAX];
};
struct metrics {
	pthread_mutex_t lock;
	struct metrics_share *shares;
};
struct metrics_all {
	uint64_t connections, refused, log_dropped, ready;
};

static const struct dialect_row *const dialects[] = {
    &dialect_wjb, &dialect_wjb_spi, &dialect_waiqin, &dialect_top, &dialect_zvcms, &dialect_native};

struct metrics *metrics_new(void)
{
	struct metrics *m = calloc(1, sizeof(*m));
	must(m);
	pthread_mutex_init(&m->lock, NULL);
	return m;
}

void metrics_free(struct metrics *m)
{
	while (m->shares) {
		struct metrics_share *next = m->shares->next;
		free(m->shares);
		m->shares = next;
	}
	pthread_mutex_destroy(&m->lock);
	free(m);
}

struct metrics_share *metrics_share_new(struct metrics *m)
{
	struct metrics_share *s = calloc(1, sizeof(*s));
	must(s);
	pthread_mutex_lock(&m->lock);
	s->next = m->shares;
	m->shares = s;
	pthread_mutex_unlock(&m->lock);
	return s;
}

/* One writer: a plain load and store is enough, and cheaper than a locked add. */
static void count(_Atomic uint64_t *counter, uint64_t n)
{
	atomic_store_explicit(counter, atomic_load_explicit(counter, memory_order_relaxed) + n,
			      memory_order_relaxed);
}

/* Slots: each dialect has its methods in a row, then one for calls without a method. */
static unsigned method_slot(const struct dialect_row *dialect, const struct method *method)
{
	unsigned slot = 0;

	for (size_t i = 0; i < COUNT_OF(dialects); i++) {
		if (dialects[i] == dialect)
			return slot + (method ? (unsigned)(method - dialect->methods)
					      : dialect->method_count);
		slot += dialects[i]->method_count + 1;
	}
	must_failed("a dialect of the table", __FILE__, __LINE__);
}

void metrics_call(struct metrics_share *s, const struct dialect_row *dialect,
		  const struct method *method, enum fault fault, uint64_t us)
{
	unsigned slot = method_slot(dialect, method);
	must(slot < METHODS_MAX);
	struct method_share *share = &s->methods[slot];
	size_t bound = 0;

	while (bound < COUNT_OF(bounds_us) && us > bounds_us[bound])
		bound++;
	count(&share->by_fault[fault], 1);
	count(&share->by_bound[bound], 1);
	count(&share->sum_us, us);
}

void metrics_refused(struct metrics_share *s)
{
	count(&s->refused, 1);
}

void metrics_passed(struct metrics_share *s, enum http_passed how)
{
	count(&s->passed[how], 1);
}

static uint64_t sum(struct metrics *m, size_t offset)
{
	uint64_t all = 0;

	for (struct metrics_share *s = m->shares; s; s = s->next)
		all += atomic_load_explicit((_Atomic uint64_t *)((char *)s + offset),
					    memory_order_relaxed);
	return all;
}

static void write_faults(struct metrics *m, unsigned slot, const char *label, struct buffer *out)
{
	for (size_t fault = 0; fault < FAULT_COUNT; fault++) {
		uint64_t n = sum(m, offsetof(struct metrics_share, methods[slot].by_fault[fault]));
		if (n)
			buffer_format(out, "couponry_calls_total{%s,fault=\"%s\"} %llu\n", label,
				      fault_name((enum fault)fault), (unsigned long long)n);
	}
}

static void write_histogram(struct metrics *m, unsigned slot, const char *label, struct buffer *out)
{
	uint64_t all = 0;

	for (size_t i = 0; i <= COUNT_OF(bounds_us); i++) {
		all += sum(m, offsetof(struct metrics_share, methods[slot].by_bound[i]));
		if (i < COUNT_OF(bounds_us))
			buffer_format(out, "couponry_call_seconds_bucket{%s,le=\"%g\"} %llu\n",
				      label, (double)bounds_us[i] / 1e6, (unsigned long long)all);
	}
	buffer_format(out, "couponry_call_seconds_bucket{%s,le=\"+Inf\"} %llu\n", label,
		      (unsigned long long)all);
	buffer_format(out, "couponry_call_seconds_sum{%s} %.6f\n", label,
		      (double)sum(m, offsetof(struct metrics_share, methods[slot].sum_us)) / 1e6);
	buffer_format(out, "couponry_call_seconds_count{%s} %llu\n", label,
		      (unsigned long long)all);
}

typedef void method_writer(struct metrics *m, unsigned slot, const char *label, struct buffer *out);

static void for_each_method(struct metrics *m, struct buffer *out, method_writer *write)
{
	unsigned slot = 0;

	for (size_t i = 0; i < COUNT_OF(dialects); i++) {
		for (unsigned j = 0; j <= dialects[i]->method_count; j++, slot++) {
			char label[160];
			snprintf(label, sizeof(label), "dialect=\"%s\",method=\"%s\"",
				 dialects[i]->name,
				 j < dialects[i]->method_count ? dialects[i]->methods[j].name
							       : "unknown");
			write(m, slot, label, out);
		}
	}
}

static void write_powers(struct buffer *out, const char *name, const uint64_t *buckets,
			 uint64_t total, double unit)
{
	uint64_t all = 0;

	for (unsigned i = 0; i < ENGINE_BUCKETS; i++) {
		all += buckets[i];
		buffer_format(out, "%s_bucket{le=\"%g\"} %llu\n", name, (double)(1ull << i) * unit,
			      (unsigned long long)all);
	}
	buffer_format(out, "%s_bucket{le=\"+Inf\"} %llu\n%s_sum %g\n%s_count %llu\n", name,
		      (unsigned long long)all, name, (double)total * unit, name,
		      (unsigned long long)all);
}

enum family {
#define FAMILY(name, type, help, labels) FAMILY_##name,
#include "serve/metrics.tbl.h"
#undef FAMILY
};

static void write_head(struct buffer *out, enum family family)
{
	static const char *const heads[] = {
#define FAMILY(name, type, help, labels) "# HELP " #name " " help "\n# TYPE " #name " " #type "\n",
#include "serve/metrics.tbl.h"
#undef FAMILY
	};
	buffer_text(out, text_of(heads[family]));
}

static void write_passed(struct metrics *m, struct buffer *out)
{
	static const char *const outcomes[] = {"answered", "not_sent", "unknown"};
	for (size_t i = 0; i < COUNT_OF(outcomes); i++)
		buffer_format(
		    out, "couponry_passed_calls_total{outcome=\"%s\"} %llu\n", outcomes[i],
		    (unsigned long long)sum(m, offsetof(struct metrics_share, passed[i])));
}

static void write_tries(struct buffer *out, const char *name, enum courier_work work,
			const struct courier_stats *c)
{
	for (unsigned i = 0; i < COURIER_OUTCOMES; i++)
		buffer_format(out, "%s{outcome=\"%s\"} %llu\n", name, courier_outcome_name(work, i),
			      (unsigned long long)c->tries[work][i]);
}

void metrics_write(struct metrics *metrics, struct engine *engine, unsigned connections,
		   struct buffer *out)
{
	struct engine_stats s;
	struct courier_stats c;
	engine_stats_get(engine, &s);
	courier_stats_get(&c);
	pthread_mutex_lock(&metrics->lock);
	struct metrics_all m = {.connections = connections,
				.refused = sum(metrics, offsetof(struct metrics_share, refused)),
				.log_dropped = log_dropped(),
				.ready = engine_ready(engine) == OK};

#define METRIC(name, type, help, value)                                                          \
	buffer_format(out,                                                                       \
		      "# HELP " #name " " help "\n# TYPE " #name " " #type "\n" #name " %llu\n", \
		      (unsigned long long)(value));
#include "serve/metrics.tbl.h"
#undef METRIC
	write_head(out, FAMILY_couponry_calls_total);
	for_each_method(metrics, out, write_faults);
	write_head(out, FAMILY_couponry_call_seconds);
	for_each_method(metrics, out, write_histogram);
	write_head(out, FAMILY_couponry_passed_calls_total);
	write_passed(metrics, out);
	pthread_mutex_unlock(&metrics->lock);
	write_head(out, FAMILY_couponry_deliveries_total);
	write_tries(out, "couponry_deliveries_total", WORK_DELIVERIES, &c);
	write_head(out, FAMILY_couponry_errands_total);
	write_tries(out, "couponry_errands_total", WORK_ERRANDS, &c);
	write_head(out, FAMILY_couponry_lane_batch_size);
	write_powers(out, "couponry_lane_batch_size", s.batch_size, s.batch_size_sum, 1);
	write_head(out, FAMILY_couponry_ledger_sync_seconds);
	write_powers(out, "couponry_ledger_sync_seconds", s.sync_us, s.sync_us_sum, 1e-6);
}
