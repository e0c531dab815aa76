/*
 * Which dialect a path belongs to: one table, longest prefix by order. Slashes are collapsed on the
 * way ("//router//rest" is what some clients send). /router/rest has two tenants: methods that
 * start with "wjb." are WangJuBao's, all others the Taobao Open Platform's.
 */
#include "dialect/dialect.h"
#include "serve/worker.h"

static const struct {
	const char *path;
	bool prefix; /* everything below it too */
	const struct dialect_row *dialect;
} routes[] = {
    {"/spi/wjb/coupon/provide", false, &dialect_wjb_spi},
    {"/router/rest", false, NULL}, /* by method */
    {"/router/batch", false, &dialect_top},
    {"/rest", true, &dialect_wjb},
    {"/api/bcwin/v1", true, &dialect_waiqin},
    {"/v3", true, &dialect_zvcms},
    {"/api/v2", false, &dialect_zvcms},
    {"/v1", true, &dialect_native},
};

/* Compares segment by segment; *ret_more: path goes on below `want`. */
static bool path_matches(struct text path, const char *want, bool *ret_more)
{
	const char *p = path.data, *end = path.data + path.size;

	for (;;) {
		while (p < end && *p == '/')
			p++;
		while (*want == '/')
			want++;
		if (!*want) {
			*ret_more = p < end;
			return true;
		}
		while (*want && *want != '/') {
			if (p == end || *p++ != *want++)
				return false;
		}
		if (p < end && *p != '/')
			return false;
	}
}

static bool method_is_wjb(struct text parameters)
{
	while (parameters.data) {
		struct text pair = text_cut(&parameters, '&');
		if (text_starts_with(pair, TEXT("method=")))
			return text_starts_with(pair, TEXT("method=wjb."));
	}
	return false;
}

const struct dialect_row *route_dialect(const struct http_request *request)
{
	bool more;

	for (size_t i = 0; i < COUNT_OF(routes); i++) {
		if (!path_matches(request->path, routes[i].path, &more) ||
		    (more && !routes[i].prefix))
			continue;
		if (routes[i].dialect)
			return routes[i].dialect;
		return method_is_wjb(request->query) || method_is_wjb(request->body) ? &dialect_wjb
										     : &dialect_top;
	}
	return NULL;
}

const char *route_path(const struct dialect_row *dialect, unsigned i, bool *ret_below)
{
	for (size_t at = 0; at < COUNT_OF(routes); at++) {
		bool both =
		    !routes[at].dialect && (dialect == &dialect_wjb || dialect == &dialect_top);
		if ((routes[at].dialect != dialect && !both) || i-- > 0)
			continue;
		*ret_below = routes[at].prefix;
		return routes[at].path;
	}
	return NULL;
}
