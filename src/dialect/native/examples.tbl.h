/*
 * EXAMPLE(method, target, request, answer): one call of each method, printed in the documents and
 * replayed by test/wire/native.test.mjs. JSON(..) is its argument as text.
 */
/* clang-format off */
EXAMPLE("templates.make", "/v1/templates",
	JSON({"template_id": 8001, "name": "Spring: 20 off from 200", "type": "amount_off", "amount_fen": 2000, "threshold_fen": 20000, "shops": {"exclude": ["outlet"]}, "valid": {"from": "2026-01-01", "until": "2099-12-31"}, "hours": [{"weekdays": [1, 2, 3, 4, 5, 6, 7], "from": "00:00", "to": "23:59"}], "limits": {"total": 1000, "per_customer": 100}, "stacking": {"group": "spring"}}),
	JSON({"template_id": "8001", "name": "Spring: 20 off from 200", "type": "amount_off", "amount_fen": 2000, "threshold_fen": 20000, "shops": {"exclude": ["outlet"]}, "valid": {"from": "2026-01-01T00:00:00+08:00", "until": "2099-12-31T23:59:59+08:00"}, "hours": [{"weekdays": [1, 2, 3, 4, 5, 6, 7], "from": "00:00", "to": "23:59"}], "limits": {"total": 1000, "per_customer": 100, "uses_per_coupon": 1}, "stacking": {"group": "spring", "exclusive": false, "priority": 0}, "give_back": "always", "rounding": "fen_half_up", "splitting": "proportional"}))
EXAMPLE("templates.get", "/v1/templates/8001", NULL,
	JSON({"template_id": "8001", "name": "Spring: 20 off from 200", "type": "amount_off", "amount_fen": 2000, "threshold_fen": 20000, "limits": {"total": 1000, "per_customer": 100, "uses_per_coupon": 1}, "give_back": "always", "rounding": "fen_half_up", "splitting": "proportional", "revision": 1, "usage": {"issued": 3, "issued_today": 3, "redeemed": 1, "spent_fen": 2000}}))
EXAMPLE("templates.list", "/v1/templates?limit=1", NULL,
	JSON({"data": [{"template_id": "8001", "name": "Spring: 20 off from 200", "type": "amount_off", "amount_fen": 2000, "give_back": "always", "rounding": "fen_half_up", "splitting": "proportional"}], "next_cursor": "0000000001dd5d9a"}))
EXAMPLE("templates.change", "/v1/templates/8001",
	JSON({"limits": {"total": 2000}, "stacking": null}),
	JSON({"template_id": "8001", "revision": 2}))
EXAMPLE("coupons.issue", "/v1/coupons",
	JSON({"template_id": 8001, "customer": {"phone": "18612255668"}, "reason": "newcomer", "operator": "anna"}),
	JSON({"template_id": "8001", "issued": 1, "issued_at": "2026-05-01T10:00:00+08:00", "code": "104294967296000123", "coupons": [{"code": "104294967296000123", "id": "104294967296000123", "customer_id": "383933091455959041", "state": "unused", "valid_from": "2026-01-01T00:00:00+08:00", "valid_until": "2099-12-31T23:59:59+08:00"}]}))
EXAMPLE("coupons.get", "/v1/coupons/EX-GET", NULL,
	JSON({"code": "EX-GET", "id": "104294967296000124", "state": "unused", "template_id": "8001", "name": "Spring: 20 off from 200", "type": "amount_off", "amount_fen": 2000, "threshold_fen": 20000, "customer_id": "383933091455959041", "valid_from": "2026-01-01T00:00:00+08:00", "valid_until": "2099-12-31T23:59:59+08:00", "uses": 1, "used": 0, "issued_at": "2026-05-01T10:00:00+08:00", "updated_at": "2026-05-01T10:00:00+08:00", "revision": 1, "events": [{"number": 1, "kind": "issued", "at": "2026-05-01T10:00:00+08:00", "state": "unused", "valid_until": "2099-12-31T23:59:59+08:00", "used": 0, "revision": 1}]}))
