"""What the configuration says reaches the parts that need it."""

import asyncio
from random import Random

from saferollout.core.arms import Labels
from saferollout.engine.resources import Kind
from saferollout.shell.config import OperatorConfig
from saferollout.shell.metrics import Metrics
from saferollout.shell.wiring import Identity, assemble
from tests.unit.engine.fake_cluster import FakeCluster
from tests.unit.engine.objects import safe_rollout
from tests.unit.engine.stage import Listener, ScriptedBrain, nothing

LABELS = {"namespace": "kubernetes_namespace", "pod": "kubernetes_pod_name", "kafkaNamespace": "tenant"}


async def test_decisions_ask_by_the_labels_that_prometheus_has() -> None:
    cluster, brain = FakeCluster(), ScriptedBrain(nothing)
    cluster.put(Kind.SAFE_ROLLOUT, safe_rollout())
    parts = assemble(
        OperatorConfig.model_validate({"prometheus": {"labels": LABELS}}), cluster=cluster, identity=Identity(name="one", namespace="here"),
        brain=brain, observer=Listener(), metrics=Metrics(), clock=asyncio.get_running_loop().time, random=Random(1),
    )
    await parts.resync.full_pass()
    working = asyncio.create_task(parts.workers.run())
    async with asyncio.timeout(5):
        while not brain.seen:
            await asyncio.sleep(0)
    parts.queue.close()
    await working
    assert brain.seen[0].labels == Labels(namespace="kubernetes_namespace", pod="kubernetes_pod_name", kafka_namespace="tenant")
