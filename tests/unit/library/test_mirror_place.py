"""Where a mirror goes, and where its state lies."""

import pytest

from cxr.config import load
from cxr.errors import LibraryError, StorageError, UsageError
from cxr.library.mirror_place import checks_arrivals, default_state, destination, open_state, state_of
from cxr.stores.bucket_access import BucketAccess
from cxr.stores.local import LocalStore
from cxr.stores.objects import ObjectStore


@pytest.fixture
def config(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    return load(None, {})


def test_a_relative_folder_is_one_of_the_working_directory(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert destination("there").folder == tmp_path / "there"
    assert destination("there") == destination(str(tmp_path / "there"))


def test_a_file_is_no_destination(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(UsageError, match="is a file"):
        destination(str(tmp_path / "file"))


def test_the_users_state_folder_is_as_the_environment_has_it(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    assert default_state({}) == tmp_path / ".local/state/cxr/mirror"
    assert default_state({"XDG_STATE_HOME": "/var/state"}).as_posix() == "/var/state/cxr/mirror"
    assert default_state({"XDG_STATE_HOME": "relative"}) == tmp_path / ".local/state/cxr/mirror"


def test_each_dataset_and_each_place_has_a_state_of_its_own(tmp_path):
    places = [destination(str(tmp_path / name)) for name in ("a", "b")]
    states = {state_of(source, place, tmp_path).base for source in ("nih", "mimic") for place in places}
    assert len(states) == 4
    assert state_of("nih", destination(str(tmp_path / "a")), tmp_path).base in states


def test_only_the_folders_of_the_tree_are_listed(tmp_path):
    place = destination(str(tmp_path / "there"))
    layout = state_of("mimic", place, tmp_path / "state")
    for name in ("jpg/2.1.0/files/a.jpg", "reports/2.1.0/list.csv", "much/else.bin"):
        (tmp_path / "there" / name).parent.mkdir(parents=True)
        (tmp_path / "there" / name).write_bytes(b"xyz")
    listed = place.stored(["jpg/2.1.0/", "reports/2.1.0/", "absent/"], layout)
    assert {file.name: file.size for file in listed} == {
        "jpg/2.1.0/files/a.jpg": 3,
        "reports/2.1.0/list.csv": 3,
    }
    assert len(list(place.stored([""], layout))) == 3
    assert not (tmp_path / "there" / "absent").exists()


def test_a_folder_that_cannot_be_listed_ends_the_run_with_what_to_do(tmp_path, monkeypatch):
    place = destination(str(tmp_path / "there"))
    (tmp_path / "there").mkdir()

    def refused(_folder):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("cxr.stores.local.entries", refused)  # root may list everything
    with pytest.raises(StorageError, match="cannot be listed: Permission denied"):
        list(place.stored([""], state_of("nih", place, tmp_path / "state")))


@pytest.mark.parametrize(
    ("url", "endpoint", "checked"),
    [
        ("s3://bucket/m", "", True),
        ("s3://bucket/m", "https://objects.example.org", False),
        ("gs://bucket/m", "", False),
        ("az://bucket/m", "", False),
    ],
)
def test_only_amazon_itself_is_known_to_check_what_arrives(url, endpoint, checked):
    options = {
        "s3": {"region": "us-east-1", "access_key_id": "INVENTED", "secret_access_key": "INVENTED"},
        "gs": {"skip_signature": "true"},
        "az": {"account_name": "invented", "skip_signature": "true"},
    }
    access = BucketAccess(options[url[:2]], endpoint)
    assert checks_arrivals(ObjectStore(url, access)) is checked


def test_a_folder_checks_nothing_that_arrives(tmp_path):
    assert not checks_arrivals(LocalStore(tmp_path / "there", tmp_path / "temp"))


def test_one_run_writes_a_state_at_a_time(tmp_path, config):
    layout = state_of("nih", destination(str(tmp_path / "there")), tmp_path / "state")
    with (
        open_state(layout, config),
        pytest.raises(LibraryError, match="in use"),
        open_state(layout, config),
    ):
        pass
