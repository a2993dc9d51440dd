"""Words that carry their explanation: what each means and what to do about it, from which the reference pages are generated."""

from enum import StrEnum
from typing import Self


class ExplainedWord(StrEnum):
    """A word of a fixed list. `meaning` is a sentence for people; `remedy` says what to do, empty where nothing is to be done."""

    meaning: str
    remedy: str

    def __new__(cls, word: str, *_explanation: object) -> Self:
        member = str.__new__(cls, word)
        member._value_ = str(word)
        return member

    def __init__(self, _word: str, meaning: str, remedy: str = "") -> None:
        self.meaning = meaning
        self.remedy = remedy

    @classmethod
    def named(cls, word: str) -> Self:
        """Return the member that is written like this; raise KeyError."""
        return {member.value: member for member in cls}[word]
