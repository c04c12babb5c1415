"""Files appear whole or not at all."""

from __future__ import annotations

import errno
import os
import tempfile
from pathlib import Path

import pytest

from pdelang.files import check_writable, replacing, write_text


def test_a_new_file_has_the_usual_mode(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    mask = os.umask(0o027)
    try:
        write_text(path, "é\r\n")
    finally:
        os.umask(mask)
    assert path.read_bytes() == b"\xc3\xa9\r\n"
    assert path.stat().st_mode & 0o777 == 0o640


def test_a_failure_leaves_the_old_file_and_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text("old")

    def fail() -> None:
        with replacing(path) as partial:
            partial.write_text("new")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fail()
    assert path.read_text() == "old"
    assert [p.name for p in tmp_path.iterdir()] == ["a.txt"]


def test_a_link_is_followed(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "a.txt").write_text("old")
    link = tmp_path / "link.txt"
    link.symlink_to("folder/a.txt")
    write_text(link, "new")
    assert link.is_symlink()
    assert (tmp_path / "folder" / "a.txt").read_text() == "new"


def test_the_suffix_is_kept_for_those_who_look_at_it(tmp_path: Path) -> None:
    with replacing(tmp_path / "a.gif") as partial:
        assert partial.suffix == ".gif"
        assert partial.parent == tmp_path


def test_what_cannot_be_written_is_known_before(tmp_path: Path) -> None:
    with pytest.raises(IsADirectoryError, match="is a folder"):
        check_writable(tmp_path)
    with pytest.raises(FileNotFoundError, match="there is no folder"):
        check_writable(tmp_path / "none" / "a.txt")
    with pytest.raises(OSError, match="not an ordinary file"):
        check_writable(Path("/dev/null"))


def test_a_folder_that_takes_no_file_is_refused_by_the_name_of_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(**_: object) -> tuple[int, str]:
        raise OSError(errno.ENOSPC, "No space left on device", str(tmp_path / ".a.xyz.part.txt"))

    monkeypatch.setattr(tempfile, "mkstemp", full)
    with pytest.raises(OSError, match="No space left on device") as fault:
        write_text(tmp_path / "a.txt", "new")
    assert fault.value.filename == str(tmp_path / "a.txt")
