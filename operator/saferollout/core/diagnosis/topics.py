"""Topics: a new producer that an old consumer can't read (mode 1), a new consumer ahead of its producer (mode 3).

Rules: systems-and-signals.md D2. Dead letters alone are never mode 1: a database that is down fills the queue too, once retries run out. Without an
error-handling deserializer a poison record shows as a stall of old consumers, which looks like mode 3: the side that moved last decides.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from saferollout.core.diagnosis.cases import Case, blame, doubts_of, doubts_of_life, joined, since
from saferollout.core.diagnosis.evidence import Against, Arm, Dependency, Member, Part, Reading, Shared, Standing
from saferollout.core.diagnosis.finding import Cause
from saferollout.core.diagnosis.onsets import last_movers
from saferollout.core.diagnosis.scene import Scene, role_in
from saferollout.core.diagnosis.symptoms import Symptom
from saferollout.core.diagnosis.which_contract import (
    Group,
    by_contract,
    by_others,
    contracts_of,
    doubt_of,
    having,
    its_own,
    others_moved,
    the_one,
    told_apart,
    told_by_readings,
    with_movers,
)
from saferollout.core.diagnosis.wording import number

_RELATED = (Symptom.CONSUMER_FAILURES, Symptom.DEAD_LETTERS, Symptom.STALLED)


@dataclass(frozen=True, slots=True)
class _Victim:
    """A reader whose pods suffer, and from what."""

    reader: Member
    reading: Reading


def mode_1(scene: Scene) -> Iterator[Case]:
    """Yield, per topic, the writer whose new records its readers can't read."""
    contracts = scene.contracts(Shared.TOPIC)
    suffering = _victims(scene)
    for group in sorted(suffering, key=lambda group: contracts.index(group[0])):
        yield from _unread(scene, group, suffering[group])
    known = {contract for group in suffering for contract in group}
    for contract in contracts:
        dead = scene.worse_topic(Symptom.DEAD_LETTERS, contract)
        if contract not in known and dead is not None:
            yield from _dead_letters_alone(scene, contract, dead)


def mode_3(scene: Scene) -> Iterator[Case]:
    """Yield each reader whose new pods wait for what nobody writes yet."""
    for reader in scene.evidence.members:
        topics = contracts_of(reader, Shared.TOPIC, Part.READS)
        if reader.shares and topics:
            yield from _ahead(scene, topics, reader)
            yield from _misses_a_field(scene, topics, reader)


def _victims(scene: Scene) -> dict[Group, list[_Victim]]:
    """Return who suffers, by the topics that it may be about."""
    found = [pair for reader in scene.evidence.members for pair in _suffers(scene, reader)]
    tell = by_others(group for group, _ in found)
    victims: dict[Group, list[_Victim]] = {}
    for group, victim in found:
        for told in tell(group):
            victims.setdefault(told, []).append(victim)
    return victims


def _suffers(scene: Scene, reader: Member) -> Iterator[tuple[Group, _Victim]]:
    """Yield of what a reader suffers, each topic by itself where it can be told; stalls where nothing fails."""
    name, topics = reader.workload, contracts_of(reader, Shared.TOPIC, Part.READS)
    failing = by_contract(topics, lambda one: scene.hurt(Symptom.CONSUMER_FAILURES, name, contract=one))
    known = failing or by_contract(topics, lambda one: scene.hurt(Symptom.STALLED, name, contract=one))
    # Each pod's records are counted for all its topics, so that several which stand still are not told apart.
    for group in told_apart(tuple(known), lambda one: (one in failing and failing[one].contract == one) or _has_dead_letters(scene, one)):
        moved = with_movers(scene, group, Part.WRITES, known[group[0]], but=(name,))
        if failing or not _moved_last(scene, group, reader, known[group[0]]):
            yield moved, _Victim(reader=reader, reading=known[moved[0]])


def _has_dead_letters(scene: Scene, contract: str) -> bool:
    """Tell whether dead letters speak for a topic: they come to a dead-letter topic of its own, and not from new pods of a reader that fail by themselves."""
    if any(role.shares_dead_letters for member in scene.evidence.members if (role := role_in(member, contract)) is not None):
        return False
    own = (scene.between(Symptom.CONSUMER_FAILURES, one.workload, Arm.NEW, contract=contract) for one in scene.with_part(contract, Part.READS))
    return scene.worse_topic(Symptom.DEAD_LETTERS, contract) is not None and Standing.WORSE not in own


