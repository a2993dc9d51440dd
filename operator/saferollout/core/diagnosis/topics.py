"""Topics: a new producer that an old consumer can't read (mode 1), a new consumer ahead of its producer (mode 3).

Rules: systems-and-signals.md D2. Dead letters alone are never mode 1: a database that is down fills the queue too, once retries run out. Without an
error-handling deserializer a poison record shows as a stall of old consumers, which looks like mode 3: the side that moved last decides.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from saferollout.core.diagnosis.cases import Case, blame, doubts_of_life, joined, since
from saferollout.core.diagnosis.evidence import Against, Arm, Dependency, Member, Part, Reading, Shared, Standing
from saferollout.core.diagnosis.finding import Cause
from saferollout.core.diagnosis.onsets import last_movers
from saferollout.core.diagnosis.scene import Scene, role_in
from saferollout.core.diagnosis.symptoms import Symptom
from saferollout.core.diagnosis.wording import number

_RELATED = (Symptom.CONSUMER_FAILURES, Symptom.DEAD_LETTERS, Symptom.STALLED)


@dataclass(frozen=True, slots=True)
class _Victim:
    """A reader whose pods suffer, and from what."""

    reader: Member
    reading: Reading


def mode_1(scene: Scene) -> Iterator[Case]:
    """Yield, per topic, the writer whose new records its readers can't read."""
    for contract in scene.contracts(Shared.TOPIC):
        victims = [one for reader in scene.with_part(contract, Part.READS) if (one := _victim(scene, contract, reader)) is not None]
        dead = scene.worse_topic(Symptom.DEAD_LETTERS, contract)
        if victims:
            yield from _unread(scene, contract, victims, dead)
        elif dead is not None:
            yield from _dead_letters_alone(scene, contract, dead)


def mode_3(scene: Scene) -> Iterator[Case]:
    """Yield each reader whose new pods wait for what nobody writes yet."""
    for contract in scene.contracts(Shared.TOPIC):
        for reader in scene.with_part(contract, Part.READS):
            if reader.shares:
                yield from _ahead(scene, contract, reader)
                yield from _misses_a_field(scene, contract, reader)


def _victim(scene: Scene, contract: str, reader: Member) -> _Victim | None:
    failing = scene.hurt(Symptom.CONSUMER_FAILURES, reader.workload, contract=contract)
    if failing is not None:
        return _Victim(reader=reader, reading=failing)
    stalled = scene.hurt(Symptom.STALLED, reader.workload, contract=contract)
    return _Victim(reader=reader, reading=stalled) if stalled is not None and not _moved_last(scene, contract, reader, stalled) else None


def _moved_last(scene: Scene, contract: str, reader: Member, reading: Reading) -> bool:
    """Tell whether the reader itself moved last before its stall, or nobody did but it."""
    if reading.onset is None:
        return bool(reader.shares)
    movers = last_movers((*scene.with_part(contract, Part.WRITES), reader), reading.onset)
    return bool(movers) and movers[0].workload == reader.workload


def _unread(scene: Scene, contract: str, victims: list[_Victim], dead: Reading | None) -> Iterator[Case]:
    names = tuple(one.reader.workload for one in victims)
    writers = tuple(member for member in scene.with_part(contract, Part.WRITES) if member.workload not in names)
    reading = victims[0].reading
    writer, doubts = blame(writers, reading)
    if writer is None or scene.outside_worse(_RELATED, contract=contract) is not None:
        return
    who = " and ".join(names)
    yield Case(
        cause=Cause.MODE_1,
        sentence=f"{who} can't read what new pods of {writer.workload} write to {contract}",
        workload=writer.workload,
        side=Part.WRITES,
        contract=contract,
        victim=who,
        readings=(*(one.reading for one in victims), *((dead,) if dead is not None else ())),
        between_arms=reading.against is Against.OTHER_ARM,
        doubts=(*doubts, *_other_reasons(scene, names), *doubts_of_life(scene, Dependency.KAFKA, Dependency.POSTGRES)),
        not_because=_not_a_flaky_queue(scene, contract, writer, reading, names),
        then=("readers stay as they are: they read both, or what was written before", *_replay(dead, contract, who)),
    )


def _other_reasons(scene: Scene, readers: tuple[str, ...]) -> Iterator[str]:
    for reader in readers:
        if scene.hurt(Symptom.CONNECTION_ERRORS, reader) is not None:
            yield f"{reader} also fails to reach its database"


def _not_a_flaky_queue(scene: Scene, contract: str, writer: Member, reading: Reading, names: tuple[str, ...]) -> tuple[str, ...]:
    who = " and ".join(names)
    up = "the broker is up" if scene.is_up(Dependency.KAFKA) else ""
    others = (one.workload for one in scene.with_part(contract, Part.READS) if one.workload not in names)
    only = "only " if all(scene.is_clear(Symptom.CONSUMER_FAILURES, one, contract=contract) for one in others) else ""
    only = f"{only}{'old pods of ' if reading.arm is Arm.OLD else ''}{who} {'fails' if len(names) == 1 else 'fail'}"
    said = [f"not a flaky queue: {joined(up, only, since(writer, reading))}"]
    if scene.uses(Dependency.POSTGRES) and scene.is_up(Dependency.POSTGRES):
        said.append("not retries that ran out: the database is up")
    fine = scene.outside_clear(Symptom.CONSUMER_FAILURES, contract=contract)
    if fine:
        said.append(f"not all consumers: {fine}, outside the release, reads its topics as before")
    return tuple(said)


