"""Files that running processes watch are touched only when they would say something else."""

from pathlib import Path

from localcluster.files import write_if_different


def test_the_same_text_leaves_the_file_as_it_is(tmp_path: Path) -> None:
    file = tmp_path / "folder" / "proxy.json"
    write_if_different(file, "1")
    before = file.stat()
    write_if_different(file, "1")
    assert (file.stat().st_ino, file.stat().st_mtime_ns) == (before.st_ino, before.st_mtime_ns)


def test_another_text_replaces_the_file_whole(tmp_path: Path) -> None:
    file = tmp_path / "proxy.json"
    write_if_different(file, "1")
    before = file.stat().st_ino
    write_if_different(file, "2")
    assert file.read_text() == "2" and file.stat().st_ino != before
    assert list(tmp_path.iterdir()) == [file]


def test_a_secret_is_readable_for_its_owner_only(tmp_path: Path) -> None:
    file = tmp_path / "admin.kubeconfig"
    write_if_different(file, "token", mode=0o600)
    assert file.stat().st_mode & 0o777 == 0o600
