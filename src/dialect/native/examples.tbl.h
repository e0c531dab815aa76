/*
 * EXAMPLE(method, target, request, answer): one call of each method, printed in the documents and
 * replayed by test/wire/native.test.mjs. JSON(..) is its argument as text.
 */
/* clang-format off */
EXAMPLE("templates.make", "/v1/templates",
	JSON({"template_id": 8001, "name": "Spring: 20 off from 200", "type": "amount_off", "amount_fen": 2000, "threshold_fen": 20000, "shops": {"exclude": ["outlet"]}, "valid": {"from": "2026-01-01", "until": "2099-12-31"}, "hours": [{"weekdays": [1, 2, 3, 4, 5, 6, 7], "from": "00:00", "to": "23:59"}], "limits": {"total": 1000, "per_customer": 100}, "stacking": {"group": "spring"}}),
	JSON({"template_id": "8001", "name": "Spring: 20 off from 200", "type": "amount_off", "amount_fen": 2000, "threshold_fen": 20000, "shops": {"exclude": ["outlet"]}, "valid": {"from": "2026-01-01T00:00:00+08:00", "until": "2099-12-31T23:59:59+08:00"}, "hours": [{"weekdays": [1, 2, 3, 4, 5, 6, 7], "from": "00:00", "to": "23:59"}], "limits": {"total": 1000, "per_customer": 100, "uses_per_coupon": 1}, "stacking": {"group": "spring", "exclusive": false, "priority": 0}, "give_back": "always", "rounding": "fen_half_up", "splitting": "proportional", "revision": 0}))
EXAMPLE("templates.get", "/v1/templates/8001", NULL,
	JSON({"template_id": "8001", "name": "Spring: 20 off from 200", "type": "amount_off", "amount_fen": 2000, "threshold_fen": 20000, "shops": {"exclude": ["outlet"]}, "valid": {"from": "2026-01-01T00:00:00+08:00", "until": "2099-12-31T23:59:59+08:00"}, "hours": [{"weekdays": [1, 2, 3, 4, 5, 6, 7], "from": "00:00", "to": "23:59"}], "limits": {"total": 1000, "per_customer": 100, "uses_per_coupon": 1}, "stacking": {"group": "spring", "exclusive": false, "priority": 0}, "give_back": "always", "rounding": "fen_half_up", "splitting": "proportional", "revision": 0, "created_at": "2026-05-01T10:00:00+08:00", "updated_at": "2026-05-01T10:00:00+08:00", "usage": {"issued": 15, "issued_today": 0, "redeemed": 2, "spent_fen": 4000}}))
EXAMPLE("templates.list", "/v1/templates?limit=1", NULL,
	JSON({"data": [{"template_id": "11", "name": "满199减99", "amount_fen": 9900, "threshold_fen": 19900, "valid": {"from": "2018-11-11T00:00:00+08:00", "until": "2099-12-31T23:59:59+08:00"}, "limits": {"per_customer": 1, "uses_per_coupon": 1}, "give_back": "always", "rounding": "fen_half_up", "splitting": "proportional", "description": "全场通用", "channel": "erp", "revision": 0, "created_at": "2026-05-01T10:00:00+08:00", "updated_at": "2026-05-01T10:00:00+08:00"}], "next_cursor": "0000000001dd5d9a"}))
EXAMPLE("templates.change", "/v1/templates/8001",
	JSON({"limits": {"total": 2000}, "stacking": null}),
	JSON({"template_id": "8001", "revision": 1}))
EXAMPLE("coupons.issue", "/v1/coupons",
	JSON({"template_id": 8001, "customer": {"phone": "18612255668"}, "reason": "newcomer", "operator": "anna"}),
	JSON({"template_id": "8001", "issued": 1, "code": "X52Y861N94NX", "coupons": [{"code": "X52Y861N94NX", "id": "102397558118809634", "customer_id": "383933091455959041", "state": "unused", "valid_from": "2026-01-01T00:00:00+08:00", "valid_until": "2099-12-31T23:59:59+08:00"}]}))
