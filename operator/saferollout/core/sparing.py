"""What keeps a failed step from being taken back at once: going back would make it worse, or nobody could tell yet whether an outage was to blame.

Gates and deadlines know neither; the analysis does, where it is enforced. What is spared holds, and is judged anew at every decision.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta

from saferollout.api.analysis import OnForwardOnly
from saferollout.core.analysis.assess import Assessment
from saferollout.core.analysis.schedule import is_enforced, schedule_of
from saferollout.core.diagnosis.evidence import Life
from saferollout.core.diagnosis.finding import Action
from saferollout.core.diagnosis.onsets import FRESH
from saferollout.core.draft import Draft, Stall
from saferollout.core.failing import Trouble, way_back
from saferollout.core.reasons import Reason
from saferollout.core.waivers import FORWARD


def spared(draft: Draft, trouble: Trouble) -> str | None:
    """Say why a failed step holds where it is for now; None where it is to be taken back."""
    if not is_enforced(draft.snapshot) or draft.open_release is None:
        return None
    return _would_be_worse(draft, trouble) or _may_be_an_outage(draft, trouble)


def _would_be_worse(draft: Draft, trouble: Trouble) -> str | None:
    back = (*way_back(draft, failed=trouble.workload, scope=draft.snapshot.spec.rollback_scope).back, trouble.workload)
    stays = next((name for name in _not_to_go_back(draft) if name in back), None)
    if stays is None:
        return None
    message = f"{_what(trouble)}; nothing goes back for it by itself: old pods may not read what new ones of {stays} wrote"
    draft.stalls.append(Stall(reason=Reason.FORWARD_ONLY, message=message))
    return message


def _not_to_go_back(draft: Draft) -> Iterator[str]:
    """Yield whose spread is stopped or suspected to be so bad, and whose roll a person had finished in spite of it."""
    release = draft.open_release
    if release is None:
        return
    finding, on_forward_only = release.finding, draft.snapshot.spec.analysis.on_forward_only
    if finding is not None and finding.action == Action.STOP_SPREADING and on_forward_only is OnForwardOnly.HOLD:
        yield finding.workload
    now = {target.workload: target.to_hash for target in release.targets}
    for given in release.approvals:
        if given.subject == FORWARD:
            yield from (batch.workload for batch in given.batches if now.get(batch.workload) == batch.hash)


def _may_be_an_outage(draft: Draft, trouble: Trouble) -> str | None:
    """Wait for what the next scrapes tell of a gate's failure: an exporter knows later than people that its server is down (diagnosis.onsets)."""
    if trouble.since is None or not _knows_of_lives(draft):
        return None
    known_from = _first_look_from(draft, trouble.since + FRESH)
    if known_from is None or draft.now >= known_from:
        return None
    draft.wake_at(known_from)
    return f"{_what(trouble)}; until {known_from:%H:%M:%S} UTC an outage may still turn out to be the cause"


def _what(trouble: Trouble) -> str:
    """Say what failed, without the number: it may be another one at every look, and would be a write each time."""
    return f"gate {trouble.gate} of {trouble.workload} fails" if trouble.gate else f"{trouble.workload}: {trouble.message}"


def _knows_of_lives(draft: Draft) -> bool:
    """Tell whether an outage could be seen at all, now or once the analysis can tell anything."""
    found = draft.assessment
    if isinstance(found, Assessment):
        return any(one.life is not Life.UNKNOWN for one in found.evidence.liveness)
    return found is not None


def _first_look_from(draft: Draft, instant: datetime) -> datetime | None:
    schedule = schedule_of(draft.snapshot, draft.now)
    if schedule is None:
        return None
    interval = timedelta(seconds=draft.snapshot.spec.analysis.interval_seconds)
    return schedule.began + -((schedule.began - instant) // interval) * interval
