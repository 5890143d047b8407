"""What the library tells a host of where it is."""

import pytest
from support.stub_service import Told, serving

from cxr.config import Config, load
from cxr.datasets import nih
from cxr.errors import ConfigError
from cxr.hosts import Host
from cxr.library.connecting import connected
from cxr.model import Remote

RELEASE = nih.RELEASES["chestxray14"]


@pytest.fixture(autouse=True)
def _nowhere(tmp_path, monkeypatch):
    monkeypatch.delenv("CXR_DATASET_SOURCES", raising=False)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)


def config(tmp_path, text: str) -> Config:
    (tmp_path / "dataset_sources.yaml").write_text(text, "utf-8")
    return load(None, {})


def box(settings: Config) -> Host:
    return connected("nih", RELEASE, "box", settings)


def test_a_host_is_where_the_user_says_and_else_where_the_code_says(tmp_path):
    archive = Remote("images_001.tar.gz")
    link = RELEASE.places["box"].files[archive.path]
    host = box(load(None, {}))
    assert host.url(archive) == f"https://nihcc.box.com/shared/static/{link}"
    host = box(config(tmp_path, "hosts: {box: {shared: 'https://mirror.example/nih/'}}"))
    assert host.url(archive) == f"https://mirror.example/nih/{link}"


@pytest.mark.parametrize(("host", "known"), [("box", "shared"), ("kaggle", "api, web")])
def test_an_address_that_a_host_has_no_use_for_is_an_error_that_names_those_it_has(tmp_path, host, known):
    wrong = config(tmp_path, f"hosts:\n  {host}:\n    adress: https://mirror.example\n")
    with pytest.raises(ConfigError, match=r"dataset_sources\.yaml, line 3.*'adress'") as told:
        connected("nih", RELEASE, host, wrong)
    assert told.value.think == f"Its addresses are: {known}."


def test_a_misspelt_address_of_one_host_does_not_stand_in_the_way_of_another(tmp_path):
    box(config(tmp_path, "hosts: {kaggle: {adress: 'https://mirror.example'}}"))


def test_a_host_hears_the_name_that_the_user_has_chosen(monkeypatch):
    monkeypatch.setenv("CXR_DOWNLOAD__USER_AGENT", "allowed-elsewhere/2")
    with serving(lambda _: Told(404)) as service:
        monkeypatch.setenv("CXR_SOURCES__HOSTS__BOX__SHARED", service.origin)
        host = box(load(None, {}))
        host.check_access()
        host.close()
    assert {asked.headers["user-agent"] for asked in service.asked} == {"allowed-elsewhere/2"}
