"""``python -m benchmarks._ours URL LISTING FOLDER CONNECTIONS``: the engine, over plain addresses."""

import json
import os
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

from support.web_host import WebHost

from cxr.model import Fetched, Remote
from cxr.stores.local import LocalStore
from cxr.transfer.engine import Engine
from cxr.transfer.file_unit import FileUnit
from cxr.transfer.movers import movers_for
from cxr.transfer.retry import RetryPolicy
from cxr.transfer.unit import Job


def main() -> int:
    """Fetch all and say whether all came."""
    url, listing, folder, connections = sys.argv[1:]
    remotes = [
        Remote(name, size, f"sha256:{sha256}") for name, size, sha256 in json.loads(Path(listing).read_text())
    ]
    total = sum(remote.size or 0 for remote in remotes)
    engine = Engine(
        WebHost(url),
        LocalStore(Path(folder), Path(folder).with_name("temp")),
        connections=int(connections),
        policy=RetryPolicy(),
        movers=movers_for(total, os.cpu_count() or 1),
    )
    units = (FileUnit(Job(remote.path, remote, remote.path)) for remote in remotes)
    came = sum(isinstance(result, Fetched) for _, result in engine.run(units))
    return 0 if came == len(remotes) else 1


if __name__ == "__main__":
    sys.exit(main())
