"""What the tests of bad input share."""

import shutil

import pytest
from support.bad_input import IMAGES, download
from support.nih_folder import make_nih_folder


@pytest.fixture(scope="session")
def published(tmp_path_factory):
    """A folder as NIH publishes it, which no test changes."""
    return make_nih_folder(tmp_path_factory.mktemp("published") / "nih", IMAGES)


@pytest.fixture
def nih(tmp_path, published):
    """A copy of that folder, to be spoilt."""
    shutil.copytree(published, tmp_path / "nih")
    return tmp_path / "nih"


@pytest.fixture
def library(tmp_path, nih):
    """A finished library of that copy, in ``L``."""
    download(tmp_path, nih)
    return tmp_path / "L"
