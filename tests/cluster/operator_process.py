"""The operator as a process of its own with a brain that only says what it sees: run by tests with `python -m`."""

import asyncio
import os
import sys
from datetime import datetime
from pathlib import Path

from saferollout.api.status import State, Status, Summary
from saferollout.core.decision import Decision, Marks, Snapshot
from saferollout.core.measurements import Observations, Question
from saferollout.shell.app import run_operator
from saferollout.shell.config import OperatorConfig
from saferollout.shell.connection import load_configuration
from saferollout.shell.logging import LogFormat, configure_logging
from saferollout.shell.wiring import Identity


class SayingBrain:
    """Writes down which workloads and pods it sees, and by which process."""

    def questions(self, snapshot: Snapshot, now: datetime) -> tuple[Question, ...]:
        """Ask nothing."""
        return ()

    def follow_up(self, snapshot: Snapshot, found: Observations, now: datetime) -> tuple[Question, ...]:
        """Ask nothing besides."""
        return ()

    def decide(self, snapshot: Snapshot, observations: Observations, now: datetime, marks: Marks) -> Decision:
        """Say what is there; the author stays as long as nothing changes."""
        views = snapshot.world.workloads
        pods = sum(replica_set.pods for view in views.values() for replica_set in view.replica_sets)
        ready = sum(replica_set.ready for view in views.values() for replica_set in view.replica_sets)
        message = f"{len(views)} workloads, {pods} pods, {ready} ready, absent: {', '.join(sorted(snapshot.world.absent)) or 'none'}"
        said = snapshot.status.summary
        if said is not None and said.message == message:
            return Decision(status=snapshot.status)
        author = os.environ["POD_NAME"]
        return Decision(status=Status(summary=Summary(state=State.IDLE, message=message, waiting_for=author, hold_mode=snapshot.hold_mode)))


class NobodyObserves:
    """No question is asked, none is answered."""

    async def observe(self, questions: tuple[Question, ...]) -> Observations:
        """Answer nothing."""
        return Observations(answers={})


async def main(config: Path) -> int:
    """Run until told to stop."""
    configuration = await load_configuration(kubeconfig=os.environ["KUBECONFIG"])
    identity = Identity(name=os.environ["POD_NAME"], namespace=os.environ["POD_NAMESPACE"])
    return await run_operator(
        OperatorConfig.load(config), configuration=configuration, identity=identity, brain=SayingBrain(), observer=NobodyObserves()
    )


if __name__ == "__main__":
    configure_logging(level="info", log_format=LogFormat.CONSOLE)
    sys.exit(asyncio.run(main(Path(sys.argv[1]))))
