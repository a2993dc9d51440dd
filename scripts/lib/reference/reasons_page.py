"""States, conditions and their reasons."""

from saferollout.api.explained import ExplainedWord
from saferollout.api.status import State
from saferollout.core.reasons import ConditionType, Reason
from scripts.lib.reference.markdown import anchored, code, table


def reasons_page() -> str:
    """Write the page."""
    return f"""# States, conditions, reasons

What `status` says of a SafeRollout. [Events](events.md) say what happened, [metrics and events](../metrics-and-events.md) where to look.

## States
`status.summary.state`, the column STATE of `kubectl get sro`, and the label `state` of [`saferollout_info`](metrics.md#saferollout_info).

{table(("state", "meaning", "what to do"), ((anchored(state, f"state-{state.lower()}"), state.meaning, _remedy(state)) for state in State))}
## Conditions
Each carries `observedGeneration`. Argo CD, Flux and kstatus read Ready, Reconciling and Stalled as they do elsewhere.

{table(("condition", "True means"), ((kind.value, kind.meaning) for kind in ConditionType))}
## Reasons
A reason does not say whether a condition is True: look at its status. Those that stand at Stalled alone may stand at Ready and Reconciling too, while
nothing is being released.

{table(("reason", "conditions", "meaning", "what to do"), (_row(reason) for reason in Reason))}"""


def _row(reason: Reason) -> tuple[str, str, str, str]:
    conditions = "all" if reason.conditions == tuple(ConditionType) else ", ".join(reason.conditions)
    return anchored(code(reason), reason.lower()), conditions, reason.meaning, _remedy(reason)


def _remedy(word: ExplainedWord) -> str:
    return word.remedy or "nothing"
