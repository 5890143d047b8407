"""Whether a bucket shows what is in it to everybody, asked as anybody may ask."""

import pytest

from cxr.errors import CxrError, StorageError
from cxr.stores.public import is_public


@pytest.mark.parametrize("public", [True, False])
@pytest.mark.parametrize("name", ["moto", "azurite"])
def test_a_bucket_is_asked_without_credentials(request, bucket, name, public):
    server = request.getfixturevalue(name)
    server.make(bucket, public)
    store = server.store(bucket)
    assert is_public(store) is public
    assert store.listing() == {}


def test_a_server_without_keys_shows_everything(google, bucket):
    google.make(bucket, False)
    store = google.store(bucket)
    assert is_public(store)
    assert store.listing() == {}


def test_a_server_with_keys_refuses_whoever_has_none(rclone, bucket):
    rclone.make(bucket, False)
    assert not is_public(rclone.store(bucket))


def test_keys_in_the_environment_do_not_answer_for_anybody(moto, bucket, monkeypatch):
    moto.make(bucket, False)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "INVENTED")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "INVENTED")
    assert not is_public(moto.store(bucket))


def test_a_bucket_that_is_not_there_cannot_be_asked(moto):
    with pytest.raises(StorageError, match="no bucket"):
        is_public(moto.store("no-such-bucket"))


def test_no_answer_is_no_answer(moto, bucket, monkeypatch):
    """Neither yes nor no: data under an agreement must not go where that is not known."""
    moto.make(bucket, False)
    store = moto.store(bucket)

    def fail(*_, **__):
        raise OSError("no connection")

    monkeypatch.setattr("cxr.stores.public.obstore.get", fail)
    with pytest.raises(CxrError):
        is_public(store)
    assert store.listing() == {}
