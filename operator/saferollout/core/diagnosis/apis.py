"""APIs: a server that refuses what old clients send (mode 2), a client ahead of its server (mode 3), an answer that old clients can't read (mode 1).

Only 400 and 422 speak of validation; 401, 403, 404 and 429 have other causes and are kept apart (systems-and-signals.md D2), and so are all other 4xx.
"""

from collections.abc import Iterator
from functools import partial
from typing import Final

from saferollout.core.diagnosis.cases import Case, blame
from saferollout.core.diagnosis.evidence import Against, Arm, Member, Part, Reading, Shared, Standing
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
    names,
    once,
    others_moved,
    the_one,
    told_apart,
    with_movers,
)

_OUTNUMBERED: Final = 10
"""So many refusals for each answer 5xx of the same pods, and at least so many: crashes are not what went wrong, even if too few to be compared."""


def mode_2(scene: Scene) -> Iterator[Case]:
    """Yield each server whose new pods refuse what its old pods take."""
    for server in scene.evidence.members:
        if not server.shares or scene.worse_than_other_arm(Symptom.SERVER_ERRORS, server.workload, Arm.NEW) is not None:
            continue
        served = contracts_of(server, Shared.API, Part.SERVES)
        rejected = scene.worse_than_other_arm(Symptom.REJECTED, server.workload, Arm.NEW)
        if rejected is not None:
            told = told_apart(served, partial(_is_refused, scene, server, served))
            yield from (_refuses(scene, group, server, rejected) for group in told or ((),))
        elif served and scene.between(Symptom.REJECTED, server.workload, Arm.NEW) is Standing.CANNOT_TELL:
            yield from _refuses_perhaps(scene, served, server)


def mode_3_of_clients(scene: Scene) -> Iterator[Case]:
    """Yield each client whose new pods send what its server does not take yet."""
    for client in scene.evidence.members:
        called = contracts_of(client, Shared.API, Part.CALLS)
        group = tuple(one for one in called if not any(_refuses_by_itself(scene, server) for server in scene.with_part(one, Part.SERVES)))
        if client.shares and group:
            yield from _sends_too_early(scene, group, client)


def mode_1_of_clients(scene: Scene) -> Iterator[Case]:
    """Suspect a server whose new answers old clients can't read: they fail, while nothing is wrong on either side of the calls themselves."""
    for client in scene.evidence.members:
        failing, called = scene.hurt(Symptom.SERVER_ERRORS, client.workload), contracts_of(client, Shared.API, Part.CALLS)
        well = tuple(one for one in called if scene.is_clear(Symptom.CALLS_FAILED, client.workload, contract=one))
        if failing is None or not well:
            continue
        group = with_movers(scene, well, Part.SERVES, failing)
        servers = having(scene, group, Part.SERVES)
        server, doubts = blame(servers, failing)
        if server is None or scene.outside_worse((Symptom.SERVER_ERRORS,), contracts=group) is not None:
            continue
        if all(scene.is_clear(one, server.workload) for one in (Symptom.SERVER_ERRORS, Symptom.REJECTED)):
            beside = others_moved(scene, (client.workload,), Shared.API, failing, but=servers)
            yield _unreadable_answer(its_own(group, server, Part.SERVES), client, server, failing, (*doubts, *doubt_of(group), *beside))


def _refuses_by_itself(scene: Scene, server: Member) -> bool:
    return scene.between(Symptom.REJECTED, server.workload, Arm.NEW) is Standing.WORSE


def _is_refused(scene: Scene, server: Member, served: Group, contract: str) -> bool:
    """Tell whether somebody is refused whose calls are counted by contract, or who calls this server by this one alone, and nobody else that refuses."""
    for client in scene.with_part(contract, Part.CALLS):
        called = contracts_of(client, Shared.API, Part.CALLS)
        others = (one for other in called for one in scene.with_part(other, Part.SERVES) if one.workload != server.workload)
        is_told = [one for one in called if one in served] == [contract] and not any(_refuses_by_itself(scene, one) for one in others)
        refused = scene.hurt(Symptom.CALLS_REJECTED, client.workload, contract=contract)
        if refused is not None and (refused.contract == contract or is_told):
            return True
    return False