EXAMPLE("coupons.list", "/v1/coupons?state=unused&limit=1", NULL,
	JSON({"data": [{"code": "EX-GET", "id": "104294967296000124", "state": "unused", "template_id": "8001", "name": "Spring: 20 off from 200", "uses": 1, "used": 0, "revision": 1}], "next_cursor": "0000000001a3c4f5"}))
EXAMPLE("coupons.validate", "/v1/coupons/EX-VALIDATE/validate",
	JSON({"shop": "01", "items": [{"product": "tea", "category": "drinks", "price_fen": 12500, "quantity": 2}]}),
	JSON({"code": "EX-VALIDATE", "id": "104294967296000125", "usable": true, "eligible_fen": 25000, "discount_fen": 2000, "split_fen": [2000]}))
EXAMPLE("coupons.redeem", "/v1/coupons/EX-REDEEM/redeem",
	JSON({"order_no": "A-1001", "shop": "01", "amount_fen": 25000, "operator": "till 3"}),
	JSON({"redemption_id": "104294967296000126-2", "code": "EX-REDEEM", "coupon_id": "104294967296000126", "state": "redeemed", "order_no": "A-1001", "shop": "01", "amount_fen": 25000, "discount_fen": 2000, "uses": 1, "used": 1, "at": "2026-05-01T10:00:00+08:00", "revision": 2}))
EXAMPLE("coupons.reverse", "/v1/coupons/EX-REVERSE/reverse",
	JSON({"order_no": "A-1002", "cause": "refund", "reason": "sent back", "operator": "anna"}),
	JSON({"redemption_id": "104294967296000127-2", "code": "EX-REVERSE", "coupon_id": "104294967296000127", "state": "unused", "order_no": "A-1002", "amount_fen": 25000, "discount_fen": 2000, "uses": 1, "used": 0, "cause": "refund", "gave_back": true, "at": "2026-05-01T10:00:00+08:00", "revision": 3}))
EXAMPLE("coupons.freeze", "/v1/coupons/EX-FREEZE/freeze",
	JSON({"until": "2099-05-08T18:00:00+08:00", "reason": "asked by phone", "operator": "anna"}),
	JSON({"code": "EX-FREEZE", "id": "104294967296000128", "state": "frozen", "revision": 2, "event": {"number": 2, "kind": "frozen", "at": "2026-05-01T10:00:00+08:00", "reason": "asked by phone", "operator": "anna", "state": "frozen", "valid_until": "2099-12-31T23:59:59+08:00", "until": "2099-05-08T18:00:00+08:00", "used": 0, "revision": 2}}))
EXAMPLE("coupons.unfreeze", "/v1/coupons/EX-UNFREEZE/unfreeze",
	JSON({"reason": "solved", "operator": "anna"}),
	JSON({"code": "EX-UNFREEZE", "id": "104294967296000129", "state": "unused", "revision": 3, "event": {"number": 3, "kind": "unfrozen", "at": "2026-05-01T10:00:00+08:00", "reason": "solved", "operator": "anna", "state": "unused", "valid_until": "2099-12-31T23:59:59+08:00", "used": 0, "revision": 3}}))
EXAMPLE("coupons.recall", "/v1/coupons/EX-RECALL/recall",
	JSON({"reason": "issued by mistake", "operator": "anna"}),
	JSON({"code": "EX-RECALL", "id": "104294967296000130", "state": "recalled", "revision": 2, "event": {"number": 2, "kind": "recalled", "at": "2026-05-01T10:00:00+08:00", "reason": "issued by mistake", "operator": "anna", "state": "recalled", "valid_until": "2099-12-31T23:59:59+08:00", "used": 0, "revision": 2}}))
