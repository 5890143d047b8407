"""GNU wget mirrors the lab's PhysioNet by PhysioNet's own recipe, and gets the bytes that are published.

The recipe: https://physionet.org/content/mimic-cxr-jpg/2.1.0/. The password is where wget wants it on a
machine with others on it: in a file that only its owner reads.
"""

import hashlib
import shutil
import subprocess

import pytest
from support.labs import lab

from cxr.lab.mimic_build import JPG, TEXTS
from cxr.lab.physionet_rules import IMAGES_ONLY, NEWCOMER, READER, Account

SUMS = "SHA256SUMS.txt"
AUTHENTICATION_FAILED, SERVER_ERROR = 6, 8  # exit codes of wget's manual


@pytest.fixture(scope="module")
def wget():
    program = shutil.which("wget")
    if program is None:
        pytest.skip("needs GNU wget: `apt-get install wget`")
    return program


@pytest.fixture(scope="module")
def running():
    with lab(hosts=["physionet"]) as started:
        yield started


@pytest.fixture
def mirror(wget, running, tmp_path):
    """Runs wget in an empty folder with somebody's password; it names the project's address itself."""
    running.failures.clear()
    running.reset_accounts()

    def run(*arguments, who=READER, project=JPG, listed=""):
        secrets = tmp_path / "wgetrc"
        secrets.touch(mode=0o600)
        secrets.write_text(f"user={who.name}\npassword={who.password}\ntries=20\nwaitretry=0\n", "utf-8")
        address = f"{running.origin('physionet')}/files/{project}/"
        last = [f"--base={address}"] if listed else [address]
        return subprocess.run(
            [wget, "-q", "-r", "-N", "-c", "-np", *arguments, *last],
            env={"HOME": str(tmp_path), "WGETRC": str(secrets), "LC_ALL": "C"},
            cwd=tmp_path,
            input=listed,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

    return run


def came(folder):
    """Path to SHA-256 of what was mirrored, but for the pages of folders, which wget saves as well."""
    files = (file for file in folder.rglob("*") if file.is_file() and file.name != "index.html")
    return {str(file.relative_to(folder)): hashlib.sha256(file.read_bytes()).hexdigest() for file in files}


def published(running, project):
    listed = running.mimic.projects[project].read(SUMS)
    return {**running.mimic.checksums(project), SUMS: hashlib.sha256(listed).hexdigest()}


@pytest.mark.parametrize("project", [JPG, TEXTS])
def test_a_whole_project_by_its_folders(running, mirror, tmp_path, project):
    done = mirror(project=project)
    host = next(path for path in tmp_path.iterdir() if path.is_dir())
    assert came(host / "files" / project) == published(running, project), done.stderr


def test_some_images_by_a_list(running, mirror, tmp_path):
    wanted = running.mimic.images[3:20]
    done = mirror("-nH", "--cut-dirs=1", "-i", "-", listed="\n".join(wanted) + "\n")
    assert done.returncode == 0, done.stderr
    assert came(tmp_path / JPG) == {path: running.mimic.checksums(JPG)[path] for path in wanted}


def test_a_second_run_brings_nothing_that_has_not_changed(running, mirror):
    wanted = "\n".join(running.mimic.images[:8]) + "\n"
    for _ in range(2):
        mirror("-nH", "--cut-dirs=1", "-i", "-", listed=wanted)
    statuses = [one.status for one in running.requests("physionet") if one.path.endswith(".jpg")]
    assert statuses.count(200) == 8
    assert statuses.count(304) == 8


def test_the_password_is_sent_only_when_it_is_asked_for(running, mirror):
    mirror("-nH", "--cut-dirs=1", "-i", "-", listed=f"{running.mimic.images[0]}\n")
    first, second, *_ = running.requests("physionet")
    assert (first.status, "authorization" in first.headers) == (401, False)
    assert (second.status, "authorization" in second.headers) == (200, True)


@pytest.mark.parametrize(
    ("who", "project", "code"),
    [
        (Account(READER.name, "wrong"), JPG, AUTHENTICATION_FAILED),
        (NEWCOMER, JPG, SERVER_ERROR),
        (IMAGES_ONLY, TEXTS, SERVER_ERROR),
    ],
    ids=["wrong password", "not credentialed", "other agreement"],
)
def test_a_refusal_ends_it_and_brings_no_file(mirror, tmp_path, who, project, code):
    done = mirror(who=who, project=project)
    assert done.returncode == code, done.stderr
    assert not [path for path in tmp_path.rglob("*") if path.is_file() and path.name != "wgetrc"]


def test_connections_that_break_are_gone_on_with(running, mirror, tmp_path):
    """So Range and what wget makes of it fit together."""
    running.failures["early-close"] = 0.4
    wanted = running.mimic.images[:25]
    mirror("-nH", "--cut-dirs=1", "-i", "-", listed="\n".join(wanted) + "\n")
    assert came(tmp_path / JPG) == {path: running.mimic.checksums(JPG)[path] for path in wanted}
    assert {one.status for one in running.requests("physionet")} == {200, 206, 401}
