import json
import tarfile
import tracemalloc
import zlib
from random import Random

import pytest
from support.tar_files import ARCHIVE, TarBench, Told, blocks_of, by_id, gz, header, images, png, tar_of

from cxr.http import RefusedError
from cxr.model import Failure
from cxr.transfer import gzip_stream
from cxr.transfer.engine import Engine
from cxr.transfer.retry import RetryPolicy


def note(number: int) -> tuple[str, bytes]:
    """Return a member that shrinks, unlike images."""
    return f"notes/{number}.txt", " ".join(Random(number).choices(["heart", "lungs", "ribs"], k=900)).encode()


def test_an_archive_of_several_gzip_members_is_one(tar_bench: TarBench, either):
    """As parallel compressors write it: a tar's members may go on over the border."""
    members = images(100, side=64)
    tar = tar_of(members)
    tar_bench.put(b"".join(gz(tar[at : at + 100_000]) for at in range(0, len(tar), 100_000)))
    tar_bench.run(members)
    assert tar_bench.came == by_id(members)
    assert tar_bench.index.points, "each gzip member's beginning is a point, with the extra or without"
    name = list(members)[70]
    tar_bench.run([name])
    assert tar_bench.came == by_id(members)


@pytest.mark.parametrize("behind", [b"garbage", bytes(3000)], ids=["garbage", "zeros"])
def test_what_is_behind_the_end_is_ignored(tar_bench: TarBench, behind: bytes):
    members = images(10)
    tar_bench.put(gz(tar_of(members)) + behind)
    tar_bench.run(members)
    assert tar_bench.came == by_id(members)


def test_members_that_must_not_be_read_are_named_and_nothing_else_is_lost(tar_bench: TarBench, either):
    """Nothing is written outside of the store, whatever a member is called and whatever it is."""
    devices = [
        header("images/device.png", 0, tarfile.CHRTYPE),
        header("images/pipe.png", 0, tarfile.FIFOTYPE),
        header("images/link.png", 0, tarfile.SYMTYPE, "/etc/passwd"),
        header("images/hard.png", 0, tarfile.LNKTYPE, "images/40000000_000.png"),
        header("images/folder.png", 0, tarfile.DIRTYPE),
    ]
    good = images(3)
    hostile = [("../x.png", png(90)), ("/etc/y.png", png(91)), ("images/../../z.png", png(92))]
    tar_bench.put(gz(tar_of([*hostile, *((info, b"") for info in devices), *good.items()])))
    names = [*good, "x.png", "y.png", "z.png", *(info.name for info in devices)]
    before = sorted(path for path in tar_bench.folder.rglob("*") if "logs" not in path.parts)
    told = tar_bench.run([name.removeprefix("images/") for name in names], prefix="")
    assert tar_bench.came == by_id(good)
    assert {
        code for name, code in told.codes.items() if name in {"device", "pipe", "link", "hard", "folder"}
    } == {"not_an_image"}
    assert not {"x", "y", "z"} & told.codes.keys(), "what leads out of the folder is nobody's image"
    made = {path for path in tar_bench.folder.rglob("*") if "logs" not in path.parts} - set(before)
    assert {path.parent.name for path in made} <= {"Images", "indexes", tar_bench.folder.name}
    for name in ("'../x.png'", "'/etc/y.png'", "'images/link.png' is a symbolic link"):
        assert name in tar_bench.log