EXAMPLE("coupons.get", "/v1/coupons/EX-GET", NULL,
	JSON({"code": "EX-GET", "id": "102397558118809615", "state": "unused", "template_id": "8001", "name": "Spring: 20 off from 200", "type": "amount_off", "amount_fen": 2000, "threshold_fen": 20000, "customer_id": "383933091455959041", "valid_from": "2026-01-01T00:00:00+08:00", "valid_until": "2099-12-31T23:59:59+08:00", "uses": 1, "used": 0, "issued_at": "2026-05-01T10:00:00+08:00", "updated_at": "2026-05-01T10:00:00+08:00", "revision": 1, "events": [{"number": 1, "kind": "issued", "at": "2026-05-01T10:00:00+08:00", "reason": "newcomer", "state": "unused", "valid_until": "2099-12-31T23:59:59+08:00", "used": 0, "revision": 1}]}))
EXAMPLE("coupons.list", "/v1/coupons?state=unused&limit=1", NULL,
	JSON({"data": [{"code": "11111", "id": "102397558118809608", "state": "unused", "template_id": "11", "name": "满199减99", "amount_fen": 9900, "threshold_fen": 19900, "customer_id": "383933091455959041", "valid_from": "2018-11-11T00:00:00+08:00", "valid_until": "2099-12-31T23:59:59+08:00", "uses": 1, "used": 0, "channel": "erp", "issued_at": "2018-11-11T10:00:00+08:00", "updated_at": "2026-05-01T10:00:00+08:00", "revision": 0}], "next_cursor": "0000000001fdc6ed"}))
EXAMPLE("coupons.validate", "/v1/coupons/EX-VALIDATE/validate",
	JSON({"shop": "01", "items": [{"product": "tea", "category": "drinks", "price_fen": 12500, "quantity": 2}]}),
	JSON({"code": "EX-VALIDATE", "id": "102397558118809616", "usable": true, "eligible_fen": 25000, "discount_fen": 2000, "split_fen": [2000]}))
EXAMPLE("coupons.redeem", "/v1/coupons/EX-REDEEM/redeem",
	JSON({"order_no": "A-1001", "shop": "01", "amount_fen": 25000, "operator": "till 3"}),
	JSON({"redemption_id": "102397558118809617-2", "code": "EX-REDEEM", "coupon_id": "102397558118809617", "state": "redeemed", "order_no": "A-1001", "shop": "01", "amount_fen": 25000, "discount_fen": 2000, "uses": 1, "used": 1, "at": "2026-05-01T10:00:00+08:00", "revision": 2}))
EXAMPLE("coupons.reverse", "/v1/coupons/EX-REVERSE/reverse",
	JSON({"order_no": "A-1002", "cause": "refund", "reason": "sent back", "operator": "anna"}),
	JSON({"redemption_id": "102397558118809618-2", "code": "EX-REVERSE", "coupon_id": "102397558118809618", "state": "unused", "order_no": "A-1002", "amount_fen": 25000, "discount_fen": 2000, "used": 0, "cause": "refund", "gave_back": true, "at": "2026-05-01T10:00:00+08:00", "revision": 3}))
EXAMPLE("coupons.freeze", "/v1/coupons/EX-FREEZE/freeze",
	JSON({"until": "2099-05-08T18:00:00+08:00", "reason": "asked by phone", "operator": "anna"}),
	JSON({"code": "EX-FREEZE", "id": "102397558118809619", "state": "frozen", "revision": 2, "event": {"number": 2, "kind": "frozen", "at": "2026-05-01T10:00:00+08:00", "reason": "asked by phone", "operator": "anna", "state": "frozen", "until": "2099-05-08T18:00:00+08:00", "used": 0, "revision": 2}}))
EXAMPLE("coupons.unfreeze", "/v1/coupons/EX-UNFREEZE/unfreeze",
	JSON({"reason": "solved", "operator": "anna"}),
	JSON({"code": "EX-UNFREEZE", "id": "102397558118809620", "state": "unused", "revision": 3, "event": {"number": 3, "kind": "unfrozen", "at": "2026-05-01T10:00:00+08:00", "reason": "solved", "operator": "anna", "state": "unused", "used": 0, "revision": 3}}))
