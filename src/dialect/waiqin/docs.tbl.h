/* What docs/waiqin.md says that no other table does: rows as in dialect/wjb/docs.tbl.h. */
/* clang-format off */
#ifdef TEXT
TEXT("addOrUpdateCampaign", "Makes a campaign, or updates the one with that `source_code`.")
TEXT("applyCallBack", "Marks customers as registered for a campaign.")
TEXT("queryCampaign", "Campaigns with their departments and their audience; the one changed last comes first. All filters together must fit.")

TEXT("save.source_code", "the key; not `wjb-` and digits for a new one")
TEXT("save.event_status", "1 online, 2 stopped, 3 ended")
TEXT("save.start_date", "`yyyy-M-d` too")
TEXT("save.end_date", "`yyyy-M-d` too; not before `start_date`")
TEXT("save.dept_id", "one or more, with commas; so the next three")
TEXT("register.campaign_code", "must be the campaign's code")
TEXT("register.cm_ids", "one or more, with commas; one of the three `cm_` fields must be given")
TEXT("register.merchant_information", "the newest call's stands")
TEXT("query.before_create_time", "inclusive; so the next three")
TEXT("campaign.activity_type_name", "always empty: no name of a type is known")
#endif

#ifdef RULE
RULE("What the digest covers", "MD5 over the raw bytes of the body, before anything is parsed.", "The vendor's own sample body is no valid JSON and its digest fits only so. It was recomputed.")
RULE("The form of `timestamp`", "Opaque to the digest. As a time, its first 12 digits count (to the minute); 13 digits beginning with 15 to 19 are milliseconds.", "The documented pattern means milliseconds in Java, so live clients send 14 or 15 digits whose tail is no second; another sends epoch milliseconds.")
RULE("How far it may be off", "1,800 s; a credential's `--skew` changes it.", "Clients make one stamp for a run of several minutes.")
RULE("`msg_id`", "1 to 64 of letters, digits, `_` and `-`, given back; repeats are allowed.", "Clients send constants or short random numbers. Both writes are idempotent by their own keys.")
RULE("Codes other than 0 and 1", "Every failure is 1 with a text.", "The vendor's appendix was never found; clients look at 0 alone.")
RULE("Type of `return_code`", "A number for writes, a text for the query.", "So the document's samples have it, and there are strict clients of both kinds.")
RULE("`response_data`", "A JSON text that holds JSON; `\"[]\"` when nothing was found, and also in a failed query.", "Clients parse it a second time, and one calls a method on it without looking.")
RULE("JSON that is none", "What strict reading refuses is read again with leading zeros and single quotes allowed.", "The sample and a public client send such.")
RULE("Unknown operations and other verbs", "HTTP 404 and 405 with plain text.", "A body that does not begin with `{` means \"no such address\" to a client.")
RULE("Several ways to name departments or customers", "The first field that is not empty counts. Items are trimmed, blanks skipped, repeats counted once; ASCII and full-width commas divide.", "The document ranks them id, code, name (, source code).")
RULE("One of several is unknown, or a name fits two", "The whole call is refused, the value named, nothing written.", "Half a registration would be found by nobody.")
RULE("An update without any `dept_` field", "Departments stay.", "Absent is not empty, and the fields are optional.")
RULE("A second `applyCallBack`", "Overwrites `registered_time` and `merchant_information`; the place in the list stays. People who were not covered may register.", "It is a call-back: what comes last is newest.")
RULE("`modify` times", "Move when a campaign is saved or modified, not when its audience grows.", "Polling clients would fetch everything again for each registration.")
RULE("Bounds of the query's fields", "100 characters, although the document says 32.", "Codes may have 100.")
RULE("No paging in the query", "At most 1,000 campaigns, of at most 10,000 that were looked at; an answer above 32 MiB is refused with a text that names the filter.", "Something must end. The answer is made in slices, in bounded memory.")
RULE("Customers known by nick alone", "`name` shows the nick, `code` and `source_code` are empty; `cm_names` finds what is shown.", "People come from another dialect too.")
RULE("Characters or bytes", "VARCHAR counts characters, TEXT bytes (64 KiB).", "The document says neither; Chinese text would be cut to a third.")
RULE("Order of the audience", "As it was added.", "It is the only order that does not move.")
#endif
/* clang-format on */
