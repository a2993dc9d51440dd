"""Entries of the profile cache: version 1 is JSON, version 2 is compressed JSON. Neither reads the other."""

from __future__ import annotations

import json
import zlib
from collections.abc import Callable

Profile = dict[str, str]


class Undecodable(Exception):
    """Raised for an entry in a format that is not read."""


def encode(profile: Profile, *, version: int) -> bytes:
    """Write an entry."""
    plain = json.dumps(profile).encode()
    return plain if version == 1 else zlib.compress(plain)


def decode(raw: bytes, *, versions: frozenset[int]) -> Profile:
    """Read an entry in one of the formats. Raises Undecodable."""
    for version in sorted(versions):
        try:
            found: Profile = json.loads(_READERS[version](raw))
        except (ValueError, zlib.error):
            continue
        return found
    raise Undecodable(f"no entry of version {', '.join(map(str, sorted(versions)))}")


_READERS: dict[int, Callable[[bytes], bytes]] = {1: lambda raw: raw, 2: zlib.decompress}
