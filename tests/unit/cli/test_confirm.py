"""Whether a run starts at once, asks, or stops with the plan (design 6)."""

from itertools import product

import pytest

from cxr.cli._confirm import Step, next_step, read_answer


def decide(**given):
    default = {"terminal": False, "yes": False, "chosen": False, "large": False, "nothing_to_do": False}
    return next_step(**(default | given))


@pytest.mark.parametrize(("terminal", "chosen", "large"), [*product([False, True], repeat=3)])
def test_yes_never_asks(terminal, chosen, large):
    assert decide(yes=True, terminal=terminal, chosen=chosen, large=large) is Step.RUN


def test_on_a_terminal_without_a_choice_the_user_is_asked_how_many():
    assert decide(terminal=True) is Step.ASK_HOW_MANY
    assert decide(terminal=True, large=True) is Step.ASK_HOW_MANY


def test_on_a_terminal_a_choice_runs_unless_it_is_large():
    assert decide(terminal=True, chosen=True) is Step.RUN
    assert decide(terminal=True, chosen=True, large=True) is Step.ASK_WHETHER


def test_without_a_terminal_only_what_is_small_runs():
    assert decide() is Step.RUN
    assert decide(large=True) is Step.STOP
    assert decide(large=True, chosen=True) is Step.STOP


def test_a_finished_download_is_not_asked_about():
    assert decide(terminal=True, nothing_to_do=True) is Step.RUN


@pytest.mark.parametrize(
    ("answer", "images", "meant"),
    [
        ("a", 5_000, "all"),
        (" ALL ", 5_000, "all"),
        ("s", 5_000, "sample"),
        ("s", 500, "again"),
        ("250", 5_000, 250),
        ("1,500", 5_000, 1_500),
        ("5000", 5_000, "all"),
        ("0", 5_000, "again"),
        ("-3", 5_000, "again"),
        ("²", 5_000, "again"),
        ("q", 5_000, "leave"),
        ("", 5_000, "again"),
        ("yes please", 5_000, "again"),
    ],
)
def test_answers(answer, images, meant):
    assert read_answer(answer, images) == meant
