"""Each switch does what it says, as often as it says, the same way in every run."""

import base64
import hashlib
import io
import tarfile
import zipfile
from email.utils import parsedate_to_datetime
from http.client import IncompleteRead
from threading import Thread
from time import sleep

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.asking import ask
from support.labs import lab

from cxr.errors import UsageError
from cxr.lab import FAILURES, Failures, Pace
from cxr.lab.box import ARCHIVE_OF

WHICH = {"ownerSlug": "nih-chest-xrays", "datasetSlug": "data"}
SIGNED_IN = {"Authorization": "Bearer KGAT_x"}


@pytest.fixture(scope="module")
def running():
    with lab(pace=Pace(stall=60)) as started:
        yield started


@pytest.fixture(autouse=True)
def _afresh(running):
    running.failures.clear()
    running.reset_accounts()


def call(running, method, headers=None, **fields):
    url = f"{running.origin('kaggle')}/v1/datasets.DatasetApiService/{method}"
    return ask(url, "POST", headers, {**WHICH, **fields})


def link(running, **fields):
    return call(running, "DownloadDataset", **fields).headers["location"]


def shared(running, name):
    path = next(path for path, archive in ARCHIVE_OF.items() if archive == name)
    return ask(running.origin("box") + path)


def archive(running, name):
    return ask(shared(running, name).headers["location"])


def download(running, host):
    """Where a host's bytes come from."""
    if host == "kaggle":
        return link(running)
    return shared(running, "images_003.tar.gz").headers["location"]


def struck(running, host):
    """The switches that the accounts name."""
    return {exchange.failure for exchange in running.requests(host)} - {""}


def first_struck(running, host):
    """The first exchange that a switch struck; who asked may see its end before the account is written."""
    for _ in range(500):
        for exchange in running.requests(host):
            if exchange.failure:
                return exchange
        sleep(0.01)
    raise AssertionError("nothing was struck")


