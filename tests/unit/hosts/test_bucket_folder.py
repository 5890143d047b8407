"""A prefix of a bucket as the user's copy: what is listed, how often is asked, what a refusal says."""

import pickle

import pytest
from support.xml_bucket import buckets, etag, refusal

from cxr.credentials import stored, variables
from cxr.errors import AccessError, ConfigError, HostError
from cxr.hosts._bucket_folder import readable
from cxr.http import RefusedError
from cxr.model import Remote
from cxr.stores.bucket import Bucket
from cxr.stores.origins import origin_of

ENDPOINTS = {"s3": "AWS_ENDPOINT_URL", "gs": "STORAGE_EMULATOR_HOST"}
OBJECTS = {
    "lab-data/copy/a.png": b"first",
    "lab-data/copy/b/": b"",
    "lab-data/copy/b/c d(1)+%.png": b"second",
    "lab-data/copy/.DS_Store": b"x",
    "lab-data/copy/.hidden/e.png": b"x",
    "lab-data/copy/__MACOSX/a.png": b"x",
    "lab-data/copy-of-another/f.png": b"x",
}


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    """An account of nobody's."""
    for name in [*variables(), *ENDPOINTS.values(), "AWS_ENDPOINT_URL_S3", "XDG_CONFIG_HOME"]:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(stored, "_backend", lambda: None)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAINVENTED0000000X")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "canary-secret")
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def there(monkeypatch):
    with buckets(OBJECTS, page=3) as (kept, service):
        for variable in ENDPOINTS.values():
            monkeypatch.setenv(variable, service.origin)
        yield kept


@pytest.fixture(params=["s3", "gs"])
def folder(there, request):
    host = readable(Bucket.parse(f"{request.param}://lab-data/copy"))
    yield host
    host.close()


def test_what_is_visible_below_the_prefix_is_listed_once_with_its_size(folder):
    listed = list(folder.list())
    assert [(one.path, one.size) for one in listed] == [("a.png", 5), ("b/c d(1)+%.png", 6)]


def test_the_md5_comes_from_google_alone(there):
    google, amazon = (readable(Bucket.parse(f"{scheme}://lab-data/copy")) for scheme in ("gs", "s3"))
    assert next(google.list()).checksum == f"md5:{etag(b'first').strip(chr(34))}"
    assert next(amazon.list()).checksum == "", (
        "encrypted with a key of its owner's, it would be another digest"
    )


def test_an_object_s_address_is_what_the_cloud_s_tools_take(folder):
    names = [folder.url(one) for one in folder.list()]
    scheme = folder.bucket.scheme
    assert names == [f"{scheme}://lab-data/copy/a.png", f"{scheme}://lab-data/copy/b/c d(1)+%25.png"]


def test_objects_are_opened_at_a_byte_in_another_process_too(folder):
    other = pickle.loads(pickle.dumps(folder))
    for host in (folder, other):
        with host.open(Remote("b/c d(1)+%.png"), 2) as content:
            assert (content.start, content.size, b"".join(content)) == (2, 6, b"cond")


def test_many_small_folders_are_listed_together_and_a_few_large_ones_side_by_side():
    few = {f"lab-data/files/p1{i % 10}/p1{i:07}/s5.jpg": b"" for i in range(200)}
    many = {f"lab-data/p1{i:07}/s5.jpg": b"" for i in range(200)}
    for objects, expected in ((few, 10), (many, 1)):
        with buckets(objects) as (kept, service), pytest.MonkeyPatch.context() as patch:
            patch.setenv("AWS_ENDPOINT_URL", service.origin)
            host = readable(Bucket.parse("s3://lab-data"))
            kept.listed.clear()
            assert [one.path for one in host.list()] == sorted(name.partition("/")[2] for name in objects)
            host.close()
            flat = [prefix for prefix, delimiter in kept.listed if not delimiter]
            assert len(flat) == len(set(flat)) == expected


@pytest.mark.parametrize(
    ("told", "said"),
    [
        (refusal(403, "AccessDenied", "secret-canary"), "s3:ListBucket and s3:GetObject"),
        (refusal(403, "InvalidAccessKeyId"), "does not know the credentials"),
        (refusal(400, "ExpiredToken"), "have expired"),
        (refusal(404, "NoSuchBucket"), "There is no bucket lab-data"),
        (refusal(403, "RequestTimeTooSkewed"), "the clock of this machine is wrong"),
    ],
)
def test_each_refusal_says_what_to_do(there, told, said):
    there.refuse = lambda _: told
    with pytest.raises(AccessError) as raised:
        readable(Bucket.parse("s3://lab-data/copy"))
    assert said in raised.value.next_step
    assert "canary" not in str(raised.value)


def test_an_object_that_is_gone_is_an_error_of_the_object(folder):
    with pytest.raises(RefusedError) as raised, folder.open(Remote("gone.png")):
        pass
    assert raised.value.status == 404


def test_nobody_there_is_no_refusal(monkeypatch):
    monkeypatch.setenv("STORAGE_EMULATOR_HOST", "http://127.0.0.1:9")
    monkeypatch.setattr("cxr.stores.bucket_client._RETRY", {"max_retries": 0})
    with pytest.raises(HostError):
        readable(Bucket.parse("gs://lab-data/copy"))


def test_keys_never_go_over_plain_http_to_another_machine(monkeypatch):
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://s3.example.org")
    with pytest.raises(ConfigError):
        readable(Bucket.parse("s3://lab-data/copy"))


@pytest.mark.parametrize("text", ["copy", "/data/copy", "s3/copy", "http://x/y", "C:/x"])
def test_what_does_not_begin_as_a_bucket_s_address_is_a_path(text):
    assert str(origin_of(text)) == text.replace("//", "/")


def test_what_begins_as_a_bucket_s_address_is_one():
    assert origin_of("az://container/a/prefix/") == Bucket("az", "container", "a/prefix")
