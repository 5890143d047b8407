import gzip
import zipfile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cxr import datasets
from cxr.captions.render import About, render
from cxr.datasets import Published, mimic
from cxr.datasets._mimic_example import EXAMPLE
from cxr.datasets._mimic_times import study_date, study_time
from cxr.datasets._mimic_views import view_of
from cxr.errors import TableError
from cxr.model import Severity, State
from cxr.tally import tally

METADATA = "mimic-cxr-2.0.0-metadata.csv"
SPLIT = "mimic-cxr-2.0.0-split.csv"
CHEXPERT = "mimic-cxr-2.0.0-chexpert.csv"
RADIOLOGISTS = "mimic-cxr-2.1.0-test-set-labeled.csv"
REPORT = "files/p10/p10000001/s50000001.txt"
RELEASE = datasets.default_release(mimic)


@pytest.fixture
def read(tmp_path):
    """Read the example's tables, with some left out or replaced: the records, and the problems."""

    def read(*without: str, **replaced: str):
        tables = {**EXAMPLE.tables, **{mimic.TABLES[role]: text for role, text in replaced.items()}}
        for name, text in tables.items():
            if name not in without:
                (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
                (tmp_path / name).write_text(text, "utf-8")
        return read_folder(tmp_path)

    return read


def read_folder(folder):
    paths = [path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()]
    found = mimic.find_tables(paths)
    problems = []
    published = Published(RELEASE.key, {role: folder / path for role, path in found.items()})
    return list(mimic.read(published, problems.append)), problems


def states(record, labeller: str) -> dict[str, State]:
    (packed,) = [packed for packed in record.statements if packed.labeller == labeller]
    return {one.finding.published: one.state for one in datasets.labeller(labeller).expand(packed.codes)}


def codes(problems) -> list[tuple[str, str, int, bool]]:
    return [(problem.table, problem.code, problem.line, problem.dropped) for problem in problems]


def lines(name: str) -> list[str]:
    return EXAMPLE.tables[name].splitlines(keepends=True)


def test_the_example_reads_with_each_oddity_told_once(read):
    records, problems = read()
    assert [record.stem for record in records] == [
        "mimic_p10000001_s50000001_d1",
        "mimic_p10000001_s50000001_d2",
        "mimic_p10000001_s50000002_d1",
        "mimic_p10000002_s50000003_d1",
        "mimic_p10000002_s50000004_d1",
        "mimic_p19000003_s50000005_d1",
    ]
    assert codes(problems) == [
        (CHEXPERT, "unknown_state", 5, False),
        (METADATA, "unknown_view", 6, False),
        (METADATA, "repeated_image", 8, True),
        (METADATA, "patient_differs", 9, True),
    ]


def test_ids_and_paths_are_as_published(read):
    first = read()[0][0]
    assert (first.patient_id, first.patient_key) == ("10000001", "mimic:10000001")
    assert (first.study_id, first.study_origin) == ("50000001", "published")
    assert first.published_path == f"files/p10/p10000001/s50000001/{first.image_id}.jpg"
    assert (first.sex, first.age_years, first.age_published) == ("", None, "")


def test_the_number_in_a_stem_counts_the_rows_of_the_study_wherever_they_stand(read):
    head, one, two, *rest = lines(METADATA)
    records, _ = read(metadata="".join([head, two, *rest, one]))
    stems = {record.image_id: record.stem for record in records}
    assert stems[one[:44]].endswith("s50000001_d2")
    assert stems[two[:44]].endswith("s50000001_d1")


def test_dates_and_times_have_their_zeros_again(read):
    times = [(record.study_date, record.study_time) for record in read()[0]]
    assert times == [
        ("2150-01-01", "21:30:14"),
        ("2150-01-01", "21:30:14"),
        ("2150-02-03", "08:05:56"),
        ("2160-07-04", "00:05:12"),
        ("2160-07-05", "00:00:00"),
        ("2199-08-01", "23:59:59"),
    ]


@pytest.mark.parametrize(
    ("cell", "time"),
    [
        ("80556.875", "08:05:56"),
        ("213014.53100000002", "21:30:14"),
        ("0", "00:00:00"),
        ("", ""),
        (" ", ""),
        ("240000.0", None),
        ("126000", None),
        ("125960", None),
        ("1234567", None),
        ("-5", None),
        ("noon", None),
    ],
)
def test_a_time_is_a_number_without_its_leading_zeros(cell, time):
    assert study_time(cell) == time


@given(st.integers(0, 86_399), st.integers(0, 999))
def test_every_second_of_a_day_survives_being_a_number(second, thousandths):
    hours, minutes, seconds = second // 3600, second // 60 % 60, second % 60
    cell = str(float(f"{hours:02}{minutes:02}{seconds:02}.{thousandths:03}"))
    assert study_time(cell) == f"{hours:02}:{minutes:02}:{seconds:02}"


@pytest.mark.parametrize("cell", ["21501301", "2150010", "215001011", "x", "2150-01-01"])
def test_what_is_no_date_is_told(read, cell):
    assert study_date(cell) is None
    records, problems = read(metadata=EXAMPLE.tables[METADATA].replace("21500203", cell))
    assert records[2].study_date == ""
    assert [issue.code for issue in records[2].issues] == ["unreadable_date"]
    assert (METADATA, "unreadable_date", 4, False) in codes(problems)


def test_each_labeller_says_what_it_published(read):
    records = read()[0]
    assert [packed.labeller for packed in records[3].statements] == [
        "mimic_chexpert",
        "mimic_negbio",
        "mimic_radiologists",
    ]
    third = states(records[2], "mimic_chexpert")
    assert third["Atelectasis"] is State.POSITIVE
    assert third["Edema"] is State.NEGATIVE
    assert third["Lung Opacity"] is State.UNCERTAIN
    assert third["Cardiomegaly"] is State.UNMENTIONED
    assert third["Support Devices"] is State.POSITIVE
    assert states(records[2], "mimic_negbio")["Lung Opacity"] is State.POSITIVE
    assert states(records[0], "mimic_chexpert")["No Finding"] is State.POSITIVE


def test_the_radiologists_airspace_opacity_is_the_others_lung_opacity(read):
    record = read()[0][3]
    said = states(record, "mimic_radiologists")
    assert said["Airspace Opacity"] is State.UNCERTAIN
    assert said["Support Devices"] is State.POSITIVE
    assert said["Pleural Effusion"] is State.NEGATIVE
    (finding,) = [one for one in mimic.RADIOLOGISTS.findings if one.published == "Airspace Opacity"]
    assert finding.common == "lung_opacity"


def test_states_as_whole_numbers_keep_the_published_value(read):
    text = EXAMPLE.tables[RADIOLOGISTS].replace("50000003,1.0,-1.0", "50000003,1,-1")
    (_, _, packed) = read(mimic_radiologists=text)[0][3].statements
    said = {one.finding.published: one for one in mimic.RADIOLOGISTS.expand(packed.codes)}
    assert (said["Support Devices"].state, said["Support Devices"].published_value) == (State.POSITIVE, "1")
    assert said["Airspace Opacity"].published_value == "-1"
    assert said["Pleural Effusion"].published_value == "0.0"


def test_a_study_without_a_row_is_not_assessed_and_one_with_an_odd_value_neither(read):
    records = read()[0]
    assert records[4].statements == ()
    assert records[4].labeller == ""
    assert [packed.labeller for packed in records[5].statements] == ["mimic_negbio"]
    assert records[5].labeller == "mimic_negbio"


def test_the_index_shows_the_labeller_that_covers_the_whole_split(read):
    assert mimic.LABELLERS[0].key == "mimic_chexpert"
    assert {record.labeller for record in read()[0][:4]} == {"mimic_chexpert"}


def test_labels_of_another_patient_are_not_joined(read):
    text = EXAMPLE.tables[CHEXPERT].replace("10000002,50000003", "10000009,50000003")
    records, problems = read(mimic_chexpert=text)
    assert records[3].labeller == "mimic_negbio"
    assert (METADATA, "labels_contradict", 5, False) in codes(problems)


def test_a_study_that_is_labelled_twice_counts_once(read):
    text = EXAMPLE.tables[CHEXPERT] + "10000001,50000001,1.0,,,,,,,,,,,,,\n"
    records, problems = read(mimic_chexpert=text)
    assert states(records[0], "mimic_chexpert")["Atelectasis"] is State.UNMENTIONED
    assert (CHEXPERT, "repeated_study", 6, False) in codes(problems)


def test_the_split_is_as_published(read):
    parts = [record.official_split for record in read()[0]]
    assert parts == ["train", "train", "train", "test", "test", "validate"]


def test_a_split_that_leaks_or_contradicts_is_told(read):
    head, first, second, third, *rest = lines(SPLIT)
    wrong = [head, first, second, third.replace("train", "test"), *rest]
    _, problems = read(split="".join(wrong))
    assert (SPLIT, "split_leaks", 0, False) in codes(problems)
    records, problems = read(split="".join([head, first.replace("10000001", "10000002"), second]))
    assert [record.official_split for record in records] == ["", "train", "", "", "", ""]
    assert (METADATA, "split_contradicts", 2, False) in codes(problems)
    _, problems = read(split=head + first.replace("train", "dev"))
    assert (SPLIT, "unknown_split", 2, False) in codes(problems)


@pytest.mark.parametrize(
    ("published", "position", "word", "issue"),
    [
        (("PA", "postero-anterior", "Erect"), "PA", "PA", None),
        (("AP", "", "Recumbent"), "AP", "AP", None),
        (("", "antero-posterior", ""), "AP", "antero-posterior", None),
        (("", "left lateral", "Erect"), "LL", "left lateral", None),
        (("LATERAL", "left lateral", ""), "LATERAL", "LATERAL", None),
        (("XTABLE LATERAL", "", ""), "LATERAL", "XTABLE LATERAL", None),
        (("PA LLD", "postero-anterior", ""), "LLD", "PA LLD", None),
        (("PA", "", "left lateral decubitus"), "LLD", "PA", None),
        (("AP AXIAL", "", ""), "AXIAL", "AP AXIAL", None),
        (("RAO", "", ""), "RAO", "RAO", None),
        (("", "", "Erect"), "UNKNOWN", "", ("no_view", Severity.NOTE)),
        (("AP SWIVEL", "", ""), "UNKNOWN", "AP SWIVEL", ("unknown_view", Severity.WARNING)),
        (("OBLIQUE", "postero-anterior", ""), "UNKNOWN", "OBLIQUE", ("unknown_view", Severity.WARNING)),
        (("PA", "lateral", ""), "PA", "PA", ("view_contradicts", Severity.WARNING)),
        (("LL", "right lateral", ""), "LL", "LL", ("view_contradicts", Severity.WARNING)),
    ],
)
def test_a_view_comes_from_three_columns(published, position, word, issue):
    view = view_of(*published)
    assert (view.position, view.published) == (position, word)
    assert [(one.code, one.severity) for one in view.issues] == ([issue] if issue else [])


def test_an_empty_view_is_a_note_and_no_fault_of_the_table(read):
    records, problems = read()
    assert [(issue.code, issue.severity) for issue in records[3].issues] == [("no_view", Severity.NOTE)]
    assert (records[3].view_published, records[3].view_origin) == ("", "")
    assert not [problem for problem in problems if problem.image_id == records[3].image_id]


@pytest.mark.parametrize(
    ("before", "after", "code"),
    [
        ("00000003-0bad", "0000003-0bad", "bad_image_name"),
        ("00000003-0bad", "../00003-0bad", "bad_image_name"),
        ("10000001,50000002", "20000001,50000002", "bad_patient"),
        ("10000001,50000002", "10000001,5000002", "bad_study"),
        ("10000001,50000002", "10000002,50000001", "patient_differs"),
    ],
)
def test_a_row_with_impossible_ids_gives_no_record(read, before, after, code):
    records, problems = read(metadata=EXAMPLE.tables[METADATA].replace(before, after))
    assert len(records) == 5
    assert (METADATA, code, 4, True) in codes(problems)


def test_the_lists_are_compared_with_the_metadata(read):
    images = EXAMPLE.tables["cxr-record-list.csv"].replace("s50000003", "s50000004")
    studies = EXAMPLE.tables["cxr-study-list.csv"].replace("10000001", "10000002").replace("p10/p2", "p10/p1")
    _, problems = read(images=images, studies=studies)
    told = {(problem.table, problem.code, problem.line) for problem in problems}
    assert ("cxr-record-list.csv", "list_contradicts", 3) in told
    assert ("cxr-study-list.csv", "list_contradicts", 2) in told


def caption(record) -> str:
    return render(record, About.of(mimic, RELEASE))


def test_reports_are_joined_by_study(read):
    records = read()[0]
    assert records[0].report is not None
    assert records[0].report == records[1].report
    assert "fell from a ladder" in records[0].report.text
    assert all(record.report is None for record in records[2:])
    assert "Both lungs are clear." in caption(records[0])
    assert "Text Origin: report (en, full)" in caption(records[0])


def test_without_reports_captions_say_that_their_text_is_made_from_labels(read):
    records = read(REPORT)[0]
    assert all(record.report is None for record in records)
    assert "Text Origin: generated from labels" in caption(records[0])


@pytest.mark.parametrize("prefix", ["", "mimic-cxr-reports/"])
def test_reports_in_the_zip_read_as_those_in_folders(read, tmp_path, prefix):
    unpacked = read()[0]
    with zipfile.ZipFile(tmp_path / "mimic-cxr-reports.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(f"{prefix}files/p10/p10000001/", "")
        archive.writestr(prefix + REPORT, EXAMPLE.tables[REPORT])
    (tmp_path / REPORT).unlink()
    assert read_folder(tmp_path)[0] == unpacked


def test_a_damaged_report_costs_its_text_only(read, tmp_path):
    path = tmp_path / "mimic-cxr-reports.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(REPORT, EXAMPLE.tables[REPORT])
    path.write_bytes(path.read_bytes().replace(b"ladder", b"bladde"))
    records, problems = read(REPORT)
    assert len(records) == 6
    assert records[0].report is None
    assert (path.name, "unreadable_report", 0, False) in codes(problems)


def test_a_report_that_is_none_by_its_size_or_its_bytes_is_told(read, tmp_path):
    path = tmp_path / "mimic-cxr-reports.zip"
    for content in (b"a" * (1 << 21), b"caf\xe9"):
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr(REPORT, content)
        records, problems = read(REPORT)
        assert records[0].report is None
        assert (path.name, "unreadable_report", 0, False) in codes(problems)


def test_a_zip_that_is_none_is_a_clear_error(read, tmp_path):
    (tmp_path / "mimic-cxr-reports.zip").write_bytes(b"<html>")
    with pytest.raises(TableError, match=r"mimic-cxr-reports\.zip"):
        read()


@pytest.mark.parametrize(
    "root",
    ["", "mimic-cxr-jpg/2.1.0/", "physionet.org/files/mimic-cxr-jpg/2.1.0/"],
    ids=["own", "above", "wget"],
)
def test_tables_are_found_compressed_or_not_at_the_usual_roots(read, tmp_path, root):
    folder = tmp_path / "copy"
    for name, text in EXAMPLE.tables.items():
        path = folder / root / (name if name == REPORT else f"{name}.gz")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode() if name == REPORT else gzip.compress(text.encode()))
    found = mimic.find_tables(
        [path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()]
    )
    assert found.keys() == mimic.TABLES.keys()
    assert read_folder(folder)[0] == read()[0]


def test_a_single_file_is_the_metadata_whatever_its_name():
    assert mimic.find_tables(["mine.csv"]) == {"metadata": "mine.csv"}
    with pytest.raises(TableError):
        mimic.find_tables([SPLIT])


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("files/p10/p10000001/s50000001/00000001-0badcafe-00c0ffee-deadbeef-01010101.jpg", True),
        ("00000001-0badcafe-00c0ffee-deadbeef-01010101.PNG", True),
        ("00000001-0badcafe-00c0ffee-deadbeef-01010101.dcm", False),
        ("00000001-0badcafe-00c0ffee-deadbeef.jpg", False),
        (REPORT, False),
    ],
)
def test_an_image_is_known_by_its_name(path, found):
    assert mimic.image_id_of(path) == ("00000001-0badcafe-00c0ffee-deadbeef-01010101" if found else None)


def test_each_release_has_its_own_two_projects_at_each_host():
    for key, release in mimic.RELEASES.items():
        assert release.hosts[0] == "physionet"
        place = release.places["physionet"]
        assert place.dataset == f"mimic-cxr-jpg/{key}"
        assert place.files["mimic-cxr-reports.zip"] == f"mimic-cxr/{key}/mimic-cxr-reports.zip"


def test_the_steps_name_both_agreements_and_the_training():
    steps = " ".join(mimic.TERMS.steps)
    assert "sign-dua/mimic-cxr-jpg/2.1.0/" in steps
    assert "sign-dua/mimic-cxr/2.1.0/" in steps
    assert "CITI" in steps
    assert (mimic.TERMS.access, mimic.TERMS.shareable, mimic.TERMS.in_all) == ("credentialed", False, True)


def test_counts_list_the_findings_of_the_labeller_that_is_counted(read):
    counted = tally(read()[0], mimic.LABELLERS)
    assert list(counted.findings) == [one.published for one in mimic.CHEXPERT.findings]
    assert counted.findings["No Finding"]["positive"] == 2
