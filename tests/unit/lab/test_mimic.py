"""The lab's MIMIC-CXR is published as PhysioNet publishes the real one, and shows nobody."""

import csv
import gzip
import hashlib
import io
import re
import zipfile
from collections import Counter
from datetime import date
from itertools import pairwise

import cv2
import numpy as np
import pytest

from cxr.errors import UsageError
from cxr.lab import mimic_shelf as shelves
from cxr.lab.mimic import MimicContents, reading_order, shapes, studies
from cxr.lab.mimic_build import JPG, TEXTS
from cxr.lab.mimic_labels import FINDINGS
from cxr.lab.mimic_reports import report
from cxr.lab.mimic_shelf import mimic_shelf

NOISE = MimicContents(images=600, size=32, pixels="noise")
PHANTOMS = MimicContents(images=12, size=48)
PATH = re.compile(r"files/p(1\d)/p(1\d{7})/s(5\d{7})/([0-9a-f]{8}(?:-[0-9a-f]{8}){4})\.jpg")


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    return mimic_shelf(tmp_path_factory.mktemp("mimic"), NOISE)


@pytest.fixture(scope="module")
def painted(tmp_path_factory):
    return mimic_shelf(tmp_path_factory.mktemp("painted"), PHANTOMS)


def table(made, name, project=JPG):
    """A table's rows as dictionaries, in its order."""
    data = made.projects[project].read(name)
    text = (gzip.decompress(data) if name.endswith(".gz") else data).decode()
    return list(csv.DictReader(io.StringIO(text)))


def metadata(made):
    return table(made, "mimic-cxr-2.0.0-metadata.csv.gz")


class TestTheTree:
    """Which files there are, and under which names."""

    def test_each_project_holds_what_the_published_one_holds(self, made):
        assert list(made.projects[JPG].below("")) == [
            "IMAGE_FILENAMES",
            "LICENSE.txt",
            "README",
            "SHA256SUMS.txt",
            "files/",
            "mimic-cxr-2.0.0-chexpert.csv.gz",
            "mimic-cxr-2.0.0-metadata.csv.gz",
            "mimic-cxr-2.0.0-negbio.csv.gz",
            "mimic-cxr-2.0.0-split.csv.gz",
            "mimic-cxr-2.1.0-test-set-labeled.csv",
        ]
        assert list(made.projects[TEXTS].below("")) == [
            "LICENSE.txt",
            "SHA256SUMS.txt",
            "cxr-provider-list.csv.gz",
            "cxr-record-list.csv.gz",
            "cxr-study-list.csv.gz",
            "files/",
            "mimic-cxr-reports.zip",
        ]

    def test_images_lie_in_ten_folders_under_names_of_the_published_form(self, made):
        matches = [PATH.fullmatch(path) for path in made.images]
        assert len(matches) == 600
        assert all(match and match[2].startswith(match[1]) for match in matches)
        assert {match[1] for match in matches} == {str(number) for number in range(10, 20)}
        assert list(made.projects[JPG].below("files/")) == [f"p{number}/" for number in range(10, 20)]

    def test_the_list_of_images_is_sorted_and_whole(self, made):
        lines = made.projects[JPG].read("IMAGE_FILENAMES").decode().split("\n")
        assert lines == [*sorted(lines[:-1]), ""]
        assert lines[:-1] == made.images

    @pytest.mark.parametrize("project", [JPG, TEXTS])
    def test_the_list_of_checksums_is_that_of_the_bytes_with_one_space_and_without_itself(
        self, made, painted, project
    ):
        for shelf in (made, painted):
            held = shelf.projects[project]
            lines = held.read("SHA256SUMS.txt").decode().splitlines()
            assert all(re.fullmatch(r"[0-9a-f]{64} \S+", line) for line in lines)
            paths = [line[65:] for line in lines]
            assert paths == sorted(paths, key=str.encode)
            assert {*paths, "SHA256SUMS.txt"} == {*held.paths}
            for line in lines:
                assert hashlib.sha256(held.read(line[65:])).hexdigest() == line[:64], line

    def test_sizes_are_told_without_making_an_image(self, made, monkeypatch):
        held = made.projects[JPG]
        path = made.images[3]
        size = len(held.read(path))
        monkeypatch.setattr(shelves, "noise", lambda *_: pytest.fail("made"))
        assert held.size_of(path) == size
        assert held.size > 600 * size / 2

    def test_what_is_not_there_is_not_there(self, made):
        assert "files/p10" not in made.projects[JPG]
        with pytest.raises(KeyError):
            made.projects[JPG].read("mimic-cxr-2.0.0-metadata.csv")
        assert list(made.projects[JPG].below("nowhere/")) == []


