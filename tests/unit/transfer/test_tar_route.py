from collections.abc import Iterator
from pathlib import Path
from random import Random

import pytest
from support.archive_server import Shelf, shelf
from support.tar_files import TarHost, Told, gz, header, images, store_in, tar_of

from cxr.hosts import Archive, Format
from cxr.http import TransientError
from cxr.model import Remote
from cxr.transfer.retry import RetryPolicy
from cxr.transfer.tar_route import tar_units
from cxr.transfer.unit import Job

NAMES = tuple(f"images_00{number}.tar.gz" for number in range(1, 5))
ONCE = RetryPolicy(attempts=1, delay=0.0)
MEMBERS = images(40, side=16)


@pytest.fixture
def served() -> Iterator[Shelf]:
    """Four archives of ten images each, their names in order."""
    names = list(MEMBERS)
    parts = {
        archive: gz(tar_of({name: MEMBERS[name] for name in names[10 * number : 10 * number + 10]}))
        for number, archive in enumerate(NAMES)
    }
    with shelf(parts) as one:
        yield one


@pytest.fixture
def host(served: Shelf) -> Iterator[TarHost]:
    one = TarHost(served, NAMES)
    yield one
    one.close()


def jobs(paths: list[str]) -> list[Job]:
    return [Job(Path(path).stem, Remote(path), Path(path).name) for path in paths]


def routed(host: TarHost, paths: list[str], folder: Path) -> dict[str, list[str]]:
    """Return which archives are read for which images."""
    units = tar_units(host, jobs(paths), folder, ONCE)
    return {unit.archive.remote.path: [job.remote.path for job in unit.jobs] for unit in units}


def test_a_path_says_which_archive_it_is(served: Shelf, host: TarHost, tmp_path: Path):
    """And nothing is asked. The units come in the archives' order, the images in theirs."""
    paths = ["images_003/images/c.png", "images_001/images/b.png", "images_003/images/a.png"]
    assert list(routed(host, paths, tmp_path).items()) == [
        ("images_001.tar.gz", ["images_001/images/b.png"]),
        ("images_003.tar.gz", ["images_003/images/c.png", "images_003/images/a.png"]),
    ]
    assert served.requests == []


def test_a_name_is_looked_up_by_the_archives_first_names(served: Shelf, host: TarHost, tmp_path: Path):
    """A few KiB of each archive tell them."""
    names = list(MEMBERS)
    expected = {archive: names[10 * number : 10 * number + 10] for number, archive in enumerate(NAMES)}
    shuffled = Random(1).sample(names, len(names))
    found = routed(host, shuffled, tmp_path)
    assert {archive: sorted(paths) for archive, paths in found.items()} == expected
    assert [request.path for request in served.requests] == list(NAMES)
    assert all(request.end <= 64 << 10 for request in served.requests)


def test_a_name_below_all_others_belongs_to_the_first_archive(host: TarHost, tmp_path: Path):
    assert routed(host, ["00000001_000.png"], tmp_path) == {NAMES[0]: ["00000001_000.png"]}
    assert routed(host, ["zz.png"], tmp_path) == {NAMES[3]: ["zz.png"]}


def test_folders_and_links_are_no_first_names(served: Shelf, host: TarHost, tmp_path: Path):
    before = [(header("images", 0, b"5"), b""), (header("images/zzz.png", 0, b"2", "x"), b"")]
    served.files[NAMES[1]] = gz(tar_of([*before, *list(MEMBERS.items())[10:20]]))
    name = list(MEMBERS)[13]
    assert routed(host, [name], tmp_path) == {NAMES[1]: [name]}


def test_an_index_knows_better_than_a_path(served: Shelf, host: TarHost, tmp_path: Path):
    """The numbers in paths are worked out by whoever writes the table."""
    name = list(MEMBERS)[15]
    (unit,) = tar_units(host, jobs([f"images_002/{name}"]), tmp_path / "indexes")
    unit.attempt(host, store_in(tmp_path), Told())
    served.requests.clear()
    assert routed(host, [f"images_001/{name}", name], tmp_path / "indexes") == {
        NAMES[1]: [f"images_001/{name}", name]
    }
    assert served.requests == []


def test_names_that_are_not_in_order_are_looked_for_everywhere(served: Shelf, host: TarHost, tmp_path: Path):
    served.files[NAMES[1]], served.files[NAMES[2]] = served.files[NAMES[2]], served.files[NAMES[1]]
    name = list(MEMBERS)[25]
    (unit,) = tar_units(host, jobs([name]), tmp_path, ONCE)
    assert unit.archive.remote.path == NAMES[0]
    assert [archive.remote.path for archive in unit.others] == list(NAMES[1:])


