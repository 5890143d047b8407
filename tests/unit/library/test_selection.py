"""A selection takes what it says it takes: filters first, then the first N or a seeded sample."""

import json
import os
import subprocess
import sys
from collections import Counter
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cxr import datasets
from cxr.errors import UsageError
from cxr.library.selection import Counts, Selection, select
from cxr.model import Code, LabelledFinding, Labeller, PackedStatements, Record, Scope, State

CODES = {"1": Code(State.POSITIVE, None), "0": Code(State.NEGATIVE, ""), "u": Code(State.UNCERTAIN, "-1")}


def labeller(key, *findings):
    return Labeller(key, key, "", Scope.IMAGE, closed_world=False, findings=findings, codes=CODES)


FIRST = labeller(
    "first",
    LabelledFinding("Pleural_Thickening", "pleural_thickening"),
    LabelledFinding("Infiltrate", "infiltration"),
    LabelledFinding("No Finding", "no_finding", listed=False),
)
SECOND = labeller("second", LabelledFinding("Pleural Thickening", "pleural_thickening"))
LABELLERS = (FIRST, SECOND)


def record(number, patient="", study="", **changes):
    return Record(
        source="invented",
        release="one",
        image_id=f"image{number}",
        stem=f"invented_{number}",
        published_path=f"{number}.png",
        patient_id=patient,
        patient_key=f"invented:{patient}" if patient else "",
        study_id=study,
        **changes,
    )


def labelled(number, key, codes, **changes):
    return record(number, labeller=key, statements=(PackedStatements(key, codes),), **changes)


def chosen(records, counts=None, **flags):
    """Return the image ids that a selection takes, in the order in which they come."""
    found = select(lambda: iter(records), Selection(**flags), LABELLERS, counts)
    return [one.image_id for one in found]


TEN = [record(number) for number in range(10)]


# ---- limit and filters


def test_without_any_flag_everything_is_meant():
    assert chosen(TEN) == [one.image_id for one in TEN]


def test_a_limit_takes_the_first_in_table_order():
    assert chosen(TEN, limit=3) == ["image0", "image1", "image2"]
    assert chosen(TEN, limit=99) == chosen(TEN)


def test_a_limit_ends_the_reading_unless_somebody_counts():
    def endless():
        number = 0
        while True:
            yield record(number)
            number += 1

    assert len(list(select(endless, Selection(limit=5), ()))) == 5
    counts = Counts()
    chosen(TEN, counts, limit=3)
    assert (counts.considered, counts.matched, counts.selected) == (10, 10, 3)


@pytest.mark.parametrize(
    ("view", "taken"),
    [("PA", [0]), ("pa ", [0]), ("frontal", [0, 1]), ("Lateral", [2, 3]), ("LL", [3]), ("unknown", [4])],
)
def test_a_view_takes_its_position_or_group(view, taken):
    positions = ("PA", "AP", "LATERAL", "LL", "UNKNOWN")
    records = [record(number, view_position=position) for number, position in enumerate(positions)]
    assert chosen(records, view=view) == [f"image{number}" for number in taken]


LABELLED = [
    labelled(0, "first", "100"),
    labelled(1, "first", "u10"),
    labelled(2, "first", "001"),
    labelled(3, "second", "1"),
    labelled(4, "second", "0"),
    record(5),
    # Its index shows no labeller, whatever another one stated.
    record(6, statements=(PackedStatements("second", "1"),)),
]


@pytest.mark.parametrize(
    ("findings", "taken"),
    [
        (("Pleural_Thickening",), [0, 3]),
        (("pleural thickening",), [0, 3]),
        (("PLEURAL_THICKENING",), [0, 3]),
        (("Infiltrate",), [1]),
        (("infiltration",), [1]),
        (("no_finding",), [2]),
        (("No Finding", "Infiltrate"), [1, 2]),
    ],
)
def test_a_finding_takes_what_the_index_will_show_as_positive(findings, taken):
    assert chosen(LABELLED, findings=findings) == [f"image{number}" for number in taken]


def test_an_unknown_finding_is_refused_before_anything_is_read_with_the_nearest_name():
    def unread():
        raise AssertionError("the table was read")

    with pytest.raises(UsageError) as caught:
        select(unread, Selection(findings=("Plural Thickening",)), LABELLERS)
    assert "Pleural_Thickening" in caught.value.next_step or "Pleural Thickening" in caught.value.next_step
    with pytest.raises(UsageError, match="speaks of it") as caught:
        select(unread, Selection(findings=("zzzz",)), LABELLERS)
    assert "Infiltrate, No Finding" in caught.value.next_step
    with pytest.raises(UsageError, match="no labels"):
        select(unread, Selection(findings=("edema",)), ())


@pytest.mark.parametrize(
    ("patients", "taken"),
    [
        (("00000001",), [0, 1]),
        (("1",), [0, 1]),
        (("invented:1",), [0, 1]),
        (("p10",), [3]),
        (("P10",), []),
        (("01", "p10"), [0, 1, 3]),
        (("other:1",), []),
    ],
)
def test_a_patient_is_named_as_published_or_by_key_and_zeros_before_a_number_do_not_matter(patients, taken):
    records = [record(0, "00000001"), record(1, "00000001"), record(2, "10"), record(3, "p10"), record(4)]
    assert chosen(records, patients=patients) == [f"image{number}" for number in taken]


