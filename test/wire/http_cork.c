/*
 * Replies of one turn go out together (cork.c): each to its own connection, whole and in order,
 * however many, whoever has gone meanwhile and however little a socket takes. Once with io_uring,
 * and once in a process that is not allowed it.
 */
#include <dirent.h>
#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "http_here.h"

enum { CALLERS_MAX = 200, BODY_MAX = 16 * 1024 };

static char letters[2 * BODY_MAX];

/* ---- the server under test: "/NUMBER?SIZE" is answered with so many letters from there on */

static void answer(struct http_exchange *x)
{
	uint64_t number = 0, size = 0;
	struct text path = x->request.path;
	must(text_to_uint64((struct text){path.data + 1, path.size - 1}, &number));
	must(text_to_uint64(x->request.query, &size) && size <= BODY_MAX);
	http_reply(x, &(struct http_reply){.status = 200,
					   .content_type = TEXT("text/plain"),
					   .body = {letters + number % BODY_MAX, size}});
}

/* "X-All: COUNT": they are answered when all of them are there, one behind the other. */
static void handle(void *context, struct http_exchange *x)
{
	static struct http_exchange *waiting[CALLERS_MAX];
	static unsigned count;
	uint64_t all = 1;
	struct text wanted = http_header_get(&x->request, TEXT("x-all"));
	(void)context;
	must(!wanted.size || (text_to_uint64(wanted, &all) && all <= CALLERS_MAX));
	waiting[count++] = x;
	if (count < all)
		return;
	count = 0;
	for (unsigned i = 0; i < all; i++)
		answer(waiting[i]);
}

/* ---- callers */

static int dial(int room)
{
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (room)
		(void)setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &room, sizeof room);
	must(connect(fd, (struct sockaddr *)&server_at, sizeof server_at) == 0);
	return fd;
}

static void ask(int fd, unsigned number, unsigned size, unsigned all)
{
	char request[128];
	int n = snprintf(request, sizeof request,
			 "GET /%u?%u HTTP/1.1\r\nHost: h\r\nX-All: %u\r\n\r\n", number, size, all);
	CHECK(say(fd, request, (size_t)n));
}

static bool is_answer(struct text heard, unsigned number, unsigned size)
{
	return has(heard, "HTTP/1.1 200 OK\r\n") && heard.size > size &&
	       memcmp(heard.data + heard.size - size, letters + number % BODY_MAX, size) == 0;
}

static void hears(int fd, unsigned number, unsigned size)
{
	static char room[BODY_MAX + 1024];
	CHECK(is_answer(hear(fd, room, sizeof room), number, size));
}

/* So many ask so many times, and are answered when `all` of them have asked. */
static void rounds(unsigned callers, unsigned times, unsigned size, unsigned all)
{
	int fds[CALLERS_MAX];
	for (unsigned i = 0; i < callers; i++)
		fds[i] = dial(0);
	for (unsigned again = 0; again < times; again++) {
		for (unsigned i = 0; i < callers; i++)
			ask(fds[i], 97 * i + again, size, all);
		for (unsigned i = 0; i < callers; i++)
			hears(fds[i], 97 * i + again, size);
	}
	for (unsigned i = 0; i < callers; i++)
		close(fds[i]);
}

static void together(unsigned callers, unsigned size)
{
	rounds(callers, 3, size, callers);
}

/* So many and so fast that the loop waits for company. */
static void crowd(void)
{
	rounds(48, 100, 40, 1);
}

static void alone(void)
{
	rounds(1, 20, 40, 1);
}

/* Every third one has gone before the last one asks: by a FIN, by a reset, or having said only that
 * it says no more, and is still answered. */
