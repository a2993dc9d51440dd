"""Apache Kafka's jars, copied by Maven into the cache as kafka_build/pom.xml names them."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
from pathlib import Path

from localcluster.packages import ensure_packages, find_command
from localcluster.paths import cache_folder
from localcluster.ports import locked
from localcluster.progress import timed

MAVEN_PACKAGES = {"mvn": "maven"}
_PROJECT = Path(__file__).resolve().parent.parent / "kafka_build" / "pom.xml"


class KafkaUnavailable(RuntimeError):
    """Raised with the end of Maven's output."""


def kafka_jars() -> Path:
    """Return the folder with Kafka and all that it needs; fetched once for a pom.xml."""
    folder = cache_folder() / "kafka" / hashlib.sha256(_PROJECT.read_bytes()).hexdigest()[:16]
    with locked("kafka-jars.lock"):
        if not folder.exists():
            ensure_packages(MAVEN_PACKAGES)
            with timed("Kafka from Maven's repository"):
                _copy(folder)
    return folder


def _copy(folder: Path) -> None:
    partial = folder.with_name(f"{folder.name}.partial")
    shutil.rmtree(partial, ignore_errors=True)
    command = [
        find_command("mvn") or "mvn", "--quiet", "--batch-mode", f"--file={_PROJECT}", "dependency:copy-dependencies",
        f"-DoutputDirectory={partial}", "-DincludeScope=runtime",
    ]  # fmt: skip
    finished = subprocess.run(command, capture_output=True, text=True, check=False)
    if finished.returncode != 0:
        raise KafkaUnavailable("Maven failed:\n" + "\n".join((finished.stdout + finished.stderr).splitlines()[-15:]))
    partial.rename(folder)
