/* See signing.h. */
#include "base/signing.h"
#include "base/crypto.h"

/* By insertion: about ten as a rule. */
void parameters_sort(struct parameter *parameters, unsigned n)
{
	for (unsigned i = 1; i < n; i++) {
		struct parameter moving = parameters[i];
		unsigned at = i;
		for (; at > 0 && text_compare(moving.name, parameters[at - 1].name) < 0; at--)
			parameters[at] = parameters[at - 1];
		parameters[at] = moving;
	}
}

void signature_md5(const struct signed_call *call, uint8_t ret[SIGNATURE_SIZE])
{
	struct text parts[2 * SIGNED_PARAMETERS_MAX + 3];
	size_t n = 0;
	must(call->n <= SIGNED_PARAMETERS_MAX);
	parts[n++] = call->secret;
	for (unsigned i = 0; i < call->n; i++) {
		const struct parameter *p = &call->parameters[i];
		if (text_equal(p->name, TEXT("sign")) || (call->without_empty && !p->value.size))
			continue;
		parts[n++] = p->name;
		parts[n++] = p->value;
	}
	parts[n++] = call->body;
	parts[n++] = call->secret;
	digest_parts(DIGEST_MD5, parts, n, ret);
}
