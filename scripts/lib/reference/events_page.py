"""The reasons of Events."""

from saferollout.core.event_reasons import EventReason
from saferollout.shell.events import REPEAT_AFTER_SECONDS
from scripts.lib.reference.markdown import anchored, code, table


def events_page() -> str:
    """Write the page."""
    rows = ((anchored(code(one), one.lower()), one.type.value, one.meaning, one.remedy or "nothing") for one in EventReason)
    return f"""# Events

On the SafeRollout and, where one is concerned, on the Deployment. Said once; the same words come again after {REPEAT_AFTER_SECONDS / 60:g} minutes at the earliest.
`reportingController` is `saferollout.io/operator`, `action` is the reason.

{table(("reason", "type", "what happened", "what to do"), rows)}"""
