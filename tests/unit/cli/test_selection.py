"""From flags to what the library is asked for."""

from pathlib import Path

import pytest

from cxr.cli._selection import Flags, request_for
from cxr.config import load
from cxr.errors import UsageError


@pytest.fixture
def config(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / "config.yaml").write_text("datasets: {nih: {limit: 7}}\n")
    return load(None, {})


def test_the_configured_limit_holds_unless_a_flag_says_otherwise(config):
    assert request_for("nih", Flags(), config).selection.limit == 7
    assert request_for("nih", Flags(limit=3), config).selection.limit == 3


def test_the_configured_limit_is_of_downloads_not_of_samples_or_of_an_index(config):
    """A sample is 1,000 unless --limit says; `cxr index` takes all there is."""
    assert request_for("nih", Flags(sample="random"), config).selection.limit is None
    assert request_for("nih", Flags(), config, configured_limit=False).selection.limit is None


def test_what_is_typed_arrives(config):
    flags = Flags(
        sample="random", seed=9, sample_by="patient", view="PA", findings=("Hernia",), patients=("1",),
        origin=Path("x"), workers=3,
    )  # fmt: skip
    request = request_for("NIH", flags, config)
    assert (request.source, request.origin, request.workers) == ("nih", Path("x"), 3)
    assert (request.selection.seed, request.selection.sample_by) == (9, "patient")
    assert (request.selection.findings, request.selection.patients) == (("Hernia",), ("1",))


def test_the_limit_of_phantoms_is_how_many_are_made(config):
    request = request_for("synthetic", Flags(limit=5, seed=3, size=64), config)
    assert request.options == {"count": 5, "seed": 3, "size": 64}


def test_a_filter_over_phantoms_chooses_among_more_than_are_wanted(config):
    """So that `--limit 5 --finding Effusion` gives five with an effusion."""
    request = request_for("synthetic", Flags(limit=5, findings=("Effusion",)), config)
    assert request.selection.limit == 5
    assert request.options["count"] >= 200


@pytest.mark.parametrize(
    ("source", "flags", "said"),
    [
        ("nih", Flags(size=64), "--size"),
        ("nih", Flags(host="kagle"), "kagle"),
        ("nih", Flags(release="2"), "release"),
        ("nih", Flags(sample="first"), "first"),
        ("nih", Flags(sample_by="patient"), "--sample-by"),
    ],
)
def test_what_contradicts_itself_is_refused(source, flags, said, config):
    with pytest.raises(UsageError, match=said):
        request_for(source, flags, config)
