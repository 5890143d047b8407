"""Logs that hold whole lines only."""

import resource

import pytest

from cxr.errors import StorageError
from cxr.stores.appending import append_lines


def test_lines_are_appended(tmp_path):
    log = tmp_path / "log"
    append_lines(log, ["a", "b"])
    append_lines(log, [])
    append_lines(log, ["\N{LUNGS}"])
    assert log.read_text(encoding="utf-8") == "a\nb\n\N{LUNGS}\n"


@pytest.mark.parametrize("left", ["half a li", "x" * 200_000])
def test_what_a_kill_left_of_a_line_goes(left, tmp_path):
    log = tmp_path / "log"
    for before in ("", "whole\n"):
        log.write_text(before + left)
        append_lines(log, ["next"])
        assert log.read_text() == f"{before}next\n"


def test_on_a_full_disk_the_log_stays_as_it_was(tmp_path):
    log = tmp_path / "log"
    append_lines(log, ["first"])
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, hard))
    try:
        with pytest.raises(StorageError, match="No space left"):
            append_lines(log, ["x" * 5000])
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert log.read_text() == "first\n"
