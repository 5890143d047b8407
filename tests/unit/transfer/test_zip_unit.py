import pickle
import random
import tracemalloc
import zlib
from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.range_server import serving
from support.web_host import WebHost
from support.zip_files import ENCRYPTED, LATER, Member, archive, deflated

from cxr.errors import HostError
from cxr.hosts import folder
from cxr.http import RefusedError, TransientError
from cxr.model import Failure, Fetched, Remote
from cxr.stores.local import LocalStore
from cxr.transfer import zip_unit
from cxr.transfer.unit import Job
from cxr.transfer.zip_directory import read_directory
from cxr.transfer.zip_entry import Entry
from cxr.transfer.zip_member import Cursor, inflated
from cxr.transfer.zip_unit import GAP, SPAN, ZipUnit, runs, zip_units

ZIP = Remote("archive.zip")


def image(number: int, size: int = 2000) -> bytes:
    """Return bytes with the beginning and the end of a PNG, which do not shrink."""
    return b"\x89PNG\r\n\x1a\n" + random.Random(number).randbytes(size) + b"IEND\xaeB`\x82"


def plain(number: int, size: int = 2000, **given: object) -> Member:
    return Member(b"%03d.png" % number, image(number, size), **given)


@dataclass
class Told:
    """What an attempt reported."""

    results: dict[str, Fetched | Failure] = field(default_factory=dict)
    bytes: int = 0
    stop_after: int = 1 << 60

    def moved(self, size: int) -> None:
        self.bytes += size

    def done(self, job: Job, result: Fetched | Failure) -> None:
        assert job.image_id not in self.results, "an image is decided once"
        self.results[job.image_id] = result

    @property
    def stopping(self) -> bool:
        return self.bytes >= self.stop_after

    @property
    def codes(self) -> dict[str, str]:
        return {key: getattr(result, "code", "") for key, result in self.results.items()}


class Bench:
    """An archive at a host, a store, and what came."""

    def __init__(self, served, host, folder) -> None:
        self.served, self.host = served, host
        self.store = LocalStore(folder / "Images", folder / "temp")
        self.folder = folder

    def put(self, *members: Member) -> None:
        """Put these members into the archive and read its directory."""
        self.served.content = archive(members)
        self.directory = read_directory(self.host, ZIP)
        self.served.asked.clear()

    def units(self, *paths: str) -> list[ZipUnit]:
        wanted = paths or [remote.path for remote in self.directory.remotes()]
        return list(
            zip_units((Job(path, Remote(path), path.replace("/", "_")) for path in wanted), self.directory)
        )

    def run(self, *paths: str, told: Told | None = None) -> Told:
        told = told or Told()
        for unit in self.units(*paths):
            unit.attempt(self.host, self.store, told)
        return told

    def found(self) -> dict[str, bytes]:
        return {name: self.store.path(name).read_bytes() for name in sorted(self.store.listing())}

    def left_over(self) -> list[str]:
        return [str(path) for path in self.folder.rglob("*.part")]


@pytest.fixture
def bench(tmp_path):
    with serving(b"") as served:
        host = WebHost(served.address)
        yield Bench(served, host, tmp_path)
        host.close()


@pytest.mark.parametrize("method", [0, 8])
@pytest.mark.parametrize("flags", [0, LATER])
@pytest.mark.parametrize("extra", [b"", b"UT\5\0\3abcd"])
def test_members_come_as_they_are(bench, method, flags, extra):
    """Stored or deflated, their sizes before or behind them, with extra fields that the directory lacks."""
    members = [
        plain(number, size=number * 700, method=method, flags=flags, local_extra=extra, zip64=number % 3 == 0)
        for number in range(1, 9)
    ]
    bench.put(*members)
    told = bench.run()
    assert bench.found() == {member.name.decode(): member.content for member in members}
    assert all(isinstance(result, Fetched) for result in told.results.values())
    assert told.results["003.png"].size == len(members[2].content)
    assert told.results["003.png"].url == f"{bench.served.address}/003.png"
    assert bench.left_over() == []


def test_neighbours_come_with_one_request_and_every_byte_of_it_is_told(bench):
    bench.put(*(plain(number) for number in range(30)))
    told = bench.run()
    assert len(told.results) == 30
    assert bench.served.asked == [(0, bench.served.content.index(b"PK\1\2"))]
    assert told.bytes == bench.served.sent


