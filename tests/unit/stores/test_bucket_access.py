"""How a bucket is reached, from the places where users have that."""

import os
import pickle
import sys

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cxr.errors import AccessError, ConfigError, MissingExtraError, StorageError, UsageError
from cxr.secret import Secret
from cxr.stores.bucket import Bucket
from cxr.stores.bucket_access import BucketAccess, access_to
from cxr.stores.bucket_client import client_for
from cxr.stores.objects import ObjectStore

S3 = Bucket("s3", "bucket", "prefix")
GOOGLE = Bucket("gs", "bucket", "prefix")
AZURE = Bucket("az", "container", "prefix")


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    """A user with nothing, in an empty folder."""
    for name in list(os.environ):
        if name.startswith(("AWS_", "GOOGLE_", "AZURE_", "STORAGE_", "XDG_", "CLOUDSDK_")):
            monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "keyring.backends.null.Keyring")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def revealed(access):
    return {
        name: value.reveal() if isinstance(value, Secret) else value for name, value in access.options.items()
    }


def profiles(home, credentials="", config=""):
    folder = home / ".aws"
    folder.mkdir()
    for name, text in (("credentials", credentials), ("config", config)):
        (folder / name).write_text(text)
        (folder / name).chmod(0o600)


@pytest.mark.parametrize(
    ("url", "scheme", "name", "prefix"),
    [
        ("s3://bucket", "s3", "bucket", ""),
        ("s3://bucket/", "s3", "bucket", ""),
        ("s3://my.bucket-1/a/b/", "s3", "my.bucket-1", "a/b"),
        ("gs://bucket/mimic", "gs", "bucket", "mimic"),
        ("az://container/mimic", "az", "container", "mimic"),
    ],
)
def test_a_url_is_taken_apart(url, scheme, name, prefix):
    bucket = Bucket.parse(url)
    assert (bucket.scheme, bucket.name, bucket.prefix) == (scheme, name, prefix)
    assert Bucket.parse(str(bucket)) == bucket


@pytest.mark.parametrize(
    "url",
    [
        "",
        "s3:/bucket",
        "s3://",
        "s3:///a",
        "http://bucket/a",
        "s3://user@bucket/a",
        "s3://bucket/a/../b",
        "s3://b\0/",
        "s3://bucket/a//b",
        "az://container/a?sv=1&sig=invented",
        "s3://bucket/a#b",
        "/a/folder",
    ],
)
def test_what_is_no_such_place_is_refused_and_no_signature_shown(url):
    with pytest.raises(UsageError) as caught:
        Bucket.parse(url)
    assert "invented" not in str(caught.value)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.one_of(st.text(), st.text().map("s3://bucket/".__add__)))
def test_any_text_is_a_place_or_refused(text):
    try:
        bucket = Bucket.parse(text)
    except UsageError:
        return
    assert Bucket.parse(str(bucket)) == bucket
    assert ".." not in bucket.prefix.split("/")


def test_keys_and_region_come_from_the_environment(monkeypatch):
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "ID")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "KEY")
    monkeypatch.setenv("AWS_SESSION_TOKEN", "TOKEN")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-1")
    assert revealed(access_to(S3)) == {
        "access_key_id": "ID",
        "secret_access_key": "KEY",
        "session_token": "TOKEN",
        "region": "eu-west-1",
    }


def test_a_profile_gives_keys_region_and_endpoint(home, monkeypatch):
    profiles(
        home,
        "[lab]\naws_access_key_id = ID\naws_secret_access_key = K%E/Y+=\n",
        "[profile lab]\nregion = eu-central-1\nendpoint_url = https://s3.hospital.example\n",
    )
    monkeypatch.setenv("AWS_PROFILE", "lab")
    access = access_to(S3)
    assert revealed(access) == {
        "access_key_id": "ID",
        "secret_access_key": "K%E/Y+=",
        "region": "eu-central-1",
    }
    assert access.endpoint == "https://s3.hospital.example"
    assert access.profile == ""


def test_a_profile_that_takes_a_role_is_left_to_the_aws_library(home, monkeypatch):
    profiles(home, config="[profile lab]\nrole_arn = arn:aws:iam::1:role/x\nsource_profile = default\n")
    monkeypatch.setenv("AWS_PROFILE", "lab")
    access = access_to(S3)
    assert access.profile == "lab"
    assert revealed(access) == {"region": "us-east-1"}
    monkeypatch.setitem(sys.modules, "botocore.session", None)
    with pytest.raises(MissingExtraError, match="role or single sign-on"):
        client_for(S3, access)


