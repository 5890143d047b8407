import gzip
import shutil
from collections import Counter

import pytest

from cxr import datasets
from cxr.captions.render import About, render
from cxr.datasets import Published, nih
from cxr.errors import TableError
from cxr.model import State

HEADER = "Image Index,Finding Labels,Follow-up #,Patient ID,Patient Age,Patient Gender,View Position,W,H\n"
RELEASE = datasets.default_release(nih)


def row(name="00090001_000.png", labels="Mass", patient="90001", *, age="58", sex="M", view="PA"):
    return f"{name},{labels},0,{patient},{age},{sex},{view},2000,2000\n"


@pytest.fixture
def read(tmp_path):
    """Read rows as an NIH table: the records, and the problems."""

    def read(*rows: str, header=HEADER, name="Data_Entry_2017_v2020.csv", **beside: str):
        tables = {"entries": tmp_path / name}
        tables["entries"].write_text(header + "".join(rows), "utf-8")
        for role, content in beside.items():
            tables[role] = tmp_path / nih._BESIDE[role]
            tables[role].write_text(content, "utf-8")
        problems = []
        return list(nih.read(Published(RELEASE.key, tables), problems.append)), problems

    return read


def states(record) -> dict[str, State]:
    (packed,) = record.statements
    return {one.finding.published: one.state for one in nih.LABELLERS[0].expand(packed.codes)}


def codes(problems) -> list[tuple[str, int, bool]]:
    return [(problem.code, problem.line, problem.dropped) for problem in problems]


@pytest.fixture(scope="module")
def real(test_data):
    """All records of the real tables, and the problems."""
    folder = test_data / "nih"
    found = nih.find_tables([path.name for path in folder.iterdir()])
    problems = []
    published = Published(RELEASE.key, {role: folder / path for role, path in found.items()})
    return list(nih.read(published, problems.append)), problems


def test_the_real_tables_read_whole_and_without_a_problem(real):
    records, problems = real
    assert problems == []
    assert len(records) == 112_120
    assert len({record.patient_key for record in records}) == 30_805
    assert len({record.image_id for record in records}) == 112_120
    assert len({record.stem for record in records}) == 112_120
    assert {record.table_release for record in records} == {"v2020"}


def test_the_real_images_lie_in_the_folders_that_kaggle_counts(real):
    folders = Counter(record.published_path.split("/")[0] for record in real[0])
    numbers = [4_999, *[10_000] * 10, 7_121]
    assert folders == {f"images_{n:03d}": count for n, count in enumerate(numbers, 1)}
    assert real[0][0].published_path == "images_001/images/00000001_000.png"


def test_the_real_boxes_are_all_there_and_all_in_the_official_test_list(real):
    boxed = [record for record in real[0] if record.regions]
    assert len(boxed) == 880
    assert {record.official_split for record in boxed} == {"test"}
    regions = [region for record in boxed for region in record.regions]
    assert len(regions) == 984
    counts = Counter(region.finding for region in regions)
    assert counts["Infiltrate"] == 123
    assert {region.common for region in regions if region.finding == "Infiltrate"} == {"infiltration"}
    assert {(region.frame_width, region.frame_height) for region in regions} == {(1024, 1024)}


def test_the_real_labels_out_of_order_read_like_the_others(real):
    """51 rows name their labels out of alphabetical order; each word of each row is found again."""
    for record in real[0][:20_000]:
        positive = {name for name, state in states(record).items() if state is State.POSITIVE}
        assert positive
        assert ("No Finding" in positive) == (len(positive) == 1 and positive == {"No Finding"})


def test_the_real_sample_keeps_its_units_and_disbelieves_411_years(test_data):
    problems = []
    tables = {"entries": test_data / "nih" / "sample_labels.csv"}
    records = list(nih.read(Published(RELEASE.key, tables), problems.append))
    published = {record.age_published for record in records}
    assert {"013M", "001D", "411Y"} <= published
    by_age = {record.age_published: record for record in records}
    assert by_age["013M"].age_years == 1.08
    assert by_age["001D"].age_years == 0
    assert by_age["411Y"].age_years is None
    assert [issue.code for issue in by_age["411Y"].issues] == ["age_implausible"]
    assert {record.official_split for record in records} == {""}
    assert {record.table_release for record in records} == {"sample"}
    assert {problem.code for problem in problems} == {"age_implausible"}


