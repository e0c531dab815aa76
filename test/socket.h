/* What tests that speak HTTP by hand share: whole messages through a socket. */
#pragma once

#include <arpa/inet.h>
#include <poll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "test.h"

static inline void sleep_ms(long ms)
{
	nanosleep(&(struct timespec){ms / 1000, ms % 1000 * 1000000}, NULL);
}

static inline bool say(int fd, const void *data, size_t size)
{
	for (size_t at = 0; at < size;) {
		ssize_t n = send(fd, (const char *)data + at, size - at, MSG_NOSIGNAL);
		if (n <= 0)
			return false;
		at += (size_t)n;
	}
	return true;
}

/* A whole message with Content-Length, or none; TEXT_NONE: it ended before. */
static inline struct text hear(int fd, char *room, size_t most)
{
	size_t size = 0, want = 0;
	while (size < most) {
		struct pollfd p = {fd, POLLIN, 0};
		ssize_t n = poll(&p, 1, 5000) > 0 ? recv(fd, room + size, most - size, 0) : 0;
		if (n <= 0)
			return TEXT_NONE;
		size += (size_t)n;
		const char *end = memmem(room, size, "\r\n\r\n", 4);
		if (!end)
			continue;
		const char *length = memmem(room, (size_t)(end - room), "Content-Length: ", 16);
		want = (size_t)(end - room) + 4 + (length ? strtoul(length + 16, NULL, 10) : 0);
		if (size >= want)
			return (struct text){room, size};
	}
	return TEXT_NONE;
}

static inline bool has(struct text t, const char *what)
{
	return t.size && memmem(t.data, t.size, what, strlen(what)) != NULL;
}
