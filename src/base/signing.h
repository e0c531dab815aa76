/*
 * The signature of calls in the manner of the Taobao Open Platform: MD5 over the secret, name and
 * value of every parameter but `sign` (names in byte order, values as they are before they are
 * encoded), perhaps the body, and the secret again.
 */
#pragma once

#include "base/base.h"

enum { SIGNED_PARAMETERS_MAX = 128, SIGNATURE_SIZE = 16 };
struct parameter {
	struct text name, value;
};
struct signed_call {
	struct text secret;
	const struct parameter *parameters; /* sorted */
	unsigned n;			    /* at most SIGNED_PARAMETERS_MAX */
	bool without_empty;		    /* parameters without a value are left out */
	struct text body;		    /* none: it is not signed */
};
/* Equal names keep their order. */
void parameters_sort(struct parameter *parameters, unsigned n);
void signature_md5(const struct signed_call *call, uint8_t ret[SIGNATURE_SIZE]);
