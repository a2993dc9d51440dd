"""What the analysis found, as status has it: the sentence, what was seen, what it is not, and what keeps it from being certain."""

from collections.abc import Iterator
from typing import Final

from rich.text import Text

from saferollout.api.analysis import AnalysisMode
from saferollout.api.status import Finding
from saferollout.cli.look import Look, Mark, ago
from saferollout.cli.picture import Picture
from saferollout.core.diagnosis.finding import Action
from saferollout.core.heeding import CANT_TELL

_COMMAND: Final = ": saferollout "
"""What stands in status between a command's purpose and the rest of it."""


def finding_lines(picture: Picture, look: Look) -> Iterator[Text]:
    """Draw the finding of the release; nothing where there is none."""
    finding = finding_of(picture)
    if finding is None:
        return
    yield Text("WHAT BROKE", style="bold")
    mark = Mark.FAILED if finding.certainty == "Named" else Mark.UNSURE
    said = f"{look.symbol(mark)} {finding.message} ({ago(finding.time, picture.now)})"
    yield from look.wrapped(said, first="  ", indent="    ")
    if is_dry_run(picture):
        yield from look.wrapped("a dry run (spec.analysis.mode): it is only reported", first="    ", indent="    ")
    for label, sentences in _sections(finding):
        for number, sentence in enumerate(sentences):
            yield from look.wrapped(sentence, first=f"    {label if number == 0 else '':<9} ", indent=" " * 14)


def finding_commands(picture: Picture) -> Iterator[tuple[str, str]]:
    """Return the commands that came with the finding, each with its purpose; in a dry run none of them is of use."""
    finding = finding_of(picture)
    for sentence in finding.commands if finding is not None and not is_dry_run(picture) else ():
        purpose, found, command = sentence.partition(_COMMAND)
        if found:
            yield f"{_COMMAND.removeprefix(': ')}{command}", purpose


def forward_command(picture: Picture) -> tuple[tuple[str, str], ...]:
    """Return the command that finishes a roll which can neither spread nor go back by itself."""
    finding = finding_of(picture)
    if finding is None or finding.action != Action.STOP_SPREADING.value or is_dry_run(picture):
        return ()
    return ((f'saferollout forward {picture.name} -n {picture.namespace} --reason "..."', "finish this roll, so that no old pod is left; on record"),)


def is_held_by_finding(picture: Picture) -> bool:
    """Tell whether a finding, or that none can be told, keeps the release where it is, and a person's word could let it go on."""
    if CANT_TELL in picture.summary.waiting_for and not is_dry_run(picture):
        return True
    finding = finding_of(picture)
    return finding is not None and finding.action in (Action.HOLD.value, Action.RESUME_AFTER_QUIET.value) and not is_dry_run(picture)


def is_dry_run(picture: Picture) -> bool:
    """Tell whether findings are only reported."""
    return picture.spec is not None and picture.spec.analysis.mode is AnalysisMode.DRY_RUN


def finding_of(picture: Picture) -> Finding | None:
    """Return what the analysis found in the release; None where it found nothing."""
    return picture.release.finding if picture.release is not None else None


def _sections(finding: Finding) -> Iterator[tuple[str, list[str]]]:
    yield "seen", finding.evidence
    yield "it is not", [sentence.removeprefix("not ") for sentence in finding.not_because]
    yield "doubts", finding.doubts
    yield "then", [sentence.removeprefix("then ") for sentence in finding.then]
