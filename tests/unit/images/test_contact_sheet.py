"""A contact sheet shows what is there, crosses out what is not, and is whole or absent."""

import cv2
import numpy as np
import pytest

from cxr.errors import StorageError, UsageError
from cxr.images.contact_sheet import contact_sheet


def written(path, pixels):
    assert cv2.imwrite(str(path), pixels)
    return path


def grey(sheet):
    return cv2.imread(str(sheet), cv2.IMREAD_UNCHANGED)


def tiles(sheet, columns, tile=224, lines=1):
    """Return the tiles of a sheet in reading order."""
    pixels, high, wide = grey(sheet), tile + 16 * lines + 12, tile + 8
    rows = (pixels.shape[0] - 8) // high
    return [
        pixels[r * high + 8 : r * high + 8 + tile, c * wide + 8 : c * wide + 8 + tile]
        for r in range(rows)
        for c in range(columns)
    ]


def test_images_stand_in_order_with_their_grey(tmp_path):
    images = [written(tmp_path / f"{v}.png", np.full((300, 300), v, np.uint8)) for v in (40, 120, 200)]
    contact_sheet(images, ["a", "b", "c"], tmp_path / "sheet.png", columns=2)
    found = tiles(tmp_path / "sheet.png", 2)
    assert [int(tile.mean()) for tile in found[:3]] == [40, 120, 200]
    assert grey(tmp_path / "sheet.png").ndim == 2


def test_thumbnails_are_averaged_by_area(tmp_path):
    """Stripes one pixel wide become an even grey, not a pattern."""
    stripes = np.tile(np.array([0, 255], np.uint8), (448, 224))
    contact_sheet([written(tmp_path / "s.png", stripes)], ["s"], tmp_path / "sheet.png")
    [tile] = tiles(tmp_path / "sheet.png", 1)
    assert np.abs(tile.astype(int) - 127).max() <= 1


def test_the_shape_is_kept(tmp_path):
    wide = written(tmp_path / "w.png", np.full((100, 400), 200, np.uint8))
    contact_sheet([wide], ["w"], tmp_path / "sheet.png")
    [tile] = tiles(tmp_path / "sheet.png", 1)
    assert (tile == 200).sum() == 224 * 56


def test_sixteen_bits_and_colour_are_shown(tmp_path):
    deep = written(tmp_path / "deep.png", np.full((64, 64), 4000, np.uint16))
    colour = written(tmp_path / "colour.png", np.full((64, 64, 3), 90, np.uint8))
    contact_sheet([deep, colour], ["deep", "colour"], tmp_path / "sheet.png")
    assert [int(tile.mean()) for tile in tiles(tmp_path / "sheet.png", 2)] == [255, 90]


@pytest.mark.parametrize("content", [None, b"", b"<html>404</html>", b"\x89PNG\r\n\x1a\n", "cut"])
def test_what_is_not_a_whole_image_becomes_a_cross(tmp_path, capfd, content):
    good = written(
        tmp_path / "good.png", np.arange(256 * 256, dtype=np.uint32).astype(np.uint8).reshape(256, 256)
    )
    bad = tmp_path / "bad.png"
    if content == "cut":
        bad.write_bytes(good.read_bytes()[:-200])
    elif content is not None:
        bad.write_bytes(content)
    contact_sheet([bad, good], ["bad", "good"], tmp_path / "sheet.png")
    crossed, _ = tiles(tmp_path / "sheet.png", 2)
    assert np.median(crossed) == 96
    assert crossed[0, 0] > 200
    assert crossed[112, 112] > 200
    assert capfd.readouterr() == ("", "")


def test_captions_stand_below_cut_to_the_tile_in_any_letters(tmp_path):
    image = written(tmp_path / "i.png", np.zeros((64, 64), np.uint8))
    contact_sheet([image, image], ["short", "Ω" + "x" * 500 + "\nsecond"], tmp_path / "sheet.png", columns=2)
    pixels = grey(tmp_path / "sheet.png")
    strip = pixels[8 + 224 + 2 :]
    assert (strip[:, :232] > 150).any()
    assert (strip[:14, 240:464] > 150).sum() > (strip[:14, :232] > 150).sum()
    assert (strip[20:, 240:464] > 150).any()
    assert not (strip[:, 466:] > 60).any()


def test_no_images_give_an_empty_sheet(tmp_path):
    contact_sheet([], [], tmp_path / "sheet.png")
    assert grey(tmp_path / "sheet.png") is not None


def test_it_is_written_into_new_folders_as_jpeg_too_and_leaves_no_part(tmp_path):
    contact_sheet([], [], tmp_path / "new" / "sheet.JPG")
    assert [file.name for file in (tmp_path / "new").iterdir()] == ["sheet.JPG"]


def test_a_place_that_cannot_be_written_is_an_error_with_the_next_step(tmp_path):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(StorageError) as refused:
        contact_sheet([], [], tmp_path / "file" / "sheet.png")
    assert refused.value.next_step


@pytest.mark.parametrize(("captions", "name"), [(["one too many"], "sheet.png"), ([], "sheet.gif")])
def test_a_call_that_cannot_be_carried_out_is_refused(tmp_path, captions, name):
    with pytest.raises(UsageError):
        contact_sheet([], captions, tmp_path / name)
    assert list(tmp_path.iterdir()) == []
