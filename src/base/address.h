/* Numeric addresses against lists like "10.0.0.0/8,::1", and those that are nobody's on the net. */
#pragma once

#include "base/base.h"

/* Is the numeric address among them? An empty list trusts everybody. */
bool address_trusted(struct text list, struct text address);
/* Every item of the list is an address or a CIDR. */
bool address_list_valid(struct text list);

struct sockaddr;
/* Of this machine, its neighbours, a special use (address_ranges.tbl.h), or of a family that is
 * not IP: not an address that a stranger may have us call. */
bool address_is_private(const struct sockaddr *address);
/* The same of a numeric address; false also when it is none. */
bool address_text_is_private(struct text address);
