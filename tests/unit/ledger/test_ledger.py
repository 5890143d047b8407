"""Outcomes are written, replaced and read back; runs; the failed list."""

import tracemalloc
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cxr.database.connection import open_database
from cxr.ledger.cells import cell
from cxr.ledger.failed_list import write_failed_list
from cxr.ledger.read import Finished, FinishedFiles, failures, finished
from cxr.ledger.runs import RunOutcome, begin_run, end_run, latest_run
from cxr.ledger.write import Outcome, write_outcomes
from cxr.model import Failure, Fetched, Transfer

HASH = "ab" * 32


def fetched(name="nih_a.png", size=5, sha256=HASH):
    return Fetched(name, size, sha256, "https://example.org/a.png", Transfer.COPIED, 0.25)


@pytest.fixture
def database(tmp_path):
    with open_database(tmp_path / "master_index.db") as database:
        yield database


def test_what_came_is_found_by_source(database):
    write_outcomes(database, "nih", None, [Outcome("a", "folder", fetched())])
    assert dict(finished(database, "nih")) == {"a": Finished("nih_a.png", 5, HASH)}
    assert "b" not in finished(database, "nih")
    assert len(finished(database, "mimic")) == 0


def test_the_latest_outcome_counts(database):
    failure = Failure("a", "size_differs", "5 bytes, not 6")
    write_outcomes(database, "nih", 1, [Outcome("a", "folder", failure)])
    assert list(failures(database)) == [("nih", failure)]
    write_outcomes(database, "nih", 2, [Outcome("a", "folder", fetched())])
    assert list(failures(database)) == []
    write_outcomes(database, "nih", 3, [Outcome("a", "folder", failure)])
    assert len(finished(database, "nih")) == 0
    assert database.value("SELECT count(*) FROM ledger") == 1


def test_a_batch_is_written_whole_or_not_at_all(database):
    def broken():
        yield Outcome("a", "folder", fetched())
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_outcomes(database, "nih", None, broken())
    assert len(finished(database, "nih")) == 0


names = st.text(st.characters(exclude_categories=()), max_size=300)


@given(
    st.dictionaries(names, st.tuples(names, st.integers(0, 2**63 - 1), st.binary(min_size=32, max_size=32)))
)
def test_packed_files_are_what_was_put_in(files):
    rows = [(image_id, name, size, sha.hex()) for image_id, (name, size, sha) in files.items()]
    packed = FinishedFiles(rows)
    assert {(image_id, *one) for image_id, one in packed.items()} == set(rows)


def test_a_finished_file_takes_less_than_400_bytes():
    """377,110 of them stay under 150 MB."""
    number = 20_000
    tracemalloc.start()
    rows = ((f"{n:044d}", f"mimic_p10000001_s{n:08d}_d1.jpg", n, f"{n:064x}") for n in range(number))
    files = FinishedFiles(rows)
    taken, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert len(files) == number
    assert taken / number < 400


def test_the_failed_list_has_a_line_an_image(database, tmp_path):
    awkward = Failure("b\tc", "gone", "it\nwas\r\nthere\0", "https://example.org/b")
    plain = Failure("a", "404", "not found: café")
    write_outcomes(database, "nih", None, [Outcome(f.image_id, "folder", f) for f in (awkward, plain)])
    write_outcomes(database, "local", None, [Outcome("z", "folder", Failure("z", "gone", "gone"))])
    path = tmp_path / "failed_images.txt"
    assert write_failed_list(database, path) == 3
    assert path.read_bytes().decode().split("\n") == [
        "source\timage_id\tcode\treason\turl",
        "local\tz\tgone\tgone\t",
        "nih\ta\t404\tnot found: café\t",
        "nih\tb\\tc\tgone\tit\\nwas\\r\\nthere\\x00\thttps://example.org/b",
        "",
    ]


@given(st.text(st.characters(exclude_categories=())))
def test_no_text_steers_a_terminal_or_a_spreadsheet(text):
    told = cell(text)
    assert not any(unicodedata.category(one) in {"Cc", "Cs", "Zl", "Zp"} for one in told)
    assert not told.startswith(("=", "+", "-", "@"))
    assert told.encode().decode() == told


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("\x1b[2J\x9b31mred", r"\x1b[2J\x9b31mred"),
        ("a\u2028b\u202egpj.exe", r"a\u2028b\u202egpj.exe"),
        ("=HYPERLINK(1)", "'=HYPERLINK(1)"),
        ("\t=1+1", r"\t=1+1"),
        ("bytes that are no UTF-8: \udcff", r"bytes that are no UTF-8: \udcff"),
        ("café, \N{LUNGS}, C:\\scans", "café, \N{LUNGS}, C:\\scans"),
    ],
)
def test_what_people_open_shows_what_it_does_not_obey(text, told):
    assert cell(text) == told


def test_a_reason_is_kept_without_terminal_codes_and_an_id_as_it_is(database):
    failure = Failure("-1\x1b[2J", "refused", "the server said \x1b[2Jnothing")
    write_outcomes(database, "nih", None, [Outcome(failure.image_id, "folder", failure)])
    [(_, kept)] = failures(database)
    assert (kept.image_id, kept.reason) == ("-1\x1b[2J", r"the server said \x1b[2Jnothing")


def test_a_run_is_remembered_for_resume(database):
    request = {"selection": {"limit": 10}, "from": "/data/nih"}
    run = begin_run(database, "download", "nih", request)
    begin_run(database, "download", "local", {})
    end_run(database, run, RunOutcome.FAILURES, {"downloaded": 9, "failed": 1})
    found = latest_run(database, "download", "nih")
    assert (found.id, found.request, found.outcome) == (run, request, RunOutcome.FAILURES)
    assert found.counts == {"downloaded": 9, "failed": 1}
    assert found.started_at <= found.finished_at
    assert latest_run(database, "validate", "nih") is None


def test_a_run_that_was_killed_counts_as_interrupted_once_another_begins(database):
    begin_run(database, "download", "nih", {})
    begin_run(database, "index", "nih", {})
    assert latest_run(database, "download", "nih").outcome is RunOutcome.INTERRUPTED
    assert latest_run(database, "index", "nih").outcome is RunOutcome.RUNNING
