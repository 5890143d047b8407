"""Credentials: every place in its order, kept privately, explained without a host, never shown."""

import base64
import json
import os
import pickle
import stat
import threading
from pathlib import Path

import keyring
import keyring.backend
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cxr.credentials import SERVICES, find, listing, need, problems, remove, store, stored, variables
from cxr.errors import AccessError, ConfigError, StorageError, UsageError
from cxr.logs import redact, redaction
from cxr.secret import Secret


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    """An empty home and working directory, no variables, no keyring, nothing hidden."""
    for name in [*variables(), "KAGGLE_CONFIG_DIR", "XDG_CONFIG_HOME", "NETRC", "AWS_CONFIG_FILE"]:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.delenv("KAGGLE_ENABLE_OAUTH", raising=False)
    monkeypatch.delenv("AWS_SHARED_CREDENTIALS_FILE", raising=False)
    monkeypatch.setattr(redaction, "_known", frozenset())
    monkeypatch.setattr(redaction, "_pattern", None)
    monkeypatch.setattr(stored, "_backend", lambda: None)
    (tmp_path / "home").mkdir()
    (tmp_path / "work").mkdir()
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path / "work")
    return tmp_path / "home"


class InMemory(keyring.backend.KeyringBackend):
    """A keyring that works."""

    priority = 5  # type: ignore[assignment]

    def __init__(self):
        super().__init__()
        self.kept = {}

    def set_password(self, service, username, password):
        self.kept[service, username] = password

    def get_password(self, service, username):
        return self.kept.get((service, username))

    def delete_password(self, service, username):
        del self.kept[service, username]


class Broken(InMemory):
    """A keyring whose desktop is not there."""

    def set_password(self, service, username, password):
        raise RuntimeError("no session bus")

    get_password = set_password


def private(path: Path, text: str | bytes) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    path.chmod(0o600)
    return path


def said(service: str) -> str:
    found = find(service)
    assert found is not None
    return " ".join(f"{one.happened} {one.next_step}" for one in problems(found))


def test_nothing_is_found_where_nothing_is():
    assert [find(service) for service in SERVICES] == [None] * len(SERVICES)
    assert listing() == []
    with pytest.raises(AccessError, match="Kaggle") as caught:
        need("kaggle")
    assert "cxr credentials set kaggle" in caught.value.next_step
    assert caught.value.exit_code == 3


def test_an_unknown_service_names_the_nearest():
    with pytest.raises(UsageError, match="Did you mean physionet"):
        find("physonet")


def test_kaggles_places_in_their_order(home, monkeypatch):
    """From the last to the first: each one found hides those after it."""

    def where():
        found = find("kaggle")
        assert found is not None
        assert found.usable
        return found.text("token") or found.text("key"), found.where

    other = private(home / ".config" / "kaggle" / "kaggle.json", '{"username": "u", "key": "key-of-xdg"}')
    assert where() == ("key-of-xdg", str(other))
    usual = private(home / ".kaggle" / "kaggle.json", '{"username": "u", "key": "key-of-home"}')
    assert where() == ("key-of-home", str(usual))
    named = private(home / "elsewhere" / "kaggle.json", '{"username": "u", "key": "key-named"}')
    monkeypatch.setenv("KAGGLE_CONFIG_DIR", str(named.parent))
    assert where() == ("key-named", str(named))
    kept = store("kaggle", {"username": "u", "key": "key-kept"})
    assert where() == ("key-kept", kept)
    Path(".env").write_text("KAGGLE_USERNAME=u\nKAGGLE_KEY=key-of-dotenv\n")
    assert where() == ("key-of-dotenv", "KAGGLE_USERNAME in .env, KAGGLE_KEY in .env")
    monkeypatch.setenv("KAGGLE_KEY", "key-of-environ")
    assert where()[0] == "key-of-environ", "the environment comes before .env, variable by variable"
    login = private(home / ".kaggle" / "credentials.json", '{"access_token": "token-of-login"}')
    assert where()[0] == "key-of-environ", "Kaggle's own program does not look there either"
    monkeypatch.setenv("KAGGLE_ENABLE_OAUTH", "1")
    assert where() == ("token-of-login", str(login))
    notebook = private(home / "notebook-token", "token-of-notebook")
    monkeypatch.setenv("KAGGLE_API_V1_TOKEN", str(notebook))
    assert where()[0] == "token-of-notebook"
    token = private(home / ".kaggle" / "access_token", "token-of-file\n")
    assert where() == ("token-of-file", str(token))
    monkeypatch.setenv("KAGGLE_API_TOKEN", str(private(home / "t", "token-through-path")))
    assert where()[0] == "token-through-path"
    monkeypatch.setenv("KAGGLE_API_TOKEN", "KGAT_token-itself")
    assert where() == ("KGAT_token-itself", "environment variable KAGGLE_API_TOKEN")


