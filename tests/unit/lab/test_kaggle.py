"""The lab's Kaggle answers as Kaggle does."""

import base64
import hashlib
import io
import zipfile
from urllib.parse import parse_qs, urlsplit

import pytest
from support.asking import ask
from support.labs import lab

WHICH = {"ownerSlug": "nih-chest-xrays", "datasetSlug": "data"}
PREFIXES = ("/v1/", "/api/v1/")


@pytest.fixture(scope="module")
def running():
    with lab(images=230, hosts=["kaggle"]) as started:
        yield started


@pytest.fixture(autouse=True)
def _afresh(running):
    running.failures.clear()
    running.reset_accounts()


def call(running, method, *, prefix="/v1/", service="datasets.DatasetApiService", headers=None, **fields):
    return ask(f"{running.origin('kaggle')}{prefix}{service}/{method}", "POST", headers, {**WHICH, **fields})


def get(running, path, **headers):
    return ask(f"{running.origin('kaggle')}/api/v1/datasets/{path}", headers=headers)


def link(running, **fields):
    said = call(running, "DownloadDataset", **fields)
    assert (said.status, said.headers["content-length"], said.body) == (302, "0", b"")
    return said.headers["location"]


def everything(running):
    return sorted([*running.shelf.singles, *running.images])


def pages(ask_for):
    token = None
    while token != "":
        page = ask_for({"pageToken": token} if token else {})
        token = page["nextPageToken"]
        yield page


@pytest.mark.parametrize("prefix", PREFIXES)
def test_a_dataset_has_a_version_under_both_prefixes(running, prefix):
    said = call(running, "GetDataset", prefix=prefix).json
    assert said["currentVersionNumber"] == 3
    assert said["ref"] == "nih-chest-xrays/data"
    assert said["totalBytes"] == sum(running.sizes.values()) + sum(
        running.shelf.files[name].size for name in running.shelf.singles
    )
    assert said == get(running, "view/nih-chest-xrays/data").json | {"url": said["url"]}


def test_files_are_listed_in_pages_of_twenty_or_as_asked_up_to_two_hundred(running):
    for size, expected in ((None, 20), (50, 50), (1_000, 200)):
        wanted = {"pageSize": size} if size else {}
        found = list(pages(lambda token, w=wanted: call(running, "ListDatasetFiles", **w, **token).json))
        assert {len(page["datasetFiles"]) for page in found[:-1]} == {expected}
        names = [file["name"] for page in found for file in page["datasetFiles"]]
        assert names == everything(running)
    sizes = {file["name"]: file["totalBytes"] for page in found for file in page["datasetFiles"]}
    assert sizes.items() > dict(running.sizes).items()


def test_the_older_list_gives_the_same(running):
    path = "list/nih-chest-xrays/data?pageSize=200"
    found = list(
        pages(lambda token: get(running, path + "".join(f"&{key}={one}" for key, one in token.items())).json)
    )
    assert [file["name"] for page in found for file in page["datasetFiles"]] == everything(running)


def test_a_tree_is_listed_folder_by_folder(running):
    root = call(running, "ListTreeDatasetFiles", pageSize=200).json
    assert [folder["relativeUrl"] for folder in root["directories"]] == [
        f"images_{number:03d}" for number in range(1, 13)
    ]
    assert [file["name"] for file in root["files"]] == list(running.shelf.singles)
    inside = call(running, "ListTreeDatasetFiles", path="images_002/images", pageSize=200).json
    expected = [path for path in running.images if path.startswith("images_002/")]
    assert [file["relativeUrl"] for file in inside["files"]] == expected
    assert inside["directories"] == []
    assert get(running, "list-tree/nih-chest-xrays/data?pageSize=200").json == root
    small = list(pages(lambda token: call(running, "ListTreeDatasetFiles", pageSize=7, **token).json))
    assert [d for page in small for d in page["directories"]] == root["directories"]
    assert [f for page in small for f in page["files"]] == root["files"]


