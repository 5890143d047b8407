"""Kaggle: both interfaces, both shapes of errors, signed addresses that run out, tables that come zipped."""

import base64
import contextlib
import hashlib
import io
import json
import pickle
import threading
import zipfile

import pytest
from support.labs import lab
from support.stub_service import Told, part_of, serving

from cxr import hosts
from cxr.credentials import stored, variables
from cxr.errors import HostError, UsageError
from cxr.hosts import Format, Place
from cxr.hosts._kaggle_api import may_follow
from cxr.hosts.kaggle import _MOST_PAGES, _PAGE_SIZE
from cxr.http import HttpSettings, RefusedError, TransientError
from cxr.logs import redaction
from cxr.model import Remote

TABLE = b"Image Index,Finding Labels\n00040001_000.png,Hernia\n" * 50
ARCHIVE = b"PK\x03\x04" + bytes(range(256)) * 300
ZIP = Remote("archive.zip")
CSV = Remote("Data_Entry_2017.csv")
NIH_FILES = 112_120 + 8  # images, tables and other papers


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    """Nobody's credentials, and nothing hidden yet."""
    for name in [*variables(), "KAGGLE_CONFIG_DIR", "KAGGLE_ENABLE_OAUTH", "XDG_CONFIG_HOME"]:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(redaction, "_known", frozenset())
    monkeypatch.setattr(redaction, "_pattern", None)
    monkeypatch.setattr(stored, "_backend", lambda: None)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def told(document, status=200, *headers):
    return Told(status, json.dumps(document).encode(), [("Content-Type", "application/json"), *headers])


def older(status, message):
    return {"code": status, "message": message}


def newer(status, message):
    return {"error": {"code": status, "message": message, "status": "WORD"}}


NO_PAGE = Told(404, b"<html>Not Found</html>", [("Content-Type", "text/html")])


class Service:
    """Kaggle's interface; its storage is another service."""

    def __init__(self, storage):
        self.storage = storage
        self.calls = []  # name of the method, fields, value of Authorization
        self.links = 0
        self.absent = set()  # methods that are served in neither way
        self.only_older = False
        self.instead = {}  # method to an answer
        self.pages = [[CSV.path, "test_list.txt"], ["BBox_List_2017.csv", "..", "a\0b", ""]]
        self.accepts = None  # values of Authorization; None for any
        self.zipped = False
        self.in_vain = 0  # calls that are not there

    def answer(self, asked):
        if asked.path == "/api/v1/access-tokens/generate":
            return self._note("generate", json.loads(asked.body), asked)
        prefix = "/v1/datasets.DatasetApiService/"
        if asked.path.startswith(prefix):
            if self.only_older:
                self.in_vain += 1
                return NO_PAGE
            return self._note(asked.path.removeprefix(prefix), json.loads(asked.body), asked)
        verbs = {"view": "GetDataset", "list-tree": "ListTreeDatasetFiles"}
        verbs |= {"list": "ListDatasetFiles", "download": "DownloadDataset"}
        verb, *rest = asked.path.removeprefix("/api/v1/datasets/").split("/", 3)
        names = ("ownerSlug", "datasetSlug", "fileName")
        return self._note(verbs[verb], {**asked.query, **dict(zip(names, rest, strict=False))}, asked)

    def _note(self, method, fields, asked):
        authorization = asked.headers.get("authorization", "")
        self.calls.append((method, fields, authorization))
        if method in self.absent:
            return NO_PAGE
        if method in self.instead:
            return self.instead[method]
        if self.accepts is not None and authorization not in self.accepts:
            return told(newer(401, "Request had invalid credentials"), 401)
        if method == "GetDataset":
            return told({"id": 1, "currentVersionNumber": 3})
        if method == "DownloadDataset":
            self.links += 1
            name = fields.get("fileName") or "archive.zip"
            ending = ".zip" if self.zipped and name != "archive.zip" else ""
            address = f"{self.storage.origin}/gcs/{name}{ending}?X-Goog-Signature=canary-{self.links}"
            return Told(302, b"", [("Location", address)])
        return told(self._page(method, fields))

    def _page(self, method, fields):
        number = int(fields.get("pageToken") or 0)
        token = str(number + 1) if number + 1 < len(self.pages) else ""
        if method == "ListTreeDatasetFiles":
            files = [{"name": name, "totalBytes": len(name)} for name in self.pages[number]]
            return {"files": files, "directories": [{"name": "images_001"}], "nextPageToken": token}
        files = [{"nameNullable": name, "totalBytes": str(len(name))} for name in self.pages[number]]
        return {"datasetFiles": files, "nextPageTokenNullable": token}

    def methods(self):
        return [method for method, _, _ in self.calls]


