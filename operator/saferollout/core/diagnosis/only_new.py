"""Restarts of new pods and of none of the old: the arms differ, also where a test of them can't say so yet.

Containers that hardly ever restart leave no measure of how far pods differ by chance, so the test between the arms allows new pods twice as many
restarts as old ones have, and where half of all pods are new a restart of another new one says little. What none of the old pods does, many times over, says enough.
"""

from typing import Final

from saferollout.core.diagnosis.evidence import Against, Arm, Reading, Standing
from saferollout.core.diagnosis.scene import Scene
from saferollout.core.diagnosis.symptoms import Symptom

_TIMES: Final = 2.0
_CHANCE: Final = 0.001


def restarts_of_new_alone(scene: Scene, workload: str) -> Reading | None:
    """Return the reading by which new pods restart more than before, where no old pod does and chance does not explain that.

    Of n restarts all are in new pods with chance q to the power of n at most, where q is the share of new pods in the time that pods were watched, each new one
    counted twice. As long as no old pod restarts, 1/q to the power of n is a martingale, so one in a thousand holds for however many looks (Ville, Étude critique de la
    notion de collectif, 1939).
    """
    found = {(one.arm, one.against): one for one in scene.readings(Symptom.RESTARTS, workload)}
    before, new, old = (found.get(key) for key in ((Arm.NEW, Against.BASELINE), (Arm.NEW, Against.OTHER_ARM), (Arm.OLD, Against.OTHER_ARM)))
    if before is None or new is None or old is None or before.standing is not Standing.WORSE:
        return None
    if old.count > 0 or not (old.total > 0 and new.total > 0):
        return None
    share = _TIMES * new.total / (_TIMES * new.total + old.total)
    return before if share**new.count <= _CHANCE else None
