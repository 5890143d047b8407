"""Tables from a host: whole or not at all, whatever the connection does."""

import hashlib
from contextlib import contextmanager

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


def test_a_table_that_is_not_the_listed_one_is_none(running, kaggle, tmp_path):
    listed = f"sha256:{published(running)}"
    save(kaggle, Remote(TABLE, None, listed), tmp_path / TABLE, POLICY)
    assert f"sha256:{saved(tmp_path / TABLE)}" == listed
    with pytest.raises(TransientError, match="SHA-256"):
        save(kaggle, Remote(TABLE, None, "sha256:" + "0" * 64), tmp_path / "other.csv", POLICY)
    assert not (tmp_path / "other.csv").exists()


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


WORDS = b"Image Index,Finding Labels"


class Answering:
    """A host that gives, at each request, a part of `WORDS` whatever is asked for; the last for ever.

    Args:
        parts: First byte, byte to stop before, the size that is announced, and whether the connection breaks.
    """

    def __init__(self, *parts):
        self.parts = list(parts)
        self.asked = []

    @contextmanager
    def open(self, remote, start=0, end=None, validator=""):
        self.asked.append((start, validator))
        part = self.parts.pop(0) if len(self.parts) > 1 else self.parts[0]
        yield AnsweredPart(*part)


class AnsweredPart:
    validator, checksum, name = '"one"', "", TABLE

    def __init__(self, start, end, size, breaks):
        self.start, self.end, self.size, self.breaks = start, end, size, breaks

    def __iter__(self):
        yield WORDS[self.start : self.end]
        if self.breaks:
            raise TransientError("reset", "the connection broke")


def test_a_part_that_begins_elsewhere_than_it_should_is_not_appended(tmp_path):
    host = Answering((0, 10, None, True), (5, None, None, False), (10, None, None, False))
    save(host, Remote(TABLE), tmp_path / TABLE, POLICY)
    assert (tmp_path / TABLE).read_bytes() == WORDS
    assert host.asked == [(0, ""), (10, '"one"'), (10, '"one"')]


def test_a_table_that_is_shorter_than_announced_goes_on_where_it_ended(tmp_path):
    host = Answering((0, 10, len(WORDS), False), (10, None, len(WORDS), False))
    save(host, Remote(TABLE), tmp_path / TABLE, POLICY)
    assert (tmp_path / TABLE).read_bytes() == WORDS


@pytest.mark.parametrize(
    ("last", "said"), [((5, None, None, False), "another part"), ((10, 10, 26, False), "10 of 26 bytes")]
)
def test_a_table_that_never_comes_right_is_none(tmp_path, last, said):
    with pytest.raises(TransientError, match=said):
        save(Answering((0, 10, None, True), last), Remote(TABLE), tmp_path / TABLE, POLICY)
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
