"""A file is read once, and never held whole beyond the bound."""

import hashlib
import os
import tracemalloc

import pytest

from cxr.images.hashing import read_hashed


@pytest.mark.parametrize("size", [0, 1, 99, 100])
def test_within_the_bound_bytes_and_hash_are_given(tmp_path, size):
    content = os.urandom(size)
    path = tmp_path / "a"
    path.write_bytes(content)
    assert read_hashed(path, 100) == (size, hashlib.sha256(content).hexdigest(), content)


def test_beyond_the_bound_only_the_hash_is_given(tmp_path):
    content = os.urandom(101)
    path = tmp_path / "a"
    path.write_bytes(content)
    assert read_hashed(path, 100) == (101, hashlib.sha256(content).hexdigest(), None)


def test_a_large_file_is_hashed_in_blocks(tmp_path):
    path = tmp_path / "a"
    with path.open("wb") as file:
        file.truncate(64 << 20)
    tracemalloc.start()
    try:
        hashed = read_hashed(path, 1 << 20)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert (hashed.size, hashed.data) == (64 << 20, None)
    assert peak < 8 << 20


def test_a_directory_and_a_pipe_are_refused(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path, tmp_path / "pipe"):
        with pytest.raises(OSError, match=r"directory|regular"):
            read_hashed(path, 100)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(FileNotFoundError):
        read_hashed(tmp_path / "missing", 100)