def test_kaggles_login_brings_what_renews_it_and_shows_nothing(home, monkeypatch):
    Path(".env").write_text("KAGGLE_ENABLE_OAUTH=true\n")
    private(
        home / ".kaggle" / "credentials.json",
        '{"refresh_token": "canary-refresh", "access_token": "canary-access", "username": "u", "scopes": [],'
        ' "access_token_expiration": "2026-11-21T12:00:00+00:00"}',
    )
    found = find("kaggle")
    assert found.text("token") == "canary-access"
    assert found.text("refresh_token") == "canary-refresh"
    assert found.text("expires") == "2026-11-21T12:00:00+00:00"
    assert "canary" not in f"{found} {found.masked()}"
    assert redact("a canary-refresh in a log") == "a [redacted] in a log"
    monkeypatch.setenv("KAGGLE_ENABLE_OAUTH", "no")
    assert find("kaggle") is None


@pytest.mark.parametrize(
    ("text", "happened"),
    [
        ("{", "not a JSON object"),
        ('{"refresh_token": "canary"}', "access_token"),
        ("[]", "not a JSON object"),
    ],
)
def test_what_is_wrong_with_kaggles_login_is_said_without_quoting_it(home, monkeypatch, text, happened):
    monkeypatch.setenv("KAGGLE_ENABLE_OAUTH", "yes")
    private(home / ".kaggle" / "credentials.json", text)
    assert happened in said("kaggle")
    assert "kaggle auth login" in said("kaggle")
    assert "canary" not in said("kaggle")
    assert not find("kaggle").usable


def test_physionet_from_variables_then_netrc(home, monkeypatch):
    private(
        home / ".netrc",
        "machine other.org login x password y\nmachine physionet.org\n login me password p#1\n",
    )
    found = find("physionet")
    assert (found.text("username"), found.text("password")) == ("me", "p#1")
    assert found.where == str(home / ".netrc")
    monkeypatch.setenv("PHYSIONET_USERNAME", "you")
    assert find("physionet").text("username") == "me", "half of the variables do not suffice"
    monkeypatch.setenv("PHYSIONET_PASSWORD", "secret")
    assert find("physionet").text("username") == "you"


def test_a_password_meant_for_any_machine_is_not_sent_to_physionet(home):
    private(home / ".netrc", "default login me password canary\n")
    assert find("physionet") is None


def test_netrc_with_comments_and_macros(home):
    macro = "macdef init\nmachine physionet.org login no password no\n\n"
    private(home / ".netrc", f"# mine\n{macro}machine PhysioNet.org login me password p\n")
    assert find("physionet").text("username") == "me"


@pytest.mark.parametrize(
    ("text", "happened"),
    [
        ("machine physionet.org login me", "no complete entry"),
        ("machine physionet.org login", "ends after the word 'login'"),
        ("machine physionet.org login me canary", "a word stands where"),
        (b"machine physionet.org \xff\xfe", "not UTF-8"),
    ],
)
def test_what_is_wrong_with_netrc_is_said_without_quoting_it(home, text, happened):
    private(home / ".netrc", text)
    assert happened in said("physionet")
    assert "canary" not in said("physionet")
    with pytest.raises(AccessError, match=happened):
        need("physionet")


