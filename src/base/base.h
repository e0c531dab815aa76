/*
 * What every file may rely on: fixed-width types, slices of text, must(), and the ban of the
 * libc calls that have cost others most. Included first, everywhere.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A bug, not a refusal: prints file, line and the condition, then aborts. In every build. */
#define must(cond) ((cond) ? (void)0 : must_failed(#cond, __FILE__, __LINE__))
_Noreturn void must_failed(const char *condition, const char *file, int line);

/* The result of a call must be looked at. */
#define CHECKED __attribute__((warn_unused_result))

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

/*
 * A borrowed slice of bytes; nothing says that a NUL follows. Empty and absent are the same:
 * size == 0 (data may then be NULL).
 */
struct text {
	const char *data;
	size_t size;
};

#define TEXT(literal) ((struct text){(literal), sizeof(literal) - 1})
#define TEXT_NONE     ((struct text){NULL, 0})
/* For printf("%.*s"). */
#define TEXT_ARG(t) ((int)(t).size), ((t).data ? (t).data : "")

/* Inline, these two: most of their arguments are literals, whose sizes the compiler then knows. */
static inline struct text text_of(const char *c_string)
{
	return c_string ? (struct text){c_string, strlen(c_string)} : TEXT_NONE;
}
static inline bool text_equal(struct text a, struct text b)
{
	return a.size == b.size && (a.size == 0 || memcmp(a.data, b.data, a.size) == 0);
}
static inline const char *text_end(struct text t)
{
	return t.size ? t.data + t.size : t.data;
}
bool text_equal_ignore_case(struct text a, struct text b); /* ASCII letters only */
int text_compare(struct text a, struct text b);		   /* byte order, shorter first */
bool text_starts_with(struct text t, struct text prefix);
struct text text_trim(struct text t); /* drops spaces, tabs, CR, LF at both ends */
/* Cuts t at the first `separator`: returns what stands before it, leaves the rest in *t.
 * Without a separator returns all and leaves data == NULL, which ends the loop. */
struct text text_cut(struct text *t, char separator);
/* Valid UTF-8, no U+0000..001F but TAB LF CR, no surrogates: what may enter a record. */
bool text_is_clean(struct text t);
bool text_is_utf8(struct text t);
/* Characters (code points) of a valid UTF-8 text. */
size_t text_length(struct text t);

/* Whole text is one decimal number within the type. No sign but '-', no spaces, no '+'. */
CHECKED bool text_to_int64(struct text t, int64_t *ret_value);
CHECKED bool text_to_uint64(struct text t, uint64_t *ret_value);

#pragma GCC poison strcpy strcat sprintf vsprintf strtok atoi atol gets strncpy
