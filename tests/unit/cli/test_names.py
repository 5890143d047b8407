"""Names that people type."""

import pytest

from cxr.cli._names import dataset_key, dataset_keys, known
from cxr.errors import UsageError


def test_case_and_dashes_are_forgiven():
    assert known("Train-Val", ["train_val", "test"], "split") == "train_val"


def test_the_nearest_name_is_offered():
    with pytest.raises(UsageError) as caught:
        known("kagle", ["kaggle", "box"], "host")
    assert caught.value.think == "Did you mean kaggle?"
    assert "kaggle, box" in caught.value.next_step


def test_a_name_like_no_other_gets_the_whole_list():
    with pytest.raises(UsageError) as caught:
        known("xyz", ["kaggle", "box"], "host")
    assert not caught.value.think


def test_an_unknown_dataset_is_answered_with_the_nearest():
    with pytest.raises(UsageError) as caught:
        dataset_key("nhi")
    assert "nih" in caught.value.think


def test_a_planned_dataset_is_not_called_unknown():
    """Someone who has PadChest should learn that it comes later, not doubt the spelling."""
    with pytest.raises(UsageError, match="does not have the dataset padchest yet"):
        dataset_key("padchest")


def test_all_means_every_dataset():
    assert dataset_keys("ALL") == dataset_keys("all")
    assert "nih" in dataset_keys("all")
    assert dataset_keys("nih") == ("nih",)
