/*
 * METRIC(name, type, help, expression over `s` (struct engine_stats), `c` (struct
 * courier_stats) and `m` (struct metrics_all)),
 * and FAMILY(name, type, help, labels) for those that metrics.c counts itself.
 */
/* clang-format off */
#ifdef METRIC
METRIC(couponry_connections,              gauge,   "open connections",                          m.connections)
METRIC(couponry_refused_requests_total,   counter, "requests that never became a call",         m.refused)
METRIC(couponry_log_dropped_total,        counter, "log lines dropped because the sink is slow", m.log_dropped)
METRIC(couponry_lane_batches_total,       counter, "batches made durable",                      s.batches)
METRIC(couponry_lane_commands_total,      counter, "commands run by the lane",                  s.commands)
METRIC(couponry_ledger_entries_total,     counter, "entries appended to the ledger",            s.entries)
METRIC(couponry_ledger_syncs_total,       counter, "syncs of the ledger, or commits",           s.syncs)
METRIC(couponry_ledger_bytes,             gauge,   "bytes of the ledger",                       s.ledger_bytes)
METRIC(couponry_lane_queue_depth,         gauge,   "writes waiting",                            s.queue_depth)
METRIC(couponry_lane_job_queue_depth,     gauge,   "job rows waiting",                          s.job_queue_depth)
METRIC(couponry_overlay_bytes,            gauge,   "memory of rows not yet fed",                s.overlay_bytes)
METRIC(couponry_fed_batches,              gauge,   "newest batch in the view",                  s.fed_batches)
METRIC(couponry_accepted_batches,         gauge,   "newest durable batch",                      s.accepted_batches)
METRIC(couponry_lane_rounds_total,        counter, "rounds in which batches fetched their rows (PostgreSQL)", s.rounds)
METRIC(couponry_lane_round_trips_total,   counter, "exchanges of write lanes with PostgreSQL",  s.round_trips)
METRIC(couponry_node,                     gauge,   "number that this node has leased (PostgreSQL)", s.node)
METRIC(couponry_nodes,                    gauge,   "nodes that share the merchants' writes among themselves (PostgreSQL); 0: this one takes no part", s.nodes)
METRIC(couponry_oldest_snapshot_seconds,  gauge,   "age of the oldest snapshot in the database (PostgreSQL): from 300 on it holds back cleaning", s.oldest_snapshot_ms / 1000)
METRIC(couponry_deliveries_waiting,       gauge,   "messages to webhooks that wait to be taken (with several nodes each says the same)", c.waiting[WORK_DELIVERIES])
METRIC(couponry_deliveries_oldest_seconds, gauge,  "age of the oldest of them",                 c.oldest_ms[WORK_DELIVERIES] / 1000)
METRIC(couponry_errands_waiting,          gauge,   "calls to providers that wait for an answer (with several nodes each says the same)", c.waiting[WORK_ERRANDS])
METRIC(couponry_errands_oldest_seconds,   gauge,   "age of the oldest of them",                 c.oldest_ms[WORK_ERRANDS] / 1000)
METRIC(couponry_ready,                    gauge,   "1 while writes are accepted",               m.ready)
#endif

#ifdef FAMILY
FAMILY(couponry_calls_total,              counter,   "calls by method and fault",                "dialect, method, fault")
FAMILY(couponry_call_seconds,             histogram, "time from the whole request to the reply", "dialect, method")
FAMILY(couponry_passed_calls_total,       counter,   "writes passed on to another node, which counts and logs them (PostgreSQL): answered, not_sent (made here), unknown (answered busy)", "outcome")
FAMILY(couponry_deliveries_total,         counter,   "tries of this node to tell webhooks: delivered, failed, gone (410)", "outcome")
FAMILY(couponry_errands_total,            counter,   "calls of this node to providers: answered, not_done, doubtful", "outcome")
FAMILY(couponry_lane_batch_size,          histogram, "commands per batch",                       "")
FAMILY(couponry_ledger_sync_seconds,      histogram, "time of one sync of the ledger, or commit", "")
#endif
/* clang-format on */