def test_filters_come_before_the_limit_and_all_must_pass():
    records = [record(n, "a" if n % 2 else "b", view_position="PA" if n > 3 else "AP") for n in range(10)]
    counts = Counts()
    assert chosen(records, counts, view="PA", patients=("a",), limit=2) == ["image5", "image7"]
    assert (counts.considered, counts.matched, counts.selected) == (10, 3, 2)


def test_patients_that_no_record_has_are_told():
    counts = Counts()
    records = [record(0, "007", view_position="AP")]
    assert chosen(records, counts, patients=("7", "8", "x"), view="PA") == []
    assert counts.patients_missing == ("8", "x")
    assert (counts.considered, counts.matched, counts.selected) == (1, 0, 0)


# ---- samples

tables = st.lists(st.tuples(st.integers(0, 8), st.integers(0, 3)), max_size=40).map(
    lambda rows: [record(n, f"p{patient}", f"s{study}") for n, (patient, study) in enumerate(rows)]
)
sizes = st.integers(1, 45)
seeds = st.integers(-(2**70), 2**70)
ways = st.sampled_from(["image", "study", "patient"])


def unit(one, by):
    return {
        "image": one.image_id,
        "study": (one.patient_key, one.study_id),
        "patient": one.patient_key,
    }[by]


@given(records=tables, size=sizes, seed=seeds, by=ways)
def test_a_sample_is_whole_units_in_table_order_within_its_size_or_a_single_unit(records, size, seed, by):
    counts = Counts()
    taken = chosen(records, counts, sample="random", limit=size, seed=seed, sample_by=by)
    units = Counter(unit(one, by) for one in records)
    drawn = Counter(unit(one, by) for one in records if one.image_id in taken)
    assert taken == [one.image_id for one in records if one.image_id in taken]
    assert all(drawn[one] == units[one] for one in drawn)
    assert len(taken) <= size or len(drawn) == 1
    assert bool(taken) == bool(records)
    assert (counts.considered, counts.matched, counts.selected) == (len(records), len(records), len(taken))
    if by == "image":
        assert len(taken) == min(size, len(records))


@given(records=tables, size=sizes, seed=seeds, by=ways, shuffled=st.randoms(use_true_random=False))
def test_a_sample_does_not_depend_on_the_order_of_the_table(records, size, seed, by, shuffled):
    flags = {"sample": "random", "limit": size, "seed": seed, "sample_by": by}
    other = shuffled.sample(records, len(records))
    assert set(chosen(records, **flags)) == set(chosen(other, **flags))


@given(records=tables, small=sizes, more=sizes, seed=seeds, by=ways)
def test_a_larger_sample_with_the_same_seed_contains_the_smaller(records, small, more, seed, by):
    flags = {"sample": "random", "seed": seed, "sample_by": by}
    smaller = chosen(records, limit=small, **flags)
    assert set(smaller) <= set(chosen(records, limit=small + more, **flags))


def test_the_sample_of_a_seed_is_this_one_on_every_machine():
    """A golden sample: a cohort that was drawn once must be drawn again by every later version."""
    records = [record(n, f"p{n // 3}", f"s{n // 2}") for n in range(30)]
    flags = {"sample": "random", "limit": 5, "seed": 7}
    assert chosen(records, **flags) == GOLDEN_IMAGES
    assert chosen(records, sample_by="patient", **flags) == GOLDEN_PATIENTS


# Computed apart from the code: units sorted by BLAKE2b-128 of the seed, a newline and the unit.
GOLDEN_IMAGES = ["image4", "image11", "image15", "image20", "image25"]
GOLDEN_PATIENTS = ["image21", "image22", "image23"]


def test_the_sample_does_not_depend_on_pythons_hash_seed():
    program = (
        "from cxr.library.selection import *; from cxr.model import Record;"
        "rows=[Record('s','r',f'i{n}','x','x') for n in range(99)];"
        "print([r.image_id for r in select(lambda: iter(rows), Selection(sample='random', limit=9), ())])"
    )

    def run(hash_seed):
        environment = {**os.environ, "PYTHONHASHSEED": hash_seed}
        return subprocess.run(
            [sys.executable, "-c", program], env=environment, check=True, capture_output=True
        )

    assert run("1").stdout == run("2").stdout


def test_seeds_differ_and_every_image_has_its_chance():
    drawn = Counter(name for seed in range(400) for name in chosen(TEN, sample="random", limit=3, seed=seed))
    assert set(drawn) == {one.image_id for one in TEN}
    # 400 draws of 3 in 10: 120 expected, standard deviation 9; fixed seeds, so this cannot flake.
    assert all(75 < times < 165 for times in drawn.values())


