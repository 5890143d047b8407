"""Where an image's pixels go when it is made smaller."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cxr.images.placement import Fit, place
from cxr.model import Region

SIDES = st.integers(1, 6000)
SIZES = st.integers(1, 3000)


def box(x, y, width, height, frame):
    return Region("Mass", "mass", "nih_boxes", x, y, width, height, *frame)


@pytest.mark.parametrize(
    ("fit", "frame"),
    [
        (Fit.SHORT, (512, 615)),
        (Fit.LONG, (426, 512)),
        (Fit.PAD, (512, 512)),
        (Fit.CROP, (512, 512)),
    ],
)
def test_a_size_is_that_of_the_side_it_is_meant_for(fit, frame):
    placed = place(2544, 3056, 512, fit)
    assert (placed.frame_width, placed.frame_height) == frame


@given(SIDES, SIDES, SIZES, st.sampled_from([Fit.SHORT, Fit.LONG]))
def test_no_side_grows_and_the_proportions_stay(width, height, size, fit):
    placed = place(width, height, size, fit)
    assert (placed.left, placed.top) == (0, 0)
    assert placed.frame_width <= width
    assert placed.frame_height <= height
    assert abs(placed.frame_width * height - placed.frame_height * width) <= max(width, height)


@given(SIDES, SIDES, SIZES, st.sampled_from([Fit.PAD, Fit.CROP]))
def test_a_square_is_of_the_size_asked_for_and_holds_no_enlarged_pixel(width, height, size, fit):
    placed = place(width, height, size, fit)
    assert (placed.frame_width, placed.frame_height) == (size, size)
    assert placed.scaled_width <= width
    assert placed.scaled_height <= height
    if fit is Fit.PAD:
        assert 0 <= placed.left <= size - placed.scaled_width
        assert 0 <= placed.top <= size - placed.scaled_height


def test_an_image_that_is_small_already_stays_as_it_is():
    assert not place(500, 400, 512, Fit.LONG).changes
    assert not place(512, 700, 512, Fit.SHORT).changes
    assert place(500, 400, 512, Fit.PAD).changes


@given(SIDES, SIDES, SIZES, st.sampled_from([Fit.SHORT, Fit.LONG, Fit.PAD]))
def test_the_whole_image_as_a_region_stays_the_whole_image(width, height, size, fit):
    placed = place(width, height, size, fit)
    carried = placed.carried(box(0, 0, width, height, (width, height)))
    assert (carried.x, carried.y) == (placed.left, placed.top)
    assert (carried.width, carried.height) == pytest.approx((placed.scaled_width, placed.scaled_height))
    assert (carried.frame_width, carried.frame_height) == (placed.frame_width, placed.frame_height)


def test_corners_go_to_corners():
    carried = place(1024, 1024, 512, Fit.SHORT).carried(box(100, 200, 300, 50, (1024, 1024)))
    assert (carried.x, carried.y, carried.width, carried.height) == (50, 100, 150, 25)


def test_what_a_crop_cuts_off_is_cut_off_a_region():
    placed = place(1000, 2000, 500, Fit.CROP)  # 500 x 1000, of which rows 250 to 750 are left
    carried = placed.carried(box(0, 400, 1000, 400, (1000, 2000)))
    assert (carried.x, carried.y, carried.width, carried.height) == (0, 0, 500, 150)
    assert placed.carried(box(0, 0, 1000, 400, (1000, 2000))) is None


def test_a_region_of_another_frame_is_no_region_of_this_image():
    with pytest.raises(ValueError, match="1024 x 1024"):
        place(2048, 2048, 512, Fit.LONG).carried(box(0, 0, 10, 10, (1024, 1024)))
