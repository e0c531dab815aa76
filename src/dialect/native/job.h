/* What decode_job.c and encode_job.c share. */
#pragma once

#include "base/spool.h"
#include "dialect/native/native.h"

/* The key's scope allows what the job's kind wants. */
CHECKED enum fault native_job_check(struct call *call, const struct job *job);
static inline struct spool_name native_spool_name(const struct call *call, const struct job *job)
{
	return (struct spool_name){call->actor.merchant->number, job->number, job->created};
}
