/* WORDS(name, ..): words of the API for numbers of the domain, in the numbers' order; "" is none. */
/* clang-format off */
WORDS(benefit,   "", "amount_off", "percent_off", "free_item", "exchange", "buy_get", "product", "free_shipping", "queue_skip", "parking")
WORDS(state,     "unused", "redeemed", "frozen", "recalled", "expired")
WORDS(rounding,  "fen_half_up", "fen_down", "jiao_down", "yuan_down")
WORDS(splitting, "proportional", "in_order")
WORDS(period,    "", "day", "week", "month", "year")
WORDS(give_back, "always", "on_cancel", "never")
WORDS(cause,     "cancel", "refund")
WORDS(event,     "", "issued", "held", "confirmed", "released", "assigned", "frozen", "unfrozen", "redeemed", "reversed", "recalled", "extended", "reissued", "transferred")
WORDS(mark,      "covered", "invited", "registered")
WORDS(status,    "", "online", "stopped", "ended")
WORDS(scope,     "read", "issue", "redeem", "manage", "admin", "public")
WORDS(dialect,   "", "wjb", "waiqin", "top", "zvcms", "native")
