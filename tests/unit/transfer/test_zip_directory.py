import hashlib
import io
import json
import os
import struct
import tracemalloc
import zipfile
from itertools import count

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.range_server import Served, serving
from support.web_host import WebHost
from support.zip_files import ENCRYPTED, UTF8, Ending, Member, archive

from cxr.errors import HostError
from cxr.hosts import folder
from cxr.http import RefusedError, TransientError
from cxr.model import Remote
from cxr.transfer.zip_archive import ZipArchive
from cxr.transfer.zip_directory import NoRangesError, ZipDirectory, read_directory, tell_refused
from cxr.transfer.zip_entry import MAXIMUM_MEMBER
from cxr.transfer.zip_format import TAIL, End, ZipFormatError, find_end

ZIP = Remote("archive.zip")


@pytest.fixture
def at_host():
    """Serve an archive; give the host that has it, and what is served."""
    with serving(b"") as served:
        host = WebHost(served.address)
        yield lambda content: (host, setattr(served, "content", content) or served)
        host.close()


def directory_of(content: bytes) -> ZipDirectory:
    end = find_end(content[-TAIL:], len(content))
    return ZipDirectory(ZipArchive(ZIP, len(content), ""), end, content[end.start : end.start + end.size])


def fault(*members: Member, name: str = "a.png") -> str:
    return directory_of(archive(members)).entry(name).fault


@given(
    st.dictionaries(
        st.from_regex(r"\A[a-z0-9éß]{1,6}(/[a-z0-9 ._()-]{1,6}[a-z]){0,2}\Z"),
        st.binary(max_size=99),
        max_size=8,
    ),
    st.sampled_from([zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED]),
)
def test_it_lists_what_zipfile_wrote(files, method):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as made:
        for name, content in files.items():
            made.writestr(name, content)
    directory = directory_of(buffer.getvalue())
    assert [remote.path for remote in directory.remotes()] == sorted(files)
    assert len(directory) == len(files)
    for info in made.infolist():
        entry = directory.entry(info.filename)
        assert entry.path == info.filename
        assert (entry.offset, entry.compressed, entry.size) == (
            info.header_offset,
            info.compress_size,
            info.file_size,
        )
        assert (entry.crc32, entry.fault) == (info.CRC, "")
        assert entry.least_end == entry.end == entry.request_end


def test_a_remote_has_size_and_checksum():
    directory = directory_of(archive([Member(b"x/b.png", b"hello"), Member(b"a.png", b"", 8)]))
    assert list(directory.remotes()) == [
        Remote("a.png", 0, "crc32:00000000"),
        Remote("x/b.png", 5, "crc32:3610a686"),
    ]


def test_what_is_not_listed_is_none():
    directory = directory_of(archive([Member(b"b.png"), Member(b"d.png")]))
    for path in ("", "a.png", "b.pn", "b.png/", "b.pngg", "c.png", "e.png", "\udcff", "b.png\0"):
        assert directory.entry(path) is None


def test_names_are_utf8_where_the_flag_says_so_and_else_those_of_dos():
    directory = directory_of(archive([Member("é.png".encode(), flags=UTF8), Member(b"\x82.gif")]))
    assert [remote.path for remote in directory.remotes()] == ["é.gif", "é.png"]
    assert directory.entry("é.png").raw_name == "é.png".encode()
    assert directory.entry("é.gif").raw_name == b"\x82.gif"


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        (b"../x.png", "leads out"),
        (b"a/../../x.png", "leads out"),
        (b"..", "leads out"),
        (b"../", "leads out"),
        (b"/etc/x.png", "absolute"),
        (b"C:x.png", "absolute"),
        (b"c:/x.png", "absolute"),
        (b"..\\x.png", "backslash"),
        (b"\\\\server\\x.png", "backslash"),
        (b"a\0.png", "control characters"),
        (b"a\nb.png", "control characters"),
        (b"a\x1b[2J.png", "control characters"),
        ("a\u2028b.png".encode(), "control characters"),
        (b"", "no plain path"),
        (b"./x.png", "no plain path"),
        (b"a//x.png", "no plain path"),
        (b"\xff.png", "not UTF-8"),
    ],
)
def test_a_name_that_leaves_the_folder_or_is_none_is_refused_and_told(name, reason):
    directory = directory_of(archive([Member(name, b"1", flags=UTF8), Member(b"a.png", b"2")]))
    assert [remote.path for remote in directory.remotes()] == ["a.png"]
    ((_, told),) = directory.refused
    assert reason in told
    assert directory.refused_count == 1


