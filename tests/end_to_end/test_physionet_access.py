"""What `cxr check-access` says of each refusal that PhysioNet's answers tell apart."""

import shutil

import pytest
from support.physionet_server import IMAGES, REPORTS, USER, images, project, running
from support.program import cxr, cxr_json

PASSWORD = "canary-access-7"


@pytest.fixture
def physionet():
    with running(
        {IMAGES: images(), REPORTS: project({"mimic-cxr-reports.zip": b"PK"})}, password=PASSWORD
    ) as server:
        yield server


def known(physionet, password=PASSWORD):
    where = {"CXR_SOURCES__HOSTS__PHYSIONET__FILES": physionet.address}
    return where | ({"PHYSIONET_USERNAME": USER, "PHYSIONET_PASSWORD": password} if password else {})


def said(home, physionet, expect, password=PASSWORD):
    ask = ("check-access", "--source", "mimic")
    found = cxr_json(home, *ask, expect=expect, variables=known(physionet, password))["mimic"]
    assert found["ready"] == (expect == 0)
    assert "canary" not in str(found)
    return found


def test_who_may_read_both_projects_is_ready(tmp_path, physionet):
    assert said(tmp_path, physionet, 0) == {"ready": True, "missing": "", "lacking": ""}


def test_each_refusal_has_its_own_next_step(tmp_path, physionet):
    steps = {
        "nobody": said(tmp_path, physionet, 3, password="")["missing"],
        "wrong": said(tmp_path, physionet, 3, password="canary-wrong")["missing"],
    }
    physionet.signed = {REPORTS}
    steps["images"] = said(tmp_path, physionet, 3)["missing"]
    physionet.signed = set()
    steps["either"] = said(tmp_path, physionet, 3)["missing"]
    parts = {
        "nobody": ["asks for a user name"],
        "wrong": ["does not accept the user name", "PHYSIONET_PASSWORD"],
        "images": [f"sign-dua/{IMAGES}/"],
        "either": ["not credentialed", "training", f"sign-dua/{IMAGES}/"],
    }
    for name, step in steps.items():
        assert [part for part in parts[name] if part not in step] == [], name
    assert len(set(steps.values())) == len(steps)
    assert "credentialed" not in steps["images"]


@pytest.mark.skipif(shutil.which("wget") is None, reason="needs GNU wget: apt-get install wget")
def test_a_network_that_is_refused_is_no_missing_agreement(tmp_path, physionet):
    physionet.blocked = True
    step = said(tmp_path, physionet, 3)["missing"]
    assert "before it asks for a password" in step
    assert "sign-dua" not in step


def test_with_the_images_agreement_alone_it_is_ready_and_says_what_does_not_come(tmp_path, physionet):
    physionet.signed = {IMAGES}
    assert f"sign-dua/{REPORTS}/" in said(tmp_path, physionet, 0)["lacking"]
    shown = cxr(tmp_path, "check-access", "--source", "mimic", variables=known(physionet)).stdout
    assert f"sign-dua/{REPORTS}/" in "".join(shown.split())
