"""What a run would do is told before a byte moves, and what is too much waits for a yes."""

import json
import shutil
import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from support.lab_library import arguments, download, variables
from support.labs import lab
from support.program import cxr, cxr_json

from cxr.errors import PlanNotConfirmed
from cxr.library.plan import MARGIN_BYTES, Plan
from cxr.library.routes import Route, recommendation

IMAGES = 24
HOSTS = ("kaggle", "box")


@pytest.fixture(scope="module")
def started():
    with lab(images=IMAGES, size=96, folders=3) as one:
        yield one


@pytest.fixture
def running(started):
    started.failures.clear()
    started.reset_accounts()
    return started


def dry_run(home, host, running, *more):
    return [*arguments(home / "L", host, running)[:-1], "--dry-run", *more]  # without --yes


def flat(text):
    return " ".join(text.split())


@pytest.mark.parametrize("host", HOSTS)
def test_a_dry_run_tells_all_that_a_person_needs_and_leaves_nothing(host, running, tmp_path):
    told = {"variables": variables(running)}
    plan = cxr_json(tmp_path, *dry_run(tmp_path, host, running), **told)
    text = cxr(tmp_path, *dry_run(tmp_path, host, running), **told).stdout
    assert not (tmp_path / "L").exists()
    of_images = sum(running.sizes.values())
    largest_reply = max(
        one.sent for one in running.requests(host) if "archive.zip" in one.path or "/d/" in one.path
    )
    assert largest_reply < of_images / 2 + 66_000  # the directory's reach at the most, no image
    assert (plan["host"], plan["images"], plan["already"], plan["published"]) == (host, IMAGES, 0, IMAGES)
    assert plan["free"] > 0
    assert 0 < plan["hours"] < 0.01
    if host == "kaggle":
        assert plan["bytes"] == plan["reading"] == of_images
        assert not plan["estimated"]
    else:
        archives = [running.shelf.files[name].size for name in running.shelf.filled]
        assert (
            sum(archives) <= plan["reading"] <= sum(archives) + 12 * 200
        )  # and nine archives without images
        assert plan["bytes"] == plan["size"] == IMAGES * 401_000
        assert plan["estimated"]
    assert [route["host"] for route in plan["routes"]] == [
        *(host, *(one for one in HOSTS if one != host)),
        "gcs",  # for which there are no credentials
    ]
    assert plan["recommended"]["host"] == host
    for words in (
        "24 (all images)",
        "to read",
        "less than a minute",
        "MB/s, assumed",
        "free on that disk",
        "best",
    ):
        assert words in flat(text)


KAGGLE = Route("kaggle", 4 * 10**6, 0.001, "", ready=True)
BOX = Route("box", 2 * 10**9, 0.2, "", ready=True)


@pytest.mark.parametrize(
    ("chosen", "other", "host", "why"),
    [
        (BOX, KAGGLE, "kaggle", "It has less to read for these images."),
        (KAGGLE, BOX, "kaggle", "No other host has less to read for these images."),
        (BOX, replace(KAGGLE, ready=False), "box", "It is the one host that is ready."),
        (BOX, replace(BOX, host="kaggle", hours=0.1), "kaggle", "It is the faster one."),
        (
            BOX,
            replace(BOX, host="kaggle", hours=0.19, bytes_to_read=10**9),
            "box",
            "No other host is much faster.",
        ),
    ],
)
def test_the_recommended_host_is_the_much_faster_one(chosen, other, host, why):
    assert recommendation(chosen, [other]) == (host, why)


def test_a_host_that_does_not_let_us_in_is_named_with_the_missing_step(running, tmp_path):
    running.failures["anonymous-denied"] = 1
    told = {"variables": variables(running)}
    text = flat(cxr(tmp_path, *dry_run(tmp_path, "box", running), **told).stdout)
    assert "or --host kaggle: not ready." in text
    assert "cxr credentials set kaggle" in text
    assert "best --host box. It is the one host that is ready." in text


def test_a_library_that_is_complete_has_nothing_to_read_and_no_host_is_weighed(running, tmp_path):
    download(tmp_path, tmp_path / "L", "kaggle", running)
    running.reset_accounts()
    text = flat(cxr(tmp_path, *dry_run(tmp_path, "kaggle", running), variables=variables(running)).stdout)
    assert "24 (all images), of which 24 are here already" in text
    assert "nothing, every image is here" in text
    assert "to read" not in text
    assert "best" not in text
    assert running.count("box") == 0