class TestLuck:
    """What strikes is drawn, and can be drawn again."""

    @given(rate=st.floats(0.05, 0.95), seed=st.integers(0, 99))
    def test_a_switch_strikes_about_as_often_as_its_rate(self, rate, seed):
        failures = Failures({"reset": rate}, seed)
        hits = sum(failures.strikes("reset", f"file {number}") for number in range(2_000))
        assert abs(hits / 2_000 - rate) < 0.07

    def test_off_is_never_and_one_is_always(self):
        failures = Failures({"reset": 0.0, "stall": 1.0}, 0)
        assert not any(failures.strikes("reset", str(number)) for number in range(500))
        assert not any(failures.strikes("server-error", str(number)) for number in range(500))
        assert all(failures.strikes("stall", str(number)) for number in range(500))

    def test_asking_again_is_another_draw_and_another_run_the_same(self):
        def run(seed):
            failures = Failures({"reset": 0.5}, seed)
            return [failures.strikes("reset", "file") for _ in range(60)]

        assert run(1) == run(1)
        assert run(1) != run(2)
        assert {True, False} == set(run(1))

    def test_the_order_in_which_threads_ask_changes_nothing(self):
        subjects = [str(number) for number in range(200)]

        def run(order):
            failures, found = Failures({"reset": 0.5}, 0), {}

            def asking(some):
                for subject in some:
                    found[subject] = failures.strikes("reset", subject)

            threads = [Thread(target=asking, args=(order[start::4],)) for start in range(4)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            return found

        assert run(subjects) == run(subjects[::-1])

    @given(rate=st.floats(0.001, 1), files=st.sets(st.text(min_size=1), min_size=1, max_size=20))
    def test_a_switch_for_files_hits_at_least_one_and_always_the_same(self, rate, files):
        failures = Failures({"link-gone": rate}, 3)
        hit = failures.hit("link-gone", files)
        assert hit
        assert hit <= files
        assert hit == failures.hit("link-gone", sorted(files))
        assert rate < 1 or hit == files
        failures["link-gone"] = 0
        assert failures.hit("link-gone", files) == frozenset()

    @pytest.mark.parametrize(("name", "rate"), [("sabotage", 0.1), ("reset", 1.5), ("reset", -0.1)])
    def test_a_switch_or_rate_that_cannot_be_is_refused(self, name, rate):
        with pytest.raises(UsageError):
            Failures({name: rate}, 0)


def test_every_switch_says_where_and_how_it_strikes():
    for name, failure in FAILURES.items():
        assert failure.name == name
        assert set(failure.hosts) <= {"kaggle", "box", "physionet"}
        assert failure.per in ("request", "file")
        assert len(failure.about) < 80


def test_anonymous_denied_asks_for_credentials(running):
    running.failures["anonymous-denied"] = 1
    said = call(running, "GetDataset")
    assert (said.status, said.json["error"]["status"]) == (403, "PERMISSION_DENIED")
    assert call(running, "GetDataset", SIGNED_IN).status == 200


def test_missing_dataset_answers_403_to_everybody(running):
    running.failures["missing-dataset"] = 1
    said = call(running, "GetDataset", SIGNED_IN)
    assert (said.status, said.json["error"]["code"]) == (403, 403)


def test_rate_limit_takes_both_forms_and_says_at_times_when_to_come_back(running):
    running.failures["rate-limit"] = 1
    answers = [call(running, "ListDatasetFiles", SIGNED_IN) for _ in range(12)]
    assert {said.status for said in answers} == {429}
    forms = [said.json for said in answers[:2]]
    assert forms[0] == {"code": 429, "message": "TooManyRequests"}
    assert forms[1] == {
        "error": {"code": 429, "message": "Too many requests", "status": "RESOURCE_EXHAUSTED"}
    }
    said = {answer.headers["retry-after"] for answer in answers}
    assert {None, "1"} < said
    (date,) = {one for one in said - {None, "1"} if parsedate_to_datetime(one)} or {None}
    assert date
    assert struck(running, "kaggle") == {"rate-limit"}


def test_no_single_files_answers_404_for_files_that_are_listed(running):
    running.failures["no-single-files"] = 1
    for name in running.shelf.singles:
        assert call(running, "DownloadDataset", fileName=name).status == 404
    assert call(running, "DownloadDataset").status == 302


def test_csv_zipped_puts_a_table_into_a_zip_named_after_it(running):
    running.failures["csv-zipped"] = 1
    address = link(running, fileName="Data_Entry_2017.csv")
    assert address.partition("?")[0].endswith("/Data_Entry_2017.csv.zip")
    said = ask(address)
    with zipfile.ZipFile(io.BytesIO(said.body)) as packed:
        assert packed.namelist() == ["Data_Entry_2017.csv"]
        assert packed.read("Data_Entry_2017.csv") == (running.tables / "Data_Entry_2017.csv").read_bytes()
    digest = base64.b64encode(hashlib.md5(said.body).digest()).decode()
    assert f"md5={digest}" in said.headers["x-goog-hash"]
    assert ".zip" not in link(running, fileName="test_list.txt")
    assert ".csv.zip?" in link(running, fileName="Data_Entry_2017.csv", raw=True)


def test_expired_link_ends_a_link_for_good_and_a_new_one_may_hold(running):
    address = link(running)
    assert ask(address, headers={"Range": "bytes=0-9"}).status == 206
    running.failures["expired-link"] = 1
    assert ask(address, headers={"Range": "bytes=0-9"}).status == 400
    running.failures["expired-link"] = 0
    said = ask(address, headers={"Range": "bytes=0-9"})
    assert (said.status, b"ExpiredToken" in said.body) == (400, True)
    assert ask(link(running), headers={"Range": "bytes=0-9"}).status == 206


def test_no_ranges_gives_the_whole_instead_of_a_part(running):
    running.failures["no-ranges"] = 1
    said = ask(link(running), headers={"Range": "bytes=0-9"})
    assert said.status == 200
    assert "accept-ranges" not in said.headers
    assert len(said.body) == running.shelf.files["archive.zip"].size


def test_wrong_md5_states_another_and_gives_the_right_bytes(running):
    running.failures["wrong-md5"] = 1
    said = ask(link(running, fileName="test_list.txt"))
    assert said.body == (running.tables / "test_list.txt").read_bytes()
    right = base64.b64encode(hashlib.md5(said.body).digest()).decode()
    assert "md5=" in said.headers["x-goog-hash"]
    assert f"md5={right}" not in said.headers["x-goog-hash"]


def test_truncated_archive_is_short_each_time(running):
    running.failures["truncated-archive"] = 0.2
    sizes = {name: [len(archive(running, name).body) for _ in range(2)] for name in running.shelf.filled}
    short = {name for name, (size, _) in sizes.items() if size < running.shelf.files[name].size}
    assert 0 < len(short) < 12
    assert all(first == second for first, second in sizes.values())
    name = short.pop()
    assert archive(running, name).body == running.shelf.files[name].path.read_bytes()[: sizes[name][0]]


def test_wrong_archive_md5_flips_bytes_of_one_image_and_keeps_the_archive_sound(running):
    running.failures["wrong-archive-md5"] = 0.01
    wrong = []
    for name in running.shelf.filled:
        body = archive(running, name).body
        if hashlib.md5(body).hexdigest() != running.shelf.files[name].md5:
            wrong.append((name, body))
    ((name, body),) = wrong
    with tarfile.open(fileobj=io.BytesIO(body)) as packed:
        changed = [
            member.name
            for member in packed
            if member.isfile()
            and hashlib.sha256(packed.extractfile(member).read()).hexdigest()
            != running.images[f"{name.removesuffix('.tar.gz')}/{member.name}"]
        ]
        assert packed.getnames()[0] == "images"
    assert len(changed) == 1


def test_link_gone_answers_404_for_some_links(running):
    running.failures["link-gone"] = 0.2
    answers = [shared(running, name).status for name in running.shelf.filled]
    assert set(answers) == {302, 404}
    running.failures["link-gone"] = 1
    assert {shared(running, name).status for name in running.shelf.filled} == {404}


@pytest.mark.parametrize("host", ["kaggle", "box"])
class TestBothHosts:
    def test_server_error_is_500_or_503(self, running, host):
        addresses = {
            "kaggle": [f"{running.origin('kaggle')}/v1/datasets.DatasetApiService/GetDataset", link(running)],
            "box": [
                running.origin("box") + next(iter(ARCHIVE_OF)),
                shared(running, "images_001.tar.gz").headers["location"],
            ],
        }[host]
        running.failures["server-error"] = 1
        for address in addresses:
            said = [ask(address, "POST" if "/v1/" in address else "GET", body={}) for _ in range(6)]
            assert {one.status for one in said} == {500, 503}
        assert struck(running, host) == {"server-error"}

    @pytest.mark.parametrize(
        ("name", "error"),
        [("early-close", IncompleteRead), ("reset", ConnectionResetError), ("stall", TimeoutError)],
    )
    def test_a_connection_does_not_hold(self, running, host, name, error):
        address = download(running, host)
        running.failures[name] = 1
        with pytest.raises(error):
            ask(address, timeout=0.5 if name == "stall" else 30)
        last = first_struck(running, host)
        assert (last.failure, last.status) == (name, 200)
        assert last.sent < last.length

    def test_a_broken_body_is_gone_on_with_until_it_is_whole(self, running, host):
        address = download(running, host)
        whole = ask(address).body
        running.failures["early-close"] = 0.9
        had = b""
        for _ in range(200):
            try:
                had += ask(address, headers={"Range": f"bytes={len(had)}-"}).body
                break
            except IncompleteRead as broken:
                had += broken.partial
        assert had == whole


def test_an_answer_without_a_body_cannot_be_cut_off(running):
    address = download(running, "box")
    running.failures["reset"] = 1
    assert ask(address, "HEAD").status == 200
    assert struck(running, "box") == set()
