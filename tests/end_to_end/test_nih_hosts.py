"""NIH from Kaggle and from Box, by the whole program: what comes, what is asked for, how it ends."""

import csv
import json
import shutil
import signal
import socket
from pathlib import Path, PurePosixPath

import pytest
from support.lab_library import arguments, check_complete, download, present, variables
from support.labs import lab
from support.program import cxr, cxr_json
from support.slow_runs import under_way

from cxr.lab.service import Pace

IMAGES = 24
CHOICES = {"images": IMAGES, "size": 96, "folders": 3}
HOSTS = ("kaggle", "box")
FINDINGS = {  # as published, and the column of master_index.csv
    name: name.lower()
    for name in (
        *("Atelectasis", "Cardiomegaly", "Effusion", "Infiltration", "Mass", "Nodule", "Pneumonia"),
        *("Pneumothorax", "Consolidation", "Edema", "Emphysema", "Fibrosis", "Pleural_Thickening", "Hernia"),
    )
}
TABLE = {"kaggle": "Data_Entry_2017.csv", "box": "Data_Entry_2017_v2020.csv"}


@pytest.fixture(scope="module")
def started():
    with lab(**CHOICES) as one:
        yield one


@pytest.fixture
def running(started):
    """The lab as it is without failures, with nothing in its accounts."""
    started.failures.clear()
    started.reset_accounts()
    return started


@pytest.fixture(scope="module", params=HOSTS)
def downloaded(request, started, tmp_path_factory):
    """A host, and a library with all of its images, which tests copy before they change it."""
    started.failures.clear()
    home = tmp_path_factory.mktemp(request.param)
    download(home, home / "L", request.param, started)
    return request.param, home / "L"


@pytest.fixture
def library(downloaded, tmp_path):
    """A copy of that library, of one's own."""
    shutil.copytree(downloaded[1], tmp_path / "L")
    return tmp_path / "L"


def rows(path):
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def nih(where, host, *more):
    return ["download", "--source", "nih", "--host", host, "--base-dir", where, *more]


# --- What comes -------------------------------------------------------------------------------------------


def test_all_is_there_once_and_every_place_agrees(downloaded, running):
    check_complete(downloaded[1], running)


def test_rows_and_captions_say_what_the_published_tables_say(downloaded, running):
    """Read here by other code than the library's: findings, patient, view, age, sex, official split."""
    host, library = downloaded
    told = {row["image_id"]: row for row in rows(library / "metadata" / "master_index.csv")}
    test = set((running.tables / "test_list.txt").read_text().split())
    published = rows(running.tables / TABLE[host])
    assert len(published) == len(told) == IMAGES
    for row in published:
        image_id = row["Image Index"].removesuffix(".png")
        positive = set(row["Finding Labels"].split("|")) - {"No Finding"}
        mine = told[image_id]
        assert {name for name, column in FINDINGS.items() if mine[column] == "1"} == positive
        assert {
            name for name, column in FINDINGS.items() if mine[column] == "0"
        } == FINDINGS.keys() - positive
        assert mine["no_finding"] == ("0" if positive else "1")
        assert int(mine["patient_id"]) == int(row["Patient ID"])
        assert (mine["sex"], mine["view_published"]) == (row["Patient Gender"], row["View Position"])
        assert float(mine["age_years"]) == float(row["Patient Age"])
        assert mine["official_split"] == ("test" if row["Image Index"] in test else "train_val")
        assert mine["table_release"] == ("2017" if host == "kaggle" else "v2020")
        caption = (library / mine["caption_path"]).read_text("utf-8")
        for name in FINDINGS:
            assert f"\n{name}: {'positive' if name in positive else 'negative'}\n" in caption


def test_nothing_that_was_written_names_a_signed_address(downloaded, running):
    for row in rows(downloaded[1] / "metadata" / "master_index.csv"):
        assert "?" not in row["source_url"]
        assert row["source_url"].startswith(running.origin(downloaded[0]))


def test_a_part_is_the_same_part_from_every_host(running, tmp_path):
    """The first five of the table; six at random; those with a finding. Nothing else is kept."""
    published = {row["Image Index"].removesuffix(".png"): row for row in rows(running.tables / TABLE["box"])}
    ids = {PurePosixPath(path).stem: digest for path, digest in running.images.items()}
    with_mass = [name for name, row in published.items() if "Mass" in row["Finding Labels"].split("|")]
    assert 0 < len(with_mass) < IMAGES
    drawn = []
    for host in HOSTS:

        def take(*selection, host=host):
            where = tmp_path / host / selection[0]
            typed = nih(where, host, "--tables", running.tables, *selection)
            cxr(tmp_path, *typed, variables=variables(running))
            came = present(where)
            assert came == {name: ids[name] for name in came}
            return list(came)

        assert sorted(take("--limit", 5)) == list(published)[:5]
        assert sorted(take("--finding", "Mass")) == sorted(with_mass)
        drawn.append(sorted(take("--sample", "random", "--limit", 6, "--seed", 3)))
    assert drawn[0] == drawn[1]
    assert len(drawn[0]) == 6
    assert drawn[0] != list(published)[:6]


