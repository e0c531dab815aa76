/*
 * What belongs to the store itself: its epoch, the merchants and their credentials. All of these
 * commands run for merchant 0. Changes are in merchant_change.c and credential_change.c.
 */
#include "base/crypto.h"
#include "domain/check.h"
#include "domain/credential.h"

static const uint64_t ORIGIN = 1;

static enum fault check_epoch(struct tx *tx, uint64_t epoch)
{
	must(store_merchant(tx) == 0);
	if (epoch == 0 || epoch >> 20)
		return refuse(tx, FAULT_PARAMETER_INVALID, TEXT("epoch"), TEXT_NONE);
	return OK;
}

enum fault origin_create(struct tx *tx, const struct env *env, const void *cmd, void *ret)
{
	const struct origin_create_cmd *c = cmd;
	struct origin_create_ret *r = ret;
	struct origin origin = {.number = ORIGIN};
	bool found;
	TRY(check_epoch(tx, c->epoch));
	TRY(store_get(tx, TABLE_ORIGIN, &origin, &found));
	r->made = !found;
	if (found)
		return OK;
	origin = (struct origin){.number = ORIGIN, .epoch = c->epoch, .created = env->instant};
	store_put(tx, TABLE_ORIGIN, &origin);
	return OK;
}

/* The new epoch must be another one: that nothing is given out twice hangs on it. */
enum fault origin_restore(struct tx *tx, const struct env *env, const void *cmd, void *ret)
{
	const struct origin_restore_cmd *c = cmd;
	struct origin_restore_ret *r = ret;
	struct origin origin = {.number = ORIGIN};
	bool found;
	(void)env;
	*r = (struct origin_restore_ret){0};
	TRY(check_epoch(tx, c->epoch));
	TRY(store_get(tx, TABLE_ORIGIN, &origin, &found));
	if (!found)
		return FAULT_DATA_MISSING;
	if (origin.epoch == c->epoch)
		return refuse(tx, FAULT_PARAMETER_INVALID, TEXT("epoch"), TEXT_NONE);
	origin.epoch = c->epoch;
	store_put(tx, TABLE_ORIGIN, &origin);
	return OK;
}

enum fault merchant_add(struct tx *tx, const struct env *env, const void *cmd, void *ret)
{
	const struct merchant_add_cmd *c = cmd;
	struct merchant_add_ret *r = ret;
	struct merchant merchant = {.name = c->name};
	bool found;
	must(store_merchant(tx) == 0);
	TRY(check_given(tx, TEXT("name"), c->name));
	if (!merchant_zone_valid(c->from_utc8))
		return refuse(tx, FAULT_PARAMETER_INVALID, TEXT("zone"), TEXT_NONE);
	TRY(store_find(tx, UNIQUE_MERCHANT_BY_NAME, &merchant, &found));
	if (found && !c->may_exist)
		return refuse(tx, FAULT_VALUE_TAKEN, TEXT("name"), c->name);
	*r = (struct merchant_add_ret){.number = merchant.number, .made = !found};
	if (found)
		return OK;
	r->number = store_number(tx);
	merchant = (struct merchant){.number = r->number,
				     .name = c->name,
				     .created = env->instant,
				     .from_utc8 = c->from_utc8,
				     .sandbox = c->sandbox};
	store_put(tx, TABLE_MERCHANT, &merchant);
	return OK;
}

enum fault merchant_list(struct tx *tx, const struct env *env, const void *cmd, void *ret)
{
	const struct merchant_list_cmd *c = cmd;
	struct merchant_list_ret *r = ret;
	struct page page = {
	    .list = LIST_MERCHANTS, .from = c->from, .n = c->n, .oldest_first = true};
	(void)env;
	return store_page(tx, &page, &r->rows, &r->n, &r->count);
}

/* What a secret is bound to: its credential and which of the two it is. */
static struct text secret_about(const struct env *env, const struct credential *c,
				const char *member)
{
	return arena_format(env->arena, "%llu:%.*s:%s", (unsigned long long)c->dialect,
			    TEXT_ARG(c->name), member);
}

static bool open_sealed(struct tx *tx, const struct env *env, struct credential *c)
{
	return store_open_sealed(tx, TABLE_CREDENTIAL, secret_about(env, c, "secret"), c->secret,
				 &c->secret) &&
	       store_open_sealed(tx, TABLE_CREDENTIAL, secret_about(env, c, "token"), c->token,
				 &c->token);
}

static enum fault get_merchant(struct tx *tx, uint64_t number, struct merchant *ret)
{
	bool found;
	*ret = (struct merchant){.number = number};
	TRY(store_get(tx, TABLE_MERCHANT, ret, &found));
	return found ? OK : refuse(tx, FAULT_MERCHANT_UNKNOWN, TEXT("merchant"), TEXT_NONE);
}

enum { NATIVE_KEY_LENGTH_MIN = 16 };

/* It comes in a header: visible ASCII. */
static enum fault check_native(struct tx *tx, const struct credential *c)
{
	bool good = c->demo || c->name.size >= NATIVE_KEY_LENGTH_MIN;
	for (size_t i = 0; i < c->name.size; i++)
		good = good && c->name.data[i] > ' ' && c->name.data[i] <= '~';
	if (!good)
		return refuse(tx, FAULT_PARAMETER_INVALID, TEXT("name"), TEXT_NONE);
	if (c->scopes & ~(uint64_t)(SCOPE_ALL | SCOPE_PUBLIC))
		return refuse(tx, FAULT_PARAMETER_INVALID, TEXT("scopes"), TEXT_NONE);
	return OK;
}

