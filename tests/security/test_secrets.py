"""Canaries in every place where credentials lie; afterwards everything that was written is searched."""

import base64
import contextlib
import io
import json
import logging
import os
import traceback
from pathlib import Path
from urllib.parse import quote

import pytest

from cxr.config import effective, env_example_text, init_text, load
from cxr.credentials import SERVICES, find, listing, need, problems, remove, store, stored, variables
from cxr.errors import CxrError
from cxr.logs import get_logger, open_logs, public_url, redaction
from cxr.terms import DatasetTerms, accept, write_note

log = get_logger(__name__)

# With characters that addresses, JSON and reprs write differently.
NUMBER = iter(range(10_000))


def canary() -> str:
    return f"c4n/ry+{next(NUMBER):04d}'é\"%"


class Planted:
    """A home where every place holds a canary, and the canaries."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.canaries: list[str] = []

    def new(self) -> str:
        self.canaries.append(canary())
        return self.canaries[-1]

    def file(self, name: str, text: str) -> Path:
        path = self.home / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        path.chmod(0o644)  # so that warnings about it are written too
        return path

    def written_forms(self) -> list[str]:
        """Every canary as it is, as addresses, JSON and reprs write it, and as a Basic header holds it."""
        forms = set()
        for one in self.canaries:
            forms |= {one, quote(one), quote(one, safe=""), json.dumps(one)[1:-1], repr(one)[1:-1]}
            forms |= {json.dumps(one, ensure_ascii=False)[1:-1]}
            forms |= {base64.b64encode(text.encode()).decode() for text in (one, f"user:{one}")}
        return sorted(forms)


@pytest.fixture
def planted(tmp_path, monkeypatch):
    for name in [*variables(), "KAGGLE_CONFIG_DIR", "XDG_CONFIG_HOME", "NETRC"]:
        monkeypatch.delenv(name, raising=False)
    for name in [name for name in os.environ if name.startswith("CXR_")]:
        monkeypatch.delenv(name)
    monkeypatch.setattr(redaction, "_known", frozenset())
    monkeypatch.setattr(redaction, "_pattern", None)
    monkeypatch.setattr(stored, "_backend", lambda: None)
    home = tmp_path / "home"
    (tmp_path / "work").mkdir()
    home.mkdir()
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.chdir(tmp_path / "work")
    return Planted(home)


def in_files(planted: Planted) -> None:
    planted.file(".kaggle/kaggle.json", json.dumps({"username": "user", "key": planted.new()}))
    planted.file(".netrc", f"machine physionet.org login user password {planted.new()}\n")
    planted.file(".aws/credentials", f"[default]\naws_secret_access_key = {planted.new()}\n")
    adc = {"type": "authorized_user", "client_id": "c", "refresh_token": planted.new()}
    planted.file(".config/gcloud/application_default_credentials.json", json.dumps(adc))


def in_token_file(planted: Planted) -> None:
    planted.file(".kaggle/access_token", planted.new())


def kept_by_us(planted: Planted) -> None:
    store("kaggle", {"username": "user", "key": planted.new()})
    store("physionet", {"username": "user", "password": planted.new()})
    store("redivis", {"token": planted.new()})
    store("azure", {"link": f"https://x.blob.core.windows.net/c?sv=1&sig={planted.new()}"})
    store("aws", {"access_key_id": "AKIA", "secret_access_key": planted.new()})


def in_dotenv(planted: Planted) -> None:
    lines = [f"{name}={planted.new()}\n" for name in variables() if name not in SHOWN]
    Path(".env").write_text("".join(lines), encoding="utf-8")


def in_environment(planted: Planted) -> None:
    for name in variables():
        os.environ[name] = "user" if name in SHOWN else planted.new()


def broken_files(planted: Planted) -> None:
    """Files with a canary in the very line that cannot be understood."""
    planted.file(".kaggle/kaggle.json", f'{{"username": "user", "key": "{planted.new()}')
    planted.file(".kaggle/access_token", f"token {planted.new()}")
    planted.file(".netrc", f"machine physionet.org login user pasword {planted.new()} x\n")
    planted.file(".aws/credentials", f"[default\n{planted.new()}\n")
    planted.file(".config/cxr/credentials/redivis.json", f'{{"token": "{planted.new()}')
    os.environ["GOOGLE_APPLICATION_CREDENTIALS"] = json.dumps({"private_key": planted.new()})


def broken_dotenv(planted: Planted) -> None:
    Path(".env").write_text(f"PHYSIONET_PASSWORD='{planted.new()}\n", encoding="utf-8")


def unknown_settings(planted: Planted) -> None:
    os.environ["CXR_PHYSIONET__PASSWORD"] = planted.new()


def unknown_key_in_the_file(planted: Planted) -> None:
    Path("config.yaml").write_text(f"physionet:\n  password: {json.dumps(planted.new())}\n", encoding="utf-8")


# Names of people, projects and files, which are shown.
SHOWN = frozenset(
    {"KAGGLE_USERNAME", "PHYSIONET_USERNAME", "GOOGLE_APPLICATION_CREDENTIALS", "GOOGLE_CLOUD_PROJECT"}
    | {"AWS_ACCESS_KEY_ID", "AWS_PROFILE", "AZURE_STORAGE_ACCOUNT"}
)


def everything_is_done_with_them(library: Path) -> None:
    """Find, list, show, fail and log, as the verbs do."""
    with open_logs(library / "logs", level="DEBUG"):
        for service in SERVICES:
            with told():
                found = find(service)
                if found is not None:
                    print(found, repr(found), found.masked(), problems(found))
                    log.info("found", found=found, values=found.values, masked=found.masked())
                    careless(found)
            with told():
                print(need(service))
        with told():
            print(listing())
        with told():
            print(effective(load(None, {})), init_text(), env_example_text())
        terms = DatasetTerms("mimic", "DUA", "None.", shareable=False, citation="")
        accept(library / "metadata", terms, "--accept-terms mimic")
        write_note(library / "shards", [terms])


def careless(found) -> None:
    """A host whose errors quote what it sent."""
    for name in found.values:
        value = found.text(name)
        quoted = quote(value, safe="")
        log.error("403 for %s", value, url=f"https://user:{quoted}@h/?sig={quote(value)}", raw=[value])
        header = base64.b64encode(f"{found.text('username') or 'user'}:{value}".encode()).decode()
        log.debug("sent", headers={"Authorization": f"Basic {header}", "x": {"y": value}})
        try:
            {}[value]
        except KeyError:
            log.exception("failed")
        print(public_url(f"https://user:{quoted}@h/a?sig={quoted}"))


@contextlib.contextmanager
def told():
    """An error's text and traceback end up where a user sees them."""
    try:
        yield
    except CxrError as error:
        print(error, repr(error), *traceback.format_exception(error))
        log.exception("the run ended")


