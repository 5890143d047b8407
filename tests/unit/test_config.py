"""Settings: layers, provenance, and errors that say where."""

import os
from pathlib import Path

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cxr.config import Config, effective, env_example_text, init_text, load
from cxr.config.keys import accepts, leaves, nearest
from cxr.config.known import DATASETS
from cxr.errors import ConfigError

TEN = [
    *("nih", "mimic", "chexpert", "chexphoto", "radiopaedia"),
    *("pneumonia", "indiana", "padchest", "synthetic", "local"),
]

# The keys and values of the first guide's configuration, in our own arrangement.
GUIDE = """
paths: {base_dir: "/MeData/Radiology/CXR", images_dir: "Images", captions_dir: "captions",
        metadata_dir: "metadata", temp_dir: "temp"}
download:
  concurrent_downloads: 5
  retry_attempts: 3
  retry_delay: 5
  timeout: 300
  verify_checksums: true
datasets:
  nih: {enabled: true, source: "kaggle", limit: null}
  mimic: {enabled: true, source: "physionet", limit: null}
  chexpert: {enabled: true, source: "stanford", limit: null}
  radiopaedia: {enabled: true, source: "kaggle", limit: null}
"""


@pytest.fixture(autouse=True)
def place(tmp_path, monkeypatch):
    """An empty working directory, an empty home, and no variables of ours."""
    for name in list(os.environ):
        if name.startswith("CXR_") or name == "XDG_CONFIG_HOME":
            monkeypatch.delenv(name)
    (tmp_path / "home").mkdir()
    (tmp_path / "work").mkdir()
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path / "work")
    return tmp_path / "work"


def values(config: Config) -> dict[str, object]:
    return {one.key: one.value for one in effective(config)}


def test_without_anything_the_defaults_hold(place):
    config = load(None, {})
    assert config.paths.base_dir == place.parent / "home" / "cxr-library"
    assert config.download.concurrent_downloads == 5
    assert config.download.verify_checksums is True
    assert config.datasets["nih"].enabled
    assert config.datasets["nih"].source is None
    assert {one.origin for one in effective(config)} == {"default"}


def test_the_guides_configuration_works_as_it_is(place):
    (place / "config.yaml").write_text(GUIDE)
    config = load(None, {})
    assert config.paths.base_dir == Path("/MeData/Radiology/CXR")
    assert config.paths.images_dir == "Images"
    assert config.paths.temp_dir == "temp"
    download = config.download
    assert (download.concurrent_downloads, download.retry_attempts) == (5, 3)
    assert (download.retry_delay, download.timeout, download.verify_checksums) == (5, 300, True)
    assert config.datasets["nih"].source == "kaggle"
    assert config.datasets["mimic"].source == "physionet"
    assert config.datasets["chexpert"].source is None, "stanford is the release's default host"
    assert all(config.datasets[key].limit is None for key in TEN)


def test_the_guides_other_host_of_mimic_is_gcs(place):
    (place / "config.yaml").write_text("datasets: {mimic: {source: google_cloud}}")
    assert load(None, {}).datasets["mimic"].source == "gcs"


@pytest.mark.parametrize("key", TEN)
def test_every_planned_dataset_may_be_configured(place, key):
    (place / "config.yaml").write_text(f"datasets: {{{key}: {{enabled: false, limit: 7}}}}")
    assert load(None, {}).datasets[key].limit == 7
    assert not load(None, {}).datasets[key].enabled


def test_each_layer_overrides_the_one_before_and_is_named(place, monkeypatch):
    def timeout():
        config = load(None, flags)
        return config.download.timeout, config.origin("download.timeout")

    flags: dict[str, object] = {}
    assert timeout() == (300, "default")
    (place / "config.yaml").write_text("download:\n  timeout: 1\n")
    assert timeout() == (1, "config.yaml, line 2")
    (place / ".env").write_text("OTHER=x\nCXR_DOWNLOAD__TIMEOUT=2\n")
    assert timeout() == (2, ".env, line 2 (CXR_DOWNLOAD__TIMEOUT)")
    monkeypatch.setenv("CXR_DOWNLOAD__TIMEOUT", "3")
    assert timeout() == (3, "environment variable CXR_DOWNLOAD__TIMEOUT")
    flags["download.timeout"] = 4
    assert timeout() == (4, "command line")
    flags["download.timeout"] = None
    assert timeout()[0] == 3, "a flag that was not given says nothing"
    monkeypatch.setenv("CXR_DOWNLOAD__TIMEOUT", "")
    assert timeout()[0] == 2, "an empty variable says nothing"