def _replay(dead: Reading | None, contract: str, who: str) -> tuple[str, ...]:
    if dead is None:
        return ()
    return (
        f"{number(dead.count)} dead letters of {contract} came meanwhile: they are not lost, and can be replayed when {who} can read them",
        "before a replay, announce their version in the contract's storedVersions",
    )


def _dead_letters_alone(scene: Scene, contract: str, dead: Reading) -> Iterator[Case]:
    """Suspect a writer where no reader's failures are known; where they are known and clear, somebody else writes the dead letters."""
    readers = scene.with_part(contract, Part.READS)
    blind = [one.workload for one in readers if scene.is_blind(Symptom.CONSUMER_FAILURES, one.workload, contract=contract)]
    own = [one.workload for one in readers if scene.between(Symptom.CONSUMER_FAILURES, one.workload, Arm.NEW, contract=contract) is Standing.WORSE]
    writer, doubts = blame(scene.with_part(contract, Part.WRITES), dead)
    if not blind or own or writer is None or scene.outside_worse(_RELATED, contract=contract) is not None:
        return
    yield Case(
        cause=Cause.MODE_1,
        sentence=f"dead letters of {contract} come since new pods of {writer.workload} write to it",
        workload=writer.workload,
        side=Part.WRITES,
        contract=contract,
        readings=(dead,),
        doubts=(
            f"failures of {' and '.join(blind)} are not known, and dead letters alone do not tell",
            *doubts,
            *doubts_of_life(scene, Dependency.KAFKA, Dependency.POSTGRES),
        ),
        then=_replay(dead, contract, " and ".join(blind)),
    )


def _ahead(scene: Scene, contract: str, reader: Member) -> Iterator[Case]:
    name = reader.workload
    stalled = scene.worse_than_other_arm(Symptom.STALLED, name, Arm.NEW, contract=contract)
    doubts: tuple[str, ...] = ()
    if stalled is None:
        stalled, doubts = _stalled_as_a_group(scene, contract, reader)
    if stalled is None or scene.outside_worse((Symptom.STALLED,), contract=contract) is not None:
        return
    writers = tuple(one for one in scene.with_part(contract, Part.WRITES) if one.workload != name)
    moved = last_movers((*writers, reader), stalled.onset) if stalled.onset is not None else ()
    others = tuple(f"{one.workload} rolled at that time too" for one in moved[:1] if one.workload != name)
    dead = scene.worse_topic(Symptom.DEAD_LETTERS, contract)
    if dead is not None:
        others = (*others, f"dead letters of {contract} come too")
    yield Case(
        cause=Cause.MODE_3,
        sentence=f"new pods of {name} stand still on {contract}: they wait for what its writers do not write yet",
        workload=name,
        side=Part.READS,
        contract=contract,
        victim=name,
        readings=(stalled,),
        between_arms=stalled.against is Against.OTHER_ARM,
        doubts=(*doubts, *others, *doubts_of_life(scene, Dependency.KAFKA)),
        not_because=_not_a_dependency(scene, contract, reader, stalled),
        then=_right_order(scene, contract, name),
    )


def _stalled_as_a_group(scene: Scene, contract: str, reader: Member) -> tuple[Reading | None, tuple[str, ...]]:
    """Return a stall of which nobody can tell whose pods stand still, if the reader moved last."""
    if scene.between(Symptom.STALLED, reader.workload, Arm.OLD, contract=contract) is Standing.WORSE:
        return None, ()
    known = scene.readings(Symptom.STALLED, reader.workload, contract=contract)
    if not known or scene.is_blind(Symptom.STALLED, reader.workload, contract=contract):
        known = scene.readings(Symptom.LAG, reader.workload, contract=contract)
    found = next((one for one in known if one.standing is Standing.WORSE), None)
    if found is None or not _moved_last(scene, contract, reader, found):
        return None, ()
    return found, (f"which pods of {reader.workload} stand still is not known",)


def _not_a_dependency(scene: Scene, contract: str, reader: Member, stalled: Reading) -> tuple[str, ...]:
    up = "the broker is up" if scene.is_up(Dependency.KAFKA) else ""
    old = f"old pods of {reader.workload} go on" if stalled.against is Against.OTHER_ARM else ""
    said = [f"not a dependency that is down: {joined(up, f'{contract} grows', old)}"]
    clear = any(one.standing is Standing.CLEAR for one in scene.of_topic(Symptom.DEAD_LETTERS, contract))
    if clear and scene.is_clear(Symptom.CONSUMER_FAILURES, reader.workload, contract=contract):
        said.append("not a record that can't be read: nothing fails and no dead letters come")
    return tuple(said)


def _right_order(scene: Scene, contract: str, reader: str) -> tuple[str, ...]:
    writers = " and ".join(one.workload for one in scene.with_part(contract, Part.WRITES) if one.workload != reader) or "its writers"
    return (f"then the right order: {writers} first. Declare what {reader} reads of {contract}, with required: true, and the plan does so",)


def _misses_a_field(scene: Scene, contract: str, reader: Member) -> Iterator[Case]:
    """Suspect mode 3 where new consumers of a changed contract fail and old ones do not; it may as well be a bug of their own."""
    role = role_in(reader, contract)
    failing = scene.worse_than_other_arm(Symptom.CONSUMER_FAILURES, reader.workload, Arm.NEW, contract=contract)
    if failing is None or role is None or not role.changed:
        return
    yield Case(
        cause=Cause.MODE_3,
        sentence=f"new pods of {reader.workload} fail on records of {contract} that its old pods can read",
        workload=reader.workload,
        side=Part.READS,
        contract=contract,
        victim=reader.workload,
        readings=(failing,),
        between_arms=True,
        doubts=("it may be a bug of its own: the records do not tell",),
        then=_right_order(scene, contract, reader.workload),
    )