def test_members_that_come_in_several_blocks_come_with_one_request_too(bench):
    bench.put(*(plain(number, 70_000 + 9_000 * number, method=number % 2 * 8) for number in range(20)))
    bench.run()
    assert bench.found() == {
        f"{number:03}.png": image(number, 70_000 + 9_000 * number) for number in range(20)
    }
    assert len(bench.served.asked) == 1


@given(st.lists(st.binary(min_size=1, max_size=9), max_size=9), st.data())
def test_a_cursor_gives_the_bytes_at_each_place_however_they_come(blocks, data):
    whole, cursor = b"".join(blocks), Cursor(iter(blocks), 100, Told())
    while cursor.place < 100 + len(whole):
        size = data.draw(st.integers(1, 100 + len(whole) - cursor.place))
        begin = cursor.place - 100
        if data.draw(st.booleans()):
            cursor.skip_to(cursor.place + size)
        else:
            assert b"".join(cursor.take(size)) == whole[begin : begin + size]
        assert cursor.place == 100 + begin + size
    with pytest.raises(TransientError, match=f"ended at {100 + len(whole)}"):
        list(cursor.take(1))


def test_images_that_are_wanted_in_another_order_come_with_one_request_too(bench):
    bench.put(*(plain(number) for number in range(9)))
    bench.run(*(f"{number:03}.png" for number in (5, 2, 8, 0, 1, 3, 7, 4, 6)))
    assert len(bench.served.asked) == 1


def test_small_gaps_are_read_and_larger_ones_asked_around(bench):
    bench.put(plain(0, 3000), plain(1, 2000), plain(2, 3000), plain(3, 200_000), plain(4, 3000))
    told = bench.run("000.png", "002.png", "004.png")
    assert told.codes == dict.fromkeys(["000.png", "002.png", "004.png"], "")
    assert len(bench.served.asked) == 2


def test_one_connection_serves_all_requests_one_after_the_other(bench):
    bench.put(*(plain(number, 400_000, flags=LATER) for number in range(7)))
    bench.run("000.png", "002.png", "004.png", "006.png")
    assert len(bench.served.asked) == 4
    assert bench.served.connections == 1


def test_a_run_has_a_bounded_span_unless_one_member_has_more(bench):
    bench.put(*(plain(number, 100_000) for number in range(10)), plain(10, 500_000))
    members = [member for unit in bench.units() for member in unit.members]
    assert [len(run) for run in runs(members, span=310_000)] == [3, 3, 3, 1, 1]


def test_ten_scattered_images_cost_less_than_three_times_their_bytes_and_the_directory(bench):
    members = [plain(number, 400 + number % 7 * 900) for number in range(500)]
    bench.put(*members)
    directory = len(bench.served.content) - bench.served.content.index(b"PK\1\2")
    wanted = random.Random(3).sample(members, 10)
    bench.run(*(member.name.decode() for member in wanted))
    images = sum(len(member.content) for member in wanted)
    assert len(bench.found()) == 10
    assert bench.served.sent < 3 * images
    read_directory(bench.host, ZIP)
    assert bench.served.sent < 3 * images + max(directory, 70_000) + 100


SIZES = st.lists(
    st.tuples(st.integers(0, 1 << 20) | st.integers(0, 200), st.integers(0, 200_000), st.booleans()),
    max_size=60,
)


@given(SIZES, st.integers(0, 1 << 17), st.integers(1, 1 << 22))
def test_what_is_asked_for_is_bounded_by_what_is_wanted(sizes, gap, span):
    """Each wanted member is in one run; unwanted bytes are at most as many as wanted ones."""
    entries, place = [], 0
    for number, (compressed, after, wanted) in enumerate(sizes):
        end = place + 35 + compressed + after
        if wanted:
            entries.append(Entry(f"{number:03}.x", place, end, compressed, compressed, 0, 0, 0))
        place = end
    members = [zip_unit.Member(Job(entry.path, Remote(entry.path), entry.path), entry) for entry in entries]
    found = list(runs(members, gap, span))
    assert [member for run in found for member in run] == members
    total = 0
    for run in found:
        extent = run[-1].entry.request_end - run[0].entry.offset
        assert len(run) == 1 or extent <= span
        own = sum(member.entry.request_end - member.entry.offset for member in run)
        assert extent - own <= min(own, gap * (len(run) - 1))
        total += extent
    headers_and_slack = sum(entry.request_end - entry.offset - entry.compressed for entry in entries)
    assert total <= 2 * (sum(entry.compressed for entry in entries) + headers_and_slack)


