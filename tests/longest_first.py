"""Where workers take whole files, those that take long are begun first, so that none is left with one of them at the end.

xdist's own order is that of the number of tests, which says little where one test takes a second and another a minute: it would begin
last with the files of a single test, and these are the long ones. `--no-loadscope-reorder` has the workers take the order made here.
"""

from __future__ import annotations

from collections import Counter

import pytest


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the files marked as long first, then those of most tests; the tests of a file keep their order."""
    tests = Counter(item.path for item in items)
    items.sort(key=lambda item: (item.get_closest_marker("long") is None, -tests[item.path], item.path))
