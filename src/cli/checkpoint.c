/*
 * `couponry ledger checkpoint`, `check` and `public-key`: a signed list of where each merchant's
 * chain stands, which an auditor keeps and holds against the store later.
 *
 *   FILE      JSON: the store, the time, the public key, and for each merchant its newest entry's
 *             number, instant and hash
 *   FILE.sig  64 bytes: an Ed25519 signature over the exact bytes of FILE
 *
 * A chain that contains a checkpoint's hash contains, unchanged, all that it had then.
 */
#include <unistd.h>

#include "base/crypto.h"
#include "base/ed25519.h"
#include "base/json.h"
#include "cli/commands.h"

enum {
	CHECKPOINT_BYTES_MAX = 64 * 1024 * 1024 /* of some 500,000 merchants */,
	PEM_BYTES_MAX = 4096
};

/* --- files --- */

static bool file_take(const char *path, struct buffer *out)
{
	FILE *in = fopen(path, "re");
	char part[16 * 1024];
	size_t n;

	if (!in)
		return false;
	while ((n = fread(part, 1, sizeof(part), in)) > 0 && !out->full)
		buffer_add(out, part, n);
	bool good = !ferror(in) && !out->full;
	fclose(in);
	return good;
}

static bool file_give(const char *path, struct text bytes)
{
	FILE *out = fopen(path, "we");
	bool good = out && fwrite(bytes.data, 1, bytes.size, out) == bytes.size &&
		    fflush(out) == 0 && fsync(fileno(out)) == 0;

	return out && fclose(out) == 0 && good;
}

static char *signature_path(struct cli *c, const char *path)
{
	struct text name = arena_format(&c->arena, "%s.sig%c", path, '\0');

	return (char *)(uintptr_t)name.data;
}

/* --- checkpoint --- */

struct chain {
	uint64_t merchant, number;
	struct instant instant;
	uint8_t hash[32];
	bool seen; /* check: the store's chain contains it */
};

/* In order of their merchants. */
struct chains {
	struct cli *cli;
	struct chain *at;
	size_t count, capacity;
	bool stopped;
};

