"""The budget of connections, by a clock that the tests turn."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from cxr.transfer.budget import START, WINDOW, Budget

SECONDS = st.floats(0.001, 10)
HAPPENINGS = st.lists(
    st.one_of(
        st.tuples(st.just("observe"), SECONDS, st.integers(0, 1 << 30), st.booleans()),
        st.tuples(st.just("throttled"), SECONDS, st.floats(0, 20), st.none()),
    ),
    max_size=60,
)


def run(budget, rate, *, windows, begin=0.0):
    """Keep the budget busy at a host whose throughput is ``rate(limit)``; return the limits."""
    limits = []
    for window in range(1, windows + 1):
        budget.observe(begin + window * WINDOW, int(rate(budget.limit)), busy=True)
        limits.append(budget.limit)
    return limits


@given(st.integers(1, 64), HAPPENINGS)
def test_the_limit_stays_between_one_and_what_is_allowed_and_every_change_is_told(cap, happenings):
    budget, now = Budget(cap, 0.0), 0.0
    for what, seconds, number, busy in happenings:
        now += seconds
        before = budget.limit
        if what == "observe":
            change = budget.observe(now, number, busy=busy)
            assert change is None or change.now > change.before
        else:
            change = budget.throttled(now, max(0.0, now - number), "too much")
            assert change is None or change.now < change.before
        assert 1 <= budget.limit <= cap
        assert (change is None) == (budget.limit == before)
        if change is not None:
            assert (change.before, change.now) == (before, budget.limit)
            assert change.reason


@given(st.integers(1, 64), st.lists(st.floats(0, 10), min_size=1, max_size=40))
def test_those_that_were_under_way_together_shrink_it_once(cap, begun):
    budget = Budget(cap, 0.0, start=cap)
    changes = [budget.throttled(10 + number, began, "too much") for number, began in enumerate(begun)]
    assert len([change for change in changes if change]) == (1 if cap > 1 else 0)


def test_it_begins_with_a_few():
    assert Budget(5, 0.0).limit == 5
    assert Budget(64, 0.0).limit == START
    assert Budget(64, 0.0, start=64).limit == 64


def test_it_reaches_what_is_allowed_within_a_few_windows_where_more_is_faster():
    assert run(Budget(16, 0.0), lambda limit: limit * 1000, windows=4)[-1] == 16
    assert run(Budget(64, 0.0), lambda limit: limit * 1000, windows=4)[-1] == 64


def test_a_raise_that_brings_nothing_is_the_last_for_a_while():
    limits = run(Budget(1000, 0.0), lambda _: 1000, windows=100)
    assert limits[0] == 16
    assert limits[:3] == [16, 16, 16]
    assert limits[-1] < 30


def test_it_finds_where_the_host_gives_no_more():
    limits = run(Budget(1000, 0.0), lambda limit: min(limit, 40) * 1000, windows=30)
    assert 40 <= limits[-1] <= 80


def test_what_is_not_busy_says_nothing():
    budget = Budget(16, 0.0)
    for window in range(100):
        assert budget.observe(window * WINDOW, 1000, busy=False) is None
    assert budget.limit == START


def test_idle_seconds_do_not_count_as_slow_ones():
    budget = Budget(64, 0.0)
    run(budget, lambda limit: limit * 1000, windows=1)
    budget.observe(50.0, 0, busy=False)
    assert budget.observe(50.0 + WINDOW, budget.limit * 1000, busy=True).reason == "throughput grows"


def test_a_host_with_too_much_to_do_is_left_in_peace_and_then_tried_again():
    budget = Budget(16, 0.0)
    run(budget, lambda limit: limit * 1000, windows=4)
    change = budget.throttled(5.0, 4.5, "the host asks for less (HTTP status 429)")
    assert (change.before, change.now) == (16, 10)
    limits = run(budget, lambda limit: limit * 1000, windows=9, begin=5.0)
    assert limits[0] == 10
    assert limits == sorted(limits)
    assert limits[-1] == 16


def test_it_grows_again_soon_after_a_refusal_of_many_at_once():
    budget = Budget(16, 0.0)
    for number in range(START):
        budget.throttled(1.0 + number / 100, 0.5, "too much")
    assert run(budget, lambda limit: limit * 1000, windows=4, begin=2.0)[-1] > round(START * 0.6)


def test_it_grows_by_one_once_it_was_too_much():
    budget = Budget(64, 0.0, start=32)
    budget.throttled(0.5, 0.1, "too much")
    limits = [budget.limit, *run(budget, lambda limit: limit * 1000, windows=20, begin=0.5)]
    assert max(after - before for before, after in pairwise(limits)) == 1


def test_a_host_that_bears_four_is_asked_for_five_more_and_more_rarely():
    budget, refused = Budget(16, 0.0, start=4), []
    for window in range(1, 400):
        now = window * WINDOW
        if budget.limit > 4:
            budget.throttled(now, now - 0.1, "too much")
            refused.append(window)
        else:
            budget.observe(now, budget.limit * 1000, busy=True)
    gaps = [after - before for before, after in pairwise(refused)]
    assert gaps[:4] == sorted(gaps[:4])
    assert gaps[-1] > 4 * gaps[0]
    assert len(refused) < 20
