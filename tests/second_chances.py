"""A test on real processes that fails is run once more; who needed that is named, and more than a few fail the run.

The control planes, the operators and the pods of a part share the machine with whatever else runs there, so that now and then something is
later than a test waits. One such test in some hundreds must not hide what the others say; many at once are no accident.
"""

from __future__ import annotations

from typing import Any, Final

import pytest

MOST_SECOND_CHANCES: Final = 3


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    """Fail a run in which too many tests passed only the second time."""
    again = second_chances(session.config)
    if exitstatus == pytest.ExitCode.OK and len(again) > MOST_SECOND_CHANCES:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    """Name the tests that were run again, with what was wrong the first time."""
    again = second_chances(config)
    if not again:
        return
    terminalreporter.section(f"second chances: {len(again)}, at most {MOST_SECOND_CHANCES} may be needed")
    for report in again:
        terminalreporter.write_line(report.nodeid)
        terminalreporter.write_line("\n".join(f"    {line}" for line in report.longreprtext.splitlines()[-_TAIL_LINES:]))


def second_chances(config: pytest.Config) -> list[pytest.TestReport]:
    """Return the reports of first attempts that failed and were followed by another."""
    reporter: Any = config.pluginmanager.get_plugin("terminalreporter")
    return list(reporter.stats.get("rerun", ())) if reporter is not None else []


_TAIL_LINES: Final = 15
