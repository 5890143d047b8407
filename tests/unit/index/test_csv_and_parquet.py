"""The CSV and the Parquet say what the database says, and are never half-written."""

import csv
import signal
import subprocess
import sys
import textwrap
from datetime import UTC, date, datetime
from types import SimpleNamespace

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cxr.database.connection import open_database, open_readonly
from cxr.errors import LibraryError
from cxr.index import csv_and_parquet, frames
from cxr.index.csv_and_parquet import write_csv, write_csv_and_parquet, write_parquet
from cxr.index.validation import Validated, write_validation
from cxr.index.write import write_records
from cxr.model import Issue, PackedStatements, Severity

# As the design lists them.
HEADER = (
    "image_id,source,release,patient_id,patient_key,study_id,view_position,view_published,view_origin,sex,"
    "age_years,study_date,image_path,caption_path,width,height,bit_depth,bytes,sha256,fingerprint,"
    "pixel_processing,no_finding,atelectasis,cardiomegaly,consolidation,edema,effusion,emphysema,"
    "enlarged_cardiomediastinum,fibrosis,fracture,hernia,infiltration,lung_lesion,lung_opacity,mass,nodule,"
    "pleural_other,pleural_thickening,pneumonia,pneumothorax,support_devices,labeller,official_split,split,"
    "status,issues,table_release,licence,attribution,source_url,downloaded_at"
)
STATES = ["positive", "negative", "uncertain", "unmentioned", "not_assessed"]


def read_csv(path):
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file, strict=True))


@pytest.fixture
def both(database, tmp_path):
    """Write both files; give the CSV's rows and the Parquet's."""

    def both():
        places = SimpleNamespace(csv=tmp_path / "i.csv", parquet=tmp_path / "i.parquet")
        write_csv_and_parquet(database, places)
        return read_csv(places.csv), pl.read_parquet(places.parquet).to_dicts()

    return both


def test_columns_are_those_of_the_design(database, write, make, tmp_path):
    write([make()])
    write_csv(database, tmp_path / "i.csv")
    write_parquet(database, tmp_path / "i.parquet")
    assert (tmp_path / "i.csv").read_bytes().split(b"\n")[0].decode() == HEADER
    schema = pl.read_parquet_schema(tmp_path / "i.parquet")
    assert ",".join(schema) == HEADER
    assert schema["hernia"] == pl.Enum(STATES)
    assert schema["patient_id"] == schema["image_id"] == schema["study_id"] == pl.String
    assert schema["age_years"] == pl.Float64
    assert schema["width"] == schema["bytes"] == pl.Int64
    assert schema["study_date"] == pl.Date
    assert schema["issues"] == pl.List(pl.String)
    assert schema["downloaded_at"] == pl.Datetime("us", "UTC")


def test_an_empty_index_has_its_columns(both, tmp_path):
    assert both() == ([], [])
    assert (tmp_path / "i.csv").read_text() == HEADER + "\n"


def test_states_are_numbers_in_the_csv_and_words_in_the_parquet(write, make, both):
    write([make(codes="+-.?")])
    (row,), (typed,) = both()
    assert (row["hernia"], row["pleural_thickening"], row["no_finding"]) == ("1", "0", "-1")
    assert (typed["hernia"], typed["pleural_thickening"], typed["no_finding"]) == tuple(STATES[:3])
    assert (row["edema"], typed["edema"]) == ("", "not_assessed")


def test_nothing_stated_is_blank_in_the_csv_and_told_apart_in_the_parquet(write, make, both):
    write([make("a", codes="...."), make("b", labeller="", statements=())])
    rows, typed = both()
    assert [row["hernia"] for row in rows] == ["", ""]
    assert [row["hernia"] for row in typed] == ["unmentioned", "not_assessed"]


