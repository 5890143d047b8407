import logging
import os
import socket
from pathlib import Path
from urllib.parse import unquote_to_bytes, urlsplit

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cxr.errors import HostError, UsageError
from cxr.hosts import folder
from cxr.model import Remote


@pytest.fixture
def said():
    return []


@pytest.fixture
def tree(tmp_path):
    """Make files below a root and return the root."""

    def tree(*paths: str) -> Path:
        root = tmp_path / "root"
        root.mkdir(exist_ok=True)
        for path in paths:
            (root / path).parent.mkdir(parents=True, exist_ok=True)
            (root / path).write_bytes(path.encode("utf-8", "surrogateescape"))
        return root

    return tree


def paths(root, say=None):
    return [remote.path for remote in folder.connect(root, say).list()]


def test_files_come_once_sorted_by_path_with_their_sizes(tree):
    root = tree("b.png", "a/z.png", "a-b/1.png", "a.png", "a/b/c.png", "a0.png")
    remotes = list(folder.connect(root).list())
    found = [remote.path for remote in remotes]
    assert found == sorted(found)
    assert len(found) == 6
    assert all(remote.size == len(remote.path) for remote in remotes)


def test_hidden_files_and_what_macos_leaves_are_not_listed(tree):
    assert paths(tree("a.png", ".b.png", ".git/c.png", "__MACOSX/._a.png", "x/.DS_Store")) == ["a.png"]


@pytest.mark.parametrize(
    "name",
    [
        "a\nb.png",
        "\N{LUNGS}.png",
        "x" * 251 + ".png",
        os.fsdecode(b"\xff\xfe.png"),
        "a#b?c%20 d.png",
        "'\".png",
    ],
)
def test_every_name_survives_from_list_to_bytes_and_address(tree, name):
    host = folder.connect(tree(name))
    (remote,) = host.list()
    assert remote.path == name
    with host.open(remote) as blocks:
        assert b"".join(blocks) == os.fsencode(name)
    assert host.url(remote).isascii()
    parts = urlsplit(host.url(remote))
    assert (parts.scheme, parts.netloc, parts.query, parts.fragment) == ("file", "", "", "")
    assert unquote_to_bytes(parts.path) == os.fsencode(host.local_path(remote))


@pytest.mark.parametrize("start", [0, 1, 1 << 20, (1 << 20) + 5, (2 << 20) + 7, 3 << 20])
def test_opening_at_a_byte_gives_the_rest(tree, start):
    content = os.urandom((2 << 20) + 7)
    root = tree()
    (root / "a").write_bytes(content)
    with folder.connect(root).open(Remote("a"), start) as blocks:
        assert b"".join(blocks) == content[start:]


@pytest.mark.parametrize("path", ["../secret", "a/../../secret", "/etc/passwd", "a//b", "", ".", "a\0b"])
def test_a_path_that_leaves_the_folder_is_not_opened(tree, tmp_path, path):
    (tmp_path / "secret").write_text("x")
    host = folder.connect(tree("a/b"))
    remote = Remote(path)
    with pytest.raises(OSError, match="is no path in this folder"), host.open(remote):
        pass
    with pytest.raises(OSError, match="is no path in this folder"):
        host.local_path(remote)
    assert host.url(remote)


def test_a_file_that_is_gone_or_no_regular_file_is_an_error_of_its_own(tree):
    root = tree()
    os.mkfifo(root / "pipe")
    host = folder.connect(root)
    with pytest.raises(FileNotFoundError), host.open(Remote("gone")):
        pass
    with pytest.raises(FileNotFoundError, match="no regular file"), host.open(Remote("pipe")):
        pass


def test_pipes_sockets_and_links_to_nothing_are_told_and_left_out(tree, said, monkeypatch):
    root = tree("a.png")
    os.mkfifo(root / "pipe.png")
    (root / "gone.png").symlink_to("nowhere")
    (root / "circle.png").symlink_to("circle.png")
    monkeypatch.chdir(root)
    with socket.socket(socket.AF_UNIX) as server:
        server.bind("socket.png")
        assert paths(root, said.append) == ["a.png"]
    assert len(said) == 4
    assert all(name in "".join(said) for name in ("pipe.png", "gone.png", "circle.png", "socket.png"))


