"""MIMIC out of Amazon's and Google's buckets: verified by its own checksums, with one agreement or two."""

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest
import yaml
from support.nih_folder import make_nih_folder
from support.object_servers import KEY, KEY_ID, moto
from support.program import cxr, cxr_json
from support.xml_bucket import Buckets, buckets, refusal

from cxr import datasets

FIRST, SECOND = "lent-jpg/mimic-cxr-jpg/2.1.0", "lent-reports/mimic-cxr/2.1.0"
LISTS = ("cxr-record-list.csv", "cxr-study-list.csv")


def published() -> dict[str, bytes]:
    """Return both projects, ``bucket/key`` to content; the images are noise."""
    example = datasets.load("mimic").EXAMPLE
    noise = np.random.default_rng(5)
    first = {name: text.encode() for name, text in example.tables.items() if name.endswith(".csv")}
    first = {name: content for name, content in first.items() if name not in LISTS}
    for name in (name for name in example.files if name.endswith(".jpg")):
        pixels = noise.integers(0, 256, (64, 48), dtype=np.uint8)
        first[name] = cv2.imencode(".jpg", pixels)[1].tobytes()
    sums = [f"{hashlib.sha256(first[name]).hexdigest()} {name}\n" for name in sorted(first)]
    first["SHA256SUMS.txt"] = "".join(sums).encode()
    second = {name: example.tables[name].encode() for name in LISTS}
    return {f"{FIRST}/{name}": content for name, content in first.items()} | {
        f"{SECOND}/{name}": content for name, content in second.items()
    }


PUBLISHED = published()
IMAGES = sum(name.endswith(".jpg") for name in PUBLISHED)


def sources(home, host, address, origin):
    """Write where the hosts are, and return what says so."""
    files = {name: f"{SECOND}/{name}" for name in LISTS}
    place = {"dataset": FIRST, "files": files}
    elsewhere = yaml.safe_load((Path(__file__).parents[1] / "support" / "no_hosts.yaml").read_text())["hosts"]
    text = yaml.safe_dump(
        {"hosts": {**elsewhere, host: {address: origin}}, "datasets": {"mimic": {host: place}}}
    )
    (home / "sources.yaml").write_text(text)
    return {"CXR_DATASET_SOURCES": str(home / "sources.yaml")}


@pytest.fixture(scope="module")
def amazon() -> Iterator[str]:
    with moto() as server:
        for bucket in ("lent-jpg", "lent-reports"):
            server.make(bucket, False)
            store = server.store(bucket, "")
            for name, content in PUBLISHED.items():
                if name.startswith(f"{bucket}/"):
                    key = name.removeprefix(f"{bucket}/")
                    part = store.new_part(key)
                    part.write(content)
                    part.close()
                    store.commit(key, hashlib.sha256(content).hexdigest())
        yield server.origin


@pytest.fixture
def google() -> Iterator[tuple[Buckets, str]]:
    with buckets(PUBLISHED, page=4) as (kept, service):
        yield kept, service.origin


def download(home, host, variables, *more, expect=0):
    command = ["download", "--source", "mimic", "--host", host, "--accept-terms", "mimic", "--yes"]
    return cxr_json(home, *command, "--base-dir", "L", *more, variables=variables, expect=expect)


def check_whole(home):
    images = {hashlib.sha256(path.read_bytes()).hexdigest() for path in (home / "L" / "Images").iterdir()}
    wanted = {
        hashlib.sha256(content).hexdigest() for name, content in PUBLISHED.items() if name.endswith(".jpg")
    }
    assert images == wanted


def test_images_come_from_a_bucket_that_amazon_lends(amazon, tmp_path):
    keys = {"AWS_ACCESS_KEY_ID": KEY_ID, "AWS_SECRET_ACCESS_KEY": KEY, "AWS_EC2_METADATA_DISABLED": "true"}
    variables = sources(tmp_path, "aws", "s3", amazon) | keys
    done = download(tmp_path, "aws", variables)
    assert done["downloaded"] == IMAGES
    check_whole(tmp_path)
    log = (tmp_path / "L" / "metadata" / "download_log.json").read_text()
    first = json.loads(log.splitlines()[0])
    assert first["url"].startswith(f"s3://{FIRST}/files/p1")
    assert "X-Amz" not in log
    assert KEY not in log
    assert download(tmp_path, "aws", variables)["already"] == IMAGES


def test_images_come_from_google_s_bucket_one_wrong_byte_is_noticed(google, tmp_path):
    kept, origin = google
    spoilt = next(name for name in kept.objects if name.endswith(".jpg"))
    kept.objects[spoilt] = kept.objects[spoilt][:-30] + b"x" + kept.objects[spoilt][-29:]
    variables = sources(tmp_path, "gcs", "storage", origin)
    done = download(tmp_path, "gcs", variables, expect=1)
    assert (done["downloaded"], done["failed"]) == (IMAGES - 1, 1)
    assert "SHA-256" in (tmp_path / "L" / "metadata" / "failed_images.txt").read_text()
    kept.objects[spoilt] = PUBLISHED[spoilt]
    assert download(tmp_path, "gcs", variables)["downloaded"] == 1
    check_whole(tmp_path)


def test_with_one_agreement_images_come_without_the_other_project_s_tables(google, tmp_path):
    kept, origin = google
    kept.refuse = lambda asked: refusal(403, "AccessDenied") if "/lent-reports/" in asked.path else None
    done = download(tmp_path, "gcs", sources(tmp_path, "gcs", "storage", origin))
    assert done["downloaded"] == IMAGES
    check_whole(tmp_path)


def test_who_is_not_let_in_is_told_why_by_check_access_and_by_download(google, tmp_path):
    kept, origin = google
    kept.refuse = lambda _: refusal(400, "UserProjectMissing", "Bucket is a requester pays bucket")
    variables = sources(tmp_path, "gcs", "storage", origin)
    done = cxr(
        tmp_path, "download", "--source", "mimic", "--host", "gcs", "--yes", "--accept-terms", "mimic",
        "--base-dir", "L", expect=3, variables=variables,
    )  # fmt: skip
    assert "GOOGLE_CLOUD_PROJECT" in done.stderr
    variables |= {"CXR_DATASETS__MIMIC__SOURCE": "google_cloud"}
    done = cxr(tmp_path, "check-access", "--source", "mimic", expect=3, variables=variables)
    assert "GOOGLE_CLOUD_PROJECT" in done.stdout


def test_nih_comes_from_google_with_tables_of_one_s_own(tmp_path):
    nih = make_nih_folder(tmp_path / "nih", 24, side=64)
    objects = {
        f"gcs-public-data--healthcare-nih-chest-xray/png/{path.name}": path.read_bytes()
        for path in (nih / "images").iterdir()
    }
    with buckets(objects) as (_, service):
        variables = {"CXR_SOURCES__HOSTS__GCS__STORAGE": service.origin}
        command = ["download", "--source", "nih", "--host", "gcs", "--tables", "nih", "--limit", "5", "--yes"]
        done = cxr_json(tmp_path, *command, "--base-dir", "L", variables=variables)
    assert done["downloaded"] == 5
