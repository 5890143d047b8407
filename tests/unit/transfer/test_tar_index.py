import zlib
from pathlib import Path
from random import Random

import pytest
from support.tar_files import ARCHIVE, TarBench, Told, by_id, gz, images, tar_of

from cxr.errors import StorageError
from cxr.http import TransientError
from cxr.transfer.archive_source import EDGE, FIRST
from cxr.transfer.index_keeper import window
from cxr.transfer.seek_index import index_path, window_of


def test_with_an_index_any_member_costs_itself_and_a_window(tar_bench: TarBench):
    """Under three times the images' own bytes and one window each, and the index is of use as it grows."""
    members = images(1200, side=64)
    tar_bench.put(gz(tar_of(members)))
    tar_bench.run([list(members)[-1]])
    size = window_of(tar_bench.indexes, tar_bench.archive)
    assert size is not None
    assert size <= window(len(tar_bench.served.files[ARCHIVE]))
    for seed in range(3):
        names = Random(seed).sample(list(members)[:-1], 10)
        told = tar_bench.run(names)
        assert told.codes == dict.fromkeys((Path(name).stem for name in names), "had")
        own = sum(len(members[name]) for name in names)
        assert tar_bench.served.sent <= 3 * own + 10 * size + EDGE
    assert {name: data for name, data in by_id(members).items() if name in tar_bench.came} == tar_bench.came


def test_one_member_with_an_index_costs_itself_and_a_window(tar_bench: TarBench):
    members = images(600, side=64)
    tar_bench.put(gz(tar_of(members)))
    tar_bench.run([list(members)[-1]])
    size = window_of(tar_bench.indexes, tar_bench.archive) or 0
    for name in Random(1).sample(list(members), 12):
        tar_bench.run([name])
        assert tar_bench.served.sent <= 3 * len(members[name]) + size + EDGE + (64 << 10)


def test_a_second_run_reads_on_from_the_last_point(tar_bench: TarBench):
    members = images(900, side=64)
    tar_bench.put(gz(tar_of(members)))
    names = list(members)
    first = tar_bench.run(names[:400])
    second = tar_bench.run(names[400:])
    whole = len(tar_bench.served.files[ARCHIVE])
    assert tar_bench.came == by_id(members)
    assert first.bytes_moved + second.bytes_moved <= whole + window(whole) + EDGE + FIRST
    assert tar_bench.index.complete
    assert [member.name for member in tar_bench.index.members] == names


@pytest.mark.usefixtures("no_targz")
def test_without_the_extra_a_second_run_begins_anew(tar_bench: TarBench):
    """Which members there are is known nevertheless: what is not there is not looked for again."""
    members = images(300, side=64)
    tar_bench.put(gz(tar_of(members)))
    names = list(members)
    tar_bench.run(names[:200])
    second = tar_bench.run(names[200:])
    assert second.bytes_moved == len(tar_bench.served.files[ARCHIVE]) + EDGE
    assert tar_bench.came == by_id(members)
    third = tar_bench.run(["images/not_there.png"])
    assert third.results == {}
    assert tar_bench.served.sent == EDGE


def test_a_complete_index_tells_what_is_not_there_without_reading(tar_bench: TarBench):
    members = images(20)
    tar_bench.put(gz(tar_of(members)))
    assert tar_bench.run(["images/other.png"]).results == {}
    assert tar_bench.index.complete
    tar_bench.run(["images/other.png", "images/another.png"])
    assert tar_bench.served.sent == EDGE


def test_after_a_broken_attempt_the_next_goes_on_from_the_last_point(tar_bench: TarBench):
    """What came stays, and is told as kept, so that tries are counted from there."""
    members = images(900, side=64)
    data = gz(tar_of(members))
    tar_bench.put(data)
    told = Told()
    tar_bench.served.refuse = lambda number: 503 if number >= 5 else 0
    with pytest.raises(TransientError):
        tar_bench.run(members, told)
    assert 0 < len(told.results) < len(members)
    assert told.bytes_kept >= (1 << 20)
    tar_bench.served.refuse = lambda _: 0
    sent = tar_bench.served.sent
    unit = tar_bench.unit(members).without(frozenset(told.results))
    tar_bench.served.requests.clear()
    unit.attempt(tar_bench.host, tar_bench.store, told)
    assert tar_bench.came == by_id(members)
    assert sent + tar_bench.served.sent <= len(data) + window(len(data)) + EDGE


def test_stopping_leaves_whole_images_and_the_index(tar_bench: TarBench):
    members = images(900, side=64)
    tar_bench.put(gz(tar_of(members)))
    told = tar_bench.run(members, Told(stop_after=500))
    assert 500 <= len(told.results) < 700  # a block of 512 KiB holds some 124
    assert tar_bench.came == {name: data for name, data in by_id(members).items() if name in told.results}
    assert tar_bench.index.points
    assert not list((tar_bench.folder / "temp").iterdir())


def test_an_index_of_another_archive_is_thrown_away(tar_bench: TarBench):
    old, new = images(300, side=64), images(300, side=64, first=5000)
    tar_bench.put(gz(tar_of(old)))
    tar_bench.run(list(old)[-1:])
    tar_bench.put(gz(tar_of(new)))
    tar_bench.served.etag = lambda: '"two"'
    tar_bench.run(new)
    assert tar_bench.came.items() >= by_id(new).items()
    assert "a seek index is thrown away" in tar_bench.log
    assert [member.name for member in tar_bench.index.members] == list(new)