def test_the_first_file_that_exists_is_the_only_one_read(place, monkeypatch):
    usual = place.parent / "home" / ".config" / "cxr" / "config.yaml"
    usual.parent.mkdir(parents=True)
    usual.write_text("download: {timeout: 4, retry_attempts: 4}")
    assert load(None, {}).download.timeout == 4
    (place / "config.yaml").write_text("download: {timeout: 3}")
    assert load(None, {}).download.timeout == 3
    assert load(None, {}).download.retry_attempts == 3, "files are not merged"
    (place / "named.yaml").write_text("download: {timeout: 2}")
    monkeypatch.setenv("CXR_CONFIG", "named.yaml")
    assert load(None, {}).download.timeout == 2
    (place / "flag.yaml").write_text("download: {timeout: 1}")
    assert load(Path("flag.yaml"), {}).download.timeout == 1


def test_a_file_that_is_named_must_be_there(monkeypatch):
    with pytest.raises(ConfigError, match=r"nowhere\.yaml cannot be read"):
        load(Path("nowhere.yaml"), {})
    monkeypatch.setenv("CXR_CONFIG", "nowhere.yaml")
    with pytest.raises(ConfigError, match="CXR_CONFIG"):
        load(None, {})


def test_base_dir_expands_home_and_relative_paths(place, monkeypatch):
    assert load(None, {"paths.base_dir": "~/x"}).paths.base_dir == place.parent / "home" / "x"
    assert load(None, {"paths.base_dir": Path("x/../y")}).paths.base_dir == place / "y"
    monkeypatch.setenv("CXR_PATHS__BASE_DIR", "rel")
    assert load(None, {}).paths.base_dir == place / "rel"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("download:\n  concurent_downloads: 3", "line 2: there is no setting download.concurent_downloads"),
        ("download:\n  concurent_downloads: 3", "The nearest is download.concurrent_downloads"),
        ("concurrent_downloads: 2", "The nearest is download.concurrent_downloads"),
        ("dowload: {timeout: 3}", "The nearest is download."),
        ("datasets: {mimic-cxr: {limit: 3}}", "The nearest is datasets.mimic."),
        ("datasets: {unheard: {limit: 3}}", "datasets.padchest"),
        ("download: 3", "download is a section"),
        ("download: {timeout: soon}", "download.timeout cannot be 'soon'; it accepts a number above 0"),
        ("download: {timeout: .inf}", "download.timeout cannot be inf"),
        ("download: {timeout: true}", "download.timeout cannot be True"),
        ("download: {concurrent_downloads: 0}", "a whole number from 1 to 1024"),
        ("download: {concurrent_downloads: 2.5}", "a whole number from 1 to 1024"),
        ("download: {verify_checksums: perhaps}", "true or false"),
        ("download: {timeout: 2024-99-99}", "line 1: the value of download.timeout"),
        ("datasets: {nih: {limit: 0}}", "a whole number, 1 or more, or null"),
        ("datasets: {nih: {limit: [1]}}", "a whole number, 1 or more, or null"),
        ("datasets: {nih: {source: kagle}}", "one of kaggle"),
        ("paths: {base_dir: 's3://bucket/library'}", "a folder of this machine"),
        ("paths: {temp_dir: ../elsewhere}", "the name of a folder inside base_dir"),
        ("paths: {temp_dir: /tmp}", "the name of a folder inside base_dir"),
        ("paths: {temp_dir: Images}", "overlap"),
        ("paths: {temp_dir: logs/parts}", "overlap"),
        ("terms: {radiopaedia: {permission: true}}", "text, or null"),
        ("- nih\n- mimic", "it begins with no key"),
        ("nih", "it begins with no key"),
        ("download:\n\ttimeout: 3", "line 2"),
        ("download: {timeout: 'x", "line 1"),
        ("download:\n  timeout: 1\n  timeout: 2", "line 3: download.timeout stands here again, after line 2"),
        ("? {a: b}\n: c", "a key must be a word"),
        ("download: !!python/object/apply:os.abort []", "line 1"),
        ("a: &a [*a]", "line 1"),
        ("\0", "no text file has"),
        ("x: " + "[" * 5000, "nested deeper"),
    ],
)
def test_what_is_wrong_in_a_file_is_named_with_its_place(place, text, said):
    (place / "config.yaml").write_text(text)
    with pytest.raises(ConfigError) as caught:
        load(None, {})
    assert said in str(caught.value)
    assert "config.yaml" in str(caught.value) or "overlap" in said
    assert caught.value.next_step
    assert caught.value.exit_code == 2


