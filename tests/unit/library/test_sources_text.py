"""The ``dataset_sources.yaml`` that is written: what the code says, and nothing changed by it."""

import re

import pytest

from cxr import datasets, hosts
from cxr.config import load
from cxr.config.sources import Sources
from cxr.hosts import Place
from cxr.library.sources_text import sources_text


@pytest.fixture(autouse=True)
def _nowhere(tmp_path, monkeypatch):
    monkeypatch.delenv("CXR_DATASET_SOURCES", raising=False)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.chdir(tmp_path)


def read(tmp_path, text: str) -> Sources:
    path = tmp_path / "dataset_sources.yaml"
    path.write_text(text, "utf-8")
    return load(None, {}).sources


def uncommented(text: str) -> str:
    """Return it with its values in force: those below a section, not the words at its head."""
    return re.sub(r"(?m)^( +)# ", r"\1", text)


def test_as_written_it_changes_nothing(tmp_path):
    assert read(tmp_path, sources_text()).overrides == {}


def test_with_its_values_in_force_it_says_what_the_code_says_of_every_host_and_dataset(tmp_path):
    sources = read(tmp_path, uncommented(sources_text()))
    for host in hosts.keys():  # noqa: SIM118  a function
        assert sources.addresses(host) == hosts.addresses(host)
    for key in datasets.keys():  # noqa: SIM118  a function
        for host, place in datasets.default_release(datasets.load(key)).places.items():
            found = sources.place(Place(), key, host)
            assert (found.dataset, found.files, found.checksums) == (
                place.dataset,
                place.files,
                place.checksums,
            )
    assert {one.partition(".")[0] for one in sources.overrides} == {"hosts", "datasets"}


def test_a_single_value_can_be_put_in_force(tmp_path):
    line = '    # api: "https://api.kaggle.com/v1"\n'
    text = sources_text()
    assert text.count(line) == 1
    sources = read(tmp_path, text.replace(line, "    api: https://mirror.example/v1\n"))
    assert sources.addresses("kaggle") == {"api": "https://mirror.example/v1"}
    assert len(sources.overrides) == 1
