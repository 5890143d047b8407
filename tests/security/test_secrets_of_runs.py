"""Canaries in every place where a credential for Kaggle lies, and whole runs that go well or wrong with them.

Afterwards everything that was written or said is searched, the arguments of all processes included.
"""

import base64
import json
import socket
import subprocess
import sys

import pytest
from support.lab_library import IMPATIENT, variables
from support.labs import lab
from support.program import environment
from support.watched_runs import forms, holding, watched

CANARY = "KGATc4n/ry+0815'é%"
ANOTHER = "r3fr/sh+4711'é%"
CHOICES = {"images": 24, "size": 96, "folders": 3}


def write(path, text):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    path.chmod(0o644)  # so that what is said about it is searched, too
    return path


def token_variable(home):
    return {"KAGGLE_API_TOKEN": CANARY}, []


def variable_that_names_a_file(home):
    path = write(home / "secrets" / "token", CANARY)
    return {"KAGGLE_API_TOKEN": str(path)}, [path]


def token_file(home):
    return {}, [write(home / ".kaggle" / "access_token", CANARY)]


def notebook_variable(home):
    path = write(home / "secrets" / "v1", CANARY)
    return {"KAGGLE_API_V1_TOKEN": str(path)}, [path]


def login_of_kaggle_s_program(home):
    content = {"access_token": CANARY, "refresh_token": ANOTHER, "username": "someone"}
    content["access_token_expiration"] = "2099-01-01T00:00:00Z"
    path = write(home / ".kaggle" / "credentials.json", json.dumps(content))
    return {"KAGGLE_ENABLE_OAUTH": "1"}, [path]


def key_variables(home):
    return {"KAGGLE_USERNAME": "someone", "KAGGLE_KEY": CANARY}, []


def kept_by_cxr(home):
    code = "import sys; from cxr.credentials import store; store('kaggle', {'token': sys.stdin.read()})"
    subprocess.run(
        [sys.executable, "-c", code], input=CANARY, env=environment(home), cwd=home, text=True, check=True
    )
    return {}, [home / ".config" / "cxr" / "credentials" / "kaggle.json"]


def older_file(home):
    return {}, [write(home / ".kaggle" / "kaggle.json", json.dumps({"username": "someone", "key": CANARY}))]


def dotenv(home):
    return {}, [write(home / ".env", f'KAGGLE_API_TOKEN="{CANARY}"\n')]


# Each with a failure of its own, so that all errors of a host are told with some credential in the air.
PLACES = {
    token_variable: {"rate-limit": 0.3},
    variable_that_names_a_file: {"expired-link": 0.5},
    token_file: {"reset": 0.5},
    notebook_variable: {"no-single-files": 1},
    login_of_kaggle_s_program: {"server-error": 0.3},
    key_variables: {"missing-dataset": 1},
    kept_by_cxr: {"early-close": 0.5},
    older_file: {"csv-zipped": 1},
    dotenv: {"no-ranges": 0.5},
}


@pytest.fixture(scope="module")
def started():
    with lab(**CHOICES) as one:
        yield one


@pytest.fixture
def running(started):
    started.failures.clear()
    started.reset_accounts()
    return started


def nih(home, *more):
    return ["download", "--source", "nih", "--base-dir", home / "L", "-vv", "--yes", *more]


def headers():
    """Return what Kaggle is to be sent: the token, or name and key."""
    pair = base64.b64encode(f"someone:{CANARY}".encode()).decode()
    return {f"Bearer {CANARY}", f"Basic {pair}", f"Bearer {CANARY}".encode().decode("latin-1")}


def check_clean(home, running, planted, *runs):
    """No canary, and no signature of an address, is in anything that was written or said."""
    signed = [one.query for one in running.requests("kaggle") if one.query]
    signatures = {value for query in signed for name, value in query.items() if "Signature" in name}
    secrets = {CANARY, ANOTHER, *signatures}
    assert holding(home, secrets, planted) == []
    for run in runs:
        assert run.processes
        said = run.said.encode() + run.arguments
        assert [form for secret in secrets for form in forms(secret) if form in said] == []
        assert "Traceback" not in run.said
    return signatures


@pytest.mark.parametrize("place", PLACES, ids=lambda place: place.__name__)
def test_no_secret_is_written_said_or_shown_to_other_users(place, running, tmp_path):
    """It is used, so it was in the air: Kaggle saw it. Whom Kaggle leads to saw none."""
    extra, planted = place(tmp_path)
    told = {**variables(running), **extra}
    plan = watched(tmp_path, nih(tmp_path, "--dry-run", "--json"), told)
    assert plan.code == 0, plan.said
    used = {one.headers.get("authorization") for one in running.requests("kaggle") if one.server == "kaggle"}
    assert len(used) == 1
    assert used <= headers()
    running.failures.update(PLACES[place])
    done = watched(tmp_path, nih(tmp_path), told)
    assert done.code in (0, 1, 3, 4), done.said
    assert check_clean(tmp_path, running, planted, plan, done)
    strangers = [one for one in running.requests("kaggle") if one.server == "kaggle-storage"]
    assert strangers
    assert not any("authorization" in one.headers for one in strangers)


