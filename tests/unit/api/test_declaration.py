"""The annotation's grammar: what is read, and what is refused with the contract, the line and a way out."""

import pytest

from saferollout.api.declaration import LONGEST_ANNOTATION, BrokenDeclaration, parse_declaration


def broken(text: str) -> BrokenDeclaration:
    with pytest.raises(BrokenDeclaration) as caught:
        parse_declaration(text)
    return caught.value


def test_numbers_and_strings_are_the_same_versions() -> None:
    use = parse_declaration('user-events: {reads: [1, "2", v3], writes: ["1"]}')["user-events"]
    assert use.reads == frozenset({"1", "2", "v3"})
    assert use.writes == {"1"}


def test_without_reads_it_does_not_read() -> None:
    use = parse_declaration("user-events: {writes: [1]}")["user-events"]
    assert use.reads is None
    assert not use.required


def test_an_empty_list_of_reads_reads_the_contract_and_no_version() -> None:
    assert parse_declaration("user-events: {reads: []}")["user-events"].reads == frozenset()


def test_a_version_may_be_called_nearly_like_one_that_the_operator_gives() -> None:
    assert parse_declaration("events: {reads: [generation-x, generation, my-generation-1]}")["events"].reads == {
        "generation-x", "generation", "my-generation-1",
    }


def test_json_is_read_too_even_with_tabs() -> None:
    assert parse_declaration('{\n\t"user-events":\t{"reads": [1]}\n}')["user-events"].reads == frozenset({"1"})


def test_an_empty_mapping_declares_no_part_in_anything() -> None:
    assert parse_declaration("{}") == {}


def test_each_use_knows_its_line() -> None:
    text = "users-api/request: {reads: [1]}\nusers-api/response:\n  writes: [1]\n"
    assert {name: use.line for name, use in parse_declaration(text).items()} == {"users-api/request": 1, "users-api/response": 2}


def test_required_stands_beside_reads() -> None:
    assert parse_declaration("user-events: {reads: [1], required: true}")["user-events"].required
    error = broken("user-events: {writes: [1], required: true}")
    assert error.contract == "user-events"
    assert "reads is missing" in error.message


@pytest.mark.parametrize(
    ("version", "told"),
    [
        ("1.0", 'write "1.0" in quotes'),
        ("generation-1", "a name that the operator itself gives"),
        ("true", "a truth value"),
        ("~", "nothing"),
        ("2024-01-01", "a date"),
        ("0x10", "is no plain number"),
        ("010", "is no plain number"),
        ("1_000", "is no plain number"),
        ("-1", "is no plain number"),
        ("[1]", "a list"),
        ("{a: 1}", "a mapping"),
        ('""', "is no version"),
        ('"a b"', "is no version"),
        ("v" * 64, "is no version"),
    ],
)
def test_a_version_that_is_no_string_or_whole_number_is_refused_with_its_line(version: str, told: str) -> None:
    error = broken(f"user-events:\n  writes: [1]\n  reads: [1, {version}]\n")
    assert (error.contract, error.line) == ("user-events", 3)
    assert told in error.message


@pytest.mark.parametrize(
    ("text", "line", "told"),
    [
        ("user-events: {reads: [1}", 1, "is no YAML"),
        ("a: {}\nb: [", 2, "is no YAML"),
        ("", 1, "must map contracts"),
        ("- user-events", 1, "must map contracts"),
        ("user-events", 1, "must map contracts"),
        ("a: {}\n---\nb: {}", 2, "is no YAML"),
        ("a: {}\na: {}", 2, "is there twice"),
        ("a: {reads: [1], reads: [2]}", 1, "is there twice"),
        ("a: [1]", 1, "must be a mapping"),
        ("a:", 1, "must be a mapping"),
        ("a: {reads: 1}", 1, "must be a list"),
        ("a: {reads:}", 1, "must be a list"),
        ("a: {read: [1]}", 1, "did you mean reads?"),
        ("a: {reads: [1], required: 1}", 1, "must be true or false"),
        ("? [a]\n: {}", 1, "is no name"),
        ("1: {}", 1, "is no name"),
        ("a: !!python/object:os.system {}", 1, "must be a mapping"),
        ("a: \x00", 1, "is no YAML"),
        ("[" * 5000, 1, "is no YAML"),
        ("a" * (LONGEST_ANNOTATION + 1), 1, "is longer than"),
    ],
)
def test_what_is_no_declaration_is_refused_with_a_line(text: str, line: int, told: str) -> None:
    error = broken(text)
    assert error.line == line
    assert told in error.message


def test_the_error_reads_as_one_line() -> None:
    assert str(broken("a: {}\nuser-events: {reads: [1.5]}")).startswith("user-events, line 2: reads: 1.5 is a decimal number")


def test_anchors_cannot_blow_up() -> None:
    layers = "\n".join(f"a{n}: &a{n} {{reads: [{', '.join([f'*a{n - 1}'] * 9)}]}}" for n in range(1, 9))
    assert broken(f"a0: &a0 {{reads: [1]}}\n{layers}").contract == "a1"