def test_a_copy_of_one_s_own_is_planned_without_any_host(running, tmp_path):
    mine = tmp_path / "mine"
    (mine / "images").mkdir(parents=True)
    for path in list(running.images)[:5]:
        (mine / "images" / Path(path).name).write_bytes(running.image_bytes(path))
    for table in running.tables.iterdir():
        shutil.copy(table, mine)
    typed = ["download", "--source", "nih", "--from", mine, "--base-dir", tmp_path / "L", "--dry-run"]
    plan = cxr_json(tmp_path, *typed, variables=variables(running))
    assert (plan["published"], plan["present"], plan["images"]) == (IMAGES, 5, 5)
    assert (plan["bytes"], plan["hours"], plan["reading"]) == (0, None, 0)
    text = flat(cxr(tmp_path, *typed, variables=variables(running)).stdout)
    assert "5 of 24 published images are present at the host" in text
    assert "hard links" in text
    assert "--host" not in text
    assert running.count("kaggle") == running.count("box") == 0


def test_more_than_10_gb_stops_with_the_plan_before_the_first_image(running, tmp_path):
    """30,000 rows of a table, at the average size of the release."""
    tables = tmp_path / "tables"
    tables.mkdir()
    header, row, *_ = (running.tables / "Data_Entry_2017_v2020.csv").read_text().splitlines()
    _, labels, _, _, rest = row.split(",", 4)
    lines = (f"{patient:08d}_000.png,{labels},0,{patient},{rest}" for patient in range(1, 30_001))
    (tables / "Data_Entry_2017_v2020.csv").write_text("\n".join([header, *lines]))
    typed = ["download", "--source", "nih", "--host", "box", "--tables", tables, "--base-dir", "L"]
    done = cxr(tmp_path, *typed, expect=2, variables=variables(running))
    said = flat(done.stderr)
    assert "Not started: nih: 30,000 images, 12.0 GB to write: more than runs unasked." in said
    assert "to write about 12.0 GB;" in said
    assert "--yes" in said
    assert "--limit N" in said
    assert not (tmp_path / "L").exists()


@pytest.fixture
def slow_past(running, tmp_path):
    """A library whose earlier run took a lifetime for twenty megabytes; one image is still to come."""
    download(tmp_path, tmp_path / "L", "kaggle", running, "--limit", IMAGES - 1)
    counts = json.dumps({"host": "kaggle", "received": 20_000_000, "seconds": 80 * 365 * 86_400})
    with closing(sqlite3.connect(tmp_path / "L" / "metadata" / "master_index.db")) as database, database:
        database.execute("UPDATE runs SET counts = ?", [counts])
    return tmp_path / "L"


def test_more_than_a_day_stops_and_says_what_it_was_reckoned_with(slow_past, running, tmp_path):
    typed = arguments(slow_past, "kaggle", running)[:-1]
    done = cxr(tmp_path, *typed, expect=2, variables=variables(running))
    said = flat(done.stderr)
    assert "days: more than runs unasked." in said
    assert "measured in this library's earlier runs" in said
    assert "Confirm with --yes" in said
    assert "best --host box. It is the faster one." in said
    assert len(list((slow_past / "Images").iterdir())) == IMAGES - 1
    cxr(tmp_path, *typed, "--yes", variables=variables(running))
    assert len(list((slow_past / "Images").iterdir())) == IMAGES


SMALL = Plan(
    source="nih",
    release="chestxray14",
    host="kaggle",
    published=9,
    present=9,
    images=9,
    already=0,
    bytes=10**9,
    size=10**9,
    estimated=False,
    reading=10**9,
    hours=1.0,
    rate="1.0 MB/s, assumed",
    free=10**9 + MARGIN_BYTES,
    notes=(),
)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"free": 10**9 + MARGIN_BYTES - 1}, "1.0 GB to write, and 1.5 GB free on that disk"),
        ({"hours": 24.1}, "takes 1.0 days"),
        ({"hours": 73.0}, "takes 3.0 days"),
        ({"reading": 10**10 + 1}, "10.0 GB to read"),
        ({"bytes": 10**10 + 1, "free": 10**12}, "10.0 GB to write"),
    ],
)
def test_what_is_too_much_needs_a_yes(change, words):
    SMALL.check(confirmed=False)
    too_much = replace(SMALL, **change)
    with pytest.raises(PlanNotConfirmed) as stop:
        too_much.check(confirmed=False)
    assert words in stop.value.happened
    assert "--yes" in stop.value.next_step
    too_much.check(confirmed=True)
