"""Processes are started once, found again, and ended by nobody but who started them."""

import json
import os
from pathlib import Path

import pytest

from localcluster.processes import ProcessFailed, ProcessTable


@pytest.fixture
def table(tmp_path: Path) -> ProcessTable:
    return ProcessTable(records=tmp_path / "processes", logs=tmp_path / "logs")


def test_a_started_process_is_found_until_it_is_stopped(table: ProcessTable) -> None:
    started = table.start("sleeper", ["sleep", "60"])
    assert table.find("sleeper") == started
    table.stop("sleeper")
    assert table.find("sleeper") is None
    assert table.names() == []


def test_a_running_process_is_kept_and_not_started_twice(table: ProcessTable) -> None:
    first = table.start("sleeper", ["sleep", "60"])
    assert table.start("sleeper", ["sleep", "60"]).pid == first.pid
    table.stop_all()


def test_a_process_leads_a_session_of_its_own_so_that_it_outlives_the_shell(table: ProcessTable) -> None:
    started = table.start("sleeper", ["sleep", "60"])
    assert os.getsid(started.pid) == started.pid
    table.stop_all()


def test_a_stranger_with_the_same_pid_is_never_ended(table: ProcessTable) -> None:
    started = table.start("sleeper", ["sleep", "60"])
    record = table.records / "sleeper.json"
    record.write_text(json.dumps({**json.loads(record.read_text()), "start_ticks": started.start_ticks - 1}))
    table.stop("sleeper")
    os.kill(started.pid, 0)
    os.kill(started.pid, 9)


def test_a_process_that_ignores_the_request_to_end_is_killed(table: ProcessTable, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("localcluster.processes._KILL_AFTER_SECONDS", 0.2)
    table.start("stubborn", ["sh", "-c", "trap '' TERM; while true; do sleep 0.05; done"])
    table.stop("stubborn")
    assert table.find("stubborn") is None


def test_a_dead_process_is_reported_with_the_end_of_its_log(table: ProcessTable) -> None:
    table.start("broken", ["sh", "-c", "echo no such disk"])
    while table.find("broken") is not None:
        pass
    with pytest.raises(ProcessFailed, match="no such disk"):
        table.expect_running("broken")


def test_a_program_that_is_not_installed_names_the_command_that_helps(table: ProcessTable) -> None:
    with pytest.raises(ProcessFailed, match="localcluster fetch"):
        table.start("missing", ["no-such-program"])
