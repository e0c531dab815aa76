/* See life_check.h. */
#include "domain/life_check.h"
#include "domain/cart.h"
#include "domain/request.h"

enum { REQUEST_KEY_BYTES_MAX = 255, DIGEST_BYTES = 32 };

enum fault check_said(struct tx *tx, const struct circumstances *said)
{
	TRY(check_name(tx, TEXT("reason"), said->reason));
	TRY(check_name(tx, TEXT("order_no"), said->order_no));
	TRY(check_name(tx, TEXT("operator"), said->operator));
	return check_name(tx, TEXT("shop"), said->shop);
}

enum fault check_cart(struct tx *tx, const struct cart *cart, struct money *ret_amount)
{
	TRY(check_name(tx, TEXT("shop"), cart->shop));
	TRY(check_name(tx, TEXT("channel"), cart->channel));
	if (cart->n > CART_ITEMS_MAX)
		return refuse(tx, FAULT_TOO_MANY, TEXT("items"), TEXT_NONE);
	for (unsigned i = 0; i < cart->n; i++)
		if (cart->items[i].price.fen < 0 || cart->items[i].quantity == 0 ||
		    cart->items[i].quantity > PIECES_MAX)
			return refuse(tx, FAULT_PARAMETER_INVALID, TEXT("items"), TEXT_NONE);
	if (!cart_total(cart, ret_amount))
		return refuse(tx, FAULT_PARAMETER_INVALID, TEXT("amount_fen"), TEXT_NONE);
	return OK;
}

enum fault check_number(struct tx *tx, const struct request_number *request)
{
	if (request->key.size > REQUEST_KEY_BYTES_MAX)
		return refuse(tx, FAULT_PARAMETER_TOO_LONG, TEXT("request_no"), TEXT_NONE);
	must(!request->key.size || request->digest.size == DIGEST_BYTES);
	return OK;
}

struct text contents_tag(struct tx *tx, const struct request_number *request)
{
	struct text parts[] = {TEXT("request contents"), request->digest};
	return store_tag(tx, parts, COUNT_OF(parts));
}

static struct request_key key_of(const struct request_number *request)
{
	return (struct request_key){{TEXT("number"), request->key}, request->key.size ? 2 : 0};
}

static enum request_class class_of(const struct request_number *request)
{
	return request->class ? request->class : REQUEST_NATIVE;
}

enum fault number_find(struct tx *tx, const struct env *env, enum command command,
		       const struct request_number *request, struct text *ret_result,
		       bool *ret_found)
{
	struct request_key key = key_of(request);
	struct asked asked = {command, class_of(request), &key};
	TRY(request_find(tx, env, &asked, ret_result, ret_found));
	if (!*ret_found)
		return OK;
	struct text contents = contents_tag(tx, request);
	if (!text_starts_with(*ret_result, contents))
		return refuse(tx, FAULT_REQUEST_REUSED, TEXT("request_no"), TEXT_NONE);
	ret_result->data += contents.size;
	ret_result->size -= contents.size;
	return OK;
}

void number_keep(struct tx *tx, const struct env *env, enum command command,
		 const struct request_number *request, struct text result)
{
	struct request_key key = key_of(request);
	struct asked asked = {command, class_of(request), &key};
	if (!request->key.size)
		return;
	struct text contents = contents_tag(tx, request);
	size_t size = contents.size + result.size;
	char *memory = arena_take(env->arena, size);
	struct buffer b;
	must(memory); /* a few bytes */
	buffer_init_fixed(&b, memory, size);
	buffer_text(&b, contents);
	buffer_text(&b, result);
	request_keep(tx, env, &asked, buffer_get(&b));
}