@pytest.mark.parametrize("token", ["x", "eHg="])
def test_a_page_token_that_is_none_is_refused(running, token):
    assert call(running, "ListDatasetFiles", pageToken=token).status == 400


def test_metadata_names_the_licence(running):
    said = call(running, "GetDatasetMetadata").json
    assert said["info"]["licenses"] == [{"name": "CC0-1.0"}]
    assert get(running, "metadata/nih-chest-xrays/data").json == said


def test_the_whole_dataset_is_one_zip_behind_a_signed_link_on_another_origin(running):
    address = urlsplit(link(running))
    assert f"{address.scheme}://{address.netloc}" == running.origin("kaggle-storage")
    assert running.origin("kaggle-storage") != running.origin("kaggle")
    assert address.path.startswith("/gcs/")
    assert {"X-Goog-Signature", "X-Goog-Expires", "X-Goog-Date"} <= parse_qs(address.query).keys()
    said = ask(address.geturl())
    with zipfile.ZipFile(io.BytesIO(said.body)) as archive:
        assert archive.namelist() == everything(running)
    assert said.headers["content-type"] == "application/zip"


@pytest.mark.parametrize("name", ["Data_Entry_2017.csv", "image"])
def test_a_stored_object_states_what_google_states(running, name):
    path = list(running.images)[3] if name == "image" else name
    said = ask(link(running, fileName=path))
    if name == "image":
        assert said.body == running.image_bytes(path)
    else:
        assert said.body == (running.tables / name).read_bytes()
    digest = hashlib.md5(said.body).digest()
    crc, md5 = said.headers["x-goog-hash"].split(",")
    assert crc.startswith("crc32c=")
    assert md5 == f"md5={base64.b64encode(digest).decode()}"
    assert said.headers["etag"] == f'"{digest.hex()}"'
    assert said.headers["last-modified"] == "Wed, 21 Feb 2018 20:52:22 GMT"
    assert said.headers["accept-ranges"] == "bytes"
    assert said.headers["content-length"] == str(len(said.body))


def test_the_older_download_leads_to_the_same_object(running):
    for path, body in (("", None), ("/test_list.txt", (running.tables / "test_list.txt").read_bytes())):
        said = get(running, f"download/nih-chest-xrays/data{path}")
        assert said.status == 302
        assert body is None or ask(said.headers["location"]).body == body


def test_a_part_of_the_archive_is_given_by_range(running):
    address = link(running)
    whole = ask(address)
    part = ask(address, headers={"Range": "bytes=100-199", "If-Range": whole.headers["etag"]})
    assert (part.status, part.body) == (206, whole.body[100:200])
    assert part.headers["content-range"] == f"bytes 100-199/{len(whole.body)}"
    end = ask(address, headers={"Range": "bytes=-22"})
    assert end.body == whole.body[-22:]
    beyond = ask(address, headers={"Range": f"bytes={len(whole.body)}-"})
    assert (beyond.status, beyond.headers["content-range"]) == (416, f"bytes */{len(whole.body)}")
    assert running.bytes_sent("kaggle") == len(whole.body) + 100 + 22


@pytest.mark.parametrize(
    ("change", "status"),
    [
        (lambda address: address.replace("X-Goog-Signature=", "X-Goog-Signature=0"), 403),
        (lambda address: address.replace("archive.zip", "test_list.txt"), 403),
        (lambda address: address.replace("X-Goog-Expires=3600", "X-Goog-Expires=9999"), 403),
        (lambda address: address.partition("?")[0], 403),
    ],
    ids=["signature", "other-object", "longer-life", "unsigned"],
)
def test_a_link_that_was_not_signed_so_is_refused(running, change, status):
    said = ask(change(link(running)))
    assert (said.status, b"SignatureDoesNotMatch" in said.body) == (status, True)


