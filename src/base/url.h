/*
 * URLs that somebody registers and the server calls later. Stricter than any standard, so that no
 * two readers of one URL can take it for two: printable ASCII, http or https, a host that is a
 * plain name or a plain address, no user, no fragment.
 */
#pragma once

#include "base/base.h"

struct url {
	bool tls;
	uint16_t port;	  /* 80 and 443 when it names none */
	struct text host; /* as written, an IPv6 address without its brackets */
};

/* Slices of `text`. False, and *ret_why a sentence without the URL, when it is not such a URL. */
bool url_read(struct text text, struct url *ret_url, const char **ret_why);

/* The check when it is registered. Without allow_private also no http, no address of
 * address_ranges.tbl.h and no "localhost"; what a NAME stands for is judged when it is called. */
bool url_good(struct text url, bool allow_private, const char **ret_why);