def test_box_is_never_sent_a_credential(running, tmp_path):
    told = {**variables(running), "KAGGLE_API_TOKEN": CANARY}
    done = watched(tmp_path, nih(tmp_path, "--host", "box", "--tables", running.tables), told)
    assert done.code == 0, done.said
    assert running.requests("box")
    assert not any("authorization" in one.headers for one in running.requests("box"))
    assert holding(tmp_path, [CANARY]) == []
    # The address that a link leads to is a key to the file, for a while: it is kept nowhere either.
    keys = {one.path.split("/")[3] for one in running.requests("box") if one.server == "box-download"}
    assert keys
    assert holding(tmp_path, keys) == []


def test_what_kaggle_does_not_accept_is_refused_without_being_quoted(tmp_path):
    with lab(**CHOICES, anonymous=False, credentials=["Bearer right"]) as running:
        extra, planted = token_file(tmp_path)
        told = {**variables(running), **extra}
        runs = [
            watched(tmp_path, nih(tmp_path, "--json"), told),
            watched(tmp_path, ["check-access", "--source", "nih", "-v"], told),
            watched(tmp_path, ["credentials", "list"], told),
        ]
        assert [run.code for run in runs] == [3, 3, 0]
        assert "access_token" in runs[0].said
        check_clean(tmp_path, running, planted, *runs)


def test_a_repair_keeps_them_to_itself(running, tmp_path):
    extra, planted = older_file(tmp_path)
    told = {**variables(running), **extra}
    first = watched(tmp_path, nih(tmp_path), told)
    image = min((tmp_path / "L" / "Images").iterdir())
    image.write_bytes(image.read_bytes()[:-9])
    typed = [
        "validate",
        "--source",
        "nih",
        "--engine",
        "serial",
        "--repair",
        "-vv",
        "--base-dir",
        tmp_path / "L",
    ]
    repaired = watched(tmp_path, typed, told)
    assert (first.code, repaired.code) == (0, 0), repaired.said
    assert check_clean(tmp_path, running, planted, first, repaired)


def test_the_password_of_a_proxy_is_nowhere(running, tmp_path):
    with socket.socket() as taken:  # bound, and nobody listens
        taken.bind(("127.0.0.1", 0))
        proxy = f"http://someone:s3cr3t-c4nary@127.0.0.1:{taken.getsockname()[1]}"
        hosts = {
            "CXR_SOURCES__HOSTS__KAGGLE__API": "https://localhost:1/v1",
            "CXR_SOURCES__HOSTS__KAGGLE__WEB": "https://localhost:1/api/v1",
        }
        told = {**variables(running), **IMPATIENT, **hosts, "HTTPS_PROXY": proxy, "ALL_PROXY": proxy}
        done = watched(tmp_path, nih(tmp_path, "--json"), told)
    assert done.code == 4, done.said
    assert "proxy" in done.said
    assert running.count("kaggle") == 0
    said = done.said.encode() + done.arguments
    assert [form for form in forms("s3cr3t-c4nary") if form in said] == []
    assert holding(tmp_path, ["s3cr3t-c4nary"]) == []


def test_the_search_finds_what_is_there(tmp_path):
    (tmp_path / "x.db-wal").write_bytes(b"\0\1" + CANARY.encode() + b"\2")
    (tmp_path / "headers.log").write_text(base64.b64encode(f"someone:{CANARY}".encode()).decode())
    assert len({one.split(":")[0] for one in holding(tmp_path, [CANARY])}) == 2
    run = watched(tmp_path, ["--help", CANARY], {})
    assert CANARY.encode() in run.arguments


@pytest.mark.acceptance
def test_further_processes_that_move_the_bytes_are_not_told_by_their_arguments(tmp_path):
    """They run where many large files come; each has the credential, since it asks Kaggle by itself."""
    with lab(images=460, size=1024, folders=1, folder=tmp_path / "lab") as running:
        assert sum(running.sizes.values()) > 200 << 20
        home = tmp_path / "home"
        home.mkdir()
        extra, planted = token_file(home)
        done = watched(home, nih(home), {**variables(running), **extra})
        assert done.code == 0, done.said
        assert done.processes >= 3
        assert check_clean(home, running, planted, done)