@pytest.mark.parametrize(
    ("text", "happened"),
    [
        ("username=canary", "not a JSON object"),
        ('["canary"]', "not a JSON object"),
        ("[" * 100_000, "not a JSON object"),
        ('{"username": "u"}', 'has no "key"'),
        ('{"username": "", "key": 5}', 'has no "username" and "key"'),
        (b"\xff\xfe{", "not UTF-8"),
        ("", "not a JSON object"),
        (" " * 300_000, "too large"),
    ],
)
def test_what_is_wrong_with_kaggle_json_is_said_without_quoting_it(home, text, happened):
    path = private(home / ".kaggle" / "kaggle.json", text)
    assert happened in said("kaggle")
    assert str(path) in said("kaggle")
    assert "canary" not in said("kaggle")
    assert not find("kaggle").usable
    with pytest.raises(AccessError):
        need("kaggle")


def test_a_broken_place_does_not_hide_a_good_one(home):
    private(home / ".kaggle" / "access_token", "two words")
    private(home / ".kaggle" / "kaggle.json", '{"username": "u", "key": "good-one"}')
    assert find("kaggle").text("key") == "good-one"


def test_a_file_that_others_can_read_works_and_is_told(home):
    path = private(home / ".kaggle" / "kaggle.json", '{"username": "u", "key": "k12345"}')
    path.chmod(0o644)
    assert find("kaggle").usable
    assert f"chmod 600 {path}" in said("kaggle")
    assert need("kaggle").text("key") == "k12345"
    path.chmod(0o600)
    assert said("kaggle") == ""


def test_a_dotenv_that_others_can_read_is_told(home):
    Path(".env").write_text("REDIVIS_API_TOKEN=token-of-dotenv\n")
    Path(".env").chmod(0o644)
    assert "chmod 600 .env" in said("redivis")
    Path(".env").chmod(0o600)
    assert said("redivis") == ""


def test_a_file_that_cannot_be_read_is_told(home):
    (home / ".netrc").symlink_to(home / ".netrc")
    assert "cannot be read" in said("physionet")


def test_a_pipe_or_folder_in_a_files_place_is_told_and_does_not_wait(home):
    (home / ".kaggle").mkdir()
    os.mkfifo(home / ".kaggle" / "kaggle.json")
    assert "not a file" in said("kaggle")
    (home / ".netrc").mkdir()
    assert "not a file" in said("physionet")


def test_a_token_that_is_a_path_to_nowhere_is_told_without_quoting_it(monkeypatch):
    monkeypatch.setenv("KAGGLE_API_TOKEN", "~/canary")
    assert "looks like a path" in said("kaggle")
    assert "canary" not in said("kaggle")


def service_account(**changes: object) -> str:
    return json.dumps(
        {"type": "service_account", "client_email": "a@b", "private_key": "canary", "project_id": "p"}
        | changes
    )


def test_google_credentials_and_project(home, monkeypatch):
    path = private(home / "key.json", service_account())
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", "~/key.json")
    monkeypatch.setenv("GOOGLE_CLOUD_PROJECT", "paying")
    found = need("gcs")
    assert (found.text("credentials_file"), found.text("project")) == ("~/key.json", "paying")
    assert said("gcs") == ""
    path.unlink()
    assert "There is no file ~/key.json" in said("gcs")


def test_google_credentials_of_gcloud_are_found(home, monkeypatch):
    path = home / ".config" / "gcloud" / "application_default_credentials.json"
    private(path, json.dumps({"type": "authorized_user", "client_id": "c", "refresh_token": "canary"}))
    assert need("gcs").text("credentials_file") == str(path)


@pytest.mark.parametrize(
    ("text", "happened"),
    [
        ("{canary", "not a JSON object"),
        ('{"canary": 1}', "holds no Google credentials"),
        (service_account(type="canary"), "holds no Google credentials"),
        (service_account(private_key=""), "has no private_key"),
    ],
)
def test_what_is_wrong_with_a_google_file_is_said(home, monkeypatch, text, happened):
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(private(home / "key.json", text)))
    assert happened in said("gcs")
    assert "canary" not in said("gcs")
    assert not find("gcs").usable


