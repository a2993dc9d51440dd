"""Pure work that may take long is done aside, in threads, so that the event loop goes on: probes, the Lease, other SafeRollouts.

Python runs one thread at a time, but changes between them every few milliseconds, so work here slows the loop down and never stops it.
Work that was given up (cancelled) ends by itself and nobody hears of its result: it may write nothing and share nothing that changes.
"""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

T = TypeVar("T")


class Threads:
    """As many threads as there may be pieces of work at once; they are begun when needed.

    Not the loop's own: looking up a host's name takes those, and must not wait behind such work.
    """

    def __init__(self, count: int) -> None:
        self._threads = ThreadPoolExecutor(count, thread_name_prefix="aside")

    async def do(self, work: Callable[[], T]) -> T:
        """Do it in a thread; raises what the work raises."""
        return await asyncio.get_running_loop().run_in_executor(self._threads, work)

    def close(self) -> None:
        """Take on nothing more; what is under way ends by itself."""
        self._threads.shutdown(wait=False, cancel_futures=True)
