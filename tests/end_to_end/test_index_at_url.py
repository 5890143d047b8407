"""A copy in a bucket: indexed where it is, fetched from, refused in words; nothing is written there."""

import hashlib
import sqlite3

import pytest
from support.nih_folder import make_nih_folder
from support.object_servers import AZURE_ACCOUNT, AZURE_KEY, KEY, KEY_ID, azurite, rclone_google, rclone_s3
from support.program import cxr, cxr_json

from cxr import datasets

IMAGES = 24
AT = "copies/nih"


@pytest.fixture(scope="module")
def kept(tmp_path_factory):
    """What the buckets hold, as folders of this machine."""
    folder = tmp_path_factory.mktemp("buckets")
    make_nih_folder(folder / "lab-data" / "copies" / "nih", IMAGES, side=64)
    mimic = folder / "lab-data" / "mirrored" / "mimic-cxr-jpg" / "2.1.0"
    example = datasets.load("mimic").EXAMPLE
    for name, content in example.tables.items():
        (mimic / name).parent.mkdir(parents=True, exist_ok=True)
        (mimic / name).write_bytes(content if isinstance(content, bytes) else content.encode())
    for name in example.files:
        (mimic / name).parent.mkdir(parents=True, exist_ok=True)
        (mimic / name).write_bytes(b"nobody reads it")
    (folder / "lab-data" / "copies" / ".hidden").write_text("x")
    return folder


@pytest.fixture(scope="module")
def s3(kept):
    with rclone_s3(kept) as server:
        yield {
            "AWS_ACCESS_KEY_ID": KEY_ID,
            "AWS_SECRET_ACCESS_KEY": KEY,
            "AWS_ENDPOINT_URL": server.origin,
            "AWS_REGION": "us-east-1",
        }


@pytest.fixture(scope="module")
def google(kept):
    with rclone_google(kept) as server:
        yield {"STORAGE_EMULATOR_HOST": server.origin}


@pytest.fixture(scope="module")
def azure(kept):
    with azurite() as server:
        server.make("lab-data", False)
        store = server.store("lab-data", AT)
        folder = kept / "lab-data" / AT
        for path in (path for path in folder.rglob("*") if path.is_file()):
            name, content = path.relative_to(folder).as_posix(), path.read_bytes()
            part = store.new_part(name)
            part.write(content)
            part.close()
            store.commit(name, hashlib.sha256(content).hexdigest())
        yield {
            "AZURE_STORAGE_ACCOUNT": AZURE_ACCOUNT,
            "AZURE_STORAGE_KEY": AZURE_KEY,
            "AZURE_STORAGE_ENDPOINT": server.access.endpoint,
        }


def state(folder):
    """Return what lies below a folder, and when it was changed."""
    return sorted((str(path), path.stat().st_mtime_ns) for path in folder.rglob("*"))


def rows(home, columns="image_path, status, bytes, sha256"):
    with sqlite3.connect(home / "L" / "metadata" / "master_index.db") as database:
        found = database.execute(f"SELECT {columns} FROM images ORDER BY image_id").fetchall()
    database.close()
    return found


@pytest.mark.parametrize(("service", "scheme"), [("s3", "s3"), ("google", "gs"), ("azure", "az")])
def test_rows_point_at_the_bucket_and_nothing_is_written_there(service, scheme, request, kept, tmp_path):
    variables = request.getfixturevalue(service)
    url = f"{scheme}://lab-data/{AT}"
    before = state(kept)
    command = ["index", "--source", "nih", "--at", url, "--base-dir", tmp_path / "L"]
    done = cxr_json(tmp_path, *command, variables=variables)
    assert (done["adopted"], done["skipped"]) == (IMAGES, 0)
    found = rows(tmp_path)
    assert len(found) == IMAGES
    for path, status, size, sha256 in found:
        here = kept / "lab-data" / AT / path.removeprefix(f"{url}/")
        assert path.startswith(f"{url}/images/")
        assert (status, size, sha256) == ("adopted", here.stat().st_size, "")
    assert len([*(tmp_path / "L" / "captions").iterdir()]) == IMAGES
    again = cxr_json(tmp_path, *command, variables=variables)
    assert (again["adopted"], again["already"]) == (0, IMAGES)
    assert state(kept) == before


