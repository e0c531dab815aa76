/* A keyring for tests: no file, and keys that anybody can tell from their slots. */
#pragma once

#include "store/keyring.h"

/* A slot's key is made from its number. Slots from 1. */
enum { FAKE_SLOTS_MAX = 65536 };
struct fake_keyring {
	struct keyring ring; /* first */
	uint64_t taken;
	bool wiped[FAKE_SLOTS_MAX];
};
static inline bool fake_customer(const struct keyring *k, uint64_t merchant, uint64_t slot,
				 uint8_t ret[SEAL_KEY_SIZE])
{
	(void)merchant;
	const struct fake_keyring *f = (const struct fake_keyring *)(const void *)k;
	if (slot < FAKE_SLOTS_MAX && f->wiped[slot])
		return false;
	memset(ret, (int)(slot & 255), SEAL_KEY_SIZE);
	memcpy(ret, &slot, sizeof(slot));
	return true;
}
static inline uint64_t fake_take_slot(struct keyring *k, uint64_t merchant)
{
	(void)merchant;
	return ++((struct fake_keyring *)(void *)k)->taken;
}
static inline void fake_slot_seen(struct keyring *k, uint64_t merchant, uint64_t slot)
{
	(void)merchant;
	struct fake_keyring *f = (struct fake_keyring *)(void *)k;
	if (slot > f->taken)
		f->taken = slot;
}
static inline void fake_keyring_init(struct fake_keyring *f)
{
	*f = (struct fake_keyring){.ring = {.master_id = 1,
					    .master_seal = {7},
					    .customer = fake_customer,
					    .take_slot = fake_take_slot,
					    .slot_seen = fake_slot_seen}};
	hmac_key_make(DIGEST_SHA256, TEXT("\x09"), &f->ring.master_tag);
}