EXAMPLE("coupons.recall", "/v1/coupons/EX-RECALL/recall",
	JSON({"reason": "issued by mistake", "operator": "anna"}),
	JSON({"code": "EX-RECALL", "id": "102397558118809621", "state": "recalled", "revision": 2, "event": {"number": 2, "kind": "recalled", "at": "2026-05-01T10:00:00+08:00", "reason": "issued by mistake", "operator": "anna", "state": "recalled", "used": 0, "revision": 2}}))
EXAMPLE("coupons.extend", "/v1/coupons/EX-EXTEND/extend",
	JSON({"until": "2100-01-31", "reason": "shop was closed"}),
	JSON({"code": "EX-EXTEND", "id": "102397558118809622", "state": "unused", "revision": 2, "event": {"number": 2, "kind": "extended", "at": "2026-05-01T10:00:00+08:00", "reason": "shop was closed", "state": "unused", "valid_until": "2100-01-31T23:59:59+08:00", "valid_until_before": "2099-12-31T23:59:59+08:00", "used": 0, "revision": 2}}))
EXAMPLE("coupons.confirm", "/v1/coupons/EX-CONFIRM/confirm",
	JSON({"order_no": "A-1003"}),
	JSON({"code": "EX-CONFIRM", "id": "102397558118809627", "state": "unused", "revision": 2, "event": {"number": 2, "kind": "confirmed", "at": "2026-05-01T10:00:00+08:00", "order_no": "A-1003", "state": "unused", "valid_until": "2099-12-31T23:59:59+08:00", "valid_until_before": "2099-12-31T23:59:59+08:00", "used": 0, "revision": 2}}))
EXAMPLE("coupons.release", "/v1/coupons/EX-RELEASE/release",
	JSON({"reason": "payment failed"}),
	JSON({"code": "EX-RELEASE", "id": "102397558118809628", "state": "recalled", "revision": 2, "event": {"number": 2, "kind": "released", "at": "2026-05-01T10:00:00+08:00", "reason": "payment failed", "state": "recalled", "used": 0, "revision": 2}}))
EXAMPLE("coupons.assign", "/v1/coupons/EX-ASSIGN/assign",
	JSON({"customer": "383933091455959042", "reason": "found the card"}),
	JSON({"code": "EX-ASSIGN", "id": "102397558118809629", "state": "unused", "revision": 1, "event": {"number": 1, "kind": "assigned", "at": "2026-05-01T10:00:00+08:00", "reason": "found the card", "state": "unused", "customer_id": "383933091455959042", "used": 0, "revision": 1}}))
EXAMPLE("coupons.transfer", "/v1/coupons/EX-TRANSFER/transfer",
	JSON({"customer": {"nick": "xiaohong"}, "reason": "a gift"}),
	JSON({"code": "EX-TRANSFER", "id": "102397558118809623", "state": "unused", "revision": 2, "event": {"number": 2, "kind": "transferred", "at": "2026-05-01T10:00:00+08:00", "reason": "a gift", "state": "unused", "customer_id": "102397558118809635", "used": 0, "revision": 2}}))
EXAMPLE("coupons.reissue", "/v1/coupons/EX-REISSUE/reissue",
	JSON({"reason": "code was seen by others"}),
	JSON({"code": "EX-REISSUE", "id": "102397558118809624", "state": "recalled", "new_code": "726NPS7C5V7N", "revision": 2, "event": {"number": 2, "kind": "reissued", "at": "2026-05-01T10:00:00+08:00", "reason": "code was seen by others", "state": "recalled", "new_code": "726NPS7C5V7N", "used": 0, "revision": 2}}))
EXAMPLE("redemptions.make", "/v1/redemptions",
	JSON({"codes": ["EX-MANY"], "order_no": "A-1004", "shop": "01", "amount_fen": 40000}),
	JSON({"order_no": "A-1004", "amount_fen": 40000, "discount_fen": 2000, "coupons": [{"redemption_id": "102397558118809625-2", "code": "EX-MANY", "coupon_id": "102397558118809625", "state": "redeemed", "order_no": "A-1004", "shop": "01", "amount_fen": 40000, "discount_fen": 2000, "uses": 1, "used": 1, "at": "2026-05-01T10:00:00+08:00", "revision": 2}]}))