# --- What is asked for ------------------------------------------------------------------------------------


def test_a_second_run_asks_for_no_image(downloaded, library, running, tmp_path):
    host, _ = downloaded
    done = json.loads(download(tmp_path, library, host, running, "--json").stdout)
    assert (done["already"], done["downloaded"]) == (IMAGES, 0)
    assert running.count(host) <= 4
    assert (
        running.bytes_sent(host) < 2_000
    )  # whether it lets us in; and, from Kaggle, whether the archive is the same
    other = next(one for one in HOSTS if one != host)
    assert running.count(other) == 0


def test_resume_takes_up_the_last_selection(downloaded, library, running, tmp_path):
    host, _ = downloaded
    shutil.rmtree(library / "Images")
    before = cxr_json(
        tmp_path,
        "download",
        "--source",
        "nih",
        "--resume",
        "--base-dir",
        library,
        variables=variables(running),
    )
    assert before["downloaded"] == IMAGES
    check_complete(library, running)
    assert running.count(host)


def test_a_repair_fetches_the_damaged_image_alone(downloaded, library, running, tmp_path):
    host, _ = downloaded
    image = sorted((library / "Images").iterdir())[7]
    whole = image.read_bytes()
    image.write_bytes(whole[:2000] + bytes([whole[2000] ^ 1]) + whole[2001:])
    validate = ["validate", "--source", "nih", "--engine", "serial", "--base-dir", library]
    cxr(tmp_path, *validate, expect=1, variables=variables(running))
    assert running.count(host) == 0
    cxr(tmp_path, *validate, "--repair", variables=variables(running))
    assert image.read_bytes() == whole
    check_complete(library, running)
    # From the archive's beginning, or the nearest point of the index, where it is a tar; else its own bytes.
    assert running.bytes_sent(host) < (len(whole) + 2_000 if host == "kaggle" else 200_000)


def test_what_is_the_user_s_own_stays_and_only_the_rest_comes(running, tmp_path):
    mine = tmp_path / "mine"
    (mine / "images").mkdir(parents=True)
    for path in list(running.images)[:5]:
        (mine / "images" / PurePosixPath(path).name).write_bytes(running.image_bytes(path))
    for table in running.tables.iterdir():
        shutil.copy(table, mine)
    cxr(tmp_path, "index", "--source", "nih", "--at", mine, "--base-dir", "L")
    done = json.loads(download(tmp_path, tmp_path / "L", "kaggle", running, "--json").stdout)
    assert (done["already"], done["downloaded"]) == (5, IMAGES - 5)
    told = rows(tmp_path / "L" / "metadata" / "master_index.csv")
    assert sum(row["image_path"].startswith(str(mine)) for row in told) == 5
    assert len(list((tmp_path / "L" / "Images").iterdir())) == IMAGES - 5


def test_what_is_removed_leaves_nothing_of_its_archives(downloaded, library, tmp_path):
    assert list((library / "metadata" / "archives").rglob("*.*"))
    cxr(tmp_path, "remove", "--source", "nih", "--yes", "--base-dir", library)
    assert not [path for path in library.rglob("*") if path.is_file() and "archives" in path.parts]
    assert not list((library / "Images").iterdir())


# --- Without tables ---------------------------------------------------------------------------------------


def test_the_tables_of_images_from_box_come_from_kaggle(running, tmp_path):
    cxr(tmp_path, *nih("L", "box", "--limit", 3), variables=variables(running))
    assert len(present(tmp_path / "L")) == 3
    assert {row["table_release"] for row in rows(tmp_path / "L" / "metadata" / "master_index.csv")} == {
        "2017"
    }
    tables = sum(path.stat().st_size for path in running.tables.iterdir())
    of_the_archive = [one for one in running.requests("kaggle") if one.path.endswith("archive.zip")]
    assert sum(one.sent for one in of_the_archive) < 70_000 + tables  # its directory at most, no image


def test_without_tables_it_stops_before_the_first_image_and_says_which_ways_there_are(running, tmp_path):
    running.failures["anonymous-denied"] = 1
    done = cxr(tmp_path, *nih("L", "box", "--limit", 3), expect=2, variables=variables(running))
    said = " ".join(done.stderr.split())
    for way in ("--tables FILE", "`cxr credentials set kaggle`", "--from PATH", "https://nihcc.app.box.com/"):
        assert way in said
    assert not (tmp_path / "L").exists()
    assert max(one.sent for one in running.requests("box")) <= 2


