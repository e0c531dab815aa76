/*
 * Webhooks: what webhook.c and delivery.c share.
 */
#pragma once

#include "domain/domain.h"

/* One that was not deleted; WEBHOOK_UNKNOWN. */
CHECKED enum fault webhook_find(struct tx *tx, uint64_t number, struct webhook *ret);
/* In clear, in env's arena; an old one that signs no longer is empty. KEY_FILE_WRONG. */
CHECKED enum fault webhook_open_secrets(struct tx *tx, const struct env *env, struct webhook *w);
