"""The proof that consumer groups have read all that lay in a topic when a version's last writer was gone (kernel.md section 6).

Where the topic ended is not kept anywhere: it is asked for again about that moment, so a restarted operator comes to the same proof. Only
a sample taken after the moment tells; an end that was taken later is as safe, it only proves later. So the same is asked about a few
moments, and each of them proves: should Prometheus have lost its past, a later one tells.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from saferollout.core.arms import Labels
from saferollout.core.measurements import Query
from saferollout.core.promql import age_of_selectors
from saferollout.core.promql_text import matcher
from saferollout.core.topic_signals import END, START, of_topic, tenant_matchers

_COMMITTED: Final = "kafka_consumergroup_current_offset"
_FIRST_ANCHORS: Final = (timedelta(seconds=30), timedelta(seconds=120))
_LATER_ANCHORS: Final = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class OffsetProof:
    """What is to be proved: these groups have passed where `topic` ended at `since`, when the last writer was gone (cut down to seconds)."""

    topic: str
    groups: tuple[str, ...]
    since: datetime
    dead_letter_topic: str | None = None


def anchors(proof: OffsetProof, *, now: datetime) -> tuple[datetime, ...]:
    """Return the moments at which the topic's end is looked up; none before a scrape can have followed the last writer's end."""
    gone = _gone(proof)
    rounds = (now - gone) // _LATER_ANCHORS
    later = (gone + rounds * _LATER_ANCHORS,) if rounds > 0 else ()
    return tuple(sorted({*(gone + after for after in _FIRST_ANCHORS if gone + after <= now), *later}))


def partitions_behind(proof: OffsetProof, *, anchor: datetime, namespace: str, labels: Labels) -> Query:
    """Return how many partitions still hold a record from before that a group has not committed; no answer where anything is missing.

    A group counts only if it is reported; every partition of today must have been reported at the anchor, after the last writer's end.
    """
    matchers = tenant_matchers(namespace, labels)
    end, start = of_topic(END, proof.topic, matchers), of_topic(START, proof.topic, matchers)
    at, gone = int(anchor.timestamp()), int(_gone(proof).timestamp())
    ended = f"max by (partition) ({end} @ {at} and timestamp({end} @ {at}) >= {gone})"
    # A partition whose oldest offset is not reported counts as one that still holds something.
    holds = f"({ended} > (min by (partition) ({start}) or {ended} * 0 - 1))"
    committed = [_committed(proof.topic, group, matchers) for group in sorted(set(proof.groups))]
    behind = [f"(count({holds} unless min by (partition) ({one}) >= {ended}) or vector(0))" for one in committed]
    reported = [f"count({one})" for one in committed]
    today = f"max by (partition) ({end})"
    differs = f"(count({today} unless ({ended})) or count(({ended}) unless {today}))"
    return Query(
        value=" and on () ".join([f"({' + '.join(behind)})", f"count({ended})", *reported]) + f" unless on () {differs}",
        age=age_of_selectors((end, start, *committed)),
    )


def dead_letters_since(proof: OffsetProof, *, namespace: str, labels: Labels) -> Query | None:
    """Return how many dead letters lie there or came since the last writer's end; None where no dead-letter topic is declared."""
    if proof.dead_letter_topic is None:
        return None
    matchers = tenant_matchers(namespace, labels)
    end, start = of_topic(END, proof.dead_letter_topic, matchers), of_topic(START, proof.dead_letter_topic, matchers)
    then = f"max by (partition) ({end} @ {int(_gone(proof).timestamp())})"
    today = f"max by (partition) ({end})"
    # A partition whose oldest offset is not reported counts as if all it ever had lay there; one that is not reported any more is no 0.
    lying = f"sum({today} - (min by (partition) ({start}) or {today} * 0))"
    came = f"clamp_min(sum({today}) - (sum({then}) or vector(0)), 0)"
    return Query(
        value=f"({lying} + {came}) unless on () count({then} unless {today})",
        present=f"count({of_topic(END, proof.topic, matchers)}) unless (count({end}) or count({start}) or count({then}))",
        age=age_of_selectors((of_topic(END, proof.topic, matchers),)),
    )


def _gone(proof: OffsetProof) -> datetime:
    # `since` was cut down to a whole second: the last writer may have gone up to one second later.
    return proof.since + timedelta(seconds=1)


def _committed(topic: str, group: str, matchers: tuple[str, ...]) -> str:
    return f"{_COMMITTED}{{{','.join((matcher('topic', '=', topic), matcher('consumergroup', '=', group), *matchers))}}}"
