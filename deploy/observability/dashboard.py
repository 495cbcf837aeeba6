#!/usr/bin/env python3
"""The Grafana dashboard, written down here and made into dashboard.json:

    deploy/observability/dashboard.py > deploy/observability/dashboard.json

Each row is a stage that a message passes, in order. tests/observability checks that the file is what this makes, that
every query is PromQL, and that the running services have every metric it names."""
import json

JOBS = {"write": "write-service", "read": "read-service", "both": "write-service|read-service"}


def pods(who, more=""):
    return f'{{job=~"{JOBS[who]}", instance=~"$instance"{more}}}'


# What a panel shows: (query, legend) pairs. `by`: the labels that tell its lines apart.

def legend(by, word=""):
    return " ".join([word, *("{{" + label + "}}" for label in by.split(", "))]).strip()


def now(who, metric, by, word=""):
    return [(metric + pods(who), legend(by, word))]


def rate(who, metric, by, word="", more=""):
    return [(f"sum by ({by}) (rate({metric}{pods(who, more)}[$__rate_interval]))", legend(by, word))]


def quantile(q, who, metric, by):
    buckets = f"sum by ({by}, le) (rate({metric}_bucket{pods(who)}[$__rate_interval]))"
    return [(f"histogram_quantile({q}, {buckets})", legend(by, f"p{100 * q:g}"))]


def times(who, metric, by):
    return quantile(0.5, who, metric, by) + quantile(0.99, who, metric, by)


def share_of_hits(who, by):
    hits, misses = (rate(who, f"orderly_cache_{kind}_total", by)[0][0] for kind in ("hits", "misses"))
    return [(f"{hits} / ({hits} + {misses})", legend(by))]


