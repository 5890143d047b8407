"""The log files: silent until opened, readable by people and programs, never holding a secret."""

import json
import os
import threading
from pathlib import Path

import pytest
import structlog
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cxr.errors import StorageError
from cxr.logs import (
    REDACTED,
    files,
    get_logger,
    hide,
    keep_logs,
    open_logs,
    pass_on,
    public_url,
    redact,
    redaction,
)

MAIN, JSON, ERRORS = "cxr_downloader.log", "cxr_downloader.json", "cxr_downloader_errors.log"


@pytest.fixture(autouse=True)
def _nothing_stays_hidden(monkeypatch):
    """What is hidden here must not be taken out of other tests' text."""
    monkeypatch.setattr(redaction, "_known", frozenset())
    monkeypatch.setattr(redaction, "_pattern", None)


def events(folder: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in (folder / JSON).read_text("utf-8").split("\n") if line]


def test_a_logger_is_silent_until_logs_are_opened(tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    get_logger("cxr.test").error("heard by nobody", image_id="a")
    assert capsys.readouterr() == ("", "")
    assert list(tmp_path.iterdir()) == []


def test_three_files_for_people_programs_and_errors(tmp_path):
    log = get_logger("cxr.test")
    with open_logs(tmp_path / "logs"):
        log.info("fetched", image_id="00000001_000", bytes=412)
        log.error("failed", reason="two words")
    log.error("after")
    people = (tmp_path / "logs" / MAIN).read_text().splitlines()
    assert len(people) == 2
    assert people[0].endswith("Z INFO     cxr.test: fetched  image_id=00000001_000  bytes=412")
    assert (tmp_path / "logs" / ERRORS).read_text().splitlines() == people[1:]
    first, second = events(tmp_path / "logs")
    assert first | {"timestamp": ""} == {
        "timestamp": "",
        "level": "INFO",
        "logger": "cxr.test",
        "event": "fetched",
        "image_id": "00000001_000",
        "bytes": 412,
    }
    assert second["level"] == "ERROR"


def test_a_second_run_continues_the_files_and_levels_choose(tmp_path):
    log = get_logger("cxr.test")
    for level in ("INFO", "DEBUG", "error"):
        with open_logs(tmp_path, level=level):
            log.debug("detail", run=level)
            log.warning("warned", run=level)
    assert [(one["event"], one["run"]) for one in events(tmp_path)] == [
        ("warned", "INFO"),
        ("detail", "DEBUG"),
        ("warned", "DEBUG"),
    ]


def test_the_innermost_library_hears_and_the_outer_one_again_afterwards(tmp_path):
    log = get_logger("cxr.test")
    with open_logs(tmp_path / "a"):
        with open_logs(tmp_path / "b"):
            log.info("inner")
        log.info("outer")
    assert [one["event"] for one in events(tmp_path / "a")] == ["outer"]
    assert [one["event"] for one in events(tmp_path / "b")] == ["inner"]


def test_the_programs_own_structlog_configuration_is_left_alone(tmp_path):
    before = structlog.get_config()
    with open_logs(tmp_path):
        get_logger("cxr.test").info("x")
    assert structlog.get_config() == before


def test_threads_write_whole_lines(tmp_path):
    log = get_logger("cxr.test")

    def speak(name):
        for number in range(200):
            log.error("said", by=name, number=number, filler="x" * 300)

    with open_logs(tmp_path):
        threads = [threading.Thread(target=speak, args=(name,)) for name in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert {(one["by"], one["number"]) for one in events(tmp_path)} == {
        (by, number) for by in range(8) for number in range(200)
    }
    assert len((tmp_path / ERRORS).read_text().splitlines()) == 1600


def test_a_thread_that_speaks_too_late_writes_into_no_other_file(tmp_path):
    """The system gives the number of a closed file to the next one opened: it must not receive log lines."""
    log = get_logger("cxr.test")
    stop = threading.Event()

    def speak():
        while not stop.is_set():
            log.info("still speaking")

    threads = [threading.Thread(target=speak) for _ in range(4)]
    with open_logs(tmp_path / "logs"):
        for thread in threads:
            thread.start()
    others = [(tmp_path / f"image{number}").open("wb") for number in range(30)]
    stop.set()
    for thread in threads:
        thread.join()
    for other in others:
        other.close()
        assert Path(other.name).stat().st_size == 0


@pytest.mark.filterwarnings("ignore:.*multi-threaded.*fork:DeprecationWarning")
def test_a_forked_worker_is_silent(tmp_path):
    log = get_logger("cxr.test")
    with open_logs(tmp_path):
        child = os.fork()
        if child == 0:
            log.error("from the worker")
            os._exit(0)
        os.waitpid(child, 0)
        log.info("from the run")
    assert [one["event"] for one in events(tmp_path)] == ["from the run"]


def test_hostile_values_stay_on_their_line(tmp_path):
    with open_logs(tmp_path):
        get_logger("cxr.test").warning(
            "name\n2026-01-01 00:00:00Z ERROR    forged\x1b[31m",
            path="a\r\nb",
            name_="\udc80",
            raw=b"\x00",
            number=float("nan"),
            nested={"a": [Path("x"), {1}]},
        )
    assert len((tmp_path / MAIN).read_text().splitlines()) == 1
    assert "\x1b" not in (tmp_path / MAIN).read_text()
    (event,) = events(tmp_path)
    assert event["nested"] == {"a": ["x", [1]]}
    assert event["number"] == "nan"


def test_tracebacks_are_kept_and_redacted(tmp_path):
    hide("canary-in-a-traceback")
    with open_logs(tmp_path):
        try:
            int("canary-in-a-traceback")
        except ValueError:
            get_logger("cxr.test").exception("failed")
    for name in (MAIN, JSON, ERRORS):
        text = (tmp_path / name).read_text()
        assert "ValueError: invalid literal" in text
        assert "canary-in" not in text
    assert events(tmp_path)[0]["level"] == "ERROR"


def test_a_folder_that_cannot_be_written_says_the_next_step(tmp_path):
    (tmp_path / "logs").write_text("a file")
    with pytest.raises(StorageError) as caught, open_logs(tmp_path / "logs"):
        pass
    assert str(tmp_path / "logs") in str(caught.value)
    assert caught.value.next_step
    assert caught.value.exit_code == 5


def test_a_file_that_cannot_be_written_leaves_no_logs_open(tmp_path):
    (tmp_path / ERRORS).mkdir()
    with pytest.raises(StorageError), open_logs(tmp_path):
        pass
    get_logger("cxr.test").info("silent")
    assert (tmp_path / MAIN).read_text() == ""


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_a_full_disk_does_not_stop_what_speaks(tmp_path):
    (tmp_path / JSON).symlink_to("/dev/full")
    with open_logs(tmp_path):
        get_logger("cxr.test").info("said all the same")
    assert "said all the same" in (tmp_path / MAIN).read_text()


@pytest.mark.parametrize(
    "text",
    [
        "https://host/a?sv=1&sig=canary%2F1&se=2",
        "https://storage.googleapis.com/b/o?X-Goog-Algorithm=A&X-Goog-Signature=canary",
        "https://b.s3.amazonaws.com/o?X-Amz-Signature=canary&X-Amz-Security-Token=canary",
        "https://host/a?token=canary",
        "https://host/a?access_token=canary;x=1",
        "https://host/a?password=canary",
        "failed: GET https://user:can@ary@host/a (403)",
        "see <a href='https://host/?a=1&amp;sig=canary'>",
        "Authorization: Bearer KGAT_canary0123",
        "{'Authorization': 'Basic Y2FuYXJ5OmNhbmFyeQ=='}",
        "AZURE_STORAGE_SAS_TOKEN=canary",
    ],
)
def test_signatures_passwords_and_headers_are_taken_out_of_any_text(text):
    assert "canary" not in redact(text).lower()
    assert "ary@" not in redact(text)
    assert "Y2Fu" not in redact(text)
    assert REDACTED in redact(text)
    assert redact(redact(text)) == redact(text)


@pytest.mark.parametrize(
    "text",
    [
        "A basic chest radiograph; bearer unknown.",
        "https://host/a/b.png?download=1&page=2#top",
        "mailto someone@example.org",
        "/data/a@b/c=d.png",
        "token: none",
        "00000001_000.png?x=1",
    ],
)
def test_ordinary_text_stays_as_it_is(text):
    assert redact(text) == text


@pytest.mark.parametrize(
    ("url", "public"),
    [
        ("https://me:pw@host:8/a/b.png?download=1#part", "https://host:8/a/b.png?download=1"),
        ("https://h/c/a%20b?sv=2019&sr=c&sig=x&se=2&sp=rl", "https://h/c/a%20b"),
        ("https://h/o?X-Goog-Algorithm=A&X-Goog-Date=1&X-Goog-Signature=f", "https://h/o"),
        ("https://h/o?AWSAccessKeyId=A&Expires=1&Signature=f", "https://h/o"),
        ("https://h/o?se=1", "https://h/o?se=1"),
        ("s3://key:secret@bucket/a?b#c.png", "s3://bucket/a?b#c.png"),
        ("/home/me/a?b#c.png", "/home/me/a?b#c.png"),
        ("http://[::1", "http://[::1"),
        ("", ""),
    ],
)
def test_a_public_address_is_the_address_without_what_lets_one_in(url, public):
    assert public_url(url) == public
    assert public_url(public) == public


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text(alphabet=st.characters(exclude_categories=["Cs"]), min_size=8, max_size=40))
def test_a_hidden_value_is_found_as_it_is_and_as_json_and_addresses_write_it(secret):
    from urllib.parse import quote

    hide(secret)
    if secret.strip() and secret not in f'<{REDACTED}> "{REDACTED}"':
        written = f"<{secret}> {json.dumps(secret, ensure_ascii=False)} {quote(secret, safe='')} {secret!r}"
        cleaned = redact(written)
        assert secret not in cleaned
        assert quote(secret, safe="") not in cleaned


@given(st.text(max_size=300))
def test_no_text_is_too_odd(text):
    assert isinstance(redact(text), str)
    assert isinstance(public_url(text), str)
    assert isinstance(public_url("https://" + text), str)


def test_a_very_long_line_is_redacted_without_delay():
    """Quadratic patterns would need minutes here."""
    for piece in ("a-", "token", "&a_", "://", "basic ", "sig", "://a", "a_a-token"):
        assert "canary" not in redact("password=canary " + piece * 200_000)


def test_a_field_named_like_a_secret_is_masked(tmp_path):
    with open_logs(tmp_path):
        get_logger("cxr.test").info("x", password="canary", headers={"Cookie": "canary", "Accept": "a"})
    assert "canary" not in (tmp_path / JSON).read_text()
    assert events(tmp_path)[0]["headers"] == {"Cookie": REDACTED, "Accept": "a"}


def test_lines_kept_in_one_process_are_written_by_another_at_its_level_and_without_its_secrets(
    tmp_path, monkeypatch
):
    monkeypatch.setattr(files, "_opened", ())
    kept = keep_logs()
    get_logger("cxr.test").debug("not worth a line")
    get_logger("cxr.test").warning("left out", member="a-canary")
    lines = kept()
    assert [line["event"] for line in lines] == ["not worth a line", "left out"]
    assert kept() == []
    hide("a-canary")  # which this process alone knows
    with open_logs(tmp_path):
        pass_on(lines)
    assert events(tmp_path) == [dict(lines[1]) | {"member": REDACTED}]
    files._opened = ()
    pass_on(lines)
    assert len(events(tmp_path)) == 1
