/*
 * The log: lines are copied into a buffer and written by a thread of their own, so that a slow
 * sink never holds up a call. Two buffers change places; a full one drops lines and counts them.
 */
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <time.h>
#include <unistd.h>

#include "serve/worker.h"

enum { LOG_BUFFER_BYTES = 1024 * 1024, LOG_WAIT_MS = 100 };

static struct {
	pthread_mutex_t lock;
	pthread_cond_t some;
	pthread_t thread;
	int fd;
	bool running, stop;
	char *fill, *drain; /* LOG_BUFFER_BYTES each */
	size_t fill_size;
	_Atomic uint64_t dropped;
} logger = {.lock = PTHREAD_MUTEX_INITIALIZER, .some = PTHREAD_COND_INITIALIZER, .fd = -1};

static void write_all(const char *data, size_t size)
{
	while (size) {
		ssize_t n = write(logger.fd, data, size);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return; /* the sink is gone: nothing better to do with the lines */
		data += n;
		size -= (size_t)n;
	}
}

static void *log_run(void *none)
{
	(void)none;
	pthread_mutex_lock(&logger.lock);
	while (!logger.stop || logger.fill_size) {
		if (!logger.fill_size) {
			pthread_cond_wait(&logger.some, &logger.lock);
			continue;
		}
		char *full = logger.fill;
		size_t size = logger.fill_size;
		logger.fill = logger.drain;
		logger.drain = full;
		logger.fill_size = 0;
		bool stop = logger.stop;
		pthread_mutex_unlock(&logger.lock);
		write_all(full, size);
		if (!stop) /* gather: one write for many lines */
			nanosleep(&(struct timespec){0, LOG_WAIT_MS * 1000000L}, NULL);
		pthread_mutex_lock(&logger.lock);
	}
	pthread_mutex_unlock(&logger.lock);
	return NULL;
}

void log_start(int fd)
{
	logger.fd = fd;
	logger.fill = malloc(LOG_BUFFER_BYTES);
	logger.drain = malloc(LOG_BUFFER_BYTES);
	must(logger.fill && logger.drain);
	logger.stop = false;
	logger.running = pthread_create(&logger.thread, NULL, log_run, NULL) == 0;
	must(logger.running);
}

void log_stop(void)
{
	if (!logger.running)
		return;
	pthread_mutex_lock(&logger.lock);
	logger.stop = true;
	pthread_cond_signal(&logger.some);
	pthread_mutex_unlock(&logger.lock);
	pthread_join(logger.thread, NULL);
	logger.running = false;
	free(logger.fill);
	free(logger.drain);
	logger.fill = logger.drain = NULL;
}

void log_line(struct text line)
{
	pthread_mutex_lock(&logger.lock);
	if (!logger.fill || logger.fill_size + line.size + 1 > LOG_BUFFER_BYTES) {
		atomic_fetch_add_explicit(&logger.dropped, 1, memory_order_relaxed);
	} else {
		if (!logger.fill_size)
			pthread_cond_signal(&logger.some);
		memcpy(logger.fill + logger.fill_size, line.data, line.size);
		logger.fill[logger.fill_size + line.size] = '\n';
		logger.fill_size += line.size + 1;
	}
	pthread_mutex_unlock(&logger.lock);
}

uint64_t log_dropped(void)
{
	return atomic_load_explicit(&logger.dropped, memory_order_relaxed);
}

void log_call(const struct call *call, enum fault fault, uint64_t us)
{
	char line[512];
	struct buffer b;

	buffer_init_fixed(&b, line, sizeof(line));
	buffer_text(&b, TEXT("{\"time\":\""));
	buffer_moment_second(&b, call->now);
	buffer_text(&b, TEXT("\",\"method\":\""));
	buffer_text(&b, text_of(call->dialect->name));
	buffer_byte(&b, ' ');
	buffer_text(&b, call->method ? text_of(call->method->name) : TEXT("unknown"));
	buffer_text(&b, TEXT("\",\"actor\":\""));
	if (call->actor.credential) { /* the merchant, never what the client typed */
		buffer_text(&b, TEXT("merchant:"));
		buffer_uint64(&b, call->actor.credential->owner);
	}
	buffer_text(&b, TEXT("\",\"fault\":\""));
	buffer_text(&b, text_of(fault_name(fault)));
	buffer_text(&b, TEXT("\",\"us\":"));
	buffer_uint64(&b, us);
	buffer_byte(&b, '}');
	log_line(buffer_get(&b));
}
