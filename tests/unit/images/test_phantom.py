"""Phantoms are pure functions of three numbers, and show what their truth says.

``python tests/unit/images/test_phantom.py`` writes the golden values anew, after a change that is meant.
"""

import dataclasses
import hashlib
import json
import platform
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cxr.errors import UsageError
from cxr.images.inspect import inspect
from cxr.images.phantom import FIELD_MM, FINDINGS, describe
from cxr.images.phantom.render import encode, render
from cxr.images.phantom.thorax import Thorax

GOLDEN = Path(__file__).parent / "golden" / "phantoms.json"
MADE = [(42, 0, 512), (42, 13, 512), (42, 26, 256), (7, 21, 333)]
MANY = [describe(42, index, 256) for index in range(600)]

numbers = st.integers(0, 2**40)


def thumbnail(picture):
    """Return 16 by 16 means, computed in float64."""
    parts = np.array_split(picture.astype(np.float64), 16)
    return np.array([[block.mean() for block in np.array_split(part, 16, axis=1)] for part in parts])


def measured(seed, index, size):
    picture = render(describe(seed, index, size))
    return {
        "seed": seed,
        "index": index,
        "size": size,
        "sha256": hashlib.sha256(picture.tobytes()).hexdigest(),
        "thumbnail": np.round(thumbnail(picture), 2).tolist(),
    }


def here():
    return {"system": platform.system(), "machine": platform.machine(), "opencv": cv2.__version__}


def golden():
    return json.loads(GOLDEN.read_text("utf-8"))


@pytest.mark.parametrize("expected", golden()["phantoms"], ids=lambda one: f"{one['seed']}-{one['index']}")
def test_a_phantom_is_the_one_that_it_always_was(expected):
    """Within a grey level everywhere; to the bit on the kind of machine that wrote the golden values."""
    found = measured(expected["seed"], expected["index"], expected["size"])
    assert np.abs(np.array(found["thumbnail"]) - np.array(expected["thumbnail"])).max() < 1
    if golden()["machine"] == here():
        assert found["sha256"] == expected["sha256"]


@settings(max_examples=25, deadline=None)
@given(seed=numbers, index=numbers, size=st.integers(16, 100))
def test_the_same_numbers_give_the_same_phantom(seed, index, size):
    """Whatever was made in between."""
    first = encode(describe(seed, index, size))
    encode(describe(seed + 1, index + 3, size))
    assert encode(describe(seed, index, size)) == first


def test_other_numbers_give_another_phantom():
    pictures = [render(describe(*key, 64)).tobytes() for key in ((1, 0), (1, 1), (2, 0), (0, 1), (0, 2))]
    assert len(set(pictures)) == len(pictures)


def test_at_another_size_it_is_the_same_picture():
    small, large = (thumbnail(render(describe(42, 8, size))) for size in (192, 768))
    # Lines one pixel wide and the marker's words do not shrink in proportion.
    assert np.abs(small - large).mean() < 2


@pytest.mark.parametrize("size", [16, 17, 64, 333, 1100])
def test_the_file_is_a_whole_grey_png_of_that_size_with_the_pixels_painted(size):
    truth = describe(3, 5, size)
    data = encode(truth)
    found = inspect(data)
    assert (found.fault, found.width, found.height, found.bit_depth) == (None, size, size, 8)
    pixels = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)
    assert np.array_equal(pixels, render(truth))


@pytest.mark.parametrize(("seed", "index", "size"), [(-1, 0, 64), (0, -1, 64), (0, 0, 15), (0, 0, 4097)])
def test_what_cannot_be_made_is_refused_with_the_next_step(seed, index, size):
    with pytest.raises(UsageError) as refused:
        describe(seed, index, size)
    assert refused.value.next_step


def test_a_patient_has_one_to_four_images_in_a_row_of_the_same_body():
    images = {}
    for truth in MANY:
        images.setdefault(truth.patient, []).append(truth)
    assert {len(one) for one in images.values()} == {1, 2, 3, 4}
    for patient, own in images.items():
        assert [truth.index for truth in own] == list(range(patient, patient + len(own)))
        assert [truth.visit for truth in own] == list(range(1, len(own) + 1))
        assert len({(truth.body, truth.sex) for truth in own}) == 1
        assert [truth.age for truth in own] == sorted(truth.age for truth in own)


def test_people_and_films_vary_as_they_do():
    views = [truth.view for truth in MANY]
    assert 0.2 < views.count("AP") / len(views) < 0.4
    assert 0.35 < sum(truth.sex == "F" for truth in MANY) / len(MANY) < 0.6
    assert all(18 <= truth.age <= 95 for truth in MANY)
    assert len({truth.pose for truth in MANY}) == len({truth.film for truth in MANY}) == len(MANY)


@pytest.mark.parametrize("finding", FINDINGS)
def test_each_finding_occurs_and_is_missing(finding):
    share = sum(finding in truth.findings for truth in MANY) / len(MANY)
    assert 0.04 < share < 0.5