@pytest.mark.parametrize(
    "names",
    [
        *[("+", other, "positive") for other in "+-?."],
        *[("?", other, "uncertain") for other in "-?."],
        ("-", "-", "negative"),
        ("-", ".", "unmentioned"),
        (".", ".", "unmentioned"),
    ],
)
def test_a_common_finding_published_under_two_names(write, make, both, names):
    """It is negative only where both are."""
    small, large, mass = names
    orders = [small + large + "-", large + small + "-"]
    write(
        make(str(n), labeller="readers", statements=(PackedStatements("readers", codes),))
        for n, codes in enumerate(orders)
    )
    assert [row["mass"] for row in both()[1]] == [mass, mass]


def test_values_and_types(database, write, make, both):
    note = Issue("age_implausible", Severity.NOTE, "411 years")
    fields = {"age_years": 1.08, "study_date": "2180-05-06", "sex": "F", "width": 10, "issues": (note,)}
    write([make("a", downloaded_at="2026-01-02T03:04:05+00:00", **fields), make("b", size=None, sha256="")])
    error = Issue("truncated", Severity.ERROR, "It ends early.")
    write_validation(database, "nih", [Validated("a", "unreadable", (error, error))])
    (first, second), (typed, other) = both()
    assert (first["age_years"], first["study_date"], first["width"]) == ("1.08", "2180-05-06", "10")
    assert (first["issues"], first["bytes"], first["patient_id"]) == (
        "age_implausible;truncated",
        "5",
        "0007",
    )
    assert (second["issues"], second["bytes"], second["sha256"], second["age_years"]) == ("", "", "", "")
    assert typed["study_date"] == date(2180, 5, 6)
    assert typed["downloaded_at"] == datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
    assert typed["issues"] == ["age_implausible", "truncated"]
    assert (other["issues"], other["bytes"], other["sha256"], other["study_date"]) == ([], None, None, None)


text = st.text(st.characters(exclude_categories=["Cs"]), max_size=30) | st.sampled_from(
    [
        "=1+1",
        "@cmd",
        '"',
        '""',
        "\n",
        "\r",
        "\r\n",
        "a,b",
        ";",
        "'",
        " x ",
        "NULL",
        "nan",
        "007",
        "\ufeff",
        "\0",
    ]
)
TEXTS = (
    "patient_id",
    "study_id",
    "view_published",
    "sex",
    "official_split",
    "image_path",
    "licence",
    "status_reason",
)
SHOWN = [name for name in TEXTS if name != "status_reason"]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=60)
@given(st.lists(st.fixed_dictionaries(dict.fromkeys(TEXTS, text)), min_size=1, max_size=4))
def test_any_text_survives_both_files(make, labellers, tmp_path, rows):
    path = tmp_path / "any.db"
    path.unlink(missing_ok=True)
    with open_database(path) as database:
        write_records(database, [make(str(n), **row) for n, row in enumerate(rows)], labellers.__getitem__)
        write_csv(database, tmp_path / "i.csv")
        write_parquet(database, tmp_path / "i.parquet")
    expected = [tuple(row[name] for name in SHOWN) for row in rows]
    assert [tuple(row[name] for name in SHOWN) for row in read_csv(tmp_path / "i.csv")] == expected
    typed = pl.read_parquet(tmp_path / "i.parquet").fill_null("")
    assert typed.select(SHOWN).rows() == expected


def test_a_long_index_is_written_in_order_over_batches(write, make, both, monkeypatch):
    monkeypatch.setattr(frames, "BATCH", 7)
    notes = {n: (Issue("odd", Severity.NOTE, "m"),) if n % 3 == 0 else () for n in range(40)}
    codes = {n: "+-?."[n % 4] * 4 for n in notes}
    write(make(f"{n:02d}", codes=codes[n], issues=issues) for n, issues in notes.items())
    rows, typed = both()
    assert (
        [row["image_id"] for row in rows] == [row["image_id"] for row in typed] == [f"{n:02d}" for n in notes]
    )
    assert [row["issues"] for row in rows] == ["odd" if issues else "" for issues in notes.values()]
    assert [row["hernia"] for row in typed] == [STATES[n % 4] for n in notes]