class Storage:
    """A bucket. Its addresses are good until they are ended."""

    def __init__(self):
        self.files = {"archive.zip": ARCHIVE, CSV.path: TABLE}
        self.ended = set()
        self.ended_status = 400
        self.page = False

    def answer(self, asked):
        if self.page:
            return Told(200, b"<html>Sign in</html>", [("Content-Type", "text/html")])
        if asked.query["X-Goog-Signature"] in self.ended:
            return Told(self.ended_status, b"<Error><Code>ExpiredToken</Code></Error>")
        data = self.files.get(asked.path.removeprefix("/gcs/"))
        if data is None:
            return Told(404, b"<Error><Code>NoSuchKey</Code></Error>")
        digest = hashlib.md5(data, usedforsecurity=False).digest()
        told = part_of(asked, data)
        return told._replace(
            headers=[*told.headers, ("x-goog-hash", f"md5={base64.b64encode(digest).decode()}")]
        )


@pytest.fixture
def bucket():
    return Storage()


@pytest.fixture
def storage(bucket):
    with serving(bucket.answer) as service:
        yield service


@pytest.fixture
def service(storage):
    return Service(storage)


@pytest.fixture
def connect(service):
    with serving(service.answer) as web:
        made = []

        def connect(dataset="nih-chest-xrays/data"):
            addresses = {"api": f"{web.origin}/v1", "web": f"{web.origin}/api/v1/"}
            settings = HttpSettings(answer_timeout=5, stall_timeout=5)
            made.append(hosts.connect("kaggle", Place(dataset, addresses=addresses), settings))
            return made[-1]

        yield connect
        for one in made:
            one.close()


@pytest.fixture
def kaggle(connect):
    return connect()


def content(host, remote=ZIP, *part):
    with host.open(remote, *part) as found:
        return b"".join(found)


def refusal(host, remote=ZIP):
    with pytest.raises(RefusedError) as caught:
        content(host, remote)
    return caught.value


# The archive, and the address that leads to it


def test_the_archive_is_one_zip_and_its_address_is_asked_for_once(kaggle, service):
    assert [(one.remote, one.format, one.prefix) for one in kaggle.archives] == [(ZIP, Format.ZIP, "")]
    with kaggle.open(ZIP) as found:
        assert (found.size, found.name) == (len(ARCHIVE), "archive.zip")
        assert found.checksum == f"md5:{hashlib.md5(ARCHIVE, usedforsecurity=False).hexdigest()}"
        validator = found.validator
    assert content(kaggle, ZIP, 100, 300, validator) == ARCHIVE[100:300]
    assert content(kaggle, ZIP, len(ARCHIVE) + 5) == b""
    assert service.methods() == ["GetDataset", "DownloadDataset"]
    assert service.calls[1][1] == {
        "ownerSlug": "nih-chest-xrays",
        "datasetSlug": "data",
        "datasetVersionNumber": 3,
    }