@pytest.mark.parametrize("movers", [0, 2])
def test_hostile_members_are_named_in_the_log_whichever_process_reads_them(tar_bench: TarBench, movers: int):
    good = images(3)
    link = header("images/link.png", 0, tarfile.SYMTYPE, "/etc/passwd")
    tar_bench.put(gz(tar_of([("../evil.png", png(90)), (link, b""), *good.items()])) + b"garbage")
    policy = RetryPolicy(attempts=2, delay=0.01)
    engine = Engine(tar_bench.host, tar_bench.store, connections=2, policy=policy, movers=movers)
    assert len(list(engine.run([tar_bench.unit([*good, "images/none.png"])]))) == 4
    lines = [json.loads(line) for line in tar_bench.log.splitlines()]
    (line,) = [line for line in lines if line["event"] == "members of an archive are left out"]
    assert (line["level"], line["logger"]) == ("WARNING", "cxr.transfer.tar_notices")
    assert line["number"] == 2
    assert "'../evil.png'" in line["members"][0]
    assert line["members"][1] == "'images/link.png' is a symbolic link"
    assert "bytes behind the end are ignored" in {line["event"] for line in lines}


def test_of_members_with_the_same_name_the_first_counts_and_the_others_are_named(tar_bench: TarBench):
    tar_bench.put(gz(tar_of([("images/a.png", png(1)), ("images/a.png", png(2)), ("images/b.png", png(3))])))
    tar_bench.run(["images/a.png", "images/b.png"])
    assert tar_bench.came == {"a": png(1), "b": png(3)}
    assert "'images/a.png' is there again" in tar_bench.log
    tar_bench.run(["images/a.png"])
    assert tar_bench.came["a"] == png(1), "by the index, too"


def test_many_members_that_must_not_be_read_are_named_in_one_short_line(tar_bench: TarBench):
    members = [
        (header(f"images/{number}.png", 0, tarfile.SYMTYPE, "/etc/passwd"), b"") for number in range(500)
    ]
    tar_bench.put(gz(tar_of([*members, ("images/a.png", png(1))])))
    tar_bench.run(["images/a.png"])
    (line,) = [line for line in tar_bench.log.splitlines() if "left out" in line]
    assert '"number": 500' in line
    assert len(line) < 4000


def test_an_image_that_announces_more_than_an_image_has_is_not_read(tar_bench: TarBench):
    """It is decided before its first byte; the others are had."""
    members = [(header("images/a.png", len(png(1))), png(1)), (header("images/huge.png", 20 << 30), b"x")]
    tar_bench.put(gz(blocks_of(members)))
    first = tar_bench.run(["images/a.png", "images/huge.png"])
    assert first.codes == {"a": "had", "huge": "too_large"}
    huge = first.results["huge"]
    assert isinstance(huge, Failure)
    assert "21,474,836,480 bytes" in huge.reason


def test_a_bomb_leaves_memory_flat_and_comes_to_an_end(
    tar_bench: TarBench, either, monkeypatch: pytest.MonkeyPatch
):
    """Zeros of which a byte in the archive is a thousand; before it an image, which is had."""
    monkeypatch.setattr(gzip_stream, "_ANYWAY", 16 << 20)
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    members = [(header("images/a.png", len(png(1))), png(1)), (header("images/zeros.png", 10 << 30), b"")]
    parts = [packer.compress(blocks_of(members))]
    parts += [packer.compress(bytes(1 << 20)) for _ in range(300)]
    tar_bench.put(b"".join([*parts, packer.flush()]))
    told = Told()
    tracemalloc.start()
    try:
        with pytest.raises(RefusedError, match="100 times as many") as caught:
            tar_bench.run(["images/a.png", "images/b.png"], told)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert caught.value.code == "archive_bomb"
    assert "images/zeros.png" in caught.value.reason
    assert told.codes == {"a": "had"}
    assert peak < 12 << 20


def test_an_image_that_is_a_bomb_itself_is_bounded_by_what_it_announces(tar_bench: TarBench):
    """A tar has sizes before the bytes: what is more belongs to the next header."""
    tar_bench.put(gz(tar_of({"images/a.png": bytes(3 << 20), "images/b.png": png(2)}), 9))
    told = tar_bench.run(["images/a.png", "images/b.png"])
    assert told.codes == {"a": "not_an_image", "b": "had"}