def test_a_google_key_put_where_its_path_belongs_is_not_shown(monkeypatch):
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", service_account())
    found = find("gcs")
    assert not found.usable
    assert "canary" not in f"{found} {found.masked()} {said('gcs')}"


def test_aws_profiles_are_named_and_their_keys_left_alone(home, monkeypatch):
    path = private(
        home / ".aws" / "credentials", "[default]\naws_secret_access_key = canary\n[lab]\nx = %(y)s\n"
    )
    assert find("aws").values == {"profile": "default"}
    assert find("aws").where == f"{path}, profile default"
    monkeypatch.setenv("AWS_PROFILE", "lab")
    assert find("aws").values == {"profile": "lab"}
    monkeypatch.setenv("AWS_PROFILE", "nowhere")
    assert "no AWS profile nowhere" in said("aws")
    monkeypatch.delenv("AWS_PROFILE")
    private(path, "canary = 1\n[default\n")
    assert "not an AWS profile file" in said("aws")
    assert "canary" not in said("aws")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIA")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "canary")
    assert find("aws").masked() == {"access_key_id": "AKIA", "secret_access_key": "****"}


def test_aws_profiles_of_the_config_file(home):
    private(home / ".aws" / "config", "[profile lab]\nregion = x\n[default]\nregion = y\n")
    assert find("aws").values == {"profile": "default"}


def test_kept_in_a_file_that_was_never_readable_by_others(home):
    """A watcher looks at the folder all the while: it never sees a wider mode or half a file."""
    folder = home / ".config" / "cxr" / "credentials"
    seen: set[int] = set()
    stop = threading.Event()

    def watch():
        while not stop.is_set():
            for path in folder.glob("*") if folder.exists() else ():
                try:
                    seen.add(stat.S_IMODE(path.stat().st_mode))
                except FileNotFoundError:
                    continue

    before = os.umask(0)
    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        for number in range(50):
            where = store("physionet", {"username": "me", "password": f"password-{number}"})
    finally:
        os.umask(before)
        stop.set()
        watcher.join()
    assert where == str(folder / "physionet.json")
    assert seen <= {0o600}
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert [path.name for path in folder.iterdir()] == ["physionet.json"], "no part is left"
    assert need("physionet").text("password") == "password-49"
    assert find("physionet").where == where


def test_kept_in_the_keyring_where_one_works(home, monkeypatch):
    backend = InMemory()
    monkeypatch.setattr(stored, "_backend", lambda: backend)
    assert store("redivis", {"token": "canary-token"}) == "keyring"
    assert need("redivis").text("token") == "canary-token"
    assert find("redivis").where == "keyring"
    assert all("canary" not in path.read_text() for path in home.rglob("*") if path.is_file())
    assert remove("redivis") == "keyring"
    assert backend.kept == {}
    assert find("redivis") is None
    assert remove("redivis") is None


@pytest.mark.parametrize("name", ["keyring.backends.fail.Keyring", "keyring.backends.null.Keyring"])
def test_a_keyring_that_keeps_nothing_is_not_trusted(home, monkeypatch, name):
    monkeypatch.undo()
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.delenv("XDG_CONFIG_HOME", raising=False)
    monkeypatch.delenv("REDIVIS_API_TOKEN", raising=False)
    before = keyring.get_keyring()
    keyring.set_keyring(keyring.core.load_keyring(name))
    try:
        assert store("redivis", {"token": "canary-token"}).endswith("redivis.json")
        assert need("redivis").text("token") == "canary-token"
    finally:
        keyring.set_keyring(before)


def test_a_keyring_that_fails_falls_back_to_the_file(monkeypatch):
    monkeypatch.setattr(stored, "_backend", Broken)
    assert store("redivis", {"token": "t12345"}).endswith("redivis.json")
    assert need("redivis").text("token") == "t12345"


