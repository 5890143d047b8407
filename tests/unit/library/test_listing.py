import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cxr.http import TransientError
from cxr.library.listing import Listing, write_listing
from cxr.model import Remote

SUM = "sha256:" + "ab" * 32


def image_id_of(path: str) -> str | None:
    return path.rpartition("/")[2].removesuffix(".jpg") if path.endswith(".jpg") else None


@pytest.fixture
def listing(tmp_path):
    def listing(*remotes: Remote) -> Listing:
        write_listing(tmp_path / "list", remotes)
        return Listing(tmp_path / "list", image_id_of)

    return listing


def test_images_are_found_by_their_ids_and_tables_apart(listing):
    remotes = [Remote("a/1.jpg", None, SUM), Remote("b/2.jpg", 17), Remote("table.csv.gz", 5, "md5:00")]
    found = listing(*remotes)
    assert dict(found) == {"1": remotes[0], "2": remotes[1]}
    assert len(found) == 2
    assert found.others == {"table.csv.gz": remotes[2]}
    assert "3" not in found
    with pytest.raises(KeyError):
        found["table.csv.gz"]


def test_the_first_file_of_an_id_counts(listing):
    found = listing(Remote("a/1.jpg"), Remote("b/1.jpg"), Remote("b/2.jpg"))
    assert dict(found) == {"1": Remote("a/1.jpg"), "2": Remote("b/2.jpg")}
    assert len(found) == 2


def test_an_empty_list_holds_nothing(listing):
    assert dict(listing()) == {}


PATHS = st.builds("{}{}.jpg".format, st.integers(0, 4), st.text("ab/é \udcff", max_size=3))
REMOTES = st.builds(Remote, PATHS, st.none() | st.integers(0, 1 << 50), st.sampled_from(["", SUM]))


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(REMOTES, max_size=12))
def test_it_is_the_mapping_that_a_dictionary_would_be(listing, remotes):
    expected: dict[str, Remote] = {}
    for one in remotes:
        expected.setdefault(image_id_of(one.path), one)
    found = listing(*remotes)
    assert dict(found) == expected
    assert len(found) == len(expected)


def test_ids_whose_hashes_are_equal_are_told_apart(tmp_path, monkeypatch):
    monkeypatch.setattr("builtins.hash", lambda _: 7)
    remotes = [Remote(f"{name}.jpg") for name in "abc"]
    write_listing(tmp_path / "list", remotes)
    found = Listing(tmp_path / "list", image_id_of)
    assert dict(found) == dict(zip("abc", remotes, strict=True))
    assert "d" not in found


def test_a_list_that_breaks_off_leaves_nothing(tmp_path):
    def broken():
        yield Remote("a.jpg")
        raise TransientError("cut_short", "the list broke off")

    with pytest.raises(TransientError):
        write_listing(tmp_path / "list", broken())
    assert list(tmp_path.iterdir()) == []


def test_names_that_no_line_can_hold_are_left_out(listing):
    assert dict(listing(Remote("a\tb.jpg"), Remote("c\n.jpg"), Remote("d.jpg"))) == {"d": Remote("d.jpg")}