def test_a_record_says_what_the_row_says(read):
    (record,), problems = read(row(labels="Effusion|Cardiomegaly", age="57", view="AP"))
    assert problems == []
    assert (record.image_id, record.patient_id, record.patient_key, record.stem, record.study_id) == (
        "00090001_000",
        "00090001",
        "nih:00090001",
        "nih_00090001_000_00090001",
        "study_000",
    )
    assert record.study_origin == "derived"
    assert (record.view_position, record.view_published, record.view_origin) == ("AP", "AP", "published")
    assert (record.sex, record.age_published, record.age_years) == ("M", "57", 57)
    assert (record.published_path, record.table_release) == ("images/00090001_000.png", "v2020")
    found = states(record)
    assert {name for name, state in found.items() if state is State.POSITIVE} == {"Effusion", "Cardiomegaly"}
    assert set(found.values()) == {State.POSITIVE, State.NEGATIVE}
    assert len(found) == 15


def test_the_caption_of_an_nih_record_lists_the_fourteen_in_published_order(read):
    (record,), _ = read(row("00000001_001.png", "Cardiomegaly|Effusion", "1"))
    caption = render(record, About.of(nih, RELEASE))
    for line in (
        "PATIENT_ID: 00000001",
        "STUDY_ID: study_001",
        "Atelectasis: negative\nCardiomegaly: positive\nEffusion: positive\nInfiltration: negative\n",
        "Patient Age: 58",
        "Dataset: NIH ChestX-ray14 (112,120 images from 30,805 patients)",
        "Labeller: NIH text mining (closed world)",
    ):
        assert line in caption
    assert "No Finding:" not in caption


@pytest.mark.parametrize(
    ("bad", "code"),
    [
        (row(), "repeated_image"),
        (row("00090002_000.png", patient="90001"), "patient_differs"),
        (row("00090002_000.png", patient=""), "patient_differs"),
        (row("../../00090002_000.png", patient="90002"), "bad_image_name"),
        (row("00090002_000.png/../x", patient="90002"), "bad_image_name"),
        (row("9" * 300 + ".png"), "bad_image_name"),
        (row("\N{LUNGS}.png"), "bad_image_name"),
        (row("00090002_000.png\0", patient="90002"), "nul_byte"),
        ("00090002_000.png,Mass,0,90002,5\n", "row_too_short"),
        ('00090002_000.png,"Mass,0,90002,58,M,PA,2000,2000\n', "bad_quote"),
    ],
)
def test_a_row_that_cannot_be_trusted_gives_no_record_and_the_next_ones_are_read(read, bad, code):
    records, problems = read(row(), bad, row("00090003_000.png", patient="90003"))
    assert [record.image_id for record in records] == ["00090001_000", "00090003_000"]
    assert codes(problems) == [(code, 3, True)]
    assert problems[0].message.isprintable()
    assert len(problems[0].message) < 200


def test_the_first_row_of_a_repeated_image_counts(read):
    (record,), problems = read(row(labels="Mass"), row(labels="Hernia"))
    assert states(record)["Mass"] is State.POSITIVE
    assert problems[0].image_id == "00090001_000"


@pytest.mark.parametrize("word", ["Cavitation", "mass", "Pleural Thickening", "Infiltrate", "Mass ", ""])
def test_beside_an_unknown_label_nothing_is_called_negative(read, word):
    """The word may stand for any finding (``Pleural Thickening``), so no absence can be concluded."""
    (record,), problems = read(row(labels=f"Nodule|{word}"))
    found = states(record)
    assert found.pop("Nodule") is State.POSITIVE
    assert set(found.values()) == {State.UNMENTIONED}
    assert codes(problems) == [("unknown_label", 2, False)]
    assert repr(word) in problems[0].message
    assert [issue.code for issue in record.issues] == ["unknown_label"]


