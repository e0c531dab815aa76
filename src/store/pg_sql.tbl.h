/* STATEMENT(NAME, text): statements that no descriptor makes. $1 is the merchant. */
/* clang-format off */
#define SQL_STATEMENTS(STATEMENT)                                                                                  \
	STATEMENT(LOCK_HEAD,     "SELECT 1 FROM head WHERE merchant_id = $1 FOR UPDATE")                           \
	STATEMENT(MAKE_HEAD,     "INSERT INTO head (merchant_id) VALUES ($1) ON CONFLICT (merchant_id) DO NOTHING") \
	STATEMENT(NEWEST_ENTRY,  "SELECT number, instant, next_number, hash, ahead_ms FROM ledger WHERE merchant_id = $1 ORDER BY number DESC LIMIT 1") \
	STATEMENT(FIND_BATCH,    "SELECT number FROM ledger WHERE merchant_id = $1 AND batch_node = $2 AND batch_number = $3 AND batch_place = 0") \
	STATEMENT(LAST_SLOT,     "SELECT slot FROM customer_key WHERE merchant_id = $1 ORDER BY slot DESC LIMIT 1") \
	STATEMENT(WIPE_KEYS,     "UPDATE customer_key k SET value = decode(repeat('00', 32), 'hex') FROM customer c" \
				 " WHERE c.merchant_id = $1 AND c.erased IS NOT NULL AND c.customers_erased_ordinal IS NOT NULL" \
				 " AND k.merchant_id = $1 AND k.slot = c.key_slot AND k.value <> decode(repeat('00', 32), 'hex')" \
				 " RETURNING k.slot")                                                             \
	STATEMENT(READ_ENTRIES,  "SELECT number, instant, actor, command, entry, hash, batch_place FROM ledger WHERE merchant_id = $1 AND number > $2 ORDER BY number LIMIT $3")

/* These are about several merchants; $1 is an array of them. Who waits for locks takes them in order of merchants and
 * before any others, so nobody waits for each other. */
#define SQL_MANY_STATEMENTS(STATEMENT)                                                                             \
	STATEMENT(LOCK_HEADS,      "SELECT h.* FROM (SELECT unnest($1::bigint[]) AS merchant_id ORDER BY 1) m, LATERAL"        \
				   " (SELECT merchant_id FROM head WHERE merchant_id = m.merchant_id FOR UPDATE) h")          \
	STATEMENT(LOCK_FREE_HEADS, "SELECT h.* FROM unnest($1::bigint[]) AS m (merchant_id), LATERAL"                        \
				   " (SELECT merchant_id FROM head WHERE merchant_id = m.merchant_id FOR UPDATE SKIP LOCKED) h") \
	STATEMENT(NEWEST_ENTRIES, "SELECT n.*, m.nth FROM unnest($1::bigint[]) WITH ORDINALITY AS m (merchant_id, nth), LATERAL"  \
				  " (SELECT number, instant, next_number, hash, ahead_ms FROM ledger l"             \
				  " WHERE l.merchant_id = m.merchant_id ORDER BY number DESC LIMIT 1) n")           \
	STATEMENT(LAST_SLOTS,     "SELECT k.slot, m.nth FROM unnest($1::bigint[]) WITH ORDINALITY AS m (merchant_id, nth), LATERAL" \
				  " (SELECT slot FROM customer_key c WHERE c.merchant_id = m.merchant_id ORDER BY slot DESC LIMIT 1) k")

/* These are not about one merchant: the whole store's, or the server's. */
#define SQL_WIDE_STATEMENTS(STATEMENT)                                                                             \
	STATEMENT(NEXT_MERCHANT, "SELECT merchant_id FROM head WHERE merchant_id > $1 ORDER BY merchant_id LIMIT 1") \
	STATEMENT(CLOCK,         "SELECT clock_timestamp()")                                                       \
	STATEMENT(NODE_TAKE,     "UPDATE node SET name = $2, lease_until = now() + $1::bigint * interval '1 millisecond'" \
				 " WHERE lease_until < now() AND number = (SELECT number FROM node WHERE lease_until < now()" \
				 " ORDER BY lease_until, number LIMIT 1) RETURNING number")                        \
	STATEMENT(NODE_MAKE,     "INSERT INTO node (number, name, lease_until)"                                    \
				 " SELECT coalesce(max(number), 0) + 1, $2::text, now() + $1::bigint * interval '1 millisecond'" \
				 " FROM node ON CONFLICT (number) DO NOTHING RETURNING number")                    \
	STATEMENT(NODE_RENEW,    "UPDATE node SET lease_until = now() + $3::bigint * interval '1 millisecond'"     \
				 " WHERE number = $1 AND name = $2 AND lease_until >= now() RETURNING number")     \
	STATEMENT(NODE_END,      "UPDATE node SET lease_until = '-infinity' WHERE number = $1 AND name = $2 RETURNING number") \
	STATEMENT(NODE_PLACES,   "SELECT number, split_part(name, ' ', 2) FROM node WHERE lease_until > now() AND position(' ' IN name) > 0" \
				 " ORDER BY number LIMIT 64")                                                      \
	STATEMENT(OLDEST_LOOK,   "SELECT coalesce(max((extract(epoch FROM clock_timestamp() - xact_start) * 1000)::bigint), 0) FROM pg_stat_activity WHERE datname = current_database() AND backend_xmin IS NOT NULL AND backend_type = 'client backend' AND pid <> pg_backend_pid()")
/* clang-format on */