# {row: [(title, unit, lines, what it says)]}
ROWS = {
    "Is it well?": [
        ("Shards ready", "none", [(f"sum(orderly_shard_ready{pods('write')})", "ready"),
                                  ("orderly:shards:count", "shards")], "Fewer ready than there are: /readyz says why."),
        ("Commands", "ops", rate("write", "orderly_commands_total", "status"), "By what became of them."),
        ("Dead letters", "ops", rate("write", "orderly_commands_total", "code", more=', status="DEAD_LETTERED"')
         + rate("write", "orderly_subscription_records_total", "subscription", more=', outcome="given_up"'),
         "By reason; mails that were given up too."),
        ("Command to visible row", "s", times("read", "orderly_command_to_visible_seconds", "view"),
         "From the command's record to its rows committed: the whole way."),
        ("Not ready", "none", [(f"1 - orderly_ready{pods('both')}", "{{instance}} {{part}}")], "Parts of /readyz."),
        ("Alerts", "none", [('count by (alertname) (ALERTS{alertstate="firing", alertname=~"Orderly.*"})',
                             "{{alertname}}")], "deploy/README.md has a page for each."),
    ],
    "Write service: intake, decide, commit": [
        ("Lag in messages", "short", now("write", "orderly_shard_lag_messages", "shard"), "Commands that wait."),
        ("Lag in seconds", "s", now("write", "orderly_shard_lag_seconds", "shard"), "The oldest of them, at most."),
        ("Commands decided", "ops", rate("write", "orderly_batch_commands_sum", "shard"), ""),
        ("Intake: wait in the topic", "s", times("write", "orderly_intake_wait_seconds", "shard"),
         "A batch's first record, from its timestamp to its decision."),
        ("Decide", "s", times("write", "orderly_decide_seconds", "shard"), "Decoding and deciding one batch."),
        ("Commit", "s", times("write", "orderly_commit_seconds", "shard"), "Its SQLite transaction, fsync included."),
        ("Commands of one commit", "short", times("write", "orderly_batch_commands", "shard"), "Grows with the load."),
        ("Held and parked", "short", now("write", "orderly_held_commands", "shard", "held")
         + now("write", "orderly_parked_streams", "shard", "parked"), "Parked ones wait for an operator."),
        ("Restarts of shards", "none", [(f"increase(orderly_shard_restarts_total{pods('write')}[$__rate_interval])",
                                         "{{shard}}")], ""),
        ("Found in memory", "percentunit", share_of_hits("write", "shard"), "Aggregates that commands ask for."),
        ("Memory of aggregates and ids", "bytes", now("write", "orderly_cached_bytes", "shard", "aggregates")
         + now("write", "orderly_deduplication_bytes", "shard", "ids"), ""),
        ("Evicted, replayed, snapshots", "ops", rate("write", "orderly_cache_evictions_total", "shard", "evicted")
         + rate("write", "orderly_replayed_events_total", "shard", "events replayed")
         + rate("write", "orderly_snapshots_total", "shard", "snapshots"), ""),
        ("Live aggregates", "short", now("write", "orderly_cached_aggregates", "shard"), ""),
        ("Snapshots", "Bps", rate("write", "orderly_snapshot_bytes_total", "shard"), "Bytes written."),
    ],
    "Write service: relay, publish, notify": [
        ("Outbox", "short", now("write", "orderly_outbox_messages", "shard"), "Committed, not yet published."),
        ("Outbox age", "s", now("write", "orderly_outbox_age_seconds", "shard"), "The oldest of them."),
        ("Outbox in memory", "bytes", now("write", "orderly_outbox_bytes", "shard"), ""),
        ("Relay: wait for the transaction", "s", times("write", "orderly_relay_wait_seconds", "shard"),
         "From a commit to the Kafka transaction's begin."),
        ("Publish", "s", times("write", "orderly_publish_seconds", "shard"), "One Kafka transaction."),
        ("Published", "ops", rate("write", "orderly_publish_messages_sum", "shard"), "Messages."),
        ("Mails", "ops", rate("write", "orderly_subscription_records_total", "subscription, outcome"), ""),
        ("Mail: lag, breaker", "short", now("write", "orderly_subscription_lag_seconds", "subscription", "seconds")
         + now("write", "orderly_subscription_lag_messages", "subscription", "messages")
         + now("write", "orderly_subscription_breaker", "subscription", "breaker"), "Breaker 2: no server takes mail."),
        ("Mail: one sending", "s", times("write", "orderly_subscription_handle_seconds", "subscription"), ""),
    ],
    "Read service: consume, apply, commit": [
        ("Lag in messages", "short", now("read", "orderly_view_lag_messages", "view, instance"), ""),
        ("Lag in seconds", "s", now("read", "orderly_view_lag_seconds", "view, instance"), ""),
        ("Events applied", "ops", rate("read", "orderly_view_events_total", "view"), ""),
        ("Consume: wait in the topic", "s", times("read", "orderly_consume_wait_seconds", "instance"),
         "A batch's first record, from its timestamp to its arrival."),
        ("Decode", "s", times("read", "orderly_projector_decode_seconds", "instance"), "Once for all views."),
        ("Apply to every view", "s", times("read", "orderly_projector_apply_seconds", "instance"), "Commits included."),
        ("Apply by view", "s", quantile(0.99, "read", "orderly_view_apply_seconds", "view"), ""),
        ("Commit by view", "s", quantile(0.99, "read", "orderly_view_commit_seconds", "view"), ""),
        ("Records of one batch", "short", times("read", "orderly_projector_batch_events", "instance"), ""),
        ("Failed, gaps, repeats", "none", now("read", "orderly_view_failed", "view", "failed")
         + rate("read", "orderly_view_version_gaps_total", "view", "gaps")
         + rate("read", "orderly_view_repeated_events_total", "view", "repeats"), ""),
    ],
    "HTTP": [
        ("Requests", "reqps", rate("both", "orderly_http_requests_total", "job, route"), ""),
        ("Failed", "reqps", rate("both", "orderly_http_requests_total", "route, status", more=', status=~"5.."'), ""),
        ("Answer time", "s", times("read", "orderly_http_request_seconds", "route"), "Waits for a version included."),
        ("Live streams", "none", now("read", "orderly_stream_clients", "instance"), ""),
    ],
    "SQLite, Kafka clients, processes": [
        ("Stores", "bytes", now("write", "orderly_store_bytes", "shard", "shard")
         + now("read", "orderly_view_store_bytes", "view, instance"), ""),
        ("Write-ahead logs", "bytes", now("write", "orderly_store_wal_bytes", "shard", "shard")
         + now("read", "orderly_view_store_wal_bytes", "view, instance"), "Without end: somebody reads an old state."),
        ("Page cache", "bytes", now("write", "orderly_store_page_cache_bytes", "shard", "shard")
         + now("read", "orderly_view_store_page_cache_bytes", "view, instance"), ""),
        ("Page cache misses", "ops", rate("write", "orderly_store_page_cache_misses_total", "shard", "shard")
         + rate("read", "orderly_view_store_page_cache_misses_total", "view"), "Pages read from the file."),
        ("Pages written", "ops", rate("write", "orderly_store_pages_written_total", "shard", "shard")
         + rate("read", "orderly_view_store_pages_written_total", "view"), ""),
        ("Kafka: round trip (p99)", "s", now("both", "orderly_kafka_rtt_p99_seconds", "client"),
         "A consumer's holds its wait for news, half a second."),
        ("Kafka: brokers, errors", "short", now("both", "orderly_kafka_brokers_up", "client", "up")
         + rate("both", "orderly_kafka_errors_total", "client", "errors/s"), ""),
        ("Kafka: bytes", "Bps", rate("both", "orderly_kafka_received_bytes_total", "client", "in")
         + rate("both", "orderly_kafka_sent_bytes_total", "client", "out"), ""),
        ("Kafka: queues", "short", now("both", "orderly_kafka_fetched_messages", "client", "fetched")
         + now("both", "orderly_kafka_outgoing_messages", "client", "outgoing"), ""),
        ("Kafka: transaction", "none", [(f"orderly_kafka_transaction_state{pods('write')} == 1",
                                         "{{client}} {{state}}")], "The state that each producer is in."),
        ("Memory", "bytes", now("both", "process_resident_memory_bytes", "job, instance"), ""),
        ("CPU", "percentunit", rate("both", "process_cpu_seconds_total", "job, instance"), ""),
        ("Open files", "none", now("both", "process_open_fds", "job, instance"), ""),
    ],
}


