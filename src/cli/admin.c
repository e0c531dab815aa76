/*
 * The admin socket: DIR/admin.sock, mode 0600. A client sends one message: the count of its words,
 * each word with its NUL, and (as ancillary data) its standard input, output and error. The server
 * runs the command on those very streams and answers with the exit code, one byte. So a command
 * prints, draws its bar and reads its files in one place only, wherever it runs.
 */
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "cli/cli.h"

enum {
	ADMIN_MESSAGE_MAX = 64 * 1024,
	ADMIN_WORDS_MAX = 80,
	ADMIN_CLIENTS_MAX = 32, /* some follow the ledger, and stay */
};

struct admin {
	struct engine *engine;
	bool shown;
	pthread_t thread;
	int listener, wake[2];
	char path[108];
	pthread_mutex_t lock;
	pthread_cond_t idle;
	unsigned clients;
	_Atomic bool stopping;
};

struct admin_client {
	struct admin *admin;
	int socket, streams[3];
	char message[ADMIN_MESSAGE_MAX];
	size_t size;
};

static bool admin_path(const char *dir, struct sockaddr_un *ret_address)
{
	ret_address->sun_family = AF_UNIX;
	int n =
	    snprintf(ret_address->sun_path, sizeof(ret_address->sun_path), "%s/admin.sock", dir);
	return n > 0 && (size_t)n < sizeof(ret_address->sun_path);
}

/* --- the client --- */

static bool send_words(int socket, int argc, char **argv)
{
	char message[ADMIN_MESSAGE_MAX];
	size_t size = 0;
	union {
		char space[CMSG_SPACE(3 * sizeof(int))];
		struct cmsghdr align;
	} control = {0};

	for (int i = 0; i < argc; i++) {
		size_t n = strlen(argv[i]) + 1;
		if (size + n > sizeof(message))
			return false;
		memcpy(message + size, argv[i], n);
		size += n;
	}
	struct iovec part = {message, size};
	struct msghdr header = {.msg_iov = &part,
				.msg_iovlen = 1,
				.msg_control = control.space,
				.msg_controllen = sizeof(control.space)};
	struct cmsghdr *c = CMSG_FIRSTHDR(&header);
	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = CMSG_LEN(3 * sizeof(int));
	memcpy(CMSG_DATA(c), (int[]){0, 1, 2}, 3 * sizeof(int));
	return sendmsg(socket, &header, MSG_NOSIGNAL) == (ssize_t)size;
}

bool admin_send(const char *dir, int argc, char **argv, int *ret_exit)
{
	struct sockaddr_un address = {0};
	unsigned char exit = 1;

	if (!admin_path(dir, &address))
		return false;
	int s = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	if (s < 0)
		return false;
	if (connect(s, (struct sockaddr *)&address, sizeof(address)) != 0) {
		close(s);
		return false;
	}
	if (!send_words(s, argc, argv) || read(s, &exit, 1) != 1) {
		fputs("couponry: the server went away before it answered\n", stderr);
		exit = 1;
	}
	close(s);
	*ret_exit = exit;
	return true;
}

/* --- the server --- */

static bool receive_words(struct admin_client *client)
{
	union {
		char space[CMSG_SPACE(3 * sizeof(int))];
		struct cmsghdr align;
	} control;
	struct iovec part = {client->message, sizeof(client->message) - 1};
	struct msghdr header = {.msg_iov = &part,
				.msg_iovlen = 1,
				.msg_control = control.space,
				.msg_controllen = sizeof(control.space)};
	ssize_t n = recvmsg(client->socket, &header, MSG_CMSG_CLOEXEC);
	struct cmsghdr *c = n > 0 ? CMSG_FIRSTHDR(&header) : NULL;

	if (!c || c->cmsg_type != SCM_RIGHTS || c->cmsg_len != CMSG_LEN(3 * sizeof(int)))
		return false;
	memcpy(client->streams, CMSG_DATA(c), 3 * sizeof(int));
	client->size = (size_t)n;
	client->message[client->size] = '\0';
	return !(header.msg_flags & MSG_TRUNC);
}

/* A client that was interrupted has closed its end; a server that stops waits for no long command.
 */
static bool client_gone(void *context)
{
	const struct admin_client *client = context;
	struct pollfd p = {.fd = client->socket, .events = POLLIN};

	return atomic_load(&client->admin->stopping) || poll(&p, 1, 0) > 0;
}

