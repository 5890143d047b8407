"""Terms: accepted on record, carried beside derived things, refused with the clause."""

import json
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cxr.errors import StorageError, TermsError
from cxr.terms import (
    DatasetTerms,
    accept,
    acceptances,
    is_accepted,
    read_note,
    refuse_sharing,
    require_acceptance,
    write_note,
)

OPEN = DatasetTerms("nih", "CC0 1.0", "Cite the paper.", shareable=True, citation="Wang 2017")
BARRED = DatasetTerms(
    "mimic", "PhysioNet 1.5.0", "No sharing with anybody.", shareable=False, citation="Johnson 2024"
)


def test_terms_have_to_be_accepted_and_the_acceptance_is_on_record(tmp_path, monkeypatch):
    monkeypatch.setenv("LOGNAME", "reader")
    with pytest.raises(TermsError) as caught:
        require_acceptance(tmp_path, BARRED)
    assert caught.value.exit_code == 7
    assert "No sharing with anybody." in str(caught.value)
    assert "--accept-terms mimic" in caught.value.next_step
    made = accept(tmp_path, BARRED, "--accept-terms mimic")
    require_acceptance(tmp_path, BARRED)
    assert acceptances(tmp_path) == (made,)
    assert (made.dataset, made.licence, made.who) == ("mimic", "PhysioNet 1.5.0", "reader")
    assert made.how == "--accept-terms mimic"
    assert made.when.endswith("+00:00")


def test_another_licence_has_to_be_accepted_anew(tmp_path):
    accept(tmp_path, BARRED, "--accept-terms mimic")
    newer = DatasetTerms("mimic", "PhysioNet 1.6.0", "More.", shareable=False, citation="")
    assert not is_accepted(acceptances(tmp_path), newer)
    assert not is_accepted(acceptances(tmp_path), OPEN)
    accept(tmp_path, newer, "--accept-terms mimic")
    assert [one.licence for one in acceptances(tmp_path)] == ["PhysioNet 1.5.0", "PhysioNet 1.6.0"]


def test_half_a_line_does_not_count_and_spoils_nothing(tmp_path):
    accept(tmp_path, OPEN, "x")
    path = tmp_path / "terms_accepted.json"
    path.write_bytes(path.read_bytes()[:-10])
    assert acceptances(tmp_path) == ()
    made = accept(tmp_path, OPEN, "y\u2028z")
    assert acceptances(tmp_path) == (made,)


def test_a_user_without_a_name_is_known_by_number(tmp_path, monkeypatch):
    def nameless():
        raise KeyError("uid not found")

    monkeypatch.setattr("getpass.getuser", nameless)
    assert accept(tmp_path, OPEN, "x").who.startswith("uid ")


def test_what_cannot_be_recorded_does_not_count(tmp_path):
    (tmp_path / "metadata").write_text("a file")
    with pytest.raises(StorageError):
        accept(tmp_path / "metadata", OPEN, "x")
    (tmp_path / "terms_accepted.json").mkdir()
    with pytest.raises(StorageError):
        acceptances(tmp_path)


def test_sharing_is_refused_with_each_clause():
    refuse_sharing([OPEN], "The export")
    refuse_sharing([], "The export")
    with pytest.raises(TermsError) as caught:
        refuse_sharing([OPEN, BARRED], "The export to shards/")
    assert "The export to shards/ would let others read mimic" in caught.value.happened
    assert "PhysioNet 1.5.0: No sharing with anybody." in caught.value.think
    assert "nih" not in str(caught.value)


def test_the_note_says_what_it_was_told(tmp_path):
    write_note(tmp_path / "shards", [BARRED, OPEN])
    assert read_note(tmp_path / "shards") == (BARRED, OPEN)
    content = json.loads((tmp_path / "shards" / "TERMS.json").read_text())
    assert content["shareable"] is False
    assert content["written_at"].endswith("+00:00")
    assert [one["dataset"] for one in content["datasets"]] == ["mimic", "nih"]
    assert content["datasets"][0]["restrictions"] == "No sharing with anybody."
    assert [path.name for path in (tmp_path / "shards").iterdir()] == ["TERMS.json"]


def test_a_later_note_never_loosens_an_earlier_one(tmp_path):
    write_note(tmp_path, [BARRED])
    write_note(tmp_path, [OPEN])
    assert read_note(tmp_path) == (BARRED, OPEN)
    write_note(tmp_path, [DatasetTerms("mimic", "free for all", "", shareable=True, citation="")])
    assert read_note(tmp_path) == (BARRED, OPEN)
    stricter = DatasetTerms("nih", "CC0 1.0", "Not any more.", shareable=False, citation="")
    write_note(tmp_path, [stricter])
    assert read_note(tmp_path) == (BARRED, stricter)


def test_where_nothing_was_noted_nothing_is_read(tmp_path):
    assert read_note(tmp_path) is None


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[]",
        "{}",
        '{"datasets": [{}]}',
        '{"datasets": [{"dataset": "nih", "shareable": "no"}]}',
        "[" * 9999,
    ],
)
def test_a_damaged_note_is_no_permission(tmp_path, text):
    (tmp_path / "TERMS.json").write_text(text)
    with pytest.raises(TermsError, match="damaged"):
        read_note(tmp_path)
    with pytest.raises(TermsError, match="damaged"):
        write_note(tmp_path, [OPEN])


def test_a_note_that_cannot_be_written_is_an_error(tmp_path):
    (tmp_path / "shards").write_text("a file")
    with pytest.raises(StorageError, match="cannot be written"):
        write_note(tmp_path / "shards" / "deep", [OPEN])


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    terms=st.lists(
        st.builds(DatasetTerms, st.text(max_size=9), st.text(), st.text(), st.booleans(), st.text()),
        unique_by=lambda one: one.dataset,
        max_size=4,
    )
)
def test_any_terms_come_back_as_they_were(tmp_path: Path, terms):
    (tmp_path / "TERMS.json").unlink(missing_ok=True)
    write_note(tmp_path, terms)
    assert read_note(tmp_path) == tuple(sorted(terms, key=lambda one: one.dataset))
    if all(one.shareable for one in terms):
        refuse_sharing(terms, "It")
    else:
        with pytest.raises(TermsError):
            refuse_sharing(terms, "It")
