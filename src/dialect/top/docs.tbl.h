/* What docs/top.md says that no other table does: rows as in dialect/wjb/docs.tbl.h. */
/* clang-format off */
#ifdef TEXT
TEXT("alibaba.alihealth.nr.crm.coupon.querycoupon", "A page of coupons. All filters that are given must fit; without any it is the merchant's whole list. Newest first; one customer's coupons in the order of receipt, newest first.")
TEXT("batch", "Several calls in one body, at `/router/batch`; not a value of `method`.")

TEXT("query.page_size", "at least 1")
TEXT("query.page_num", "at least 1")
TEXT("query.channel", "the coupon's own, else its template's")
TEXT("query.coupon_code", "the coupon's code, exactly")
TEXT("coupon.serller_id", "the merchant's number; misspelt in the document")
TEXT("coupon.order_amount", "the template's threshold")
TEXT("coupon.coupon_id", "the template's id")
TEXT("coupon.start_date", "the coupon's own, copied from its template")
TEXT("coupon.bill_date", "the day it was issued")
TEXT("coupon.attribute", "from the CSV file")
TEXT("coupon.shop", "the template's shops")
TEXT("coupon.category", "the template's categories")
#endif

#ifdef RULE
RULE("Where parameters travel", "Query, form body (of a GET too) and multipart are one map; then it is verified. A JSON, XML or plain text body is signed behind the map.", "The platform's own client libraries put them in four different places.")
RULE("The same name twice", "Equal values count once; different ones are a wrong signature.", "Which of them was signed is a guess.")
RULE("Empty values in the signature", "Without them, then with them.", "Java and .NET leave them out, PHP, Python and Node sign them.")
RULE("No `sign_method`", "`md5`; an unknown one is 25. The oldest rule, one secret in front only, is not accepted.", "The document's default; a rule without a trailing secret can be extended by whoever sees one signature.")
RULE("Forms of `timestamp`", "Text of UTC+8, 13 digits of milliseconds, or 10 of seconds; 600 s either way, a credential's `--skew` changes it.", "The official Python library sends milliseconds although the document shows text.")
RULE("Session", "Not required, unless the credential has `--require-session`; one that is sent must be the credential's `--token`, else 27.", "The document's example sends none.")
RULE("Order of checks", "verb 9, encoding 47, method 21/22, key 28/29, timestamp 30/31, version 32/34/33, format 23, signature 24/25, session 26/27, address 11, arguments 40/41.", "One request, one answer. `v` is 34 when it is another version, 33 when it is none.")
RULE("HTTP status of errors", "200.", "Client libraries throw or retry on any other.")
RULE("`query_d_t_o` is missing", "40 and `isv.missing-parameter:page_size`; JSON that cannot be read is 41 and `isv.invalid-parameter:query_d_t_o`.", "It is optional by name, but the page inside it is not. An `isp.` code, which old gateways gave, makes libraries repeat a hopeless call.")
RULE("`page_size`", "1 to 100; above is 41.", "The document has no ceiling.")
RULE("Nothing found", "`success` false, `error_code` QUERY_RESULT_EMPTY, 查询为空, and totals of 0, if and only if there is no coupon at all. A page past the end is a success with exact totals and no list.", "The document's example; a client that walks pages must be able to tell the two apart.")
RULE("Absent values and empty lists", "Left out, in XML and JSON; never null, never empty.", "One library crashes on null and takes an empty object for an absent one.")
RULE("Values of `status`", "0 unused, 1 used, 2 expired, 3 frozen, 4 void.", "The document gives 0 only; the others follow the platform's habit.")
RULE("Money", "Yuan as text: `99` or `99.50`.", "The document's example; do not mix with sibling interfaces that use fen.")
RULE("A filter by channel and a person together", "Walks that person's coupons, at most 10,000; more is refused.", "Every other combination is an index of its own and costs the same at any size.")
RULE("Format", "XML unless `format` is `json`; `simplify=true` (JSON only) drops the root and the item wrappers. Errors before the format is known, and of an unknown format, are XML.", "Documented default. The root of JSON has exactly one member, because libraries take the first or the last.")
RULE("Type of the reply", "`text/xml` and `text/javascript`, UTF-8.", "What the libraries ask for.")
RULE("`request_id`", "13 characters of base 36 in every reply.", "As real replies have it; some clients log nothing else.")
RULE("Sub codes", "`isp.` for passing trouble only.", "Libraries repeat a call when they see it.")
RULE("Business trouble at the gateway", "15 `Remote service error`.", "The document's template prints 50, real replies carry 15.")
RULE("Batch", "At most 20 calls, else 41; none is 40. Common checks once, over the URL's parameters and the raw body; every call has its own reply or error, joined by the same separator. `top-api-separator` changes it.", "The number is ours, the rest is what the platform's client does.")
#endif
/* clang-format on */