def panel(number, x, y, title, unit, lines, note):
    source = {"type": "prometheus", "uid": "${datasource}"}
    defaults = {"unit": unit, "min": 0, "custom": {"fillOpacity": 8, "showPoints": "never"}}
    targets = [{"refId": chr(65 + i), "expr": query, "legendFormat": name} for i, (query, name) in enumerate(lines)]
    return {"id": number, "type": "timeseries", "title": title, "description": note, "datasource": source,
            "gridPos": {"h": 7, "w": 8, "x": x, "y": y}, "fieldConfig": {"defaults": defaults, "overrides": []},
            "options": {"legend": {"displayMode": "list", "placement": "bottom"},
                        "tooltip": {"mode": "multi", "sort": "desc"}}, "targets": targets}


def panels():
    y, made = 0, []
    for row, entries in ROWS.items():
        made.append({"id": len(made) + 1, "type": "row", "title": row, "collapsed": False,
                     "gridPos": {"h": 1, "w": 24, "x": 0, "y": y}, "panels": []})
        for i, entry in enumerate(entries):
            made.append(panel(len(made) + 1, 8 * (i % 3), y + 1 + 7 * (i // 3), *entry))
        y += 1 + 7 * -(-len(entries) // 3)
    return made


def dashboard():
    source = {"type": "prometheus", "uid": "${datasource}"}
    pod = {"name": "instance", "type": "query", "label": "Pod", "query": "label_values(orderly_ready, instance)",
           "includeAll": True, "allValue": ".*", "multi": True, "refresh": 2, "datasource": source,
           "current": {"text": "All", "value": "$__all"}}
    variables = [{"name": "datasource", "type": "datasource", "query": "prometheus", "label": "Prometheus"}, pod]
    return {"uid": "orderly", "title": "Orderly", "tags": ["orderly"], "schemaVersion": 39, "editable": True,
            "refresh": "10s", "time": {"from": "now-1h", "to": "now"}, "templating": {"list": variables},
            "annotations": {"list": []}, "panels": panels()}


if __name__ == "__main__":
    print(json.dumps(dashboard(), indent=1))
