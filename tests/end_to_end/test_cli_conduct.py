"""How the program behaves towards whoever started it: exit codes, stdout and stderr, flags, bad input."""

import json
import shutil
import sqlite3
import subprocess

import pytest
from support.nih_folder import make_nih_folder
from support.program import COMMAND, cxr, cxr_json, environment


@pytest.fixture(scope="module")
def seeded(tmp_path_factory):
    """A home with a library of four phantoms in ``library`` and a small NIH folder in ``nih``."""
    home = tmp_path_factory.mktemp("home")
    make_nih_folder(home / "nih", 24, side=64)
    cxr(home, "download", "--source", "synthetic", "--limit", 4, "--size", 64, "--base-dir", "library", "-q")
    return home


def test_the_version_is_printed(tmp_path):
    from cxr import __version__

    assert cxr(tmp_path, "--version").stdout == f"cxr {__version__}\n"


def test_without_a_verb_the_help_is_shown(tmp_path):
    done = cxr(tmp_path, expect=2)
    assert "download" in done.stderr
    assert done.stdout == ""


def test_a_verb_of_a_later_version_is_unknown_and_no_stub(tmp_path):
    done = cxr(tmp_path, "browse", expect=2)
    assert "There is no command 'browse'" in done.stderr


def test_a_misspelt_verb_gets_the_nearest(tmp_path):
    assert "`cxr download`" in cxr(tmp_path, "donwload", expect=2).stderr
    assert "`cxr datasets show`" in cxr(tmp_path, "datasets", "shwo", expect=2).stderr


@pytest.mark.parametrize(
    "typed",
    [
        ["download", "--source", "nhi"],
        ["download", "--source", "nih", "--host", "kagle"],
        ["download", "--source", "nih", "--release", "1999"],
        ["download", "--source", "nih", "--host", "folder"],
        ["download", "--source", "padchest"],
        ["download", "--source", "nih", "--fit", "short"],
        ["download", "--source", "nih", "--resize", "512", "--fit", "wide"],
        ["download", "--source", "nih", "--format", "gif"],
        ["download", "--source", "nih", "--limit", "0"],
        ["download", "--source", "nih", "--limit", "many"],
        ["download", "--source", "nih", "--from", "nowhere"],
        ["download", "--source", "nih", "--from", "nih", "--finding", "Cardiomegally"],
        ["download", "--source", "nih", "--from", "nih", "--size", "512"],
        ["download", "--source", "synthetic", "--resume", "--limit", "3"],
        ["download", "--source", "synthetic", "--max-time", "11:50"],
        ["download", "--source", "all", "--from", "nih"],
        ["download"],
        ["index", "--source", "nih"],
        ["stats", "--base-dir", "nowhere"],
        ["validate", "--base-dir", "nowhere"],
        ["validate", "--base-dir", "library", "--engine", "spark"],
        ["cleanup", "--base-dir", "nowhere"],
        ["remove", "--base-dir", "library", "--source", "synthetic"],
        ["remove", "--base-dir", "nowhere", "--source", "synthetic", "--dry-run"],
        ["cleanup", "--base-dir", "nowhere", "--dry-run"],
        ["validate", "--base-dir", "library", "--source", "nih", "--dry-run"],
        ["download", "--source", "synthetic", "--size", "4097"],
        ["download", "--source", "synthetic", "--accept-terms", "nih"],
        ["download", "--source", "synthetic", "--layout", "sharded"],
        ["download", "--source", "synthetic", "--layout", "flat-ish"],
        ["index", "--source", "nih", "--at", "nih", "--accept-terms", "synthetic"],
        ["config", "show", "--config", "nowhere.yaml"],
        ["credentials", "set"],
        ["credentials", "set", "kagle"],
        ["datasets", "show", "nih", "--tables", "nowhere"],
    ],
    ids=" ".join,
)
def test_what_cannot_be_done_as_typed_ends_with_2_and_says_what_to_do(typed, seeded):
    done = cxr(seeded, *typed, expect=2)
    assert "Next: " in done.stderr
    assert "Traceback" not in done.stderr
    assert done.stdout == ""


def test_an_unknown_finding_gets_the_nearest(seeded):
    done = cxr(seeded, "download", "--source", "nih", "--from", "nih", "--finding", "Cardiomegally", expect=2)
    assert "Cardiomegaly" in done.stderr


def test_a_filter_that_nothing_passes_is_told_not_called_done(seeded):
    """A typing error in a view or a patient must not look like a finished download."""
    done = cxr(seeded, "download", "--source", "nih", "--from", "nih", "--view", "laterall", expect=2)
    assert "--view LATERAL" in done.stderr
    cxr(seeded, "download", "--source", "nih", "--from", "nih", "--patient", "99999999", expect=2)