def test_mimic_is_found_below_a_mirror_s_prefix_with_labels_joined(s3, kept, tmp_path):
    example = datasets.load("mimic").EXAMPLE
    done = cxr_json(
        tmp_path, "index", "--source", "mimic", "--at", "s3://lab-data/mirrored/mimic-cxr-jpg/2.1.0",
        "--accept-terms", "mimic", "--base-dir", tmp_path / "L", variables=s3,
    )  # fmt: skip
    assert done["adopted"] == example.images
    found = rows(tmp_path, "image_path, labeller, official_split")
    assert all(path.startswith("s3://lab-data/mirrored/mimic-cxr-jpg/2.1.0/files/p1") for path, *_ in found)
    assert any(labeller for _, labeller, _ in found)


def test_images_without_tables_are_told_from_other_files(s3, tmp_path):
    done = cxr_json(
        tmp_path, "index", "--source", "local", "--at", "s3://lab-data/copies",
        "--base-dir", tmp_path / "L", variables=s3,
    )  # fmt: skip
    assert (done["adopted"], done["skipped"]) == (IMAGES, 3)
    assert not any(".hidden" in path for path, *_ in rows(tmp_path))


def test_images_are_fetched_from_the_bucket_whole_and_once(s3, kept, tmp_path):
    command = ["download", "--source", "nih", "--from", f"s3://lab-data/{AT}", "--yes", "--base-dir", "L"]
    done = cxr_json(tmp_path, *command, variables=s3)
    assert done["downloaded"] == IMAGES
    there = {path.name: path for path in (kept / "lab-data" / AT / "images").iterdir()}
    for path, status, _, sha256 in rows(tmp_path):
        assert status == "downloaded"
        assert sha256 == hashlib.sha256((tmp_path / "L" / path).read_bytes()).hexdigest()
    images = list((tmp_path / "L" / "Images").iterdir())
    assert sorted(one.read_bytes() for one in images) == sorted(one.read_bytes() for one in there.values())
    images[0].unlink()
    again = cxr_json(
        tmp_path, "download", "--source", "nih", "--resume", "--yes", "--base-dir", "L", variables=s3
    )
    assert (again["downloaded"], again["already"]) == (1, IMAGES - 1)


def test_a_tree_is_mirrored_from_the_bucket(s3, kept, tmp_path):
    command = ["mirror", "--source", "nih", "--from", f"s3://lab-data/{AT}", "--to", "out", "--yes"]
    cxr(tmp_path, *command, variables=s3)
    there, here = kept / "lab-data" / AT, tmp_path / "out"
    for path in (path for path in there.rglob("*") if path.is_file()):
        copies = list(here.rglob(path.name))
        assert [one.read_bytes() for one in copies] == [path.read_bytes()]


def test_adopted_images_of_a_bucket_are_not_called_missing_by_validation(s3, tmp_path):
    cxr(tmp_path, "index", "--source", "nih", "--at", f"s3://lab-data/{AT}", "--base-dir", "L", variables=s3)
    done = cxr(tmp_path, "validate", "--source", "nih", "--base-dir", "L", expect=2, variables=s3)
    assert "lie in a bucket" in done.stderr
    assert "cxr download --source nih --from s3://lab-data/copies/nih" in " ".join(done.stderr.split())
    done = cxr(tmp_path, "validate", "--source", "all", "--base-dir", "L", expect=2, variables=s3)
    assert "lie in a bucket" in done.stderr


@pytest.mark.parametrize(
    ("change", "url", "code", "said"),
    [
        (
            {"AWS_SECRET_ACCESS_KEY": "wrong-canary"},
            "s3://lab-data/copies/nih",
            3,
            "does not know the credentials",
        ),
        ({}, "s3://no-such-bucket/x", 3, "There is no bucket no-such-bucket"),
        ({}, "s3://lab-data/copies/nothing-here", 2, "Data_Entry_2017"),
        ({}, "s3://", 2, "names no place in an object store"),
        (
            {"AWS_ENDPOINT_URL": "http://s3.example.org"},
            "s3://lab-data/copies/nih",
            2,
            "not an https address",
        ),
        ({"AWS_ENDPOINT_URL": "http://127.0.0.1:9"}, "s3://lab-data/copies/nih", 4, "cannot be asked"),
    ],
)
def test_what_cannot_be_read_is_told_with_its_own_words(s3, tmp_path, change, url, code, said):
    done = cxr(
        tmp_path, "index", "--source", "nih", "--at", url, "--base-dir", "L",
        expect=code, variables=s3 | change,
    )  # fmt: skip
    assert said in " ".join(done.stderr.split())
    assert "canary" not in done.stdout + done.stderr
    assert not (tmp_path / "L" / "metadata").exists()