/* The place of the merchant, or where it belongs. */
static size_t chain_place(const struct chains *c, uint64_t merchant)
{
	size_t low = 0, high = c->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (c->at[middle].merchant < merchant)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static struct chain *chain_find(const struct chains *c, uint64_t merchant)
{
	size_t i = chain_place(c, merchant);

	return i < c->count && c->at[i].merchant == merchant ? &c->at[i] : NULL;
}

static struct chain *chain_add(struct chains *c, uint64_t merchant)
{
	size_t i = chain_place(c, merchant);

	if (c->count == c->capacity) {
		c->capacity = c->capacity ? 2 * c->capacity : 64;
		c->at = realloc(c->at, c->capacity * sizeof(*c->at));
		must(c->at);
	}
	memmove(&c->at[i + 1], &c->at[i], (c->count - i) * sizeof(*c->at));
	c->count++;
	c->at[i] = (struct chain){.merchant = merchant};
	return &c->at[i];
}

static bool chain_grows(void *context, const struct ledger_entry *e)
{
	struct chains *c = context;
	struct chain *chain = chain_find(c, e->merchant);

	if (!chain)
		chain = chain_add(c, e->merchant);
	chain->number = e->number;
	chain->instant = e->instant;
	memcpy(chain->hash, e->hash, sizeof(chain->hash));
	c->stopped = c->cli->gone && c->cli->gone(c->cli->gone_context);
	return !c->stopped;
}

static struct instant clock_now(struct cli *c)
{
	struct detail detail;
	struct instant now = reader_env(reader_begin(c->reader, 0, &c->arena, &detail))->now;

	reader_end(c->reader);
	return now;
}

static void write_body(const struct chains *chains, struct instant now, uint64_t store,
		       const uint8_t public[ED25519_KEY_SIZE], struct buffer *b)
{
	char hex[64];

	hex_lower(public, ED25519_KEY_SIZE, hex);
	buffer_format(b, "{\n\"format\": \"couponry checkpoint 1\",\n\"store\": \"%016llx\",\n",
		      (unsigned long long)store);
	buffer_format(b, "\"time_ms\": %lld,\n\"time\": \"", (long long)now.ms);
	buffer_moment_second(b, now);
	buffer_format(b, "\",\n\"public_key\": \"%.64s\",\n\"merchants\": [", hex);
	for (size_t i = 0; i < chains->count; i++) {
		const struct chain *c = &chains->at[i];
		hex_lower(c->hash, sizeof(c->hash), hex);
		buffer_format(b, "%s\n{\"merchant\": %llu, \"entry\": %llu, ", i ? "," : "",
			      (unsigned long long)c->merchant, (unsigned long long)c->number);
		buffer_format(b, "\"instant_ms\": %lld, \"hash\": \"%.64s\"}",
			      (long long)c->instant.ms, hex);
	}
	buffer_text(b, TEXT("\n]\n}\n"));
}

static enum fault checkpoint_write(struct cli *c, const struct chains *chains, const char *path)
{
	uint8_t seed[ED25519_KEY_SIZE], public[ED25519_KEY_SIZE];
	uint8_t signature[ED25519_SIGNATURE_SIZE];
	struct text sealed = {(const char *)signature, sizeof(signature)};
	struct buffer body;
	uint64_t store = engine_signing_key(c->engine, seed);

	buffer_init(&body, CHECKPOINT_BYTES_MAX);
	ed25519_public(seed, public);
	write_body(chains, clock_now(c), store, public, &body);
	ed25519_sign(seed, buffer_get(&body), signature);
	secret_wipe(seed, sizeof(seed));
	enum fault fault = body.full ? FAULT_ANSWER_TOO_LARGE : OK;
	if (fault == OK &&
	    (!file_give(path, buffer_get(&body)) || !file_give(signature_path(c, path), sealed)))
		fault = FAULT_FILE_UNWRITABLE;
	buffer_release(&body);
	return fault;
}

int cli_ledger_checkpoint(struct cli *c)
{
	const char *path = cli_option(c, "out");
	struct chains chains = {.cli = c};

	if (!path || !*path)
		return cli_usage(c, "ledger checkpoint wants --out=FILE");
	enum fault fault = engine_ledger_scan(c->engine, chain_grows, &chains);
	if (fault == OK && chains.stopped)
		fault = FAULT_SHUTTING_DOWN;
	if (fault == OK)
		fault = checkpoint_write(c, &chains, path);
	if (fault == OK && c->json)
		fprintf(c->out, "{\"merchants\": %zu}\n", chains.count);
	else if (fault == OK)
		fprintf(c->out, "%zu chains, in %s, signed in %s.sig\n", chains.count, path, path);
	free(chains.at);
	return fault == OK ? 0 : cli_failed(c, fault, path);
}

int cli_ledger_public_key(struct cli *c)
{
	uint8_t seed[ED25519_KEY_SIZE], public[ED25519_KEY_SIZE];
	char pem[ED25519_PEM_SIZE];

	(void)engine_signing_key(c->engine, seed);
	ed25519_public(seed, public);
	secret_wipe(seed, sizeof(seed));
	ed25519_pem_write(public, pem);
	fwrite(pem, 1, sizeof(pem), c->out);
	return 0;
}

/* --- check --- */

struct check {
	struct cli *cli;
	const char *path;
	struct buffer body;
	uint8_t public[ED25519_KEY_SIZE]; /* that the file names */
	uint64_t store;
	struct chains chains;
	const struct chain *wrong; /* the store has another entry there */
};

static bool member(struct json object, const char *name, enum json_kind kind, struct json *ret)
{
	return json_find(object, text_of(name), ret) && ret->kind == kind;
}

static struct text plain(struct json text)
{
	return (struct text){text.raw.data + 1, text.raw.size - 2};
}

static bool read_number(struct json object, const char *name, uint64_t *ret)
{
	struct json value;
	int64_t number;

	if (!member(object, name, JSON_NUMBER, &value) || !json_int64(value, &number) || number < 0)
		return false;
	*ret = (uint64_t)number;
	return true;
}

static bool read_hex(struct json object, const char *name, uint8_t *out, size_t size)
{
	struct json value;

	return member(object, name, JSON_TEXT, &value) && hex_read(plain(value), out, size);
}

static bool read_chain(struct check *k, struct json row)
{
	struct chain chain = {0};
	uint64_t ms;

	if (!read_number(row, "merchant", &chain.merchant) ||
	    !read_number(row, "entry", &chain.number) || !read_number(row, "instant_ms", &ms) ||
	    !read_hex(row, "hash", chain.hash, sizeof(chain.hash)) ||
	    chain_find(&k->chains, chain.merchant))
		return false;
	chain.instant.ms = (int64_t)ms;
	*chain_add(&k->chains, chain.merchant) = chain;
	return true;
}

static bool read_body(struct check *k)
{
	struct json all, value, row;
	struct text name;
	uint8_t store[8];

	if (!json_parse(buffer_get(&k->body), &all) || all.kind != JSON_OBJECT ||
	    !member(all, "format", JSON_TEXT, &value) ||
	    !text_equal(plain(value), TEXT("couponry checkpoint 1")) ||
	    !read_hex(all, "public_key", k->public, sizeof(k->public)) ||
	    !read_hex(all, "store", store, sizeof(store)) ||
	    !member(all, "merchants", JSON_LIST, &value))
		return false;
	for (size_t i = 0; i < sizeof(store); i++)
		k->store = k->store << 8 | store[i];
	for (struct json_walk w = json_walk(value); json_next(&w, &name, &row);)
		if (row.kind != JSON_OBJECT || !read_chain(k, row))
			return false;
	return true;
}

static int not_good(struct check *k, enum fault fault, const char *why)
{
	return cli_failed(k->cli, fault, why);
}

/* 0: the signature is that of the key in the file. */
static int check_signature(struct check *k)
{
	struct buffer signature;

	if (!file_take(k->path, &k->body) || !read_body(k))
		return not_good(k, FAULT_FILE_UNREADABLE, k->path);
	buffer_init(&signature, ED25519_SIGNATURE_SIZE + 1);
	bool there = file_take(signature_path(k->cli, k->path), &signature) &&
		     signature.size == ED25519_SIGNATURE_SIZE;
	bool good = there && ed25519_verify(k->public, buffer_get(&k->body),
					    (const uint8_t *)signature.data);
	buffer_release(&signature);
	if (!there)
		return not_good(k, FAULT_FILE_UNREADABLE, signature_path(k->cli, k->path));
	return good ? 0 : not_good(k, FAULT_VERIFY_FAILED, "the signature is not good");
}

/* That the key is the one that is trusted. */
static int check_key(struct check *k)
{
	const char *path = cli_option(k->cli, "public-key");
	uint8_t trusted[ED25519_KEY_SIZE];
	struct buffer pem;

	if (!path)
		return 0;
	buffer_init(&pem, PEM_BYTES_MAX);
	bool read = file_take(path, &pem) && ed25519_pem_read(buffer_get(&pem), trusted);
	buffer_release(&pem);
	if (!read)
		return not_good(k, FAULT_FILE_UNREADABLE, path);
	if (memcmp(trusted, k->public, sizeof(trusted)) != 0)
		return not_good(k, FAULT_VERIFY_FAILED, "another key has signed it");
	return 0;
}

static bool chain_contains(void *context, const struct ledger_entry *e)
{
	struct check *k = context;
	struct chain *chain = chain_find(&k->chains, e->merchant);

	if (chain && chain->number == e->number) {
		chain->seen = true;
		if (memcmp(chain->hash, e->hash, sizeof(chain->hash)) != 0 ||
		    chain->instant.ms != e->instant.ms)
			k->wrong = chain;
	}
	k->chains.stopped = k->cli->gone && k->cli->gone(k->cli->gone_context);
	return !k->wrong && !k->chains.stopped;
}

static int check_store(struct check *k)
{
	uint8_t seed[ED25519_KEY_SIZE], public[ED25519_KEY_SIZE];
	uint64_t store = engine_signing_key(k->cli->engine, seed);

	ed25519_public(seed, public);
	secret_wipe(seed, sizeof(seed));
	if (store != k->store || memcmp(public, k->public, sizeof(public)) != 0)
		return not_good(k, FAULT_VERIFY_FAILED, "it is another store's checkpoint");
	enum fault fault = engine_ledger_scan(k->cli->engine, chain_contains, k);
	if (fault == OK && k->chains.stopped)
		fault = FAULT_SHUTTING_DOWN;
	for (size_t i = 0; fault == OK && !k->wrong && i < k->chains.count; i++)
		k->wrong = k->chains.at[i].seen ? NULL : &k->chains.at[i];
	if (fault != OK)
		return not_good(k, fault, NULL);
	if (!k->wrong)
		return 0;
	struct text why = arena_format(
	    &k->cli->arena, "the store's entry %llu of merchant %llu is not the checkpoint's%c",
	    (unsigned long long)k->wrong->number, (unsigned long long)k->wrong->merchant, '\0');
	return not_good(k, FAULT_VERIFY_FAILED, why.data);
}

static void check_print(const struct check *k)
{
	struct cli *c = k->cli;
	char hex[2 * ED25519_KEY_SIZE];

	hex_lower(k->public, sizeof(k->public), hex);
	if (c->json) {
		fprintf(c->out,
			"{\"merchants\": %zu, \"public_key\": \"%.*s\", \"compared\": %s}\n",
			k->chains.count, (int)sizeof(hex), hex, c->engine ? "true" : "false");
		return;
	}
	fprintf(c->out, "the signature is good: %zu chains, signed by the key %.*s%s\n",
		k->chains.count, (int)sizeof(hex), hex,
		cli_option(c, "public-key") || c->engine
		    ? ""
		    : ", which the file itself names: compare it with `ledger public-key`");
	if (c->engine)
		fputs("the store's chains contain them\n", c->out);
}

int cli_ledger_check(struct cli *c)
{
	struct check k = {.cli = c, .path = c->words[0]};

	if (c->word_count != 1)
		return cli_usage(c, "ledger check wants FILE");
	k.chains.cli = c;
	buffer_init(&k.body, CHECKPOINT_BYTES_MAX);
	int exit = check_signature(&k);
	if (!exit)
		exit = check_key(&k);
	if (!exit && c->engine)
		exit = check_store(&k);
	if (!exit)
		check_print(&k);
	buffer_release(&k.body);
	free(k.chains.at);
	return exit;
}
