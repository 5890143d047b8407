import gzip
import io
import zipfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cxr import tables
from cxr.errors import CxrError, TableError
from cxr.tables import Column

COLUMNS = (Column("Image Index"), Column("Patient Sex", ("Patient Gender",)), Column("Age", required=False))
GOOD = "Image Index,Patient Sex,Age\na.png,M,5\nb.png,F,6\n"


@pytest.fixture
def table(tmp_path):
    """Write a table and read it: the cells, and the problems as (code, line)."""

    def read(content: str | bytes, columns=COLUMNS, **options):
        path = tmp_path / "Entries.csv"
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        problems = []
        rows = [row.cells for row in tables.read(path, columns, problems.append, **options)]
        return rows, [(problem.code, problem.line) for problem in problems]

    return read


EXPECTED = ([("a.png", "M", "5"), ("b.png", "F", "6")], [])


@pytest.mark.parametrize(
    "content",
    [
        GOOD,
        GOOD.rstrip("\n"),
        GOOD.replace("\n", "\r\n"),
        GOOD.replace("\n", "\r"),
        GOOD.replace(",", "\t"),
        GOOD.replace(",", ";"),
        GOOD.replace("Image Index", " image_INDEX "),
        GOOD.replace("Sex", "Gender"),
        GOOD.replace("\n", ",\n"),
        GOOD.replace("\n", ",,,\n", 1),
        GOOD.replace("a.png", '"a.png"'),
        "\n\n" + GOOD.replace("\n", "\n\n") + ",,\n"[:0],
        GOOD.encode("utf-8-sig"),
        GOOD.encode("utf-16"),
        b"\xfe\xff" + GOOD.encode("utf-16-be"),
        gzip.compress(GOOD.encode(), mtime=0),
    ],
    ids=lambda content: repr(content[:24]),
)
def test_the_same_table_reads_the_same_however_it_was_saved(table, content):
    assert table(content) == EXPECTED


def test_columns_are_found_by_name_in_any_order_and_an_optional_one_may_be_absent(table):
    rows, problems = table("x,Patient Sex,Image Index\n1,M,a.png\n")
    assert rows == [("a.png", "M", "")]
    assert problems == []


def test_a_single_column_is_a_tuple_of_one(table):
    assert table(GOOD, COLUMNS[:1])[0] == [("a.png",), ("b.png",)]


def test_a_comma_in_brackets_heads_two_columns_whether_it_is_quoted_or_not(table):
    columns = (Column("name"), Column("h]"), Column("last"))
    for header in ("name,Box[w,h],last", 'name,"Box[w,h]",last'):
        assert table(header + "\na,1,2,z\n", columns) == ([("a", "2", "z")], [])


def test_a_row_of_another_width_is_left_out_and_told(table):
    """The last row of a table that was cut short would else lose a digit of its last number unseen."""
    rows, problems = table("Image Index,Patient Sex,Age\na,M\nb,M,5,6\nc,F,7\n")
    assert rows == [("c", "F", "7")]
    assert problems == [("row_too_short", 2), ("row_too_long", 3)]


@pytest.mark.parametrize("bad", ['"a,M,5', 'a,"M,5', '"a"x,M,5'])
def test_a_quote_never_closed_costs_its_own_row_only(table, bad):
    rows, problems = table(f"Image Index,Patient Sex,Age\n{bad}\nb.png,F,6\n")
    assert rows == [("b.png", "F", "6")]
    assert problems == [("bad_quote", 2)]


def test_a_report_may_run_over_lines_and_keeps_its_blank_ones(table):
    rows, problems = table('Image Index,Patient Sex,Age\na,"one\n\n""two""",5\nb,F,6\n', multiline=True)
    assert rows == [("a", 'one\n\n"two"', "5"), ("b", "F", "6")]
    assert problems == []


def test_among_reports_a_quote_never_closed_names_file_and_line(table):
    content = 'Image Index,Patient Sex,Age\na,"one\ntwo",5\n"b\nb","F,6\nc,M,7\n'
    with pytest.raises(TableError, match=r"Entries\.csv has a quote, opened in line 5") as caught:
        table(content, multiline=True)
    assert "line 5" in caught.value.next_step


def test_a_quote_that_swallows_too_much_stops_there(table):
    content = 'Image Index,Patient Sex,Age\na,"M,5\n' + "b,F,6\n" * 300_000
    with pytest.raises(TableError, match="opened in line 2"):
        table(content, multiline=True)


def test_a_byte_of_another_encoding_is_named_with_its_line_and_what_it_likely_is(tmp_path):
    path = tmp_path / "t.csv"
    path.write_bytes(GOOD.encode() + "c.png,Männlich,7\nd.png,F,8\n".encode("cp1252"))
    problems = []
    rows = [row.cells[0] for row in tables.read(path, COLUMNS, problems.append)]
    assert rows == ["a.png", "b.png", "d.png"]
    (problem,) = problems
    assert (problem.code, problem.line, problem.dropped) == ("not_utf8", 4, True)
    assert "0xE4" in problem.message
    assert "'ä'" in problem.message