@pytest.fixture
def filled(database, write, make):
    write(make(f"{n:04d}", sha256=f"{n * 0x9E3779B97F4A7C15 % 2**64:016x}" * 4) for n in range(2000))
    return database


@pytest.mark.parametrize("write_file", [write_csv, write_parquet])
def test_what_fails_leaves_the_old_file_and_nothing_else(filled, tmp_path, monkeypatch, write_file):
    path = tmp_path / "out" / "index"
    write_file(filled, path)
    before = path.read_bytes()

    def damaged(*_):
        raise LibraryError("It is damaged.")
        yield

    monkeypatch.setattr(csv_and_parquet, "frames", damaged)
    with pytest.raises(LibraryError, match="damaged"):
        write_file(filled, path)
    assert path.read_bytes() == before
    assert list(path.parent.iterdir()) == [path]


FULL = """
    import resource, signal, sys
    from pathlib import Path
    from cxr.database.connection import open_readonly
    from cxr.errors import StorageError
    from cxr.index import csv_and_parquet
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    with open_readonly(Path({database!r})) as database:
        resource.setrlimit(resource.RLIMIT_FSIZE, (2000, 2000))
        try:
            csv_and_parquet.{write}(database, Path({path!r}))
        except StorageError as error:
            print("No space" in str(error) and bool(error.next_step))
"""


@pytest.mark.parametrize("write_file", ["write_csv", "write_parquet"])
def test_a_full_disk_leaves_the_old_file_and_says_what_to_do(filled, tmp_path, write_file):
    """A limit on the size of files stands for the disk's end: the system reports both alike."""
    path = tmp_path / "out" / "index"
    path.parent.mkdir()
    path.write_text("old")
    script = textwrap.dedent(FULL).format(database=str(filled.path), write=write_file, path=str(path))
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert done.stdout == "True\n", done.stderr
    assert path.read_text() == "old"
    assert list(path.parent.iterdir()) == [path]


KILLED = """
    import os, signal
    from pathlib import Path
    from cxr.database.connection import open_readonly
    from cxr.index import csv_and_parquet, frames
    frames.BATCH = 100
    whole = frames.frames
    def half(database):
        for number, frame in enumerate(whole(database)):
            if number == 10:
                os.kill(os.getpid(), signal.SIGKILL)
            yield frame
    csv_and_parquet.frames = half
    with open_readonly(Path({database!r})) as database:
        csv_and_parquet.{write}(database, Path({path!r}))
"""


@pytest.mark.parametrize("write_file", ["write_csv", "write_parquet"])
def test_a_kill_leaves_the_old_file_and_the_next_writer_cleans_up(filled, tmp_path, write_file):
    path = tmp_path / "out" / "index"
    path.parent.mkdir()
    path.write_text("old")
    script = textwrap.dedent(KILLED).format(database=str(filled.path), write=write_file, path=str(path))
    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == -signal.SIGKILL
    assert path.read_text() == "old"
    getattr(csv_and_parquet, write_file)(filled, path)
    assert path.stat().st_size > 1000
    assert list(path.parent.iterdir()) == [path]


def test_both_files_show_one_state_while_another_process_writes(database, write, make, tmp_path, monkeypatch):
    write([make("a")])
    write_both = csv_and_parquet.write_parquet

    def meanwhile(reader, path):
        write([make("b")])
        write_both(reader, path)

    monkeypatch.setattr(csv_and_parquet, "write_parquet", meanwhile)
    places = SimpleNamespace(csv=tmp_path / "i.csv", parquet=tmp_path / "i.parquet")
    with open_readonly(database.path) as reader:
        write_csv_and_parquet(reader, places)
    assert len(read_csv(places.csv)) == pl.read_parquet(places.parquet).height == 1