EXAMPLE("coupons.extend", "/v1/coupons/EX-EXTEND/extend",
	JSON({"until": "2099-12-30", "reason": "shop was closed"}),
	JSON({"code": "EX-EXTEND", "id": "104294967296000131", "state": "unused", "revision": 2, "event": {"number": 2, "kind": "extended", "at": "2026-05-01T10:00:00+08:00", "reason": "shop was closed", "state": "unused", "valid_until": "2099-12-30T23:59:59+08:00", "used": 0, "revision": 2}}))
EXAMPLE("coupons.confirm", "/v1/coupons/EX-CONFIRM/confirm",
	JSON({"order_no": "A-1003"}),
	JSON({"code": "EX-CONFIRM", "id": "104294967296000132", "state": "unused", "revision": 2, "event": {"number": 2, "kind": "confirmed", "at": "2026-05-01T10:00:00+08:00", "order_no": "A-1003", "state": "unused", "valid_until": "2099-12-31T23:59:59+08:00", "used": 0, "revision": 2}}))
EXAMPLE("coupons.release", "/v1/coupons/EX-RELEASE/release",
	JSON({"reason": "payment failed"}),
	JSON({"code": "EX-RELEASE", "id": "104294967296000133", "state": "recalled", "revision": 2, "event": {"number": 2, "kind": "released", "at": "2026-05-01T10:00:00+08:00", "reason": "payment failed", "state": "recalled", "valid_until": "2099-12-31T23:59:59+08:00", "used": 0, "revision": 2}}))
EXAMPLE("coupons.assign", "/v1/coupons/EX-ASSIGN/assign",
	JSON({"customer": "383933091455959042", "reason": "found the card"}),
	JSON({"code": "EX-ASSIGN", "id": "104294967296000134", "state": "unused", "revision": 2, "event": {"number": 2, "kind": "assigned", "at": "2026-05-01T10:00:00+08:00", "reason": "found the card", "state": "unused", "valid_until": "2099-12-31T23:59:59+08:00", "customer_id": "383933091455959042", "used": 0, "revision": 2}}))
EXAMPLE("coupons.transfer", "/v1/coupons/EX-TRANSFER/transfer",
	JSON({"customer": {"nick": "xiaohong"}, "reason": "a gift"}),
	JSON({"code": "EX-TRANSFER", "id": "104294967296000135", "state": "unused", "revision": 2, "event": {"number": 2, "kind": "transferred", "at": "2026-05-01T10:00:00+08:00", "reason": "a gift", "state": "unused", "valid_until": "2099-12-31T23:59:59+08:00", "customer_id": "104294967296000200", "used": 0, "revision": 2}}))
EXAMPLE("coupons.reissue", "/v1/coupons/EX-REISSUE/reissue",
	JSON({"reason": "code was seen by others"}),
	JSON({"code": "EX-REISSUE", "id": "104294967296000136", "state": "recalled", "new_code": "104294967296000137", "revision": 2, "event": {"number": 2, "kind": "reissued", "at": "2026-05-01T10:00:00+08:00", "reason": "code was seen by others", "state": "recalled", "valid_until": "2099-12-31T23:59:59+08:00", "new_coupon_id": "104294967296000137", "used": 0, "revision": 2}}))
EXAMPLE("redemptions.make", "/v1/redemptions",
	JSON({"codes": ["EX-MANY"], "order_no": "A-1004", "shop": "01", "amount_fen": 40000}),
	JSON({"order_no": "A-1004", "amount_fen": 40000, "discount_fen": 2000, "coupons": [{"redemption_id": "104294967296000138-2", "code": "EX-MANY", "coupon_id": "104294967296000138", "state": "redeemed", "order_no": "A-1004", "shop": "01", "amount_fen": 40000, "discount_fen": 2000, "uses": 1, "used": 1, "at": "2026-05-01T10:00:00+08:00", "revision": 2}]}))
