"""Hostile archives at the hosts: nothing outside the library, memory flat, what is wrong is named."""

import hashlib
import io
import json
import tarfile
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import pytest
from support.changed_labs import bomb, changed_lab, gz_with_zeros, published
from support.lab_library import arguments, failed, present, variables
from support.tar_files import gz, tar_of
from support.watched_runs import watched
from support.zip_files import Ending, Member, archive, deflated

MB = 1 << 20
FLAT = 400 << 10  # KiB
ZIP, TAR = "archive.zip", "images_001.tar.gz"


@dataclass(frozen=True)
class Ran:
    """How a download of everything ended.

    Attributes:
        code: The exit code.
        said: What it printed.
        came: Ids and digests of the images that are there.
        failed: Ids and codes of the others.
        log: All lines of the log.
        home: Where it ran.
    """

    code: int
    said: str
    came: dict
    failed: dict
    log: str
    home: Path


def run(tmp_path, host, content):
    """Download all from a lab with this archive; check what holds whatever it is."""
    home = tmp_path / "home"
    home.mkdir()
    with changed_lab(tmp_path / "lab", {ZIP if host == "kaggle" else TAR: content}) as lab:
        done = watched(home, arguments(home / "L", host, lab), variables(lab))
    assert "Traceback" not in done.said
    assert 0 < done.peak < FLAT
    assert {path.name for path in home.iterdir()} == {"L"}
    assert not (set(Path("/etc").rglob("*.png")) & set(Path("/etc").rglob("0004*")))
    library = home / "L"
    for path in library.rglob("*"):
        assert not path.is_symlink()
        assert path.is_dir() or path.is_file()
        assert path.resolve().is_relative_to(library.resolve())
    assert not [path for path in (library / "temp").rglob("*") if path.is_file()]
    lines = (library / "logs" / "cxr_downloader.json").read_text("utf-8").splitlines()
    assert all(json.loads(line) for line in lines)
    return Ran(done.code, done.said, present(library), failed(library), "\n".join(lines), home)


@pytest.fixture
def images(tmp_path):
    return published(tmp_path / "lab")


def digests(images):
    return {PurePosixPath(path).stem: hashlib.sha256(content).hexdigest() for path, content in images.items()}


# --- Zips -------------------------------------------------------------------------------------------------


def hostile_members(paths, images):
    """Give each of the first images a fault of its own: id to members; the rest is as published."""
    name, content = [path.encode() for path in paths], [images[path] for path in paths]
    leaf = [one.rpartition(b"/")[2] for one in name]
    return {
        "leads out": [Member(b"../" + leaf[0], content[0], 8)],
        "absolute": [Member(b"/etc/" + leaf[1], content[1], 8)],
        "backslash": [Member(b"..\\" + leaf[2], content[2], 8)],
        "link": [Member(name[3], b"/etc/passwd", mode=0o120777)],
        "device": [Member(name[4], b"", mode=0o060644)],
        "bomb": [Member(name[5], bytes(200 * MB), 8, raw=bomb(200 * MB))],
        "bomb that lies": [Member(name[6], b"", 8, raw=bomb(200 * MB), size=9, local_size=9)],
        "too small": [Member(name[7], content[7], 8, size=100, local_size=100)],
        "beyond the end": [Member(name[8], content[8], 8, offset=1 << 31)],
        "beyond the next": [Member(name[9], content[9], 0, compressed=9_000, size=9_000)],
        "other bytes": [Member(name[10], content[10][:-1] + b"x", 8, raw=deflated(content[10]))],
        "encrypted": [Member(name[11], content[11], 8, flags=1)],
        "twice": [Member(name[12], content[12], 8), Member(name[12], content[13], 8)],
        "other name inside": [Member(name[13], content[13], 8, local_name=b"x" * len(name[13]))],
        "other method": [Member(name[14], content[14], 99)],
    }


def test_each_hostile_member_of_a_zip_is_named_and_the_others_come(tmp_path, images):
    paths = list(images)
    hostile = hostile_members(paths, images)
    members = [member for several in hostile.values() for member in several]
    members += [Member(path.encode(), images[path], 8) for path in paths[len(hostile) :]]
    ran = run(tmp_path, "kaggle", archive(members))
    ids = [PurePosixPath(path).stem for path in paths]
    assert ran.code == 1
    assert ran.came == {one: digest for one, digest in digests(images).items() if one in ids[len(hostile) :]}
    # The first three have names that no file below a folder has: they are left out, and the log names them.
    assert [ran.failed.get(one) for one in ids[: len(hostile)]] == [
        *(None, None, None),
        *("not_a_file", "not_a_file", "not_an_image", "size_differs", "size_differs"),
        *("directory_damaged", "overlapping_members", "hash_differs", "encrypted", "repeated_member"),
        *("header_differs", "unsupported"),
    ]
    assert len(ran.failed) == len(hostile) - 3
    for image_id in ids[:3]:
        assert image_id in ran.log


