/* What face.c tells the documents. */
#pragma once

#include "dialect/native/native.h"

/* All that a public key hears of a coupon that it cannot use. */
#define NATIVE_NOT_USABLE "coupon_not_usable"
int native_status(enum fault fault);
/* A command's member in the words of the API. */
struct text native_wire_word(struct text field);