def _moved_last(scene: Scene, group: Group, reader: Member, reading: Reading) -> bool:
    """Tell whether the reader itself moved last before its stall, or nobody did but it."""
    if reading.onset is None:
        return bool(reader.shares)
    movers = last_movers((*having(scene, group, Part.WRITES), reader), reading.onset)
    return bool(movers) and movers[0].workload == reader.workload


def _unread(scene: Scene, group: Group, victims: list[_Victim]) -> Iterator[Case]:
    names = tuple(one.reader.workload for one in victims)
    writers = tuple(member for member in having(scene, group, Part.WRITES) if member.workload not in names)
    reading = victims[0].reading
    writer, doubts = blame(writers, reading)
    if writer is None or scene.outside_worse(_RELATED, contracts=group) is not None:
        return
    who, dead = " and ".join(names), tuple(one for contract in group if (one := scene.worse_topic(Symptom.DEAD_LETTERS, contract)) is not None)
    written = its_own(group, writer, Part.WRITES)
    beside = others_moved(scene, names, Shared.TOPIC, reading, but=writers)
    yield Case(
        cause=Cause.MODE_1,
        sentence=f"{who} can't read what new pods of {writer.workload} write to {' or '.join(written)}",
        workload=writer.workload,
        side=Part.WRITES,
        contract=the_one(written),
        victim=who,
        readings=(*(one.reading for one in victims), *dead),
        between_arms=reading.against is Against.OTHER_ARM and not reading.doubt,
        doubts=(*doubts, *doubts_of(*(one.reading for one in victims)), *doubt_of(group), *beside, *_other_reasons(scene, names), *doubts_of_life(scene, Dependency.KAFKA, Dependency.POSTGRES)),
        not_because=_not_a_flaky_queue(scene, group, writer, reading, names),
        then=("readers stay as they are: they read both, or what was written before", *(line for one in dead for line in _replay(one, one.contract, who))),
    )


def _other_reasons(scene: Scene, readers: tuple[str, ...]) -> Iterator[str]:
    for reader in readers:
        if scene.hurt(Symptom.CONNECTION_ERRORS, reader) is not None:
            yield f"{reader} also fails to reach its database"


def _not_a_flaky_queue(scene: Scene, group: Group, writer: Member, reading: Reading, names: tuple[str, ...]) -> tuple[str, ...]:
    who = " and ".join(names)
    up = "the broker is up" if scene.is_up(Dependency.KAFKA) else ""
    others = ((one, reader.workload) for one in group for reader in scene.with_part(one, Part.READS) if reader.workload not in names)
    only = "only " if all(scene.is_clear(Symptom.CONSUMER_FAILURES, name, contract=one) for one, name in others) else ""
    only = f"{only}{'old pods of ' if reading.arm is Arm.OLD else ''}{who} {'fails' if len(names) == 1 else 'fail'}"
    said = [f"not a flaky queue: {joined(up, only, since(writer, reading))}"]
    if scene.uses(Dependency.POSTGRES) and scene.is_up(Dependency.POSTGRES):
        said.append("not retries that ran out: the database is up")
    fine = scene.outside_clear(Symptom.CONSUMER_FAILURES, contracts=group)
    if fine:
        said.append(f"not all consumers: {fine}, outside the release, reads its topics as before")
    return tuple(said)


def _replay(dead: Reading, contract: str, who: str) -> tuple[str, ...]:
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
    if not blind or own or writer is None or scene.outside_worse(_RELATED, contracts=(contract,)) is not None:
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


