"""One event a line, the same keys, whoever speaks."""

import io
import json
import logging
from collections.abc import Iterator

import pytest
import structlog

from saferollout.shell.logging import LogFormat, configure_logging


@pytest.fixture(autouse=True)
def restored() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers, root.level
    yield
    root.handlers, root.level = handlers, level
    structlog.reset_defaults()


def test_our_events_and_a_librarys_records_look_alike() -> None:
    stream = io.StringIO()
    configure_logging(level="info", log_format=LogFormat.JSON, stream=stream)
    with structlog.contextvars.bound_contextvars(safe_rollout="shop/main"):
        structlog.get_logger("ours").info("Operator leads", workers=4)
        logging.getLogger("kopf.reactor").warning("Watching %s", "pods")
    ours, theirs = (json.loads(line) for line in stream.getvalue().splitlines())
    assert (ours["message"], ours["level"], ours["logger"], ours["workers"]) == ("Operator leads", "info", "ours", 4)
    assert (theirs["message"], theirs["level"], theirs["logger"]) == ("Watching pods", "warning", "kopf.reactor")
    assert ours["safe_rollout"] == theirs["safe_rollout"] == "shop/main"
    assert "time" in ours
    assert "time" in theirs


def test_what_is_below_the_level_is_not_said() -> None:
    stream = io.StringIO()
    configure_logging(level="warning", log_format=LogFormat.JSON, stream=stream)
    structlog.get_logger("ours").info("quiet")
    logging.getLogger("kopf.objects").info("Handler succeeded")
    assert stream.getvalue() == ""


def test_a_defect_comes_with_its_trace_in_one_line() -> None:
    stream = io.StringIO()
    configure_logging(level="info", log_format=LogFormat.JSON, stream=stream)
    try:
        raise ZeroDivisionError("why")
    except ZeroDivisionError:
        structlog.get_logger("ours").exception("Reconcile failed")
    (line,) = stream.getvalue().splitlines()
    assert "ZeroDivisionError: why" in json.loads(line)["exception"]


def test_for_eyes_it_is_plain_text() -> None:
    stream = io.StringIO()
    configure_logging(level="info", log_format=LogFormat.CONSOLE, stream=stream)
    structlog.get_logger("ours").info("Operator leads", workers=4)
    assert "Operator leads" in stream.getvalue()
    assert "workers=4" in stream.getvalue()