EXAMPLE("redemptions.get", "/v1/redemptions/102397558118809638-2", NULL,
	JSON({"redemption_id": "102397558118809638-2", "code": "EX-USE", "coupon_id": "102397558118809638", "state": "redeemed", "order_no": "A-1006", "amount_fen": 25000, "discount_fen": 2000, "uses": 1, "used": 1, "at": "2026-05-01T10:00:00+08:00", "revision": 2, "given_back_fen": 800, "reversed": false, "reversals": [{"number": 3, "kind": "reversed", "at": "2026-05-01T10:00:00+08:00", "order_no": "A-1006", "state": "redeemed", "amount_fen": 10000, "discount_fen": 800, "reverses": 2, "cause": "refund", "gave_back": false, "used": 1, "revision": 3}]}))
EXAMPLE("redemptions.reverse", "/v1/redemptions/102397558118809638-2/reverse",
	JSON({"amount_fen": 15000, "cause": "refund", "operator": "anna"}),
	JSON({"redemption_id": "102397558118809638-2", "code": "EX-USE", "coupon_id": "102397558118809638", "state": "unused", "order_no": "A-1006", "amount_fen": 15000, "discount_fen": 1200, "used": 0, "cause": "refund", "gave_back": true, "at": "2026-05-01T10:00:00+08:00", "revision": 4}))
EXAMPLE("qualify", "/v1/qualify",
	JSON({"customer": "383933091455959041", "shop": "01", "items": [{"product": "tea", "category": "drinks", "price_fen": 12500, "quantity": 2}]}),
	JSON({"amount_fen": 25000, "best": {"discount_fen": 14400, "exact": true, "coupons": [{"code": "11111", "id": "102397558118809608", "discount_fen": 9900, "split_fen": [9900]}, {"code": "390913445498200066", "id": "102397558118809611", "discount_fen": 500, "split_fen": [500]}, {"code": "EX-GET", "id": "102397558118809615", "discount_fen": 2000, "split_fen": [2000]}, {"code": "X52Y861N94NX", "id": "102397558118809634", "discount_fen": 2000, "split_fen": [2000]}]}, "coupons": [{"code": "726NPS7C5V7N", "id": "102397558118809636", "usable": true, "eligible_fen": 25000, "discount_fen": 2000, "split_fen": [2000]}, {"code": "EX-FREEZE", "id": "102397558118809619", "usable": false, "reasons": [{"code": "coupon_frozen", "title": "the coupon is frozen"}]}], "complete": true}))
EXAMPLE("orders.get", "/v1/orders/A-1005", NULL,
	JSON({"order_no": "A-1005", "coupons": [{"redemption_id": "102397558118809626-2", "code": "EX-ORDER", "coupon_id": "102397558118809626", "state": "redeemed", "order_no": "A-1005", "amount_fen": 25000, "discount_fen": 2000, "uses": 1, "used": 1, "at": "2026-05-01T10:00:00+08:00", "revision": 2}]}))
EXAMPLE("orders.reverse", "/v1/orders/A-1005/reverse",
	JSON({"cause": "cancel", "reason": "order was cancelled"}),
	JSON({"order_no": "A-1005", "discount_fen": 2000, "coupons": [{"redemption_id": "102397558118809626-2", "code": "EX-ORDER", "coupon_id": "102397558118809626", "state": "unused", "order_no": "A-1005", "amount_fen": 25000, "discount_fen": 2000, "used": 0, "cause": "cancel", "gave_back": true, "at": "2026-05-01T10:00:00+08:00", "revision": 3}]}))
EXAMPLE("customers.save", "/v1/customers",
	JSON({"phone": "+86 137 0013 7000", "name": "Li Na", "nick": "lina"}),
	JSON({"customer_id": "102397558118809637"}))
EXAMPLE("customers.put", "/v1/customers/ex-customer",
	JSON({"name": "Wang Fang", "card_no": "998877"}),
	JSON({"customer_id": "ex-customer"}))