def test_units_are_made_as_jobs_come(bench):
    bench.put(*(plain(number, 10) for number in range(10)))
    taken = []

    def jobs():
        for number in range(100_000):
            taken.append(number)
            yield Job(str(number), Remote(f"{number % 10:03}.png"), str(number))

    next(zip_units(jobs(), bench.directory))
    assert len(taken) <= zip_unit.WINDOW


def test_two_images_that_are_the_same_member_both_come(bench):
    bench.put(plain(0), plain(1))
    told = Told()
    jobs = [Job(name, Remote("000.png"), name) for name in ("a", "b")]
    for unit in zip_units(jobs, bench.directory):
        unit.attempt(bench.host, bench.store, told)
    assert bench.found() == {"a": image(0), "b": image(0)}


def test_a_unit_can_be_pickled_and_says_what_it_will_bring(bench):
    bench.put(*(plain(number) for number in range(5)))
    (unit,) = bench.units()
    assert [job.image_id for job in unit.jobs] == [f"{number:03}.png" for number in range(5)]
    assert unit.size == bench.served.content.index(b"PK\1\2")
    assert unit.exclusive == ""
    assert list(unit.elsewhere()) == []
    assert pickle.loads(pickle.dumps(unit)) == unit


def test_without_what_is_done_only_the_rest_is_asked_for(bench):
    bench.put(*(plain(number, 40_000) for number in range(20)))
    (unit,) = bench.units()
    left = unit.without(frozenset(f"{number:03}.png" for number in range(20) if number not in (2, 17)))
    assert [job.image_id for job in left.jobs] == ["002.png", "017.png"]
    told = Told()
    left.attempt(bench.host, bench.store, told)
    assert sorted(told.results) == ["002.png", "017.png"]
    assert bench.served.sent < 2 * 41_000
    assert unit.without(frozenset(job.image_id for job in unit.jobs)).jobs == ()


def test_a_cut_connection_leaves_what_is_done_and_the_rest_comes_the_next_time(bench):
    bench.put(*(plain(number, 30_000) for number in range(10)))
    bench.served.spoil = lambda _start, part: part[:100_000]
    (unit,) = bench.units()
    told = Told()
    with pytest.raises(TransientError):
        unit.attempt(bench.host, bench.store, told)
    assert sorted(told.results) == ["000.png", "001.png", "002.png"]
    assert sorted(bench.found()) == ["000.png", "001.png", "002.png"]
    assert bench.left_over() == []
    bench.served.spoil = None
    unit.without(frozenset(told.results)).attempt(bench.host, bench.store, told)
    assert bench.found() == {f"{number:03}.png": image(number, 30_000) for number in range(10)}


def flip(content: bytes, place: int) -> bytes:
    return content[:place] + bytes([content[place] ^ 0xFF]) + content[place + 1 :]


@pytest.mark.parametrize("method", [0, 8])
@pytest.mark.parametrize("place", [1, 20, 33, 200])
def test_bytes_that_were_changed_on_the_way_are_asked_for_once_more(bench, method, place):
    """In a member's header, its name, or its content; the others of the run come the first time."""
    bench.put(*(plain(number, method=method) for number in range(5)))
    (unit,) = bench.units()
    wrong = unit.members[2].entry
    bench.served.spoil = lambda start, part: flip(part, wrong.offset + place) if start == 0 else part
    told = bench.run()
    assert bench.found() == {f"{number:03}.png": image(number) for number in range(5)}
    assert bench.served.asked == [(0, unit.size), (wrong.offset, wrong.end)]
    assert list(told.results)[-1] == "002.png"


