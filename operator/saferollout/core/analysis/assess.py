"""What the analysis says of a release now: the finding, from which evidence, and whether an outage must be waited for.

    assess(snapshot, observations, now) -> Assessment | Unable | None   # None: the release is not watched, or nothing is there to watch it by
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Final

from saferollout.api.analysis import OnForwardOnly
from saferollout.core.analysis.asking import ASKED
from saferollout.core.analysis.comparisons import BetweenArms, Comparison, comparisons
from saferollout.core.analysis.evictions import evictions
from saferollout.core.analysis.gaps import Gap, gaps_of, unanswered
from saferollout.core.analysis.liveness import liveness_of, outages_of, recurring_of, silences_of
from saferollout.core.analysis.looks import looked_at
from saferollout.core.analysis.material import material_of
from saferollout.core.analysis.members import members_of
from saferollout.core.analysis.memory import Memory
from saferollout.core.analysis.readings import readings_of
from saferollout.core.analysis.schedule import watched_since
from saferollout.core.analysis.scraping import scraped_too_seldom
from saferollout.core.analysis.stalls import weighed
from saferollout.core.analysis.status_classes import by_class
from saferollout.core.analysis.trust import is_confirmed
from saferollout.core.analysis.vanished import Wanted, vanished
from saferollout.core.decision import Snapshot
from saferollout.core.diagnosis.blind_spots import sees_anything
from saferollout.core.diagnosis.commands import commands_for
from saferollout.core.diagnosis.diagnose import diagnose
from saferollout.core.diagnosis.evidence import Arm, Evidence, Reading, Recurrence, Standing
from saferollout.core.diagnosis.finding import Action, Certainty, Finding
from saferollout.core.diagnosis.scene import Scene
from saferollout.core.measurements import Observations, Outcome
from saferollout.core.statistics.windows import Interval

_SEES_BY: Final = 6
"""By so many looks since the first roll something can be told of a release; that nothing can, before, is news to nobody."""


@dataclass(frozen=True, slots=True)
class Assessment:
    """The finding and what it rests on. `outages` are times that do not count, the quiet time after each included.

    `silences`: the same of times in which an exporter did not say whether its dependency was up. `compared`: what was compared, for a batch that
    is to be shown to be well; `unanswered`: by workload, why that can't be told; `vanished`: what pods do not report any more. `gaps` say what is wrong with the data, so that finding nothing
    means little; `confirmed`: the finding blames nobody by readings that rest on such data alone. `warning`: what is to be set otherwise; holds nothing.
    """

    finding: Finding
    evidence: Evidence
    outages: tuple[Interval, ...]
    silences: tuple[Interval, ...] = ()
    compared: tuple[Comparison, ...] = ()
    unanswered: Mapping[str, str] = field(default_factory=dict)
    vanished: Mapping[Wanted, str] = field(default_factory=dict)
    gaps: tuple[Gap, ...] = ()
    confirmed: bool = True
    warning: str = ""

    def quiet_from(self, now: datetime) -> datetime | None:
        """Return when the quiet time that is going on ends; None where none is."""
        return max((one.end for one in (*self.outages, *self.silences) if one.start <= now <= one.end), default=None)


def made_of(snapshot: Snapshot, observations: Observations) -> tuple[object, ...]:
    """Return what tells one assessment from another: the spec, the templates of the release, when pods that keep their names were made, and which answers there are."""
    release = snapshot.status.release
    targets = tuple((target.workload, target.to_hash, target.rolled) for target in release.targets) if release is not None else ()
    sets = tuple((name, tuple((one.name, one.births) for one in view.replica_sets)) for name, view in sorted(snapshot.world.workloads.items()))
    answers = tuple(
        (name, len(found), found[-1].at, sum(one.outcome is Outcome.VALUE for one in found))
        for name, found in sorted(observations.answers.items())
        if name.startswith(ASKED) and found
    )
    watched = release is not None and release.watched
    return snapshot.generation, watched_since(release), watched, targets, sets, answers


@dataclass(frozen=True, slots=True)
class Unable:
    """Why nothing can be assessed now, although somebody wants it: not the same as nothing being there."""

    reason: str


def assess(snapshot: Snapshot, observations: Observations, now: datetime, memory: Memory | None = None) -> Assessment | Unable | None:
    """Weigh all that was measured since before the first roll. Pure: the same answers give the same assessment, whatever is in the memory.

    None: the release is not watched, or nothing is there to watch it by.
    """
    material = material_of(snapshot, observations, now, memory or Memory())
    if material is None:
        return None
    if isinstance(material.there, str):
        return Unable(reason=material.there)
    gaps = gaps_of(material)
    if not any(line.found.series is not None for line in material.lines):
        return _blind(snapshot, gaps)
    members = members_of(material)
    quiet = timedelta(seconds=snapshot.spec.analysis.quiet_seconds)
    outages, silences = outages_of(material, quiet=quiet), silences_of(material, quiet=quiet)
    alpha, without = float(snapshot.spec.analysis.false_alarms), (*outages, *silences)
    silent, compared = unanswered(material), (*comparisons(material, members), *evictions(material))
    judged = by_class(material, readings_of(compared, alpha=alpha, without=without))
    recurring = recurring_of(material, quiet=quiet, without=without)
    evidence = Evidence(
        release=snapshot.name,
        namespace=snapshot.namespace,
        at=now,
        readings=(*weighed(material, members, judged), *looked_at(material, members)),
        liveness=liveness_of(material),
        members=members,
        answered=bool(compared) and not silent,
        recurring=recurring,
        meanwhile=tuple(by_class(material, _meanwhile(compared, recurring, began=material.schedule.began, alpha=alpha))),
    )
    # An outage is told by the first look that sees it, and has to be: gates judge from their first measurement on.
    if not outages and not sees_anything(Scene.of(evidence)):
        if gaps:
            return Unable(reason=gaps[0].sentence)
        if len(material.schedule.since) < _SEES_BY:
            return Unable(reason="it has only just begun to look")
    finding = diagnose(evidence)
    return Assessment(
        finding=as_wanted(finding, evidence, snapshot.spec.analysis.on_forward_only),
        evidence=evidence,
        outages=outages,
        silences=silences,
        compared=compared,
        unanswered=silent,
        vanished=vanished(material),
        gaps=gaps,
        confirmed=is_confirmed(finding, evidence, gaps),
        warning=scraped_too_seldom(material) or "",
    )


def _meanwhile(compared: Sequence[Comparison], recurring: Sequence[Recurrence], *, began: datetime, alpha: float) -> tuple[Reading, ...]:
    """Return by what new pods are worse than old ones in outages that leave no other time; an outage hits both alike."""
    if not recurring:
        return ()
    between = [one for one in compared if isinstance(one, BetweenArms)]
    found = readings_of(between, alpha=alpha, without=(Interval(start=began, end=recurring[0].since),))
    return tuple(one for one in found if one.arm is Arm.NEW and one.standing is Standing.WORSE)


def as_wanted(finding: Finding, evidence: Evidence, wanted: OnForwardOnly) -> Finding:
    """Have what is forward only go back all the same where the user wants that, and only once it is named: until then it holds."""
    if finding.action is not Action.STOP_SPREADING or wanted is OnForwardOnly.HOLD:
        return finding
    action = Action.ROLL_BACK if finding.certainty is Certainty.NAMED else Action.HOLD
    return replace(finding, action=action, commands=tuple(commands_for(evidence, cause=finding.cause, action=action)))


def _blind(snapshot: Snapshot, gaps: Sequence[Gap]) -> Unable | None:
    """Say why no series can be used. That nobody exports anything is known beforehand, and holds nothing; what was there and is gone does."""
    if gaps:
        return Unable(reason=gaps[0].sentence)
    release = snapshot.status.release
    if release is None or not release.watched:
        return None
    return Unable(reason="series that were there are gone, so nothing is seen of this release: Prometheus has lost its data, or scrapes nothing")
