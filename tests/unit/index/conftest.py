"""A library's database, two invented labellers, and rows to put in."""

from functools import partial

import pytest

from cxr.database.connection import open_database
from cxr.index.rows import IndexRow
from cxr.index.write import write_records
from cxr.model import Code, LabelledFinding, Labeller, PackedStatements, Record, Scope, State, Status

MINER = Labeller(
    key="miner",
    name="Miner",
    version="2",
    scope=Scope.IMAGE,
    closed_world=True,
    findings=(
        LabelledFinding("Hernia", "hernia"),
        LabelledFinding("Pleural_Thickening", "pleural_thickening"),
        LabelledFinding("Shadow", None),
        LabelledFinding("No Finding", "no_finding", listed=False),
    ),
    codes={
        "+": Code(State.POSITIVE, None),
        "-": Code(State.NEGATIVE, ""),
        "?": Code(State.UNCERTAIN, "-1.0"),
        ".": Code(State.UNMENTIONED, ""),
    },
)
READERS = Labeller(
    key="readers",
    name="Three radiologists",
    version="",
    scope=Scope.STUDY,
    closed_world=False,
    findings=(
        LabelledFinding("Small Mass", "mass"),
        LabelledFinding("Large Mass", "mass"),
        LabelledFinding("Hernia", "hernia"),
    ),
    codes=MINER.codes,
)
LABELLERS = {one.key: one for one in (MINER, READERS)}


@pytest.fixture
def labellers():
    return LABELLERS


@pytest.fixture
def path(tmp_path):
    return tmp_path / "metadata" / "master_index.db"


@pytest.fixture
def database(path):
    with open_database(path) as database:
        yield database


@pytest.fixture
def make():
    """Make a row; record fields and row fields by name."""

    def make(image_id="a", codes="+-.-", **fields):
        record = {
            "source": "nih",
            "release": "v1",
            "stem": f"nih_{image_id}",
            "published_path": f"{image_id}.png",
        }
        record |= {"patient_id": "0007", "patient_key": "nih:0007", "study_id": "study_1"}
        record |= {"statements": (PackedStatements("miner", codes),), "labeller": "miner"}
        row = {"image_path": f"Images/nih_{image_id}.png", "caption_path": f"captions/nih_{image_id}.txt"}
        row |= {"status": Status.DOWNLOADED, "size": 5, "sha256": "aa" * 32}
        for name, value in fields.items():
            (record if name in Record.__slots__ else row)[name] = value
        return IndexRow(record=Record(image_id=image_id, **record), **row)

    return make


@pytest.fixture
def write(database):
    return partial(write_records, database, labeller_of=LABELLERS.__getitem__)