@pytest.mark.parametrize("data", [b"\xff\xfeA\x00", b"download:\n  timeout: 3 # caf\xe9\n", b"#" * 1_000_001])
def test_a_file_that_is_not_a_configuration_is_refused(place, data):
    (place / "config.yaml").write_bytes(data)
    with pytest.raises(ConfigError, match=r"config\.yaml"):
        load(None, {})


@pytest.mark.parametrize("text", ["", "# nothing\n", "\ufeffdownload:\n", "datasets:\n  nih:\n", "---\n"])
def test_empty_files_and_empty_sections_change_nothing(place, text):
    (place / "config.yaml").write_text(text, encoding="utf-8")
    assert {one.origin for one in effective(load(None, {}))} == {"default"}


def test_a_folder_in_a_configurations_place_is_an_error(place):
    (place / "config.yaml").mkdir()
    with pytest.raises(ConfigError, match=r"config\.yaml cannot be read"):
        load(None, {})


def test_an_unknown_variable_is_named_with_the_nearest_key_and_without_its_value(place, monkeypatch):
    monkeypatch.setenv("CXR_DOWNLOAD__TIMEUOT", "canary-value")
    with pytest.raises(ConfigError) as caught:
        load(None, {})
    assert "CXR_DOWNLOAD__TIMEUOT" in str(caught.value)
    assert "download.timeout" in str(caught.value)
    assert "canary" not in str(caught.value)
    monkeypatch.delenv("CXR_DOWNLOAD__TIMEUOT")
    (place / ".env").write_text("\nUNRELATED=1\nCXR_DATASETS__NHI__LIMIT=3\n")
    with pytest.raises(ConfigError, match=r"\.env, line 3 \(CXR_DATASETS__NHI__LIMIT\)"):
        load(None, {})


def test_a_wrong_variable_is_named(monkeypatch):
    monkeypatch.setenv("CXR_DOWNLOAD__RETRY_ATTEMPTS", "many")
    with pytest.raises(ConfigError, match=r"environment variable CXR_DOWNLOAD__RETRY_ATTEMPTS: .*'many'"):
        load(None, {})


def test_variables_may_say_null_and_no(monkeypatch):
    monkeypatch.setenv("CXR_DATASETS__NIH__LIMIT", "null")
    monkeypatch.setenv("CXR_DATASETS__NIH__SOURCE", "none")
    monkeypatch.setenv("CXR_DOWNLOAD__VERIFY_CHECKSUMS", "no")
    config = load(None, {})
    assert config.datasets["nih"].limit is None
    assert config.datasets["nih"].source is None
    assert config.download.verify_checksums is False


def test_lines_of_other_programs_in_dotenv_do_not_matter(place):
    (place / ".env").write_bytes(b"OTHER='never closed\nB\xe9=\xff\nwhat is this\nCXR_DOWNLOAD__TIMEOUT=9\n")
    assert load(None, {}).download.timeout == 9


