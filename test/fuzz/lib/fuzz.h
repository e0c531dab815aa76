/*
 * A fuzzer is one function over bytes that may be anything; what has to hold it says with must().
 * The same file is linked twice: with replay.c, which runs the corpus and random mutations of it in
 * the tests, and by `make fuzz` with libFuzzer, which looks for new paths.
 */
#pragma once

#include "base/base.h"

/* The bytes are a malloced block of exactly that size, so that the sanitizers see every overrun. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Reads all of it, so that a slice that points to nowhere is found. */
static inline void text_touch(struct text t)
{
	unsigned char sum = 0;
	for (size_t i = 0; i < t.size; i++)
		sum ^= (unsigned char)t.data[i];
	*(volatile unsigned char *)&sum = sum;
}
static inline bool text_within(struct text t, struct text all)
{
	return t.size == 0 || (t.data >= all.data && t.data + t.size <= all.data + all.size);
}
