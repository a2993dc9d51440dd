"""Which generation a template is."""

from saferollout.core.generations import generations_of, returning_generations_of
from saferollout.core.sources import Source, sources_of
from saferollout.core.templates import TemplateFacts, WorkloadTemplates

FIRST, SECOND, THIRD = (TemplateFacts(name) for name in ("first", "second", "third"))


def source(*alive: TemplateFacts, wanted: TemplateFacts | None = None, stable: TemplateFacts | None = None, reverted: bool = False) -> Source:
    templates = WorkloadTemplates(alive=alive, desired=wanted or alive[-1], stable=stable, reverted=reverted)
    return sources_of({"worker": templates}, known=())[0]


def test_what_runs_is_0_and_what_comes_over_it_one_more() -> None:
    numbers = generations_of(source(FIRST, SECOND, wanted=THIRD))
    assert (numbers.alive, numbers.goal, numbers.changes) == ({"first": 0, "second": 1}, 2, True)
    assert not generations_of(source(FIRST)).changes


def test_a_template_that_has_replaced_what_ran_before_the_release_is_1() -> None:
    numbers = generations_of(source(SECOND, stable=FIRST))
    assert (numbers.alive, numbers.before, numbers.changes) == ({"second": 1}, {"first": 0}, True)


def test_a_template_that_comes_back_is_0_before_it_rolls_while_it_rolls_and_when_it_has_rolled() -> None:
    for alive in ((SECOND,), (SECOND, FIRST), (FIRST, SECOND), (FIRST,)):
        numbers = returning_generations_of(source(*alive, wanted=FIRST, stable=SECOND, reverted=True))
        assert (numbers.goal, numbers.before, numbers.changes) == (0, {"second": 1}, True), alive
        assert numbers.alive == {facts.hash: int(facts is SECOND) for facts in alive}


def test_a_template_that_only_corrects_its_declaration_is_the_same_generation() -> None:
    silent, declaring = TemplateFacts("silent", None, body="b"), TemplateFacts("declaring", "{}", body="b")
    for alive, stable in (((silent,), None), ((silent, declaring), silent), ((declaring,), silent)):
        numbers = generations_of(source(*alive, wanted=declaring, stable=stable))
        assert not numbers.changes
        assert set(numbers.alive.values()) == {0}
