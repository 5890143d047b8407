"""The lab says where its hosts are, what they hold, and what was asked of them."""

import hashlib
import threading
from pathlib import Path

import pytest
import yaml
from support.asking import ask
from support.labs import lab

from cxr.config import load
from cxr.errors import UsageError
from cxr.lab import Lab
from cxr.lab.box import ARCHIVE_OF


@pytest.fixture(scope="module")
def running():
    with lab(failures={"rate-limit": 0.5}) as started:
        yield started


def test_the_file_of_sources_points_at_its_hosts(running):
    said = yaml.safe_load(running.dataset_sources.read_text("utf-8"))
    kaggle = running.origin("kaggle")
    assert said["hosts"] == {
        "kaggle": {"api": f"{kaggle}/v1", "web": f"{kaggle}/api/v1"},
        "box": {"shared": f"{running.origin('box')}/shared/static"},
    }
    checksums = said["datasets"]["nih"]["box"]["checksums"]
    assert list(checksums) == list(ARCHIVE_OF.values())
    assert all(checksums[name] == f"md5:{running.shelf.files[name].md5}" for name in ARCHIVE_OF.values())


def test_cxr_reads_that_file(running):
    config = load(None, {}, sources_file=running.dataset_sources)
    assert config.sources
    assert running.environment == {"CXR_DATASET_SOURCES": str(running.dataset_sources)}


def test_images_are_those_that_the_hosts_serve(running):
    assert len(running.images) == 40
    for path, sha256 in list(running.images.items())[::13]:
        data = running.image_bytes(path)
        assert (hashlib.sha256(data).hexdigest(), len(data)) == (sha256, running.sizes[path])
    assert (running.tables / "Data_Entry_2017_v2020.csv").exists()


def test_failures_are_on_from_the_start_and_can_be_changed(running):
    assert dict(running.failures) == {"rate-limit": 0.5}
    running.failures["rate-limit"] = 1
    url = f"{running.origin('kaggle')}/v1/datasets.DatasetApiService/GetDataset"
    assert ask(url, "POST", body={}).status == 429
    running.failures.clear()
    assert ask(url, "POST", body={}).status == 403


def test_each_host_has_accounts_of_its_own(running):
    running.reset_accounts()
    address = ask(running.origin("box") + next(iter(ARCHIVE_OF))).headers["location"]
    body = ask(address).body
    assert [exchange.server for exchange in running.requests("box")] == ["box", "box-download"]
    assert running.bytes_sent("box") == len(body)
    assert list(running.bytes_by_path("box").values()) == [len(body)]
    assert running.count("box") == 2
    assert running.requests("kaggle") == ()
    running.reset_accounts()
    assert (running.requests("box"), running.bytes_sent("box"), running.count("box")) == ((), 0, 0)


def test_only_the_hosts_that_are_asked_for_are_started():
    with lab(hosts=["box"]) as started:
        assert yaml.safe_load(started.dataset_sources.read_text("utf-8"))["hosts"].keys() == {"box"}
        with pytest.raises(KeyError):
            started.origin("kaggle")


def test_nothing_is_left_when_it_ends():
    threads = threading.active_count()
    with Lab(images=2, size=32, pixels="noise", folders=1) as started:
        made = started.dataset_sources.parent
        assert made.is_dir()
        assert Path(started.shelf.folder).is_relative_to(made)
    assert not made.exists()
    assert threading.active_count() == threads


def test_a_host_keeps_its_port():
    with lab(hosts=["kaggle"]) as first:
        port = int(first.origin("kaggle").rpartition(":")[2])
    with lab(hosts=["kaggle"], ports={"kaggle": port}) as second:
        assert second.origin("kaggle") == f"http://127.0.0.1:{port}"
        with pytest.raises(UsageError, match=str(port)), lab(hosts=["kaggle"], ports={"kaggle": port}):
            pass


@pytest.mark.parametrize(
    "wrong",
    [
        {"hosts": ["mars"]},
        {"ports": {"mars": 1}},
        {"ports": {"kaggle": 7999, "box": 7999}},
        {"failures": {"x": 1}},
    ],
    ids=str,
)
def test_what_it_does_not_have_is_refused(wrong):
    with pytest.raises(UsageError):
        lab(**wrong)