@pytest.mark.parametrize("share", [0.2, 0.5, 0.9, 0.99])
def test_an_archive_that_is_cut_short_gives_what_it_has_and_says_so(
    tar_bench: TarBench, either, share: float
):
    members = images(50)
    data = gz(tar_of(members))
    tar_bench.put(data[: int(len(data) * share)])
    error, told = tar_bench.refused(members)
    assert error.code == "archive_damaged"
    assert ARCHIVE in error.reason
    assert tar_bench.came == {name: data for name, data in by_id(members).items() if name in told.results}
    assert 10 * share - 2 < len(told.results) / 5 < 10 * share + 1


def test_a_tar_that_is_cut_short_inside_a_whole_gzip_file_says_so(tar_bench: TarBench):
    members = images(5)
    tar_bench.put(gz(tar_of(members)[:9_000]))
    error, told = tar_bench.refused(members)
    assert error.code == "archive_damaged"
    assert "'images/40000001_000.png'" in error.reason
    assert told.codes == {"40000000_000": "had"}


def test_a_tar_that_is_cut_short_in_a_member_that_nobody_wants_says_so_too(tar_bench: TarBench):
    """Else it would look as if the others were never in it."""
    members = images(5)
    tar_bench.put(gz(tar_of(members)[:9_000]))
    error, told = tar_bench.refused(list(members)[2:])
    assert error.code == "archive_damaged"
    assert told.results == {}


def test_flipped_bytes_never_pass_for_an_image(tar_bench: TarBench, either):
    """Each image is refused, lost with the rest of the archive, or right."""
    members = images(12)
    data = gz(tar_of({name: part for n, one in enumerate(members.items()) for name, part in (one, note(n))}))
    seen = set()
    for seed in range(24):
        random = Random(seed)
        flipped = bytearray(data)
        flipped[random.randrange(20, len(data) - 8)] ^= 1 << random.randrange(8)
        tar_bench.put(bytes(flipped))
        tar_bench.served.etag = lambda seed=seed: f'"{seed}"'
        for path in (tar_bench.folder / "Images").iterdir():
            path.unlink()
        told = Told()
        try:
            tar_bench.run(members, told)
        except RefusedError as error:
            seen.add(error.code)
        seen |= set(told.codes.values())
        assert tar_bench.came == {
            name: content for name, content in by_id(members).items() if told.codes.get(name) == "had"
        }
    # A longer length of a chunk makes the end go missing.
    assert {"archive_damaged", "had", "hash_differs"} <= seen
    assert seen <= {"archive_damaged", "had", "hash_differs", "truncated"}


def test_a_page_in_place_of_the_archive_is_refused(tar_bench: TarBench):
    tar_bench.put(b"<!DOCTYPE html><title>Sign in</title>")
    error, told = tar_bench.refused(images(1))
    assert error.code == "not_an_archive"
    assert "a web page" in error.reason
    assert told.results == {}


def test_a_gzip_file_without_a_tar_is_refused(tar_bench: TarBench):
    tar_bench.put(gz(b"just some text, compressed " * 100))
    error, _ = tar_bench.refused(images(1))
    assert error.code == "not_an_archive"
    assert "holds no tar" in error.reason


def test_an_archive_that_is_gone_is_refused(tar_bench: TarBench):
    error, _ = tar_bench.refused(images(1))
    assert error.status == 404


def test_an_archive_that_changes_while_it_is_read_is_refused(tar_bench: TarBench, either):
    members = images(300, side=64)
    tar_bench.put(gz(tar_of(members)))

    def etag() -> str:
        return '"one"' if len(tar_bench.served.requests) < 3 else '"two"'

    tar_bench.served.etag = etag

    def refuse(number: int) -> int:
        if number == 1:  # it has its bytes already
            tar_bench.put(gz(tar_of(images(300, side=64, first=9000))))
        return 0

    tar_bench.served.refuse = refuse
    error, told = tar_bench.refused(members)
    assert error.code == "archive_changed"
    assert tar_bench.came == {name: data for name, data in by_id(members).items() if name in told.results}
