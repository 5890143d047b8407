"""Threads that carry units out: no more at a time than is allowed, whenever that changes."""

import threading
from contextlib import closing

import pytest
from support.units import Attempts, Named, Scripted, job, succeed

from cxr.stores.local import LocalStore
from cxr.transfer.threads import AHEAD, Threads
from cxr.transfer.workers import Decided, Ended, Returned


@pytest.fixture
def store(tmp_path):
    return LocalStore(tmp_path / "Images", tmp_path / "temp")


class Gate:
    """A script that waits until it is let through."""

    def __init__(self):
        self.log, self.permits = Attempts(), threading.Semaphore(0)

    def __call__(self, unit, report, number):
        self.permits.acquire(timeout=10)
        report.moved(10)
        succeed(unit, report, number)

    def unit(self, number):
        return Scripted([job(number)], self, self.log)


def events(threads, count):
    """Wait until so many attempts ended; return all events."""
    found, moved = [], 0
    for _ in range(1000):
        told = threads.wait(0.1)
        found, moved = found + told.events, moved + told.moved
        if len([event for event in found if isinstance(event, Ended)]) >= count:
            break
    return found, moved


def until(condition):
    """Wait a bounded time for something that another thread does."""
    event = threading.Event()
    for _ in range(2000):
        if condition():
            return
        event.wait(0.005)
    raise AssertionError


def test_what_happens_is_told_in_its_order(store):
    gate = Gate()
    with closing(Threads(Named(), store, 4)) as threads:
        threads.allow(2)
        for number in range(3):
            threads.give(number, gate.unit(number))
        gate.permits.release(3)
        found, moved = events(threads, 3)
    assert moved == 30
    assert sorted(event.ticket for event in found if isinstance(event, Ended)) == [0, 1, 2]
    for ticket in range(3):
        kinds = [type(event) for event in found if event.ticket == ticket]
        assert kinds == [Decided, Ended]


def test_fewer_are_begun_once_fewer_are_allowed(store):
    gate = Gate()
    with closing(Threads(Named(), store, 8)) as threads:
        threads.allow(4)
        for number in range(10):
            threads.give(number, gate.unit(number))
        until(lambda: gate.log.under_way == 4)
        threads.allow(1)
        gate.permits.release(4)
        found, _ = events(threads, 4)
        assert [event.ticket for event in found if isinstance(event, Returned)] == list(range(4, 10))
        gate.log.most = 0
        gate.permits.release(6)
        for number in range(4, 10):
            threads.give(number, gate.unit(number))
        events(threads, 6)
        assert gate.log.most == 1
        assert len(gate.log.begun) == 10


def test_nothing_is_begun_while_nothing_is_allowed_and_everything_afterwards(store):
    gate = Gate()
    gate.permits.release(10)
    with closing(Threads(Named(), store, 8)) as threads:
        for number in range(10):
            threads.give(number, gate.unit(number))
        assert threads.wait(0.1).events == []
        threads.allow(8)
        assert len(events(threads, 10)[0]) == 20


def test_there_is_room_for_some_that_wait(store):
    with closing(Threads(Named(), store, 8)) as threads:
        threads.allow(3)
        assert threads.room == 3 + AHEAD


def test_closing_leaves_what_was_not_begun(store):
    host, gate = Named(), Gate()
    threads = Threads(host, store, 2)
    threads.allow(1)
    for number in range(10):
        threads.give(number, gate.unit(number))
    until(lambda: gate.log.under_way == 1)
    gate.permits.release(10)
    threads.close()
    assert len(gate.log.begun) <= 2
    assert gate.log.under_way == 0
