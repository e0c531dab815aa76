/*
 * PARAM(member, name, kind, default, help): the settings of `serve`. Each is a flag (--name=value),
 * an environment variable (COUPONRY_NAME, '-' as '_') and a line of the config file (name = value);
 * the flag wins, then the environment, then the file.
 */
PARAM(data,         "data",           TEXT,   NULL,             "data directory (made when it is not there)")
PARAM(store,        "store",          TEXT,   NULL,             "postgresql://.. with libpq's parameters: a PostgreSQL store in place of a data directory; may hold a password, so better in the environment")
PARAM(listen,       "listen",         TEXT,   "127.0.0.1:8080", "address and port; port 0 lets the kernel choose")
PARAM(workers,      "workers",        NUMBER, "0",              "loop threads, 1..64; 0: one per processor")
PARAM(tls_cert,     "tls-cert",       TEXT,   NULL,             "PEM file with the certificate chain; turns TLS on")
PARAM(tls_key,      "tls-key",        TEXT,   NULL,             "PEM file with its private key")
PARAM(master_key,   "master-key",     TEXT,   NULL,             "file of the master key; default: DIR.key beside the data directory; with --store it must be said")
PARAM(allow_demo,   "allow-demo",     FLAG,   "false",          "listen beyond loopback although demo credentials exist")
PARAM(log_calls,    "log-calls",      FLAG,   "true",           "one JSON line per call on standard error")
PARAM(calls_per_s,  "calls-per-s",    NUMBER, "0",              "calls a second of a credential that has no limit of its own, 1..1000000, each node for itself; 0: no limit")
PARAM(burst,        "burst",          NUMBER, "0",              "of these calls at once, 1..10000000; 0: two seconds' worth")
PARAM(courier,      "courier",        FLAG,   "true",           "tells webhooks, asks providers, runs campaigns and jobs; false: a `couponry courier` beside it does")
PARAM(allow_private_targets, "allow-private-targets", FLAG, "false", "webhooks and providers may be at http://, at loopback and at private addresses")
PARAM(spool,        "spool",          TEXT,   NULL,             "folder of the files of jobs, made when it is not there; default: DIR.spool beside the data directory; with --store it must be said, and nodes share it")
PARAM(segment_mib,  "segment-mib",    NUMBER, "0",              "size of a ledger segment in MiB, 32..1024, for a store that is made; 0: the default, 32")
PARAM(write_lanes,  "write-lanes",    NUMBER, "8",              "with --store: connections that write, 1..64; one merchant's writes use one at a time, and commits at the same time share syncs")
PARAM(read_lanes,   "read-lanes",     NUMBER, "8",              "with --store: threads that answer calls, each with a connection for reads, 1..64; a call holds one while the database works")
PARAM(node_address, "node-address",   TEXT,   NULL,             "with --store: numeric address and port under which the other nodes reach this one's listener; nodes that have one let each merchant's writes be made by one of them")
PARAM(statement_ms, "statement-ms",   NUMBER, "60000",          "with --store: statement_timeout, 1000..600000; the default is a batch of imports on a slow disk")
PARAM(lock_ms,      "lock-ms",        NUMBER, "10000",          "with --store: lock_timeout, 1000..60000; below 5000 writes say busy while the database still waits for a node that vanished")
PARAM(config,       "config",         TEXT,   NULL,             "file with further settings, one `name = value` a line")
