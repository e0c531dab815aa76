/*
 * Times are env->instant, which never runs backwards: what was kept lies in the past, and at most
 * one bucket back.
 */
#include "domain/request.h"
#include "base/varint.h"
#include "domain/check.h"

enum { PARTS_MAX = COUNT_OF(((struct request_key *)0)->parts) };

static uint64_t retention_ms(enum request_class class)
{
	static const uint64_t HOUR_MS = 3600 * 1000;
	switch (class) {
	case REQUEST_DIALECT:
		return 24 * HOUR_MS;
	case REQUEST_NATIVE:
		return 90 * 24 * HOUR_MS;
	case REQUEST_JOB:
		return 7 * 24 * HOUR_MS;
	}
	must_failed("a request class", __FILE__, __LINE__);
	return 0;
}

/* The bucket of what is kept now; what is still alive is there or one below. */
static uint64_t bucket_now(const struct env *env, enum request_class class)
{
	must(env->instant.ms >= 0);
	return (uint64_t)env->instant.ms / retention_ms(class) + 1;
}

/* store_tag keeps the parts apart. */
static struct text tag_of(struct tx *tx, const struct asked *asked)
{
	const char *command = command_get(asked->command)->name;
	struct text parts[2 + PARTS_MAX] = {TEXT("request"), text_of(command)};
	must(asked->key->count <= PARTS_MAX);
	for (unsigned i = 0; i < asked->key->count; i++)
		parts[2 + i] = asked->key->parts[i];
	return store_tag(tx, parts, 2 + asked->key->count);
}

static enum fault probe(struct tx *tx, const struct env *env, const struct request *key,
			struct text *ret_result, bool *ret_found)
{
	struct request kept = *key;
	int64_t kept_ms = 0;
	TRY(store_get_guess(tx, TABLE_REQUEST, &kept, ret_found));
	if (!*ret_found)
		return OK;
	*ret_result = kept.result;
	if (!zigzag_take(ret_result, &kept_ms))
		return FAULT_DATA_DAMAGED;
	*ret_found =
	    env->instant.ms - kept_ms < (int64_t)retention_ms((enum request_class)key->class);
	return OK;
}

static void want(struct tx *tx, const struct env *env, enum request_class class, struct text tag)
{
	struct request key = {.class = class, .tag = tag};
	for (unsigned back = 0; back <= 1; back++) {
		key.bucket = bucket_now(env, class) - back;
		store_want(tx, TABLE_REQUEST, &key);
	}
}

static enum fault find(struct tx *tx, const struct env *env, enum request_class class,
		       struct text tag, struct text *ret_result, bool *ret_found)
{
	struct request key = {.class = class, .tag = tag};
	*ret_found = false;
	for (unsigned back = 0; back <= 1 && !*ret_found; back++) {
		key.bucket = bucket_now(env, class) - back;
		TRY(probe(tx, env, &key, ret_result, ret_found));
	}
	return OK;
}

enum fault request_find(struct tx *tx, const struct env *env, const struct asked *asked,
			struct text *ret_result, bool *ret_found)
{
	*ret_found = false;
	if (asked->key->count == 0)
		return OK;
	struct text tag = tag_of(tx, asked);
	want(tx, env, asked->class, tag);
	return find(tx, env, asked->class, tag, ret_result, ret_found);
}

enum fault request_find_any(struct tx *tx, const struct env *env, const struct asked *asked,
			    struct text *ret_result, bool *ret_found)
{
	*ret_found = false;
	if (asked->key->count == 0)
		return OK;
	struct text tag = tag_of(tx, asked);
	want(tx, env, REQUEST_DIALECT, tag);
	want(tx, env, REQUEST_NATIVE, tag);
	TRY(find(tx, env, REQUEST_DIALECT, tag, ret_result, ret_found));
	return *ret_found ? OK : find(tx, env, REQUEST_NATIVE, tag, ret_result, ret_found);
}

void request_keep(struct tx *tx, const struct env *env, const struct asked *asked,
		  struct text result)
{
	if (asked->key->count == 0)
		return;
	size_t size = VARINT_SIZE_MAX + result.size;
	char *memory = arena_take(env->arena, size);
	must(memory); /* a few bytes, after all that was large */
	struct buffer value;
	buffer_init_fixed(&value, memory, size);
	buffer_zigzag(&value, env->instant.ms);
	buffer_text(&value, result);
	struct request kept = {.class = asked->class,
			       .bucket = bucket_now(env, asked->class),
			       .tag = tag_of(tx, asked),
			       .result = buffer_get(&value)};
	store_put(tx, TABLE_REQUEST, &kept);
}

enum fault request_forget(struct tx *tx, const struct env *env, const void *cmd, void *ret)
{
	const struct request_forget_cmd *c = cmd;
	struct request_forget_ret *r = ret;
	*r = (struct request_forget_ret){0};
	if (c->n == 0)
		return OK;
	struct request *rows = ARENA_ARRAY(env->arena, struct request, c->n);
	ROOM(rows);
	/* Everything in a bucket below this one has ended. */
	uint64_t bucket = bucket_now(env, c->class) - 1;
	TRY(store_stale_requests(tx, c->class, bucket, c->n, rows, &r->forgotten));
	for (unsigned i = 0; i < r->forgotten; i++)
		store_del(tx, TABLE_REQUEST, &rows[i]);
	return OK;
}
