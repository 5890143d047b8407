"""When something is tried again, and when it is given up."""

import threading
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cxr.http import RefusedError, TransientError
from cxr.transfer.retry import LONGEST_PAUSE, RetryPolicy, Tries, call_with_retries

QUICK = RetryPolicy(attempts=3, delay=0.001)


def failing(times, error=None):
    """Return an action that fails so often, and the list of its calls."""
    calls = []

    def action():
        calls.append(1)
        if len(calls) <= times:
            raise error or TransientError("stalled", "no byte came")
        return "done"

    return action, calls


@given(st.integers(0, 500), st.floats(0.001, 100), st.floats(1, 1000), st.integers())
def test_a_wait_is_anything_up_to_the_back_off_and_never_longer_than_the_longest(
    failures, delay, longest, seed
):
    policy = RetryPolicy(delay=delay, longest=longest)
    wait = policy.wait(failures, None, Random(seed))
    assert 0 <= wait <= min(longest, delay * 2 ** min(failures - 1, 60))


@given(st.integers(1, 50), st.floats(0, LONGEST_PAUSE), st.integers())
def test_nothing_is_asked_again_before_the_host_wants_it(failures, retry_after, seed):
    assert RetryPolicy().wait(failures, retry_after, Random(seed)) >= retry_after


def test_waits_differ_so_that_those_who_failed_together_do_not_come_back_together():
    random = Random(1)
    assert len({RetryPolicy().wait(3, None, random) for _ in range(100)}) == 100


@given(st.integers(1, 20))
def test_there_are_as_many_tries_as_the_policy_allows(attempts):
    policy, tries = RetryPolicy(attempts=attempts), Tries()
    for number in range(1, attempts + 1):
        tries = tries.failed(float(number))
        assert tries.exhausted(policy, float(number)) == (number == attempts)


def test_patience_ends_what_attempts_do_not():
    policy = RetryPolicy(attempts=1000, patience=60)
    tries = Tries().failed(100.0)
    assert not tries.exhausted(policy, 159.0)
    assert tries.failed(159.5).exhausted(policy, 160.0)


def test_a_failure_that_says_nothing_of_the_thing_itself_costs_patience_alone():
    policy, tries = RetryPolicy(attempts=2, patience=60), Tries()
    for second in range(59):
        tries = tries.failed(float(second), counts=False)
        assert not tries.exhausted(policy, float(second))
    assert tries.exhausted(policy, 60.0)


@pytest.mark.parametrize("times", [0, 1, 2])
def test_a_call_is_made_until_it_succeeds(times):
    action, calls = failing(times)
    assert call_with_retries(action, QUICK) == "done"
    assert len(calls) == times + 1


def test_the_last_error_is_raised_when_there_is_no_further_try():
    action, calls = failing(3)
    with pytest.raises(TransientError, match="no byte came"):
        call_with_retries(action, QUICK)
    assert len(calls) == 3


def test_what_cannot_succeed_is_not_tried_again():
    action, calls = failing(1, RefusedError("http_404", "gone", status=404))
    with pytest.raises(RefusedError):
        call_with_retries(action, QUICK)
    assert len(calls) == 1


def test_a_host_that_wants_to_be_left_alone_for_too_long_is_not_waited_for():
    action, calls = failing(1, TransientError("http_429", "later", retry_after=LONGEST_PAUSE + 1))
    with pytest.raises(TransientError):
        call_with_retries(action, QUICK)
    assert len(calls) == 1


def test_progress_begins_the_count_anew():
    done = []

    def action():
        done.append(1)
        if len(done) < 20:
            raise TransientError("cut_short", "cut")
        return "done"

    assert call_with_retries(action, QUICK, progress=lambda: len(done)) == "done"


def test_a_wait_ends_when_the_run_is_stopped():
    stop = threading.Event()
    action, calls = failing(1)
    threading.Timer(0.05, stop.set).start()
    with pytest.raises(TransientError):
        call_with_retries(action, RetryPolicy(delay=3600), stop, random=Random(1))
    assert len(calls) == 1
