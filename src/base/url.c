/* See url.h. The authority is cut out first and then may hold only what a host and a port need:
 * what others are tricked with ('@', '\\', '%', NUL) is refused there without a case of its own. */
#include "base/url.h"

#include <arpa/inet.h>

#include "base/address.h"
#include "base/limits.h"

enum { HOST_SIZE_MAX = 253, LABEL_SIZE_MAX = 63 };

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool printable(struct text t)
{
	for (size_t i = 0; i < t.size; i++)
		if (t.data[i] <= ' ' || t.data[i] > '~')
			return false;
	return true;
}

static bool scheme_read(struct text *rest, struct url *url)
{
	static const struct {
		struct text prefix;
		bool tls;
		uint16_t port;
	} schemes[] = {{TEXT("http://"), false, 80}, {TEXT("https://"), true, 443}};

	for (size_t i = 0; i < COUNT_OF(schemes); i++) {
		size_t size = schemes[i].prefix.size;
		if (rest->size < size ||
		    !text_equal_ignore_case((struct text){rest->data, size}, schemes[i].prefix))
			continue;
		*rest = (struct text){rest->data + size, rest->size - size};
		*url = (struct url){.tls = schemes[i].tls, .port = schemes[i].port};
		return true;
	}
	return false;
}

/* What stands before the path or the query. */
static struct text authority_cut(struct text rest)
{
	size_t size = 0;

	while (size < rest.size && rest.data[size] != '/' && rest.data[size] != '?')
		size++;
	return (struct text){rest.data, size};
}

static bool port_read(struct text t, uint16_t *ret_port)
{
	uint64_t port;

	if (t.size > 5 || !text_to_uint64(t, &port) || port == 0 || port > UINT16_MAX)
		return false;
	*ret_port = (uint16_t)port;
	return true;
}

static bool label_good(struct text label)
{
	if (label.size == 0 || label.size > LABEL_SIZE_MAX || label.data[0] == '-')
		return false;
	for (size_t i = 0; i < label.size; i++) {
		char c = label.data[i];
		if (!is_digit(c) && !is_letter(c) && c != '-' && c != '_')
			return false;
	}
	return true;
}

static bool numeric(struct text host, int family)
{
	char copy[INET6_ADDRSTRLEN];
	uint8_t bytes[16];

	if (host.size == 0 || host.size >= sizeof copy)
		return false;
	memcpy(copy, host.data, host.size);
	copy[host.size] = '\0';
	return inet_pton(family, copy, bytes) == 1;
}

/* Taken for the end of an IPv4 address by somebody: "127.1", "0x7f.1", "2130706433", "0177.0.0.1".
 */
static bool label_is_number(struct text label)
{
	size_t digits = 0;

	while (digits < label.size && is_digit(label.data[digits]))
		digits++;
	return (label.size >= 2 && label.data[0] == '0' && (label.data[1] | 0x20) == 'x') ||
	       digits == label.size;
}

static bool host_good(struct text host)
{
	struct text rest = host, last = TEXT_NONE;

	if (host.size > HOST_SIZE_MAX)
		return false;
	do {
		last = text_cut(&rest, '.');
		if (!label_good(last))
			return false;
	} while (rest.data);
	return !label_is_number(last) || numeric(host, AF_INET);
}

static bool bracketed_read(struct text authority, struct url *url)
{
	struct text rest = {authority.data + 1, authority.size - 1};

	url->host = text_cut(&rest, ']');
	if (!rest.data || !numeric(url->host, AF_INET6))
		return false;
	if (rest.size == 0)
		return true;
	return rest.data[0] == ':' &&
	       port_read((struct text){rest.data + 1, rest.size - 1}, &url->port);
}

static bool authority_read(struct text authority, struct url *url)
{
	if (authority.size && authority.data[0] == '[')
		return bracketed_read(authority, url);
	url->host = text_cut(&authority, ':');
	return host_good(url->host) && (!authority.data || port_read(authority, &url->port));
}

bool url_read(struct text text, struct url *ret_url, const char **ret_why)
{
	struct url url;
	struct text rest = text, authority;

	*ret_why = "a URL has at most 2000 bytes";
	if (text.size > URL_BYTES_MAX)
		return false;
	*ret_why = "a URL is printable ASCII without spaces";
	if (!printable(text))
		return false;
	*ret_why = "a URL begins with https://";
	if (!scheme_read(&rest, &url))
		return false;
	*ret_why = "a URL has no fragment here";
	if (memchr(text.data, '#', text.size))
		return false;
	authority = authority_cut(rest);
	*ret_why = "a URL has no user or password here";
	if (authority.size && memchr(authority.data, '@', authority.size))
		return false;
	*ret_why = "the URL's host or port is not well-formed";
	if (!authority_read(authority, &url))
		return false;
	*ret_why = "";
	*ret_url = url;
	return true;
}

static bool is_localhost(struct text host)
{
	static const struct text name = TEXT("localhost");

	if (host.size < name.size)
		return false;
	size_t before = host.size - name.size;
	return text_equal_ignore_case((struct text){host.data + before, name.size}, name) &&
	       (before == 0 || host.data[before - 1] == '.');
}

bool url_good(struct text url, bool allow_private, const char **ret_why)
{
	struct url parts;

	if (!url_read(url, &parts, ret_why))
		return false;
	if (allow_private)
		return true;
	*ret_why = "http is not allowed, only https";
	if (!parts.tls)
		return false;
	*ret_why = "the URL's host is not on the public net";
	if (is_localhost(parts.host) || address_text_is_private(parts.host))
		return false;
	*ret_why = "";
	return true;
}
