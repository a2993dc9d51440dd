"""The cluster's own certificate authority, through the openssl command (a bare Python has no X.509)."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from pathlib import Path

_DAYS = "365"


class OpensslFailed(RuntimeError):
    """Raised with openssl's own words."""


def create_authority(folder: Path) -> None:
    """Write ca.key and ca.crt, unless they are there."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    if (folder / "ca.crt").exists():
        return
    _private_key(folder / "ca.key")
    extensions = [
        "-addext", "basicConstraints=critical,CA:TRUE",
        "-addext", "keyUsage=critical,keyCertSign,cRLSign,digitalSignature",
    ]  # fmt: skip
    _openssl(
        "req", "-x509", "-new", "-key", str(folder / "ca.key"), "-subj", "/CN=saferollout-local", "-days", _DAYS,
        *extensions, "-out", str(folder / "ca.crt"),
    )  # fmt: skip


def issue_certificate(folder: Path, name: str, *, subject: str, alternative_names: Sequence[str]) -> None:
    """Write name.key and name.crt, signed by the folder's authority; names are `DNS:x` or `IP:x`."""
    if (folder / f"{name}.crt").exists():
        return
    _private_key(folder / f"{name}.key")
    request = folder / f"{name}.csr"
    _openssl("req", "-new", "-key", str(folder / f"{name}.key"), "-subj", subject, "-out", str(request))
    extensions = folder / f"{name}.ext"
    lines = [
        "basicConstraints=critical,CA:FALSE",
        "keyUsage=critical,digitalSignature",
        "extendedKeyUsage=serverAuth,clientAuth",
        "subjectKeyIdentifier=hash",
        "authorityKeyIdentifier=keyid",
    ]
    if alternative_names:
        lines.append("subjectAltName=" + ",".join(alternative_names))
    extensions.write_text("\n".join(lines) + "\n")
    _openssl(
        "x509", "-req", "-in", str(request), "-CA", str(folder / "ca.crt"), "-CAkey", str(folder / "ca.key"),
        "-CAcreateserial", "-days", _DAYS, "-extfile", str(extensions), "-out", str(folder / f"{name}.crt"),
    )  # fmt: skip


def create_signing_key(folder: Path, name: str) -> None:
    """Write the key pair name.key and name.pub that signs service account tokens."""
    if (folder / f"{name}.pub").exists():
        return
    _private_key(folder / f"{name}.key")
    _openssl("pkey", "-in", str(folder / f"{name}.key"), "-pubout", "-out", str(folder / f"{name}.pub"))


def _private_key(path: Path) -> None:
    _openssl("genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-out", str(path))
    path.chmod(0o600)


def _openssl(*arguments: str) -> None:
    finished = subprocess.run(["openssl", *arguments], capture_output=True, text=True, check=False)
    if finished.returncode != 0:
        raise OpensslFailed(f"openssl {arguments[0]}: {finished.stderr.strip()}")
