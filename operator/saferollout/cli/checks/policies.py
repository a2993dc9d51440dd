"""The admission policies that the chart installs, by the end of their names; a test compares them with the chart."""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Policy:
    """A policy and its binding, both called `<full name><suffix>`, and what is lost without them."""

    kind: str
    suffix: str
    without: str

    @property
    def plural(self) -> str:
        """Return the resource of the policy."""
        return {"MutatingAdmissionPolicy": "mutatingadmissionpolicies", "ValidatingAdmissionPolicy": "validatingadmissionpolicies"}[self.kind]

    @property
    def binding_plural(self) -> str:
        """Return the resource of its binding."""
        return f"{self.kind.lower()}bindings"


EXPECTED: Final = (
    Policy("MutatingAdmissionPolicy", "-hold", "a changed template is not held by the API server"),
    Policy("MutatingAdmissionPolicy", "-pace", "a tool that re-applies Git ends the batches"),
    Policy("MutatingAdmissionPolicy", "-pin", "a tool that re-applies Git undoes a way back"),
    Policy("MutatingAdmissionPolicy", "-bypass", "break-glass does not work without the operator"),
    Policy("MutatingAdmissionPolicy", "-marks", "a bypass counts for nothing, because nobody writes down that it was allowed"),
    Policy("MutatingAdmissionPolicy", "-waiting", "whatever a tool re-applies during a way back counts as a newer template"),
    Policy("ValidatingAdmissionPolicy", "-resume", "`kubectl rollout resume` of a held workload is taken back silently"),
)
OPTIONAL: Final = (Policy("ValidatingAdmissionPolicy", "-warn", "nobody is told at apply time that a template is held"),)
OF_STATEFULSETS: Final = (
    Policy("MutatingAdmissionPolicy", "-statefulsets", "a changed template of a StatefulSet is not held by the API server, and no pace stays"),
    Policy("MutatingAdmissionPolicy", "-statefulsets-bypass", "break-glass of a StatefulSet does not work without the operator"),
    Policy("ValidatingAdmissionPolicy", "-statefulsets-empty", "a held StatefulSet that was scaled to 0 may start the held template"),
    Policy("ValidatingAdmissionPolicy", "-statefulsets-scale", "a held StatefulSet that an autoscaler took to 0 may start the held template"),
    Policy("ValidatingAdmissionPolicy", "-statefulsets-pods", "only RBAC says which pods the operator may delete: every one"),
)
"""Expected as well where the operator releases StatefulSets."""

PLURALS: Final = tuple(dict.fromkeys(plural for policy in (*EXPECTED, *OPTIONAL) for plural in (policy.plural, policy.binding_plural)))
