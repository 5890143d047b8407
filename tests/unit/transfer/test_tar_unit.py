import hashlib
import pickle

import pytest
from support.tar_files import ARCHIVE, TarBench, TarHost, Told, by_id, gz, images, jobs_of, png, tar_of

from cxr.hosts import Archive, Format
from cxr.model import Fetched, Remote, Transfer
from cxr.transfer.archive_source import EDGE, FIRST
from cxr.transfer.tar_unit import TarUnit
from cxr.transfer.unit import Job


def test_all_members_come_as_they_are(tar_bench: TarBench, either):
    members = images(60)
    tar_bench.put(gz(tar_of(members)))
    told = tar_bench.run(members)
    assert tar_bench.came == by_id(members)
    one = told.results["40000007_000"]
    assert isinstance(one, Fetched)
    assert (one.how, one.width, one.height, one.bit_depth) == (Transfer.RECEIVED, 64, 64, 8)
    assert one.url == f"{tar_bench.served.address}/{ARCHIVE}"
    assert one.sha256 == hashlib.sha256(members["images/40000007_000.png"]).hexdigest()
    assert told.bytes_moved == len(tar_bench.served.files[ARCHIVE])
    assert not list((tar_bench.folder / "temp").iterdir())


@pytest.mark.parametrize(
    ("prefix", "strip"),
    [("images_001/", ""), ("", ""), ("", "images/"), ("images_009/", "")],
    ids=["published path", "without the prefix", "the name alone", "the prefix of another archive"],
)
def test_images_are_found_by_as_much_of_their_path_as_is_known(tar_bench: TarBench, prefix: str, strip: str):
    members = images(5)
    tar_bench.put(gz(tar_of(members)))
    tar_bench.run([name.removeprefix(strip) for name in members], prefix=prefix)
    assert tar_bench.came == by_id(members)


def test_of_two_members_that_could_be_an_image_the_exact_one_is_taken(tar_bench: TarBench):
    members = {"thumbnails/a.png": png(1), "images/a.png": png(2)}
    tar_bench.put(gz(tar_of(members)))
    tar_bench.run(["images/a.png"])
    assert tar_bench.came == {"a": png(2)}


def test_it_stops_after_the_last_wanted_member(tar_bench: TarBench, either):
    """The first ten of an archive cost little more than themselves."""
    members = images(2000, side=48)
    tar_bench.put(gz(tar_of(members)))
    names = list(members)[:10]
    told = tar_bench.run(names)
    assert tar_bench.came == by_id({name: members[name] for name in names})
    assert told.bytes_moved <= FIRST
    assert tar_bench.served.sent <= FIRST
    assert len(tar_bench.served.files[ARCHIVE]) > 10 * FIRST


def test_what_is_not_in_one_archive_is_looked_for_in_the_next(tar_bench: TarBench):
    others = (
        Archive(Remote("images_002.tar.gz"), Format.TAR_GZ, "images_002/"),
        Archive(Remote("images_003.tar.gz"), Format.TAR_GZ, "images_003/"),
    )
    unit = TarUnit(tar_bench.archive, jobs_of(images(2)), tar_bench.indexes, others)
    (second,) = unit.without(frozenset({"40000000_000"})).elsewhere()
    assert [job.image_id for job in second.jobs] == ["40000001_000"]
    assert second.exclusive == "images_002.tar.gz"
    (third,) = second.elsewhere()
    assert third.exclusive == "images_003.tar.gz"
    assert list(third.elsewhere()) == []


def test_a_byte_that_was_wrong_on_the_way_once_costs_no_image(tar_bench: TarBench, either):
    """The archive is read again before it is called damaged."""
    members = images(200, side=64)
    right = gz(tar_of(members))
    tar_bench.put(right[:150_000] + bytes(500) + right[150_500:])

    def refuse(_: int) -> int:
        tar_bench.put(right)  # the first request has its bytes already
        return 0

    tar_bench.served.refuse = refuse
    told = tar_bench.run(members)
    assert "an archive is read once more" in tar_bench.log
    assert told.codes.keys() == by_id(members).keys()
    assert sum(code == "had" for code in told.codes.values()) >= len(members) - 1, "all but the one it was in"


def test_a_unit_can_be_pickled(tar_bench: TarBench):
    unit = tar_bench.unit(images(3))
    assert pickle.loads(pickle.dumps(unit)) == unit
    assert (unit.size, unit.exclusive) == (0, ARCHIVE)


def test_a_cut_connection_costs_no_byte(tar_bench: TarBench, either):
    members = images(200, side=64)
    tar_bench.put(gz(tar_of(members)))
    tar_bench.served.cut = lambda number, length: length // 2 if number % 2 == 0 else None
    told = tar_bench.run(members)
    assert tar_bench.came == by_id(members)
    assert told.bytes_moved <= len(tar_bench.served.files[ARCHIVE]) + EDGE


@pytest.mark.parametrize("right", [True, False])
def test_another_md5_than_the_listed_one_is_a_warning(tar_bench: TarBench, right: bool):
    """The list is a third party's."""
    members = images(10)
    data = gz(tar_of(members))
    tar_bench.put(data)
    listed = hashlib.md5(data).hexdigest().upper() if right else "0" * 32
    tar_bench.host.archives = TarHost(tar_bench.served, checksum=f"md5:{listed}").archives
    tar_bench.run(members)
    assert tar_bench.came == by_id(members)
    assert ("MD5 that is listed" in tar_bench.log) is not right


def test_a_host_without_parts_serves_as_well(tar_bench: TarBench, either):
    members = images(300, side=64)
    tar_bench.put(gz(tar_of(members)))
    tar_bench.served.ranges = False
    tar_bench.run(list(members)[:100])
    tar_bench.run(list(members)[100:])
    assert tar_bench.came == by_id(members)


def test_a_folder_in_the_place_of_an_image_concerns_that_image_alone(tar_bench: TarBench):
    members = images(5)
    tar_bench.put(gz(tar_of(members)))
    (tar_bench.store.path("nih_40000002_000.png") / "inside").mkdir(parents=True)
    assert list(tar_bench.run(members).codes.values()) == ["had", "had", "name_taken", "had", "had"]


def test_an_image_whose_size_is_known_from_elsewhere_must_have_it(tar_bench: TarBench):
    members = images(2)
    tar_bench.put(gz(tar_of(members)))
    jobs = [Job(job.image_id, Remote(job.remote.path, 10), job.name) for job in jobs_of(members)]
    told = Told()
    TarUnit(tar_bench.archive, jobs, tar_bench.indexes).attempt(tar_bench.host, tar_bench.store, told)
    assert set(told.codes.values()) == {"size_differs"}
