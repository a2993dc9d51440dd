"""The facts of an explanation, by topic: the release, the steps, the pods and what is wrong with them."""

import re
from collections.abc import Iterator
from datetime import datetime

from saferollout.api.status import PlanStep, State, WorkloadStatus
from saferollout.cli.headline import headline, refusal
from saferollout.cli.look import ago
from saferollout.cli.no_return import passed_points
from saferollout.cli.seen import Seen, own_step
from saferollout.core.refusing import REPAIR
from saferollout.core.views import WorkloadView


def facts(seen: Seen) -> Iterator[tuple[str, str]]:
    """Tell what else is known, each with its topic."""
    picture, view = seen.picture, seen.view
    if picture is not None:
        if picture.summary.state is not State.REFUSED:  # else it is the sentence already
            yield "Release", headline(picture)
        steps = picture.release.steps if picture.release else []
        own = own_step(steps, seen.workload)
        if own is not None:
            because = f": {own.because}" if own.because else ""
            yield "Step", f"{steps.index(own) + 1} of {len(steps)}, {own.stage or own.kind}, {own.state}{because}"
        yield from (("Related", f"{step.id}: {step.because}") for step in steps if _mentions(step, seen.workload))
        yield from (("No return", str(point)) for point in passed_points(picture) if seen.workload in (point.workload, *point.stuck))
        if (refused := refusal(picture)) and (repair := refused.message.partition(REPAIR)[2]):
            yield "Repair", repair
        known = picture.known(seen.workload)
        if known is not None and known.message and known.message.rstrip(".") not in headline(picture):
            yield "Operator", known.message
        if known is not None and known.failed_hash:
            yield "Failed", f"template {known.failed_hash} failed{_why(known, picture.now)} and stays held until it changes or someone says retry"
        if silence := picture.silence():
            yield "Careful", f"{silence}; a hold stands even so, but nothing is released until it is back"
    if view is not None:
        yield from _view_facts(view)


def _why(known: WorkloadStatus, now: datetime) -> str:
    failure = known.failure
    if failure is None:
        return ""
    message = "" if failure.message in known.message else f": {failure.message}"
    return f" ({failure.reason}, {ago(failure.time, now)}{message})"


def _mentions(step: PlanStep, workload: str) -> bool:
    return step.workload != workload and workload in re.split(r"[^a-z0-9.-]+", step.because)


def _view_facts(view: WorkloadView) -> Iterator[tuple[str, str]]:
    running = [replica_set for replica_set in view.replica_sets if replica_set.pods > 0]
    for replica_set in running:
        which = "template in spec" if replica_set.hash == view.template else "older template"
        yield (
            "Pods",
            f"{replica_set.available} of {replica_set.replicas} available, {which} {replica_set.hash}{_declares(replica_set.contracts)}",
        )
    if all(replica_set.hash != view.template for replica_set in running):
        yield "In spec", f"template {view.template}{_declares(view.contracts)}; no pod of it runs"
    if view.waiting is not None:
        yield "Put aside", f"template {view.waiting}, returned when the old pods run"
    if view.bypass is not None:
        yield "Bypass", f"asked for with the reason {view.bypass!r}; it counted only in the update that wrote it"
    if view.trouble is not None:
        yield "Trouble", view.trouble
    for replica_set in running:
        yield from (("Pod", f"{trouble.pod}: {trouble.reason} {trouble.message}".rstrip()) for trouble in replica_set.trouble[:3])


def _declares(contracts: str | None) -> str:
    return f", declares {'; '.join(contracts.split(chr(10))).strip('; ')}" if contracts else ", declares nothing"
