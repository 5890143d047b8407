"""A few images out of an archive of 5,000: what the hosts had to send for them."""

import shutil

import pytest
from support.lab_library import arguments, present, variables
from support.program import cxr

from cxr.lab.lab import Lab
from cxr.transfer.seek_index import SeekIndex, window_of
from cxr.transfer.zip_format import TAIL

IMAGES = 5_000
FEW = 10
ZIP, TAR = "archive.zip", "images_001.tar.gz"
AHEAD = 1 << 20
"""Bytes that a stream may have sent beyond what was wanted: both sides' buffers, and a block."""


@pytest.fixture(scope="module")
def running(tmp_path_factory):
    made = tmp_path_factory.mktemp("made")
    with Lab(images=IMAGES, size=96, pixels="noise", folders=1, folder=made) as lab:
        yield lab


def take(home, lab, host, *selection, expect=FEW):
    """Download into a new library, with the tables at hand; return it and what of the archive was sent."""
    library = home / "L"
    given = () if "--tables" in (typed := arguments(library, host, lab)) else ("--tables", lab.tables)
    lab.reset_accounts()
    cxr(home, *typed, *given, *selection, variables=variables(lab))
    came = present(library)
    wanted = {path.rpartition("/")[2].removesuffix(".png"): path for path in lab.images}
    assert len(came) == expect
    assert all(lab.images[wanted[image_id]] == digest for image_id, digest in came.items())
    sizes = sum(lab.sizes[wanted[image_id]] for image_id in came)
    sent = sum(one.sent for one in lab.requests(host) if one.server in ("kaggle-storage", "box-download"))
    print(f"{host} {selection}: {sent:,} bytes sent for {sizes:,} of images")
    return came, sizes, sent


@pytest.mark.acceptance
@pytest.mark.parametrize("selection", [["--limit", FEW], ["--sample", "random", "--limit", FEW, "--seed", 7]])
def test_a_zip_gives_ten_images_for_less_than_three_times_their_bytes(selection, running, tmp_path):
    """And its directory, which lies within the last bytes that are read to find it."""
    _, sizes, sent = take(tmp_path, running, "kaggle", *selection)
    archive = running.shelf.files[ZIP]
    directory = archive.size - archive.path.read_bytes().find(b"PK\1\2")
    assert directory > TAIL
    assert sent < 3 * sizes + directory + TAIL
    assert sent < archive.size / 10


@pytest.mark.acceptance
def test_a_tar_is_left_after_the_tenth_image(running, tmp_path):
    came, sizes, sent = take(tmp_path, running, "box", "--limit", FEW)
    assert (
        sorted(came) == sorted(path.rpartition("/")[2].removesuffix(".png") for path in running.images)[:FEW]
    )
    assert sizes < sent < sizes + AHEAD
    assert sent < running.shelf.files[TAR].size / 10


@pytest.mark.acceptance
def test_with_a_colleague_s_seek_index_any_ten_images_cost_a_window_each(running, tmp_path):
    first, second = tmp_path / "first", tmp_path / "second"
    first.mkdir()
    take(first, running, "box", expect=IMAGES)
    name = f"{TAR}.seek-index"
    handed = second / "L" / "metadata" / "archives" / "nih"
    handed.mkdir(parents=True)
    shutil.copy(first / "L" / "metadata" / "archives" / "nih" / name, handed)
    assert len(SeekIndex(handed / name).members) == IMAGES
    archive = next(one for one in _archives(running) if one.remote.path == TAR)
    window = window_of(handed, archive)
    assert window is not None
    assert window < running.shelf.files[TAR].size / 10
    came, sizes, sent = take(second, running, "box", "--sample", "random", "--limit", FEW, "--seed", 7)
    assert len(came) == FEW
    print(f"a window of the index has {window:,} bytes")
    assert sent < 3 * sizes + FEW * window


def _archives(running):
    from cxr.datasets import nih
    from cxr.hosts import connect
    from cxr.http import HttpSettings

    host = connect("box", nih.RELEASES["chestxray14"].places["box"], HttpSettings())
    try:
        return host.archives
    finally:
        host.close()
