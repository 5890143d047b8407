"""Terms that have to be accepted come before the first byte, for every verb that brings images in."""

import json
import os
from dataclasses import replace

import pytest
from support.nih_folder import make_nih_folder

from cxr import datasets
from cxr.cli._app import main
from cxr.terms import ACCEPTED

VERBS = {
    "download": ["download", "--source", "nih", "--from", "nih"],
    "index": ["index", "--source", "nih", "--at", "nih"],
}


@pytest.fixture
def home(tmp_path, monkeypatch):
    """A working directory with an NIH folder whose terms ask for an agreement, as those of others do."""
    make_nih_folder(tmp_path / "nih", 24, side=64)
    nih = datasets.load("nih")
    monkeypatch.setattr(nih, "TERMS", replace(nih.TERMS, access="agreement"))
    monkeypatch.setattr("cxr.cli._app.install", lambda: None)  # signals are the test run's own
    for name in [name for name in os.environ if name.startswith("CXR_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / ".config"))
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture(params=VERBS.values(), ids=VERBS)
def typed(request):
    """What brings the images in, by either verb."""
    return [*request.param, "--base-dir", "L"]


def recorded(home):
    return [json.loads(line) for line in (home / "L" / "metadata" / ACCEPTED).read_text().splitlines()]


def test_terms_that_nobody_accepted_are_refused_and_no_library_is_made(typed, home, capsys):
    assert main(typed) == 7
    assert "--accept-terms nih" in capsys.readouterr().err
    assert not (home / "L").exists()


def test_yes_does_not_accept_them(home):
    assert main([*VERBS["download"], "--base-dir", "L", "--yes"]) == 7


def test_the_acceptance_is_recorded_and_holds_from_then_on(typed, home):
    assert main([*typed, "--accept-terms", "nih"]) == 0
    [accepted] = recorded(home)
    assert (accepted["dataset"], accepted["how"]) == ("nih", "--accept-terms nih")
    assert len(list((home / "L" / "captions").iterdir())) == 24
    assert main(typed) == 0
    assert len(recorded(home)) == 1


def test_it_is_recorded_under_the_lock_and_before_the_first_byte(typed, home, monkeypatch):
    """A second run cannot slip in between, and a run that dies at once has recorded what was accepted."""
    from cxr.library import adopt, download
    from cxr.library.lock import hold

    def begins(library, *_args, **_more):
        assert len(recorded(home)) == 1
        assert list(library.layout.images.iterdir()) == []
        with pytest.raises(Exception, match="in use"), hold(library.layout.lock, "test"):
            pass
        raise KeyboardInterrupt

    monkeypatch.setattr(adopt, "adopt", begins)
    monkeypatch.setattr(download, "download", begins)
    assert main([*typed, "--accept-terms", "nih"]) == 130


def test_a_plan_needs_no_acceptance(typed, home):
    assert main([*typed, "--dry-run"]) == 0
    assert not (home / "L").exists()


def test_open_data_ask_for_none(typed, home, monkeypatch):
    nih = datasets.load("nih")
    monkeypatch.setattr(nih, "TERMS", replace(nih.TERMS, access="open"))
    assert main(typed) == 0
    assert not (home / "L" / "metadata" / ACCEPTED).exists()


def test_all_leaves_out_what_is_not_accepted_and_says_how(home, monkeypatch, capsys):
    synthetic = datasets.load("synthetic")
    monkeypatch.setattr(synthetic, "TERMS", replace(synthetic.TERMS, access="agreement", in_all=True))
    assert main(["download", "--source", "all", "--base-dir", "L"]) == 3
    assert "--accept-terms synthetic" in capsys.readouterr().err
    assert not (home / "L").exists()
