import os
import sys

import pytest

from cxr.stores.nonempty import NonEmpty


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "full.txt").write_text("x")
    (tmp_path / "empty.txt").write_text("")
    (tmp_path / "another\nempty.txt").write_text("")
    (tmp_path / "folder.txt").mkdir()
    (tmp_path / "link.txt").symlink_to("full.txt")
    return tmp_path


@pytest.mark.parametrize("many", [1, 100])
def test_files_with_content_are_there_whoever_asks_for_their_sizes(folder, many):
    found = NonEmpty(folder, many=many)
    wanted = ("full.txt", "link.txt", "empty.txt", "another\nempty.txt", "folder.txt", "none.txt")
    assert [name for name in wanted if name in found] == ["full.txt", "link.txt"]


def test_a_name_that_is_no_utf8_is_understood(folder):
    (folder / os.fsdecode(b"\xff.txt")).write_text("")
    assert os.fsdecode(b"\xff.txt") not in NonEmpty(folder, many=1)


@pytest.mark.parametrize("program", ["/bin/false", "/bin/there-is-none"])
def test_where_no_other_process_answers_it_is_asked_here(folder, monkeypatch, program):
    monkeypatch.setattr(sys, "executable", program)
    found = NonEmpty(folder, many=1)
    assert "full.txt" in found
    assert "empty.txt" not in found


def test_a_folder_that_is_not_there_is_an_error(tmp_path):
    with pytest.raises(FileNotFoundError):
        NonEmpty(tmp_path / "none")
