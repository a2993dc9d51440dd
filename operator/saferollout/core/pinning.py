"""Pin an old template in spec until it runs, and end the pin: Git's template is then returned, held."""

from saferollout.core.actions import Action, PinBack, Unpin
from saferollout.core.draft import Draft, Stall
from saferollout.core.event_reasons import EventReason
from saferollout.core.facts import Facts
from saferollout.core.reasons import Reason


def pin(draft: Draft, *, name: str, facts: Facts, to: str) -> Action | None:
    """Put the template of `to` back in spec; where it is gone, say what to do."""
    old = facts.view.of(to)
    if not old:
        what = "ControllerRevision" if facts.view.by_ordinal else "ReplicaSet"
        words = f"{name} can't go back: the {what} of its old revision is gone (revisionHistoryLimit); apply the old template again"
        draft.stalls.append(Stall(reason=Reason.OLD_REVISION_GONE, message=words))
        return None
    return PinBack(workload=name, replica_set=old[0].name, uid=old[0].uid, overwritten=facts.view.pinned)


def unpin(draft: Draft, facts: Facts, *, name: str) -> Action:
    """End a pin; say so if a template is lost: one that came meanwhile was kept out by admission, one too large was not put aside."""
    if facts.view.waiting is None:
        words = f"the template of {name} that its old one took the place of was too large to be kept, or what was kept is unreadable: apply it again"
        draft.note(EventReason.TEMPLATE_NOT_KEPT, words, workload=name)
    elif facts.view.template_came_while_pinned:
        words = f"another template of {name} came while its old one was being put back, and was not taken in: apply it again"
        draft.note(EventReason.TEMPLATE_NOT_TAKEN, words, workload=name)
    return Unpin(workload=name)
