/*
 * Rows of fields.tbl.h: providers, and what becomes of what they are asked for.
 */
#pragma once

/* clang-format off */
/* --- requests --- */
#define NATIVE_PROVIDER(F) \
	F(provider.url,          url,          NULL, TEXT_BYTES, 2000, OPTIONAL, 0, none, "https, without a query; required for a new one") \
	F(provider.app_key,      app_key,      NULL, TEXT, NAME_LENGTH_MAX, OPTIONAL, 0, none, "required for a new one; with the url it names the provider") \
	F(provider.secret,       secret,       NULL, TEXT, NAME_LENGTH_MAX, OPTIONAL, 0, none, "signs the calls; never shown again; absent: the one that is known") \
	F(provider.access_token, access_token, NULL, TEXT_BYTES, 1024, OPTIONAL, 0, none, "goes along with the calls; never shown again; null takes it away")
#define NATIVE_ERRAND_PAGE(F) \
	F(which, state, NULL, WORD, 0, OPTIONAL, 0, errand_page, "unknown: those that somebody has to find out about; absent: all") \
	NATIVE_PAGE(F)

/* --- answers --- */
#define NATIVE_PROVIDER_NAMED(D) \
	D(TEXT, url,     true, url, REQUIRED, none, "") \
	D(TEXT, app_key, true, app_key, REQUIRED, none, "")
/* v: a coupon_view */
#define NATIVE_COUPON_DELIVERY(D) \
	D(WORD, state,     true, WORD_OF(promise, v->promise), REQUIRED, promise, "") \
	D(TEXT, reason,    true, v->promise_reason, OPTIONAL, none, "why it was refused, or is not known yet") \
	D(ID,   errand_id, true, v->errand, REQUIRED, none, "the call with which the provider is asked")
/* p: a provider */
#define NATIVE_PROVIDER_SHOWN(D) \
	D(DIGITS, provider_id, true, p->number, REQUIRED, none, "") \
	D(TEXT,   url,         true, p->url, REQUIRED, none, "") \
	D(TEXT,   app_key,     true, p->app_key, REQUIRED, none, "") \
	D(WORD,   state,       true, WORD_OF(breaker, breaker), REQUIRED, breaker, "open: it has failed, and is left alone for a while; trying: one call at a time") \
	D(NUMBER, failures,    true, p->failures, REQUIRED, none, "in a row") \
	D(MOMENT, open_until,  breaker == BREAKER_OPEN, p->open_until, OPTIONAL, none, "") \
	D(TEXT,   trouble,     true, p->trouble, OPTIONAL, none, "what was wrong last") \
	D(NUMBER, waiting,     true, waiting, REQUIRED, none, "errands that are to be sent, or sent again") \
	D(MOMENT, updated_at,  true, p->updated, OPTIONAL, none, "when its secrets were set")
/* v: an errand_view, e: its errand */
#define NATIVE_ERRAND(D) \
	D(ID,     errand_id,   true, v->id, REQUIRED, none, "") \
	D(WORD,   state,       true, WORD_OF(errand, state), REQUIRED, errand, "unknown: given up without an answer for some") \
	D(TEXT,   request_id,  true, v->request_id, REQUIRED, none, "what the provider knows the call by, however often it was sent") \
	D(DIGITS, provider_id, true, e->provider, REQUIRED, none, "") \
	D(DIGITS, template_id, true, v->template_id, REQUIRED, none, "") \
	D(NUMBER, pending,     true, v->counts[PROMISE_PENDING], REQUIRED, none, "coupons") \
	D(NUMBER, sent,        true, v->counts[PROMISE_SENT], REQUIRED, none, "") \
	D(NUMBER, refused,     true, v->counts[PROMISE_REFUSED], REQUIRED, none, "") \
	D(NUMBER, unknown,     true, v->counts[PROMISE_UNKNOWN], REQUIRED, none, "") \
	D(NUMBER, tries,       true, e->tries, REQUIRED, none, "that may have reached the provider") \
	D(MOMENT, tried_at,    true, e->tried, OPTIONAL, none, "") \
	D(MOMENT, due_at,      e->waiting, e->due, OPTIONAL, none, "when it is sent again") \
	D(TEXT,   trouble,     true, e->trouble, OPTIONAL, none, "of the last try") \
	D(MOMENT, created_at,  true, e->created, OPTIONAL, none, "")
#define NATIVE_ERRAND_SHOWN(D) \
	NATIVE_ERRAND(D) \
	D(PART, provider, true, show_provider(o, url, app_key), REQUIRED, ProviderNamed, "") \
	D(PART, coupons,  true, show_promises(o, ret), REQUIRED, PromiseList, "in the order asked")
/* p: an errand_promise */
#define NATIVE_PROMISE(D) \
	D(TEXT, code,        true, p->code, REQUIRED, none, "") \
	D(ID,   id,          true, p->id, REQUIRED, none, "") \
	D(TEXT, customer_id, true, p->customer_id, REQUIRED, none, "") \
	D(WORD, delivery,    true, WORD_OF(promise, p->outcome), REQUIRED, promise, "") \
	D(TEXT, reason,      true, p->reason, OPTIONAL, none, "")
#define NATIVE_ERRAND_ASKED(D) \
	D(TEXT, errand_id, true, errand_id, REQUIRED, none, "it is sent again as soon as may be")
