"""The synthetic dataset tells what its phantoms show, without painting them."""

from itertools import islice

import pytest

from cxr.datasets import Published, synthetic
from cxr.errors import UsageError
from cxr.images.phantom import describe
from cxr.model import State

[LABELLER] = synthetic.LABELLERS


def records(**options):
    problems = []
    found = list(synthetic.read(Published("1", options=options), problems.append))
    assert problems == []
    return found


def states(record):
    [packed] = record.statements
    return {one.finding.published: one.state for one in LABELLER.expand(packed.codes)}


def test_without_options_two_hundred_at_1024_pixels_are_told_of():
    found = records()
    assert len(found) == synthetic.EXAMPLE.images == 200
    assert found[0].image_id == "s42_1024_000000"
    assert found[17].published_path == "seed42/size1024/000017.png"


def test_a_phantom_does_not_depend_on_how_many_are_made():
    assert records(count=5, seed=3) == records(count=40, seed=3)[:5]


def test_ids_and_stems_of_other_seeds_and_sizes_never_meet():
    everything = [
        record for seed in (1, 2) for size in (64, 128) for record in records(count=30, seed=seed, size=size)
    ]
    assert len({record.image_id for record in everything}) == len(everything)
    assert len({record.stem for record in everything}) == len(everything)


def test_a_person_is_the_same_at_every_size_and_nobody_of_another_seed():
    small, large, other = records(count=30, size=64), records(count=30, size=512), records(count=30, seed=1)
    assert [r.patient_key for r in small] == [r.patient_key for r in large]
    assert not {r.patient_key for r in small} & {r.patient_key for r in other}


def test_each_image_is_a_study_of_its_own():
    found = records(count=100)
    assert len({(record.patient_key, record.study_id) for record in found}) == len(found)
    assert len({record.patient_key for record in found}) < len(found)


def test_statements_are_what_is_painted_and_regions_lie_in_pixels():
    for index, record in enumerate(records(count=80, size=500)):
        truth = describe(42, index, 500)
        stated = states(record)
        no_finding = stated.pop("No Finding")
        assert {word for word, state in stated.items() if state is State.POSITIVE} == set(truth.findings)
        assert set(stated.values()) <= {State.POSITIVE, State.NEGATIVE}
        assert (no_finding is State.POSITIVE) == (not set(truth.findings) - {"Support Devices"})
        assert {region.finding for region in record.regions} == set(truth.findings)
        for region in record.regions:
            assert (region.frame_width, region.frame_height) == (500, 500)
            assert region.width > 1
            assert region.height > 1
            assert region.x + region.width <= 500.01
            assert region.y + region.height <= 500.01
        assert (record.view_position, record.sex, record.age_years) == (truth.view, truth.sex, truth.age)


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("seed42/size1024/000017.png", "s42_1024_000017"),
        ("Images/synthetic_s42_1024_000017.png", "s42_1024_000017"),
        ("s0_64_1000000.txt", "s0_64_1000000"),
        ("00000001_000.png", None),
        ("synthetic_.png", None),
    ],
)
def test_a_path_tells_its_image_id(path, expected):
    assert synthetic.image_id_of(path) == expected


@pytest.mark.parametrize("options", [{"count": -1}, {"size": 8}, {"size": 100_000}, {"seed": -3}])
def test_what_cannot_be_made_is_refused_with_the_next_step(options):
    with pytest.raises(UsageError) as refused:
        records(**options)
    assert refused.value.next_step


def test_a_huge_count_costs_nothing_until_it_is_read():
    endless = synthetic.read(Published("1", options={"count": 10**12}), lambda _: None)
    assert len(list(islice(endless, 3))) == 3


def test_it_needs_no_tables():
    assert synthetic.find_tables(["Data_Entry_2017.csv"]) == {}
