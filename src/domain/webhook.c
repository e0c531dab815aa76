/*
 * Who is told what happens: webhooks, as the merchant manages them. What is on its way to them is
 * in delivery.c.
 *
 * A webhook is `suspended` when it has failed for long (delivery.c), and goes on when somebody says
 * so. What happens meanwhile is not kept for it. While a secret is changed, messages are signed
 * with both.
 */
#include "base/varint.h"
#include "domain/check.h"
#include "domain/life_check.h"
#include "domain/webhook.h"

enum { SECRET_SIZE_MIN = 24, SECRET_SIZE_MAX = 64, SECOND_MS = 1000 };

enum fault webhook_find(struct tx *tx, uint64_t number, struct webhook *ret)
{
	bool found;
	*ret = (struct webhook){.number = number};
	TRY(store_get(tx, TABLE_WEBHOOK, ret, &found));
	return found && ret->live ? OK : refuse(tx, FAULT_WEBHOOK_UNKNOWN, TEXT("id"), TEXT_NONE);
}

/* --- secrets --- */

/* What a secret is bound to: its webhook and which of the two it is. */
static struct text secret_about(const struct env *env, uint64_t number, const char *member)
{
	return arena_format(env->arena, "%llu:%s", (unsigned long long)number, member);
}

static struct text seal_secret(struct tx *tx, const struct env *env, uint64_t number,
			       const char *member, struct text clear)
{
	return store_seal(tx, TABLE_WEBHOOK, secret_about(env, number, member), clear);
}

static bool open_secret(struct tx *tx, const struct env *env, uint64_t number, const char *member,
			struct text *secret)
{
	return store_open_sealed(tx, TABLE_WEBHOOK, secret_about(env, number, member), *secret,
				 secret);
}

enum fault webhook_open_secrets(struct tx *tx, const struct env *env, struct webhook *w)
{
	if (w->old_until.ms <= env->now.ms)
		w->old_secret = TEXT_NONE;
	return open_secret(tx, env, w->number, "secret", &w->secret) &&
		       open_secret(tx, env, w->number, "old secret", &w->old_secret)
		   ? OK
		   : FAULT_KEY_FILE_WRONG;
}

static enum fault check_secret(struct tx *tx, struct text secret)
{
	return secret.size >= SECRET_SIZE_MIN && secret.size <= SECRET_SIZE_MAX
		   ? OK
		   : refuse(tx, FAULT_PARAMETER_INVALID, TEXT("secret"), TEXT_NONE);
}

/* --- what a repeat is answered from: a number, an instant, and the secret under its seal --- */

struct memory {
	uint64_t number;
	struct instant at;
	struct text secret; /* sealed */
};

static void remember(struct tx *tx, const struct env *env, enum command command,
		     const struct request_number *request, const struct memory *m)
{
	size_t size = 3 * VARINT_SIZE_MAX + m->secret.size;
	char *bytes = arena_take(env->arena, size);
	struct buffer b;
	must(bytes); /* a hundred */
	buffer_init_fixed(&b, bytes, size);
	buffer_varint(&b, m->number);
	buffer_zigzag(&b, m->at.ms);
	buffer_slice(&b, m->secret);
	number_keep(tx, env, command, request, buffer_get(&b));
}

static enum fault recall(struct tx *tx, const struct env *env, struct text bytes,
			 struct memory *ret)
{
	if (!varint_take(&bytes, &ret->number) || !zigzag_take(&bytes, &ret->at.ms) ||
	    !slice_take(&bytes, &ret->secret))
		return FAULT_DATA_DAMAGED;
	return open_secret(tx, env, ret->number, "answer", &ret->secret) ? OK
									 : FAULT_KEY_FILE_WRONG;
}

/* --- adding --- */

static enum fault check_room(struct tx *tx)
{
	uint64_t count;
	TRY(store_count(tx, LIST_WEBHOOKS, NULL, &count));
	if (count >= WEBHOOKS_MAX)
		return refuse(tx, FAULT_LIMIT_REACHED, TEXT("webhooks"), TEXT_NONE);
	return OK;
}

static enum fault check_url(struct tx *tx, struct text url)
{
	if (!url.size)
		return refuse(tx, FAULT_PARAMETER_MISSING, TEXT("url"), TEXT_NONE);
	if (url.size > WEBHOOK_URL_MAX)
		return refuse(tx, FAULT_PARAMETER_TOO_LONG, TEXT("url"), TEXT_NONE);
	return OK;
}

static void add(struct tx *tx, const struct env *env, const struct webhook_add_cmd *c,
		struct webhook_add_ret *r)
{
	struct webhook w = {.number = store_number(tx),
			    .live = true,
			    .url = c->url,
			    .kinds = c->kinds ? c->kinds : WEBHOOK_KINDS_ALL,
			    .label = c->label,
			    .created = env->instant};
	*r = (struct webhook_add_ret){w.number, w.created, arena_text(env->arena, c->secret)};
	w.secret = seal_secret(tx, env, w.number, "secret", c->secret);
	store_put(tx, TABLE_WEBHOOK, &w);
}

