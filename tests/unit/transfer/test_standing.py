"""When a host is given up, by a clock that the tests turn."""

import pytest

from cxr.errors import AccessError, HostError
from cxr.http import RefusedError, TransientError
from cxr.transfer.standing import Standing

BROKEN = TransientError("connection", "there was no answer")
FORBIDDEN = RefusedError("http_403", "forbidden", status=403)


def standing(*, progressed=True):
    standing = Standing("somewhere", patience=3600, now=0.0)
    if progressed:
        standing.progressed(1.0)
    return standing


def test_units_that_failed_together_count_once_at_a_host_that_had_been_giving():
    host = standing()
    for moment in range(10):
        assert host.gave_up(BROKEN, since=5.0, began=9.0, now=10.0 + moment)
    assert host.suspicions == 1
    assert host.suspect


def test_five_looks_one_after_the_other_are_enough():
    host = standing()
    for moment in range(10, 50, 10):
        assert host.gave_up(BROKEN, since=5.0, began=moment - 1, now=moment)
    with pytest.raises(HostError, match="somewhere does not answer as it should: there was no answer"):
        host.gave_up(BROKEN, since=5.0, began=49.0, now=50.0)


def test_a_host_that_never_gave_anything_is_given_up_after_five_units_however_they_failed():
    host = standing(progressed=False)
    for _ in range(4):
        host.gave_up(BROKEN, since=5.0, began=9.0, now=10.0)
    assert not host.suspect
    with pytest.raises(HostError):
        host.gave_up(BROKEN, since=5.0, began=9.0, now=10.0)


def test_a_unit_that_fails_while_others_come_says_nothing_of_the_host():
    host = standing()
    for moment in range(10, 1000, 10):
        host.progressed(moment)
        assert not host.gave_up(BROKEN, since=moment - 1, began=moment + 1, now=moment + 2)
    assert host.suspicions == 0


def test_anything_that_comes_ends_the_suspicion():
    host = standing()
    host.gave_up(BROKEN, since=5.0, began=9.0, now=10.0)
    host.progressed(11.0)
    assert not host.suspect


def test_nothing_for_longer_than_patience_is_the_end():
    host = standing()
    host.failed(BROKEN, 3600.0)
    with pytest.raises(HostError):
        host.failed(BROKEN, 3601.0)


@pytest.mark.parametrize(("progressed", "refusals"), [(False, 5), (True, 50)])
def test_refusals_in_a_row_are_no_access(progressed, refusals):
    host = standing(progressed=progressed)
    for _ in range(refusals - 1):
        host.refused(FORBIDDEN)
    with pytest.raises(AccessError, match="forbidden"):
        host.refused(FORBIDDEN)


def test_refusals_here_and_there_are_none():
    host = standing()
    for moment in range(1000):
        host.refused(FORBIDDEN)
        host.progressed(moment)


@pytest.mark.parametrize(("error", "raised"), [(BROKEN, HostError), (FORBIDDEN, AccessError)])
def test_a_run_that_ends_with_nothing_says_why(error, raised):
    host = standing(progressed=False)
    if isinstance(error, RefusedError):
        host.refused(error)
    else:
        host.gave_up(error, since=5.0, began=9.0, now=10.0)
    with pytest.raises(raised):
        host.end()
    host.progressed(11.0)
    host.end()