def test_a_sample_has_a_thousand_images_unless_a_limit_says_otherwise():
    records = [record(number) for number in range(1200)]
    assert len(chosen(records, sample="random")) == 1000
    assert len(chosen(records, sample="random", limit=10)) == 10


def test_filters_come_before_the_sample():
    records = [record(n, view_position="PA" if n % 3 == 0 else "AP") for n in range(60)]
    taken = chosen(records, sample="random", limit=15, view="PA")
    assert len(taken) == 15
    assert all(int(name.removeprefix("image")) % 3 == 0 for name in taken)


def test_the_first_unit_comes_even_when_it_alone_is_larger():
    records = [record(number, "only", "one") for number in range(9)]
    assert len(chosen(records, sample="random", limit=2, sample_by="patient")) == 9


def test_images_without_a_patient_are_left_out_of_a_sample_of_patients_and_counted():
    counts = Counts()
    records = [record(0, "a"), record(1), record(2, "b")]
    taken = chosen(records, counts, sample="random", sample_by="patient")
    assert taken == ["image0", "image2"]
    assert counts.without_unit == 1


@pytest.mark.parametrize("by", ["study", "patient"])
def test_a_sample_of_units_that_no_image_has_is_refused(by):
    with pytest.raises(UsageError, match=f"No {by} can be drawn"):
        chosen(TEN, sample="random", sample_by=by)
    assert chosen([], sample="random", sample_by=by) == []


def test_an_image_whose_name_utf8_cannot_hold_is_sampled():
    odd = [replace(one, image_id=one.image_id + "\udcff") for one in TEN]
    assert len(chosen(odd, sample="random", limit=4)) == 4


# ---- the real table


@pytest.mark.parametrize(
    ("flags", "images"),
    [
        ({"findings": ("cardiomegaly",)}, 2776),
        ({"findings": ("Pleural thickening",)}, 3385),
        ({"view": "PA"}, 67310),
        # The next patient in the order of seed 0 has more than the four images that are left.
        ({"sample": "random", "sample_by": "patient", "limit": 500}, 496),
    ],
)
def test_filters_and_samples_of_the_published_nih_table(test_data, flags, images):
    """Counts as published, in whatever way a finding is written."""
    nih, folder = datasets.load("nih"), test_data / "nih"
    paths = [path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()]
    tables = {role: folder / path for role, path in nih.find_tables(paths).items()}
    published = datasets.Published(datasets.default_release(nih).key, tables)
    counts = Counts()

    def records():
        return nih.read(published, lambda problem: None)

    taken = [one.patient_key for one in select(records, Selection(**flags), nih.LABELLERS, counts)]
    assert counts.considered == 112120
    assert len(taken) == counts.selected == images


# ---- the flags themselves


@pytest.mark.parametrize(
    ("flags", "said"),
    [
        ({"limit": 0}, "--limit 0"),
        ({"limit": -3, "sample": "random"}, "--limit -3"),
        ({"sample": "stratified"}, "no sample 'stratified'"),
        ({"sample_by": "patient"}, "none is asked for"),
        ({"sample": "random", "sample_by": "hospital"}, "by 'hospital'"),
        ({"view": " "}, "--view is empty"),
        ({"findings": ("",)}, "--finding is empty"),
        ({"patients": ("1", "")}, "--patient is empty"),
    ],
)
def test_flags_that_contradict_themselves_are_refused_at_once(flags, said):
    with pytest.raises(UsageError, match=said) as caught:
        select(lambda: iter(TEN), Selection(**flags), LABELLERS)
    assert caught.value.next_step


selections = st.builds(
    Selection,
    limit=st.none() | sizes,
    sample=st.just("random"),
    seed=seeds,
    sample_by=st.none() | ways,
    view=st.none() | st.sampled_from(["PA", "frontal"]),
    findings=st.lists(st.sampled_from(["Mass", "No Finding"])).map(tuple),
    patients=st.lists(st.sampled_from(["1", "p:2"])).map(tuple),
)


@given(selections)
def test_a_selection_comes_back_from_json(selection):
    assert Selection.from_json(json.loads(json.dumps(selection.to_json()))) == selection


@pytest.mark.parametrize(
    "data",
    [None, [], "x", 3, {"limit": "3"}, {"later": 1}, {"findings": "Mass"}, {"patients": [1]}, {"limit": 0}],
)
def test_what_is_no_selection_is_refused(data):
    with pytest.raises(UsageError):
        Selection.from_json(data)


@pytest.mark.parametrize(
    ("selection", "words"),
    [
        (Selection(), "all images"),
        (Selection(limit=1000), "the first 1,000 images in table order"),
        (
            Selection(limit=5, view="PA", findings=("Mass", "Nodule"), patients=("1",)),
            "the first 5 images in table order (view PA, positive for Mass or Nodule, of patient 1)",
        ),
        (Selection(sample="random", seed=3), "a random sample of 1,000 images, seed 3"),
        (
            Selection(sample="random", limit=9, sample_by="study"),
            "a random sample of 9 images, seed 0, by whole studies",
        ),
    ],
)
def test_a_selection_says_what_it_means(selection, words):
    assert selection.describe() == words