static void some_gone(void)
{
	enum { CALLERS = 60 };
	struct linger at_once = {1, 0};
	int fds[CALLERS];
	for (unsigned i = 0; i < CALLERS; i++) {
		fds[i] = dial(0);
		ask(fds[i], i, 300, CALLERS);
		if (i + 1 == CALLERS || i % 3)
			continue;
		if (i % 2)
			(void)setsockopt(fds[i], SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
		if (i % 4)
			close(fds[i]);
		else
			shutdown(fds[i], SHUT_WR);
	}
	for (unsigned i = 0; i < CALLERS; i++) {
		if (i % 3 == 0 && i % 4 && i + 1 != CALLERS)
			continue;
		hears(fds[i], i, 300);
		close(fds[i]);
	}
}

/* Who does not read: the socket takes a part, then nothing, and all of it comes in the end. */
static void slow_readers(void)
{
	enum { CALLERS = 8, EACH = 40 };
	int fds[CALLERS];
	for (unsigned i = 0; i < CALLERS; i++)
		fds[i] = dial(4096);
	for (unsigned k = 0; k < EACH; k++)
		for (unsigned i = 0; i < CALLERS; i++)
			ask(fds[i], 41 * k + i, BODY_MAX - 300 + k, 1);
	sleep_ms(100);
	for (unsigned i = 0; i < CALLERS; i++) {
		static char all[EACH * (BODY_MAX + 1024)];
		size_t size = 0;
		unsigned seen = 0;
		for (size_t at = 0; seen < EACH;) {
			ssize_t n = recv(fds[i], all + size, 5000, 0);
			if (!CHECK(n > 0))
				break;
			size += (size_t)n;
			char *end;
			while ((end = memmem(all + at, size - at, "\r\n\r\n", 4)) != NULL) {
				size_t body = BODY_MAX - 300 + seen;
				if ((size_t)(end + 4 - all) + body > size)
					break;
				struct text one = {all + at, (size_t)(end - all) + 4 + body - at};
				CHECK(is_answer(one, 41 * seen + i, (unsigned)body));
				at += one.size;
				seen++;
			}
		}
		close(fds[i]);
	}
}

/* Many in one piece of many connections: each connection's come in their order. */
static void pipelined(void)
{
	enum { CALLERS = 80, EACH = 50, SIZE = 3000 };
	int fds[CALLERS];
	for (unsigned i = 0; i < CALLERS; i++) {
		char all[EACH * 64];
		size_t size = 0;
		for (unsigned k = 0; k < EACH; k++)
			size += (size_t)snprintf(all + size, sizeof all - size,
						 "GET /%u?%u HTTP/1.1\r\nHost: h\r\n%s\r\n",
						 i * EACH + k, SIZE,
						 k + 1 < EACH ? "" : "Connection: close\r\n");
		fds[i] = dial(0);
		CHECK(say(fds[i], all, size));
	}
	for (unsigned i = 0; i < CALLERS; i++) {
		static char all[EACH * (SIZE + 1024)];
		size_t size = 0;
		for (ssize_t n; (n = recv(fds[i], all + size, sizeof all - size, 0)) > 0;)
			size += (size_t)n;
		struct text rest = {all, size};
		for (unsigned k = 0; k < EACH; k++) {
			const char *end = memmem(rest.data, rest.size, "\r\n\r\n", 4);
			if (!CHECK(end && end + 4 + SIZE <= all + size))
				break;
			struct text one = {rest.data, (size_t)(end + 4 + SIZE - rest.data)};
			CHECK(is_answer(one, i * EACH + k, SIZE));
			rest = (struct text){one.data + one.size, rest.size - one.size};
		}
		CHECK_INT(rest.size, 0);
		close(fds[i]);
	}
}

/* ---- with and without io_uring */

/* How many replies have gone through the server's ring, as the kernel says; -1: there is none. */
static long ring_replies(void)
{
	char path[300], said[4096];
	long replies = -1;
	DIR *files = opendir("/proc/self/fd");
	must(files);
	for (struct dirent *e; (e = readdir(files));) {
		(void)snprintf(path, sizeof path, "/proc/self/fd/%s", e->d_name);
		ssize_t n = readlink(path, said, sizeof said);
		if (n <= 0 || !memmem(said, (size_t)n, "io_uring", 8))
			continue;
		(void)snprintf(path, sizeof path, "/proc/self/fdinfo/%s", e->d_name);
		FILE *file = fopen(path, "r");
		must(file);
		said[fread(said, 1, sizeof said - 1, file)] = 0;
		(void)fclose(file);
		const char *tail = strstr(said, "SqTail:");
		must(tail);
		replies = strtol(tail + 7, NULL, 10);
	}
	closedir(files);
	return replies;
}

static bool kernel_has_ring(void)
{
	char parameters[256] = {0};
	long fd = syscall(SYS_io_uring_setup, 4, parameters);
	if (fd >= 0)
		close((int)fd);
	return fd >= 0;
}

static void forbid_ring(void)
{
	struct sock_filter rows[] = {
	    BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
	    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_io_uring_setup, 0, 1),
	    BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
	    BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog filter = {COUNT_OF(rows), rows};
	must(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0);
	must(prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter) == 0);
}

static void all(bool ring)
{
	server_begin((struct http_config){.handle = handle});
	alone();
	CHECK_INT(ring_replies(), ring ? 0 : -1);
	crowd(); /* from here on replies are corked */
	/* as many as go out at once, one more, and many; the largest that are corked */
	together(1, 40);
	together(2, 40);
	together(3, 40);
	together(64, 40);
	together(65, 300);
	together(CALLERS_MAX, 300);
	together(20, BODY_MAX - 1024);
	together(20, BODY_MAX);
	some_gone();
	slow_readers();
	pipelined();
	CHECK(ring ? ring_replies() > 1000 : ring_replies() == -1);
	crowd();
	alone();
	server_end();
}

int main(void)
{
	int status = 0;
	for (size_t i = 0; i < sizeof letters; i++)
		letters[i] = (char)('a' + i * i % 23);
	pid_t child = fork();
	if (child == 0) {
		forbid_ring();
		CHECK(!kernel_has_ring());
		all(false);
		return test_end();
	}
	must(waitpid(child, &status, 0) == child);
	CHECK_INT(WIFEXITED(status) ? WEXITSTATUS(status) : -1, 0);
	all(kernel_has_ring());
	return test_end();
}
