"""Ask a Prometheus from here which series of the signal catalogue it has for each SafeRollout."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from saferollout.api.contracts import Contract
from saferollout.cli.checks.found import Releases, Unread
from saferollout.cli.connect import Cluster, Raw
from saferollout.cli.exit_codes import CommandFailed, ExitCode
from saferollout.cli.live_workloads import views_of
from saferollout.cli.picture import picture_of
from saferollout.core.arms import arms_in
from saferollout.core.catalogue.asking import About
from saferollout.core.catalogue.coverage import Line, about_all, coverage_of
from saferollout.core.catalogue.discovery import There, discovery_queries, read
from saferollout.core.catalogue.parties import parties_of
from saferollout.core.measuring import Ask, measure
from saferollout.core.unknown_readers import MOST_NAMED, reader_sentence, undeclared_query
from saferollout.shell.config import PrometheusConfig
from saferollout.shell.observer import Client


@dataclass(frozen=True, slots=True)
class Listed:
    """The signals of one SafeRollout, and who reads its topics undeclared; `trouble` says why they are not known, empty where they are."""

    name: str
    about: About
    lines: tuple[Line, ...] = ()
    readers: tuple[str, ...] = ()
    trouble: str = ""


def ask_signals(cluster: Cluster, releases: Releases, *, client: Client, config: PrometheusConfig, now: datetime) -> tuple[Listed, ...]:
    """Ask for each SafeRollout; raise CommandFailed where there is none to ask about."""
    if isinstance(releases.items, Unread):
        raise CommandFailed(releases.items.why, exit_code=ExitCode.FAULT)
    if not releases.items:
        raise CommandFailed(f"there is no SafeRollout in namespace {cluster.namespace}", exit_code=ExitCode.FAULT)
    return tuple(_of_saferollout(cluster, raw, client=client, config=config, now=now) for raw in releases.items)


def _of_saferollout(cluster: Cluster, raw: Raw, *, client: Client, config: PrometheusConfig, now: datetime) -> Listed:
    picture, labels = picture_of(raw, now=now), config.labels.as_labels
    if picture.spec is None:
        return Listed(picture.name, About(picture.namespace, labels), trouble="its spec can't be read: see saferollout status")
    views = views_of(cluster, raw)
    pods = {name: arms.all for name, arms in arms_in(None, views).items()}
    about = about_all(picture.spec, pods=pods, namespace=picture.namespace, labels=labels)
    there = _there(about, client=client, config=config, now=now)
    if isinstance(there, str):
        return Listed(picture.name, about, trouble=there)
    parties = {contract.name: parties_of(contract, views) for contract in picture.spec.contracts}
    lines = coverage_of(picture.spec, parties=parties, pods=pods, catalogue=config.catalogue, there=there, about=about)
    ask = partial(client.ask, at=now)
    readers = tuple(_undeclared_readers(picture.spec.contracts, about, ask=ask, now=now, longest_age=config.longest_age_seconds))
    return Listed(picture.name, about, lines=lines, readers=readers)


def _undeclared_readers(contracts: Iterable[Contract], about: About, *, ask: Ask, now: datetime, longest_age: float) -> Iterator[str]:
    """Say which consumer groups read a topic undeclared; the operator says it once, here it is found again by whoever looks."""
    for contract in contracts:
        if contract.topic is None:
            continue
        query = undeclared_query(contract.topic.name, contract, namespace=about.namespace, labels=about.labels)
        found = measure(query, at=now, ask=ask, longest_age=longest_age)
        if found.names:
            yield reader_sentence(contract, found.names[:MOST_NAMED])


def _there(about: About, *, client: Client, config: PrometheusConfig, now: datetime) -> There | str:
    ask = partial(client.ask, at=now)
    queries = discovery_queries(config.catalogue, about=about)
    measured = {name: measure(query, at=now, ask=ask, longest_age=config.longest_age_seconds) for name, query in queries.items()}
    return read(config.catalogue, measured)
