"""What stops a run."""

import signal
import time

import pytest

from cxr.cli._signals import StopRequested, install, time_limit
from cxr.errors import UsageError


@pytest.fixture
def handlers():
    """Put the handlers of this process back."""
    numbers = (signal.SIGTERM, signal.SIGHUP, signal.SIGALRM)
    before = [signal.getsignal(number) for number in numbers]
    yield
    for number, handler in zip(numbers, before, strict=True):
        signal.signal(number, handler)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_sigterm_and_a_closed_terminal_stop_as_ctrl_c_does(handlers, number):
    signal.signal(number, signal.SIG_DFL)
    install()
    with pytest.raises(KeyboardInterrupt):
        signal.raise_signal(number)


def test_what_nohup_ignores_stays_ignored(handlers):
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    install()
    assert signal.getsignal(signal.SIGHUP) is signal.SIG_IGN


def test_the_time_limit_stops_and_says_so(handlers):
    with pytest.raises(StopRequested, match=r"--max-time \(0.1 s\)"), time_limit("0.1s"):
        time.sleep(10)


def test_the_time_limit_ends_with_its_context(handlers):
    with time_limit("100s"):
        pass
    assert signal.getitimer(signal.ITIMER_REAL)[0] == 0


def test_no_limit_and_no_time():
    with time_limit(None):
        pass
    with pytest.raises(UsageError, match="11:50"), time_limit("11:50"):
        pass
