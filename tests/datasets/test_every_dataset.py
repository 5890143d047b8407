"""The same questions to every dataset: a new file in ``cxr/datasets`` is asked them without a line here."""

import re
import unicodedata
from collections.abc import Iterable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cxr import datasets, vocabulary
from cxr.captions.render import About, render
from cxr.datasets import Dataset, Published
from cxr.errors import CxrError, TableError
from cxr.model import Record, Remote
from cxr.tally import tally

KEYS = datasets.keys()
TABLED = [key for key in KEYS if datasets.load(key).EXAMPLE.tables]
HOSTS = {
    "kaggle",
    "box",
    "gcs",
    "aws",
    "physionet",
    "azure",
    "redivis",
    "openi",
    "b2drop",
    "folder",
    "phantoms",
}


@pytest.fixture(params=KEYS)
def key(request):
    return request.param


@pytest.fixture
def dataset(key) -> Dataset:
    return datasets.load(key)


def write_example(dataset: Dataset, folder: Path) -> None:
    for name, content in dataset.EXAMPLE.tables.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode())


def published(dataset: Dataset, folder: Path) -> Published:
    """What the dataset finds in a folder that holds its example."""
    tables = [path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()]
    found = dataset.find_tables([*tables, *dataset.EXAMPLE.files])
    files = [Remote(path, 1) for path in dataset.EXAMPLE.files]
    release = datasets.default_release(dataset).key
    return Published(release, {role: folder / path for role, path in found.items()}, files)


def read(dataset: Dataset, folder: Path) -> tuple[list[Record], list]:
    problems = []
    return list(dataset.read(published(dataset, folder), problems.append)), problems


@pytest.fixture
def records(dataset, tmp_path) -> list[Record]:
    write_example(dataset, tmp_path)
    return read(dataset, tmp_path)[0]


def folded(text: str) -> str:
    return unicodedata.normalize("NFC", text).casefold()


def check_records(dataset: Dataset, key: str, records: Iterable[Record]) -> None:
    """What is true of the records of every dataset, whatever its tables hold."""
    records = list(records)
    assert len({record.image_id for record in records}) == len(records)
    assert len({folded(record.stem) for record in records}) == len(records)
    for record in records:
        check_names(key, record)
        check_person(dataset, record)
        check_statements(dataset, record)


def check_names(key: str, record: Record) -> None:
    assert record.source == key
    assert re.match(rf"{key}[a-z]*_.", record.stem), "a stem says which dataset it is of"
    assert not set(record.stem) & set('/\\:*?"<>|'), "a stem is a file name on every system"
    assert not record.stem.startswith((".", "-"))
    assert len(record.stem.encode()) <= 220
    for text in (record.image_id, record.stem):
        assert text
        assert not any(unicodedata.category(character) in ("Cc", "Cs", "Zl", "Zp") for character in text)
    parts = record.published_path.split("/")
    assert not {"", ".", ".."} & set(parts), "a published path stays below its root"


def check_person(dataset: Dataset, record: Record) -> None:
    if record.patient_id:
        assert record.patient_key.startswith(f"{dataset.NAMESPACE}:")
    else:
        assert record.patient_key == ""
    assert record.study_origin in ("published", "derived")
    assert record.sex in ("F", "M", "")
    assert record.age_years is None or 0 <= record.age_years <= 110
    assert record.view_position == record.view_position.upper() != ""
    assert record.view_origin in ("published", "dicom", "")
    assert re.fullmatch(r"(\d{4}-\d{2}-\d{2})?", record.study_date)


def check_statements(dataset: Dataset, record: Record) -> None:
    labellers = {labeller.key: labeller for labeller in dataset.LABELLERS}
    stated = [packed.labeller for packed in record.statements]
    assert len(set(stated)) == len(stated)
    assert record.labeller in stated or (record.labeller == "" and not stated)
    for packed in record.statements:
        statements = list(labellers[packed.labeller].expand(packed.codes))
        assert len(statements) == len(labellers[packed.labeller].findings)
    for region in record.regions:
        assert region.common is None or region.common in vocabulary.FINDINGS
        assert 0 <= region.x < region.x + region.width <= region.frame_width + 1
        assert 0 <= region.y < region.y + region.height <= region.frame_height + 1


def test_its_docstring_is_a_card_for_people(dataset):
    card = (dataset.__doc__ or "").strip()
    assert re.fullmatch(r"[^\n]{20,110}[.:]", card.splitlines()[0])
    assert len(card) > 300
    assert "stem" in card
    assert dataset.TITLE
    assert dataset.NAMESPACE.isidentifier()


def test_its_terms_say_what_is_allowed_and_what_to_do(dataset):
    terms = dataset.TERMS
    assert terms.access in ("open", "agreement", "credentialed")
    assert terms.licence
    assert terms.summary.endswith(".")
    assert terms.steps
    assert dataset.ATTRIBUTION
    assert all(link.startswith("https://") for link in terms.links.values())
    assert terms.access == "open" or not terms.shareable


def test_its_citation_is_bibtex(dataset):
    citation = dataset.CITATION.strip()
    assert re.match(r"@[a-z]+\{[\w:.-]+,\n", citation)
    assert citation.endswith("}")
    assert citation.count("{") == citation.count("}")
    assert re.search(r"^\s*title\s*=\s*\{", citation, re.MULTILINE)


