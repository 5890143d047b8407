"""MIMIC-CXR-JPG from the lab's PhysioNet to a folder and straight into buckets, as a user runs it."""

import hashlib
import json
import shutil
import subprocess
import sys
from urllib.request import Request, urlopen

import pytest
from support.lab_library import IMPATIENT
from support.labs import lab
from support.object_servers import AZURE_ACCOUNT, AZURE_KEY, KEY, KEY_ID, azurite, moto, rclone_s3
from support.program import cxr, cxr_json

from cxr.lab.physionet_rules import AGENTS, IMAGES_ONLY, READER, PhysioNetRules

IMAGES = 30
JPG, TEXTS = "mimic-cxr-jpg/2.1.0", "mimic-cxr/2.1.0"
REPORTS = f"{TEXTS}/mimic-cxr-reports.zip"
LISTS = {f"{TEXTS}/cxr-record-list.csv.gz", f"{TEXTS}/cxr-study-list.csv.gz"}


@pytest.fixture(scope="module")
def started():
    rules = PhysioNetRules(agents=(*AGENTS, "cxr/"))
    with lab(hosts=("physionet",), images=IMAGES, size=96, physionet=rules) as one:
        yield one


@pytest.fixture
def running(started):
    """The lab as it is without failures, with nothing in its accounts."""
    started.failures.clear()
    started.reset_accounts()
    return started


@pytest.fixture(scope="module")
def s3():
    with moto() as server:
        yield server


def published(lab):
    """Return the SHA-256 of each file of both projects, by its path, as their lists have them."""
    projects = {project: lab.mimic.checksums(project) for project in (JPG, TEXTS)}
    return {
        f"{project}/{path}": digest for project, sums in projects.items() for path, digest in sums.items()
    }


def images(lab):
    return {path: digest for path, digest in published(lab).items() if path.endswith(".jpg")}


def mirror(home, lab, to, *more, account=READER, expect=0, **variables):
    """Mirror MIMIC with its terms accepted."""
    environment = {
        **lab.environment,
        **IMPATIENT,
        "PHYSIONET_USERNAME": account.name,
        "PHYSIONET_PASSWORD": account.password,
        **variables,
    }
    arguments = ("mirror", "--source", "mimic", "--to", to, "--state", "state", "--accept-terms", "mimic")
    return cxr_json(home, *arguments, *more, expect=expect, variables=environment)


def into(server):
    """Return the variables that point at a server, as users of AWS or Azure have them."""
    if server.scheme == "az":
        account = f"AccountName={AZURE_ACCOUNT};AccountKey={AZURE_KEY};BlobEndpoint={server.access.endpoint}"
        return {"AZURE_STORAGE_CONNECTION_STRING": account}
    return {"AWS_ENDPOINT_URL": server.origin, "AWS_ACCESS_KEY_ID": KEY_ID, "AWS_SECRET_ACCESS_KEY": KEY}


def in_folder(folder):
    paths = [path for path in folder.rglob("*") if path.is_file()]
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest() for path in paths
    }


def in_bucket(server, bucket, prefix):
    store = server.store(bucket, prefix)
    return {name: hashlib.sha256(b"".join(store.read(name))).hexdigest() for name in store.listing()}


# --- A folder ---------------------------------------------------------------------------------------------


def test_both_published_trees_are_mirrored_and_the_reports_where_they_are_asked_for(tmp_path, running):
    expected = published(running)
    summary = mirror(tmp_path, running, "there", "--reports")
    came = in_folder(tmp_path / "there")
    assert summary["copied"] == IMAGES
    assert came[f"{JPG}/SHA256SUMS.txt"]
    assert {path: came[path] for path in images(running)} == images(running)
    of_jpg = {path: digest for path, digest in expected.items() if path.startswith(f"{JPG}/")}
    assert of_jpg.items() <= came.items()
    assert {REPORTS, *LISTS} <= came.keys()
    assert all(came[path] == expected.get(path, came[path]) for path in came)


