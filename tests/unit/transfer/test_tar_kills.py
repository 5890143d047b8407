"""SIGKILL while an archive streams: nothing is lost, and little is fetched twice."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from random import Random

from support.archive_server import Shelf, shelf
from support.tar_files import ARCHIVE, TarBench, by_id, gz, images, tar_of

from cxr.transfer.archive_source import EDGE
from cxr.transfer.index_keeper import window

READER = """
import sys
from pathlib import Path
from support.archive_server import Shelf
from support.tar_files import TarBench

bench = TarBench(Shelf({}, address=sys.argv[1]), Path(sys.argv[2]))
names, came = (bench.folder / "names").read_text().split(), bench.came
bench.run([name for name in names if Path(name).stem not in came])
bench.host.close()
"""
WAITING = 512 << 10
"""Bytes that wait in sockets when the reader dies: they were sent, and nobody has read them."""


def run_and_kill(served: Shelf, folder: Path, after: int) -> bool:
    """Read until the server has sent so many more bytes, and kill; return whether it came to that."""
    target = served.sent + after
    environment = os.environ | {"PYTHONPATH": str(Path(__file__).parents[2])}
    reader = subprocess.Popen([sys.executable, "-c", READER, served.address, str(folder)], env=environment)
    until = time.monotonic() + 60
    while reader.poll() is None and served.sent < target:
        assert time.monotonic() < until
        time.sleep(0.005)
    reader.send_signal(signal.SIGKILL)
    return reader.wait(10) == -signal.SIGKILL


def test_kills_cost_a_window_each_and_no_image(tmp_path: Path):
    """However often and wherever: the next run goes on from the last point of the seek index."""
    members = images(1000, side=64)
    data = gz(tar_of(members))
    (tmp_path / "names").write_text("\n".join(members))
    random, kills = Random(), 0
    with shelf({ARCHIVE: data}) as served:
        served.pace = 0.001
        bench = TarBench(served, tmp_path)
        while len(bench.came) < len(members) and kills < 40:
            kills += run_and_kill(served, tmp_path, random.randint(len(data) // 5, len(data) // 3))
            before = bench.came
            assert before == {name: data for name, data in by_id(members).items() if name in before}
        bench.host.close()
        assert bench.came == by_id(members)
        assert kills >= 2
        assert served.sent <= len(data) + kills * (window(len(data)) + WAITING + EDGE) + EDGE
