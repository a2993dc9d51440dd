"""Read gate test files into cases: each with the gates, the spec and the measurements that it is played with."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from pydantic import ValidationError

from saferollout.api.gates import Gate
from saferollout.api.nearest import nearest
from saferollout.api.problems import problems_of
from saferollout.cli.gate_tests.files import Event, Expectation, GateTest, GateTestFile
from saferollout.cli.gate_tests.gates_under_test import Rehearsed, rehearsed
from saferollout.cli.gate_tests.measured import measured_points
from saferollout.cli.gate_tests.replies import Point, vector
from saferollout.cli.gate_tests.series import BadSeries, number_of, words_of
from saferollout.cli.gate_tests.words import Phase, Word
from saferollout.cli.manifests import BadInput, Manifest, ManifestLoader, read_manifests
from saferollout.core.signals import is_depth

_MOST_LOOKS: Final = 10_000


class SeriesLoader(ManifestLoader):
    """YAML in which `0x3` is no hexadecimal number but promtool's "0, then three more"."""


SeriesLoader.yaml_implicit_resolvers = {
    first: [(tag, re.compile(r"[-+]?(?:0|[1-9][0-9]*)\Z") if tag == "tag:yaml.org,2002:int" else pattern) for tag, pattern in resolvers]
    for first, resolvers in ManifestLoader.yaml_implicit_resolvers.items()
}


@dataclass(frozen=True, slots=True)
class Case:
    """One test, ready to be played. `before` and `measurements` are by gate; `verdicts` too, where they are told."""

    file: str
    document: int
    test: GateTest
    rehearsed: Rehearsed
    before: Mapping[str, tuple[Point, ...]]
    measurements: Mapping[str, tuple[Point, ...]]
    verdicts: Mapping[str, tuple[str, ...]]

    @property
    def gates(self) -> tuple[Gate, ...]:
        """The gates under test."""
        return self.rehearsed.spec.gates

    @property
    def phase(self) -> Phase:
        """When they are measured."""
        return self.test.phase

    @property
    def events(self) -> tuple[Event, ...]:
        """What people and Git do."""
        return self.test.events

    def instant(self, gate: Gate, index: int) -> int:
        """Return the seconds from the start at which a measurement is taken; index from 0."""
        return self.delay(gate) + index * gate.interval_seconds

    def delay(self, gate: Gate) -> int:
        """Return the seconds from the start to the first measurement: only a step has an initial delay."""
        return gate.initial_delay_seconds if self.phase is Phase.ROLL else 0

    def time_of(self, expectation: Expectation) -> int:
        """Return the seconds from the start at which something is expected."""
        if expectation.measurement is None:
            return expectation.at or 0
        return self.instant(self.gate_of(expectation), expectation.measurement - 1)

    def gate_of(self, expectation: Expectation) -> Gate:
        """Return the gate that an expectation is about; reading has made sure that there is one."""
        return next(gate for gate in self.gates if expectation.gate in (None, gate.name))


def read_cases(path: str) -> list[Case]:
    """Read the tests of a file, a folder or `-`; raise BadInput with file, document and field."""
    documents = read_manifests(path, loader=SeriesLoader)
    if not documents:
        raise BadInput(f"{path}: has no gate test: write tests: with at least one entry")
    return [case for document in documents for case in _cases(document)]


def _cases(document: Manifest) -> list[Case]:
    try:
        file = GateTestFile.model_validate(document.content, extra="forbid", by_alias=True, by_name=False)
    except ValidationError as error:
        problems = problems_of(error, given=document.content, model=GateTestFile)
        raise BadInput("\n".join(str(document.wrong(problem.field, problem.message)) for problem in problems)) from error
    return [_case(document, file, index) for index in range(len(file.tests))]


def _case(document: Manifest, file: GateTestFile, index: int) -> Case:
    test = file.tests[index]
    field = f"tests[{index}]"
    cast = rehearsed(document, file, index)
    gates = cast.spec.gates
    before: dict[str, tuple[Point, ...]] = {gate.name: (_passing(gate),) for gate in gates}
    if test.before is not None:
        before.update(_by_gate(document, f"{field}.before", test.before, gates, complete=False))
    measurements = _by_gate(document, f"{field}.measurements", test.measurements, gates, complete=True)
    case = Case(
        file=document.source,
        document=document.document,
        test=test,
        rehearsed=cast,
        before=before,
        measurements=measurements,
        verdicts=_verdicts(document, f"{field}.verdicts", test.verdicts, measurements),
    )
    _check_expectations(document, field, case)
    return case