def test_no_finding_beside_a_finding_is_kept_as_published_and_told(read):
    (record,), problems = read(row(labels="No Finding|Mass"))
    found = states(record)
    assert (found["No Finding"], found["Mass"]) == (State.POSITIVE, State.POSITIVE)
    assert codes(problems) == [("contradictory_labels", 2, False)]


def test_an_empty_cell_of_labels_states_nothing(read):
    (record,), problems = read(row(labels=""))
    assert (record.statements, record.labeller) == ((), "")
    assert codes(problems) == [("no_label", 2, False)]


@pytest.mark.parametrize(
    ("cells", "code"),
    [
        ({"age": "411"}, "age_implausible"),
        ({"age": "old"}, "age_unreadable"),
        ({"sex": "O"}, "unknown_sex"),
        ({"view": "LATERAL?"}, "unknown_view"),
    ],
)
def test_a_cell_that_cannot_be_understood_is_blank_and_kept_as_published(read, cells, code):
    (record,), problems = read(row(**cells))
    assert codes(problems) == [(code, 2, False)]
    assert [issue.code for issue in record.issues] == [code]
    assert record.age_published == cells.get("age", "58")
    assert record.view_published == cells.get("view", "PA")
    assert (record.age_years is None) == ("age" in cells)
    assert (record.sex == "") == ("sex" in cells)
    assert (record.view_position == "UNKNOWN") == ("view" in cells)


def test_empty_cells_about_the_person_are_no_fault(read):
    (record,), problems = read(row(age="", sex="", view=""))
    assert (record.age_years, record.sex, record.view_position, record.view_origin) == (
        None,
        "",
        "UNKNOWN",
        "",
    )
    assert problems == []


@pytest.mark.parametrize(
    "header",
    [
        HEADER.replace("Gender", "Sex"),
        HEADER.replace("W,H", "OriginalImage[Width,Height]"),
        HEADER.replace("W,H", '"OriginalImage[Width,Height]"'),
        HEADER.replace("\n", ",\n"),
        "\ufeff" + HEADER,
        HEADER.replace("W,H", "OriginalImageWidth,OriginalImageHeight"),
    ],
)
def test_every_published_header_reads(read, header):
    records, problems = read(row(), row("00090001_001.png").replace("\n", ",\n"), header=header)
    assert len(records) == 2
    assert problems == []


def test_lists_give_the_official_split_whatever_their_line_ends(read):
    records, problems = read(
        row(),
        row("00090002_000.png", patient="90002"),
        row("00090003_000.png", patient="90003"),
        train_val="00090001_000.png\r\n00090009_000.png",
        test="00090002_000.png\n",
    )
    assert [record.official_split for record in records] == ["train_val", "test", ""]
    assert problems == []


def test_an_image_in_both_lists_is_in_neither_and_a_torn_patient_is_told(read):
    records, problems = read(
        row(),
        row("00090002_001.png", patient="90002"),
        train_val="00090001_000.png\n00090002_000.png\n",
        test="00090001_000.png\n00090002_001.png\nrubbish\n",
    )
    assert [record.official_split for record in records] == ["", "test"]
    assert [problem.code for problem in problems] == ["bad_image_name", "split_contradicts", "split_leaks"]


@pytest.mark.parametrize(
    "header",
    ["Image Index,Finding Label,Bbox [x,y,w,h],,,\n", 'Image Index,Finding Label,"Bbox [x,y,w,h]"\n'],
)
def test_boxes_read_under_both_headers_and_bad_ones_are_told(read, header):
    box = "00090001_000.png,{}\n"
    good = ["Infiltrate,10.5,20.25,100,50", "Mass,0,0,1024,1024"]
    bad = [
        "Mass,-1,0,5,5",
        "Mass,0,0,0,5",
        "Mass,1000,0,100,5",
        "Mass,nan,0,5,5",
        "Mass,a,0,5,5",
        "Cyst,0,0,5,5",
    ]
    (record,), problems = read(row(), boxes=header + "".join(box.format(cells) for cells in good + bad))
    assert [(r.finding, r.common, r.x, r.y, r.width, r.height) for r in record.regions] == [
        ("Infiltrate", "infiltration", 10.5, 20.25, 100, 50),
        ("Mass", "mass", 0, 0, 1024, 1024),
    ]
    assert codes(problems) == [("bad_box", line, False) for line in range(4, 10)]


