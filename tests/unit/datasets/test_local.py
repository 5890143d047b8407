import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cxr.datasets import Published, local
from cxr.model import Remote


def read(*paths):
    published = Published("files", files=[Remote(path) for path in paths])
    return list(local.read(published, lambda problem: None))


def ids(*paths):
    return {record.published_path: record.image_id for record in read(*paths)}


def test_the_id_is_the_path_without_extension():
    (record,) = read("ward 3/a.b.png")
    assert (record.image_id, record.stem, record.published_path) == (
        "ward 3/a.b",
        "local_ward 3__a.b",
        "ward 3/a.b.png",
    )
    assert (record.patient_id, record.patient_key, record.study_id, record.statements) == ("", "", "", ())


@pytest.mark.parametrize(
    ("path", "image_id"),
    [
        ("IM0001", "IM0001"),
        ("1.2.840.10008.1", "1.2.840.10008.1"),
        ("1.2.840.10008.1.dcm", "1.2.840.10008.1"),
        ("Dr. Who chest", "Dr. Who chest"),
        ("a.JPEG", "a"),
        ("a.j2k", "a"),
        ("d.x/a", "d.x/a"),
    ],
)
def test_an_extension_is_short_and_has_a_letter(path, image_id):
    """Else a DICOM UID used as a name would lose its last number."""
    assert ids(path) == {path: image_id}
    assert local.image_id_of(path) == image_id


def test_files_that_differ_by_extension_are_numbered_around_names_that_exist():
    paths = ["a.png", "a.jpg", "a.bmp", "a_2.png"]
    expected = {"a.bmp": "a", "a.jpg": "a_3", "a.png": "a_4", "a_2.png": "a_2"}
    assert ids(*paths) == expected
    assert ids(*reversed(paths)) == expected


def test_stems_differ_where_the_file_system_takes_their_ids_for_the_same():
    composed, decomposed = "\N{LATIN SMALL LETTER E WITH ACUTE}.png", "e\N{COMBINING ACUTE ACCENT}.png"
    records = read("a/b.png", "a__b.png", "A/B.png", composed, decomposed)
    stems = {unicodedata.normalize("NFC", record.stem).casefold() for record in records}
    assert len(stems) == len(records) == 5


def test_every_visible_file_has_a_record_and_hidden_ones_have_none():
    hidden = [".a.png", "x/.a.png", ".git/a.png", "__MACOSX/._a.png", "x/Thumbs.db", "desktop.ini"]
    assert list(ids("notes.txt", "a.png", "report.pdf", *hidden)) == ["a.png", "notes.txt", "report.pdf"]
    assert [local.image_id_of(path) for path in hidden] == [None] * len(hidden)


@pytest.mark.parametrize(
    ("path", "image_id", "stem"),
    [
        ("a\nb.png", "a\\x0ab", "local_a_x0ab"),
        ("a\udcff.png", "a\\xff", "local_a_xff"),
        ("a\u202eb.png", "a\\u202eb", "local_a_u202eb"),
        ("a\u2028b.png", "a\\u2028b", "local_a_u2028b"),
    ],
)
def test_what_cannot_be_shown_is_escaped_and_noted_and_the_path_stays_as_listed(path, image_id, stem):
    (record,) = read(path)
    assert (record.image_id, record.stem, record.published_path) == (image_id, stem, path)
    assert [issue.code for issue in record.issues] == ["name_escaped"]


def test_emoji_are_kept():
    (record,) = read("\N{LUNGS}\N{ZERO WIDTH JOINER}\N{BLACK HEART}.png")
    assert record.stem == "local_\N{LUNGS}\N{ZERO WIDTH JOINER}\N{BLACK HEART}"
    assert record.issues == ()


def test_long_names_are_cut_and_still_differ():
    stems = [record.stem for record in read(*(f"{'x' * 240}{n}.png" for n in range(3)), "\N{LUNGS}" * 63)]
    assert len(set(stems)) == 4
    assert all(len(stem.encode()) <= 200 for stem in stems)


names = st.text(st.characters(exclude_characters="/\0", exclude_categories=()), min_size=1, max_size=12)
paths = st.lists(st.lists(names, min_size=1, max_size=3).map("/".join), max_size=12, unique=True)


@settings(deadline=None)
@given(paths, st.randoms(use_true_random=False))
def test_whatever_files_are_called_ids_and_stems_are_distinct_safe_and_the_same_again(paths, random):
    def folded(stem):
        return unicodedata.normalize("NFC", stem).casefold()

    records = read(*paths)
    visible = [path for path in paths if local.image_id_of(path) is not None]
    assert sorted(visible) == [record.published_path for record in records]
    assert len({record.image_id for record in records}) == len(records)
    assert len({folded(record.stem) for record in records}) == len(records)
    for record in records:
        record.image_id.encode()
        assert record.stem.startswith("local_")
        assert len(record.stem.encode()) <= 210
        assert not set(record.stem) & set('/\\:*?"<>|\0\n\r')
        assert ".." not in record.stem
    random.shuffle(paths)
    assert read(*paths) == records
