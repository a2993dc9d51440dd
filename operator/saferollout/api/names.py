"""Names that other people's objects and tools see: group, labels, annotations, field managers.

A name here is a promise: admission policies, GitOps ignore rules and the chart repeat them.
"""

from typing import Final

GROUP: Final = "saferollout.io"
VERSION: Final = "v1alpha1"
API_VERSION: Final = f"{GROUP}/{VERSION}"
KIND: Final = "SafeRollout"
PLURAL: Final = "saferollouts"

# Written by users (Git).
LABEL_MANAGED_BY: Final = "saferollout.io/managed-by"
ANNOTATION_CONTRACTS: Final = "saferollout.io/contracts"
ANNOTATION_OWNER_PAUSED: Final = "saferollout.io/paused"
ANNOTATION_READABLE_BY: Final = "saferollout.io/readable-by"
ANNOTATION_BYPASS: Final = "saferollout.io/bypass"

# Written by admission policies and the operator.
LABEL_HELD: Final = "saferollout.io/held"
LABEL_PACED: Final = "saferollout.io/paced"
LABEL_PINNED: Final = "saferollout.io/pinned"
ANNOTATION_ORIGINAL: Final = "saferollout.io/original"
ANNOTATION_LEFT_PAUSED: Final = "saferollout.io/left-paused"
ANNOTATION_LEFT_STRATEGY: Final = "saferollout.io/left-strategy"
ANNOTATION_BYPASSED: Final = "saferollout.io/bypassed"
ANNOTATION_LABELLED_BY: Final = "saferollout.io/labelled-by"
LABELLED_BY_OPERATOR: Final = "operator"

# What a person says to a running release, as annotations on the SafeRollout (see engine/commands.py).
COMMAND_PREFIX: Final = "command.saferollout.io/"

FIELD_MANAGER: Final = "saferollout"
FIELD_MANAGER_CLI: Final = "saferollout-cli"

# Template annotations whose change is a restart, not a release.
RESTART_ANNOTATIONS: Final = (
    "kubectl.kubernetes.io/restartedAt",
    "reloader.stakater.com/last-reloaded-from",
)

# Put aside while an old template is pinned, and the policy's note that another one was applied meanwhile.
ANNOTATION_WAITING_TEMPLATE: Final = "saferollout.io/waiting-template"
ANNOTATION_WAITING_FINGERPRINT: Final = "saferollout.io/waiting-fingerprint"
LABEL_TEMPLATE_CAME: Final = "saferollout.io/template-came"

FINALIZER: Final = "saferollout.io/give-back"