def test_of_many_refused_members_some_are_named_and_all_counted():
    directory = directory_of(archive(Member(b"../%d" % number) for number in range(5000)))
    assert (len(directory), len(directory.refused), directory.refused_count) == (0, 100, 5000)


def test_refused_members_are_in_the_log(at_host, tmp_path):
    from cxr.logs import open_logs

    host, _ = at_host(archive([Member(b"../evil.png", b"1"), Member(b"a.png", b"2")]))
    with open_logs(tmp_path):
        tell_refused(read_directory(host, ZIP), host)
    assert "../evil.png" in (tmp_path / "cxr_downloader.log").read_text()


def test_folders_are_not_listed_and_not_worth_a_word():
    members = [
        Member(b"x/"),
        Member(b"dos", mode=0, attributes=0x10),
        Member(b"unix", mode=0o040755),
        Member(b"x/a.png", b"1"),
    ]
    directory = directory_of(archive(members))
    assert [remote.path for remote in directory.remotes()] == ["x/a.png"]
    assert directory.refused == ()


@pytest.mark.parametrize(
    ("member", "expected"),
    [
        (Member(b"a.png", b"/etc/passwd", mode=0o120777), "not_a_file"),
        (Member(b"a.png", mode=0o020666), "not_a_file"),
        (Member(b"a.png", mode=0o060666), "not_a_file"),
        (Member(b"a.png", mode=0o010666), "not_a_file"),
        (Member(b"a.png", mode=0), ""),
        (Member(b"a.png", b"1", flags=ENCRYPTED), "encrypted"),
        (Member(b"a.png", b"1", flags=1 << 6), "encrypted"),
        (Member(b"a.png", b"1", method=99), "unsupported"),
        (Member(b"a.png", b"1", method=93), "unsupported"),
        (Member(b"a.png", b"1", method=8, size=10_000_000_000), "too_large"),
        (Member(b"a.png", b"1", method=8, size=MAXIMUM_MEMBER + 1), "too_large"),
        (Member(b"a.png", b"1", method=8, size=MAXIMUM_MEMBER), ""),
        (Member(b"a.png", b"1", method=8, compressed=1 << 40), "too_large"),
        (Member(b"a.png", b"1", size=2), "directory_damaged"),
        (Member(b"a.png", b"1", offset=1 << 20), "directory_damaged"),
        (Member(b"a.png", b"1", offset=1 << 63), "directory_damaged"),
        (Member(b"a.png", b"1", method=8, compressed=4), "directory_damaged"),
    ],
)
def test_a_member_that_is_not_to_be_read_says_why(member, expected):
    directory = directory_of(archive([member]))
    entry = directory.entry("a.png")
    assert entry.fault == expected
    assert bool(entry.reason) == bool(expected)
    (remote,) = directory.remotes()
    assert (remote.size is None) == (remote.checksum == "") == bool(expected)


def test_the_reason_names_method_and_size():
    directory = directory_of(archive([Member(b"a", method=93), Member(b"b", method=8, size=10_000_000_000)]))
    assert "Zstandard" in directory.entry("a").reason
    assert "10,000,000,000 bytes" in directory.entry("b").reason


