"""The table says what was missed, and its middle and tail are values that were measured."""

import pytest

from bench.table import Row, as_markdown, as_text, median, quantile

KEPT = Row(what="plan", wanted="under 1 s", measured="0.1 s", measured_on="seed 4", kept=True)
MISSED = Row(what="growth", wanted="linear", measured="9 times", measured_on="a|b", kept=False)


def test_a_number_that_misses_what_was_wanted_says_so() -> None:
    assert "MISSED: 9 times" in as_text([KEPT, MISSED])
    assert "MISSED" not in as_text([KEPT])


def test_a_bar_in_a_cell_does_not_split_it() -> None:
    assert as_markdown([MISSED]).splitlines()[-1].count("|") == 5


@pytest.mark.parametrize(("share", "expected"), [(0.5, 50), (0.95, 95), (1.0, 100), (0.0, 1)])
def test_a_quantile_is_one_of_the_values(share: float, expected: int) -> None:
    assert quantile(range(100, 0, -1), share) == expected


def test_the_median_of_one_value_is_that_value() -> None:
    assert median([7.0]) == 7.0


def test_nothing_measured_is_no_number() -> None:
    with pytest.raises(ValueError, match="nothing was measured"):
        median([])