def test_a_folder_with_tables_but_no_images_is_told(seeded, tmp_path):
    (tmp_path / "tables").mkdir()
    for table in (seeded / "nih").glob("*.*"):
        shutil.copy(table, tmp_path / "tables")
    done = cxr(tmp_path, "download", "--source", "nih", "--from", "tables", "--base-dir", "l", expect=2)
    assert "There is no image" in done.stderr
    assert not (tmp_path / "l").exists()


@pytest.mark.parametrize(
    "typed",
    [
        ["datasets"],
        ["datasets", "show", "nih"],
        ["datasets", "show", "nih", "--labels"],
        ["datasets", "show", "nih", "--tables", "nih"],
        ["access", "nih"],
        ["check-access"],
        ["cite", "nih"],
        ["config", "show"],
        ["credentials", "list"],
        ["credentials", "test"],
        ["stats", "--base-dir", "library"],
        ["validate", "--base-dir", "library", "--engine", "serial"],
        ["validate", "--base-dir", "library", "--dry-run"],
        ["cleanup", "--base-dir", "library"],
        ["cleanup", "--base-dir", "library", "--dry-run"],
        ["remove", "--base-dir", "library", "--source", "synthetic", "--dry-run"],
        ["index", "--source", "nih", "--at", "nih", "--base-dir", "adopted", "--dry-run"],
        ["download", "--source", "nih", "--from", "nih", "--base-dir", "library", "--dry-run"],
        ["download", "--source", "nih", "--from", "nih", "--base-dir", "another"],
        ["index", "--source", "nih", "--at", "nih", "--base-dir", "adopted"],
    ],
    ids=" ".join,
)
def test_with_json_stdout_is_one_document(typed, seeded):
    assert isinstance(cxr_json(seeded, *typed), dict)


def test_an_error_is_a_json_document_too(tmp_path):
    told = cxr_json(tmp_path, "stats", "--base-dir", "nowhere", expect=2)
    assert told["error"]["exit_code"] == 2
    assert told["error"]["next_step"]


def test_common_flags_may_stand_before_the_verb(seeded):
    before = json.loads(cxr(seeded, "--base-dir", "library", "--json", "stats").stdout)
    assert before == cxr_json(seeded, "stats", "--base-dir", "library")


def test_a_flag_after_the_verb_wins(seeded):
    told = cxr_json(seeded, "--base-dir", "nowhere", "stats", "--base-dir", "library")
    assert told["sources"]["synthetic"]["images"] == 4
    other_way = cxr_json(seeded, "--base-dir", "library", "stats", "--base-dir", "nowhere", expect=2)
    assert "nowhere" in other_way["error"]["happened"]


def test_the_configuration_is_taken_from_the_file_that_is_named(tmp_path):
    (tmp_path / "mine.yaml").write_text("datasets: {synthetic: {limit: 2}}\npaths: {base_dir: from-file}\n")
    made = cxr_json(tmp_path, "download", "--source", "synthetic", "--size", 64, "--config", "mine.yaml")
    assert made["downloaded"] == 2
    assert len(list((tmp_path / "from-file" / "Images").iterdir())) == 2


def test_quiet_is_silent_where_all_went_well(tmp_path):
    done = cxr(
        tmp_path, "download", "--source", "synthetic", "--limit", 2, "--size", 64, "--base-dir", "l", "-q"
    )
    assert (done.stdout, done.stderr) == ("", "")


def test_a_large_plan_without_a_terminal_stops_before_the_first_byte(tmp_path):
    done = cxr(tmp_path, "download", "--source", "synthetic", "--limit", 60_000, "--base-dir", "l", expect=2)
    assert done.stderr.count("Not started") == 1
    assert "--yes" in done.stderr
    assert not (tmp_path / "l").exists()


def test_a_dry_run_makes_nothing(tmp_path):
    plan = cxr_json(
        tmp_path, "download", "--source", "synthetic", "--limit", 3, "--base-dir", "l", "--dry-run"
    )
    assert plan["images"] == 3
    assert not (tmp_path / "l").exists()


def test_all_names_the_missing_step_of_each_dataset(tmp_path):
    done = cxr(tmp_path, "download", "--source", "all", expect=3)
    assert "nih: There is no connection to 127.0.0.1" in done.stderr
    assert "local: `all` never takes it." in done.stderr


def test_a_base_directory_that_cannot_be_made_ends_with_5(tmp_path):
    (tmp_path / "file").write_text("not a folder")
    done = cxr(tmp_path, "download", "--source", "synthetic", "--limit", 1, "--base-dir", "file/l", expect=5)
    assert "Traceback" not in done.stderr