@pytest.mark.parametrize(
    ("member", "code"),
    [
        (plain(2, crc32=7, method=8, flags=LATER), "hash_differs"),
        (plain(2, crc32=7), "header_differs"),
        (Member(b"002.png", image(2), 8, LATER, size=1999), "size_differs"),
        (Member(b"002.png", image(2), 8, LATER, size=5000), "size_differs"),
        (plain(2, local_size=5), "header_differs"),
        (plain(2, local_name=b"999.png"), "header_differs"),
        (plain(2, local_name=b"9" * 3000), "header_differs"),
        (plain(2, local_flags=ENCRYPTED), "header_differs"),
        (plain(2, local_method=8), "header_differs"),
        (plain(2, offset=17), "overlapping_members"),
        (plain(2, method=8, flags=LATER, raw=b"\xff" * 2000), "does_not_inflate"),
        (plain(2, method=8, flags=LATER, raw=deflated(image(2))[:-30]), "size_differs"),
        (plain(2, flags=ENCRYPTED), "encrypted"),
        (plain(2, method=12), "unsupported"),
        (plain(2, mode=0o120777), "not_a_file"),
        (plain(2, mode=0o020666), "not_a_file"),
        (plain(1), "repeated_member"),
        (Member(b"002.png", b"just text"), "not_an_image"),
        (Member(b"002.png", b"\x89PNG\r\n\x1a\n" + bytes(99)), "truncated"),
        (Member(b"002.png", b""), "empty"),
    ],
)
def test_a_member_that_cannot_be_had_is_named_with_its_reason_and_the_others_come(bench, member, code):
    bench.put(plain(0), plain(1), member, plain(3), plain(4, method=8))
    told = bench.run()
    name = member.name.decode()
    assert told.codes.pop(name) == code
    failure = told.results[name]
    assert name in failure.reason
    assert "archive.zip at web" in failure.reason
    assert failure.url == f"{bench.served.address}/{name}"
    others = {key: code for key, code in told.codes.items() if key != name}
    assert set(others.values()) <= {"", "overlapping_members"}
    assert len(others) >= 3
    assert bench.left_over() == []
    for path, content in bench.found().items():
        assert content == image(int(path[:3]))


@pytest.mark.parametrize("length", [26, 28])
def test_a_last_member_whose_name_or_extra_fields_would_reach_into_the_directory_is_named(bench, length):
    """To go on reading would find the end of the answer, and be taken for a broken connection."""
    content = bytearray(archive([plain(0), plain(1)]))
    place = content.rindex(b"PK\3\4") + length
    content[place : place + 2] = b"\xff\xee"
    bench.served.content = bytes(content)
    bench.directory = read_directory(bench.host, ZIP)
    assert bench.run().codes == {"000.png": "", "001.png": "header_differs"}


def test_what_the_archive_does_not_have_is_said(bench):
    bench.put(plain(0))
    told = bench.run("000.png", "gone.png")
    assert told.codes == {"gone.png": "missing", "000.png": ""}


def test_for_members_that_are_not_to_be_read_no_byte_is_asked_for(bench):
    bench.put(
        Member(b"a.png", b"/etc/passwd", mode=0o120777),
        Member(b"b.png", b"1", method=8, size=10_000_000_000),
        Member(b"c.png", b"1", flags=ENCRYPTED),
    )
    told = bench.run()
    assert told.codes == {"a.png": "not_a_file", "b.png": "too_large", "c.png": "encrypted"}
    assert bench.served.asked == []


def test_nothing_is_written_outside_the_library(bench, tmp_path):
    names = [b"../evil.png", b"/etc/evil.png", b"..\\evil.png", b"x/../../evil.png", b"C:\\evil.png"]
    bench.put(*(Member(name, image(1)) for name in names), plain(2))
    wanted = [name.decode() for name in names]
    told = bench.run(*wanted, "002.png")
    assert told.codes == dict.fromkeys(wanted, "missing") | {"002.png": ""}
    assert [path.name for path in tmp_path.rglob("*") if path.is_file()] == ["002.png"]


@given(st.integers(0, 600), st.sampled_from([0, 1 << 20, 2 << 20]), st.integers(1, 3000))
def test_a_stream_inflates_to_its_last_byte_however_it_comes(more, size, step):
    """A few bytes of a stream may be more than one block, of which some wait inside the decompressor."""
    content = bytes(size + more - 300) if size else image(0, more)
    stream = deflated(content)
    blocks = [stream[start : start + step] for start in range(0, len(stream), step)]
    pieces = list(inflated(blocks, len(content)))
    assert b"".join(pieces) == content
    assert all(0 < len(piece) <= 1 << 20 for piece in pieces)


ZEROS = 10_000 << 20