def _passing(gate: Gate) -> Point:
    if is_depth(gate):
        return Point(value=vector(0))
    bound = gate.maximum if gate.maximum is not None else gate.minimum
    return Point(value=vector(float(bound or 0)))


def _by_gate(
    document: Manifest, field: str, given: Any, gates: tuple[Gate, ...], *, complete: bool
) -> dict[str, tuple[Point, ...]]:
    names = [gate.name for gate in gates]
    told = _named(document, field, given, names)
    missing = [name for name in names if name not in told] if complete else []
    if missing:
        raise document.wrong(field, f"tells nothing of {', '.join(missing)}: add it")
    return {name: measured_points(document, f"{field}.{name}" if given is not told[name] else field, told[name]) for name in told}


def _named(document: Manifest, field: str, given: Any, names: list[str]) -> dict[str, Any]:
    """Return what is told by gate; without names it is told of the only one."""
    if isinstance(given, Mapping):
        unknown = [str(name) for name in given if name not in names]
        if unknown:
            raise document.wrong(field, _unknown_gate(unknown[0], names))
        return dict(given)
    if len(names) > 1:
        raise document.wrong(field, f"must be told by gate, as the test has several: {', '.join(names)}")
    return {names[0]: given}


def _unknown_gate(name: str, names: list[str]) -> str:
    way_out = nearest(name, names) or f"; it has {', '.join(names)}"
    return f"names {name!r}, which is no gate of this test{way_out}"


def _verdicts(document: Manifest, field: str, given: Any, measurements: Mapping[str, tuple[Point, ...]]) -> dict[str, tuple[str, ...]]:
    if given is None:
        return {}
    read: dict[str, tuple[str, ...]] = {}
    for name, text in _named(document, field, given, list(measurements)).items():
        try:
            read[name] = words_of(str(text), known=[word.value for word in Word])
        except BadSeries as error:
            raise document.wrong(field, str(error)) from error
        told, wanted = len(read[name]), len(measurements[name])
        if told != wanted:
            raise document.wrong(field, f"has {told} words for the {wanted} measurements of {name}: write one for each")
    return read


def _check_expectations(document: Manifest, field: str, case: Case) -> None:
    names = [gate.name for gate in case.gates]
    for index, expected in enumerate(case.test.expect):
        place = f"{field}.expect[{index}]"
        if expected.gate is not None and expected.gate not in names:
            raise document.wrong(f"{place}.gate", _unknown_gate(expected.gate, names))
        if expected.gate is None and len(names) > 1 and _is_about_a_gate(expected):
            raise document.wrong(f"{place}.gate", f"is required, as the test has several gates: {', '.join(names)}")
        count = len(case.measurements[case.gate_of(expected).name])
        if expected.measurement is not None and expected.measurement > count:
            raise document.wrong(f"{place}.measurement", f"is after the last one: there are {count}")
        if expected.value is not None:
            try:
                number_of(expected.value)
            except BadSeries as error:
                raise document.wrong(f"{place}.value", str(error)) from error
    _check_length(document, field, case)


def _check_length(document: Manifest, field: str, case: Case) -> None:
    """Refuse what would take minutes to play: the operator looks again at every measurement, also after the last one told."""
    last = [case.instant(gate, len(case.measurements[gate.name])) for gate in case.gates]
    longest = max([*last, *(case.time_of(one) for one in case.test.expect), *(event.at or 0 for event in case.events)])
    looks = sum(longest // gate.interval_seconds for gate in case.gates)
    if looks > _MOST_LOOKS:
        message = f"lasts {longest} s, in which {looks} measurements are taken, more than the {_MOST_LOOKS} of a test: write a shorter one"
        raise document.wrong(field, message)


def _is_about_a_gate(expected: Expectation) -> bool:
    own = (expected.measurement, expected.verdict, expected.reason, expected.value)
    return any(given is not None for given in own)



