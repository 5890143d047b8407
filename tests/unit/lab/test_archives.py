"""The files of a lab: the same images in a zip and in twelve tars, the same bytes each time."""

import hashlib
import tarfile
import threading
import zipfile

import pytest

from cxr.lab import archives
from cxr.lab.archives import ARCHIVE, BOX_ARCHIVES, shelf
from cxr.lab.nih import Contents

CONTENTS = Contents(images=40, size=32, pixels="noise")


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    return shelf(tmp_path_factory.mktemp("shelf"), CONTENTS)


def test_the_same_contents_are_the_same_bytes(made, tmp_path):
    again = shelf(tmp_path, CONTENTS)
    assert again.images == made.images
    assert len(made.files) == 21
    for name, file in made.files.items():
        assert file.path.read_bytes() == again.files[name].path.read_bytes(), name


def test_the_zip_holds_what_kaggle_lists_and_no_table_of_nih_alone(made):
    with zipfile.ZipFile(made.files[ARCHIVE].path) as archive:
        assert archive.testzip() is None
        assert archive.namelist() == sorted([*made.singles, *made.images])
        for path, (size, sha256) in made.images.items():
            data = archive.read(path)
            assert (len(data), hashlib.sha256(data).hexdigest()) == (size, sha256)
    assert "Data_Entry_2017_v2020.csv" not in made.singles
    assert (made.tables / "Data_Entry_2017_v2020.csv").exists()


def test_the_tars_hold_the_same_images_each_in_its_folders_archive(made):
    found = {}
    for number, name in enumerate(BOX_ARCHIVES, 1):
        with tarfile.open(made.files[name].path) as archive:
            first, *members = archive.getmembers()
            assert (first.name, first.isdir()) == ("images", True)
            for member in members:
                data = archive.extractfile(member).read()
                found[f"images_{number:03d}/{member.name}"] = hashlib.sha256(data).hexdigest()
    assert found == {path: sha256 for path, (_, sha256) in made.images.items()}


def test_stated_sizes_and_checksums_are_those_of_the_files(made):
    for name, file in made.files.items():
        data = file.path.read_bytes()
        assert (file.size, file.md5) == (len(data), hashlib.md5(data).hexdigest()), name


def test_in_a_small_lab_the_other_links_lead_to_archives_without_images(tmp_path):
    small = shelf(tmp_path, Contents(images=3, size=32, folders=1, pixels="noise"))
    assert small.filled == ["images_001.tar.gz"]
    for name in BOX_ARCHIVES[1:]:
        with tarfile.open(small.files[name].path) as archive:
            assert archive.getnames() == ["images"]


def test_files_that_are_there_are_taken_as_they_are(made, monkeypatch):
    monkeypatch.setattr(archives, "_build", lambda *_: pytest.fail("built again"))
    assert shelf(made.folder.parent, CONTENTS) == made


def test_files_that_were_not_finished_are_made_again(made, tmp_path):
    half = tmp_path / made.folder.name
    half.mkdir()
    (half / ARCHIVE).write_bytes(b"half a zip")
    again = shelf(tmp_path, CONTENTS)
    assert again.files[ARCHIVE].path.read_bytes() == made.files[ARCHIVE].path.read_bytes()


def test_two_that_ask_at_once_build_once(tmp_path, monkeypatch):
    built = []
    build = archives._build
    monkeypatch.setattr(archives, "_build", lambda *both: (built.append(1), build(*both)))
    threads = [threading.Thread(target=shelf, args=(tmp_path, CONTENTS)) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(built) == 1


def test_an_image_is_found_by_its_path(made):
    path, (_, sha256) = list(made.images.items())[17]
    assert hashlib.sha256(made.image(path)).hexdigest() == sha256
    with pytest.raises(KeyError):
        made.image("images_001/images/nothing.png")
