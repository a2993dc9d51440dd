"""The command that the chart's Job runs ends tidily when its time is up."""

import asyncio
import os
import signal

import pytest

from saferollout.cli.give_back import _stopping_when_told


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_a_signal_ends_what_is_under_way_as_an_error_would(number: signal.Signals) -> None:
    put_back: list[str] = []

    async def give_everything_back() -> None:
        with _stopping_when_told():
            try:
                os.kill(os.getpid(), number)
                await asyncio.sleep(30)
            except BaseException:
                put_back.append("the operator")
                raise

    with pytest.raises(asyncio.CancelledError):
        await asyncio.create_task(give_everything_back())
    assert put_back == ["the operator"]
