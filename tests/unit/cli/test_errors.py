"""How a command ends badly."""

import json

import pytest
import typer

from cxr import errors
from cxr.cli._errors import report
from cxr.cli._signals import StopRequested


def test_an_error_says_what_happened_what_we_think_and_what_next(capsys):
    error = errors.AccessError("Kaggle said no.", think="The key is old.", next_step="Make a new one.")
    assert report(error, []) == 3
    printed = capsys.readouterr()
    assert printed.err == "Error: Kaggle said no.\n  The key is old.\n  Next: Make a new one.\n"
    assert printed.out == ""


@pytest.mark.parametrize(
    ("error", "code", "heading"),
    [
        (errors.UsageError("x"), 2, "Error: x"),
        (errors.PlanNotConfirmed("x"), 2, "Not started: x"),
        (errors.HostError("x"), 4, "Error: x"),
        (errors.StorageError("x"), 5, "Error: x"),
        (errors.LibraryError("x"), 6, "Error: x"),
        (errors.TermsError("x"), 7, "Refused: x"),
        (errors.MissingExtraError("x"), 8, "Error: x"),
        (errors.InterruptedRunError("x"), 130, "Stopped: x"),
        (KeyboardInterrupt(), 130, "Stopped: Interrupted."),
        (typer.Abort(), 130, "Stopped: Interrupted."),
        (StopRequested("SIGTERM was received"), 130, "Stopped: SIGTERM was received."),
        (ValueError("bad"), 1, "Error: Something went wrong that cxr did not expect: ValueError: bad"),
    ],
)
def test_each_kind_has_its_code_and_its_opening(error, code, heading, capsys):
    assert report(error, []) == code
    assert capsys.readouterr().err.splitlines()[0] == heading


def test_a_traceback_is_shown_only_when_asked_for(capsys):
    report(ValueError("bad"), ["stats"])
    assert "Traceback" not in capsys.readouterr().err
    for flag in ("-v", "-vv", "--verbose"):
        report(ValueError("bad"), ["stats", flag])
        assert "ValueError: bad" in capsys.readouterr().err.splitlines()[-1]


def test_with_json_the_error_is_a_document_on_stdout(capsys):
    report(errors.LibraryError("Locked.", next_step="Wait."), ["download", "--json"])
    assert json.loads(capsys.readouterr().out) == {
        "error": {
            "kind": "LibraryError",
            "happened": "Locked.",
            "think": "",
            "next_step": "Wait.",
            "exit_code": 6,
        }
    }


def test_control_characters_of_a_file_name_do_not_reach_the_terminal(capsys):
    report(errors.StorageError("Cannot write a\x1b[2Jb."), [])
    assert "\x1b" not in capsys.readouterr().err


def test_a_secret_in_an_unexpected_error_is_taken_out(capsys):
    """Whatever a library puts into its exception, a password of ours is never printed, not even with -v."""
    from cxr.secret import Secret

    secret = Secret("hunter2-canary")
    report(RuntimeError(f"login failed for {secret.reveal()}"), ["download", "-v", "--json"])
    printed = capsys.readouterr()
    assert "hunter2-canary" not in printed.out + printed.err


def test_an_unexpected_error_inside_a_library_says_where_its_traceback_is(tmp_path, capsys):
    from cxr.cli._run import Run

    logs = tmp_path / "l" / "logs"
    with pytest.raises(ZeroDivisionError) as caught, Run("x", base_dir=tmp_path / "l").library(write=True):
        _ = 1 / 0
    assert report(caught.value, []) == 1
    assert str(logs) in capsys.readouterr().err
    assert "ZeroDivisionError" in (logs / "cxr_downloader_errors.log").read_text()


def test_a_stop_that_the_library_told_of_names_what_stopped_it(capsys):
    def run():
        try:
            raise StopRequested("The time of --max-time (3 s) is over")
        except KeyboardInterrupt:
            raise errors.InterruptedRunError("Stopped: 3 of 9.", think="All is kept.") from None

    with pytest.raises(errors.InterruptedRunError) as caught:
        run()
    assert report(caught.value, []) == 130
    assert "--max-time (3 s) is over. All is kept." in capsys.readouterr().err
