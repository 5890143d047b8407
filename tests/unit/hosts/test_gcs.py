"""Google Cloud Storage: whose project pays, which refusal means what, and what a bucket lists."""

import hashlib
import json
import pickle

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from support.stub_service import Told
from support.xml_bucket import DATE, buckets, refusal

from cxr import hosts
from cxr.credentials import stored, variables
from cxr.errors import UsageError
from cxr.hosts import Place
from cxr.http import HttpSettings, RefusedError, TransientError
from cxr.model import Remote

IMAGE = bytes(range(256)) * 12_000  # three blocks and something
BUCKET = "mimic-cxr-jpg-2.1.0.example.org"
LISTS = "mimic-cxr-2.1.0.example.org"
NAME = "files/p10/p10000001/s50000001/00000001-00000002-00000003-00000004-00000005.jpg"
OBJECTS = {
    f"{BUCKET}/{NAME}": IMAGE,
    f"{BUCKET}/files/p11/": b"",
    f"{BUCKET}/files/p11/p11000002/s50000002/b c(1).jpg": b"second",
    f"{BUCKET}/files-are-here.txt": b"they sort before the folder's slash",
    f"{BUCKET}/README": b"",
    f"{LISTS}/cxr-record-list.csv.gz": b"records",
}


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    """Nobody's credentials."""
    for name in [*variables(), "XDG_CONFIG_HOME", "GOOGLE_SERVICE_ACCOUNT", "GOOGLE_BASE_URL"]:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(stored, "_backend", lambda: None)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)


@pytest.fixture(scope="module")
def key_file(tmp_path_factory):
    """A service account that was made for this test."""
    private = rsa.generate_private_key(65537, 2048).private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path = tmp_path_factory.mktemp("key") / "key.json"
    names = {"type": "service_account", "client_email": "reader@lab.example", "private_key_id": "1"}
    path.write_text(json.dumps(names | {"private_key": private.decode()}))
    path.chmod(0o600)
    return path


@pytest.fixture
def there():
    with buckets(OBJECTS) as (kept, service):
        yield kept, service


def connect(service, *, credentials=True, stall=5.0, dataset=BUCKET, files=None):
    place = Place(
        dataset,
        {"cxr-record-list.csv.gz": f"{LISTS}/cxr-record-list.csv.gz"} if files is None else files,
        addresses={"storage": service.origin},
        credentials=credentials,
    )
    return hosts.connect("gcs", place, HttpSettings(answer_timeout=5, stall_timeout=stall))


@pytest.fixture
def host(there):
    opened = connect(there[1], credentials=False)
    yield opened
    opened.close()


def content(host, path, start=0, end=None, validator=""):
    with host.open(Remote(path), start, end, validator) as blocks:
        return blocks.start, b"".join(blocks)


def test_a_bucket_lists_each_object_once_with_size_and_md5_and_no_folders(host):
    listed = list(host.list())
    assert [one.path for one in listed] == sorted(
        [name.partition("/")[2] for name in OBJECTS if not name.endswith("/")]
    )
    by_path = {one.path: one for one in listed}
    assert by_path[NAME].size == len(IMAGE)
    assert by_path[NAME].checksum == f"md5:{hashlib.md5(IMAGE, usedforsecurity=False).hexdigest()}"
    assert by_path["README"].size == 0, "an empty object is one where nothing stands below it"


def test_long_listings_come_in_pages_and_prefixes_side_by_side():
    objects = {f"bucket-of-images/files/p1{i % 10}/{i:03}.jpg": b"x" * i for i in range(200)}
    with buckets(objects, page=7) as (kept, service):
        host = connect(service, credentials=False, dataset="bucket-of-images", files={})
        listed = list(host.list())
        host.close()
    assert [one.path for one in listed] == sorted(name.partition("/")[2] for name in objects)
    assert {prefix for prefix, delimiter in kept.listed if not delimiter} == {
        f"files/p1{i}/" for i in range(10)
    }


def test_a_prefix_of_the_bucket_is_left_out_of_the_paths(there):
    host = connect(there[1], credentials=False, dataset=f"{BUCKET}/files/p10", files={})
    assert [one.path for one in host.list()] == [NAME.removeprefix("files/p10/")]
    assert content(host, NAME.removeprefix("files/p10/"), 5, 9) == (5, IMAGE[5:9])
    assert host.url(Remote("a b.jpg")) == f"gs://{BUCKET}/files/p10/a%20b.jpg"
    host.close()


