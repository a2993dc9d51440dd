"""The operator's own series."""

from saferollout.shell.series import ALL, Series
from scripts.lib.reference.markdown import anchored, code, codes, table


def metrics_page() -> str:
    """Write the page."""
    return f"""# Metrics

Port 9090, path `/metrics`, of every replica; how to scrape them, and alerts: [metrics and events](../metrics-and-events.md). Series of a SafeRollout vanish
with it; only the replica that leads has them.

{table(("series", "type", "labels", "meaning", "what to do"), (_row(one) for one in ALL))}"""


def _row(one: Series) -> tuple[str, ...]:
    name = one.exposed_name
    return anchored(code(name), name), one.type.value, codes(one.labels), one.help.removesuffix("."), one.remedy