EXAMPLE("customers.get", "/v1/customers/383933091455959041", NULL,
	JSON({"customer_id": "383933091455959041", "code": "C001", "name": "南京掌控网络", "source_code": "cm-001", "nick": "小明", "phone": "+8618612255668", "card_no": "11112222", "created_at": "2026-05-01T10:00:00+08:00", "updated_at": "2026-05-01T10:00:00+08:00", "coupons": 18}))
EXAMPLE("customers.list", "/v1/customers?limit=1", NULL,
	JSON({"data": [{"customer_id": "383933091455959041", "code": "C001", "name": "南京掌控网络", "source_code": "cm-001", "nick": "小明", "phone": "+8618612255668", "card_no": "11112222", "created_at": "2026-05-01T10:00:00+08:00", "updated_at": "2026-05-01T10:00:00+08:00"}], "next_cursor": "00000000019b96cc"}))
EXAMPLE("customers.coupons", "/v1/customers/383933091455959041/coupons?limit=1", NULL,
	JSON({"data": [{"code": "11111", "id": "102397558118809608", "state": "unused", "template_id": "11", "name": "满199减99", "amount_fen": 9900, "threshold_fen": 19900, "customer_id": "383933091455959041", "valid_from": "2018-11-11T00:00:00+08:00", "valid_until": "2099-12-31T23:59:59+08:00", "uses": 1, "used": 0, "channel": "erp", "issued_at": "2018-11-11T10:00:00+08:00", "updated_at": "2026-05-01T10:00:00+08:00", "revision": 0}], "next_cursor": "00000000015ee5f6"}))
EXAMPLE("customers.merge", "/v1/customers/ex-twin/merge",
	JSON({"into": "ex-customer"}),
	JSON({"customer_id": "ex-customer", "merged_id": "ex-twin"}))
EXAMPLE("customers.erase", "/v1/customers/ex-gone", NULL,
	JSON({"customer_id": "ex-gone", "erased": true}))
EXAMPLE("departments.list", "/v1/departments", NULL,
	JSON({"data": [{"department_id": "1001", "code": "D01", "name": "华东销售部", "source_code": "dept-east", "created_at": "2026-05-01T10:00:00+08:00", "updated_at": "2026-05-01T10:00:00+08:00"}, {"department_id": "1002", "code": "D02", "name": "华南销售部", "source_code": "dept-south", "created_at": "2026-05-01T10:00:00+08:00", "updated_at": "2026-05-01T10:00:00+08:00"}]}))
EXAMPLE("departments.save", "/v1/departments",
	JSON({"department_id": "1003", "code": "D03", "name": "North"}),
	JSON({"department_id": "1003"}))
EXAMPLE("campaigns.save", "/v1/campaigns",
	JSON({"source_code": "spring", "code": "SP-26", "name": "Spring sale", "type_code": "1", "from": "2026-03-01", "until": "2026-05-31", "departments": ["1001"]}),
	JSON({"source_code": "spring", "activity_id": "2397558118809639"}))
EXAMPLE("campaigns.put", "/v1/campaigns/spring",
	JSON({"code": "SP-26", "name": "Spring sale", "status": "online", "from": "2026-03-01", "until": "2099-06-15"}),
	JSON({"source_code": "spring", "activity_id": "2397558118809639"}))
EXAMPLE("campaigns.change", "/v1/campaigns/spring",
	JSON({"rewards": [{"template_id": "8001"}], "starts_at": "2026-03-01T09:00:00+08:00", "approval": true}),
	JSON({"source_code": "spring", "activity_id": "2397558118809639"}))
EXAMPLE("campaigns.get", "/v1/campaigns/spring", NULL,
	JSON({"source_code": "spring", "activity_id": "2397558118809639", "code": "SP-26", "name": "Spring sale", "status": "online", "from": "2026-03-01T00:00:00+08:00", "until": "2099-06-15T23:59:59+08:00", "phase": "started", "starts_at": "2026-03-01T09:00:00+08:00", "approval": true, "created_at": "2026-05-01T10:00:00+08:00", "updated_at": "2026-05-01T10:00:00+08:00", "rewards": [{"template_id": "8001", "count": 1}], "departments": ["1001"]}))
