"""Tables from a host: whole or not at all, whatever the connection does."""

import hashlib

import pytest
from support.labs import lab

from cxr import hosts
from cxr.hosts import Place
from cxr.http import HttpSettings, RefusedError, TransientError
from cxr.model import Remote
from cxr.transfer.retry import RetryPolicy
from cxr.transfer.save import save, save_member
from cxr.transfer.zip_directory import read_directory

POLICY = RetryPolicy(attempts=6, delay=0.01)
TABLE = "Data_Entry_2017.csv"
ARCHIVE = Remote("archive.zip")


@pytest.fixture
def running():
    with lab(images=60, size=64) as started:
        yield started


@pytest.fixture
def kaggle(running):
    addresses = {
        "api": f"{running.origin('kaggle')}/v1",
        "web": f"{running.origin('kaggle')}/api/v1",
    }
    settings = HttpSettings(answer_timeout=5, stall_timeout=0.5)
    host = hosts.connect("kaggle", Place("nih-chest-xrays/data", addresses=addresses), settings)
    yield host
    host.close()


def published(running):
    return hashlib.sha256((running.tables / TABLE).read_bytes()).hexdigest()


def saved(path):
    assert [one.name for one in path.parent.iterdir()] == [path.name], "nothing else is left"
    return hashlib.sha256(path.read_bytes()).hexdigest()


@pytest.mark.parametrize(
    "failure", ["reset", "early-close", "stall", "server-error", "expired-link", "no-ranges"]
)
def test_a_table_is_whole_whatever_the_connection_does(running, kaggle, tmp_path, failure):
    running.failures[failure] = 0.4
    save(kaggle, Remote(TABLE), tmp_path / TABLE, POLICY)
    assert saved(tmp_path / TABLE) == published(running)


def test_a_table_that_is_not_the_published_one_is_none(running, kaggle, tmp_path):
    running.failures["wrong-md5"] = 1
    with pytest.raises(TransientError, match="MD5"):
        save(kaggle, Remote(TABLE), tmp_path / TABLE, POLICY)
    assert list(tmp_path.iterdir()) == []


def test_whoever_does_not_want_checksums_compared_has_none_compared(running, kaggle, tmp_path):
    running.failures["wrong-md5"] = 1
    save(kaggle, Remote(TABLE), tmp_path / TABLE, POLICY, verify=False)
    assert saved(tmp_path / TABLE) == published(running)


def test_what_the_host_refuses_is_said_and_leaves_nothing(running, kaggle, tmp_path):
    with pytest.raises(RefusedError, match=r"none\.csv"):
        save(kaggle, Remote("none.csv"), tmp_path / "none.csv", POLICY)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("failure", ["reset", "early-close"])
def test_a_member_of_the_archive_is_whole_too(running, kaggle, tmp_path, failure):
    directory = read_directory(kaggle, ARCHIVE)
    running.failures[failure] = 0.4
    save_member(kaggle, directory, TABLE, tmp_path / TABLE, POLICY)
    assert saved(tmp_path / TABLE) == published(running)


def test_a_member_that_is_not_there_is_named(kaggle, tmp_path):
    with pytest.raises(RefusedError, match=r"none\.csv in archive\.zip"):
        save_member(kaggle, read_directory(kaggle, ARCHIVE), "none.csv", tmp_path / "none.csv", POLICY)
    assert list(tmp_path.iterdir()) == []
