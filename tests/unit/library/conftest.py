"""A library that is open for writing, and rows to put in."""

import pytest

from cxr.config import load
from cxr.index.rows import IndexRow
from cxr.index.write import write_records
from cxr.library.open import open_library
from cxr.model import Record, Status


@pytest.fixture
def library(tmp_path):
    config = load(None, {"paths.base_dir": str(tmp_path / "L")})
    with open_library(config, write=True, verb="test") as library:
        yield library


@pytest.fixture
def hold(library):
    """Give the library an image of a dataset, with its caption."""

    def hold(image_id, source="nih", **fields):
        stem = f"{source}_{image_id}"
        record = Record(source=source, release="one", image_id=image_id, stem=stem, published_path="a.png")
        paths = {"image_path": f"Images/{stem}.png", "caption_path": f"captions/{stem}.txt"}
        row = IndexRow(**({"record": record, "status": Status.DOWNLOADED} | paths | fields))
        write_records(library.database, [row])
        for path in (row.image_path, row.caption_path):
            (library.layout.base / path).write_text(f"{image_id} of {source}")

    return hold
