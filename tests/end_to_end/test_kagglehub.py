"""Kaggle's own library, as it is published, downloads from the lab and takes it for Kaggle."""

import hashlib
import os
import subprocess
import sys
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import pytest
from support.labs import kaggle_test_port, lab

CODE = """
import kagglehub, sys
print("came to", kagglehub.dataset_download("nih-chest-xrays/data", path=sys.argv[1] or None))
"""


@pytest.fixture(scope="module")
def running():
    try:
        installed = version("kagglehub")
    except PackageNotFoundError:
        pytest.skip("needs kagglehub: `make test` installs it")
    assert installed == "1.0.3"
    with kaggle_test_port() as port, lab(images=30, hosts=["kaggle"], ports={"kaggle": port}) as started:
        yield started


@pytest.fixture
def download(running, tmp_path):
    """Downloads in a process of its own, with a home of its own and a token."""
    running.failures.clear()
    running.reset_accounts()

    def run(path=""):
        home = {"HOME": str(tmp_path), "KAGGLEHUB_CACHE": str(tmp_path / "cache")}
        return subprocess.run(
            [sys.executable, "-c", CODE, path],
            env={"PATH": os.environ["PATH"], "KAGGLE_API_TOKEN": "KGAT_lab", **home, **running.environment},
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

    return run


def came(done) -> Path:
    """Where the download says it is."""
    assert done.returncode == 0, done.stderr
    return Path(done.stdout.rpartition("came to ")[2].strip())


def test_the_environment_points_it_at_the_lab(running):
    assert running.environment["KAGGLE_API_ENVIRONMENT"] == "TEST"


def test_it_downloads_the_whole_dataset(running, download):
    folder = came(download())
    for path, sha256 in running.images.items():
        assert hashlib.sha256((folder / path).read_bytes()).hexdigest() == sha256
    for name in running.shelf.singles:
        assert (folder / name).read_bytes() == running.shelf.files[name].path.read_bytes()
    assert sum(file.is_file() for file in folder.rglob("*")) == 30 + len(running.shelf.singles)


@pytest.mark.parametrize("zipped", [0, 1])
def test_it_downloads_one_file(running, download, zipped):
    """Also where it comes inside a zip."""
    running.failures["csv-zipped"] = zipped
    file = came(download("Data_Entry_2017.csv"))
    assert file.read_bytes() == (running.tables / "Data_Entry_2017.csv").read_bytes()
    assert [".zip" in exchange.path for exchange in running.requests("kaggle")][-1] == bool(zipped)


def test_it_finds_a_folder_by_the_listing(running, download):
    folder = came(download("images_003"))
    found = {f"images_003/{file.relative_to(folder).as_posix()}" for file in folder.rglob("*.png")}
    assert found == {path for path in running.images if path.startswith("images_003/")}


@pytest.mark.parametrize("path", ["", "Data_Entry_2017.csv"])
def test_it_notices_a_wrong_checksum(running, download, path):
    """So it does compare the one that the lab states."""
    running.failures["wrong-md5"] = 1
    done = download(path)
    assert done.returncode != 0
    assert "DataCorruptionError" in done.stderr


def test_its_token_is_sent_to_kaggle_alone(running, download):
    came(download("test_list.txt"))
    sent = {
        exchange.server: exchange.headers.get("authorization", "") for exchange in running.requests("kaggle")
    }
    assert sent == {"kaggle": "Bearer KGAT_lab", "kaggle-storage": ""}
