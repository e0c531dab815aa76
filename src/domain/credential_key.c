/*
 * Native keys that are made here, and what is remembered of a credential under a request number.
 *
 * A key is made of a number that is never given twice, so that it can be made again for a repeat:
 * the number is kept, the key is not. Without the master key, which is not in the store, the number
 * says nothing.
 */
#include "base/crypto.h"
#include "base/varint.h"
#include "domain/credential.h"
#include "domain/life_check.h"

enum {
	KEY_BYTES = 25,	     /* of two tags: 200 bits .. */
	KEY_CHARACTERS = 40, /* .. of 5 each */
	TAG_BYTES = 16,
	MEMORY_BYTES_MAX = 2048, /* name and label take 800 at most */
};

struct text credential_name(struct tx *tx, const struct env *env, uint64_t dialect,
			    struct text name)
{
	const struct text parts[] = {TEXT("native key"), name};
	if (dialect != DIALECT_NATIVE)
		return name;
	struct text tag = store_tag(tx, parts, COUNT_OF(parts));
	char *hex = arena_take(env->arena, 2 * tag.size);
	must(hex);
	hex_lower((const uint8_t *)tag.data, tag.size, hex);
	return (struct text){hex, 2 * tag.size};
}

/* Two tags: twice as many bytes as one has. */
static void add_tags(struct tx *tx, const char *what, struct text which, struct text of,
		     struct buffer *out)
{
	struct text parts[] = {text_of(what), TEXT("1"), which, of};
	buffer_text(out, store_tag(tx, parts, COUNT_OF(parts)));
	parts[1] = TEXT("2");
	buffer_text(out, store_tag(tx, parts, COUNT_OF(parts)));
}

struct text credential_key(struct tx *tx, const struct env *env, uint64_t owner, struct text seed,
			   uint64_t number)
{
	static const char digits[] = "abcdefghijklmnopqrstuvwxyz234567";
	uint8_t bytes[2 * TAG_BYTES];
	char text[KEY_CHARACTERS];
	struct buffer b;
	struct text which = arena_format(env->arena, "%llu:%llu", (unsigned long long)owner,
					 (unsigned long long)number);
	buffer_init_fixed(&b, (char *)bytes, sizeof(bytes));
	add_tags(tx, "made key", which, seed, &b);
	must(b.size == sizeof(bytes));
	for (unsigned i = 0; i < KEY_CHARACTERS; i++) {
		unsigned bit = 5 * i;
		unsigned pair = (unsigned)bytes[bit / 8] << 8 | bytes[bit / 8 + 1];
		text[i] = digits[pair >> (11 - bit % 8) & 31];
	}
	_Static_assert(KEY_BYTES * 8 == KEY_CHARACTERS * 5 && KEY_BYTES < 2 * TAG_BYTES,
		       "the last character's second byte is there");
	struct text key = arena_format(env->arena, "cpk_%.*s", KEY_CHARACTERS, text);
	secret_wipe(bytes, sizeof(bytes));
	secret_wipe(text, sizeof(text));
	return key;
}

/* --- what is remembered --- */

static bool unpack(struct text in, struct credential *c, uint64_t *ret_key_number)
{
	uint64_t revoked = 0;
	bool good = varint_take(&in, ret_key_number) && varint_take(&in, &c->dialect) &&
		    slice_take(&in, &c->name) && slice_take(&in, &c->label) &&
		    varint_take(&in, &c->owner) && varint_take(&in, &c->scopes) &&
		    zigzag_take(&in, &c->expires.ms) && varint_take(&in, &revoked) &&
		    varint_take(&in, &c->calls_per_s) && varint_take(&in, &c->burst) &&
		    zigzag_take(&in, &c->created.ms);
	c->revoked = revoked;
	return good;
}

enum fault credential_again(struct tx *tx, const struct env *env, enum command command,
			    const struct request_number *request, struct credential *ret,
			    uint64_t *ret_key_number, bool *ret_found)
{
	struct text memory;
	*ret_found = false;
	TRY(check_number(tx, request));
	if (!request->key.size)
		return OK;
	TRY(number_find(tx, env, command, request, &memory, ret_found));
	if (!*ret_found)
		return OK;
	*ret = (struct credential){0};
	if (!unpack(memory, ret, ret_key_number))
		return FAULT_DATA_DAMAGED;
	credential_copy(env, ret);
	return OK;
}

void credential_remember(struct tx *tx, const struct env *env, enum command command,
			 const struct request_number *request, const struct credential *c,
			 uint64_t key_number)
{
	char memory[MEMORY_BYTES_MAX];
	struct buffer b;
	if (!request->key.size)
		return;
	buffer_init_fixed(&b, memory, sizeof(memory));
	buffer_varint(&b, key_number);
	buffer_varint(&b, c->dialect);
	buffer_slice(&b, c->name);
	buffer_slice(&b, c->label);
	buffer_varint(&b, c->owner);
	buffer_varint(&b, c->scopes);
	buffer_zigzag(&b, c->expires.ms);
	buffer_varint(&b, c->revoked);
	buffer_varint(&b, c->calls_per_s);
	buffer_varint(&b, c->burst);
	buffer_zigzag(&b, c->created.ms);
	must(!b.full);
	number_keep(tx, env, command, request, buffer_get(&b));
}
