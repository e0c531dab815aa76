/* The rows of faults.tbl.h that no call of a platform's dialect meets: of what the native API alone does. */

FAULT(PRECONDITION_FAILED, "the record has changed since it was read")
FAULT(LIMIT_BELOW_USED,    "the limit is below what is used already")
FAULT(WEBHOOK_UNKNOWN,     "no such webhook")
FAULT(DELIVERY_UNKNOWN,    "no such delivery")
FAULT(ERRAND_UNKNOWN,      "no such call to a provider")
FAULT(JOB_UNKNOWN,         "no such job")
FAULT(CAMPAIGN_ENDED,      "the campaign has ended")
FAULT(JOB_ENDED,           "the job has ended")
FAULT(TARGET_REFUSED,      "this address may not be called")
FAULT(LEASE_LOST,          "another courier works at it")
FAULT(SANDBOX_WANTED,      "only a sandbox merchant's clock can be moved")