def test_members_of_the_same_name_are_all_refused():
    """Of two, one program takes the first and another the last."""
    members = [Member(b"a.png", b"1"), Member(b"b.png", b"2"), Member(b"a.png", b"3"), Member(b"a.png", b"4")]
    directory = directory_of(archive(members))
    assert [(remote.path, remote.size) for remote in directory.remotes()] == [("a.png", None), ("b.png", 1)]
    assert directory.entry("a.png").fault == "repeated_member"
    assert directory.entry("b.png").fault == ""


def test_members_that_share_bytes_are_refused():
    """A bomb is made so: each member quotes the next one's header, or all are the same bytes."""
    inner = Member(b"b.png", b"2" * 50)
    outer = Member(b"a.png", b"1" * 50, size=150, compressed=150)
    last = Member(b"c.png", b"3" * 50)
    assert fault(outer, inner, last) == "overlapping_members"
    assert fault(outer, inner, last, name="b.png") == "", "the bytes up to the next member are its own"
    twins = [Member(b"a.png", b"1"), Member(b"b.png", b"1", offset=0), Member(b"c.png", b"1", offset=0)]
    assert {fault(*twins, name=name) for name in ("a.png", "b.png", "c.png")} == {"overlapping_members"}


def test_a_member_among_others_ends_where_the_next_one_begins():
    members = [Member(b"a", b"1" * 9, after=b"gap"), Member(b"../b", b"2" * 9), Member(b"c", b"3" * 9)]
    directory = directory_of(archive(members))
    assert directory.entry("a").end == 30 + 1 + 9 + 3
    assert directory.entry("a").least_end == 30 + 1 + 9


def test_of_what_lies_behind_a_member_only_what_may_be_its_own_is_asked_for():
    """How long its local header is nobody knows beforehand; its extra fields have 65,535 bytes at most."""
    directory = directory_of(archive([Member(b"a", b"1", after=b"?" * 200_000), Member(b"b", b"2")]))
    assert directory.entry("a").request_end == directory.entry("a").least_end + 65_535
    assert directory.entry("b").request_end == directory.entry("b").least_end


def test_members_may_be_listed_in_any_order():
    members = [Member(b"%d.png" % number, b"x" * number) for number in range(9)]
    content = archive(members)
    start = content.index(b"PK\1\2")
    lines = [b"PK\1\2" + line for line in content[start:-22].split(b"PK\1\2")[1:]]
    other = directory_of(content[:start] + b"".join(reversed(lines)) + content[-22:])
    assert list(other.remotes()) == list(directory_of(content).remotes())
    for member in members:
        entry = other.entry(member.name.decode())
        assert entry.end == entry.least_end


def test_a_member_that_lies_outside_does_not_reach_into_another():
    content = archive([Member(b"a", b"1"), Member(b"b", b"2", offset=1 << 40)])
    directory = directory_of(content)
    assert directory.entry("a").end == content.index(b"PK\1\2")
    assert directory.entry("b").fault == "directory_damaged"


def test_it_takes_three_small_requests_whatever_the_size(at_host):
    content = archive(Member(b"images/%06d.png" % number, os.urandom(100)) for number in range(2000))
    host, served = at_host(content)
    directory = read_directory(host, ZIP)
    assert len(directory) == 2000
    first, tail, rest = served.asked
    start = content.index(b"PK\1\2")
    assert first == (1, 2)
    assert tail == (len(content) - TAIL, len(content))
    assert rest == (start, len(content) - TAIL)


def test_a_small_archive_takes_two(at_host):
    host, served = at_host(archive([Member(b"a.png", b"1")]))
    assert len(read_directory(host, ZIP)) == 1
    assert len(served.asked) == 2


@pytest.mark.parametrize("members", [0, 1, 700, 2500])
@pytest.mark.parametrize("ending", [Ending(b"c" * 65_535, zip64=True), Ending(zip64=True), Ending()])
def test_wherever_the_directory_begins_all_of_it_is_read(tmp_path, members, ending):
    content = archive((Member(b"%050d.png" % number, b"x") for number in range(members)), ending)
    (tmp_path / "archive.zip").write_bytes(content)
    assert len(read_directory(folder.connect(tmp_path), ZIP)) == members