def test_an_index_of_an_archive_that_only_begins_alike_does_no_harm(tar_bench: TarBench):
    """Same size, same first bytes, other images: what is read by it is checked, and then read without it."""
    start = images(50, side=64)
    old = start | images(400, side=64, first=1000)
    new = start | images(400, side=64, first=7000)
    plain = [zlib.compressobj(0, zlib.DEFLATED, 31) for _ in range(2)]
    for packer, members in zip(plain, (old, new), strict=True):
        data = packer.compress(tar_of(members)) + packer.flush()
        tar_bench.put(data)
        tar_bench.run(list(members)[-2:-1] if members is old else list(members))
        tar_bench.served.etag = lambda: '"two"'
    assert tar_bench.came.items() >= by_id(new).items()


def test_a_validator_that_changes_costs_the_index_nothing(tar_bench: TarBench):
    members = images(600, side=64)
    tar_bench.put(gz(tar_of(members)))
    tar_bench.run(list(members)[-1:])
    tar_bench.served.etag = lambda: '"another server"'
    name = list(members)[300]
    tar_bench.run([name])
    assert tar_bench.served.sent < len(tar_bench.served.files[ARCHIVE]) // 2
    assert tar_bench.came[Path(name).stem] == members[name]


def test_an_index_works_for_somebody_else(
    tar_bench: TarBench, tmp_path: Path, request: pytest.FixtureRequest
):
    """Without the extra, too: finding points needs it, reading from them does not."""
    members = images(600, side=64)
    tar_bench.put(gz(tar_of(members)))
    tar_bench.run(list(members)[-1:])
    other = TarBench(tar_bench.served, tmp_path / "other")
    other.indexes.mkdir()
    path = index_path(tar_bench.indexes, tar_bench.archive)
    (other.indexes / path.name).write_bytes(path.read_bytes())
    request.getfixturevalue("no_targz")
    name = list(members)[300]
    other.run([name])
    other.host.close()
    assert other.came == {Path(name).stem: members[name]}
    assert other.served.sent < len(other.served.files[ARCHIVE]) // 2


def test_a_wrong_sum_of_the_archive_is_an_error_in_the_log_and_costs_the_index(tar_bench: TarBench, either):
    """The images were right by their own sums. What was learned from wrong bytes is not kept."""
    members = images(10)
    data = bytearray(gz(tar_of(members)))
    data[-8] ^= 1
    tar_bench.put(bytes(data))
    tar_bench.run(members)
    assert tar_bench.came == by_id(members)
    assert '"level": "ERROR"' in tar_bench.log
    assert "CRC-32 that its end says" in tar_bench.log
    assert tar_bench.index.identity is None


def test_a_run_that_was_cut_in_two_still_checks_the_sum_of_the_whole(tar_bench: TarBench):
    members = images(900, side=64)
    data = bytearray(gz(tar_of(members)))
    data[-8] ^= 1
    tar_bench.put(bytes(data))
    names = list(members)
    tar_bench.run(names[:500])
    assert tar_bench.index.points
    assert "CRC-32" not in tar_bench.log
    tar_bench.run(names[500:])
    assert "CRC-32 that its end says" in tar_bench.log


def test_an_archive_that_is_gone_costs_the_index_nothing(tar_bench: TarBench):
    members = images(10)
    tar_bench.put(gz(tar_of(members)))
    tar_bench.run(list(members)[-1:])
    del tar_bench.served.files[ARCHIVE]
    tar_bench.refused(members)
    assert tar_bench.index.complete


def test_an_index_that_leads_to_a_wrong_image_is_thrown_away_before_that_counts(tar_bench: TarBench):
    """Once: an image that is wrong without it, too, is wrong at the host."""
    members = images(600, side=64)
    tar = tar_of(members)
    right = b"".join(gz(tar[at : at + 100_000], 0) for at in range(0, len(tar), 100_000))
    name, lost = list(members)[-2], list(members)[-1]
    wrong = bytearray(right)
    wrong[right.index(members[name][1000:1100])] ^= 1
    tar_bench.put(right)
    tar_bench.run([lost])
    assert tar_bench.index.points
    tar_bench.put(bytes(wrong))
    with pytest.raises(TransientError) as caught:
        tar_bench.run([name])
    assert caught.value.code == "index_doubtful"
    assert tar_bench.index.identity is None
    assert "an image that it leads to is wrong" in tar_bench.log
    assert tar_bench.run([name]).codes == {Path(name).stem: "hash_differs"}
    tar_bench.put(right)
    assert tar_bench.run([name]).codes == {Path(name).stem: "had"}


def test_an_index_that_cannot_be_written_ends_the_run(tar_bench: TarBench):
    """As a full disk does: the images could not be written either."""
    tar_bench.put(gz(tar_of(images(3))))
    tar_bench.indexes.write_bytes(b"a file where the folder belongs")
    with pytest.raises(StorageError):
        tar_bench.run(images(3))


def test_a_short_run_leaves_a_point_behind(tar_bench: TarBench):
    """Where it ended, so that a longer one begins there."""
    members = images(400, side=64)
    tar_bench.put(gz(tar_of(members)))
    tar_bench.run(list(members)[:145])
    (only,) = tar_bench.index.points
    assert only.compressed > 400_000
    again = tar_bench.run(list(members)[145:155])
    assert set(again.codes.values()) == {"had"}
    assert tar_bench.served.requests[1].start == only.compressed


def test_an_archive_of_which_too_little_was_seen_has_no_index(tar_bench: TarBench):
    """Its first bytes say which archive an index is of."""
    small = {f"notes/{number}.txt": b"heart" for number in range(20)}
    tar_bench.put(gz(tar_of(small | images(50))))
    tar_bench.served.cut = lambda _number, _length: 300
    with pytest.raises(TransientError):
        tar_bench.run(images(50))
    assert tar_bench.index.identity is None