def test_a_keyring_that_lost_the_entry_is_told(monkeypatch):
    backend = InMemory()
    monkeypatch.setattr(stored, "_backend", lambda: backend)
    store("redivis", {"token": "t12345"})
    backend.kept.clear()
    assert "keyring has nothing for redivis" in said("redivis")
    assert "cxr credentials set redivis" in said("redivis")


def test_a_damaged_file_of_ours_is_told(home):
    where = Path(store("redivis", {"token": "t12345"}))
    where.write_text('{"token": ')
    assert f"{where} is damaged" in said("redivis")
    where.write_text('{"token": 3}')
    assert f"{where} is damaged" in said("redivis")
    assert remove("redivis") == str(where)


@pytest.mark.parametrize(
    ("service", "values"),
    [
        ("kaggle", {"username": "u"}),
        ("kaggle", {"tokn": "canary"}),
        ("kaggle", {"token": " \n"}),
        ("physionet", {"username": "u", "password": "canary\nmachine evil"}),
        ("nowhere", {"token": "canary"}),
        ("kaggle", {}),
    ],
)
def test_what_cannot_be_kept_is_refused_without_quoting_it(home, service, values):
    with pytest.raises(UsageError) as caught:
        store(service, values)
    assert "canary" not in str(caught.value)
    assert caught.value.next_step
    assert list(home.rglob("*.json")) == []


def test_a_folder_that_cannot_be_written_is_told(home):
    (home / ".config").write_text("a file")
    with pytest.raises(StorageError, match="cannot be written") as caught:
        store("redivis", {"token": "canary-token"})
    assert "canary" not in str(caught.value)


def test_removing_leaves_other_programs_files_alone(home):
    path = private(home / ".kaggle" / "kaggle.json", '{"username": "u", "key": "k12345"}')
    store("kaggle", {"token": "kept-token"})
    assert remove("kaggle") is not None
    assert find("kaggle").where == str(path)


def test_a_dotenv_line_of_ours_that_cannot_be_read_is_not_quoted(home):
    Path(".env").write_text("PHYSIONET_PASSWORD='canary\n")
    with pytest.raises(ConfigError) as caught:
        find("physionet")
    assert "canary" not in str(caught.value)
    assert "line 1" in str(caught.value)


def test_dotenv_values_are_taken_as_they_are(home, monkeypatch):
    monkeypatch.setenv("OTHER", "expanded")
    Path(".env").write_text("export PHYSIONET_USERNAME=me # mine\nPHYSIONET_PASSWORD='a$OTHER${OTHER}#b c'\n")
    found = find("physionet")
    assert (found.text("username"), found.text("password")) == ("me", "a$OTHER${OTHER}#b c")


def test_a_secret_shows_itself_nowhere_but_where_it_is_asked():
    secret = Secret("canary-value")
    shown = f"{secret} {secret!r} {[secret]} {secret:>20} " + "%s" % secret  # noqa: UP031  one way of showing
    assert "canary" not in shown
    with pytest.raises(TypeError):
        json.dumps(secret)
    assert secret.reveal() == "canary-value"
    assert secret == Secret("canary-value")
    assert secret != Secret("other-value")
    assert secret != "canary-value"
    assert len({secret, Secret("canary-value")}) == 1
    assert pickle.loads(pickle.dumps(secret)) == secret


def test_what_was_found_is_taken_out_of_all_later_text(home):
    private(home / ".netrc", "machine physionet.org login me@uni.edu password pass/word+1\n")
    find("physionet")
    basic = base64.b64encode(b"me@uni.edu:pass/word+1").decode()
    assert "pass" not in redact("https://me:pass/word+1@h pass/word+1 pass%2Fword%2B1")
    assert basic not in redact(f"header {basic}")


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(max_size=120), st.sampled_from([".netrc", ".kaggle/kaggle.json", ".aws/credentials"]))
def test_any_file_gives_credentials_or_problems(home, data, name):
    path = private(home / name, data)
    try:
        for found in listing():
            assert found.usable or any(one.fatal for one in problems(found))
    finally:
        path.unlink()
