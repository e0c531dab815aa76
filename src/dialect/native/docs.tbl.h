/* What the documents of the native API say that no other table does: rows as in dialect/wjb/docs.tbl.h. */
/* clang-format off */
#ifdef RULE
RULE("Repeats", "Every write takes a request number of 1 to 255 visible ASCII characters: the header `Idempotency-Key`, or `request_no` in the body (both must be equal). A repeat gets the first answer, byte for byte but for the request id, for 90 days; the same number with another method, path or body is `request_reused`. Refusals are not remembered: what was refused may be tried again under the same number.", "A caller who hears nothing must be able to ask again.")
RULE("Unknown members", "Refused (`parameter_invalid` with the member as `field`), in bodies and queries alike.", "A misspelt limit must not be left out silently.")
RULE("`null` and `\"\"`", "Absent. Only in a PATCH `null` takes the member away (RFC 7396).", "")
RULE("Money", "Integers, in fen. Amounts are at most 10^15.", "No float comes near money.")
RULE("Ids", "Texts in answers; requests take texts and integers. 18 digits exceed what a double holds.", "")
RULE("Times", "Requests: RFC 3339; without an offset in the merchant's zone; or a day, `2026-01-02`, which as a beginning is its 00:00:00 and as an end its last second, 23:59:59, in the merchant's zone. Ends are inclusive. Answers: RFC 3339 with the merchant's offset, whole seconds.", "\"Until the 31st\" means the whole of the 31st.")
RULE("Relative validity", "`starts_after_days` 0 starts at once, D at 00:00 of the D-th day after receipt; `lasts_days` N ends with the last second of the N-th day, the day it starts being the first.", "")
RULE("Hours", "Windows in the merchant's zone, inclusive of the last minute; one past midnight belongs to the weekday on which it begins.", "")
RULE("Codes", "Found as they are; also in lower case and with blanks or hyphens in between. In a path they are percent-encoded.", "People read them aloud.")
RULE("Revisions", "An `ETag` with each coupon and template; `If-Match` on PATCH and on the verbs of one coupon gives 412 when it has changed since. A PATCH without it still notices a change between its own reading and writing.", "")
RULE("Pages", "`?limit=` 1 to 100, 20 without; `?cursor=` takes the `next_cursor` of the page before, of the same list. Oldest first, so that a list that grows shows nothing twice; what is deleted meanwhile may move one row past a page's edge.", "")
RULE("Several coupons in one issue", "Each has its own verdict: `error` in its place. One coupon that cannot be issued is a refusal. None of several is one too, the first coupon's, but one that is remembered: with the same number it is the answer again.", "")
RULE("Several coupons in one order", "All or nothing, at most 30; the refusal's `reasons` name the coupon.", "")
RULE("Public keys", "A key with the scope `public` alone looks coupons up and validates them. Whatever is wrong with a code - unknown, expired, redeemed, frozen, another customer's - is one answer, 404 `coupon_not_usable`, and nothing personal is ever shown.", "Codes must not be found out by trying.")
RULE("Public keys that guess", "Wrong codes are counted for each key and client address (IPv6: its /64). Five are free; each further one doubles the wait from one second up to an hour, 429 with `Retry-After`. When a wait is over, each minute without a wrong code forgives one. The count is kept by each server process for the last 4,096 guessers.", "")
RULE("Limits of calls", "Of each key; 429 `call_limited` with `Retry-After` (seconds). Answers of a key that has a limit carry `RateLimit-Limit` (calls at once), `RateLimit-Remaining` and `RateLimit-Reset` (seconds until all are there again).", "")
RULE("Erasing a customer", "Answered when the key that the ledger's copies are sealed under is destroyed. 503: ask again, it goes on where it was.", "")
RULE("Jobs", "The input of a job is the body itself, CSV or NDJSON, not JSON: `PUT /v1/jobs/{job_id}/input` in parts of at most 1 MiB with `Content-Range: bytes FROM-TO/TOTAL` (`*` while the total is not known), or in one without the header. A part is on the disk when it is answered; the same one again is accepted, one that leaves a gap is refused with the expected byte as `value`. The part that completes the total starts the job. The result is a file too, as far as it is written: `Range: bytes=FROM-` gives at most 4 MiB of it.", "A million rows fit into no answer, and connections tear.")
RULE("Order of checks", "address, verb, key, scope, guesses, body, then the request's members.", "One request, one answer.")
#endif
/* clang-format on */