class TestTheTables:
    """Columns and habits of the published tables."""

    def test_metadata_has_a_row_for_each_image_in_the_order_of_the_list(self, made):
        rows = metadata(made)
        assert list(rows[0]) == [
            *("dicom_id", "subject_id", "study_id", "PerformedProcedureStepDescription", "ViewPosition"),
            *("Rows", "Columns", "StudyDate", "StudyTime", "ProcedureCodeSequence_CodeMeaning"),
            *("ViewCodeSequence_CodeMeaning", "PatientOrientationCodeSequence_CodeMeaning"),
        ]
        assert made.images == [
            f"files/p{row['subject_id'][:2]}/p{row['subject_id']}/s{row['study_id']}/{row['dicom_id']}.jpg"
            for row in rows
        ]

    def test_times_are_floats_without_their_leading_zeros_and_a_part_with_noise(self, made):
        times = [row["StudyTime"] for row in metadata(made)]
        assert all(0 <= float(time) < 240_000 and re.fullmatch(r"\d{1,6}\.\d+", time) for time in times)
        assert 0.5 > sum(len(time.partition(".")[2]) > 6 for time in times) / len(times) > 0.15
        lost = sum(len(time.partition(".")[0]) < 6 for time in times) / len(times)
        assert 0.8 > lost > 0.2
        assert any(len(time.partition(".")[0]) < 5 for time in times)

    def test_dates_are_days_of_another_century(self, made):
        for row in metadata(made):
            day = row["StudyDate"]
            assert 2105 <= date(int(day[:4]), int(day[4:6]), int(day[6:])).year < 2205

    def test_a_few_views_are_empty_and_some_rare(self, made):
        views = Counter(row["ViewPosition"] for row in metadata(made))
        assert 0.02 < views[""] / 600 < 0.07
        assert {"AP", "PA", "LATERAL", "LL"} < set(views)
        assert {row["ViewCodeSequence_CodeMeaning"] for row in metadata(made)} >= {"", "antero-posterior"}

    def test_the_split_has_its_own_order_of_columns_and_shares_no_patient(self, made):
        rows = table(made, "mimic-cxr-2.0.0-split.csv.gz")
        assert list(rows[0]) == ["dicom_id", "study_id", "subject_id", "split"]
        patients: dict[str, set[str]] = {}
        for row in rows:
            patients.setdefault(row["split"], set()).add(row["subject_id"])
        assert set(patients) == {"train", "validate", "test"}
        assert len(set.union(*patients.values())) == sum(map(len, patients.values()))

    @pytest.mark.parametrize("labeller", ["chexpert", "negbio"])
    def test_labels_are_of_studies_with_four_values_and_a_few_studies_are_left_out(self, made, labeller):
        rows = table(made, f"mimic-cxr-2.0.0-{labeller}.csv.gz")
        assert list(rows[0]) == ["subject_id", "study_id", *sorted(FINDINGS)]
        assert {row[name] for row in rows for name in FINDINGS} == {"1.0", "0.0", "-1.0", ""}
        every = {row["study_id"] for row in metadata(made)}
        labelled = [row["study_id"] for row in rows]
        assert len(labelled) == len(set(labelled))
        assert 0 < len(every - set(labelled)) < 0.05 * len(every)

    def test_where_there_is_no_finding_none_is_positive_or_uncertain(self, made):
        for labeller in ("chexpert", "negbio"):
            rows = table(made, f"mimic-cxr-2.0.0-{labeller}.csv.gz")
            normal = [row for row in rows if row["No Finding"]]
            assert normal
            for row in normal:
                assert row["No Finding"] == "1.0"
                found = {row[name] for name in FINDINGS if name not in ("No Finding", "Support Devices")}
                assert found <= {"", "0.0"}

    def test_radiologists_labelled_the_test_split_without_patients_and_call_one_finding_otherwise(self, made):
        rows = table(made, "mimic-cxr-2.1.0-test-set-labeled.csv")
        assert "subject_id" not in rows[0]
        assert set(rows[0]) == {*FINDINGS, "Airspace Opacity", "study_id"} - {"Lung Opacity"}
        split = {row["study_id"]: row["split"] for row in table(made, "mimic-cxr-2.0.0-split.csv.gz")}
        assert {split[row["study_id"]] for row in rows} == {"test"}
        assert "-1.0" in {row[name] for row in rows for name in row}

    def test_the_second_project_lists_the_same_images_and_studies(self, made):
        records = table(made, "cxr-record-list.csv.gz", TEXTS)
        assert list(records[0]) == ["subject_id", "study_id", "dicom_id", "path"]
        assert [row["path"] for row in records] == [path[:-4] + ".dcm" for path in made.images]
        listed = table(made, "cxr-study-list.csv.gz", TEXTS)
        assert list(listed[0]) == ["subject_id", "study_id", "path"]
        assert [row["path"] for row in listed] == sorted({path[:-49] + ".txt" for path in made.images})
        providers = table(made, "cxr-provider-list.csv.gz", TEXTS)
        assert [row["study_id"] for row in providers] == [row["study_id"] for row in listed]