def test_the_same_is_read_from_a_folder(tmp_path):
    (tmp_path / "archive.zip").write_bytes(archive([Member(b"a.png", b"1")]))
    directory = read_directory(folder.connect(tmp_path), ZIP, cache=tmp_path / "cache")
    assert [remote.path for remote in directory.remotes()] == ["a.png"]
    assert not (tmp_path / "cache").exists(), "nothing would tell later whether the file is the same"


@pytest.mark.parametrize(
    ("content", "code", "words"),
    [
        (archive([Member(b"a.png", b"1" * 500)])[:-60], "archive_cut", "archive.zip at web.*cut off"),
        (b"PK\3\4", "archive_cut", "cut off"),
        (b"<!DOCTYPE html><html>Sign in</html>", "not_a_zip", "web page"),
        (b"\x1f\x8b" + bytes(200), "not_a_zip", "gzip"),
        (b"12", "not_a_zip", "no zip file"),
        (archive([Member(b"a.png", b"1")], Ending(count=2)), "directory_damaged", "2 are announced|be right"),
    ],
)
def test_what_is_no_archive_is_refused_with_words(at_host, content, code, words):
    host, _ = at_host(content)
    with pytest.raises(RefusedError, match=words) as caught:
        read_directory(host, ZIP)
    assert caught.value.code == code


@pytest.mark.parametrize("content", [b"", b"P"])
def test_next_to_nothing_is_refused(at_host, content):
    host, _ = at_host(content)
    with pytest.raises(RefusedError):
        read_directory(host, ZIP)


def test_a_directory_larger_than_the_limit_is_not_fetched(at_host):
    host, served = at_host(archive(Member(b"%0100d" % number) for number in range(1000)))
    with pytest.raises(RefusedError, match="at most 100,000 are read"):
        read_directory(host, ZIP, maximum=100_000)
    assert len(served.asked) == 2


def test_more_members_than_the_limit_are_refused(monkeypatch):
    monkeypatch.setattr("cxr.transfer.zip_directory.MAXIMUM_MEMBERS", 10)
    with pytest.raises(ZipFormatError, match="more than 10 members"):
        directory_of(archive(Member(b"%d" % number) for number in range(11)))


def test_a_host_that_gives_no_parts_is_told_as_such(at_host):
    host, served = at_host(archive([Member(b"a.png", b"1")]))
    served.ranges = lambda: False
    with pytest.raises(NoRangesError, match="only whole"):
        read_directory(host, ZIP)


def test_a_host_that_forgets_once_to_give_parts_is_asked_again(at_host):
    host, served = at_host(archive([Member(b"a.png", b"1")]))
    times = count()
    served.ranges = lambda: next(times) > 0
    assert len(read_directory(host, ZIP)) == 1


def test_an_archive_that_is_replaced_meanwhile_is_refused(at_host):
    host, served = at_host(archive(Member(b"%050d" % number) for number in range(2000)))

    def replace() -> bool:
        served.etag = f'"{len(served.asked)}"'
        return True

    served.ranges = replace
    with pytest.raises(HostError, match="was replaced"):
        read_directory(host, ZIP)


def test_bytes_that_stop_early_are_a_matter_for_another_try(at_host):
    host, served = at_host(archive([Member(b"a.png", b"1")]))
    served.spoil = lambda _start, part: part[:5]
    with pytest.raises(TransientError):
        read_directory(host, ZIP)


def test_a_file_that_shrinks_meanwhile_is_a_matter_for_another_try(tmp_path):
    content = archive([Member(b"a.png", b"1" * 500)])
    (tmp_path / "archive.zip").write_bytes(content[:-10])
    with pytest.raises(TransientError, match="10 of"):
        ZipArchive(ZIP, len(content) - 10, "").read(folder.connect(tmp_path), 0, len(content))