def test_a_nul_byte_costs_its_row(table):
    rows, problems = table("Image Index,Patient Sex,Age\n" + "x,M,5\n" * 900 + "b\0,F,6\nc,F,6\n")
    assert len(rows) == 901
    assert problems == [("nul_byte", 902)]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "is empty"),
        (b"\xef\xbb\xbf", "is empty"),
        (b"\n \n", "is empty"),
        (b"<!DOCTYPE html><html><body>Sign in", "an HTML page"),
        (b"\n <html>", "an HTML page"),
        (b"\x89PNG\r\n\x1a\n" + bytes(40), "a PNG image"),
        (b"\xff\xd8\xff\xe0" + bytes(40), "a JPEG image"),
        (b"%PDF-1.7\n", "a PDF document"),
        (b'{"code": 403}', "a JSON document"),
        (b"version https://git-lfs.github.com/spec/v1\n", "Git LFS pointer"),
        (bytes(2000), "UTF-16 text without|binary data"),
        (GOOD.encode("utf-16-le"), "UTF-16 text without a byte-order mark"),
        (b"a" * 257 + b"ustar" + bytes(300), "a tar archive"),
        (gzip.compress(b"<html>", mtime=0), "an HTML page"),
        (gzip.compress(GOOD.encode(), mtime=0)[:-12], "damaged gzip"),
        (b"\x1f\x8b\x08rubbish", "damaged gzip"),
        (GOOD.encode("utf-16")[:-1], "could not be read"),
        (b"Image Index,Patient Sex,\xe4\n", "header of .* is not UTF-8"),
        (b'Image Index,"Patient Sex\na,M\n', "quote that is not closed"),
        (b"a,b\n1,2\n", "no column 'Image Index'"),
        (b"Image Index,Age\n", "no column 'Patient Sex'"),
        (b"Image Index,Patient Sex,Patient Gender\na,M,F\n", "'Patient Sex' more than once: columns 2 and 3"),
        (",".join(["Image Index", "Patient Sex", *map(str, range(998))]).encode(), "1,000 columns"),
        (GOOD.encode() + b"x" * (tables.MAX_LINE + 1), "line 4 has more than"),
    ],
    ids=lambda value: repr(value[:28]),
)
def test_what_is_no_table_is_said_with_its_file(table, content, words):
    with pytest.raises(TableError, match=words) as caught:
        table(content)
    assert "Entries.csv" in caught.value.happened
    assert caught.value.next_step


def test_an_excel_workbook_under_the_name_is_said_as_such(table):
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr("xl/workbook.xml", "x")
    with pytest.raises(TableError, match="Excel workbook") as caught:
        table(stream.getvalue())
    assert "CSV" in caught.value.next_step


def test_a_missing_column_names_the_nearest(table):
    with pytest.raises(TableError) as caught:
        table("Image Indexx,Patient Sex\na,M\n")
    assert "'image indexx'" in caught.value.think


def test_a_table_that_is_not_there_or_a_folder_is_said(tmp_path):
    with pytest.raises(TableError, match="There is no table"):
        next(tables.read(tmp_path / "none.csv", COLUMNS, print))
    with pytest.raises(TableError, match="is a folder"):
        next(tables.read(tmp_path, COLUMNS, print))
    with pytest.raises(TableError, match="could not be read"):
        next(tables.read(Path("a\0b"), COLUMNS, print))


def test_an_error_of_the_listener_stays_its_own(tmp_path):
    """A full disk while a problem is written down is not a fault of the table."""
    path = tmp_path / "t.csv"
    path.write_text("Image Index,Patient Sex\na\n")

    def full(problem):
        raise OSError(28, "No space left on device")

    with pytest.raises(OSError, match="No space left"):
        list(tables.read(path, COLUMNS, full))


def test_what_inflates_beyond_bounds_is_given_up(table, monkeypatch):
    monkeypatch.setattr(tables, "MAX_BYTES", 1000)
    with pytest.raises(TableError, match="more than 1,000 characters"):
        table(gzip.compress(GOOD.encode() + b"\n" * 2000, mtime=0))


def test_a_list_is_read_without_its_line_ends(tmp_path):
    path = tmp_path / "list.txt"
    path.write_bytes(b"\xef\xbb\xbfa.png\r\n\r\nb.png \nc\xe9.png\nd.png")
    problems = []
    assert list(tables.read_list(path, problems.append)) == [(1, "a.png"), (3, "b.png"), (5, "d.png")]
    assert [(problem.code, problem.line) for problem in problems] == [("not_utf8", 4)]


def test_quoting_and_showing_keep_a_message_in_one_printable_line():
    for text in ("a\nb", "\0", "\udcff", "x" * 500, "\u202e"):
        assert tables.quote(text).isprintable()
        assert len(tables.quote(text)) < 300
        assert tables.shown(Path(text)).isprintable()


@settings(deadline=None)
@given(
    st.binary(max_size=300),
    st.booleans(),
    st.sampled_from([b"", GOOD.encode(), b"Image Index,Patient Sex\n"]),
)
def test_no_bytes_break_the_reader(tmp_path_factory, content, multiline, before):
    path = tmp_path_factory.getbasetemp() / "fuzzed.csv"
    path.write_bytes(before + content)
    problems = []
    try:
        rows = list(tables.read(path, COLUMNS, problems.append, multiline=multiline))
    except CxrError:
        return
    for row in rows:
        assert len(row.cells) == 3
        "".join(row.cells).encode()  # no half characters get through
    assert all(problem.message.isprintable() for problem in problems)
