"""Whom the object-store library believes, and what it says who it is."""

import base64
import hashlib
import ssl
from contextlib import closing

import pytest
import trustme
from support.object_servers import KEY, KEY_ID
from support.stub_service import Told, serving
from support.tls_front import Front

from cxr.errors import CxrError, HostError
from cxr.secret import Secret
from cxr.stores import bucket_client
from cxr.stores.bucket_access import BucketAccess
from cxr.stores.objects import ObjectStore

CA_VARIABLES = ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")


@pytest.fixture
def authority(monkeypatch):
    for variable in CA_VARIABLES:
        monkeypatch.delenv(variable, raising=False)
    return trustme.CA()


@pytest.fixture
def encrypted(moto, authority):
    """Moto behind TLS, with a certificate of the tests' own authority."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost").configure_cert(context)
    with closing(Front(context, moto.origin)) as front:
        yield f"https://localhost:{front.port}"


def store_at(endpoint, bucket):
    options = {"region": "us-east-1", "access_key_id": KEY_ID, "secret_access_key": Secret(KEY)}
    return ObjectStore(f"s3://{bucket}/prefix", BucketAccess(options, endpoint))


@pytest.mark.parametrize("variable", CA_VARIABLES)
def test_an_authority_that_the_environment_names_is_believed(
    moto, bucket, encrypted, authority, variable, tmp_path, monkeypatch
):
    moto.make(bucket, False)
    file = tmp_path / "authority.pem"
    file.write_bytes(trustme.CA().cert_pem.bytes() + authority.cert_pem.bytes())
    monkeypatch.setenv(variable, str(file))
    store = store_at(encrypted, bucket)
    store.new_part("a.jpg").write(b"pixels")
    store.commit("a.jpg")
    assert store.listing() == {"a.jpg": 6}


def test_another_authority_is_not_believed(bucket, encrypted, monkeypatch):
    monkeypatch.setattr(bucket_client, "_RETRY", {"max_retries": 0})
    with pytest.raises(HostError, match="cannot be reached"):
        store_at(encrypted, bucket).listing()


def test_the_program_names_itself_and_sends_the_hash_with_the_bytes():
    with serving(lambda _: Told(headers=[("ETag", '"x"')])) as service:
        store = store_at(service.origin, "bucket")
        store.new_part("a.jpg").write(b"pixels")
        with pytest.raises(CxrError):
            store.commit("a.jpg")  # what it reads back is empty
    put = service.asked[0]
    assert put.headers["user-agent"].startswith("cxr/")
    sha256 = hashlib.sha256(b"pixels")
    assert put.headers["x-amz-checksum-sha256"] == base64.b64encode(sha256.digest()).decode()
    assert put.headers["x-amz-meta-sha256"] == sha256.hexdigest()
    assert KEY not in str(service.asked)


def test_this_machine_is_not_reached_by_a_proxy(moto, bucket, monkeypatch):
    """A hospital's environment sends all http to its proxy, which knows nothing of this machine."""
    moto.make(bucket, False)
    for variable in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
        monkeypatch.setenv(variable, "http://127.0.0.1:9")
    monkeypatch.delenv("NO_PROXY", raising=False)
    monkeypatch.delenv("no_proxy", raising=False)
    monkeypatch.setattr(bucket_client, "_RETRY", {"max_retries": 0})
    assert moto.store(bucket).listing() == {}
