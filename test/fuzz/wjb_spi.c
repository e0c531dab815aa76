/* WangJuBao asks for coupons. */
#include "fuzz/lib/wjb_signature.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct caller caller = {.dialect = &dialect_wjb_spi,
					     .signature = wjb_signature};
	caller_run(&caller, data, size);
	return 0;
}