def _ahead(scene: Scene, topics: Group, reader: Member) -> Iterator[Case]:
    name = reader.workload
    known = by_contract(topics, lambda one: scene.worse_than_other_arm(Symptom.STALLED, name, Arm.NEW, contract=one))
    doubts: tuple[str, ...] = ()
    if not known:
        known, doubts = _stalled_as_a_group(scene, topics, reader)
    group = tuple(known)
    if not known or scene.outside_worse((Symptom.STALLED,), contracts=group) is not None:
        return
    stalled, what = known[group[0]], " or ".join(group)
    writers = tuple(one for one in having(scene, group, Part.WRITES) if one.workload != name)
    moved = last_movers((*writers, reader), stalled.onset) if stalled.onset is not None else ()
    others = tuple(f"{one.workload} rolled at that time too" for one in moved[:1] if one.workload != name)
    dead = tuple(f"dead letters of {one} come too" for one in group if scene.worse_topic(Symptom.DEAD_LETTERS, one) is not None)
    yield Case(
        cause=Cause.MODE_3,
        sentence=f"new pods of {name} stand still on {what}: they wait for what its writers do not write yet",
        workload=name,
        side=Part.READS,
        contract=the_one(group),
        victim=name,
        readings=(stalled,),
        between_arms=stalled.against is Against.OTHER_ARM and not stalled.doubt,
        doubts=(*doubts, *doubts_of(*known.values()), *others, *dead, *doubt_of(group), *doubts_of_life(scene, Dependency.KAFKA)),
        not_because=_not_a_dependency(scene, group, reader, stalled),
        then=_right_order(scene, group, name),
    )


def _stalled_as_a_group(scene: Scene, topics: Group, reader: Member) -> tuple[dict[str, Reading], tuple[str, ...]]:
    """Return stalls of which nobody can tell whose pods stand still, if the reader moved last."""
    known = by_contract(topics, lambda one: _stall_of_all(scene, one, reader))
    if not known or not all(_moved_last(scene, tuple(known), reader, found) for found in known.values()):
        return {}, ()
    return known, (f"which pods of {reader.workload} stand still is not known",)


def _stall_of_all(scene: Scene, contract: str, reader: Member) -> Reading | None:
    if scene.between(Symptom.STALLED, reader.workload, Arm.OLD, contract=contract) is Standing.WORSE:
        return None
    known = scene.readings(Symptom.STALLED, reader.workload, contract=contract)
    if not known or scene.is_blind(Symptom.STALLED, reader.workload, contract=contract):
        known = scene.readings(Symptom.LAG, reader.workload, contract=contract)
    return next((one for one in known if one.standing is Standing.WORSE), None)


def _not_a_dependency(scene: Scene, group: Group, reader: Member, stalled: Reading) -> tuple[str, ...]:
    up = "the broker is up" if scene.is_up(Dependency.KAFKA) else ""
    old = f"old pods of {reader.workload} go on" if stalled.against is Against.OTHER_ARM else ""
    said = [f"not a dependency that is down: {joined(up, *(f'{one} grows' for one in group), old)}"]
    clear = all(any(one.standing is Standing.CLEAR for one in scene.of_topic(Symptom.DEAD_LETTERS, contract)) for contract in group)
    if clear and all(scene.is_clear(Symptom.CONSUMER_FAILURES, reader.workload, contract=contract) for contract in group):
        said.append("not a record that can't be read: nothing fails and no dead letters come")
    return tuple(said)


def _right_order(scene: Scene, group: Group, reader: str) -> tuple[str, ...]:
    writers = " and ".join(one.workload for one in having(scene, group, Part.WRITES) if one.workload != reader) or "its writers"
    return (f"then the right order: {writers} first. Declare what {reader} reads of {' or '.join(group)}, with required: true, and the plan does so",)


def _misses_a_field(scene: Scene, topics: Group, reader: Member) -> Iterator[Case]:
    """Suspect mode 3 where new consumers of a changed contract fail and old ones do not; it may as well be a bug of their own."""
    name, changed = reader.workload, [role.contract for role in reader.roles if role.changed and role.contract in topics]
    known = by_contract(changed, lambda one: scene.worse_than_other_arm(Symptom.CONSUMER_FAILURES, name, Arm.NEW, contract=one))
    for group in told_by_readings(known):
        yield Case(
            cause=Cause.MODE_3,
            sentence=f"new pods of {name} fail on records of {' or '.join(group)} that its old pods can read",
            workload=name,
            side=Part.READS,
            contract=the_one(group),
            victim=name,
            readings=(known[group[0]],),
            between_arms=True,
            doubts=("it may be a bug of its own: the records do not tell", *doubt_of(group)),
            then=_right_order(scene, group, name),
        )