def test_its_releases_say_where_they_are_and_what_was_done_to_the_pixels(dataset):
    assert dataset.RELEASES
    for key, release in dataset.RELEASES.items():
        assert release.key == key
        assert release.hosts
        assert set(release.hosts) <= HOSTS
        assert len(set(release.hosts)) == len(release.hosts)
        assert release.pixel_processing
        assert release.images >= release.patients >= 0
        assert release.minimum_resolution >= 0


def test_its_labellers_speak_the_common_vocabulary_or_say_that_they_do_not(dataset):
    for labeller in dataset.LABELLERS:
        words = [finding.published for finding in labeller.findings]
        assert len(set(words)) == len(words)
        common = [finding.common for finding in labeller.findings if finding.common is not None]
        assert set(common) <= vocabulary.FINDINGS.keys()
        assert len(set(common)) == len(common), "a column of the index has one finding"
        assert all(len(code) == 1 for code in labeller.codes)
        assert labeller.name


def test_no_two_datasets_share_a_labeller_or_a_title():
    labellers = [labeller.key for key in KEYS for labeller in datasets.load(key).LABELLERS]
    titles = [datasets.load(key).TITLE for key in KEYS]
    assert len(set(labellers)) == len(labellers)
    assert len(set(titles)) == len(titles)
    assert all(datasets.labeller(key).key == key for key in labellers)


def test_its_example_reads_to_the_number_it_states(dataset, records):
    assert len(records) == dataset.EXAMPLE.images > 0


def test_its_records_are_sound(dataset, key, records):
    check_records(dataset, key, records)
    assert {record.release for record in records} == {datasets.default_release(dataset).key}


def test_reading_twice_gives_the_same(dataset, tmp_path, records):
    assert read(dataset, tmp_path)[0] == records


def test_each_image_of_its_tree_is_known_by_its_path(dataset, records):
    ids = {record.image_id for record in records}
    assert all(dataset.image_id_of(record.published_path) in ids for record in records)
    assert all(dataset.image_id_of(path) in {*ids, None} for path in dataset.EXAMPLE.files)
    assert len(dataset.EXAMPLE.files) >= len(records) or not dataset.EXAMPLE.files


def test_each_record_has_a_caption(dataset, records):
    about = About.of(dataset, datasets.default_release(dataset))
    for record in records:
        assert f"IMAGE_ID: {record.image_id}\n" in render(record, about)


def test_its_records_can_be_counted(dataset, records):
    counted = tally(records, dataset.LABELLERS)
    assert counted.images == len(records)
    for states in counted.findings.values():
        assert sum(states.values()) <= len(records)


@pytest.mark.parametrize("key", TABLED)
def test_without_any_table_the_error_says_what_to_get(dataset):
    with pytest.raises(TableError) as caught:
        dataset.find_tables([])
    assert "--tables" in caught.value.next_step


@pytest.mark.parametrize("key", TABLED)
@pytest.mark.parametrize("line_end", ["\r\n", "\n"])
def test_its_tables_read_the_same_with_a_mark_and_other_line_ends(dataset, tmp_path, records, line_end):
    for name, content in dataset.EXAMPLE.tables.items():
        text = content.replace("\r\n", "\n").replace("\n", line_end)
        (tmp_path / name).write_bytes(text.encode("utf-8-sig"))
    assert read(dataset, tmp_path)[0] == records


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(path=st.text(st.characters(exclude_categories=()), max_size=60))
def test_no_path_breaks_the_search_for_its_image(dataset, path):
    image_id = dataset.image_id_of(path)
    assert image_id is None or image_id.encode()


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(paths=st.lists(st.text(st.characters(exclude_categories=()), max_size=20), max_size=6))
def test_no_folder_breaks_the_search_for_its_tables(dataset, paths):
    try:
        found = dataset.find_tables(paths)
    except TableError:
        return
    assert set(found.values()) <= set(paths)


def spoil(content: bytes, cuts: list[tuple[int, int, bytes]]) -> bytes:
    for place, length, put in cuts:
        at = place % (len(content) + 1)
        content = content[:at] + put + content[at + length :]
    return content


NASTY = [
    b'"',
    b"\0",
    b"\xff",
    b"\r",
    b"\n",
    b",",
    b"|",
    b"../",
    b"\xe2\x80\xae",
    b"9" * 40,
    b"-1",
    b"nan",
    b"1e400",
]
CUTS = st.lists(
    st.tuples(
        st.integers(0, 1 << 16),
        st.integers(0, 400) | st.just(0),
        st.sampled_from(NASTY) | st.binary(max_size=12),
    ),
    min_size=1,
    max_size=8,
)


@pytest.mark.parametrize("key", TABLED)
@settings(deadline=None, max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_spoilt_tables_give_sound_records_problems_or_a_clear_error(dataset, key, tmp_path, data):
    write_example(dataset, tmp_path)
    name = data.draw(st.sampled_from(sorted(dataset.EXAMPLE.tables)))
    (tmp_path / name).write_bytes(spoil(dataset.EXAMPLE.tables[name].encode(), data.draw(CUTS)))
    try:
        records, problems = read(dataset, tmp_path)
    except CxrError:
        return
    check_records(dataset, key, records)
    assert all(problem.code.isidentifier() and problem.message for problem in problems)
    assert all(problem.message.isprintable() for problem in problems)
