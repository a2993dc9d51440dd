"""APIs: a server that refuses what old clients send (mode 2), a client ahead of its server (mode 3), an answer that old clients can't read (mode 1).

Only 400 and 422 speak of validation; 401, 403, 404 and 429 have other causes and are kept apart (systems-and-signals.md D2).
"""

from collections.abc import Iterator
from typing import Final

from saferollout.core.diagnosis.cases import Case, blame
from saferollout.core.diagnosis.evidence import Against, Arm, Member, Part, Reading, Shared, Standing
from saferollout.core.diagnosis.finding import Cause
from saferollout.core.diagnosis.scene import Scene
from saferollout.core.diagnosis.symptoms import Symptom

_OUTNUMBERED: Final = 10
"""So many refusals for each answer 5xx of the same pods, and at least so many: crashes are not what went wrong, even if too few to be compared."""


def mode_2(scene: Scene) -> Iterator[Case]:
    """Yield each server whose new pods refuse what its old pods take."""
    serves = {one.workload: contract for contract in scene.contracts(Shared.API) for one in scene.with_part(contract, Part.SERVES)}
    for server in scene.evidence.members:
        if not server.shares or scene.worse_than_other_arm(Symptom.SERVER_ERRORS, server.workload, Arm.NEW) is not None:
            continue
        contract = serves.get(server.workload, "")
        rejected = scene.worse_than_other_arm(Symptom.REJECTED, server.workload, Arm.NEW)
        if rejected is not None:
            yield _refuses(scene, contract, server, rejected)
        elif contract and scene.between(Symptom.REJECTED, server.workload, Arm.NEW) is Standing.CANNOT_TELL:
            yield from _refuses_perhaps(scene, contract, server)


def mode_3_of_clients(scene: Scene) -> Iterator[Case]:
    """Yield each client whose new pods send what its server does not take yet."""
    for contract in scene.contracts(Shared.API):
        servers = scene.with_part(contract, Part.SERVES)
        if any(scene.between(Symptom.REJECTED, one.workload, Arm.NEW) is Standing.WORSE for one in servers):
            continue
        for client in scene.with_part(contract, Part.CALLS):
            found = _sends_too_early(scene, contract, client, servers)
            if client.shares and found is not None:
                yield found


def mode_1_of_clients(scene: Scene) -> Iterator[Case]:
    """Suspect a server whose new answers old clients can't read: they fail, while nothing is wrong on either side of the calls themselves."""
    for contract in scene.contracts(Shared.API):
        for client in scene.with_part(contract, Part.CALLS):
            failing = scene.hurt(Symptom.SERVER_ERRORS, client.workload)
            if failing is None or not scene.is_clear(Symptom.CALLS_FAILED, client.workload, contract=contract):
                continue
            server, doubts = blame(scene.with_part(contract, Part.SERVES), failing)
            if server is None or scene.outside_worse((Symptom.SERVER_ERRORS,), contract=contract) is not None:
                continue
            if all(scene.is_clear(one, server.workload) for one in (Symptom.SERVER_ERRORS, Symptom.REJECTED)):
                yield _unreadable_answer(contract, client, server, failing, doubts)


def _refuses(scene: Scene, contract: str, server: Member, rejected: Reading) -> Case:
    name = server.workload
    doubts = []
    if not contract:
        doubts.append(f"no contract says that {name} serves an API")
    if scene.worse_than_other_arm(Symptom.DENIED, name, Arm.NEW) is not None:
        doubts.append("answers 401, 403, 404 or 429 rise too, which have other causes")
    if scene.is_blind(Symptom.SERVER_ERRORS, name) and _outnumbered(scene, name, rejected) is None:
        doubts.append(f"answers 5xx of {name} are not known")
    clients = " and ".join(one.workload for one in scene.with_part(contract, Part.CALLS)) or "its clients"
    return Case(
        cause=Cause.MODE_2,
        sentence=f"new pods of {name} refuse what {clients} sent all along",
        workload=name,
        side=Part.SERVES,
        contract=contract,
        victim=clients,
        readings=(rejected,),
        between_arms=True,
        doubts=tuple(doubts),
        not_because=_not_a_clients_bug(scene, server, rejected),
        then=("then widen first: a revision that takes both, after it the clients, after them the one that takes only the new",),
    )


