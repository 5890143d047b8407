"""What is put into the index stays as it was published, and keeps what others wrote beside it."""

import pytest

from cxr.errors import UsageError
from cxr.index.collisions import Collisions
from cxr.index.delete import delete_source, wipe_deleted
from cxr.index.read import held, image_ids, issues, places_elsewhere, sources
from cxr.index.validation import Validated, write_validation
from cxr.index.write import write_problems
from cxr.ledger.runs import begin_run
from cxr.model import Issue, PackedStatements, Region, Severity, Status, TableProblem

IMAGE = "SELECT {} FROM images WHERE image_id = ?"
BOX = Region("Hernia", "hernia", "readers", 1.5, 2.0, 3.25, 4.0, 1024, 1024)
BLUR = Issue("blur", Severity.WARNING, "It is blurred.")
AGE = Issue("age_implausible", Severity.NOTE, "411 years.")


def values(database, columns, image_id="a"):
    return database.row(IMAGE.format(columns), (image_id,))


def validated(database, image_id="a", **fields):
    fields = {"image_quality": "blur", "issues": (BLUR,), "fingerprint": "f0", "width": 10} | fields
    write_validation(database, "nih", [Validated(image_id, **fields)])


def test_statements_come_out_as_the_labellers_made_them(database, write, make, labellers):
    both = (PackedStatements("miner", "+?.-"), PackedStatements("readers", "-+."))
    write([make(statements=both)])
    rows = set(
        database.rows(
            "SELECT labeller, id, finding, common_finding, state, published_value FROM statements "
            "WHERE image_id = 'a'"
        )
    )
    ids = {"miner": "a", "readers": "study_1"}
    assert rows == {
        (
            one.labeller,
            ids[one.labeller],
            one.finding.published,
            one.finding.common,
            one.state,
            one.published_value,
        )
        for packed in both
        for one in labellers[packed.labeller].expand(packed.codes)
    }
    assert len(rows) == 7


def test_writing_twice_changes_nothing(database, write, make):
    row = make(
        regions=(BOX, BOX), issues=(AGE,), statements=(PackedStatements("readers", "-+."),), labeller=""
    )
    write([row])
    before = everything(database)
    write([row, row])
    assert everything(database) == before
    assert len(before["regions"]) == 2


def everything(database):
    tables = ("images", "other_statements", "issues", "regions", "labellers", "labeller_findings")
    return {
        table: [
            row[1:] if table in {"regions", "issues"} else row
            for row in database.rows(f"SELECT * FROM {table}")
        ]
        for table in tables
    }


def test_a_newer_reading_replaces_the_older(database, write, make):
    write([make(regions=(BOX,), issues=(AGE,), view_position="PA")])
    write([make(regions=(), issues=(), view_position="AP", codes="----")])
    assert values(database, "view_position, codes") == ("AP", "----")
    assert database.value("SELECT count(*) FROM regions") == 0
    assert list(issues(database)) == []


def test_the_same_bytes_keep_what_validation_and_split_wrote(database, write, make):
    write([make()])
    validated(database)
    database.execute("UPDATE images SET split = 'train'")
    validated_at = values(database, "validated_at")
    write([make(issues=(AGE,), width=None)])
    assert values(database, "split, image_quality, fingerprint, width") == ("train", "blur", "f0", 10)
    assert values(database, "validated_at") == validated_at
    assert {one.issue for one in issues(database)} == {BLUR, AGE}


@pytest.mark.parametrize("change", [{"sha256": "bb" * 32}, {"size": 6, "sha256": ""}])
def test_other_bytes_lose_what_validation_found_but_stay_on_their_side_of_the_split(
    database, write, make, change
):
    write([make()])
    validated(database)
    database.execute("UPDATE images SET split = 'train'")
    write([make(**change)])
    assert values(database, "split, image_quality, fingerprint, width, validated_at") == (
        "train",
        "",
        "",
        None,
        "",
    )
    assert values(database, "sha256") == (change["sha256"],)
    assert list(issues(database)) == []


def test_an_image_that_is_another_patients_now_leaves_the_split(database, write, make):
    write([make()])
    database.execute("UPDATE images SET split = 'train'")
    write([make(patient_id="0008", patient_key="nih:0008")])
    assert values(database, "split") == ("",)


def test_an_adopted_file_keeps_its_measures_when_it_is_indexed_again(database, write, make):
    adopted = {"status": Status.ADOPTED, "sha256": "", "image_path": "/data/a.png"}
    write([make(**adopted)])
    validated(database, sha256="cc" * 32, size=5)
    write([make(**adopted)])
    assert values(database, "sha256, width, bytes") == ("cc" * 32, 10, 5)
    assert places_elsewhere(database, "nih") == {"a": "/data/a.png"}


def test_validation_does_not_overwrite_the_hash_that_the_file_should_have(database, write, make):
    write([make()])
    validated(database, sha256="ee" * 32, size=999)
    assert values(database, "sha256, bytes") == ("aa" * 32, 5)