def _refuses(scene: Scene, group: Group, server: Member, rejected: Reading) -> Case:
    name = server.workload
    doubts = list(doubt_of(group))
    if not group:
        doubts.append(f"no contract says that {name} serves an API")
    if scene.worse_than_other_arm(Symptom.DENIED, name, Arm.NEW) is not None:
        doubts.append("answers 401, 403, 404 or 429 rise too, which have other causes")
    if scene.worse_than_other_arm(Symptom.OTHER_4XX, name, Arm.NEW) is not None:
        doubts.append(f"{Symptom.OTHER_4XX.meaning} rise too, which have other causes")
    if scene.is_blind(Symptom.SERVER_ERRORS, name) and _outnumbered(scene, name, rejected) is None:
        doubts.append(f"answers 5xx of {name} are not known")
    clients = names(having(scene, group, Part.CALLS), group) or "its clients"
    return Case(
        cause=Cause.MODE_2,
        sentence=f"new pods of {name} refuse what {clients} sent all along",
        workload=name,
        side=Part.SERVES,
        contract=the_one(group),
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


def _refuses_perhaps(scene: Scene, served: Group, server: Member) -> Iterator[Case]:
    """Suspect a server where nobody can tell its new pods' answers from those of the old ones."""
    clients = having(scene, served, Part.CALLS)
    refused = {client.workload: one for client in clients if (one := _refused_by(scene, client, served)) is not None}
    candidates = [*refused.values(), *(one for one in scene.readings(Symptom.REJECTED, server.workload) if one.standing is Standing.WORSE)]
    for rejected in candidates[:1]:
        called = {one: None for client in clients if client.workload in refused for one in contracts_of(client, Shared.API, Part.CALLS)}
        group = with_movers(scene, tuple(called) or served, Part.SERVES, rejected)
        servers = having(scene, group, Part.SERVES)
        blamed, doubts = blame(once((server, *servers, *clients)), rejected)
        if blamed is server and scene.outside_worse((Symptom.REJECTED, Symptom.CALLS_REJECTED), contracts=(*served, *group)) is None:
            known = its_own(group, server, Part.SERVES) or served
            yield Case(
                cause=Cause.MODE_2,
                sentence=f"calls to {server.workload} are refused since it has new pods",
                workload=server.workload,
                side=Part.SERVES,
                contract=the_one(known),
                victim=" and ".join(client.workload for client in having(scene, known, Part.CALLS)),
                readings=(rejected,),
                doubts=(f"which pods of {server.workload} refuse them is not known", *doubts, *doubt_of(group)),
            )


def _refused_by(scene: Scene, client: Member, served: Group) -> Reading | None:
    """Return the reading by which a client of these contracts is refused."""
    found = (scene.hurt(Symptom.CALLS_REJECTED, client.workload, contract=one) for one in its_own(served, client, Part.CALLS))
    return next((one for one in found if one is not None), None)


def _sends_too_early(scene: Scene, called: Group, client: Member) -> Iterator[Case]:
    name = client.workload
    known = by_contract(called, lambda one: scene.worse_than_other_arm(Symptom.CALLS_REJECTED, name, Arm.NEW, contract=one))
    for group in told_apart(tuple(known), lambda one: known[one].contract == one or _server_refuses(scene, one) is not None):
        yield _too_early(scene, group, client, known[group[0]], doubt_of(group))
    blind = tuple(one for one in called if scene.between(Symptom.CALLS_REJECTED, name, Arm.NEW, contract=one) is Standing.CANNOT_TELL)
    for contract in blind if not known else ():
        rejected, servers = _server_refuses(scene, contract), scene.with_part(contract, Part.SERVES)
        served = tuple({one: None for server in servers for one in contracts_of(server, Shared.API, Part.SERVES)})
        movers = once((client, *servers, *having(scene, served, Part.CALLS)))
        blamed, doubts = blame(movers, rejected) if rejected is not None else (None, ())
        if rejected is not None and blamed is client and scene.outside_worse((Symptom.REJECTED,), contracts=(contract,)) is None:
            yield _too_early(scene, (contract,), client, rejected, (f"which pods of {name} are refused is not known", *doubts))


def _server_refuses(scene: Scene, contract: str) -> Reading | None:
    """Return the reading by which a server of the API refuses more than before, its new pods no more than its old ones."""
    return next((one for server in scene.with_part(contract, Part.SERVES) if (one := scene.hurt(Symptom.REJECTED, server.workload)) is not None), None)


def _too_early(scene: Scene, group: Group, client: Member, rejected: Reading, doubts: tuple[str, ...]) -> Case:
    who = names(having(scene, group, Part.SERVES), group) or "the server"
    old = f"old pods of {client.workload} are not refused" if rejected.against is Against.OTHER_ARM and rejected.workload == client.workload else ""
    return Case(
        cause=Cause.MODE_3,
        sentence=f"new pods of {client.workload} send what {who} does not take yet",
        workload=client.workload,
        side=Part.CALLS,
        contract=the_one(group),
        victim=client.workload,
        readings=(rejected,),
        between_arms=bool(old),
        doubts=doubts,
        not_because=(f"not a bug of {who}: {old}",) if old else (),
        then=(f"then the right order: {who} first",),
    )


def _unreadable_answer(group: Group, client: Member, server: Member, failing: Reading, doubts: tuple[str, ...]) -> Case:
    return Case(
        cause=Cause.MODE_1,
        sentence=f"{client.workload} fails since {server.workload} has new pods, though its calls succeed: it may not read their answers",
        workload=server.workload,
        side=Part.SERVES,
        contract=the_one(group),
        victim=client.workload,
        readings=(failing,),
        doubts=("no signal shows which answers can't be read", *doubts),
    )
