"""Whatever happens to events on their way, a list makes the store true, and no event after it makes it false."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from saferollout.engine.resources import Kind
from saferollout.engine.store import Store
from tests.unit.engine.objects import NAMESPACE, pod

_NAMES = ("a", "b", "c")
# What happens in the cluster, in order: a name is created, changed or deleted.
_HISTORIES = st.lists(st.tuples(st.sampled_from(_NAMES), st.sampled_from(("put", "delete"))), max_size=12)


def _told(history: list[tuple[str, str]]) -> tuple[list[tuple[str, dict[str, Any]]], dict[str, dict[str, Any]]]:
    """Return the events that a server would send and the objects that it has in the end."""
    events: list[tuple[str, dict[str, Any]]] = []
    alive: dict[str, dict[str, Any]] = {}
    for version, (name, what) in enumerate(history, start=1):
        if what == "put":
            uid = alive[name]["metadata"]["uid"] if name in alive else f"{name}-{version}"
            alive[name] = pod(name, version=version, uid=uid)
            events.append(("changed", alive[name]))
        elif name in alive:
            events.append(("deleted", pod(name, version=version, uid=alive.pop(name)["metadata"]["uid"])))
    return events, alive


def _hear(store: Store, events: list[tuple[str, dict[str, Any]]]) -> None:
    for what, raw in events:
        (store.put if what == "changed" else store.drop)(Kind.POD, raw)


def _kept(store: Store) -> dict[str, tuple[str, str]]:
    return {raw["metadata"]["name"]: (raw["metadata"]["uid"], raw["metadata"]["resourceVersion"]) for raw in store.all(Kind.POD)}


@given(history=_HISTORIES, data=st.data())
def test_a_list_makes_the_store_true_after_lost_repeated_and_shuffled_events(history: list[tuple[str, str]], data: st.DataObject) -> None:
    events, alive = _told(history)
    store = Store()
    store.keep_namespace(NAMESPACE)
    heard = data.draw(st.lists(st.sampled_from(events), max_size=20)) if events else []
    late = data.draw(st.lists(st.sampled_from(events), max_size=10)) if events else []
    _hear(store, heard)
    store.replace(Kind.POD, alive.values(), resource_version=str(len(history)), namespace=NAMESPACE)
    true = {name: (raw["metadata"]["uid"], raw["metadata"]["resourceVersion"]) for name, raw in alive.items()}
    assert _kept(store) == true
    # Late "changed" events of the past are harmless; so are late deletions, whose uids are gone for good.
    _hear(store, late)
    still = {name: known for name, known in true.items() if ("deleted", known[0]) not in {(what, raw["metadata"]["uid"]) for what, raw in late}}
    assert {name: known for name, known in _kept(store).items() if name in still} == still
    assert set(_kept(store)) == set(still)


@given(history=_HISTORIES)
def test_events_in_order_need_no_list(history: list[tuple[str, str]]) -> None:
    events, alive = _told(history)
    store = Store()
    store.keep_namespace(NAMESPACE)
    _hear(store, events)
    assert set(_kept(store)) == set(alive)
