"""The lab's patients are published as NIH publishes its own."""

from functools import cache
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cxr.datasets import Published, nih
from cxr.errors import UsageError
from cxr.lab import nih as lab_nih
from cxr.lab.nih import BOXED, NO_FINDING, Contents, shares
from cxr.lab.pixels import png
from cxr.lab.tables import texts
from cxr.model import State

NOISE = Contents(images=300, size=32, pixels="noise")
PHANTOMS = Contents(images=300, size=32)
describe_images = cache(lab_nih.describe_images)


def test_all_images_lie_in_the_folders_as_published():
    assert shares(112_120, 12) == [4_999, *[10_000] * 10, 7_121]


@given(images=st.integers(1, 200_000), folders=st.integers(1, 12))
def test_every_folder_holds_an_image_and_no_image_is_left_over(images, folders):
    split = shares(images, folders)
    assert len(split) == min(images, folders)
    assert sum(split) == images
    assert min(split) >= 1


@pytest.mark.parametrize("contents", [NOISE, PHANTOMS], ids=["noise", "phantoms"])
class TestPatients:
    def test_no_name_is_that_of_a_real_patient(self, contents):
        assert min(image.patient for image in describe_images(contents)) > 40_000

    def test_names_are_sorted_over_the_folders(self, contents):
        paths = [image.path for image in describe_images(contents)]
        assert paths == sorted(set(paths))
        assert {path[:10] for path in paths} == {f"images_{number:03d}" for number in range(1, 13)}

    def test_the_official_lists_share_no_patient(self, contents):
        images = describe_images(contents)
        test = {image.patient for image in images if image.test}
        train = {image.patient for image in images if not image.test}
        assert test
        assert train
        assert not test & train

    def test_a_patient_has_several_images_with_one_sex(self, contents):
        sexes: dict[int, list[str]] = {}
        for image in describe_images(contents):
            sexes.setdefault(image.patient, []).append(image.sex)
        assert max(map(len, sexes.values())) > 2
        assert all(len(set(each)) == 1 for each in sexes.values())

    def test_follow_ups_of_v2020_are_in_another_order_than_the_names_at_times(self, contents):
        images = describe_images(contents)
        differing = [image for image in images if image.follow_up != image.number]
        assert 0.05 < len(differing) / len(images) < 0.5
        for patient in {image.patient for image in images}:
            own = [image for image in images if image.patient == patient]
            assert sorted(image.follow_up for image in own) == list(range(len(own)))
            in_time = sorted(own, key=lambda image: image.follow_up)
            assert [image.age for image in in_time] == sorted(image.age for image in own)

    def test_only_test_images_have_boxes_and_of_what_they_show(self, contents):
        boxed = [image for image in describe_images(contents) if image.boxes]
        assert boxed
        for image in boxed:
            assert image.test
            assert {box.finding for box in image.boxes} <= {BOXED.get(label) for label in image.labels}


@pytest.mark.parametrize("form", ["Data_Entry_2017.csv", "Data_Entry_2017_v2020.csv"])
@pytest.mark.parametrize("contents", [NOISE, PHANTOMS], ids=["noise", "phantoms"])
def test_the_tables_are_read_as_those_of_nih(contents, form, tmp_path):
    """What is told is the one age that no patient has, which the first form is known for."""
    images = describe_images(contents)
    for name, text in texts(images).items():
        (tmp_path / name).write_text(text, "utf-8")
    tables = {"entries": tmp_path / form, "boxes": tmp_path / "BBox_List_2017.csv"}
    tables |= {"train_val": tmp_path / "train_val_list.txt", "test": tmp_path / "test_list.txt"}
    problems = []
    records = list(nih.read(Published("chestxray14", tables), problems.append))
    old = form == "Data_Entry_2017.csv"
    assert [problem.code for problem in problems] == (["age_implausible"] if old else [])
    assert [Path(record.published_path).name for record in records] == [image.name for image in images]
    assert [record.official_split for record in records] == [
        "test" if image.test else "train_val" for image in images
    ]
    assert [len(record.regions) for record in records] == [len(image.boxes) for image in images]
    assert {record.table_release for record in records} == {"2017" if old else "v2020"}
    for image, record in zip(images, records, strict=True):
        stated = nih.LABELLERS[0].expand(record.statements[0].codes)
        positive = {one.finding.published for one in stated if one.state is State.POSITIVE}
        assert positive == set(image.labels)


def test_labels_of_phantoms_say_what_is_painted():
    from cxr.images.phantom import describe

    for image in describe_images(PHANTOMS):
        painted = set(describe(0, image.index, 32).findings) - {"Support Devices"}
        assert set(image.labels) == (painted or {NO_FINDING})


def test_tables_have_the_habits_of_the_published_ones():
    tables = texts(describe_images(NOISE))
    header, first, *_ = tables["Data_Entry_2017.csv"].split("\n")
    assert header.endswith("OriginalImagePixelSpacing[x,y],")
    assert first.endswith(",")
    assert len(first.split(",")) == 12
    assert len(tables["Data_Entry_2017_v2020.csv"].split("\n")[0].split(",")) == 11
    assert "0.14300000000000002" in tables["Data_Entry_2017_v2020.csv"]
    assert tables["BBox_List_2017.csv"].startswith("Image Index,Finding Label,Bbox [x,y,w,h],,,\n")
    assert "Infiltration" not in tables["BBox_List_2017.csv"]
    assert "Infiltrate" in tables["BBox_List_2017.csv"]
    assert not tables["test_list.txt"].endswith("\n")
    assert not tables["train_val_list.txt"].endswith("\n")


@pytest.mark.parametrize("contents", [NOISE, Contents(images=6, size=64)], ids=["noise", "phantoms"])
def test_a_few_images_are_rgba_with_equal_channels_and_no_transparency(contents):
    import cv2
    import numpy as np

    images = describe_images(contents)
    assert 0 < sum(image.rgba for image in images) < len(images) / 4
    colours = next(image for image in images if image.rgba)
    pixels = cv2.imdecode(np.frombuffer(png(contents, colours), np.uint8), cv2.IMREAD_UNCHANGED)
    assert pixels.shape == (contents.size, contents.size, 4)
    assert (pixels[..., 3] == 255).all()
    assert (pixels[..., 0] == pixels[..., 1]).all()
    assert (pixels[..., 0] == pixels[..., 2]).all()
    assert len(np.unique(pixels[..., 0])) > 20
    grey = cv2.imdecode(np.frombuffer(png(contents, images[0]), np.uint8), cv2.IMREAD_UNCHANGED)
    assert grey.shape == (contents.size, contents.size)


def test_no_two_images_of_noise_are_alike():
    images = describe_images(NOISE)
    assert len({png(NOISE, image) for image in images}) == len(images)


def test_another_seed_gives_other_patients_and_pixels():
    other = Contents(images=300, size=32, seed=1, pixels="noise")
    assert texts(describe_images(other)) != texts(describe_images(NOISE))
    assert png(other, describe_images(other)[0]) != png(NOISE, describe_images(NOISE)[0])


@pytest.mark.parametrize(
    "wrong",
    [{"images": 0}, {"folders": 0}, {"folders": 13}, {"size": 8}, {"seed": -1}, {"pixels": "paint"}],
    ids=str,
)
def test_contents_that_cannot_be_are_refused(wrong):
    with pytest.raises(UsageError):
        Contents(**wrong)