@pytest.mark.parametrize(
    ("paths", "entries"),
    [
        (
            ["sample_labels.csv", "Data_Entry_2017.csv", "Data_Entry_2017_v2020.csv"],
            "Data_Entry_2017_v2020.csv",
        ),
        (["a/sample_labels.csv", "b/c/Data_Entry_2017.csv"], "b/c/Data_Entry_2017.csv"),
        (["a/b/data_entry_2017_V2020.CSV", "z/Data_Entry_2017_v2020.csv"], "z/Data_Entry_2017_v2020.csv"),
        (["x/Data_Entry_2017_v2020.csv.gz"], "x/Data_Entry_2017_v2020.csv.gz"),
        (["Data_Entry_2017_v2020.csv.gz", "Data_Entry_2017_v2020.csv"], "Data_Entry_2017_v2020.csv"),
        (["._Data_Entry_2017_v2020.csv", "sample_labels.csv"], "sample_labels.csv"),
        (["mine.csv"], "mine.csv"),
    ],
)
def test_exactly_one_table_of_entries_is_chosen_the_best_there_is(paths, entries):
    assert nih.find_tables(paths) == {"entries": entries}


@pytest.mark.parametrize(
    "paths", [[], ["a.csv", "b.csv"], ["images/00000001_000.png"], ["BBox_List_2017.csv"], ["test_list.txt"]]
)
def test_without_entries_the_error_says_where_to_get_them(paths):
    with pytest.raises(TableError) as caught:
        nih.find_tables(paths)
    for word in ("Data_Entry_2017_v2020.csv", "nihcc.app.box.com", "kaggle.com", "--tables"):
        assert word in caught.value.next_step


@pytest.mark.parametrize(
    ("name", "rows", "form"),
    [
        ("Data_Entry_2017_v2020.csv.gz", None, "v2020"),
        ("Data_Entry_2017.csv", [row()], "2017"),
        ("mine.csv", [row(age="058Y")], "sample"),
        ("mine.csv", [row("00090001_001.png")], "v2020"),
        ("mine.csv", [row()], ""),
        ("mine.csv", [row(f"{n:08d}_000.png", patient=str(n)) for n in range(200)], "2017"),
    ],
)
def test_the_form_is_told_by_name_else_by_content(read, tmp_path, name, rows, form):
    if rows is None:
        (tmp_path / name).write_bytes(gzip.compress((HEADER + row()).encode()))
        records = list(nih.read(Published(RELEASE.key, {"entries": tmp_path / name}), print))
    else:
        records, _ = read(*rows, name=name)
    assert {record.table_release for record in records} == {form}


def test_the_real_forms_are_told_by_content_too(test_data, tmp_path):
    for source, form in (("Data_Entry_2017_v2020.csv", "v2020"), ("sample_labels.csv", "sample")):
        copy = shutil.copy(test_data / "nih" / source, tmp_path / "mine.csv")
        assert nih.form_of(copy) == form


@pytest.mark.parametrize(
    ("path", "image_id"),
    [
        ("images_001/images/00000001_000.png", "00000001_000"),
        ("00000001_000.PNG", "00000001_000"),
        ("x/00000001_000.jpeg", "00000001_000"),
        ("x/._00000001_000.png", None),
        ("00000001_000.png.part", None),
        ("00000001_000.txt", None),
        ("1_0.png", None),
        ("\u0660\u0660\u0660\u0660\u0660\u0660\u0660\u0661_000.png", None),
    ],
)
def test_an_image_is_known_by_its_name_in_any_folder(path, image_id):
    assert nih.image_id_of(path) == image_id
