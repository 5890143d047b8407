"""The object stores of this machine, one process each for all tests of a folder."""

import itertools

import pytest
from support import object_servers

_NUMBERS = itertools.count()


@pytest.fixture(scope="session")
def moto():
    with object_servers.moto() as server:
        yield server


@pytest.fixture(scope="session")
def rclone(tmp_path_factory):
    with object_servers.rclone_s3(tmp_path_factory.mktemp("rclone")) as server:
        yield server


@pytest.fixture(scope="session")
def google(tmp_path_factory):
    with object_servers.rclone_google(tmp_path_factory.mktemp("google")) as server:
        yield server


@pytest.fixture(scope="session")
def azurite():
    with object_servers.azurite() as server:
        yield server


@pytest.fixture(params=["moto", "rclone", "google", "azurite"])
def server(request):
    return request.getfixturevalue(request.param)


@pytest.fixture
def bucket():
    """A name that no other test has."""
    return f"bucket-{next(_NUMBERS)}"


@pytest.fixture
def store(server, bucket):
    server.make(bucket, False)
    return server.store(bucket)