class TestTheReports:
    """What a section parser meets."""

    def test_the_zip_holds_a_text_for_each_study_and_entries_for_folders_one_of_them_empty(self, made):
        with zipfile.ZipFile(made.projects[TEXTS].folder / "mimic-cxr-reports.zip") as archive:
            assert archive.testzip() is None
            names = archive.namelist()
        texts = [name for name in names if not name.endswith("/")]
        assert texts == [row["path"] for row in table(made, "cxr-study-list.csv.gz", TEXTS)]
        folders = [name for name in names if name.endswith("/")]
        assert len(set(folders)) == len(folders)
        empty = [folder for folder in folders if not any(name.startswith(folder) for name in texts)]
        assert len(empty) == 1
        assert re.fullmatch(r"files/p1\d/p1\d{7}/", empty[0])

    def test_each_is_laid_out_as_the_real_ones(self):
        texts = [report(0, study) for study in studies(NOISE)]
        for text in texts:
            assert text.endswith("\n")
            lines = text.split("\n")[:-1]
            assert all(line.startswith(" ") and len(line) <= 79 for line in lines), text
            assert any(line.strip() == "FINAL REPORT" and line.startswith("          ") for line in lines)
        every = "\n".join(texts)
        for heading in (
            "EXAMINATION",
            "INDICATION",
            "TECHNIQUE",
            "COMPARISON",
            "FINDINGS",
            "IMPRESSION",
            "WET READ",
        ):
            assert f"\n {heading}:" in every
        assert "___" in every
        assert any(text.lstrip().startswith("ADDENDUM") for text in texts)
        assert any(not re.search(r"\n [A-Z ]+:", text) for text in texts)

    def test_each_says_what_the_labels_say(self):
        said = {"Pneumothorax": ("There is a pneumothorax.", "No pneumothorax.", "Possible pneumothorax")}
        told = 0
        for study in studies(NOISE):
            labels = study.chexpert or {}
            text = re.sub(r"\s+", " ", report(0, study))
            for name, (positive, negative, uncertain) in said.items():
                value = labels.get(name)
                found = {"1.0": positive, "0.0": negative, "-1.0": uncertain}
                for other, words in found.items():
                    assert other == value or words not in text
                told += bool(value) and found[value] in text
        assert told > 50

    def test_positive_findings_come_first(self):
        assert list(reading_order({"Edema": "0.0", "Fracture": "1.0", "Pneumonia": "-1.0"})) == [
            *("Fracture", "Pneumonia", "Edema")
        ]


