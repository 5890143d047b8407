"""A tree of MIMIC-CXR-JPG is adopted with one agreement, then with the reports of the other."""

import numpy as np
import pytest
import simplejpeg
from support.program import cxr, cxr_json

from cxr import datasets

EXAMPLE = datasets.load("mimic").EXAMPLE
STEM = "mimic_p10000001_s50000001_d1"
REPORTS = tuple(name for name in EXAMPLE.tables if name.endswith(".txt"))


@pytest.fixture
def tree(tmp_path):
    """The example as it is published, without reports."""
    tree = tmp_path / "mimic-cxr-jpg"
    picture = simplejpeg.encode_jpeg(np.full((40, 30, 1), 90, np.uint8), colorspace="GRAY")
    contents = {name: text.encode() for name, text in EXAMPLE.tables.items() if name not in REPORTS}
    for name, content in (contents | dict.fromkeys(EXAMPLE.files, picture)).items():
        (tree / name).parent.mkdir(parents=True, exist_ok=True)
        (tree / name).write_bytes(content)
    return tree


def test_captions_are_written_anew_once_the_reports_are_there(tmp_path, tree):
    library = tmp_path / "library"
    index = ("index", "--source", "mimic", "--at", tree, "--base-dir", library, "--accept-terms", "mimic")
    cxr(tmp_path, *index)
    caption = library / "captions" / f"{STEM}.txt"
    before = caption.read_text("utf-8")
    assert "\nText Origin: generated from labels (the report was not at hand)\n" in before
    for name in REPORTS:
        (tree / name).write_bytes(EXAMPLE.tables[name].encode())
    cxr(tmp_path, *index)
    after = caption.read_text("utf-8")
    assert "=== IMPRESSION ===\nNo sign of disease.\n" in after
    assert "\nText Origin: report (en, full)\n" in after
    found = cxr_json(tmp_path, "validate", "--source", "mimic", "--base-dir", library)
    assert set(found["by_code"]) == {
        "low_resolution",
        "file_size",
    }  # of the tiny pictures; no caption has any
