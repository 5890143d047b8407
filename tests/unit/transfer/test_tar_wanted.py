import pytest

from cxr.model import Remote
from cxr.transfer.tar_wanted import Wanted, is_alike
from cxr.transfer.unit import Job


def job(path: str) -> Job:
    return Job(path, Remote(path), "x.png")


@pytest.mark.parametrize(
    ("path", "member"),
    [
        ("images_001/images/a.png", "images/a.png"),
        ("images/a.png", "images/a.png"),
        ("a.png", "images/a.png"),
        ("images/a.png", "a.png"),
        ("images_002/images/a.png", "images/a.png"),
    ],
)
def test_a_member_is_an_image_where_one_path_ends_with_the_other(path: str, member: str):
    wanted = job(path)
    assert Wanted([wanted], "images_001/").find(member) is wanted


@pytest.mark.parametrize("member", ["thumbnails/a.png", "images/aa.png", "a.png/images", "mages/a.png"])
def test_a_member_of_another_folder_or_name_is_none(member: str):
    assert Wanted([job("images/a.png")], "images_001/").find(member) is None


def test_of_two_images_the_one_that_is_published_there_is_meant():
    here, there = job("images_001/images/a.png"), job("images_002/images/a.png")
    assert Wanted([there, here], "images_001/").find("images/a.png") is here


def test_a_member_that_could_be_two_images_is_none():
    """Nobody can say which."""
    wanted = Wanted([job("images_002/images/a.png"), job("images_003/images/a.png")], "images_001/")
    assert wanted.find("images/a.png") is None


def test_nothing_is_wanted_when_each_image_is_decided():
    one, two = job("images/a.png"), job("other/a.png")
    wanted = Wanted([one, two], "")
    wanted.remove(one)
    assert wanted
    assert wanted.find("images/a.png") is None
    assert wanted.find("other/a.png") is two
    wanted.remove(two)
    assert not wanted


def test_likeness_goes_by_whole_parts():
    assert is_alike("a/b.png", "b.png")
    assert is_alike("b.png", "a/b.png")
    assert not is_alike("ab.png", "b.png")