def test_an_adopted_image_that_was_set_aside_stays_so_until_its_bytes_change(database, write, make):
    write([make(status=Status.ADOPTED)])
    validated(database, status=Status.QUARANTINED)
    write([make(status=Status.ADOPTED)])
    assert values(database, "status") == ("quarantined",)
    write([make(status=Status.ADOPTED, size=6)])
    assert values(database, "status") == ("adopted",)


def test_an_image_that_was_set_aside_is_back_once_it_was_fetched_again(database, write, make):
    """Also with the same hash: the file may have been damaged after it came."""
    write([make()])
    validated(database, status=Status.QUARANTINED, image_path="quarantine/nih_a.png")
    assert values(database, "status, image_path") == ("quarantined", "quarantine/nih_a.png")
    write([make()])
    assert values(database, "status, image_path") == ("downloaded", make().image_path)


def test_a_second_validation_replaces_the_first_and_leaves_issues_of_the_table(database, write, make):
    write([make(issues=(AGE,))])
    validated(database)
    validated(database, issues=(), image_quality="good")
    assert [one.issue for one in issues(database)] == [AGE]
    assert values(database, "image_quality") == ("good",)


def test_a_second_release_whose_names_collide_is_refused_with_both_named(database, write, make):
    write([make()])
    with pytest.raises(UsageError) as caught:
        write([make("b"), make(release="v2", view_position="AP")])
    assert "v1" in str(caught.value)
    assert "v2" in str(caught.value)
    assert caught.value.exit_code == 2
    assert list(image_ids(database, "nih")) == ["a"]
    assert values(database, "release, view_position") == ("v1", "UNKNOWN")


def test_two_images_with_one_name_are_refused(database, write, make):
    write([make("a", stem="same")])
    with pytest.raises(UsageError, match="'same'"):
        write([make("b", stem="same")])
    with pytest.raises(UsageError, match="'twin'"):
        write([make("c", stem="twin"), make("d", stem="twin")])


def test_a_name_that_is_taken_is_found_before_a_byte_moves(database, write, make):
    Collisions(database, "nih", "v1").refuse(make("a", stem="same").record)
    write([make("a", stem="same")])
    for record in (make("a", stem="same").record, make("z").record):
        Collisions(database, "nih", "v1").refuse(record)
        Collisions(database, "mimic", "2.1.0").refuse(make("z", source="mimic").record)
    for other in (
        make("m", source="mimic", release="2.1.0", stem="same"),
        make("a", release="v2", stem="new"),
    ):
        collisions = Collisions(database, other.record.source, other.record.release)
        with pytest.raises(UsageError, match="v1"):
            collisions.refuse(other.record)


def test_a_file_name_that_is_not_text_is_written_as_an_escape(database, write, make):
    write([make("b"), make("caf\udce9", issues=(Issue("odd", Severity.NOTE, "caf\udce9"),), regions=(BOX,))])
    assert list(image_ids(database, "nih")) == ["b", "caf\\udce9"]
    assert [one.issue.message for one in issues(database)] == ["caf\\udce9"]
    assert database.value("SELECT count(*) FROM regions") == 1


def test_many_rows_are_written_in_batches(database, write, make, monkeypatch):
    monkeypatch.setattr("cxr.index.write.BATCH", 7)
    assert write(make(f"{n:03d}") for n in range(20)) == 20
    assert [one.image_id for one in held(database, "nih")] == [f"{n:03d}" for n in range(20)]


def test_reading_back(database, write, make):
    write([make("b"), make("x", status=Status.SKIPPED, status_reason="not an image")])
    write([make("c", source="local", stem="local_c")])
    assert sources(database) == ["local", "nih"]
    assert places_elsewhere(database, "nih") == {}
    assert [one.image_id for one in held(database)] == ["b", "c"]
    assert next(held(database, "local")).status is Status.DOWNLOADED


def test_a_source_goes_with_all_that_hangs_on_it(database, path, write, make):
    database.execute("PRAGMA secure_delete = OFF")  # some systems' SQLite has it on from the start
    write(
        [make("p10000001", regions=(BOX,), issues=(AGE,), statements=(PackedStatements("readers", "-+."),))]
    )
    write([make("c", source="local", stem="local_c")])
    write_problems(database, "nih", [TableProblem("t.csv", 3, "repeated_image", "again", "p10000001")])
    begin_run(database, "download", "nih", {"patient": "p10000001"})
    assert delete_source(database, "nih") == 1
    wipe_deleted(database)
    assert sources(database) == ["local"]
    for table in ("regions", "issues", "other_statements", "table_problems", "ledger", "runs"):
        assert database.value(f"SELECT count(*) FROM {table}") == 0
    assert [key for (key,) in database.rows("SELECT key FROM labellers")] == ["miner"]
    database.close()
    assert b"10000001" not in path.read_bytes()


def test_problems_are_those_of_the_latest_reading(database):
    write_problems(database, "nih", [TableProblem("t.csv", 3, "a", "m"), TableProblem("t.csv", 4, "a", "m")])
    write_problems(database, "nih", [TableProblem("t.csv", 5, "b", "m \udce9")])
    assert list(database.rows("SELECT line, code, message FROM table_problems")) == [(5, "b", "m \\udce9")]
