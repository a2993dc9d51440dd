"""The operator's configuration: one YAML file that the chart writes. An unknown key refuses to start, because it is a mistyped one."""

from enum import StrEnum
from pathlib import Path
from typing import Final, Self

import yaml
from pydantic import Field, ValidationError

from saferollout.api import names
from saferollout.core.arms import Labels
from saferollout.core.catalogue.catalogue import BUILT_IN, Catalogue
from saferollout.shell.config_section import Section
from saferollout.shell.series_config import MOST_SERIES, SeriesConfig

_MISSED_SCRAPES: Final = 3
_STORING_SECONDS: Final = 10.0


class InvalidConfig(ValueError):
    """A configuration that can't be taken; the message names every key."""


class LogLevel(StrEnum):
    """How much is said."""

    DEBUG = "debug"
    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


class SeriesLabels(Section):
    """What Prometheus calls the namespace and the pod of a series."""

    namespace: str = Field(default="namespace", min_length=1)
    pod: str = Field(default="pod", min_length=1)
    kafka_namespace: str = Field(default="", description="Label of kafka_exporter's series with the tenant's namespace; empty: they have none.")

    @property
    def as_labels(self) -> Labels:
        """Return them as queries take them."""
        return Labels(namespace=self.namespace, pod=self.pod, kafka_namespace=self.kafka_namespace)


class PrometheusConfig(Section):
    """Where gates are measured. An empty `url`: nowhere, gates are inconclusive."""

    url: str = ""
    token_file: str = Field(default="", description="A file with a bearer token, read again at each use.")
    tenant: str = Field(default="", description="Sent as X-Scope-OrgID.")
    timeout_seconds: float = Field(default=10.0, gt=0, le=120)
    scrape_interval_seconds: float = Field(default=30.0, gt=0, le=300, description="The longest interval at which the series are scraped.")
    labels: SeriesLabels = SeriesLabels()
    series: tuple[SeriesConfig, ...] = Field(default=(), max_length=MOST_SERIES, description="In addition to the signal catalogue.")

    @property
    def catalogue(self) -> Catalogue:
        """Return the signal catalogue with what is configured in front."""
        return BUILT_IN.with_more(one.as_series for one in self.series)

    @property
    def longest_age_seconds(self) -> float:
        """Return the age at which a sample is stale: three scrapes missed, and time for the fourth to be stored.

        Prometheus itself would take a sample of up to five minutes (its lookback delta) for the present.
        """
        return _MISSED_SCRAPES * self.scrape_interval_seconds + _STORING_SECONDS


class LeaseConfig(Section):
    """The Lease in the operator's own namespace; one per release of the chart."""

    name: str = "saferollout"


class OperatorConfig(Section):
    """Everything that can be configured; every key has a default."""

    prometheus: PrometheusConfig = PrometheusConfig()
    restart_annotations: tuple[str, ...] = Field(default=(), description="In addition to those that the operator knows.")
    watch_namespaces: tuple[str, ...] = Field(default=(), description="Empty: all.")
    stateful_sets: bool = Field(default=False, description="Release StatefulSets too; takes the right to delete pods.")
    lease: LeaseConfig = LeaseConfig()
    hold_policy: str = Field(default="saferollout-hold", description="Name of the policy and its binding; empty: there is none.")
    health_port: int = Field(default=8080, ge=0, le=65535)
    metrics_port: int = Field(default=9090, ge=0, le=65535)
    log_level: LogLevel = LogLevel.INFO

    @classmethod
    def load(cls, path: Path | None) -> Self:
        """Read a file; without one everything is as by default. Raise InvalidConfig."""
        if path is None:
            return cls()
        try:
            given = yaml.safe_load(path.read_text(encoding="utf-8")) or {}
            return cls.model_validate(given)
        except (OSError, yaml.YAMLError) as error:
            raise InvalidConfig(f"{path}: {error}") from error
        except ValidationError as error:
            problems = "; ".join(f"{'.'.join(map(str, detail['loc'])) or 'the file'}: {detail['msg']}" for detail in error.errors())
            raise InvalidConfig(f"{path}: {problems}") from error

    @property
    def all_restart_annotations(self) -> tuple[str, ...]:
        """Return every template annotation whose change is a restart."""
        return tuple(dict.fromkeys((*names.RESTART_ANNOTATIONS, *self.restart_annotations)))