@pytest.mark.parametrize("path", ["images_003/images/a.png", list(MEMBERS)[25]], ids=["by path", "by order"])
def test_what_is_not_where_it_should_be_is_looked_for_beside_it_alone(
    host: TarHost, tmp_path: Path, path: str
):
    """An image that the host does not have would cost all its archives otherwise."""
    (unit,) = tar_units(host, jobs([path]), tmp_path)
    assert [archive.remote.path for archive in unit.others] == [NAMES[1], NAMES[3]]


def test_an_order_with_gaps_does_not_keep_an_image_from_being_found(
    served: Shelf, host: TarHost, tmp_path: Path
):
    """Two archives that cannot be had now: an image of the second is two places behind."""
    away = {name: served.files.pop(name) for name in NAMES[1:3]}
    (unit,) = tar_units(host, jobs([list(MEMBERS)[25]]), tmp_path, ONCE)
    served.files |= away
    assert [archive.remote.path for archive in unit.others] == list(NAMES[1:])


def test_an_index_far_from_where_the_path_leads_is_not_trusted_alone(
    served: Shelf, host: TarHost, tmp_path: Path
):
    name = list(MEMBERS)[5]
    (unit,) = tar_units(host, jobs([f"images_001/{name}"]), tmp_path / "indexes")
    unit.attempt(host, store_in(tmp_path), Told())
    (unit,) = tar_units(host, jobs([f"images_004/{name}"]), tmp_path / "indexes")
    assert [archive.remote.path for archive in unit.others] == list(NAMES[1:])


def test_a_wrong_path_is_made_up_for(served: Shelf, host: TarHost, tmp_path: Path):
    """The image is found in the archive beside."""
    name = list(MEMBERS)[20]
    (unit,) = tar_units(host, jobs([f"images_002/{name}"]), tmp_path / "indexes")
    told = Told()
    for _ in NAMES:
        unit.attempt(host, store_in(tmp_path), told)
        if told.results:
            break
        (unit,) = unit.elsewhere()
    assert told.codes == {Path(name).stem: "had"}
    assert unit.archive.remote.path == NAMES[2]


def test_an_archive_that_is_gone_does_not_keep_the_others_from_being_found(
    served: Shelf, host: TarHost, tmp_path: Path
):
    del served.files[NAMES[2]]
    names = list(MEMBERS)
    found = routed(host, [names[5], names[15], names[35]], tmp_path)
    assert found == {NAMES[0]: [names[5]], NAMES[1]: [names[15]], NAMES[3]: [names[35]]}


def test_a_page_in_the_place_of_an_archive_neither(served: Shelf, host: TarHost, tmp_path: Path):
    served.files[NAMES[1]] = b"<!DOCTYPE html>"
    served.files[NAMES[2]] = gz(b"no tar" * 200)
    name = list(MEMBERS)[35]
    assert routed(host, [name], tmp_path) == {NAMES[3]: [name]}


def test_a_busy_host_is_asked_again(served: Shelf, host: TarHost, tmp_path: Path):
    served.refuse = lambda number: 503 if number < 2 else 0
    name = list(MEMBERS)[15]
    (unit,) = tar_units(host, jobs([name]), tmp_path, RetryPolicy(attempts=3, delay=0.01))
    assert unit.archive.remote.path == NAMES[1]


def test_a_host_that_does_not_answer_is_left_to_whoever_reads_the_archives(
    served: Shelf, host: TarHost, tmp_path: Path
):
    """They know when a host is to be given up."""
    served.refuse = lambda _: 503
    (unit,) = tar_units(host, jobs(["a.png"]), tmp_path, ONCE)
    with pytest.raises(TransientError):
        unit.attempt(host, store_in(tmp_path), Told())


def test_zips_are_none_of_its_business(host: TarHost, tmp_path: Path):
    host.archives = (Archive(Remote("archive.zip"), Format.ZIP), *host.archives)
    (unit,) = tar_units(host, jobs(["images_001/images/a.png"]), tmp_path)
    assert unit.archive.remote.path == NAMES[0]
    assert [archive.remote.path for archive in unit.others] == [NAMES[1]]


def test_nothing_wanted_is_nothing_read(served: Shelf, host: TarHost, tmp_path: Path):
    assert list(tar_units(host, [], tmp_path)) == []
    assert served.requests == []
