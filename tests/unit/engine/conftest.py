"""The engine logs as it does in a cluster: structlog's own default draws every traceback with all variables, for seconds."""

from collections.abc import Iterator

import pytest
import structlog


@pytest.fixture(autouse=True)
def _plain_tracebacks() -> Iterator[None]:
    structlog.configure(processors=[structlog.processors.format_exc_info, structlog.processors.JSONRenderer(default=repr)])
    yield
    structlog.reset_defaults()
