"""Commands on the pages that the unit tests do not run, and what runs them instead. A test compares these lists with the pages, in both directions."""

from typing import Final

RUN_ON_A_CLUSTER: Final = frozenset(
    {
        # tests/cluster/test_commands_on_pages.py types each of these on a real API server with the real operator.
        ("docs/first-release.md", "kubectl apply -f shop/"),
        ("docs/first-release.md", "saferollout status -n shop"),
        ("docs/first-release.md", "kubectl apply -f next/"),
        ("docs/first-release.md", "saferollout status -n shop --watch"),
        ("docs/first-release.md", "kubectl explain saferollout.spec --recursive"),
        ("docs/commands.md", "kubectl get deployments,saferollouts -n shop -o yaml | saferollout plan --live - --desired manifests/"),
        ("docs/commands.md", "kubectl safe-rollout COMMAND"),
        ("docs/commands.md", "saferollout check -n shop --prometheus http://127.0.0.1:9090"),
        ("docs/commands.md", "saferollout signals -n shop --prometheus http://127.0.0.1:9090"),
        ("docs/signals.md", "saferollout signals -n shop --prometheus http://127.0.0.1:9090"),
        ("docs/metrics-and-events.md", "kubectl get sro -A"),
        ("docs/metrics-and-events.md", "kubectl get events -n NAMESPACE --sort-by .metadata.creationTimestamp"),
        ("docs/metrics-and-events.md", "kubectl describe sro NAME -n NAMESPACE"),
        ("docs/metrics-and-events.md", "kubectl wait sro/NAME -n NAMESPACE --for condition=Ready --timeout 30m"),
        ("docs/reference/reasons.md", "kubectl get sro"),
        ("docs/reference/api.md", "kubectl explain saferollout.spec --recursive"),
        ("docs/operations.md", 'saferollout expedite -n NAMESPACE --reason "fix for the outage"'),
        ("docs/operations.md", "kubectl annotate deployment NAME -n NAMESPACE --overwrite saferollout.io/bypass=REASON"),
        ("docs/operations.md", "kubectl create rolebinding on-call-bypass -n NAMESPACE --clusterrole saferollout-bypass --group ON-CALL"),
        (
            "docs/operations.md",
            "kubectl delete mutatingadmissionpolicy saferollout-hold saferollout-pace saferollout-pin saferollout-bypass saferollout-marks saferollout-waiting",
        ),
        ("docs/operations.md", "kubectl delete validatingadmissionpolicy saferollout-resume saferollout-warn"),
        (
            "docs/operations.md",
            """kubectl patch deployment NAME -n NAMESPACE --type merge -p '{"metadata":{"labels":{"saferollout.io/held":null}},"spec":{"paused":false}}'""",
        ),
        ("docs/operations.md", "kubectl scale deployment saferollout -n OPERATOR-NAMESPACE --replicas 0"),
        (
            "docs/operations.md",
            "helm install saferollout charts/saferollout -n saferollout --create-namespace --set image.repository=IMAGE --set prometheus.url=http://prometheus.monitoring:9090",
        ),
        ("docs/operations.md", "helm upgrade saferollout charts/saferollout -n saferollout --reuse-values --set uninstall.force=true"),
        ("docs/operations.md", "helm uninstall saferollout -n saferollout"),
        ("docs/demo.md", ".venv/bin/saferollout status -n opencore --watch"),
        ("docs/demo.md", ".venv/bin/saferollout explain user-service -n opencore"),
        ("docs/demo.md", "kubectl -n opencore rollout resume deployment/user-service"),
        ("docs/demo.md", "kubectl apply -f examples/demo/git/1-new-event/user-service.yaml"),
        ("docs/demo.md", "kubectl replace --force -f examples/demo/manifests/load.yaml"),
    }
)