EXAMPLE("qualify", "/v1/qualify",
	JSON({"customer": "383933091455959041", "shop": "01", "items": [{"product": "tea", "category": "drinks", "price_fen": 12500, "quantity": 2}]}),
	JSON({"amount_fen": 25000, "best": {"discount_fen": 2000, "exact": true, "coupons": [{"code": "EX-GET", "id": "104294967296000124", "discount_fen": 2000, "split_fen": [2000]}]}, "coupons": [{"code": "EX-GET", "id": "104294967296000124", "usable": true, "eligible_fen": 25000, "discount_fen": 2000, "split_fen": [2000]}, {"code": "EX-EARLY", "id": "104294967296000139", "usable": false, "reasons": [{"code": "threshold_missed", "title": "the eligible amount is below the threshold"}]}], "complete": true}))
EXAMPLE("orders.get", "/v1/orders/A-1005", NULL,
	JSON({"order_no": "A-1005", "coupons": [{"redemption_id": "104294967296000140-2", "code": "EX-ORDER", "coupon_id": "104294967296000140", "state": "redeemed", "order_no": "A-1005", "amount_fen": 25000, "discount_fen": 2000, "uses": 1, "used": 1, "at": "2026-05-01T10:00:00+08:00", "revision": 2}]}))
EXAMPLE("orders.reverse", "/v1/orders/A-1005/reverse",
	JSON({"cause": "cancel", "reason": "order was cancelled"}),
	JSON({"order_no": "A-1005", "discount_fen": 2000, "coupons": [{"redemption_id": "104294967296000140-2", "code": "EX-ORDER", "coupon_id": "104294967296000140", "state": "unused", "order_no": "A-1005", "amount_fen": 25000, "discount_fen": 2000, "uses": 1, "used": 0, "cause": "cancel", "gave_back": true, "at": "2026-05-01T10:00:00+08:00", "revision": 3}]}))
EXAMPLE("customers.save", "/v1/customers",
	JSON({"phone": "13700137000", "name": "Li Na", "nick": "lina"}),
	JSON({"customer_id": "104294967296000201"}))
EXAMPLE("customers.put", "/v1/customers/ex-customer",
	JSON({"name": "Wang Fang", "card_no": "998877"}),
	JSON({"customer_id": "ex-customer"}))
EXAMPLE("customers.get", "/v1/customers/383933091455959041", NULL,
	JSON({"customer_id": "383933091455959041", "code": "C001", "name": "Nanjing", "source_code": "cm-001", "nick": "xiaoming", "phone": "18612255668", "card_no": "11112222", "created_at": "2026-05-01T10:00:00+08:00", "updated_at": "2026-05-01T10:00:00+08:00", "coupons": 3}))
EXAMPLE("customers.list", "/v1/customers?limit=1", NULL,
	JSON({"data": [{"customer_id": "383933091455959041", "name": "Nanjing", "created_at": "2026-05-01T10:00:00+08:00", "updated_at": "2026-05-01T10:00:00+08:00"}], "next_cursor": "0000000001b4c5d6"}))
EXAMPLE("customers.coupons", "/v1/customers/383933091455959041/coupons?limit=1", NULL,
	JSON({"data": [{"code": "EX-GET", "id": "104294967296000124", "state": "unused", "template_id": "8001", "name": "Spring: 20 off from 200", "customer_id": "383933091455959041", "uses": 1, "used": 0, "revision": 1}], "next_cursor": "0000000001c5d6e7"}))
EXAMPLE("customers.merge", "/v1/customers/ex-twin/merge",
	JSON({"into": "ex-customer"}),
	JSON({"customer_id": "ex-customer", "merged_id": "ex-twin"}))
EXAMPLE("customers.erase", "/v1/customers/ex-gone", NULL,
	JSON({"customer_id": "ex-gone", "erased": true}))
