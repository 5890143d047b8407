"""Threads with a bounded number of items under way."""

import threading
import time

import pytest

from cxr.transfer.window import in_threads


def test_results_come_in_the_order_of_their_items():
    def work(number):
        time.sleep(0.001 * (number % 7))
        return number * number

    assert list(in_threads(work, range(500), 5)) == [number * number for number in range(500)]


def test_items_are_taken_only_as_fast_as_results_are_consumed():
    taken = 0

    def items():
        nonlocal taken
        for number in range(10_000):
            taken += 1
            yield number

    results = in_threads(lambda n: n, items(), 2)
    next(results)
    assert taken <= 2 * 16
    results.close()


def test_a_failing_item_ends_the_iteration_and_leaves_no_thread_at_work():
    def work(number):
        if number == 3:
            raise ValueError("broken")
        time.sleep(0.01)
        return number

    with pytest.raises(ValueError, match="broken"):
        list(in_threads(work, range(1000), 4))
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("cxr-fetch")]