def test_many_threads_ask_for_one_address(kaggle, service):
    found = []
    threads = [threading.Thread(target=lambda: found.append(content(kaggle, ZIP, 7, 9))) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [ARCHIVE[7:9]] * 16
    assert service.methods() == ["GetDataset", "DownloadDataset"]


@pytest.mark.parametrize("status", [400, 401, 403])
def test_an_address_that_ran_out_is_asked_for_again(kaggle, service, bucket, status):
    content(kaggle)
    bucket.ended, bucket.ended_status = {"canary-1"}, status
    assert content(kaggle, ZIP, 5) == ARCHIVE[5:]
    assert service.links == 2


def test_a_new_address_that_is_refused_is_left_to_another_attempt(kaggle, service, bucket):
    content(kaggle)
    bucket.ended = {f"canary-{n}" for n in range(4)}
    with pytest.raises(TransientError, match="the storage refuses") as caught:
        content(kaggle)
    assert (caught.value.code, caught.value.status) == ("link_refused", 400)
    assert "canary" not in caught.value.reason
    assert service.links == 2
    with pytest.raises(TransientError):
        content(kaggle)
    assert content(kaggle) == ARCHIVE
    assert service.links == 4


def test_a_file_that_the_storage_has_not_is_refused(kaggle, bucket):
    del bucket.files["archive.zip"]
    assert refusal(kaggle).code == "http_404"


def test_a_page_in_the_files_place_is_refused(kaggle, bucket):
    bucket.page = True
    assert "sign in: https://www.kaggle.com/datasets/nih-chest-xrays/data" in refusal(kaggle).reason


@pytest.mark.parametrize(
    "answer",
    [told({"url": "x"}), Told(200, ARCHIVE, [("Content-Type", "application/zip")]), Told(302, b"")],
)
def test_an_answer_without_an_address_is_refused(kaggle, service, answer):
    service.instead["DownloadDataset"] = answer
    assert refusal(kaggle).code == "no_link"


def test_no_redirect_leaves_https():
    assert may_follow("https://api.kaggle.com/v1", "https://storage.googleapis.com/x")
    assert not may_follow("https://api.kaggle.com/v1", "http://127.0.0.1/x")
    assert may_follow("http://127.0.0.1:7777/v1", "http://127.0.0.1:7778/x")


def test_a_version_is_kept_to_by_every_call_and_in_other_processes(kaggle, service):
    list(kaggle.list())
    other = pickle.loads(pickle.dumps(kaggle))
    assert content(other) == ARCHIVE
    other.close()
    assert service.methods().count("GetDataset") == 1
    assert all(
        fields["datasetVersionNumber"] == 3 for name, fields, _ in service.calls if name != "GetDataset"
    )


def test_a_record_without_a_version_pins_none_and_is_asked_for_once(kaggle, service):
    service.instead["GetDataset"] = told({"id": 1})
    content(kaggle)
    content(kaggle, CSV)
    assert service.methods() == ["GetDataset", "DownloadDataset", "DownloadDataset"]
    assert all("datasetVersionNumber" not in fields for _, fields, _ in service.calls)


# Lists


def test_the_list_has_the_files_of_the_root_from_every_page(kaggle, service):
    names = ["BBox_List_2017.csv", CSV.path, "test_list.txt"]
    assert list(kaggle.list()) == [Remote(name, len(name)) for name in names]
    assert service.methods() == ["GetDataset", "ListTreeDatasetFiles", "ListTreeDatasetFiles"]
    assert service.calls[1][1]["pageSize"] == 200


def test_where_no_tree_is_served_the_flat_list_gives_the_root(kaggle, service):
    service.absent = {"ListTreeDatasetFiles"}
    service.pages = [["images_001/images/a.png", "z.csv"], ["a.csv"]]
    assert [one.path for one in kaggle.list()] == ["a.csv", "z.csv"]


def test_a_list_without_an_end_is_not_followed_for_ever(kaggle, service, monkeypatch):
    service.instead["ListTreeDatasetFiles"] = told({"files": [], "nextPageToken": "again"})
    monkeypatch.setattr("cxr.hosts.kaggle._MOST_PAGES", 30)
    with pytest.raises(HostError, match="does not end after 30 pages"):
        list(kaggle.list())
    assert service.methods() == ["GetDataset", *["ListTreeDatasetFiles"] * 30]


def test_the_flat_list_of_nih_is_within_what_is_read():
    """All its images are in it, and the tables after them."""
    assert NIH_FILES < _MOST_PAGES * _PAGE_SIZE < 3 * NIH_FILES


@pytest.mark.parametrize("answer", [Told(200, b"hello"), told([1]), Told(204)])
def test_a_list_that_is_none_is_an_error(kaggle, service, answer):
    service.instead["ListTreeDatasetFiles"] = answer
    with pytest.raises(RefusedError) as caught:
        list(kaggle.list())
    assert caught.value.code == "unexpected_answer"


def test_a_list_of_another_form_is_empty(kaggle, service):
    service.instead["ListTreeDatasetFiles"] = told({"files": [3, {"name": 4}], "datasetFiles": 5})
    assert list(kaggle.list()) == []


# The older interface


def test_the_older_interface_serves_where_the_calls_are_not_there(kaggle, service):
    service.only_older = True
    assert kaggle.check_access().ready
    assert [one.path for one in kaggle.list()] == ["BBox_List_2017.csv", CSV.path, "test_list.txt"]
    assert content(kaggle) == ARCHIVE
    assert content(kaggle, CSV) == TABLE
    assert service.calls[-1][1]["fileName"] == CSV.path
    assert service.calls[-1][1]["datasetVersionNumber"] == "3"
    assert service.in_vain == 3, "each call is tried once"


@pytest.mark.parametrize("status", [405, 501])
def test_a_call_that_is_not_allowed_is_not_there(kaggle, service, status):
    service.instead["GetDataset"] = Told(status)
    assert not kaggle.check_access().ready
    assert service.methods() == ["GetDataset", "GetDataset"]


def test_a_404_that_kaggle_explains_is_an_answer_and_not_a_missing_call(kaggle, service):
    service.instead["DownloadDataset"] = told(newer(404, "Not found"), 404)
    assert refusal(kaggle, CSV).code == "http_404"
    assert service.methods() == ["GetDataset", "DownloadDataset"]


# Errors


@pytest.mark.parametrize(
    ("status", "document", "code", "words"),
    [
        (401, older(401, "Unauthorized"), "http_401", "without credentials"),
        (
            403,
            newer(403, "Permission 'datasets.get' was denied"),
            "http_403",
            "name may be wrong, the dataset private",
        ),
        (
            403,
            older(403, "You must accept this dataset's rules"),
            "http_403",
            "accepted yet at https://www.kaggle.com/",
        ),
        (404, older(404, "Not found"), "http_404", "name may be wrong"),
        (404, {"code": "404", "error": "x", "message": "server side error"}, "http_404", "server side error"),
        (200, older(403, "denied"), "http_403", "denied"),
        (200, {"code": "403", "message": "denied"}, "http_403", "denied"),
        (200, {"datasetFiles": [], "errorMessage": "no such version"}, "http_200", "no such version"),
        (400, newer(400, "bad"), "http_400", "400"),
    ],
)
def test_a_refusal_is_told_with_what_it_may_mean(kaggle, service, status, document, code, words):
    service.instead["GetDataset"] = told(document, status)
    error = refusal(kaggle)
    assert error.code == code
    assert words in error.reason
    assert error.reason.startswith("Kaggle, nih-chest-xrays/data: ")


@pytest.mark.parametrize(
    ("status", "document", "throttled", "wait"),
    [
        (429, older(429, "TooManyRequests"), True, 7),
        (429, newer(429, "Too many requests"), True, 7),
        (200, older(429, "TooManyRequests"), True, 7),
        (503, "not json at all", True, 7),
        (500, newer(500, "INTERNAL"), False, 7),
    ],
)
def test_what_may_pass_is_told_with_the_pause_that_is_asked_for(
    kaggle, service, status, document, throttled, wait
):
    service.instead["DownloadDataset"] = told(document, status, ("Retry-After", "7"))
    with pytest.raises(TransientError) as caught:
        content(kaggle)
    assert (caught.value.throttled, caught.value.retry_after) == (throttled, wait)
    del service.instead["DownloadDataset"]
    assert content(kaggle) == ARCHIVE


def test_a_single_file_that_is_not_given_may_be_in_the_archive(kaggle, service):
    service.instead["DownloadDataset"] = told(newer(404, "Not found"), 404)
    assert "whole archive" in refusal(kaggle, CSV).reason


def test_kaggles_words_are_quoted_short_and_without_secrets(connect, service, monkeypatch):
    monkeypatch.setenv("KAGGLE_API_TOKEN", "KGAT_canary-token")
    service.instead["GetDataset"] = told(older(403, f"KGAT_canary-token\n\x1b[31m{'x' * 5000}"), 403)
    reason = refusal(connect()).reason
    assert "canary" not in reason
    assert reason.isprintable()
    assert len(reason) < 600


# Tables


def zipped(data, name=CSV.path):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, data)
    return file.getvalue()