def test_a_zip_of_70_000_members_gives_its_images(tmp_path, images):
    junk = (Member(b"images_001/images/%08d.txt" % number, b"x") for number in range(70_000 - len(images)))
    members = [*junk, *(Member(path.encode(), content, 8) for path, content in images.items())]
    ran = run(tmp_path, "kaggle", archive(members, Ending(zip64=True)))
    assert ran.code == 0
    assert ran.came == digests(images)


@pytest.mark.acceptance
def test_ten_gigabytes_in_a_zip(tmp_path, images):
    first, second, *rest = images
    size = 10 << 30
    packed = bomb(size)
    assert len(packed) < 12 * MB
    members = [Member(first.encode(), b"", 8, raw=packed, size=size, zip64=True)]
    members += [Member(second.encode(), b"", 8, raw=packed, size=len(images[second]))]
    members += [Member(path.encode(), images[path], 8) for path in rest]
    ran = run(tmp_path, "kaggle", archive(members))
    assert ran.code == 1
    assert set(ran.failed) == {PurePosixPath(path).stem for path in (first, second)}
    assert len(ran.came) == len(rest)


# --- Tars -------------------------------------------------------------------------------------------------


def entry(name, kind=tarfile.REGTYPE, link="", size=0):
    info = tarfile.TarInfo(name)
    info.type, info.linkname, info.size = kind, link, size
    return info


def inside(path):
    return path.partition("/")[2]  # images_001.tar.gz holds images/...


def test_each_hostile_member_of_a_tar_is_named_and_the_others_come(tmp_path, images):
    paths = list(images)
    names = [inside(path) for path in paths]
    leaf = [PurePosixPath(name).name for name in names]
    hostile = [
        (f"../images/{leaf[0]}", images[paths[0]]),
        (f"/etc/{leaf[1]}", images[paths[1]]),
        (entry(names[2], tarfile.SYMTYPE, "/etc/passwd"), b""),
        (entry(names[3], tarfile.LNKTYPE, names[20]), b""),
        (entry(names[4], tarfile.CHRTYPE), b""),
        (entry(names[5], tarfile.BLKTYPE), b""),
        (entry(names[6], tarfile.FIFOTYPE), b""),
        (entry(names[7], tarfile.DIRTYPE), b""),
        (names[8], images[paths[8]][:-20]),
        (names[9], b"MZ" + images[paths[9]]),
        (names[10], b""),
    ]
    healthy = [(inside(path), images[path]) for path in paths[len(hostile) :]]
    again = [(healthy[0][0], healthy[1][1])]
    ran = run(tmp_path, "box", gz(tar_of([*hostile, *healthy, *again])))
    ids = [PurePosixPath(path).stem for path in paths]
    assert ran.code == 1
    assert ran.came == {one: digest for one, digest in digests(images).items() if one in ids[len(hostile) :]}
    assert set(ran.failed) == set(ids[: len(hostile)])
    for name in (
        *(f"images/{leaf[number]}" for number in (0, 2, 3, 4, 5, 6)),
        f"/etc/{leaf[1]}",
        "there again",
    ):
        assert name in ran.log


@pytest.mark.acceptance
def test_a_tar_of_70_000_members_gives_its_images(tmp_path, images):
    junk = [(f"images/{number:08d}.txt", b"") for number in range(70_000 - len(images))]
    ran = run(tmp_path, "box", gz(tar_of([*junk, *((inside(path), one) for path, one in images.items())]), 1))
    assert ran.code == 0
    assert ran.came == digests(images)


@pytest.mark.parametrize("size", [300 * MB, pytest.param(10 << 30, marks=pytest.mark.acceptance)])
def test_a_bomb_in_a_tar_costs_the_images_behind_it_at_most(size, tmp_path, images):
    """They cannot be reached but through it; that they were not is told of each of them."""
    paths = list(images)
    before, after = paths[:12], paths[13:]
    opening = tar_of((inside(path), images[path]) for path in before).rstrip(b"\0")
    opening += bytes(-len(opening) % 512)
    opening += entry(inside(paths[12]), size=size).tobuf(tarfile.GNU_FORMAT)
    ending = tar_of((inside(path), images[path]) for path in after)
    packed = gz_with_zeros(opening, size, ending)
    assert len(packed) < 12 * MB
    with tarfile.open(fileobj=io.BytesIO(packed), mode="r:gz") as readable:
        assert len([readable.next() for _ in range(13)]) == 13
    ran = run(tmp_path, "box", packed)
    ids = [PurePosixPath(path).stem for path in paths]
    assert ran.code == 1
    assert set(ids[:12]) <= set(ran.came)
    assert ids[12] in ran.failed
    assert set(ran.came) | set(ran.failed) == set(ids)
    assert ran.came.items() <= digests(images).items()
