"""Build the world that a plan is made from: contracts, templates, what is stored; numbers, words or roles.

A template that can't be considered leaves its workload as it is and is reported; the others go on.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from saferollout.api.contracts import Contract
from saferollout.core.contracts import Party, Revision, World
from saferollout.core.externals import assumed_parties, external_parties
from saferollout.core.foreign import ForeignName, ForeignWorkload
from saferollout.core.intake import known_channels
from saferollout.core.numbered import customs_of, numbered_names, numbered_revisions, retained_writes
from saferollout.core.roles import preferences_of
from saferollout.core.sources import Source, sources_of
from saferollout.core.templates import RECREATE, TemplateProblem, WorkloadTemplates
from saferollout.core.worded import Wording, worded


@dataclass(frozen=True, slots=True)
class BuiltWorld:
    """A world, and what could not be taken into it: templates, and foreign workloads that can't be read (sentences)."""

    world: World
    problems: tuple[TemplateProblem, ...]
    unread: tuple[str, ...] = ()


def build_world(
    *,
    contracts: Sequence[Contract],
    workloads: Mapping[str, WorkloadTemplates],
    stored: Mapping[str, frozenset[str]] | None = None,
    retained: Mapping[str, Sequence[str | None]] | None = None,
    foreign: Mapping[ForeignName, ForeignWorkload] | None = None,
    namespace: str = "",
) -> BuiltWorld:
    """Build the world of a SafeRollout; `workloads` are in the order of its spec.

    `stored` is what status recorded or people announced, by channel. `retained` are annotations of templates that are kept but not
    alive; give them only where status is lost, because what they wrote then counts as stored. `foreign` are the workloads that
    external parties take their versions from; `namespace` is the SafeRollout's.
    """
    channels = known_channels(contracts)
    sources = sources_of(workloads, known=channels.keys())
    numbered = numbered_names(contracts, sources)
    recorded = {name: frozenset(versions) for name, versions in (stored or {}).items() if name in channels}
    wording = worded([contract for contract in contracts if contract.name not in numbered], sources, recorded)
    lying = {
        **{name: versions for name, versions in wording.stored.items() if versions},
        **retained_writes(numbered, channels, recorded, retained or {}),
    }
    known = external_parties(contracts, numbered, sources, foreign=foreign or {}, namespace=namespace)
    customs = customs_of([contract for contract in contracts if contract.name in numbered], sources, lying, known.parties)
    externals = (*known.parties, *assumed_parties(known, customs))
    revisions = numbered_revisions(sources, customs)
    order = {name: place for place, name in enumerate(workloads)}
    parties = [_party(source, order[source.workload], revisions, wording) for source in sources]
    world = World(
        parties=(*parties, *(replace(party, order=len(order) + place) for place, party in enumerate(externals))),
        channels=channels,
        stored=lying,
        preferences=tuple(
            preference
            for contract in contracts
            if contract.name not in numbered and contract.compatibility is None
            for preference in preferences_of(contract, order)
        ),
        sanctions=wording.sanctions,
        remarks=_remarks(sources, revisions, wording),
        notes=(*(note for source in sources for note in source.notes), *wording.notes, *known.notes),
    )
    return BuiltWorld(world, tuple(source.problem for source in sources if source.problem is not None), tuple(unread.problem for unread in known.unread))


def _party(source: Source, order: int, revisions: Mapping[tuple[str, str], Revision], wording: Wording) -> Party:
    def revision(hash_: str) -> Revision:
        numbered = revisions[source.workload, hash_]
        return replace(numbered, uses={**numbered.uses, **wording.uses.get((source.workload, hash_), {})})

    templates = source.templates
    return Party(
        name=source.workload,
        alive=tuple(revision(facts.hash) for facts in templates.alive),
        goal=revision(source.goal.hash) if source.goal is not None else None,
        recreate=templates.strategy_type == RECREATE,
        order=order,
        stable=revision(templates.stable.hash) if templates.stable is not None else None,
    )


def _remarks(sources: Sequence[Source], revisions: Mapping[tuple[str, str], Revision], wording: Wording) -> dict[str, tuple[str, ...]]:
    remarks: dict[str, tuple[str, ...]] = {}
    for source in sources:
        hashes = [facts.hash for facts in source.templates.alive] + ([source.goal.hash] if source.goal else [])
        assumed = sorted({name for hash_ in hashes for name in revisions[source.workload, hash_].assumed})
        said = [f"assumed, because a template of it does not declare {name}: it speaks what is written or stored now" for name in assumed]
        if source.described_backwards:
            said.append("only the annotation changes, so it describes the replaced template as well")
        remarks[source.workload] = (*said, *wording.remarks.get(source.workload, ()))
    return remarks
