"""PhysioNet's lists as streams: any cut into blocks, any two lists, and no more memory for a longer one."""

import hashlib
import tracemalloc
from itertools import count, islice

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cxr.errors import HostError
from cxr.hosts._physionet_lists import among, checksums, filenames, is_path, merged
from cxr.model import Remote

NAMES = st.text(
    st.characters(codec="utf-8", exclude_categories=("C", "Z"), exclude_characters="/"), min_size=1
)
PATHS = st.lists(NAMES.filter(lambda name: name not in {".", ".."}), min_size=1, max_size=3).map("/".join)
LISTS = st.lists(PATHS.filter(is_path), unique=True, max_size=12).map(sorted)


def digest(path):
    return hashlib.sha256(path.encode()).hexdigest()


def cut(text, sizes):
    """Cut bytes into blocks of these sizes and a last one."""
    data, blocks = text.encode(), []
    for size in sizes:
        blocks.append(data[:size])
        data = data[size:]
    return [one for one in (*blocks, data) if one]


@given(LISTS, st.lists(st.integers(1, 40), max_size=20), st.sampled_from(["\n", "\r\n"]), st.booleans())
def test_a_list_is_read_however_it_comes(paths, sizes, end, ended):
    lines = end.join(f"{digest(path)} {path}" for path in paths) + (end if ended else "")
    read = list(checksums(cut(lines, sizes), "list"))
    assert read == [Remote(path, None, f"sha256:{digest(path)}") for path in paths]
    names = end.join(paths) + (end if ended else "")
    assert [one.path for one in filenames(cut(names, sizes), "list")] == paths


@given(LISTS, LISTS)
def test_together_they_name_each_file_once_with_the_checksum_that_one_of_them_has(summed, named):
    files = merged([Remote(path) for path in named], [Remote(path, None, "sha256:x") for path in summed])
    assert list(files) == [
        Remote(path, None, "sha256:x" if path in summed else "") for path in sorted({*summed, *named})
    ]


@given(LISTS.filter(lambda paths: len(paths) > 1))
def test_out_of_order_is_an_error(paths):
    with pytest.raises(HostError):
        list(filenames(["\n".join(reversed(paths)).encode()], "list"))


@pytest.mark.parametrize(
    "path", ["../a", "a/../b", "/a", "a//b", "a/", "", ".", "a\tb", "a\0b", "a\x7f", "\udcff", "a/\u202e"]
)
def test_what_leads_elsewhere_is_no_path(path):
    assert not is_path(path)


@pytest.mark.parametrize("line", [b"../a", b"/etc/passwd", b"a\xff", b"a\0b", b"a" * 5000])
def test_a_line_that_is_no_path_is_an_error_that_names_the_list(line):
    with pytest.raises(HostError, match="IMAGE_FILENAMES"):
        list(filenames([line + b"\n"], "IMAGE_FILENAMES"))


def test_two_spaces_are_read_too():
    (read,) = checksums([f"{digest('a')}  a\n{''}".encode()], "list")
    assert read.path == "a"


@given(st.integers(0, 400), st.integers(0, 400))
def test_a_part_of_a_list_gives_nothing_that_the_list_has_not(start, end):
    text = "".join(f"{digest(path)} {path}\n" for path in ("a", "ab", "abc", "abcd")).encode()
    wanted = {f"p/1/{path}" for path in ("a", "ab", "abc", "abcd")}
    whole = among([text], "p/1", wanted)
    part = among([text[start : start + end]], "p/1", wanted)
    assert len(whole) == 4
    assert part.items() <= whole.items()
    for path in ("a", "ab", "abc", "abcd"):
        line = f"{digest(path)} {path}\n".encode()
        at = text.index(line)
        assert (f"p/1/{path}" in part) == (start <= at and at + len(line) <= start + end)


def test_a_longer_list_takes_no_more_memory():
    def blocks(kind):
        lines = (f"{kind}files/p10/{number:09d}.jpg\n".encode() for number in count())
        while True:
            yield b"".join(islice(lines, 1000))

    both = merged(checksums(blocks("0" * 64 + " "), "sums"), filenames(blocks(""), "names"))
    sum(1 for _ in islice(both, 5_000))
    tracemalloc.start()
    try:
        assert sum(1 for _ in islice(both, 20_000)) == 20_000
        most = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert most < 1_000_000
