/* The settings of `serve`, from flags, environment and file. See params.tbl.h. */
#pragma once

#include "base/buffer.h"
#include "base/fault.h"

#define PARAM_TEXT   char *
#define PARAM_NUMBER uint64_t
#define PARAM_FLAG   bool
struct config {
#define PARAM(member, name, kind, fallback, help) PARAM_##kind member;
#include "serve/params.tbl.h"
#undef PARAM
};

/* flags: "--name=value" or "--name" for flags that are true. USAGE with a sentence in *ret_why
 * (malloced). To be released, also after a fault. */
CHECKED enum fault config_read(struct config *c, int argc, char *const *argv, char **ret_why);
void config_release(struct config *c);
/* A config file with every setting commented out, its default and its meaning. */
void config_example(struct buffer *out);
/* The settings as they are, one a line. */
void config_show(const struct config *c, struct buffer *out);
