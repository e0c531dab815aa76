/* What is no call of a dialect: health, readiness, metrics, the native API's documents, and 404. */
#include "dialect/dialect.h"
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

/* Printed at each call: they are asked for seldom, and take less than a millisecond. */
static void page_printed(struct http_exchange *x, const char *type, void (*print)(struct buffer *b))
{
	struct buffer out;

	buffer_init(&out, REPLY_BYTES_MAX);
	print(&out);
	must(!out.full);
	http_reply(x, &(struct http_reply){.status = 200,
					   .content_type = text_of(type),
					   .body = buffer_get(&out),
					   .may_gzip = true});
	buffer_release(&out);
}

static void page_openapi(struct server *server, struct http_exchange *x)
{
	(void)server;
	page_printed(x, "application/json", native_openapi);
}

static void page_docs(struct server *server, struct http_exchange *x)
{
	(void)server;
	page_printed(x, "text/html;charset=UTF-8", native_docs);
}

static const struct {
	struct text path;
	void (*answer)(struct server *server, struct http_exchange *x);
} pages[] = {
    {{"/healthz", 8}, page_health},  {{"/readyz", 7}, page_ready},
    {{"/metrics", 8}, page_metrics}, {{"/openapi.json", 13}, page_openapi},
    {{"/docs/", 6}, page_docs},	     {{"/docs", 5}, page_docs},
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