class TestTheImages:
    """8-bit grey JPEG, upright, of the size that the table states."""

    @pytest.mark.parametrize("which", ["made", "painted"])
    def test_each_is_grey_and_of_the_stated_shape(self, which, request):
        shelf = request.getfixturevalue(which)
        for row, path in list(zip(metadata(shelf), shelf.images, strict=True))[:40]:
            data = shelf.projects[JPG].read(path)
            picture = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)
            assert picture.shape == (int(row["Rows"]), int(row["Columns"]))
            assert picture.shape[0] > picture.shape[1]
            assert len(np.unique(picture)) > 40
            assert data.endswith(b"\xff\xd9")
            assert row["dicom_id"].encode() in data[:60]

    def test_they_are_encoded_at_quality_95(self, made):
        """Its first quantiser: 16 of table K.1 of ITU-T T.81, times a tenth."""
        data = made.projects[JPG].read(made.images[0])
        place = data.index(b"\xff\xdb")
        assert data[place + 5] == 2

    def test_no_two_have_the_same_bytes(self, made):
        sums = made.checksums(JPG)
        assert len({sums[path] for path in made.images}) == 600

    def test_shapes_are_in_proportion_to_the_published_ones(self):
        assert list(shapes(3056)) == [(3056, 2544), (2705, 2539)]

    def test_labels_of_phantoms_say_what_is_painted(self):
        from cxr.images.phantom import describe

        names = {"Effusion": "Pleural Effusion", "Nodule": "Lung Lesion"}
        for study in studies(MimicContents(images=60, size=32)):
            shown = {names.get(name, name) for name in describe(0, study.index, 32).findings}
            positive = {name for name, value in (study.chexpert or {}).items() if value == "1.0"}
            assert not study.chexpert or positive - {"No Finding"} == shown


def test_ids_are_unique_and_patients_have_studies_in_the_order_of_names():
    found = list(studies(NOISE))
    assert [one.folder for one in found] == sorted({one.folder for one in found})
    dicom_ids = [image.dicom_id for one in found for image in one.images]
    assert len(set(dicom_ids)) == len(dicom_ids) == 600
    assert max(Counter(one.subject for one in found).values()) > 2
    by_name = [one.visit for one in found]
    assert any(later < earlier for earlier, later in pairwise(by_name) if later > 1)


def test_the_same_contents_are_the_same_bytes_and_another_seed_other_ones(made, tmp_path):
    again = mimic_shelf(tmp_path, NOISE)
    other = mimic_shelf(tmp_path, MimicContents(images=600, size=32, pixels="noise", seed=1))
    for project in (JPG, TEXTS):
        sums = made.projects[project].read("SHA256SUMS.txt")
        assert again.projects[project].read("SHA256SUMS.txt") == sums
        assert other.projects[project].read("SHA256SUMS.txt") != sums


def test_files_that_are_there_are_taken_as_they_are(made, monkeypatch):
    monkeypatch.setattr(shelves, "build", lambda *_: pytest.fail("built again"))
    again = mimic_shelf(made.projects[JPG].folder.parents[2], NOISE)
    assert again.images == made.images


def test_code_that_would_make_other_noise_takes_no_files_of_this_one(made, monkeypatch):
    root = made.projects[JPG].folder.parents[2]
    monkeypatch.setattr(shelves, "noise", lambda *_: b"other noise")
    monkeypatch.setattr(shelves, "build", lambda *_: pytest.fail("built anew"))
    with pytest.raises(pytest.fail.Exception):
        mimic_shelf(root, NOISE)


@pytest.mark.parametrize("images", [1, 2, 7])
def test_a_lab_of_few_images_has_exactly_so_many(images, tmp_path):
    made = mimic_shelf(tmp_path, MimicContents(images=images, size=16, pixels="noise"))
    assert len(metadata(made)) == len(made.images) == images


@pytest.mark.parametrize("wrong", [{"images": 0}, {"size": 8}, {"seed": -1}, {"pixels": "paint"}], ids=str)
def test_contents_that_cannot_be_are_refused(wrong):
    with pytest.raises(UsageError):
        MimicContents(**wrong)