EXAMPLE("campaigns.list", "/v1/campaigns?limit=1", NULL,
	JSON({"data": [{"source_code": "demo-campaign", "activity_id": "2397558118809613", "code": "HD001", "name": "双十一满减", "type_code": "1", "status": "online", "from": "2018-11-11T00:00:00+08:00", "until": "2099-12-31T23:59:59+08:00", "register_url": "https://example.com/register", "information": "满199减99", "created_at": "2026-05-01T10:00:00+08:00", "updated_at": "2026-05-01T10:00:00+08:00"}], "next_cursor": "00000000014563a8"}))
EXAMPLE("campaigns.cover", "/v1/campaigns/spring/targets",
	JSON({"nicks": ["lina", "wangfang"]}),
	JSON({"source_code": "spring"}))
EXAMPLE("campaigns.invite", "/v1/campaigns/spring/invitations",
	JSON({"customers": ["383933091455959041"]}),
	JSON({"source_code": "spring"}))
EXAMPLE("campaigns.register", "/v1/campaigns/spring/registrations",
	JSON({"customers": ["383933091455959041"], "registered_at": "2026-05-01T10:00:00+08:00", "information": "two shops"}),
	JSON({"source_code": "spring"}))
EXAMPLE("campaigns.approve", "/v1/campaigns/spring/approvals",
	JSON({"customers": ["383933091455959041"], "approve": true}),
	JSON({"source_code": "spring", "changed": 1}))
EXAMPLE("campaigns.fill", "/v1/campaigns/spring/fill",
	JSON({"from_campaign": "demo-campaign", "mark": "invited"}),
	JSON({"source_code": "spring"}))
EXAMPLE("campaigns.progress", "/v1/campaigns/spring/progress", NULL,
	JSON({"source_code": "spring", "status": "online", "phase": "started", "covered": 1000000, "invited": 640000, "registered": 5120, "awaiting_approval": 17, "waiting": 360000, "filling": false, "sent": 638990, "refused": 1010, "unknown": 0, "pending": 0, "redeemed": 8003, "refusals": [{"code": "person_exhausted", "title": "the customer has all coupons of the template that one may have", "count": 1010}]}))
EXAMPLE("campaigns.suspend", "/v1/campaigns/spring/suspend", NULL,
	JSON({"source_code": "spring", "status": "stopped"}))
EXAMPLE("campaigns.resume", "/v1/campaigns/spring/resume", NULL,
	JSON({"source_code": "spring", "status": "online"}))
EXAMPLE("campaigns.end", "/v1/campaigns/spring/end", NULL,
	JSON({"source_code": "spring", "status": "ended"}))
EXAMPLE("campaigns.audience", "/v1/campaigns/spring/audience?mark=registered", NULL,
	JSON({"data": [{"customer_id": "383933091455959041", "nick": "小明", "name": "南京掌控网络", "invited": true, "registered": true, "registered_at": "2026-05-01T10:00:00+08:00", "information": "two shops"}]}))
EXAMPLE("campaigns.uncover", "/v1/campaigns/spring/targets", NULL,
	JSON({"source_code": "spring"}))
EXAMPLE("campaigns.delete", "/v1/campaigns/spring", NULL,
	JSON({"deleted": true}))
EXAMPLE("jobs.make", "/v1/jobs",
	JSON({"kind": "import", "resource": "customers", "format": "csv"}),
	JSON({"job_id": "4713", "kind": "import", "state": "waiting_for_input", "done": 0, "refused": 0}))
EXAMPLE("jobs.input", "/v1/jobs/4712/input", NULL,
	JSON({"job_id": "4712", "kind": "recall", "state": "waiting_for_input", "done": 0, "refused": 0, "format": "csv", "input_bytes": 1048576, "read_bytes": 0, "result_bytes": 0, "created_at": "2026-05-01T10:00:00+08:00"}))
