"""What every test may ask for."""

import os
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="session")
def test_data() -> Path:
    """The folder of real public files, ``$CXR_TEST_DATA`` or ``../shared/data`` beside the checkout."""
    folder = Path(os.environ.get("CXR_TEST_DATA") or REPOSITORY.parent / "shared" / "data")
    if not folder.is_dir():
        pytest.skip(f"needs the real test data in {folder} (set CXR_TEST_DATA)")
    return folder.resolve()
