/*
 * Phone numbers: one form for all spellings of one number, in which records keep it. That is the
 * form in which people of the merchants' country write it, for the platforms show and ask for it:
 *
 *   13800138000     a mobile: 11 digits from 13 to 19 ("+86 138-0013-8000", "8613800138000")
 *   01065529988     a landline with its area code ("(010) 6552 9988", "+86 10 6552 9988")
 *   +4930123456     another country's ("0049 30 123456"): only with + or 00
 *
 * What is none of these (an extension, a short number) is kept as it was given.
 */
#pragma once

#include "domain/domain.h"

/* The one form: `given` itself where it is that or no number, else in *memory. */
struct text phone_one(struct text given, struct phone *memory);