static enum fault check_credential(struct tx *tx, const struct credential *c)
{
	TRY(check_given(tx, TEXT("name"), c->name));
	if (c->dialect == DIALECT_NATIVE)
		TRY(check_native(tx, c));
	else if (!c->secret.size)
		return refuse(tx, FAULT_PARAMETER_MISSING, TEXT("secret"), TEXT_NONE);
	TRY(check_name(tx, TEXT("label"), c->label));
	return credential_check_limits(tx, c->calls_per_s, c->burst);
}

/* What of it is kept. */
static void settle_credential(struct tx *tx, const struct env *env, struct credential *made)
{
	if (made->dialect == DIALECT_NATIVE) {
		made->secret = made->token = TEXT_NONE;
		made->scopes = made->scopes ? made->scopes : SCOPE_ALL;
	}
	made->secret =
	    store_seal(tx, TABLE_CREDENTIAL, secret_about(env, made, "secret"), made->secret);
	made->token =
	    store_seal(tx, TABLE_CREDENTIAL, secret_about(env, made, "token"), made->token);
	made->created = env->instant;
}

/* The same request again: what was made is known by its number. */
static enum fault add_again(struct tx *tx, const struct env *env,
			    const struct credential_add_cmd *c, struct credential_add_ret *r,
			    bool *ret_found)
{
	uint64_t number;
	TRY(credential_again(tx, env, COMMAND_credential_add, &c->request, &r->credential, &number,
			     ret_found));
	if (!*ret_found)
		return OK;
	r->made = true;
	r->name = r->credential.name;
	if (number)
		r->key = credential_key(tx, env, c->credential.owner, c->seed, number);
	return OK;
}

/* What callers will send; *ret_number: of a key that is made. */
static void choose_key(struct tx *tx, const struct env *env, const struct credential_add_cmd *c,
		       struct credential *made, uint64_t *ret_number)
{
	*ret_number = 0;
	if (made->dialect != DIALECT_NATIVE || !c->seed.size)
		return;
	*ret_number = store_number(tx);
	made->name = credential_key(tx, env, made->owner, c->seed, *ret_number);
}

/* may_exist: one of the same merchant stays as it is. */
enum fault credential_add(struct tx *tx, const struct env *env, const void *cmd, void *ret)
{
	const struct credential_add_cmd *c = cmd;
	struct credential_add_ret *r = ret;
	struct credential made = c->credential;
	struct merchant owner = {.number = made.owner};
	uint64_t number;
	bool found;
	must(store_merchant(tx) == 0);
	*r = (struct credential_add_ret){0};
	store_want(tx, TABLE_MERCHANT, &owner);
	TRY(add_again(tx, env, c, r, &found));
	if (found)
		return OK;
	choose_key(tx, env, c, &made, &number);
	TRY(check_credential(tx, &made));
	r->key = number ? made.name : TEXT_NONE;
	made.name = credential_name(tx, env, made.dialect, made.name);
	struct credential known = {.dialect = made.dialect, .name = made.name};
	store_want(tx, TABLE_CREDENTIAL, &known);
	TRY(get_merchant(tx, made.owner, &owner));
	TRY(store_get(tx, TABLE_CREDENTIAL, &known, &found));
	if (found && (!c->may_exist || known.owner != made.owner))
		return refuse(tx, FAULT_VALUE_TAKEN, TEXT("name"),
			      made.dialect == DIALECT_NATIVE ? TEXT_NONE : made.name);
	r->made = !found;
	r->name = made.name;
	if (found)
		return OK;
	settle_credential(tx, env, &made);
	r->credential = made;
	credential_copy(env, &r->credential);
	store_put(tx, TABLE_CREDENTIAL, &made);
	credential_remember(tx, env, COMMAND_credential_add, &c->request, &r->credential, number);
	return OK;
}

struct text credential_shown(const struct credential *c)
{
	bool cut = c->dialect == DIALECT_NATIVE && c->name.size > DIGEST_SHOWN;
	return cut ? (struct text){c->name.data, DIGEST_SHOWN} : c->name;
}

enum fault credential_find(struct tx *tx, const struct env *env, const void *cmd, void *ret)
{
	const struct credential_find_cmd *c = cmd;
	struct credential_find_ret *r = ret;
	bool found;
	must(store_merchant(tx) == 0);
	r->credential = (struct credential){.dialect = c->dialect,
					    .name = credential_name(tx, env, c->dialect, c->name)};
	TRY(store_get(tx, TABLE_CREDENTIAL, &r->credential, &found));
	if (!found)
		return FAULT_CREDENTIAL_UNKNOWN;
	if (!open_sealed(tx, env, &r->credential))
		return FAULT_KEY_FILE_WRONG;
	return get_merchant(tx, r->credential.owner, &r->merchant);
}

enum fault credential_list(struct tx *tx, const struct env *env, const void *cmd, void *ret)
{
	const struct credential_list_cmd *c = cmd;
	struct credential_list_ret *r = ret;
	struct credential owner = {.owner = c->owner};
	struct page page = {.list = c->owner ? LIST_CREDENTIALS_OF : LIST_CREDENTIALS,
			    .owner = c->owner ? &owner : NULL,
			    .from = c->from,
			    .n = c->n,
			    .oldest_first = true};
	(void)env;
	return store_page(tx, &page, &r->rows, &r->n, &r->count);
}
