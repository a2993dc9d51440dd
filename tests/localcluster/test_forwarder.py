"""Ways into a cluster's network."""

import pytest

from localcluster.forwarder import destination


@pytest.mark.parametrize(
    ("way", "leads"),
    [("25000", (25000, "127.0.0.1", 25000)), ("15432:198.19.0.7:5432", (15432, "198.19.0.7", 5432))],
)
def test_a_way_leads_to_the_same_port_unless_it_names_an_address(way: str, leads: tuple[int, str, int]) -> None:
    assert destination(way) == leads
