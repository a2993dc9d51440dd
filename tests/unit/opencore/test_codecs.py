"""What the versions of the scene's services write, and who can read it: each failure mode in small."""

from typing import Any

import pytest

from tests.unit.opencore.services import module

events: Any = module("events")
profiles: Any = module("profiles")
registrations: Any = module("registrations")
tariffs: Any = module("tariffs")

BOTH = frozenset({1, 2})
EVENT = events.Registered(id="7", name="Ada Lovelace", currency="EUR")
PROFILE = {"id": "7", "name": "Ada Lovelace"}


@pytest.mark.parametrize("version", [1, 2])
def test_an_event_is_read_by_its_own_version_and_by_who_reads_both(version: int) -> None:
    raw = events.encode(EVENT, version=version)
    for versions in (frozenset({version}), BOTH):
        assert events.decode(raw, versions=versions).name == "Ada Lovelace"


def test_an_old_consumer_calls_the_new_required_field_unknown() -> None:
    with pytest.raises(events.Unreadable, match="unknown properties: currency"):
        events.decode(events.encode(EVENT, version=2), versions=frozenset({1}))


def test_a_consumer_that_needs_the_new_field_misses_it_in_an_old_event() -> None:
    with pytest.raises(events.FieldMissing, match="missing: currency"):
        events.decode(events.encode(EVENT, version=1), versions=frozenset({2}))


@pytest.mark.parametrize("raw", [b"", b"\xff", b"[]", b'{"id": "7", "name": "Ada", "colour": "red"}'])
def test_what_is_no_event_of_any_version_is_unreadable(raw: bytes) -> None:
    with pytest.raises(events.Unreadable):
        events.decode(raw, versions=BOTH)


@pytest.mark.parametrize("version", [1, 2])
def test_a_cache_entry_is_read_by_its_own_version_and_by_who_reads_both(version: int) -> None:
    raw = profiles.encode(PROFILE, version=version)
    assert profiles.decode(raw, versions=frozenset({version})) == profiles.decode(raw, versions=BOTH) == PROFILE


@pytest.mark.parametrize(("written", "read"), [(1, 2), (2, 1)])
def test_neither_encoding_of_the_cache_reads_the_other(written: int, read: int) -> None:
    with pytest.raises(profiles.Undecodable):
        profiles.decode(profiles.encode(PROFILE, version=written), versions=frozenset({read}))


@pytest.mark.parametrize("tariff", tariffs.names())
@pytest.mark.parametrize("version", [1, 2])
def test_a_stored_tariff_is_known_again_in_both_versions(tariff: str, version: int) -> None:
    assert tariffs.tariff_of(tariffs.stored(tariff, version=version)) == tariff


def test_sql_of_the_old_version_casts_what_the_new_one_does_not_store_as_a_number() -> None:
    assert tariffs.column(frozenset({1})) == "tariff::int"
    assert tariffs.column(BOTH) == "tariff"
    assert tariffs.stored("premium", version=1).isdigit()
    assert not tariffs.stored("premium", version=2).isdigit()


def test_a_registration_without_a_country_is_valid_until_one_is_required() -> None:
    request = {"name": "Ada Lovelace", "tariff": "plus"}
    assert registrations.validate(request, country_required=False) == ("Ada Lovelace", "plus")
    with pytest.raises(registrations.Invalid, match="country"):
        registrations.validate(request, country_required=True)
    assert registrations.validate({**request, "country": "GB"}, country_required=True) == ("Ada Lovelace", "plus")


@pytest.mark.parametrize("request_", [{}, {"name": "Ada"}, {"name": "Ada", "tariff": "gold"}])
def test_a_registration_without_name_or_tariff_is_refused_by_every_version(request_: dict[str, str]) -> None:
    with pytest.raises(registrations.Invalid):
        registrations.validate(request_, country_required=False)
