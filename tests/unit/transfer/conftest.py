import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.archive_server import shelf
from support.tar_files import TarBench

from cxr.logs import open_logs


@pytest.fixture
def tar_bench(tmp_path: Path) -> Iterator[TarBench]:
    """A server for an archive, a store, and logs; the archive is still to be put there."""
    with shelf({}) as served, open_logs(tmp_path / "logs"):
        bench = TarBench(served, tmp_path)
        yield bench
        bench.host.close()


@pytest.fixture
def no_targz(monkeypatch: pytest.MonkeyPatch) -> None:
    """The extra ``targz`` is not installed."""
    monkeypatch.setitem(sys.modules, "indexed_gzip", None)


@pytest.fixture(params=["with targz", "without targz"])
def either(request: pytest.FixtureRequest) -> None:
    """The extra ``targz`` is installed, or is not."""
    if request.param == "without targz":
        request.getfixturevalue("no_targz")
