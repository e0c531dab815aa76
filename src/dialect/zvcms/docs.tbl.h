/* What docs/zvcms.md says that no other table does: rows as in dialect/wjb/docs.tbl.h. */
/* clang-format off */
#ifdef TEXT
TEXT("getCustomerCoupons", "A customer's coupons, newest received first, at most 1,000; or one of them.")

TEXT("envelope.openId", "the credential's `--id`")
TEXT("envelope.grantCode", "the credential's `--token`")
TEXT("envelope.timestamp", "seconds; 13 digits are milliseconds")
TEXT("envelope.nonce", "signed, otherwise not looked at")
TEXT("envelope.params", "an object, its JSON as text, or `[]`, PHP's empty object")
TEXT("envelope.action", "V2 only")
TEXT("params.useStatus", "0 unused or reversed, 1 redeemed, 2 frozen, 6 expired, 7 recalled; others are refused")
TEXT("params.cardId", "the coupon's code")
TEXT("coupon.cardId", "the coupon's code")
TEXT("coupon.channel", "the merchant's name")
TEXT("coupon.couponId", "the coupon's own id, 18 digits")
TEXT("coupon.couponType", "the template's type where it is 2 to 8, else 0")
TEXT("coupon.createdAt", "when it was issued")
TEXT("coupon.title", "the template's name")
TEXT("coupon.updatedAt", "the coupon's last change")
TEXT("coupon.extra", "the coupon's attribute")
#endif

#ifdef RULE
RULE("How the token is made", "Four layouts, chosen by the credential's `--sign-mode`; without one, `hmac-sha1-kv` alone.", "The vendor's page on signing is lost. The sample is 20 bytes, so it is SHA-1 with or without a key, and no combination of what is printed gives it: the secret is not in the documents.")
RULE("Encoding of the token", "URL-decoded until it is Base64 of 20 bytes, at most twice; a space in it is a `+`.", "The sample is URL-encoded inside JSON; forms decode once more.")
RULE("How far a timestamp may be off", "300 s either way; a credential's `--skew` changes it.", "The document is silent; five minutes is what the protocol's relatives allow.")
RULE("Repeats of a nonce", "Allowed.", "The samples reuse one, and the one method only reads.")
RULE("`grantCode`", "A second credential, compared in constant time; a credential without one lets nobody in.", "It says for which merchant the application may act.")
RULE("Types of `status` and `code`", "As in the samples letter by letter: texts in a success, a boolean `status` with a text `code` in an error. A credential with `--typed` gets booleans and numbers throughout.", "The samples contradict the tables of types; clients were written against either.")
RULE("Codes", "Those below. `status` false: the call did not run; true with a code that is not 0: it ran, and found trouble. Neither has `data`.", "The vendor's table was never found; the two kinds of error are documented.")
RULE("`data` without `cardId`", "A list, empty when there is none, also for an unknown customer. With `cardId` it is one object, and nothing found is 10001, also when the card is another customer's.", "The sample shows one object for the query of one card. Whose card it is must not leak.")
RULE("Values in `data`", "All texts; ids as texts; empty when there is none.", "So the sample, and ids exceed what a double holds.")
RULE("`useStatus` 6", "Computed from the end when somebody asks; a frozen coupon stays frozen.", "Expiry is no event.")
RULE("V2", "`POST /api/v2` with the capitalised names and `Action`. It signs its own names, without `Action` and `Params`.", "The older generation of the same interface is still in use.")
RULE("Type of the body", "JSON, or a form in which `params` is JSON text.", "None is stated.")
RULE("`cardId` and `couponId`", "Both are of one coupon; only `cardId` filters.", "The document lists both without telling them apart.")
RULE("Order of checks", "interface, verb, body, (V2: action), missing parameters in the document's order, openId, timestamp, token, grantCode, address, then params.", "One request, one answer.")
RULE("A customer of more than 10,000 coupons", "Refused when a filter would have to look at more.", "Something must end.")
#endif
/* clang-format on */
