"""One run on the scene: what was tried, what the analysis said, what it cost."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from enum import StrEnum
from pathlib import Path
from typing import Final, Self

from localcluster.opencore.following import Found
from localcluster.opencore.showing import Shown

CAUSES: Final[Mapping[str, str]] = {
    **{f"mode-{number}": f"Mode{number}" for number in range(1, 6)},
    "kafka-down": "BrokerDown",
    "postgres-down": "DatabaseDown",
    "gateway-restart": "GatewayRestart",
}


class Way(StrEnum):
    """How a mode was released; an outage comes in the middle of a healthy release."""

    PLAIN = "plain"
    UNDECLARED = "undeclared"
    DECLARED = "declared"
    OUTAGE = "outage"


@dataclass(frozen=True, slots=True)
class Run:
    """What came of it. `trouble`: why nothing can be said of it, where the run itself failed."""

    what: str
    way: Way
    dead_letters: int = 0
    failed: int = 0
    requests: int = 0
    state: str = ""
    found: tuple[Found, ...] = ()
    went_back: bool = False
    stopped: bool = False
    acted_after: float | None = None
    seconds: float = 0.0
    trouble: str = ""

    @classmethod
    def of(cls, what: str, way: Way, shown: Shown) -> Self:
        """Sum up releases that were followed."""
        last = shown.releases[-1]
        return cls(
            what=what,
            way=way,
            dead_letters=shown.counts.dead_letters,
            failed=shown.counts.failed,
            requests=shown.counts.requests,
            state=last.state,
            found=tuple(one for release in shown.releases for one in release.findings),
            went_back=any(release.went_back for release in shown.releases),
            stopped=last.is_stopped,
            acted_after=last.acted_after,
            seconds=sum(release.seconds for release in shown.releases),
        )

    @property
    def is_named_rightly(self) -> bool:
        """Tell whether what was named is what was done to the scene, and nothing else was ever named."""
        return not self.trouble and {one.cause for one in self.found if one.certainty == "Named"} == {CAUSES[self.what]}

    @property
    def is_named_wrongly(self) -> bool:
        """Tell whether anything else was named."""
        return bool({one.cause for one in self.found if one.certainty == "Named"} - {CAUSES[self.what]})

    @property
    def is_acted_on(self) -> bool:
        """Tell whether the release went back; in mode 5, whether it was stopped and did not."""
        return self.stopped and not self.went_back if self.what == "mode-5" else self.went_back

    def line(self) -> str:
        """Return it as one line of JSON."""
        return json.dumps(asdict(self))


def parse(line: str) -> Run:
    """Read what `line` wrote."""
    fields = json.loads(line)
    return Run(**{**fields, "way": Way(fields["way"]), "found": tuple(Found(**one) for one in fields["found"])})


def read(file: Path) -> list[Run]:
    """Return the runs that a file keeps; none where there is no file."""
    return [parse(line) for line in file.read_text().splitlines()] if file.exists() else []


def of(runs: Iterable[Run], what: str, way: Way) -> list[Run]:
    """Return the runs of one kind."""
    return [run for run in runs if (run.what, run.way) == (what, way)]
