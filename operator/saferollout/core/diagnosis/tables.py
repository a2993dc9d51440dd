"""Tables: new pods write rows that old pods can't read (mode 5).

Going back makes it worse: more old pods would meet those rows. So whatever is only suspected here stops the spread and takes nothing back.
"""

from collections.abc import Iterator

from saferollout.core.diagnosis.cases import Case, blame, doubts_of_life, joined, since
from saferollout.core.diagnosis.evidence import Arm, Dependency, Life, Member, Part, Reading, Shared
from saferollout.core.diagnosis.finding import Cause
from saferollout.core.diagnosis.scene import Scene
from saferollout.core.diagnosis.symptoms import Symptom
from saferollout.core.diagnosis.which_contract import (
    Group,
    by_contract,
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


def mode_5(scene: Scene) -> Iterator[Case]:
    """Yield each writer whose rows its own old pods, or other readers of the table, can't read."""
    for writer in scene.evidence.members:
        if writer.shares:
            yield from _old_pods(scene, writer)
    for reader in scene.evidence.members:
        if not reader.shares:
            yield from _neighbour(scene, reader)


def _old_pods(scene: Scene, writer: Member) -> Iterator[Case]:
    name, written = writer.workload, contracts_of(writer, Shared.TABLE, Part.WRITES)
    for group in told_apart(its_own(written, writer, Part.READS) or written, lambda one: _is_told_of(scene, name, one)) or ((),):
        yield from _old_pods_of(scene, group, writer)


def _is_told_of(scene: Scene, workload: str, contract: str) -> bool:
    """Tell whether what fails is counted for one table by itself, and is worse."""
    found = scene.hurt(Symptom.DATA_ERRORS, workload, contract=contract)
    return found is not None and found.contract == contract


def _old_pods_of(scene: Scene, group: Group, writer: Member) -> Iterator[Case]:
    name = writer.workload
    failing = scene.worse_than_other_arm(Symptom.SERVER_ERRORS, name, Arm.OLD)
    data = scene.hurt(Symptom.DATA_ERRORS, name, contract=the_one(group))
    if (failing is None and data is None) or scene.worse_than_other_arm(Symptom.SERVER_ERRORS, name, Arm.NEW) is not None:
        return
    if data is None and (not group or scene.is_clear(Symptom.DATA_ERRORS, name)):
        return
    doubts = []
    if failing is None:
        clear = scene.is_clear(Symptom.SERVER_ERRORS, name)
        doubts.append(f"answers 5xx of {name} are as before" if clear else f"whether old pods of {name} answer more 5xx than new ones is not known")
    if data is None:
        doubts.append(f"SQLSTATE of what fails in {name} is not known")
    if not group:
        doubts.append(f"no contract says that {name} writes a table")
    yield _case(scene, group, writer, victim=name, readings=(failing, data), doubts=(*doubts, *doubt_of(group)), old="old ")


def _neighbour(scene: Scene, reader: Member) -> Iterator[Case]:
    tables = contracts_of(reader, Shared.TABLE, Part.READS)
    known = by_contract(tables, lambda one: scene.hurt(Symptom.DATA_ERRORS, reader.workload, contract=one))
    for told in told_by_readings(known):
        group = with_movers(scene, told, Part.WRITES, known[told[0]], but=(reader.workload,))
        data = known[group[0]]
        writers = tuple(one for one in having(scene, group, Part.WRITES) if one.workload != reader.workload)
        writer, doubts = blame(writers, data)
        if writer is None or scene.outside_worse((Symptom.DATA_ERRORS,), contracts=group) is not None:
            continue
        failing = scene.hurt(Symptom.SERVER_ERRORS, reader.workload)
        if failing is None:
            doubts = (*doubts, f"answers 5xx of {reader.workload} are not known to rise")
        beside = others_moved(scene, (reader.workload,), Shared.TABLE, data, but=writers)
        doubts = (*doubts, *doubt_of(group), *beside)
        yield _case(scene, its_own(group, writer, Part.WRITES), writer, victim=reader.workload, readings=(failing, data), doubts=doubts, old="")


def _case(
    scene: Scene, group: Group, writer: Member, *, victim: str, readings: tuple[Reading | None, Reading | None], doubts: tuple[str, ...], old: str
) -> Case:
    failing, data = readings
    there = tuple(one for one in readings if one is not None)
    if scene.hurt(Symptom.CONNECTION_ERRORS, victim) is not None:
        doubts = (*doubts, f"{victim} also fails to reach its database")
    table = " or ".join(group) or "a table"
    return Case(
        cause=Cause.MODE_5,
        sentence=f"{old}pods of {victim} can't read rows of {table} that new pods of {writer.workload} write",
        workload=writer.workload,
        side=Part.WRITES,
        contract=the_one(group),
        victim=victim,
        readings=there,
        between_arms=failing is not None and failing.arm is Arm.OLD,
        doubts=(*doubts, *doubts_of_life(scene, Dependency.POSTGRES)),
        not_because=_not_old_nodes(scene, writer, there[0], f"{old}pods of {victim}", data is not None),
        then=(
            f"going back would make it worse: more old pods of {writer.workload} would meet those rows, which stay when its new pods are gone",
            f"either go forward, so that no pod is left that can't read {table}, or release a revision of {victim} that reads both",
        ),
    )


def _not_old_nodes(scene: Scene, writer: Member, reading: Reading, who: str, data: bool) -> tuple[str, ...]:
    node = "no node is in trouble" if scene.alive(Dependency.NODE).life is Life.ALIVE else ""
    only = "only " if reading.arm is Arm.OLD else ""
    said = [f"not unhealthy old nodes: {joined(node, f'{only}{who} fail', since(writer, reading))}"]
    if scene.is_up(Dependency.POSTGRES):
        said.append(f"not the database: {joined('it is up', 'what fails is the data, not the connection' if data else '')}")
    return tuple(said)