@pytest.mark.parametrize("name", ["p//x.png", "p/./x.png"])
def test_a_name_that_cannot_be_listed_is_told_and_not_tried_again(name):
    with buckets({f"{BUCKET}/{name}": b"1"}) as (_, service):
        opened = connect(service, credentials=False)
        with pytest.raises(RefusedError) as raised:
            list(opened.list())
        opened.close()
    assert f" {name.removesuffix('x.png')}" in raised.value.reason
    assert "narrower prefix" in raised.value.reason


def test_published_checksums_are_better_than_the_listing_s(there):
    kept, service = there
    digest = hashlib.sha256(IMAGE).hexdigest()
    kept.objects[f"{BUCKET}/SHA256SUMS.txt"] = f"{'0' * 64} gone.jpg\n{digest} {NAME}\nno line\n".encode()
    host = connect(service, credentials=False)
    by_path = {one.path: one.checksum for one in host.list()}
    host.close()
    assert by_path[NAME] == f"sha256:{digest}"
    assert by_path["README"].startswith("md5:")
    assert "gone.jpg" not in by_path


def test_a_file_of_another_bucket_is_opened_there(host):
    assert content(host, "cxr-record-list.csv.gz") == (0, b"records")
    assert host.url(Remote("cxr-record-list.csv.gz")) == f"gs://{LISTS}/cxr-record-list.csv.gz"


def test_parts_go_on_where_the_object_is_the_same_and_else_begin_anew(there, host):
    with host.open(Remote(NAME)) as blocks:
        validator = blocks.validator
        assert blocks.size == len(IMAGE)
        assert b"".join(blocks) == IMAGE
    assert content(host, NAME, 2_000_000, None, validator) == (2_000_000, IMAGE[2_000_000:])
    there[0].objects[f"{BUCKET}/{NAME}"] = b"another"
    assert content(host, NAME, 3, None, validator) == (0, b"another")
    assert content(host, NAME, 2_000_000, None, validator) == (0, b"another")
    assert content(host, NAME, 2_000_000) == (2_000_000, b"")


def test_the_project_that_pays_is_named_with_every_request(there, monkeypatch, key_file):
    kept, service = there
    kept.refuse = lambda asked: (
        None
        if asked.headers.get("x-goog-user-project") == "lab-billing"
        else refusal(400, "UserProjectMissing", "Bucket is a requester pays bucket but no user project")
    )
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(key_file))
    host = connect(service)
    access = host.check_access()
    assert not access.ready
    assert "GOOGLE_CLOUD_PROJECT" in access.missing
    monkeypatch.setenv("GOOGLE_CLOUD_PROJECT", "lab-billing")
    host = connect(service)
    assert host.check_access().ready
    assert content(host, NAME, 0, 3) == (0, IMAGE[:3])
    assert all(asked.headers["authorization"].startswith("Bearer ") for asked in service.asked)


def test_nobody_s_credentials_go_where_they_may_not(there, monkeypatch, key_file):
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(key_file))
    monkeypatch.setenv("GOOGLE_SERVICE_ACCOUNT", str(key_file))
    host = connect(there[1], credentials=False)
    list(host.list())
    assert not any("authorization" in asked.headers for asked in there[1].asked)


REFUSED = [
    (403, "AccessDenied", "reader@lab.example does not have storage.objects.list access", "linked"),
    (403, "AccessDenied", "Caller does not have serviceusage.services.use access", "lab-billing cannot pay"),
    (400, "UserProjectInvalid", "", "lab-billing cannot pay"),
    (403, "UserProjectAccountProblem", "", "lab-billing cannot pay"),
    (400, "UserProjectMissing", "", "no project was named"),
    (401, "AuthenticationRequired", "", "are not taken"),
    (404, "NoSuchBucket", "", "There is no such bucket"),
]