def bomb(announced: int) -> Member:
    """Return a member of 10 GB of zeros in 10 MB, after the beginning of a PNG."""
    deflater = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    head = deflater.compress(b"\x89PNG\r\n\x1a\n") + deflater.flush(zlib.Z_FULL_FLUSH)
    # After a full flush nothing refers to what came before: a piece may be repeated.
    piece = deflater.compress(bytes(1 << 20)) + deflater.flush(zlib.Z_FULL_FLUSH)
    raw = head + piece * (ZEROS >> 20) + deflater.flush()
    return Member(b"bomb.png", b"", 8, LATER, raw=raw, size=announced, crc32=1)


@pytest.mark.parametrize("announced", [0, 1, 1000, 5 << 20])
def test_a_bomb_stops_at_the_first_byte_too_many(bench, announced, monkeypatch):
    bench.put(plain(0), bomb(announced), plain(1))
    written = []
    monkeypatch.setattr(
        bench.store, "discard", lambda name: written.append(bench.store.part(name).stat().st_size)
    )
    tracemalloc.start()
    try:
        told = bench.run()
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert told.codes == {"000.png": "", "bomb.png": "size_differs", "001.png": ""}
    assert "more bytes than the archive announces" in told.results["bomb.png"].reason
    assert written
    assert max(written) <= announced
    assert most < 8 << 20


def test_a_bomb_that_says_so_is_not_even_asked_for(bench):
    bench.put(bomb(ZEROS), plain(1))
    told = bench.run()
    assert told.codes == {"bomb.png": "too_large", "001.png": ""}
    assert bench.served.sent < 3000


def test_an_archive_that_was_replaced_ends_the_run(bench):
    bench.put(plain(0), plain(1))
    bench.served.etag = '"two"'
    with pytest.raises(HostError, match="was replaced"):
        bench.run("001.png")
    assert bench.found() == {}


def test_an_archive_that_was_replaced_is_noticed_at_its_first_byte_too(bench):
    """A whole answer and a part from the first byte begin the same."""
    bench.put(plain(0), plain(1))
    bench.served.etag = '"two"'
    with pytest.raises(HostError, match="was replaced"):
        bench.run("000.png")


def test_of_a_whole_archive_instead_of_its_beginning_no_more_is_taken(bench):
    bench.put(plain(0), plain(1))
    bench.served.ranges = lambda: False
    told = bench.run("000.png")
    assert told.codes == {"000.png": ""}
    assert bench.directory.archive.read(bench.host, 0, 4) == b"PK\3\4"


def test_the_whole_archive_instead_of_a_part_is_a_matter_for_another_try(bench):
    bench.put(plain(0), plain(1))
    bench.served.ranges = lambda: False
    told = Told()
    with pytest.raises(TransientError) as caught:
        bench.run("001.png", told=told)
    assert caught.value.code == "whole_archive"
    assert told.results == {}


def test_a_run_that_is_stopped_asks_for_nothing_more(bench):
    bench.put(plain(0))
    bench.run(told=Told(stop_after=0))
    assert bench.served.asked == []


@pytest.mark.parametrize("after", [1, 100_000])
def test_a_run_that_is_stopped_returns_and_leaves_nothing_half_done(bench, after):
    bench.put(*(plain(number, 90_000) for number in range(60)))
    told = Told(stop_after=after)
    bench.run(told=told)
    assert len(told.results) < 60
    assert sorted(bench.found()) == sorted(told.results)
    assert bench.left_over() == []


def test_a_host_that_is_gone_is_a_matter_for_another_try(bench):
    bench.put(plain(0))
    units = bench.units()
    gone = WebHost("http://127.0.0.1:9")
    with pytest.raises(TransientError):
        units[0].attempt(gone, bench.store, Told())
    gone.close()


def test_an_archive_on_this_machine_is_read_in_the_same_way(tmp_path):
    (tmp_path / "archive.zip").write_bytes(archive([plain(0), plain(1, method=8), plain(2)]))
    host = folder.connect(tmp_path)
    directory = read_directory(host, ZIP)
    store = LocalStore(tmp_path / "Images", tmp_path / "temp")
    jobs = [Job(path, Remote(path), path) for path in ("000.png", "001.png")]
    (unit,) = zip_units(jobs, directory)
    told = Told()
    unit.attempt(host, store, told)
    assert store.path("001.png").read_bytes() == image(1)
    (tmp_path / "archive.zip").unlink()
    with pytest.raises(RefusedError, match="No such file"):
        unit.attempt(host, store, Told())


def test_defaults_keep_what_a_cut_connection_may_cost_small():
    assert GAP <= 64 << 10
    assert SPAN <= 8 << 20
