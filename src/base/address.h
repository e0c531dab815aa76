/* Numeric addresses against lists like "10.0.0.0/8,::1". */
#pragma once

#include "base/base.h"

/* Is the numeric address among them? An empty list trusts everybody. */
bool address_trusted(struct text list, struct text address);
/* Every item of the list is an address or a CIDR. */
bool address_list_valid(struct text list);
