/* A server of src/http in a thread of the test, and connections to it. */
#pragma once

#include <pthread.h>

#include "http/http.h"
#include "socket.h"

static struct http_server *server;
static struct sockaddr_in server_at;
static pthread_t server_thread;

static void *server_main(void *p)
{
	http_server_run(p);
	return NULL;
}

static inline void server_begin(struct http_config config)
{
	const char *error = "";
	uint64_t port = 0;
	config.listen = "127.0.0.1:0";
	config.workers = config.workers ? config.workers : 1;
	server = http_server_open(&config, &error);
	if (!server)
		fprintf(stderr, "%s\n", error);
	must(server);
	struct text at = text_of(http_server_address(server));
	(void)text_cut(&at, ':');
	CHECK(text_to_uint64(at, &port) && port > 0);
	server_at = (struct sockaddr_in){.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
	server_at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	pthread_create(&server_thread, NULL, server_main, server);
}

static inline void server_end(void)
{
	http_server_stop(server);
	pthread_join(server_thread, NULL);
	CHECK_INT(http_server_connections(server), 0);
	http_server_free(server);
}