EXAMPLE("jobs.get", "/v1/jobs/4711", NULL,
	JSON({"job_id": "4711", "kind": "generate", "state": "running", "total": 100000, "done": 12800, "refused": 0, "template_id": "8001", "format": "ndjson", "result_bytes": 588800, "created_at": "2026-05-01T10:00:00+08:00"}))
EXAMPLE("jobs.list", "/v1/jobs?limit=1", NULL,
	JSON({"data": [{"job_id": "4711", "kind": "generate", "state": "running", "total": 100000, "done": 12800, "refused": 0, "template_id": "8001", "format": "ndjson", "result_bytes": 588800, "created_at": "2026-05-01T10:00:00+08:00"}], "next_cursor": "00000000015c2a71"}))
EXAMPLE("jobs.result", "/v1/jobs/4711/result", NULL,
	JSON({"row": 1, "result": "ok", "code": "X52Y861N94NX"}))
EXAMPLE("jobs.cancel", "/v1/jobs/4712/cancel",
	JSON({}),
	JSON({"job_id": "4712", "kind": "recall", "state": "cancelled", "done": 0, "refused": 0, "format": "csv", "input_bytes": 0, "read_bytes": 0, "result_bytes": 0, "created_at": "2026-05-01T10:00:00+08:00", "ended_at": "2026-05-01T10:00:00+08:00"}))
EXAMPLE("merchant.get", "/v1/merchant", NULL,
	JSON({"id": "1", "name": "demo", "zone": "+08:00", "time": "2026-05-01T10:00:00+08:00", "sandbox": false, "clock_ahead_seconds": 0}))
EXAMPLE("merchant.clock", "/v1/merchant/clock",
	JSON({"advance_seconds": 86400}),
	JSON({"clock_ahead_seconds": 86400}))
EXAMPLE("credentials.list", "/v1/credentials?limit=1", NULL,
	JSON({"data": [{"dialect": "wjb", "id": "wjb:100000001", "name": "100000001", "revoked": false, "created_at": "2026-05-01T10:00:00+08:00"}], "next_cursor": "0000000001088dc0"}))
EXAMPLE("credentials.make", "/v1/credentials",
	JSON({"dialect": "native", "label": "till 3", "scopes": ["read", "redeem"], "expires_at": "2099-12-31", "calls_per_s": 50, "burst": 100}),
	JSON({"dialect": "native", "id": "native:5f1c0d3e8a94b7260d1e5c3f7a2b9048", "name": "5f1c0d3e", "label": "till 3", "scopes": ["read", "redeem"], "expires_at": "2099-12-31T23:59:59+08:00", "revoked": false, "calls_per_s": 50, "burst": 100, "created_at": "2026-05-01T10:00:00+08:00", "key": "cpk_mfqws4tjnvsxg5dvojuxizlnmvzsa3lpojsu2q7a"}))
EXAMPLE("credentials.get", "/v1/credentials/top:ex-key", NULL,
	JSON({"dialect": "top", "id": "top:ex-key", "name": "ex-key", "revoked": false, "created_at": "2026-05-01T10:00:00+08:00"}))
EXAMPLE("credentials.change", "/v1/credentials/top:ex-key",
	JSON({"expires_at": "2099-06-30", "calls_per_s": 20}),
	JSON({"dialect": "top", "id": "top:ex-key", "name": "ex-key", "expires_at": "2099-06-30T23:59:59+08:00", "revoked": false, "calls_per_s": 20, "created_at": "2026-05-01T10:00:00+08:00"}))
EXAMPLE("credentials.revoke", "/v1/credentials/top:ex-old-key/revoke",
	JSON({}),
	JSON({"dialect": "top", "id": "top:ex-old-key", "name": "ex-old-key", "revoked": true, "created_at": "2026-05-01T10:00:00+08:00"}))
EXAMPLE("ledger.head", "/v1/ledger/head", NULL,
	JSON({"merchant_id": "1", "number": 214, "at": "2026-05-01T10:00:00+08:00", "hash": "c3ab8ff13720e8ad9047dd39466b3c8974e592c2fa383d4a3960714caef0c4f2"}))