def test_a_table_comes_as_it_is(kaggle, service):
    assert content(kaggle, CSV) == TABLE
    assert content(kaggle, CSV, 5, 9) == TABLE[5:9]
    assert service.calls[1][1]["raw"] is True


def test_a_table_that_comes_zipped_is_given_as_it_is_inside(kaggle, service, bucket):
    service.zipped = True
    bucket.files[f"{CSV.path}.zip"] = zipped(TABLE)
    with kaggle.open(CSV) as found:
        assert (found.size, found.checksum, found.name) == (len(TABLE), "", CSV.path)
        assert b"".join(found) == TABLE
    assert content(kaggle, CSV, 100) == TABLE[100:]
    assert content(kaggle, CSV, len(TABLE) - 1, None, '"one"') == TABLE[-1:]
    with kaggle.open(CSV, 100, None, '"older"') as found:
        assert (found.start, b"".join(found)) == (0, TABLE)
    assert service.links == 1


def test_a_table_that_the_lab_zips_is_had_too():
    with lab(hosts=["kaggle"], failures={"csv-zipped": 1}) as running:
        origin = running.origin("kaggle")
        addresses = {"api": f"{origin}/v1", "web": f"{origin}/api/v1"}
        place = Place("nih-chest-xrays/data", addresses=addresses)
        with contextlib.closing(hosts.connect("kaggle", place)) as kaggle:
            table = (running.tables / CSV.path).read_bytes()
            assert content(kaggle, CSV) == table
            assert content(kaggle, CSV, 100) == table[100:]
        struck = [one.path for one in running.requests("kaggle") if one.failure == "csv-zipped"]
        assert struck == ["/v1/datasets.DatasetApiService/DownloadDataset"]


