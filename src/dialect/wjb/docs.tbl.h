/*
 * What docs/wjb.md says that no other table does. TEXT(name, text): of a method, or of a field
 * ("table.field"). RULE(what is open, what is done here, why).
 */
/* clang-format off */
#ifdef TEXT
TEXT("wjb.ump.coupon.add", "Makes a template (`UmpCoupon`) under the id that the caller gives.")
TEXT("wjb.ump.coupon.delete", "Takes a template away. Coupons issued from it stay and keep showing it.")
TEXT("wjb.ump.coupon.list", "The merchant's templates, whoever made them, newest created first.")
TEXT("wjb.ump.activity.add", "Makes a campaign; its id is in the reply.")
TEXT("wjb.ump.activity.modify", "Changes any campaign of the merchant: a member that is given replaces, one that is null or empty is removed, all others stay.")
TEXT("wjb.ump.activity.delete", "Takes a campaign away, with its audience.")
TEXT("wjb.ump.activity.list", "The campaigns made by `wjb.ump.activity.add`, newest created first.")
TEXT("wjb.ump.activity.target.add", "Marks people as covered by a campaign. A nick that nobody has makes a customer.")
TEXT("wjb.ump.activity.target.clear", "Takes the covered mark from everybody. The other marks stay.")
TEXT("coupon.provide", "The SPI: issues one coupon of a template to each nick. The call is accepted as a whole and every nick has a verdict of its own.")

TEXT("coupon.coupon_id", "at least 1; the number the shop's CRM and the SPI use")
TEXT("coupon.total", "how many there may be; kept by the SPI and not by imports")
TEXT("coupon.per_person", "at least 1; 1 when it is not given")
TEXT("coupon.type", "a number is taken as its digits")
TEXT("activity.status", "1, 2 or 3; 1 when it is not given")
TEXT("list.page_no", "at least 1; 1 when it is not given")
TEXT("list.page_size", "at least 1; 10 when it is not given")
#endif

#ifdef RULE
RULE("The path of `wjb.ump.*`: the public pages show only a local address", "Any path below `/rest`, and `/router/rest`; `method` alone selects. Double slashes count once.", "The member methods of the vendor say \"same URL as wjb.trade.add\" and differ in `method` only; the sample has a double slash.")
RULE("HTTP verb and type of the body", "POST for all; GET too for lists and for what takes one id. A body whose text begins with `{` is JSON whatever its type says; else a form or multipart body is more parameters.", "The only sample posts JSON with business parameters by name; clients of related platforms send forms.")
RULE("Where scalars stand", "Looked for in the JSON body first, then among the parameters.", "The sample's business data is in the body; habits from the Taobao platform put them into the query, where they are signed.")
RULE("Is the body signed?", "Either way is accepted, unless the credential's `--sign-mode` says `query` or `query+body`.", "The text speaks of request parameters only and the sample cannot be recomputed. Trying both weakens nothing: each needs the secret. Pin `query+body` where the client can, because an unsigned body is protected by TLS alone.")
RULE("Empty values in the signature", "Both with and without them.", "Client libraries differ and what they did cannot be seen afterwards.")
RULE("The same name twice", "Equal values count once; different ones are a wrong signature.", "Which of them was signed is a guess, and guessing right for the wrong one would be worse.")
RULE("Time zone of all times", "UTC+8. `timestamp` may also be 10 digits of seconds or 13 of milliseconds.", "The vendor works there and states none; a stamp in epoch form has no zone to be wrong about.")
RULE("How far a timestamp may be off", "600 s either way; a credential's `--skew` changes it.", "Ten minutes is what the vendor documents.")
RULE("The access token", "Opaque: it is the credential's `--token`, byte for byte.", "How tokens are issued and how long they live is not public.")
RULE("Error numbers and the shape of an error", "The Taobao platform's numbers inside `response`, with HTTP status 200; `error_message` is the platform's text, then the path of the field. A success has no `error_message`.", "No table of the vendor's is public, the protocol is the other's in every other respect, and clients retry or crash on another HTTP status.")
RULE("Order of checks", "verb 9, encoding 47, method 21/22, key 28/29, timestamp 30/31, version 32/33/34, format 23, signature 24/25, token 26/27, address 11, body 41, then arguments 40/41.", "The order of the Taobao platform, so that one request always gets one answer.")
RULE("`Total_result` and `has_next`", "Exactly so spelt; the lists differ in which of them they have.", "The vendor's document does; clients were generated from it.")
RULE("Members of UmpCoupon and UmpActivity beyond those above", "Kept and given back byte for byte, in their order, each name once (the last).", "The vendor's page of data structures is incomplete in every public copy, so nothing may be lost.")
RULE("Members that another dialect has changed since", "Printed from the record, in their place; `created`, `modified` and `activity_id` are taken out of the caller's object and appended by the server.", "One campaign must read the same everywhere.")
RULE("Templates that came by a CSV file", "Listed with `coupon_id`, `name`, `type`, `denominations`, `condition`, `start_time`, `end_time`, `created`.", "They have no object of a caller to give back.")
RULE("`condition`", "An amount in yuan; any other text is kept and not understood.", "Shops write things like 满100 there.")
RULE("`coupon.add` with an id that is there", "An object that is equal as JSON is a success, another one is 41.", "A repeat after a lost reply must not fail, and a silent overwrite would change coupons that people hold.")
RULE("Deleting", "An unknown id is 41, a template named in a campaign's `prizes` is 15. Issued coupons do not keep a template alive.", "A prize that is gone breaks a running campaign; an issued coupon carries what it needs.")
RULE("`prizes` of an activity", "A list of at most 50 objects; the `coupon_id` of each, where it has one, must be a template (else 41).", "It is the only link between the two data structures.")
RULE("Windows of the lists", "Creation time, both ends inclusive to the second, shorter than 30 days (else 41). One end alone means 30 days less one second; none means everything.", "The document limits the span and says nothing about a missing end.")
RULE("`page_no` and `page_size` out of range", "41. A page past the end is empty, with the total.", "A silent change would make a client that counts pages run in circles.")
RULE("How many nicks `target.add` takes", "1,000; repeats count once. Text of 1 to 100 characters, or a number, which stands for its digits. The list may be called `buyer_nicks`, `buyers`, `nicks` or `targets`.", "The document names neither a bound nor the list.")
RULE("Retries", "The same signed request (key, signature, body), as long as its timestamp is good, gets the first answer and changes nothing. Refusals are not remembered.", "Clients resend after a time-out. Two different requests to `activity.add` are two campaigns.")
RULE("The SPI's envelope", "`app_key`, `timestamp` and `sign` of the merchant's credential; `v`, `format` and `access_token` are checked when they are there; `method` is ignored. POST only.", "The document gives the body alone; this is the lightest envelope that still says who calls.")
RULE("A CRM that signs its retry anew", "`request_id`, a signed parameter, may stand for the request for 24 hours; the same id with other contents is 41. And a nick that has its `per_person` coupons gets its last one again, with code 0.", "The signature of a new timestamp differs, and a second coupon would cost money.")
RULE("CouponResult", "One for each entry of `buyer_nicks`, in order: `buyer_nick`, `code`, and `coupon_number` or `error_message`. 41: not a nick; 15: the total is used up. An unknown `coupon_id` (41), more than 50 nicks (41) or an expired template (15) refuse the whole call, without `send_results`.", "The members are those of the vendor's next relative; partial success is normal for an issue.")
RULE("A raw space in the request line", "HTTP 400.", "The vendor's sample shows one in `timestamp`; it is taken for typography, because letting it through would let request lines be read in two ways.")
#endif
/* clang-format on */
