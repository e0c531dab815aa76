/*
 * Days of the merchant: whole days since 1970-01-01 on its clocks, which are from_utc8 minutes
 * ahead of UTC+8.
 */
#pragma once

#include "domain/domain.h"

int64_t day_of(struct instant i, int64_t from_utc8);
struct instant day_first(int64_t day, int64_t from_utc8); /* 00:00:00 */
struct instant day_last(int64_t day, int64_t from_utc8);  /* 23:59:59 */
/* The number of the period in which a day lies; grows by one from period to the next. */
uint64_t period_number(enum period period, int64_t day);