NOT_RUN: Final = {
    ("docs/statefulsets.md", "kubectl delete --cascade=orphan"): "named as what comes before an unheld roll; not tried, it is how Kubernetes adopts pods",
    ("docs/readiness.md", "kubectl wait"): "speaks of kubectl's own command; tests/cluster/readings.py runs it at each moment of the page",
    ("docs/readiness.md", "kubectl wait --for=jsonpath"): "the same",
    ("docs/readiness.md", "kubectl wait sro/shop -n shop --for condition=Ready --timeout 30m"): "the same, with shorter timeouts",
    ("docs/readiness.md", "kubectl wait sro/shop -n shop --for condition=Stalled --timeout 30m"): "the same, with shorter timeouts",
    (
        "docs/readiness.md",
        "kubectl wait sro/shop -n shop --for jsonpath='{.status.summary.state}'=AwaitingApproval --timeout 30m",
    ): "the same, with shorter timeouts",
    (
        "docs/operations.md",
        "kubectl delete mutatingadmissionpolicy saferollout-statefulsets saferollout-statefulsets-bypass",
    ): "these policies are there only with statefulSets.enabled; the line above it is run",
    (
        "docs/operations.md",
        "kubectl delete validatingadmissionpolicy saferollout-statefulsets-empty saferollout-statefulsets-scale",
    ): "these policies are there only with statefulSets.enabled; the line below it is run",
    (
        "docs/operations.md",
        """kubectl patch statefulset NAME -n NAMESPACE --type merge -p '{"metadata":{"labels":{"saferollout.io/held":null}},"spec":{"updateStrategy":{"rollingUpdate":{"partition":0}}}}'""",
    ): "needs statefulSets.enabled; the same line for a Deployment is run",
    ("docs/argocd.md", "kubectl get statefulset -l saferollout.io/held"): "tests/argocd/test_statefulset.py types it",
    ("docs/helm.md", "helm history"): "names the command that finds a revision; tests/helm takes the way out",
    ("docs/helm.md", "helm rollback"): "tests/helm plays it with a real helm, as every row of that page",
    ("docs/helm.md", "helm rollback saferollout LAST-REVISION -n saferollout"): "the same",
    ("docs/helm.md", "helm uninstall"): "the same",
    ("docs/helm.md", "helm uninstall --wait"): "the same",
    ("docs/helm.md", "helm upgrade --rollback-on-failure --timeout 30m"): "the same",
    ("docs/helm.md", "kubectl rollout resume"): "speaks of kubectl's own command; tests/cluster/test_hold.py runs it",
    ("docs/operations.md", "helm --wait"): "speaks of helm's own flag; tests/helm plays it",
    ("docs/operations.md", "helm rollback saferollout LAST-REVISION -n saferollout"): "tests/helm plays it with a real helm",
    ("docs/situations.md", "helm --wait"): "speaks of helm's own flag; tests/helm plays it",
    ("docs/situations.md", "helm rollback"): "tests/helm plays it with a real helm",
    ("docs/first-release.md", "kubectl create namespace shop"): "the test's namespace is there already",
    ("docs/commands.md", "kubectl port-forward -n monitoring service/prometheus 9090:9090"): "needs pods of a real Prometheus in the cluster, and goes on until it is ended",
    ("docs/commands.md", "kubectl port-forward"): "the same",
    (
        "docs/argocd.md",
        "helm template saferollout charts/saferollout --set argocd.snippet=true --show-only templates/argocd-cm.yaml |",
    ): "tests/argocd renders and applies the same piece to a real Argo CD",
    ("docs/argocd.md", "kubectl apply --server-side --field-manager saferollout-argocd -n argocd -f -"): "the second half of that line",
    ("docs/operations.md", "helm uninstall"): "speaks of helm's own command; the lines above have it in full",
    ("docs/operations.md", "kubectl logs -n saferollout job/saferollout-give-back"): "the Job's pod is no process on the fake node, so it has no log there",
    ("docs/operations.md", "kubectl rollout restart"): "speaks of kubectl's own command; tests/cluster/test_operator_ordinary_days.py runs it",
    ("docs/demo.md", "export KUBECONFIG=..."): "sets a variable of the reader's shell to a path that the demo prints",
    ("docs/first-release.md", "pip install ."): "needs a package index; scripts/setup installs this checkout from the lock, and every command here is run from it",
    ("docs/reference/cli.md", "kubectl safe-rollout COMMAND"): "as in docs/commands.md, where it is run on a cluster",
    ("docs/first-release.md", "kubectl safe-rollout"): "as in docs/commands.md, where it is run on a cluster",
    ("docs/commands.md", "kubectl apply"): "speaks of what the reader did, with no object",
    ("docs/commands.md", "kubectl rollout restart"): "speaks of kubectl's own command; tests/cluster/test_operator_ordinary_days.py runs it",
    ("docs/situations.md", "kubectl rollout restart"): "the same",
    ("docs/operations.md", "kubectl rollout resume"): "the same",
    (
        "docs/operations.md", """kubectl patch saferollout NAME -n NAMESPACE --type merge -p '{"metadata":{"finalizers":null}}'""",
    ): "tests/cluster/test_namespace_deletion.py types it, in a namespace of its own that is deleted",
    ("docs/operations.md", "helm upgrade"): "speaks of helm's own command; the lines above have it in full",
    ("docs/situations.md", "helm upgrade --wait"): "speaks of a user's chart; what helm sees is in tests/cluster/test_operator_field_owners.py",
}