# --- Who is let in ----------------------------------------------------------------------------------------


def test_check_access_says_ready_or_names_the_way_without_an_account_first(running, tmp_path):
    told = {"variables": variables(running)}
    assert "yes" in cxr(tmp_path, "check-access", "--source", "nih", **told).stdout
    running.failures["anonymous-denied"] = 1
    refused = cxr(tmp_path, "check-access", "--source", "nih", expect=3, **told).stdout
    assert 0 < refused.index("--host box") < refused.index("~/.kaggle/kaggle.json")
    stopped = cxr(tmp_path, *nih("L", "kaggle"), expect=3, **told).stderr
    assert 0 < stopped.index("--host box") < stopped.index("~/.kaggle/kaggle.json")
    assert not (tmp_path / "L").exists()


@pytest.mark.parametrize("variable", ["KAGGLE_API_TOKEN", "KAGGLE_KEY"])
def test_credentials_that_kaggle_does_not_know_are_named_and_end_with_3(variable, tmp_path):
    with lab(**CHOICES, anonymous=False, credentials=["Bearer right"]) as running:
        told = {**variables(running), "KAGGLE_USERNAME": "someone", variable: "wrong"}
        done = cxr(tmp_path, *nih("L", "kaggle"), expect=3, variables=told)
        assert variable in done.stderr
        assert "--host box" in done.stderr
        assert not (tmp_path / "L").exists()
        cxr(tmp_path, *nih("L", "kaggle", "--limit", 1), variables={**told, "KAGGLE_API_TOKEN": "right"})


@pytest.mark.parametrize("host", HOSTS)
def test_a_host_that_does_not_answer_ends_with_4_and_names_the_other(host, running, tmp_path):
    with socket.socket() as taken:  # bound, and nobody listens
        taken.bind(("127.0.0.1", 0))
        nobody = f"http://127.0.0.1:{taken.getsockname()[1]}"
        names = ("KAGGLE__API", "KAGGLE__WEB", "BOX__SHARED")
        gone = {f"CXR_SOURCES__HOSTS__{name}": f"{nobody}/v1" for name in names}
        done = cxr(
            tmp_path, *arguments(tmp_path / "L", host, running), expect=4, variables=variables(running) | gone
        )
    other = next(one for one in HOSTS if one != host)
    assert f"--host {other}" in " ".join(done.stderr.split())
    assert not (tmp_path / "L").exists()


# --- Runs that are stopped --------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def slow():
    """The same lab, so slow that all images would take half a minute over one connection."""
    with lab(**CHOICES, pace=Pace(bytes_per_second=4_000)) as one:
        yield one


@pytest.mark.parametrize("host", HOSTS)
def test_a_run_that_is_told_to_end_keeps_what_it_has_and_goes_on(host, running, slow, tmp_path):
    library = tmp_path / "L"
    download(
        tmp_path, library, host, running, "--limit", 1
    )  # the tables, the directory or the index's beginning
    typed = [*arguments(library, host, slow), "--workers", 2]
    with under_way(tmp_path, typed, variables(slow), library) as run:
        run.send_signal(signal.SIGTERM)
        _, said = run.communicate(timeout=30)
    assert run.returncode == 130, said
    assert "Stopped" in said
    assert "SIGTERM" in said
    there = len(present(library))
    assert 1 < there < IMAGES
    again = cxr_json(
        tmp_path,
        "download",
        "--source",
        "nih",
        "--resume",
        "--base-dir",
        library,
        variables=variables(running),
    )
    assert again["already"] + again["downloaded"] == IMAGES
    assert again["already"] >= there - 4  # what was not written down yet is verified and counts as new
    check_complete(library, running)
    assert not [path for path in (library / "temp").rglob("*") if path.is_file()]


def test_a_run_whose_time_is_over_ends(running, slow, tmp_path):
    library = tmp_path / "L"
    download(tmp_path, library, "box", running, "--limit", 1)
    done = download(tmp_path, library, "box", slow, "--max-time", "1s", expect=130)
    assert "--max-time (1.0 s) is over" in " ".join(done.stderr.split())
    download(tmp_path, library, "box", running)
    check_complete(library, running)


def test_what_a_killed_run_left_is_cleaned_up(running, slow, tmp_path):
    library = Path(tmp_path / "L")
    download(tmp_path, library, "kaggle", running, "--limit", 1)
    with under_way(tmp_path, arguments(library, "kaggle", slow), variables(slow), library) as run:
        run.kill()
        run.wait()
    cxr(tmp_path, "cleanup", "--hours", "0", "--base-dir", library)
    assert not [path for path in library.rglob("*") if path.suffix in {".part", ".tmp"}]
    download(tmp_path, library, "kaggle", running)
    check_complete(library, running)
