"""The raw numbers of a measurement as tables: one row per version of a workload, and what the exporters say."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from localcluster.opencore.measuring import Measured
from localcluster.opencore.series import Between, Series

_SERVER, _CLIENT = "http_server_requests_seconds_count", "http_client_requests_seconds_count"
_LISTENER, _DATABASE = "spring_kafka_listener_seconds_count", "db_client_operation_duration_seconds_count"
Keep = Callable[[Series], bool]


def _label(name: str, *prefixes: str) -> Keep:
    return lambda series: series.labels.get(name, "").startswith(prefixes)


def _without(name: str) -> Keep:
    return lambda series: not series.labels.get(name)


# Column -> the counter and which of its series.
_COLUMNS: Sequence[tuple[str, str, Keep]] = (
    ("2xx", _SERVER, _label("status", "2")),
    ("4xx", _SERVER, _label("status", "4")),
    ("5xx", _SERVER, _label("status", "5")),
    ("out 4xx", _CLIENT, _label("status", "4")),
    ("out 5xx", _CLIENT, _label("status", "5")),
    ("out none", _CLIENT, _label("status", "CLIENT_ERROR")),
    ("heard", _LISTENER, _label("result", "success")),
    ("failed", _LISTENER, _label("result", "failure")),
    ("consumed", "kafka_consumer_fetch_manager_records_consumed_total", bool),
    ("sent", "kafka_producer_record_send_total", bool),
    ("not sent", "kafka_producer_record_error_total", bool),
    ("hit", "cache_gets_total", _label("result", "hit")),
    ("miss", "cache_gets_total", _label("result", "miss")),
    ("put", "cache_puts_total", bool),
    ("SQL ok", _DATABASE, _without("db_response_status_code")),
    ("SQL 22", _DATABASE, _label("db_response_status_code", "22")),
    ("SQL 08", _DATABASE, _label("db_response_status_code", "08")),
    ("SQL 57", _DATABASE, _label("db_response_status_code", "57")),
)


def workloads_table(measured: Measured) -> str:
    """Return growth of the services' own counters, by version; a dash where no such series was seen."""
    grown = {metric: measured.span.growth(metric) for metric in dict.fromkeys(metric for _, metric, _ in _COLUMNS)}
    arms = sorted({arm for pod, arm in measured.versions.items()})
    rows = [[arm, str(sum(found == arm for found in measured.versions.values())), *_cells(arm, measured, grown)] for arm in arms]
    return _text(["version", "pods", *(name for name, _, _ in _COLUMNS)], rows)


def _cells(arm: str, measured: Measured, grown: dict[str, list[Series]]) -> Iterable[str]:
    for _, metric, keep in _COLUMNS:
        own = [series for series in grown[metric] if measured.versions.get(series.labels.get("pod", "")) == arm and keep(series)]
        yield f"{sum(series.value for series in own):.0f}" if own else "-"


def exporters_table(span: Between) -> str:
    """Return what is known of the topic, its groups, the database and the cache."""
    rows = [
        ["topic inflow", _sum(span.growth("kafka_topic_partition_current_offset", 'topic="user.events"'))],
        ["dead-letter inflow", _sum(span.growth("kafka_topic_partition_current_offset", 'topic="user.events-dlt"'))],
        *([f"progress of {group}", _sum(span.growth("kafka_consumergroup_current_offset", f'consumergroup="{group}"'))] for group in _GROUPS),
        *([f"lag of {group}, peak", _sum(span.peak("kafka_consumergroup_lag_sum", f'consumergroup="{group}"'))] for group in _GROUPS),
        *([f"{name}, lowest", _sum(span.lowest(name))] for name in ("kafka_brokers", "pg_up", "redis_up")),
        ["redis hits", _sum(span.growth("redis_keyspace_hits_total"))],
        ["redis misses", _sum(span.growth("redis_keyspace_misses_total"))],
        ["hikaricp_connections_pending, peak", _sum(span.peak("hikaricp_connections_pending"))],
        ["hikaricp timeouts", _sum(span.growth("hikaricp_connections_timeout_total"))],
        ["container restarts", _sum(span.growth("kube_pod_container_status_restarts_total"))],
    ]
    return _text(["exporters", "value"], rows)


_GROUPS = ("billing", "notification")


def _sum(series: Sequence[Series]) -> str:
    return f"{sum(each.value for each in series):.0f}" if series else "-"


def _text(head: list[str], rows: list[list[str]]) -> str:
    widths = [max(len(row[column]) for row in [head, *rows]) for column in range(len(head))]
    lines = ["  ".join(cell.ljust(width) if not column else cell.rjust(width) for column, (cell, width) in enumerate(zip(row, widths, strict=True))) for row in [head, *rows]]
    return "\n".join(line.rstrip() for line in lines)
