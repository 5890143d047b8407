import pytest

from cxr.datasets import Published, nih
from cxr.model import Issue, PackedStatements, Record, Severity
from cxr.tally import tally

POSITIVES = {
    "Infiltration": 19_894, "Effusion": 13_317, "Atelectasis": 11_559, "Nodule": 6_331, "Mass": 5_782,
    "Pneumothorax": 5_302, "Consolidation": 4_667, "Pleural_Thickening": 3_385, "Cardiomegaly": 2_776,
    "Emphysema": 2_516, "Edema": 2_303, "Fibrosis": 1_686, "Pneumonia": 1_431, "Hernia": 227,
    "No Finding": 60_361,
}  # fmt: skip


def record(number=0, **fields):
    return Record("nih", "r", f"i{number}", f"s{number}", f"p{number}", **{"patient_key": "nih:1", **fields})


@pytest.fixture(scope="module")
def counted(test_data):
    folder = test_data / "nih"
    found = nih.find_tables([path.name for path in folder.iterdir()])
    tables = {role: folder / path for role, path in found.items()}
    return tally(nih.read(Published("chestxray14", tables), print), nih.LABELLERS)


def test_the_real_tables_count_as_published(counted):
    assert (counted.images, counted.patients) == (112_120, 30_805)
    assert counted.views == {"PA": 67_310, "AP": 44_810}
    assert counted.sexes == {"M": 63_340, "F": 48_780}
    assert counted.ages == {"min": 0, "median": 49, "max": 95, "implausible": []}
    assert counted.table_release == "v2020"
    assert counted.official_split == {"train_val": 86_524, "test": 25_596}


def test_the_real_findings_count_as_published_and_all_others_are_negative(counted):
    assert counted.findings == {
        name: {"positive": n, "negative": 112_120 - n, "uncertain": 0, "unmentioned": 0}
        for name, n in POSITIVES.items()
    }


def test_the_real_sample_has_no_split_and_lists_its_implausible_age(test_data):
    tables = {"entries": test_data / "nih" / "sample_labels.csv"}
    records = list(nih.read(Published("chestxray14", tables), lambda problem: None))
    counted = tally(records, nih.LABELLERS)
    assert (counted.images, counted.patients, counted.official_split) == (5_600, 4_224, None)
    implausible = [one.image_id for one in records if one.age_published == "411Y"]
    assert implausible
    assert counted.ages["implausible"] == implausible


def test_nothing_counts_as_nothing():
    counted = tally([], nih.LABELLERS)
    assert (counted.images, counted.patients, counted.official_split, counted.table_release) == (
        0,
        0,
        None,
        "",
    )
    assert counted.ages == {"min": None, "median": None, "max": None, "implausible": []}
    assert all(not any(states.values()) for states in counted.findings.values())


def test_what_is_not_stated_counts_as_unknown_and_no_patient_is_made_up():
    counted = tally([record(1, patient_key=""), record(2, sex="F", official_split="test")], ())
    assert counted.patients == 1
    assert counted.sexes == {"F": 1, "unknown": 1}
    assert counted.official_split == {"test": 1, "unknown": 1}
    assert counted.views == {"UNKNOWN": 2}


@pytest.mark.parametrize(("ages", "median"), [([1], 1), ([3, 1], 2), ([1, 1, 9], 1), ([0.5, 2, 2, 80], 2)])
def test_the_median_is_that_of_images(ages, median):
    counted = tally([record(number, age_years=float(years)) for number, years in enumerate(ages)], ())
    assert (counted.ages["min"], counted.ages["median"], counted.ages["max"]) == (
        min(ages),
        median,
        max(ages),
    )


def test_a_blank_age_is_implausible_only_where_the_reader_says_so():
    issue = Issue("age_implausible", Severity.WARNING, "")
    counted = tally([record(1), record(2, issues=(issue,))], ())
    assert counted.ages["implausible"] == ["i2"]


def test_an_image_counts_once_by_the_labeller_that_the_index_shows():
    mine = PackedStatements("nih_text_mining", "+" + "-" * 14)
    other = PackedStatements("somebody", "x")
    one = record(1, statements=(mine, other), labeller="nih_text_mining")
    assert tally([one], nih.LABELLERS).findings["Atelectasis"]["positive"] == 1