def test_without_reports_their_archive_is_not_even_read(tmp_path, running):
    mirror(tmp_path, running, "there", "--metadata-only")
    came = in_folder(tmp_path / "there")
    assert came.keys() >= LISTS
    assert REPORTS not in came
    assert not any(path.endswith(".jpg") for path in came)
    assert not [path for path in running.bytes_by_path("physionet") if path.endswith("-reports.zip")]


def test_with_one_agreement_only_the_other_projects_files_fail_by_themselves(tmp_path, running):
    summary = mirror(tmp_path, running, "there", account=IMAGES_ONLY, expect=1)
    assert (summary["copied"], summary["failed"]) == (IMAGES, 0)
    assert summary["metadata_failed"] == len(LISTS)
    told = (tmp_path / "there" / JPG / "failed_images.txt").read_text()
    assert all(path in told for path in LISTS)
    assert "mimic-cxr/2.1.0" in told


def test_a_flipped_byte_is_caught_by_the_published_checksum(tmp_path, running):
    mirror(tmp_path, running, "there")
    flipped = tmp_path / "there" / sorted(images(running))[4]
    data = bytearray(flipped.read_bytes())
    data[len(data) // 2] ^= 1
    flipped.write_bytes(data)
    shutil.rmtree(tmp_path / "state")
    summary = mirror(tmp_path, running, "there")
    assert (summary["found"], summary["copied"]) == (IMAGES - 1, 1)
    assert images(running).items() <= in_folder(tmp_path / "there").items()


def test_a_host_that_flips_cuts_throttles_and_stalls_costs_no_byte(tmp_path, running):
    running.failures.update(
        {"flipped-byte": 0.05, "truncated-file": 0.05, "server-error": 0.05, "stall": 0.05}
    )
    mirror(tmp_path, running, "there", expect=None)
    running.failures.clear()
    came = in_folder(tmp_path / "there")
    assert {path: digest for path, digest in came.items() if path in images(running)}.items() <= (
        images(running).items()
    )
    mirror(tmp_path, running, "there")
    assert images(running).items() <= in_folder(tmp_path / "there").items()


def test_terms_have_to_be_accepted_once(tmp_path, running):
    variables = {**running.environment, **IMPATIENT}
    words = ("mirror", "--source", "mimic", "--to", "there", "--state", "state", "--metadata-only")
    refused = cxr(tmp_path, *words, expect=7, variables=variables)
    assert "--accept-terms mimic" in refused.stderr
    assert not (tmp_path / "there").exists()
    cxr(tmp_path, *words, "--accept-terms", "mimic", variables=variables)
    cxr(tmp_path, *words, variables=variables)


# --- A bucket ---------------------------------------------------------------------------------------------


@pytest.fixture(params=["moto", "rclone", "azurite"])
def server(request, tmp_path):
    """Each of three object stores that nobody here wrote."""
    if request.param == "moto":
        yield request.getfixturevalue("s3")
        return
    (tmp_path / "buckets").mkdir()
    with azurite() if request.param == "azurite" else rclone_s3(tmp_path / "buckets") as one:
        yield one


def test_a_bucket_gets_the_tree_and_nothing_else(tmp_path, running, server):
    server.make("whole", False)
    to = f"{server.scheme}://whole/a/prefix"
    summary = mirror(tmp_path, running, to, **into(server))
    assert summary["copied"] == summary["images_there"] == IMAGES
    came = in_bucket(server, "whole", "a/prefix")
    assert images(running).items() <= came.items()
    assert came.keys() >= LISTS
    assert all(path.startswith((f"{JPG}/", f"{TEXTS}/")) for path in came)
    again = mirror(tmp_path, running, to, **into(server))
    assert (again["already"], again["copied"]) == (IMAGES, 0)


def test_objects_that_were_deleted_come_again_with_the_ledger_and_without(tmp_path, running, s3):
    s3.make("deleted", False)
    store = s3.store("deleted", "m")
    gone = sorted(images(running))[2:5]
    mirror(tmp_path, running, "s3://deleted/m", **into(s3))
    for _ in range(2):
        for path in gone:
            store.remove(path)
        summary = mirror(tmp_path, running, "s3://deleted/m", **into(s3))
        assert summary["copied"] == len(gone)
        assert images(running).items() <= in_bucket(s3, "deleted", "m").items()
        shutil.rmtree(tmp_path / "state")


def spoil_and_forget(home, lab, s3, bucket):
    """Mirror, put other bytes under two names, one of them with the published hash, and lose the ledger."""
    s3.make(bucket, False)
    store = s3.store(bucket, "m")
    mirror(home, lab, f"s3://{bucket}/m", **into(s3))
    wrong, unread = sorted(images(lab))[:2]
    for path, kept in ((wrong, "0" * 64), (unread, images(lab)[unread])):
        store.new_part(path).write(b"x" * store.listing()[path])
        store.commit(path, kept)
    shutil.rmtree(home / "state")


def test_without_its_ledger_a_run_reads_objects_of_a_store_that_takes_any_bytes(tmp_path, running, s3):
    spoil_and_forget(tmp_path, running, s3, "any")
    summary = mirror(tmp_path, running, "s3://any/m", **into(s3))
    assert (summary["found"], summary["copied"]) == (IMAGES - 2, 2)
    assert images(running).items() <= in_bucket(s3, "any", "m").items()


AS_AT_AMAZON = """
import cxr.library.mirror
from cxr.__main__ import main

cxr.library.mirror.checks_arrivals = lambda store: True
main()
"""


def test_without_its_ledger_a_run_believes_the_hash_beside_an_object_that_amazon_checked(
    tmp_path, running, s3, monkeypatch
):
    spoil_and_forget(tmp_path, running, s3, "kept")
    with monkeypatch.context() as context:
        context.setattr("support.program.COMMAND", [sys.executable, "-c", AS_AT_AMAZON])
        summary = mirror(tmp_path, running, "s3://kept/m", **into(s3))
    assert (summary["found"], summary["copied"]) == (IMAGES - 1, 1)
    assert mirror(tmp_path, running, "s3://kept/m", "--verify", **into(s3))["repaired"] == 1
    assert images(running).items() <= in_bucket(s3, "kept", "m").items()


def test_verify_reads_the_objects_and_repairs_them(tmp_path, running, s3):
    s3.make("verified", False)
    store = s3.store("verified", "m")
    mirror(tmp_path, running, "s3://verified/m", **into(s3))
    name = min(images(running))
    size = store.listing()[name]
    store.new_part(name).write(b"\xff\xd8" + b"x" * (size - 4) + b"\xff\xd9")
    store.commit(name)
    summary = mirror(tmp_path, running, "s3://verified/m", "--verify", **into(s3))
    assert summary["repaired"] == 1
    assert images(running).items() <= in_bucket(s3, "verified", "m").items()


def test_a_public_bucket_is_refused_before_anything_is_put_there(tmp_path, running, s3):
    s3.make("public", True)
    refused = mirror(tmp_path, running, "s3://public/m", expect=7, **into(s3))
    assert "is public" in refused["error"]["happened"]
    assert in_bucket(s3, "public", "m") == {}


@pytest.mark.parametrize("opened", [f"m/{JPG}/*", f"m/{TEXTS}/*", "*.jpg"])
def test_a_bucket_that_is_public_in_part_is_refused(tmp_path, running, s3, opened):
    bucket = f"part{hashlib.sha256(opened.encode()).hexdigest()[:8]}"
    s3.make(bucket, False)
    statement = {"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject"}
    statement["Resource"] = f"arn:aws:s3:::{bucket}/{opened}"
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    headers = {"Content-Type": "application/json"}
    asked = Request(f"{s3.origin}/{bucket}?policy", policy.encode(), headers, method="PUT")
    with urlopen(asked, timeout=20):
        pass
    refused = mirror(tmp_path, running, f"s3://{bucket}/m", expect=7, **into(s3))
    assert "is public" in refused["error"]["happened"]
    assert in_bucket(s3, bucket, "m") == {}


def test_a_public_bucket_is_allowed_for_open_data(tmp_path, s3):
    s3.make("open", True)
    with lab(images=4, size=64, folders=1) as nih:
        words = ("mirror", "--source", "nih", "--host", "kaggle", "--to", "s3://open/nih", "--state", "state")
        summary = cxr_json(tmp_path, *words, variables={**nih.environment, **into(s3)})
        assert summary["copied"] == 4
        assert nih.images.items() <= in_bucket(s3, "open", "nih").items()


def test_a_bucket_that_is_not_there_is_said_to_be_so(tmp_path, running, s3):
    refused = mirror(tmp_path, running, "s3://nowhere/m", expect=None, **into(s3))
    assert refused["error"]["exit_code"] in {3, 5}
    assert "nowhere" in refused["error"]["happened"]


def test_the_same_seed_chooses_the_same_studies_as_a_download(tmp_path, running):
    chosen = ("--sample", "random", "--seed", 7, "--limit", 8, "--sample-by", "study")
    mirror(tmp_path, running, "there", *chosen)
    download = ("download", "--source", "mimic", "--base-dir", "L", "--accept-terms", "mimic")
    cxr(tmp_path, *download, *chosen, variables={**running.environment, **IMPATIENT})
    mirrored = {hashlib.sha256(one.read_bytes()).digest() for one in (tmp_path / "there").rglob("*.jpg")}
    downloaded = {hashlib.sha256(one.read_bytes()).digest() for one in (tmp_path / "L/Images").iterdir()}
    assert mirrored == downloaded
    assert downloaded


@pytest.mark.parametrize("above", ["", "physionet.org/files"])
def test_a_copy_is_mirrored_from_whichever_of_its_folders_is_named(tmp_path, running, above):
    copy = tmp_path / "copy" / above
    mirror(tmp_path, running, copy)
    came = in_folder(copy)
    (tmp_path / "copy" / "notes.txt").write_text("not of the tree")
    for number, named in enumerate((tmp_path / "copy", copy / JPG)):
        mirror(tmp_path, running, f"there{number}", "--from", named)
        there = in_folder(tmp_path / f"there{number}")
        assert there == {path: came[path] for path in there}
        assert images(running).keys() <= there.keys()
    assert in_folder(tmp_path / "there0").keys() >= LISTS


def test_the_secret_words_are_in_nothing_that_was_written(tmp_path, running, s3):
    s3.make("quiet", False)
    mirror(tmp_path, running, "s3://quiet/m", **into(s3))
    words = (READER.password.encode(), KEY.encode())
    for path in (path for path in tmp_path.rglob("*") if path.is_file()):
        content = path.read_bytes()
        assert not any(word in content for word in words), path


def test_the_command_that_counts_is_one_for_the_aws_program(tmp_path, running, s3):
    s3.make("counted", False)
    arguments = ("mirror", "--source", "mimic", "--to", "s3://counted/m", "--accept-terms", "mimic")
    said = cxr(tmp_path, *arguments, variables={**running.environment, **IMPATIENT, **into(s3)}).stdout
    (line,) = [line.split(":", 1)[1].strip() for line in said.splitlines() if "count:" in line]
    listed = "\n".join(f"2026-01-01 00:00:00 1 {name}" for name in s3.store("counted", "m").listing())
    assert line.startswith(f"aws s3 ls s3://counted/m/{JPG}/ --recursive | ")
    counting = line.split("|", 1)[1]
    done = subprocess.run(counting, shell=True, input=listed, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == str(IMAGES)
