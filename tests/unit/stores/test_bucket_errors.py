"""Refusals of object stores: each in words of its own, with a next step and without a secret."""

import hashlib
import pickle
import re
from contextlib import closing
from datetime import timedelta

import pytest
from botocore.exceptions import SSOTokenLoadError
from support.object_servers import AZURE_ACCOUNT, KEY, KEY_ID
from support.stub_service import Told, serving

from cxr.errors import AccessError, HostError, StorageError
from cxr.secret import Secret
from cxr.stores.bucket_access import BucketAccess
from cxr.stores.bucket_client import PATIENT
from cxr.stores.objects import ObjectStore

SOON = {
    "retry_timeout": timedelta(seconds=30),
    "backoff": {
        "init_backoff": timedelta(milliseconds=1),
        "max_backoff": timedelta(milliseconds=2),
        "base": 2,
    },
}
RETRY = {**SOON, "max_retries": 2}


def s3(origin, bucket="bucket", key=KEY, retry=RETRY):
    options = {"region": "us-east-1", "access_key_id": KEY_ID, "secret_access_key": Secret(key)}
    return ObjectStore(f"s3://{bucket}/prefix", BucketAccess(options, origin), retry)


def azure(origin, signature):
    options = {"account_name": AZURE_ACCOUNT, "sas_key": Secret(signature)}
    return ObjectStore("az://container/prefix", BucketAccess(options, f"{origin}/{AZURE_ACCOUNT}"), RETRY)


def put(store):
    with closing(store.new_part("a.jpg")) as part:
        part.write(b"pixels")
    store.commit("a.jpg")


def said_by(store, kind):
    """Return what putting and listing say; neither shows a secret, and each has a next step."""
    said = []
    for what in (put, lambda store: store.listing(), lambda store: list(store.read("a.jpg"))):
        with pytest.raises(kind) as caught:
            what(store)
        assert caught.value.next_step
        said.append(str(caught.value))
    store.discard("a.jpg")
    assert not [text for text in said if KEY in text or "sig=" in text or "invented" in text]
    return said


def answering(status, code, more=""):
    body = f"<?xml version='1.0'?><Error><Code>{code}</Code><Message>Told.</Message>{more}</Error>".encode()
    return serving(lambda _: Told(status=status, headers=[("Content-Type", "application/xml")], body=body))


@pytest.mark.parametrize(
    ("status", "code", "more", "kind", "words"),
    [
        (404, "NoSuchBucket", "", StorageError, "no bucket bucket .*aws s3 mb s3://bucket"),
        (403, "AccessDenied", "", AccessError, "refuses what was asked .*s3:PutObject"),
        (403, "InvalidAccessKeyId", "", AccessError, "does not know .*cxr credentials test aws"),
        (403, "SignatureDoesNotMatch", "", AccessError, "does not know"),
        (400, "ExpiredToken", "", AccessError, "have expired .*aws sso login"),
        (403, "RequestTimeTooSkewed", "", AccessError, "clock of this machine"),
        (
            400,
            "AuthorizationHeaderMalformed",
            "<Region>eu-west-1</Region>",
            StorageError,
            "lies in another region, eu-west-1.*AWS_REGION=eu-west-1",
        ),
        (301, "PermanentRedirect", "", StorageError, "lies in another region.*get-bucket-location"),
        (400, "InvalidRequest", "", StorageError, r"answers with an error \(400 InvalidRequest\)"),
    ],
)
def test_each_refusal_of_s3_has_its_own_words(status, code, more, kind, words):
    with answering(status, code, more) as service:
        for said in said_by(s3(service.origin), kind):
            assert re.search(words, said, re.DOTALL), said


@pytest.mark.parametrize("status", [500, 503, 429])
def test_what_may_pass_is_tried_again_and_given_up_at_last(status):
    with answering(status, "SlowDown") as service:
        for said in said_by(s3(service.origin), HostError):
            assert f"{status} SlowDown" in said
        assert len(service.asked) == 3 * 3


