/* The native API: addresses, keys, bodies, queries, and what is answered. */
#include "fuzz/lib/caller.h"

/* A refusal's and an answer's headers are lines; a request number that was taken has a digest. */
static void decoded(struct call *call)
{
	const struct request_number *number = &call->request_number;
	must(!number->key.size || number->digest.size == 32);
	for (unsigned i = 0; i < call->header_count; i++)
		must(call->headers[i].name.size && text_is_clean(call->headers[i].value));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct caller caller = {.dialect = &dialect_native, .decoded = decoded};
	caller_run(&caller, data, size);
	return 0;
}