def test_a_line_of_ours_in_dotenv_that_cannot_be_read_is_named_and_not_quoted(place):
    (place / ".env").write_text("A=1\n\nCXR_DOWNLOAD__TIMEOUT='canary\n")
    with pytest.raises(ConfigError, match=r"\.env, line 3: the value of CXR_DOWNLOAD__TIMEOUT") as caught:
        load(None, {})
    assert "canary" not in str(caught.value)


def test_an_unknown_flag_is_an_error_too():
    with pytest.raises(ConfigError, match="command line: there is no setting"):
        load(None, {"download.timout": 3})


def test_a_home_that_cannot_be_found_is_said(place, monkeypatch):
    (place / "config.yaml").write_text("paths: {base_dir: '~nobody-of-that-name/x'}")
    with pytest.raises(ConfigError, match=r"paths\.base_dir"):
        load(None, {})


def test_what_init_writes_gives_the_defaults(place):
    before = values(load(None, {}))
    (place / "config.yaml").write_text(init_text())
    config = load(None, {})
    assert values(config) == before
    assert {one.key for one in effective(config) if one.origin.startswith("config.yaml")} == set(leaves())


def test_what_init_writes_explains_every_setting_once():
    text = init_text()
    for key, field in leaves().items():
        if not key.startswith("datasets.") or key.startswith("datasets.nih."):
            assert text.count(f"# {field.description}") == 1, key
    assert set(yaml.safe_load(text)["datasets"]) == set(DATASETS)


def test_the_example_of_dotenv_is_inert_until_filled_and_right_when_filled(place):
    text = env_example_text()
    (place / ".env").write_text(text)
    assert {one.origin for one in effective(load(None, {}))} == {"default"}
    (place / ".env").write_text(text.replace("# CXR_", "CXR_").replace("# KAGGLE", "KAGGLE"))
    assert {one.origin for one in effective(load(None, {}))} == {"default"}, "empty values say nothing"
    (place / ".env").write_text(text.replace("# CXR_DOWNLOAD__TIMEOUT=", "CXR_DOWNLOAD__TIMEOUT=7"))
    assert load(None, {}).download.timeout == 7
    for variable in (
        "CXR_DATASET_SOURCES",
        "CXR_SOURCES__HOSTS__KAGGLE__API",
        "KAGGLE_USERNAME",
        "PHYSIONET_PASSWORD",
        "GOOGLE_APPLICATION_CREDENTIALS",
    ):
        assert f"# {variable}=\n" in text


def test_settings_do_not_change_once_read():
    config = load(None, {})
    with pytest.raises(ValueError, match="frozen"):
        config.download.timeout = 3


def test_passwords_in_values_are_not_shown():
    config = load(None, {"terms.radiopaedia.permission": "see https://me:canary@host/letter?sig=canary"})
    assert "canary" not in str(values(config)["terms.radiopaedia.permission"])


def test_every_setting_says_what_it_accepts():
    for key, field in leaves().items():
        assert accepts(key), key
        assert field.description, key


@pytest.mark.parametrize("key", [*leaves(), "datasets.nih", "paths"])
def test_a_known_key_is_nearest_to_itself_with_a_letter_wrong(key):
    assert nearest(key[:-1] + "_") == key or nearest(key + "s") == key


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.binary(max_size=200) | st.text(max_size=200).map(lambda text: text.encode("utf-8", "replace")))
def test_any_file_gives_settings_or_a_clear_error(place, data):
    (place / "config.yaml").write_bytes(data)
    try:
        load(None, {})
    except ConfigError as error:
        assert error.next_step  # noqa: PT017  some of the files are right


_yaml_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(key=st.sampled_from(sorted(leaves())), value=_yaml_values)
def test_any_value_of_any_setting_is_accepted_or_refused_by_name(place, key, value):
    tree: object = value
    for part in reversed(key.split(".")):
        tree = {part: tree}
    (place / "config.yaml").write_text(yaml.safe_dump(tree, allow_unicode=True), encoding="utf-8")
    try:
        load(None, {})
    except ConfigError as error:
        assert "config.yaml" in str(error) or "overlap" in str(error)  # noqa: PT017  most values are refused