@pytest.mark.parametrize(("status", "code", "message", "said"), REFUSED)
def test_each_refusal_that_can_be_told_apart_is(there, monkeypatch, key_file, status, code, message, said):
    kept, service = there
    kept.refuse = lambda _: refusal(status, code, message)
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(key_file))
    monkeypatch.setenv("GOOGLE_CLOUD_PROJECT", "lab-billing")
    host = connect(service)
    access = host.check_access()
    assert said in access.missing
    others = {other for *_, other in REFUSED} - {said}
    assert not any(other in access.missing for other in others)
    with pytest.raises(RefusedError) as raised:
        content(host, NAME)
    assert raised.value.status == status
    assert said in raised.value.reason


@pytest.mark.parametrize("status", [401, 403])
def test_without_credentials_the_step_is_to_get_some(there, status):
    there[0].refuse = lambda _: refusal(status, "AccessDenied", "Anonymous caller does not have access")
    access = connect(there[1]).check_access()
    assert "gcloud auth application-default login" in access.missing


def test_without_credentials_google_itself_is_not_even_asked():
    access = hosts.connect("gcs", Place(BUCKET), HttpSettings(answer_timeout=0.01)).check_access()
    assert "There are no credentials" in access.missing


def test_a_key_that_cannot_be_read_is_told_before_anything_is_asked(there, monkeypatch, tmp_path):
    (tmp_path / "key.json").write_text("{}")
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(tmp_path / "key.json"))
    access = connect(there[1]).check_access()
    assert "holds no Google credentials" in access.missing
    assert there[1].asked == []


@pytest.mark.parametrize("status", [429, 500, 503])
def test_what_may_pass_is_worth_trying_again(there, host, status):
    there[0].refuse = lambda _: refusal(status, "SlowDown", "https://x/?X-Goog-Signature=canary")
    with pytest.raises(TransientError) as raised:
        content(host, NAME)
    assert raised.value.status == status
    assert raised.value.throttled == (status != 500)
    assert "canary" not in raised.value.reason
    with pytest.raises(TransientError):
        list(host.list())


def test_a_body_that_ends_early_is_worth_trying_again(there, host):
    short = [("Content-Length", "99"), ("ETag", '"x"'), ("Last-Modified", "Wed, 18 Sep 2013 00:00:00 GMT")]
    there[0].refuse = lambda _: there[0]._object(b"abc", there[1].asked[-1])._replace(headers=short)
    with pytest.raises(TransientError):
        content(host, NAME)


def test_a_part_that_is_shorter_than_it_says_is_worth_trying_again(there, host):
    said = [("Content-Range", "bytes 2-98/99"), ("ETag", '"x"'), ("Last-Modified", DATE)]
    there[0].refuse = lambda _: Told(206, b"abc", said)
    with pytest.raises(TransientError):
        content(host, NAME, 2)


def test_nobody_there_is_worth_trying_again(there):
    host = connect(there[1], credentials=False)
    address = Place(BUCKET, addresses={"storage": "http://127.0.0.1:9"}, credentials=False)
    host = hosts.connect("gcs", address, HttpSettings(answer_timeout=5))
    with pytest.raises(TransientError):
        host.check_access()


def test_what_the_caller_raises_while_an_object_is_open_stays_what_it_is(host):
    with pytest.raises(FileNotFoundError, match="mine"), host.open(Remote(NAME)):
        raise FileNotFoundError("mine")


def test_who_is_closed_gives_nothing_more_even_to_those_who_read(host):
    with host.open(Remote(NAME)) as blocks:
        next(blocks)
        host.close()
        with pytest.raises(TransientError):
            list(blocks)
    with pytest.raises(TransientError):
        content(host, NAME)


def test_another_process_has_the_same_project_and_reasons(there, monkeypatch):
    monkeypatch.setenv("GOOGLE_CLOUD_PROJECT", "lab-billing")
    there[0].refuse = lambda _: refusal(400, "UserProjectMissing")
    other = pickle.loads(pickle.dumps(connect(there[1])))
    with pytest.raises(RefusedError, match="no project was named"):
        content(other, NAME)


@pytest.mark.parametrize("dataset", ["", "gs://bucket", "Bucket", "a", "bucket?x"])
def test_what_is_no_bucket_is_refused(dataset):
    with pytest.raises(UsageError):
        hosts.connect("gcs", Place(dataset))