def test_a_link_to_a_file_is_the_file_wherever_it_lies(tree, tmp_path):
    (tmp_path / "elsewhere.png").write_bytes(b"12345")
    root = tree("a.png")
    (root / "b.png").symlink_to(tmp_path / "elsewhere.png")
    assert [(remote.path, remote.size) for remote in folder.connect(root).list()] == [
        ("a.png", 5),
        ("b.png", 5),
    ]


def test_a_linked_folder_outside_is_entered_once_and_one_inside_where_it_is(tree, tmp_path):
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "x.png").touch()
    (outside / "again").symlink_to(outside)
    root = tree("in/a.png")
    for link in ("l1", "l2"):
        (root / link).symlink_to(outside)
    (root / "to_in").symlink_to(root / "in")
    (root / "in" / "up").symlink_to(root)
    assert paths(root) == ["in/a.png", "l1/x.png"]


def test_a_link_to_a_folder_around_the_root_is_not_followed(tree, tmp_path, said):
    root = tree("a.png")
    (tmp_path / "other.png").touch()
    (root / "up").symlink_to(tmp_path)
    assert paths(root, said.append) == ["a.png"]
    assert "up" in said[0]


def test_a_folder_that_cannot_be_listed_is_told_and_the_others_are(tree, said, monkeypatch):
    """The refusal is put in place of the system's, which lets root in everywhere."""
    root = tree("a/x.png", "b/y.png")
    opened = os.open

    def refuse(path, *flags):
        if Path(path).name == "a":
            raise PermissionError(13, "Permission denied")
        return opened(path, *flags)

    monkeypatch.setattr(os, "open", refuse)
    assert paths(root, said.append) == ["b/y.png"]
    assert said == [f"The folder {root / 'a'} was left out: Permission denied."]


def test_without_a_listener_what_is_left_out_is_logged(tree, caplog):
    root = tree("a.png")
    (root / "gone\n.png").symlink_to("nowhere")
    with caplog.at_level(logging.WARNING):
        paths(root)
    (message,) = caplog.messages
    assert "\n" not in message


def test_a_root_that_vanished_is_a_host_error(tree):
    root = tree()
    host = folder.connect(root)
    root.rmdir()
    assert not host.check_access().ready
    with pytest.raises(HostError, match="cannot be listed"):
        host.list()


@pytest.mark.parametrize("path", ["nowhere", "file.csv/below", "a\0b", "x" * 5000, "s3://bucket/prefix"])
def test_what_is_no_folder_is_said_with_the_next_step(tmp_path, monkeypatch, path):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "file.csv").touch()
    with pytest.raises(UsageError) as caught:
        folder.connect(Path(path))
    assert caught.value.next_step


def test_a_file_in_place_of_the_folder_points_to_its_folder_and_to_tables(tmp_path):
    (tmp_path / "table.csv").touch()
    with pytest.raises(UsageError, match="is a file") as caught:
        folder.connect(tmp_path / "table.csv")
    assert "--tables" in caught.value.think
    assert str(tmp_path) in caught.value.next_step


def test_tables_are_the_one_file_named_or_those_of_the_folder(tree):
    root = tree("a/t.csv", "u.csv")
    assert folder.tables_in(root) == (root, ["a/t.csv", "u.csv"])
    assert folder.tables_in(root / "u.csv") == (root, ["u.csv"])
    with pytest.raises(UsageError):
        folder.tables_in(root / "none.csv")


def test_listing_changes_nothing(tree):
    root = tree("a/b.png")
    before = [(path, path.stat().st_mtime_ns) for path in root.rglob("*")]
    host = folder.connect(root)
    for remote in host.list():
        with host.open(remote) as blocks:
            list(blocks)
    assert [(path, path.stat().st_mtime_ns) for path in root.rglob("*")] == before


@settings(deadline=None)
@given(st.text(max_size=30))
def test_an_address_never_fails_and_is_plain(path):
    url = folder.Folder(Path("/data"), print).url(Remote(path.encode("utf-8", "ignore").decode()))
    assert url.isascii()
    assert url.startswith("file:///data/")