def test_a_name_that_says_zip_does_not_make_it_one(kaggle, service, bucket):
    service.zipped = True
    bucket.files[f"{CSV.path}.zip"] = TABLE
    assert content(kaggle, CSV) == TABLE


def test_a_zip_that_was_asked_for_stays_one(kaggle, bucket):
    bucket.files["more.zip"] = zipped(TABLE)
    assert content(kaggle, Remote("more.zip")) == bucket.files["more.zip"]


def test_a_path_that_leaves_the_dataset_is_not_asked_for(kaggle, service):
    for path in ("../x.csv", "/etc/hostname", "", "a//b", "a\0b"):
        assert refusal(kaggle, Remote(path)).code == "http_404"
    assert service.calls == []


# Who asks


def basic(user, key):
    return f"Basic {base64.b64encode(f'{user}:{key}'.encode()).decode()}"


def test_a_token_or_a_key_is_sent_to_the_interface_and_never_to_the_storage(
    connect, service, storage, monkeypatch
):
    monkeypatch.setenv("KAGGLE_USERNAME", "somebody")
    monkeypatch.setenv("KAGGLE_KEY", "canary-key")
    content(connect())
    monkeypatch.setenv("KAGGLE_API_TOKEN", "KGAT_canary")
    content(connect())
    assert [authorization for _, _, authorization in service.calls] == [
        *[basic("somebody", "canary-key")] * 2,
        *["Bearer KGAT_canary"] * 2,
    ]
    assert len(storage.asked) == 2
    assert all("authorization" not in asked.headers for asked in storage.asked)


def test_without_credentials_one_anonymous_request_decides(kaggle, service):
    assert kaggle.check_access().ready
    assert service.calls == [("GetDataset", {"ownerSlug": "nih-chest-xrays", "datasetSlug": "data"}, "")]


def test_without_an_account_the_missing_step_is_to_get_one(kaggle, service):
    service.instead["GetDataset"] = told(newer(403, "Permission 'datasets.get' was denied"), 403)
    access = kaggle.check_access()
    assert not access.ready
    for words in ("datasets.get", "An account is free", "`cxr credentials set kaggle`"):
        assert words in access.missing


def test_with_credentials_the_missing_step_is_another(connect, service, monkeypatch):
    monkeypatch.setenv("KAGGLE_API_TOKEN", "KGAT_canary")
    service.instead["GetDataset"] = told(older(401, "Unauthorized"), 401)
    assert "credentials from environment variable KAGGLE_API_TOKEN" in connect().check_access().missing
    service.instead["GetDataset"] = told(older(403, "denied"), 403)
    missing = connect().check_access().missing
    assert "lacks a scope" in missing
    assert "An account is free" not in missing


def test_broken_credentials_are_the_missing_step_and_nobody_is_asked(connect, service, home):
    (home / ".kaggle").mkdir()
    (home / ".kaggle" / "kaggle.json").write_text("{")
    kaggle = connect()
    access = kaggle.check_access()
    assert "kaggle.json is not a JSON object" in access.missing
    assert access.missing in refusal(kaggle).reason
    assert service.calls == []


