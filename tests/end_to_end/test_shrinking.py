"""`cxr download --resize --fit --format`: smaller images, with what their hosts have kept in the index."""

import hashlib
import sqlite3
from contextlib import closing

import cv2
import numpy as np
import pytest
from support.lab_library import download, variables
from support.labs import lab
from support.nih_folder import make_nih_folder
from support.program import cxr, cxr_json

IMAGES = 12
SIDE = 96
SMALL = ("--resize", 32, "--format", "jpeg")


@pytest.fixture(scope="module")
def running():
    with lab(images=IMAGES, size=SIDE, folders=3) as one:
        yield one


def query(library, sql):
    with closing(sqlite3.connect(library / "metadata" / "master_index.db")) as database:
        return database.execute(sql).fetchall()


def captions(library):
    return {one.name: one.read_bytes() for one in (library / "captions").iterdir()}


@pytest.fixture(scope="module", params=["kaggle", "box"])
def pair(request, running, tmp_path_factory):
    """A library as published, and one with smaller images, from the same host."""
    home = tmp_path_factory.mktemp(request.param)
    download(home, home / "published", request.param, running)
    download(home, home / "small", request.param, running, *SMALL, "--fit", "short")
    return home / "published", home / "small", request.param


def test_the_index_keeps_what_the_host_has(pair):
    published, small, _ = pair
    as_published = query(published, "SELECT image_id, sha256, bytes, width, height FROM images")
    told = query(
        small,
        "SELECT image_id, o.sha256, o.bytes, o.width, o.height FROM images i JOIN originals o ON image = id",
    )
    assert sorted(told) == sorted(as_published)
    assert len(told) == IMAGES


def test_images_have_the_size_asked_for_and_their_rows_say_so(pair):
    _, small, _ = pair
    rows = query(small, "SELECT image_path, width, height, bytes, sha256, pixel_processing FROM images")
    assert len(rows) == IMAGES
    for path, width, height, size, sha256, processing in rows:
        data = (small / path).read_bytes()
        assert path.endswith(".jpg")
        assert (size, sha256) == (len(data), hashlib.sha256(data).hexdigest())
        assert min(cv2.imread(str(small / path), cv2.IMREAD_UNCHANGED).shape[:2]) == 32
        assert min(width, height) == 32
        assert "by cxr: reduced by area to 32 pixels on the shorter side, written as JPEG" in processing


def test_captions_are_those_of_the_published_images(pair):
    published, small, _ = pair
    assert captions(small) == captions(published)


def test_nothing_comes_twice_and_validation_passes(pair, running, tmp_path):
    _, small, host = pair
    running.reset_accounts()
    again = cxr_json(
        *(tmp_path, "download", "--source", "nih", "--host", host, "--base-dir", small, "--resize", 32),
        *("--format", "jpeg"),
        variables=variables(running),
    )
    assert (again["downloaded"], again["already"]) == (0, IMAGES)
    cxr(tmp_path, "validate", "--source", "nih", "--base-dir", small)


def test_another_form_is_refused_before_anything_changes(pair, running, tmp_path):
    _, small, host = pair
    before = query(small, "SELECT count(*) FROM runs")
    for form in ((), ("--resize", 48), ("--resize", 32)):
        typed = ("download", "--source", "nih", "--host", host, "--base-dir", small, *form)
        told = cxr(tmp_path, *typed, variables=variables(running), expect=2).stderr
        assert "A library holds a dataset in one form" in told
        assert "--resume" in told
    assert query(small, "SELECT count(*) FROM runs") == before


def test_a_damaged_one_is_made_again(pair, running, tmp_path):
    _, small, _ = pair
    victim = next(iter(sorted((small / "Images").iterdir())))
    sound = victim.read_bytes()
    victim.write_bytes(sound[:-200])
    typed = ("validate", "--source", "nih", "--base-dir", small, "--repair")
    cxr(tmp_path, *typed, variables=variables(running))
    assert victim.read_bytes() == sound


def test_the_last_selection_again_is_of_the_same_form(running, tmp_path):
    library = tmp_path / "L"
    download(tmp_path, library, "kaggle", running, "--resize", 32, "--fit", "pad", "--limit", 4)
    min((library / "Images").iterdir()).unlink()
    typed = ("download", "--source", "nih", "--base-dir", library, "--resume")
    assert cxr_json(tmp_path, *typed, variables=variables(running))["downloaded"] == 1
    shapes = {cv2.imread(str(one), cv2.IMREAD_UNCHANGED).shape for one in (library / "Images").iterdir()}
    assert shapes == {(32, 32)}


def test_boxes_go_with_their_images_corner_to_corner(tmp_path):
    made = tmp_path / "made"
    cxr(tmp_path, "download", "--source", "synthetic", "--limit", 40, "--size", 256, "--base-dir", made)
    cxr(
        *(tmp_path, "download", "--source", "synthetic", "--limit", 40, "--size", 256, "--base-dir"),
        *(tmp_path / "small", "--resize", 64, "--fit", "crop"),
    )
    sql = (
        "SELECT i.image_id, r.finding, r.x, r.y, r.width, r.height, r.frame_width, r.frame_height "
        "FROM {} r JOIN images i ON i.id = r.image ORDER BY i.image_id, r.x, r.y"
    )
    published = query(made, sql.format("regions_in_images"))
    assert published
    assert published == query(made, sql.format("regions"))
    assert published == query(tmp_path / "small", sql.format("regions"))
    carried = query(tmp_path / "small", sql.format("regions_in_images"))
    assert carried == [
        (image, finding, *(pytest.approx(edge / 4) for edge in box), 64, 64)
        for image, finding, *box, _, _ in published
    ]


def test_a_copy_is_read_and_never_linked(tmp_path):
    copy, library = make_nih_folder(tmp_path / "copy", 24), tmp_path / "L"
    cxr(tmp_path, "download", "--source", "nih", "--from", copy, "--base-dir", library, "--resize", 16)
    for one in (library / "Images").iterdir():
        assert one.stat().st_nlink == 1
        assert min(cv2.imread(str(one), cv2.IMREAD_UNCHANGED).shape[:2]) == 16


def test_an_image_of_which_nothing_can_be_made_is_named_and_the_run_goes_on(tmp_path):
    folder = tmp_path / "pictures"
    folder.mkdir()
    rng = np.random.default_rng(3)
    for name in ("good", "cut"):
        cv2.imwrite(str(folder / f"{name}.png"), rng.integers(0, 255, (80, 80), np.uint8))
    sound = (folder / "cut.png").read_bytes()
    middle = len(sound) // 2
    (folder / "cut.png").write_bytes(sound[:middle] + bytes([sound[middle] ^ 1]) + sound[middle + 1 :])
    library = tmp_path / "L"
    typed = ("download", "--source", "local", "--from", folder, "--base-dir", library, "--resize", 40)
    assert cxr_json(tmp_path, *typed, "--yes", expect=1)["failed"] == 1
    assert [one.name for one in (library / "Images").iterdir()] == ["local_good.png"]
    assert "cut" in (library / "metadata" / "failed_images.txt").read_text("utf-8")
    assert not list((library / "temp").iterdir())
