"""``dataset_sources.yaml`` and its variables: what takes the place of addresses and names in the code."""

from pathlib import Path

import pytest

from cxr.config import effective, load
from cxr.errors import ConfigError
from cxr.model import Place

PUBLISHED = Place("nih-chest-xrays/data", files={"a.tar.gz": "id.gz"}, checksums={"a.tar.gz": "md5:00"})


@pytest.fixture(autouse=True)
def _nowhere(tmp_path, monkeypatch):
    for name in ("CXR_DATASET_SOURCES", "CXR_SOURCES__HOSTS__KAGGLE__API"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    (tmp_path / "work").mkdir()
    monkeypatch.chdir(tmp_path / "work")


def written(text: str, at: str = "dataset_sources.yaml") -> Path:
    path = Path(at)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def place(dataset: str = "nih", host: str = "kaggle") -> Place:
    return load(None, {}).sources.place(PUBLISHED, dataset, host)


def test_without_a_file_a_place_is_as_the_code_has_it():
    assert place() == PUBLISHED


def test_what_the_file_says_takes_the_place_of_the_code_and_the_rest_stays():
    written(
        "hosts:\n  kaggle: {api: 'http://127.0.0.1:7777/v1'}\n"
        "datasets:\n  nih:\n    kaggle: {dataset: me/mine}\n"
        "    box: {checksums: {images_001.tar.gz: 'md5:ab'}}\n"
    )
    assert place() == Place(
        "me/mine", PUBLISHED.files, PUBLISHED.checksums, {"api": "http://127.0.0.1:7777/v1"}
    )
    assert place(host="box").checksums == {"images_001.tar.gz": "md5:ab"}
    assert place(dataset="mimic") == Place(
        PUBLISHED.dataset, PUBLISHED.files, PUBLISHED.checksums, {"api": "http://127.0.0.1:7777/v1"}
    )


def test_a_variable_overrides_the_file_and_is_no_setting(monkeypatch):
    written("hosts:\n  kaggle: {api: 'https://one.example/v1'}\n")
    monkeypatch.setenv("CXR_SOURCES__HOSTS__KAGGLE__API", "https://two.example/v1")
    assert place().addresses == {"api": "https://two.example/v1"}


def test_dotenv_names_values_and_a_file_too_and_the_environment_overrides_it(monkeypatch):
    variable = "CXR_SOURCES__HOSTS__KAGGLE__API"
    written("hosts: {kaggle: {api: 'https://file.example/v1', web: 'https://web.example'}}\n", "x.yaml")
    written(f"CXR_DATASET_SOURCES=x.yaml\n{variable}=https://dotenv.example/v1\n", ".env")
    assert place().addresses == {"api": "https://dotenv.example/v1", "web": "https://web.example"}
    (one,) = (one for one in effective(load(None, {})) if one.key == "sources.hosts.kaggle.api")
    assert one.origin == f".env, line 2 ({variable})"
    monkeypatch.setenv(variable, "https://environ.example/v1")
    assert place().addresses["api"] == "https://environ.example/v1"


def test_the_named_file_is_read_before_that_of_the_working_directory_and_that_before_the_users(monkeypatch):
    names = {"x.yaml": "c", "dataset_sources.yaml": "b", "../config/cxr/dataset_sources.yaml": "a"}
    for path, owner in reversed(names.items()):
        written(f"datasets: {{nih: {{kaggle: {{dataset: {owner}/x}}}}}}\n", path)
        if path == "x.yaml":
            monkeypatch.setenv("CXR_DATASET_SOURCES", path)
        assert place().dataset == f"{owner}/x"


def test_what_is_overridden_is_shown_with_where_it_came_from():
    written("hosts:\n  kaggle:\n    api: https://one.example/v1\n")
    shown = {one.key: one for one in effective(load(None, {}))}
    assert shown["sources.hosts.kaggle.api"].value == "https://one.example/v1"
    assert shown["sources.hosts.kaggle.api"].origin == "dataset_sources.yaml, line 3"


def test_a_named_file_that_is_not_there_is_an_error_that_says_how_to_go_on(monkeypatch):
    monkeypatch.setenv("CXR_DATASET_SOURCES", "/nowhere/of/a/lab.yaml")
    with pytest.raises(ConfigError, match=r"/nowhere/of/a/lab\.yaml") as told:
        load(None, {})
    assert "unset CXR_DATASET_SOURCES" in told.value.next_step


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("hosts: {kaggel: {api: 'https://x.example'}}", "hosts.kaggel"),
        ("hosts: {kaggle: 'https://x.example'}", "hosts.kaggle"),
        ("hosts: {kaggle: {api: ftp://x.example}}", "not an http"),
        ("hosts: {kaggle: {api: 7}}", "not an http"),
        ("hosts: {kaggle: {api: 'http://x.example/v1'}}", "plain http"),
        ("hosts: {kaggle: {api: 'http://127.0.0.1.example/v1'}}", "plain http"),
        ("hosts: {kaggle: {api: 'https://me:s3cret@x.example/v1'}}", "more than an address"),
        ("hosts: {kaggle: {api: 'https://x.example/v1?sig=s3cret'}}", "more than an address"),
        ("datasets: {nih: {kaggle: {dataset: [1]}}}", "datasets.nih.kaggle.dataset"),
        ("datasets: {nih: {box: {files: [1]}}}", "no list of"),
        ("datasets: {nih: {box: {urls: x}}}", "neither"),
        ("datasets: {nih: {bxo: {dataset: x}}}", "datasets.nih.bxo"),
        ("nih: {kaggle: x}", "nih"),
    ],
)
def test_what_cannot_be_is_refused_with_its_line_and_without_its_secret(text, told):
    written(text)
    with pytest.raises(ConfigError, match=r"dataset_sources\.yaml, line 1") as error:
        load(None, {})
    assert told in error.value.happened
    assert "s3cret" not in str(error.value)


