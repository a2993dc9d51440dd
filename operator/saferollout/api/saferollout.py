"""The whole object, and the two ways to read one: strict for people's files, lenient for what a cluster stores."""

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import BeforeValidator, Field, ValidationError

from saferollout.api.base import Model, Rule
from saferollout.api.problems import InvalidSafeRollout, Problem, problems_of
from saferollout.api.scalars import LONGEST_NAME
from saferollout.api.spec import SafeRolloutSpec
from saferollout.api.status import Status


def _as_status(given: Any) -> Any:
    # Manifests and freshly created objects carry no status or an empty one.
    return given or None


class SafeRollout(Model):
    """Releases several workloads together, in an order proved from the contracts they share, behind gates."""

    api_version: Literal["saferollout.io/v1alpha1"] = Field(
        default="saferollout.io/v1alpha1", description="Always saferollout.io/v1alpha1."
    )
    kind: Literal["SafeRollout"] = Field(default="SafeRollout", description="Always SafeRollout.")
    metadata: dict[str, Any] = Field(default_factory=dict, description="Kubernetes' own metadata.")
    spec: SafeRolloutSpec = Field(description="What is released together, and how.")
    status: Annotated[Status | None, BeforeValidator(_as_status)] = Field(
        default=None, description="What the operator did and knows; written by the operator only."
    )

    rules: ClassVar[tuple[Rule, ...]] = (
        Rule(
            cel=f"self.metadata.name.size() <= {LONGEST_NAME}",
            holds=lambda saferollout: len(saferollout.name) <= LONGEST_NAME,
            field="metadata.name",
            message=f"the name is written into labels of the workloads, so it has at most {LONGEST_NAME} characters: shorten it",
        ),
    )

    @classmethod
    def parse_strict(cls, given: Mapping[str, Any]) -> Self:
        """Read a manifest as the API server would with strict field validation; raise InvalidSafeRollout with every problem."""
        return cls._parse(given, unknown_fields="forbid")

    @classmethod
    def parse_lenient(cls, given: Mapping[str, Any]) -> Self:
        """Read a stored object, whose CRD may be newer than this code: unknown fields are ignored. Raise InvalidSafeRollout."""
        return cls._parse(given, unknown_fields="ignore")

    @classmethod
    def _parse(cls, given: Mapping[str, Any], *, unknown_fields: Literal["forbid", "ignore"]) -> Self:
        if not isinstance(given, Mapping):
            raise InvalidSafeRollout([Problem(field="", message="is no object: write apiVersion, kind, metadata and spec")])
        try:
            return cls.model_validate(dict(given), extra=unknown_fields, by_alias=True, by_name=False)
        except ValidationError as error:
            raise InvalidSafeRollout(problems_of(error, given=given, model=cls)) from error

    @property
    def name(self) -> str:
        """Return the name of the object; empty in a manifest that leaves it to the server."""
        return str(self.metadata.get("name", ""))

    @property
    def namespace(self) -> str:
        """Return the namespace of the object; empty where the manifest leaves it to kubectl."""
        return str(self.metadata.get("namespace", ""))

    @property
    def uid(self) -> str:
        """Return the identity that the API server gave; empty offline."""
        return str(self.metadata.get("uid", ""))

    @property
    def generation(self) -> int:
        """Return the generation of the spec; 0 offline."""
        return int(self.metadata.get("generation", 0))
