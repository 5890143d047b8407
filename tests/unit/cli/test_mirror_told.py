"""What a mirror tells at its end."""

import shlex

import pytest

from cxr.cli._mirror_told import lines
from cxr.library.mirror_run import MirrorSummary


def told(to, tree, **counts):
    summary = MirrorSummary("nih", "one", "kaggle", to, tree, 3, suffix=".png", images_there=3, **counts)
    return lines(summary, "NIH", "cxr mirror ...")


def counting(to, tree):
    """Return the words of the command that lists the destination."""
    (line,) = [line.split(":", 1)[1] for line in told(to, tree) if line.startswith("  count:")]
    return shlex.split(line.partition(" | ")[0])


@pytest.mark.parametrize(
    ("to", "tree", "prefix"),
    [
        ("az://whole", "", None),
        ("az://whole/a/b", "", "a/b/"),
        ("az://whole", "project/1.0/", "project/1.0/"),
        ("az://whole/a", "project/1.0/", "a/project/1.0/"),
    ],
)
def test_azure_is_asked_for_a_prefix_only_where_there_is_one(to, tree, prefix):
    words = counting(to, tree)
    assert words[words.index("--container-name") + 1] == "whole"
    assert (words[words.index("--prefix") + 1] if "--prefix" in words else None) == prefix


def test_what_was_found_there_is_not_said_to_have_been_read():
    assert told("there", "", found=3)[0].startswith("NIH: images: 3 found there and right, in")