def test_a_store_that_fails_for_a_while_is_waited_for_when_objects_are_put_and_not_when_it_is_listed():
    md5 = hashlib.md5(b"pixels").hexdigest()

    def answer(_):
        if len(service.asked) <= 60:
            return Told(status=503, headers=[("Retry-After", "3")])
        return Told(headers=[("ETag", f'"{md5}"')])

    with serving(answer) as service:
        put(s3(service.origin, retry={**PATIENT, "backoff": SOON["backoff"]}))
        assert len(service.asked) == 61
    store = s3("http://127.0.0.1:9", retry=None)
    assert store.client.retry_config["max_retries"] < 10
    again = pickle.loads(pickle.dumps(store))
    for one in (store, again):
        assert one.uploads._client.retry_config == PATIENT
    assert timedelta(minutes=5) < PATIENT["retry_timeout"] < timedelta(minutes=15), "a signature's time"


def test_a_store_that_is_not_there_is_told():
    with answering(200, "") as service:
        origin = service.origin
    for said in said_by(s3(origin), HostError):
        assert "cannot be reached" in said


def test_a_wrong_key_is_told_by_a_server_that_checks_signatures(rclone, bucket):
    rclone.make(bucket, False)
    for said in said_by(s3(rclone.origin, bucket, key="another"), AccessError):
        assert "does not know the credentials" in said


def test_azure_tells_a_signature_that_is_over_from_one_that_is_wrong():
    signature = "sv=2021-08-06&sp=rwdl&se=2020-01-01&sig=invented%3D"
    detail = "AuthenticationErrorDetail"
    over = f"<{detail}>Signature not valid in the specified time frame</{detail}>"
    with answering(403, "AuthenticationFailed", over) as service:
        for said in said_by(azure(service.origin, signature), AccessError):
            assert "have expired" in said
    with answering(403, "AuthenticationFailed") as service:
        for said in said_by(azure(service.origin, signature), AccessError):
            assert "does not know the credentials" in said


def test_no_container_is_told(azurite):
    store = azurite.store("not-there")
    for what in (put, lambda store: store.listing()):
        with pytest.raises(StorageError, match=r"no bucket not-there .*ContainerNotFound"):
            what(store)


@pytest.mark.parametrize("status", [403, 404, 500])
def test_no_credentials_are_told_as_such_and_not_as_the_clouds_own_address(monkeypatch, status):
    """Without any the library asks the machine, as if it stood in a cloud."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name, raising=False)
    with answering(status, "") as machine, answering(200, "") as service:
        monkeypatch.setenv("AWS_METADATA_ENDPOINT", machine.origin)
        store = ObjectStore(
            "s3://bucket/prefix", BucketAccess({"region": "us-east-1"}, service.origin), RETRY
        )
        for said in said_by(store, AccessError):
            assert "There are no credentials for s3://bucket/prefix" in said
            assert "cxr credentials set aws" in said
        assert service.asked == []


class Over:
    """What the AWS library gives keys by, when the sign-on is over."""

    def get_frozen_credentials(self):
        raise SSOTokenLoadError(error_msg="invented")


def test_a_sign_on_that_is_over_is_no_matter_of_the_network(tmp_path, monkeypatch):
    config = tmp_path / "config"
    config.write_text("[profile lab]\nregion = us-east-1\n")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(config))
    with answering(200, "") as service:
        access = BucketAccess({"region": "us-east-1"}, service.origin, "lab")
        monkeypatch.setattr("botocore.session.Session.get_credentials", lambda _: Over())
        store = ObjectStore("s3://bucket/prefix", access, RETRY)
        for said in said_by(store, AccessError):
            assert "could not be had or renewed" in said
            assert "aws sso login" in said
        assert service.asked == []


@pytest.mark.parametrize("key", ["prefix/p//x.png", "prefix/p/../x.png"])
def test_a_name_that_cannot_be_listed_is_told_and_not_a_fault_of_the_network(key):
    entry = f"<Contents><Key>{key}</Key><LastModified>2026-11-01T00:00:00.000Z</LastModified><Size>1</Size>"
    end = "<IsTruncated>false</IsTruncated></ListBucketResult>"
    page = f"<ListBucketResult>{entry}<ETag>x</ETag></Contents>{end}"
    with serving(lambda _: Told(body=page.encode())) as service, pytest.raises(StorageError) as caught:
        s3(service.origin).listing()
    assert f"s3://bucket/{key} " in str(caught.value)
    assert "narrower prefix" in caught.value.next_step