def test_the_aws_library_gives_the_keys_of_such_a_profile(home, monkeypatch):
    pytest.importorskip("botocore.session", reason="needs botocore: pip installs it with moto")
    profiles(home, config="[profile lab]\ncredential_process = echo\n[profile other]\nregion = us-east-1\n")
    program = home / "keys.sh"
    program.write_text('#!/bin/sh\necho \'{"Version": 1, "AccessKeyId": "ID", "SecretAccessKey": "KEY"}\'\n')
    program.chmod(0o700)
    config = home / ".aws" / "config"
    config.write_text(config.read_text().replace("= echo", f"= {program}"))
    monkeypatch.setenv("AWS_PROFILE", "lab")
    provider = client_for(S3, access_to(S3)).credential_provider
    assert (provider()["access_key_id"], provider()["secret_access_key"]) == ("ID", "KEY")
    monkeypatch.setenv("AWS_PROFILE", "other")
    with pytest.raises(AccessError, match="gives no keys"):
        client_for(S3, access_to(S3))


def test_nobodys_keys_are_left_to_the_machine():
    assert revealed(access_to(S3)) == {"region": "us-east-1"}
    assert access_to(GOOGLE) == BucketAccess()


@pytest.mark.parametrize(
    ("bucket", "variable"),
    [
        (S3, "AWS_ENDPOINT_URL"),
        (S3, "AWS_ENDPOINT_URL_S3"),
        (GOOGLE, "STORAGE_EMULATOR_HOST"),
        (AZURE, "AZURE_STORAGE_ENDPOINT"),
    ],
)
def test_http_is_for_this_machine_alone(monkeypatch, bucket, variable):
    monkeypatch.setenv("AZURE_STORAGE_ACCOUNT", "account")
    for allowed in (
        "http://127.0.0.1:9000",
        "http://localhost:9000/",
        "http://[::1]:9000",
        "https://a.example",
    ):
        monkeypatch.setenv(variable, allowed)
        assert access_to(bucket).endpoint == allowed.rstrip("/")
    for refused in (
        "http://10.0.0.1:9000",
        "http://127.0.0.1.example",
        "http://user:invented@a.example",
        "ftp://a",
    ):
        monkeypatch.setenv(variable, refused)
        with pytest.raises(ConfigError, match="https") as caught:
            access_to(bucket)
        assert "invented" not in str(caught.value)


def test_google_is_told_the_credentials_file(home, monkeypatch):
    file = home / "key.json"
    file.write_text('{"type": "authorized_user", "client_id": "a", "refresh_token": "b"}')
    file.chmod(0o600)
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(file))
    assert revealed(access_to(GOOGLE)) == {"application_credentials": str(file)}


def test_a_file_that_holds_no_credentials_is_told_without_what_is_in_it(home, monkeypatch):
    file = home / "key.json"
    file.write_text('{"type": "service_account", "private_key": "invented-private-key"}')
    with pytest.raises(AccessError) as caught:
        client_for(GOOGLE, BucketAccess({"application_credentials": str(file)}))
    assert "invented" not in str(caught.value)
    assert caught.value.__cause__ is None


def test_azure_is_reached_by_key_signature_string_or_link(monkeypatch):
    def access(**variables):
        for name in ("ACCOUNT", "KEY", "SAS_TOKEN", "CONNECTION_STRING", "SAS_URL"):
            monkeypatch.delenv(f"AZURE_STORAGE_{name}", raising=False)
        for name, value in variables.items():
            monkeypatch.setenv(f"AZURE_STORAGE_{name}", value)
        found = access_to(AZURE)
        return revealed(found), found.endpoint

    assert access(ACCOUNT="lab", KEY="a2V5") == ({"account_name": "lab", "account_key": "a2V5"}, "")
    assert access(ACCOUNT="lab", SAS_TOKEN="?sv=1&sig=x") == (
        {"account_name": "lab", "sas_key": "sv=1&sig=x"},
        "",
    )
    string = (
        "DefaultEndpointsProtocol=https;AccountName=lab;AccountKey=a2V5==;EndpointSuffix=core.windows.net"
    )
    assert access(CONNECTION_STRING=string) == (
        {"account_name": "lab", "account_key": "a2V5=="},
        "https://lab.blob.core.windows.net",
    )
    link = "https://lab.blob.core.windows.net/container?sv=1&sig=x%3D"
    assert access(SAS_URL=link) == (
        {"account_name": "lab", "sas_key": "sv=1&sig=x%3D"},
        "https://lab.blob.core.windows.net",
    )
    assert access(ACCOUNT="lab") == ({"account_name": "lab"}, "")


def test_a_link_to_another_container_is_of_no_use(monkeypatch):
    """Such a link is what a dataset's page gives; it is no place to write to."""
    monkeypatch.setenv("AZURE_STORAGE_SAS_URL", "https://lab.blob.core.windows.net/other?sv=1&sig=x")
    with pytest.raises(StorageError, match="storage account"):
        access_to(AZURE)


def test_a_store_shows_no_secret(monkeypatch):
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "ID")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "invented-key-of-a-test")
    store = ObjectStore("s3://bucket/prefix")
    assert "invented" not in f"{store!r} {store.access!r} {store.bucket!r} {store.client!r} {vars(store)}"
    assert revealed(pickle.loads(pickle.dumps(store)).access) == revealed(store.access)
