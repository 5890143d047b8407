"""Where a release's files lie in a mirror."""

import pytest

from cxr.datasets import Release
from cxr.library.mirror_tree import tree_of
from cxr.model import Place, Record, Remote

BESIDE = {"cxr-study-list.csv.gz": "mimic-cxr/2.1.0/cxr-study-list.csv.gz"}
PHYSIONET = Place("mimic-cxr-jpg/2.1.0", BESIDE)
IMAGE = "files/p10/p10000001/s50000001/0a1b2c3d-00000000-11111111-22222222-33333333.jpg"


def release(**places):
    return Release("r", tuple(places), 1, 1, "", places=places)


@pytest.mark.parametrize("place", [{}, {"gcs": Place("mimic-cxr-jpg-2.1.0.physionet.org")}])
def test_what_physionet_publishes_has_its_paths_from_every_host(place):
    tree = tree_of(release(physionet=PHYSIONET, **place))
    record = Record("mimic", "r", "0a1b", "stem", IMAGE)
    assert tree.image(record, Remote(f"copy/{IMAGE}")) == f"mimic-cxr-jpg/2.1.0/{IMAGE}"
    assert tree.other("SHA256SUMS.txt") == "mimic-cxr-jpg/2.1.0/SHA256SUMS.txt"


@pytest.mark.parametrize("path", ["cxr-study-list.csv.gz", "mimic-cxr/2.1.0/cxr-study-list.csv.gz"])
def test_a_file_of_the_other_project_lies_in_that_projects_tree(path):
    assert tree_of(release(physionet=PHYSIONET)).other(path) == "mimic-cxr/2.1.0/cxr-study-list.csv.gz"


@pytest.mark.parametrize("above", ["", "physionet.org/files/"])
def test_in_a_copy_the_trees_may_lie_below_other_folders(above):
    tree = tree_of(release(physionet=PHYSIONET))
    for path in ("mimic-cxr-jpg/2.1.0/README", "mimic-cxr/2.1.0/cxr-study-list.csv.gz"):
        assert tree.other(above + path) == path
    assert not tree.within("notes.txt")


def test_the_folders_of_both_projects_are_known():
    assert tree_of(release(physionet=PHYSIONET)).roots == {"mimic-cxr-jpg/2.1.0/", "mimic-cxr/2.1.0/"}
    assert tree_of(release(kaggle=Place("nih-chest-xrays/data"))).roots == {""}


def test_elsewhere_files_lie_as_the_host_has_them():
    tree = tree_of(release(kaggle=Place("nih-chest-xrays/data")))
    path = "images_001/images/00000001_000.png"
    assert (
        tree.image(Record("nih", "r", "00000001_000", "stem", "images/00000001_000.png"), Remote(path))
        == path
    )
    assert tree.other("Data_Entry_2017.csv") == "Data_Entry_2017.csv"
