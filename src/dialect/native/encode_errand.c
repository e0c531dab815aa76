/* Providers, and what becomes of what they are asked for. */
#include "dialect/native/encode.h"

/* In the order of words_breaker and words_errand. */
enum breaker { BREAKER_CLOSED, BREAKER_OPEN, BREAKER_TRYING };
enum errand_state { ERRAND_WAITING, ERRAND_UNKNOWN, ERRAND_DONE };

void show_provider(struct out *o, struct text url, struct text app_key)
{
	write_begin(&o->w, "provider");
	NATIVE_PROVIDER_NAMED(SHOW)
	write_end(&o->w);
}

void show_coupon_delivery(struct out *o, const struct coupon_view *v)
{
	write_begin(&o->w, "delivery");
	NATIVE_COUPON_DELIVERY(SHOW)
	write_end(&o->w);
}

/* --- providers --- */

static enum breaker breaker_of(const struct call *call, const struct provider *p)
{
	if (p->failures < PROVIDER_FAILURES_MAX)
		return BREAKER_CLOSED;
	return p->open_until.ms > call->env->now.ms ? BREAKER_OPEN : BREAKER_TRYING;
}

enum fault native_encode_provider_page(struct call *call, const void *from)
{
	const struct provider_list_ret *ret = from;
	struct out out, *o = &out;
	PAGE_BEGIN(out, call);
	for (unsigned i = 0; i < ret->n; i++) {
		const struct provider *p = &ret->rows[i];
		enum breaker breaker = breaker_of(call, p);
		uint64_t waiting = ret->waiting[i];
		write_begin(&o->w, "row");
		NATIVE_PROVIDER_SHOWN(SHOW)
		write_end(&o->w);
	}
	return page_end(o, page_next(call, ret->n, ret->count));
}

/* --- errands --- */

static enum errand_state state_of(const struct errand *e)
{
	if (e->waiting)
		return ERRAND_WAITING;
	return e->unknown ? ERRAND_UNKNOWN : ERRAND_DONE;
}

enum fault native_encode_errand_page(struct call *call, const void *from)
{
	const struct errand_list_ret *ret = from;
	struct out out, *o = &out;
	PAGE_BEGIN(out, call);
	for (unsigned i = 0; i < ret->n; i++) {
		const struct errand_view *v = &ret->rows[i];
		const struct errand *e = &v->errand;
		enum errand_state state = state_of(e);
		write_begin(&o->w, "row");
		NATIVE_ERRAND(SHOW)
		write_end(&o->w);
	}
	return page_end(o, page_next(call, ret->n, ret->count));
}

static void show_promises(struct out *o, const struct errand_get_ret *ret)
{
	write_begin_list(&o->w, "coupons", "coupon");
	for (unsigned i = 0; i < ret->n; i++) {
		const struct errand_promise *p = &ret->promises[i];
		write_begin(&o->w, "coupon");
		NATIVE_PROMISE(SHOW)
		write_end(&o->w);
	}
	write_end(&o->w);
}

enum fault native_encode_errand(struct call *call, const void *from)
{
	const struct errand_get_ret *ret = from;
	const struct errand_view *v = &ret->view;
	const struct errand *e = &v->errand;
	struct text url = ret->provider.url, app_key = ret->provider.app_key;
	enum errand_state state = state_of(e);
	struct out out, *o = &out;
	out_begin(o, call);
	NATIVE_ERRAND_SHOWN(SHOW)
	out_end(o);
	return OK;
}

/* The state is not said: a repeat must answer the same. */
enum fault native_encode_errand_asked(struct call *call, const void *from)
{
	const struct native_state *s = call->state;
	struct text errand_id = s->id;
	struct out out, *o = &out;
	(void)from;
	out_begin(o, call);
	NATIVE_ERRAND_ASKED(SHOW)
	out_end(o);
	return OK;
}
