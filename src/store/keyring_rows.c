/* Slots as rows. In a guessed run (rows.h) a key may be any: what it sealed is thrown away. */
#include "store/keyring_rows.h"

#include "base/varint.h"
#include "store/keys.h"

void keyring_rows_key(struct key *k, uint64_t merchant, uint64_t slot)
{
	key_init(k, (enum row_kind)ROW_KEY, 0, merchant);
	key_add_number(k, slot);
}

bool keyring_rows_customer(const struct keyring *ring, uint64_t merchant, uint64_t slot,
			   uint8_t ret_key[SEAL_KEY_SIZE])
{
	static const uint8_t wiped[SLOT_SIZE];
	const struct keyring_rows *k = (const struct keyring_rows *)(const void *)ring;
	struct key key;
	struct text value;
	if (slot == 0)
		return false;
	keyring_rows_key(&key, merchant, slot);
	bool found = row_get(k->rows, key_get(&key), &value) && value.size == SLOT_SIZE;
	memset(ret_key, 0, SEAL_KEY_SIZE);
	if (!found)
		return k->rows->guessed;
	memcpy(ret_key, value.data, SLOT_SIZE);
	return k->rows->guessed || memcmp(ret_key, wiped, SLOT_SIZE) != 0;
}

static uint64_t verb_take_slot(struct keyring *ring, uint64_t merchant)
{
	struct keyring_rows *k = (struct keyring_rows *)(void *)ring;
	uint8_t bytes[SLOT_SIZE], number[VARINT_SIZE_MAX];
	struct key key, last;
	struct text value;
	uint64_t slot = 0;
	key_init(&last, (enum row_kind)ROW_KEY_LAST, 0, merchant);
	if (row_get(k->rows, key_get(&last), &value))
		must(varint_take(&value, &slot));
	slot++;
	k->make(k->context, slot, bytes);
	keyring_rows_key(&key, merchant, slot);
	row_put(k->rows, key_get(&key), (struct text){(const char *)bytes, sizeof(bytes)});
	row_put(k->rows, key_get(&last),
		(struct text){(const char *)number, varint_put(number, slot)});
	secret_wipe(bytes, sizeof(bytes));
	return slot;
}

/* The rows themselves say which were given. */
static void verb_slot_seen(struct keyring *ring, uint64_t merchant, uint64_t slot)
{
	(void)ring;
	(void)merchant;
	(void)slot;
}

void keyring_rows_like(struct keyring_rows *k, const struct keyring *ring)
{
	*k = (struct keyring_rows){.ring = *ring};
	k->ring.customer = keyring_rows_customer;
	k->ring.take_slot = verb_take_slot;
	k->ring.slot_seen = verb_slot_seen;
}