def test_a_link_is_for_getting_and_nothing_else(running):
    address = link(running)
    assert {ask(address, method).status for method in ("HEAD", "POST")} == {403}
    assert ask(address).status == 200


def test_a_link_ends_after_its_time(running, monkeypatch):
    from datetime import timedelta

    from cxr.lab import kaggle_storage

    monkeypatch.setattr(kaggle_storage, "_LIFE", timedelta(seconds=-1))
    said = ask(link(running))
    assert (said.status, b"ExpiredToken" in said.body) == (400, True)


@pytest.mark.parametrize(
    ("fields", "status", "kind"),
    [
        ({"datasetSlug": "other"}, 403, "PERMISSION_DENIED"),
        ({"ownerSlug": ""}, 403, "PERMISSION_DENIED"),
        ({"fileName": "nothing.csv"}, 404, "NOT_FOUND"),
        ({"fileName": "Data_Entry_2017_v2020.csv"}, 404, "NOT_FOUND"),
        ({"datasetVersionNumber": 9}, 404, "NOT_FOUND"),
    ],
    ids=["dataset", "owner", "file", "nih's own table", "version"],
)
def test_what_is_not_there_is_told_in_the_newer_form(running, fields, status, kind):
    """A dataset that does not exist answers 403, as one that is private."""
    said = call(running, "DownloadDataset", **fields)
    assert (said.status, said.json["error"]["code"], said.json["error"]["status"]) == (status, status, kind)


def test_the_older_addresses_tell_it_in_the_older_form(running):
    assert get(running, "view/nobody/nothing").json["code"] == 403
    assert get(running, "download/nih-chest-xrays/data/no.csv").json == {"code": 404, "message": "Not found"}


@pytest.mark.parametrize("path", ["/v1/x.Y/GetDataset", "/v1/datasets.DatasetApiService/Drop", "/v2/a/b"])
def test_methods_that_are_not_known_are_not_found(running, path):
    assert ask(running.origin("kaggle") + path, "POST", body={}).status == 404


def test_a_body_that_is_no_object_is_refused(running):
    url = f"{running.origin('kaggle')}/v1/datasets.DatasetApiService/GetDataset"
    assert ask(url, "POST", body=[1]).status == 400


def test_it_answers_that_it_is_up(running):
    assert ask(f"{running.origin('kaggle')}/", "HEAD").status == 200


KNOWN = "Bearer KGAT_known"


@pytest.fixture(scope="module")
def closed():
    with lab(hosts=["kaggle"], anonymous=False, credentials={KNOWN}) as started:
        yield started


def test_anybody_is_served_by_default(running):
    for headers in ({}, {"Authorization": "Basic d2hvOmV2ZXI="}):
        assert call(running, "GetDataset", headers=headers).status == 200


def test_a_closed_lab_serves_those_it_knows(closed):
    assert call(closed, "GetDataset", headers={"Authorization": KNOWN}).status == 200
    wrong = call(closed, "GetDataset", headers={"Authorization": "Bearer other"})
    assert (wrong.status, wrong.json["error"]["status"]) == (401, "UNAUTHENTICATED")
    nobody = call(closed, "GetDataset")
    assert (nobody.status, nobody.json["error"]["status"]) == (403, "PERMISSION_DENIED")
    older = ask(f"{closed.origin('kaggle')}/api/v1/datasets/view/nih-chest-xrays/data")
    assert older.json == {"code": 403, "message": "Permission 'datasets.get' was denied"}


def test_hello_tells_who_one_is(closed):
    service = "api.v1.DiagnosticsService"
    said = call(closed, "Hello", service=service, headers={"Authorization": KNOWN})
    assert said.json == {"userName": "labuser"}
    assert call(closed, "Hello", service=service).status == 401


def test_a_token_is_looked_into(closed):
    service = "security.OAuthService"
    assert call(closed, "IntrospectToken", service=service, token="KGAT_known").json["active"]
    assert not call(closed, "IntrospectToken", service=service, token="other").json["active"]