def test_a_network_that_is_down_says_nothing_of_access():
    addresses = dict.fromkeys(("api", "web"), "http://127.0.0.1:9/v1")
    with pytest.raises(TransientError):
        hosts.connect("kaggle", Place("a/b", addresses=addresses)).check_access()


# The login of Kaggle's own program, whose token is good for some hours


@pytest.fixture
def login(home, monkeypatch):
    def login(expires):
        monkeypatch.setenv("KAGGLE_ENABLE_OAUTH", "1")
        path = home / ".kaggle" / "credentials.json"
        path.parent.mkdir(exist_ok=True)
        fields = {"access_token": "canary-old", "refresh_token": "canary-refresh"}
        path.write_text(json.dumps(fields | {"access_token_expiration": expires}))
        path.chmod(0o600)
        return path

    return login


AHEAD = "2999-01-01T00:00:00+00:00"
LONG_AGO = "2020-01-01T00:00:00+00:00"


def test_a_login_that_is_good_is_used(connect, service, login):
    login(AHEAD)
    assert connect().check_access().ready
    assert service.calls[0][2] == "Bearer canary-old"


@pytest.mark.parametrize("expires", [LONG_AGO, AHEAD, "", "whenever"])
def test_a_login_that_ran_out_is_renewed_in_memory(connect, service, login, expires):
    path = login(expires)
    before = path.read_bytes()
    service.accepts = {"Bearer canary-new"}
    service.instead["generate"] = told({"token": "canary-new", "expiresIn": 43200})
    kaggle = connect()
    assert content(kaggle) == ARCHIVE
    other = pickle.loads(pickle.dumps(kaggle))
    assert content(other) == ARCHIVE
    other.close()
    asked = [call for call in service.calls if call[0] == "generate"]
    fields = {"refreshToken": "canary-refresh", "apiVersion": "API_VERSION_V1"}
    assert asked == [("generate", fields, "Bearer canary-old")]
    assert path.read_bytes() == before
    assert "canary" not in redaction.redact("canary-new, canary-old and canary-refresh")


def test_many_threads_renew_a_login_once(connect, service, login):
    login(LONG_AGO)
    service.accepts = {"Bearer canary-new"}
    service.instead["generate"] = told({"token": "canary-new"})
    kaggle = connect()
    threads = [threading.Thread(target=lambda: list(kaggle.list())) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert service.methods().count("generate") == 1


@pytest.mark.parametrize("answer", [told(older(401, "gone"), 401), told({"token": ""}), Told(200, b"hm")])
def test_a_login_that_is_not_renewed_is_to_be_made_again(connect, service, login, answer):
    login(LONG_AGO)
    service.instead["generate"] = answer
    error = refusal(connect())
    assert "kaggle auth login" in error.reason
    assert "canary" not in error.reason


def test_a_renewal_that_may_work_later_is_no_refusal(connect, service, login):
    login(LONG_AGO)
    service.instead["generate"] = told(newer(503, "busy"), 503)
    with pytest.raises(TransientError):
        content(connect())


# Addresses and names


def test_an_address_is_plain(kaggle):
    assert kaggle.url(ZIP).endswith("/api/v1/datasets/download/nih-chest-xrays/data")
    assert kaggle.url(Remote("images_001/images/a b?.png")).endswith("data/images_001/images/a%20b%3F.png")


@pytest.mark.parametrize("dataset", ["", "data", "a/b/c", "../x", "a/..", "a b/c", "/x", "a/b?c"])
def test_what_is_no_handle_is_refused_at_once(connect, dataset):
    with pytest.raises(UsageError, match="owner/name") as caught:
        connect(dataset)
    assert "no dataset at Kaggle" in caught.value.happened


def test_a_closed_connection_asks_nobody(kaggle):
    content(kaggle)
    kaggle.close()
    with pytest.raises(TransientError):
        content(kaggle)
    with pytest.raises(TransientError):
        list(kaggle.list())


def test_nothing_shows_who_asks(connect, monkeypatch):
    monkeypatch.setenv("KAGGLE_API_TOKEN", "KGAT_canary")
    kaggle = connect()
    shown = repr([vars(one) for one in (kaggle, kaggle._api)])
    assert "canary" not in shown