enum fault webhook_add(struct tx *tx, const struct env *env, const void *cmd, void *ret)
{
	const struct webhook_add_cmd *c = cmd;
	struct webhook_add_ret *r = ret;
	struct memory first;
	struct text bytes;
	bool found = false;
	*r = (struct webhook_add_ret){0};
	store_want_page(tx, &(struct page){.list = LIST_WEBHOOKS});
	TRY(check_number(tx, &c->request));
	TRY(check_url(tx, c->url));
	TRY(check_name(tx, TEXT("label"), c->label));
	TRY(check_secret(tx, c->secret));
	TRY(number_find(tx, env, COMMAND_webhook_add, &c->request, &bytes, &found));
	if (found) {
		TRY(recall(tx, env, bytes, &first));
		*r = (struct webhook_add_ret){first.number, first.at, first.secret};
		return OK;
	}
	TRY(check_room(tx));
	add(tx, env, c, r);
	remember(tx, env, COMMAND_webhook_add, &c->request,
		 &(struct memory){r->number, r->created,
				  seal_secret(tx, env, r->number, "answer", c->secret)});
	return OK;
}

/* --- changing --- */

/* Two sign at most: the one before the one before goes. */
static enum fault change_secret(struct tx *tx, const struct env *env,
				const struct webhook_change_cmd *c, struct webhook *w,
				struct webhook_change_ret *r)
{
	struct text before = w->secret;
	if (!open_secret(tx, env, w->number, "secret", &before))
		return FAULT_KEY_FILE_WRONG;
	w->old_until = INSTANT_NONE;
	w->old_secret = TEXT_NONE;
	if (c->old_secret_s) {
		w->old_until.ms = env->now.ms + (int64_t)c->old_secret_s * SECOND_MS;
		w->old_secret = seal_secret(tx, env, w->number, "old secret", before);
	}
	w->secret = seal_secret(tx, env, w->number, "secret", c->secret);
	*r = (struct webhook_change_ret){arena_text(env->arena, c->secret), w->old_until};
	return OK;
}

static enum fault check_change(struct tx *tx, const struct webhook_change_cmd *c)
{
	TRY(check_number(tx, &c->request));
	if (c->has_url)
		TRY(check_url(tx, c->url));
	if (c->has_label)
		TRY(check_name(tx, TEXT("label"), c->label));
	if (c->secret.size)
		TRY(check_secret(tx, c->secret));
	if (c->old_secret_s > OLD_SECRET_S_MAX)
		return refuse(tx, FAULT_PARAMETER_INVALID, TEXT("old_secret_s"), TEXT_NONE);
	return OK;
}

/* A URL or a resume is a new try: what waits for its time does so no longer. */
static enum fault change(struct tx *tx, const struct env *env, const struct webhook_change_cmd *c,
			 struct webhook_change_ret *r)
{
	struct webhook w;
	TRY(webhook_find(tx, c->number, &w));
	if (c->has_url)
		w.url = c->url;
	if (c->has_kinds)
		w.kinds = c->kinds ? c->kinds : WEBHOOK_KINDS_ALL;
	if (c->has_label)
		w.label = c->label;
	if (c->has_url || c->resume) {
		w.failing = INSTANT_NONE;
		w.recovered = env->instant;
	}
	if (c->resume)
		w.suspended = INSTANT_NONE;
	if (c->secret.size)
		TRY(change_secret(tx, env, c, &w, r));
	store_put(tx, TABLE_WEBHOOK, &w);
	return OK;
}

enum fault webhook_change(struct tx *tx, const struct env *env, const void *cmd, void *ret)
{
	const struct webhook_change_cmd *c = cmd;
	struct webhook_change_ret *r = ret;
	struct memory first;
	struct text bytes;
	bool found = false;
	*r = (struct webhook_change_ret){0};
	store_want(tx, TABLE_WEBHOOK, &(struct webhook){.number = c->number});
	TRY(check_change(tx, c));
	TRY(number_find(tx, env, COMMAND_webhook_change, &c->request, &bytes, &found));
	if (found) {
		TRY(recall(tx, env, bytes, &first));
		*r = (struct webhook_change_ret){first.secret, first.at};
		return OK;
	}
	TRY(change(tx, env, c, r));
	remember(tx, env, COMMAND_webhook_change, &c->request,
		 &(struct memory){c->number, r->old_until,
				  seal_secret(tx, env, c->number, "answer", r->secret)});
	return OK;
}

enum fault webhook_delete(struct tx *tx, const struct env *env, const void *cmd, void *ret)
{
	const struct webhook_delete_cmd *c = cmd;
	struct webhook_delete_ret *r = ret;
	struct webhook w;
	(void)env;
	*r = (struct webhook_delete_ret){0};
	TRY(webhook_find(tx, c->number, &w));
	w.live = false;
	w.secret = w.old_secret = TEXT_NONE;
	store_put(tx, TABLE_WEBHOOK, &w);
	return OK;
}

/* --- reading --- */

enum fault webhook_list(struct tx *tx, const struct env *env, const void *cmd, void *ret)
{
	const struct webhook_list_cmd *c = cmd;
	struct webhook_list_ret *r = ret;
	struct page page = {
	    .list = LIST_WEBHOOKS, .from = c->from, .n = c->n, .oldest_first = true};
	(void)env;
	return store_page(tx, &page, &r->rows, &r->n, &r->count);
}

enum fault webhook_get(struct tx *tx, const struct env *env, const void *cmd, void *ret)
{
	const struct webhook_get_cmd *c = cmd;
	struct webhook_get_ret *r = ret;
	(void)env;
	return webhook_find(tx, c->number, &r->webhook);
}
