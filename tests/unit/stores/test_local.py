"""A directory as the place where bytes go."""

import errno
import os
from contextlib import closing
from pathlib import Path

import pytest

from cxr.errors import StorageError
from cxr.stores import NameTakenError, Stored
from cxr.stores.atomic import write_text
from cxr.stores.local import LocalStore


@pytest.fixture
def store(tmp_path):
    return LocalStore(tmp_path / "Images", tmp_path / "temp")


def test_a_part_is_not_listed_until_it_is_committed(store):
    store.part("a.png").write_bytes(b"12345")
    assert store.listing() == {}
    store.commit("a.png")
    assert store.listing() == {"a.png": 5}
    assert not store.part("a.png").exists()


def test_a_link_shares_the_bytes_and_leaves_no_part(store, tmp_path):
    original = tmp_path / "original.png"
    original.write_bytes(b"film")
    assert store.link(original, "a.png")
    assert store.path("a.png").samefile(original)
    assert not store.part("a.png").exists()


def test_linking_again_over_the_same_file_leaves_no_part(store, tmp_path):
    """Renaming a hard link onto another of the same file does nothing, by POSIX, and would leave the part."""
    original = tmp_path / "original.png"
    original.write_bytes(b"film")
    store.link(original, "a.png")
    assert store.link(original, "a.png")
    assert not store.part("a.png").exists()


def test_a_link_that_the_system_refuses_is_told_by_false(store, tmp_path, monkeypatch):
    def refuse(*_, **__):
        raise OSError(errno.EXDEV, "Invalid cross-device link")

    original = tmp_path / "original.png"
    original.write_bytes(b"film")
    monkeypatch.setattr(os, "link", refuse)
    assert not store.link(original, "a.png")
    assert store.listing() == {}


def test_parts_lie_beside_the_images_when_temp_is_on_another_file_system(tmp_path):
    other = Path("/dev/shm")
    if not other.is_dir() or other.stat().st_dev == tmp_path.stat().st_dev:
        pytest.skip("needs a second file system at /dev/shm")
    store = LocalStore(tmp_path / "Images", other)
    assert store.part("a.png").parent == tmp_path / "Images"


@pytest.mark.parametrize(
    ("number", "words"),
    [
        (errno.ENOSPC, "No space left"),
        (errno.EDQUOT, "No space left"),
        (errno.EROFS, "Not allowed to write"),
        (errno.EACCES, "Not allowed to write"),
        (errno.EIO, "Could not write"),
    ],
)
def test_what_the_system_refuses_is_explained_with_a_next_step(store, monkeypatch, number, words):
    def refuse(self, target):
        raise OSError(number, os.strerror(number))

    store.part("a.png").write_bytes(b"1")
    monkeypatch.setattr("os.replace", refuse)
    with pytest.raises(StorageError, match=words) as caught:
        store.commit("a.png")
    assert caught.value.exit_code == 5
    assert caught.value.next_step


@pytest.mark.parametrize("kind", ["hard link", "symbolic link"])
def test_a_part_that_is_a_link_to_a_file_of_the_users_is_not_written_through(store, tmp_path, kind):
    """A kill between linking and renaming leaves such a part; the next run may copy instead."""
    original = tmp_path / "original.png"
    original.write_bytes(b"the user's film")
    part = store.part("a.png")
    if kind == "hard link":
        os.link(original, part)
    else:
        part.symlink_to(original)
    with closing(store.new_part("a.png")) as file:
        file.write(b"something else")
    assert original.read_bytes() == b"the user's film"
    assert part.read_bytes() == b"something else"


def test_text_is_replaced_whole_or_not_at_all(tmp_path, monkeypatch):
    path = tmp_path / "caption.txt"
    write_text(path, "old\n")

    def refuse(self, target):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("pathlib.Path.replace", refuse)
    with pytest.raises(StorageError):
        write_text(path, "new\n")
    assert path.read_text() == "old\n"
    assert [one.name for one in tmp_path.iterdir()] == ["caption.txt"]


def put(store, name, content=b"12345"):
    with closing(store.new_part(name)) as part:
        part.write(content)
    store.commit(name)


def test_a_name_with_slashes_makes_folders_and_is_listed_with_them(store):
    put(store, "files/p10/p10000001/a.jpg")
    put(store, "README", b"1")
    assert store.path("files/p10/p10000001/a.jpg").read_bytes() == b"12345"
    assert store.listing() == {"files/p10/p10000001/a.jpg": 5, "README": 1}
    assert set(store.stored()) == {Stored("files/p10/p10000001/a.jpg", 5), Stored("README", 1)}


def test_parts_of_names_that_look_alike_do_not_meet(store):
    names = ("a/b", "a%2Fb", "a%2F/b", "a/%2Fb")
    assert len({store.part(name) for name in names}) == len(names)
    assert {store.part(name).parent for name in names} == {store.part("x").parent}


@pytest.mark.parametrize("name", ["../out.jpg", "a/../../out.jpg", "/out.jpg", "a//b.jpg", "a/./b.jpg"])
def test_a_name_that_leads_out_of_the_folder_is_refused(store, tmp_path, name):
    with pytest.raises(StorageError, match="leads out of its own tree"):
        put(store, name)
    assert not (tmp_path / "out.jpg").exists()
    assert store.listing() == {}


def test_a_file_where_a_folder_belongs_is_told(store):
    put(store, "files")
    with pytest.raises(StorageError, match="something else is in its place"):
        put(store, "files/a.jpg")


def test_a_folder_where_a_file_belongs_concerns_that_file_alone(store):
    put(store, "files/a/b.jpg")
    with pytest.raises(NameTakenError):
        put(store, "files/a")


def test_a_finished_file_is_read_in_blocks(store):
    content = bytes(range(256)) * 10_000
    put(store, "a/b.bin", content)
    blocks = list(store.read("a/b.bin"))
    assert b"".join(blocks) == content
    assert max(map(len, blocks)) <= 1 << 20
    with pytest.raises(FileNotFoundError):
        next(store.read("a/c.bin"))