EXAMPLE("webhooks.make", "/v1/webhooks",
	JSON({"url": "https://shop.example.com/couponry", "events": ["coupon.redeemed", "coupon.reversed"], "label": "till"}),
	JSON({"id": "57", "url": "https://shop.example.com/couponry", "events": ["coupon.redeemed", "coupon.reversed"], "label": "till", "secret": "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oDazPQgkdJ3hY=", "created_at": "2026-05-01T10:00:00+08:00"}))
EXAMPLE("webhooks.list", "/v1/webhooks", NULL,
	JSON({"data": [{"id": "57", "url": "https://shop.example.com/couponry", "events": ["coupon.redeemed", "coupon.reversed"], "label": "till", "created_at": "2026-05-01T10:00:00+08:00"}]}))
EXAMPLE("webhooks.get", "/v1/webhooks/57", NULL,
	JSON({"id": "57", "url": "https://shop.example.com/couponry", "events": ["coupon.redeemed", "coupon.reversed"], "label": "till", "created_at": "2026-05-01T10:00:00+08:00"}))
EXAMPLE("webhooks.change", "/v1/webhooks/57",
	JSON({"events": ["*"]}),
	JSON({"id": "57"}))
EXAMPLE("webhooks.rotate", "/v1/webhooks/57/rotate",
	JSON({"old_secret_seconds": 3600}),
	JSON({"id": "57", "secret": "whsec_q0Yg2jnqqWcBWLHs4tHsgzEVbX5GV3LCq1HS5Q0bdmA=", "old_secret_until": "2026-05-01T11:00:00+08:00"}))
EXAMPLE("webhooks.resume", "/v1/webhooks/57/resume", NULL,
	JSON({"id": "57"}))
EXAMPLE("webhooks.deliveries", "/v1/webhooks/57/deliveries?state=waiting", NULL,
	JSON({"data": [{"event_id": "evt_102397558118809700", "type": "coupon.redeemed", "happened_at": "2026-05-01T10:00:00+08:00", "state": "waiting", "tries": 2, "tried_at": "2026-05-01T10:00:02+08:00", "next_try_at": "2026-05-01T10:00:07+08:00", "status": 503, "answer": "back soon"}]}))
EXAMPLE("webhooks.resend", "/v1/webhooks/57/resend",
	JSON({"event_id": "evt_102397558118809700"}),
	JSON({"id": "57", "event_id": "evt_102397558118809700"}))
EXAMPLE("webhooks.delete", "/v1/webhooks/57", NULL,
	JSON({"deleted": true}))
EXAMPLE("templates.delete", "/v1/templates/8002", NULL,
	JSON({"deleted": true}))
EXAMPLE("providers.list", "/v1/providers", NULL,
	JSON({"data": [{"provider_id": "33", "url": "https://coupons.example.com/provide", "app_key": "100000001", "state": "closed", "failures": 0, "waiting": 1, "updated_at": "2026-05-01T10:00:00+08:00"}]}))
EXAMPLE("errands.list", "/v1/errands?limit=1", NULL,
	JSON({"data": [{"errand_id": "102397558118809644", "state": "waiting", "request_id": "1-102397558118809644", "provider_id": "33", "template_id": "8100", "pending": 1, "sent": 0, "refused": 0, "unknown": 0, "tries": 0, "created_at": "2026-05-01T10:00:00+08:00"}]}))
EXAMPLE("errands.get", "/v1/errands/102397558118809644", NULL,
	JSON({"errand_id": "102397558118809644", "state": "waiting", "request_id": "1-102397558118809644", "provider_id": "33", "template_id": "8100", "pending": 1, "sent": 0, "refused": 0, "unknown": 0, "tries": 0, "created_at": "2026-05-01T10:00:00+08:00", "provider": {"url": "https://coupons.example.com/provide", "app_key": "100000001"}, "coupons": [{"code": "X52Y861N94NX", "id": "102397558118809643", "customer_id": "102397558118809642", "delivery": "pending"}]}))
EXAMPLE("errands.ask", "/v1/errands/102397558118809644/ask",
	JSON({}),
	JSON({"errand_id": "102397558118809644"}))