class TestCache:
    CONTENT = archive([Member(b"a.png", b"1"), Member(b"b.png", b"2", 8)], Ending(zip64=True))

    def read(
        self, at_host, cache, content: bytes = CONTENT, etag: str = '"one"'
    ) -> tuple[list[Remote], Served]:
        host, served = at_host(content)
        served.asked.clear()
        served.etag = etag
        return list(read_directory(host, ZIP, cache=cache).remotes()), served

    def test_the_second_time_one_byte_is_fetched(self, at_host, tmp_path):
        cache = tmp_path / "archives" / "cache"
        first, _ = self.read(at_host, cache)
        again, served = self.read(at_host, cache)
        assert again == first
        assert served.asked == [(1, 2)]

    def test_an_archive_without_members_is_kept_too(self, at_host, tmp_path):
        self.read(at_host, tmp_path / "cache", archive([]))
        _, served = self.read(at_host, tmp_path / "cache", archive([]))
        assert served.asked == [(1, 2)]

    def test_another_archive_is_read_anew(self, at_host, tmp_path):
        cache = tmp_path / "cache"
        self.read(at_host, cache)
        other = archive([Member(b"c.png", b"1")])
        assert [remote.path for remote in self.read(at_host, cache, other, '"two"')[0]] == ["c.png"]
        assert [remote.path for remote in self.read(at_host, cache, self.CONTENT, '"two"')[0]] == [
            "a.png",
            "b.png",
        ]

    def test_without_a_validator_nothing_is_kept(self, at_host, tmp_path):
        self.read(at_host, tmp_path / "cache", etag="")
        assert not (tmp_path / "cache").exists()

    @pytest.mark.parametrize("damage", ["", "half", "one byte", "line", "not there"])
    def test_a_damaged_cache_is_read_anew_and_mended(self, at_host, tmp_path, damage):
        cache = tmp_path / "cache"
        first, _ = self.read(at_host, cache)
        whole = cache.read_bytes()
        middle = len(whole) // 2
        cache.write_bytes(
            {
                "": b"",
                "half": whole[:middle],
                "one byte": whole[:middle] + bytes([whole[middle] ^ 1]) + whole[middle + 1 :],
                "line": b"{}\n",
                "not there": b"",
            }[damage]
        )
        if damage == "not there":
            cache.unlink()
        again, served = self.read(at_host, cache)
        assert again == first
        assert len(served.asked) == 2
        assert cache.read_bytes() == whole

    def test_a_cache_of_a_later_cxr_is_read_anew(self, at_host, tmp_path):
        cache = tmp_path / "cache"
        first, _ = self.read(at_host, cache)
        whole = cache.read_bytes()
        line, _, directory = whole[:-32].partition(b"\n")
        said = json.loads(line) | {"kind": "cxr zip directory 2", "end": {"disks": 1}}
        later = json.dumps(said).encode() + b"\n" + directory
        cache.write_bytes(later + hashlib.sha256(later).digest())
        again, _ = self.read(at_host, cache)
        assert again == first
        assert cache.read_bytes() == whole

    def test_a_cache_that_is_a_folder_is_told(self, at_host, tmp_path):
        from cxr.errors import StorageError

        (tmp_path / "cache").mkdir()
        with pytest.raises(StorageError):
            self.read(at_host, tmp_path / "cache")


def test_the_members_of_a_large_archive_take_little_memory():
    """All 112,120 of NIH's would take under 25 MB."""
    number = 20_000
    line = struct.Struct("<4s6H3L5H2L")
    directory = b"".join(
        line.pack(b"PK\1\2", 788, 20, 0, 8, 0, 0, 7, 4, 9, 34, 3, 0, 0, 0, 0o100644 << 16, 100 * index)
        + b"images_001/images/%08d_000.png" % index
        + b"abc"
        for index in range(number)
    )
    end = End(200 * number, len(directory), number, exact=True)
    tracemalloc.start()
    try:
        read = ZipDirectory(ZipArchive(ZIP, 1 << 40, ""), end, directory)
        kept, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert len(read) == number
    assert kept / number * 112_120 < 16e6
    assert most / number * 112_120 < 25e6
