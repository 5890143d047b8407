"""Amazon S3: access points and buckets, addresses that botocore signs, and which refusal means what."""

import hashlib
import pickle
import sys

import pytest
from support.stub_service import Told
from support.xml_bucket import buckets, refusal

from cxr import hosts
from cxr.credentials import stored, variables
from cxr.errors import MissingExtraError, UsageError
from cxr.hosts import Place
from cxr.hosts._aws_answers import Refusal, listed, meaning
from cxr.hosts._aws_signing import Account, Signing
from cxr.http import HttpSettings, RefusedError, TransientError
from cxr.model import Remote

IMAGE = bytes(range(256)) * 12_000
NAME = "files/p10/p10000001/s50000001/00000001-00000002-00000003-00000004-00000005.jpg"
TREE = "lent-bucket/mimic-cxr-jpg/2.1.0"
OBJECTS = {
    f"{TREE}/{NAME}": IMAGE,
    f"{TREE}/files/": b"",
    f"{TREE}/files/b c(1)+&.jpg": b"second",
    f"{TREE}/files-are-here.txt": b"",
    "other-bucket/mimic-cxr/2.1.0/cxr-record-list.csv.gz": b"records",
}
ARN = "arn:aws:s3:us-east-1:123456789012:accesspoint/lent-01"


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    """Nobody's credentials, and no machine that would lend some."""
    for name in [*variables(), "AWS_REGION", "AWS_DEFAULT_REGION", "AWS_ENDPOINT_URL", "AWS_CONFIG_FILE"]:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setattr(stored, "_backend", lambda: None)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def keys(monkeypatch):
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAINVENTED0000000X")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "canary-secret")


@pytest.fixture
def there():
    with buckets(OBJECTS, page=2) as (kept, service):
        yield kept, service


def connect(service, *, credentials=True, dataset=TREE):
    files = {"cxr-record-list.csv.gz": "other-bucket/mimic-cxr/2.1.0/cxr-record-list.csv.gz"}
    place = Place(dataset, files, addresses={"s3": service.origin}, credentials=credentials)
    return hosts.connect("aws", place, HttpSettings(answer_timeout=5, stall_timeout=5))


def content(host, path, start=0, end=None, validator=""):
    with host.open(Remote(path), start, end, validator) as blocks:
        return blocks.start, b"".join(blocks)


def test_a_prefix_is_listed_page_by_page_with_sizes_and_without_folders(there, keys):
    host = connect(there[1])
    listed = {one.path: one for one in host.list()}
    assert list(listed) == ["cxr-record-list.csv.gz", "files-are-here.txt", "files/b c(1)+&.jpg", NAME]
    assert listed[NAME].size == len(IMAGE)
    assert listed[NAME].checksum == "", "an ETag need not be the MD5"
    assert len(there[0].listed) == 2


def test_checksums_are_those_that_are_published(there, keys):
    digest = hashlib.sha256(IMAGE).hexdigest()
    there[0].objects[f"{TREE}/SHA256SUMS.txt"] = f"{digest} {NAME}\n".encode()
    assert {one.path: one.checksum for one in connect(there[1]).list()}[NAME] == f"sha256:{digest}"


def test_objects_are_opened_by_range_with_a_signature_in_the_address(there, keys):
    host = connect(there[1])
    with host.open(Remote(NAME)) as blocks:
        validator = blocks.validator
        assert (blocks.size, b"".join(blocks)) == (len(IMAGE), IMAGE)
    assert content(host, NAME, 7, 9) == (7, IMAGE[7:9])
    assert content(host, NAME, 2_000_000, None, validator) == (2_000_000, IMAGE[2_000_000:])
    assert content(host, "files/b c(1)+&.jpg") == (0, b"second")
    assert content(host, "cxr-record-list.csv.gz") == (0, b"records")
    assert all("X-Amz-Signature" in asked.query for asked in there[1].asked)
    there[0].objects[f"{TREE}/{NAME}"] = b"another"
    assert content(host, NAME, 3, None, validator) == (0, b"another")


def test_an_address_for_people_has_no_signature(there, keys):
    host = connect(there[1])
    assert host.url(Remote(NAME)) == f"s3://{TREE}/{NAME}"
    place = Place(f"{ARN}/mimic-cxr-jpg/2.1.0")
    assert hosts.connect("aws", place).url(Remote("a b")) == f"s3://{ARN}/mimic-cxr-jpg/2.1.0/a%20b"


def test_an_access_point_is_signed_for_its_own_region_whatever_the_user_s(keys, monkeypatch):
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-3")
    url = Signing("", Account("here", "AKIAINVENTED0000000X", "canary"), anonymous=False).url(
        "get_object", {"Bucket": ARN, "Key": "a"}
    )
    assert url.startswith("https://lent-01-123456789012.s3-accesspoint.us-east-1.amazonaws.com/a?")
    assert "%2Fus-east-1%2Fs3%2F" in url
    assert "canary" not in url


