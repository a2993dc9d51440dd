"""Ask the authorizer what you may do, and what the operator's service account may not."""

from collections.abc import Iterator, Mapping
from typing import Final

from saferollout.api.names import GROUP, PLURAL
from saferollout.cli.checks.found import Installation, Rights, Unread
from saferollout.cli.checks.read_cluster import FORBIDDEN, unread
from saferollout.cli.checks.read_holding import may, review
from saferollout.cli.connect import ApiRefused, Cluster, Raw
from saferollout.engine.rights import Right, Scope, operator_rights

YOUR_VERBS: Final = ("get", "list", "patch", "bypass")
_ROOT: Final = "/apis/authorization.k8s.io/v1"


def read_rights(cluster: Cluster, operator: Installation | None) -> Rights:
    """Ask for everything; a person may rarely ask about somebody else."""
    yours = _yours(cluster)
    if operator is None:
        return Rights(yours=yours, account="", asked=0, denied=Unread("its Deployment is not known, and so neither is its service account"))
    account = f"system:serviceaccount:{operator.namespace}:{operator.account}"
    wanted = tuple(_placed(operator))
    try:
        denied = [(right, place) for right, place in wanted if not _is_allowed(cluster, operator, right, place)]
    except ApiRefused as refusal:
        if refusal.status != FORBIDDEN:
            return Rights(yours=yours, account=account, asked=0, denied=unread(refusal, what=""))
        return _in_this_namespace(cluster, operator, yours=yours, account=account)
    return Rights(yours=yours, account=account, asked=len(wanted), denied=denied)


def _yours(cluster: Cluster) -> Mapping[str, bool] | Unread:
    try:
        return {verb: may(cluster, verb=verb, group=GROUP, resource=PLURAL) for verb in YOUR_VERBS}
    except ApiRefused as refusal:
        return unread(refusal, what="create selfsubjectaccessreviews")


def _in_this_namespace(cluster: Cluster, operator: Installation, *, yours: Mapping[str, bool] | Unread, account: str) -> Rights:
    """Ask with the review that the administrator of a single namespace may use."""
    why = "you may not create subjectaccessreviews"
    wanted = [right for right, _ in _placed(operator) if right.scope is Scope.WATCHED]
    wanted = list(dict.fromkeys(wanted))
    place = cluster.namespace
    try:
        denied = [(right, place) for right in wanted if not _is_allowed(cluster, operator, right, place, local=True)]
    except ApiRefused as refusal:
        if refusal.status != FORBIDDEN:
            return Rights(yours=yours, account=account, asked=0, denied=unread(refusal, what=""))
        return Rights(yours=yours, account=account, asked=0, denied=Unread(why))
    unasked = f"its rights outside namespace {place}: {why}"
    return Rights(yours=yours, account=account, asked=len(wanted), denied=denied, unasked=unasked)


def _placed(operator: Installation) -> Iterator[tuple[Right, str]]:
    watched = () if isinstance(operator.config, Unread) else operator.config.watch_namespaces
    for right in operator_rights(lease=operator.lease_name, hold_policy=operator.hold_policy, stateful_sets=operator.stateful_sets is True):
        match right.scope:
            case Scope.WATCHED:
                yield from ((right, place) for place in watched or ("",))
            case Scope.OWN:
                yield right, operator.namespace
            case Scope.CLUSTER:
                yield right, ""


def _is_allowed(cluster: Cluster, operator: Installation, right: Right, place: str, *, local: bool = False) -> bool:
    attributes: Raw = {
        "namespace": place, "verb": right.verb, "group": right.group, "resource": right.resource, "subresource": right.subresource,
        "name": right.name,
    }  # fmt: skip
    groups = ["system:serviceaccounts", f"system:serviceaccounts:{operator.namespace}", "system:authenticated"]
    user = f"system:serviceaccount:{operator.namespace}:{operator.account}"
    spec = {"user": user, "groups": groups, "resourceAttributes": attributes}
    if local:
        body = review("LocalSubjectAccessReview", spec) | {"metadata": {"namespace": place}}
        return bool(cluster.ask(f"{_ROOT}/namespaces/{place}/localsubjectaccessreviews", body=body)["status"]["allowed"])
    return bool(cluster.ask(f"{_ROOT}/subjectaccessreviews", body=review("SubjectAccessReview", spec))["status"]["allowed"])
