/* What is no call of a dialect: health, readiness, metrics, and 404. */
#include "serve/worker.h"

static void page_text(struct http_exchange *x, int status, struct text body)
{
	http_reply(x, &(struct http_reply){.status = status,
					   .content_type = TEXT("text/plain;charset=UTF-8"),
					   .body = body});
}

static void page_health(struct server *server, struct http_exchange *x)
{
	(void)server;
	page_text(x, 200, TEXT("ok\n"));
}

static void page_ready(struct server *server, struct http_exchange *x)
{
	enum fault fault = engine_ready(server->engine);

	if (fault == OK)
		page_text(x, 200, TEXT("ready\n"));
	else
		page_text(x, 503,
			  arena_format(x->arena, "%s: %s\n", fault_name(fault), fault_text(fault)));
}

static void page_metrics(struct server *server, struct http_exchange *x)
{
	struct buffer out;

	buffer_init(&out, REPLY_BYTES_MAX);
	metrics_write(server->metrics, server->engine, http_server_connections(server->http), &out);
	http_reply(x, &(struct http_reply){.status = 200,
					   .content_type = TEXT("text/plain; version=0.0.4"),
					   .body = buffer_get(&out),
					   .may_gzip = true});
	buffer_release(&out);
}

static const struct {
	struct text path;
	void (*answer)(struct server *server, struct http_exchange *x);
} pages[] = {
    {{"/healthz", 8}, page_health},
    {{"/readyz", 7}, page_ready},
    {{"/metrics", 8}, page_metrics},
};

void page_handle(struct server *server, struct http_exchange *x)
{
	for (size_t i = 0; i < COUNT_OF(pages); i++) {
		if (!text_equal(x->request.path, pages[i].path))
			continue;
		if (x->request.verb == HTTP_GET || x->request.verb == HTTP_HEAD)
			pages[i].answer(server, x);
		else
			page_text(x, 405, TEXT("only GET is answered here\n"));
		return;
	}
	page_text(x, 404, TEXT("no such address here\n"));
}