def test_a_profile_of_the_tools_is_used_with_its_region(home, monkeypatch, there):
    (home / ".aws").mkdir()
    (home / ".aws" / "credentials").write_text("[lab]\naws_access_key_id=AKIALAB\naws_secret_access_key=x\n")
    (home / ".aws" / "config").write_text("[profile lab]\nregion=eu-central-1\n")
    (home / ".aws" / "credentials").chmod(0o600)
    monkeypatch.setenv("AWS_PROFILE", "lab")
    host = connect(there[1])
    assert content(host, NAME, 0, 1) == (0, IMAGE[:1])
    assert there[1].asked[-1].query["X-Amz-Credential"].startswith("AKIALAB/")
    assert "/eu-central-1/" in there[1].asked[-1].query["X-Amz-Credential"]


def test_nobody_s_credentials_go_where_they_may_not(there, keys):
    host = connect(there[1], credentials=False)
    assert host.check_access().ready
    assert content(host, NAME, 0, 1) == (0, IMAGE[:1])
    assert not any("X-Amz-Signature" in asked.query for asked in there[1].asked)


def test_without_credentials_nothing_is_asked_and_the_step_is_to_get_some(there):
    access = connect(there[1]).check_access()
    assert "There are no credentials for AWS" in access.missing
    assert "aws configure" in access.missing
    assert there[1].asked == []
    amazon = hosts.connect("aws", Place(ARN, credentials=False)).check_access()
    assert "There are no credentials" in amazon.missing


def test_a_profile_that_is_not_there_is_told_before_anything_is_asked(there, monkeypatch):
    monkeypatch.setenv("AWS_PROFILE", "nobody")
    access = connect(there[1]).check_access()
    assert "no AWS profile nobody" in access.missing
    assert there[1].asked == []


REGION = ("x-amz-bucket-region", "eu-west-1")
REFUSED = [
    (refusal(403, "AccessDenied"), "not linked"),
    (refusal(400, "ExpiredToken", "The provided token has expired."), "has run out"),
    (refusal(403, "InvalidAccessKeyId"), "are not taken"),
    (refusal(403, "RequestTimeTooSkewed"), "The clock"),
    (refusal(301, "PermanentRedirect", "", REGION), "The bucket is in eu-west-1"),
    (refusal(400, "AuthorizationHeaderMalformed", "", REGION), "The bucket is in eu-west-1"),
    (refusal(404, "NoSuchBucket"), "There is no such bucket"),
]


@pytest.mark.parametrize(("told", "said"), REFUSED)
def test_each_refusal_that_can_be_told_apart_is(there, keys, told, said):
    there[0].refuse = lambda _: told
    access = connect(there[1]).check_access()
    assert said in access.missing
    assert not any(other in access.missing for _, other in REFUSED if other != said)
    assert "canary" not in access.missing


def test_what_cannot_be_told_apart_names_every_cause(there, keys):
    there[0].refuse = lambda _: refusal(403, "AccessDenied", "", ("x-amz-bucket-region", "us-east-1"))
    with pytest.raises(RefusedError) as raised:
        content(connect(there[1]), NAME)
    for cause in ("linked", "asked for", "agreement", "policy", "another region than us-east-1"):
        assert cause in raised.value.reason


def test_a_region_that_was_asked_rightly_is_no_cause():
    refused = Refusal.read(403, {"x-amz-bucket-region": "eu-west-1"}, b"<Code>AccessDenied</Code>")
    assert "The bucket is in" not in meaning(refused, "here", "us-east-1"), "S3 says it to everybody"


@pytest.mark.parametrize("status", [500, 503, 429])
def test_what_may_pass_is_worth_trying_again(there, keys, status):
    there[0].refuse = lambda _: refusal(status, "SlowDown", "", ("Retry-After", "3"))
    for act in (lambda host: content(host, NAME), lambda host: list(host.list())):
        with pytest.raises(TransientError) as raised:
            act(connect(there[1]))
        assert raised.value.retry_after == 3


def test_a_listing_that_is_none_is_worth_trying_again(there, keys):
    there[0].refuse = lambda _: Told(200, b"<html>a proxy's page")
    with pytest.raises(TransientError):
        list(connect(there[1]).list())


def test_keys_with_marks_of_xml_are_read():
    page = listed(b"<R xmlns='x'><Contents><Key>a&amp;b</Key><Size>3</Size></Contents></R>")
    assert page == ([("a&b", 3)], "")


def test_another_process_asks_as_the_same_account(there, keys, monkeypatch):
    host = connect(there[1])
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    other = pickle.loads(pickle.dumps(host))
    assert content(other, NAME, 0, 4) == (0, IMAGE[:4])
    assert "AKIAINVENTED0000000X" in there[1].asked[-1].query["X-Amz-Credential"]


def test_who_is_closed_gives_nothing_more(there, keys):
    host = connect(there[1])
    host.close()
    with pytest.raises(TransientError):
        content(host, NAME)


def test_without_botocore_the_extra_is_named(monkeypatch):
    monkeypatch.delitem(sys.modules, "cxr.hosts._aws_signing", raising=False)
    monkeypatch.setitem(sys.modules, "botocore", None)
    with pytest.raises(MissingExtraError, match="botocore") as raised:
        hosts.connect("aws", Place(TREE))
    assert "cxr[aws]" in raised.value.next_step


@pytest.mark.parametrize("dataset", ["", "s3://bucket", "Bucket", "a/b", "arn:aws:s3:::bucket", "b?x/y"])
def test_what_is_no_bucket_is_refused(dataset):
    with pytest.raises(UsageError):
        hosts.connect("aws", Place(dataset))
