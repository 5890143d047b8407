"""What is made of a file, told by its name before a byte is there."""

import pytest

from cxr.images.formats import Format
from cxr.images.placement import Shrink
from cxr.library.shrinking import named_as_written, shrink_of
from cxr.model import Remote


@pytest.mark.parametrize(
    ("published", "format_", "name", "written"),
    [
        ("a/x.png", None, "nih_x.png", Format.PNG),
        ("a/x.JPEG", None, "nih_x.jpeg", Format.JPEG),
        ("a/x.tif", None, "nih_x.png", Format.PNG),
        ("a/x", None, "nih_x.png", Format.PNG),
        ("a/x.png", Format.JPEG, "nih_x.jpg", Format.JPEG),
        ("a/x.jpg", Format.PNG, "nih_x.png", Format.PNG),
        ("a/x.jpeg", Format.JPEG, "nih_x.jpeg", Format.JPEG),
    ],
)
def test_a_name_says_what_is_written(published, format_, name, written):
    remote = Remote(published)
    before = "nih_x" + published[len("a/x") :].lower()
    how = Shrink(512, format=format_)
    assert named_as_written(before, how, remote) == name
    assert shrink_of(how, remote).format is written
    assert shrink_of(how, remote).kept is (format_ is None)


def test_nothing_asked_for_changes_nothing():
    assert named_as_written("nih_x.tif", None, Remote("x.tif")) == "nih_x.tif"
    assert shrink_of(None, Remote("x.tif")) is None
