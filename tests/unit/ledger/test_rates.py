"""How fast a host was, from what it sent and not from what was kept."""

import pytest

from cxr.database.connection import open_database
from cxr.ledger.rates import measured_rates
from cxr.ledger.runs import RunOutcome, begin_run, end_run


@pytest.fixture
def database(tmp_path):
    with open_database(tmp_path / "index.db") as opened:
        yield opened


def ran(database, verb="download", **counts):
    end_run(database, begin_run(database, verb, "nih", {}), RunOutcome.DONE, counts)


def test_what_was_sent_counts(database):
    ran(database, host="box", received=3_000_000_000, bytes=40_000_000, seconds=100)
    ran(database, host="box", received=1_000_000_000, bytes=1_000_000_000, seconds=100)
    ran(database, host="kaggle", received=50_000_000, bytes=50_000_000, seconds=10)
    assert measured_rates(database) == {"box": 20_000_000, "kaggle": 5_000_000}


def test_runs_that_say_little_are_left_out(database):
    ran(database, host="box", received=1_000_000, seconds=1)
    ran(database, host="box", received=900_000_000, seconds=0)
    ran(database, seconds=10)
    ran(database, "repair", host="box", received=900_000_000, seconds=10)
    assert measured_rates(database) == {}