def test_a_library_of_a_newer_cxr_ends_with_6(seeded, tmp_path):
    shutil.copytree(seeded / "library", tmp_path / "library")
    with sqlite3.connect(tmp_path / "library" / "metadata" / "master_index.db") as database:
        database.execute("INSERT INTO migrations VALUES ('9999_future', '9.9', '2099-01-01')")
    done = cxr(tmp_path, "stats", "--base-dir", "library", expect=6)
    assert "newer" in done.stderr


def test_a_reader_that_leaves_is_no_error(tmp_path):
    """As in ``cxr config show | head -1``."""
    run = subprocess.Popen(
        [*COMMAND, "config", "show"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        cwd=tmp_path,
        env=environment(tmp_path) | {"PYTHONUNBUFFERED": "1"},
    )
    run.stdout.close()
    assert run.stderr.read() == b""
    run.stderr.close()
    run.wait(timeout=60)


def test_a_terminal_that_cannot_show_a_name_gets_it_escaped(tmp_path):
    """In a Latin-1 or ASCII locale a run does not end at the first emoji."""
    (tmp_path / "mine").mkdir()
    make_nih_folder(tmp_path / "nih", 1, side=64)
    image = next((tmp_path / "nih" / "images").iterdir())
    shutil.copy(image, tmp_path / "mine" / "lung \N{LUNGS}.png")
    done = subprocess.run(
        [*COMMAND, "index", "--source", "local", "--at", "mine", "--base-dir", "\N{LUNGS}"],
        cwd=tmp_path,
        env=environment(tmp_path) | {"PYTHONIOENCODING": "ascii", "PYTHONUTF8": "1"},
        capture_output=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert b"\\U0001fac1" in done.stdout


def test_credentials_go_from_stdin_into_a_private_file_and_nowhere_else(tmp_path):
    canary = "canary-5f3a9b"
    done = subprocess.run(
        [*COMMAND, "credentials", "set", "physionet"],
        input=f"username=ada\npassword={canary}\n",
        cwd=tmp_path,
        env=environment(tmp_path) | {"PYTHON_KEYRING_BACKEND": "keyring.backends.fail.Keyring"},
        capture_output=True,
        text=True,
        check=True,
    )
    listed = cxr(tmp_path, "credentials", "list")
    tested = cxr(tmp_path, "credentials", "test", "physionet", "-vv")
    assert (
        canary
        not in done.stdout + done.stderr + listed.stdout + listed.stderr + tested.stdout + tested.stderr
    )
    assert "ada" in listed.stdout
    holders = [path for path in tmp_path.rglob("*") if path.is_file() and canary in path.read_text("utf-8")]
    assert [path.stat().st_mode & 0o777 for path in holders] == [0o600]
    cxr(tmp_path, "credentials", "remove", "physionet")
    assert not any(path.exists() for path in holders)
    assert cxr(tmp_path, "credentials", "test", "physionet", expect=3).stderr


def test_remove_asks_for_confirmation_and_leaves_a_certificate(seeded, tmp_path):
    shutil.copytree(seeded / "library", tmp_path / "library")
    refused = cxr(tmp_path, "remove", "--source", "synthetic", "--base-dir", "library", expect=2)
    assert "4 images" in refused.stderr
    assert len(list((tmp_path / "library" / "Images").iterdir())) == 4
    done = cxr_json(tmp_path, "remove", "--source", "synthetic", "--base-dir", "library", "--yes")
    assert done["images"] == 4
    assert list((tmp_path / "library" / "Images").iterdir()) == []
    assert json.loads((tmp_path / "library" / "metadata").joinpath(done["certificate"]).read_text())


def test_config_init_keeps_what_is_there(tmp_path):
    cxr(tmp_path, "config", "init")
    (tmp_path / "config.yaml").write_text("paths: {base_dir: mine}\n")
    assert "--force" in cxr(tmp_path, "config", "init", expect=2).stderr
    assert (tmp_path / "config.yaml").read_text() == "paths: {base_dir: mine}\n"
    cxr(tmp_path, "config", "init", "--force")
    assert "concurrent_downloads" in (tmp_path / "config.yaml").read_text()


def test_config_init_writes_three_files_and_none_of_them_beside_one_that_is_there(tmp_path):
    (tmp_path / "dataset_sources.yaml").write_text("hosts:\n")
    assert "dataset_sources.yaml is there" in cxr(tmp_path, "config", "init", expect=2).stderr
    assert [file.name for file in tmp_path.iterdir() if file.is_file()] == ["dataset_sources.yaml"]
    written = cxr_json(tmp_path, "config", "init", "--force")["written"]
    names = ["config.yaml", ".env.example", "dataset_sources.yaml"]
    assert written == [str(tmp_path / name) for name in names]
    assert "kaggle" in (tmp_path / "dataset_sources.yaml").read_text()
