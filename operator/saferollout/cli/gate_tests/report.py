"""How results are told: to people, to scripts, and to whatever reads JUnit's XML."""

import re
from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Any, Final
from xml.etree import ElementTree

from rich.text import Text

from saferollout.cli.gate_tests.check import Mismatch, Result, reaction
from saferollout.cli.gate_tests.play import Moment
from saferollout.cli.look import Look, Mark

_MOST_TOLD: Final = 8
_NO_XML: Final = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def screen(results: Sequence[Result], look: Look, *, verbose: bool) -> Iterator[Text]:
    """Tell every test in a line or more: what is otherwise than expected, and where another tool differs."""
    for file, group in groupby(results, key=_file):
        yield Text(file)
        for result in group:
            yield from _test(result, look, verbose=verbose)
    failed = sum(not result.passed for result in results)
    yield Text(f"{len(results)} test{'' if len(results) == 1 else 's'}: {len(results) - failed} passed, {failed} failed")


def _test(result: Result, look: Look, *, verbose: bool) -> Iterator[Text]:
    test = result.case.test
    yield Text("  ") + look.marked(Mark.DONE if result.passed else Mark.FAILED, f"{'passed' if result.passed else 'FAILED'}: {test.name}")
    if test.like is not None and (verbose or not result.passed):
        yield from look.wrapped(f"like {test.like}", first="      ", indent="        ")
    if test.differs is not None:
        yield from look.wrapped(f"differs: there: {test.differs.there} Here: {test.differs.why}", first="      ", indent="        ")
    for wrong in result.mismatches[:_MOST_TOLD]:
        yield from look.wrapped(_words(wrong), first="      ", indent="        ")
    if len(result.mismatches) > _MOST_TOLD:
        yield Text(f"      and {len(result.mismatches) - _MOST_TOLD} more after these (-o json has all)")
    if verbose or not result.passed:
        yield Text("      what happened:")
        yield from (line for moment in result.played.moments for line in _moment(result, moment, look))


def _moment(result: Result, moment: Moment, look: Look) -> list[Text]:
    gates = "; ".join(f"{known.verdict}: {known.message}" for known in moment.gates.values() if known.name in moment.judged)
    notes = f" [{', '.join(moment.notes)}]" if moment.notes else ""
    said = f"{moment.at:>6} s  {reaction(result.case, moment, at=moment.at)}{notes}{'; ' if gates else ''}{gates}"
    return look.wrapped(said, first="      ", indent=" " * 17)


def _words(wrong: Mismatch) -> str:
    return f"at {wrong.at} s, {wrong.what}: expected {wrong.expected}; found {wrong.found}"


def machine(results: Sequence[Result]) -> dict[str, Any]:
    """Return what scripts get."""
    failed = sum(not result.passed for result in results)
    return {"tests": len(results), "failed": failed, "results": [_machine(result) for result in results]}


def _machine(result: Result) -> dict[str, Any]:
    test = result.case.test
    return {
        "file": result.case.file,
        "document": result.case.document,
        "name": test.name,
        "like": test.like,
        "differs": None if test.differs is None else {"there": test.differs.there, "why": test.differs.why},
        "passed": result.passed,
        "mismatches": [{"at": one.at, "what": one.what, "expected": one.expected, "found": one.found} for one in result.mismatches],
        "timeline": [_machine_moment(result, moment) for moment in result.played.moments],
    }


def _machine_moment(result: Result, moment: Moment) -> dict[str, Any]:
    summary = moment.status.summary
    return {
        "at": moment.at,
        "release": reaction(result.case, moment, at=moment.at).value,
        "events": list(moment.notes),
        "waitingFor": summary.waiting_for if summary is not None else "",
        "gates": [
            {"name": known.name, "verdict": known.verdict, "value": known.value, "message": known.message}
            for known in moment.gates.values()
            if known.name in moment.judged
        ],
    }


def junit(results: Sequence[Result]) -> bytes:
    """Return JUnit's XML: a suite for each file, a case for each test."""
    root = ElementTree.Element("testsuites", {"name": "saferollout gate test", **_counts(results)})
    for file, group in groupby(results, key=_file):
        found = list(group)
        suite = ElementTree.SubElement(root, "testsuite", {"name": _xml(file), "errors": "0", "skipped": "0", **_counts(found)})
        for result in found:
            _junit_case(suite, result)
    ElementTree.indent(root)
    written: bytes = ElementTree.tostring(root, encoding="utf-8", xml_declaration=True)
    return written + b"\n"


def _junit_case(suite: ElementTree.Element, result: Result) -> None:
    test = result.case.test
    case = ElementTree.SubElement(suite, "testcase", classname=_xml(result.case.file), name=_xml(test.name))
    if not result.passed:
        lines = [_words(one) for one in result.mismatches]
        failure = ElementTree.SubElement(case, "failure", type="Mismatch", message=_xml(lines[0]))
        failure.text = _xml("\n".join(lines))
    if test.differs is not None:
        said = ElementTree.SubElement(case, "system-out")
        said.text = _xml(f"like {test.like or 'another tool'}; differs: there: {test.differs.there} Here: {test.differs.why}")


def _counts(results: Sequence[Result]) -> dict[str, str]:
    return {"tests": str(len(results)), "failures": str(sum(not result.passed for result in results))}


def _xml(words: str) -> str:
    return _NO_XML.sub("?", words)


def _file(result: Result) -> str:
    return result.case.file