EXAMPLE("departments.list", "/v1/departments", NULL,
	JSON({"data": [{"department_id": "1001", "code": "D01", "name": "East", "source_code": "dept-east", "created_at": "2026-05-01T10:00:00+08:00", "updated_at": "2026-05-01T10:00:00+08:00"}]}))
EXAMPLE("departments.save", "/v1/departments",
	JSON({"department_id": "1003", "code": "D03", "name": "North"}),
	JSON({"department_id": "1003"}))
EXAMPLE("campaigns.save", "/v1/campaigns",
	JSON({"source_code": "spring", "code": "SP-26", "name": "Spring sale", "type_code": "1", "from": "2026-03-01", "until": "2026-05-31", "departments": ["1001"]}),
	JSON({"source_code": "spring", "activity_id": "4294967296000300"}))
EXAMPLE("campaigns.put", "/v1/campaigns/spring",
	JSON({"code": "SP-26", "name": "Spring sale", "status": "online", "from": "2026-03-01", "until": "2026-06-15"}),
	JSON({"source_code": "spring", "activity_id": "4294967296000300"}))
EXAMPLE("campaigns.get", "/v1/campaigns/spring", NULL,
	JSON({"source_code": "spring", "activity_id": "4294967296000300", "code": "SP-26", "name": "Spring sale", "status": "online", "from": "2026-03-01T00:00:00+08:00", "until": "2026-06-15T23:59:59+08:00", "created_at": "2026-05-01T10:00:00+08:00", "updated_at": "2026-05-01T10:00:00+08:00", "departments": ["1001"]}))
EXAMPLE("campaigns.list", "/v1/campaigns?limit=1", NULL,
	JSON({"data": [{"source_code": "spring", "activity_id": "4294967296000300", "name": "Spring sale", "status": "online"}], "next_cursor": "0000000001d6e7f8"}))
EXAMPLE("campaigns.cover", "/v1/campaigns/spring/targets",
	JSON({"nicks": ["lina", "wangfang"]}),
	JSON({"source_code": "spring"}))
EXAMPLE("campaigns.invite", "/v1/campaigns/spring/invitations",
	JSON({"customers": ["383933091455959041"]}),
	JSON({"source_code": "spring"}))
EXAMPLE("campaigns.register", "/v1/campaigns/spring/registrations",
	JSON({"customers": ["383933091455959041"], "registered_at": "2026-05-01T10:00:00+08:00", "information": "two shops"}),
	JSON({"source_code": "spring"}))
EXAMPLE("campaigns.audience", "/v1/campaigns/spring/audience?mark=registered", NULL,
	JSON({"data": [{"customer_id": "383933091455959041", "nick": "xiaoming", "name": "Nanjing", "invited": true, "registered": true, "registered_at": "2026-05-01T10:00:00+08:00", "information": "two shops"}]}))
EXAMPLE("campaigns.uncover", "/v1/campaigns/spring/targets", NULL,
	JSON({"source_code": "spring"}))
EXAMPLE("campaigns.delete", "/v1/campaigns/spring", NULL,
	JSON({"deleted": true}))
EXAMPLE("merchant.get", "/v1/merchant", NULL,
	JSON({"id": "1", "name": "demo", "zone": "+08:00", "time": "2026-05-01T10:00:00+08:00", "sandbox": false, "clock_ahead_seconds": 0}))
EXAMPLE("merchant.clock", "/v1/merchant/clock",
	JSON({"advance_seconds": 86400}),
	JSON({"clock_ahead_seconds": 86400}))
EXAMPLE("credentials.list", "/v1/credentials", NULL,
	JSON({"data": [{"dialect": "native", "id": "5f1c0d3e", "label": "till", "scopes": ["read", "redeem"], "revoked": false, "created_at": "2026-05-01T10:00:00+08:00"}]}))
EXAMPLE("templates.delete", "/v1/templates/8002", NULL,
	JSON({"deleted": true}))
