/*
 * Ids that the server makes: see public_id in domain.h.
 */
#pragma once

#include "domain/domain.h"

/* The public id of `number` as text in env's arena. */
struct text id_text(const struct env *env, uint64_t number);