def _outnumbered(scene: Scene, workload: str, rejected: Reading) -> Reading | None:
    """Return the answers 5xx of the new pods, where they were counted among the same answers and are far fewer than those refused."""
    failed = (one for one in scene.readings(Symptom.SERVER_ERRORS, workload) if (one.arm, one.against) == (Arm.NEW, Against.OTHER_ARM))
    return next((one for one in failed if one.total >= rejected.total > 0 and max(1.0, one.count) * _OUTNUMBERED <= rejected.count), None)


def _not_a_clients_bug(scene: Scene, server: Member, rejected: Reading) -> tuple[str, ...]:
    name = server.workload
    said = [f"not a client's bug: old pods of {name} take what the same clients send"]
    if scene.is_clear(Symptom.DENIED, name):
        said.append("not logins, routes or limits: 401, 403, 404 and 429 are as before")
    if scene.is_clear(Symptom.SERVER_ERRORS, name):
        said.append(f"not a crash of {name}: its answers 5xx are as before")
    elif (failed := _outnumbered(scene, name, rejected)) is not None:
        said.append(f"not a crash of {name}: its new pods answered {failed.count:.0f} times 5xx, and refused {rejected.count:.0f} times")
    return tuple(said)


def _refuses_perhaps(scene: Scene, contract: str, server: Member) -> Iterator[Case]:
    """Suspect a server where nobody can tell its new pods' answers from those of the old ones."""
    clients = scene.with_part(contract, Part.CALLS)
    candidates = [one for client in clients if (one := scene.hurt(Symptom.CALLS_REJECTED, client.workload, contract=contract)) is not None]
    candidates += [one for one in scene.readings(Symptom.REJECTED, server.workload) if one.standing is Standing.WORSE]
    for rejected in candidates[:1]:
        blamed, doubts = blame((server, *clients), rejected)
        if blamed is server and scene.outside_worse((Symptom.REJECTED, Symptom.CALLS_REJECTED), contract=contract) is None:
            yield Case(
                cause=Cause.MODE_2,
                sentence=f"calls to {server.workload} are refused since it has new pods",
                workload=server.workload,
                side=Part.SERVES,
                contract=contract,
                victim=" and ".join(client.workload for client in clients),
                readings=(rejected,),
                doubts=(f"which pods of {server.workload} refuse them is not known", *doubts),
            )


def _sends_too_early(scene: Scene, contract: str, client: Member, servers: tuple[Member, ...]) -> Case | None:
    rejected = scene.worse_than_other_arm(Symptom.CALLS_REJECTED, client.workload, Arm.NEW, contract=contract)
    doubts: tuple[str, ...] = ()
    if rejected is None:
        if scene.between(Symptom.CALLS_REJECTED, client.workload, Arm.NEW, contract=contract) is Standing.CLEAR:
            return None
        rejected = next((one for server in servers if (one := scene.hurt(Symptom.REJECTED, server.workload)) is not None), None)
        blamed, doubts = blame((client, *servers), rejected) if rejected is not None else (None, ())
        if blamed is not client or scene.outside_worse((Symptom.REJECTED,), contract=contract) is not None:
            return None
        doubts = (f"which pods of {client.workload} are refused is not known", *doubts)
    if rejected is None:
        return None
    who = " and ".join(one.workload for one in servers) or "the server"
    old = f"old pods of {client.workload} are not refused" if rejected.against is Against.OTHER_ARM and rejected.workload == client.workload else ""
    return Case(
        cause=Cause.MODE_3,
        sentence=f"new pods of {client.workload} send what {who} does not take yet",
        workload=client.workload,
        side=Part.CALLS,
        contract=contract,
        victim=client.workload,
        readings=(rejected,),
        between_arms=bool(old),
        doubts=doubts,
        not_because=(f"not a bug of {who}: {old}",) if old else (),
        then=(f"then the right order: {who} first",),
    )


def _unreadable_answer(contract: str, client: Member, server: Member, failing: Reading, doubts: tuple[str, ...]) -> Case:
    return Case(
        cause=Cause.MODE_1,
        sentence=f"{client.workload} fails since {server.workload} has new pods, though its calls succeed: it may not read their answers",
        workload=server.workload,
        side=Part.SERVES,
        contract=contract,
        victim=client.workload,
        readings=(failing,),
        doubts=("no signal shows which answers can't be read", *doubts),
    )
