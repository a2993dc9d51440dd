"""What is said of Prometheus and of each gate: asked from here, or as the operator measured it last."""

from collections.abc import Iterator
from typing import Final
from urllib.parse import urlsplit

from saferollout.api.spec import Gating
from saferollout.api.status import GateStatus
from saferollout.cli.checks.found import Asked, AskedGate, Found, Unread
from saferollout.cli.checks.lines import Check, Line, WayOut, failed, not_checked, ok, remark, warning
from saferollout.cli.checks.say_installation import upgrade
from saferollout.cli.checks.series_ways_out import way_out_of
from saferollout.cli.look import ago
from saferollout.cli.picture import Picture, picture_of
from saferollout.core.gates import Verdict, limits, number, preflight_verdict
from saferollout.core.measurements import Measurement, Outcome
from saferollout.shell.config import PrometheusConfig

FORWARDED: Final = "http://127.0.0.1:9090"
"""Where a port-forward brings a Prometheus."""


def say_gates(found: Found) -> Iterator[Line]:
    """Say where gates are measured, and for each whether its series are there."""
    pictures = _pictures(found)
    gated = [picture for picture in pictures if picture.spec and picture.spec.gates and picture.spec.gating is not Gating.DISABLED]
    yield from _address(found, has_gates=bool(gated))
    if found.asked is not None:
        yield from _asked(found, found.asked)
    else:
        yield from _remembered(found, gated)
    for picture in pictures:
        if picture not in gated:
            reason = "gating: Disabled" if picture.spec and picture.spec.gating is Gating.DISABLED else "no gates"
            yield remark(Check.GATE, f"{picture.name} has {reason}")


def _pictures(found: Found) -> list[Picture]:
    items = found.releases.items if isinstance(found.releases.items, tuple) else ()
    return [picture_of(raw, now=found.now) for raw in items]


def _address(found: Found, *, has_gates: bool) -> Iterator[Line]:
    operator = found.operator
    if operator is None:
        yield not_checked(Check.PROMETHEUS, "which Prometheus the operator asks", "the operator's Deployment is not known")
        return
    if isinstance(operator.config, Unread):
        yield not_checked(Check.PROMETHEUS, "which Prometheus the operator asks", operator.config.why)
        return
    url = operator.config.prometheus.url
    if url:
        yield remark(Check.PROMETHEUS, f"the operator asks {url}")
        return
    way_out = WayOut("name one", upgrade(operator, "prometheus.url=http://prometheus.monitoring:9090"))
    if has_gates:
        yield failed(Check.PROMETHEUS, "the operator has no Prometheus, so every gate holds as inconclusive", way_out)
    else:
        yield remark(Check.PROMETHEUS, "the operator has no Prometheus; order and readiness work", way_out)


def _asked(found: Found, asked: Asked) -> Iterator[Line]:
    if asked.refusal:
        yield failed(Check.PROMETHEUS, f"{asked.url}, asked from here: {asked.refusal}", *_ways_to(found, asked.refusal))
        return
    yield ok(Check.PROMETHEUS, f"{asked.url} answers; gates are asked from here as the operator asks in the middle of a batch")
    if asked.default_labels:
        why = "the operator's configuration is not known, so the chart's defaults stand for it"
        yield not_checked(Check.PROMETHEUS, "labels, tenant and the age at which samples are stale", why)
    for gate in asked.gates:
        yield _gate(gate, found)


def _ways_to(found: Found, refusal: str) -> Iterator[WayOut]:
    if "credentials" in refusal:
        yield WayOut("give a token of yours: --prometheus-token-file FILE")
    yield WayOut("from outside of the cluster reach it through a port-forward", port_forward(found.prometheus))


def port_forward(config: PrometheusConfig | None) -> str:
    """Return the command that brings the operator's Prometheus here; capitals where its address does not tell."""
    address = urlsplit(config.url) if config is not None and config.url else None
    host = address.hostname.split(".") if address is not None and address.hostname else []
    service, namespace = (host[0], host[1]) if len(host) > 1 and not host[-1].isdigit() else ("PROMETHEUS-SERVICE", "ITS-NAMESPACE")
    port = address.port or (443 if address.scheme == "https" else 80) if address is not None else 9090
    return f"kubectl port-forward -n {namespace} service/{service} 9090:{port}"