static int client_run(struct admin_client *client)
{
	char *words[ADMIN_WORDS_MAX];
	int count = 0;
	struct cli c = {.engine = client->admin->engine,
			.shown = client->admin->shown,
			.in = fdopen(client->streams[0], "r"),
			.out = fdopen(client->streams[1], "w"),
			.err = fdopen(client->streams[2], "w"),
			.terminal = isatty(client->streams[2]),
			.inside_server = true,
			.gone = client_gone,
			.gone_context = client};

	for (char *at = client->message;
	     at < client->message + client->size && count < ADMIN_WORDS_MAX; at += strlen(at) + 1)
		words[count++] = at;
	int exit = cli_run(&c, count, words);
	if (fclose(c.out) != 0 && !exit)
		exit = cli_failed(&c, FAULT_FILE_UNWRITABLE, "standard output");
	fclose(c.err);
	fclose(c.in);
	return exit;
}

static void *client_thread(void *context)
{
	struct admin_client *client = context;
	struct admin *a = client->admin;

	if (receive_words(client)) {
		unsigned char exit = (unsigned char)client_run(client);
		(void)!send(client->socket, &exit, 1, MSG_NOSIGNAL);
	}
	close(client->socket);
	free(client);
	pthread_mutex_lock(&a->lock);
	a->clients--;
	pthread_cond_signal(&a->idle);
	pthread_mutex_unlock(&a->lock);
	return NULL;
}

static void client_start(struct admin *a, int socket)
{
	struct admin_client *client = calloc(1, sizeof(*client));
	pthread_attr_t detached;
	pthread_t thread;

	must(client);
	client->admin = a;
	client->socket = socket;
	pthread_mutex_lock(&a->lock);
	while (a->clients == ADMIN_CLIENTS_MAX)
		pthread_cond_wait(&a->idle, &a->lock);
	a->clients++;
	pthread_mutex_unlock(&a->lock);
	pthread_attr_init(&detached);
	pthread_attr_setdetachstate(&detached, PTHREAD_CREATE_DETACHED);
	must(pthread_create(&thread, &detached, client_thread, client) == 0);
	pthread_attr_destroy(&detached);
}

static void *admin_run(void *context)
{
	struct admin *a = context;
	struct pollfd p[2] = {{.fd = a->listener, .events = POLLIN},
			      {.fd = a->wake[0], .events = POLLIN}};

	while (poll(p, 2, -1) >= 0 || errno == EINTR) {
		if (p[1].revents)
			break;
		int socket = p[0].revents ? accept4(a->listener, NULL, NULL, SOCK_CLOEXEC) : -1;
		if (socket >= 0)
			client_start(a, socket);
	}
	return NULL;
}

struct admin *admin_start(struct engine *engine, const char *dir, bool shown)
{
	struct sockaddr_un address = {0};
	struct admin *a = calloc(1, sizeof(*a));

	must(a);
	a->engine = engine;
	a->shown = shown;
	a->listener = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	if (!admin_path(dir, &address) || a->listener < 0) {
		free(a);
		return NULL; /* the path is too long for a socket: serving goes on without it */
	}
	unlink(address.sun_path); /* we hold the lock: it is a dead server's */
	mode_t before = umask(0177);
	bool bound = bind(a->listener, (struct sockaddr *)&address, sizeof(address)) == 0 &&
		     listen(a->listener, ADMIN_CLIENTS_MAX) == 0;
	umask(before);
	if (!bound || pipe(a->wake) != 0) {
		close(a->listener);
		free(a);
		return NULL;
	}
	snprintf(a->path, sizeof(a->path), "%s", address.sun_path);
	pthread_mutex_init(&a->lock, NULL);
	pthread_cond_init(&a->idle, NULL);
	must(pthread_create(&a->thread, NULL, admin_run, a) == 0);
	return a;
}

void admin_stop(struct admin *a)
{
	if (!a)
		return;
	atomic_store(&a->stopping, true);
	(void)!write(a->wake[1], "", 1);
	pthread_join(a->thread, NULL);
	unlink(a->path);
	close(a->listener);
	close(a->wake[0]);
	close(a->wake[1]);
	pthread_mutex_lock(&a->lock);
	while (a->clients)
		pthread_cond_wait(&a->idle, &a->lock);
	pthread_mutex_unlock(&a->lock);
	pthread_cond_destroy(&a->idle);
	pthread_mutex_destroy(&a->lock);
	free(a);
}
