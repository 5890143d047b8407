"""Whether a bucket shows what is in it to everybody, asked as anybody may ask."""

import hashlib
from datetime import timedelta

import pytest
from support.stub_service import Told, serving

from cxr.errors import CxrError, HostError, StorageError
from cxr.stores.bucket_access import BucketAccess
from cxr.stores.objects import ObjectStore
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


def answering_anybody(status):
    """Serve a store that takes and removes what comes with a key, and answers with a status without."""

    def answer(asked):
        if "authorization" not in asked.headers:
            return Told(status)
        if asked.method == "PUT":
            return Told(headers=[("ETag", hashlib.md5(asked.body).hexdigest())])
        return Told(body=b"<DeleteResult><Deleted><Key>it</Key></Deleted></DeleteResult>")

    return serving(answer)


def store_at(service):
    keys = {"region": "us-east-1", "access_key_id": "INVENTED", "secret_access_key": "INVENTED"}
    soon = {"init_backoff": timedelta(milliseconds=1), "max_backoff": timedelta(milliseconds=2), "base": 2}
    return ObjectStore("s3://bucket", BucketAccess(keys, service.origin), {"max_retries": 1, "backoff": soon})


@pytest.mark.parametrize("status", [400, 401, 403, 404, 409])
def test_a_no_is_a_no(status):
    with answering_anybody(status) as service:
        assert not is_public(store_at(service))


@pytest.mark.parametrize("status", [407, 408, 429, 500, 503])
def test_a_store_without_time_and_a_proxy_have_not_said_no(status):
    with answering_anybody(status) as service:
        with pytest.raises(HostError, match=str(status)) as caught:
            is_public(store_at(service))
        assert caught.value.next_step
        assert service.asked[-1].method != "GET", "what was put is removed again"


def test_an_answer_of_no_known_meaning_is_not_a_no():
    with answering_anybody(410) as service, pytest.raises(StorageError, match="410") as caught:
        is_public(store_at(service))
    assert caught.value.next_step
