"""What keeps a failed step from being taken back at once: going back would make it worse, or nobody could tell yet whether an outage was to blame.

Gates and deadlines know neither; the analysis does, where it is enforced. What is spared holds, and is judged anew at every decision.
"""

from saferollout.api.analysis import OnForwardOnly
from saferollout.core.analysis.assess import Assessment
from saferollout.core.analysis.schedule import is_enforced, schedule_of
from saferollout.core.diagnosis.evidence import Life
from saferollout.core.diagnosis.finding import Action
from saferollout.core.diagnosis.onsets import FRESH
from saferollout.core.draft import Draft, Stall
from saferollout.core.failing import Trouble
from saferollout.core.reasons import Reason


def forward_only(draft: Draft) -> frozenset[str]:
    """Return the workloads that nothing takes back but a person: their new pods write, or are suspected to, what old ones can't read."""
    release, analysis = draft.open_release, draft.snapshot.spec.analysis
    if release is None or not is_enforced(draft.snapshot) or analysis.on_forward_only is OnForwardOnly.ROLLBACK:
        return frozenset()
    found = release.finding
    suspected = {found.workload} if found is not None and found.action == Action.STOP_SPREADING else set()
    return frozenset(suspected | {target.workload for target in release.targets if target.forward_only})


def spared(draft: Draft, trouble: Trouble) -> str | None:
    """Say why a failed step holds where it is for now; None where it is to be taken back."""
    if trouble.workload in forward_only(draft):
        message = f"{_what(trouble)}; nothing goes back for it by itself: old pods may not read what its new ones wrote"
        draft.stalls.append(Stall(reason=Reason.FORWARD_ONLY, message=message))
        return message
    return _may_be_an_outage(draft, trouble) if is_enforced(draft.snapshot) else None


def _may_be_an_outage(draft: Draft, trouble: Trouble) -> str | None:
    """Wait for what the next scrapes tell of a gate's failure: an exporter knows later than people that its server is down (diagnosis.onsets)."""
    if trouble.since is None or not _knows_of_lives(draft):
        return None
    schedule = schedule_of(draft.snapshot, draft.now)
    known_from = schedule.first_from(trouble.since + FRESH) if schedule is not None else None
    if known_from is None or draft.now >= known_from:
        return None
    draft.wake_at(known_from)
    return f"{_what(trouble)}; until {known_from:%H:%M:%S} UTC an outage may still turn out to be the cause"


def _what(trouble: Trouble) -> str:
    """Say what failed, without numbers and pods: they may be others at every look, and would be a write each time."""
    return f"gate {trouble.gate} of {trouble.workload} fails" if trouble.gate else f"{trouble.workload} makes no progress within its deadline"


def _knows_of_lives(draft: Draft) -> bool:
    """Tell whether an outage could be seen at all, now or once the analysis can tell anything."""
    found = draft.assessment
    if isinstance(found, Assessment):
        return any(one.life is not Life.UNKNOWN for one in found.evidence.liveness)
    return found is not None