def _gate(asked: AskedGate, found: Found) -> Line:
    name, gate, measured = f"{asked.saferollout}/{asked.gate.name}", asked.gate, asked.measurement
    if asked.refused:
        return failed(Check.GATE, f"gate {name}: {asked.refused}", WayOut("try a correction on files", "saferollout lint FILES"))
    if measured is None:
        return not_checked(Check.GATE, f"gate {name}", asked.unasked)
    reason = measured.detail or str(measured.outcome)
    match measured.outcome:
        case Outcome.VALUE:
            return _value(asked, name, measured)
        case Outcome.TOO_LITTLE_TRAFFIC:
            ways_out = WayOut("a release would wait for traffic; lower minimumRequests, widen windowSeconds, or say onInconclusive: Approve")
            return warning(Check.GATE, f"gate {name}: its series are there, but {reason} in {gate.window_seconds} s", ways_out)
        case Outcome.PARTIAL:
            return warning(Check.GATE, f"gate {name}: {reason}", WayOut("see Prometheus' own warnings; a release would wait"))
        case Outcome.STALE:
            way_out = WayOut("see whether the target is still scraped, or how often: prometheus.scrapeIntervalSeconds")
            return failed(Check.GATE, f"gate {name}: {reason}", way_out)
        case Outcome.NO_DATA:
            what, way_out = way_out_of(asked.missing, gate, found.prometheus)
            return failed(Check.GATE, f"gate {name}: {what}", way_out)
        case _:
            return failed(Check.GATE, f"gate {name}: {reason}", WayOut("correct the query; `saferollout gate test` tries one offline"))


def _value(asked: AskedGate, name: str, measured: Measurement) -> Line:
    gate, value = asked.gate, number(measured.value if measured.value is not None else 0.0)
    verdict = preflight_verdict(gate, measured)
    if asked.empty_topic:
        said = f"gate {name}: no series has topic {asked.empty_topic}, so it counts as 0: a dead-letter topic that never had a record"
        return warning(Check.GATE, said, WayOut("make sure that deadLetterTopic is spelled as the broker has it"))
    if Verdict.FAILING in (verdict.kind, verdict.would_be):
        way_out = WayOut("a release would ask for an approval before its first step; look at what is measured, or at the limit")
        return warning(Check.GATE, f"gate {name}: its series are there, {value} now; its limit {limits(gate)} fails already", way_out)
    return ok(Check.GATE, f"gate {name}: {value} now, limit {limits(gate)}")


def _remembered(found: Found, gated: list[Picture]) -> Iterator[Line]:
    if not gated:
        return
    for picture in gated:
        known = {gate.name: gate for gate in picture.status.gates}
        for gate in picture.spec.gates if picture.spec else ():
            name = f"{picture.name}/{gate.name}"
            if gate.name not in known:
                yield not_checked(Check.GATE, f"gate {name}", "the operator has not measured it yet; it asks while something is released")
            else:
                yield _last_word(known[gate.name], name, found)
    if found.prometheus is not None and not found.prometheus.url:
        return
    command = f"saferollout check -n {found.namespace} --prometheus {FORWARDED}"
    forward = WayOut("bring it here", port_forward(found.prometheus)), WayOut("and ask", command)
    why = "its address is meant for the cluster, and no --prometheus was given"
    yield not_checked(Check.PROMETHEUS, "Prometheus itself, from here", why, *forward)


def _last_word(known: GateStatus, name: str, found: Found) -> Line:
    when = f", measured {ago(known.measured_time, found.now)}" if known.measured_time else ""
    said = f"gate {name}, the operator's last word{when}: {known.verdict}"
    message = f": {known.message}" if known.message else ""
    if known.verdict == "Passing":
        # No more than a note: it says nothing of the series as they are now.
        return remark(Check.GATE, f"{said} ({known.value or 'no value'}, limit {known.limit})")
    if known.verdict in ("Inconclusive", "Failing"):
        return warning(Check.GATE, f"{said}{message}", WayOut("ask from here what it finds: --prometheus URL"))
    return remark(Check.GATE, f"{said}{message}")