def test_some_images_show_nothing_at_all():
    assert 0.15 < sum(not truth.findings for truth in MANY) / len(MANY) < 0.6


@settings(max_examples=200, deadline=None)
@given(seed=numbers, index=numbers)
def test_a_heart_is_clearly_large_or_clearly_not(seed, index):
    """The ratio is measured on the curves that are painted, not read from the parameter."""
    truth = describe(seed, index, 64)
    thorax = Thorax(truth.body, truth.pose)
    y = np.linspace(thorax.pose.apex, thorax.floor, 2000)
    heart = [thorax.mediastinum(y, side)[thorax.level(y) > 0.5].max() for side in (-1, 1)]
    chest = [thorax.outer(y, side).max() for side in (-1, 1)]
    ratio = sum(heart) / sum(chest)
    assert ratio == pytest.approx(truth.body.ctr, abs=0.01)
    assert ratio > 0.55 if truth.cardiomegaly else ratio < 0.5
    assert ("Cardiomegaly" in truth.findings) == truth.cardiomegaly


@settings(max_examples=200, deadline=None)
@given(seed=numbers, index=numbers)
def test_every_box_has_an_extent_within_the_image(seed, index):
    truth = describe(seed, index, 64)
    for finding, box in truth.regions:
        assert finding in FINDINGS
        assert 0 <= box.left < box.right <= 1
        assert 0 <= box.top < box.bottom <= 1


@settings(max_examples=200, deadline=None)
@given(seed=numbers, index=numbers)
def test_nodules_measure_what_they_should_and_lie_in_a_lung(seed, index):
    truth = describe(seed, index, 64)
    thorax = Thorax(truth.body, truth.pose)
    for nodule in truth.nodules:
        assert 10 <= 2 * nodule.radius * FIELD_MM <= 30
        side = 1 if nodule.x > thorax.midline(nodule.y) else -1
        out = abs(nodule.x - float(thorax.midline(nodule.y)))
        assert out + nodule.radius < thorax.outer(nodule.y, side)
        assert out - nodule.radius > thorax.mediastinum(nodule.y, side)
        assert nodule.y + nodule.radius < thorax.diaphragm(out, side)


PAINTED = {
    "Consolidation": ("consolidations", +1),
    "Effusion": ("effusions", +1),
    "Nodule": ("nodules", +1),
    "Pneumothorax": ("pneumothoraces", -1),
    "Support Devices": ("devices", +1),
}


@pytest.mark.parametrize("finding", PAINTED)
def test_what_the_truth_says_is_painted_and_where_its_box_is(finding):
    """Against the same phantom without it: it changes pixels by more than the film's noise, in its boxes."""
    field, sign = PAINTED[finding]
    shown = [truth for truth in MANY if finding in truth.findings][:6]
    for truth in shown:
        with_it = render(truth).astype(int)
        change = with_it - render(dataclasses.replace(truth, **{field: ()})).astype(int)
        boxed = np.zeros(change.shape, bool)
        for name, box in truth.regions:
            if name == finding:
                left, top, right, bottom = (round(edge * truth.size) for edge in box)
                # Two pixels for the blur, and what rounds to the next one.
                boxed[max(top - 2, 0) : bottom + 3, max(left - 2, 0) : right + 3] = True
                assert (sign * change[top:bottom, left:right] > 10).sum() > 8, (truth.index, box)
        # The display evens out broad differences, so what lies beside a dense finding turns a little darker.
        strong = sign * change > 14
        assert boxed[strong].mean() > 0.97, truth.index


def test_a_larger_heart_is_painted_larger():
    truth = next(one for one in MANY if one.cardiomegaly and not one.devices and not one.effusions)
    usual = dataclasses.replace(truth, body=dataclasses.replace(truth.body, ctr=0.43))
    change = render(truth).astype(int) - render(usual).astype(int)
    box = next(box for finding, box in truth.regions if finding == "Cardiomegaly")
    left, top, right, bottom = (round(edge * truth.size) for edge in box)
    assert (change > 15).sum() > 200
    assert (change[top - 3 : bottom + 3, left - 3 : right + 3] > 15).sum() > 0.95 * (change > 15).sum()


def test_a_picture_is_dark_in_the_lungs_and_beside_the_body_and_bright_below_the_diaphragm():
    for truth in MANY[:12]:
        picture, thorax = render(truth), Thorax(truth.body, truth.pose)
        assert 90 < picture.mean() < 190
        x, y = thorax.at(-1, 0.12, 0.55)
        lung = np.median(picture[int(y * 256) - 6 : int(y * 256) + 6, int(x * 256) - 6 : int(x * 256) + 6])
        belly = np.median(picture[int(thorax.floor * 256) + 8 :, 110:146])
        assert lung + 40 < belly


if __name__ == "__main__":
    GOLDEN.write_text(
        json.dumps({"machine": here(), "phantoms": [measured(*key) for key in MADE]}) + "\n", "utf-8"
    )
