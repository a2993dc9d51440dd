"""A merge patch makes one document of another (RFC 7386)."""

from hypothesis import given
from hypothesis import strategies as st

from saferollout.engine.merge_patch import apply_merge_patch, merge_patch

_LEAVES = st.integers(0, 3) | st.text("ab", max_size=2) | st.booleans()
_VALUES = st.recursive(
    _LEAVES, lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from("xyz"), inner, max_size=3), max_leaves=8
)
_DOCUMENTS = st.dictionaries(st.sampled_from("xyz"), _VALUES, max_size=3)


@given(before=_DOCUMENTS, after=_DOCUMENTS)
def test_a_patch_applied_gives_the_wanted_document(before: dict[str, object], after: dict[str, object]) -> None:
    assert apply_merge_patch(before, merge_patch(before, after)) == after


@given(document=_DOCUMENTS)
def test_equal_documents_need_no_patch(document: dict[str, object]) -> None:
    assert merge_patch(document, document) == {}


def test_only_what_differs_is_sent() -> None:
    before = {"release": {"id": "1", "failure": {"reason": "x"}}, "gates": [1, 2]}
    after = {"release": {"id": "1"}, "gates": [1]}
    assert merge_patch(before, after) == {"release": {"failure": None}, "gates": [1]}
