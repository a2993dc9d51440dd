"""Tables: new pods write rows that old pods can't read (mode 5).

Going back makes it worse: more old pods would meet those rows. So whatever is only suspected here stops the spread and takes nothing back.
"""

from collections.abc import Iterator

from saferollout.core.diagnosis.cases import Case, blame, doubts_of_life, joined, since
from saferollout.core.diagnosis.evidence import Arm, Dependency, Life, Member, Part, Reading, Shared
from saferollout.core.diagnosis.finding import Cause
from saferollout.core.diagnosis.scene import Scene
from saferollout.core.diagnosis.symptoms import Symptom


def mode_5(scene: Scene) -> Iterator[Case]:
    """Yield each writer whose rows its own old pods, or other readers of the table, can't read."""
    tables = {one.workload: contract for contract in scene.contracts(Shared.TABLE) for one in scene.with_part(contract, Part.WRITES)}
    for writer in scene.evidence.members:
        if writer.shares:
            yield from _old_pods(scene, tables.get(writer.workload, ""), writer)
    for contract in scene.contracts(Shared.TABLE):
        for reader in scene.with_part(contract, Part.READS):
            if not reader.shares:
                yield from _neighbour(scene, contract, reader)


def _old_pods(scene: Scene, contract: str, writer: Member) -> Iterator[Case]:
    name = writer.workload
    failing = scene.worse_than_other_arm(Symptom.SERVER_ERRORS, name, Arm.OLD)
    data = scene.hurt(Symptom.DATA_ERRORS, name)
    if (failing is None and data is None) or scene.worse_than_other_arm(Symptom.SERVER_ERRORS, name, Arm.NEW) is not None:
        return
    if data is None and (not contract or scene.is_clear(Symptom.DATA_ERRORS, name)):
        return
    doubts = []
    if failing is None:
        clear = scene.is_clear(Symptom.SERVER_ERRORS, name)
        doubts.append(f"answers 5xx of {name} are as before" if clear else f"whether old pods of {name} answer more 5xx than new ones is not known")
    if data is None:
        doubts.append(f"SQLSTATE of what fails in {name} is not known")
    if not contract:
        doubts.append(f"no contract says that {name} writes a table")
    yield _case(scene, contract, writer, victim=name, readings=(failing, data), doubts=tuple(doubts), old="old ")


def _neighbour(scene: Scene, contract: str, reader: Member) -> Iterator[Case]:
    data = scene.hurt(Symptom.DATA_ERRORS, reader.workload, contract=contract)
    if data is None:
        return
    writer, doubts = blame(tuple(one for one in scene.with_part(contract, Part.WRITES) if one.workload != reader.workload), data)
    if writer is None or scene.outside_worse((Symptom.DATA_ERRORS,), contract=contract) is not None:
        return
    failing = scene.hurt(Symptom.SERVER_ERRORS, reader.workload)
    if failing is None:
        doubts = (*doubts, f"answers 5xx of {reader.workload} are not known to rise")
    yield _case(scene, contract, writer, victim=reader.workload, readings=(failing, data), doubts=doubts, old="")


def _case(
    scene: Scene, contract: str, writer: Member, *, victim: str, readings: tuple[Reading | None, Reading | None], doubts: tuple[str, ...], old: str
) -> Case:
    failing, data = readings
    there = tuple(one for one in readings if one is not None)
    if scene.hurt(Symptom.CONNECTION_ERRORS, victim) is not None:
        doubts = (*doubts, f"{victim} also fails to reach its database")
    table = contract or "a table"
    return Case(
        cause=Cause.MODE_5,
        sentence=f"{old}pods of {victim} can't read rows of {table} that new pods of {writer.workload} write",
        workload=writer.workload,
        side=Part.WRITES,
        contract=contract,
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
