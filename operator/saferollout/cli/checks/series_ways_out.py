"""What to do where a query finds nothing, by what it is that is missing."""

from typing import Final

from saferollout.api.gates import Gate
from saferollout.cli.checks.lines import WayOut
from saferollout.core.missing_series import Missing
from saferollout.shell.config import PrometheusConfig

_NOTHING: Final = "every series that it names is there, but the whole query answers nothing"
_METRICS: Final = {
    "kafka_": "let this Prometheus scrape kafka_exporter (danielqsj)",
    "http_server_requests_seconds_bucket": "switch on Micrometer's histograms: "
    "management.metrics.distribution.percentiles-histogram.http.server.requests=true",
    "http_server_requests_seconds_count": "let this Prometheus scrape the pods' Micrometer metrics (/actuator/prometheus)",
}


def way_out_of(missing: Missing | None, gate: Gate, config: PrometheusConfig | None) -> tuple[str, WayOut]:
    """Return what finds nothing and what to do about it."""
    if missing is None:
        return _NOTHING, WayOut("a comparison that is false answers nothing: write `> bool`; series with other labels need `on ()`")
    metric = missing.metric
    if not missing.matcher:
        return f"there is no series {metric}", WayOut(_scraping(metric, gate))
    if missing.together:
        return f"no series of {metric} has all of {missing.matcher}", WayOut("each of them is there, but not on one series: look at where it is scraped")
    if not missing.has_label:
        return f"no series of {metric} has a label {missing.label}", WayOut(_relabelling(missing, config))
    values = f"; it has {', '.join(map(_printable, missing.values))}" if missing.values else ""
    return f"no series of {metric} has {missing.matcher}{values}", WayOut(_value(missing))


def _printable(value: str) -> str:
    # Anybody whom Prometheus scrapes chooses values; none of them may speak to the terminal.
    return "".join(char if char.isprintable() else "?" for char in value)


def _scraping(metric: str, gate: Gate) -> str:
    known = next((way_out for name, way_out in _METRICS.items() if metric.startswith(name)), "")
    if gate.promql is not None:
        return f"correct the name in the gate's promql, or let this Prometheus scrape what exposes it{f': {known}' if known else ''}"
    return known or "let this Prometheus scrape what exposes it"


def _relabelling(missing: Missing, config: PrometheusConfig | None) -> str:
    values = {"namespace": "", "pod": ""} if config is None else {config.labels.namespace: "namespace", config.labels.pod: "pod"}
    setting = values.get(missing.label) or missing.label
    if missing.label not in values:
        return "correct the label in the gate's promql, or let the scrape add it"
    if missing.elsewhere:
        return f"there it is called {missing.elsewhere}: set the chart value prometheus.labels.{setting}={missing.elsewhere}"
    return f"name the label in the chart value prometheus.labels.{setting}, or relabel the scrape; recording rules must keep it"


def _value(missing: Missing) -> str:
    match missing.label:
        case "topic":
            return "correct the topic's name in the contract, or let the exporter report it"
        case "consumergroup":
            return "correct the group's name in topic.consumerGroups; a group that has never committed is not reported"
        case "namespace":
            return "let this Prometheus scrape the pods of this namespace"
        case _ if "pod" in missing.label:
            return "let this Prometheus scrape the pods of this workload"
    return "correct the matcher in the gate's promql, or what is scraped"