PLACES = [
    in_files,
    in_token_file,
    kept_by_us,
    in_dotenv,
    in_environment,
    broken_files,
    broken_dotenv,
    unknown_settings,
    unknown_key_in_the_file,
]


@pytest.mark.parametrize("plant", PLACES, ids=lambda plant: plant.__name__)
def test_no_secret_is_written_anywhere(planted, tmp_path, plant, caplog, monkeypatch):
    caplog.set_level(logging.DEBUG)
    monkeypatch.setattr(os, "environ", os.environ.copy())
    plant(planted)
    assert planted.canaries
    own = {path for path in tmp_path.rglob("*") if path.is_file()}
    out = io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(out):
        everything_is_done_with_them(tmp_path / "library")
        everything_is_done_with_them(tmp_path / "library")
    made = [path for path in tmp_path.rglob("*") if path.is_file() and path not in own]
    assert tmp_path / "library" / "logs" / "cxr_downloader.json" in made
    written = "\n".join([out.getvalue(), caplog.text, *(path.read_text("utf-8") for path in made)])
    assert written
    assert [form for form in planted.written_forms() if form in written] == []
    for line in (tmp_path / "library" / "logs" / "cxr_downloader.json").read_text("utf-8").splitlines():
        json.loads(line)


def test_what_we_keep_lies_in_private_files_alone(planted, tmp_path):
    kept_by_us(planted)
    holding = {
        path
        for path in tmp_path.rglob("*")
        if path.is_file() and any(form in path.read_text("utf-8") for form in planted.written_forms())
    }
    assert len(holding) == 5
    for path in holding:
        assert path.parent == planted.home / ".config" / "cxr" / "credentials"
        assert path.stat().st_mode & 0o777 == 0o600
        assert path.parent.stat().st_mode & 0o777 == 0o700
    for service in SERVICES:
        remove(service)
    assert not any(path.exists() for path in holding)


def test_the_search_would_find_what_was_not_taken_out(planted, tmp_path, monkeypatch):
    """The same run with the redaction of known values switched off."""
    monkeypatch.setattr("cxr.secret.hide", lambda _value: None)
    monkeypatch.setattr("cxr.credentials.lookup.hide", lambda _value: None)
    in_token_file(planted)
    with contextlib.redirect_stdout(io.StringIO()):
        everything_is_done_with_them(tmp_path / "library")
    for name in ("cxr_downloader.log", "cxr_downloader.json", "cxr_downloader_errors.log"):
        written = (tmp_path / "library" / "logs" / name).read_text("utf-8")
        assert any(form in written for form in planted.written_forms()), name