def test_plain_http_is_allowed_to_this_machine():
    for address in ("http://127.0.0.1:7777/v1", "http://localhost/v1", "http://[::1]:80/v1"):
        written(f"hosts: {{kaggle: {{api: '{address}'}}}}")
        assert place().addresses == {"api": address}


@pytest.mark.parametrize(
    ("where", "address", "told"),
    [
        ("dataset_sources.yaml", "https://elsewhere.example/v1", False),
        (".env", "https://elsewhere.example/v1", False),
        ("dataset_sources.yaml", "http://127.0.0.1:7777/v1", True),
        ("../config/cxr/dataset_sources.yaml", "https://elsewhere.example/v1", True),
        ("environment", "https://elsewhere.example/v1", True),
    ],
)
def test_credentials_follow_the_users_own_word_and_no_file_of_the_working_directory(
    monkeypatch, where, address, told
):
    """Such a file may have come with a repository of somebody else's."""
    if where == "environment":
        monkeypatch.setenv("CXR_SOURCES__HOSTS__KAGGLE__API", address)
    elif where == ".env":
        written(f"CXR_SOURCES__HOSTS__KAGGLE__API={address}\n", where)
    else:
        written(f"hosts: {{kaggle: {{api: '{address}'}}}}\n", where)
    assert place().addresses == {"api": address}
    assert place().credentials is told
    assert place(host="box").credentials


def test_a_lab_of_our_own_is_read_alone_and_told_nobody(monkeypatch, tmp_path):
    monkeypatch.setenv("CXR_SOURCES__HOSTS__KAGGLE__API", "https://elsewhere.example/v1")
    path = written("hosts: {kaggle: {api: 'http://127.0.0.1:7777/v1'}}\n", "lab.yaml")
    found = load(None, {}, sources_file=path).sources.place(PUBLISHED, "nih", "kaggle")
    assert found.addresses == {"api": "http://127.0.0.1:7777/v1"}
    assert not found.credentials


@pytest.mark.parametrize(
    "address",
    [
        "http://[bad",
        "https://127.0.0.1:99999/v1",
        "https://a b/v1",
        "https://x:443:1/v1",
        "https://a..b/",
        "https://ü.example/",
    ],
)
def test_an_address_that_cannot_be_is_refused_before_anybody_is_asked(monkeypatch, address):
    monkeypatch.setenv("CXR_SOURCES__HOSTS__KAGGLE__API", address)
    with pytest.raises(ConfigError, match="CXR_SOURCES__HOSTS__KAGGLE__API"):
        load(None, {})
